#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`vdsctl trace` tells of each command what the initiator sees; the static tracepoints are there."""
import concurrent.futures
import contextlib
import json
import os
import re
import subprocess
import time

import vdstest
from vdstest import Daemon, check, equal

INITIATOR = 'iqn.2026-11.example:tracer'
PROBES = {'pdu_in': 2, 'task_start': 4, 'io_done': 5, 'task_end': 4, 'pdu_out': 2}


def served(daemon, *names):
    """LUNs behind one target; the target's name, and the ids of the LUNs."""
    daemon.ctl('target', 'create', 't')
    for name in names:
        daemon.ctl('lun', 'create', name, '--size', '8MiB', '--unmask', '*')
        daemon.ctl('lun', 'associate', name, 't')
    ids = {lun['name']: lun['id'] for lun in daemon.ctl('lun', 'list')}
    return daemon.ctl('target', 'list')[0]['iscsi_name'], ids


class Asked:
    """The trace by REST, from its first question on."""

    def __init__(self, daemon):
        self.rest, self.cursor, self.items = daemon.rest(), '', []
        self.look()
        equal(self.items, [], 'commands before the first question')

    def look(self, query=''):
        cursor = f'&cursor={self.cursor}' if self.cursor else ''
        got = self.rest.call('GET', f'/v1/trace?{query}{cursor}'.replace('?&', '?').rstrip('?'))
        equal(got['lost'], 0, 'commands that were lost')
        self.cursor = got['cursor']
        self.items += got['items']

    def until(self, command, query=''):
        """All that was told when a command of this kind was."""
        def told():
            self.look(query)
            return any(item['command'].startswith(command) for item in self.items)
        vdstest.eventually(f'{command} is told', told)
        return self.items


def test_commands_are_told_as_they_were():
    with Daemon() as daemon:
        target, ids = served(daemon, 'a')
        trace, started = Asked(daemon), time.time()
        with contextlib.closing(vdstest.Initiator()) as host:
            host.ok('write', daemon.portal, target, INITIATOR, 0, 16, 7)
            host.ok('read', daemon.portal, target, INITIATOR, 0, 16)
        moved = [i for i in trace.until('READ(1') if i['command'].startswith(('READ(1', 'WRITE'))]
        equal([(i['command'].split('(')[0], i['lba'], i['bytes'], i['status'], i['lun_id'],
                i['number'], i['initiator']) for i in moved],
              [(kind, 16, 512, 0, ids['a'], 0, INITIATOR) for kind in ('WRITE', 'READ')],
              'what was written and read')
        for item in moved:
            check(started <= item['utc_us'] / 1e6 <= time.time(), f'at another time: {item}')
            check(0 < item['total_ns'] < (time.time() - started) * 1e9, f'took too long: {item}')
        attention = next(i for i in trace.items if i['status'] == 2)
        equal(attention['sense'][:2], [6, 0x29], 'the unit attention of the login')


def test_a_write_that_waited_for_the_store_says_so():
    with Daemon() as daemon:
        target, ids = served(daemon, 'a')
        trace, held = Asked(daemon), daemon.inject / f'{ids["a"]}.write'
        held.write_text('hold')
        with contextlib.closing(vdstest.Initiator()) as host, \
                concurrent.futures.ThreadPoolExecutor() as other:
            write = other.submit(host.ok, 'write', daemon.portal, target, INITIATOR, 0, 16, 7)
            time_us = 20000
            time.sleep(time_us / 1e6)       # what is measured, not what is waited for
            held.unlink()
            write.result()
        item = next(i for i in trace.until('WRITE') if i['command'].startswith('WRITE'))
        check(item['phases']['store_us'] <= item['total_ns'] / 1000, item)
        check(item['phases']['store_us'] > 0 and item['phases']['limit_us'] == 0, item)


def traced(daemon, do, *options):
    """The lines of `vdsctl trace OPTIONS`, which ends by --limit, while do() runs."""
    process = subprocess.Popen([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', 'trace',
                                *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    while process.poll() is None:       # the first commands may come before its first question
        do()
    out, err = process.communicate()
    equal(process.returncode, 0, err)
    return out.splitlines()


def test_the_command_line_shows_what_the_options_ask_for():
    with Daemon() as daemon, contextlib.closing(vdstest.Initiator()) as host:
        target, ids = served(daemon, 'a', 'b')

        def work():
            for number in 0, 1:
                host.ok('write', daemon.portal, target, INITIATOR, number, 5, 7)
            host.ok('read', daemon.portal, target, INITIATOR + '2', 1, 5)

        lines = traced(daemon, work, '--limit', '30', 'b')
        equal(len(lines), 31, 'a head and so many commands')
        check(all(line.split()[1] == 'b' for line in lines[1:]), f'of another LUN: {lines}')
        check(any(re.match(r'\d\d:\d\d:\d\d\.\d{6} b +WRITE\(1[06]\) +5 +512 GOOD +[0-9.]+  '
                           + INITIATOR, line) for line in lines), lines)
        for option, all_have in ((['--initiator', INITIATOR + '2'], INITIATOR + '2'),
                                 (['--failed'], 'sense 6/29/')):
            lines = traced(daemon, work, '--limit', '5', *option)[1:]
            check(len(lines) == 5 and all(all_have in line for line in lines), f'{option}: {lines}')
        broken = daemon.inject / f'{ids["a"]}.write'
        broken.write_text('EIO')
        done = [json.loads(line) for line in traced(
            daemon, lambda: host.ask('write', daemon.portal, target, INITIATOR, 0, 5, 7),
            '-o', 'json', '--failed', '--limit', '4')]
        check(any(d['sense'][0] == 3 and d['lba'] == 5 for d in done), f'no medium error: {done}')
        broken.unlink()
        lines = traced(daemon, work, '--slower', '1', '--limit', '3')
        check(all(float(line.split('GOOD')[1].split()[0]) >= 1 for line in lines[1:]
                  if 'GOOD' in line), lines)


def test_what_cannot_be_is_refused():
    with Daemon() as daemon:
        rest = daemon.rest()
        for query in ('cursor=x', 'cursor=1-x', 'cursor=' + '-'.join(['1'] * 65), 'min_us=-1',
                      'lun=b'):
            try:
                rest.call('GET', f'/v1/trace?{query}')
                check(False, f'{query} was taken')
            except vdstest.RestError as error:
                equal(error.status, 400, query)
        for words in ('--limit', '0'), ('--slower', 'fast'), ('no-such-lun',):
            check(daemon.ctl('trace', *words, ok=None) != 0, f'vdsctl trace {words}')


def test_the_static_tracepoints_are_in_the_program():
    done = subprocess.run(['readelf', '-n', os.environ['VDSD']], capture_output=True, text=True,
                          check=True)
    found = re.findall(r'Provider: vdsd\s+Name: (\w+)\s+Location:.*\s+Arguments: (.*)', done.stdout)
    equal({name: len(arguments.split()) for name, arguments in found}, PROBES, 'the tracepoints')


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

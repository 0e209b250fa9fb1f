#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Limits of LUNs and hosts, in pools of files and of memory: vdsd never does more than they say, by
its own clock and its own counts.  How close it comes is measured by bench/qos.
"""
import contextlib
import os
import subprocess
import threading

import vdstest
from vdstest import Daemon, Initiator, check, equal, eventually, in_threads

HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:limited'
RATE, COMMANDS = 50, 40


def serve(daemon, luns):
    """LUNs by name and pool, all behind one target, by number in their order."""
    daemon.ctl('pool', 'create', 'files', daemon.top)
    daemon.ctl('pool', 'create', 'memory', 'ram:16M')
    daemon.ctl('target', 'create', 'limited', '--iscsi-name', TARGET)
    for name, pool in luns.items():
        daemon.ctl('lun', 'create', name, '--size', '1M', '--pool', pool, '--unmask', '*')
        daemon.ctl('lun', 'associate', name, 'limited')


def session(daemon, stack, numbers, host=HOST):
    initiator = Initiator()
    stack.callback(initiator.close)
    initiator.ok('hold', daemon.portal, TARGET, host)
    for number in numbers:
        while (answer := initiator.ok('sense', number)) != ['good'] and answer[-1].startswith('6/'):
            pass
    return initiator


def looked(daemon, writes):
    """The clock of vdsd in seconds and how many commands waited, when so many writes are counted: a
    command is counted after its answer was sent.
    """
    rest = daemon.rest()

    def all_are_counted():
        stats = rest.call('GET', '/v1/stats')
        counted = sum(lun['write']['commands'] for lun in stats['luns'])
        check(counted <= writes, f'{counted} writes were counted, not {writes}')
        return stats if counted == writes else None
    stats = eventually(f'{writes} writes are counted', all_are_counted)
    rest.close()
    return stats['time_ns'] / 1e9, sum(lun['limited_commands'] for lun in stats['luns'])


def write(initiator, number):
    for block in range(COMMANDS):
        equal(initiator.ok('put', number, block, 1), ['good'], 'the answer of a write')


def held(daemon, writes, *writers):
    """Lets them write, and checks that no more was done than the rate and 20 ms of it.  Returns how
    many writes there were by then.
    """
    begin_s, waited = looked(daemon, writes)
    in_threads(*writers)
    count = COMMANDS * len(writers)
    end_s, waited_after = looked(daemon, writes + count)
    check(count <= RATE * (end_s - begin_s + 0.02) + 1, f'{count} writes in {end_s - begin_s} s')
    check(waited_after > waited, 'no command has waited')
    return writes + count


def not_held(daemon, writes, initiator, number):
    _, waited = looked(daemon, writes)
    write(initiator, number)
    equal(looked(daemon, writes + COMMANDS)[1], waited, 'commands that waited without a limit')
    return writes + COMMANDS


def test_a_lun_does_no_more_than_its_limit():
    with Daemon() as daemon, contextlib.ExitStack() as stack:
        serve(daemon, {'file': 'files', 'ram': 'memory'})
        writes = 0
        for number, lun in enumerate(('file', 'ram')):
            daemon.ctl('lun', 'set', lun, '--iops', RATE)
            one, two = session(daemon, stack, (0, 1)), session(daemon, stack, (0, 1), HOST + '2')
            writes = held(daemon, writes, *[lambda who=who, n=number: write(who, n)
                                            for who in (one, two)])
            counters = daemon.ctl('lun', 'counters', lun)
            check(counters['limited_commands'] > 0 and counters['limited_us'] > 0, str(counters))
            daemon.ctl('lun', 'set', lun, '--iops', 'none')
            writes = not_held(daemon, writes, one, number)
        daemon.stop()
        daemon.checker()


def test_rates_are_shown_with_the_limits_that_hold_them():
    with Daemon() as daemon, contextlib.ExitStack() as stack:
        serve(daemon, {'file': 'files', 'ram': 'memory'})
        daemon.ctl('lun', 'set', 'file', '--iops', str(RATE))
        initiator = session(daemon, stack, (0, 1))
        ended = threading.Event()

        def load():
            while not ended.is_set():
                write(initiator, 0)

        def look():
            try:
                # a second in which a write of each batch waited
                return next(lun for lun in daemon.ctl('top', '--count', '1')['luns']
                            if lun['name'] == 'file' and lun['limited']['mean_us'] > 0)
            except StopIteration:
                return None

        def seen():
            try:
                found = eventually('limited commands are shown', look)
                equal(found['qos'], f'iops={RATE}', 'the limit of the LUN')
                check(found['limited']['commands_per_second'] <= RATE * 1.5, found)
                done = subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}',
                                       'lun', 'stats', 'file'], capture_output=True, text=True)
                check('LIMITED/S' in done.stdout and f'{RATE} commands' in done.stdout, done.stdout)
                free = daemon.ctl('lun', 'stats', 'ram')['luns'][0]
                equal((free['qos'], free['limited']['commands_per_second']), ('', 0), 'no limit')
            finally:
                ended.set()

        in_threads(load, seen)


def test_a_host_does_no_more_than_its_limit_over_a_restart():
    with Daemon() as daemon, contextlib.ExitStack() as stack:
        serve(daemon, {'file': 'files', 'second': 'files'})
        daemon.ctl('host', 'create', 'db', HOST)
        daemon.ctl('host', 'set', 'db', '--iops', RATE)
        daemon.stop()
        daemon.start()
        one = session(daemon, stack, (0, 1))
        writes = held(daemon, 0, lambda: write(one, 0))
        writes = held(daemon, writes, lambda: write(one, 1))
        rest = daemon.rest()
        hosts = [host['id'] for host in rest.call('GET', '/v1/stats')['hosts']
                 if host['limited_commands'] > 0]
        equal(hosts, [host['id'] for host in rest.list('hosts')], 'hosts whose commands waited')
        rest.close()
        # another host is not held up
        other = session(daemon, stack, (0, 1), HOST + '2')
        not_held(daemon, writes, other, 0)
        daemon.stop()


if __name__ == '__main__':
    vdstest.main([test_a_lun_does_no_more_than_its_limit,
                  test_rates_are_shown_with_the_limits_that_hold_them,
                  test_a_host_does_no_more_than_its_limit_over_a_restart])

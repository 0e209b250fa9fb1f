#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults that are injected while initiators use a LUN: what an initiator is answered, that no command
is lost when faults come and go, and where a LUN with faults says so.
"""
import contextlib
import os
import subprocess
import threading

import vdstest
from vdstest import Daemon, Initiator, check, equal, eventually

HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:faulty'
READ = '28000000{:04x}00000100'
WRITE, FLUSH = '2a000000{:04x}00000100', '35000000000000000000'
UNMAP = '42000000000000001800'
UNMAP_LIST = '0016001000000000' + '0000000000000008' + '00000008' + '00000000'


@contextlib.contextmanager
def faulty(*options):
    """A LUN behind a target, and an initiator that is logged in."""
    with Daemon('--allow-faults', *options, faults=False) as daemon, contextlib.ExitStack() as stack:
        daemon.ctl('target', 'create', 'faulty', '--iscsi-name', TARGET)
        daemon.ctl('lun', 'create', 'vol1', '--size', '1M', '--unmask', '*')
        daemon.ctl('lun', 'associate', 'vol1', 'faulty')
        yield daemon, session(daemon, stack)


def session(daemon, stack):
    initiator = Initiator()
    stack.callback(initiator.close)
    initiator.ok('hold', daemon.portal, TARGET, HOST)
    while (answer := initiator.ok('sense', 0)) != ['good'] and answer[-1].startswith('6/'):
        pass
    return initiator


def read(host, block=0):
    return host.ok('raw', 0, 512, READ.format(block))[:2]


def write(host, block=0):
    return host.ok('raw', 0, 0, WRITE.format(block), '5a' * 512)[:2]


def inject(daemon, *words):
    return daemon.ctl('lun', 'inject', 'vol1', *words)['fault']


def clear(daemon, *fault):
    daemon.ctl('lun', 'inject', 'vol1', '--clear', *fault)


def metrics(daemon):
    connection = vdstest.UnixConnection(daemon.socket, vdstest.DEADLINE_S)
    connection.request('GET', '/metrics')
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def run(daemon, *words):
    """The command as a person sees it: its status and both outputs."""
    done = subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', *words],
                          capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_an_initiator_sees_each_error():
    with faulty() as (daemon, host):
        equal(read(host), ['0', '-'], 'without a fault')
        for words, command, answer in [
                (['read', 'medium-error'], read, ['2', '3/1100']),
                (['write', 'medium-error'], write, ['2', '3/0c00']),
                (['any', 'not-ready'], read, ['2', '2/0400']),
                (['hardware-error'], write, ['2', '4/4400']),
                (['write', 'no-space'], write, ['2', '7/2707']),
                (['read', 'busy'], read, ['8', '-']),
                (['read', 'task-set-full'], read, ['28', '-']),
                (['read', 'b/4b/2'], read, ['2', 'b/4b02']),
                (['flush', '4/3e/1'], lambda host: host.ok('raw', 0, 0, FLUSH)[:2], ['2', '4/3e01']),
                (['unmap', '3/c/2'], lambda host: host.ok('raw', 0, 0, UNMAP, UNMAP_LIST)[:2],
                 ['2', '3/0c02'])]:
            inject(daemon, *words)
            equal(command(host), answer, words)
            clear(daemon)
            equal(command(host), ['0', '-'], f'{words}: cleared')
        # an error of the store would have made the LUN fail
        equal(daemon.ctl('lun', 'show', 'vol1')['live']['health'], 'ok', 'the health')


def test_a_range_and_a_count_are_kept():
    with faulty() as (daemon, host):
        inject(daemon, 'read', 'medium-error', 'blocks=8-9')
        equal([read(host, block)[0] for block in (7, 8, 9, 10)], ['0', '2', '2', '0'], 'the range')
        clear(daemon)
        inject(daemon, 'write', 'busy', 'count=2')
        equal([write(host)[0] for _ in range(3)], ['8', '8', '0'], 'the count')
        eventually('the fault has ended',
                   lambda: daemon.ctl('lun', 'show', 'vol1')['live']['faults'] == 0)
        daemon.logged('ended operation=write')


def test_what_hangs_goes_on_when_the_fault_is_cleared():
    with faulty() as (daemon, host):
        fault = inject(daemon, 'write', 'hang', 'count=1')
        answers = []
        thread = threading.Thread(target=lambda: answers.append(write(host)))
        thread.start()
        daemon.logged('fault.hold')
        equal(answers, [], 'while it hangs')
        listed = daemon.ctl('lun', 'inject', 'vol1')['items']
        equal([(f['id'], f['hang'], f['struck']) for f in listed], [(fault, True, 1)], 'the list')
        clear(daemon, str(fault))
        thread.join()
        equal(answers, [['0', '-']], 'the write')
        equal(host.ok('get', 0, 0), ['90'], 'what it has written')


def test_vdsd_stops_although_a_fault_hangs():
    with faulty() as (daemon, host):
        inject(daemon, 'read', 'hang')
        thread = threading.Thread(target=lambda: host.ask('raw', 0, 512, READ.format(0)))
        thread.start()
        daemon.logged('fault.hold')
        daemon.stop()
        thread.join()
        check('I/O does not return' not in daemon.log.read_text(), 'the data path was held')


def test_no_command_is_lost_when_faults_come_and_go():
    with faulty() as (daemon, host), contextlib.ExitStack() as stack:
        other, over, counts = session(daemon, stack), threading.Event(), {'8': 0, '0': 0}

        def load(initiator):
            while not over.is_set():
                for answer in (write(initiator, 1), read(initiator, 1)):
                    counts[answer[0]] += 1      # any other answer is an error
        threads = [threading.Thread(target=load, args=[initiator]) for initiator in (host, other)]
        for thread in threads:
            thread.start()
        try:
            for i in range(20):
                inject(daemon, 'any', *(['busy', 'count=1'] if i % 2 else ['delay=1ms', 'chance=50%']))
                if i % 4 < 2:
                    clear(daemon)
            clear(daemon)
        finally:
            over.set()
            for thread in threads:
                thread.join()
        check(counts['0'] > 0, 'no command ended well')
        check(counts['8'] <= 10, f'{counts["8"]} commands were struck by ten faults')
        equal(daemon.ctl('lun', 'show', 'vol1')['live']['faults'], 0, 'faults that are left')


def test_a_lun_with_faults_says_so():
    with faulty() as (daemon, _host):
        inject(daemon, 'read', 'medium-error', 'delay=5ms', 'chance=0.5%', 'for=1h', 'blocks=3')
        check('1 injected' in run(daemon, 'lun', 'show', 'vol1')[1], 'lun show')
        check('has injected faults: 1' in run(daemon, 'health')[1], 'health')
        told = run(daemon, 'explain', 'vol1', '--initiator', HOST)[1]
        check('faults are injected (1)' in told, told)
        table = run(daemon, 'lun', 'inject', 'vol1')[1]
        check('medium-error after 5 ms' in table and '3-3' in table and '0.5000 %' in table, table)
        check('vds_lun_injected_faults{' in metrics(daemon), 'the metric')
        run(daemon, 'lun', 'inject', 'vol1', '--clear')
        equal(run(daemon, 'lun', 'inject', 'vol1'), (0, 'vol1 has no faults\n', ''), 'afterwards')
        for words in (['sometimes', 'read', 'write', 'busy'], ['chance=0%'], ['blocks=9-8'],
                      ['delay=5'], ['speed=1'], ['hang', 'delay=1s'],
                      ['hang', 'medium-error']):
            check(run(daemon, 'lun', 'inject', 'vol1', *words)[0] == 2, f'{words} are refused')


def test_without_the_option_it_is_refused():
    with Daemon(faults=False) as daemon:
        daemon.ctl('lun', 'create', 'vol1', '--size', '1M')
        status, _, error = run(daemon, 'lun', 'inject', 'vol1', 'read', 'busy')
        check(status != 0 and '--allow-faults' in error, error)


def test_faults_end_with_vdsd():
    with faulty() as (daemon, host):
        inject(daemon, 'any', 'busy')
        daemon.stop()
        host.ask('drop')
        daemon.start()
        equal(daemon.ctl('lun', 'inject', 'vol1')['items'], [], 'after a restart')


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An array that is stopped, killed, started again, or at an address where nobody answers: what the
methods that look for it and the queries say, each within its time, and no undocumented code.

The cases run at the same time, since each of them waits for the array for some seconds.
"""
import contextlib
import os
import pathlib
import signal
import socket
import time

import vdstest
from vdstest import Com, Daemon, Driver, Failed, check, equal, eventually

MIB = 1 << 20
CORRUPT = 'VDS_E_PROVIDER_CACHE_CORRUPT'
ONLINE, OFFLINE = '1', '4'
# A method that asks the array ends after at most 10 s; more is for a busy machine.
LIMIT_S = 45


def within(com, *words):
    """What a command answers, which must come in time."""
    begin = time.monotonic()
    answer = com.ask(*words)
    took = time.monotonic() - begin
    check(took < LIMIT_S, f'{words} took {took:.1f} s')
    return answer


def lost(com, lun):
    """The array is known as lost: it is a subsystem that is offline, and nothing else answers."""
    eventually('the array is lost', lambda: com.ask('subsystems') == ['S_OK', OFFLINE])
    for words in (('targets-of', lun), ('lun', lun), ('luns',), ('targets',), ('status', 1)):
        equal(within(com, *words)[0], CORRUPT, f'{words} while the array is lost')
    equal(within(com, 'status', 0), ['S_OK', 'S_OK', '100'], 'an operation that has ended')


def back(com, lun):
    eventually('the array is back', lambda: com.ask('subsystems') == ['S_OK', ONLINE])
    eventually('the queries answer', lambda: com.ask('targets-of', lun)[0] == 'S_OK')
    for word in ('reenumerate', 'refresh'):
        equal(within(com, word)[0], 'S_OK', word)


@contextlib.contextmanager
def array():
    """A daemon with a LUN; a program with two operations, of which the second is held."""
    with Daemon() as daemon:
        com = Com(daemon)
        com.ok('begin', 0, 'create', MIB)
        _, lun = com.ok('wait', 0)
        (daemon.inject / 'all.allocate').write_text('hold')
        com.ok('begin', 1, 'extend', lun, MIB)
        yield daemon, com, lun
        (daemon.inject / 'all.allocate').unlink()
        equal(com.ok('wait', 1), ['S_OK'], 'the operation that was held')
        com.close()
        daemon.stop()


def case_stopped():
    """vdsd takes connections, since the kernel does, and says nothing."""
    with array() as (daemon, com, lun):
        daemon.process.send_signal(signal.SIGSTOP)
        tasks = list(pathlib.Path(f'/proc/{daemon.process.pid}/task').iterdir())
        eventually('each thread has stopped', lambda: all(
            (task / 'stat').read_text().rpartition(')')[2].split()[0] == 'T' for task in tasks))
        try:
            equal(within(com, 'subsystems'), ['S_OK', ONLINE], 'just after it has stopped')
            equal(within(com, 'reenumerate')[0], 'S_OK', 'Reenumerate: it is lost, or will be')
            equal(within(com, 'refresh')[0], CORRUPT, 'Refresh')
            lost(com, lun)
            equal(within(com, 'wait', 1), [CORRUPT, CORRUPT], 'Wait')
        finally:
            daemon.process.send_signal(signal.SIGCONT)
        back(com, lun)


def case_killed():
    with array() as (daemon, com, lun):
        daemon.kill()
        for word, code in (('subsystems', 'S_OK'), ('reenumerate', 'S_OK'), ('refresh', CORRUPT)):
            equal(within(com, word)[0], code, f'{word} just after the kill')
        lost(com, lun)
        equal(within(com, 'wait', 1), [CORRUPT, CORRUPT], 'Wait')
        for word, code in (('reenumerate', 'S_OK'), ('refresh', CORRUPT)):
            equal(within(com, word)[0], code, f'{word} while the array is lost')
        daemon.start()
        back(com, lun)


def case_restarted():
    """Nobody notices, when it is back within the 5 s."""
    with array() as (daemon, com, lun):
        daemon.kill()
        daemon.start()
        back(com, lun)


def no_array(url):
    """A program opens the provider with an array that is not there."""
    driver = Driver(os.environ['COM_DRIVER'])
    equal(within(driver, 'open', url)[0], 'VDS_E_INITIALIZED_FAILED', f'only {url}')
    driver.close()


def one_of_two(url):
    """A program opens the provider with an array that is not there, and one that is."""
    with Daemon() as daemon:
        daemon.ctl('lun', 'create', 'vol', '--size', '1M')
        lists = daemon.top / 'arrays'
        lists.write_text(f'unix:{daemon.socket}\n{url}\n')
        driver = Driver(os.environ['COM_DRIVER'],
                        env={'VDS_ARRAYS': str(lists), 'VDS_URL': ''})
        equal(within(driver, 'open', '-')[0], 'S_OK', 'both arrays')
        equal(within(driver, 'subsystems'), ['S_OK', ONLINE], 'the one that is there')
        for word in ('reenumerate', 'refresh', 'sync'):
            equal(within(driver, word)[0], 'S_OK', f'{word} with {url}')
        equal(within(driver, 'subsystems'), ['S_OK', ONLINE], 'after that')
        equal(len(driver.ask('luns')), 2, 'the LUNs')
        driver.close()
        daemon.stop()


def case_nobody_listens():
    with socket.socket() as bound:      # it has a port and does not listen
        bound.bind(('127.0.0.1', 0))
        no_array(f'http://127.0.0.1:{bound.getsockname()[1]}')
        one_of_two(f'http://127.0.0.1:{bound.getsockname()[1]}')


def case_nobody_answers():
    with socket.create_server(('127.0.0.1', 0), backlog=64) as silent:
        one_of_two(f'http://127.0.0.1:{silent.getsockname()[1]}')


def case_the_queue_is_full():
    """The listener takes no connection any more; the kernel drops what comes."""
    with socket.create_server(('127.0.0.1', 0), backlog=0) as full, contextlib.ExitStack() as stack:
        for _ in range(4):
            knock = stack.enter_context(socket.socket())
            knock.setblocking(False)
            knock.connect_ex(full.getsockname())
        no_array(f'http://127.0.0.1:{full.getsockname()[1]}')


def test_what_is_asked_while_the_array_is_away_is_answered_in_time():
    cases = [f for name, f in globals().items() if name.startswith('case_')]

    def named(case):
        def run():
            begin = time.monotonic()
            try:
                case()
            except Failed as error:
                raise Failed(f'{case.__name__}: {error}') from error
            print(f'# {case.__name__}: {time.monotonic() - begin:.1f} s', flush=True)
        return run
    vdstest.in_threads(*[named(case) for case in cases])


vdstest.main([test_what_is_asked_while_the_array_is_away_is_answered_in_time])

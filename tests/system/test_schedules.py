#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Schedules of snapshots in a running vdsd, whose clock the tests move: what runs, what is made up
for after a time without vdsd, and how people and monitoring learn of it.
"""
import calendar
import contextlib
import pathlib
import time

import vdstest
from vdstest import Daemon, Initiator, check, equal, eventually

MONDAY = calendar.timegm((2031, 3, 3, 0, 0, 0))
TARGET = 'iqn.2026-11.org.example:web'
HOUR, DAY = 3600, 86400


def clock(daemon, seconds):
    """Let it be so many seconds past that Monday, and let the clock go on from there."""
    path = daemon.inject / 'clock-shift'
    new = path.with_name('clock-shift.new')
    new.write_text(f'{MONDAY + seconds - int(time.time())}\n')
    new.rename(path)


@contextlib.contextmanager
def array():
    daemon = Daemon(copies=True)
    clock(daemon, 60)
    with daemon:
        daemon.create_luns(('data', 'log'), '1M')
        yield daemon


def schedule(daemon):
    return daemon.ctl('snapshot', 'schedule', 'list')[0]


def runs_next(daemon, seconds):
    """Wait until the schedule has followed the clock."""
    eventually(f'the next run is at {seconds}', lambda: (schedule(daemon)['live'] or {}).get('next_ms')
               == (MONDAY + seconds) * 1000)


def taken(daemon):
    """How many snapshots there are of each time, by name."""
    names = [row['name'] for row in daemon.rest().list('snapshots')]
    return {name: names.count(name) for name in names}


def test_a_schedule_runs_by_the_clock_and_makes_up_once():
    with array() as daemon:
        daemon.ctl('snapshot', 'schedule', 'create', 'auto', 'data', 'log', '--every', '1h', '--keep',
                   'last=2,daily=3')
        runs_next(daemon, HOUR)
        equal(taken(daemon), {}, 'before the first time')
        clock(daemon, HOUR)
        runs_next(daemon, 2 * HOUR)
        equal(list(taken(daemon).values()), [2], 'snapshots of two LUNs at one moment')
        check(list(taken(daemon))[0].startswith('auto-20310303T0100'), f'{taken(daemon)}')
        daemon.ctl('snapshot', 'create', 'by-hand', 'data')
        daemon.kill()
        clock(daemon, 2 * DAY + HOUR // 2)      # 47 times were missed
        daemon.start()
        runs_next(daemon, 2 * DAY + HOUR)
        equal(len(taken(daemon)), 3, 'one for all that were missed')
        for hour in (1, 2, 3):
            clock(daemon, 2 * DAY + hour * HOUR)
            runs_next(daemon, 2 * DAY + (hour + 1) * HOUR)
        # the last two, the newest of Monday (one more day has none), and what people made
        names = sorted(name[:18] for name in taken(daemon))
        equal(names, ['auto-20310303T0100', 'auto-20310305T0200', 'auto-20310305T0300', 'by-hand'],
              'what is kept')
        clock(daemon, DAY)                      # the clock was wrong, and is set right
        runs_next(daemon, DAY + HOUR)
        daemon.stop()
        daemon.checker()


def test_a_failure_is_told_on_each_channel():
    with array() as daemon:
        daemon.ctl('snapshot', 'schedule', 'create', 'auto', 'data', '--every', '1h', '--keep', '2')
        runs_next(daemon, HOUR)
        daemon.clone_by_copy(False)
        daemon.ctl('lun', 'delete', 'data')
        clock(daemon, HOUR)
        runs_next(daemon, 2 * HOUR)
        live = schedule(daemon)['live']
        equal((live['failed'], live['failures'], live['runs']), (True, 1, 0), 'the live row')
        check('none of its LUNs' in live['reason'], live['reason'])
        health = daemon.rest().call('GET', '/v1/health')
        check(any('auto' in problem['text'] for problem in health['problems']), f'{health}')
        equal(daemon.log_text().count(' schedule.failed '), 1, 'lines in the log')
        connection = vdstest.UnixConnection(daemon.socket, vdstest.DEADLINE_S)
        connection.request('GET', '/metrics')
        text = connection.getresponse().read().decode()
        connection.close()
        check('vds_snapshot_schedule_runs_total{schedule="auto",result="failed"} 1' in text, text)
        daemon.ctl('snapshot', 'schedule', 'set', 'auto', '--enabled', 'no')
        runs_next(daemon, -MONDAY)
        daemon.stop()


def has_thread(daemon, name):
    for path in pathlib.Path(f'/proc/{daemon.process.pid}/task').glob('*/comm'):
        with contextlib.suppress(OSError):          # it has ended
            if path.read_text().strip() == name:
                return True
    return False


def test_a_flush_that_hangs_does_not_keep_vdsd_from_stopping():
    with array() as daemon, contextlib.ExitStack() as stack:
        daemon.ctl('lun', 'unmask', 'data', '*')
        daemon.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        daemon.ctl('lun', 'associate', 'data', 'web')
        daemon.ctl('snapshot', 'schedule', 'create', 'auto', 'data', '--every', '1h', '--keep', '2')
        initiator = Initiator()
        stack.callback(initiator.close)
        initiator.ok('hold', daemon.portal, TARGET, 'iqn.2026-11.org.example:host')
        while initiator.ok('sense', 0) != ['good']:
            pass
        runs_next(daemon, HOUR)
        (daemon.inject / f'{daemon.ctl("lun", "show", "data")["id"]}.flush').write_text('hold')
        clock(daemon, HOUR)
        eventually('the schedule flushes its LUN', lambda: has_thread(daemon, 'flush'))
        daemon.stop()
        daemon.logged('I/O does not return')
        daemon.checker()
        equal(list((daemon.dir / 'luns').glob('*.new')), [], 'what a run left')


vdstest.main([
    test_a_schedule_runs_by_the_clock_and_makes_up_once,
    test_a_failure_is_told_on_each_channel,
    test_a_flush_that_hangs_does_not_keep_vdsd_from_stopping,
])

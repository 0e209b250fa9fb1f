#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that only disturb, all kinds at once, harm nobody else.

An initiator with a LUN keeps working, management answers, and memory stays below the limit that
vdsd(8) states and falls when the peers have gone.  The numbers are small here; bench/strangers
measures with large ones.
"""
import contextlib
import json
import os
import pathlib
import re
import select
import subprocess
import sys

import vdstest
from chap_login import Steps
from vdstest import Daemon, Initiator, check, equal, eventually

HERE = pathlib.Path(__file__).resolve().parent
GOOD = 'iqn.2026-11.test:good'
OWN = 'iqn.2026-11.test:own'
SHARED = 'iqn.2026-11.test:shared'
HALF, DISCOVERY, STORM, STUCK = 400, 40, 40, 60


class Crowd:
    """crowd.py in a process of its own; nice, so that it takes the time that nobody wants."""

    def __init__(self, portal, *wanted):
        self.process = subprocess.Popen(['nice', '-n', '19', sys.executable, HERE / 'crowd.py',
                                         portal, *wanted],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def wait_ready(self):
        check(select.select([self.process.stdout], [], [], vdstest.DEADLINE_S)[0],
              'the crowd does not get in')
        check(self.process.stdout.readline() == 'ready\n', 'the crowd has ended')

    def leave(self):
        self.process.stdin.close()
        return json.loads(self.process.stdout.readline())

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def resident_bytes(daemon, what='VmRSS'):
    text = pathlib.Path(f'/proc/{daemon.process.pid}/status').read_text()
    return int(re.search(rf'^{what}:\s+(\d+) kB', text, re.M)[1]) * 1024


def limit_bytes():
    """As vdsd(8) states it, with 64 MiB for the program and the array."""
    memory = int(re.search(r'^MemTotal:\s+(\d+) kB', pathlib.Path('/proc/meminfo').read_text(),
                           re.M)[1]) * 1024
    cores = len(os.sched_getaffinity(0))
    buffers = max(min(memory // 4, 4 << 30), cores * (16 << 20))
    return buffers + (320 << 20) + 4096 * (96 << 10) + (64 << 20)


def set_up(daemon):
    for target in (OWN, SHARED):
        daemon.ctl('target', 'create', target.rsplit(':', 1)[1], '--iscsi-name', target)
    daemon.ctl('lun', 'create', 'own', '--size', '16M', '--unmask', GOOD)
    daemon.ctl('lun', 'create', 'shared', '--size', '16M', '--unmask', '*')
    daemon.ctl('lun', 'associate', 'own', OWN)
    daemon.ctl('lun', 'associate', 'shared', SHARED)


def work(daemon, initiator, rounds):
    """Logins, writes and reads of the good one, and a change by management each round."""
    for i in range(rounds):
        initiator.ok('write', daemon.portal, OWN, GOOD, 0, i % 64, i % 256)
        got = initiator.ok('read', daemon.portal, OWN, GOOD, 0, i % 64)
        check(got == [str(i % 256)], f'read {got}, wrote {i % 256}')
        daemon.ctl('target', 'alias', OWN, f'a{i}')


def test_a_crowd_disturbs_nobody():
    with Daemon(faults=False) as daemon:
        set_up(daemon)
        initiator = Initiator()
        work(daemon, initiator, 2)
        with Crowd(daemon.portal, f'half={HALF}', f'discovery={DISCOVERY}', f'storm={STORM}',
                   f'stuck={STUCK}:{SHARED}') as crowd:
            crowd.wait_ready()
            work(daemon, initiator, 20)
            check(resident_bytes(daemon, 'VmHWM') < limit_bytes(),
                  'memory is above the stated limit')
            said = crowd.leave()
            check(said['answers'] > 0, 'the storm got no answer at all: it was not served')
        initiator.close()

        def alone():
            return not daemon.rest().list('sessions')
        eventually('all sessions have ended', alone)
        # 32 MiB of buffers stay for each core; the rest has gone back to the system.
        eventually('memory falls', lambda: resident_bytes(daemon) < 300 << 20)
        daemon.stop()


def test_those_who_wait_for_nothing_are_pushed_out():
    """More half-open connections than one address may have: they are closed, and a login gets in at
    once.
    """
    with Daemon(faults=False) as daemon:
        set_up(daemon)
        initiator = Initiator()
        with Crowd(daemon.portal, 'half=300') as crowd:
            crowd.wait_ready()
            work(daemon, initiator, 3)
            said = crowd.leave()
            check(said['closed'] >= 300 - 64, f'only {said["closed"]} of 300 were closed')
        initiator.close()
        daemon.logged('stranger.closed')
        daemon.stop()


SECRET = 'correct-horse-battery'
LOGINS_PER_SOURCE = 64


def flood(daemon, stack, steps, count=2 * LOGINS_PER_SOURCE):
    """Take so many logins so far, and leave them there; until those beyond the limit are closed."""
    crowd = []
    for _ in range(count):
        one = Steps(daemon.portal, OWN, 'a-secret-that-is-wrong')
        stack.callback(one.connection.close)
        crowd.append(one)
        for _ in range(steps):
            one.step()
    eventually('the flood is pushed out', lambda: sum(one.is_closed() for one in crowd)
               >= count - LOGINS_PER_SOURCE)


def secured(daemon):
    set_up(daemon)
    secret = daemon.top / 'secret'
    secret.write_text(SECRET + '\n', encoding='utf-8')
    secret.chmod(0o600)
    daemon.ctl('target', 'secret', 'own', '--user', 'alice', '--file', secret)


def test_a_login_that_goes_on_is_not_pushed_out():
    """A login that takes a step while a flood from its address stays at another goes through, at
    whichever step the flood is and also when it comes between two steps.
    """
    with Daemon('--threads', '1', faults=False) as daemon, contextlib.ExitStack() as stack:
        secured(daemon)
        for before, flooded in ((1, 0), (1, 2), (2, 0), (2, 1)):
            good = Steps(daemon.portal, OWN, SECRET, GOOD)
            for _ in range(before):
                equal(good.step(), 0, 'a step before the flood')
            flood(daemon, stack, flooded)
            for _ in range(4 - before):
                equal(good.step(), 0, f'a step after {before}, with a flood at {flooded}')
            good.connection.close()


def test_a_login_that_takes_turns_with_a_flood_goes_through():
    """A part of the limit comes between two steps, and goes just as far."""
    with Daemon('--threads', '1', faults=False) as daemon, contextlib.ExitStack() as stack:
        secured(daemon)
        flood(daemon, stack, 2)
        good = Steps(daemon.portal, OWN, SECRET, GOOD)
        for step in range(4):
            for _ in range(LOGINS_PER_SOURCE // 5):
                one = Steps(daemon.portal, OWN, 'a-secret-that-is-wrong')
                stack.callback(one.connection.close)
                for _ in range(min(step, 2)):
                    one.step()
            equal(good.step(), 0, f'step {step}')
        good.connection.close()


def test_a_login_that_has_passed_chap_is_never_pushed_out():
    with Daemon('--threads', '1', faults=False) as daemon, contextlib.ExitStack() as stack:
        secured(daemon)
        good = Steps(daemon.portal, OWN, SECRET, GOOD)
        for _ in range(3):
            equal(good.step(), 0, 'a step before the flood')
        for steps in range(3):
            flood(daemon, stack, steps)
        equal(good.step(), 0, 'the last step')
        good.connection.close()


vdstest.main([test_a_crowd_disturbs_nobody, test_those_who_wait_for_nothing_are_pushed_out,
              test_a_login_that_goes_on_is_not_pushed_out,
              test_a_login_that_takes_turns_with_a_flood_goes_through,
              test_a_login_that_has_passed_chap_is_never_pushed_out])

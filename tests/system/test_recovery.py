#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Error recovery of iSCSI: a proxy between an initiator of our own and vdsd drops, delays, doubles,
swaps and damages PDUs and cuts connections, at every PDU of a session that was recorded before,
with each ErrorRecoveryLevel and with one to four connections. Data is always right, and the
recovery is that of the level (the program `recovery`).

Environment: RECOVERY_ROUNDS (2) sessions of each worker with many faults; RECOVERY_SHARE (8): with
several connections, each so many-th case is tried, 1 for all; RECOVERY_SEED (random, printed).
"""
import os
import random
import subprocess

import vdstest
from vdstest import Daemon, check

TARGET = 'iqn.2026-11.org.example:t'
WORKERS = 32
ROUNDS = int(os.environ.get('RECOVERY_ROUNDS', '2'))
SHARE = int(os.environ.get('RECOVERY_SHARE', '8'))
SEED = int(os.environ.get('RECOVERY_SEED', '0')) or random.SystemRandom().randrange(1, 1 << 32)
SNACKS = ['data_snacks', 'status_snacks', 'r2t_snacks', 'data_acks']


def recovery(level, connections=1, scale=1, rounds=0, share=1, ram=False):
    """What happened; vdsd is new for each call."""
    print(f'# RECOVERY_SEED={SEED} RECOVERY_ROUNDS={ROUNDS} RECOVERY_SHARE={SHARE}')
    with Daemon('--threads', '2', faults=False) as daemon:
        words = ['lun', 'create', 'vol', '--size', '64M', '--unmask', '*']
        if ram:
            daemon.ctl('pool', 'create', 'memory', 'ram:80M')
            words += ['--pool', 'memory']
        daemon.ctl('target', 'create', 't', '--iscsi-name', TARGET)
        daemon.ctl(*words)
        daemon.ctl('lun', 'associate', 'vol', 't')
        done = subprocess.run([os.environ['RECOVERY'], daemon.portal.rsplit(':', 1)[1], TARGET,
                               *map(str, (level, connections, scale,
                                          WORKERS // (2 if connections > 1 else 1), rounds, share,
                                          SEED))],
                              capture_output=True, text=True, timeout=800)
        print(f'# level {level}, {connections} connections: {done.stdout.strip()}')
        for line in done.stderr.splitlines():
            print('#', line)
        check(done.returncode == 0, 'the recovery failed')
        daemon.stop()
        return {key: int(value)
                for key, value in (word.split('=') for word in done.stdout.split()[1:])}


def with_level_0(counts):
    for what in SNACKS:
        check(counts[what] == 0, f'{what} at level 0')
    check(counts['logins'] > counts['cases'], 'no session was lost')


def with_level_1(counts, level=1):
    for what in SNACKS + ['retries', 'rejects']:
        check(counts[what] > 0, f'no {what} at level {level}')


def with_level_2(counts):
    with_level_1(counts, 2)
    for what in ('joins', 'moves'):
        check(counts[what] > 0, f'no {what} at level 2')


def with_a_share(counts):
    """What is rare may be missing from a share of the cases."""
    check(sum(counts[what] for what in SNACKS) > 0, 'no SNACK')


def test_level_0_recovers_by_new_sessions():
    with_level_0(recovery(0))


def test_level_1_recovers_within_the_connection():
    with_level_1(recovery(1))


def test_level_2_recovers_within_the_session():
    with_level_2(recovery(2))


def test_many_faults_at_level_0():
    recovery(0, rounds=ROUNDS)


def test_many_faults_at_level_1():
    recovery(1, rounds=ROUNDS)


def test_many_faults_at_level_2():
    recovery(2, rounds=ROUNDS)


def test_large_transfers_of_memory():
    """What is sent again does not come from where it lay at first, when that may have changed."""
    with_a_share(recovery(2, scale=16, share=3, ram=True))


def test_several_connections_at_level_0():
    with_level_0(recovery(0, 2, share=SHARE))


def test_several_connections_at_level_1():
    with_a_share(recovery(1, 3, share=SHARE))


def test_several_connections_at_level_2():
    for connections in (2, 4):
        counts = recovery(2, connections, share=SHARE)
        with_a_share(counts)
        for what in ('joins', 'moves', 'removals'):
            check(counts[what] > 0, f'no {what} at level 2')


def test_many_faults_of_several_connections():
    for level, connections in ((0, 4), (1, 4), (2, 2), (2, 4)):
        recovery(level, connections, rounds=ROUNDS)


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A full disk does not lock management out: thin LUNs fill the file system that also has the
catalog.

The file system is a tmpfs in a mount namespace of the test; where no namespace may be made, the
test is skipped.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import vdstest
from vdstest import Daemon, Driver, RestError, check, equal, eventually

INITIATOR = 'iqn.2025-01.example:i'
TARGET = 'iqn.2026-11.org.example:t'
MIB = 1 << 20
DISK = 16 * MIB
RESERVE = 4 * MIB
INSIDE = 'VDS_TEST_FULL_INSIDE'


def enter_namespace():
    """Runs the script again where it may mount; does not return unless it does so already."""
    if os.environ.get(INSIDE):
        return
    vdstest.requires('unshare', 'mount')
    with tempfile.TemporaryDirectory(prefix='vdstest.') as top:
        inside = ['unshare', '--map-root-user', '--mount', '--']
        if subprocess.run([*inside, 'mount', '-t', 'tmpfs', 'tmpfs', top], capture_output=True,
                          check=False).returncode != 0:
            print('1..0 # SKIP forbidden: this machine lets nobody mount')
            sys.exit(0)
        sys.exit(subprocess.run([*inside, sys.executable, *sys.argv],
                                env={**os.environ, INSIDE: '1'}, check=False).returncode)


class SmallDisk(Daemon):
    """An array, pool and all, on a file system of 16 MiB; one target."""

    def __init__(self):
        super().__init__()
        disk = self.top / 'disk'
        disk.mkdir()
        subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={DISK}', 'tmpfs', disk], check=True)
        self.disk, self.dir = disk, disk / 'array'

    def __enter__(self):
        super().__enter__()
        self.ctl('target', 'create', 't', '--iscsi-name', TARGET)
        return self

    def __exit__(self, kind, value, trace):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        subprocess.run(['umount', self.disk], check=False)
        super().__exit__(kind, value, trace)

    def free(self):
        fs = os.statvfs(self.disk)
        return fs.f_bavail * fs.f_frsize

    def reserve(self):
        path = self.dir / 'reserve'
        return path.stat().st_blocks * 512 if path.exists() else None

    def fill(self, name):
        """A thin LUN larger than the disk, written until the disk is full."""
        self.ctl('lun', 'create', name, '--size', '64M', '--unmask', '*')
        self.ctl('lun', 'associate', name, TARGET)
        initiator = Driver(os.environ['INITIATOR'])
        answer = initiator.ask('fill', self.portal, TARGET, INITIATOR, 0, 64 * MIB)
        initiator.close()
        equal([answer[0], answer[2]], ['ok', '7/2707'], 'the write for which there is no space')
        self.stuff()

    def stuff(self):
        """What 64 KiB did not fit in."""
        with open(self.disk / 'stuffing', 'ab', buffering=0) as f:
            try:
                while True:
                    f.write(bytes(4096))
            except OSError:
                pass
        equal(self.free(), 0, 'free space')

    def refused(self, *words):
        done = subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{self.socket}', *words],
                              capture_output=True, text=True, check=False)
        check(done.returncode != 0, f'{words} was done')
        return done.stderr


def recover(daemon):
    """From a full disk to one with room, with nothing but the API."""
    daemon.ctl('lun', 'dissociate', 'big', TARGET)
    check(daemon.reserve() < RESERVE, 'nothing of the reserve was given up')
    text = daemon.refused('lun', 'create', 'other', '--size', '1M')
    check('full' in text, f'the refusal says: {text}')
    daemon.ctl('lun', 'delete', 'big')
    eventually('space is back', lambda: daemon.free() > DISK // 4)
    eventually('the reserve is back', lambda: daemon.reserve() == RESERVE)
    daemon.ctl('lun', 'create', 'other', '--size', '1M')
    log = daemon.log.read_text()
    check('catalog.reserve state=given_up' in log and 'catalog.reserve state=back' in log,
          'the log does not tell')


def test_luns_are_deleted_on_a_full_disk():
    with SmallDisk() as daemon:
        equal(daemon.reserve(), RESERVE, 'the reserve')
        daemon.fill('big')
        rest = daemon.rest()
        pool = rest.list('pools')[0]['id']

        def space():
            return rest.call('GET', f'/v1/pools/{pool}')['live']['space']
        eventually('the pool is full', lambda: space() == 'full')
        check('pool.space pool=' in daemon.log.read_text(), 'the log does not tell')
        check('full' in ' '.join(rest.call('POST', '/v1/check')['notes']),
              'the checker does not tell')
        live = rest.call('GET', f'/v1/pools/{pool}')['live']
        check(live['allocated_bytes'] > DISK // 4, f'the LUN takes {live}')
        recover(daemon)
        eventually('the pool has space', lambda: space() == 'ok')
        rest.close()
        equal(daemon.rest().call('POST', '/v1/check')['clean'], True, 'the running checker')
        daemon.stop()
        daemon.checker()


def restart_full(end):
    with SmallDisk() as daemon:
        daemon.fill('big')
        end(daemon)
        daemon.stuff()          # what a clean end has freed: the log
        daemon.start()
        daemon.stuff()
        recover(daemon)
        daemon.stop()
        daemon.checker()


def test_luns_are_deleted_after_a_restart_on_a_full_disk():
    restart_full(Daemon.stop)


def test_luns_are_deleted_after_a_kill_on_a_full_disk():
    restart_full(Daemon.kill)


def test_what_is_left_of_the_reserve_lasts_over_restarts():
    with SmallDisk() as daemon:
        daemon.fill('big')
        for name in ('a', 'b', 'c'):
            daemon.ctl('array', 'rename', name)
            daemon.kill()
            daemon.start()
            daemon.stuff()
            check('full' in daemon.refused('target', 'create', 'u'),
                  'after a restart it is forgotten')
        recover(daemon)
        daemon.stop()
        daemon.checker()


def test_whatever_else_is_changed_luns_can_still_be_deleted():
    """The last of the reserve is for that."""
    with SmallDisk() as daemon:
        daemon.fill('big')
        rest = daemon.rest()
        refused = None
        for n in range(5000):
            try:
                rest.call('PATCH', '/v1/array', {'name': f'a{n}'})
            except RestError as error:
                refused = (n, error.code)
                break
        rest.close()
        check(refused is None or refused[0] > 100 and refused[1] == 'NO_SPACE',
              f'refused: {refused}')
        recover(daemon)
        daemon.stop()
        daemon.checker()


def test_a_full_array_can_be_emptied_whatever_used_the_reserve():
    """Others take at once what a deletion frees."""
    with SmallDisk() as daemon:
        rest = daemon.rest()
        targets = [rest.call('POST', '/v1/targets', {'alias': f't{n}', 'with_group': True})['id']
                   for n in range(10)]
        luns = [rest.call('POST', '/v1/luns', {'size_bytes': MIB})['id'] for _ in range(150)]
        for lun in luns:
            rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': targets[:5]})
        initiator = vdstest.Initiator()     # so that numbers are retired: deletions then write more
        names = [rest.call('GET', f'/v1/targets/{target}')['iscsi_name'] for target in targets]
        for name in names:
            initiator.list(daemon.portal, name, INITIATOR)
        initiator.close()
        daemon.fill('big')
        refused = None
        for n in range(3000):
            try:
                rest.call('PUT', f'/v1/luns/{luns[n % len(luns)]}/targets',
                          {'targets': targets if n // len(luns) % 2 == 0 else targets[5:]})
            except RestError as error:
                refused = error.code
                break
        check(refused in (None, 'NO_SPACE'), f'refused: {refused}')
        daemon.stuff()
        check(daemon.reserve() >= RESERVE // 4, f'{daemon.reserve()} bytes are left for deletions')
        daemon.stop()
        done = subprocess.run([os.environ['VDSD'], '--dir', daemon.dir, '--check'],
                              capture_output=True, text=True,
                              check=False, timeout=vdstest.DEADLINE_S)
        equal(done.returncode, 0, f'vdsd --check: {done.stderr}')
        check('reserve' in done.stdout, f'the checker says: {done.stdout}')
        daemon.start()
        rest = daemon.rest()
        for lun in rest.list('luns'):
            rest.call('DELETE', f'/v1/luns/{lun["id"]}?force=1')
            daemon.stuff()
        for target in targets:
            rest.call('DELETE', f'/v1/targets/{target}')
            daemon.stuff()
        equal([rest.list('luns'), len(rest.list('targets'))], [[], 1], 'what is left')
        equal(rest.call('POST', '/v1/check')['clean'], True, 'the running checker')
        check('reserve' in ' '.join(rest.call('POST', '/v1/check')['notes']),
              'the running checker does not tell')
        rest.close()
        (daemon.disk / 'stuffing').unlink()
        eventually('the reserve is back', lambda: daemon.reserve() == RESERVE)
        daemon.stop()
        daemon.checker()


enter_namespace()
vdstest.main([
    test_luns_are_deleted_on_a_full_disk,
    test_luns_are_deleted_after_a_restart_on_a_full_disk,
    test_luns_are_deleted_after_a_kill_on_a_full_disk,
    test_what_is_left_of_the_reserve_lasts_over_restarts,
    test_whatever_else_is_changed_luns_can_still_be_deleted,
    test_a_full_array_can_be_emptied_whatever_used_the_reserve,
])

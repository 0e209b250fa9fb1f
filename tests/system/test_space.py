#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Thresholds and overcommit limits of pools: said once on each channel, also over a restart.  The
trash: a deleted LUN comes back as the same disk, and a disk that deleted LUNs fill recovers.
"""
import contextlib
import json
import os
import subprocess
import threading

import vdstest
from smalldisk import INITIATOR, MIB, RESERVE, TARGET, SmallDisk, enter_namespace
from vdstest import Initiator, UnixConnection, check, equal, eventually


class Events:
    """Follows the event stream, and keeps the levels of pools in it, without repetitions."""

    def __init__(self, daemon):
        self.levels = []
        self.connection = UnixConnection(daemon.socket, vdstest.DEADLINE_S)
        self.connection.request('GET', '/v1/events')
        self.answer = self.connection.getresponse()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        with contextlib.suppress(OSError, ValueError):
            for line in self.answer:
                if line.startswith(b'data:') and b'live_pool' in line:
                    self.take(json.loads(line[5:]))

    def take(self, event):
        for row in event.get('put', {}).get('live_pool', []):
            if self.levels[-1:] != [row['space']]:
                self.levels.append(row['space'])


class Channels:
    """An array with a thin LUN on a small disk, an initiator that uses it, and every channel."""

    def __init__(self, daemon):
        self.daemon = daemon
        daemon.ctl('lun', 'create', 'vol', '--size', '8M', '--unmask', '*')
        daemon.ctl('lun', 'associate', 'vol', TARGET)
        self.follow()

    def follow(self):
        """Again after a restart."""
        self.rest = self.daemon.rest()
        self.pool = self.rest.list('pools')[0]['id']
        self.log_before = len(self.daemon.log_text().splitlines())
        self.events = Events(self.daemon)
        self.initiator = Initiator()
        self.initiator.ok('hold', self.daemon.portal, TARGET, INITIATOR)
        self.attentions()

    def attentions(self):
        """The unit attentions that are pending, until the unit is ready."""
        found = []
        while (answer := self.initiator.ok('sense', 0)) != ['good']:
            found.append(answer[-1])
        return found

    def space(self):
        live = self.rest.call('GET', f'/v1/pools/{self.pool}')['live']
        return live['space'], live['crossings']

    def logged(self):
        lines = self.daemon.log_text().splitlines()[self.log_before:]
        return [line.split(' space=')[1].split()[0] for line in lines if ' pool.space ' in line]

    def metric(self, name):
        connection = UnixConnection(self.daemon.socket, vdstest.DEADLINE_S)
        connection.request('GET', '/metrics')
        text = connection.getresponse().read().decode()
        connection.close()
        return [float(line.split()[-1]) for line in text.splitlines()
                if line.startswith(name + '{')]

    def health(self):
        problems = self.rest.call('GET', '/v1/health')['problems']
        return [p['text'] for p in problems if p['text'].startswith('pool')]

    def settle(self):
        """Several rounds of the verifier: what is said twice would be said by then."""
        for _ in range(3):
            self.rest.call('POST', '/v1/check')
            rounds = self.rest.call('GET', f'/v1/pools/{self.pool}')['live']
            check(rounds['ready'], 'the pool is not ready')

    def close(self):
        self.initiator.close()
        self.rest.close()
        self.events.connection.close()


def said_once(channels, level, crossings, attention=True):
    """Each channel has said that the pool has come to this level, and has said so once."""
    eventually(f'the pool is {level}', lambda: channels.space() == (level, crossings))
    eventually(f'the event of {level}', lambda: channels.events.levels[-1:] == [level])
    channels.settle()
    equal(channels.logged().count(level), 1, f'lines of the log of {level}')
    equal(channels.events.levels.count(level), 1, f'events of {level}')
    equal(channels.metric('vds_pool_crossings_total'), [crossings], 'the metric of crossings')
    equal(channels.metric('vds_pool_level'), [['ok', 'low', 'full'].index(level)], 'the level')
    equal(channels.attentions(), ['6/3807'] if attention else [], 'unit attentions')
    equal(len(channels.health()), 0 if level == 'ok' else 1, f'health: {channels.health()}')


def fill(daemon, left):
    """Others write to the pool's file system until so much is free."""
    with open(daemon.disk / 'stuffing', 'ab', buffering=0) as file:
        while daemon.free() > left:
            file.write(bytes(min(MIB, daemon.free() - left)))


def test_a_crossing_is_said_once_on_each_channel():
    with SmallDisk() as daemon:
        daemon.ctl('pool', 'set', 'default', '--low', '30%', '--full', '1500K')
        channels = Channels(daemon)
        fill(daemon, 4 * MIB)
        said_once(channels, 'low', 1)
        fill(daemon, MIB)
        said_once(channels, 'full', 2)
        for end in daemon.stop, daemon.kill:
            channels.close()
            end()
            daemon.start()
            channels.follow()
            channels.settle()
            equal(channels.space(), ('full', 2), 'the level after a restart')
            equal(channels.logged(), [], 'lines of the log after a restart')
            equal(channels.attentions(), [], 'unit attentions after a restart')
            equal(len(channels.health()), 1, 'health after a restart')
        (daemon.disk / 'stuffing').unlink()
        said_once(channels, 'ok', 2, attention=False)
        fill(daemon, 4 * MIB)
        said_once(channels, 'low', 3)
        channels.close()
        daemon.stop()
        daemon.checker()


def test_other_thresholds_count_at_once():
    with SmallDisk() as daemon:
        channels = Channels(daemon)
        equal(channels.space(), ('ok', 0), 'the level by default')
        daemon.ctl('pool', 'set', 'default', '--low', '99%')
        equal(channels.space(), ('low', 1), 'the level of --low 99%')
        equal(channels.attentions(), ['6/3807'], 'unit attentions')
        daemon.ctl('pool', 'set', 'default', '--low', 'default')
        equal(channels.space(), ('ok', 1), 'the level by default again')
        for words in (['--low', '100%'], ['--low', '5%', '--full', '6%'], ['--full', 'x'],
                      ['--low', '20'], ['--overcommit', '0%'], []):
            text = daemon.refused('pool', 'set', 'default', *words)
            check('--' in text, f'{words}: {text}')
        equal(channels.rest.call('GET', f'/v1/pools/{channels.pool}')['low'], '', 'the option')
        channels.close()


def test_luns_beyond_the_overcommit_limit_are_refused():
    with SmallDisk() as daemon:
        daemon.ctl('pool', 'set', 'default', '--overcommit', '200%')
        daemon.ctl('lun', 'create', 'a', '--size', '30M')
        text = daemon.refused('lun', 'create', 'b', '--size', '3M')
        for figure in '3 MiB', '30 MiB', '16 MiB', '200%', '2 MiB', '--overcommit':
            check(figure in text, f'the refusal does not say {figure}: {text}')
        daemon.refused('lun', 'extend', 'a', '3M')
        daemon.ctl('lun', 'extend', 'a', '2M')
        daemon.refused('lun', 'create', 'b', '--size', '1M')
        daemon.kill()
        daemon.start()
        daemon.refused('lun', 'create', 'b', '--size', '1M')
        daemon.ctl('pool', 'set', 'default', '--overcommit', 'off')
        daemon.ctl('lun', 'create', 'b', '--size', '1G')
        daemon.ctl('pool', 'set', 'default', '--overcommit', '100%')
        show = subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}',
                               'pool', 'show', 'default'], capture_output=True, text=True,
                              check=True).stdout
        check('at most 100% of the capacity' in show, show)
        daemon.stop()
        daemon.checker()


# ---- the trash ----

def identity(initiator):
    """The designators of LUN 0, VPD page 83h."""
    return initiator.ok('cdb', 0, '12018300ff00', 255, '-')


def login(daemon):
    initiator = Initiator()
    initiator.ok('hold', daemon.portal, TARGET, INITIATOR)
    ready(initiator)
    return initiator


def ready(initiator):
    while initiator.ok('sense', 0) != ['good']:
        pass


def text_of(daemon, *words):
    return subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', *words],
                          capture_output=True, text=True, check=True).stdout


def test_an_initiator_sees_the_same_disk_after_a_restore():
    with SmallDisk() as daemon:
        daemon.ctl('pool', 'set', 'default', '--trash', '7d')
        daemon.ctl('lun', 'create', 'vol', '--size', '8M', '--unmask', '*')
        daemon.ctl('lun', 'associate', 'vol', TARGET)
        initiator = login(daemon)
        equal(initiator.ok('put', 0, 9, 7), ['good'], 'a write')
        before, block = identity(initiator), initiator.ok('get', 0, 9)
        daemon.ctl('lun', 'delete', 'vol', '--force')
        check(initiator.ok('sense', 0) != ['good'], 'a deleted LUN is served')
        rest = daemon.rest()
        equal([rest.list('luns'), len(rest.list('trash'))], [[], 1], 'the LUN is in the trash')
        used = rest.list('pools')[0]['live']
        file = next((daemon.dir / 'luns').glob('*.img'))
        equal([used['allocated_bytes'], used['trash_bytes']], [0, file.stat().st_blocks * 512],
              'what the trash takes agrees with du')
        check('vol' in text_of(daemon, 'trash', 'list'), 'trash list')
        check('keeps deleted LUNs for 7d' in text_of(daemon, 'pool', 'show', 'default'), 'show')
        check('trash' in daemon.refused('pool', 'delete', 'default'), 'a pool with trash')
        initiator.close()
        rest.close()
        daemon.logged('deleted and kept in the trash')     # before the kill, which may lose a line
        daemon.kill()
        daemon.start()
        daemon.ctl('lun', 'restore', 'vol')
        initiator = login(daemon)
        equal([identity(initiator), initiator.ok('get', 0, 9)], [before, block], 'the disk')
        daemon.refused('lun', 'restore', 'vol')
        daemon.ctl('lun', 'delete', 'vol', '--force', '--now')
        equal(rest.list('trash'), [], 'the trash after delete --now')
        initiator.close()
        rest.close()
        daemon.logged('lun "vol": restored')
        daemon.stop()
        daemon.checker()


def test_a_disk_that_the_trash_fills_can_be_emptied():
    with SmallDisk() as daemon:
        daemon.ctl('pool', 'set', 'default', '--trash', '7d')
        daemon.fill('big')
        daemon.ctl('lun', 'delete', 'big', '--force')
        daemon.stuff()
        equal(daemon.free(), 0, 'free space while the LUN is in the trash')
        check('full' in daemon.refused('lun', 'create', 'other', '--size', '1M'), 'the refusal')
        daemon.ctl('trash', 'empty')
        eventually('space is back', lambda: daemon.free() > 4 * MIB)
        eventually('the reserve is back', lambda: daemon.reserve() == RESERVE)
        daemon.ctl('lun', 'create', 'other', '--size', '1M')
        daemon.stop()
        daemon.checker()


def test_a_full_pool_gives_up_its_trash_by_itself():
    with SmallDisk() as daemon:
        daemon.ctl('pool', 'set', 'default', '--trash', '7d', '--trash-yields', 'yes')
        daemon.ctl('lun', 'create', 'kept', '--size', '1M')
        daemon.ctl('lun', 'delete', 'kept')
        rest = daemon.rest()
        equal(len(rest.list('trash')), 1, 'LUNs in the trash while there is space')
        daemon.fill('big')
        eventually('the trash is empty', lambda: rest.list('trash') == [])
        daemon.ctl('lun', 'delete', 'big', '--force')
        eventually('that LUN is gone too', lambda: rest.list('trash') == [])
        eventually('space is back', lambda: daemon.free() > 4 * MIB)
        daemon.logged('trash.yield')
        rest.close()
        daemon.stop()
        daemon.checker()


# ---- history ----

def test_history_agrees_with_du():
    with SmallDisk() as daemon:
        daemon.ctl('lun', 'create', 'vol', '--size', '4M', '--unmask', '*')
        daemon.ctl('lun', 'associate', 'vol', TARGET)
        initiator = login(daemon)
        for lba in range(0, 4096, 512):
            equal(initiator.ok('put', 0, lba, 7), ['good'], 'a write')
        file = next((daemon.dir / 'luns').glob('*.img'))

        def du():
            return file.stat().st_blocks * 512
        eventually('what the LUN takes', lambda: daemon.ctl(
            'lun', 'history', 'vol')['items'][-1]['allocated_bytes'] == du())
        check(du() > 0, 'nothing is taken')
        eventually('what the pool takes', lambda: daemon.ctl(
            'pool', 'history', 'default')['items'][-1]['allocated_bytes'] == du())
        # the first sample is of the verifier's first round, the last of now
        eventually('a sample', lambda: len(daemon.ctl('pool', 'history', 'default')['items']) > 1)
        text = text_of(daemon, 'pool', 'history', 'default')
        check('last 24 h' in text and any(bar in text for bar in '▁▂▃▄▅▆▇█'), text)
        check('now 32 KiB' in text_of(daemon, 'lun', 'history', 'vol'), 'the LUN now')
        initiator.close()
        daemon.stop()


enter_namespace()
vdstest.main([
    test_a_crossing_is_said_once_on_each_channel,
    test_other_thresholds_count_at_once,
    test_luns_beyond_the_overcommit_limit_are_refused,
    test_an_initiator_sees_the_same_disk_after_a_restore,
    test_a_disk_that_the_trash_fills_can_be_emptied,
    test_a_full_pool_gives_up_its_trash_by_itself,
    test_history_agrees_with_du,
])

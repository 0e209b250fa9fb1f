#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A full disk does not lock management out: thin LUNs fill the file system that also has the
catalog.  Before that, hosts and administrators are told that it becomes low on space.
"""
import os
import subprocess

import vdstest
from smalldisk import DISK, INITIATOR, MIB, RESERVE, TARGET, SmallDisk, enter_namespace
from vdstest import Daemon, RestError, check, equal, eventually


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
    daemon.logged('catalog.reserve state=given_up')
    daemon.logged('catalog.reserve state=back')


def test_luns_are_deleted_on_a_full_disk():
    with SmallDisk() as daemon:
        equal(daemon.reserve(), RESERVE, 'the reserve')
        daemon.fill('big')
        rest = daemon.rest()
        pool = rest.list('pools')[0]['id']

        def space():
            return rest.call('GET', f'/v1/pools/{pool}')['live']['space']
        eventually('the pool is full', lambda: space() == 'full')
        daemon.logged('pool.space pool=')
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


# ---- low on space ----

SOFT_THRESHOLD = '6/3807'       # THIN PROVISIONING SOFT THRESHOLD REACHED


class Host:
    """An initiator that has heard of its login."""

    def __init__(self, daemon, number):
        self.daemon, self.name, self.driver = daemon, f'{INITIATOR}{number}', vdstest.Initiator()
        self.log_in()

    def log_in(self):
        self.driver.ok('hold', self.daemon.portal, TARGET, self.name)
        for lun in (0, 1):
            self.attentions(lun)

    def attentions(self, lun):
        found = []
        while (said := self.driver.ok('sense', lun)[0]).startswith('6/'):
            found.append(said)
        return found

    def read(self, lun, cdb):
        said, *data = self.driver.ok('cdb', lun, cdb, 64, '-')
        return bytes.fromhex(data[0]) if said == 'good' else said

    def threshold_mib(self, lun):
        """Of the Logical Block Provisioning mode page, which is enabled, soft and of what is free."""
        page = self.read(lun, '1a081c0240 00'.replace(' ', ''))[4:]
        equal((page[:4].hex(), page[16] & 0xc7, page[17]), ('5c020014', 0x80, 1), 'the mode page')
        return int.from_bytes(page[20:24], 'big')

    def free_mib(self, lun):
        """Of the Logical Block Provisioning log page: available LBA mapping resources."""
        page = self.read(lun, '4d004c00000000004000')
        equal((page[0] & 0x3f, page[4:6].hex()), (0x0c, '0001'), 'the log page')
        return int.from_bytes(page[8:12], 'big')

    def close(self):
        self.driver.ok('drop')
        self.driver.close()


def leave_free(daemon, leave):
    """Others take of the file system, or give back, until so much is free."""
    stuffing = daemon.disk / 'stuffing'
    with stuffing.open('ab') as f:
        size = f.tell() + daemon.free() - leave
        if size > f.tell():
            os.posix_fallocate(f.fileno(), 0, size)
        else:
            f.truncate(size)


def told(daemon):
    """The words of all surfaces: the pool's row, health, metrics."""
    health = subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', 'health'],
                            capture_output=True, text=True, check=False)
    rest = daemon.rest()
    space = rest.list('pools')[0]['live']['space']
    rest.close()
    return (space, 'low on space' in health.stdout, health.returncode,
            float(metrics(daemon)['vds_array_health']))


def metrics(daemon):
    connection = vdstest.UnixConnection(daemon.socket, vdstest.DEADLINE_S)
    connection.request('GET', '/metrics')
    text = connection.getresponse().read().decode()
    connection.close()
    return dict(line.rsplit(' ', 1) for line in text.splitlines()
                if line and not line.startswith('#'))


def becomes(daemon, space):
    eventually(f'the pool is {space}', lambda: told(daemon)[0] == space)
    equal(told(daemon), {'ok': ('ok', False, 0, 0), 'low': ('low', True, 1, 1)}[space], space)


def test_hosts_are_told_once_that_the_pool_becomes_low():
    """One thin LUN and a thick one; two hosts.  Whatever is said is the same everywhere."""
    size = 64 * MIB
    with SmallDisk(size) as daemon:
        daemon.ctl('lun', 'create', 'thin', '--size', '64M', '--unmask', '*')
        daemon.ctl('lun', 'create', 'thick', '--size', '1M', '--thick', '--unmask', '*')
        for name in ('thin', 'thick'):
            daemon.ctl('lun', 'associate', name, TARGET)
        rest = daemon.rest()
        eventually('the thick LUN is ready', lambda: all(j['state'] == 'done' for j in rest.list('jobs')))
        hosts = [Host(daemon, n) for n in (1, 2)]
        becomes(daemon, 'ok')
        equal(hosts[0].threshold_mib(0), size // 10 // MIB, 'the threshold')
        equal([host.attentions(lun) for host in hosts for lun in (0, 1)], [[]] * 4, 'enough space')
        for _ in range(2):
            leave_free(daemon, 5 * MIB)
            becomes(daemon, 'low')
            equal([host.attentions(0) for host in hosts], [[SOFT_THRESHOLD]] * 2, 'the crossing')
            equal([host.attentions(1) for host in hosts], [[], []], 'the thick LUN')
            check(hosts[0].free_mib(0) < hosts[0].threshold_mib(0), 'the log page')
            # a little more, which is the same crossing
            leave_free(daemon, 7 * MIB)
            eventually('the log page follows', lambda: hosts[0].free_mib(0) == daemon.free() // MIB)
            equal((told(daemon)[0], [host.attentions(0) for host in hosts]), ('low', [[], []]), '7 MiB')
            [free] = [float(value) for name, value in metrics(daemon).items()
                      if name.startswith('vds_pool_free_bytes')]
            equal(free // MIB, hosts[0].free_mib(0), 'vds_pool_free_bytes')
            equal(hosts[0].driver.ok('put', 0, 1, 7), ['good'], 'a write')
            leave_free(daemon, 30 * MIB)
            becomes(daemon, 'ok')
            equal([host.attentions(0) for host in hosts], [[], []], 'space is back')
        log = daemon.log_text()
        equal((log.count('space=low'), log.count('space=ok was=low')), (2, 2), 'the log')
        rest.close()
        for host in hosts:
            host.close()
        daemon.stop()


def test_hosts_that_come_to_a_low_pool():
    """Neither a login nor a LUN that comes back is a crossing."""
    size = 64 * MIB
    with SmallDisk(size) as daemon:
        daemon.ctl('lun', 'create', 'thin', '--size', '64M', '--unmask', '*')
        daemon.ctl('lun', 'associate', 'thin', TARGET)
        leave_free(daemon, 5 * MIB)
        becomes(daemon, 'low')
        host = Host(daemon, 1)
        equal(host.attentions(0), [], 'after the login')
        check(host.free_mib(0) < host.threshold_mib(0), 'the log page')
        daemon.ctl('lun', 'dissociate', 'thin', TARGET)
        daemon.ctl('lun', 'associate', 'thin', TARGET)
        check(SOFT_THRESHOLD not in host.attentions(0), 'when the LUN is back')
        host.close()
        daemon.kill()
        daemon.start()
        becomes(daemon, 'low')
        host = Host(daemon, 1)
        leave_free(daemon, 4 * MIB)
        eventually('the log page follows', lambda: host.free_mib(0) == daemon.free() // MIB)
        equal(host.attentions(0), [], 'after a restart')
        host.close()
        daemon.stop()


enter_namespace()
vdstest.main([
    test_hosts_are_told_once_that_the_pool_becomes_low,
    test_hosts_that_come_to_a_low_pool,
    test_luns_are_deleted_on_a_full_disk,
    test_luns_are_deleted_after_a_restart_on_a_full_disk,
    test_luns_are_deleted_after_a_kill_on_a_full_disk,
    test_what_is_left_of_the_reserve_lasts_over_restarts,
    test_whatever_else_is_changed_luns_can_still_be_deleted,
    test_a_full_array_can_be_emptied_whatever_used_the_reserve,
])

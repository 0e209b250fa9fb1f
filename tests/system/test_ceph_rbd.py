#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pools on Ceph: the life of a LUN that is an image of RBD, snapshots and clones, kills, what a crash
leaves, a cluster that does not answer or is full, and vdsd shut out by the cluster.
"""
import contextlib
import json
import os
import pathlib
import struct

import cephtest
import vdstest
from vdstest import Daemon, Initiator, RestError, check, equal, eventually

MIB = 1 << 20
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:web'
BLOCKS = 8 * MIB // 512
cluster = None


@contextlib.contextmanager
def array(name, timeout_s=10, pool=True):
    """vdsd with a pool in a namespace of its own, so that tests do not see each other's images."""
    cluster.rbd('namespace', 'create', f'{cluster.POOL}/{name}')
    daemon = Daemon(*cluster.options(), '--ceph-timeout', str(timeout_s), faults=False)
    daemon.env['VDS_MODULE_DIR'] = str(pathlib.Path(os.environ['CEPH_MODULE']).parent)
    daemon.place = f'rbd:{cluster.POOL}/{name}'
    daemon.namespace = name
    with daemon, contextlib.ExitStack() as stack:
        daemon.stack = stack
        if pool:
            daemon.ctl('pool', 'create', 'ceph', daemon.place)
        yield daemon


def row(daemon, kind, name):
    rest = daemon.rest()
    found = next(row for row in rest.list(kind) if row['name'] == name)
    return rest.call('GET', f'/v1/{kind}/{found["id"]}')


def images(daemon):
    words = ('--namespace', daemon.namespace, '-p', cluster.POOL, '--format', 'json')
    return set(json.loads(cluster.rbd('ls', *words)))


def idle(daemon, name):
    eventually(f'{name} is free', lambda: row(daemon, 'luns', name)['live']['operation'] == 'none')


def serve(daemon, *names, size='8M'):
    daemon.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
    for name in names:
        daemon.ctl('lun', 'create', name, '--size', size, '--pool', 'ceph', '--unmask', '*')
        daemon.ctl('lun', 'associate', name, 'web')


def session(daemon, lun=0):
    initiator = Initiator()
    daemon.stack.callback(initiator.kill)
    initiator.ok('hold', daemon.portal, TARGET, HOST)
    settle(initiator, lun)
    return initiator


def settle(initiator, lun=0):
    """Takes the unit attentions."""
    while (answer := initiator.ok('sense', lun)) != ['good'] and answer[-1].startswith('6/'):
        pass


def ask(initiator, *words):
    """A command, again after each unit attention: jobs end when they like."""
    while (answer := initiator.ok(*words))[0].startswith('6/'):
        pass
    return answer


def put(initiator, *blocks, lun=0, byte=None):
    for block in blocks:
        equal(ask(initiator, 'put', lun, block, byte or block % 200 + 1), ['good'], f'write {block}')


def has(initiator, block, byte, lun=0):
    equal(ask(initiator, 'get', lun, block), [str(byte)], f'block {block}')


def again(daemon):
    """Kills vdsd and starts it; a new session."""
    daemon.kill()
    daemon.start()
    return session(daemon)


def test_a_lun_from_its_creation_to_its_end():
    with array('life') as daemon:
        serve(daemon, 'vol')
        [image] = images(daemon)
        equal(image, 'vds-' + row(daemon, 'luns', 'vol')['id'], 'the name of the image')
        initiator = session(daemon)
        has(initiator, 5, 0)
        put(initiator, 0, 1, 2, 7, 8, 9, 8191, 8192, BLOCKS - 1)
        unmap = struct.pack('>BBQIBB', 0x93, 0x08, 1, 8, 0, 0).hex()    # WRITE SAME, blocks 1 to 8
        equal(initiator.ok('cdb', 0, unmap, 0, bytes(512).hex())[:1], ['good'], 'unmap')
        for block in (1, 2, 7, 8):
            has(initiator, block, 0)
        for block in (0, 9, 8191, 8192, BLOCKS - 1):
            has(initiator, block, block % 200 + 1)
        initiator = again(daemon)
        for block in (0, 9, 8191, 8192, BLOCKS - 1):
            has(initiator, block, block % 200 + 1)
        daemon.ctl('lun', 'extend', 'vol', '4M')        # in use
        idle(daemon, 'vol')
        settle(initiator)
        has(initiator, BLOCKS, 0)
        put(initiator, BLOCKS)
        daemon.ctl('lun', 'shrink', 'vol', '--to', '2M', '--force')
        idle(daemon, 'vol')
        daemon.ctl('lun', 'extend', 'vol', '--to', '12M')
        idle(daemon, 'vol')
        settle(initiator)
        has(initiator, 8192, 0)         # what was cut off does not come back
        has(initiator, 9, 10)
        check(daemon.ctl('lun', 'create', 'fat', '--size', '1M', '--thick', '--pool', 'ceph',
                         ok=None) != 0, 'a thick LUN')
        daemon.ctl('lun', 'delete', 'vol', '--force')
        eventually('the image goes', lambda: not images(daemon))
        eventually('the pool can be deleted',
                   lambda: daemon.ctl('pool', 'delete', 'ceph', ok=None) == 0)
        marker = cluster.run('rados', '-p', cluster.POOL, '-N', 'life', 'stat', 'vds-pool')
        check(marker.returncode != 0, 'the marker is still there')
        daemon.stop()
        daemon.checker()


def test_snapshots_and_clones():
    with array('clones') as daemon:
        serve(daemon, 'vol')
        initiator = session(daemon)
        put(initiator, 1, 2, byte=11)
        daemon.ctl('snapshot', 'create', 'monday', 'vol')
        put(initiator, 1, byte=22)
        daemon.ctl('lun', 'clone', 'vol', 'now', '--unmask', '*')
        daemon.ctl('lun', 'clone', 'monday', 'then', '--unmask', '*')
        idle(daemon, 'now')
        put(initiator, 1, byte=33)
        for number, name in enumerate(('now', 'then'), 1):
            daemon.ctl('lun', 'associate', name, 'web')
            eventually(name, lambda lun=number: initiator.ok('sense', lun) == ['good'])
        has(initiator, 1, 22, lun=1)
        has(initiator, 1, 11, lun=2)
        put(initiator, 2, lun=2, byte=44)
        has(initiator, 2, 11)
        daemon.ctl('lun', 'rollback', 'vol', 'monday', '--force')
        idle(daemon, 'vol')
        settle(initiator)
        has(initiator, 1, 11)
        put(initiator, 1, byte=55)
        initiator = again(daemon)
        for lun, byte in ((0, 55), (1, 22), (2, 11)):
            has(initiator, 1, byte, lun=lun)
        # what others share is gone for the array; Ceph keeps it as long as they need it
        daemon.ctl('snapshot', 'delete', 'monday')
        daemon.ctl('lun', 'delete', 'vol', '--force')
        has(initiator, 1, 22, lun=1)
        has(initiator, 2, 44, lun=2)
        has(initiator, 1, 11, lun=2)
        daemon.ctl('lun', 'delete', 'now', '--force')
        daemon.ctl('lun', 'delete', 'then', '--force')
        eventually('all images go', lambda: not images(daemon))
        daemon.stop()


def test_a_lun_moves_to_another_pool_and_back():
    with array('move') as daemon:
        serve(daemon, 'vol')
        initiator = session(daemon)
        put(initiator, 3, 9000, BLOCKS - 1)
        for pool in ('default', 'ceph'):
            daemon.ctl('lun', 'move', 'vol', pool)
            eventually(f'in {pool}', lambda name=pool: row(daemon, 'luns', 'vol')['pool_id']
                       == row(daemon, 'pools', name)['id'])
            idle(daemon, 'vol')
            settle(initiator)
            for block in (3, 9000, BLOCKS - 1):
                has(initiator, block, block % 200 + 1)
            has(initiator, 4, 0)
        daemon.ctl('lun', 'clone', 'vol', 'copy', '--copy')
        idle(daemon, 'copy')
        eventually('two images', lambda: len(images(daemon)) == 2)
        daemon.stop()


def table(daemon, *words):
    return cluster.ok('rados', '-p', cluster.POOL, '-N', daemon.namespace, *words)


def test_what_a_crash_leaves_is_swept():
    with array('crash') as daemon:
        serve(daemon, 'vol')
        initiator = session(daemon)
        put(initiator, 7)
        lun_id = row(daemon, 'luns', 'vol')['id']
        daemon.kill()
        place = f'{cluster.POOL}/{daemon.namespace}'
        other, third = lun_id[:-4] + '0000', lun_id[:-4] + '0001'
        # a new volume, with and without an image, of LUNs that were never committed
        cluster.rbd('create', '--size', '1M', '--image-feature', 'layering', f'{place}/vds-{other}')
        table(daemon, 'setomapval', 'vds-pool', f'new/{other}', f'vds-{other}')
        table(daemon, 'setomapval', 'vds-pool', f'new/{third}', f'vds-{third}')
        # one that was to replace the volume of the LUN
        cluster.rbd('create', '--size', '8M', '--image-feature', 'layering', f'{place}/vds-new')
        table(daemon, 'setomapval', 'vds-pool', f'new/{lun_id}', 'vds-new')
        # one that was being removed, and one that was removed already
        cluster.rbd('create', '--size', '1M', '--image-feature', 'layering', f'{place}/vds-gone')
        table(daemon, 'setomapval', 'vds-pool', 'gone/vds-gone', '')
        table(daemon, 'setomapval', 'vds-pool', 'gone/vds-lost', '')
        daemon.start()
        eventually('only the image of the LUN is left', lambda: images(daemon) == {f'vds-{lun_id}'})
        has(session(daemon), 7, 8)
        # the LUN was committed, and its volume not yet
        daemon.kill()
        table(daemon, 'rmomapkey', 'vds-pool', f'lun/{lun_id}')
        table(daemon, 'setomapval', 'vds-pool', f'new/{lun_id}', f'vds-{lun_id}')
        daemon.start()
        has(session(daemon), 7, 8)
        daemon.stop()
        daemon.start()
        keys = table(daemon, 'listomapkeys', 'vds-pool').split()
        equal([key for key in keys if not key.startswith('holder/')], [f'lun/{lun_id}'], 'the table')
        daemon.stop()


def refused(daemon, code, *words):
    try:
        daemon.rest().call('POST', '/v1/pools', {'name': 'bad', 'path': daemon.place})
    except RestError as error:
        equal(error.code, code, str(error))
        for word in words:
            check(word in str(error), str(error))
        return
    raise vdstest.Failed(f'{daemon.place} was taken')


def test_a_pool_belongs_to_one_array():
    with array('mine') as daemon, array('theirs', pool=False) as other:
        own = other.place
        other.place = daemon.place
        refused(other, 'LOCKED')
        daemon.stop()
        refused(other, 'IN_USE', 'another array')
        other.place = own + '-not'
        refused(other, 'INVALID', 'rbd namespace create')
        other.place = 'rbd:nothing'
        refused(other, 'INVALID', 'ceph osd pool create')
        other.place = 'rbd:a/b/c'
        refused(other, 'INVALID', 'rbd:POOL')


def test_a_cluster_that_does_not_answer():
    with array('away', timeout_s=1) as daemon:
        serve(daemon, 'vol')
        initiator = session(daemon)
        put(initiator, 7)
        cluster.pause_osd()
        try:
            equal(initiator.ok('raw', 0, 512, '28000000000700000100')[0], '8', 'busy')
            eventually('the pool is not ready',
                       lambda: not row(daemon, 'pools', 'ceph')['live']['ready'])
            reason = row(daemon, 'pools', 'ceph')['live']['reason']
            check('does not answer' in reason, reason)
            check(daemon.ctl('lun', 'create', 'x', '--size', '1M', '--pool', 'ceph', ok=None) != 0,
                  'a LUN in a pool that is away')
            equal(row(daemon, 'luns', 'vol')['live']['health'], 'ok', 'health of the LUN')
            initiator.kill()
            daemon.kill()
            daemon.start()      # although the cluster is away
            equal(row(daemon, 'pools', 'ceph')['live']['ready'], False, 'the pool')
        finally:
            cluster.resume_osd()
        eventually('the pool is ready', lambda: row(daemon, 'pools', 'ceph')['live']['ready'])
        initiator = session(daemon)
        has(initiator, 7, 8)
        put(initiator, 9)
        daemon.stop()


def zeros(initiator, block, count, lun=0, unmap=True):
    """WRITE SAME (16) of zeros, with or without UNMAP."""
    cdb = f'93{8 if unmap else 0:02x}{block:016x}{count:08x}0000'
    return ask(initiator, 'cdb', lun, cdb, 0, bytes(512).hex())[0]


def test_a_cluster_that_is_full():
    """Its pools say so, and what needs space is told that there is none; the rest goes on."""
    with array('full') as daemon:
        serve(daemon, 'vol')
        initiator = session(daemon)
        put(initiator, *range(16), byte=9)
        daemon.ctl('lun', 'clone', 'vol', 'copy')
        daemon.ctl('lun', 'unmask', 'copy', '*')
        daemon.ctl('lun', 'associate', 'copy', 'web')
        settle(initiator, 1)
        cluster.full()
        try:
            eventually('a write finds no space',
                       lambda: initiator.ok('put', 0, 8200, 1) == ['7/2707'])
            has(initiator, 7, 9)
            eventually('the pool is full',
                       lambda: row(daemon, 'pools', 'ceph')['live']['space'] == 'full')
            health = daemon.rest().call('GET', '/v1/health')
            check(health['status'] == 'critical' and any(
                'pool ceph is full: 0 of ' in problem['text'] for problem in health['problems']),
                f'health: {health}')
            # a clone needs space even to forget what it has; nothing of it is forgotten then
            for lun in 0, 1:
                for unmap in True, False:
                    said = zeros(initiator, 0, 8, lun, unmap)
                    print(f'# LUN {lun}, unmap {unmap}: {said}')
                    check(said in ('good', '7/2707'), f'zeros in LUN {lun}, unmap {unmap}: {said}')
                    has(initiator, 2, 0 if said == 'good' else 9, lun)
                    if said == 'good':
                        has(initiator, 8, 9, lun)
        finally:
            cluster.full(False)
        eventually('there is space again', lambda: initiator.ok('put', 0, 8200, 1) == ['good'])
        eventually('the pool says so',
                   lambda: row(daemon, 'pools', 'ceph')['live']['space'] == 'ok')
        for lun in 0, 1:
            equal(zeros(initiator, 0, 8, lun), 'good', 'zeros')
            has(initiator, 2, 0, lun)
            has(initiator, 8, 9, lun)


def test_vdsd_that_is_shut_out():
    with array('out') as daemon:
        serve(daemon, 'vol')
        initiator = session(daemon)
        put(initiator, 7)
        [holder] = [key for key in table(daemon, 'listomapkeys', 'vds-pool').split()
                    if key.startswith('holder/')]
        table(daemon, 'getomapval', 'vds-pool', holder, str(daemon.top / 'address'))
        address = (daemon.top / 'address').read_text()
        cluster.ceph('osd', 'blocklist', 'add', address)
        eventually('the LUN has failed', lambda: initiator.ok('put', 0, 8, 1)[0].startswith('4/'))
        eventually('the health says so',
                   lambda: row(daemon, 'luns', 'vol')['live']['health'] == 'failed')
        eventually('the pool is taken anew', lambda: 'pool.ready' in daemon.log.read_text())
        eventually('the LUN is online again', lambda: daemon.ctl('lun', 'online', 'vol', ok=None) == 0)
        settle(initiator)
        has(initiator, 7, 8)
        put(initiator, 9)
        daemon.stop()


if __name__ == '__main__':
    cephtest.requires()
    if not os.environ.get('CEPH_MODULE'):
        print('1..0 # SKIP the module vds-ceph.so is not built here')
        raise SystemExit(0)
    with cephtest.Cluster() as cluster:
        vdstest.main([
            test_a_lun_from_its_creation_to_its_end,
            test_snapshots_and_clones,
            test_a_lun_moves_to_another_pool_and_back,
            test_what_a_crash_leaves_is_swept,
            test_a_pool_belongs_to_one_array,
            test_a_cluster_that_does_not_answer,
            test_a_cluster_that_is_full,
            test_vdsd_that_is_shut_out,
        ])

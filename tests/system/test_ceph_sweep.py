#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Volumes that are not committed, where two gateways have the pool: the owner of a LUN that another
gateway makes comes first, the maker dies between the commits, and what it has left is swept.
"""
import contextlib
import http.client
import threading

import cephtest
import vdstest
from vdstest import Initiator, check, equal, eventually

HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:web'


@contextlib.contextmanager
def making(maker, name):
    """While a LUN is being made, whose catalog row is committed, and whose volume is not.

    The maker acknowledges nothing meanwhile, so changes at the other gateway take half a minute;
    vdsctl would not wait so long for the LUN.
    """
    rest = maker.rest()
    pool = next(row['id'] for row in rest.list('pools') if row['name'] == 'ceph')
    body = {'name': name, 'size_bytes': 8 << 20, 'pool_id': pool, 'mask': '*'}
    hold = maker.inject / 'all.commit'
    hold.write_text('hold')
    made = []

    def make():
        with contextlib.suppress(OSError, http.client.HTTPException):     # the maker is killed
            made.append(rest.call('POST', '/v1/luns', body)['id'])
    thread = threading.Thread(target=make)
    thread.start()
    try:
        yield made
        hold.unlink()
    finally:
        if hold.exists():
            maker.kill()
        thread.join()


def lun(daemon, name):
    return next((row for row in daemon.rest().list('luns') if row['name'] == name), None)


def config(daemon, rows):
    return daemon.rest().call('GET', '/v1/snapshot')['config'][rows]


def owner(daemon, name):
    names = {row['id']: row['name'] for row in config(daemon, 'controllers')}
    owners = {row['id']: names[row['controller_id']] for row in config(daemon, 'lun_owners')}
    return owners.get(lun(daemon, name)['id'])


def serves(daemon, name, byte):
    """A block of the LUN is written and read through this gateway."""
    daemon.ctl('lun', 'associate', name, 'web')
    number = daemon.ctl('lun', 'targets', name)[0]['lun_number']
    initiator = Initiator()
    try:
        initiator.ok('hold', daemon.portal, TARGET, HOST)
        while (answer := initiator.ok('put', number, 3, byte)) != ['good']:
            check(answer[0].startswith('6/') or answer == ['busy'], f'write: {answer}')
        while (answer := initiator.ok('get', number, 3))[0].startswith('6/'):
            pass
        equal(answer, [str(byte)], 'what was written')
    finally:
        initiator.kill()


def table(cluster, *words):
    return cluster.ok('rados', '-p', cluster.POOL, *words)


def rows_of(cluster, *kinds):
    return {key for key in table(cluster, 'listomapkeys', 'vds-pool').split()
            if key.split('/')[0] in kinds}


def leave(cluster, lun_id, maker):
    """What a gateway leaves that dies before it commits the LUN."""
    cluster.rbd('create', '--size', '1M', '--image-feature', 'layering',
                f'{cluster.POOL}/vds-{lun_id}')
    table(cluster, 'setomapval', 'vds-pool', f'new/{lun_id}', f'vds-{lun_id} {maker}')


def test_volumes_that_are_not_committed():
    with cephtest.Cluster() as cluster, cephtest.gateways(cluster, 'a', 'b') as (a, b):
        a.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        a.ctl('gateway', 'drain', 'a')      # b gets what a makes
        with making(a, 'first') as made:
            eventually('b knows it', lambda: lun(b, 'first'))
            equal(owner(b, 'first'), 'b', 'owner')
            lun_id = lun(b, 'first')['id']
            equal(rows_of(cluster, 'new', 'lun'), {f'new/{lun_id}'}, 'table')
            serves(b, 'first', 7)
            equal(rows_of(cluster, 'new', 'lun'), {f'lun/{lun_id}'}, 'table')
        equal(made, [lun_id], 'what was made')
        serves(a, 'first', 8)

        a.ctl('gateway', 'undrain', 'a')
        a.ctl('gateway', 'drain', 'b')
        instances = {row['name']: row['instance'] for row in config(b, 'controllers')}
        orphan, living = lun_id[:-4] + '0000', lun_id[:-4] + '0001'
        leave(cluster, orphan, instances['a'])
        leave(cluster, living, instances['b'])
        with making(a, 'second'):
            second = eventually('b knows it', lambda: lun(b, 'second'))['id']
            equal(owner(b, 'second'), 'a', 'owner')
            value = table(cluster, 'getomapval', 'vds-pool', f'new/{second}', '/dev/stdout')
            check(instances['a'] in value, f'the maker: {value}')
            a.kill()
        eventually('b owns it', lambda: owner(b, 'second') == 'b')
        serves(b, 'second', 9)
        eventually('what was left is swept', lambda: f'new/{orphan}' not in rows_of(cluster, 'new'))
        eventually('the image goes', lambda: not rows_of(cluster, 'gone'))
        equal(rows_of(cluster, 'new', 'lun'),
              {f'lun/{lun_id}', f'lun/{second}', f'new/{living}'}, 'table')
        b.stop()


cephtest.requires()
vdstest.main([test_volumes_that_are_not_committed])

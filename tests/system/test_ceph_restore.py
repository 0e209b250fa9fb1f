#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A backup of an array of several gateways is put back into the cluster: where the catalog is lost, and
in the place of one; and not while a gateway lives.
"""
import os
import signal
import subprocess

import cephtest
import vdstest
from vdstest import check, equal, eventually

TARGET = 'iqn.2026-11.org.example:web'
cluster = None


def restore(daemon, backup, *options):
    """vdsd --restore in the directory of a gateway; its exit status and what it says."""
    done = subprocess.run(
        [daemon.program, '--dir', daemon.dir, *map(str, daemon.options),
         '--restore', backup, *options],
        env={**os.environ, **daemon.env}, capture_output=True, text=True,
        timeout=vdstest.DEADLINE_S)
    return done.returncode, done.stdout + done.stderr


def refused(daemon, backup, status, text, *options):
    code, said = restore(daemon, backup, *options)
    equal(code, status, f'exit status of a restore that is refused: {said}')
    check(text in said, f'it says: {said}')


def restored(daemon, backup, *options):
    code, said = restore(daemon, backup, *options)
    equal(code, 0, f'exit status of the restore: {said}')
    check('restored into rados:catalog/array\n' in said and '\nclean\n' in said, f'it says: {said}')
    return said


def names(daemon, kind='luns'):
    return sorted(row['name'] for row in daemon.rest().list(kind))


def block(daemon, name, byte, *, write):
    """Reads a block of the LUN through this gateway, which must be this byte, or writes it."""
    daemon.ctl('lun', 'associate', name, 'web')
    number = daemon.ctl('lun', 'targets', name)[0]['lun_number']
    words = ('put', number, 3, byte) if write else ('get', number, 3)
    initiator = vdstest.Initiator()
    try:
        initiator.ok('hold', daemon.portal, TARGET, 'iqn.2026-11.org.example:host')
        while (answer := initiator.ok(*words))[0].startswith('6/') or answer == ['busy']:
            pass
        equal(answer, ['good' if write else str(byte)], f'{words[0]} of {name}')
    finally:
        initiator.kill()


def both_serve(a, b, byte):
    """Through each gateway each LUN has the block that is known, and can be written."""
    for daemon in a, b:
        equal(names(daemon), ['v0', 'v1'], 'LUNs')
        for lun in 'v0', 'v1':
            block(daemon, lun, byte, write=False)
            block(daemon, lun, byte, write=True)
    equal(a.ctl('check')['clean'], True, 'check')


def test_a_backup_is_put_back_into_the_cluster():
    with cephtest.gateways(cluster, 'a', 'b', faults=False) as (a, b):
        backup = cluster.top / 'backup'
        a.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        for lun in 'v0', 'v1':
            a.ctl('lun', 'create', lun, '--size', '8M', '--pool', 'ceph', '--unmask', '*')
            block(a, lun, 7, write=True)
        a.ctl('backup', backup)
        a.ctl('lun', 'move-owner', 'v0', 'b')
        a.ctl('lun', 'create', 'later', '--size', '8M', '--pool', 'ceph')

        a.stop()
        refused(a, backup, 3, 'stop all gateways first')
        equal(names(b), ['later', 'v0', 'v1'], 'LUNs of the gateway that lives')
        b.stop()
        refused(a, backup, 1, '--force')
        refused(a, '/dev/null', 2, 'is not a backup', '--force')

        cluster.ok('rados', '-p', cluster.CATALOG, 'rm', 'array')      # the catalog is lost
        restored(a, backup)
        for daemon in a, b:
            daemon.start()
        both_serve(a, b, 7)

        a.stop()            # now one takes the place of another; who only sleeps is shut out
        b.process.send_signal(signal.SIGSTOP)
        said = eventually('nobody is taken for alive any more',
                          lambda: (lambda code, text: text if code == 0 else None)(
                              *restore(a, backup, '--force')))
        check('catalog.old-1' in said, f'it says: {said}')
        a.start()
        b.process.send_signal(signal.SIGCONT)
        b.logged('vdsd.again')
        eventually('it is back', lambda: len(b.logged('vdsd.ready')) == 3)
        both_serve(a, b, 7)

        kept = cluster.top / 'kept'     # what was there is a backup, too
        kept.write_bytes((a.dir / 'catalog.old-1' / 'catalog.db').read_bytes())
        b.stop()
        a.stop()
        restored(b, kept, '--force')
        a.start()
        equal(names(a), ['v0', 'v1'], 'LUNs')

        alone = cluster.top / 'alone'   # nobody could serve what has no gateways
        with vdstest.Daemon(faults=False) as other:
            other.ctl('backup', alone)
        a.stop()
        refused(a, alone, 2, 'backup of an array without gateways', '--force')
        a.start()
        equal(names(a), ['v0', 'v1'], 'LUNs of the array that was there')


if __name__ == '__main__':
    cephtest.requires()
    with cephtest.Cluster(store='bluestore') as cluster:
        vdstest.main([test_a_backup_is_put_back_into_the_cluster])

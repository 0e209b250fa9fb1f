#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tools/ceph-cluster, with which the other tests run Ceph: its user, its faults, and its end."""
import os
import pathlib
import subprocess
import tempfile

import cephtest
import vdstest
from cephtest import TOOL, Cluster, tool
from vdstest import check, equal, eventually

NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']


def daemons(directory):
    """The daemons that run for a cluster, as /proc knows them."""
    mark, found = f'CEPH_CONF={directory}/ceph.conf'.encode(), []
    for path in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            if mark in (path / 'environ').read_bytes().split(b'\0'):
                found.append((path / 'cmdline').read_bytes().split(b'\0')[0].decode())
        except OSError:
            pass
    return sorted(name for name in found if name.startswith('ceph-'))


def refused(cluster, *words):
    done = cluster.run(*words)
    check(done.returncode != 0, f'{" ".join(words)} is allowed: {done.stdout}')
    check(any(word in done.stderr for word in ('not permitted', 'denied', 'EACCES', 'EPERM')),
          done.stderr)


def test_the_ordinary_user_may_do_what_an_array_needs_and_no_more():
    with Cluster() as cluster:
        cluster.rbd('create', 'luns/a', '--size', '8M')
        cluster.rbd('namespace', 'create', 'luns/other')
        cluster.rbd('create', 'luns/other/b', '--size', '8M')
        cluster.rbd('snap', 'create', 'luns/a@s')
        cluster.ok('rados', '-p', 'catalog', 'setomapval', 'rows', 'version', '1')
        cluster.ok('ceph', 'osd', 'blocklist', 'add', '127.0.0.1:0/1')
        check(int(cluster.ok('rados', 'df', '-f', 'json').split('"total_space":')[1].split(',')[0]
                  .strip(' "}\n')) > 0, 'the size of the cluster is not known')
        cluster.ceph('osd', 'pool', 'create', 'foreign')
        refused(cluster, 'rados', '-p', 'foreign', 'put', 'x', '/dev/null')
        refused(cluster, 'ceph', 'osd', 'pool', 'create', 'mine')
        refused(cluster, 'ceph', 'auth', 'get', 'client.admin')
        equal(cluster.health(), set(), 'complaints of the cluster')
        status, _, why = tool('start-osd', cluster.dir, 0)
        check(status == 1 and 'osd.0 runs' in why, why)
        cluster.stop_osd()
        status, _, why = tool('start-osd', cluster.dir, 0)
        check(status == 1 and 'bluestore' in why, why)
        check(len(daemons(cluster.dir)) == 2, 'an OSD that was stopped runs')
    equal(daemons(cluster.dir), [], 'what is left of the cluster')
    check(not cluster.top.exists(), f'{cluster.top} is left')


def times_out(cluster, what):
    """Whether a write does not end within a time that is ample for one which nothing holds."""
    done = cluster.run('rados', '--rados-osd-op-timeout', '2', '-p', 'luns', 'put', 'x', TOOL)
    check(done.returncode != 0 and 'timed out' in done.stderr, f'{what}: {done.stderr}')


def written(cluster, name):
    cluster.ok('rados', '-p', 'luns', 'put', name, TOOL)


def test_faults_begin_and_end():
    with Cluster(store='bluestore', gib=1) as cluster:
        written(cluster, 'kept')
        for begin, end, kill in (('stop_osd', 'start_osd', {}),
                                 ('stop_osd', 'start_osd', {'kill': True}),
                                 ('pause_osd', 'resume_osd', {})):
            getattr(cluster, begin)(**kill)
            times_out(cluster, begin)
            getattr(cluster, end)()
            written(cluster, begin)
        cluster.slow(4000)
        times_out(cluster, 'a slow OSD')
        cluster.slow(0)
        cluster.full()
        check({'OSD_FULL', 'POOL_FULL'} <= cluster.health(), f'full: {cluster.health()}')
        cluster.full(False)
        written(cluster, 'full')
        cluster.stop_mon()
        equal(daemons(cluster.dir), ['ceph-mgr', 'ceph-osd'], 'without a monitor')
        cluster.start_mon()
        written(cluster, 'mon')
        cluster.pause_osd()
        cluster.crash()
        equal(daemons(cluster.dir), [], 'after a crash')
        status, _, why = tool('start-osd', cluster.dir, 0)
        check(status == 1 and 'is down' in why, why)
        cluster.start()
        equal(set(cluster.ok('rados', '-p', 'luns', 'ls').split()) & {'kept', 'mon'},
              {'kept', 'mon'}, 'what outlives a crash')


def test_three_monitors_and_copies():
    with Cluster(osds=3, copies=3, monitors=3,
                 settings=['paxos_propose_interval=0.5']) as cluster:
        def settings(pool):
            return {what: cluster.ceph('osd', 'pool', 'get', pool, what)[what]
                    for what in ('size', 'min_size')}
        for pool in cluster.POOL, cluster.CATALOG:
            equal(settings(pool), {'size': 3, 'min_size': 2}, f'copies of {pool}')
        check('paxos_propose_interval = 0.5\n' in cluster.conf.read_text(), 'the setting')
        status, _, why = tool('stop-mon', cluster.dir, 'd')
        check(status == 1 and 'no monitor d' in why, why)
        written(cluster, 'before')
        cluster.stop_mon(kill=True)
        equal(len(daemons(cluster.dir)), 6, 'daemons without one')
        eventually('two are a quorum', lambda: len(cluster.ceph('quorum_status')['quorum']) == 2)
        written(cluster, 'without')
        cluster.start_mon()
        eventually('three are', lambda: len(cluster.ceph('quorum_status')['quorum']) == 3)


def test_no_daemon_outlives_the_command():
    with Cluster() as cluster:
        cluster.pause_osd()
        cluster.process.kill()
        cluster.process.wait()
        eventually('everything has ended', lambda: daemons(cluster.dir) == [])
        cluster.process = None


def test_the_status_is_that_of_the_command():
    with tempfile.TemporaryDirectory() as top:
        status, said, why = tool('up', '-n', '2', '-b', 'memstore', f'{top}/c', 'sh', '-c',
                                 'ceph osd stat; exit 7')
        equal(status, 7, f'exit status: {why}')
        check('2 osds: 2 up' in said, said)
        equal(daemons(f'{top}/c'), [], 'what is left of the cluster')
        equal(tool('down', '-r', f'{top}/c')[0], 0, 'down of a cluster that is down')
        check(not os.path.exists(f'{top}/c'), 'the directory is left')
        for words, part in ((('down', top), 'no cluster'), (('full', top), 'no cluster'),
                            (('up', f'{top}/{"x" * 90}'), 'too long')):
            status, _, why = tool(*words)
            check(status == 1 and part in why, f'{words}: {status} {why}')


def test_another_user_than_root_can_run_it():
    if os.getuid() != 0 or subprocess.call([*NOBODY, 'test', '-x', TOOL]) != 0:
        return                          # what ran before was not root, or nobody may not look here
    with tempfile.TemporaryDirectory() as top:
        os.chown(top, 65534, 65534)
        done = subprocess.run([*NOBODY, TOOL, 'up', '-b', 'memstore', f'{top}/c', 'rbd', '--id',
                               'vdsd', 'create', 'luns/a', '--size', '1M'], capture_output=True,
                              text=True, timeout=cephtest.UP_S)
        equal(done.returncode, 0, done.stderr)


cephtest.requires()
vdstest.main([
    test_the_ordinary_user_may_do_what_an_array_needs_and_no_more,
    test_faults_begin_and_end,
    test_three_monitors_and_copies,
    test_no_daemon_outlives_the_command,
    test_the_status_is_that_of_the_command,
    test_another_user_than_root_can_run_it,
])

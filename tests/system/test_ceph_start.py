#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A gateway that cannot serve: wherever its start waits, SIGTERM ends it in order; and one that misses
changes, because an older copy of the catalog's object was put back, says so and shows the way out.
"""
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys

import cephtest
import vdstest
from vdstest import RestError, check, equal, eventually

cluster = None


def gateway(name, array, *options):
    return cluster.daemon('--catalog', f'rados:{cluster.CATALOG}/{array}', '--gateway', name,
                          '--gateway-address', cephtest.free_address(), *options, faults=False)


def command(daemon, *options):
    return [daemon.program, '--dir', daemon.dir, '--socket', daemon.socket, '--listen', '127.0.0.1:0',
            *map(str, daemon.options), *map(str, options)]


@contextlib.contextmanager
def starting(daemon, *words, keep=False):
    """vdsd, which is still starting when its log has these words: that it waits is the matter."""
    ready = daemon.top / 'ready'
    with daemon.log.open('ab') as log:
        daemon.process = subprocess.Popen(
            command(daemon, '--ready-file', ready),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **daemon.env})
    try:
        if words:
            daemon.logged(*words)
        yield daemon
        check(not ready.exists(), 'vdsd serves')
    except BaseException:
        if not keep:
            daemon.__exit__(*sys.exc_info())
        raise
    if not keep:
        daemon.__exit__(None, None, None)


def ends(daemon):
    """SIGTERM: the start is given up, and that is no failure."""
    daemon.process.send_signal(signal.SIGTERM)
    equal(daemon.process.wait(vdstest.DEADLINE_S), 0, 'exit status')
    daemon.logged('vdsd.stop', 'signal=15', 'while=starting')
    check('vdsd.start' not in daemon.log.read_text(), 'the start has failed before')


def test_it_ends_while_no_monitor_answers():
    with socket.create_server(('127.0.0.1', 0)) as monitor:
        daemon = gateway('a', 'none', '--ceph-timeout', '600')
        conf = daemon.top / 'ceph.conf'
        conf.write_text(f'[global]\nmon host = [v2:127.0.0.1:{monitor.getsockname()[1]}]\n'
                        'auth client required = none\n')
        daemon.options = ('--ceph-conf', conf, *daemon.options[2:])
        with starting(daemon):
            monitor.settimeout(vdstest.DEADLINE_S)
            peer, _ = monitor.accept()      # it has asked, and gets no answer
            with peer:
                ends(daemon)


def test_it_ends_while_no_osd_answers():
    daemon = gateway('a', 'osd', '--ceph-timeout', '600')
    cluster.pause_osd()
    try:
        with starting(daemon, 'ceph.connected'):
            ends(daemon)
    finally:
        cluster.resume_osd()


def test_it_ends_while_another_has_its_lease():
    daemon = gateway('a', 'lease')
    with daemon:
        gateway_id = daemon.rest().list('controllers')[0]['id']
        daemon.stop()
        lease = f'lease.gw.{gateway_id}'
        cluster.ok('rados', '-p', cluster.CATALOG, 'lock', 'get', lease, 'lease', '--lock-cookie',
                   'another')
        with daemon.log.open('w'):
            pass
        with starting(daemon, 'ceph.connected', keep=True):
            ends(daemon)


def status(daemon, path):
    try:
        daemon.rest().call('GET', path)
    except RestError as error:
        return error.status
    return 200


def test_it_ends_when_nothing_answers_any_more():
    """A stop does not wait for the cluster longer than initiators are served meanwhile."""
    cluster.ok('rbd', 'namespace', 'create', f'{cluster.POOL}/stop', user='admin')
    with gateway('a', 'stop', '--ceph-timeout', '600') as daemon:
        daemon.ctl('pool', 'create', 'ceph', f'rbd:{cluster.POOL}/stop')
        daemon.ctl('lun', 'create', 'v', '--size', '8M')
        cluster.pause_osd()
        try:
            eventually('it has no lease', lambda: status(daemon, '/v1/luns') == 503)
            daemon.stop()
            daemon.logged('vdsd.stop', 'while=stopping')
        finally:
            cluster.resume_osd()


def rados(*words):
    return cluster.ok('rados', '-p', cluster.CATALOG, *words, user='admin')


def vdsctl(daemon, *words, code):
    done = subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', *words],
                          capture_output=True, text=True, timeout=vdstest.DEADLINE_S)
    equal(done.returncode, code, f'{words}: {done.stdout}{done.stderr}')
    return done.stdout + done.stderr


def tells(daemon):
    """What one that is held tells: its health and why, and no word of the array."""
    health = daemon.rest().call('GET', '/v1/health')
    equal(health['status'], 'critical', 'status of its health')
    check('missing from the catalog' in health['problems'][0]['text'], f'health: {health}')
    check('--accept-loss' in vdsctl(daemon, 'health', code=2), 'vdsctl health does not name the way out')
    for words in ('lun', 'list'), ('target', 'create', 'more'), ('gateway', 'list'):
        text = vdsctl(daemon, *words, code=1)
        check('--accept-loss' in text, f'vdsctl {words} says: {text}')
    equal(status(daemon, '/v1/luns'), 503, 'status of a query')
    equal(status(daemon, '/v1/version'), 200, 'status of its version')


def owner(daemon, lun):
    return re.search(r'^Owner +(\S+)$', vdsctl(daemon, 'lun', 'show', lun, code=0), re.M).group(1)


def served(daemon, lun):
    """Its owner claims it: only then can it be extended."""
    def extended():
        try:
            return daemon.ctl('lun', 'extend', lun, '4M')
        except vdstest.Failed as error:
            print(f'# {error}')
            return None
    eventually(f'{lun} is served', extended)


def test_one_that_misses_changes_says_so_and_goes_on_when_told():
    array = 'held'
    old = cluster.top / 'old'
    cluster.ok('rbd', 'namespace', 'create', f'{cluster.POOL}/{array}', user='admin')
    with gateway('a', array) as a:
        a.ctl('pool', 'create', 'ceph', f'rbd:{cluster.POOL}/{array}')
        for lun in 'v0', 'v1':
            a.ctl('lun', 'create', lun, '--size', '8M')
        a.ctl('target', 'create', 't')
        b = gateway('b', array)
        a.ctl('gateway', 'add', 'b', b.options[b.options.index('--gateway-address') + 1])
        a.stop()
        rados('export', old)
        a.start()
        with b:
            for lun in 'v0', 'v1':      # each has another owner since
                a.ctl('lun', 'move-owner', lun, 'b')
            a.ctl('target', 'create', 'later')
            rados('rm', array)          # while both serve, and go on with it
            for daemon in a, b:
                daemon.logged('array.read_only', 'is gone')
                equal(len(daemon.rest().list('targets')), 2, 'targets')
            rados('import', old)
            a.stop()
            eventually('the other one is seen to use it',
                       lambda: 'watcher=' in rados('listwatchers', array))
            a.start()
            a.logged('array.read_only', 'missing from the catalog')
            check('"portals":[]' in (a.top / 'ready').read_text(), 'a portal listens')
            tells(a)
            a.stop()
            a.options = (*a.options, '--accept-loss')
            done = subprocess.run(command(a), env={**os.environ, **a.env}, capture_output=True,
                                  text=True, timeout=vdstest.DEADLINE_S)
            equal(done.returncode, 3, f'exit status beside another gateway: {done.stderr}')
            check('stop all gateways first' in done.stderr, f'beside another it says {done.stderr}')
            b.stop()
            a.start()
            a.logged('catalog.loss_accepted')
            for lun in 'v0', 'v1':
                served(a, lun)
            equal([row['alias'] for row in a.rest().list('targets')], ['t'], 'targets')
            b.start()                   # it finds a newer incarnation, and needs no word
            a.ctl('lun', 'move-owner', 'v1', 'b')
            served(a, 'v1')
            equal([owner(a, 'v0'), owner(a, 'v1')], ['a', 'b'], 'owners')
            b.stop()
            a.stop()


if __name__ == '__main__':
    cephtest.requires()
    with cephtest.Cluster(store='bluestore') as cluster:
        vdstest.main([
            test_it_ends_while_no_monitor_answers,
            test_it_ends_while_no_osd_answers,
            test_it_ends_while_another_has_its_lease,
            test_it_ends_when_nothing_answers_any_more,
            test_one_that_misses_changes_says_so_and_goes_on_when_told,
        ])

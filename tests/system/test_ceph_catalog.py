#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One catalog in a Ceph cluster for two vdsd: what one has answered both have, eight writers on both,
kills of a vdsd and of the whole cluster in the middle of changes.
"""
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import threading

import cephtest
import vdstest
from vdstest import Daemon, RestError, check, equal, eventually

cluster = None


def free_address():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return f'127.0.0.1:{probe.getsockname()[1]}'


def gateway(name, number=1):
    place = f'rados:{cluster.CATALOG}/{name}'
    daemon = Daemon(*cluster.options(), '--ceph-timeout', '5', '--catalog', place, '--gateway',
                    f'g{number}', '--gateway-address', free_address(), faults=False)
    daemon.env['VDS_MODULE_DIR'] = str(pathlib.Path(os.environ['CEPH_MODULE']).parent)
    return daemon


@contextlib.contextmanager
def pair(name):
    """Two gateways of a new array."""
    with gateway(name) as first:
        first.ctl('gateway', 'add', 'g2', free_address())
        with gateway(name, 2) as second:
            yield first, second


def with_lease(daemon, ask):
    """What `ask` gets from a gateway, once it has its lease.

    After faults of the cluster another gateway may have fenced it: then it begins anew, which
    closes its connections.
    """
    def asked():
        try:
            return (ask(),)
        except RestError as error:
            if error.status != 503:
                raise
        except (OSError, http.client.HTTPException):
            equal(daemon.process.poll(), None, 'the exit status of a gateway')
        return None
    return eventually('the gateway has its lease', asked)[0]


def position(daemon):
    return with_lease(daemon, lambda: daemon.rest().call('GET', '/v1/array')['position'])


def targets(daemon):
    return with_lease(daemon, lambda: {row['alias'] for row in daemon.rest().list('targets')})


def alike(*daemons):
    """All stand at one position, and each finds no fault."""
    last = max(position(daemon)['sequence'] for daemon in daemons)
    for daemon in daemons:
        eventually('the gateway has followed', lambda d=daemon: position(d)['sequence'] >= last)
    first = position(daemons[0])
    for daemon in daemons:
        equal(position(daemon), first, 'position')
        equal(daemon.rest().call('POST', '/v1/check')['clean'], True, 'check')


def test_both_see_what_one_has_answered():
    with pair('both') as (a, b):
        for n in range(10):
            name = f't{n}'
            a_or_b = (a, b)[n % 2]
            a_or_b.ctl('target', 'create', name)
            check(name in targets(a) and name in targets(b), f'{name} is not there')
        alike(a, b)
        equal(sorted(path.name for path in a.dir.iterdir()), ['lock', 'mark'], 'files')
        b.stop()
        b.start()           # it finds everything
        alike(a, b)


def write(daemon, number, stop, made):
    """Makes and renames targets until told to stop; notes what was answered."""
    n = 0
    while not stop.is_set():
        name = f'w{number}-{n}'
        try:
            row = daemon.rest().call('POST', '/v1/targets', {'alias': name})
            made.add(name)
            if n % 3 == 0:
                daemon.rest().call('DELETE', f'/v1/targets/{row["id"]}')
                made.discard(name)
        except (RestError, OSError, http.client.HTTPException):
            made.discard(name)          # either way
            made.add(None)
            if daemon.process.poll() is not None:
                return n
        n += 1
    return n


def writers(daemons, count, during):
    """count writers on all daemons while `during` runs; how many changes each made, and what for sure."""
    stop, made = threading.Event(), [set() for _ in range(count)]
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        running = [pool.submit(write, daemons[i % len(daemons)], i, stop, made[i])
                   for i in range(count)]
        try:
            during()
        finally:
            stop.set()
        done = [future.result() for future in running]
    return done, set().union(*made) - {None}


def at_least(daemon, changes):
    begin = position(daemon)['sequence']
    return lambda: eventually('changes were made',
                              lambda: position(daemon)['sequence'] >= begin + changes)


def test_eight_writers_lose_nothing():
    with pair('eight') as (a, b):
        done, made = writers((a, b), 8, at_least(a, 400))
        print(f'# changes of each writer: {done}')
        check(min(done) > 0, f'a writer starved: {done}')
        alike(a, b)
        equal(made - targets(a), set(), 'changes that were lost')


def test_a_killed_gateway_leaves_whole_changes():
    with pair('killed') as (a, b):
        def during():
            at_least(a, 60)()
            b.process.kill()
            b.process.wait()
            at_least(a, 20)()
        _, made = writers((a, b), 4, during)
        equal(made - targets(a), set(), 'changes that were lost')
        b.start()
        alike(a, b)
        b.ctl('target', 'create', 'after')
        check('after' in targets(a), 'the change is not seen')


def test_after_the_whole_cluster_was_killed_it_goes_on():
    with pair('power') as (a, b):
        def during():
            at_least(a, 60)()
            cluster.crash()
            cluster.start()
            at_least(a, 20)()
        _, made = writers((a, b), 4, during)
        eventually('b follows', lambda: not made - targets(b))
        equal(made - targets(a), set(), 'changes that were lost')
        alike(a, b)


def status(daemon, path):
    try:
        daemon.rest().call('GET', path)
    except RestError as error:
        return error.status
    return 200


def test_without_its_lease_a_gateway_shows_no_old_state():
    with gateway('lease') as a:
        cluster.pause_osd()
        try:
            eventually('it refuses', lambda: status(a, '/v1/targets') == 503)
            equal(status(a, '/v1/version'), 200, 'status of its version')
            equal(status(a, '/v1/health'), 200, 'status of its health')
        finally:
            cluster.resume_osd()
        eventually('it answers again', lambda: status(a, '/v1/targets') == 200)


def checked(daemon):
    """vdsd --check with the words with which a gateway runs; what it says."""
    done = subprocess.run([daemon.program, '--dir', daemon.dir, *map(str, daemon.options), '--check'],
                          env={**os.environ, **daemon.env}, capture_output=True, text=True,
                          timeout=vdstest.DEADLINE_S)
    return done.stdout if done.returncode == 0 else done.stderr


def holders_of_pool():
    info = json.loads(cluster.ok('rados', '-p', cluster.POOL, 'lock', 'info', 'vds-pool', 'vds'))
    return sorted(locker['name'] for locker in info['lockers'])


def lun_row(daemon, lun):
    return next(row for row in daemon.rest().list('luns') if row['name'] == lun)


def test_the_check_works_beside_gateways():
    with pair('check') as (a, b):
        a.ctl('pool', 'create', 'ceph', f'rbd:{cluster.POOL}')
        a.ctl('lun', 'create', 'v', '--size', '8M')
        b.ctl('lun', 'create', 'w', '--size', '8M')
        a.ctl('lun', 'clone', 'v', 'x')
        holders = holders_of_pool()
        for daemon in a, b:
            equal(checked(daemon), 'clean\n', 'vdsd --check')
        equal(holders_of_pool(), holders, 'who has the pool')

        def change():
            for n in range(20):
                a.ctl('lun', 'create', f'n{n}', '--size', '4M')
                a.ctl('lun', 'extend', f'n{n}', '4M')
                a.ctl('lun', 'delete', f'n{n}')
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            changes = pool.submit(change)
            checks = 0
            while not changes.done():   # what changes meanwhile is no fault
                equal(checked(b), 'clean\n', 'vdsd --check while LUNs come and go')
                checks += 1
            changes.result()
        print(f'# checks meanwhile: {checks}')

        image = f'{cluster.POOL}/vds-{lun_row(a, "w")["id"]}'
        cluster.rbd('resize', '--size', '4M', '--allow-shrink', image)
        check(f'{image.split("/")[1]} is shorter than' in checked(b), 'a LUN that was cut is no fault')


if __name__ == '__main__':
    cephtest.requires()
    with cephtest.Cluster(store='bluestore') as cluster:
        vdstest.main([
            test_both_see_what_one_has_answered,
            test_eight_writers_lose_nothing,
            test_a_killed_gateway_leaves_whole_changes,
            test_after_the_whole_cluster_was_killed_it_goes_on,
            test_without_its_lease_a_gateway_shows_no_old_state,
            test_the_check_works_beside_gateways,
        ])

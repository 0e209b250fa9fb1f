#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several vdsd on one Ceph cluster: requests at any of them, take-over from one that was killed and from
one that is stopped, which begins anew when it wakes, also under load, and one that leaves.
"""
import contextlib
import os
import pathlib
import signal
import socket
import time

import cephtest
import vdstest
from vdstest import Daemon, Driver, check, equal, eventually

LUNS = ['v0', 'v1', 'v2', 'v3', 'v4', 'v5']


def free_address():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return f'127.0.0.1:{s.getsockname()[1]}'


def gateway(cluster, name, address):
    """A vdsd as a gateway; not started."""
    daemon = Daemon('--catalog', f'rados:{cluster.CATALOG}/array', *cluster.options(), '--gateway',
                    name, '--gateway-address', address, faults=False)
    daemon.env['VDS_MODULE_DIR'] = str(pathlib.Path(os.environ['CEPH_MODULE']).parent)
    return daemon


@contextlib.contextmanager
def gateways(*names):
    addresses = {name: free_address() for name in names}
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(cephtest.Cluster())
        first = stack.enter_context(gateway(cluster, names[0], addresses[names[0]]))
        for name in names[1:]:
            first.ctl('gateway', 'add', name, addresses[name])
        others = [stack.enter_context(gateway(cluster, name, addresses[name]))
                  for name in names[1:]]
        first.ctl('pool', 'create', 'ceph', f'rbd:{cluster.POOL}')
        first.create_luns(LUNS, '16M', '--pool', 'ceph')
        yield [first, *others]


def owners(daemon):
    """The name of the owner of each LUN, as this gateway knows it."""
    snapshot = daemon.rest().call('GET', '/v1/snapshot')
    rows = snapshot['config']
    names = {row['id']: row['name'] for row in rows['controllers']}
    luns = {row['id']: row['name'] for row in rows['luns']}
    return {luns[row['id']]: names[row['controller_id']] for row in rows['lun_owners']}


def eventually_owned_by(daemon, *names):
    """Waits until only these own LUNs; prints how long that took."""
    begin = time.monotonic()
    eventually(f'only {names} own LUNs', lambda: set(owners(daemon).values()) <= set(names))
    print(f'# only {names} own LUNs after {time.monotonic() - begin:.2f} s')
    equal(sorted(owners(daemon)), LUNS, 'LUNs that have owners')


def extended(daemon, lun, more):
    try:
        return daemon.ctl('lun', 'extend', lun, more)
    except vdstest.Failed as error:
        print(f'# {error}')
        return None


def all_work(daemons, more='4M'):
    """Each LUN can be extended, which its owner does, at whichever gateway one asks."""
    for number, lun in enumerate(LUNS):
        daemon = daemons[number % len(daemons)]
        eventually(f'{lun} is extended', lambda lun=lun, daemon=daemon: extended(daemon, lun, more))


def test_owners_are_even_and_requests_reach_them():
    with gateways('a', 'b', 'c') as (a, b, c):
        equal(sorted(owners(a).values()), ['a', 'a', 'b', 'b', 'c', 'c'], 'owners')
        all_work([a, b, c])

        b.kill()
        eventually_owned_by(a, 'a', 'c')
        all_work([a, c])

        c.process.send_signal(signal.SIGSTOP)
        eventually_owned_by(a, 'a')
        all_work([a])
        c.process.send_signal(signal.SIGCONT)
        c.logged('vdsd.again')
        eventually('it serves again', lambda: len(c.logged('vdsd.ready')) == 2)
        eventually('it has its share', lambda: list(owners(a).values()).count('c') == 3)
        all_work([c, a])

        fences = a.log_text().count('gateway.fence')
        c.stop()    # it gives its LUNs away
        equal(set(owners(a).values()), {'a'}, 'owners')
        equal(a.log_text().count('gateway.fence'), fences, 'fences')
        all_work([a])
        a.stop()


class Tester(Driver):
    """`integrity` on LUNs of a target: it knows what each block may hold."""

    def __init__(self, target, luns):
        super().__init__(os.environ['INTEGRITY'], 1, 3, target, *luns)

    def ok(self, *words):
        answer = self.ask(*words)
        check(answer[0] == 'ok', f'{words[0]}: {" ".join(answer)}')
        return {key: int(value) for key, value in (word.split('=') for word in answer[1:])}

    def works(self, commands=300):
        goal = self.ok('answered')['answered'] + commands
        eventually('commands are answered', lambda: self.ok('answered')['answered'] >= goal)

    def verify(self):
        self.ok('stop')
        self.ok('check')


def load(daemon):
    """A tester on all LUNs through a portal of this gateway."""
    portal = free_address()
    daemon.ctl('portal', 'create', portal)
    daemon.ctl('target', 'create', 't')
    for lun in LUNS:
        daemon.ctl('lun', 'unmask', lun, '*', ok=None)
        daemon.ctl('lun', 'associate', lun, 't', ok=None)
    target = daemon.rest().list('targets')[0]['iscsi_name']
    tester = Tester(target, [f'{number}:512:32768:1' for number in range(len(LUNS))])
    tester.ok('portal', portal)
    # a command of which nobody knows whether it was done, and that must not be done twice
    tester.ok('errors', 'b/0000')
    return tester


def test_verified_load_goes_on_without_an_owner():
    with gateways('a', 'b') as (a, b):
        tester = load(a)
        tester.ok('go')
        tester.works()
        b.kill()
        eventually_owned_by(a, 'a')
        tester.works()
        tester.verify()

        b.start()
        eventually('it has its share', lambda: list(owners(a).values()).count('b') == 3)
        tester.ok('go')
        tester.works()
        b.process.send_signal(signal.SIGSTOP)
        eventually_owned_by(a, 'a')
        tester.works()
        b.process.send_signal(signal.SIGCONT)   # with writes of before
        b.logged('vdsd.again')
        tester.works()
        tester.verify()
        tester.close()


cephtest.requires()
vdstest.main([
    test_owners_are_even_and_requests_reach_them,
    test_verified_load_goes_on_without_an_owner,
])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two gateways as administrators see them: they are added, listed, drained and removed, LUNs get other
owners, and vdsctl says at each gateway the same of owners and portals.
"""
import contextlib
import os
import pathlib
import re
import socket
import subprocess

import cephtest
import vdstest
from vdstest import Daemon, check, equal, eventually

INITIATOR = 'iqn.2026-11.org.example:host'
cluster = None


def free_address():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return f'127.0.0.1:{probe.getsockname()[1]}'


def gateway(name, address):
    daemon = Daemon(*cluster.options(), '--catalog', f'rados:{cluster.CATALOG}/admin', '--gateway', name,
                    '--gateway-address', address, faults=False)
    daemon.env['VDS_MODULE_DIR'] = str(pathlib.Path(os.environ['CEPH_MODULE']).parent)
    return daemon


def vdsctl(daemon, *words, code=0):
    """vdsctl as people use it; what it printed, errors too."""
    done = subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', *words],
                          capture_output=True, text=True, timeout=vdstest.DEADLINE_S)
    equal(done.returncode, code, f'{words}: {done.stdout}{done.stderr}')
    return done.stdout + done.stderr


def listed(daemon, name, pattern):
    return re.search(rf'^{name} +{pattern}', vdsctl(daemon, 'gateway', 'list'), re.M) is not None


def owner(daemon, lun):
    return re.search(r'^Owner +(\S+)$', vdsctl(daemon, 'lun', 'show', lun), re.M).group(1)


def test_gateways_are_administered():
    address = free_address()
    with contextlib.ExitStack() as stack:
        one = stack.enter_context(gateway('gw1', free_address()))
        vdsctl(one, 'gateway', 'add', 'gw2', address)
        check(listed(one, 'gw2', 'down +0 '), 'a gateway as which none runs')
        check('gateway gw2 is down' in vdsctl(one, 'health', code=1), 'its health')
        two = stack.enter_context(gateway('gw2', address))
        equal(vdsctl(one, 'gateway', 'list'), vdsctl(two, 'gateway', 'list'), 'both say the same')
        vdsctl(one, 'pool', 'create', 'ceph', f'rbd:{cluster.POOL}')
        for lun in 'v0', 'v1':
            vdsctl(one, 'lun', 'create', lun, '--size', '16M', '--pool', 'ceph', '--unmask', INITIATOR)
        vdsctl(two, 'portal', 'create', '127.0.0.1:0', '--all-targets')
        vdsctl(one, 'target', 'create', 't1')
        vdsctl(one, 'lun', 'associate', 'v0', 't1')
        check(re.search(r'^gw2 +127\.0\.0\.1:\d+ +online', vdsctl(one, 'portal', 'list'), re.M), 'a portal')
        owners_move(one, two)
        addresses_change(one, two)
        drains_and_leaves(one)


def owners_move(one, two):
    """LUN v0 goes to either gateway; both have paths to it."""
    for name in 'gw2', 'gw1':
        words = f'gateway "{name}" owns LUN "v0": the path is active-optimized'
        vdsctl(two, 'lun', 'move-owner', 'v0', name)
        check('\nv0 ' in vdsctl(one, 'lun', 'list', '--owner', name), 'a LUN of this owner')
        equal({lun['name'] for lun in one.ctl('lun', 'list', '--owner', name)} & {'v0'}, {'v0'}, 'in JSON')
        other = {'gw1': 'gw2', 'gw2': 'gw1'}[name]
        check('\nv0 ' not in vdsctl(one, 'lun', 'list', '--owner', other), 'a LUN of the other one')
        check(all(lun['name'] != 'v0' for lun in one.ctl('lun', 'list', '--owner', other)), 'in JSON')
        equal((owner(one, 'v0'), owner(two, 'v0')), (name, name), 'the owner')
        check(words in vdsctl(two, 'explain', 'v0', '--initiator', INITIATOR, '--from', '127.0.0.1'), words)


def starts_not(daemon, address, why, code=1):
    """A vdsd that would run as this gateway, in a directory of its own."""
    options = [*map(str, daemon.options)]
    options[options.index('--gateway-address') + 1] = address
    done = subprocess.run([daemon.program, '--dir', daemon.top / 'other', '--socket',
                           daemon.top / 'other.s', '--listen', '127.0.0.1:0', *options],
                          env={**os.environ, **daemon.env}, capture_output=True, text=True,
                          timeout=vdstest.DEADLINE_S)
    equal(done.returncode, code, f'exit status with --gateway-address {address}: {done.stderr}')
    check(why in done.stderr, f'{address}: {done.stderr}')


def connects(address):
    host, port = address.split(':')
    try:
        socket.create_connection((host, int(port)), vdstest.DEADLINE_S).close()
    except ConnectionRefusedError:
        return False
    return True


def addresses_change(one, two):
    """By a command, and by what vdsd is started with; to none that another gateway has."""
    before, other = (re.search(rf'^{name} .* (127\S+) ', vdsctl(one, 'gateway', 'list'), re.M).group(1)
                     for name in ('gw2', 'gw1'))
    new = free_address()
    for bad, why in (('gw2', 'ADDRESS:PORT, not gw2'), (other, 'gateway "gw1" has the address')):
        check(why in vdsctl(one, 'gateway', 'set', 'gw2', bad, code=2), f'{bad} is refused')
        starts_not(two, bad, why, 2)
    starts_not(two, new, 'another vdsd runs as this gateway', 3)
    check(listed(one, 'gw2', f'online .* {before} '), 'the address is as before')
    vdsctl(one, 'gateway', 'set', 'gw2', new)
    check(listed(two, 'gw2', f'online .* {new} '), 'the new address')
    eventually('it listens there', lambda: connects(new))
    eventually('and no longer there', lambda: not connects(before))
    two.stop()      # its command line has the former address
    two.start()
    eventually('the address of its start', lambda: listed(one, 'gw2', f'online .* {before} '))
    check(connects(before), 'it listens there')


def drains_and_leaves(one):
    vdsctl(one, 'gateway', 'drain', 'gw2')
    eventually('gw2 owns nothing', lambda: listed(one, 'gw2', 'draining +0 '))
    check(listed(one, 'gw1', 'online +2 '), 'the other one owns all')
    vdsctl(one, 'gateway', 'undrain', 'gw2')
    check('cannot remove itself' in vdsctl(one, 'gateway', 'remove', 'gw1', '--force', code=2), 'itself')
    check('--force' in vdsctl(one, 'gateway', 'remove', 'gw2', code=6), 'a gateway that runs')
    vdsctl(one, 'gateway', 'remove', 'gw2', '--force')
    check('gw2' not in vdsctl(one, 'gateway', 'list'), 'it is gone')
    check('gw2' not in vdsctl(one, 'portal', 'list'), 'and its portal')
    equal(vdsctl(one, 'health'), 'ok\n', 'health')
    check('clean' in vdsctl(one, 'check'), 'the invariants')


if __name__ == '__main__':
    cephtest.requires()
    with cephtest.Cluster() as cluster:
        vdstest.main([test_gateways_are_administered])

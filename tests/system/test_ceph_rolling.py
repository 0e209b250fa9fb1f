#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A rolling upgrade: three gateways are replaced one after the other by those of another build, while
verified load goes on and a program keeps its provider; and a gateway that is too old is refused.
"""
import os
import subprocess

import cephtest
import vdstest
from vdstest import Com, Driver, check, equal, eventually

NOW, NEXT = os.environ['VDSD'], os.environ['VDSD_NEXT']
LUNS = ['v0', 'v1', 'v2']


class Tester(Driver):
    """`integrity` on the LUNs, which goes through one portal at a time."""

    def __init__(self, daemon):
        target = daemon.rest().list('targets')[0]['iscsi_name']
        super().__init__(os.environ['INTEGRITY'], 1, 2, target,
                         *[f'{number}:512:16384:1' for number in range(len(LUNS))])
        self.path(daemon)

    def ok(self, *words):
        answer = self.ask(*words)
        check(answer[0] == 'ok', f'{words[0]}: {" ".join(answer)}')
        return {key: int(value) for key, value in (word.split('=') for word in answer[1:])}

    def path(self, daemon):
        self.ok('portal', daemon.portal)

    def works(self, commands=100):
        goal = self.ok('answered')['answered'] + commands
        eventually('commands are answered', lambda: self.ok('answered')['answered'] >= goal)


def owned(daemon, name):
    """How many LUNs the gateway of that name owns."""
    rows = daemon.rest().call('GET', '/v1/snapshot')['config']
    ids = [row['id'] for row in rows['controllers'] if row['name'] == name]
    return sum(row['controller_id'] in ids for row in rows['lun_owners'])


def version(daemon):
    return daemon.rest().call('GET', '/v1/snapshot')['config']['arrays'][0]['version']


def program_version(daemon):
    return daemon.rest().call('GET', '/v1/version')['version']


def upgrade(daemon, name, other, tester, share=0):
    """One gateway: drain, stop, start the other build, undrain, and wait until it owns so many."""
    other.ctl('gateway', 'drain', name)
    eventually(f'{name} owns nothing', lambda: owned(other, name) == 0)
    tester.works()
    daemon.stop()
    daemon.program = NEXT if daemon.program == NOW else NOW
    daemon.start()
    other.ctl('gateway', 'undrain', name)
    eventually(f'{name} has its share', lambda: owned(other, name) >= share)
    tester.works()


def changes_are_seen(daemons, com, number):
    """A change through each gateway is seen through the others, and by the program."""
    for i, daemon in enumerate(daemons):
        lun = f'l{number}-{i}'
        made = daemon.ctl('lun', 'create', lun, '--size', '1M', '--pool', 'ceph')['id']
        for other in daemons:
            check(lun in [row['name'] for row in other.rest().list('luns')], f'{lun} is seen')
        daemon.ctl('lun', 'associate', lun, 't')
        eventually('the program sees it', lambda id=made: com.targets_of(id))
        daemon.ctl('lun', 'delete', lun, '--force')


def refused(daemon):
    """What a vdsd says that does not start."""
    try:
        daemon.start()
    except vdstest.Failed:
        check(daemon.process.wait(vdstest.DEADLINE_S) != 0, 'it has ended in good order')
        return daemon.log.read_text(errors='replace')
    raise vdstest.Failed('it has started')


def test_gateways_are_upgraded_one_after_the_other():
    with cephtest.Cluster() as cluster, \
            cephtest.gateways(cluster, 'a', 'b', 'c', faults=False) as (a, b, c):
        a.create_luns(LUNS, '8M', '--pool', 'ceph', '--unmask', '*')
        a.ctl('target', 'create', 't')
        for lun in LUNS:
            a.ctl('lun', 'associate', lun, 't')
        tester, com = Tester(a), Com(a)
        tester.ok('go')
        before = version(a)
        equal(program_version(a), before, 'version')
        for number, (daemon, name) in enumerate([(b, 'b'), (c, 'c')]):
            upgrade(daemon, name, a, tester, share=1)
            after = program_version(daemon)
            check(after != before, f'another build: {after}')
            equal(version(a), after, 'version of the array')
            changes_are_seen([a, b, c], com, number)
        com.close()     # it had its provider from the old one all the time
        tester.path(b)
        com = Com(b)
        upgrade(a, 'a', b, tester)
        tester.works()
        changes_are_seen([a, b, c], com, 9)

        # one goes back: the array keeps the newest version that has served it
        upgrade(c, 'c', b, tester)
        equal((program_version(c), version(c)), (before, after), 'versions')
        changes_are_seen([a, b, c], com, 10)
        com.close()
        tester.ok('stop')
        tester.ok('check')
        tester.close()
        for daemon in a, b, c:
            daemon.stop()

        # a catalog that a later release has made
        words = ('-p', cluster.CATALOG)
        made = int(cluster.ok('rados', *words, 'getomapval', 'array', 'format', '/dev/stdout')
                   .split()[-1])
        cluster.ok('rados', *words, 'setomapval', 'array', 'format', str(made + 1))
        text = refused(c)
        check(f'has format {made + 1}, and this vdsd understands {made}: upgrade this gateway' in text,
              text[-500:])


cephtest.requires()
vdstest.main([test_gateways_are_upgraded_one_after_the_other])

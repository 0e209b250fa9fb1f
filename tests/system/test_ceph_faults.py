#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Ceph cluster loses OSDs and its monitor, hangs, is slow and is full, while `integrity` writes and
reads LUNs of a pool of it.  Whatever happens: every command is answered while the cluster is not
there, nobody reads anything wrong, vdsd says what is wrong, and goes on by itself when it is over.

Environment: CEPH_COMMANDS (150) answered commands in each part; CEPH_SEED (random, printed).
"""
import json
import os
import random
import subprocess

import cephtest
import vdstest
from cephtest import Cluster
from vdstest import Driver, Failed, check, equal, eventually

MIB = 1 << 20
COMMANDS = int(os.environ.get('CEPH_COMMANDS', '150'))
SEED = int(os.environ.get('CEPH_SEED', '0')) or random.SystemRandom().randrange(1, 1 << 32)
SESSIONS, TARGETS, DEPTH = 4, 2, 8      # DEPTH: commands of a session of `integrity`
INITIATOR = 'iqn.2026-11.org.example:integrity'
LUNS = [(24, 4096), (8, 512)]           # MiB, bytes of a block
TIMEOUT_S = '4'         # longer than an operation takes on a machine that has much else to do
AWAY = '2/0400,4/4400'          # what commands may fail with while the cluster is not there


class Tester(Driver):
    def __init__(self, targets, luns):
        super().__init__(os.environ['INTEGRITY'], SEED, SESSIONS, ','.join(targets), *luns)

    def ok(self, *words):
        answer = self.ask(*words)
        check(answer[0] == 'ok', f'{words[0]}: {" ".join(answer)}')
        return {key: int(value) for key, value in (word.split('=') for word in answer[1:])}


class Array:
    """A daemon with a pool of the cluster, LUNs behind two targets, and the program on them."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.pool = self.call('POST', '/v1/pools', {'name': 'ceph', 'path': 'rbd:luns'})['id']
        self.targets = {}
        for n in range(TARGETS):
            name = f'iqn.2026-11.org.example:t{n}'
            self.targets[name] = self.call('POST', '/v1/targets', {
                'iscsi_name': name, 'with_group': True})['id']
        self.luns = [self.create(*kind) for kind in LUNS]
        self.tester = Tester(self.targets, [self.describe(lun) for lun in self.luns])
        self.tester.ok('portal', daemon.portal)

    def call(self, *words):
        """A request, over a connection of its own: vdsd closes one that is idle for long."""
        rest = self.daemon.rest()
        try:
            return rest.call(*words)
        finally:
            rest.close()

    def create(self, mib, block_bytes):
        lun = self.call('POST', '/v1/luns', {
            'size_bytes': mib * MIB, 'block_bytes': block_bytes, 'mask': INITIATOR,
            'pool_id': self.pool})['id']
        eventually('the LUN is made', lambda: self.live(lun)['operation'] == 'none')
        self.call('PUT', f'/v1/luns/{lun}/targets', {'targets': list(self.targets.values())})
        return lun

    def live(self, lun):
        return self.call('GET', f'/v1/luns/{lun}')['live']

    def pool_live(self):
        return self.call('GET', f'/v1/pools/{self.pool}')['live']

    def describe(self, lun):
        row = self.call('GET', f'/v1/luns/{lun}')
        number = self.call('GET', f'/v1/luns/{lun}/targets')['items'][0]['lun_number']
        return f'{number}:{row["block_bytes"]}:{row["size_bytes"] // row["block_bytes"]}:{int(row["thin"])}'

    def works(self):
        """Commands are answered with success."""
        goal = self.tester.ok('go')['answered'] + COMMANDS
        eventually('commands succeed', lambda: self.tester.ok('answered')['answered'] >= goal)

    def fails(self, count=SESSIONS * DEPTH, kinds=('refused', 'failed')):
        """So many commands are answered, not with success: more than can be under way."""
        def counted():
            counts = self.tester.ok('answered')
            return sum(counts[kind] for kind in kinds)
        goal = counted() + count
        eventually('commands are answered', lambda: counted() >= goal)

    def problems(self):
        done = subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{self.daemon.socket}', '-o',
                               'json', 'health'], capture_output=True, text=True,
                              timeout=vdstest.DEADLINE_S)
        return ' | '.join(problem['text'] for problem in json.loads(done.stdout)['problems'])

    def says(self, words):
        """`vdsctl health` has these words."""
        def said():
            self.seen = self.problems()
            return words in self.seen
        try:
            eventually(f'health says: {words}', said)
        except Failed as error:
            raise Failed(f'{error}; it says: {self.seen}') from error

    def is_well(self):
        return self.pool_live()['ready'] and all(
            self.live(lun)['health'] == 'ok' for lun in self.luns)

    def settles(self):
        """It works again, by itself, and everything is right."""
        self.works()
        self.tester.ok('stop')          # what comes back late may have failed
        self.tester.ok('errors')
        eventually('all is well', lambda: self.is_well() and self.problems() == '')
        self.works()
        self.tester.ok('stop')
        print(f'# {self.tester.ok("check")}')


def without_answers(cluster, array, begin, end):
    """Everything that needs the cluster is answered, though the cluster does not answer."""
    array.works()
    array.tester.ok('errors', AWAY)
    begin()
    array.fails()
    array.says('ceph')
    print(f'# {array.seen}')
    array.tester.ok('stop')             # nothing is left without an answer
    equal(array.daemon.ctl('lun', 'show', array.luns[0])['id'], array.luns[0], 'lun show')
    equal(array.daemon.ctl('pool', 'show', 'ceph')['id'], array.pool, 'pool show')
    array.tester.ok('go')
    end()
    array.settles()


def run(cluster, array):
    def test_an_osd_that_is_killed_and_comes_back():
        without_answers(cluster, array, lambda: cluster.stop_osd(kill=True), cluster.start_osd)

    def test_an_osd_that_hangs_longer_than_an_operation_may_take():
        without_answers(cluster, array, cluster.pause_osd, cluster.resume_osd)

    def test_an_osd_that_hangs_for_a_moment():
        array.works()
        cluster.pause_osd()
        cluster.resume_osd()
        array.settles()

    def test_a_slow_osd():
        cluster.slow(20)
        array.works()
        cluster.slow(0)
        array.settles()

    def test_a_cluster_that_is_full():
        array.works()
        array.tester.ok('errors', f'{AWAY},7/2707')
        cluster.full()
        array.fails(100, ['failed'])    # as many as one lost by a race was found among
        array.says('No space left on device')
        array.tester.ok('stop')
        array.tester.ok('check')        # everything can be read
        array.tester.ok('go')
        cluster.full(False)
        array.works()
        for lun in array.luns:          # it would be well by itself after a minute
            array.daemon.ctl('lun', 'online', lun)
        array.settles()

    def test_a_monitor_that_is_restarted():
        array.works()
        cluster.stop_mon()
        array.works()                   # data do not need it
        cluster.start_mon()
        array.settles()

    def test_a_cluster_that_is_killed_while_vdsd_runs():
        without_answers(cluster, array, cluster.crash, cluster.start)

    def test_vdsd_ends_in_order():
        array.tester.close()
        array.daemon.stop()             # a sanitizer says what is left then

    vdstest.main([test for name, test in list(locals().items()) if name.startswith('test_')])


def main():
    print(f'# CEPH_SEED={SEED} CEPH_COMMANDS={COMMANDS}')
    with Cluster(store='bluestore', gib=2) as cluster:
        with cluster.daemon('--ceph-timeout', TIMEOUT_S) as daemon:
            run(cluster, Array(daemon))


if __name__ == '__main__':
    cephtest.requires()
    if 'CEPH_MODULE' in os.environ:
        main()
    else:
        print('1..0 # SKIP the module vds-ceph.so is not built here')

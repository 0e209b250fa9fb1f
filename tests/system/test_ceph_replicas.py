#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Three OSDs with a copy of everything each, of which two must be there, while `integrity` writes and
reads LUNs: one is lost, and no command fails; two are lost, and commands are answered BUSY; they
come back, and what they then serve alone with one other is what was written meanwhile.

Environment: CEPH_COMMANDS (150) answered commands in each part; CEPH_SEED (random, printed).
"""
import os

import cephtest
import test_ceph_faults as faults
import vdstest
from vdstest import check, equal, eventually


def is_whole(cluster):
    """Every object has all its copies."""
    return eventually('all copies are there', lambda: not cluster.health())


def run(cluster, array):
    def test_one_of_three_is_lost_and_no_command_fails():
        array.works()
        cluster.stop_osd(2, kill=True)
        array.works()
        array.tester.ok('stop')
        equal(array.tester.ok('answered')['busy'], 0, 'commands that were answered BUSY')
        array.tester.ok('check')
        check(array.is_well(), 'the pool or a LUN is not well')

    def test_two_of_three_are_lost_and_commands_are_answered():
        def end():
            cluster.start_osd(1)        # two are enough; the third one is still away
        faults.without_answers(cluster, array, lambda: cluster.stop_osd(1, kill=True), end)

    def test_those_that_come_back_have_what_was_written_meanwhile():
        cluster.start_osd(2)
        is_whole(cluster)
        cluster.stop_osd(0)             # the only one that was never away
        array.works()
        array.tester.ok('stop')
        array.tester.ok('check')
        cluster.start_osd(0)
        is_whole(cluster)
        array.settles()

    def test_vdsd_ends_in_order():
        array.tester.close()
        array.daemon.stop()

    vdstest.main([test for name, test in list(locals().items()) if name.startswith('test_')])


def main():
    print(f'# CEPH_SEED={faults.SEED} CEPH_COMMANDS={faults.COMMANDS}')
    with cephtest.Cluster(osds=3, copies=3, store='bluestore', gib=2) as cluster:
        with cluster.daemon() as daemon:
            run(cluster, faults.Array(daemon))


cephtest.requires()
if 'CEPH_MODULE' in os.environ:
    main()
else:
    print('1..0 # SKIP the module vds-ceph.so is not built here')

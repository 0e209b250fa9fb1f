#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Leases, calls, fences and claims of gateways on a real Ceph cluster: src/ceph/member.c."""
import os
import subprocess

import cephtest
import vdstest
from vdstest import check, equal


def test_a_stopped_gateway_is_fenced_and_finds_out():
    with cephtest.Cluster() as cluster:
        done = subprocess.run([os.environ['CEPH_MEMBER'], cluster.conf, cluster.USER,
                               cluster.CATALOG, f'rbd:{cluster.POOL}'],
                              capture_output=True, text=True, timeout=60)
        print(done.stdout, done.stderr)
        equal(done.returncode, 0, 'exit status')
        check('found itself fenced' in done.stdout, 'A was not fenced')


cephtest.requires()
vdstest.main([test_a_stopped_gateway_is_fenced_and_finds_out])

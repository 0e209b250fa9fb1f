#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The web page of an array of several gateways, in a browser: tests/page/scenes/gateways.cjs."""
import json
import os
import pathlib
import subprocess
import sys

import cephtest

cephtest.requires()
with cephtest.Cluster() as cluster:
    words = [*cluster.options(), '--catalog', f'rados:{cluster.CATALOG}/array', '--gateway', 'gw1',
             '--gateway-address', cephtest.free_address()]
    page = pathlib.Path(__file__).resolve().parents[1] / 'page/test_page.cjs'
    done = subprocess.run([sys.argv[1], page, 'gateways'], timeout=600,
                          env={**os.environ, 'PAGE_VDSD': json.dumps(words),
                               'VDS_MODULE_DIR': os.path.dirname(os.environ['CEPH_MODULE'])})
sys.exit(done.returncode)

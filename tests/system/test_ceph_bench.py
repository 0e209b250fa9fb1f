#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench/ceph measures what it says: a LUN beside its image, and changes beside the bare commit.

The runs are far too short for figures that mean something; whether bars are met does not matter.
"""
import os
import pathlib
import re
import subprocess
import tempfile

import cephtest
import vdstest
from vdstest import check, equal

TOP = pathlib.Path(__file__).resolve().parents[2]
SHORT = ['--store', 'memstore', '--rounds', '1', '--seconds', '0.3', '--fill', '0.3',
         '--workloads', 'r4k-q1,w4k-q32,sw256k-q8']


def test_both_parts_are_measured():
    with tempfile.TemporaryDirectory() as top:
        done = subprocess.run([TOP / 'bench/ceph', '--build', os.environ['MESON_BUILD'], '--where',
                               top, *SHORT], capture_output=True, text=True,
                              timeout=vdstest.DEADLINE_S * 3, check=False)
        check(done.returncode in (0, 1), done.stdout + done.stderr)
        rows = re.findall(r'^(\S+) +(librbd|vdsd) +([0-9]+) \[', done.stdout, re.M)
        equal([row[:2] for row in rows],
              [(load, name) for load in ('r4k-q1', 'w4k-q32', 'sw256k-q8')
               for name in ('librbd', 'vdsd')], f'what was measured: {done.stdout}{done.stderr}')
        check(all(int(row[2]) > 0 for row in rows), f'a run without result: {rows}')
        bars = re.findall(r'^(?:ok|MISS): (\S+): ([0-9.]+) of librbd', done.stdout, re.M)
        equal([bar[0] for bar in bars], ['r4k-q1', 'w4k-q32'], 'the bars')
        check(all(float(bar[1]) > 0 for bar in bars), f'a bar without a ratio: {bars}')
        said = done.stdout + done.stderr
        check(re.search(r'^bare omap commit: [1-9][0-9]* us$', done.stdout, re.M), said)
        check(re.search(r'^a change, catalog in file: [1-9]', done.stdout, re.M), said)
        check(re.search(r'^(?:ok|MISS): commits: [0-9.]+ ', done.stdout, re.M), said)
        equal(os.listdir(top), [], 'what is left')


if __name__ == '__main__':
    cephtest.requires()
    if 'CEPH_MODULE' in os.environ:
        vdstest.main([test_both_parts_are_measured])
    else:
        print('1..0 # SKIP the module vds-ceph.so is not built here')

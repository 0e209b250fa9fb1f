#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make bench`: the report says what was measured, of every target, and nothing else.

The runs are far too short for figures that mean something; speed is not what this is about.
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import xml.etree.ElementTree

import vdstest
from vdstest import Daemon, check, equal

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = os.environ['MESON_BUILD']
SHORT = ['--no-tgt', '--no-build', '--rounds', '2', '--seconds', '0.05', '--warmup', '0.02']


def report(out, *options):
    return subprocess.run(['/usr/bin/python3', TOP / 'bench/report', '--build', BUILD, '--out', out,
                           *SHORT, *options], capture_output=True, text=True,
                          timeout=vdstest.DEADLINE_S * 3, check=False)


def table_of(text, head):
    """The cells of the rows of the table in a Markdown text whose head begins with these words."""
    block = next(part for part in text.split('\n\n') if part.startswith(f'| {head} '))
    return [[cell.strip() for cell in line.strip('|').split('|')]
            for line in block.splitlines()[2:]]


def test_a_report_has_every_load_of_every_target():
    with Daemon() as daemon, tempfile.TemporaryDirectory() as out:
        daemon.ctl('lun', 'create', 'other', '--size', '64MiB', '--unmask', '*')
        daemon.ctl('target', 'create', 'other')
        daemon.ctl('lun', 'associate', 'other', 'other')
        name = daemon.ctl('target', 'list')[0]['iscsi_name']
        done = report(out, '--sweeps', 'write-sessions,table', '--target',
                      f'mine=iscsi://{daemon.portal}/{name}/0@{daemon.process.pid}')
        equal(done.returncode, 0, done.stdout + done.stderr)
        out = pathlib.Path(out)
        rows = [json.loads(line) for line in (out / 'raw.jsonl').read_text().splitlines()]
        text, page = (out / 'report.md').read_text(), (out / 'index.html').read_text()
        names = ['ram', 'tmpfs', 'mine', 'TCP']
        equal(list(dict.fromkeys(row['name'] for row in rows)), names, 'targets of the raw data')
        for row in rows:
            check(row['iops'] > 0 and row.get('errors', 0) == 0, f'a run without result: {row}')

        def median(name, load):
            found = [r['iops'] for r in rows if r['name'] == name and r['load'] == load]
            equal(len(found), 2, f'rounds of {name} under {load}')
            return f'{statistics.median(found):,.0f}'

        cells = {}
        for line in table_of(text, 'workload'):
            first = line[0] or first
            cells[first, line[1]] = line
        equal(len(cells), 15 * len(names) - 1, 'lines of workloads (TCP has no mix of sizes)')
        equal(cells['4k random writes, depth 32, 4 sessions', 'mine'][2],
              median('mine', ['randwrite', '4k', 32, 4]), 'a figure of the table')
        sweep = table_of(text, 'sessions')
        equal([line[0] for line in sweep], ['1', '2', '4', '8'], 'points of the sweep')
        equal(sweep[2][1], median('ram', ['randwrite', '4k', 32, 4]), 'a figure of the sweep')
        check('vdsd 0.' in text and 'The method' in text, 'the machine and the method')
        for plot in re.findall(r'!\[.*?\]\((.*?)\)', text):
            root = xml.etree.ElementTree.parse(out / plot).getroot()
            drawn = ''.join(root.itertext())
            check('sessions' in drawn and 'tmpfs' in drawn, f'{plot} lacks its axis or a target')
        equal(len(list(out.glob('*.svg'))), 4, 'plots: rate, two latencies, CPU')
        equal(page.count('<svg'), 4, 'plots in the page')
        check(not re.search(r'(?:src|href)=["\']?(?:https?:)?//', page), 'the page asks other hosts')


def test_a_target_that_is_not_there_is_named():
    with tempfile.TemporaryDirectory() as out:
        done = report(out, '--sweeps', 'write-sessions', '--target',
                      'gone=iscsi://127.0.0.1:1/iqn.2026-11.example:gone/0')
        check(done.returncode != 0 and 'gone cannot be written to: ' in done.stderr,
              done.stdout + done.stderr)


def test_options_that_cannot_be_are_refused_before_anything_starts():
    for options, words in ((['--sweeps', 'reads'], 'there is no sweep reads; there are read-depth'),
                           (['--spdk', '/nonexistent'], '/nonexistent: there is no such program'),
                           (['--target', 'x'], 'x: a target is NAME=iscsi://')):
        with tempfile.TemporaryDirectory() as out:
            done = report(out, *options)
            equal(done.returncode, 2, done.stderr)
            check(words in done.stderr, done.stderr)
            equal(os.listdir(out), [], 'files of a report')


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

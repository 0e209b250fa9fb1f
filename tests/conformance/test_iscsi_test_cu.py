#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""libiscsi's conformance suite against a LUN of our own, through two targets (its multipath tests
want two paths).

usage: test_iscsi_test_cu.py thin|thick|thin-4k|removable|read-only

Every test of the suite is one TAP line.  expected.txt names those that do not apply (the suite
skips them) and those that are known to fail, each with its reason; anything else must pass, and
what is listed must do as listed.
"""
import os
import pathlib
import re
import subprocess
import sys

import vdstest

HERE = pathlib.Path(__file__).parent
SUITE_TIMEOUT_S = float(os.environ.get('VDS_TEST_SUITE_TIMEOUT', '600'))
VARIANTS = {
    'thin': {'block_bytes': 512, 'thick': False},
    'thick': {'block_bytes': 512, 'thick': True},
    'thin-4k': {'block_bytes': 4096, 'thick': False},
    'removable': {'block_bytes': 512, 'thick': False, 'removable': True},
    'read-only': {'block_bytes': 512, 'thick': False, 'access': 'read-only'},
}
# Where nothing can be written, most families can only fail.
FAMILIES = {'read-only': 'ALL.ReadOnly'}
# Tests that are run a second time, alone, and the second run counts.  This one uses the second
# path, on which the unit attentions of earlier resets are pending (SAM-5: a reset establishes a
# unit attention condition for every I_T nexus).
ALONE = {'removable': ['PreventAllow.2ITNexuses']}
SIZE_BYTES = 64 << 20


def load_expected(path, variant):
    """Lines of "skip|fail <variants> <test> <reason>"; variants is a comma list or "all"."""
    expected = {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith('#'):
            continue
        verdict, variants, name, reason = line.split(None, 3)
        vdstest.check(verdict in ('skip', 'fail'), f'{path.name}: {line}')
        if variants == 'all' or variant in variants.split(','):
            expected[name] = (verdict, reason)
    return expected


def parse(text):
    """What the suite printed -> [(name, 'pass' | 'skip' | 'fail', [lines that say why])], in its
    order.
    """
    results, suite, name, lines = [], '?', None, []

    def close():
        if name is None:
            return
        # The verdict stands at a line's start; what a suite's end prints after "passed", in the same
        # line or in later ones, is not of this test: with reservations the suite's own cleaning
        # meets unit attentions there.
        at = next((i for i, line in enumerate(lines) if re.match(r'\s*(passed|FAILED)\b', line)),
                  None)
        failed = at is None or lines[at].lstrip().startswith('FAILED')
        body = '\n'.join(lines if failed else lines[:at])
        why = re.findall(r'\[(?:SKIPPED|FAILED)\] (.*)',
                         body) + re.findall(r'^\s+\d+\. (\S+:\d+ .*)$', body, re.M)
        verdict = 'fail' if failed else 'skip' if '[SKIPPED]' in body else 'pass'
        results.append((name, verdict, why or ([] if at is not None else ['it did not end'])))

    for line in text.splitlines():
        if match := re.match(r'Suite: (\S+)', line):
            close()
            suite, name = match.group(1), None
        elif match := re.match(r'  Test: (\S+) \.\.\.(.*)$', line):
            close()
            name, lines = f'{suite}.{match.group(1)}', [match.group(2)]
        elif line.startswith('Run Summary'):
            break
        elif name is not None:
            lines.append(line)
    close()
    return results


def make_paths(daemon, block_bytes, thick, removable=False, access=None):
    """A LUN through two targets: its two URLs."""
    rest = daemon.rest()
    lun = rest.call('POST', '/v1/luns',
                    {'name': 'vol', 'size_bytes': SIZE_BYTES, 'block_bytes': block_bytes,
                     'thick': thick, 'removable': removable, 'mask': '*'})
    names = [f'iqn.2026-11.org.example:path{i}' for i in (1, 2)]
    targets = [rest.call('POST', '/v1/targets', {'iscsi_name': name, 'with_group': True})
               for name in names]

    def id_of(answer):
        return answer.get('id') or answer['object_id']

    def associate():
        try:
            return rest.call('PUT', f'/v1/luns/{id_of(lun)}/targets',
                             {'targets': [id_of(t) for t in targets]})
        except vdstest.RestError as error:
            vdstest.check(error.code == 'BUSY', f'associate: {error}')
    vdstest.eventually('the LUN is made', associate)        # the space of a thick one takes a while
    if access:
        rest.call('PATCH', f'/v1/luns/{id_of(lun)}', {'access': access})
    rest.close()
    return [f'iscsi://{daemon.portal}/{name}/0' for name in names]


def run_suite(paths, family):
    try:
        done = subprocess.run(['iscsi-test-cu', '--verbose', '--dataloss', '-t', family, *paths],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=SUITE_TIMEOUT_S)
        return done.stdout.decode(errors='replace')
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b'').decode(errors='replace')


def all_names(family):
    done = subprocess.run(['iscsi-test-cu', '--list'], capture_output=True, text=True,
                          timeout=vdstest.DEADLINE_S)
    return [n.removeprefix('ALL.') for n in (done.stdout + done.stderr).split()
            if n.startswith(f'{family}.') and n.count('.') == 2]


def judge(name, verdict, why, expected):
    """(is it well?, the rest of its TAP line)"""
    wanted, reason = expected.get(name, ('pass', ''))
    said = '; '.join(dict.fromkeys(w.strip() for w in why))[:200]
    if verdict != wanted:
        return False, f'{verdict}, expected {wanted}: {said}'
    if wanted == 'skip':
        return True, f'# SKIP {reason}'
    return True, f'(known to fail: {reason})' if wanted == 'fail' else ''


def main():
    variant = sys.argv[1]
    vdstest.requires('iscsi-test-cu')
    expected = load_expected(HERE / 'expected.txt', variant)
    with vdstest.Daemon() as daemon:
        paths = make_paths(daemon, **VARIANTS[variant])
        text = run_suite(paths, FAMILIES.get(variant, 'ALL'))
        alone = [run_suite(paths, f'ALL.{name}') for name in ALONE.get(variant, [])]
        complaint = ''
        try:
            daemon.stop()
        except vdstest.Failed as error:
            complaint = str(error)
    if log := os.environ.get('VDS_TEST_LOG'):
        pathlib.Path(f'{log}.{variant}').write_text(text)
    results = {name: (verdict, why) for part in [text, *alone]
               for name, verdict, why in parse(part)}
    names = all_names(FAMILIES.get(variant, 'ALL'))
    for unknown in expected.keys() - set(all_names('ALL')):
        results[unknown] = ('fail', ['listed in expected.txt, but the suite has no such test'])
        names.append(unknown)
    print(f'1..{len(names) + 1}')
    failed = 0
    for number, name in enumerate(names, 1):
        verdict, why = results.get(name, ('fail', ['it did not run']))
        well, rest = judge(name, verdict, why, expected)
        failed += not well
        print(f'{"ok" if well else "not ok"} {number} - {name} {rest}'.rstrip())
    print(
        f'{"not ok" if complaint else "ok"} {len(names) + 1} - vdsd stops cleanly {complaint}'.rstrip())
    sys.exit(1 if failed or complaint or not names else 0)


main()

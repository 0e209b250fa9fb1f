#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""libiscsi's conformance suite against a LUN of our own, through two targets (its multipath tests
want two paths).

usage: test_iscsi_test_cu.py thin|thick|thin-4k|removable|read-only|direct|bar

Every test of the suite is one TAP line.  expected.txt names those that do not apply (the suite
skips them) and those that are known to fail, each with its reason; anything else must pass, and
what is listed must do as listed.

"bar" looks at the list as a whole: each test must pass on one of the variants at least and fail on
none, or else a test of our own must be named, which there is.
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
    'direct': {'block_bytes': 512, 'thick': False, 'cache': 'direct'},
}
# What is expected of a variant is what is expected of another one.
LIKE = {'direct': 'thin'}
# Where nothing can be written, most families can only fail.
FAMILIES = {'read-only': 'ALL.ReadOnly'}
# Tests that are run a second time, alone, and the second run counts.  They use the second path, on
# which the unit attentions of earlier tests are pending (SAM-5: a reset establishes a unit
# attention condition for every I_T nexus; so does the end of a SANITIZE).
READ_ONLY = 'Sanitize.Readonly'
ALONE = {'thin': [READ_ONLY], 'thick': [READ_ONLY], 'thin-4k': [READ_ONLY],
         'removable': ['PreventAllow.2ITNexuses', READ_ONLY], 'direct': [READ_ONLY]}
SIZE_BYTES = 64 << 20


def load_expected(path, variant):
    """Lines of "skip|fail <variants> <test> <reason>"; variants is a comma list or "all"."""
    expected = {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith('#'):
            continue
        verdict, variants, name, reason = line.split(None, 3)
        if verdict == 'own':
            continue
        vdstest.check(verdict in ('skip', 'fail'), f'{path.name}: {line}')
        if variants == 'all' or variant in variants.split(','):
            expected[name] = (verdict, reason)
    return expected


def load_own(path):
    """Lines of "own <test> <file>:<function> <clause>" -> {test: (file, function)}."""
    lines = [line.split(None, 3) for line in path.read_text().splitlines()
             if line.startswith('own ')]
    own = {name: where.split(':') for _, name, where, _ in lines}
    vdstest.equal(len(own), len(lines), f'{path.name}: each test has one of our own')
    return own


def is_run(where):
    """Whether a file of tests has the function, and runs it."""
    file, function = where
    source = (HERE.parent.parent / file).read_text()
    return f'\n{function}(void **' in source and \
        re.search(rf'[(\s]{function}\)', source) is not None


def bar(path):
    """[(test, '' or what it lacks)] of each test of the suite."""
    own, results = load_own(path), []
    expected = {variant: load_expected(path, LIKE.get(variant, variant)) for variant in VARIANTS}
    runs = {variant: all_names(FAMILIES.get(variant, 'ALL')) for variant in VARIANTS}
    for name in all_names('ALL'):
        verdicts = [expected[variant].get(name, ('pass', ''))[0]
                    for variant in VARIANTS if name in runs[variant]]
        lacks = ''
        if 'fail' in verdicts or 'pass' not in verdicts:
            if name not in own:
                lacks = f'{", ".join(sorted(set(verdicts)))}, and no test of our own'
            elif not is_run(own.pop(name)):
                lacks = 'the test of our own that is named is not there'
        results.append((name, lacks))
    return results + [(name, 'it needs no test of our own') for name in own]


def print_bar(path):
    results = bar(path)
    print(f'1..{len(results)}')
    for number, (name, lacks) in enumerate(results, 1):
        print(f'{"not ok" if lacks else "ok"} {number} - {name} {lacks}'.rstrip())
    sys.exit(1 if not results or any(lacks for _, lacks in results) else 0)


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


def make_paths(daemon, block_bytes, thick, removable=False, access=None, cache='auto'):
    """A LUN through two targets: its two URLs."""
    rest = daemon.rest()
    lun = rest.call('POST', '/v1/luns',
                    {'name': 'vol', 'size_bytes': SIZE_BYTES, 'block_bytes': block_bytes,
                     'thick': thick, 'removable': removable, 'cache': cache,
                     'mask': '*'})
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
        done = subprocess.run(['iscsi-test-cu', '--verbose', '--dataloss', '--allow-sanitize', '-t', family, *paths],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=SUITE_TIMEOUT_S)
        return done.stdout.decode(errors='replace')
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b'').decode(errors='replace')


def all_names(family):
    """The tests of "ALL", or of a family of it ("ALL.ReadOnly")."""
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
    if variant == 'bar':
        print_bar(HERE / 'expected.txt')
    expected = load_expected(HERE / 'expected.txt', LIKE.get(variant, variant))
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

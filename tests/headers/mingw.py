#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
mingw-w64's own vds.h and vdslun.h as a witness: they were written by other people, for Windows.

  mingw.py --reference DIR -- COMPILER ARGS...

Every struct, field and value that the reference and these headers both name must have the same
size, offset and value.  The headers of this project are held to the reference by gen_checks.py,
also with this compiler, so that they and mingw-w64's agree too.  A witness that shares less than it
did when this was written is refused.
"""
import argparse
import re
import subprocess
import sys
from pathlib import Path

from gen_checks import Reference

SHARED = {'structs': 70, 'fields': 480, 'values': 571}

# mingw-w64's vds.h includes its vdslun.h, which declares the same enums once more: each is compiled
# without the other.
HEADERS = {
    'vds.h': '#define __vdslun_h__\n#include <vds.h>\n',
    'vdslun.h': '#include <vdslun.h>\n',
}
PROLOGUE = '#define _WIN32_WINNT 0x0601\n#include <windows.h>\n#include <ole2.h>\n#include <stddef.h>\n'

# Where mingw-w64 10.0 differs, and the SDK of Microsoft is as the reference says.
DIFFERENT = {
    'VDS_TS_RESTRIPING',                                # 8 instead of 5
    'VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP',              # two arrays have become scalars
    'VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP.rgulAllowedUnitAllocationSizes',
    'VDS_FILE_SYSTEM_FORMAT_SUPPORT_PROP.wszName',
    'VDS_PATH_INFO',
    'VDS_PATH_POLICY',                 # VDS_PATH_ID is one number instead of a struct of two
    *(f'VDS_PATH_INFO.{member}' for member in (
        'pathId', 'type', 'status', 'controllerPortId', 'targetPortalId', 'hbaPortId',
        'initiatorAdapterId', 'pHbaPortProp', 'pInitiatorPortalIpAddr')),
    *(f'VDS_PATH_POLICY.{member}' for member in ('pathId', 'bPrimaryPath', 'ulWeight')),
    'VDS_ASYNC_OUTPUT.sv', 'VDS_ASYNC_OUTPUT.sv.ullReclaimedBytes',
    'VDS_NOTIFICATION.Service',     # missing
}


def compile_text(compiler, text, *flags):
    return subprocess.run([*compiler, '-x', 'c', '-std=c11', *flags, '-'], input=text,
                          capture_output=True, text=True, check=False)


def assertions(ref, declared):
    """(kind, what, condition) of all that the reference and the header both name."""
    names = set(re.findall(r'\b\w+\b', declared))
    structs = {r['name'] for r in ref.of('struct')
               if re.search(rf'\}}[^;{{}}]*\b{r["name"]}\b', declared)}
    for r in ref.of('struct'):
        if r['name'] in structs:
            yield 'structs', r['name'], f'sizeof({r["name"]}) == {r["x64_size"]}'
    for r in ref.of('field'):
        if r['name'] in structs:
            member = f'{r["name"]}.{r["member"]}'
            yield 'fields', member, (
                f'offsetof({r["name"]}, {r["member"]}) == {r["x64_offset"]} && '
                                     f'sizeof((({r["name"]} *)0)->{r["member"]}) == {r["x64_size"]}')
    for r in ref.of('enum_value', 'flags_value'):
        if r['member'] in names:
            yield 'values', r['member'], f'(unsigned){r["member"]} == {int(r["value"], 0)}u'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--reference', type=Path, required=True)
    parser.add_argument('compiler', nargs='+')
    args = parser.parse_args()
    ref, wrong, shared = Reference(args.reference), [], dict.fromkeys(SHARED, 0)
    for name, include in HEADERS.items():
        head = PROLOGUE + include
        done = compile_text(args.compiler, head, '-E', '-P')
        if done.returncode != 0:
            sys.exit(f'mingw.py: {name}: {done.stderr}')
        facts = list(assertions(ref, done.stdout))
        text = head + ''.join(f'_Static_assert({condition}, "wrong: {what}");\n' for _, what,
                              condition in facts)
        done = compile_text(args.compiler, text, '-fsyntax-only', '-fmax-errors=0')
        lines = dict(enumerate((f[1] for f in facts), head.count('\n') + 1))
        bad = {lines.get(int(line), 'the header itself')
               for line in re.findall(r'^<stdin>:(\d+):\d+: error', done.stderr, re.M)}
        if done.returncode != 0 and not bad:
            sys.exit(f'mingw.py: {name}: {done.stderr}')
        for kind, what, _ in facts:
            shared[kind] += what not in bad
        wrong += sorted(bad - DIFFERENT)
    print(', '.join(f'{count} {kind}' for kind, count in shared.items()), 'are the same')
    for what in wrong:
        print(f'different: {what}')
    missing = {kind: count for kind, count in shared.items() if count < SHARED[kind]}
    if missing:
        print(f'the witness shares less than before: {missing}, wanted {SHARED}')
    return 1 if wrong or missing else 0


if __name__ == '__main__':
    sys.exit(main())

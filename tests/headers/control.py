#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The control of gen_checks.py: one wrong fact of every kind must be found.

  control.py --lang c|c++ [--abi x64|x86|win64] --reference DIR --include DIR -- COMPILER ARGS...

Copies of the reference with facts changed are turned into sources.  Those facts that are static
assertions are all changed in one copy, whose source must not compile and must name each of them;
those that are compared at run time in another, whose program must fail and name each.
"""
import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

GENERATOR = Path(__file__).with_name('gen_checks.py')

# file, the beginning of the line, old text, new text, what the complaint must name
WRONG = [
    ('interfaces.tsv', 'IVdsLunIscsi\t', '0d7c1e64-b59b-45ae', '0d7c1e64-b59b-45af',
     'IID_IVdsLunIscsi'),
    ('interfaces.tsv', 'CLSID_VdsLoader\t', '9c38ed61', '9c38ed62', 'CLSID_VdsLoader'),
    ('interfaces.tsv', 'IVdsLun\t3540a9c7-e60f-4111-a840-8bba6c2c83d8\tIUnknown\t13', '\t13\t',
     '\t14\t', 'IVdsLun::SetMask'),
    ('interfaces.tsv', 'IVdsIscsiPortalGroup\t', 'IVdsIscsiTarget **', 'IVdsIscsiPortal **',
     'IVdsIscsiPortalGroup::GetTarget'),
    ('types.tsv', 'enum_value\tVDS_LUN_STATUS\tVDS_LS_FAILED', '\t5\t', '\t6\t', 'VDS_LS_FAILED'),
    ('types.tsv', 'flags_value\tVDS_PROVIDER_FLAG\tVDS_PF_SUPPORT_DYNAMIC\t', '0x80000000',
     '0x40000000', 'VDS_PF_SUPPORT_DYNAMIC'),
    ('types.tsv', 'const\tVDS_NF_TARGET_MODIFY', '128', '127', 'VDS_NF_TARGET_MODIFY'),
    ('types.tsv', 'struct\tVDS_LUN_PROP\t', '\t72\t', '\t76\t', 'VDS_LUN_PROP'),
    ('types.tsv', 'struct\tVDS_WWN\t', 'align 1/1', 'align 4/4', 'alignment of VDS_WWN'),
    ('types.tsv', 'field\tVDS_ASYNC_OUTPUT\tcl.pLunUnk', '\t8\t8\t', '\t4\t8\t',
     'VDS_ASYNC_OUTPUT.cl.pLunUnk'),
    ('types.tsv', 'field\tVDS_LUN_PROP\thealth', 'VDS_HEALTH', 'VDS_TRANSITION_STATE',
     'VDS_LUN_PROP.health'),
    ('types.tsv', 'primitive\tWCHAR', '\t2\t', '\t4\t', 'WCHAR'),
    ('errors.tsv', 'VDS_E_OBJECT_DELETED', '0x8004240B', '0x8004240C', 'VDS_E_OBJECT_DELETED'),
    ('errors.tsv', 'E_NOTIMPL', '0x80004001', '0x80004002', 'E_NOTIMPL'),
]
X86_WRONG = [
    ('types.tsv', 'field\tVDS_LUN_PROP\thealth', '\t48\t', '\t44\t', 'VDS_LUN_PROP.health'),
    ('types.tsv', 'struct\tVDS_SERVICE_PROP\t', 'align 8/4', 'align 8/8',
     'alignment of VDS_SERVICE_PROP'),
]


def is_static(fact, lang):
    """Held by the compiler?  IIDs are compared when the program runs, and so are the slots of C++.
    """
    if fact[4].startswith(('IID_', 'CLSID_')):
        return False
    return not (lang == 'c++' and fact[2].strip().isdigit() and fact[0] == 'interfaces.tsv')


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    return done.returncode, done.stdout


def spoil(folder, fact):
    name, start, old, new, _ = fact
    path = folder / name
    lines = path.read_text(encoding='utf-8').splitlines(keepends=True)
    hits = [i for i, line in enumerate(lines) if line.startswith(start) and old in line]
    if not hits:
        sys.exit(f'control.py: {name} has no line "{start}" with "{old}"')
    for i in hits:
        lines[i] = lines[i].replace(old, new, 1)
    path.write_text(''.join(lines), encoding='utf-8')


def complaint(args, folder):
    """What the check says about the reference in folder: '' when it is satisfied."""
    source = folder / ('check.cc' if args.lang == 'c++' else 'check.c')
    code, text = run([sys.executable, str(GENERATOR), '--lang', args.lang, '--abi', args.abi,
                      '--reference', str(folder), '--output', str(source)])
    if code != 0:
        return text
    program = folder / 'check'
    end = ['-o', str(program)] if args.abi == 'x64' else ['-fsyntax-only']
    code, text = run(args.compiler + [f'-I{args.include}', str(source)] + end)
    if code == 0 and args.abi == 'x64':
        code, text = run([str(program)])
    return text if code != 0 else ''


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--lang', choices=['c', 'c++'], required=True)
    parser.add_argument('--abi', choices=['x64', 'x86', 'win64'], default='x64')
    parser.add_argument('--reference', type=Path, required=True)
    parser.add_argument('--include', type=Path, required=True)
    parser.add_argument('compiler', nargs='+')
    args = parser.parse_args()

    facts = X86_WRONG if args.abi == 'x86' else WRONG
    if args.abi == 'win64':
        facts = [f for f in facts if is_static(f, args.lang)]
    stages = [[], [f for f in facts if is_static(f, args.lang)],
              [f for f in facts if not is_static(f, args.lang)]]
    failed = 0
    for stage in stages:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / 'reference'
            shutil.copytree(args.reference, folder)
            for fact in stage:
                spoil(folder, fact)
            text = complaint(args, folder)
            if not stage and text:
                sys.exit(f'control.py: the reference as it is should pass:\n{text}')
            for fact in stage:
                if fact[4] not in text:
                    print(f'not found: {fact[4]}: {text[:400] or "the check passed"}')
                    failed += 1
        if args.abi != 'x64' and stage is stages[1]:
            break  # nothing is run
    print(f'{len(facts) - failed} of {len(facts)} wrong facts were found')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

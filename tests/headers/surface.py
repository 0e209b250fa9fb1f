#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The other direction of gen_checks.py: the headers and the IDL hold what is published and no more.

  surface.py --reference DIR --include DIR --idl FILE
"""
import argparse
import re
import sys
from pathlib import Path

from gen_checks import Reference, read

# What the published header does not name: arms of unions and the types of virtdisk.h.
OWN_TYPES = re.compile(
    r'VDS_ASYNC_OUTPUT_(CP|CV|BVP|SV|CL|CT|CPG|CVD)|C[A-Z_]+_PARAMETERS_(MBR|GPT)')
VIRTDISK = {
    'VIRTUAL_DISK_ACCESS_MASK', 'CREATE_VIRTUAL_DISK_FLAG', 'OPEN_VIRTUAL_DISK_FLAG',
    'ATTACH_VIRTUAL_DISK_FLAG', 'DETACH_VIRTUAL_DISK_FLAG', 'COMPACT_VIRTUAL_DISK_FLAG',
    'MERGE_VIRTUAL_DISK_FLAG', 'EXPAND_VIRTUAL_DISK_FLAG', 'DEPENDENT_DISK_FLAG',
    'VIRTUAL_STORAGE_TYPE',
}
wrong = []


def same(what, have, want):
    have, want = sorted(have), sorted(want)
    if have != want:
        wrong.append(
            f'{what}: too many {sorted(set(have) - set(want))}, missing {sorted(set(want) - set(have))}')
    print(f'{what}: {len(have)}')


def main():
    parser = argparse.ArgumentParser()
    for name in ('reference', 'include', 'idl'):
        parser.add_argument('--' + name, type=Path, required=True)
    args = parser.parse_args()
    ref = Reference(args.reference)
    header = (args.include / 'vds' / 'vds.h').read_text(encoding='utf-8')
    errors = (args.include / 'vds' / 'vdserr.h').read_text(encoding='utf-8')
    idl = args.idl.read_text(encoding='utf-8')
    interfaces = [name for name in ref.iids if name != 'IUnknown']

    same('IIDs', re.findall(r'^DEFINE_GUID\(IID_(\w+),', header, re.M), interfaces)
    same('CLSIDs', re.findall(r'^DEFINE_GUID\((CLSID_\w+),', header, re.M), ref.classes)
    same('classes with IID and base',
         re.findall(r'^MIDL_INTERFACE\("([-0-9a-f]+)"\)\n(\w+) : public (\w+)', header, re.M),
         [(ref.iids[name], name, ref.bases[name]) for name in interfaces])
    same('vtable slots',
         re.findall(r'\(STDMETHODCALLTYPE \*(\w+)\)\(\s+(\w+) \*This', header),
         [(r['method'], r['interface']) for r in ref.methods if r['interface'] != 'IUnknown'] +
         [(m, name) for name in interfaces if ref.bases[name] == 'IUnknown'
          for m in ('QueryInterface', 'AddRef', 'Release')])
    same('virtual functions', re.findall(r'virtual \w+ STDMETHODCALLTYPE (\w+)\(', header),
         [r['method'] for r in ref.methods if r['interface'] != 'IUnknown'])
    named = re.findall(r'^\} (\w+)(?:, \*P\w+)?;', header, re.M)
    same('types',
         [n for n in named if not n.endswith('Vtbl') and n not in VIRTDISK
          and not OWN_TYPES.fullmatch(n)],
         [r['name'] for r in ref.of('enum', 'flags', 'struct')])
    # Every type of VDS says in vds.h what it is.
    same('types without a comment before them',
         re.findall(r'(?<!\*/\n)^typedef (?:enum|struct) (\w+)(?<!Vtbl) \{', header, re.M), [])
    same('constants', re.findall(r'^#define (\w+) \(', header, re.M),
         [r['name'] for r in ref.of('const')])
    same('constants of the IDL alone', re.findall(r'^#define (\w+) (\S+)$', idl, re.M),
         [(r['name'], '0xffffffff' if r['value'] == '4294967295' else r['value'])
          for r in ref.of('idl_const')])
    same('VDS codes', re.findall(r'^#define (VDS_[ES]_\w+) ', errors, re.M),
         [r['name'] for r in ref.errors if r['name'].startswith('VDS_')])
    if read(args.reference / 'errors.tsv')[0]['name'] != 'S_OK':
        wrong.append('errors.tsv: the first row is not S_OK')

    for line in wrong:
        print('wrong:', line)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())

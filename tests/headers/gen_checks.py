#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Turn the published facts of VDS (reference/*.tsv) into a source that holds the headers to them.

  gen_checks.py --lang c|c++ --abi x64|x86|win64|win32 --reference DIR --output FILE

Layouts, values, codes and signatures become static assertions; IIDs, and in C++ the vtable slots,
are compared when the program runs.  A reference that is not complete is refused, so no run can
check less than everything.  win64 is x64 with Windows' own headers below ours, for mingw-w64's
compilers.
"""
import argparse
import re
import sys
from pathlib import Path

COMPLETE = {
    'interfaces': 74, 'methods': 276, 'classes': 2, 'enums': 69, 'enum values': 572, 'structs': 76,
    'fields': 527, 'constants': 99, 'IDL constants': 15, 'VDS codes': 383,
}
SIGNED = {'SHORT', 'LONG', 'BOOL', 'HRESULT'}


def read(path):
    with open(path, encoding='utf-8') as f:
        names = f.readline().rstrip('\n').split('\t')
        return [dict(zip(names, (line.rstrip('\n') + '\t' * len(names)).split('\t'))) for line in f]


class Reference:
    def __init__(self, folder):
        rows = read(folder / 'interfaces.tsv')
        self.classes = {r['interface']: r['iid'] for r in rows
                        if r['interface'].startswith('CLSID_')}
        self.methods = [r for r in rows if not r['interface'].startswith('CLSID_')]
        self.iids = {r['interface']: r['iid'] for r in self.methods}
        self.bases = {r['interface']: r['base'] for r in self.methods}
        self.types = read(folder / 'types.tsv')
        self.errors = read(folder / 'errors.tsv')
        for r in self.methods:
            if (r['iid'], r['base']) != (self.iids[r['interface']], self.bases[r['interface']]):
                sys.exit(f'gen_checks.py: {r["interface"]} has two IIDs or bases')

    def of(self, *kinds):
        return [r for r in self.types if r['kind'] in kinds]

    def counts(self):
        return {
            'interfaces': len(self.iids) - 1,  # IUnknown is COM's
            'methods': len(self.methods) - 3,
            'classes': len(self.classes),
            'enums': len(self.of('enum', 'flags')),
            'enum values': len(self.of('enum_value', 'flags_value')),
            'structs': len(self.of('struct')),
            'fields': len(self.of('field')),
            'constants': len(self.of('const')),
            'IDL constants': len(self.of('idl_const')),
            'VDS codes': len([r for r in self.errors if r['name'].startswith('VDS_')]),
        }


def guid_initializer(text):
    hexits = text.replace('-', '')
    tail = ', '.join('0x' + hexits[i:i + 2] for i in range(16, 32, 2))
    return f'{{0x{hexits[0:8]}, 0x{hexits[8:12]}, 0x{hexits[12:16]}, {{{tail}}}}}'


class Source:
    def __init__(self, ref, lang, abi):
        self.ref, self.cxx, self.windows = ref, lang == 'c++', abi.startswith('win')
        self.abi = {'win64': 'x64', 'win32': 'x86'}.get(abi, abi)
        self.runs = abi != 'x86'    # that one is only compiled
        self.lines = []

    def hold(self, condition, what):
        word = 'static_assert' if self.cxx else '_Static_assert'
        self.lines.append(f'{word}({condition}, "{what}");')

    def scalars(self):
        for r in self.ref.of('primitive'):
            name = 'VDS_HEALTH' if r['name'] == 'enum' else r['name']
            self.hold(f'sizeof({name}) == {r[self.abi + "_size"]}', f'sizeof {name}')
            if r['c_type'].startswith(('signed', 'unsigned')) and r['name'] != 'enum':
                sign = '<' if r['name'] in SIGNED else '>'
                self.hold(f'({name})-1 {sign} ({name})0', f'sign of {name}')
        for r in self.ref.of('typedef'):
            self.hold(f'sizeof({r["name"]}) == {r[self.abi + "_size"]}', f'sizeof {r["name"]}')
        self.hold('sizeof(u"x"[0]) == sizeof(WCHAR)', 'u literals are WCHAR strings')

    def enums(self):
        for r in self.ref.of('enum', 'flags'):
            self.hold(f'sizeof({r["name"]}) == {r[self.abi + "_size"]}', f'sizeof {r["name"]}')
            self.hold(f'sizeof({r["c_type"]}) == {r[self.abi + "_size"]}', f'tag of {r["name"]}')
        for r in self.ref.of('enum_value', 'flags_value'):
            self.hold(f'(uint32_t){r["member"]} == {int(r["value"], 0)}u', r['member'])
        for r in self.ref.of('const'):
            self.hold(f'{r["member"] or r["name"]} == {int(r["value"], 0)}u', r['name'])
        for r in [] if self.windows else self.ref.of(
                'idl_const'):      # windows.h has its own MAX_PATH
            self.lines += [f'#ifdef {r["name"]}', f'#error "{r["name"]} must not be in the header"',
                           '#endif']

    def structs(self):
        align = 'alignof' if self.cxx else '_Alignof'
        for r in self.ref.of('struct'):
            name = r['name']
            self.hold(f'sizeof({name}) == {r[self.abi + "_size"]}', f'sizeof {name}')
            self.hold(f'sizeof({r["c_type"]}) == sizeof({name})', f'tag of {name}')
            x64, x86 = re.fullmatch(r'align (\d+)/(\d+)', r['value']).groups()
            self.hold(f'{align}({name}) == {x64 if self.abi == "x64" else x86}',
                      f'alignment of {name}')
        for r in self.ref.of('field'):
            self.field(r)

    def field(self, r):
        name, member = r['name'], r['member']
        access = f'((({name} *)0)->{member})'
        what = f'{name}.{member}'
        self.hold(f'offsetof({name}, {member}) == {r[self.abi + "_offset"]}', f'offset of {what}')
        self.hold(f'sizeof({access}) == {r[self.abi + "_size"]}', f'size of {what}')
        if r['c_type'].startswith('struct '):
            return  # an arm of a union; its members have rows of their own
        array = re.fullmatch(r'(\w+)\[(\d+)\]', r['c_type'])
        if self.cxx:
            kind = f'{array[1]}[{array[2]}]' if array else r['c_type']
            self.hold(
                f'std::is_same<std::remove_reference<decltype({access})>::type, {kind}>::value',
                      f'type of {what}')
        else:
            kind = f'{array[1]}[{array[2]}]' if array else r['c_type']
            self.hold(f'__builtin_types_compatible_p(__typeof__({access}), {kind})',
                      f'type of {what}')

    def codes(self):
        for r in self.ref.errors:
            self.hold(f'(uint32_t){r["name"]} == {int(r["hex"], 16)}u', r['name'])
            self.hold(f'sizeof({r["name"]}) == 4', f'type of {r["name"]}')

    def vtables(self):
        pointer = 'sizeof(void *)'
        for r in self.ref.methods:
            name, method = r['interface'], r['method']
            what = f'{name}::{method}'
            if self.cxx:
                if what == 'IUnknown::QueryInterface':
                    continue    # a template overloads it; the slots below name its type
                args = '' if r['parameters'] == 'void' else r['parameters']
                self.hold(
                    f'std::is_same<decltype(&{name}::{method}), {r["returns"]} ({name}::*)({args})>::value',
                          f'signature of {what}')
                continue
            self.hold(f'offsetof({name}Vtbl, {method}) == {r["slot"]} * {pointer}',
                      f'slot of {what}')
            args = f'{name} *' + ('' if r['parameters'] == 'void' else f', {r["parameters"]}')
            self.hold(
                f'_Generic((({name}Vtbl *)0)->{method}, '
                f'{r["returns"]} (STDMETHODCALLTYPE *)({args}): 1, default: 0)',
                      f'signature of {what}')
        for name in self.ref.iids:
            slots = len([r for r in self.ref.methods if r['interface'] == name])
            if self.ref.bases[name] == 'IUnknown':
                slots += 3
            if self.cxx:
                self.hold(
                    f'std::is_abstract<{name}>::value && !std::has_virtual_destructor<{name}>::value',
                          f'{name} is an interface')
                self.hold(f'sizeof({name}) == {pointer}', f'{name} is one vtable pointer')
                if name != 'IUnknown':
                    self.hold(f'std::is_base_of<{self.ref.bases[name]}, {name}>::value',
                              f'base of {name}')
            else:
                self.hold(f'sizeof({name}Vtbl) == {slots} * {pointer}', f'slots of {name}')

    def tables(self):
        self.lines += ['',
                       'static const struct { const char *name; const GUID *have; GUID want; } guids[] = {']
        for name, iid in self.ref.iids.items():
            self.lines.append(f'\t{{"IID_{name}", &IID_{name}, {guid_initializer(iid)}}},')
        for name, clsid in self.ref.classes.items():
            self.lines.append(f'\t{{"{name}", &{name}, {guid_initializer(clsid)}}},')
        self.lines += ['};', '']
        if not self.cxx:
            return
        self.lines += [
            'static const struct { const char *name; size_t have; size_t want; } slots[] = {']
        for r in self.ref.methods:
            what = f'{r["interface"]}::{r["method"]}'
            # IUnknown has a template of that name beside the method.
            of = 'slot_of<HRESULT (STDMETHODCALLTYPE IUnknown::*)(REFIID, void **)>' \
                if what == 'IUnknown::QueryInterface' else 'slot_of'
            self.lines.append(f'\t{{"{what}", {of}(&{what}), {r["slot"]}}},')
        self.lines += ['};', '']

    def text(self):
        head = ['/* Made by gen_checks.py: the published facts of VDS against the headers. */',
                '#define INITGUID', '#include <stddef.h>', '#include <stdint.h>',
                '#include <vds/libvds.h>']
        if self.runs:
            head += ['#include <stdio.h>', '#include <string.h>']
        if self.cxx:
            head += ['#include <type_traits>'] + ([CXX_SLOT_OF] if self.runs else [])
        for part in (self.scalars, self.enums, self.structs, self.codes, self.vtables):
            part()
        if self.runs:
            self.tables()
            self.lines.append(CXX_MAIN if self.cxx else C_MAIN)
        return '\n'.join(head + [''] + self.lines) + '\n'


# A pointer to a virtual member function is 1 + its offset in the vtable (Itanium C++ ABI §2.3).
CXX_SLOT_OF = '''
template <class F>
static size_t
slot_of(F f)
{
	size_t word[2];
	static_assert(sizeof(f) == sizeof(word), "a pointer to member function is two words");
	memcpy(word, &f, sizeof(word));
	return (word[0] - 1) / sizeof(void *);
}
'''

MAIN_GUIDS = '''
	int wrong = 0;
	for (size_t i = 0; i < sizeof(guids) / sizeof(guids[0]); i++) {
		if (memcmp(guids[i].have, &guids[i].want, sizeof(GUID)) != 0) {
			printf("wrong: %s\\n", guids[i].name);
			wrong++;
		}
	}
'''

C_MAIN = f'''
int
main(void)
{{{MAIN_GUIDS}
	printf("%zu guids\\n", sizeof(guids) / sizeof(guids[0]));
	return wrong != 0;
}}
'''

CXX_MAIN = f'''
int
main()
{{{MAIN_GUIDS}
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {{
		if (slots[i].have != slots[i].want) {{
			printf("wrong: slot of %s is %zu, not %zu\\n", slots[i].name, slots[i].have,
			       slots[i].want);
			wrong++;
		}}
	}}
	printf("%zu guids, %zu slots\\n", sizeof(guids) / sizeof(guids[0]), sizeof(slots) / sizeof(slots[0]));
	return wrong != 0;
}}
'''


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--lang', choices=['c', 'c++'], required=True)
    parser.add_argument('--abi', choices=['x64', 'x86', 'win64', 'win32'], default='x64')
    parser.add_argument('--reference', type=Path, required=True)
    parser.add_argument('--output', type=Path, required=True)
    args = parser.parse_args()
    ref = Reference(args.reference)
    if ref.counts() != COMPLETE:
        sys.exit(
            f'gen_checks.py: the reference is not complete: {ref.counts()} instead of {COMPLETE}')
    args.output.write_text(Source(ref, args.lang, args.abi).text(), encoding='utf-8')


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads idl/vds.idl, for the programs that make C from it while the library is built: gen-wraps (the
service's wrappers) and gen-tables (what the proxies and stubs of another process need to know).
"""
import collections
import re
import sys

INTERFACE = re.compile(r'interface (I\w+) : (\w+)\s*\{(.*?)\n\}', re.S)
METHOD = re.compile(r'HRESULT (\w+)\((.*?)\);', re.S)
PARAMETER = re.compile(r'\[([^\]]*)\]\s*((?:const )?\w+)\s*(\**)\s*(\w+)$')
STRUCT = re.compile(r'typedef struct \w+ \{(.*?)\n\} (\w+)(?:, \*(\w+))?;', re.S)
MEMBER = re.compile(r'^(?:\[(?P<attributes>[^\]]*)\])?\s*(?P<type>(?:unsigned )?\w+)\s+'
                    r'(?P<stars>\**)(?P<name>\w+)(?:\[(?P<count>\w+)\])?$')
UNION = re.compile(r'\[switch_is\((\w+)\)\] union \{(.*?)\n\t\};', re.S)

# attributes: the text between the brackets; stars: "", "*" or "**"
Parameter = collections.namedtuple('Parameter', 'attributes type stars name')
# cases: None, or (the member that says which arm of a union counts, [its values for this one])
Member = collections.namedtuple('Member', 'attributes type stars name count cases')


def text_of(path):
    """The IDL without comments."""
    with open(path, encoding='utf-8') as idl:
        return re.sub(r'/\*.*?\*/', '', idl.read(), flags=re.S)


def parameters_of(text):
    """The parameters of a method."""
    text = ' '.join(text.split())
    if text in ('', 'void'):
        return []
    found = []
    for part in re.split(r',\s*(?=\[)', text):
        match = PARAMETER.match(part.strip())
        if match is None:
            sys.exit(f'vds_idl: cannot read the parameter "{part}"')
        found.append(Parameter(*match.groups()))
    return found


def interfaces_of(text):
    """{interface: (its base, [(method, [Parameter])])}"""
    return {m[1]: (m[2], [(k[1], parameters_of(k[2])) for k in METHOD.finditer(m[3])])
            for m in INTERFACE.finditer(text)}


def member_of(text, cases=None):
    match = MEMBER.match(' '.join(text.split()))
    if match is None:
        sys.exit(f'vds_idl: cannot read the member "{text}"')
    return Member(match['attributes'] or '', match['type'], match['stars'], match['name'],
                  match['count'], cases)


def members_of(body):
    """The members of a struct, with those of its unions."""
    found = []
    for match in UNION.finditer(body):
        for arm in match[2].split(';'):
            case = re.match(r'\s*\[case\(([^)]*)\)\](.*)', arm, re.S)
            if case is not None:
                values = [value.strip() for value in case[1].split(',')]
                found.append(member_of(case[2], (match[1], values)))
            elif arm.strip() not in ('', '[default]'):
                sys.exit(f'vds_idl: cannot read the arm "{arm}"')
    rest = [part for part in UNION.sub('', body).split(';') if part.strip()]
    return [member_of(part) for part in rest] + found


def structs_of(text):
    """({struct: [Member]}, {name of a type that points to a struct: the struct})"""
    structs, pointers = {}, {}
    for match in STRUCT.finditer(text):
        structs[match[2]] = members_of(match[1])
        if match[3]:
            pointers[match[3]] = match[2]
    return structs, pointers


def is_interface(name):
    return name.startswith('IVds') or name in ('IUnknown', 'IEnumVdsObject')


def is_out(parameter):
    return re.search(r'\bout\b', parameter.attributes) is not None


def attribute(attributes, name):
    """The text in the brackets of an attribute such as size_is(…), or None."""
    match = re.search(rf'\b{name}\(([^)]*)\)', attributes)
    return match[1] if match else None

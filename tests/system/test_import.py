#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vds-import makes plans from the files of other targets: they fit docs/plan.schema.json, serve
what the other target served, never more, and each thing that is lost is named with its place.
"""
import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile

import vdstest
from vdstest import check, equal

sys.path.insert(0, str(pathlib.Path(os.environ['MESON_BUILD']) / 'src' / 'python'))
sys.path.append('/usr/lib/python3/dist-packages')      # Debian's packages, for any interpreter
from vds import importers  # noqa: E402  the package that this build made

SCHEMA = json.loads((pathlib.Path(os.environ['MESON_SOURCE']) / 'docs' / 'plan.schema.json')
                    .read_text())
MIB = 1 << 20
ALICE, BOB = 'iqn.1993-08.org.debian:alice', 'iqn.1993-08.org.debian:bob'
SECRET = 'correcthorsebattery'

# Each sample has the features that the documentation of its target shows; DIR is a directory.
TGT = f'''
# a comment
default-driver iscsi
include DIR/more/*.conf
<target iqn.2008-09.com.example:one>
    backing-store DIR/b.img
    backing-store DIR/a.img   # Becomes LUN 1
</target>
<target iqn.2008-09.com.example:two>
    <direct-store DIR/c.img>
        lun 1
        readonly 1
        vendor_id ACME
    </direct-store>
    <backing-store DIR/a.img>
        lun 15
    </backing-store>
    <backing-store "DIR/d.img">
        block-size 4096
        removable 1
    </backing-store>
    allow-in-use yes
    initiator-address 192.0.2.0/24
    initiator-name {ALICE}
    incominguser joe {SECRET}
    outgoinguser array {SECRET}x
</target>
incomingdiscoveryuser seeker {SECRET}y
'''
MORE = '''
<target iqn.2008-09.com.example:three>
    backing-store = DIR/d.img
    block-size 4096
    initiator-address ALL
</target>
'''


def lio(**changes):
    """A saveconfig.json: two disks, one target with two ACLs, whose LUN numbers differ."""
    tpg = {
        'tag': 1, 'enable': True,
        'attributes': {'authentication': 1, 'generate_node_acls': 0},
        'luns': [{'index': 0, 'storage_object': '/backstores/fileio/disk1'},
                 {'index': 1, 'storage_object': '/backstores/block/disk2'}],
        'portals': [{'ip_address': '192.0.2.10', 'port': 3260, 'iser': False},
                    {'ip_address': '[2001:db8::10]', 'port': 3261, 'iser': False}],
        'node_acls': [
            {'node_wwn': ALICE, 'chap_userid': 'alice', 'chap_password': SECRET,
             'mapped_luns': [{'index': 0, 'tpg_lun': 0, 'write_protect': False},
                             {'index': 1, 'tpg_lun': 1, 'write_protect': True}]},
            {'node_wwn': BOB.upper(),
             'mapped_luns': [{'index': 0, 'tpg_lun': 1, 'write_protect': True}]}],
        **changes}
    return json.dumps({
        'fabric_modules': [{'name': 'iscsi', 'userid': 'seeker', 'password': SECRET}],
        'storage_objects': [
            {'name': 'disk1', 'plugin': 'fileio', 'dev': '/nowhere/disk1.img', 'size': 64 * MIB,
             'wwn': '1234', 'write_back': True},
            {'name': 'disk2', 'plugin': 'block', 'dev': 'DIR/b.img', 'readonly': False},
            {'name': 'unused', 'plugin': 'ramdisk', 'size': MIB}],
        'targets': [{'fabric': 'iscsi', 'wwn': 'iqn.2003-01.org.example:lio', 'tpgs': [tpg]},
                    {'fabric': 'loopback', 'wwn': 'naa.5001405', 'tpgs': []}]}, indent=1)


SCST = f'''
setup_id 0x1234
HANDLER vdisk_fileio {{
\tDEVICE disk1 {{
\t\tfilename DIR/a.img
\t\tnv_cache 1
\t}}
\tDEVICE disk2 {{
\t\tfilename "DIR/with blank.img"
\t\tblocksize 4096
\t\tread_only 1
\t}}
\tDEVICE disk3 {{
\t\tfilename DIR/c.img
\t\tt10_dev_id 0x1
\t}}
}}
TARGET_DRIVER iscsi {{
\tenabled 1
\tTARGET iqn.2006-10.net.vlnb:tgt {{
\t\tIncomingUser "joe {SECRET}"
\t\tallowed_portal 192.0.2.10
\t\tenabled 1
\t\tGROUP hosts {{
\t\t\tLUN 0 disk1
\t\t\tLUN 1 disk2 {{
\t\t\t\tread_only 1
\t\t\t}}
\t\t\tINITIATOR {ALICE}
\t\t\tINITIATOR iqn.1991-05.com.microsoft:*
\t\t}}
\t\tGROUP others {{
\t\t\tLUN 0 disk3
\t\t\tINITIATOR {BOB}
\t\t}}
\t}}
\tTARGET iqn.2006-10.net.vlnb:off {{
\t\tLUN 0 disk1
\t\tenabled 0
\t}}
}}
TARGET_DRIVER ib_srpt {{
\tTARGET fe80:0000:0000:0000:0002:c903:0005:f34b {{
\t\tLUN 0 disk1
\t}}
}}
'''


class Place:
    """A directory with images, and the file to import."""

    def __init__(self, text, name):
        self.text, self.name = text, name

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix='vdsimport.')
        self.top = pathlib.Path(self.temporary.name)
        for image, size in (('a.img', MIB), ('b.img', 2 * MIB), ('c.img', 3 * MIB),
                            ('d.img', 4 * MIB + 1), ('with blank.img', MIB)):
            with open(self.top / image, 'wb') as file:
                file.truncate(size)
        (self.top / 'more').mkdir()
        (self.top / 'more' / 'x.conf').write_text(MORE.replace('DIR', str(self.top)))
        self.path = self.top / self.name
        self.path.write_text(self.text.replace('DIR', str(self.top)))
        return self

    def __exit__(self, kind, value, trace):
        self.temporary.cleanup()

    def run(self, *words):
        """The exit status, what was printed, and the complaints."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = importers.main([str(self.path), *words])
        check(SECRET not in out.getvalue() + err.getvalue(), 'a secret is in what was printed')
        return status, out.getvalue(), err.getvalue()

    def plan(self):
        """The plan and the notes.  Every plan fits the schema."""
        import jsonschema
        status, text, notes = self.run()
        check(status in (0, 3), f'it ended with {status}: {notes}')
        equal(status == 3, bool(notes), 'the exit status says whether there are notes')
        plan = json.loads(text)
        errors = [f'{"/".join(map(str, error.absolute_path))}: {error.message}'
                  for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(plan)]
        equal(errors, [], 'what does not fit the schema')
        return plan, notes


def served(plan):
    """{target: {number: (LUN, mask)}}."""
    masks = {lun['name']: lun['mask'] for lun in plan['luns']}
    found = {}
    for pair in plan['associations']:
        found.setdefault(pair['target'], {})[pair['number']] = (pair['lun'], masks[pair['lun']])
    return found


def by_name(items):
    return {item['name']: item for item in items}


def targets_conf_of_tgt():
    with Place(TGT, 'targets.conf') as place:
        plan, notes = place.plan()
        one, two, three = (f'iqn.2008-09.com.example:{name}' for name in ('one', 'two', 'three'))
        equal(served(plan), {
            one: {1: ('a.img', [ALICE]), 2: ('b.img', ['*'])},
            two: {1: ('c.img', [ALICE]), 15: ('a.img', [ALICE]), 2: ('d.img', [ALICE])},
            three: {1: ('d.img', [ALICE])},
        }, 'what is served')
        luns, targets = by_name(plan['luns']), by_name(plan['targets'])
        equal([luns[name]['size'] for name in ('a.img', 'b.img')], [MIB, 2 * MIB], 'sizes')
        equal(luns['c.img'].get('read_only'), True, 'readonly')
        equal((luns['d.img']['block_size'], luns['d.img'].get('removable'), luns['d.img']['size']),
              (4096, None, 4 * MIB + 4096), 'd.img')
        equal(targets[two]['sources'], ['192.0.2.0/24'], 'initiator-address')
        check('sources' not in targets[one] and 'sources' not in targets[three], 'ALL')
        equal(targets[two]['chap'], [{'side': 'initiator', 'user': 'joe'},
                                     {'side': 'target', 'user': 'array'}], 'users')
        equal(plan['discovery_chap'], [{'side': 'initiator', 'user': 'seeker'}], 'discovery')
        for words in ('vendor_id', 'secrets of "joe"', 'no whole number of blocks',
                      'other initiators may use "a.img"', 'has other options in another',
                      f'{place.path}:13: vendor_id'):
            check(words in notes, f'no note says {words}: {notes}')


def saveconfig_json_of_lio():
    with Place(lio(), 'saveconfig.json') as place:
        plan, notes = place.plan()
        name = 'iqn.2003-01.org.example:lio'
        equal(served(plan), {name: {0: ('disk1', [ALICE]), 1: ('disk2', [ALICE, BOB])}},
              'what is served')
        luns, target = by_name(plan['luns']), plan['targets'][0]
        equal((luns['disk1']['size'], luns['disk2']['size']), (64 * MIB, 2 * MIB), 'sizes')
        equal((luns['disk1'].get('read_only'), luns['disk2'].get('read_only')), (None, True),
              'read-only')
        equal(target['portal_groups'],
              [{'tag': 1, 'portals': ['192.0.2.10:3260', '[2001:db8::10]:3261']}], 'portals')
        equal(target['chap'], [{'side': 'initiator', 'user': 'alice', 'initiator': ALICE}], 'CHAP')
        for words in ('has the number 1 for all', 'loopback', 'serial number of disk1',
                      'targets[1]'):
            check(words in notes, f'no note says {words}: {notes}')
        check('unused' not in luns, 'a disk that nobody sees')


def what_everybody_sees_in_lio():
    acls = {'node_acls': [], 'attributes': {'generate_node_acls': 1, 'authentication': 0}}
    with Place(lio(**acls), 'saveconfig.json') as place:
        plan, _ = place.plan()
        [target] = served(plan).values()
        equal([mask for _, mask in target.values()], [['*'], ['*']], 'for everybody')
        equal([lun.get('read_only') for lun in plan['luns']], [True, True],
              'demo mode is write-protected')
        check('chap' not in plan['targets'][0], 'nobody must prove itself')
    with Place(lio(node_acls=[]), 'saveconfig.json') as place:
        plan, notes = place.plan()
        [target] = served(plan).values()
        equal([mask for _, mask in target.values()], [[], []], 'for nobody')
        check('nobody may use' in notes, notes)
    # With an ACL, everybody else sees the LUNs of the group: no list can say "all but alice".
    with Place(lio(attributes={'generate_node_acls': 1}), 'saveconfig.json') as place:
        plan, notes = place.plan()
        [target] = served(plan).values()
        equal(target[0][1], [ALICE], 'who may use disk1')
        check('everybody but some' in notes, notes)


def scst_conf_of_scst():
    with Place(SCST, 'scst.conf') as place:
        plan, notes = place.plan()
        found = served(plan)
        target = found['iqn.2006-10.net.vlnb:tgt']
        # disk1 is LUN 0 of some and disk3 of others; here one of them gets another number.
        equal({lun: mask for lun, mask in target.values()},
              {'disk1': [ALICE], 'disk2': [ALICE], 'disk3': [BOB]}, 'who may use what')
        equal(len(target), 3, 'numbers')
        luns, targets = by_name(plan['luns']), by_name(plan['targets'])
        equal((luns['disk2']['block_size'], luns['disk2']['read_only'], luns['disk2']['size']),
              (4096, True, MIB), 'disk2')
        equal(targets['iqn.2006-10.net.vlnb:tgt']['portal_groups'],
              [{'tag': 1, 'portals': ['192.0.2.10:3260']}], 'portals')
        equal(targets['iqn.2006-10.net.vlnb:off']['portal_groups'], [], 'a disabled target')
        for words in ('has the number', 'is a pattern', 'ib_srpt', 't10_dev_id', 'disabled'):
            check(words in notes, f'no note says {words}: {notes}')


# What needs no secrets and names no portals, so that an array on this machine can serve it.
OPEN_TGT = f'''
<target iqn.2008-09.com.example:open>
    backing-store DIR/a.img
    backing-store DIR/b.img
    initiator-address 127.0.0.1
</target>
<target iqn.2008-09.com.example:named>
    <backing-store DIR/c.img>
        lun 7
        readonly 1
    </backing-store>
    initiator-name {ALICE}
</target>
<target iqn.2008-09.com.example:elsewhere>
    backing-store DIR/d.img
    block-size 4096
    initiator-address 192.0.2.0/24
</target>
'''


def an_array_serves_what_the_plan_says():
    """The file goes through vdsctl into a real array, and an initiator looks."""
    with Place(OPEN_TGT, 'targets.conf') as place, vdstest.Daemon() as daemon:
        plan, _ = place.plan()
        file = place.top / 'plan.json'
        file.write_text(json.dumps(plan))
        daemon.ctl('apply', file)
        daemon.ctl('plan', file)            # its exit status says that nothing is left to do
        luns = {lun['serial']: lun for lun in daemon.rest().list('luns')}
        initiator = vdstest.Initiator()

        def seen(target, name):
            found = initiator.list(daemon.portal, f'iqn.2008-09.com.example:{target}', name)
            return {number: luns[serial]['name'] for number, serial in found.items()}
        for name in (ALICE, BOB):
            equal(seen('open', name), {1: 'a.img', 2: 'b.img'}, f'what {name} sees')
        equal(seen('named', ALICE), {7: 'c.img'}, 'what alice sees')
        equal(seen('named', BOB), {}, 'what bob sees')
        try:
            seen('elsewhere', ALICE)
        except vdstest.Failed:
            pass
        else:
            raise vdstest.Failed('a network that the file does not name may log in')
        by_lun = by_name(luns.values())
        equal((by_lun['c.img']['access'], by_lun['d.img']['block_bytes']), ('read-only', 4096),
              'a read-only LUN, and one with blocks of 4096 bytes')
        initiator.close()


BAD = [
    ('targets.conf', '<target iqn.a:b>\n backing-store /x\n', 'targets.conf:1: the block <target>'),
    ('targets.conf', '<target iqn.a:b>\n</backing-store>\n</target>', 'targets.conf:2'),
    ('targets.conf', '<target iqn.a:b>\n<backing-store DIR/a.img>\nlun zero\n</backing-store>\n'
     '</target>', 'from 1 on'),
    ('targets.conf', '<target iqn.a:b>\nincominguser joe\n</target>', 'name and a secret'),
    ('targets.conf', 'include DIR/none.conf\n<target iqn.a:b>\n</target>', 'is not there'),
    ('targets.conf', 'include DIR/targets.conf\n<target a>\n</target>', 'include itself'),
    ('targets.conf', '<target iqn.a:b>\nbacking-store DIR/a.img\nbacking-store DIR/b.img\nlun 3\n'
     '</target>', 'taken twice'),
    ('targets.conf', 'a\0b <target', 'is no text'),
    ('saveconfig.json', '{"storage_objects": [', 'saveconfig.json:1:'),
    ('saveconfig.json', '{"x": 1}', 'is no saveconfig.json'),
    ('saveconfig.json', '{"storage_objects": {}}', '"storage_objects" must be a list'),
    ('saveconfig.json', '{"storage_objects": [1]}', 'storage_objects[0]'),
    ('saveconfig.json', '{"storage_objects": [{"plugin": "block"}]}', '"name" must be a text'),
    ('saveconfig.json', '{"targets": [{"fabric": "iscsi", "wwn": "iqn.a:b", "tpgs": [{"luns": '
     '[{"index": 0, "storage_object": "/backstores/block/x"}]}]}]}', 'no storage object'),
    ('saveconfig.json', '{"targets": ' + '[' * 100000, 'nested too deeply'),
    ('scst.conf', 'HANDLER x {\n', 'scst.conf:1: the section HANDLER has no }'),
    ('scst.conf', 'HANDLER x {\n}\n}\n', 'scst.conf:3'),
    ('scst.conf', 'HANDLER x {\nDEVICE "a\n}\n', 'quotation mark'),
    ('scst.conf', 'TARGET_DRIVER iscsi {\nTARGET iqn.a:b {\nLUN 0 none\n}\n}\n', 'scst.conf:3'),
    ('scst.conf', 'HANDLER h {\nDEVICE d\n}\nTARGET_DRIVER iscsi {\nTARGET iqn.a:b {\n'
     'LUN x d\n}\n}', 'LUN NUMBER DEVICE'),
    ('unknown.txt', 'hello', 'give --from'),
]


def what_is_wrong_with_a_file_is_said():
    for name, text, words in BAD:
        with Place(text, name) as place:
            status, out, err = place.run()
            equal((status, out), (1, ''), f'{text[:40]!r}: {err}')
            check(words in err, f'`{words}` is not in: {err}')
    with Place('', 'targets.conf') as place:
        place.path.unlink()
        equal(place.run()[0], 1, 'no file')


def names_are_valid_and_unique():
    from vds.importers.served import unique_name
    taken = set()
    names = [unique_name(wanted, taken) for wanted in
             ['disk', 'disk', 'disk', 'a' * 100, 'a' * 100, '\U0001f4be' * 40, '', ',;\n',
              'disk-2']]
    equal(len(set(names)), len(names), 'different names')
    for name in names:
        check(0 < len(name.encode('utf-16-le')) // 2 <= 63, f'{name!r} is too long')
    equal(names[:3], ['disk', 'disk-2', 'disk-3'], 'the first ones')


if __name__ == '__main__':
    vdstest.main([targets_conf_of_tgt, saveconfig_json_of_lio, what_everybody_sees_in_lio,
                  scst_conf_of_scst, an_array_serves_what_the_plan_says,
                  what_is_wrong_with_a_file_is_said,
                  names_are_valid_and_unique])

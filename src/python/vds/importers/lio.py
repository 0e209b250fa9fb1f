# SPDX-License-Identifier: LGPL-2.1-or-later
"""saveconfig.json of LIO, which targetcli and rtslib write."""
from __future__ import annotations

import json
import os
from typing import Any

from .served import (EVERYBODY, Account, Device, Group, ImportFailed, Mapping, Served, Target,
                     View, size_of)

ISCSI_PORT = 3260


def _is_on(value: Any) -> bool:
    return value not in (None, False, 0, '0', 'False', 'false', 'no', '')


class Part:
    """An object of the file with its place, which reads members of the right type."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise ImportFailed(f'{place}: is {type(value).__name__}, not an object')
        self.value, self.place = value, place

    def text(self, name: str, needed: bool = False) -> str:
        value = self.value.get(name)
        if value is None and not needed:
            return ''
        if not isinstance(value, str):
            raise ImportFailed(f'{self.place}: "{name}" must be a text')
        return value

    def number(self, name: str, default: int | None = None) -> int:
        value = self.value.get(name, default)
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ImportFailed(f'{self.place}: "{name}" must be a number')
        return value

    def on(self, name: str, default: bool = False) -> bool:
        return _is_on(self.value[name]) if name in self.value else default

    def part(self, name: str) -> Part:
        return Part(self.value.get(name) or {}, f'{self.place}.{name}')

    def parts(self, name: str) -> list[Part]:
        value = self.value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise ImportFailed(f'{self.place}: "{name}" must be a list')
        return [Part(one, f'{self.place}.{name}[{number}]') for number, one in enumerate(value)]

    def secret(self, *names: str) -> str:
        """The first of these members, which has different names in different versions."""
        return next((self.text(name) for name in names if self.value.get(name)), '')


class Importer:
    def __init__(self, root: Part) -> None:
        self.served, self.root = Served(), root
        self.devices: dict[str, Device] = {}

    def device(self, part: Part) -> None:
        plugin, name = part.text('plugin', True), part.text('name', True)
        attributes = part.part('attributes')
        path = part.text('dev')
        block_size = attributes.number('block_size', 512)
        device = Device(name, path, part.place, size=size_of(path) if path else None,
                        read_only=part.on('readonly'))
        if plugin in ('fileio', 'ramdisk') and part.value.get('size'):
            device.size = part.number('size')
        if plugin not in ('fileio', 'block', 'ramdisk'):
            self.served.note(part.place, f'{name} is of the kind {plugin}: it is imported as a '
                             'disk, without the commands of its own')
        if block_size in (512, 4096):
            device.block_size = block_size
        else:
            self.served.note(part.place, f'blocks of {block_size} bytes: a LUN has 512 or 4096')
        if plugin == 'fileio' and not part.on('write_back', True) or \
                'emulate_write_cache' in attributes.value and plugin == 'block' and \
                not attributes.on('emulate_write_cache'):
            self.served.note(part.place, f'the write cache of {name} is on at first: an initiator '
                             'turns it off by MODE SELECT')
        if part.text('wwn'):
            self.served.note(part.place, f'the serial number of {name} ({part.text("wwn")}) is not '
                             'kept: initiators see a new disk')
        for alua in part.parts('alua_tpgs'):
            if alua.number('alua_access_state', 0) != 0:
                self.served.note(alua.place, 'access states of a disk have no counterpart: set '
                                 'that of a portal group (vdsctl group set)')
        self.devices[f'/backstores/{plugin}/{name}'] = device

    def lun_table(self, tpg: Part) -> dict[int, Device]:
        found = {}
        for lun in tpg.parts('luns'):
            name = lun.text('storage_object', True)
            if name not in self.devices:
                raise ImportFailed(f'{lun.place}: there is no storage object {name}')
            found[lun.number('index')] = self.devices[name]
        return found

    def acl(self, acl: Part, luns: dict[int, Device]) -> View:
        name = acl.text('node_wwn', True).lower()
        view = View({name})
        for mapped in acl.parts('mapped_luns'):
            index = mapped.number('tpg_lun')
            if index not in luns:
                raise ImportFailed(f'{mapped.place}: the group has no LUN {index}')
            view.luns[mapped.number('index')] = Mapping(luns[index], mapped.place,
                                                        mapped.on('write_protect'))
        return view

    def accounts(self, part: Part, initiator: str = '') -> list[Account]:
        found = []
        for side, names in (('initiator', ('chap_userid', 'userid')),
                            ('target', ('chap_mutual_userid', 'mutual_userid'))):
            user = part.secret(*names)
            if user:
                found.append(Account(side, user, initiator))
        return found

    def tpg(self, target: Target, tpg: Part) -> None:
        luns, attributes = self.lun_table(tpg), tpg.part('attributes')
        portals = [(portal.text('ip_address', True).strip('[]'),
                    portal.number('port', ISCSI_PORT)) for portal in tpg.parts('portals')]
        assert target.groups is not None
        target.groups.append(Group(tpg.number('tag', 1), portals if tpg.on('enable', True) else []))
        if not tpg.on('enable', True):
            self.served.note(tpg.place, 'the group is disabled: it gets no portals here')
        for portal in tpg.parts('portals'):
            if portal.on('iser') or portal.on('offload'):
                self.served.note(portal.place, 'iSER and offload have no counterpart')
        views = [self.acl(acl, luns) for acl in tpg.parts('node_acls')]
        if attributes.on('generate_node_acls'):
            protect = attributes.on('demo_mode_write_protect', True)
            views.append(View({EVERYBODY}, {index: Mapping(device, tpg.place, protect)
                                            for index, device in luns.items()}))
        if not views:
            self.served.note(tpg.place, 'nobody may use its LUNs: it has neither ACLs nor '
                             'generate_node_acls')
            views = [View(set(), {index: Mapping(device, tpg.place)
                                  for index, device in luns.items()})]
        target.views += views
        if attributes.on('authentication'):
            target.accounts += self.accounts(tpg)
            for acl in tpg.parts('node_acls'):
                target.accounts += self.accounts(acl, acl.text('node_wwn').lower())
            if not target.accounts:
                self.served.note(tpg.place, 'it wants CHAP of initiators but has no secret: here '
                                 'logins need none until one is set')

    def target(self, part: Part) -> None:
        if part.text('fabric', True) != 'iscsi':
            self.served.note(part.place, f'{part.text("wwn")} is a target of '
                             f'{part.text("fabric")}, not of iSCSI')
            return
        target = Target(part.text('wwn', True), part.place, groups=[])
        tpgs = part.parts('tpgs')
        for tpg in tpgs:
            self.tpg(target, tpg)
        tables = [{index: id(device) for index, device in self.lun_table(tpg).items()}
                  for tpg in tpgs]
        if any(table != tables[0] for table in tables):
            self.served.note(part.place, 'its portal groups have different LUNs: here a target has '
                             'the same LUNs at all its portals')
        self.served.targets.append(target)

    def everything(self) -> Served:
        for part in self.root.parts('storage_objects'):
            self.device(part)
        for part in self.root.parts('targets'):
            self.target(part)
        for part in self.root.parts('fabric_modules'):
            if part.text('name') != 'iscsi':
                continue
            discovery = part.part('discovery_auth') if 'discovery_auth' in part.value else part
            if 'enable' not in discovery.value or discovery.on('enable'):
                self.served.discovery += self.accounts(discovery)
        return self.served


def read(path: str) -> Served:
    """What LIO would serve with this saveconfig.json.  Raises ImportFailed."""
    try:
        with open(path, encoding='utf-8') as file:
            root = json.load(file)
    except OSError as error:
        raise ImportFailed(f'{path}: cannot be read: {error.strerror}') from error
    except UnicodeError as error:
        raise ImportFailed(f'{path}: is no text in UTF-8') from error
    except json.JSONDecodeError as error:
        raise ImportFailed(f'{path}:{error.lineno}:{error.colno}: is no JSON: {error.msg}') \
            from error
    except RecursionError as error:
        raise ImportFailed(f'{path}: is nested too deeply') from error
    name = os.path.basename(path)
    if not isinstance(root, dict) or 'storage_objects' not in root and 'targets' not in root:
        raise ImportFailed(f'{path}: has neither "storage_objects" nor "targets": it is no '
                           'saveconfig.json')
    return Importer(Part(root, name)).everything()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""scst.conf of SCST, as scst.conf(5) of scstadmin describes it."""
from __future__ import annotations

import dataclasses
import ipaddress
import re

from .served import (EVERYBODY, Account, Device, Group, ImportFailed, Mapping, Served, Target,
                     View, size_of)

ISCSI_PORT = 3260
DISKS = {'vdisk_fileio', 'vdisk_blockio', 'vdisk_nullio', 'dev_disk', 'dev_disk_perf', 'vcdrom'}
# What is carried over, and what an initiator negotiates or does not see.
DEVICE_UNDERSTOOD = {'filename', 'blocksize', 'read_only', 'removable', 'nv_cache', 'write_through',
                     'thin_provisioned', 'rotational', 'size', 'size_mb', 'o_direct', 'dummy',
                     'threads_num', 'threads_pool_type', 'async', 'prod_id', 'vend_specific_id'}
TARGET_UNDERSTOOD = {'enabled', 'IncomingUser', 'OutgoingUser', 'allowed_portal', 'rel_tgt_id',
                     'HeaderDigest', 'DataDigest', 'InitialR2T', 'ImmediateData', 'QueuedCommands',
                     'MaxRecvDataSegmentLength', 'MaxXmitDataSegmentLength', 'MaxBurstLength',
                     'FirstBurstLength', 'MaxOutstandingR2T', 'NopInInterval', 'NopInTimeout',
                     'RspTimeout', 'MaxSessions', 'alias', 'io_grouping_type', 'cpu_mask',
                     'per_portal_acl'}


@dataclasses.dataclass
class Section:
    """A section `KIND words {`; an entry without braces is an empty one."""

    kind: str
    words: list[str]
    place: str
    inside: list[Section] = dataclasses.field(default_factory=list)

    def of(self, kind: str) -> list[Section]:
        return [section for section in self.inside if section.kind == kind]

    def value(self, name: str, default: str = '') -> str:
        found = self.of(name)
        return ' '.join(found[-1].words) if found else default

    def is_on(self, name: str, default: bool = False) -> bool:
        return self.value(name, '1' if default else '0') not in ('0', '')

    def name(self) -> str:
        if not self.words:
            raise ImportFailed(f'{self.place}: {self.kind} needs a name')
        return self.words[0]


def _words(line: str, place: str) -> list[str]:
    found = re.findall(r'"([^"]*)"|([^\s"]+)', line)
    if line.count('"') % 2:
        raise ImportFailed(f'{place}: a quotation mark has no other one')
    return [quoted or plain for quoted, plain in found]


def parse(path: str) -> Section:
    """The file as sections.  Raises ImportFailed."""
    try:
        with open(path, encoding='utf-8', errors='surrogateescape') as file:
            text = file.read()
    except OSError as error:
        raise ImportFailed(f'{path}: cannot be read: {error.strerror}') from error
    if '\0' in text:
        raise ImportFailed(f'{path}: is no text')
    root = Section('', [], path)
    stack = [root]
    for number, line in enumerate(text.split('\n'), 1):
        place = f'{path}:{number}'
        line = re.sub(r'(?<!\\)#.*$', '', line).replace('\\#', '#').strip()
        if not line:
            continue
        if line == '}':
            if len(stack) == 1:
                raise ImportFailed(f'{place}: this }} closes no section')
            stack.pop()
            continue
        opens = line.endswith('{')
        words = _words(line[:-1] if opens else line, place)
        if not words:
            raise ImportFailed(f'{place}: a section needs a kind and a name before {{')
        section = Section(words[0], words[1:], place)
        stack[-1].inside.append(section)
        if opens:
            stack.append(section)
    if len(stack) > 1:
        raise ImportFailed(f'{stack[-1].place}: the section {stack[-1].kind} has no }}')
    return root


class Importer:
    def __init__(self, root: Section) -> None:
        self.served, self.root = Served(), root
        self.devices: dict[str, Device] = {}

    def device(self, handler: str, section: Section) -> None:
        name, path = section.name(), section.value('filename')
        block_size = section.value('blocksize', '512')
        device = Device(name, path, section.place, size=size_of(path) if path else None,
                        read_only=section.is_on('read_only') or handler == 'vcdrom',
                        removable=section.is_on('removable') or handler == 'vcdrom')
        for member, unit in (('size', 1), ('size_mb', 1 << 20)):
            if device.size is None and section.value(member).isdigit():
                device.size = int(section.value(member)) * unit
        if block_size in ('512', '4096'):
            device.block_size = int(block_size)
        else:
            self.served.note(section.place, f'blocks of {block_size} bytes: a LUN has 512 or 4096')
        if handler not in DISKS or handler == 'vcdrom':
            self.served.note(section.place, f'{name} is of {handler}: it is imported as a disk')
        if section.is_on('write_through'):
            self.served.note(section.place, f'the write cache of {name} is on at first: an '
                             'initiator turns it off by MODE SELECT')
        for inside in section.inside:
            if inside.kind not in DEVICE_UNDERSTOOD:
                self.served.note(inside.place, f'{inside.kind} has no counterpart')
        self.devices[name] = device

    def luns(self, section: Section) -> dict[int, Mapping]:
        found = {}
        for lun in section.of('LUN'):
            if len(lun.words) != 2 or not lun.words[0].isdigit():
                raise ImportFailed(f'{lun.place}: expected LUN NUMBER DEVICE')
            number, name = int(lun.words[0]), lun.words[1]
            if name not in self.devices:
                raise ImportFailed(f'{lun.place}: there is no device {name}')
            if number in found:
                raise ImportFailed(f'{lun.place}: the LUN number {number} is taken twice')
            found[number] = Mapping(self.devices[name], lun.place, lun.is_on('read_only'))
        return found

    def view(self, group: Section) -> View:
        view = View(set(), self.luns(group))
        for initiator in group.of('INITIATOR'):
            name = initiator.name().split('#')[0].lower()
            if name == '*':
                view.initiators.add(EVERYBODY)
            elif re.search(r'[*?!]', name):
                self.served.note(initiator.place, f'{name} is a pattern: name the initiators that '
                                 'it stands for, or make a host of them')
            else:
                view.initiators.add(name)
        return view

    def portals(self, section: Section) -> list[Group] | None:
        found = []
        for allowed in section.of('allowed_portal'):
            try:
                found.append((str(ipaddress.ip_address(allowed.name())), ISCSI_PORT))
            except ValueError:
                self.served.note(allowed.place, f'{allowed.name()} is a pattern: name the '
                                 'addresses in the portal group')
        return [Group(1, found)] if section.of('allowed_portal') else None

    def target(self, driver: Section, section: Section) -> None:
        name = section.name()
        target = Target(name, section.place, alias=section.value('alias'),
                        enabled=section.is_on('enabled') and driver.is_on('enabled'),
                        groups=self.portals(section))
        for kind, side in (('IncomingUser', 'initiator'), ('OutgoingUser', 'target')):
            for user in section.of(kind):
                words = ' '.join(user.words).split()
                if len(words) < 2:
                    raise ImportFailed(f'{user.place}: {kind} needs a name and a secret')
                target.accounts.append(Account(side, words[0]))
        groups = [self.view(group) for group in section.of('GROUP')]
        common = self.luns(section)
        target.views = groups + ([View({EVERYBODY}, common)] if common or not groups else [])
        for inside in section.inside:
            if inside.kind not in TARGET_UNDERSTOOD | {'LUN', 'GROUP'}:
                self.served.note(inside.place, f'{inside.kind} has no counterpart')
        self.served.targets.append(target)

    def everything(self) -> Served:
        for handler in self.root.of('HANDLER'):
            for device in handler.of('DEVICE'):
                self.device(handler.name(), device)
        for driver in self.root.of('TARGET_DRIVER'):
            for target in driver.of('TARGET'):
                if driver.name() == 'iscsi':
                    self.target(driver, target)
                else:
                    self.served.note(target.place, f'{target.name()} is a target of '
                                     f'{driver.name()}, not of iSCSI')
            if driver.name() != 'iscsi':
                continue
            for kind, side in (('IncomingUser', 'initiator'), ('OutgoingUser', 'target')):
                for user in driver.of(kind):
                    self.served.discovery.append(Account(side, ' '.join(user.words).split()[0]))
        for group in self.root.of('DEVICE_GROUP'):
            self.served.note(group.place, 'access states of devices have no counterpart: set that '
                             'of a portal group (vdsctl group set)')
        for section in self.root.inside:
            if section.kind not in ('HANDLER', 'TARGET_DRIVER', 'DEVICE_GROUP', 'setup_id'):
                self.served.note(section.place, f'{section.kind} has no counterpart')
        return self.served


def read(path: str) -> Served:
    """What SCST would serve over iSCSI with this scst.conf.  Raises ImportFailed."""
    return Importer(parse(path)).everything()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What another target serves, and the plan that makes an array of vdsd serve the same.

The readers of files (tgt, lio, scst) fill in Served.  plan() turns it into a file for
`vdsctl plan`.  Where an array of vdsd cannot do the same, the plan gives initiators less access
rather than more, and a note says what was lost.
"""
from __future__ import annotations

import dataclasses
import os
import re
import stat
from typing import Any

EVERYBODY = '*'
LUN_NUMBER_MAX = 16383
NAME_UNITS_MAX = 63
ISCSI_NAME = re.compile(r'^(iqn\.|eui\.|naa\.)[a-z0-9.:-]+$')


class ImportFailed(Exception):
    """The file is not what it should be; nothing was imported.  The text has the place."""


@dataclasses.dataclass
class Device:
    """One disk of the other target.  size: bytes; None = not known on this machine."""

    name: str
    path: str
    place: str
    size: int | None = None
    block_size: int = 512
    thin: bool = True
    read_only: bool = False
    removable: bool = False
    lost: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Mapping:
    """A device behind a target, as certain initiators see it."""

    device: Device
    place: str
    read_only: bool = False


@dataclasses.dataclass
class View:
    """What certain initiators see of a target: EVERYBODY is those who are in no other view."""

    initiators: set[str]
    luns: dict[int, Mapping] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Account:
    """A CHAP name whose secret is not imported.  side: 'initiator' or 'target'."""

    side: str
    user: str
    initiator: str = ''


@dataclasses.dataclass
class Group:
    """A portal group; portals are (address, port)."""

    tag: int
    portals: list[tuple[str, int]]


@dataclasses.dataclass
class Target:
    """groups: None = the file does not say at which portals the target is."""

    name: str
    place: str
    alias: str = ''
    enabled: bool = True
    sources: list[str] = dataclasses.field(default_factory=list)
    accounts: list[Account] = dataclasses.field(default_factory=list)
    groups: list[Group] | None = None
    views: list[View] = dataclasses.field(default_factory=list)
    lost: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Served:
    """Everything that was read from one file, and notes: what could not be carried over."""

    targets: list[Target] = dataclasses.field(default_factory=list)
    discovery: list[Account] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)

    def note(self, place: str, text: str) -> None:
        self.notes.append(f'{place}: {text}')


def size_of(path: str) -> int | None:
    """The bytes of a file or block device of this machine; None when it is not here."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISBLK(mode):
            return None
        return os.lseek(descriptor, 0, os.SEEK_END) or None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _units(text: str) -> int:
    return len(text.encode('utf-16-le')) // 2


def unique_name(wanted: str, taken: set[str]) -> str:
    """A valid name of a LUN that is not taken yet, like the one that is wanted; takes it."""
    clean = ''.join(ch for ch in wanted if ch.isprintable() and ch not in ',;') or 'lun'
    name, number = clean, 2
    while _units(name) > NAME_UNITS_MAX or name in taken:
        suffix = f'-{number}' if clean in taken or number > 2 else ''
        base = clean
        while _units(base + suffix) > NAME_UNITS_MAX:
            base = base[:-1]
        name, number = base + suffix, number + 1
    taken.add(name)
    return name


def endpoint(address: str, port: int) -> str:
    return f'[{address}]:{port}' if ':' in address else f'{address}:{port}'


def _remember(item: dict[str, Any], texts: list[str]) -> None:
    if texts:
        item['comment'] = texts


class Planner:
    def __init__(self, served: Served) -> None:
        self.served = served
        self.luns: dict[int, dict[str, Any]] = {}       # by id() of the device
        self.names: set[str] = set()
        # Who may use a device, one set for each target that has it.
        self.access: dict[int, list[tuple[Target, set[str]]]] = {}
        self.portals: dict[tuple[str, int], dict[str, Any]] = {}

    def lun(self, device: Device) -> dict[str, Any]:
        known = self.luns.get(id(device))
        if known is not None:
            return known
        lun: dict[str, Any] = {'name': unique_name(device.name, self.names)}
        texts = [f'Its data is in {device.path}, and this LUN is made empty: copy the data before '
                 'initiators use it.'] if device.path else []
        if device.size is not None:
            blocks = -(-device.size // device.block_size)
            lun['size'] = blocks * device.block_size
            if lun['size'] != device.size:
                self.lose(device.place, device.lost, f'its {device.size} bytes are no whole number '
                          f'of blocks: the LUN has {lun["size"]}')
        else:
            self.lose(device.place, device.lost, f'the size of {device.path or device.name} is not '
                      'known on this machine: write "size" into the LUN')
        if device.block_size != 512:
            lun['block_size'] = device.block_size
        for member, value in (('thin', not device.thin), ('read_only', device.read_only),
                              ('removable', device.removable)):
            if value:
                lun[member] = member != 'thin'
        _remember(lun, texts + device.lost)
        self.luns[id(device)] = lun
        return lun

    def lose(self, place: str, texts: list[str], text: str) -> None:
        texts.append(text[0].upper() + text[1:] + '.')
        self.served.note(place, text)

    def groups(self, target: Target) -> list[dict[str, Any]] | None:
        if not target.enabled:
            self.lose(target.place, target.lost, 'it is disabled: it gets no portals here')
            return []
        if target.groups is None:
            return None
        groups = []
        for group in target.groups:
            for address, port in group.portals:
                self.portals.setdefault((address, port), {'address': address, 'port': port})
            groups.append({'tag': group.tag,
                           'portals': [endpoint(*portal) for portal in group.portals]})
        return groups

    def target(self, target: Target) -> dict[str, Any]:
        item: dict[str, Any] = {'name': target.name}
        if target.alias:
            item['alias'] = target.alias
        if target.sources:
            item['sources'] = target.sources
        groups = self.groups(target)
        if groups is not None:
            item['portal_groups'] = groups
        if target.accounts:
            item['chap'] = [chap(account) for account in target.accounts]
            names = ', '.join(dict.fromkeys(f'"{account.user}"' for account in target.accounts))
            self.lose(target.place, target.lost, f'the secrets of {names} are not imported, and '
                      'logins are refused until they are set: vdsctl target secret '
                      f'{target.name}')
        _remember(item, target.lost)
        return item

    def associations(self, target: Target) -> list[dict[str, Any]]:
        """One for each device, with the number that most of its views give it."""
        devices: dict[int, tuple[Device, list[int]]] = {}
        for view in target.views:
            for number, mapping in view.luns.items():
                devices.setdefault(id(mapping.device), (mapping.device, []))[1].append(number)
        taken: set[int] = set()
        found = []
        # Devices that have one number for all come first, so that they keep it.
        for device, numbers in sorted(devices.values(), key=lambda pair: len(set(pair[1]))):
            wanted = max(sorted(set(numbers)), key=numbers.count)
            number = wanted
            while number in taken or number > LUN_NUMBER_MAX:
                number = min(set(range(len(taken) + 1)) - taken)
            taken.add(number)
            lun = self.lun(device)
            texts: list[str] = []
            if set(numbers) != {number}:
                self.lose(target.place, texts, f'"{lun["name"]}" has the number {number} for all: '
                          'here a LUN has one number behind a target, there it has '
                          f'{", ".join(map(str, sorted(set(numbers))))}')
            item = {'lun': lun['name'], 'target': target.name, 'number': number}
            _remember(item, texts)
            found.append(item)
            self.note_access(target, device)
        return found

    def note_access(self, target: Target, device: Device) -> None:
        who: set[str] = set()
        open_to_all = True
        for view in target.views:
            has = any(mapping.device is device for mapping in view.luns.values())
            if has:
                who |= view.initiators
            open_to_all = open_to_all and has
        if EVERYBODY in who:
            # Everybody who is in no other view: a list cannot say that, unless all views have it.
            if not open_to_all:
                self.served.note(target.place, f'"{self.lun(device)["name"]}" is for everybody but '
                                 'some initiators there, which a list cannot say: only the '
                                 'initiators that are named may use it here')
                who = who - {EVERYBODY}
            else:
                who = {EVERYBODY}
        self.access.setdefault(id(device), []).append((target, who))

    def masks(self) -> None:
        """A list belongs to a LUN, not to a LUN behind a target: what all its targets allow."""
        for key, lun in self.luns.items():
            lists = self.access[key]
            common = {EVERYBODY}
            for _, who in lists:
                if EVERYBODY in common:
                    common = who
                elif EVERYBODY not in who:
                    common = common & who
            lun['mask'] = sorted(common)
            if any(who != common for _, who in lists):
                target = next(target for target, who in lists if who != common)
                self.served.note(target.place, f'other initiators may use "{lun["name"]}" through '
                                 'this target than through others: here it is for those whom all '
                                 'its targets allow')

    def read_only(self, target: Target) -> None:
        for view in target.views:
            for mapping in view.luns.values():
                lun = self.lun(mapping.device)
                if not mapping.read_only or lun.get('read_only'):
                    continue
                lun['read_only'] = True
                everywhere = all(other.read_only for one in self.served.targets
                                 for another in one.views for other in another.luns.values()
                                 if other.device is mapping.device)
                if not everywhere:
                    self.served.note(mapping.place, f'"{lun["name"]}" is read-only for some '
                                     'initiators there and for all here: a LUN is read-only as a '
                                     'whole')

    def plan(self) -> dict[str, Any]:
        targets, associations = [], []
        for target in self.served.targets:
            if not ISCSI_NAME.match(target.name.lower()):
                self.served.note(target.place, f'{target.name} is no valid iSCSI name: the target '
                                 'is left out')
                continue
            associations += self.associations(target)
            targets.append(self.target(target))
            self.read_only(target)
        self.masks()
        plan: dict[str, Any] = {'format': 1, 'scope': 'named'}
        if self.portals:
            plan['portals'] = list(self.portals.values())
        plan['luns'] = list(self.luns.values())
        plan['targets'] = targets
        plan['associations'] = associations
        if self.served.discovery:
            plan['discovery_chap'] = [chap(account) for account in self.served.discovery]
            self.served.note('discovery', 'the secrets of discovery are not imported, and it is '
                             'refused until they are set: vdsctl discovery secret')
        return plan


def chap(account: Account) -> dict[str, str]:
    item = {'side': account.side, 'user': account.user}
    if account.initiator:
        item['initiator'] = account.initiator
    return item


def plan_of(served: Served) -> dict[str, Any]:
    """The plan, a file of `vdsctl plan`; adds to served.notes what it loses."""
    return Planner(served).plan()

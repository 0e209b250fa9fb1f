# SPDX-License-Identifier: LGPL-2.1-or-later
"""targets.conf of tgt, as tgt-admin understands it: blocks, options, includes.

LUNs have the numbers that tgt-admin gives them: in the order of their paths, those of backing-store
before those of direct-store, from 1 on, except where `lun` names one.
"""
from __future__ import annotations

import dataclasses
import glob
import os
import re

from .served import (EVERYBODY, Account, Device, ImportFailed, Mapping, Served, Target, View,
                     size_of)

# What is carried over, and what an initiator negotiates or does not see.
UNDERSTOOD = {'allow-in-use', 'controller_tid', 'driver', 'lun', 'block-size', 'readonly',
              'removable', 'backing-store', 'direct-store', 'initiator-address', 'initiator-name',
              'incominguser', 'outgoinguser', 'online', 'bs-type', 'bsopts', 'bsoflags',
              'device-type', 'write-cache', 'MaxRecvDataSegmentLength',
              'MaxXmitDataSegmentLength', 'HeaderDigest', 'DataDigest', 'InitialR2T',
              'MaxOutstandingR2T', 'ImmediateData', 'FirstBurstLength', 'MaxBurstLength',
              'DataPDUInOrder', 'DataSequenceInOrder', 'ErrorRecoveryLevel', 'IFMarker',
              'OFMarker', 'DefaultTime2Wait', 'DefaultTime2Retain', 'OFMarkInt', 'IFMarkInt',
              'MaxConnections'}
STORES = ('backing-store', 'direct-store')
INCLUDES_MAX = 16


@dataclasses.dataclass
class Block:
    """Options: name, value, place.  Blocks inside: kind, name, block."""

    place: str
    options: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)
    blocks: list[tuple[str, str, Block]] = dataclasses.field(default_factory=list)

    def values(self, name: str) -> list[tuple[str, str]]:
        return [(value, place) for key, value, place in self.options if key == name]

    def last(self, name: str) -> str | None:
        found = self.values(name)
        return found[-1][0] if found else None


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in '"\'' else text


class Reader:
    """Reads a file and those that it includes into one Block."""

    def __init__(self) -> None:
        self.root = Block('')
        self.depth = 0

    def lines(self, path: str) -> list[tuple[str, str]]:
        try:
            with open(path, encoding='utf-8', errors='surrogateescape') as file:
                text = file.read()
        except OSError as error:
            raise ImportFailed(f'{path}: cannot be read: {error.strerror}') from error
        if '\0' in text:
            raise ImportFailed(f'{path}: is no text')
        found, begun, start, comment = [], '', 0, False
        for number, line in enumerate(text.split('\n'), 1):
            line = line.strip()
            if comment or line.startswith('/*'):
                comment = not line.endswith('*/')
                continue
            # A # begins a comment unless a backslash stands before it.
            line = re.sub(r'(?:^|(?<=\s))#.*$', '', line).rstrip().replace('\\#', '#')
            start = start if begun else number
            if line.endswith('\\'):
                begun += line[:-1] + ' '
                continue
            if begun + line:
                found.append((begun + line, f'{path}:{start}'))
            begun = ''
        return found

    def read(self, path: str, inside: Block) -> None:
        self.depth += 1
        if self.depth > INCLUDES_MAX:
            raise ImportFailed(f'{path}: includes are more than {INCLUDES_MAX} deep; does a file '
                               'include itself?')
        stack: list[tuple[str, Block]] = [('', inside)]
        for line, place in self.lines(path):
            opened = re.fullmatch(r'<([\w-]+)(?:\s+(.*?))?\s*>', line)
            closed = re.fullmatch(r'</([\w-]+)>', line)
            included = re.fullmatch(r'(?:<<)?include\s+(.*?)(?:>>)?', line, re.I)
            if closed:
                if len(stack) == 1 or stack[-1][0] != closed[1]:
                    raise ImportFailed(f'{place}: {line} closes no block'
                                       f'{f" <{stack[-1][0]}>" if len(stack) > 1 else ""}')
                stack.pop()
            elif opened:
                block = Block(place)
                stack[-1][1].blocks.append((opened[1], _unquoted(opened[2] or ''), block))
                stack.append((opened[1], block))
            elif line.startswith('<') and not included:
                raise ImportFailed(f'{place}: {line} is not understood: a block begins with '
                                   '<target NAME> and ends with </target>')
            elif included:
                self.include(_unquoted(included[1]), os.path.dirname(path), place, stack[-1][1])
            else:
                words = re.split(r'\s*=\s*|\s+', line, maxsplit=1)
                value = _unquoted(words[1].strip()) if len(words) > 1 else ''
                stack[-1][1].options.append((words[0], value, place))
        if len(stack) > 1:
            raise ImportFailed(f'{stack[-1][1].place}: the block <{stack[-1][0]}> has no end')
        self.depth -= 1

    def include(self, pattern: str, directory: str, place: str, inside: Block) -> None:
        pattern = os.path.join(directory, pattern)
        names = sorted(glob.glob(pattern))
        if not names and not glob.has_magic(pattern):
            raise ImportFailed(f'{place}: {pattern}, which it includes, is not there')
        for name in names:
            if os.path.isdir(name):
                names_inside = sorted(os.path.join(name, one) for one in os.listdir(name))
            else:
                names_inside = [name]
            for one in names_inside:
                self.read(one, inside)


def _flag(text: str | None) -> bool:
    return text is not None and text.lower() in ('1', 'yes', 'on', 'true')


class Importer:
    def __init__(self, served: Served) -> None:
        self.served = served
        self.devices: dict[str, Device] = {}

    def device(self, path: str, options: Block, common: Block) -> Device:
        """One device for each path: two targets with the same store serve the same disk."""
        def value(name: str) -> str | None:
            own = options.last(name)
            return common.last(name) if own is None else own

        block_size = value('block-size') or '512'
        known = self.devices.get(path)
        if known is not None:
            if (str(known.block_size), known.read_only, known.removable) != (
                    block_size, _flag(value('readonly')), _flag(value('removable'))):
                self.served.note(options.place, f'{path} has other options in another target: '
                                 'those of the first one count, since it is one LUN')
            return known
        device = Device(os.path.basename(path.rstrip('/')) or path, path, options.place,
                        size=size_of(path), read_only=_flag(value('readonly')),
                        removable=_flag(value('removable')))
        if block_size in ('512', '4096'):
            device.block_size = int(block_size)
        else:
            self.served.note(options.place, f'blocks of {block_size} bytes: a LUN has 512 or 4096')
        kind = value('device-type') or 'disk'
        if kind != 'disk':
            self.served.note(options.place, f'{path} is a {kind}: it is imported as a disk')
        if (value('bs-type') or 'rdwr') not in ('rdwr', 'aio', 'sg'):
            self.served.note(options.place, f'the storage of {path} is not a file or a disk: '
                             f'{value("bs-type")}')
        if value('write-cache') == 'off':
            self.served.note(options.place, f'the write cache of {path} is on at first: an '
                             'initiator turns it off by MODE SELECT')
        self.devices[path] = device
        return device

    def stores(self, kind: str, block: Block) -> dict[str, Block]:
        """By path: the options of each."""
        found = {value: Block(place) for value, place in block.values(kind)}
        for inner, name, options in block.blocks:
            if inner == kind:
                found[name] = options
        return found

    def luns(self, block: Block) -> dict[int, Mapping]:
        numbered: dict[int, Mapping] = {}
        everything = {kind: self.stores(kind, block) for kind in STORES}
        common = block.last('lun')
        fixed = {self.number(options.last('lun') or common, options.place)
                 for stores in everything.values() for options in stores.values()} - {None}
        for kind in STORES:
            for path in sorted(everything[kind]):
                options = everything[kind][path]
                number = self.number(options.last('lun') or common, options.place)
                if number is None:
                    number = next(n for n in range(1, len(fixed) + len(numbered) + 2)
                                  if n not in fixed and n not in numbered)
                if number in numbered:
                    raise ImportFailed(f'{options.place}: the LUN number {number} is taken twice '
                                       'in this target')
                numbered[number] = Mapping(self.device(path, options, block), options.place)
        return numbered

    @staticmethod
    def number(text: str | None, place: str) -> int | None:
        if text is None:
            return None
        if not text.isdigit() or not 1 <= int(text) <= 65535:
            raise ImportFailed(f'{place}: "lun {text}": a LUN number is a number from 1 on')
        return int(text)

    def target(self, name: str, block: Block) -> None:
        if (block.last('driver') or 'iscsi') not in ('iscsi', 'iser'):
            self.served.note(block.place, f'{name} is no iSCSI target')
            return
        target = Target(name, block.place)
        names = {value.lower() for value, _ in block.values('initiator-name')}
        for value, _ in block.values('initiator-address'):
            if value.upper() == 'ALL':
                target.sources = []
                break
            target.sources.append(value)
        for user, place in block.values('incominguser'):
            target.accounts.append(Account('initiator', self.user(user, place)))
        for user, place in block.values('outgoinguser')[:1]:
            target.accounts.append(Account('target', self.user(user, place)))
        for inside in (block, *(inner for _, _, inner in block.blocks)):
            for option, _, place in inside.options:
                if option not in UNDERSTOOD:
                    self.served.note(place, f'{option} has no counterpart')
        target.views = [View(names or {EVERYBODY}, self.luns(block))]
        self.served.targets.append(target)

    @staticmethod
    def user(text: str, place: str) -> str:
        words = text.split()
        if len(words) != 2:
            raise ImportFailed(f'{place}: it needs a name and a secret')
        return words[0]

    def everything(self, root: Block) -> None:
        merged: dict[str, Block] = {}
        for kind, name, block in root.blocks:
            if kind != 'target' or not name:
                raise ImportFailed(f'{block.place}: <{kind}> is not known here: expected <target '
                                   'NAME>')
            if name in merged:
                merged[name].options += block.options
                merged[name].blocks += block.blocks
            else:
                merged[name] = block
        default = root.last('default-driver')
        for name in sorted(merged):
            if default and merged[name].last('driver') is None:
                merged[name].options.append(('driver', default, merged[name].place))
            self.target(name, merged[name])
        for name, side in (('incomingdiscoveryuser', 'initiator'),
                           ('outgoingdiscoveryuser', 'target')):
            for value, place in root.values(name):
                self.served.discovery.append(Account(side, self.user(value, place)))
        known = {'default-driver', 'ignore-errors', 'control-port', 'incomingdiscoveryuser',
                 'outgoingdiscoveryuser'}
        for name, value, place in root.options:
            if name not in known:
                self.served.note(place, f'{name} has no counterpart')


def read(path: str) -> Served:
    """What tgt would serve with this targets.conf.  Raises ImportFailed."""
    reader, served = Reader(), Served()
    reader.read(path, reader.root)
    Importer(served).everything(reader.root)
    return served

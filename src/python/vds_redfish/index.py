# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which objects there are: what collections count and list, kept until the array changes.

The REST API lists objects page by page and without their number; a collection of Redfish needs
the number, and starts at any member.  So the objects are walked once after each change of the
array, and only what collections need is kept of each.
"""
from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable
from typing import Any

from vds import Client

_NOBODY = '00000000-0000-0000-0000-000000000000'


@dataclasses.dataclass(frozen=True)
class Entry:
    """id: the last part of the URI.  group: what the object belongs to: the pool of a LUN, the
    consistency group of a snapshot.  names: the initiators that are named with it.
    """

    id: str
    group: str = ''
    names: tuple[str, ...] = ()


def mask_words(mask: str) -> list[str]:
    return [word for word in mask.split(';') if word]


def named_initiators(mask: str) -> list[str]:
    """The single initiators on an unmasking list."""
    return [word for word in mask_words(mask)
            if word != '*' and not word.startswith(('host:', 'host-group:'))]


def _lun(row: Any) -> Entry:
    return Entry(row['id'], row['pool_id'], tuple(named_initiators(row['mask'])))


def _snapshot(row: Any) -> Entry:
    return Entry(row['id'], '' if row['group_id'] == _NOBODY else row['group_id'])


def _plain(row: Any) -> Entry:
    return Entry(row['id'])


def connection_id(lun_id: str, target_id: str) -> str:
    return f'{lun_id}_{target_id}'


_FAMILIES: dict[str, tuple[Callable[[Client], Iterable[Any]], Callable[[Any], Entry]]] = {
    'controllers': (lambda client: client.controller_all(), _plain),
    'pools': (lambda client: client.pool_all(), _plain),
    'luns': (lambda client: client.lun_all(), _lun),
    'snapshots': (lambda client: client.snapshot_all(), _snapshot),
    'targets': (lambda client: client.target_all(), _plain),
    'jobs': (lambda client: client.job_all(), _plain),
    'hosts': (lambda client: client.host_all(),
              lambda row: Entry(row['id'], '', tuple(row['initiators']))),
    'host_groups': (lambda client: client.host_group_all(), _plain),
    'associations': (lambda client: client.association_all(),
                     lambda row: Entry(connection_id(row['lun_id'], row['target_id']))),
}


class Index:
    """One for all clients: who may read the array may read all of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[tuple[Any, ...], list[Entry]]] = {}

    def entries(self, client: Client, family: str) -> list[Entry]:
        """The objects of a family.  One request when the array has not changed since."""
        at = client.array_get()['position']
        position = (at['array'], at['incarnation'], at['sequence'])
        with self._lock:
            kept = self._kept.get(family)
            if kept is None or kept[0] != position:
                everything, entry = _FAMILIES[family]
                # A change during the walk has another position, so that the next request walks.
                kept = (position, [entry(row) for row in everything(client)])
                self._kept[family] = kept
        return kept[1]

    def initiators(self, client: Client) -> list[str]:
        """The names of all initiators that hosts or unmasking lists name, sorted."""
        found = {name for family in ('hosts', 'luns') for entry in self.entries(client, family)
                 for name in entry.names}
        return sorted(found)

    def is_initiator(self, client: Client, name: str) -> bool:
        """Whether a host or, what costs more, an unmasking list names the initiator."""
        return any(name in entry.names for family in ('hosts', 'luns')
                   for entry in self.entries(client, family))

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who sees a LUN: its unmasking list, as libStorageMgmt's masking of access groups.

An access group is a host.  The list of a LUN names hosts, but also single initiators, host groups
and everybody ("*"), which administrators write with vdsctl.
"""
from __future__ import annotations

from vds import types

EVERYBODY = '*'


def entries_of(lun: types.Lun) -> set[str]:
    return {entry for entry in lun['mask'].split(';') if entry}


def own_entries(lun: types.Lun, host: types.Host) -> set[str]:
    """The entries of the list that concern this host alone: itself and its initiators."""
    return entries_of(lun) & {f'host:{host["id"]}', *host['initiators']}


def shared_entries(lun: types.Lun, host: types.Host) -> set[str]:
    """The entries that concern other hosts, too: everybody, and the host's groups."""
    groups = {f'host-group:{group}' for group in host['host_groups']}
    return entries_of(lun) & {EVERYBODY, *groups}


def is_granted(lun: types.Lun, host: types.Host) -> bool:
    """Whether the list lets each initiator of the host see the LUN."""
    own = own_entries(lun, host)
    return bool(f'host:{host["id"]}' in own or shared_entries(lun, host)
                or (host['initiators'] and own.issuperset(host['initiators'])))

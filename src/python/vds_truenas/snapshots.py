# SPDX-License-Identifier: LGPL-2.1-or-later
"""zfs.snapshot: snapshots of LUNs, and clones of them."""
from __future__ import annotations

import dataclasses
import errno
from typing import Any

import vds
from vds import types

from . import query
from .context import WAIT_S, Call
from .errors import Refused, failed, invalid, missing, translated
from .fields import Fields, apply_user, user_list, user_value
from .names import array_name, check_snapshot
from .store import Record
from .zvols import Zvol, all_zvols, find_zvol, prop, user_properties

Value = dict[str, Any]


def by_lun(call: Call, lun_id: str | None = None) -> dict[str, list[types.LunSnapshot]]:
    found: dict[str, list[types.LunSnapshot]] = {}
    with translated('Failed to list the snapshots'):
        for row in call.array.snapshot_all(lun_id=lun_id):
            found.setdefault(row['lun_id'], []).append(row)
    return found


def _record(call: Call, dataset: str, row: types.LunSnapshot) -> tuple[str, Record]:
    """The name and the record of a snapshot; of one made without a record, what was intended."""
    kept = call.store.object(row['id'])
    if kept is None:
        for name in call.store.intentions():
            of, at, short = name.rpartition('@')
            if at and of == dataset and array_name(short) == row['name']:
                call.store.made(name, row['id'])
        kept = call.store.object(row['id'])
    if kept is None or array_name(kept[0].rpartition('@')[2]) != row['name']:
        return row['name'], kept[1] if kept is not None else Record()
    return kept[0].rpartition('@')[2], kept[1]


def value(call: Call, dataset: str, row: types.LunSnapshot) -> Value:
    short, record = _record(call, dataset, row)
    name, created = f'{dataset}@{short}', row['created_ms'] // 1000
    return {'id': name, 'name': name, 'dataset': dataset, 'snapshot_name': short,
            'type': 'SNAPSHOT', 'pool': call.config.pool, 'createtxg': str(row['created_ms']),
            'holds': {}, 'user_properties': user_properties(record.user),
            'properties': {'name': prop(name), 'volsize': prop(row['size_bytes']),
                           'creation': prop(created), 'used': prop(0),
                           'referenced': prop(row['size_bytes']),
                           **user_properties(record.user)}}


def find(call: Call, name: str) -> tuple[Zvol, types.LunSnapshot] | None:
    dataset, at, short = name.rpartition('@')
    zvol = find_zvol(call, dataset) if at else None
    if zvol is None:
        return None
    for row in by_lun(call, zvol.id).get(zvol.id, []):
        if row['name'] == array_name(short):
            return zvol, row
    return None


def snapshot(call: Call, name: str) -> tuple[Zvol, types.LunSnapshot]:
    found = find(call, name)
    if found is None:
        raise failed(f'snapshot {name} not found', errno.ENOENT, 422)
    return found


def _existing(call: Call) -> tuple[Zvol, types.LunSnapshot]:
    name, = call.names
    found = find(call, name)
    if found is None:
        raise missing('Snapshot', name)
    return found


# The methods

def get_all(call: Call) -> Any:
    rows = by_lun(call)
    values = [value(call, zvol.name, row) for zvol in all_zvols(call)
              for row in rows.get(zvol.id, [])]
    return query.chosen(values, call.query)


def get_one(call: Call) -> Any:
    zvol, row = _existing(call)
    return value(call, zvol.name, row)


def create(call: Call) -> Any:
    fields = call.fields('zfs_snapshot_create')
    dataset, short = fields.text('dataset'), fields.text('name')
    given = fields.take('properties', {})
    if not isinstance(given, dict):
        raise invalid(fields.field('properties'), 'it is no object')
    user = dict(user_value(fields.field('properties'), *pair) for pair in given.items())
    for name in ('recursive', 'vmware_sync', 'suspend_vms'):
        fields.only(name, (False,), 'a snapshot is of one LUN')
    fields.take('exclude')
    fields.take('allow_naming_schema')
    fields.end()
    check_snapshot(fields.field('name'), short)
    zvol = find_zvol(call, dataset)
    if zvol is None:
        raise invalid(fields.field('dataset'), f'dataset {dataset} not found', errno.ENOENT)
    name, lun_id = f'{dataset}@{short}', zvol.id
    if find(call, name) is not None:
        raise failed(f"cannot create snapshot '{name}': dataset already exists", errno.EEXIST)
    call.store.intend(name, Record(user=user))
    try:
        with translated(f'Failed to snapshot {name}'):
            answer = call.when_free(lambda: call.array.snapshot_create(name=array_name(short),
                                                                       luns=[lun_id]))
    except Refused as refused:
        if refused.status != 503:               # else the snapshot may have been made
            call.store.forget_intention(name)
        raise
    call.store.made(name, answer['id'])
    with translated(f'Failed to snapshot {name}'):
        call.array.wait(answer, timeout=WAIT_S)
        return value(call, dataset, call.array.snapshot_get(answer['id']))


def update(call: Call) -> Any:
    zvol, row = _existing(call)
    fields = call.fields('zfs_snapshot_update')
    changes = user_list(fields, 'user_properties_update')
    fields.end()
    short, record = _record(call, zvol.name, row)
    call.store.set_object(row['id'], f'{zvol.name}@{short}', dataclasses.replace(
        record, user=apply_user(record.user, changes)))
    return value(call, zvol.name, row)


def _delete(call: Call, row: types.LunSnapshot) -> None:
    try:
        call.array.wait(call.when_free(lambda: call.array.snapshot_delete(row['id'])),
                        timeout=WAIT_S)
    except vds.ApiError as error:
        if error.code != 'NOT_FOUND':
            raise
    call.store.gone(row['id'])


def delete_all(call: Call, lun_id: str) -> list[str]:
    """Deletes the snapshots of a LUN, which may be gone; their names."""
    rows = by_lun(call, lun_id).get(lun_id, [])
    for row in rows:
        _delete(call, row)
    return [row['name'] for row in rows]


def delete(call: Call) -> Any:
    """`defer` needs nothing: a clone needs its snapshot no longer."""
    zvol, row = _existing(call)
    fields = Fields(call.body or {}, 'zfs_snapshot_delete')
    fields.boolean('defer')
    fields.boolean('recursive')
    fields.end()
    with translated(f'Failed to delete snapshot {zvol.name}@{row["name"]}'):
        _delete(call, row)
    return True

# SPDX-License-Identifier: LGPL-2.1-or-later
"""zfs.snapshot.clone: zvols that begin with the data of a snapshot."""
from __future__ import annotations

import dataclasses
from typing import Any

from . import datasets, snapshots
from .context import Call
from .errors import invalid
from .fields import Fields, user_value
from .names import array_name, check_dataset
from .store import Record


def _properties(fields: Fields) -> dict[str, str]:
    """The user properties of a clone; the others must be without effect."""
    found = fields.take('dataset_properties', {})
    if not isinstance(found, dict):
        raise invalid(fields.field('dataset_properties'), 'it is no object')
    field = fields.field('dataset_properties')
    user = dict(user_value(field, key, value) for key, value in found.items() if ':' in key)
    others = Fields({key: value for key, value in found.items() if ':' not in key}, field)
    datasets.take_without_effect(others)
    others.only('refreservation', (0, '0', 'NONE', None), 'clones are thin')
    others.end()
    return user


def make(call: Call, snapshot_name: str, name: str, record: Record, field: str) -> None:
    """Makes the zvol `name` with the data of a snapshot, which it does not need afterwards."""
    check_dataset(field, name, call.config.root)
    origin, row = snapshots.snapshot(call, snapshot_name)
    datasets.check_new(call, field, name)
    datasets.make_ancestors(call, Fields({}, field.rpartition('.')[0]), name, True)
    kept = dataclasses.replace(record, block=origin.record.block)
    inner = name.removeprefix(f'{call.config.pool}/')
    datasets.make_lun(call, name, kept, f'Failed to clone {snapshot_name}',
                      lambda: call.array.snapshot_clone(row['id'], name=array_name(inner)))


def from_snapshot(call: Call) -> Any:
    fields = call.fields('zfs_snapshot_clone')
    name, target = fields.text('snapshot'), fields.text('dataset_dst')
    user = _properties(fields)
    fields.end()
    make(call, name, target, Record(user=user, origin=name), fields.field('dataset_dst'))
    return True

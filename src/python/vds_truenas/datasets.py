# SPDX-License-Identifier: LGPL-2.1-or-later
"""pool.dataset: zvols are LUNs, filesystems are only names above them."""
from __future__ import annotations

import dataclasses
import errno
import json
from typing import Any

import vds

from . import iscsi, query, snapshots
from .context import WAIT_S, Call
from .errors import Refused, failed, invalid, translated
from .fields import Fields, apply_user, user_list
from .names import ancestors, array_name, check_dataset
from .store import Record
from .zvols import Zvol, all_zvols, find_zvol, prop, user_properties, zvol

Value = dict[str, Any]
_BLOCKS = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
_BLOCK_DEFAULT = 16384
_NO_EFFECT = {
    'compression': ('', None, 'OFF', 'INHERIT'), 'dedup': ('', None, 'OFF', 'INHERIT'),
    'deduplication': ('', None, 'OFF', 'INHERIT'), 'readonly': ('OFF', 'INHERIT'),
    'sync': ('STANDARD', 'INHERIT'), 'checksum': ('ON', 'INHERIT'), 'encryption': (False,),
    'inherit_encryption': (True, False), 'reservation': (0, None), 'copies': (1,),
}
_WHY_NO_EFFECT = 'the LUNs of vdsd have no such setting'


# What a dataset looks like

def _common(name: str, kind: str, call: Call, record: Record) -> Value:
    live = call.pool['live']
    return {'id': name, 'name': name, 'type': kind, 'pool': call.config.pool, 'encrypted': False,
            'encryption_root': None, 'key_loaded': False, 'locked': False, 'children': [],
            'available': prop(live['free_bytes'] if live is not None else 0),
            'user_properties': user_properties(record.user)}


def zvol_value(call: Call, found: Zvol) -> Value:
    lun = found.lun
    used = lun['live']['allocated_bytes'] if lun['live'] is not None else 0
    return {**_common(found.name, 'VOLUME', call, found.record),
            'volsize': prop(lun['size_bytes']),
            'volblocksize': prop(found.record.block or _BLOCK_DEFAULT),
            'origin': prop(found.record.origin), 'used': prop(used), 'referenced': prop(used),
            'refreservation': prop(0 if lun['thin'] else lun['size_bytes']),
            'reservation': prop(0), 'creation': prop(lun['created_ms'] // 1000),
            'readonly': prop('on' if lun['access'] == 'read-only' else 'off')}


def _filesystem_value(call: Call, name: str, record: Record) -> Value:
    live = call.pool['live']
    return {**_common(name, 'FILESYSTEM', call, record), 'mountpoint': None,
            'used': prop(live['allocated_bytes'] if live is not None else 0),
            'origin': prop(''), 'quota': prop(0), 'refquota': prop(0), 'refreservation': prop(0)}


def _filesystem(call: Call, name: str) -> Record | None:
    if name == call.config.root:
        return call.store.filesystems().get(name, Record())
    return call.store.filesystems().get(name)


def _with_snapshots(call: Call, values: dict[str, tuple[Value, Zvol]]) -> None:
    wanted = snapshots.by_lun(call)
    for value, found in values.values():
        value['snapshots'] = [snapshots.value(call, found.name, row)
                              for row in wanted.get(found.id, [])]


def _tree(call: Call) -> dict[str, Value]:
    """All datasets by name, each with its children."""
    filesystems = {call.config.root: Record(), **call.store.filesystems()}
    values = {name: _filesystem_value(call, name, record)
              for name, record in filesystems.items()}
    zvols = {found.name: (zvol_value(call, found), found) for found in all_zvols(call)}
    if query.flag(call.query, 'extra.snapshots'):
        _with_snapshots(call, zvols)
        for value in values.values():
            value['snapshots'] = []
    values.update({name: value for name, (value, _) in zvols.items()})
    for name in sorted(values):
        parent = values.get(name.rpartition('/')[0])
        if parent is not None:
            parent['children'].append(values[name])
    return values


# The methods

def get_all(call: Call) -> Any:
    values = _tree(call)
    return query.chosen([values[name] for name in sorted(values)], call.query)


def get_one(call: Call) -> Any:
    name, = call.names
    if _filesystem(call, name) is not None:
        return _tree(call)[name]
    found = zvol(call, name)
    value = zvol_value(call, found)
    if query.flag(call.query, 'extra.snapshots'):
        _with_snapshots(call, {name: (value, found)})
    return value


def _block_of(fields: Fields) -> int:
    text = fields.take('volblocksize', None)
    if text is None:
        return _BLOCK_DEFAULT
    digits = str(text).upper()
    size = int(digits.removesuffix('K')) * (1024 if digits.endswith('K') else 1) \
        if digits.isascii() and digits.removesuffix('K').isdigit() and len(digits) < 8 else 0
    if size not in _BLOCKS:
        raise invalid(fields.field('volblocksize'), f'{text!r} is none of 512, 1K, … 128K')
    return size


def take_without_effect(fields: Fields) -> None:
    for name, allowed in _NO_EFFECT.items():
        if name in fields:
            fields.only(name, allowed, _WHY_NO_EFFECT)
    fields.take('comments')
    fields.take('share_type')
    fields.take('force_size')


def _check_size(fields: Fields, size_bytes: int, block_bytes: int) -> None:
    if size_bytes <= 0 or size_bytes % block_bytes:
        raise invalid(fields.field('volsize'), f'{size_bytes} is no multiple of {block_bytes}, the '
                                               'size of a block of the LUN')


def make_ancestors(call: Call, fields: Fields, name: str, create: bool) -> None:
    above = ancestors(name, call.config.root)
    have = call.store.filesystems()
    if any(find_zvol(call, parent) is not None for parent in above if parent not in have):
        raise invalid(fields.field('name'), f'a volume is above {name}')
    if not create and any(parent not in have for parent in above):
        raise invalid(fields.field('name'), f'the parent of {name} does not exist', errno.ENOENT)
    call.store.make_filesystems(above)


def check_new(call: Call, field: str, name: str) -> None:
    if _filesystem(call, name) is not None or find_zvol(call, name) is not None:
        raise invalid(field, f'Path {name} already exists', errno.EEXIST)


def make_lun(call: Call, name: str, record: Record, doing: str, make: Any) -> None:
    """Makes the LUN of a zvol with make(), and keeps its record; waits for the job."""
    call.store.intend(name, record)
    try:
        with translated(doing):
            answer = call.when_free(make)
    except Refused as refused:
        if refused.status != 503:               # else the LUN may have been made
            call.store.forget_intention(name)
        raise
    call.store.made(name, answer['id'])
    with translated(doing):
        call.array.wait(answer, timeout=WAIT_S)


def create(call: Call) -> Any:
    fields = call.fields('pool_dataset_create')
    name, kind = fields.text('name'), fields.text('type', 'FILESYSTEM')
    with_ancestors = fields.boolean('create_ancestors')
    check_dataset(fields.field('name'), name, call.config.root)
    user = {key: value for key, value in user_list(fields, 'user_properties') if value is not None}
    take_without_effect(fields)
    if kind == 'FILESYSTEM':
        fields.end()
        check_new(call, fields.field('name'), name)
        make_ancestors(call, fields, name, with_ancestors)
        call.store.set_filesystem(name, Record(user=user))
        return _filesystem_value(call, name, Record(user=user))
    if kind != 'VOLUME':
        raise invalid(fields.field('type'), f'{kind!r} is neither FILESYSTEM nor VOLUME')
    size, block = fields.integer('volsize'), _block_of(fields)
    sparse = fields.boolean('sparse')
    if fields.integer('refreservation', 0) > 0:
        sparse = False
    fields.end()
    _check_size(fields, size, call.config.block_bytes)
    check_new(call, fields.field('name'), name)
    make_ancestors(call, fields, name, with_ancestors)
    inner = name.removeprefix(f'{call.config.pool}/')
    pool_id = call.pool['id']
    make_lun(call, name, Record(user=user, block=block), f'Failed to create the zvol {name}',
             lambda: call.array.lun_create(size_bytes=size, name=array_name(inner),
                                           pool_id=pool_id, thick=not sparse,
                                           block_bytes=call.config.block_bytes))
    return zvol_value(call, zvol(call, name))


def _resize(call: Call, fields: Fields, found: Zvol) -> None:
    size, have = fields.integer('volsize'), found.lun['size_bytes']
    _check_size(fields, size, found.lun['block_bytes'])
    if size < have:
        raise invalid(fields.field('volsize'), f'You cannot shrink a zvol: it has {have} bytes')
    if size > have:
        with translated(f'Failed to resize the zvol {found.name}'):
            call.array.wait(call.when_free(
                lambda: call.array.lun_extend(found.id, add_bytes=size - have)), timeout=WAIT_S)


def update(call: Call) -> Any:
    name, = call.names
    fields = call.fields('pool_dataset_update')
    changes = user_list(fields, 'user_properties_update')
    filesystem = _filesystem(call, name)
    found = None if filesystem is not None else zvol(call, name)
    take_without_effect(fields)
    if found is not None:
        fields.only('refreservation', (0, '0', 'INHERIT', None), 'a LUN stays thin or thick')
    resized = 'volsize' in fields
    if found is None and filesystem is not None:
        fields.end()
        changed = dataclasses.replace(filesystem, user=apply_user(filesystem.user, changes))
        call.store.set_filesystem(name, changed)
        return _filesystem_value(call, name, changed)
    assert found is not None
    if resized:
        _resize(call, fields, found)
    fields.end()
    if changes:
        call.store.set_object(found.id, name, dataclasses.replace(
            found.record, user=apply_user(found.record.user, changes)))
    return zvol_value(call, zvol(call, name))


def _cannot(name: str, why: str) -> Refused:
    return failed(f"Failed to delete dataset: cannot destroy '{name}': {why}")


def _delete_filesystem(call: Call, name: str) -> bool:
    if name == call.config.root:
        raise _cannot(name, 'vds-truenas serves what is in it (its option --dataset)')
    if any(other.startswith(f'{name}/') for other in
           (*call.store.filesystems(), *(found.name for found in all_zvols(call)))):
        # With `recursive`, too: it would delete LUNs that the request does not name.
        raise _cannot(name, 'filesystem has children')
    call.store.delete_filesystem(name)
    return True


def finish_deletions(call: Call) -> None:
    """Deletes the snapshots of zvols that are gone, of deletions that were cut short, too."""
    for lun_id in call.store.doomed():
        try:
            call.array.lun_get(lun_id)
        except vds.ApiError as error:
            if error.code != 'NOT_FOUND':
                raise
            snapshots.delete_all(call, lun_id)
            call.store.gone(lun_id)
        call.store.spare(lun_id)


def delete(call: Call) -> Any:
    name, = call.names
    fields = Fields(call.body or {}, 'pool_dataset_delete')
    recursive = fields.boolean('recursive')
    fields.boolean('force')
    fields.end()
    with translated(f'Failed to delete dataset {name}'):
        finish_deletions(call)
    if _filesystem(call, name) is not None:
        return _delete_filesystem(call, name)
    found = find_zvol(call, name)
    if found is None:
        raise failed(f'PoolDataset {name} does not exist', errno.ENOENT)
    if not recursive and snapshots.by_lun(call, found.id):
        raise _cannot(name, "volume has children: use 'recursive' to delete its snapshots, too")
    iscsi.check_unused(call, found.id, _cannot(name, 'dataset is busy: a session sees the LUN'))
    lun_id = found.id
    call.store.doom(lun_id)
    try:
        with translated(f'Failed to delete dataset: cannot destroy {name!r}'):
            answer = call.when_free(lambda: call.array.lun_delete(lun_id, force=True))
    except Refused as refused:
        if refused.status != 503:               # else the LUN may be gone
            call.store.spare(lun_id)
        raise
    with translated(f'Failed to delete dataset: cannot destroy {name!r}'):
        call.array.wait(answer, timeout=WAIT_S)
        finish_deletions(call)
    return True


def destroy_snapshots(call: Call) -> Any:
    """Deletes the snapshots of one dataset; the number of a job, which has ended."""
    fields = call.fields('pool_dataset_destroy_snapshots')
    name, which = fields.text('name'), fields.take('snapshots', {'all': True})
    fields.end()
    if json.dumps(which, sort_keys=True) not in ('{"all": true}',
                                                 '{"all": true, "recursive": false}'):
        raise invalid(fields.field('snapshots'), 'only {"all": true} is supported')
    job: Value = {'method': 'pool.dataset.destroy_snapshots', 'arguments': [name],
                  'state': 'SUCCESS', 'error': None, 'result': {'deleted': [], 'failed': {}}}
    found = find_zvol(call, name)
    if found is not None:
        with translated(f'Failed to delete the snapshots of {name}'):
            job['result']['deleted'] = [f'{name}@{snapshot}' for snapshot in
                                        snapshots.delete_all(call, found.id)]
    elif _filesystem(call, name) is None:
        job.update(state='FAILED', error=f'[ENOENT] {name} does not exist')
    return call.store.add_job(job)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""zvols: the LUNs below the dataset that is served, with what is kept of each."""
from __future__ import annotations

import dataclasses
from typing import Any

import vds
from vds import types

from .context import Call
from .errors import failed, missing, of_api, translated
from .names import array_name
from .store import Record

Value = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Zvol:
    name: str
    lun: types.Lun
    record: Record

    @property
    def id(self) -> str:
        return self.lun['id']


def prop(value: object) -> Value:
    """A property as TrueNAS shows it."""
    return {'value': str(value), 'rawvalue': str(value), 'parsed': value, 'source': 'LOCAL'}


def user_properties(user: dict[str, str]) -> Value:
    return {key: prop(value) for key, value in sorted(user.items())}


def _kept(call: Call, lun: types.Lun, name: str) -> tuple[str, Record]:
    """What is kept of a LUN; when it was made without that, what was intended."""
    found = call.store.object(lun['id'])
    if found is None and name in call.store.intentions():
        call.store.made(name, lun['id'])
        found = call.store.object(lun['id'])
    return found if found is not None else (name, Record())


def find_zvol(call: Call, name: str) -> Zvol | None:
    inner = name.removeprefix(f'{call.config.pool}/')
    if not name.startswith(f'{call.config.root}/'):
        return None
    with translated(f'Failed to look for {name}'):
        luns = [lun for lun in call.array.lun_all(name=array_name(inner))
                if lun['pool_id'] == call.pool['id']]
    if len(luns) > 1:
        raise failed(f'the pool has {len(luns)} LUNs with the name {array_name(inner)}: rename all '
                     'but one (vdsctl lun rename)')
    return Zvol(name, luns[0], _kept(call, luns[0], name)[1]) if luns else None


def zvol(call: Call, name: str) -> Zvol:
    found = find_zvol(call, name)
    if found is None:
        raise missing('PoolDataset', name)
    return found


def current_name(call: Call, name: str, lun: types.Lun) -> str:
    """The name that was kept of a LUN, or its present one when it was renamed since."""
    pool = call.config.pool
    return name if array_name(name.removeprefix(f'{pool}/')) == lun['name'] \
        else f'{pool}/{lun["name"]}'


def all_zvols(call: Call) -> list[Zvol]:
    """The LUNs below the root, by their full names."""
    prefix, pool = f'{call.config.path}/', call.config.pool
    with translated('Failed to list the zvols'):
        luns = [lun for lun in call.array.lun_all()
                if lun['pool_id'] == call.pool['id'] and lun['name'].startswith(prefix)]
    intended = {array_name(name.removeprefix(f'{pool}/')): name for name in call.store.intentions()}
    for lun in luns:
        if lun['name'] in intended:
            _kept(call, lun, intended[lun['name']])
    objects, found = call.store.objects(), []
    for lun in luns:
        name, record = objects.get(lun['id'], (f'{pool}/{lun["name"]}', Record()))
        found.append(Zvol(current_name(call, name, lun), lun, record))
    return sorted(found, key=lambda found: found.name)


def zvol_of_lun(call: Call, lun_id: str) -> Zvol | None:
    """The zvol that a LUN is; None when there is no such LUN below the root."""
    try:
        lun = call.array.lun_get(lun_id)
    except vds.ApiError as error:
        if error.code != 'NOT_FOUND':
            raise of_api(error, 'Failed to look for a LUN') from error
        return None
    name, record = call.store.object(lun_id) or (f'{call.config.pool}/{lun["name"]}', Record())
    name = current_name(call, name, lun)
    below = name.startswith(f'{call.config.root}/') and lun['pool_id'] == call.pool['id']
    return Zvol(name, lun, record) if below else None

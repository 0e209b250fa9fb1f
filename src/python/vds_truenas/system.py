# SPDX-License-Identifier: LGPL-2.1-or-later
"""system and pool: what the array is."""
from __future__ import annotations

from typing import Any

from . import query
from .context import Call
from .errors import translated
from .version import VERSION

# democratic-csi serves TrueNAS SCALE only, and takes the first two numbers for its version.
_SCALE = 'TrueNAS-SCALE-24.04'


def version(_: Call) -> Any:
    return f'{_SCALE}-vdsd'


def info(call: Call) -> Any:
    with translated('Failed to ask the array'):
        array = call.array.array_get()
    return {'version': version(call), 'hostname': array['name'], 'system_product': 'vdsd',
            'system_serial': array['serial'], 'system_manufacturer': f'vdsd {array["version"]}, '
                                                                     f'vds-truenas {VERSION}'}


def pools(call: Call) -> Any:
    pool = call.pool
    live = pool['live']
    ready = live is not None and live['ready']
    return query.chosen([{
        'id': 1, 'name': call.config.pool, 'guid': pool['id'], 'path': pool['path'],
        'status': 'ONLINE' if ready else 'OFFLINE', 'healthy': ready,
        'size': live['capacity_bytes'] if live is not None else None,
        'free': live['free_bytes'] if live is not None else None}], call.query)

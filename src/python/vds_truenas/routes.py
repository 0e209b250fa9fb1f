# SPDX-License-Identifier: LGPL-2.1-or-later
"""The routes: which function answers which method and path below /api/v2.0."""
from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Callable
from typing import Any

from . import clones, datasets, iscsi, replication, snapshots, system
from .context import Call
from .errors import failed

Handler = Callable[[Call], Any]
PREFIX = '/api/v2.0/'

# {} stands for one part of the path, with %2F in it for a slash.
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ('GET', 'core/get_jobs', replication.get_jobs),
    ('GET', 'iscsi/auth', iscsi.auths),
    ('GET', 'iscsi/extent', iscsi.extents),
    ('POST', 'iscsi/extent', iscsi.create_extent),
    ('GET', 'iscsi/extent/id/{}', iscsi.extent),
    ('DELETE', 'iscsi/extent/id/{}', iscsi.delete_extent),
    ('GET', 'iscsi/global', iscsi.global_config),
    ('GET', 'iscsi/initiator', iscsi.initiators),
    ('GET', 'iscsi/portal', iscsi.portals),
    ('GET', 'iscsi/target', iscsi.targets),
    ('POST', 'iscsi/target', iscsi.create_target),
    ('GET', 'iscsi/target/id/{}', iscsi.target),
    ('PUT', 'iscsi/target/id/{}', iscsi.update_target),
    ('DELETE', 'iscsi/target/id/{}', iscsi.delete_target),
    ('GET', 'iscsi/targetextent', iscsi.links),
    ('POST', 'iscsi/targetextent', iscsi.create_link),
    ('GET', 'iscsi/targetextent/id/{}', iscsi.link),
    ('DELETE', 'iscsi/targetextent/id/{}', iscsi.delete_link),
    ('GET', 'pool', system.pools),
    ('GET', 'pool/dataset', datasets.get_all),
    ('POST', 'pool/dataset', datasets.create),
    ('POST', 'pool/dataset/destroy_snapshots', datasets.destroy_snapshots),
    ('GET', 'pool/dataset/id/{}', datasets.get_one),
    ('PUT', 'pool/dataset/id/{}', datasets.update),
    ('DELETE', 'pool/dataset/id/{}', datasets.delete),
    ('POST', 'replication/run_onetime', replication.run_onetime),
    ('GET', 'system/info', system.info),
    ('GET', 'system/version', system.version),
    ('GET', 'zfs/snapshot', snapshots.get_all),
    ('POST', 'zfs/snapshot', snapshots.create),
    ('POST', 'zfs/snapshot/clone', clones.from_snapshot),
    ('GET', 'zfs/snapshot/id/{}', snapshots.get_one),
    ('PUT', 'zfs/snapshot/id/{}', snapshots.update),
    ('DELETE', 'zfs/snapshot/id/{}', snapshots.delete),
)


@dataclasses.dataclass(frozen=True)
class Found:
    handler: Handler
    names: tuple[str, ...]


def _names(pattern: str, parts: list[str]) -> tuple[str, ...] | None:
    wanted = pattern.split('/')
    if len(wanted) != len(parts) or any(want not in ('{}', part)
                                        for want, part in zip(wanted, parts)):
        return None
    return tuple(urllib.parse.unquote(part) for want, part in zip(wanted, parts) if want == '{}')


def find(method: str, path: str) -> Found:
    """The handler of a request.  Raises Refused (404; 405 when another method has one)."""
    parts = path.removeprefix(PREFIX).rstrip('/').split('/')
    methods = []
    for known, pattern, handler in ROUTES:
        names = _names(pattern, parts) if path.startswith(PREFIX) else None
        if names is None or '' in names:
            continue
        if known == method:
            return Found(handler, names)
        methods.append(known)
    if methods:
        raise failed(f'{path} knows only {" and ".join(methods)} in vds-truenas', status=405)
    raise failed(f'{path} is not among the requests that vds-truenas answers: vds-truenas(8) lists '
                 'them', status=404)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which resources there are, and how each is read from the array.

A resource costs a few requests to the array, however many objects it has.  A collection costs one
as long as the array does not change (index.py).
"""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import vds

from . import accounts, jobs, values
from .errors import REGISTRY_FILE, not_found
from .index import Index
from .metrics import Counters, volume_metrics
from .query import SUPPORTED, Query
from .schema import ROOT
from .values import CHASSIS, FABRIC, SESSIONS, STORAGE, Resource, link, resource

_PAGE, _EXPANDED_PAGE = 500, 50
_UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
_PART = '[^/]+'


def root() -> Resource:
    """The service root, which everybody may read."""
    return resource(
        'ServiceRoot', f'{ROOT}/', 'vdsd', Product=values.MODEL, RedfishVersion='1.21.0',
        ProtocolFeaturesSupported=SUPPORTED, Storage=link(f'{ROOT}/Storage'),
        Chassis=link(f'{ROOT}/Chassis'), Fabrics=link(f'{ROOT}/Fabrics'),
        AccountService=link(accounts.SERVICE),
        JobService=link(jobs.SERVICE), SessionService=link(f'{ROOT}/SessionService'),
        Registries=link(f'{ROOT}/Registries'),
        Links={'Sessions': link(SESSIONS)}) | {'Id': 'RootService'}


def collection(kind: str, uri: str, name: str, uris: list[str], query: Query) -> Resource:
    """A page of a collection, with a link to the next."""
    end = len(uris) if query.top is None else min(query.skip + query.top, len(uris))
    stop = min(end, query.skip + (_EXPANDED_PAGE if query.expand else _PAGE))
    page = resource(kind, uri, name, Members=[link(one) for one in uris[query.skip:stop]])
    del page['Id']
    page['Members@odata.count'] = len(uris)
    if stop < end:
        words = [f'$skip={stop}']
        words += [f'$top={end - stop}'] if query.top is not None else []
        words += [f'$select={",".join(query.select)}'] if query.select else []
        expand = {'nolinks': '.', 'links': '~', 'all': '*'}.get(query.expand)
        words += [f'$expand={expand}'] if expand else []
        page['Members@odata.nextLink'] = f'{uri}?{"&".join(words)}'
    return page


def _is_there(read: Callable[[], Any]) -> bool:
    try:
        read()
    except vds.ApiError as error:
        if error.code != 'NOT_FOUND':
            raise
        return False
    return True


class Model:
    """All resources but sessions and the account of who asks.  Any thread may use it."""

    def __init__(self) -> None:
        self.index, self._counters = Index(), Counters()
        uuid = f'({_UUID})'
        self._collections = [(re.compile(pattern), kind, name, read) for pattern, kind, name, read
                             in self._collection_rows(uuid)]
        self._resources = [(re.compile(pattern), read) for pattern, read
                           in self._resource_rows(uuid)]

    def _collection_rows(self, uuid: str) -> list[tuple[str, str, str, Callable[..., list[str]]]]:
        """The pattern of the URI, the type, the name, and what reads the URIs of the members."""
        return [
            (f'{ROOT}/Storage', 'StorageCollection', 'Storage', lambda client: [STORAGE]),
            (f'{ROOT}/Chassis', 'ChassisCollection', 'Chassis', lambda client: [CHASSIS]),
            (f'{ROOT}/Fabrics', 'FabricCollection', 'Fabrics', lambda client: [FABRIC]),
            (f'{ROOT}/Registries', 'MessageRegistryFileCollection', 'Registries',
             lambda client: [f'{ROOT}/Registries/Base']),
            (f'{accounts.SERVICE}/Accounts', 'ManagerAccountCollection', 'Accounts',
             lambda client: [accounts.ACCOUNT]),
            (f'{accounts.SERVICE}/Roles', 'RoleCollection', 'Roles',
             lambda client: accounts.role_uris()),
            (f'{STORAGE}/Controllers', 'StorageControllerCollection', 'Controllers',
             self._plain('controllers', f'{STORAGE}/Controllers')),
            (f'{STORAGE}/StoragePools', 'StoragePoolCollection', 'Storage pools',
             self._plain('pools', f'{STORAGE}/StoragePools')),
            (f'{STORAGE}/Volumes', 'VolumeCollection', 'Volumes', self._volume_uris),
            (f'{STORAGE}/StoragePools/{uuid}/AllocatedVolumes', 'VolumeCollection',
             'Volumes of the pool', self._pool_volume_uris),
            (f'{STORAGE}/ConsistencyGroups', 'ConsistencyGroupCollection', 'Consistency groups',
             self._consistency_group_uris),
            (f'{CHASSIS}/Drives', 'DriveCollection', 'Drives', self._drive_uris),
            (f'{FABRIC}/Endpoints', 'EndpointCollection', 'Endpoints', self._endpoint_uris),
            (f'{FABRIC}/EndpointGroups', 'EndpointGroupCollection', 'Endpoint groups',
             self._group_uris),
            (f'{FABRIC}/Connections', 'ConnectionCollection', 'Connections',
             self._plain('associations', f'{FABRIC}/Connections')),
            (jobs.JOBS, 'JobCollection', 'Jobs', self._plain('jobs', jobs.JOBS)),
        ]

    def _resource_rows(self, uuid: str) -> list[tuple[str, Callable[..., Resource]]]:
        return [
            (ROOT, lambda client: root()),
            (accounts.SERVICE, lambda client: accounts.account_service()),
            (f'{accounts.SERVICE}/Roles/(ReadOnly|Operator|Administrator)',
             lambda client, name: accounts.role(name)),
            (f'{ROOT}/SessionService', lambda client: accounts.session_service()),
            (STORAGE, self._storage), (CHASSIS, self._chassis),
            (FABRIC, lambda client: values.fabric()),
            (f'{ROOT}/Registries/Base', self._registry),
            (f'{STORAGE}/Controllers/{uuid}', self._controller),
            (f'{STORAGE}/StoragePools/{uuid}',
             lambda client, ident: values.pool(client.pool_get(ident))),
            (f'{STORAGE}/Volumes/{uuid}', self._volume),
            (f'{STORAGE}/Volumes/{uuid}/Metrics', self._metrics),
            (f'{STORAGE}/ConsistencyGroups/{uuid}', self._consistency_group),
            (f'{CHASSIS}/Drives/{uuid}',
             lambda client, ident: values.drive(client.drive_get(ident))),
            (f'{FABRIC}/Endpoints/({_PART})', self._endpoint),
            (f'{FABRIC}/EndpointGroups/({_PART})', self._endpoint_group),
            (f'{FABRIC}/Connections/{uuid}_{uuid}', self._connection),
            (jobs.SERVICE, lambda client: jobs.service()),
            (f'{jobs.JOBS}/{uuid}', lambda client, ident: jobs.job(client.job_get(ident))),
        ]

    def is_known(self, path: str) -> bool:
        """Whether a resource may be there: its methods are known before it is read."""
        return any(pattern.fullmatch(path) for pattern, *_ in self._collections) or any(
            pattern.fullmatch(path) for pattern, _ in self._resources)

    def read(self, client: vds.Client, path: str, query: Query) -> Resource:
        """The resource of a path without a slash at its end.

        Raises Refusal when there is none, and vds.VdsError.
        """
        for pattern, kind, name, members in self._collections:
            found = pattern.fullmatch(path)
            if found is not None:
                return collection(kind, path, name, members(client, *found.groups()), query)
        for pattern, read in self._resources:
            found = pattern.fullmatch(path)
            if found is not None:
                return read(client, *found.groups())
        raise not_found(path)

    # Collections

    def _plain(self, family: str, uri: str) -> Callable[[vds.Client], list[str]]:
        return lambda client: [f'{uri}/{entry.id}' for entry in self.index.entries(client, family)]

    def _volume_uris(self, client: vds.Client) -> list[str]:
        return [values.volume_uri(entry.id) for family in ('luns', 'snapshots')
                for entry in self.index.entries(client, family)]

    def _pool_volume_uris(self, client: vds.Client, pool_id: str) -> list[str]:
        if pool_id not in {entry.id for entry in self.index.entries(client, 'pools')}:
            raise not_found(f'{STORAGE}/StoragePools/{pool_id}/AllocatedVolumes')
        return [values.volume_uri(entry.id) for entry in self.index.entries(client, 'luns')
                if entry.group == pool_id]

    def _consistency_group_uris(self, client: vds.Client) -> list[str]:
        found = {entry.group for entry in self.index.entries(client, 'snapshots') if entry.group}
        return [f'{STORAGE}/ConsistencyGroups/{ident}' for ident in sorted(found)]

    def _drive_uris(self, client: vds.Client) -> list[str]:
        return [f'{CHASSIS}/Drives/{row["id"]}' for row in client.drive_all()]

    def _endpoint_uris(self, client: vds.Client) -> list[str]:
        targets = [entry.id for entry in self.index.entries(client, 'targets')]
        return [values.endpoint_uri(ident) for ident in [*targets, *self.index.initiators(client)]]

    def _group_uris(self, client: vds.Client) -> list[str]:
        return [values.group_uri(ident) for ident in [values.EVERYBODY, *(
            entry.id for family in ('hosts', 'host_groups')
            for entry in self.index.entries(client, family))]]

    # Resources

    def _storage(self, client: vds.Client) -> Resource:
        return values.storage(client.array_get(), client.health(),
                              [row['id'] for row in client.drive_all()])

    def _chassis(self, client: vds.Client) -> Resource:
        return values.chassis(client.array_get(), client.health())

    def _registry(self, client: vds.Client) -> Resource:
        where = f'http://redfish.dmtf.org/registries/{REGISTRY_FILE}.json'
        return resource('MessageRegistryFile', f'{ROOT}/Registries/Base', 'Messages of errors',
                        Registry=REGISTRY_FILE.rpartition('.')[0], Languages=['en'],
                        Location=[{'Language': 'en', 'PublicationUri': where}])

    def _controller(self, client: vds.Client, ident: str) -> Resource:
        return values.controller(client.controller_get(ident), client.version()['version'])

    def _volume(self, client: vds.Client, ident: str) -> Resource:
        try:
            lun = client.lun_get(ident)
        except vds.ApiError as error:
            if error.code != 'NOT_FOUND':
                raise
            return self._snapshot(client, ident)
        snapshots = [row['id'] for row in client.snapshot_all(lun_id=ident)]
        targets = [row['target_id'] for row in client.lun_targets(ident)['items']]
        return values.volume(lun, snapshots, targets)

    def _metrics(self, client: vds.Client, ident: str) -> Resource:
        return volume_metrics(client.lun_get(ident), self._counters.of(client, ident))

    def _snapshot(self, client: vds.Client, ident: str) -> Resource:
        row = client.snapshot_get(ident)
        group = '' if row['group_id'].strip('0-') == '' else row['group_id']
        return values.snapshot(row, group, _is_there(lambda: client.lun_get(row['lun_id'])))

    def _consistency_group(self, client: vds.Client, ident: str) -> Resource:
        ids = [entry.id for entry in self.index.entries(client, 'snapshots')
               if entry.group == ident]
        if not ids:
            raise not_found(f'{STORAGE}/ConsistencyGroups/{ident}')
        return values.consistency_group(ident, client.snapshot_get(ids[0]), ids)

    def _endpoint(self, client: vds.Client, ident: str) -> Resource:
        if re.fullmatch(_UUID, ident):
            return self._target(client, ident)
        # The name of an initiator is its id: it has only characters that a URI may have.
        if not self.index.is_initiator(client, ident):
            raise not_found(values.endpoint_uri(ident))
        return values.initiator_endpoint(ident)

    def _target(self, client: vds.Client, ident: str) -> Resource:
        target = client.target_get(ident)
        wanted = {portal for group in client.group_all(target_id=ident)
                  for portal in group['portals']}
        portals = [portal for portal in client.portal_all() if portal['id'] in wanted]
        return values.target_endpoint(target, portals)

    def _endpoint_group(self, client: vds.Client, ident: str) -> Resource:
        if ident == values.EVERYBODY:
            return values.endpoint_group(ident, 'Everybody', 'Every initiator', [])
        if not re.fullmatch(_UUID, ident):
            raise not_found(values.group_uri(ident))
        try:
            host = client.host_get(ident)
        except vds.ApiError as error:
            if error.code != 'NOT_FOUND':
                raise
            group = client.host_group_get(ident)
            names = {name for entry in self.index.entries(client, 'hosts')
                     if entry.id in group['hosts'] for name in entry.names}
            return values.endpoint_group(ident, group['name'], 'Host group', names)
        return values.endpoint_group(ident, host['name'], 'Host', host['initiators'])

    def _connection(self, client: vds.Client, lun_id: str, target_id: str) -> Resource:
        rows = client.association_list(lun_id=lun_id, target_id=target_id)['items']
        if not rows:
            raise not_found(values.connection_uri(lun_id, target_id))
        return values.connection(client.lun_get(lun_id), client.target_get(target_id),
                                 rows[0]['lun_number'],
                                 list(client.group_all(target_id=target_id)))

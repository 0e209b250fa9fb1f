# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the objects of the array look as resources of Redfish and Swordfish."""
from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any

from vds import types

from .errors import REGISTRY
from .index import connection_id, mask_words, named_initiators
from .schema import ROOT, type_of

Resource = dict[str, Any]

STORAGE, CHASSIS, FABRIC = f'{ROOT}/Storage/array', f'{ROOT}/Chassis/array', f'{ROOT}/Fabrics/iSCSI'
SESSIONS = f'{ROOT}/SessionService/Sessions'
EVERYBODY = 'everybody'
MODEL = 'vdsd'

_PROTOCOLS = {'sata': 'SATA', 'sas': 'SAS', 'nvme': 'NVMe', 'usb': 'USB', 'fibre': 'FC',
              'iscsi': 'iSCSI', 'mmc': 'eMMC'}
_STATES = {'active-optimized': 'Optimized', 'active-non-optimized': 'NonOptimized',
           'standby': 'Standby', 'unavailable': 'Unavailable', 'offline': 'Unavailable'}
_BEST_FIRST = ('Optimized', 'NonOptimized', 'Standby', 'Unavailable')
# Where the resources of a family of the array are.
_PLACES = {'lun': f'{STORAGE}/Volumes', 'pool': f'{STORAGE}/StoragePools',
           'drive': f'{CHASSIS}/Drives', 'controller': f'{STORAGE}/Controllers',
           'target': f'{FABRIC}/Endpoints'}
_LUN_HEALTH = {'ok': 'OK', 'failing': 'Warning', 'failed': 'Critical'}
_LEVELS = {'ok': 'OK', 'warning': 'Warning', 'critical': 'Critical', 'low': 'Warning',
           'full': 'Critical'}


def link(uri: str) -> Resource:
    return {'@odata.id': uri}


def links(name: str, uris: Iterable[str]) -> Resource:
    """A property with links, and their number as the property that goes with it."""
    found = [link(uri) for uri in uris]
    return {name: found, f'{name}@odata.count': len(found)}


def resource(kind: str, uri: str, name: str, **properties: Any) -> Resource:
    """The properties that each resource has, and others; those that are None or '' are left out."""
    given = {key: value for key, value in properties.items() if value not in (None, '')}
    return {'@odata.type': type_of(kind), '@odata.id': uri,
            'Id': uri.rstrip('/').rpartition('/')[2], 'Name': name, **given}


def status(state: str, health: str | None, why: str = '') -> Resource:
    """why: what is wrong, when the health is not OK."""
    value: Resource = {'State': state}
    if health:
        value['Health'] = health
    if health not in (None, 'OK') and why:
        value['Conditions'] = [{'MessageId': f'{REGISTRY}.GeneralError', 'Message': why,
                                'Severity': health}]
    return value


def _condition(problem: types.HealthProblemsItem) -> Resource:
    """A problem of the array as a whole, with a link to the resource that it concerns."""
    value: Resource = {'Message': problem['text'], 'Severity': _LEVELS[problem['level']],
                       'Resolution': problem['hint'],
                       'MessageId': f'{REGISTRY}.GeneralError'}
    place = _PLACES.get(problem['family'])
    if place is not None:
        value['MessageId'] = f'{REGISTRY}.ConditionInRelatedResource'
        value['OriginOfCondition'] = link(f'{place}/{problem["id"]}')
    return value


def array_status(health: types.Health) -> Resource:
    """The state of the array, with all its problems."""
    level = _LEVELS[health['status']]
    value: Resource = {**status('Enabled', level), 'HealthRollup': level}
    if health['problems']:
        value['Conditions'] = [_condition(problem) for problem in health['problems']]
    return value


def moment(ms: int) -> str:
    return datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc).strftime(
        '%Y-%m-%dT%H:%M:%SZ')


def volume_uri(ident: str) -> str:
    return f'{STORAGE}/Volumes/{ident}'


def metrics_uri(ident: str) -> str:
    return f'{volume_uri(ident)}/Metrics'


def pool_uri(ident: str) -> str:
    return f'{STORAGE}/StoragePools/{ident}'


def endpoint_uri(ident: str) -> str:
    return f'{FABRIC}/Endpoints/{ident}'


def group_uri(ident: str) -> str:
    return f'{FABRIC}/EndpointGroups/{ident}'


def connection_uri(lun_id: str, target_id: str) -> str:
    return f'{FABRIC}/Connections/{connection_id(lun_id, target_id)}'


def _uuid(ident: str) -> Resource:
    return {'DurableName': ident, 'DurableNameFormat': 'UUID'}


def _iscsi_identifiers(name: str) -> list[Resource] | None:
    digits = name[4:].upper()
    if name.startswith('iqn.'):
        return [{'DurableName': name, 'DurableNameFormat': 'iQN'}]
    if name.startswith('naa.') and len(digits) in (16, 32):
        return [{'DurableName': digits, 'DurableNameFormat': 'NAA'}]
    if name.startswith('eui.') and len(digits) == 16:
        pairs = (digits[at:at + 2] for at in range(0, 16, 2))
        return [{'DurableName': ':'.join(pairs), 'DurableNameFormat': 'EUI'}]
    return None


def volume(lun: types.Lun, snapshot_ids: list[str], target_ids: list[str]) -> Resource:
    """A LUN."""
    live = lun['live']
    health = _LUN_HEALTH.get(live['health']) if live is not None else None
    data: Resource = {'ProvisionedBytes': lun['size_bytes']}
    if live is not None:
        data['AllocatedBytes'] = live['allocated_bytes']
    cache = None
    if live is not None:
        cache = 'WriteThrough' if live['write_through'] else 'UnprotectedWriteBack'
    return resource(
        'Volume', volume_uri(lun['id']), lun['name'],
        Identifiers=[{'DurableName': lun['naa'].upper(), 'DurableNameFormat': 'NAA'},
                     _uuid(lun['id'])],
        Status=status('Enabled' if lun['status'] == 'online' else 'StandbyOffline', health,
                      live['reason'] if live is not None else ''),
        Model=MODEL, VolumeUsage='Data', BlockSizeBytes=lun['block_bytes'],
        CapacityBytes=lun['size_bytes'], Capacity={'Data': data},
        ProvisioningPolicy='Thin' if lun['thin'] else 'Fixed', WriteCachePolicy=cache,
        AccessCapabilities=['Read', 'Write'] if lun['access'] == 'read-write' else ['Read'],
        Metrics=link(metrics_uri(lun['id'])),
        **links('ReplicaTargets', map(volume_uri, snapshot_ids)),
        **links('Connections', (connection_uri(lun['id'], ident) for ident in target_ids)),
        Links={'OwningStorageResource': link(STORAGE),
               'ProvidingStoragePool': link(pool_uri(lun['pool_id']))})


def snapshot(row: types.LunSnapshot, group: str, has_source: bool) -> Resource:
    """A snapshot; group: the id of its consistency group or ''."""
    replica: Resource = {'ReplicaType': 'Snapshot', 'ConsistencyEnabled': bool(group),
                         'ReplicaState': 'Split', 'WhenSynchronized': moment(row['created_ms'])}
    if has_source:
        replica['SourceReplica'] = link(volume_uri(row['lun_id']))
    groups = [f'{STORAGE}/ConsistencyGroups/{group}'] if group else []
    data: Resource = {'ProvisionedBytes': row['size_bytes']}
    if row['live'] is not None:
        data['AllocatedBytes'] = row['live']['used_bytes']
    return resource(
        'Volume', volume_uri(row['id']), row['name'],
        Description=f'Snapshot of {row["lun_name"]}', Identifiers=[_uuid(row['id'])],
        Status=status('Enabled', 'OK'), Model=MODEL, VolumeUsage='Data',
        BlockSizeBytes=row['block_bytes'], CapacityBytes=row['size_bytes'],
        Capacity={'Data': data}, ProvisioningPolicy='Thin',
        AccessCapabilities=['Read'], ReplicaInfo=replica,
        Links={'OwningStorageResource': link(STORAGE),
               'ProvidingStoragePool': link(pool_uri(row['pool_id'])),
               **links('ConsistencyGroups', groups)})


def consistency_group(ident: str, first: types.LunSnapshot, ids: list[str]) -> Resource:
    """The snapshots of several LUNs that were taken at one moment; first: one of them."""
    return resource(
        'ConsistencyGroup', f'{STORAGE}/ConsistencyGroups/{ident}', first['name'],
        Description=f'Snapshots of {moment(first["created_ms"])}', Status=status('Enabled', 'OK'),
        ConsistencyType='CrashConsistent', IsConsistent=True,
        **links('Volumes', map(volume_uri, ids)))


def pool(row: types.Pool) -> Resource:
    live = row['live']
    uri = pool_uri(row['id'])
    capacity = percent = thresholds = None
    state = status('UnavailableOffline', 'Critical', live['reason'] if live is not None else '')
    if live is not None:
        used = live['capacity_bytes'] - live['free_bytes']
        capacity = {'Data': {'AllocatedBytes': live['capacity_bytes'], 'ConsumedBytes': used}}
        if live['capacity_bytes'] > 0:
            percent = live['free_bytes'] * 100 // live['capacity_bytes']
            limits = live['low_bytes'], live['full_bytes']
            thresholds = sorted({min(100, round(limit * 100 / live['capacity_bytes']))
                                 for limit in limits}, reverse=True)
        if live['ready']:
            state = status('Enabled', _LEVELS[live['space']],
                           f'{live["free_bytes"]} bytes are free')
    return resource(
        'StoragePool', uri, row['name'], Description=row['path'], Identifier=_uuid(row['id']),
        Status=state, Capacity=capacity, RemainingCapacityPercent=percent,
        LowSpaceWarningThresholdPercents=thresholds, MaxBlockSizeBytes=4096,
        SupportedProvisioningPolicies=['Thin', 'Fixed'],
        AllocatedVolumes=link(f'{uri}/AllocatedVolumes'),
        Links={'OwningStorageResource': link(STORAGE)})


def storage(array: types.Array, health: types.Health, drive_ids: list[str]) -> Resource:
    """The array as a whole."""
    return resource(
        'Storage', STORAGE, array['name'] or 'array', Description='iSCSI array',
        Identifiers=[_uuid(array['id'])], Status=array_status(health),
        Controllers=link(f'{STORAGE}/Controllers'), StoragePools=link(f'{STORAGE}/StoragePools'),
        Volumes=link(f'{STORAGE}/Volumes'),
        ConsistencyGroups=link(f'{STORAGE}/ConsistencyGroups'),
        EndpointGroups=link(f'{FABRIC}/EndpointGroups'), Connections=link(f'{FABRIC}/Connections'),
        **links('Drives', (f'{CHASSIS}/Drives/{ident}' for ident in drive_ids)),
        Links=links('Enclosures', [CHASSIS]))


def controller(row: types.Controller, version: str) -> Resource:
    online = row['status'] == 'online'
    return resource(
        'StorageController', f'{STORAGE}/Controllers/{row["id"]}', row['name'] or MODEL,
        Identifiers=[_uuid(row['id'])], Model=MODEL, FirmwareVersion=version,
        Status=status('Enabled' if online else 'Disabled', 'OK'),
        SupportedControllerProtocols=['iSCSI'])


def chassis(array: types.Array, health: types.Health) -> Resource:
    return resource(
        'Chassis', CHASSIS, array['name'] or 'array', ChassisType='StandAlone', Model=MODEL,
        SerialNumber=array['serial'], UUID=array['id'], Status=array_status(health),
        Drives=link(f'{CHASSIS}/Drives'), Links=links('Storage', [STORAGE]))


def drive(row: types.Drive) -> Resource:
    digits = row['wwid'].removeprefix('naa.').upper()
    is_naa = row['wwid'].startswith('naa.') and re.fullmatch('([0-9A-F]{16}){1,2}', digits)
    media = ('HDD' if row['rotational'] else 'SSD') if row['kind'] == 'disk' else None
    place = {'PartLocation': {'LocationOrdinalValue': row['slot'], 'LocationType': 'Slot'}}
    return resource(
        'Drive', f'{CHASSIS}/Drives/{row["id"]}', row['name'] or row['id'],
        Manufacturer=row['vendor'].strip(), Model=row['model'].strip(),
        SerialNumber=row['serial'].strip(), FirmwareVersion=row['firmware'].strip(),
        Identifiers=[{'DurableName': digits, 'DurableNameFormat': 'NAA'}] if is_naa else None,
        MediaType=media, Protocol=_PROTOCOLS.get(row['bus']), CapacityBytes=row['size_bytes'],
        BlockSizeBytes=row['block_bytes'] or None, PhysicalLocation=place,
        Status=status('Enabled', 'OK') if row['ready'] else
        status('UnavailableOffline', 'Critical', row['reason']),
        Links={'Chassis': link(CHASSIS), 'Storage': link(STORAGE),
               **links('StoragePools', sorted({pool_uri(at['pool_id']) for at in row['pools']}))})


def fabric() -> Resource:
    return resource(
        'Fabric', FABRIC, 'iSCSI', Description='The network between the array and its hosts',
        FabricType='iSCSI', Status=status('Enabled', 'OK'), Endpoints=link(f'{FABRIC}/Endpoints'),
        EndpointGroups=link(f'{FABRIC}/EndpointGroups'), Connections=link(f'{FABRIC}/Connections'))


def _transport(portal: types.Portal) -> Resource:
    family = 'IPv6Address' if ':' in portal['address'] else 'IPv4Address'
    return {'TransportProtocol': 'TCP', family: {'Address': portal['address']},
            'Port': portal['port']}


def target_endpoint(target: types.Target, portals: list[types.Portal]) -> Resource:
    online = any(portal['status'] == 'online' for portal in portals)
    return resource(
        'Endpoint', endpoint_uri(target['id']), target['alias'] or target['iscsi_name'],
        Description=f'Target {target["iscsi_name"]}', EndpointProtocol='iSCSI',
        Identifiers=_iscsi_identifiers(target['iscsi_name']),
        Status=status('Enabled' if online else 'Disabled', None),
        ConnectedEntities=[{'EntityType': 'StorageSubsystem', 'EntityRole': 'Target',
                            'EntityLink': link(STORAGE)}],
        IPTransportDetails=[_transport(portal) for portal in portals] or None)


def initiator_endpoint(name: str) -> Resource:
    return resource(
        'Endpoint', endpoint_uri(name), name, EndpointProtocol='iSCSI',
        Identifiers=_iscsi_identifiers(name),
        ConnectedEntities=[{'EntityType': 'StorageInitiator', 'EntityRole': 'Initiator'}])


def endpoint_group(ident: str, name: str, what: str, initiators: Iterable[str]) -> Resource:
    """A host, a host group, or everybody."""
    uris = map(endpoint_uri, sorted(initiators))
    return resource('EndpointGroup', group_uri(ident), name, Description=what,
                    GroupType='Initiator', Links=links('Endpoints', uris))


def connection(lun: types.Lun, target: types.Target, number: int,
               groups: list[types.PortalGroup]) -> Resource:
    """A LUN behind a target, and who sees it there: the unmasking list of the LUN."""
    words = mask_words(lun['mask'])
    group_ids = [EVERYBODY if word == '*' else word.partition(':')[2] for word in words
                 if word == '*' or word.startswith(('host:', 'host-group:'))]
    initiators = map(endpoint_uri, named_initiators(lun['mask']))
    found = {_STATES[group['access_state']] for group in groups if group['portals']}
    state = next((state for state in _BEST_FIRST if state in found), 'Unavailable')
    info = {'AccessCapabilities': ['Read', 'Write'] if lun['access'] == 'read-write' else ['Read'],
            'AccessState': state, 'LUN': number, 'Volume': link(volume_uri(lun['id']))}
    return resource(
        'Connection', connection_uri(lun['id'], target['id']),
        f'{lun["name"]} behind {target["alias"] or target["iscsi_name"]}',
        ConnectionType='Storage', VolumeInfo=[info],
        Status=status('Enabled' if lun['status'] == 'online' else 'StandbyOffline', None),
        Links={**links('InitiatorEndpoints', initiators),
               **links('InitiatorEndpointGroups', map(group_uri, group_ids)),
               **links('TargetEndpoints', [endpoint_uri(target['id'])])})

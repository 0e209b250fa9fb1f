# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the objects of the array are as objects of libStorageMgmt, and what the plug-in can do.

The functions make the dictionaries that libStorageMgmt's clients turn into objects: `class` is the
name of the class and the other members are its properties.
"""
from __future__ import annotations

import re
from typing import Any

from vds import types

Value = dict[str, Any]

INIT_TYPE_ISCSI_IQN = 5
PROVISION_THIN, PROVISION_FULL, PROVISION_DEFAULT = 1, 2, 3
JOB_INPROGRESS, JOB_COMPLETE, JOB_ERROR = 1, 2, 3
WRITE_BACK_POLICY, WRITE_THROUGH_POLICY = 2, 4
RAID_TYPE_UNKNOWN, MEMBER_TYPE_UNKNOWN, MEMBER_TYPE_DISK = -1, 0, 2

_SYSTEM_STATUS = {'ok': 1 << 1, 'warning': 1 << 3, 'critical': 1 << 2}      # OK, DEGRADED, ERROR
_SYSTEM_STATUS_UNKNOWN = 1 << 0
_POOL_UNKNOWN, _POOL_OK, _POOL_OTHER, _POOL_ERROR = 1 << 0, 1 << 1, 1 << 2, 1 << 5
_POOL_VOLUMES = 1 << 2 | 1 << 5 | 1 << 6                # VOLUME, VOLUME_FULL, VOLUME_THIN
_DISK_OK, _DISK_ERROR = 1 << 1, 1 << 4
_DISK_OTHER, _DISK_HDD, _DISK_SSD = 1, 52, 53
_DISK_BY_BUS = {'ata': 3, 'sata': 4, 'sas': 5, 'fibre': 6, 'scsi': 8, 'iscsi': 9}
_LINK_UNKNOWN = -1
_LINK_BY_BUS = {'fibre': 0, 'iscsi': 5, 'sas': 7, 'ata': 8, 'sata': 8, 'usb': 9, 'nvme': 11}
_RPM_UNKNOWN, _RPM_NONE, _RPM_SOME = -1, 0, 1
_PORT_ISCSI = 4
_CACHE_UNKNOWN, _WRITE_BACK_STATUS, _WRITE_THROUGH_STATUS = 1, 2, 3
_NOT_FOUND = -1

_CAPABILITY_BYTES = 512
_CAPABILITIES = (
    20,         # VOLUMES
    21, 22,     # VOLUME_CREATE, _RESIZE
    33,         # VOLUME_DELETE
    34, 35,     # VOLUME_ENABLE, _DISABLE
    36, 37,     # VOLUME_MASK, _UNMASK
    38,         # ACCESS_GROUPS
    40,         # ACCESS_GROUP_DELETE
    42,         # ACCESS_GROUP_INITIATOR_DELETE
    43,         # VOLUMES_ACCESSIBLE_BY_ACCESS_GROUP
    44,         # ACCESS_GROUPS_GRANTED_TO_VOLUME
    47,         # ACCESS_GROUP_CREATE_ISCSI_IQN
    48,         # ACCESS_GROUP_INITIATOR_ADD_ISCSI_IQN
    53,         # VOLUME_ISCSI_CHAP_AUTHENTICATION
    55,         # VOLUME_THIN
    57,         # VOLUME_CACHE_INFO
    60, 62,     # VOLUME_WRITE_CACHE_POLICY_UPDATE_WRITE_BACK, _WRITE_THROUGH
    160,        # SYS_FW_VERSION_GET
    163,        # DISK_LOCATION
    164, 165,   # DISK_RPM, _LINK_TYPE
    171,        # VOLUME_LED
    210,        # POOLS_QUICK_SEARCH
    211,        # VOLUMES_QUICK_SEARCH
    212,        # DISKS_QUICK_SEARCH
    213,        # ACCESS_GROUPS_QUICK_SEARCH
    216, 217,   # TARGET_PORTS, _QUICK_SEARCH
    220,        # DISKS
    221,        # POOL_MEMBER_INFO
    223,        # DISK_VPD83_GET
)


def capabilities() -> Value:
    """The Capabilities: a byte for each capability, in hexadecimal digits."""
    have = bytearray(_CAPABILITY_BYTES)
    for number in _CAPABILITIES:
        have[number] = 1
    return {'class': 'Capabilities', 'cap': have.hex()}


def system(array: types.Array, health: types.Health) -> Value:
    return {'class': 'System', 'id': array['id'], 'name': array['name'],
            'status': _SYSTEM_STATUS.get(health['status'], _SYSTEM_STATUS_UNKNOWN),
            'status_info': '; '.join(problem['text'] for problem in health['problems']),
            'plugin_data': None, 'fw_version': f'vdsd {array["version"]}'}


def _pool_status(pool: types.Pool) -> tuple[int, str]:
    live = pool['live']
    if live is None:
        return _POOL_UNKNOWN, 'the array has not looked at the pool yet'
    if not live['ready']:
        return _POOL_ERROR, live['reason']
    if live['space'] == 'ok':
        return _POOL_OK, ''
    return _POOL_OK | _POOL_OTHER, f'the pool is {live["space"]}: {live["free_bytes"]} bytes free'


def pool(row: types.Pool, system_id: str) -> Value:
    status, info = _pool_status(row)
    live = row['live']
    return {'class': 'Pool', 'id': row['id'], 'name': row['name'], 'element_type': _POOL_VOLUMES,
            'unsupported_actions': 0,
            'total_space': _NOT_FOUND if live is None else live['capacity_bytes'],
            'free_space': _NOT_FOUND if live is None else live['free_bytes'],
            'status': status, 'status_info': info, 'system_id': system_id, 'plugin_data': None}


def volume(lun: types.Lun, system_id: str) -> Value:
    return {'class': 'Volume', 'id': lun['id'], 'name': lun['name'], 'vpd83': lun['naa'].lower(),
            'block_size': lun['block_bytes'],
            'num_of_blocks': lun['size_bytes'] // lun['block_bytes'],
            'admin_state': int(lun['status'] == 'online'), 'system_id': system_id,
            'pool_id': lun['pool_id'], 'plugin_data': None}


def hints_with_policy(hints: str, policy: int) -> str:
    """The hints of a LUN with another policy for its write cache."""
    kept = [hint for hint in hints.split() if not hint.startswith(('WTC=', 'WCE='))]
    return ' '.join(kept + ['WTC=1'] if policy == WRITE_THROUGH_POLICY else kept)


def cache_info(lun: types.Lun) -> list[int]:
    """Policy and status of the write cache, of the read cache, and the cache of the disks.

    The policy is the administrator's; initiators may choose another status until vdsd starts again.
    """
    through = not {'WTC=1', 'WCE=0'}.isdisjoint(lun['hints'].split())
    live, status = lun['live'], _CACHE_UNKNOWN
    if live is not None:
        status = _WRITE_THROUGH_STATUS if live['write_through'] else _WRITE_BACK_STATUS
    return [WRITE_THROUGH_POLICY if through else WRITE_BACK_POLICY, status, _CACHE_UNKNOWN,
            _CACHE_UNKNOWN, _CACHE_UNKNOWN]


def _disk_type(drive: types.Drive) -> int:
    if drive['kind'] != 'disk':
        return _DISK_OTHER
    return _DISK_BY_BUS.get(drive['bus'], _DISK_HDD if drive['rotational'] else _DISK_SSD)


def _disk_rpm(drive: types.Drive) -> int:
    if drive['kind'] != 'disk':
        return _RPM_UNKNOWN
    return _RPM_SOME if drive['rotational'] else _RPM_NONE


def _disk_vpd83(drive: types.Drive) -> str:
    """The NAA name of a drive, "" when it has another name or none."""
    digits = drive['wwid'].lower().removeprefix('naa.').removeprefix('0x')
    return digits if re.fullmatch('6[0-9a-f]{31}|[235][0-9a-f]{15}', digits) else ''


def disk(drive: types.Drive, system_id: str) -> Value:
    words = (drive['vendor'], drive['model'], drive['name'])
    block_bytes = drive['block_bytes'] or 512
    return {'class': 'Disk', 'id': drive['id'],
            'name': ' '.join(word for word in words if word), 'disk_type': _disk_type(drive),
            'block_size': block_bytes, 'num_of_blocks': drive['size_bytes'] // block_bytes,
            'status': _DISK_OK if drive['ready'] else _DISK_ERROR, 'system_id': system_id,
            'plugin_data': None, 'vpd83': _disk_vpd83(drive), 'location': f'slot {drive["slot"]}',
            'rpm': _disk_rpm(drive), 'link_type': _LINK_BY_BUS.get(drive['bus'], _LINK_UNKNOWN)}


def access_group(host: types.Host, system_id: str) -> Value:
    return {'class': 'AccessGroup', 'id': host['id'], 'name': host['name'],
            'init_ids': list(host['initiators']), 'init_type': INIT_TYPE_ISCSI_IQN,
            'system_id': system_id, 'plugin_data': None}


def target_port(target: types.Target, group: types.PortalGroup, portal: types.Portal,
                port: types.Port | None, system_id: str) -> Value:
    """A portal of a target.  port: the network interface of the portal, where it has one."""
    address = f'[{portal["address"]}]' if ':' in portal['address'] else portal['address']
    return {'class': 'TargetPort', 'id': f'{group["id"]}/{portal["id"]}', 'port_type': _PORT_ISCSI,
            'service_address': target['iscsi_name'],
            'network_address': f'{address}:{portal["port"]}',
            'physical_address': port['hardware_address'].lower() if port else '',
            'physical_name': port['name'] if port else '', 'system_id': system_id,
            'plugin_data': None}

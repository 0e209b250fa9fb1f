# SPDX-License-Identifier: LGPL-2.1-or-later
"""The schemas that resources keep to: the DMTF's (Redfish 2025.4) and the SNIA's (Swordfish 1.2.8).
"""
from __future__ import annotations

from typing import Any
from xml.sax.saxutils import quoteattr

ROOT = '/redfish/v1'
METADATA = f'{ROOT}/$metadata'
_SITE = 'http://redfish.dmtf.org/schemas'

# The version of each type; '' for collections, which have none.
_VERSIONS = {
    'ServiceRoot': '1_17_0', 'StorageCollection': '', 'Storage': '1_18_0',
    'StorageControllerCollection': '', 'StorageController': '1_8_0', 'ChassisCollection': '',
    'Chassis': '1_25_0', 'DriveCollection': '', 'Drive': '1_19_0', 'FabricCollection': '',
    'Fabric': '1_3_2', 'EndpointCollection': '', 'Endpoint': '1_8_1', 'EndpointGroupCollection': '',
    'EndpointGroup': '1_3_4', 'ConnectionCollection': '', 'Connection': '1_4_0',
    'SessionService': '1_1_9', 'SessionCollection': '', 'Session': '1_7_1',
    'AccountService': '1_15_1', 'ManagerAccountCollection': '', 'ManagerAccount': '1_12_1',
    'RoleCollection': '', 'Role': '1_3_3',
    'MessageRegistryFileCollection': '', 'MessageRegistryFile': '1_1_4',
    'JobService': '1_1_0', 'JobCollection': '', 'Job': '1_3_0',
}
_SWORDFISH = {
    'StoragePoolCollection': '', 'StoragePool': '1_9_1', 'VolumeCollection': '',
    'Volume': '1_10_1', 'VolumeMetrics': '1_2_0', 'ConsistencyGroupCollection': '', 'ConsistencyGroup': '1_1_1',
}
# What resources embed or annotate.
_PARTS = {'Resource': '1_20_0', 'Message': '1_2_1', 'Protocol': '', 'IPAddresses': '1_1_5'}
_SWORDFISH_PARTS = {'Capacity': '1_2_1', 'StorageReplicaInfo': '1_4_0', 'IOStatistics': '1_0_4',
                    'DataStorageLoSCapabilities': '1_2_2'}


def _full(name: str) -> str:
    version = _VERSIONS.get(name, _SWORDFISH.get(name))
    assert version is not None, name
    return f'{name}.v{version}' if version else name


def type_of(name: str) -> str:
    """The value of @odata.type."""
    return f'#{_full(name)}.{name}'


def described_by(odata_type: str) -> str:
    """The address of the JSON schema of a type."""
    name = odata_type[1:].split('.')[0]
    folder = 'swordfish/v1' if name in _SWORDFISH else 'v1'
    return f'{_SITE}/{folder}/{_full(name)}.json'


def _reference(folder: str, name: str, version: str) -> str:
    spaces = [name] + ([f'{name}.v{version}'] if version else [])
    includes = ''.join(f'    <edmx:Include Namespace={quoteattr(space)}/>\n' for space in spaces)
    return (f'  <edmx:Reference Uri="{_SITE}/{folder}/{name}_v1.xml">\n{includes}'
            '  </edmx:Reference>\n')


def metadata() -> str:
    """The service metadata document: where the definition of each type is."""
    references = ''.join(
        _reference(folder, name, version) for folder, names in (
            ('v1', {**_VERSIONS, **_PARTS}), ('swordfish/v1', {**_SWORDFISH, **_SWORDFISH_PARTS}))
        for name, version in names.items())
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">\n'
            f'{references}'
            '  <edmx:DataServices>\n'
            '    <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Service">\n'
            f'      <EntityContainer Name="Service" Extends="{_full("ServiceRoot")}'
            '.ServiceContainer"/>\n'
            '    </Schema>\n'
            '  </edmx:DataServices>\n'
            '</edmx:Edmx>\n')


def service_document(root: dict[str, Any]) -> dict[str, Any]:
    """The OData service document: the links of the service root, by name."""
    links = [{'name': name, 'kind': 'Singleton', 'url': value['@odata.id']}
             for name, value in root.items() if isinstance(value, dict) and '@odata.id' in value]
    own = {'name': 'Service', 'kind': 'Singleton', 'url': f'{ROOT}/'}
    return {'@odata.context': METADATA,
            'value': [own, *links, {'name': 'Sessions', 'kind': 'Singleton',
                                    'url': root['Links']['Sessions']['@odata.id']}]}

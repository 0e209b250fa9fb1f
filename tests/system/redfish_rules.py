# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the schemas of Redfish 2025.4 and Swordfish 1.2.8 say of the resources that vds-redfish has,
and the rules by which the DMTF's validators judge a service.

Only the properties that are sent stand here: another one is a mistake until it is looked up.
"""
import re

from vdstest import check, equal

ROOT = '/redfish/v1'
_STORAGE, _FABRIC = f'{ROOT}/Storage/[^/]+', f'{ROOT}/Fabrics/[^/]+'
_CHASSIS, _ACCOUNTS = f'{ROOT}/Chassis/[^/]+', f'{ROOT}/AccountService'
_VERSION = r'v[0-9]+_[0-9]+_[0-9]+'
_SAFE_URI = re.compile(r"[A-Za-z0-9!$&'()*+,\-./:;=@_?]+")
_ETAG = re.compile(r'W/"[\x21\x23-\x7e]+"')
_MOMENT = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ')
_DURATION = re.compile(r'PT\d+(\.\d+)?S')

# Where resources of each type may be.
PLACES = {
    'ServiceRoot': f'{ROOT}/', 'StorageCollection': f'{ROOT}/Storage', 'Storage': _STORAGE,
    'StorageControllerCollection': f'{_STORAGE}/Controllers',
    'StorageController': f'{_STORAGE}/Controllers/[^/]+',
    'StoragePoolCollection': f'{_STORAGE}/StoragePools',
    'StoragePool': f'{_STORAGE}/StoragePools/[^/]+',
    'VolumeCollection': f'{_STORAGE}/(Volumes|StoragePools/[^/]+/AllocatedVolumes)',
    'Volume': f'{_STORAGE}/Volumes/[^/]+',
    'VolumeMetrics': f'{_STORAGE}/Volumes/[^/]+/Metrics',
    'ConsistencyGroupCollection': f'{_STORAGE}/ConsistencyGroups',
    'ConsistencyGroup': f'{_STORAGE}/ConsistencyGroups/[^/]+',
    'ChassisCollection': f'{ROOT}/Chassis', 'Chassis': _CHASSIS,
    'DriveCollection': f'{_CHASSIS}/Drives', 'Drive': f'{_CHASSIS}/Drives/[^/]+',
    'FabricCollection': f'{ROOT}/Fabrics', 'Fabric': _FABRIC,
    'EndpointCollection': f'{_FABRIC}/Endpoints', 'Endpoint': f'{_FABRIC}/Endpoints/[^/]+',
    'EndpointGroupCollection': f'{_FABRIC}/EndpointGroups',
    'EndpointGroup': f'{_FABRIC}/EndpointGroups/[^/]+',
    'ConnectionCollection': f'{_FABRIC}/Connections',
    'Connection': f'{_FABRIC}/Connections/[^/]+',
    'SessionService': f'{ROOT}/SessionService',
    'SessionCollection': f'{ROOT}/SessionService/Sessions',
    'Session': f'{ROOT}/SessionService/Sessions/[^/]+', 'AccountService': _ACCOUNTS,
    'ManagerAccountCollection': f'{_ACCOUNTS}/Accounts',
    'ManagerAccount': f'{_ACCOUNTS}/Accounts/[^/]+', 'RoleCollection': f'{_ACCOUNTS}/Roles',
    'Role': f'{_ACCOUNTS}/Roles/[^/]+', 'MessageRegistryFileCollection': f'{ROOT}/Registries',
    'MessageRegistryFile': f'{ROOT}/Registries/[^/]+', 'JobService': f'{ROOT}/JobService',
    'JobCollection': f'{ROOT}/JobService/Jobs', 'Job': f'{ROOT}/JobService/Jobs/[^/]+',
}
SWORDFISH = ('StoragePool', 'Volume', 'VolumeMetrics', 'ConsistencyGroup')


class Enum:
    def __init__(self, *values):
        self.values = values


class Link:
    """A link to a resource of one of these types."""

    def __init__(self, *kinds):
        self.kinds = kinds


TEXT, NUMBER, TRUTH, NULL, MOMENT = 'text', 'number', 'truth', 'null', 'moment'
DURATION, PERCENT = 'duration', 'percentage'

_HEALTH = Enum('OK', 'Warning', 'Critical')
_STATUS = {'State': Enum('Enabled', 'Disabled', 'StandbyOffline', 'UnavailableOffline'),
           'Health': _HEALTH, 'HealthRollup': _HEALTH,
           'Conditions': [{'MessageId': TEXT, 'Message': TEXT, 'Severity': _HEALTH,
                           'Resolution': TEXT, 'OriginOfCondition': Link(
                               'Volume', 'StoragePool', 'Drive', 'StorageController', 'Endpoint')}]}
_IDENTIFIER = {'DurableName': TEXT,
               'DurableNameFormat': Enum('NAA', 'iQN', 'UUID', 'EUI')}
_PROTOCOL = Enum('SATA', 'SAS', 'NVMe', 'USB', 'FC', 'iSCSI', 'eMMC', 'TCP')
_ACCESS = [Enum('Read', 'Write')]
_POLICY = Enum('Thin', 'Fixed')
_CAPACITY = {'Data': {'AllocatedBytes': NUMBER, 'ConsumedBytes': NUMBER,
                      'ProvisionedBytes': NUMBER}}
_BASIC = {'Id': TEXT, 'Name': TEXT, 'Description': TEXT, 'Status': _STATUS}
_ADDRESS = {'Address': TEXT}

# The properties of each type; a list is an array, a dictionary an object.
PROPERTIES = {
    'ServiceRoot': {
        'Product': TEXT, 'RedfishVersion': TEXT, 'Storage': Link('StorageCollection'),
        'Chassis': Link('ChassisCollection'), 'Fabrics': Link('FabricCollection'),
        'AccountService': Link('AccountService'), 'SessionService': Link('SessionService'),
        'Registries': Link('MessageRegistryFileCollection'), 'JobService': Link('JobService'),
        'Links': {'Sessions': Link('SessionCollection')},
        'ProtocolFeaturesSupported': {
            'ExpandQuery': {'ExpandAll': TRUTH, 'Levels': TRUTH, 'Links': TRUTH,
                            'MaxLevels': NUMBER, 'NoLinks': TRUTH},
            'FilterQuery': TRUTH, 'SelectQuery': TRUTH, 'OnlyMemberQuery': TRUTH,
            'ExcerptQuery': TRUTH, 'TopSkipQuery': TRUTH, 'MultipleHTTPRequests': TRUTH,
            'DeepOperations': {'DeepPATCH': TRUTH, 'DeepPOST': TRUTH}}},
    'Storage': {
        'Identifiers': [_IDENTIFIER], 'Controllers': Link('StorageControllerCollection'),
        'StoragePools': Link('StoragePoolCollection'), 'Volumes': Link('VolumeCollection'),
        'ConsistencyGroups': Link('ConsistencyGroupCollection'),
        'EndpointGroups': Link('EndpointGroupCollection'),
        'Connections': Link('ConnectionCollection'), 'Drives': [Link('Drive')],
        'Links': {'Enclosures': [Link('Chassis')]}},
    'StorageController': {
        'Identifiers': [_IDENTIFIER], 'Model': TEXT, 'FirmwareVersion': TEXT,
        'SupportedControllerProtocols': [_PROTOCOL]},
    'StoragePool': {
        'Identifier': _IDENTIFIER, 'Capacity': _CAPACITY, 'RemainingCapacityPercent': PERCENT,
        'LowSpaceWarningThresholdPercents': [PERCENT],
        'MaxBlockSizeBytes': NUMBER, 'SupportedProvisioningPolicies': [_POLICY],
        'AllocatedVolumes': Link('VolumeCollection'),
        'Links': {'OwningStorageResource': Link('Storage')}},
    'Volume': {
        'Identifiers': [_IDENTIFIER], 'Model': TEXT, 'VolumeUsage': Enum('Data'),
        'BlockSizeBytes': NUMBER, 'CapacityBytes': NUMBER, 'Capacity': _CAPACITY,
        'ProvisioningPolicy': _POLICY,
        'WriteCachePolicy': Enum('WriteThrough', 'UnprotectedWriteBack'),
        'AccessCapabilities': _ACCESS, 'ReplicaTargets': [Link('Volume')],
        'Connections': [Link('Connection')], 'Metrics': Link('VolumeMetrics'),
        'ReplicaInfo': {'ReplicaType': Enum('Snapshot'), 'ReplicaState': Enum('Split'),
                        'ConsistencyEnabled': TRUTH, 'WhenSynchronized': MOMENT,
                        'SourceReplica': Link('Volume')},
        'Links': {'OwningStorageResource': Link('Storage'),
                  'ProvidingStoragePool': Link('StoragePool'),
                  'ConsistencyGroups': [Link('ConsistencyGroup')]}},
    'VolumeMetrics': {
        'IOStatistics': {
            'ReadIORequests': NUMBER, 'ReadIOKiBytes': NUMBER, 'ReadIORequestTime': DURATION,
            'WriteIORequests': NUMBER, 'WriteIOKiBytes': NUMBER, 'WriteIORequestTime': DURATION,
            'NonIORequests': NUMBER, 'NonIORequestTime': DURATION},
        'ThinProvisioningSavingsBytes': NUMBER},
    'ConsistencyGroup': {'ConsistencyType': Enum('CrashConsistent'), 'IsConsistent': TRUTH,
                         'Volumes': [Link('Volume')]},
    'Chassis': {'ChassisType': Enum('StandAlone'), 'Model': TEXT, 'SerialNumber': TEXT,
                'UUID': TEXT, 'Drives': Link('DriveCollection'),
                'Links': {'Storage': [Link('Storage')]}},
    'Drive': {
        'Manufacturer': TEXT, 'Model': TEXT, 'SerialNumber': TEXT, 'FirmwareVersion': TEXT,
        'Identifiers': [_IDENTIFIER], 'MediaType': Enum('HDD', 'SSD'), 'Protocol': _PROTOCOL,
        'CapacityBytes': NUMBER, 'BlockSizeBytes': NUMBER,
        'PhysicalLocation': {'PartLocation': {'LocationOrdinalValue': NUMBER,
                                              'LocationType': Enum('Slot')}},
        'Links': {'Chassis': Link('Chassis'), 'Storage': Link('Storage'),
                  'StoragePools': [Link('StoragePool')]}},
    'Fabric': {'FabricType': Enum('iSCSI'), 'Endpoints': Link('EndpointCollection'),
               'EndpointGroups': Link('EndpointGroupCollection'),
               'Connections': Link('ConnectionCollection')},
    'Endpoint': {
        'EndpointProtocol': Enum('iSCSI'), 'Identifiers': [_IDENTIFIER],
        'ConnectedEntities': [{'EntityType': Enum('StorageSubsystem', 'StorageInitiator'),
                               'EntityRole': Enum('Initiator', 'Target'),
                               'EntityLink': Link('Storage')}],
        'IPTransportDetails': [{'TransportProtocol': Enum('TCP'), 'IPv4Address': _ADDRESS,
                                'IPv6Address': _ADDRESS, 'Port': NUMBER}]},
    'EndpointGroup': {'GroupType': Enum('Initiator'), 'Links': {'Endpoints': [Link('Endpoint')]}},
    'Connection': {
        'ConnectionType': Enum('Storage'),
        'VolumeInfo': [{'AccessCapabilities': _ACCESS, 'LUN': NUMBER, 'Volume': Link('Volume'),
                        'AccessState': Enum('Optimized', 'NonOptimized', 'Standby',
                                            'Unavailable')}],
        'Links': {'InitiatorEndpoints': [Link('Endpoint')],
                  'InitiatorEndpointGroups': [Link('EndpointGroup')],
                  'TargetEndpoints': [Link('Endpoint')]}},
    'SessionService': {'ServiceEnabled': TRUTH, 'SessionTimeout': NUMBER,
                       'Sessions': Link('SessionCollection')},
    'Session': {'UserName': TEXT, 'Password': NULL, 'SessionType': Enum('Redfish'),
                'ClientOriginIPAddress': TEXT, 'CreatedTime': MOMENT},
    'AccountService': {'ServiceEnabled': TRUTH, 'HTTPBasicAuth': Enum('Enabled'),
                       'Accounts': Link('ManagerAccountCollection'),
                       'Roles': Link('RoleCollection')},
    'ManagerAccount': {'UserName': TEXT, 'Password': NULL, 'Enabled': TRUTH,
                       'AccountTypes': [Enum('Redfish')],
                       'RoleId': Enum('ReadOnly', 'Operator', 'Administrator'),
                       'Links': {'Role': Link('Role')}},
    'Role': {'RoleId': Enum('ReadOnly', 'Operator', 'Administrator'), 'IsPredefined': TRUTH,
             'AssignedPrivileges': [Enum('Login', 'ConfigureSelf', 'ConfigureComponents',
                                         'ConfigureManager', 'ConfigureUsers')]},
    'JobService': {'ServiceEnabled': TRUTH, 'Jobs': Link('JobCollection')},
    'Job': {'JobState': Enum('New', 'Starting', 'Running', 'Suspended', 'Interrupted', 'Pending',
                             'Stopping', 'Completed', 'Cancelled', 'Exception'),
            'JobStatus': _HEALTH, 'PercentComplete': PERCENT, 'CreationTime': MOMENT,
            'StartTime': MOMENT, 'EndTime': MOMENT,
            'Messages': [{'MessageId': TEXT, 'Message': TEXT, 'MessageSeverity': _HEALTH}]},
    'MessageRegistryFile': {'Registry': TEXT, 'Languages': [TEXT],
                            'Location': [{'Language': TEXT, 'PublicationUri': TEXT}]},
}
_REQUIRED = {'Chassis': ('ChassisType',), 'ServiceRoot': ('Links',), 'Role': ('RoleId',),
             'ManagerAccount': ('AccountTypes',),
             'MessageRegistryFile': ('Languages', 'Location', 'Registry')}
_NAMES = {'NAA': r'([0-9A-F]{16}){1,2}', 'iQN': r'iqn\.[a-z0-9.:-]+',
          'UUID': r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}',
          'EUI': r'([0-9A-F]{2}:){7}[0-9A-F]{2}'}


def kind_of(resource):
    """The name of the type of a resource."""
    name, _, rest = resource['@odata.type'].removeprefix('#').partition('.')
    version = rest.removesuffix(name).removesuffix('.')
    check(resource['@odata.type'].startswith('#') and rest.endswith(name),
          f'@odata.type is {resource["@odata.type"]!r}')
    equal(bool(re.fullmatch(_VERSION, version)), not name.endswith('Collection'),
          f'{resource["@odata.type"]} has a version')
    return name


class Judge:
    """Collects the links of the resources that it is shown."""

    def __init__(self):
        self.links = []         # where, the URI, and the types that it may be of

    def take(self, uri, resource):
        kind = kind_of(resource)
        check(kind in PLACES, f'{uri}: the type {kind} is not expected')
        equal(resource['@odata.id'], uri.partition('?')[0], 'its @odata.id')
        check(re.fullmatch(PLACES[kind], resource['@odata.id']), f'{uri} is no place for {kind}')
        check(_SAFE_URI.fullmatch(uri), f'{uri} has characters that are not safe')
        check(_ETAG.fullmatch(resource['@odata.etag']), f'{uri}: its tag')
        given = {name: value for name, value in resource.items()
                 if name not in ('@odata.id', '@odata.type', '@odata.etag')}
        if kind.endswith('Collection'):
            self._collection(uri, kind, given)
            return kind
        for name in ('Id', 'Name', *_REQUIRED.get(kind, ())):
            check(name in given, f'{uri} has no {name}')
        if kind != 'ServiceRoot':
            equal(given['Id'], uri.rpartition('/')[2], f'{uri}: its Id')
        self._object(uri, given, {**_BASIC, **PROPERTIES[kind]})
        return kind

    def _collection(self, uri, kind, given):
        check(set(given) <= {'Name', 'Members', 'Members@odata.count', 'Members@odata.nextLink'},
              f'{uri} has {sorted(given)}')
        check(given['Name'] and given['Members@odata.count'] >= len(given['Members']),
              f'{uri}: its name and its number')
        rule = Link(kind.removesuffix('Collection'))
        for member in given['Members']:
            self._value(f'{uri}/Members', member, rule)
        following = given.get('Members@odata.nextLink')
        if following is not None:
            self.links.append((uri, following, (kind,)))
        elif '?' not in uri:
            equal(given['Members@odata.count'], len(given['Members']), f'{uri}: its number')

    def _object(self, where, value, rules):
        for name, item in value.items():
            base, _, annotation = name.partition('@')
            if annotation:
                equal((annotation, item), ('odata.count', len(value[base])), f'{where}/{name}')
                continue
            check(name in rules, f'{where} has the property {name}, which is not known')
            check(not isinstance(item, list) or not rules[name] or
                  isinstance(rules[name], list), f'{where}/{name} is an array')
            if isinstance(rules[name], list):
                check(isinstance(item, list), f'{where}/{name} is no array')
                counted = isinstance(rules[name][0], Link)
                equal(f'{name}@odata.count' in value, counted, f'{where}/{name} is counted')
                for one in item:
                    self._value(f'{where}/{name}', one, rules[name][0])
            else:
                self._value(f'{where}/{name}', item, rules[name])
        if 'DurableName' in value:
            check(re.fullmatch(_NAMES[value['DurableNameFormat']], value['DurableName']),
                  f'{where}: {value}')

    def _value(self, where, value, rule):
        if isinstance(rule, Link):
            check(isinstance(value, dict) and list(value) == ['@odata.id'], f'{where} is no link')
            self.links.append((where, value['@odata.id'], rule.kinds))
        elif isinstance(rule, dict):
            check(isinstance(value, dict), f'{where} is no object')
            self._object(where, value, rule)
        elif isinstance(rule, Enum):
            check(value in rule.values, f'{where} is {value!r}')
        else:
            good = {TEXT: isinstance(value, str) and value != '', NULL: value is None,
                    NUMBER: type(value) is int and value >= 0,
                    PERCENT: type(value) is int and 0 <= value <= 100,
                    DURATION: isinstance(value, str) and bool(_DURATION.fullmatch(value)),
                    TRUTH: isinstance(value, bool),
                    MOMENT: isinstance(value, str) and bool(_MOMENT.fullmatch(value))}[rule]
            check(good, f'{where} is {value!r}, which is no {rule}')

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vds-redfish shows a real vdsd by the rules of Redfish and Swordfish.

redfish_rules.py has the rules of the DMTF's validators; docs/managers.md says how to run those.
"""
import base64
import collections
import contextlib
import email.message
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import uuid

import vdstest
from redfish_rules import PLACES, ROOT, SWORDFISH, Judge, kind_of
from vdstest import DEADLINE_S, Daemon, Initiator, check, equal

PACKAGES = pathlib.Path(os.environ['MESON_BUILD']) / 'src' / 'python'
PROGRAM = PACKAGES / 'vds_redfish' / 'vds-redfish'
sys.path.insert(0, str(PACKAGES))
import vds  # noqa: E402  the packages that this build made
from vds import _server, _transport  # noqa: E402
from vds_redfish.app import Application  # noqa: E402
from vds_redfish.sessions import IDLE_S, SESSIONS_MAX, Sessions  # noqa: E402

STORAGE, FABRIC = f'{ROOT}/Storage/array', f'{ROOT}/Fabrics/iSCSI'
SESSIONS = f'{ROOT}/SessionService/Sessions'
HOST1, HOST2, BARE = 'iqn.2026-01.test:host-1', 'eui.02004567a425678d', 'iqn.2026-01.test:bare'
WEB, DB = 'iqn.2026-01.test:web', 'naa.52004567ba64678d'
NOWHERE = '00000000-0000-4000-8000-000000000001'


class Answer:
    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()

    def json(self):
        return json.loads(self.body)

    def key(self):
        """The message of an error, without the registry."""
        error = self.json()['error']
        message, = error['@Message.ExtendedInfo']
        equal((message['MessageId'], message['Message']), (error['code'], error['message']), error)
        check(message['Resolution'] and message['MessageSeverity'] in ('Warning', 'Critical'),
              error)
        return error['code'].removeprefix('Base.1.22.')


class Redfish:
    """vds-redfish for a daemon, and a client of it with the tokens `reader` and `admin`."""

    def __init__(self, daemon):
        self.daemon, ready = daemon, daemon.top / 'redfish'
        self.tokens = {role: daemon.ctl('token', 'create', role, '--role', role)['token']
                       for role in ('reader', 'admin')}
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, '--url', f'unix:{daemon.socket}', '--listen', '127.0.0.1:0',
             '--ready-file', ready], stderr=subprocess.PIPE, text=True,
            env={**os.environ, 'PYTHONPATH': str(PACKAGES)})
        vdstest.eventually('vds-redfish listens', ready.exists)
        self.connection = http.client.HTTPConnection(
            '127.0.0.1', json.loads(ready.read_text())['port'], timeout=DEADLINE_S)

    def close(self):
        self.connection.close()
        self.process.terminate()
        _, said = self.process.communicate(timeout=DEADLINE_S)
        equal((self.process.returncode, said), (0, ''), 'how vds-redfish ended, and what it said')

    def basic(self, role):
        text = base64.b64encode(f'{role}:{self.tokens[role]}'.encode()).decode()
        return {'Authorization': f'Basic {text}'}

    def ask(self, path, method='GET', body=None, role='reader', **headers):
        given = {name.replace('_', '-'): value for name, value in headers.items()}
        if role is not None:
            given.update(self.basic(role))
        data = body if body is None or isinstance(body, str) else json.dumps(body)
        self.connection.request(method, path, data, given)
        answer = Answer(self.connection.getresponse())
        equal(answer.headers['OData-Version'], '4.0', f'{method} {path}: the version of OData')
        return answer

    def get(self, path):
        answer = self.ask(path)
        equal(answer.status, 200, f'{path}: {answer.body}')
        return answer.json()

    def members(self, path):
        return [one['@odata.id'] for one in self.get(path)['Members']]

    def refused(self, status, key, path, *words, **named):
        answer = self.ask(path, *words, **named)
        equal((answer.status, answer.key()), (status, key), path)
        return answer


@contextlib.contextmanager
def array():
    """A daemon with something of each kind, and vds-redfish."""
    with Daemon(copies=True) as daemon:
        ctl = daemon.ctl
        daemon.create_luns(('vol0', 'vol1', 'vol2'), '16M')
        ctl('lun', 'create', 'vol3', '--size', '16M', '--thick')        # a job
        ctl('pool', 'create', 'fast', 'ram:64M')
        ctl('lun', 'create', 'quick', '--size', '1M', '--pool', 'fast')
        ctl('target', 'create', 'web', '--iscsi-name', WEB)
        ctl('target', 'create', 'db', '--iscsi-name', DB)
        ctl('host', 'create', 'h1', HOST1)
        ctl('host', 'create', 'h2', HOST2)
        ctl('host-group', 'create', 'both', 'h1', 'h2')
        ctl('lun', 'associate', 'vol0', 'web', 'db')
        ctl('lun', 'associate', 'vol1', 'web')
        ctl('lun', 'associate', 'vol2', 'db')
        ctl('lun', 'associate', 'quick', 'db')
        ctl('lun', 'unmask', 'vol0', BARE, '--host', 'h1')
        ctl('lun', 'unmask', 'vol1', '*')
        ctl('lun', 'unmask', 'vol2', '--host-group', 'both')
        ctl('snapshot', 'create', 'pair', 'vol0', 'vol1')
        ctl('snapshot', 'create', 'alone', 'vol2')
        redfish = Redfish(daemon)
        try:
            yield redfish
        finally:
            redfish.close()
        daemon.stop()


def walk(redfish):
    """Reads what can be reached from the service root.  Returns the resources by their URI."""
    judge, found, kinds = Judge(), {}, {}
    judge.links.append(('', f'{ROOT}/', ('ServiceRoot',)))
    done = 0
    while done < len(judge.links):
        where, uri, wanted = judge.links[done]
        done += 1
        if uri not in found:
            answer = redfish.ask(uri)
            equal(answer.status, 200, f'{where} leads to {uri}')
            found[uri] = answer.json()
            headers_are_right(redfish, uri, answer, found[uri])
            kinds[uri] = judge.take(uri, found[uri])
        check(kinds[uri] in wanted, f'{where} leads to {uri}, which is a {kinds[uri]}')
    return found, kinds


def headers_are_right(redfish, uri, answer, value):
    headers = answer.headers
    equal(headers['Content-Type'], 'application/json', f'{uri}: its media type')
    check('no-' in headers['Cache-Control'] and 'GET' in headers['Allow'], f'{uri}: its headers')
    equal(headers['ETag'], value['@odata.etag'], f'{uri}: its tag')
    name = kind_of(value)
    folder = 'swordfish/' if name.removesuffix('Collection') in SWORDFISH else ''
    schema = value['@odata.type'][1:].removesuffix(f'.{name}') + '.json'
    equal(headers['Link'], f'<http://redfish.dmtf.org/schemas/{folder}v1/{schema}>; '
                           'rel=describedby', f'{uri}: its schema')


def has_one_tag(redfish, uri):
    value = redfish.get(uri)
    head = redfish.ask(uri, 'HEAD')
    same = redfish.ask(uri, If_None_Match=value['@odata.etag'])
    equal((head.status, head.body), (200, b''), f'HEAD {uri}')
    return (head.headers['ETag'], same.status, same.body) == (value['@odata.etag'], 304, b'')


def every_link_leads_to_a_sound_resource():
    with array() as redfish:
        token = redfish.ask(SESSIONS, 'POST', {'UserName': 'reader',
                                               'Password': redfish.tokens['reader']}, None)
        equal(token.status, 201, 'a session')
        found, kinds = walk(redfish)
        equal(set(kinds.values()), set(PLACES), 'the types that were seen')
        counts = collections.Counter(kinds.values())
        for kind, count in (('Volume', 8), ('ConsistencyGroup', 1), ('Connection', 5),
                            ('EndpointGroup', 4), ('Endpoint', 5), ('StoragePool', 2),
                            ('VolumeMetrics', 5), ('Job', 1), ('Session', 1)):
            equal(counts[kind], count, f'resources of the type {kind}')
        for uri in found:
            # Free space may change between two requests.
            vdstest.eventually(f'{uri} has one tag', lambda uri=uri: has_one_tag(redfish, uri))
        equal(redfish.ask(STORAGE, If_None_Match='W/"other"').status, 200, 'with another tag')


def nothing_can_be_changed():
    with array() as redfish:
        found, _ = walk(redfish)
        for uri in found:
            for method in ('POST', 'PUT', 'PATCH', 'DELETE'):
                if uri == SESSIONS and method == 'POST':
                    continue
                answer = redfish.refused(405, 'OperationNotAllowed', uri, method, {})
                check('GET, HEAD' in answer.headers['Allow'], f'{uri}: {answer.headers["Allow"]}')
                equal(redfish.ask(uri, method, {}, None).status, 401, f'{method} {uri} of nobody')


def it_says_what_the_array_is():
    with array() as redfish:
        rest = redfish.daemon.rest()
        luns = {row['id']: row for row in rest.list('luns')}
        for ident, lun in luns.items():
            volume = redfish.get(f'{STORAGE}/Volumes/{ident}')
            equal((volume['Name'], volume['CapacityBytes'], volume['ProvisioningPolicy'],
                   volume['Identifiers'][0]['DurableName'].lower(),
                   volume['Links']['ProvidingStoragePool']['@odata.id']),
                  (lun['name'], lun['size_bytes'], 'Thin' if lun['thin'] else 'Fixed', lun['naa'],
                   f'{STORAGE}/StoragePools/{lun["pool_id"]}'), 'a volume')
        for pool in rest.list('pools'):
            uri = f'{STORAGE}/StoragePools/{pool["id"]}'
            shown = redfish.get(uri)
            equal((shown['Capacity']['Data']['AllocatedBytes'],
                   shown['LowSpaceWarningThresholdPercents']),
                  (pool['live']['capacity_bytes'], [10, 1]), 'the capacity of a pool')
            equal(set(redfish.members(f'{uri}/AllocatedVolumes')),
                  {f'{STORAGE}/Volumes/{lun["id"]}' for lun in luns.values()
                   if lun['pool_id'] == pool['id']}, 'the volumes of a pool')
        group, = redfish.members(f'{STORAGE}/ConsistencyGroups')
        pair = redfish.get(group)['Volumes']
        sources = {redfish.get(one['@odata.id'])['ReplicaInfo']['SourceReplica']['@odata.id']
                   for one in pair}
        equal({redfish.get(uri)['Name'] for uri in sources}, {'vol0', 'vol1'}, 'the sources')
        redfish.daemon.ctl('lun', 'offline', 'vol3')
        states = [redfish.get(uri)['Status']['State'] for uri in
                  redfish.members(f'{STORAGE}/Volumes')]
        equal(states.count('StandbyOffline'), 1, 'volumes that are offline')
        walk(redfish)


def what_is_wrong_is_said():
    with array() as redfish:
        check('Critical' not in redfish.get(STORAGE)['Status'].values(), 'the array is not well')
        redfish.daemon.stop()
        redfish.daemon.start()          # the memory of the pool `fast` is gone
        status = vdstest.eventually('the array is not well', lambda: next(
            (one for one in [redfish.get(STORAGE)['Status']]
             if one['HealthRollup'] == 'Critical'), None))
        said = {one['OriginOfCondition']['@odata.id']: one for one in status['Conditions']}
        for uri in said:
            there = redfish.get(uri)['Status']
            equal(there['Health'], said[uri]['Severity'], uri)
            check(there['Conditions'][0]['Message'], f'{uri}: why')
        check('quick' in [redfish.get(uri)['Name'] for uri in said], f'what is wrong: {said}')
        walk(redfish)


def who_sees(redfish, initiator):
    """The volumes that an initiator sees by what the connections say: serial numbers of LUNs, by
    target and number.
    """
    seen = {}
    for uri in redfish.members(f'{FABRIC}/Connections'):
        connection = redfish.get(uri)
        links = connection['Links']
        groups = [redfish.get(one['@odata.id']) for one in links['InitiatorEndpointGroups']]
        ends = [one['@odata.id'] for one in links['InitiatorEndpoints']]
        ends += [one['@odata.id'] for group in groups for one in group['Links']['Endpoints']]
        names = {redfish.get(end)['Name'] for end in ends}
        if initiator not in names and not any(group['Id'] == 'everybody' for group in groups):
            continue
        target, = links['TargetEndpoints']
        info, = connection['VolumeInfo']
        equal((info['AccessState'], info['AccessCapabilities']), ('Optimized', ['Read', 'Write']),
              'the access')
        seen[redfish.get(target['@odata.id'])['Description'].removeprefix('Target '),
             info['LUN']] = info['Volume']['@odata.id'].rpartition('/')[2]
    return seen


def jobs_are_shown_with_their_end():
    with array() as redfish:
        daemon, jobs = redfish.daemon, f'{ROOT}/JobService/Jobs'
        done, = map(redfish.get, redfish.members(jobs))
        equal((done['Name'], done['JobState'], done['JobStatus'], done['PercentComplete']),
              ('Create vol3', 'Completed', 'OK', 100), 'the job that made the thick LUN')
        check(done['StartTime'] <= done['EndTime'], f'{done}')
        fault = daemon.inject / 'all.allocate'
        fault.write_text('hold')
        ident = daemon.ctl('lun', 'create', 'bad', '--size', '1M', '--thick', '--no-wait')['job']
        runs = redfish.get(f'{jobs}/{ident}')
        equal((runs['Name'], runs['JobState'], 'EndTime' in runs), ('Create bad', 'Running', False),
              'a job that runs')
        daemon.ctl('job', 'pause', ident)
        equal(redfish.get(f'{jobs}/{ident}')['JobState'], 'Suspended', 'a job that is paused')
        daemon.ctl('job', 'resume', ident)
        walk(redfish)
        fault.write_text('EIO')
        failed = vdstest.eventually('the job has failed', lambda: next(
            (job for job in [redfish.get(f'{jobs}/{ident}')] if job['JobState'] == 'Exception'), None))
        row = daemon.ctl('job', 'show', ident)
        equal((failed['JobStatus'], [one['Message'] for one in failed['Messages']]),
              ('Critical', [row['message']]), 'a job that failed')
        equal(len(redfish.members(jobs)), 2, 'jobs')
        redfish.refused(405, 'OperationNotAllowed', f'{jobs}/{ident}', 'DELETE')
        walk(redfish)


def metrics_count_what_initiators_do():
    with array() as redfish:
        daemon, initiator = redfish.daemon, Initiator()
        ident, = (row['id'] for row in daemon.rest().list('luns') if row['name'] == 'vol1')
        uri = f'{STORAGE}/Volumes/{ident}/Metrics'
        before = redfish.get(uri)
        equal(before['IOStatistics']['WriteIORequests'], 0, 'before')
        initiator.ok('hold', daemon.portal, WEB, HOST1)
        number, = (number for number, serial in
                   initiator.list(daemon.portal, WEB, 'iqn.2026-01.test:stranger').items())
        while initiator.ok('sense', number) != ['good']:
            pass
        for block in range(6):
            equal(initiator.ok('put', number, block, 7), ['good'], 'a write')
        equal(initiator.ok('get', number, 3), ['7'], 'a read')
        initiator.close()

        def counted():
            value = redfish.get(uri)['IOStatistics']
            return value if value['WriteIORequests'] >= 6 and value['ReadIORequests'] else None
        value = vdstest.eventually('the commands are counted', counted)
        equal((value['WriteIORequests'], value['WriteIOKiBytes']), (6, 3), 'writes')
        check(value['WriteIORequestTime'] != 'PT0.000000S' and value['NonIORequests'] > 0, value)
        redfish.refused(404, 'ResourceMissingAtURI', f'{STORAGE}/Volumes/{NOWHERE}/Metrics')


def connections_are_what_initiators_see():
    with array() as redfish:
        initiator = Initiator()
        serials = {row['serial']: row['id'] for row in redfish.daemon.rest().list('luns')}
        for name in (HOST1, HOST2, BARE, 'iqn.2026-01.test:stranger'):
            real = {}
            for target in (WEB, DB):
                for number, serial in initiator.list(redfish.daemon.portal, target, name).items():
                    real[target, number] = serials[serial]
            equal(who_sees(redfish, name), real, f'what {name} sees')
        initiator.close()


def who_asks_is_checked():
    with array() as redfish:
        for path in ('/redfish', f'{ROOT}', f'{ROOT}/', f'{ROOT}/odata', f'{ROOT}/$metadata'):
            equal(redfish.ask(path, role=None).status, 200, f'{path} of nobody')
        equal(redfish.ask('/redfish').json(), {'v1': f'{ROOT}/'}, 'the versions')
        equal(redfish.ask(ROOT).json(), redfish.get(f'{ROOT}/'), 'the service root')
        for headers in ({}, {'Authorization': 'Bearer x'}, {'Authorization': 'Basic ?'},
                        {'Authorization': 'Basic ' + base64.b64encode(b'reader').decode()},
                        {'X_Auth_Token': 'f' * 64},
                        {'Authorization': redfish.basic('admin')['Authorization'][:-6] + 'AAAA=='},
                        {'Authorization': 'Basic ' + base64.b64encode(
                            f'admin:{redfish.tokens["reader"]}'.encode()).decode()}):
            for path in (STORAGE, f'{ROOT}/nothing', SESSIONS):
                answer = redfish.refused(401, 'NoValidSession', path, role=None, **headers)
                check('Basic' in answer.headers['WWW-Authenticate'], 'how to log in')
                check(redfish.tokens['reader'] not in str(answer.body), 'the token is shown')
        equal(redfish.get(f'{ROOT}/AccountService/Accounts/self')['RoleId'], 'ReadOnly', 'the role')


def login(redfish, user):
    answer = redfish.ask(SESSIONS, 'POST', {'UserName': user, 'Password': redfish.tokens[user]},
                         None)
    equal(answer.status, 201, f'{answer.body}')
    equal(answer.headers['Location'], answer.json()['@odata.id'], 'the place of the session')
    return answer.headers['X-Auth-Token'], answer.json()['@odata.id']


def sessions_begin_and_end():
    with array() as redfish:
        token, uri = login(redfish, 'reader')
        other, other_uri = login(redfish, 'admin')
        mine = redfish.ask(SESSIONS, role=None, X_Auth_Token=token).json()['Members']
        equal(mine, [{'@odata.id': uri}], 'the sessions that a reader sees')
        every = redfish.ask(SESSIONS, role=None, X_Auth_Token=other).json()['Members']
        equal(len(every), 2, 'the sessions that an administrator sees')
        redfish.refused(404, 'ResourceMissingAtURI', other_uri, 'DELETE', role=None,
                        X_Auth_Token=token)
        equal(redfish.ask(uri, 'DELETE', role=None, X_Auth_Token=token).status, 204, 'the end')
        redfish.refused(401, 'NoValidSession', STORAGE, role=None, X_Auth_Token=token)
        # A token that is revoked ends its sessions, too.
        redfish.daemon.ctl('token', 'revoke', 'admin')
        redfish.refused(401, 'NoValidSession', STORAGE, role=None, X_Auth_Token=other)
        good = {'UserName': 'reader', 'Password': redfish.tokens['reader']}
        for body, status, key in (
                ('{', 400, 'MalformedJSON'), ([1], 400, 'MalformedJSON'),
                ({'UserName': 'reader'}, 400, 'PropertyMissing'),
                ({**good, 'Password': 1}, 400, 'PropertyValueTypeError'),
                ({**good, 'Password': 'wrong'}, 401, 'NoValidSession'),
                ({**good, 'Password': 'two words'}, 401, 'NoValidSession'),
                ({**good, 'UserName': 'admin'}, 401, 'NoValidSession')):
            redfish.refused(status, key, SESSIONS, 'POST', body, None)
        redfish.refused(415, 'HeaderInvalid', SESSIONS, 'POST', good, None,
                        Content_Type='text/plain')


def sessions_expire():
    now = [1000.0]
    sessions = Sessions(lambda: now[0])
    _, token = sessions.add('reader', 'secret', '127.0.0.1')
    now[0] += IDLE_S - 1
    check(sessions.find(token), 'a session ended too early')
    now[0] += IDLE_S - 1
    check(sessions.find(token), 'a session that is used has ended')
    now[0] += IDLE_S + 1
    equal((sessions.find(token), sessions.all()), (None, []), 'the session after its idle time')
    for _ in range(SESSIONS_MAX):
        check(sessions.add('reader', 'secret', '127.0.0.1'), 'a session is refused')
    equal(sessions.add('reader', 'secret', '127.0.0.1'), None, 'one session more')


def queries_choose():
    with array() as redfish:
        volumes = f'{STORAGE}/Volumes'
        every = redfish.members(volumes)
        page = redfish.get(f'{volumes}?$skip=2&$top=3')
        equal([one['@odata.id'] for one in page['Members']], every[2:5], 'a part')
        equal(page['Members@odata.count'], len(every), 'the number of all')
        equal(redfish.get(f'{volumes}?$skip=99')['Members'], [], 'behind the end')
        some = redfish.get(f'{every[0]}?$select=Name,Status/State,Links')
        equal(set(some) - {'@odata.id', '@odata.type', '@odata.etag'}, {'Name', 'Status', 'Links'},
              'the properties')
        equal(set(some['Status']), {'State'}, 'the properties of Status')
        full = redfish.get(f'{volumes}?$expand=.($levels=1)&$select=Name')
        equal([set(one) - {'@odata.id', '@odata.type'} for one in full['Members']],
              [{'Name'}] * len(every), 'volumes with their names')
        equal(redfish.get(f'{STORAGE}?$expand=~')['Links']['Enclosures'][0]['ChassisType'],
              'StandAlone', 'links')
        storage = redfish.get(f'{STORAGE}?$expand=*')
        check('ChassisType' in storage['Links']['Enclosures'][0] and
              'Members' in storage['Volumes'], 'everything')
        equal(redfish.get(f'{ROOT}/Chassis?only')['ChassisType'], 'StandAlone', 'the only member')
        check('Members' in redfish.get(f'{volumes}?only'), 'one of several')
        equal(redfish.get(f'{volumes}?other=x')['Members@odata.count'], len(every),
              'with a parameter that is ignored')
        for query, status, key in (
                ('$filter=Name', 501, 'QueryParameterUnsupported'),
                ('$top=x', 400, 'QueryParameterValueTypeError'),
                ('$top=-1', 400, 'QueryParameterOutOfRange'),
                ('$skip=99999999999', 400, 'QueryParameterOutOfRange'),
                ('$expand=x', 400, 'QueryParameterValueFormatError'),
                ('$expand=.($levels=2)', 400, 'QueryParameterOutOfRange'),
                ('$select=', 400, 'QueryParameterValueFormatError'),
                ('only=1', 400, 'QueryParameterValueFormatError'),
                ('only&$top=1', 400, 'QueryCombinationInvalid')):
            redfish.refused(status, key, f'{volumes}?{query}')
        for query in ('$top=1', 'only'):
            redfish.refused(400, 'QueryNotSupportedOnResource', f'{STORAGE}?{query}')


def what_is_not_there_is_said():
    with array() as redfish:
        for path in ('/', '/redfish/v2', f'{ROOT}/Nothing', f'{ROOT}/EventService',
                     f'{STORAGE}/Volumes/{NOWHERE}', f'{STORAGE}/Volumes/x',
                     f'{STORAGE}/Volumes/..',
                     f'{STORAGE}/StoragePools/{NOWHERE}', f'{STORAGE}/ConsistencyGroups/{NOWHERE}',
                     f'{STORAGE}/StoragePools/{NOWHERE}/AllocatedVolumes',
                     f'{STORAGE}/Controllers/{NOWHERE}', f'{ROOT}/Chassis/array/Drives/{NOWHERE}',
                     f'{FABRIC}/Endpoints/{NOWHERE}', f'{FABRIC}/Endpoints/iqn.2026-01.test:x',
                     f'{FABRIC}/EndpointGroups/{NOWHERE}', f'{FABRIC}/EndpointGroups/x',
                     f'{FABRIC}/Connections/{NOWHERE}_{NOWHERE}', f'{SESSIONS}/00ff'):
            answer = redfish.refused(404, 'ResourceMissingAtURI', path)
            equal(answer.json()['error']['@Message.ExtendedInfo'][0]['MessageArgs'], [path], path)
        redfish.refused(412, 'HeaderInvalid', STORAGE, OData_Version='4.1')
        redfish.refused(406, 'HeaderInvalid', STORAGE, Accept='text/html')
        for accept in ('*/*', 'application/*;q=0.5', 'text/html, application/json'):
            equal(redfish.ask(STORAGE, Accept=accept).status, 200, accept)
        for path in (f'{STORAGE}/', f'{ROOT}/%24metadata',
                     f'{FABRIC}/Endpoints/{HOST1.replace(":", "%3A")}'):
            equal(redfish.ask(path).status, 200, path)
        redfish.daemon.stop()
        answer = redfish.refused(503, 'ServiceTemporarilyUnavailable', STORAGE)
        check(answer.headers['Retry-After'], 'when to try again')
        redfish.daemon.start()
        equal(redfish.ask(STORAGE).status, 200, 'when vdsd runs again')


class Big:
    """Answers the package vds like an array with many LUNs behind one target, and counts."""

    LUNS, TARGET, POOL = 10000, str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
    GROUP, HOSTS = str(uuid.UUID(int=3)), [str(uuid.UUID(int=100 + at)) for at in range(500)]

    def __init__(self):
        self.asked, self.sequence = [], 1
        self.ids = [str(uuid.UUID(int=1000 + at)) for at in range(self.LUNS)]

    def lun(self, ident):
        return {'id': ident, 'name': f'lun {ident[-4:]}', 'pool_id': self.POOL, 'mask': '*',
                'size_bytes': 1 << 30, 'block_bytes': 512, 'thin': True, 'status': 'online',
                'naa': '5' * 16, 'access': 'read-write', 'live': None}

    def row(self, plural, ident):
        return self.lun(ident) if plural == 'luns' else {
            'lun_id': ident, 'target_id': self.TARGET, 'lun_number': 0}

    def call(self, method, path, query=None, **rest):
        query = query or {}
        self.asked.append(path)
        equal((method, rest), ('GET', {}), path)
        plural, _, ident = path.removeprefix('/v1/').partition('/')
        if path == '/v1/array':
            return {'position': {'array': 'a', 'incarnation': 1, 'sequence': self.sequence}}
        if path == '/v1/principal':
            return {'kind': 'token', 'name': 'reader', 'role': 'reader'}
        if ident.endswith('/targets'):
            return {'items': [{'target_id': self.TARGET}]}
        if path == f'/v1/host-groups/{self.GROUP}':
            return {'id': self.GROUP, 'name': 'group', 'hosts': self.HOSTS}
        if plural == 'hosts' and ident:
            raise vds.ApiError('NOT_FOUND', 'there is no such host', 404)
        if plural == 'hosts':
            return {'items': [{'id': one, 'initiators': [f'iqn.2026-01.test:{one}']}
                              for one in self.HOSTS], 'next': None}
        if ident:
            return self.row(plural, ident) if plural == 'luns' else {
                'id': self.TARGET, 'alias': 'web', 'iscsi_name': WEB}
        if plural == 'associations' and query.get('lun_id'):
            return {'items': [self.row(plural, query['lun_id'])], 'next': None}
        start = self.ids.index(query['after']) + 1 if query.get('after') else 0
        ids = self.ids[start:start + query['limit']] if plural in ('luns', 'associations') else []
        return {'items': [self.row(plural, one) for one in ids],
                'next': ids[-1] if ids and ids[-1] != self.ids[-1] else None}


def a_large_array_is_read_in_parts():
    big = Big()
    before, _transport.Transport._call = _transport.Transport._call, big.call
    try:
        application = Application(_server.Clients(_transport.Access()))
        headers = email.message.Message()
        headers['Authorization'] = 'Basic ' + base64.b64encode(b'reader:token').decode()

        def get(uri):
            big.asked.clear()
            path, _, query = uri.partition('?')
            answer = application.answer(_server.Request('GET', path, query, headers, b'',
                                                        '127.0.0.1', False))
            equal(answer.status, 200, f'{uri}: {answer.body}')
            return json.loads(answer.body), len(big.asked)

        for ident in (big.ids[0], big.ids[-1]):
            for uri in (f'{STORAGE}/Volumes/{ident}',
                        f'{FABRIC}/Connections/{ident}_{big.TARGET}'):
                _, cost = get(uri)
                check(cost <= 5, f'{uri} costs {cost} requests: {big.asked}')
        group, cost = get(f'{FABRIC}/EndpointGroups/{big.GROUP}')
        equal((len(group['Links']['Endpoints']), cost), (500, 5), f'a host group: {big.asked}')
        for uri in (f'{STORAGE}/Volumes', f'{FABRIC}/Connections'):
            _, cost = get(uri)
            check(cost <= 15, f'{uri} costs {cost} requests')
            seen, pages, following = [], 0, uri
            while following:
                page, cost = get(following)
                check(cost <= 3, f'{following} costs {cost} requests: nothing has changed')
                equal(page['Members@odata.count'], big.LUNS, 'the number')
                seen += [one['@odata.id'] for one in page['Members']]
                pages, following = pages + 1, page.get('Members@odata.nextLink')
            equal((len(set(seen)), len(seen)), (big.LUNS, big.LUNS), 'members')
            check(pages >= 10, f'{pages} pages')
        page, cost = get(f'{STORAGE}/Volumes?$expand=.&$top=200')
        check(len(page['Members']) < 200 and cost <= 4 * len(page['Members']) + 3,
              f'{len(page["Members"])} volumes cost {cost} requests')
        check('$expand=.' in page['Members@odata.nextLink'] and
              '$top=' in page['Members@odata.nextLink'], page['Members@odata.nextLink'])
        big.sequence += 1
        big.ids.pop()
        page, cost = get(f'{STORAGE}/Volumes?$top=1')
        equal(page['Members@odata.count'], big.LUNS - 1, 'the number after a change')
    finally:
        _transport.Transport._call = before


def its_types_are_sound():
    with tempfile.TemporaryDirectory(prefix='vdsredfish.') as name:
        done = subprocess.run(['mypy', '--strict', '--cache-dir', f'{name}/cache', '-p',
                               'vds_redfish'], capture_output=True, text=True, check=False,
                              cwd=name, env={**os.environ, 'MYPYPATH': str(PACKAGES)})
        equal(done.returncode, 0, f'mypy says {done.stdout}')


if __name__ == '__main__':
    vdstest.requires('mypy')
    vdstest.main([
        every_link_leads_to_a_sound_resource, nothing_can_be_changed, it_says_what_the_array_is,
        what_is_wrong_is_said, jobs_are_shown_with_their_end, metrics_count_what_initiators_do,
        connections_are_what_initiators_see, who_asks_is_checked,
        sessions_begin_and_end, sessions_expire, queries_choose, what_is_not_there_is_said,
        a_large_array_is_read_in_parts, its_types_are_sound])

# SPDX-License-Identifier: LGPL-2.1-or-later
"""vds-truenas over a vdsd, and the steps that democratic-csi's driver freenas-api-iscsi takes, for
test_truenas.py.
"""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import urllib.parse

import vdstest
from vdstest import DEADLINE_S, Daemon, check, equal

PACKAGES = pathlib.Path(os.environ['MESON_BUILD']) / 'src' / 'python'
PROGRAM = PACKAGES / 'vds_truenas' / 'vds-truenas'
MIB = 1 << 20
NODE, STRANGER = 'iqn.2026-01.test:node1', 'iqn.2026-01.test:stranger'
PREFIX, BASENAME = 'iqn.2026-11.org.example:store', 'iqn.2026-11.org.example:store:truenas'
VOLS, SNAPS = 'default/k8s/vols', 'default/k8s/snaps'
KEY = 'a-key-of-more-than-twenty-characters'
PVC = 'pvc-1b3e4567-e89b-12d3-a456-426614174000'
GROUPS = [{'portal': 1, 'initiator': 1, 'auth': None, 'authmethod': 'NONE'}]
CLONE = 'pvc-2c3e4567-e89b-12d3-a456-426614174001'


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f'{status} {body}')
        self.status, self.body, self.text = status, body, json.dumps(body)


class Client:
    """A client of TrueNAS's API for one connection."""

    def __init__(self, place, authorization, context=None):
        self.authorization = authorization
        kind = http.client.HTTPConnection if context is None else http.client.HTTPSConnection
        more = {} if context is None else {'context': context}
        self.connection = kind(place, timeout=DEADLINE_S, **more)

    def send(self, method, path, data=None, headers=()):
        headers = dict(headers)
        if data is not None:
            headers.setdefault('Content-Type', 'application/json')
        if self.authorization is not None:
            headers.setdefault('Authorization', self.authorization)
        self.connection.request(method, f'/api/v2.0/{path}', data, headers)
        answer = self.connection.getresponse()
        body = json.loads(answer.read())
        if answer.status != 200:
            raise Refused(answer.status, body)
        return body

    def call(self, method, path, *names, body=None, **query):
        path = path.format(*(urllib.parse.quote(str(name), safe='') for name in names))
        path += '?' + urllib.parse.urlencode(query) if query else ''
        return self.send(method, path, None if body is None else json.dumps(body))

    def get(self, path, *names, **query):
        return self.call('GET', path, *names, **query)

    def post(self, path, **body):
        return self.call('POST', path, body=body)

    def put(self, path, *names, **body):
        return self.call('PUT', path, *names, body=body)

    def delete(self, path, *names, **body):
        return self.call('DELETE', path, *names, body=body or None)


class Program:
    """vds-truenas for a daemon."""

    def __init__(self, daemon, *options, url=None, initiators=('1=host:node1', '2=*')):
        self.daemon, self.ready = daemon, daemon.top / 'truenas.ready'
        self.state, self.log = daemon.top / 'truenas.db', daemon.top / 'truenas.log'
        self.key = daemon.top / 'key'
        self.key.write_text(KEY + '\n')
        self.key.chmod(0o600)
        self.words = ['--listen', '127.0.0.1:0', '--dataset', 'default/k8s', '--state', self.state,
                      '--key-file', self.key, '--ready-file', self.ready,
                      *(word for entry in initiators for word in ('--initiators', entry)),
                      *options]
        self.env = {**os.environ, 'PYTHONPATH': str(PACKAGES),
                    'VDS_URL': url or f'unix:{daemon.socket}'}
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind is not None or 'Traceback' in self.log.read_text():
            print(f'# log of vds-truenas: {self.log.read_text()}')
        if kind is None:
            check('Traceback' not in self.log.read_text(), 'vds-truenas failed')

    def start(self):
        self.ready.unlink(missing_ok=True)
        with self.log.open('ab') as log:
            self.process = subprocess.Popen([sys.executable, PROGRAM, *map(str, self.words)],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.env)

        def is_ready():
            check(self.process.poll() is None, f'vds-truenas ended: {self.log.read_text()}')
            return self.ready.exists()
        vdstest.eventually('vds-truenas is ready', is_ready)
        listens = json.loads(self.ready.read_text())
        self.place = f'{listens["address"]}:{listens["port"]}'

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_S)

    def stop(self):
        self.process.terminate()
        equal(self.process.wait(DEADLINE_S), 0, 'exit status of vds-truenas')

    def client(self, secret=KEY, context=None):
        return Client(self.place, secret and f'Bearer {secret}', context)


@contextlib.contextmanager
def served(*options, clones=True, **more):
    with Daemon(copies=clones) as daemon:
        daemon.ctl('array', 'iqn-prefix', PREFIX)
        daemon.ctl('host', 'create', 'node1', NODE)
        with Program(daemon, *options, **more) as program:
            yield daemon, program, program.client()


def refused(status, text, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Refused as error:
        equal(error.status, status, f'status of {error.text}')
        check(text in error.text, f'{text!r} is not in {error.text}')
        return error.body
    raise vdstest.Failed(f'it was not refused: {text}')


# What the driver does

def create_zvol(api, name=PVC, size=64 * MIB, parent=VOLS, **more):
    return api.post('pool/dataset', name=f'{parent}/{name}', type='VOLUME', volsize=size,
                    sparse=True, create_ancestors=True, share_type='GENERIC', refreservation=0,
                    volblocksize='16K', user_properties=[
                        {'key': 'democratic-csi:csi_volume_name', 'value': name},
                        {'key': 'democratic-csi:managed_resource', 'value': 'true'}], **more)


def set_properties(api, name, **values):
    return api.put('pool/dataset/id/{}', f'{VOLS}/{name}', user_properties_update=[
        {'key': f'democratic-csi:{key}', 'value': value} for key, value in values.items()])


def new_target(api, name, groups=None):
    return api.post('iscsi/target', name=name, alias=None, mode='ISCSI', groups=groups or GROUPS)


def new_extent(api, name, zvol, **more):
    return api.post('iscsi/extent', **{
        'comment': '', 'type': 'DISK', 'name': name, 'disk': f'zvol/{zvol}', 'insecure_tpc': True,
        'xen': False, 'avail_threshold': None, 'blocksize': 512, 'pblocksize': True, 'rpm': 'SSD',
        'ro': False, **more})


def expose(api, name):
    """The numbers of target, extent and targetextent."""
    target = new_target(api, f'csi-{name}')
    set_properties(api, name, freenas_iscsi_target_id=target['id'])
    extent = new_extent(api, f'csi-{name}', f'{VOLS}/{name}')
    set_properties(api, name, freenas_iscsi_extent_id=extent['id'])
    link = api.post('iscsi/targetextent', target=target['id'], extent=extent['id'], lunid=0)
    equal((link['target'], link['extent'], link['lunid']), (target['id'], extent['id'], 0), 'link')
    set_properties(api, name, freenas_iscsi_targettoextent_id=link['id'])
    set_properties(api, name, freenas_iscsi_assets_name=f'csi-{name}', provision_success='true')
    return target['id'], extent['id'], link['id']


def found_when(text, make, find):
    """What make() makes, or what find() finds when it is there already."""
    try:
        return make()
    except Refused as error:
        check(error.status == 422 and text in error.text, error.text)
        found, = find()
        return found


def provision(api, name):
    """All that the driver does for a volume, whatever is there of it."""
    found_when('already exists', lambda: create_zvol(api, name),
               lambda: [api.get('pool/dataset/id/{}', f'{VOLS}/{name}')])
    target = found_when('Target name already exists', lambda: new_target(api, f'csi-{name}'),
                        lambda: api.get('iscsi/target', name=f'csi-{name}'))
    if len(target['groups']) != 1:
        target = api.put('iscsi/target/id/{}', target['id'], groups=GROUPS)
    extent = found_when('Extent name must be unique',
                        lambda: new_extent(api, f'csi-{name}', f'{VOLS}/{name}'),
                        lambda: api.get('iscsi/extent', name=f'csi-{name}'))
    where = {'target': target['id'], 'extent': extent['id'], 'lunid': 0}
    found_when('Extent is already in this target.', lambda: api.post('iscsi/targetextent', **where),
               lambda: api.get('iscsi/targetextent', **where))
    set_properties(api, name, freenas_iscsi_target_id=target['id'],
                   freenas_iscsi_extent_id=extent['id'])


def unexpose(api, name):
    user = api.get('pool/dataset/id/{}', f'{VOLS}/{name}')['user_properties']
    for kind in ('target', 'extent'):
        number = user[f'democratic-csi:freenas_iscsi_{kind}_id']['rawvalue']
        equal(api.get(f'iscsi/{kind}/id/{{}}', number)['name'], f'csi-{name}', kind)
        equal(api.delete(f'iscsi/{kind}/id/{{}}', number), True, f'deleting the {kind}')
        api.put('pool/dataset/id/{}', f'{VOLS}/{name}', user_properties_update=[
            {'key': f'democratic-csi:freenas_iscsi_{kind}_id', 'remove': True}])


def snapshot(api, name, short):
    return api.post('zfs/snapshot', dataset=f'{VOLS}/{name}', name=short,
                    properties={'democratic-csi:csi_snapshot_name': short})


def destroy(api, name, parent=VOLS):
    return api.delete('pool/dataset/id/{}', f'{parent}/{name}', recursive=True, force=True)


def iqn(name):
    return f'{BASENAME}:csi-{name}'


@contextlib.contextmanager
def session(daemon, name, initiator=NODE):
    with contextlib.closing(vdstest.Initiator()) as driver:
        driver.ok('hold', daemon.portal, iqn(name), initiator)
        while driver.ok('sense', 0) != ['good']:
            pass
        yield driver


def kept(daemon):
    """All that the array has of ours."""
    return {kind: sorted(row['id'] for row in daemon.rest().list(kind))
            for kind in ('luns', 'targets', 'snapshots')}

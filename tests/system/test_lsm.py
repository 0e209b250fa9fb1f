#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plug-in of libStorageMgmt manages a real vdsd, and an initiator sees what it says.

The tests are a client of the plug-in's protocol over a pair of sockets, as lsmcli is through lsmd:
Debian 12 has no package of libStorageMgmt.  docs/managers.md says how to run upstream's own tests.
"""
import contextlib
import hashlib
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile

import vdstest
from vdstest import DEADLINE_S, Daemon, check, equal

PACKAGES = pathlib.Path(os.environ['MESON_BUILD']) / 'src' / 'python'
PROGRAM = PACKAGES / 'vds_lsm' / 'vds_lsmplugin'
MIB, GIB = 1 << 20, 1 << 30
HOST1, HOST2, HOST3 = (f'iqn.2026-01.test:host-{number}' for number in (1, 2, 3))
ISCSI, WWPN = 5, 2
THIN, FULL = 1, 2
SECRET = 'correct horse battery'
NOWHERE = '00000000-0000-4000-8000-000000000001'

# The numbers of libstoragemgmt_error.h.
TIMEOUT, PERMISSION_DENIED, NAME_CONFLICT, EXISTS_INITIATOR = 11, 13, 50, 52
INVALID_ARGUMENT, NO_STATE_CHANGE, CONNREFUSED, NO_SUPPORT, IS_MASKED = 101, 125, 140, 153, 160
NO_GROUP, NO_JOB, NO_POOL, NO_VOLUME, NO_SYSTEM = 200, 202, 203, 205, 208
ONLINE_CHANGE, AUTH_FAILED, NO_SPACE, SERIALIZATION, BAD_PARAMETERS = 250, 300, 350, 401, 402
BAD_SEARCH_KEY, EMPTY_GROUP, NETWORK_ERROR, NOT_FOUND = 510, 511, 142, 207


class LsmError(Exception):
    def __init__(self, code, message):
        super().__init__(f'{message} ({code})')
        self.code, self.message = code, message


class Manager:
    """A client of the plug-in, which it starts as lsmd does.  Methods are those of the protocol."""

    def __init__(self, uri=None, password=None, timeout_ms=30000):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket = ours
        ours.settimeout(DEADLINE_S)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, PROGRAM, str(theirs.fileno())], pass_fds=[theirs.fileno()],
                stderr=subprocess.PIPE, text=True,
                env={**os.environ, 'PYTHONPATH': str(PACKAGES)})
        if uri is not None:
            try:
                self.call('plugin_register', uri=uri, password=password, timeout=timeout_ms,
                          flags=0)
            except BaseException:
                self.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    def close(self):
        self.socket.close()
        _, said = self.process.communicate(timeout=DEADLINE_S)
        equal((self.process.returncode, said), (0, ''), 'how the plug-in ended, and what it said')

    def receive(self, count):
        data = b''
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            check(part, 'the plug-in ended the connection')
            data += part
        return data

    def send(self, data):
        self.socket.sendall(b'%010d' % len(data) + data)
        return json.loads(self.receive(int(self.receive(10))))

    def call(self, method, **params):
        answer = self.send(json.dumps({'method': method, 'id': 100, 'params': params}).encode())
        equal(answer['id'], 100, 'the id of the answer')
        if 'error' in answer:
            raise LsmError(answer['error']['code'], answer['error']['message'])
        return answer['result']

    def __getattr__(self, method):
        return lambda **params: self.call(method, **params, flags=0)

    def done(self, answer):
        """The volume of an answer, when its job has ended."""
        job, volume = answer
        if job is None:
            return volume

        def ended():
            state, percent, found = self.job_status(job_id=job)
            check(0 <= percent <= 100, f'the job is at {percent} percent')
            return [found] if state == 2 else None
        volume, = vdstest.eventually('the job has ended', ended)
        self.job_free(job_id=job)
        return volume

    def volume(self, size_bytes=GIB, name='vol1', provisioning=THIN):
        return self.done(self.volume_create(pool=self.pools()[0], volume_name=name,
                                            size_bytes=size_bytes, provisioning=provisioning))

    def group(self, name='db1', initiator=HOST1):
        return self.access_group_create(name=name, init_id=initiator, init_type=ISCSI,
                                        system=self.systems()[0])


def refused(code, function, **params):
    try:
        function(**params)
    except LsmError as error:
        equal(error.code, code, f'the code of "{error.message}"')
        return error.message
    raise vdstest.Failed('it was not refused')


def target_of(daemon, alias):
    """A new target at all portals: its iSCSI name."""
    daemon.ctl('target', 'create', alias)
    return next(target['iscsi_name'] for target in daemon.rest().list('targets')
                if target['alias'] == alias)


@contextlib.contextmanager
def managed(query='', *options):
    """A vdsd with one target at one portal, and the plug-in that manages it."""
    with Daemon(*options) as daemon:
        daemon.target = target_of(daemon, 't1')
        with Manager(f'vds://{daemon.socket}{query}') as manager:
            yield daemon, manager


@contextlib.contextmanager
def initiator():
    with contextlib.closing(vdstest.Initiator()) as driver:
        yield driver


def serials(daemon, name, target=None):
    """The serial numbers of the LUNs that an initiator sees."""
    with initiator() as driver:
        return set(driver.list(daemon.portal, target or daemon.target, name).values())


def the_array_is_described():
    with managed() as (daemon, manager):
        array = daemon.rest().call('GET', '/v1/array')
        equal(manager.plugin_info(), ['vdsd iSCSI array', array['version']], 'the plug-in')
        system, = manager.systems()
        equal((system['class'], system['id'], system['name'], system['fw_version']),
              ('System', array['id'], array['name'], f'vdsd {array["version"]}'), 'the system')
        have = bytes.fromhex(manager.capabilities(system=system)['cap'])
        equal((len(have), have[21], have[24], have[100], have[56]), (512, 1, 0, 0, 0),
              'capabilities: creating volumes, but no clones, file systems, batteries')
        pool, = manager.pools()
        live = daemon.rest().list('pools')[0]['live']
        equal((pool['class'], pool['system_id'], pool['total_space'], pool['status']),
              ('Pool', array['id'], live['capacity_bytes'], 2), 'the pool')
        disks = manager.disks()
        drives = {drive['id']: drive for drive in daemon.rest().list('drives')}
        equal({disk['id']: disk['block_size'] * disk['num_of_blocks'] for disk in disks},
              {key: drive['size_bytes'] // (drive['block_bytes'] or 512) *
               (drive['block_bytes'] or 512) for key, drive in drives.items()}, 'the disks')
        members = manager.pool_member_info(pool=pool)[2]
        equal(set(members), {key for key, drive in drives.items() if drive['pools']}, 'members')
        port, = manager.target_ports()
        equal((port['port_type'], port['service_address'], port['network_address'],
               port['physical_name']), (4, daemon.target, daemon.portal, 'lo'), 'the target port')
        manager.time_out_set(ms=40000)
        equal(manager.time_out_get(), 40000, 'the time-out')
        refused(NO_SYSTEM, manager.capabilities, system={**system, 'id': NOWHERE})


def volumes_are_luns():
    with managed() as (daemon, manager):
        made = manager.volume(GIB - 1)
        lun, = daemon.rest().list('luns')
        equal(made, {'class': 'Volume', 'id': lun['id'], 'name': 'vol1',
                     'vpd83': lun['naa'].lower(), 'block_size': 512,
                     'num_of_blocks': GIB // 512, 'admin_state': 1,
                     'system_id': manager.systems()[0]['id'], 'pool_id': lun['pool_id'],
                     'plugin_data': None}, 'the volume')
        equal(manager.volumes(), [made], 'the volumes')
        refused(NAME_CONFLICT, manager.volume)
        equal(len(manager.volumes()), 1, 'volumes')
        thick = manager.volume(64 * MIB, 'thick', FULL)
        equal(daemon.rest().call('GET', f'/v1/luns/{thick["id"]}')['thin'], False, 'thin')
        grown = manager.done(manager.volume_resize(volume=made, new_size_bytes=2 * GIB))
        equal((grown['id'], grown['num_of_blocks']), (made['id'], 2 * GIB // 512), 'the larger one')
        refused(NO_STATE_CHANGE, manager.volume_resize, volume=made, new_size_bytes=2 * GIB)
        less = manager.done(manager.volume_resize(volume=made, new_size_bytes=GIB))
        equal(less['num_of_blocks'], GIB // 512, 'blocks of the smaller one')
        manager.volume_disable(volume=made)
        equal(manager.volumes(search_key='id', search_value=made['id'])[0]['admin_state'], 0,
              'the state')
        refused(NO_STATE_CHANGE, manager.volume_disable, volume=made)
        manager.volume_enable(volume=made)
        manager.volume_ident_led_on(volume=made)
        equal(daemon.rest().list('maintenance')[0]['operations'], 'blink', 'it blinks')
        manager.volume_ident_led_off(volume=made)
        equal(daemon.rest().list('maintenance'), [], 'it does not blink')
        for volume in (made, thick):
            job = manager.volume_delete(volume=volume)
            check(job is None or manager.done([job, None]) is None, 'a deleted volume came back')
        equal(manager.volumes(), [], 'the volumes')


def a_job_is_followed():
    with managed() as (daemon, manager):
        hold = daemon.inject / 'all.allocate'
        hold.write_text('hold')
        job, volume = manager.volume_create(pool=manager.pools()[0], volume_name='thick',
                                            size_bytes=64 * MIB, provisioning=FULL)
        equal((volume, manager.job_status(job_id=job)[::2]), (None, [1, None]), 'the job')
        refused(INVALID_ARGUMENT, manager.job_free, job_id=job)
        daemon.rest().call('POST', f'/v1/jobs/{job}/cancel')
        hold.unlink()
        vdstest.eventually('the job has ended', lambda: manager.job_status(job_id=job)[0] != 1)
        equal(manager.job_status(job_id=job), [3, 0, None], 'the cancelled job')
        manager.job_free(job_id=job)
        equal(manager.volumes(), [], 'volumes')


def the_write_cache_is_a_hint():
    with managed() as (daemon, manager):
        volume = manager.volume()
        path = f'/v1/luns/{volume["id"]}'
        daemon.rest().call('PATCH', path, {'hints': 'FCR=1 WCE=0'})
        equal(manager.volume_cache_info(volume=volume), [4, 3, 1, 1, 1], 'the cache')
        for policy, hints, info in ((2, 'FCR=1', [2, 2, 1, 1, 1]),
                                    (4, 'FCR=1 WTC=1', [4, 3, 1, 1, 1])):
            manager.volume_write_cache_policy_update(volume=volume, wcp=policy)
            equal(daemon.rest().call('GET', path)['hints'], hints, 'the hints')
            equal(manager.volume_cache_info(volume=volume), info, 'the cache')
        refused(NO_SUPPORT, manager.volume_write_cache_policy_update, volume=volume, wcp=3)


def access_groups_are_hosts():
    with managed() as (daemon, manager):
        group = manager.group()
        host, = daemon.rest().list('hosts')
        equal((group['class'], group['id'], group['name'], group['init_ids'], group['init_type']),
              ('AccessGroup', host['id'], 'db1', [HOST1], ISCSI), 'the access group')
        system = manager.systems()[0]
        make = manager.access_group_create
        refused(NAME_CONFLICT, make, name='db1', init_id=HOST2, init_type=ISCSI, system=system)
        refused(EXISTS_INITIATOR, make, name='db2', init_id=HOST1, init_type=ISCSI, system=system)
        refused(NO_SUPPORT, make, name='db2', init_id='50:01:43:80:18:6b:3f:65', init_type=WWPN,
                system=system)
        refused(INVALID_ARGUMENT, make, name='db2', init_id=f'{HOST2};{HOST3}', init_type=ISCSI,
                system=system)
        refused(INVALID_ARGUMENT, make, name='db2', init_id='host 2', init_type=ISCSI,
                system=system)
        equal(len(manager.access_groups()), 1, 'access groups')
        add, remove = manager.access_group_initiator_add, manager.access_group_initiator_delete
        equal(add(access_group=group, init_id=HOST2, init_type=ISCSI)['init_ids'], [HOST1, HOST2],
              'the initiators')
        refused(NO_STATE_CHANGE, add, access_group=group, init_id=HOST2, init_type=ISCSI)
        other = manager.group('db2', HOST3)
        refused(EXISTS_INITIATOR, add, access_group=group, init_id=HOST3, init_type=ISCSI)
        equal(remove(access_group=group, init_id=HOST1, init_type=ISCSI)['init_ids'], [HOST2],
              'the initiators')
        refused(NO_STATE_CHANGE, remove, access_group=group, init_id=HOST1, init_type=ISCSI)
        manager.access_group_delete(access_group=other)
        refused(NO_GROUP, manager.access_group_delete, access_group=other)
        equal([group['name'] for group in manager.access_groups()], ['db1'], 'access groups')


def masking_is_what_an_initiator_sees():
    with managed() as (daemon, manager):
        volume, group, other = manager.volume(), manager.group(), manager.group('db2', HOST2)
        serial = daemon.rest().list('luns')[0]['serial']
        equal(serials(daemon, HOST1), set(), 'LUNs before')
        manager.volume_mask(access_group=group, volume=volume)
        equal(serials(daemon, HOST1), {serial}, 'LUNs of the host')
        equal(serials(daemon, HOST2), set(), 'LUNs of another host')
        equal(manager.volumes_accessible_by_access_group(access_group=group), [volume], 'volumes')
        equal(manager.volumes_accessible_by_access_group(access_group=other), [], 'its volumes')
        equal(manager.access_groups_granted_to_volume(volume=volume), [group], 'access groups')
        refused(NO_STATE_CHANGE, manager.volume_mask, access_group=group, volume=volume)
        refused(IS_MASKED, manager.volume_delete, volume=volume)
        refused(IS_MASKED, manager.access_group_delete, access_group=group)
        with initiator() as driver:
            number, = driver.list(daemon.portal, daemon.target, HOST1)
            driver.ok('write', daemon.portal, daemon.target, HOST1, number, 7, 0x5a)
            manager.done(manager.volume_resize(volume=volume, new_size_bytes=2 * GIB))
            read = driver.ok('read', daemon.portal, daemon.target, HOST1, number, 7)
            equal(int(read[0], 0), 0x5a, 'what was written')
        manager.volume_mask(access_group=other, volume=volume)
        manager.volume_unmask(access_group=group, volume=volume)
        equal((serials(daemon, HOST1), serials(daemon, HOST2)), (set(), {serial}), 'LUNs')
        refused(NO_STATE_CHANGE, manager.volume_unmask, access_group=group, volume=volume)
        manager.volume_unmask(access_group=other, volume=volume)
        equal(serials(daemon, HOST2), set(), 'LUNs at the end')
        equal(daemon.rest().list('associations'), [], 'associations')
        manager.volume_delete(volume=volume)
        manager.access_group_delete(access_group=group)


def lists_that_vdsctl_wrote_are_understood():
    with managed() as (daemon, manager):
        volume, group = manager.volume(), manager.group()
        lun, = daemon.rest().list('luns')
        change = f'/v1/luns/{lun["id"]}'
        daemon.rest().call('PATCH', change, {'mask': '*'})
        equal(manager.access_groups_granted_to_volume(volume=volume), [],
              'who has access to a LUN that is behind no target')
        daemon.ctl('lun', 'associate', 'vol1', 't1')
        equal(manager.access_groups_granted_to_volume(volume=volume), [group], 'everybody')
        refused(NO_SUPPORT, manager.volume_unmask, access_group=group, volume=volume)
        equal(serials(daemon, HOST1), {lun['serial']}, 'LUNs after the refusal')
        daemon.rest().call('PATCH', change, {'mask': HOST1})
        equal(manager.access_groups_granted_to_volume(volume=volume), [group], 'by its initiator')
        refused(NO_STATE_CHANGE, manager.volume_mask, access_group=group, volume=volume)
        manager.access_group_initiator_add(access_group=group, init_id=HOST2, init_type=ISCSI)
        equal(manager.access_groups_granted_to_volume(volume=volume), [],
              'by one of two initiators')
        manager.volume_unmask(access_group=group, volume=volume)
        equal(serials(daemon, HOST1), set(), 'LUNs')
        daemon.ctl('host-group', 'create', 'dbs', 'db1')
        daemon.ctl('lun', 'associate', 'vol1', 't1')
        daemon.rest().call('PATCH', change, {'mask': 'host-group:dbs'})
        equal([found['id'] for found in manager.access_groups_granted_to_volume(volume=volume)],
              [group['id']], 'by its host group')
        refused(NO_SUPPORT, manager.volume_unmask, access_group=group, volume=volume)


def the_uri_chooses_the_targets():
    with Daemon() as daemon:
        first, second = (target_of(daemon, alias) for alias in ('t1', 't2'))
        with Manager(f'vds://{daemon.socket}?target=t2') as manager:
            volume, group = manager.volume(), manager.group()
            daemon.ctl('lun', 'associate', 'vol1', 't1')
            manager.volume_mask(access_group=group, volume=volume)
            serial = daemon.rest().list('luns')[0]['serial']
            equal((serials(daemon, HOST1, first), serials(daemon, HOST1, second)),
                  ({serial}, {serial}), 'LUNs behind both targets')
            manager.volume_unmask(access_group=group, volume=volume)
            equal(len(daemon.rest().list('associations')), 1, 'the association of vdsctl')
        message = refused(INVALID_ARGUMENT, Manager, uri=f'vds://{daemon.socket}?target=t3')
        check('t3' in message and 'vdsctl target list' in message, f'the error: {message}')


def without_a_target_nothing_is_masked():
    with Daemon() as daemon, Manager(f'vds://{daemon.socket}') as manager:
        volume, group = manager.volume(), manager.group()
        refused(NOT_FOUND, manager.volume_mask, access_group=group, volume=volume)
        equal(daemon.rest().list('luns')[0]['mask'], '', 'the unmasking list')


def a_secret_is_asked_for():
    with managed() as (daemon, manager):
        manager.group()
        chap = dict(in_user='foo', in_password=SECRET, out_user=None, out_password=None)
        manager.iscsi_chap_auth(init_id=HOST1, **chap)
        manager.iscsi_chap_auth(init_id=HOST1, **{**chap, 'in_user': 'bar', 'out_user': 'array',
                                                  'out_password': SECRET[::-1]})
        rows = [(row['side'], row['user'], row['initiator'])
                for row in daemon.rest().list('credentials')]
        equal(sorted(rows), [('initiator', 'bar', HOST1), ('target', 'array', HOST1)], 'secrets')
        with initiator() as driver:
            answer = driver.ask('list', daemon.portal, daemon.target, HOST1)
            equal(answer[0], 'error', f'a login without a secret: {answer}')
        message = refused(INVALID_ARGUMENT, manager.iscsi_chap_auth, init_id=HOST1,
                          **{**chap, 'in_password': 'short'})
        check('short' not in message.split(), f'the error shows the secret: {message}')
        refused(INVALID_ARGUMENT, manager.iscsi_chap_auth, init_id=HOST1,
                **{**chap, 'in_password': None})
        refused(INVALID_ARGUMENT, manager.iscsi_chap_auth, init_id=HOST1, in_user=None,
                in_password=None, out_user='array', out_password=SECRET)
        refused(NO_GROUP, manager.iscsi_chap_auth, init_id=HOST2, **chap)
        before = daemon.rest().list('credentials')
        for out in (SECRET, 'short', '0x00', 'x' * 256):
            refused(INVALID_ARGUMENT, manager.iscsi_chap_auth, init_id=HOST1,
                    **{**chap, 'in_user': 'new', 'out_user': 'array', 'out_password': out})
        equal(daemon.rest().list('credentials'), before, 'secrets after the refusals')
        manager.group('db2', HOST2)
        message = refused(INVALID_ARGUMENT, manager.iscsi_chap_auth, init_id=HOST2,
                          **{**chap, 'in_password': SECRET * 2, 'out_user': 'array',
                             'out_password': SECRET})
        check('other direction' in message, f'the error: {message}')
        equal(daemon.rest().list('credentials'), before, 'secrets after another refusal')
        manager.iscsi_chap_auth(init_id=HOST1, in_user=None, in_password=None, out_user=None,
                                out_password=None)
        equal(daemon.rest().list('credentials'), [], 'secrets at the end')
        equal(serials(daemon, HOST1), set(), 'a login without a secret')
        check(SECRET not in daemon.log_text(), 'the log shows the secret')


def errors_have_their_numbers():
    with managed() as (daemon, manager):
        volume, group, pool = manager.volume(), manager.group(), manager.pools()[0]
        gone = {'id': NOWHERE}
        for method in ('volume_delete', 'volume_enable', 'volume_ident_led_on',
                       'access_groups_granted_to_volume'):
            refused(NO_VOLUME, getattr(manager, method), volume=gone)
        refused(NO_VOLUME, manager.volume_resize, volume=gone, new_size_bytes=GIB)
        refused(NO_VOLUME, manager.volume_mask, access_group=group, volume=gone)
        refused(NO_GROUP, manager.volume_mask, access_group=gone, volume=volume)
        refused(NO_GROUP, manager.volumes_accessible_by_access_group, access_group=gone)
        refused(NO_POOL, manager.pool_member_info, pool=gone)
        refused(NO_JOB, manager.job_status, job_id=NOWHERE)
        refused(NO_JOB, manager.job_free, job_id='../version')
        make = dict(pool=pool, volume_name='vol2', size_bytes=GIB, provisioning=THIN)
        refused(NO_POOL, manager.volume_create, **{**make, 'pool': gone})
        refused(NO_SPACE, manager.volume_create,
                **{**make, 'size_bytes': pool['total_space'] * 2 // 512 * 512,
                   'provisioning': FULL})
        for wrong in ({'size_bytes': 0}, {'size_bytes': -1}, {'size_bytes': '1'},
                      {'size_bytes': 1 << 62}, {'provisioning': 9}, {'pool': {}},
                      {'volume_name': 'x' * 200}):
            refused(INVALID_ARGUMENT, manager.volume_create, **{**make, **wrong})
        equal(len(manager.volumes()), 1, 'volumes after the refusals')
        refused(BAD_SEARCH_KEY, manager.volumes, search_key='name', search_value='vol1')
        refused(BAD_PARAMETERS, manager.volume_delete, lun=volume)
        for method in ('volume_replicate', 'fs', 'exports', 'batteries', 'methods', '__init__'):
            refused(NO_SUPPORT, manager.call, method=method)
        manager.access_group_initiator_delete(access_group=group, init_id=HOST1, init_type=ISCSI)
        refused(EMPTY_GROUP, manager.volume_mask, access_group=group, volume=volume)
        for text in (b'{', b'[]', b'{"id": 1}', b'{"method": 1}', b'{"method":"x","params":[1]}',
                     b'[' * 100000):
            equal(manager.send(text)['error']['code'], SERIALIZATION, f'the answer to {text[:20]}')
        equal(len(manager.volumes()), 1, 'volumes after what is no request')
    for text in (b'0000000000', b'9999999999', b'-000000001', b'x' * 10, b'00000', b'0000000009{'):
        with Manager() as manager:          # it ends, without a word
            manager.socket.sendall(text)


def a_session_keeps_a_lun_from_shrinking():
    with managed() as (daemon, manager):
        volume, group = manager.volume(), manager.group()
        manager.volume_mask(access_group=group, volume=volume)
        with initiator() as driver:
            driver.ok('hold', daemon.portal, daemon.target, HOST1)
            refused(ONLINE_CHANGE, manager.volume_resize, volume=volume, new_size_bytes=GIB // 2)
            driver.ok('drop')
        equal(manager.volumes(), [volume], 'the volume')


def broken_uris_are_refused():
    for uri in ('', 'vds', 'vds:/x', 'vdsx://', 'vds://array.example.com', 'vds://?host=x',
                'vds://user:word@localhost:1', 'vds://localhost:x', 'vds://[::1', 'vds+ssl://',
                'vds+ssl://array/path', 'vds:///s?ca=x', 'vds://?context=a&context=b',
                'vds:///s?context=a', 'vds://?target=', 'vds:///s?x', 'vds:///s#x',
                'vds+ssl://array?fingerprint=AB:CD', 'vds+ssl://array?ca=/nowhere.pem',
                'vds+ssl://array?token_file=/nowhere'):
        refused(INVALID_ARGUMENT, Manager, uri=uri)
    with Manager() as manager:
        refused(INVALID_ARGUMENT, manager.pools)
        check(manager.plugin_info()[1], 'plugin_info needs no array')
    with tempfile.TemporaryDirectory(prefix='vdslsm.') as top:
        refused(CONNREFUSED, Manager, uri=f'vds://{top}/s')
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        port = sock.getsockname()[1]
        refused(CONNREFUSED, Manager, uri=f'vds://127.0.0.1:{port}')
        sock.listen()
        refused(TIMEOUT, Manager, uri=f'vds://127.0.0.1:{port}', timeout_ms=10)


def make_certificate(top):
    done = subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
         '-nodes', '-keyout', top / 'key.pem', '-out', top / 'cert.pem', '-days', '2', '-subj',
         '/CN=array', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
        capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)
    (top / 'key.pem').chmod(0o600)


def over_tls_with_a_token():
    with tempfile.TemporaryDirectory(prefix='vdslsm.') as name:
        top = pathlib.Path(name)
        make_certificate(top)
        options = ('--https', '127.0.0.1:0', '--tls-cert', top / 'cert.pem', '--tls-key',
                   top / 'key.pem')
        with Daemon(*options) as daemon:
            tokens = {role: daemon.rest().call('POST', '/v1/tokens', {'name': role, 'role': role})
                      ['token'] for role in ('reader', 'operator')}
            place = json.loads((daemon.top / 'ready').read_text())['https'][0]
            uri = f'vds+ssl://{place}?ca={top / "cert.pem"}'
            with Manager(uri, tokens['operator']) as manager:
                volume = manager.volume()
                refused(PERMISSION_DENIED, manager.volume_delete, volume=volume)
            with Manager(uri, tokens['reader']) as manager:
                equal([found['id'] for found in manager.volumes()], [volume['id']], 'volumes')
                refused(PERMISSION_DENIED, manager.volume_disable, volume=volume)
            for token in (None, tokens['reader'][:-1] + '_', 'two words'):
                code = INVALID_ARGUMENT if token == 'two words' else AUTH_FAILED
                message = refused(code, Manager, uri=uri, password=token)
                check(token is None or token not in message, f'it shows the token: {message}')
            named = uri.replace('//', '//reader@')
            with Manager(named, tokens['reader']) as manager:
                equal(len(manager.volumes()), 1, 'volumes')
            refused(AUTH_FAILED, Manager, uri=named, password=tokens['operator'])
            refused(NETWORK_ERROR, Manager, uri=f'vds+ssl://{place}', password=tokens['reader'])
            der = ssl.PEM_cert_to_DER_cert((top / 'cert.pem').read_text())
            fingerprint = hashlib.sha256(der).hexdigest()
            uri = f'vds+ssl://{place}?fingerprint={fingerprint}'
            with Manager(uri, tokens['reader']) as manager:
                equal(len(manager.volumes()), 1, 'volumes')


def its_types_are_sound():
    with tempfile.TemporaryDirectory(prefix='vdslsm.') as name:
        done = subprocess.run(['mypy', '--strict', '--cache-dir', f'{name}/cache', '-p', 'vds_lsm'],
                              capture_output=True, text=True, check=False, cwd=name,
                              env={**os.environ, 'MYPYPATH': str(PACKAGES)})
        equal(done.returncode, 0, f'mypy says {done.stdout}')


if __name__ == '__main__':
    vdstest.requires('mypy', 'openssl')
    vdstest.main([
        the_array_is_described, volumes_are_luns, a_job_is_followed, the_write_cache_is_a_hint,
        access_groups_are_hosts, masking_is_what_an_initiator_sees,
        lists_that_vdsctl_wrote_are_understood, the_uri_chooses_the_targets,
        without_a_target_nothing_is_masked, a_secret_is_asked_for, errors_have_their_numbers,
        a_session_keeps_a_lun_from_shrinking, broken_uris_are_refused, over_tls_with_a_token,
        its_types_are_sound])

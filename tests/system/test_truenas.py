#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vds-truenas over a real vdsd, asked as democratic-csi's driver freenas-api-iscsi asks, and an
initiator that reads back.  docs/managers.md says how the driver itself is set up.
"""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile

import vdstest
from truenas_driver import (BASENAME, CLONE, Client, GROUPS, KEY, MIB, NODE, PACKAGES, PREFIX,
                            PROGRAM, PVC, Program, Refused, SNAPS, STRANGER, VOLS, create_zvol,
                            destroy, expose, iqn, kept, new_extent, new_target, provision, refused,
                            served, session, snapshot, unexpose)
from vdstest import DEADLINE_S, Daemon, LosingWire, check, equal


def the_way_of_a_volume():
    with served() as (daemon, _, api):
        check(api.get('system/version').startswith('TrueNAS-SCALE-'), 'the version')
        equal(api.get('iscsi/global')['basename'], BASENAME, 'the base name')
        refused(404, 'does not exist', api.get, 'pool/dataset/id/{}', f'{VOLS}/{PVC}')
        made = create_zvol(api)
        equal((made['type'], made['volsize']['rawvalue'], made['volblocksize']['parsed']),
              ('VOLUME', str(64 * MIB), 16384), 'the zvol')
        numbers = expose(api, PVC)
        check(all(isinstance(number, int) and number > 0 for number in numbers), f'{numbers}')
        lun, = daemon.rest().list('luns')
        equal((lun['name'], lun['thin'], lun['block_bytes']), (f'k8s/vols/{PVC}', True, 512), 'LUN')
        with contextlib.closing(vdstest.Initiator()) as driver:
            equal(driver.list(daemon.portal, iqn(PVC), NODE), {0: lun['serial']}, 'what it sees')
            equal(driver.list(daemon.portal, iqn(PVC), STRANGER), {}, 'what a stranger sees')
        with session(daemon, PVC) as driver:
            driver.ok('put', 0, 5, 7)
            equal(api.get('iscsi/extent/id/{}', numbers[1])['naa'].upper(),
                  '0X' + lun['naa'].upper(), 'the NAA')
            grown = api.put('pool/dataset/id/{}', f'{VOLS}/{PVC}', volsize=96 * MIB,
                            user_properties_update=[])
            equal(grown['volsize']['parsed'], 96 * MIB, 'the new size')
            while driver.ok('sense', 0) != ['good']:
                pass
            equal(driver.ok('capacity', 0), [str(96 * MIB // 512)], 'blocks that it sees')
            taken = snapshot(api, PVC, 'snapshot-1')
            equal(taken['properties']['volsize']['rawvalue'], str(96 * MIB), 'the snapshot')
            driver.ok('put', 0, 5, 8)
        api.post('zfs/snapshot/clone', snapshot=f'{VOLS}/{PVC}@snapshot-1',
                 dataset_dst=f'{VOLS}/{CLONE}', dataset_properties={
                     'democratic-csi:managed_resource': 'true', 'refreservation': 0})
        clone = api.get('pool/dataset/id/{}', f'{VOLS}/{CLONE}')
        equal((clone['origin']['value'], clone['volsize']['parsed']),
              (f'{VOLS}/{PVC}@snapshot-1', 96 * MIB), 'the clone')
        expose(api, CLONE)
        with session(daemon, CLONE) as driver:
            equal(driver.ok('get', 0, 5), ['7'], 'the block of the snapshot')
        with session(daemon, PVC) as driver:
            equal(driver.ok('get', 0, 5), ['8'], 'the block of the origin')
        tree = api.get('pool/dataset/id/{}', VOLS, **{'extra.snapshots': 1})
        equal([child['name'] for child in tree['children']], [f'{VOLS}/{PVC}', f'{VOLS}/{CLONE}'],
              'the volumes')
        shown, = tree['children'][0]['snapshots']
        equal((shown['name'], shown['properties']['name']['rawvalue'],
               shown['properties']['democratic-csi:csi_snapshot_name']['rawvalue']),
              (f'{VOLS}/{PVC}@snapshot-1', f'{VOLS}/{PVC}@snapshot-1', 'snapshot-1'), 'snapshots')
        # The origin goes first, which ZFS would refuse.
        for name in (PVC, CLONE):
            unexpose(api, name)
            equal(destroy(api, name), True, 'deleting the volume')
            refused(422, 'does not exist', destroy, api, name)
        equal(kept(daemon), {'luns': [], 'targets': [], 'snapshots': []}, 'what is left')


def a_copy_that_is_detached():
    """Names longer than the array takes come back whole."""
    with served() as (daemon, program, api):
        create_zvol(api)
        long = f'snapshot-{"x" * 80}'
        source = f'{VOLS}/{PVC}@volume-source-for-snapshot-{long}'
        api.post('pool/dataset', name=f'{SNAPS}/{PVC}', create_ancestors=True)
        api.post('zfs/snapshot', dataset=f'{VOLS}/{PVC}', name=source.partition('@')[2])

        def copy(target=f'{SNAPS}/{PVC}/{long}'):
            number = api.post(
                'replication/run_onetime', direction='PUSH', transport='LOCAL', recursive=False,
                source_datasets=[f'{VOLS}/{PVC}'], target_dataset=target,
                name_regex=f'^{source.partition("@")[2]}$', retention_policy='NONE',
                readonly='IGNORE', properties=False, only_from_scratch=True)
            job, = api.get('core/get_jobs', id=number)
            return job
        equal(copy()['state'], 'SUCCESS', 'the copy')
        again = copy()
        equal(again['state'], 'FAILED', 'the copy, again')
        check('already exists' in again['error'], again['error'])
        api.delete('zfs/snapshot/id/{}', source, defer=True)
        refused(404, 'does not exist', api.delete, 'zfs/snapshot/id/{}', source)
        program.kill()
        program.start()
        api = program.client()
        child, = api.get('pool/dataset/id/{}', f'{SNAPS}/{PVC}')['children']
        equal(child['name'], f'{SNAPS}/{PVC}/{long}', 'its name')
        equal({len(row['name']) <= 63 for row in daemon.rest().list('luns')}, {True}, 'on the array')
        refused(422, 'filesystem has children', api.delete, 'pool/dataset/id/{}', f'{SNAPS}/{PVC}')
        destroy(api, f'{PVC}/{long}', SNAPS)
        number = api.post('pool/dataset/destroy_snapshots', name=f'{SNAPS}/{PVC}')
        equal(api.get('core/get_jobs', id=number)[0]['state'], 'SUCCESS', 'the job')
        equal(api.delete('pool/dataset/id/{}', f'{SNAPS}/{PVC}'), True, 'the filesystem')
        number = api.post('pool/dataset/destroy_snapshots', name=f'{SNAPS}/{PVC}')
        equal(api.get('core/get_jobs', id=number)[0]['state'], 'FAILED', 'the job of nothing')


def what_is_asked_twice():
    """The texts are those by which the driver knows that a step was made before."""
    with served() as (daemon, _, api):
        create_zvol(api)
        target, extent, link = expose(api, PVC)
        snapshot(api, PVC, 's1')
        before = kept(daemon)
        refused(422, 'already exists', create_zvol, api)
        refused(422, 'already exists', api.post, 'pool/dataset', name=VOLS)
        refused(422, 'already exists', snapshot, api, PVC, 's1')
        refused(422, 'already exists', api.post, 'zfs/snapshot/clone',
                snapshot=f'{VOLS}/{PVC}@s1', dataset_dst=f'{VOLS}/{PVC}')
        body = refused(422, 'Target name already exists', new_target, api, f'csi-{PVC}')
        equal(list(body), ['iscsi_target_create.name'], 'the field')
        refused(422, 'Extent name must be unique', new_extent, api, f'csi-{PVC}', f'{VOLS}/{PVC}')
        refused(422, 'Extent is already in this target.', api.post, 'iscsi/targetextent',
                target=target, extent=extent, lunid=0)
        create_zvol(api, CLONE)
        other = new_extent(api, 'other', f'{VOLS}/{CLONE}')['id']
        refused(422, 'LUN ID is already being used for this target.', api.post,
                'iscsi/targetextent', target=target, extent=other, lunid=0)
        refused(422, 'not between', api.post, 'iscsi/targetextent', target=target, extent=other,
                lunid=16384)
        second = api.post('iscsi/targetextent', target=target, extent=other, lunid=7)
        equal([found['lun_number'] for found in daemon.rest().list('associations')
               if found['lun_number'] > 0], [second['lunid']], 'the number that was asked for')
        # The way in which the driver finds them then: page after page.
        equal([found['id'] for found in api.get('iscsi/target', limit=100, offset=0)
               if found['name'] == f'csi-{PVC}'], [target], 'the target')
        equal(api.get('iscsi/target', limit=100, offset=100), [], 'a page behind the last')
        equal([(found['id'], found['lunid']) for found in api.get('iscsi/targetextent')],
              [(link, 0), (second['id'], 7)], 'the links')
        destroy(api, CLONE)
        equal(kept(daemon), before, 'what the array has')
        refused(422, 'not found', snapshot, api, 'nobody', 's1')
        refused(422, 'not found', api.post, 'zfs/snapshot/clone', snapshot=f'{VOLS}/{PVC}@no',
                dataset_dst=f'{VOLS}/{CLONE}')


def lists_are_filtered():
    with served() as (_, _, api):
        for number in range(3):
            new_target(api, f't{number}')
        names = [f't{number}' for number in range(3)]
        equal([found['name'] for found in api.get('iscsi/target', limit=2, offset=1)], names[1:],
              'a page')
        equal([found['name'] for found in api.get('iscsi/target', name='t1')], ['t1'], 'by name')
        equal([found['name'] for found in api.get('iscsi/target', name__in='t0,t2')],
              ['t0', 't2'], 'by names')
        equal(api.get('iscsi/target', name__startswith='t', count='true'), 3, 'how many')
        equal([found['name'] for found in api.get('iscsi/target', sort='-name')], names[::-1],
              'sorted')
        for query in ({'nobody': '1'}, {'name__like': 't'}, {'limit': '-1'}, {'id': 'x'}):
            refused(422, next(iter(query)), api.get, 'iscsi/target', **query)


def restarts_keep_what_was_said():
    with served() as (daemon, program, api):
        create_zvol(api)
        numbers = expose(api, PVC)
        snapshot(api, PVC, 's1')
        before = (api.get('pool/dataset'), api.get('zfs/snapshot'), api.get('iscsi/target'),
                  api.get('iscsi/extent'), api.get('iscsi/targetextent'))
        program.kill()
        daemon.kill()
        daemon.start()
        program.start()
        api = program.client()

        def stable(value):
            """Without what is measured."""
            text = json.dumps(value, sort_keys=True)
            return json.loads(text, object_hook=lambda found: {
                key: part for key, part in found.items()
                if key not in ('available', 'used', 'referenced')})
        after = (api.get('pool/dataset'), api.get('zfs/snapshot'), api.get('iscsi/target'),
                 api.get('iscsi/extent'), api.get('iscsi/targetextent'))
        equal(stable(after), stable(before), 'what it shows')
        unexpose(api, PVC)
        # Numbers are not given again: the driver keeps them with its volumes.
        again = expose(api, PVC)
        check(all(new > old for new, old in zip(again, numbers)), f'{numbers}, then {again}')
        program.stop()


def what_vdsctl_changes_is_seen():
    """The array decides what exists, and the file of the program only adds to it."""
    with served() as (daemon, _, api):
        create_zvol(api)
        target, extent, link = expose(api, PVC)
        daemon.ctl('lun', 'create', 'elsewhere', '--size', '1M')
        daemon.ctl('lun', 'create', 'k8s/vols/by-hand', '--size', '1M')
        daemon.ctl('target', 'create', 'admins', '--iscsi-name', f'{PREFIX}:admins')
        equal([found['name'] for found in api.get('pool/dataset', type='VOLUME')],
              [f'{VOLS}/by-hand', f'{VOLS}/{PVC}'], 'the zvols')
        refused(404, 'does not exist', api.get, 'pool/dataset/id/{}', 'default/elsewhere')
        refused(422, 'does not exist', api.delete, 'pool/dataset/id/{}', 'default/elsewhere')
        equal([found['id'] for found in api.get('iscsi/target')], [target], 'the targets')
        lun = next(row for row in daemon.rest().list('luns') if PVC in row['name'])['id']
        daemon.ctl('lun', 'dissociate', lun)
        equal(api.get('iscsi/targetextent'), [], 'links')
        refused(404, 'does not exist', api.get, 'iscsi/targetextent/id/{}', link)
        daemon.ctl('lun', 'rename', lun, 'k8s/vols/renamed')
        renamed = api.get('pool/dataset/id/{}', f'{VOLS}/renamed')
        equal(renamed['user_properties']['democratic-csi:csi_volume_name']['value'], PVC,
              'what is known of it')
        daemon.ctl('lun', 'delete', lun)
        equal(api.get('iscsi/extent'), [], 'extents')
        refused(404, 'does not exist', api.get, 'iscsi/extent/id/{}', extent)
        create_zvol(api)
        new = new_extent(api, f'csi-{PVC}', f'{VOLS}/{PVC}')
        check(new['id'] > extent, 'a new number')


@contextlib.contextmanager
def losing():
    """A served array, and a function that calls another one while the answer of vdsd to its change
    number `skip` is lost; the program is killed then.  Whether there was such a change.
    """
    with Daemon(copies=True) as daemon:
        daemon.ctl('array', 'iqn-prefix', PREFIX)
        daemon.ctl('host', 'create', 'node1', NODE)
        with contextlib.closing(LosingWire(daemon)) as wire, \
                Program(daemon, url=f'unix:{wire.socket}') as program:

            def lost(skip, change):
                before, wire.skip, wire.lose = wire.lost, skip, program.process.kill
                with contextlib.suppress(OSError, http.client.HTTPException):
                    change(program.client())
                wire.lose = None
                if wire.lost == before:
                    return False
                program.process.wait(DEADLINE_S)
                program.start()
                return True
            yield daemon, program, lost


def killed_after_each_change_of_a_volume():
    """What the driver does again afterwards makes a whole volume, or leaves nothing."""
    with losing() as (daemon, program, lost):
        points = 0
        while lost(points, lambda api: provision(api, PVC)):
            points += 1
            api = program.client()
            provision(api, PVC)
            zvol = api.get('pool/dataset/id/{}', f'{VOLS}/{PVC}')
            equal(zvol['user_properties']['democratic-csi:managed_resource']['value'], 'true',
                  f'the property of the zvol, killed after change {points}')
            with contextlib.closing(vdstest.Initiator()) as driver:
                equal(list(driver.list(daemon.portal, iqn(PVC), NODE)), [0],
                      f'what the node sees, killed after change {points}')
            unexpose(api, PVC)
            destroy(api, PVC)
            equal(kept(daemon), {'luns': [], 'targets': [], 'snapshots': []}, 'what is left')
        check(points >= 5, f'it was killed after {points} changes only')


def killed_after_a_snapshot_and_a_deletion():
    with losing() as (daemon, program, lost):
        create_zvol(program.client())
        check(lost(0, lambda api: snapshot(api, PVC, 's1')), 'it lives')
        zvol, = program.client().get('pool/dataset/id/{}', VOLS, **{'extra.snapshots': 1})['children']
        equal([taken['properties']['democratic-csi:csi_snapshot_name']['value']
               for taken in zvol['snapshots']], ['s1'], 'the property of the snapshot')
        check(lost(0, lambda api: destroy(api, PVC)), 'it lives')
        equal(len(daemon.rest().list('snapshots')), 1, 'snapshots')
        refused(422, 'does not exist', destroy, program.client(), PVC)
        equal(kept(daemon), {'luns': [], 'targets': [], 'snapshots': []}, 'what is left')


def a_pool_that_cannot_clone():
    with served(clones=False) as (daemon, _, api):
        create_zvol(api)
        try:
            snapshot(api, PVC, 's1')
        except Refused as error:        # the file system of this machine can share no space
            equal((error.status, error.body['errno']), (422, 95), 'the refusal')
            check('XFS' in error.body['message'], f'the reason of vdsd: {error.text}')
            check('not found' not in error.text and 'exist' not in error.text,
                  f'the driver takes it for something else: {error.text}')
            refused(404, 'does not exist', api.get, 'zfs/snapshot/id/{}', f'{VOLS}/{PVC}@s1')
        destroy(api, PVC)


def a_session_holds_a_volume():
    with served() as (daemon, _, api):
        create_zvol(api)
        target, extent, _ = expose(api, PVC)
        with session(daemon, PVC):
            body = refused(422, 'in use', api.delete, 'iscsi/target/id/{}', target)
            equal(body, {'message': f'Target csi-{PVC} is in use.', 'errno': 14},
                  'what the driver waits for')
            refused(422, 'in use', api.delete, 'iscsi/extent/id/{}', extent)
            refused(422, 'dataset is busy', destroy, api, PVC)
        equal(len(daemon.rest().list('luns')), 1, 'LUNs')
        vdstest.eventually('the session has ended', lambda: not daemon.rest().list('sessions'))
        unexpose(api, PVC)
        destroy(api, PVC)


def who_may():
    with served() as (daemon, program, api):
        tokens = {role: daemon.rest().call('POST', '/v1/tokens', {'name': role, 'role': role})
                  ['token'] for role in ('reader', 'operator', 'admin')}
        for secret in (None, 'wrong', tokens['reader'][:-1] + '_', KEY + 'x'):
            refused(401, 'token' if secret else 'API key', program.client(secret).get,
                    'pool/dataset')

        def basic(user, password):
            word = base64.b64encode(f'{user}:{password}'.encode()).decode()
            return Client(program.place, f'Basic {word}')
        equal(basic('root', KEY).get('system/version'), api.get('system/version'), 'by password')
        equal(basic('reader', tokens['reader']).get('pool')[0]['name'], 'default', 'by a token')
        refused(401, 'name of the token', basic('other', tokens['reader']).get, 'pool')
        refused(401, 'message', basic('root', 'wrong').get, 'pool')
        for word in ('Basic !!!', 'Basic Og==', 'Digest x', 'Bearer', 'Bearer a b'):
            refused(401, 'API key', Client(program.place, word).get, 'pool')
        refused(403, 'message', create_zvol, program.client(tokens['reader']))
        create_zvol(program.client(tokens['operator']))
        refused(403, 'message', destroy, program.client(tokens['operator']), PVC)
        equal(len(daemon.rest().list('luns')), 1, 'LUNs')
        admin = program.client(tokens['admin'])
        admin.get('pool')
        daemon.ctl('token', 'revoke', 'admin')
        refused(401, 'message', destroy, admin, PVC)     # over the connection that it had
        destroy(api, PVC)


def bad_input_changes_nothing():
    with served() as (daemon, _, api):
        create_zvol(api)
        target, extent, _ = expose(api, PVC)
        before = kept(daemon)
        group = {'portal': 1, 'initiator': 1, 'auth': None, 'authmethod': 'NONE'}
        new, name = 'pool/dataset', f'{VOLS}/new'
        volume = {'name': name, 'type': 'VOLUME', 'create_ancestors': True}
        for path, body, text in (
                (new, {}, 'pool_dataset_create.name'),
                (new, {'name': 'default/other/x', 'type': 'VOLUME'}, 'is not below default/k8s'),
                (new, {'name': 'other/k8s/x', 'type': 'VOLUME'}, 'is not below'),
                (new, {'name': f'{VOLS}/a b'}, 'is no name of a dataset'),
                (new, {'name': f'{VOLS}/../x'}, 'is no name of a dataset'),
                (new, {'name': f'{VOLS}//x'}, 'is no name of a dataset'),
                (new, {'name': f'{VOLS}/{"x" * 200}'}, 'at most 200'),
                (new, {**volume, 'type': 'ZVOL'}, 'pool_dataset_create.type'),
                (new, volume, 'pool_dataset_create.volsize'),
                (new, {**volume, 'volsize': 'big'}, 'no whole number'),
                (new, {**volume, 'volsize': 0}, 'no multiple'),
                (new, {**volume, 'volsize': 1000}, 'no multiple of 512'),
                (new, {**volume, 'volsize': MIB, 'volblocksize': '3K'}, 'volblocksize'),
                (new, {**volume, 'volsize': MIB, 'sparse': 'yes'}, 'neither true nor false'),
                (new, {**volume, 'volsize': MIB, 'compression': 'lz4'}, 'no such setting'),
                (new, {**volume, 'volsize': MIB, 'dedup': 'on'}, 'no such setting'),
                (new, {**volume, 'volsize': MIB, 'novelty': 1}, 'does not know this field'),
                (new, {**volume, 'volsize': MIB, 'user_properties': 5}, 'no list'),
                (new, {**volume, 'volsize': MIB, 'user_properties': [{'key': 'x', 'value': 'y'}]},
                 'needs a colon'),
                (new, {**volume, 'volsize': MIB, 'user_properties': [{'key': 'a:x', 'value': []}]},
                 'is no text'),
                (new, {**volume, 'name': f'{VOLS}/{PVC}/below', 'volsize': MIB}, 'is above'),
                (new, {'name': f'{VOLS}/a/b'}, 'does not exist'),
                ('zfs/snapshot', {'dataset': f'{VOLS}/{PVC}', 'name': 'a@b'}, 'name of a snapshot'),
                ('zfs/snapshot', {'dataset': f'{VOLS}/{PVC}', 'name': 's', 'recursive': True},
                 'of one LUN'),
                ('zfs/snapshot', {'dataset': f'{VOLS}/{PVC}', 'name': 's',
                                  'properties': {'plain': '1'}}, 'needs a colon'),
                ('iscsi/target', {'name': 'UPPER', 'groups': [group]}, 'lower-case'),
                ('iscsi/target', {'name': 't', 'mode': 'FC'}, 'no Fibre Channel'),
                ('iscsi/target', {'name': 't', 'groups': [{**group, 'portal': 9}]}, '--portal'),
                ('iscsi/target', {'name': 't', 'groups': [{**group, 'initiator': 9}]},
                 '--initiators'),
                ('iscsi/target', {'name': 't', 'groups': [{**group, 'initiator': [1]}]},
                 '--initiators'),
                ('iscsi/target', {'name': 't', 'groups': [{**group, 'authmethod': 'CHAP'}]},
                 'vdsctl host secret'),
                ('iscsi/target', {'name': 't', 'groups': [group, group]}, 'duplicated'),
                ('iscsi/target', {'name': 't', 'groups': 'all'}, 'no list'),
                ('iscsi/extent', {'name': 'e', 'disk': f'zvol/{VOLS}/nobody'}, 'no zvol'),
                ('iscsi/extent', {'name': 'e', 'disk': '/dev/sda'}, 'no zvol'),
                ('iscsi/extent', {'name': 'e', 'disk': f'zvol/{VOLS}/{PVC}', 'blocksize': 4096},
                 '--block-size'),
                ('iscsi/extent', {'name': 'e', 'disk': f'zvol/{VOLS}/{PVC}', 'type': 'FILE'},
                 'LUNs are volumes'),
                ('iscsi/extent', {'name': 'e', 'disk': f'zvol/{VOLS}/{PVC}'}, 'has this zvol'),
                ('iscsi/targetextent', {'target': 999, 'extent': extent, 'lunid': 0}, 'no target'),
                ('iscsi/targetextent', {'target': target, 'extent': 999, 'lunid': 0}, 'no extent'),
                ('iscsi/targetextent', {'target': target, 'extent': extent, 'lunid': '0'},
                 'no number'),
                ('replication/run_onetime', {
                    'direction': 'PUSH', 'transport': 'SSH', 'source_datasets': [f'{VOLS}/{PVC}'],
                    'target_dataset': name, 'name_regex': '^a$'}, 'stays on this array'),
                ('pool/dataset/destroy_snapshots', {'name': VOLS, 'snapshots': {'all': False}},
                 'only')):
            refused(422, text, api.post, path, **body)
        here = ('pool/dataset/id/{}', f'{VOLS}/{PVC}')
        for body, text in (({'volsize': MIB}, 'cannot shrink'), ({'sync': 'ALWAYS'}, 'sync'),
                           ({'readonly': 'ON'}, 'readonly'), ({'x': 1}, 'does not know'),
                           ({'user_properties_update': [{'key': 'a:b'}]}, 'is no text')):
            refused(422, text, api.put, *here, **body)
        for method, path, status in (
                ('GET', 'sharing/nfs', 404), ('GET', 'iscsi/target/id/x', 404),
                ('GET', f'iscsi/target/id/{"9" * 30}', 404), ('GET', 'iscsi/target/id/', 404),
                ('PUT', 'iscsi/extent/id/1', 405), ('PATCH', 'pool/dataset', 405),
                ('DELETE', 'zfs/snapshot/id/nobody', 404), ('OPTIONS', 'pool', 405)):
            refused(status, 'message', api.call, method, path)
        for data, kind, status in ((b'{', 'application/json', 400), (b'[]', 'application/json', 422),
                                   (b'[' * 100000, 'application/json', 400),
                                   (b'{}', 'text/plain', 415)):
            refused(status, 'body', api.send, 'POST', 'pool/dataset', data, {'Content-Type': kind})
        equal(kept(daemon), before, 'what the array has')
        equal(api.get(*here)['volsize']['parsed'], 64 * MIB, 'the size')


def several_portals_and_everybody():
    with Daemon() as daemon:
        daemon.ctl('array', 'iqn-prefix', PREFIX)
        daemon.ctl('host', 'create', 'node1', NODE)
        with Program(daemon, '--portal', f'2={daemon.portal}', '--portal', '3=127.0.0.9:1',
                     '--basename', 'iqn.2026-11.org.example:k8s', '--block-size', '4096') as program:
            api = program.client()
            refused(422, '127.0.0.9:1', api.get, 'iscsi/portal')
            equal([found['comment'] for found in api.get('iscsi/initiator')], ['host:node1', '*'],
                  'initiators')
            create_zvol(api)
            group = {'portal': 2, 'initiator': 2, 'auth': None, 'authmethod': 'NONE'}
            refused(422, 'the same initiators', new_target, api, 't',
                    [group, {**group, 'portal': 1, 'initiator': 1}])
            target = new_target(api, 't', [group])
            equal(target['groups'], [group], 'its groups')
            extent = new_extent(api, 'e', f'{VOLS}/{PVC}', blocksize=4096, ro=True)
            equal((extent['blocksize'], extent['ro']), (4096, True), 'the extent')
            api.post('iscsi/targetextent', target=target['id'], extent=extent['id'], lunid=None)
            lun, = daemon.rest().list('luns')
            equal((lun['mask'], lun['access']), ('*', 'read-only'), 'the LUN')
            with contextlib.closing(vdstest.Initiator()) as driver:
                equal(driver.list(daemon.portal, 'iqn.2026-11.org.example:k8s:t', STRANGER),
                      {0: lun['serial']}, 'what anybody sees')
            changed = api.put('iscsi/target/id/{}', target['id'], groups=[
                {**group, 'initiator': 1}])
            equal(changed['groups'][0]['initiator'], 1, 'the new group')
            host, = daemon.rest().list('hosts')
            equal(daemon.rest().list('luns')[0]['mask'], f'host:{host["id"]}', 'the mask')
            api.delete('iscsi/targetextent/id/{}', api.get('iscsi/targetextent')[0]['id'])
            equal(daemon.rest().list('luns')[0]['mask'], '', 'the mask of a LUN behind nothing')


def a_volume_with_a_reservation():
    with served() as (daemon, _, api):
        made = api.post('pool/dataset', name=f'{VOLS}/{PVC}', type='VOLUME', volsize=4 * MIB,
                        sparse=False, create_ancestors=True, user_properties=[])
        equal(made['refreservation']['parsed'], 4 * MIB, 'what is reserved')
        lun, = daemon.rest().list('luns')
        equal(lun['thin'], False, 'thin')
        check(lun['live']['operation'] == 'none', f'its job goes on: {lun["live"]}')
        destroy(api, PVC)


def the_settings_of_the_guide():
    """docs/managers.md: what it writes into truenas.conf is understood, and fits to the driver's."""
    guide = (pathlib.Path(os.environ['MESON_SOURCE']) / 'docs' / 'managers.md').read_text()
    text = 'dataset = ' + guide.split('```\ndataset = ', 1)[1].split('```', 1)[0]
    driver = guide.split('driver: freenas-api-iscsi\n', 1)[1].split('```', 1)[0]
    values = dict(line.strip().lstrip('- ').split(': ', 1) for line in driver.splitlines()
                  if ': ' in line)
    with Daemon() as daemon:
        daemon.ctl('array', 'iqn-prefix', PREFIX)
        daemon.ctl('host', 'create', 'node1', NODE)
        daemon.ctl('host-group', 'create', 'k8s', 'node1')
        config = daemon.top / 'truenas.conf'
        config.write_text(''.join(f'{line}\n' for line in text.splitlines()
                                  if not line.startswith('tls-')))
        program = Program(daemon, initiators=())
        at = program.words.index('--dataset')
        program.words[at:at + 2] = ['--config', config]
        with program:
            api = program.client()
            for key in ('datasetParentName', 'detachedSnapshotsDatasetParentName'):
                create_zvol(api, PVC, parent=values[key])
            group = {'portal': int(values['targetGroupPortalGroup']),
                     'initiator': int(values['targetGroupInitiatorGroup'])}
            equal(new_target(api, 'csi-x', [group])['groups'], GROUPS, 'the groups')
            equal(new_extent(api, 'e', f'{values["datasetParentName"]}/{PVC}',
                             blocksize=int(values['extentBlocksize']))['blocksize'], 512, 'blocks')
            mask, = api.get('iscsi/initiator')
            equal(mask['comment'], 'host-group:k8s', 'who may use the volumes')


def the_wrong_array():
    with served() as (_, program, api):
        api.get('pool')
        program.stop()
        with Daemon() as other:
            program.env['VDS_URL'] = f'unix:{other.socket}'
            program.start()
            refused(503, 'belongs to the array', program.client().get, 'pool')
            other.kill()
            refused(503, 'cannot be reached', program.client().get, 'pool')


def options_that_are_refused():
    with Daemon() as daemon, Program(daemon) as program:
        config = daemon.top / 'truenas.conf'
        short = daemon.top / 'short'
        short.write_text('word\n')
        short.chmod(0o600)
        good = ['--dataset', 'default/k8s', '--state', str(daemon.top / 'other.db'), '--listen',
                '127.0.0.1:0']

        def ends(status, text, *words, conf=None):
            config.write_text(conf or '')
            done = subprocess.run([sys.executable, PROGRAM, '--config', config, *map(str, words)],
                                  capture_output=True, text=True, timeout=DEADLINE_S,
                                  env=program.env, check=False)
            equal((done.returncode, done.stdout), (status, ''), f'how {words} ended: {done.stderr}')
            check(text in ' '.join(done.stderr.split()) and 'Traceback' not in done.stderr, done.stderr)
        ends(2, '--dataset is missing')
        ends(2, 'write POOL/PATH', '--dataset', 'default')
        ends(2, 'write POOL/PATH', '--dataset', 'default/' + 'x' * 31)
        ends(2, 'in the clear', *good, '--listen', '0.0.0.0:0')
        ends(2, 'in the clear', *good, '--listen', '[::]:0')
        ends(2, 'write NUMBER=VALUE', *good, '--initiators', 'host:x')
        ends(2, 'given twice', *good, '--initiators', '1=*', '--initiators', '1=*')
        ends(2, 'write NUMBER=ADDRESS:PORT', *good, '--portal', '2=everywhere')
        ends(2, 'iSCSI names', *good, '--basename', 'store')
        ends(2, 'invalid choice', *good, '--block-size', '1024')
        ends(2, 'can be guessed', *good, '--key-file', short)
        ends(2, 'cannot be read', *good, '--key-file', '/nowhere')
        ends(2, 'is not the URL', *good, '--url', 'ftp://x')
        ends(2, 'there is no key nobody', conf='nobody = 1\n')
        ends(2, 'is 512 or 4096', conf='block-size = 1K\n')
        ends(2, ':2: it is not', conf='# settings\ndataset\n')
        ends(2, 'is set twice', conf='dataset = a/b\ndataset = a/c\n')
        ends(2, 'another vds-truenas', '--dataset', 'default/k8s', '--state', program.state)
        ends(2, 'its directory must exist', *good, '--state', '/nowhere/x')
        broken = daemon.top / 'broken.db'
        broken.write_text('this is no database, and longer than the header of one' * 20)
        ends(2, 'restore it from a backup', *good, '--state', broken)


def over_tls():
    with tempfile.TemporaryDirectory(prefix='vdstruenas.') as name:
        top = pathlib.Path(name)
        done = subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
             '-nodes', '-keyout', top / 'key.pem', '-out', top / 'cert.pem', '-days', '2',
             '-subj', '/CN=array', '-addext', 'subjectAltName=IP:127.0.0.1'],
            capture_output=True, text=True, check=False)
        equal(done.returncode, 0, done.stderr)
        with served('--tls-cert', top / 'cert.pem', '--tls-key', top / 'key.pem') as \
                (_, program, plain):
            context = ssl.create_default_context(cafile=str(top / 'cert.pem'))
            create_zvol(program.client(context=context))
            try:
                plain.get('pool')
            except (OSError, http.client.HTTPException):
                pass
            else:
                raise vdstest.Failed('it answers without TLS')
            destroy(program.client(context=context), PVC)


def its_types_are_sound():
    with tempfile.TemporaryDirectory(prefix='vdstruenas.') as name:
        done = subprocess.run(['mypy', '--strict', '--cache-dir', f'{name}/cache', '-p',
                               'vds_truenas'], capture_output=True, text=True, check=False,
                              cwd=name, env={**os.environ, 'MYPYPATH': str(PACKAGES)})
        equal(done.returncode, 0, f'mypy says {done.stdout}')


if __name__ == '__main__':
    vdstest.requires('mypy', 'openssl')
    vdstest.main([
        the_way_of_a_volume, a_copy_that_is_detached, what_is_asked_twice, lists_are_filtered,
        restarts_keep_what_was_said, what_vdsctl_changes_is_seen,
        killed_after_each_change_of_a_volume, killed_after_a_snapshot_and_a_deletion,
        a_pool_that_cannot_clone, a_session_holds_a_volume, who_may, bad_input_changes_nothing,
        several_portals_and_everybody, a_volume_with_a_reservation,
        the_settings_of_the_guide, the_wrong_array, options_that_are_refused, over_tls,
        its_types_are_sound])

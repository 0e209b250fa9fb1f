#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Python package drives every route of a real vdsd, and its answers are what openapi.json says.

Debian's jsonschema judges the answers, and Debian's mypy the types of the package and of a program
that uses it.
"""
import contextlib
import hashlib
import inspect
import io
import json
import os
import pathlib
import re
import sqlite3
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

import vdstest
from vdstest import Daemon, check, equal, eventually

PACKAGE = pathlib.Path(os.environ['MESON_BUILD']) / 'src' / 'python'
SOURCE = pathlib.Path(os.environ['MESON_SOURCE'])
sys.path.insert(0, str(PACKAGE))
sys.path.append('/usr/lib/python3/dist-packages')      # Debian's packages, for any interpreter
import vds  # noqa: E402  the package that this build made

SPEC = json.loads((SOURCE / 'docs' / 'openapi.json').read_text())
GIB = 1 << 30
HOST = 'iqn.2026-01.test:host-1'
SECRET = 'correct horse battery'


def operations():
    return {operation['operationId']: (method, path, operation)
            for path, methods in SPEC['paths'].items() for method, operation in methods.items()}


def snake(name):
    return re.sub(r'(?<=[a-z0-9])([A-Z])', r'_\1', name).lower()


class Judge:
    """Is called with each answer, and remembers which requests were answered."""

    def __init__(self):
        import jsonschema
        self.validator, self.seen = jsonschema.Draft202012Validator, set()

    def take(self, name, answer):
        operation = operations()[name][2]
        schemas = [content['schema'] for status, response in operation['responses'].items()
                   if status != 'default' for media, content in response['content'].items()
                   if media == 'application/json']
        if schemas:
            root = {**schemas[0], 'components': SPEC['components']}
            errors = [f'{"/".join(map(str, error.absolute_path))}: {error.message}'
                      for error in self.validator(root).iter_errors(answer)]
            check(not errors, f'the answer to {name} is not what openapi.json says: {errors[:3]}')
        self.seen.add(name)


def judged(array, judge):
    """The client, whose every answer goes to the judge first."""
    names = {snake(name): name for name in operations()}

    class Judged:
        def __getattr__(self, method):
            real = getattr(array, method)
            if method not in names:
                return real

            def call(*words, **options):
                answer = real(*words, **options)
                judge.take(names[method], answer)
                return answer
            return call
    return Judged()


@contextlib.contextmanager
def array_of(daemon, **options):
    with vds.connect(f'unix:{daemon.socket}', **options) as array:
        yield array


def raises(kind, function, *words, **options):
    try:
        function(*words, **options)
    except kind as error:
        return error
    raise vdstest.Failed(f'{function} did not raise {kind.__name__}')


def refused(code, function, *words, **options):
    error = raises(vds.ApiError, function, *words, **options)
    equal(error.code, code, f'the code of "{error.message}"')
    return error


def not_busy(function, *words):
    """Calls a function; returns whether the array was not busy with something that ends by itself."""
    try:
        function(*words)
    except vds.ApiError as error:
        equal(error.code, 'BUSY', f'the code of "{error.message}"')
        return False
    return True


def build_array(daemon, array):
    """A pool, LUNs, targets, portals, hosts; returns their ids by name."""
    ids = {}
    place = daemon.top / 'pool2'
    place.mkdir(mode=0o700)
    ids['pool'] = array.pool_create(name='second', path=str(place))['id']
    array.pool_change(ids['pool'], name='other')
    made = array.lun_create(size_bytes=GIB, name='vol1', thick=True, pool_id=ids['pool'])
    equal(array.wait(made)['state'], 'done', 'the job of a thick LUN')
    ids['lun'] = made['id']
    array.lun_change(ids['lun'], mask='*')
    array.wait(array.lun_extend(ids['lun'], add_bytes=GIB))
    ids['target'] = array.target_create(alias='t1', with_group=True)['id']
    array.target_change(ids['target'], alias='t2')
    ids['group'] = array.group_list(target_id=ids['target'])['items'][0]['id']
    ids['group2'] = array.group_create(target_id=ids['target'])['id']
    ids['portal'] = array.portal_create(address='127.0.0.1', port=vdstest_port())['id']
    array.group_add_portal(ids['group'], ids['portal'])
    array.group_change(ids['group'], access_state='active-non-optimized')
    array.lun_associate(ids['lun'], targets=[ids['target']])
    array.lun_targets_change(ids['lun'], add=[ids['target']])
    ids['host'] = array.host_create(name='db1', initiators=HOST)['id']
    array.host_change(ids['host'], name='db2')
    ids['host_group'] = array.host_group_create(name='dbs', hosts=[ids['host']])['id']
    array.host_group_change(ids['host_group'], name='databases')
    ids['credential'] = array.credential_set(side='initiator', secret=SECRET,
                                             owner_id=ids['host'])['id']
    return ids


def vdstest_port():
    """A port that was free a moment ago; vdsd says in the answer whether it listens."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def look_at(array, ids):
    """Every request that only reads."""
    equal(array.lun_get(ids['lun'])['size_bytes'], 2 * GIB, 'the size of the LUN')
    equal([lun['name'] for lun in array.lun_list()['items']], ['vol1'], 'the LUNs')
    equal(array.lun_targets(ids['lun'])['items'][0]['target_id'], ids['target'], 'its target')
    equal(array.target_luns(ids['target'])['items'][0]['lun_id'], ids['lun'], 'its LUN')
    equal(array.association_list(lun_id=ids['lun'])['items'][0]['target_id'], ids['target'],
          'the association')
    for noun in ('pool', 'target', 'portal', 'group', 'host', 'host_group', 'credential'):
        equal(getattr(array, f'{noun}_get')(ids[noun])['id'], ids[noun], f'the {noun}')
        check(getattr(array, f'{noun}_list')()['items'], f'there is no {noun} in the list')
    for noun in ('controller', 'port', 'drive'):
        for row in getattr(array, f'{noun}_list')()['items'][:1]:
            equal(getattr(array, f'{noun}_get')(row['id'])['id'], row['id'], f'the {noun}')
    job = array.job_list()['items'][0]
    equal(array.job_get(job['id'])['id'], job['id'], 'the job')
    check(array.lun_max_extend(ids['lun'], fits=True)['bytes'] > 0, 'the LUN cannot grow')
    check(array.max_lun_size(thick=False)['bytes'] > 0, 'no LUN can be made')
    array.lun_counters(ids['lun'])
    array.port_counters(array.port_list()['items'][0]['id'])
    array.lun_reservations(ids['lun'])
    equal(array.lun_faults(ids['lun'])['items'], [], 'faults')
    check(array.explain(lun=ids['lun'], initiator=HOST)['text'], 'nothing is explained')
    check('vds_' in array.metrics(), 'there are no metrics')
    equal(array.check()['clean'], True, 'the check')
    equal(array.openapi()['openapi'], SPEC['openapi'], 'openapi.json')
    for name in ('array_get', 'health', 'maintenance_list', 'principal_get', 'session_list', 'snapshot',
                 'stats', 'sync', 'token_list', 'trace', 'version', 'audit_list'):
        getattr(array, name)()
    check(array.audit_list(object=ids['lun'])['items'], 'the audit log has nothing on the LUN')


def snapshots(daemon, array):
    """Every request about snapshots; the pool copies, so that it can lie on any file system."""
    (daemon.inject / 'clone-by-copy').touch()
    lun = array.lun_create(size_bytes=1 << 20, name='small')['id']
    pool = next(row['id'] for row in array.pool_list()['items']
                if row['id'] != array.lun_get(lun)['pool_id'])
    array.wait(array.lun_move(lun, pool_id=pool))
    equal(array.lun_get(lun)['pool_id'], pool, 'the pool after a move')
    snapshot = array.snapshot_create(name='s1', luns=[lun])['id']
    array.snapshot_change(snapshot, name='s2')
    equal([s['id'] for s in array.snapshot_list(lun_id=lun)['items']], [snapshot], 'snapshots')
    equal(array.snapshot_get(snapshot)['name'], 's2', 'a snapshot')
    equal(array.snapshot_list(name='small@s2')['items'][0]['id'], snapshot, 'a snapshot by name')
    array.lun_rollback(lun, snapshot_id=snapshot)
    schedule = array.snapshot_schedule_create(name='auto', luns=[lun], every='1d', keep='daily=7')['id']
    array.snapshot_schedule_change(schedule, enabled=False)
    equal(array.snapshot_schedule_get(schedule)['enabled'], False, 'a schedule')
    equal([s['id'] for s in array.snapshot_schedule_list()['items']], [schedule], 'schedules')
    array.snapshot_delete(array.snapshot_schedule_run(schedule)['id'])
    array.snapshot_schedule_delete(schedule)
    made = [array.lun_clone(lun, name='c1')['id'], array.snapshot_clone(snapshot)['id'], lun]
    array.snapshot_delete(snapshot)
    file = daemon.top / 'raw'
    file.write_bytes(bytes(4096))
    pool = array.lun_get(lun)['pool_id']
    made.append(array.pool_adopt(pool, path=str(file), name='adopted')['id'])
    for ident in made:
        array.lun_delete(ident)


def unmake(array, ids):
    """Every request that ends something, and the hardware's."""
    controller = array.controller_list()['items'][0]['id']
    array.controller_flush(controller)
    array.controller_invalidate(controller)
    array.controller_reset(controller)
    array.controller_change(controller, status='online')
    port = array.port_list()['items'][0]['id']
    array.port_change(port, status='online')
    array.port_reset(port)
    array.drive_rescan()
    refused('NOT_SUPPORTED', array.controller_add, name='gw2', address='192.0.2.2:3261')
    refused('NOT_SUPPORTED', array.controller_change, controller, drains=True)
    refused('NOT_SUPPORTED', array.controller_remove, controller)
    array.maintenance_ask(object_id=ids['lun'], operation='blink', action='start')
    array.lun_reservations_clear(ids['lun'])
    fault = array.lun_inject(ids['lun'], operation='read', hang=True)['fault']
    array.lun_faults_clear(ids['lun'], fault=fault)
    array.array_change(name='renamed')
    array.wait(array.lun_shrink(ids['lun'], size_bytes=GIB, force=True))
    array.portal_change(ids['portal'], status='offline')
    refused('NOT_FOUND', array.session_end, ids['lun'])
    for change in array.job_cancel, array.job_pause, array.job_resume:
        refused('NOT_FOUND', change, ids['lun'])
    refused('IN_USE', array.lun_delete, ids['lun'])
    refused('NOT_SUPPORTED', array.lun_move_owner, ids['lun'])
    array.pool_change(ids['pool'], trash='1h')
    array.wait(array.lun_delete(ids['lun'], force=True))
    equal(array.trash_list()['items'], [array.trash_get(ids['lun'])], 'the trash')
    array.trash_restore(ids['lun'], unassociated=True)
    equal(array.lun_history(ids['lun'])['items'][-1]['allocated_bytes'] > 0, True, 'history')
    equal(len(array.pool_history(ids['pool'])['items']) > 0, True, 'history of a pool')
    array.lun_delete(ids['lun'])
    array.trash_empty(ids['lun'])
    array.credential_delete(ids['credential'])
    array.host_group_delete(ids['host_group'])
    array.host_delete(ids['host'])
    array.group_remove_portal(ids['group'], ids['portal'])
    array.group_delete(ids['group2'])
    array.target_delete(ids['target'])
    array.portal_delete(ids['portal'])
    eventually('the pool can be deleted', lambda: not_busy(array.pool_delete, ids['pool']))
    token = array.token_create(name='robot', role='reader')
    check(token['token'].startswith('vds_'), 'the token')
    array.token_revoke(token['id'])


def plan(array):
    """A file that is looked at, applied and taken back."""
    file = {'format': 1, 'hosts': [{'name': 'planned'}]}
    whole = array.export(ids=True)
    plan = array.plan(document=file)
    equal([step['action'] for step in plan['steps']], ['create'], 'the steps')
    array.apply(document=file, revision=plan['revision'])
    check(array.export() != whole, 'nothing was changed')
    made = array.undo_plan()['undoes']
    equal(array.undo(change=made)['plan']['undoes'], made, 'the change that was taken back')
    equal(array.export(ids=True), whole, 'the configuration')


def the_package_drives_every_route():
    judge = Judge()
    with Daemon('--allow-faults') as daemon, array_of(daemon) as plain:
        array = judged(plain, judge)
        ids = build_array(daemon, array)
        look_at(array, ids)
        plan(array)
        snapshots(daemon, array)
        unmake(array, ids)
    by_refusal = {'sessionEnd', 'jobCancel', 'jobPause', 'jobResume', 'controllerAdd', 'controllerRemove',
                  'lunMoveOwner'}         # refused above, by their own routes
    by_hand = {'events', 'backup'}                  # tested below
    missing = set(operations()) - judge.seen - by_refusal - by_hand
    equal(missing, set(), 'requests of openapi.json that this test does not make')


def every_request_has_a_method():
    for name in operations():
        check(callable(getattr(vds.Client, snake(name), None)), f'Client has no {snake(name)}')
    for name, (_, _, operation) in operations().items():
        if name in ('events', 'backup'):
            continue
        arguments = inspect.signature(getattr(vds.Client, snake(name))).parameters
        body = operation.get('requestBody', {}).get('content', {}).get('application/json', {})
        for member in body.get('schema', {}).get('properties', {}):
            check(member in arguments or f'{member}_' in arguments, f'{name} lacks {member}')


def lists_go_through_all_pages():
    with Daemon() as daemon, array_of(daemon) as array:
        names = {f'db{number}' for number in range(25)}
        for name in names:
            array.host_create(name=name)
        asked = []
        real = array.host_list

        def short(**options):
            asked.append(options['after'])
            return real(**{**options, 'limit': 10})
        array.host_list = short
        equal({host['name'] for host in array.host_all()}, names, 'all hosts')
        equal(len(asked), 3, 'pages')


def errors_say_what_is_wrong():
    with Daemon() as daemon, array_of(daemon) as array:
        error = refused('NOT_FOUND', array.lun_get, '00000000-0000-4000-8000-000000000001')
        equal(error.status, 404, 'the status')
        refused('INVALID', array.lun_create, size_bytes=0)
        refused('NOT_FOUND', array.lun_get, '../version')
        array.host_create(name='a/b?c#d')
        equal([host['name'] for host in array.host_all(name='a/b?c#d')], ['a/b?c#d'], 'its name')
    why = raises(vds.ConnectionFailed, array.version)
    check(str(daemon.socket) in str(why), f'the error does not name the array: {why}')
    for url in ('', 'array', 'ftp://array', 'https://', 'http://127.0.0.1:x', 'unix:relative',
                'https://user@array', 'https://array/v1'):
        raises(vds.ConfigurationError, vds.connect, url)
    raises(vds.ConfigurationError, vds.connect, 'https://array', fingerprint='AB:CD')
    raises(vds.ConfigurationError, vds.connect, 'https://array', ca='/nowhere.pem')
    raises(vds.ConfigurationError, vds.connect, 'https://array', context='office')


def a_lost_answer_changes_nothing_twice():
    with Daemon() as daemon, contextlib.closing(vdstest.LosingWire(daemon)) as wire:
        with vds.connect(f'unix:{wire.socket}') as array:
            array.host_create(name='first')
            wire.lose = lambda: None        # the connection was in use: the client asks again
            equal(array.host_create(name='second')['replayed'], True, 'it was replayed')
            array.close()
            wire.lose = lambda: None        # the first request on a connection: it does not
            error = raises(vds.ConnectionFailed, array.host_create, name='third')
            equal(wire.lost, 2, 'lost answers')
            again = array.host_create(name='third', request_id=error.request_id)
            equal(again['replayed'], True, 'it was replayed')
            equal(len(list(array.host_all())), 3, 'hosts')


def a_connection_that_vdsd_closed_is_made_anew():
    with Daemon() as daemon, array_of(daemon) as array:
        array.version()
        daemon.stop()
        daemon.start()
        array.host_create(name='db1')
        equal([host['name'] for host in array.host_all()], ['db1'], 'hosts')


def gateways_are_asked_in_turn():
    with Daemon() as daemon:
        gone = f'unix:{daemon.top}/gone'
        for url in (f'{gone},unix:{daemon.socket}', f'unix:{daemon.socket},{gone}'):
            with vds.connect(url) as array:
                equal(array.lun_list()['items'], [], 'LUNs')
                made = array.target_create(alias='t')
                daemon.kill()
                raises(vds.ConnectionFailed, array.target_list)
                daemon.start()
                equal([target['id'] for target in array.target_all()], [made['id']], 'targets')
                array.target_delete(made['id'])
        raises(vds.ConfigurationError, vds.connect, 'https://a,')
        raises(vds.ConfigurationError, vds.connect, 'https://a,b')


def events_come_as_they_happen():
    with Daemon() as daemon, array_of(daemon) as array:
        with contextlib.closing(array.events()) as stream:
            hello = next(stream)
            equal(hello.name, 'hello', 'the first event')
            made = array.host_create(name='db1')
            changes = (event for event in stream if event.name == 'change')
            equal(next(changes).data['sequence'], made['sequence'], 'the change')
        position = hello.data['position']
        again = array.events(incarnation=position['incarnation'], since=position['sequence'])
        with contextlib.closing(again):
            next(again)
            changes = (event for event in again if event.name == 'change')
            equal(next(changes).data['put']['host'][0]['name'], 'db1', 'the old change')
        stale = array.events(incarnation=position['incarnation'] + 1, since=0)
        refused('GONE', next, stale)


def a_backup_is_a_catalog():
    with Daemon() as daemon, array_of(daemon) as array:
        array.host_create(name='db1')
        file = io.BytesIO()
        equal(array.backup(file), len(file.getvalue()), 'bytes')
        with tempfile.NamedTemporaryFile() as copy:
            copy.write(file.getvalue())
            copy.flush()
            with contextlib.closing(sqlite3.connect(copy.name)) as catalog:
                equal(catalog.execute('PRAGMA integrity_check').fetchone(), ('ok',), 'the copy')


def a_failed_job_is_an_exception():
    with Daemon() as daemon, array_of(daemon) as array:
        free = array.pool_list()['items'][0]['live']['free_bytes']
        try:
            made = array.lun_create(size_bytes=min(free * 4, 8 << 50), thick=True)
        except vds.ApiError as error:
            equal(error.code, 'NO_SPACE', 'the code')
            return
        equal(raises(vds.JobFailed, array.wait, made).code, 'NO_SPACE', 'the code of the job')


def threads_share_a_client():
    with Daemon() as daemon, array_of(daemon) as array:
        def work(number):
            for step in range(20):
                array.host_create(name=f'db-{number}-{step}')
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(len(list(array.host_all())), 80, 'hosts')


def make_certificate(top):
    done = subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
         '-nodes', '-keyout', top / 'key.pem', '-out', top / 'cert.pem', '-days', '2', '-subj',
         '/CN=array', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
        capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)
    (top / 'key.pem').chmod(0o600)
    der = ssl.PEM_cert_to_DER_cert((top / 'cert.pem').read_text())
    return hashlib.sha256(der).hexdigest()


def https_url(daemon):
    return f'https://{json.loads((daemon.top / "ready").read_text())["https"][0]}'


def over_tls_with_a_token():
    with tempfile.TemporaryDirectory(prefix='vdspy.') as name:
        top = pathlib.Path(name)
        fingerprint = make_certificate(top)
        options = ('--https', '127.0.0.1:0', '--tls-cert', top / 'cert.pem', '--tls-key',
                   top / 'key.pem')
        with Daemon(*options) as daemon, array_of(daemon) as local:
            token = local.token_create(name='robot', role='operator')
            file = top / 'token'
            file.write_text(token['token'])
            file.chmod(0o600)
            url = https_url(daemon)
            for trust in ({'ca': str(top / 'cert.pem')}, {'fingerprint': fingerprint}):
                with vds.connect(url, token_file=str(file), **trust) as array:
                    array.lun_create(size_bytes=GIB)
                    refused('ACCESS', array.array_change, name='x')
            with vds.connect(url, ca=str(top / 'cert.pem')) as array:
                refused('ACCESS', array.lun_list)
            with vds.connect(url, ca=str(top / 'cert.pem'), token=token['token']) as array:
                equal(len(list(array.lun_all())), 2, 'LUNs')
                check(token['token'] not in repr(array.access), 'the token is shown')
            with vds.connect(url, ca=str(top / 'cert.pem'), token='two words') as array:
                raises(vds.ConfigurationError, array.version)
            for trust in ({}, {'fingerprint': fingerprint[:-2] + ('00' if fingerprint[-2:] != '00'
                                                                  else '11')}):
                with vds.connect(url, token_file=str(file), **trust) as array:
                    why = raises(vds.ConnectionFailed, array.lun_list)
                    check('not to be trusted' in str(why), f'the error: {why}')
            file.chmod(0o644)
            with vds.connect(url, ca=str(top / 'cert.pem'), token_file=str(file)) as array:
                raises(vds.ConfigurationError, array.version)


def the_environment_says_which_array():
    with Daemon() as daemon, tempfile.TemporaryDirectory(prefix='vdspy.') as home:
        contexts = pathlib.Path(home) / '.config' / 'vds' / 'contexts.json'
        saved = dict(os.environ)
        try:
            for name in ('VDS_URL', 'VDS_CONTEXT', 'VDS_TOKEN_FILE', 'XDG_CONFIG_HOME'):
                os.environ.pop(name, None)
            os.environ['HOME'] = home
            equal(vds.connect().access.url, 'unix:/run/vdsd/vdsd.sock', 'without anything')
            done = subprocess.run([os.environ['VDSCTL'], 'context', 'add', 'here', '--url',
                                   f'unix:{daemon.socket}'], capture_output=True, check=False)
            equal(done.returncode, 0, done.stderr)
            check(contexts.exists(), 'vdsctl wrote its contexts elsewhere')
            with vds.connect(context='here') as array:
                array.version()
            os.environ['VDS_CONTEXT'] = 'here'
            equal(vds.connect().access.url, f'unix:{daemon.socket}', 'VDS_CONTEXT')
            os.environ['VDS_URL'] = 'https://array:1 https://other:2'
            equal(vds.connect().access.url, 'https://array:1', 'VDS_URL')
            raises(vds.ConfigurationError, vds.connect, context='there')
            contexts.chmod(0o644)
            raises(vds.ConfigurationError, vds.connect, context='here')
            contexts.chmod(0o600)
            contexts.write_text('{"contexts": {"here": {"url": "unix:/s", "fingerprnt": "00"}}}')
            raises(vds.ConfigurationError, vds.connect, context='here')
        finally:
            os.environ.clear()
            os.environ.update(saved)


PROGRAM = '''
import vds

def sizes(array: vds.Client) -> dict[str, int]:
    return {lun['name']: lun['size_bytes'] for lun in array.lun_all()}

with vds.connect() as array:
    answer = array.lun_create(size_bytes=1 << 30, name='vol1')
    array.wait(answer)
    reveal: str = answer['id']
    array.lun_associate(reveal, targets=[])
'''


def its_types_are_sound():
    with tempfile.TemporaryDirectory(prefix='vdspy.') as name:
        program = pathlib.Path(name) / 'program.py'
        for text, good in ((PROGRAM, True), (PROGRAM.replace("['id']", "['ident']"), False),
                           (PROGRAM.replace('size_bytes=1 << 30', "size_bytes='1G'"), False)):
            program.write_text(text)
            done = subprocess.run(['mypy', '--strict', '--cache-dir', f'{name}/cache', program],
                                  capture_output=True, text=True, check=False,
                                  env={**os.environ, 'MYPYPATH': str(PACKAGE)})
            equal(done.returncode == 0, good, f'mypy says {done.stdout}')


if __name__ == '__main__':
    vdstest.requires('mypy', 'openssl')
    vdstest.main([
        every_request_has_a_method, the_package_drives_every_route, lists_go_through_all_pages,
        errors_say_what_is_wrong, a_lost_answer_changes_nothing_twice,
        a_connection_that_vdsd_closed_is_made_anew, gateways_are_asked_in_turn,
        events_come_as_they_happen, a_backup_is_a_catalog, a_failed_job_is_an_exception,
        threads_share_a_client, over_tls_with_a_token, the_environment_says_which_array,
        its_types_are_sound])

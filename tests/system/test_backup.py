#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Backups of the catalog: made under load, put back here and elsewhere, and a restore that is killed
at every step that it takes on the disk.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

import vdstest
from vdstest import Daemon, Initiator, check, equal, eventually

VDSD, VDSCTL = os.environ['VDSD'], os.environ['VDSCTL']
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:web'
FAMILIES = ('array', 'pools', 'luns', 'targets', 'portals', 'portal-groups', 'associations')


def vdsd(*words, **kwargs):
    return subprocess.run([VDSD, *map(str, words)], capture_output=True, text=True,
                          timeout=vdstest.DEADLINE_S, **kwargs)


def back_up(daemon, file):
    done = subprocess.run([VDSCTL, '--url', f'unix:{daemon.socket}', 'backup', file],
                          capture_output=True, text=True, timeout=vdstest.DEADLINE_S)
    equal((done.returncode, done.stderr), (0, ''), 'vdsctl backup')
    check('secrets' in done.stdout, done.stdout)


def restore(directory, file, *words):
    done = vdsd('--dir', directory, '--restore', file, *words)
    equal(done.returncode, 0, f'vdsd --restore: {done.stdout}{done.stderr}')
    return done.stdout


def rows(daemon):
    """All stored rows, without what each start makes anew."""
    rest = daemon.rest()
    found = {name: rest.list(name) for name in FAMILIES if name != 'array'}
    found['array'] = {name: value for name, value in rest.call('GET', '/v1/array').items()
                      if name != 'position'}
    for lun in found['luns']:
        lun.pop('health', None)
    text = json.dumps(found, sort_keys=True)
    return re.sub(r'"(used|free|allocated|capacity)_bytes": \d+', '', text)


def names(daemon):
    return {lun['name'] for lun in daemon.rest().list('luns')}


def test_a_backup_brings_everything_back():
    with Daemon(faults=False) as daemon, contextlib.closing(Initiator()) as initiator:
        daemon.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        daemon.ctl('lun', 'create', 'vol', '--size', '1M', '--unmask', HOST)
        daemon.ctl('lun', 'associate', 'vol', 'web')
        initiator.ok('write', daemon.portal, TARGET, HOST, 0, 3, 0x5a)
        before = rows(daemon)
        back_up(daemon, daemon.top / 'backup')
        equal((daemon.top / 'backup').stat().st_mode & 0o777, 0o600, 'mode of the backup')
        daemon.ctl('lun', 'create', 'later', '--size', '1M', '--unmask', HOST)
        daemon.ctl('lun', 'associate', 'later', 'web')
        initiator.ok('write', daemon.portal, TARGET, HOST, 1, 3, 0x77)
        daemon.ctl('lun', 'rename', 'vol', 'other')
        [later] = [lun for lun in daemon.rest().list('luns') if lun['name'] == 'later']
        position = daemon.rest().call('GET', '/v1/array')['position']
        refused = vdsd('--dir', daemon.dir, '--restore', daemon.top / 'backup', '--force')
        equal(refused.returncode, 3, 'while it is served')
        check('another process' in refused.stderr, refused.stderr)
        daemon.stop()
        refused = vdsd('--dir', daemon.dir, '--restore', daemon.top / 'backup')
        equal(refused.returncode, 1, 'without --force')
        check('--force' in refused.stderr, refused.stderr)
        said = restore(daemon.dir, daemon.top / 'backup', '--force')
        check('catalog.old-1' in said and '\nclean\n' in said, said)
        daemon.start()
        equal(rows(daemon), before, 'the rows')
        restored = daemon.rest().call('GET', '/v1/array')['position']
        check(restored['incarnation'] > position['incarnation'], f'{position} {restored}')
        equal(initiator.ok('read', daemon.portal, TARGET, HOST, 0, 3), ['90'], 'the data')
        file = daemon.dir / 'luns' / f'{later["id"]}.img'
        equal(file.read_bytes()[3 * 512:4 * 512], b'\x77' * 512, 'a LUN younger than the backup')
        daemon.logged(f'pool.unknown_file path={daemon.dir}/luns file={file.name}')
        daemon.stop()
        daemon.checker()


def test_a_backup_goes_to_another_machine():
    with Daemon(faults=False) as daemon, Daemon(faults=False) as other:
        daemon.ctl('lun', 'create', 'vol', '--size', '1M')
        before = daemon.rest().list('luns')
        back_up(daemon, daemon.top / 'backup')
        daemon.stop()
        other.stop()
        shutil.rmtree(other.dir)
        shutil.copytree(daemon.dir / 'luns', other.dir / 'luns')
        shutil.move(daemon.dir, daemon.top / 'gone')
        restore(other.dir, daemon.top / 'backup')
        other.start()
        [lun], [was] = other.rest().list('luns'), before
        equal({k: lun[k] for k in ('id', 'serial', 'naa', 'name')},
              {k: was[k] for k in ('id', 'serial', 'naa', 'name')}, 'the LUN')
        [pool] = other.rest().list('pools')
        equal(pool['path'], str(other.dir / 'luns'), 'the pool has moved along')
        other.stop()
        other.checker()


def test_backups_are_made_under_load():
    """Each is the catalog of one moment: every LUN is behind both targets or behind none."""
    with Daemon() as daemon:
        targets = [daemon.ctl('target', 'create', name)['id'] for name in ('web', 'db')]
        lun = daemon.ctl('lun', 'create', 'vol', '--size', '1M')['id']
        stop = threading.Event()
        made = []

        def change():
            rest, n = daemon.rest(), 0
            while not stop.is_set():
                rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': targets if n % 2 else []})
                n += 1
            made.append(n)

        def rename():
            rest, n = daemon.rest(), 0
            while not stop.is_set():
                rest.call('PATCH', '/v1/array', {'name': f'array{n}'})
                n += 1
            made.append(n)

        def save():
            try:
                for n in range(8):
                    back_up(daemon, daemon.top / f'backup{n}')
            finally:
                stop.set()
        vdstest.in_threads(change, rename, save)
        check(sum(made) > 0, 'nothing changed meanwhile')
        for n in range(8):
            done = vdsd('--list-backup', daemon.top / f'backup{n}')
            equal((done.returncode, done.stderr), (0, ''), f'backup {n}')
            check('LUN "vol' in done.stdout and 'targets 2' in done.stdout, done.stdout)
        restore(daemon.top / 'copy', daemon.top / 'backup7')
        daemon.stop()
        shutil.rmtree(daemon.dir)
        shutil.move(daemon.top / 'copy', daemon.dir)
        daemon.start()
        check(len(daemon.rest().list('associations')) in (0, 2), 'half of a change')
        daemon.stop()


def test_a_job_of_the_backup_is_not_taken_up_again():
    with Daemon() as daemon:
        (daemon.inject / 'all.allocate').write_text('hold')
        lun = daemon.rest().call('POST', '/v1/luns', {'name': 'thick', 'size_bytes': 1 << 20,
                                                      'thick': True})
        equal(daemon.rest().list('jobs')[0]['state'], 'running', 'the job')
        back_up(daemon, daemon.top / 'backup')
        (daemon.inject / 'all.allocate').unlink()
        eventually('the job ends', lambda: daemon.rest().list('jobs')[0]['state'] == 'done')
        daemon.stop()
        restore(daemon.dir, daemon.top / 'backup', '--force')
        daemon.start()
        [job] = daemon.rest().list('jobs')
        equal((job['state'], 'backup' in job['message']), ('cancelled', True), 'the job')
        [there] = daemon.rest().list('luns')
        equal(there['id'], lun['id'], 'the LUN')
        daemon.stop()
        daemon.checker()


def test_a_catalog_that_lacks_changes_makes_no_backup():
    with Daemon(faults=False) as daemon:
        daemon.ctl('lun', 'create', 'vol', '--size', '1M')
        daemon.stop()
        older = (daemon.dir / 'catalog.db').read_bytes()
        daemon.start()
        daemon.ctl('lun', 'create', 'more', '--size', '1M')
        daemon.stop()
        (daemon.dir / 'catalog.db').write_bytes(older)
        daemon.start()      # it is held: served, but read-only
        done = subprocess.run([VDSCTL, '--url', f'unix:{daemon.socket}', 'backup',
                               daemon.top / 'backup'], capture_output=True, text=True,
                              timeout=vdstest.DEADLINE_S)
        check(done.returncode != 0 and 'missing' in done.stderr, f'{done}')
        equal(list(daemon.top.glob('backup*')), [], 'files')
        daemon.stop()


# ---- kill -9 at every step ----

# What changes something on the disk.
STEPS = ('rename', 'renameat', 'renameat2', 'link', 'linkat', 'unlink', 'unlinkat', 'rmdir', 'mkdir',
         'mkdirat', 'fsync', 'fdatasync', 'pwrite64', 'write', 'sendfile', 'ftruncate', 'fallocate')


# LeakSanitizer cannot work below strace.
UNDER_STRACE = {**os.environ,
                'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'}


def killed_restore(directory, file, call, nth):
    """Restores, and is killed in the nth call of that name.  Returns false when there are fewer."""
    done = subprocess.run(['strace', '-f', '-qq', '-o', '/dev/null', '-e', f'trace={call}', '-e',
                           f'inject={call}:signal=SIGKILL:when={nth}', VDSD, '--dir', directory,
                           '--restore', file, '--force'], capture_output=True,
                          timeout=vdstest.DEADLINE_S, env=UNDER_STRACE)
    check(done.returncode in (0, -9, 137), f'{call} {nth}: {done}')
    return done.returncode != 0


def look_after_kill(daemon, step):
    """How many LUNs there are; those of the old array (2) or of the backup (1)."""
    decided = (daemon.dir / 'restored').exists() or not (daemon.dir / 'restore.tmp').exists()
    looked = vdsd('--dir', daemon.dir, '--check')
    if 'interrupted' not in looked.stderr:
        equal((looked.returncode, looked.stderr), (0, ''), f'{step}: --check')
    if not decided and step[1] % 8 != 0:
        return 2        # as it was: the check has read it
    daemon.start()
    found = names(daemon)
    check(found in ({'old', 'new'}, {'old'}), f'{step}: {found}')
    daemon.stop()
    daemon.checker()
    return len(found)


def test_a_restore_that_is_killed_leaves_the_old_array_or_the_new_one():
    vdstest.requires('strace')
    with Daemon(faults=False) as daemon:
        daemon.ctl('lun', 'create', 'old', '--size', '1M')
        back_up(daemon, daemon.top / 'backup')
        daemon.ctl('lun', 'create', 'new', '--size', '1M')
        daemon.kill()       # with a log beside the catalog
        shutil.copytree(daemon.dir, daemon.top / 'kept')
        steps, outcomes = 0, set()
        for call in STEPS:
            found = []
            for nth in range(1, 1000):
                shutil.rmtree(daemon.dir)
                shutil.copytree(daemon.top / 'kept', daemon.dir)
                if not killed_restore(daemon.dir, daemon.top / 'backup', call, nth):
                    break
                found.append(look_after_kill(daemon, (call, nth)))
            equal(found, sorted(found, reverse=True), f'{call}: the outcomes')
            steps += len(found)
            outcomes.update(found)
        check(steps > 30, f'only {steps} steps')
        equal(outcomes, {1, 2}, 'outcomes')
        print(f'# killed at {steps} steps')


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

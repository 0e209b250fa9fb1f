#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs of release 0.1 and of today together, and an array of release 0.1 that is upgraded in
place.

The old programs are real: they are built, once, from the commit in this repository's history.  A
shallow clone does not have it; there the test is skipped.
"""
import contextlib
import json
import os
import pathlib
import subprocess

import vdstest
from vdstest import Com, Daemon, Driver, Initiator, LosingWire, check, equal, eventually

vdstest.requires('git', 'meson', 'ninja', 'cc', 'flock')
RELEASE = '581c0dce33daf47cb30439427bee996bead3969d'        # 0.1, format 1.0
SOURCE, BUILD = pathlib.Path(os.environ['MESON_SOURCE']), pathlib.Path(os.environ['MESON_BUILD'])
OLD = SOURCE / 'build' / 'release-0.1'
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:web'
MIB = 1 << 20


def git(*words):
    return subprocess.run(['git', '-c', 'safe.directory=*', '-C', SOURCE, *words],
                          capture_output=True, text=True)


def old_build():
    """Once for all builds of today; a lock so that two suites do not make it at a time."""
    if git('cat-file', '-e', RELEASE + '^{commit}').returncode != 0:
        shallow = git('rev-parse', '--is-shallow-repository').stdout.strip()
        if shallow != 'false':      # true, or no repository at all
            print('1..0 # SKIP forbidden: the history is not here, and with it release 0.1')
            raise SystemExit(0)
        raise SystemExit(f'Bail out! commit {RELEASE} is not in the history, though it is complete')
    script = '''set -e
        test ! -e "$1/.built" || exit 0
        rm -rf "$1/source" "$1/build"
        mkdir "$1/source"
        git -c 'safe.directory=*' -C "$2" archive "$3" | tar -x -C "$1/source"
        CC=gcc CXX=g++ meson setup "$1/build" "$1/source" -Dtests=disabled -Dwerror=false --buildtype=debug
        ninja -C "$1/build"
        cc -o "$1/build/com_driver" "$1/source/tests/system/com_driver.c" -I"$1/source/include" -D_GNU_SOURCE \\
            -L"$1/build/src/com" -lvds
        touch "$1/.built"'''
    OLD.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(['flock', OLD / 'lock', 'bash', '-o', 'pipefail', '-c', script, 'sh', OLD,
                           SOURCE, RELEASE],
                          capture_output=True, text=True)
    equal(done.returncode, 0, f'building release 0.1: {done.stdout[-3000:]}{done.stderr[-3000:]}')


def old(path):
    return OLD / 'build' / path


def run_ctl(program, daemon, *words):
    done = subprocess.run([program, '--url', f'unix:{daemon.socket}', *map(str, words)],
                          capture_output=True, text=True, timeout=vdstest.DEADLINE_S)
    return done.returncode, done.stdout, done.stderr


def old_ctl(daemon, *words):
    return run_ctl(old('src/vdsctl/vdsctl'), daemon, *words)


@contextlib.contextmanager
def closing(driver):
    """Ends the program when the block has, and looks at how it ended when the block went well."""
    try:
        yield driver
        driver.close()
    finally:
        if driver.process.poll() is None:
            driver.process.kill()
            driver.process.wait()


def library_env(folder):
    """The environment in which a program finds the libvds of this folder; a sanitized one wants its
    runtime first.
    """
    env = {'LD_LIBRARY_PATH': str(folder)}
    symbols = subprocess.run(['nm', '-D', folder / 'libvds.so.1'], capture_output=True,
                             text=True).stdout
    for word, runtime in (('__asan_', 'libasan.so'), ('__tsan_', 'libtsan.so')):
        if word in symbols:
            env['LD_PRELOAD'] = subprocess.run(['cc', f'-print-file-name={runtime}'],
                                               capture_output=True, text=True).stdout.strip()
    return env


class PatientCom(Com):
    """A program that tries again while an operation holds the object: 0.1 answers a change before
    its row says so.
    """

    def ok(self, *words):
        last = []

        def answered():
            last[:] = self.ask(*words)
            return last[0] != 'VDS_E_ANOTHER_CALL_IN_PROGRESS'
        eventually(f'{words} is answered', answered)
        equal(last[0], 'S_OK', ' '.join(map(str, words)))
        return last[1:]


def change_everything(com, portal):
    """One change of every kind through libvds; returns the ids of the LUN and the target that stay.
    """
    [lun] = com.ok('create-lun', MIB, '-')
    [target] = com.ok('create-target', TARGET, 'web')
    [gone] = com.ok('create-target', TARGET + '-gone', 'gone')
    com.ok('associate', lun, target, gone)
    com.ok('associate', lun, target)
    equal((com.targets_of(lun), com.luns_of(target), com.luns_of(gone)), ({target}, {lun}, set()),
          'associations')
    com.ok('mask', lun, '*')
    com.ok('extend', lun, MIB)
    com.ok('offline', lun)
    com.ok('online', lun)
    [group] = com.ok('create-group', target)
    com.ok('add-portal', group, portal)
    com.ok('delete-target', gone)
    [other] = com.ok('create-lun', MIB, '-')
    com.ok('delete-lun', other)
    for word in ('sync', 'reenumerate', 'refresh', 'sync'):
        com.ok(word)
    equal(com.ok('lun', lun)[:2], [str(2 * MIB), '*'], 'size and mask')
    equal(com.ok('same', lun, target), ['2'], 'two enumerators name one object')
    equal((com.ok('luns'), com.ok('targets')), ([lun], [target]), 'what there is')
    return lun, target


def portal_of(daemon):
    return daemon.rest().list('portals')[0]['id']


def test_a_program_of_today_works_with_vdsd_of_0_1():
    with Daemon(faults=False,
                program=old('src/vdsd/vdsd')) as daemon, closing(PatientCom(daemon)) as com:
        lun, _ = change_everything(com, portal_of(daemon))
        daemon.ctl('lun', 'rename', 'lun-1', 'vol')
        com.ok('sync')
        equal(com.ok('lun', lun)[0], str(2 * MIB), 'the LUN after a change that is not its own')
        daemon.stop()


def test_what_0_1_does_not_know_is_asked_without_it_or_refused():
    """A program of today asks with arguments that 0.1 refuses (`fits`, `duplicate`, `force`), and
    then without them.  Answers that are lost on the way change nothing: each change is made once.
    """
    with Daemon(faults=False, program=old('src/vdsd/vdsd')) as daemon:
        wire = LosingWire(daemon)
        with closing(PatientCom(wire)) as com:
            def lose(skip):
                """The next refusal is lost, or the answer to the request without the argument."""
                wire.lose, wire.skip = (None if skip is None else lambda: None), skip
            for skip in (None, 0, 1):
                lose(skip)
                [lun] = com.ok('create-lun', MIB, '-')
                equal(com.ok('luns'), [lun], 'the LUNs')
                lose(skip)
                com.ok('extend', lun, MIB)
                equal(com.ok('lun', lun)[0], str(2 * MIB), 'it grew once')
                lose(skip)
                com.ok('name', lun, f'name-{skip}')
                equal([row['name'] for row in daemon.rest().list('luns')], [f'name-{skip}'],
                      'the name')
                lose(skip)
                com.ok('delete-lun', lun)
                equal(com.ok('luns'), [], 'the LUNs')
            # 0.1 wants unique names, and cannot shrink, nor keep hints.
            [one], [other] = com.ok('create-lun', MIB, '-'), com.ok('create-lun', MIB, '-')
            com.ok('name', one, 'taken')
            for words in (('name', other, 'taken'), ('begin', 1, 'shrink', one, 512),
                          ('hint-through', one, 1)):
                equal(com.ask(*words)[0], 'VDS_E_NOT_SUPPORTED', words)
            com.ok('begin', 2, 'create', MIB)       # with a hint, which is only a hint
            result, third = com.ok('wait', 2)
            equal(result, 'S_OK', 'CreateLun with hints')
            equal(sorted(com.ok('luns')), sorted([one, other, third]), 'the LUNs')
            equal(com.ask('begin', 3, 'shrink', daemon.rest().list('pools')[0]['id'], 512)[0],
                  'VDS_E_OBJECT_NOT_FOUND', 'Shrink of no LUN')
        equal(wire.lost, 8, 'answers that were lost')
        wire.close()
        daemon.stop()


def test_vdsctl_of_today_works_with_vdsd_of_0_1():
    with Daemon(faults=False, program=old('src/vdsd/vdsd')) as daemon:
        for words in ('target create web', 'lun create vol --size 64M --unmask *',
                      'lun associate vol web',
                      'lun rename vol disk', 'lun extend disk 1M', f'lun unmask disk {HOST}',
                      'lun offline disk',
                      'lun online disk', 'pool show default', 'lun show disk', 'target show web',
                      'lun list',
                      'target list', 'pool list', 'portal list', 'session list', 'job list',
                      'check', 'lun dissociate disk web', 'lun delete disk', 'target delete web'):
            for form in ('json', 'table'):
                if form == 'table' and words.split()[1:2] not in (['list'], ['show']):
                    continue
                code, said, complaint = run_ctl(os.environ['VDSCTL'], daemon, '-o', form,
                                                *words.split())
                equal((code, complaint), (0, ''), f'vdsctl {words}: {said}')
        # What 0.1 does without an option; an option that it does not know is refused by name, and
        # nothing happens.
        daemon.ctl('lun', 'create', 'vol', '--size', '1M')
        daemon.ctl('lun', 'delete', 'vol', '--force')
        equal(daemon.ctl('lun', 'list'), [], 'LUNs')
        daemon.ctl('target', 'create', 'db')
        [group] = daemon.rest().list('portal-groups')
        daemon.ctl('group', 'delete', group['id'])
        equal(daemon.rest().list('portal-groups'), [], 'portal groups')
        code, _, complaint = run_ctl(os.environ['VDSCTL'], daemon, 'portal', 'create', '127.0.0.2',
                                     '--all-targets')
        check(code == 2 and 'all_targets' in complaint, f'--all-targets: {code} {complaint}')
        equal(len(daemon.ctl('portal', 'list')), 1, 'portals')
        daemon.stop()


def test_vdsctl_of_0_1_changes_an_array_of_today():
    """Format 1.0 refuses members that it does not know, so tables cannot be shown; every change can
    be made.
    """
    with Daemon() as daemon:
        for words in ('target create web', 'lun create vol --size 64M --unmask *',
                      'lun associate vol web',
                      'lun rename vol disk', 'lun extend disk 1M', f'lun unmask disk {HOST}',
                      'lun offline disk',
                      'lun online disk', 'lun show disk', 'target show web', 'check'):
            code, said, complaint = old_ctl(daemon, *words.split())
            equal((code, complaint), (0, ''), f'vdsctl of 0.1 {words}: {said}')
        code, said, _ = old_ctl(daemon, '-o', 'json', 'lun', 'list')
        equal((code, [row['name'] for row in json.loads(said)]), (0, ['disk']), 'list as JSON')
        for words in ('lun list', 'target list', 'pool list', 'portal list', 'session list',
                      'job list', 'watch'):
            code, said, complaint = old_ctl(daemon, *words.split())
            check(code in (1, 2) and 'it has members that are no fields' in complaint,
                  f'vdsctl of 0.1 {words} says why: {code} {said} {complaint}')
        [lun] = daemon.ctl('lun', 'list')
        equal((lun['name'], lun['size_bytes'], lun['mask'], lun['status']),
              ('disk', 65 * MIB, HOST, 'online'), 'the LUN')
        for words in ('lun dissociate disk web', 'lun delete disk', 'target delete web'):
            equal(old_ctl(daemon, *words.split())[0], 0, words)
        equal(daemon.ctl('lun', 'list'), [], 'LUNs')
        daemon.stop()


def test_a_program_built_for_0_1_runs_with_libvds_of_today():
    env = library_env(BUILD / 'src' / 'service')
    with Daemon() as daemon, closing(Com(daemon, old('com_driver'), env)) as com:
        change_everything(com, portal_of(daemon))
        daemon.stop()


def test_libvds_of_0_1_refuses_an_array_of_today():
    with Daemon() as daemon, closing(Driver(old('com_driver'),
                                            env=library_env(old('src/com')))) as program:
        equal(program.ask('open', f'unix:{daemon.socket}')[0], 'VDS_E_INITIALIZED_FAILED', 'open')
        daemon.stop()


def identity(daemon):
    return [{k: lun[k]
             for k in ('id', 'name', 'number', 'serial', 'naa', 'size_bytes', 'mask', 'created_ms')}
            for lun in daemon.rest().list('luns')]


def test_an_array_of_0_1_is_upgraded_under_a_running_program():
    with Daemon(faults=False,
                program=old('src/vdsd/vdsd')) as daemon, closing(PatientCom(daemon)) as com, \
            closing(Initiator()) as initiator:
        lun, target = change_everything(com, portal_of(daemon))
        for block in (0, 7, 4095):
            initiator.ok('write', daemon.portal, TARGET, HOST, 0, block, 0x5a)
        before = identity(daemon)
        daemon.stop()

        daemon.program = os.environ['VDSD']
        daemon.start()
        equal(identity(daemon), before, 'the rows after the upgrade')
        equal(daemon.rest().list('luns')[0]['identity'], 'naa-t10',
              'the identity that initiators know')
        for block in (0, 7, 4095):
            equal(initiator.ok('read', daemon.portal, TARGET, HOST, 0, block), ['90'],
                  f'block {block}')
        # The program that followed 0.1 follows on, and sees changes whose rows 0.1 did not have.
        eventually('the program is back', lambda: com.ask('sync')[0] == 'S_OK')
        equal((com.targets_of(lun), com.luns_of(target)), ({target}, {lun}),
              'associations after the upgrade')
        [more] = com.ok('create-lun', MIB, '-')
        com.ok('associate', more, target)
        equal(com.luns_of(target), {lun, more}, 'the LUNs behind the target')
        equal(set(initiator.list(daemon.portal, TARGET, HOST)), {0},
              'what the initiator sees, by the masks')
        daemon.stop()
        daemon.checker()


def go_back_to_0_1(daemon):
    """The steps of docs/backup.md, "Downgrade", for release 0.1."""
    text = (SOURCE / 'docs' / 'backup.md').read_text()
    steps = [line.strip() for line in text.split('Release 0.1 has no', 1)[1].splitlines()
             if line.startswith('    ')]
    [copy] = daemon.dir.glob('catalog.db.v*')
    script = '\n'.join(steps).replace('/var/lib/vdsd', str(daemon.dir))
    done = subprocess.run(['sh', '-ec', script.replace('catalog.db.vN', copy.name)],
                          capture_output=True, text=True)
    equal((done.returncode, done.stderr), (0, ''), f'the steps: {script}')


def test_an_array_goes_back_to_0_1_by_the_steps_of_the_guide():
    with Daemon(faults=False, program=old('src/vdsd/vdsd')) as daemon, \
            contextlib.closing(Initiator()) as initiator:
        daemon.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        daemon.ctl('lun', 'create', 'vol', '--size', '1M', '--unmask', HOST)
        daemon.ctl('lun', 'associate', 'vol', 'web')
        initiator.ok('write', daemon.portal, TARGET, HOST, 0, 3, 0x5a)
        before = identity(daemon)
        daemon.kill()       # with a log that is not in the database
        daemon.program = os.environ['VDSD']
        daemon.start()
        daemon.ctl('lun', 'rename', 'vol', 'other')
        daemon.ctl('lun', 'create', 'later', '--size', '1M')
        initiator.ok('write', daemon.portal, TARGET, HOST, 0, 4, 0x77)
        daemon.kill()
        go_back_to_0_1(daemon)
        daemon.program = old('src/vdsd/vdsd')
        daemon.start()
        equal(identity(daemon), before, 'the rows of 0.1')
        for block, byte in ((3, '90'), (4, '119')):
            equal(initiator.ok('read', daemon.portal, TARGET, HOST, 0, block), [byte], f'{block}')
        daemon.stop()


def test_the_catalog_from_before_an_upgrade_can_be_restored():
    """What a release with --restore does in a downgrade: here today's, which converts it again."""
    with Daemon(faults=False, program=old('src/vdsd/vdsd')) as daemon:
        daemon.ctl('lun', 'create', 'vol', '--size', '1M')
        before = identity(daemon)
        daemon.stop()
        daemon.program = os.environ['VDSD']
        daemon.start()
        daemon.ctl('lun', 'create', 'later', '--size', '1M')
        daemon.stop()
        [copy] = daemon.dir.glob('catalog.db.v*')
        done = subprocess.run([os.environ['VDSD'], '--dir', daemon.dir, '--restore', copy, '--force'],
                              capture_output=True, text=True, timeout=vdstest.DEADLINE_S)
        equal((done.returncode, done.stderr), (0, ''), f'--restore: {done.stdout}')
        daemon.start()
        equal(identity(daemon), before, 'the rows')
        daemon.stop()
        daemon.checker()


def test_vdsd_of_0_1_leaves_an_upgraded_array_alone():
    with Daemon(faults=False, program=old('src/vdsd/vdsd')) as daemon:
        daemon.ctl('lun', 'create', 'vol', '--size', '1M')
        daemon.stop()
        daemon.program = os.environ['VDSD']
        daemon.start()
        daemon.ctl('lun', 'create', 'more', '--size', '1M')
        before = identity(daemon)
        daemon.stop()
        done = subprocess.run([old('src/vdsd/vdsd'), '--dir', daemon.dir, '--socket', daemon.socket,
                               '--listen', 'none'],
                              capture_output=True, text=True, timeout=vdstest.DEADLINE_S)
        check(done.returncode == 1 and 'is newer than this program' in done.stderr,
              f'vdsd of 0.1: {done.returncode} {done.stderr}')
        daemon.start()
        equal(identity(daemon), before, 'the rows')
        daemon.stop()
        daemon.checker()


old_build()
vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

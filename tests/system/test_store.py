#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files of vdsd are removed or damaged while it runs or before it starts: vdsd notices and loses
nothing more.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile

import vdstest
from vdstest import Daemon, RestError, check, equal, eventually

MIB = 1 << 20


def fails_to_start(daemon):
    """What vdsd says when it ends instead of serving."""
    done = subprocess.run([os.environ['VDSD'], '--dir', daemon.dir, '--socket', daemon.socket,
                           '--listen', 'none'],
                          capture_output=True, text=True, timeout=vdstest.DEADLINE_S)
    check(done.returncode != 0, 'vdsd ended well')
    return done.stderr


def check_says(daemon):
    """What the checker of a stopped array finds."""
    done = subprocess.run([os.environ['VDSD'], '--dir', daemon.dir, '--check'], capture_output=True,
                          text=True, timeout=vdstest.DEADLINE_S)
    check(done.returncode != 0, f'vdsd --check: {done.stdout}')
    return done.stderr


def refused(rest, code, method, path, body=None):
    try:
        rest.call(method, path, body)
    except RestError as error:
        equal(error.code, code, f'{method} {path}: {error}')
        return str(error)
    raise vdstest.Failed(f'{method} {path} was done')


def make_lun(daemon, name):
    rest = daemon.rest()
    lun = rest.call('POST', '/v1/luns', {'size_bytes': MIB, 'name': name, 'mask': '*'})['id']
    rest.close()
    return lun


def test_an_array_without_its_catalog_is_not_begun_anew():
    with Daemon() as daemon:
        make_lun(daemon, 'precious')
        daemon.stop()
        catalog, away = daemon.dir / 'catalog.db', daemon.top / 'away'
        for leave in (lambda: None, lambda: catalog.write_bytes(b'')):
            shutil.move(catalog, away)
            leave()
            before = sorted((path.name, path.stat().st_mtime_ns) for path in daemon.dir.iterdir())
            said = fails_to_start(daemon)
            check('mark' in said and 'luns/.vds-pool' in said and 'backup' in said,
                  f'it says: {said}')
            equal(sorted((path.name, path.stat().st_mtime_ns) for path in daemon.dir.iterdir()),
                  before, 'the files')
            catalog.unlink(missing_ok=True)
            shutil.move(away, catalog)
        daemon.start()
        equal([lun['name'] for lun in daemon.ctl('list', 'luns')], ['precious'], 'the LUNs')
        daemon.stop()
        daemon.checker()


def test_missing_changes_are_said_and_must_be_accepted():
    with Daemon() as daemon:
        make_lun(daemon, 'kept')
        daemon.stop()
        shutil.copy(daemon.dir / 'catalog.db', daemon.top / 'backup')
        daemon.start()
        make_lun(daemon, 'lost')
        daemon.stop()
        shutil.copy(daemon.top / 'backup', daemon.dir / 'catalog.db')
        check('1 acknowledged change is missing' in check_says(daemon), 'the checker does not tell')
        daemon.start()
        rest = daemon.rest()
        said = refused(rest, 'READ_ONLY', 'PATCH', '/v1/array', {'name': 'other'})
        check('1 acknowledged change is missing' in said and '--accept-loss' in said,
              f'the refusal says: {said}')
        equal(rest.call('GET', '/v1/array')['read_only'], True, 'read only')
        check('--accept-loss' in rest.call('GET', '/v1/array')['read_only_reason'], 'the reason')
        equal([lun['name'] for lun in rest.list('luns')], ['kept'], 'the LUNs')
        rest.close()
        daemon.stop()
        daemon.options = (*daemon.options, '--accept-loss')
        daemon.start()
        make_lun(daemon, 'new')
        daemon.stop()
        daemon.options = daemon.options[:-1]
        daemon.start()
        make_lun(daemon, 'newer')
        daemon.stop()
        daemon.checker()


def test_a_directory_that_is_removed_under_it_is_noticed():
    with Daemon() as daemon:
        make_lun(daemon, 'l')
        rest = daemon.rest()
        shutil.rmtree(daemon.dir)
        refused(rest, 'READ_ONLY', 'PATCH', '/v1/array', {'name': 'other'})
        equal(rest.call('GET', '/v1/array')['read_only'], True, 'read only')
        daemon.logged('array.read_only')
        check(not daemon.dir.exists(), 'something was made in its place')
        rest.close()
        daemon.stop()


def test_a_directory_that_is_removed_under_an_idle_array_is_noticed():
    with Daemon() as daemon:
        lun = make_lun(daemon, 'l')
        rest = daemon.rest()
        shutil.rmtree(daemon.dir)
        eventually('it is read-only', lambda: rest.call('GET', '/v1/array')['read_only'])
        eventually('the LUN has failed',
                   lambda: rest.call('GET', f'/v1/luns/{lun}')['live']['health'] == 'failed')
        equal(rest.call('POST', '/v1/check')['clean'], False, 'the checker')
        rest.close()
        daemon.stop()


def test_a_marker_that_is_removed_is_noticed():
    with Daemon() as daemon:
        lun = make_lun(daemon, 'l')
        rest = daemon.rest()
        (daemon.dir / 'luns' / '.vds-pool').unlink()
        check('.vds-pool' in rest.call('POST', '/v1/check')['message'], 'the checker does not tell')
        eventually('the LUN has failed',
                   lambda: rest.call('GET', f'/v1/luns/{lun}')['live']['health'] == 'failed')
        daemon.logged('pool.not_ready')
        rest.close()
        daemon.stop()


def test_a_file_that_is_cut_is_not_grown_again_by_a_write():
    with Daemon(faults=False) as daemon:
        lun = make_lun(daemon, 'l')
        rest, sees = daemon.rest(), vdstest.Initiator()
        target = rest.call('POST', '/v1/targets',
                           {'iscsi_name': 'iqn.2026-11.org.example:t', 'with_group': True})['id']
        rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': [target]})
        path = ('iqn.2026-11.org.example:t', 'iqn.1993-08.org.debian:01:one', 0)
        sees.ok('write', daemon.portal, *path, 0, 90)
        os.truncate(daemon.dir / 'luns' / f'{lun}.img', 0)
        last = MIB // 512 - 1
        check(sees.ask('write', daemon.portal, *path, last, 91)[0] != 'ok',
              'the last block was written')
        equal((daemon.dir / 'luns' / f'{lun}.img').stat().st_size, 0, 'the file')
        eventually('the LUN has failed',
                   lambda: rest.call('GET', f'/v1/luns/{lun}')['live']['health'] == 'failed')
        rest.close()
        sees.close()
        daemon.stop()


class Mapped:
    """A LUN whose file lies in memory, behind a target, and a session that uses it."""

    def __init__(self, daemon, place):
        self.daemon, self.rest = daemon, daemon.rest()
        pool = self.rest.call('POST', '/v1/pools', {'name': 'p', 'path': place})['id']
        self.lun = self.rest.call('POST', '/v1/luns', {'size_bytes': MIB, 'pool_id': pool,
                                                       'mask': '*'})['id']
        target = self.rest.call('POST', '/v1/targets',
                                {'iscsi_name': 'iqn.2026-11.org.example:t',
                                 'with_group': True})['id']
        self.rest.call('PUT', f'/v1/luns/{self.lun}/targets', {'targets': [target]})
        self.file = pathlib.Path(place) / f'{self.lun}.img'
        self.initiator = vdstest.Initiator()
        self.initiator.ok('hold', daemon.portal, 'iqn.2026-11.org.example:t',
                          'iqn.1993-08.org.debian:01:one')

    def is_mapped(self):
        return str(self.file) in pathlib.Path(f'/proc/{self.daemon.process.pid}/maps').read_text()

    def fails_and_comes_back(self, spoil, restore):
        """Reads and writes while the file is spoiled; the LUN is online again when it is there."""
        equal(self.initiator.ok('get', 0, 1000), ['90'], 'a read before')
        spoil()
        eventually('reads fail', lambda: self.initiator.ok('get', 0, 1000)[0] not in ('0', '90'))
        check(self.initiator.ok('put', 0, 1000, 91) != ['good'], 'a write was done')
        eventually('the LUN has failed', lambda: self.rest.call(
            'GET', f'/v1/luns/{self.lun}')['live']['health'] == 'failed')
        restore()
        self.rest.call('PATCH', f'/v1/luns/{self.lun}', {'status': 'online'})
        eventually('the data are back', lambda: self.initiator.ok('get', 0, 1000) == ['90'])


def test_a_file_in_memory_may_be_cut_deleted_and_restored():
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    for map_files in ('yes', 'no'):
        with tempfile.TemporaryDirectory(prefix='vdstest.', dir=memory) as place, \
                Daemon('--map', map_files, faults=False) as daemon:
            array = Mapped(daemon, place)
            eventually('a write is done', lambda: array.initiator.ok('put', 0, 1000, 90) == ['good'])
            if memory is not None and os.geteuid() == 0:
                equal(array.is_mapped(), map_files == 'yes', 'the file is mapped')
            data, away = array.file.read_bytes(), array.file.with_suffix('.away')
            array.fails_and_comes_back(lambda: os.truncate(array.file, 0),
                                       lambda: array.file.write_bytes(data))
            array.fails_and_comes_back(lambda: array.file.rename(away),
                                       lambda: away.rename(array.file))
            equal(array.initiator.ok('put', 0, 1000, 92), ['good'], 'a write after all that')
            equal(array.file.read_bytes()[1000 * 512], 92, 'what the file has')
            array.rest.close()
            array.initiator.close()
            daemon.stop()
            daemon.checker()


def test_a_pool_whose_directory_vanished_is_no_bad_request():
    with Daemon() as daemon:
        place, away = daemon.top / 'pool', daemon.top / 'away'
        place.mkdir(0o700)
        rest = daemon.rest()
        pool = rest.call('POST', '/v1/pools', {'name': 'p', 'path': str(place)})['id']
        lun = rest.call('POST', '/v1/luns', {'size_bytes': MIB, 'pool_id': pool})['id']
        place.rename(away)
        for _ in range(2):                              # before and after vdsd has noticed
            try:
                rest.call('POST', '/v1/luns', {'size_bytes': MIB, 'pool_id': pool})
                raise vdstest.Failed('a LUN was made in a directory that is not there')
            except RestError as error:
                equal(error.status, 503, f'the status of: {error}')
            eventually('the LUN has failed',
                       lambda: rest.call('GET', f'/v1/luns/{lun}')['live']['health'] == 'failed')
        equal(rest.call('GET', f'/v1/pools/{pool}')['live']['ready'], False, 'ready')
        rest.call('POST', '/v1/luns', {'size_bytes': MIB})      # the other pool goes on
        away.rename(place)
        eventually('the pool is back',
                   lambda: rest.call('GET', f'/v1/pools/{pool}')['live']['ready'])
        rest.call('PATCH', f'/v1/luns/{lun}', {'status': 'online'})
        equal(rest.call('GET', f'/v1/luns/{lun}')['live']['health'], 'ok', 'health')
        rest.close()
        daemon.stop()
        daemon.checker()


def test_a_lun_whose_store_hangs_is_deleted_by_force():
    with Daemon() as daemon:
        lun, sound = make_lun(daemon, 'hangs'), make_lun(daemon, 'sound')
        rest, writes, sees = daemon.rest(), vdstest.Initiator(), vdstest.Initiator()
        name = 'iqn.2026-11.org.example:t'
        target = rest.call('POST', '/v1/targets', {'iscsi_name': name, 'with_group': True})['id']
        for each in (lun, sound):
            rest.call('PUT', f'/v1/luns/{each}/targets', {'targets': [target]})
        hold, image = daemon.inject / f'{lun}.write', daemon.dir / 'luns' / f'{lun}.img'
        hold.write_text('hold')

        def write():
            writes.ask('write', daemon.portal, name, 'iqn.1993-08.org.debian:01:one', 0, 0, 90)

        def delete():
            daemon.logged(f'fault.hold device={lun}')
            rest.call('DELETE', f'/v1/luns/{lun}?force=1')
            equal([each['id'] for each in rest.list('luns')], [sound], 'the LUNs')
            daemon.logged('lun.deleted_hung')
            check(image.exists(), 'the file was removed while there is I/O')
            sees.ok('write', daemon.portal, name, 'iqn.1993-08.org.debian:01:two', 1, 0, 91)
            hold.unlink()
        vdstest.in_threads(write, delete)
        eventually('the file is gone', lambda: not image.exists())
        rest.close()
        writes.close()
        sees.close()
        daemon.stop()
        daemon.checker()


def test_luns_in_use_leave_descriptors_for_management():
    """With 256 descriptors, 64 files may be open: 80 LUNs are used in turn, and the API goes on."""
    vdsd = os.environ['VDSD']
    with Daemon(faults=False) as daemon:
        daemon.stop()
        wrapper = daemon.top / 'vdsd'
        wrapper.write_text(f'#!/bin/sh\nulimit -n 256\nexec {vdsd} "$@"\n')
        wrapper.chmod(0o700)
        daemon.program = wrapper
        daemon.start()
        rest, sees = daemon.rest(), vdstest.Initiator()
        name = 'iqn.2026-11.org.example:t'
        target = rest.call('POST', '/v1/targets', {'iscsi_name': name, 'with_group': True})['id']
        luns = [rest.call('POST', '/v1/luns', {'size_bytes': MIB, 'mask': '*'})['id']
                for _ in range(80)]
        for lun in luns:
            rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': [target]})
        host = 'iqn.1993-08.org.debian:01:one'
        for turn in range(2):
            for n in range(len(luns)):
                sees.ok('write', daemon.portal, name, host, n, turn, n)
        for n in range(len(luns)):
            for turn in range(2):
                byte = sees.ok('read', daemon.portal, name, host, n, turn)
                equal(byte, [f'{n}'], f'what was written to LUN {n}')
        equal({lun['live']['health'] for lun in rest.list('luns')}, {'ok'}, 'health')
        for lun in luns:
            rest.call('DELETE', f'/v1/luns/{lun}?force=1')
        equal(rest.list('luns'), [], 'LUNs')
        eventually('the files are gone', lambda: not list((daemon.dir / 'luns').glob('*.img')))
        rest.close()
        sees.close()
        daemon.stop()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

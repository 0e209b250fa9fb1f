#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""FORMAT UNIT and SANITIZE on a whole vdsd: they go on over its end, give way to changes of the LUN,
and their failure is not forgotten.
"""
import os
import struct
import subprocess

import vdstest
from vdstest import Daemon, Initiator, check, equal, eventually

HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:t'
GOOD, SANITIZES, FORMATS = 'good', '2/041b', '2/0404'
NOT_SANITIZED = '3/3103'
SIZE = 4 << 20


class Luns:
    """A daemon with a thin and a thick LUN behind one target, and a host."""

    def __enter__(self):
        self.daemon = Daemon(copies=True).__enter__()
        self.daemon.ctl('target', 'create', 't', '--iscsi-name', TARGET)
        for name, options in (('thin', []), ('thick', ['--thick'])):
            self.daemon.ctl('lun', 'create', name, '--size', '4M', '--unmask', HOST, *options)
            # the space of a thick LUN takes a while
            eventually('the LUN is associated', lambda name=name: self.daemon.ctl(
                'lun', 'associate', name, TARGET, ok=None) == 0)
        self.host = Initiator()
        self.log_in()
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.host.ok('drop')
                self.host.close()
                self.daemon.stop()
                self.daemon.checker()
        finally:
            self.host.process.kill()
            self.host.process.wait()
            self.daemon.__exit__(kind, value, trace)

    def log_in(self):
        self.host.ok('hold', self.daemon.portal, TARGET, HOST)
        for lun in range(2):
            while self.ready(lun) == '6/2900':
                pass

    def send(self, lun, cdb, in_bytes=0, out=b''):
        answer = self.host.ok('cdb', lun, bytes(cdb).hex(), in_bytes, out.hex() or '-')
        check(answer[0] != 'status', f'no answer: {answer}')
        return answer[0], bytes.fromhex(answer[1]) if len(answer) > 1 and answer[0] == GOOD else b''

    def ready(self, lun):
        return self.send(lun, bytes(6))[0]

    def write(self, lun, lba, data):
        cdb = struct.pack('>BBQIBB', 0x8a, 0, lba, len(data) // 512, 0, 0)
        equal(self.send(lun, cdb, 0, data)[0], GOOD, 'WRITE')

    def read(self, lun, lba, blocks=1):
        cdb = struct.pack('>BBQIBB', 0x88, 0, lba, blocks, 0, 0)
        said, data = self.send(lun, cdb, blocks * 512)
        equal(said, GOOD, 'READ')
        return data

    def overwrite(self, lun, pattern, flags=0x80, passes=1):
        return self.send(lun, struct.pack('>BB5xHB', 0x48, flags | 1, 4 + len(pattern), 0), 0,
                         struct.pack('>BBH', passes, 0, len(pattern)) + pattern)[0]

    def row(self, name):
        """A LUN as the REST interface shows it."""
        rest = self.daemon.rest()
        row, = rest.list('luns', f'&name={name}')
        rest.close()
        return row

    def begin_slowly(self):
        """A SANITIZE of the thin LUN that would take two minutes: 31 passes, each of 4 s."""
        self.daemon.ctl('lun', 'set', 'thin', '--bandwidth', '1M')
        equal(self.overwrite(0, b'z', passes=31), GOOD, 'SANITIZE')
        return eventually('it has begun', lambda: (self.row('thin')['job'] or {}).get('percent'))

    def end(self):
        """Lets that SANITIZE go on, and looks at what it has done."""
        self.daemon.ctl('lun', 'set', 'thin', '--bandwidth', 'none')
        equal(self.await_end(0, SANITIZES), GOOD, 'the end')
        for lba in (0, SIZE // 512 - 1):
            equal(self.read(0, lba), b'z' * 512, f'block {lba}')
        eventually('it is shown no more', lambda: self.row('thin')['job'] is None)

    def page(self, name):
        """What `vdsctl lun show` prints."""
        return subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{self.daemon.socket}', 'lun',
                               'show', name], capture_output=True, text=True, check=True).stdout

    def await_end(self, lun, during):
        """Until the LUN is ready; returns what it said last."""
        def ended():
            said = self.ready(lun)
            return said != during and not said.startswith('6/') and said
        return eventually('the job has ended', ended)


def test_it_goes_on_after_a_kill():
    """Also when no initiator is there: vdsd itself goes on."""
    with Luns() as luns:
        for lun in range(2):
            luns.write(lun, 0, b'secret!!' * 64)
        fault = luns.daemon.inject / 'all.write'
        fault.write_text('hold')
        for lun in range(2):
            equal(luns.overwrite(lun, b'abc'), GOOD, 'SANITIZE')
            equal(luns.ready(lun), SANITIZES, 'meanwhile')
        luns.daemon.kill()
        luns.host.ok('drop')
        luns.daemon.start()
        luns.log_in()
        for lun in range(2):
            equal(luns.ready(lun), SANITIZES, 'after the restart')
        luns.daemon.kill()
        luns.host.ok('drop')
        fault.unlink()
        luns.daemon.start()
        eventually('vdsd goes on by itself',
                   lambda: luns.daemon.log.read_text().count('lun.job_done') == 2)
        luns.log_in()
        for lun in range(2):
            equal(luns.await_end(lun, SANITIZES), GOOD, 'at last')
            for lba in (0, SIZE // 512 - 1):
                equal(luns.read(lun, lba), (b'abc' * 171)[:512], f'block {lba}')
        luns.daemon.kill()
        luns.host.ok('drop')
        luns.daemon.start()
        luns.log_in()
        equal([luns.ready(lun) for lun in range(2)], [GOOD, GOOD], 'it is over')


def test_vdsd_ends_although_a_step_hangs():
    with Luns() as luns:
        fault = luns.daemon.inject / 'all.write'
        fault.write_text('hold')
        equal(luns.overwrite(0, b'q'), GOOD, 'SANITIZE')
        luns.daemon.logged('fault.hold')
        luns.daemon.stop()
        luns.daemon.logged('I/O does not return')
        fault.unlink()
        luns.host.ok('drop')
        luns.daemon.start()
        luns.log_in()
        equal(luns.await_end(0, SANITIZES), GOOD, 'the end')


def test_a_store_that_is_away_at_the_start_is_waited_for():
    with Luns() as luns:
        fault, files = luns.daemon.inject / 'all.write', luns.daemon.dir / 'luns'
        fault.write_text('hold')
        equal(luns.overwrite(0, b'q'), GOOD, 'SANITIZE')
        luns.daemon.kill()
        luns.host.ok('drop')
        fault.unlink()
        aside = luns.daemon.top / 'aside'
        aside.mkdir()
        for file in list(files.glob('*.img')):
            file.rename(aside / file.name)
        luns.daemon.start()
        luns.log_in()
        equal(luns.ready(0), SANITIZES, 'without its file')
        for file in list(aside.iterdir()):
            file.rename(files / file.name)
        for name in ('thin', 'thick'):
            luns.daemon.ctl('lun', 'online', name)
        equal(luns.await_end(0, SANITIZES), GOOD, 'the end')
        equal(luns.read(0, 0), b'q' * 512, 'the medium')


def test_a_restored_backup_erases_nothing():
    """The backup was made during a SANITIZE."""
    with Luns() as luns:
        fault, backup = luns.daemon.inject / 'all.write', luns.daemon.top / 'backup'
        fault.write_text('hold')
        equal(luns.overwrite(0, b'x'), GOOD, 'SANITIZE')
        luns.daemon.ctl('backup', backup)
        fault.unlink()
        equal(luns.await_end(0, SANITIZES), GOOD, 'the end')
        luns.write(0, 0, b'new data' * 64)
        luns.daemon.stop()
        luns.host.ok('drop')
        done = subprocess.run([luns.daemon.program, '--dir', luns.daemon.dir, '--restore', backup,
                               '--force'], capture_output=True, text=True)
        equal(done.returncode, 0, f'vdsd --restore: {done.stderr}')
        luns.daemon.start()
        luns.log_in()
        equal(luns.ready(0), GOOD, 'the LUN')
        equal(luns.read(0, 0), b'new data' * 64, 'its data')


def test_a_failure_is_not_forgotten():
    with Luns() as luns:
        (luns.daemon.inject / 'all.write').write_text('ENOSPC')
        equal(luns.overwrite(0, b'x', 0), NOT_SANITIZED, 'SANITIZE')
        (luns.daemon.inject / 'all.write').unlink()
        equal(luns.ready(0), NOT_SANITIZED, 'the failure')
        check('SANITIZE (overwrite) has failed' in luns.page('thin'), luns.page('thin'))
        rest = luns.daemon.rest()
        health = rest.call('GET', '/v1/health')
        rest.close()
        equal(health['status'], 'critical', f'the health: {health}')
        luns.daemon.kill()
        luns.host.ok('drop')
        luns.daemon.start()
        luns.log_in()
        equal(luns.ready(0), NOT_SANITIZED, 'after the restart')
        equal(luns.overwrite(0, b'\0', 0), GOOD, 'another one')
        equal(luns.read(0, 0), bytes(512), 'the medium')


def test_a_new_size_comes_in_between():
    """It waits for the step that is under way."""
    with Luns() as luns:
        fault = luns.daemon.inject / 'all.flush'
        fault.write_text('hold')            # the end of a pass
        equal(luns.overwrite(0, b'z'), GOOD, 'SANITIZE')
        fault.unlink()
        luns.daemon.ctl('lun', 'extend', 'thin', '8M')
        equal(luns.await_end(0, SANITIZES), GOOD, 'the end')
        equal(luns.read(0, 0), b'z' * 512, 'the medium')


def test_administrators_see_it_and_limits_hold_it():
    with Luns() as luns:
        luns.begin_slowly()
        row = luns.row('thin')
        check(0 < row['job'].pop('percent') < 100, f'{row}')
        equal(row['job'], {'id': row['id'], 'kind': 'overwrite', 'failed': False}, 'the job')
        check('SANITIZE (overwrite)' in luns.page('thin'), luns.page('thin'))
        check('cannot be stopped' in luns.page('thin'), luns.page('thin'))
        check('sanitizing' in subprocess.run(
            [os.environ['VDSCTL'], '--url', f'unix:{luns.daemon.socket}', 'lun', 'list'],
            capture_output=True, text=True, check=True).stdout, 'the list')
        equal(luns.ready(0), SANITIZES, 'the LUN')
        luns.end()
        check('SANITIZE' not in luns.page('thin'), luns.page('thin'))


def test_it_goes_on_although_the_lun_becomes_read_only():
    """The command was taken when the LUN could be written, and cannot be taken back."""
    with Luns() as luns:
        luns.begin_slowly()
        luns.daemon.ctl('lun', 'read-only', 'thin')
        luns.end()
        equal(luns.overwrite(0, b'y'), '7/2700', 'another one')
        equal(luns.read(0, 0), b'z' * 512, 'the medium')


def test_it_rests_while_the_lun_is_offline():
    with Luns() as luns:
        luns.begin_slowly()
        luns.daemon.ctl('lun', 'offline', 'thin')
        percent = luns.row('thin')['job']['percent']
        luns.daemon.ctl('lun', 'set', 'thin', '--bandwidth', 'none')
        equal(luns.ready(0), '2/0403', 'offline')
        check('rests while the LUN is offline' in luns.page('thin'), luns.page('thin'))
        equal(luns.row('thin')['job']['percent'], percent, 'how far it is')
        luns.daemon.ctl('lun', 'online', 'thin')
        luns.end()


def test_it_goes_on_in_another_pool():
    with Luns() as luns:
        (luns.daemon.top / 'other').mkdir()
        luns.daemon.ctl('pool', 'create', 'other', luns.daemon.top / 'other')
        luns.begin_slowly()
        luns.daemon.ctl('lun', 'move', 'thin', 'other')
        eventually('the LUN has moved',
                   lambda: all(job['state'] == 'done' for job in luns.daemon.ctl('job', 'list')))
        check(luns.row('thin')['job'] is not None, 'the job has moved along')
        luns.end()


def test_a_snapshot_holds_what_is_there_at_its_moment():
    with Luns() as luns:
        luns.begin_slowly()
        luns.daemon.ctl('snapshot', 'create', 'midst', 'thin')
        luns.end()
        luns.write(0, 0, b'new data' * 64)
        luns.daemon.ctl('lun', 'rollback', 'thin', 'midst', '--force')
        equal(luns.await_end(0, None), GOOD, 'the LUN after the rollback')
        equal(luns.read(0, 0), b'z' * 512, 'of the passes before it')


def test_a_deleted_lun_is_left():
    with Luns() as luns:
        luns.begin_slowly()
        luns.daemon.ctl('lun', 'delete', 'thin', '--force')
        rest = luns.daemon.rest()
        equal([row['name'] for row in rest.list('luns')], ['thick'], 'what there is')
        equal(rest.call('GET', '/v1/snapshot')['live']['live_lun_jobs'], [], 'the jobs')
        rest.close()
        eventually('its volume is gone',
                   lambda: len(list((luns.daemon.dir / 'luns').glob('*.img'))) == 1)
        equal(luns.await_end(1, None), GOOD, 'the other LUN')


def test_format_makes_all_zeros():
    with Luns() as luns:
        for lun in range(2):
            luns.write(lun, 100, b'old data' * 64)
            said, _ = luns.send(lun, bytes([0x04, 0x10, 0, 0, 0, 0]), 0, bytes([0, 2, 0, 0]))
            equal(said, GOOD, 'FORMAT UNIT')
            equal(luns.await_end(lun, FORMATS), GOOD, 'the end')
            equal(luns.read(lun, 100), bytes(512), 'the medium')


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

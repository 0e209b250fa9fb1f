#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adopting raw files: an initiator reads what was there, and nothing is changed or removed by
adopting, deleting, emptying the trash or being killed; and what is refused, with what the error
says.
"""
import contextlib
import errno
import fcntl
import hashlib
import os
import subprocess

import vdstest
from vdstest import Daemon, Initiator, RestError, check, equal, eventually

MIB = 1 << 20
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:web'


def raw(daemon, name='raw', size=4 * MIB):
    """A file in which each block has the number that the initiator expects of it."""
    path = daemon.top / name
    path.write_bytes(b''.join(bytes([block % 251]) * 512 for block in range(size // 512)))
    path.chmod(0o640)
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def images(daemon):
    return {file.name for file in (daemon.dir / 'luns').iterdir() if not file.name.startswith('.')}


def adopt(daemon, path, *options, ok=True):
    return daemon.ctl('lun', 'adopt', path, '--pool', 'default', *options, ok=ok)


def refused(daemon, path, code, word, **more):
    before, names = (digest(path), images(daemon)) if path.is_file() else (None, images(daemon))
    pool = daemon.rest().list('pools')[0]['id']
    try:
        daemon.rest().call('POST', f'/v1/pools/{pool}/adopt', {'path': str(path), **more})
    except RestError as error:
        equal(error.code, code, f'{path}: {error}')
        check(word in str(error), f'{path}: {error}')
        equal(images(daemon), names, 'the files in the pool')
        if before is not None:
            equal(digest(path), before, f'what is in {path}')
        return
    raise vdstest.Failed(f'{path} was adopted')


def test_an_adopted_file_is_served_and_stays():
    with Daemon() as daemon, contextlib.ExitStack() as stack:
        path = raw(daemon)
        before, inode = digest(path), path.stat().st_ino
        made = adopt(daemon, path, '--name', 'old', '--unmask', '*')
        lun = daemon.rest().call('GET', f'/v1/luns/{made["id"]}')
        equal((lun['name'], lun['size_bytes'], lun['thin']), ('old', 4 * MIB, True), 'the LUN')
        equal((digest(path), path.stat().st_ino, path.stat().st_mode & 0o777),
              (before, inode, 0o640), 'the file')
        daemon.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        daemon.ctl('lun', 'associate', 'old', 'web')
        daemon.kill()
        daemon.start()
        initiator = Initiator()
        stack.callback(initiator.close)
        initiator.ok('hold', daemon.portal, TARGET, HOST)
        while initiator.ok('sense', 0) != ['good']:
            pass
        for block in (0, 1, 250, 8191):
            equal(initiator.ok('get', 0, block), [str(block % 251)], f'block {block}')
        equal(digest(path), before, 'the file after reads')
        equal(initiator.ok('put', 0, 3, 77), ['good'], 'a write')
        equal(path.read_bytes()[3 * 512], 77, 'what was written, by its old name')
        initiator.ok('drop')
        after = digest(path)
        refused(daemon, path, 'IN_USE', 'LUN "old"')
        daemon.ctl('pool', 'set', 'default', '--trash', '1d')
        daemon.ctl('lun', 'delete', 'old', '--force')
        refused(daemon, path, 'IN_USE', 'deleted LUN "old"')
        daemon.ctl('trash', 'empty', '--force', ok=None)
        daemon.ctl('trash', 'empty', ok=None)
        eventually('the pool has no file', lambda: not images(daemon))
        equal((digest(path), path.stat().st_ino, path.stat().st_nlink), (after, inode, 1),
              'the file after its LUN')
        adopt(daemon, path)                     # and again
        daemon.stop()
        daemon.checker()


def has_leases(path):
    """Whether the file system tells that a file which nobody has locked is open."""
    with path.open('r+b') as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return False


def test_what_is_not_adopted():
    with Daemon() as daemon:
        path = raw(daemon)
        link = daemon.top / 'link'
        link.symlink_to(path)
        refused(daemon, link, 'INVALID', f'symbolic link to {path}')
        (daemon.top / 'dirlink').symlink_to(daemon.top)
        refused(daemon, daemon.top / 'dirlink' / 'raw', 'INVALID', 'symbolic link')
        refused(daemon, daemon.top / 'none', 'INVALID', 'No such file')
        refused(daemon, daemon.top, 'INVALID', 'not a regular file')
        refused(daemon, daemon.dir / 'catalog.db', 'IN_USE', 'file of the array')
        for magic, at, word in ((b'QFI\xfb', 0, 'qemu-img convert -O raw'), (b'KDMV', 0, 'VMDK'),
                                (b'vhdxfile', 0, 'VHDX'), (b'conectix', 4 * MIB - 512, 'VHD'),
                                (b'\x7f\x10\xda\xbe', 64, 'VDI'), (b'\x1f\x8b\x08', 0, 'gunzip')):
            image = raw(daemon, 'image')
            with image.open('r+b') as file:
                file.seek(at)
                file.write(magic)
            refused(daemon, image, 'INVALID', word)
        odd = raw(daemon, 'odd')
        os.truncate(odd, MIB + 512)
        refused(daemon, odd, 'INVALID', '4096', block_bytes=4096)
        os.truncate(odd, MIB + 1)
        refused(daemon, odd, 'INVALID', 'multiple of 512')
        odd.write_bytes(b'QFI\xfb' + bytes(MIB + 1 - 4))    # qcow2: its size says nothing
        refused(daemon, odd, 'INVALID', 'qemu-img convert -O raw')
        os.truncate(odd, 0)
        refused(daemon, odd, 'INVALID', 'empty')
        path.chmod(0o666)
        refused(daemon, path, 'ACCESS', 'chmod o-w')
        path.chmod(0o600)
        with path.open('rb'):                               # locks nothing
            if has_leases(path):
                refused(daemon, path, 'LOCKED', 'another process')
        with path.open('r+b') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            refused(daemon, path, 'LOCKED', 'another process')
        with path.open('r+b') as file:
            fcntl.lockf(file, fcntl.LOCK_EX, 1, 100)     # as qemu does
            refused(daemon, path, 'LOCKED', 'another process')
        elsewhere = '/dev/shm' if os.stat('/dev/shm').st_dev != os.stat(daemon.top).st_dev else None
        if elsewhere:
            other = os.path.join(elsewhere, os.path.basename(daemon.top))
            with open(other, 'wb') as file:
                file.truncate(MIB)
            try:
                refused(daemon, type(path)(other), 'INVALID', 'file system')
            finally:
                os.unlink(other)
        daemon.ctl('pool', 'create', 'fast', 'ram:8M')
        equal(daemon.ctl('lun', 'adopt', path, '--pool', 'fast', ok=None) != 0, True, 'into memory')
        equal(daemon.ctl('lun', 'adopt', path, ok=None), 2, 'without a pool')
        adopt(daemon, path, '--name', 'one')
        daemon.stop()
        daemon.checker()


def test_a_device_is_adopted_as_it_is():
    with Daemon() as daemon, contextlib.ExitStack() as stack:
        path, other = raw(daemon, 'device'), raw(daemon, 'other')   # vdsd --inject takes files
        before = digest(path)
        daemon.ctl('pool', 'create', 'dev', f'raw:{path}')
        pool = daemon.rest().list('pools', '&name=dev')[0]['id']
        for body, code, word in (({'path': str(other)}, 'INVALID', 'not the device'),
                                 ({'path': '/none'}, 'INVALID', 'No such file')):
            try:
                daemon.rest().call('POST', f'/v1/pools/{pool}/adopt', body)
                raise vdstest.Failed(f'{body} was adopted')
            except RestError as error:
                check(error.code == code and word in str(error), f'{body}: {error}')
        equal(daemon.ctl('lun', 'create', 'x', '--size', '1M', '--pool', 'dev', ok=None) != 0, True,
              'a new LUN on the device')
        daemon.ctl('lun', 'adopt', path, '--pool', 'dev', '--name', 'old', '--unmask', '*')
        equal(daemon.ctl('lun', 'adopt', path, '--pool', 'dev', ok=None) != 0, True, 'a second LUN')
        equal(daemon.ctl('lun', 'extend', 'old', '1M', ok=None) != 0, True, 'growing it')
        equal(daemon.ctl('lun', 'shrink', 'old', '--to', '1M', ok=None) != 0, True, 'shrinking it')
        equal(daemon.ctl('pool', 'delete', 'dev', ok=None) != 0, True, 'deleting its pool')
        daemon.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        daemon.ctl('lun', 'associate', 'old', 'web')
        daemon.kill()
        daemon.start()
        equal(digest(path), before, 'the device')
        initiator = Initiator()
        stack.callback(initiator.close)
        initiator.ok('hold', daemon.portal, TARGET, HOST)
        while initiator.ok('sense', 0) != ['good']:
            pass
        for block in (0, 1, 250, 2048, 8191):
            equal(initiator.ok('get', 0, block), [str(block % 251)], f'block {block}')
        equal(initiator.ok('put', 0, 8191, 77), ['good'], 'a write')
        equal(path.read_bytes()[-1], 77, 'what was written')
        initiator.ok('drop')
        after = digest(path)
        daemon.ctl('lun', 'delete', 'old', '--force')
        daemon.ctl('lun', 'adopt', path, '--pool', 'dev', '--name', 'again')
        daemon.ctl('lun', 'delete', 'again')
        eventually('the pool is gone',
                   lambda: daemon.ctl('pool', 'delete', 'dev', ok=None) == 0)
        equal(digest(path), after, 'the device after its pool')
        check(' pool.space ' not in daemon.log_text(), 'a pool without free space was reported')
        daemon.stop()
        daemon.checker()


def test_two_at_once_get_one_lun():
    with Daemon() as daemon:
        path = raw(daemon)
        commands = [subprocess.Popen([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', 'lun',
                                      'adopt', path, '--pool', 'default'],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    for _ in range(6)]
        equal(sorted(command.wait() == 0 for command in commands), [False] * 5 + [True], 'who won')
        equal(len(images(daemon)), 1, 'files in the pool')
        daemon.stop()
        daemon.checker()


def test_a_kill_leaves_the_file():
    with Daemon() as daemon:
        path = raw(daemon)
        before = digest(path)
        for i in range(6):
            with subprocess.Popen([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', 'batch'],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True) as command:
                for _ in range(10):
                    command.stdin.write(f'lun adopt {path} --pool default --name old\n'
                                        'lun delete old\n')
                command.stdin.close()
                for _ in range(i):
                    command.stdout.readline()
                daemon.kill()
            daemon.start()
            luns = daemon.rest().list('luns')
            eventually('the pool has the files of its LUNs',
                       lambda: images(daemon) == {f'{lun["id"]}.img' for lun in luns})
            equal(digest(path), before, 'the file')
            for lun in luns:
                daemon.ctl('lun', 'delete', lun['id'])
        daemon.stop()
        daemon.checker()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

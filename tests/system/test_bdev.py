#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pools on block devices: what is taken and what is refused, that data survive kills, and a device
that is gone.  A regular file stands for the device (vdsd --inject allows that); the last test takes
a loop device where it may.
"""
import contextlib
import os
import random
import shutil
import struct
import subprocess

import vdstest
from vdstest import Daemon, Initiator, RestError, check, equal, eventually

MIB = 1 << 20
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:web'


def device(daemon, size=64 * MIB):
    """A file that is empty at both ends, and full of something in between."""
    path = daemon.top / 'disk'
    with path.open('wb') as file:
        file.truncate(size)
        file.seek(4 * MIB)
        file.write(b'\xaa' * (size - 5 * MIB))
    return path


def pool(daemon, name='disk'):
    rest = daemon.rest()
    found = next(pool for pool in rest.list('pools') if pool['name'] == name)
    return rest.call('GET', f'/v1/pools/{found["id"]}')


def space(daemon):
    return pool(daemon)['live']['free_bytes'] // MIB


def lun(daemon, name):
    rest = daemon.rest()
    found = next(lun for lun in rest.list('luns') if lun['name'] == name)
    return rest.call('GET', f'/v1/luns/{found["id"]}')


def idle(daemon, name):
    eventually(f'{name} is free', lambda: lun(daemon, name)['live']['operation'] == 'none')


def serve(daemon, *options, size='8M'):
    daemon.ctl('lun', 'create', 'vol', '--size', size, '--pool', 'disk', '--unmask', '*', *options)
    daemon.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
    daemon.ctl('lun', 'associate', 'vol', 'web')
    idle(daemon, 'vol')


def session(daemon, stack):
    initiator = Initiator()
    stack.callback(initiator.close)
    initiator.ok('hold', daemon.portal, TARGET, HOST)
    while (answer := initiator.ok('sense', 0)) != ['good'] and answer[-1].startswith('6/'):
        pass
    return initiator


def checked(daemon):
    """As Daemon.checker, with a file for a device."""
    done = subprocess.run([daemon.program, '--dir', daemon.dir, '--inject', daemon.inject, '--check'],
                          capture_output=True, text=True)
    equal(done.returncode, 0, f'vdsd --check: {done.stdout}{done.stderr}')


def refused(daemon, path, code, word, **more):
    try:
        daemon.rest().call('POST', '/v1/pools', {'name': 'bad', 'path': str(path), **more})
    except RestError as error:
        equal(error.code, code, str(path))
        check(word in str(error), f'{path}: {error}')
        return
    raise vdstest.Failed(f'{path} was accepted')


def test_a_pool_from_its_creation_to_its_end():
    with Daemon() as daemon, contextlib.ExitStack() as stack:
        path = device(daemon)
        daemon.ctl('pool', 'create', 'disk', f'bdev:{path}')
        equal((pool(daemon)['path'], space(daemon)), (f'bdev:{path}', 59), 'the new pool')
        serve(daemon)
        eventually('a thin LUN has its space', lambda: space(daemon) == 51)
        initiator = session(daemon, stack)
        equal(initiator.ok('get', 0, 9), ['0'], 'a block that nobody has written')
        for block in (0, 2047, 2048, 16383):
            equal(initiator.ok('put', 0, block, block % 200 + 1), ['good'], f'block {block}')
        equal(initiator.ok('get', 0, 1), ['0'], 'a block beside one that was written')
        used = path.stat().st_blocks
        same = struct.pack('>BBQIBB', 0x93, 0x08, 2048, 2048, 0, 0).hex()  # WRITE SAME, UNMAP
        equal(initiator.ok('cdb', 0, same, 0, bytes(512).hex())[:1], ['good'], 'unmap a MiB')
        equal(path.stat().st_blocks, used - 2048, 'the device was told')
        equal(initiator.ok('get', 0, 2048), ['0'], 'a block that was unmapped')
        equal(space(daemon), 51, 'what was unmapped is still the LUN\'s')
        equal(initiator.ok('put', 0, 2048, 2048 % 200 + 1), ['good'], 'a write after that')
        daemon.ctl('lun', 'create', 'fat', '--size', '5M', '--thick', '--pool', 'disk')
        idle(daemon, 'fat')
        daemon.ctl('lun', 'extend', 'vol', '4M')        # has no neighbour that is free
        daemon.ctl('lun', 'extend', 'fat', '3M')
        idle(daemon, 'fat')
        eventually('both have grown', lambda: space(daemon) == 59 - 12 - 8)
        daemon.kill()
        initiator.close()
        daemon.start()
        initiator = session(daemon, stack)
        for block in (0, 2047, 2048, 16383):
            equal(initiator.ok('get', 0, block), [str(block % 200 + 1)], f'block {block}')
        equal(initiator.ok('get', 0, 16384), ['0'], 'the first new block')
        equal(daemon.ctl('lun', 'create', 'x', '--size', '60M', '--pool', 'disk', ok=None) != 0,
              True, 'a LUN that does not fit')
        drives = daemon.rest().list('drives')
        check(drives, 'the pool lies on no drive')
        initiator.ok('drop')
        daemon.ctl('lun', 'shrink', 'fat', '--to', '2M', '--force')
        eventually('the space is free', lambda: space(daemon) == 59 - 12 - 2)
        equal(daemon.ctl('pool', 'delete', 'disk', ok=None) != 0, True, 'deleting a pool with LUNs')
        for name in ('vol', 'fat'):
            daemon.ctl('lun', 'delete', name, '--force')
        eventually('all is free', lambda: space(daemon) == 59)
        eventually('the pool is gone',
                   lambda: daemon.ctl('pool', 'delete', 'disk', ok=None) == 0)
        daemon.ctl('pool', 'create', 'disk', f'bdev:{path}')    # no --force: nothing is left
        daemon.stop()
        checked(daemon)


def test_a_pool_grows_with_its_device():
    with Daemon() as daemon:
        path = device(daemon)
        daemon.ctl('pool', 'create', 'disk', f'bdev:{path}')
        daemon.ctl('lun', 'create', 'vol', '--size', '50M', '--pool', 'disk')
        os.truncate(path, 80 * MIB)
        eventually('the pool has grown', lambda: space(daemon) == 25)
        daemon.logged('pool.grown')
        daemon.ctl('lun', 'extend', 'vol', '20M')
        daemon.kill()
        os.truncate(path, 96 * MIB)     # while vdsd does not run
        checked(daemon)
        daemon.start()
        eventually('the pool has grown again', lambda: space(daemon) == 59 + 32 - 70)
        equal(lun(daemon, 'vol')['size_bytes'], 70 * MIB, 'the size of the LUN')
        daemon.stop()
        checked(daemon)


def no_space(rest, path, body, word):
    try:
        rest.call('POST', path, body)
    except RestError as error:
        equal(error.code, 'NO_SPACE', str(error))
        check(word in str(error), f'{word!r} is not in: {error}')
        return
    raise vdstest.Failed(f'{path} has begun')


def test_what_comes_needs_all_of_its_space():
    with Daemon() as daemon:
        daemon.ctl('pool', 'create', 'disk', f'bdev:{device(daemon)}')
        rest = daemon.rest()
        ident = daemon.ctl('lun', 'create', 'thin', '--size', '30M', '--pool', 'default')['id']
        daemon.ctl('lun', 'create', 'other', '--size', '30M', '--pool', 'disk')
        to = pool(daemon)['id']
        no_space(rest, f'/v1/luns/{ident}/move', {'pool_id': to},
                 'needs 30 MiB in pool "disk", which has 29 MiB free')
        equal(rest.list('jobs'), [], 'nothing has begun')
        daemon.ctl('lun', 'shrink', 'thin', '--to', '20M', '--force')
        daemon.ctl('lun', 'move', 'thin', 'disk')
        eventually('it has moved', lambda: space(daemon) == 9)
        no_space(rest, f'/v1/luns/{ident}/clone', {'name': 'copy', 'copy': True},
                 'the copy needs 20 MiB')
        daemon.ctl('lun', 'shrink', 'thin', '--to', '9M', '--force')
        daemon.ctl('lun', 'clone', 'thin', 'copy', '--copy')
        eventually('both take their space', lambda: space(daemon) == 29 - 18)
        daemon.stop()
        checked(daemon)


def test_what_cannot_be_a_pool():
    with Daemon() as daemon, Daemon() as second:
        path = device(daemon)
        for text in ('bdev:', 'bdev:sdb', 'bdev:/dev/no-such', f'bdev:{daemon.top}',
                     'bdev:/dev/null'):
            refused(daemon, text, 'INVALID', 'block device' if text != 'bdev:/dev/no-such'
                    else 'No such file')
        with path.open('r+b') as file:
            file.seek(1080)
            file.write(b'\x53\xef')
        refused(daemon, f'bdev:{path}', 'IN_USE', 'ext4')
        daemon.ctl('pool', 'create', 'disk', f'bdev:{path}', '--force')
        refused(daemon, f'bdev:{path}', 'IN_USE', 'already the place')
        refused(second, f'bdev:{path}', 'LOCKED', 'in use')
        refused(second, f'bdev:{path}', 'LOCKED', 'in use', force=True)
        daemon.stop()
        refused(second, f'bdev:{path}', 'IN_USE', 'another array')
        second.ctl('pool', 'create', 'disk', f'bdev:{path}', '--force')
        second.stop()
        daemon.start()
        equal(pool(daemon)['live']['ready'], False, 'the pool that another array has taken')
        check('another array' in pool(daemon)['live']['reason'], pool(daemon)['live'])
        daemon.stop()


def test_a_device_that_is_gone_and_comes_back():
    with Daemon() as daemon, contextlib.ExitStack() as stack:
        path = device(daemon)
        away = path.with_name('away')
        daemon.ctl('pool', 'create', 'disk', f'bdev:{path}')
        serve(daemon)
        initiator = session(daemon, stack)
        equal(initiator.ok('put', 0, 5, 7), ['good'], 'a write')
        for name in ('second', 'resting'):
            daemon.ctl('lun', 'create', name, '--size', '1M', '--pool', 'disk')
        daemon.ctl('lun', 'offline', 'resting')
        path.rename(away)
        daemon.kill()                   # it is not there when vdsd starts
        initiator.close()
        daemon.start()
        equal(pool(daemon)['live']['ready'], False, 'a pool without its device')
        initiator = session(daemon, stack)
        equal(initiator.ok('get', 0, 5)[0] == '7', False, 'a read without the device')
        eventually('the LUN has failed', lambda: lun(daemon, 'vol')['live']['health'] == 'failed')
        eventually('all have failed', lambda: all(
            lun(daemon, name)['live']['health'] == 'failed' for name in ('second', 'resting')))
        check(daemon.ctl('lun', 'online', '--pool', 'disk', ok=None) != 0, 'the device is away')
        away.rename(path)
        daemon.ctl('array', 'rescan', ok=None)
        eventually('the pool is ready', lambda: pool(daemon)['live']['ready'])
        equal(sorted(daemon.ctl('lun', 'online', '--pool', 'disk')),
              sorted(lun(daemon, name)['id'] for name in ('vol', 'second')), 'what came back')
        equal([lun(daemon, name)['live']['health'] for name in ('vol', 'second')], ['ok', 'ok'],
              'the health of what came back')
        equal(lun(daemon, 'resting')['status'], 'offline', 'a LUN that was set offline')
        equal(daemon.ctl('lun', 'online', '--pool', 'disk'), [], 'nothing is left to do')
        while (answer := initiator.ok('get', 0, 5))[0].startswith('6/'):
            pass
        equal(answer, ['7'], 'what was written before')
        initiator.ok('drop')
        daemon.stop()
        checked(daemon)


def test_kills_lose_and_leak_nothing():
    choose = random.Random(8)
    with Daemon() as daemon:
        path = device(daemon)
        daemon.ctl('pool', 'create', 'disk', f'bdev:{path}')
        for _ in range(8):
            command = subprocess.Popen(
                [os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', 'batch'],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True)
            for _ in range(30):
                name = f'l{choose.randrange(6)}'
                command.stdin.write(choose.choice((
                    f'lun create {name} --size {choose.randrange(1, 6)}M --pool disk\n',
                    f'lun create {name} --size {choose.randrange(1, 6)}M --pool disk --thick\n',
                    f'lun extend {name} 1M\n', f'lun delete {name} --force\n')))
            command.stdin.close()
            for _ in range(choose.randrange(1, 16)):
                command.stdout.readline()
            daemon.kill()
            command.stdout.close()
            command.wait()
            daemon.start()
            eventually('what was deleted is gone', lambda: space(daemon) == 59 - sum(
                -(-row['size_bytes'] // MIB) for row in daemon.rest().list('luns')
                if row['pool_id'] == pool(daemon)['id']))
        check('pool.unknown_volume' not in daemon.log_text(), 'a volume belongs to no LUN')
        daemon.stop()
        checked(daemon)


def loop_device(stack, path):
    """A loop device over the file, or None where there is none."""
    if os.geteuid() != 0 or shutil.which('losetup') is None:
        return None
    done = subprocess.run(['losetup', '-f', '--show', path], capture_output=True, text=True)
    if done.returncode != 0:
        return None
    stack.callback(subprocess.run, ['losetup', '-d', done.stdout.strip()], check=False)
    return done.stdout.strip()


def test_a_loop_device():
    for faults in (True, False):
        with Daemon(faults=faults) as daemon, contextlib.ExitStack() as stack:
            loop = loop_device(stack, device(daemon))
            if loop is None:
                print('# no loop device here')
                return
            daemon.ctl('pool', 'create', 'disk', loop)
            equal(pool(daemon)['path'], f'bdev:{loop}', 'the place')
            serve(daemon)
            initiator = session(daemon, stack)
            equal(initiator.ok('get', 0, 9), ['0'], 'a block that nobody has written')
            for block in range(0, 16384, 1000):
                equal(initiator.ok('put', 0, block, block % 200 + 1), ['good'], f'block {block}')
            refused(daemon, loop, 'IN_USE', 'already the place')
            check(subprocess.run(['mkfs.ext4', '-q', loop], stdin=subprocess.DEVNULL,
                                 capture_output=True).returncode != 0
                  if shutil.which('mkfs.ext4') else True, 'mkfs took the device of the pool')
            daemon.kill()
            initiator.close()
            daemon.start()
            initiator = session(daemon, stack)
            for block in range(0, 16384, 1000):
                equal(initiator.ok('get', 0, block), [str(block % 200 + 1)], f'block {block}')
            initiator.ok('drop')
            daemon.ctl('lun', 'delete', 'vol', '--force')
            eventually('all is free', lambda: space(daemon) == 59)
            eventually('the pool is gone',
                       lambda: daemon.ctl('pool', 'delete', 'disk', ok=None) == 0)
            daemon.stop()
            daemon.checker()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A LUN gets smaller while initiators know it: what they are told, what they may still read, and
what is left of the data; through vdsctl and through COM.
"""
import contextlib
import subprocess
import threading

import vdstest
from vdstest import Com, Daemon, Initiator, RestError, check, equal

MIB = 1 << 20
BLOCKS = MIB // 512                     # in one MiB
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:web'
CAPACITY_CHANGED, BEYOND_END = '6/2a09', '5/2100'


@contextlib.contextmanager
def array(*options):
    """A daemon with a LUN of 8 MiB, an initiator that has written to each MiB of it, a session."""
    with Daemon() as daemon, contextlib.ExitStack() as stack:
        daemon.ctl('lun', 'create', 'vol', '--size', '8M', '--unmask', '*', *options)
        daemon.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        daemon.ctl('lun', 'associate', 'vol', 'web')
        lun = daemon.rest().list('luns')[0]['id']
        vdstest.eventually('the LUN is free', lambda: daemon.rest().call(
            'GET', f'/v1/luns/{lun}')['live']['operation'] == 'none')
        initiator = Initiator()
        stack.callback(initiator.close)
        initiator.ok('hold', daemon.portal, TARGET, HOST)
        clear(initiator)
        for mib in range(8):
            for block in (mib * BLOCKS, mib * BLOCKS + BLOCKS - 1):
                equal(initiator.ok('put', 0, block, mib + 1), ['good'], f'write of block {block}')
        yield daemon, initiator, lun
    # the daemon is stopped by each test, so that what a sanitizer says is seen


def clear(initiator):
    """The unit attentions of a new session."""
    while initiator.ok('sense', 0) != ['good']:
        pass


def kept(initiator, mibs):
    for mib in range(mibs):
        for block in (mib * BLOCKS, mib * BLOCKS + BLOCKS - 1):
            equal(initiator.ok('get', 0, block), [str(mib + 1)], f'block {block} after the shrink')


def told(initiator, mibs):
    """The session learns of the new size by one unit attention."""
    equal(initiator.ok('sense', 0), [CAPACITY_CHANGED], 'the first command after the change')
    equal(initiator.ok('sense', 0), ['good'], 'the second command')
    equal(initiator.ok('capacity', 0), [str(mibs * BLOCKS)], 'READ CAPACITY')


def ends_at(initiator, mibs):
    end = mibs * BLOCKS
    equal(initiator.ok('get', 0, end), [BEYOND_END], 'a read beyond the new end')
    equal(initiator.ok('put', 0, end, 77), [BEYOND_END], 'a write beyond the new end')
    equal(initiator.ok('put', 0, 8 * BLOCKS - 1, 77), [BEYOND_END], 'a write at the old end')


def zeros(initiator, first, last):
    for mib in range(first, last):
        for block in (mib * BLOCKS, mib * BLOCKS + BLOCKS - 1):
            equal(initiator.ok('get', 0, block), ['0'], f'block {block}, cut off and added again')


def whole_life(*options):
    with array(*options) as (daemon, initiator, lun):
        rest = daemon.rest()
        try:
            rest.call('POST', f'/v1/luns/{lun}/shrink', {'size_bytes': 3 * MIB})
            raise vdstest.Failed('a LUN in use was shrunk')
        except RestError as error:
            equal((error.status, error.code), (409, 'IN_USE'), 'a LUN in use')
            check('1 session' in str(error), f'the refusal: {error}')
        equal(daemon.ctl('lun', 'shrink', 'vol', '--to', '3M', ok=None) != 0, True, 'vdsctl')
        equal(initiator.ok('sense', 0), ['good'], 'after the refusals')
        equal(initiator.ok('capacity', 0), [str(8 * BLOCKS)], 'the size after the refusals')

        daemon.ctl('lun', 'shrink', 'vol', '--to', '3M', '--force')
        told(initiator, 3)
        ends_at(initiator, 3)
        kept(initiator, 3)
        equal((daemon.dir / 'luns' / f'{lun}.img').stat().st_size, 3 * MIB, 'the file')

        daemon.ctl('lun', 'extend', 'vol', '5M')
        vdstest.eventually('it has grown', lambda: rest.call(
            'GET', f'/v1/luns/{lun}')['size_bytes'] == 8 * MIB)
        told(initiator, 8)
        kept(initiator, 3)
        zeros(initiator, 3, 8)

        initiator.ok('drop')
        vdstest.eventually('no session', lambda: not rest.list('sessions'))
        daemon.ctl('lun', 'shrink', 'vol', '7M')
        equal(daemon.rest().call('GET', f'/v1/luns/{lun}')['size_bytes'], MIB, 'without a session')
        daemon.stop()
        daemon.checker()


def test_a_thin_lun_shrinks_and_grows_again():
    whole_life()


def test_a_thick_lun_shrinks_and_grows_again():
    whole_life('--thick')


def test_com_shrinks_a_lun_in_use():
    """VDS has no code for a LUN in use: its service has looked for partitions before."""
    with array() as (daemon, initiator, lun):
        com = Com(daemon)
        com.ok('begin', 0, 'shrink', lun, 6 * MIB)
        equal(com.ok('wait', 0), ['S_OK'], 'the outcome')
        equal(com.ok('status', 0), ['S_OK', '100'], 'the status')
        equal(com.ok('lun', lun)[0], str(2 * MIB), 'ullSize')
        told(initiator, 2)
        ends_at(initiator, 2)
        kept(initiator, 2)
        equal(com.ask('begin', 1, 'shrink', lun, 2 * MIB)[0], 'E_INVALIDARG', 'to nothing')
        equal(com.ask('begin', 1, 'shrink', lun, 3 * MIB)[0], 'E_INVALIDARG', 'more than all')
        equal(initiator.ok('sense', 0), ['good'], 'after the refusals')
        com.close()
        daemon.stop()


def test_a_shrink_waits_for_a_write_beyond_the_new_end():
    with array() as (daemon, initiator, lun):
        rest, hold, answers = daemon.rest(), daemon.inject / f'{lun}.write', []
        port = rest.list('ports')[0]['id']

        def commands():
            return rest.call('GET', f'/v1/ports/{port}/counters')['commands']
        before = commands()
        hold.write_text('hold')
        writer = threading.Thread(
            target=lambda: answers.append(initiator.ok('put', 0, 7 * BLOCKS, 77)))
        writer.start()
        vdstest.eventually('the write is there', lambda: commands() > before)

        def shrink():
            daemon.ctl('lun', 'shrink', 'vol', '--to', '3M', '--force')
            answers.append('shrunk')

        def release():
            vdstest.eventually('the shrink waits', lambda: rest.call(
                'GET', f'/v1/luns/{lun}')['live']['operation'] == 'shrink')
            answers.append('the shrink waits')
            hold.unlink()
            writer.join()
        vdstest.in_threads(shrink, release)
        equal(answers[0], 'the shrink waits', 'first')
        equal(sorted(map(str, answers[1:])), ["['good']", 'shrunk'], 'the answers')
        told(initiator, 3)
        kept(initiator, 3)
        daemon.ctl('lun', 'extend', 'vol', '5M')
        told(initiator, 8)
        zeros(initiator, 3, 8)
        daemon.stop()


def test_qemu_sees_the_new_size_and_zeros():
    vdstest.requires('qemu-img', 'qemu-io')
    with array() as (daemon, initiator, lun):
        initiator.ok('drop')
        vdstest.eventually('no session', lambda: not daemon.rest().list('sessions'))
        url = f'iscsi://{daemon.portal}/{TARGET}/0'

        def tell(*words):
            done = subprocess.run([*words], capture_output=True, text=True, errors='replace',
                                  timeout=vdstest.DEADLINE_S)
            return done.stdout + done.stderr
        daemon.ctl('lun', 'shrink', 'vol', '--to', '3M')
        check('3 MiB' in tell('qemu-img', 'info', '-f', 'raw', url), 'the size that qemu sees')
        daemon.ctl('lun', 'extend', 'vol', '5M')
        said = tell('qemu-io', '-f', 'raw', '-c', 'read -P 0 3M 5M', '-c', 'read -P 3 2M 512', url)
        check('read 5242880/5242880' in said and 'verification failed' not in said, said)
        daemon.stop()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs of other projects use our LUNs: qemu-img, qemu-io and the tools of libiscsi.

The LUNs are thin and thick, with blocks of 512 and 4096 bytes.
"""
import contextlib
import os
import subprocess

import vdstest
from vdstest import Daemon, check, equal

MIB = 1 << 20
SIZE = 64 * MIB
NAME = 'iqn.2008-11.org.linux-kvm:test'
vdstest.requires('qemu-img', 'qemu-io', 'iscsi-ls', 'iscsi-inq', 'iscsi-readcapacity16',
                 'iscsi-perf', 'iscsi-swp')


def run(*words, ok=True):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, errors='replace',
                          timeout=vdstest.DEADLINE_S)
    if ok:
        equal(done.returncode, 0, f'{" ".join(map(str, words))}: {done.stdout}{done.stderr}')
    return done.stdout + done.stderr


@contextlib.contextmanager
def lun(block_bytes=512, thick=False):
    """A daemon and the URLs of one LUN through two targets."""
    with Daemon() as daemon:
        options = ['--thick'] if thick else []
        daemon.ctl('lun', 'create', 'vol', '--size', '64M', '--block-size', block_bytes, '--unmask',
                   '*', *options)
        daemon.ctl('target', 'create', 'web', '--iscsi-name', 'iqn.2026-11.org.example:web')
        daemon.ctl('target', 'create', 'db', '--iscsi-name', 'iqn.2026-11.org.example:db')
        daemon.ctl('lun', 'associate', 'vol', 'web', 'db')
        yield daemon, [f'iscsi://{daemon.portal}/iqn.2026-11.org.example:{t}/0'
                       for t in ('web', 'db')]
        daemon.stop()


def image(daemon, name):
    """Data that does not compress away: some random, some zeros, some a pattern."""
    path = daemon.top / name
    with path.open('wb') as f:
        f.truncate(SIZE)
        for at in range(0, SIZE, 8 * MIB):
            f.seek(at)
            f.write(os.urandom(3 * MIB) + b'\xa5' * MIB)
    return path


def round_trip(block_bytes, thick):
    with lun(block_bytes, thick) as (daemon, (one, other)):
        source, back = image(daemon, 'source'), daemon.top / 'back'
        run('qemu-img', 'convert', '-n', '-f', 'raw', '-O', 'raw', source, one)
        run('qemu-img', 'convert', '-f', 'raw', '-O', 'raw', other, back)
        check(source.read_bytes() == back.read_bytes(),
              'what came back through the other target is the same')
        check('Images are identical' in run('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', source,
                                            one), 'compare')


def test_qemu_img_convert_thin_512():
    round_trip(512, False)


def test_qemu_img_convert_thin_4096():
    round_trip(4096, False)


def test_qemu_img_convert_thick_512():
    round_trip(512, True)


def test_qemu_img_convert_thick_4096():
    round_trip(4096, True)


def test_qemu_io_writes_reads_zeroes_and_discards():
    with lun() as (_, (one, other)):
        run('qemu-io', '-f', 'raw', '-c', 'write -P 0x5a 1M 4M', '-c', 'read -P 0x5a 1M 4M', '-c',
            'flush', '-c', 'write -z 1M 1M', '-c', 'discard 2M 1M', one)
        told = run('qemu-io', '-f', 'raw', '-c', 'read -P 0 1M 2M', '-c', 'read -P 0x5a 3M 2M',
                   '-c', 'read -P 0 5M 1M', other)
        check('Pattern verification failed' not in told, told)


def test_qemu_io_pattern_that_is_not_there_is_noticed():
    with lun() as (_, (one, _other)):
        told = run('qemu-io', '-f', 'raw', '-c', 'read -P 0x77 0 1M', one, ok=False)
        check('Pattern verification failed' in told, f'the control: {told}')


def test_qcow2_on_a_lun():
    with lun() as (_, (one, other)):
        run('qemu-img', 'create', '-f', 'qcow2', one, '40M')
        run('qemu-io', '-f', 'qcow2', '-c', 'write -P 0x11 0 20M', one)
        run('qemu-img', 'check', '-f', 'qcow2', other)
        check('Pattern verification failed' not in run('qemu-io', '-f', 'qcow2', '-c',
                                                       'read -P 0x11 0 20M', other),
              'read through the other target')


def test_qemu_img_info_and_bench():
    with lun() as (_, (one, _other)):
        check('64 MiB' in run('qemu-img', 'info', '-f', 'raw', one), 'size')
        run('qemu-img', 'bench', '-d', '32', '-c', '5000', '-s', '4096', '-t', 'none', '-f', 'raw',
            one)
        run('qemu-img', 'bench', '-w', '-d', '32', '-c', '5000', '-s', '4096', '-t', 'none', '-f',
            'raw', one)


def test_iscsi_ls_lists_targets_and_luns():
    with lun() as (daemon, _urls):
        told = run('iscsi-ls', '-s', '-i', NAME, f'iscsi://{daemon.portal}')
        equal(told.count('Target:iqn.2026-11.org.example:'), 2, told)
        equal(told.count('Lun:0'), 2, told)


def test_iscsi_inq_readcapacity_and_perf():
    with lun(4096) as (_, (one, _other)):
        check('DIRECT_ACCESS' in run('iscsi-inq', '-i', NAME, one), 'iscsi-inq')
        for page in ('0x00', '0x80', '0x83', '0xb0', '0xb1', '0xb2'):
            run('iscsi-inq', '-i', NAME, '-e', '1', '-c', str(int(page, 16)), one)
        told = run('iscsi-readcapacity16', '-i', NAME, one)
        check(f'Total size:{SIZE}' in told.replace(': ', ':'), told)
        run('iscsi-perf', '-i', NAME, '-m', '32', '-b', '8', '-t', '1', '-r', one)


def test_iscsi_swp_protects_a_lun_from_writes():
    with lun() as (_, (one, other)):
        run('qemu-io', '-f', 'raw', '-c', 'write -P 1 0 64k', one)
        check('SWP:0' in run('iscsi-swp', '-i', NAME, one), 'the LUN is protected from the start')
        run('iscsi-swp', '-i', NAME, '-s', 'on', one)
        check('SWP:1' in run('iscsi-swp', '-i', NAME, other),
              'the protection as the other target shows it')
        check('write protected' in run('qemu-io', '-f', 'raw', '-c', 'write -P 2 0 64k', other,
                                       ok=False), 'a write')
        check('"zero": false' in run('qemu-img', 'map', '-f', 'raw', '--output', 'json', other),
              'the map')
        run('iscsi-swp', '-i', NAME, '-s', 'off', other)
        told = run('qemu-io', '-f', 'raw', '-c', 'read -P 1 0 64k', '-c', 'write -P 2 0 64k', one)
        check('Pattern verification failed' not in told, told)


def test_a_login_to_no_target_is_refused():
    with lun() as (daemon, _urls):
        told = run('iscsi-inq', '-i', NAME,
                   f'iscsi://{daemon.portal}/iqn.2026-11.org.example:none/0', ok=False)
        check('login' in told.lower(), told)


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

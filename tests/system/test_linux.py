#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Linux's own initiator, in a virtual machine: two targets, one LUN, ext4 through one path and the other."""
import os
import pathlib
import subprocess

import vdstest
from vdstest import Daemon, equal

vdstest.requires('qemu-system-x86_64', 'cpio', 'busybox', 'dpkg', 'apt-get')
SOURCE = pathlib.Path(os.environ['MESON_SOURCE'])
GUEST = SOURCE / 'build' / 'guest'


def guest_build():
    """Once for all builds; a lock so that two suites do not make it at a time."""
    if not (GUEST / 'initramfs.gz').exists():
        GUEST.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(['flock', GUEST / 'lock', SOURCE / 'tests/guest/build.sh', GUEST], capture_output=True,
                              text=True, timeout=600)
        equal(done.returncode, 0, f'building the guest: {done.stdout[-2000:]}{done.stderr[-2000:]}')


def two_paths(block_bytes, *settings):
    guest_build()
    with Daemon() as daemon:
        daemon.ctl('lun', 'create', 'vol', '--size', '128M', '--block-size', block_bytes, '--unmask', '*')
        names = []
        for alias in ('web', 'db'):
            names.append(f'iqn.2026-11.org.example:{alias}')
            daemon.ctl('target', 'create', alias, '--iscsi-name', names[-1])
        daemon.ctl('lun', 'associate', 'vol', 'web', 'db')
        port = daemon.portal.rsplit(':', 1)[1]
        done = subprocess.run([SOURCE / 'tests/guest/run.sh', GUEST, SOURCE / 'tests/guest/initiator.sh',
                               f'PORTAL=10.0.2.2:{port}', f'ONE={names[0]}', f'OTHER={names[1]}', *settings],
                              capture_output=True, text=True, timeout=600)
        for line in done.stdout.splitlines():
            if line.startswith('##'):
                print('#', line)
        equal(done.returncode, 0, f'the guest: {done.stdout[-3000:]}')
        daemon.stop()


def test_two_paths_to_one_lun():
    two_paths(512)


def test_two_paths_with_digests_and_4096_byte_blocks():
    two_paths(4096, 'HDIGEST=CRC32C', 'DDIGEST=CRC32C')


def test_a_lun_that_hangs_leaves_the_others_alone():
    guest_build()
    with Daemon() as daemon:
        daemon.ctl('lun', 'create', 'hung', '--size', '64M', '--unmask', '*')
        daemon.ctl('lun', 'create', 'sound', '--size', '32M', '--unmask', '*')
        daemon.ctl('target', 'create', 'web', '--iscsi-name', 'iqn.2026-11.org.example:web')
        for lun in ('hung', 'sound'):
            daemon.ctl('lun', 'associate', lun, 'web')
        fault = daemon.inject / f"{daemon.rest().list('luns', '&name=hung')[0]['id']}.write"
        port = daemon.portal.rsplit(':', 1)[1]
        guest = subprocess.Popen([SOURCE / 'tests/guest/run.sh', GUEST, SOURCE / 'tests/guest/hang.sh',
                                  f'PORTAL=10.0.2.2:{port}', 'TARGET=iqn.2026-11.org.example:web'],
                                 stdout=subprocess.PIPE, text=True)
        for line in guest.stdout:
            if line.startswith('##'):
                print('#', line.rstrip())
            if line.startswith('## DO hang'):
                fault.write_text('hold')
            elif line.startswith('## DO end'):
                for session in daemon.rest().list('sessions'):
                    daemon.ctl('session', 'end', session['id'])
            elif line.startswith('## DO release'):
                fault.unlink()
        equal(guest.wait(), 0, 'the guest')
        daemon.stop()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vdsd as a service of a real systemd, which is PID 1 of a virtual machine; the steps are in tests/guest/service.sh."""
import os
import pathlib
import subprocess
import tempfile

import vdstest
from vdstest import equal

vdstest.requires('qemu-system-x86_64', 'cpio', 'busybox', 'dpkg', 'apt-get', 'meson', 'journalctl',
                 'systemctl', 'strip')
SOURCE = pathlib.Path(os.environ['MESON_SOURCE'])
GUEST = SOURCE / 'build' / 'guest'


def test_vdsd_is_a_service_of_systemd():
    GUEST.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='vdstest.') as top:
        archive = pathlib.Path(top) / 'systemd.gz'
        for command in (['flock', GUEST / 'lock', SOURCE / 'tests/guest/build.sh', GUEST],
                        [SOURCE / 'tests/guest/systemd.sh', GUEST, os.environ['MESON_BUILD'], archive]):
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
            equal(done.returncode, 0, f'building the guest: {done.stdout[-2000:]}{done.stderr[-2000:]}')
        done = subprocess.run([SOURCE / 'tests/guest/run.sh', GUEST, SOURCE / 'tests/guest/service.sh'],
                              env={**os.environ, 'GUEST_ARCHIVE': str(archive), 'GUEST_INIT': '/boot-systemd'},
                              capture_output=True, text=True, errors='replace', timeout=600)
    for line in done.stdout.splitlines():
        if line.startswith('##'):
            print('#', line)
    equal(done.returncode, 0, f'the guest: {done.stdout[-5000:]}{done.stderr[-500:]}')


vdstest.main([test_vdsd_is_a_service_of_systemd])

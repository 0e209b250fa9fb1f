# SPDX-License-Identifier: LGPL-2.1-or-later
"""An array on a small file system of its own, for tests in which space ends.

The file system is a tmpfs in a mount namespace of the test; where no namespace may be made, the
test is skipped.
"""
import os
import subprocess
import sys
import tempfile

import vdstest
from vdstest import Daemon, Driver, check, equal, eventually

INITIATOR = 'iqn.2025-01.example:i'
TARGET = 'iqn.2026-11.org.example:t'
MIB = 1 << 20
DISK = 16 * MIB
RESERVE = 4 * MIB
INSIDE = 'VDS_TEST_FULL_INSIDE'


def enter_namespace():
    """Runs the script again where it may mount; does not return unless it does so already."""
    if os.environ.get(INSIDE):
        return
    vdstest.requires('unshare', 'mount')
    with tempfile.TemporaryDirectory(prefix='vdstest.') as top:
        inside = ['unshare', '--map-root-user', '--mount', '--']
        if subprocess.run([*inside, 'mount', '-t', 'tmpfs', 'tmpfs', top], capture_output=True,
                          check=False).returncode != 0:
            print('1..0 # SKIP forbidden: this machine lets nobody mount')
            sys.exit(0)
        sys.exit(subprocess.run([*inside, sys.executable, *sys.argv],
                                env={**os.environ, INSIDE: '1'}, check=False).returncode)


class SmallDisk(Daemon):
    """An array, pool and all, on a file system of 16 MiB or `size`; one target."""

    def __init__(self, size=DISK):
        super().__init__()
        disk = self.top / 'disk'
        disk.mkdir()
        subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', disk], check=True)
        self.disk, self.dir = disk, disk / 'array'

    def __enter__(self):
        super().__enter__()
        self.ctl('target', 'create', 't', '--iscsi-name', TARGET)
        return self

    def __exit__(self, kind, value, trace):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        subprocess.run(['umount', self.disk], check=False)
        super().__exit__(kind, value, trace)

    def free(self):
        fs = os.statvfs(self.disk)
        return fs.f_bavail * fs.f_frsize

    def reserve(self):
        path = self.dir / 'reserve'
        return path.stat().st_blocks * 512 if path.exists() else None

    def fill(self, name):
        """A thin LUN larger than the disk, written until the disk is full."""
        self.ctl('lun', 'create', name, '--size', '64M', '--unmask', '*')
        self.ctl('lun', 'associate', name, TARGET)
        initiator = Driver(os.environ['INITIATOR'])
        answer = initiator.ask('fill', self.portal, TARGET, INITIATOR, 0, 64 * MIB)
        initiator.close()
        equal([answer[0], answer[2]], ['ok', '7/2707'], 'the write for which there is no space')
        self.stuff()

    def stuff(self):
        """What 64 KiB did not fit in, and what vdsd still gives back of what was deleted."""
        def is_full():
            with open(self.disk / 'stuffing', 'ab', buffering=0) as f:
                try:
                    while True:
                        f.write(bytes(4096))
                except OSError:
                    pass
            return self.free() == 0
        eventually('the disk is full', is_full)

    def refused(self, *words):
        done = subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{self.socket}', *words],
                              capture_output=True, text=True, check=False)
        check(done.returncode != 0, f'{words} was done')
        return done.stderr

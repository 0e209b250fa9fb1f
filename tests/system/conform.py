# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs vds-conformance against a daemon of its own, with the hook that brings the array into the
states that need help from outside.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import vdstest

HOOK = f'{sys.executable} {pathlib.Path(__file__).parent / "conform_hook.py"}'
CASE = re.compile(r'^(ok|not ok) \d+ - (.*?)( # SKIP .*)?$')


class Result:
    """What the suite printed: the names of its cases."""

    def __init__(self, text, status):
        self.text, self.status = text, status
        self.passed, self.failed, self.skipped = set(), set(), set()
        for line in text.splitlines():
            match = CASE.match(line)
            if match:
                where = self.skipped if match.group(3) else \
                    self.passed if match.group(1) == 'ok' else self.failed
                where.add(match.group(2))
        plan = re.search(r'^1\.\.(\d+)$', text, re.M)
        self.complete = plan is not None

    def about(self, name):
        """The case's lines, with its notes."""
        lines = self.text.splitlines()
        for at, line in enumerate(lines):
            if name in line:
                return lines[max(0, at - 1):at + 2]
        return []


DISK = 'sys/devices/pci0/host0/target0:0:0/0:0:0:0/block/sda'


def make_host(root):
    """A host in which everything lies on one disk, but what is in /dev/shm: vdsd finds its drives
    there.
    """
    for name, text in {f'{DISK}/size': '2147483648', f'{DISK}/device/state': 'running',
                       f'{DISK}/device/wwid': 'naa.5000c500a1b2c3d4',
                       'proc/self/mountinfo': '1 0 8:0 / / rw - ext4 /dev/sda rw\n'
                                              '2 1 0:77 / /dev/shm rw - tmpfs tmpfs rw'}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + '\n')
    (root / 'sys/dev/block').mkdir(parents=True)
    (root / 'sys/dev/block/8:0').symlink_to(root / DISK)


def run(*options, library=None, env=None, hook=True, service=False):
    """Runs the suite with these options against a new array.  library: a provider's shared object,
    which finds the array by VDS_URL.
    """
    daemon = vdstest.Daemon()
    make_host(daemon.inject / 'host')
    with daemon:
        (daemon.top / 'pid').write_text(str(daemon.process.pid))
        url = f'unix:{daemon.socket}'
        command = [os.environ['CONFORMANCE']]
        command += ['--provider', library[0], '--clsid', library[1]] if library else \
            ['--service'] if service else ['--url', url]
        command += ['--hook', HOOK] if hook else []
        environment = {**os.environ, 'CONFORM_TOP': str(daemon.top), 'VDS_URL': url,
                       'CONFORM_ARGV': json.dumps([str(arg) for arg in daemon.process.args]),
                       **(env or {})}
        try:
            done = subprocess.run([*command, *options], env=environment, capture_output=True,
                                  text=True, timeout=600)
        finally:
            pid = int((daemon.top / 'pid').read_text())
            if pid != daemon.process.pid:
                os.kill(pid, signal.SIGKILL)
        return Result(done.stdout + done.stderr, done.returncode)

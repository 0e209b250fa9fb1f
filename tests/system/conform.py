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


def make_certificate(daemon):
    """Makes the certificate of a daemon that is yet to start.  Returns its fingerprint."""
    done = subprocess.run([daemon.program, '--dir', daemon.dir, '--https', '127.0.0.1:0',
                           '--make-certificate'], capture_output=True, text=True,
                          timeout=vdstest.DEADLINE_S)
    vdstest.equal(done.returncode, 0, f'--make-certificate: {done.stderr}')
    return re.search(r'^fingerprint +(\S+)', done.stdout, re.M).group(1)


def give_token(daemon_or_rest, path, name, role):
    """Puts a new token into the file, in one step.  Returns the token's id."""
    made = daemon_or_rest.call('POST', '/v1/tokens', {'name': name, 'role': role})
    new = pathlib.Path(f'{path}.new')
    new.touch(0o600)
    new.write_text(made['token'] + '\n')
    new.replace(path)
    return made['id']


def run_over_tls(role, *options):
    """Runs the suite over TLS with a token of this role."""
    daemon = vdstest.Daemon('--https', '127.0.0.1:0')
    make_host(daemon.inject / 'host')
    fingerprint = make_certificate(daemon)
    with daemon:
        where = json.loads((daemon.top / 'ready').read_text())['https'][0]
        argv = [str(arg) for arg in daemon.process.args]
        argv[argv.index('--https') + 1] = where     # for the next start, too
        token = daemon.top / 'token'
        give_token(daemon.rest(), token, f'first-{role}', role)
        (daemon.top / 'pid').write_text(str(daemon.process.pid))
        try:
            done = subprocess.run(
                [os.environ['CONFORMANCE'], '--url', f'https://{where}', '--hook', HOOK, *options],
                env={**os.environ, 'CONFORM_TOP': str(daemon.top), 'CONFORM_ARGV': json.dumps(argv),
                     'VDS_FINGERPRINT': fingerprint, 'VDS_TOKEN_FILE': str(token)},
                capture_output=True, text=True, timeout=600)
        finally:
            pid = int((daemon.top / 'pid').read_text())
            if pid != daemon.process.pid:
                os.kill(pid, signal.SIGKILL)
        return Result(done.stdout + done.stderr, done.returncode)


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

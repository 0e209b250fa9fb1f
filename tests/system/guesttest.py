# SPDX-License-Identifier: LGPL-2.1-or-later
"""Linux in a virtual machine (tests/guest) for a test: building it, and running a job in it."""
import os
import pathlib
import signal
import socket
import subprocess
import tempfile

import vdstest
from vdstest import DEADLINE_S, equal

SOURCE = pathlib.Path(os.environ['MESON_SOURCE'])
GUEST = SOURCE / 'build' / 'guest'


def requires():
    """End the test when a tool for guests is missing: as vdstest.requires."""
    vdstest.requires('qemu-system-x86_64', 'cpio', 'busybox', 'dpkg', 'apt-get')


def guest_build():
    """Once for all builds; a lock so that two suites do not make it at a time."""
    GUEST.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(['flock', GUEST / 'lock', SOURCE / 'tests/guest/build.sh', GUEST],
                          capture_output=True, text=True, timeout=600)
    equal(done.returncode, 0, f'building the guest: {done.stdout[-2000:]}{done.stderr[-2000:]}')


class PowerOff(Exception):
    """Raised by a step that wants the guest to be powered off."""


def run_guest(script, do, **values):
    """Runs a job in the guest; do(words) does what a line "## DO words" asks for, and may return what
    the job is told, in place of "yes".  When do raises PowerOff, the guest is killed and not asked
    how it went.  Returns the lines of the console.
    """
    with tempfile.TemporaryDirectory() as top:
        return run_guest_in(pathlib.Path(top) / 'pid', script, do, values)


def run_guest_in(pid_file, script, do, values):
    console, error = [], None
    with socket.create_server(('127.0.0.1', 0)) as control:
        control.settimeout(DEADLINE_S)
        values['CONTROL'] = control.getsockname()[1]
        guest = subprocess.Popen([SOURCE / 'tests/guest/run.sh', GUEST,
                                  SOURCE / 'tests/guest' / script,
                                  *(f'{name}={value}' for name, value in values.items())],
                                 stdout=subprocess.PIPE, text=True,
                                 env={**os.environ, 'GUEST_PIDFILE': str(pid_file)})
        for line in guest.stdout:
            console.append(line)
            if line.startswith('##'):
                print('#', line.rstrip(), flush=True)
            if line.startswith('## DO'):
                said = None
                try:
                    said = do(line.split()[2:])
                except PowerOff:
                    os.kill(int(pid_file.read_text()), signal.SIGKILL)
                    console += guest.stdout
                    guest.wait()
                    return console
                except Exception as first:      # the guest ends by itself when it is told
                    error = first
                with control.accept()[0] as answer:
                    answer.sendall(b'no' if error else (said if isinstance(said, str) else 'yes').encode())
        code = guest.wait()
    if error:
        raise error
    equal(code, 0, f'the guest: {"".join(console)[-9000:]}')
    return console

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What run-demo and run-cluster share: programs that are run and shown as a reader would type them,
and daemons that are started and stopped.
"""
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
DEADLINE_S = 60
SOCKET_PATH_MAX = 100           # the kernel takes 107 bytes
INITIATOR = 'iqn.2026-11.example.vds:demo'
MIB = 1 << 20


class Failed(Exception):
    pass


def say(text=''):
    print(text, flush=True)


def heading(text):
    say(f'\n\033[1m{text}\033[0m' if sys.stdout.isatty() else f'\n{text}')


class Programs:
    """Runs programs of a build, and others."""

    def __init__(self, build):
        self.paths = {'vdsd': build / 'src' / 'vdsd' / 'vdsd',
                      'vdsctl': build / 'src' / 'vdsctl' / 'vdsctl',
                      'walk': build / 'examples' / 'example-walk'}

    def shown(self, program):
        """The command as a reader would type it."""
        path = self.paths.get(program)
        return os.path.relpath(path,
                               TOP) if path and path.is_relative_to(TOP) else str(path or program)

    def run(self, program, *words, show=True, check=True, env=None):
        words = [str(w) for w in words]
        if show:
            say(f'$ {self.shown(program)} {" ".join(map(shlex.quote, words))}')
        try:
            done = subprocess.run([str(self.paths.get(program, program)), *words],
                                  capture_output=True, text=True, timeout=DEADLINE_S,
                                  stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failed(f'{program}: {error}') from error
        if check and done.returncode != 0:
            raise Failed(
                f'{program} ended with {done.returncode}: {(done.stderr or done.stdout).strip()}')
        if show and done.stdout.strip():
            say(done.stdout.rstrip())
        return done

    def ask(self, *words, env=None):
        return json.loads(self.run('vdsctl', *words, '-o', 'json', show=False, env=env).stdout)


class Daemon:
    """A vdsd of this build."""

    def __init__(self, programs, log, ready):
        self.programs, self.log, self.ready, self.process = programs, log, ready, None

    def start(self, *options):
        """Starts it, and returns what it says of itself once it serves."""
        self.ready.unlink(missing_ok=True)
        words = [*map(str, options), '--ready-file', str(self.ready)]
        say(f'$ {self.programs.shown("vdsd")} {" ".join(map(shlex.quote, words))} &')
        with self.log.open('ab') as log:
            # a session of its own: Ctrl-C is for this script, which then stops the daemon
            self.process = subprocess.Popen([str(self.programs.paths['vdsd']), *words],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        end = time.monotonic() + DEADLINE_S
        while not self.ready.exists():
            if self.process.poll() is not None:
                raise Failed(f'vdsd ended with {self.process.returncode}:\n{self.log_tail()}')
            if time.monotonic() > end:
                raise Failed(f'vdsd is not ready after {DEADLINE_S} s:\n{self.log_tail()}')
            time.sleep(0.01)        # look again; there is nothing else to wait on
        return json.loads(self.ready.read_text())

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if not self.runs():
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f'vdsd did not stop:\n{self.log_tail()}') from None
        if status != 0:
            raise Failed(f'vdsd ended with {status}:\n{self.log_tail()}')

    def kill(self):
        """As a crash would end it."""
        if self.runs():
            self.process.kill()
            self.process.wait()

    def log_tail(self):
        return '\n'.join(
            self.log.read_text(errors='replace').splitlines()[-20:]) if self.log.exists() else ''


def answers_of_walk(text):
    """{LUN's name: {target's iSCSI name}} of what examples/walk.c printed."""
    answers, lun = {}, None
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ['LUN']:
            lun = answers.setdefault(words[1].rstrip(','), set())
        elif words[:1] == ['target'] and lun is not None:
            lun.add(words[1])
    return answers


def build(*groups):
    """Installs the packages of these groups that are missing, and builds; with "ceph" the module, too."""
    if subprocess.run([TOP / 'tools' / 'install-deps', *groups]).returncode != 0:
        raise Failed('packages are missing')
    with_ceph = ['ceph'] if 'ceph' in groups else []
    if subprocess.run([TOP / 'tools' / 'build', *with_ceph]).returncode != 0:
        raise Failed('the build failed')


def interrupt_on_terminate():
    """Has SIGTERM end the script as Ctrl-C does, so that it stops what it has started."""
    def on_terminate(number, frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, on_terminate)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Helpers that the system tests written in Python share: a daemon for each test, clients of three
kinds, TAP.

tests/system/meson.build sets the programs in the environment: VDSD, VDSCTL, COM_DRIVER, INITIATOR.
Nothing here sleeps in order to wait: the helpers wait for files, pipes and answers, each with a
deadline.
"""
import contextlib
import http.client
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid

DEADLINE_S = float(os.environ.get('VDS_TEST_DEADLINE', '60'))


class Failed(Exception):
    """A check of a test failed."""


def check(condition, why):
    if not condition:
        raise Failed(why)


def equal(got, wanted, what):
    if got != wanted:
        raise Failed(f'{what}: got {got!r}, wanted {wanted!r}')


def eventually(what, probe, deadline_s=None):
    """Call probe until it returns a true value, and return that value."""
    end = time.monotonic() + (deadline_s or DEADLINE_S)
    wait_s = 0.002
    while True:
        got = probe()
        if got:
            return got
        if time.monotonic() > end:
            raise Failed(f'{what}: not within {deadline_s or DEADLINE_S:g} s')
        select.select([], [], [], wait_s)
        wait_s = min(wait_s * 2, 0.1)


class RestError(Exception):
    def __init__(self, status, code, message):
        super().__init__(f'{status} {code}: {message}')
        self.status, self.code = status, code


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__('vdsd', timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Rest:
    """A client of the API for one thread.  It connects again when its connection breaks."""

    def __init__(self, path):
        self.path, self.connection = path, None

    def call(self, method, path, body=None, request_id=None):
        headers = {'X-Request-Id': request_id} if request_id else {}
        data = None
        if body is not None:
            data = json.dumps(body)
            headers['Content-Type'] = 'application/json'
        if self.connection is None:
            self.connection = UnixConnection(self.path, DEADLINE_S)
        try:
            self.connection.request(method, path, data, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        value = json.loads(text) if text else None
        if answer.status >= 400:
            error = (value or {}).get('error', {})
            raise RestError(answer.status, error.get('code'), error.get('message'))
        return value

    def list(self, plural, query=''):
        items, after = [], ''
        while True:
            page = self.call('GET', f'/v1/{plural}?limit=1000{query}{after}')
            items += page['items']
            if not page.get('next'):
                return items
            after = f'&after={page["next"]}'

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Driver:
    """A program that answers each line of input with one line: com_driver, initiator."""

    def __init__(self, *command, env=None):
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True,
                                        bufsize=1, env={**os.environ, **(env or {})})

    def ask(self, *words):
        self.process.stdin.write(' '.join(str(w) for w in words) + '\n')
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], DEADLINE_S)[0]:
            raise Failed(f'no answer to {words}')
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f'{self.process.args[0]} died of {words} with {self.process.wait()}')
        return line.strip().split('#')[0].split()

    def kill(self):
        """End the program at once; another thread may be asking it something."""
        self.process.kill()
        self.process.wait()

    def drop(self):
        """Close what is left of a program that was killed."""
        with contextlib.suppress(BrokenPipeError):      # a question that was not sent
            self.process.stdin.close()
        self.process.stdout.close()

    def close(self):
        self.process.stdin.close()
        code = self.process.wait(DEADLINE_S)
        self.process.stdout.close()
        equal(code, 0, f'exit status of {self.process.args[0]}')


class Com(Driver):
    """A program that uses libvds."""

    def __init__(self, daemon, program=None, env=None):
        super().__init__(program or os.environ['COM_DRIVER'], env=env)
        equal(self.ask('open', f'unix:{daemon.socket}')[0], 'S_OK', 'VdsOpenHwProvider')

    def ok(self, *words):
        answer = self.ask(*words)
        equal(answer[0], 'S_OK', ' '.join(map(str, words)))
        return answer[1:]

    def targets_of(self, lun):
        return set(self.ok('targets-of', lun))

    def luns_of(self, target):
        return set(self.ok('luns-of', target))


class Initiator(Driver):
    def __init__(self):
        super().__init__(os.environ['INITIATOR'])

    def ok(self, *words):
        answer = self.ask(*words)
        equal(answer[0], 'ok', ' '.join(map(str, words)) + ': ' + ' '.join(answer))
        return answer[1:]

    def list(self, portal, target, initiator):
        """Serial number by LUN number."""
        pairs = dict(word.split('=', 1) for word in self.ok('list', portal, target, initiator))
        check('error' not in pairs, f'listing {target} as {initiator}: {pairs}')
        return {int(number): serial for number, serial in pairs.items()}


class Daemon:
    """vdsd with a directory of its own: a context manager that ends the process and removes the
    directory.

    copies: a pool copies where it would share space, so that snapshots and clones work on every
    file system; tests/guest/snapshots.sh is for one that shares.
    """

    def __init__(self, *options, directory=None, faults=True, copies=False, program=None, under=()):
        self.program = program or os.environ['VDSD']
        self.under = under              # a program and its arguments that become vdsd
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='vdstest.', dir=directory))
        self.dir, self.socket, self.inject = self.top / 'array', self.top / 's', self.top / 'inject'
        self.inject.mkdir()
        if faults:  # a layer below every LUN; without it the data path takes shorter ways
            options = ('--inject', self.inject, *options)
        if copies:
            self.clone_by_copy(True)
        self.options, self.process, self.log = options, None, self.top / 'log'
        self.listen = '127.0.0.1:0'
        self.env = {}                   # what the environment of vdsd has besides

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind is not None or self.complaints():
            print(f'# log of vdsd ({self.log}):')
            for line in self.log.read_text(errors='replace').splitlines()[-60:]:
                print('#  ', line)
        shutil.rmtree(self.top, ignore_errors=True)

    def complaints(self):
        """What a sanitizer said."""
        text = self.log.read_text(errors='replace') if self.log.exists() else ''
        return [line for line in text.splitlines() if 'ERROR: ' in line or 'runtime error' in line
                or 'WARNING: ThreadSanitizer' in line]

    def start(self):
        ready = self.top / 'ready'
        ready.unlink(missing_ok=True)
        with self.log.open('ab') as log:
            self.process = subprocess.Popen(
                [*self.under, self.program, '--dir', self.dir, '--socket', self.socket, '--listen',
                 self.listen, '--ready-file', ready, *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.env})

        def is_ready():
            check(self.process.poll() is None, f'vdsd ended with {self.process.returncode}')
            return ready.exists()
        eventually('vdsd is ready', is_ready)
        for portal in json.loads(ready.read_text())['portals'][:1]:     # none while it is offline
            self.portal = f'{portal["address"]}:{portal["port"]}'

    def clone_by_copy(self, whether):
        path = self.inject / 'clone-by-copy'
        if whether:
            path.touch()
        else:
            path.unlink()

    def create_luns(self, names, size, *options):
        for name in names:
            self.ctl('lun', 'create', name, '--size', size, *options)

    def logged(self, *words):
        """Waits until a line of the log has all these words, and returns the lines that do: a thread
        of vdsd writes what others have queued.
        """
        return eventually(f'the log says: {words}', lambda: [
            line for line in self.log.read_text(errors='replace').splitlines()
            if all(word in line for word in words)])

    def log_text(self):
        """The log with each line that was logged before this call, for tests that count lines or want
        none.  SIGHUP adds a line at every level, which is written after those that were queued
        before it.
        """
        if self.process.poll() is None:
            before = self.log.read_text(errors='replace').count(' vdsd.reload ')
            self.process.send_signal(signal.SIGHUP)
            eventually('the log is written', lambda: self.log.read_text(
                errors='replace').count(' vdsd.reload ') > before)
        return self.log.read_text(errors='replace')

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_S)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        equal(self.process.wait(DEADLINE_S), 0, 'exit status of vdsd')
        equal(self.complaints(), [], 'what a sanitizer said of vdsd')

    def rest(self):
        return Rest(self.socket)

    def ctl(self, *words, ok=True):
        """vdsctl -o json; what it printed (parsed), or its exit status when ok is None."""
        done = subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{self.socket}', '-o', 'json',
                               *map(str, words)], capture_output=True, text=True,
                              timeout=DEADLINE_S)
        if ok is None:
            return done.returncode
        equal(done.returncode, 0, f'vdsctl {" ".join(map(str, words))}: {done.stderr.strip()}')
        return json.loads(done.stdout) if done.stdout.strip() else None

    def checker(self):
        """The invariant checker, on a stopped array."""
        done = subprocess.run([os.environ['VDSD'], '--dir', self.dir, '--check'],
                              capture_output=True, text=True, timeout=DEADLINE_S)
        equal(done.returncode, 0, f'vdsd --check: {done.stdout}{done.stderr}')


class LosingWire:
    """A wire between a program and vdsd that loses the answer to one change when it is told to.

    Set lose to a function: it is called when the change was made, after `skip` other changes.
    """

    def __init__(self, daemon):
        self.daemon, self.socket = daemon, daemon.top / 'wire'
        self.lose, self.skip, self.lost = None, 0, 0
        self.open = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.socket))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(str(self.daemon.socket))
            except OSError:             # vdsd is not there
                client.close()
                continue
            self.open += [client, server]
            threading.Thread(target=self.carry, args=(client, server), daemon=True).start()

    def carry(self, client, server):
        losing = None
        with client, server, contextlib.suppress(OSError):
            while True:
                readable, _, _ = select.select([client, server], [], [])
                if client in readable:
                    data = client.recv(65536)
                    if self.lose is not None and b'X-Request-Id: ' in data:
                        if self.skip == 0:
                            losing, self.lose = self.lose, None
                        else:
                            self.skip -= 1
                    server.sendall(data)
                    if not data:
                        return
                if server in readable:
                    data = server.recv(65536)
                    if losing is not None:      # the change was made; nobody learns it
                        self.lost += 1
                        losing()
                        return
                    client.sendall(data)
                    if not data:
                        return

    def close(self):
        self.listener.close()
        for end in self.open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def new_request_id():
    return str(uuid.uuid4())


def in_threads(*functions):
    """Run functions at the same time; raise the exception of the first one that failed."""
    errors = []

    def run(function):
        try:
            function()
        except BaseException as error:      # to be raised again below
            errors.append(error)
    threads = [threading.Thread(target=run, args=(f,)) for f in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def requires(*tools):
    """End the test when a tool is missing: as failed where CI is set, else as skipped."""
    missing = [t for t in tools if shutil.which(t) is None]
    if missing:
        print(f'1..0 # SKIP needs {" ".join(missing)}')
        sys.exit(1 if os.environ.get('CI') else 0)


def chosen(tests, names):
    """The functions that the names are of, without "test_"; all when there are no names."""
    by_name = {test.__name__.removeprefix('test_'): test for test in tests}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        sys.exit(f'there is no test {unknown[0]}; there are {" ".join(by_name)}')
    return [by_name[name] for name in names] or tests


def main(tests):
    """Run functions as tests, those that the command line names or all, and print TAP."""
    tests = chosen(tests, sys.argv[1:])
    print(f'1..{len(tests)}')
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__.removeprefix('test_')
        try:
            test()
            print(f'ok {number} - {name}', flush=True)
        except Exception as error:
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f'# {line}')
            print(
                f'not ok {number} - {name}: {str(error).splitlines()[0] if str(error) else error!r}', flush=True)
    sys.exit(1 if failed else 0)

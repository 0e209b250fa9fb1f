#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is built for Windows, in Wine, as TAP: registration, activation in this process, in another
one and from a single-threaded apartment, the conformance suite, the service, and the samples, which
say the same as on Linux.

usage: test_wine.py BUILD    (a directory of tools/build-windows)

The environment names vdsd (VDSD) and the directory of the samples for Linux (SAMPLES).  Wine gets
a prefix of its own in a temporary directory, and nothing of it stays behind: its server is ended
at the end, and with it every process of the prefix.  Programs write to files and not to pipes,
because processes that Wine starts beside them would keep a pipe open.  What waits most of the time
runs at the same time, each with an array of its own.
"""
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import traceback

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / 'system'))
import conform  # noqa: E402
import vdstest  # noqa: E402

BUILD = pathlib.Path(sys.argv[1]).resolve()
PROVIDER = BUILD / 'src/provider/windows'
SERVICE = BUILD / 'src/service/windows'
CLASS = '{5C69C549-3F24-4261-9996-4E590CA0B7E6}'
LOADER = '{9C38ED61-D565-4728-AEEE-C80952F0ECDE}'
CLASSES_KEY = r'HKLM\Software\Classes'
DLLHOST = r'C:\windows\system32\dllhost.exe'
LIMIT_S = 180
number = failures = 0
printing = threading.Lock()


def report(good, what, said=''):
    global number, failures
    with printing:
        number += 1
        failures += not good
        print(f'{"ok" if good else "not ok"} {number} - {what}')
        if not good:
            for line in said.splitlines()[-40:]:
                print('#  ', line)
        sys.stdout.flush()


def dos(path):
    """The name of a file in Wine."""
    return 'Z:' + str(path).replace('/', '\\')


class Wine:
    """A prefix and what runs in it."""

    def __init__(self, top):
        self.top, self.logs = top, itertools.count()
        self.env = {**os.environ, 'WINEPREFIX': str(top / 'prefix'), 'WINEDEBUG': '-all',
                    'WINEDLLOVERRIDES': 'mscoree,mshtml='}
        self.env.pop('DISPLAY', None)

    def run(self, *command, **environment):
        """(exit status, output) of a program."""
        log = self.top / f'output{next(self.logs)}'
        with log.open('wb') as out:
            try:
                status = subprocess.run(command, env={**self.env, **environment}, timeout=LIMIT_S,
                                        stdin=subprocess.DEVNULL, stdout=out, stderr=out).returncode
            except subprocess.TimeoutExpired:
                status = -1
        return status, log.read_text(errors='replace').replace('\r', '')

    def __enter__(self):
        status, said = self.run('wineboot', '-i')
        report(status == 0, 'Wine makes a prefix', said)
        # COM starts this service when it needs it, but two programs that do so at once, or while
        # the services of a new prefix are still being started, wait for a minute.
        self.run('wineserver', '-w')
        self.run('wine', 'net', 'start', 'RpcSs')
        return self

    def __exit__(self, *exception):
        self.run('wineserver', '-k')
        self.run('wineserver', '-w')


class Array(vdstest.Daemon):
    """vdsd on a TCP port of 127.0.0.1, which answers the hook of vds-conformance (hook.c)."""

    def __init__(self):
        super().__init__('--http', '127.0.0.1:0', '--http-trust', 'admin')
        conform.make_host(self.inject / 'host')

    def start(self):
        super().start()
        port = json.loads((self.top / 'ready').read_text())['http']
        self.url = f'http://127.0.0.1:{port}'
        (self.top / 'pid').write_text(str(self.process.pid))
        # so that it has this port again when the hook starts it anew
        argv = [str(arg) for arg in self.process.args]
        argv[argv.index('--http') + 1] = f'127.0.0.1:{port}'
        self.env = {**os.environ, 'CONFORM_TOP': str(self.top), 'CONFORM_ARGV': json.dumps(argv)}

    def __exit__(self, *exception):
        pid = int((self.top / 'pid').read_text())
        if pid != self.process.pid:
            os.kill(pid, 9)
        super().__exit__(*exception)

    def answer(self, words):
        """What hook.exe is to say: a status, a blank and the output of the hook for Linux."""
        done = subprocess.run([sys.executable, TESTS / 'system/conform_hook.py', *words],
                              env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=LIMIT_S)
        if done.returncode not in (0, 77):
            print(f'# hook {words}: {done.stderr[-500:]!r}')
        return f'{done.returncode} {done.stdout}'

    def hook(self):
        """A context manager: the command of the hook."""
        array = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                words = self.rfile.readline().decode().split()
                self.wfile.write(array.answer(words).encode())

        class Hook(socketserver.ThreadingTCPServer):
            def __enter__(self):
                threading.Thread(target=self.serve_forever).start()
                return f'{dos(BUILD / "tests/windows/hook.exe")} {self.server_address[1]}'

            def __exit__(self, *exception):
                self.shutdown()
                self.server_close()

        return Hook(('127.0.0.1', 0), Handler)


def client(wine, array, mode, what, program='client.exe', **environment):
    """Runs a program of this folder, and passes its checks on."""
    _, said = wine.run('wine', BUILD / 'tests/windows' / program, mode, DLLHOST, VDS_URL=array.url,
                       **environment)
    lines = re.findall(r'^(ok|not ok) \d+ - (.*)', said, re.M)
    for result, check in lines:
        report(result == 'ok', f'{what}: {check}', said)
    planned = re.search(r'^1\.\.(\d+)', said, re.M)
    report(planned is not None and int(planned[1]) == len(lines), f'{what}: the client came to its end',
           said)


def conformance(wine, array, what, *options, least=1):
    """Runs vds-conformance, and passes its cases on: at least so many must have passed."""
    with array.hook() as hook:
        _, said = wine.run('wine', BUILD / 'src/conformance/vds-conformance.exe', *options, '--hook', hook,
                           VDS_URL=array.url)
    cases = re.findall(r'^(ok|not ok) \d+ - ([^#\n]*)(# SKIP)?', said, re.M)
    for result, case, skipped in cases:
        if result != 'ok':
            at = said.index(case)
            report(False, f'conformance {what}: {case}', said[at:at + 300])
    passed = sum(result == 'ok' and not skipped for result, _, skipped in cases)
    planned = re.search(r'^1\.\.(\d+)', said, re.M)
    report(planned is not None and int(planned[1]) == len(cases) and passed >= least,
           f'conformance {what}: came to its end, {passed} cases passed', said)


def samples(wine):
    """Programs of one source say the same on Linux and here, to the same array."""
    with Array() as array:
        for name in ('load', 'expose', 'walk'):
            status, said = wine.run('wine', BUILD / f'examples/windows-{name}.exe', VDS_URL=array.url)
            native = subprocess.run(
                [pathlib.Path(os.environ['SAMPLES']) / f'windows-{name}'], capture_output=True,
                env={**os.environ, 'VDS_URL': array.url, 'VDS_PROVIDERS': '/nonexistent'}, text=True,
                stdin=subprocess.DEVNULL, timeout=LIMIT_S)
            report(status == native.returncode == 0, f'the sample {name} ends well here and there',
                   said + native.stderr)
            report(said == native.stdout and len(said) > 20, f'the sample {name} says the same',
                   f'{said}\n--\n{native.stdout}')
        report(len(re.findall('^    LUN .*\n      target ', said, re.M)) == 2,
               'the last one walks what both have made', said)


def is_registered(wine, what):
    status, said = wine.run('wine', 'reg', 'query', rf'{CLASSES_KEY}\CLSID\{what}', '/s')
    return status == 0, said


def register(wine):
    for dll in (PROVIDER / 'vdsprov.dll', PROVIDER / 'vdsproxy.dll', SERVICE / 'vdssvc.dll'):
        status, said = wine.run('wine', 'regsvr32', '/s', dll)
        report(status == 0, f'regsvr32 registers {dll.name}', said)
    for what, dll, model in ((CLASS, 'vdsprov.dll', 'Both'), (LOADER, 'vdssvc.dll', 'Free')):
        _, said = is_registered(wine, what)
        report(dll in said and model in said, f'the registry names {dll} and its threading model', said)
    for dll in (PROVIDER / 'vdsproxy.dll', SERVICE / 'vdssvc.dll'):
        status, said = wine.run('wine', 'regsvr32', '/s', dll)
        report(status == 0, f'registering {dll.name} again changes nothing', said)
    for what in (CLASS, LOADER):
        # Wine looks for dllhost.exe of 32 bits, which is not installed, when no surrogate is named.
        wine.run('wine', 'reg', 'add', rf'{CLASSES_KEY}\AppID\{what}', '/v', 'DllSurrogate', '/d',
                 DLLHOST, '/f')


def unregister(wine, array):
    for what, dll in ((CLASS, PROVIDER / 'vdsprov.dll'), (LOADER, SERVICE / 'vdssvc.dll')):
        status, said = wine.run('wine', 'regsvr32', '/s', '/u', dll)
        report(status == 0, f'regsvr32 /u unregisters {dll.name}', said)
        report(not is_registered(wine, what)[0], 'the registry has no such class any more')
    status, said = wine.run('wine', BUILD / 'tests/windows/client.exe', 'in', VDS_URL=array.url)
    report('(0x80040154)' in said, 'and CoCreateInstance answers REGDB_E_CLASSNOTREG', said)


def foreign_service(wine):
    """Where Windows has a Virtual Disk Service, ours does not take its place."""
    key = rf'{CLASSES_KEY}\CLSID\{LOADER}'
    wine.run('wine', 'reg', 'add', key, '/ve', '/d', 'VDS of the system', '/f')
    status, said = wine.run('wine', 'regsvr32', '/s', SERVICE / 'vdssvc.dll')
    report(status != 0, 'a service of somebody else keeps its place', said)
    _, said = wine.run('wine', 'reg', 'query', key, '/s')
    report('VDS of the system' in said and 'InprocServer32' not in said, 'and its class is untouched',
           said)


def foreign_proxies(wine):
    """Where Windows has proxies of its own for VDS, ours do not take their place."""
    key = r'HKLM\Software\Classes\Interface\{10C5E575-7984-4E81-A56B-431F5F92AE42}\ProxyStubClsid32'
    wine.run('wine', 'regsvr32', '/s', '/u', PROVIDER / 'vdsproxy.dll')
    wine.run('wine', 'reg', 'add', key, '/ve', '/d', '{00000000-1111-2222-3333-444444444444}', '/f')
    status, said = wine.run('wine', 'regsvr32', '/s', PROVIDER / 'vdsproxy.dll')
    report(status != 0, 'proxies of somebody else keep their place', said)
    _, said = wine.run('wine', 'reg', 'query', key)
    report('{00000000-1111-2222-3333-444444444444}' in said, 'and their entry is untouched', said)


def settings(wine, array):
    """A service has no environment of its user: the registry names the array for it."""
    wine.run('wine', 'reg', 'add', r'HKLM\Software\vdsd', '/v', 'VDS_URL', '/d', array.url, '/f')
    wine.env.pop('VDS_URL', None)
    _, said = wine.run('wine', BUILD / 'tests/windows/client.exe', 'in')
    report('not ok' not in said and '1..' in said, 'the registry can name the array', said)


def facts(wine):
    status, said = wine.run('wine', BUILD / 'tests/windows/facts.exe')
    report(status == 0, 'the layouts are those of the reference', said)


def clients(wine):
    """All that uses the provider's surrogate, which has one array."""
    with Array() as array:
        client(wine, array, 'in', 'in this process')
        client(wine, array, 'sta', 'sink in an apartment of its own')
        client(wine, array, 'out', 'in another process')
        conformance(wine, array, 'in another process', '--provider', 'local', '--clsid', CLASS,
                    least=1300)
        # One of the two providers that must agree is in another process, and the other is not:
        # proxies change nothing of what they carry.
        conformance(wine, array, 'in both', '--provider', 'both', '--clsid', CLASS, '--only', 'sound',
                    least=200)


def other_providers(wine):
    """A second provider, in a process of its own, at the service in this process and in another."""
    with Array() as array:
        client(wine, array, 'in', 'the service in this process', 'service.exe')
        client(wine, array, 'in', 'a provider whose process dies', 'service.exe', THIRD='crash')
        client(wine, array, 'out', 'the service in another process', 'service.exe')


def in_this_process(wine):
    with Array() as array:
        conformance(wine, array, 'in this process', '--strict', '--provider', 'inproc', '--clsid', CLASS,
                    least=1600)


def between_apartments(wine):
    with Array() as array:
        for way in ('sta', 'stream', 'git'):
            conformance(wine, array, way, '--provider', way, '--clsid', CLASS, '--only',
                        'identity,counts,effect,notify', least=450)


def through_the_service(wine):
    with Array() as array:
        conformance(wine, array, 'through the service', '--service', least=1400)


def main():
    for tool in ('wine', 'wineserver', 'wineboot'):
        if shutil.which(tool) is None:
            print(f'1..0 # SKIP no {tool}; run tools/install-deps test')
            return 0
    top = pathlib.Path(tempfile.mkdtemp(prefix='vdswine.'))
    try:
        with Wine(top) as wine:
            register(wine)
            with concurrent.futures.ThreadPoolExecutor() as pool:
                jobs = [pool.submit(job, wine) for job in
                        (clients, in_this_process, between_apartments, through_the_service, samples,
                         facts)]
            for job in jobs:
                error = job.exception()
                if error is not None:
                    report(False, f'the test itself: {error}',
                           ''.join(traceback.format_exception(error)))
            other_providers(wine)
            with Array() as array:
                # Wine goes on to send clients to a server that was killed: nothing may ask for
                # the class in another process after this.
                client(wine, array, dos(PROVIDER / 'vdsprov.dll'), 'a server of our own', 'remote.exe')
                settings(wine, array)
                foreign_proxies(wine)
                unregister(wine, array)
                foreign_service(wine)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    print(f'1..{number}')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())

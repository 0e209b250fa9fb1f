# SPDX-License-Identifier: LGPL-2.1-or-later
"""vdsctl's events, tokens, audit log and rates, a part of test_commands.py."""
import contextlib
import json
import os
import re
import select
import socket
import socketserver
import subprocess
import threading
import time

from ctltest import DEADLINE_S, VDSCTL, check, equal, used


@contextlib.contextmanager
def watching(a, *options):
    """A `vdsctl watch` that ends with the block, also when that fails."""
    with subprocess.Popen([VDSCTL, 'watch', *options], env=a.env, stdout=subprocess.PIPE,
                          text=True) as watch:
        try:
            yield watch
        finally:
            watch.terminate()


def test_watch_shows_what_happens(a):
    with watching(a) as watch:
        used.add('watch')
        equal(watch.stdout.readline(), 'watching; interrupt to end\n')
        a.run('lun', 'create', 'seen', '--size', '1M')
        for line in watch.stdout:
            if '+ lun ' in line:
                break
        check(re.search(r'\+ lun +seen pool=default size=1 MiB .*\(lun\.create by .*\(uid \d+\)\)',
                        line), line)
        a.run('lun', 'rename', 'seen', 'renamed')
        a.run('lun', 'extend', 'renamed', '1M')
        for wanted in ('"seen" -> "renamed" (lun.rename by ',
                       'size=1 MiB -> 2 MiB (lun.extend by '):
            for line in watch.stdout:
                if '~ lun ' in line:
                    break
            check(wanted in line, line)
        watch.terminate()


def test_watch_is_silent_on_free_space(a):
    def free():
        return a.json('pool', 'list')[0]['live']['free_bytes']

    with watching(a) as watch:
        equal(watch.stdout.readline(), 'watching; interrupt to end\n')
        before, deadline = free(), time.monotonic() + DEADLINE_S
        (a.top / 'ballast').write_bytes(bytes(64 << 20))
        while free() == before:
            check(time.monotonic() < deadline, 'the free space stays as it was')
        a.run('lun', 'create', 'marker', '--size', '1M')
        lines = []
        for line in watch.stdout:
            lines.append(line)
            if '+ lun ' in line:
                break
        watch.terminate()
    (a.top / 'ballast').unlink()
    check('marker' in lines[-1]
          and not any('live_pool' in line or 'reloaded' in line for line in lines), lines)
    a.run('lun', 'delete', 'marker')


class HeldStream(socketserver.ThreadingUnixStreamServer):
    """Passes connections on to vdsd; the event stream only from go.set() on, as on a slow machine."""
    daemon_threads = True

    class Way(socketserver.BaseRequestHandler):
        def handle(self):
            with socket.socket(socket.AF_UNIX) as vdsd:
                vdsd.connect(self.server.vdsd)
                ways = {self.request: vdsd, vdsd: self.request}
                while True:
                    for source in select.select([*ways], [], [])[0]:
                        data = source.recv(65536)
                        if data.startswith(b'GET /v1/events'):
                            self.server.go.wait(DEADLINE_S)
                        if not data:
                            return
                        ways[source].sendall(data)

    def __init__(self, a):
        self.vdsd, self.go = str(a.top / 's'), threading.Event()
        super().__init__(str(a.top / 'held'), self.Way)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *why):
        self.go.set()
        self.shutdown()
        self.server_close()


def test_watch_shows_live_changes_before_its_stream_began(a):
    a.run('lun', 'create', 'shines', '--size', '1M')
    with HeldStream(a) as held, watching(a, '--url', f'unix:{held.server_address}') as watch:
        equal(watch.stdout.readline(), 'watching; interrupt to end\n')
        a.run('lun', 'maintain', 'shines', 'blink', 'start')
        held.go.set()
        for line in watch.stdout:
            check('reloaded' not in line, line)
            if ' live_' in line and 'blink' in line:
                break
        else:
            check(False, 'watch has ended')
    a.run('lun', 'maintain', 'shines', 'blink', 'stop')
    a.run('lun', 'delete', 'shines')


def test_watch_speaks_json(a):
    with watching(a, '-o', 'json') as watch:
        # it may need a moment to listen: changes until one is seen
        changes = 0
        while not select.select([watch.stdout], [], [], 0.1)[0]:
            changes += 1
            check(changes < 300, 'nothing is seen')
            a.run('array', 'rename', f'bread {changes}')
        json.loads(watch.stdout.readline())
        watch.terminate()


def test_tokens(a):
    said = a.run('token', 'create', 'ci', '--role', 'reader', '--expires', '30d')
    check(re.fullmatch(r'vds_[A-Za-z0-9_-]{43}\n', said), 'no token')
    path = a.top / 'token'
    path.write_text(said, encoding='ascii')
    a.env['VDS_TOKEN_FILE'] = str(path)
    path.chmod(0o604)
    check('chmod 600' in a.run('lun', 'list', code=1), 'others may read the file')
    path.chmod(0o600)
    a.run('lun', 'list')
    check('needs the role operator, but token ci' in
          a.run('lun', 'create', 'denied', '-s', '1M', code=1), 'the role is too low')
    del a.env['VDS_TOKEN_FILE']
    token, = a.json('token', 'list')
    equal((token['name'], token['role'], 'token' in token), ('ci', 'reader', False))
    check(token['expires_ms'] - token['created_ms'] in range(2591990000, 2592000001), token)
    check(token['used_ms'] > 0, token)
    check('ci' in a.run('token', 'list') and said.strip() not in a.run('token', 'list'), 'list')
    check('NAME_IN_USE' in a.run('token', 'create', 'ci', '--role', 'admin', '-o', 'json', code=6),
          'a second one')
    for words in (['--role', 'king'], [], ['--role', 'admin', '--expires', '30'],
                  ['--role', 'admin', '--expires', '0d'], ['--role', 'admin', '--expires', 'd']):
        a.run('token', 'create', 'x', *words, code=2)
    a.run('token', 'create', 'two words', '--role', 'reader', code=2)
    a.run('token', 'revoke', 'nobody', code=3)
    a.run('token', 'revoke', 'ci')
    a.env['VDS_TOKEN_FILE'] = str(path)
    check('unknown or was revoked' in a.run('lun', 'list', code=1), 'a revoked token')
    path.write_text('\n', encoding='ascii')
    check('holds no token' in a.run('lun', 'list', code=2), 'an empty file')
    a.env['VDS_TOKEN_FILE'] = str(a.top / 'nothing')
    check('nothing: No such file' in a.run('lun', 'list', code=3), 'no file')
    del a.env['VDS_TOKEN_FILE']
    check(said.strip() not in a.log_text(), 'the token is in the log')
    check(said.strip().encode() not in (a.top / 'a/catalog.db').read_bytes() +
          (a.top / 'a/catalog.db-wal').read_bytes(), 'the token is in the catalog')


def test_audit(a):
    a.run('target', 'create', 'watched')
    a.run('target', 'alias', 'watched', 'seen')
    a.run('lun', 'create', 'watched', '-s', '1E', code=2)
    a.run('target', 'delete', '00000000-0000-4000-8000-000000000009', code=3)
    newest = a.json('audit', '--limit', '1')[0]
    check(newest['verb'] == 'targetCreate' or newest['verb'] == 'targetChange' or
          newest['outcome'] != 'OK', newest)
    record, = a.json('audit', '--object', 'watched', '--limit', '1')
    equal((record['cause'], record['outcome'], record['principal']['uid']),
          ('target.alias', 'OK', os.getuid()))
    equal((record['changes'][0]['before'], record['changes'][0]['after']),
          ({'alias': 'watched'}, {'alias': 'seen'}))
    table = a.run('audit', '--since', '1h')
    check('renamed to "seen"' in table and 'token ci' in table and 'ACCESS' in table, table)
    equal(a.json('audit', '--who', 'nobody-like-that'), [])
    check(all(r['principal']['name'] == 'ci' for r in a.json('audit', '--who', 'ci')), 'who')
    for words in (['--since', '5'], ['--limit', '0'], ['--limit', 'x']):
        a.run('audit', *words, code=2)
    a.run('target', 'delete', 'seen')


def test_rates_and_health(a):
    # The end-to-end tests are in tests/system/test_monitor.py.
    equal(a.json('lun', 'stats', 'second')['luns'][0]['read']['commands_per_second'], 0)
    a.run('host', 'create', 'watched')
    equal(a.json('host', 'stats', 'watched')['hosts'][0]['name'], 'watched')
    a.run('host', 'delete', 'watched')
    check('LUNs in use: ' in a.run('top', '--count', '1'), 'top')
    a.run('top', '--count', '0', code=2)
    a.run('trace', '--limit', '0', code=2)      # tests/system/test_trace.py has the rest
    check(a.run('health', 'now', code=3), 'what is wrong with the command')

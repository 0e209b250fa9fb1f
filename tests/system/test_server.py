#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The HTTP server of the programs that offer an array under another manager's API (vds._server):
what it does with requests of every kind, before a program decides anything.
"""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

import vdstest
from vdstest import DEADLINE_S, check, equal

PACKAGES = pathlib.Path(os.environ['MESON_BUILD']) / 'src' / 'python'
sys.path.insert(0, str(PACKAGES))
from vds import _server  # noqa: E402  the package that this build made


class Echo:
    """Answers with what it was asked."""

    def answer(self, request):
        if request.path == '/broken':
            raise ValueError('on purpose')
        said = [request.method, request.path, request.query, request.body.decode(), request.client,
                request.secure]
        return _server.Answer(200, {'Content-Type': 'application/json'}, json.dumps(said).encode())

    def refusal(self, status, why):
        return _server.Answer(status, {}, why.encode())


@contextlib.contextmanager
def served(tls=None, address='127.0.0.1'):
    server = _server.Server('test', address, 0, Echo(), tls)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def raw(port, data):
    """What the server says to these bytes until it closes the connection."""
    with socket.create_connection(('127.0.0.1', port), timeout=DEADLINE_S) as sock:
        sock.sendall(data)
        said = b''
        while part := sock.recv(65536):
            said += part
    return said


def certificate(top):
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
         '-nodes', '-keyout', top / 'key.pem', '-out', top / 'cert.pem', '-days', '2', '-subj',
         '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
        check=True, capture_output=True)


def requests_are_answered_on_one_connection():
    with served() as port:
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=DEADLINE_S)
        for method, path, body in (('GET', '/a?b=c', ''), ('POST', '/x%20y', 'text'),
                                   ('PATCH', '/', ''), ('MKCOL', '/z', '')):
            connection.request(method, path, body or None)
            answer = connection.getresponse()
            place, _, query = path.partition('?')
            equal(json.loads(answer.read()), [method, place, query, body, '127.0.0.1', False],
                  'what arrived')
            equal(answer.headers['Server'], 'test', 'the name of the server')
        sock = connection.sock
        connection.request('HEAD', '/a')
        answer = connection.getresponse()
        check(int(answer.headers['Content-Length']) > 0 and answer.read() == b'', 'HEAD has a body')
        connection.request('GET', '/broken')
        answer = connection.getresponse()
        equal((answer.status, b'purpose' in answer.read()), (500, False), 'a failure')
        connection.request('GET', '/a')
        equal(connection.getresponse().status, 200, 'after the failure')
        check(connection.sock is sock, 'the connection was closed')
        connection.close()


def what_is_no_request_is_refused():
    with served() as port:
        for data, status in (
                (b'\0\1\2\3 / HTTP/1.1 more\r\n\r\n', 400), (b'GET / HTTP/3.0\r\n\r\n', 505),
                (b'GET /' + b'a' * 70000 + b' HTTP/1.1\r\n\r\n', 414),
                (b'GET / HTTP/1.1\r\n' + b'A: b\r\n' * 200 + b'\r\n', 431),
                (b'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n', 400),
                (b'POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n', 413),
                (b'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 411)):
            said = raw(port, data)
            check(said.startswith(b'HTTP/1.1 %d ' % status), f'{data[:40]!r}: {said[:80]!r}')
        equal(json.loads(raw(port, b'GET /still HTTP/1.0\r\n\r\n').partition(b'\r\n\r\n')[2])[1],
              '/still', 'the next one')


def tls_waits_for_nobody():
    with tempfile.TemporaryDirectory(prefix='vdsserver.') as name:
        top = pathlib.Path(name)
        certificate(top)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(top / 'cert.pem', top / 'key.pem')
        # The first connection says nothing, and the second speaks no TLS.
        with served(context) as port, \
                socket.create_connection(('127.0.0.1', port), timeout=DEADLINE_S):
            with contextlib.suppress(ConnectionError):
                raw(port, b'GET / HTTP/1.1\r\n\r\n')
            trusted = ssl.create_default_context(cafile=str(top / 'cert.pem'))
            connection = http.client.HTTPSConnection('127.0.0.1', port, context=trusted,
                                                     timeout=DEADLINE_S)
            connection.request('GET', '/')
            equal(json.loads(connection.getresponse().read())[5], True, 'secure')
            connection.close()


PROGRAM = '''
import argparse, sys
from vds import _server
class Application:
    def answer(self, request): return _server.Answer(200)
    def refusal(self, status, why): return _server.Answer(status)
parser = argparse.ArgumentParser()
_server.add_options(parser, 0)
sys.exit(_server.run('program', parser.parse_args(), lambda clients: Application()))
'''


def start(*words):
    return subprocess.Popen([sys.executable, '-c', PROGRAM, '--url', 'unix:/nowhere', *words],
                            stderr=subprocess.PIPE, text=True,
                            env={**os.environ, 'PYTHONPATH': str(PACKAGES)})


def a_program_starts_and_ends():
    with tempfile.TemporaryDirectory(prefix='vdsserver.') as name:
        ready = pathlib.Path(name) / 'ready'
        process = start('--listen', '127.0.0.1:0', '--ready-file', str(ready))
        try:
            vdstest.eventually('the program listens', ready.exists)
            port = json.loads(ready.read_text())['port']
            check(raw(port, b'GET / HTTP/1.0\r\n\r\n').startswith(b'HTTP/1.1 200'), 'its answer')
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=DEADLINE_S)
            equal((process.returncode, said), (0, ''), 'how it ended')
        finally:
            process.kill()
            process.communicate()


def wrong_options_are_refused():
    for words, why in ((['--listen', '192.0.2.1:80'], 'in the clear'),
                       (['--listen', 'localhost:80'], 'numeric address'),
                       (['--listen', '127.0.0.1:99999'], 'numeric address'),
                       (['--listen', '127.0.0.1:0', '--tls-cert', '/nowhere'], '/nowhere'),
                       (['--listen', '127.0.0.1:0', '--tls-key', '/nowhere'], '--tls-cert'),
                       (['--listen', '127.0.0.1:0', '--ready-file', '/nowhere/x'], '/nowhere/x'),
                       (['--context', 'x'], 'not both')):
        process = start(*words)
        _, said = process.communicate(timeout=DEADLINE_S)
        equal((process.returncode, why in said), (2, True), f'{words}: {said!r}')


if __name__ == '__main__':
    vdstest.requires('openssl')
    vdstest.main([requests_are_answered_on_one_connection, what_is_no_request_is_refused,
                  tls_waits_for_nobody, a_program_starts_and_ends, wrong_options_are_refused])

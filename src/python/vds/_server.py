# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small HTTP server, for the programs that offer an array under the API of another manager.

It reads requests, calls an application, and writes its answers: over TLS, or in the clear on
loopback.  What is shared besides: the options of such a program, and a client of the array for each
token that its users show.
"""
from __future__ import annotations

import argparse
import collections
import dataclasses
import email.message
import http.server
import ipaddress
import json
import os
import pathlib
import signal
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from ._transport import Access
from .client import Client, connect
from .errors import ConfigurationError

BODY_MAX_BYTES = 1 << 20
_CONNECTIONS_MAX = 128
_IDLE_S, _HANDSHAKE_S = 60.0, 10.0
_CLIENTS_MAX = 64


@dataclasses.dataclass(frozen=True)
class Request:
    """path: as it was sent, without the query.  query: without its question mark.
    client: the numeric address of who asks.
    """

    method: str
    path: str
    query: str
    headers: email.message.Message
    body: bytes
    client: str
    secure: bool


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b''


class Application(Protocol):
    """What answers.  Any thread may call it, several at once."""

    def answer(self, request: Request) -> Answer:
        """The answer to a request; that to HEAD is sent without its body."""

    def refusal(self, status: int, why: str) -> Answer:
        """The answer to a request that cannot be read, or that failed within answer()."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    default_request_version = 'HTTP/1.0'     # of a line that cannot be read
    timeout = _IDLE_S
    server: Server
    # The header and the body leave together, and small packets at once.
    wbufsize = -1
    disable_nagle_algorithm = True

    def version_string(self) -> str:
        return self.server.name

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: what is worth a line is written where it is known."""

    def __getattr__(self, name: str) -> Any:
        # The base class looks for do_GET, do_POST, ...: the application decides about each method.
        if name.startswith('do_'):
            return self._serve
        raise AttributeError(name)

    def send_error(self, code: int, message: str | None = None,
                   explain: str | None = None) -> None:
        self.close_connection = True
        self._send(self.server.application.refusal(code, message or 'the request cannot be read'))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header('Content-Length', str(len(answer.body)))
        if self.close_connection:
            self.send_header('Connection', 'close')
        self.end_headers()
        if getattr(self, 'command', None) != 'HEAD' and answer.status not in (204, 304):
            self.wfile.write(answer.body)

    def _body(self) -> bytes | None:
        """The body of the request; None when the request was refused for it."""
        if 'Transfer-Encoding' in self.headers:
            self.send_error(411, 'send the length of the body in Content-Length')
            return None
        text = self.headers.get('Content-Length', '0').strip()
        if not (text.isascii() and text.isdecimal()):
            self.send_error(400, f'the Content-Length {text!r} is no number')
            return None
        if int(text) > BODY_MAX_BYTES:
            self.send_error(413, f'the body is longer than {BODY_MAX_BYTES} bytes')
            return None
        data = self.rfile.read(int(text))
        if len(data) != int(text):
            self.close_connection = True
            return None
        return data

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        path, _, query = self.path.partition('?')
        request = Request(self.command, path, query, self.headers, body,
                          str(self.client_address[0]), self.server.tls is not None)
        try:
            answer = self.server.application.answer(request)
        except Exception as error:     # the connection and the other requests go on
            print(f'{self.server.name}: {self.command} {path!r} failed: '
                  f'{type(error).__name__}: {error}', file=sys.stderr, flush=True)
            answer = self.server.application.refusal(500, 'the program failed; its log has more')
        self._send(answer)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Listens when it is made; serve_forever() serves until shutdown().

    name: that of the program.  address, port: numeric; port 0 takes a free one.
    tls: None serves in the clear.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, name: str, address: str, port: int, application: Application,
                 tls: ssl.SSLContext | None = None) -> None:
        self.name, self.application, self.tls = name, application, tls
        self._free = threading.BoundedSemaphore(_CONNECTIONS_MAX)
        self.address_family = socket.AF_INET6 if ':' in address else socket.AF_INET
        super().__init__((address, port), _Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)       # asks no name server
        self.server_name, self.server_port = self.server_address[:2]    # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(_HANDSHAKE_S)
        with self.tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):     # who connected went away, or speaks no TLS
            print(f'{self.name}: {client_address[0]}: {type(error).__name__}: {error}',
                  file=sys.stderr, flush=True)


class Clients:
    """A client of the array for each token that users show; the last ones are kept connected."""

    def __init__(self, access: Access, timeout: float = 60.0) -> None:
        self._access, self._timeout = access, timeout
        self._lock = threading.Lock()
        self._clients: collections.OrderedDict[str, Client] = collections.OrderedDict()

    def of(self, token: str) -> Client:
        """The client that asks with this token; the array says whether the token is right."""
        with self._lock:
            client = self._clients.pop(token, None)
            if client is None:
                client = Client(dataclasses.replace(self._access, token=token, token_file=None),
                                timeout=self._timeout)
            self._clients[token] = client
            many = len(self._clients) > _CLIENTS_MAX
            old = self._clients.popitem(last=False)[1] if many else None
        if old is not None:
            old.close()
        return client

    def forget(self, token: str) -> None:
        with self._lock:
            client = self._clients.pop(token, None)
        if client is not None:
            client.close()


def add_options(parser: argparse.ArgumentParser, default_port: int) -> None:
    """The options that such programs share."""
    parser.add_argument('--listen', metavar='ADDRESS:PORT', default=f'127.0.0.1:{default_port}',
                        help='where to listen; another address than loopback needs --tls-cert '
                             '(default: %(default)s)')
    parser.add_argument('--tls-cert', metavar='FILE', help='serve HTTPS with this certificate (PEM)')
    parser.add_argument('--tls-key', metavar='FILE',
                        help='the key of the certificate (default: in the same file)')
    parser.add_argument('--ready-file', metavar='FILE',
                        help='write address and port into this file when it listens')
    parser.add_argument('--url', help='the array: unix:/path, https://host:port or '
                                      'http://127.0.0.1:port (default: as for vdsctl)')
    parser.add_argument('--context', help='the array, by the name of a context of vdsctl')
    parser.add_argument('--ca', metavar='FILE', help='who signed the certificate of the array')
    parser.add_argument('--fingerprint', help='the SHA-256 fingerprint of the certificate of the '
                                              'array')


def _place(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(':')
    address = address.removeprefix('[').removesuffix(']')
    try:
        ipaddress.ip_address(address)
        if not port.isdecimal() or int(port) > 65535:
            raise ValueError
    except ValueError:
        raise ConfigurationError(f'--listen {text}: write ADDRESS:PORT with a numeric address, '
                                 'an IPv6 address in brackets') from None
    return address, int(port)


def _tls(options: argparse.Namespace) -> ssl.SSLContext | None:
    if options.tls_cert is None:
        if options.tls_key is not None:
            raise ConfigurationError('--tls-key needs --tls-cert')
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(options.tls_cert, options.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f'the certificate in {options.tls_cert} cannot be used: '
                                 f'{error.strerror or error}') from error
    return context


def _write_ready(path: str, server: Server) -> None:
    whole, part = pathlib.Path(path), pathlib.Path(f'{path}.part')
    part.write_text(json.dumps({'address': server.server_address[0], 'port': server.server_port})
                    + '\n', encoding='utf-8')
    os.replace(part, whole)


def _start(name: str, options: argparse.Namespace,
           make: Callable[[Clients], Application]) -> Server:
    address, port = _place(options.listen)
    tls = _tls(options)
    if tls is None and not ipaddress.ip_address(address).is_loopback:
        raise ConfigurationError(f'--listen {options.listen}: tokens would be sent in the clear; '
                                 'give a certificate (--tls-cert), or listen on 127.0.0.1')
    array = connect(options.url, context=options.context, ca=options.ca,
                    fingerprint=options.fingerprint)
    try:
        server = Server(name, address, port, make(Clients(array.access)), tls)
    except OSError as error:
        raise ConfigurationError(f'cannot listen on {options.listen}: {error.strerror}') from error
    if options.ready_file is not None:
        try:
            _write_ready(options.ready_file, server)
        except OSError as error:
            server.server_close()
            raise ConfigurationError(f'cannot write {options.ready_file}: '
                                     f'{error.strerror}') from error
    return server


def run(name: str, options: argparse.Namespace, make: Callable[[Clients], Application]) -> int:
    """Serves what make() returns until SIGTERM or SIGINT.  Returns the exit status."""
    # Before the thread that serves: it must not be the one that a signal interrupts.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    try:
        server = _start(name, options, make)
    except ConfigurationError as error:
        print(f'{name}: {error}', file=sys.stderr)
        return 2
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    signal.sigwait((signal.SIGTERM, signal.SIGINT))
    server.shutdown()
    thread.join()
    server.server_close()
    return 0

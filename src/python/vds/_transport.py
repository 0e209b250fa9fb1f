# SPDX-License-Identifier: LGPL-2.1-or-later
"""One connection to an array: HTTP over a unix socket, loopback TCP or TLS."""
from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import ssl
import threading
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from .errors import ApiError, ConfigurationError, ConnectionFailed

T = TypeVar('T')
DEFAULT_URL = 'unix:/run/vdsd/vdsd.sock'


def quote(part: str) -> str:
    """A text as one part of a path."""
    return urllib.parse.quote(part, safe='')


@dataclasses.dataclass(frozen=True)
class Access:
    """Where an array is, whom to trust there, and how to prove who asks.

    url: unix:/path, http://127.0.0.1:port or https://host:port; or several, of the gateways of one
    array, with commas between them: when one fails, the next one is asked.
    token_file: the name of a file with a token, which only its owner may read.  token: the token
    itself, for a program that has it from elsewhere; it counts instead of the file.
    ca: the name of a file (PEM) with the certificates of those who are trusted; the system's when
    None.  fingerprints: trust exactly the certificates with these SHA-256 fingerprints (hexadecimal
    digits; colons may stand between them), whatever else they say.  cert, key: the names of files
    (PEM) with the certificate and key of the client.
    """

    url: str = DEFAULT_URL
    token_file: str | None = None
    ca: str | None = None
    fingerprints: tuple[str, ...] = ()
    cert: str | None = None
    key: str | None = None
    token: str | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True)
class _Place:
    """Where one vdsd is."""

    scheme: str
    host: str
    port: int | None
    path: str


def _place(url: str) -> _Place:
    parts = urllib.parse.urlsplit(url)
    try:
        host, port = parts.hostname or '', parts.port
    except ValueError as error:
        raise ConfigurationError(f'the URL {url!r} has no valid port') from error
    path = url.removeprefix('unix:')
    good = (path.startswith('/') if parts.scheme == 'unix' else
            parts.scheme in ('http', 'https') and host and parts.path in ('', '/')
            and not parts.query and not parts.fragment
            and not set('@,') & set(parts.netloc))
    if not good:
        raise ConfigurationError(
            f'{url!r} is not the URL of an array: write unix:/path, '
            'https://host:port or http://127.0.0.1:port')
    return _Place(parts.scheme, host, port, path)


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__('localhost', timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(self.path)
        except BaseException:
            self.sock.close()
            raise


class _Tls(http.client.HTTPSConnection):
    def __init__(self, host: str, port: int, context: ssl.SSLContext, timeout: float,
                 fingerprints: frozenset[bytes]) -> None:
        super().__init__(host, port, context=context, timeout=timeout)
        self.fingerprints = fingerprints

    def connect(self) -> None:
        super().connect()
        if not self.fingerprints:
            return
        found = hashlib.sha256(self.sock.getpeercert(True) or b'').digest()
        if not any(hmac.compare_digest(found, wanted) for wanted in self.fingerprints):
            self.close()
            raise ssl.SSLCertVerificationError(
                f'its certificate has the fingerprint {found.hex(":").upper()}, which is not '
                'the expected one')


def _fingerprint(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.replace(':', ''))
    except ValueError:
        found = b''
    if len(found) != 32:
        raise ConfigurationError(f'{text!r} is no SHA-256 fingerprint: it needs 64 hexadecimal '
                                 'digits, with or without colons')
    return found


def _tls_context(access: Access) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=access.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if access.fingerprints:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if access.cert is not None:
            context.load_cert_chain(access.cert, access.key)
    except (OSError, ssl.SSLError) as error:
        names = ', '.join(name for name in (access.ca, access.cert, access.key) if name)
        raise ConfigurationError(f'the certificates in {names} cannot be used: {error}') from error
    return context


def read_token(path: str, what: str = 'token file') -> str:
    """The token, or another secret, in a file.  Raises ConfigurationError, also when others may
    read the file."""
    try:
        with open(path, encoding='ascii') as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(4096).strip()
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f'the {what} {path} cannot be read: '
                                 f'{getattr(error, "strerror", None) or error}') from error
    if mode & 0o027:
        raise ConfigurationError(f'others may read or change the {what} {path}: chmod 600 it')
    if not text or not text.isprintable() or ' ' in text:
        raise ConfigurationError(f'the {what} {path} has no token in it')
    return text


def _checked_token(token: str) -> str:
    if not token.isascii() or not token.isprintable() or not token or ' ' in token:
        raise ConfigurationError('the token is empty or has blanks or special characters in it')
    return token


def _error_of(status: int, data: bytes) -> ApiError:
    try:
        error = json.loads(data)['error']
        return ApiError(str(error['code']), str(error['message']), status)
    except (ValueError, KeyError, TypeError):
        return ApiError('PROTOCOL', f'the array answered {status}, and not as vdsd does', status)


class Transport:
    """What the methods of a client are made of; Client is the class for programs.

    Any thread may use one object: a lock lets one request at a time use its connection.
    timeout: the seconds that connecting, and waiting for each part of an answer, may take.
    """

    def __init__(self, access: Access | None = None, *, timeout: float = 60.0) -> None:
        self.access = access or Access()
        self.timeout = timeout
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        self._fingerprints = frozenset(map(_fingerprint, self.access.fingerprints))
        # the path of a socket may have commas: only one before another URL ends it
        self._places = [_place(url) for url in re.split(',(?=unix:|https?:)', self.access.url)]
        self._current = 0
        self._context = (_tls_context(self.access)
                         if any(place.scheme == 'https' for place in self._places) else None)

    def close(self) -> None:
        """Ends the connection.  The next request makes a new one."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self, timeout: float | None = None) -> http.client.HTTPConnection:
        wait = self.timeout if timeout is None else timeout
        place = self._places[self._current]
        if place.scheme == 'unix':
            return _Unix(place.path, wait)
        if place.scheme == 'https' and self._context is not None:
            return _Tls(place.host, place.port or 443, self._context, wait, self._fingerprints)
        return http.client.HTTPConnection(place.host, place.port or 80, timeout=wait)

    def _next(self) -> None:
        """The next request goes to the next gateway."""
        self._current = (self._current + 1) % len(self._places)

    def _headers(self) -> dict[str, str]:
        if self.access.token is not None:
            return {'Authorization': f'Bearer {_checked_token(self.access.token)}'}
        if self.access.token_file is None:
            return {}
        return {'Authorization': f'Bearer {read_token(self.access.token_file)}'}

    def _failed(self, error: BaseException, request_id: str | None) -> ConnectionFailed:
        if isinstance(error, ssl.SSLCertVerificationError):
            why = f'the array at {self.access.url} is not to be trusted: {error}'
        else:
            said = str(error) or type(error).__name__
            why = f'the array at {self.access.url} cannot be reached: {said}'
        return ConnectionFailed(why, request_id)

    def _send(self, method: str, target: str, body: bytes | None,
              headers: Mapping[str, str]) -> tuple[int, bytes]:
        """One request and its answer.  The caller holds the lock."""
        if self._connection is None:
            self._connection = self._open()
        try:
            self._connection.request(method, target, body, dict(headers))
            answer = self._connection.getresponse()
            data = answer.read()
            if answer.will_close:
                self._drop()
            return answer.status, data
        except BaseException:
            self._drop()
            raise

    def _exchange(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str],
                  request_id: str | None) -> bytes:
        with self._lock:
            # vdsd closes a connection that nobody uses; then the first request on it is lost.  A
            # change has its id, so it is not made twice, also when another gateway is asked.
            again, others = self._connection is not None, len(self._places) - 1
            while True:
                try:
                    status, data = self._send(method, target, body, headers)
                    if (status != 503 or others == 0 or
                            _error_of(status, data).code not in ('CLOSED', 'UNREACHABLE')):
                        break
                    self._drop()    # it stops, or has no lease
                    self._next()
                    others -= 1
                except (OSError, http.client.HTTPException) as error:
                    if again and not isinstance(error, TimeoutError):
                        again = False
                        continue
                    self._next()
                    if others == 0:
                        raise self._failed(error, request_id) from error
                    others -= 1
        if status >= 400:
            raise _error_of(status, data)
        return data

    def _ask(self, method: str, path: str, query: Mapping[str, Any] | None,
             body: Mapping[str, Any] | None, changes: bool, request_id: str | None) -> bytes:
        headers, data = self._headers(), None
        if body is not None:
            given = {key: value for key, value in body.items() if value is not None}
            data = json.dumps(given).encode()
            headers['Content-Type'] = 'application/json'
        if changes:
            request_id = request_id or str(uuid.uuid4())
            headers['X-Request-Id'] = request_id
        return self._exchange(method, path + self._query(query), data, headers, request_id)

    @staticmethod
    def _query(query: Mapping[str, Any] | None) -> str:
        given = {key: int(value) if isinstance(value, bool) else value
                 for key, value in (query or {}).items() if value is not None}
        return '?' + urllib.parse.urlencode(given) if given else ''

    def _call(self, method: str, path: str, *, query: Mapping[str, Any] | None = None,
              body: Mapping[str, Any] | None = None, changes: bool = False,
              request_id: str | None = None) -> Any:
        data = self._ask(method, path, query, body, changes, request_id)
        try:
            return json.loads(data)
        except ValueError as error:
            raise ConnectionFailed(f'the array at {self.access.url} answered {method} {path} with '
                                   f'something that is no JSON: {error}', request_id) from error

    def _text(self, method: str, path: str, *, query: Mapping[str, Any] | None = None) -> str:
        return self._ask(method, path, query, None, False, None).decode()

    @staticmethod
    def _pages(page: Callable[[Any], Any]) -> Iterator[Any]:
        at = None
        while True:
            got = page(at)
            yield from got['items']
            at = got['next']
            if at is None:
                return

    @contextlib.contextmanager
    def _stream(self, path: str, query: Mapping[str, Any] | None,
                timeout: float) -> Iterator[http.client.HTTPResponse]:
        """An answer that is read as it comes, over a connection of its own."""
        connection = self._open(timeout)
        try:
            try:
                connection.request('GET', path + self._query(query), headers=self._headers())
                answer = connection.getresponse()
                data = answer.read() if answer.status >= 400 else b''
            except (OSError, http.client.HTTPException) as error:
                self._next()
                raise self._failed(error, None) from error
            if answer.status >= 400:
                raise _error_of(answer.status, data)
            try:
                yield answer
            except (OSError, http.client.HTTPException) as error:
                self._next()
                raise self._failed(error, None) from error
        finally:
            connection.close()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who asks, one request, its answer.

Changes are made one after the other, so that no two requests see each other half done.
"""
from __future__ import annotations

import base64
import binascii
import dataclasses
import hmac
import json
import sys
import threading
import traceback
import urllib.parse
from typing import Any

import vds
from vds._server import Answer, Clients, Request

from . import routes
from .context import Call, Config
from .errors import Refused, failed, translated
from .store import Store


@dataclasses.dataclass(frozen=True)
class Access:
    """How the array is reached.

    clients: with the tokens that are sent.  own: with the rights of this program.  key: who sends
    this has the program's rights; None: nobody has.
    """

    clients: Clients
    own: vds.Client
    key: str | None = None

    def client(self, secret: str, user: str | None) -> vds.Client:
        """The client for who sends this secret."""
        if self.key is not None and hmac.compare_digest(secret, self.key):
            return self.own
        client = self.clients.of(secret)
        if user and user != client.principal_get().get('name', ''):
            raise _unauthorized(f'the user {user!r} is not the name of the token')
        return client


def _unauthorized(why: str) -> Refused:
    return failed(f'{why}: send an API key ("Authorization: Bearer") or a user and a password; it '
                  'is the key of vds-truenas or a token of vdsd', status=401)


def _secret(header: str | None) -> tuple[str, str | None]:
    """What proves who asks, and the name of the user that was sent with it."""
    scheme, _, value = (header or '').strip().partition(' ')
    value, user = value.strip(), None
    if scheme.lower() == 'basic':
        try:
            user, _, value = base64.b64decode(value, validate=True).decode().partition(':')
        except (binascii.Error, UnicodeError) as error:
            raise _unauthorized('the header Authorization cannot be read') from error
    elif scheme.lower() != 'bearer':
        raise _unauthorized('nothing says who asks')
    if not value or not value.isascii() or not value.isprintable() or ' ' in value:
        raise _unauthorized('the API key or password is empty or has blanks in it')
    return value, user


def _body(request: Request) -> Any:
    """The JSON of the body; None when there is none."""
    if not request.body:
        return None
    if request.headers.get_content_type() != 'application/json':
        raise failed('the body must be application/json', status=415)
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise failed(f'the body is no JSON: {error}', status=400) from error


def _answer(status: int, value: Any) -> Answer:
    headers = {'Content-Type': 'application/json'}
    if status == 401:
        headers['WWW-Authenticate'] = 'Bearer realm="vds-truenas"'
    return Answer(status, headers, json.dumps(value).encode())


class Application:
    """Answers the requests (vds._server.Application)."""

    def __init__(self, access: Access, store: Store, config: Config) -> None:
        self._access, self._store, self._config = access, store, config
        self._changes = threading.Lock()

    def refusal(self, status: int, why: str) -> Answer:
        return _answer(status, {'message': why, 'errno': 22})

    def answer(self, request: Request) -> Answer:
        try:
            return _answer(200, self._handled(request))
        except Refused as refused:
            if refused.status in (401, 503):
                print(f'vds-truenas: {request.client}: {request.method} {request.path!r}: '
                      f'{refused.body["message"]}', file=sys.stderr, flush=True)
            return _answer(refused.status, refused.body)
        except Exception:
            traceback.print_exc()
            raise

    def _check_array(self, client: vds.Client) -> None:
        """Refuses another array than that which the file is about; the array refuses a token."""
        array_id, store = client.array_get()['id'], self._store
        if store.array() is None:
            store.set_array(array_id)
        if store.array() != array_id:
            raise failed(f'the file {store.path} of vds-truenas belongs to the array '
                         f'{store.array()}, and this is {array_id}: give each array a file of its '
                         'own (--state)', status=503)

    def _handled(self, request: Request) -> Any:
        secret, user = _secret(request.headers.get('Authorization'))
        with translated('Failed to ask the array'):
            client = self._access.client(secret, user)
            self._check_array(client)
        found = routes.find(request.method, request.path)
        given = urllib.parse.parse_qsl(request.query, keep_blank_values=True)
        call = Call(client, self._store, self._config, found.names, dict(given), _body(request))
        with translated(f'Failed to answer {request.method} {request.path}'):
            if request.method == 'GET':
                return found.handler(call)
            with self._changes:
                return found.handler(call)

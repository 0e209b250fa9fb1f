# SPDX-License-Identifier: LGPL-2.1-or-later
"""Requests of Redfish and their answers: who may ask, methods, headers, errors (DSP0266)."""
from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import json
import re
import urllib.parse
from typing import Any

import vds
from vds._server import Answer, Clients, Request

from . import accounts, query, schema
from .errors import Refusal, bad_query, not_found, of_array, translated, unauthorized
from .model import Model, collection, root
from .schema import METADATA, ROOT
from .sessions import SESSIONS_MAX, Session, Sessions
from .values import SESSIONS, Resource

_READ = 'GET, HEAD'
_PUBLIC = ('/redfish', ROOT, f'{ROOT}/odata', METADATA)
_SESSION = re.compile(f'{SESSIONS}/([0-9a-f]+)')
_JSON, _XML = 'application/json', 'application/xml'


@dataclasses.dataclass(frozen=True)
class Asker:
    """Who asks.  session: the session by which; None with basic authentication."""

    client: vds.Client
    user: str
    role: str
    session: Session | None


def _is_accepted(accept: str | None, media: str) -> bool:
    """Whether the header Accept lets the media type be sent."""
    if accept is None or not accept.strip():
        return True
    for part in accept.split(','):
        words = [word.strip() for word in part.lower().split(';')]
        refused = any(re.fullmatch(r'q=0(\.0*)?', word) for word in words[1:])
        if words[0] in ('*/*', media, f'{media.partition("/")[0]}/*') and not refused:
            return True
    return False


def _matches(header: str | None, etag: str) -> bool:
    """Whether If-None-Match names this tag."""
    if header is None:
        return False
    tags = [tag.strip().removeprefix('W/') for tag in header.split(',')]
    return '*' in tags or etag.removeprefix('W/') in tags


def _etag(value: Resource) -> str:
    text = json.dumps(value, sort_keys=True).encode()
    return f'W/"{hashlib.sha256(text).hexdigest()[:32]}"'


def _basic(header: str) -> tuple[str, str]:
    scheme, _, coded = header.partition(' ')
    if scheme.lower() != 'basic':
        raise unauthorized('the header Authorization is not of the scheme Basic')
    try:
        text = base64.b64decode(coded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise unauthorized('the header Authorization cannot be read') from None
    user, colon, secret = text.partition(':')
    if not colon:
        raise unauthorized('the header Authorization has no password')
    return user, secret


class Application:
    """clients: of the array.  Any thread may call it."""

    def __init__(self, clients: Clients) -> None:
        self._clients, self._model, self._sessions = clients, Model(), Sessions()

    def answer(self, request: Request) -> Answer:
        path = urllib.parse.unquote(request.path).rstrip('/') or '/'
        try:
            with translated(path):
                return self._answer(request, path)
        except Refusal as refusal:
            return self._refused(refusal)

    def refusal(self, status: int, why: str) -> Answer:
        key = 'InternalError' if status >= 500 else 'UnrecognizedRequestBody'
        return self._refused(Refusal(status, key, why, resolution='Correct the request.'))

    # Answers

    def _refused(self, refusal: Refusal) -> Answer:
        return Answer(refusal.status, {**self._headers(_JSON), **refusal.headers},
                      json.dumps(refusal.body()).encode())

    @staticmethod
    def _headers(media: str) -> dict[str, str]:
        return {'OData-Version': '4.0', 'Content-Type': media, 'Cache-Control': 'no-cache',
                'X-Content-Type-Options': 'nosniff'}

    def _answer(self, request: Request, path: str) -> Answer:
        version = request.headers.get('OData-Version')
        if version is not None and version.strip() != '4.0':
            raise Refusal(412, 'HeaderInvalid', f'the OData-Version {version!r} is not supported',
                          f'OData-Version: {version}', resolution='Send 4.0, or no such header.')
        reads = request.method in ('GET', 'HEAD')
        if path in _PUBLIC and reads:
            return self._public(request, path)
        if (path in (SESSIONS, f'{SESSIONS}/Members')) and request.method == 'POST':
            return self._login(request)
        asker = self._who(request)
        allow = self._allowed(path)
        if request.method not in allow.split(', '):
            raise Refusal(405, 'OperationNotAllowed',
                          f'{request.method} is not possible: {path} can be read only',
                          resolution='Change the array with vdsctl, its page or its REST API.',
                          headers={'Allow': allow})
        if request.method == 'DELETE':
            return self._logout(asker, path)
        asked = query.parse(request.query)
        value = self._read(asker, path, asked)
        if asked.only and len(value.get('Members', [])) == 1:
            path = value['Members'][0]['@odata.id']
            value = self._read(asker, path, query.Query())
        elif asked.only and 'Members' not in value:
            raise bad_query('QueryNotSupportedOnResource', 'only is for collections')
        if 'Members' not in value and (asked.top is not None or asked.skip):
            raise bad_query('QueryNotSupportedOnResource', '$top and $skip are for '
                                                                 'collections')
        return self._send(request, value, asked, allow,
                          lambda uri: self._read(asker, uri.rstrip('/'), query.Query()))

    def _send(self, request: Request, value: Resource, asked: query.Query, allow: str,
              read: Any) -> Answer:
        if not _is_accepted(request.headers.get('Accept'), _JSON):
            raise Refusal(406, 'HeaderInvalid', 'only application/json can be sent',
                          f'Accept: {request.headers["Accept"]}',
                          resolution='Accept application/json.')
        value = query.select(query.expand(value, read, asked),
                             asked if 'Members' not in value or not asked.expand
                             else query.Query())
        headers = {**self._headers(_JSON), 'Allow': allow}
        if '@odata.type' in value:
            etag = _etag(value)
            value = {**value, '@odata.etag': etag}
            headers['ETag'] = etag
            headers['Link'] = f'<{schema.described_by(value["@odata.type"])}>; rel=describedby'
            if _matches(request.headers.get('If-None-Match'), etag):
                return Answer(304, headers)
        return Answer(200, headers, json.dumps(value).encode())

    def _public(self, request: Request, path: str) -> Answer:
        """What everybody may read: the service root and how to read the rest."""
        asked = query.parse(request.query)
        if path == METADATA:
            if not _is_accepted(request.headers.get('Accept'), _XML):
                raise Refusal(406, 'HeaderInvalid', 'only application/xml can be sent',
                              f'Accept: {request.headers["Accept"]}',
                              resolution='Accept application/xml.')
            return Answer(200, {**self._headers(_XML), 'Allow': _READ}, schema.metadata().encode())
        value: Resource = {'v1': f'{ROOT}/'}
        if path == ROOT:
            value = root()
            if asked.only or asked.top is not None or asked.skip:
                raise bad_query('QueryNotSupportedOnResource',
                                      'only, $top and $skip are for collections')
            if asked.expand:
                asker = self._who(request)
                return self._send(request, value, asked, _READ,
                                  lambda uri: self._read(asker, uri.rstrip('/'), query.Query()))
        elif path.endswith('/odata'):
            value = schema.service_document(root())
        return self._send(request, value, asked, _READ, None)

    # Who asks

    def _check(self, user: str, secret: str) -> tuple[vds.Client, str]:
        """The client of a token and its role.  Raises Refusal when the array refuses it."""
        try:
            client = self._clients.of(secret)
            principal = client.principal_get()
        except vds.ConfigurationError:
            raise unauthorized('the password is no secret of a token') from None
        except vds.ApiError as error:
            self._clients.forget(secret)
            raise of_array(error, '') from error
        if principal['kind'] != 'token' or principal.get('name') != user:
            raise unauthorized('the user is not the name of the token')
        return client, principal['role']

    def _who(self, request: Request) -> Asker:
        token = request.headers.get('X-Auth-Token')
        if token is not None:
            session = self._sessions.find(token.strip())
            if session is None:
                raise unauthorized('the session does not exist, or it has expired')
            try:
                client, role = self._check(session.user, session.secret)
            except Refusal as refusal:
                if refusal.status == 401:       # the token was revoked, or it has expired
                    self._sessions.remove(session.id)
                raise
            return Asker(client, session.user, role, session)
        header = request.headers.get('Authorization')
        if header is None:
            raise unauthorized('the request does not say who asks')
        user, secret = _basic(header)
        client, role = self._check(user, secret)
        return Asker(client, user, role, None)

    # Sessions

    def _allowed(self, path: str) -> str:
        if path == SESSIONS:
            return f'{_READ}, POST'
        if path == f'{SESSIONS}/Members':
            return 'POST'
        if _SESSION.fullmatch(path):
            return f'{_READ}, DELETE'
        if path in _PUBLIC or path == accounts.ACCOUNT or self._model.is_known(path):
            return _READ
        raise not_found(path)

    def _read(self, asker: Asker, path: str, asked: query.Query) -> Resource:
        found = _SESSION.fullmatch(path)
        if found is not None:
            return accounts.session(self._own(asker, found[1], path))
        if path == SESSIONS:
            uris = [f'{SESSIONS}/{session.id}' for session in self._sessions.all()
                    if self._may_see(asker, session)]
            return collection('SessionCollection', path, 'Sessions', uris, asked)
        if path == accounts.ACCOUNT:
            return accounts.account(asker.user, asker.role)
        with translated(path):
            return self._model.read(asker.client, path, asked)

    @staticmethod
    def _may_see(asker: Asker, session: Session) -> bool:
        return asker.role == 'admin' or asker.user == session.user

    def _own(self, asker: Asker, ident: str, path: str) -> Session:
        session = self._sessions.get(ident)
        if session is None or not self._may_see(asker, session):
            raise not_found(path)
        return session

    def _login(self, request: Request) -> Answer:
        given = self._credentials(request)
        self._check(given['UserName'], given['Password'])
        made = self._sessions.add(given['UserName'], given['Password'], request.client)
        if made is None:
            raise Refusal(503, 'SessionLimitExceeded', f'there are {SESSIONS_MAX} sessions already',
                          resolution='Delete sessions, or wait until they expire.')
        session, token = made
        value = accounts.session(session)
        headers = {**self._headers(_JSON), 'Location': value['@odata.id'], 'X-Auth-Token': token,
                   'Link': f'<{schema.described_by(value["@odata.type"])}>; rel=describedby'}
        headers['Cache-Control'] = 'no-store'
        return Answer(201, headers, json.dumps(value).encode())

    @staticmethod
    def _credentials(request: Request) -> dict[str, str]:
        media = request.headers.get_content_type()
        if 'Content-Type' in request.headers and media != _JSON:
            raise Refusal(415, 'HeaderInvalid', f'the body is {media}, not application/json',
                          f'Content-Type: {media}', resolution='Send JSON.')
        try:
            given = json.loads(request.body)
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise Refusal(400, 'MalformedJSON', 'the body is no object in JSON',
                          resolution='Send {"UserName": "...", "Password": "..."}.')
        for name in ('UserName', 'Password'):
            if name not in given:
                raise Refusal(400, 'PropertyMissing', f'{name} is missing', name,
                              severity='Warning', resolution='Send UserName and Password.')
            if not isinstance(given[name], str):
                raise Refusal(400, 'PropertyValueTypeError', f'{name} is no text',
                              json.dumps(given[name]) if name == 'UserName' else '', name,
                              severity='Warning', resolution='Send texts.')
        return given

    def _logout(self, asker: Asker, path: str) -> Answer:
        session = self._own(asker, path.rpartition('/')[2], path)
        self._sessions.remove(session.id)
        return Answer(204, {'OData-Version': '4.0', 'Cache-Control': 'no-cache'})

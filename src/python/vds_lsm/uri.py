# SPDX-License-Identifier: LGPL-2.1-or-later
"""The URI of libStorageMgmt that says which array is meant."""
from __future__ import annotations

import dataclasses
import ipaddress
import urllib.parse

import vds

from .wire import Code, LsmError

_FORMS = ('write vds:// (the array of this computer), vds:///path/of/socket, '
          'vds+ssl://host:port?ca=FILE or vds://?context=NAME')
_TRUST = ('ca', 'fingerprint', 'cert', 'key')
_PARAMETERS = (*_TRUST, 'token_file', 'context', 'target')


@dataclasses.dataclass(frozen=True)
class Uri:
    """What a URI says.

    user: who must be the one that asks; None: anybody.  targets: names, aliases or ids of those
    behind which LUNs are to be.
    """

    url: str | None
    options: dict[str, str]
    targets: tuple[str, ...]
    user: str | None


def _invalid(uri: str, why: str) -> LsmError:
    return LsmError(Code.INVALID_ARGUMENT, f'the URI {uri!r} {why}: {_FORMS}')


def _parameters(uri: str, query: str) -> dict[str, str]:
    try:
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        raise _invalid(uri, f'has a query that cannot be read ({error})') from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in _PARAMETERS:
            raise _invalid(uri, f'has the unknown parameter {name!r} '
                                f'(known: {", ".join(_PARAMETERS)})')
        if name in found or not value:
            raise _invalid(uri, f'has the parameter {name!r} twice or without a value')
        found[name] = value
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def _url(uri: str, parts: urllib.parse.SplitResult) -> str | None:
    """The URL of the array for the package vds; None: the array that vdsctl would use."""
    try:
        host, port = parts.hostname or '', parts.port
    except ValueError as error:
        raise _invalid(uri, 'has no valid port') from error
    if not host:
        if port is not None or parts.scheme != 'vds':
            raise _invalid(uri, 'names no host')
        return f'unix:{parts.path}' if parts.path not in ('', '/') else None
    if parts.path not in ('', '/'):
        raise _invalid(uri, f'has the path {parts.path!r} behind the host')
    if parts.scheme == 'vds' and not _is_loopback(host):
        raise _invalid(uri, f'names another computer ({host}), which is reached only by vds+ssl')
    place = f'[{host}]' if ':' in host else host
    scheme = 'https' if parts.scheme == 'vds+ssl' else 'http'
    return f'{scheme}://{place}' + (f':{port}' if port is not None else '')


def parse_uri(uri: str) -> Uri:
    """What the URI says.  Raises LsmError (INVALID_ARGUMENT) with what is wrong in it."""
    try:
        parts = urllib.parse.urlsplit(uri)
    except ValueError as error:
        raise _invalid(uri, f'cannot be read ({error})') from error
    if parts.scheme not in ('vds', 'vds+ssl') or not uri.startswith(f'{parts.scheme}://'):
        raise _invalid(uri, 'does not begin with vds:// or vds+ssl://')
    if parts.fragment:
        raise _invalid(uri, 'has a part behind "#"')
    if parts.password is not None:
        # The URI is not shown: a secret is in it.
        raise LsmError(Code.INVALID_ARGUMENT, 'the URI has a password: give the token as the '
                                              'password of libStorageMgmt (lsmcli -P), or name a '
                                              'file with it by token_file')
    given = _parameters(uri, parts.query)
    url = _url(uri, parts)
    targets = tuple(word for word in given.pop('target', '').split(',') if word)
    if 'context' in given and (url is not None or len(given) > 1):
        raise _invalid(uri, 'has a context beside what the context says')
    if parts.scheme == 'vds' and any(name in given for name in _TRUST):
        raise _invalid(uri, f'has one of {", ".join(_TRUST)}, which are only for vds+ssl')
    return Uri(url, given, targets, urllib.parse.unquote(parts.username or '') or None)


def connect(uri: Uri, token: str | None, timeout_s: float) -> vds.Client:
    """The client of the array.  Raises vds.ConfigurationError."""
    return vds.connect(uri.url, token=token or None, timeout=timeout_s, **uri.options)

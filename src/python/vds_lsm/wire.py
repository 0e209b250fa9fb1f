# SPDX-License-Identifier: LGPL-2.1-or-later
"""libStorageMgmt's protocol between lsmd's client and a plug-in, as its version 1.9 speaks it.

A message is ten decimal digits, which say how many bytes follow, and so many bytes of JSON.  A
request has `method`, `params` and `id`; an answer has `id` and either `result` or `error`.
"""
from __future__ import annotations

import enum
import inspect
import json
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

_HEADER_BYTES = 10
_LONGEST_BYTES = 64 << 20


class Code(enum.IntEnum):
    """The numbers of libStorageMgmt's errors (LSM_ERR_...) that the plug-in answers."""

    PLUGIN_BUG = 2
    TIMEOUT = 11
    PERMISSION_DENIED = 13
    NAME_CONFLICT = 50
    EXISTS_INITIATOR = 52
    INVALID_ARGUMENT = 101
    NO_STATE_CHANGE = 125
    NETWORK_CONNREFUSED = 140
    NETWORK_HOSTDOWN = 141
    NETWORK_ERROR = 142
    NO_SUPPORT = 153
    IS_MASKED = 160
    NOT_FOUND_ACCESS_GROUP = 200
    NOT_FOUND_JOB = 202
    NOT_FOUND_POOL = 203
    NOT_FOUND_VOLUME = 205
    NOT_FOUND_GENERIC = 207
    NOT_FOUND_SYSTEM = 208
    NO_SUPPORT_ONLINE_CHANGE = 250
    NO_SUPPORT_OFFLINE_CHANGE = 251
    PLUGIN_AUTH_FAILED = 300
    NOT_ENOUGH_SPACE = 350
    TRANSPORT_SERIALIZATION = 401
    TRANSPORT_INVALID_ARG = 402
    UNSUPPORTED_SEARCH_KEY = 510
    EMPTY_ACCESS_GROUP = 511
    POOL_NOT_READY = 512


class LsmError(Exception):
    """What a method answers instead of a result."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _receive(sock: socket.socket, count: int) -> bytes | None:
    """Exactly so many bytes, or None when the client is gone."""
    data = bytearray()
    while len(data) < count:
        try:
            part = sock.recv(count - len(data))
        except ConnectionError:
            return None
        if not part:
            return None
        data += part
    return bytes(data)


def _read(sock: socket.socket) -> bytes | None:
    """The JSON of the next message; None when the client is gone or does not keep to the form."""
    header = _receive(sock, _HEADER_BYTES)
    if header is None or not header.isdigit() or not 0 < int(header) <= _LONGEST_BYTES:
        return None
    return _receive(sock, int(header))


def _write(sock: socket.socket, message: Mapping[str, Any]) -> None:
    data = json.dumps(message).encode('ascii')
    sock.sendall(f'{len(data):0{_HEADER_BYTES}}'.encode('ascii') + data)


def _parse(data: bytes) -> tuple[str, dict[str, Any], Any]:
    """The method, the parameters and the id of a request.  Raises LsmError."""
    try:
        message = json.loads(data)
        method, params = message['method'], message.get('params') or {}
        number = message.get('id')
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LsmError(Code.TRANSPORT_SERIALIZATION,
                       f'the request is no JSON with a "method" and "params": {error}') from error
    if not isinstance(method, str) or not isinstance(params, dict):
        raise LsmError(Code.TRANSPORT_SERIALIZATION, '"method" is no text or "params" no object')
    return method, params, number


def _call(methods: Mapping[str, Callable[..., Any]], name: str, params: dict[str, Any]) -> Any:
    method = methods.get(name)
    if method is None:
        raise LsmError(Code.NO_SUPPORT, f'the array does not support {name}')
    try:
        inspect.signature(method).bind(**params)
    except TypeError as error:
        raise LsmError(Code.TRANSPORT_INVALID_ARG, f'{name}: {error}') from error
    return method(**params)


def _answer(methods: Mapping[str, Callable[..., Any]], data: bytes) -> tuple[str, dict[str, Any]]:
    """The name of the method that a request calls, and the message that answers it."""
    name, number = '', None
    try:
        name, params, number = _parse(data)
        return name, {'id': number, 'result': _call(methods, name, params)}
    except LsmError as error:
        code, message = error.code, error.message
    except Exception as error:  # a mistake of ours: the client and lsmd's log learn of it
        # Neither has parameters in it: some are secrets.
        traceback.print_exc(file=sys.stderr)
        code, message = Code.PLUGIN_BUG, f'{name} failed in the plug-in: {type(error).__name__}'
    return name, {'id': number, 'error': {'code': int(code), 'message': message, 'data': None}}


def serve(sock: socket.socket, methods: Mapping[str, Callable[..., Any]]) -> None:
    """Answers the requests of one client until it unregisters or is gone."""
    while (data := _read(sock)) is not None:
        name, message = _answer(methods, data)
        try:
            _write(sock, message)
        except ConnectionError:
            return
        if name == 'plugin_unregister':
            return

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Requests that are not carried out, and their answers (DSP0266, "Error responses").

The keys are those of the DMTF's message registry Base, so that programs know what happened; the
texts for people are our own.
"""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import vds

REGISTRY, REGISTRY_FILE = 'Base.1.22', 'Base.1.22.1'
RETRY_S = 5
_UNAUTHORIZED, _TOO_MANY = 401, 429


class Refusal(Exception):
    """A request that is refused.

    key: the name of the message in the registry.  args: its arguments, in the registry's order.
    text: the cause, for people.  resolution: what to do.
    """

    def __init__(self, status: int, key: str, text: str, *args: str, resolution: str,
                 severity: str = 'Critical', headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.key, self.args_of_key, self.text = status, key, args, text
        self.resolution, self.severity, self.headers = resolution, severity, headers or {}

    def body(self) -> dict[str, Any]:
        message = {'@odata.type': '#Message.v1_2_1.Message',
                   'MessageId': f'{REGISTRY}.{self.key}', 'Message': self.text,
                   'MessageArgs': list(self.args_of_key), 'MessageSeverity': self.severity,
                   'Resolution': self.resolution}
        return {'error': {'code': message['MessageId'], 'message': self.text,
                          '@Message.ExtendedInfo': [message]}}


def not_found(path: str) -> Refusal:
    return Refusal(404, 'ResourceMissingAtURI', f'there is no resource {path}', path,
                   resolution='Follow the links from /redfish/v1/; an object that was deleted has '
                              'no resource any more.')


def unauthorized(why: str) -> Refusal:
    return Refusal(401, 'NoValidSession', why,
                   resolution='Send the name and the secret of a token of the array (vdsctl token '
                              'create) as user and password, or the X-Auth-Token of a session.',
                   headers={'WWW-Authenticate': 'Basic realm="vds-redfish", charset="UTF-8"'})


def bad_query(key: str, text: str, *args: str) -> Refusal:
    return Refusal(400, key, text, *args, severity='Warning',
                   resolution='Correct the query; ProtocolFeaturesSupported of /redfish/v1/ says '
                              'what is supported.')


def of_array(error: vds.VdsError, path: str) -> Refusal:
    """The refusal for an error of the array that came up while a resource was made."""
    if not isinstance(error, vds.ApiError):
        return Refusal(503, 'ServiceTemporarilyUnavailable', str(error), str(RETRY_S),
                       resolution='Check that vdsd runs and that vds-redfish may reach it.',
                       headers={'Retry-After': str(RETRY_S)})
    if error.code == 'NOT_FOUND':
        return not_found(path)
    if error.status in (_UNAUTHORIZED, _TOO_MANY):
        return unauthorized(error.message)
    if error.code == 'ACCESS':
        return Refusal(403, 'InsufficientPrivilege', error.message,
                       resolution='Use a token with a role that may do this.')
    return Refusal(500, 'InternalError', error.message,
                   resolution='Look into the log of vdsd.')


@contextlib.contextmanager
def translated(path: str) -> Iterator[None]:
    """Turns the errors of the package vds into refusals."""
    try:
        yield
    except vds.VdsError as error:
        raise of_array(error, path) from error

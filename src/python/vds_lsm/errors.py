# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which error of libStorageMgmt each error of the array is."""
from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator

import vds

from .wire import Code, LsmError

# What means the same wherever it comes from.  What is missing here is PLUGIN_BUG.
_CODES = {
    'INVALID': Code.INVALID_ARGUMENT, 'PARSE': Code.INVALID_ARGUMENT,
    'NOT_FOUND': Code.NOT_FOUND_GENERIC, 'NAME_IN_USE': Code.NAME_CONFLICT,
    'NOT_SUPPORTED': Code.NO_SUPPORT, 'VERSION': Code.NO_SUPPORT,
    'NO_SPACE': Code.NOT_ENOUGH_SPACE, 'LIMIT': Code.NOT_ENOUGH_SPACE,
    'BUSY': Code.TIMEOUT, 'TIMEOUT': Code.TIMEOUT,
    'IN_USE': Code.NO_SUPPORT_ONLINE_CHANGE, 'OFFLINE': Code.NO_SUPPORT_OFFLINE_CHANGE,
    'FAILED': Code.POOL_NOT_READY, 'INJECTED': Code.POOL_NOT_READY,
    'READ_ONLY': Code.PERMISSION_DENIED, 'ACCESS': Code.PERMISSION_DENIED,
    'UNREACHABLE': Code.NETWORK_ERROR,
    'CLOSED': Code.NETWORK_ERROR, 'UNTRUSTED': Code.NETWORK_ERROR,
    'EIO': Code.POOL_NOT_READY, 'ENOSPC': Code.NOT_ENOUGH_SPACE,
}
_HTTP_UNAUTHORIZED = 401
_HOST_DOWN = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN)


def code_of(name: str) -> Code:
    """The number for the array's name of an error."""
    return _CODES.get(name, Code.PLUGIN_BUG)


def _of_api(error: vds.ApiError) -> LsmError:
    if error.status == _HTTP_UNAUTHORIZED:
        return LsmError(Code.PLUGIN_AUTH_FAILED, error.message)
    return LsmError(code_of(error.code), error.message)


def _of_connection(error: vds.ConnectionFailed) -> LsmError:
    cause = error.__cause__
    code = Code.NETWORK_ERROR
    if isinstance(cause, (ConnectionRefusedError, FileNotFoundError)):
        code = Code.NETWORK_CONNREFUSED
    elif isinstance(cause, PermissionError):
        code = Code.PERMISSION_DENIED
    elif isinstance(cause, TimeoutError):
        code = Code.TIMEOUT
    elif isinstance(cause, socket.gaierror) or getattr(cause, 'errno', None) in _HOST_DOWN:
        code = Code.NETWORK_HOSTDOWN
    return LsmError(code, str(error))


@contextlib.contextmanager
def translated(special: dict[str, Code] | None = None) -> Iterator[None]:
    """Turns the errors of the package vds into LsmError.

    special: what a name means here instead of what it means elsewhere.
    """
    try:
        yield
    except vds.ApiError as error:
        if special is not None and error.code in special:
            raise LsmError(special[error.code], error.message) from error
        raise _of_api(error) from error
    except vds.ConnectionFailed as error:
        raise _of_connection(error) from error
    except vds.JobFailed as error:
        raise LsmError(code_of(error.code), error.message) from error
    except vds.ConfigurationError as error:
        raise LsmError(Code.INVALID_ARGUMENT, str(error)) from error

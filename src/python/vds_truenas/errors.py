# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is refused, in the forms of TrueNAS: by field, or as a whole.

democratic-csi decides by parts of the messages, such as "already exists" and "does not exist", so
the texts of this program have them exactly where TrueNAS has them.
"""
from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from typing import Any

import vds

_ERRNO = {
    'INVALID': errno.EINVAL, 'PARSE': errno.EINVAL, 'NOT_FOUND': errno.ENOENT,
    'NAME_IN_USE': errno.EEXIST, 'NOT_SUPPORTED': errno.EOPNOTSUPP, 'NO_SPACE': errno.ENOSPC,
    'LIMIT': errno.ENOSPC, 'BUSY': errno.EBUSY, 'IN_USE': errno.EBUSY, 'ACCESS': errno.EACCES,
    'READ_ONLY': errno.EROFS, 'TIMEOUT': errno.ETIMEDOUT,
}
_PASSED_ON = (401, 403, 429)


class Refused(Exception):
    """A request is answered with this status and body; nothing was changed."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f'{status}: {body}')
        self.status = status
        self.body = body


def failed(message: str, number: int = errno.EFAULT, status: int = 422) -> Refused:
    """The request as a whole is refused."""
    return Refused(status, {'message': message, 'errno': number})


def invalid(field: str, message: str, number: int = errno.EINVAL) -> Refused:
    """A field of the request is refused."""
    return Refused(422, {field: [{'message': message, 'errno': number}]})


def missing(kind: str, name: object) -> Refused:
    return failed(f'{kind} {name} does not exist', errno.ENOENT, 404)


def message_of(refused: Refused) -> str:
    """All that a refusal says, as one text."""
    if 'message' in refused.body:
        return str(refused.body['message'])
    return '; '.join(f'{field}: {entry["message"]}'
                     for field, entries in refused.body.items() for entry in entries)


def of_api(error: vds.ApiError | vds.JobFailed, doing: str) -> Refused:
    status = getattr(error, 'status', 0)
    if status in _PASSED_ON:
        return failed(error.message, errno.EACCES, status)
    return failed(f'{doing}: {error.message} ({error.code})',
                  _ERRNO.get(error.code, errno.EFAULT))


@contextlib.contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turns the errors of the package vds into what TrueNAS answers.

    doing: what failed, for the message, such as "Failed to create the zvol x".
    """
    try:
        yield
    except (vds.ApiError, vds.JobFailed) as error:
        raise of_api(error, doing) from error
    except vds.ConnectionFailed as error:
        # Not 500: democratic-csi takes this for "is gone".
        raise failed(f'{doing}: {error}', errno.EHOSTUNREACH, 503) from error
    except TimeoutError as error:
        raise failed(f'{doing}: {error}; ask again later', errno.ETIMEDOUT) from error
    except vds.ConfigurationError as error:
        raise failed(f'{doing}: {error}', errno.EINVAL, 503) from error

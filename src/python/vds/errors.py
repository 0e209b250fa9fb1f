# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes wrong: every exception of this package is a VdsError."""
from __future__ import annotations


class VdsError(Exception):
    """The array could not be asked, or it refused."""


class ConfigurationError(VdsError):
    """It is not known where the array is or how to prove who asks: a URL, a context, a file."""


class ConnectionFailed(VdsError):
    """The array cannot be reached, is not to be trusted, or ended the connection.

    A change whose answer was lost may have been made: the same call with the same request_id finds
    out.  request_id is that of the change, or None when nothing was to be changed.
    """

    def __init__(self, message: str, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class ApiError(VdsError):
    """The array refused a request; nothing was changed.

    code: the name of the error, by which programs decide: 'NOT_FOUND', 'IN_USE', 'BUSY', ...
    message: the cause and what to do, for people.
    status: the status of HTTP.
    """

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(f'{message} ({code})')
        self.code = code
        self.message = message
        self.status = status


class JobFailed(VdsError):
    """A job ended, and not well.

    state: 'failed' or 'cancelled'.  code: the name of the error.
    """

    def __init__(self, state: str, code: str, message: str) -> None:
        super().__init__(message or f'the job was {state}')
        self.state = state
        self.code = code
        self.message = message

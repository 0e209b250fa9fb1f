# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client of an array: every request of its REST API, and what one call cannot do."""
from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO

from ._contexts import find_context, fingerprints_of, from_environment
from ._transport import Access
from .calls import Calls
from .errors import ConfigurationError, ConnectionFailed, JobFailed
from .types import Answer, Job

# vdsd sends a heartbeat in each second in which nothing else happens.
_SILENCE_S = 15.0
_JOB_FIRST_WAIT_S, _JOB_LONGEST_WAIT_S = 0.02, 1.0


@dataclasses.dataclass(frozen=True)
class Event:
    """One event of the stream.

    name: 'hello', 'live_rows', 'live', 'change', 'heartbeat' or 'lost'; later versions may add
    others, which a program ignores.  data: what came with it (vds-api(7)).
    """

    name: str
    data: dict[str, Any]


class Client(Calls):
    """An array.

        with vds.connect() as array:
            lun = array.lun_create(size_bytes=10 * 2**30, name='vol1')
            array.wait(lun)

    Any thread may use one object; its requests are made one after the other.
    """

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def wait(self, answer: Answer | str, *, timeout: float | None = None) -> Job | None:
        """Waits for the job of an answer (or for the job with this id) to end.

        Returns the job, or None when the answer has none.  Raises JobFailed when it failed or was
        cancelled, and TimeoutError after `timeout` seconds; the job then goes on.
        """
        job_id = answer if isinstance(answer, str) else answer['job']
        if job_id is None:
            return None
        end = None if timeout is None else time.monotonic() + timeout
        wait_s = _JOB_FIRST_WAIT_S
        while True:
            job = self.job_get(job_id)
            if job['state'] == 'done':
                return job
            if job['state'] != 'running':
                raise JobFailed(job['state'], job['error'], job['message'])
            if end is not None and time.monotonic() + wait_s > end:
                raise TimeoutError(f'the job {job_id} still runs after {timeout:g} s')
            time.sleep(wait_s)
            wait_s = min(wait_s * 2, _JOB_LONGEST_WAIT_S)

    def events(self, *, incarnation: int | None = None,
               since: int | None = None) -> Iterator[Event]:
        """The events of the array as they come, from now on.

        With incarnation and since, the changes after that position come first; ApiError with the
        code GONE when they are no longer kept.  Ends when vdsd ends the stream (its last event is
        'lost'); raises ConnectionFailed when the connection breaks or nothing comes for 15 s.
        Uses a connection of its own, which is closed with the iterator.
        """
        query = {'incarnation': incarnation, 'since': since}
        with self._stream('/v1/events', query, _SILENCE_S) as answer:
            name, data = '', b''
            for line in answer:
                line = line.rstrip(b'\r\n')
                if line.startswith(b'event:'):
                    name = line[6:].strip().decode()
                elif line.startswith(b'data:'):
                    data += line[5:].strip()
                elif not line and data:
                    try:
                        parsed = json.loads(data)
                    except ValueError as error:
                        raise ConnectionFailed(f'the event {name} of the array at '
                                               f'{self.access.url} is no JSON: {error}') from error
                    yield Event(name, parsed)
                    name, data = '', b''

    def backup(self, file: BinaryIO) -> int:
        """Writes a copy of the catalog, as of one moment, to an open file; returns its bytes.

        The copy has secrets in it (vdsctl(1), backup): keep it as the catalog is kept.  It cannot
        be restored when an exception was raised.
        """
        with self._stream('/v1/backup', None, self.timeout) as answer:
            written = 0
            while block := answer.read(1 << 16):
                file.write(block)
                written += len(block)
            if answer.length:
                raise ConnectionFailed(f'the array at {self.access.url} sent only a part of the '
                                       'copy of its catalog')
            return written


def connect(url: str | None = None, *, context: str | None = None, token_file: str | None = None,
            ca: str | None = None, fingerprint: str | None = None, cert: str | None = None,
            key: str | None = None, token: str | None = None, timeout: float = 60.0) -> Client:
    """The client of an array; its first request connects.

    Without url and context, the array that vdsctl would use: that of the environment ($VDS_URL with
    $VDS_TOKEN_FILE, $VDS_CA, $VDS_FINGERPRINT, $VDS_CERT and $VDS_KEY, or $VDS_CONTEXT), of
    `vdsctl context use`, or of this computer.  What else is given here counts instead of what is
    found there.  fingerprint: several may stand in it, with blanks or commas between them.
    token: the text of a token, which counts instead of a file.
    timeout: seconds that connecting and each part of an answer may take.

    Raises ConfigurationError when it is not clear where the array is or how to prove who asks.
    """
    if url is not None and context is not None:
        raise ConfigurationError('give a URL or a context, not both')
    if url is not None:
        access = Access(url=url)
    elif context is not None:
        access = find_context(context, os.environ)
    else:
        access = from_environment(os.environ)
    given: dict[str, Any] = {'token_file': token_file, 'token': token, 'ca': ca, 'cert': cert,
                             'key': key}
    given = {name: value for name, value in given.items() if value is not None}
    if fingerprint is not None:
        given['fingerprints'] = fingerprints_of(fingerprint)
    return Client(dataclasses.replace(access, **given), timeout=timeout)

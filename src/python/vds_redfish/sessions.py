# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sessions of Redfish: a name and the secret of a token of the array, for a token of ours."""
from __future__ import annotations

import dataclasses
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable

IDLE_S = 1800
SESSIONS_MAX = 128


@dataclasses.dataclass
class Session:
    """id: the last part of its URI.  key: the hash of its X-Auth-Token.  secret: of the token of
    the array.
    """

    id: str
    key: bytes
    user: str
    secret: str = dataclasses.field(repr=False)
    client: str
    created_ms: int
    used_s: float


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors='replace')).digest()


class Sessions:
    """clock: seconds, monotonic.  Any thread may use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._by_id: dict[str, Session] = {}

    def _drop_old(self) -> None:
        end = self._clock() - IDLE_S
        for session in [one for one in self._by_id.values() if one.used_s < end]:
            del self._by_id[session.id]

    def add(self, user: str, secret: str, client: str) -> tuple[Session, str] | None:
        """A new session and its X-Auth-Token; None when there are too many."""
        token = secrets.token_hex(32)
        session = Session(secrets.token_hex(8), _key(token), user, secret, client,
                          time.time_ns() // 1000000, self._clock())
        with self._lock:
            self._drop_old()
            if len(self._by_id) >= SESSIONS_MAX:
                return None
            self._by_id[session.id] = session
        return session, token

    def find(self, token: str) -> Session | None:
        """The session of an X-Auth-Token, which begins its idle time anew."""
        key = _key(token)
        with self._lock:
            self._drop_old()
            for session in self._by_id.values():
                if hmac.compare_digest(session.key, key):
                    session.used_s = self._clock()
                    return session
        return None

    def all(self) -> list[Session]:
        with self._lock:
            self._drop_old()
            return list(self._by_id.values())

    def get(self, ident: str) -> Session | None:
        with self._lock:
            self._drop_old()
            return self._by_id.get(ident)

    def remove(self, ident: str) -> None:
        with self._lock:
            self._by_id.pop(ident, None)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The members of a request's body: taken one by one, and refused by name when they are wrong."""
from __future__ import annotations

from typing import Any

from .errors import invalid


class Fields:
    """The body of a request.

    method: the name of TrueNAS's method, with which the names of fields in errors begin.  `end`
    refuses what nobody has taken, so that no setting is silently without effect.
    """

    def __init__(self, body: Any, method: str) -> None:
        if not isinstance(body, dict):
            raise invalid(method, 'the body must be an object')
        self._left = dict(body)
        self.method = method

    def field(self, name: str) -> str:
        return f'{self.method}.{name}'

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def take(self, name: str, default: Any = None) -> Any:
        return self._left.pop(name, default)

    def text(self, name: str, default: str | None = None) -> str:
        value = self.take(name, default)
        if not isinstance(value, str):
            raise invalid(self.field(name), 'it is required' if value is None
                          else f'{value!r} is no text')
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        value = self.take(name, default)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            value = int(value)                  # democratic-csi sends sizes as text, too
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid(self.field(name), 'it is required' if value is None
                          else f'{value!r} is no whole number')
        return value

    def boolean(self, name: str, default: bool = False) -> bool:
        value = self.take(name, default)
        if not isinstance(value, bool):
            raise invalid(self.field(name), f'{value!r} is neither true nor false')
        return value

    def only(self, name: str, allowed: tuple[Any, ...], why: str) -> None:
        """A setting that has no effect here: everything but these values is refused."""
        value = self.take(name, allowed[0])
        if (value.upper() if isinstance(value, str) else value) not in allowed:
            raise invalid(self.field(name), f'{value!r} is not supported: {why}')

    def end(self) -> None:
        for name in self._left:
            raise invalid(self.field(name), 'vds-truenas does not know this field')


def user_value(field: str, key: Any, value: Any) -> tuple[str, str]:
    """A user property: its name has a colon, its value is text."""
    if not isinstance(key, str) or ':' not in key or len(key) > 256:
        raise invalid(field, f'{key!r} is no name of a user property: it needs a colon, and at '
                             'most 256 characters')
    if isinstance(value, bool) or not isinstance(value, (str, int)) or len(str(value)) > 8192:
        raise invalid(field, f'the value of {key} is no text of at most 8192 characters')
    return key, str(value)


def user_list(fields: Fields, name: str) -> list[tuple[str, str | None]]:
    """[{key, value}] or [{key, remove}]: names and values, None for what is to be removed."""
    field, found = fields.field(name), fields.take(name, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise invalid(field, 'it is no list of objects with key and value')
    pairs: list[tuple[str, str | None]] = []
    for entry in found:
        if entry.get('remove') is True:
            pairs.append((user_value(field, entry.get('key'), '')[0], None))
        else:
            pairs.append(user_value(field, entry.get('key'), entry.get('value')))
    return pairs


def apply_user(user: dict[str, str], pairs: list[tuple[str, str | None]]) -> dict[str, str]:
    """User properties after changes."""
    after = dict(user)
    for key, value in pairs:
        if value is None:
            after.pop(key, None)
        else:
            after[key] = value
    return after

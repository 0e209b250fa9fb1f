# SPDX-License-Identifier: LGPL-2.1-or-later
"""The query of a list: filters (`name=x`, `id__in=1,2`), `limit`, `offset`, `sort`, `count`."""
from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from .errors import invalid

Query = dict[str, str]
_OPTIONS = ('limit', 'offset', 'sort', 'order_by', 'count')
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    'eq': operator.eq, 'ne': operator.ne, 'gt': operator.gt, 'gte': operator.ge,
    'lt': operator.lt, 'lte': operator.le,
    'startswith': lambda have, want: str(have).startswith(str(want)),
    'endswith': lambda have, want: str(have).endswith(str(want)),
}
_SETS = ('in', 'nin')


def _like(text: str, have: Any, field: str) -> Any:
    """The text of a query as a value of the kind that a member has."""
    if isinstance(have, bool):
        if text.lower() not in ('true', 'false', '0', '1'):
            raise invalid(field, f'{text!r} is neither true nor false')
        return text.lower() in ('true', '1')
    if isinstance(have, int):
        try:
            return int(text)
        except ValueError as error:
            raise invalid(field, f'{text!r} is no number') from error
    if have is None:
        return None if text.lower() in ('null', 'none', '') else text
    return text


def _matches(item: dict[str, Any], field: str, word: str, text: str) -> bool:
    if field not in item:
        raise invalid(field, 'there is no such member to filter by')
    have = item[field]
    if word in _SETS:
        found = have in [_like(part, have, field) for part in text.split(',')]
        return found == (word == 'in')
    try:
        return _COMPARISONS[word](have, _like(text, have, field))
    except TypeError:
        return False


def number(query: Query, name: str) -> int:
    text = query.get(name, '0')
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise invalid(name, f'{text!r} is no number from 0')
    return int(text)


def flag(query: Query, name: str) -> bool:
    return query.get(name, '').lower() in ('1', 'true')


def chosen(items: list[dict[str, Any]], query: Query) -> list[dict[str, Any]] | int:
    """The items that a query asks for, or their number with `count`."""
    for key, text in query.items():
        if key in _OPTIONS or key.startswith('extra'):
            continue
        field, _, word = key.partition('__')
        if (word or 'eq') not in (*_COMPARISONS, *_SETS):
            raise invalid(key, f'there is no comparison {word!r}')
        items = [item for item in items if _matches(item, field, word or 'eq', text)]
    for key in reversed([key for key in query.get('sort', query.get('order_by', '')).split(',')
                         if key]):
        field = key.lstrip('-')
        items = sorted(items, key=lambda item: str(item.get(field, '')), reverse=key[0] == '-')
    if flag(query, 'count'):
        return len(items)
    offset, limit = number(query, 'offset'), number(query, 'limit')
    return items[offset:offset + limit] if limit else items[offset:]

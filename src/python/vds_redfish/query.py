# SPDX-License-Identifier: LGPL-2.1-or-later
"""The query parameters of Redfish: $top, $skip, $select, $expand and only (DSP0266)."""
from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Callable
from typing import Any

from .errors import Refusal, bad_query
from .values import Resource

SUPPORTED: Resource = {
    'ExpandQuery': {'ExpandAll': True, 'Levels': True, 'Links': True, 'MaxLevels': 1,
                    'NoLinks': True},
    'FilterQuery': False, 'SelectQuery': True, 'OnlyMemberQuery': True, 'ExcerptQuery': False,
    'TopSkipQuery': True, 'MultipleHTTPRequests': True,
    'DeepOperations': {'DeepPATCH': False, 'DeepPOST': False},
}
_EXPANDS = {'.': 'nolinks', '~': 'links', '*': 'all'}
_NUMBER_MAX = 1 << 31


@dataclasses.dataclass(frozen=True)
class Query:
    """expand: '' or 'nolinks', 'links', 'all'.  select: property paths; empty: all."""

    top: int | None = None
    skip: int = 0
    select: tuple[str, ...] = ()
    expand: str = ''
    only: bool = False


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.removeprefix('-').isdecimal()):
        raise bad_query('QueryParameterValueTypeError', f'{name} is {text!r}, which is no number',
                        text, name)
    value = int(text[:20])
    if not 0 <= value <= _NUMBER_MAX:
        raise bad_query('QueryParameterOutOfRange', f'{name} is {text}, which is out of range',
                        text, name, f'0-{_NUMBER_MAX}')
    return value


def _expand(text: str) -> str:
    kind, rest = text[:1], text[1:]
    levels = rest.removeprefix('($levels=').removesuffix(')')
    if kind not in _EXPANDS or (rest and rest != f'($levels={levels})'):
        raise bad_query('QueryParameterValueFormatError',
                        f'$expand is {text!r}: it is one of . ~ * and ($levels=1) may follow', text,
                        '$expand')
    if rest and _number('$expand', levels) != 1:
        raise bad_query('QueryParameterOutOfRange', f'$levels is {levels}: only 1 is supported',
                        levels, '$expand', '1')
    return _EXPANDS[kind]


def _select(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(','))
    if not all(names):
        raise bad_query('QueryParameterValueFormatError', '$select names no property', text,
                        '$select')
    return names


def parse(text: str) -> Query:
    """What the query says.  Raises Refusal: 501 for what is not supported, 400 for the rest.
    Parameters without "$" that are not known are ignored, as the specification wants it.
    """
    given = urllib.parse.parse_qsl(text, keep_blank_values=True)
    found: dict[str, Any] = {}
    for name, value in given:
        if name == '$top':
            found['top'] = _number(name, value)
        elif name == '$skip':
            found['skip'] = _number(name, value)
        elif name == '$select':
            found['select'] = _select(value)
        elif name == '$expand':
            found['expand'] = _expand(value)
        elif name == 'only':
            if value:
                raise bad_query('QueryParameterValueFormatError', 'only has a value', value, name)
            found['only'] = True
        elif name.startswith('$'):
            raise Refusal(501, 'QueryParameterUnsupported', f'{name} is not supported', name,
                          severity='Warning',
                          resolution='ProtocolFeaturesSupported of /redfish/v1/ says what is.')
    if 'only' in found and len(found) > 1:
        raise bad_query('QueryCombinationInvalid', 'only goes with no other parameter')
    return Query(**found)


def _expanded(value: Any, read: Callable[[str], Resource], wanted: bool, query: Query) -> Any:
    """Puts resources in the place of links.  wanted: whether links that are here are meant."""
    if isinstance(value, list):
        return [_expanded(item, read, wanted, query) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and isinstance(value.get('@odata.id'), str):
        if not wanted:
            return value
        try:
            return select(read(value['@odata.id']), query)
        except Refusal as refusal:
            if refusal.status != 404:           # else it was deleted meanwhile
                raise
            return value
    return {name: _expanded(item, read,
                            query.expand != 'nolinks' if name == 'Links' else wanted, query)
            for name, item in value.items()}


def expand(value: Resource, read: Callable[[str], Resource], query: Query) -> Resource:
    """read: returns the resource of a URI."""
    if not query.expand:
        return value
    answer: Resource = _expanded(value, read, query.expand != 'links', query)
    return answer


def _pick(value: Any, path: list[str]) -> Any:
    if not path:
        return value
    if isinstance(value, list):
        return [_pick(item, path) for item in value]
    if not isinstance(value, dict) or path[0] not in value:
        return None
    return {path[0]: _pick(value[path[0]], path[1:])}


def _merge(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **{name: _merge(one[name], value) if name in one else value
                          for name, value in other.items()}}
    if isinstance(one, list) and isinstance(other, list):
        return [_merge(left, right) for left, right in zip(one, other)]
    return other


def select(value: Resource, query: Query) -> Resource:
    """The properties that $select names; of a collection, the members stay."""
    if not query.select:
        return value
    kept = {name: item for name, item in value.items()
            if name.startswith('@') or name.startswith('Members')}
    for path in query.select:
        picked = _pick(value, path.split('/'))
        if picked is not None:
            kept = _merge(kept, picked)
            count = f'{path}@odata.count'
            if count in value:
                kept[count] = value[count]
    return kept

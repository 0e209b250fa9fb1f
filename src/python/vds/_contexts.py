# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which array is meant when a program does not say it: the rules of vdsctl(1)."""
from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from ._transport import DEFAULT_URL, Access
from .errors import ConfigurationError

_MEMBERS = ('url', 'ca', 'fingerprint', 'cert', 'key', 'token_file')


def _path(environment: Mapping[str, str]) -> str | None:
    directory, home = environment.get('XDG_CONFIG_HOME', ''), environment.get('HOME', '')
    if directory.startswith('/'):
        return f'{directory}/vds/contexts.json'
    return f'{home}/.config/vds/contexts.json' if home.startswith('/') else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError('it has the same member twice')
    return found


def _read(path: str) -> dict[str, Any]:
    """The file of contexts, {} when there is none.  Raises ConfigurationError."""
    try:
        with open(path, encoding='utf-8') as file:
            status = os.fstat(file.fileno())
            text = file.read(1 << 20)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f'cannot read the contexts in {path}: {error}') from error
    if status.st_mode & 0o077 or status.st_uid not in (0, os.geteuid()):
        raise ConfigurationError(f'the contexts in {path} may be read or changed by others, or are '
                                 f"not yours: the file must be yours, with the mode 0600")
    try:
        root = json.loads(text, object_pairs_hook=_unique)
    except ValueError as error:
        raise ConfigurationError(f'the contexts in {path} cannot be read: {error}') from error
    if not isinstance(root, dict) or not isinstance(root.get('contexts'), dict):
        raise ConfigurationError(f'the contexts in {path} cannot be read: it needs "contexts", an '
                                 'object, and may have "use", a name')
    return root


def _access_of(path: str, name: str, context: Any) -> Access:
    if not isinstance(context, dict) or not isinstance(context.get('url'), str):
        raise ConfigurationError(f'the contexts in {path}: "{name}" has no "url"')
    for member, value in context.items():
        # A member that is not known may be a fingerprint with a typing error.
        if member not in _MEMBERS or not isinstance(value, str):
            raise ConfigurationError(f'the contexts in {path}: "{member}" of "{name}" is not '
                                     'known, or not a text')
    return Access(url=context['url'], token_file=context.get('token_file'), ca=context.get('ca'),
                  fingerprints=fingerprints_of(context.get('fingerprint')),
                  cert=context.get('cert'), key=context.get('key'))


def fingerprints_of(text: str | None) -> tuple[str, ...]:
    return tuple(word for word in re.split(r'[,\s]+', text or '') if word)


def find_context(name: str, environment: Mapping[str, str]) -> Access:
    """The context of this name.  Raises ConfigurationError when there is none."""
    path = _path(environment)
    root = _read(path) if path is not None else {}
    if name not in root.get('contexts', {}):
        raise ConfigurationError(f'there is no context "{name}"'
                                 f'{f" in {path}" if path else ": HOME is not set"}; '
                                 '`vdsctl context list` names those that there are')
    return _access_of(str(path), name, root['contexts'][name])


def from_environment(environment: Mapping[str, str]) -> Access:
    """The array of VDS_URL, VDS_CONTEXT, `vdsctl context use`, or this computer, in this order."""
    token_file = environment.get('VDS_TOKEN_FILE') or None
    urls = environment.get('VDS_URL', '').split()
    if not urls and environment.get('VDS_CONTEXT'):
        return find_context(environment['VDS_CONTEXT'], environment)
    if not urls:
        path = _path(environment)
        name = _read(path).get('use') if path is not None else None
        if name is not None:
            return find_context(str(name), environment)
        urls = [DEFAULT_URL]
    if 'https:' not in urls[0]:      # of several gateways, one may be on this computer
        return Access(url=urls[0], token_file=token_file)
    return Access(url=urls[0], token_file=token_file, ca=environment.get('VDS_CA') or None,
                  fingerprints=fingerprints_of(environment.get('VDS_FINGERPRINT')),
                  cert=environment.get('VDS_CERT') or None,
                  key=environment.get('VDS_KEY') or None)

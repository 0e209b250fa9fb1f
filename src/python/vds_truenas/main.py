# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line and the file of settings: vds-truenas(8)."""
from __future__ import annotations

import argparse
import ipaddress
import os
import pathlib
import re
from typing import NoReturn

import vds
from vds import _server
from vds._transport import read_token

from .application import Access, Application
from .context import Config
from .names import is_root
from .store import Store, StoreError
from .version import VERSION

_NAME, _PORT = 'vds-truenas', 8085
_CONFIG = '/etc/vds/truenas.conf'
_STATE = '/var/lib/vds-truenas/state.db'
_KEY_MIN = 20
_IQN = re.compile(r'(iqn\.\d{4}-\d{2}\.[a-z0-9.:-]+|eui\.[0-9a-f]{16}|naa\.[0-9a-f]+)')

# The keys of the file of settings, which are options, too; whether one may come repeatedly.
KEYS = {
    'dataset': False, 'listen': False, 'tls-cert': False, 'tls-key': False, 'key-file': False,
    'initiators': True, 'portal': True, 'basename': False, 'block-size': False, 'state': False,
    'url': False, 'context': False, 'ca': False, 'fingerprint': False, 'token-file': False,
}


def _wrong(why: str) -> NoReturn:
    raise vds.ConfigurationError(why)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog=_NAME, allow_abbrev=False,
        description='The part of TrueNAS\'s REST API that democratic-csi needs, for vdsd.')
    made.add_argument('--version', action='version', version=VERSION)
    made.add_argument('--config', metavar='FILE',
                      help=f'settings, KEY = VALUE on each line (default: {_CONFIG}, if it exists)')
    made.add_argument('--dataset', metavar='POOL/PATH',
                      help='what is served: LUNs of this pool whose names begin with PATH/')
    made.add_argument('--key-file', metavar='FILE',
                      help='a file with an API key, whose holder has the rights of this program')
    made.add_argument('--initiators', metavar='NUMBER=LIST', action='append',
                      help='an initiator group: an unmasking list, such as 1=host-group:k8s')
    made.add_argument('--portal', metavar='NUMBER=ADDRESS:PORT[,...]', action='append',
                      help='a portal group (default: 1 is all portals)')
    made.add_argument('--basename', metavar='NAME', help='what names of targets begin with')
    made.add_argument('--block-size', choices=('512', '4096'), help='of new LUNs')
    made.add_argument('--state', metavar='FILE', help=f'what it keeps (default: {_STATE})')
    made.add_argument('--token-file', metavar='FILE',
                      help='with the token as which this program asks the array')
    _server.add_options(made, _PORT)
    return made


def _read_config(path: str) -> dict[str, list[str]]:
    """The settings of a file, `key = value` on each line."""
    found: dict[str, list[str]] = {}
    try:
        lines = pathlib.Path(path).read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeError) as error:
        _wrong(f'{path} cannot be read: {error}')
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith('#'):
            continue
        key, equals, value = (part.strip() for part in line.partition('='))
        if not equals or not value:
            _wrong(f'{path}:{number}: it is not `key = value`')
        if key not in KEYS:
            _wrong(f'{path}:{number}: there is no key {key}; there are {", ".join(KEYS)}')
        if key in found and not KEYS[key]:
            _wrong(f'{path}:{number}: {key} is set twice')
        found.setdefault(key, []).append(value)
    return found


def _numbered(key: str, values: list[str] | None) -> dict[int, str]:
    found: dict[int, str] = {}
    for value in values or []:
        number, equals, rest = (part.strip() for part in value.partition('='))
        if not equals or not rest or not re.fullmatch('[1-9][0-9]{0,8}', number):
            _wrong(f'--{key} {value}: write NUMBER=VALUE, with a number from 1')
        if int(number) in found:
            _wrong(f'--{key} {number} is given twice')
        found[int(number)] = rest
    return found


def _portals(values: list[str] | None) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {1: ()}
    for number, text in _numbered('portal', values).items():
        places = tuple(place.strip() for place in text.split(','))
        for place in places:
            host, _, port = place.rpartition(':')
            try:
                address = ipaddress.ip_address(host.removeprefix('[').removesuffix(']'))
                good = (address.version == 6) == host.startswith('[') and port.isdecimal()
            except ValueError:
                good = False
            if not good:
                _wrong(f'--portal {number}={text}: write NUMBER=ADDRESS:PORT, as `vdsctl portal '
                       'list` shows them')
        found[number] = places
    return found


def config_of(options: argparse.Namespace) -> Config:
    if options.dataset is None:
        _wrong('--dataset is missing: write POOL/PATH, such as --dataset default/k8s; LUNs whose '
               'names begin with PATH/ are served, and no others')
    pool, slash, path = options.dataset.partition('/')
    if not pool or not slash or not is_root(path):
        _wrong(f'--dataset {options.dataset}: write POOL/PATH; the path has at most 30 letters, '
               'digits, and _ . : + - /')
    basename = options.basename
    if basename is not None and (not _IQN.fullmatch(basename) or len(basename) > 100):
        _wrong(f'--basename {basename}: write the beginning of iSCSI names, such as '
               'iqn.2026-11.org.example:k8s')
    return Config(pool, path, basename, 4096 if options.block_size == '4096' else 512,
                  _numbered('initiators', options.initiators), _portals(options.portal))


def _key(path: str | None) -> str | None:
    if path is None:
        return None
    key = read_token(path, 'key file')
    if len(key) < _KEY_MIN:
        _wrong(f'the key in {path} can be guessed: it must have {_KEY_MIN} characters or more '
               '(openssl rand -hex 32)')
    return key


def _application(options: argparse.Namespace, clients: _server.Clients) -> Application:
    config, key = config_of(options), _key(options.key_file)
    if options.token_file is not None:
        read_token(options.token_file)
    own = vds.connect(options.url, context=options.context, ca=options.ca,
                      fingerprint=options.fingerprint, token_file=options.token_file)
    try:
        store = Store(options.state or _STATE)
    except StoreError as error:
        raise vds.ConfigurationError(str(error)) from error
    return Application(Access(clients, own, key), store, config)


def _options(words: list[str]) -> argparse.Namespace:
    """The options, with the settings of the file where the command line says nothing."""
    made = parser()
    path = made.parse_args(words).config
    if path is None and os.path.exists(_CONFIG):
        path = _CONFIG
    if path is None:
        return made.parse_args(words)
    settings = _read_config(path)
    if settings.get('block-size', ['512'])[0] not in ('512', '4096'):
        _wrong(f'{path}: block-size is 512 or 4096')
    made.set_defaults(**{key.replace('-', '_'): values[0]
                         for key, values in settings.items() if not KEYS[key]})
    options = made.parse_args(words)
    for key, values in settings.items():        # argparse would add to a default
        if KEYS[key] and getattr(options, key) is None:
            setattr(options, key, values)
    return options


def main(words: list[str]) -> int:
    try:
        options = _options(words)
    except vds.ConfigurationError as error:
        parser().exit(2, f'{_NAME}: {error}\n')
    return _server.run(_NAME, options, lambda clients: _application(options, clients))

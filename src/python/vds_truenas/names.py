# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names of datasets and snapshots, and what they are called on the array.

The zvol POOL/k8s/vols/pvc-1 is the LUN k8s/vols/pvc-1 of the pool POOL, and a snapshot has its own
name.  The array takes 63 characters; of a longer name it gets the beginning and a hash, which
follow from the name, so that it is found without any record.
"""
from __future__ import annotations

import hashlib
import re

from .errors import invalid

ARRAY_NAME_MAX = 63
_KEPT, _HASH_DIGITS = 46, 16
_DATASET_MAX = 200
_PART = re.compile(r'[A-Za-z0-9_.:+-]{1,128}')
_NOT_PARTS = ('.', '..')


def array_name(name: str) -> str:
    if len(name) <= ARRAY_NAME_MAX:
        return name
    return f'{name[:_KEPT]}~{hashlib.sha256(name.encode()).hexdigest()[:_HASH_DIGITS]}'


def _is_part(text: str) -> bool:
    return _PART.fullmatch(text) is not None and text not in _NOT_PARTS


def check_dataset(field: str, name: str, root: str) -> None:
    """Refuses a name for a new dataset that is not valid, or not below the root."""
    if not name.startswith(f'{root}/') and name != root:
        raise invalid(field, f'{name!r} is not below {root}, which is all that vds-truenas serves '
                             '(its option --dataset)')
    below = name.removeprefix(root).lstrip('/')
    if len(name) > _DATASET_MAX or (below and not all(map(_is_part, below.split('/')))):
        raise invalid(field, f'{name!r} is no name of a dataset: at most {_DATASET_MAX} letters, '
                             'digits, and _ . : + -')


def check_snapshot(field: str, name: str) -> None:
    if not _is_part(name):
        raise invalid(field, f'{name!r} is no name of a snapshot: at most 128 letters, digits, '
                             'and _ . : + -')


def is_root(text: str) -> bool:
    """Whether a text may be the path of --dataset below its pool."""
    return len(text) <= _KEPT - 16 and all(map(_is_part, text.split('/')))


def ancestors(name: str, root: str) -> list[str]:
    """The datasets above one, from the root's children on, without the root."""
    parts = name.removeprefix(root).strip('/').split('/')[:-1]
    return ['/'.join([root, *parts[:count]]) for count in range(1, len(parts) + 1)]

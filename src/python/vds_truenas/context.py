# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a request is handled with: the array, the file, the settings, and what the client sent."""
from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import vds
from vds import types

from .errors import failed
from .fields import Fields
from .store import Store

T = TypeVar('T')
_BUSY_FIRST_WAIT_S, _BUSY_LONGEST_WAIT_S = 0.05, 1.0
WAIT_S = 45.0                           # democratic-csi waits 60 s for an answer


@dataclasses.dataclass(frozen=True)
class Config:
    """What the administrator has set.

    pool, path: the dataset that is served is POOL/PATH.  basename: names of targets are this, a
    colon and what the client chose; None: it follows from the array.  block_bytes: of new LUNs.
    initiators: unmasking lists by number.  portals: "ADDRESS:PORT" of portals by number; an empty
    tuple stands for all portals.
    """

    pool: str
    path: str
    basename: str | None = None
    block_bytes: Literal[512, 4096] = 512
    initiators: dict[int, str] = dataclasses.field(default_factory=dict)
    portals: dict[int, tuple[str, ...]] = dataclasses.field(default_factory=lambda: {1: ()})

    @property
    def root(self) -> str:
        return f'{self.pool}/{self.path}'


@dataclasses.dataclass
class Call:
    """One request.  names: what stands in the path in the places of {…}."""

    array: vds.Client
    store: Store
    config: Config
    names: tuple[str, ...] = ()
    query: dict[str, str] = dataclasses.field(default_factory=dict)
    body: Any = None

    def fields(self, method: str) -> Fields:
        return Fields(self.body, method)

    @functools.cached_property
    def pool(self) -> types.Pool:
        for pool in self.array.pool_all(name=self.config.pool):
            return pool
        raise failed(f'the array has no pool {self.config.pool}: correct --dataset of vds-truenas '
                     '(vdsctl pool list)')

    @functools.cached_property
    def basename(self) -> str:
        if self.config.basename is not None:
            return self.config.basename
        prefix = self.array.array_get()['iqn_prefix'].rstrip(':')
        if not prefix:
            raise failed('the array has no prefix for names of targets: give vds-truenas the '
                         'option --basename, or set one: vdsctl array iqn-prefix')
        return f'{prefix}:truenas'

    def when_free(self, change: Callable[[], T]) -> T:
        """Makes a change; waits for a while when another operation holds the object."""
        end = time.monotonic() + WAIT_S
        wait_s = _BUSY_FIRST_WAIT_S
        while True:
            try:
                return change()
            except vds.ApiError as error:
                if error.code != 'BUSY' or time.monotonic() + wait_s > end:
                    raise
            time.sleep(wait_s)
            wait_s = min(wait_s * 2, _BUSY_LONGEST_WAIT_S)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the array has counted of its LUNs, as metrics of volumes."""
from __future__ import annotations

import threading
import time

import vds
from vds import types

from .values import Resource, metrics_uri, resource

_KEPT_S = 1.0       # the counters come for all LUNs together, and who asks reads one after another
_NS = 10 ** 9


class Counters:
    """The counters of all LUNs, read at most once in a second.  Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._luns: dict[str, types.StatsLunsItem] = {}

    def of(self, client: vds.Client, lun_id: str) -> types.StatsLunsItem | None:
        """Those of a LUN since vdsd was started; None when it was not used since."""
        with self._lock:
            now = time.monotonic()
            if not self._luns or now - self._read_at >= _KEPT_S:
                self._luns = {row['id']: row for row in client.stats()['luns']}
                self._read_at = now
            return self._luns.get(lun_id)


def duration(ns: int) -> str:
    """As ISO 8601 writes it, in seconds."""
    return f'PT{ns // _NS}.{ns % _NS // 1000:06d}S'


def _statistics(counters: types.StatsLunsItem | None) -> Resource:
    nothing: types.LunLoad = {'commands': 0, 'bytes': 0, 'ns': 0, 'buckets': []}
    read, write, other = ((counters['read'], counters['write'], counters['other'])
                          if counters is not None else (nothing, nothing, nothing))
    return {'ReadIORequests': read['commands'], 'ReadIOKiBytes': read['bytes'] // 1024,
            'ReadIORequestTime': duration(read['ns']),
            'WriteIORequests': write['commands'], 'WriteIOKiBytes': write['bytes'] // 1024,
            'WriteIORequestTime': duration(write['ns']),
            'NonIORequests': other['commands'], 'NonIORequestTime': duration(other['ns'])}


def volume_metrics(lun: types.Lun, counters: types.StatsLunsItem | None) -> Resource:
    saved = None
    if lun['thin'] and lun['live'] is not None:
        saved = max(0, lun['size_bytes'] - lun['live']['allocated_bytes'])
    return resource('VolumeMetrics', metrics_uri(lun['id']), f'Metrics of {lun["name"]}',
                    IOStatistics=_statistics(counters), ThinProvisioningSavingsBytes=saved)

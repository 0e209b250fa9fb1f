# SPDX-License-Identifier: LGPL-2.1-or-later
"""replication.run_onetime for one snapshot on the same array, which is a clone; core.get_jobs.

democratic-csi copies volumes so when they are to be "detached" from their source.  A clone of vdsd
needs neither its origin nor its snapshot, so it is detached.
"""
from __future__ import annotations

from typing import Any

from . import clones, query
from .context import Call
from .errors import Refused, invalid, message_of
from .store import Record


def run_onetime(call: Call) -> Any:
    """The number of a job, which has ended."""
    fields = call.fields('replication_run_onetime')
    fields.only('direction', ('PUSH',), 'the copy stays on this array')
    fields.only('transport', ('LOCAL',), 'the copy stays on this array')
    fields.only('recursive', (False,), 'one volume is copied')
    for name in ('retention_policy', 'readonly', 'properties', 'only_from_scratch'):
        fields.take(name)
    sources, target = fields.take('source_datasets'), fields.text('target_dataset')
    pattern = fields.text('name_regex')
    fields.end()
    if not isinstance(sources, list) or len(sources) != 1 or not isinstance(sources[0], str):
        raise invalid(fields.field('source_datasets'), 'it must name one dataset')
    short = pattern.removeprefix('^').removesuffix('$')
    if f'^{short}$' != pattern:
        raise invalid(fields.field('name_regex'), 'it must be ^NAME$, with the name of a snapshot')
    job: dict[str, Any] = {'method': 'replication.run_onetime', 'state': 'SUCCESS', 'error': None,
                           'arguments': [{'source_datasets': sources, 'target_dataset': target}],
                           'result': None}
    try:
        clones.make(call, f'{sources[0]}@{short}', target, Record(),
                    fields.field('target_dataset'))
    except Refused as refused:
        if refused.status != 422:
            raise
        job.update(state='FAILED', error=f'[EFAULT] {message_of(refused)}')
    return call.store.add_job(job)


def get_jobs(call: Call) -> Any:
    jobs = [{'id': number, 'progress': {'percent': 100, 'description': '', 'extra': None}, **job}
            for number, job in call.store.jobs()]
    return query.chosen(jobs, call.query)

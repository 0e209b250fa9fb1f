# SPDX-License-Identifier: LGPL-2.1-or-later
"""Jobs of the array as those of Redfish: what runs long, and how it ended."""
from __future__ import annotations

from vds import types

from .errors import REGISTRY
from .schema import ROOT
from .values import Resource, link, moment, resource, status

SERVICE = f'{ROOT}/JobService'
JOBS = f'{SERVICE}/Jobs'

_STATES = {'running': 'Running', 'paused': 'Suspended', 'done': 'Completed',
           'failed': 'Exception', 'cancelled': 'Cancelled'}
_KINDS = {'create-lun': 'Create', 'extend-lun': 'Extend', 'delete-lun': 'Delete',
          'move-lun': 'Move', 'copy-lun': 'Copy'}


def service() -> Resource:
    return resource('JobService', SERVICE, 'Jobs', ServiceEnabled=True,
                    Status=status('Enabled', 'OK'), Jobs=link(JOBS))


def job(row: types.Job) -> Resource:
    failed = row['state'] == 'failed'
    state = 'paused' if row['paused'] else row['state']
    live = row['live']
    percent = live['percent'] if live is not None else None
    messages = [{'MessageId': f'{REGISTRY}.GeneralError', 'Message': row['message'] or row['error'],
                 'MessageSeverity': 'Critical'}] if failed else None
    return resource(
        'Job', f'{JOBS}/{row["id"]}', f'{_KINDS.get(row["kind"], "Change")} {row["lun_name"]}',
        JobState=_STATES.get(state, 'Running'), JobStatus='Critical' if failed else 'OK',
        PercentComplete=100 if row['state'] == 'done' else percent,
        CreationTime=moment(row['created_ms']), StartTime=moment(row['created_ms']),
        EndTime=moment(row['ended_ms']) if row['ended_ms'] else None, Messages=messages)

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The log of vdsd tells who has ended a session or cancelled a job, which changes no configuration.
"""
import os
import pwd

import vdstest
from vdstest import Daemon, RestError, check, equal, eventually

MIB = 1 << 20
NAME, WHO = 'iqn.2026-11.org.example:t', 'iqn.1993-08.org.debian:01:one'


def me():
    return f'by {pwd.getpwuid(os.getuid()).pw_name} (uid {os.getuid()})'


def lines(daemon, *words):
    """The lines of the log that have all these words."""
    return [line for line in daemon.log_text().splitlines()
            if all(word in line for word in words)]


def not_found(rest, method, path):
    try:
        rest.call(method, path)
    except RestError as error:
        equal(error.status, 404, f'{method} {path}')
        return
    raise vdstest.Failed(f'{method} {path} was done')


def test_an_ended_session_is_logged_with_who_ended_it():
    with Daemon() as daemon:
        rest, sees = daemon.rest(), vdstest.Initiator()
        rest.call('POST', '/v1/targets', {'iscsi_name': NAME, 'with_group': True})
        sees.ok('hold', daemon.portal, NAME, WHO)
        session = eventually('there is a session', lambda: rest.list('sessions'))[0]['id']
        rest.call('DELETE', f'/v1/sessions/{session}')
        daemon.logged('array.change', f'session {session}: ended', me())
        daemon.logged('session.end', f'initiator="{WHO}"', f'target={NAME}')
        eventually('the session has gone', lambda: not rest.list('sessions'))
        not_found(rest, 'DELETE', f'/v1/sessions/{session}')
        equal(len(lines(daemon, 'array.change', f'session {session}')), 1,
              'lines: what failed is not logged as done')
        sees.ask('drop')
        rest.close()
        sees.close()
        daemon.stop()


def test_a_cancelled_job_is_logged_with_who_cancelled_it():
    with Daemon() as daemon:
        rest, hold = daemon.rest(), daemon.inject / 'all.allocate'
        hold.write_text('hold')
        job = rest.call('POST', '/v1/luns',
                        {'size_bytes': MIB, 'name': 'thick', 'thick': True})['job']
        rest.call('POST', f'/v1/jobs/{job}/cancel')
        daemon.logged('array.change', f'job {job}: cancelled', me())
        eventually('it is cancelled',
                   lambda: rest.call('GET', f'/v1/jobs/{job}')['state'] == 'cancelled')
        equal(rest.call('GET', f'/v1/jobs/{job}')['lun_name'], 'thick',
              'the name of its LUN, which is gone')
        equal(rest.list('luns'), [], 'LUNs')
        try:
            rest.call('POST', f'/v1/jobs/{job}/cancel')
            raise vdstest.Failed('it was cancelled again')
        except RestError as error:
            equal(error.status, 409, 'the status of a second cancel')
        equal(len(lines(daemon, 'array.change', f'job {job}: cancelled')), 1, 'lines')
        check(not lines(daemon, 'Z error '), 'something is logged as an error')
        hold.unlink()
        rest.close()
        daemon.stop()
        daemon.checker()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

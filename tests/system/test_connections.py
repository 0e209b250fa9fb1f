#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sessions with several connections (MC/S): verified loads over four of them, whose commands arrive
out of order, while tasks are aborted and connections are cut, replaced and logged out.
"""
import os
import random

import connections
import vdstest
from vdstest import Daemon, check, equal

INITIATOR, TARGET = 'iqn.2026-11.org.example:mcs', 'iqn.2026-11.org.example:several'
SLOTS, CONNECTIONS = 96, 4


def serve(daemon):
    daemon.ctl('target', 'create', 'several', '--iscsi-name', TARGET)
    daemon.ctl('lun', 'create', 'vol', '--size', '4M', '--unmask', '*')
    daemon.ctl('lun', 'associate', 'vol', 'several')


def session_of(daemon, seed, levels=(0, 1, 2)):
    rng = random.Random(seed)
    host, port = daemon.portal.rsplit(':', 1)
    session = connections.Session((host, int(port)), TARGET, INITIATOR, rng, SLOTS,
                                  rng.choice(levels))
    log_in(session)
    return session


def log_in(session):
    for cid in range(CONNECTIONS):
        equal(session.log_in(cid), 0, 'the status of the login')
    ready(session)


def ready(session):
    """A unit attention is told once."""
    session.queue(False)
    session.settle()


def seeds():
    seed = int(os.environ.get('SEED', random.randrange(1 << 32)))
    print(f'# SEED={seed}', flush=True)
    return seed


def load(session, commands):
    for _ in range(commands):
        if session.may_send() and len(session.tasks) < 40:
            session.queue(session.rng.random() < 0.6)
        if session.rng.random() < 0.3:
            session.flush_some()
            session.pump()
        if not session.may_send() or len(session.tasks) >= 40:
            session.flush_all()
            session.pump(connections.DEADLINE_S)


def finished(session):
    session.settle()
    session.verify()
    session.log_out(0, 0, connections.CLOSE_SESSION)
    print(f'# {session.counts}', flush=True)


def test_commands_over_four_connections_keep_their_order():
    with Daemon() as daemon:
        serve(daemon)
        session = session_of(daemon, seeds())
        equal(len(daemon.ctl('session', 'list')), 1, 'the number of sessions')
        load(session, 3000)
        check(session.counts['ahead'] > 100, 'commands came in order')
        finished(session)
        daemon.stop()
        daemon.checker()


def test_tasks_are_aborted_across_connections():
    with Daemon() as daemon:
        serve(daemon)
        session = session_of(daemon, seeds())
        for _ in range(60):
            load(session, 25)
            conn = session.rng.choice(list(session.conns.values()))
            if session.tasks and session.rng.random() < 0.7:
                session.manage(conn, connections.ABORT_TASK,
                               session.rng.choice(list(session.tasks.values())))
            else:
                session.manage(conn, session.rng.choice((connections.ABORT_TASK_SET,
                                                         connections.LU_RESET)))
        check(session.counts['aborted'] > 0, 'nothing was aborted')
        ready(session)
        finished(session)
        daemon.stop()
        daemon.checker()


def test_connections_come_and_go():
    with Daemon() as daemon:
        serve(daemon)
        session = session_of(daemon, seeds())
        for _ in range(40):
            load(session, 30)
            cid = session.rng.choice(list(session.conns))
            what = session.rng.random()
            if what < 0.4:          # replaced, whatever it had under way
                equal(session.log_in(cid), 0, 'the status of the login')
            elif what < 0.8:        # logged out by itself, and had anew
                session.log_out(cid, cid)
                equal(session.log_in(cid), 0, 'the status of the login')
            else:                   # logged out by another one
                session.settle()
                other = session.rng.choice([other for other in session.conns if other != cid])
                session.log_out(other, cid)
                load(session, 10)
                equal(session.log_in(cid), 0, 'the status of the login')
        equal(session.log_in(0x1000, 1), 0, 'the status of one more')
        session.settle()
        session.log_out(0, 0x1000)
        finished(session)
        daemon.stop()
        daemon.checker()


def test_no_command_is_lost_with_a_connection():
    with Daemon() as daemon:
        serve(daemon)
        session = session_of(daemon, seeds(), (2,))
        for _ in range(60):
            load(session, session.rng.randint(1, 60))
            count = session.rng.choice((1, 1, 2, CONNECTIONS))
            session.fail(session.rng.sample(list(session.conns), count))
        finished(session)
        check(session.counts['moved'] > 0, 'no task was moved')
        equal(session.counts['gone'], 0, 'the number of commands without an answer')
        daemon.stop()
        daemon.checker()


def test_a_connection_that_is_cut_ends_the_session():
    with Daemon() as daemon:
        serve(daemon)
        session = session_of(daemon, seeds(), (0, 1))
        for _ in range(15):
            load(session, session.rng.randint(1, 80))
            session.cut(session.rng.choice(list(session.conns)))
            log_in(session)
        finished(session)
        daemon.stop()
        daemon.checker()


if __name__ == '__main__':
    vdstest.main([test_commands_over_four_connections_keep_their_order,
                  test_tasks_are_aborted_across_connections,
                  test_connections_come_and_go,
                  test_no_command_is_lost_with_a_connection,
                  test_a_connection_that_is_cut_ends_the_session])

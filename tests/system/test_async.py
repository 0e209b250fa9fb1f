#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program holds the IVdsAsync of an operation while vdsd is killed, stopped and started again, or
while the answer to its change is lost: what it says stays true.
"""
import contextlib
import threading

import vdstest
from vdstest import Com, Daemon, LosingWire, equal, eventually

MIB = 1 << 20
PENDING, CANCELED = 'VDS_E_OPERATION_PENDING', 'VDS_E_OPERATION_CANCELED'
UNREACHABLE = 'VDS_E_PROVIDER_CACHE_CORRUPT'


@contextlib.contextmanager
def array():
    """A daemon with a thick LUN, and a program that holds three operations:

    0: the LUN was extended; 1: it is being extended, which is held; 2: another LUN is being made,
    which is held, too.
    """
    with Daemon() as daemon:
        com = Com(daemon)
        com.ok('begin', 5, 'create', 4 * MIB)
        result, lun = com.ok('wait', 5)
        equal(result, 'S_OK', 'a thick LUN')
        com.ok('begin', 0, 'extend', lun, MIB)
        equal(com.ok('wait', 0), ['S_OK'], 'the first extend')
        hold = daemon.inject / 'all.allocate'
        hold.write_text('hold')
        com.ok('begin', 1, 'extend', lun, 3 * MIB)
        com.ok('begin', 2, 'create', 2 * MIB)
        for slot in (1, 2):
            equal(com.ok('status', slot), [PENDING, '0'], f'operation {slot} at first')
        yield daemon, com, lun, hold
        daemon.stop()
        daemon.checker()


def end(daemon, hold, how):
    """vdsd ends while two jobs are held."""
    if how == 'kill':
        daemon.kill()
        return
    # An orderly end waits for what the jobs' threads do, so they are let go when it has begun.
    # Jobs that are done by then have ended, the others go on at the next start.
    daemon.process.terminate()
    daemon.logged('vdsd.stop')
    hold.unlink()
    equal(daemon.process.wait(vdstest.DEADLINE_S), 0, 'exit status of vdsd')


def across(how):
    with array() as (daemon, com, lun, hold):
        waited = []
        waiter = Com(daemon)            # another program: it waits through the restart
        waiter.ok('begin', 3, 'create', 2 * MIB)
        thread = threading.Thread(target=lambda: waited.append(waiter.ok('wait', 3)))
        thread.start()
        end(daemon, hold, how)
        equal(com.ok('status', 0), ['S_OK', '100'], 'what had ended before, while vdsd is down')
        equal(com.ok('wait', 0), ['S_OK'], 'Wait for it')
        equal(com.ask('cancel', 0)[0], 'VDS_E_CANCEL_TOO_LATE', 'Cancel of it')
        hold.write_text('hold')
        daemon.start()
        eventually('the program is back', lambda: com.ask('sync')[0] == 'S_OK')
        running = [job for job in daemon.rest().list('jobs') if job['state'] == 'running']
        if how == 'kill':
            equal(len(running), 3, 'jobs that go on')
            equal(com.ask('begin', 4, 'extend', lun, MIB)[0], 'VDS_E_ANOTHER_CALL_IN_PROGRESS',
                  'another extend')
            equal(waited, [], 'Wait while the job is held')
        for slot, kind in ((1, 'extend-lun'), (2, 'create-lun')):
            [result, percent] = com.ok('status', slot)
            if any(job['kind'] == kind for job in running):
                equal((result in (PENDING, 'S_OK'), how == 'kill' and result != PENDING),
                      (True, False), f'operation {slot} after the restart: {result}')
            else:
                equal((result, percent), ('S_OK', '100'), f'operation {slot}, which has ended')
        made = cancel(com, hold, 2)
        [result] = com.ok('wait', 1)
        equal(result, 'S_OK', 'the extend')
        equal(com.ok('status', 1), ['S_OK', '100'], 'its status')
        equal(com.ok('lun', lun)[0], str(8 * MIB), 'the size')
        thread.join()
        equal(waited[0][0], 'S_OK', 'Wait through the restart')
        equal(set(com.ok('luns')), {lun, waited[0][1], *made}, 'the LUNs')
        waiter.close()
        com.close()


def cancel(com, hold, slot):
    """Cancels the making of a LUN; the ids of what was made all the same.  Cancel returns when the
    work has stopped, and the work stops when the store lets it go.
    """
    answers = []
    thread = threading.Thread(target=lambda: answers.append(com.ask('cancel', slot)[0]))
    thread.start()
    hold.unlink()
    thread.join()
    equal(answers[0] in ('S_OK', 'VDS_E_CANCEL_TOO_LATE'), True, f'Cancel: {answers}')
    [result, *made] = com.ok('wait', slot)
    equal(result, CANCELED if answers[0] == 'S_OK' else 'S_OK', 'what Cancel had said is so')
    return made


def test_operations_survive_a_kill():
    across('kill')


def test_operations_survive_an_orderly_restart():
    across('stop')


def test_a_change_whose_answer_is_lost_is_known_and_made_once():
    """The wire breaks, vdsd is killed, vdsd is stopped and started: right after the change."""
    with Daemon() as daemon:
        wire = LosingWire(daemon)
        com = Com(wire)

        def restart(end):
            def run():
                end()
                daemon.start()
            return run
        size, luns = 4 * MIB, set()
        for end in (lambda: None, restart(daemon.kill), restart(daemon.stop)):
            wire.lose = end
            com.ok('begin', 1, 'create', 4 * MIB)           # a job
            result, lun = com.ok('wait', 1)
            equal(result, 'S_OK', 'CreateLun')
            luns.add(lun)
            equal(set(com.ok('luns')), luns, 'the LUNs')
            wire.lose = end
            com.ok('begin', 2, 'shrink', lun, MIB)          # done within the call
            equal(com.ok('wait', 2), ['S_OK'], 'Shrink')
            equal(com.ok('lun', lun)[0], str(size - MIB), 'ullSize: it shrank once')
            wire.lose = end
            com.ok('begin', 3, 'extend', lun, 2 * MIB)
            equal(com.ok('wait', 3), ['S_OK'], 'Extend')
            equal(com.ok('lun', lun)[0], str(size + MIB), 'ullSize: it grew once')
            for slot in (1, 2, 3):
                com.ok('forget', slot)
        equal(wire.lost, 9, 'answers that were lost')
        com.close()
        wire.close()
        daemon.stop()
        daemon.checker()


def test_cancel_whose_answer_is_lost_is_known():
    with array() as (daemon, _com, lun, hold):
        wire = LosingWire(daemon)
        com = Com(wire)
        com.ok('begin', 1, 'create', 2 * MIB)
        equal(com.ok('status', 1), [PENDING, '0'], 'at first')
        wire.lose = hold.unlink
        equal(com.ask('cancel', 1)[0], 'S_OK', 'Cancel')
        equal(com.ok('wait', 1), [CANCELED], 'the outcome')
        equal(com.ok('status', 1), [CANCELED, '100'], 'the status')
        equal(com.ask('cancel', 1)[0], CANCELED, 'Cancel again')
        equal(wire.lost, 1, 'answers that were lost')
        equal(lun in com.ok('luns'), True, 'the other LUN is there')
        com.close()
        wire.close()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

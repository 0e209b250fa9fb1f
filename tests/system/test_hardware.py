#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a VDS program and an initiator see of the same hardware: the write cache of a LUN, and the
controller and its port while they are reset, flushed, invalidated and taken offline under a
session.
"""
import contextlib

import vdstest
from vdstest import Com, Daemon, Initiator, check, equal, eventually

HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:web'
MODE_CHANGED = '6/2a01'


@contextlib.contextmanager
def array():
    """A daemon with a LUN behind a target, a VDS program, an initiator with a session."""
    with Daemon() as daemon, contextlib.ExitStack() as stack:
        daemon.ctl('lun', 'create', 'vol', '--size', '4M', '--unmask', '*')
        daemon.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        daemon.ctl('lun', 'associate', 'vol', 'web')
        lun = daemon.rest().list('luns')[0]['id']
        com, initiator = Com(daemon), Initiator()
        stack.callback(com.close)
        stack.callback(initiator.close)
        log_in(daemon, initiator)
        yield daemon, com, initiator, lun
        daemon.stop()


def log_in(daemon, initiator):
    initiator.ok('hold', daemon.portal, TARGET, HOST)
    while initiator.ok('sense', 0) != ['good']:     # the unit attentions of a new session
        pass


def again(daemon, initiator):
    """The session has ended; another one serves as before."""
    equal(initiator.ask('sense', 0)[0], 'error', 'a command on the session that has ended')
    initiator.ask('drop')
    log_in(daemon, initiator)


# ---- the write cache ----

def cache_is(com, initiator, lun, value, when):
    eventually(f'{when}: VDS_LUN_PROP.ulFlags says {value}',
               lambda: com.ok('write-cache', lun) == [value])
    equal(initiator.ok('cache', 0), ['1' if value == 'on' else '0'], f'{when}: MODE SENSE')


def test_mode_select_is_seen_in_the_flags_of_the_lun():
    with array() as (_daemon, com, initiator, lun):
        cache_is(com, initiator, lun, 'on', 'at first')
        equal(initiator.ok('cache', 0, 0), ['0'], 'MODE SELECT')
        cache_is(com, initiator, lun, 'off', 'after MODE SELECT')
        equal(initiator.ok('cache', 0, 1), ['1'], 'MODE SELECT')
        cache_is(com, initiator, lun, 'on', 'after MODE SELECT back')
        equal(initiator.ok('cache', 0, 0), ['0'], 'MODE SELECT')
        initiator.ok('reset', 0)
        while initiator.ok('sense', 0) != ['good']:
            pass
        cache_is(com, initiator, lun, 'on', 'after a reset of the unit, which keeps no page')


def test_a_hint_is_seen_by_mode_sense():
    with array() as (_daemon, com, initiator, lun):
        equal(com.ok('hint-through', lun, 1), ['40', '1'], 'QueryHints')
        equal(initiator.ok('sense', 0), [MODE_CHANGED], 'the first command after ApplyHints')
        cache_is(com, initiator, lun, 'off', 'after ApplyHints')
        equal(initiator.ok('cache', 0, 1), ['1'], 'MODE SELECT over the hint')
        cache_is(com, initiator, lun, 'on', 'MODE SELECT over the hint')
        equal(com.ok('hint-through', lun, 0), ['40', '0'], 'QueryHints')
        cache_is(com, initiator, lun, 'on', 'without the hint')


def test_flags_and_mode_page_stay_together():
    """Over everything that could let one of them begin anew."""
    with array() as (daemon, com, initiator, lun):
        other = Initiator()
        for words in ([], ['lun', 'offline', 'vol'], ['lun', 'online', 'vol'],
                      ['lun', 'dissociate', 'vol', 'web'], ['lun', 'associate', 'vol', 'web'],
                      ['lun', 'extend', 'vol', '1M'], ['controller', 'reset']):
            log_in(daemon, other)
            other.ok('cache', 0, 0)
            other.ok('drop')
            eventually('one session at most', lambda: len(daemon.rest().list('sessions')) <= 1)
            if words[1:] == ['reset']:
                controller = daemon.ctl('controller', 'show')['id']
                daemon.rest().call('POST', f'/v1/controllers/{controller}/reset', {'drain_ms': 1})
            elif words:
                daemon.ctl(*words)
            if words[1:2] in (['offline'], ['dissociate']):
                daemon.ctl('lun', 'online' if words[1] == 'offline' else 'associate', 'vol',
                           *(['web'] if words[1] == 'dissociate' else []))
            log_in(daemon, other)
            [wce] = other.ok('cache', 0)
            eventually(f'{words}: the flags say what MODE SENSE says, WCE={wce}', lambda: com.ok(
                'write-cache', lun) == ['on' if wce == '1' else 'off'])
            other.ok('drop')
        other.close()
        com.ok('hint-through', lun, 1)
        for restart in (daemon.kill, daemon.stop):
            restart()
            daemon.start()
            eventually('the program is back', lambda: com.ask('sync')[0] == 'S_OK')
            initiator.ask('drop')
            log_in(daemon, initiator)
            cache_is(com, initiator, lun, 'off', 'after a restart, by the hint')


# ---- the controller and its port ----

def listed(com, lun, target, served):
    """QueryAssociatedTargets names what is associated; who is reachable, other methods say."""
    equal(com.targets_of(lun), {target}, 'QueryAssociatedTargets')
    equal(com.luns_of(target), {lun}, 'QueryAssociatedLuns of the target')
    equal(com.ok('served-by', lun), ['1', '1'] if served else ['0', '0'],
          'QueryActiveControllers, QueryActiveControllerPorts')


def explained(daemon, lun, reachable):
    told = daemon.rest().call('GET', f'/v1/explain?lun={lun}&initiator={HOST}&from=127.0.0.1')
    equal(told['visible'], reachable, f'explain: {told}')


def test_reset_ends_sessions_and_loses_nothing():
    with array() as (daemon, com, initiator, lun):
        [target] = com.ok('targets')
        for number, what in enumerate(('controller', 'port')):
            equal(initiator.ok('put', 0, number, number + 7), ['good'], 'a write')
            com.ok(what, 'reset')
            again(daemon, initiator)
            equal(initiator.ok('get', 0, number), [str(number + 7)], 'what was written before')
            listed(com, lun, target, True)
            equal(com.ok(what)[0], 'online', f'status of the {what}')


def test_flush_and_invalidate_go_on_under_io():
    with array() as (daemon, com, initiator, lun):
        sessions = daemon.rest().list('sessions')

        def flush():
            for word in ('flush', 'invalidate') * 5:
                com.ok('controller', word)

        def write():
            for block in range(200):
                equal(initiator.ok('put', 0, block, block % 251), ['good'], 'a write')
        vdstest.in_threads(flush, write)
        com.ok('controller', 'invalidate')
        for block in range(200):
            equal(initiator.ok('get', 0, block), [str(block % 251)], 'what was written')
        equal([s['id'] for s in daemon.rest().list('sessions')], [s['id'] for s in sessions],
              'the session is the same')


def test_a_store_that_fails_in_the_flush_is_told():
    with array() as (daemon, com, initiator, lun):
        equal(initiator.ok('put', 0, 1, 99), ['good'], 'a write')
        fault = daemon.inject / f'{lun}.flush'
        fault.write_text('EIO')
        equal(com.ask('controller', 'flush')[0], 'VDS_E_OBJECT_STATUS_FAILED', 'FlushCache')
        # That the LUN has failed is an event of its own, which may come after the answer.
        eventually('the LUN has failed', lambda: com.ask('targets-of', lun)[0] ==
                   'VDS_E_OBJECT_STATUS_FAILED')
        com.ok('controller', 'flush')       # the others are flushed
        fault.unlink()
        com.ok('online', lun)
        com.ok('controller', 'invalidate')
        while initiator.ok('sense', 0) != ['good']:
            pass
        equal(initiator.ok('get', 0, 1), ['99'], 'what was written, which the page cache had')


def offline_and_online(what):
    with array() as (daemon, com, initiator, lun):
        [target] = com.ok('targets')
        equal(com.ok(what)[-1], lun, f'QueryAssociatedLuns of the {what}')
        equal(initiator.ok('put', 0, 1, 99), ['good'], 'a write')
        com.ok(what, 'offline')
        equal(daemon.rest().list('sessions'), [], 'sessions after SetStatus has returned')
        equal(initiator.ask('sense', 0)[0], 'error', 'a command on the session that has ended')
        initiator.ask('drop')
        equal(initiator.ask('hold', daemon.portal, TARGET, HOST)[0], 'error', 'a login')
        equal(com.ok(what)[0], 'offline', f'status of the {what}')
        check(lun not in com.ok(what), f'QueryAssociatedLuns of the {what}, offline')
        listed(com, lun, target, False)
        explained(daemon, lun, False)
        com.ok(what, 'offline')         # it is so already
        check('it is being reset' not in daemon.log_text(),
              'the log gives another reason than that it is offline')
        for restart in (daemon.stop, daemon.kill):
            restart()
            daemon.start()
            eventually('the program is back', lambda: com.ask('sync')[0] == 'S_OK')
            equal(com.ok(what)[0], 'offline', f'status of the {what} after a restart')
        com.ok(what, 'online')
        log_in(daemon, initiator)
        equal(initiator.ok('get', 0, 1), ['99'], 'what was written before')
        listed(com, lun, target, True)
        explained(daemon, lun, True)


def test_an_offline_controller_refuses_and_serves_again():
    offline_and_online('controller')


def test_an_offline_port_refuses_and_serves_again():
    offline_and_online('port')


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

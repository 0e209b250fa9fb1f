#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pools in memory: what fits, what they take, and that nobody gets zeros instead of lost data."""
import contextlib

import vdstest
from vdstest import Daemon, Initiator, RestError, check, equal, eventually

MIB, PAGE = 1 << 20, 4096
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:fast'
NO_SPACE = '7/2707'


def space(daemon, name='fast'):
    """The free bytes of a pool: now, since a change of it is looked at."""
    rest = daemon.rest()
    pool = next(pool for pool in rest.list('pools') if pool['name'] == name)
    return rest.call('GET', f'/v1/pools/{pool["id"]}')['live']


def lun(daemon, name):
    rest = daemon.rest()
    found = next(lun for lun in rest.list('luns') if lun['name'] == name)
    return rest.call('GET', f'/v1/luns/{found["id"]}')


def serve(daemon, *options, size='8M'):
    daemon.ctl('pool', 'create', 'fast', 'ram:1M')
    daemon.ctl('lun', 'create', 'vol', '--size', size, '--pool', 'fast', '--unmask', '*', *options)
    daemon.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
    daemon.ctl('lun', 'associate', 'vol', 'web')


def session(daemon, stack, number=0):
    initiator = Initiator()
    stack.callback(initiator.close)
    initiator.ok('hold', daemon.portal, TARGET, HOST)
    while (answer := initiator.ok('sense', number)) != ['good'] and answer[-1].startswith('6/'):
        pass
    return initiator


def test_a_full_pool_says_so_and_recovers():
    for faults in (True, False):
        with Daemon(faults=faults) as daemon, contextlib.ExitStack() as stack:
            serve(daemon)
            initiator = session(daemon, stack)
            written = 0
            while (answer := initiator.ok('put', 0, written * 8, 1)) == ['good']:
                written += 1
                check(written <= 256, 'more was written than the pool has')
            equal((written, answer), (256, [NO_SPACE]), 'pages that were written, and the answer')
            equal(initiator.ok('put', 0, 9, 2), ['good'], 'a write to a page that is there')
            eventually('the pool is full', lambda: space(daemon)['free_bytes'] == 0)
            equal(space(daemon)['capacity_bytes'], MIB, 'the capacity')
            eventually('the LUN has all', lambda: lun(daemon, 'vol')['live'][
                'allocated_bytes'] == MIB)
            initiator.ok('drop')
            daemon.ctl('lun', 'delete', 'vol', '--force')
            eventually('the pool is empty', lambda: space(daemon)['free_bytes'] == MIB)
            daemon.ctl('pool', 'delete', 'fast')
            daemon.stop()
            daemon.checker()


def test_a_thick_lun_takes_its_space_at_once():
    with Daemon() as daemon:
        serve(daemon, '--thick', size='768K')
        eventually('it is there', lambda: lun(daemon, 'vol')['live']['operation'] == 'none')
        eventually('it has its space', lambda: space(daemon)['free_bytes'] == MIB // 4)
        equal(daemon.ctl('lun', 'create', 'second', '--thick', '--size', '512K', '--pool', 'fast',
                         ok=None) != 0, True, 'a second one')
        daemon.ctl('lun', 'extend', 'vol', '256K')
        eventually('it has grown', lambda: space(daemon)['free_bytes'] == 0)
        daemon.ctl('lun', 'delete', 'vol', '--force')
        eventually('all is free', lambda: space(daemon)['free_bytes'] == MIB)
        daemon.stop()


def lost(end):
    with Daemon() as daemon, contextlib.ExitStack() as stack:
        serve(daemon)
        initiator = session(daemon, stack)
        equal(initiator.ok('put', 0, 0, 5), ['good'], 'a write')
        equal(initiator.ok('get', 0, 0), ['5'], 'a read')
        end(daemon)
        initiator.close()
        daemon.start()
        initiator = session(daemon, stack)
        answer = initiator.ok('get', 0, 0)
        check(answer[0] != '0' and answer[0] != '5', f'a read of lost data: {answer}')
        eventually('the LUN has failed', lambda: lun(daemon, 'vol')['live']['health'] == 'failed')
        check('was lost' in lun(daemon, 'vol')['live']['reason'], lun(daemon, 'vol')['live'])
        daemon.logged(' lun.failed ', 'was lost')
        drives = daemon.rest().list('drives')
        check(any((drive['kind'], drive['name']) == ('memory', 'ram:1M') for drive in drives),
              f'the drives: {drives}')
        equal(daemon.ctl('lun', 'online', 'vol', ok=None) != 0, True, 'online')
        try:
            daemon.rest().call('PATCH', f'/v1/luns/{lun(daemon, "vol")["id"]}', {'status': 'online'})
            raise vdstest.Failed('a LUN whose data was lost is online')
        except RestError as error:
            check('delete the LUN' in str(error), f'{error}')
        problems = [problem for problem in daemon.rest().call('GET', '/v1/health')['problems']
                    if 'LUN vol has failed' in problem['text']]
        equal([problem['hint'] for problem in problems],
              ['`vdsctl lun delete`, and create it anew'], 'what to do')
        equal(initiator.ok('get', 0, 0)[0] not in ('0', '5'), True, 'a read after that')
        initiator.ok('drop')
        daemon.ctl('lun', 'delete', 'vol', '--force')
        daemon.ctl('lun', 'create', 'vol', '--size', '8M', '--pool', 'fast', '--unmask', '*')
        daemon.ctl('lun', 'associate', 'vol', 'web')
        initiator = session(daemon, stack, 1)
        equal(initiator.ok('get', 1, 0), ['0'], 'the new LUN, under a number of its own')
        initiator.ok('drop')
        daemon.stop()
        daemon.checker()


def test_lost_data_is_not_served_as_zeros_after_a_stop():
    lost(Daemon.stop)


def test_lost_data_is_not_served_as_zeros_after_a_kill():
    lost(Daemon.kill)


def test_places_that_cannot_be():
    with Daemon() as daemon:
        rest = daemon.rest()
        for place, code, word in (('ram:', 'INVALID', 'ram:2G'), ('ram:1', 'INVALID', '4096'),
                                  ('ram:2G:', 'INVALID', 'name'), ('ram:-2G', 'INVALID', 'ram:2G'),
                                  ('ram:2P', 'NO_SPACE', 'smaller'), ('RAM:2G', 'INVALID', '/srv'),
                                  ('ram:4K:' + 'x' * 64, 'INVALID', '63')):
            try:
                rest.call('POST', '/v1/pools', {'name': 'bad', 'path': place})
                raise vdstest.Failed(f'{place} was accepted')
            except RestError as error:
                equal(error.code, code, place)
                check(word in str(error), f'{place}: {error}')
        daemon.ctl('pool', 'create', 'one', 'ram:1M')
        equal(daemon.ctl('pool', 'create', 'two', 'ram:1024K', ok=None) != 0, True, 'the same')
        daemon.ctl('pool', 'create', 'two', 'ram:1024K:second')
        equal(sorted(pool['path'] for pool in rest.list('pools'))[1:],
              ['ram:1M', 'ram:1M:second'], 'the places')
        daemon.ctl('lun', 'create', 'vol', '--size', '1M')
        home = next(pool['id'] for pool in rest.list('pools') if pool['path'][0] == '/')
        equal(lun(daemon, 'vol')['pool_id'], home, 'the pool of a LUN for which none is named')
        daemon.stop()
        daemon.checker()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

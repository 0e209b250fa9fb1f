#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""IVdsLunIscsi::AssociateTargets and QueryAssociatedTargets, called from C, compared with what an
initiator sees.
"""
import contextlib

import vdstest
from vdstest import Com, Daemon, Initiator, equal

MIB = 1 << 20
NAME = 'iqn.1993-08.org.debian:01:one'
OTHER = 'iqn.1993-08.org.debian:01:two'


@contextlib.contextmanager
def array(targets=3):
    """A daemon, a VDS program, one LUN unmasked to NAME, and so many targets on its portal."""
    with Daemon() as daemon:
        com = Com(daemon)
        ids = []
        for n in range(targets):
            target = com.ok('create-target', f'iqn.2026-11.org.example:t{n}', f't{n}')[0]
            group = com.ok('create-group', target)[0]
            com.ok('add-portal', group, com.ok('portals')[0])
            ids.append(target)
        lun = com.ok('create-lun', 16 * MIB, NAME)[0]
        yield daemon, com, lun, ids
        com.close()
        daemon.stop()


def test_a_new_lun_has_an_empty_enumerator():
    with array() as (_, com, lun, _ids):
        equal(com.ok('targets-of', lun), [], 'targets of a new LUN')


def test_it_replaces_the_whole_set():
    with array() as (_, com, lun, ids):
        com.ok('associate', lun, ids[0], ids[1])
        equal(com.targets_of(lun), {ids[0], ids[1]}, 'after the first')
        com.ok('associate', lun, ids[2])
        equal(com.targets_of(lun), {ids[2]}, 'after the second')
        equal([com.luns_of(t) for t in ids], [set(), set(), {lun}], 'the inverse')


def test_duplicates_count_once():
    with array() as (_, com, lun, ids):
        com.ok('associate', lun, ids[0], ids[0], ids[1], ids[0])
        equal(sorted(com.ok('targets-of', lun)), sorted(ids[:2]), 'targets')


def test_an_unknown_target_changes_nothing():
    with array() as (_, com, lun, ids):
        com.ok('associate', lun, ids[0])
        unknown = vdstest.new_request_id()
        equal(com.ask('associate', lun, ids[1], unknown)[0], 'VDS_E_OBJECT_NOT_FOUND',
              'an unknown target')
        equal(com.targets_of(lun), {ids[0]}, 'targets')


def test_null_and_zero_dissociate_from_all():
    with array() as (_, com, lun, ids):
        com.ok('associate', lun, *ids)
        com.ok('associate', lun)
        equal(com.ok('targets-of', lun), [], 'targets')


def test_wrong_counts_are_invalid():
    with array() as (_, com, lun, ids):
        com.ok('associate', lun, ids[0])
        equal(com.ask('associate-raw', lun, -1)[0], 'E_INVALIDARG', 'a negative count')
        equal(com.ask('associate-raw', lun, 2, 'null')[0], 'E_INVALIDARG', 'NULL with a count')
        equal(com.targets_of(lun), {ids[0]}, 'targets')


def test_a_null_out_pointer_is_an_error():
    with array() as (_, com, lun, _ids):
        vdstest.check(com.ask('null-out', lun)[0] in ('E_INVALIDARG', 'E_POINTER'),
                      'QueryAssociatedTargets(NULL)')
        equal(com.ok('targets-of', lun), [], 'the program lives')


def test_each_element_is_the_object_that_query_targets_gives():
    with array() as (_, com, lun, ids):
        com.ok('associate', lun, *ids)
        for target in ids:
            equal(com.ok('same', lun, target), ['2'], 'the same IUnknown')


def test_the_enumerator_is_a_snapshot():
    with array() as (_, com, lun, ids):
        com.ok('associate', lun, *ids)
        before = com.ok('targets-of', lun)
        com.ok('hold-enum', lun)
        com.ok('associate', lun, ids[0])
        equal(com.ok('say-held'), before, 'the snapshot after a change, in its order')
        com.ok('delete-target', ids[1])
        equal(sorted(com.ok('say-held')), sorted(['deleted', ids[0], ids[2]]), 'after a deletion')


def test_a_target_with_luns_cannot_be_deleted():
    with array() as (_, com, lun, ids):
        com.ok('associate', lun, ids[0])
        equal(com.ask('delete-target', ids[0])[0], 'VDS_E_ASSOCIATED_LUNS_EXIST', 'Delete')
        com.ok('associate', lun)
        com.ok('delete-target', ids[0])


def test_an_initiator_sees_exactly_the_association_cut_by_the_mask():
    with array() as (daemon, com, lun, ids):
        sees = Initiator()
        serial = com.ok('lun', lun)[2]

        def seen(initiator):
            return [list(sees.list(daemon.portal, f'iqn.2026-11.org.example:t{n}',
                                   initiator).values())
                    for n in range(3)]
        com.ok('associate', lun, ids[0], ids[2])
        equal(seen(NAME), [[serial], [], [serial]], 'seen by the initiator in the mask')
        equal(seen(OTHER), [[], [], []], 'seen by another')
        com.ok('mask', lun, '*')
        equal(seen(OTHER), [[serial], [], [serial]], 'seen by another, unmasked to all')
        com.ok('mask', lun, '-')
        equal(seen(NAME), [[], [], []], 'seen, masked')
        sees.close()


def test_what_is_written_through_one_target_is_read_through_another():
    with array() as (daemon, com, lun, ids):
        sees = Initiator()
        com.ok('associate', lun, ids[0], ids[1])
        sees.ok('write', daemon.portal, 'iqn.2026-11.org.example:t0', NAME, 0, 1000, 90)
        equal(sees.ok('read', daemon.portal, 'iqn.2026-11.org.example:t1', NAME, 0, 1000), ['90'],
              'the byte')
        sees.close()


def test_a_running_session_is_told():
    with array() as (daemon, com, lun, ids):
        sees = Initiator()
        com.ok('associate', lun, ids[0])
        sees.ok('hold', daemon.portal, 'iqn.2026-11.org.example:t0', NAME)
        vdstest.eventually('the unit is ready', lambda: sees.ok('sense', 0) == ['good'])
        second = com.ok('create-lun', 16 * MIB, NAME)[0]
        com.ok('associate', second, ids[0])
        equal(sees.ok('sense', 0), ['6/3f0e'], 'REPORTED LUNS DATA HAS CHANGED')
        com.ok('extend', lun, 16 * MIB)
        equal(sees.ok('sense', 0), ['6/2a09'], 'CAPACITY DATA HAS CHANGED')
        equal(sees.ok('sense', 0), ['good'], 'after that')
        sees.ok('drop')
        sees.close()


def test_a_number_that_an_initiator_saw_is_not_given_to_another_lun():
    """An initiator keeps the disk of a number over the end of its session and a restart of the
    array.
    """
    def restart(daemon):
        daemon.stop()
        daemon.start()

    def crash(daemon):
        daemon.kill()
        daemon.start()

    for fate in (lambda _: None, restart, crash):
        with Daemon() as daemon:
            sees, rest = Initiator(), daemon.rest()
            target = rest.call('POST', '/v1/targets',
                               {'iscsi_name': 'iqn.2026-11.org.example:t',
                                'with_group': True})['id']
            first, second = (rest.call('POST', '/v1/luns', {'size_bytes': MIB, 'mask': '*'})['id']
                             for _ in range(2))
            serials = {lun: rest.call('GET', f'/v1/luns/{lun}')['serial']
                       for lun in (first, second)}
            rest.call('PUT', f'/v1/luns/{first}/targets', {'targets': [target]})
            equal(sees.list(daemon.portal, 'iqn.2026-11.org.example:t', NAME), {0: serials[first]},
                  'seen at first')
            rest.close()
            fate(daemon)
            rest = daemon.rest()
            rest.call('PUT', f'/v1/luns/{first}/targets', {'targets': []})
            rest.call('PUT', f'/v1/luns/{second}/targets', {'targets': [target]})
            equal(sees.list(daemon.portal, 'iqn.2026-11.org.example:t', NAME), {1: serials[second]},
                  'seen then')
            rest.close()
            sees.close()
            daemon.stop()


def test_discovery_names_only_targets_this_initiator_may_use():
    with array() as (daemon, com, lun, ids):
        sees = Initiator()
        com.ok('associate', lun, ids[0], ids[1])
        equal(sorted(sees.ok('discover', daemon.portal, NAME)),
              ['iqn.2026-11.org.example:t0', 'iqn.2026-11.org.example:t1'], 'discovered')
        equal(sees.ok('discover', daemon.portal, OTHER), [], 'discovered by another')
        sees.close()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The answers stay true when three gateways serve one array: clients of all of them make random
changes, LUNs move, and gateways drain.

After each round all wait for each other.  Then, at once, QueryAssociatedTargets from each gateway
must be what the rows say, and REPORT LUNS through each gateway's portals must return that set cut
by the unmasking list, to new sessions and to those that were there before the round.  Once a
gateway is killed between two rounds.

Environment: TRUTH_CHANGES (160) changes that succeed, in all; TRUTH_SEED (random, printed).
"""
import contextlib
import os
import random

import cephtest
import test_truth as truth
import vdstest
from test_truth import INITIATORS
from vdstest import Com, Initiator, check, equal, eventually

CHANGES = int(os.environ.get('TRUTH_CHANGES', '160'))
SEED = truth.SEED
NAMES = ['a', 'b', 'c']
INVENTORY, MOVED = '6/3f0e', '6/2a06'


class MoverClient(truth.RestClient):
    """Gives LUNs to other gateways, and drains a gateway and lets it serve again."""

    def __init__(self, seed, daemon):
        super().__init__(seed, daemon)
        self.moved = self.drained = 0

    def change(self):
        controllers = [row['id'] for row in self.rest.list('controllers')]
        chosen = self.random.choice(controllers)
        if self.random.random() < 0.25:
            ok = self.call('PATCH', f'/v1/controllers/{chosen}', {'drains': True})
            self.drained += ok
            ok = self.call('PATCH', f'/v1/controllers/{chosen}', {'drains': False}) and ok
        elif luns := self.luns():
            ok = self.call('POST', f'/v1/luns/{self.random.choice(luns)}/owner',
                           {'controller_id': chosen})
            self.moved += ok
        else:
            ok = False
        self.refused += not ok


def masked(rows, target, initiator):
    """The serial numbers of the units that an initiator must see behind a target."""
    return sorted(rows['luns'][lun][1] for lun, t in rows['pairs']
                  if t == target and truth.admits(rows['luns'][lun][0], initiator))


def rows_of(daemon):
    """What a gateway says that there is."""
    rest = daemon.rest()
    portals = {row['id']: row['controller_id'] for row in rest.list('portals')}
    serves = set()
    for group in rest.list('portal-groups'):
        serves |= {(group['target_id'], portals[p]) for p in group['portals']}
    rows = {
        'controllers': {row['name']: row['id'] for row in rest.list('controllers')},
        'targets': {row['id']: row['iscsi_name'] for row in rest.list('targets')},
        'luns': {row['id']: (truth.flatten(rest, row['mask']), row['serial'])
                 for row in rest.list('luns')},
        'pairs': {(row['lun_id'], row['target_id']) for row in rest.list('associations')},
        'serves': serves,
    }
    rest.close()
    return rows


class Session:
    """A session that stays, through one gateway, while its LUNs change."""

    def __init__(self, daemon, target, iscsi_name, initiator):
        self.daemon, self.target, self.initiator = daemon, target, initiator
        self.driver = Initiator()
        self.driver.ok('hold', daemon.portal, iscsi_name, initiator, 7)
        self.seen = self.report()
        for lun in self.seen:
            self.attentions(lun)

    def report(self):
        answer = self.driver.ok('raw', 0, 4096, bytes([0xa0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0]).hex())
        equal(answer[:2], ['0', '-'], 'REPORT LUNS')
        data = bytes.fromhex(answer[2])
        return {int.from_bytes(data[i:i + 2], 'big') & 0x3fff for i in range(8, len(data), 8)}

    def attentions(self, lun):
        found = []
        while (answer := self.driver.ok('raw', lun, 0, '000000000000'))[1].startswith('6/'):
            found.append(answer[1])
        return found

    def agrees(self, rows):
        """What the session sees after a round, if its target is still there."""
        if (self.target, rows['controllers'][self.daemon.name]) not in rows['serves']:
            return 0
        what = f'through {self.daemon.name}, as {self.initiator}, in a session of before'
        heard = {lun: self.attentions(lun) for lun in sorted(self.seen)}
        now = self.report()
        equal(len(now), len(masked(rows, self.target, self.initiator)), f'REPORT LUNS {what}')
        stayed = self.seen & now
        if now != self.seen and stayed:
            # a LUN that moves loses what was pending at its former owner
            check(any({INVENTORY, MOVED} & set(heard[lun]) for lun in stayed),
                  f'{sorted(self.seen)} became {sorted(now)} {what}, which heard {heard}')
        return 1

    def close(self):
        self.driver.ask('drop')
        self.driver.close()


def all_agree(daemons, coms, sees, sessions):
    """All that must be the same, asked of every gateway."""
    rows = rows_of(daemons[0])
    for daemon in daemons[1:]:
        equal(rows_of(daemon), rows, f'the rows of {daemon.name}')
    went_on = sum(session.agrees(rows) for session in sessions)
    for com in coms:
        com.ok('sync')
        equal(set(com.ok('luns')), set(rows['luns']), 'QueryLuns')
        equal(set(com.ok('targets')), set(rows['targets']), 'QueryTargets')
        equal({(lun, t) for lun in rows['luns'] for t in com.targets_of(lun)}, rows['pairs'],
              'QueryAssociatedTargets')
    for daemon in daemons:
        for target, name in rows['targets'].items():
            for initiator in INITIATORS:
                through = f'{name} through {daemon.name} as {initiator}'
                if (target, rows['controllers'][daemon.name]) not in rows['serves']:
                    equal(sees.ask('list', daemon.portal, name, initiator)[0], 'error', through)
                    continue
                equal(sorted(sees.list(daemon.portal, name, initiator).values()),
                      masked(rows, target, initiator), f'REPORT LUNS of {through}')
    return rows, went_on


def sessions_of(daemons, rows, dice):
    """One session through each gateway, if a target is there."""
    made = []
    for daemon in daemons:
        own = rows['controllers'][daemon.name]
        there = sorted(t for t, controller in rows['serves'] if controller == own)
        if there:
            target = max(dice.sample(there, min(3, len(there))),
                         key=lambda t: len(masked(rows, t, INITIATORS[0])))
            made.append(Session(daemon, target, rows['targets'][target], INITIATORS[0]))
    return made


def the_rounds(daemons, dice):
    """Rounds of changes until there were enough, and what each must leave behind."""
    a, b, c = daemons
    sees, done = Initiator(), dict.fromkeys(
        ['answered', 'refused', 'moved', 'drained', 'went_on', 'rounds'], 0)
    killed = False
    while done['answered'] < CHANGES:
        with contextlib.ExitStack() as stack:
            clients = [truth.ComClient(dice.random(), a), truth.ComClient(dice.random(), b),
                       truth.RestClient(dice.random(), c), truth.CtlClient(dice.random(), b),
                       MoverClient(dice.random(), dice.choice(daemons))]
            coms = [clients[0].com, clients[1].com, Com(c)]
            for it in (*clients, coms[2]):
                stack.callback(it.close)
            for _ in range(3):
                rows, _ = all_agree(daemons, coms, sees, [])
                sessions = sessions_of(daemons, rows, dice)
                for session in sessions:
                    stack.callback(session.close)
                vdstest.in_threads(*[client.changes for client in clients])
                done['went_on'] += all_agree(daemons, coms, sees, sessions)[1]
                done['rounds'] += 1
            done['answered'] += sum(client.done for client in clients)
            done['refused'] += sum(client.refused for client in clients)
            done['moved'] += clients[-1].moved
            done['drained'] += clients[-1].drained
        if not killed and done['answered'] * 2 > CHANGES:
            killed = True
            a_gateway_is_killed(daemons, dice.choice(daemons), sees)
    sees.close()
    return done


def a_gateway_is_killed(daemons, victim, sees):
    """Others answer as before when they have taken over, and it does when it is back."""
    living = [daemon for daemon in daemons if daemon is not victim]
    victim.kill()
    coms = [Com(daemon) for daemon in living]
    own = rows_of(living[0])['controllers'][victim.name]

    def all_have_owners():
        rest = living[0].rest()
        owners = [row['controller_id'] for row in rest.call('GET', '/v1/snapshot')['config']['lun_owners']]
        rest.close()
        return own not in owners
    eventually(f'the LUNs of {victim.name} have other owners', all_have_owners)
    all_agree(living, coms, sees, [])
    victim.start()
    coms.append(Com(victim))
    all_agree(daemons, coms, sees, [])
    for com in coms:
        com.close()


def test_every_gateway_says_what_initiators_see():
    print(f'# TRUTH_SEED={SEED} TRUTH_CHANGES={CHANGES}')
    with cephtest.Cluster() as ceph, cephtest.gateways(ceph, *NAMES, faults=False) as daemons:
        first = daemons[0]
        first.ctl('host', 'create', 'one', INITIATORS[0])
        first.ctl('host', 'create', 'two', INITIATORS[1])
        first.ctl('host-group', 'create', 'all', 'one', 'two')
        done = the_rounds(daemons, random.Random(SEED))
        for daemon in daemons:
            daemon.stop()
    print('#', ', '.join(f'{what} {count}' for what, count in done.items()))


cephtest.requires()
vdstest.main([test_every_gateway_says_what_initiators_see])

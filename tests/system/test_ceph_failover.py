#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gateways of one Ceph cluster are killed, and stopped and woken, while `integrity` writes and reads
their LUNs through all of them.  Each gateway owns a LUN, and forwards the commands of the others'.

Killed: commands go on through the other gateways, and what was acknowledged is there.  Stopped: the
others take over, and everything is written anew through them; then more commands are sent to the
stopped one, and it wakes.  Nothing that it still held is written, and it answers nothing.  Either
way it serves again by itself.  Removed: an administrator removes a gateway by force, which is well
and has commands under way.  The cluster refuses it from then on; commands go on, and it ends.

Arguments: kills, stops, removals (all).  Environment: FAILOVER_KILLS, FAILOVER_STOPS,
FAILOVER_REMOVALS (3) rounds; FAILOVER_MONITORS (1), and FAILOVER_SETTINGS, theirs (NAME=VALUE,...);
FAILOVER_MONITOR (none): a monitor is away all the time (`away`), or one is killed with each gateway
and comes back with it: the one that leads (`leads`), or another one (`follows`);
FAILOVER_GATEWAYS (3); FAILOVER_LUNS (as many); FAILOVER_COMMANDS (150) answered commands before
and after each fault; FAILOVER_LIMIT_S (none): how long commands may stand still; FAILOVER_SEED
(random, printed).
"""
import contextlib
import os
import random
import signal
import statistics
import time

import cephtest
import vdstest
from vdstest import Driver, check, equal, eventually

MIB = 1 << 20
SEED = int(os.environ.get('FAILOVER_SEED', '0')) or random.SystemRandom().randrange(1, 1 << 32)
KILLS = int(os.environ.get('FAILOVER_KILLS', '3'))
STOPS = int(os.environ.get('FAILOVER_STOPS', '3'))
REMOVALS = int(os.environ.get('FAILOVER_REMOVALS', '3'))
MONITORS = int(os.environ.get('FAILOVER_MONITORS', '1'))
SETTINGS = [s for s in os.environ.get('FAILOVER_SETTINGS', '').split(',') if s]
MONITOR = {'leads': 'a', 'follows': 'b', 'away': 'c'}.get(os.environ.get('FAILOVER_MONITOR'))
COMMANDS = int(os.environ.get('FAILOVER_COMMANDS', '150'))
GATEWAYS = int(os.environ.get('FAILOVER_GATEWAYS', '3'))
LUN_COUNT = int(os.environ.get('FAILOVER_LUNS', str(GATEWAYS)))
LIMIT_S = float(os.environ.get('FAILOVER_LIMIT_S', '0'))
TARGETS = 2
INITIATOR = 'iqn.2026-11.org.example:integrity'
OUTCOME_UNKNOWN = 'b/0000'     # what was forwarded, may have been done, and must not be done twice
LUNS = [(4, 4096), (2, 512), (4, 512)]      # MiB, bytes of a block


class Tester(Driver):
    def __init__(self, targets, luns):
        super().__init__(os.environ['INTEGRITY'], SEED, GATEWAYS * TARGETS, ','.join(targets),
                         *luns)

    def ok(self, *words):
        answer = self.ask(*words)
        check(answer[0] == 'ok', f'{" ".join(map(str, words))}: {" ".join(answer)}')
        return {key: int(value) for key, value in (word.split('=') for word in answer[1:])}


class Array:
    """Gateways, a LUN for each of them behind targets that have portals on all, and the program."""

    def __init__(self, cluster, stack):
        self.dice, self.gaps, self.cluster = random.Random(SEED), [], cluster
        addresses = [cephtest.lasting_address(self.dice) for _ in range(GATEWAYS)]
        self.daemons = []
        for number, inside in enumerate(addresses):
            daemon = cluster.daemon('--catalog', f'rados:{cluster.CATALOG}/array', '--gateway',
                                    f'g{number}', '--gateway-address', inside, faults=False)
            daemon.name, daemon.inside = f'g{number}', inside
            daemon.listen = cephtest.lasting_address(self.dice)
            if self.daemons:
                self.daemons[0].ctl('gateway', 'add', daemon.name, inside)
            self.daemons.append(stack.enter_context(daemon))
        self.make(self.daemons[0].rest())
        self.even(self.daemons[0])

    def make(self, rest):
        pool = rest.call('POST', '/v1/pools', {'name': 'ceph', 'path': 'rbd:luns'})['id']
        targets = {}
        for n in range(TARGETS):
            name = f'iqn.2026-11.org.example:t{n}'
            targets[name] = rest.call('POST', '/v1/targets',
                                      {'iscsi_name': name, 'with_group': True})['id']
        luns = []
        for mib, block_bytes in LUNS[:LUN_COUNT]:
            lun = rest.call('POST', '/v1/luns', {'size_bytes': mib * MIB, 'block_bytes': block_bytes,
                                                 'mask': INITIATOR, 'pool_id': pool})['id']
            rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': list(targets.values())})
            number = rest.call('GET', f'/v1/luns/{lun}/targets')['items'][0]['lun_number']
            luns.append(f'{number}:{block_bytes}:{mib * MIB // block_bytes}:1')
        rest.close()
        self.tester = Tester(targets, luns)
        self.tester.ok('errors', OUTCOME_UNKNOWN)
        self.reach(*self.daemons)

    def reach(self, *daemons):
        """The load goes through these from now on."""
        self.tester.ok('portal', *(daemon.listen for daemon in daemons))

    def others(self, daemon):
        return [other for other in self.daemons if other is not daemon]

    def owners(self, asked):
        """The owner of each LUN, and the gateways that run, by name, as this one knows."""
        with contextlib.closing(asked.rest()) as rest:
            rows = rest.call('GET', '/v1/snapshot')['config']
        names = {row['id']: row['name'] for row in rows['controllers']}
        return ({row['id']: names[row['controller_id']] for row in rows['lun_owners']},
                {row['name'] for row in rows['controllers'] if row['instance'] != ''})

    def even(self, asked):
        """Each gateway owns a LUN, so that each is an owner and forwards."""
        eventually('each gateway owns a LUN', lambda:
                   len(set(self.owners(asked)[0].values())) == min(GATEWAYS, LUN_COUNT))

    def take_back(self, victim):
        """Has a gateway that is back own a LUN.  It would ask for one itself, but seconds later."""
        def has():
            owners = self.owners(victim)[0]
            names = list(owners.values())
            if victim.name in names or len(set(names)) == len(names):
                return True
            lun = max(owners, key=lambda lun: names.count(owners[lun]))
            # BUSY: its owner has not claimed it yet
            victim.ctl('lun', 'move-owner', lun, victim.name, ok=None)
            return False
        eventually(f'{victim.name} owns a LUN', has)

    def replaced(self, victim):
        def is_so():
            owners, living = self.owners(self.others(victim)[0])
            return victim.name not in owners.values() and victim.name not in living
        eventually(f'{victim.name} is replaced', is_so)

    def works(self, since=None):
        """Commands are answered with success, those of each LUN."""
        begin = since or time.monotonic()
        goal = self.tester.ok('go')['answered'] + COMMANDS

        def does():
            now = self.tester.ok('answered')
            return (now['answered'] >= goal and
                    now['idle_ms'] + 1 < 1000 * (time.monotonic() - begin))
        eventually('commands succeed', does)

    def settle(self, victim):
        """All that is under way ends; the longest time for which commands of a LUN stood still."""
        gap = self.tester.ok('stop')['gap_ms'] / 1000
        self.gaps.append(gap)
        self.even(victim)
        self.reach(*self.daemons)
        counts = self.tester.ok('check')        # through each target of each gateway
        equal(counts['away'], 0, 'sessions that are not where they belong')
        now = time.monotonic()
        print(f'# {len(self.gaps)}: {victim.name}, {gap:.2f} s, of {now - self.since:.1f} s, '
              f'load {os.getloadavg()[0]:.1f}, {counts}', flush=True)
        self.since = now
        for daemon in self.daemons:
            equal(daemon.complaints(), [], f'what a sanitizer said of {daemon.name}')

    def kill(self, victim):
        self.works()
        if MONITOR in ('a', 'b'):
            self.cluster.stop_mon(MONITOR, kill=True)
        victim.kill()
        killed = time.monotonic()
        self.works(killed)
        self.replaced(victim)
        if MONITOR in ('a', 'b'):
            self.cluster.start_mon(MONITOR)
        victim.start()
        self.take_back(victim)                  # under load
        self.works()
        self.settle(victim)

    def stop(self, victim):
        others = self.others(victim)
        self.works()
        wakes = len([line for line in victim.log_text().splitlines() if ' vdsd.ready ' in line])
        self.tester.ok('cuts')
        eventually('each session is where it belongs',
                   lambda: self.tester.ok('answered')['away'] == 0)
        victim.process.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        try:
            self.replaced(victim)
            counts = self.tester.ok('ghosts', self.daemons.index(victim))
            check(counts['ghosts'] > 0, 'nobody was connected to it')
            self.reach(*others)
            self.works(stopped)
            self.tester.ok('stop')
            self.tester.ok('fill')
            self.tester.ok('haunt')
        finally:
            victim.process.send_signal(signal.SIGCONT)
        self.tester.ok('cuts')
        self.tester.ok('check')                 # while it wakes
        eventually('it has ended its connections',
                   lambda: self.tester.ok('answered')['ghosts'] == 0)
        eventually('it serves again', lambda: len(victim.logged(' vdsd.ready ')) > wakes)
        self.take_back(victim)
        self.tester.ok('check')
        self.reach(*self.daemons)
        self.settle(victim)

    def remove(self, victim):
        other = self.others(victim)[0]
        self.works()
        with contextlib.closing(other.rest()) as rest:
            [row] = [row for row in rest.list('controllers') if row['name'] == victim.name]
        begin = time.monotonic()
        other.ctl('gateway', 'remove', victim.name, '--force')
        refused = set(self.cluster.ceph('osd', 'dump')['blocklist'])
        check(refused & set(row['instance'].split(',')), f'{row["instance"]} is not in {refused}')
        self.works(begin)
        self.replaced(victim)
        check(victim.process.wait(vdstest.DEADLINE_S) != 0, 'it ends as if it had been stopped')
        gap = self.tester.ok('stop')['gap_ms'] / 1000
        self.reach(*self.others(victim))
        self.tester.ok('check')
        other.ctl('gateway', 'add', victim.name, victim.inside)
        victim.start()
        self.reach(*self.daemons)
        self.works()
        self.settle(victim)
        self.gaps[-1] = max(self.gaps[-1], gap)

    def rounds(self, fault, count):
        self.gaps.clear()
        self.since = time.monotonic()
        for n in range(count):
            fault(self.daemons[n % GATEWAYS])
        print(f'# {count} times; commands stood still for {statistics.median(self.gaps):.2f} s '
              f'(median), {max(self.gaps):.2f} s (most)', flush=True)
        check(not LIMIT_S or max(self.gaps) <= LIMIT_S, f'commands stood still for {max(self.gaps)} s')


def run(cluster, stack):
    print(f'# FAILOVER_SEED={SEED} FAILOVER_GATEWAYS={GATEWAYS}', flush=True)
    array = Array(cluster, stack)

    def test_kills():
        array.rounds(array.kill, KILLS)

    def test_stops():
        array.rounds(array.stop, STOPS)

    def test_removals():
        array.rounds(array.remove, REMOVALS)

    vdstest.main([test_kills, test_stops, test_removals])


def main():
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(cephtest.Cluster(monitors=MONITORS, settings=SETTINGS))
        if MONITOR == 'c':
            cluster.stop_mon(MONITOR, kill=True)
            eventually('the others are a quorum',
                       lambda: len(cluster.ceph('quorum_status')['quorum']) == MONITORS - 1)
        run(cluster, stack)


cephtest.requires()
main()

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One logical unit through several gateways: hosts that fence each other by persistent reservations,
each through a gateway of its own, across planned moves and kill -9 of the owner, and what else must
be the same through every gateway: saved mode pages, resets, COMPARE AND WRITE.
"""
import contextlib
import threading

import cephtest
import test_cluster as cluster
import vdstest
from test_cluster import (APTPL, CONFLICT, GOOD, KEYS, PREEMPT_ABORT, REGISTER, REGISTRATIONS,
                          RESERVE, WE, WE_RO)
from vdstest import check, equal, eventually

TARGET = 'iqn.2026-11.org.example:shared'
NAMES = ['a', 'b', 'c']
MOVED = '6/2a06'


class Host(cluster.Host):
    """An initiator that reaches the LUN through one gateway."""

    def __init__(self, gateway, number):
        self.gateway = gateway
        super().__init__(None, number)

    def log_in(self):
        self.driver.ok('hold', self.gateway.portal, TARGET,
                       f'iqn.2026-11.org.example:host{self.number}', self.number + 1)
        self.attentions()

    def generation(self):
        _, _, data = self.send([0x5e, 0, 0, 0, 0, 0, 0, 0x10, 0, 0], 4096)
        return int.from_bytes(data[:4], 'big')

    def compare_and_write(self, lba, old, new):
        out = bytes([old]) * 512 + bytes([new]) * 512
        status, sense, _ = self.send([0x89, 0, *lba.to_bytes(8, 'big'), 0, 0, 0, 1, 0, 0], out=out)
        return sense if status == cluster.CHECK else status


class Shared:
    """A LUN that three gateways serve, and hosts: the first is at the owner."""

    def __init__(self, hosts=3):
        self.count = hosts

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            ceph = stack.enter_context(cephtest.Cluster())
            self.gateways = stack.enter_context(cephtest.gateways(ceph, *NAMES))
            a = self.gateways[0]
            a.ctl('target', 'create', 'shared', '--iscsi-name', TARGET)
            a.ctl('lun', 'create', 'quorum', '--size', '4M', '--pool', 'ceph', '--unmask', '*')
            a.ctl('lun', 'associate', 'quorum', 'shared')
            self.lun = a.ctl('lun', 'show', 'quorum')['id']
            self.move(a)
            self.hosts = []
            for number in range(self.count):
                host = Host(self.gateways[number], number)
                stack.callback(self.end, host)
                self.hosts.append(host)
            self.stack = stack.pop_all()
        return self

    def end(self, host):
        host.driver.kill()
        host.driver.drop()

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def move(self, gateway):
        """Makes it the owner."""
        gateway.ctl('lun', 'move-owner', 'quorum', gateway.name)
        equal(self.owner(gateway), gateway.name, 'the owner')

    def owner(self, asked):
        config = asked.rest().call('GET', '/v1/snapshot')['config']
        names = {row['id']: row['name'] for row in config['controllers']}
        return {row['id']: names[row['controller_id']] for row in config['lun_owners']}[self.lun]

    def all_leases_ended(self):
        def held(object_):
            said = cluster.run('rados', '-p', cluster.CATALOG, 'lock', 'info', object_, 'lease')
            equal(said.returncode, 0, said.stderr)
            return 'client.' in said.stdout
        cluster = self.gateways[0].cluster
        objects = cluster.ok('rados', '-p', cluster.CATALOG, 'ls').split()
        leases = [name for name in objects if '.gw.' in name]
        equal(len(leases), len(self.gateways), 'objects of gateways')
        return not any(held(name) for name in leases)

    def settle(self):
        """Takes the unit attentions of all hosts; the owner is reached through each gateway."""
        return [host.attentions() for host in self.hosts]


def register_all(shared, flags=0):
    for host, key in zip(shared.hosts, KEYS):
        equal(host.out(REGISTER, 0, key, flags=flags), GOOD, 'REGISTER')


def fencing(shared):
    """What fence_scsi does, each host through its gateway."""
    a, b, c = shared.hosts
    register_all(shared)
    equal([host.keys() for host in shared.hosts], [KEYS] * 3, 'READ KEYS through each gateway')
    equal(b.out(RESERVE, KEYS[1], kind=WE_RO), GOOD, 'RESERVE')
    equal([h.reservation() for h in shared.hosts], [(KEYS[1], WE_RO)] * 3, 'through each gateway')
    equal([h.write() for h in shared.hosts], [GOOD] * 3, 'writes of registrants')
    equal(c.out(PREEMPT_ABORT, KEYS[2], KEYS[0], WE_RO), GOOD, 'PREEMPT AND ABORT')
    equal(a.attentions(), [REGISTRATIONS], 'what the fenced host hears')
    equal((a.write(), a.read()), (CONFLICT, GOOD), 'the fenced host')
    equal((b.write(), c.write()), (GOOD, GOOD), 'the others')
    equal(a.out(REGISTER, 0, KEYS[0]), GOOD, 'it registers again')
    equal(b.out(PREEMPT_ABORT, KEYS[1], KEYS[2], WE_RO), GOOD, 'PREEMPT AND ABORT')
    equal(c.attentions(), [REGISTRATIONS], 'what the fenced host hears')
    equal((a.write(), b.write(), c.write(), c.read()), (GOOD, GOOD, CONFLICT, GOOD), 'afterwards')
    equal([h.generation() for h in shared.hosts], [6] * 3, 'PRGENERATION through each gateway')
    equal(b.out(cluster.CLEAR, KEYS[1]), GOOD, 'CLEAR')
    equal(a.attentions(), [cluster.PREEMPTED], 'what a registrant hears')


def fenced_in_mid_write(shared):
    """A write through another gateway that hangs at the owner is aborted by PREEMPT AND ABORT."""
    a, b = shared.hosts[:2]
    register_all(shared)
    equal(a.out(RESERVE, KEYS[0], kind=WE_RO), GOOD, 'RESERVE')
    fault = shared.gateways[0].inject / f'{shared.lun}.write'

    def once():
        fault.write_text('hold')
        writer = threading.Thread(target=cluster.write_that_is_aborted, args=(b,))
        writer.start()
        equal(a.out(PREEMPT_ABORT, KEYS[0], KEYS[1], WE_RO), GOOD, 'PREEMPT AND ABORT')
        hung = 'lun.hung' in shared.gateways[0].log_text()
        fault.unlink()
        b.driver.kill()
        writer.join()
        b.driver.drop()
        b.driver = vdstest.Initiator()
        b.log_in()
        eventually('the store is back', lambda: a.write() == GOOD)
        equal((b.write(), KEYS[1] in a.keys()), (CONFLICT, False), 'the fenced host')
        equal(b.out(REGISTER, 0, KEYS[1]), GOOD, 'REGISTER')
        return hung
    eventually('a write is there before the PREEMPT AND ABORT', once)
    equal(a.out(cluster.CLEAR, KEYS[0]), GOOD, 'CLEAR')
    shared.settle()


def planned_moves(shared):
    """Registrations of both kinds go with the LUN, and nobody hears anything but of the states."""
    for flags in (0, APTPL):
        register_all(shared, flags)
        equal(shared.hosts[0].out(RESERVE, KEYS[0], kind=WE), GOOD, 'RESERVE')
        before, generation = shared.hosts[0].state(), shared.hosts[0].generation()
        for gateway in (*shared.gateways[1:], shared.gateways[0]):
            shared.move(gateway)
            heard = shared.settle()
            check(all(set(h) <= {MOVED} for h in heard), f'a move to {gateway.name}: {heard}')
            equal([h.state() for h in shared.hosts], [before] * 3, f'what {gateway.name} has')
            equal([h.generation() for h in shared.hosts], [generation] * 3, 'PRGENERATION')
            equal([h.write() for h in shared.hosts], [GOOD, CONFLICT, CONFLICT], 'writes')
        equal(shared.hosts[0].out(cluster.CLEAR, KEYS[0]), GOOD, 'CLEAR')
        shared.settle()


def races_of_compare_and_write(shared):
    """Of two hosts at two gateways exactly one changes the block, in each round, also while the
    owner changes.
    """
    b, c = shared.hosts[1:]
    for round_ in range(24):
        old, found = round_ % 250, {}

        def race(host, found=found, old=old):
            host.attentions()
            found[host.number] = host.compare_and_write(7, old, old + 1)
        vdstest.in_threads(lambda: race(b), lambda: race(c),
                           *([lambda n=round_: shared.move(shared.gateways[n // 4 % 3])]
                             if round_ % 4 == 0 else []))
        again = [h for h in (b, c) if str(found[h.number]).startswith('6/')]
        for host in again:      # the unit moved before the command
            found[host.number] = host.compare_and_write(7, old, old + 1)
        equal(sorted(map(str, found.values())), ['0', 'e/1d00'], f'round {round_}')
        for host in (b, c):
            host.attentions()
    shared.move(shared.gateways[0])
    shared.settle()


def saved_pages_and_resets(shared):
    """A page that is saved through one gateway is there through the others, and a reset is heard."""
    a, b, c = shared.hosts
    seen = b.send([0x1a, 8, 0x0a, 0, 64, 0], 64)[2]
    changed = bytearray(seen)
    changed[0] = 0              # MODE DATA LENGTH is reserved in MODE SELECT
    changed[4] &= 0x7f          # and so is PS
    changed[4 + 4] ^= 0x08      # SWP
    equal(b.send([0x15, 0x11, 0, 0, len(changed), 0], out=bytes(changed))[0], GOOD, 'MODE SELECT, SP')
    wanted = seen[:8] + bytes([seen[8] ^ 0x08]) + seen[9:]
    equal((a.attentions(), c.attentions()), (['6/2a01'], ['6/2a01']), 'MODE PARAMETERS CHANGED')
    for move_to in (shared.gateways[1], shared.gateways[0]):
        pages = [h.send([0x1a, 8, 0x0a, 0, 64, 0], 64)[2] for h in shared.hosts]
        equal([page[4:] for page in pages], [wanted[4:]] * 3, 'the control page')
        equal(c.write(), cluster.CHECK, 'a write to a protected unit')
        shared.move(move_to)
        shared.settle()
    changed[4 + 4] ^= 0x08
    equal(c.send([0x15, 0x11, 0, 0, len(changed), 0], out=bytes(changed))[0], GOOD, 'MODE SELECT, SP')
    shared.settle()
    equal(c.driver.ask('reset', 0), ['ok'], 'LOGICAL UNIT RESET through another gateway')
    heard = shared.settle()
    check(all(h and h[0].startswith('6/29') for h in heard[:2]), f'what hosts hear of a reset: {heard}')


def kills(shared):
    """The owner is killed: registrations go over, with and without APTPL."""
    for flags in (0, APTPL):
        register_all(shared, flags)
        b, c = shared.hosts[1:]
        equal(b.out(RESERVE, KEYS[1], kind=WE_RO), GOOD, 'RESERVE')
        keys, generation = b.keys(), b.generation()
        killed = shared.gateways[0]
        killed.kill()
        eventually('another owner', lambda: shared.owner(shared.gateways[1]) != killed.name)
        for host in (b, c):
            eventually('it is reached', lambda host=host: host.send([0] * 6)[0] in (GOOD, cluster.CHECK))
            host.attentions()
            equal((host.keys(), host.reservation(), host.generation()),
                  (keys, (KEYS[1], WE_RO), generation), f'through {host.gateway.name}, {flags}')
            equal(host.write(), GOOD, 'a write')
        equal(c.out(PREEMPT_ABORT, KEYS[2], KEYS[0], WE_RO), GOOD, 'PREEMPT AND ABORT of who is away')
        killed.start()
        shared.hosts[0].driver.ask('drop')
        shared.hosts[0].log_in()
        shared.move(killed)
        shared.settle()
        equal(shared.hosts[0].write(), CONFLICT, 'the host that was fenced meanwhile')
        equal(b.out(cluster.CLEAR, KEYS[1]), GOOD, 'CLEAR')
        shared.settle()


def whole_array(shared):
    """All gateways are killed: without APTPL nothing is left, with it all."""
    for flags in (0, APTPL):
        register_all(shared, flags)
        a = shared.hosts[0]
        equal(a.out(RESERVE, KEYS[0], kind=WE), GOOD, 'RESERVE')
        for gateway in shared.gateways:
            gateway.kill()
        eventually('no gateway has a lease', shared.all_leases_ended)
        for host in shared.hosts:
            host.driver.ask('drop')
        for gateway in shared.gateways:
            gateway.start()
        for host in shared.hosts:
            host.log_in()
        for host in shared.hosts:
            equal((host.keys(), host.reservation()),
                  (KEYS, (KEYS[0], WE)) if flags else ([], None), f'after a restart, {flags}')
            equal(host.write(), CONFLICT if flags and host is not a else GOOD, 'a write')
    equal(a.out(cluster.CLEAR, KEYS[0]), GOOD, 'CLEAR')
    shared.settle()


def test_one_unit_through_three_gateways():
    with Shared() as shared:
        for step in (fencing, planned_moves, races_of_compare_and_write, saved_pages_and_resets,
                     kills, whole_array, fenced_in_mid_write):
            print(f'# {step.__name__}', flush=True)
            step(shared)
        for gateway in shared.gateways:
            gateway.stop()


if __name__ == '__main__':
    cephtest.requires()
    vdstest.main([test_one_unit_through_three_gateways])

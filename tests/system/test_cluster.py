#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A cluster on one LUN: hosts that fence each other by persistent reservations, through two targets,
across kill -9 of vdsd, and what an administrator sees and clears.
"""
import contextlib
import shutil
import sys
import threading

import durable
import vdstest
from vdstest import Daemon, Failed, Initiator, check, equal, eventually

MIB = 1 << 20
GOOD, CHECK, CONFLICT = 0x00, 0x02, 0x18
REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT_ABORT, IGNORE, MOVE = range(8)
WE, EA, WE_RO, EA_RO, WE_AR, EA_AR = 1, 3, 5, 6, 7, 8
APTPL, ALL_TG_PT, SPEC_I_PT = 0x01, 0x04, 0x08
KEYS = [0xa1, 0xb2, 0xc3]
PREEMPTED, RELEASED, REGISTRATIONS = '6/2a03', '6/2a04', '6/2a05'


class Host:
    """An initiator with a session of its own, whose ISID stays the same when it logs in again."""

    def __init__(self, cluster, number, target=0):
        self.cluster, self.number, self.target, self.lun = cluster, number, target, 0
        self.driver, self.known_isid = Initiator(), None
        self.log_in()

    def log_in(self):
        name = f'iqn.2026-11.org.example:host{self.number}'
        self.driver.ok('hold', self.cluster.daemon.portal, self.cluster.targets[self.target], name,
                       self.number + 1)
        self.attentions()

    def log_out(self):
        self.driver.ok('drop')

    def close(self):
        self.driver.ask('drop')
        self.driver.close()

    def send(self, cdb, in_bytes=0, out=b''):
        """(status, sense, data-in)"""
        answer = self.driver.ok('raw', self.lun, in_bytes, bytes(cdb).hex(), *([out.hex()] if out else []))
        data = bytes.fromhex(answer[2]) if len(answer) > 2 else b''
        return int(answer[0], 16), answer[1], data

    def attentions(self):
        """What is pending, until TEST UNIT READY is answered otherwise."""
        found = []
        while (answer := self.send([0] * 6))[0] == CHECK and answer[1].startswith('6/'):
            found.append(answer[1])
        return found

    def out(self, action, key=0, action_key=0, kind=0, flags=0, more=b''):
        """PERSISTENT RESERVE OUT: its status, or its sense."""
        out = (key.to_bytes(8, 'big') + action_key.to_bytes(8, 'big')
               + bytes([0] * 4 + [flags] + [0] * 3) + more)
        status, sense, _ = self.send([0x5f, action, kind, 0, 0, 0, 0, 0, len(out), 0], out=out)
        return sense if status == CHECK else status

    def move(self, key, action_key, to, flags):
        """REGISTER AND MOVE to another host, through the first target: its status, or its sense."""
        _, _, data = self.send([0x5e, 3, 0, 0, 0, 0, 0, 0x10, 0, 0], 4096)
        port = data[8 + 18:8 + 20]      # that of the first registration
        identity = to.transport_id()
        out = (key.to_bytes(8, 'big') + action_key.to_bytes(8, 'big') + bytes([0, flags]) + port
               + len(identity).to_bytes(4, 'big') + identity)
        status, sense, _ = self.send([0x5f, MOVE, 0, 0, 0, 0, 0, 0, len(out), 0], out=out)
        return sense if status == CHECK else status

    def register_for(self, key, others, flags):
        """REGISTER with SPEC_I_PT: itself and others."""
        names = b''.join(other.transport_id() for other in others)
        return self.out(REGISTER, 0, key, flags=flags | SPEC_I_PT,
                        more=len(names).to_bytes(4, 'big') + names)

    def transport_id(self):
        name = f'iqn.2026-11.org.example:host{self.number},i,0x{self.isid()}'.encode() + b'\0'
        name += bytes(-len(name) % 4)
        return bytes([0x45, 0]) + len(name).to_bytes(2, 'big') + name

    def isid(self):
        """As the session's row has it.  It is the same in every session of the host."""
        if self.known_isid is None:
            rest = self.cluster.daemon.rest()
            rows = [r for r in rest.list('sessions')
                    if r['initiator'] == f'iqn.2026-11.org.example:host{self.number}']
            rest.close()
            self.known_isid = rows[0]['isid']
        return self.known_isid

    def state(self):
        """All registrations and the reservation: READ FULL STATUS, without PRGENERATION."""
        status, sense, data = self.send([0x5e, 3, 0, 0, 0, 0, 0, 0x10, 0, 0], 4096)
        equal((status, sense), (GOOD, '-'), 'READ FULL STATUS')
        return data[4:].hex(), self.reservation()

    def keys(self):
        _, _, data = self.send([0x5e, 0, 0, 0, 0, 0, 0, 0x10, 0, 0], 4096)
        return [int.from_bytes(data[i:i + 8], 'big') for i in range(8, len(data), 8)]

    def reservation(self):
        """(key, type) or None"""
        _, _, data = self.send([0x5e, 1, 0, 0, 0, 0, 0, 0, 64, 0], 64)
        return (int.from_bytes(data[8:16], 'big'), data[21] & 0x0f) if len(data) > 8 else None

    def write(self):
        return self.send([0x2a, 0, 0, 0, 0, self.number, 0, 0, 1, 0],
                         out=bytes([self.number]) * 512)[0]

    def read(self):
        return self.send([0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], 512)[0]


class Cluster:
    """A LUN behind two targets, and hosts."""

    def __init__(self, hosts=3):
        self.count = hosts

    def __enter__(self):
        self.daemon = Daemon()
        self.steps = durable.Steps(self.daemon)
        self.daemon.__enter__()
        rest = self.daemon.rest()
        self.lun = rest.call('POST', '/v1/luns', {'name': 'quorum', 'size_bytes': MIB, 'mask': '*'})['id']
        self.targets = [f'iqn.2026-11.org.example:t{i}' for i in (1, 2)]
        ids = [rest.call('POST', '/v1/targets', {'iscsi_name': name, 'with_group': True})['id']
               for name in self.targets]
        rest.call('PUT', f'/v1/luns/{self.lun}/targets', {'targets': ids})
        rest.close()
        self.hosts = []
        for i in range(self.count):
            self.hosts.append(Host(self, i))
        return self

    def __exit__(self, kind, value, trace):
        with self.daemon_end(kind, value, trace):       # vdsd ends, whatever a host says
            for host in self.hosts:
                with contextlib.suppress(OSError, Failed):
                    host.close()
            if kind is None:
                self.daemon.stop()
                self.daemon.checker()

    @contextlib.contextmanager
    def daemon_end(self, *error):
        """Ends the process and removes its directory, also when it does not stop as it should."""
        try:
            yield
        except BaseException:
            error = sys.exc_info()
            raise
        finally:
            self.daemon.__exit__(*error)

    def kill(self):
        """kill -9, start, and log in again."""
        self.daemon.kill()
        self.start()

    def start(self, directory=None):
        """After a kill; with the copy of the array's directory, if there is one."""
        for host in self.hosts:
            host.log_out()
        if directory is not None:
            shutil.rmtree(self.daemon.dir)
            shutil.copytree(directory, self.daemon.dir)
        self.daemon.start()
        for host in self.hosts:
            host.log_in()


def register_all(cluster, flags=0):
    for host, key in zip(cluster.hosts, KEYS):
        equal(host.out(REGISTER, 0, key, flags=flags), GOOD, 'REGISTER')


def test_fencing_keeps_a_host_out_through_every_target():
    """What fence_scsi and Pacemaker do: register all, reserve WE-RO, preempt and abort one."""
    with Cluster() as cluster:
        a, b, c = cluster.hosts
        register_all(cluster)
        equal(a.out(RESERVE, KEYS[0], kind=WE_RO), GOOD, 'RESERVE')
        equal([h.write() for h in cluster.hosts], [GOOD] * 3, 'writes of registrants')
        equal(b.out(PREEMPT_ABORT, KEYS[1], KEYS[2], WE_RO), GOOD, 'PREEMPT AND ABORT')
        equal(c.attentions(), [REGISTRATIONS], 'what the fenced host hears')
        equal((c.write(), c.read()), (CONFLICT, GOOD), 'the fenced host')
        equal((a.write(), b.write()), (GOOD, GOOD), 'the others')
        stranger = Host(cluster, 2, target=1)       # the same host through the other target
        equal(stranger.write(), CONFLICT, 'the fenced host through the other target')
        equal(stranger.out(REGISTER, 0, KEYS[2]), GOOD, 'it registers there')
        equal((stranger.write(), c.write()), (GOOD, CONFLICT), 'only that nexus is back')
        stranger.close()
        equal(sorted(a.keys()), sorted(KEYS), 'a registration outlives its session')


def write_that_is_aborted(host):
    """Sends a write whose answer never comes: the driver is killed meanwhile."""
    try:
        host.write()
    except (OSError, Failed):
        pass


def test_preempt_and_abort_ends_writes_that_hang():
    """A write of the fenced host that the store holds is aborted: the fencing host has its status, and
    nothing of the write reaches the medium after what comes later.
    """
    with Cluster(2) as cluster:
        a = cluster.hosts[0]
        register_all(cluster)
        equal(a.out(RESERVE, KEYS[0], kind=WE_RO), GOOD, 'RESERVE')
        fault = cluster.daemon.inject / f'{cluster.lun}.write'

        def fenced_in_mid_write():
            """Once more until the write was there before the PREEMPT AND ABORT."""
            b = cluster.hosts[1]
            fault.write_text('hold')
            writer = threading.Thread(target=write_that_is_aborted, args=(b,))
            writer.start()
            equal(a.out(PREEMPT_ABORT, KEYS[0], KEYS[1], WE_RO), GOOD, 'PREEMPT AND ABORT')
            hung = 'lun.hung' in cluster.daemon.log_text()
            fault.unlink()
            b.driver.kill()
            writer.join()
            b.driver.drop()
            cluster.hosts[1] = b = Host(cluster, 1)
            eventually('the store is back', lambda: a.write() == GOOD)
            equal((b.write(), a.keys()), (CONFLICT, [KEYS[0]]), 'the fenced host')
            if not hung:
                equal(b.out(REGISTER, 0, KEYS[1]), GOOD, 'REGISTER')
            return hung
        eventually('a write is there before the PREEMPT AND ABORT', fenced_in_mid_write)


# Windows' validation of disks for a failover cluster: the documented sequence of its storage tests.
def test_windows_cluster_validation():
    for flags in (0, APTPL):
        with Cluster() as cluster:
            a, b, c = cluster.hosts
            equal(a.out(CLEAR, KEYS[0]), CONFLICT, 'CLEAR of a host without a key')
            equal([h.out(IGNORE, 0, k, flags=flags) for h, k in zip(cluster.hosts, KEYS)],
                  [GOOD] * 3, 'REGISTER AND IGNORE EXISTING KEY')
            equal(a.out(RESERVE, KEYS[0], kind=WE_RO), GOOD, 'RESERVE')
            equal(b.out(RESERVE, KEYS[1], kind=WE_RO), CONFLICT, 'a second RESERVE')
            equal(a.reservation(), (KEYS[0], WE_RO), 'READ RESERVATION')
            equal(sorted(b.keys()), KEYS, 'READ KEYS')
            # defence: the owner sees its key each few seconds; a challenger removes it
            equal(b.out(PREEMPT, KEYS[1], KEYS[0], WE_RO), GOOD, 'PREEMPT')
            equal(a.attentions(), [REGISTRATIONS], 'what the old owner hears')
            equal(a.out(RESERVE, KEYS[0], kind=WE_RO), CONFLICT, 'RESERVE without a key')
            equal(a.write(), CONFLICT, 'a write of the old owner')
            equal(b.reservation(), (KEYS[1], WE_RO), 'READ RESERVATION')
            # the old owner registers anew and takes the disk over in order
            equal(a.out(IGNORE, 0, KEYS[0], flags=flags), GOOD, 'REGISTER AND IGNORE')
            equal(b.out(RELEASE, KEYS[1], kind=WE_RO), GOOD, 'RELEASE')
            equal((a.attentions(), c.attentions()), ([RELEASED], [RELEASED]), 'what they hear')
            equal(a.out(RESERVE, KEYS[0], kind=WE_RO), GOOD, 'RESERVE')
            equal(c.out(CLEAR, KEYS[2]), GOOD, 'CLEAR')
            equal((a.attentions(), b.attentions()), ([PREEMPTED], [PREEMPTED]), 'what they hear')
            equal((a.keys(), a.reservation()), ([], None), 'what is left')
            equal([h.write() for h in cluster.hosts], [GOOD] * 3, 'writes afterwards')


def steps(cluster):
    """Every service action: (what it is, do it, what must be there: keys and reservation)."""
    a, b, c = cluster.hosts
    return [
        ('REGISTER', lambda f: a.out(REGISTER, 0, KEYS[0], flags=f), [KEYS[0]], None),
        ('REGISTER AND IGNORE', lambda f: b.out(IGNORE, 9, KEYS[1], flags=f), KEYS[:2], None),
        ('another REGISTER', lambda f: c.out(REGISTER, 0, KEYS[2], flags=f), KEYS, None),
        ('RESERVE', lambda f: a.out(RESERVE, KEYS[0], kind=EA_RO), KEYS, (KEYS[0], EA_RO)),
        ('PREEMPT', lambda f: b.out(PREEMPT, KEYS[1], KEYS[0], WE), KEYS[1:], (KEYS[1], WE)),
        ('PREEMPT AND ABORT', lambda f: c.out(PREEMPT_ABORT, KEYS[2], KEYS[1], EA), KEYS[2:],
         (KEYS[2], EA)),
        ('RELEASE', lambda f: c.out(RELEASE, KEYS[2], kind=EA), KEYS[2:], None),
        ('RESERVE again', lambda f: c.out(RESERVE, KEYS[2], kind=WE_RO), KEYS[2:], (KEYS[2], WE_RO)),
        ('REGISTER AND MOVE', lambda f: c.move(KEYS[2], KEYS[0], a, f), [KEYS[2], KEYS[0]],
         (KEYS[0], WE_RO)),
        ('unregister the holder', lambda f: a.out(REGISTER, KEYS[0], 0, flags=f), KEYS[2:], None),
        ('REGISTER again', lambda f: a.out(REGISTER, 0, KEYS[0], flags=f), [KEYS[2], KEYS[0]], None),
        ('unregister', lambda f: c.out(REGISTER, KEYS[2], 0, flags=f), [KEYS[0]], None),
        ('CLEAR', lambda f: a.out(CLEAR, KEYS[0]), [], None),
    ]


def test_with_aptpl_every_step_survives_kill():
    with Cluster() as cluster:
        for what, do, keys, reservation in steps(cluster):
            equal(do(APTPL), GOOD, what)
            cluster.kill()
            observer = cluster.hosts[0]
            equal(observer.keys(), keys, f'keys after {what} and a kill')
            equal(observer.reservation(), reservation, f'the reservation after {what} and a kill')


def all_steps(cluster):
    """steps(), and what changes several registrations at once or ends what is kept."""
    a, b, c = cluster.hosts
    return [
        *steps(cluster),
        ('REGISTER with SPEC_I_PT', lambda f: a.register_for(KEYS[0], [b, c], f), KEYS[:1] * 3, None),
        ('RESERVE for all', lambda f: b.out(RESERVE, KEYS[0], kind=EA_AR), KEYS[:1] * 3, (0, EA_AR)),
        ('PREEMPT of all', lambda f: c.out(PREEMPT, KEYS[0], 0, WE), KEYS[:1], (KEYS[0], WE)),
        ('REGISTER with ALL_TG_PT', lambda f: a.out(REGISTER, 0, KEYS[1], flags=f | ALL_TG_PT),
         [KEYS[0], KEYS[1], KEYS[1]], (KEYS[0], WE)),
        ('REGISTER without APTPL', lambda f: b.out(REGISTER, 0, KEYS[2]), [], None),
    ]


def in_the_place_of(cluster, nth, do):
    """Does an action, and kills vdsd in the place of the nth call on the disk, or once the action is
    answered.  Returns the names of the calls, and whether there was an answer.
    """
    cluster.steps.arm(nth)
    try:
        answer = do(APTPL)
    except Failed:
        answer = None
    names = cluster.steps.seen()
    check(answer in (GOOD, None), f'the answer is {answer}')
    cluster.daemon.kill()
    cluster.steps.disarm()
    return names, answer == GOOD


def every_kill(cluster, what, do, before):
    """Does an action again and again, and kills vdsd at one call after another.  Returns the state
    afterwards, the calls, and how many kills left the state as it was and as it was to be.
    """
    kept = cluster.daemon.top / 'kept'
    cluster.daemon.kill()
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(cluster.daemon.dir, kept)
    cluster.start()
    found = []
    while True:
        names, good = in_the_place_of(cluster, len(found) + 1, do)
        cluster.start()
        state = cluster.hosts[0].state()
        if good:
            break
        equal(len(names), len(found) + 1, f'{what}: the call in whose place vdsd was killed')
        found.append(state)
        if state != before:
            cluster.daemon.kill()
            cluster.start(kept)
    check(state != before, f'{what} changes nothing')
    check('fdatasync' in names, f'{what} is answered before it is durable: {names}')
    old, new = found.count(before), found.count(state)
    equal(found, [before] * old + [state] * new, f'{what}: states by the calls {names}')
    return state, names, old, new


def test_an_action_that_is_killed_is_done_or_not():
    """PERSISTENT RESERVE OUT with APTPL, every service action: kill -9 at each call on the disk."""
    with Cluster() as cluster:
        a = cluster.hosts[0]
        for host in cluster.hosts:
            host.isid()
        state, undone, done = a.state(), 0, 0
        for what, do, keys, reservation in all_steps(cluster):
            state, names, old, new = every_kill(cluster, what, do, state)
            equal((a.keys(), a.reservation()), (keys, reservation), f'after {what} and a kill')
            undone, done = undone + old, done + new
        check(undone > 0 and done > 0, f'{undone} kills undid an action, {done} did not')
        print(f'# {undone} kills undid an action, {done} did not; the last calls: {" ".join(names)}')


def test_without_aptpl_nothing_survives_kill():
    with Cluster() as cluster:
        for count in range(1, len(steps(cluster))):
            for what, do, _, _ in steps(cluster)[:count]:
                equal(do(0), GOOD, what)
                for host in cluster.hosts:
                    host.attentions()
            cluster.kill()
            equal((cluster.hosts[0].keys(), cluster.hosts[0].reservation()), ([], None),
                  f'what is left after {what} and a kill')


def test_the_first_command_after_a_restart_meets_the_reservation():
    """Also before the initiator has heard of POWER ON."""
    with Cluster(2) as cluster:
        a, b = cluster.hosts
        equal(a.out(REGISTER, 0, KEYS[0], flags=APTPL), GOOD, 'REGISTER')
        equal(a.out(RESERVE, KEYS[0], kind=EA), GOOD, 'RESERVE')
        cluster.daemon.kill()
        b.log_out()
        cluster.daemon.start()
        name = f'iqn.2026-11.org.example:host{b.number}'
        b.driver.ok('hold', cluster.daemon.portal, cluster.targets[1], name, b.number + 1)
        found = [b.write() for _ in range(4)]
        check(CONFLICT in found and GOOD not in found, f'the first writes: {found}')
        a.log_out()
        a.log_in()
        equal(a.write(), GOOD, 'a write of the holder')


def test_a_full_disk_or_a_lost_catalog_changes_nothing():
    """The catalog is replaced under vdsd: it becomes read-only, and what must survive is refused."""
    with Cluster(2) as cluster:
        a, b = cluster.hosts
        equal(a.out(REGISTER, 0, KEYS[0], flags=APTPL), GOOD, 'REGISTER')
        catalog = cluster.daemon.dir / 'catalog.db'
        aside = cluster.daemon.dir / 'aside'
        catalog.rename(aside)
        equal(b.out(REGISTER, 0, KEYS[1], flags=APTPL), '4/4400', 'a REGISTER that cannot be kept')
        equal(a.keys(), [KEYS[0]], 'keys')
        equal((a.write(), b.write()), (GOOD, GOOD), 'the data path goes on')
        aside.rename(catalog)


def test_an_administrator_sees_and_clears():
    with Cluster(2) as cluster:
        a, b = cluster.hosts
        daemon = cluster.daemon
        register_all(cluster, APTPL)
        equal(a.out(RESERVE, KEYS[0], kind=EA), GOOD, 'RESERVE')
        seen = daemon.ctl('lun', 'reservations', 'quorum')
        equal((seen['reservation'], seen['persistent'], seen['reserve'], seen['generation']),
              ('exclusive-access', True, False, 2), 'what is reserved')
        equal([(r['initiator'], r['isid'], r['target'], r['key'], r['holds'])
               for r in seen['registrations']],
              [(f'iqn.2026-11.org.example:host{h.number}', f'0x{h.isid()}', cluster.targets[0],
                f'0x{key:016x}', h is a) for h, key in zip(cluster.hosts, KEYS)], 'registrations')
        cluster.kill()
        daemon.ctl('lun', 'reservations', 'quorum', '--clear')
        equal((a.attentions(), b.attentions()), ([PREEMPTED], [PREEMPTED]), 'what hosts hear')
        equal((a.keys(), b.write()), ([], GOOD), 'what is left')
        daemon.logged('reservations cleared')
        # of a LUN that no host has used since vdsd started: what is kept
        register_all(cluster, APTPL)
        daemon.kill()
        for host in cluster.hosts:
            host.log_out()
        daemon.start()
        seen = daemon.ctl('lun', 'reservations', 'quorum')
        equal([r['key'] for r in seen['registrations']], [f'0x{k:016x}' for k in KEYS[:2]], 'kept')
        daemon.ctl('lun', 'reservations', 'quorum', '--clear')
        equal(daemon.ctl('lun', 'reservations', 'quorum')['registrations'], [], 'after clearing')
        for host in cluster.hosts:
            host.log_in()
        equal((a.keys(), a.send([0x16, 0, 0, 0, 0, 0])[0]), ([], GOOD), 'RESERVE')
        equal((daemon.ctl('lun', 'reservations', 'quorum')['reserve'], b.write()), (True, CONFLICT),
              'RESERVE of another host')
        daemon.ctl('lun', 'reservations', 'quorum', '--clear')
        equal(b.write(), GOOD, 'after clearing')


def test_unmapping_keeps_registrations_and_deletion_does_not():
    with Cluster(2) as cluster:
        a, b = cluster.hosts
        register_all(cluster, APTPL)
        equal(a.out(RESERVE, KEYS[0], kind=WE), GOOD, 'RESERVE')
        rest = cluster.daemon.rest()
        targets = [row['id'] for row in rest.list('targets')]
        rest.call('PUT', f'/v1/luns/{cluster.lun}/targets', {'targets': []})
        rest.call('PUT', f'/v1/luns/{cluster.lun}/targets', {'targets': targets})
        a.attentions(), b.attentions()
        equal((b.write(), a.keys()), (CONFLICT, KEYS[:2]), 'after the LUN was away')
        rest.call('DELETE', f'/v1/luns/{cluster.lun}?force=1')
        lun = rest.call('POST', '/v1/luns', {'size_bytes': MIB, 'mask': '*'})['id']
        rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': targets})
        rest.close()
        for host in cluster.hosts:
            host.log_out()
            host.lun = 1                # no other LUN gets a number that hosts remember
            host.log_in()
        equal((b.write(), a.keys()), (GOOD, []), 'of another LUN')


if __name__ == '__main__':      # test_ceph_reservations.py has the same hosts
    vdstest.main([test_fencing_keeps_a_host_out_through_every_target,
                  test_preempt_and_abort_ends_writes_that_hang,
                  test_windows_cluster_validation,
                  test_with_aptpl_every_step_survives_kill,
                  test_an_action_that_is_killed_is_done_or_not,
                  test_without_aptpl_nothing_survives_kill,
                  test_the_first_command_after_a_restart_meets_the_reservation,
                  test_a_full_disk_or_a_lost_catalog_changes_nothing,
                  test_an_administrator_sees_and_clears,
                  test_unmapping_keeps_registrations_and_deletion_does_not])

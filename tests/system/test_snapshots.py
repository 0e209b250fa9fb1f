#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Snapshots under load: a writer keeps a checksummed log over four LUNs, in which each record is
begun after the one before it was answered.  So a snapshot of one moment is a beginning of that
history, on each LUN and on all of them together.  And vdsd is killed in the middle of everything.

    SNAPSHOT_COUNT=50 SNAPSHOT_KILLS=200 test_snapshots.py
"""
import contextlib
import hashlib
import os
import random
import struct
import threading
import time

import vdstest
from vdstest import Daemon, Initiator, RestError, check, equal

COUNT = int(os.environ.get('SNAPSHOT_COUNT', 8))
KILLS = int(os.environ.get('SNAPSHOT_KILLS', 8))
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:log'
LUNS, BLOCK, BLOCKS = 4, 512, 4096
MEDIUM_CHANGED = '6/2800'


def record(number, before):
    """A block of the log: its number, the checksum of the record before it, and its own."""
    head = struct.pack('>8sQ32s', b'vds-log\0', number, before)
    return (head + hashlib.sha256(head).digest()).ljust(BLOCK, b'.')


def write_cdb(block):
    return struct.pack('>BBIBHB', 0x2a, 0x08, block, 0, 1, 0).hex()     # WRITE(10), FUA


class Writer(threading.Thread):
    """Appends to the log until it is stopped.  Record n is block n // LUNS of LUN n % LUNS."""

    def __init__(self, daemon):
        super().__init__()
        self.records, self.answered, self.error = [], 0, None
        self.stop_asked, self.more = threading.Event(), threading.Condition()
        self.initiator = Initiator()
        self.initiator.ok('hold', daemon.portal, TARGET, HOST)
        for lun in range(LUNS):
            clear(self.initiator, lun)

    def run(self):
        before = bytes(32)
        try:
            while not self.stop_asked.is_set() and len(self.records) < LUNS * BLOCKS:
                number = len(self.records)
                block = record(number, before)
                self.records.append(block)
                answer = self.initiator.ok('cdb', number % LUNS, write_cdb(number // LUNS), 0,
                                           block.hex())
                equal(answer[:1], ['good'], f'record {number}')
                before = hashlib.sha256(block).digest()
                with self.more:
                    self.answered = number + 1
                    self.more.notify_all()
        except Exception as error:
            self.error = error
            with self.more:
                self.more.notify_all()

    def wait_beyond(self, count):
        with self.more:
            self.more.wait_for(lambda: self.error or self.answered > count or
                               not self.is_alive(), vdstest.DEADLINE_S)
        check(self.error is None, f'the writer failed: {self.error}')
        check(self.answered > count, f'the log has stopped at {self.answered}')

    def close(self):
        self.stop_asked.set()
        self.join()
        self.initiator.close()
        check(self.error is None, f'the writer failed: {self.error}')


def clear(initiator, lun):
    """The unit attentions of a LUN."""
    while initiator.ok('sense', lun) != ['good']:
        pass


def get(initiator, lun, block):
    clear(initiator, lun)
    return initiator.ok('get', lun, block)


def volume(daemon, ident):
    return daemon.dir / 'luns' / f'{ident}.img'


def history(writer, volumes):
    """How many records these volumes hold together; they must be the first ones of the log."""
    blocks = [path.read_bytes() for path in volumes]
    count = 0
    while count < len(writer.records):
        at = count // LUNS * BLOCK
        if blocks[count % LUNS][at:at + BLOCK] != writer.records[count]:
            break
        count += 1
    for number in range(count, min(len(writer.records) + LUNS, LUNS * BLOCKS)):
        at = number // LUNS * BLOCK
        check(not any(blocks[number % LUNS][at:at + BLOCK]),
              f'record {number} is there, but record {count} is not')
    return count


@contextlib.contextmanager
def array():
    with Daemon(copies=True) as daemon:
        daemon.ctl('target', 'create', 'log', '--iscsi-name', TARGET)
        daemon.create_luns(names(), f'{BLOCKS * BLOCK}B', '--unmask', '*')
        for name in names():
            daemon.ctl('lun', 'associate', name, 'log')
        yield daemon


def names():
    return [f'log{lun}' for lun in range(LUNS)]


def test_each_snapshot_is_a_point_of_the_history():
    with array() as daemon:
        rest, writer = daemon.rest(), Writer(daemon)
        luns = {row['name']: row['id'] for row in rest.list('luns')}
        writer.start()
        points = []
        for number in range(COUNT):
            writer.wait_beyond(writer.answered + 10)
            before = writer.answered
            daemon.ctl('snapshot', 'create', f's{number}', *names())
            points.append((f's{number}', before, writer.answered))
        daemon.ctl('lun', 'clone', 'log0', 'copy')
        writer.wait_beyond(writer.answered + 10)
        writer.close()
        rows = rest.list('snapshots')
        equal(len(rows), COUNT * LUNS, 'snapshots')
        for name, before, after in points:
            of = {row['lun_id']: row for row in rows if row['name'] == name}
            equal(len({(row['group_id'], row['created_ms']) for row in of.values()}), 1, name)
            count = history(writer, [volume(daemon, of[luns[lun]]['id']) for lun in names()])
            check(before <= count <= after + 1,
                  f'{name} holds {count} records: {before} were answered before it, {after} after')
        print(f'# {COUNT} snapshots of {LUNS} LUNs, {writer.answered} records')
        equal(history(writer, [volume(daemon, luns[lun]) for lun in names()]),
              len(writer.records), 'the log itself')
        daemon.stop()
        daemon.checker()


def test_rollback_and_clone_through_initiators():
    with array() as daemon, contextlib.ExitStack() as stack:
        initiator = Initiator()
        stack.callback(initiator.close)
        initiator.ok('hold', daemon.portal, TARGET, HOST)
        clear(initiator, 0)
        equal(initiator.ok('put', 0, 7, 1), ['good'], 'write')
        daemon.ctl('snapshot', 'create', 'one', 'log0')
        equal(daemon.ctl('undo', ok=None), 6, 'undo of a snapshot')
        equal(initiator.ok('put', 0, 7, 2), ['good'], 'write')
        equal(daemon.ctl('lun', 'rollback', 'log0', 'one', ok=None), 6, 'a LUN in use')
        equal(initiator.ok('get', 0, 7), ['2'], 'after the refusal')
        daemon.ctl('snapshot', 'create', 'two', 'log0')
        daemon.ctl('lun', 'rollback', 'log0', 'log0@one', '--force')
        equal(initiator.ok('sense', 0), [MEDIUM_CHANGED], 'the first command after it')
        equal(initiator.ok('get', 0, 7), ['1'], 'after the rollback')
        equal(initiator.ok('put', 0, 7, 3), ['good'], 'write')
        for number, (origin, name) in enumerate([('log0@two', 'old'), ('log0', 'new')], LUNS):
            daemon.ctl('lun', 'clone', origin, name, '--unmask', '*')
            daemon.ctl('lun', 'associate', name, 'log')
            equal(get(initiator, number, 7), ['2' if name == 'old' else '3'], f'LUN {name}')
        serials = initiator.list(daemon.portal, TARGET, HOST)
        equal(len(set(serials.values())), LUNS + 2, 'serial numbers')
        equal(initiator.ok('put', LUNS + 1, 7, 9), ['good'], 'write to the clone')
        equal(get(initiator, 0, 7), ['3'], 'the origin of a clone that is written to')
        daemon.ctl('snapshot', 'delete', 'log0@one')
        daemon.ctl('lun', 'delete', 'log0', '--force')
        equal(get(initiator, LUNS, 7), ['2'], 'a clone whose origin is gone')
        equal([row['name'] for row in daemon.rest().list('snapshots')], ['two'], 'snapshots')
        equal(daemon.ctl('snapshot', 'show', 'log0@two')['lun_name'], 'log0', 'its LUN')
        daemon.stop()
        daemon.checker()


class Chaos:
    """Random commands; knows what must be there, and what may be."""

    def __init__(self, daemon, seed, made):
        self.daemon, self.random, self.made = daemon, random.Random(seed), made
        self.killed, self.error = False, None

    def step(self, rest):
        luns = [row for row in rest.list('luns') if row['name'].startswith('log')]
        clones = [row for row in rest.list('luns') if row['name'].startswith('clone')]
        snapshots = rest.list('snapshots')
        self.made += 1
        what = self.random.choice(['create', 'create', 'delete', 'rollback', 'clone', 'remove'])
        if what == 'create' or not snapshots:
            of = self.random.sample(luns, self.random.randint(1, LUNS))
            rest.call('POST', '/v1/snapshots', {'name': f's{self.made}-{os.getpid()}',
                                                'luns': [row['id'] for row in of]})
        elif what == 'delete' and len(snapshots) > 6:
            rest.call('DELETE', f'/v1/snapshots/{self.random.choice(snapshots)["id"]}')
        elif what == 'rollback':
            row = self.random.choice(snapshots)
            rest.call('POST', f'/v1/luns/{row["lun_id"]}/rollback', {'snapshot_id': row['id']})
        elif what == 'clone':
            origin = self.random.choice(snapshots)['id']
            rest.call('POST', f'/v1/snapshots/{origin}/clone', {'name': f'clone{self.made}'})
        elif what == 'remove' and clones:
            rest.call('DELETE', f'/v1/luns/{self.random.choice(clones)["id"]}')

    def run(self):
        """Work until vdsd is killed.  A refusal is an error, and so is a lost connection before."""
        rest = self.daemon.rest()
        try:
            while True:
                self.step(rest)
        except Exception as error:
            if isinstance(error, RestError) or not self.killed:
                self.error = error
        finally:
            rest.close()

    def kill(self):
        # Said before the kill: whether a process has ended is seen only some time after its
        # connections are gone.
        self.killed = True
        self.daemon.kill()


def fill(path):
    """Give a volume other data.  It keeps its length at each moment: vdsd watches its files, and a
    LUN whose file was cut has failed.
    """
    with path.open('r+b') as file:
        file.write(os.urandom(BLOCKS * BLOCK))


def contents(daemon, rest):
    return {row['id']: hashlib.sha256(volume(daemon, row['id']).read_bytes()).hexdigest()
            for row in rest.list('luns') + rest.list('snapshots')}


def nothing_leaks(daemon, rest):
    def agree():        # the files of what was deleted go a moment later
        files = {path.name for path in (daemon.dir / 'luns').iterdir() if path.suffix}
        wanted = {f'{row["id"]}.img' for row in rest.list('luns') + rest.list('snapshots')}
        return files - {'.vds-pool'} == wanted
    vdstest.eventually('each file belongs to a LUN or a snapshot', agree)


def test_kills_lose_and_leak_nothing():
    seed = int(os.environ.get('SNAPSHOT_SEED', random.randrange(1 << 32)))
    print(f'# SNAPSHOT_SEED={seed}')
    with array() as daemon:
        for row in daemon.rest().list('luns'):
            fill(volume(daemon, row['id']))
        for kill in range(KILLS):
            rest = daemon.rest()
            before = contents(daemon, rest)
            chaos = Chaos(daemon, seed + kill, kill * 1000)
            worker = threading.Thread(target=chaos.run)
            worker.start()
            time.sleep(chaos.random.random() * 0.15)     # a moment for the kill, not a wait
            chaos.kill()
            worker.join()
            check(chaos.error is None, f'kill {kill}: {chaos.error!r}')
            daemon.start()
            rest = daemon.rest()
            nothing_leaks(daemon, rest)
            after = contents(daemon, rest)
            known = set(before.values())
            for ident, digest in after.items():
                # no data but those that were there: nothing is torn, mixed or lost
                check(digest in known, f'kill {kill}: {ident} has data that nobody has written')
            for row in rest.list('snapshots'):
                if row['id'] in before:
                    equal(after[row['id']], before[row['id']], f'kill {kill}: {row["name"]}')
            if kill % 50 == 49 or kill == KILLS - 1:
                daemon.stop()
                daemon.checker()
                daemon.start()
        print(f'# {KILLS} kills; {len(after)} volumes are left')
        daemon.stop()


vdstest.main([
    test_each_snapshot_is_a_point_of_the_history,
    test_rollback_and_clone_through_initiators,
    test_kills_lose_and_leak_nothing,
])

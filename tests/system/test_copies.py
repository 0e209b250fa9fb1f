#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Full copies of a LUN that is in use.  A writer goes around in the LUN, far from one block to the
next; each of its records has a number and a checksum, and is begun after the one before it was
answered.  So a copy of one moment has all records up to one number and none after it, in the midst
of old data; one that mixes moments has not.  Copies are cancelled, fail, and are cut short by
kill -9, also in the moment itself, and leave nothing.

    COPY_ROUNDS=6 COPY_SEED=… test_copies.py
"""
import hashlib
import os
import random
import struct
import threading

import vdstest
from vdstest import Daemon, Initiator, check, equal, eventually

ROUNDS = int(os.environ.get('COPY_ROUNDS', 6))
SEED = int(os.environ.get('COPY_SEED', 0)) or random.SystemRandom().randrange(1, 1 << 32)
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:t'
BLOCK, BLOCKS, STRIDE, RING = 512, 65536, 19997, 997      # the stride has no factor of BLOCKS
ENDINGS = ['done', 'cancel', 'kill', 'kill-drained', 'fault', 'done']


def record(number):
    head = struct.pack('>8sQ', b'vds-copy', number)
    return (head + hashlib.sha256(head).digest()).ljust(BLOCK, b'.')


def place(number):
    """The ring has RING blocks, which lie everywhere in the LUN."""
    return number % RING * STRIDE % BLOCKS


class Writer(threading.Thread):
    """Writes records until it is stopped or its connection is gone."""

    def __init__(self, daemon, number):
        super().__init__()
        self.begun = self.answered = number
        self.asked, self.more, self.error = threading.Event(), threading.Condition(), None
        self.initiator = Initiator()
        self.initiator.ok('hold', daemon.portal, TARGET, HOST)
        while self.initiator.ok('sense', 0) != ['good']:
            pass
        self.start()

    def run(self):
        try:
            while not self.asked.is_set():
                number = self.begun
                cdb = struct.pack('>BBIBHB', 0x2a, 0, place(number), 0, 1, 0).hex()
                self.begun = number + 1
                answer = self.initiator.ok('cdb', 0, cdb, 0, record(number).hex())
                equal(answer[:1], ['good'], f'record {number}')
                with self.more:
                    self.answered = number + 1
                    self.more.notify_all()
        except Exception as error:
            with self.more:
                self.error = error
                self.more.notify_all()

    def wait_for(self, more):
        goal = self.answered + more
        with self.more:
            self.more.wait_for(lambda: self.error or self.answered >= goal, vdstest.DEADLINE_S)
        check(self.answered >= goal, f'the writer stands at {self.answered}: {self.error}')

    def end(self, may_fail=False):
        self.asked.set()
        self.join()
        self.initiator.close()
        check(may_fail or self.error is None, f'the writer failed: {self.error}')


def volume(daemon, ident):
    return daemon.dir / 'luns' / f'{ident}.img'


def moment_of(data, old):
    """How many records the data have: all that were begun before one moment, and no others."""
    last = -1
    for at in range(RING):
        block = data[place(at) * BLOCK:][:BLOCK]
        if block.startswith(b'vds-copy'):
            last = max(last, struct.unpack('>8sQ', block[:16])[1])
    wanted = bytearray(old)
    for number in range(max(0, last + 1 - RING), last + 1):
        at = place(number) * BLOCK
        wanted[at:at + BLOCK] = record(number)
    for at in range(0, len(wanted), BLOCK):
        if data[at:at + BLOCK] != wanted[at:at + BLOCK]:
            raise vdstest.Failed(f'block {at // BLOCK} is not as it was after record {last}: '
                                 f'{data[at:at + 24]!r} in place of {wanted[at:at + 24]!r}')
    return last + 1


def nothing_leaks(daemon, rest):
    def agree():
        files = {path.name for path in (daemon.dir / 'luns').iterdir()
                 if path.suffix in ('.img', '.new')}
        return files == {f'{row["id"]}.img' for row in rest.list('luns')}
    eventually('each file belongs to a LUN', agree)
    eventually('nothing is held', lambda: all(
        rest.call('GET', f'/v1/luns/{row["id"]}')['live']['operation'] == 'none'
        for row in rest.list('luns')))


class Copies:
    def __init__(self, daemon):
        self.daemon = daemon
        self.origin = daemon.rest().list('luns')[0]['id']
        self.writer = Writer(daemon, 0)
        self.old = b''

    def fault(self, operation, what):
        path = self.daemon.inject / f'all.{operation}'
        if what is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(what)

    def copy(self, ending):
        rest = self.daemon.rest()
        self.writer.wait_for(50)
        before = self.writer.answered
        if ending in ('cancel', 'kill'):
            self.fault('copy', 'hold')
        elif ending == 'fault':
            self.fault('copy', 'EIO')
        elif ending == 'kill-drained':
            self.fault('copy-end', 'hold')
        answer = rest.call('POST', f'/v1/luns/{self.origin}/clone', {'name': 'copy', 'copy': True})
        ident, job = answer['id'], answer['job']
        if ending in ('cancel', 'kill'):
            self.writer.wait_for(50)        # it goes on
        elif ending == 'kill-drained':
            eventually('commands are held', lambda: self.is_held(rest, job))
        if ending == 'cancel':
            rest.call('POST', f'/v1/jobs/{job}/cancel')
        elif ending.startswith('kill'):
            rest = self.kill()
        eventually('the job ends', lambda: rest.call('GET', f'/v1/jobs/{job}')['state'] !=
                   'running')
        after = self.writer.begun
        wanted = {'done': 'done', 'cancel': 'cancelled'}.get(ending, 'failed')
        equal(rest.call('GET', f'/v1/jobs/{job}')['state'], wanted, ending)
        for operation in ('copy', 'copy-end'):
            self.fault(operation, None)
        self.writer.wait_for(50)
        equal({row['id'] for row in rest.list('luns')},
              {self.origin, ident} if ending == 'done' else {self.origin}, f'LUNs, {ending}')
        nothing_leaks(self.daemon, rest)
        if ending == 'done':
            count = moment_of(volume(self.daemon, ident).read_bytes(), self.old)
            check(before <= count <= after, f'the copy has {count} records: {before} were answered '
                  f'before it, and {after} were begun at its end')
            print(f'# a copy with {count} records, of {before} to {after}')
            rest.call('DELETE', f'/v1/luns/{ident}')
            nothing_leaks(self.daemon, rest)

    def is_held(self, rest, job):
        before = self.writer.answered
        return (rest.call('GET', f'/v1/jobs/{job}')['live']['percent'] == 95 and
                all(self.writer.answered == before for _ in range(5)
                    if rest.call('GET', '/v1/array')))

    def kill(self):
        self.daemon.kill()
        self.writer.end(may_fail=True)
        self.daemon.checker()
        for operation in ('copy', 'copy-end'):
            self.fault(operation, None)
        self.daemon.start()
        self.writer = Writer(self.daemon, self.writer.answered)
        return self.daemon.rest()


def array(daemon):
    daemon.ctl('lun', 'create', 'busy', '--size', f'{BLOCK * BLOCKS}B', '--unmask', '*')
    daemon.ctl('target', 'create', 't', '--iscsi-name', TARGET)
    daemon.ctl('lun', 'associate', 'busy', 't')
    ident = daemon.rest().list('luns')[0]['id']
    old = random.Random(SEED).randbytes(BLOCK * BLOCKS)
    with volume(daemon, ident).open('r+b') as file:     # it keeps its length, as vdsd wants it
        file.write(old)
    return old


def test_a_copy_is_a_point_of_the_history():
    print(f'# COPY_SEED={SEED}')
    with Daemon('--threads', '2') as daemon:
        old = array(daemon)
        copies = Copies(daemon)
        copies.old = old
        for round_ in range(ROUNDS):
            copies.copy(ENDINGS[round_ % len(ENDINGS)])
        copies.writer.end()
        equal(moment_of(volume(daemon, copies.origin).read_bytes(), old), copies.writer.answered,
              'the LUN itself')
        daemon.stop()
        daemon.checker()


vdstest.main([test_a_copy_is_a_point_of_the_history])

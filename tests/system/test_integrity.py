#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""No acknowledged write is lost, and nothing stale or foreign is read, while the array is being
changed.

The program `integrity` writes and reads through several targets and cuts its connections.
Meanwhile this test changes the array: it creates, grows, deletes, unmasks and masks other LUNs, and
grows and renames the LUNs of `integrity`, and has their files go through the page cache or past it.
Each round ends in another way (kill -9, an orderly
stop, or no stop); then everything is read through each target.  The pools are in memory and on the
file system of the build directory.  One part runs as users run vdsd, the other with the layer of
faults that the other tests use.

Environment: INTEGRITY_ROUNDS (3) rounds in each part; INTEGRITY_COMMANDS (4000) answered commands
in a round; INTEGRITY_SEED (random, printed).
"""
import http.client
import os
import random
import tempfile
import threading

import vdstest
from vdstest import Daemon, Driver, RestError, check

MIB = 1 << 20
ROUNDS = int(os.environ.get('INTEGRITY_ROUNDS', '3'))
SEED = int(os.environ.get('INTEGRITY_SEED', '0')) or random.SystemRandom().randrange(1, 1 << 32)
COMMANDS = int(os.environ.get('INTEGRITY_COMMANDS', '4000'))
CHANGES = 30                    # of each manager in each round, at least
SESSIONS, TARGETS = 6, 3
INITIATOR = 'iqn.2026-11.org.example:integrity'
CACHES = ['auto', 'page', 'direct']
LUNS = [('memory', 512, False), ('memory', 4096, True), ('disk', 512, True), ('disk', 4096, False),
        ('disk', 512, False)]


class Tester(Driver):
    def __init__(self, seed, targets, luns):
        super().__init__(os.environ['INTEGRITY'], seed, SESSIONS, ','.join(targets), *luns)

    def ok(self, *words):
        answer = self.ask(*words)
        check(answer[0] == 'ok', f'{words[0]}: {" ".join(answer)}')
        return {key: int(value) for key, value in (word.split('=') for word in answer[1:])}


class Manager(threading.Thread):
    """Changes LUNs of its own all the time, and now and then one that is written to."""

    def __init__(self, seed, number, array):
        super().__init__()
        self.random, self.prefix, self.array = random.Random(seed), f'other{number}-', array
        self.stopping, self.done, self.error = False, 0, None

    def run(self):
        try:
            rest = self.array.daemon.rest()
            self.luns = [lun['id'] for lun in rest.list('luns')
                         if lun['name'].startswith(self.prefix)]
            while not self.stopping:
                try:
                    self.one(rest)
                    self.done += 1
                except RestError as error:
                    check(error.code == 'BUSY', f'a change was refused: {error}')
        except (OSError, http.client.HTTPException):
            pass                # the kill
        except Exception as error:
            self.error = error

    def one(self, rest):
        kind = self.random.choice(['create', 'delete', 'associate', 'associate', 'extend', 'mask',
                                   'name', 'data'])
        if kind == 'data':
            self.change_data(rest)
        elif kind == 'create' and len(self.luns) < 6 or not self.luns:
            body = {'size_bytes': self.random.randrange(1, 5) * MIB,
                    'thick': self.random.random() < 0.3, 'mask': '*',
                    'block_bytes': self.random.choice([512, 4096]), 'name': self.new_name(),
                    'pool_id': self.random.choice(list(self.array.pools.values()))}
            self.luns.append(rest.call('POST', '/v1/luns', body)['id'])
        else:
            self.change_other(rest, kind, self.random.choice(self.luns))

    def change_other(self, rest, kind, lun):
        targets = list(self.array.targets.values())
        if kind == 'associate':
            chosen = self.random.sample(targets, self.random.randint(0, len(targets)))
            rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': chosen})
        elif kind == 'extend':
            rest.call('POST', f'/v1/luns/{lun}/extend', {'add_bytes': MIB})
        elif kind == 'mask':
            rest.call('PATCH', f'/v1/luns/{lun}',
                      {'mask': self.random.choice(['*', '', INITIATOR])})
        elif kind == 'name':
            rest.call('PATCH', f'/v1/luns/{lun}', {'name': self.new_name()})
        else:
            rest.call('DELETE', f'/v1/luns/{lun}?force=1')
            self.luns.remove(lun)

    def change_data(self, rest):
        lun = self.random.choice(self.array.luns)
        if self.random.random() < 0.3:
            rest.call('PATCH', f'/v1/luns/{lun}',
                      {'name': self.new_name().replace('other', 'data')})
        elif self.random.random() < 0.6:
            rest.call('PATCH', f'/v1/luns/{lun}', {'cache': self.random.choice(CACHES)})
        elif rest.call('GET', f'/v1/luns/{lun}')['size_bytes'] < 12 * MIB:
            rest.call('POST', f'/v1/luns/{lun}/extend', {'add_bytes': MIB})

    def new_name(self):
        return f'{self.prefix}{self.random.randrange(1 << 60):x}'


class Array:
    """A daemon with a pool in each place, LUNs of all kinds behind each of the targets, and the
    program on them.
    """

    def __init__(self, daemon, places, seed):
        self.daemon, self.random = daemon, random.Random(seed)
        rest = daemon.rest()
        self.pools = {name: rest.call('POST', '/v1/pools', {'name': name, 'path': path})['id']
                      for name, path in places.items()}
        self.targets = {}
        for n in range(TARGETS):
            name = f'iqn.2026-11.org.example:t{n}'
            self.targets[name] = rest.call('POST', '/v1/targets',
                                           {'iscsi_name': name, 'with_group': True})['id']
        self.luns = [self.create(rest, *kind) for kind in LUNS]
        self.tester = Tester(seed, self.targets, [self.describe(rest, lun) for lun in self.luns])
        self.tester.ok('portal', daemon.portal)
        rest.close()

    def create(self, rest, pool, block_bytes, thick):
        lun = rest.call('POST', '/v1/luns',
                        {'size_bytes': 4 * MIB, 'block_bytes': block_bytes, 'thick': thick,
                                             'mask': INITIATOR, 'pool_id': self.pools[pool],
                         'cache': 'direct' if pool == 'disk' else 'auto'})['id']
        vdstest.eventually('the LUN is made',
                           lambda: rest.call('GET', f'/v1/luns/{lun}')['live']['operation'] ==
                           'none')
        rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': list(self.targets.values())})
        return lun

    def describe(self, rest, lun):
        row = rest.call('GET', f'/v1/luns/{lun}')
        numbers = {a['lun_number'] for a in rest.call('GET', f'/v1/luns/{lun}/targets')['items']}
        check(len(numbers) == 1, f'LUN numbers of {lun}: {numbers}')
        return f'{numbers.pop()}:{row["block_bytes"]}:{row["size_bytes"] // row["block_bytes"]}:{int(row["thin"])}'

    def round(self, ending):
        goal = self.tester.ok('go')['answered'] + COMMANDS
        managers = [Manager(self.random.random(), n, self) for n in range(2)]
        for manager in managers:
            manager.start()
        vdstest.eventually('commands are answered', lambda: any(m.error for m in managers) or
                           self.tester.ok('answered')['answered'] >= goal
                           and all(m.done >= CHANGES for m in managers))
        if ending is not None:
            ending()            # in the midst of it
        for manager in managers:
            manager.stopping = True
            manager.join()
            if manager.error:
                raise manager.error
        if ending is not None:
            self.daemon.checker()
            self.daemon.start()
            self.tester.ok('portal', self.daemon.portal)
        self.tester.ok('stop')
        return self.tester.ok('check'), sum(m.done for m in managers)

    def kill(self):
        self.daemon.kill()
        self.tester.ok('killed')        # one of the pools is in memory

    def rounds(self):
        changes = 0
        for n in range(ROUNDS):
            counts, made = self.round([self.kill, None, self.daemon.stop][n % 3])
            changes += made
        self.tester.close()
        print(f'# {counts}, {changes} changes')
        check(counts['cuts'] > 0, 'no connection was cut')


def run(faults):
    print(f'# INTEGRITY_SEED={SEED} INTEGRITY_ROUNDS={ROUNDS} INTEGRITY_COMMANDS={COMMANDS}')
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix='vdstest.', dir=memory) as in_memory, \
            tempfile.TemporaryDirectory(prefix='vdstest.',
                                        dir=os.environ['MESON_BUILD']) as on_disk, \
            Daemon('--threads', '3', faults=faults) as daemon:
        Array(daemon, {'memory': in_memory, 'disk': on_disk}, SEED).rounds()
        daemon.stop()
        daemon.checker()


def test_nothing_is_lost_stale_or_foreign():
    run(faults=False)


def test_nothing_is_lost_stale_or_foreign_above_the_layer_of_faults():
    run(faults=True)


vdstest.main([test_nothing_is_lost_stale_or_foreign,
              test_nothing_is_lost_stale_or_foreign_above_the_layer_of_faults])

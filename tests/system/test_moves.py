#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""LUNs that move between pools while `integrity` writes, unmaps and reads them through several
targets, and cuts its connections.  Moves are cancelled, fail, and are cut short by kill -9 and by
orderly stops, in the middle of the copy and while the paths are drained; others are paused, in the
middle and at the end of the copy, and killed, stopped or cancelled then; then everything is read,
and each pool must hold the volumes of its LUNs and no others.

Environment: MOVE_ROUNDS (12) moves in each part; MOVE_COMMANDS (1500) answered commands in each;
MOVE_SEED (random, printed).
"""
import os
import pathlib
import random
import tempfile

import vdstest
from vdstest import Daemon, Driver, Initiator, RestError, check, equal, eventually

MIB = 1 << 20
ROUNDS = int(os.environ.get('MOVE_ROUNDS', '12'))
COMMANDS = int(os.environ.get('MOVE_COMMANDS', '1500'))
SEED = int(os.environ.get('MOVE_SEED', '0')) or random.SystemRandom().randrange(1, 1 << 32)
SESSIONS, TARGETS = 4, 2
INITIATOR = 'iqn.2026-11.org.example:integrity'
LUNS = [(48, 4096, False), (8, 512, True)]      # MiB, bytes of a block, thick
ENDINGS = ['done', 'kill', 'cancel', 'stop', 'pause', 'kill-held', 'pause-drained', 'fault',
           'pause-kill', 'kill-drained', 'pause-stop', 'pause-cancel']
PAUSES = 4      # of a move that is paused again and again


class Tester(Driver):
    def __init__(self, targets, luns):
        super().__init__(os.environ['INTEGRITY'], SEED, SESSIONS, ','.join(targets), *luns)

    def ok(self, *words):
        answer = self.ask(*words)
        check(answer[0] == 'ok', f'{words[0]}: {" ".join(answer)}')
        return {key: int(value) for key, value in (word.split('=') for word in answer[1:])}


class Array:
    """A daemon with two pools, LUNs behind each of the targets, and the program on them."""

    def __init__(self, daemon, places):
        self.daemon, self.random = daemon, random.Random(SEED)
        rest = daemon.rest()
        self.places = places
        self.pools = {name: rest.call('POST', '/v1/pools', {'name': name, 'path': path})['id']
                      for name, path in places.items()}
        self.names = {ident: name for name, ident in self.pools.items()}
        self.targets = {}
        for n in range(TARGETS):
            name = f'iqn.2026-11.org.example:t{n}'
            self.targets[name] = rest.call('POST', '/v1/targets',
                                           {'iscsi_name': name, 'with_group': True})['id']
        self.luns = [self.create(rest, *kind) for kind in LUNS]
        self.tester = Tester(self.targets, [self.describe(rest, lun) for lun in self.luns])
        self.tester.ok('portal', daemon.portal)

    def create(self, rest, mib, block_bytes, thick):
        lun = rest.call('POST', '/v1/luns',
                        {'size_bytes': mib * MIB, 'block_bytes': block_bytes, 'thick': thick,
                         'mask': INITIATOR, 'pool_id': self.random.choice(
                             list(self.pools.values()))})['id']
        self.settled(rest, lun)
        rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': list(self.targets.values())})
        return lun

    def settled(self, rest, lun):
        eventually('nothing holds the LUN',
                   lambda: rest.call('GET', f'/v1/luns/{lun}')['live']['operation'] == 'none')

    def state(self, rest):
        return rest.call('GET', f'/v1/jobs/{self.job}')['state']

    def describe(self, rest, lun):
        row = rest.call('GET', f'/v1/luns/{lun}')
        numbers = {a['lun_number'] for a in rest.call('GET', f'/v1/luns/{lun}/targets')['items']}
        check(len(numbers) == 1, f'LUN numbers of {lun}: {numbers}')
        return f'{numbers.pop()}:{row["block_bytes"]}:{row["size_bytes"] // row["block_bytes"]}:{int(row["thin"])}'

    def fault(self, lun, operation, what):
        path = self.daemon.inject / f'{lun}.{operation}'
        if what is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(what)

    def pool_of(self, rest, lun):
        return rest.call('GET', f'/v1/luns/{lun}')['pool_id']

    def move(self, ending):
        """Begins a move of a LUN in the midst of its load, which ends in this way."""
        self.rest = rest = self.daemon.rest()
        lun = self.random.choice(self.luns)
        before = self.pool_of(rest, lun)
        to = next(ident for ident in self.pools.values() if ident != before)
        goal = self.tester.ok('go')['answered'] + COMMANDS // 3
        eventually('commands are answered', lambda: self.tester.ok('answered')['answered'] >= goal)
        if ending in ('cancel', 'kill-held', 'stop', 'pause', 'pause-kill', 'pause-stop',
                      'pause-cancel'):
            self.fault(lun, 'move', 'hold')
        elif ending in ('kill-drained', 'pause-drained'):
            self.fault(lun, 'move-commit', 'hold')
        elif ending == 'fault':
            self.fault(lun, 'move', 'EIO')
        eventually('the move begins', lambda: self.begin(lun, to))
        goal = self.tester.ok('answered')['answered'] + COMMANDS // 3
        if not ending.endswith('-drained'):
            eventually('commands are answered',
                       lambda: self.tester.ok('answered')['answered'] >= goal or
                       ending == 'kill' and self.random.random() < 0.2)
        else:
            # at worst commands wait and go on by turns for some 40 s before the last wait
            eventually('the rest is copied', lambda: self.is_drained(), 180)
        if ending.startswith('pause'):
            self.pause(ending, lun, to)
        else:
            self.end(ending, lun)
        self.rest = rest = self.daemon.rest()
        for operation in ('move', 'move-commit'):
            self.fault(lun, operation, None)
        self.settled(rest, lun)
        # the hold ends a moment before the change is visible
        eventually('the job ends', lambda: self.state(rest) != 'running')
        state = self.state(rest)
        wanted = {'cancel': 'cancelled', 'pause-cancel': 'cancelled',
                  'fault': 'failed'}.get(ending, 'done')
        equal(state, wanted, f'the job, ended by {ending}')
        equal(self.pool_of(rest, lun), to if wanted == 'done' else before, f'the pool, {ending}')
        goal = self.tester.ok('answered')['answered'] + COMMANDS // 3
        eventually('commands are answered', lambda: self.tester.ok('answered')['answered'] >= goal)
        self.tester.ok('stop')
        counts = self.tester.ok('check')
        self.nothing_leaks()
        return counts

    def begin(self, lun, to):
        try:
            self.job = self.rest.call('POST', f'/v1/luns/{lun}/move', {'pool_id': to})['job']
        except RestError as error:      # the note of an earlier volume goes after the volume
            check(error.code == 'BUSY', f'the move was refused: {error}')
            return False
        return True

    def is_drained(self):
        """Commands have ceased to be answered for longer than they take."""
        before = self.tester.ok('answered')['answered']
        percent = self.rest.call('GET', f'/v1/jobs/{self.job}')['live']['percent']
        return percent == 95 and self.tester.ok('answered')['answered'] == before

    def job_is(self, asked):
        """Pauses or resumes the job.  Returns whether it had not ended."""
        try:
            self.rest.call('POST', f'/v1/jobs/{self.job}/{asked}')
        except RestError as error:
            check(error.code == 'TOO_LATE', f'{asked} was refused: {error}')
            return False
        return True

    def rests(self, lun, to):
        """Nothing is copied while commands are answered."""
        path = pathlib.Path(self.places[self.names[to]]) / f'{lun}.img'

        def state():
            try:
                found = path.stat()
            except FileNotFoundError:       # it was paused before the volume was made
                return None
            return (found.st_mtime_ns, found.st_blocks,
                    self.rest.call('GET', f'/v1/jobs/{self.job}')['live']['percent'])
        before, goal = state(), self.tester.ok('answered')['answered'] + COMMANDS // 6
        eventually('commands are answered', lambda: self.tester.ok('answered')['answered'] >= goal)
        return state() == before

    def paused(self, lun, to):
        row = self.rest.call('GET', f'/v1/jobs/{self.job}')
        equal((row['state'], row['paused']), ('running', True), 'the job')
        equal(self.rest.call('GET', f'/v1/luns/{lun}')['live']['operation'], 'move', 'the hold')
        eventually('the copier rests', lambda: self.rests(lun, to))

    def pause(self, ending, lun, to):
        """Pauses the move, lets hosts write, and ends it in this way or lets it go on."""
        check(self.job_is('pause'), 'the job has ended before')
        self.paused(lun, to)
        for operation in ('move', 'move-commit'):
            self.fault(lun, operation, None)
        if ending == 'pause-cancel':
            self.rest.call('POST', f'/v1/jobs/{self.job}/cancel')
            return
        if ending in ('pause-kill', 'pause-stop'):
            self.kill() if ending == 'pause-kill' else self.daemon.stop()
            self.daemon.checker()
            self.daemon.start()
            self.rest = self.daemon.rest()
            self.tester.ok('portal', self.daemon.portal)
            self.paused(lun, to)
        for _ in range(PAUSES):         # wherever the copy is by then
            if not (self.job_is('resume') and self.job_is('pause')):
                return
            goal = self.tester.ok('answered')['answered'] + COMMANDS // 12
            eventually('commands are answered',
                       lambda: self.tester.ok('answered')['answered'] >= goal)
        self.job_is('resume')

    def kill(self):
        self.daemon.kill()
        self.tester.ok('killed')        # one of the pools is in memory

    def end(self, ending, lun):
        if ending == 'cancel':
            self.rest.call('POST', f'/v1/jobs/{self.job}/cancel')
        elif ending.startswith('kill'):
            self.kill()
            if self.random.random() < 0.5:      # a move begins anew, and is cut again
                self.daemon.checker()
                self.daemon.start()
                self.daemon.kill()
        elif ending == 'stop':
            self.daemon.stop()
        if ending.startswith('kill') or ending == 'stop':
            self.daemon.checker()
            for operation in ('move', 'move-commit'):
                self.fault(lun, operation, None)
            self.daemon.start()
            self.tester.ok('portal', self.daemon.portal)

    def volumes(self, name):
        return {path.stem for path in pathlib.Path(self.places[name]).iterdir()
                if path.suffix in ('.img', '.new')}

    def nothing_leaks(self):
        def agree():            # what is no longer needed goes a moment later
            wanted = {name: set() for name in self.pools}
            for row in self.rest.list('luns'):
                wanted[self.names[row['pool_id']]].add(row['id'])
            return all(self.volumes(name) == wanted[name] for name in self.pools)
        eventually('each volume belongs to a LUN', agree)


class Places:
    """Directories for pools: in memory when there is some, and on a disk."""

    def __enter__(self):
        memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
        self.dirs = [tempfile.TemporaryDirectory(prefix='vdstest.', dir=where)
                     for where in (memory, os.environ['MESON_BUILD'])]
        return dict(zip(('memory', 'disk'), (place.name for place in self.dirs)))

    def __exit__(self, *unused):
        for place in self.dirs:
            place.cleanup()


def test_a_lun_moves_under_load_whatever_happens():
    print(f'# MOVE_SEED={SEED} MOVE_ROUNDS={ROUNDS} MOVE_COMMANDS={COMMANDS}')
    with Places() as places, Daemon('--threads', '3') as daemon:
        array = Array(daemon, places)
        for n in range(ROUNDS):
            counts = array.move(ENDINGS[n % len(ENDINGS)])
        array.tester.close()
        print(f'# {counts}')
        daemon.stop()
        daemon.checker()


def test_a_lun_moves_under_load_without_the_layer_of_faults():
    with Places() as places, Daemon('--threads', '2', faults=False) as daemon:
        array = Array(daemon, places)
        for n in range(max(ROUNDS // 2, 3)):
            counts = array.move(['done', 'kill'][n % 2])
        array.tester.close()
        print(f'# {counts}')
        daemon.stop()
        daemon.checker()


def blocks_used(place, ident):
    return (pathlib.Path(place) / f'{ident}.img').stat().st_blocks * 512


def refused(daemon, code, words, *said):
    try:
        daemon.rest().call('POST', *words)
    except RestError as error:
        equal(error.code, code, f'the code of: {error}')
        for text in said:
            check(text in str(error), f'{text!r} is not in: {error}')
        return
    check(False, f'{words} was not refused')


def test_what_a_move_keeps_and_what_it_refuses():
    with Places() as places, Daemon() as daemon:
        rest = daemon.rest()
        for name, path in places.items():
            daemon.ctl('pool', 'create', name, path)
        daemon.ctl('pool', 'create', 'ram', 'ram:64M')
        pools = {row['name']: row['id'] for row in rest.list('pools')}
        daemon.ctl('lun', 'create', 'thin', '--size', '1G', '--pool', 'disk', '--unmask', '*')
        daemon.ctl('target', 'create', 'store')
        daemon.ctl('lun', 'associate', 'thin', 'store')
        ident = rest.list('luns')[0]['id']
        target = rest.list('targets')[0]['iscsi_name']
        initiator = Initiator()
        initiator.ok('hold', daemon.portal, target, INITIATOR)
        while initiator.ok('sense', 0) != ['good']:
            pass
        equal(initiator.ok('put', 0, 1000, 7), ['good'], 'write')

        path = f'/v1/luns/{ident}/move'
        refused(daemon, 'INVALID', (path, {'pool_id': pools['disk']}), 'already')
        refused(daemon, 'INVALID', (path, {'pool_id': pools['ram']}), 'in memory', '--force')
        refused(daemon, 'NOT_FOUND', (path, {'pool_id': ident}))
        daemon.ctl('pool', 'set', 'memory', '--overcommit', '1%')
        refused(daemon, 'NO_SPACE', (path, {'pool_id': pools['memory']}), 'overcommit')
        daemon.ctl('pool', 'set', 'memory', '--overcommit', '')

        # while it moves: what is shown, what is refused, what goes on
        (daemon.inject / f'{ident}.move').write_text('hold')
        job = daemon.ctl('lun', 'move', 'thin', 'memory', '--no-wait')['job']
        equal(initiator.ok('put', 0, 2000, 8), ['good'], 'write')
        equal(rest.call('GET', f'/v1/luns/{ident}')['live']['operation'], 'move', 'operation')
        equal(rest.call('GET', f'/v1/jobs/{job}')['pool_id'], pools['memory'], 'the new pool')
        refused(daemon, 'BUSY', (f'/v1/luns/{ident}/extend', {'add_bytes': MIB}), 'moved')
        refused(daemon, 'BUSY', (path, {'pool_id': pools['memory']}), 'moved')
        equal(daemon.ctl('pool', 'delete', 'memory', ok=None), 6, 'a pool that a LUN moves to')
        daemon.ctl('lun', 'rename', 'thin', 'slim')
        (daemon.inject / f'{ident}.move').unlink()
        daemon.ctl('job', 'wait', job)
        equal(initiator.ok('sense', 0), ['good'], 'nothing to tell initiators')
        equal(initiator.ok('get', 0, 1000), ['7'], 'a block from before')
        equal(initiator.ok('get', 0, 2000), ['8'], 'a block from meanwhile')
        check(blocks_used(places['memory'], ident) <= MIB, 'a thin LUN became thick')
        eventually('the old volume is gone',
                   lambda: not (pathlib.Path(places['disk']) / f'{ident}.img').exists())
        [moved] = [row for row in rest.list('audit') if row['cause'] == 'lun.move']
        check('moved from pool "disk" to pool "memory"' in moved['text'], moved['text'])
        equal(daemon.ctl('undo', '--change', moved['sequence'], ok=None), 6, 'a move cannot be undone')

        # offline, and into memory by force; the way back finds everything
        daemon.ctl('lun', 'offline', 'slim')
        daemon.ctl('lun', 'move', 'slim', 'ram', '--force')
        daemon.ctl('lun', 'online', 'slim')
        daemon.ctl('lun', 'move', 'slim', 'disk')
        while initiator.ok('sense', 0) != ['good']:
            pass
        equal(initiator.ok('get', 0, 2000), ['8'], 'a block that was everywhere')
        check(blocks_used(places['disk'], ident) <= MIB, 'a thin LUN became thick')
        initiator.close()
        daemon.stop()
        daemon.checker()


vdstest.main([
    test_a_lun_moves_under_load_whatever_happens,
    test_a_lun_moves_under_load_without_the_layer_of_faults,
    test_what_a_move_keeps_and_what_it_refuses,
])

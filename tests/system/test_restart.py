#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 while changes are made: afterwards every answered change is there, and the checker finds
nothing.

Environment: RESTART_KILLS (100); RESTART_SEED (random, printed).
"""
import http.client
import os
import random
import threading

import vdstest
from vdstest import Daemon, RestError, equal

MIB = 1 << 20
KILLS = int(os.environ.get('RESTART_KILLS', '100'))
SEED = int(os.environ.get('RESTART_SEED', '0')) or random.SystemRandom().randrange(1, 1 << 32)


class Writer(threading.Thread):
    """Owns a few LUNs and a target of its own; knows what each answered change must have left."""

    def __init__(self, seed, number):
        super().__init__()
        self.random, self.number, self.daemon_, self.error = random.Random(seed), number, None, None
        self.luns = {}          # id -> {'mask', 'name', 'size_bytes', 'targets'}: as answered
        self.doubt = None       # (request id, method, path, body): asked, not answered
        self.target = None
        self.answered = 0

    def run(self):
        try:
            rest = self.daemon_.rest()
            while True:
                self.one(rest)
        except (OSError, http.client.HTTPException):
            pass                # the kill
        except Exception as error:
            self.error = error

    def send(self, rest, method, path, body, learn):
        """A change that is in doubt until its answer has come."""
        request = vdstest.new_request_id()
        self.doubt = (request, method, path, body, learn)
        learn(rest.call(method, path, body, request))
        self.doubt = None
        self.answered += 1

    def one(self, rest):
        if self.target is None:
            self.send(rest, 'POST', '/v1/targets', {'alias': f'w{self.number}', 'with_group': True},
                      lambda answer: setattr(self, 'target', answer['id']))
            return
        kind = self.random.choice(['create', 'mask', 'name', 'extend', 'shrink', 'associate',
                                   'delete'])
        if kind == 'create' and len(self.luns) < 6 or not self.luns:
            row = {'mask': self.random.choice(['', '*']), 'size_bytes': 4 * MIB,
                   'name': f'w{self.number}-{self.random.randrange(1 << 60):x}'}
            self.send(rest, 'POST', '/v1/luns', row,
                      lambda answer: self.luns.__setitem__(answer['id'], {**row, 'targets': []}))
            return
        lun = self.random.choice(list(self.luns))
        row = self.luns[lun]
        if kind == 'mask':
            mask = self.random.choice(['', '*',
                                       f'iqn.2026-11.org.example:{self.random.randrange(1000)}'])
            self.send(rest, 'PATCH', f'/v1/luns/{lun}', {'mask': mask},
                      lambda _: row.update(mask=mask))
        elif kind == 'name':
            name = f'w{self.number}-{self.random.randrange(1 << 60):x}'
            self.send(rest, 'PATCH', f'/v1/luns/{lun}', {'name': name},
                      lambda _: row.update(name=name))
        elif kind == 'extend':
            size = row['size_bytes'] + MIB
            self.send(rest, 'POST', f'/v1/luns/{lun}/extend', {'add_bytes': MIB},
                      lambda _: row.update(size_bytes=size))
        elif kind == 'shrink':
            size = row['size_bytes'] // 1024 * 512  # of whole blocks
            self.send(rest, 'POST', f'/v1/luns/{lun}/shrink', {'size_bytes': size},
                      lambda _: row.update(size_bytes=size))
        elif kind == 'associate':
            targets = self.random.choice([[], [self.target]])
            self.send(rest, 'PUT', f'/v1/luns/{lun}/targets', {'targets': targets},
                      lambda _: row.update(targets=targets))
        elif len(self.luns) > 2:
            self.send(rest, 'DELETE', f'/v1/luns/{lun}?force=1', None, lambda _: self.luns.pop(lun))

    def settle(self, rest):
        """Asks the doubtful change again with its request id: it happens once, whether it had
        happened or not.
        """
        if self.doubt is None:
            return False
        request, method, path, body, learn = self.doubt
        learn(rest.call(method, path, body, request))
        self.doubt = None
        return True

    def verify(self, rest):
        for lun, row in self.luns.items():
            got = rest.call('GET', f'/v1/luns/{lun}')
            targets = [a['target_id'] for a in rest.call('GET', f'/v1/luns/{lun}/targets')['items']]
            equal({**{k: got[k] for k in ('mask', 'size_bytes', 'name')}, 'targets': targets}, row,
                  f'LUN {lun}')


def test_every_answered_change_survives_kill():
    print(f'# RESTART_SEED={SEED} RESTART_KILLS={KILLS}')
    dice = random.Random(SEED)
    writers = [Writer(dice.random(), n) for n in range(4)]
    settled = 0
    with Daemon() as daemon:
        for _ in range(KILLS):
            fresh = []
            for old in writers:
                new = Writer(dice.random(), old.number)
                new.luns, new.target = old.luns, old.target
                new.answered, new.daemon_ = old.answered, daemon
                fresh.append(new)
            writers = fresh
            goal = sum(w.answered for w in writers) + dice.randrange(5, 60)
            for writer in writers:
                writer.start()
            vdstest.eventually('changes are answered',
                               lambda: sum(w.answered for w in writers) >= goal
                               or any(w.error for w in writers))
            daemon.kill()
            for writer in writers:
                writer.join()
                if writer.error:
                    raise writer.error
            daemon.checker()
            daemon.start()
            rest = daemon.rest()
            for writer in writers:
                settled += writer.settle(rest)
                writer.verify(rest)
            equal(len(rest.list('luns')), sum(len(w.luns) for w in writers), 'number of LUNs')
            equal(rest.call('POST', '/v1/check')['clean'], True, 'the running checker')
            rest.close()
        daemon.stop()
        daemon.checker()
        files = {p.name for p in daemon.dir.rglob('*.img')}
        equal(files, {f'{lun}.img' for w in writers for lun in w.luns}, 'files of LUNs')
    print(
        f'# {sum(w.answered for w in writers)} changes answered, {KILLS} kills, {settled} settled afterwards')


def test_a_request_id_seen_before_a_kill_gives_the_first_answer():
    with Daemon() as daemon:
        rest = daemon.rest()
        request = vdstest.new_request_id()
        first = rest.call('POST', '/v1/luns', {'size_bytes': MIB}, request)
        daemon.kill()
        daemon.start()
        rest.close()
        again = rest.call('POST', '/v1/luns', {'size_bytes': MIB}, request)
        equal([again['id'], again['sequence']], [first['id'], first['sequence']], 'the answer')
        equal(len(rest.list('luns')), 1, 'number of LUNs')
        try:
            rest.call('GET', f'/v1/luns/{vdstest.new_request_id()}')
            raise vdstest.Failed('an unknown LUN was found')
        except RestError as error:
            equal((error.status, error.code), (404, 'NOT_FOUND'), 'an unknown LUN')
        rest.close()
        daemon.stop()


vdstest.main([test_every_answered_change_survives_kill,
              test_a_request_id_seen_before_a_kill_gives_the_first_answer])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plans: an array goes from one random state to another by a file, and is then as the file says.
In every tenth pair vdsd is killed in the middle: then the array is as it was, or as the file says.

PLAN_PAIRS (40) is the number of pairs, PLAN_SEED where they begin.
"""
import contextlib
import copy
import http.client
import json
import os
import pathlib
import random
import re
import select
import subprocess
import threading
import time

import vdstest
from vdstest import Daemon, Failed, Initiator, check, equal, eventually

PAIRS = int(os.environ.get('PLAN_PAIRS', '40'))
SEED = int(os.environ.get('PLAN_SEED', random.randrange(1 << 32)))
IQN = 'iqn.2026-11.org.example:'
HOST, TARGET = IQN + 'host', IQN + 'web'
KIB = 1024
DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
UNITS = {'KiB': 1 << 10, 'MiB': 1 << 20, 'GiB': 1 << 30}
IDS = ['00000000-0000-4000-8000-00000000000%d' % n for n in (1, 2)]


def send(rest, method, path, text, request_id=None):
    """The status and the answer to a body that is sent as it is."""
    headers = {'Content-Type': 'application/json'}
    if request_id:
        headers['X-Request-Id'] = request_id
    if rest.connection is None:
        rest.connection = vdstest.UnixConnection(rest.path, vdstest.DEADLINE_S)
    try:
        rest.connection.request(method, path, text, headers)
        answer = rest.connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException):
        rest.close()
        raise


def ok(rest, method, path, body=None):
    status, answer = send(rest, method, path, None if body is None else json.dumps(body))
    check(status in (200, 201, 202), f'{method} {path}: {status} {answer}')
    return answer


def size_bytes(size):
    match = re.fullmatch(r'(\d+)(KiB|MiB|GiB)', str(size))
    return int(match.group(1)) * UNITS[match.group(2)] if match else int(size)


def normal(file):
    """A file in a form in which two that say the same are equal."""
    file = copy.deepcopy(file)
    for name in ('format', 'scope'):
        file.pop(name, None)
    for lun in file['luns']:
        lun['size'] = size_bytes(lun['size'])
    for group in (g for t in file['targets'] for g in t['portal_groups']):
        group['portals'].sort()
    for target in file['targets']:
        target['portal_groups'].sort(key=lambda group: group['tag'])
    for owner in [file, *file['hosts'], *file['targets']]:
        name = 'discovery_chap' if owner is file else 'chap'
        owner[name] = sorted(json.dumps(one, sort_keys=True) for one in owner[name])
    for one in [*file['hosts'], *file['targets']]:
        one['sources'].sort()
        one.get('initiators', []).sort()
    for one in file['host_groups']:
        one['hosts'].sort()
    for one in file['luns']:
        one['mask'].sort()
    for one in file['snapshot_schedules']:
        one['luns'].sort()
    for name, value in file.items():
        if isinstance(value, list) and name != 'discovery_chap':
            value.sort(key=lambda one: json.dumps(one, sort_keys=True))
    return file


class States:
    """Random states of one array."""

    def __init__(self, random_, daemon, default):
        self.random, self.daemon = random_, daemon
        self.default_pool, self.default_portal = default['pools'][0], default['portals'][0]

    def some(self, things, least=0):
        return self.random.sample(things, self.random.randint(least, len(things)))

    def flip(self, chance=0.5):
        return self.random.random() < chance

    def pool(self, name, path):
        return {'name': name, 'path': path, 'low': self.random.choice(['', '20%', '1048576']),
                'full': self.random.choice(['', '1%']),
                'overcommit': self.random.choice(['', '50000%']), 'trash': '',
                'qos': self.random.choice(['', '', 'iops=1000', 'iops=1000 bandwidth=1048576']),
                'trash_yields': self.random.choice([False, True])}

    def chap(self, discovery=False):
        entries = []
        if self.flip(0.3):
            entries.append({'side': 'initiator', 'user': 'u'})
        if self.flip(0.2):
            entries.append({'side': 'target', 'user': 'm'})
        if self.flip(0.2) and not discovery:
            entries.append({'side': 'initiator', 'initiator': IQN + 'i1'})
        return entries

    def sources(self):
        return sorted(self.some(['10.0.0.0/8', '192.0.2.0/24', '2001:db8::/32', '127.0.0.0/8']))

    def mask(self, hosts, groups):
        if self.flip(0.2):
            return ['*']
        return sorted(self.some([f'host:{name}' for name in hosts]) +
                      self.some([f'host-group:{name}' for name in groups]) +
                      self.some([IQN + f'i{n}' for n in range(3)]))

    def qos(self, pool):
        """Limits of a LUN, with a minimum only where its pool can give it."""
        return self.random.choice(['', '', 'iops=500', 'iops=500 burst_ms=2000'] +
                                  ['min_iops=50', 'iops=90 min_iops=60'] * ('iops' in pool['qos']))

    def lun(self, name, pools, hosts, groups):
        thin = self.flip(0.8)
        pool = self.random.choice(pools)
        return {'name': name, 'pool': pool['name'], 'qos': self.qos(pool),
                'size': self.random.choice([64, 128, 256, 1024, 4096]) * KIB,
                'block_size': self.random.choice([512, 4096]), 'thin': thin,
                'removable': self.flip(0.1), 'read_only': self.flip(0.2),
                'cache': self.random.choice(['auto', 'auto', 'page', 'direct']),
                'status': 'offline' if self.flip(0.2) else 'online',
                'hints': self.random.choice(['', 'FCR=1', 'WTC=1', 'FCR=1 MXS=1048576']),
                'mask': self.mask(hosts, groups)}

    def luns(self, pools, hosts, groups):
        luns = [self.lun(f'l{n}', pools, hosts, groups) for n in self.some(range(8))]
        if self.flip(0.3):      # a name that does not tell which LUN is meant
            for id_ in IDS:
                lun = self.lun('same', [pools[0]], hosts, groups)
                lun.update(id=id_, block_size=512, thin=True, removable=False)
                lun['pool'] = self.default_pool['name']
                luns.append(lun)
        return luns

    def target(self, number, portals):
        rest = self.some(portals, 0)
        cut = self.random.randint(0, len(rest))
        groups = [{'tag': tag, 'portals': some,
                   'state': self.random.choice(['active-optimized', 'standby', 'unavailable']),
                   'preferred': self.flip(), 'explicit': self.flip()}
                  for tag, some in zip(self.random.sample(range(1, 5), 2),
                                       (rest[:cut], rest[cut:]))]
        return {'name': IQN + f't{number}', 'alias': self.random.choice(['', f'a{number}', 'both']),
                'sources': self.sources(),
                'redirect': self.random.choice(['', '198.51.100.9:3260',
                                                '[2001:db8::9]:4000 permanent move']),
                'portal_groups': groups[:self.random.randint(0, 2)],
                'chap': self.chap()}

    def associations(self, luns, targets):
        pairs = []
        for target in targets:
            numbers = self.random.sample(range(40), len(luns))
            pairs += [{'lun': lun.get('id', lun['name']), 'target': target['name'],
                       'number': number}
                      for lun, number in zip(luns, numbers) if self.flip()]
        return pairs

    def schedules(self, luns):
        """Schedules that do not run while the test does: they are due half a day from now or more."""
        names = [lun.get('id', lun['name']) for lun in luns]
        now = time.gmtime()
        week, day = DAYS[(now.tm_wday + 3) % 7], f'{(now.tm_hour + 12) % 24:02}:30'
        return [{'name': f's{n}', 'luns': self.some(names, 1),
                 **self.random.choice([{'every': '1d', 'at': day},
                                       {'every': '1w', 'at': f'{week}-02:30'},
                                       {'every': '3w', 'at': f'{week}-23:05'}]),
                 'keep': self.random.choice(['last=1', 'last=3,daily=7', 'weekly=4']),
                 'enabled': self.flip(0.8)} for n in self.some(range(4)) if names]

    def make(self):
        pools = [self.pool(self.default_pool['name'], self.default_pool['path'])]
        pools += [self.pool(f'p{n}', str(self.daemon.top / f'p{n}')) for n in self.some(range(2))]
        portals = [self.default_portal] + [
            {'address': f'127.0.0.{n}', 'port': 3260, 'status': 'offline'}
            for n in self.some(range(2, 5))]
        initiators = [IQN + f'h{n}' for n in range(8)]
        hosts = []
        for n in self.some(range(5)):
            mine = [initiators.pop() for _ in range(self.random.randint(0, len(initiators)) // 2)]
            hosts.append({'name': f'h{n}', 'initiators': mine, 'sources': self.sources(),
                          'qos': self.random.choice(['', 'iops=700 burst_ms=1500']),
                          'chap': self.chap()})
        names = [host['name'] for host in hosts]
        groups = [{'name': f'g{n}', 'hosts': self.some(names)} for n in self.some(range(3))]
        luns = self.luns(pools, names, [g['name'] for g in groups])
        at = [f'{p["address"]}:{p["port"]}' for p in portals]
        targets = [self.target(n, at) for n in self.some(range(4))]
        return {'format': 1, 'scope': 'array',
                'array': {'name': self.random.choice(['', 'one', 'two']),
                          'iqn_prefix': self.random.choice(['', 'iqn.2026-11.org.example'])},
                'pools': pools, 'portals': portals, 'hosts': hosts, 'host_groups': groups,
                'luns': luns, 'targets': targets,
                'associations': self.associations(luns, targets),
                'snapshot_schedules': self.schedules(luns),
                'discovery_chap': self.chap(True)}


def jobs_end(rest):
    eventually('jobs have ended', lambda: all(job['state'] != 'running'
                                              for job in rest.list('jobs')))


def export(rest):
    jobs_end(rest)
    return normal(ok(rest, 'GET', '/v1/export'))


APPLY = '/v1/apply?delete_luns=1&shrink_luns=1'


def apply(rest, file):
    """A file of a deleted LUN may still be there, and keeps its id busy for a moment."""
    def made():
        status, answer = send(rest, 'POST', APPLY, json.dumps(file))
        check(status in (200, 202) or answer['error']['code'] == 'BUSY', f'{status} {answer}')
        return answer if status in (200, 202) else None
    return eventually('the plan is applied', made)


def differs(a, b):
    """The first section that differs, without what is the same; None = they are equal."""
    for name in sorted({*a, *b}):
        x, y = a.get(name), b.get(name)
        if x != y and isinstance(x, list) and isinstance(y, list):
            return f'{name}: {[one for one in x if one not in y]} ' \
                   f'and {[one for one in y if one not in x]}'
        if x != y:
            return f'{name}: {x} and {y}'
    return None


def kill_in_the_middle(daemon, file, after_s):
    """Let the file be applied and kill vdsd meanwhile, or a moment later."""
    def run():
        rest = daemon.rest()
        with contextlib.suppress(OSError, http.client.HTTPException, Failed,
                                 json.JSONDecodeError):
            apply(rest, file)
        rest.close()
    thread = threading.Thread(target=run)
    thread.start()
    select.select([], [], [], after_s)
    daemon.kill()
    thread.join()
    daemon.start()


def files_agree(daemon, rest):
    """Each LUN has its file, and no file is left of another."""
    luns = {lun['id']: lun for lun in rest.list('luns')}
    pools = {pool['id']: pool['path'] for pool in rest.list('pools')}

    def agree():        # a directory that is no pool may have what a killed plan has left
        found = {(str(path.parent), path.name) for path in daemon.top.glob('*/*.img')}
        found |= {(str(path.parent), path.name) for path in daemon.dir.glob('luns/*.img')}
        found |= {(place, path.name) for place in pools.values()
                  for path in pathlib.Path(place).glob('*.new')}
        return found == {(pools[lun['pool_id']], f'{id_}.img') for id_, lun in luns.items()}
    eventually('files and LUNs agree', agree, 20)


@contextlib.contextmanager
def with_snapshots():
    """A daemon whose pools copy instead of sharing space, so that schedules may have their LUNs."""
    daemon = Daemon()
    (daemon.inject / 'clone-by-copy').touch()
    with daemon:
        yield daemon


def test_from_any_state_to_any_other():
    print(f'# PLAN_SEED={SEED}')
    random_, kept, took = random.Random(SEED), 0, 0.05
    with with_snapshots() as daemon:
        for n in range(2):
            (daemon.top / f'p{n}').mkdir(mode=0o700)
        rest = daemon.rest()
        states = States(random_, daemon, ok(rest, 'GET', '/v1/export'))
        for pair in range(1, PAIRS + 1):
            before, file = export(rest), states.make()
            wanted = normal(file)
            plan = ok(rest, 'POST', '/v1/plan', file)
            equal(export(rest), before, 'a plan changes')
            equal(plan['changes'] == 0, before == wanted, 'the number of steps')
            if pair % 10 == 0:
                kill_in_the_middle(daemon, file, random_.random() * 1.5 * took)
                rest.close()
                now = export(rest)
                check(now in (before, wanted), f'pair {pair} is neither: {differs(now, wanted)}')
                kept += now == before
            begun = time.monotonic()
            answer = apply(rest, file)
            took = time.monotonic() - begun
            now = export(rest)
            equal(differs(now, wanted), None, f'pair {pair}: the array and the file')
            again = ok(rest, 'POST', '/v1/plan', ok(rest, 'GET', '/v1/export'))
            equal(again['steps'], [], f'pair {pair}: what an export would change')
            equal(ok(rest, 'POST', '/v1/check', {})['clean'], True, 'the array is clean')
            check(answer['sequence'] > 0, answer)
            files_agree(daemon, rest)
        print(f'# {PAIRS} pairs, {PAIRS // 10} kills, of which {kept} left the state before')
        rest.close()
        daemon.stop()
        daemon.checker()


def test_what_a_plan_does_not_name_goes_on():
    with Daemon() as daemon, contextlib.closing(Initiator()) as initiator:
        rest = daemon.rest()
        apply(rest, {'format': 1, 'luns': [{'name': 'a', 'size': '1MiB', 'mask': [HOST]}],
                     'targets': [{'name': TARGET}],
                     'associations': [{'lun': 'a', 'target': TARGET, 'number': 3}]})
        initiator.ok('write', daemon.portal, TARGET, HOST, 3, 5, 0x5a)
        apply(rest, {'format': 1,
                     'hosts': [{'name': 'h', 'initiators': [HOST]}],
                     'luns': [{'name': 'a', 'size': '2MiB', 'mask': ['host:h']},
                              {'name': 'b', 'size': '1MiB', 'mask': ['host:h']}],
                     'associations': [{'lun': 'b', 'target': TARGET, 'number': 0}]})
        equal(initiator.ok('read', daemon.portal, TARGET, HOST, 3, 5), ['90'], 'the block')
        equal(sorted(initiator.list(daemon.portal, TARGET, HOST)), [0, 3], 'LUN numbers')
        apply(rest, {'format': 1, 'associations': [{'lun': 'a', 'target': TARGET, 'number': 9}]})
        equal(initiator.ok('read', daemon.portal, TARGET, HOST, 9, 5), ['90'], 'the block')
        equal(sorted(initiator.list(daemon.portal, TARGET, HOST)), [0, 9], 'LUN numbers')
        # a setting without a secret locks the target until somebody sets one
        apply(rest, {'format': 1, 'targets': [{'name': TARGET, 'chap': [{'side': 'initiator'}]}]})
        check(initiator.ask('list', daemon.portal, TARGET, HOST)[0] != 'ok' or
              'error' in ' '.join(initiator.ask('list', daemon.portal, TARGET, HOST)),
              'a login without a secret')


BAD = {     # what is wrong: the file, the place that is named, a part of the cause
    'empty': ('', '', 'empty'),
    'cut off': ('{"format": 1,\n "luns": [', 'line 2', 'a part of it is missing'),
    'not JSON': ('{"format": 1,\n luns: []}', 'line 2', 'not JSON'),
    'binary': (bytes(range(256)).decode('latin-1'), '', 'zero bytes'),
    'not UTF-8': (b'{"format": 1, "comment": "\xff\xfe"}', 'line 1', 'not JSON'),
    'no object': ('[]', 'line 1', 'an object'),
    'a member twice': ('{"format": 1,\n"luns": [],\n"luns": []}', 'line 3', 'duplicate'),
    'no format': ('{}', 'line 1', '"format"'),
    'another format': ('{"format": 2}', 'column 12', 'it must be 1'),
    'another scope': ('{"format": 1,\n "scope": "all"}', 'line 2', '"array" or "named"'),
    'no sections': ('{"format": 1, "scope": "array"}', 'line 1', '"pools"'),
    'unknown section': ('{"format": 1,\n "lun": []}', 'line 2', 'has no member "lun"'),
    'unknown member': ('{"format": 1,\n "luns": [{"name": "x",\n  "sise": 1}]}', 'line 3',
                       'has no member "sise"'),
    'a secret': ('{"format": 1,\n"hosts": [{"name": "h", "chap": [{"side": "initiator",\n'
                 '"secret": "0123456789abcdef"}]}]}', 'line 3', 'no secrets'),
    'a text for a number': ('{"format": 1,\n"portals": [{"address": "127.0.0.9",\n"port": "1"}]}',
                            'line 3', 'a whole number is needed'),
    'a number for a list': ('{"format": 1,\n"luns": 7}', 'line 2', 'a list'),
    'null': ('{"format": 1,\n"luns": [{"name": null}]}', 'line 2', 'not null'),
    'a broken number': ('{"format": 1,\n"luns": [{"name": "x", "size": 1.5}]}', 'line 2',
                        'not a broken number'),
    'no size': ('{"format": 1,\n"luns": [{"name": "x"}]}', 'line 2', 'needs "size"'),
    'no such size': ('{"format": 1, "luns": [{"name": "x",\n"size": "much"}]}', 'line 2',
                     '"much"'),
    'too large': ('{"format": 1, "luns": [{"name": "x",\n"size": "9E"}]}', 'line 2', '8 PiB'),
    'a port out of range': ('{"format": 1, "portals": [{"address": "127.0.0.9",\n"port": 65536}]}',
                            'line 2', 'from 1 to 65535'),
    'no address': ('{"format": 1, "portals": [\n{"address": "localhost"}]}', 'line 2',
                   'not a numeric'),
    'a wildcard': ('{"format": 1, "portals": [\n{"address": "0.0.0.0"}]}', 'line 2',
                   'one address'),
    'a name twice': ('{"format": 1, "luns": [{"name": "x", "size": 512},\n'
                     '{"name": "x", "size": 512}]}', 'line 2', 'named twice: also in line 1'),
    'a portal twice': ('{"format": 1, "portals": [{"address": "127.0.0.9"},\n'
                       '{"address": "127.0.0.9", "port": 3260}]}', 'line 2', 'named twice'),
    'a tag twice': ('{"format": 1, "targets": [{"alias": "x", "portal_groups": [\n'
                    '{"tag": 1, "portals": []},\n{"tag": 1, "portals": []}]}]}', 'line 3',
                    'this tag'),
    'a number twice': ('{"format": 1, "luns": [{"name": "x", "size": 512}], "associations": [\n'
                       '{"lun": "x", "target": "t", "number": 0}]}', 'line 2', 'this number'),
    'an association twice': ('{"format": 1, "associations": [{"lun": "l", "target": "t"},\n'
                             '{"lun": "l", "target": "t"}]}', 'line 2', 'twice'),
    'an initiator of two hosts': ('{"format": 1, "hosts": [{"name": "a", "initiators": ["%s"]},\n'
                                  '{"name": "b", "initiators": ["%s"]}]}' % (HOST, HOST),
                                  'line 2', 'belongs to the host "a"'),
    'a name in use': ('{"format": 1, "luns": [\n{"id": "%s", "name": "l", "size": 512}]}' % IDS[0],
                      'line 2', 'another LUN'),
    'no such LUN': ('{"format": 1, "associations": [\n{"lun": "x", "target": "t"}]}', 'line 2',
                    'no LUN named "x"'),
    'no such target': ('{"format": 1, "associations": [\n{"lun": "l", "target": "x"}]}', 'line 2',
                       'no target "x"'),
    'no such host': ('{"format": 1, "luns": [{"name": "l",\n"mask": ["host:x"]}]}', 'line 2', 'x'),
    'no such host in a group': ('{"format": 1, "host_groups": [{"name": "g",\n"hosts": ["x"]}]}',
                                'line 2', 'no host named "x"'),
    'no such pool': ('{"format": 1, "luns": [{"name": "x", "size": 512,\n"pool": "x"}]}',
                     'line 2', 'no pool named "x"'),
    'no such portal': ('{"format": 1, "targets": [{"alias": "t", "portal_groups": [{"tag": 1,\n'
                       '"portals": ["127.0.0.9:1"]}]}]}', 'line 2', 'no portal 127.0.0.9:1'),
    'a host in use': ('{"format": 1, "hosts": [{"name": "h", "absent": true}]}', '', 'host'),
    'no initiator name': ('{"format": 1, "hosts": [{"name": "x",\n"initiators": ["iqn.x"]}]}',
                          'line 2', 'iqn.x'),
    'two names in one': ('{"format": 1, "luns": [{"name": "l",\n"mask": ["%s;%s"]}]}' %
                         (HOST, TARGET), 'line 2', 'semicolon'),
    'no network': ('{"format": 1, "hosts": [{"name": "x",\n"sources": ["10.0.0.0/99"]}]}',
                   'line 2', '10.0.0.0/99'),
    'hints': ('{"format": 1, "luns": [{"name": "l",\n"hints": "NO=1"}]}', 'line 2', 'NO'),
    'an id': ('{"format": 1, "luns": [\n{"id": "12", "size": 512}]}', 'line 2', 'right form'),
    'a limit': ('{"format": 1, "pools": [\n{"name": "default", "low": "much"}]}', 'line 2',
                'low'),
    'no LUN of a schedule': ('{"format": 1, "snapshot_schedules": [{"name": "s",\n"luns": ["x"], '
                             '"every": "1d", "keep": "7"}]}', 'line 2, column 10, '
                             'snapshot_schedules[0].luns[0]', 'no LUN named "x"'),
    'a schedule of nothing': ('{"format": 1, "snapshot_schedules": [{"name": "s", "every": "1d",\n'
                              '"luns": [], "keep": "7"}]}', 'line 2, column 9,', 'needs a LUN'),
    'a schedule without times': ('{"format": 1, "snapshot_schedules": [\n{"name": "s", '
                                 '"luns": ["l"], "keep": "7"}]}', 'line 2, column 1,',
                                 'needs "every"'),
    'no time of a schedule': ('{"format": 1, "snapshot_schedules": [{"name": "s", "luns": ["l"],\n'
                              '"every": "1d", "keep": "7",\n"at": "25:00"}]}',
                              'line 3, column 7, snapshot_schedules[0].at', '25:00'),
    'no counts of a schedule': ('{"format": 1, "snapshot_schedules": [{"name": "s", "luns": ["l"],'
                                '\n"every": "1d",\n"keep": "yearly=1"}]}',
                                'line 3, column 9, snapshot_schedules[0].keep', 'yearly=1'),
    'no name of a schedule': ('{"format": 1, "snapshot_schedules": [\n{"name": "a@b", '
                              '"luns": ["l"], "every": "1d", "keep": "7"}]}',
                              'line 2, column 10', '@'),
    'a schedule twice': ('{"format": 1, "snapshot_schedules": [{"name": "s", "absent": true},\n'
                         '{"name": "s", "absent": true}, {"name": "s", "luns": ["l"], '
                         '"every": "1d", "keep": "7"}, {"name": "s", "luns": ["l"], '
                         '"every": "1d", "keep": "7"}]}', 'line 2', 'named twice'),
    'a member of a schedule': ('{"format": 1, "snapshot_schedules": [{"name": "s",\n"hold": 7}]}',
                               'line 2', 'has no member "hold"'),
    'a pool elsewhere': ('{"format": 1, "pools": [{"name": "default",\n"path": "/srv"}]}',
                         'line 2', 'cannot be changed'),
    'deep': ('{"format": 1, "comment": ' + '[' * 5000 + ']' * 5000 + '}', 'line 1', 'JSON'),
}


def test_files_that_cannot_be():
    with with_snapshots() as daemon:
        rest = daemon.rest()
        apply(rest, {'format': 1, 'luns': [{'name': 'l', 'size': '1MiB', 'mask': ['host:h']}],
                     'hosts': [{'name': 'h'}], 'targets': [{'name': TARGET, 'alias': 't'}],
                     'associations': [{'lun': 'l', 'target': 't', 'number': 0}]})
        before, sequence = export(rest), ok(rest, 'GET', '/v1/sync')['position']['sequence']
        for what, (text, place, cause) in BAD.items():
            for path in ('/v1/plan', APPLY):
                body = text if isinstance(text, bytes) else text.encode('utf-8')
                status, answer = send(rest, 'POST', path, body)
                said = answer['error']['message'] if status >= 400 else answer
                check(status in (400, 404, 409), f'{what}: {status} {said}')
                check(place in said and cause in said, f'{what}: {said}')
                check('0123456789abcdef' not in said, f'{what}: the secret is shown')
        huge = b'{"format": 1, "comment": "' + b'x' * (65 << 20) + b'"}'
        try:
            status, answer = send(rest, 'POST', '/v1/plan', huge)
            check(status == 413, f'a huge file: {status} {answer}')
        except (OSError, http.client.HTTPException):    # vdsd reads no more of it
            pass
        rest.close()
        large = {'format': 1, 'comment': 'x' * (3 << 20)}
        equal(ok(rest, 'POST', '/v1/plan', large)['changes'], 0, 'a large file')
        equal(export(rest), before, 'the array after files that cannot be')
        equal(ok(rest, 'GET', '/v1/sync')['position']['sequence'], sequence, 'sequence')
        check('0123456789abcdef' not in daemon.log_text(), 'the log')


def test_roles_hold_in_plans():
    with Daemon(faults=False) as daemon:
        rest = daemon.rest()
        token = ok(rest, 'POST', '/v1/tokens', {'name': 'o', 'role': 'operator'})['token']

        def as_operator(path, file):
            connection = vdstest.UnixConnection(daemon.socket, vdstest.DEADLINE_S)
            with contextlib.closing(connection):
                connection.request('POST', path, json.dumps(file),
                                   {'Content-Type': 'application/json',
                                    'Authorization': f'Bearer {token}'})
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
        work = {'format': 1, 'luns': [{'name': 'l', 'size': '1MiB'}],
                'targets': [{'name': TARGET}], 'associations': [{'lun': 'l', 'target': TARGET}]}
        equal(as_operator('/v1/apply', work)[0], 200, "the operator's work")
        for file in ({'hosts': [{'name': 'h'}]}, {'luns': [{'name': 'l', 'absent': True}]},
                     {'luns': [{'name': 'l', 'size': 512}]},
                     {'targets': [{'name': TARGET, 'portal_groups': []}]},
                     {'targets': [{'name': TARGET, 'chap': [{'side': 'initiator'}]}]}):
            status, said = as_operator(APPLY, {'format': 1, **file})
            check(status == 403 and 'admin' in said, f'{file}: {status} {said}')
        equal(as_operator('/v1/undo', {})[0], 403, 'undo')
        records = rest.call('GET', '/v1/audit?limit=20')['items']
        done = [r for r in records if r['verb'] == 'apply' and r['outcome'] == 'OK']
        equal(len(done), 1, 'records of the one plan')
        check('lun "l": created' in done[0]['text'] and 'associated' in done[0]['text'], done)
        equal(len([r for r in records if r['outcome'] == 'ACCESS']), 6, 'refusals')


if __name__ == '__main__':
    vdstest.main([test_from_any_state_to_any_other, test_what_a_plan_does_not_name_goes_on,
                  test_files_that_cannot_be, test_roles_hold_in_plans])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The answers of the array stay true: four clients make random changes while initiators log in and
list.

After each round all wait for each other.  Then QueryAssociatedTargets must be the inverse of
QueryAssociatedLuns for every VDS program, and REPORT LUNS must return that set cut by the unmasking
list for every initiator and target. Between rounds the daemon is sometimes stopped or killed and
started again.

Environment: TRUTH_CHANGES (2000) changes that succeed, in all; TRUTH_SEED (random, printed).
"""
import os
import random
import threading

import vdstest
from vdstest import Com, Daemon, Initiator, RestError, equal

MIB = 1 << 20
CHANGES = int(os.environ.get('TRUTH_CHANGES', '2000'))
SEED = int(os.environ.get('TRUTH_SEED', '0')) or random.SystemRandom().randrange(1, 1 << 32)
INITIATORS = [f'iqn.2026-11.org.example:initiator-{n}' for n in range(3)]
HOSTS = ['one', 'two']
# The hosts' names move between them while masks name the hosts.
HOST_MASKS = ['host:one', f'host:two;{INITIATORS[0]}', 'host-group:all', 'host:one;host-group:all']
MASKS = ['*', ''] + INITIATORS + [';'.join(INITIATORS[:2]), ';'.join(INITIATORS)]
PER_CLIENT = 10                 # changes of each client in a round
# What may come of a change that raced another client's.
RACES_REST = {'NOT_FOUND', 'BUSY', 'LUNS_ASSOCIATED', 'NAME_IN_USE', 'IN_USE'}
RACES_COM = {'VDS_E_OBJECT_NOT_FOUND', 'VDS_E_OBJECT_DELETED', 'VDS_E_ANOTHER_CALL_IN_PROGRESS',
             'VDS_E_ASSOCIATED_LUNS_EXIST'}
RACES_CTL = {3, 4, 6}


class Client:
    """One of the four: makes random changes; counts those that were answered with success."""

    masks = MASKS

    def __init__(self, seed):
        self.random, self.done, self.refused = random.Random(seed), 0, 0

    def change(self):
        luns, targets = self.luns(), self.targets()
        kind = self.random.choices(['associate', 'mask', 'hosts', 'create_lun', 'delete_lun',
                                    'create_target', 'delete_target'],
                                   [60, 16, 8, 3 if len(luns) > 10 else 9, 7,
                                    2 if len(targets) > 7 else 8, 5])[0]
        if kind == 'create_lun' or not luns:
            ok = self.create_lun(self.random.choice(MASKS))
        elif kind == 'create_target' or not targets:
            ok = self.create_target()
        elif kind == 'associate':
            chosen = self.random.sample(targets, self.random.randint(0, len(targets)))
            how = self.random.choice([self.associate, self.add_targets, self.remove_targets])
            ok = how(self.random.choice(luns), chosen)
        elif kind == 'mask':
            ok = self.mask(self.random.choice(luns), self.random.choice(self.masks))
        elif kind == 'hosts':
            ok = self.hosts(self.random.choice(luns))
        elif kind == 'delete_lun':
            ok = self.delete_lun(self.random.choice(luns))
        else:
            ok = self.delete_target(self.random.choice(targets))
        self.done += ok
        self.refused += not ok

    def add_targets(self, lun, targets):
        """VDS can only replace the set; REST and vdsctl can also add and remove."""
        return self.associate(lun, targets)

    remove_targets = add_targets

    def hosts(self, lun):
        """VDS knows no hosts: it writes back a list that it has read, which changes nothing."""
        properties = self.ask('lun', lun)
        return properties is not None and self.ask('mask', lun, properties[1]) is not None

    def changes(self):
        for _ in range(PER_CLIENT):
            self.change()


class ComClient(Client):
    def __init__(self, seed, daemon):
        super().__init__(seed)
        self.com = Com(daemon)

    def ask(self, *words):
        answer = self.com.ask(*words)
        if answer[0] == 'S_OK':
            return answer[1:]
        vdstest.check(answer[0] in RACES_COM, f'{words}: {answer}')
        return None

    def all(self, what):
        """Without those that were deleted while they were listed, which have no id any more."""
        return [one for one in self.com.ok(what) if one != 'deleted']

    def luns(self):
        return self.all('luns')

    def targets(self):
        return self.all('targets')

    def create_lun(self, mask):
        return self.ask('create-lun', 4 * MIB, mask or '-') is not None

    def create_target(self):
        made = self.ask('create-target', '-', f'com-{self.random.randrange(1 << 30):x}')
        group = self.ask('create-group', made[0]) if made else None
        return bool(group) and self.ask('add-portal', group[0],
                                        self.com.ok('portals')[0]) is not None

    def associate(self, lun, targets):
        return self.ask('associate', lun, *targets) is not None

    def mask(self, lun, mask):
        return self.ask('mask', lun, mask or '-') is not None

    def delete_lun(self, lun):
        return self.ask('delete-lun', lun) is not None

    def delete_target(self, target):
        return self.ask('delete-target', target) is not None

    def close(self):
        self.com.close()


class RestClient(Client):
    masks = MASKS + HOST_MASKS

    def __init__(self, seed, daemon):
        super().__init__(seed)
        self.rest = daemon.rest()

    def call(self, method, path, body=None):
        try:
            self.rest.call(method, path, body, vdstest.new_request_id())
            return True
        except RestError as error:
            vdstest.check(error.code in RACES_REST, f'{method} {path} {body}: {error}')
            return False

    def luns(self):
        return [lun['id'] for lun in self.rest.list('luns')]

    def targets(self):
        return [target['id'] for target in self.rest.list('targets')]

    def create_lun(self, mask):
        return self.call('POST', '/v1/luns', {'size_bytes': 4 * MIB, 'mask': mask, 'block_bytes':
                                              self.random.choice([512, 4096])})

    def create_target(self):
        return self.call('POST', '/v1/targets',
                         {'alias': f'rest {self.random.randrange(1 << 30)}', 'with_group': True})

    def associate(self, lun, targets):
        return self.call('PUT', f'/v1/luns/{lun}/targets', {'targets': targets})

    def add_targets(self, lun, targets):
        return self.call('PATCH', f'/v1/luns/{lun}/targets', {'add': targets})

    def remove_targets(self, lun, targets):
        return self.call('PATCH', f'/v1/luns/{lun}/targets', {'remove': targets})

    def mask(self, lun, mask):
        return self.call('PATCH', f'/v1/luns/{lun}', {'mask': mask})

    def hosts(self, lun):
        host = self.random.choice(self.rest.list('hosts'))['id']
        if self.random.random() < 0.3:
            group = self.rest.list('host-groups')[0]['id']
            return self.call('PATCH', f'/v1/host-groups/{group}',
                             {self.random.choice(['add', 'remove']): [host]})
        how = self.random.choice(['initiators_add', 'initiators_remove'])
        return self.call('PATCH', f'/v1/hosts/{host}', {how: self.random.choice(INITIATORS)})

    def delete_lun(self, lun):
        return self.call('DELETE', f'/v1/luns/{lun}?force=1')

    def delete_target(self, target):
        return self.call('DELETE', f'/v1/targets/{target}')

    def close(self):
        self.rest.close()


class CtlClient(RestClient):
    """vdsctl for the changes; what there is to change it learns as the REST client does."""

    def __init__(self, seed, daemon):
        super().__init__(seed, daemon)
        self.daemon = daemon

    def run(self, *words):
        code = self.daemon.ctl(*words, ok=None)
        vdstest.check(code == 0 or code in RACES_CTL, f'vdsctl {words}: exit status {code}')
        return code == 0

    def create_lun(self, mask):
        name = f'ctl-{self.random.randrange(1 << 40):x}'
        return self.run('lun', 'create', name, '--size', '4M',
                        *(['--unmask', mask] if mask else []))

    def create_target(self):
        return self.run('target', 'create', f'ctl-{self.random.randrange(1 << 40):x}')

    def associate(self, lun, targets):
        return self.run('lun', 'associate', lun,
                        *targets) if targets else self.run('lun', 'dissociate', lun)

    def add_targets(self, lun, targets):
        return self.run('lun', 'associate', lun, '--add',
                        *targets) if targets else self.associate(lun, targets)

    def remove_targets(self, lun, targets):
        return self.run('lun', 'dissociate', lun, *targets)

    def mask(self, lun, mask):
        return self.run('lun', 'unmask', lun, mask or 'none')

    def hosts(self, lun):
        if self.random.random() < 0.3:
            return self.run('host-group', self.random.choice(['add', 'remove']), 'all',
                            self.random.choice(HOSTS))
        return self.run('host', self.random.choice(['add-name', 'remove-name']),
                        self.random.choice(HOSTS), self.random.choice(INITIATORS))

    def delete_lun(self, lun):
        return self.run('lun', 'delete', lun, '--force')

    def delete_target(self, target):
        return self.run('target', 'delete', target)


class Watcher(threading.Thread):
    """An initiator that logs in and lists all the time; what it sees while things change must still
    be units that were.
    """

    def __init__(self, daemon, name):
        super().__init__()
        self.daemon_, self.name_ = daemon, name
        self.stopping, self.lists, self.error = False, 0, None

    def run(self):
        try:
            sees, rest = Initiator(), self.daemon_.rest()
            while not self.stopping:
                for target in rest.list('targets'):
                    answer = sees.ask('list', self.daemon_.portal, target['iscsi_name'], self.name_)
                    # A target may go between the question and the login; a unit between REPORT LUNS
                    # and INQUIRY.
                    vdstest.check(answer[0] in ('ok', 'error'), f'{answer}')
                    self.lists += answer[0] == 'ok'
            sees.close()
            rest.close()
        except Exception as error:      # raised by finish()
            self.error = error

    def finish(self):
        self.stopping = True
        self.join()
        if self.error:
            raise self.error
        return self.lists


def flatten(rest, mask):
    """The names that a list stands for, found out from what the API says of hosts and groups."""
    hosts = {host['id']: host['initiators'] for host in rest.list('hosts')}
    groups = {group['id']: group['hosts'] for group in rest.list('host-groups')}
    names = set()
    for entry in mask.split(';') if mask else []:
        kind, _, what = entry.partition(':')
        if kind == 'host':
            names |= set(hosts[what])
        elif kind == 'host-group':
            names |= {name for host in groups[what] for name in hosts[host]}
        else:
            names.add(entry)
    return ';'.join(sorted(names))


def admits(flat, initiator):
    return flat == '*' or initiator in flat.split(';')


def truth(daemon, coms, sees):
    """All that must agree, after a barrier."""
    for com in coms:
        com.ok('sync')
    rest = daemon.rest()
    targets = {t['id']: t['iscsi_name'] for t in rest.list('targets')}
    luns = {lun['id']: (flatten(rest, lun['mask']), lun['serial']) for lun in rest.list('luns')}
    pairs = {(a['lun_id'], a['target_id']) for a in rest.list('associations')}
    rest.close()
    for com in coms:
        equal(set(com.ok('luns')), set(luns), 'QueryLuns')
        equal(set(com.ok('targets')), set(targets), 'QueryTargets')
        from_luns = {(lun, t) for lun in luns for t in com.targets_of(lun)}
        from_targets = {(lun, t) for t in targets for lun in com.luns_of(t)}
        equal(from_luns, from_targets,
              'QueryAssociatedTargets is the inverse of QueryAssociatedLuns')
        equal(from_luns, pairs, 'the associations of the API')
        for lun, (mask, serial) in luns.items():
            equal(com.ok('lun', lun)[1:], [mask or '-', serial], 'properties')
    for target, name in targets.items():
        for initiator in INITIATORS:
            seen = sees.list(daemon.portal, name, initiator)
            wanted = sorted(luns[lun][1] for lun,
                            t in pairs if t == target and admits(luns[lun][0], initiator))
            equal(sorted(seen.values()), wanted, f'REPORT LUNS of {name} as {initiator}')


def test_every_answer_is_what_an_initiator_sees():
    print(f'# TRUTH_SEED={SEED} TRUTH_CHANGES={CHANGES}')
    dice = random.Random(SEED)
    answered = refused = rounds = restarts = lists = 0
    with Daemon() as daemon:
        sees = Initiator()
        daemon.ctl('host', 'create', 'one', INITIATORS[0])
        daemon.ctl('host', 'create', 'two', INITIATORS[1])
        daemon.ctl('host-group', 'create', 'all', 'one', 'two')
        while answered < CHANGES:
            clients = [ComClient(dice.random(), daemon), ComClient(dice.random(), daemon),
                       RestClient(dice.random(), daemon), CtlClient(dice.random(), daemon)]
            coms = [clients[0].com, clients[1].com]
            for _ in range(5):
                watcher = Watcher(daemon, dice.choice(INITIATORS))
                watcher.start()
                try:
                    vdstest.in_threads(*[client.changes for client in clients])
                finally:
                    lists += watcher.finish()
                truth(daemon, coms, sees)
                rounds += 1
            answered += sum(c.done for c in clients)
            refused += sum(c.refused for c in clients)
            for client in clients:
                client.close()
            if dice.random() < 0.5:
                daemon.kill()
            else:
                daemon.stop()
            daemon.checker()
            daemon.start()
            restarts += 1
            com = Com(daemon)
            truth(daemon, [com], sees)
            com.close()
        sees.close()
        daemon.stop()
    print(
        f'# {answered} changes, {refused} refused for races, {rounds} rounds, {restarts} restarts, '
          f'{lists} listings meanwhile')


if __name__ == '__main__':      # test_ceph_truth.py has the same clients
    vdstest.main([test_every_answer_is_what_an_initiator_sees])

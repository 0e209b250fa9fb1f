# SPDX-License-Identifier: LGPL-2.1-or-later
"""vdsctl's plans, snapshots, space and trash, a part of test_commands.py."""
import json
import re
import subprocess

from ctltest import DEADLINE_S, VDSCTL, check, equal


def test_plans_are_shown_made_and_taken_back(a):
    file = a.top / 'plan.json'
    whole = a.run('export')
    file.write_text(whole)
    equal(a.run('plan', str(file)), 'no change\n')
    equal(a.run('apply', str(file)), 'no change\n')
    file.write_text(json.dumps({'format': 1, 'hosts': [{'name': 'planned', 'sources': ['10.0.0.0/8']}],
                                'luns': [{'name': 'planned', 'size': '1MiB', 'pool': 'default',
                                          'mask': ['host:planned']}]}))
    done = subprocess.run([VDSCTL, 'plan', file], env=a.env, capture_output=True, text=True,
                          timeout=DEADLINE_S)
    equal((done.returncode, done.stderr), (2, ''))
    check('+ lun "planned": created with 1 MiB' in done.stdout, done.stdout)
    check('+ host "planned"' in done.stdout and '\033' not in done.stdout, done.stdout)
    revision = re.search(r'revision (\d+-\d+);', done.stdout).group(1)
    check('2 changes made' in a.run('apply', str(file), '--revision', revision), 'apply')
    check('has changed since' in a.run('apply', str(file), '--revision', revision, code=4), 'old')
    check('may have data' in a.run('undo', code=6), 'the undo of a creation')
    one = json.loads(a.run('export', 'lun', 'planned', '--ids'))
    equal([lun['name'] for lun in one['luns']], ['planned'])
    equal([host['name'] for host in one['hosts']], ['planned'])
    equal(one['luns'][0]['id'], a.json('lun', 'show', 'planned')['id'])
    for words in (['lun'], ['pool', 'default'], ['lun', 'planned', 'x']):
        a.run('export', *words, code=2)
    a.run('export', 'host', 'nobody', code=3)
    one['luns'][0]['name'] = 'renamed'
    file.write_text(json.dumps(one))
    check('another LUN' in a.run('apply', str(file), code=6), 'a name in use')
    one['luns'][0]['name'] = 'other plan'
    file.write_text(json.dumps(one))
    a.run('apply', str(file), '-q')
    check('other plan' in a.run('history').splitlines()[1], 'history')
    check('taken back' in a.run('undo'), 'undo')
    equal(a.json('lun', 'show', 'planned')['id'], one['luns'][0]['id'])
    changes = a.json('history', '--limit', '2')
    equal([change['verb'] for change in changes], ['undo', 'apply'])
    check(f'by {changes[0]["sequence"]}' in a.run('history'), 'undone by')
    a.run('undo', '--change', str(changes[0]['sequence']))
    a.run('lun', 'show', 'other plan')
    file.write_text(json.dumps({'format': 1, 'luns': [{'name': 'other plan', 'absent': True}],
                                'hosts': [{'name': 'planned', 'absent': True}]}))
    check('--delete-luns' in a.run('apply', str(file), code=6), 'delete')
    check('! lun "other plan": deleted with its data' in
          a.run('apply', str(file), '--delete-luns'), 'deleted')
    equal(json.loads(a.run('export')), json.loads(whole))


def test_schedules_are_part_of_plans(a):
    file = a.top / 'plan.json'
    (a.top / 'inject/clone-by-copy').touch()
    for name in 'part', 'other part':
        a.run('lun', 'create', name, '--size', '1M')
    none = a.run('export')
    check('"snapshot_schedules": []' in none, none)
    a.run('snapshot', 'schedule', 'create', 'weekly', 'part', 'other part', '--every', '52w',
          '--keep', '3')
    file.write_text(a.run('export'))
    equal(a.run('plan', str(file)), 'no change\n')
    one = json.loads(a.run('export', 'lun', 'part'))
    equal(one['snapshot_schedules'],
          [{'name': 'weekly', 'luns': ['other part', 'part'], 'every': '52w', 'at': 'mon-00:00',
            'keep': 'last=3', 'enabled': True}])
    equal(sorted(lun['name'] for lun in one['luns']), ['other part', 'part'])
    a.run('snapshot', 'schedule', 'delete', 'weekly')
    check('+ snapshot schedule "weekly": created for every 52w' in
          a.run('apply', str(file)), 'created')
    file.write_text(none)
    check('- snapshot schedule "weekly": deleted; its snapshots stay' in
          a.run('apply', str(file)), 'deleted')
    check('taken back' in a.run('undo'), 'undo')
    file.write_text(json.dumps({'format': 1, 'luns': [{'name': 'part', 'absent': True}]}))
    check('left out of the schedule "weekly"' in a.run('apply', str(file), '--delete-luns'), 'LUN')
    equal(json.loads(a.run('export'))['snapshot_schedules'][0]['luns'], ['other part'])
    a.run('snapshot', 'schedule', 'delete', 'weekly')
    a.run('lun', 'delete', 'other part')


def test_plans_that_cannot_be(a):
    file = a.top / 'plan.json'
    for text, why in (('', 'is empty'), ('{"format": 1', 'line 1, column'),
                      ('{\n"format": 1,\n"luns": [{"nam": "x"}]}', 'line 3, column'),
                      ('{"format": 1}\0', 'zero bytes')):
        file.write_text(text)
        check(why in a.run('apply', str(file), code=2), text)
        said = a.run('plan', str(file), code=1)
        check(why in said and str(file) in said, said)
    check('directory' in a.run('plan', str(a.top), code=1), 'directory')
    a.run('plan', '/nothing', code=1)
    a.run('apply', '/nothing', code=3)
    a.run('undo', '--change', 'x', code=2)
    a.run('undo', '--change', '999999', code=3)
    a.run('history', '--limit', '0', code=2)


def test_snapshots(a):
    (a.top / 'inject/clone-by-copy').touch()
    for name in 'kept', 'kept too':
        a.run('lun', 'create', name, '--size', '1M')
    check('of 2 LUNs taken' in a.run('snapshot', 'create', 's1', 'kept', 'kept too'), 'create')
    row = a.json('snapshot', 'show', 'kept@s1')
    equal((row['name'], row['lun_name'], row['size_bytes']), ('s1', 'kept', 1 << 20))
    listing = a.run('snapshot', 'list')
    check(listing.count(row['group_id']) == 2 and 'kept too' in listing, listing)
    check(re.search(r'^LUN +kept$', a.run('snapshot', 'show', 'kept@s1'), re.M), 'show')
    check('2 snapshots are called' in a.run('snapshot', 'show', 's1', code=2), 'two of a name')
    a.run('snapshot', 'create', 's1', 'kept', code=6)
    a.run('snapshot', 'create', 'a@b', 'kept', code=2)
    a.run('snapshot', 'create', 's2', 'nothing', code=3)
    check('s2 of LUN kept taken' in a.run('snapshot', 'create', 's2', 'kept'), 'of one LUN')
    a.run('snapshot', 'delete', 's2')
    a.run('snapshot', 'rename', 'kept too@s1', 'other')
    equal(a.json('snapshot', 'show', 'other')['lun_name'], 'kept too')
    check('rolled back' in a.run('lun', 'rollback', 'kept', 's1'), 'rollback')
    check('another LUN' in a.run('lun', 'rollback', 'kept', 'other', code=2), 'of another LUN')
    a.run('lun', 'clone', 'kept@s1', 'clone of s1')
    a.run('lun', 'clone', 'kept', 'clone of kept')
    a.run('lun', 'clone', 'nothing', 'x', code=3)
    equal(len({a.json('lun', 'show', name)['serial']
               for name in ('kept', 'clone of s1', 'clone of kept')}), 3)
    a.run('lun', 'clone', 'kept@s1', 'copy of s1', '--copy')
    a.run('lun', 'clone', 'kept', 'copy in use', '--copy')
    a.run('lun', 'offline', 'kept')
    a.run('lun', 'clone', 'kept', 'copy of kept', '--copy')
    a.run('lun', 'online', 'kept')
    for name in 'copy of s1', 'copy in use', 'copy of kept':
        equal(a.json('lun', 'show', name)['status'], 'online')
        a.run('lun', 'delete', name)
    a.run('lun', 'delete', 'kept')
    check('kept (deleted)' in a.run('snapshot', 'show', 's1'), 'a snapshot without its LUN')
    a.run('snapshot', 'delete', row['group_id'])
    equal(a.json('snapshot', 'list'), [])
    for name in 'kept too', 'clone of s1', 'clone of kept':
        a.run('lun', 'delete', name)


def test_schedules(a):
    (a.top / 'inject/clone-by-copy').touch()
    for name in 'data', 'log':
        a.run('lun', 'create', name, '--size', '1M')
    create = 'snapshot', 'schedule', 'create'
    a.run(*create, 'nightly', 'data', 'log', '--every', '24h', '--at', '02:30', '--keep',
          'weekly=4,daily=7')
    row = a.json('snapshot', 'schedule', 'show', 'nightly')
    equal((row['every'], row['at'], row['keep'], row['enabled'], len(row['luns'])),
          ('1d', '02:30', 'daily=7,weekly=4', True, 2))
    for wrong in (('--every', '5', '--keep', '1'), ('--every', '1h', '--keep', '0'),
                  ('--every', '1h', '--keep', '1', '--at', '02:30'), ('--every', '1h'),
                  ('--every', '1h', '--keep', '1', '--enabled', 'maybe')):
        a.run(*create, 'wrong', 'data', *wrong, code=2)
    a.run(*create, 'nightly', 'data', '--every', '1h', '--keep', '1', code=6)
    a.run(*create, 'of nothing', 'nothing', '--every', '1h', '--keep', '1', code=3)
    said = a.run('snapshot', 'schedule', 'show', 'nightly')
    check('1d, at 02:30 UTC' in said and re.search('^LUNs +(data|log)$', said, re.M), said)
    check('has run' in a.run('snapshot', 'schedule', 'run', 'nightly'), 'a run')
    equal([s['name'].split('-')[0] for s in a.json('snapshot', 'list')], ['nightly'] * 2)
    a.run('snapshot', 'schedule', 'run', 'nothing', code=3)
    a.run('snapshot', 'delete', a.json('snapshot', 'list')[0]['group_id'])
    a.run('snapshot', 'schedule', 'set', 'nightly', code=2)
    a.run('snapshot', 'schedule', 'set', 'nothing', '--keep', '1', code=3)
    a.run('snapshot', 'schedule', 'set', 'nightly', 'log', '--name', 'weekly', '--every', '1w', '--at',
          'sat-02:30', '--keep', '5', '--enabled', 'no')
    listing = a.run('snapshot', 'schedule', 'list')
    check(re.search(r'^weekly +1w +sat-02:30 +last=5 +log .* disabled ', listing, re.M), listing)
    equal(a.json('snapshot', 'schedule', 'list')[0]['live'] or {'next_ms': 0},
          {**(a.json('snapshot', 'schedule', 'list')[0]['live'] or {}), 'next_ms': 0})
    a.run('snapshot', 'schedule', 'delete', 'weekly')
    equal(a.json('snapshot', 'schedule', 'list'), [])
    for name in 'data', 'log':
        a.run('lun', 'delete', name)


def test_space_and_trash(a):
    pool = a.json('pool', 'list')[0]['name']
    a.run('pool', 'set', pool, '--low', '20%', '--full', '5%', '--overcommit', 'off')
    a.run('pool', 'set', pool, '--low', 'much', code=2)
    a.run('pool', 'set', 'nothing', '--low', '20%', code=3)
    a.run('pool', 'set', pool, '--trash', '1d')
    made = a.json('lun', 'create', 'unwanted', '--size', '1M')
    serial = a.json('lun', 'show', 'unwanted')['serial']
    a.run('lun', 'delete', 'unwanted')
    a.run('lun', 'show', 'unwanted', code=3)
    check('unwanted' in a.run('trash', 'list'), 'the trash')
    check('vdsctl lun restore' in a.run('undo', code=6), 'the undo of a deletion that was kept')
    equal([row['id'] for row in a.json('trash', 'list')], [made['id']])
    a.run('lun', 'restore', 'nothing', code=3)
    a.run('lun', 'restore', 'unwanted', '--name', 'wanted')
    equal(a.json('lun', 'show', 'wanted')['serial'], serial)
    a.run('lun', 'delete', 'wanted', '--now')
    equal(a.json('trash', 'list'), [])
    a.run('lun', 'create', 'unwanted', '--size', '1M')
    check('unwanted' not in a.run('trash', 'list'), 'a LUN that is there')
    a.run('lun', 'history', 'unwanted')
    a.run('lun', 'history', 'nothing', code=3)
    check(a.json('pool', 'history', pool), 'samples of the pool')
    a.run('lun', 'delete', 'unwanted')
    a.run('trash', 'empty', 'nothing', code=3)
    a.run('trash', 'empty')
    check('out of the trash' in a.run('undo', code=6), 'the undo of an emptied trash')
    equal(a.json('trash', 'list'), [])
    a.run('pool', 'set', pool, '--low', 'default', '--full', 'default', '--trash', 'none')

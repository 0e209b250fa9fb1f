# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command of vdsctl against a real vdsd: what it does, prints and exits with; the last test
counts them.

$VDSD and $VDSCTL name the programs.  The tests share one array and run in order; prints TAP.
"""
import json
import re
import subprocess
import sys
import time
import traceback

import commands_array
import commands_contexts
import commands_events
import commands_plans
import commands_words
from ctltest import DEADLINE_S, INITIATOR, VDSCTL, Array, check, equal, used


def test_luns_are_created_and_shown(a):
    check('created' in a.run('lun', 'create', 'vol1', '--size', '10M', '--unmask', INITIATOR),
          'no "created"')
    check(re.fullmatch(r'[0-9a-f-]{36}\n',
                       a.run('lun', 'create', 'vol2', '-s', '4M', '--block-size', '4096', '-q')),
          'no id')
    equal(a.json('lun', 'show', 'vol2')['block_bytes'], 4096)
    equal({lun['name'] for lun in a.json('lun', 'list')}, {'vol1', 'vol2'})
    table = a.run('lun', 'list').splitlines()
    check(len(table) == 3 and table[0].startswith('NAME'), table)
    check('10 MiB' in a.run('lun', 'show', 'vol1'), 'no readable size')


def test_objects_have_many_names(a):
    lun = a.json('lun', 'show', 'vol1')['id']
    for name in (lun, lun[:13], lun.upper(), 'vol1'):
        equal(a.json('lun', 'show', name)['id'], lun)
    check('vdsctl lun list' in a.run('lun', 'show', 'nothing-like-it', code=3), 'no advice')
    a.run('lun', 'show', '', code=2)


def test_a_thick_lun_is_waited_for(a):
    a.run('lun', 'create', 'thick', '--size', '8M', '--thick', '--pool', 'default')
    equal(a.json('lun', 'show', 'thick')['live']['operation'], 'none')
    job = a.json('lun', 'extend', 'thick', '1M', '--no-wait')['job']
    a.run('job', 'wait', job)
    equal(a.json('job', 'show', job)['state'], 'done')
    check(len(a.json('job', 'list')) >= 2, 'jobs are kept')
    check('extend-lun' in a.run('job', 'list'), 'no extend-lun')
    for verb in 'cancel', 'pause', 'resume':
        check('has ended' in a.run('job', verb, job, code=6), verb)
    equal(a.run('lun', 'delete', 'thick'), 'LUN thick deleted\n')
    # the jobs outlive their LUN, and its name
    check(re.search(r'^extend-lun +thick +done ', a.run('job', 'list'), re.M), a.run('job', 'list'))
    check('LUN            thick' in a.run('job', 'show', job), a.run('job', 'show', job))


def test_a_file_is_adopted(a):
    file = a.top / 'raw image'
    file.write_bytes(b'kept' * 1024)
    check('--pool' in a.run('lun', 'adopt', file, code=2), 'no word of --pool')
    check('--block-size' in a.run('lun', 'adopt', file, '--pool', 'default', '--block-size', '1',
                                  code=2), 'no word of --block-size')
    said = a.run('lun', 'adopt', file, '--pool', 'default', '--name', 'raw', '--unmask', INITIATOR)
    row = a.json('lun', 'show', 'raw')
    check(f'raw image adopted as LUN raw ({row["id"]})' in said, said)
    equal(row['size_bytes'], 4096)
    check('LUN "raw"' in a.run('lun', 'adopt', file, '--pool', 'default', code=6), 'twice')
    a.run('lun', 'offline', 'raw')
    copy = a.run('lun', 'clone', 'raw', 'copied', '--copy', '-q').strip()
    equal(a.json('lun', 'show', 'copied')['id'], copy)
    for name in ('copied', 'raw'):
        a.run('lun', 'delete', name)
    equal(file.read_bytes(), b'kept' * 1024)


def test_a_pool_on_a_device(a):
    device = a.top / 'device'
    with device.open('wb') as file:
        file.truncate(32 << 20)
        file.write(b'something')
    check('holds data' in a.run('pool', 'create', 'disk', f'bdev:{device}', code=6), 'not refused')
    check('created' in a.run('pool', 'create', 'disk', f'bdev:{device}', '--force'), 'create')
    check(f'Device         bdev:{device}' in a.run('pool', 'show', 'disk'), a.run('pool', 'show',
                                                                               'disk'))
    a.run('pool', 'delete', 'disk')


def test_changes_name_their_object(a):
    """Also where a name looks like a word of the answer."""
    check(re.fullmatch(r'LUN created created \([0-9a-f-]{36}\)\n',
                       a.run('lun', 'create', 'created', '--size', '1M')), 'create')
    equal(a.run('lun', 'offline', 'created'), 'LUN created is offline\n')
    equal(a.run('lun', 'delete', 'created', '-q'), '')
    equal(a.run('target', 'create', 'named')[:21], 'target named created ')
    a.run('lun', 'create', 'named', '--size', '1M')
    equal(a.run('lun', 'associate', 'named', 'named'), 'LUN named is behind 1 target now\n')
    equal(a.run('lun', 'dissociate', 'named'), 'LUN named is behind no target now\n')
    equal(a.run('lun', 'delete', 'named') + a.run('target', 'delete', 'named'),
          'LUN named deleted\ntarget named deleted\n')


def test_luns_grow(a):
    a.run('lun', 'extend', 'vol1', '+6M')
    a.run('lun', 'extend', 'vol1', '--to', '20M')
    equal(a.json('lun', 'show', 'vol1')['size_bytes'], 20 << 20)
    check('smaller' in a.run('lun', 'extend', 'vol1', '--to', '1M', code=2), 'no reason')
    a.run('lun', 'extend', 'vol1', code=2)
    a.run('lun', 'extend', 'vol1', '1M', '--to', '2M', code=2)
    text = a.run('lun', 'extend', 'vol1', '8000T', code=7)
    check('8000T more' in text and 'iB' in text and 'bytes' not in text, text)


def test_a_growth_says_what_it_did(a):
    equal(a.run('lun', 'create', 'grows', '--size', '1.5M', '-q')[-1], '\n')
    equal(a.run('lun', 'extend', 'grows', '1M'), 'LUN grows grew from 1.5 MiB to 2.5 MiB\n')
    equal(a.run('lun', 'extend', 'grows', '512B'), 'LUN grows grew from 2621440 to 2621952 bytes\n')
    equal(a.run('lun', 'extend', 'grows', '--to', '0.5G'),
          'LUN grows grew from 2.5 MiB to 512 MiB\n')
    a.run('lun', 'delete', 'grows')


def test_a_lun_is_shrunk(a):
    a.run('lun', 'create', 'shrinks', '--size', '4M')
    equal(a.run('lun', 'shrink', 'shrinks', '1M'), 'LUN shrinks shrank from 4 MiB to 3 MiB\n')
    equal(a.run('lun', 'shrink', 'shrinks', '--to', '2M'),
          'LUN shrinks shrank from 3 MiB to 2 MiB\n')
    check('would not get smaller' in a.run('lun', 'shrink', 'shrinks', '--to', '8M', code=2),
          'it grew')
    equal(a.json('lun', 'show', 'shrinks')['size_bytes'], 2 << 20)
    a.run('lun', 'delete', 'shrinks')


def test_a_size_needs_a_unit(a):
    """`lun extend vol1 5` added 512 bytes where five gibibytes were meant."""
    before = a.json('lun', 'show', 'vol1')['size_bytes']
    for words in (['lun', 'extend', 'vol1', '5'], ['lun', 'extend', 'vol1', '+5'],
                  ['lun', 'extend', 'vol1', '--to', '99999999'],
                  ['lun', 'create', 'unitless', '--size', '4096']):
        text = a.run(*words, code=2)
        check('has no unit' in text and f'{words[-1].lstrip("+")}G' in text, text)
    equal(a.json('lun', 'show', 'vol1')['size_bytes'], before)
    check('--size 9P' in a.run('lun', 'create', 'huge', '--size', '9P', code=2),
          'the option is not named')
    check('--size 0B' in a.run('lun', 'create', 'none', '--size', '0B', code=2),
          'the option is not named')


def test_used_space_is_shown(a):
    a.run('lun', 'create', 'full', '--size', '8M', '--thick')
    deadline = time.monotonic() + DEADLINE_S
    while a.json('lun', 'show', 'full')['live']['allocated_bytes'] == 0:
        check(time.monotonic() < deadline, 'the space that a thick LUN takes is not told')
    check(re.search(r'^full +8 MiB +8 MiB ', a.run('lun', 'list'), re.M), a.run('lun', 'list'))
    check('Space used     8 MiB' in a.run('lun', 'show', 'full'), a.run('lun', 'show', 'full'))
    page = a.run('pool', 'show', 'default')
    check(re.search(r'^Used by LUNs +\d', page, re.M)
          and re.search(r'^full +8 MiB +8 MiB ', page, re.M), page)
    check(a.run('pool', 'list').split()[2:5] == ['FREE', 'USED', 'PROMISED'], a.run('pool', 'list'))
    a.run('lun', 'delete', 'full')


def test_tables_are_in_order(a):
    for name in ('order-b', 'order-c', 'order-a'):
        a.run('lun', 'create', name, '--size', '1M', '--thick')
    names = re.findall(r'^order-. ', a.run('lun', 'list'), re.M)
    equal(names, ['order-a ', 'order-b ', 'order-c '])
    equal(re.findall(r' order-. ', a.run('job', 'list')), [' order-b ', ' order-c ', ' order-a '])
    for name in ('order-a', 'order-b', 'order-c'):
        a.run('lun', 'delete', name)


def test_no_room_is_said_in_units(a):
    text = a.run('lun', 'create', 'huge', '--size', '7.5P', code=7)
    check('--size 7.5P' in text and 'can hold no LUN larger than' in text
          and 'iB' in text, text)
    text = a.run('lun', 'create', 'huge', '--size', '7.5P', '--thick', code=7)
    check('--size 7.5P' in text and 'free in the pool' in text and 'iB' in text, text)


def test_luns_are_renamed_and_switched(a):
    a.run('lun', 'rename', 'vol2', 'second')
    a.run('lun', 'rename', 'second', 'vol1', code=6)
    equal(a.run('lun', 'read-only', 'second'), 'LUN second is read-only\n')
    equal(a.json('lun', 'show', 'second')['access'], 'read-only')
    check('Access         read-only' in a.run('lun', 'show', 'second'), 'lun show')
    equal(a.run('lun', 'read-write', 'second'), 'LUN second is writable\n')
    equal(a.json('lun', 'show', 'second')['access'], 'read-write')
    a.run('lun', 'set', 'second', '--cache', 'page')
    equal(a.json('lun', 'show', 'second')['cache'], 'page')
    text = a.run('lun', 'show', 'second')
    check('Cache          page: page (it is set so)' in text
          or 'Cache          page: page (the pool is in memory)' in text, text)
    check('auto, page or direct' in a.run('lun', 'set', 'second', '--cache', 'off', code=2), 'cache')
    a.run('lun', 'set', 'second', '--cache', 'auto', '--iops', '5000')
    equal([a.json('lun', 'show', 'second')[m] for m in ('cache', 'qos')], ['auto', 'iops=5000'])
    a.run('lun', 'set', 'second', '--iops', 'none')
    a.run('lun', 'create', 'cartridge', '--size', '1M', '--removable', '--cache', 'direct')
    equal(a.json('lun', 'show', 'cartridge')['cache'], 'direct')
    check('thin, removable' in a.run('lun', 'show', 'cartridge'), 'lun show of a removable one')
    a.run('lun', 'delete', 'cartridge')
    a.run('lun', 'offline', 'second')
    equal(a.json('lun', 'show', 'second')['status'], 'offline')
    a.run('lun', 'online', 'second')
    equal(a.run('lun', 'online', '--pool', 'default'), 'no LUN of pool default has failed\n')
    equal(a.json('lun', 'online', '--pool', 'default'), [])
    check('--pool' in a.run('lun', 'online', code=2), 'neither a LUN nor a pool')
    a.run('lun', 'online', 'second', '--pool', 'default', code=2)
    equal(a.json('lun', 'counters', 'second')['read_commands'], 0)
    equal(a.json('lun', 'reservations', 'second')['registrations'], [])
    a.run('lun', 'reservations', 'second', '--clear')
    equal(a.json('lun', 'inject', 'second')['items'], [])
    a.run('lun', 'inject', 'second', '--clear')
    a.run('lun', 'inject', 'second', '--clear', 'all', code=2)
    a.run('lun', 'inject', 'second', '--clear', '0', code=2)


def mask(a):
    return a.json('lun', 'show', 'vol1')['mask']


def test_unmasking_lists(a):
    equal(mask(a), INITIATOR)
    a.run('lun', 'unmask', 'vol1', '--add', 'iqn.2026-11.org.example:b,iqn.2026-11.org.example:c')
    equal(mask(a), f'{INITIATOR};iqn.2026-11.org.example:b;iqn.2026-11.org.example:c')
    a.run('lun', 'unmask', 'vol1', '--remove', 'iqn.2026-11.org.example:b')
    equal(mask(a), f'{INITIATOR};iqn.2026-11.org.example:c')
    a.run('lun', 'unmask', 'vol1', '*')
    equal(mask(a), '*')
    check('every initiator' in a.run('lun', 'unmask', 'vol1', '--add', INITIATOR, code=2), 'no reason')
    a.run('lun', 'unmask', 'vol1', 'none')
    equal(mask(a), '')
    a.run('lun', 'unmask', 'vol1', 'not a name', code=2)
    check('bad is no iSCSI name' in a.run('lun', 'unmask', 'vol1', f'bad,{INITIATOR}', code=2),
          'no reason')
    a.run('lun', 'unmask', 'vol1', f'none,{INITIATOR}', code=2)
    equal(mask(a), '')
    equal(a.warned('lun', 'unmask', 'vol1',
                   f'iqn.bad,{INITIATOR}').count('iqn.bad is no iSCSI name'), 1)
    equal(mask(a), f'{INITIATOR};iqn.bad')
    a.run('lun', 'unmask', 'vol1', '--remove', 'iqn.bad')
    check('worse' in a.warned('lun', 'create', 'warned', '--size', '1M', '--unmask', 'iqn.worse'),
          'no warning')
    a.run('lun', 'delete', 'warned')
    a.run('lun', 'unmask', 'vol1', INITIATOR)


def test_targets(a):
    a.run('array', 'iqn-prefix', 'iqn.2026-11.org.example')
    a.run('target', 'create', 'web')
    a.run('target', 'create', 'db', '--iscsi-name', 'iqn.2026-11.org.example:db')
    a.run('target', 'create', 'iqn.2026-11.org.example:third', '--no-portals')
    equal(a.json('target', 'show', 'db')['iscsi_name'], 'iqn.2026-11.org.example:db')
    equal(a.json('target', 'show', 'iqn.2026-11.org.example:third')['alias'], '')
    check(a.json('target', 'show', 'web')['iscsi_name'].startswith('iqn.2026-11.org.example'),
          'the prefix')
    a.run('target', 'alias', 'iqn.2026-11.org.example:third', 'third')
    equal(len(a.json('target', 'list')), 3)
    equal(len(a.run('target', 'list').splitlines()), 4)
    equal(a.run('list', 'targets'), a.run('target', 'list'))    # the older form
    a.run('target', 'create', 'IQN.2026-11.ORG.Example:Capitals')
    equal(a.json('target', 'show', 'iqn.2026-11.org.example:capitals')['alias'], '')
    a.run('target', 'delete', 'iqn.2026-11.org.example:capitals')
    a.run('target', 'create', 'again', '--iscsi-name', 'iqn.2026-11.org.example:db', code=6)


def test_associations(a):
    a.run('lun', 'associate', 'vol1', 'web', 'db', 'web')
    equal({p['target_id'] for p in a.json('lun', 'targets', 'vol1')},
          {a.json('target', 'show', name)['id'] for name in ('web', 'db')})
    equal([p['lun_id'] for p in a.json('target', 'luns', 'db')],
          [a.json('lun', 'show', 'vol1')['id']])
    check('vol1' in a.run('target', 'luns', 'db') and 'web' in a.run('lun', 'targets', 'vol1'),
          'the tables')
    equal(len(a.run('association', 'list').splitlines()), 3)
    shown = a.run('explain', 'vol1', '--initiator', INITIATOR, '--from', '127.0.0.1')
    check('vol1: visible to' in shown and 'mask' in shown, 'explain')
    equal(a.json('explain', 'vol1', '-i', INITIATOR, '--from', '127.0.0.1')['visible'], True)
    far = a.run('explain', 'vol1', '-i', INITIATOR, code=1)
    check('not visible' in far and 'only this host' in far, 'the only portal is loopback')
    check('dissociate' in a.run('target', 'delete', 'db', code=6), 'no advice')
    a.run('lun', 'associate', 'vol1', 'web', 'nowhere', code=3)
    a.run('lun', 'dissociate', 'vol1', 'db')
    equal(len(a.json('lun', 'targets', 'vol1')), 1)
    a.run('lun', 'associate', 'vol1', '--add', 'third', 'web')
    equal(len(a.json('lun', 'targets', 'vol1')), 2)
    a.run('lun', 'dissociate', 'vol1')
    equal(a.json('lun', 'targets', 'vol1'), [])
    a.run('target', 'delete', 'db')
    done = subprocess.run([VDSCTL, 'explain', 'vol1', '-i', INITIATOR, '-o', 'json'], env=a.env,
                          capture_output=True, text=True, timeout=DEADLINE_S)
    equal(done.returncode, 1)
    equal(json.loads(done.stdout)['obstacle']['code'], 'NOT_ASSOCIATED')


def test_a_lun_in_use_is_not_deleted_without_force(a):
    a.run('lun', 'create', 'busy', '--size', '3M')
    a.run('lun', 'associate', 'busy', 'web', 'third')
    text = a.run('lun', 'delete', 'busy', code=6)
    check('web' in text and 'third' in text and '0 sessions' in text and '3 MiB' in text
          and '--force' in text, text)
    equal(len(a.json('lun', 'targets', 'busy')), 2)
    a.run('lun', 'delete', 'busy', '--force')
    a.run('lun', 'show', 'busy', code=3)


def test_hosts_have_names_that_are_theirs_alone(a):
    iqn = 'iqn.2026-11.org.example:'
    a.run('host', 'create', 'db1', iqn + 'db1')
    a.run('host', 'create', 'db2', iqn + 'DB2a,eui.0123456789ABCDEF')
    equal(a.json('host', 'show', 'db2')['initiators'], ['eui.0123456789abcdef', iqn + 'db2a'])
    text = a.run('host', 'add-name', 'db2', iqn + 'db1', code=6)
    check('"db1"' in text and 'remove-name' in text, text)
    a.run('host', 'add-name', 'db2', 'nonsense', code=2)
    a.run('host', 'add-name', 'db2', iqn + 'db2b')
    a.run('host', 'remove-name', 'db2', 'eui.0123456789abcdef')
    equal(a.json('host', 'show', iqn + 'db2b')['name'], 'db2')
    check('db2b' in a.run('host', 'show', 'db2'), 'its page')
    a.run('host', 'sources', 'db2', '10.0.0.0/8', 'fd00::/8')
    equal(a.json('host', 'show', 'db2')['sources'], '10.0.0.0/8;fd00::/8')
    check('fd00::/8' in a.run('host', 'show', 'db2'), 'its page')
    text = a.run('host', 'sources', 'db2', '10.1.0.0/8', code=2)
    check('the network is 10.0.0.0/8' in text, text)
    check('everywhere' in a.run('host', 'sources', 'db2', 'any'), 'any')
    a.run('target', 'create', 'ruled')
    a.run('target', 'sources', 'ruled', '192.0.2.1')
    equal(a.json('target', 'show', 'ruled')['sources'], '192.0.2.1/32')
    a.run('target', 'redirect', 'ruled', '192.0.2.9', '--permanent', '--move')
    equal(a.json('target', 'show', 'ruled')['redirect'], '192.0.2.9:3260 permanent move')
    check('192.0.2.9:3260' in a.run('target', 'show', 'ruled'), 'its page')
    a.run('target', 'redirect', 'ruled', 'none', '--move', code=2)
    check('itself' in a.run('target', 'redirect', 'ruled', 'none'), 'none')
    a.run('target', 'delete', 'ruled')
    a.run('host', 'rename', 'db2', 'db1', code=6)
    a.run('host', 'rename', 'db2', 'two;three', code=2)
    a.run('host', 'rename', 'db2', 'standby')
    check(re.search(r'^standby +2 +0 ', a.run('host', 'list'), re.M), a.run('host', 'list'))


def test_limits_of_luns_hosts_and_pools(a):
    a.run('lun', 'create', 'limited', '--size', '1M')
    pool = next(p['name'] for p in a.json('pool', 'list')
                if p['id'] == a.json('lun', 'show', 'limited')['pool_id'])
    a.run('lun', 'set', 'limited', '--iops', '500', '--bandwidth', '100M/s', '--burst', '10s')
    a.run('lun', 'set', 'limited', '--bandwidth', '50M')
    equal(a.json('lun', 'show', 'limited')['qos'], 'iops=500 bandwidth=52428800 burst_ms=10000')
    page = a.run('lun', 'show', 'limited')
    check('500 commands/s and 50 MiB/s, saved up for 10 s' in page, page)
    for wrong, says in ((('--iops', '9'), 'out of range'), (('--iops', 'many'), '--iops'),
                        (('--bandwidth', '100'), 'no unit'), (('--bandwidth', '512K'), 'give 1 MiB/s to 1 TiB/s'),
                        (('--burst', '2h'), 'to 3600 s'), (('--burst', '5'), 'such as 30s'),
                        (('--min-iops', '600'), 'raise --iops'), ((), 'nothing is to be set')):
        text = a.run('lun', 'set', 'limited', *wrong, code=2)
        check(says in text, text)
    text = a.run('lun', 'set', 'limited', '--min-iops', '100', code=2)
    check(f'"{pool}"' in text and '--iops' in text, text)
    a.run('pool', 'set', pool, '--iops', '1000')
    a.run('lun', 'set', 'limited', '--min-iops', '100')
    page = a.run('lun', 'show', 'limited')
    check('keeps 100 commands/s' in page, page)
    check('1000 commands/s' in a.run('pool', 'show', pool), 'its page')
    text = a.run('pool', 'set', pool, '--iops', 'none', code=2)
    check('limited' in text and '--min-iops' in text, text)
    text = a.run('pool', 'set', pool, '--iops', '110', code=2)
    check('90%' in text, text)
    a.run('lun', 'set', 'limited', '--min-iops', 'none', '--iops', 'none', '--bandwidth', 'none')
    equal(a.json('lun', 'show', 'limited')['qos'], '')
    a.run('pool', 'set', pool, '--iops', 'none')
    a.run('host', 'set', 'db1', '--iops', '100', '--burst', '1m')
    equal(a.json('host', 'show', 'db1')['qos'], 'iops=100 burst_ms=60000')
    check('100 commands/s' in a.run('host', 'show', 'db1'), 'its page')
    a.run('host', 'set', 'db1', '--min-iops', '100', code=2)
    a.run('host', 'set', 'nobody', '--iops', '100', code=3)
    a.run('host', 'set', 'db1', '--iops', 'none')
    equal(a.json('host', 'show', 'db1')['qos'], '')
    a.run('lun', 'delete', 'limited')


def test_host_groups(a):
    iqn = 'iqn.2026-11.org.example:'
    hosts = {host['name']: host['id'] for host in a.json('host', 'list')}
    a.run('host-group', 'create', 'cluster', 'db1')
    a.run('host-group', 'create', 'cluster', code=6)
    a.run('host-group', 'add', 'cluster', 'standby', 'db1')
    equal(set(a.json('host-group', 'show', 'cluster')['hosts']), set(hosts.values()))
    equal(len(a.json('host', 'show', 'db1')['host_groups']), 1)
    check('standby' in a.run('host-group', 'show', 'cluster'), 'its page')
    check('cluster' in a.run('host', 'show', 'db1') and 'cluster' in a.run('host', 'list'), 'names')
    a.run('lun', 'create', 'shared', '--size', '1M', '--host-group', 'cluster')
    a.run('lun', 'unmask', 'shared', '--add', '--host', 'db1,standby', iqn + 'c')
    table = a.run('lun', 'list')
    check('3 hosts and groups, 1 initiator' in table, table)
    page = a.run('lun', 'show', 'shared')
    check('host:standby' in page and 'host-group:cluster' in page and iqn + 'c' in page, page)
    a.run('lun', 'unmask', 'shared', '--host', 'nobody', code=3)
    a.run('lun', 'unmask', 'shared', code=2)
    a.run('lun', 'unmask', 'shared', '--remove', '--host', 'standby')
    text = a.run('host-group', 'delete', 'cluster', code=6)
    check('"shared"' in text and '--force' in text, text)
    a.run('lun', 'unmask', 'shared', '--host', 'db1')
    check('host:db1' in a.run('lun', 'list'), 'one host is named')
    text = a.run('explain', 'shared', '--initiator', iqn + 'db2a', code=1)
    a.run('lun', 'delete', 'shared')
    a.run('host-group', 'remove', 'cluster', 'standby')
    a.run('host-group', 'rename', 'cluster', 'prod')
    check(re.search(r'^prod +1 ', a.run('host-group', 'list'), re.M), a.run('host-group', 'list'))
    text = a.run('host', 'delete', 'db1', code=6)
    check('1 host group' in text and '--force' in text, text)
    a.run('host', 'delete', 'db1', '--force')
    equal(a.json('host-group', 'show', 'prod')['hosts'], [])
    a.run('host-group', 'delete', 'prod')
    a.run('host', 'delete', 'standby')
    equal(a.json('host', 'list'), [])


def test_secrets(a):
    secret = a.top / 'secret'
    secret.write_text('a secret of some length\nand a second line\n', encoding='ascii')
    a.run('target', 'secret', 'web', '--file', secret, code=1)   # everybody may read it
    secret.chmod(0o600)
    check('set' in a.run('target', 'secret', 'web', '--file', secret, '--user', 'alice'), 'set')
    check('replaced' in a.run('target', 'secret', 'web', '--file', secret, '--user', 'alice',
                              '--keep-old', '12h'), 'replaced')
    a.run('target', 'secret', 'web', '--file', secret, '--mutual', code=2)   # in both directions
    other = a.top / 'other'
    other.write_text('0x000102030405060708090a0b\n', encoding='ascii')
    other.chmod(0o600)
    a.run('discovery', 'secret', '--file', other, '--mutual', '--user', 'array')
    a.run('host', 'create', 'secured', INITIATOR + 'z')
    a.run('host', 'secret', 'secured', '--file', secret)
    check('host secured' in a.run('secret', 'list'), a.run('secret', 'list'))
    a.run('host', 'delete', 'secured')   # and its secret
    a.run('target', 'secret', 'web', '--file', other, '--initiator', INITIATOR, '--mutual')
    other.write_text('0x00010203040506070809\n', encoding='ascii')
    check('at least 12' in a.run('target', 'secret', 'web', '--file', other, code=2), 'short')
    for keep in '0', '32d', 'soon', '-1':
        a.run('target', 'secret', 'web', '--file', secret, f'--keep-old={keep}', code=2)
    table = a.run('secret', 'list')
    equal(len(table.splitlines()), 4)
    check('alice' in table and 'discovery' in table and INITIATOR in table, table)
    rows = a.json('secret', 'list')
    mine = next(row for row in rows if row['user'] == 'alice')
    check(mine['old_until_ms'] - mine['set_ms'] == 12 * 3600 * 1000, mine)
    check('alice' in a.run('secret', 'show', mine['id']), 'shown')
    shown = table + json.dumps(rows) + a.log_text()
    check('some length' not in shown and '000102' not in shown, 'a secret is shown')
    for row in rows:
        a.run('secret', 'delete', row['id'])
    equal(a.json('secret', 'list'), [])


def test_every_command_was_used(a):
    help_text = a.run('--help').split('Commands:\n', 1)[1].split('\n\n', 1)[0]
    commands = {re.match(r'  ([a-z-]+(?: [a-z-]+)?)(?= |$)', line).group(1).strip()
                for line in help_text.splitlines() if not line.startswith('   ')}
    check(len(commands) > 50, commands)
    equal(sorted(c for c in commands if c not in used), [])


def main():
    parts = commands_array, commands_events, commands_words, commands_contexts, commands_plans
    tests = [f for part in (globals(), *map(vars, parts))
             for name, f in part.items() if name.startswith('test_')]
    tests.remove(test_every_command_was_used)
    tests.append(test_every_command_was_used)
    print(f'1..{len(tests) + 1}')
    failed, array = 0, Array()
    for number, test in enumerate(tests, 1):
        try:
            test(array)
            result = 'ok'
        except Exception:
            print(''.join('# ' + line + '\n' for line in traceback.format_exc().splitlines()),
                  end='')
            result, failed = 'not ok', failed + 1
        print(f'{result} {number} - {test.__name__}', flush=True)
    code = array.close()
    print(f'{"ok" if code == 0 else "not ok"} {len(tests) + 1} - vdsd ends in order', flush=True)
    sys.exit(1 if failed or code else 0)


main()

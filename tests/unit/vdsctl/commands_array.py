# SPDX-License-Identifier: LGPL-2.1-or-later
"""vdsctl's portals, pools, drives and what else is of the array as a whole, a part of
test_commands.py.
"""
import re
import subprocess
import time

from ctltest import DEADLINE_S, INITIATOR, VDSCTL, check, equal


def test_portals_and_groups(a):
    a.run('portal', 'create', '127.0.0.2:0')
    portal = next(p for p in a.json('portal', 'list') if p['address'] == '127.0.0.2')
    where = f'127.0.0.2:{portal["port"]}'
    a.run('group', 'create', 'third')
    a.run('group', 'add', 'third:1', where)
    equal(a.json('group', 'show', 'third:1')['portals'], [portal['id']])
    check(where in a.run('portal', 'list') and 'third' in a.run('group', 'list'), 'the tables')
    check('group remove' in a.run('portal', 'delete', where, code=6), 'no advice')
    a.run('portal', 'offline', where, '--drain', '0', code=2)
    a.run('portal', 'offline', where, '--drain', '5')
    a.run('portal', 'offline', where)
    equal(a.json('portal', 'show', where)['status'], 'offline')
    a.run('portal', 'online', '127.0.0.2')
    access = lambda: [a.json('group', 'show', 'third:1')[key] for key in
                      ('access_state', 'access_set_by', 'preferred', 'explicit_allowed')]
    equal(access(), ['active-optimized', 'nobody', False, False])
    a.run('group', 'set', 'third:1', '--state', 'standby', '--preferred', 'yes', '--explicit', 'yes')
    equal(access(), ['standby', 'administrator', True, True])
    a.run('group', 'set', 'third:1', '--preferred', 'no')
    equal(access(), ['standby', 'administrator', False, True])
    check('it was so before' in a.run('group', 'set', 'third:1', '--preferred', 'no'), 'no news')
    check('standby' in a.run('group', 'list') and 'allowed' in a.run('group', 'show', 'third:1'), 'the state is shown')
    check('standby' in a.run('group', 'set', 'third:1', '--state', 'ready', code=2), 'the words are not listed')
    check('yes or no' in a.run('group', 'set', 'third:1', '--explicit', 'maybe', code=2), 'no advice')
    check('--state' in a.run('group', 'set', 'third:1', code=2), 'no advice')
    a.run('group', 'set', 'third:9', '--state', 'standby', code=3)
    a.run('group', 'remove', 'third:1', '127.0.0.2')
    a.run('group', 'remove', 'third:1', '127.0.0.2', code=3)
    a.run('group', 'delete', 'third:1')
    a.run('portal', 'delete', where)
    check(a.json('group', 'list'), 'web has one')
    a.run('portal', 'create', 'example.org', code=2)


def test_a_portal_says_who_is_reachable_there(a):
    text = a.run('portal', 'create', '127.0.0.3:0')
    port = next(p for p in a.json('portal', 'list') if p['address'] == '127.0.0.3')['port']
    where = f'127.0.0.3:{port}'
    targets = len(a.json('target', 'list'))
    check(f'portal {where} created; 0 of {targets} targets' in text and '--all-targets' in text,
          text)
    text = a.run('portal', 'create', where, '--all-targets')
    equal(text,
          f'portal {where} was there already; {targets} of {targets} targets are reachable there\n')
    for target in a.json('target', 'list'):
        check(where in a.run('target', 'show', target['id']), 'a target without the portal')
    equal(a.run('portal', 'create', where, '--all-targets', '-q'),
          a.json('portal', 'show', where)['id'] + '\n')
    for group in a.json('group', 'list'):
        a.run('group', 'remove', group['id'], where)
    a.run('portal', 'delete', where)


def test_a_portal_that_cannot_listen_says_so(a):
    # TEST-NET-1 (RFC 5737): no machine has this address
    warning = a.warned('portal', 'create', '192.0.2.77:3260')
    check('nothing listens at 192.0.2.77:3260' in warning, warning)
    a.run('portal', 'delete', '192.0.2.77')


def test_a_page_shows_what_belongs_to_the_object(a):
    a.run('lun', 'associate', 'vol1', 'web')
    page = a.run('lun', 'show', 'vol1')
    check('Pool           default' in page and INITIATOR in page
          and re.search(r'^web +\S+ +\d+ +0$', page, re.M), page)
    page = a.run('target', 'show', 'web')
    check('vol1' in page and '127.0.0.1:' in page and 'Sessions: none' in page
          and 'from this machine only' in page, page)
    page = a.run('group', 'show', 'web:1')
    check('Target         web' in page and '127.0.0.1:' in page, page)
    portal = a.json('portal', 'list')[0]
    check('web' in a.run('portal', 'show', portal['id']), 'the portal does not name its targets')
    page = a.run('pool', 'show', 'default')
    check('vol1' in page and 'Promised' in page, page)
    # an id stands only where it is the object's own
    for words in (['lun', 'show', 'vol1'], ['target', 'show', 'web'], ['group', 'show', 'web:1'],
                  ['pool', 'show', 'default']):
        equal(len(re.findall(r'[0-9a-f]{8}-[0-9a-f-]{27}', a.run(*words))), 1)
    a.run('lun', 'dissociate', 'vol1')


def test_pools(a):
    (a.top / 'p').mkdir()
    a.run('pool', 'create', 'p', str(a.top / 'p'))
    a.run('pool', 'create', 'p', str(a.top / 'a'), code=6)
    text = a.run('pool', 'create', 'q', str(a.top / 'missing'), code=2)
    check('missing on the computer of vdsd: make it first' in text, text)
    check('such as ram:2G' in a.run('pool', 'create', 'q', 'nothing:64M', code=2), 'no such place')
    check('a size with a unit' in a.run('pool', 'create', 'q', 'ram:64', code=2), 'no unit')
    a.run('lun', 'create', 'moves', '--size', '1M', '--pool', 'default')
    check('moved to pool p' in a.run('lun', 'move', 'moves', 'p'), 'move')
    check(re.search(r'^Pool +p$', a.run('lun', 'show', 'moves'), re.M), 'the new pool')
    check('already' in a.run('lun', 'move', 'moves', 'p', code=2), 'to where it is')
    a.run('lun', 'move', 'moves', 'nowhere', code=3)
    [job] = [row for row in a.json('job', 'list') if row['kind'] == 'move-lun']
    check(re.search(r'^To pool +p$', a.run('job', 'show', job['id']), re.M), 'the job')
    hold = a.top / 'inject' / f'{a.json("lun", "show", "moves")["id"]}.move'
    hold.write_text('hold')
    back = a.json('lun', 'move', 'moves', 'default', '--no-wait')['job']
    equal(a.run('job', 'pause', back), f'job {back} paused\n')
    check(re.search(r'^move-lun +moves +paused ', a.run('job', 'list'), re.M), 'the list')
    check(re.search(r'^State +paused$', a.run('job', 'show', back), re.M), 'the job')
    check(re.search(r'^Moving to +default, 0 %, paused$', a.run('lun', 'show', 'moves'), re.M), 'LUN')
    equal(a.json('job', 'show', back)['state'], 'running')
    a.run('job', 'resume', back)
    hold.unlink()
    a.run('job', 'wait', back)
    a.run('lun', 'delete', 'moves')
    a.run('lun', 'create', 'inp', '--size', '1M', '--pool', 'p')
    check('pool show' in a.run('pool', 'delete', 'p', code=6), 'no advice')
    a.run('lun', 'delete', 'inp')
    a.run('pool', 'rename', 'p', 'fast')
    equal(a.json('pool', 'show', 'fast')['path'], str(a.top / 'p'))
    equal({p['name'] for p in a.json('pool', 'list')}, {'default', 'fast'})
    check('fast' in a.run('pool', 'list'), 'the table')
    a.run('pool', 'delete', 'fast')


def test_controller(a):
    page = a.run('controller', 'show')
    check('Status         online' in page and 'Ports' in page, page)
    controller = a.json('controller', 'show')
    equal(controller['status'], 'online')
    for command in 'flush', 'invalidate', 'reset':
        check(a.run('controller', command).strip(), command)
    a.run('controller', 'reset', '--drain', '0', code=2)
    a.run('controller', 'offline')
    equal(a.json('controller', 'show', controller['name'])['status'], 'offline')
    check('controller is offline' in a.run('portal', 'list'), 'a portal listens')
    a.run('controller', 'online')
    check('controller is offline' not in a.run('portal', 'list'), 'no portal listens')
    a.run('controller', 'show', 'nowhere', code=3)


def test_gateways_of_one_machine(a):
    name = a.json('controller', 'show')['name']
    luns = len(a.json('lun', 'list'))
    table = a.run('gateway', 'list')
    check(re.search(rf'^{re.escape(name)} +online +{luns} +\d+ ', table, re.M), table)
    equal([one['name'] for one in a.json('gateway', 'list')], [name])
    page = a.run('gateway', 'show', name)
    check('Host ' in page and 'LUNs that it owns' not in page, page)
    check('OWNER' not in a.run('lun', 'list'), 'an owner on one machine')
    equal(len(a.json('lun', 'list', '--owner', name)), luns)
    a.run('lun', 'list', '--owner', 'nobody', code=3)
    a.run('lun', 'create', 'owned', '--size', '1M')
    for words in (('gateway', 'add', 'gw2', '192.0.2.2:3261'), ('gateway', 'drain', name),
                  ('gateway', 'undrain', name), ('gateway', 'remove', name),
                  ('gateway', 'set', name, '192.0.2.2:3261'),
                  ('gateway', 'remove', name, '--force'), ('lun', 'move-owner', 'owned'),
                  ('lun', 'move-owner', 'owned', name)):
        check(re.search('one gateway|one machine', a.run(*words, code=1)), f'{words}: not refused')
    a.run('lun', 'delete', 'owned')
    check('GATEWAY' not in a.run('portal', 'list'), 'a gateway on one machine')


def test_ports(a):
    table = a.run('port', 'list')
    check(re.search(r'^lo +online  up ', table, re.M), table)
    page = a.run('port', 'show', 'lo')
    check('127.0.0.1' in page and 'Portals' in page, page)
    port = a.json('port', 'show', 'lo')
    equal(port['controller_id'], a.json('controller', 'show')['id'])
    equal(a.json('port', 'counters', 'lo')['sessions'], 0)
    a.run('port', 'reset', 'lo', '--drain', '1')
    a.run('port', 'offline', 'lo')
    check('offline' in a.run('port', 'list'), 'the port is online')
    equal({p['status'] for p in a.json('portal', 'list')}, {'offline'})
    a.run('port', 'online', 'lo')
    a.run('port', 'show', 'nowhere', code=3)


def test_maintenance(a):
    a.run('lun', 'create', 'blinks', '--size', '1M')
    check('blink: start done' in a.run('lun', 'maintain', 'blinks', 'blink', 'start'), 'start')
    check('it went on before' in a.run('lun', 'maintain', 'blinks', 'blink', 'start'), 'again')
    a.run('array', 'maintain', 'beep', 'start')
    a.run('controller', 'maintain', a.json('controller', 'show')['name'], 'ping', 'start')
    a.run('port', 'maintain', 'lo', 'blink', 'start')
    a.run('drive', 'maintain', 'sda', 'spin-up', 'start')
    a.run('drive', 'maintain', 'sda', 'beep', 'pulse', '2')
    table = a.run('maintenance', 'list')
    for row in ('lun +blinks +blink', r'array +\S+ +beep', r'controller +\S+ +ping',
                'port +lo +blink', 'drive +sda +spin-up'):
        check(re.search(f'^{row} ', table, re.M), f'{row}: {table}')
    equal(len(a.json('maintenance', 'list')), 5)
    a.run('lun', 'maintain', 'blinks', 'shine', 'start', code=2)
    a.run('lun', 'maintain', 'blinks', 'blink', 'begin', code=2)
    a.run('lun', 'maintain', 'blinks', 'blink', 'pulse', 'often', code=2)
    a.run('lun', 'maintain', 'blinks', 'blink', 'start', '2', code=2)
    a.run('lun', 'maintain', 'nowhere', 'blink', 'start', code=3)
    a.run('lun', 'maintain', 'blinks', 'blink', 'stop')
    a.run('array', 'maintain', 'beep', 'stop')
    equal(len(a.json('maintenance', 'list')), 3)
    a.run('lun', 'delete', 'blinks')


def test_drives(a):
    table = a.run('drive', 'list')
    check(re.search(r'^sda +1 TiB  disk  ATA  EXAMPLE 1T  -  +default  yes ', table, re.M), table)
    page = a.run('drive', 'show', 'sda')
    check('WWID           naa.5000c500a1b2c3d4' in page and 'Medium         not rotating' in page
          and re.search(r'^default  8:0 +1 TiB  /', page, re.M), page)
    check('Drives         sda' in a.run('pool', 'show', 'default'), 'the pool names no drives')
    (a.top / 'memory').mkdir()
    a.run('pool', 'create', 'mem', str(a.top / 'memory'))
    drive = a.json('drive', 'show', str(a.top / 'memory'))
    equal((drive['kind'], drive['model'], len(drive['pools'])), ('memory', 'tmpfs file system', 1))
    check('gone after a restart' in a.run('drive', 'show', drive['id']), 'it does not say memory')
    check(f"Drives         {a.top}/memory (tmpfs file system)" in a.run('pool', 'show', 'mem'),
          a.run('pool', 'show', 'mem'))
    equal({d['name'] for d in a.json('drive', 'list')}, {'sda', str(a.top / 'memory')})
    a.run('pool', 'delete', 'mem')
    equal([d['name'] for d in a.json('drive', 'list')], ['sda'])
    check('sda' in a.run('drive', 'show', 'sdz', code=3), 'no guess')
    check('drive list' in a.run('drive', 'show', 'nothing', code=3), 'no advice')
    check('up to date' in a.run('drive', 'rescan'), 'no rescan')


def test_sessions(a):
    equal(a.json('session', 'list'), [])
    check(a.run('session', 'list').startswith('TARGET'), 'the head')
    a.run('session', 'end', '00000000-0000-4000-8000-000000000001', code=3)


def test_the_array(a):
    a.run('array', 'rename', 'bread')
    equal(a.json('array', 'show')['name'], 'bread')
    equal(a.run('check'), 'clean\n')
    equal(a.json('check')['clean'], True)
    equal(a.json('sync')['position']['sequence'], a.json('array', 'show')['position']['sequence'])
    check('API v1' in a.run('version'), 'version')
    equal(a.json('version')['api'], 'v1')
    a.run('array', 'iqn-prefix', 'nonsense', code=2)


def test_backup_writes_a_new_file_for_its_owner(a):
    file = a.top / 'backup'
    check(str(file) in a.run('backup', str(file)), 'it does not say where')
    equal(file.stat().st_mode & 0o777, 0o600)
    check('exists' in a.run('backup', str(file), code=6), 'an existing file')
    (a.top / 'backups').mkdir()
    told = a.json('backup', str(a.top / 'backups'))
    [made] = (a.top / 'backups').iterdir()
    equal((told['file'], told['bytes']), (str(made), made.stat().st_size))
    check(re.fullmatch(r'.+-\d{8}T\d{6}Z\.vds', made.name), made.name)
    equal(a.run('backup', '-q', str(a.top / 'quiet')), f'{a.top}/quiet\n')
    a.run('backup', str(a.top / 'no' / 'such'), code=3)
    a.run('backup', code=2)
    done = subprocess.run([VDSCTL, 'backup', '-'], env=a.env, capture_output=True,
                          timeout=DEADLINE_S, check=True)
    equal(done.stdout[:15], b'SQLite format 3')
    equal([p.name for p in a.top.glob('*.part')], [])


def test_check_tells_of_failed_luns(a):
    lun = a.run('lun', 'create', 'lost', '--size', '1M', '-q').strip()
    for path in (a.top / 'a').rglob(f'*{lun}*'):
        path.unlink()
    deadline = time.monotonic() + DEADLINE_S
    while a.json('lun', 'show', 'lost').get('live', {}).get('health') != 'failed':
        check(time.monotonic() < deadline, 'the verifier did not see it')
    equal(a.run('check'), 'clean, but 1 LUN is failed: `vdsctl lun list` shows which\n')
    a.run('lun', 'delete', 'lost')
    equal(a.run('check'), 'clean\n')

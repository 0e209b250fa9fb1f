# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command of vdsctl against a real vdsd: what it does, prints and exits with; the last test counts them.

$VDSD and $VDSCTL name the programs.  The tests share one array and run in order; prints TAP.
"""
import contextlib
import grp
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

DEADLINE_S = 60
VDSCTL, VDSD = os.environ['VDSCTL'], os.environ['VDSD']
INITIATOR = 'iqn.1993-08.org.debian:01:abc'
used = set()


def check(condition, why):
    if not condition:
        raise AssertionError(why)


def equal(got, wanted):
    check(got == wanted, f'got {got!r}, wanted {wanted!r}')


class Array:
    def __init__(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='vdsctl.'))
        read_fd, write_fd = os.pipe()
        with (self.top / 'log').open('wb') as log:
            self.vdsd = subprocess.Popen([VDSD, '--dir', self.top / 'a', '--socket', self.top / 's', '--listen',
                                          '127.0.0.1:0', '--ready-fd', str(write_fd)], stderr=log, pass_fds=(write_fd,))
        os.close(write_fd)
        check(select.select([read_fd], [], [], DEADLINE_S)[0], 'vdsd is not ready')
        with open(read_fd, encoding='utf-8') as pipe:
            check(pipe.read(), 'vdsd ended')
        self.env = {**os.environ, 'VDS_URL': f'unix:{self.top}/s'}

    def run(self, *words, code=0):
        """What it printed; it must exit with that code, and say why when it is not 0."""
        used.add(' '.join(words[:2]))
        used.add(words[0] if words else '')
        done = subprocess.run([VDSCTL, *words], env=self.env, capture_output=True, text=True, timeout=DEADLINE_S,
                              stdin=subprocess.DEVNULL)
        check(done.returncode == code, f'{words}: exit status {done.returncode}: {done.stderr}')
        check((code == 0) == (done.stderr == ''), f'{words}: it said `{done.stderr}`')
        return done.stdout if code == 0 else done.stderr

    def warned(self, *words):
        """What it said besides, although it did what it was told."""
        done = subprocess.run([VDSCTL, *words], env=self.env, capture_output=True, text=True, timeout=DEADLINE_S,
                              stdin=subprocess.DEVNULL)
        equal(done.returncode, 0)
        return done.stderr

    def json(self, *words):
        return json.loads(self.run(*words, '-o', 'json'))

    def close(self):
        self.vdsd.terminate()
        code = self.vdsd.wait(DEADLINE_S)
        if code != 0:
            print((self.top / 'log').read_text(errors='replace'), file=sys.stderr)
        shutil.rmtree(self.top, ignore_errors=True)
        return code


def test_luns_are_created_and_shown(a):
    check('created' in a.run('lun', 'create', 'vol1', '--size', '10M', '--unmask', INITIATOR), 'no "created"')
    check(re.fullmatch(r'[0-9a-f-]{36}\n', a.run('lun', 'create', 'vol2', '-s', '4M', '--block-size', '4096', '-q')), 'no id')
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
    a.run('job', 'cancel', job, code=6)
    equal(a.run('lun', 'delete', 'thick'), 'LUN thick deleted\n')
    # the jobs outlive their LUN, and its name
    check(re.search(r'^extend-lun +thick +done ', a.run('job', 'list'), re.M), a.run('job', 'list'))
    check('LUN            thick' in a.run('job', 'show', job), a.run('job', 'show', job))


def test_changes_name_their_object(a):
    """Also where a name looks like a word of the answer."""
    check(re.fullmatch(r'LUN created created \([0-9a-f-]{36}\)\n', a.run('lun', 'create', 'created', '--size', '1M')), 'create')
    equal(a.run('lun', 'offline', 'created'), 'LUN created is offline\n')
    equal(a.run('lun', 'delete', 'created', '-q'), '')
    equal(a.run('target', 'create', 'named')[:21], 'target named created ')
    a.run('lun', 'create', 'named', '--size', '1M')
    equal(a.run('lun', 'associate', 'named', 'named'), 'LUN named is behind 1 target now\n')
    equal(a.run('lun', 'dissociate', 'named'), 'LUN named is behind no target now\n')
    equal(a.run('lun', 'delete', 'named') + a.run('target', 'delete', 'named'), 'LUN named deleted\ntarget named deleted\n')


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
    equal(a.run('lun', 'extend', 'grows', '--to', '0.5G'), 'LUN grows grew from 2.5 MiB to 512 MiB\n')
    a.run('lun', 'delete', 'grows')


def test_a_size_needs_a_unit(a):
    """`lun extend vol1 5` added 512 bytes where five gibibytes were meant."""
    before = a.json('lun', 'show', 'vol1')['size_bytes']
    for words in (['lun', 'extend', 'vol1', '5'], ['lun', 'extend', 'vol1', '+5'], ['lun', 'extend', 'vol1', '--to', '99999999'],
                  ['lun', 'create', 'unitless', '--size', '4096']):
        text = a.run(*words, code=2)
        check('has no unit' in text and f'{words[-1].lstrip("+")}G' in text, text)
    equal(a.json('lun', 'show', 'vol1')['size_bytes'], before)
    check('--size 9P' in a.run('lun', 'create', 'huge', '--size', '9P', code=2), 'the option is not named')
    check('--size 0B' in a.run('lun', 'create', 'none', '--size', '0B', code=2), 'the option is not named')


def test_used_space_is_shown(a):
    a.run('lun', 'create', 'full', '--size', '8M', '--thick')
    deadline = time.monotonic() + DEADLINE_S
    while a.json('lun', 'show', 'full')['live']['allocated_bytes'] == 0:
        check(time.monotonic() < deadline, 'the space that a thick LUN takes is not told')
    check(re.search(r'^full +8 MiB +8 MiB ', a.run('lun', 'list'), re.M), a.run('lun', 'list'))
    check('Space used     8 MiB' in a.run('lun', 'show', 'full'), a.run('lun', 'show', 'full'))
    page = a.run('pool', 'show', 'default')
    check(re.search(r'^Used by LUNs +\d', page, re.M) and re.search(r'^full +8 MiB +8 MiB ', page, re.M), page)
    check(a.run('pool', 'list').split()[2:5] == ['FREE', 'USED', 'PROMISED'], a.run('pool', 'list'))
    a.run('lun', 'delete', 'full')


def test_no_room_is_said_in_units(a):
    text = a.run('lun', 'create', 'huge', '--size', '7.5P', code=7)
    check('--size 7.5P' in text and 'file system holds no file larger than' in text and 'iB' in text, text)
    text = a.run('lun', 'create', 'huge', '--size', '7.5P', '--thick', code=7)
    check('--size 7.5P' in text and 'free in the pool' in text and 'iB' in text, text)


def test_luns_are_renamed_and_switched(a):
    a.run('lun', 'rename', 'vol2', 'second')
    a.run('lun', 'rename', 'second', 'vol1', code=6)
    a.run('lun', 'offline', 'second')
    equal(a.json('lun', 'show', 'second')['status'], 'offline')
    a.run('lun', 'online', 'second')
    equal(a.json('lun', 'counters', 'second')['read_commands'], 0)


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
    check('everybody' in a.run('lun', 'unmask', 'vol1', '--add', INITIATOR, code=2), 'no reason')
    a.run('lun', 'unmask', 'vol1', 'none')
    equal(mask(a), '')
    a.run('lun', 'unmask', 'vol1', 'not a name', code=2)
    check('bad is no iSCSI name' in a.run('lun', 'unmask', 'vol1', f'bad,{INITIATOR}', code=2), 'no reason')
    a.run('lun', 'unmask', 'vol1', f'none,{INITIATOR}', code=2)
    equal(mask(a), '')
    equal(a.warned('lun', 'unmask', 'vol1', f'iqn.bad,{INITIATOR}').count('iqn.bad is no iSCSI name'), 1)
    equal(mask(a), f'{INITIATOR};iqn.bad')
    a.run('lun', 'unmask', 'vol1', '--remove', 'iqn.bad')
    check('worse' in a.warned('lun', 'create', 'warned', '--size', '1M', '--unmask', 'iqn.worse'), 'no warning')
    a.run('lun', 'delete', 'warned')
    a.run('lun', 'unmask', 'vol1', INITIATOR)


def test_targets(a):
    a.run('array', 'iqn-prefix', 'iqn.2026-11.org.example')
    a.run('target', 'create', 'web')
    a.run('target', 'create', 'db', '--iscsi-name', 'iqn.2026-11.org.example:db')
    a.run('target', 'create', 'iqn.2026-11.org.example:third', '--no-portals')
    equal(a.json('target', 'show', 'db')['iscsi_name'], 'iqn.2026-11.org.example:db')
    equal(a.json('target', 'show', 'iqn.2026-11.org.example:third')['alias'], '')
    check(a.json('target', 'show', 'web')['iscsi_name'].startswith('iqn.2026-11.org.example'), 'the prefix')
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
    equal([p['lun_id'] for p in a.json('target', 'luns', 'db')], [a.json('lun', 'show', 'vol1')['id']])
    check('vol1' in a.run('target', 'luns', 'db') and 'web' in a.run('lun', 'targets', 'vol1'), 'the tables')
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
    done = subprocess.run([VDSCTL, 'explain', 'vol1', '-i', INITIATOR, '-o', 'json'], env=a.env, capture_output=True,
                          text=True, timeout=DEADLINE_S)
    equal(done.returncode, 1)
    equal(json.loads(done.stdout)['obstacle']['code'], 'NOT_ASSOCIATED')


def test_a_lun_in_use_is_not_deleted_without_force(a):
    a.run('lun', 'create', 'busy', '--size', '3M')
    a.run('lun', 'associate', 'busy', 'web', 'third')
    text = a.run('lun', 'delete', 'busy', code=6)
    check('web' in text and 'third' in text and '0 sessions' in text and '3 MiB' in text and '--force' in text, text)
    equal(len(a.json('lun', 'targets', 'busy')), 2)
    a.run('lun', 'delete', 'busy', '--force')
    a.run('lun', 'show', 'busy', code=3)


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
    check(f'portal {where} created; 0 of {targets} targets' in text and '--all-targets' in text, text)
    text = a.run('portal', 'create', where, '--all-targets')
    equal(text, f'portal {where} was there already; {targets} of {targets} targets are reachable there\n')
    for target in a.json('target', 'list'):
        check(where in a.run('target', 'show', target['id']), 'a target without the portal')
    equal(a.run('portal', 'create', where, '--all-targets', '-q'), a.json('portal', 'show', where)['id'] + '\n')
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
    check('Pool           default' in page and INITIATOR in page and re.search(r'^web +\S+ +\d+ +0$', page, re.M), page)
    page = a.run('target', 'show', 'web')
    check('vol1' in page and '127.0.0.1:' in page and 'Sessions: none' in page and 'from this machine only' in page, page)
    page = a.run('group', 'show', 'web:1')
    check('Target         web' in page and '127.0.0.1:' in page, page)
    portal = a.json('portal', 'list')[0]
    check('web' in a.run('portal', 'show', portal['id']), 'the portal does not name its targets')
    page = a.run('pool', 'show', 'default')
    check('vol1' in page and 'Promised' in page, page)
    # an id stands only where it is the object's own
    for words in (['lun', 'show', 'vol1'], ['target', 'show', 'web'], ['group', 'show', 'web:1'], ['pool', 'show', 'default']):
        equal(len(re.findall(r'[0-9a-f]{8}-[0-9a-f-]{27}', a.run(*words))), 1)
    a.run('lun', 'dissociate', 'vol1')


def test_pools(a):
    (a.top / 'p').mkdir()
    a.run('pool', 'create', 'p', str(a.top / 'p'))
    a.run('pool', 'create', 'p', str(a.top / 'a'), code=6)
    a.run('pool', 'create', 'q', str(a.top / 'missing'), code=3)
    a.run('lun', 'create', 'inp', '--size', '1M', '--pool', 'p')
    check('pool show' in a.run('pool', 'delete', 'p', code=6), 'no advice')
    a.run('lun', 'delete', 'inp')
    a.run('pool', 'rename', 'p', 'fast')
    equal(a.json('pool', 'show', 'fast')['path'], str(a.top / 'p'))
    equal({p['name'] for p in a.json('pool', 'list')}, {'default', 'fast'})
    check('fast' in a.run('pool', 'list'), 'the table')
    a.run('pool', 'delete', 'fast')


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


@contextlib.contextmanager
def watching(a, *options):
    """A `vdsctl watch` that ends with the block, also when that fails."""
    with subprocess.Popen([VDSCTL, 'watch', *options], env=a.env, stdout=subprocess.PIPE, text=True) as watch:
        try:
            yield watch
        finally:
            watch.terminate()


def test_watch_shows_what_happens(a):
    with watching(a) as watch:
        used.add('watch')
        equal(watch.stdout.readline(), 'watching; interrupt to end\n')
        a.run('lun', 'create', 'seen', '--size', '1M')
        for line in watch.stdout:
            if '+ lun ' in line:
                break
        check(re.search(r'\+ lun +seen pool=default size=1 MiB .*\(lun\.create by .*\(uid \d+\)\)', line), line)
        a.run('lun', 'rename', 'seen', 'renamed')
        a.run('lun', 'extend', 'renamed', '1M')
        for wanted in ('"seen" -> "renamed" (lun.rename by ', 'size=1 MiB -> 2 MiB (lun.extend by '):
            for line in watch.stdout:
                if '~ lun ' in line:
                    break
            check(wanted in line, line)
        watch.terminate()


def test_watch_is_silent_on_free_space(a):
    def free():
        return a.json('pool', 'list')[0]['live']['free_bytes']

    with watching(a) as watch:
        equal(watch.stdout.readline(), 'watching; interrupt to end\n')
        before, deadline = free(), time.monotonic() + DEADLINE_S
        (a.top / 'ballast').write_bytes(bytes(64 << 20))
        while free() == before:
            check(time.monotonic() < deadline, 'the free space stays as it was')
        a.run('lun', 'create', 'marker', '--size', '1M')
        lines = []
        for line in watch.stdout:
            lines.append(line)
            if '+ lun ' in line:
                break
        watch.terminate()
    (a.top / 'ballast').unlink()
    check('marker' in lines[-1] and not any('live_pool' in line or 'reloaded' in line for line in lines), lines)
    a.run('lun', 'delete', 'marker')


def test_watch_speaks_json(a):
    with watching(a, '-o', 'json') as watch:
        # it may need a moment to listen: changes until one is seen
        changes = 0
        while not select.select([watch.stdout], [], [], 0.1)[0]:
            changes += 1
            check(changes < 300, 'nothing is seen')
            a.run('array', 'rename', f'bread {changes}')
        json.loads(watch.stdout.readline())
        watch.terminate()


def test_wrong_lines_are_usage_errors(a):
    for words in (['lun', 'frob'], ['lun', 'create', 'x'], ['lun', 'create', 'x', '--size', 'big'], ['lun', 'list', '-o', 'xml'],
                  ['lun', 'create', 'x', '--size', '1M', '--block-size', '100'], ['explain', 'vol1'],
                  ['lun', 'create', '', '--size', '1M'], ['target', 'create', '']):
        a.run(*words, code=2)


def test_an_array_that_is_not_there(a):
    text = a.run('lun', 'list', '--url', f'unix:{a.top}/nothing', code=5)
    check('is vdsd running?' in text and str(a.top) in text, text)


def as_nobody(a, *words):
    """What somebody else is told; None when this test is not root and cannot become somebody else."""
    if os.getuid() != 0 or not shutil.which('setpriv'):
        return None
    return subprocess.run(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', VDSCTL, *words],
                          env=a.env, capture_output=True, text=True, timeout=DEADLINE_S, check=False).stderr


def test_a_forbidden_socket_names_the_group(a):
    group = grp.getgrgid(os.stat(a.top).st_gid).gr_name
    for mode in (0o700, 0o755):     # the directory is closed; only the socket is
        a.top.chmod(mode)
        text = as_nobody(a, 'lun', 'list')
        a.top.chmod(0o700)
        if text is not None and 'cannot execute' not in text and 'failed to execute' not in text:
            check('Permission denied' in text and f'usermod -aG {group} ' in text, text)


def test_unknown_words_are_guessed(a):
    for words, meant in ((['lnu', 'list'], 'lun'), (['lun', 'creat', 'x'], 'create'),
                         (['lun', 'create', 'x', '--sise', '1M'], '--size')):
        check(f'did you mean `{meant}`?' in a.run(*words, code=2), meant)
    check('did you mean `vol1`?' in a.run('lun', 'show', 'vol', code=3), 'the name')
    text = a.run('lun', 'show', 'something-else', code=3)
    check('did you mean' not in text and '`vdsctl lun list`' in text, text)


def test_a_noun_lists_its_commands(a):
    listed = a.run('lun', '--help')
    check('lun create NAME' in listed and 'target create' not in listed, listed)
    check('lun create NAME' in a.run('lun', code=2), 'nothing is listed')


def test_errors_are_json_when_asked(a):
    error = json.loads(a.run('lun', 'show', 'nothing', '-o', 'json', code=3))['error']
    equal(error['code'], 'NOT_FOUND')
    for words in (['lun', 'frob'], ['lun', 'create', 'x'], ['lun', 'list', '--colour']):
        equal(json.loads(a.run('-o', 'json', *words, code=2))['error']['code'], 'INVALID')
    error = json.loads(a.run('lun', 'list', '-o', 'json', '--url', f'unix:{a.top}/nothing', code=5))['error']
    check(error['code'] == 'UNREACHABLE' and 'systemctl' in error['next'], error)


def batch(a, text, *options, code=0):
    used.add('batch')
    done = subprocess.run([VDSCTL, 'batch', *options], env=a.env, input=text, capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)
    equal((done.returncode, done.stderr if code == 0 else ''), (code, ''))
    return done.stdout if code == 0 else (done.stdout, done.stderr)


def test_a_batch_runs_many_lines(a):
    printed = batch(a, """
        # names may have blanks, and be quoted as in a shell
        lun create "batch one" --size 1M
        vdsctl lun create batch\\ two --size '1M'
        target create batched
        lun associate 'batch one' batched    # and so may comments be
        """)
    equal(printed.count('created'), 3)
    names = {lun['name'] for lun in a.json('lun', 'list')}
    check({'batch one', 'batch two'} <= names, names)
    (a.top / 'lines').write_text('lun dissociate "batch one"\nlun delete "batch one"\n')
    a.run('batch', str(a.top / 'lines'))
    batch(a, 'lun delete "batch two"\ntarget delete batched\n')


def test_a_batch_stops_at_an_error_and_names_the_line(a):
    lines = 'lun list -o json\nlun show nothing\nlun create never --size 1M\n'
    printed, said = batch(a, lines, code=3)
    check(json.loads(printed) and 'standard input, line 2: there is no LUN `nothing`' in said, said)
    equal(a.run('lun', 'show', 'never', code=3).count('never'), 1)
    printed, said = batch(a, lines, '--keep-going', code=3)
    check('line 2' in said and '1 of 3 lines failed' in said and 'never created' in printed, said)
    a.run('lun', 'delete', 'never')
    for line in ('batch', 'watch', 'lun list --url unix:/x', 'lun create "x --size 1M', 'frob'):
        _, said = batch(a, line + '\n', code=2)
        check('line 1' in said, said)


def complete(a, *words):
    return subprocess.run([VDSCTL, '__complete', *words], env=a.env, capture_output=True, text=True, timeout=DEADLINE_S,
                          check=True).stdout.splitlines()


def test_completion_knows_words_objects_and_values(a):
    a.run('target', 'create', 'complete-me')
    equal(complete(a, 'lu'), ['lun'])
    equal(complete(a, 'lun', 'cr'), ['create'])
    equal(complete(a, 'lun', 'show', 'vo'), ['vol1'])
    equal(complete(a, '-o', 'json', 'lun', 'associate', 'vol1', 'complete'), ['complete-me'])
    equal(complete(a, 'lun', 'associate', 'vol1', 'complete-me', 'comp'), ['complete-me'])
    equal(complete(a, 'group', 'show', 'complete'), ['complete-me:1'])
    equal(complete(a, 'lun', 'create', 'x', '--size', '1M', '--po'), ['--pool'])
    equal(complete(a, 'lun', 'create', 'x', '--pool', 'de'), ['default'])
    equal(complete(a, 'lun', 'create', '--pool=de'), ['--pool=default'])
    equal(complete(a, 'lun', 'list', '--output', ''), ['json', 'table'])
    equal(complete(a, 'explain', 'vol1', '-i', 'iqn.1993'), [INITIATOR])
    equal(complete(a, 'portal', 'show', '127.'), [f'127.0.0.1:{a.json("portal", "list")[0]["port"]}'])
    check('--size' not in complete(a, 'lun', 'create', '--size', '1M', '--'), 'an option that is given is offered again')
    equal(subprocess.run([VDSCTL, '__complete', 'lun', 'show', ''], env={**a.env, 'VDS_URL': 'unix:/nothing'},
                         capture_output=True, timeout=DEADLINE_S, check=True).stderr, b'')
    a.run('target', 'delete', 'complete-me')


def test_completion_works_in_shells(a):
    for shell, check_syntax in (('bash', ['bash', '-n']), ('zsh', ['zsh', '-n']), ('fish', ['fish', '-n'])):
        script = a.top / f'completion.{shell}'
        script.write_text(a.run('completion', shell))
        if shutil.which(shell):
            subprocess.run([*check_syntax, script], check=True, timeout=DEADLINE_S)
    a.run('completion', 'csh', code=2)
    (a.top / 'bin').mkdir()
    (a.top / 'bin' / 'vdsctl').symlink_to(VDSCTL)
    env = {**a.env, 'PATH': f'{a.top}/bin:{os.environ["PATH"]}', 'HOME': str(a.top)}
    for shell, words in (('fish', ['fish', '-c', f'source {a.top}/completion.fish; complete -C "vdsctl lun show vol"']),
                         ('zsh', ['zsh', '-fc', 'compdef() { :; }; compadd() { shift; print -l -- "$@"; }; '
                                  f'source {a.top}/completion.zsh; words=(vdsctl lun show vol); CURRENT=4; _vdsctl'])):
        if shutil.which(shell):
            done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
            equal((done.stdout.split(), done.stderr), (['vol1'], ''))
    a.run('lun', 'create', 'two words', '--size', '1M')
    for line, wanted in (('lun show vol', 'vol1'), ('lun associate vol1 --ad', '--add'), ('lun show tw', r'two\ words'),
                         ('portal show 127.0.0.1:', str(a.json('portal', 'list')[0]['port']))):
        typed = f'{VDSCTL} {line}'
        done = subprocess.run(['bash', '-c', f'source {a.top}/completion.bash; COMP_LINE=$1 COMP_POINT=${{#1}}; _vdsctl; '
                               'printf "%s\\n" "${COMPREPLY[@]}"', 'bash', typed], env=a.env, capture_output=True, text=True,
                              timeout=DEADLINE_S, check=False)
        equal(done.stdout.splitlines(), [wanted])
    a.run('lun', 'delete', 'two words')


def test_help_and_completion_need_no_array(a):
    for words in (['--help'], ['lun', 'create', '--help'], ['--version']):
        a.run(*words, '--url', 'unix:/nothing')
    check('complete' in a.run('completion', '--url', 'unix:/nothing'), 'completion')


def test_every_command_was_used(a):
    help_text = a.run('--help').split('Commands:\n', 1)[1].split('\n\n', 1)[0]
    commands = {re.match(r'  ([a-z-]+(?: [a-z-]+)?)(?= |$)', line).group(1).strip() for line in help_text.splitlines()}
    check(len(commands) > 50, commands)
    equal(sorted(c for c in commands if c not in used), [])


def main():
    tests = [f for name, f in globals().items() if name.startswith('test_')]
    print(f'1..{len(tests) + 1}')
    failed, array = 0, Array()
    for number, test in enumerate(tests, 1):
        try:
            test(array)
            result = 'ok'
        except Exception:
            print(''.join('# ' + line + '\n' for line in traceback.format_exc().splitlines()), end='')
            result, failed = 'not ok', failed + 1
        print(f'{result} {number} - {test.__name__}', flush=True)
    code = array.close()
    print(f'{"ok" if code == 0 else "not ok"} {len(tests) + 1} - vdsd ends in order', flush=True)
    sys.exit(1 if failed or code else 0)


main()

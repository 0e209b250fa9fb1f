# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command of vdsctl against a real vdsd: what it does, prints and exits with; the last test counts them.

$VDSD and $VDSCTL name the programs.  The tests share one array and run in order; prints TAP.
"""
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
        used.add(words[0])
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
    table = a.run('list', 'luns').splitlines()
    check(len(table) == 3 and table[0].startswith('NAME'), table)
    check('10 MiB' in a.run('lun', 'show', 'vol1'), 'no readable size')


def test_objects_have_many_names(a):
    lun = a.json('lun', 'show', 'vol1')['id']
    for name in (lun, lun[:13], lun.upper(), 'vol1'):
        equal(a.json('lun', 'show', name)['id'], lun)
    check('vdsctl list luns' in a.run('lun', 'show', 'vol', code=3), 'no advice')
    a.run('lun', 'show', '', code=2)


def test_a_thick_lun_is_waited_for(a):
    a.run('lun', 'create', 'thick', '--size', '8M', '--thick', '--pool', 'default')
    equal(a.json('lun', 'show', 'thick')['live']['operation'], 'none')
    job = a.json('lun', 'extend', 'thick', '1M', '--no-wait')['job']
    a.run('job', 'wait', job)
    equal(a.json('job', 'show', job)['state'], 'done')
    check(len(a.json('job', 'list')) >= 2, 'jobs are kept')
    check('extend-lun' in a.run('list', 'jobs'), 'no extend-lun')
    a.run('job', 'cancel', job, code=6)
    a.run('lun', 'delete', 'thick')


def test_luns_grow(a):
    a.run('lun', 'extend', 'vol1', '+6M')
    a.run('lun', 'extend', 'vol1', '--to', '20M')
    equal(a.json('lun', 'show', 'vol1')['size_bytes'], 20 << 20)
    check('smaller' in a.run('lun', 'extend', 'vol1', '--to', '1M', code=2), 'no reason')
    a.run('lun', 'extend', 'vol1', code=2)
    a.run('lun', 'extend', 'vol1', '1', '--to', '2', code=2)
    a.run('lun', 'extend', 'vol1', '8000000G', code=7)


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
    equal(a.warned('lun', 'unmask', 'vol1', f'bad,{INITIATOR}').count('bad is no iSCSI name'), 1)
    equal(mask(a), f'bad;{INITIATOR}')
    a.run('lun', 'unmask', 'vol1', '--remove', 'bad')
    check('worse' in a.warned('lun', 'create', 'warned', '--size', '1M', '--unmask', 'worse'), 'no warning')
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
    equal(len(a.run('list', 'targets').splitlines()), 4)
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
    equal(len(a.run('list', 'associations').splitlines()), 3)
    check('visible' in a.run('explain', 'vol1', '--initiator', INITIATOR), 'explain')
    equal(a.json('explain', 'vol1', '-i', INITIATOR)['visible'], True)
    check('dissociate' in a.run('target', 'delete', 'db', code=6), 'no advice')
    a.run('lun', 'associate', 'vol1', 'web', 'nowhere', code=3)
    a.run('lun', 'dissociate', 'vol1', 'db')
    equal(len(a.json('lun', 'targets', 'vol1')), 1)
    a.run('lun', 'associate', 'vol1', '--add', 'third', 'web')
    equal(len(a.json('lun', 'targets', 'vol1')), 2)
    a.run('lun', 'dissociate', 'vol1')
    equal(a.json('lun', 'targets', 'vol1'), [])
    a.run('target', 'delete', 'db')
    equal(a.json('explain', 'vol1', '-i', INITIATOR)['visible'], False)


def test_portals_and_groups(a):
    a.run('portal', 'create', '127.0.0.2:0')
    portal = next(p for p in a.json('portal', 'list') if p['address'] == '127.0.0.2')
    where = f'127.0.0.2:{portal["port"]}'
    a.run('group', 'create', 'third')
    a.run('group', 'add', 'third:1', where)
    equal(a.json('group', 'show', 'third:1')['portals'], [portal['id']])
    check(where in a.run('list', 'portals') and 'third' in a.run('list', 'groups'), 'the tables')
    a.run('portal', 'delete', where, code=6)
    a.run('portal', 'offline', where)
    equal(a.json('portal', 'show', where)['status'], 'offline')
    a.run('portal', 'online', '127.0.0.2')
    a.run('group', 'remove', 'third:1', '127.0.0.2')
    a.run('group', 'remove', 'third:1', '127.0.0.2', code=3)
    a.run('group', 'delete', 'third:1')
    a.run('portal', 'delete', where)
    check(a.json('group', 'list'), 'web has one')
    a.run('portal', 'create', 'example.org', code=2)


def test_pools(a):
    (a.top / 'p').mkdir()
    a.run('pool', 'create', 'p', str(a.top / 'p'))
    a.run('pool', 'create', 'p', str(a.top / 'a'), code=6)
    a.run('pool', 'create', 'q', str(a.top / 'missing'), code=3)
    a.run('lun', 'create', 'inp', '--size', '1M', '--pool', 'p')
    a.run('pool', 'delete', 'p', code=6)
    a.run('lun', 'delete', 'inp')
    a.run('pool', 'rename', 'p', 'fast')
    equal(a.json('pool', 'show', 'fast')['path'], str(a.top / 'p'))
    equal({p['name'] for p in a.json('pool', 'list')}, {'default', 'fast'})
    check('fast' in a.run('list', 'pools'), 'the table')
    a.run('pool', 'delete', 'fast')


def test_sessions(a):
    equal(a.json('session', 'list'), [])
    check(a.run('list', 'sessions').startswith('TARGET'), 'the head')
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
    equal(a.run('check'), 'clean, but 1 LUN is failed: `vdsctl list luns` shows which\n')
    a.run('lun', 'delete', 'lost')
    equal(a.run('check'), 'clean\n')


def test_watch_shows_what_happens(a):
    with subprocess.Popen([VDSCTL, 'watch'], env=a.env, stdout=subprocess.PIPE, text=True) as watch:
        used.add('watch')
        equal(watch.stdout.readline(), 'watching; interrupt to end\n')
        a.run('lun', 'create', 'seen', '--size', '1M')
        for line in watch.stdout:
            if '+ lun ' in line:
                break
        check('seen (lun.create)' in line, line)
        watch.terminate()


def test_watch_is_silent_on_free_space(a):
    def free():
        return a.json('pool', 'list')[0]['live']['free_bytes']

    with subprocess.Popen([VDSCTL, 'watch'], env=a.env, stdout=subprocess.PIPE, text=True) as watch:
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
    with subprocess.Popen([VDSCTL, 'watch', '-o', 'json'], env=a.env, stdout=subprocess.PIPE, text=True) as watch:
        # it may need a moment to listen: changes until one is seen
        changes = 0
        while not select.select([watch.stdout], [], [], 0.1)[0]:
            changes += 1
            check(changes < 300, 'nothing is seen')
            a.run('array', 'rename', f'bread {changes}')
        json.loads(watch.stdout.readline())
        watch.terminate()


def test_wrong_lines_are_usage_errors(a):
    for words in (['lun', 'frob'], ['lun', 'create', 'x'], ['lun', 'create', 'x', '--size', 'big'], ['list', 'luns', '-o', 'xml'],
                  ['lun', 'create', 'x', '--size', '1M', '--block-size', '100'], ['explain', 'vol1'],
                  ['lun', 'create', '', '--size', '1M'], ['target', 'create', '']):
        a.run(*words, code=2)


def test_an_array_that_is_not_there(a):
    text = a.run('list', 'luns', '--url', f'unix:{a.top}/nothing', code=5)
    check('is it running?' in text and str(a.top) in text, text)


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

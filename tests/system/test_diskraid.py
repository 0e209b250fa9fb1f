#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""DiskRAID against a real vdsd: the documented flows by script, checked through vdsctl's JSON,
which takes another path; exit statuses, noerr, where errors are, and the prompt on a terminal.
"""
import os
import pty
import re
import select
import signal
import subprocess

import vdstest
from vdstest import Daemon, check, equal

MB, GB = 1 << 20, 1 << 30
INITIATOR = 'iqn.1993-08.org.debian:01:abc'
FLOW = f'''rem create a target, a portal group, a LUN; associate; unmask; extend
# the same comment again
select subsystem 0
CREATE TARGET name="my tärget" iscsiname=iqn.2026-11.org.example:web
select target 0
create tpgroup
Select TPGroup 0
list tportals
add tpgroup tportal=0
create lun simple size=64MB
select lun 0
associate targets "my tärget"
unmask lun initiator={INITIATOR}
unmask lun add initiator=iqn.x:b
extend lun size=1GB
name lun "volume 1"
exit
create target name="not reached"
'''


def program():
    return [os.environ['VDSCTL'], 'diskraid']


def environment(daemon, **more):
    return {**os.environ, 'VDS_URL': f'unix:{daemon.socket}', 'LC_ALL': 'C.UTF-8', **more}


def run(daemon, *words, stdin=''):
    return subprocess.run([*program(), *map(str, words)], capture_output=True, text=True,
                          input=stdin, timeout=vdstest.DEADLINE_S, env=environment(daemon))


def script(daemon, text, code=0):
    """Run a script; what it printed and what it complained about."""
    path = daemon.top / 'script.txt'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = run(daemon, '/s', path)
    check(done.returncode == code,
          f'exit status {done.returncode} and not {code}: {done.stdout}{done.stderr}')
    check(code == 0 or done.stderr, 'a failure says nothing')
    check('ERROR: ' not in done.stderr and 'runtime error' not in done.stderr, done.stderr)
    return done.stdout, done.stderr


def build(daemon):
    script(daemon, FLOW)
    return daemon.ctl('lun', 'list')[0], daemon.ctl('target', 'list')[0]


def test_the_documented_flow_creates_and_exposes():
    with Daemon() as daemon:
        lun, target = build(daemon)
        equal((lun['name'], lun['size_bytes']), ('volume 1', 64 * MB + GB), 'the LUN')
        equal(set(lun['mask'].split(';')), {INITIATOR, 'iqn.x:b'}, 'the unmasking list')
        equal((target['alias'], target['iscsi_name']),
              ('my tärget', 'iqn.2026-11.org.example:web'), 'the target')
        equal([(a['lun_id'], a['target_id']) for a in daemon.ctl('association', 'list')],
              [(lun['id'], target['id'])], 'the association')
        group, = daemon.ctl('group', 'list')
        equal((group['target_id'], group['portals']),
              (target['id'], [daemon.ctl('portal', 'list')[0]['id']]), 'the portal group')
        daemon.stop()
        daemon.checker()


def test_an_initiator_uses_what_was_exposed():
    with Daemon() as daemon:
        lun, target = build(daemon)
        initiator = vdstest.Initiator()
        equal(initiator.list(daemon.portal, target['iscsi_name'], INITIATOR), {0: lun['serial']},
              'the LUNs that the initiator sees')
        initiator.close()
        daemon.stop()


def test_the_documented_flow_deletes():
    with Daemon() as daemon:
        build(daemon)
        script(daemon, '''
            select subsystem 0
            select lun "volume 1"
            dissociate targets "iqn.2026-11.org.example:web"
            delete lun
            select target 0
            select tpgroup 0
            remove tpgroup tportal=0
            delete tpgroup
            delete target
        ''')
        for noun in ('lun', 'target', 'group', 'association'):
            equal(daemon.ctl(noun, 'list'), [], noun)
        daemon.stop()


def test_detail_shows_what_belongs_to_a_lun():
    with Daemon() as daemon:
        lun, target = build(daemon)
        said, _ = script(daemon, 'select subsystem 0\nselect lun 0\ndetail lun verbose\n'
                                 'unmask lun all\ndetail lun\nunmask lun none\ndetail lun\n')
        for text in (lun['id'], lun['serial'], target['id'], f'{64 * MB + GB} bytes', INITIATOR,
                     '* (all)', 'Plexes', 'Hints'):
            check(text in said, f'{text} is missing:\n{said}')
        check(re.search(r'^Unmasked hosts +none$', said, re.M), said)
        equal(daemon.ctl('lun', 'list')[0]['mask'], '', 'the mask')
        daemon.stop()


def test_hints_are_shown_and_applied():
    """By `apply` with a value, by what was set before, and by neither."""
    with Daemon() as daemon:
        build(daemon)
        select_lun = 'select subsystem 0\nselect lun 0\n'
        said, _ = script(daemon, select_lun + 'detail lun verbose\n')
        check('\nHints: none\n' in said, said)
        said, _ = script(daemon, select_lun + 'automagic set MSR=true MXS=1GB MXD=3\n'
                                              'automagic apply MSR MXS\nautomagic apply RBP=5\n'
                                              'detail lun verbose\n')
        rows = [re.split('  +', line) for line in said.split('Hints:')[1].splitlines() if line]
        equal(rows, [['RBP', '5', 'priority of rebuilding, 0 to 15']], 'the hints of the last `apply`')
        said, _ = script(daemon, select_lun + 'automagic set MSR=true MXS=1GB\nautomagic apply\n'
                                              'detail lun verbose\n')
        rows = [re.split('  +', line)[:2] for line in said.split('Hints:')[1].splitlines() if line]
        equal(rows, [['MSR', 'true'], ['MXS', '1 GB']], 'the hints')
        daemon.stop()


def test_a_bad_index_leaves_nothing_in_focus():
    with Daemon() as daemon:
        build(daemon)
        with Terminal(daemon) as terminal:
            terminal.expect('DISKRAID> ')
            for line, answer in (('select subsystem 0', 'In focus'), ('select lun 0', 'In focus'),
                                 ('select lun 7', 'there is no LUN 7'),
                                 ('delete lun', 'acts on the LUN in focus, but none is'),
                                 ('select lun', 'No LUN is in focus.'),
                                 ('select subsystem "none"', 'there is no subsystem'),
                                 ('list luns', 'no subsystem is in focus')):
                terminal.type(line + '\n')
                terminal.expect(answer)
                terminal.expect('DISKRAID> ')
            terminal.type('exit\n')
            equal(terminal.end(), 0, 'exit status')
        equal(len(daemon.ctl('lun', 'list')), 1, 'LUNs')
        daemon.stop()


def test_a_target_is_named_twice_in_a_list():
    with Daemon() as daemon:
        build(daemon)
        script(daemon, 'select subsystem 0\nselect lun 0\nassociate targets 0, 0,0\n'
                       'dissociate targets 0,0\n')
        equal(daemon.ctl('association', 'list'), [], 'associations')
        _, errors = script(daemon, 'select subsystem 0\nselect lun 0\ndissociate targets 0\n', code=5)
        check('line 3, column 20: this target is not associated with the LUN in focus' in errors,
              errors)
        daemon.stop()


def test_closed_standard_streams_are_not_mistaken():
    """Whoever starts the program without one of them: no socket of the library takes its place."""
    with Daemon() as daemon:
        for closed, code, complaint in ((0, 3, 'standard input: Bad file descriptor'),
                                        (1, 1, 'the output could not be written'), (2, 0, '')):
            done = subprocess.run(program() + ['-'], input=b'list subsystems\n', capture_output=True,
                                  env=environment(daemon), timeout=vdstest.DEADLINE_S,
                                  preexec_fn=lambda: os.close(closed))
            equal((done.returncode, complaint in done.stderr.decode()), (code, True),
                  f'without {closed}: {done}')
        check(daemon.ctl('array', 'show'), 'the array')
        daemon.stop()


def test_the_import_target_is_kept_and_its_directories_are_made():
    with Daemon() as daemon:
        build(daemon)
        place = daemon.top / 'var' / 'import'
        os.environ['VDS_IMPORT_TARGETS'] = str(place)
        try:
            script(daemon, 'select subsystem 0\nselect target 0\nimporttarget subsystem set target\n')
            said, _ = script(daemon, 'select subsystem 0\nimporttarget subsystem\n')
            check('iqn.2026-11.org.example:web' in said, said)
            os.environ['VDS_IMPORT_TARGETS'] = str(daemon.top / 'no' / 'such' / 'place')
            _, errors = script(daemon, 'select subsystem 0\nselect target 0\n'
                                       'importtarget subsystem set target\n', code=4)
            check('No such file or directory' in errors, errors)
        finally:
            del os.environ['VDS_IMPORT_TARGETS']
        daemon.stop()


def test_tables_are_aligned_by_display_width():
    with Daemon() as daemon:
        said, _ = script(daemon, 'select subsystem 0\n'
                                 'create target name=漢字 iscsiname=iqn.2026-11.a:1\n'
                                 'create target name=abcdef iscsiname=iqn.2026-11.a:2\nlist targets\n')
        rows = [line for line in said.splitlines() if ' iqn.2026-11.a:' in line]
        equal(len(rows), 2, 'rows')
        # a Chinese character takes two columns
        widths = {len(row.split('iqn.2026-11.a:')[0]) + row.count('漢') + row.count('字') for row in rows}
        equal(len(widths), 1, f'widths of the columns in\n{said}')
        daemon.stop()


def test_the_index_of_what_was_created_is_that_of_the_list():
    with Daemon() as daemon:
        said, _ = script(daemon, 'select subsystem 0\n' +
                         ''.join(f'create lun simple size={n}MB\n' for n in range(1, 6)) +
                         'list luns\n')
        for index, guid in re.findall(r'^Created LUN (\d+): (\S+)', said, re.M)[-1:]:
            check(re.search(rf'^ +{index} .*{guid}$', said, re.M), said)
        by_id = {lun['id']: lun['size_bytes'] for lun in daemon.ctl('lun', 'list')}
        guid, = [guid for guid, size in by_id.items() if size == 3 * MB]
        script(daemon, f'select subsystem 0\nselect lun "{guid}"\ndelete lun\n')
        equal(sorted(lun['size_bytes'] for lun in daemon.ctl('lun', 'list')),
              [1 * MB, 2 * MB, 4 * MB, 5 * MB], 'the LUNs that are left')
        daemon.stop()


def test_exit_statuses():
    with Daemon() as daemon:
        path = daemon.top / 'good'
        path.write_text('list subsystems')
        for words, code in ((['/S', path], 0), (['-s', path], 0), ([path], 0), (['/?'], 0),
                            (['--help'], 0), (['--version'], 0), (['--nothing'], 2), (['/s'], 2),
                            (['-s', path, path], 2), (['--url'], 2),
                            (['/s', daemon.top / 'none'], 3), (['/s', daemon.top], 3)):
            done = run(daemon, *words)
            equal(done.returncode, code, f'{words}: {done.stderr}')
        script(daemon, 'select subsystem 0\ncreate lun raid size=1\n', code=4)
        script(daemon, 'select subsystem 7\n', code=5)
        script(daemon, 'crate\n', code=5)
        with open('/dev/full', 'wb') as full:
            done = subprocess.run([*program(), path], stdout=full, stderr=subprocess.PIPE,
                                  env=environment(daemon), timeout=vdstest.DEADLINE_S)
        equal(done.returncode, 1, 'the output cannot be written')
        equal(run(daemon, '--url', 'unix:/nothing', '-', stdin='select subsystem 0').returncode in
              (4, 5), True, 'there is no array')
        daemon.stop()


def test_url_reaches_the_program():
    with Daemon() as daemon, Daemon() as other:
        other.ctl('array', 'rename', 'the other one')
        for words in ([os.environ['VDSCTL'], '--url', f'unix:{other.socket}', 'diskraid'],
                      [os.environ['VDSCTL'], 'diskraid', '--url', f'unix:{other.socket}']):
            done = subprocess.run(words, input='list subsystems\n', capture_output=True, text=True,
                                  env=environment(daemon), timeout=vdstest.DEADLINE_S)
            check('the other one' in done.stdout, done.stdout + done.stderr)
        other.stop()
        daemon.stop()


def test_errors_name_line_and_column():
    with Daemon() as daemon:
        for text, place in (
                ('\n\nselect lun 0 1\n', 'line 3, column 14'),
                ('select subsystem 0\ncreate target nme=a\n', 'line 2, column 15'),
                ('select subsystem 0\r\ncreate lun simple size=1XB\r\n', 'line 2, column 24'),
                ('name lun "ä', 'line 1, column 10'),
                (b'\xef\xbb\xbfselect subsystem 99', 'line 1, column 18'),
                (b'select\0 subsystem 0', 'line 1, column 7'),
                (b'list luns\n\x1b[A\n', 'line 2, column 1'),
                (b'\xff\xfel\0i\0', 'line 1, column 1'),
                ('detail lun\n', 'line 1, column 1'),
                ('list luns\n', 'line 1'),
                ('a' * 40000, 'line 1')):
            _, errors = script(daemon, text, code=5)
            check(f'script.txt, {place}' in errors, f'{text[:60]!r}: {errors}')
        daemon.stop()


def test_a_syntax_error_anywhere_runs_nothing():
    with Daemon() as daemon:
        before = daemon.ctl('array', 'show')
        script(daemon, 'select subsystem 0\ncreate target name=a\ncreate lun simple size=\n', code=5)
        equal(daemon.ctl('array', 'show'), before, 'the array')
        daemon.stop()


def test_empty_scripts_do_nothing():
    with Daemon() as daemon:
        for text in (b'', b'\n', b'\xef\xbb\xbf', b'rem', b'# x', b'\r\n \t\r\n', b'exit'):
            equal(script(daemon, text), ('', ''), repr(text))
        daemon.stop()


def test_noerr_goes_on():
    with Daemon() as daemon:
        _, errors = script(daemon, 'select subsystem 0\n'
                                   'create lun raid size=1 noerr\n'
                                   'create target name=after\n')
        check('line 2' in errors and 'VDS_E_' in errors, errors)
        equal([t['alias'] for t in daemon.ctl('target', 'list')], ['after'], 'targets')
        script(daemon, 'select subsystem 0\ncreate lun raid size=1\ncreate target name=b\n', code=4)
        equal(len(daemon.ctl('target', 'list')), 1, 'targets after an error')
        daemon.stop()


def test_secrets_are_not_printed():
    with Daemon() as daemon:
        secret = 'hunter2hunter2'
        for text in (f'select subsystem 0\ncreate target name=a\nselect target 0\n'
                     f'chap target set secret={secret} noerr\n'
                     f'chap target remember secret={secret} initiator=iqn.x:y noerr\n'
                     f'chap initiator remember secret={secret} target=0 noerr\n',):
            said, errors = script(daemon, text)
            check(secret not in said + errors, said + errors)
        for text in (f'chap target set secret={secret} {secret}', f'chap target set sekret={secret}'):
            said, errors = script(daemon, text, code=5)
            check(secret not in said + errors, said + errors)
        daemon.stop()


# A word for each argument that `help` can name.
VALUES = {'size': '1MB', 'drives': '0', 'stripesize': '64KB', 'name': 'x', 'iscsiname': 'iqn.x:y',
          'lun': '0', 'plex': '0', 'tportal': '0', 'drive': '0', 'secret': '0123456789abcd',
          'initiator': 'iqn.x:y', 'target': '0', 'iadapter': '0', 'type': 'failover',
          'hotspare': 'true'}
ARGUMENTS = {'associate controllers': '0', 'associate ports': '0-0', 'associate targets': '0',
             'dissociate controllers': '0', 'dissociate ports': '0-0', 'dissociate targets': '0',
             'unmask lun': 'all', 'automagic set': 'MSR=true', 'automagic clear': 'all',
             'automagic apply': 'all', 'create lun': 'size=1MB', 'extend lun': 'size=1MB'}


def line_of(words, usage):
    """A line of a command that has what its usage says must be there."""
    for begin, arguments in ARGUMENTS.items():
        if words.startswith(begin):
            return f'{words} {arguments}'
    if words.startswith('maintenance'):
        return words + ' ping'
    needed = re.findall(r' ([a-z]+)=', re.sub(r'\[[^][]*(?:\[[^][]*\][^][]*)*\]', '', usage))
    needed += ['secret'] if ' secret=' in usage else []
    return ' '.join([words] + [f'{name}={VALUES[name]}' for name in dict.fromkeys(needed)])


def test_every_command_does_it_or_names_the_code():
    """With every object in focus that there is: no command crashes, and a failure of VDS has a
    name."""
    with Daemon() as daemon:
        build(daemon)
        words = [line.split('  ')[0].strip() for line in
                 run(daemon, '-', stdin='help\n').stdout.split('\n\n')[0].splitlines()]
        check(len(words) > 100, words)
        told = run(daemon, '-', stdin=''.join(f'help {word}\n' for word in words)).stdout.splitlines()
        usages = {max((w for w in words if f'{line} '.startswith(w + ' ')), key=len): line
                  for line in told if line and not line.startswith(' ')}
        focus = {'lun': 'select lun 0', 'target': 'select target 0', 'drive': 'select drive 0',
                 'tpgroup': 'select target 0\nselect tpgroup 0', 'tportal': 'select tportal 0',
                 'controller': 'select controller 0', 'provider': 'select provider 0',
                 'port': 'select controller 0\nselect port 0', 'iadapter': 'select iadapter 0',
                 'iportal': 'select iadapter 0\nselect iportal 0', 'hbaport': 'select hbaport 0'}
        codes = set()
        for word in words:
            if word == 'exit':
                continue
            usage = usages[word]
            noun = next((n for n in reversed(word.split()) if n in focus), None)
            if word.split()[0] in ('associate', 'dissociate', 'automagic', 'break'):
                noun = 'lun'
            elif word in ('add plex', 'lbpolicy set lun'):
                noun = 'lun'
            elif word == 'create tpgroup' or word.startswith('create'):
                noun = 'target' if word == 'create tpgroup' else None
            elif word == 'replace':
                noun = 'drive'
            done = run(daemon, '-', stdin='select subsystem 0\n' + focus.get(noun, '') + '\n' +
                       line_of(word, usage) + '\n')
            check(done.returncode in (0, 4, 5), f'{line_of(word, usage)}: {done}')
            check('Sanitizer' not in done.stderr, done.stderr)
            if done.returncode == 4:
                found = re.search(r'\b(VDS_E_\w+|E_[A-Z]+|HRESULT 0x\w+)', done.stderr)
                check(found, f'{line_of(word, usage)}: {done.stderr}')
                codes.add(found.group(1))
            if word.startswith('delete'):
                for lun in daemon.ctl('lun', 'list'):
                    daemon.ctl('lun', 'delete', lun['id'], '--force')
                for target in daemon.ctl('target', 'list'):
                    daemon.ctl('target', 'delete', target['id'])
                build(daemon)
            check(not done.stderr or done.returncode, done.stderr)
        check(codes, 'no command was refused')
        equal(run(daemon, '-', stdin='exit\nlist luns\n').returncode, 0, 'exit')
        daemon.stop()


def test_what_is_done_to_the_hardware_is_done():
    with Daemon() as daemon:
        select_controller = 'select subsystem 0\nselect controller 0\n'
        script(daemon, select_controller + 'offline controller\n')
        equal(daemon.ctl('controller', 'show')['status'], 'offline', 'the controller')
        script(daemon, select_controller + 'online controller\nflushcache controller\n'
                                           'invalidatecache controller\nreset controller\n')
        equal(daemon.ctl('controller', 'show')['status'], 'online', 'the controller')
        script(daemon, select_controller + 'select port 0\nreset port\n')
        script(daemon, 'select subsystem 0\nselect drive 0\nmaintenance drive blink count=2\n'
                       'name subsystem "another name"\nselect tportal 0\noffline tportal\n')
        equal((daemon.ctl('array', 'show')['name'], daemon.ctl('portal', 'list')[0]['status']),
              ('another name', 'offline'), 'the array and its portal')
        daemon.logged('operation=blink')
        daemon.stop()


def test_a_stream_runs_each_line_when_it_comes():
    with Daemon() as daemon:
        with subprocess.Popen([*program()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              env=environment(daemon)) as process:
            process.stdin.write('select subsystem 0\n')
            process.stdin.flush()
            check(select.select([process.stdout], [], [], vdstest.DEADLINE_S)[0], 'no answer')
            check('In focus: subsystem 0' in process.stdout.readline(), 'the answer')
            said, errors = process.communicate('create target name=b\nbad\n', vdstest.DEADLINE_S)
            equal(process.returncode, 5, said + errors)
            check('standard input, line 3, column 1' in errors, errors)
        equal([t['alias'] for t in daemon.ctl('target', 'list')], ['b'], 'targets')
        daemon.stop()


class Terminal:
    """The prompt on a terminal of its own."""

    def __init__(self, daemon):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(program(), stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True, close_fds=True,
                                        env=environment(daemon, TERM='xterm'),
                                        preexec_fn=self.take)
        os.close(slave)
        self.seen = ''

    @staticmethod
    def take():
        """Make standard input the controlling terminal, so that ^C becomes a signal."""
        import fcntl
        import termios
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, text):
        """Read until the text has appeared behind what was expected before."""
        while text not in self.seen:
            check(select.select([self.master], [], [], vdstest.DEADLINE_S)[0],
                  f'{text!r} does not come: {self.seen!r}')
            try:
                got = os.read(self.master, 65536)
            except OSError as error:
                raise vdstest.Failed(f'ended before {text!r}: {self.seen!r}') from error
            self.seen += got.decode(errors='replace')
        before, self.seen = self.seen.split(text, 1)
        return before

    def end(self):
        """Read until the program has ended; its exit status."""
        try:
            while True:
                check(select.select([self.master], [], [], vdstest.DEADLINE_S)[0],
                      f'the program does not end: {self.seen!r}')
                got = os.read(self.master, 65536)
                if not got:
                    break
                self.seen += got.decode(errors='replace')
        except OSError:     # the other side is closed
            pass
        return self.process.wait(vdstest.DEADLINE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


def test_the_prompt_completes_remembers_and_goes_on():
    with Daemon() as daemon:
        build(daemon)
        with Terminal(daemon) as terminal:
            terminal.expect('DISKRAID> ')
            terminal.type('sel\tsubs\t0\n')         # two words are completed
            terminal.expect('In focus: subsystem 0')
            terminal.expect('DISKRAID> ')
            terminal.type('bad command\n')          # an error does not end it
            terminal.expect('column 1: there is no command `bad`')
            terminal.expect('DISKRAID> ')
            terminal.type('select target "m\t\n')    # an object is completed
            terminal.expect('In focus: target 0')
            terminal.expect('DISKRAID> ')
            terminal.type('create t\t')              # several candidates are listed
            terminal.expect('target  tpgroup')
            terminal.type('\x15help create tp\n')
            terminal.expect('no command begins')
            terminal.expect('DISKRAID> ')
            terminal.type('help create tpgroup\n')
            terminal.expect('create tpgroup [noerr]')
            terminal.expect('DISKRAID> ')
            terminal.type('\x1b[A\n')                # the arrow brings the last line back
            terminal.expect('create tpgroup [noerr]')
            terminal.expect('DISKRAID> ')
            terminal.type('\x04')                    # ^D ends it
            equal(terminal.end(), 0, 'exit status')
        daemon.stop()


def test_the_prompt_keeps_no_secret():
    with Daemon() as daemon:
        build(daemon)
        with Terminal(daemon) as terminal:
            terminal.expect('DISKRAID> ')
            for line in ('select subsystem 0', 'select target 0'):
                terminal.type(line + '\n')
                terminal.expect('In focus')
                terminal.expect('DISKRAID> ')
            terminal.type('chap target set secret=hunter2hunter2\n')
            terminal.expect('DISKRAID> ')
            terminal.type('chap target set\n')
            terminal.expect('Secret (it is not shown')
            terminal.type('topsecret12345\n')
            after = terminal.expect('DISKRAID> ')
            check('topsecret' not in after, after)
            terminal.type('\x1b[A')
            before = terminal.expect('select target 0')
            check('secret' not in before, before)
            terminal.type('\nexit\n')
            equal(terminal.end(), 0, 'exit status')
        daemon.stop()


def test_interrupt_at_the_prompt_only_drops_the_line():
    with Daemon() as daemon:
        with Terminal(daemon) as terminal:
            terminal.expect('DISKRAID> ')
            terminal.type('create lun sim')
            terminal.expect('sim')
            terminal.type('\x03')
            terminal.expect('DISKRAID> ')
            terminal.type('list providers\n')
            terminal.expect('vdsd iSCSI provider')
            terminal.type('exit\n')
            equal(terminal.end(), 0, 'exit status')
        daemon.stop()


def test_interrupt_ends_a_script():
    with Daemon() as daemon:
        with subprocess.Popen([*program()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              env=environment(daemon)) as process:
            process.stdin.write('list providers\n')
            process.stdin.flush()
            check('NAME' in process.stdout.readline(), 'the answer')
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate('list providers\nlist providers\n', vdstest.DEADLINE_S)
            equal((process.returncode, 'interrupted' in errors), (1, True), errors)
        daemon.stop()


def test_the_program_needs_only_its_libraries():
    vdstest.requires('readelf')
    path = os.path.join(os.path.dirname(os.environ['VDSCTL']), 'diskraid', 'vds-diskraid')
    done = subprocess.run(['readelf', '-d', path], capture_output=True, text=True, check=True)
    needed = set(re.findall(r'NEEDED.*\[(\w+)[.-]', done.stdout))
    needed -= {'libasan', 'libubsan', 'libtsan', 'ld'}
    equal(needed, {'libvds', 'libedit', 'libc'}, 'the libraries of vds-diskraid')
    done = subprocess.run(['readelf', '-d', os.environ['VDSCTL']], capture_output=True, text=True,
                          check=True)
    check('libvds' not in done.stdout and 'libedit' not in done.stdout,
          'vdsctl has become heavy')


vdstest.main([test for name, test in list(globals().items()) if name.startswith('test_')])

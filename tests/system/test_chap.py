#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""CHAP against programs that others wrote: libiscsi's tools and QEMU log in with secrets, and nobody
without.  A planted secret is looked for in everything that vdsd and vdsctl show or write.  Many
wrong logins neither fill the log nor keep a right one out.  The prompt of vdsctl is tried at a
terminal.
"""
import base64
import contextlib
import fcntl
import json
import os
import pathlib
import re
import resource
import select
import signal
import subprocess
import termios
import threading
import time

import vdstest
from chap_login import login
from vdstest import Daemon, Failed, UnixConnection, check, equal, eventually

NAME = 'iqn.2026-11.test:secured'
INITIATOR = 'iqn.2026-11.test:host'
SECRET, OWN, FINDER = 'correct-horse-battery', 'staple-of-the-array', 'looking-for-targets'
PLANTED = 'Plant3d-Secret-Never-Shown'


def secret_file(daemon, text):
    path = daemon.top / 'secret'
    path.write_text(text + '\n', encoding='utf-8')
    path.chmod(0o600)
    return path


def set_up(daemon):
    daemon.ctl('target', 'create', 'secured', '--iscsi-name', NAME)
    daemon.ctl('lun', 'create', 'vol1', '--size', '16M', '--unmask', '*')
    daemon.ctl('lun', 'associate', 'vol1', 'secured')
    daemon.ctl('target', 'secret', 'secured', '--user', 'alice', '--file',
               secret_file(daemon, SECRET))


def run(*words, ok=True):
    done = subprocess.run(words, capture_output=True, text=True, timeout=vdstest.DEADLINE_S)
    check((done.returncode == 0) == ok, f'{words}: {done.returncode} {done.stderr}')
    return done.stdout + done.stderr


def test_libiscsi_needs_the_secret():
    with Daemon() as daemon:
        set_up(daemon)
        inquiry = 'iscsi-inq', '-i', INITIATOR
        run(*inquiry, f'iscsi://{daemon.portal}/{NAME}/0', ok=False)
        run(*inquiry, f'iscsi://alice%{OWN}@{daemon.portal}/{NAME}/0', ok=False)
        run(*inquiry, f'iscsi://bob%{SECRET}@{daemon.portal}/{NAME}/0', ok=False)
        check('DIRECT_ACCESS' in run(*inquiry, f'iscsi://alice%{SECRET}@{daemon.portal}/{NAME}/0'),
              'no disk')


def test_discovery_needs_its_own_secret():
    with Daemon() as daemon:
        set_up(daemon)
        check(NAME in run('iscsi-ls', f'iscsi://{daemon.portal}'), 'not found without a secret')
        daemon.ctl('discovery', 'secret', '--user', 'finder', '--file',
                   secret_file(daemon, FINDER))
        run('iscsi-ls', f'iscsi://{daemon.portal}', ok=False)
        run('iscsi-ls', f'iscsi://alice%{SECRET}@{daemon.portal}', ok=False)
        check(NAME in run('iscsi-ls', f'iscsi://finder%{FINDER}@{daemon.portal}'), 'not found')


def test_qemu_needs_the_secret():
    with Daemon() as daemon:
        set_up(daemon)
        secret = daemon.top / 'qemu'
        options = f'driver=iscsi,transport=tcp,portal={daemon.portal},target={NAME},lun=0'
        info = 'qemu-img', 'info', '--object', f'secret,id=s,file={secret}', '--image-opts'
        secret.write_text(SECRET, encoding='utf-8')
        check('16 MiB' in run(*info, f'{options},user=alice,password-secret=s'), 'no disk')
        secret.write_text(OWN, encoding='utf-8')
        run(*info, f'{options},user=alice,password-secret=s', ok=False)


def test_the_old_secret_is_valid_for_a_time():
    with Daemon() as daemon:
        set_up(daemon)
        url = 'iscsi://alice%{}@' + f'{daemon.portal}/{NAME}/0'
        new = 'another-horse-battery'
        daemon.ctl('target', 'secret', 'secured', '--user', 'alice', '--keep-old', '1h', '--file',
                   secret_file(daemon, new))
        for secret in SECRET, new:
            run('iscsi-inq', '-i', INITIATOR, url.format(secret))
        daemon.kill()
        daemon.start()
        url = 'iscsi://alice%{}@' + f'{daemon.portal}/{NAME}/0'
        for secret in SECRET, new:
            run('iscsi-inq', '-i', INITIATOR, url.format(secret))
        daemon.ctl('target', 'secret', 'secured', '--user', 'alice', '--file',
                   secret_file(daemon, new))
        run('iscsi-inq', '-i', INITIATOR, url.format(SECRET), ok=False)
        run('iscsi-inq', '-i', INITIATOR, url.format(new))


def test_forbidden_algorithms_are_refused_with_the_reason():
    with Daemon('--chap-algorithms', 'sha3-256,sha1') as daemon:
        set_up(daemon)
        equal(login(daemon.portal, NAME, SECRET), 0x0201, 'a login with SHA-256')
        daemon.logged('CHAP_A offers only hashes that chap-algorithms')
    for options, status in (('md5,sha256', 0), ('sha256', 0), ('sha3-256', 0x0201)):
        with Daemon('--chap-algorithms', options) as daemon:
            set_up(daemon)
            equal(login(daemon.portal, NAME, SECRET), status, f'SHA-256 with {options}')


# ---- the prompt of vdsctl ----

class Prompt:
    """vdsctl at a terminal of its own, which is watched as whoever sits there would see it."""

    def __init__(self, daemon):
        self.master, self.slave = os.openpty()
        words = 'target', 'secret', 'secured', '--user', 'typist'
        self.process = subprocess.Popen(
            [os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', *words],
            stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            preexec_fn=self.begin)
        self.shown = ''

    def begin(self):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)    # nohup has it ignored
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def has_echo(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            self.shown += os.read(self.master, 4096).decode()
        return self.shown

    def wait(self, text):
        eventually(f'"{text}"', lambda: text in self.read())
        check(not self.has_echo(), f'{text}: the terminal shows what is typed')

    def type(self, keys):
        os.write(self.master, keys.encode())

    def end(self):
        """The exit status, and what was shown."""
        status = self.process.wait(vdstest.DEADLINE_S)
        check(self.has_echo(), 'the terminal has no echo any more')
        self.read()
        os.close(self.master)
        os.close(self.slave)
        return status, self.shown


def test_the_prompt_takes_a_secret_without_showing_it():
    with Daemon() as daemon:
        set_up(daemon)
        prompt = Prompt(daemon)
        prompt.wait('CHAP secret: ')
        prompt.type(f'{PLANTED}x\x7f\n')            # with a typing error, taken back
        prompt.wait('Once more: ')
        prompt.type(f'{PLANTED}\n')
        status, shown = prompt.end()
        equal(status, 0, shown)
        check(PLANTED not in shown, f'the secret is shown: {shown}')
        run('iscsi-inq', '-i', INITIATOR, f'iscsi://typist%{PLANTED}@{daemon.portal}/{NAME}/0')


def test_the_prompt_gives_the_echo_back_whatever_ends_it():
    with Daemon() as daemon:
        set_up(daemon)
        before = daemon.ctl('secret', 'list')
        cancelled = 'nothing was changed'
        # what is typed at the first prompt and at the second, or a signal; and what vdsctl says
        for first, second, said in (
                ('\x03', None, cancelled), (f'{PLANTED}\x03', None, cancelled),
                ('\x1c', None, cancelled), (f'{PLANTED}\n', '\x03', cancelled),
                (f'{PLANTED}\n', f'{PLANTED}x\n', 'the two secrets differ'),
                ('\n', None, 'the secret is empty'), ('\x04', None, 'the secret is empty'),
                ('x' * 600 + '\n', None, 'longer than 255 bytes'),
                ('short\n', 'short\n', 'at least 12 are needed'),
                (signal.SIGTERM, None, ''), (signal.SIGINT, None, ''),
                (f'{PLANTED}\n', signal.SIGHUP, '')):
            prompt = Prompt(daemon)
            for question, typed in ('CHAP secret: ', first), ('Once more: ', second):
                if typed is None:
                    break
                prompt.wait(question)
                if isinstance(typed, signal.Signals):
                    prompt.process.send_signal(typed)
                else:
                    prompt.type(typed)
            status, shown = prompt.end()
            last = first if second is None else second
            wanted = -last if isinstance(last, signal.Signals) else status
            check(status not in (0, None) and status == wanted, f'{first, second}: {status}')
            check(said in shown and PLANTED not in shown, f'{first, second}: {shown}')
            equal(daemon.ctl('secret', 'list'), before, f'{first, second}: the secrets')


def test_without_a_terminal_there_is_no_prompt():
    with Daemon() as daemon:
        set_up(daemon)
        done = subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', 'target',
                               'secret', 'secured'], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, start_new_session=True,
                              timeout=vdstest.DEADLINE_S)
        check(done.returncode != 0 and '--file' in done.stderr, done.stderr)


# ---- wrong logins ----

def test_many_wrong_logins_neither_fill_the_log_nor_keep_a_right_one_out():
    with Daemon() as daemon:
        set_up(daemon)
        equal(login(daemon.portal, NAME, SECRET), 0, 'a right login')
        stop, answers = threading.Event(), set()

        def guess(wait):
            while not stop.is_set():
                with contextlib.suppress(ConnectionError):
                    answers.add(login(daemon.portal, NAME, OWN, wait=wait))
        before = len(daemon.log_text().splitlines())
        # Those that wait have an answer in a second; those that do not guess as fast as they can.
        crowd = [threading.Thread(target=guess, args=(number % 4 > 0,)) for number in range(40)]
        begun = time.monotonic()
        for one in crowd:
            one.start()
        try:
            port = eventually('the port', lambda: daemon.ctl('port', 'list'))[0]['name']
            eventually('a thousand failures', lambda: daemon.ctl('port', 'counters', port)
                       ['failed_logins'] >= 1000)
            for number in range(10):
                equal(login(daemon.portal, NAME, SECRET, f'{INITIATOR}{number}'), 0,
                      'a right login')
        finally:
            stop.set()
            for one in crowd:
                one.join()
        equal(answers, {0x0201, None}, 'the answers to wrong logins')
        daemon.logged(' login.refused ', ' suppressed=')    # a line of its own a second
        lines = daemon.log_text().splitlines()[before:]
        seconds = time.monotonic() - begun + 2
        periods = seconds // 10 + 1
        wrong = [line for line in lines if ' login.refused ' in line]
        check(0 < len(wrong) <= seconds, f'{len(wrong)} lines of refused logins')
        check(any(' suppressed=' in line for line in wrong), f'no line counts others: {wrong}')
        known = 'session.', 'conn.', 'array.', 'vdsd.reload'    # of the right ones, of log_text
        noise = [line for line in lines if not line.split(' ')[2].startswith(known)]
        check(len(noise) <= periods * 10, f'{len(noise)} lines: {noise[-20:]}')


# ---- a planted secret ----

def forms(secret):
    raw = secret.encode()
    return raw, raw.hex().encode(), base64.b64encode(raw)


def request(daemon, method, path, body=None):
    connection = UnixConnection(daemon.socket, vdstest.DEADLINE_S)
    connection.request(method, path, body, {'Content-Type': 'application/json'} if body else {})
    return connection.getresponse()


def refused_requests(daemon):
    """Answers to requests that carry the secret where none belongs, or in a body that is no JSON."""
    for body in (f'{{"side":"initiator","secret":"{PLANTED}"', f'"{PLANTED}"', f'{PLANTED}',
                 f'{{"side":"{PLANTED}","secret":"{PLANTED}","discovery":true}}',
                 f'{{"secret":"{PLANTED}"}}', f'{{"side":"target","secret":["{PLANTED}"]}}',
                 f'{{"side":"target","{PLANTED}":true,"secret":"{OWN}"}}',
                 f'{{"side":"target","discovery":true,"secret":"{PLANTED}"}}'):
        answer = request(daemon, 'POST', '/v1/credentials', body)
        check(answer.status == 400, f'{body}: {answer.status}')
        yield answer.read()
    answer = request(daemon, 'POST', f'/v1/credentials?{PLANTED}=1', '{}')
    check(answer.status == 400, f'a secret in the address: {answer.status}')
    yield answer.read()


def everything_shown(daemon):
    pid = daemon.process.pid
    for path in ('/v1/snapshot', '/v1/credentials', '/v1/targets', '/v1/array', '/v1/openapi.json'):
        yield path, request(daemon, 'GET', path).read()
    yield 'vdsctl', str(daemon.ctl('secret', 'list')).encode()
    yield 'the audit log', request(daemon, 'GET', '/v1/audit').read()
    yield 'the metrics', request(daemon, 'GET', '/metrics').read()
    position = daemon.ctl('array', 'show')['position']
    stream = request(daemon, 'GET',
                     f'/v1/events?incarnation={position["incarnation"]}&since=0')
    events = b''
    while b'credential.set' not in events or b'heartbeat' not in events:
        events += stream.read1()
    yield 'the event stream', events
    for name in 'cmdline', 'environ', 'status', 'maps':
        with open(f'/proc/{pid}/{name}', 'rb') as file:
            yield f'/proc/{pid}/{name}', file.read()
    for path in daemon.dir.rglob('*'):
        if path.is_file() and not path.name.startswith('catalog.db'):
            yield path.name, path.read_bytes()[:1 << 20]
    yield 'the log', daemon.log_text().encode()


def test_a_planted_secret_is_shown_nowhere():
    with Daemon('--debug', 'all') as daemon:
        set_up(daemon)
        file = secret_file(daemon, PLANTED)
        daemon.ctl('target', 'secret', 'secured', '--user', 'mallory', '--file', file)
        daemon.ctl('target', 'secret', 'secured', '--user', 'mallory', '--file', file,
                   '--keep-old', '1h')
        file.unlink()
        run('iscsi-inq', '-i', INITIATOR, f'iscsi://mallory%{PLANTED}@{daemon.portal}/{NAME}/0')
        answers = b''.join(refused_requests(daemon))
        for where, text in [*everything_shown(daemon), ('an error', answers)]:
            for form in forms(PLANTED):
                check(form not in text, f'the secret is in {where}')
        check(any(form in (daemon.dir / name).read_bytes() for form in forms(PLANTED)
                  for name in ('catalog.db', 'catalog.db-wal') if (daemon.dir / name).exists()),
              'the search finds nothing even where the secret is')


def files_with(daemon, secret):
    return [str(path) for path in daemon.dir.rglob('*') if path.is_file()
            and any(form in path.read_bytes() for form in forms(secret))]


def test_a_replaced_or_deleted_secret_is_in_no_file():
    with Daemon() as daemon:
        set_up(daemon)
        mallory = 'target', 'secret', 'secured', '--user', 'mallory'
        daemon.ctl(*mallory, '--file', secret_file(daemon, PLANTED))
        check(files_with(daemon, PLANTED), 'the search finds nothing where the secret is')
        daemon.ctl(*mallory, '--file', secret_file(daemon, OWN), '--keep-old', '1h')
        check(files_with(daemon, PLANTED), 'the old secret, which is still valid, is nowhere')
        daemon.ctl(*mallory, '--file', secret_file(daemon, OWN))
        equal(files_with(daemon, PLANTED), [], 'files with a replaced secret')
        check(files_with(daemon, OWN), 'the new one is nowhere')
        listed = [one for one in daemon.ctl('secret', 'list') if one['user'] == 'mallory']
        daemon.ctl('secret', 'delete', listed[0]['id'])
        equal(files_with(daemon, OWN), [], 'files with a removed secret')
        daemon.ctl(*mallory, '--file', secret_file(daemon, PLANTED))
        daemon.ctl('lun', 'dissociate', 'vol1', 'secured')
        daemon.ctl('target', 'delete', 'secured')
        equal(files_with(daemon, PLANTED) + files_with(daemon, SECRET), [],
              'files with a secret of a deleted target')


def memory(pid):
    """What is in the memory of a process: the bytes of each mapping, and whether a core file would
    have them (not those with the flag dd, MADV_DONTDUMP).  Only root may look.
    """
    with open(f'/proc/{pid}/smaps', encoding='utf-8') as smaps, \
            open(f'/proc/{pid}/mem', 'rb', buffering=0) as mem:
        for line in smaps:
            head = re.match(r'([0-9a-f]+)-([0-9a-f]+) r', line)
            if head:
                begin, end = int(head[1], 16), int(head[2], 16)
            elif re.match(r'[0-9a-f]+-[0-9a-f]+ ', line):
                begin = end = 0                     # it cannot be read
            elif line.startswith('Rss:') and int(line.split()[1]) == 0:
                begin = end = 0                     # nothing was ever written to it
            elif line.startswith('VmFlags:') and end > begin:
                mem.seek(begin)
                with contextlib.suppress(OSError):  # [vvar]
                    yield mem.read(end - begin), ' dd' not in line


def has_shadow(pid):
    """Whether a sanitizer has mapped its shadow, of many TiB, into the process."""
    maps = pathlib.Path(f'/proc/{pid}/maps').read_text()
    return any(int(end, 16) - int(begin, 16) > 1 << 40
               for begin, end in re.findall(r'^([0-9a-f]+)-([0-9a-f]+) ', maps, re.M))


def secrets_in_core(daemon, secrets):
    """Those of the secrets that a core file would show; the control needs something that it has."""
    pieces = list(memory(daemon.process.pid))
    check(any(NAME.encode() in piece for piece, dumped in pieces if dumped),
          'the search does not even find the name of the target')
    return [f'{what}: {piece[at - 40:at + 40]}' for what, secret in secrets.items()
            for form in forms(secret) for piece, dumped in pieces if dumped
            for at in [piece.find(form)] if at >= 0]


def core_checked(daemon, secrets, when):
    """vdsd overwrites a request right after its answer: wait for that, but not for anything else."""
    with contextlib.suppress(Failed):
        eventually('no secret', lambda: not secrets_in_core(daemon, secrets), 10)
    equal(secrets_in_core(daemon, secrets), [], f'secrets {when}')


def everything_done_with(daemon, secrets):
    """Secrets are set, used, replaced, kept beside a new one and deleted, and come in requests that
    are refused.
    """
    def put(user, what, *more):
        file = secret_file(daemon, secrets[what])
        daemon.ctl('target', 'secret', 'secured', '--user', user, '--file', file, *more)
    for what in 'rotated', 'kept':
        put('alice', what)
        equal(login(daemon.portal, NAME, secrets[what]), 0, f'a login with the {what} one')
    put('alice', 'present', '--keep-old', '1h')
    for what in 'kept', 'present':
        equal(login(daemon.portal, NAME, secrets[what]), 0, f'a login with the {what} one')
    equal(login(daemon.portal, NAME, secrets['rotated']), 0x0201, 'a login with the rotated one')
    put('bob', 'deleted')
    bob = [one for one in daemon.ctl('secret', 'list') if one['user'] == 'bob'][0]
    daemon.ctl('secret', 'delete', bob['id'])
    long = json.dumps({'side': 'target', 'user': 'x' * 70000, 'secret': secrets['refused']})
    for body in (f'{{"side":"target","secret":"{secrets["refused"]}"', f'"{secrets["refused"]}"',
                 f'{{"side":"target","{secrets["refused"]}":1}}', long,
                 f'{{"side":"target","secret":["{secrets["refused"]}"]}}'):
        equal(request(daemon, 'POST', '/v1/credentials', body).status, 400, body[:80])


def test_a_core_file_would_hold_no_secret():
    """vdsd leaves no core file; but a tool of root's may make one, and swap has the same memory."""
    secrets = {what: f'{PLANTED}-{what}' for what in
               ('rotated', 'kept', 'present', 'deleted', 'refused')}
    with Daemon('--threads', '1') as daemon:
        set_up(daemon)
        if os.geteuid() != 0:
            print('# skipped: only root may read the memory of vdsd')
            return
        if has_shadow(daemon.process.pid):
            print('# skipped: AddressSanitizer keeps memory that vdsd has freed')
            return
        everything_done_with(daemon, secrets)
        core_checked(daemon, secrets, 'after changes and refusals')
        check(any(secrets['present'].encode() in piece
                  for piece, dumped in memory(daemon.process.pid) if not dumped),
              'the search does not find the present secret where it is')
        daemon.stop()
        daemon.start()
        equal(login(daemon.portal, NAME, secrets['present']), 0, 'a login after the restart')
        core_checked(daemon, secrets, 'after a restart')


def test_there_is_no_core_file():
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
    try:
        with Daemon() as daemon:
            set_up(daemon)
            os.kill(daemon.process.pid, signal.SIGABRT)
            status = os.waitpid(daemon.process.pid, 0)[1]
            daemon.process.returncode = -signal.SIGABRT
            check(os.WIFSIGNALED(status) and not os.WCOREDUMP(status), 'vdsd left a core')
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, limits)


vdstest.requires('iscsi-inq', 'iscsi-ls', 'qemu-img')
vdstest.main([test_libiscsi_needs_the_secret, test_discovery_needs_its_own_secret,
              test_qemu_needs_the_secret, test_the_old_secret_is_valid_for_a_time,
              test_the_prompt_takes_a_secret_without_showing_it,
              test_the_prompt_gives_the_echo_back_whatever_ends_it,
              test_without_a_terminal_there_is_no_prompt,
              test_forbidden_algorithms_are_refused_with_the_reason,
              test_many_wrong_logins_neither_fill_the_log_nor_keep_a_right_one_out,
              test_a_planted_secret_is_shown_nowhere,
              test_a_replaced_or_deleted_secret_is_in_no_file,
              test_a_core_file_would_hold_no_secret, test_there_is_no_core_file])

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The process vdsd: readiness, signals, locks, exit statuses.  $VDSD names the program; prints TAP.
"""
import contextlib
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback

DEADLINE_S = 60
VDSD = os.environ['VDSD']


def check(condition, why):
    if not condition:
        raise AssertionError(why)


class Place:
    """A directory of its own, and the vdsd processes started in it."""

    def __init__(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='vdsd-process.'))
        self.started = []

    def start(self, *options, env=None, pass_fds=()):
        process = subprocess.Popen([VDSD, '--dir', self.top / 'a', '--socket', self.top / 's',
                                    '--listen', '127.0.0.1:0',
                                    *options], stderr=subprocess.PIPE, pass_fds=pass_fds,
                                   env={**os.environ, **(env or {})})
        self.started.append(process)
        return process

    def serve(self, *options, env=None):
        """Started and ready: the process, what it said when it was ready."""
        read_fd, write_fd = os.pipe()
        process = self.start('--ready-fd', str(write_fd), *options, env=env, pass_fds=(write_fd,))
        os.close(write_fd)
        check(select.select([read_fd], [], [], DEADLINE_S)[0], 'it is not ready')
        with open(read_fd, encoding='utf-8') as pipe:
            text = pipe.read()
        check(text, f'it ended: {process.poll()}')
        return process, json.loads(text)

    def close(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stderr.close()
        shutil.rmtree(self.top, ignore_errors=True)


def ended(process, wanted):
    code = process.wait(DEADLINE_S)
    check(code == wanted, f'exit status {code}, wanted {wanted}')


def test_ready_says_where_it_serves(place):
    process, ready = place.serve('--http', '127.0.0.1:0')
    check(ready['pid'] == process.pid, ready)
    check(ready['socket'] == str(place.top / 's'), ready)
    check(ready['portals'][0]['address'] == '127.0.0.1', ready)
    for port in (ready['portals'][0]['port'], ready['http']):
        socket.create_connection(('127.0.0.1', port), DEADLINE_S).close()


def test_only_changes_are_logged_as_changes(place):
    process, _ = place.serve()
    for method, status in (('GET', b'200'), ('HEAD', b'200'), ('FROB', b'405'), ('POST', b'201')):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(DEADLINE_S)
            sock.connect(str(place.top / 's'))
            sock.sendall(
                f'{method} /v1/targets HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'
                'Content-Length: 2\r\n\r\n{}'.encode())
            check(sock.recv(65536).split()[1] == status, method)
    process.terminate()
    lines = rest_of_log(process).splitlines()
    changes = [line for line in lines if b'array.change' in line and not line.endswith(b'by vdsd')]
    check(len(changes) == 1 and b'target "' in changes[0] and b': created as ' in changes[0],
          changes)
    check(f'uid {os.getuid()}'.encode() in changes[0], changes)


def test_the_ready_file_goes_when_it_stops(place):
    process, _ = place.serve('--ready-file', str(place.top / 'ready'))
    ready = json.loads((place.top / 'ready').read_text(encoding='utf-8'))
    check(ready['pid'] == process.pid, ready)
    process.terminate()
    ended(process, 0)
    check(not (place.top / 'ready').exists(), 'the ready file is still there')
    check(not (place.top / 's').exists(), 'the socket is still there')


def rest_of_log(process):
    """What it still logs until it ends; a process that does not end in time is killed, and fails the test."""
    try:
        return process.communicate(timeout=DEADLINE_S)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f'it does not end: {process.communicate()[1][-2000:]}') from None


def log_line(process, event):
    """The next line of that event; a process that does not log it in time is killed, which ends the
    reading.
    """
    guard = threading.Timer(DEADLINE_S, process.kill)
    guard.start()
    try:
        for line in process.stderr:
            if event in line:
                return line
    finally:
        guard.cancel()
    raise AssertionError(f'{event} is not logged')


def test_interrupt_ends_it_and_hangup_does_not(place):
    process, _ = place.serve()
    process.send_signal(signal.SIGHUP)
    log_line(process, b'vdsd.reload')
    check(process.poll() is None, 'SIGHUP ended it')
    process.send_signal(signal.SIGINT)
    rest_of_log(process)
    ended(process, 0)


def ask_version(place):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as api:
        api.settimeout(DEADLINE_S)
        api.connect(str(place.top / 's'))
        api.sendall(b'GET /v1/version HTTP/1.1\r\nHost: vdsd\r\nConnection: close\r\n\r\n')
        check(b' 200 ' in api.makefile('rb').readline(), 'no version')


def reload_with(process, conf, text):
    """The file appears whole, as an editor leaves it."""
    new = conf.with_suffix('.new')
    new.write_text(text, encoding='utf-8')
    new.rename(conf)
    process.send_signal(signal.SIGHUP)


def test_hangup_changes_what_is_logged(place):
    conf = place.top / 'vdsd.conf'
    conf.write_text('# nothing\n', encoding='utf-8')
    process, _ = place.serve('--conf', str(conf), '--debug', 'iscsi')
    reload_with(process, conf, 'debug = http.request\nlisten = none\n')
    line = log_line(process, b'vdsd.reload')
    check(b'level=info' in line and b'debug="iscsi http.request"' in line, line)
    ask_version(place)
    check(b'/v1/version' in log_line(process, b'http.answered'), 'the area is not on')
    reload_with(process, conf, 'debug = nothing\n')
    line = log_line(process, b'vdsd.reload')
    check(b'there is no debug area nothing' in line and b'line 1' in line, line)
    ask_version(place)
    check(b'/v1/version' in log_line(process, b'http.answered'),
          'a file that is wrong changed the log')
    reload_with(process, conf, '')
    check(b'debug="iscsi"' in log_line(process, b'vdsd.reload'), 'the area is still on')
    for _ in range(2):
        reload_with(process, conf, 'log-level = error\n')
        check(b'level=error' in log_line(process, b'vdsd.reload'),
              'a reload is not logged at level error')
    process.terminate()
    check(b'vdsd.stop' not in rest_of_log(process), 'the level is still info')
    ended(process, 0)


def test_debug_areas_are_listed(place):
    done = subprocess.run([VDSD, '--debug', 'list'], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=True)
    areas = done.stdout.split()
    check('http.request' in areas and 'iscsi.pdu' in areas and areas == sorted(areas), areas)
    for words in (['--debug', 'nothing'], ['--log-level', 'loud'], ['--log-level', 'debug']):
        done = subprocess.run([VDSD, *words], capture_output=True, text=True, timeout=DEADLINE_S,
                              check=False)
        check(done.returncode == 2 and '--debug list' in done.stderr, done)


def test_the_level_bounds_the_log(place):
    process, _ = place.serve('--log-level', 'error')
    process.terminate()
    said = rest_of_log(process)
    check(b' info ' not in said, said)


def test_the_ready_file_does_not_follow_a_link(place):
    """Its temporary name can be guessed: a link there must not be written through."""
    victim = place.top / 'victim'
    victim.write_text('mine', encoding='utf-8')
    # every name that the next processes could take
    for pid in range(os.getpid(), os.getpid() + 300):
        (place.top / f'ready.{pid}').symlink_to(victim)
    place.serve('--ready-file', str(place.top / 'ready'))
    check(victim.read_text(encoding='utf-8') == 'mine', 'it wrote through a link')
    check(not (place.top / 'ready').is_symlink()
          and json.loads((place.top / 'ready').read_text(encoding='utf-8')), 'the ready file')


class Manager:
    """A service manager: what vdsd tells it, and the environment by which vdsd finds it."""

    def __init__(self, place, **env):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(place.top / 'notify'))
        self.socket.settimeout(DEADLINE_S)
        self.env = {'NOTIFY_SOCKET': str(place.top / 'notify'), **env}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def told(self):
        """The next message: {'READY': '1', 'STATUS': …}."""
        return dict(line.split('=', 1) for line in self.socket.recv(4096).decode().splitlines())


def test_it_tells_the_service_manager_what_it_does(place):
    with Manager(place) as manager:
        process, _ = place.serve(env=manager.env)
        told = manager.told()
        check(told == {'READY': '1', 'STATUS': 'Serving: 0 LUNs, 1 of 1 portals listening, '
                       '0 sessions'}, told)
        process.send_signal(signal.SIGHUP)
        told = manager.told()
        check(told['RELOADING'] == '1' and int(told['MONOTONIC_USEC']) > 0, told)
        check(manager.told()['READY'] == '1', 'no READY after the reload')
        process.terminate()
        check(manager.told()['STOPPING'] == '1', 'STOPPING=1')
        ended(process, 0)


def test_it_gives_signs_of_life_only_to_who_waits_for_them(place):
    with Manager(place, WATCHDOG_USEC='40000') as manager:
        process, _ = place.serve(env=manager.env)
        check(manager.told()['READY'] == '1', 'READY=1')
        for _ in range(3):
            check(manager.told() == {'WATCHDOG': '1'}, 'WATCHDOG=1')
        process.terminate()
        rest = manager.told()
        while rest == {'WATCHDOG': '1'}:
            rest = manager.told()
        check(rest['STOPPING'] == '1', rest)
    with Manager(Elsewhere(place), WATCHDOG_USEC='40000', WATCHDOG_PID='1') as manager:
        ended(process, 0)
        process, _ = place.serve(env=manager.env)
        check(manager.told()['READY'] == '1', 'READY=1')
        process.terminate()
        check(manager.told().get('STOPPING') == '1', 'signs of life that are for another process')


class Elsewhere:
    """Another directory for a second service manager."""

    def __init__(self, place):
        self.top = place.top / 'elsewhere'
        self.top.mkdir()


def activated(place, listener, *options, count=1):
    """vdsd with a socket that is open already, as systemd passes it: as descriptor 3."""
    script = 'exec env LISTEN_PID=$$ LISTEN_FDS=%s "$@" 3<&%d 4<&3' % (count, listener.fileno())
    process = subprocess.Popen(['bash', '-c', script, 'sh', VDSD, '--dir', place.top / 'a',
                                '--listen', '127.0.0.1:0', *options],
                               stderr=subprocess.PIPE, pass_fds=(listener.fileno(),))
    place.started.append(process)
    return process


def test_a_socket_that_is_open_already_is_used_and_stays(place):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(place.top / 's'))
        listener.listen()
        for _ in range(2):
            process = activated(place, listener)
            ask_version(place)      # waits in the socket's queue until vdsd is there
            process.terminate()
            ended(process, 0)
            check((place.top / 's').exists(), 'the socket is gone')


def test_a_socket_that_is_not_the_one_of_the_options_is_refused(place):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener, \
            contextlib.closing(socket.socket()) as tcp:
        listener.bind(str(place.top / 's'))
        listener.listen()
        tcp.bind(('127.0.0.1', 0))
        tcp.listen()
        for process, why in (
                (activated(place, listener, '--socket', place.top / 'other'), b'ListenStream='),
                (activated(place, tcp), b'unix path'),
                (activated(place, listener, count=2), b'passed 2 sockets'),
                (activated(place, listener, count='many'), b'LISTEN_FDS')):
            ended(process, 2)
            said = process.stderr.read()
            check(why in said, said)
    check(not (place.top / 'a').exists(), 'an array was made')


def test_a_second_one_finds_the_directory_locked(place):
    place.serve()
    second = place.start()
    ended(second, 3)
    check(b'LOCKED' in second.stderr.read(), 'it does not say LOCKED')
    checker = subprocess.run([VDSD, '--dir', place.top / 'a', '--check'], capture_output=True,
                             timeout=DEADLINE_S)
    check(checker.returncode == 3, f'--check: {checker.returncode}')


def test_after_a_kill_it_starts_again(place):
    process, first = place.serve()
    process.kill()
    process.wait()
    _, second = place.serve()
    check(first['portals'] == second['portals'], 'the portal has another port')


def test_the_checker_finds_an_array_clean(place):
    process, _ = place.serve()
    process.terminate()
    ended(process, 0)
    done = subprocess.run([VDSD, '--dir', place.top / 'a', '--check'], capture_output=True,
                          timeout=DEADLINE_S)
    check(done.returncode == 0 and done.stdout == b'clean\n', f'{done}')


def make_lun(place):
    body = b'{"size_bytes":1048576}'
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as api:
        api.settimeout(DEADLINE_S)
        api.connect(str(place.top / 's'))
        api.sendall(
            b'POST /v1/luns HTTP/1.1\r\nHost: vdsd\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s'
                    % (len(body), body))
        check(b' 201 ' in api.makefile('rb').readline(), 'no LUN was made')


def run_checker(directory):
    return subprocess.run([VDSD, '--dir', directory, '--check'], capture_output=True,
                          timeout=DEADLINE_S)


def test_the_checker_finds_a_file_that_is_gone(place):
    process, _ = place.serve()
    make_lun(place)
    process.terminate()
    ended(process, 0)
    image, = (place.top / 'a' / 'luns').glob('*.img')
    image.rename(place.top / 'saved')
    done = run_checker(place.top / 'a')
    check(done.returncode == 1 and image.name.encode() in done.stderr, f'{done}')
    image.write_bytes(b'short')
    done = run_checker(place.top / 'a')
    check(done.returncode == 1 and b'shorter' in done.stderr, f'{done}')


def contents(directory):
    return {path: path.read_bytes() for path in directory.rglob('*') if path.is_file()}


def test_the_checker_changes_nothing(place):
    process, _ = place.serve()
    make_lun(place)
    process.kill()                      # its log is not worked off
    process.wait()
    (place.top / 'a' / 'mark').unlink()     # the next start makes a new incarnation
    (place.top / 'a' / 'luns' / 'bbbbbbbb-0000-4000-8000-000000000000.new').write_bytes(
        b'nobody knows it')
    moved = place.top / 'moved'             # the next start gives the pool its new path
    (place.top / 'a').rename(moved)
    before = contents(moved)
    for _ in range(2):
        done = run_checker(moved)
        check(done.returncode == 0 and done.stdout == b'clean\n', f'{done}')
        check(contents(moved) == before, 'something is different')


def test_the_checker_makes_no_array_of_an_empty_file(place):
    (place.top / 'a').mkdir()
    (place.top / 'a' / 'catalog.db').touch()
    done = run_checker(place.top / 'a')
    check(done.returncode == 1 and b'empty' in done.stderr, f'{done}')
    check((place.top / 'a' / 'catalog.db').stat().st_size == 0, 'it made an array')


def test_the_checker_makes_nothing(place):
    done = subprocess.run([VDSD, '--dir', place.top / 'none', '--check'], capture_output=True,
                          timeout=DEADLINE_S)
    check(done.returncode == 1 and done.stderr, f'{done}')
    check(not (place.top / 'none').exists(), 'it made the directory')


def test_wrong_options_are_a_usage_error(place):
    for words in (['--frobnicate'], ['--threads', '0'], ['--conf', str(place.top / 'bad.conf')]):
        (place.top / 'bad.conf').write_text('colour = red\n', encoding='utf-8')
        done = subprocess.run([VDSD, *words], capture_output=True, timeout=DEADLINE_S)
        check(done.returncode == 2 and b'--help' in done.stderr, f'{words}: {done}')


def test_a_congestion_control_that_the_system_does_not_have_is_a_usage_error(place):
    process = place.start('--congestion', 'no-such-one')
    ended(process, 2)
    log = process.stderr.read()
    check(b'no congestion control no-such-one, only ' in log, log)


def test_http_beyond_loopback_is_refused(place):
    process = place.start('--http', '0.0.0.0:0')
    ended(process, 1)
    check(b'TLS' in process.stderr.read(), 'it does not say why')


def test_files_are_for_the_owner_only(place):
    place.serve()
    for path in (place.top / 'a').rglob('*'):
        check(path.stat().st_mode & 0o077 == 0, f'{path}: {path.stat().st_mode:o}')
    check((place.top / 's').stat().st_mode & 0o777 == 0o660, 'the mode of the socket')


def main():
    tests = [f for name, f in globals().items() if name.startswith('test_')]
    print(f'1..{len(tests)}')
    failed = 0
    for number, test in enumerate(tests, 1):
        place = Place()
        try:
            test(place)
            result = 'ok'
        except Exception:
            print(''.join('# ' + line + '\n' for line in traceback.format_exc().splitlines()),
                  end='')
            result, failed = 'not ok', failed + 1
        finally:
            place.close()
        print(f'{result} {number} - {test.__name__}', flush=True)
    sys.exit(1 if failed else 0)


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vdsd as a client of an iSNS server: Debian's isnsd, and servers that are wrong or silent."""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import threading

import vdstest
from vdstest import Daemon, check, equal, eventually

TOOLS = pathlib.Path(__file__).resolve().parents[2] / 'build' / 'tools'
HOST, IQN = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:'
PATH = f'{TOOLS}:/usr/sbin:{os.environ["PATH"]}'
ISNSD, ISNSADM = shutil.which('isnsd', path=PATH), shutil.which('isnsadm', path=PATH)


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class Server:
    """Debian's isnsd with a database in memory."""

    def __init__(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='vdstest.'))
        self.port, self.process = free_port(), None
        (self.top / 'isnsd.conf').write_text(
            f'SourceName = {IQN}server\nBindAddress = 127.0.0.1:{self.port}\nSecurity = 0\n'
            f'PIDFile = {self.top}/pid\nControlSocket = {self.top}/control\n'
            'DefaultDiscoveryDomain = 1\nSLPRegister = 0\n')
        (self.top / 'isnsadm.conf').write_text(
            f'SourceName = {HOST}\nServerAddress = 127.0.0.1:{self.port}\nSecurity = 0\n')

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, value, trace):
        self.kill()
        shutil.rmtree(self.top)

    def start(self):
        with (self.top / 'log').open('ab') as log:
            self.process = subprocess.Popen([ISNSD, '-f', '-c', self.top / 'isnsd.conf'],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def answers():
            check(self.process.poll() is None, (self.top / 'log').read_text())
            return self.adm('--register', 'initiator') is not None
        eventually('isnsd answers', answers)

    def kill(self):
        self.process.kill()
        self.process.wait(vdstest.DEADLINE_S)

    def adm(self, *words):
        done = subprocess.run([ISNSADM, '-c', self.top / 'isnsadm.conf', *words], text=True,
                              capture_output=True, timeout=vdstest.DEADLINE_S)
        return done.stdout if done.returncode == 0 else None

    def targets(self):
        """What an initiator finds there: the names of the targets."""
        text = self.adm('--query', 'iscsi-node-type=target', '?iscsi-name') or ''
        return sorted(re.findall(r'iSCSI name = "(.*)"', text))

    def portals(self):
        return sorted(re.findall(r'TCP/UDP port = (\d+)/tcp', self.adm('--list', 'portals') or ''))


def problems(daemon):
    return [p['text'] for p in daemon.rest().call('GET', '/v1/health')['problems']]


def test_targets_are_registered_as_they_come_and_go():
    if ISNSD is None or ISNSADM is None:
        check('CI' not in os.environ, 'isnsd and isnsadm are missing: tools/install-deps test')
        return
    with Server() as server, Daemon('--isns', f'127.0.0.1:{server.port}') as daemon:
        daemon.ctl('target', 'create', 'web', '--iscsi-name', IQN + 'web')
        eventually('the target is there', lambda: server.targets() == [IQN + 'web'])
        equal(server.portals(), [daemon.portal.split(':')[1]], 'its portal')
        daemon.ctl('target', 'create', 'db', '--iscsi-name', IQN + 'db')
        eventually('both are there', lambda: server.targets() == [IQN + 'db', IQN + 'web'])
        daemon.ctl('target', 'delete', 'db')
        eventually('one is there', lambda: server.targets() == [IQN + 'web'])
        server.kill()
        eventually('health says so',
                   lambda: any('iSNS server' in text for text in problems(daemon)))
        daemon.ctl('lun', 'create', 'vol', '--size', '4M')      # all else goes on
        server.start()
        eventually('it is registered again', lambda: server.targets() == [IQN + 'web'])
        eventually('and well', lambda: problems(daemon) == [])
        daemon.stop()
        equal(server.targets(), [], 'what is left after the end')


class Fake:
    """A server that answers as it is told to: answer(function, transaction) returns bytes."""

    def __init__(self, answer):
        self.listener, self.answer, self.asked = socket.create_server(('127.0.0.1', 0)), answer, []
        self.port = self.listener.getsockname()[1]
        self.ends = []
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self.listener.shutdown(socket.SHUT_RDWR)
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                end = self.listener.accept()[0]
                self.ends.append(end)
                with end, contextlib.suppress(OSError, EOFError):
                    self.talk(end)

    def talk(self, end):
        while True:
            head = self.read(end, 12)
            function, length, _, transaction = struct.unpack('>2xHHHH2x', head)
            body = self.read(end, length)
            self.asked.append((function, body))
            end.sendall(self.answer(function, transaction))

    @staticmethod
    def read(end, size):
        data = b''
        while len(data) < size:
            more = end.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data


def pdu(function, transaction, payload):
    return struct.pack('>HHHHHH', 1, function, len(payload), 0x4c00, transaction, 0) + payload


def attribute(tag, value):
    return struct.pack('>II', tag, len(value)) + value


def count(fake, function):
    return sum(1 for one, _ in fake.asked if one == function)


def test_what_the_server_has_forgotten_is_registered_again():
    def answer(function, transaction):
        if function == 1:       # a registration that is kept for three seconds
            return (pdu(0x000d, 7, attribute(1, b'x\0\0\0')) +          # ESI, before the answer
                    pdu(0x8001, transaction, bytes(4) + attribute(0, b'') +
                        attribute(6, struct.pack('>I', 3))))
        return pdu(function | 0x8000, transaction, struct.pack('>I', 9))        # no such entry

    with Fake(answer) as fake, Daemon('--isns', f'127.0.0.1:{fake.port}') as daemon:
        daemon.ctl('target', 'create', 'web', '--iscsi-name', IQN + 'web')
        eventually('it is registered twice', lambda: count(fake, 1) > 1)
        daemon.logged('isns.forgotten')
        equal(fake.asked[1], (0x800d, bytes(4) + attribute(1, b'x\0\0\0')), 'the answer to ESI')
        daemon.stop()
        equal(count(fake, 4), 1, 'deregistrations at the end')


def test_wrong_answers_and_silence_disturb_nobody():
    def nonsense(function, transaction):
        del function, transaction
        return b'HTTP/1.1 400 Bad Request\r\n\r\n'

    def refusal(function, transaction):
        return pdu(function | 0x8000, transaction, struct.pack('>I', 3))

    def silence(function, transaction):
        del function, transaction
        return b''

    for answer, reason in ((nonsense, 'its answer is no iSNS'),
                           (refusal, 'invalid registration'), (silence, None)):
        with Fake(answer) as fake, Daemon('--isns', f'127.0.0.1:{fake.port}') as daemon:
            daemon.ctl('target', 'create', 'web', '--iscsi-name', IQN + 'web')
            eventually('it was asked', lambda fake=fake: count(fake, 1) > 0)
            if reason is not None:
                eventually(reason, lambda daemon=daemon, reason=reason: any(
                    reason in text for text in problems(daemon)))
            daemon.ctl('lun', 'create', 'vol', '--size', '4M')
            daemon.stop()


vdstest.main([test_targets_are_registered_as_they_come_and_go,
              test_what_the_server_has_forgotten_is_registered_again,
              test_wrong_answers_and_silence_disturb_nobody])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Linux's own initiator, in a virtual machine: one LUN through two targets; a LUN that hangs; a LUN that went away."""
import os
import pathlib
import socket
import subprocess
import threading

import vdstest
from vdstest import DEADLINE_S, Daemon, equal, eventually

vdstest.requires('qemu-system-x86_64', 'cpio', 'busybox', 'dpkg', 'apt-get')
SOURCE = pathlib.Path(os.environ['MESON_SOURCE'])
GUEST = SOURCE / 'build' / 'guest'


def guest_build():
    """Once for all builds; a lock so that two suites do not make it at a time."""
    if not (GUEST / 'initramfs.gz').exists():
        GUEST.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(['flock', GUEST / 'lock', SOURCE / 'tests/guest/build.sh', GUEST], capture_output=True,
                              text=True, timeout=600)
        equal(done.returncode, 0, f'building the guest: {done.stdout[-2000:]}{done.stderr[-2000:]}')


def two_paths(block_bytes, *settings):
    guest_build()
    with Daemon() as daemon:
        daemon.ctl('lun', 'create', 'vol', '--size', '128M', '--block-size', block_bytes, '--unmask', '*')
        names = []
        for alias in ('web', 'db'):
            names.append(f'iqn.2026-11.org.example:{alias}')
            daemon.ctl('target', 'create', alias, '--iscsi-name', names[-1])
        daemon.ctl('lun', 'associate', 'vol', 'web', 'db')
        port = daemon.portal.rsplit(':', 1)[1]
        done = subprocess.run([SOURCE / 'tests/guest/run.sh', GUEST, SOURCE / 'tests/guest/initiator.sh',
                               f'PORTAL=10.0.2.2:{port}', f'ONE={names[0]}', f'OTHER={names[1]}', *settings],
                              capture_output=True, text=True, timeout=600)
        for line in done.stdout.splitlines():
            if line.startswith('##'):
                print('#', line)
        equal(done.returncode, 0, f'the guest: {done.stdout[-3000:]}')
        daemon.stop()


def test_two_paths_to_one_lun():
    two_paths(512)


def test_two_paths_with_digests_and_4096_byte_blocks():
    two_paths(4096, 'HDIGEST=CRC32C', 'DDIGEST=CRC32C')


def test_a_lun_that_hangs_leaves_the_others_alone():
    guest_build()
    with Daemon() as daemon:
        daemon.ctl('lun', 'create', 'hung', '--size', '64M', '--unmask', '*')
        daemon.ctl('lun', 'create', 'sound', '--size', '32M', '--unmask', '*')
        daemon.ctl('target', 'create', 'web', '--iscsi-name', 'iqn.2026-11.org.example:web')
        for lun in ('hung', 'sound'):
            daemon.ctl('lun', 'associate', lun, 'web')
        fault = daemon.inject / f"{daemon.rest().list('luns', '&name=hung')[0]['id']}.write"
        port = daemon.portal.rsplit(':', 1)[1]
        guest = subprocess.Popen([SOURCE / 'tests/guest/run.sh', GUEST, SOURCE / 'tests/guest/hang.sh',
                                  f'PORTAL=10.0.2.2:{port}', 'TARGET=iqn.2026-11.org.example:web'],
                                 stdout=subprocess.PIPE, text=True)
        for line in guest.stdout:
            if line.startswith('##'):
                print('#', line.rstrip())
            if line.startswith('## DO hang'):
                fault.write_text('hold')
            elif line.startswith('## DO end'):
                for session in daemon.rest().list('sessions'):
                    daemon.ctl('session', 'end', session['id'])
            elif line.startswith('## DO release'):
                fault.unlink()
        equal(guest.wait(), 0, 'the guest')
        daemon.stop()


class Network:
    """What lies between the guest and the portal: it carries connections, or loses them without a word."""

    def __init__(self, daemon):
        self.daemon, self.up, self.live, self.knocks = daemon, threading.Event(), set(), 0
        self.up.set()
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return                  # closed
            self.knocks += 1
            threading.Thread(target=self.carry, args=(near,), daemon=True).start()

    def carry(self, near):
        """One connection; it waits here while the network is down."""
        self.up.wait()
        address, port = self.daemon.portal.rsplit(':', 1)
        with near:
            try:
                far = socket.create_connection((address, int(port)))
            except OSError:
                return
            with far:
                ends = (near, far)
                self.live.add(ends)
                back = threading.Thread(target=self.pump, args=(ends, far, near), daemon=True)
                back.start()
                self.pump(ends, near, far)
                back.join()

    def pump(self, ends, source, sink):
        try:
            while data := source.recv(1 << 16):
                if ends in self.live:   # else it is lost
                    sink.sendall(data)
        except OSError:
            pass
        if ends in self.live:
            for end in ends:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def hold(self):
        """New connections wait from now on; knocks counts them."""
        self.up.clear()
        self.knocks = 0

    def lose(self):
        """As hold; and on the old connections nothing arrives any more, not even their end."""
        self.hold()
        self.live.clear()

    def back(self):
        """Carries the connections that wait, and those to come."""
        self.up.set()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Stale:
    """One case of stale.sh: its target, the LUN whose disk the guest keeps, the LUN that comes instead, the steps."""
    PREFIX, OLD, OTHER = 'iqn.2026-11.org.example:', 4 << 20, 5 << 20

    def __init__(self, daemon, network, name, number, steps):
        self.daemon, self.network, self.name, self.number, self.steps = daemon, network, name, number, steps
        rest = daemon.rest()
        self.target = rest.call('POST', '/v1/targets', {'iscsi_name': self.PREFIX + name, 'with_group': True})['id']
        kept = [rest.call('POST', '/v1/luns', {'size_bytes': 1 << 20, 'mask': '*'})['id'] for _ in range(number)]
        self.old, self.other = (rest.call('POST', '/v1/luns', {'size_bytes': size, 'mask': '*'})['id']
                                for size in (self.OLD, self.OTHER))
        for lun in (*kept, self.old):
            self.associate(lun, self.target)
        equal(self.number_of(self.old), number, f'{name}: the number of the LUN')

    def associate(self, lun, *targets):
        self.daemon.rest().call('PUT', f'/v1/luns/{lun}/targets', {'targets': targets})

    def number_of(self, lun):
        [row] = self.daemon.rest().call('GET', f'/v1/luns/{lun}/targets')['items']
        return row['lun_number']

    def sessions(self):
        return {s['id'] for s in self.daemon.rest().list('sessions') if s['target_id'] == self.target}

    def bytes_of(self, lun):
        """How many of each letter are in the LUN."""
        data = (self.daemon.dir / 'luns' / f'{lun}.img').read_bytes()
        return {chr(byte): data.count(byte) for byte in set(data) - {0}}

    def take(self):
        self.associate(self.old)

    def give(self):
        self.associate(self.other, self.target)

    def end(self):
        self.network.hold()
        for session in self.before:
            self.daemon.rest().call('DELETE', f'/v1/sessions/{session}')

    def lose(self):
        self.network.lose()

    def restart(self):
        self.network.hold()
        self.daemon.stop()
        self.daemon.start()

    def crash(self):
        self.network.hold()
        self.daemon.kill()
        self.daemon.start()

    def back(self):
        eventually('the initiator tries to come back', lambda: self.network.knocks)
        self.network.back()
        eventually('the initiator is logged in again', lambda: self.sessions() - self.before)

    def do(self, what):
        if what == 'break':
            equal(self.bytes_of(self.old), {'O': 65536}, f'{self.name}: the LUN before')
            self.before = self.sessions()
            equal(len(self.before), 1, f'{self.name}: sessions')
            for step in self.steps:
                getattr(self, step)()
        elif what == 'compare':
            equal(self.bytes_of(self.other), {}, f'{self.name}: the other LUN after a write to the old disk')
            equal(self.bytes_of(self.old), {'O': 65536}, f'{self.name}: the LUN after a write to the old disk')
            equal(self.number_of(self.other), self.number + 1, f'{self.name}: the number of the other LUN')
        else:
            equal(self.bytes_of(self.other), {'N': 65536}, f'{self.name}: the other LUN after a rescan')


def test_a_disk_without_a_lun_does_not_write_to_the_lun_that_came_instead():
    guest_build()
    with Daemon() as daemon, socket.create_server(('127.0.0.1', 0)) as control:
        network = Network(daemon)
        control.settimeout(DEADLINE_S)
        cases = {name: Stale(daemon, network, name, number, steps.split()) for name, number, steps in (
            ('end', 0, 'end take give back'),
            ('end-between', 1, 'take end back give'),
            ('loss', 1, 'lose take give back'),
            ('restart', 0, 'take restart back give'),
            ('crash', 1, 'crash take give back'))}
        guest = subprocess.Popen([SOURCE / 'tests/guest/run.sh', GUEST, SOURCE / 'tests/guest/stale.sh',
                                  f'PORTAL=10.0.2.2:{network.port}', f'CONTROL={control.getsockname()[1]}',
                                  f'PREFIX={Stale.PREFIX}', f'CASES={" ".join(cases)}',
                                  f'OLD={Stale.OLD // 512}', f'OTHER={Stale.OTHER // 512}'],
                                 stdout=subprocess.PIPE, text=True)
        error, console = None, []
        for line in guest.stdout:
            console.append(line)
            if line.startswith('##'):
                print('#', line.rstrip(), flush=True)
            if line.startswith('## DO'):
                what, name = line.split()[2:]
                try:
                    cases[name].do(what)
                except Exception as first:      # the guest ends by itself when it is told
                    error = first
                with control.accept()[0] as answer:
                    answer.sendall(b'no' if error else b'yes')
        code = guest.wait()
        network.close()
        if error:
            raise error
        equal(code, 0, f'the guest: {"".join(console)[-3000:]}')
        finished = [line.split()[3] for line in console if line.startswith('## DO finish')]
        equal(finished, list(cases), 'the finished cases')
        daemon.stop()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

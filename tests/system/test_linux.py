#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Linux's own initiator, in a virtual machine.

One LUN through two targets; a LUN that hangs; a LUN that went away; a LUN that grows and one that
was offline; the names that udev and sg3-utils give to a disk; CHAP with every hash.
"""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading

import guesttest
import vdstest
from guesttest import GUEST, SOURCE, PowerOff, guest_build, run_guest
from vdstest import DEADLINE_S, Daemon, equal, eventually

guesttest.requires()


def two_paths(block_bytes, *settings):
    guest_build()
    with Daemon() as daemon:
        daemon.ctl('lun', 'create', 'vol', '--size', '128M', '--block-size', block_bytes,
                   '--unmask', '*')
        names = []
        for alias in ('web', 'db'):
            names.append(f'iqn.2026-11.org.example:{alias}')
            daemon.ctl('target', 'create', alias, '--iscsi-name', names[-1])
        daemon.ctl('lun', 'associate', 'vol', 'web', 'db')
        port = daemon.portal.rsplit(':', 1)[1]
        done = subprocess.run([SOURCE / 'tests/guest/run.sh', GUEST,
                               SOURCE / 'tests/guest/initiator.sh',
                               f'PORTAL=10.0.2.2:{port}', f'ONE={names[0]}', f'OTHER={names[1]}',
                               *settings],
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


def test_multipath_follows_the_states_of_the_paths():
    """Failover and failback without a complaint of the kernel; mpathpersist over both paths."""
    guest_build()
    with Daemon() as daemon:
        daemon.ctl('lun', 'create', 'vol', '--size', '64M', '--unmask', '*')
        names = []
        for alias in ('web', 'db'):
            names.append(f'iqn.2026-11.org.example:{alias}')
            daemon.ctl('target', 'create', alias, '--iscsi-name', names[-1])
        daemon.ctl('lun', 'associate', 'vol', 'web', 'db')
        port = daemon.portal.rsplit(':', 1)[1]
        run_guest('multipath.sh', lambda words: daemon.ctl('group', 'set', 'web:1', '--state', words[2]),
                  PORTAL=f'10.0.2.2:{port}', ONE=names[0], OTHER=names[1],
                  CONF=(SOURCE / 'docs/multipath.conf').read_text())
        equal(daemon.ctl('lun', 'reservations', 'vol')['registrations'], [], 'what is left')
        daemon.stop()


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
        guest = subprocess.Popen([SOURCE / 'tests/guest/run.sh', GUEST,
                                  SOURCE / 'tests/guest/hang.sh',
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
    """What lies between the guest and the portal: it carries connections, or loses them without a
    word.
    """

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
                self.saw(source is ends[0], data)
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

    def saw(self, from_guest, data):
        """Called with all that is carried."""

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
    """One case of stale.sh: its target, the LUN whose disk the guest keeps, the LUN that comes
    instead, the steps.
    """
    PREFIX, OLD, OTHER = 'iqn.2026-11.org.example:', 4 << 20, 5 << 20

    def __init__(self, daemon, network, name, number, steps):
        self.daemon, self.network, self.name = daemon, network, name
        self.number, self.steps = number, steps
        rest = daemon.rest()
        self.target = rest.call('POST', '/v1/targets',
                                {'iscsi_name': self.PREFIX + name, 'with_group': True})['id']
        kept = [rest.call('POST', '/v1/luns', {'size_bytes': 1 << 20, 'mask': '*'})['id']
                for _ in range(number)]
        self.old, self.other = (rest.call('POST', '/v1/luns',
                                          {'size_bytes': size, 'mask': '*'})['id']
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
        return {s['id'] for s in self.daemon.rest().list('sessions')
                if s['target_id'] == self.target}

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
            equal(self.bytes_of(self.other), {},
                  f'{self.name}: the other LUN after a write to the old disk')
            equal(self.bytes_of(self.old), {'O': 65536},
                  f'{self.name}: the LUN after a write to the old disk')
            equal(self.number_of(self.other), self.number + 1,
                  f'{self.name}: the number of the other LUN')
        else:
            equal(self.bytes_of(self.other), {'N': 65536},
                  f'{self.name}: the other LUN after a rescan')


def test_a_disk_without_a_lun_does_not_write_to_the_lun_that_came_instead():
    guest_build()
    with Daemon() as daemon:
        network = Network(daemon)
        cases = {name: Stale(daemon, network, name, number, steps.split()) for name, number,
                 steps in (
            ('end', 0, 'end take give back'),
            ('end-between', 1, 'take end back give'),
            ('loss', 1, 'lose take give back'),
            ('restart', 0, 'take restart back give'),
            ('crash', 1, 'crash take give back'))}
        try:
            console = run_guest('stale.sh', lambda words: cases[words[1]].do(words[0]),
                                PORTAL=f'10.0.2.2:{network.port}',
                                PREFIX=Stale.PREFIX, CASES=' '.join(cases), OLD=Stale.OLD // 512,
                                OTHER=Stale.OTHER // 512)
        finally:
            network.close()
        finished = [line.split()[3] for line in console if line.startswith('## DO finish')]
        equal(finished, list(cases), 'the finished cases')
        daemon.stop()


def test_two_hosts_of_a_cluster_fence_each_other():
    """sg_persist, as fence_scsi uses it; and what was registered with APTPL is there after kill -9."""
    guest_build()
    with Daemon() as daemon:
        daemon.ctl('target', 'create', 'one', '--iscsi-name', 'iqn.2026-11.org.example:one')
        daemon.ctl('lun', 'create', 'quorum', '--size', '32M', '--unmask', '*')
        daemon.ctl('lun', 'associate', 'quorum', 'one')

        def do(words):
            equal(words, ['restart'], 'what the guest asks for')
            daemon.kill()
            daemon.start()
        run_guest('cluster.sh', do, PORTAL=f'10.0.2.2:{daemon.portal.rsplit(":", 1)[1]}',
                  ONE='iqn.2026-11.org.example:one')
        equal(daemon.ctl('lun', 'reservations', 'quorum')['registrations'], [], 'what is left')
        daemon.stop()


def test_linux_learns_of_another_size_and_names_a_disk_once():
    guest_build()
    rule = [line for line in (SOURCE / 'docs/90-vds-capacity.rules').read_text().splitlines()
            if line[:1] != '#']
    equal(len(rule), 1, 'rules')
    with Daemon() as daemon:
        daemon.ctl('target', 'create', 'web', '--iscsi-name', 'iqn.2026-11.org.example:web')
        for name in ('used', 'away'):
            daemon.ctl('lun', 'create', name, '--size', '32M', '--unmask', '*')
            daemon.ctl('lun', 'associate', name, 'web')
        daemon.ctl('lun', 'offline', 'away')
        steps = []

        def do(words):
            steps.append(words[0])
            if words[0] == 'grow':
                daemon.ctl('lun', 'extend', 'used', '16M')
            elif words[0] == 'shrink':
                daemon.ctl('lun', 'shrink', 'used', '--to', '32M', '--force')
            else:
                daemon.ctl('lun', 'online', 'away')
        run_guest('sizes.sh', do, PORTAL=f'10.0.2.2:{daemon.portal.rsplit(":", 1)[1]}',
                  RULE=rule[0],
                  TARGET='iqn.2026-11.org.example:web',
                  SIZES=' '.join(str(mib << 11) for mib in (32, 48, 64)), OFFLINE=32 << 11)
        equal(steps, ['grow', 'grow', 'shrink', 'grow', 'online'], 'the steps')
        daemon.stop()


def test_the_tools_of_sg3_utils_understand_every_answer():
    guest_build()
    with Daemon() as daemon:
        daemon.ctl('target', 'create', 'web', '--iscsi-name', 'iqn.2026-11.org.example:web')
        for name, size in (('one', '64M'), ('other', '32M')):
            daemon.ctl('lun', 'create', name, '--size', size, '--unmask', '*')
            daemon.ctl('lun', 'associate', name, 'web')
        run_guest('tools.sh', lambda words: None,
                  PORTAL=f'10.0.2.2:{daemon.portal.rsplit(":", 1)[1]}',
                  TARGET='iqn.2026-11.org.example:web', SECTORS=64 << 11)
        equal(daemon.ctl('lun', 'reservations', 'one')['registrations'], [], 'what is left')
        daemon.stop()


def synced_files(console):
    """What the guest has said of its files: those that must be there, "FILE:SHA256"."""
    files = {}
    for line in console:
        match = re.fullmatch(r'\+\+ (?:SYNCED (\S+) ([0-9a-f]{64})|GONE (\S+))\n', line)
        if match and match[1]:
            files[match[1]] = match[2]
        elif match:
            files.pop(match[3], None)
    return files


def bytes_behind(file, offset):
    """How many bytes of a file are allocated from the offset on."""
    count = 0
    with file.open('rb') as f, contextlib.suppress(OSError):    # ENXIO: there are no more data
        while True:
            start = os.lseek(f.fileno(), offset, os.SEEK_DATA)
            offset = os.lseek(f.fileno(), start, os.SEEK_HOLE)
            count += offset - start
    return count


def archive_of(programs, path):
    """Makes an archive for the guest of programs of this machine and their libraries."""
    top = path.parent / 'files'
    for program in programs:
        libraries = subprocess.run(['ldd', program], capture_output=True, text=True,
                                   check=True).stdout
        for source in [program, *re.findall(r'(/[^ ]+\.so[^ ]*)', libraries)]:
            there = top / 'bin' / pathlib.Path(program).name if source == program \
                else top / 'lib/x86_64-linux-gnu' / pathlib.Path(source).name
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, there)
    with path.open('wb') as file:
        subprocess.run('find . | cpio -o -H newc --quiet | gzip -1', shell=True, cwd=top,
                       stdout=file, check=True)


def in_guest(job, disk_bytes, **values):
    """Runs a job with vdsd, vdsctl and an empty disk in the guest."""
    guest_build()
    with tempfile.TemporaryDirectory() as top:
        archive, disk = pathlib.Path(top) / 'archive.gz', pathlib.Path(top) / 'disk'
        archive_of([os.environ['VDSD'], os.environ['VDSCTL']], archive)
        with disk.open('wb') as file:
            file.truncate(disk_bytes)
        done = subprocess.run([SOURCE / 'tests/guest/run.sh', GUEST, SOURCE / 'tests/guest' / job,
                               *(f'{name}={value}' for name, value in values.items())],
                              capture_output=True, text=True,
                              env={**os.environ, 'GUEST_ARCHIVE': str(archive),
                                   'GUEST_DISK': str(disk)})
        for line in done.stdout.splitlines():
            if line.startswith('## '):
                print(f'# {line[3:]}')
        equal(done.returncode, 0, f'the guest: {done.stdout[-3000:]}')


def test_snapshots_share_space_on_xfs():
    """vdsd in the guest, with its pool on XFS: what FICLONE does cannot be tried on every host."""
    in_guest('snapshots.sh', 1 << 30, FS='xfs')


def test_snapshots_share_space_on_btrfs():
    in_guest('snapshots.sh', 1 << 30, FS='btrfs')


def test_a_pool_on_a_disk():
    """vdsd in the guest, with a pool on a disk that goes away: nobody's host needs one."""
    in_guest('bdev.sh', 256 << 20)


def test_file_systems_survive_growth_power_off_kill_and_restart():
    """ext4 and XFS: every file that was synced is there, and no error comes to the file systems."""
    guest_build()
    before, grown = {'ext4': 64 << 20, 'xfs': 304 << 20}, {'ext4': 192 << 20, 'xfs': 448 << 20}
    name, steps, reservations = 'iqn.2026-11.org.example:web', [], []
    with Daemon() as daemon:
        daemon.ctl('target', 'create', 'web', '--iscsi-name', name)
        for fs, size in before.items():
            daemon.ctl('lun', 'create', fs, '--size', f'{size}B', '--unmask', '*',
                       '--block-size', '512' if fs == 'ext4' else '4096')
            daemon.ctl('lun', 'associate', fs, 'web')
        network = Network(daemon)

        def kept():
            """Holder, type and registrations; the generation begins again with vdsd."""
            rows = [daemon.ctl('lun', 'reservations', fs) for fs in before]
            return [{key: row[key] for key in ('reservation', 'persistent', 'registrations')}
                    for row in rows]

        def do(words):
            steps.append(words[0])
            if words[0] == 'grow':
                for fs, size in grown.items():
                    daemon.ctl('lun', 'extend', fs, f'{size - before[fs]}B')
                return
            reservations.append(kept())
            if words[0] == 'power-off':
                network.lose()      # nothing tells the array that the guest has gone
                raise PowerOff
            if words[0] == 'kill':
                daemon.kill()
            else:
                daemon.stop()
            daemon.start()

        try:
            values = {'PORTAL': f'10.0.2.2:{network.port}', 'TARGET': name}
            files = synced_files(run_guest('filesystems.sh', do, STAGE='first', SIZES=' '.join(
                str(size >> 9) for size in grown.values()), **values))
            equal(steps, ['grow', 'power-off'], 'the steps of the first stage')
            for fs, size in before.items():
                vdstest.check(len([file for file in files if file.startswith(fs)]) > 12,
                              f'{fs}: synced files {sorted(files)}')
                [lun] = daemon.rest().list('luns', f'&name={fs}')
                image = daemon.dir / 'luns' / f'{lun["id"]}.img'
                count = bytes_behind(image, size)
                vdstest.check(count >= 2 << 20, f'{fs}: {count} bytes are behind the old end')
            equal(len(daemon.rest().list('sessions')), 1, 'the session of the dead guest')
            network.back()
            run_guest('filesystems.sh', do, STAGE='second', SYNCED=' '.join(
                f'{file}:{sha}' for file, sha in files.items()), **values)
            reservations.append(kept())
        finally:
            network.close()
        print(f'# {len(files)} files were synced before the power-off')
        equal(steps, ['grow', 'power-off', 'kill', 'restart'], 'the steps')
        equal([[row['holds'] for row in lun['registrations']] for lun in reservations[0]],
              [[True], [True]], 'the holders of the reservations')
        equal(reservations[1:3], [reservations[0]] * 2, 'the reservations')
        equal([lun['registrations'] for lun in reservations[3]], [[], []], 'what is left')
        daemon.stop()
        daemon.checker()


class Tap(Network):
    """Also keeps what the guest offers and the array chooses: hashes and names of CHAP."""

    def __init__(self, daemon):
        super().__init__(daemon)
        self.offered, self.chosen, self.names = [], [], set()

    def saw(self, from_guest, data):
        for key, value in re.findall(rb'CHAP_([AN])=([^\0]*)', data):
            if key == b'A':
                (self.offered if from_guest else self.chosen).append(value.decode())
            elif not from_guest:
                self.names.add(value.decode())


def test_open_iscsi_proves_itself_by_every_hash():
    guest_build()
    name, secrets = 'iqn.2026-11.org.example:web', {
        'SECRET': 'correct-horse-battery', 'ARRAY': 'staple-of-the-array',
        'FINDER': 'looking-for-targets', 'FOUND': 'here-are-the-targets'}
    with Daemon() as daemon:
        daemon.ctl('lun', 'create', 'vol', '--size', '32M', '--unmask', '*')
        daemon.ctl('target', 'create', 'web', '--iscsi-name', name)
        daemon.ctl('lun', 'associate', 'vol', 'web')
        file = daemon.top / 'secret'
        for which, words in {'SECRET': 'target secret web --user alice',
                             'ARRAY': 'target secret web --mutual',
                             'FINDER': 'discovery secret --user finder',
                             'FOUND': 'discovery secret --mutual --user array'}.items():
            file.write_text(secrets[which])
            file.chmod(0o600)
            daemon.ctl(*words.split(), '--file', file)
        network = Tap(daemon)

        def end(_words):
            network.hold()
            for session in daemon.rest().list('sessions'):
                daemon.ctl('session', 'end', session['id'])
            eventually('the initiator tries to come back', lambda: network.knocks)
            network.back()
        try:
            run_guest('chap.sh', end, PORTAL=f'10.0.2.2:{network.port}', TARGET=name,
                      SECTORS=32 << 11, **secrets)
        finally:
            network.close()
        one_each = [number for number in '5678' for _ in 'om']      # one-way and mutual
        equal(network.offered[:8], one_each, 'the hashes of open-iscsi')
        equal(network.chosen[:9], [*one_each, '8'], 'the hashes that the array chose')
        equal(network.offered[8], '5,6,7,8', 'every hash')
        equal(network.names, {name, 'array'}, 'the names of the array')
        daemon.stop()


class Forwarder:
    """Runs commands in the guest for programs of this machine: a program connects to a unix socket
    and writes a command; the guest, which connects to a TCP port, gets it.
    """
    # In place of iscsiadm.  What the service knows is the portal's address here; the guest sees
    # this machine's loopback as 10.0.2.2.
    SCRIPT = """#!/usr/bin/env python3
import shlex, socket, sys
words = [word.replace('127.0.0.1:', '10.0.2.2:') for word in sys.argv[1:]]
with socket.socket(socket.AF_UNIX) as s:
    s.connect({path!r})
    s.sendall(shlex.join(['iscsiadm', *words]).encode() + b'\\n')
    status, _, output = b''.join(iter(lambda: s.recv(65536), b'')).decode().partition('\\n')
sys.stdout.write(output)
sys.exit(int(status))
"""

    def __init__(self, directory):
        self.guest = socket.create_server(('127.0.0.1', 0))
        self.guest.settimeout(DEADLINE_S * 4)   # the guest's start is emulated
        self.port = self.guest.getsockname()[1]
        self.waiting = None                     # the guest's connection that wants a command
        self.local = socket.socket(socket.AF_UNIX)
        self.local.bind(str(directory / 'commands'))
        self.local.listen()
        self.program = directory / 'iscsiadm'
        self.program.write_text(self.SCRIPT.format(path=str(directory / 'commands')))
        self.program.chmod(0o755)
        threading.Thread(target=self.serve, daemon=True).start()

    def outcome(self):
        """Takes the guest's next connection; returns (status, output) of the last command."""
        self.waiting = self.guest.accept()[0]
        text = b''
        while not text.endswith(b'END\n'):
            got = self.waiting.recv(65536)
            if not got:
                raise vdstest.Failed(f'the guest went: {text!r}')
            text += got
        status, _, rest = text.decode().partition('\n')
        return int(status.split()[1]), rest.removesuffix('END\n')

    def run(self, command):
        """Runs a command in the guest; returns (status, output)."""
        self.waiting.sendall(command.encode())
        self.waiting.close()
        return self.outcome()

    def serve(self):
        while True:
            try:
                asker = self.local.accept()[0]
            except OSError:                     # the test has ended
                return
            with asker:
                command = asker.makefile().readline().strip()
                status, output = self.run(command)
                asker.sendall(f'{status}\n{output}'.encode())

    def end(self):
        self.waiting.sendall(b'exit')
        self.waiting.close()
        self.local.close()
        self.guest.close()


class DiskRaid:
    """Runs short scripts; in each, the subsystem is in focus."""

    def __init__(self, env):
        self.env = env

    def __call__(self, *lines, code=None):
        """What it says; code: that of VDS with which it must end."""
        done = subprocess.run([os.environ['VDSCTL'], 'diskraid', '-'], env=self.env, text=True,
                              input='\n'.join(['select subsystem 0', *lines, '']),
                              capture_output=True, timeout=300)
        said = done.stdout + done.stderr
        equal(done.returncode, 4 if code else 0, f'{lines}: {said}')
        vdstest.check(code is None or code in said, f'{lines}: not {code}: {said}')
        return said


class GuestWriter:
    """The guest writes to its disk all the time, until it is told to stop."""

    def __init__(self, daemon, forwarder):
        self.rest, self.run = daemon.rest(), forwarder.run
        self.lun = self.rest.list('luns')[0]['id']
        self.run('(s=0; d=/dev/$(ls /sys/block | grep sd); while [ ! -e /tmp/stop ]; do '
                 'dd if=/dev/zero of=$d bs=4k count=16 oflag=direct 2> /tmp/dd || { s=1; break; };'
                 ' done; echo $s > /tmp/stopped) > /dev/null 2>&1 < /dev/null &')
        self.goes_on('at first')

    def writes(self):
        return self.rest.call('GET', f'/v1/luns/{self.lun}/counters')['write_commands']

    def goes_on(self, when):
        before = self.writes()
        eventually(f'{when}: the guest writes', lambda: self.writes() > before, 120)

    def end(self):
        """No write has failed."""
        status, output = self.run('touch /tmp/stop; while [ ! -e /tmp/stopped ]; do '
                                  'usleep 50000; done; cat /tmp/stopped /tmp/dd')
        equal((status, output.split()[0]), (0, '0'), f'writes of the guest: {output}')


def diskraid_drives_the_host(diskraid, daemon, forwarder, name):
    """DiskRAID logs the guest in and out; its I/O goes on over what is done to the hardware."""
    target = f'select target "{name}"'
    for words in ('chap=oneway', 'chap=mutual', 'IPS'):
        diskraid(target, f'login target iadapter=0 {words}', code='VDS_E_NOT_SUPPORTED')
    diskraid(target, 'logout target iadapter=0', code='VDS_E_ISCSI_SESSION_NOT_FOUND')
    secret = 'secret=0123456789abcd'
    for line in (f'chap initiator set {secret}', f'chap initiator remember {secret} target=0'):
        diskraid(target, line, code='VDS_E_NOT_SUPPORTED')
    diskraid('select lun 0', 'lbpolicy set lun type=failover', code='E_NOINTERFACE')

    sessions = daemon.rest().list
    vdstest.check('logged in' in diskraid(target, 'login target iadapter=0 EHD EDD'), 'login')
    equal(len(sessions('sessions')), 1, 'sessions after the login')
    diskraid(target, 'login target iadapter=0')         # it is logged in already
    vdstest.check('guest' in diskraid('initiator'), 'the name of the initiator')
    eventually('a disk', lambda: forwarder.run('ls /sys/block')[1].count('sd') == 1, 120)
    status, output = forwarder.run('iscsiadm -m session -P 3 | grep -c "Digest: CRC32C"')
    equal((status, output.strip()), (0, '2'), 'digests of the session')

    controller, port = 'select controller 0', 'select controller 0\nselect port 0'
    writer = GuestWriter(daemon, forwarder)
    for line in ('flushcache controller', 'invalidatecache controller'):
        diskraid(controller, line)
        writer.goes_on(line)
    for focus, line in ((controller, 'reset controller'), (port, 'reset port')):
        [before] = sessions('sessions')
        diskraid(focus, line)
        eventually('another session', lambda: [s for s in sessions('sessions')
                                               if s['id'] != before['id']], 120)
        writer.goes_on(line)
    for what, offline, online in (      # DiskRAID has no words for the status of a port
            ('controller', lambda: diskraid(controller, 'offline controller'),
             lambda: diskraid(controller, 'online controller')),
            ('port', lambda: daemon.ctl('port', 'offline', 'lo'),
             lambda: daemon.ctl('port', 'online', 'lo'))):
        offline()
        equal(sessions('sessions'), [], f'sessions while the {what} is offline')
        number = daemon.portal.rsplit(':', 1)[1]
        equal(forwarder.run(f'nc 10.0.2.2 {number} < /dev/null')[0] != 0, True,
              f'a connection while the {what} is offline')
        online()
        writer.goes_on(f'the {what} is online again')
    writer.end()
    vdstest.check('logged out' in diskraid(target, 'logout target iadapter=0'), 'logout')
    eventually('no session', lambda: not sessions('sessions'))
    diskraid(target, 'logout target iadapter=0', code='VDS_E_ISCSI_SESSION_NOT_FOUND')


def test_the_service_logs_in_and_out_by_open_iscsi():
    guest_build()
    with Daemon() as daemon:
        daemon.ctl('lun', 'create', 'vol', '--size', '16M', '--unmask', '*')
        names = [f'iqn.2026-11.org.example:{alias}' for alias in ('web', 'db')]
        for name in names:
            daemon.ctl('target', 'create', name.rpartition(':')[2], '--iscsi-name', name)
        daemon.ctl('lun', 'associate', 'vol', 'web', 'db')
        forwarder = Forwarder(daemon.top)
        host_name = daemon.top / 'name'
        host_name.write_text('InitiatorName=iqn.2026-11.org.example:guest\n')
        env = {**os.environ, 'VDS_URL': f'unix:{daemon.socket}', 'VDS_PROVIDERS': '/nonexistent',
               'VDS_ISCSIADM': str(forwarder.program), 'VDS_INITIATORNAME': str(host_name)}
        guest = subprocess.Popen([SOURCE / 'tests/guest/run.sh', GUEST,
                                  SOURCE / 'tests/guest/commands.sh',
                                  f'CONTROL={forwarder.port}'], stdout=subprocess.PIPE, text=True)
        forwarder.outcome()

        def drive(*words):
            done = subprocess.run([os.environ['LOGIN_DRIVER'], *words], env=env, text=True,
                                  capture_output=True, timeout=300)
            equal(done.returncode, 0, f'{words}: {done.stdout}{done.stderr}')
            return [line.split(': ')[1] for line in done.stdout.splitlines()]

        equal(drive('logout', names[0]), ['VDS_E_ISCSI_SESSION_NOT_FOUND'], 'logout at first')
        equal(drive('login', *names), ['S_OK', 'S_OK'], 'login')
        equal(drive('login', names[0]), ['VDS_S_ISCSI_LOGIN_ALREAD_EXISTS'], 'login again')
        eventually('two disks', lambda: forwarder.run('ls /sys/block')[1].count('sd') == 2, 120)
        sessions = daemon.rest().list('sessions')
        equal({s['initiator'] for s in sessions}, {'iqn.2026-11.org.example:guest'}, 'initiator')
        status, output = forwarder.run('iscsiadm -m session -P 3 | grep -c "Digest: CRC32C"')
        equal((status, output.strip()), (0, '4'), 'digests of both sessions')
        equal(drive('logout', *names), ['S_OK', 'S_OK'], 'logout')
        eventually('no session', lambda: not daemon.rest().list('sessions'))
        diskraid_drives_the_host(DiskRaid(env), daemon, forwarder, names[0])
        forwarder.end()
        print('#', guest.stdout.read().replace('\n', '\n# ')[-1500:])
        equal(guest.wait(), 0, 'the guest')
        daemon.stop()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of vdsctl's commands share: one array, and a way to run vdsctl on it.

$VDSD and $VDSCTL name the programs.
"""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

DEADLINE_S = 60
VDSCTL, VDSD = os.environ['VDSCTL'], os.environ['VDSD']
INITIATOR = 'iqn.1993-08.org.debian:01:abc'
used = set()


def check(condition, why):
    if not condition:
        raise AssertionError(why)


def equal(got, wanted):
    check(got == wanted, f'got {got!r}, wanted {wanted!r}')


def make_host(top):
    """A directory of faults in which the host has one disk: sda, below everything."""
    disk = top / 'inject/host/sys/devices/pci0/ata1/host0/target0:0:0/0:0:0:0/block/sda'
    for name, text in {'size': '2147483648', 'queue/rotational': '0', 'device/model': 'EXAMPLE 1T',
                       'queue/logical_block_size': '512', 'device/wwid': 'naa.5000c500a1b2c3d4',
                       'device/vendor': 'ATA', 'device/state': 'running'}.items():
        (disk / name).parent.mkdir(parents=True, exist_ok=True)
        (disk / name).write_text(text + '\n', encoding='ascii')
    for link in 'sys/dev/block/8:0', 'sys/class/block/sda':
        (top / 'inject/host' / link).parent.mkdir(parents=True)
        (top / 'inject/host' / link).symlink_to(disk)
    mounts = top / 'inject/host/proc/self/mountinfo'
    mounts.parent.mkdir(parents=True)
    mounts.write_text('1 0 8:0 / / rw - ext4 /dev/sda rw\n'
                      f'2 1 0:77 / {top}/memory rw - tmpfs x rw\n', encoding='ascii')
    return top / 'inject'


class Array:
    def __init__(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='vdsctl.'))
        read_fd, write_fd = os.pipe()
        with (self.top / 'log').open('wb') as log:
            self.vdsd = subprocess.Popen([VDSD, '--dir', self.top / 'a', '--socket', self.top / 's',
                                          '--listen',
                                          '127.0.0.1:0', '--inject', make_host(self.top),
                                          '--ready-fd', str(write_fd)], stderr=log,
                                         pass_fds=(write_fd,))
        os.close(write_fd)
        check(select.select([read_fd], [], [], DEADLINE_S)[0], 'vdsd is not ready')
        with open(read_fd, encoding='utf-8') as pipe:
            check(pipe.read(), 'vdsd ended')
        self.env = {**os.environ, 'VDS_URL': f'unix:{self.top}/s'}

    def run(self, *words, code=0):
        """What it printed; it must exit with that code, and say why when it is not 0."""
        used.add(' '.join(words[:2]))
        used.add(words[0] if words else '')
        done = subprocess.run([VDSCTL, *words], env=self.env, capture_output=True, text=True,
                              timeout=DEADLINE_S, stdin=subprocess.DEVNULL)
        check(done.returncode == code, f'{words}: exit status {done.returncode}: {done.stderr}')
        check((code == 0) == (done.stderr == ''), f'{words}: it said `{done.stderr}`')
        return done.stdout if code == 0 else done.stderr

    def warned(self, *words):
        """What it said besides, although it did what it was told."""
        done = subprocess.run([VDSCTL, *words], env=self.env, capture_output=True, text=True,
                              timeout=DEADLINE_S, stdin=subprocess.DEVNULL)
        equal(done.returncode, 0)
        return done.stderr

    def json(self, *words):
        return json.loads(self.run(*words, '-o', 'json'))

    def log_text(self):
        """What vdsd had logged before this call: it writes the line of a reload after those."""
        def written():
            return (self.top / 'log').read_text(errors='replace')
        before = written().count(' vdsd.reload ')
        self.vdsd.send_signal(signal.SIGHUP)
        end = time.monotonic() + DEADLINE_S
        while written().count(' vdsd.reload ') == before:
            check(time.monotonic() < end, 'vdsd does not reload')
            select.select([], [], [], 0.005)
        return written()

    def close(self):
        self.vdsd.terminate()
        code = self.vdsd.wait(DEADLINE_S)
        if code != 0:
            print((self.top / 'log').read_text(errors='replace'), file=sys.stderr)
        shutil.rmtree(self.top, ignore_errors=True)
        return code


def batch(a, text, *options, code=0):
    used.add('batch')
    done = subprocess.run([VDSCTL, 'batch', *options], env=a.env, input=text, capture_output=True,
                          text=True, timeout=DEADLINE_S, check=False)
    equal((done.returncode, done.stderr if code == 0 else ''), (code, ''))
    return done.stdout if code == 0 else (done.stdout, done.stderr)


def complete(a, *words):
    return subprocess.run([VDSCTL, '__complete', *words], env=a.env, capture_output=True, text=True,
                          timeout=DEADLINE_S, check=True).stdout.splitlines()

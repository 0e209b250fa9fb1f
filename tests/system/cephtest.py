# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real Ceph cluster for a test: tools/ceph-cluster, which ends with the test in any case."""
import contextlib
import json
import os
import pathlib
import random
import select
import shutil
import socket
import subprocess
import sys
import tempfile

import vdstest
from vdstest import check, equal

TOOL = pathlib.Path(__file__).resolve().parents[2] / 'tools/ceph-cluster'
UP_S = 300      # longer than the tool itself waits for each of its daemons


def requires():
    """End the test when Ceph's daemons are not installed: as vdstest.requires."""
    os.environ['PATH'] += ':/usr/sbin'
    vdstest.requires('ceph-mon', 'ceph-mgr', 'ceph-osd', 'ceph', 'rbd', 'rados')


def tool(*words):
    """Runs tools/ceph-cluster; a (status, standard output, standard error)."""
    done = subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True, timeout=UP_S)
    return done.returncode, done.stdout, done.stderr


class Cluster:
    """A cluster with a directory of its own: a context manager that stops it, whatever was stopped
    or paused in it, and removes the directory.

    store: memstore is quick to start, but only OSDs of bluestore can be stopped and started.
    copies: of each object.  settings: of the monitors, "NAME=VALUE".
    """

    USER = 'vdsd'       # client.vdsd, which has the least capabilities that an array needs
    POOL, CATALOG = 'luns', 'catalog'

    def __init__(self, osds=1, store='memstore', gib=4, copies=1, monitors=1, settings=()):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='vdsceph.'))
        self.dir = self.top / 'c'
        self.conf = self.dir / 'ceph.conf'
        self.command = [TOOL, 'up', '-n', str(osds), '-s', str(gib), '-b', store, '-r', str(copies),
                        '-m', str(monitors), *[word for setting in settings
                                               for word in ('-o', setting)], self.dir]
        self.process = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is not None:
                self.show_logs()
            self.stop()
        finally:
            shutil.rmtree(self.top, ignore_errors=True)

    def start(self):
        """Starts the cluster, with what it held when it was stopped, if it is of bluestore."""
        # the pipe ends with this process, however it ends, then cat, and then the cluster
        self.process = subprocess.Popen([*self.command, 'sh', '-c', 'echo up; exec cat'],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        check(select.select([self.process.stdout], [], [], UP_S)[0], 'Ceph does not start')
        equal(self.process.stdout.readline(), 'up\n', 'what tools/ceph-cluster says')

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            status = self.process.wait(UP_S)
            self.process.stdout.close()
            self.process = None
            equal(status, 0, 'exit status of tools/ceph-cluster')

    def crash(self):
        """Kills every daemon at once, as a power cut of all machines would; start() follows."""
        self.fault('down', '-9')
        self.stop()

    def options(self):
        """What vdsd is told of the cluster."""
        return '--ceph-conf', str(self.conf), '--ceph-user', self.USER

    def daemon(self, *options, **more):
        """A vdsd that uses the cluster, with the module of the same build."""
        made = vdstest.Daemon(*self.options(), *options, **more)
        if 'CEPH_MODULE' in os.environ:
            made.env['VDS_MODULE_DIR'] = os.path.dirname(os.environ['CEPH_MODULE'])
        return made

    def fault(self, verb, *words):
        """A verb of tools/ceph-cluster; returns when the fault is there, or over."""
        options = [word for word in words if str(word).startswith('-')]
        words = [word for word in words if not str(word).startswith('-')]
        status, _, why = tool(verb, *options, self.dir, *words)
        equal(status, 0, f'ceph-cluster {verb}: {why.strip()}')

    def stop_osd(self, number=0, *, kill=False):
        self.fault('stop-osd', *(['-9'] if kill else []), number)

    def start_osd(self, number=0):
        self.fault('start-osd', number)

    def pause_osd(self, number=0):
        self.fault('pause-osd', number)

    def resume_osd(self, number=0):
        self.fault('resume-osd', number)

    def slow(self, milliseconds, number=0):
        """Each message to the OSD waits so long; 0 ends that."""
        self.fault('slow', number, milliseconds)

    def full(self, whether=True):
        self.fault('full', 'on' if whether else 'off')

    def stop_mon(self, name='a', *, kill=False):
        self.fault('stop-mon', *(['-9'] if kill else []), name)

    def start_mon(self, name='a'):
        self.fault('start-mon', name)

    def run(self, program, *words, user=USER):
        """One of Ceph's programs (ceph, rbd, rados) as a user; a subprocess.CompletedProcess."""
        return subprocess.run([program, '--conf', self.conf, '--id', user, *map(str, words)],
                              capture_output=True, text=True, timeout=vdstest.DEADLINE_S,
                              stdin=subprocess.DEVNULL)

    def ok(self, program, *words, user=USER):
        """As run; what it printed."""
        done = self.run(program, *words, user=user)
        equal(done.returncode, 0, f'{program} {" ".join(map(str, words))}: {done.stderr.strip()}')
        return done.stdout

    def ceph(self, *words):
        """A command of the cluster's administrator; what it answers, parsed."""
        text = self.ok('ceph', '-f', 'json', *words, user='admin')
        return json.loads(text) if text.strip() else None

    def rbd(self, *words):
        return self.ok('rbd', *words)

    def health(self):
        """The names of the health checks that complain, but of those muted."""
        checks = self.ceph('health')['checks']
        return {name for name, check in checks.items() if not check.get('muted')}

    def show_logs(self):
        for path in sorted(self.dir.glob('*.out')) + [self.dir / 'cluster.log']:
            if path.exists() and path.stat().st_size:
                print(f'# {path}:')
                lines = path.read_text(errors='replace').splitlines()
                # asked before the daemon could answer
                for line in [ln for ln in lines if ln and 'AdminSocket' not in ln][-20:]:
                    print('#  ', line)


def free_address():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return f'127.0.0.1:{probe.getsockname()[1]}'


def lasting_address(dice=None):
    """One that nobody has, below the ports that the kernel gives to others by itself: so it is free
    again when who listened there comes back.
    """
    dice = dice or random.SystemRandom()
    while True:
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(('127.0.0.1', dice.randrange(21000, 32000)))
            return f'127.0.0.1:{s.getsockname()[1]}'


@contextlib.contextmanager
def gateways(cluster, *names, listens=False, **more):
    """The gateways of one array, which run, with a pool `ceph`; the first is made with the array.

    listens: at addresses that are theirs again when they are started again.
    """
    addresses = {name: free_address() for name in names}
    with contextlib.ExitStack() as stack:
        daemons = []
        for name in names:
            if daemons:
                daemons[0].ctl('gateway', 'add', name, addresses[name])
            daemon = cluster.daemon('--catalog', f'rados:{cluster.CATALOG}/array', '--gateway', name,
                                    '--gateway-address', addresses[name], **more)
            daemon.name, daemon.cluster = name, cluster
            if listens:
                daemon.listen = lasting_address()
            daemons.append(stack.enter_context(daemon))
        daemons[0].ctl('pool', 'create', 'ceph', f'rbd:{cluster.POOL}')
        yield daemons

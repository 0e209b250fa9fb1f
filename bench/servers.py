# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds what the benches measure, and starts targets on ports that are free.

Each start_ function returns targets as compare.py takes them, NAME=URL@PID, and has what it started
ended, and what it made removed, by the contextlib.ExitStack that it is given.
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SIZE_MIB = 1024                 # of every LUN
# where tools/install-deps unpacks programs whose packages would start a service
TOOLS = pathlib.Path(__file__).resolve().parent.parent / 'build/tools'

CEPH_CLUSTER = TOOLS.parent.parent / 'tools/ceph-cluster'

# where the benches build what they need, if they are not told
BUILD = TOOLS.parent / 'speed'


def build(directory, *programs):
    """Builds these programs in the directory, and sets it up first where nobody has, optimised as
    in the packages.  Ends the bench when that fails.
    """
    def run(*words):
        done = subprocess.run(words, cwd=TOOLS.parent.parent, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f'bench: {words[0]} failed:\n{done.stdout[-4000:]}')

    rules = directory / 'build.ninja'
    if not rules.exists():
        print(f'bench: building in {directory}', file=sys.stderr)
        run('meson', 'setup', directory, '-Dpage=disabled')
    # a build that was set up before libiscsi or cmocka was there does not know all programs
    elif any(f'build {program}:' not in rules.read_text() for program in programs):
        run('meson', 'setup', '--reconfigure', directory)
    run('ninja', '-C', directory, *programs)


def wait_for(what, probe, seconds=20):
    end = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > end:
            sys.exit(f'bench: {what}: not within {seconds} s')
        time.sleep(0.02)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:       # a tgtd that has targets ignores SIGTERM
        process.kill()
        process.wait()


def temporary(where, stack):
    path = pathlib.Path(tempfile.mkdtemp(prefix='vds-bench.', dir=where))
    stack.callback(shutil.rmtree, path, ignore_errors=True)
    return path


def tool(name):
    """Returns the path of a program of tgt, or None."""
    return shutil.which(name, path=f'{TOOLS}:{os.environ["PATH"]}:/usr/sbin')


class Vdsd:
    """A vdsd with an empty array."""

    def __init__(self, build, stack, *options, env=None):
        top = temporary(None, stack)
        ready, self.sock, self.build, self.stack = top / 'ready', top / 'sock', build, stack
        log = stack.enter_context(open(top / 'vdsd.log', 'w'))
        self.process = subprocess.Popen([build / 'src/vdsd/vdsd', '--dir', top / 'array',
                                         '--socket', self.sock, '--listen', '127.0.0.1:0',
                                         '--ready-file', ready, *options], stdout=log, stderr=log,
                                        env={**os.environ, **(env or {})})
        stack.callback(end, self.process)
        wait_for('vdsd', lambda: ready.exists() or self.process.poll() is not None)
        if not ready.exists():
            sys.exit(f'bench: vdsd has ended:\n{(top / "vdsd.log").read_text()[-2000:]}')
        portal = json.loads(ready.read_text())['portals'][0]
        self.portal = f'{portal["address"]}:{portal["port"]}'

    def ctl(self, *words, lines=None):
        """Runs vdsctl, and returns what it answers; nothing when lines are its standard input."""
        done = subprocess.run([self.build / 'src/vdsctl/vdsctl', '--url', f'unix:{self.sock}',
                               '-o', 'json', *words], input=lines, stdout=subprocess.PIPE,
                              text=True, check=True)
        return json.loads(done.stdout) if lines is None and done.stdout.strip() else None

    def pool(self, name, where):
        """where: as `vdsctl pool create` takes it, or a directory in which to make the pool's."""
        self.ctl('pool', 'create', name,
                 where if ':' in where else str(temporary(where, self.stack)))

    def lun(self, name, pool, *options):
        """Makes a LUN that is LUN 0 of a target of its own.  Returns its URL without a name."""
        self.ctl('lun', 'create', name, '--size', f'{SIZE_MIB}M', '--pool', pool, *options)
        self.ctl('target', 'create', name)
        self.ctl('lun', 'associate', name, name)
        self.ctl('lun', 'unmask', name, '*')
        return self.url(name)

    def url(self, target):
        names = {t.get('alias'): t['iscsi_name'] for t in self.ctl('target', 'list')}
        return f'iscsi://{self.portal}/{names[target]}/0@{self.process.pid}'


def start_vdsd(build, volumes, stack, *options):
    """volumes: for each name where its pool is, as Vdsd.pool takes it."""
    vdsd = Vdsd(build, stack, *options)
    for name, where in volumes.items():
        vdsd.pool(name, where)
        vdsd.lun(name, name)
    return [f'{name}={vdsd.url(name)}' for name in volumes]


def start_memory(build, stack):
    """The data path alone, without an array."""
    process = subprocess.Popen([build / 'tests/unit/target/target-serve', f'mem:{SIZE_MIB}M'],
                               stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    stack.callback(end, process)
    return f'mem={process.stdout.readline().split()[0]}@{process.pid}'


def start_tgt(kinds, stack):
    """kinds: for each name where its file lies, and more options of `tgtadm --mode logicalunit`."""
    port, control = free_port(), str(os.getpid() % 30000 + 1000)
    log = stack.enter_context(open(temporary(None, stack) / 'tgtd.log', 'w'))
    process = subprocess.Popen([tool('tgtd'), '-f', '-C', control, '--iscsi', f'portal=127.0.0.1:{port}'],
                               stdout=log, stderr=log)
    stack.callback(end, process)

    def admin(*words):
        return subprocess.run([tool('tgtadm'), '-C', control, '--lld', 'iscsi', *words],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    wait_for('tgtd', lambda: process.poll() is not None or admin('--op', 'show', '--mode', 'target'))
    if process.poll() is not None:
        sys.exit(f'bench: tgtd has ended: {pathlib.Path(log.name).read_text().strip()}\n'
                 'It wants root and one control port to itself.')
    urls = []
    for tid, (name, (where, *more)) in enumerate(kinds.items(), 1):
        path = temporary(where, stack) / name
        with open(path, 'wb') as file:
            file.truncate(SIZE_MIB << 20)
        iqn = f'iqn.2026-11.bench:{name}'
        admin('--op', 'new', '--mode', 'target', '--tid', str(tid), '-T', iqn)
        if admin('--op', 'new', '--mode', 'logicalunit', '--tid', str(tid), '--lun', '1', '-b',
                 str(path), *more):
            admin('--op', 'bind', '--mode', 'target', '--tid', str(tid), '-I', 'ALL')
            urls.append(f'{name}=iscsi://127.0.0.1:{port}/{iqn}/1@{process.pid}')
        else:
            print(f'bench: tgtd takes no LUN with {" ".join(more)}', file=sys.stderr)
    return urls


def start_ceph(stack, osds=1, store='bluestore', where='/var/tmp'):
    """A Ceph cluster whose data lie in a directory; returns the path of its ceph.conf."""
    directory = temporary(where, stack) / 'c'
    process = subprocess.Popen([CEPH_CLUSTER, 'up', '-n', str(osds), '-b', store, directory, 'sh',
                                '-c', 'echo "$CEPH_CONF"; exec cat'], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def end_ceph():
        process.stdin.close()       # cat ends, and with it the cluster
        process.wait()

    stack.callback(end_ceph)
    return process.stdout.readline().strip() or sys.exit('bench: Ceph does not start')


def start_spdk(program, stack):
    """SPDK's iscsi_tgt with one polling core and a LUN in its memory; it polls, so compare.py
    stops it while the others have their turn."""
    top, port = temporary(None, stack), free_port()
    iqn = 'iqn.2026-11.bench:spdk'

    def call(method, **params):
        return {'method': method, 'params': params}

    (top / 'spdk.json').write_text(json.dumps({'subsystems': [
        {'subsystem': 'bdev', 'config': [
            call('bdev_malloc_create', name='Malloc0', block_size=512,
                 num_blocks=SIZE_MIB << 11)]},
        {'subsystem': 'iscsi', 'config': [
            call('iscsi_set_options', node_base='iqn.2026-11.bench'),
            call('iscsi_create_portal_group', tag=1,
                 portals=[{'host': '127.0.0.1', 'port': str(port)}]),
            call('iscsi_create_initiator_group', tag=1, initiators=['ANY'], netmasks=['ANY']),
            call('iscsi_create_target_node', name=iqn, alias_name='spdk',
                 pg_ig_maps=[{'pg_tag': 1, 'ig_tag': 1}],
                 luns=[{'bdev_name': 'Malloc0', 'lun_id': 0}], queue_depth=128,
                 disable_chap=True)]}]}))
    log = stack.enter_context(open(top / 'spdk.log', 'w'))
    # without large pages, of which a system has none unless somebody has set them aside
    process = subprocess.Popen([program, '-m', '0x1', '-s', str(SIZE_MIB + 1024), '--no-pci',
                                '--iova-mode', 'va', '--env-context', '--no-huge --legacy-mem',
                                '-c', top / 'spdk.json', '-r', top / 'spdk.sock'],
                               stdout=log, stderr=log)
    stack.callback(end, process)

    def listens():
        if process.poll() is not None:
            sys.exit(f'bench: {program} has ended:\n{pathlib.Path(log.name).read_text()[-2000:]}')
        with socket.socket() as s:
            return s.connect_ex(('127.0.0.1', port)) == 0

    wait_for(program, listens)
    return f'spdk=iscsi://127.0.0.1:{port}/{iqn}/0@!{process.pid}'


def fill(bench, urls, seconds=2):
    """Writes every block once, and has every target allocate each of its buffers once."""
    for url in urls:
        name, address = url.split('@')[0].split('=', 1)
        for size in '4m', '1m', '256k':
            done = subprocess.run([bench, '-w', 'write', '-b', size, '-q', '8', '-t',
                                   str(seconds), '-W', '0', address],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if done.returncode:
                sys.exit(f'bench: {name} cannot be written to: {done.stderr.strip()}')

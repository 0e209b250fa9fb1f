#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything is right on a system that lacks something: an older kernel, a file system without an
operation, a container with a filter of system calls.

refuse.c runs vdsd with chosen calls refused.  For each thing that vdsd uses and can do without, and
for all of them together, the same load goes through an initiator: LUNs on a disk, in memory that is
mapped, in a RAM pool and on a block device, written and read back, unmapped, zeroed, copied, and
read again after a restart.  docs/design/fallback.md says what takes the place of what.

    REFUSED_ERRORS=all test_refused.py      each call with each error that it may meet
"""
import concurrent.futures
import contextlib
import errno
import os
import struct
import subprocess
import sys
import tempfile

import vdstest
from vdstest import Daemon, Initiator, RestError, check, equal, eventually

REFUSE = os.environ['REFUSE']
ONLY = os.environ.get('REFUSED', '').split(',')
ALL_ERRORS = os.environ.get('REFUSED_ERRORS') == 'all'
MIB, BLOCK = 1 << 20, 512
SIZE = MIB
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:t'

# What is refused: rules of refuse.c, where ERROR stands for each of the errors, and a word that the
# log of vdsd then has (or None).  The first error is what the kernel says that lacks it.
CASES = {
    'nothing': ([], [''], 'kind=io_uring'),
    'io_uring': (['io_uring_setup=ERROR'], ['ENOSYS', 'EPERM'], 'io_uring_setup'),
    'io_uring, second thread': (['ring-count:2=ERROR'], ['ENOMEM', 'EMFILE'], 'thread=1 kind=workers'),
    'io_uring_register': (['io_uring_register=ERROR'], ['ENOSYS', 'EPERM'], 'kind=workers'),
    'io_uring_enter': (['io_uring_enter=ERROR'], ['EPERM', 'ENOSYS'], 'kind=workers'),
    'ring: CQSIZE': (['ring-flags:0x8=ERROR'], ['EINVAL'], 'kind=workers'),
    'ring: COOP_TASKRUN': (['ring-flags:0x3300=ERROR'], ['EINVAL'], 'kind=io_uring'),
    'ring: SINGLE_ISSUER': (['ring-flags:0x1000=ERROR'], ['EINVAL'], 'kind=io_uring'),
    'ring: DEFER_TASKRUN': (['ring-flags:0x2000=ERROR'], ['EINVAL'], 'kind=io_uring'),
    'ring: probe': (['io_uring_register:1==8=ERROR'], ['EINVAL'], 'io_uring operations'),
    'ring: READV': (['ring-op:1=0'], [''], 'io_uring operations'),
    'ring: WRITEV': (['ring-op:2=0'], [''], 'io_uring operations'),
    'ring: FSYNC': (['ring-op:3=0'], [''], 'io_uring operations'),
    'ring: FALLOCATE': (['ring-op:17=0'], [''], 'io_uring operations'),
    'ring: eventfd': (['io_uring_register:1==4=ERROR'], ['EINVAL'], 'io_uring wake-up'),
    'ring: limit of workers': (['io_uring_register:1==19=ERROR'], ['EINVAL'], 'kind=io_uring'),
    'ring: buffers and files': ([f'io_uring_register:1=={op}=ERROR' for op in
                                 (0, 2, 6, 13, 14, 15, 16, 20)], ['EINVAL'], 'kind=io_uring'),
    'epoll_pwait2': (['epoll_pwait2=ERROR'], ['ENOSYS', 'EPERM'], None),
    'preadv2, pwritev2': (['preadv2=ERROR', 'pwritev2=ERROR'], ['ENOSYS', 'EPERM'], None),
    'RWF_NOWAIT': (['preadv2:5&8=ERROR', 'pwritev2:5&8=ERROR'], ['EOPNOTSUPP', 'EINVAL'], None),
    'RWF_DSYNC': (['pwritev2:5&2=ERROR'], ['EOPNOTSUPP', 'EINVAL'], None),
    'RWF_DSYNC, no ring': (['pwritev2:5&2=ERROR', 'io_uring_setup=ENOSYS'],
                           ['EOPNOTSUPP', 'EINVAL'], 'kind=workers'),
    'O_DIRECT': ([f'openat:2&{os.O_DIRECT:#x}=ERROR'], ['EINVAL'], None),
    'O_TMPFILE': ([f'openat:2&{os.O_TMPFILE:#x}=ERROR'], ['EOPNOTSUPP', 'EISDIR'], None),
    'mapping of files': (['mmap:3==0x4001=ERROR'], ['ENODEV', 'EPERM', 'ENOMEM'], None),
    'mincore': (['mincore=ERROR'], ['ENOSYS', 'EPERM'], None),
    'madvise': (['madvise=ERROR'], ['ENOSYS', 'EPERM', 'EINVAL'], None),
    'MADV_POPULATE_WRITE': (['madvise:2==23=ERROR'], ['EINVAL'], None),
    'mlock': (['mlock=ERROR'], ['ENOMEM', 'ENOSYS', 'EPERM'], None),
    'holes': (['fallocate:1&2=ERROR'], ['EOPNOTSUPP'], None),
    'holes, no ring': (['fallocate:1&2=ERROR', 'io_uring_setup=ENOSYS'], ['EOPNOTSUPP'], None),
    'zero range': (['fallocate:1&16=ERROR'], ['EOPNOTSUPP'], None),
    'fallocate': (['fallocate=ERROR', 'io_uring_setup=ENOSYS'], ['EOPNOTSUPP', 'ENOSYS'], None),
    'SEEK_DATA': (['lseek:2==3=ERROR', 'lseek:2==4=ERROR'], ['EINVAL'], None),
    'copy_file_range': (['copy_file_range=ERROR'], ['ENOSYS', 'EXDEV', 'EPERM', 'EOPNOTSUPP'], None),
    'FICLONE': (['ioctl:1==0x40049409=ERROR'], ['ENOTTY', 'EOPNOTSUPP', 'ENOSYS'], None),
    'FIEMAP': (['ioctl:1==0xc020660b=ERROR'], ['ENOTTY', 'EOPNOTSUPP'], None),
    'fadvise': (['fadvise64=ERROR'], ['ENOSYS'], None),
    'syncfs': (['syncfs=ERROR'], ['ENOSYS', 'EPERM'], None),
    'getrandom': (['getrandom=ERROR'], ['ENOSYS', 'EPERM'], None),
    'inotify': (['inotify_init1=ERROR'], ['ENOSYS', 'EMFILE'], 'pool.not_watched'),
    'rtnetlink': (['socket:0==16=ERROR'], ['EAFNOSUPPORT', 'EPERM'], None),
    'TCP options': (['setsockopt:1==6=ERROR'], ['ENOPROTOOPT'], None),
    'TCP_CONGESTION': (['setsockopt:2==13=ERROR'], ['ENOENT', 'EPERM'], None),
    'SO_PEERGROUPS': (['getsockopt:2==59=ERROR'], ['ENOPROTOOPT'], None),
    'affinity, limits': (['sched_getaffinity=ERROR', 'prlimit64=ERROR'], ['ENOSYS', 'EPERM'], None),
    'locks of open files': ([f'fcntl:1=={op}=ERROR' for op in (36, 37, 38)], ['EINVAL'], None),
    'what libc tries': ([f'{call}=ERROR' for call in ('clone3', 'rseq', 'statx', 'faccessat2', 'openat2',
                         'membarrier', 'close_range', 'pidfd_open')], ['ENOSYS'], None),
}
TOGETHER = [name for name in CASES if not name.startswith(('nothing', 'ring', 'io_uring, '))]

# Of these, what a pool on a block device needs; there a layer of faults is below the LUN.
OF_A_DEVICE = ['nothing', 'io_uring', 'preadv2, pwritev2', 'RWF_DSYNC', 'RWF_DSYNC, no ring', 'holes',
               'holes, no ring', 'zero range', 'fallocate', 'SEEK_DATA', 'copy_file_range',
               'O_TMPFILE']

# What vdsd cannot do without: it ends at its start, and says so.
NEEDED = {'epoll_create1=ENOSYS': 'cannot make the verifier', 'eventfd2=ENOSYS': 'cannot wait for signals',
          'flock=ENOSYS': 'lock: cannot lock', 'prctl:0==4=EINVAL': 'core files'}


def pairs(name):
    """The rules of a case, once for each error."""
    rules, errors, word = CASES[name]
    return [([rule.replace('ERROR', error) for rule in rules], word)
            for error in (errors if ALL_ERRORS else errors[:1])]


def pattern(first, count, salt):
    return b''.join(struct.pack('>QQ', salt, first + block) * (BLOCK // 16)
                    for block in range(count))


class Unit:
    """A LUN, and what it must hold: bytes, or two choices where a block was unmapped."""

    def __init__(self, ident, number, thick, lasts):
        self.ident, self.number, self.thick, self.lasts = ident, number, thick, lasts
        self.bytes, self.unmapped = bytearray(SIZE), set()

    def cdb(self, initiator, cdb, into=0, out=b''):
        answer = initiator.ok('cdb', self.number, cdb.hex(), into, out.hex() or '-')
        equal(answer[0], 'good', f'{cdb.hex()} of LUN {self.number}')
        return bytes.fromhex(answer[1]) if len(answer) > 1 else b''

    def put(self, initiator, first, count, salt, fua=False):
        data = pattern(first, count, salt)
        self.cdb(initiator, struct.pack('>BBQIBB', 0x8a, 8 if fua else 0, first, count, 0, 0), out=data)
        self.bytes[first * BLOCK:(first + count) * BLOCK] = data
        self.unmapped -= set(range(first, first + count))

    def zero(self, initiator, first, count, unmap):
        self.cdb(initiator, struct.pack('>BBQIBB', 0x93, 8 if unmap else 0, first, count, 0, 0),
                 out=bytes(BLOCK))
        self.bytes[first * BLOCK:(first + count) * BLOCK] = bytes(count * BLOCK)
        self.unmapped -= set(range(first, first + count))

    def unmap(self, initiator, first, count):
        self.cdb(initiator, struct.pack('>B6xHB', 0x42, 24, 0),
                 out=struct.pack('>HH4xQI4x', 22, 16, first, count))
        self.unmapped |= set(range(first, first + count))

    def holds(self, data, what):
        for block in range(SIZE // BLOCK):
            at = slice(block * BLOCK, (block + 1) * BLOCK)
            if data[at] != self.bytes[at] and not (block in self.unmapped and not any(data[at])):
                raise vdstest.Failed(f'{what}: block {block} of LUN {self.number} has '
                                     f'{data[at][:16].hex()}, not {self.bytes[at][:16].hex()}')

    def verify(self, initiator, what):
        data = b''.join(self.cdb(initiator, struct.pack('>BBQIBB', 0x88, 0, first, 1024, 0, 0),
                                 into=1024 * BLOCK) for first in range(0, SIZE // BLOCK, 1024))
        self.holds(data, what)

    def load(self, initiator, daemon):
        count = SIZE // BLOCK
        equal(initiator.ok('fill', daemon.portal, TARGET, HOST, self.number, SIZE),
              [str(SIZE), '0/0000'], 'a LUN that is filled')
        self.bytes[:] = b'\x5a' * SIZE
        for first, salt in ((0, 1), (9, 2), (count - 7, 3)):
            self.put(initiator, first, 7, salt)
            self.put(initiator, first + 1, 3, salt + 10, fua=True)
        self.cdb(initiator, struct.pack('>BBIBHB', 0x35, 0, 0, 0, 0, 0))        # SYNCHRONIZE CACHE
        self.verify(initiator, 'after writes')
        if not self.thick:      # it answers INVALID COMMAND OPERATION CODE
            self.unmap(initiator, 512, 256)
        self.zero(initiator, 1024, 256, unmap=not self.thick)
        self.zero(initiator, 1501, 131, unmap=False)
        self.put(initiator, 518, 5, 4)
        status = self.cdb(initiator, struct.pack('>BBQIBB', 0x9e, 0x12, 0, 64, 0, 0), into=64)
        check(len(status) >= 24, f'GET LBA STATUS of LUN {self.number}')
        self.verify(initiator, 'after zeros')


class Array:
    """A daemon with a LUN in each place."""

    def __init__(self, daemon, places):
        self.daemon, self.units, self.pools = daemon, [], {}
        rest = daemon.rest()
        target = rest.call('POST', '/v1/targets', {'iscsi_name': TARGET, 'with_group': True})['id']
        for name, (path, thick) in places.items():
            self.pools[name] = rest.call('POST', '/v1/pools', {'name': name, 'path': path})['id']
            self.add(rest, self.pools[name], target, thick, lasts=not path.startswith('ram:'))
        rest.close()

    def add(self, rest, pool, target, thick, lasts):
        lun = rest.call('POST', '/v1/luns', {'size_bytes': SIZE, 'mask': '*', 'pool_id': pool,
                                             'thick': thick})['id']
        eventually('the LUN is made', lambda: rest.call('GET', f'/v1/luns/{lun}')['live']['operation']
                   == 'none')
        rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': [target]})
        [row] = rest.call('GET', f'/v1/luns/{lun}/targets')['items']
        self.units.append(Unit(lun, row['lun_number'], thick, lasts))

    @contextlib.contextmanager
    def session(self):
        with contextlib.closing(Initiator()) as initiator:
            initiator.ok('hold', self.daemon.portal, TARGET, HOST)
            for unit in self.units:
                for _ in range(8):      # unit attentions
                    if initiator.ok('sense', unit.number) == ['good']:
                        break
                else:
                    raise vdstest.Failed(f'LUN {unit.number} is never ready')
            yield initiator
            initiator.ok('drop')

    def work(self):
        with self.session() as initiator:
            for unit in self.units:
                unit.load(initiator, self.daemon)

    def copy(self, unit, **how):
        """A copy of a LUN; None where space cannot be shared."""
        rest = self.daemon.rest()
        try:
            made = rest.call('POST', f'/v1/luns/{unit.ident}/clone', {'name': 'copy', **how})
        except RestError as error:
            check('copy' not in how, f'a full copy: {error}')
            return None
        eventually('the copy is made', lambda: rest.call('GET', f'/v1/luns/{made["id"]}')['live'][
            'operation'] == 'none')
        [path] = self.daemon.top.glob(f'*/{made["id"]}.img')
        unit.holds(path.read_bytes(), f'a copy ({how})')
        rest.call('DELETE', f'/v1/luns/{made["id"]}')
        return made

    def snapshot(self, unit):
        """In a pool that copies files where it cannot share their space."""
        rest = self.daemon.rest()
        rest.call('POST', '/v1/snapshots', {'name': 'shot', 'luns': [unit.ident]})
        [row] = rest.list('snapshots')
        [path] = self.daemon.top.glob(f'*/{row["id"]}.img')
        unit.holds(path.read_bytes(), 'a snapshot')
        largest = rest.call('GET', f'/v1/max-lun-size?pool={self.pools["files"]}')
        check(largest['bytes'] >= MIB, f'the largest LUN: {largest}')

    def cannot_be_thick(self):
        rest = self.daemon.rest()
        made = rest.call('POST', '/v1/luns', {'size_bytes': SIZE, 'thick': True, 'mask': '*',
                                              'pool_id': self.pools['thick']})
        job = eventually('the job ends', lambda: (found := rest.call(
            'GET', f'/v1/jobs/{made["job"]}'))['state'] not in ('waiting', 'running') and found)
        equal((job['state'], job['error']), ('failed', 'NOT_SUPPORTED'), 'a thick LUN')
        check('without --thick' in job['message'], job['message'])

    def flush(self):
        rest = self.daemon.rest()
        [controller] = rest.list('controllers')
        rest.call('POST', f'/v1/controllers/{controller["id"]}/flush')
        with contextlib.suppress(RestError):    # dropping pages is refused where it is impossible
            rest.call('POST', f'/v1/controllers/{controller["id"]}/invalidate')

    def restart(self):
        self.daemon.stop()
        self.daemon.start()
        self.units = [unit for unit in self.units if unit.lasts]
        with self.session() as initiator:
            for unit in self.units:
                if unit.lasts:
                    unit.verify(initiator, 'after a restart')


def run(rules, word):
    """The load with these rules, without a layer of faults: the ways that a product takes."""
    memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with Daemon('--threads', '2', faults=False, under=(REFUSE, *rules, '--')) as daemon, \
            tempfile.TemporaryDirectory(prefix='vdstest.', dir=memory) as mapped:
        for name in ('disk', 'thick'):
            (daemon.top / name).mkdir()
        thick = not any(rule.startswith('fallocate=') for rule in rules)
        array = Array(daemon, {'disk': (str(daemon.top / 'disk'), False),
                               'thick': (str(daemon.top / 'thick'), thick),
                               'mapped': (mapped, False), 'ram': ('ram:8M', thick)})
        array.work()
        array.flush()
        if not thick:
            array.cannot_be_thick()
        array.copy(array.units[0], copy=True)
        array.copy(array.units[0])
        array.restart()
        daemon.rest().call('GET', f'/v1/pools/{daemon.rest().list("pools")[0]["id"]}')
        daemon.stop()
        daemon.checker()
        check(word is None or word in daemon.log.read_text(), f'the log does not say {word}')


def run_device(rules, word):
    """The same on a block device, for which a file stands, and with a snapshot that is a copy."""
    with Daemon('--threads', '2', copies=True, under=(REFUSE, *rules, '--')) as daemon:
        path = daemon.top / 'device'
        with path.open('wb') as file:
            file.truncate(32 * MIB)
        (daemon.top / 'files').mkdir()
        array = Array(daemon, {'disk': (f'bdev:{path}', False),
                               'files': (str(daemon.top / 'files'), False)})
        array.work()
        array.flush()
        array.snapshot(array.units[1])
        array.restart()
        daemon.stop()
        check(word is None or word in daemon.log.read_text(), f'the log does not say {word}')


def tried(case):
    """What is wrong without something, or None."""
    function, name, rules, word = case
    try:
        function(rules, word)
    except Exception as error:
        text = f'without {name} ({" ".join(rules)}): {error}'
        print(f'# {text}', flush=True)
        return text
    return None


def all_right(cases):
    """Tries several cases at a time, since each waits for the disk most of the time."""
    with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
        wrong = [text for text in pool.map(tried, cases) if text]
    check(not wrong, f'{len(wrong)} of {len(cases)} cases: {wrong[:1]}')


def test_each_alone():
    all_right([(run, name, *pair) for name in [name for name in CASES if name in ONLY] or CASES
               for pair in pairs(name)])


def test_all_together():
    for error in range(2):
        rules = [rule.replace('ERROR', CASES[name][1][min(error, len(CASES[name][1]) - 1)])
                 for name in TOGETHER for rule in CASES[name][0]]
        all_right([(run, 'all of it', rules, 'kind=workers'),
                   (run_device, 'all of it', rules, 'kind=workers')])


def test_on_a_block_device():
    all_right([(run_device, f'{name}, device', *pair) for name in OF_A_DEVICE
               for pair in pairs(name)])


def test_what_is_needed_is_named():
    for rule, words in NEEDED.items():
        with tempfile.TemporaryDirectory(prefix='vdstest.') as top:
            done = subprocess.run([REFUSE, rule, '--', os.environ['VDSD'], '--dir', f'{top}/array',
                                   '--socket', f'{top}/s', '--listen', '127.0.0.1:0'],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=vdstest.DEADLINE_S)
            check(done.returncode > 0, f'{rule}: vdsd ended with {done.returncode}')
            check(words in done.stderr, f'{rule}: vdsd says {done.stderr!r}')


def test_the_refusals_are_real():
    """refuse.c itself: a call is refused as the rule says, and only that."""
    program = ('import errno, os\n'
               'def tried(call, *words):\n'
               '    try:\n        call(*words)\n        return 0\n'
               '    except OSError as error:\n        return error.errno\n'
               'fd = os.open("/tmp", os.O_RDONLY)\n'
               'print(tried(os.getrandom, 8), tried(os.lseek, fd, 0, 0), tried(os.lseek, fd, 0, 2),\n'
               '      tried(os.open, "/tmp", os.O_TMPFILE | os.O_RDWR))\n')
    done = subprocess.run([REFUSE, 'getrandom=EPERM', 'lseek:2==2=ENOTTY',
                           f'openat:2&{os.O_TMPFILE:#x}=EISDIR', '--', sys.executable, '-c', program],
                          capture_output=True, text=True, env={**os.environ, 'PYTHONHASHSEED': '0'})
    equal(done.stdout.split(), [str(errno.EPERM), '0', str(errno.ENOTTY), str(errno.EISDIR)],
          f'what was refused ({done.stderr})')


if __name__ == '__main__':
    vdstest.main([test_the_refusals_are_real, test_each_alone, test_all_together,
                  test_on_a_block_device, test_what_is_needed_is_named])

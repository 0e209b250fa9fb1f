#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sequences of commands that hosts are documented to send to a disk, through libiscsi.

VAAI (VMware, "vSphere Storage": hardware acceleration): ATS, XCOPY, WRITE SAME of zeros, UNMAP.
Windows (Microsoft, "Windows Hardware Compatibility": storage; the disk class driver): what is read of
a disk when it comes, and what is sent when it goes.
"""
import struct

import vdstest
from vdstest import Daemon, Initiator, check, equal

MIB = 1 << 20
HOST = 'iqn.1998-01.com.vmware:host1'
STRANGER = 'iqn.1998-01.com.vmware:host2'
GOOD = 'good'


class Disks:
    """A daemon with two LUNs behind one target that HOST sees, and one that is masked from it."""

    def __init__(self, daemon, **options):
        def made(answer):
            return answer.get('id') or answer['object_id']

        self.daemon, rest = daemon, daemon.rest()
        self.target = made(rest.call('POST', '/v1/targets', {'with_group': True}))
        self.luns = []
        for name, mask in (('one', HOST), ('two', HOST), ('masked', STRANGER)):
            lun = made(rest.call('POST', '/v1/luns', {'name': name, 'size_bytes': 64 * MIB,
                                                      'mask': mask, **options}))
            rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': [self.target]})
            self.luns.append(rest.call('GET', f'/v1/luns/{lun}'))
        self.name = rest.call('GET', f'/v1/targets/{self.target}')['iscsi_name']
        rest.close()
        self.host = Initiator()
        self.host.ok('hold', daemon.portal, self.name, HOST)
        for lun in (0, 1):
            while self.tur(lun) != GOOD:        # unit attentions
                pass

    def tur(self, lun):
        return self.send(lun, '000000000000')[0]

    def send(self, lun, cdb, in_bytes=0, out=b''):
        """(GOOD, data-in) or (KEY/ASCQ, b'')"""
        cdb = cdb if isinstance(cdb, str) else cdb.hex()
        answer = self.host.ok('cdb', lun, cdb, in_bytes, out.hex() or '-')
        return answer[0], bytes.fromhex(answer[1]) if len(answer) > 1 and answer[0] == GOOD else b''

    def get(self, lun, cdb, in_bytes):
        status, data = self.send(lun, cdb, in_bytes)
        equal(status, GOOD, f'{cdb} on LUN {lun}')
        return data

    def write(self, lun, lba, data):
        cdb = struct.pack('>BBQIBB', 0x8a, 0, lba, len(data) // 512, 0, 0)
        equal(self.send(lun, cdb, 0, data)[0], GOOD, f'WRITE(16) at {lba}')

    def read(self, lun, lba, blocks):
        return self.get(lun, struct.pack('>BBQIBB', 0x88, 0, lba, blocks, 0, 0).hex(), blocks * 512)

    def close(self):
        self.host.close()


def vpd(page):
    return f'1201{page:02x}00ff00'


# ---- VAAI ----

def test_vaai_offers_are_found(daemon):
    """What a host reads before it uses the four primitives."""
    disks = Disks(daemon)
    pages = disks.get(0, vpd(0x00), 255)[4:]
    check({0x80, 0x83, 0x8f, 0xb0, 0xb2} <= set(pages), f'VPD pages {pages.hex()}')
    check(disks.get(0, '1200000060 00'.replace(' ', ''), 96)[5] & 0x08, '3PC')
    limits = disks.get(0, vpd(0xb0), 255)
    check(limits[5] >= 1, 'MAXIMUM COMPARE AND WRITE LENGTH')
    check(int.from_bytes(limits[20:24], 'big') > 0, 'MAXIMUM UNMAP LBA COUNT')
    check(int.from_bytes(limits[36:44], 'big') >= 2048, 'MAXIMUM WRITE SAME LENGTH')
    check(disks.get(0, vpd(0xb2), 255)[5] & 0xe0 == 0xe0, 'LBPU, LBPWS, LBPWS10')
    capacity = disks.get(0, '9e100000000000000000000000200000', 32)
    check(capacity[14] & 0xc0 == 0xc0, 'LBPME, LBPRZ')
    disks.close()


def test_vaai_ats(daemon):
    """The lock of a VMFS volume is taken by one of two hosts, and renewed."""
    disks = Disks(daemon)
    free, mine, other = b'\0' * 512, b'A' * 512, b'B' * 512

    def ats(expected, new):
        return disks.send(0, struct.pack('>BBQBBBBBB', 0x89, 0, 4096, 0, 0, 0, 1, 0, 0), 0,
                          expected + new)[0]

    equal(ats(free, mine), GOOD, 'the lock is taken')
    equal(ats(free, other), 'e/1d00', 'the other host finds it taken')
    equal(ats(mine, mine), GOOD, 'the heartbeat')
    equal(disks.read(0, 4096, 1), mine, 'the lock')
    equal(ats(mine, free), GOOD, 'the lock is released')
    disks.close()


def cscd(naa, block_bytes=512):
    return struct.pack('>BBHBBBB8s12xI', 0xe4, 0, 0, 1, 3, 0, 8, bytes.fromhex(naa), block_bytes)


def segment(source, destination, blocks, source_lba, destination_lba):
    return struct.pack('>BBHHHHHQQ', 2, 2, 24, source, destination, 0, blocks, source_lba,
                       destination_lba)


def xcopy(disks, cscds, segments):
    cscds, segments = b''.join(cscds), b''.join(segments)
    data = struct.pack('>BBH4xII', 0, 0x18, len(cscds), len(segments), 0) + cscds + segments
    return disks.send(0, struct.pack('>BB8xIBB', 0x83, 0, len(data), 0, 0), 0, data)[0]


def test_vaai_xcopy(daemon):
    """A virtual disk is cloned within a LUN and to another; what is masked cannot be copied."""
    disks = Disks(daemon)
    one, two, masked = (cscd(lun['naa']) for lun in disks.luns)
    blocks = b''.join(bytes([n]) * 512 for n in range(1, 5))
    disks.write(0, 2048, blocks)
    parameters = disks.get(0, '84030000000000000000000001000000'.replace(' ', ''), 256)
    check(int.from_bytes(parameters[8:10], 'big') >= 2, 'MAXIMUM CSCD DESCRIPTOR COUNT')
    check(int.from_bytes(parameters[16:20], 'big') >= 4 * MIB, 'MAXIMUM SEGMENT LENGTH')
    check(bytes([0x02]) in parameters[44:] and bytes([0xe4]) in parameters[44:], 'descriptors')
    equal(xcopy(disks, [one, two], [segment(0, 1, 8192, 2048, 8192),
                                     segment(0, 0, 8192, 2048, 32768)]),
          GOOD, 'the clone')
    equal(disks.read(1, 8192, 4), blocks, 'the clone in the other LUN')
    equal(disks.read(0, 32768, 4), blocks, 'the clone in the same LUN')
    equal(disks.read(1, 8196, 4), bytes(2048), 'behind the data')
    equal(xcopy(disks, [one, masked], [segment(0, 1, 4, 2048, 0)]), 'a/0d02', 'to a masked LUN')
    equal(xcopy(disks, [masked, one], [segment(0, 1, 4, 0, 2048)]), 'a/0d02', 'from a masked LUN')
    equal(disks.read(0, 2048, 4), blocks, 'the source')
    # a LUN that nobody has used yet, and one that has become read-only
    daemon.ctl('lun', 'read-only', 'two')
    equal(xcopy(disks, [one, two], [segment(0, 1, 4, 2048, 0)]), 'a/2700', 'to a read-only LUN')
    disks.close()


def copy_meets(daemon, disks, meet):
    """A copy of 32 MiB, and in the midst of its first chunk something else.  Returns the answer."""
    hold = daemon.inject / f'{disks.luns[1]["id"]}.write'
    answer = []

    def copy():
        one, two = (cscd(lun['naa']) for lun in disks.luns[:2])
        try:
            answer.append(xcopy(disks, [one, two], [segment(0, 1, 65535, 0, 0)]))
        except vdstest.Failed:
            answer.append(None)

    hold.write_text('hold')
    vdstest.in_threads(copy, lambda: daemon.logged('fault.hold') and meet(),
                       lambda: daemon.logged('fault.hold') and hold.unlink())
    return answer[0]


def blocks_of_one(disks):
    for lba in range(0, 65536, 64):
        disks.write(0, lba, bytes([1 + lba // 64 % 255]) * 512)


def copy_meets_removal(daemon, *words):
    """What is removed is removed; the copy is over by then, one way or the other."""
    disks = Disks(daemon)
    blocks_of_one(disks)
    said = copy_meets(daemon, disks, lambda: daemon.ctl(*words))
    check(said in (GOOD, 'a/0d02'), f'the copy: {said}')
    lun = 'one' if 'one' in words else 'two'
    kept = 1 if lun == 'one' else 0
    while disks.tur(kept).startswith('6/'):
        pass
    equal(disks.tur(kept), GOOD, 'the other LUN')
    check(disks.tur(1 - kept) != GOOD, f'LUN {lun} is still there')
    disks.close()


def test_a_copy_meets_the_deletion_of_its_destination(daemon):
    copy_meets_removal(daemon, 'lun', 'delete', 'two', '--force')


def test_a_copy_meets_the_masking_of_its_source(daemon):
    copy_meets_removal(daemon, 'lun', 'unmask', 'one', STRANGER)


def test_a_copy_meets_the_end_of_vdsd(daemon):
    """By SIGTERM; it may have ended before."""
    disks = Disks(daemon)
    blocks_of_one(disks)
    copy_meets(daemon, disks, daemon.stop)
    daemon.checker()
    disks.host.ok('drop')
    disks.close()
    daemon.start()


def test_vaai_zeros_and_unmap(daemon):
    """An eager-zeroed disk is made, and a deleted one gives its space back."""
    disks = Disks(daemon)
    disks.write(0, 2048, b'X' * 1024)
    equal(disks.send(0, struct.pack('>BBQIBB', 0x93, 0, 2048, 2048, 0, 0), 0, bytes(512))[0], GOOD,
          'WRITE SAME(16) of zeros')
    equal(disks.read(0, 2048, 2), bytes(1024), 'zeros')
    disks.write(0, 2048, b'Y' * 1024)
    unmap = struct.pack('>HHI', 22, 16, 0) + struct.pack('>QII', 2048, 2048, 0)
    equal(disks.send(0, struct.pack('>BB5xHB', 0x42, 0, len(unmap), 0), 0, unmap)[0], GOOD, 'UNMAP')
    equal(disks.read(0, 2048, 2), bytes(1024), 'what was unmapped')
    status = disks.get(0, struct.pack('>BBQIBB', 0x9e, 0x12, 2048, 24, 0, 0).hex(), 24)
    check(status[20] & 0x0f != 0, f'GET LBA STATUS: {status.hex()}')
    disks.close()


# ---- Windows ----

# What the disk class driver reads of a disk that comes: each answer is GOOD.
BRING_UP = (
    ('INQUIRY', '120000002400', 36),
    ('supported VPD pages', '12010000ff00', 255),
    ('serial number', '12018000ff00', 255),
    ('device identification', '12018300ff00', 255),
    ('REPORT LUNS', 'a00000000000000002000000', 512),
    ('READ CAPACITY(10)', '25000000000000000000', 8),
    ('READ CAPACITY(16)', '9e100000000000000000000000200000', 32),
    ('MODE SENSE(6), all pages', '1a003f00c000', 192),
    ('MODE SENSE(6), caching', '1a000800c000', 192),
    ('MODE SENSE(10), caching', '5a000800000000010000', 256),
    ('MODE SENSE(6), informational exceptions', '1a001c00c000', 192),
    ('block limits', '1201b000ff00', 255),
    ('block device characteristics', '1201b100ff00', 255),
    ('logical block provisioning', '1201b200ff00', 255),
    ('third-party copy', '12018f00ff00', 255),
    ('READ KEYS', '5e000000000000200000', 8192),
    ('the partition table', '28000000000000002200', 34 * 512),
    ('SYNCHRONIZE CACHE(10)', '35000000000000000000', 0),
    ('informational exceptions log', '4d006f00000000010000', 256),
    ('GET LBA STATUS', '9e120000000000000000000000180000', 24),
)


def test_windows_brings_a_disk_up(daemon):
    disks = Disks(daemon)
    for what, cdb, in_bytes in BRING_UP:
        equal(disks.send(0, cdb, in_bytes)[0], GOOD, what)
    # no copy with this list identifier is known
    equal(disks.send(0, '84070000000000000000000001000000', 256)[0], '5/2400', 'ODX')
    disks.close()


# Offloaded data transfer (ODX): Windows copies a file with a token of its blocks.

ZERO_TOKEN = struct.pack('>IHH504x', 0xffff0001, 0, 0x1f8)


def ranges(*pairs):
    data = b''.join(struct.pack('>QI4x', lba, blocks) for lba, blocks in pairs)
    return struct.pack('>H', len(data)) + data


def token_command(disks, lun, action, list_id, body):
    data = struct.pack('>H', len(body)) + body
    return disks.send(lun, struct.pack('>BB4xIIBB', 0x83, action, list_id, len(data), 0, 0), 0, data)[0]


def offload_status(disks, lun, list_id):
    """COPY OPERATION STATUS, TRANSFER COUNT, and the token."""
    data = disks.get(lun, struct.pack('>BBI4xIBB', 0x84, 0x07, list_id, 1024, 0, 0).hex(), 1024)
    descriptors = 32 + data[13]
    return data[5], int.from_bytes(data[16:24], 'big'), data[descriptors + 6:]


def offload_read(disks, lun, list_id, *pairs):
    equal(token_command(disks, lun, 0x10, list_id, bytes(12) + ranges(*pairs)), GOOD,
          'POPULATE TOKEN')
    status, count, token = offload_status(disks, lun, list_id)
    equal((status, count, len(token)), (1, sum(blocks for _, blocks in pairs), 512), 'the token')
    return token


def offload_write(disks, lun, list_id, token, offset, *pairs):
    body = struct.pack('>B5xQ512s6x', 0, offset, token) + ranges(*pairs)
    return token_command(disks, lun, 0x11, list_id, body)


def test_windows_offloads_a_copy(daemon):
    """A file of two pieces goes to the other LUN in chunks, while hosts write elsewhere."""
    disks = Disks(daemon)
    page = disks.get(0, '12018f020000', 512)
    equal(page[4:8].hex(), '00000020', 'block device ROD token limits')
    chunk = 3000
    check(int.from_bytes(page[24:32], 'big') >= 16384, 'MAXIMUM TOKEN TRANSFER SIZE')
    data = b''.join(struct.pack('<I', n // 64 + 1) * 128 for n in range(8192))
    for at in range(0, 8192, 64):       # WRITE SAME(16)
        lba = at + (2048 if at < 4096 else 16384)
        equal(disks.send(0, struct.pack('>BBQIBB', 0x93, 0, lba, 64, 0, 0), 0,
                         data[at * 512:at * 512 + 512])[0], GOOD, f'WRITE SAME(16) at {lba}')
    token = offload_read(disks, 0, 1, (2048, 4096), (16384 + 4096, 4096))
    other = Initiator()
    other.ok('hold', daemon.portal, disks.name, HOST)
    stop = []

    def copies():
        try:
            for at in range(0, 8192, chunk):
                blocks = min(chunk, 8192 - at)
                equal(offload_write(disks, 1, 2, token, at, (40000 + at, blocks)), GOOD,
                      f'WRITE USING TOKEN at {at}')
                equal(offload_status(disks, 1, 2)[:2], (1, blocks), f'its status at {at}')
        finally:
            stop.append(True)

    def writes():
        n = 0
        while not stop:
            n += 1
            for lun in (0, 1):          # beside the file and beside its copy
                cdb = struct.pack('>BBQIBB', 0x8a, 0, 100000 + n % 100 * 4, 4, 0, 0).hex()
                other.ok('cdb', lun, cdb, 0, (bytes([n % 256]) * 2048).hex())
    vdstest.in_threads(copies, writes)
    for lba in range(0, 8192, 64):
        equal(disks.read(1, 40000 + lba, 64), data[lba * 512:(lba + 64) * 512],
              f'the copy at {lba}')
    # a host writes to the file: the token stands for what is gone
    disks.write(0, 16384 + 4096, b'x' * 512)
    equal(offload_write(disks, 1, 3, token, 0, (40000, 8)), '5/2308', 'TOKEN CANCELLED')
    equal(offload_write(disks, 1, 3, ZERO_TOKEN, 0, (40000, 8192)), GOOD, 'the zero token')
    equal(disks.read(1, 44000, 64), bytes(64 * 512), 'zeros')
    other.close()
    disks.close()


def test_windows_takes_a_removable_disk_out(daemon):
    disks = Disks(daemon, removable=True)
    check(disks.get(0, '120000002400', 36)[1] & 0x80, 'RMB')
    equal(disks.send(0, '1e0000000100')[0], GOOD, 'the volume is mounted: PREVENT')
    equal(disks.send(0, '1b0000000200')[0], '5/5302', 'somebody presses the button')
    equal(disks.send(0, '35000000000000000000')[0], GOOD, 'the volume is flushed')
    equal(disks.send(0, '1e0000000000')[0], GOOD, 'ALLOW')
    equal(disks.send(0, '1b0000000200')[0], GOOD, 'it is ejected')
    equal(disks.tur(0), '2/3a00', 'the disk is away')
    equal(disks.send(0, '25000000000000000000', 8)[0], '2/3a00', 'READ CAPACITY')
    equal(disks.send(0, '1b0000000300')[0], GOOD, 'it is loaded again')
    equal(disks.tur(0), GOOD, 'the disk is there')
    disks.close()


def test_a_disk_that_becomes_read_only_is_seen_so(daemon):
    """A host that writes meets DATA PROTECT, after it was told to look at the mode pages."""
    disks = Disks(daemon)
    disks.write(0, 0, b'Z' * 512)
    daemon.ctl('lun', 'read-only', 'one')
    equal(disks.tur(0), '6/2a01', 'MODE PARAMETERS CHANGED')
    check(disks.get(0, '1a003f00c000', 192)[2] & 0x80, 'WP')
    equal(disks.send(0, struct.pack('>BBQIBB', 0x8a, 0, 0, 1, 0, 0), 0, b'W' * 512)[0], '7/2700',
          'WRITE(16)')
    equal(disks.read(0, 0, 1), b'Z' * 512, 'READ(16)')
    daemon.ctl('lun', 'read-write', 'one')
    equal(disks.tur(0), '6/2a01', 'MODE PARAMETERS CHANGED')
    disks.write(0, 0, b'W' * 512)
    disks.close()


def with_daemon(test):
    def run():
        with Daemon() as daemon:
            test(daemon)
            daemon.stop()
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


vdstest.main([with_daemon(test) for test in (
    test_vaai_offers_are_found,
    test_vaai_ats,
    test_vaai_xcopy,
    test_a_copy_meets_the_deletion_of_its_destination,
    test_a_copy_meets_the_masking_of_its_source,
    test_a_copy_meets_the_end_of_vdsd,
    test_vaai_zeros_and_unmap,
    test_windows_brings_a_disk_up,
    test_windows_offloads_a_copy,
    test_windows_takes_a_removable_disk_out,
    test_a_disk_that_becomes_read_only_is_seen_so,
)])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""iPXE, from the ROM of a network card of QEMU, boots from a LUN.

The boot sector is ours: by the BIOS, which iPXE serves from the LUN, it reads the second sector,
writes what it has read to the third, prints it on the serial console and ends QEMU. (iPXE does not
boot from a disk that is smaller than a cylinder, 8 MiB.)
"""
import contextlib
import struct
import subprocess

import vdstest
from vdstest import Daemon, Initiator, check, equal

HOST, TARGET = 'iqn.2010-04.org.ipxe:guest', 'iqn.2026-11.org.example:boot'
LINE = b'booted from a LUN\r\n'
USER, SECRET = 'ipxe', 'a-secret-of-ipxe'
LOAD, BUFFER = 0x7c00, 0x7e00   # where the BIOS puts the boot sector, and what it reads
PORT, LEAVE = 0x3f8, 0xf4       # of the serial console, and of QEMU's isa-debug-exit
vdstest.requires('qemu-system-x86_64')


def packet(lba):
    """For INT 13h, 42h and 43h: one sector from this one on."""
    return struct.pack('<BBHHHQ', 16, 0, 1, BUFFER, 0, lba)


def word(value):
    return struct.pack('<H', value)


def boot_sector():
    """Machine code of the 8086, by hand; the packets stand at 0x100 and 0x110."""
    end = b'\xb0\x10\xe6' + bytes([LEAVE]) + b'\xfa\xf4\xeb\xfd'   # out LEAVE, 10h; cli; hlt
    poll = b'\xba' + word(PORT + 5) + b'\xec\xa8\x20\x74\xfb'      # until the port takes a byte
    put = b'\xba' + word(PORT) + b'\x88\xe0\xee'                    # out PORT, ah
    body = b'\x88\xc4' + poll + put                                 # mov ah, al
    loop = b'\xac\x84\xc0\x74' + bytes([len(body) + 2]) + body      # lodsb; until it is 0
    loop += b'\xeb' + bytes([256 - len(loop) - 2])
    show = b'\xbe' + word(BUFFER) + loop
    write = b'\xb8\x00\x43\xbe' + word(LOAD + 0x110) + b'\xcd\x13\x72' + bytes([len(show)]) + show
    read = b'\xb4\x42\xbe' + word(LOAD + 0x100) + b'\xcd\x13\x72' + bytes([len(write)]) + write
    start = b'\x31\xc0\x8e\xd8\x8e\xc0\x8e\xd0\xbc' + word(LOAD) + b'\xfc'     # segments, stack
    code = (start + read + end).ljust(0x100, b'\0') + packet(1) + packet(2)
    return code.ljust(510, b'\0') + b'\x55\xaa'


def boot(daemon, *settings):
    """What the console says, when QEMU has ended by the boot sector."""
    port = daemon.portal.rsplit(':', 1)[1]
    files = daemon.top / 'tftp'
    files.mkdir()
    (files / 'boot.ipxe').write_text('\n'.join((
        '#!ipxe', f'set initiator-iqn {HOST}', *settings,
        f'sanboot iscsi:10.0.2.2::{port}:0:{TARGET} || reboot')) + '\n')
    done = subprocess.run(['qemu-system-x86_64', '-accel', 'tcg', '-machine', 'graphics=off', '-m',
                           '64', '-nodefaults', '-display', 'none', '-no-reboot', '-serial',
                           'stdio', '-device', f'isa-debug-exit,iobase={LEAVE:#x},iosize=1',
                           '-netdev',
                           f'user,id=n,tftp={files},bootfile=boot.ipxe', '-device',
                           'virtio-net-pci,netdev=n,bootindex=0'], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=vdstest.DEADLINE_S)
    equal(done.returncode, 0x21, f'{done.stdout[-2000:]}{done.stderr.decode()}')
    return done.stdout


@contextlib.contextmanager
def disk():
    """A daemon whose LUN has the boot sector and the line."""
    with Daemon() as daemon:
        daemon.ctl('target', 'create', 'boot', '--iscsi-name', TARGET)
        daemon.ctl('lun', 'create', 'disk', '--size', '64M', '--unmask', '*')
        daemon.ctl('lun', 'associate', 'disk', 'boot')
        write(daemon, 0, boot_sector())
        write(daemon, 1, LINE.ljust(512, b'\0'))
        yield daemon
        daemon.stop()


def send(daemon, cdb, in_bytes=0, out=b''):
    host = Initiator()
    host.ok('hold', daemon.portal, TARGET, HOST)
    while host.ok('cdb', 0, '000000000000', 0, '-')[0] != 'good':       # unit attentions
        pass
    answer = host.ok('cdb', 0, cdb.hex(), in_bytes, out.hex() or '-')
    equal(answer[0], 'good', cdb.hex())
    host.close()
    return bytes.fromhex(answer[1]) if in_bytes else b''


def write(daemon, lba, data):
    send(daemon, struct.pack('>BBIBHB', 0x2a, 0, lba, 0, 1, 0), out=data)


def third_sector(daemon):
    return send(daemon, struct.pack('>BBIBHB', 0x28, 0, 2, 0, 1, 0), 512)


def test_ipxe_boots_from_a_lun():
    with disk() as daemon:
        console = boot(daemon)
        check(LINE in console, f'the console: {console}')
        equal(third_sector(daemon), LINE.ljust(512, b'\0'), 'what the boot sector wrote')


def test_ipxe_proves_itself_by_chap():
    with disk() as daemon:
        secret = daemon.top / 'secret'
        secret.touch(mode=0o600)
        secret.write_text(SECRET)
        daemon.ctl('target', 'secret', 'boot', '--user', USER, '--file', secret)
        console = boot(daemon, f'set username {USER}', f'set password {SECRET}')
        check(LINE in console, f'the console: {console}')


if __name__ == '__main__':
    vdstest.main([test_ipxe_boots_from_a_lun, test_ipxe_proves_itself_by_chap])

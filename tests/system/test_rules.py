#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What FreeBSD's initiator requires of a target, and what the RFC says beyond it, of each PDU that
vdsd sends: for every kind of command, over combinations of what a login may agree on.

FreeBSD (sys/dev/iscsi/iscsi.c, usr.sbin/iscsid/login.c) reconnects when a StatSN is neither that of
the last response nor the next one, when Data-In does not continue the data or is more than the
buffer, when an R2T is for a read, for nothing or for what is beyond the buffer, and when a tag is
unknown. It answers an R2T with the LUN that stands in the R2T, calls a residual wrong that is not
what it counted itself, and sense data wrong whose length is not that of the segment. It does not
look at ExpDataSN, DataSN, R2TSN and F; what they must be says RFC 7143, §11.4.8, §11.7 and §11.8.
"""
import itertools
import socket
import struct

import vdstest
from vdstest import Daemon, check, equal

INITIATOR, TARGET = 'iqn.1994-09.org.freebsd:host', 'iqn.2026-11.org.example:rules'
NONE = 0xffffffff
NOP_OUT, COMMAND, TMF, LOGIN, DATA_OUT, LOGOUT, SNACK = 0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x10
NOP_IN, RESPONSE, TMF_RESPONSE, LOGIN_RESPONSE, DATA_IN, LOGOUT_RESPONSE, R2T = (
    0x20, 0x21, 0x22, 0x23, 0x25, 0x26, 0x31)
FINAL, ACK, OVERFLOW, UNDERFLOW, STATUS = 0x80, 0x40, 0x04, 0x02, 0x01
MIB = 1 << 20
# What iscsid asks for by itself; tests ask for other things.
FREEBSD = {'HeaderDigest': 'None', 'DataDigest': 'None', 'ImmediateData': 'Yes',
           'MaxBurstLength': 131072, 'FirstBurstLength': 131072, 'InitialR2T': 'Yes',
           'MaxRecvDataSegmentLength': 131072, 'DefaultTime2Wait': 0, 'DefaultTime2Retain': 0,
           'ErrorRecoveryLevel': 0, 'MaxOutstandingR2T': 1}


def field(header, at):
    return int.from_bytes(header[at:at + 4], 'big')


class Command:
    """What was asked for, and what has come of it so far."""

    def __init__(self, lun, cdb, read, out):
        self.lun, self.cdb, self.read, self.out = lun, cdb, read, out
        self.data, self.data_ins, self.burst, self.last_final = b'', 0, 0, True
        self.sent, self.r2ts, self.status, self.sense = 0, 0, None, b''
        self.residual = (0, 0)


class Session:
    """Logs in as iscsid does, and checks each PDU that comes."""

    def __init__(self, portal, **wanted):
        host, port = portal.rsplit(':', 1)
        self.sock = socket.create_connection((host, int(port)))
        self.sock.settimeout(vdstest.DEADLINE_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.cmd_sn, self.stat_sn, self.itt, self.commands = 0, 0, 0, {}
        self.exp_cmd_sn, self.max_cmd_sn = 0, NONE
        self.wanted = {**FREEBSD, **wanted}
        self.agreed = dict(self.wanted)
        self.log_in()

    # --- login ---

    def log_in(self):
        first = self.log_in_step(0x81, {'AuthMethod': 'None', 'InitiatorName': INITIATOR,
                                        'SessionType': 'Normal', 'TargetName': TARGET})
        equal(first[0] & 0x83, 0x81, 'T and the next stage of the first answer')
        flags, pairs = self.log_in_step(0x87, self.wanted)
        equal(flags & 0x83, 0x83, 'T and the next stage of the last answer')
        for key, value in pairs.items():
            self.agreed[key] = type(self.wanted.get(key, ''))(value)
        equal(self.agreed['ErrorRecoveryLevel'], self.wanted['ErrorRecoveryLevel'], 'the level')
        for key in ('MaxBurstLength', 'FirstBurstLength', 'MaxOutstandingR2T'):
            check(0 < self.agreed[key] <= self.wanted[key], f'{key}={self.agreed[key]}')
        # its own length is not an answer to ours
        self.segment = self.wanted['MaxRecvDataSegmentLength']
        self.send_segment = int(pairs.get('MaxRecvDataSegmentLength', 8192))

    def log_in_step(self, flags, pairs):
        text = ''.join(f'{key}={value}\0' for key, value in pairs.items()).encode()
        header = struct.pack('>BB2xI6sHIHHII16x', LOGIN | 0x40, flags, len(text),
                             b'\x80\1\2\3\0\7', 0, 0, 0, 0, self.cmd_sn, (self.stat_sn + 1) & NONE)
        self.sock.sendall(header + text + b'\0' * (-len(text) % 4))
        answer, data = self.receive()
        equal(answer[0] & 0x3f, LOGIN_RESPONSE, 'the opcode')
        equal(answer[36:38], b'\0\0', 'the status of the login')
        self.stat_sn = field(answer, 24)
        return answer[1], dict(pair.split('=', 1) for pair in data.decode().split('\0') if pair)

    # --- PDUs ---

    def take(self, count):
        got = b''
        while len(got) < count:
            more = self.sock.recv(count - len(got))
            check(more, 'the target has closed the connection')
            got += more
        return got

    def receive(self):
        header = self.take(48)
        length = int.from_bytes(header[5:8], 'big')
        return header, self.take(length + -length % 4)[:length]

    def pdu(self, opcode, flags, itt, data=b'', lun=0, at20=NONE, tail=b''):
        return struct.pack('>BB2xIBB6xIIII', opcode, flags, len(data), 0, lun, itt, at20,
                           self.cmd_sn, (self.stat_sn + 1) & NONE) + tail.ljust(
                               16, b'\0') + data + b'\0' * (-len(data) % 4)

    # --- requests ---

    def start(self, cdb, read=0, out=b'', lun=0, expected=None):
        """A command with what may come with it; expected: the length that is announced."""
        self.itt += 1
        command = self.commands[self.itt] = Command(lun, cdb, read, out)
        command.expected = expected if expected is not None else read or len(out)
        unsolicited = out and self.agreed['InitialR2T'] == 'No'
        first = min(self.agreed['FirstBurstLength'], len(out))
        if self.agreed['ImmediateData'] == 'Yes':
            command.sent = min(first, self.send_segment)
        more = unsolicited and command.sent < first
        flags = (0 if more else FINAL) | (0x40 if read else 0) | (0x20 if out else 0) | 1
        self.sock.sendall(self.pdu(COMMAND, flags, self.itt, out[:command.sent], lun,
                                   command.expected, cdb))
        self.cmd_sn = (self.cmd_sn + 1) & NONE
        if more:
            self.data_out(command, self.itt, NONE, command.sent, first - command.sent)
            command.sent = first
        return command

    def data_out(self, command, itt, ttt, offset, length, lun=None):
        end, number = offset + length, 0
        while offset < end:
            size = min(end - offset, self.send_segment)
            lun_field = bytes([0, command.lun]) + bytes(6) if lun is None else lun
            header = bytearray(self.pdu(DATA_OUT, FINAL if offset + size == end else 0, itt,
                                        command.out[offset:offset + size], 0, ttt,
                                        struct.pack('>4xII', number, offset)))
            header[8:16] = lun_field
            self.sock.sendall(header)
            offset, number = offset + size, number + 1

    # --- the rules ---

    def number(self, header):
        """StatSN where there is a status, or none that would be the next, and the window."""
        opcode = header[0] & 0x3f
        has_status = (opcode != R2T and (opcode != DATA_IN or header[1] & STATUS)
                      and not (opcode == NOP_IN and field(header, 16) == NONE))
        if has_status:
            equal(field(header, 24), (self.stat_sn + 1) & NONE, 'StatSN of a response')
            self.stat_sn = field(header, 24)
        elif opcode != DATA_IN:
            equal(field(header, 24), (self.stat_sn + 1) & NONE, 'StatSN of an R2T or a ping')
        exp, most = struct.unpack('>II', header[28:36])
        check((most + 1 - exp) & NONE < 1 << 31, f'MaxCmdSN {most} + 1 < ExpCmdSN {exp}')
        check((exp - self.exp_cmd_sn) & NONE < 1 << 31, 'ExpCmdSN goes back')
        check(self.max_cmd_sn == NONE or (most - self.max_cmd_sn) & NONE < 1 << 31,
              'MaxCmdSN goes back')
        self.exp_cmd_sn, self.max_cmd_sn = exp, most

    def step(self):
        header, data = self.receive()
        opcode = header[0] & 0x3f
        equal(header[0] & 0xc0, 0, 'the reserved bits of the opcode')
        check(len(data) <= self.segment, f'{len(data)} bytes in a PDU')
        self.number(header)
        if opcode == NOP_IN:
            self.sock.sendall(self.pdu(NOP_OUT | 0x40, FINAL, NONE, at20=field(header, 20)))
            return
        command = self.commands.get(field(header, 16))
        check(command is not None, f'an unknown tag: {header.hex()}')
        check(command.status is None, 'a PDU after the status')
        {DATA_IN: self.on_data_in, RESPONSE: self.on_response, R2T: self.on_r2t}[opcode](
            command, header, data)

    def on_data_in(self, command, header, data):
        flags, burst_max = header[1], self.agreed['MaxBurstLength']
        check(command.read, 'Data-In for a command that reads nothing')
        check(data, 'Data-In without data')
        equal(field(header, 36), command.data_ins, 'DataSN')
        equal(field(header, 40), len(command.data), 'the offset of Data-In')
        command.data += data
        command.data_ins += 1
        command.burst += len(data)
        check(len(command.data) <= command.expected, 'more data than the buffer holds')
        check(command.burst <= burst_max, 'a sequence longer than MaxBurstLength')
        if command.burst == burst_max:
            check(flags & FINAL, 'a sequence of MaxBurstLength without F at its end')
        command.last_final = bool(flags & FINAL)
        command.burst = 0 if command.last_final else command.burst
        if self.agreed['ErrorRecoveryLevel'] == 0:
            equal(flags & ACK, 0, 'the A bit at level 0')
        elif flags & ACK:
            check(flags & FINAL, 'A within a sequence')
            ack = bytearray(self.pdu(SNACK, FINAL | 2, NONE, at20=field(header, 20),
                                      tail=struct.pack('>8xII', command.data_ins, 0)))
            ack[8:16] = header[8:16]
            self.sock.sendall(ack)
        if flags & STATUS:
            check(flags & FINAL, 'S without F')
            self.ends(command, flags, header, header[3])
        else:
            equal(flags & (OVERFLOW | UNDERFLOW), 0, 'a residual without S')

    def on_r2t(self, command, header, data):
        equal(data, b'', 'the data of an R2T')
        check(command.out, 'an R2T for a command that writes nothing')
        ttt, number, offset, length = struct.unpack('>I12xIII', header[20:24] + header[24:48])
        check(ttt != NONE, 'an R2T without a tag')
        equal(number, command.r2ts, 'R2TSN')
        equal(header[8:16], bytes([0, command.lun]) + bytes(6), 'the LUN of an R2T')
        equal(offset, command.sent, 'the place of an R2T')
        check(0 < length <= self.agreed['MaxBurstLength'], f'an R2T for {length} bytes')
        check(offset + length <= command.expected, 'an R2T for what is beyond the buffer')
        command.r2ts += 1
        command.sent += length
        self.data_out(command, field(header, 16), ttt, offset, length, header[8:16])

    def on_response(self, command, header, data):
        check(header[1] & FINAL, 'F of a response')
        equal(header[2], 0, 'the response code')
        equal(field(header, 36), command.data_ins, 'ExpDataSN')
        if data:
            equal(int.from_bytes(data[:2], 'big') + 2, len(data), 'the length of the sense data')
        command.sense = data[2:]
        self.ends(command, header[1], header, header[3])

    def ends(self, command, flags, header, status):
        check(command.last_final, 'the last Data-In had no F')
        check(flags & (OVERFLOW | UNDERFLOW) != OVERFLOW | UNDERFLOW, 'both kinds of a residual')
        residual = field(header, 44)
        if not flags & (OVERFLOW | UNDERFLOW):
            equal(residual, 0, 'a residual without a kind')
        command.status = status
        command.residual = (flags & (OVERFLOW | UNDERFLOW), residual)
        if command.read and len(command.data) < command.expected:
            equal(command.residual, (UNDERFLOW, command.expected - len(command.data)),
                  'the residual of a read')
        del self.commands[next(itt for itt, c in self.commands.items() if c is command)]

    def run(self, *words, **options):
        command = self.start(*words, **options)
        while command.status is None:
            self.step()
        return command

    def good(self, *words, **options):
        command = self.run(*words, **options)
        equal((command.status, command.sense.hex()), (0, ''), f'{command.cdb.hex()}')
        return command

    def close(self):
        self.sock.sendall(self.pdu(LOGOUT | 0x40, FINAL, 0x7fff))
        header, _ = self.receive()
        equal((header[0] & 0x3f, header[2]), (LOGOUT_RESPONSE, 0), 'the answer to a logout')
        self.sock.close()


def rw(opcode, lba, count):
    return struct.pack('>BBIBHB', opcode, 0, lba, 0, count, 0)


def ready(session):
    """Unit attentions are told once for each LUN."""
    for lun in (0, 1):
        while session.run(bytes(6), lun=lun).status:
            pass


def every_kind(session, lun, counts):
    for count in counts:
        blocks = struct.pack('>I', count * (lun + 1)) * (count * 128)
        written = session.good(rw(0x2a, 16, count), out=blocks, lun=lun)
        equal((written.sent, written.residual), (len(blocks), (0, 0)), 'a write')
        read = session.good(rw(0x28, 16, count), count * 512, lun=lun)
        check(read.data == blocks, 'the data is not what was written')
        # the buffer is smaller than the data, and larger
        short = session.run(rw(0x28, 16, count), count * 512, lun=lun, expected=count * 512 - 100)
        equal((short.status, short.residual), (0, (OVERFLOW, 100)), 'a read that is too long')
        check(short.data == blocks[:-100], 'the data of a read that is too long')
        long = session.run(rw(0x28, 16, count), count * 512, lun=lun, expected=count * 512 + 500)
        equal((long.status, long.residual), (0, (UNDERFLOW, 500)), 'a read that is too short')
        more = session.run(rw(0x2a, 16, count), out=blocks + bytes(512), lun=lun)
        equal((more.status, more.residual), (0, (UNDERFLOW, 512)), 'a write that is too short')
    session.good(bytes(6), lun=lun)                                             # TEST UNIT READY
    check(len(session.good(bytes([0x12, 0, 0, 2, 0, 0]), 512, lun=lun).data) < 512, 'INQUIRY')
    check(session.good(bytes([0x1a, 0, 0x3f, 0, 255, 0]), 255, lun=lun).data, 'MODE SENSE')
    equal(len(session.good(bytes([0x25] + [0] * 9), 8, lun=lun).data), 8, 'READ CAPACITY')
    session.good(bytes([0x35] + [0] * 9), lun=lun)                              # SYNCHRONIZE CACHE
    session.good(struct.pack('>BBIBHB', 0x2f, 2, 16, 0, count, 0), out=blocks, lun=lun)   # VERIFY
    session.good(struct.pack('>BBQIBB', 0x93, 0, 0, 64, 0, 0), out=blocks[:512], lun=lun)
    for cdb, read, out in ((rw(0x28, 1 << 30, 8), 4096, b''),
                           (rw(0x2a, 1 << 30, 8), 0, bytes(4096)),
                           (bytes([0xc0] + [0] * 9), 0, b''), (bytes([0xc0] + [0] * 9), 600, b'')):
        failed = session.run(cdb, read, out, lun=lun)
        equal((failed.status, failed.sense[2] & 15), (2, 5), f'{cdb.hex()}: ILLEGAL REQUEST')
        equal(failed.data, b'', 'the data of a command that fails')


def many_at_once(session):
    for number in range(24):
        blocks = bytes([number + 1]) * (512 * (number + 1))
        session.start(rw(0x2a, 1024 + 64 * number, number + 1), out=blocks, lun=number % 2)
    while session.commands:
        session.step()
    reads = [session.start(rw(0x28, 1024 + 64 * number, number + 1), 512 * (number + 1),
                           lun=number % 2) for number in range(24)]
    while session.commands:
        session.step()
    for number, read in enumerate(reads):
        check(read.data == bytes([number + 1]) * (512 * (number + 1)), f'read {number}')


def serve(daemon):
    daemon.ctl('target', 'create', 'rules', '--iscsi-name', TARGET)
    for name in ('one', 'two'):
        daemon.ctl('lun', 'create', name, '--size', '4M', '--unmask', '*')
        daemon.ctl('lun', 'associate', name, 'rules')


def obeys(daemon, luns, counts, **wanted):
    session = Session(daemon.portal, **wanted)
    try:
        ready(session)
        for lun in luns:
            every_kind(session, lun, counts)
        many_at_once(session)
        session.close()
    except Exception:
        print(f'# with {wanted}')
        raise


def test_as_iscsid_logs_in():
    with Daemon() as daemon:
        serve(daemon)
        obeys(daemon, (0, 1), (1, 3, 33, 256, 1000))
        daemon.stop()


def at_level(level):
    with Daemon() as daemon:
        serve(daemon)
        for number, (segment, burst, initial, immediate) in enumerate(itertools.product(
                (512, 10000, 262144), (512, 5000, 65536), ('Yes', 'No'), ('Yes', 'No'))):
            obeys(daemon, (number % 2,), (1, 3, 33, 128), MaxRecvDataSegmentLength=segment,
                  MaxBurstLength=burst, FirstBurstLength=min(burst, 2048), InitialR2T=initial,
                  ImmediateData=immediate, ErrorRecoveryLevel=level)
        daemon.stop()


def test_every_combination_at_level_0():
    at_level(0)


def test_every_combination_at_level_1():
    at_level(1)


if __name__ == '__main__':
    vdstest.main([test_as_iscsid_logs_in, test_every_combination_at_level_0,
                  test_every_combination_at_level_1])

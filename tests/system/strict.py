# SPDX-License-Identifier: LGPL-2.1-or-later
"""An initiator that sends any PDU, right or wrong, and says what came back: for test_strict.py."""
import itertools
import socket
import struct

NONE = 0xffffffff
NOP_OUT, COMMAND, TMF, LOGIN, TEXT, DATA_OUT, LOGOUT, SNACK = 0, 1, 2, 3, 4, 5, 6, 0x10
IMMEDIATE, FINAL, CONTINUE = 0x40, 0x80, 0x40
READ, WRITE = 0x40, 0x20
DEADLINE_S = 60
NUMBERS = itertools.count(1)     # an ISID for each session
PROBE = 0xabcd0000      # the tags of probes begin here
DEFAULTS = ('SessionType=Normal', 'InitialR2T=No', 'ImmediateData=Yes', 'FirstBurstLength=4096',
            'MaxBurstLength=8192', 'MaxOutstandingR2T=1', 'MaxConnections=4',
            'MaxRecvDataSegmentLength=16384', 'DefaultTime2Retain=0')

# Where a field is: its first byte and its length.
FIELDS = {'opcode': (0, 1), 'flags': (1, 1), 'byte2': (2, 1), 'byte3': (3, 1), 'ahs': (4, 1),
          'dsl': (5, 3), 'lun': (8, 8), 'isid': (8, 6), 'tsih': (14, 2), 'itt': (16, 4),
          'ttt': (20, 4), 'edtl': (20, 4), 'cid': (20, 2), 'ref_tag': (20, 4), 'cmd_sn': (24, 4),
          'exp_stat_sn': (28, 4), 'ref_cmd_sn': (32, 4), 'exp_data_sn': (36, 4),
          'data_sn': (36, 4), 'offset': (40, 4), 'beg_run': (40, 4), 'run_length': (44, 4),
          'snack_tag': (20, 4), 'cdb': (32, 16)}


def text(*pairs):
    return b''.join((p if isinstance(p, bytes) else p.encode()) + b'\0' for p in pairs)


def pdu(opcode, flags=FINAL, data=b'', ahs=b'', **fields):
    """A PDU with these fields; lengths are those of data and ahs unless they are named."""
    head = bytearray(48)
    head[0], head[1] = opcode, flags
    head[4], head[5:8] = len(ahs) // 4, len(data).to_bytes(3, 'big')
    for name, value in fields.items():
        name = {'ahs_length': 'ahs'}.get(name, name)
        at, size = FIELDS[name]
        head[at:at + size] = value if isinstance(value, bytes) else value.to_bytes(size, 'big')
    return bytes(head) + ahs + data + b'\0' * (-len(data) % 4)


def cdb_of(opcode, lba, blocks, flags=0):
    return struct.pack('>BBIBHB', opcode, flags, lba, 0, blocks, 0).ljust(16, b'\0')


class Peer:
    """One connection."""

    def __init__(self, portal):
        host, port = portal.rsplit(':', 1)
        self.sock = socket.create_connection((host, int(port)))
        self.sock.settimeout(DEADLINE_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got, self.closed = b'', False
        self.cmd_sn, self.stat_sn, self.itt, self.probes, self.tsih = 1, 0, 0x100, 0, 0
        self.isid = b'\x80' + next(NUMBERS).to_bytes(5, 'big')
        self.digest = 0         # bytes behind each data segment
        self.ttt = NONE         # of an open exchange

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.sock.close()

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            self.closed = True

    def take(self):
        """The next PDU, as header and data; None when the target has closed the connection."""
        while True:
            if len(self.got) >= 48:
                length = int.from_bytes(self.got[5:8], 'big')
                end = 48 + self.got[4] * 4 + length + -length % 4 + (self.digest if length else 0)
                if len(self.got) >= end:
                    head, data = self.got[:48], self.got[48:48 + length]
                    self.got = self.got[end:]
                    return head, data
            try:
                more = self.sock.recv(1 << 16)
            except ConnectionError:
                more = b''
            if not more:
                self.closed = True
                return None
            self.got += more

    def new_itt(self):
        self.itt += 1
        return self.itt

    def numbered(self):
        self.cmd_sn += 1
        return self.cmd_sn - 1

    # --- login ---

    def login_pdu(self, *pairs, flags=0x87, data=None, **fields):
        fields = {'isid': self.isid, 'tsih': self.tsih, 'itt': 1, 'cid': 0,
                  'cmd_sn': self.cmd_sn, **fields}
        return pdu(fields.pop('opcode', LOGIN | IMMEDIATE), flags,
                   text(*pairs) if data is None else data, **fields)

    def log_in(self, initiator, target, *pairs, **fields):
        """A normal session, or with target None a discovery session; the status of the login."""
        names = {pair.split('=')[0] for pair in pairs}
        wanted = [pair for pair in DEFAULTS if pair.split('=')[0] not in names] if target else \
            ['SessionType=Discovery']
        if self.tsih:
            wanted = []
        said = [f'InitiatorName={initiator}', *([f'TargetName={target}'] if target else []),
                *wanted, *pairs]
        self.send(self.login_pdu(*said, **fields))
        answer = self.take()
        if answer is None:
            return None
        self.stat_sn = (int.from_bytes(answer[0][24:28], 'big') + 1) & NONE
        self.tsih = int.from_bytes(answer[0][14:16], 'big')
        return int.from_bytes(answer[0][36:38], 'big')

    # --- what was said ---

    def outcome(self):
        """What came until the answer to a ping, or the end: words, the last one `closed` if so."""
        self.probes += 1
        probe = PROBE + self.probes
        self.send(pdu(NOP_OUT | IMMEDIATE, itt=probe, ttt=NONE, cmd_sn=self.cmd_sn,
                      exp_stat_sn=self.stat_sn))
        return self.until(probe)

    def until(self, probe):
        words = []
        while (answer := self.take()) is not None:
            head, data = answer
            if head[0] & 0x3f == 0x20 and head[16:20] == probe.to_bytes(4, 'big'):
                return words
            if (word := word_of(head, data)) != 'data':     # its status follows
                words.append(word)
        return [*words, 'closed']

    def to_the_end(self):
        """What came until the target closed the connection."""
        return self.until(NONE)


def sense_of(data):
    if len(data) < 16:
        return ''
    return f' {data[4] & 15:x}/{data[14]:02x}{data[15]:02x}'


def word_of(head, data):
    """A PDU of the target in a word or two."""
    opcode = head[0] & 0x3f
    if opcode == 0x21:
        if head[2] != 0:
            return f'target failure {head[2]}'
        return 'good' if head[3] == 0 else f'status {head[3]:x}{sense_of(data)}'
    if opcode == 0x25 and head[1] & 1:      # data with the status
        return 'good' if head[3] == 0 else f'status {head[3]:x}'
    if opcode == 0x23:
        return f'login {int.from_bytes(head[36:38], "big"):04x}'
    if opcode == 0x24:
        return 'text ' + data.rstrip(b'\0').replace(b'\0', b' ').decode(errors='replace') \
            if data else 'text'
    names = {0x20: 'nop', 0x22: f'tmf {head[2]}', 0x25: 'data', 0x26: f'logout {head[2]}',
             0x31: 'r2t', 0x32: f'async {head[36]}', 0x3f: f'reject {head[2]:x}'}
    return names.get(opcode, f'opcode {opcode:x}')

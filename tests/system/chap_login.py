# SPDX-License-Identifier: LGPL-2.1-or-later
"""A login by CHAP by hand: programs of others are too slow for hundreds a second."""
import hashlib
import socket
import struct


def pdu(flags, text, itt):
    data = b''.join(pair.encode() + b'\0' for pair in text)
    head = struct.pack('>BBBBB3s6sHIHHII16x', 0x43, flags, 0, 0, 0, len(data).to_bytes(3, 'big'),
                       b'\x80\1\2\3\0\4', 0, itt, 0, 0, 1, 0)
    return head + data + b'\0' * (-len(data) % 4)


def receive(connection, count):
    got = b''
    while len(got) < count:
        more = connection.recv(count - len(got))
        if not more:
            return None
        got += more
    return got


def ask(connection, flags, text, itt):
    """The status and the pairs of the answer; None when the connection is closed."""
    connection.sendall(pdu(flags, text, itt))
    head = receive(connection, 48)
    if head is None:
        return None
    count = int.from_bytes(head[5:8], 'big')
    data = receive(connection, count + -count % 4)[:count]
    pairs = dict(pair.split('=', 1) for pair in data.decode().split('\0') if pair)
    return int.from_bytes(head[36:38], 'big'), pairs


class Steps:
    """A login as alice by CHAP with SHA-256, one request at a time."""

    def __init__(self, portal, target, secret, initiator='iqn.2026-11.test:host'):
        address, port = portal.rsplit(':', 1)
        self.connection = socket.create_connection((address, int(port)), timeout=60)
        self.target, self.secret, self.initiator = target, secret, initiator
        self.keys = {}
        self.steps = iter((self.begin, self.choose, self.prove, self.end))

    def begin(self):
        return 0, [f'InitiatorName={self.initiator}', f'TargetName={self.target}',
                   'AuthMethod=CHAP']

    def choose(self):
        return 0, ['CHAP_A=7']

    def prove(self):
        answer = hashlib.sha256(bytes([int(self.keys['CHAP_I'])]) + self.secret.encode() +
                                bytes.fromhex(self.keys['CHAP_C'][2:])).hexdigest()
        return 0x81, ['CHAP_N=alice', f'CHAP_R=0x{answer}']

    def end(self):
        return 0x87, []

    def step(self):
        """The status of the answer to the next request; None when the connection is closed."""
        flags, text = next(self.steps)()
        try:
            answer = ask(self.connection, flags, text, 1)
        except ConnectionError:
            return None
        if answer is None:
            return None
        self.keys.update(answer[1])
        return answer[0]

    def is_closed(self):
        self.connection.setblocking(False)
        try:
            return self.connection.recv(1) == b''
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        finally:
            self.connection.setblocking(True)


def login(portal, target, secret, initiator='iqn.2026-11.test:host', wait=True):
    """The status of a login as alice by CHAP with SHA-256; None when the connection was closed, or
    without waiting for the answer.
    """
    one = Steps(portal, target, secret, initiator)
    with one.connection:
        for _ in range(2):
            status = one.step()
            if status != 0:
                return status
        text = one.prove()[1]
        if not wait:
            one.connection.sendall(pdu(0x83, text, 3))
            return None
        third = ask(one.connection, 0x83, text, 3)
        return third and third[0]

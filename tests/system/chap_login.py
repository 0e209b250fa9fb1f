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


def login(portal, target, secret, initiator='iqn.2026-11.test:host', wait=True):
    """The status of a login as alice by CHAP with SHA-256; None when the connection was closed, or
    without waiting for the answer.
    """
    address, port = portal.rsplit(':', 1)
    with socket.create_connection((address, int(port)), timeout=60) as connection:
        first = ask(connection, 0, [f'InitiatorName={initiator}', f'TargetName={target}',
                                    'AuthMethod=CHAP'], 1)
        second = first and ask(connection, 0, ['CHAP_A=7'], 2)
        if not second:
            return None
        keys = second[1]
        answer = hashlib.sha256(bytes([int(keys['CHAP_I'])]) + secret.encode() +
                                bytes.fromhex(keys['CHAP_C'][2:])).hexdigest()
        proof = 0x83, ['CHAP_N=alice', f'CHAP_R=0x{answer}'], 3
        if not wait:
            connection.sendall(pdu(*proof))
            return None
        third = ask(connection, *proof)
        return third and third[0]

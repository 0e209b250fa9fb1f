#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A crowd of peers that only disturb: for test_strangers.py and bench/strangers.

    crowd.py PORTAL [from=COUNT] KIND=COUNT…

`from` is the number of addresses, 127.0.1.1 and those that follow, from which the peers come;
without it all peers have the address that the system chooses.  The kinds: `half` connects and sends
nothing; every second one sends half a header. `discovery` has a discovery session in which it only
answers NOPs. `storm` has a discovery session in which it asks SendTargets=All again and again.
`stuck=COUNT:TARGET` logs in to TARGET, asks for 8 MiB and reads nothing.

A peer whose connection is closed connects again.  The program prints `ready` when every peer has
reached its state once. When standard input is closed it prints one line of JSON, `{"answers": …,
"closed": …}`, and ends.
"""
import json
import os
import selectors
import socket
import struct
import sys
import time

LOGIN, TEXT, COMMAND, NOP_OUT = 0x43, 0x04, 0x01, 0x40
LOGIN_RESPONSE, TEXT_RESPONSE, NOP_IN = 0x23, 0x24, 0x20
NONE = 0xffffffff
BACK_AFTER_S = 1.0
IP_BIND_ADDRESS_NO_PORT = 24


def pdu(opcode, flags, text=b'', itt=1, lun=0, at20=0, cmd_sn=1, tail=b''):
    header = struct.pack('>BB2xI8sII', opcode, flags, len(text), struct.pack('>BB6x', 0, lun), itt,
                         at20)
    header += struct.pack('>II', cmd_sn, 0) + tail
    return header.ljust(48, b'\0') + text + b'\0' * (-len(text) % 4)


class Peer:
    """One connection, without blocking; the subclasses say what it does."""

    def __init__(self, crowd, number):
        self.crowd, self.number, self.sock, self.got, self.there = crowd, number, None, b'', False
        self.cmd_sn = 1

    def connect(self):
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.prepare()
        self.got, self.cmd_sn = b'', 1
        if self.crowd.addresses:
            self.sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            place = self.number % self.crowd.addresses
            self.sock.bind((f'127.0.{1 + place // 250}.{1 + place % 250}', 0))
        self.sock.connect_ex(self.crowd.portal)
        self.crowd.selector.register(self.sock, selectors.EVENT_WRITE, self)

    def prepare(self):
        pass

    def arrived(self):
        if not self.there:
            self.there = True
            self.crowd.missing -= 1

    def login(self, target=None):
        pairs = [f'InitiatorName=iqn.2026-11.test:stranger{self.number}', 'InitialR2T=Yes',
                 'ImmediateData=No',
                 f'SessionType={"Normal" if target else "Discovery"}',
                 'MaxRecvDataSegmentLength=262144']
        if target:
            pairs.insert(1, f'TargetName={target}')
        text = ''.join(p + '\0' for p in pairs).encode()
        request = bytearray(pdu(LOGIN, 0x87, text))
        request[8:14] = struct.pack('>BBI', 0x80, 0, self.number)
        self.send(bytes(request))

    def send(self, data):
        try:
            self.sock.send(data)
        except BlockingIOError:
            pass
        except OSError:
            self.lost()

    def ready(self, mask):
        try:
            if mask & selectors.EVENT_WRITE:
                self.crowd.selector.modify(self.sock, selectors.EVENT_READ, self)
                error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    raise OSError(error, os.strerror(error))
                self.connected()
                return
            data = self.sock.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b''
        if not data:
            self.lost()
            return
        self.got += data
        while self.sock is not None and len(self.got) >= 48:
            length = int.from_bytes(self.got[5:8], 'big')
            whole = 48 + length + -length % 4
            if len(self.got) < whole:
                break
            header, self.got = self.got[:48], self.got[whole:]
            self.answer(header[0] & 0x3f, header)

    def lost(self):
        self.crowd.closed += 1
        self.crowd.selector.unregister(self.sock)
        self.sock.close()
        self.sock = None
        self.crowd.back.append((time.monotonic() + BACK_AFTER_S, self))

    def connected(self):
        pass

    def answer(self, opcode, header):
        pass


class Half(Peer):
    def connected(self):
        if self.number % 2:
            self.send(bytes(20))
        self.arrived()


class Discovery(Peer):
    def connected(self):
        self.login()

    def answer(self, opcode, header):
        if opcode == LOGIN_RESPONSE and header[36] == 0:
            self.arrived()
        elif opcode == NOP_IN:
            reply = bytearray(pdu(NOP_OUT, 0x80, itt=NONE, cmd_sn=self.cmd_sn))
            reply[20:24] = header[20:24]
            self.send(bytes(reply))


class Storm(Discovery):
    def ask(self, itt, ttt, text):
        self.send(pdu(TEXT, 0x80, text, itt=itt, at20=ttt, cmd_sn=self.cmd_sn))
        self.cmd_sn += 1

    def answer(self, opcode, header):
        super().answer(opcode, header)
        if opcode == TEXT_RESPONSE and header[1] & 0x40:
            self.ask(*struct.unpack_from('>II', header, 16), b'')
        elif opcode in (TEXT_RESPONSE, LOGIN_RESPONSE):
            self.crowd.answers += opcode == TEXT_RESPONSE
            self.ask(2, NONE, b'SendTargets=All\0')


class Stuck(Peer):
    def prepare(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def connected(self):
        self.login(self.crowd.target)

    def answer(self, opcode, header):
        if opcode != LOGIN_RESPONSE or header[36] != 0:
            return
        requests = b''
        for i in range(33):         # the first meets a unit attention
            cdb = struct.pack('>BBIBHB', 0x28, 0, i * 512 % 1024, 0, 512, 0)
            requests += pdu(COMMAND, 0xc1, itt=10 + i, at20=1 << 18, cmd_sn=1 + i, tail=cdb)
        self.send(requests)
        # From here on nothing is read; a closed connection is noticed all the same.
        self.crowd.selector.unregister(self.sock)
        self.crowd.silent.append(self)
        self.arrived()

    def lost(self):
        if self in self.crowd.silent:
            self.crowd.silent.remove(self)
            self.crowd.closed += 1
            self.sock.close()
            self.sock = None
            self.crowd.back.append((time.monotonic() + BACK_AFTER_S, self))
        else:
            super().lost()

    def look(self):
        """Was it closed?  The socket's state says so without reading: TCP_INFO begins with it."""
        state = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        if state != 1:      # TCP_ESTABLISHED
            self.lost()


KINDS = {'half': Half, 'discovery': Discovery, 'storm': Storm, 'stuck': Stuck}


class Crowd:
    def __init__(self, portal, wanted):
        host, port = portal.rsplit(':', 1)
        self.portal = host.strip('[]'), int(port)
        self.selector, self.back, self.silent = selectors.DefaultSelector(), [], []
        self.answers = self.closed = self.missing = 0
        self.target, self.addresses, number = None, 0, 0
        for word in wanted:
            kind, count = word.split('=', 1)
            if kind == 'from':
                self.addresses = int(count)
                continue
            if kind == 'stuck':
                count, self.target = count.split(':', 1)
            for _ in range(int(count)):
                number += 1
                self.missing += 1
                self.back.append((0, KINDS[kind](self, number)))

    def come_back(self):
        now = time.monotonic()
        due = [peer for at, peer in self.back if at <= now][:200]
        self.back = [(at, peer) for at, peer in self.back if peer not in due] if due else self.back
        for peer in due:
            peer.connect()

    def run(self):
        told, looked = False, 0.0
        self.selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            self.come_back()
            if time.monotonic() - looked > 0.5:
                looked = time.monotonic()
                for peer in list(self.silent):
                    peer.look()
            for key, mask in self.selector.select(0.05):
                if key.fileobj is sys.stdin:
                    print(json.dumps({'answers': self.answers, 'closed': self.closed}), flush=True)
                    return
                if key.data.sock is key.fileobj:
                    key.data.ready(mask)
            if not told and self.missing == 0:
                told = True
                print('ready', flush=True)


if __name__ == '__main__':
    Crowd(sys.argv[1], sys.argv[2:]).run()

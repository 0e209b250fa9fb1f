# SPDX-License-Identifier: LGPL-2.1-or-later
"""An initiator with several connections for one session (RFC 7143), for test_connections.py.

It builds each PDU itself and distributes commands over its connections at random, so that their
numbers (CmdSN) arrive out of order.  It knows what each block may hold: what was written last, and
where the end of a write was not told, what was there before.
"""
import selectors
import socket
import struct

NONE = 0xffffffff
NOP_OUT, COMMAND, TMF, LOGIN, DATA_OUT, LOGOUT = 0x00, 0x01, 0x02, 0x03, 0x05, 0x06
NOP_IN, RESPONSE, TMF_RESPONSE, LOGIN_RESPONSE, DATA_IN, LOGOUT_RESPONSE, R2T, ASYNC, REJECT = (
    0x20, 0x21, 0x22, 0x23, 0x25, 0x26, 0x31, 0x32, 0x3f)
IMMEDIATE, FINAL = 0x40, 0x80
ABORT_TASK, ABORT_TASK_SET, LU_RESET, TASK_REASSIGN = 1, 2, 5, 8
CLOSE_SESSION, CLOSE_CONNECTION, REMOVE_FOR_RECOVERY = 0, 1, 2
GOOD, CHECK_CONDITION, TASK_SET_FULL = 0x00, 0x02, 0x28
BLOCK, SLOT = 512, 64         # bytes; blocks that one command may touch
FIRST_BURST = 4096
DEADLINE_S = 30


class Lost(Exception):
    """The target has closed a connection."""


class Wrong(Exception):
    """The target has done what the RFC does not allow, or the data is not what was written."""


def before(a, b):
    return 0 < (b - a) & 0xffffffff < 1 << 31


def block_bytes(number, version):
    return struct.pack('>QQ', number, version) * (BLOCK // 16)


class Connection:
    """A socket with what one connection has of its own: StatSN, and what is to be sent."""

    def __init__(self, session, portal, cid):
        self.session, self.cid = session, cid
        self.exp_stat_sn, self.got, self.later, self.leaves = 0, b'', [], False
        self.sock = socket.create_connection(portal)
        self.sock.settimeout(DEADLINE_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def pdu(self, opcode, flags, itt, data=b'', lun=0, at20=NONE, at24=0, tail=b''):
        header = struct.pack('>BB2xI8sIIII', opcode, flags, len(data),
                             struct.pack('>BB6x', 0, lun), itt, at20, at24, self.exp_stat_sn)
        return header + tail.ljust(16, b'\0') + data + b'\0' * (-len(data) % 4)

    def send(self, data):
        """Behind what waits already."""
        self.flush()
        self.sock.sendall(data)

    def hold(self, cmd_sn, build):
        """A command that is sent later: its header is made then."""
        self.later.append((cmd_sn, build))

    def flush(self, count=None):
        """Sends the first `count` commands that wait."""
        count = len(self.later) if count is None else count
        now, self.later = self.later[:count], self.later[count:]
        for _, build in now:
            self.sock.sendall(build())

    def fill(self):
        data = self.sock.recv(1 << 18)
        if not data:
            raise Lost(f'connection {self.cid}')
        self.got += data

    def take(self):
        """The next PDU that is here whole, as header and data; or None."""
        if len(self.got) < 48:
            return None
        length = int.from_bytes(self.got[5:8], 'big')
        end = 48 + length + -length % 4
        if len(self.got) < end:
            return None
        header, data, self.got = self.got[:48], self.got[48:48 + length], self.got[end:]
        return header, data

    def wait(self):
        while (pdu := self.take()) is None:
            self.fill()
        return pdu

    def close(self):
        self.sock.close()


class Task:
    """A command, from its number to its end."""

    def __init__(self, conn, itt, cmd_sn, slot, count, version):
        self.conn, self.itt, self.cmd_sn = conn, itt, cmd_sn
        self.slot, self.count, self.version = slot, count, version
        self.data = {}        # of a read, by offset

    @property
    def is_write(self):
        return self.version is not None


class Session:
    def __init__(self, portal, target, initiator, rng, slots, level=0):
        self.portal, self.target, self.initiator, self.rng = portal, target, initiator, rng
        self.level = level      # ErrorRecoveryLevel
        # what each block may hold: a set of versions
        self.blocks = [[{0} for _ in range(SLOT)] for _ in range(slots)]
        self.version, self.itt = 0, 0
        self.counts = {'good': 0, 'ahead': 0, 'aborted': 0, 'gone': 0, 'busy': 0, 'moved': 0}
        self.begin()

    def begin(self):
        self.conns, self.tasks, self.waits = {}, {}, {}
        self.selector = selectors.DefaultSelector()
        self.tsih, self.cmd_sn, self.exp_cmd_sn, self.max_cmd_sn = 0, 1, 1, 0
        self.slots = set(range(len(self.blocks)))   # those that no command touches

    def new_itt(self):
        self.itt = (self.itt + 1) % (NONE - 1)
        return self.itt

    # --- login, logout, loss ---

    def log_in(self, cid, count=8):
        """Adds a connection, or replaces the one with this CID.  The status of the login."""
        conn = Connection(self, self.portal, cid)
        pairs = [f'InitiatorName={self.initiator}', f'TargetName={self.target}',
                 'SessionType=Normal', 'MaxRecvDataSegmentLength=16384']
        if self.tsih == 0:
            pairs += [f'ErrorRecoveryLevel={self.level}', f'MaxConnections={count}',
                      'InitialR2T=Yes', 'ImmediateData=Yes',
                      f'FirstBurstLength={FIRST_BURST}', 'MaxBurstLength=8192',
                      f'MaxOutstandingR2T={1 if self.level else 4}']
        text = ''.join(pair + '\0' for pair in pairs).encode()
        header = bytearray(conn.pdu(LOGIN | IMMEDIATE, 0x87, self.new_itt(), text, at20=cid << 16,
                                    at24=self.cmd_sn))
        header[8:16] = struct.pack('>B5sH', 0x80, b'mcs', self.tsih)
        conn.sock.sendall(bytes(header))
        answer, text = conn.wait()
        status = int.from_bytes(answer[36:38], 'big')
        if status != 0:
            conn.close()
            return status
        if self.tsih == 0 and f'ErrorRecoveryLevel={self.level}'.encode() not in text:
            raise Wrong(f'level {self.level} is not served: {text}')
        self.tsih = int.from_bytes(answer[14:16], 'big')
        self.note_numbers(conn, answer)
        old, self.conns[cid] = self.conns.get(cid), conn
        self.selector.register(conn.sock, selectors.EVENT_READ, conn)
        if old is not None:
            self.forget(old)
            self.replaced(old, [conn], int.from_bytes(answer[28:32], 'big'))
        return 0

    def forget(self, conn):
        if conn.sock.fileno() >= 0:
            self.selector.unregister(conn.sock)
            conn.close()

    def ends(self, task, known):
        """The task is over; known: it has ended as it was asked to, or has done nothing."""
        del self.tasks[task.itt]
        if task.slot is None:
            return
        self.slots.add(task.slot)
        if task.is_write and not known:
            self.counts['gone'] += 1
            for block in range(task.count):
                self.blocks[task.slot][block].add(task.version)

    def replaced(self, old, conns, exp_cmd_sn):
        """What the target had taken goes to other connections, or has ended below level 2; the rest
        is sent again.  RFC 7143 §6.3.4, §7.2.1, §7.2.2.
        """
        again, taken = [], []
        for task in [t for t in self.tasks.values() if t.conn is old]:
            (taken if before(task.cmd_sn, exp_cmd_sn) else again).append(task)
        for task in sorted(again, key=lambda task: (task.cmd_sn - exp_cmd_sn) & 0xffffffff):
            task.conn = conns[0]
            conns[0].hold(task.cmd_sn, lambda task=task: self.command(task))
        self.rng.shuffle(taken)
        for task in taken:
            if self.level < 2:
                self.ends(task, known=False)
            else:
                self.reassign(task, self.rng.choice(conns))

    def reassign(self, task, conn):
        task.conn, task.data = conn, {}
        itt = self.new_itt()
        self.counts['moved'] += 1
        conn.send(conn.pdu(TMF | IMMEDIATE, FINAL | TASK_REASSIGN, itt, at20=task.itt,
                           at24=self.cmd_sn))
        header = self.wait_for(itt)
        if header[2] != 0:
            raise Wrong(f'task reassign: response {header[2]}')

    def fail(self, cids):
        """Connections are lost at level 2: no command is."""
        lost = [self.conns[cid] for cid in cids]
        for conn in lost:
            self.forget(conn)
        if len(cids) == len(self.conns) or self.rng.random() < 0.5:
            for cid in cids:                                    # implicit logout
                if self.log_in(cid) != 0:
                    raise Wrong('the session has not gone on')
            return
        for conn in lost:
            del self.conns[conn.cid]
        for conn in lost:
            through = self.rng.choice(list(self.conns.values()))
            itt = self.new_itt()
            through.send(through.pdu(LOGOUT | IMMEDIATE, FINAL | REMOVE_FOR_RECOVERY, itt,
                                     at20=conn.cid << 16, at24=self.cmd_sn))
            header = self.wait_for(itt)
            if header[2] != 0:
                raise Wrong(f'logout for recovery: response {header[2]}')
            self.replaced(conn, list(self.conns.values()), int.from_bytes(header[28:32], 'big'))
        for cid in cids:
            if self.log_in(cid) != 0:
                raise Wrong('a CID that is logged out cannot be had again')

    def log_out(self, through, cid, reason=CLOSE_CONNECTION):
        """Closes a connection of the session, or all: its tasks end without an answer."""
        leaving, itt = self.conns[cid], self.new_itt()
        leaving.flush()
        leaving.leaves = True
        self.selector.unregister(leaving.sock)
        conn = self.conns[through]
        conn.send(conn.pdu(LOGOUT | IMMEDIATE, FINAL | reason, itt, at20=cid << 16,
                           at24=self.cmd_sn))
        if through == cid:
            while True:
                header, data = conn.wait()
                if header[0] & 0x3f == LOGOUT_RESPONSE:
                    break
                self.handle(conn, header, data)
        else:
            header = self.wait_for(itt)
        if header[2] != 0:
            raise Wrong(f'logout: response {header[2]}')
        while True:     # what was sent before it was closed
            try:
                header, data = leaving.wait()
                self.handle(leaving, header, data)
            except (Lost, ConnectionError):
                break
        leaving.close()
        del self.conns[cid]
        for task in [t for t in self.tasks.values() if t.conn is leaving]:
            self.ends(task, known=False)

    def cut(self, cid):
        """Closes a socket without a word: all others must be closed, for the session has failed."""
        self.forget(self.conns.pop(cid))
        for conn in self.conns.values():
            try:
                while True:
                    header, data = conn.wait()
                    self.handle(conn, header, data)
            except (Lost, ConnectionError):
                self.forget(conn)
        for task in list(self.tasks.values()):
            self.ends(task, known=False)
        self.selector.close()
        self.begin()

    # --- requests ---

    def command(self, task):
        conn = task.conn
        if task.slot is None:
            return conn.pdu(COMMAND, FINAL | 1, task.itt, at20=0, at24=task.cmd_sn)
        length = task.count * BLOCK
        cdb = struct.pack('>BBIBHB', 0x2a if task.is_write else 0x28, 0, task.slot * SLOT, 0,
                          task.count, 0)
        data = self.written(task, 0, min(length, FIRST_BURST)) if task.is_write else b''
        return conn.pdu(COMMAND, FINAL | (0x20 if task.is_write else 0x40) | 1, task.itt, data,
                        at20=length, at24=task.cmd_sn, tail=cdb)

    def written(self, task, offset, length):
        first, last = offset // BLOCK, (offset + length) // BLOCK
        return b''.join(block_bytes(task.slot * SLOT + block, task.version)
                        for block in range(first, last))

    def may_send(self):
        return len(self.slots) > 0 and not before(self.max_cmd_sn, self.cmd_sn)

    def queue(self, write, slot=None):
        """A command for a connection by chance, which sends it later."""
        conn = self.rng.choice(list(self.conns.values()))
        slot = self.rng.choice(sorted(self.slots)) if slot is None else slot
        self.slots.remove(slot)
        count = self.rng.choice((1, 3, 8, 9, 33, SLOT))
        version = None
        if write:
            self.version += 1
            version = self.version
        task = Task(conn, self.new_itt(), self.cmd_sn, slot, count, version)
        self.cmd_sn = (self.cmd_sn + 1) & 0xffffffff
        self.tasks[task.itt] = task
        conn.hold(task.cmd_sn, lambda: self.command(task))
        return task

    def flush_some(self):
        """Some of what waits, the connections in an order by chance."""
        conns = list(self.conns.values())
        self.rng.shuffle(conns)
        for conn in conns[:self.rng.randint(1, len(conns))]:
            if conn.later and conn.later[0][0] != self.exp_cmd_sn:
                self.counts['ahead'] += 1
            conn.flush(self.rng.randint(0, len(conn.later)))

    def flush_all(self):
        for conn in self.conns.values():
            conn.flush()

    def manage(self, conn, function, task=None):
        """A task management function, immediate; waits for its response."""
        itt, cmd_sn = self.new_itt(), self.cmd_sn
        conn.send(conn.pdu(TMF | IMMEDIATE, FINAL | function, itt,
                           at20=task.itt if task else NONE, at24=cmd_sn,
                           tail=struct.pack('>I', task.cmd_sn if task else 0)))
        self.flush_all()    # a function for many tasks waits for all commands before it
        header = self.wait_for(itt)
        if header[2] not in (0, 1) or (header[2] == 1 and function != ABORT_TASK):
            raise Wrong(f'task management {function}: response {header[2]}')
        if header[2] == 1:
            return      # its answer is under way
        meant = [task] if task else list(self.tasks.values())
        for one in meant:
            if one.itt in self.tasks and before(one.cmd_sn, cmd_sn):
                self.counts['aborted'] += 1
                self.ends(one, known=False)

    # --- answers ---

    def note_numbers(self, conn, header):
        if header[0] & 0x3f not in (R2T, NOP_IN) and not (
                header[0] & 0x3f == DATA_IN and not header[1] & 1):
            conn.exp_stat_sn = (int.from_bytes(header[24:28], 'big') + 1) & 0xffffffff
        exp, most = struct.unpack('>II', header[28:36])
        if not before(most, (exp - 1) & 0xffffffff):
            if before(self.exp_cmd_sn, exp):
                self.exp_cmd_sn = exp
            if before(self.max_cmd_sn, most):
                self.max_cmd_sn = most

    def handle(self, conn, header, data):
        opcode, itt = header[0] & 0x3f, int.from_bytes(header[16:20], 'big')
        self.note_numbers(conn, header)
        if opcode in (TMF_RESPONSE, LOGOUT_RESPONSE):
            self.waits[itt] = header
        elif opcode == NOP_IN:
            conn.send(conn.pdu(NOP_OUT | IMMEDIATE, FINAL, NONE,
                               at20=int.from_bytes(header[20:24], 'big'), at24=self.cmd_sn))
        elif opcode in (RESPONSE, DATA_IN, R2T):
            task = self.tasks.get(itt)
            if task is None and opcode == R2T:
                return      # it was aborted through another connection meanwhile
            if task is None:
                raise Wrong(f'an answer to no task: {header.hex()}')
            if task.conn is not conn:
                raise Wrong(f'task of connection {task.conn.cid}, answer on {conn.cid}')
            {RESPONSE: self.on_response, DATA_IN: self.on_data, R2T: self.on_r2t}[opcode](
                task, header, data)
        elif opcode != ASYNC:
            raise Wrong(f'unexpected: {header.hex()}')

    def on_r2t(self, task, header, _):
        if task.conn.leaves:    # nothing is sent after a logout
            return
        offset, length = struct.unpack('>II', header[40:48])
        task.conn.send(task.conn.pdu(DATA_OUT, FINAL, task.itt,
                                     self.written(task, offset, length),
                                     at20=int.from_bytes(header[20:24], 'big'),
                                     tail=struct.pack('>4xII', 0, offset)))

    def on_data(self, task, header, data):
        task.data[int.from_bytes(header[40:44], 'big')] = data
        if header[1] & 1:
            self.on_response(task, header, b'')

    def on_response(self, task, header, data):
        status = header[3]
        if status == GOOD:
            self.counts['good'] += 1
            self.finish(task)
        elif status == TASK_SET_FULL or (status == CHECK_CONDITION and data[4] & 15 == 6):
            self.counts['busy'] += 1     # it has done nothing
        else:
            raise Wrong(f'status {status:#x}: {data.hex()}')
        self.ends(task, known=True)

    def finish(self, task):
        if task.slot is None:
            return
        if task.is_write:
            for block in range(task.count):
                self.blocks[task.slot][block] = {task.version}
            return
        data = b''.join(task.data[at] for at in sorted(task.data))
        if len(data) != task.count * BLOCK:
            raise Wrong(f'{len(data)} bytes of {task.count} blocks')
        for block in range(task.count):
            self.check(task.slot, block, data[block * BLOCK:(block + 1) * BLOCK])

    def check(self, slot, block, got):
        number, may = slot * SLOT + block, self.blocks[slot][block]
        for version in may:
            if got == (block_bytes(number, version) if version else bytes(BLOCK)):
                self.blocks[slot][block] = {version}
                return
        raise Wrong(f'block {number} holds {got[:16].hex()}, not one of {may}')

    # --- the loop ---

    def pump(self, timeout=0):
        """Takes what is there; waits so long for the first bytes.  Whether there was any."""
        ready = self.selector.select(timeout)
        for key, _ in ready:
            key.data.fill()
            while key.data.sock.fileno() >= 0 and (pdu := key.data.take()) is not None:
                self.handle(key.data, *pdu)
        return bool(ready)

    def wait_for(self, itt):
        while itt not in self.waits:
            if not self.pump(DEADLINE_S):
                raise Wrong('no answer')
        return self.waits.pop(itt)

    def settle(self):
        """Waits until every command has ended."""
        self.flush_all()
        while self.tasks:
            if not self.pump(DEADLINE_S):
                raise Wrong(f'{len(self.tasks)} commands have no answer')

    def verify(self):
        """Reads everything."""
        for slot in range(len(self.blocks)):
            while not self.may_send():
                self.settle()
            self.slots.add(slot)
            task = self.queue(False, slot)
            task.count = SLOT
        self.settle()

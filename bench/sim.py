#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Simulate the data path on machines with more cores than we have: 1 to 64, one or two sockets.

    bench/sim.py                      # the tables of docs/design/manycore.md
    bench/sim.py --threads 16 --sessions 24 --depth 32 --luns 1

A discrete-event simulation without chance: the same input gives the same output.  Each thread of
the data path has a core of its own and does in rounds what target/conn.c does: take what a session
has sent, run the commands one after the other, send their answers.  Clients are elsewhere and cost
nothing; each sends a new command when an answer has come.  What threads share are resources that
one of them has at a time: a cache line of each LUN (blk_dev.inflight, written twice for a command)
and the memory of a socket.  The costs are those measured on our machine (COSTS); what is assumed of
larger ones is in ASSUMED.  docs/design/manycore.md says what is not modelled.
"""
import argparse
import collections
import heapq
import statistics

# Measured on 2 cores of an AMD EPYC under KVM, 4 KiB reads of a RAM pool (docs/design/manycore.md).
COSTS = {
    'batch_us': 7.27,       # of a receive and a send, whatever they bring: epoll, readv, sendmsg
    'command_us': 1.42,     # of each command in it
    'line_ns': 175,         # a cache line from one core to another (bench/src/costs.c)
    'add_ns': 5,            # an atomic addition to a line that this core has
    'wake_us': 26,          # from the write to an eventfd until the sleeper runs
    'post_us': 10,          # that write
    'spin_us': 100,         # a thread looks for work for so long before it sleeps
}
# Processor time of a command in µs by (threads, commands in flight in each of 8 sessions).
MEASURED = {(1, 1): 8.69, (1, 8): 2.20, (1, 32): 1.65, (2, 1): 7.93, (2, 8): 1.78, (2, 32): 1.90}
ERROR = 0.45                # the simulation is within that of each
ASSUMED = {
    'delay_us': 30,         # from an answer until the client's next command is here
    'line_touches': 2,      # writes of a command to the LUN's shared line
    'far_line': 3.0,        # a line from the other socket, times line_ns
    'far_us': 0.3,          # more for a command whose data lies at the other socket
    'memory_gb_s': 200.0,   # of a socket
    'memory_bytes': 3 * 4096,   # through memory for a command: read, written and read by the socket
    'apply_us': 5,          # of a thread, to take over a new view
}


class Line:
    """One writer at a time; it moves to whoever writes."""

    def __init__(self):
        self.owner, self.free_us = None, 0.0


class Session:
    def __init__(self, thread, lun, depth):
        self.thread, self.lun, self.depth = thread, lun, depth
        self.waiting = collections.deque()      # when each command was sent
        self.done = 0


class Thread:
    def __init__(self, index, socket):
        self.index, self.socket = index, socket
        self.ready = collections.deque()        # sessions with commands that wait
        self.running, self.batch, self.answered = None, None, None
        self.idle_us = 0.0                      # since when; None = it works
        self.busy_us, self.wakes = 0.0, 0


class Machine:
    def __init__(self, threads, sockets=1, **changes):
        self.costs = {**COSTS, **ASSUMED, **changes}
        self.threads = [Thread(i, i * sockets // threads) for i in range(threads)]
        self.memory = [0.0] * sockets           # until when each socket's memory is busy
        self.sessions, self.events, self.sequence = [], [], 0
        self.latencies, self.warm_us = [], 0.0

    def add_session(self, lun, depth):
        """On the thread with the fewest sessions, as target/login.c does."""
        count = collections.Counter(s.thread.index for s in self.sessions)
        thread = min(self.threads, key=lambda t: count[t.index])
        self.sessions.append(Session(thread, lun, depth))

    def at(self, when_us, what, *args):
        self.sequence += 1                      # equal times: in the order in which they were made
        heapq.heappush(self.events, (when_us, self.sequence, what, args))

    def run(self, seconds):
        lines = collections.defaultdict(Line)
        self.lines, end_us = lines, seconds * 1e6
        self.warm_us = end_us / 5
        for n, session in enumerate(self.sessions):
            self.at(n * 0.1, self.arrive, session, session.depth, n * 0.1)
        while self.events and self.events[0][0] < end_us:
            when_us, _, what, args = heapq.heappop(self.events)
            what(when_us, *args)
        measured_us = end_us - self.warm_us
        done = [s.done for s in self.sessions]
        latencies = sorted(self.latencies)
        return {
            'iops': sum(done) / measured_us * 1e6,
            'cpu_us': sum(t.busy_us for t in self.threads) / max(sum(done), 1),
            'p50_us': latencies[len(latencies) // 2], 'p99_us': latencies[len(latencies) * 99 // 100],
            'fair': min(done) / max(max(done), 1), 'best': max(done) / measured_us * 1e6,
        }

    def arrive(self, now_us, session, count, sent_us):
        """Commands of a session reach its thread, which may be asleep."""
        thread = session.thread
        if not session.waiting:
            thread.ready.append(session)
        session.waiting.extend([sent_us] * count)
        if thread.idle_us is None:
            return
        slept = now_us - thread.idle_us > self.costs['spin_us']
        thread.idle_us = None
        self.at(now_us + (self.costs['wake_us'] if slept else 0), self.take, thread)

    def take(self, now_us, thread):
        """One session's receive."""
        if not thread.ready:
            thread.idle_us = now_us
            return
        session = thread.ready.popleft()
        thread.running, thread.batch = session, list(session.waiting)
        thread.answered = 0
        session.waiting.clear()
        self.spend(now_us, thread, self.costs['batch_us'])
        self.at(now_us + self.costs['batch_us'], self.command, thread)

    def spend(self, now_us, thread, us):
        if now_us >= self.warm_us:
            thread.busy_us += us

    def command(self, now_us, thread):
        """One command, then the next one of the batch, or the answers of all."""
        session, costs = thread.running, self.costs
        end_us = now_us
        for _ in range(costs['line_touches']):
            end_us = self.touch(end_us, thread, session.lun)
        end_us += costs['command_us']
        home = session.lun % len(self.memory)
        if home != thread.socket:
            end_us += costs['far_us']
        free_us = max(self.memory[home], now_us) + costs['memory_bytes'] / costs['memory_gb_s'] / 1e3
        self.memory[home] = free_us
        end_us = max(end_us, free_us)
        self.spend(now_us, thread, end_us - now_us)
        thread.answered += 1
        if thread.answered < len(thread.batch):
            self.at(end_us, self.command, thread)
            return
        if end_us >= self.warm_us:
            session.done += len(thread.batch)
            self.latencies += [end_us + costs['delay_us'] / 2 - sent for sent in thread.batch]
        back_us = end_us + costs['delay_us']
        self.at(back_us, self.arrive, session, len(thread.batch), end_us + costs['delay_us'] / 2)
        self.at(end_us, self.take, thread)

    def touch(self, now_us, thread, lun):
        """A write to the shared line of a LUN."""
        line, costs = self.lines[lun], self.costs
        if line.owner is thread or line.owner is None:
            line.owner = thread
            return now_us + costs['add_ns'] / 1e3
        far = costs['far_line'] if line.owner.socket != thread.socket else 1
        line.owner = thread
        line.free_us = max(line.free_us, now_us) + costs['line_ns'] * far / 1e3
        return line.free_us

    def publish_us(self):
        """One change: a message to each thread, all of which are asleep, and its answer."""
        costs = self.costs
        return len(self.threads) * costs['post_us'] + costs['wake_us'] + costs['apply_us']


def simulate(threads, sessions, depth, luns, sockets=1, **changes):
    """luns: so many, which the sessions take in turn; 0 = one for each session."""
    machine = Machine(threads, sockets, **changes)
    for n in range(sessions):
        machine.add_session(n % luns if luns else n, depth)
    # so long that each session has many turns
    return machine.run(0.004 * max(1, sessions / threads / 2))


def row(name, **load):
    found = simulate(**load)
    print(f'| {name} | {found["iops"] / 1e6:.2f} | {found["cpu_us"]:.2f} | {found["p50_us"]:.0f} | '
          f'{found["p99_us"]:.0f} | {found["fair"]:.2f} |', flush=True)


def head(what):
    print(f'\n| {what} | million a second | CPU µs | p50 µs | p99 µs | slowest / fastest session |\n'
          '|---|---|---|---|---|---|')


def tables():
    print('| threads, depth of 8 sessions | measured µs | simulated µs | difference |\n|---|---|---|---|')
    for (threads, depth), measured in MEASURED.items():
        found = simulate(threads, 8, depth, 1)['cpu_us']
        print(f'| {threads}, {depth} | {measured:.2f} | {found:.2f} | {found / measured - 1:+.0%} |')
    head('threads; 4 sessions of depth 32 each, LUNs of their own')
    for threads in 1, 2, 4, 8, 16, 32, 64:
        row(threads, threads=threads, sessions=4 * threads, depth=32, luns=0)
    head('threads; the same, one LUN for all')
    for threads in 1, 2, 4, 8, 16, 32, 64:
        row(threads, threads=threads, sessions=4 * threads, depth=32, luns=1)
    head('16 threads; sessions of depth 32, LUNs of their own')
    for sessions in 1, 4, 16, 24, 40, 128, 1000:
        row(sessions, threads=16, sessions=sessions, depth=32, luns=0)
    head('64 threads, 256 sessions of depth 32')
    for name, more in (('one socket, 256 LUNs', {'luns': 0}),
                       ('two sockets, 256 LUNs at either', {'luns': 0, 'sockets': 2}),
                       ('two sockets, all of one LUN', {'luns': 1, 'sockets': 2}),
                       ('one socket, one LUN, no line shared', {'luns': 1, 'line_touches': 0}),
                       ('one socket, 256 LUNs, memory of 1,000 GB/s',
                        {'luns': 0, 'memory_gb_s': 1000.0})):
        row(name, threads=64, sessions=256, depth=32, **more)
    head('one session on 16 threads, depth')
    for depth in 1, 8, 32, 128:
        row(depth, threads=16, sessions=1, depth=depth, luns=1)
    print('\n| threads | µs until all have a new view |\n|---|---|')
    for threads in 2, 16, 64:
        print(f'| {threads} | {Machine(threads).publish_us():.0f} |')


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in {'threads': 0, 'sessions': 8, 'depth': 32, 'luns': 0, 'sockets': 1}.items():
        parser.add_argument(f'--{name}', type=int, default=value)
    args = parser.parse_args()
    if args.threads:
        head('simulated')
        row('', **vars(args))
    else:
        tables()


if __name__ == '__main__':
    main()

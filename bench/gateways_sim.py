#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Simulate an array of several gateways on Ceph, larger than we have: 3 to 64 gateways, 10 to
10,000 OSDs.

    bench/gateways_sim.py             # the tables of docs/design/gateways-scale.md

A discrete-event simulation without chance: the same input gives the same output.  What waits is
made of two things: cores, which serve in order, and disks, which write together all that waits for
them.  COSTS are measured on our machine by bench/src/gateways.c and rbd-bench (MEASURED has what
the simulation must meet); ASSUMED is what cannot be measured there.  docs/design/gateways-scale.md
says what is not modelled.
"""
import collections
import heapq

# µs, of 2026-11-29: 2 cores of an AMD EPYC under KVM that clients and OSDs share, Ceph 16.2.
COSTS = {
    'client_read': 42, 'client_write': 32,      # of librbd for 4 KiB, when its threads are busy
    'osd_read': 72,                             # of the OSD that has the object
    'osd_write': 134, 'osd_replica': 76,        # of the first OSD for a write, and of each other
    'sync_cpu': 150,                            # of an OSD for each time that it writes together
    'sync': 270,                                # until the disk has it (fdatasync)
    'wake': 60,                                 # more for what finds its thread asleep
    'open': 2000, 'open_trips': 8,              # of librbd to open an image; its requests, in turn
    'close_each': 14,                           # to close one, for each that the client has open
    'cas': 750, 'cas_refused': 70, 'cas_read': 70,      # the catalog's object, one after the other
    'cas_trip': 150,                            # of a request to it outside of that
    'image_kib': 345, 'image_idle': 30,         # of an open image: KiB; µs of a core in a second
    'notify': 350, 'notify_each': 50,           # a notification, and for each who acknowledges it
    'iscsi': 5, 'apply': 98,                    # of vdsd (performance.md): a command; a change
}
# What gateway-costs and rbd-bench measured, in one second.
MEASURED = {
    'data': {   # (what, copies, depth): commands
        ('read', 1, 1): 3398, ('read', 1, 8): 15156, ('read', 1, 32): 15035,
        ('read', 3, 1): 3508, ('read', 3, 8): 17530, ('read', 3, 32): 18106,
        ('write', 1, 1): 1172, ('write', 1, 8): 4760, ('write', 1, 32): 8466,
        ('write', 3, 1): 964, ('write', 3, 8): 2686, ('write', 3, 32): 4334},
    'commits': {1: (981, 0), 2: (1188, 558), 3: (1120, 1052), 4: (984, 1391), 6: (852, 2016),
                8: (776, 2549)},
    'open': {1: 220, 2: 611, 4: 632, 8: 878},   # threads: images
    'close': {500: 295, 1000: 144, 2000: 71},           # images of one client: closed
    'notify': {1: 391, 8: 626, 16: 1031, 32: 1895},     # watchers: µs
}
# So far from each point may the simulation be: the largest differences, rounded up.
ERROR = {'data': 0.30, 'commits': 0.27, 'open': 0.30, 'close': 0.05, 'notify': 0.25}
ASSUMED = {
    'gateway_cores': 16,
    'client_cores': 3,          # that one client of Ceph can use (its messenger has three threads)
    'clients': 4,               # of Ceph that a gateway has
    'gateway_bytes_us': 3000,   # of a gateway's network each way: 25 Gbit/s
    'osd_cores': 2, 'osd_sync': 30, 'osd_media': 80,    # an NVMe disk with a battery of its own
    'hop': 30,                  # from a machine to another one
    'notify_osd': 20,           # of notify_each, what the OSD does itself
    'lease_s': 3.5, 'renew_s': 0.875, 'look_s': 0.5, 'call_s': 1.0,     # docs/design/gateways.md
    'fence_s': 0.735,           # the longest of two tries with the monitors' default interval
    'row_us': 4.4,              # of a row in a large commit: 100,000 in 0.44 s
    'ping_s': 5.0,              # between the pings of a watch
}


class Clock:
    def __init__(self):
        self.events, self.sequence, self.now = [], 0, 0.0

    def at(self, when, what, *args):
        self.sequence += 1      # equal times: in the order in which they were made
        heapq.heappush(self.events, (when, self.sequence, what, args))

    def after(self, us, what, *args):
        self.at(self.now + us, what, *args)

    def run(self, end=float('inf')):
        while self.events and self.events[0][0] <= end:
            self.now, _, what, args = heapq.heappop(self.events)
            what(*args)


class Cores:
    """So many servers with one queue."""

    def __init__(self, clock, count):
        self.clock, self.idle = clock, count
        self.queue = collections.deque()

    def work(self, us, then, *args):
        if self.idle:
            self.idle -= 1
            self.clock.after(us, self.done, then, args)
        else:
            self.queue.append((us, then, args))

    def done(self, then, args):
        if self.queue:
            us, *following = self.queue.popleft()
            self.clock.after(us, self.done, *following)
        else:
            self.idle += 1
        then(*args)


class Program:
    """On cores of its own, or on some that it shares.  Its threads sleep while it has nothing to
    do, or while there is a core for one more of them.
    """

    def __init__(self, cores, wake):
        self.cores, self.wake, self.jobs = cores, wake, 0

    def work(self, us, then, *args):
        self.jobs += 1
        asleep = self.jobs == 1 or self.cores.idle
        self.cores.work(us + (self.wake if asleep else 0), self.done, then, args)

    def done(self, then, args):
        self.jobs -= 1
        then(*args)


class Disk:
    """Writes together what waits for it."""

    def __init__(self, clock, cores, costs):
        self.clock, self.cores, self.costs = clock, cores, costs
        self.waiting, self.busy = [], False

    def write(self, then):
        self.waiting.append(then)
        if not self.busy:
            self.begin()

    def begin(self):
        self.busy, batch, self.waiting = True, self.waiting, []
        self.cores.work(self.costs['sync_cpu'], self.clock.after, self.costs['sync'], self.end,
                        batch)

    def end(self, batch):
        self.busy = False
        if self.waiting:
            self.begin()
        for then in batch:
            then()


class Data:
    """Commands of 4 KiB: initiators, gateways, OSDs.  here: all on the two cores of our machine."""

    def __init__(self, gateways, osds, copies=3, here=False, skew=1.0, **changes):
        costs = {**COSTS, **ASSUMED, **changes}
        self.costs, self.clock, self.copies, self.here = costs, Clock(), copies, here
        wake, machine = costs['wake'], Cores(self.clock, 2)
        if not here:
            costs['sync'] = costs['osd_sync']
        width = min(costs['gateway_cores'], costs['clients'] * costs['client_cores'])
        self.gateways = [Program(machine if here else Cores(self.clock, width), wake)
                         for _ in range(gateways)]
        self.iscsi = [Program(Cores(self.clock, costs['gateway_cores'] - width), wake)
                      for _ in range(gateways)]
        self.osds = [Program(machine if here else Cores(self.clock, costs['osd_cores']), wake)
                     for _ in range(osds)]
        self.disks = [Disk(self.clock, cores, costs) for cores in self.osds]
        self.turn, self.finished, self.skew = 0, 0, skew

    def next_of(self, count):
        """Spreads evenly, but without a pattern: Knuth's multiplicative hash of a counter."""
        self.turn += 1
        return (self.turn * 2654435761 >> 8) % count

    def owner(self):
        """The first gateway owns skew times its share."""
        count = len(self.gateways)
        place = self.next_of(1000) / 1000
        first = self.skew / count
        return 0 if place < first or count == 1 else \
            1 + int((place - first) / (1 - first) * (count - 1))

    def send(self, write, forwarded):
        """One command, and when it is answered the next one."""
        c, owner, begun = self.costs, self.owner(), self.clock.now
        front = self.next_of(len(self.gateways)) if self.next_of(100) < forwarded * 100 else owner
        hop = 0 if self.here else c['hop']
        client = c['client_write' if write else 'client_read']
        first = self.next_of(len(self.osds))

        def answered():
            if self.clock.now >= self.warm:
                self.finished += 1
                self.latency += self.clock.now - begun
            self.send(write, forwarded)

        def back():
            if front != owner:
                self.iscsi[front].work(c['iscsi'], self.clock.after, hop, answered)
            else:
                self.clock.after(hop, answered)

        def done():
            self.clock.after(hop, self.gateways[owner].work, client / 2, back)

        def at_osd():
            if write:
                self.write(first, done)
            else:
                self.osds[first].work(c['osd_read'], self.clock.after,
                                      0 if self.here else c['osd_media'], done)

        def at_owner():
            self.gateways[owner].work(client / 2, self.clock.after, hop, at_osd)
        if self.here:
            at_owner()
        elif front == owner:
            self.iscsi[owner].work(c['iscsi'], at_owner)
        else:
            self.iscsi[front].work(c['iscsi'], self.clock.after, hop, self.iscsi[owner].work,
                                   c['iscsi'], at_owner)

    def write(self, first, then):
        c, left = self.costs, [self.copies]
        hop = 0 if self.here else c['hop']

        def one():
            left[0] -= 1
            if left[0] == 0:
                then()

        def replica(n):
            self.osds[n].work(c['osd_replica'], self.disks[n].write,
                              lambda: self.clock.after(hop, one))

        def primary():
            self.disks[first].write(one)
            for n in range(1, self.copies):
                self.clock.after(hop, replica, (first + n) % len(self.osds))
        self.osds[first].work(c['osd_write'], primary)

    def run(self, what, depth, commands=6000, forwarded=0.0):
        """depth: commands in flight of all initiators together.  Commands a second, mean µs."""
        self.warm, self.latency = 5000.0, 0.0
        for _ in range(depth):
            self.send(what == 'write', forwarded)
        end = self.warm
        while self.finished < commands:
            end += 1000
            self.clock.run(end)
        return self.finished / (end - self.warm) * 1e6, self.latency / self.finished


def limits(gateways, osds, reads=0.7, forwarded=0.0, skew=1.0, copies=3, **changes):
    """{what: the commands a second at which it is used up}"""
    c = {**COSTS, **ASSUMED, **changes}
    width = min(c['gateway_cores'], c['clients'] * c['client_cores'])
    client = reads * c['client_read'] + (1 - reads) * c['client_write']
    osd = reads * c['osd_read'] + (1 - reads) * (
        c['osd_write'] + (copies - 1) * c['osd_replica'] + copies * c['sync_cpu'] / 8)
    # through its network each way: the data once from and once to the OSDs, again when forwarded
    data = 4200 * (1 + forwarded)
    hottest = gateways / skew       # as if there were so many equal ones
    return {
        'librbd': hottest * width / client * 1e6,
        'iSCSI': 1e6 * (c['gateway_cores'] - width) / c['iscsi'] / (
            1 / hottest + forwarded * 2 / gateways),
        'gateway network': hottest * c['gateway_bytes_us'] / data * 1e6,
        'OSD cores': osds * c['osd_cores'] / osd * 1e6,
    }


def uneven(number):
    """A factor from 0 to 3, mean 1, mostly small: no two trips take the same time."""
    return 3 * ((number * 2654435761 >> 8) % 1000 / 1000) ** 2


class Catalog:
    """Writers that read the version and commit what is compared with it.  The object serves one
    request after the other, and makes the comparison when the turn of a request has come.
    """

    def __init__(self, writers, **changes):
        self.costs, self.clock = {**COSTS, **changes}, Clock()
        self.queue, self.busy = collections.deque(), False
        self.version, self.won, self.lost, self.trips = 0, [0] * writers, 0, 0

    def arrive(self, *request):
        self.queue.append(request)
        if not self.busy:
            self.serve()

    def serve(self):
        self.busy = bool(self.queue)
        if not self.busy:
            return
        writer, version = self.queue.popleft()
        what = 'read' if version is None else 'refused' if version != self.version else 'commit'
        cost = {'read': 'cas_read', 'refused': 'cas_refused', 'commit': 'cas'}[what]
        self.clock.after(self.costs[cost], self.served, writer, what)

    def served(self, writer, what):
        if what == 'commit':
            self.version += 1
            self.won[writer] += 1
        elif what == 'refused':
            self.lost += 1
        version = self.version if what == 'read' else None
        self.trips += 1
        self.clock.after(self.costs['cas_trip'] * uneven(self.trips), self.arrive, writer, version)
        self.serve()

    def run(self, seconds=2.0):
        """Commits and refusals a second."""
        for writer in range(len(self.won)):
            self.clock.at(writer * 7, self.arrive, writer, None)
        self.clock.run(seconds * 1e6)
        return sum(self.won) / seconds, self.lost / seconds


def open_rate(threads, images=400):
    """Returns the images a second that one client opens; it shares two cores with the OSD."""
    clock = Clock()
    cores, left = Cores(clock, 2), [images]
    client, osd = (Program(cores, COSTS['wake']) for _ in range(2))

    def step(trip):
        if trip < COSTS['open_trips']:
            client.work(COSTS['open'] / COSTS['open_trips'], osd.work, COSTS['osd_read'], step,
                        trip + 1)
        elif left[0] > 0:
            left[0] -= 1
            step(0)
    for _ in range(threads):
        step(COSTS['open_trips'])
    clock.run()
    return images / clock.now * 1e6


class Fleet:
    """Gateways that change one array: commit, notify, and the answer when all have followed.

    writing: so many of them always have changes that wait.  batch: so many changes in a commit.
    payload: a notification has what was changed, so that nobody has to read the log for it.
    """

    def __init__(self, gateways, writing, batch=1, payload=False, **changes):
        self.costs, self.clock = {**COSTS, **ASSUMED, **changes}, Clock()
        self.gateways, self.batch, self.payload = gateways, batch, payload
        self.writing = writing
        self.queue, self.busy, self.version, self.trips = collections.deque(), False, 0, 0
        self.known, self.left, self.begun = [0] * gateways, [0] * gateways, [0.0] * gateways
        self.commits, self.refused, self.waited = 0, 0, 0.0

    def trip(self, what, *args, share=1.0):
        self.trips += 1
        self.clock.after(self.costs['cas_trip'] * share * uneven(self.trips), what, *args)

    def arrive(self, us, what, *args):
        """A request reaches the object."""
        self.queue.append((us, what, args))
        if not self.busy:
            self.serve()

    def serve(self):
        self.busy = bool(self.queue)
        if self.busy:
            us, what, args = self.queue.popleft()
            self.clock.after(us(*args) if callable(us) else us, self.served, what, args)

    def served(self, what, args):
        what(*args)
        self.serve()

    def change(self, gateway):
        self.begun[gateway] = self.clock.now
        self.commit(gateway)

    def commit(self, gateway):
        self.trip(self.arrive, self.commit_us, self.committed, gateway, self.known[gateway],
                  share=0.5)

    def commit_us(self, gateway, version):
        del gateway
        if version != self.version:
            return self.costs['cas_refused']
        return self.costs['cas'] + 2 * self.batch * self.costs['row_us']

    def committed(self, gateway, version):
        if version != self.version:
            self.refused += 1
            self.pull(gateway, self.commit)
            return
        self.version += 1
        self.commits += 1
        self.known[gateway], self.left[gateway] = self.version, self.gateways - 1
        self.arrive(self.costs['notify_osd'] * self.gateways, self.notified, gateway, self.version)

    def notified(self, writer, version):
        for other in range(self.gateways):
            if other != writer and self.payload and self.known[other] == version - 1:
                self.trip(self.follow, other, version, self.followed, writer, share=0.5)
            elif other != writer:
                self.trip(self.pull, other, self.followed, writer, share=0.5)

    def pull(self, gateway, then, *args):
        self.trip(self.arrive, self.costs['cas_read'], self.pulled, gateway, then, *args, share=0.5)

    def pulled(self, gateway, then, *args):
        self.trip(self.follow, gateway, self.version, then, *(args or (gateway,)), share=0.5)

    def follow(self, gateway, version, then, *args):
        """Applies what is new, and does what comes then."""
        new = max(0, version - self.known[gateway])
        self.known[gateway] = max(version, self.known[gateway])
        self.clock.after(self.costs['apply'] * self.batch * new, then, *args)

    def followed(self, writer):
        self.left[writer] -= 1
        if self.left[writer] == 0:
            self.waited += self.clock.now - self.begun[writer]
            self.trip(self.change, writer, share=0.5)

    def run(self, seconds=2.0):
        for gateway in range(self.writing):
            self.clock.at(gateway * 7, self.change, gateway)
        self.clock.run(seconds * 1e6)
        return {'changes': self.commits * self.batch / seconds, 'refused': self.refused / seconds,
                'ms': self.waited / max(self.commits, 1) / 1e3}


def failover(gateways, luns, osds, silent, threads=32, claims=128, **changes):
    """Seconds from the death of a gateway until its first, middle and last LUN are served again.

    silent: nothing shows that it is dead but its lease; else its connections break, and its lease
    is waited for all the same.  threads: so many images are opened at the same time.  claims: of so
    many LUNs the epochs are noted at the same time, and those are opened while the next ones are
    noted.
    """
    c = {**COSTS, **ASSUMED, **changes}
    lost, survivors = -(-luns // gateways), gateways - 1
    share = -(-lost // survivors)
    fence_s = c['call_s'] + c['fence_s']
    begin_s = c['lease_s'] + c['look_s'] + fence_s if silent else max(c['lease_s'], fence_s)
    begin_us = (c['cas'] + c['cas_trip'] + c['notify'] + lost * (c['row_us'] + c['apply'] / 10) +
                c['notify_osd'] * gateways + c['cas_read'] * survivors)
    clock, times = Clock(), []
    client = Program(Cores(clock, min(c['gateway_cores'], 2 * c['clients'])), c['wake'])
    osd = Program(Cores(clock, max(1, osds * c['osd_cores'] // survivors)), c['wake'])
    table = Program(Cores(clock, 1), c['wake'])     # of images: one object, which all ask
    left, ready, opening = [share], [0], [0]

    def claim():
        batch = [min(claims, left[0])]
        left[0] -= batch[0]
        for _ in range(batch[0]):
            clock.after(c['hop'], osd.work, c['cas'], claimed, batch, batch[0])

    def claimed(batch, count):
        batch[0] -= 1
        if batch[0] == 0:
            clock.after(c['cas_trip'], go_on, count)

    def go_on(count):
        ready[0] += count
        while ready[0] and opening[0] < threads:
            begin()
        if left[0]:
            claim()

    def begin():
        ready[0] -= 1
        opening[0] += 1
        clock.after(c['hop'], table.work, c['cas_read'] * survivors, clock.after, c['hop'], step, 0)

    def step(trip):
        if trip < c['open_trips']:
            client.work(c['open'] / c['open_trips'], clock.after, c['hop'], osd.work, c['osd_read'],
                        clock.after, c['hop'], step, trip + 1)
            return
        times.append(clock.now)
        opening[0] -= 1
        if ready[0]:
            begin()
    claim()
    clock.run()
    return [begin_s + (begin_us + t) / 1e6 for t in (times[0], times[len(times) // 2], times[-1])]


def close_s(images, clients):
    """Each takes the longer, the more images its client has open; clients work side by side."""
    return (images / clients) ** 2 / 2 * COSTS['close_each'] / 1e6


def lun_costs(gateways, luns, **changes):
    c = {**COSTS, **ASSUMED, **changes}
    per = luns / gateways
    return {'per': per, 'mib': per * c['image_kib'] / 1024, 'cores': per * c['image_idle'] / 1e6,
            'pings': luns / c['ping_s'],
            'lun_leases': luns / c['renew_s'], 'gateway_leases': gateways / c['renew_s'],
            'close_s': [close_s(per, clients) for clients in (1, c['clients'])]}


def differences():
    """(group, key, measured, simulated) of each measured point"""
    for key, measured in MEASURED['data'].items():
        yield 'data', key, measured, Data(1, 3, key[1], here=True).run(key[0], key[2], 3000)[0]
    for writers, (won, lost) in MEASURED['commits'].items():
        found = Catalog(writers).run()
        yield 'commits', f'{writers}, commits', won, found[0]
        if lost:
            yield 'commits', f'{writers}, refused', lost, found[1]
    for threads, measured in MEASURED['open'].items():
        yield 'open', threads, measured, open_rate(threads)
    for images, measured in MEASURED['close'].items():
        yield 'close', images, measured, images / close_s(images, 1)
    for watchers, measured in MEASURED['notify'].items():
        yield 'notify', watchers, measured, COSTS['notify'] + watchers * COSTS['notify_each']


def table(*columns):
    print('\n| ' + ' | '.join(columns) + ' |\n|' + '---|' * len(columns), flush=True)


def row(*cells):
    print('| ' + ' | '.join(map(str, cells)) + ' |', flush=True)


def data_tables():
    table('gateways', 'OSDs', 'forwarded', 'busiest gateway', 'thousand a second', 'used up')
    for gateways, osds, forwarded, skew in (
            (3, 10, 0, 1), (3, 100, 0, 1), (3, 100, 2 / 3, 1), (8, 100, 0, 1), (16, 100, 0, 1),
            (16, 1000, 0, 1), (16, 1000, 15 / 16, 1), (16, 1000, 0, 2), (64, 100, 0, 1),
            (64, 1000, 0, 1), (64, 10000, 0, 1), (64, 10000, 63 / 64, 1), (64, 10000, 0, 2),
            (64, 10000, 0, 8)):
        all_limits = limits(gateways, osds, forwarded=forwarded, skew=skew)
        what = min(all_limits, key=all_limits.get)
        row(gateways, osds, f'{forwarded:.0%}', f'{skew}x', f'{all_limits[what] / 1e3:,.0f}', what)
    table('4 gateways, 64 OSDs, in flight', 'reads: thousand a second', 'mean µs',
          'all forwarded: thousand a second', 'mean µs', 'writes: thousand a second', 'mean µs')
    for depth in 1, 32, 256, 1024, 4096:
        cells = []
        for what, forwarded in ('read', 0), ('read', 1), ('write', 0):
            rate, us = Data(4, 64).run(what, depth, max(2000, 4 * depth), forwarded)
            cells += [f'{rate / 1e3:,.1f}', f'{us:,.0f}']
        row(depth, *cells)


def catalog_tables():
    table('gateways', 'of them change', 'changes in a commit', 'changes a second',
          'refused a second', 'ms for one', 'with payload: changes a second', 'ms for one')
    for gateways, writing, batch in ((3, 1, 1), (3, 3, 1), (8, 8, 1), (16, 1, 1), (16, 16, 1),
                                     (16, 16, 16), (64, 1, 1), (64, 8, 1), (64, 64, 1),
                                     (64, 64, 16), (64, 1, 16), (64, 1, 64)):
        plain, carried = (Fleet(gateways, writing, batch, payload).run()
                          for payload in (False, True))
        row(gateways, writing, batch, f'{plain["changes"]:,.0f}', f'{plain["refused"]:,.0f}',
            f'{plain["ms"]:.1f}', f'{carried["changes"]:,.0f}', f'{carried["ms"]:.1f}')


def lun_tables():
    table('gateways', 'LUNs', 'LUNs of one', 'MiB of librbd in one', 'cores of one for watches',
          'pings a second', 'renewals a second: a lease for each LUN', 'for each gateway',
          's to close all of one, by one client', 'by four')
    for gateways, luns in (3, 1000), (3, 10000), (16, 10000), (64, 10000), (64, 100000):
        c = lun_costs(gateways, luns)
        row(gateways, f'{luns:,}', f'{c["per"]:,.0f}', f'{c["mib"]:,.0f}', f'{c["cores"]:.2f}',
            f'{c["pings"]:,.0f}', f'{c["lun_leases"]:,.0f}', f'{c["gateway_leases"]:.0f}',
            *(f'{s:.1f}' for s in c['close_s']))
    table('gateways', 'LUNs', 'OSDs', 'opened by each survivor', 'it ended: first LUN s',
          'last LUN s', 'it is silent: first LUN s', 'last LUN s', 'last LUN s, claimed one by one',
          'claimed and opened one by one')
    for gateways, luns, osds in ((3, 1000, 10), (3, 10000, 10), (3, 10000, 100), (8, 10000, 100),
                                 (16, 10000, 1000), (64, 10000, 10000), (64, 100000, 10000)):
        cells = []
        for silent in False, True:
            first, _, last = failover(gateways, luns, osds, silent)
            cells += [f'{first:.1f}', f'{last:.1f}']
        for threads in 32, 1:
            cells.append(f'{failover(gateways, luns, osds, True, threads, claims=1)[2]:.1f}')
        row(gateways, f'{luns:,}', osds, -(-luns // gateways // (gateways - 1)), *cells)


def tables():
    print('| what | point | measured | simulated | difference |\n|---|---|---|---|---|')
    for group, key, measured, found in differences():
        key = ', '.join(map(str, key)) if isinstance(key, tuple) else key
        row(group, key, measured, round(found), f'{found / measured - 1:+.0%}')
    data_tables()
    catalog_tables()
    lun_tables()


if __name__ == '__main__':
    tables()

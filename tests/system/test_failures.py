#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The four documented failures of QueryAssociatedTargets, each produced by its real cause."""
import contextlib
import re
import select
import socket
import threading

import vdstest
from vdstest import Com, Daemon, equal, eventually

MIB = 1 << 20
CORRUPT = 'VDS_E_PROVIDER_CACHE_CORRUPT'


class Wire:
    """A wire between a client and vdsd on which the event stream can be cut, thinned and falsified.
    """

    def __init__(self, daemon):
        self.daemon, self.socket = daemon, daemon.top / 'wire'
        self.mode = 'pass'              # pass, stall, drop (the next change), falsify (its digest)
        self.resumed = threading.Event()
        self.resumed.set()
        self.done = threading.Event()   # the drop or the falsification has happened
        self.closing = False
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.socket))
        self.listener.listen()
        self.threads, self.open = [], []
        self.spawn(self.accept)

    def spawn(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        thread.start()
        self.threads.append(thread)

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self.daemon.socket))
            self.open += [client, server]
            self.spawn(self.carry, client, server)

    def carry(self, client, server):
        """Bytes both ways; once a request asks for the events, the answers go through the filter.
        """
        try:
            while True:
                readable, _, _ = select.select([client, server], [], [])
                if client in readable:
                    data = client.recv(65536)
                    if not data:
                        break
                    server.sendall(data)
                    if b'GET /v1/events' in data:
                        self.stream(client, server)
                        break
                if server in readable:
                    data = server.recv(65536)
                    if not data:
                        break
                    client.sendall(data)
        except OSError:
            pass
        client.close()
        server.close()

    def stream(self, client, server):
        raw, out = server.makefile('rb'), client.makefile('wb', buffering=0)
        while (line := raw.readline()) not in (b'\r\n', b''):
            out.write(line)
        out.write(b'\r\n')
        pending = b''
        while True:
            size = raw.readline()
            if not size:
                return
            pending += raw.read(int(size, 16))
            raw.readline()
            *events, pending = pending.split(b'\n\n')
            for event in events:
                self.resumed.wait()
                event = self.filter(event)
                if event is not None:
                    event += b'\n\n'
                    out.write(b'%x\r\n%b\r\n' % (len(event), event))

    def filter(self, event):
        if self.mode in ('drop', 'falsify') and b'event: change' in event:
            mode, self.mode = self.mode, 'pass'
            self.done.set()
            if mode == 'drop':
                return None
            return re.sub(rb'("digest": ?")([0-9a-f])',
                          lambda m: m[1] + (b'0' if m[2] != b'0' else b'1'), event)
        return event

    def close(self):
        self.resumed.set()
        self.listener.close()
        for end in self.open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def array(through_wire=False):
    """A daemon; a VDS program (perhaps behind a wire); a LUN on one of two targets."""
    with Daemon() as daemon:
        rest = daemon.rest()
        targets = [rest.call('POST', '/v1/targets', {'alias': f't{n}', 'with_group': True})['id']
                   for n in range(2)]
        lun = rest.call('POST', '/v1/luns',
                        {'name': 'vol', 'size_bytes': 64 * MIB, 'mask': '*'})['id']
        rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': targets[:1]})
        wire = Wire(daemon) if through_wire else None
        com = Com(wire if wire else daemon)
        equal(com.targets_of(lun), set(targets[:1]), 'before')
        yield daemon, rest, com, lun, targets, wire
        com.close()
        if wire:
            wire.close()
        rest.close()
        daemon.stop()


def query(com, lun):
    return com.ask('targets-of', lun)[0]


def test_a_stream_cut_for_long_corrupts_the_cache_until_it_resumes():
    with array(through_wire=True) as (_, rest, com, lun, targets, wire):
        wire.resumed.clear()
        equal(query(com, lun), 'S_OK', 'just after the cut')
        rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': targets})
        eventually('the cache is corrupt', lambda: query(com, lun) == CORRUPT)
        wire.resumed.set()
        eventually('the stream has healed it', lambda: query(com, lun) == 'S_OK')
        com.ok('sync')
        equal(com.targets_of(lun), set(targets), 'after healing')


def cured_only_by_both(com, lun, targets):
    """Reenumerate and then Refresh cure; a barrier or one of them alone does not."""
    equal(com.ask('sync')[0], CORRUPT, 'a barrier')
    equal(query(com, lun), CORRUPT, 'after the barrier')
    com.ask('refresh')
    equal(query(com, lun), CORRUPT, 'after Refresh alone')
    com.ok('reenumerate')
    equal(query(com, lun), CORRUPT, 'after Reenumerate')
    com.ok('refresh')
    equal(com.targets_of(lun), set(targets), 'after Reenumerate and Refresh')


def test_a_gap_corrupts_the_cache_until_it_is_rebuilt():
    with array(through_wire=True) as (_, rest, com, lun, targets, wire):
        wire.mode = 'drop'
        rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': []})
        vdstest.check(wire.done.wait(vdstest.DEADLINE_S), 'an event was dropped')
        rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': targets})
        eventually('the gap is noticed', lambda: query(com, lun) == CORRUPT)
        cured_only_by_both(com, lun, targets)


def test_another_digest_corrupts_the_cache_until_it_is_rebuilt():
    with array(through_wire=True) as (_, rest, com, lun, targets, wire):
        wire.mode = 'falsify'
        rest.call('PUT', f'/v1/luns/{lun}/targets', {'targets': targets})
        eventually('the digest is noticed', lambda: query(com, lun) == CORRUPT)
        vdstest.check(wire.done.is_set(), 'a digest was falsified')
        cured_only_by_both(com, lun, targets)


def test_a_lun_deleted_by_another_client_is_deleted():
    with array() as (_, rest, com, lun, _targets, _wire):
        com.ok('hold', 1, 'lun', lun)
        rest.call('DELETE', f'/v1/luns/{lun}?force=1')
        com.ok('sync')
        equal(com.ask('targets-of', '#1')[0], 'VDS_E_OBJECT_DELETED', 'a held LUN')
        equal(com.ask('targets-of', lun)[0], 'VDS_E_OBJECT_NOT_FOUND', 'the id')


def lun_file(daemon, lun):
    return next(daemon.dir.rglob(f'{lun}.img'))


def test_a_lun_whose_file_is_gone_has_failed():
    with array() as (daemon, rest, com, lun, targets, _wire):
        path = lun_file(daemon, lun)
        aside = path.with_suffix('.aside')
        path.rename(aside)
        eventually('the loss is noticed', lambda: query(com, lun) == 'VDS_E_OBJECT_STATUS_FAILED')
        try:
            rest.call('PATCH', f'/v1/luns/{lun}', {'status': 'online'})
            raise vdstest.Failed('online without a file was accepted')
        except vdstest.RestError as error:
            equal(error.code, 'FAILED', 'online without a file')
        aside.rename(path)
        equal(query(com, lun), 'VDS_E_OBJECT_STATUS_FAILED', 'the file is back, nobody asked')
        for words in [['associate', lun, *targets], ['associate', lun], ['mask', lun, '*']]:
            equal(com.ask(*words)[0], 'VDS_E_OBJECT_STATUS_FAILED', words)
        com.ok('online', lun)
        equal(com.targets_of(lun), set(targets[:1]), 'after SetStatus(online)')
        com.ok('associate', lun, *targets)
        equal(com.targets_of(lun), set(targets), 'AssociateTargets after SetStatus(online)')


def test_a_lun_whose_fsync_fails_has_failed_for_good():
    with array() as (daemon, rest, com, lun, targets, _wire):
        sees = vdstest.Initiator()
        name = rest.call('GET', f'/v1/targets/{targets[0]}')['iscsi_name']
        fault = daemon.inject / f'{lun}.flush'
        fault.write_text('EIO')
        equal(sees.ask('write', daemon.portal, name, 'iqn.2026-11.org.example:i', 0, 0, 1)[0],
              'error', 'the flush')
        fault.unlink()
        eventually('the failure is seen', lambda: query(com, lun) == 'VDS_E_OBJECT_STATUS_FAILED')
        equal(sees.ask('write', daemon.portal, name, 'iqn.2026-11.org.example:i', 0, 0, 1)[0],
              'error', 'it is sticky')
        com.ok('online', lun)
        equal(query(com, lun), 'S_OK', 'after SetStatus(online)')
        sees.ok('write', daemon.portal, name, 'iqn.2026-11.org.example:i', 0, 0, 1)
        sees.close()


def test_a_thick_extend_held_midway_refuses_changes_and_hides_no_targets():
    with array() as (daemon, rest, com, _lun, targets, _wire):
        job = rest.call('POST', '/v1/luns',
                        {'name': 'thick', 'size_bytes': 16 * MIB, 'thick': True, 'mask': '*'})
        thick = job['id']
        eventually('it is allocated',
                   lambda: rest.call('GET', f'/v1/jobs/{job["job"]}')['state'] == 'done')
        com.ok('sync')
        eventually('nothing holds it', lambda: query(com, thick) == 'S_OK')
        hold = daemon.inject / f'{thick}.allocate'
        hold.write_text('hold')
        com.ok('extend', thick, 16 * MIB, 'nowait')
        equal(query(com, thick), 'S_OK', 'midway: its targets are as certain as ever')
        equal(com.ask('associate', thick, targets[0])[0], 'VDS_E_ANOTHER_CALL_IN_PROGRESS',
              'associate midway')
        hold.unlink()
        eventually('it has grown', lambda: com.ok('lun', thick)[0] == str(32 * MIB))


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

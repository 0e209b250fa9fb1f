#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program of libvds that knows two gateways of one array goes on when the one that it uses is killed
or stopped: each change is made once and is there afterwards, and its replica is sound.
"""
import os
import pathlib
import signal
import socket
import subprocess
import threading
import types

import cephtest
import vdstest
from vdstest import Com, Daemon, check, equal, eventually

MIB = 1 << 20


def free_address():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return f'127.0.0.1:{s.getsockname()[1]}'


def gateway(cluster, name, address):
    daemon = Daemon('--catalog', f'rados:{cluster.CATALOG}/array', *cluster.options(), '--gateway',
                    name, '--gateway-address', address, faults=False)
    daemon.env['VDS_MODULE_DIR'] = str(pathlib.Path(os.environ['CEPH_MODULE']).parent)
    return daemon


class Program:
    """Makes targets and looks for each of them, all the time."""

    def __init__(self, *daemons):
        urls = ',unix:'.join(str(daemon.socket) for daemon in daemons)
        self.com, self.made, self.corrupt = Com(types.SimpleNamespace(socket=urls)), set(), 0

    def query(self, *words):
        """An answer of the replica; a lost array is all that it may complain about, for a while."""
        def answered():
            answer = self.com.ask(*words)
            if answer[0] == 'S_OK':
                return answer
            equal(answer[0], 'VDS_E_PROVIDER_CACHE_CORRUPT', f'{words}')
            self.corrupt += 1
            return None
        return set(eventually(f'{words} is answered', answered)[1:])

    def work(self, count):
        for _ in range(count):
            # a lost answer is asked for until it is known, so a change never fails
            self.made.add(self.com.ok('create-target', '-', f't{len(self.made)}')[0])
            equal(self.query('targets'), self.made, 'targets, its own one included')

    def work_during(self, fault):
        """Works while `fault` runs on another thread."""
        thread = threading.Thread(target=fault)
        thread.start()
        self.work(5)
        thread.join()
        self.work(5)


def targets_of(daemon):
    return {target['id'] for target in daemon.rest().list('targets')}


def ctl(*words):
    done = subprocess.run([os.environ['VDSCTL'], *map(str, words)], capture_output=True, text=True,
                          timeout=vdstest.DEADLINE_S)
    equal(done.returncode, 0, f'{words}: {done.stderr}')
    return done.stdout


def test_a_program_goes_on_through_another_gateway():
    with cephtest.Cluster() as cluster, gateway(cluster, 'a', free_address()) as a:
        address = free_address()
        a.ctl('gateway', 'add', 'b', address)
        with gateway(cluster, 'b', address) as b:
            a.ctl('pool', 'create', 'ceph', f'rbd:{cluster.POOL}')
            program = Program(a, b)
            program.work(5)
            lun, = program.com.ok('create-lun', 16 * MIB, '-')

            program.work_during(a.kill)
            equal(targets_of(b), program.made, 'targets: each was made once')
            check(lun in program.query('luns'), 'the LUN is there')
            # vdsctl passes over the one that is away
            url = f'unix:{a.socket},unix:{b.socket}'
            ctl('--url', url, 'target', 'create', 'x')
            ctl('--url', url, 'target', 'delete', 'x')

            a.start()       # with other live rows, as the one that the program goes to next
            program.work_during(b.kill)
            equal(targets_of(a), program.made, 'targets: each was made once')
            eventually('its new owner extends the LUN',
                       lambda: program.com.ask('extend', lun, 16 * MIB)[0] == 'S_OK')
            check(str(32 * MIB) in program.query('lun', lun), 'its size, read back')

            b.start()
            program.work_during(lambda: a.process.send_signal(signal.SIGSTOP))
            a.process.send_signal(signal.SIGCONT)
            equal(targets_of(b), program.made, 'targets: each was made once')
            program.work(1)
            print(f'# {len(program.made)} targets; {program.corrupt} answers were CACHE_CORRUPT')
            program.com.close()


cephtest.requires()
vdstest.main([test_a_program_goes_on_through_another_gateway])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Linux's own initiator and dm-multipath on one LUN through three gateways of an array on Ceph, in a
virtual machine (tests/guest/gateways.sh has what it does and sees).

Environment: GUEST_ROUNDS (1): how many times the LUN gets other owners, and gateways drain, are
killed, and are stopped and woken.
"""
import os
import signal

import cephtest
import guesttest
import vdstest
from guesttest import SOURCE, guest_build, run_guest
from vdstest import equal, eventually

NAMES = ['a', 'b', 'c']
TARGET = 'iqn.2026-11.org.example:web'
MIB = 32


class Steps:
    """What the guest asks for; `victim` is the gateway of the step before."""

    def __init__(self, daemons):
        self.daemons = {daemon.name: daemon for daemon in daemons}
        self.victim = None
        self.done = []

    def asked(self):
        """A gateway that runs and is not the victim."""
        return next(d for d in self.daemons.values() if d is not self.victim)

    def owner(self):
        rest = self.asked().rest()
        rows = rest.call('GET', '/v1/snapshot')['config']
        rest.close()
        [owner] = [row['controller_id'] for row in rows['lun_owners']]
        return next(row['name'] for row in rows['controllers'] if row['id'] == owner)

    def another_owner(self):
        """Waits until the victim is not the owner; who is."""
        return eventually(f'{self.victim.name} is not the owner', lambda: next(
            (name for name in [self.owner()] if name != self.victim.name), None))

    def choose_victim(self):
        self.victim = None
        self.victim = self.daemons[self.owner()]

    def __call__(self, words):
        self.done.append(words[0])
        return getattr(self, 'do_' + words[0])(*words[1:])

    def do_owner(self, name):
        self.victim = None
        self.asked().ctl('lun', 'move-owner', 'vol', name)
        equal(self.owner(), name, 'the owner')

    def do_drain(self):
        self.choose_victim()
        self.asked().ctl('gateway', 'drain', self.victim.name)
        return self.another_owner()

    def do_restart(self):
        self.victim.stop()
        self.victim.start()
        return self.victim.name

    def do_undrain(self):
        self.asked().ctl('gateway', 'undrain', self.victim.name)

    def do_kill(self):
        self.choose_victim()
        self.victim.kill()
        return self.another_owner()

    def do_start(self):
        self.victim.start()

    def do_stop(self):
        self.choose_victim()
        self.wakes = len(self.victim.logged(' vdsd.ready '))
        self.victim.process.send_signal(signal.SIGSTOP)
        return self.another_owner()

    def do_wake(self):
        self.victim.process.send_signal(signal.SIGCONT)
        eventually('it serves again', lambda: len(self.victim.logged(' vdsd.ready ')) > self.wakes)


def test_multipath_goes_on_whatever_happens_to_a_gateway():
    guest_build()
    os.environ.setdefault('GUEST_LIMIT', '800')     # the emulated CPU has to wait for two others
    rounds = int(os.environ.get('GUEST_ROUNDS', '1'))
    with cephtest.Cluster() as ceph, \
            cephtest.gateways(ceph, *NAMES, listens=True, faults=False) as daemons:
        first = daemons[0]
        first.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        first.ctl('lun', 'create', 'vol', '--size', f'{MIB}M', '--pool', 'ceph', '--unmask', '*')
        first.ctl('lun', 'associate', 'vol', 'web')
        steps = Steps(daemons)
        run_guest('gateways.sh', steps, TARGET=TARGET, OWNER=steps.owner(), ROUNDS=rounds,
                  GATEWAYS=' '.join(f'{d.name}:{d.listen.rsplit(":", 1)[1]}' for d in daemons),
                  CONF=(SOURCE / 'docs/multipath.conf').read_text())
        equal(steps.done, ['owner', 'owner', 'drain', 'restart', 'undrain', 'kill', 'start', 'stop',
                           'wake'] * rounds, 'the steps')
        equal(first.ctl('lun', 'reservations', 'vol')['registrations'], [], 'what is left')
        for daemon in daemons:
            daemon.stop()


guesttest.requires()
cephtest.requires()
vdstest.main([test_multipath_goes_on_whatever_happens_to_a_gateway])

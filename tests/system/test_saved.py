#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Saved mode pages (MODE SELECT with SP) and identifying information: what a LUN keeps over the end
of vdsd, and what it does not.
"""
import struct

import durable
import vdstest
from vdstest import Daemon, Failed, Initiator, check, equal

MIB = 1 << 20
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:t'
CACHING, CONTROL = 0x08, 0x0a
CURRENT, DEFAULT, SAVED = 0, 2, 3
GOOD, MODE_CHANGED, NOT_KEPT = 'good', '6/2a01', '4/4400'
PROTECTED, READ_ONLY = '7/2702', '7/2700'     # by SWP, by an administrator
# WCE, D_SENSE, SWP
FRESH = (True, False, False)


class Luns:
    """A daemon with LUNs behind one target, and a host."""

    def __init__(self, count=3):
        self.count = count

    def __enter__(self):
        self.daemon = Daemon()
        self.steps = durable.Steps(self.daemon)
        self.daemon.__enter__()
        self.daemon.ctl('target', 'create', 't', '--iscsi-name', TARGET)
        for i in range(self.count):
            self.make(f'lun{i}')
        self.host = Initiator()
        self.log_in()
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.host.ok('drop')
                self.host.close()
                self.daemon.stop()
                self.daemon.checker()
        finally:
            self.host.process.kill()
            self.host.process.wait()
            self.daemon.__exit__(kind, value, trace)

    def make(self, name):
        self.daemon.ctl('lun', 'create', name, '--size', '1M', '--unmask', HOST)
        self.daemon.ctl('lun', 'associate', name, TARGET)

    def log_in(self):
        self.host.ok('hold', self.daemon.portal, TARGET, HOST)
        for lun in range(8):
            self.attentions(lun)

    def again(self, end=Daemon.kill):
        """vdsd ends, begins, and the host logs in."""
        end(self.daemon)
        self.host.ok('drop')
        self.daemon.start()
        self.log_in()

    def attentions(self, lun):
        found = []
        while (said := self.send(lun, bytes(6))[0]).startswith('6/'):
            found.append(said)
        return found

    def send(self, lun, cdb, in_bytes=0, out=b''):
        answer = self.host.ok('cdb', lun, cdb.hex(), in_bytes, out.hex() or '-')
        check(answer[0] != 'status', f'no answer: {answer}')
        return answer[0], bytes.fromhex(answer[1]) if len(answer) > 1 and answer[0] == GOOD else b''

    def pages(self, lun, control=CURRENT):
        """The device-specific parameter, and the caching and the control page."""
        found = []
        for page in (CACHING, CONTROL):
            said, data = self.send(lun, bytes([0x1a, 8, control << 6 | page, 0, 255, 0]), 255)
            equal(said, GOOD, f'MODE SENSE of LUN {lun}')
            check(data[4] & 0x80, f'the page cannot be saved: {data.hex()}')
            found.append(bytearray(data[4:]))
        return data[2], *found

    def bits(self, lun, control=CURRENT):
        """WCE, D_SENSE, SWP"""
        specific, caching, page = self.pages(lun, control)
        swp = bool(page[4] & 0x08)
        if control == CURRENT:
            equal(bool(specific & 0x80), swp, f'WP of LUN {lun}')
        return bool(caching[2] & 0x04), bool(page[2] & 0x04), swp

    def select(self, lun, wce, d_sense, swp, save=True):
        """MODE SELECT of both pages."""
        _, caching, control = self.pages(lun)
        caching[0] &= 0x7f
        control[0] &= 0x7f
        caching[2] = caching[2] & ~0x04 | wce << 2
        control[2] = control[2] & ~0x04 | d_sense << 2
        control[4] = control[4] & ~0x08 | swp << 3
        out = bytes(4) + caching + control
        return self.send(lun, bytes([0x15, 0x10 | save, 0, 0, len(out), 0]), 0, out)[0]

    def write(self, lun):
        return self.send(lun, struct.pack('>BBQIBB', 0x8a, 0, 0, 1, 0, 0), 0, b'X' * 512)[0]


def restarts_keep_what_is_saved(end):
    with Luns() as luns:
        equal([luns.bits(lun) for lun in range(3)], [FRESH] * 3, 'at the beginning')
        equal(luns.select(0, False, False, False), GOOD, 'WCE 0, saved')
        equal(luns.select(1, True, True, True), GOOD, 'D_SENSE and SWP, saved')
        equal(luns.select(2, False, True, True, save=False), GOOD, 'what is not saved')
        equal([luns.write(lun) for lun in range(3)], [GOOD, PROTECTED, PROTECTED], 'writes')
        luns.again(end)
        for what in (CURRENT, SAVED):
            equal([luns.bits(lun, what) for lun in range(3)],
                  [(False, False, False), (True, True, True), FRESH], f'after the restart, {what}')
        equal([luns.bits(lun, DEFAULT) for lun in range(3)], [FRESH] * 3, 'the defaults')
        equal([luns.write(lun) for lun in range(3)], [GOOD, PROTECTED, GOOD], 'writes')
        # for the time until the next restart only
        equal(luns.select(1, True, True, False, save=False), GOOD, 'SWP 0, not saved')
        equal((luns.write(1), luns.bits(1, SAVED)), (GOOD, (True, True, True)), 'LUN 1')
        luns.again(end)
        equal((luns.write(1), luns.bits(1)), (PROTECTED, (True, True, True)), 'LUN 1 again')
        equal(luns.select(1, True, False, False), GOOD, 'SWP 0, saved')
        luns.again(end)
        equal((luns.write(1), luns.bits(1)), (GOOD, FRESH), 'LUN 1 at last')
        equal(luns.bits(0), (False, False, False), 'LUN 0')


def test_what_is_saved_survives_a_stop():
    restarts_keep_what_is_saved(Daemon.stop)


def test_what_is_saved_survives_a_kill():
    restarts_keep_what_is_saved(Daemon.kill)


def test_a_mode_select_that_is_killed_has_saved_both_pages_or_none():
    """Kill -9 in the place of each call on the disk, and after the answer."""
    with Luns(1) as luns:
        before, found = FRESH, []
        for wanted in ((False, True, True), (True, False, True), FRESH):
            for nth in range(1, 100):
                luns.steps.arm(nth)
                try:
                    said = luns.select(0, *wanted)
                except Failed:
                    said = None
                names = luns.steps.seen()
                luns.daemon.kill()
                luns.steps.disarm()
                luns.again(lambda daemon: None)
                bits = luns.bits(0)
                equal(luns.bits(0, SAVED), bits, 'the saved bits')
                check(bits in (before, wanted), f'killed at call {nth}: {bits}')
                if said is not None:
                    break
                found.append(bits == wanted)
                if bits == wanted:
                    equal(luns.select(0, *before), GOOD, 'back')
            equal((said, bits), (GOOD, wanted), 'unharmed')
            check('fdatasync' in names, f'it is answered before it is durable: {names}')
            before = wanted
        equal(set(found), {False, True}, 'outcomes')


def test_what_is_saved_is_of_the_lun():
    """It holds when the LUN was away from its targets, and in each of its targets; another LUN with its
    name knows nothing.
    """
    with Luns(1) as luns:
        equal(luns.select(0, False, False, True), GOOD, 'MODE SELECT')
        luns.daemon.ctl('lun', 'dissociate', 'lun0', TARGET)
        luns.daemon.ctl('lun', 'associate', 'lun0', TARGET)
        luns.attentions(0)
        equal((luns.bits(0), luns.write(0)), ((False, False, True), PROTECTED), 'the LUN is back')
        luns.host.ok('reset', 0)
        luns.attentions(0)
        equal((luns.bits(0), luns.write(0)), ((False, False, True), PROTECTED), 'after a reset')
        luns.daemon.ctl('lun', 'delete', 'lun0', '--force')
        luns.make('lun0')
        luns.again()
        number = [n for n in range(4) if luns.host.ok('cdb', n, '00' * 6, 0, '-')[0] == GOOD]
        check(number, 'the other LUN is not there')
        equal((luns.bits(number[0]), luns.write(number[0])), (FRESH, GOOD), 'another LUN')


def test_identifying_information_is_kept():
    """SET IDENTIFYING INFORMATION of both kinds: it is of the LUN, and survives a kill."""
    def told(luns, lun, kind):
        said, data = luns.send(lun, bytes([0xa3, 5, 0, 0, 0, 0, 0, 0, 2, 4, kind << 1, 0]), 516)
        equal(said, GOOD, 'REPORT IDENTIFYING INFORMATION')
        equal(len(data), 4 + int.from_bytes(data[2:4], 'big'), 'its length')
        return data[4:]

    with Luns(2) as luns:
        values = {(0, 0): bytes(range(200)), (0, 2): 'Zählwerk\0'.encode(), (1, 2): b'other\0'}
        for (lun, kind), value in values.items():
            cdb = struct.pack('>BB4xIBB', 0xa4, 6, len(value), kind << 1, 0)
            equal(luns.send(lun, cdb, 0, value)[0], GOOD, 'SET IDENTIFYING INFORMATION')
        for _ in range(2):
            for place, value in {**values, (1, 0): b''}.items():
                equal(told(luns, *place), value, f'{place}')
            luns.again()


def test_the_other_hosts_are_told():
    with Luns(1) as luns:
        other, mine = Initiator(), luns.host
        luns.host = other
        luns.log_in()
        luns.host = mine
        equal(luns.select(0, True, False, True), GOOD, 'MODE SELECT')
        luns.host = other
        equal((luns.attentions(0), luns.write(0)), ([MODE_CHANGED], PROTECTED), 'the other host')
        other.ok('drop')
        other.close()
        luns.host = mine
        equal((luns.attentions(0), luns.write(0)), ([], PROTECTED), 'the host itself')


def test_the_write_protection_of_an_administrator_is_another():
    """SWP 0 of a host does not end it, and it does not end SWP."""
    with Luns(1) as luns:
        luns.daemon.ctl('lun', 'read-only', 'lun0')
        luns.attentions(0)
        specific, _, control = luns.pages(0)
        equal((specific & 0x80, control[4] & 0x08, luns.write(0)), (0x80, 0, READ_ONLY), 'read-only')
        control[0] &= 0x7f
        control[4] |= 0x08
        for save in (False, True):
            equal(luns.send(0, bytes([0x15, 0x10 | save, 0, 0, 16, 0]), 0, bytes(4) + control)[0],
                  GOOD, 'SWP of a read-only LUN')
        luns.again()
        luns.daemon.ctl('lun', 'read-write', 'lun0')
        luns.attentions(0)
        equal((luns.write(0), luns.bits(0)), (PROTECTED, (True, False, True)), 'SWP is left')
        equal(luns.select(0, *FRESH), GOOD, 'SWP 0')
        equal(luns.write(0), GOOD, 'a write')


def test_what_cannot_be_saved_is_refused():
    """The catalog is replaced under vdsd: it becomes read-only."""
    with Luns(1) as luns:
        catalog, aside = luns.daemon.dir / 'catalog.db', luns.daemon.dir / 'aside'
        catalog.rename(aside)
        equal(luns.select(0, False, True, True), NOT_KEPT, 'MODE SELECT')
        equal((luns.bits(0), luns.write(0)), (FRESH, GOOD), 'nothing has changed')
        aside.rename(catalog)


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

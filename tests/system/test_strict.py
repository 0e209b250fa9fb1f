#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad input: each field of each PDU out of range, in each state, and what RFC 7143 has for it.

ROWS, LOGINS and KEYS have a row for each mistake: its clause of RFC 7143, how it is made, and the
answer: the reason of a Reject, the status of a login, the response of a function, the sense of a
command, or `closed`.  Where a field is reserved or has no meaning, a receiver ignores it (§11), and
the row says what the same PDU without the mistake is answered.  Afterwards the connection must
answer a ping, unless it is closed.

What no row names is tried by brute force: every byte of every PDU with several values in every
state, and every PDU cut at every byte. Of these only is asked that the answer is one that may
follow such a PDU, that others are served, and that memory does not grow.

    STRICT_PRODUCT=all test_strict.py       each byte, value and state; otherwise a part of them
"""
import concurrent.futures
import os
import pathlib
import random
import re
import socket
import struct

import vdstest
from strict import (COMMAND, CONTINUE, DATA_OUT, FINAL, IMMEDIATE, LOGIN, LOGOUT, NONE, NOP_OUT,
                    READ, SNACK, TEXT, TMF, WRITE, Peer, cdb_of, pdu, text)
from vdstest import Daemon, check, equal

INITIATOR, TARGET = 'iqn.2026-11.test:strict', 'iqn.2026-11.test:t'
WHOLE = os.environ.get('STRICT_PRODUCT') == 'all'
SEED = int(os.environ.get('STRICT_SEED', 0)) or random.SystemRandom().randrange(1, 1 << 32)
BLOCK = 512
LUN0, LUN9 = bytes(8), bytes([0, 9]) + bytes(6)
CRC_ERROR, UNSOLICITED, AMOUNT = 'status 2 b/4705', 'status 2 b/0c0c', 'status 2 b/0c0d'


# --- PDUs that are right but for what a row says ---

def nop(p, immediate=True, **fields):
    fields = {'itt': p.new_itt(), 'ttt': NONE, 'exp_stat_sn': p.stat_sn, **fields}
    if 'cmd_sn' not in fields:
        fields['cmd_sn'] = p.cmd_sn if immediate else p.numbered()
    return pdu(fields.pop('opcode', NOP_OUT | (IMMEDIATE if immediate else 0)), **fields)


def command(p, flags, cdb, length=0, data=b'', **fields):
    fields = {'lun': LUN0, 'itt': p.new_itt(), 'exp_stat_sn': p.stat_sn, 'edtl': length, 'cdb': cdb,
              **fields}
    if 'cmd_sn' not in fields:
        fields['cmd_sn'] = p.numbered()
    return pdu(fields.pop('opcode', COMMAND), flags, data, **fields)


def read(p, blocks=1, flags=FINAL | READ | 1, **fields):
    return command(p, flags, cdb_of(0x28, 0, blocks), **{'length': blocks * BLOCK, **fields})


def write(p, blocks=1, sent=BLOCK, flags=FINAL | WRITE | 1, **fields):
    return command(p, flags, cdb_of(0x2a, 0, blocks), **{'length': blocks * BLOCK,
                                                         'data': bytes(sent), **fields})


def ready(p, **fields):
    return command(p, fields.pop('flags', FINAL | 1), bytes(16), **fields)


def tmf(p, function, **fields):
    fields = {'lun': LUN0, 'itt': p.new_itt(), 'ref_tag': NONE, 'cmd_sn': p.cmd_sn,
              'exp_stat_sn': p.stat_sn, **fields}
    return pdu(fields.pop('opcode', TMF | IMMEDIATE), FINAL | function, **fields)


def asked(p, *pairs, flags=FINAL, data=None, **fields):
    fields = {'itt': p.new_itt(), 'ttt': NONE, 'exp_stat_sn': p.stat_sn, **fields}
    if 'cmd_sn' not in fields:
        fields['cmd_sn'] = p.numbered()
    return pdu(fields.pop('opcode', TEXT), flags, text(*pairs) if data is None else data, **fields)


def logout(p, reason=0, **fields):
    fields = {'itt': p.new_itt(), 'cid': 0, 'cmd_sn': p.cmd_sn, 'exp_stat_sn': p.stat_sn, **fields}
    return pdu(LOGOUT | IMMEDIATE, FINAL | reason, **fields)


def snack(p, kind, **fields):
    fields = {'lun': LUN0, 'itt': NONE, 'ttt': NONE, 'exp_stat_sn': p.stat_sn, **fields}
    return pdu(SNACK, FINAL | kind, **fields)


def data_out(p, **fields):
    """For the write that stands open with p.itt and p.ttt."""
    fields = {'lun': LUN0, 'itt': p.itt, 'ttt': p.ttt, 'exp_stat_sn': p.stat_sn, 'data_sn': 0,
              'offset': 0, 'data': bytes(2 * BLOCK), **fields}
    return pdu(fields.pop('opcode', DATA_OUT), fields.pop('flags', FINAL), **fields)


def with_r2t(p, blocks=2):
    """A write that was asked for its data: the tag of the R2T is in p.ttt."""
    p.send(write(p, blocks, sent=0))
    head, _ = p.take()
    equal(head[0] & 0x3f, 0x31, 'opcode of the answer to a write without data')
    p.ttt = int.from_bytes(head[20:24], 'big')


def after_r2t(**wrong):
    def build(p):
        with_r2t(p)
        return data_out(p, **wrong)
    return build


def unsolicited(*parts, **how):
    """A write with F=0 and Data-Out PDUs that nobody has asked for, with these mistakes."""
    def build(p):
        first = write(p, 4, sent=0, flags=WRITE | 1, **how)
        p.ttt = NONE
        return first + b''.join(data_out(p, **part) for part in parts)
    return build


def segment(kind, length, data):
    """An additional header segment (§11.2.2)."""
    whole = struct.pack('>HBB', length, kind, 0) + data
    return whole + bytes(-len(whole) % 4)


def of(function, *args, **fields):
    return lambda p: function(p, *args, **fields)


def twice(p):
    """The same tag for two commands, of which the first waits for its data."""
    with_r2t(p)
    tag = p.itt
    again = command(p, FINAL | READ | 1, cdb_of(0x28, 0, 1), BLOCK, itt=tag)
    p.itt = tag
    return again + data_out(p)


def crossed(p):
    """Aborts the write that waits, with the LUN of another unit."""
    with_r2t(p)
    tag = p.itt
    abort = tmf(p, 1, ref_tag=tag, lun=LUN9, ref_cmd_sn=p.cmd_sn - 1)
    p.itt = tag
    return abort + data_out(p)


def gap_closed(p):
    """A command ahead of its turn waits for the one before it."""
    later, sooner = ready(p, cmd_sn=p.cmd_sn + 1), ready(p, cmd_sn=p.cmd_sn)
    p.cmd_sn += 2
    return later + sooner


def parts(*bodies):
    """A text in several requests, with C=1 in all but the last; they share their tag."""
    def build(p):
        itt = p.new_itt()
        p.ttt = NONE
        for i, body in enumerate(bodies):
            last = i == len(bodies) - 1
            one = asked(p, flags=FINAL if last else CONTINUE, data=body, itt=itt, ttt=p.ttt)
            if last:
                return one
            p.send(one)
            head, _ = p.take()
            p.ttt = int.from_bytes(head[20:24], 'big')
        return b''
    return build


# States: how a connection comes there. Each row names those in which it is tried.
NORMAL, ERL1, ERL2, DISCOVERY, DIGEST = 'normal', 'erl1', 'erl2', 'discovery', 'digest'
LEVELS = (NORMAL, ERL1, ERL2)

# clause, what is wrong, states, how it is made, what comes
ROWS = [
    # --- any PDU ---
    ('11.2.1.1', 'bit 7 of the opcode', LEVELS, of(nop, opcode=0xc0), ['nop']),
    ('11.17.1', 'opcode 07h', LEVELS, of(nop, opcode=0x47), ['reject 5']),
    ('11.17.1', 'opcode 1Ch (vendor)', LEVELS, of(nop, opcode=0x5c), ['reject 5']),
    ('11.17.1', 'opcode 20h (of a target)', LEVELS, of(nop, opcode=0x20), ['reject 5']),
    ('11.17.1', 'opcode 3Fh (of a target)', LEVELS, of(nop, opcode=0x3f), ['reject 5']),
    ('6.3', 'a login request in the full feature phase', LEVELS,
     lambda p: p.login_pdu('InitiatorName=x'), ['reject 4', 'closed']),
    ('13.12', 'longer than MaxRecvDataSegmentLength', LEVELS, of(nop, dsl=0xffffff),
     ['reject 4', 'closed']),
    ('11.2.1.4', 'AHS of a PDU that has none', LEVELS, of(nop, ahs=segment(1, 5, bytes(5))), ['nop']),
    ('4.2.2.1', 'CmdSN far ahead', LEVELS, of(ready, cmd_sn=0x40000000), []),
    ('4.2.2.1', 'CmdSN behind', LEVELS, of(ready, cmd_sn=0), []),
    ('4.2.2.1', 'CmdSN half a circle away', LEVELS, of(ready, cmd_sn=0x80000001), []),
    ('4.2.2.1', 'CmdSN ahead by one, then the missing one', LEVELS, gap_closed, ['good', 'good']),
    ('4.2.2.2', 'ExpStatSN of the future', LEVELS, of(nop, exp_stat_sn=0x7fffffff), ['nop']),
    ('4.2.2.2', 'ExpStatSN of the past', LEVELS, of(nop, exp_stat_sn=0x80000000), ['nop']),
    # --- NOP-Out ---
    ('11.18', 'reserved bits of byte 1', LEVELS, of(nop, flags=0x7f), ['nop']),
    ('11.18', 'reserved bytes 2 and 3', LEVELS, of(nop, byte2=0xff, byte3=0xff), ['nop']),
    ('11.18.1', 'no tag, I=0', LEVELS, of(nop, immediate=False, itt=NONE, cmd_sn=1), []),
    ('11.18.2', 'a TTT that nobody has given', LEVELS, of(nop, itt=NONE, ttt=0x1234), []),
    ('11.18.2', 'a TTT and a tag', LEVELS, of(nop, ttt=0x1234), ['nop']),
    ('11.18', 'a LUN that is not there', LEVELS, of(nop, lun=b'\xff' * 8), ['nop']),
    ('11.18', 'CDB bytes', LEVELS, of(nop, cdb=b'\xff' * 16), ['nop']),
    # --- SCSI Command ---
    ('11.3', 'reserved bits of byte 1', LEVELS, of(ready, flags=FINAL | 0x18 | 1), ['good']),
    ('11.3', 'reserved bytes 2 and 3', LEVELS, of(ready, byte2=0xff, byte3=0xff), ['good']),
    ('11.3.1', 'W=0 and F=0', LEVELS, of(ready, flags=1), ['reject 9']),
    ('11.3.1', 'R=1, W=0 and F=0', LEVELS, of(read, flags=READ | 1), ['reject 9']),
    ('11.3.1', 'attribute 5', LEVELS, of(ready, flags=FINAL | 5), ['reject 9']),
    ('11.3.1', 'attribute 7', LEVELS, of(ready, flags=FINAL | 7), ['reject 9']),
    ('11.2.1.8', 'the reserved tag', LEVELS, of(ready, itt=NONE), ['reject 9']),
    ('11.17.1', 'a tag that is in use', LEVELS, twice, ['reject 7', 'good']),
    ('11.3.4', 'EDTL shorter than the CDB says', (NORMAL,), of(read, 2, length=BLOCK), ['good']),
    ('11.3.4', 'EDTL longer than the CDB says', (NORMAL,), of(read, 1, length=9 * BLOCK),
     ['good']),
    ('11.3.4', 'EDTL without R and W', LEVELS, of(ready, length=4096), ['good']),
    ('11.3.4', 'data beyond EDTL', LEVELS, of(write, 2, sent=2 * BLOCK, length=BLOCK), [UNSOLICITED]),
    ('11.3.4', 'data with W=0', LEVELS, of(ready, data=bytes(512)), [UNSOLICITED]),
    ('13.14', 'immediate data beyond FirstBurstLength', LEVELS, of(write, 16, sent=16 * BLOCK),
     [UNSOLICITED]),
    ('11.3', 'a LUN that is not there', LEVELS, of(read, lun=LUN9), ['status 2 5/2500']),
    ('11.3', 'a LUN of a bus', LEVELS, of(read, lun=b'\x05' + bytes(7)), ['status 2 5/2500']),
    ('11.3', 'a LUN of the second level', LEVELS, of(read, lun=bytes(2) + b'\0\1' + bytes(4)),
     ['status 2 5/2500']),
    ('11.3', 'a LUN of a method that there is not', LEVELS, of(read, lun=b'\xff' * 8),
     ['status 2 5/2500']),
    ('SPC-5', 'an operation code that there is not', LEVELS, of(command, FINAL | 1, b'\xc0' + bytes(15)),
     ['status 2 5/2000']),
    ('11.2.2.1', 'AHS of length 0', LEVELS, of(read, ahs=segment(1, 0, bytes(1))), ['reject 9']),
    ('11.2.2.1', 'AHS longer than TotalAHSLength', LEVELS, of(read, ahs=segment(1, 60, bytes(5))),
     ['reject 9']),
    ('11.2.2.1', 'AHS of a reserved type', LEVELS, of(read, ahs=segment(3, 5, bytes(5))), ['reject 9']),
    ('11.2.2.1', 'AHS of type 0', LEVELS, of(read, ahs=segment(0, 5, bytes(5))), ['reject 9']),
    ('11.2.2.4', 'a read length of 3 bytes', LEVELS, of(read, ahs=segment(2, 4, bytes(4))),
     ['reject 9']),
    ('11.2.2.4', 'two read lengths', LEVELS, of(read, ahs=segment(2, 5, b'\0\0\0\0\1') * 2),
     ['reject 9']),
    ('11.2.2.3', 'two extended CDBs', LEVELS, of(read, ahs=segment(1, 5, bytes(5)) * 2), ['reject 9']),
    ('11.2.2', 'AHS whose end is missing', LEVELS, of(read, ahs=segment(1, 5, bytes(5))[:4]),
     ['reject 9']),
    ('13.10', 'F=0 with InitialR2T=Yes', ('r2t',), of(write, flags=WRITE | 1), [UNSOLICITED]),
    ('13.11', 'data with ImmediateData=No', ('r2t',), of(write), [UNSOLICITED]),
    # --- Data-Out ---
    ('11.7', 'nothing is wrong', LEVELS, after_r2t(), ['good']),
    ('11.7', 'reserved bits and bytes', LEVELS, after_r2t(flags=0xff, byte2=0xff, byte3=0xff,
                                                         lun=LUN0), ['good']),
    ('11.7', 'a tag that nobody has', LEVELS, of(data_out, itt=0x7777, ttt=1), []),
    ('11.7', 'the reserved tag', LEVELS, of(data_out, itt=NONE, ttt=1), []),
    ('11.7.4', 'another TTT', (NORMAL,), after_r2t(ttt=0x7fff0000), [AMOUNT]),
    ('11.7.4', 'no TTT, when nothing unsolicited may come', (NORMAL,),
     lambda p: after_r2t(ttt=NONE)(p) + data_out(p), [UNSOLICITED]),
    ('11.7.5', 'DataSN out of order', (NORMAL,), after_r2t(data_sn=1), [CRC_ERROR]),
    ('11.7.5', 'DataSN FFFFFFFFh', (NORMAL,), after_r2t(data_sn=NONE), [CRC_ERROR]),
    ('11.7.6', 'another offset', (NORMAL,), after_r2t(offset=512), [AMOUNT]),
    ('11.7.6', 'an offset beyond the command', (NORMAL,), after_r2t(offset=0x80000000), [AMOUNT]),
    ('11.7.1', 'F too early', (NORMAL,), after_r2t(data=bytes(512)), [AMOUNT]),
    ('11.8.4', 'more than was asked for', (NORMAL,), after_r2t(data=bytes(1536)), [AMOUNT]),
    ('11.7', 'no data at all', (NORMAL,), after_r2t(data=b''), [AMOUNT]),
    ('11.8', 'unsolicited data that is right', LEVELS,
     unsolicited({'data': bytes(1024), 'flags': 0}, {'data': bytes(1024), 'data_sn': 1, 'offset': 1024}),
     ['good']),
    ('13.14', 'unsolicited data beyond FirstBurstLength', (NORMAL,),
     unsolicited({'data': bytes(8192)}), [UNSOLICITED]),
    ('7.9', 'DataSN out of order', (ERL1, ERL2), after_r2t(data_sn=1), ['r2t']),
    ('7.9', 'another TTT', (ERL1, ERL2), after_r2t(ttt=0x7fff0000), []),
    ('11.7.6', 'another offset', (ERL1, ERL2), after_r2t(offset=512), [AMOUNT]),
    ('7.8', 'a wrong data digest', (DIGEST,), lambda p: nop(p, data=bytes(8)) + b'1234', ['reject 2']),
    ('7.8', 'a command with a wrong data digest', (DIGEST,), lambda p: write(p) + b'1234', ['reject 2']),
    # --- task management ---
    ('11.5', 'function 0', LEVELS, of(tmf, 0), ['tmf 5']),
    ('11.5.1', 'function 13', LEVELS, of(tmf, 13), ['tmf 5']),
    ('11.5.1', 'function 127', LEVELS, of(tmf, 127), ['tmf 5']),
    ('11.2.1.8', 'the reserved tag', LEVELS, of(tmf, 1, itt=NONE), ['reject 9']),
    ('11.6.1', 'no such task', LEVELS, of(tmf, 1, ref_tag=0x7777, ref_cmd_sn=0), ['tmf 1']),
    ('11.6.1', 'no such task, RefCmdSN outside the window', LEVELS,
     of(tmf, 1, ref_tag=0x7777, ref_cmd_sn=0x70000000), ['tmf 1']),
    ('11.5.4', 'the LUN of another unit', LEVELS, crossed, ['tmf 1', 'good']),
    ('11.6.1', 'ABORT TASK SET of a LUN that is not there', LEVELS, of(tmf, 2, lun=LUN9), ['tmf 2']),
    ('11.6.1', 'LOGICAL UNIT RESET of a LUN that is not there', LEVELS, of(tmf, 5, lun=LUN9),
     ['tmf 2']),
    ('11.6.1', 'TASK REASSIGN below level 2', (NORMAL, ERL1), of(tmf, 8, ref_tag=1), ['tmf 4']),
    ('11.6.1', 'TASK REASSIGN of no task', (ERL2,), of(tmf, 8, ref_tag=1), ['tmf 1']),
    ('11.5', 'data with the request', LEVELS, of(tmf, 1, ref_tag=1, ref_cmd_sn=0, data=bytes(64)),
     ['tmf 1']),
    ('11.5', 'reserved bytes', LEVELS, of(tmf, 1, ref_tag=1, ref_cmd_sn=0, byte2=0xff, byte3=0xff,
                                         run_length=NONE, offset=NONE), ['tmf 1']),
    # --- SNACK ---
    ('11.16', 'at level 0', (NORMAL,), of(snack, 1), ['reject 3']),
    ('11.16.1', 'type 4', (ERL1, ERL2), of(snack, 4), ['reject 4']),
    ('11.16.1', 'type 15', (ERL1, ERL2), of(snack, 15), ['reject 4']),
    ('11.16.3', 'data of no task', (ERL1, ERL2), of(snack, 0, itt=0x7777), ['reject 4']),
    ('11.16.6', 'status that was never sent', (ERL1, ERL2), of(snack, 1, beg_run=0x7fffffff,
                                                              run_length=1), ['reject 4']),
    ('11.16.7', 'a run without end', (ERL1, ERL2), lambda p: snack(p, 1, beg_run=p.stat_sn,
                                                                  run_length=NONE), ['reject 4']),
    ('11.16.4', 'status with a tag', (ERL1, ERL2), of(snack, 1, itt=5), ['reject 4']),
    ('11.17.1', 'DataACK that was not asked for', (ERL1, ERL2), of(snack, 2, ttt=5), ['reject 8']),
    ('11.17.1', 'DataACK with a tag', (ERL1, ERL2), of(snack, 2, ttt=0x40000000, itt=5), ['reject 8']),
    ('11.16.5', 'R-Data without a tag', (ERL1, ERL2), of(snack, 3, itt=5, snack_tag=0), ['reject 4']),
    # --- Logout ---
    ('11.14.1', 'reason 3', LEVELS, of(logout, 3), ['reject 9']),
    ('11.14.1', 'reason 127', LEVELS, of(logout, 127), ['reject 9']),
    ('11.2.1.8', 'the reserved tag', LEVELS, of(logout, 0, itt=NONE), ['reject 9']),
    ('11.15.1', 'a CID that is not there', LEVELS, of(logout, 1, cid=99), ['logout 1']),
    ('11.15.1', 'recovery below level 2', (NORMAL, ERL1), of(logout, 2), ['logout 2']),
    ('11.15.1', 'recovery of a CID that is not there', (ERL2,), of(logout, 2, cid=99), ['logout 1']),
    ('11.14', 'reserved bytes', LEVELS, of(logout, 1, cid=99, byte2=0xff, byte3=0xff,
                                          lun=b'\xff' * 8, cdb=b'\xff' * 16), ['logout 1']),
    ('11.14', 'the session, and requests behind it', LEVELS, lambda p: logout(p) + ready(p) + nop(p),
     ['logout 0', 'closed']),
    # --- Text ---
    ('11.10', 'reserved bits and bytes', LEVELS, of(asked, flags=0xbf, byte2=0xff, byte3=0xff), ['text']),
    ('11.2.1.8', 'the reserved tag', LEVELS, of(asked, itt=NONE), ['reject 9']),
    ('11.10.4', 'a TTT that nobody has given', LEVELS, of(asked, ttt=5), ['reject 9']),
    ('11.10.2', 'F=1 and C=1', LEVELS, of(asked, 'X-a=b', flags=FINAL | CONTINUE), ['reject 4']),
    ('6.1', 'a text in two parts', LEVELS, parts(b'X-a', b'=b\0'), ['text X-a=NotUnderstood']),
    ('6.1', 'no "="', LEVELS, of(asked, 'abc'), ['reject 4']),
    ('6.1', 'no key', LEVELS, of(asked, '=b'), ['reject 4']),
    ('6.1', 'no NUL at the end', LEVELS, of(asked, data=b'X-a=b'), ['reject 4']),
    ('6.1', 'a key of 64 bytes', LEVELS, of(asked, 'k' * 64 + '=b'), ['reject 4']),
    ('6.2', 'a key twice', LEVELS, of(asked, 'MaxRecvDataSegmentLength=8192',
                                      'MaxRecvDataSegmentLength=8192'), ['reject 4']),
    ('13.13', 'a value out of range', LEVELS, of(asked, 'MaxRecvDataSegmentLength=511'),
     ['text MaxRecvDataSegmentLength=Reject']),
    ('13', 'a key of the login', LEVELS, of(asked, 'MaxBurstLength=8192'), ['text MaxBurstLength=Reject']),
    ('13', 'an initiator\'s name', LEVELS, of(asked, 'InitiatorName=iqn.a:b'),
     ['text InitiatorName=Reject']),
    ('C', 'SendTargets=All in a normal session', LEVELS, of(asked, 'SendTargets=All'),
     ['text SendTargets=Reject']),
    ('C', 'SendTargets of another target', LEVELS, of(asked, 'SendTargets=iqn.2026-11.test:other'),
     ['text SendTargets=Reject']),
    # --- a discovery session ---
    ('4.3', 'a command', (DISCOVERY,), of(ready), ['reject 4']),
    ('4.3', 'data', (DISCOVERY,), of(data_out, itt=1, ttt=1), ['reject 4']),
    ('4.3', 'task management', (DISCOVERY,), of(tmf, 5), ['reject 4']),
    ('4.3', 'SNACK', (DISCOVERY,), of(snack, 1), ['reject 4']),
    ('4.3', 'an opcode that there is not', (DISCOVERY,), of(nop, opcode=0x47), ['reject 5']),
    ('4.2.2.1', 'a gap in CmdSN', (DISCOVERY,), lambda p: asked(p, 'X-a=b', cmd_sn=p.cmd_sn + 1),
     ['closed']),
    ('C', 'SendTargets without a value', (DISCOVERY,), of(asked, 'SendTargets='),
     ['text SendTargets=Reject']),
    ('C', 'SendTargets of no name', (DISCOVERY,), of(asked, 'SendTargets=a b'),
     ['text SendTargets=Reject']),
    ('11.14.1', 'reason 3', (DISCOVERY,), of(logout, 3), ['reject 9']),
    ('13.12', 'longer than 8192 bytes', (DISCOVERY,), of(asked, data=bytes(8196)),
     ['reject 4', 'closed']),
]

GOOD = (f'InitiatorName={INITIATOR}', f'TargetName={TARGET}', 'SessionType=Normal')
SECURITY, OPERATIONAL, TO_FULL = 0x81, 0x87, 0x83       # T, CSG and NSG: 0->1, 1->3, 0->3


def login(*pairs, **fields):
    return lambda p: p.login_pdu(*(pairs or GOOD), **fields)


def staged(*pairs, first=(), flags=OPERATIONAL, **fields):
    """The security stage is left, and the second request is what is tried."""
    def build(p):
        p.send(p.login_pdu(*GOOD, *first, flags=SECURITY))
        equal(int.from_bytes(p.take()[0][36:38], 'big'), 0, 'the first step')
        return p.login_pdu(*pairs, flags=flags, **fields)
    return build


def whole_text(*bodies):
    """A login whose text comes in parts, all but the last with C=1."""
    def build(p):
        for body in bodies[:-1]:
            p.send(p.login_pdu(data=body, flags=0x40 | 4))
            equal(int.from_bytes(p.take()[0][36:38], 'big'), 0, 'a part')
        return p.login_pdu(data=bodies[-1])
    return build


# clause, what is wrong, how it is made, what comes; every login that is refused is closed
LOGINS = [
    ('6.3', 'NOP-Out first', of(nop), ['closed']),
    ('6.3', 'a command first', of(ready), ['closed']),
    ('6.3', 'text first', of(asked, 'a=b'), ['closed']),
    ('6.3', 'Data-Out first', of(data_out, itt=1, ttt=1), ['closed']),
    ('6.3', 'task management first', of(tmf, 1), ['closed']),
    ('6.3', 'SNACK first', of(snack, 1), ['closed']),
    ('6.3', 'logout first', of(logout), ['closed']),
    ('6.3', 'an opcode that there is not', of(nop, opcode=0x5f), ['closed']),
    ('11.12', 'longer than 8192 bytes', login(dsl=8193), ['closed']),
    ('11.12.4', 'Version-min 1', login(byte3=1, byte2=1), ['login 0205', 'closed']),
    ('11.12.4', 'Version-max FFh, Version-min 0', login(byte2=0xff), ['login 0000']),
    ('11.12', 'I=0', login(opcode=LOGIN), ['login 0000']),
    ('11.12', 'reserved bit of the opcode', login(opcode=0xc3), ['login 0000']),
    ('11.2.1.8', 'the reserved tag', login(itt=NONE), ['login 0200', 'closed']),
    ('11.12.3', 'CSG 2', login(flags=0x8b), ['login 0200', 'closed']),
    ('11.12.3', 'CSG 3', login(flags=0x8f), ['login 0200', 'closed']),
    ('11.12.3', 'NSG 2', login(flags=0x86), ['login 0200', 'closed']),
    ('11.12.3', 'NSG as CSG', login(flags=0x85), ['login 0200', 'closed']),
    ('11.12.3', 'NSG before CSG', login(flags=0x84), ['login 0200', 'closed']),
    ('11.12.2', 'T=1 and C=1', login(flags=0xc7), ['login 0200', 'closed']),
    ('11.12.3', 'reserved bits of byte 1', login(flags=0xb7), ['login 0000']),
    ('11.12.6', 'TSIH of no session', login(tsih=0x7777), ['login 020a', 'closed']),
    ('6.3.1', 'no InitiatorName', login(*GOOD[1:]), ['login 0207', 'closed']),
    ('6.3.1', 'no TargetName', login(GOOD[0]), ['login 0207', 'closed']),
    ('11.13.5', 'a target that is not there', login(GOOD[0], 'TargetName=iqn.2026-11.test:nobody'),
     ['login 0203', 'closed']),
    ('13.4', 'TargetName is no name', login(GOOD[0], 'TargetName=nobody'), ['login 0203', 'closed']),
    ('13.5', 'InitiatorName is no name', login('InitiatorName=me', *GOOD[1:]), ['login 0200', 'closed']),
    ('4.2.7', 'InitiatorName of 224 bytes', login('InitiatorName=iqn.' + 'a' * 220, *GOOD[1:]),
     ['login 0200', 'closed']),
    ('4.2.7', 'InitiatorName of 223 bytes', login('InitiatorName=iqn.' + 'a' * 219, *GOOD[1:]),
     ['login 0000']),
    ('4.2.7', 'InitiatorName that is not UTF-8', login(b'InitiatorName=iqn.\xff\xfe', *GOOD[1:]),
     ['login 0200', 'closed']),
    ('4.2.7', 'InitiatorName with an eui of 15 digits', login('InitiatorName=eui.012345678901234',
                                                             *GOOD[1:]), ['login 0200', 'closed']),
    ('13.21', 'SessionType of no kind', login(*GOOD[:2], 'SessionType=Other'), ['login 0209', 'closed']),
    ('6.2', 'a key twice', login(*GOOD, 'InitialR2T=Yes', 'InitialR2T=Yes'), ['login 0200', 'closed']),
    ('6.2', 'a name twice', login(*GOOD, GOOD[0]), ['login 0200', 'closed']),
    ('6.1', 'no "="', login(*GOOD, 'abc'), ['login 0200', 'closed']),
    ('6.1', 'no key', login(*GOOD, '=abc'), ['login 0200', 'closed']),
    ('6.1', 'no NUL at the end', login(data=text(*GOOD) + b'X-a=b'), ['login 0200', 'closed']),
    ('6.1', 'a key of 64 bytes', login(*GOOD, 'k' * 64 + '=b'), ['login 0200', 'closed']),
    ('6.1', 'a key of 63 bytes', login(*GOOD, 'k' * 63 + '=b'), ['login 0000']),
    ('6.1', 'a key that begins with a digit', login(*GOOD, '1k=b'), ['login 0200', 'closed']),
    ('6.1', 'a key with a space', login(*GOOD, 'k k=b'), ['login 0200', 'closed']),
    ('6.1', 'a key that is not ASCII', login(*GOOD, b'k\xc3\xa4=b'), ['login 0200', 'closed']),
    ('6.1', 'NULs between pairs', login(data=text(*GOOD) + b'\0\0\0' + text('X-a=b')), ['login 0000']),
    ('6.1', 'no text at all', login(data=b''), ['login 0207', 'closed']),
    ('6.1', 'many unknown keys', login(*GOOD, *(f'X-{i}=' for i in range(600))),
     ['login 0200', 'closed']),
    ('6.1', 'a text cut within a pair', whole_text(text(*GOOD)[:30], text(*GOOD)[30:]), ['login 0000']),
    ('6.1', 'a text that never ends', whole_text(*[b'X-a=' + b'b' * 8000] * 9), ['login 0200', 'closed']),
    ('11.12.5', 'another ISID within the login', staged(isid=b'\x80\xff\0\0\0\2'), ['login 0200', 'closed']),
    ('11.12.7', 'another CID within the login', staged(cid=1), ['login 0200', 'closed']),
    ('11.12.6', 'another TSIH within the login', staged(tsih=1), ['login 0200', 'closed']),
    ('11.12.3', 'back to the security stage', staged(flags=SECURITY), ['login 0200', 'closed']),
    ('6.3.3', 'another InitiatorName within the login', staged('InitiatorName=iqn.2026-11.test:x'),
     ['login 0200', 'closed']),
    ('6.3.3', 'another SessionType within the login', staged('SessionType=Discovery'),
     ['login 0200', 'closed']),
    ('6.2', 'a key again in the next stage', staged('HeaderDigest=None', 'HeaderDigest=None'),
     ['login 0200', 'closed']),
    ('6.3', 'a ping within the login', lambda p: staged()(p)[:0] + nop(p), ['login 020b', 'closed']),
    ('6.3', 'a command within the login', lambda p: staged()(p)[:0] + ready(p), ['login 020b', 'closed']),
    ('6.3', 'a reserved opcode within the login', lambda p: staged()(p)[:0] + nop(p, opcode=0x5f),
     ['login 020b', 'closed']),
    ('12.1', 'AuthMethod of no kind', login(*GOOD, 'AuthMethod=Other', flags=SECURITY),
     ['login 0201', 'closed']),
    ('12.1.4', 'CHAP without AuthMethod', login(*GOOD, 'CHAP_A=5', flags=SECURITY),
     ['login 0200', 'closed']),
    ('6.3', 'requests without end', lambda p: b''.join(p.login_pdu(*GOOD, flags=4) for _ in range(1)),
     ['login 0000']),
]

# key=value of the operational stage -> what is answered; the login goes on (§6.2)
KEYS = [
    ('HeaderDigest=', 'Reject'), ('HeaderDigest=CRC32', 'Reject'), ('HeaderDigest=crc32c', 'Reject'),
    ('HeaderDigest=Foo,None', 'None'), ('DataDigest=,', 'Reject'), ('DataDigest=X,CRC32C', 'CRC32C'),
    ('MaxConnections=0', 'Reject'), ('MaxConnections=65536', 'Reject'), ('MaxConnections=-1', 'Reject'),
    ('MaxConnections=1x', 'Reject'), ('MaxConnections=', 'Reject'), ('MaxConnections=0x', 'Reject'),
    ('MaxConnections=0x2', '2'), ('MaxConnections=00002', '2'), ('MaxConnections= 2', 'Reject'),
    ('MaxConnections=99999999999999999999', 'Reject'),
    ('InitialR2T=Maybe', 'Reject'), ('InitialR2T=yes', 'Reject'), ('InitialR2T=', 'Reject'),
    ('ImmediateData=1', 'Reject'), ('ImmediateData=Yes,No', 'Reject'),
    ('MaxBurstLength=511', 'Reject'), ('MaxBurstLength=16777216', 'Reject'),
    ('MaxBurstLength=512', '512'), ('MaxBurstLength=~5', 'Reject'),
    ('FirstBurstLength=511', 'Reject'), ('FirstBurstLength=16777216', 'Reject'),
    ('MaxRecvDataSegmentLength=511', 'Reject'), ('MaxRecvDataSegmentLength=16777216', 'Reject'),
    ('MaxOutstandingR2T=0', 'Reject'), ('MaxOutstandingR2T=65536', 'Reject'),
    ('DefaultTime2Wait=3601', 'Reject'), ('DefaultTime2Retain=3601', 'Reject'),
    ('ErrorRecoveryLevel=3', 'Reject'), ('ErrorRecoveryLevel=a', 'Reject'),
    ('DataPDUInOrder=No', 'Yes'), ('DataPDUInOrder=x', 'Reject'), ('DataSequenceInOrder=No', 'Yes'),
    ('IFMarker=Yes', 'No'), ('OFMarker=Yes', 'No'), ('IFMarkInt=1', 'Reject'), ('OFMarkInt=1~2', 'Reject'),
    ('TaskReporting=Foo', 'Reject'), ('iSCSIProtocolLevel=32', 'Reject'),
    ('SendTargets=All', 'Reject'), ('TargetAddress=a', 'Reject'), ('AuthMethod=None', 'Reject'),
    ('X-org.example=1', 'NotUnderstood'), ('X#Public=1', 'NotUnderstood'), ('X-a=NotUnderstood', None),
    ('Nonsense=' + 'v' * 4000, 'NotUnderstood'), ('X-bytes=\u00e4', 'NotUnderstood'),
]


# --- the states ---

def enter(daemon, state):
    """A connection in this state."""
    p = Peer(daemon.portal)
    pairs = {ERL1: ('ErrorRecoveryLevel=1',), ERL2: ('ErrorRecoveryLevel=2',),
             'r2t': ('InitialR2T=Yes', 'ImmediateData=No'),
             DIGEST: ('DataDigest=CRC32C',)}.get(state, ())
    if state == 'before login':
        return p
    if state in ('security', 'operational'):
        p.send(p.login_pdu(*GOOD, flags=0x01 if state == 'security' else 0x81))
        p.take()
        return p
    equal(p.log_in(INITIATOR, None if state == DISCOVERY else TARGET, *pairs), 0, f'login for {state}')
    p.digest = 4 if state == DIGEST else 0
    if state != DISCOVERY:
        for _ in range(3):      # unit attentions
            p.send(ready(p))
            head, _ = p.take()
            p.stat_sn += 1
            if head[3] == 0:
                break
    return p


def serve(daemon):
    daemon.ctl('target', 'create', 't', '--iscsi-name', TARGET)
    daemon.ctl('pool', 'create', 'fast', 'ram:8M')      # a write ends at once
    daemon.ctl('lun', 'create', 'vol', '--size', '8M', '--unmask', '*', '--pool', 'fast')
    daemon.ctl('lun', 'associate', 'vol', 't')


def others_are_served(daemon):
    with enter(daemon, NORMAL) as p:
        p.send(write(p) + read(p))
        equal(p.outcome(), ['good', 'good'], 'another connection')


def in_turns(function, cases):
    """Several at a time: a connection waits most of the time.  What the function returned."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda case: function(*case), cases))


def compare(daemon, results):
    """results: what was tried, what came, and what should have come."""
    wrong = [what for what, got, wanted in results if got != wanted]
    for what, got, wanted in results:
        if got != wanted:
            print(f'# {what}: got {got}, wanted {wanted}', flush=True)
    others_are_served(daemon)
    check(not wrong, f'{len(wrong)} of {len(results)}: {wrong[:3]}')


def test_full_feature_phase():
    with Daemon('--threads', '1', faults=False) as daemon:
        serve(daemon)

        def one(clause, what, build, wanted, state):
            with enter(daemon, state) as p:
                p.send(build(p))
                got = p.to_the_end() if 'logout 0' in wanted else p.outcome()
                return f'RFC 7143 {clause}, {what}, {state}', got, wanted
        compare(daemon, in_turns(one, [(clause, what, build, wanted, state)
                                       for clause, what, states, build, wanted in ROWS
                                       for state in states]))
        daemon.stop()


def status_of(p):
    answer = p.take()
    return 'closed' if answer is None else f'login {int.from_bytes(answer[0][36:38], "big"):04x}'


def test_logins():
    with Daemon('--threads', '1', faults=False) as daemon:
        serve(daemon)

        def one(clause, what, build, wanted):
            with Peer(daemon.portal) as p:
                p.send(build(p))
                got = p.to_the_end() if 'closed' in wanted else [status_of(p)]
                return f'RFC 7143 {clause}, {what}', got, wanted

        def key(pair, wanted):
            with Peer(daemon.portal) as p:
                p.send(p.login_pdu(*GOOD, pair))
                head, data = p.take()
                said = dict(one.split('=', 1) for one in data.decode().split('\0') if one)
                return pair[:60], (int.from_bytes(head[36:38], 'big'),
                                   said.get(pair.split('=')[0])), (0, wanted)
        compare(daemon, in_turns(one, LOGINS) + in_turns(key, KEYS))
        daemon.stop()


def another(daemon, p):
    """A second connection of the session."""
    second = Peer(daemon.portal)
    second.isid, second.tsih, second.cmd_sn = p.isid, p.tsih, p.cmd_sn
    equal(second.log_in(INITIATOR, TARGET, cid=1), 0, 'a second connection')
    return second


def test_connections_of_one_session():
    """RFC 7143 §4.2.5.1, §6.3.4, §11.14: what belongs to another connection, or to one that leaves.
    """
    with Daemon('--threads', '1', faults=False) as daemon:
        serve(daemon)
        for level in LEVELS:
            with enter(daemon, level) as p, another(daemon, p) as second:
                with_r2t(p)
                second.send(data_out(second, itt=p.itt, ttt=p.ttt))
                equal(second.outcome(), [], f'data of a command of another connection, {level}')
                second.send(tmf(second, 1, ref_tag=0x7777, ref_cmd_sn=0))
                equal(second.outcome(), ['tmf 1'], f'no such task, {level}')
                p.send(data_out(p))
                equal(p.outcome(), ['good'], f'the data comes where it belongs, {level}')
                second.cmd_sn = p.cmd_sn
                second.send(logout(second, 1, cid=1) + ready(second) + nop(second))
                equal(second.to_the_end(), ['logout 0', 'closed'], f'requests behind a logout, {level}')
                p.send(nop(p))
                equal(p.outcome(), ['nop'], f'the connection that stays, {level}')
                third = Peer(daemon.portal)
                third.isid, third.tsih = p.isid, p.tsih
                equal(third.log_in(INITIATOR, 'iqn.2026-11.test:other', cid=2), 0x203,
                      f'a connection for another target, {level}')
                third.__exit__()
        daemon.stop()


# --- brute force ---

TEMPLATES = {
    'nop': nop, 'read': of(read), 'write': of(write), 'asked': of(asked, 'X-a=b'),
    'data': of(data_out, itt=1, ttt=1), 'abort': of(tmf, 1, ref_tag=1, ref_cmd_sn=0),
    'reset': of(tmf, 5), 'snack': of(snack, 1), 'logout': of(logout, 1, cid=99),
    'login': lambda p: p.login_pdu(*GOOD), 'extended': of(read, ahs=segment(1, 5, bytes(5))),
}
STATES = ('before login', 'security', 'operational', NORMAL, ERL1, ERL2, 'r2t', DISCOVERY)
VALUES = sorted({0x00, 0xff, 0x7f, 0x55} | {1 << bit for bit in range(8)})
MAY_COME = re.compile(r'nop|good|status [0-9a-f]+( .*)?|tmf \d+|logout [0-3]|text.*|reject [2-9]|r2t|closed|'
                      r'login 0(000|2[0-9a-f][0-9a-f])')


def sent_and_ended(daemon, state, data):
    """What comes when this is sent and no more."""
    with enter(daemon, state) as p:
        p.send(data(p))
        try:
            p.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return p.to_the_end()


def tampered(template, at, value):
    def build(p):
        whole = bytearray(TEMPLATES[template](p))
        whole[at] = value
        return bytes(whole)
    return build


def tried(daemon, state, template, at, value):
    got = sent_and_ended(daemon, state, tampered(template, at, value))
    strange = [word for word in got if not MAY_COME.fullmatch(word)]
    return f'{state}: {template} with byte {at} = {value:02x}h', strange, []


def cut(daemon, state, template, at):
    return sent_and_ended(daemon, state, lambda p: TEMPLATES[template](p)[:at])


def resident_bytes(daemon):
    status = pathlib.Path(f'/proc/{daemon.process.pid}/status').read_text()
    return int(re.search(r'^VmRSS:\s+(\d+) kB', status, re.M)[1]) * 1024


def has_sanitizer(daemon):
    return re.search(r'lib[at]san|libclang_rt', pathlib.Path(
        f'/proc/{daemon.process.pid}/maps').read_text()) is not None


def settled(daemon):
    """The memory in use when nobody is there."""
    vdstest.eventually('all sessions have ended', lambda: not daemon.rest().list('sessions'))
    return resident_bytes(daemon)


def test_every_byte_and_every_cut():
    """A part of all combinations, always the same number of them; and memory stays as it is."""
    rng = random.Random(SEED)
    print(f'# STRICT_SEED={SEED}', flush=True)
    bytes_, cuts = [], []
    with Daemon('--threads', '1', faults=False) as daemon:
        serve(daemon)
        for state in STATES:
            for template in TEMPLATES:
                with enter(daemon, state) as p:
                    length = len(TEMPLATES[template](p))
                bytes_ += [(daemon, state, template, at, value) for at in range(48)
                           for value in VALUES]
                cuts += [(daemon, state, template, at) for at in range(min(length, 128))]
        if not WHOLE:
            bytes_, cuts = rng.sample(bytes_, 200), rng.sample(cuts, 100)
        sizes = []
        for _ in range(2 if WHOLE else 6):
            results = in_turns(tried, bytes_)
            in_turns(cut, cuts)
            compare(daemon, results)
            sizes.append(settled(daemon))
        # it goes up and down; what is lost in each round adds up between the halves
        check(has_sanitizer(daemon) or
              sizes[-1] - max(sizes[:len(sizes) // 2]) <= 256 << 10, f'memory grows: {sizes}')
        daemon.stop()


if __name__ == '__main__':
    vdstest.main([test_full_feature_phase, test_logins, test_connections_of_one_session,
                  test_every_byte_and_every_cut])

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kills vdsd at each step that it takes on the disk: for the tests of what is durable.

    steps = durable.Steps(daemon)       # before the daemon starts
    steps.arm(3)                        # SIGKILL in the place of the third call from now on
    ...                                 # something that changes the catalog
    steps.seen()                        # how the calls were named that there were
    steps.disarm()

durable_steps.c is the other side, a library that vdsd is started with.
"""
import mmap
import os
import struct

NAME_BYTES, NAMES_MAX, HEAD = 16, 192, struct.Struct('=III')


class Steps:
    """What counts the calls of one daemon, also when that is started again."""

    def __init__(self, daemon):
        path = daemon.top / 'steps'
        size = HEAD.size + NAME_BYTES * NAMES_MAX
        path.write_bytes(bytes(size))
        with path.open('r+b') as file:
            self.map = mmap.mmap(file.fileno(), size)
        daemon.env = {'LD_PRELOAD': os.environ['DURABLE_STEPS_LIBRARY'], 'DURABLE_STEPS': str(path),
                      'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'}

    def arm(self, nth):
        """From now on calls are counted, and the process is killed in the place of the nth."""
        HEAD.pack_into(self.map, 0, 0, nth, 0)
        HEAD.pack_into(self.map, 0, 1, nth, 0)

    def seen(self):
        """The names of the calls since arm()."""
        count = HEAD.unpack_from(self.map)[2]
        if count > NAMES_MAX:
            raise ValueError(f'{count} calls: more than there are names for')
        return [self.map[at:at + NAME_BYTES].rstrip(b'\0').decode()
                for at in range(HEAD.size, HEAD.size + count * NAME_BYTES, NAME_BYTES)]

    def disarm(self):
        HEAD.pack_into(self.map, 0, 0, 0, 0)
        self.map[HEAD.size:] = bytes(len(self.map) - HEAD.size)

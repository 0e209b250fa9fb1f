#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sixteen threads call random methods of random objects, while objects are created and deleted
underneath: every answer is a documented one, and no object is lost (storm.c).

Environment: STORM_CALLS (20000) calls in a round; STORM_SECONDS (0) rounds begin until then, at
least one; STORM_SEED (random, printed) of the first round.
"""
import os
import random
import re
import subprocess
import time

import vdstest
from vdstest import check, equal

SECONDS = float(os.environ.get('STORM_SECONDS', '0'))
CALLS = int(os.environ.get('STORM_CALLS', '20000'))
SEED = int(os.environ.get('STORM_SEED', '0')) or random.SystemRandom().randrange(1, 1 << 31)


def run_round(seed):
    with vdstest.Daemon() as daemon:
        done = subprocess.run([os.environ['STORM'], f'unix:{daemon.socket}', '16', str(CALLS),
                               str(seed)], capture_output=True, text=True,
                              timeout=60 + CALLS / 20)
        print(f'# seed {seed}')
        said = (done.stdout + done.stderr).splitlines()
        wrong = sorted({line for line in said if line.startswith('#')})
        for line in wrong[:40] + said[-2:]:
            print(f'# {line}')
        check(done.returncode in (0, 1), f'exit status {done.returncode}')
        equal(wrong, [], 'answers that VDS does not document')
        counts = dict(zip(('succeeded', 'refused', 'made', 'wrong'), map(int, re.search(
            r'succeeded (\d+) refused (\d+) made (\d+) wrong (\d+)', done.stdout).groups())))
        check('provider references 0' in done.stdout, 'the provider has no reference left')
        check(counts['succeeded'] > CALLS // 10 and counts['made'] > CALLS // 1000,
              f'too little was done: {counts}')
        equal(daemon.rest().call('POST', '/v1/check', {}).get('problems', []), [], 'the check')
        daemon.stop()
        daemon.checker()


def test_threads_and_deletions():
    end, seed = time.monotonic() + SECONDS, SEED
    run_round(seed)
    while time.monotonic() < end:
        seed += 1
        run_round(seed)


if __name__ == '__main__':
    vdstest.main([test_threads_and_deletions])

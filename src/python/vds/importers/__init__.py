# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes plans from the configuration files of other iSCSI targets: the program vds-import."""
from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable

from . import lio, scst, tgt
from .served import ImportFailed, Served, plan_of

READERS: dict[str, Callable[[str], Served]] = {'tgt': tgt.read, 'lio': lio.read, 'scst': scst.read}
DONE, FAILED, SOMETHING_LOST = 0, 1, 3

EPILOG = '''exit status: 0 all was carried over; 3 the plan is printed, and the notes on standard
error say what it could not carry over; 1 the file cannot be imported; 2 wrong usage'''


def kind_of(path: str) -> str:
    """Which target a file is of, by its name and its first lines.  Raises ImportFailed."""
    name = os.path.basename(path)
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            head = file.read(1 << 16)
    except OSError as error:
        raise ImportFailed(f'{path}: cannot be read: {error.strerror}') from error
    if head.lstrip().startswith('{'):
        return 'lio'
    if 'TARGET_DRIVER' in head or 'HANDLER' in head or name == 'scst.conf':
        return 'scst'
    if '<target' in head or 'include' in head or name == 'targets.conf':
        return 'tgt'
    raise ImportFailed(f'{path}: it is not clear of which target this file is: give --from')


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog='vds-import', epilog=EPILOG,
        description='Print a plan (vdsctl plan) that makes an array serve what another iSCSI '
                    'target serves by its configuration file.  Secrets are not read into the plan, '
                    'and data is not copied.')
    parser.add_argument('file', help='targets.conf, saveconfig.json or scst.conf')
    parser.add_argument('--from', dest='kind', choices=sorted(READERS),
                        help='whose file it is; by default found out from the file')
    options = parser.parse_args(arguments)
    try:
        served = READERS[options.kind or kind_of(options.file)](options.file)
        plan = plan_of(served)
    except ImportFailed as error:
        print(f'vds-import: {error}', file=sys.stderr)
        return FAILED
    if served.notes:
        plan['comment'] = served.notes
    json.dump(plan, sys.stdout, indent=2, ensure_ascii=False)
    print()
    for note in served.notes:
        print(f'vds-import: {note}', file=sys.stderr)
    return SOMETHING_LOST if served.notes else DONE

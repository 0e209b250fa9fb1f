#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The units of systemd, as systemd itself reads them, with the drop-in of the package vdsd-ceph."""
import configparser
import os
import pathlib
import shutil
import subprocess
import tempfile

import vdstest
from vdstest import check, equal

SOURCE = pathlib.Path(os.environ['MESON_SOURCE']) / 'docs/systemd'


def complaints(directory):
    """What systemd says of vdsd.service there, with its drop-ins."""
    done = subprocess.run(['systemd-analyze', 'verify', '--man=no', directory / 'vdsd.service'],
                          env={**os.environ, 'SYSTEMD_UNIT_PATH': f'{directory}:'}, capture_output=True,
                          text=True, timeout=vdstest.DEADLINE_S)
    return [line for line in (done.stdout + done.stderr).splitlines() if 'vdsd' in line]


def test_systemd_understands_the_units():
    with tempfile.TemporaryDirectory(prefix='vdstest.') as top:
        directory, dropins = pathlib.Path(top), pathlib.Path(top) / 'vdsd.service.d'
        dropins.mkdir()
        text = (SOURCE / 'vdsd.service.in').read_text()
        (directory / 'vdsd').symlink_to('/bin/true')    # the program must be there
        (directory / 'vdsd.service').write_text(text.replace('@SBINDIR@', top))
        shutil.copy(SOURCE / 'vdsd.socket', directory)
        shutil.copy(SOURCE / 'vdsd-ceph.conf', dropins / 'ceph.conf')
        equal(complaints(directory), [], 'what systemd complains of')
        (dropins / 'wrong.conf').write_text('[Unit]\nStartLimit=0\n')
        check(any('StartLimit' in line for line in complaints(directory)), 'no drop-in is read')


def words(section, key, *files):
    """The words of a setting that is a list: a line adds some, an empty one takes all away."""
    found, at = [], None
    for line in ''.join((SOURCE / name).read_text() for name in files).splitlines():
        if line.startswith('['):
            at = line.strip('[]')
        elif at == section and line.startswith(f'{key}='):
            value = line.partition('=')[2].split()
            found = found + value if value else []
    return found


def test_a_cluster_that_is_away_is_waited_for():
    """
    The number of starts has no limit, so the time that each takes does not matter.  Neither a
    failure (exit status 1) nor a name that the former self still has (3) ends that.
    """
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str
    unit.read([SOURCE / 'vdsd.service.in', SOURCE / 'vdsd-ceph.conf'])     # in the order of systemd
    equal(unit['Unit']['StartLimitIntervalSec'], '0', 'StartLimitIntervalSec with the drop-in')
    equal(unit['Service']['Restart'], 'on-failure', 'Restart')
    key = 'RestartPreventExitStatus'
    equal(words('Service', key, 'vdsd.service.in'), ['2', '3'], f'{key} without the drop-in')
    equal(words('Service', key, 'vdsd.service.in', 'vdsd-ceph.conf'), ['2'], f'{key} with the drop-in')


if __name__ == '__main__':
    vdstest.requires('systemd-analyze')
    vdstest.main([test_systemd_understands_the_units, test_a_cluster_that_is_away_is_waited_for])

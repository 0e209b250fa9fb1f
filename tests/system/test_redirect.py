#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Initiators follow the redirect of a target: libiscsi's tools and qemu-img, to another portal of the
array and to another array.
"""
import subprocess

import vdstest
from vdstest import Daemon, Initiator, check, equal, eventually

NAME, HOST = 'iqn.2026-11.org.example:web', 'iqn.2026-11.org.example:host'
vdstest.requires('iscsi-inq', 'qemu-img')


def serial(portal):
    """The serial number of LUN 0, by a login that follows redirects; None when it failed."""
    done = subprocess.run(['iscsi-inq', '-i', HOST, '-e', '1', '-c', '128',
                           f'iscsi://{portal}/{NAME}/0'], capture_output=True, text=True,
                          timeout=vdstest.DEADLINE_S)
    return done.stdout.strip() if done.returncode == 0 else None


def serve(daemon):
    daemon.ctl('lun', 'create', 'vol', '--size', '4M', '--unmask', '*')
    daemon.ctl('target', 'create', 'web', '--iscsi-name', NAME)
    daemon.ctl('lun', 'associate', 'vol', 'web')


def second_portal(daemon):
    made = daemon.ctl('portal', 'create', '[::1]:0', '--all-targets')
    portal = daemon.ctl('portal', 'show', made['id'])
    eventually('the portal listens',
               lambda: daemon.ctl('portal', 'show', made['id'])['live']['ready'])
    return f'[::1]:{portal["port"]}'


def portals_in_use(daemon):
    return [s['portal_address'] for s in daemon.ctl('session', 'list')]


def test_another_portal_of_the_array():
    with Daemon() as daemon:
        serve(daemon)
        there = second_portal(daemon)
        own = serial(daemon.portal)
        check(own, 'without a redirect')
        daemon.ctl('target', 'redirect', 'web', there)
        equal(serial(daemon.portal), own, 'it follows')
        daemon.logged(f'status=0101 to={there}')
        equal(serial(there), own, 'there is no circle')
        host = Initiator()
        check(NAME in host.ok('discover', daemon.portal, HOST), 'discovery')
        check(NAME in host.ok('discover', there, HOST), 'discovery over IPv6')
        host.close()
        done = subprocess.run(['qemu-img', 'info', '-U', f'iscsi://{daemon.portal}/{NAME}/0'],
                              capture_output=True, text=True, timeout=vdstest.DEADLINE_S)
        equal(done.returncode, 0, f'QEMU follows: {done.stderr}')
        daemon.ctl('target', 'redirect', 'web', 'none')
        daemon.stop()


def test_another_array():
    with Daemon() as one, Daemon() as other:
        serve(one)
        serve(other)
        theirs = serial(other.portal)
        one.ctl('target', 'redirect', 'web', other.portal, '--permanent')
        serial(one.portal)      # libiscsi follows a temporary redirect only
        one.logged(f'status=0102 to={other.portal}')
        one.ctl('target', 'redirect', 'web', other.portal)
        equal(serial(one.portal), theirs, 'it follows')
        lun = one.ctl('lun', 'show', 'vol')['id']
        explained = one.rest().call(
            'GET', f'/v1/explain?lun={lun}&initiator={HOST}&from=127.0.0.1')
        equal(explained['obstacle']['code'], 'REDIRECTED', 'explain')
        other.ctl('target', 'secret', 'web', '--file', secret(other))
        equal(serial(one.portal), None, 'the secret of where it leads is needed')
        one.ctl('target', 'secret', 'web', '--file', secret(one))
        other.ctl('secret', 'delete', other.ctl('secret', 'list')[0]['id'])
        equal(serial(one.portal), theirs, 'and no other')
        one.stop()
        other.stop()


def secret(daemon):
    path = daemon.top / 'secret'
    path.write_text('0123456789abcdef0123456789abcdef\n')
    path.chmod(0o600)
    return path


def test_sessions_stay_unless_they_are_to_move():
    with Daemon() as daemon:
        host = Initiator()
        serve(daemon)
        there = second_portal(daemon)
        host.ok('hold', daemon.portal, NAME, HOST)
        daemon.ctl('target', 'redirect', 'web', there)
        host.ok('capacity', '0')
        equal(portals_in_use(daemon), [daemon.portal], 'it stays')
        daemon.ctl('target', 'redirect', 'web', there, '--move')
        eventually('it was ended', lambda: portals_in_use(daemon) == [])
        daemon.logged('its sessions are to move')
        host.close()
        daemon.stop()


vdstest.main([test_another_portal_of_the_array, test_another_array,
              test_sessions_stay_unless_they_are_to_move])

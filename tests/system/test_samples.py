#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that are written with the includes of Windows reach the array through the service.

The sources in examples/windows are compiled as they are; these tests run them against vdsd.
"""
import os
import subprocess
import uuid

import vdstest
from vdstest import Daemon, check, equal

EXAMPLES = os.path.join(os.environ['MESON_BUILD'], 'examples')


def run(daemon, name, *arguments, providers='/nonexistent', debug=None):
    """What the sample prints; with `debug`, its log."""
    env = {**os.environ, 'VDS_URL': f'unix:{daemon.socket}', 'VDS_PROVIDERS': str(providers)}
    if debug:
        env['VDS_DEBUG'] = debug
    done = subprocess.run([os.path.join(EXAMPLES, f'windows-{name}'), *arguments], env=env,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=vdstest.DEADLINE_S, check=False)
    equal(done.returncode, 0, f'{name}: {done.stdout}{done.stderr}')
    return done.stderr if debug else done.stdout


def test_loading_vds_lists_providers_and_subsystems():
    with Daemon() as daemon:
        text = run(daemon, 'load')
        check('VDS Service Loaded\n' in text, text)
        check('provider vdsd iSCSI provider, version ' in text, text)
        check('  subsystem ' in text, text)


def test_the_log_tells_which_registrations_are_left_out():
    with Daemon() as daemon:
        providers = daemon.dir / 'providers'
        providers.mkdir(mode=0o755)
        text = providers / 'text.so'
        text.write_text('This is no library.')
        text.chmod(0o644)
        for name, library in (('away', '/nonexistent/provider.so'), ('text', text)):
            id = uuid.uuid4()
            (providers / f'{name}.conf').write_text(
                f'id = {id}\nclsid = {id}\nname = {name}\ntype = hardware\nversion = 1\n'
                f'version_id = {id}\nlibrary = {library}\n')
            (providers / f'{name}.conf').chmod(0o644)
        log = run(daemon, 'load', providers=providers, debug='client')
        check('service.registration_ignored error="/nonexistent/provider.so: No such file' in log,
              log)
        check('service.provider_failed provider="text"' in log, log)


def test_walking_in_c_finds_luns_and_targets():
    with Daemon() as daemon:
        daemon.ctl('lun', 'create', 'déjà', '--size', '10MiB', '--unmask', '*')
        daemon.ctl('target', 'create', 'shelf')
        text = run(daemon, 'walk')
        check('    LUN déjà, 10485760 bytes, unmasked to "*"\n' in text, text)


def test_creating_and_associating_in_cpp_notifies():
    with Daemon() as daemon:
        text = run(daemon, 'expose')
        equal(text, 'LUN is accessible through sample target\nsome notifications\n', 'expose')
        luns = daemon.ctl('lun', 'list')
        equal([lun['size_bytes'] for lun in luns], [16 << 20], 'LUNs')
        target = daemon.ctl('target', 'list')[0]['iscsi_name']
        check(f'      target {target}\n' in run(daemon, 'walk'), 'walk')


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages, built from the last commit: lintian, and what an administrator does with them in
a Debian of its own, which systemd has booted in a virtual machine (tests/guest/packages.sh).

The former build is the same one under a lower version, unless VDS_FORMER_DEBS names a directory
with other packages.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import vdstest
from vdstest import check, equal

vdstest.requires('dpkg-buildpackage', 'dh', 'dpkg-deb', 'lintian', 'git', 'mmdebstrap', 'mke2fs',
                 'qemu-system-x86_64', 'cpio', 'openssl', 'busybox', 'apt-get')
SOURCE = pathlib.Path(os.environ['MESON_SOURCE'])
GUEST, DEBS = SOURCE / 'build' / 'guest', SOURCE / 'build' / 'deb'
INSTALLED = ('vdsd', 'vdsctl', 'libvds1')
MANAGERS = ('python3-vds', 'vds-redfish', 'vds-truenas')


def forbidden(why):
    print(f'1..0 # SKIP forbidden: {why}')
    raise SystemExit(0)


def run(*words, **kwargs):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, errors='replace',
                          timeout=1500, **kwargs)
    equal(done.returncode, 0, f'{words[0]}: {done.stdout[-3000:]}{done.stderr[-2000:]}')
    return done.stdout


def build():
    if subprocess.run(['git', '-c', 'safe.directory=*', '-C', SOURCE, 'rev-parse', 'HEAD'],
                      capture_output=True).returncode != 0:
        forbidden('packages are built from a commit, and this is no git repository')
    DEBS.mkdir(parents=True, exist_ok=True)
    run('flock', DEBS.parent / 'deb.lock', SOURCE / 'tools/build-deb')


def packages(directory, names=INSTALLED):
    found = {path.name.split('_')[0]: path for path in pathlib.Path(directory).glob('*.deb')}
    return {name: found[name] for name in names}


def older(debs, to):
    """The same packages under a lower version."""
    to.mkdir()
    for name, path in debs.items():
        run('dpkg-deb', '-R', path, to / name)
        control = to / name / 'DEBIAN' / 'control'
        control.write_text(re.sub(r'0\.1\.0~git', '0.0.9~git', control.read_text()))
        run('dpkg-deb', '--root-owner-group', '-b', to / name, to)
        shutil.rmtree(to / name)
    return packages(to)


def test_packages_are_built_and_lintian_is_content():
    build()
    equal({path.name.split('_')[0] for path in DEBS.glob('*.deb') if 'dbgsym' not in path.name},
          {'vdsd', 'vdsd-ceph', 'vdsctl', 'libvds1', 'libvds-dev', 'vds-doc', 'python3-vds', 'vds-lsm',
           'vds-redfish', 'vds-truenas'},
          'packages')
    [changes] = DEBS.glob('*.changes')
    root = ['--allow-root'] if os.getuid() == 0 else []
    said = run('lintian', *root, '--fail-on', 'error,warning', changes)
    equal([line for line in said.splitlines() if line[:2] in ('E:', 'W:')], [], 'lintian')


def guest_files(top):
    debs = packages(DEBS)
    former = os.environ.get('VDS_FORMER_DEBS')
    files = top / 'files' / 'files'
    for name, set_ in (('old', packages(former) if former else older(debs, top / 'older')),
                       ('new', debs), ('managers', packages(DEBS, MANAGERS))):
        (files / name).mkdir(parents=True)
        for path in set_.values():
            shutil.copy(path, files / name)
    shutil.copy(SOURCE / 'tests/guest/managers.sh', files)
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-keyout', top / 'key.pem', '-out', top / 'cert.pem', '-days', '2', '-subj', '/CN=localhost',
        '-addext', 'subjectAltName=IP:127.0.0.1')
    (files / 'tls.pem').write_text((top / 'key.pem').read_text() + (top / 'cert.pem').read_text())
    shutil.copy(SOURCE / 'tests/guest/boot-debian', top / 'files')
    archive = top / 'files.gz'
    run('bash', '-c', f'cd "{top}/files" && find . | cpio -o -H newc --quiet | gzip -1 > "{archive}"')
    return archive


def test_they_install_serve_upgrade_restore_and_purge():
    if subprocess.run(['unshare', '--mount', 'true'], capture_output=True).returncode != 0:
        forbidden('this machine lets nobody mount, so there is no root to install into')
    GUEST.mkdir(parents=True, exist_ok=True)
    for script in ('build.sh', 'debian.sh'):
        run('flock', GUEST / 'lock', SOURCE / 'tests/guest' / script, GUEST)
    with tempfile.TemporaryDirectory(prefix='vdstest.') as top:
        done = subprocess.run(
            [SOURCE / 'tests/guest/run.sh', GUEST, SOURCE / 'tests/guest/packages.sh'],
            env={**os.environ, 'GUEST_ARCHIVE': str(guest_files(pathlib.Path(top))),
                 'GUEST_INIT': '/boot-debian', 'GUEST_DISK': str(GUEST / 'debian.img'),
                 'GUEST_LIMIT': '1800'},
            capture_output=True, text=True, errors='replace', timeout=1900)
    for line in done.stdout.splitlines():
        if '## ' in line:
            print('#', line[line.index('##'):])
    check('## ' in done.stdout, f'the guest did not boot: {done.stdout[-3000:]}')
    equal(done.returncode, 0, f'the guest: {done.stdout[-5000:]}{done.stderr[-500:]}')


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

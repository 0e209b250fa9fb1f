#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vdsd without Ceph: the program links with none of Ceph's libraries, says what to install when
somebody names a pool of Ceph, and goes on.  With the module: it can be loaded, though there is no
cluster here.
"""
import os
import pathlib
import re
import subprocess

import vdstest
from vdstest import Daemon, RestError, check, equal

# What vdsd has always been linked with.  A new library is one more dependency of its package.
LIBRARIES = {'libc', 'libcrypto', 'libisal', 'libjansson', 'libsqlite3', 'libssl', 'libsystemd',
             'liburing', 'ld-linux-x86-64'}
SANITIZERS = {'libasan', 'libtsan', 'libubsan', 'liblsan', 'libgcc_s', 'libm', 'libstdc++', 'libdl',
              'libpthread', 'librt', 'libresolv'}


def dynamic(path):
    text = subprocess.run(['readelf', '-d', path], check=True, capture_output=True, text=True).stdout
    return {name.split('.so')[0] for name in re.findall(r'\(NEEDED\).*\[([^\]]+)\]', text)}


def refused(daemon, *words):
    try:
        daemon.rest().call('POST', '/v1/pools', {'name': 'ceph', 'path': 'rbd:luns'})
    except RestError as error:
        for word in words:
            check(word in str(error), f'the error does not name {word}: {error}')
        return
    raise vdstest.Failed('a pool of Ceph was made')


def test_vdsd_needs_nothing_of_ceph():
    needed = dynamic(os.environ['VDSD'])
    check('libc' in needed, f'readelf says {needed}')
    equal(needed - LIBRARIES - SANITIZERS, set(), 'libraries that vdsd needs besides')


def test_without_the_module_the_error_names_the_package():
    with Daemon() as daemon:
        daemon.stop()
        daemon.env['VDS_MODULE_DIR'] = str(daemon.top)
        daemon.start()
        refused(daemon, 'vdsd-ceph', 'restart vdsd')
        refused(daemon, 'vdsd-ceph')        # not tried again, said again
        equal(daemon.log.read_text().count('module.missing'), 1, 'lines in the log')
        daemon.create_luns(['vol'], '1M')
        daemon.stop()
        daemon.checker()


def test_a_module_that_is_not_one_is_refused():
    with Daemon() as daemon:
        daemon.stop()
        (daemon.top / 'vds-ceph.so').write_text('no module')
        daemon.env['VDS_MODULE_DIR'] = str(daemon.top)
        daemon.start()
        refused(daemon, 'vdsd-ceph', 'cannot load')


def test_the_module_is_loaded_where_it_is_built():
    module = os.environ.get('CEPH_MODULE', '')
    if not module:
        print('# the module is not built here')
        return
    needed = dynamic(module)
    check('librados' in needed, f'the module needs {needed}')
    with Daemon('--ceph-conf', '/nonexistent/ceph.conf', '--ceph-timeout', '1') as daemon:
        daemon.stop()
        daemon.env['VDS_MODULE_DIR'] = str(pathlib.Path(module).parent)
        daemon.start()
        refused(daemon)
        daemon.logged('module.loaded')
        daemon.create_luns(['vol'], '1M')
        daemon.stop()


if __name__ == '__main__':
    vdstest.requires('readelf')
    vdstest.main([
        test_vdsd_needs_nothing_of_ceph,
        test_without_the_module_the_error_names_the_package,
        test_a_module_that_is_not_one_is_refused,
        test_the_module_is_loaded_where_it_is_built,
    ])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program is built with nothing but the installed libvds and the flags that pkg-config prints."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import vdstest
from vdstest import Daemon, check, equal

vdstest.requires('pkg-config', 'cc', 'c++', 'meson')
SOURCE, BUILD = pathlib.Path(os.environ['MESON_SOURCE']), os.environ['MESON_BUILD']


def run(*words, **kwargs):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True,
                          timeout=vdstest.DEADLINE_S, **kwargs)
    equal(done.returncode, 0, f'{" ".join(map(str, words))}: {done.stdout}{done.stderr}')
    return done.stdout


class Installed:
    def __enter__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix='vdstest.'))
        run('meson', 'install', '-C', BUILD, '--no-rebuild', '--quiet', '--destdir', self.root)
        pc = next(self.root.rglob('libvds.pc'))
        env = {**os.environ, 'PKG_CONFIG_PATH': str(pc.parent),
               'PKG_CONFIG_SYSROOT_DIR': str(self.root)}
        self.flags = run('pkg-config', '--cflags', '--libs', 'libvds', env=env).split()
        self.library = next(self.root.rglob('libvds.so'))
        # A sanitized library needs its runtime in the program too.
        if '__asan_' in run('nm', '-D', self.library):
            self.flags += ['-fsanitize=address,undefined',
                           '-fno-sanitize=vptr']     # the objects are C's
        elif '__tsan_' in run('nm', '-D', self.library):
            self.flags.append('-fsanitize=thread')
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def build(self, compiler, name, *sources):
        program = self.root / name
        run(*compiler, *sources, '-o', program, *self.flags, f'-Wl,-rpath,{self.library.parent}')
        return program


def test_the_driver_builds_and_runs():
    with Installed() as installed, Daemon() as daemon:
        program = installed.build(['cc', '-std=c11', '-D_GNU_SOURCE', '-Wall', '-Werror'],
                                  'driver', *(SOURCE / 'tests/system').glob('com_*.c'))
        told = run(program,
                   input=f'open unix:{daemon.socket}\ncreate-lun 1048576 -\nluns\n').splitlines()
        equal(told[0], 'S_OK', 'VdsOpenHwProvider')
        equal(told[1].split()[1:], told[2].split()[1:], 'the LUN that was made')
        daemon.stop()


def test_it_is_usable_from_cplusplus():
    with Installed() as installed, Daemon() as daemon:
        source = installed.root / 'program.cpp'
        source.write_text('''
            #include <cstdio>
            #include <vds/libvds.h>
            int main(int, char **)
            {
                IVdsHwProvider *provider = nullptr;
                IEnumVdsObject *list = nullptr;
                IUnknown *subsystem = nullptr;
                ULONG fetched = 0;
                HRESULT hr = VdsOpenHwProvider(nullptr, IID_IVdsHwProvider,
                                               reinterpret_cast<void **>(&provider));
                if (SUCCEEDED(hr))
                    hr = provider->QuerySubSystems(&list);
                if (SUCCEEDED(hr))
                    hr = list->Next(1, &subsystem, &fetched);
                std::printf("%s %u\\n", VdsErrorText(hr), fetched);
                if (subsystem)
                    subsystem->Release();
                if (list)
                    list->Release();
                if (provider)
                    provider->Release();
                return 0;
            }''')
        program = installed.build(['c++', '-std=c++17', '-Wall', '-Werror'], 'program', source)
        told = run(program, env={**os.environ, 'VDS_URL': f'unix:{daemon.socket}'})
        equal(told.split(), ['S_OK', '1'], 'subsystems')
        daemon.stop()


def test_only_versioned_symbols_of_ours_are_exported():
    with Installed() as installed:
        symbols = [line.split()[-1]
                   for line in run('nm', '-D', '--defined-only', installed.library).splitlines()]
        check(len(symbols) > 50, f'symbols: {symbols}')
        ours = re.compile(r'^(VDS_1\.\d+|(Vds\w+|Co[A-Z]\w+|CLSIDFromString|'
                          r'StringFromGUID2|StringFromCLSID|StringFromIID|'
                          r'(IID|CLSID|GUID)_\w+)@@VDS_1\.\d+)$')
        equal([s for s in symbols if not ours.match(s) and 'san' not in s], [],
              'symbols that are not ours')


def test_the_examples_build():
    with Installed() as installed:
        sources = sorted((SOURCE / 'examples').glob('*.c'))
        check(sources, 'there are examples')
        for source in sources:
            installed.build(['cc', '-std=c11', '-Wall', '-Wextra', '-pedantic', '-Werror'],
                            source.stem, source)


def test_the_library_is_silent_unless_it_is_asked():
    with Installed() as installed, Daemon() as daemon:
        walk = installed.build(['cc', '-std=c11'], 'walk', SOURCE / 'examples/walk.c')

        def told(**more):
            env = {name: value for name, value in os.environ.items() if name != 'VDS_DEBUG'}
            done = subprocess.run([str(walk), f'unix:{daemon.socket}'], capture_output=True,
                                  text=True, timeout=vdstest.DEADLINE_S, env={**env, **more})
            equal(done.returncode, 0, done.stderr)
            return done.stderr

        equal(told(), '', 'without VDS_DEBUG')
        check('replica.step' in told(VDS_DEBUG='client'),
              'lines of the replica with VDS_DEBUG=client')
        check('no.such' in told(VDS_DEBUG='no.such'), 'the name of an area that there is not')
        daemon.stop()


vdstest.main([f for name, f in list(globals().items()) if name.startswith('test_')])

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Our provider keeps to VDS: vds-conformance finds nothing, and reaches every row of its table of
codes that the table does not explain.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import tempfile

import conform
import vdstest
from vdstest import check, equal

# Interfaces that only the service has, and those that an iSCSI provider must not have.
NOT_OURS = {'IVdsAdmin', 'IVdsHwProviderPrivateMpio', 'IVdsHwProviderType2', 'IVdsLunMpio'}
# Libvds's own provider, and a library that is the same provider when nobody tells it to be wrong.
OWN_ID = '175dda01-2b89-4d3c-a9dd-8c550706c731'
WRONG_CLSID = '5c69c549-3f24-4261-9996-4e590ca0b7e6'
METHODS = re.findall(r'^METHOD\((\w+), (\w+), ', (pathlib.Path(
    os.environ['MESON_SOURCE']) / 'src' / 'conformance' / 'methods.def').read_text(), re.M)


def test_every_method_in_every_state():
    result = conform.run('--table', '--strict')
    for name in sorted(result.failed):
        print('\n'.join(f'# {line}' for line in result.about(name)))
    equal(result.failed, set(), 'what the suite finds')
    check(result.complete and len(result.passed) > 1700, f'only {len(result.passed)} cases ran')
    equal(result.skipped, set(), 'what the suite skips')
    missing = [f'{interface}::{method}' for interface, method in METHODS
               if interface not in NOT_OURS and
               f'codes: the codes of {interface}::{method} are documented'
               not in result.passed | result.failed]
    equal(missing, [], 'methods that were not called')


# What needs the role admin: an operator is refused with the code that says so, and with no other.
ADMINS = {'IVdsSubSystem::SetControllerStatus', 'IVdsSubSystemNaming::SetFriendlyName',
          'IVdsControllerPort::Reset', 'IVdsControllerPort::SetStatus', 'IVdsController::Reset',
          'IVdsController::SetStatus', 'IVdsLun::Shrink', 'IVdsIscsiPortal::SetStatus',
          'IVdsIscsiTarget::CreatePortalGroup'}


def test_over_tls_with_tokens():
    """As a whole with the token of an admin; and with that of an operator, who is refused only what
    needs an admin, by VDS_E_ACCESS_DENIED.
    """
    with concurrent.futures.ThreadPoolExecutor() as pool:
        admin = pool.submit(conform.run_over_tls, 'admin')
        operator = pool.submit(conform.run_over_tls, 'operator', '--only',
                               'sound,nulls,types,counts,identity')
    admin, operator = admin.result(), operator.result()
    for name in sorted(admin.failed):
        print('\n'.join(f'# {line}' for line in admin.about(name)))
    equal((admin.failed, admin.skipped), (set(), set()), 'what the suite finds of an admin')
    check(admin.complete and len(admin.passed) > 1700, f'only {len(admin.passed)} cases ran')
    refused = set()
    for name in sorted(operator.failed):
        about = operator.about(name)
        check('# it returned VDS_E_ACCESS_DENIED' in about, f'{name}: {about}')
        refused.add(re.search(r'I\w+::\w+', name).group(0))
    equal(refused & ADMINS, ADMINS, 'what an operator may not')
    extra = refused - ADMINS - {'IVdsLun::Delete', 'IVdsIscsiTarget::Delete'}     # to tidy up
    equal(extra, set(), 'what an operator may, too')
    check(operator.complete and len(operator.passed) > 600, f'{len(operator.passed)} cases ran')


def test_who_may_only_look_changes_nothing():
    """A token of a reader takes the place of an admin's: each method that changes something is
    refused, or answers what it answers to everybody, and the array stays as it is.
    """
    result = conform.run_over_tls('admin', '--only', 'access')
    for name in sorted(result.failed):
        print('\n'.join(f'# {line}' for line in result.about(name)))
    equal((result.failed, result.skipped), (set(), set()), 'failed and skipped')
    refused = [name for name in result.passed if 'is refused to who may only look' in name]
    check(len(refused) >= 40, f'only {len(refused)} methods were refused: {refused}')


def check_service(result, what):
    for name in sorted(result.failed):
        print('\n'.join(f'# {line}' for line in result.about(name)))
    equal(result.failed, set(), f'what the suite finds {what}')
    check(result.complete and len(result.passed) > 1400,
          f'only {len(result.passed)} cases ran {what}')


def test_through_the_service():
    """Libvds's provider in the program's process, and, registered as somebody else's library, in a
    process of its own: no method may answer differently.
    """
    with tempfile.TemporaryDirectory(prefix='vdstest.') as top, \
            concurrent.futures.ThreadPoolExecutor() as pool:
        (pathlib.Path(top) / 'own.conf').write_text(
            f'id = {OWN_ID}\nclsid = {WRONG_CLSID}\nname = libvds\ntype = hardware\n'
            f'library = {os.environ["WRONG_PROVIDER"]}\n')
        here = pool.submit(conform.run, service=True)
        there = pool.submit(conform.run, service=True, env={
            'VDS_PROVIDERS': top, 'VDS_HOST': os.environ['VDS_HOST_PROGRAM']})
        no_host = pool.submit(conform.run, '--only', 'effect', service=True, env={
            'VDS_PROVIDERS': top, 'VDS_HOST': '/bin/false'})
    check_service(here.result(), 'in the program')
    check_service(there.result(), 'in another process')
    missing = here.result().passed ^ there.result().passed
    equal(missing, set(), 'cases that ran in only one of them')
    check(no_host.result().status != 0, 'the provider in another process was none')


def test_without_a_hook_states_are_skipped():
    result = conform.run('--only', 'busy', hook=False)
    equal((result.failed, len(result.skipped)), (set(), 1), 'failed and skipped')
    equal(result.status, 0, 'exit status')


def test_strict_takes_what_is_skipped_for_failed():
    result = conform.run('--only', 'busy', '--strict', hook=False)
    check('busy: a LUN that an operation holds: no hook for it' in result.failed,
          f'{result.failed}')
    equal(result.status, 1, 'exit status')


def test_results_that_cannot_be_written_are_a_failure():
    for name, output in (('full', open('/dev/full', 'wb')), ('closed', None)):
        done = subprocess.run([os.environ['CONFORMANCE'], '--url', 'unix:/nothing'], stdout=output,
                              stderr=subprocess.PIPE, timeout=vdstest.DEADLINE_S,
                              preexec_fn=None if output else lambda: os.close(1))
        equal((done.returncode, b'the results could not be written' in done.stderr), (3, True),
              f'{name}: {done}')


def test_options_are_read_to_their_ends():
    for words, complaint in ((['--deadline', '5x'], '--deadline is no number of milliseconds'),
                             (['--deadline', '-1'], '--deadline is no number of milliseconds'),
                             (['--only'], '--only needs a value'),
                             (['--what'], '--what is no option'),
                             (['--service', '--provider', 'x', '--clsid',
                               '5c69c549-3f24-4261-9996-4e590ca0b7e6'], 'exclude each other')):
        done = subprocess.run([os.environ['CONFORMANCE'], *words], capture_output=True, text=True,
                              timeout=vdstest.DEADLINE_S)
        equal((done.returncode, complaint in done.stderr), (2, True), f'{words}: {done}')


def test_wrong_options_are_refused():
    result = conform.run('--only', 'nothing', hook=False)
    equal(result.status, 2, 'exit status')
    check('--only names no family' in result.text, result.text)


if __name__ == '__main__':
    vdstest.main([test_every_method_in_every_state, test_through_the_service,
                  test_over_tls_with_tokens, test_who_may_only_look_changes_nothing,
                  test_without_a_hook_states_are_skipped,
                  test_strict_takes_what_is_skipped_for_failed, test_wrong_options_are_refused,
                  test_results_that_cannot_be_written_are_a_failure,
                  test_options_are_read_to_their_ends])

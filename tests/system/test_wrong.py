#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vds-conformance catches a wrong provider: tests/conformance/wrong*.c have more than 60 errors,
and each must make a case fail that passes with the right provider.
"""
import concurrent.futures
import os

import conform
import vdstest
from vdstest import check

CLSID = '5c69c549-3f24-4261-9996-4e590ca0b7e6'
# Each error, and the family of cases that must catch it.
ERRORS = {
    'lun_is_small': 'effect', 'lun_takes_null': 'nulls', 'lun_deleted_is_not_found': 'deleted',
    'lun_properties_leak': 'counts', 'lun_extends_by_half': 'effect', 'lun_does_nothing': 'effect',
    'lun_status_does_nothing': 'effect', 'lun_is_not_deleted': 'effect',
    'lun_cuts_in_silence': 'effect', 'lun_keeps_targets': 'effect',
    'lun_number_null_fails': 'nulls', 'lun_keeps_a_reference': 'counts',
    'lun_is_never_failed': 'failed', 'lun_is_never_busy': 'busy',
    'lun_recover_is_missing': 'sound', 'query_fails_otherwise': 'identity',
    'query_leaves_the_pointer': 'identity', 'query_goes_one_way': 'identity',
    'next_never_ends': 'effect', 'next_counts_wrong': 'effect', 'skip_always_succeeds': 'effect',
    'reset_does_nothing': 'effect', 'clone_begins_anew': 'effect',
    'wait_forgets_the_kind': 'effect', 'status_stays_at_none': 'effect',
    'create_hides_the_cause': 'effect', 'target_delete_hides_the_cause': 'effect',
    'target_has_every_lun': 'effect', 'initiators_are_not_counted': 'sound',
    'group_takes_any_portal': 'types', 'portal_takes_any_status': 'types',
    'get_object_leaves_the_pointer': 'types', 'load_forgets_the_sink': 'notify',
    'unload_does_nothing': 'unloaded', 'strange_lun_has_an_id': 'effect',
    'version_is_unheard_of': 'effect', 'array_is_always_there': 'corrupt',
    'release_counts_one_more': 'counts',
}
# Errors of wrong_more.c that do not disturb one another: they are made in the same run, and each
# must make its own case fail.
TOGETHER = [
    ('effect', {
        'targets_are_added': 'AssociateTargets takes the place of the former set',
        'mask_is_joined': 'SetMask takes the place of the former list',
        'lun_is_never_healthy': 'a new LUN is healthy',
        'luns_share_a_number': 'two LUNs have different numbers',
        'groups_share_a_tag': 'two groups of a target have different tags',
        'drive_has_no_size': 'a drive has a size',
        'pool_has_more_than_all': 'a pool has not more free space than space',
        'extents_are_nobodys': 'the extents of a plex are in use by its LUN',
        'most_is_endless': 'IVdsSubSystem::QueryMaxLunCreateSize returns a size that the array '
                           'can give',
        'nothing_can_be_added': 'IVdsLun::QueryMaxLunExtendSize returns a size that the array can '
                                'give',
        'get_object_ignores_the_type': "GetObject of a LUN's id and type 37 finds nothing",
    }),
    ('effect', {
        'create_ignores_the_mask': 'a new LUN is unmasked to whom CreateLun names',
        'target_forgets_its_name': 'a new target has the name that was asked for',
        'target_forgets_its_iscsi_name': 'a new target has the iSCSI name that was asked for',
    }),
    ('effect', {'targets_are_of_yesterday':
                'after CreateTarget: IVdsSubSystemIscsi::QueryTargets has it'}),
    ('sound', {'targets_come_twice': 'IVdsLunIscsi::QueryAssociatedTargets of the lun'}),
    ('counts', {
        'refusal_keeps_a_reference': 'IVdsIscsiPortalGroup::AddPortal of a group keeps nothing '
                                     'after it was refused',
        'refusal_keeps_memory': 'IVdsSubSystemIscsi::CreateTarget of a subsystem keeps nothing '
                                'after it was refused',
        'query_keeps_a_reference': 'a lun keeps no reference for an interface that it lacks',
        'wait_keeps_a_reference': 'the last Release of a LUN that an operation made returns 0',
    }),
    ('counts', {'next_keeps_a_reference':
                'an enumerator keeps no reference to what it returned'}),
    ('busy', {
        'status_is_done_too_early': 'QueryStatus of an operation that waits',
    }),
    ('busy', {
        'pending_is_all_done': 'QueryStatus of an operation that waits',
        'cancel_does_nothing': 'Wait for an operation that was cancelled',
    }),
    ('notify', {
        'departures_are_lost': 'a deleted portal group is notified',
        'notes_have_another_type': 'OnNotify has 1 to 100 notifications, each of the type of its '
                                   'event',
    }),
]


def run(family, wrong=None):
    return conform.run('--only', family, '--deadline', '3000' if wrong else '20000',
                       library=(os.environ['WRONG_PROVIDER'], CLSID),
                       env={'WRONG': wrong} if wrong else {})


def test_the_table_is_the_one_of_the_provider():
    named = {line.split()[2] for line in run('sound', 'no such error').text.splitlines()
             if line.startswith('# error ')}
    together = [name for _, cases in TOGETHER for name in cases]
    vdstest.equal(named, set(ERRORS) | set(together), 'the errors of wrong.c and wrong_more.c')
    check(len(named) >= 60, f'{len(named)} errors')


def test_every_error_is_caught():
    # They wait for what a wrong provider never does; hardly any time of the processor is needed.
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        families = sorted(set(ERRORS.values()) | {family for family, _ in TOGETHER})
        rights = pool.map(run, families)
        together = pool.map(lambda group: run(group[0], ','.join(group[1])), TOGETHER)
        wrong = dict(zip(ERRORS, pool.map(lambda name: run(ERRORS[name], name), ERRORS)))
        right = dict(zip(families, rights))
        together = list(together)
    missed = []
    for (family, cases), result in zip(TOGETHER, together):
        for name, case in cases.items():
            case = f'{family}: {case}'
            check(case in right[family].passed, f'{case}: {right[family].text}')
            print(f'# {name}: {case in result.failed}')
            if case not in result.failed:
                missed.append(name)
    for name, family in ERRORS.items():
        check(right[family].complete and right[family].passed, f'{family}: {right[family].text}')
        caught = sorted(case for case in wrong[name].failed if case not in right[family].failed
                        and case in right[family].passed | right[family].skipped)
        print(f'# {name}: {caught[:2] or wrong[name].text[-300:]}')
        if not caught:
            missed.append(name)
    vdstest.equal(missed, [], 'errors that the suite does not catch')


if __name__ == '__main__':
    vdstest.main([test_the_table_is_the_one_of_the_provider, test_every_error_is_caught])

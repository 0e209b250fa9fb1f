/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An array with drives, for the tests of what lies on them.
 *
 * Pools 1 and 3 lie on drive 1, on the same file system; pool 2 lies on drives 2 and 3, which
 * mirror each other.  LUNs 1 and 2 are in pool 1, LUN 3 is in pool 2.
 */
#ifndef VDS_TESTS_DRIVE_TEST_H
#define VDS_TESTS_DRIVE_TEST_H

#include "provider_test.h"

/* Those of the test that runs: from drive_setup to drive_teardown. */
extern IVdsHwProvider *provider;
extern IVdsSubSystem *subsystem;

/* What runs before and after each test. */
int drive_setup(void **state);
int drive_teardown(void **state);

/* Return drive n and pool n; the caller releases them. */
IVdsDrive *drive_at(unsigned n);
IVdsStoragePool *pool_at(unsigned n);

#define EACH(test) cmocka_unit_test_setup_teardown(test, drive_setup, drive_teardown)

#endif

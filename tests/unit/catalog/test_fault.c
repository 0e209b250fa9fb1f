/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the catalog under every fault: of memory, of I/O, and of a full disk. After each fault
 * the catalog either is as it was before the change, or has the whole change.
 */
#include "catalog_test.h"

#include <errno.h>
#include <stdlib.h>

#include "fault.h"
#include "shim_vfs.h"

static void
assert_clean(struct catalog_fixture *f)
{
	struct state *found = NULL;

	assert_ok(catalog_load(f->catalog, &found));
	assert_same_state(found, f->state);
	state_unref(found);
	assert_ok(catalog_check(f->catalog));
}

static void
test_every_allocation_of_a_change(void **state)
{
	struct catalog_fixture *f = *state;
	unsigned n = 2;

	WITH_EVERY_FAULT
	{
		int rc = sample_commit(f->catalog, &f->state, n);

		FAULT_OFF();
		if (rc == 0) {
			n++;
		} else {
			assert_int_equal(rc, -ENOMEM);
			assert_true(FAULT_HIT);
		}
		assert_clean(f);
	}
	assert_true(n > 2);
}

static void
test_every_allocation_of_opening(void **state)
{
	struct catalog_fixture *f = *state;

	for (unsigned n = 2; n < 6; n++)
		assert_ok(sample_commit(f->catalog, &f->state, n));
	catalog_close(f->catalog);
	f->catalog = NULL;
	WITH_EVERY_FAULT
	{
		struct state *found = NULL;
		int rc = catalog_open(f->dir, &f->catalog);

		if (rc == 0)
			rc = catalog_load(f->catalog, &found);
		FAULT_OFF();
		assert_true(rc == 0 || rc == -ENOMEM);
		if (rc == 0)
			assert_same_state(found, f->state);
		state_unref(found);
		catalog_close(f->catalog);
		f->catalog = NULL;
	}
	assert_ok(catalog_open(f->dir, &f->catalog));
}

/*
 * A change with an I/O error at its nth operation; then the catalog is opened again, as the writer
 * does.
 */
static bool
change_with_io_error(struct catalog_fixture *f, unsigned n, unsigned nth, bool full)
{
	struct state *found = NULL, *old = state_ref(f->state);
	struct hash128 wanted = sample_digest(n);
	int rc;

	shim_fail_at(nth, false, full);
	rc = sample_commit(f->catalog, &f->state, n);
	shim_heal();
	if (rc < 0) {
		assert_ok(catalog_reopen(f->catalog));
		assert_ok(catalog_load(f->catalog, &found));
		/* Either way is right after a failed commit; half of it is not. */
		if (hash128_equal(&state_position(found)->digest, &wanted)) {
			state_unref(f->state);
			f->state = found;
		} else {
			assert_same_state(found, old);
			state_unref(found);
		}
	}
	state_unref(old);
	assert_clean(f);
	return shim_failed();
}

static void
every_io_error(struct catalog_fixture *f, bool full)
{
	unsigned n = 2;

	for (unsigned nth = 1;; nth++) {
		bool failed = change_with_io_error(f, n, nth, full);

		if (state_position(f->state)->sequence == n)
			n++;
		if (!failed) {
			assert_true(nth > 2);
			return;
		}
	}
}

static void
test_every_io_error_of_a_change(void **state)
{
	every_io_error(*state, false);
}

static void
test_disk_full_at_every_write_of_a_change(void **state)
{
	every_io_error(*state, true);
}

static void
test_every_io_error_of_opening(void **state)
{
	struct catalog_fixture *f = *state;
	struct state *found = NULL;
	unsigned nth = 1;

	for (unsigned n = 2; n < 6; n++)
		assert_ok(sample_commit(f->catalog, &f->state, n));
	do {
		int rc;

		catalog_close(f->catalog);
		f->catalog = NULL;
		shim_fail_at(nth++, false, false);
		rc = catalog_open(f->dir, &f->catalog);
		shim_heal();
		assert_true(rc == 0 || (rc < 0 && shim_failed()));
	} while (shim_failed());
	assert_true(nth > 3);
	assert_ok(catalog_load(f->catalog, &found));
	assert_same_state(found, f->state);
	state_unref(found);
}

static int
setup(void **state)
{
	shim_register();
	return catalog_setup(state);
}

static int
teardown(void **state)
{
	int rc = catalog_teardown(state);

	shim_unregister();
	return rc;
}

#define WITH_CATALOG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_CATALOG(test_every_allocation_of_a_change),
		WITH_CATALOG(test_every_allocation_of_opening),
		WITH_CATALOG(test_every_io_error_of_a_change),
		WITH_CATALOG(test_disk_full_at_every_write_of_a_change),
		WITH_CATALOG(test_every_io_error_of_opening),
	};
	/* clang-format on */

	shim_memory();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies of the catalog for the checker: made in steps between which the catalog goes on, and whole
 * in the end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "catalog_test.h"

/* Enough changes that a copy takes several steps. */
static void
fill(struct catalog_fixture *f, unsigned first, unsigned end)
{
	assert_ok(catalog_begin(f->catalog));
	for (unsigned n = first; n < end; n++)
		assert_ok(sample_change(f->catalog, &f->state, n));
	assert_ok(catalog_commit(f->catalog));
}

static void
assert_whole(struct catalog_copy *copy, const struct state *state)
{
	assert_memory_equal(catalog_copy_position(copy), state_position(state),
			    sizeof(struct position));
	assert_ok(catalog_copy_check(copy));
}

static void
test_a_catalog_goes_on_while_it_is_copied(void **state)
{
	struct catalog_fixture *f = *state;
	struct catalog_copy *copy = NULL;
	AUTO_STATE struct state *then = NULL;
	unsigned n = 1500, steps = 0;
	int rc;

	fill(f, 2, n);
	assert_ok(catalog_copy_begin(f->catalog, &copy));
	while ((rc = catalog_copy_step(copy)) == 1) {
		steps++;
		assert_true(steps < 1000);
		/* One change that is committed, and one in the same transaction that fails. */
		assert_ok(catalog_begin(f->catalog));
		assert_ok(sample_change(f->catalog, &f->state, n++));
		assert_ok(catalog_savepoint(f->catalog));
		then = state_ref(f->state);
		assert_ok(sample_change(f->catalog, &f->state, n));
		assert_ok(catalog_rollback_to(f->catalog));
		state_unref(f->state);
		f->state = TAKE(then);
		assert_ok(catalog_commit(f->catalog));
	}
	assert_ok(rc);
	assert_true(steps > 1);
	then = state_ref(f->state);
	assert_ok(sample_commit(f->catalog, &f->state, n++));
	assert_whole(copy, then);
	catalog_copy_free(copy);
}

static void
test_an_unfinished_copy_is_given_up(void **state)
{
	struct catalog_fixture *f = *state;
	struct catalog_copy *copy = NULL;

	fill(f, 2, 1500);
	assert_ok(catalog_copy_begin(f->catalog, &copy));
	assert_int_equal(catalog_copy_step(copy), 1);
	catalog_copy_free(copy);
	assert_ok(catalog_copy_begin(f->catalog, &copy));
	assert_int_equal(catalog_copy_step(copy), 1);
	assert_ok(catalog_reopen(f->catalog));
	assert_int_equal(catalog_copy_step(copy), -EIO);
	catalog_copy_free(copy);
	assert_ok(sample_commit(f->catalog, &f->state, 1500));
}

static void
test_damage_is_found_in_the_copy(void **state)
{
	struct catalog_fixture *f = *state;
	struct catalog_copy *copy = NULL;
	int rc;

	fill(f, 2, 20);
	assert_ok(catalog_exec(f->catalog, "UPDATE lun SET name = name || 'x'"));
	assert_ok(catalog_copy_begin(f->catalog, &copy));
	while ((rc = catalog_copy_step(copy)) == 1)
		;
	assert_ok(rc);
	assert_int_equal(catalog_copy_check(copy), ERR_CORRUPT);
	catalog_copy_free(copy);
	assert_ok(catalog_exec(f->catalog,
			       "UPDATE lun SET name = substr(name, 1, length(name) - 1)"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_catalog_goes_on_while_it_is_copied,
						catalog_setup, catalog_teardown),
		cmocka_unit_test_setup_teardown(test_an_unfinished_copy_is_given_up, catalog_setup,
						catalog_teardown),
		cmocka_unit_test_setup_teardown(test_damage_is_found_in_the_copy, catalog_setup,
						catalog_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

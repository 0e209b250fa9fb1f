/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which initiators see a LUN of a target, asked without walking its LUNs: target/admit.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "target/target_int.h"

#define LUNS 500

static struct target_view_lun luns[LUNS];
static struct row_lun rows[LUNS];
static char masks[LUNS][160];

/* Each LUN has two names of its own and one that all have. */
static void
fill(const char *everywhere)
{
	for (unsigned i = 0; i < LUNS; i++) {
		snprintf(masks[i], sizeof(masks[i]), "%s;iqn.2026-11.test:a%u;iqn.2026-11.test:b%u",
			 everywhere, i, i);
		rows[i].mask = masks[i];
		luns[i].row = &rows[i];
	}
}

static void
test_names_of_any_mask_are_admitted(void **state)
{
	struct target_admit admit;

	(void)state;
	fill("iqn.2026-11.test:all");
	assert_int_equal(target_admit_init(&admit, luns, LUNS), 0);
	assert_false(admit.everyone);
	assert_int_equal(admit.count, 2 * LUNS + 1);
	assert_true(target_admit_may(&admit, "iqn.2026-11.test:all"));
	for (unsigned i = 0; i < LUNS; i++) {
		char name[64];

		snprintf(name, sizeof(name), "iqn.2026-11.test:b%u", i);
		assert_true(target_admit_may(&admit, name));
		assert_true(mask_admits(rows[i].mask, name));
	}
	assert_false(target_admit_may(&admit, "iqn.2026-11.test:a"));
	assert_false(target_admit_may(&admit, "iqn.2026-11.test:b500"));
	assert_false(target_admit_may(&admit, ""));
	target_admit_fini(&admit);
}

static void
test_a_lun_for_everyone_is_enough(void **state)
{
	struct target_admit admit;

	(void)state;
	fill("iqn.2026-11.test:all");
	rows[LUNS - 1].mask = masks[LUNS - 1];
	snprintf(masks[LUNS - 1], sizeof(masks[0]), "*");
	assert_int_equal(target_admit_init(&admit, luns, LUNS), 0);
	assert_true(admit.everyone);
	assert_true(target_admit_may(&admit, "iqn.2026-11.test:nobody"));
	target_admit_fini(&admit);
}

static void
test_masks_for_nobody_admit_nobody(void **state)
{
	struct target_admit admit;

	(void)state;
	for (unsigned i = 0; i < LUNS; i++)
		luns[i].row = &rows[i], rows[i].mask = masks[i], masks[i][0] = '\0';
	assert_int_equal(target_admit_init(&admit, luns, LUNS), 0);
	assert_false(target_admit_may(&admit, "iqn.2026-11.test:a1"));
	target_admit_fini(&admit);
	assert_int_equal(target_admit_init(&admit, NULL, 0), 0);
	assert_false(target_admit_may(&admit, "iqn.2026-11.test:a1"));
	target_admit_fini(&admit);
}

/* A stranger's question costs no walk over the LUNs: with none to walk the answer is the same. */
static void
test_a_stranger_walks_no_luns(void **state)
{
	struct target_view_target vt = { .luns = NULL, .lun_count = LUNS };

	(void)state;
	fill("iqn.2026-11.test:all");
	assert_int_equal(target_admit_init(&vt.admit, luns, LUNS), 0);
	assert_false(target_view_target_shows_any(&vt, "iqn.2026-11.test:stranger"));
	target_admit_fini(&vt.admit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_of_any_mask_are_admitted),
		cmocka_unit_test(test_a_lun_for_everyone_is_enough),
		cmocka_unit_test(test_masks_for_nobody_admit_nobody),
		cmocka_unit_test(test_a_stranger_walks_no_luns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

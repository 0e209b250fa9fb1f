/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the macro WITH_EVERY_FAULT itself (tests/lib/fault.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/mem.h"
#include "fault.h"

static void
test_each_allocation_fails_once_and_the_last_round_fails_none(void **state)
{
	unsigned rounds = 0, failures = 0;

	(void)state;
	WITH_EVERY_FAULT
	{
		AUTO_FREE char *a = mem_alloc(1);
		AUTO_FREE char *b = mem_calloc(1, 1);
		AUTO_FREE char *c = mem_realloc(NULL, 1);
		unsigned missing = (a == NULL) + (b == NULL) + (c == NULL);

		rounds++;
		failures += missing;
		assert_int_equal(missing, FAULT_HIT ? 1 : 0);
	}
	assert_int_equal(rounds, 4);
	assert_int_equal(failures, 3);
}

static void
test_after_the_walk_nothing_fails(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		AUTO_FREE char *a = mem_alloc(1);
		(void)a;
	}
	for (int i = 0; i < 10; i++) {
		AUTO_FREE char *a = mem_alloc(1);

		assert_non_null(a);
	}
}

static void
test_leaving_early_disarms(void **state)
{
	AUTO_FREE char *a = NULL;

	(void)state;
	WITH_EVERY_FAULT
	break;
	a = mem_alloc(1);
	assert_non_null(a);
}

static void
test_looking_at_the_result_may_allocate_after_fault_off(void **state)
{
	unsigned rounds = 0;

	(void)state;
	WITH_EVERY_FAULT
	{
		AUTO_FREE char *a = mem_alloc(1);
		AUTO_FREE char *b = NULL;

		FAULT_OFF();
		b = mem_alloc(1);
		assert_non_null(b);
		assert_int_equal(a == NULL, FAULT_HIT);
		rounds++;
	}
	assert_int_equal(rounds, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_fails_once_and_the_last_round_fails_none),
		cmocka_unit_test(test_after_the_walk_nothing_fails),
		cmocka_unit_test(test_leaving_early_disarms),
		cmocka_unit_test(test_looking_at_the_result_may_allocate_after_fault_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

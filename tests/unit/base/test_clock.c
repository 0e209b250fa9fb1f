/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of printing times as text (base/clock.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void
check(int64_t utc_ms, const char *expected)
{
	char buf[CLOCK_TEXT_SIZE];

	assert_string_equal(clock_format_utc(utc_ms, buf), expected);
}

static void
test_known_instants_are_written_in_utc(void **state)
{
	(void)state;
	check(0, "1970-01-01T00:00:00.000Z");
	check(951782400123, "2000-02-29T00:00:00.123Z");
	check(1795344420999, "2026-11-22T10:47:00.999Z");
}

static void
test_before_1970_the_milliseconds_still_count_forward(void **state)
{
	(void)state;
	check(-1, "1969-12-31T23:59:59.999Z");
	check(-1000, "1969-12-31T23:59:59.000Z");
	check(-86400001, "1969-12-30T23:59:59.999Z");
}

static void
test_years_beyond_four_digits_are_cut(void **state)
{
	(void)state;
	check(INT64_MAX, "9999-12-31T23:59:59.999Z");
	check(INT64_MIN, "0000-01-01T00:00:00.000Z");
}

static void
test_monotonic_time_does_not_go_back(void **state)
{
	uint64_t last = clock_mono_ns();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t now = clock_mono_ns();

		assert_true(now >= last);
		last = now;
	}
}

static void
test_utc_agrees_with_the_system(void **state)
{
	int64_t before = (int64_t)time(NULL), now = clock_utc_ms() / 1000,
		after = (int64_t)time(NULL);

	(void)state;
	/* time() may run a tick behind clock_gettime() */
	assert_true(now >= before && now <= after + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_instants_are_written_in_utc),
		cmocka_unit_test(test_before_1970_the_milliseconds_still_count_forward),
		cmocka_unit_test(test_years_beyond_four_digits_are_cut),
		cmocka_unit_test(test_monotonic_time_does_not_go_back),
		cmocka_unit_test(test_utc_agrees_with_the_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

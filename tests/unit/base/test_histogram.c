/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of base/histogram.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/histogram.h"

static struct histogram histogram;

static struct histogram_total
collected(void)
{
	struct histogram_total total = { 0 };

	histogram_collect(&histogram, &total);
	return total;
}

static int
setup(void **state)
{
	(void)state;
	memset(&histogram, 0, sizeof(histogram));
	return 0;
}

static void
test_every_bucket_begins_where_the_one_before_it_ends(void **state)
{
	(void)state;
	for (unsigned i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		uint64_t bound = histogram_bound_ns(i);

		assert_int_equal(histogram_bucket(bound - 1), i);
		assert_int_equal(histogram_bucket(bound), i + 1);
	}
	assert_int_equal(histogram_bound_ns(0), 1024);
	assert_true(histogram_bound_ns(HISTOGRAM_BUCKETS - 1) == UINT64_MAX);
	assert_int_equal(histogram_bucket(0), 0);
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static void
test_no_bucket_is_wider_than_a_quarter_of_where_it_begins(void **state)
{
	(void)state;
	for (unsigned i = 1; i + 1 < HISTOGRAM_BUCKETS; i++) {
		uint64_t from = histogram_bound_ns(i - 1);

		assert_true(histogram_bound_ns(i) - from <= from / 4);
	}
}

static void
test_counts_and_sums_of_several_are_added(void **state)
{
	struct histogram_total total, twice = { 0 };

	(void)state;
	histogram_add(&histogram, 500);
	histogram_add(&histogram, 2000);
	histogram_add(&histogram, 2000);
	total = collected();
	assert_int_equal(histogram_count(&total), 3);
	assert_int_equal(total.sum_ns, 4500);
	histogram_merge(&twice, &total);
	histogram_merge(&twice, &total);
	assert_int_equal(histogram_count(&twice), 6);
	assert_int_equal(twice.counts[histogram_bucket(2000)], 4);
	assert_int_equal(twice.sum_ns, 9000);
}

static void
assert_close(uint64_t got, uint64_t wanted)
{
	assert_in_range(got, wanted - wanted / 20, wanted + wanted / 20);
}

static void
test_quantiles_of_equal_steps_are_within_a_twentieth(void **state)
{
	struct histogram_total total;

	(void)state;
	for (uint64_t us = 1; us <= 10000; us++)
		histogram_add(&histogram, us * 1000);
	total = collected();
	assert_close(histogram_quantile_ns(&total, 500), 5000000);
	assert_close(histogram_quantile_ns(&total, 990), 9900000);
	assert_close(histogram_quantile_ns(&total, 10), 100000);
	assert_true(histogram_quantile_ns(&total, 1000) >= 10000000);
}

static void
test_quantiles_at_the_ends(void **state)
{
	struct histogram_total total = collected();

	(void)state;
	assert_int_equal(histogram_quantile_ns(&total, 500), 0);
	histogram_add(&histogram, UINT64_MAX / 2);
	total = collected();
	assert_true(histogram_quantile_ns(&total, 500) ==
		    histogram_bound_ns(HISTOGRAM_BUCKETS - 2));
	setup(state);
	histogram_add(&histogram, 10);
	total = collected();
	assert_in_range(histogram_quantile_ns(&total, 999), 1, 1024);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_bucket_begins_where_the_one_before_it_ends,
				       setup),
		cmocka_unit_test_setup(test_no_bucket_is_wider_than_a_quarter_of_where_it_begins,
				       setup),
		cmocka_unit_test_setup(test_counts_and_sums_of_several_are_added, setup),
		cmocka_unit_test_setup(test_quantiles_of_equal_steps_are_within_a_twentieth, setup),
		cmocka_unit_test_setup(test_quantiles_at_the_ends, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

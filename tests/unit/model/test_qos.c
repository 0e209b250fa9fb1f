/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the texts of limits: what is accepted, their canonical form, and what fits what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/qos.h"

static void
assert_changed(const char *before, const char *change, const char *after)
{
	char text[QOS_TEXT_MAX];

	assert_int_equal(qos_change(QOS_OF_LUN, before, change, text), 0);
	assert_string_equal(text, after);
}

static void
test_a_change_names_what_it_changes(void **unused)
{
	(void)unused;
	assert_changed("", "burst_ms=5000  bandwidth=1048576 iops=10",
		       "iops=10 bandwidth=1048576 burst_ms=5000");
	assert_changed("iops=10 bandwidth=1048576", "iops=20", "iops=20 bandwidth=1048576");
	assert_changed("iops=10 bandwidth=1048576", "bandwidth=0", "iops=10");
	assert_changed("iops=10", "", "iops=10");
	assert_changed(NULL, "min_iops=10", "min_iops=10");
	/* the burst goes with the last limit */
	assert_changed("iops=10 burst_ms=5000 min_iops=10", "iops=0", "min_iops=10");
}

static void
test_wrong_texts_are_refused(void **unused)
{
	static const char *const texts[] = {
		"iops",
		"iops=",
		"=5",
		"speed=10",
		"iops=10 iops=10",
		"iops=-10",
		"iops=10,bandwidth=1048576",
		"iops=99999999999999999999999999",
		"IOPS=10",
		"iops=1e3",
	};
	char text[QOS_TEXT_MAX] = "as it was";

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (qos_change(QOS_OF_LUN, "", texts[i], text) != ERR_INVALID)
			fail_msg("\"%s\" was taken", texts[i]);
	assert_string_equal(text, "as it was");
}

static void
test_values_out_of_range_are_refused(void **unused)
{
	static const char *const texts[] = {
		"iops=9",
		"iops=10000001",
		"bandwidth=1048575",
		"bandwidth=1099511627777",
		"min_iops=9",
		"min_bandwidth=1",
		"iops=10 burst_ms=3600001",
	};
	char text[QOS_TEXT_MAX];

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (qos_change(QOS_OF_LUN, "", texts[i], text) != ERR_INVALID)
			fail_msg("\"%s\" was taken", texts[i]);
}

static void
test_what_does_not_fit_is_refused(void **unused)
{
	char text[QOS_TEXT_MAX];

	(void)unused;
	assert_int_equal(qos_change(QOS_OF_LUN, "iops=100", "min_iops=101", text), ERR_INVALID);
	assert_int_equal(qos_change(QOS_OF_LUN, "min_iops=100", "iops=99", text), ERR_INVALID);
	assert_int_equal(qos_change(QOS_OF_LUN, "", "burst_ms=1000", text), ERR_INVALID);
	assert_int_equal(qos_change(QOS_OF_HOST, "", "min_iops=100", text), ERR_INVALID);
	assert_int_equal(qos_change(QOS_OF_HOST, "", "iops=100 burst_ms=1", text), 0);
	assert_int_equal(qos_change(QOS_OF_POOL, "", "iops=100 burst_ms=1", text), ERR_INVALID);
	assert_int_equal(qos_change(QOS_OF_POOL, "iops=100", "min_iops=10", text), ERR_INVALID);
}

static void
test_the_longest_text_fits(void **unused)
{
	struct qos qos, again;
	char text[QOS_TEXT_MAX];

	(void)unused;
	for (int i = 0; i < QOS_WORDS; i++)
		qos.values[i] = UINT64_MAX;
	qos_format(&qos, text);
	assert_int_equal(qos_parse(text, &again), 0);
	assert_memory_equal(again.values, qos.values, sizeof(qos.values));
}

static void
test_a_minimum_can_be_taken_out(void **unused)
{
	char text[QOS_TEXT_MAX];

	(void)unused;
	qos_without_minimum("iops=100 min_iops=10 min_bandwidth=1048576", text);
	assert_string_equal(text, "iops=100");
	qos_without_minimum(NULL, text);
	assert_string_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_change_names_what_it_changes),
		cmocka_unit_test(test_wrong_texts_are_refused),
		cmocka_unit_test(test_values_out_of_range_are_refused),
		cmocka_unit_test(test_what_does_not_fit_is_refused),
		cmocka_unit_test(test_the_longest_text_fits),
		cmocka_unit_test(test_a_minimum_can_be_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the text of hints: what is accepted, its canonical form, and what it means. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "fault.h"
#include "model/hints.h"

static void
assert_normal(const char *text, const char *normal)
{
	AUTO_FREE char *canonical = NULL;

	assert_int_equal(hints_normalize(text, &canonical), 0);
	assert_string_equal(canonical, normal);
}

static void
test_a_text_has_one_canonical_form(void **unused)
{
	(void)unused;
	assert_normal("", "");
	assert_normal("  ", "");
	assert_normal("WTC=1  FCR=0 ", "FCR=0 WTC=1");
	assert_normal("MXS=18446744073709551615", "MXS=18446744073709551615");
	assert_normal("MXD=0 STS=65536", "STS=65536"); /* 0 drives: nothing is said */
	assert_normal("BUS=0", "BUS=0");               /* the bus type "unknown" is a wish */
	assert_normal("RBP=015", "RBP=15");
}

static void
test_what_is_no_hint_is_refused(void **unused)
{
	static const char *const texts[] = {
		"FCR",         "FCR=",        "=1",     "FCR=2",          "fcr=1",  "FTL=1",
		"FCR=1,WTC=1", "FCR=1 FCR=1", "RBP=16", "MXD=4294967296", "MXS=-1", "FCR=1\nWTC=1",
	};
	struct hints hints;

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (hints_parse(texts[i], &hints) != ERR_INVALID)
			fail_msg("\"%s\" is accepted", texts[i]);
}

/* Every hint at once, and the words in order, so that searching is exact and a row is small. */
static void
test_all_hints_fit_into_the_longest_text(void **unused)
{
	struct hints hints, again;
	AUTO_FREE char *text = NULL;

	(void)unused;
	for (int i = 0; i < HINT_COUNT; i++) {
		hints.given[i] = true;
		hints.values[i] = hint_is_flag(i) ? 1
				  : i == HINT_RBP ? 15
				  : i == HINT_MXS ? UINT64_MAX
				  : i == HINT_BUS ? INT32_MAX
						  : UINT32_MAX;
		if (i > 0)
			assert_true(strcmp(hint_word(i - 1), hint_word(i)) < 0);
	}
	assert_int_equal(hints_format(&hints, &text), 0);
	assert_true(strlen(text) <= HINTS_TEXT_MAX);
	assert_int_equal(hints_parse(text, &again), 0);
	assert_memory_equal(&again, &hints, sizeof(hints));
}

static void
test_two_hints_set_the_cache_and_two_the_space(void **unused)
{
	struct hints hints;

	(void)unused;
	assert_false(hints_write_through(NULL));
	assert_false(hints_write_through("WCE=1 WTC=0"));
	assert_true(hints_write_through("WTC=1"));
	assert_true(hints_write_through("MSR=1 WCE=0"));
	assert_int_equal(hints_parse("OSR=0 OSW=1", &hints), 0);
	assert_true(hints_want_thick(&hints));
	assert_int_equal(hints_parse("OSR=0 MSR=1", &hints), 0);
	assert_false(hints_want_thick(&hints));
}

static void
test_out_of_memory_gives_no_text(void **unused)
{
	char *text = NULL;
	int rc = 0;

	(void)unused;
	WITH_EVERY_FAULT
	{
		rc = hints_normalize("FCR=1 WTC=1", &text);
		assert_true(rc == 0 || rc == -ENOMEM);
		if (rc == 0)
			mem_free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_text_has_one_canonical_form),
		cmocka_unit_test(test_what_is_no_hint_is_refused),
		cmocka_unit_test(test_all_hints_fit_into_the_longest_text),
		cmocka_unit_test(test_two_hints_set_the_cache_and_two_the_space),
		cmocka_unit_test(test_out_of_memory_gives_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

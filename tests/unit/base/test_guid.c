/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of making, printing and parsing GUIDs (base/guid.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/guid.h"

#define TEXT "00112233-4455-6677-8899-aabbccddeeff"

static const struct guid known = { { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
				     0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff } };

static void
test_a_guid_is_printed_in_the_order_of_its_bytes(void **state)
{
	char buf[GUID_TEXT_SIZE];

	(void)state;
	assert_string_equal(guid_format(&known, buf), TEXT);
}

static void
test_braces_and_either_case_are_read(void **state)
{
	static const char *const texts[] = { TEXT, "{" TEXT "}",
					     "00112233-4455-6677-8899-AABBCCDDEEFF",
					     "{00112233-4455-6677-8899-AaBbCcDdEeFf}" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct guid g;

		assert_int_equal(guid_parse(texts[i], &g), 0);
		assert_true(guid_equal(&g, &known));
	}
}

static void
test_anything_else_is_refused_and_leaves_the_result(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"{}",
		"0",
		"{" TEXT,
		TEXT "}",
		TEXT "0",
		TEXT " ",
		" " TEXT,
		"{" TEXT "}x",
		"00112233445566778899aabbccddeeff",
		"00112233-4455-6677-8899-aabbccddeef",
		"0011223344-55-6677-8899-aabbccddeeff",
		"g0112233-4455-6677-8899-aabbccddeeff",
		"00112233-4455-6677-8899-aabbccddeef\xc3",
		"00112233_4455_6677_8899_aabbccddeeff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct guid g = known;

		assert_int_equal(guid_parse(texts[i], &g), ERR_PARSE);
		assert_true(guid_equal(&g, &known));
	}
}

static void
test_every_cut_of_a_guid_is_refused(void **state)
{
	static const char text[] = "{" TEXT "}";

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		char cut[sizeof(text)] = { 0 };
		struct guid g;

		memcpy(cut, text, len);
		assert_int_equal(guid_parse(cut, &g), ERR_PARSE);
	}
}

static void
test_made_guids_are_version_4_and_differ(void **state)
{
	struct guid last = known;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct guid g, back;
		char buf[GUID_TEXT_SIZE];

		guid_make(&g);
		assert_int_equal(g.bytes[6] >> 4, 4);
		assert_int_equal(g.bytes[8] >> 6, 2);
		assert_false(guid_equal(&g, &last));
		assert_int_equal(guid_parse(guid_format(&g, buf), &back), 0);
		assert_true(guid_equal(&g, &back));
		last = g;
	}
}

static void
test_only_the_zero_guid_is_zero(void **state)
{
	struct guid g = { { 0 } };

	(void)state;
	assert_true(guid_is_zero(&g));
	for (size_t i = 0; i < sizeof(g.bytes); i++) {
		g.bytes[i] = 1;
		assert_false(guid_is_zero(&g));
		g.bytes[i] = 0;
	}
}

static void
test_comparison_orders_by_the_first_byte_that_differs(void **state)
{
	struct guid a = known, b = known;

	(void)state;
	assert_int_equal(guid_compare(&a, &b), 0);
	b.bytes[15] = 0xfe;
	assert_true(guid_compare(&a, &b) > 0);
	b.bytes[0] = 0x80;
	assert_true(guid_compare(&a, &b) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_guid_is_printed_in_the_order_of_its_bytes),
		cmocka_unit_test(test_braces_and_either_case_are_read),
		cmocka_unit_test(test_anything_else_is_refused_and_leaves_the_result),
		cmocka_unit_test(test_every_cut_of_a_guid_is_refused),
		cmocka_unit_test(test_made_guids_are_version_4_and_differ),
		cmocka_unit_test(test_only_the_zero_guid_is_zero),
		cmocka_unit_test(test_comparison_orders_by_the_first_byte_that_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of converting UTF-8 to UTF-16 and back (base/utf.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/utf.h"
#include "fault.h"

struct pair {
	const char *utf8;
	const char16_t *utf16;
};

/* clang-format off */
static const struct pair pairs[] = {
	{ "", u"" },
	{ "abc", u"abc" },
	{ "\x7f\xc2\x80", u"\x7f\x80" },
	{ "gr\xc3\xbc\xc3\x9f", u"gr\x00fc\x00df" },
	{ "\xdf\xbf\xe0\xa0\x80", u"\x07ff\x0800" },
	{ "\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", u"\xd7ff\xe000\xffff" },
	{ "\xf0\x90\x80\x80", u"\xd800\xdc00" },
	{ "\xf0\x9f\x92\xbe!", u"\xd83d\xdcbe!" },
	{ "\xf4\x8f\xbf\xbf", u"\xdbff\xdfff" },
};
/* clang-format on */

static void
test_well_formed_text_goes_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		size_t units = utf16_len(pairs[i].utf16);
		AUTO_FREE char *back = NULL;
		char16_t out[16];

		memset(out, 0xee, sizeof(out));
		assert_int_equal(utf8_to_utf16_len(pairs[i].utf8), units);
		utf8_to_utf16(pairs[i].utf8, out);
		assert_memory_equal(out, pairs[i].utf16, (units + 1) * sizeof(*out));
		assert_int_equal(out[units + 1], 0xeeee);
		assert_int_equal(utf16_to_utf8(out, &back), 0);
		assert_string_equal(back, pairs[i].utf8);
	}
}

static void
test_every_code_point_goes_both_ways(void **state)
{
	(void)state;
	for (uint32_t point = 1; point <= 0x10ffff; point += point < 0x3000 ? 1 : 37) {
		AUTO_FREE char *utf8 = NULL;
		char16_t in[3] = { 0 }, out[3];

		if (point >= 0xd800 && point <= 0xdfff)
			continue;
		if (point >= 0x10000) {
			in[0] = (char16_t)(0xd800 + ((point - 0x10000) >> 10));
			in[1] = (char16_t)(0xdc00 + ((point - 0x10000) & 0x3ff));
		} else {
			in[0] = (char16_t)point;
		}
		assert_int_equal(utf16_to_utf8(in, &utf8), 0);
		assert_int_equal(utf8_to_utf16_len(utf8), utf16_len(in));
		utf8_to_utf16(utf8, out);
		assert_memory_equal(in, out, (utf16_len(in) + 1) * sizeof(*in));
	}
}

static void
test_malformed_utf8_is_refused(void **state)
{
	static const char *const bad[] = { "\x80",
					   "a\xc0\x80",
					   "\xc1\xbf",
					   "\xc3",
					   "\xc3(",
					   "\xe0\x80\x80",
					   "\xe2\x82",
					   "\xed\xa0\x80",
					   "\xed\xbf\xbf",
					   "\xf0\x8f\xbf\xbf",
					   "\xf0\x9f\x92",
					   "\xf4\x90\x80\x80",
					   "\xf8\x88\x80\x80\x80",
					   "\xff" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(utf8_to_utf16_len(bad[i]), ERR_PARSE);
}

static void
test_lone_surrogates_are_refused(void **state)
{
	static const char16_t bad[][4] = {
		{ 0xd800, 0 },         { 0xdc00, 0 },         { 0xd800, 'a', 0 },
		{ 0xdc00, 0xd800, 0 }, { 0xdc00, 0xdc00, 0 }, { 'a', 0xdbff, 0xdbff, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *text = NULL;

		assert_int_equal(utf16_to_utf8(bad[i], &text), ERR_PARSE);
		assert_null(text);
	}
}

static void
test_out_of_memory_is_an_error(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		AUTO_FREE char *text = NULL;
		int rc = utf16_to_utf8(u"abc", &text);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		assert_int_equal(text == NULL, rc < 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_well_formed_text_goes_both_ways),
		cmocka_unit_test(test_every_code_point_goes_both_ways),
		cmocka_unit_test(test_malformed_utf8_is_refused),
		cmocka_unit_test(test_lone_surrogates_are_refused),
		cmocka_unit_test(test_out_of_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

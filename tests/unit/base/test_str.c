/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of copying strings and of parsing numbers and sizes (base/str.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "fault.h"

static void
test_copies_are_equal_and_their_own(void **state)
{
	AUTO_FREE char *a = str_dup("abc");
	AUTO_FREE char *b = str_ndup("abcdef", 3);
	AUTO_FREE char *c = str_ndup("ab", 9);
	AUTO_FREE char *d = str_printf("%d-%s", 7, "x");

	(void)state;
	assert_string_equal(a, "abc");
	assert_string_equal(b, "abc");
	assert_string_equal(c, "ab");
	assert_string_equal(d, "7-x");
}

static void
test_out_of_memory_gives_null(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		AUTO_FREE char *a = str_dup("abc");
		AUTO_FREE char *b = str_ndup("abc", 2);
		AUTO_FREE char *c = str_printf("%s", "abc");

		assert_int_equal((a == NULL) + (b == NULL) + (c == NULL), FAULT_HIT ? 1 : 0);
	}
}

static void
test_null_equals_only_null(void **state)
{
	(void)state;
	assert_true(str_equal(NULL, NULL));
	assert_false(str_equal(NULL, ""));
	assert_false(str_equal("", NULL));
	assert_true(str_equal("a", "a"));
	assert_false(str_equal("a", "A"));
}

static void
test_prefixes(void **state)
{
	(void)state;
	assert_true(str_starts("iqn.2026", "iqn."));
	assert_true(str_starts("x", ""));
	assert_true(str_starts("", ""));
	assert_false(str_starts("iq", "iqn."));
}

static void
test_text_is_utf8_without_controls(void **state)
{
	static const char *const good[] = { "",
					    "abc ~",
					    "\xc2\xa0",
					    "\xdf\xbf",
					    "\xe0\xa0\x80",
					    "\xed\x9f\xbf",
					    "\xee\x80\x80",
					    "\xf0\x90\x80\x80",
					    "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x01",
					   "\n",
					   "a\tb",
					   "\x7f",
					   "\xc2\x80",
					   "\xc2\x9f",
					   "\x80",
					   "\xc0\x80",
					   "\xc1\xbf",
					   "\xc2",
					   "\xe0\x9f\xbf",
					   "\xed\xa0\x80",
					   "\xf0\x8f\xbf\xbf",
					   "\xf4\x90\x80\x80",
					   "\xf5\x80\x80\x80",
					   "\xff",
					   "\xe2\x82",
					   "a\xe2\x82z" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(str_is_text(good[i], strlen(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(str_is_text(bad[i], strlen(bad[i])));
	assert_false(str_is_text("a\0b", 3));
}

static void
size_is(const char *text, uint64_t expected)
{
	uint64_t v = 1;

	assert_int_equal(str_parse_size(text, &v), 0);
	assert_true(v == expected);
}

static void
test_sizes_are_powers_of_1024(void **state)
{
	(void)state;
	size_is("0", 0);
	size_is("4096", 4096);
	size_is("512B", 512);
	size_is("1K", 1024);
	size_is("64MiB", 64ull << 20);
	size_is("64MB", 64ull << 20);
	size_is("100G", 100ull << 30);
	size_is("100g", 100ull << 30);
	size_is("2T", 2ull << 40);
	size_is("3PiB", 3ull << 50);
	size_is("15E", 15ull << 60);
	size_is("1.5T", 3ull << 39);
	size_is("0.5K", 512);
	size_is("2.25GiB", 9ull << 28);
	size_is("0.000001M", 1);
	size_is("15.999999E", UINT64_MAX - 1152921504606ull);
	size_is("18446744073709551615", UINT64_MAX);
}

static void
test_other_sizes_are_refused_with_a_text(void **state)
{
	static const char *const texts[] = { "",
					     "G",
					     "-1",
					     "+1",
					     " 1",
					     "1 ",
					     "1.",
					     ".5G",
					     "1.5",
					     "1.5B",
					     "1.G",
					     "1.1234567G",
					     "1..5G",
					     "1X",
					     "1KK",
					     "1Ki",
					     "1KiBx",
					     "1BB",
					     "16E",
					     "18446744073709551616",
					     "18014398509481984K",
					     "0x10",
					     "1iB" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		uint64_t v = 42;

		assert_int_equal(str_parse_size(texts[i], &v), ERR_PARSE);
		assert_true(v == 42);
		assert_non_null(strstr(err_text(ERR_PARSE), texts[i]));
	}
	err_clear();
}

static void
test_whole_numbers(void **state)
{
	static const char *const bad[] = { "",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "1a",
					   "0x1",
					   "18446744073709551616",
					   "99999999999999999999" };
	uint64_t v = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(str_parse_u64(bad[i], &v), ERR_PARSE);
	assert_true(v == 42);
	assert_int_equal(str_parse_u64("0", &v), 0);
	assert_true(v == 0);
	assert_int_equal(str_parse_u64("18446744073709551615", &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(str_parse_u64("007", &v), 0);
	assert_true(v == 7);
}

static void
shown(uint64_t bytes, const char *expected)
{
	char buf[32];

	assert_string_equal(str_format_size(bytes, buf, sizeof(buf)), expected);
}

static void
test_sizes_are_shown_with_one_digit_and_never_too_large(void **state)
{
	(void)state;
	shown(0, "0 B");
	shown(512, "512 B");
	shown(1023, "1023 B");
	shown(1024, "1 KiB");
	shown(1536, "1.5 KiB");
	shown(100ull << 30, "100 GiB");
	shown(3ull << 39, "1.5 TiB");
	shown((1ull << 40) - 1, "1023.9 GiB");
	shown(UINT64_MAX, "15.9 EiB");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies_are_equal_and_their_own),
		cmocka_unit_test(test_out_of_memory_gives_null),
		cmocka_unit_test(test_null_equals_only_null),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_text_is_utf8_without_controls),
		cmocka_unit_test(test_sizes_are_powers_of_1024),
		cmocka_unit_test(test_other_sizes_are_refused_with_a_text),
		cmocka_unit_test(test_whole_numbers),
		cmocka_unit_test(test_sizes_are_shown_with_one_digit_and_never_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

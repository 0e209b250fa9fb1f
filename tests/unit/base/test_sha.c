/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of hashes and of sums of hashes (base/sha.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/sha.h"

static void
test_it_is_the_first_half_of_sha256(void **state)
{
	struct hash128 h;
	uint8_t bytes[16];

	(void)state;
	/* FIPS 180-2, example B.1 */
	static const uint8_t abc[16] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
					 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23 };
	assert_int_equal(hash128_of("abc", 3, &h), 0);
	memcpy(bytes, &h.lo, 8);
	memcpy(bytes + 8, &h.hi, 8);
	assert_memory_equal(bytes, abc, 16);
}

static void
test_nothing_has_a_hash_too(void **state)
{
	struct hash128 h;
	char buf[HASH128_TEXT_SIZE];

	(void)state;
	assert_int_equal(hash128_of("", 0, &h), 0);
	assert_string_equal(hash128_format(&h, buf), "24b96f99c8f4fb9a141cfc9842c4b0e3");
}

static void
test_the_sum_carries(void **state)
{
	struct hash128 sum = { .lo = UINT64_MAX, .hi = 1 }, one = { .lo = 1, .hi = 0 };

	(void)state;
	hash128_add(&sum, &one);
	assert_true(sum.lo == 0 && sum.hi == 2);
	hash128_sub(&sum, &one);
	assert_true(sum.lo == UINT64_MAX && sum.hi == 1);
}

static void
test_a_sum_does_not_depend_on_order_and_undoes(void **state)
{
	struct hash128 h[3], a = { 0, 0 }, b = { 0, 0 }, zero = { 0, 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(hash128_of(&"xyz"[i], 1, &h[i]), 0);
	for (int i = 0; i < 3; i++) {
		hash128_add(&a, &h[i]);
		hash128_add(&b, &h[2 - i]);
	}
	assert_true(hash128_equal(&a, &b));
	for (int i = 0; i < 3; i++)
		hash128_sub(&a, &h[i]);
	assert_true(hash128_equal(&a, &zero));
}

static void
test_twice_the_same_is_not_nothing(void **state)
{
	struct hash128 h, sum = { 0, 0 }, zero = { 0, 0 };

	(void)state;
	assert_int_equal(hash128_of("x", 1, &h), 0);
	hash128_add(&sum, &h);
	hash128_add(&sum, &h);
	assert_false(hash128_equal(&sum, &zero));
}

static void
test_text_goes_both_ways(void **state)
{
	struct hash128 h = { .lo = 0x0123456789abcdef, .hi = 0xfedcba9876543210 }, back;
	char buf[HASH128_TEXT_SIZE];

	(void)state;
	assert_string_equal(hash128_format(&h, buf), "fedcba98765432100123456789abcdef");
	assert_int_equal(hash128_parse(buf, &back), 0);
	assert_true(hash128_equal(&h, &back));
}

static void
test_other_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"0",
		"fedcba98765432100123456789abcde",
		"fedcba98765432100123456789abcdef0",
		"fedcba98765432100123456789abcdeg",
		"FEDCBA98765432100123456789ABCDEF",
		" edcba98765432100123456789abcdef",
		"0xdcba98765432100123456789abcdef",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct hash128 h = { .lo = 5, .hi = 6 };

		assert_int_equal(hash128_parse(texts[i], &h), ERR_PARSE);
		assert_true(h.lo == 5 && h.hi == 6);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_the_first_half_of_sha256),
		cmocka_unit_test(test_nothing_has_a_hash_too),
		cmocka_unit_test(test_the_sum_carries),
		cmocka_unit_test(test_a_sum_does_not_depend_on_order_and_undoes),
		cmocka_unit_test(test_twice_the_same_is_not_nothing),
		cmocka_unit_test(test_text_goes_both_ways),
		cmocka_unit_test(test_other_texts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

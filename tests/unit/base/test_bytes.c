/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of reading and writing big-endian integers (base/bytes.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

static void
test_each_width_is_laid_out_most_significant_byte_first(void **state)
{
	static const uint8_t expected[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
	uint8_t p[8];

	(void)state;
	put_be16(p, 0x0123);
	assert_memory_equal(p, expected, 2);
	put_be24(p, 0x012345);
	assert_memory_equal(p, expected, 3);
	put_be32(p, 0x01234567);
	assert_memory_equal(p, expected, 4);
	put_be64(p, 0x0123456789abcdef);
	assert_memory_equal(p, expected, 8);
}

static void
test_what_was_put_is_got_at_any_alignment(void **state)
{
	uint8_t room[16];

	(void)state;
	for (unsigned at = 0; at < 8; at++) {
		put_be16(room + at, 0xfedc);
		assert_int_equal(get_be16(room + at), 0xfedc);
		put_be24(room + at, 0xfedcba);
		assert_int_equal(get_be24(room + at), 0xfedcba);
		put_be32(room + at, 0xfedcba98);
		assert_int_equal(get_be32(room + at), 0xfedcba98);
		put_be64(room + at, 0xfedcba9876543210);
		assert_true(get_be64(room + at) == 0xfedcba9876543210);
	}
}

static void
test_a_24_bit_put_leaves_the_neighbours(void **state)
{
	uint8_t p[5] = { 0xaa, 0, 0, 0, 0xbb };

	(void)state;
	put_be24(p + 1, 0xffffffff);
	assert_int_equal(p[0], 0xaa);
	assert_int_equal(get_be24(p + 1), 0xffffff);
	assert_int_equal(p[4], 0xbb);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_width_is_laid_out_most_significant_byte_first),
		cmocka_unit_test(test_what_was_put_is_got_at_any_alignment),
		cmocka_unit_test(test_a_24_bit_put_leaves_the_neighbours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of CRC32C (base/crc32c.h): against the examples of RFC 7143, and each implementation
 * against the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/crc32c_int.h"

typedef uint32_t (*update_fn)(uint32_t state, const void *bytes, size_t len_bytes);

static void
fill_ascending(uint8_t *p)
{
	for (unsigned i = 0; i < 32; i++)
		p[i] = (uint8_t)i;
}

static void
fill_descending(uint8_t *p)
{
	for (unsigned i = 0; i < 32; i++)
		p[i] = (uint8_t)(31 - i);
}

/* RFC 7143 appendix A.4: the bytes as they go over the wire. */
static void
check_rfc_examples(update_fn update)
{
	static const uint8_t read_pdu[48] = {
		0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00,
		0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	};
	uint8_t p[32];

	memset(p, 0, sizeof(p));
	assert_int_equal(crc32c_final(update(CRC32C_INIT, p, 32)), 0x8a9136aa); /* aa 36 91 8a */
	memset(p, 0xff, sizeof(p));
	assert_int_equal(crc32c_final(update(CRC32C_INIT, p, 32)), 0x62a8ab43); /* 43 ab a8 62 */
	fill_ascending(p);
	assert_int_equal(crc32c_final(update(CRC32C_INIT, p, 32)), 0x46dd794e); /* 4e 79 dd 46 */
	fill_descending(p);
	assert_int_equal(crc32c_final(update(CRC32C_INIT, p, 32)), 0x113fdb5c); /* 5c db 3f 11 */
	assert_int_equal(crc32c_final(update(CRC32C_INIT, read_pdu, 48)),
			 0xd9963a56); /* 56 3a 96 d9 */
	assert_int_equal(crc32c_final(update(CRC32C_INIT, "123456789", 9)), 0xe3069283);
}

static void
test_the_chosen_way_gives_the_examples_of_the_rfc(void **state)
{
	(void)state;
	check_rfc_examples(crc32c_update);
}

static void
test_the_tables_give_the_examples_of_the_rfc(void **state)
{
	(void)state;
	check_rfc_examples(crc32c_update_table);
}

static void
test_the_instruction_gives_the_examples_of_the_rfc(void **state)
{
	(void)state;
	if (!crc32c_have_cpu()) {
		print_message("# skipped: this CPU has no such instruction\n");
		return;
	}
	check_rfc_examples(crc32c_update_cpu);
}

static void
test_nothing_leaves_the_state_as_it_is(void **state)
{
	(void)state;
	assert_int_equal(crc32c_update(0x12345678, NULL, 0), 0x12345678);
	assert_int_equal(crc32c_final(crc32c_update(CRC32C_INIT, "", 0)), 0);
}

#define ROOM 4096

static uint8_t *
noise(void)
{
	uint8_t *p = malloc(ROOM);
	uint32_t seed = 1;

	assert_non_null(p);
	for (size_t i = 0; i < ROOM; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
	return p;
}

static void
test_all_ways_agree_at_every_length_and_alignment(void **state)
{
	uint8_t *p = noise();

	(void)state;
	for (size_t at = 0; at < 16; at++) {
		for (size_t len = 0; len < 600; len++) {
			uint32_t expected = crc32c_update_table(CRC32C_INIT, p + at, len);

			assert_int_equal(crc32c_update(CRC32C_INIT, p + at, len), expected);
			if (crc32c_have_cpu())
				assert_int_equal(crc32c_update_cpu(CRC32C_INIT, p + at, len),
						 expected);
		}
	}
	free(p);
}

static void
test_pieces_give_the_same_as_the_whole(void **state)
{
	uint8_t *p = noise();
	uint32_t whole = crc32c_update(CRC32C_INIT, p, ROOM);

	(void)state;
	for (size_t cut = 0; cut <= ROOM; cut += 13) {
		uint32_t v = crc32c_update(CRC32C_INIT, p, cut);

		assert_int_equal(crc32c_update(v, p + cut, ROOM - cut), whole);
	}
	free(p);
}

static void
test_every_single_bit_counts(void **state)
{
	uint8_t *p = noise();
	uint32_t whole = crc32c_update(CRC32C_INIT, p, 512);

	(void)state;
	for (unsigned bit = 0; bit < 512 * 8; bit++) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(crc32c_update(CRC32C_INIT, p, 512), whole);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_chosen_way_gives_the_examples_of_the_rfc),
		cmocka_unit_test(test_the_tables_give_the_examples_of_the_rfc),
		cmocka_unit_test(test_the_instruction_gives_the_examples_of_the_rfc),
		cmocka_unit_test(test_nothing_leaves_the_state_as_it_is),
		cmocka_unit_test(test_all_ways_agree_at_every_length_and_alignment),
		cmocka_unit_test(test_pieces_give_the_same_as_the_whole),
		cmocka_unit_test(test_every_single_bit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

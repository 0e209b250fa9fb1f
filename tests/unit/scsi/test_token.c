/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of ROD tokens: POPULATE TOKEN, WRITE USING TOKEN and what tells of them. */
#include "token_test.h"

/* ---- POPULATE TOKEN ---- */

static void
test_a_token_says_what_it_is_and_is_told_once(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	static struct list_of l;
	const uint8_t *token;

	begin(&l, POPULATE_HEADER);
	add_range(&l, 5, 100);
	add_range(&l, 300, 3);
	assert_int_equal(run(t, &tt, 0x10, 0x12345678, &l), 0);
	assert_int_equal(receive(t, &tt, 0x07, 0x12345678), 0);
	assert_int_equal(get_be32(tt.in), tt.task.in_bytes - 4);
	assert_int_equal(tt.in[4], 0x10);
	assert_int_equal(tt.in[5], 0x01);
	assert_int_equal(get_be32(tt.in + 8), 0xfffffffe);
	assert_int_equal(tt.in[15], 0xf1);
	assert_int_equal(get_be64(tt.in + 16), 103);
	token = tt.in + 38;
	assert_int_equal(get_be32(token), 0x00800001);
	assert_int_equal(get_be16(token + 6), 0x01f8);
	assert_int_equal(token[16], 0xe4);
	assert_memory_equal(token + 16 + 8, scsi_lu_identity(t->lu)->naa, 8);
	assert_int_equal(get_be64(token + 56), 103 * 512);
	assert_int_equal(get_be32(token + 96), 512);
	assert_memory_equal(token + 128, "\x53\xa8\x00", 3);
	assert_string_equal(token + 132, t->nexus.target_name);
	assert_false(test_all(token + 256, 256, 0));
	assert_int_equal(receive(t, &tt, 0x07, 0x12345678), SCSI_STATUS_CHECK_CONDITION);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_two_tokens_differ_where_nobody_can_guess(void **state)
{
	uint8_t a[TOKEN_BYTES], b[TOKEN_BYTES];
	unsigned same = 0;

	make_token(*state, 0, 8, a);
	make_token(*state, 0, 8, b);
	assert_int_equal(get_be64(b + 8), get_be64(a + 8) + 1);
	for (size_t i = 256; i < TOKEN_BYTES; i++)
		same += a[i] == b[i];
	assert_true(same < 64); /* about 1 is likely */
}

/* What is changed in a list that is right otherwise. */
static const struct bad bad_lists[] = {
	/* clang-format off */
	{ "a data length that does not fit",  1,  0x1d, SENSE_INVALID_PARAMETER,  0 },
	{ "no whole range",                   15, 0x0f, SENSE_INVALID_PARAMETER, 14 },
	{ "a timeout beyond the limit",       6,  0x02, SENSE_INVALID_PARAMETER,  4 },
	{ "a type that is not supported",     11, 0x02, SENSE_INVALID_PARAMETER,  8 },
	{ "a range beyond the end",           22, 0x08, SENSE_LBA_OUT_OF_RANGE,  -1 },
	{ "a range near 2^64",                16, 0xff, SENSE_LBA_OUT_OF_RANGE,  -1 },
	{ "a range that is too long",         24, 0x01, SENSE_LBA_OUT_OF_RANGE,  -1 },
	{ "a block twice",                    39, 0x00, SENSE_INVALID_PARAMETER, 32 },
	/* clang-format on */
};

static void
test_each_bad_list_is_refused_with_the_place(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	static struct list_of l;

	for (size_t i = 0; i < ARRAY_LEN(bad_lists); i++) {
		const struct bad *bad = &bad_lists[i];

		begin(&l, POPULATE_HEADER);
		l.bytes[2] = RTV;
		put_be32(l.bytes + 8, TOKEN_TYPE_VULNERABLE);
		add_range(&l, 0, 8);
		add_range(&l, 100, 8);
		l.bytes[bad->at] = bad->value;
		run(t, &tt, 0x10, 1, &l);
		if (tt.task.status != SCSI_STATUS_CHECK_CONDITION ||
		    test_sense(&tt.task) != bad->sense)
			fail_msg("%s: status %02x, sense %06x", bad->what, tt.task.status,
				 test_sense(&tt.task));
		if (bad->pointer >= 0)
			assert_int_equal(get_be16(tt.task.sense + 16), bad->pointer);
		/* the failure is told, without a token */
		assert_int_equal(receive(t, &tt, 0x07, 1), 0);
		assert_int_equal(tt.in[5], 0x02);
		assert_int_equal(tt.in[12], SCSI_STATUS_CHECK_CONDITION);
		assert_int_equal(tt.in[14], 18);
		assert_int_equal(get_be32(tt.in + 32 + tt.in[13]), 0);
	}
	assert_int_equal(atomic_load(&t->lu->tokens.live), 0);
	test_task_fini(&tt);
}

static void
test_lists_longer_than_the_limits_are_refused(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	static struct list_of l;

	begin(&l, POPULATE_HEADER);
	for (unsigned i = 0; i < TOKEN_MAX_RANGES; i++)
		add_range(&l, i * 2, 1);
	assert_int_equal(run(t, &tt, 0x10, 1, &l), 0);
	add_range(&l, 1000, 1);
	run(t, &tt, 0x10, 1, &l);
	assert_sense(&tt, SENSE_TOO_MANY_RANGES);
	l.len = sizeof(l.bytes);
	run(t, &tt, 0x10, 1, &l);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	l.len = POPULATE_HEADER - 1;
	run(t, &tt, 0x10, 1, &l);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	l.len = 0;
	assert_int_equal(run(t, &tt, 0x10, 1, &l), 0);
	test_task_fini(&tt);
}

static void
test_types_that_can_be_asked_for(void **state)
{
	static const uint32_t types[] = { 0x00800001, 0x0080ffff };
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	static struct list_of l;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		begin(&l, POPULATE_HEADER);
		l.bytes[2] = RTV | IMMED;
		put_be32(l.bytes + 8, types[i]);
		add_range(&l, 0, 8);
		assert_int_equal(run(t, &tt, 0x10, 1, &l), 0);
		assert_int_equal(receive(t, &tt, 0x07, 1), 0);
		assert_int_equal(get_be32(tt.in + 38), 0x00800001);
	}
	test_task_fini(&tt);
}

/* ---- WRITE USING TOKEN ---- */

static void
test_a_token_copies_to_another_unit(void **state)
{
	struct scsi_test *t = *state, *other = add_other(t, 512);
	uint8_t *bytes = fill_pattern(t, 5, 100), token[TOKEN_BYTES];
	struct test_task tt = { 0 };

	make_token(t, 5, 100, token);
	assert_int_equal(write_token(other, &tt, token, 0, 1000, 100), 0);
	assert_medium(other, 1000, bytes, 100);
	assert_int_equal(write_token(other, &tt, token, 90, 7, 10), 0);
	assert_medium(other, 7, bytes + (size_t)90 * 512, 10);
	assert_int_equal(receive(other, &tt, 0x07, 9), 0);
	assert_int_equal(tt.in[4], 0x11);
	assert_int_equal(tt.in[5], 0x01);
	assert_int_equal(get_be64(tt.in + 16), 10);
	assert_int_equal(get_be32(tt.in + 32), 0);
	assert_int_equal(write_token(t, &tt, token, 0, 500, 100), 0); /* and within the unit */
	assert_medium(t, 500, bytes, 100);
	free(bytes);
	test_task_fini(&tt);
	scsi_test_free(other);
}

/* Pieces of both sides that do not fit each other, and more than a chunk. */
static void
test_ranges_of_both_sides_are_joined(void **state)
{
	struct scsi_test *t = *state, *other = add_other(t, 4096);
	uint8_t *bytes = fill_pattern(t, 0, 2000), token[TOKEN_BYTES];
	static uint8_t expected[4096];
	struct test_task tt = { 0 };
	static struct list_of l;

	begin(&l, POPULATE_HEADER);
	add_range(&l, 3, 5);
	add_range(&l, 100, 1900);
	add_range(&l, 50, 11);
	assert_int_equal(run(t, &tt, 0x10, 1, &l), 0);
	receive(t, &tt, 0x07, 1);
	memcpy(token, tt.in + 38, TOKEN_BYTES);
	begin_write(&l, token, 0);
	add_range(&l, 20, 1);
	add_range(&l, 30, 0);
	add_range(&l, 40, 230);
	add_range(&l, 300, 100);
	assert_int_equal(run(other, &tt, 0x11, 2, &l), 0);
	memcpy(expected, bytes + (size_t)3 * 512, (size_t)5 * 512);
	memcpy(expected + (size_t)5 * 512, bytes + (size_t)100 * 512, (size_t)3 * 512);
	assert_medium(other, 20, expected, 1);
	assert_medium(other, 40, bytes + (size_t)103 * 512, 230);
	/* 57 blocks of 512 bytes are left, and 11 more: 8 blocks, and a half that ends in zeros */
	assert_medium(other, 300, bytes + (size_t)1943 * 512, 7);
	memcpy(expected, bytes + (size_t)1999 * 512, 512);
	memcpy(expected + 512, bytes + (size_t)50 * 512, (size_t)7 * 512);
	assert_medium(other, 307, expected, 1);
	memset(expected, 0, sizeof(expected));
	memcpy(expected, bytes + (size_t)57 * 512, (size_t)4 * 512);
	assert_medium(other, 308, expected, 1);
	assert_int_equal(receive(other, &tt, 0x07, 2), 0);
	assert_int_equal(tt.in[5], 0x03);
	assert_int_equal(get_be64(tt.in + 16), 1 + 230 + 9);
	free(bytes);
	test_task_fini(&tt);
	scsi_test_free(other);
}

/* The source's blocks are larger than the destination's. */
static void
test_pieces_of_large_blocks_are_copied(void **state)
{
	struct scsi_test *t = *state, *big = add_other(t, 4096);
	uint8_t *bytes = fill_pattern(big, 10, 20), token[TOKEN_BYTES];
	struct test_task tt = { 0 };

	t->other = big;
	make_token(big, 10, 20, token);
	assert_int_equal(write_token(t, &tt, token, 3, 1000, 11), 0);
	assert_medium(t, 1000, bytes + (size_t)3 * 512, 11);
	free(bytes);
	test_task_fini(&tt);
	scsi_test_free(big);
}

static void
test_the_zero_token_writes_zeros(void **state)
{
	struct scsi_test *t = *state;
	uint8_t token[TOKEN_BYTES] = { 0xff, 0xff, 0, 1, 0, 0, 0x01, 0xf8 }, medium[512];
	struct test_task tt = { 0 };

	test_fill(t, 10, 0xaa, 40);
	assert_int_equal(write_token(t, &tt, token, 0, 15, 20), 0);
	assert_int_equal(t->dev->count[BLK_READ] + t->dev->count[BLK_WRITE], 0);
	assert_int_equal(t->dev->flags[BLK_WRITE_ZEROES] & BLK_MAY_UNMAP, BLK_MAY_UNMAP);
	for (unsigned i = 10; i < 50; i++) {
		test_peek(t, i, medium, 1);
		assert_true(test_all(medium, 512, i >= 15 && i < 35 ? 0 : 0xaa));
	}
	test_task_fini(&tt);
}

static void
test_tokens_that_cannot_be_used_are_refused_with_the_reason(void **state)
{
	struct scsi_test *t = *state, *other = add_other(t, 512);
	uint8_t good[TOKEN_BYTES], token[TOKEN_BYTES];
	struct test_task tt = { 0 };

	make_token(t, 0, 64, good);
	memcpy(token, good, TOKEN_BYTES);
	token[7] = 0xf0;
	write_token(t, &tt, token, 0, 1000, 8);
	assert_sense(&tt, SENSE_TOKEN(0x0a));
	memcpy(token, good, TOKEN_BYTES);
	token[3] = 0x02;
	write_token(t, &tt, token, 0, 1000, 8);
	assert_sense(&tt, SENSE_TOKEN(0x01));
	memcpy(token, good, TOKEN_BYTES);
	token[511] ^= 1; /* the last of the bytes that nobody can guess */
	write_token(t, &tt, token, 0, 1000, 8);
	assert_sense(&tt, SENSE_TOKEN(0x05));
	memcpy(token, good, TOKEN_BYTES);
	token[15] ^= 0x80; /* another identifier */
	write_token(t, &tt, token, 0, 1000, 8);
	assert_sense(&tt, SENSE_TOKEN(0x04));
	token[16] = 0;
	write_token(t, &tt, token, 0, 1000, 8);
	assert_sense(&tt, SENSE_TOKEN(0x05));
	other->other = NULL; /* its nexus cannot use the unit of which the token is */
	write_token(other, &tt, good, 0, 1000, 8);
	assert_sense(&tt, SENSE_TOKEN(0x02));
	other->other = t;
	other->nexus.initiator_name = "iqn.2026-01.test:somebody-else";
	write_token(other, &tt, good, 0, 1000, 8);
	assert_sense(&tt, SENSE_TOKEN(0x00));
	write_token(t, &tt, good, 64, 1000, 8); /* behind the end of its data */
	assert_sense(&tt, SENSE_INVALID_PARAMETER);
	write_token(t, &tt, good, 1ull << 63, 1000, 8);
	assert_sense(&tt, SENSE_INVALID_PARAMETER);
	write_token(t, &tt, good, 0, 60, 8); /* onto itself */
	assert_sense(&tt, SENSE_INVALID_PARAMETER);
	assert_int_equal(t->dev->count[BLK_WRITE] + other->dev->count[BLK_WRITE], 0);
	assert_int_equal(write_token(t, &tt, good, 0, 1000, 8), 0);
	test_task_fini(&tt);
	scsi_test_free(other);
}

static void
test_a_token_is_deleted_when_that_is_asked_for(void **state)
{
	struct scsi_test *t = *state;
	uint8_t token[TOKEN_BYTES];
	struct test_task tt = { 0 };
	static struct list_of l;

	make_token(t, 0, 64, token);
	begin_write(&l, token, 0);
	l.bytes[2] = DEL_TKN;
	add_range(&l, 1000, 8);
	assert_int_equal(run(t, &tt, 0x11, 1, &l), 0);
	assert_int_equal(atomic_load(&t->lu->tokens.live), 0);
	write_token(t, &tt, token, 0, 1000, 8);
	assert_sense(&tt, SENSE_TOKEN(0x09));
	test_task_fini(&tt);
}

static void
test_a_protected_unit_takes_no_data(void **state)
{
	struct scsi_test *t = *state;
	uint8_t token[TOKEN_BYTES];
	struct test_task tt = { 0 };

	make_token(t, 0, 64, token);
	atomic_store(&t->lu->mode, MODE_SWP);
	write_token(t, &tt, token, 0, 1000, 8);
	assert_sense(&tt, 0x072702);
	test_task_fini(&tt);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ON(test_a_token_says_what_it_is_and_is_told_once),
		ON(test_two_tokens_differ_where_nobody_can_guess),
		ON(test_each_bad_list_is_refused_with_the_place),
		ON(test_lists_longer_than_the_limits_are_refused),
		ON(test_types_that_can_be_asked_for),
		ON(test_a_token_copies_to_another_unit),
		ON(test_ranges_of_both_sides_are_joined),
		ON(test_pieces_of_large_blocks_are_copied),
		ON(test_the_zero_token_writes_zeros),
		ON(test_tokens_that_cannot_be_used_are_refused_with_the_reason),
		ON(test_a_token_is_deleted_when_that_is_asked_for),
		ON(test_a_protected_unit_takes_no_data),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi token", tests, NULL, NULL);
}

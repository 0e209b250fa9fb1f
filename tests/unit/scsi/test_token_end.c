/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what ends ROD tokens and the copies that use them; and of EXTENDED COPY(LID4), which
 * shares the 32-bit list identifiers.
 */
#include "token_test.h"

/* ---- What ends a token ---- */

static void
test_time_without_use_ends_a_token(void **state)
{
	struct scsi_test *t = *state;
	uint8_t token[TOKEN_BYTES];
	struct test_task tt = { 0 };

	make_token(t, 0, 64, token);
	time_ns += TOKEN_DEFAULT_SECONDS * NS_PER_S;
	assert_int_equal(write_token(t, &tt, token, 0, 1000, 8), 0);
	time_ns += TOKEN_DEFAULT_SECONDS * NS_PER_S; /* since the use */
	assert_int_equal(write_token(t, &tt, token, 0, 1000, 8), 0);
	time_ns += TOKEN_DEFAULT_SECONDS * NS_PER_S + 1;
	write_token(t, &tt, token, 0, 1000, 8);
	assert_sense(&tt, SENSE_TOKEN(0x07));
	assert_int_equal(atomic_load(&t->lu->tokens.live), 0);
	test_task_fini(&tt);
}

static void
test_the_timeout_is_that_of_the_command(void **state)
{
	struct scsi_test *t = *state;
	uint8_t token[TOKEN_BYTES];
	struct test_task tt = { 0 };
	static struct list_of l;

	begin(&l, POPULATE_HEADER);
	put_be32(l.bytes + 4, TOKEN_MAX_SECONDS);
	add_range(&l, 0, 8);
	assert_int_equal(run(t, &tt, 0x10, 1, &l), 0);
	receive(t, &tt, 0x07, 1);
	memcpy(token, tt.in + 38, TOKEN_BYTES);
	time_ns += TOKEN_MAX_SECONDS * NS_PER_S;
	assert_int_equal(write_token(t, &tt, token, 0, 1000, 8), 0);
	time_ns += TOKEN_MAX_SECONDS * NS_PER_S + 1;
	write_token(t, &tt, token, 0, 1000, 8);
	assert_sense(&tt, SENSE_TOKEN(0x07));
	test_task_fini(&tt);
}

/* Each command that changes blocks, on the last block of the token, and beside it. */
static void
test_the_first_write_to_its_blocks_cancels_a_token(void **state)
{
	static const uint8_t cdbs[][16] = {
		{ 0x2a, 0, 0, 0, 0, 0, 0, 0, 1 },
		{ 0x41, 0, 0, 0, 0, 0, 0, 0, 1 },
		{ 0x41, 0x08, 0, 0, 0, 0, 0, 0, 1 },
		{ 0x2e, 0, 0, 0, 0, 0, 0, 0, 1 },
	};
	struct scsi_test *t = *state;
	uint8_t token[TOKEN_BYTES], cdb[16], block[512] = { 1 };
	struct test_task tt = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(cdbs); i++) {
		make_token(t, 10, 64, token);
		memcpy(cdb, cdbs[i], 16);
		for (unsigned side = 0; side < 2; side++) {
			put_be32(cdb + 2, side == 0 ? 9 : 74);
			assert_int_equal(test_run(t, &tt, cdb, 10, block, 512, 0), 0);
		}
		assert_int_equal(write_token(t, &tt, token, 0, 1000, 8), 0);
		put_be32(cdb + 2, 73);
		assert_int_equal(test_run(t, &tt, cdb, 10, block, 512, 0), 0);
		write_token(t, &tt, token, 0, 1000, 8);
		assert_sense(&tt, SENSE_TOKEN(0x08));
	}
	test_task_fini(&tt);
}

static void
test_unmap_and_copies_cancel_a_token(void **state)
{
	struct scsi_test *t = *state;
	uint8_t token[TOKEN_BYTES], second[TOKEN_BYTES], list[24] = { 0, 22, 0, 16 };
	struct test_task tt = { 0 };

	make_token(t, 10, 64, token);
	put_be64(list + 8, 100);
	put_be32(list + 16, 8);
	assert_int_equal(test_run(t, &tt, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), list, 24, 0), 0);
	assert_int_equal(atomic_load(&t->lu->tokens.live), 1);
	put_be64(list + 8, 66);
	assert_int_equal(test_run(t, &tt, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), list, 24, 0), 0);
	assert_int_equal(atomic_load(&t->lu->tokens.live), 0);
	make_token(t, 10, 64, token);
	make_token(t, 1000, 64, second);
	assert_int_equal(write_token(t, &tt, token, 0, 1063, 1), 0);
	write_token(t, &tt, second, 0, 500, 8);
	assert_sense(&tt, SENSE_TOKEN(0x08));
	test_task_fini(&tt);
}

/* A write is told nothing of tokens, and looks for none, while there is no valid one. */
static void
test_writes_look_only_while_there_is_a_valid_token(void **state)
{
	struct scsi_test *t = *state;
	uint8_t token[TOKEN_BYTES], block[512] = { 1 };
	struct test_task tt = { 0 };
	const uint8_t far[] = { 0x2a, 0, 0, 0, 2, 0, 0, 0, 1, 0 };

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(test_run(t, &tt, far, 10, block, 512, 0), 0);
	assert_int_equal(atomic_load(&t->lu->tokens.looks), 0);
	make_token(t, 10, 64, token);
	assert_int_equal(test_run(t, &tt, CDB(0x28, 0, 0, 0, 0, 10, 0, 0, 1, 0), NO_OUT, 512), 0);
	assert_int_equal(atomic_load(&t->lu->tokens.looks), 0); /* a read */
	assert_int_equal(test_run(t, &tt, far, 10, block, 512, 0), 0);
	assert_int_equal(atomic_load(&t->lu->tokens.looks), 1);
	time_ns += (TOKEN_DEFAULT_SECONDS + 1) * NS_PER_S;
	for (unsigned i = 0; i < 3; i++) /* the first of them finds that its time is over */
		assert_int_equal(test_run(t, &tt, far, 10, block, 512, 0), 0);
	assert_int_equal(atomic_load(&t->lu->tokens.looks), 2);
	test_task_fini(&tt);
}

static void
test_what_may_change_all_blocks_cancels_all_tokens(void **state)
{
	struct scsi_test *t = *state;
	uint8_t token[TOKEN_BYTES];

	make_token(t, 10, 64, token);
	scsi_lu_reset(t->lu, &t->itl);
	assert_int_equal(atomic_load(&t->lu->tokens.live), 1); /* the data is as it was */
	scsi_lu_set_offline(t->lu, false); /* as it was: the LUN got another name */
	assert_int_equal(atomic_load(&t->lu->tokens.live), 1);
	scsi_lu_set_offline(t->lu, true);
	assert_int_equal(atomic_load(&t->lu->tokens.live), 0);
	scsi_lu_set_offline(t->lu, false);
	scsi_ua_take(&t->itl);
	make_token(t, 10, 64, token);
	scsi_lu_set_capacity(t->lu, 200);
	assert_int_equal(atomic_load(&t->lu->tokens.live), 0);
	scsi_ua_take(&t->itl);
	make_token(t, 10, 64, token);
	scsi_lu_raise(t->lu, SCSI_UA_MEDIUM, NULL); /* a rollback */
	assert_int_equal(atomic_load(&t->lu->tokens.live), 0);
	scsi_ua_take(&t->itl);
	make_token(t, 10, 64, token);
	blk_dev_unref(scsi_lu_set_device(t->lu, &t->dev->dev));
	assert_int_equal(atomic_load(&t->lu->tokens.live), 0);
}

static void
test_of_many_tokens_the_last_are_kept(void **state)
{
	struct scsi_test *t = *state, *other = add_other(t, 512);
	uint8_t first[TOKEN_BYTES], token[TOKEN_BYTES];
	struct test_task tt = { 0 };
	static struct list_of l;

	make_token(t, 0, 8, first);
	for (unsigned i = 0; i < TOKEN_MAX_KNOWN; i++) {
		time_ns += NS_PER_MS;
		make_token(t, 10 + i, 1, token);
	}
	assert_int_equal(atomic_load(&t->lu->tokens.live), TOKEN_MAX_KNOWN);
	write_token(t, &tt, first, 0, 1000, 8);
	assert_sense(&tt, SENSE_TOKEN(0x04));
	/* another initiator takes nothing away from this one */
	t->nexus.initiator_name = "iqn.2026-01.test:somebody-else";
	begin(&l, POPULATE_HEADER);
	add_range(&l, 500, 8);
	run(t, &tt, 0x10, 1, &l);
	assert_sense(&tt, SENSE_NO_ROOM);
	test_task_fini(&tt);
	scsi_test_free(other);
}

static void
test_all_valid_tokens_are_reported_to_their_initiator(void **state)
{
	struct scsi_test *t = *state;
	uint8_t a[TOKEN_BYTES], b[TOKEN_BYTES], block[512] = { 1 };
	struct test_task tt = { 0 };

	assert_int_equal(receive(t, &tt, 0x08, 0), 0);
	assert_memory_equal(tt.in, "\0\0\0\4\0\0\0\0", 8);
	make_token(t, 0, 8, a);
	make_token(t, 100, 8, b);
	assert_int_equal(receive(t, &tt, 0x08, 0), 0);
	assert_int_equal(get_be32(tt.in), 4 + 2 * 96);
	assert_memory_equal(tt.in + 8, a, 96);
	assert_memory_equal(tt.in + 8 + 96, b, 96);
	test_run(t, &tt, CDB(0x2a, 0, 0, 0, 0, 3, 0, 0, 1, 0), block, 512, 0);
	assert_int_equal(receive(t, &tt, 0x08, 0), 0);
	assert_int_equal(get_be32(tt.in), 4 + 96);
	assert_memory_equal(tt.in + 8, b, 96);
	t->nexus.initiator_name = "iqn.2026-01.test:somebody-else";
	assert_int_equal(receive(t, &tt, 0x08, 0), 0);
	assert_int_equal(get_be32(tt.in), 4);
	test_task_fini(&tt);
}

/* ---- Copies under way ---- */

/* The write is submitted while the copy's read is in the store: what was read is thrown away. */
static void
test_a_write_during_the_copy_ends_it(void **state)
{
	struct scsi_test *t = *state, *other = add_other(t, 512);
	uint8_t token[TOKEN_BYTES], block[512] = { 1 };
	struct test_task tt = { 0 }, writer;
	static struct list_of l;

	make_token(t, 0, 64, token);
	begin_write(&l, token, 0);
	add_range(&l, 1000, 64);
	t->dev->hold = true;
	assert_int_equal(start(other, &tt, 0x11, 1, &l), SCSI_PENDING);
	test_task_init(&writer, &t->nexus, &t->itl, CDB(0x2a, 0, 0, 0, 0, 63, 0, 0, 1, 0), block,
		       512, 0);
	assert_int_equal(test_start(&writer), SCSI_PENDING);
	t->dev->hold = false;
	test_dev_complete(t->dev);
	assert_true(tt.done);
	assert_sense(&tt, SENSE_TOKEN(0x08));
	assert_int_equal(other->dev->count[BLK_WRITE] + other->dev->count[BLK_WRITE_ZEROES], 0);
	test_dev_complete(t->dev);
	assert_true(writer.done);
	test_task_fini(&writer);
	test_task_fini(&tt);
	scsi_test_free(other);
}

/* A write that began before is part of what the token stands for. */
static void
test_a_token_waits_for_the_writes_before_it(void **state)
{
	struct scsi_test *t = *state;
	uint8_t block[512] = { 1 };
	struct test_task tt = { 0 }, writer;
	static struct list_of l;

	t->dev->hold = true;
	test_task_init(&writer, &t->nexus, &t->itl, CDB(0x2a, 0, 0, 0, 0, 63, 0, 0, 1, 0), block,
		       512, 0);
	assert_int_equal(test_start(&writer), SCSI_PENDING);
	begin(&l, POPULATE_HEADER);
	add_range(&l, 0, 64);
	assert_int_equal(start(t, &tt, 0x10, 1, &l), SCSI_PENDING);
	assert_int_equal(atomic_load(&t->lu->tokens.live), 0);
	t->dev->hold = false;
	test_dev_complete(t->dev);
	assert_int_equal(tt.resumes, 1);
	scsi_task_resume(&tt.task);
	assert_true(tt.done);
	assert_int_equal(tt.task.status, 0);
	assert_int_equal(atomic_load(&t->lu->tokens.live), 1);
	test_task_fini(&writer);
	test_task_fini(&tt);
}

static void
test_copy_operation_abort_ends_a_copy(void **state)
{
	struct scsi_test *t = *state;
	uint8_t token[TOKEN_BYTES];
	uint8_t abort_cdb[16] = { 0x83, 0x1c, 0, 0, 0, 5 };
	struct test_task tt = { 0 }, asks = { 0 };
	static struct list_of l;

	make_token(t, 0, 64, token);
	test_run(t, &asks, abort_cdb, 16, NO_OUT, 0);
	assert_sense(&asks, SENSE_INVALID_FIELD);
	begin_write(&l, token, 0);
	add_range(&l, 1000, 64);
	t->dev->hold = true;
	assert_int_equal(start(t, &tt, 0x11, 5, &l), SCSI_PENDING);
	assert_int_equal(receive(t, &asks, 0x05, 5), 0);
	assert_int_equal(asks.in[5], 0x11);
	run(t, &asks, 0x11, 5, &l);
	assert_sense(&asks, SENSE_IN_PROGRESS);
	assert_int_equal(test_run(t, &asks, abort_cdb, 16, NO_OUT, 0), 0);
	test_dev_complete(t->dev);
	assert_true(tt.done);
	assert_sense(&tt, SENSE_COPY_CLEARED);
	assert_int_equal(t->dev->count[BLK_WRITE] + t->dev->count[BLK_WRITE_ZEROES], 0);
	assert_int_equal(receive(t, &asks, 0x05, 5), 0);
	assert_int_equal(asks.in[5], 0x60);
	assert_int_equal(asks.in[12], SCSI_STATUS_TASK_ABORTED);
	test_run(t, &asks, abort_cdb, 16, NO_OUT, 0);
	assert_sense(&asks, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
	test_task_fini(&asks);
}

/* The abort takes effect when the read is back; the token can be used again. */
static void
test_an_aborted_copy_gives_its_token_back(void **state)
{
	struct scsi_test *t = *state;
	uint8_t token[TOKEN_BYTES];
	struct test_task tt = { 0 }, asks = { 0 };
	static struct list_of l;

	make_token(t, 0, 64, token);
	begin_write(&l, token, 0);
	l.bytes[2] = DEL_TKN;
	add_range(&l, 1000, 64);
	t->dev->hold = true;
	assert_int_equal(start(t, &tt, 0x11, 5, &l), SCSI_PENDING);
	assert_int_equal(scsi_task_abort(&tt.task), SCSI_PENDING);
	t->dev->hold = false;
	test_dev_complete(t->dev);
	assert_true(tt.done && tt.task.aborted);
	assert_int_equal(t->dev->count[BLK_WRITE] + t->dev->count[BLK_WRITE_ZEROES], 0);
	assert_int_equal(receive(t, &asks, 0x05, 5), 0);
	assert_int_equal(asks.in[5], 0x60);
	assert_int_equal(write_token(t, &asks, token, 0, 1000, 8), 0);
	test_task_fini(&tt);
	test_task_fini(&asks);
}

static void
test_units_that_cannot_be_used_end_the_copy(void **state)
{
	struct scsi_test *t = *state, *other = add_other(t, 512);
	uint8_t token[TOKEN_BYTES], *bytes = fill_pattern(t, 0, 64);
	struct test_task tt = { 0 };

	make_token(t, 0, 64, token);
	other->open_error = ERR_BUSY;
	assert_int_equal(write_token(other, &tt, token, 0, 0, 8), SCSI_STATUS_BUSY);
	other->open_error = 0;
	scsi_lu_fence(t->lu);
	assert_int_equal(write_token(other, &tt, token, 0, 0, 8), SCSI_STATUS_BUSY);
	scsi_lu_unfence(t->lu);
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		t->itl.role = (uint8_t)role;
		assert_int_equal(write_token(other, &tt, token, 0, 0, 8),
				 scsi_access_conflicts[ACCESS_READS][role]
					 ? SCSI_STATUS_RESERVATION_CONFLICT
					 : 0);
	}
	t->itl.role = 0;
	other->dev->fail[BLK_WRITE] = -ENOSPC;
	write_token(other, &tt, token, 0, 0, 8);
	assert_sense(&tt, 0x072707);
	assert_int_equal(receive(other, &tt, 0x05, 9), 0);
	assert_int_equal(tt.in[5], 0x02);
	assert_memory_equal(tt.in + 32 + 12, "\x27\x07", 2);
	free(bytes);
	test_task_fini(&tt);
	scsi_test_free(other);
}

/* ---- EXTENDED COPY(LID4) ---- */

static void
begin_copy4(struct list_of *l, const struct scsi_test *t)
{
	uint8_t *p = l->bytes;

	memset(l, 0, sizeof(*l));
	p[0] = 0x01;
	put_be16(p + 2, 32);
	p[16] = 0xff;
	put_be32(p + 20, 0xabcdef01);
	put_be16(p + 42, 32);
	put_be16(p + 44, 28);
	p += 48;
	p[0] = 0xe4;
	p[4] = 0x01;
	p[5] = 0x03;
	p[7] = 8;
	memcpy(p + 8, scsi_lu_identity(t->lu)->naa, 8);
	p += 32;
	p[0] = 0x02;
	put_be16(p + 2, 24);
	put_be16(p + 4, 1); /* the first CSCD descriptor; the header has the place of number 0 */
	put_be16(p + 6, 0xffff);
	put_be16(p + 10, 8);
	put_be64(p + 20, 1000);
	l->len = 48 + 32 + 28;
}

static void
test_a_copy_with_a_long_list_identifier(void **state)
{
	struct scsi_test *t = *state;
	uint8_t *bytes = fill_pattern(t, 0, 8);
	struct test_task tt = { 0 };
	static struct list_of l;

	begin_copy4(&l, t);
	assert_int_equal(run(t, &tt, 0x01, 0, &l), 0);
	assert_medium(t, 1000, bytes, 8);
	for (unsigned i = 0; i < 2; i++) { /* what is told stays */
		assert_int_equal(receive(t, &tt, 0x05, 0xabcdef01), 0);
		assert_int_equal(tt.task.in_bytes, 32);
		assert_int_equal(tt.in[4], 0x01);
		assert_int_equal(tt.in[5], 0x01);
		assert_int_equal(get_be64(tt.in + 16), 8 * 512);
		assert_int_equal(get_be16(tt.in + 24), 1);
	}
	free(bytes);
	test_task_fini(&tt);
}

static void
test_each_bad_header_is_refused_with_the_place(void **state)
{
	static const struct bad bad_headers[] = {
		/* clang-format off */
		{ "another format",          0,  0x00, SENSE_INVALID_PARAMETER,  0 },
		{ "another header length",   3,  0x1f, SENSE_INVALID_PARAMETER,  2 },
		{ "IMMED",                   15, 0x01, SENSE_INVALID_PARAMETER, 15 },
		{ "G_SENSE",                 15, 0x02, SENSE_INVALID_PARAMETER, 15 },
		{ "another header type",     16, 0xe4, SENSE_INVALID_PARAMETER, 16 },
		{ "an id that is not used",  1,  0x18, SENSE_INVALID_PARAMETER, 20 },
		{ "inline data",             47, 0x01, 0x05260b,                46 },
		{ "more segments",           45, 0x38, SENSE_PARAMETER_LENGTH,  -1 },
		{ "the header as a unit",    85, 0x00, SENSE_COPY_UNREACHABLE,   4 },
		{ "a unit that is not named", 85, 0x02, SENSE_COPY_UNREACHABLE,  4 },
		/* clang-format on */
	};
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	static struct list_of l;

	for (size_t i = 0; i < ARRAY_LEN(bad_headers); i++) {
		const struct bad *bad = &bad_headers[i];

		begin_copy4(&l, t);
		l.bytes[bad->at] = bad->value;
		run(t, &tt, 0x01, 0, &l);
		if (tt.task.status != SCSI_STATUS_CHECK_CONDITION ||
		    test_sense(&tt.task) != bad->sense)
			fail_msg("%s: status %02x, sense %06x", bad->what, tt.task.status,
				 test_sense(&tt.task));
		if (bad->pointer >= 0)
			assert_int_equal(get_be16(tt.task.sense + 16), bad->pointer);
	}
	test_task_fini(&tt);
}

static void
test_the_page_states_the_limits_that_are_kept(void **state)
{
	struct test_task tt = { 0 };
	const uint8_t *p;

	assert_int_equal(test_run(*state, &tt, CDB(0x12, 0x01, 0x8f, 2, 0, 0), NO_OUT, 512), 0);
	p = tt.in + 4;
	assert_memory_equal(p, "\x00\x00\x00\x20", 4);
	assert_int_equal(get_be16(p + 10), TOKEN_MAX_RANGES);
	assert_int_equal(get_be32(p + 12), TOKEN_MAX_SECONDS);
	assert_int_equal(get_be32(p + 16), TOKEN_DEFAULT_SECONDS);
	assert_int_equal(get_be64(p + 20), TOKEN_MAX_TRANSFER / 512);
	assert_int_equal(get_be64(p + 28), TOKEN_OPTIMAL_TRANSFER / 512);
	while (get_be16(p) != 0x0106)
		p += 4 + get_be16(p + 2);
	assert_int_equal(get_be16(p + 2), 0x5c);
	assert_int_equal(get_be16(p + 46), 48);
	assert_int_equal(get_be64(p + 48 + 8), TOKEN_MAX_TRANSFER);
	while (get_be16(p) != 0x0108)
		p += 4 + get_be16(p + 2);
	assert_int_equal(get_be16(p + 6), 128);
	assert_int_equal(get_be32(p + 8), 0x00800001);
	assert_int_equal(p[12], 0x03);
	assert_int_equal(get_be32(p + 72), 0xffff0001);
	assert_int_equal(p[76], 0x02);
	test_task_fini(&tt);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ON(test_time_without_use_ends_a_token),
		ON(test_the_timeout_is_that_of_the_command),
		ON(test_the_first_write_to_its_blocks_cancels_a_token),
		ON(test_unmap_and_copies_cancel_a_token),
		ON(test_writes_look_only_while_there_is_a_valid_token),
		ON(test_what_may_change_all_blocks_cancels_all_tokens),
		ON(test_of_many_tokens_the_last_are_kept),
		ON(test_all_valid_tokens_are_reported_to_their_initiator),
		ON(test_a_write_during_the_copy_ends_it),
		ON(test_a_token_waits_for_the_writes_before_it),
		ON(test_copy_operation_abort_ends_a_copy),
		ON(test_an_aborted_copy_gives_its_token_back),
		ON(test_units_that_cannot_be_used_end_the_copy),
		ON(test_a_copy_with_a_long_list_identifier),
		ON(test_each_bad_header_is_refused_with_the_place),
		ON(test_the_page_states_the_limits_that_are_kept),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi token end", tests, NULL, NULL);
}

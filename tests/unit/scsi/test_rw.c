/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of READ, WRITE, VERIFY, WRITE AND VERIFY, of capacity and cache, and of the sense data
 * that errors of the backing store lead to.
 */
#include "scsi_test.h"

#include <errno.h>
#include <stdlib.h>

/* A CDB of 32 bytes is named by 60h + its service action where the others have their opcode. */
#define LONG(action) (uint8_t)(0x60 | (action))

/* A CDB of the size that the opcode has. */
static size_t
make_cdb(uint8_t opcode, uint8_t flags, uint64_t lba, uint32_t count, uint8_t cdb[SCSI_CDB_BYTES])
{
	memset(cdb, 0, SCSI_CDB_BYTES);
	cdb[0] = opcode;
	cdb[1] = flags;
	switch (opcode >> 5) {
	case 0:
		put_be24(cdb + 1, (uint32_t)lba);
		cdb[4] = (uint8_t)count;
		return 6;
	case 1:
	case 2:
		put_be32(cdb + 2, (uint32_t)lba);
		put_be16(cdb + 7, (uint16_t)count);
		return 10;
	case 3:
		memset(cdb, 0, 2);
		cdb[0] = SCSI_LONG_CDB;
		cdb[7] = 24;
		cdb[9] = opcode & 0x1f;
		cdb[10] = flags;
		put_be64(cdb + 12, lba);
		put_be32(cdb + 28, count);
		return 32;
	case 5:
		put_be32(cdb + 2, (uint32_t)lba);
		put_be32(cdb + 6, count);
		return 12;
	default:
		put_be64(cdb + 2, lba);
		put_be32(cdb + 10, count);
		return 16;
	}
}

static const uint8_t reads[] = { 0x08, 0x28, 0xa8, 0x88, LONG(0x09) };
static const uint8_t writes[] = { 0x0a, 0x2a, 0xaa, 0x8a, LONG(0x0b) };
static const uint8_t verifies[] = { 0x2f, 0xaf, 0x8f, LONG(0x0a) };
static const uint8_t write_verifies[] = { 0x2e, 0xae, 0x8e, LONG(0x0c) };

static uint8_t
run_blocks(struct scsi_test *t, struct test_task *tt, uint8_t opcode, uint8_t flags, uint64_t lba,
	   uint32_t count, const void *out, size_t out_len, size_t in_len)
{
	uint8_t cdb[SCSI_CDB_BYTES];
	size_t len = make_cdb(opcode, flags, lba, count, cdb);

	return test_run(t, tt, cdb, len, out, out_len, in_len);
}

static void
test_what_is_written_is_read_by_all_sizes(void **state)
{
	struct scsi_test *t = *state;
	size_t block = scsi_lu_block_bytes(t->lu);
	struct test_task tt = { 0 };
	static uint8_t out[3 * 4096];

	for (unsigned w = 0; w < ARRAY_LEN(writes); w++) {
		for (unsigned r = 0; r < ARRAY_LEN(reads); r++) {
			memset(out, (int)(0x10 + w * 5 + r), sizeof(out));
			assert_int_equal(
				run_blocks(t, &tt, writes[w], 0, 100, 3, out, 3 * block, 0), 0);
			assert_int_equal(run_blocks(t, &tt, reads[r], 0, 100, 3, NO_OUT, 3 * block),
					 0);
			assert_int_equal(tt.task.in_bytes, 3 * block);
			assert_int_equal(tt.task.in_total_bytes, 3 * block);
			assert_memory_equal(tt.in, out, 3 * block);
		}
	}
	test_task_fini(&tt);
}

static void
test_zero_blocks_in_a_six_byte_cdb_are_256(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	test_fill(t, 0, 0x5a, 256);
	assert_int_equal(run_blocks(t, &tt, 0x08, 0, 0, 0, NO_OUT, 256 * 512), 0);
	assert_int_equal(tt.task.in_bytes, 256 * 512);
	assert_true(test_all(tt.in, 256 * 512, 0x5a));
	test_task_fini(&tt);
}

static void
test_zero_blocks_elsewhere_move_nothing(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	for (unsigned i = 1; i < ARRAY_LEN(reads); i++) {
		assert_int_equal(run_blocks(t, &tt, reads[i], 0, 0, 0, NO_OUT, 512), 0);
		assert_int_equal(tt.task.in_bytes, 0);
		assert_int_equal(run_blocks(t, &tt, writes[i], 0, 0, 0, NO_OUT, 0), 0);
		run_blocks(t, &tt, reads[i], 0, TEST_BLOCKS + 1, 0, NO_OUT, 512);
		assert_sense(&tt, SENSE_LBA_OUT_OF_RANGE);
	}
	assert_int_equal(t->dev->count[BLK_READ] + t->dev->count[BLK_WRITE], 0);
	test_task_fini(&tt);
}

static void
test_beyond_the_end_is_refused_before_any_data(void **state)
{
	static const struct {
		uint64_t lba;
		uint32_t count;
		/* clang-format off */
	} beyond[] = {
		{ TEST_BLOCKS, 1 },
		{ TEST_BLOCKS - 1, 2 },
		{ 0xffffffff, 1 },
		{ 0x80000000, 0xffff },
		{ 0, TEST_BLOCKS + 1 },
	};
	/* clang-format on */
	static const uint8_t opcodes[] = {
		0x28, 0xa8, 0x88, 0x2a,       0xaa,       0x8a,       0x2f,       0xaf,
		0x8f, 0x2e, 0xae, 0x8e,       0x34,       0x90,       0x35,       0x91,
		0x41, 0x93, 0x8b, LONG(0x09), LONG(0x0a), LONG(0x0b), LONG(0x0c), LONG(0x0d)
	};
	struct test_task tt = { 0 };

	for (unsigned i = 0; i < ARRAY_LEN(opcodes); i++) {
		for (unsigned j = 0; j < ARRAY_LEN(beyond); j++) {
			run_blocks(*state, &tt, opcodes[i], 0, beyond[j].lba, beyond[j].count, "x",
				   1, 512);
			assert_sense(&tt, SENSE_LBA_OUT_OF_RANGE);
			assert_int_equal(tt.task.out_needed_bytes, 0);
		}
	}
	run_blocks(*state, &tt, 0x88, 0, UINT64_MAX, UINT32_MAX, NO_OUT, 512);
	assert_sense(&tt, SENSE_LBA_OUT_OF_RANGE);
	test_task_fini(&tt);
}

static void
test_protection_information_is_refused(void **state)
{
	static const uint8_t opcodes[] = {
		0x28, 0xa8, 0x88,       0x2a,       0xaa,       0x8a,       0x2f,
		0xaf, 0x8f, 0x2e,       0xae,       0x8e,       0x41,       0x93,
		0x8b, 0x89, LONG(0x09), LONG(0x0a), LONG(0x0b), LONG(0x0c), LONG(0x0d)
	};
	uint8_t out[512] = { 0 };
	struct test_task tt = { 0 };

	for (unsigned i = 0; i < ARRAY_LEN(opcodes); i++) {
		for (unsigned p = 1; p < 8; p++) {
			run_blocks(*state, &tt, opcodes[i], (uint8_t)(p << 5), 0, 1, out, 512, 512);
			assert_sense(&tt, SENSE_INVALID_FIELD);
		}
	}
	test_task_fini(&tt);
}

static void
test_more_than_the_maximum_transfer_is_refused(void **state)
{
	struct test_task tt = { 0 };
	uint32_t max = (1 << 20) / 512;

	test_run(*state, &tt, CDB(0x28, 0, 0, 0, 0, 0, 0, (uint8_t)(max >> 8), (uint8_t)max, 0),
		 NO_OUT, 0);
	assert_int_equal(tt.task.status, 0);
	assert_int_equal(max, TEST_BLOCKS); /* else the next would be beyond the end */
	test_task_fini(&tt);
}

static void
test_read_gives_what_the_initiator_expects_and_counts_the_rest(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	test_fill(t, 5, 0x77, 2);
	for (unsigned i = 1; i < ARRAY_LEN(reads); i++) {
		assert_int_equal(run_blocks(t, &tt, reads[i], 0, 5, 1, NO_OUT, 0), 0);
		assert_int_equal(tt.task.in_bytes, 0);
		assert_int_equal(tt.task.in_total_bytes, 512);
		assert_int_equal(run_blocks(t, &tt, reads[i], 0, 5, 1, NO_OUT, 200), 0);
		assert_int_equal(tt.task.in_bytes, 200);
		assert_true(test_all(tt.in, 200, 0x77));
		assert_int_equal(tt.task.in_total_bytes, 512);
		assert_int_equal(run_blocks(t, &tt, reads[i], 0, 5, 2, NO_OUT, 512), 0);
		assert_int_equal(tt.task.in_bytes, 512);
		assert_int_equal(tt.task.in_total_bytes, 1024);
		assert_int_equal(run_blocks(t, &tt, reads[i], 0, 5, 1, NO_OUT, 10000), 0);
		assert_int_equal(tt.task.in_bytes, 512);
		assert_int_equal(tt.task.in_total_bytes, 512);
	}
	test_task_fini(&tt);
}

static void
test_write_writes_the_whole_blocks_that_come(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	static uint8_t out[10000], medium[1024];

	memset(out, 'b', sizeof(out));
	for (unsigned i = 1; i < ARRAY_LEN(reads); i++) {
		test_fill(t, 0, 'a', 2);
		assert_int_equal(run_blocks(t, &tt, writes[i], 0, 0, 2, out, 512, 0), 0);
		assert_int_equal(tt.task.out_total_bytes, 1024);
		test_peek(t, 0, medium, 2);
		assert_true(test_all(medium, 512, 'b') && test_all(medium + 512, 512, 'a'));
		assert_int_equal(run_blocks(t, &tt, writes[i], 0, 0, 1, out, sizeof(out), 0), 0);
		assert_int_equal(tt.task.out_needed_bytes, 512);
		assert_int_equal(run_blocks(t, &tt, writes[i], 0, 0, 1, NO_OUT, 0), 0);
		assert_int_equal(tt.task.out_total_bytes, 512);
	}
	test_task_fini(&tt);
}

static void
test_write_of_a_part_of_a_block_is_refused(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t out[700], medium[1024];

	memset(out, 'b', sizeof(out));
	test_fill(t, 0, 'a', 2);
	run_blocks(t, &tt, 0x2a, 0, 0, 2, out, 700, 0);
	assert_sense(&tt, SENSE_DATA_SIZE);
	assert_int_equal(tt.task.out_total_bytes, 1024);
	test_peek(t, 0, medium, 2);
	assert_true(test_all(medium, 1024, 'a'));
	test_task_fini(&tt);
}

static void
test_fua_reaches_the_device(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t out[512] = { 1 };

	assert_int_equal(run_blocks(t, &tt, 0x2a, 0x00, 0, 1, out, 512, 0), 0);
	assert_int_equal(t->dev->flags[BLK_WRITE] & BLK_FUA, 0);
	assert_int_equal(run_blocks(t, &tt, 0x2a, 0x18, 0, 1, out, 512, 0), 0);
	assert_int_equal(t->dev->flags[BLK_WRITE] & BLK_FUA, BLK_FUA);
	assert_int_equal(run_blocks(t, &tt, 0x28, 0x08, 0, 1, NO_OUT, 512), 0);
	assert_int_equal(t->dev->count[BLK_FLUSH], 1);
	test_task_fini(&tt);
}

static void
test_verify_compares_in_all_sizes(void **state)
{
	struct scsi_test *t = *state;
	size_t block = scsi_lu_block_bytes(t->lu), len = 200 * block;
	uint8_t *out = malloc(len);
	struct test_task tt = { 0 };

	assert_non_null(out);
	memset(out, 0x42, len);
	test_fill(t, 10, 0x42, 200);
	for (unsigned i = 0; i < ARRAY_LEN(verifies); i++) {
		assert_int_equal(run_blocks(t, &tt, verifies[i], 0x02, 10, 200, out, len, 0), 0);
		assert_int_equal(tt.task.out_needed_bytes, len);
		assert_int_equal(run_blocks(t, &tt, verifies[i], 0x06, 10, 200, out, block, 0), 0);
		assert_int_equal(tt.task.out_needed_bytes, block);
		assert_int_equal(run_blocks(t, &tt, verifies[i], 0x00, 10, 200, NO_OUT, 0), 0);
		run_blocks(t, &tt, verifies[i], 0x04, 10, 200, out, len, 0);
		assert_sense(&tt, SENSE_INVALID_FIELD);
		run_blocks(t, &tt, verifies[i], 0x02, 10, 200, out, len - block, 0);
		assert_sense(&tt, SENSE_DATA_SIZE);
	}
	free(out);
	test_task_fini(&tt);
}

static void
test_miscompare_tells_the_offset(void **state)
{
	struct scsi_test *t = *state;
	size_t block = scsi_lu_block_bytes(t->lu), len = 200 * block, at = 150 * block + 77;
	uint8_t *out = malloc(len);
	struct test_task tt = { 0 };

	assert_non_null(out);
	memset(out, 0x42, len);
	out[at] ^= 1;
	test_fill(t, 10, 0x42, 200);
	run_blocks(t, &tt, 0x2f, 0x02, 10, 200, out, len, 0);
	assert_sense(&tt, SENSE_MISCOMPARE);
	assert_int_equal(tt.task.sense[0], 0xf0);
	assert_int_equal(get_be32(tt.task.sense + 3), at);
	out[9] ^= 1;
	run_blocks(t, &tt, 0x2f, 0x06, 10, 200, out, block, 0);
	assert_sense(&tt, SENSE_MISCOMPARE);
	assert_int_equal(get_be32(tt.task.sense + 3), 9);
	free(out);
	test_task_fini(&tt);
}

static void
test_write_and_verify_writes_durably_and_reads_back(void **state)
{
	struct scsi_test *t = *state;
	size_t block = scsi_lu_block_bytes(t->lu);
	static uint8_t out[8 * 4096], medium[8 * 4096];
	struct test_task tt = { 0 };

	for (unsigned i = 0; i < ARRAY_LEN(verifies); i++) {
		for (unsigned check = 0; check < 2; check++) {
			memset(out, (int)(0x20 + 2 * i + check), sizeof(out));
			assert_int_equal(run_blocks(t, &tt, write_verifies[i],
						    (uint8_t)(check << 1), 3, 8, out, 8 * block, 0),
					 0);
			assert_int_equal(t->dev->flags[BLK_WRITE], BLK_FUA | BLK_WHOLE);
			test_peek(t, 3, medium, 8);
			assert_memory_equal(medium, out, 8 * block);
		}
		run_blocks(t, &tt, write_verifies[i], 0x06, 3, 8, out, 8 * block, 0);
		assert_sense(&tt, SENSE_INVALID_FIELD);
	}
	assert_int_equal(t->dev->count[BLK_READ], 2 * ARRAY_LEN(write_verifies));
	test_task_fini(&tt);
}

static void
test_read_capacity(void **state)
{
	struct scsi_test *t = *state;
	size_t block = scsi_lu_block_bytes(t->lu);
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, CDB(0x25), NO_OUT, 8), 0);
	assert_int_equal(get_be32(tt.in), TEST_BLOCKS - 1);
	assert_int_equal(get_be32(tt.in + 4), block);
	for (unsigned len = 0; len <= 40; len++) {
		test_run(t, &tt, CDB(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)len),
			 NO_OUT, 64);
		assert_int_equal(tt.task.status, 0);
		assert_int_equal(tt.task.in_bytes, MIN(len, 32u));
	}
	assert_int_equal(get_be64(tt.in), TEST_BLOCKS - 1);
	assert_int_equal(get_be32(tt.in + 8), block);
	assert_int_equal(tt.in[12], 0);
	assert_int_equal(tt.in[13], block == 512 ? 3 : 0);
	assert_int_equal(tt.in[14], 0xc0);
	test_task_fini(&tt);
}

static void
test_synchronize_cache_flushes(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(run_blocks(t, &tt, 0x35, 0, 0, 0, NO_OUT, 0), 0);
	assert_int_equal(run_blocks(t, &tt, 0x91, 0x02, 8, 8, NO_OUT, 0), 0);
	assert_int_equal(t->dev->count[BLK_FLUSH], 2);
	assert_int_equal(run_blocks(t, &tt, 0x34, 0, 0, 8, NO_OUT, 0), 0);
	assert_int_equal(run_blocks(t, &tt, 0x90, 0x02, 0, 8, NO_OUT, 0), 0);
	test_task_fini(&tt);
}

static void
test_defect_lists_are_empty(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(
		test_run(*state, &tt, CDB(0x37, 0, 0x1d, 0, 0, 0, 0, 0, 32, 0), NO_OUT, 32), 0);
	assert_int_equal(tt.task.in_bytes, 4);
	assert_memory_equal(tt.in, "\x00\x1d\x00\x00", 4);
	assert_int_equal(
		test_run(*state, &tt, CDB(0xb7, 0x1d, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), NO_OUT, 32),
		0);
	assert_int_equal(tt.task.in_bytes, 8);
	assert_memory_equal(tt.in, "\x00\x1d\x00\x00\x00\x00\x00\x00", 8);
	test_task_fini(&tt);
}

/* ---- Errors of the backing store ---- */

static const struct {
	int error;
	uint8_t status;
	uint32_t read, write; /* sense; 0 = none */
			      /* clang-format off */
} errors[] = {
	{ -EIO, SCSI_STATUS_CHECK_CONDITION, 0x031100, 0x030c00 },
	{ -ENOSPC, SCSI_STATUS_CHECK_CONDITION, 0x072707, 0x072707 },
	{ -EROFS, SCSI_STATUS_CHECK_CONDITION, 0x072700, 0x072700 },
	{ -EINVAL, SCSI_STATUS_CHECK_CONDITION, 0x044400, 0x044400 },
	{ -ENOMEM, SCSI_STATUS_BUSY, 0, 0 },
	{ ERR_OFFLINE, SCSI_STATUS_BUSY, 0, 0 },
	{ ERR_INJECTED, SCSI_STATUS_CHECK_CONDITION, 0x031100, 0x030c00 }, /* no answer given */
	{ ERR_FAILED, SCSI_STATUS_CHECK_CONDITION, 0x044400, 0x044400 },
};
/* clang-format on */

static void
test_backing_errors_become_sense(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t out[512] = { 0 };

	for (unsigned i = 0; i < ARRAY_LEN(errors); i++) {
		/* ERR_* are refusals, which blk gives itself; the layer below is asked to. */
		t->dev->fail[BLK_READ] = t->dev->fail[BLK_WRITE] = errors[i].error;
		assert_int_equal(blk_reopen(&t->dev->dev), 0);
		assert_int_equal(run_blocks(t, &tt, 0x28, 0, 9, 1, NO_OUT, 512), errors[i].status);
		assert_int_equal(tt.task.sense_bytes > 0 ? test_sense(&tt.task) : 0,
				 errors[i].read);
		assert_int_equal(tt.task.in_bytes, 0);
		assert_int_equal(blk_reopen(&t->dev->dev), 0);
		assert_int_equal(run_blocks(t, &tt, 0x2a, 0, 9, 1, out, 512, 0), errors[i].status);
		assert_int_equal(tt.task.sense_bytes > 0 ? test_sense(&tt.task) : 0,
				 errors[i].write);
		if (errors[i].error == -EIO)
			assert_int_equal(get_be32(tt.task.sense + 3), 9);
	}
	test_task_fini(&tt);
}

static void
test_a_failed_store_fails_the_unit_once(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	t->dev->fail[BLK_READ] = ERR_FAILED;
	run_blocks(t, &tt, 0x28, 0, 0, 1, NO_OUT, 512);
	assert_sense(&tt, 0x044400);
	t->dev->fail[BLK_READ] = 0;
	run_blocks(t, &tt, 0x28, 0, 0, 1, NO_OUT, 512);
	assert_sense(&tt, 0x044400);
	assert_int_equal(t->failed, 1);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_FAILED);
	assert_int_equal(blk_reopen(&t->dev->dev), 0);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	assert_int_equal(run_blocks(t, &tt, 0x28, 0, 0, 1, NO_OUT, 512), 0);
	test_task_fini(&tt);
}

static void
test_an_error_in_each_step_of_each_command_ends_it(void **state)
{
	static const struct {
		uint8_t opcode, flags;
		enum blk_op op;
		/* clang-format off */
	} steps[] = {
		{ 0x28, 0x08, BLK_FLUSH },
		{ 0x2f, 0x02, BLK_READ },
		{ 0x2e, 0x02, BLK_WRITE },
		{ 0x2e, 0x02, BLK_READ },
		{ 0x35, 0, BLK_FLUSH },
		{ 0x8b, 0, BLK_READ },
		{ 0x8b, 0, BLK_WRITE },
		{ 0x41, 0, BLK_WRITE },
		{ 0x41, 0x08, BLK_WRITE },
	};
	/* clang-format on */
	uint8_t out[512];

	(void)state;
	memset(out, 0x11, sizeof(out));
	for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
		struct scsi_test *t = scsi_test_new(512, true);
		struct test_task tt = { 0 };

		test_fill(t, 0, 0x11, 1);
		t->dev->fail[steps[i].op] = -EIO;
		run_blocks(t, &tt, steps[i].opcode, steps[i].flags, 0, 1, out, 512, 512);
		assert_int_equal(tt.task.status, SCSI_STATUS_CHECK_CONDITION);
		assert_int_equal(tt.task.sense[2], 3);
		test_task_fini(&tt);
		scsi_test_free(t);
	}
}

/* ---- Write protection ---- */

static void
test_read_only_unit_refuses_all_writes(void **state)
{
	struct test_dev *dev = test_dev_new(TEST_BLOCKS * 512);
	struct scsi_lu_desc desc;
	struct scsi_test t = { 0 };
	struct test_task tt = { 0 };
	uint8_t out[512] = { 0 };

	(void)state;
	scsi_test_desc(&desc, &dev->dev, 512, true);
	desc.read_only = true;
	assert_int_equal(scsi_lu_new(&desc, &t.lu), 0);
	t.nexus.ops = &scsi_test_ops;
	scsi_itl_init(&t.itl, &t.nexus, t.lu, 0);
	for (size_t i = 0; i < scsi_cmd_count; i++) {
		/* those of the third-party copies (83h) want a list first */
		if (!(scsi_cmds[i].flags & CMD_WRITE) || scsi_cmds[i].opcode == 0x83 ||
		    (scsi_cmds[i].flags & (CMD_THIN | CMD_JOB)))
			continue;
		run_blocks(&t, &tt,
			   scsi_cmds[i].opcode == SCSI_LONG_CDB ? LONG(scsi_cmds[i].action)
								: scsi_cmds[i].opcode,
			   0, 0, 1, out, 512, 0);
		assert_sense(&tt, 0x072700);
	}
	assert_int_equal(test_run(&t, &tt, CDB(0x1a, 0, 0x3f, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[2] & 0x80, 0x80);
	assert_int_equal(run_blocks(&t, &tt, 0x28, 0, 0, 1, NO_OUT, 512), 0);
	test_task_fini(&tt);
	scsi_itl_fini(&t.itl);
	scsi_lu_unref(t.lu);
	blk_dev_unref(&dev->dev);
}

/* ---- Abort ---- */

static void
test_pending_io_ends_in_done(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt;

	test_fill(t, 0, 0x33, 1);
	t->dev->hold = true;
	test_task_init(&tt, &t->nexus, &t->itl, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), NO_OUT, 512);
	assert_int_equal(test_start(&tt), SCSI_PENDING);
	assert_false(tt.done);
	test_dev_complete(t->dev);
	assert_true(tt.done);
	assert_int_equal(tt.task.status, 0);
	assert_true(test_all(tt.in, 512, 0x33));
	test_task_fini(&tt);
}

static void
test_abort_waits_for_io_in_flight(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt;
	uint8_t out[512] = { 0 };

	t->dev->hold = true;
	test_task_init(&tt, &t->nexus, &t->itl, CDB(0x2e, 0x02, 0, 0, 0, 0, 0, 0, 1, 0), out, 512,
		       0);
	assert_int_equal(test_start(&tt), SCSI_PENDING);
	assert_int_equal(scsi_task_abort(&tt.task), SCSI_PENDING);
	assert_false(tt.done);
	test_dev_complete(t->dev);
	assert_true(tt.done);
	assert_true(tt.task.aborted);
	assert_int_equal(t->dev->held_count, 0); /* it did not go on to verify */
	test_task_fini(&tt);
}

static void
test_abort_before_execute_is_immediate(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt;

	test_task_init(&tt, &t->nexus, &t->itl, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), NO_OUT, 0);
	tt.task.expected_out_bytes = 512;
	assert_int_equal(scsi_task_parse(&tt.task), SCSI_GO);
	assert_int_equal(scsi_task_abort(&tt.task), SCSI_DONE);
	assert_true(tt.task.aborted);
	test_task_fini(&tt);
}

static void
tell_soon(struct scsi_test *t, uint8_t opcode, uint64_t lba, uint32_t count)
{
	uint8_t cdb[SCSI_CDB_BYTES];

	make_cdb(opcode, 0, lba, count, cdb);
	scsi_lu_soon(t->lu, cdb);
}

static void
test_the_device_is_told_of_small_reads_and_writes_before_their_turn(void **state)
{
	static const uint8_t told[] = { 0x28, 0x2a, 0x88, 0x8a };
	struct scsi_test *t = *state;
	uint32_t block = scsi_lu_block_bytes(t->lu);

	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		tell_soon(t, told[i], 7 + i, 8);
		assert_int_equal(t->dev->prefetches, i + 1);
		assert_int_equal(t->dev->prefetch_bytes[0], (7 + i) * block);
		assert_int_equal(t->dev->prefetch_bytes[1], 8 * block);
	}
	t->dev->prefetches = 0;
	tell_soon(t, 0x28, 0, 0);
	tell_soon(t, 0x28, 0, 32 * 1024 / block + 1);
	tell_soon(t, 0x88, 0, UINT32_MAX);
	tell_soon(t, 0x28, TEST_BLOCKS, 1);
	tell_soon(t, 0x28, TEST_BLOCKS - 1, 2);
	tell_soon(t, 0x88, UINT64_MAX, 1);
	tell_soon(t, 0x88, UINT64_MAX / block, 8);
	tell_soon(t, 0x2f, 0, 1);
	assert_int_equal(t->dev->prefetches, 0);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
		ON(scsi_test_setup, test_what_is_written_is_read_by_all_sizes),
		ON(scsi_test_setup_4k, test_what_is_written_is_read_by_all_sizes),
		ON(scsi_test_setup,
		   test_the_device_is_told_of_small_reads_and_writes_before_their_turn),
		ON(scsi_test_setup_4k,
		   test_the_device_is_told_of_small_reads_and_writes_before_their_turn),
		ON(scsi_test_setup, test_zero_blocks_in_a_six_byte_cdb_are_256),
		ON(scsi_test_setup, test_zero_blocks_elsewhere_move_nothing),
		ON(scsi_test_setup, test_beyond_the_end_is_refused_before_any_data),
		ON(scsi_test_setup, test_protection_information_is_refused),
		ON(scsi_test_setup, test_more_than_the_maximum_transfer_is_refused),
		ON(scsi_test_setup, test_read_gives_what_the_initiator_expects_and_counts_the_rest),
		ON(scsi_test_setup, test_write_writes_the_whole_blocks_that_come),
		ON(scsi_test_setup, test_write_of_a_part_of_a_block_is_refused),
		ON(scsi_test_setup, test_fua_reaches_the_device),
		ON(scsi_test_setup, test_verify_compares_in_all_sizes),
		ON(scsi_test_setup_4k, test_verify_compares_in_all_sizes),
		ON(scsi_test_setup, test_miscompare_tells_the_offset),
		ON(scsi_test_setup_4k, test_miscompare_tells_the_offset),
		ON(scsi_test_setup, test_write_and_verify_writes_durably_and_reads_back),
		ON(scsi_test_setup_4k, test_write_and_verify_writes_durably_and_reads_back),
		ON(scsi_test_setup, test_read_capacity),
		ON(scsi_test_setup_4k, test_read_capacity),
		ON(scsi_test_setup, test_synchronize_cache_flushes),
		ON(scsi_test_setup, test_defect_lists_are_empty),
		ON(scsi_test_setup, test_backing_errors_become_sense),
		ON(scsi_test_setup, test_a_failed_store_fails_the_unit_once),
		cmocka_unit_test(test_an_error_in_each_step_of_each_command_ends_it),
		cmocka_unit_test(test_read_only_unit_refuses_all_writes),
		ON(scsi_test_setup, test_pending_io_ends_in_done),
		ON(scsi_test_setup, test_abort_waits_for_io_in_flight),
		ON(scsi_test_setup, test_abort_before_execute_is_immediate),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi read and write", tests, NULL, NULL);
}

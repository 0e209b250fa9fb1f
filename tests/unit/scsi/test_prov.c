/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of UNMAP, WRITE SAME and GET LBA STATUS. */
#include "scsi_test.h"

#include <errno.h>
#include <stdlib.h>

struct range {
	uint64_t lba;
	uint32_t blocks;
};

static uint8_t
run_unmap(struct scsi_test *t, struct test_task *tt, const struct range *ranges, unsigned count)
{
	static uint8_t out[8 + 300 * 16];
	size_t len = 8 + count * 16;

	memset(out, 0, sizeof(out));
	put_be16(out, (uint16_t)(len - 2));
	put_be16(out + 2, (uint16_t)(count * 16));
	for (unsigned i = 0; i < count; i++) {
		put_be64(out + 8 + 16 * i, ranges[i].lba);
		put_be32(out + 16 + 16 * i, ranges[i].blocks);
	}
	return test_run(t, tt, CDB(0x42, 0, 0, 0, 0, 0, 0, (uint8_t)(len >> 8), (uint8_t)len, 0),
			out, len, 0);
}

static void
test_unmapped_blocks_read_as_zeros(void **state)
{
	struct scsi_test *t = *state;
	size_t block = scsi_lu_block_bytes(t->lu);
	const struct range ranges[] = {
		{ 0, 3 }, { 5, 0 }, { 8, 1 }, { TEST_BLOCKS - 1, 1 }, { TEST_BLOCKS, 0 }
	};
	static uint8_t medium[10 * 4096];
	struct test_task tt = { 0 };

	test_fill(t, 0, 'x', 10);
	assert_int_equal(run_unmap(t, &tt, ranges, ARRAY_LEN(ranges)), 0);
	assert_int_equal(t->dev->count[BLK_UNMAP], 3);
	test_peek(t, 0, medium, 10);
	for (unsigned i = 0; i < 10; i++)
		assert_true(test_all(medium + i * block, block, i < 3 || i == 8 ? 0 : 'x'));
	test_task_fini(&tt);
}

/* Without the write cache GOOD means durable: for each command that changes the medium. */
static void
test_what_changes_the_medium_is_durable_without_the_write_cache(void **state)
{
	struct scsi_test *t = *state;
	const struct range ranges[] = { { 0, 3 }, { 8, 1 } };
	/* clang-format off */
	static const struct {
		uint8_t cdb[16];
		size_t cdb_len, out_len;
		enum blk_op op;
	} writes[] = {
		{ { 0x0a, 0, 0, 0, 1 }, 6, 512, BLK_WRITE },				/* WRITE(6) */
		{ { 0x2a, 0, 0, 0, 0, 0, 0, 0, 1 }, 10, 512, BLK_WRITE },		/* WRITE(10) */
		{ { 0x2e, 0, 0, 0, 0, 0, 0, 0, 1 }, 10, 512, BLK_WRITE },		/* WRITE AND VERIFY */
		{ { 0x89, [13] = 1 }, 16, 1024, BLK_WRITE },				/* COMPARE AND WRITE */
		{ { 0x8b, [13] = 1 }, 16, 512, BLK_WRITE },				/* ORWRITE */
		{ { 0x41, 0, 0, 0, 0, 0, 0, 0, 1 }, 10, 512, BLK_WRITE_ZEROES },	/* WRITE SAME */
		{ { 0x93, 0x01, [13] = 1 }, 16, 0, BLK_WRITE_ZEROES },			/* … without data */
	};
	/* clang-format on */
	static uint8_t zeros[1024];
	struct test_task tt = { 0 };

	assert_int_equal(run_unmap(t, &tt, ranges, ARRAY_LEN(ranges)), 0);
	assert_int_equal(t->dev->count[BLK_FLUSH], 0);
	atomic_fetch_and(&t->lu->mode, ~(unsigned)MODE_WCE);
	for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
		assert_int_equal(test_run(t, &tt, writes[i].cdb, writes[i].cdb_len, zeros,
					  writes[i].out_len, 0),
				 0);
		assert_true((t->dev->flags[writes[i].op] & BLK_FUA) != 0);
		t->dev->flags[writes[i].op] = 0;
	}
	assert_int_equal(run_unmap(t, &tt, ranges, ARRAY_LEN(ranges)), 0);
	assert_int_equal(t->dev->count[BLK_FLUSH], 1);
	t->dev->fail[BLK_FLUSH] = -EIO;
	assert_int_not_equal(run_unmap(t, &tt, ranges, ARRAY_LEN(ranges)), 0);
	test_task_fini(&tt);
}

static void
test_unmap_checks_all_before_it_does_any(void **state)
{
	struct scsi_test *t = *state;
	const struct range beyond[] = { { 0, 3 }, { TEST_BLOCKS - 1, 2 } };
	static struct range many[257];
	struct test_task tt = { 0 };

	run_unmap(t, &tt, beyond, 2);
	assert_sense(&tt, SENSE_LBA_OUT_OF_RANGE);
	run_unmap(t, &tt, many, 257);
	assert_sense(&tt, SENSE_INVALID_PARAMETER);
	assert_int_equal(run_unmap(t, &tt, many, 256), 0);
	assert_int_equal(t->dev->count[BLK_UNMAP], 0);
	test_task_fini(&tt);
}

static void
test_unmap_checks_its_parameter_list(void **state)
{
	struct scsi_test *t = *state;
	uint8_t out[64] = { 0, 30, 0, 16 };
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0), 0);
	assert_int_equal(test_run(t, &tt, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), out, 24, 0), 0);
	test_run(t, &tt, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 7, 0), out, 7, 0);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	test_run(t, &tt, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 23, 0), out, 23, 0);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	test_run(t, &tt, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), out, 8, 0);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	test_run(t, &tt, CDB(0x42, 1, 0, 0, 0, 0, 0, 0, 24, 0), out, 24, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	out[3] = 15; /* an incomplete descriptor is ignored */
	assert_int_equal(test_run(t, &tt, CDB(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), out, 24, 0), 0);
	test_task_fini(&tt);
}

/* ---- WRITE SAME ---- */

static uint8_t
run_same(struct scsi_test *t, struct test_task *tt, uint8_t opcode, uint8_t flags, uint64_t lba,
	 uint32_t count, const void *out, size_t out_len)
{
	uint8_t cdb[SCSI_CDB_BYTES] = { opcode, flags };

	if (opcode == SCSI_LONG_CDB) { /* WRITE SAME(32) */
		cdb[1] = 0;
		cdb[7] = 24;
		cdb[9] = 0x0d;
		cdb[10] = flags;
		put_be64(cdb + 12, lba);
		put_be32(cdb + 28, count);
	} else if (opcode == 0x41) {
		put_be32(cdb + 2, (uint32_t)lba);
		put_be16(cdb + 7, (uint16_t)count);
	} else {
		put_be64(cdb + 2, lba);
		put_be32(cdb + 10, count);
	}
	return test_run(t, tt, cdb,
			opcode == 0x41   ? 10
			: opcode == 0x93 ? 16
					 : 32,
			out, out_len, 0);
}

static void
test_write_same_repeats_one_block(void **state)
{
	struct scsi_test *t = *state;
	size_t block = scsi_lu_block_bytes(t->lu);
	static const uint8_t opcodes[] = { 0x41, 0x93, SCSI_LONG_CDB };
	static uint8_t out[4096];
	uint8_t *medium = malloc(TEST_BLOCKS * block);
	struct test_task tt = { 0 };

	assert_non_null(medium);
	for (size_t i = 0; i < block; i++)
		out[i] = (uint8_t)(i * 13 + 1);
	for (unsigned i = 0; i < ARRAY_LEN(opcodes); i++) {
		test_fill(t, 0, 0xee, TEST_BLOCKS);
		assert_int_equal(run_same(t, &tt, opcodes[i], 0, 1, TEST_BLOCKS - 2, out, block),
				 0);
		test_peek(t, 0, medium, TEST_BLOCKS);
		assert_true(test_all(medium, block, 0xee));
		assert_true(test_all(medium + (TEST_BLOCKS - 1) * block, block, 0xee));
		for (unsigned lba = 1; lba < TEST_BLOCKS - 1; lba++)
			assert_memory_equal(medium + lba * block, out, block);
	}
	free(medium);
	test_task_fini(&tt);
}

static void
test_write_same_of_zeros_is_left_to_the_device(void **state)
{
	struct scsi_test *t = *state;
	uint8_t out[512] = { 0 }, medium[4 * 512];
	struct test_task tt = { 0 };

	test_fill(t, 0, 0xee, 4);
	assert_int_equal(run_same(t, &tt, 0x41, 0, 0, 1, out, 512), 0);
	assert_int_equal(t->dev->flags[BLK_WRITE_ZEROES], 0);
	assert_int_equal(run_same(t, &tt, 0x41, 0x08, 1, 1, out, 512), 0);
	assert_int_equal(t->dev->flags[BLK_WRITE_ZEROES], BLK_MAY_UNMAP);
	assert_int_equal(run_same(t, &tt, 0x93, 0x01, 2, 1, NO_OUT), 0);
	assert_int_equal(run_same(t, &tt, 0x93, 0x09, 3, 1, NO_OUT), 0);
	assert_int_equal(run_same(t, &tt, SCSI_LONG_CDB, 0x01, 3, 1, NO_OUT), 0);
	assert_int_equal(t->dev->flags[BLK_WRITE_ZEROES], 0);
	assert_int_equal(run_same(t, &tt, SCSI_LONG_CDB, 0x09, 3, 1, NO_OUT), 0);
	assert_int_equal(t->dev->flags[BLK_WRITE_ZEROES], BLK_MAY_UNMAP);
	assert_int_equal(t->dev->count[BLK_WRITE_ZEROES], 6);
	assert_int_equal(t->dev->count[BLK_WRITE], 0);
	test_peek(t, 0, medium, 4);
	assert_true(test_all(medium, sizeof(medium), 0));
	test_task_fini(&tt);
}

static void
test_write_same_with_unmap_writes_what_is_not_zero(void **state)
{
	struct scsi_test *t = *state;
	uint8_t out[512], medium[512];
	struct test_task tt = { 0 };

	memset(out, 0xa6, sizeof(out));
	assert_int_equal(run_same(t, &tt, 0x93, 0x08, 0, 1, out, 512), 0);
	test_peek(t, 0, medium, 1);
	assert_memory_equal(medium, out, 512);
	test_task_fini(&tt);
}

static void
test_write_same_of_no_blocks_goes_to_the_end(void **state)
{
	struct scsi_test *t = *state;
	uint8_t out[512] = { 0 }, medium[2 * 512];
	struct test_task tt = { 0 };

	test_fill(t, TEST_BLOCKS - 2, 0xee, 2);
	assert_int_equal(run_same(t, &tt, 0x93, 0x08, TEST_BLOCKS - 1, 0, out, 512), 0);
	test_peek(t, TEST_BLOCKS - 2, medium, 2);
	assert_true(test_all(medium, 512, 0xee) && test_all(medium + 512, 512, 0));
	test_task_fini(&tt);
}

/*
 * What is not zeros is written also with UNMAP: the device may only give back what then reads so.
 */
static void
test_write_same_with_unmap_writes_until_the_end(void **state)
{
	struct scsi_test *t = *state;
	uint8_t out[512], medium[512];
	struct test_task tt = { 0 };

	memset(out, 0xff, sizeof(out));
	for (uint32_t blocks = 1; blocks <= 256; blocks++) {
		uint64_t lba = TEST_BLOCKS - blocks;

		assert_int_equal(run_same(t, &tt, 0x41, 0x08, lba, blocks, out, 512), 0);
		test_peek(t, lba, medium, 1);
		assert_memory_equal(medium, out, 512);
		test_peek(t, TEST_BLOCKS - 1, medium, 1);
		assert_memory_equal(medium, out, 512);
	}
	test_peek(t, TEST_BLOCKS - 257, medium, 1);
	assert_true(test_all(medium, sizeof(medium), 0));
	test_task_fini(&tt);
}

static void
test_write_same_refuses_what_it_does_not_do(void **state)
{
	struct scsi_test *t = *state;
	uint8_t out[1024] = { 0 };
	struct test_task tt = { 0 };

	run_same(t, &tt, 0x41, 0x10, 0, 1, out, 512);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	run_same(t, &tt, 0x41, 0x18, 0, 1, out, 512);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	run_same(t, &tt, 0x41, 0x02, 0, 1, out, 512);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	run_same(t, &tt, 0x93, 0x04, 0, 1, out, 512);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	run_same(t, &tt, SCSI_LONG_CDB, 0x10, 0, 1, out, 512);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	run_same(t, &tt, SCSI_LONG_CDB, 0x04, 0, 1, out, 512);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	/* a wrong bit of WRITE SAME(10), where there is no NDOB */
	run_same(t, &tt, 0x41, 0x01, 0, 1, NO_OUT);
	assert_sense(&tt, SENSE_DATA_SIZE);
	run_same(t, &tt, 0x41, 0, 0, 1, out, 256);
	assert_sense(&tt, SENSE_DATA_SIZE);
	run_same(t, &tt, 0x41, 0, 0, 1, out, 1024);
	assert_sense(&tt, SENSE_DATA_SIZE);
	test_task_fini(&tt);
}

static void
test_thick_unit_refuses_unmap_in_write_same(void **state)
{
	struct scsi_test *t = *state;
	uint8_t out[512] = { 0 };
	struct test_task tt = { 0 };

	run_same(t, &tt, 0x93, 0x08, 0, 1, out, 512);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_int_equal(run_same(t, &tt, 0x93, 0, 0, 1, out, 512), 0);
	run_same(t, &tt, SCSI_LONG_CDB, 0x08, 0, 1, out, 512);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_write_same_reports_where_it_failed(void **state)
{
	struct scsi_test *t = *state;
	uint8_t out[512] = { 1 };
	struct test_task tt = { 0 };

	t->dev->fail[BLK_WRITE] = -ENOSPC;
	run_same(t, &tt, 0x93, 0, 0, 100, out, 512);
	assert_sense(&tt, 0x072707);
	t->dev->fail[BLK_WRITE_ZEROES] = -EIO;
	run_same(t, &tt, 0x93, 1, 50, 1, NO_OUT);
	assert_sense(&tt, 0x030c00);
	assert_int_equal(get_be32(tt.task.sense + 3), 50);
	test_task_fini(&tt);
}

/* ---- GET LBA STATUS ---- */

/* A device of which each odd stretch of 16 blocks is a hole; extents are given piece by piece. */
static enum blk_submitted
holes_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	uint64_t piece = 8 * 512, at = io->offset_bytes / piece;

	if (io->op != BLK_MAP)
		return blk_submit(dev->below, queue, io);
	io->extent.mapped = at / 2 % 2 == 0;
	io->extent.len_bytes = MIN((at + 1) * piece - io->offset_bytes, io->len_bytes);
	io->result = 0;
	return BLK_DONE;
}

static void
holes_close(struct blk_dev *dev)
{
	mem_free(dev);
}

static const struct blk_ops holes_ops = { .name = "holes",
					  .submit = holes_submit,
					  .close = holes_close };

static void
with_holes(struct scsi_test *t)
{
	struct blk_dev *holes = mem_calloc(1, sizeof(*holes));

	assert_non_null(holes);
	assert_int_equal(blk_dev_init_above(holes, &holes_ops, t->dev->dev.below), 0);
	t->dev->dev.below = holes;
}

static uint8_t
run_status(struct scsi_test *t, struct test_task *tt, uint64_t lba, uint32_t allocation)
{
	uint8_t cdb[16] = { 0x9e, 0x12 };

	put_be64(cdb + 2, lba);
	put_be32(cdb + 10, allocation);
	return test_run(t, tt, cdb, 16, NO_OUT, allocation);
}

static void
assert_extent(const struct test_task *tt, unsigned index, uint64_t lba, uint32_t blocks,
	      uint8_t status)
{
	const uint8_t *p = tt->in + 8 + 16 * index;

	assert_int_equal(get_be64(p), lba);
	assert_int_equal(get_be32(p + 8), blocks);
	assert_int_equal(p[12], status);
}

static void
test_lba_status_tells_mapped_from_holes(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	with_holes(t);
	assert_int_equal(run_status(t, &tt, 3, 8 + 3 * 16), 0);
	assert_int_equal(tt.task.in_bytes, 8 + 3 * 16);
	assert_int_equal(get_be32(tt.in), 4 + 3 * 16);
	assert_extent(&tt, 0, 3, 13, 0);
	assert_extent(&tt, 1, 16, 16, 1);
	assert_extent(&tt, 2, 32, 16, 0);
	assert_int_equal(run_status(t, &tt, TEST_BLOCKS - 1, 4096), 0);
	assert_int_equal(tt.task.in_bytes, 24);
	assert_extent(&tt, 0, TEST_BLOCKS - 1, 1, 1);
	test_task_fini(&tt);
}

/* From whichever block on: a physical block has eight of them. */
static void
test_lba_status_of_single_blocks(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	with_holes(t);
	for (unsigned lba = 0; lba < 64; lba++) {
		unsigned rest = 16 - lba % 16;

		assert_int_equal(run_status(t, &tt, lba, 8 + 2 * 16), 0);
		assert_extent(&tt, 0, lba, rest, lba / 16 % 2);
		assert_extent(&tt, 1, lba + rest, 16, (lba / 16 + 1) % 2);
	}
	test_task_fini(&tt);
}

static void
test_lba_status_is_cut_to_its_allocation_length(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	with_holes(t);
	for (uint32_t len = 0; len <= 60; len++) {
		assert_int_equal(run_status(t, &tt, 0, len), 0);
		assert_true(tt.task.in_bytes <= len);
		if (len >= 24)
			assert_extent(&tt, 0, 0, 16, 0);
	}
	run_status(t, &tt, TEST_BLOCKS, 24);
	assert_sense(&tt, SENSE_LBA_OUT_OF_RANGE);
	test_task_fini(&tt);
}

static void
test_lba_status_of_a_device_without_holes_is_one_extent(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(run_status(t, &tt, 10, 24), 0);
	assert_extent(&tt, 0, 10, TEST_BLOCKS - 10, 0);
	test_task_fini(&tt);
}

/* As when the LUN has moved to a pool that cannot unmap; nexuses are told. */
static void
test_a_unit_with_another_device_unmaps_as_that_can(void **state)
{
	struct scsi_test *t = *state;
	struct test_dev *other = test_dev_new((uint64_t)TEST_BLOCKS * scsi_lu_block_bytes(t->lu));
	const struct range range = { 0, 3 };
	struct test_task tt = { 0 };
	struct blk_dev *old;

	other->dev.can_unmap = false;
	assert_int_equal(run_unmap(t, &tt, &range, 1), 0);
	old = scsi_lu_set_device(t->lu, &other->dev);
	assert_ptr_equal(old, &t->dev->dev);
	assert_ptr_equal(scsi_lu_device(t->lu), &other->dev);
	blk_dev_unref(old);
	assert_int_equal(run_unmap(t, &tt, &range, 1), 2);
	assert_sense(&tt, 0x063f03); /* INQUIRY DATA HAS CHANGED */
	assert_int_equal(run_unmap(t, &tt, &range, 1), 2);
	assert_sense(&tt, SENSE_INVALID_OPCODE);
	assert_int_equal(t->dev->count[BLK_UNMAP], 1);
	assert_int_equal(other->count[BLK_UNMAP], 0);
	test_task_fini(&tt);
	blk_dev_unref(&other->dev);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
		ON(scsi_test_setup, test_unmapped_blocks_read_as_zeros),
		ON(scsi_test_setup_4k, test_unmapped_blocks_read_as_zeros),
		ON(scsi_test_setup, test_a_unit_with_another_device_unmaps_as_that_can),
		ON(scsi_test_setup, test_what_changes_the_medium_is_durable_without_the_write_cache),
		ON(scsi_test_setup, test_unmap_checks_all_before_it_does_any),
		ON(scsi_test_setup, test_unmap_checks_its_parameter_list),
		ON(scsi_test_setup, test_write_same_repeats_one_block),
		ON(scsi_test_setup_4k, test_write_same_repeats_one_block),
		ON(scsi_test_setup, test_write_same_of_zeros_is_left_to_the_device),
		ON(scsi_test_setup, test_write_same_with_unmap_writes_what_is_not_zero),
		ON(scsi_test_setup, test_write_same_with_unmap_writes_until_the_end),
		ON(scsi_test_setup, test_write_same_of_no_blocks_goes_to_the_end),
		ON(scsi_test_setup, test_write_same_refuses_what_it_does_not_do),
		ON(scsi_test_setup_thick, test_thick_unit_refuses_unmap_in_write_same),
		ON(scsi_test_setup, test_write_same_reports_where_it_failed),
		ON(scsi_test_setup, test_lba_status_tells_mapped_from_holes),
		ON(scsi_test_setup, test_lba_status_of_single_blocks),
		ON(scsi_test_setup, test_lba_status_is_cut_to_its_allocation_length),
		ON(scsi_test_setup, test_lba_status_of_a_device_without_holes_is_one_extent),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi provisioning", tests, NULL, NULL);
}

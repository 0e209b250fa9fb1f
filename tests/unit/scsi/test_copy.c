/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of EXTENDED COPY and RECEIVE COPY RESULTS: on one unit, and between two that one nexus may
 * use.
 */
#include "scsi_test.h"

#include "scsi/reserve_int.h"

#include <errno.h>
#include <stdlib.h>

#define SENSE_COPY_UNREACHABLE     0x0a0d02
#define SENSE_COPY_DEVICE_FAILURE  0x0a0d01
#define SENSE_COPY_NO_MORE         0x0a0000
#define SENSE_COPY_WRITE_PROTECTED 0x0a2700
#define SENSE_COPY_INEXACT         0x0a260a
#define SENSE_COPY_WRONG_TYPE      0x0a0d03
#define SENSE_IN_PROGRESS          0x050016

enum { HOLD = 0, RESERVED_USAGE = 1, DISCARD = 2, NO_ID = 3 };

/* A parameter list that grows. */
struct list_of {
	uint8_t bytes[1024];
	size_t len;
};

static void
begin(struct list_of *l, uint8_t id, unsigned usage)
{
	memset(l, 0, sizeof(*l));
	l->bytes[0] = id;
	l->bytes[1] = (uint8_t)(usage << 3);
	l->len = 16;
}

/* An identification descriptor with the unit's NAA designator. */
static void
add_cscd(struct list_of *l, const struct scsi_test *t)
{
	uint8_t *p = l->bytes + l->len;
	const struct scsi_identity *id = scsi_lu_identity(t->lu);

	p[0] = 0xe4;
	p[4] = 0x01;
	p[5] = 0x03;
	p[7] = 8;
	memcpy(p + 8, id->naa, 8);
	put_be24(p + 29, scsi_lu_block_bytes(t->lu));
	l->len += 32;
	put_be16(l->bytes + 2, (uint16_t)(get_be16(l->bytes + 2) + 32));
}

static uint8_t *
add_segment(struct list_of *l, unsigned from, unsigned to, uint16_t blocks, uint64_t from_lba,
	    uint64_t to_lba)
{
	uint8_t *p = l->bytes + l->len;

	p[0] = 0x02;
	put_be16(p + 2, 24);
	put_be16(p + 4, (uint16_t)from);
	put_be16(p + 6, (uint16_t)to);
	put_be16(p + 10, blocks);
	put_be64(p + 12, from_lba);
	put_be64(p + 20, to_lba);
	l->len += 28;
	put_be32(l->bytes + 8, get_be32(l->bytes + 8) + 28);
	return p;
}

static void
copy_cdb(uint8_t cdb[16], size_t len)
{
	memset(cdb, 0, 16);
	cdb[0] = 0x83;
	put_be32(cdb + 10, (uint32_t)len);
}

/* Runs a copy to its end.  Each chunk but the first has a turn of its own. */
static uint8_t
copy(struct scsi_test *t, struct test_task *tt, const struct list_of *l)
{
	uint8_t cdb[16];

	copy_cdb(cdb, l->len);
	if (tt->task.nexus != NULL)
		test_task_fini(tt);
	test_task_init(tt, &t->nexus, &t->itl, cdb, 16, l->bytes, l->len, 0);
	if (test_start(tt) == SCSI_PENDING)
		for (unsigned turns = 1; !tt->done; turns++) {
			assert_int_equal(tt->resumes, turns);
			scsi_task_resume(&tt->task);
		}
	return tt->task.status;
}

static uint8_t
results(struct scsi_test *t, struct test_task *tt, uint8_t action, uint8_t id)
{
	return test_run(t, tt, CDB(0x84, action, id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), NO_OUT,
			256);
}

/* Writes blocks that all differ, and returns what they are; the caller frees it. */
static uint8_t *
fill_pattern(struct scsi_test *t, uint64_t lba, size_t blocks)
{
	size_t block = scsi_lu_block_bytes(t->lu), len = blocks * block;
	uint8_t *bytes = malloc(len);

	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(1 + (i / block * 31 + i % 7) % 255);
	assert_int_equal(blk_rw(t->dev->dev.below, BLK_WRITE, lba * block, bytes, len), 0);
	return bytes;
}

static void
assert_medium(struct scsi_test *t, uint64_t lba, const uint8_t *bytes, size_t blocks)
{
	size_t len = blocks * scsi_lu_block_bytes(t->lu);
	uint8_t *medium = malloc(len);

	assert_non_null(medium);
	test_peek(t, lba, medium, blocks);
	assert_memory_equal(medium, bytes, len);
	free(medium);
}

/* A unit of another identity, which the nexus of t may use. */
static struct scsi_test *
add_other(struct scsi_test *t, uint32_t block_bytes)
{
	struct scsi_test *other = scsi_test_new(block_bytes, true);

	other->lu->desc.identity.naa[7] ^= 0x55;
	other->lu->desc.identity.guid.bytes[0] ^= 0x55;
	t->other = other;
	return other;
}

static void
test_a_segment_is_copied_within_a_unit(void **state)
{
	struct scsi_test *t = *state;
	uint8_t *bytes = fill_pattern(t, 5, 100);
	struct test_task tt = { 0 };
	struct list_of l;

	begin(&l, 1, HOLD);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 100, 5, 1000);
	assert_int_equal(copy(t, &tt, &l), 0);
	assert_medium(t, 1000, bytes, 100);
	assert_medium(t, 5, bytes, 100);
	free(bytes);
	test_task_fini(&tt);
}

static void
test_segments_are_copied_between_units_in_their_order(void **state)
{
	struct scsi_test *t = *state, *other = add_other(t, 512);
	uint8_t *bytes = fill_pattern(t, 0, 64);
	struct test_task tt = { 0 };
	struct list_of l;

	begin(&l, 0, NO_ID);
	add_cscd(&l, t);
	add_cscd(&l, other);
	add_segment(&l, 0, 1, 64, 0, 200);
	add_segment(&l, 1, 1, 64, 200, 300);
	add_segment(&l, 1, 0xffff, 64, 300, 900); /* FFFFh: the unit of the command */
	assert_int_equal(copy(t, &tt, &l), 0);
	assert_medium(other, 200, bytes, 64);
	assert_medium(other, 300, bytes, 64);
	assert_medium(t, 900, bytes, 64);
	free(bytes);
	test_task_fini(&tt);
	scsi_test_free(other);
}

static void
test_block_sizes_may_differ_when_the_segment_fits(void **state)
{
	struct scsi_test *t = *state, *other = add_other(t, 4096);
	uint8_t *bytes = fill_pattern(t, 0, 32);
	struct test_task tt = { 0 };
	struct list_of l;
	uint8_t *segment;

	begin(&l, 0, NO_ID);
	add_cscd(&l, t);
	add_cscd(&l, other);
	add_segment(&l, 0, 1, 16, 0, 7);
	segment = add_segment(&l, 0, 1, 2, 16, 9);
	segment[1] = 0x02; /* DC: blocks of the destination */
	assert_int_equal(copy(t, &tt, &l), 0);
	assert_medium(other, 7, bytes, 4);
	begin(&l, 0, NO_ID);
	add_cscd(&l, t);
	add_cscd(&l, other);
	add_segment(&l, 0, 1, 9, 0, 7);
	copy(t, &tt, &l);
	assert_sense(&tt, SENSE_COPY_INEXACT);
	free(bytes);
	test_task_fini(&tt);
	scsi_test_free(other);
}

/* More than two chunks of 1 MiB, in both directions. */
static void
test_overlapping_ranges_are_copied_as_they_were(void **state)
{
	struct scsi_test *t = *state;
	const uint64_t places[][2] = { { 0, 48 }, { 48, 0 }, { 0, 300 }, { 300, 0 }, { 10, 10 } };
	struct test_task tt = { 0 };
	struct list_of l;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		uint8_t *bytes = fill_pattern(t, places[i][0], 700);

		begin(&l, 0, NO_ID);
		add_cscd(&l, t);
		add_segment(&l, 0, 0, 700, places[i][0], places[i][1]);
		assert_int_equal(copy(t, &tt, &l), 0);
		assert_medium(t, places[i][1], bytes, 700);
		free(bytes);
	}
	test_task_fini(&tt);
}

static void
test_zeros_are_left_without_space(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t medium[512];
	struct list_of l;

	test_fill(t, 0, 0, 64);
	test_fill(t, 500, 0xaa, 64);
	begin(&l, 0, NO_ID);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 64, 0, 500);
	assert_int_equal(copy(t, &tt, &l), 0);
	assert_int_equal(t->dev->count[BLK_WRITE], 0);
	assert_int_equal(t->dev->flags[BLK_WRITE_ZEROES] & BLK_MAY_UNMAP, BLK_MAY_UNMAP);
	test_peek(t, 520, medium, 1);
	assert_true(test_all(medium, 512, 0));
	test_task_fini(&tt);
}

/* A run counts where it has whole 64 KiB of the destination, not where the source has them. */
static void
test_zeros_among_data_are_left_without_space(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t medium[512];
	struct list_of l;

	test_fill(t, 0, 0x11, 20);
	test_fill(t, 20, 0, 300); /* in the destination from 532 on: 640 and 768 are aligned */
	test_fill(t, 320, 0x22, 30);
	test_fill(t, 512, 0xaa, 350);
	begin(&l, 0, NO_ID);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 350, 0, 512);
	assert_int_equal(copy(t, &tt, &l), 0);
	assert_int_equal(t->dev->count[BLK_WRITE], 2);
	assert_int_equal(t->dev->count[BLK_WRITE_ZEROES], 1);
	assert_int_equal(t->dev->flags[BLK_WRITE_ZEROES] & BLK_MAY_UNMAP, BLK_MAY_UNMAP);
	for (unsigned i = 0; i < 350; i++) {
		test_peek(t, 512 + i, medium, 1);
		assert_true(test_all(medium, 512, i < 20 ? 0x11 : i < 320 ? 0 : 0x22));
	}
	test_task_fini(&tt);
}

/* Nothing of a chunk is told as copied whose second write has failed. */
static void
test_a_failure_among_the_runs_of_a_chunk_ends_the_copy(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	struct list_of l;

	test_fill(t, 0, 0x11, 128);
	test_fill(t, 128, 0, 128);
	t->dev->fail[BLK_WRITE_ZEROES] = -EIO;
	begin(&l, 0, NO_ID);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 256, 0, 512);
	copy(t, &tt, &l);
	assert_int_equal(tt.task.status, SCSI_STATUS_CHECK_CONDITION);
	assert_int_equal(t->dev->count[BLK_WRITE], 1);
	assert_int_equal(t->dev->count[BLK_WRITE_ZEROES], 1);
	test_task_fini(&tt);
}

static void
test_without_the_write_cache_a_copy_is_durable(void **state)
{
	struct scsi_test *t = *state;
	uint8_t *bytes = fill_pattern(t, 0, 8);
	struct test_task tt = { 0 };
	struct list_of l;

	begin(&l, 0, NO_ID);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 8, 0, 500);
	assert_int_equal(copy(t, &tt, &l), 0);
	assert_int_equal(t->dev->flags[BLK_WRITE] & BLK_FUA, 0);
	scsi_lu_set_write_through(t->lu, true);
	scsi_ua_take(&t->itl);
	assert_int_equal(copy(t, &tt, &l), 0);
	assert_int_equal(t->dev->flags[BLK_WRITE] & BLK_FUA, BLK_FUA);
	free(bytes);
	test_task_fini(&tt);
}

static void
test_an_empty_list_copies_nothing(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	struct list_of l;

	begin(&l, 3, HOLD);
	l.len = 0;
	assert_int_equal(copy(t, &tt, &l), 0);
	begin(&l, 3, HOLD);
	assert_int_equal(copy(t, &tt, &l), 0);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 0, 5, 1000);
	assert_int_equal(copy(t, &tt, &l), 0);
	assert_int_equal(t->dev->count[BLK_WRITE] + t->dev->count[BLK_READ], 0);
	test_task_fini(&tt);
}

/* What is changed in a list that is right otherwise, and what that is answered with. */
static const struct bad {
	const char *what;
	int at; /* byte of the list; -1 = its length */
	uint8_t value;
	uint32_t sense;
	int pointer; /* field pointer, or -1 */
} bad_lists[] = {
	/* clang-format off */
	{ "list id usage 01b",          1,  0x08, SENSE_INVALID_PARAMETER,   1 },
	{ "a list id that is not used", 1,  0x18, SENSE_INVALID_PARAMETER,   0 },
	{ "half a CSCD",                3,  16,   SENSE_PARAMETER_LENGTH,   -1 },
	{ "more CSCDs than bytes",      3,  64,   SENSE_PARAMETER_LENGTH,   -1 },
	{ "inline data",                15, 1,    0x05260b,                 12 },
	{ "half a segment",             11, 27,   SENSE_PARAMETER_LENGTH,   -1 },
	{ "more segments than bytes",   11, 56,   SENSE_PARAMETER_LENGTH,   -1 },
	{ "another CSCD type",          16, 0xe5, 0x052607,                 16 },
	{ "a tape",                     17, 0x01, SENSE_COPY_WRONG_TYPE,    17 },
	{ "a designator of 0 bytes",    23, 0,    SENSE_INVALID_PARAMETER,  23 },
	{ "a designator of 21 bytes",   23, 21,   SENSE_INVALID_PARAMETER,  23 },
	{ "a unit of no array",         24, 0xff, SENSE_COPY_UNREACHABLE,   16 },
	{ "another block size",         46, 0x10, SENSE_INVALID_PARAMETER,  45 },
	{ "another segment type",       48, 0x00, 0x052609,                 48 },
	{ "a segment of another size",  51, 20,   SENSE_INVALID_PARAMETER,  50 },
	{ "no such source",             53, 1,    SENSE_COPY_UNREACHABLE,    4 },
	{ "no such destination",        55, 1,    SENSE_COPY_UNREACHABLE,    6 },
	{ "a source beyond the end",    66, 0x08, SENSE_COPY_NO_MORE,       12 },
	{ "a destination beyond",       74, 0x08, SENSE_COPY_NO_MORE,       20 },
	{ "a source near 2^64",         60, 0xff, SENSE_COPY_NO_MORE,       12 },
	{ "a destination near 2^64",    68, 0xff, SENSE_COPY_NO_MORE,       20 },
	/* clang-format on */
};

static void
test_each_bad_list_is_refused_with_the_place(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	struct list_of l;

	for (size_t i = 0; i < ARRAY_LEN(bad_lists); i++) {
		const struct bad *bad = &bad_lists[i];

		begin(&l, 1, HOLD);
		add_cscd(&l, t);
		add_segment(&l, 0, 0, 8, 0, 100);
		l.bytes[bad->at] = bad->value;
		copy(t, &tt, &l);
		if (tt.task.status != SCSI_STATUS_CHECK_CONDITION ||
		    test_sense(&tt.task) != bad->sense)
			fail_msg("%s: status %02x, sense %06x", bad->what, tt.task.status,
				 test_sense(&tt.task));
		if (bad->pointer >= 0) {
			assert_true(tt.task.sense[15] & 0x80);
			assert_int_equal(get_be16(tt.task.sense + 16), bad->pointer);
		}
	}
	assert_int_equal(t->dev->count[BLK_WRITE], 0);
	test_task_fini(&tt);
}

static void
test_lists_longer_than_the_limits_are_refused(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	struct list_of l;

	begin(&l, 1, HOLD);
	for (unsigned i = 0; i <= COPY_MAX_CSCDS; i++)
		add_cscd(&l, t);
	copy(t, &tt, &l);
	assert_sense(&tt, 0x052606);
	begin(&l, 1, HOLD);
	add_cscd(&l, t);
	for (unsigned i = 0; i <= COPY_MAX_SEGMENTS; i++)
		add_segment(&l, 0, 0, 1, 0, 1);
	copy(t, &tt, &l);
	assert_sense(&tt, 0x052608);
	l.len = 16 + COPY_MAX_LIST_BYTES + 1;
	copy(t, &tt, &l);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	l.len = 15;
	copy(t, &tt, &l);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	test_task_fini(&tt);
}

static void
test_sense_names_the_segment_in_both_formats(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	struct list_of l;

	begin(&l, 0, NO_ID);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 8, 0, 100);
	add_segment(&l, 0, 0, 8, 0, 200);
	add_segment(&l, 0, 0, 8, TEST_BLOCKS - 7, 300);
	copy(t, &tt, &l);
	assert_sense(&tt, SENSE_COPY_NO_MORE);
	assert_memory_equal(tt.task.sense + 8, "\x00\x00\x00\x02", 4);
	assert_memory_equal(tt.task.sense + 15, "\xa0\x00\x0c", 3);
	assert_int_equal(t->dev->count[BLK_WRITE] + t->dev->count[BLK_WRITE_ZEROES], 2);
	atomic_store(&t->lu->mode, MODE_D_SENSE);
	copy(t, &tt, &l);
	assert_sense(&tt, SENSE_COPY_NO_MORE);
	assert_memory_equal(tt.task.sense + 8, "\x01\x0a\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00",
			    12);
	assert_memory_equal(tt.task.sense + 20, "\x02\x06\x00\x00\xa0\x00\x0c\x00", 8);
	test_task_fini(&tt);
}

static void
test_units_that_cannot_be_used_end_the_copy(void **state)
{
	struct scsi_test *t = *state, *other = add_other(t, 512);
	uint8_t *bytes = fill_pattern(t, 0, 8);
	struct test_task tt = { 0 };
	struct list_of l;

	begin(&l, 0, NO_ID);
	add_cscd(&l, t);
	add_cscd(&l, other);
	add_segment(&l, 0, 1, 8, 0, 0);
	t->open_error = ERR_BUSY;
	assert_int_equal(copy(t, &tt, &l), SCSI_STATUS_BUSY);
	t->open_error = -ENOMEM;
	assert_int_equal(copy(t, &tt, &l), SCSI_STATUS_BUSY);
	t->open_error = 0;
	scsi_lu_fence(other->lu);
	assert_int_equal(copy(t, &tt, &l), SCSI_STATUS_BUSY);
	scsi_lu_unfence(other->lu);
	scsi_lu_set_offline(other->lu, true);
	copy(t, &tt, &l);
	assert_sense(&tt, SENSE_COPY_UNREACHABLE);
	scsi_lu_set_offline(other->lu, false);
	atomic_store(&other->lu->mode, MODE_SWP);
	copy(t, &tt, &l);
	assert_sense(&tt, SENSE_COPY_WRITE_PROTECTED);
	atomic_store(&other->lu->mode, MODE_WCE);
	other->dev->fail[BLK_WRITE] = -EIO;
	copy(t, &tt, &l);
	assert_sense(&tt, SENSE_COPY_DEVICE_FAILURE);
	other->dev->fail[BLK_WRITE] = -ENOSPC;
	copy(t, &tt, &l);
	assert_sense(&tt, 0x072707);
	other->dev->fail[BLK_WRITE] = ERR_FAILED;
	copy(t, &tt, &l);
	assert_sense(&tt, SENSE_COPY_DEVICE_FAILURE);
	assert_int_equal(scsi_lu_state(other->lu), SCSI_LU_FAILED);
	assert_int_equal(scsi_lu_state(t->lu), SCSI_LU_ONLINE);
	free(bytes);
	test_task_fini(&tt);
	scsi_test_free(other);
}

/* Each role that a nexus may have to the reservation of the source and of the destination. */
static void
test_reservations_of_the_units_are_kept(void **state)
{
	struct scsi_test *t = *state, *other = add_other(t, 512);
	struct test_task tt = { 0 };
	struct list_of l;

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		begin(&l, 0, NO_ID);
		add_cscd(&l, t);
		add_cscd(&l, other);
		add_segment(&l, 0, 1, 8, 0, 0);
		other->itl.role = (uint8_t)role;
		assert_int_equal(copy(t, &tt, &l), scsi_access_conflicts[ACCESS_CHANGES][role]
							   ? SCSI_STATUS_RESERVATION_CONFLICT
							   : 0);
		begin(&l, 0, NO_ID);
		add_cscd(&l, t);
		add_cscd(&l, other);
		add_segment(&l, 1, 0, 8, 0, 0);
		assert_int_equal(copy(t, &tt, &l), scsi_access_conflicts[ACCESS_READS][role]
							   ? SCSI_STATUS_RESERVATION_CONFLICT
							   : 0);
	}
	other->itl.role = 0;
	test_task_fini(&tt);
	scsi_test_free(other);
}

/* ---- What is known of a copy ---- */

static void
test_status_of_a_copy_is_told_once(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	struct list_of l;

	results(t, &tt, 0x00, 9);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	begin(&l, 9, HOLD);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 8, 0, 100);
	add_segment(&l, 0, 0, 8, 0, 200);
	assert_int_equal(copy(t, &tt, &l), 0);
	assert_int_equal(results(t, &tt, 0x04, 9), SCSI_STATUS_CHECK_CONDITION);
	assert_int_equal(results(t, &tt, 0x01, 9), 0);
	assert_memory_equal(tt.in, "\0\0\0\0", 4);
	assert_int_equal(results(t, &tt, 0x00, 9), 0);
	assert_memory_equal(tt.in, "\x00\x00\x00\x08\x01\x00\x02\x00\x00\x00\x20\x00", 12);
	results(t, &tt, 0x00, 9);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_details_of_a_failure_are_told_once(void **state)
{
	struct scsi_test *t = *state;
	uint8_t sense[18];
	struct test_task tt = { 0 };
	struct list_of l;

	begin(&l, 9, HOLD);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 8, 0, 100);
	add_segment(&l, 0, 0, 8, TEST_BLOCKS, 200);
	assert_int_equal(copy(t, &tt, &l), SCSI_STATUS_CHECK_CONDITION);
	memcpy(sense, tt.task.sense, sizeof(sense));
	assert_int_equal(results(t, &tt, 0x00, 9), 0);
	assert_memory_equal(tt.in + 4, "\x02\x00\x01\x00\x00\x00\x10\x00", 8);
	assert_int_equal(results(t, &tt, 0x04, 9), 0);
	assert_int_equal(get_be32(tt.in), 60 + 18 - 4);
	assert_int_equal(tt.in[56], SCSI_STATUS_CHECK_CONDITION);
	assert_int_equal(get_be16(tt.in + 58), 18);
	assert_memory_equal(tt.in + 60, sense, 18);
	results(t, &tt, 0x04, 9);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_nothing_is_kept_of_a_copy_that_asks_for_nothing(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	struct list_of l;

	begin(&l, 9, DISCARD);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 8, 0, 100);
	assert_int_equal(copy(t, &tt, &l), 0);
	results(t, &tt, 0x00, 9);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_of_many_copies_the_last_are_kept(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	struct list_of l;

	for (unsigned id = 0; id < COPY_MAX_KNOWN + 3; id++) {
		begin(&l, (uint8_t)id, HOLD);
		assert_int_equal(copy(t, &tt, &l), 0);
	}
	results(t, &tt, 0x00, 2);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_int_equal(results(t, &tt, 0x00, 3), 0);
	assert_int_equal(results(t, &tt, 0x00, COPY_MAX_KNOWN + 2), 0);
	test_task_fini(&tt);
}

static void
test_a_reset_and_another_nexus_know_nothing(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct scsi_itl itl;
	struct test_task tt = { 0 };
	struct list_of l;

	begin(&l, 9, HOLD);
	assert_int_equal(copy(t, &tt, &l), 0);
	scsi_test_nexus(t, &nexus, &itl);
	test_task_fini(&tt);
	test_task_init(&tt, &nexus, &itl, CDB(0x84, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0),
		       NO_OUT, 256);
	assert_int_equal(test_start(&tt), SCSI_DONE);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	scsi_lu_reset(t->lu, &t->itl);
	results(t, &tt, 0x00, 9);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
	scsi_itl_fini(&itl);
}

static void
test_operating_parameters_are_those_that_are_kept(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(results(t, &tt, 0x03, 0), 0);
	assert_int_equal(tt.task.in_bytes, 46);
	assert_int_equal(get_be32(tt.in), 42);
	assert_int_equal(tt.in[4], 0x01);
	assert_int_equal(get_be16(tt.in + 8), COPY_MAX_CSCDS);
	assert_int_equal(get_be16(tt.in + 10), COPY_MAX_SEGMENTS);
	assert_int_equal(get_be32(tt.in + 12), COPY_MAX_LIST_BYTES);
	assert_int_equal(get_be32(tt.in + 16), COPY_MAX_SEGMENT_BYTES);
	assert_int_equal(tt.in[37], 9);
	assert_memory_equal(tt.in + 43, "\x02\x02\xe4", 3);
	test_task_fini(&tt);
}

static void
test_third_party_copy_page_lists_the_commands(void **state)
{
	static const uint8_t commands[] = {
		0x00, 0x01, 0x00, 0x14, 0x10, 0x83, 0x05, 0x00, 0x01, 0x10, 0x11, 0x1c,
		0x84, 0x07, 0x00, 0x01, 0x03, 0x04, 0x05, 0x07, 0x08, 0x00, 0x00, 0x00,
	};
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(0x12, 0x01, 0x8f, 2, 0, 0), NO_OUT, 512), 0);
	assert_int_equal(get_be16(tt.in + 2), tt.task.in_bytes - 4);
	assert_memory_equal(tt.in + 4 + 36, commands, sizeof(commands));
	assert_int_equal(tt.task.in_bytes % 4, 0);
	test_task_fini(&tt);
}

/* ---- Copies under way ---- */

static void
test_a_copy_waits_for_a_locked_range_and_goes_on(void **state)
{
	struct scsi_test *t = *state;
	uint8_t *bytes = fill_pattern(t, 0, 8), cdb[16], caw[1024] = { 0 };
	uint8_t caw_cdb[16] = { 0x89 };
	struct test_task tt, atomic;
	struct list_of l;

	/* a COMPARE AND WRITE of a destination block is under way */
	test_fill(t, 100, 0, 1);
	put_be64(caw_cdb + 2, 100);
	caw_cdb[13] = 1;
	t->dev->hold = true;
	test_task_init(&atomic, &t->nexus, &t->itl, caw_cdb, 16, caw, sizeof(caw), 0);
	assert_int_equal(test_start(&atomic), SCSI_PENDING);
	begin(&l, 9, HOLD);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 8, 0, 100);
	copy_cdb(cdb, l.len);
	test_task_init(&tt, &t->nexus, &t->itl, cdb, 16, l.bytes, l.len, 0);
	assert_int_equal(test_start(&tt), SCSI_PENDING);
	assert_int_equal(t->dev->held_count, 2); /* both read */
	t->dev->hold = false;
	test_dev_complete(t->dev);
	assert_true(atomic.done);
	test_dev_complete(t->dev);
	if (tt.resumes > 0)
		scsi_task_resume(&tt.task);
	assert_true(tt.done);
	assert_int_equal(tt.task.status, 0);
	assert_medium(t, 100, bytes, 8);
	free(bytes);
	test_task_fini(&tt);
	test_task_fini(&atomic);
}

static void
test_a_copy_under_way_is_told_and_its_identifier_refused(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt, asks = { 0 };
	struct list_of l;
	uint8_t cdb[16];

	begin(&l, 9, HOLD);
	add_cscd(&l, t);
	add_segment(&l, 0, 0, 8, 0, 100);
	copy_cdb(cdb, l.len);
	test_task_init(&tt, &t->nexus, &t->itl, cdb, 16, l.bytes, l.len, 0);
	t->dev->hold = true;
	assert_int_equal(test_start(&tt), SCSI_PENDING);
	assert_int_equal(results(t, &asks, 0x00, 9), 0);
	assert_int_equal(asks.in[4], 0x00);
	results(t, &asks, 0x01, 9);
	assert_sense(&asks, SENSE_INVALID_FIELD);
	copy(t, &asks, &l);
	assert_sense(&asks, SENSE_IN_PROGRESS);
	/* The abort takes effect when the read is back, and the copy is forgotten. */
	assert_int_equal(scsi_task_abort(&tt.task), SCSI_PENDING);
	test_dev_complete(t->dev);
	assert_true(tt.done && tt.task.aborted);
	assert_int_equal(t->dev->count[BLK_WRITE], 0);
	results(t, &asks, 0x00, 9);
	assert_sense(&asks, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
	test_task_fini(&asks);
}

static void
test_a_copy_that_is_stopped_ends_after_its_chunk(void **state)
{
	struct scsi_test *t = *state, *other = add_other(t, 512);
	struct test_task tt;
	struct list_of l;
	uint8_t cdb[16];

	begin(&l, 0, NO_ID);
	add_cscd(&l, t);
	add_cscd(&l, other);
	add_segment(&l, 0, 1, 8, 0, 100);
	copy_cdb(cdb, l.len);
	test_task_init(&tt, &t->nexus, &t->itl, cdb, 16, l.bytes, l.len, 0);
	t->dev->hold = true;
	assert_int_equal(test_start(&tt), SCSI_PENDING);
	scsi_task_stop_copy(&tt.task);
	test_dev_complete(t->dev);
	assert_true(tt.done);
	assert_sense(&tt, SENSE_COPY_UNREACHABLE);
	assert_int_equal(other->dev->count[BLK_WRITE] + other->dev->count[BLK_WRITE_ZEROES], 0);
	test_task_fini(&tt);
	scsi_test_free(other);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#define ON(test) cmocka_unit_test_setup_teardown(test, scsi_test_setup, scsi_test_teardown)
		ON(test_a_segment_is_copied_within_a_unit),
		ON(test_segments_are_copied_between_units_in_their_order),
		ON(test_block_sizes_may_differ_when_the_segment_fits),
		ON(test_overlapping_ranges_are_copied_as_they_were),
		ON(test_zeros_are_left_without_space),
		ON(test_zeros_among_data_are_left_without_space),
		ON(test_a_failure_among_the_runs_of_a_chunk_ends_the_copy),
		ON(test_without_the_write_cache_a_copy_is_durable),
		ON(test_an_empty_list_copies_nothing),
		ON(test_each_bad_list_is_refused_with_the_place),
		ON(test_lists_longer_than_the_limits_are_refused),
		ON(test_sense_names_the_segment_in_both_formats),
		ON(test_units_that_cannot_be_used_end_the_copy),
		ON(test_reservations_of_the_units_are_kept),
		ON(test_status_of_a_copy_is_told_once),
		ON(test_details_of_a_failure_are_told_once),
		ON(test_nothing_is_kept_of_a_copy_that_asks_for_nothing),
		ON(test_of_many_copies_the_last_are_kept),
		ON(test_a_reset_and_another_nexus_know_nothing),
		ON(test_operating_parameters_are_those_that_are_kept),
		ON(test_third_party_copy_page_lists_the_commands),
		ON(test_a_copy_waits_for_a_locked_range_and_goes_on),
		ON(test_a_copy_under_way_is_told_and_its_identifier_refused),
		ON(test_a_copy_that_is_stopped_ends_after_its_chunk),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi copy", tests, NULL, NULL);
}

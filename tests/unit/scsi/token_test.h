/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of ROD tokens share: parameter lists, commands, a clock of their own. */
#ifndef VDS_TESTS_UNIT_SCSI_TOKEN_TEST_H
#define VDS_TESTS_UNIT_SCSI_TOKEN_TEST_H

#include "scsi_test.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "scsi/copy_int.h"

#define SENSE_TOKEN(ascq)      (0x052300u | (ascq))
#define SENSE_TOO_MANY_RANGES  0x052608
#define SENSE_NO_ROOM          0x05550d
#define SENSE_COPY_UNREACHABLE 0x0a0d02
#define SENSE_COPY_CLEARED     0x0a2f02
#define SENSE_IN_PROGRESS      0x050016

enum { RTV = 0x02, DEL_TKN = 0x02, IMMED = 0x01, WRITE_HEADER = 536, POPULATE_HEADER = 16 };

static struct scsi_host_ops ops;
static uint64_t time_ns;

static inline uint64_t
host_now_ns(struct scsi_nexus *nexus)
{
	(void)nexus;
	return time_ns;
}

static inline void
use_clock(struct scsi_test *t)
{
	ops = scsi_test_ops;
	ops.now_ns = host_now_ns;
	t->nexus.ops = &ops;
}

static inline int
token_setup(void **state)
{
	int rc = scsi_test_setup(state);

	time_ns = 1000 * NS_PER_S;
	use_clock(*state);
	return rc;
}

/* A parameter list, for either command. */
struct list_of {
	uint8_t bytes[1600];
	size_t len;
	unsigned header;
};

static inline void
begin(struct list_of *l, unsigned header)
{
	memset(l, 0, sizeof(*l));
	l->header = header;
	l->len = header;
}

static inline void
add_range(struct list_of *l, uint64_t lba, uint32_t blocks)
{
	put_be64(l->bytes + l->len, lba);
	put_be32(l->bytes + l->len + 8, blocks);
	l->len += 16;
	put_be16(l->bytes, (uint16_t)(l->len - 2));
	put_be16(l->bytes + l->header - 2, (uint16_t)(l->len - l->header));
}

static inline void
cdb_of(uint8_t cdb[16], uint8_t action, uint32_t id, size_t len)
{
	memset(cdb, 0, 16);
	cdb[0] = 0x83;
	cdb[1] = action;
	put_be32(cdb + 6, id);
	put_be32(cdb + 10, (uint32_t)len);
}

static inline void
finish(struct test_task *tt)
{
	for (unsigned turns = 1; !tt->done; turns++) {
		assert_int_equal(tt->resumes, turns);
		scsi_task_resume(&tt->task);
	}
}

/* Begins a command with this list. */
static inline enum scsi_progress
start(struct scsi_test *t, struct test_task *tt, uint8_t action, uint32_t id,
      const struct list_of *l)
{
	uint8_t cdb[16];

	cdb_of(cdb, action, id, l->len);
	if (tt->task.nexus != NULL)
		test_task_fini(tt);
	test_task_init(tt, &t->nexus, &t->itl, cdb, 16, l->bytes, l->len, 0);
	return test_start(tt);
}

static inline uint8_t
run(struct scsi_test *t, struct test_task *tt, uint8_t action, uint32_t id, const struct list_of *l)
{
	if (start(t, tt, action, id, l) == SCSI_PENDING)
		finish(tt);
	return tt->task.status;
}

static inline uint8_t
receive(struct scsi_test *t, struct test_task *tt, uint8_t action, uint32_t id)
{
	uint8_t cdb[16] = { 0x84, action };

	put_be32(cdb + 2, id);
	put_be32(cdb + 10, 32768);
	return test_run(t, tt, cdb, 16, NO_OUT, 32768);
}

/* Makes a token of these blocks, and reads it. */
static inline void
make_token(struct scsi_test *t, uint64_t lba, uint32_t blocks, uint8_t token[TOKEN_BYTES])
{
	struct test_task tt = { 0 };
	static struct list_of l;

	begin(&l, POPULATE_HEADER);
	add_range(&l, lba, blocks);
	assert_int_equal(run(t, &tt, 0x10, 7, &l), 0);
	assert_int_equal(receive(t, &tt, 0x07, 7), 0);
	assert_int_equal(get_be32(tt.in + 32), 2 + TOKEN_BYTES);
	memcpy(token, tt.in + 38, TOKEN_BYTES);
	test_task_fini(&tt);
}

static inline void
begin_write(struct list_of *l, const uint8_t *token, uint64_t offset)
{
	begin(l, WRITE_HEADER);
	put_be64(l->bytes + 8, offset);
	memcpy(l->bytes + 16, token, TOKEN_BYTES);
}

/* Writes `blocks` of what the token stands for to the unit. */
static inline uint8_t
write_token(struct scsi_test *t, struct test_task *tt, const uint8_t *token, uint64_t offset,
	    uint64_t lba, uint32_t blocks)
{
	static struct list_of l;

	begin_write(&l, token, offset);
	add_range(&l, lba, blocks);
	return run(t, tt, 0x11, 9, &l);
}

/* Writes a pattern in which each block is another one; the caller frees it. */
static inline uint8_t *
fill_pattern(struct scsi_test *t, uint64_t lba, size_t blocks)
{
	size_t block = scsi_lu_block_bytes(t->lu), len = blocks * block;
	uint8_t *bytes = malloc(len);

	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(1 + (i / 512 * 31 + i % 7) % 255);
	assert_int_equal(blk_rw(t->dev->dev.below, BLK_WRITE, lba * block, bytes, len), 0);
	return bytes;
}

static inline void
assert_medium(struct scsi_test *t, uint64_t lba, const uint8_t *bytes, size_t blocks)
{
	size_t len = blocks * scsi_lu_block_bytes(t->lu);
	uint8_t *medium = malloc(len);

	assert_non_null(medium);
	test_peek(t, lba, medium, blocks);
	assert_memory_equal(medium, bytes, len);
	free(medium);
}

/* Another unit, whose nexus may use that of t too. */
static inline struct scsi_test *
add_other(struct scsi_test *t, uint32_t block_bytes)
{
	struct scsi_test *other = scsi_test_new(block_bytes, true);

	other->lu->desc.identity.naa[7] ^= 0x55;
	other->lu->desc.identity.guid.bytes[0] ^= 0x55;
	other->other = t;
	use_clock(other);
	return other;
}

/* A field of a list that is wrong, and what is said of it. */
struct bad {
	const char *what;
	unsigned at;
	uint8_t value;
	uint32_t sense;
	int pointer;
};

#define ON(test) cmocka_unit_test_setup_teardown(test, token_setup, scsi_test_teardown)

#endif

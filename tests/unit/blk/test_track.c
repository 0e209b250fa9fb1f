/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the tracking layer and of copies from one device to another: that a device that is in
 * use is copied whole, in whatever order its operations and the copier's steps come.
 */
#include "blk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "blk/blk_int.h"

#define CHUNK  (64u * TEST_KIB)
#define WINDOW (CHUNK - 8192) /* the part of the device that is looked at, around a chunk's end */

/* ---- every order of two operations and a copier ---- */

/* A device whose operations happen when the test says so: a first half, the rest, the end. */
struct slow_dev {
	struct blk_dev dev;
	uint8_t *bytes;
};

static enum blk_submitted
slow_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	(void)dev;
	(void)queue;
	(void)io;
	return BLK_PENDING;
}

static void
slow_close(struct blk_dev *dev)
{
	(void)dev;
}

static const struct blk_ops slow_ops = {
	.name = "slow",
	.submit = slow_submit,
	.close = slow_close,
};

enum { OP_STEPS = 4, COPY_STEPS = 3, STEPS = 2 * OP_STEPS + COPY_STEPS };

struct order {
	struct blk_test *t;
	struct blk_queue *queue;
	struct slow_dev slow;
	struct blk_dev *track;
	uint8_t from[16384], to[16384]; /* the window */
	/* the operations, each in a part of both chunks */
	struct blk_io ops[2];
	struct iovec iov[2];
	uint8_t data[2][CHUNK];
	int results[2];
	bool ended[2];
	/* the copier */
	uint64_t at, len;
	uint8_t buf[16384];
};

static void
op_ended(struct blk_io *io)
{
	*(bool *)io->owner = true;
}

/* Does what an operation does to one half of its range. */
static void
land(struct order *o, unsigned i, uint64_t offset, uint64_t len)
{
	memset(&o->from[offset - WINDOW], o->ops[i].op == BLK_WRITE ? (int)i + 1 : 0, len);
}

static void
op_step(struct order *o, unsigned i, unsigned step)
{
	struct blk_io *io = &o->ops[i];
	uint64_t half = io->len_bytes / 2;

	switch (step) {
	case 0:
		o->ended[i] = false;
		assert_int_equal(blk_submit(o->track, o->queue, io), BLK_PENDING);
		break;
	case 1:
		land(o, i, io->offset_bytes, half);
		break;
	case 2:
		if (o->results[i] == 0) /* one that fails is there in part */
			land(o, i, io->offset_bytes + half, half);
		break;
	default:
		blk_complete(io, o->results[i]);
		assert_true(o->ended[i]);
		break;
	}
}

static void
copy_step(struct order *o, unsigned step)
{
	switch (step) {
	case 0:
		o->len = 0;
		if (!blk_track_take(o->track, 0, &o->at, &o->len))
			break;
		/* what of it is in the window */
		o->len = MIN(o->at + o->len, WINDOW + sizeof(o->from)) - MAX(o->at, WINDOW);
		o->at = o->at > WINDOW ? o->at - WINDOW : 0;
		break;
	case 1:
		memcpy(o->buf, o->from + o->at, o->len);
		break;
	default:
		memcpy(o->to + o->at, o->buf, o->len);
		break;
	}
}

/* What the copier does when no operation is in flight any more. */
static void
copy_rest(struct order *o)
{
	do
		for (unsigned step = 0; step < COPY_STEPS; step++)
			copy_step(o, step);
	while (o->len > 0);
	assert_int_equal(blk_track_noted_bytes(o->track), 0);
	assert_memory_equal(o->from, o->to, sizeof(o->from));
}

/* order: whose step is next, for each step: 0 and 1 the operations, 2 the copier. */
static void
try_order(struct order *o, const uint8_t *order)
{
	unsigned done[3] = { 0 };

	memset(o->from, 0xee, sizeof(o->from));
	memset(o->to, 0xee, sizeof(o->to));
	blk_track_note(o->track, CHUNK, CHUNK); /* the copier has something to take */
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned who = order[i], step = done[who]++;

		if (who < 2)
			op_step(o, who, step);
		else
			copy_step(o, step);
	}
	copy_rest(o);
}

static unsigned
try_orders(struct order *o, uint8_t *order, unsigned filled, const unsigned *left)
{
	unsigned tried = 0;

	if (filled == STEPS) {
		try_order(o, order);
		return 1;
	}
	for (unsigned who = 0; who < 3; who++) {
		unsigned rest[3] = { left[0], left[1], left[2] };

		if (rest[who]-- == 0)
			continue;
		order[filled] = (uint8_t)who;
		tried += try_orders(o, order, filled + 1, rest);
	}
	return tried;
}

static void
order_set(struct order *o, unsigned i, enum blk_op op, int result, uint64_t offset, uint64_t len)
{
	o->iov[i] = (struct iovec){ o->data[i], len };
	o->results[i] = result;
	o->ops[i] = (struct blk_io){ .op = op,
				     .offset_bytes = offset,
				     .len_bytes = len,
				     .iov = &o->iov[i],
				     .iov_count = op == BLK_WRITE ? 1 : 0,
				     .done = op_ended,
				     .owner = &o->ended[i] };
}

static void
test_in_every_order_the_copy_is_complete_when_nothing_is_noted(void **state)
{
	static const struct {
		enum blk_op op;
		int result;
	} kinds[] = { { BLK_WRITE, 0 },
		      { BLK_WRITE, -EIO },
		      { BLK_UNMAP, 0 },
		      { BLK_WRITE_ZEROES, 0 },
		      { BLK_WRITE_ZEROES, -EIO } };
	static const unsigned left[3] = { OP_STEPS, OP_STEPS, COPY_STEPS };
	struct order *o = mem_calloc(1, sizeof(*o));
	struct blk_dev *below;
	uint8_t order[STEPS];

	assert_non_null(o);
	o->t = *state;
	below = &o->slow.dev;
	assert_int_equal(blk_queue_new(o->t->loop, BLK_QUEUE_AUTO, o->t->workers, &o->queue), 0);
	assert_int_equal(blk_dev_init(below, &slow_ops, "slow", 2 * CHUNK), 0);
	assert_int_equal(blk_track_new(below, &o->track), 0);
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		order_set(o, 0, kinds[k].op, kinds[k].result, CHUNK - 4096, 8192);
		order_set(o, 1, BLK_WRITE, 0, CHUNK, 4096);
		assert_int_equal(try_orders(o, order, 0, left), 11550); /* 11! / (4! 4! 3!) */
	}
	blk_queue_free(o->queue);
	blk_dev_unref(o->track);
	mem_free(o);
}

/* ---- notes ---- */

static struct blk_dev *
tracked(uint64_t size_bytes)
{
	struct blk_dev *below = NULL, *track = NULL;

	assert_int_equal(blk_null_new("vol1", size_bytes, &below), 0);
	assert_int_equal(blk_track_new(below, &track), 0);
	return track;
}

static void
assert_taken(struct blk_dev *track, uint64_t from, uint64_t offset, uint64_t len)
{
	uint64_t at = 0, bytes = 0;

	assert_true(blk_track_take(track, from, &at, &bytes));
	assert_int_equal(at, offset);
	assert_int_equal(bytes, len);
}

static void
test_what_is_noted_is_taken_once(void **state)
{
	struct blk_dev *track = tracked(300 * CHUNK - 512);
	uint64_t at, len;

	(void)state;
	assert_false(blk_track_take(track, 0, &at, &len));
	blk_track_note(track, 2 * CHUNK - 1, 2);
	blk_track_note(track, 62 * CHUNK, 3 * CHUNK);
	blk_track_note(track, 299 * CHUNK, CHUNK);
	assert_int_equal(blk_track_noted_bytes(track), 6 * CHUNK);
	assert_taken(track, 0, CHUNK, 2 * CHUNK);
	assert_taken(track, 0, 62 * CHUNK, 2 * CHUNK); /* to the end of a word of notes */
	assert_taken(track, 64 * CHUNK, 64 * CHUNK, CHUNK);
	assert_taken(track, 65 * CHUNK, 299 * CHUNK, CHUNK - 512);
	assert_false(blk_track_take(track, 0, &at, &len));
	blk_dev_unref(track);
}

static void
test_only_operations_that_change_data_are_noted(void **state)
{
	struct blk_dev *track = tracked(16 * CHUNK);
	struct blk_test *t = *state;
	uint8_t buf[512] = { 0 };

	assert_int_equal(blk_rw(track, BLK_READ, 0, buf, sizeof(buf)), 0);
	assert_int_equal(blk_flush(track), 0);
	assert_int_equal(blk_track_noted_bytes(track), 0);
	assert_int_equal(blk_rw(track, BLK_WRITE, 0, buf, sizeof(buf)), 0);
	assert_int_equal(blk_track_noted_bytes(track), CHUNK);
	assert_int_equal(blk_test_range(t, track, NULL, BLK_UNMAP, 4 * CHUNK, CHUNK), 0);
	assert_int_equal(blk_test_range(t, track, NULL, BLK_WRITE_ZEROES, 8 * CHUNK, CHUNK), 0);
	assert_int_equal(blk_track_noted_bytes(track), 3 * CHUNK);
	blk_dev_unref(track);
}

/* The notes of the largest LUN fit into 16 MiB, so its chunks are larger. */
static void
test_notes_of_a_large_device_are_few(void **state)
{
	struct blk_dev *track = tracked(1ull << 53);
	uint64_t at = 0, len = 0;

	(void)state;
	blk_track_note(track, (1ull << 53) - 512, 512);
	assert_true(blk_track_take(track, 0, &at, &len));
	assert_int_equal(at + len, 1ull << 53);
	assert_true(len <= 128u << 20);
	blk_dev_unref(track);
}

/* The array listens to the topmost device. */
static void
test_whoever_listens_hears_that_the_device_below_has_failed(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *below = NULL, *track = NULL;
	struct blk_file_options options = { 0 };
	struct blk_test_listener l;
	uint8_t buf[512];

	assert_int_equal(
		blk_file_new(blk_test_path(t->dir, "missing"), "vol1", TEST_MIB, &options, &below),
		0);
	assert_int_equal(blk_track_new(below, &track), 0);
	blk_test_listen(&l, track);
	assert_int_equal(blk_rw(track, BLK_READ, 0, buf, sizeof(buf)), ERR_FAILED);
	assert_int_equal(l.sticky, 1);
	assert_int_equal(l.error, -ENOENT);
	assert_int_equal(blk_rw(track, BLK_READ, 0, buf, sizeof(buf)), ERR_FAILED);
	assert_int_equal(l.sticky, 1);
	blk_dev_unref(track);
}

/* ---- copies ---- */

static int
copy_all(struct blk_copier *copier)
{
	uint64_t size = blk_size_bytes(copier->from), done = 0;
	int rc = 0;

	for (uint64_t at = 0; rc == 0 && at < size; at += done)
		rc = blk_copy_step(copier, at, size - at, &done);
	return rc;
}

static uint64_t
allocated(struct blk_dev *dev)
{
	struct blk_stat st = { 0 };

	assert_int_equal(blk_stat(dev, &st), 0);
	return st.allocated_bytes;
}

static void
assert_equal_devices(struct blk_dev *a, struct blk_dev *b)
{
	AUTO_FREE uint8_t *bytes = mem_alloc(2 * TEST_MIB);
	uint64_t size = blk_size_bytes(a);

	assert_int_equal(size, blk_size_bytes(b));
	for (uint64_t at = 0; at < size; at += TEST_MIB) {
		assert_int_equal(blk_rw(a, BLK_READ, at, bytes, TEST_MIB), 0);
		assert_int_equal(blk_rw(b, BLK_READ, at, bytes + TEST_MIB, TEST_MIB), 0);
		assert_memory_equal(bytes, bytes + TEST_MIB, TEST_MIB);
	}
}

static void
test_a_copy_keeps_holes(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *from = blk_test_file(t->dir, "from", 16 * TEST_MIB, false);
	struct blk_dev *to = blk_test_file(t->dir, "to", 16 * TEST_MIB, false);
	static uint8_t buf[4 * CHUNK];
	struct blk_copier copier = {
		.from = from, .to = to, .buf = buf, .buf_bytes = sizeof(buf), .to_is_empty = true
	};

	memset(buf, 0x5a, sizeof(buf));
	assert_int_equal(blk_rw(from, BLK_WRITE, 3 * TEST_MIB + 4096, buf, sizeof(buf)), 0);
	assert_int_equal(copy_all(&copier), 0);
	assert_equal_devices(from, to);
	assert_true(copier.copied_bytes >= sizeof(buf) && copier.copied_bytes < TEST_MIB);
	assert_true(allocated(to) < TEST_MIB);
	/* what was unmapped since becomes a hole there, too */
	copier.to_is_empty = false;
	assert_int_equal(blk_test_range(t, from, NULL, BLK_UNMAP, 3 * TEST_MIB, TEST_MIB), 0);
	assert_int_equal(copy_all(&copier), 0);
	assert_equal_devices(from, to);
	assert_int_equal(allocated(to), allocated(from));
	blk_dev_unref(from);
	blk_dev_unref(to);
}

static void
assert_copy_fails(struct blk_test *t, const char *file, bool of_to)
{
	struct blk_dev *from = NULL, *to = NULL, *from_fault = NULL, *to_fault = NULL;
	static uint8_t buf[CHUNK];
	struct blk_copier copier = { .buf = buf, .buf_bytes = sizeof(buf) };

	assert_int_equal(blk_mem_new("from", TEST_MIB, TEST_MIB, &from), 0);
	assert_int_equal(blk_mem_new("to", TEST_MIB, TEST_MIB, &to), 0);
	assert_int_equal(blk_fault_new(from, t->dir, &from_fault), 0);
	assert_int_equal(blk_fault_new(to, t->dir, &to_fault), 0);
	copier.from = from_fault;
	copier.to = to_fault;
	blk_test_write_file(blk_test_path(t->dir, file), "EIO");
	assert_int_equal(copy_all(&copier), -EIO);
	assert_true(copier.failed_to_write == of_to);
	assert_int_equal(unlink(blk_test_path(t->dir, file)), 0);
	blk_dev_unref(from_fault);
	blk_dev_unref(to_fault);
}

static void
test_a_copy_says_on_which_side_it_failed(void **state)
{
	assert_copy_fails(*state, "from.map", false);
	assert_copy_fails(*state, "from.read", false);
	assert_copy_fails(*state, "to.write", true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_every_order_the_copy_is_complete_when_nothing_is_noted),
		cmocka_unit_test(test_what_is_noted_is_taken_once),
		cmocka_unit_test(test_only_operations_that_change_data_are_noted),
		cmocka_unit_test(test_notes_of_a_large_device_are_few),
		cmocka_unit_test(test_whoever_listens_hears_that_the_device_below_has_failed),
		cmocka_unit_test(test_a_copy_keeps_holes),
		cmocka_unit_test(test_a_copy_says_on_which_side_it_failed),
	};

	return cmocka_run_group_tests(tests, blk_test_setup, blk_test_teardown);
}

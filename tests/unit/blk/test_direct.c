/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of files that are read and written past the page cache: every alignment, operations that
 * share a block, what the system may refuse, and which files are direct by default.
 */
#include "blk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "blk/blk_int.h"

#define SIZE (1u * TEST_MIB)
#define ROOM (64u * TEST_KIB)

static int
teardown(void **state)
{
	blk_direct_pretend(NULL);
	return blk_test_teardown(state);
}

static struct blk_dev *
direct_file(struct blk_test *t, const char *name, uint64_t size_bytes)
{
	struct blk_dev *dev = blk_test_file(t->dir, name, size_bytes, false);

	blk_set_cache(dev, BLK_CACHE_DIRECT);
	return dev;
}

static bool
is_direct(struct blk_dev *dev)
{
	const char *why = NULL;
	bool direct = false;

	assert_true(blk_cache_of(dev, &direct, &why));
	assert_non_null(why);
	return direct;
}

static const char *
why(struct blk_dev *dev)
{
	const char *text = NULL;
	bool direct;

	assert_true(blk_cache_of(dev, &direct, &text));
	return text;
}

static void
require_direct(struct blk_dev *dev)
{
	if (!is_direct(dev)) { /* the tests' directory is on tmpfs or the like */
		blk_dev_unref(dev);
		skip();
	}
}

/* ---- alignment ---- */

/* A device, what it must hold, and buffers. */
struct world {
	struct blk_test *t;
	struct blk_dev *dev;
	struct blk_queue *queue;
	uint8_t *model, *room; /* SIZE; ROOM, aligned */
	unsigned round;
};

/* Three buffers in the room, of which the second is off by `shift` bytes; returns their number. */
static unsigned
make_buffers(const struct world *w, struct iovec iov[3], size_t len, size_t shift, bool split)
{
	size_t first = split && len >= 1536 ? 512 : len;

	iov[0] = (struct iovec){ w->room + shift, first };
	if (first == len)
		return 1;
	iov[1] = (struct iovec){ w->room + ROOM / 2 + shift, 512 };
	iov[2] = (struct iovec){ w->room + ROOM / 2 + 2048, len - 1024 };
	return 3;
}

static void
write_and_read(struct world *w, uint64_t at, size_t len, size_t shift, bool split)
{
	struct iovec iov[3];
	struct blk_io io = { .op = BLK_WRITE,
			     .flags = w->round % 32 == 0 ? BLK_FUA : 0,
			     .offset_bytes = at,
			     .len_bytes = len,
			     .iov = iov,
			     .iov_count = make_buffers(w, iov, len, shift, split) };
	uint64_t done = at;

	for (unsigned i = 0; i < io.iov_count; i++) {
		uint8_t *bytes = iov[i].iov_base;

		for (size_t b = 0; b < iov[i].iov_len; b++)
			bytes[b] = (uint8_t)(w->round * 7 + b * 13 + i);
		memcpy(w->model + done, bytes, iov[i].iov_len);
		done += iov[i].iov_len;
	}
	w->round++;
	assert_int_equal(blk_test_io(w->t, w->dev, w->queue, &io, NULL), 0);
	memset(w->room, 0xee, ROOM);
	io.op = BLK_READ;
	io.flags = 0;
	assert_int_equal(blk_test_io(w->t, w->dev, w->queue, &io, NULL), 0);
	done = at;
	for (unsigned i = 0; i < io.iov_count; i++) {
		assert_memory_equal(iov[i].iov_base, w->model + done, iov[i].iov_len);
		done += iov[i].iov_len;
	}
}

static void
assert_file_is(const struct world *w, const char *path)
{
	AUTO_FREE uint8_t *bytes = mem_alloc(SIZE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, SIZE, 0), SIZE);
	close(fd);
	assert_memory_equal(bytes, w->model, SIZE);
}

/*
 * Offset, length and address, each aligned and not, at the beginning and at the end of the device.
 */
static void
every_combination(struct world *w)
{
	static const size_t lens[] = { 512, 1024, 4096, 8192, 4096 + 512, 20 * TEST_KIB, 100 };
	static const uint64_t offsets[] = { 0, 512, 4096, 3584, 4096 * 5 + 1024, 7 };
	static const size_t shifts[] = { 0, 512, 16, 1 };

	for (size_t o = 0; o < ARRAY_LEN(offsets); o++)
		for (size_t l = 0; l < ARRAY_LEN(lens); l++)
			for (size_t s = 0; s < ARRAY_LEN(shifts); s++) {
				write_and_read(w, offsets[o], lens[l], shifts[s], s % 2 == 1);
				write_and_read(w, SIZE - lens[l] - offsets[o], lens[l], shifts[s],
					       s % 2 == 0);
			}
}

static void
check_alignment(struct blk_test *t, const struct blk_direct_pretence *as, const char *name)
{
	static const enum blk_queue_kind kinds[] = { BLK_QUEUE_AUTO, BLK_QUEUE_WORKERS };
	AUTO_FREE uint8_t *model = mem_calloc(1, SIZE), *room = mem_alloc(ROOM + 4096);
	struct world w = { .t = t, .model = model };

	blk_direct_pretend(as);
	assert_non_null(model);
	assert_non_null(room);
	w.room = room + (-(uintptr_t)room & 4095);
	w.dev = direct_file(t, name, SIZE);
	require_direct(w.dev);
	for (size_t k = 0; k <= ARRAY_LEN(kinds); k++) {
		if (k < ARRAY_LEN(kinds))
			assert_int_equal(blk_queue_new(t->loop, kinds[k], t->workers, &w.queue), 0);
		every_combination(&w);
		blk_queue_free(TAKE(w.queue));
	}
	assert_true(is_direct(w.dev));
	assert_file_is(&w, blk_test_path(t->dir, name));
	blk_dev_unref(w.dev);
}

static void
test_every_alignment_is_done(void **state)
{
	check_alignment(*state, NULL, "f");
}

static void
test_every_alignment_is_done_with_blocks_of_4096(void **state)
{
	check_alignment(*state,
			&(struct blk_direct_pretence){ .least_offset_align = 4096,
						       .least_mem_align = 4096 },
			"f");
}

static void
test_a_kernel_that_tells_no_alignment_will_do(void **state)
{
	check_alignment(*state, &(struct blk_direct_pretence){ .no_statx = true }, "f");
}

/* The end of the last block is beyond that of the device. */
static void
test_a_device_may_end_within_a_block(void **state)
{
	struct blk_test *t = *state;
	const uint64_t size = 3 * 4096 + 512;
	uint8_t bytes[1024], read[1024];
	struct blk_dev *dev;

	blk_direct_pretend(&(struct blk_direct_pretence){ .least_offset_align = 4096,
							  .least_mem_align = 4096 });
	dev = direct_file(t, "f", size);
	memset(bytes, 0x5a, sizeof(bytes));
	assert_int_equal(blk_rw(dev, BLK_WRITE, size - 1024, bytes, 1024), 0);
	assert_int_equal(blk_rw(dev, BLK_READ, size - 1024, read, 1024), 0);
	assert_memory_equal(bytes, read, 1024);
	assert_int_equal(blk_resize(dev, size + 4096), 0);
	assert_int_equal(blk_rw(dev, BLK_READ, size, read, 1024), 0);
	assert_true(blk_test_all(read, 1024, 0));
	assert_int_equal(blk_rw(dev, BLK_READ, size - 512, read, 512), 0);
	assert_true(blk_test_all(read, 512, 0x5a));
	blk_dev_unref(dev);
}

/* ---- operations that share a block ---- */

#define BLOCKS 64u
#define PARTS  8u /* of 512 bytes, in a block of 4096 */

struct parts {
	struct blk_io io[BLOCKS * PARTS];
	struct iovec iov[BLOCKS * PARTS];
	uint8_t bytes[BLOCKS * PARTS][512];
	unsigned left;
};

static void
count_down(struct blk_io *io)
{
	struct parts *p = io->owner;

	assert_int_equal(io->result, 0);
	p->left--;
}

static void
submit(struct parts *p, struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	io->done = count_down;
	io->owner = p;
	p->left++;
	if (blk_submit(dev, queue, io) == BLK_DONE)
		count_down(io);
}

static void
write_parts(struct parts *p, struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue)
{
	for (unsigned i = 0; i < BLOCKS * PARTS; i++) {
		memset(p->bytes[i], (int)(i % 251 + 1), sizeof(p->bytes[i]));
		p->iov[i] = (struct iovec){ p->bytes[i], 512 };
		p->io[i] = (struct blk_io){ .op = i % PARTS == 5 ? BLK_UNMAP : BLK_WRITE,
					    .offset_bytes = i * 512ull,
					    .len_bytes = 512,
					    .iov = &p->iov[i],
					    .iov_count = 1 };
		submit(p, dev, queue, &p->io[i]);
	}
	while (p->left > 0)
		loop_run_once(t->loop, 1000);
}

static void
check_parts(struct blk_test *t, enum blk_queue_kind kind)
{
	struct parts *p = mem_calloc(1, sizeof(*p));
	struct blk_dev *dev = direct_file(t, "f", SIZE);
	AUTO_FREE uint8_t *old = mem_alloc(SIZE);
	struct blk_queue *queue = NULL;
	uint8_t read[512];

	assert_non_null(p);
	assert_non_null(old);
	require_direct(dev);
	memset(old, 0xff, SIZE);
	assert_int_equal(blk_rw(dev, BLK_WRITE, 0, old, SIZE), 0);
	assert_int_equal(blk_queue_new(t->loop, kind, t->workers, &queue), 0);
	write_parts(p, t, dev, queue);
	for (unsigned i = 0; i < BLOCKS * PARTS; i++) {
		assert_int_equal(blk_rw(dev, BLK_READ, i * 512ull, read, 512), 0);
		assert_true(blk_test_all(read, 512, i % PARTS == 5 ? 0 : (uint8_t)(i % 251 + 1)));
	}
	assert_int_equal(blk_queue_inflight(queue), 0);
	blk_queue_free(queue);
	blk_dev_unref(dev);
	mem_free(p);
}

static void
test_parts_of_a_block_do_not_lose_each_other(void **state)
{
	blk_direct_pretend(&(struct blk_direct_pretence){ .least_offset_align = 4096,
							  .least_mem_align = 4096 });
	check_parts(*state, BLK_QUEUE_AUTO);
}

static void
test_parts_of_a_block_do_not_lose_each_other_on_workers(void **state)
{
	blk_direct_pretend(&(struct blk_direct_pretence){ .least_offset_align = 4096,
							  .least_mem_align = 4096 });
	check_parts(*state, BLK_QUEUE_WORKERS);
}

static void
set_io(struct blk_io *io, struct loop *loop, uint64_t offset_bytes, uint64_t len_bytes)
{
	static struct blk_queue queues[1];

	queues[0].loop = loop;
	*io = (struct blk_io){ .queue = queues,
			       .offset_bytes = offset_bytes,
			       .len_bytes = len_bytes };
}

/* The order is that of arrival: whole blocks that came later do not overtake a part that waits. */
static void
test_the_gate_keeps_the_order(void **state)
{
	struct blk_test *t = *state;
	struct blk_gate gate = { .block_bytes = 4096 };
	struct blk_io whole, part, later, aside;

	blk_gate_init(&gate);
	set_io(&whole, t->loop, 0, 8192);
	set_io(&part, t->loop, 4096 + 512, 512);
	set_io(&later, t->loop, 4096, 4096);
	set_io(&aside, t->loop, 8192, 4096);
	assert_true(blk_gate_enter(&gate, &whole, false));
	assert_false(blk_gate_enter(&gate, &part, true));
	assert_false(blk_gate_enter(&gate, &later, false));
	assert_true(blk_gate_enter(&gate, &aside, false));
	assert_true(part.gate_waits && later.gate_waits);
	blk_gate_leave(&aside);
	list_remove(&later.gate_node); /* it would be started on a queue that there is not */
	list_remove(&part.gate_node);
	blk_gate_leave(&whole);
	blk_gate_fini(&gate);
}

/* ---- other operations ---- */

static void
test_a_hole_that_is_no_whole_block_reads_as_zeros(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = direct_file(t, "f", SIZE);
	AUTO_FREE uint8_t *bytes = mem_alloc(SIZE);

	assert_non_null(bytes);
	memset(bytes, 0x77, SIZE);
	assert_int_equal(blk_rw(dev, BLK_WRITE, 0, bytes, SIZE), 0);
	for (unsigned i = 0; i < 2; i++) {
		enum blk_op op = i == 0 ? BLK_UNMAP : BLK_WRITE_ZEROES;
		uint64_t at = 512 + i * 65536;

		assert_int_equal(blk_test_range(t, dev, NULL, op, at, 20480), 0);
		assert_int_equal(blk_rw(dev, BLK_READ, at - 512, bytes, 20480 + 1024), 0);
		assert_true(blk_test_all(bytes, 512, 0x77));
		assert_true(blk_test_all(bytes + 512, 20480, 0));
		assert_true(blk_test_all(bytes + 512 + 20480, 512, 0x77));
	}
	blk_dev_unref(dev);
}

static void
test_a_file_that_was_cut_fails_the_device(void **state)
{
	struct blk_test *t = *state;
	static _Alignas(4096) uint8_t bytes[16 * TEST_KIB];
	struct blk_queue *queue = NULL;

	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_AUTO, t->workers, &queue), 0);
	for (unsigned cut = 0; cut < 2; cut++) { /* within a block, too */
		struct blk_dev *dev = direct_file(t, cut ? "g" : "f", SIZE);
		const char *path = blk_test_path(t->dir, cut ? "g" : "f");

		assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 0, bytes, 4096), 0);
		assert_int_equal(truncate(path, (off_t)SIZE - 8192 - cut * 100), 0);
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, SIZE - sizeof(bytes),
					     bytes, sizeof(bytes)),
				 ERR_FAILED);
		assert_int_equal(blk_failed(dev, NULL, 0), -EIO);
		blk_dev_unref(dev);
	}
	blk_queue_free(queue);
}

/* The write ends before the device does, but the block that is written back does not. */
static void
test_a_part_of_the_last_block_does_not_grow_a_file_that_was_cut(void **state)
{
	struct blk_test *t = *state;
	const char *path = blk_test_path(t->dir, "f");
	struct blk_dev *dev;
	uint8_t bytes[512] = { 1 };
	struct stat st;

	blk_direct_pretend(&(struct blk_direct_pretence){ .least_offset_align = 4096 });
	dev = direct_file(t, "f", SIZE);
	require_direct(dev);
	assert_int_equal(blk_rw(dev, BLK_WRITE, SIZE - 4096, bytes, 512), 0);
	assert_int_equal(truncate(path, SIZE - 8192), 0);
	assert_int_equal(blk_rw(dev, BLK_WRITE, SIZE - 4096, bytes, 512), ERR_FAILED);
	assert_int_equal(blk_failed(dev, NULL, 0), -EIO);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, SIZE - 8192);
	blk_dev_unref(dev);
}

/* What a read leaves out before the end of the file is not taken for zeros. */
static void
test_a_short_read_of_a_block_loses_nothing(void **state)
{
	struct blk_test *t = *state;
	struct blk_direct_pretence as = { .least_offset_align = 4096 };
	static _Alignas(4096) uint8_t bytes[4096], read[4096];
	struct blk_dev *dev;

	blk_direct_pretend(&as);
	dev = direct_file(t, "f", SIZE);
	require_direct(dev);
	memset(bytes, 0x5a, sizeof(bytes));
	assert_int_equal(blk_rw(dev, BLK_WRITE, 4096, bytes, 4096), 0);
	as.most_read = 1024;
	blk_direct_pretend(&as);
	assert_int_equal(blk_rw(dev, BLK_WRITE, 4096 + 512, read, 512), -EIO);
	assert_int_equal(blk_failed(dev, NULL, 0), 0);
	assert_int_equal(blk_rw(dev, BLK_READ, 4096, read, 4096), 0);
	assert_memory_equal(bytes, read, 4096);
	blk_dev_unref(dev);
}

/* What was written one way is read the other way, whichever was on disk. */
static void
test_the_way_changes_while_the_file_is_open(void **state)
{
	static const enum blk_cache ways[] = { BLK_CACHE_PAGE, BLK_CACHE_DIRECT, BLK_CACHE_PAGE,
					       BLK_CACHE_DIRECT };
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
	static _Alignas(4096) uint8_t bytes[8192], read[8192];

	for (unsigned i = 0; i < ARRAY_LEN(ways); i++) {
		blk_set_cache(dev, ways[i]);
		if (i > 0) {
			assert_int_equal(blk_rw(dev, BLK_READ, 4096, read, 8192), 0);
			assert_memory_equal(bytes, read, 8192);
		}
		memset(bytes, (int)i + 1, sizeof(bytes));
		assert_int_equal(blk_rw(dev, BLK_WRITE, 4096, bytes, 8192), 0);
		assert_true(ways[i] == BLK_CACHE_DIRECT || !is_direct(dev));
		assert_int_equal(blk_flush(dev), 0);
	}
	blk_dev_unref(dev);
}

/* An operation that a worker opens the file for goes on past the page cache. */
static void
test_an_operation_that_waits_for_a_descriptor_is_direct(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *other = blk_test_file(t->dir, "f", SIZE, false);
	struct blk_dev *dev = direct_file(t, "g", SIZE);
	static _Alignas(4096) uint8_t bytes[8192], read[8192];
	struct blk_queue *queue = NULL;

	blk_direct_pretend(&(struct blk_direct_pretence){ .least_offset_align = 4096 });
	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_AUTO, t->workers, &queue), 0);
	blk_file_set_limit(1);
	memset(bytes, 0x33, sizeof(bytes));
	for (unsigned i = 0; i < 4; i++) {
		/* dirty, so that it cannot be closed on the queue's thread */
		assert_int_equal(blk_rw(other, BLK_WRITE, 0, bytes, 512), 0);
		assert_int_equal(
			blk_test_rw(t, dev, queue, BLK_WRITE, 0, i * 8192 + 512 * i, bytes, 8192),
			0);
		assert_int_equal(blk_rw(other, BLK_WRITE, 0, bytes, 512), 0);
		assert_int_equal(
			blk_test_rw(t, dev, queue, BLK_READ, 0, i * 8192 + 512 * i, read, 8192), 0);
		assert_memory_equal(bytes, read, 8192);
	}
	blk_file_set_limit(UINT_MAX);
	blk_queue_free(queue);
	blk_dev_unref(dev);
	blk_dev_unref(other);
}

/* ---- what is refused ---- */

static void
test_a_file_system_without_o_direct_keeps_the_page_cache(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = direct_file(t, "f", SIZE);
	uint8_t bytes[512] = { 1 };

	require_direct(dev);
	blk_direct_pretend(&(struct blk_direct_pretence){ .refuse_open = true });
	assert_int_equal(blk_rw(dev, BLK_WRITE, 0, bytes, sizeof(bytes)), 0);
	assert_false(is_direct(dev));
	assert_non_null(strstr(why(dev), "refuses O_DIRECT"));
	blk_dev_unref(dev);
}

static void
check_refusal(struct blk_test *t, enum blk_queue_kind kind, const char *name)
{
	struct blk_dev *dev = direct_file(t, name, SIZE);
	uint8_t bytes[700], read[700];
	struct blk_queue *queue = NULL;

	require_direct(dev);
	assert_int_equal(blk_queue_new(t->loop, kind, t->workers, &queue), 0);
	memset(bytes, 9, sizeof(bytes));
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 0, read, 4), 0);
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_WRITE, 0, 4096 + 3, bytes, 700), 0);
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 4096 + 3, read, 700), 0);
	assert_memory_equal(bytes, read, 700);
	assert_false(is_direct(dev));
	assert_non_null(strstr(why(dev), "EINVAL"));
	assert_int_equal(blk_failed(dev, NULL, 0), 0);
	blk_queue_free(queue);
	blk_dev_unref(dev);
}

static void
test_an_operation_that_is_refused_brings_back_the_page_cache(void **state)
{
	blk_direct_pretend(&(struct blk_direct_pretence){ .claimed_align = 1 });
	check_refusal(*state, BLK_QUEUE_AUTO, "f");
	check_refusal(*state, BLK_QUEUE_WORKERS, "g");
}

static void
went_on(struct blk_io *io)
{
	*(bool *)io->owner = true;
}

/* A part of a block that was read before may not have been written back yet. */
static void
test_after_a_refusal_writes_still_pass_the_gate(void **state)
{
	struct blk_test *t = *state;
	static uint8_t bytes[700];
	struct iovec iov = { bytes, 3 };
	bool done = false;
	struct blk_io io = { .op = BLK_WRITE, .len_bytes = 3, .iov = &iov, .iov_count = 1 };
	struct blk_queue *queue = NULL;
	struct blk_dev *dev;

	blk_direct_pretend(&(struct blk_direct_pretence){ .claimed_align = 16 });
	dev = direct_file(t, "f", SIZE);
	require_direct(dev);
	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_AUTO, t->workers, &queue), 0);
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_WRITE, 0, 4096 + 3, bytes, 700), 0);
	assert_false(is_direct(dev));
	io.done = went_on;
	io.owner = &done;
	assert_int_equal(blk_submit(dev, queue, &io), BLK_PENDING);
	assert_non_null(io.gate);
	while (!done)
		loop_run_once(t->loop, 1000);
	assert_int_equal(io.result, 0);
	blk_queue_free(queue);
	blk_dev_unref(dev);
}

/* Of a reflinked file XFS does parts of its blocks through the page cache, whatever it says. */
static void
test_on_xfs_the_alignment_is_a_block_of_the_file_system(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = direct_file(t, "f", SIZE);
	struct blk_direct_choice choice;
	struct statfs sfs;

	require_direct(dev);
	assert_int_equal(statfs(t->dir, &sfs), 0);
	for (unsigned i = 0; i < 2; i++) {
		blk_direct_pretend(&(struct blk_direct_pretence){ .no_statx = i > 0,
								  .fs_type = XFS_SUPER_MAGIC });
		blk_direct_choose(-1, blk_test_path(t->dir, "f"), BLK_CACHE_DIRECT, &choice);
		assert_true(choice.direct);
		assert_true(choice.offset_align >= (uint32_t)sfs.f_bsize);
	}
	blk_dev_unref(dev);
}

/* ---- the default ---- */

/* Makes `host` look like a host whose disk below the tests' directory is of that kind. */
static void
fake_disk(struct blk_test *t, const char *rotational)
{
	static const char *const parts[] = { "host", "sys", "dev", "block", NULL, "queue" };
	char path[300], device[32];
	struct stat st;
	int len = snprintf(path, sizeof(path), "%s", t->dir);

	assert_int_equal(stat(t->dir, &st), 0);
	snprintf(device, sizeof(device), "%u:%u", major(st.st_dev), minor(st.st_dev));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		len += snprintf(path + len, sizeof(path) - (size_t)len, "/%s",
				parts[i] != NULL ? parts[i] : device);
		assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
	}
	snprintf(path + len, sizeof(path) - (size_t)len, "/rotational");
	unlink(path);
	if (rotational != NULL)
		blk_test_write_file(path, rotational);
}

static void
assert_default(struct blk_test *t, const char *rotational, bool direct, const char *text)
{
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
	uint8_t bytes[512];

	fake_disk(t, rotational);
	for (int open = 0; open < 2; open++) { /* as it will be, and as it is */
		assert_int_equal(is_direct(dev), direct);
		assert_non_null(strstr(why(dev), text));
		assert_int_equal(blk_rw(dev, BLK_READ, 0, bytes, sizeof(bytes)), 0);
	}
	blk_dev_unref(dev);
	assert_int_equal(unlink(blk_test_path(t->dir, "f")), 0);
}

static void
test_the_default_is_by_what_the_file_lies_on(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = direct_file(t, "g", SIZE);
	char host[80];

	require_direct(dev);
	blk_dev_unref(dev);
	snprintf(host, sizeof(host), "%s/host", t->dir);
	blk_direct_pretend(&(struct blk_direct_pretence){ .host = host });
	assert_default(t, "1\n", false, "rotates");
	assert_default(t, "0\n", false, "does not rotate");
	assert_default(t, NULL, false, "not known");
}

static void
test_a_file_in_memory_is_never_direct(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev;

	if (t->memory_dir[0] == '\0')
		skip();
	dev = blk_test_file(t->memory_dir, "f", SIZE, false);
	for (unsigned cache = BLK_CACHE_AUTO; cache <= BLK_CACHE_DIRECT; cache++) {
		uint8_t bytes[512] = { 0 };

		blk_set_cache(dev, (enum blk_cache)cache);
		assert_int_equal(blk_rw(dev, BLK_WRITE, 0, bytes, sizeof(bytes)), 0);
		assert_false(is_direct(dev));
		assert_string_equal(why(dev), "the pool is in memory");
	}
	blk_dev_unref(dev);
}

#define DIRECT_TEST(test) cmocka_unit_test_setup_teardown(test, blk_test_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DIRECT_TEST(test_every_alignment_is_done),
		DIRECT_TEST(test_every_alignment_is_done_with_blocks_of_4096),
		DIRECT_TEST(test_a_kernel_that_tells_no_alignment_will_do),
		DIRECT_TEST(test_a_device_may_end_within_a_block),
		DIRECT_TEST(test_parts_of_a_block_do_not_lose_each_other),
		DIRECT_TEST(test_parts_of_a_block_do_not_lose_each_other_on_workers),
		DIRECT_TEST(test_the_gate_keeps_the_order),
		DIRECT_TEST(test_a_hole_that_is_no_whole_block_reads_as_zeros),
		DIRECT_TEST(test_a_file_that_was_cut_fails_the_device),
		DIRECT_TEST(test_a_part_of_the_last_block_does_not_grow_a_file_that_was_cut),
		DIRECT_TEST(test_a_short_read_of_a_block_loses_nothing),
		DIRECT_TEST(test_the_way_changes_while_the_file_is_open),
		DIRECT_TEST(test_an_operation_that_waits_for_a_descriptor_is_direct),
		DIRECT_TEST(test_a_file_system_without_o_direct_keeps_the_page_cache),
		DIRECT_TEST(test_an_operation_that_is_refused_brings_back_the_page_cache),
		DIRECT_TEST(test_after_a_refusal_writes_still_pass_the_gate),
		DIRECT_TEST(test_on_xfs_the_alignment_is_a_block_of_the_file_system),
		DIRECT_TEST(test_the_default_is_by_what_the_file_lies_on),
		DIRECT_TEST(test_a_file_in_memory_is_never_direct),
	};

	return cmocka_run_group_tests_name("blk direct", tests, NULL, NULL);
}

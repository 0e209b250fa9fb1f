/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the rules that every block device obeys, whatever lies below it: memory, a volume of a
 * pool in memory, the null device, a file on disk, a file on tmpfs, and each of them
 * under a layer.
 */
#include "blk_test.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"

#define SIZE (4u * TEST_MIB)

typedef void body(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue);

/* A volume in memory with a budget of its own. */
static struct blk_dev *
make_ram(uint64_t limit_bytes)
{
	struct blk_ram_budget *budget = blk_ram_budget_new(limit_bytes);
	struct blk_ram *ram = NULL;
	struct blk_dev *dev = NULL;

	assert_non_null(budget);
	assert_int_equal(blk_ram_new(budget, SIZE, &ram), 0);
	assert_int_equal(blk_ram_dev_new(ram, "", "r", SIZE, false, &dev), 0);
	blk_ram_unref(ram);
	blk_ram_budget_unref(budget);
	return dev;
}

/* A layer that does nothing: no faults are in it.  Returns 0 or -ENOMEM. */
static int
lay_over(struct blk_dev *dev, struct blk_dev **ret_top)
{
	struct blk_faults *faults = blk_faults_new(NULL, NULL);
	int r = faults != NULL ? blk_faults_layer_new(dev, faults, ret_top) : -ENOMEM;

	blk_faults_unref(faults);
	return r;
}

static struct blk_dev *
make(struct blk_test *t, unsigned kind)
{
	struct blk_dev *dev = NULL, *top = NULL;

	if (kind == 0)
		assert_int_equal(blk_mem_new("m", SIZE, 2 * SIZE, &dev), 0);
	else if (kind == 3)
		dev = make_ram(2 * SIZE);
	else if (kind == 1)
		dev = blk_test_file(t->dir, "f", SIZE, false);
	else
		dev = blk_test_file(t->memory_dir, "f", SIZE, false);
	assert_int_equal(lay_over(dev, &top), 0);
	return top;
}

/* The body on each driver, with each kind of queue and with none. */
static void
on_every_device(struct blk_test *t, body *run)
{
	static const enum blk_queue_kind kinds[] = { BLK_QUEUE_AUTO, BLK_QUEUE_URING,
						     BLK_QUEUE_WORKERS };
	bool has_ring = blk_queue_probe(false) == BLK_QUEUE_URING;

	for (unsigned kind = 0; kind < 4; kind++) {
		if (kind == 2 && t->memory_dir[0] == '\0')
			continue;
		for (unsigned q = 0; q < ARRAY_LEN(kinds); q++) {
			struct blk_queue *queue = NULL;
			struct blk_dev *dev = make(t, kind);

			if (q == 1 && !has_ring)
				q++;
			if (q > 0)
				assert_int_equal(
					blk_queue_new(t->loop, kinds[q], t->workers, &queue), 0);
			run(t, dev, queue);
			blk_queue_free(queue);
			blk_dev_unref(dev);
			blk_file_remove(blk_test_path(t->dir, "f"));
			blk_file_remove(blk_test_path(t->memory_dir, "f"));
		}
	}
}

static void
body_read_what_was_written(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue)
{
	static uint8_t out[8192], in[8192];

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + i / 256);
	for (unsigned flags = 0; flags <= BLK_FUA; flags++) {
		memset(in, 0xee, sizeof(in));
		assert_int_equal(
			blk_test_rw(t, dev, queue, BLK_WRITE, flags, 4096, out, sizeof(out)), 0);
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 4096, in, sizeof(in)), 0);
		assert_memory_equal(in, out, sizeof(in));
	}
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 0, in, 4096), 0);
	assert_true(blk_test_all(in, 4096, 0));
}

static void
test_a_read_gives_what_was_written(void **state)
{
	on_every_device(*state, body_read_what_was_written);
}

static void
body_vectors(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue)
{
	static uint8_t a[512], b[1024], c[2560], whole[4096];
	struct iovec iov[] = { { a, sizeof(a) }, { b, sizeof(b) }, { c, sizeof(c) } };
	struct blk_io io = {
		.op = BLK_WRITE,
		.offset_bytes = 512,
		.len_bytes = 4096,
		.iov = iov,
		.iov_count = ARRAY_LEN(iov),
	};

	memset(a, 1, sizeof(a));
	memset(b, 2, sizeof(b));
	memset(c, 3, sizeof(c));
	assert_int_equal(blk_test_io(t, dev, queue, &io, NULL), 0);
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 512, whole, sizeof(whole)), 0);
	assert_true(blk_test_all(whole, 512, 1) && blk_test_all(whole + 512, 1024, 2) &&
		    blk_test_all(whole + 1536, 2560, 3));
	memset(b, 0, sizeof(b));
	io.op = BLK_READ;
	assert_int_equal(blk_test_io(t, dev, queue, &io, NULL), 0);
	assert_true(blk_test_all(b, sizeof(b), 2));
}

static void
test_vectors_scatter_and_gather(void **state)
{
	on_every_device(*state, body_vectors);
}

static void
body_boundaries(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue)
{
	uint8_t buf[1024];

	memset(buf, 9, sizeof(buf));
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_WRITE, 0, SIZE - 512, buf, 512), 0);
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, SIZE - 512, buf, 512), 0);
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, SIZE - 511, buf, 512), -EINVAL);
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_WRITE, 0, SIZE, buf, 1), -EINVAL);
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, UINT64_MAX - 100, buf, 512),
			 -EINVAL);
	assert_int_equal(blk_test_range(t, dev, queue, BLK_UNMAP, 0, SIZE + 1), -EINVAL);
	assert_int_equal(blk_failed(dev, NULL, 0), 0);
}

static void
test_a_range_beyond_the_end_is_refused(void **state)
{
	on_every_device(*state, body_boundaries);
}

static void
body_zeros(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue)
{
	static const enum blk_op ops[] = { BLK_UNMAP, BLK_WRITE_ZEROES };
	AUTO_FREE uint8_t *buf = mem_alloc(TEST_MIB);

	for (unsigned i = 0; i < ARRAY_LEN(ops); i++) {
		memset(buf, 0x5a, TEST_MIB);
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_WRITE, 0, 0, buf, TEST_MIB), 0);
		/* not aligned to pages at either end */
		assert_int_equal(blk_test_range(t, dev, queue, ops[i], 512, 300 * TEST_KIB), 0);
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 0, buf, TEST_MIB), 0);
		assert_true(blk_test_all(buf, 512, 0x5a));
		assert_true(blk_test_all(buf + 512, 300 * TEST_KIB, 0));
		assert_true(blk_test_all(buf + 512 + 300 * TEST_KIB,
					 TEST_MIB - 512 - 300 * TEST_KIB, 0x5a));
	}
}

static void
test_unmapped_and_zeroed_ranges_read_as_zeros(void **state)
{
	on_every_device(*state, body_zeros);
}

static void
body_flush(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue)
{
	struct blk_io io = { .op = BLK_FLUSH };

	assert_int_equal(blk_test_io(t, dev, queue, &io, NULL), 0);
	assert_int_equal(blk_flush(dev), 0);
}

static void
test_flush_succeeds(void **state)
{
	on_every_device(*state, body_flush);
}

static void
body_resize(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue)
{
	uint8_t buf[512];

	memset(buf, 1, sizeof(buf));
	assert_int_equal(blk_resize(dev, SIZE + TEST_MIB), 0);
	assert_int_equal(blk_size_bytes(dev), SIZE + TEST_MIB);
	assert_int_equal(blk_size_bytes(dev->below), SIZE + TEST_MIB);
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, SIZE + TEST_MIB - 512, buf, 512),
			 0);
	assert_true(blk_test_all(buf, 512, 0));
	assert_int_equal(blk_verify(dev), 0);
}

static void
test_a_device_grows_with_zeros(void **state)
{
	on_every_device(*state, body_resize);
}

static void
body_map(struct blk_test *t, struct blk_dev *dev, struct blk_queue *queue)
{
	struct blk_io io = { .op = BLK_MAP, .offset_bytes = 0, .len_bytes = SIZE };
	uint64_t at = 0;

	while (at < SIZE) {
		io.offset_bytes = at;
		io.len_bytes = SIZE - at;
		assert_int_equal(blk_test_io(t, dev, queue, &io, NULL), 0);
		assert_true(io.extent.len_bytes > 0 && io.extent.len_bytes <= SIZE - at);
		at += io.extent.len_bytes;
	}
}

static void
test_extents_cover_the_device(void **state)
{
	on_every_device(*state, body_map);
}

static void
test_memory_cannot_grow_beyond_its_greatest_size(void **state)
{
	struct blk_dev *dev = NULL;

	(void)state;
	assert_int_equal(blk_mem_new("m", SIZE, SIZE, &dev), 0);
	assert_int_equal(blk_resize(dev, SIZE + 4096), -ENOSPC);
	assert_int_equal(blk_size_bytes(dev), SIZE);
	assert_int_equal(blk_allocate(dev, SIZE, 4096, NULL), -ENOSPC);
	blk_dev_unref(dev);
}

static void
test_null_reads_zeros_and_drops_writes(void **state)
{
	struct blk_dev *dev = NULL;
	uint8_t buf[512];

	(void)state;
	assert_int_equal(blk_null_new("n", SIZE, &dev), 0);
	memset(buf, 1, sizeof(buf));
	assert_int_equal(blk_rw(dev, BLK_WRITE, 0, buf, sizeof(buf)), 0);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), 0);
	assert_true(blk_test_all(buf, sizeof(buf), 0));
	blk_dev_unref(dev);
}

static void
test_a_stopped_device_refuses_until_started(void **state)
{
	struct blk_dev *dev = NULL;
	uint8_t buf[512];

	(void)state;
	assert_int_equal(blk_mem_new("m", SIZE, SIZE, &dev), 0);
	blk_stop(dev);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), ERR_OFFLINE);
	assert_int_equal(blk_drain(dev, 0), 0);
	blk_start(dev);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), 0);
	blk_dev_unref(dev);
}

static void
test_a_failed_device_refuses_until_reopened(void **state)
{
	struct blk_dev *dev = NULL;
	struct blk_test_listener l;
	char reason[160];
	uint8_t buf[512];

	(void)state;
	assert_int_equal(blk_mem_new("m", SIZE, SIZE, &dev), 0);
	blk_test_listen(&l, dev);
	blk_fail(dev, -EIO, "because");
	blk_fail(dev, -ENOENT, "too late to be the reason");
	assert_int_equal(l.sticky, 1);
	assert_int_equal(blk_failed(dev, reason, sizeof(reason)), -EIO);
	assert_string_equal(reason, "because");
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), ERR_FAILED);
	assert_int_equal(blk_verify(dev), -EIO);
	assert_int_equal(blk_reopen(dev), 0);
	assert_int_equal(blk_failed(dev, NULL, 0), 0);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), 0);
	blk_dev_unref(dev);
}

static void
test_making_a_device_survives_every_allocation_failure(void **state)
{
	struct blk_file_options options = { 0 };

	(void)state;
	for (unsigned n = 1;; n++) {
		struct blk_dev *dev = NULL, *top = NULL;

		mem_fault_at(n);
		int r = blk_file_new("/nowhere/x", "x", SIZE, &options, &dev);

		if (r == 0 && (r = lay_over(dev, &top)) < 0)
			blk_dev_unref(dev);
		bool hit = mem_fault_hit();

		mem_fault_at(0);
		assert_int_equal(r, hit ? -ENOMEM : 0);
		blk_dev_unref(top);
		if (!hit)
			break;
	}
}

#define PAGE 4096u

/* Two volumes that share a budget of 8 pages. */
struct shared {
	struct blk_ram_budget *budget;
	struct blk_ram *ram[2];
	struct blk_dev *dev[2];
};

static void
shared_make(struct shared *s, bool thick)
{
	s->budget = blk_ram_budget_new(8 * PAGE);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(blk_ram_new(s->budget, SIZE, &s->ram[i]), 0);
		assert_int_equal(blk_ram_dev_new(s->ram[i], "", "r", SIZE, thick, &s->dev[i]), 0);
	}
}

static void
shared_free(struct shared *s)
{
	for (unsigned i = 0; i < 2; i++) {
		blk_dev_unref(s->dev[i]);
		blk_ram_unref(s->ram[i]);
	}
	assert_int_equal(blk_ram_budget_used_bytes(s->budget), 0);
	blk_ram_budget_unref(s->budget);
}

static void
test_volumes_in_memory_share_a_budget(void **state)
{
	static uint8_t buf[10 * PAGE];
	struct shared s;

	(void)state;
	memset(buf, 7, sizeof(buf));
	shared_make(&s, false);
	/* a byte takes a page; reads and zeros take nothing */
	assert_int_equal(blk_rw(s.dev[0], BLK_WRITE, 5 * PAGE + 9, buf, 1), 0);
	assert_int_equal(blk_test_range(NULL, s.dev[0], NULL, BLK_UNMAP, 0, SIZE / 2), 0);
	assert_int_equal(blk_ram_budget_used_bytes(s.budget), 0);
	assert_int_equal(blk_rw(s.dev[0], BLK_WRITE, 5 * PAGE + 9, buf, 1), 0);
	assert_int_equal(blk_rw(s.dev[1], BLK_READ, 0, buf, sizeof(buf)), 0);
	assert_int_equal(blk_ram_budget_used_bytes(s.budget), PAGE);
	/* the rest goes to the other one, up to the last byte */
	memset(buf, 7, sizeof(buf));
	assert_int_equal(blk_rw(s.dev[1], BLK_WRITE, 0, buf, 7 * PAGE), 0);
	assert_int_equal(blk_ram_budget_used_bytes(s.budget), 8 * PAGE);
	assert_int_equal(blk_rw(s.dev[1], BLK_WRITE, 7 * PAGE, buf, 1), -ENOSPC);
	assert_int_equal(blk_rw(s.dev[1], BLK_WRITE, 0, buf, PAGE), 0);
	/* and comes back */
	assert_int_equal(blk_test_range(NULL, s.dev[1], NULL, BLK_UNMAP, 100, 2 * PAGE), 0);
	assert_int_equal(blk_ram_budget_used_bytes(s.budget), 7 * PAGE);
	assert_int_equal(blk_rw(s.dev[1], BLK_READ, 0, buf, 3 * PAGE), 0);
	assert_true(blk_test_all(buf, 100, 7));
	assert_true(blk_test_all(buf + 100, 2 * PAGE, 0));
	assert_true(blk_test_all(buf + 100 + 2 * PAGE, PAGE - 100, 7));
	assert_int_equal(blk_rw(s.dev[0], BLK_WRITE, 0, buf, PAGE), 0);
	assert_int_equal(blk_resize(s.dev[0], PAGE / 2), 0);
	assert_int_equal(blk_ram_budget_used_bytes(s.budget), 7 * PAGE);
	assert_int_equal(blk_resize(s.dev[0], 3 * SIZE), 0);
	assert_int_equal(blk_rw(s.dev[0], BLK_READ, 5 * PAGE, buf, PAGE), 0);
	assert_true(blk_test_all(buf, PAGE, 0));
	shared_free(&s);
}

static void
test_a_thick_volume_in_memory_has_its_space(void **state)
{
	uint8_t byte = 1;
	struct shared s;

	(void)state;
	shared_make(&s, true);
	assert_int_equal(blk_allocate(s.dev[0], 0, 9 * PAGE, NULL), -ENOSPC);
	assert_int_equal(blk_resize(s.dev[0], 6 * PAGE), 0);
	assert_int_equal(blk_ram_budget_used_bytes(s.budget), 6 * PAGE);
	assert_int_equal(blk_allocate(s.dev[0], 6 * PAGE, 3 * PAGE, NULL), -ENOSPC);
	assert_int_equal(blk_ram_budget_used_bytes(s.budget), 6 * PAGE);
	assert_int_equal(blk_allocate(s.dev[0], 6 * PAGE, 2 * PAGE, NULL), 0);
	assert_int_equal(blk_resize(s.dev[0], 8 * PAGE), 0);
	assert_int_equal(blk_test_range(NULL, s.dev[0], NULL, BLK_UNMAP, 0, 8 * PAGE), 0);
	assert_int_equal(blk_ram_budget_used_bytes(s.budget), 8 * PAGE);
	assert_int_equal(blk_rw(s.dev[1], BLK_WRITE, 0, &byte, 1), -ENOSPC);
	assert_int_equal(blk_rw(s.dev[0], BLK_WRITE, 7 * PAGE, &byte, 1), 0);
	shared_free(&s);
}

static void
test_a_volume_in_memory_that_is_gone_fails(void **state)
{
	char reason[160];
	uint8_t byte = 1;
	struct blk_dev *dev;

	(void)state;
	assert_int_equal(blk_ram_dev_new(NULL, "it is gone", "r", SIZE, false, &dev), 0);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, &byte, 1), ERR_FAILED);
	assert_int_equal(byte, 1);
	assert_int_equal(blk_failed(dev, reason, sizeof(reason)), -ENODATA);
	assert_string_equal(reason, "it is gone");
	assert_int_equal(blk_reopen(dev), -ENODATA);
	blk_dev_unref(dev);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_read_gives_what_was_written, blk_test_setup,
						blk_test_teardown),
		cmocka_unit_test_setup_teardown(test_vectors_scatter_and_gather, blk_test_setup,
						blk_test_teardown),
		cmocka_unit_test_setup_teardown(test_a_range_beyond_the_end_is_refused,
						blk_test_setup, blk_test_teardown),
		cmocka_unit_test_setup_teardown(test_unmapped_and_zeroed_ranges_read_as_zeros,
						blk_test_setup, blk_test_teardown),
		cmocka_unit_test_setup_teardown(test_flush_succeeds, blk_test_setup,
						blk_test_teardown),
		cmocka_unit_test_setup_teardown(test_a_device_grows_with_zeros, blk_test_setup,
						blk_test_teardown),
		cmocka_unit_test_setup_teardown(test_extents_cover_the_device, blk_test_setup,
						blk_test_teardown),
		cmocka_unit_test(test_memory_cannot_grow_beyond_its_greatest_size),
		cmocka_unit_test(test_volumes_in_memory_share_a_budget),
		cmocka_unit_test(test_a_thick_volume_in_memory_has_its_space),
		cmocka_unit_test(test_a_volume_in_memory_that_is_gone_fails),
		cmocka_unit_test(test_null_reads_zeros_and_drops_writes),
		cmocka_unit_test(test_a_stopped_device_refuses_until_started),
		cmocka_unit_test(test_a_failed_device_refuses_until_reopened),
		cmocka_unit_test(test_making_a_device_survives_every_allocation_failure),
	};

	return cmocka_run_group_tests_name("blk devices", tests, NULL, NULL);
}

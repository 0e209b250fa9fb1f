/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of file devices: making and removing files, thin and thick files, files that disappeared,
 * and I/O that completes within the call.
 */
#include "blk_test.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

#define SIZE (8u * TEST_MIB)

static void
test_create_makes_a_private_sparse_file(void **state)
{
	struct blk_test *t = *state;
	const char *path = blk_test_path(t->dir, "f");
	struct stat st;

	assert_int_equal(blk_file_create(path, SIZE), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, SIZE);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_blocks * 512 < 64 * 1024);
	assert_int_equal(blk_file_create(path, SIZE), -EEXIST);
}

static void
test_create_that_fails_leaves_no_file(void **state)
{
	struct blk_test *t = *state;
	const char *path = blk_test_path(t->dir, "f");

	assert_int_equal(blk_file_create(path, (uint64_t)1 << 62), -EFBIG);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(blk_file_create(blk_test_path(t->dir, "no/such"), SIZE), -ENOENT);
}

static void
test_remove_twice_is_no_error(void **state)
{
	struct blk_test *t = *state;
	const char *path = blk_test_path(t->dir, "f");

	assert_int_equal(blk_file_create(path, SIZE), 0);
	assert_int_equal(blk_file_remove(path), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(blk_file_remove(path), 0);
}

static void
test_a_missing_file_fails_at_verify(void **state)
{
	struct blk_test *t = *state;
	struct blk_file_options options = { 0 };
	struct blk_test_listener l;
	struct blk_dev *dev = NULL;
	char reason[160];

	assert_int_equal(blk_file_new(blk_test_path(t->dir, "f"), "f", SIZE, &options, &dev), 0);
	blk_test_listen(&l, dev);
	assert_int_equal(blk_verify(dev), -ENOENT);
	assert_int_equal(l.sticky, 1);
	assert_int_equal(blk_failed(dev, reason, sizeof(reason)), -ENOENT);
	assert_non_null(strstr(reason, "No such file"));
	blk_dev_unref(dev);
}

static void
test_a_missing_file_fails_at_the_first_read(void **state)
{
	struct blk_test *t = *state;
	struct blk_file_options options = { 0 };
	struct blk_test_listener l;
	struct blk_dev *dev = NULL;
	uint8_t buf[512];

	assert_int_equal(blk_file_new(blk_test_path(t->dir, "f"), "f", SIZE, &options, &dev), 0);
	blk_test_listen(&l, dev);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), ERR_FAILED);
	assert_int_equal(l.sticky, 1);
	blk_dev_unref(dev);
}

/* Each way in which a file may go, before it is opened and while it is open. */
static void
assert_found_gone(struct blk_test *t, void (*spoil)(const char *path), int error)
{
	for (int open = 0; open < 2; open++) {
		struct blk_dev *dev = blk_test_file(t->dir, open ? "g" : "f", SIZE, false);
		const char *path = blk_test_path(t->dir, open ? "g" : "f");
		uint8_t buf[512];

		assert_int_equal(blk_verify(dev), 0);
		if (open)
			assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), 0);
		spoil(path);
		assert_int_equal(blk_verify(dev), error);
		assert_int_equal(blk_failed(dev, NULL, 0), error);
		blk_dev_unref(dev);
	}
}

static void
spoil_unlink(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static void
spoil_replace(const char *path)
{
	char other[300];

	snprintf(other, sizeof(other), "%s.other", path);
	assert_int_equal(blk_file_create(other, SIZE), 0);
	assert_int_equal(rename(other, path), 0);
}

static void
spoil_truncate(const char *path)
{
	assert_int_equal(truncate(path, SIZE - 1), 0);
}

static void
test_verify_finds_a_deleted_file(void **state)
{
	assert_found_gone(*state, spoil_unlink, -ENOENT);
}

static void
test_verify_finds_a_replaced_file(void **state)
{
	assert_found_gone(*state, spoil_replace, -ESTALE);
}

static void
test_verify_finds_a_short_file(void **state)
{
	assert_found_gone(*state, spoil_truncate, -EIO);
}

static void
test_reopen_cures_a_file_that_came_back(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
	const char *path = blk_test_path(t->dir, "f");
	char away[300];
	uint8_t buf[512];

	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(blk_verify(dev), -ENOENT);
	assert_int_equal(blk_reopen(dev), -ENOENT);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), ERR_FAILED);
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(blk_reopen(dev), 0);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), 0);
	blk_dev_unref(dev);
}

static void
test_a_short_file_gives_an_error_not_zeros(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
	struct blk_test_listener l;
	uint8_t buf[512];

	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), 0);
	blk_test_listen(&l, dev);
	spoil_truncate(blk_test_path(t->dir, "f"));
	assert_int_equal(blk_rw(dev, BLK_READ, SIZE - 512, buf, sizeof(buf)), -EIO);
	assert_int_equal(l.single, 1);
	assert_int_equal(l.sticky, 0);
	blk_dev_unref(dev);
}

static void
test_files_beyond_the_limit_are_busy_and_fail_no_device(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *a = blk_test_file(t->dir, "a", SIZE, false),
		       *b = blk_test_file(t->dir, "b", SIZE, false);
	unsigned open = blk_file_open_count();
	uint8_t buf[512];

	blk_file_set_limit(open + 1);
	assert_int_equal(blk_rw(a, BLK_READ, 0, buf, sizeof(buf)), 0);
	assert_int_equal(blk_file_open_count(), open + 1);
	assert_int_equal(blk_rw(b, BLK_READ, 0, buf, sizeof(buf)), -EMFILE);
	assert_int_equal(blk_failed(b, NULL, 0), 0);
	assert_int_equal(blk_reopen(a), 0);
	blk_dev_unref(a);
	assert_int_equal(blk_rw(b, BLK_READ, 0, buf, sizeof(buf)), 0);
	blk_dev_unref(b);
	assert_int_equal(blk_file_open_count(), open);
	blk_file_set_limit(UINT_MAX);
}

/* What was lost must not read as zeros because a write made the file as long as before. */
static void
test_a_file_that_was_cut_is_not_grown_again_by_a_write(void **state)
{
	static const enum blk_op ops[] = { BLK_WRITE, BLK_WRITE_ZEROES };
	struct blk_test *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		struct blk_dev *dev = blk_test_file(t->dir, i == 0 ? "f" : "g", SIZE, false);
		uint8_t buf[512] = { 1 };
		struct iovec iov = { buf, sizeof(buf) };
		struct blk_io io = { .op = ops[i],
				     .offset_bytes = SIZE - sizeof(buf),
				     .len_bytes = sizeof(buf),
				     .iov = &iov,
				     .iov_count = 1 };
		struct stat st;

		assert_int_equal(blk_submit(dev, NULL, &io), BLK_DONE);
		assert_int_equal(io.result, 0);
		assert_int_equal(truncate(blk_test_path(t->dir, i == 0 ? "f" : "g"), 512), 0);
		assert_int_equal(blk_submit(dev, NULL, &io), BLK_DONE);
		assert_int_equal(io.result, ERR_FAILED);
		assert_int_equal(stat(blk_test_path(t->dir, i == 0 ? "f" : "g"), &st), 0);
		assert_int_equal(st.st_size, 512);
		blk_dev_unref(dev);
	}
}

/* No descriptor is left until the rest is called with false. */
static void
descriptors_out(bool out)
{
	static struct rlimit before;
	struct rlimit none;

	if (!out) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		return;
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void
test_a_shortage_of_descriptors_fails_no_device(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
	struct blk_test_listener l;
	uint8_t buf[512];
	int verified, read;

	blk_test_listen(&l, dev);
	descriptors_out(true);
	verified = blk_verify(dev);
	read = blk_rw(dev, BLK_READ, 0, buf, sizeof(buf));
	descriptors_out(false);
	assert_int_equal(verified, 0); /* it needs none */
	assert_int_equal(read, -EMFILE);
	assert_int_equal(blk_failed(dev, NULL, 0), 0);
	assert_int_equal(l.sticky + l.single, 0);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), 0);
	blk_dev_unref(dev);
}

static void
test_a_shortage_at_verify_is_not_known_to_be_a_failure(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = NULL;

	assert_int_equal(blk_fault_new(blk_test_file(t->dir, "f", SIZE, false), t->dir, &dev), 0);
	blk_test_write_file(blk_test_path(t->dir, "all.verify"), "EMFILE");
	assert_int_equal(blk_verify(dev), -EMFILE);
	assert_int_equal(blk_failed(dev, NULL, 0), 0);
	blk_dev_unref(dev);
}

/* Between a look and the first use as well. */
static void
test_a_file_replaced_before_it_is_opened_is_not_used(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
	uint8_t buf[512];

	assert_int_equal(blk_verify(dev), 0);
	spoil_replace(blk_test_path(t->dir, "f"));
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), ERR_FAILED);
	assert_int_equal(blk_failed(dev, NULL, 0), -ESTALE);
	assert_int_equal(blk_reopen(dev), 0);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), 0);
	blk_dev_unref(dev);
}

static void
test_something_else_than_a_file_is_refused(void **state)
{
	struct blk_test *t = *state;
	struct blk_file_options options = { 0 };
	struct blk_dev *dev = NULL;

	assert_int_equal(mkfifo(blk_test_path(t->dir, "pipe"), 0600), 0);
	assert_int_equal(blk_file_new(blk_test_path(t->dir, "pipe"), "pipe", SIZE, &options, &dev),
			 0);
	assert_int_equal(blk_verify(dev), -EINVAL);
	blk_dev_unref(dev);
}

static void
test_a_read_only_device_refuses_writes(void **state)
{
	struct blk_test *t = *state;
	struct blk_file_options options = { .read_only = true };
	struct blk_dev *dev = NULL;
	uint8_t buf[512] = { 0 };

	assert_int_equal(blk_file_create(blk_test_path(t->dir, "f"), SIZE), 0);
	assert_int_equal(blk_file_new(blk_test_path(t->dir, "f"), "f", SIZE, &options, &dev), 0);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), 0);
	assert_int_equal(blk_rw(dev, BLK_WRITE, 0, buf, sizeof(buf)), -EROFS);
	blk_dev_unref(dev);
}

struct stepper {
	struct blk_progress progress;
	unsigned steps, cancel_at;
	uint64_t done, total;
};

static int
count_step(struct blk_progress *progress, uint64_t done_bytes, uint64_t total_bytes)
{
	struct stepper *s = container_of(progress, struct stepper, progress);

	s->done = done_bytes;
	s->total = total_bytes;
	return ++s->steps == s->cancel_at;
}

static void
test_thick_takes_its_space_and_keeps_it(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, true);
	struct stepper s = { .progress.step = count_step };
	struct blk_io unmap = { .op = BLK_UNMAP, .len_bytes = SIZE };
	struct blk_io map = { .op = BLK_MAP, .len_bytes = SIZE };
	struct blk_stat st;

	assert_int_equal(blk_allocate(dev, 0, SIZE, &s.progress), 0);
	assert_true(s.steps >= 1 && s.done == SIZE && s.total == SIZE);
	assert_int_equal(blk_submit(dev, NULL, &unmap), BLK_DONE);
	assert_int_equal(unmap.result, 0);
	assert_int_equal(blk_stat(dev, &st), 0);
	assert_true(st.allocated_bytes >= SIZE);
	assert_int_equal(blk_submit(dev, NULL, &map), BLK_DONE);
	assert_true(map.extent.mapped && map.extent.len_bytes == SIZE);
	blk_dev_unref(dev);
}

static void
test_thin_gives_its_space_back(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
	AUTO_FREE uint8_t *buf = mem_calloc(1, TEST_MIB);
	struct blk_io io = { .op = BLK_UNMAP, .len_bytes = TEST_MIB };
	struct blk_stat before, after;

	memset(buf, 1, TEST_MIB);
	assert_int_equal(blk_rw(dev, BLK_WRITE, 0, buf, TEST_MIB), 0);
	assert_int_equal(blk_flush(dev), 0);
	assert_int_equal(blk_stat(dev, &before), 0);
	blk_submit(dev, NULL, &io);
	assert_int_equal(io.result, 0);
	assert_int_equal(blk_stat(dev, &after), 0);
	assert_true(before.allocated_bytes >= TEST_MIB &&
		    after.allocated_bytes < before.allocated_bytes);
	io = (struct blk_io){ .op = BLK_MAP, .len_bytes = SIZE };
	blk_submit(dev, NULL, &io);
	assert_false(io.extent.mapped);
	blk_dev_unref(dev);
}

static void
test_an_extent_ends_where_data_ends(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);

	static uint8_t block[65536];
	struct blk_io io = { .op = BLK_MAP, .len_bytes = SIZE };

	assert_int_equal(blk_rw(dev, BLK_WRITE, TEST_MIB, block, sizeof(block)), 0);
	blk_submit(dev, NULL, &io);
	assert_true(!io.extent.mapped && io.extent.len_bytes == TEST_MIB);
	io = (struct blk_io){ .op = BLK_MAP,
			      .offset_bytes = TEST_MIB,
			      .len_bytes = SIZE - TEST_MIB };
	blk_submit(dev, NULL, &io);
	assert_true(io.extent.mapped && io.extent.len_bytes == sizeof(block));
	blk_dev_unref(dev);
}

static void
test_a_cancelled_extension_is_undone(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, true);
	struct stepper s = { .progress.step = count_step, .cancel_at = 2 };
	struct stat st;

	assert_int_equal(blk_allocate(dev, SIZE, 256ull * TEST_MIB, &s.progress), ERR_CANCELLED);
	assert_int_equal(s.steps, 2);
	assert_int_equal(stat(blk_test_path(t->dir, "f"), &st), 0);
	assert_int_equal(st.st_size, SIZE);
	assert_int_equal(blk_size_bytes(dev), SIZE);
	assert_int_equal(blk_verify(dev), 0);
	blk_dev_unref(dev);
}

static void
test_an_extension_is_published_by_resize(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, true);
	struct stat st;

	assert_int_equal(blk_allocate(dev, SIZE, TEST_MIB, NULL), 0);
	assert_int_equal(blk_size_bytes(dev), SIZE);
	assert_int_equal(blk_resize(dev, SIZE + TEST_MIB), 0);
	assert_int_equal(blk_size_bytes(dev), SIZE + TEST_MIB);
	assert_int_equal(stat(blk_test_path(t->dir, "f"), &st), 0);
	assert_int_equal(st.st_size, SIZE + TEST_MIB);
	blk_dev_unref(dev);
}

/* Page-cache hits and tmpfs never reach the queue; a flush to a disk does. */
static void
test_cached_reads_are_done_on_the_spot(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
	struct blk_queue *queue = NULL;
	static uint8_t buf[4096];
	struct iovec iov = { buf, sizeof(buf) };
	struct blk_io io = {
		.op = BLK_READ, .len_bytes = sizeof(buf), .iov = &iov, .iov_count = 1
	};
	bool pending = true;

	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_AUTO, t->workers, &queue), 0);
	assert_int_equal(blk_rw(dev, BLK_WRITE, 0, buf, sizeof(buf)), 0);
	assert_int_equal(blk_test_io(t, dev, queue, &io, &pending), 0);
	assert_false(pending);
	assert_false(blk_on_the_spot(dev));
	io = (struct blk_io){ .op = BLK_FLUSH };
	assert_int_equal(blk_test_io(t, dev, queue, &io, &pending), 0);
	assert_true(pending);
	blk_queue_free(queue);
	blk_dev_unref(dev);
}

static void
test_tmpfs_is_done_on_the_spot(void **state)
{
	struct blk_test *t = *state;
	static const enum blk_op ops[] = { BLK_WRITE, BLK_READ };
	struct blk_queue *queue = NULL;
	static uint8_t buf[4096];
	struct iovec iov = { buf, sizeof(buf) };

	if (t->memory_dir[0] == '\0') {
		print_message("# skipped: not on this file system\n");
		return;
	}
	struct blk_dev *dev = blk_test_file(t->memory_dir, "f", SIZE, false);

	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_AUTO, t->workers, &queue), 0);
	for (unsigned i = 0; i < ARRAY_LEN(ops); i++) {
		struct blk_io io = {
			.op = ops[i], .len_bytes = sizeof(buf), .iov = &iov, .iov_count = 1
		};
		bool pending = true;

		assert_int_equal(blk_test_io(t, dev, queue, &io, &pending), 0);
		assert_false(pending);
	}
	assert_true(blk_on_the_spot(dev));
	blk_queue_free(queue);
	blk_dev_unref(dev);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, blk_test_setup, blk_test_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		FILE_TEST(test_create_makes_a_private_sparse_file),
		FILE_TEST(test_create_that_fails_leaves_no_file),
		FILE_TEST(test_remove_twice_is_no_error),
		FILE_TEST(test_a_missing_file_fails_at_verify),
		FILE_TEST(test_a_missing_file_fails_at_the_first_read),
		FILE_TEST(test_verify_finds_a_deleted_file),
		FILE_TEST(test_verify_finds_a_replaced_file),
		FILE_TEST(test_verify_finds_a_short_file),
		FILE_TEST(test_a_shortage_of_descriptors_fails_no_device),
		FILE_TEST(test_a_shortage_at_verify_is_not_known_to_be_a_failure),
		FILE_TEST(test_a_file_replaced_before_it_is_opened_is_not_used),
		FILE_TEST(test_reopen_cures_a_file_that_came_back),
		FILE_TEST(test_a_short_file_gives_an_error_not_zeros),
		FILE_TEST(test_a_file_that_was_cut_is_not_grown_again_by_a_write),
		FILE_TEST(test_files_beyond_the_limit_are_busy_and_fail_no_device),
		FILE_TEST(test_something_else_than_a_file_is_refused),
		FILE_TEST(test_a_read_only_device_refuses_writes),
		FILE_TEST(test_thick_takes_its_space_and_keeps_it),
		FILE_TEST(test_thin_gives_its_space_back),
		FILE_TEST(test_an_extent_ends_where_data_ends),
		FILE_TEST(test_a_cancelled_extension_is_undone),
		FILE_TEST(test_an_extension_is_published_by_resize),
		FILE_TEST(test_cached_reads_are_done_on_the_spot),
		FILE_TEST(test_tmpfs_is_done_on_the_spot),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("blk files", tests, NULL, NULL);
}

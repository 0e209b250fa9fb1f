/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of file devices: making and removing files, thin and thick files, files that disappeared,
 * and I/O that completes within the call.  Most run on a disk, and in memory with and without a
 * mapping of the file.
 */
#include "blk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
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
test_a_short_file_fails_the_device_at_the_first_read_there(void **state)
{
	struct blk_test *t = *state;
	struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
	struct blk_test_listener l;
	uint8_t buf[512];

	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), 0);
	blk_test_listen(&l, dev);
	spoil_truncate(blk_test_path(t->dir, "f"));
	assert_int_equal(blk_rw(dev, BLK_READ, SIZE - 512, buf, sizeof(buf)), ERR_FAILED);
	assert_int_equal(l.single, 0);
	assert_int_equal(l.sticky, 1);
	blk_dev_unref(dev);
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

static unsigned stats;
/* Called once by the next fstat, before or after it has looked; NULL = nothing. */
static void (*before_stat)(void *arg), (*after_stat)(void *arg);
static void *stat_arg;

static void
call_once(void (**hook)(void *arg))
{
	void (*call)(void *arg) = *hook;

	*hook = NULL;
	if (call != NULL)
		call(stat_arg);
}

/* Takes the place of libc's, and counts. */
int
fstat(int fd, struct stat *st)
{
	int rc;

	stats++;
	call_once(&before_stat);
	rc = fstatat(fd, "", st, AT_EMPTY_PATH);
	call_once(&after_stat);
	return rc;
}

/* Lets the time of the loop go on, which is that of its last round. */
static void
pass_time(struct blk_test *t, uint64_t ns)
{
	uint64_t start_ns = loop_now_ns(t->loop);

	while (loop_now_ns(t->loop) - start_ns < ns)
		loop_run_once(t->loop, 1);
}

static void
write_behind_the_back(const char *path, uint64_t offset_bytes, const void *buf, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, buf, len, (off_t)offset_bytes), (ssize_t)len);
	close(fd);
}

/* A write behind the cut makes a hole of what was lost between them. */
static void
test_a_hole_that_a_cut_and_a_write_have_left_is_not_read(void **state)
{
	static const enum blk_queue_kind kinds[] = { BLK_QUEUE_AUTO, BLK_QUEUE_WORKERS };
	struct blk_test *t = *state;
	uint8_t buf[512] = { 1 };

	for (size_t i = 0; i < 2 * ARRAY_LEN(kinds); i++) {
		const char *dir = i % 2 == 0 || t->memory_dir[0] == '\0' ? t->dir : t->memory_dir;
		struct blk_dev *dev = blk_test_file(dir, "f", SIZE, false);
		struct blk_queue *queue = NULL;

		assert_int_equal(blk_queue_new(t->loop, kinds[i / 2], t->workers, &queue), 0);
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_WRITE, 0, 4096, buf, sizeof(buf)),
				 0);
		assert_int_equal(truncate(blk_test_path(dir, "f"), 512), 0);
		/* by another process, or within the time that the length is known for */
		write_behind_the_back(blk_test_path(dir, "f"), SIZE / 2, buf, sizeof(buf));
		pass_time(t, 20 * NS_PER_MS);
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 4096, buf, sizeof(buf)),
				 ERR_FAILED);
		assert_true(blk_has_failed(dev));
		blk_queue_free(queue);
		blk_dev_unref(dev);
		assert_int_equal(blk_file_remove(blk_test_path(dir, "f")), 0);
	}
}

static void
test_the_length_is_not_checked_for_each_operation(void **state)
{
	struct blk_test *t = *state;
	const char *dir = t->memory_dir[0] != '\0' ? t->memory_dir : t->dir;
	struct blk_dev *dev = blk_test_file(dir, "f", SIZE, false);
	struct blk_queue *queue = NULL;
	uint8_t buf[512] = { 1 };
	uint64_t start_ns, ms;

	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_AUTO, t->workers, &queue), 0);
	assert_int_equal(blk_test_rw(t, dev, queue, BLK_WRITE, 0, 0, buf, sizeof(buf)), 0);
	stats = 0;
	start_ns = loop_now_ns(t->loop);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_WRITE, 0, 0, buf, sizeof(buf)), 0);
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 0, buf, sizeof(buf)), 0);
	}
	ms = (loop_now_ns(t->loop) - start_ns) / NS_PER_MS;
	assert_in_range(stats, 0, ms / 10 + 1);
	blk_queue_free(queue);
	blk_dev_unref(dev);
}

/* What ftruncate calls when it has done its work; NULL = nothing. */
static void (*after_truncate)(void *arg);
static void *after_truncate_arg;

/* Takes the place of libc's. */
int
ftruncate(int fd, off_t len)
{
	int rc = (int)syscall(SYS_ftruncate, fd, len);

	if (after_truncate != NULL)
		after_truncate(after_truncate_arg);
	return rc;
}

struct beside {
	struct blk_test *t;
	struct blk_dev *dev;
	struct blk_queue *queue;
};

static void
read_beside(void *arg)
{
	struct beside *b = arg;
	uint8_t buf[512];

	pass_time(b->t, 20 * NS_PER_MS);
	assert_int_equal(blk_test_rw(b->t, b->dev, b->queue, BLK_READ, 0, 0, buf, sizeof(buf)), 0);
}

static void
test_a_shrinking_device_does_not_look_cut(void **state)
{
	struct blk_test *t = *state;
	struct beside b = { .t = t, .dev = blk_test_file(t->dir, "f", SIZE, false) };

	assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_AUTO, t->workers, &b.queue), 0);
	after_truncate = read_beside;
	after_truncate_arg = &b;
	assert_int_equal(blk_resize(b.dev, SIZE / 2), 0);
	after_truncate = NULL;
	assert_int_equal(blk_size_bytes(b.dev), SIZE / 2);
	assert_false(blk_has_failed(b.dev));
	blk_queue_free(b.queue);
	blk_dev_unref(b.dev);
}

static void
grow(void *arg)
{
	assert_int_equal(blk_resize(arg, 2 * SIZE), 0);
}

static void
shrink(void *arg)
{
	assert_int_equal(blk_resize(arg, SIZE / 2), 0);
}

/* While one thread compares the sizes of device and file, another one changes both. */
static void
test_a_device_that_is_resized_during_a_look_at_its_file_is_sound(void **state)
{
	struct blk_test *t = *state;
	uint8_t buf[512] = { 1 };

	for (int i = 0; i < 2; i++) {
		struct blk_dev *dev = blk_test_file(t->dir, "f", SIZE, false);
		struct blk_queue *queue = NULL;

		assert_int_equal(blk_queue_new(t->loop, BLK_QUEUE_AUTO, t->workers, &queue), 0);
		assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)), 0);
		stat_arg = dev;
		if (i == 0)
			after_stat = grow;
		else
			before_stat = shrink;
		pass_time(t, 20 * NS_PER_MS);
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 0, buf, sizeof(buf)), 0);
		assert_null(after_stat);
		assert_null(before_stat);
		assert_false(blk_has_failed(dev));
		blk_queue_free(queue);
		blk_dev_unref(dev);
		assert_int_equal(blk_file_remove(blk_test_path(t->dir, "f")), 0);
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

static int
setup_mapped(void **state)
{
	blk_file_set_map(true);
	return blk_test_setup_in_memory(state);
}

static int
setup_not_mapped(void **state)
{
	blk_file_set_map(false);
	return blk_test_setup_in_memory(state);
}

static int
teardown(void **state)
{
	blk_file_set_map(true);
	return blk_test_teardown(state);
}

/* clang-format off */
#define EVERYWHERE(name) \
	FILE_TEST(name), \
	{ #name " (mapped)", name, setup_mapped, teardown, NULL }, \
	{ #name " (in memory)", name, setup_not_mapped, teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(test_create_that_fails_leaves_no_file),
		FILE_TEST(test_cached_reads_are_done_on_the_spot),
		FILE_TEST(test_tmpfs_is_done_on_the_spot),
		EVERYWHERE(test_create_makes_a_private_sparse_file),
		EVERYWHERE(test_remove_twice_is_no_error),
		EVERYWHERE(test_a_missing_file_fails_at_verify),
		EVERYWHERE(test_a_missing_file_fails_at_the_first_read),
		EVERYWHERE(test_verify_finds_a_deleted_file),
		EVERYWHERE(test_verify_finds_a_replaced_file),
		EVERYWHERE(test_verify_finds_a_short_file),
		EVERYWHERE(test_a_shortage_of_descriptors_fails_no_device),
		EVERYWHERE(test_a_shortage_at_verify_is_not_known_to_be_a_failure),
		EVERYWHERE(test_a_file_replaced_before_it_is_opened_is_not_used),
		EVERYWHERE(test_reopen_cures_a_file_that_came_back),
		EVERYWHERE(test_a_short_file_fails_the_device_at_the_first_read_there),
		EVERYWHERE(test_a_file_that_was_cut_is_not_grown_again_by_a_write),
		EVERYWHERE(test_a_hole_that_a_cut_and_a_write_have_left_is_not_read),
		EVERYWHERE(test_the_length_is_not_checked_for_each_operation),
		EVERYWHERE(test_a_shrinking_device_does_not_look_cut),
		EVERYWHERE(test_a_device_that_is_resized_during_a_look_at_its_file_is_sound),
		EVERYWHERE(test_something_else_than_a_file_is_refused),
		EVERYWHERE(test_a_read_only_device_refuses_writes),
		EVERYWHERE(test_thick_takes_its_space_and_keeps_it),
		EVERYWHERE(test_thin_gives_its_space_back),
		EVERYWHERE(test_an_extent_ends_where_data_ends),
		EVERYWHERE(test_a_cancelled_extension_is_undone),
		EVERYWHERE(test_an_extension_is_published_by_resize),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("blk files", tests, NULL, NULL);
}

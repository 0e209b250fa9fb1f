/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of disks that are divided into volumes: a child ends at each step that changes the disk,
 * and what was not synced then is partly lost; each step fails; each allocation fails.  What is
 * left is one state of the history or the next.
 */
#include "disk_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "fault.h"

/* What the volumes hold after a number of steps: -1 = there is no such volume. */
struct after {
	int a, b;
	uint64_t a_size;
	uint32_t chunks; /* of the disk */
};
#define LARGER (CHUNKS + 3)
static const struct after history[] = {
	{ -1, -1, 0, CHUNKS },
	{ 0, -1, 2 * TEST_MIB, CHUNKS },
	{ 1, -1, 2 * TEST_MIB, CHUNKS },
	{ 1, -1, 4 * TEST_MIB, CHUNKS },
	{ 1, 1, 4 * TEST_MIB, CHUNKS },
	{ 1, 1, TEST_MIB, CHUNKS },
	{ 2, 1, TEST_MIB, CHUNKS },
	{ 2, 1, TEST_MIB, LARGER },
	{ 2, 1, (CHUNKS + 1) * TEST_MIB, LARGER },
	{ 0, 1, (CHUNKS + 1) * TEST_MIB, LARGER },
	{ 0, -1, (CHUNKS + 1) * TEST_MIB, LARGER },
	{ -1, -1, 0, LARGER },
};

/* Makes the change that leads to history[done + 1].  Returns 0 or an error. */
static int
change(struct blk_disk *disk, const char *path, unsigned done)
{
	static uint8_t value[TEST_MIB];
	AUTO(disk_test_unref) struct blk_dev *dev = NULL;
	struct blk_io unmap = { .op = BLK_UNMAP };
	int rc = 0;

	if (done >= 1 && done < ARRAY_LEN(history) - 3) {
		rc = blk_disk_dev_new(path, &a, "v", history[done].a_size, false, &dev);
		if (rc < 0)
			return rc;
	}
	memset(value, done == 1 ? 1 : 2, sizeof(value));
	switch (done) {
	case 0:
		rc = blk_disk_volume_make(path, &a, history[1].a_size);
		return rc < 0 ? rc : blk_disk_volume_commit(path, &a);
	case 1:
		rc = blk_rw(dev, BLK_WRITE, 0, value, sizeof(value));
		return rc < 0 ? rc : blk_flush(dev);
	case 2:
		rc = blk_allocate(dev, 2 * TEST_MIB, 2 * TEST_MIB, NULL);
		return rc < 0 ? rc : blk_resize(dev, 4 * TEST_MIB);
	case 3:
		rc = blk_disk_volume_copy(path, &a, &b, TEST_MIB, NULL);
		return rc < 0 ? rc : blk_disk_volume_commit(path, &b);
	case 4:
		return blk_resize(dev, TEST_MIB);
	case 5:
		rc = blk_rw(dev, BLK_WRITE, 0, value, sizeof(value));
		return rc < 0 ? rc : blk_flush(dev);
	case 6:
		disk_test_enlarge(path, SIZE + (LARGER - CHUNKS) * TEST_MIB);
		return MIN(blk_disk_grow(disk), 0);
	case 7:
		return blk_resize(dev, (CHUNKS + 1) * TEST_MIB);
	case 8:
		unmap.len_bytes = TEST_MIB;
		blk_submit(dev, NULL, &unmap);
		return unmap.result;
	case 9:
		return blk_disk_volume_remove(path, &b, true);
	default:
		return blk_disk_volume_remove(path, &a, true);
	}
}

static bool
holds(const char *path, const struct guid *id, int value, uint64_t size_bytes)
{
	AUTO(disk_test_unref) struct blk_dev *dev = NULL;
	static uint8_t buf[(CHUNKS + 1) * TEST_MIB];
	int rc = blk_disk_volume_check(path, id, size_bytes, false);

	if (value < 0)
		return rc == ERR_CORRUPT;
	if (rc < 0)
		return false;
	dev = disk_test_volume(path, id, size_bytes, false);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, buf, size_bytes), 0);
	return blk_test_all(buf, TEST_MIB, (uint8_t)value) &&
	       blk_test_all(buf + TEST_MIB, size_bytes - TEST_MIB, 0);
}

static bool
is_after(struct blk_disk *disk, const char *path, const struct after *after)
{
	uint64_t capacity, left;

	blk_disk_space(disk, &capacity, &left);
	return capacity == (uint64_t)after->chunks * TEST_MIB &&
	       holds(path, &a, after->a, after->a_size) && holds(path, &b, after->b, TEST_MIB);
}

/* The disk is as after `done` changes, or as after one more. */
static void
check_after(const char *path, unsigned done)
{
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_OPEN);
	AUTO_FREE struct blk_disk_entry *entries = NULL;
	int count = blk_disk_list(disk, &entries);
	struct after between = history[done];

	assert_true(count >= 0);
	for (int i = 0; i < count; i++)
		if (!entries[i].committed) /* as a sweep does */
			assert_int_equal(blk_disk_volume_remove(path, &entries[i].id, false), 0);
	if (done == 5 && holds(path, &a, 1, TEST_MIB))
		between.a = 1;
	assert_true(is_after(disk, path, &between) || is_after(disk, path, &history[done + 1]));
	blk_disk_close(disk, false);
}

/* What was written and is not synced: what was there before, so that it can be lost. */
static struct {
	uint64_t at;
	size_t len;
	uint8_t *bytes;
	bool durable;
} unsynced[64];
static unsigned unsynced_count, steps_left, losses;
static int step_error; /* 0: the process ends at the step */

static void
lose(int fd)
{
	for (unsigned i = unsynced_count; i-- > 0;)
		if (!unsynced[i].durable && (losses >> (i % 3) & 1) != 0 &&
		    pwrite(fd, unsynced[i].bytes, unsynced[i].len, (off_t)unsynced[i].at) < 0)
			_exit(3);
}

static void
note_unsynced(enum blk_disk_step step, int fd, size_t len, uint64_t at)
{
	if (step == DISK_SYNC)
		while (unsynced_count > 0)
			free(unsynced[--unsynced_count].bytes);
	if (step == DISK_SYNC || step == DISK_DISCARD || unsynced_count == ARRAY_LEN(unsynced))
		return;
	unsynced[unsynced_count].at = at;
	unsynced[unsynced_count].len = len;
	unsynced[unsynced_count].durable = step == DISK_WRITE_DURABLE;
	unsynced[unsynced_count].bytes = malloc(len);
	if (unsynced[unsynced_count].bytes == NULL ||
	    pread(fd, unsynced[unsynced_count].bytes, len, (off_t)at) != (ssize_t)len)
		_exit(3);
	unsynced_count++;
}

static int
on_step(enum blk_disk_step step, int fd, const void *buf, size_t len, uint64_t at)
{
	if (step != DISK_DISCARD && --steps_left == 0) {
		if (step_error != 0)
			return step_error;
		lose(fd);
		/* the write that was under way came some way */
		if (buf != NULL && pwrite(fd, buf, MIN(len / 2, losses % 100 + 1), (off_t)at) < 0)
			_exit(3);
		_exit(2);
	}
	if (step_error == 0)
		note_unsynced(step, fd, len, at);
	return 0;
}

static void
crash_child(const char *path, volatile unsigned *done)
{
	struct blk_disk *disk = NULL;

	if (blk_disk_open(path, &owner, BLK_DISK_CREATE, &disk) < 0)
		_exit(4);
	blk_disk_hook = on_step;
	for (; *done < ARRAY_LEN(history) - 1; ++*done)
		if (change(disk, path, *done) < 0)
			_exit(5);
	_exit(0);
}

static void
test_a_crash_at_any_step_leaves_one_state_or_the_next(void **state)
{
	struct blk_test *t = *state;
	volatile unsigned *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	unsigned rounds = 0;

	assert_true(done != MAP_FAILED);
	for (unsigned at = 1; status == 0 || WEXITSTATUS(status) == 2; at++) {
		const char *path = disk_test_device(t, "d");
		pid_t pid;

		*done = 0;
		steps_left = at;
		losses = at * 5 + at / 3;
		fflush(NULL);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			crash_child(path, done);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		rounds++;
		if (WEXITSTATUS(status) == 0)
			break;
		assert_int_equal(WEXITSTATUS(status), 2);
		check_after(path, *done);
	}
	assert_int_equal(*done, ARRAY_LEN(history) - 1);
	assert_true(rounds > 30);
	munmap((void *)(uintptr_t)done, 4096);
}

static void
test_an_error_at_any_step_leaves_one_state_or_the_next(void **state)
{
	struct blk_test *t = *state;
	unsigned done = 0, rounds = 0;

	step_error = -EIO;
	for (unsigned at = 1; done < ARRAY_LEN(history) - 1; at++) {
		const char *path = disk_test_device(t, "d");
		struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE);
		int rc = 0;

		steps_left = at;
		blk_disk_hook = on_step;
		for (done = 0; rc == 0 && done < ARRAY_LEN(history) - 1;)
			if ((rc = change(disk, path, done)) == 0)
				done++;
		blk_disk_hook = NULL;
		rounds++;
		blk_disk_close(disk, false);
		if (rc < 0)
			check_after(path, done);
	}
	step_error = 0;
	assert_true(rounds > 30);
}

static void
test_no_memory_at_any_allocation(void **state)
{
	struct blk_test *t = *state;

	WITH_EVERY_FAULT
	{
		const char *path;
		struct blk_disk *disk = NULL;
		unsigned done = 0;
		int rc;

		mem_fault_pause();
		path = disk_test_device(t, "d");
		mem_fault_resume();
		rc = blk_disk_open(path, &owner, BLK_DISK_CREATE, &disk);
		while (rc == 0 && done < ARRAY_LEN(history) - 1)
			if ((rc = change(disk, path, done)) == 0)
				done++;
		assert_int_equal(rc, FAULT_HIT && rc != ERR_FAILED ? -ENOMEM : rc);
		assert_true(rc < 0 || done == ARRAY_LEN(history) - 1);
		FAULT_OFF();
		if (disk != NULL) {
			blk_disk_close(disk, false);
			check_after(path, MIN(done, (unsigned)ARRAY_LEN(history) - 2));
		}
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, blk_test_setup, blk_test_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_crash_at_any_step_leaves_one_state_or_the_next),
		TEST(test_an_error_at_any_step_leaves_one_state_or_the_next),
		TEST(test_no_memory_at_any_allocation),
	};

	blk_disk_allow_files(true);
	return cmocka_run_group_tests_name("disk-crash", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helpers that disk_test.h declares and describes. */
#include "disk_test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void
disk_test_unref(struct blk_dev **dev)
{
	blk_dev_unref(*dev);
}

const char *
disk_test_device(const struct blk_test *t, const char *name)
{
	const char *dir = t->memory_dir[0] != '\0' ? t->memory_dir : t->dir;
	const char *path = blk_test_path(dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	static uint8_t dirt[TEST_MIB];

	memset(dirt, DIRT, sizeof(dirt));
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	for (uint32_t i = 0; i < CHUNKS; i++)
		assert_int_equal(pwrite(fd, dirt, sizeof(dirt), FIRST + (off_t)i * TEST_MIB),
				 sizeof(dirt));
	close(fd);
	return path;
}

void
disk_test_enlarge(const char *path, uint64_t size_bytes)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	static uint8_t dirt[TEST_MIB];

	memset(dirt, DIRT, sizeof(dirt));
	assert_true(fd >= 0);
	for (uint64_t at = SIZE; at < size_bytes; at += sizeof(dirt))
		assert_int_equal(pwrite(fd, dirt, sizeof(dirt), (off_t)at), sizeof(dirt));
	close(fd);
}

struct blk_disk *
disk_test_open(const char *path, enum blk_disk_mode mode)
{
	struct blk_disk *disk = NULL;

	assert_int_equal(blk_disk_open(path, &owner, mode, &disk), 0);
	return disk;
}

struct blk_dev *
disk_test_volume(const char *path, const struct guid *id, uint64_t size_bytes, bool thick)
{
	struct blk_dev *dev = NULL;

	assert_int_equal(blk_disk_dev_new(path, id, "v", size_bytes, thick, &dev), 0);
	return dev;
}

struct blk_dev *
disk_test_volume_new(const char *path, const struct guid *id, uint64_t size_bytes)
{
	assert_int_equal(blk_disk_volume_make(path, id, size_bytes), 0);
	assert_int_equal(blk_disk_volume_commit(path, id), 0);
	return disk_test_volume(path, id, size_bytes, false);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of disks that are divided into volumes: what is taken and refused, what volumes hold,
 * space, I/O in pieces, and devices that go away.
 */
#include "disk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

static const struct guid other = { { 2 } }, c = { { 0xc } };

static void
put(const char *path, uint64_t at, const void *bytes, size_t len)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
	close(fd);
}

static uint64_t
free_bytes(struct blk_disk *disk)
{
	uint64_t capacity, left;

	blk_disk_space(disk, &capacity, &left);
	assert_int_equal(capacity, (uint64_t)CHUNKS * TEST_MIB);
	return left;
}

static void
assert_reads(struct blk_dev *dev, uint64_t at, size_t len, uint8_t value)
{
	AUTO_FREE uint8_t *buf = mem_alloc(len);

	assert_non_null(buf);
	memset(buf, (uint8_t)~value, len);
	assert_int_equal(blk_rw(dev, BLK_READ, at, buf, len), 0);
	assert_true(blk_test_all(buf, len, value));
}

static bool
is_empty(const char *path, uint64_t at, size_t len)
{
	AUTO_FREE uint8_t *buf = mem_alloc(len);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && buf != NULL);
	assert_int_equal(pread(fd, buf, len, (off_t)at), len);
	close(fd);
	return blk_test_all(buf, len, 0);
}

static void
fill(struct blk_dev *dev, uint64_t at, size_t len, uint8_t value)
{
	AUTO_FREE uint8_t *buf = mem_alloc(len);

	assert_non_null(buf);
	memset(buf, value, len);
	assert_int_equal(blk_rw(dev, BLK_WRITE, at, buf, len), 0);
}

/* ---- making and opening ---- */

static void
test_only_a_device_that_holds_nothing_is_taken(void **state)
{
	static const struct {
		uint64_t at;
		const char *bytes;
		size_t len;
		const char *named;
	} held[] = {
		{ 1024 + 56, "\x53\xef", 2, "ext4" },
		{ 510, "\x55\xaa", 2, "partition table" },
		{ 512, "LABELONE", 8, "LVM" },
		{ SIZE - 8192, "\xfc\x4e\x2b\xa9", 4, "RAID" },
		{ 65536 + 64, "_BHRfS_M", 8, "btrfs" },
		{ 777, "x", 1, "holds data" },
		{ SIZE - 1, "x", 1, "holds data" },
	};
	struct blk_test *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(held); i++) {
		const char *path = disk_test_device(t, "d");
		struct blk_disk *disk = NULL;

		put(path, held[i].at, held[i].bytes, held[i].len);
		assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_CREATE, &disk), ERR_IN_USE);
		assert_non_null(strstr(err_text(ERR_IN_USE), held[i].named));
		assert_non_null(strstr(err_text(ERR_IN_USE), "--force"));
		assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_OPEN, &disk), ERR_NOT_FOUND);
		disk = disk_test_open(path, BLK_DISK_FORCE);
		assert_int_equal(blk_disk_look(disk), 0);
		blk_disk_close(disk, true);
		blk_disk_close(disk_test_open(path, BLK_DISK_CREATE),
			       true); /* nothing is left of it */
	}
}

static void
test_devices_that_cannot_be_taken_are_refused_with_the_reason(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE), *none = NULL;

	assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_CREATE, &none), ERR_LOCKED);
	assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_FORCE, &none), ERR_LOCKED);
	blk_disk_close(disk, false);
	assert_int_equal(blk_disk_open(path, &other, BLK_DISK_CREATE, &none), ERR_IN_USE);
	assert_int_equal(blk_disk_open(path, &other, BLK_DISK_OPEN, &none), ERR_IN_USE);
	assert_int_equal(truncate(path, SIZE / 2), 0);
	assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_OPEN, &none), ERR_CORRUPT);
	assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_FORCE, &none), ERR_INVALID);
	assert_int_equal(blk_disk_open(t->dir, &owner, BLK_DISK_CREATE, &none), -EISDIR);
	assert_int_equal(blk_disk_open("/dev/null", &owner, BLK_DISK_CREATE, &none), ERR_INVALID);
	assert_int_equal(blk_disk_open("/dev/none", &owner, BLK_DISK_CREATE, &none), ERR_INVALID);
	blk_disk_allow_files(false);
	assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_CREATE, &none), ERR_INVALID);
	blk_disk_allow_files(true);
}

static void
test_damage_is_found(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE), *none = NULL;

	blk_dev_unref(disk_test_volume_new(path, &a, TEST_MIB));
	blk_disk_close(disk, false);
	put(path, BLK_DISK_SLOT_AT + 40, "\xff", 1); /* the newest or the one before */
	disk = disk_test_open(path, BLK_DISK_OPEN);
	blk_disk_close(disk, false);
	put(path, BLK_DISK_SLOT_AT + BLK_DISK_SLOT_BYTES + 12, "\xff", 1);
	assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_OPEN, &none), ERR_CORRUPT);
	assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_CREATE, &none), ERR_CORRUPT);
	put(path, 20, "\xff", 1);
	assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_OPEN, &none), ERR_CORRUPT);
}

static void
test_a_disk_that_is_given_up_is_empty_unless_it_has_volumes(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE), *none = NULL;

	blk_dev_unref(disk_test_volume_new(path, &a, TEST_MIB));
	blk_disk_close(disk, true);
	assert_int_equal(blk_disk_open(path, &other, BLK_DISK_CREATE, &none), ERR_IN_USE);
	disk = disk_test_open(path, BLK_DISK_CREATE);
	assert_int_equal(blk_disk_volume_check(path, &a, TEST_MIB, false), 0);
	assert_int_equal(blk_disk_volume_remove(path, &a, true), 0);
	blk_disk_close(disk, true);
	assert_int_equal(blk_disk_open(path, &other, BLK_DISK_CREATE, &none), 0);
	blk_disk_close(none, true);
}

/* ---- what a volume holds ---- */

static void
test_a_volume_shows_nothing_of_what_was_on_the_disk(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE);
	struct blk_dev *dev = disk_test_volume_new(path, &a, 3 * TEST_MIB);
	struct blk_io io = { .op = BLK_MAP, .len_bytes = 3 * TEST_MIB };

	assert_reads(dev, 0, 3 * TEST_MIB, 0);
	fill(dev, TEST_MIB + 512, 512, 7);
	assert_reads(dev, TEST_MIB + 512, 512, 7);
	assert_reads(dev, 0, TEST_MIB + 512, 0);
	assert_reads(dev, TEST_MIB + 1024, 2 * TEST_MIB - 1024, 0);
	assert_int_equal(blk_submit(dev, NULL, &io), BLK_DONE);
	assert_int_equal(io.extent.len_bytes, TEST_MIB);
	assert_false(io.extent.mapped);
	blk_dev_unref(dev);
	/* The next owner of the space sees nothing of it either. */
	assert_int_equal(blk_disk_volume_remove(path, &a, true), 0);
	dev = disk_test_volume_new(path, &b, (uint64_t)CHUNKS * TEST_MIB);
	assert_reads(dev, 0, (size_t)CHUNKS * TEST_MIB, 0);
	blk_dev_unref(dev);
	blk_disk_close(disk, false);
}

static void
test_space_is_counted_and_ends(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE);
	struct blk_dev *dev = disk_test_volume_new(path, &a, 2 * TEST_MIB + 4096);
	struct blk_stat stat;
	uint64_t bytes = 0;

	assert_int_equal(free_bytes(disk), (CHUNKS - 3) * TEST_MIB);
	assert_int_equal(blk_verify(dev), 0);
	assert_int_equal(blk_allocated_bytes(dev), 3 * TEST_MIB);
	assert_int_equal(blk_disk_volume_space(path, &a, &bytes), 0);
	assert_int_equal(bytes, 3 * TEST_MIB);
	assert_int_equal(blk_disk_volume_space(path, &b, &bytes), -ENOENT);
	assert_int_equal(blk_stat(dev, &stat), 0);
	assert_int_equal(stat.allocated_bytes, 3 * TEST_MIB);
	assert_int_equal(blk_disk_volume_make(path, &b, (CHUNKS - 2) * TEST_MIB), -ENOSPC);
	assert_int_equal(blk_disk_volume_make(path, &b, 1ull << 50), -ENOSPC);
	assert_int_equal(blk_resize(dev, (CHUNKS + 1) * TEST_MIB), -ENOSPC);
	assert_int_equal(blk_size_bytes(dev), 2 * TEST_MIB + 4096);
	assert_int_equal(blk_resize(dev, CHUNKS * TEST_MIB), 0);
	assert_int_equal(free_bytes(disk), 0);
	assert_int_equal(blk_resize(dev, 4096), 0);
	assert_int_equal(free_bytes(disk), (CHUNKS - 1) * TEST_MIB);
	assert_int_equal(blk_disk_volume_make(path, &b, (CHUNKS - 1) * TEST_MIB), 0);
	assert_int_equal(blk_disk_volume_make(path, &b, TEST_MIB), -EEXIST);
	assert_int_equal(blk_disk_volume_remove(path, &b, false), 0);
	assert_int_equal(blk_disk_volume_remove(path, &b, false), 0);
	blk_dev_unref(dev);
	blk_disk_close(disk, false);
}

static void
test_what_was_cut_off_does_not_come_back(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE);
	struct blk_dev *dev = disk_test_volume_new(path, &a, 3 * TEST_MIB);

	fill(dev, 0, 3 * TEST_MIB, 5);
	assert_int_equal(blk_resize(dev, TEST_MIB + 4096), 0);
	assert_int_equal(blk_resize(dev, 4 * TEST_MIB), 0);
	assert_reads(dev, 0, TEST_MIB + 4096, 5);
	assert_reads(dev, TEST_MIB + 4096, 3 * TEST_MIB - 4096, 0);
	/* A crash between the LUN's new size and the volume's: the volume is larger. */
	fill(dev, 0, 4 * TEST_MIB, 6);
	blk_dev_unref(dev);
	dev = disk_test_volume(path, &a, TEST_MIB, false);
	assert_int_equal(blk_allocate(dev, TEST_MIB, TEST_MIB, NULL), 0);
	assert_int_equal(blk_resize(dev, 2 * TEST_MIB), 0);
	assert_reads(dev, 0, TEST_MIB, 6);
	assert_reads(dev, TEST_MIB, TEST_MIB, 0);
	blk_dev_unref(dev);
	blk_disk_close(disk, false);
}

struct stopping {
	struct blk_progress progress;
	unsigned left;
};

static int
stop_later(struct blk_progress *progress, uint64_t done_bytes, uint64_t total_bytes)
{
	struct stopping *stopping = container_of(progress, struct stopping, progress);

	assert_true(done_bytes <= total_bytes);
	return stopping->left-- == 0;
}

static void
test_allocating_writes_zeros_and_can_be_cancelled(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE);
	struct blk_dev *hole = disk_test_volume_new(path, &b, TEST_MIB), *dev;
	struct stopping stopping = { { stop_later }, 0 };
	struct blk_io io = { .op = BLK_MAP, .len_bytes = TEST_MIB };

	dev = disk_test_volume_new(path, &a, TEST_MIB);
	blk_dev_unref(hole); /* so that the volume has two pieces */
	assert_int_equal(blk_disk_volume_remove(path, &b, true), 0);
	assert_int_equal(blk_allocate(dev, 0, TEST_MIB, NULL), 0);
	assert_int_equal(blk_submit(dev, NULL, &io), BLK_DONE);
	assert_true(io.extent.mapped);
	assert_reads(dev, 0, TEST_MIB, 0);
	assert_int_equal(blk_allocate(dev, TEST_MIB, (CHUNKS - 1) * TEST_MIB, &stopping.progress),
			 ERR_CANCELLED);
	assert_int_equal(free_bytes(disk), (CHUNKS - 1) * TEST_MIB);
	assert_int_equal(blk_allocate(dev, TEST_MIB, CHUNKS * TEST_MIB, NULL), -ENOSPC);
	assert_int_equal(blk_allocate(dev, TEST_MIB, (CHUNKS - 1) * TEST_MIB, NULL), 0);
	assert_int_equal(blk_resize(dev, CHUNKS * TEST_MIB), 0);
	assert_reads(dev, 0, (size_t)CHUNKS * TEST_MIB, 0);
	blk_dev_unref(dev);
	blk_disk_close(disk, false);
}

static void
test_a_volume_takes_the_place_of_another(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE);
	struct blk_dev *dev = disk_test_volume_new(path, &a, 2 * TEST_MIB);
	struct stopping stopping = { { stop_later }, 0 };

	fill(dev, TEST_MIB - 512, 1024, 1);
	assert_int_equal(blk_disk_volume_copy(path, &a, &b, 3 * TEST_MIB, &stopping.progress),
			 ERR_CANCELLED);
	assert_int_equal(free_bytes(disk), (CHUNKS - 2) * TEST_MIB);
	assert_int_equal(blk_disk_volume_copy(path, &a, &b, 3 * TEST_MIB, NULL), 0);
	assert_int_equal(blk_disk_volume_commit(path, &b), 0);
	fill(dev, 0, TEST_MIB, 2);
	assert_int_equal(blk_disk_volume_copy(path, &b, &a, 2 * TEST_MIB, NULL), 0);
	assert_int_equal(blk_disk_volume_commit(path, &a), 0);
	/* Its device has the old space until it is opened again; nobody else gets it meanwhile. */
	assert_int_equal(blk_disk_volume_make(path, &c, (CHUNKS - 5) * TEST_MIB), -ENOSPC);
	assert_int_equal(blk_reopen(dev), 0);
	assert_int_equal(blk_disk_volume_make(path, &c, (CHUNKS - 5) * TEST_MIB), 0);
	assert_reads(dev, 0, TEST_MIB - 512, 0);
	assert_reads(dev, TEST_MIB - 512, 1024, 1);
	blk_dev_unref(dev);
	dev = disk_test_volume(path, &b, 3 * TEST_MIB, true);
	assert_reads(dev, TEST_MIB - 512, 1024, 1);
	assert_reads(dev, 2 * TEST_MIB, TEST_MIB, 0);
	blk_dev_unref(dev);
	blk_disk_close(disk, false);
}

/* ---- I/O through a queue, in pieces ---- */

/* Makes a volume of five chunks that lie in three places. */
static struct blk_dev *
make_pieces(const char *path)
{
	struct blk_dev *dev = disk_test_volume_new(path, &a, 2 * TEST_MIB);

	blk_dev_unref(disk_test_volume_new(path, &b, TEST_MIB));
	assert_int_equal(blk_resize(dev, 3 * TEST_MIB), 0);
	blk_dev_unref(disk_test_volume_new(path, &c, TEST_MIB));
	assert_int_equal(blk_resize(dev, 5 * TEST_MIB), 0);
	return dev;
}

static void
test_random_io_in_pieces(void **state)
{
	struct blk_test *t = *state;
	const size_t size = 5u * TEST_MIB;
	AUTO_FREE uint8_t *want = mem_calloc(1, size);
	AUTO_FREE uint8_t *got = mem_calloc(1, size);

	assert_true(want != NULL && got != NULL);
	for (int kind = BLK_QUEUE_AUTO; kind <= BLK_QUEUE_WORKERS; kind += 2) {
		const char *path = disk_test_device(t, "d");
		struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE);
		struct blk_dev *dev = make_pieces(path);
		struct blk_queue *queue = NULL;
		unsigned random = 7;

		memset(want, 0, size);
		assert_int_equal(
			blk_queue_new(t->loop, (enum blk_queue_kind)kind, t->workers, &queue), 0);
		for (unsigned i = 0; i < 400; i++) {
			size_t at, len;
			unsigned op;

			random = random * 1664525u + 1013904223u;
			at = (random >> 8) % (size / 512) * 512;
			random = random * 1664525u + 1013904223u;
			len = ((random >> 8) % (i % 10 == 0 ? 5000 : 40) + 1) * 512;
			len = MIN(len, size - at);
			op = random >> 29;
			if (op < 4) {
				memset(want + at, (int)(i % 250 + 1), len);
				assert_int_equal(blk_test_rw(t, dev, queue, BLK_WRITE,
							     op == 0 ? BLK_FUA : 0, at, want + at,
							     len),
						 0);
			} else if (op == 4) {
				memset(want + at, 0, len);
				assert_int_equal(
					blk_test_range(t, dev, queue, BLK_WRITE_ZEROES, at, len),
					0);
			} else if (op == 5) {
				memset(want + at, 0, len);
				assert_int_equal(blk_test_range(t, dev, queue, BLK_UNMAP, at, len),
						 0);
				assert_int_equal(blk_test_range(t, dev, queue, BLK_FLUSH, 0, 0), 0);
			} else {
				assert_int_equal(
					blk_test_rw(t, dev, queue, BLK_READ, 0, at, got + at, len),
					0);
				assert_memory_equal(got + at, want + at, len);
			}
		}
		assert_int_equal(blk_test_rw(t, dev, queue, BLK_READ, 0, 0, got, size), 0);
		assert_memory_equal(got, want, size);
		blk_queue_free(queue);
		blk_dev_unref(dev);
		blk_disk_close(disk, false);
		disk = disk_test_open(path, BLK_DISK_OPEN);
		dev = disk_test_volume(path, &a, size, false);
		assert_int_equal(blk_rw(dev, BLK_READ, 0, got, size), 0);
		assert_memory_equal(got, want, size);
		blk_dev_unref(dev);
		dev = disk_test_volume(path, &b, TEST_MIB, false);
		assert_reads(dev, 0, TEST_MIB, 0);
		blk_dev_unref(dev);
		blk_disk_close(disk, false);
	}
}

static bool
is_mapped(struct blk_dev *dev, uint64_t at)
{
	struct blk_io io = { .op = BLK_MAP, .offset_bytes = at, .len_bytes = TEST_MIB };

	blk_submit(dev, NULL, &io);
	assert_int_equal(io.result, 0);
	assert_true(io.extent.len_bytes == TEST_MIB);
	return io.extent.mapped;
}

static void
range(struct blk_dev *dev, enum blk_op op, unsigned flags, uint64_t at, uint64_t len)
{
	struct blk_io io = { .op = op, .flags = flags, .offset_bytes = at, .len_bytes = len };

	blk_submit(dev, NULL, &io);
	assert_int_equal(io.result, 0);
}

static void
test_unmapping_discards_whole_chunks(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE);
	struct blk_dev *dev = disk_test_volume_new(path, &a, 5 * TEST_MIB), *thick;

	fill(dev, 0, 5 * TEST_MIB, 7);
	assert_true(dev->can_unmap);
	range(dev, BLK_UNMAP, 0, TEST_MIB / 2, 3 * TEST_MIB);
	assert_reads(dev, 0, TEST_MIB / 2, 7);
	assert_reads(dev, TEST_MIB / 2, 3 * TEST_MIB, 0);
	assert_reads(dev, 3 * TEST_MIB + TEST_MIB / 2, TEST_MIB / 2, 7);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(is_mapped(dev, i * TEST_MIB), i != 1 && i != 2);
	assert_true(is_empty(path, FIRST + TEST_MIB, 2 * TEST_MIB)); /* the disk was told */
	range(dev, BLK_WRITE_ZEROES, 0, 3 * TEST_MIB, TEST_MIB);
	assert_true(is_mapped(dev, 3 * TEST_MIB));
	range(dev, BLK_WRITE_ZEROES, BLK_MAY_UNMAP, 3 * TEST_MIB, TEST_MIB);
	assert_false(is_mapped(dev, 3 * TEST_MIB));
	fill(dev, 2 * TEST_MIB + 512, 512, 9);
	assert_reads(dev, 2 * TEST_MIB + 1024, TEST_MIB - 1024, 0);
	assert_int_equal(blk_flush(dev), 0);
	blk_dev_unref(dev);
	blk_disk_close(disk, false);
	disk = disk_test_open(path, BLK_DISK_OPEN);
	thick = disk_test_volume(path, &a, 5 * TEST_MIB, true);
	assert_reads(thick, TEST_MIB, TEST_MIB, 0);
	assert_reads(thick, 2 * TEST_MIB + 512, 512, 9);
	assert_false(thick->can_unmap);
	range(thick, BLK_UNMAP, 0, 4 * TEST_MIB, TEST_MIB);
	range(thick, BLK_WRITE_ZEROES, BLK_MAY_UNMAP, 0, TEST_MIB);
	assert_reads(thick, 0, TEST_MIB, 0);
	assert_reads(thick, 4 * TEST_MIB, TEST_MIB, 7);
	assert_true(blk_disk_is_ready(disk, 0) && blk_disk_is_ready(disk, 4));
	blk_dev_unref(thick);
	blk_disk_close(disk, false);
}

static void
test_a_disk_as_it_is_is_one_volume(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	const size_t size = SIZE + 512;
	struct blk_disk *disk = NULL;
	struct blk_dev *dev;

	assert_int_equal(truncate(path, (off_t)size), 0);
	assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_WHOLE, &disk), 0);
	assert_int_equal(blk_disk_look(disk), 0);
	assert_int_equal(blk_disk_volume_check(path, &a, size, false), 0);
	assert_int_equal(blk_disk_volume_check(path, &a, size + 512, false), ERR_CORRUPT);
	assert_int_equal(blk_disk_volume_make(path, &a, 512), ERR_NOT_SUPPORTED);
	assert_int_equal(blk_disk_volume_commit(path, &a), 0);
	dev = disk_test_volume(path, &a, size, false);
	assert_reads(dev, FIRST, TEST_MIB, DIRT);
	assert_reads(dev, SIZE, 512, 0);
	fill(dev, SIZE - 512, 1024, 3);
	fill(dev, 0, 512, 4);
	assert_int_equal(blk_resize(dev, size - 512), ERR_NOT_SUPPORTED);
	assert_int_equal(blk_verify(dev), 0);
	blk_dev_unref(dev);
	assert_int_equal(blk_disk_volume_remove(path, &a, true), 0);
	blk_disk_close(disk, true);
	assert_int_equal(blk_disk_open(path, &other, BLK_DISK_WHOLE, &disk), 0);
	dev = disk_test_volume(path, &b, size, false);
	assert_reads(dev, SIZE - 512, 1024, 3);
	assert_reads(dev, 0, 512, 4);
	blk_dev_unref(dev);
	blk_disk_close(disk, true);
}

/* ---- a device that goes away ---- */

static void
resize_file(const char *path, uint64_t size_bytes)
{
	assert_int_equal(truncate(path, (off_t)size_bytes), 0);
}

static uint64_t
capacity_of(struct blk_disk *disk)
{
	uint64_t capacity, left;

	blk_disk_space(disk, &capacity, &left);
	return capacity / TEST_MIB;
}

static void
test_a_disk_grows_with_its_device(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE), *none = NULL;
	struct blk_dev *dev = disk_test_volume_new(path, &a, CHUNKS * TEST_MIB);

	fill(dev, 0, 512, 7);
	assert_int_equal(blk_disk_grow(disk), 0);
	disk_test_enlarge(path, SIZE + 5 * TEST_MIB);
	assert_int_equal(capacity_of(disk), CHUNKS); /* nobody has asked */
	assert_int_equal(blk_disk_grow(disk), 1);
	assert_int_equal(blk_disk_grow(disk), 0);
	assert_int_equal(capacity_of(disk), CHUNKS + 5);
	/* neither what was the end nor what is new shows what was there; the new end is empty */
	assert_int_equal(blk_resize(dev, (CHUNKS + 5) * TEST_MIB), 0);
	fill(dev, (CHUNKS + 4) * TEST_MIB, 512, 9);
	assert_reads(dev, CHUNKS * TEST_MIB, 4 * TEST_MIB, 0);
	assert_reads(dev, (CHUNKS + 4) * TEST_MIB + 512, TEST_MIB - 512, 0);
	assert_true(is_empty(path, SIZE + 4 * TEST_MIB, TEST_MIB));
	assert_int_equal(blk_flush(dev), 0);
	blk_dev_unref(dev);
	blk_disk_close(disk, false);
	disk = disk_test_open(path, BLK_DISK_OPEN);
	assert_int_equal(capacity_of(disk), CHUNKS + 5);
	dev = disk_test_volume(path, &a, (CHUNKS + 5) * TEST_MIB, false);
	assert_reads(dev, 0, 512, 7);
	assert_reads(dev, (CHUNKS + 4) * TEST_MIB, 512, 9);
	blk_dev_unref(dev);
	blk_disk_close(disk, false);
	/* the header knows only the size of the beginning */
	resize_file(path, SIZE);
	assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_OPEN, &none), ERR_CORRUPT);
	assert_non_null(strstr(err_text(ERR_CORRUPT), "smaller"));
}

/* There is room for the bits of 8 TiB. */
static void
test_a_disk_grows_as_far_as_its_bits_go(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d");
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE);

	resize_file(path, 9ull << 40);
	assert_int_equal(blk_disk_grow(disk), 1);
	assert_int_equal(capacity_of(disk), 8u << 20);
	assert_int_equal(blk_disk_grow(disk), 0);
	blk_disk_close(disk, true);
}

static void
test_a_device_that_is_gone_and_comes_back(void **state)
{
	struct blk_test *t = *state;
	const char *path = disk_test_device(t, "d"), *away;
	struct blk_disk *disk = disk_test_open(path, BLK_DISK_CREATE), *none = NULL;
	struct blk_dev *dev = disk_test_volume_new(path, &a, 2 * TEST_MIB), *late;

	away = blk_test_path(t->memory_dir[0] != '\0' ? t->memory_dir : t->dir, "away");
	fill(dev, 0, 512, 9);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(blk_disk_look(disk), -ENODEV);
	blk_disk_close(disk, false);
	assert_int_equal(blk_verify(dev), -ENODEV);
	assert_int_equal(blk_disk_open(path, &owner, BLK_DISK_OPEN, &none), ERR_INVALID);
	late = disk_test_volume(path, &a, 2 * TEST_MIB, false);
	assert_int_equal(blk_flush(late), ERR_FAILED);
	assert_int_equal(blk_disk_volume_make(path, &b, TEST_MIB), -ENODEV);
	assert_int_equal(blk_disk_volume_remove(path, &a, true), -ENODEV);
	assert_int_equal(blk_reopen(late), -ENODEV);
	/* the same one */
	assert_int_equal(rename(away, path), 0);
	disk = disk_test_open(path, BLK_DISK_OPEN);
	assert_int_equal(blk_reopen(dev), 0);
	assert_int_equal(blk_reopen(late), 0);
	assert_reads(dev, 0, 512, 9);
	/* another one, which is another pool of this array */
	assert_int_equal(rename(path, away), 0);
	blk_disk_close(disk, false);
	path = disk_test_device(t, "d");
	disk = disk_test_open(path, BLK_DISK_CREATE);
	assert_int_equal(blk_verify(dev), -ENODEV);
	assert_int_equal(blk_reopen(dev), -ENOENT);
	blk_dev_unref(late);
	blk_dev_unref(dev);
	blk_disk_close(disk, false);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, blk_test_setup, blk_test_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_only_a_device_that_holds_nothing_is_taken),
		TEST(test_devices_that_cannot_be_taken_are_refused_with_the_reason),
		TEST(test_damage_is_found),
		TEST(test_a_disk_that_is_given_up_is_empty_unless_it_has_volumes),
		TEST(test_a_volume_shows_nothing_of_what_was_on_the_disk),
		TEST(test_space_is_counted_and_ends),
		TEST(test_what_was_cut_off_does_not_come_back),
		TEST(test_allocating_writes_zeros_and_can_be_cancelled),
		TEST(test_a_volume_takes_the_place_of_another),
		TEST(test_random_io_in_pieces),
		TEST(test_unmapping_discards_whole_chunks),
		TEST(test_a_disk_as_it_is_is_one_volume),
		TEST(test_a_disk_grows_with_its_device),
		TEST(test_a_disk_grows_as_far_as_its_bits_go),
		TEST(test_a_device_that_is_gone_and_comes_back),
	};

	blk_disk_allow_files(true);
	return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of disks share: regular files that stand for block devices and are full of what
 * somebody else has left there.
 */
#ifndef VDS_TESTS_DISK_TEST_H
#define VDS_TESTS_DISK_TEST_H

#include "blk_test.h"

#include "blk/disk_int.h"

#define SIZE   (20u * TEST_MIB)
#define CHUNKS 15u /* 20 less 4 at the beginning and 1 at the end */
#define DIRT   0xaa
#define FIRST  (4u * TEST_MIB)

static const struct guid owner = { { 1 } };
static const struct guid a = { { 0xa } }, b = { { 0xb } };

/* Makes a file that looks empty at both ends, and is not.  Returns its path, as blk_test_path. */
const char *disk_test_device(const struct blk_test *t, const char *name);
/* Makes it larger; what is new there is dirty, too. */
void disk_test_enlarge(const char *path, uint64_t size_bytes);
struct blk_disk *disk_test_open(const char *path, enum blk_disk_mode mode);
/* Makes a device over a volume. */
struct blk_dev *disk_test_volume(const char *path, const struct guid *id, uint64_t size_bytes,
				 bool thick);
/* Makes a volume, and a device over it. */
struct blk_dev *disk_test_volume_new(const char *path, const struct guid *id, uint64_t size_bytes);
/* For AUTO(…). */
void disk_test_unref(struct blk_dev **dev);

#endif

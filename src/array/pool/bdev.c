/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool drivers `bdev` and `raw`.  A pool of `bdev` is a block device as a whole, and its place
 * is "bdev:/dev/disk/by-id/…".  Its volumes have all of their space from the beginning.  A pool of
 * `raw` ("raw:/dev/…") is a block device with data that become one LUN; nothing is written to it.
 * The folder blk knows how a disk is divided (blk/disk*.c); this file says what a pool is.  Only
 * the array calls it, from any thread except those of the data path.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "array/pool/driver.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "blk/blk.h"

#define PREFIX     "bdev:"
#define RAW_PREFIX "raw:"
#define BY_ID      "/dev/disk/by-id"

struct bdev_pool {
	struct array_pool pool;
	char *place; /* owned */
	struct blk_disk *disk;
};

static struct bdev_pool *
bdev_of(struct array_pool *pool)
{
	return container_of(pool, struct bdev_pool, pool);
}

/* The path of the device; points into the place. */
static const char *
path_of(const char *place)
{
	return strchr(place, ':') + 1;
}

/* ---- places ---- */

static bool
bdev_takes(const char *place)
{
	return str_starts(place, PREFIX "/");
}

static bool
raw_takes(const char *place)
{
	return str_starts(place, RAW_PREFIX "/");
}

/*
 * Finds the name in /dev/disk/by-id of the device, which stays when the kernel numbers its disks
 * anew; of several the first one in the order of bytes, so that it is always the same.  Returns
 * NULL when it has none.
 */
static char *
find_by_id(dev_t device)
{
	DIR *dir = opendir(BY_ID);
	struct dirent *entry;
	char best[256] = "";

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct stat st;

		if (fstatat(dirfd(dir), entry->d_name, &st, 0) < 0 || !S_ISBLK(st.st_mode) ||
		    st.st_rdev != device)
			continue;
		if (*best == '\0' || strcmp(entry->d_name, best) < 0)
			snprintf(best, sizeof(best), "%s", entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return *best == '\0' ? NULL : str_printf(BY_ID "/%s", best);
}

/*
 * A link in /dev/disk stays as it was typed.  Another name becomes the one in /dev/disk/by-id,
 * since /dev/sdb may be another disk after the next start.
 */
static int
bdev_resolve(const char *place, char **ret_place)
{
	const char *path = path_of(place);
	AUTO_FREE char *found = NULL;
	char *real = NULL; /* of libc's heap */
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(errno == ENOENT || errno == ENOTDIR ? ERR_INVALID : -errno,
			       "the block device %s cannot be used for a pool: %s", path,
			       strerror(errno));
	if (S_ISDIR(st.st_mode) || S_ISCHR(st.st_mode))
		return err_set(ERR_INVALID, "%s is not a block device", path);
	if (S_ISBLK(st.st_mode) && !str_starts(path, "/dev/disk/"))
		found = find_by_id(st.st_rdev);
	if (found == NULL && !str_starts(path, "/dev/disk/"))
		real = realpath(path, NULL);
	*ret_place = str_printf("%.*s%s", (int)(path - place), place,
				found != NULL  ? found
				: real != NULL ? real
					       : path);
	free(real);
	return *ret_place == NULL ? -ENOMEM : 0;
}

/* ---- the pool ---- */

static void
bdev_close(struct array_pool *pool, bool give_up)
{
	struct bdev_pool *bdev = bdev_of(pool);

	if (bdev->disk != NULL)
		blk_disk_close(bdev->disk, give_up);
	mem_free(bdev->place);
	mem_free(bdev);
}

static int
open_disk(const struct array_pool_driver *driver, const char *place, const struct guid *array_id,
	  enum blk_disk_mode how, struct array_pool **ret_pool)
{
	struct bdev_pool *bdev = mem_calloc(1, sizeof(*bdev));
	int rc;

	if (bdev == NULL)
		return -ENOMEM;
	bdev->pool.driver = driver;
	bdev->place = str_dup(place);
	rc = bdev->place == NULL ? -ENOMEM
				 : blk_disk_open(path_of(place), array_id, how, &bdev->disk);
	if (rc < 0) {
		bdev_close(&bdev->pool, false);
		return rc;
	}
	*ret_pool = &bdev->pool;
	return 0;
}

static int
bdev_open(const char *place, const struct guid *array_id, enum array_pool_mode mode,
	  struct array_pool **ret_pool)
{
	enum blk_disk_mode how = array_pool_mode_opens(mode) ? BLK_DISK_OPEN
				 : mode == POOL_FORCE        ? BLK_DISK_FORCE
							     : BLK_DISK_CREATE;

	return open_disk(&array_pool_bdev, place, array_id, how, ret_pool);
}

static int
raw_open(const char *place, const struct guid *array_id, enum array_pool_mode mode,
	 struct array_pool **ret_pool)
{
	(void)mode;
	return open_disk(&array_pool_raw, place, array_id, BLK_DISK_WHOLE, ret_pool);
}

static int
bdev_look(struct array_pool *pool)
{
	return blk_disk_look(bdev_of(pool)->disk);
}

static int
bdev_grow(struct array_pool *pool)
{
	return blk_disk_grow(bdev_of(pool)->disk);
}

static int
bdev_space(struct array_pool *pool, struct array_pool_space *ret_space)
{
	blk_disk_space(bdev_of(pool)->disk, &ret_space->capacity_bytes, &ret_space->free_bytes);
	return 0;
}

static int
bdev_largest(struct array_pool *pool, uint64_t *ret_bytes)
{
	struct array_pool_space space;

	blk_disk_space(bdev_of(pool)->disk, &space.capacity_bytes, &space.free_bytes);
	*ret_bytes = space.capacity_bytes;
	return 0;
}

/* ---- sweeping ---- */

static bool
is_committed(const struct blk_disk_entry *entries, int count, const struct guid *id)
{
	for (int i = 0; i < count; i++)
		if (entries[i].committed && guid_equal(&entries[i].id, id))
			return true;
	return false;
}

/*
 * Handles an uncommitted volume: its LUN was committed and the rest was lost in a crash, or the LUN
 * was never committed, or the LUN has its volume and this one was to replace it.
 */
static int
sweep_new(const struct bdev_pool *bdev, const struct guid *id, bool commits)
{
	char text[GUID_TEXT_SIZE];

	log_info("pool.sweep", "path=%s volume=%s", bdev->place, guid_format(id, text));
	return commits ? blk_disk_volume_commit(path_of(bdev->place), id)
		       : blk_disk_volume_remove(path_of(bdev->place), id, false);
}

static void
bdev_sweep(struct array_pool *pool, struct array_pool_sweep *sweep)
{
	struct bdev_pool *bdev = bdev_of(pool);
	AUTO_FREE struct blk_disk_entry *entries = NULL;
	int count = blk_disk_list(bdev->disk, &entries), rc = 0;

	for (int i = 0; rc == 0 && i < count; i++) {
		const struct guid *id = &entries[i].id;
		enum array_volume_fate fate = sweep->fate(sweep, id);
		char text[GUID_TEXT_SIZE];

		if (!entries[i].committed)
			rc = sweep_new(bdev, id,
				       fate == VOLUME_KNOWN && !is_committed(entries, count, id));
		else if (fate == VOLUME_UNKNOWN)
			log_warning("pool.unknown_volume", "path=%s volume=%s", bdev->place,
				    guid_format(id, text));
	}
	if (rc < 0 || count < 0)
		log_warning("pool.sweep", "path=%s error=%s", bdev->place,
			    err_text(rc < 0 ? rc : count));
}

static int
bdev_sync(const char *place)
{
	return blk_disk_sync_all(path_of(place));
}

/* ---- volumes ---- */

static char *
volume_name(const char *place, const struct guid *lun_id)
{
	char id[GUID_TEXT_SIZE];

	return str_printf("%s/%s", place, guid_format(lun_id, id));
}

static int
volume_make(const char *place, const struct guid *lun_id, uint64_t size_bytes)
{
	return blk_disk_volume_make(path_of(place), lun_id, size_bytes);
}

static int
volume_can_clone(const char *place)
{
	return err_set(ERR_NOT_SUPPORTED,
		       "a pool on a block device (%s) cannot share space between LUNs: snapshots "
		       "and clones need a pool in a directory on XFS (with reflink) or btrfs; "
		       "`vdsctl lun clone --copy` copies a LUN",
		       path_of(place));
}

static int
volume_clone(const char *place, const struct guid *from_id, const struct guid *to_id,
	     uint64_t size_bytes)
{
	(void)from_id;
	(void)to_id;
	(void)size_bytes;
	return volume_can_clone(place);
}

static int
volume_copy(const char *place, const struct guid *from_id, const struct guid *to_id,
	    uint64_t size_bytes, struct blk_progress *copy)
{
	return blk_disk_volume_copy(path_of(place), from_id, to_id, size_bytes, copy);
}

/* Volumes share nothing. */
static int
volume_space(const char *place, const struct guid *lun_id, uint64_t *ret_used_bytes,
	     uint64_t *ret_own_bytes)
{
	uint64_t bytes = 0;
	int rc = blk_disk_volume_space(path_of(place), lun_id, &bytes);

	if (rc == 0)
		*ret_used_bytes = *ret_own_bytes = bytes;
	return rc;
}

static int
volume_settle(const char *place, const struct guid *lun_id, bool committed)
{
	(void)lun_id;
	(void)committed;
	return blk_disk_sync_all(path_of(place));
}

static int
volume_commit(const char *place, const struct guid *lun_id)
{
	return blk_disk_volume_commit(path_of(place), lun_id);
}

static int
volume_remove(const char *place, const struct guid *lun_id, bool committed)
{
	return blk_disk_volume_remove(path_of(place), lun_id, committed);
}

static int
volume_open(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool thick,
	    struct blk_file_seen *seen, struct blk_dev **ret_dev)
{
	char id[GUID_TEXT_SIZE];

	(void)seen;
	return blk_disk_dev_new(path_of(place), lun_id, guid_format(lun_id, id), size_bytes, thick,
				ret_dev);
}

static int
volume_check(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool uncommitted)
{
	return blk_disk_volume_check(path_of(place), lun_id, size_bytes, uncommitted);
}

static int
volume_uncache(const char *place, const struct guid *lun_id)
{
	return blk_disk_volume_uncache(path_of(place), lun_id);
}

/* What is the same for both kinds. */
/* clang-format off */
#define DEVICE_OPERATIONS \
	.resolve = bdev_resolve, \
	.close = bdev_close, \
	.look = bdev_look, \
	.space = bdev_space, \
	.largest = bdev_largest, \
	.sweep = bdev_sweep, \
	.sync = bdev_sync, \
	.volume_name = volume_name, \
	.volume_make = volume_make, \
	.volume_clone = volume_clone, \
	.volume_can_clone = volume_can_clone, \
	.volume_copy = volume_copy, \
	.volume_space = volume_space, \
	.volume_settle = volume_settle, \
	.volume_commit = volume_commit, \
	.volume_remove = volume_remove, \
	.volume_check = volume_check, \
	.volume_uncache = volume_uncache
/* clang-format on */

const struct array_pool_driver array_pool_bdev = {
	.kind = "bdev",
	.whole_unit_bytes = BLK_DISK_CHUNK,
	.takes = bdev_takes,
	.open = bdev_open,
	.grow = bdev_grow,
	.volume_open = volume_open,
	DEVICE_OPERATIONS,
};

/* The device is the volume already; adopt.c has looked whether fd is it. */
static int
volume_adopt(const char *place, const struct guid *lun_id, int fd)
{
	(void)place;
	(void)lun_id;
	(void)fd;
	return 0;
}

/* There are no bits that could say that something was unmapped. */
static int
raw_volume_open(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool thick,
		struct blk_file_seen *seen, struct blk_dev **ret_dev)
{
	(void)thick;
	return volume_open(place, lun_id, size_bytes, true, seen, ret_dev);
}

const struct array_pool_driver array_pool_raw = {
	.kind = "raw",
	.is_single = true,
	.whole_unit_bytes = 1,
	.takes = raw_takes,
	.open = raw_open,
	.volume_adopt = volume_adopt,
	.volume_open = raw_volume_open,
	DEVICE_OPERATIONS,
};

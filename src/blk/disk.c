/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Disks that are divided into volumes: making and opening them.  Each change of what belongs to
 * whom (disk_volume.c) writes the whole table to the slot that does not count now, and is done when
 * that write is durable; nothing else on the disk decides about it.  Any thread; all of it blocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "blk/disk_int.h"

/* One disk is opened at a time; disks_lock is never held while a device is waited for. */
static pthread_mutex_t opening_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t disks_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list disks = { &disks, &disks };

/* ---- life ---- */

static void
disk_free(struct blk_disk *disk)
{
	if (disk->fd >= 0)
		close(disk->fd);
	pthread_mutex_destroy(&disk->lock);
	pthread_mutex_destroy(&disk->ready_lock);
	blk_disk_table_free(disk->table);
	mem_free((void *)(uintptr_t)disk->ready);
	mem_free(disk->path);
	mem_free(disk);
}

static void
disk_free_cleanup(void *pointer_to_disk)
{
	struct blk_disk *disk = *(struct blk_disk **)pointer_to_disk;

	if (disk != NULL)
		disk_free(disk);
}

void
blk_disk_unref(struct blk_disk *disk)
{
	bool last;

	if (disk == NULL)
		return;
	pthread_mutex_lock(&disks_lock);
	last = --disk->refs == 0;
	if (last)
		list_remove(&disk->node);
	pthread_mutex_unlock(&disks_lock);
	if (last)
		disk_free(disk);
}

static void
disk_unref_cleanup(void *pointer_to_disk)
{
	blk_disk_unref(*(struct blk_disk **)pointer_to_disk);
}
#define AUTO_DISK AUTO(disk_unref_cleanup)

void
blk_disk_ref(struct blk_disk *disk)
{
	pthread_mutex_lock(&disks_lock);
	disk->refs++;
	pthread_mutex_unlock(&disks_lock);
}

static struct blk_disk *
find_locked(const char *path)
{
	list_for_each(node, &disks) {
		struct blk_disk *disk = list_entry(node, struct blk_disk, node);

		if (strcmp(disk->path, path) == 0)
			return disk;
	}
	return NULL;
}

/* Return the disk of the path with a reference for the caller, or NULL. */
static struct blk_disk *
disk_find_any(const char *path)
{
	struct blk_disk *disk;

	pthread_mutex_lock(&disks_lock);
	disk = find_locked(path);
	if (disk != NULL)
		disk->refs++;
	pthread_mutex_unlock(&disks_lock);
	return disk;
}

static bool
is_open(const struct blk_disk *disk)
{
	bool open;

	pthread_mutex_lock(&disks_lock);
	open = disk->open;
	pthread_mutex_unlock(&disks_lock);
	return open;
}

struct blk_disk *
blk_disk_find(const char *path)
{
	struct blk_disk *disk = disk_find_any(path);

	if (disk == NULL || is_open(disk))
		return disk;
	blk_disk_unref(disk);
	return NULL;
}

static int
not_open(const char *path)
{
	return err_set(-ENODEV, "the device %s is not there, or its pool is not ready", path);
}

/* ---- opening ---- */

static void
table_free_cleanup(void *pointer_to_table)
{
	blk_disk_table_free(*(struct blk_disk_table **)pointer_to_table);
}
#define AUTO_TABLE AUTO(table_free_cleanup)

/* Removes volumes that were never committed, of a change that was never committed either. */
static int
drop_uncommitted(struct blk_disk *disk)
{
	AUTO_TABLE struct blk_disk_table *copy = blk_disk_table_copy(disk->table, disk->chunks);
	int rc;

	if (copy == NULL)
		return -ENOMEM;
	for (size_t i = copy->volume_count; i > 0; i--)
		if (!copy->volumes[i - 1].committed)
			blk_disk_table_drop(copy, &copy->volumes[i - 1]);
	if (copy->volume_count == disk->table->volume_count)
		return 0;
	rc = blk_disk_table_put(disk, copy);
	if (rc == 0)
		(void)TAKE(copy);
	return rc;
}

/* Takes the device as it is: all of it is one volume, with what it holds. */
static int
take_whole(struct blk_disk *disk, uint64_t size_bytes)
{
	uint64_t chunks = (size_bytes + BLK_DISK_CHUNK - 1) / BLK_DISK_CHUNK;

	if (size_bytes == 0 || chunks > BLK_DISK_CHUNKS_MAX)
		return err_set(ERR_INVALID,
			       "%s: a LUN needs a device of at most 1 PiB that is not "
			       "empty",
			       disk->path);
	disk->whole = true;
	disk->whole_bytes = size_bytes;
	disk->chunks = (uint32_t)chunks;
	disk->table = blk_disk_table_copy(NULL, disk->chunks);
	disk->ready = mem_alloc(disk->chunks / 8 + 1);
	if (disk->table == NULL || disk->ready == NULL)
		return -ENOMEM;
	memset((void *)(uintptr_t)disk->ready, 0xff, disk->chunks / 8 + 1);
	return 0;
}

static int
read_or_format(struct blk_disk *disk, enum blk_disk_mode mode)
{
	uint64_t size_bytes = 0;
	int rc = blk_disk_size(disk->fd, &size_bytes);
	bool formats = mode == BLK_DISK_FORCE;

	if (rc == 0 && mode == BLK_DISK_WHOLE)
		return take_whole(disk, size_bytes);

	if (rc == 0 && !formats)
		rc = blk_disk_header_read(disk, size_bytes);
	if (rc == 0 && !formats)
		rc = blk_disk_table_get(disk, size_bytes);
	if (mode == BLK_DISK_CREATE && rc == ERR_NOT_FOUND) {
		rc = size_bytes < BLK_DISK_BYTES_MIN
			     ? blk_disk_divide(disk, size_bytes)
			     : blk_disk_probe(disk->fd, disk->path, size_bytes);
		formats = rc == 0;
	}
	if (formats)
		rc = blk_disk_format(disk, size_bytes);
	if (rc == 0 && mode == BLK_DISK_CREATE && !formats)
		rc = drop_uncommitted(disk);
	return rc < 0 ? rc : blk_disk_ready_get(disk);
}

static struct blk_disk *
disk_new(const char *path, const struct guid *owner)
{
	struct blk_disk *disk = mem_calloc(1, sizeof(*disk));

	if (disk == NULL)
		return NULL;
	disk->fd = -1;
	disk->refs = 1;
	disk->owner = *owner;
	pthread_mutex_init(&disk->lock, NULL);
	pthread_mutex_init(&disk->ready_lock, NULL);
	list_init(&disk->maps);
	disk->path = str_dup(path);
	if (disk->path == NULL) {
		disk_free(disk);
		return NULL;
	}
	return disk;
}

/* Returns whether the path names the file that fd has open. */
static bool
is_at_path(const struct blk_disk *disk)
{
	struct stat ours, named;

	if (fstat(disk->fd, &ours) < 0 || stat(disk->path, &named) < 0 ||
	    (ours.st_mode & S_IFMT) != (named.st_mode & S_IFMT))
		return false;
	return S_ISBLK(ours.st_mode) ? ours.st_rdev == named.st_rdev
				     : ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/*
 * Opens a disk again whose volumes still have devices.  There must be one struct for it, since the
 * bits in memory are the ones that count.
 */
static int
open_again(struct blk_disk *disk)
{
	uint64_t size_bytes = 0;
	int rc;

	pthread_mutex_lock(&disk->lock);
	rc = blk_disk_size(disk->fd, &size_bytes);
	if (rc == 0 && !disk->whole)
		rc = blk_disk_header_read(disk, size_bytes);
	if (rc == 0 && !disk->whole)
		rc = blk_disk_table_get(disk, size_bytes);
	if (rc == 0)
		disk->broken = false;
	if (rc == 0)
		atomic_store(&disk->gone, false);
	pthread_mutex_unlock(&disk->lock);
	return rc;
}

/* Puts the disk into the list, in the place of one that has another device or has lost its own. */
static void
enlist(struct blk_disk *disk, struct blk_disk *old)
{
	pthread_mutex_lock(&disks_lock);
	if (old != NULL && old != disk) {
		atomic_store(&old->gone, true);
		list_remove(&old->node);
	}
	disk->open = true;
	list_remove(&disk->node);
	list_append(&disks, &disk->node);
	pthread_mutex_unlock(&disks_lock);
}

/* Called with opening_lock. */
static int
open_one(const char *path, const struct guid *owner, enum blk_disk_mode mode,
	 struct blk_disk **ret_disk)
{
	AUTO(disk_free_cleanup) struct blk_disk *disk = NULL;
	AUTO_DISK struct blk_disk *old = disk_find_any(path);
	int rc, fd = blk_disk_claim(path);

	if (fd == ERR_LOCKED && old != NULL && !is_open(old) &&
	    mode == (old->whole ? BLK_DISK_WHOLE : BLK_DISK_OPEN) &&
	    guid_equal(&old->owner, owner) && is_at_path(old)) {
		rc = open_again(old);
		if (rc < 0)
			return rc;
		enlist(old, NULL);
		*ret_disk = TAKE(old);
		return 0;
	}
	if (fd < 0)
		return fd;
	disk = disk_new(path, owner);
	if (disk == NULL) {
		close(fd);
		return -ENOMEM;
	}
	disk->fd = fd;
	rc = read_or_format(disk, mode);
	if (rc < 0)
		return rc;
	enlist(disk, old);
	*ret_disk = TAKE(disk);
	return 0;
}

int
blk_disk_open(const char *path, const struct guid *owner, enum blk_disk_mode mode,
	      struct blk_disk **ret_disk)
{
	int rc;

	pthread_mutex_lock(&opening_lock);
	rc = open_one(path, owner, mode, ret_disk);
	pthread_mutex_unlock(&opening_lock);
	return rc;
}

void
blk_disk_close(struct blk_disk *disk, bool give_up)
{
	bool empty;

	pthread_mutex_lock(&disk->lock);
	empty = !disk->whole && disk->table->volume_count == 0 && list_empty(&disk->maps);
	pthread_mutex_unlock(&disk->lock);
	if (give_up && empty &&
	    (blk_disk_zero(disk->fd, 0, disk->first_bytes) < 0 || blk_disk_sync(disk->fd) < 0))
		log_warning("pool.give_up", "path=%s reason=\"the device cannot be written\"",
			    disk->path);
	pthread_mutex_lock(&disks_lock);
	disk->open = false;
	pthread_mutex_unlock(&disks_lock);
	blk_disk_unref(disk);
}

int
blk_disk_look(struct blk_disk *disk)
{
	AUTO_FREE uint8_t *page = mem_alloc(BLK_DISK_PAGE);
	bool broken;
	int rc;

	if (page == NULL)
		return -ENOMEM;
	if (!is_at_path(disk)) {
		atomic_store(&disk->gone, true);
		return err_set(-ENODEV, "the device %s is gone", disk->path);
	}
	/* what the cache has tells nothing about the device */
	(void)posix_fadvise(disk->fd, 0, BLK_DISK_PAGE, POSIX_FADV_DONTNEED);
	rc = blk_disk_read(disk->fd, page, BLK_DISK_PAGE, 0);
	if (rc < 0)
		return err_set(rc, "%s cannot be read: %s", disk->path, strerror(-rc));
	if (!disk->whole && !blk_disk_has_header(page))
		return err_set(ERR_CORRUPT, "something has overwritten the pool on %s", disk->path);
	pthread_mutex_lock(&disk->lock);
	broken = disk->broken;
	pthread_mutex_unlock(&disk->lock);
	return broken ? err_set(-EIO, "the table of the pool on %s could not be written",
				disk->path)
		      : 0;
}

void
blk_disk_space(struct blk_disk *disk, uint64_t *ret_capacity_bytes, uint64_t *ret_free_bytes)
{
	uint64_t used = 0;

	pthread_mutex_lock(&disk->lock);
	for (size_t i = 0; i < disk->table->extent_count; i++)
		used += disk->table->extents[i].count;
	*ret_capacity_bytes = disk->whole ? disk->whole_bytes
					  : (uint64_t)disk->chunks * BLK_DISK_CHUNK;
	*ret_free_bytes = disk->whole ? 0 : (disk->chunks - used) * BLK_DISK_CHUNK;
	pthread_mutex_unlock(&disk->lock);
}

/* The table says how large the disk is, so one write decides about that, too. */
static int
grow_locked(struct blk_disk *disk, uint32_t chunks, uint64_t size_bytes)
{
	AUTO_TABLE struct blk_disk_table *copy = blk_disk_table_copy(disk->table, chunks);
	int rc = copy == NULL ? -ENOMEM : blk_disk_clear_end(disk, size_bytes);

	if (rc < 0)
		return rc == -ENOMEM ? rc
				     : err_set(rc, "%s: its new end cannot be written: %s",
					       disk->path, strerror(-rc));
	rc = blk_disk_table_put(disk, copy);
	if (rc == 0)
		(void)TAKE(copy);
	return rc;
}

int
blk_disk_grow(struct blk_disk *disk)
{
	uint64_t size_bytes = 0;
	uint32_t chunks;
	int rc = blk_disk_size(disk->fd, &size_bytes);

	if (rc < 0 || disk->whole)
		return rc;
	pthread_mutex_lock(&disk->lock);
	chunks = blk_disk_chunks_on(disk, size_bytes);
	if (chunks > disk->chunks && !disk->broken) {
		rc = grow_locked(disk, chunks, size_bytes);
		rc = rc < 0 ? rc : 1;
	}
	pthread_mutex_unlock(&disk->lock);
	return rc;
}

int
blk_disk_list(struct blk_disk *disk, struct blk_disk_entry **ret_entries)
{
	struct blk_disk_entry *entries;
	size_t count;

	pthread_mutex_lock(&disk->lock);
	count = disk->table->volume_count;
	entries = mem_calloc(count + 1, sizeof(entries[0]));
	for (size_t i = 0; entries != NULL && i < count; i++)
		entries[i] = (struct blk_disk_entry){ disk->table->volumes[i].id,
						      disk->table->volumes[i].committed };
	pthread_mutex_unlock(&disk->lock);
	if (entries == NULL)
		return -ENOMEM;
	*ret_entries = entries;
	return (int)count;
}

int
blk_disk_sync_all(const char *path)
{
	AUTO_DISK struct blk_disk *disk = blk_disk_find(path);
	int rc;

	if (disk == NULL)
		return not_open(path);
	rc = blk_disk_sync(disk->fd);
	return rc < 0 ? err_set(rc, "%s cannot be synced: %s", path, strerror(-rc)) : 0;
}

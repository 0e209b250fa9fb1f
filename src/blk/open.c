/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which files of file devices are open.  There are fewer descriptors than an array may have LUNs,
 * so when the limit is reached an idle file is closed for the one that is needed, least recently
 * used first; its device opens it again at its next I/O.
 *
 * Who uses a descriptor has counted itself before (blk_dev.inflight, or blk_open.pins) and reads
 * the descriptor afterwards; who closes one takes it away first and looks at the counts afterwards.
 * All four are sequentially consistent, so either the user finds no descriptor, or the closer finds
 * the user and puts the descriptor back.  The mapping of a file in memory lives as long as its
 * descriptor.
 *
 * A file to which something was written is synced before it is closed: once no descriptor is left,
 * the kernel may forget that writing it back has failed, and a later flush would not tell.  When
 * the sync fails, the device has failed, as after any flush that fails.
 *
 * Locks: a device's lock (blk_open.lock), then open_lock.  Who has open_lock only tries a device's
 * lock.  Nothing is synced under either.
 */
#include "blk/blk_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How many files are compared to find the one that was not used for the longest time. */
#define LOOK_AT 128u

/* There is one count for the process, because descriptors belong to the process. */
static atomic_uint open_files;
static atomic_uint open_files_limit = UINT_MAX;

static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list open_list = { &open_list, &open_list }; /* struct blk_open.node; open_lock */
atomic_uint blk_open_clock;                                /* files that were opened so far */

void
blk_file_set_limit(unsigned limit)
{
	atomic_store(&open_files_limit, limit);
}

unsigned
blk_file_open_count(void)
{
	return atomic_load(&open_files);
}

/* Counts one more open file.  Returns false when the limit is reached. */
static bool
count_up(void)
{
	if (atomic_fetch_add(&open_files, 1) < atomic_load(&open_files_limit))
		return true;
	atomic_fetch_sub(&open_files, 1);
	return false;
}

static void
close_counted(int fd)
{
	close(fd);
	atomic_fetch_sub(&open_files, 1);
}

/* ---- Closing idle files ---- */

static bool
is_busy(const struct blk_open *slot)
{
	return atomic_load(&slot->dev->inflight) > 0 || atomic_load(&slot->pins) > 0;
}

/* Closes the file if it is idle and nothing is to be synced.  With open_lock. */
static bool
try_close(struct blk_open *slot)
{
	struct blk_map *map = NULL;
	int fd;
	bool closes;

	if (is_busy(slot) || pthread_mutex_trylock(&slot->lock) != 0)
		return false;
	fd = atomic_exchange(&slot->fd, -1);
	closes = fd >= 0 && !is_busy(slot) && !atomic_load(&slot->dirty);
	if (closes) {
		map = atomic_exchange(&slot->map, NULL);
		atomic_store(&slot->dev->on_the_spot, false);
		list_remove(&slot->node);
	} else {
		atomic_store(&slot->fd, fd);
	}
	pthread_mutex_unlock(&slot->lock);
	blk_map_free(map);
	if (closes)
		close_counted(fd);
	return closes;
}

/*
 * Returns the idle file that was not used for the longest time, of the next LOOK_AT in the list,
 * which go to its end; NULL = none.  dirty: whether one that must be synced will do.  With
 * open_lock.
 */
static struct blk_open *
least_used(bool dirty)
{
	unsigned now = atomic_load(&blk_open_clock), age = 0;
	struct blk_open *found = NULL, *first = NULL;

	for (unsigned i = 0; i < LOOK_AT && !list_empty(&open_list); i++) {
		struct blk_open *slot = list_entry(list_first(&open_list), struct blk_open, node);

		if (slot == first)
			break;
		if (first == NULL)
			first = slot;
		list_remove(&slot->node);
		list_append(&open_list, &slot->node);
		if (is_busy(slot) || (!dirty && atomic_load(&slot->dirty)))
			continue;
		if (found == NULL || now - atomic_load(&slot->used) > age) {
			found = slot;
			age = now - atomic_load(&slot->used);
		}
	}
	return found;
}

static bool
close_clean(void)
{
	struct blk_open *slot;
	bool closed;

	pthread_mutex_lock(&open_lock);
	slot = least_used(false);
	closed = slot != NULL && try_close(slot);
	pthread_mutex_unlock(&open_lock);
	return closed;
}

/* Takes a reference to the device unless its last one is gone already. */
static bool
ref_if_alive(struct blk_dev *dev)
{
	unsigned refs = atomic_load(&dev->refs);

	while (refs != 0)
		if (atomic_compare_exchange_weak(&dev->refs, &refs, refs + 1))
			return true;
	return false;
}

static void
sync_file(struct blk_open *slot)
{
	int fd = atomic_load(&slot->fd);
	char reason[sizeof(slot->dev->reason)];
	int error;

	atomic_store(&slot->dirty, false);
	if (fd < 0 || fsync(fd) == 0)
		return;
	error = errno;
	atomic_store(&slot->dirty, true);
	if (atomic_load(&slot->fd) != fd)
		return; /* it was reopened meanwhile */
	snprintf(reason, sizeof(reason), "sync before the file is closed: %s", strerror(error));
	blk_fail(slot->dev, -error, reason);
}

bool
blk_open_make_room(void)
{
	struct blk_open *slot;
	bool closed;

	pthread_mutex_lock(&open_lock);
	slot = least_used(true);
	if (slot != NULL && !ref_if_alive(slot->dev))
		slot = NULL;
	if (slot != NULL)
		atomic_fetch_add(&slot->pins, 1);
	pthread_mutex_unlock(&open_lock);
	if (slot == NULL)
		return false;
	if (atomic_load(&slot->dirty))
		sync_file(slot);
	atomic_fetch_sub(&slot->pins, 1);
	pthread_mutex_lock(&open_lock);
	closed = try_close(slot);
	pthread_mutex_unlock(&open_lock);
	blk_dev_unref(slot->dev);
	return closed;
}

/* ---- Opening ---- */

void
blk_open_init(struct blk_open *slot, struct blk_dev *dev)
{
	slot->dev = dev;
	atomic_init(&slot->fd, -1);
	pthread_mutex_init(&slot->lock, NULL);
}

int
blk_open_file(const char *path, int flags)
{
	int fd, error = -EMFILE;

	do {
		if (!count_up())
			continue;
		fd = open(path, flags);
		if (fd >= 0)
			return fd;
		error = -errno;
		atomic_fetch_sub(&open_files, 1);
	} while ((error == -EMFILE || error == -ENFILE) && close_clean());
	return error;
}

void
blk_open_discard(int fd)
{
	close_counted(fd);
}

void
blk_open_set(struct blk_open *slot, int fd, struct blk_map *map)
{
	atomic_store(&slot->used, atomic_fetch_add(&blk_open_clock, 1) + 1);
	atomic_store(&slot->dirty, false);
	pthread_mutex_lock(&open_lock);
	list_append(&open_list, &slot->node);
	pthread_mutex_unlock(&open_lock);
	atomic_store(&slot->map, map);
	atomic_store(&slot->fd, fd);
}

void
blk_open_close(struct blk_open *slot)
{
	int fd;

	pthread_mutex_lock(&open_lock);
	list_remove(&slot->node);
	pthread_mutex_unlock(&open_lock);
	fd = atomic_exchange(&slot->fd, -1);
	blk_map_free(atomic_exchange(&slot->map, NULL));
	if (fd >= 0)
		close_counted(fd);
}

void
blk_open_fini(struct blk_open *slot)
{
	blk_open_close(slot);
	pthread_mutex_destroy(&slot->lock);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The volumes of a disk: where they are (maps), making, changing and removing them, and the bits
 * that say which chunks were zeroed.  Any thread; all of it blocks.
 *
 * Chunks that a volume gets are not zeroed then.  Their bits are cleared before the table names
 * them, and a chunk without its bit reads as zeros; disk_run.c has it zeroed before the first
 * write, and its bit set.  So a volume of any size is there at once, and never shows what was on
 * the disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "blk/disk_int.h"

static int
not_open(const char *path)
{
	return err_set(-ENODEV, "the device %s is not there, or its pool is not ready", path);
}

static void
table_free_cleanup(void *pointer_to_table)
{
	blk_disk_table_free(*(struct blk_disk_table **)pointer_to_table);
}
#define AUTO_TABLE AUTO(table_free_cleanup)

static void
disk_unref_cleanup(void *pointer_to_disk)
{
	blk_disk_unref(*(struct blk_disk **)pointer_to_disk);
}
#define AUTO_DISK AUTO(disk_unref_cleanup)

/* ---- maps ---- */

/* Returns the map of a volume, or NULL: memory is out.  The caller holds disk->lock. */
static struct blk_disk_map *
map_new_locked(struct blk_disk *disk, const struct blk_disk_table *table,
	       const struct blk_disk_volume *volume)
{
	struct blk_disk_map *map = mem_calloc(1, sizeof(*map) + MAX(volume->count, 1u) *
									sizeof(map->segments[0]));

	if (map == NULL)
		return NULL;
	for (; map->count < volume->count; map->count++) {
		struct blk_disk_extent run = table->extents[volume->first + map->count];

		map->segments[map->count] = (struct blk_disk_segment){ map->chunks, run.at,
								       run.count };
		map->chunks += run.count;
	}
	map->size_bytes = volume->size_bytes;
	map->disk = disk;
	list_append(&disk->maps, &map->node);
	return map;
}

/* As map_new_locked, for the one volume of a disk that is as it is. */
static struct blk_disk_map *
map_whole_locked(struct blk_disk *disk)
{
	struct blk_disk_map *map = mem_calloc(1, sizeof(*map) + sizeof(map->segments[0]));

	if (map == NULL)
		return NULL;
	map->segments[0].count = map->chunks = disk->chunks;
	map->count = 1;
	map->size_bytes = disk->whole_bytes;
	map->disk = disk;
	list_append(&disk->maps, &map->node);
	return map;
}

void
blk_disk_map_free(struct blk_disk_map *map)
{
	if (map == NULL)
		return;
	pthread_mutex_lock(&map->disk->lock);
	list_remove(&map->node);
	pthread_mutex_unlock(&map->disk->lock);
	blk_disk_unref(map->disk);
	mem_free(map);
}

int
blk_disk_map_get(const char *path, const struct guid *id, bool committed,
		 struct blk_disk_map **ret_map)
{
	AUTO_DISK struct blk_disk *disk = blk_disk_find(path);
	struct blk_disk_map *map = NULL;
	const struct blk_disk_volume *volume;

	if (disk == NULL)
		return not_open(path);
	pthread_mutex_lock(&disk->lock);
	volume = blk_disk_table_find(disk->table, id, committed);
	if (disk->whole)
		map = map_whole_locked(disk);
	else if (volume != NULL)
		map = map_new_locked(disk, disk->table, volume);
	pthread_mutex_unlock(&disk->lock);
	if (map == NULL)
		return volume == NULL && !disk->whole
			       ? err_set(-ENOENT, "%s has no volume of this LUN", path)
			       : -ENOMEM;
	blk_disk_ref(map->disk);
	*ret_map = map;
	return 0;
}

/* ---- ready chunks ---- */

/*
 * Writes the pages of the bits of these chunks, with these bits set or cleared.  The caller holds
 * ready_lock.
 */
static int
ready_put(struct blk_disk *disk, uint32_t chunk, uint32_t count, bool set, bool durable)
{
	size_t from = chunk / 8 / BLK_DISK_PAGE * BLK_DISK_PAGE;
	size_t end = ((chunk + count - 1) / 8 / BLK_DISK_PAGE + 1) * (size_t)BLK_DISK_PAGE;
	AUTO_FREE uint8_t *bits = mem_dup((const uint8_t *)(uintptr_t)disk->ready + from,
					  end - from);

	if (bits == NULL)
		return -ENOMEM;
	blk_disk_bits(bits, chunk - (uint32_t)from * 8, count, set);
	return blk_disk_write(disk->fd, bits, end - from, BLK_DISK_READY_AT + from, durable);
}

static void
ready_set(struct blk_disk *disk, uint32_t chunk, uint32_t count, bool set)
{
	for (; count > 0; chunk++, count--)
		if (set)
			atomic_fetch_or(&disk->ready[chunk / 8], (uint8_t)(1u << (chunk % 8)));
		else
			atomic_fetch_and(&disk->ready[chunk / 8], (uint8_t) ~(1u << (chunk % 8)));
}

/* The caller holds ready_lock. */
static int
make_ready_locked(struct blk_disk *disk, uint32_t chunk, uint32_t count)
{
	int rc;

	while (count > 0 && blk_disk_is_ready(disk, chunk)) {
		chunk++;
		count--;
	}
	while (count > 0 && blk_disk_is_ready(disk, chunk + count - 1))
		count--;
	for (uint32_t i = 0; i < count; i++)
		if (blk_disk_is_ready(disk, chunk + i)) { /* what is before it, and what is after */
			rc = make_ready_locked(disk, chunk, i);
			return rc < 0 ? rc : make_ready_locked(disk, chunk + i, count - i);
		}
	if (count == 0)
		return 0;
	rc = blk_disk_zero(disk->fd, blk_disk_place(disk, chunk), (uint64_t)count * BLK_DISK_CHUNK);
	if (rc == 0)
		rc = blk_disk_sync(disk->fd);
	if (rc < 0)
		return rc;
	/* Durable before anybody writes there: a flush of another volume does not wait for them. */
	rc = ready_put(disk, chunk, count, true, true);
	if (rc == 0)
		ready_set(disk, chunk, count, true);
	return rc;
}

int
blk_disk_make_ready(struct blk_disk *disk, uint32_t chunk, uint32_t count)
{
	int rc;

	pthread_mutex_lock(&disk->ready_lock);
	rc = make_ready_locked(disk, chunk, count);
	pthread_mutex_unlock(&disk->ready_lock);
	return rc;
}

int
blk_disk_forget(struct blk_disk *disk, uint32_t chunk, uint32_t count)
{
	int rc;

	pthread_mutex_lock(&disk->ready_lock);
	rc = ready_put(disk, chunk, count, false, true);
	if (rc == 0) {
		ready_set(disk, chunk, count, false);
		/* Within the lock: nobody can have made a chunk ready again, and written to it. */
		blk_disk_discard(disk->fd, blk_disk_place(disk, chunk),
				 (uint64_t)count * BLK_DISK_CHUNK);
	}
	pthread_mutex_unlock(&disk->ready_lock);
	return rc;
}

/* Clears the bits of the chunks that a volume has from chunk `have` on; durable on return. */
static int
unready(struct blk_disk *disk, const struct blk_disk_table *table,
	const struct blk_disk_volume *volume, uint32_t have)
{
	uint32_t from = 0;
	int rc = 0;

	pthread_mutex_lock(&disk->ready_lock);
	for (uint32_t i = 0; rc == 0 && i < volume->count; i++) {
		struct blk_disk_extent run = table->extents[volume->first + i];
		uint32_t skip = have > from ? MIN(have - from, run.count) : 0;

		from += run.count;
		if (skip == run.count)
			continue;
		ready_set(disk, run.at + skip, run.count - skip, false);
		rc = ready_put(disk, run.at + skip, run.count - skip, false, false);
	}
	pthread_mutex_unlock(&disk->ready_lock);
	return rc < 0 ? rc : blk_disk_sync(disk->fd);
}

/* ---- volumes ---- */

/* Sets the bits of all chunks that may not be given away.  The caller holds disk->lock. */
static uint8_t *
used_locked(const struct blk_disk *disk, const struct blk_disk_table *table)
{
	uint8_t *used = mem_calloc(1, (size_t)disk->chunks / 8 + 1);

	if (used == NULL)
		return NULL;
	(void)blk_disk_table_mark(table, used);
	list_for_each(node, &disk->maps) {
		const struct blk_disk_map *map = list_entry(node, struct blk_disk_map, node);

		for (size_t i = 0; i < map->count; i++)
			blk_disk_bits(used, map->segments[i].at, map->segments[i].count, true);
	}
	return used;
}

static uint32_t
chunks_of(uint64_t bytes)
{
	return (uint32_t)MIN((bytes + BLK_DISK_CHUNK - 1) / BLK_DISK_CHUNK, UINT32_MAX);
}

/* Returns a copy of the table to change, or NULL with an error.  The caller holds disk->lock. */
static int
edit_locked(struct blk_disk *disk, struct blk_disk_table **ret_copy)
{
	struct blk_disk_table *copy;

	if (disk->whole)
		return err_set(ERR_NOT_SUPPORTED,
			       "%s is served as it is: it has one LUN, which has its size",
			       disk->path);
	if (disk->broken)
		return err_set(-EIO, "the pool on %s is not ready: its table could not be written",
			       disk->path);
	copy = blk_disk_table_copy(disk->table, disk->chunks);
	if (copy == NULL)
		return -ENOMEM;
	*ret_copy = copy;
	return 0;
}

/* Gives a volume of the copy chunks up to `want`, which read as zeros. */
static int
extend_locked(struct blk_disk *disk, struct blk_disk_table *copy, const struct guid *id,
	      bool committed, uint32_t want)
{
	uint32_t have = blk_disk_table_chunks(copy, blk_disk_table_find(copy, id, committed));
	AUTO_FREE uint8_t *used = NULL;
	int rc;

	if (want <= have)
		return 0;
	if (want - have > disk->chunks)
		return -ENOSPC;
	/* by both tables: until the new one is on the disk, the old one counts */
	used = used_locked(disk, copy);
	if (used == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < disk->table->extent_count; i++)
		blk_disk_bits(used, disk->table->extents[i].at, disk->table->extents[i].count,
			      true);
	rc = blk_disk_table_extend(copy, id, committed, want, used);
	return rc < 0 ? rc : unready(disk, copy, blk_disk_table_find(copy, id, committed), have);
}

int
blk_disk_volume_make(const char *path, const struct guid *id, uint64_t size_bytes)
{
	AUTO_DISK struct blk_disk *disk = blk_disk_find(path);
	AUTO_TABLE struct blk_disk_table *copy = NULL;
	int rc;

	if (disk == NULL)
		return not_open(path);
	pthread_mutex_lock(&disk->lock);
	rc = edit_locked(disk, &copy);
	if (rc == 0 && blk_disk_table_find(copy, id, false) != NULL)
		rc = -EEXIST;
	if (rc == 0)
		rc = blk_disk_table_add(copy, id, size_bytes);
	if (rc == 0)
		rc = extend_locked(disk, copy, id, false, chunks_of(size_bytes));
	if (rc == 0)
		rc = blk_disk_table_put(disk, copy);
	if (rc == 0)
		(void)TAKE(copy);
	pthread_mutex_unlock(&disk->lock);
	return rc;
}

/* Gives the space of a map back to the disk, and frees the map. */
static void
discard(struct blk_disk_map *map)
{
	for (size_t i = 0; map != NULL && i < map->count; i++)
		blk_disk_discard(map->disk->fd, blk_disk_place(map->disk, map->segments[i].at),
				 (uint64_t)map->segments[i].count * BLK_DISK_CHUNK);
	blk_disk_map_free(map);
}

int
blk_disk_volume_commit(const char *path, const struct guid *id)
{
	AUTO_DISK struct blk_disk *disk = blk_disk_find(path);
	AUTO_TABLE struct blk_disk_table *copy = NULL;
	struct blk_disk_volume *old;
	int rc;

	if (disk == NULL)
		return not_open(path);
	if (disk->whole)
		return 0;
	pthread_mutex_lock(&disk->lock);
	rc = edit_locked(disk, &copy);
	if (rc == 0 && blk_disk_table_find(copy, id, false) == NULL)
		rc = -ENOENT;
	if (rc == 0) {
		old = blk_disk_table_find(copy, id, true);
		if (old != NULL)
			blk_disk_table_drop(copy, old);
		blk_disk_table_find(copy, id, false)->committed = true;
		rc = blk_disk_table_put(disk, copy);
	}
	if (rc == 0)
		(void)TAKE(copy);
	pthread_mutex_unlock(&disk->lock);
	return rc;
}

int
blk_disk_volume_remove(const char *path, const struct guid *id, bool committed)
{
	AUTO_DISK struct blk_disk *disk = blk_disk_find(path);
	AUTO_TABLE struct blk_disk_table *copy = NULL;
	struct blk_disk_map *map = NULL;
	struct blk_disk_volume *volume = NULL;
	int rc;

	if (disk == NULL)
		return not_open(path);
	if (disk->whole)
		return 0;
	pthread_mutex_lock(&disk->lock);
	rc = edit_locked(disk, &copy);
	if (rc == 0)
		volume = blk_disk_table_find(copy, id, committed);
	if (volume != NULL) {
		/* While there is a map, nobody gets the chunks: not before they are discarded. */
		map = map_new_locked(disk, copy, volume);
		blk_disk_table_drop(copy, volume);
		rc = map == NULL ? -ENOMEM : blk_disk_table_put(disk, copy);
		if (rc == 0)
			(void)TAKE(copy);
	}
	pthread_mutex_unlock(&disk->lock);
	if (map != NULL)
		blk_disk_ref(map->disk);
	if (rc == 0)
		discard(map);
	else
		blk_disk_map_free(map);
	return rc;
}

int
blk_disk_refit(const struct blk_disk_map *map, const struct guid *id, uint64_t keep_bytes,
	       uint64_t want_bytes, uint64_t size_bytes, struct blk_disk_map **ret_map)
{
	struct blk_disk *disk = map->disk;
	AUTO_TABLE struct blk_disk_table *copy = NULL;
	struct blk_disk_map *made = NULL;
	struct blk_disk_volume *volume;
	int rc;

	pthread_mutex_lock(&disk->lock);
	rc = edit_locked(disk, &copy);
	if (rc == 0 && blk_disk_table_find(copy, id, true) == NULL)
		rc = -ENOENT;
	if (rc == 0) {
		volume = blk_disk_table_find(copy, id, true);
		volume->size_bytes = size_bytes;
		blk_disk_table_cut(copy, volume, MIN(chunks_of(keep_bytes), chunks_of(want_bytes)));
		rc = extend_locked(disk, copy, id, true, chunks_of(want_bytes));
	}
	if (rc == 0) {
		made = map_new_locked(disk, copy, blk_disk_table_find(copy, id, true));
		rc = made == NULL ? -ENOMEM : blk_disk_table_put(disk, copy);
		if (rc == 0)
			(void)TAKE(copy);
	}
	pthread_mutex_unlock(&disk->lock);
	if (made != NULL)
		blk_disk_ref(disk);
	if (rc < 0)
		blk_disk_map_free(made);
	else
		*ret_map = made;
	return rc;
}

int
blk_disk_volume_check(const char *path, const struct guid *id, uint64_t size_bytes,
		      bool uncommitted)
{
	struct blk_disk_map *map = NULL;
	char text[GUID_TEXT_SIZE];
	uint64_t has_bytes;
	int rc = blk_disk_map_get(path, id, true, &map);

	if (rc == -ENOENT && uncommitted)
		rc = blk_disk_map_get(path, id, false, &map);
	if (rc == -ENOENT)
		return err_set(ERR_CORRUPT, "%s has no volume %s", path, guid_format(id, text));
	if (rc < 0)
		return rc == -ENODEV ? err_set(ERR_CORRUPT, "%s", err_text(rc)) : rc;
	has_bytes = map->disk->whole ? map->size_bytes : (uint64_t)map->chunks * BLK_DISK_CHUNK;
	blk_disk_map_free(map);
	if (has_bytes < size_bytes)
		return err_set(ERR_CORRUPT, "the volume %s on %s is shorter than %" PRIu64 " bytes",
			       guid_format(id, text), path, size_bytes);
	return 0;
}

int
blk_disk_volume_space(const char *path, const struct guid *id, uint64_t *ret_bytes)
{
	struct blk_disk_map *map = NULL;
	int rc = blk_disk_map_get(path, id, true, &map);

	if (rc < 0)
		return rc;
	*ret_bytes = map->disk->whole ? map->size_bytes : (uint64_t)map->chunks * BLK_DISK_CHUNK;
	blk_disk_map_free(map);
	return 0;
}

int
blk_disk_volume_uncache(const char *path, const struct guid *id)
{
	struct blk_disk_map *map = NULL;
	int rc = blk_disk_map_get(path, id, true, &map);

	for (size_t i = 0; rc == 0 && i < map->count; i++)
		rc = -posix_fadvise(
			map->disk->fd, (off_t)blk_disk_place(map->disk, map->segments[i].at),
			(off_t)map->segments[i].count * BLK_DISK_CHUNK, POSIX_FADV_DONTNEED);
	blk_disk_map_free(map);
	return rc == -ENOENT ? 0 : rc;
}

/* Copies one chunk, if there is anything in it. */
static int
copy_chunk(const struct blk_disk_map *from, const struct blk_disk_map *to, uint32_t chunk,
	   uint8_t *buf, size_t len)
{
	struct iovec iov = { buf, len };
	struct blk_io io = {
		.op = BLK_READ,
		.offset_bytes = (uint64_t)chunk * BLK_DISK_CHUNK,
		.len_bytes = len,
		.iov = &iov,
		.iov_count = 1,
	};
	int rc = blk_disk_run(from, from->disk->fd, &io);

	if (rc < 0 || (buf[0] == 0 && memcmp(buf, buf + 1, len - 1) == 0))
		return rc;
	io.op = BLK_WRITE;
	io.moved_bytes = 0;
	return blk_disk_run(to, to->disk->fd, &io);
}

static int
copy_all(const struct blk_disk_map *from, const struct blk_disk_map *to,
	 struct blk_progress *progress)
{
	uint64_t bytes = MIN(from->size_bytes, to->size_bytes), done = 0;
	AUTO_FREE uint8_t *buf = mem_alloc(BLK_DISK_CHUNK);
	int rc = buf == NULL ? -ENOMEM : 0;

	while (rc == 0 && done < bytes) {
		size_t len = (size_t)MIN(bytes - done, (uint64_t)BLK_DISK_CHUNK);

		rc = copy_chunk(from, to, (uint32_t)(done / BLK_DISK_CHUNK), buf, len);
		done += len;
		if (rc == 0 && progress != NULL && progress->step(progress, done, bytes) != 0)
			rc = ERR_CANCELLED;
	}
	return rc < 0 ? rc : blk_disk_sync(to->disk->fd);
}

int
blk_disk_volume_copy(const char *path, const struct guid *from_id, const struct guid *to_id,
		     uint64_t size_bytes, struct blk_progress *progress)
{
	struct blk_disk_map *from = NULL, *to = NULL;
	int rc = blk_disk_map_get(path, from_id, true, &from);

	if (rc < 0)
		return rc;
	rc = blk_disk_volume_make(path, to_id, size_bytes);
	if (rc == 0) {
		rc = blk_disk_map_get(path, to_id, false, &to);
		if (rc == 0)
			rc = copy_all(from, to, progress);
		blk_disk_map_free(to);
		if (rc < 0)
			(void)blk_disk_volume_remove(path, to_id, false);
	}
	blk_disk_map_free(from);
	return rc;
}

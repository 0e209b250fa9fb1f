/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device over a volume of a disk.  The volume is looked up at the first use, as the file of a
 * file device is opened then.  I/O that lies in one piece of the disk, all of whose chunks are
 * ready, goes to the queue as that of a file does.  The rest is rare and goes to a worker: the
 * first write to a chunk, and I/O across the border of two pieces.
 *
 * Each device has a descriptor of its own, since the kernel tells an error of writing back once to
 * each descriptor: a flush of one LUN must not take away what another one has to hear.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "blk/blk_int.h"
#include "blk/disk_int.h"

#define ALLOCATE_STEP 64u /* chunks */

struct disk_dev {
	struct blk_dev dev;
	char *path;
	struct guid id;
	bool thick;
	struct blk_open open;
	/* Set under open.lock.  The maps before it stay until the device is closed or reopened. */
	struct blk_disk_map *_Atomic map;
	atomic_bool nowait_read, nowait_write;
	struct work_lane lane; /* its operations on workers */
};

static struct disk_dev *
disk_of(struct blk_dev *dev)
{
	return container_of(dev, struct disk_dev, dev);
}

/* ---- opening ---- */

static void
maps_free_from(struct blk_disk_map *map)
{
	while (map != NULL) {
		struct blk_disk_map *next = map->next;

		blk_disk_map_free(map);
		map = next;
	}
}

static void
maps_free(struct disk_dev *d)
{
	maps_free_from(atomic_exchange(&d->map, NULL));
}

static void
map_set(struct disk_dev *d, struct blk_disk_map *map)
{
	map->next = atomic_load(&d->map);
	atomic_store(&d->map, map);
}

/* Returns 0, or -errno with a reason. */
static int
check_map(const struct disk_dev *d, const struct blk_disk_map *map, uint64_t before, char *reason,
	  size_t size)
{
	uint64_t wanted = MIN(before, blk_size_bytes(&d->dev));

	if (atomic_load(&map->disk->gone)) {
		snprintf(reason, size, "the device %s is gone, or another one is in its place",
			 d->path);
		return -ENODEV;
	}
	if ((map->disk->whole ? map->size_bytes : (uint64_t)map->chunks * BLK_DISK_CHUNK) <
	    wanted) {
		snprintf(reason, size, "the volume on %s has become too short", d->path);
		return -EIO;
	}
	return 0;
}

/* Under the lock, there is no descriptor.  Returns it, or -errno with a reason. */
static int
open_volume(struct disk_dev *d, char *reason, size_t size)
{
	struct blk_disk_map *map = atomic_load(&d->map);
	uint64_t before = blk_size_bytes(&d->dev);
	char path[64];
	int rc = 0, fd;

	if (map == NULL) {
		rc = blk_disk_map_get(d->path, &d->id, true, &map);
		if (rc < 0) {
			snprintf(reason, size, "%s", err_text(rc));
			return rc;
		}
		map_set(d, map);
	}
	rc = check_map(d, map, before, reason, size);
	if (rc < 0)
		return rc;
	/* by the descriptor that has it exclusively: what is at the path now does not matter */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", map->disk->fd);
	fd = blk_open_file(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		snprintf(reason, size, "%s: %s", d->path, strerror(-fd));
		return fd;
	}
	atomic_store(&d->nowait_read, true);
	atomic_store(&d->nowait_write, true);
	blk_open_set(&d->open, fd, NULL);
	return fd;
}

/* As in file.c: returns the descriptor or -errno; the caller is counted. */
static int
disk_fd(struct disk_dev *d, bool may_wait)
{
	int fd = atomic_load(&d->open.fd);
	char reason[sizeof(d->dev.reason)];

	if (__builtin_expect(fd >= 0, true))
		return fd;
	do {
		pthread_mutex_lock(&d->open.lock);
		fd = atomic_load(&d->open.fd);
		if (fd < 0)
			fd = open_volume(d, reason, sizeof(reason));
		pthread_mutex_unlock(&d->open.lock);
	} while ((fd == -EMFILE || fd == -ENFILE) && may_wait && blk_open_make_room());
	if (fd < 0 && !blk_is_shortage(fd))
		blk_fail(&d->dev, fd, reason);
	return fd;
}

/* ---- I/O ---- */

static void
note_use(struct disk_dev *d)
{
	unsigned now = atomic_load_explicit(&blk_open_clock, memory_order_relaxed);

	if (atomic_load_explicit(&d->open.used, memory_order_relaxed) != now)
		atomic_store_explicit(&d->open.used, now, memory_order_relaxed);
}

/* An error that says that there is no device any more is one of the device, not of some blocks. */
static void
disk_completed(struct blk_dev *dev, struct blk_io *io)
{
	struct disk_dev *d = disk_of(dev);
	char reason[sizeof(dev->reason)];

	if (io->result == -ENXIO || io->result == -ENODEV || io->result == -ENOMEDIUM) {
		snprintf(reason, sizeof(reason), "the device %s is gone", d->path);
		blk_fail(dev, io->result, reason);
		io->result = ERR_FAILED;
	}
	if ((io->op == BLK_WRITE || io->op == BLK_WRITE_ZEROES || io->op == BLK_UNMAP) &&
	    !atomic_load(&d->open.dirty))
		atomic_store(&d->open.dirty, true);
}

static int
without_disk(struct disk_dev *d, int error)
{
	return atomic_load(&d->dev.failed) != 0 ? ERR_FAILED : error;
}

/* Ready chunks are mapped; of a thick device all are. */
static void
map_range(const struct disk_dev *d, const struct blk_disk_map *map, struct blk_io *io)
{
	struct blk_disk_piece piece = blk_disk_piece_at(map, io->offset_bytes, io->len_bytes);

	if (d->thick)
		piece = (struct blk_disk_piece){ .len = io->len_bytes, .ready = true };
	io->extent = (struct blk_extent){ .len_bytes = piece.len, .mapped = piece.ready };
}

/* UNMAP leaves the data of a thick device. */
static bool
stays(const struct blk_io *io)
{
	return io->op == BLK_UNMAP && io->keep_space;
}

static int
disk_run_late(struct blk_dev *dev, struct blk_io *io)
{
	struct disk_dev *d = disk_of(dev);
	int fd = disk_fd(d, true), rc;

	if (fd < 0)
		return without_disk(d, fd);
	note_use(d);
	if (io->op == BLK_FLUSH) {
		io->fd = fd;
		rc = blk_fd_run(io);
		io->fd = -1;
		return rc;
	}
	if (io->op == BLK_MAP)
		map_range(d, atomic_load(&d->map), io);
	else if (!stays(io))
		return blk_disk_run(atomic_load(&d->map), fd, io);
	return 0;
}

/* Returns whether the I/O can be done in one step, in which case its place is set. */
static bool
is_simple(const struct blk_disk_map *map, struct blk_io *io)
{
	struct blk_disk_piece piece;

	if (io->op != BLK_READ && io->op != BLK_WRITE)
		return io->op == BLK_FLUSH;
	if (io->len_bytes == 0)
		return true;
	piece = blk_disk_piece_at(map, io->offset_bytes, io->len_bytes);
	io->base_bytes = piece.at - io->offset_bytes;
	return piece.ready && piece.len == io->len_bytes;
}

static enum blk_submitted
disk_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	struct disk_dev *d = disk_of(dev);
	int fd = disk_fd(d, queue == NULL);

	io->keep_space = d->thick;
	io->lane = &d->lane;
	io->base_bytes = 0;
	if (__builtin_expect(fd < 0, false) &&
	    (queue == NULL || (fd != -EMFILE && fd != -ENFILE))) {
		io->result = without_disk(d, fd);
		return BLK_DONE;
	}
	if (queue == NULL || io->op == BLK_MAP || stays(io)) {
		io->result = fd >= 0 || io->op == BLK_UNMAP ? disk_run_late(dev, io) : fd;
		return BLK_DONE;
	}
	if (fd < 0 || !is_simple(atomic_load(&d->map), io)) {
		blk_queue_submit_late(queue, io);
		return BLK_PENDING;
	}
	io->fd = fd;
	note_use(d);
	if ((io->op == BLK_READ || io->op == BLK_WRITE) &&
	    (io->len_bytes == 0 || blk_fd_try(io, &d->nowait_read, &d->nowait_write)))
		return BLK_DONE;
	blk_queue_submit_fd(queue, io);
	return BLK_PENDING;
}

/* ---- Everything else ---- */

static void
disk_close(struct blk_dev *dev)
{
	struct disk_dev *d = disk_of(dev);

	blk_open_fini(&d->open);
	maps_free(d);
	mem_free(d->path);
	mem_free(d);
}

/*
 * Zeros what a chunk has behind the end of the volume, which an earlier, larger volume may have
 * left there.
 */
static int
zero_tail(const struct blk_disk_map *map, int fd, uint64_t size_bytes)
{
	uint64_t rest = (BLK_DISK_CHUNK - size_bytes % BLK_DISK_CHUNK) % BLK_DISK_CHUNK;
	struct blk_io io = { .op = BLK_WRITE_ZEROES,
			     .offset_bytes = size_bytes,
			     .len_bytes = rest };

	return rest == 0 || size_bytes >= (uint64_t)map->chunks * BLK_DISK_CHUNK
		       ? 0
		       : blk_disk_run(map, fd, &io);
}

static int
refit(struct disk_dev *d, uint64_t keep_bytes, uint64_t want_bytes, uint64_t size_bytes)
{
	struct blk_disk_map *map = NULL;
	int rc = blk_disk_refit(atomic_load(&d->map), &d->id, keep_bytes, want_bytes, size_bytes,
				&map);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&d->open.lock);
	map_set(d, map);
	/* I/O that is counted from now on finds the new map. */
	if (atomic_load(&d->dev.inflight) == 0) {
		maps_free_from(map->next);
		map->next = NULL;
	}
	pthread_mutex_unlock(&d->open.lock);
	return 0;
}

/* Returns what of the volume stays: beyond its end there may be data that a crash has left. */
static uint64_t
keep_bytes(const struct disk_dev *d, uint64_t want_bytes)
{
	uint64_t size_bytes = blk_size_bytes(&d->dev);

	return atomic_load(&d->map)->size_bytes > size_bytes || want_bytes < size_bytes
		       ? MIN(size_bytes, want_bytes)
		       : want_bytes;
}

static int
resize(struct disk_dev *d, uint64_t size_bytes)
{
	uint64_t before = blk_size_bytes(&d->dev), keep;
	int fd = disk_fd(d, true), rc = 0;

	if (fd < 0)
		return fd;
	if (atomic_load(&d->map)->disk->whole)
		return err_set(ERR_NOT_SUPPORTED,
			       "the LUN is the device %s as it is, and keeps its size", d->path);
	keep = keep_bytes(d, size_bytes);
	if (size_bytes > before)
		rc = zero_tail(atomic_load(&d->map), fd, before);
	if (rc < 0)
		return rc;
	/* I/O that goes on meanwhile must not find a volume that is shorter than its device. */
	if (size_bytes < before)
		atomic_store(&d->dev.size_bytes, size_bytes);
	rc = refit(d, keep, size_bytes, size_bytes);
	if (rc < 0)
		atomic_store(&d->dev.size_bytes, before);
	return rc;
}

static int
disk_resize(struct blk_dev *dev, uint64_t size_bytes)
{
	struct disk_dev *d = disk_of(dev);
	int rc;

	atomic_fetch_add(&d->open.pins, 1);
	rc = resize(d, size_bytes);
	atomic_fetch_sub(&d->open.pins, 1);
	return rc;
}

static int
make_all_ready(struct disk_dev *d, uint64_t offset_bytes, uint64_t len_bytes,
	       struct blk_progress *progress)
{
	const struct blk_disk_map *map = atomic_load(&d->map);
	uint32_t chunk = (uint32_t)(offset_bytes / BLK_DISK_CHUNK);
	uint32_t end = (uint32_t)((offset_bytes + len_bytes + BLK_DISK_CHUNK - 1) / BLK_DISK_CHUNK);
	int rc = 0;

	while (rc == 0 && chunk < end) {
		const struct blk_disk_segment *segment = blk_disk_segment_of(map, chunk);
		uint32_t left = segment->from + segment->count - chunk;
		uint32_t count = MIN(end - chunk, ALLOCATE_STEP);
		uint64_t done;

		count = MIN(count, left);
		rc = blk_disk_make_ready(map->disk, segment->at + (chunk - segment->from), count);
		chunk += count;
		done = MIN((uint64_t)chunk * BLK_DISK_CHUNK - offset_bytes, len_bytes);
		if (rc == 0 && progress != NULL && progress->step(progress, done, len_bytes) != 0)
			rc = ERR_CANCELLED;
	}
	return rc;
}

static int
allocate(struct disk_dev *d, uint64_t offset_bytes, uint64_t len_bytes,
	 struct blk_progress *progress)
{
	uint64_t size_bytes = blk_size_bytes(&d->dev);
	uint64_t end = offset_bytes + len_bytes;
	int fd = disk_fd(d, true);
	int rc = MIN(fd, 0);

	if (rc == 0 && end > size_bytes)
		rc = refit(d, keep_bytes(d, end), end, size_bytes);
	if (rc == 0)
		rc = make_all_ready(d, offset_bytes, len_bytes, progress);
	if (rc < 0 && fd >= 0 && end > size_bytes)
		(void)refit(d, size_bytes, size_bytes, size_bytes);
	return rc;
}

static int
disk_allocate(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
	      struct blk_progress *progress)
{
	struct disk_dev *d = disk_of(dev);
	int rc;

	atomic_fetch_add(&d->open.pins, 1);
	rc = allocate(d, offset_bytes, len_bytes, progress);
	atomic_fetch_sub(&d->open.pins, 1);
	return rc;
}

static int
disk_verify(struct blk_dev *dev, char *reason, size_t size)
{
	struct disk_dev *d = disk_of(dev);
	struct blk_disk_map *map;
	uint64_t before = blk_size_bytes(dev);
	int rc = 0;

	pthread_mutex_lock(&d->open.lock);
	map = atomic_load(&d->map);
	if (map == NULL) {
		rc = blk_disk_map_get(d->path, &d->id, true, &map);
		if (rc == 0)
			map_set(d, map);
		else
			snprintf(reason, size, "%s", err_text(rc));
	}
	if (rc == 0)
		rc = check_map(d, map, before, reason, size);
	if (rc == 0)
		atomic_store_explicit(&dev->allocated_bytes, (uint64_t)map->chunks * BLK_DISK_CHUNK,
				      memory_order_relaxed);
	pthread_mutex_unlock(&d->open.lock);
	return rc;
}

static int
disk_reopen(struct blk_dev *dev)
{
	struct disk_dev *d = disk_of(dev);
	char reason[sizeof(dev->reason)];
	int fd;

	pthread_mutex_lock(&d->open.lock);
	blk_open_close(&d->open);
	maps_free(d);
	fd = open_volume(d, reason, sizeof(reason));
	pthread_mutex_unlock(&d->open.lock);
	return fd < 0 ? err_set(fd, "%s", reason) : 0;
}

static int
disk_stat(struct blk_dev *dev, struct blk_stat *ret_stat)
{
	struct disk_dev *d = disk_of(dev);
	const struct blk_disk_map *map;
	uint64_t chunks;

	pthread_mutex_lock(&d->open.lock);
	map = atomic_load(&d->map);
	chunks = map != NULL ? map->chunks : blk_size_bytes(dev) / BLK_DISK_CHUNK;
	pthread_mutex_unlock(&d->open.lock);
	*ret_stat = (struct blk_stat){ blk_size_bytes(dev), chunks * BLK_DISK_CHUNK };
	return 0;
}

static const struct blk_ops disk_ops = {
	.name = "disk",
	.submit = disk_submit,
	.completed = disk_completed,
	.close = disk_close,
	.resize = disk_resize,
	.allocate = disk_allocate,
	.verify = disk_verify,
	.reopen = disk_reopen,
	.stat = disk_stat,
	.run_late = disk_run_late,
};

int
blk_disk_dev_new(const char *path, const struct guid *id, const char *name, uint64_t size_bytes,
		 bool thick, struct blk_dev **ret_dev)
{
	struct disk_dev *d = mem_calloc(1, sizeof(*d));

	if (d == NULL)
		return -ENOMEM;
	blk_open_init(&d->open, &d->dev);
	d->path = str_dup(path);
	if (blk_dev_init(&d->dev, &disk_ops, name, size_bytes) < 0 || d->path == NULL) {
		blk_dev_unref(&d->dev);
		return -ENOMEM;
	}
	d->id = *id;
	d->thick = thick;
	d->dev.volatile_cache = true;
	d->dev.can_unmap = !thick;
	d->dev.unmap_granularity_bytes = BLK_DISK_CHUNK;
	*ret_dev = &d->dev;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device over a raw file.  The file is opened at its first use, so a daemon with thousands of
 * LUNs starts at once, and uses descriptors only for LUNs that somebody uses.  When descriptors run
 * out, open.c closes the files of idle devices, which are opened again at their next use.  I/O
 * comes from the thread of a queue; everything else from worker and management threads.
 *
 * Some operations are done within blk_submit, and the others go to the queue (measured: a
 * page-cache hit costs 0.9 µs, a hand-off to the queue 20 µs):
 *   - On a file in memory (tmpfs) everything except long range operations is done within
 *     blk_submit, in a mapping of the file (map.c) where that can be had.
 *   - On other files reads, and writes without FUA, are tried with RWF_NOWAIT first.  What that
 *     cannot do (data that is not cached, or buffered writes on ext4, which do not support it) goes
 *     to the queue.  A kind of operation that is not supported is not tried again.
 *   - Files that go past the page cache (direct.c) have everything go to the queue.
 */
#include "blk/blk_int.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define RANGE_ON_THE_SPOT_BYTES (4u << 20) /* of UNMAP and WRITE_ZEROES in memory */
#define ALLOCATE_STEP_BYTES     (64ull << 20)
#define RAMFS_MAGIC             0x858458f6
/*
 * How long the length of a file counts as known while the file is read and written.  fstat costs
 * 0.3 µs, so 100 a second for each busy LUN cost nothing that can be measured.
 */
#define LENGTH_KNOWN_NS         (10 * NS_PER_MS)

struct file_dev {
	struct blk_dev dev;
	char *path;
	bool thick;
	struct blk_open open;
	/* which file it is; points to own_seen, or to what the maker has given; lock */
	struct blk_file_seen *seen, own_seen;
	/* What the file lies on, looked at whenever it is opened; operations may be under way. */
	_Atomic bool in_memory;
	_Atomic bool stat_may_wait;      /* fstat may wait for another process (FUSE) */
	_Atomic uint64_t length_seen_ns; /* loop_now_ns of the last check of the length */
	atomic_bool nowait_read, nowait_write;
	struct work_lane lane; /* its operations on workers */
	enum blk_cache cache;  /* as it is set; lock */
	struct blk_direct direct;
};

static struct file_dev *
file_of(struct blk_dev *dev)
{
	return container_of(dev, struct file_dev, dev);
}

/* ---- Opening ---- */

/*
 * Checks that the file is the expected one.  before: the size of the device before the caller asked
 * for st.  The device may have been resized since, in either direction, so the file needs the
 * smaller of both sizes.  Returns 0, or -errno and a reason.  The caller holds the lock.
 */
static int
check_stat(struct file_dev *f, const struct stat *st, uint64_t before, char *reason, size_t size)
{
	const uint64_t wanted = MIN(before, blk_size_bytes(&f->dev));

	if (!S_ISREG(st->st_mode)) {
		snprintf(reason, size, "%s is not a regular file", f->path);
		return -EINVAL;
	}
	if (st->st_nlink == 0) {
		snprintf(reason, size, "%s was deleted", f->path);
		return -ENOENT;
	}
	if ((uint64_t)st->st_size < wanted) {
		snprintf(reason, size, "%s has %lld bytes instead of %" PRIu64, f->path,
			 (long long)st->st_size, wanted);
		return -EIO;
	}
	if (f->seen->st_ino != 0 &&
	    (st->st_dev != f->seen->st_dev || st->st_ino != f->seen->st_ino)) {
		snprintf(reason, size, "%s was replaced by another file", f->path);
		return -ESTALE;
	}
	*f->seen = (struct blk_file_seen){ .st_dev = st->st_dev, .st_ino = st->st_ino };
	return 0;
}

/* Under the lock, the file is not open. */
static int
open_file(struct file_dev *f, char *reason, size_t size)
{
	int flags = (f->dev.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	uint64_t before = blk_size_bytes(&f->dev);
	int fd = blk_open_file(f->path, flags);
	struct statfs sfs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &sfs) < 0) {
		int error = fd < 0 ? fd : -errno;

		snprintf(reason, size, "%s: %s", f->path, strerror(-error));
		if (fd >= 0)
			blk_open_discard(fd);
		return error;
	}
	int r = check_stat(f, &st, before, reason, size);

	if (r < 0) {
		blk_open_discard(fd);
		return r;
	}
	bool in_memory = sfs.f_type == TMPFS_MAGIC || sfs.f_type == RAMFS_MAGIC;

	atomic_store(&f->stat_may_wait, sfs.f_type == FUSE_SUPER_MAGIC);
	atomic_store(&f->in_memory, in_memory);
	atomic_store(&f->dev.on_the_spot, in_memory);
	atomic_store(&f->nowait_read, true);
	atomic_store(&f->nowait_write, true);
	blk_direct_open(&f->direct, fd, f->cache);
	blk_open_set(&f->open, fd,
		     in_memory ? blk_map_new(fd, blk_size_bytes(&f->dev), f->dev.read_only) : NULL);
	return fd;
}

/*
 * Returns the descriptor, or -errno.  On an error the device has failed, unless this process lacks
 * descriptors or memory.  may_wait: another file may be synced so that it can be closed.  The
 * caller is counted, in dev.inflight or in open.pins, so that the descriptor stays open.
 */
static int
file_fd(struct file_dev *f, bool may_wait)
{
	int fd = atomic_load(&f->open.fd);
	char reason[sizeof(f->dev.reason)];

	if (__builtin_expect(fd >= 0, true))
		return fd;
	do {
		pthread_mutex_lock(&f->open.lock);
		fd = atomic_load(&f->open.fd);
		if (fd < 0)
			fd = open_file(f, reason, sizeof(reason));
		pthread_mutex_unlock(&f->open.lock);
	} while ((fd == -EMFILE || fd == -ENFILE) && may_wait && blk_open_make_room());
	if (fd < 0 && !blk_is_shortage(fd))
		blk_fail(&f->dev, fd, reason);
	return fd;
}

/* Notes a use of the file: the one that was not used for the longest time is closed first. */
static void
note_use(struct file_dev *f)
{
	unsigned now = atomic_load_explicit(&blk_open_clock, memory_order_relaxed);

	if (atomic_load_explicit(&f->open.used, memory_order_relaxed) != now)
		atomic_store_explicit(&f->open.used, now, memory_order_relaxed);
}

/*
 * Notes that the file must be synced before it is closed; nothing in memory waits to be written
 * back.  Called when the operation has ended and is still in flight: a sync that began before it
 * ended does not cover it, and the file is not closed before the note is there.
 */
static void
note_change(struct file_dev *f)
{
	if (!atomic_load(&f->in_memory) && !atomic_load(&f->open.dirty))
		atomic_store(&f->open.dirty, true);
}

/* ---- I/O ---- */

static bool
goes_on_the_spot(const struct file_dev *f, const struct blk_io *io)
{
	switch (io->op) {
	case BLK_MAP: /* on a disk it may wait for a lock of the file that a hanging write has */
	case BLK_READ:
	case BLK_WRITE:
	case BLK_FLUSH:
		return atomic_load(&f->in_memory);
	case BLK_UNMAP:
	case BLK_WRITE_ZEROES:
		return atomic_load(&f->in_memory) && io->len_bytes <= RANGE_ON_THE_SPOT_BYTES;
	case BLK_OPS_:
		break;
	}
	return false;
}

/*
 * Returns whether the length of the file must be checked before this operation.  If another program
 * has cut the file, a write that reaches its end would grow it to its old length, and the lost data
 * would read as zeros permanently, so such a write always checks.  Any other write leaves the file
 * too short, so for the other operations it is enough to check now and then.
 */
static bool
length_is_due(struct file_dev *f, const struct blk_queue *queue, const struct blk_io *io)
{
	uint64_t now_ns;

	if ((io->op == BLK_WRITE || io->op == BLK_WRITE_ZEROES) &&
	    io->offset_bytes + io->len_bytes >= blk_size_bytes(&f->dev))
		return true;
	if (io->op == BLK_FLUSH || io->op == BLK_MAP || atomic_load(&f->stat_may_wait))
		return false;
	if (queue == NULL) /* a mapping shows zeros in the page in which the file ends */
		return atomic_load(&f->open.map) != NULL;
	now_ns = loop_now_ns(queue->loop);
	if ((int64_t)(now_ns - atomic_load_explicit(&f->length_seen_ns, memory_order_relaxed)) <
	    (int64_t)LENGTH_KNOWN_NS)
		return false;
	atomic_store_explicit(&f->length_seen_ns, now_ns, memory_order_relaxed);
	return true;
}

/* Returns 0, -errno, or ERR_FAILED: the file is too short, and the device has failed. */
static int
check_length(struct file_dev *f, int fd)
{
	uint64_t before = blk_size_bytes(&f->dev);
	char reason[sizeof(f->dev.reason)];
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size >= before)
		return 0;
	pthread_mutex_lock(&f->open.lock);
	rc = check_stat(f, &st, before, reason, sizeof(reason));
	pthread_mutex_unlock(&f->open.lock);
	if (rc < 0)
		blk_fail(&f->dev, rc, reason);
	return rc < 0 ? ERR_FAILED : 0;
}

/*
 * Does io in the mapping of the file, if there is one and it can.  Returns whether io->result is
 * set.  A copy here ends wherever SIGKILL meets it, one of the kernel with its page.  After a fault
 * the file is looked at, since a write by a system call would make one that was cut as long as
 * before; then that call finds out what is wrong.
 */
static bool
run_mapped(struct file_dev *f, struct blk_io *io)
{
	struct blk_map *map = atomic_load_explicit(&f->open.map, memory_order_acquire);

	if (map == NULL || (io->op != BLK_READ && io->op != BLK_WRITE && io->op != BLK_FLUSH))
		return false;
	if (io->op == BLK_FLUSH) /* nothing in memory waits to be written back */
		return true;
	if ((io->flags & BLK_WHOLE) != 0)
		return false;
	switch (blk_map_move(map, io)) {
	case BLK_MAPPED_MOVED:
		io->result = 0;
		return true;
	case BLK_MAPPED_FAULT:
		io->result = check_length(f, io->fd);
		return io->result < 0;
	case BLK_MAPPED_NOT:
		break;
	}
	return false;
}

/* Notes what an operation has done to the space of the file, whichever way it went. */
static void
note_space(struct file_dev *f, const struct blk_io *io)
{
	struct blk_map *map = atomic_load_explicit(&f->open.map, memory_order_acquire);

	if (map == NULL)
		return;
	if (io->op == BLK_WRITE && io->result == 0)
		blk_map_note(map, io->offset_bytes, io->len_bytes);
	else if (io->op == BLK_UNMAP || io->op == BLK_WRITE_ZEROES)
		blk_map_forget(map, io->offset_bytes, io->len_bytes);
}

/*
 * A read that found the end of the file, and a direct write that found it too short, are a failure
 * of the device, not a single bad block.
 */
static void
file_completed(struct blk_dev *dev, struct blk_io *io)
{
	struct file_dev *f = file_of(dev);

	if (io->gate != NULL)
		blk_gate_leave(io);
	if ((io->op == BLK_READ || io->direct != NULL) && io->result == -EIO &&
	    check_length(f, io->fd) < 0)
		io->result = ERR_FAILED;
	if (io->op == BLK_WRITE || io->op == BLK_UNMAP || io->op == BLK_WRITE_ZEROES) {
		note_space(f, io);
		note_change(f);
	}
}

/* Returns 0 when io, whose fd is set, may begin, or an error. */
static int
begin(struct file_dev *f, const struct blk_queue *queue, struct blk_io *io)
{
	note_use(f);
	return length_is_due(f, queue, io) ? check_length(f, io->fd) : 0;
}

/* Returns the result of an operation for which there is no descriptor. */
static int
without_file(struct file_dev *f, int error)
{
	return atomic_load(&f->dev.failed) != 0 ? ERR_FAILED : error;
}

/* Also when the file system has refused a direct operation since: older ones may be at the gate. */
static bool
is_gated(struct file_dev *f)
{
	return atomic_load_explicit(&f->direct.gated, memory_order_relaxed);
}

/*
 * Returns whether io, which goes past the page cache, may begin; else it goes on when the
 * operations have ended that it would disturb.  Blocks of 512 bytes are the least that any LUN has,
 * so there only what is no whole block can disturb others.
 */
static bool
enter_direct(struct file_dev *f, struct blk_io *io)
{
	bool whole;

	io->direct = &f->direct;
	if (io->op != BLK_WRITE && io->op != BLK_UNMAP && io->op != BLK_WRITE_ZEROES)
		return true;
	whole = !blk_direct_range_fits(&f->direct, io);
	if (f->direct.offset_align <= 512 && !whole)
		return true;
	return blk_gate_enter(&f->direct.gate, io, whole);
}

static int
file_run_late(struct blk_dev *dev, struct blk_io *io)
{
	struct file_dev *f = file_of(dev);
	int rc;

	io->fd = file_fd(f, true);
	if (io->fd < 0)
		return without_file(f, io->fd);
	rc = begin(f, NULL, io);
	if (rc < 0)
		return rc;
	return is_gated(f) ? BLK_LATE_GO_ON : blk_fd_run(io);
}

static void
file_go_on(struct blk_dev *dev, struct blk_io *io)
{
	if (enter_direct(file_of(dev), io))
		blk_queue_go_on(io->queue, io);
}

static enum blk_submitted
submit_direct(struct file_dev *f, struct blk_queue *queue, struct blk_io *io)
{
	bool enters = enter_direct(f, io);

	if (queue == NULL) {
		io->result = blk_fd_run(io);
		return BLK_DONE;
	}
	blk_queue_wait(queue);
	if (enters)
		blk_queue_go_on(queue, io);
	return BLK_PENDING;
}

static enum blk_submitted
file_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	struct file_dev *f = file_of(dev);

	io->keep_space = f->thick;
	io->lane = &f->lane;
	io->base_bytes = 0;
	io->fd = file_fd(f, queue == NULL);
	if (__builtin_expect(io->fd < 0, false)) {
		if (queue != NULL && (io->fd == -EMFILE || io->fd == -ENFILE)) {
			blk_queue_submit_late(queue, io);
			return BLK_PENDING;
		}
		io->result = without_file(f, io->fd);
		return BLK_DONE;
	}
	io->result = begin(f, queue, io);
	if (io->result < 0 || run_mapped(f, io))
		return BLK_DONE;
	if (is_gated(f))
		return submit_direct(f, queue, io);
	if (queue == NULL || goes_on_the_spot(f, io)) {
		io->result = blk_fd_run(io);
		return BLK_DONE;
	}
	if ((io->op == BLK_READ || io->op == BLK_WRITE) &&
	    blk_fd_try(io, &f->nowait_read, &f->nowait_write))
		return BLK_DONE;
	blk_queue_submit_fd(queue, io);
	return BLK_PENDING;
}

/* ---- Everything else ---- */

static void
file_close(struct blk_dev *dev)
{
	struct file_dev *f = file_of(dev);

	blk_open_fini(&f->open);
	blk_gate_fini(&f->direct.gate);
	mem_free(f->path);
	mem_free(f);
}

/* Follows the file, which has its new size and is pinned, with its mapping. */
static void
remap(struct file_dev *f, int fd, uint64_t before, uint64_t size_bytes)
{
	struct blk_map *map = atomic_load(&f->open.map);

	if (map == NULL)
		return;
	if (size_bytes < before)
		blk_map_forget(map, size_bytes, before - size_bytes);
	else
		atomic_store(&f->open.map, blk_map_grow(map, fd, size_bytes, f->dev.read_only));
}

static int
resize(struct file_dev *f, uint64_t size_bytes)
{
	struct blk_dev *dev = &f->dev;
	uint64_t before = blk_size_bytes(dev);
	int fd = file_fd(f, true);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* I/O that goes on meanwhile must not find a file that is shorter than its device. */
	if (size_bytes < before)
		atomic_store(&dev->size_bytes, size_bytes);
	if ((uint64_t)st.st_size != size_bytes && ftruncate(fd, (off_t)size_bytes) < 0) {
		int error = -errno;

		atomic_store(&dev->size_bytes, before);
		return error;
	}
	remap(f, fd, before, size_bytes);
	if (fsync(fd) == 0)
		return 0;
	int r = -errno;

	blk_fail(dev, r, "fsync after resize failed");
	return r;
}

static int
file_resize(struct blk_dev *dev, uint64_t size_bytes)
{
	struct file_dev *f = file_of(dev);
	int rc;

	atomic_fetch_add(&f->open.pins, 1);
	rc = resize(f, size_bytes);
	atomic_fetch_sub(&f->open.pins, 1);
	return rc;
}

/*
 * Undoes a failed allocation: frees the space beyond the end.  Within the file, the space stays,
 * since it may have been allocated before.
 */
static void
undo_allocate(struct file_dev *f, int fd)
{
	struct stat st;
	uint64_t size_bytes = blk_size_bytes(&f->dev);

	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size > size_bytes &&
	    ftruncate(fd, (off_t)size_bytes) < 0)
		return; /* only space is lost, until the next resize */
}

/*
 * Before space beyond the end is allocated: what a crash has left there (of a device that was made
 * smaller) must not come back.  Returns 0 or -errno.
 */
static int
cut_beyond_end(struct file_dev *f, int fd, uint64_t offset_bytes)
{
	uint64_t size_bytes = blk_size_bytes(&f->dev);
	struct stat st;

	if (offset_bytes < size_bytes)
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	return (uint64_t)st.st_size > size_bytes && ftruncate(fd, (off_t)size_bytes) < 0 ? -errno
											 : 0;
}

static int
allocate(struct file_dev *f, uint64_t offset_bytes, uint64_t len_bytes,
	 struct blk_progress *progress)
{
	uint64_t done = 0;
	int fd = file_fd(f, true);
	int r = fd < 0 ? fd : cut_beyond_end(f, fd, offset_bytes);

	while (r == 0 && done < len_bytes) {
		uint64_t step = MIN(len_bytes - done, ALLOCATE_STEP_BYTES);

		if (fallocate(fd, 0, (off_t)(offset_bytes + done), (off_t)step) < 0) {
			r = errno == EINTR ? 0 : -errno;
			continue;
		}
		done += step;
		if (progress != NULL && progress->step(progress, done, len_bytes) != 0)
			r = ERR_CANCELLED;
	}
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0 && fd >= 0)
		undo_allocate(f, fd);
	return r;
}

static int
file_allocate(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
	      struct blk_progress *progress)
{
	struct file_dev *f = file_of(dev);
	int rc;

	atomic_fetch_add(&f->open.pins, 1);
	rc = allocate(f, offset_bytes, len_bytes, progress);
	atomic_fetch_sub(&f->open.pins, 1);
	return rc;
}

/* Checks the file by its name without opening it, so that an unused LUN needs no descriptor. */
static int
look(struct file_dev *f, char *reason, size_t size)
{
	int mode = f->dev.read_only ? R_OK : R_OK | W_OK;
	uint64_t before = blk_size_bytes(&f->dev);
	struct stat st;

	if (lstat(f->path, &st) < 0 ||
	    (S_ISREG(st.st_mode) && atomic_load(&f->open.fd) < 0 && access(f->path, mode) < 0)) {
		int error = -errno;

		snprintf(reason, size, "%s: %s", f->path, strerror(errno));
		return error;
	}
	atomic_store_explicit(&f->dev.allocated_bytes, (uint64_t)st.st_blocks * 512,
			      memory_order_relaxed);
	return check_stat(f, &st, before, reason, size);
}

static int
file_verify(struct blk_dev *dev, char *reason, size_t size)
{
	struct file_dev *f = file_of(dev);
	int r;

	pthread_mutex_lock(&f->open.lock);
	r = look(f, reason, size);
	pthread_mutex_unlock(&f->open.lock);
	return r;
}

static int
file_reopen(struct blk_dev *dev)
{
	struct file_dev *f = file_of(dev);
	char reason[sizeof(dev->reason)];

	pthread_mutex_lock(&f->open.lock);
	blk_open_close(&f->open);
	*f->seen = (struct blk_file_seen){ 0 };
	int fd = open_file(f, reason, sizeof(reason));

	pthread_mutex_unlock(&f->open.lock);
	return fd < 0 ? err_set(fd, "%s", reason) : 0;
}

static int
file_stat(struct blk_dev *dev, struct blk_stat *ret_stat)
{
	struct file_dev *f = file_of(dev);
	struct stat st;

	if (stat(f->path, &st) < 0)
		return -errno;
	*ret_stat = (struct blk_stat){
		.size_bytes = blk_size_bytes(dev),
		.allocated_bytes = (uint64_t)st.st_blocks * 512,
	};
	return 0;
}

static void
file_prefetch(struct blk_dev *dev, uint64_t offset_bytes, uint32_t len_bytes)
{
	const struct file_dev *f = container_of(dev, struct file_dev, dev);
	/*
	 * while there is a descriptor its mapping stays, since the device counts as in use (open.c)
	 */
	bool is_open = atomic_load(&f->open.fd) >= 0;
	const struct blk_map *map =
		is_open ? atomic_load_explicit(&f->open.map, memory_order_acquire) : NULL;

	if (map != NULL)
		blk_map_prefetch(map, offset_bytes, len_bytes);
}

static void
file_set_cache(struct blk_dev *dev, enum blk_cache cache)
{
	struct file_dev *f = file_of(dev);
	int fd;

	pthread_mutex_lock(&f->open.lock);
	f->cache = cache;
	fd = atomic_load(&f->open.fd);
	if (fd >= 0)
		blk_direct_open(&f->direct, fd, cache);
	pthread_mutex_unlock(&f->open.lock);
}

static bool
file_cache_of(struct blk_dev *dev, bool *ret_direct, const char **ret_why)
{
	struct file_dev *f = file_of(dev);
	struct blk_direct_choice choice;

	pthread_mutex_lock(&f->open.lock);
	if (atomic_load(&f->open.fd) >= 0) {
		*ret_direct = atomic_load(&f->direct.on);
		*ret_why = atomic_load(&f->direct.why);
	} else {
		blk_direct_choose(-1, f->path, f->cache, &choice);
		*ret_direct = choice.direct;
		*ret_why = choice.why;
	}
	pthread_mutex_unlock(&f->open.lock);
	return true;
}

static const struct blk_ops file_ops = {
	.name = "file",
	.submit = file_submit,
	.prefetch = file_prefetch,
	.completed = file_completed,
	.close = file_close,
	.resize = file_resize,
	.allocate = file_allocate,
	.verify = file_verify,
	.reopen = file_reopen,
	.stat = file_stat,
	.run_late = file_run_late,
	.go_on = file_go_on,
	.set_cache = file_set_cache,
	.cache_of = file_cache_of,
};

int
blk_file_new(const char *path, const char *name, uint64_t size_bytes,
	     const struct blk_file_options *options, struct blk_dev **ret_dev)
{
	struct file_dev *f = mem_calloc(1, sizeof(*f));

	if (f == NULL)
		return -ENOMEM;
	blk_open_init(&f->open, &f->dev);
	blk_gate_init(&f->direct.gate);
	f->direct.dev = &f->dev;
	f->path = str_dup(path);
	if (blk_dev_init(&f->dev, &file_ops, name, size_bytes) < 0 || f->path == NULL) {
		blk_dev_unref(&f->dev);
		return -ENOMEM;
	}
	f->seen = options->seen != NULL ? options->seen : &f->own_seen;
	f->thick = options->thick;
	f->dev.read_only = options->read_only;
	f->dev.volatile_cache = true;
	f->dev.can_unmap = !options->thick;
	*ret_dev = &f->dev;
	return 0;
}

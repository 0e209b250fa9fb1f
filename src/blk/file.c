/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device over a raw file.  The file is opened at its first use, so a daemon with thousands of
 * LUNs starts at once, and uses descriptors only for LUNs that somebody uses.  I/O comes from the
 * thread of a queue; everything else from worker and management threads.
 *
 * Some operations are done within blk_submit, and the others go to the queue (measured: a
 * page-cache hit costs 0.9 µs, a hand-off to the queue 20 µs):
 *   - On a file in memory (tmpfs) everything except long range operations is done within
 *     blk_submit.
 *   - On other files reads, and writes without FUA, are tried with RWF_NOWAIT first.  What that
 *     cannot do (data that is not cached, or buffered writes on ext4, which do not support it) goes
 *     to the queue.  A kind of operation that is not supported is not tried again.
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

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define RANGE_ON_THE_SPOT_BYTES (4u << 20) /* of UNMAP and WRITE_ZEROES in memory */
#define ALLOCATE_STEP_BYTES     (64ull << 20)
#define RAMFS_MAGIC             0x858458f6

/*
 * How many files are open, and how many may be.  There is one count for the process, because
 * descriptors belong to the process.  Without a limit the files of LUNs could use up all
 * descriptors; then the API could accept no connection, and no LUN could be deleted.
 */
static atomic_uint open_files;
static atomic_uint open_files_limit = UINT_MAX;

struct file_dev {
	struct blk_dev dev;
	char *path;
	bool thick;
	pthread_mutex_t lock; /* opening and reopening */
	atomic_int fd;        /* -1 until opened */
	bool known;           /* which file it is was seen; lock */
	dev_t st_dev;
	ino_t st_ino;
	bool in_memory; /* written before fd */
	atomic_bool nowait_read, nowait_write;
};

static struct file_dev *
file_of(struct blk_dev *dev)
{
	return container_of(dev, struct file_dev, dev);
}

/* ---- Opening ---- */

/*
 * Checks that the file is the expected one.  Returns 0, or -errno and a reason.  The caller holds
 * the lock.
 */
static int
check_stat(struct file_dev *f, const struct stat *st, char *reason, size_t size)
{
	if (!S_ISREG(st->st_mode)) {
		snprintf(reason, size, "%s is not a regular file", f->path);
		return -EINVAL;
	}
	if (st->st_nlink == 0) {
		snprintf(reason, size, "%s was deleted", f->path);
		return -ENOENT;
	}
	if ((uint64_t)st->st_size < blk_size_bytes(&f->dev)) {
		snprintf(reason, size, "%s has %lld bytes instead of %" PRIu64, f->path,
			 (long long)st->st_size, blk_size_bytes(&f->dev));
		return -EIO;
	}
	if (f->known && (st->st_dev != f->st_dev || st->st_ino != f->st_ino)) {
		snprintf(reason, size, "%s was replaced by another file", f->path);
		return -ESTALE;
	}
	f->known = true;
	f->st_dev = st->st_dev;
	f->st_ino = st->st_ino;
	return 0;
}

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

/* Opens the file within the limit.  Returns the descriptor or -errno. */
static int
open_counted(const struct file_dev *f)
{
	int flags = (f->dev.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd;

	if (!count_up())
		return -EMFILE;
	fd = open(f->path, flags);
	if (fd < 0) {
		int error = -errno;

		atomic_fetch_sub(&open_files, 1);
		return error;
	}
	return fd;
}

/* Under the lock, fd is -1. */
static int
open_file(struct file_dev *f, char *reason, size_t size)
{
	int fd = open_counted(f);
	struct statfs sfs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &sfs) < 0) {
		int error = fd < 0 ? fd : -errno;

		snprintf(reason, size, "%s: %s", f->path, strerror(-error));
		if (fd >= 0)
			close_counted(fd);
		return error;
	}
	int r = check_stat(f, &st, reason, size);

	if (r < 0) {
		close_counted(fd);
		return r;
	}
	f->in_memory = sfs.f_type == TMPFS_MAGIC || sfs.f_type == RAMFS_MAGIC;
	atomic_store(&f->dev.on_the_spot, f->in_memory);
	atomic_store(&f->nowait_read, true);
	atomic_store(&f->nowait_write, true);
	atomic_store_explicit(&f->fd, fd, memory_order_release);
	return fd;
}

/*
 * Returns the descriptor, or -errno.  On an error the device has failed, unless this process lacks
 * descriptors or memory.
 */
static int
file_fd(struct file_dev *f)
{
	int fd = atomic_load_explicit(&f->fd, memory_order_acquire);
	char reason[sizeof(f->dev.reason)];

	if (__builtin_expect(fd >= 0, true))
		return fd;
	pthread_mutex_lock(&f->lock);
	fd = atomic_load(&f->fd);
	if (fd < 0)
		fd = open_file(f, reason, sizeof(reason));
	pthread_mutex_unlock(&f->lock);
	if (fd < 0 && !blk_is_shortage(fd))
		blk_fail(&f->dev, fd, reason);
	return fd;
}

/* ---- I/O ---- */

/* Tries the operation without waiting.  Returns true when it is complete and io->result is set. */
static bool
move_nowait(struct file_dev *f, struct blk_io *io)
{
	atomic_bool *can = io->op == BLK_READ ? &f->nowait_read : &f->nowait_write;
	unsigned count;
	ssize_t n;

	if ((io->flags & BLK_FUA) != 0 || !atomic_load_explicit(can, memory_order_relaxed))
		return false;
	const struct iovec *iov = blk_io_rest(io, &count);

	if (io->op == BLK_READ)
		n = preadv2(io->fd, iov, (int)count, (off_t)io->offset_bytes, RWF_NOWAIT);
	else
		n = pwritev2(io->fd, iov, (int)count, (off_t)io->offset_bytes, RWF_NOWAIT);
	if (n < 0 && errno == EOPNOTSUPP)
		atomic_store_explicit(can, false, memory_order_relaxed);
	if (n > 0)
		io->moved_bytes = (uint64_t)n;
	io->result = 0;
	return io->moved_bytes == io->len_bytes;
}

static bool
goes_on_the_spot(const struct file_dev *f, const struct blk_io *io)
{
	switch (io->op) {
	case BLK_MAP: /* a look at metadata */
		return true;
	case BLK_READ:
	case BLK_WRITE:
	case BLK_FLUSH:
		return f->in_memory;
	case BLK_UNMAP:
	case BLK_WRITE_ZEROES:
		return f->in_memory && io->len_bytes <= RANGE_ON_THE_SPOT_BYTES;
	case BLK_OPS_:
		break;
	}
	return false;
}

/*
 * Checks the length of the file before a write that reaches its end.  If another program has cut
 * the file, such a write would grow it to its old length, and the lost data would read as zeros
 * permanently.  Any other write leaves the file too short, and blk_verify finds that.
 */
static int
check_end(struct file_dev *f, const struct blk_io *io)
{
	char reason[sizeof(f->dev.reason)];
	struct stat st;
	int rc;

	if ((io->op != BLK_WRITE && io->op != BLK_WRITE_ZEROES) ||
	    io->offset_bytes + io->len_bytes < blk_size_bytes(&f->dev))
		return 0;
	if (fstat(io->fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size >= blk_size_bytes(&f->dev))
		return 0;
	pthread_mutex_lock(&f->lock);
	rc = check_stat(f, &st, reason, sizeof(reason));
	pthread_mutex_unlock(&f->lock);
	if (rc < 0)
		blk_fail(&f->dev, rc, reason);
	return rc < 0 ? ERR_FAILED : 0;
}

static enum blk_submitted
file_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	struct file_dev *f = file_of(dev);

	io->fd = file_fd(f);
	if (io->fd < 0) {
		io->result = atomic_load(&dev->failed) != 0 ? ERR_FAILED : io->fd;
		return BLK_DONE;
	}
	io->keep_space = f->thick;
	io->result = check_end(f, io);
	if (io->result < 0)
		return BLK_DONE;
	if (queue == NULL || goes_on_the_spot(f, io)) {
		io->result = blk_fd_run(io);
		return BLK_DONE;
	}
	if ((io->op == BLK_READ || io->op == BLK_WRITE) && move_nowait(f, io))
		return BLK_DONE;
	blk_queue_submit_fd(queue, io);
	return BLK_PENDING;
}

/* ---- Everything else ---- */

static void
file_close(struct blk_dev *dev)
{
	struct file_dev *f = file_of(dev);
	int fd = atomic_load(&f->fd);

	if (fd >= 0)
		close_counted(fd);
	pthread_mutex_destroy(&f->lock);
	mem_free(f->path);
	mem_free(f);
}

static int
file_resize(struct blk_dev *dev, uint64_t size_bytes)
{
	struct file_dev *f = file_of(dev);
	int fd = file_fd(f);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size != size_bytes && ftruncate(fd, (off_t)size_bytes) < 0)
		return -errno;
	if (fsync(fd) == 0)
		return 0;
	int r = -errno;

	blk_fail(dev, r, "fsync after resize failed");
	return r;
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

static int
file_allocate(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
	      struct blk_progress *progress)
{
	struct file_dev *f = file_of(dev);
	uint64_t done = 0;
	int fd = file_fd(f);
	int r = fd < 0 ? fd : 0;

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

/* Checks the file by its name without opening it, so that an unused LUN needs no descriptor. */
static int
look(struct file_dev *f, char *reason, size_t size)
{
	int mode = f->dev.read_only ? R_OK : R_OK | W_OK;
	struct stat st;

	if (lstat(f->path, &st) < 0 ||
	    (S_ISREG(st.st_mode) && atomic_load(&f->fd) < 0 && access(f->path, mode) < 0)) {
		int error = -errno;

		snprintf(reason, size, "%s: %s", f->path, strerror(errno));
		return error;
	}
	atomic_store_explicit(&f->dev.allocated_bytes, (uint64_t)st.st_blocks * 512,
			      memory_order_relaxed);
	return check_stat(f, &st, reason, size);
}

static int
file_verify(struct blk_dev *dev, char *reason, size_t size)
{
	struct file_dev *f = file_of(dev);
	int r;

	pthread_mutex_lock(&f->lock);
	r = look(f, reason, size);
	pthread_mutex_unlock(&f->lock);
	return r;
}

static int
file_reopen(struct blk_dev *dev)
{
	struct file_dev *f = file_of(dev);
	char reason[sizeof(dev->reason)];

	pthread_mutex_lock(&f->lock);
	int fd = atomic_exchange(&f->fd, -1);

	if (fd >= 0)
		close_counted(fd);
	f->known = false;
	fd = open_file(f, reason, sizeof(reason));
	pthread_mutex_unlock(&f->lock);
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

static const struct blk_ops file_ops = {
	.name = "file",
	.submit = file_submit,
	.close = file_close,
	.resize = file_resize,
	.allocate = file_allocate,
	.verify = file_verify,
	.reopen = file_reopen,
	.stat = file_stat,
};

int
blk_file_new(const char *path, const char *name, uint64_t size_bytes,
	     const struct blk_file_options *options, struct blk_dev **ret_dev)
{
	struct file_dev *f = mem_calloc(1, sizeof(*f));

	if (f == NULL)
		return -ENOMEM;
	atomic_init(&f->fd, -1);
	pthread_mutex_init(&f->lock, NULL);
	f->path = str_dup(path);
	if (blk_dev_init(&f->dev, &file_ops, name, size_bytes) < 0 || f->path == NULL) {
		blk_dev_unref(&f->dev);
		return -ENOMEM;
	}
	f->thick = options->thick;
	f->dev.read_only = options->read_only;
	f->dev.volatile_cache = true;
	f->dev.can_unmap = !options->thick;
	*ret_dev = &f->dev;
	return 0;
}

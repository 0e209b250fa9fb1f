/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs one operation on a file descriptor with blocking system calls.  Workers use it for queued
 * operations; callers without a queue, and the ring for operations that io_uring cannot do, use it
 * too.  Any thread.
 */
#include "blk/blk_int.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

#define IOV_AT_ONCE 1024 /* the system's IOV_MAX */

const struct iovec *
blk_io_rest(struct blk_io *io, unsigned *ret_count)
{
	uint64_t skip = io->moved_bytes;

	if (skip == 0) {
		*ret_count = MIN(io->iov_count, (unsigned)IOV_AT_ONCE);
		return io->iov;
	}
	for (unsigned i = 0; i < io->iov_count; i++) {
		size_t len = io->iov[i].iov_len;

		if (skip < len) {
			io->rest = (struct iovec){ (char *)io->iov[i].iov_base + skip,
						   len - (size_t)skip };
			*ret_count = 1;
			return &io->rest;
		}
		skip -= len;
	}
	assert(false);
	return NULL;
}

bool
blk_fd_try(struct blk_io *io, atomic_bool *can_read, atomic_bool *can_write)
{
	atomic_bool *can = io->op == BLK_READ ? can_read : can_write;
	off_t at = (off_t)(io->base_bytes + io->offset_bytes);
	unsigned count;
	ssize_t n;

	if ((io->flags & BLK_FUA) != 0 || !atomic_load_explicit(can, memory_order_relaxed))
		return false;
	const struct iovec *iov = blk_io_rest(io, &count);

	if (io->op == BLK_READ)
		n = preadv2(io->fd, iov, (int)count, at, RWF_NOWAIT);
	else
		n = pwritev2(io->fd, iov, (int)count, at, RWF_NOWAIT);
	if (n < 0 && errno == EOPNOTSUPP)
		atomic_store_explicit(can, false, memory_order_relaxed);
	if (n > 0)
		io->moved_bytes = (uint64_t)n;
	io->result = 0;
	return io->moved_bytes == io->len_bytes;
}

static bool
cannot(int error)
{
	return error == -EOPNOTSUPP || error == -ENOSYS || error == -EINVAL;
}

ssize_t
blk_fd_write_durable(int fd, const struct iovec *iov, unsigned count, uint64_t at)
{
	ssize_t n = pwritev2(fd, iov, (int)count, (off_t)at, RWF_DSYNC);

	/* before Linux 4.7, and where a filter of system calls does not know pwritev2 */
	if (n >= 0 || (!cannot(-errno) && errno != EPERM))
		return n;
	n = pwritev(fd, iov, (int)count, (off_t)at);
	return n < 0 || fdatasync(fd) == 0 ? n : -1;
}

ssize_t
blk_fd_move_some(struct blk_io *io)
{
	unsigned count;
	const struct iovec *iov = blk_io_rest(io, &count);
	uint64_t at = io->base_bytes + io->offset_bytes + io->moved_bytes;

	if (io->op == BLK_READ)
		return preadv(io->fd, iov, (int)count, (off_t)at);
	if ((io->flags & BLK_FUA) != 0)
		return blk_fd_write_durable(io->fd, iov, count, at);
	return pwritev(io->fd, iov, (int)count, (off_t)at);
}

static int
move(struct blk_io *io)
{
	while (io->moved_bytes < io->len_bytes) {
		ssize_t n = blk_fd_move_some(io);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) /* the file is shorter than the device */
			return -EIO;
		io->moved_bytes += (uint64_t)n;
	}
	return 0;
}

/* Writes bytes past the page cache, as a part of io. */
static ssize_t
write_direct(const struct blk_io *io, const void *bytes, size_t len, uint64_t at)
{
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	struct blk_io part = { .op = BLK_WRITE,
			       .offset_bytes = at,
			       .len_bytes = len,
			       .iov = &iov,
			       .iov_count = 1,
			       .fd = io->fd,
			       .direct = io->direct };
	int rc = blk_direct_run(&part);

	errno = -rc;
	return rc < 0 ? -1 : (ssize_t)len;
}

static int
write_zeros(struct blk_io *io)
{
	static const _Alignas(4096) uint8_t zeros[64 * 1024];
	uint64_t at = io->base_bytes + io->offset_bytes, end = at + io->len_bytes;

	while (at < end) {
		size_t len = (size_t)MIN(end - at, (uint64_t)sizeof(zeros));
		ssize_t n = io->direct != NULL ? write_direct(io, zeros, len, at)
					       : pwrite(io->fd, zeros, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += (uint64_t)n;
	}
	return 0;
}

static int
fallocate_range(struct blk_io *io, int mode)
{
	int r;

	do
		r = fallocate(io->fd, mode | FALLOC_FL_KEEP_SIZE,
			      (off_t)(io->base_bytes + io->offset_bytes), (off_t)io->len_bytes);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/*
 * Punches a hole only where that is allowed, because it frees the space; a hole reads as zeros too.
 */
static int
zero(struct blk_io *io)
{
	bool may_unmap = (io->flags & BLK_MAY_UNMAP) != 0 && !io->keep_space;
	int r = fallocate_range(io, may_unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);

	if (cannot(r) && !may_unmap && !io->keep_space)
		r = fallocate_range(io, FALLOC_FL_PUNCH_HOLE);
	if (cannot(r))
		r = write_zeros(io);
	if (r == 0 && (io->flags & BLK_FUA) != 0)
		r = fdatasync(io->fd) < 0 ? -errno : 0;
	return r;
}

/* UNMAP is advice: where no space can be freed, it succeeds and leaves the data. */
static int
unmap(struct blk_io *io)
{
	int r = io->keep_space ? 0 : fallocate_range(io, FALLOC_FL_PUNCH_HOLE);

	return cannot(r) ? 0 : r;
}

static int
map(struct blk_io *io)
{
	off_t start = (off_t)(io->base_bytes + io->offset_bytes);
	off_t end = start + (off_t)io->len_bytes;
	off_t data = io->keep_space ? start : lseek(io->fd, start, SEEK_DATA);

	if (data < 0 && errno != ENXIO)
		data = start; /* a file system that cannot tell: all data */
	else if (data < 0)
		data = end;
	bool mapped = data == start;
	off_t next = mapped && !io->keep_space ? lseek(io->fd, start, SEEK_HOLE) : data;

	if (next <= start || next > end)
		next = end;
	io->extent = (struct blk_extent){ .len_bytes = (uint64_t)(next - start), .mapped = mapped };
	return 0;
}

int
blk_fd_run(struct blk_io *io)
{
	switch (io->op) {
	case BLK_READ:
	case BLK_WRITE:
		return io->direct != NULL ? blk_direct_run(io) : move(io);
	case BLK_FLUSH:
		return fdatasync(io->fd) < 0 ? -errno : 0;
	case BLK_UNMAP:
		return unmap(io);
	case BLK_WRITE_ZEROES:
		return zero(io);
	case BLK_MAP:
		return map(io);
	case BLK_OPS_:
		break;
	}
	assert(false);
	return -EINVAL;
}

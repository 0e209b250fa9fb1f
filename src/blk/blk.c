/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wrappers of struct blk_ops: for each operation on a device, one function that asserts what
 * the caller and the driver must do, so that no driver has to.  This file also counts I/O in
 * flight, keeps failures sticky, and drains devices.  Any thread, as blk.h says for each function.
 *
 * Failure: a FLUSH that fails may have lost acknowledged data, and a later FLUSH would succeed and
 * hide the loss.  So the device fails, and stays failed until blk_reopen.  A FUA write that returns
 * EIO makes the device fail too.
 */
#include "blk/blk_int.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/probe.h"
#include "base/str.h"

/* clang-format off */
static const char *const op_names[BLK_OPS_] = {
	[BLK_READ] = "read",
	[BLK_WRITE] = "write",
	[BLK_FLUSH] = "flush",
	[BLK_UNMAP] = "unmap",
	[BLK_WRITE_ZEROES] = "zero",
	[BLK_MAP] = "map",
};
/* clang-format on */

const char *
blk_op_name(enum blk_op op)
{
	return op_names[op];
}

int
blk_dev_init(struct blk_dev *dev, const struct blk_ops *ops, const char *name, uint64_t size_bytes)
{
	dev->ops = ops;
	atomic_init(&dev->refs, 1);
	dev->name = str_dup(name);
	atomic_init(&dev->size_bytes, size_bytes);
	dev->unmap_granularity_bytes = 4096;
	return dev->name == NULL ? -ENOMEM : 0;
}

int
blk_dev_init_above(struct blk_dev *dev, const struct blk_ops *ops, struct blk_dev *below)
{
	int r = blk_dev_init(dev, ops, below->name, blk_size_bytes(below));

	if (r < 0)
		return r;
	dev->below = below;
	dev->read_only = below->read_only;
	dev->volatile_cache = below->volatile_cache;
	dev->can_unmap = below->can_unmap;
	dev->unmap_granularity_bytes = below->unmap_granularity_bytes;
	return 0;
}

struct blk_dev *
blk_dev_ref(struct blk_dev *dev)
{
	atomic_fetch_add_explicit(&dev->refs, 1, memory_order_relaxed);
	return dev;
}

void
blk_dev_unref(struct blk_dev *dev)
{
	if (dev == NULL || atomic_fetch_sub_explicit(&dev->refs, 1, memory_order_acq_rel) != 1)
		return;
	struct blk_dev *below = dev->below;

	assert(atomic_load(&dev->inflight) == 0);
	mem_free(TAKE(dev->name));
	dev->ops->close(dev);
	blk_dev_unref(below);
}

/* ---- I/O ---- */

static void
wake_drainers(struct blk_dev *dev)
{
	syscall(SYS_futex, &dev->inflight, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void
leave(struct blk_dev *dev)
{
	if (atomic_fetch_sub(&dev->inflight, 1) == 1 && atomic_load(&dev->drain_waiters) > 0)
		wake_drainers(dev);
}

static bool
io_is_well_formed(const struct blk_io *io)
{
	uint64_t sum = 0;

	if (io->op == BLK_FLUSH)
		return io->len_bytes == 0;
	if (io->op != BLK_READ && io->op != BLK_WRITE)
		return io->op < BLK_OPS_ && io->len_bytes > 0;
	for (unsigned i = 0; i < io->iov_count; i++)
		sum += io->iov[i].iov_len;
	return sum == io->len_bytes;
}

static bool
changes_data(enum blk_op op)
{
	return op == BLK_WRITE || op == BLK_UNMAP || op == BLK_WRITE_ZEROES;
}

/* Returns 0, or the error because of which io cannot start. */
static int
refusal(struct blk_dev *dev, const struct blk_io *io)
{
	uint64_t size_bytes = blk_size_bytes(dev);

	if (atomic_load_explicit(&dev->failed, memory_order_relaxed) != 0)
		return ERR_FAILED;
	if (atomic_load(&dev->stopped))
		return ERR_OFFLINE;
	if (io->offset_bytes > size_bytes || io->len_bytes > size_bytes - io->offset_bytes)
		return -EINVAL;
	if (dev->read_only && changes_data(io->op))
		return -EROFS;
	return 0;
}

static bool
loses_data(const struct blk_io *io)
{
	if (io->op == BLK_FLUSH)
		return true;
	return (io->flags & BLK_FUA) != 0 && changes_data(io->op) && io->result == -EIO;
}

/* Returns whether the error is one of the store, and not of the request or of this process. */
static bool
is_of_the_store(int error)
{
	switch (-error) {
	case EINVAL:
	case EROFS:
	case EPERM:
	case EACCES:
	case EOPNOTSUPP:
	case ENOSYS:
	case EAGAIN:
	case EBUSY:
	case EINTR:
	case ECANCELED:
		return false;
	default:
		return !blk_is_shortage(error);
	}
}

/*
 * The listener is that of the topmost device: a device that lies over one that has failed fails,
 * too.
 */
static void
fail_as_below(struct blk_dev *dev)
{
	char reason[sizeof(dev->reason)];
	int error = blk_failed(dev->below, reason, sizeof(reason));

	if (error < 0)
		blk_fail(dev, error, reason);
}

/* Only -errno counts: ERR_* codes are refusals, not errors of the medium. */
static void
report(struct blk_dev *dev, const struct blk_io *io)
{
	char reason[sizeof(dev->reason)];

	if (io->result == ERR_FAILED && dev->below != NULL)
		fail_as_below(dev);
	if (io->result <= ERR_END_ || io->result == -EINVAL || io->result == -EROFS)
		return;
	snprintf(reason, sizeof(reason), "%s at %llu: %s", op_names[io->op],
		 (unsigned long long)io->offset_bytes, strerror(-io->result));
	if (loses_data(io)) {
		blk_fail(dev, io->result, reason);
		return;
	}
	struct blk_listener *listener = atomic_load(&dev->listener);

	if (listener != NULL && is_of_the_store(io->result))
		listener->error(listener, dev, false, io->result, reason);
}

/* Removes io from the topmost device that it has not left yet. */
static void
pop(struct blk_io *io)
{
	struct blk_dev *dev = io->stack[--io->depth];

	assert(io->result <= 0);
	if (dev->ops->completed != NULL)
		dev->ops->completed(dev, io);
	if (io->depth == 0)
		PROBE5(io_done, io, io->op, io->offset_bytes, io->len_bytes, io->result);
	if (__builtin_expect(io->result < 0, false))
		report(dev, io);
	leave(dev);
}

enum blk_submitted
blk_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	assert(io->depth < BLK_STACK_MAX && io_is_well_formed(io));
	atomic_fetch_add(&dev->inflight, 1);
	io->result = refusal(dev, io);
	if (io->result < 0) {
		leave(dev);
		return BLK_DONE;
	}
	if (io->depth == 0) {
		io->queue = queue;
		io->moved_bytes = 0;
		io->direct = NULL;
		io->gate = NULL;
	}
	io->stack[io->depth++] = dev;
	enum blk_submitted submitted = dev->ops->submit(dev, queue, io);

	assert(queue != NULL || submitted == BLK_DONE);
	if (submitted == BLK_DONE)
		pop(io);
	return submitted;
}

void
blk_prefetch(struct blk_dev *dev, uint64_t offset_bytes, uint32_t len_bytes)
{
	uint64_t size_bytes = blk_size_bytes(dev);

	if (dev->ops->prefetch == NULL || offset_bytes > size_bytes ||
	    len_bytes > size_bytes - offset_bytes)
		return;
	/* As for an I/O: a device that is stopped and drained is not looked at. */
	atomic_fetch_add(&dev->inflight, 1);
	if (!atomic_load(&dev->stopped))
		dev->ops->prefetch(dev, offset_bytes, len_bytes);
	leave(dev);
}

void
blk_complete(struct blk_io *io, int result)
{
	assert(io->depth > 0 && io->done != NULL);
	io->result = result;
	while (io->depth > 0)
		pop(io);
	io->done(io);
}

int
blk_rw(struct blk_dev *dev, enum blk_op op, uint64_t offset_bytes, void *buf, size_t len_bytes)
{
	struct iovec iov = { buf, len_bytes };
	struct blk_io io = {
		.op = op,
		.offset_bytes = offset_bytes,
		.len_bytes = len_bytes,
		.iov = &iov,
		.iov_count = 1,
	};

	assert(op == BLK_READ || op == BLK_WRITE);
	blk_submit(dev, NULL, &io);
	return io.result;
}

int
blk_flush(struct blk_dev *dev)
{
	struct blk_io io = { .op = BLK_FLUSH };

	blk_submit(dev, NULL, &io);
	return io.result;
}

/* ---- Everything else ---- */

int
blk_resize(struct blk_dev *dev, uint64_t size_bytes)
{
	int r = ERR_NOT_SUPPORTED;

	if (dev->ops->resize != NULL)
		r = dev->ops->resize(dev, size_bytes);
	else if (dev->below != NULL)
		r = blk_resize(dev->below, size_bytes);
	assert(r <= 0);
	if (r == 0)
		atomic_store(&dev->size_bytes, size_bytes);
	return r;
}

int
blk_allocate(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
	     struct blk_progress *progress)
{
	int r = ERR_NOT_SUPPORTED;

	assert(len_bytes <= INT64_MAX - offset_bytes);
	if (dev->ops->allocate != NULL)
		r = dev->ops->allocate(dev, offset_bytes, len_bytes, progress);
	else if (dev->below != NULL)
		r = blk_allocate(dev->below, offset_bytes, len_bytes, progress);
	assert(r <= 0);
	return r;
}

bool
blk_is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EINTR;
}

int
blk_verify(struct blk_dev *dev)
{
	char reason[sizeof(dev->reason)] = "";
	int r = blk_failed(dev, NULL, 0);

	if (r < 0)
		return r;
	if (dev->ops->verify != NULL) {
		r = dev->ops->verify(dev, reason, sizeof(reason));
	} else if (dev->below != NULL) {
		r = blk_verify(dev->below);
		blk_failed(dev->below, reason, sizeof(reason));
	}
	assert(r <= 0);
	if (r < 0 && !blk_is_shortage(r))
		blk_fail(dev, r, reason);
	return r;
}

void
blk_tidy(struct blk_dev *dev)
{
	if (dev->ops->tidy != NULL)
		dev->ops->tidy(dev);
	else if (dev->below != NULL)
		blk_tidy(dev->below);
}

int
blk_stat(struct blk_dev *dev, struct blk_stat *ret_stat)
{
	if (dev->ops->stat != NULL)
		return dev->ops->stat(dev, ret_stat);
	if (dev->below != NULL)
		return blk_stat(dev->below, ret_stat);
	*ret_stat = (struct blk_stat){ blk_size_bytes(dev), blk_size_bytes(dev) };
	return 0;
}

void
blk_set_cache(struct blk_dev *dev, enum blk_cache cache)
{
	while (dev->ops->set_cache == NULL && dev->below != NULL)
		dev = dev->below;
	if (dev->ops->set_cache != NULL)
		dev->ops->set_cache(dev, cache);
}

bool
blk_cache_of(struct blk_dev *dev, bool *ret_direct, const char **ret_why)
{
	while (dev->ops->cache_of == NULL && dev->below != NULL)
		dev = dev->below;
	return dev->ops->cache_of != NULL && dev->ops->cache_of(dev, ret_direct, ret_why);
}

int
blk_failed(struct blk_dev *dev, char *buf, size_t size)
{
	for (; dev != NULL; dev = dev->below) {
		int error = atomic_load(&dev->failed);

		if (error == 0)
			continue;
		if (buf != NULL)
			snprintf(buf, size, "%s", dev->reason);
		return error;
	}
	if (buf != NULL && size > 0)
		buf[0] = '\0';
	return 0;
}

void
blk_fail(struct blk_dev *dev, int error, const char *reason)
{
	static const int writing = 1; /* positive while the first to fail writes the reason */
	int expected = 0;

	assert(error < 0);
	if (!atomic_compare_exchange_strong(&dev->failed, &expected, writing))
		return;
	snprintf(dev->reason, sizeof(dev->reason), "%s", reason);
	atomic_store(&dev->failed, error);
	struct blk_listener *listener = atomic_load(&dev->listener);

	if (listener != NULL)
		listener->error(listener, dev, true, error, reason);
}

static int
reopen_stack(struct blk_dev *dev)
{
	int r = dev->below != NULL ? reopen_stack(dev->below) : 0;

	if (r == 0 && dev->ops->reopen != NULL)
		r = dev->ops->reopen(dev);
	return r;
}

/*
 * Calls the drivers' verify directly, because the wrapper would report the device as still failed.
 */
static int
verify_stack(struct blk_dev *dev, char *reason, size_t size)
{
	if (dev->below != NULL) {
		int r = verify_stack(dev->below, reason, size);

		if (r < 0)
			return r;
	}
	return dev->ops->verify != NULL ? dev->ops->verify(dev, reason, size) : 0;
}

int
blk_reopen(struct blk_dev *dev)
{
	char reason[sizeof(dev->reason)];

	atomic_store(&dev->stopped, true);
	if (blk_drain(dev, 0) < 0)
		return ERR_BUSY;
	int r = reopen_stack(dev);

	if (r == 0)
		r = verify_stack(dev, reason, sizeof(reason));
	if (r < 0)
		return r;
	for (struct blk_dev *d = dev; d != NULL; d = d->below) {
		atomic_store(&d->failed, 0);
		atomic_store(&d->stopped, false);
	}
	return 0;
}

void
blk_set_listener(struct blk_dev *dev, struct blk_listener *listener)
{
	atomic_store(&dev->listener, listener);
}

void
blk_stop(struct blk_dev *dev)
{
	atomic_store(&dev->stopped, true);
}

void
blk_start(struct blk_dev *dev)
{
	atomic_store(&dev->stopped, false);
}

int
blk_drain(struct blk_dev *dev, unsigned timeout_ms)
{
	uint64_t end_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
	unsigned count;
	int r = 0;

	atomic_fetch_add(&dev->drain_waiters, 1);
	while ((count = atomic_load(&dev->inflight)) > 0) {
		uint64_t now_ns = clock_mono_ns();

		if (now_ns >= end_ns) {
			r = ERR_TIMEOUT;
			break;
		}
		struct timespec left = {
			.tv_sec = (time_t)((end_ns - now_ns) / NS_PER_S),
			.tv_nsec = (long)((end_ns - now_ns) % NS_PER_S),
		};

		syscall(SYS_futex, &dev->inflight, FUTEX_WAIT_PRIVATE, count, &left, NULL, 0);
	}
	atomic_fetch_sub(&dev->drain_waiters, 1);
	return r;
}

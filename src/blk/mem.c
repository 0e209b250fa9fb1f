/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device in memory, for tests and benchmarks.  The address space for its largest size is reserved
 * at once, so that the bytes never move while other threads use them; the system allocates the
 * memory page by page, at the first write.  Any thread.
 */
#include "blk/blk_int.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/err.h"
#include "base/mem.h"

#define PAGE_BYTES          4096u
#define ALLOCATE_STEP_BYTES (64ull << 20)

struct mem_dev {
	struct blk_dev dev;
	uint8_t *bytes; /* MAP_FAILED or NULL: none */
	uint64_t max_bytes;
};

static void
copy(struct mem_dev *m, struct blk_io *io)
{
	uint8_t *at = m->bytes + io->offset_bytes;

	for (unsigned i = 0; i < io->iov_count; i++) {
		const struct iovec *v = &io->iov[i];

		if (io->op == BLK_READ)
			memcpy(v->iov_base, at, v->iov_len);
		else
			memcpy(at, v->iov_base, v->iov_len);
		at += v->iov_len;
	}
}

/* Returns whole pages to the system, and clears the incomplete pages at both ends. */
static void
discard(struct mem_dev *m, uint64_t offset_bytes, uint64_t len_bytes)
{
	uint64_t end = offset_bytes + len_bytes;
	uint64_t first = (offset_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	uint64_t last = end / PAGE_BYTES * PAGE_BYTES;

	if (first >= last || madvise(m->bytes + first, last - first, MADV_DONTNEED) < 0) {
		memset(m->bytes + offset_bytes, 0, len_bytes);
		return;
	}
	memset(m->bytes + offset_bytes, 0, first - offset_bytes);
	memset(m->bytes + last, 0, end - last);
}

static enum blk_submitted
mem_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	struct mem_dev *m = container_of(dev, struct mem_dev, dev);

	(void)queue;
	switch (io->op) {
	case BLK_READ:
	case BLK_WRITE:
		copy(m, io);
		break;
	case BLK_UNMAP:
	case BLK_WRITE_ZEROES:
		discard(m, io->offset_bytes, io->len_bytes);
		break;
	case BLK_MAP:
		io->extent = (struct blk_extent){ .len_bytes = io->len_bytes, .mapped = true };
		break;
	case BLK_FLUSH:
	case BLK_OPS_:
		break;
	}
	io->result = 0;
	return BLK_DONE;
}

static void
mem_close(struct blk_dev *dev)
{
	struct mem_dev *m = container_of(dev, struct mem_dev, dev);

	if (m->bytes != NULL && m->bytes != MAP_FAILED)
		munmap(m->bytes, m->max_bytes);
	mem_free(m);
}

static int
mem_resize(struct blk_dev *dev, uint64_t size_bytes)
{
	struct mem_dev *m = container_of(dev, struct mem_dev, dev);
	uint64_t old_bytes = blk_size_bytes(dev);

	if (size_bytes > m->max_bytes)
		return -ENOSPC;
	if (size_bytes < old_bytes)
		discard(m, size_bytes, old_bytes - size_bytes);
	return 0;
}

/* Frees the memory that was allocated beyond the end. */
static void
undo_allocate(struct mem_dev *m)
{
	uint64_t size_bytes = blk_size_bytes(&m->dev);
	uint64_t first = (size_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;

	if (first < m->max_bytes)
		madvise(m->bytes + first, m->max_bytes - first, MADV_DONTNEED);
}

/*
 * In large pages, since random access is bound by TLB misses else (256 KiB reads over 1 GiB: 257
 * instead of 110 us).  Only here: a first write that has to find and clear one can take long.
 */
static int
populate(struct mem_dev *m, uint64_t offset_bytes, uint64_t len_bytes)
{
	uint64_t first = offset_bytes / PAGE_BYTES * PAGE_BYTES;
	uint64_t len = offset_bytes + len_bytes - first;

	madvise(m->bytes + first, len, MADV_HUGEPAGE);
	if (madvise(m->bytes + first, len, MADV_POPULATE_WRITE) == 0)
		return 0;
	/* before Linux 5.14, or where no advice is taken, it comes page by page */
	return errno == EINVAL || errno == ENOSYS || errno == EPERM ? 0 : -errno;
}

static int
mem_allocate(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
	     struct blk_progress *progress)
{
	struct mem_dev *m = container_of(dev, struct mem_dev, dev);
	uint64_t done = 0;
	int r = 0;

	if (offset_bytes + len_bytes > m->max_bytes)
		return -ENOSPC;
	while (r == 0 && done < len_bytes) {
		uint64_t step = MIN(len_bytes - done, ALLOCATE_STEP_BYTES);

		r = populate(m, offset_bytes + done, step);
		done += step;
		if (r == 0 && progress != NULL && progress->step(progress, done, len_bytes) != 0)
			r = ERR_CANCELLED;
	}
	if (r < 0)
		undo_allocate(m);
	return r;
}

static const struct blk_ops mem_ops = {
	.name = "mem",
	.submit = mem_submit,
	.close = mem_close,
	.resize = mem_resize,
	.allocate = mem_allocate,
};

int
blk_mem_new(const char *name, uint64_t size_bytes, uint64_t max_bytes, struct blk_dev **ret_dev)
{
	struct mem_dev *m = mem_calloc(1, sizeof(*m));

	assert(size_bytes <= max_bytes);
	if (m == NULL || blk_dev_init(&m->dev, &mem_ops, name, size_bytes) < 0) {
		mem_free(m);
		return -ENOMEM;
	}
	m->max_bytes = MAX(max_bytes, (uint64_t)PAGE_BYTES);
	m->bytes = mmap(NULL, m->max_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m->bytes == MAP_FAILED) {
		int r = -errno;

		blk_dev_unref(&m->dev);
		return r;
	}
	m->dev.can_unmap = true;
	atomic_init(&m->dev.on_the_spot, true);
	m->dev.unmap_granularity_bytes = PAGE_BYTES;
	*ret_dev = &m->dev;
	return 0;
}

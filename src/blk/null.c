/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The null device: reads return zeros, and writes are ignored.  Benchmarks use it to measure
 * everything above blk.  Any thread.
 */
#include "blk/blk_int.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

static enum blk_submitted
null_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	(void)dev;
	(void)queue;
	if (io->op == BLK_READ)
		for (unsigned i = 0; i < io->iov_count; i++)
			memset(io->iov[i].iov_base, 0, io->iov[i].iov_len);
	if (io->op == BLK_MAP)
		io->extent = (struct blk_extent){ .len_bytes = io->len_bytes, .mapped = false };
	io->result = 0;
	return BLK_DONE;
}

static void
null_close(struct blk_dev *dev)
{
	mem_free(dev);
}

static int
null_resize(struct blk_dev *dev, uint64_t size_bytes)
{
	(void)dev;
	(void)size_bytes;
	return 0;
}

static int
null_stat(struct blk_dev *dev, struct blk_stat *ret_stat)
{
	*ret_stat = (struct blk_stat){ .size_bytes = blk_size_bytes(dev), .allocated_bytes = 0 };
	return 0;
}

static const struct blk_ops null_ops = {
	.name = "null",
	.submit = null_submit,
	.close = null_close,
	.resize = null_resize,
	.stat = null_stat,
};

int
blk_null_new(const char *name, uint64_t size_bytes, struct blk_dev **ret_dev)
{
	struct blk_dev *dev = mem_calloc(1, sizeof(*dev));

	if (dev == NULL || blk_dev_init(dev, &null_ops, name, size_bytes) < 0) {
		mem_free(dev);
		return -ENOMEM;
	}
	dev->can_unmap = true;
	atomic_init(&dev->on_the_spot, true);
	*ret_dev = dev;
	return 0;
}

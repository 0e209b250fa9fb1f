/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The trace layer: logs each operation when it completes, while the debug area "blk.trace" is on.
 * Runs on the threads that use the device.
 */
#include "blk/blk_int.h"

#include <errno.h>
#include <inttypes.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

LOG_AREA(trace_area, "blk.trace");

static enum blk_submitted
trace_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	return blk_submit(dev->below, queue, io);
}

static void
trace_completed(struct blk_dev *dev, struct blk_io *io)
{
	log_debug(&trace_area, "blk.io",
		  "dev=%s op=%s offset=%" PRIu64 " len=%" PRIu64 " flags=%u result=%s", dev->name,
		  blk_op_name(io->op), io->offset_bytes, io->len_bytes, io->flags,
		  io->result == 0 ? "OK" : err_name(io->result));
}

static void
trace_close(struct blk_dev *dev)
{
	mem_free(dev);
}

static const struct blk_ops trace_ops = {
	.name = "trace",
	.submit = trace_submit,
	.completed = trace_completed,
	.close = trace_close,
};

int
blk_trace_new(struct blk_dev *below, struct blk_dev **ret_dev)
{
	struct blk_dev *dev = mem_calloc(1, sizeof(*dev));

	if (dev == NULL || blk_dev_init_above(dev, &trace_ops, below) < 0) {
		mem_free(dev);
		return -ENOMEM;
	}
	*ret_dev = dev;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fault layer: asks for each operation whether a fault strikes it, and then passes it on, holds
 * it back for a time, answers it instead of the device, or does both.  What strikes is said by a
 * source: files of a directory for tests of a whole daemon (fault_file.c), or a set that an
 * administrator fills and empties while the device is in use (fault_set.c).  Any thread that uses
 * the device.
 */
#include "blk/blk_int.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* An operation that is held back.  Looks every few milliseconds whether it still is. */
struct held {
	struct blk_fault_dev *fault;
	struct blk_io *io;
	struct blk_strike strike;
	struct loop_timer timer;
};

/* Makes the operation what the strike wants, without waiting. */
static enum blk_submitted
go_on(struct blk_fault_dev *fault, struct blk_queue *queue, struct blk_io *io,
      const struct blk_strike *strike)
{
	if (strike->result == 0)
		return blk_submit(fault->dev.below, queue, io);
	io->result = strike->result;
	io->answer = strike->answer;
	return BLK_DONE;
}

static void
set_timer(struct held *held)
{
	uint64_t now_ns = clock_mono_ns(), left_ns = BLK_FAULT_LOOK_NS;

	if (held->strike.until_ns != UINT64_MAX)
		left_ns = held->strike.until_ns > now_ns
				  ? MIN(left_ns, held->strike.until_ns - now_ns)
				  : 0;
	loop_timer_set(blk_queue_loop(held->io->queue), &held->timer, left_ns);
}

static void
look_again(struct loop_timer *timer)
{
	struct held *held = container_of(timer, struct held, timer);
	struct blk_fault_dev *fault = held->fault;
	struct blk_io *io = held->io;
	struct blk_strike strike = held->strike;

	if (fault->source->holds(fault, io, &strike)) {
		held->strike = strike;
		set_timer(held);
		return;
	}
	mem_free(held);
	if (go_on(fault, io->queue, io, &strike) == BLK_DONE)
		blk_complete(io, io->result);
}

/* So that whoever tests knows when the operation has come so far. */
static void
log_held(const struct blk_fault_dev *fault, const char *op)
{
	log_info("fault.hold", "device=%s op=%s", fault->dev.name, op);
}

static enum blk_submitted
hold(struct blk_fault_dev *fault, struct blk_io *io, const struct blk_strike *strike)
{
	struct held *held = mem_calloc(1, sizeof(*held));

	if (held == NULL) {
		struct blk_strike ended = *strike;

		ended.until_ns = 0;
		(void)fault->source->holds(fault, io, &ended);
		io->result = -ENOMEM;
		return BLK_DONE;
	}
	held->fault = fault;
	held->io = io;
	held->strike = *strike;
	held->timer.fire = look_again;
	set_timer(held);
	if (strike->until_ns == UINT64_MAX)
		log_held(fault, blk_op_name(io->op));
	return BLK_PENDING;
}

enum blk_submitted
blk_fault_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io)
{
	struct blk_fault_dev *fault = container_of(dev, struct blk_fault_dev, dev);
	struct blk_strike strike = { .until_ns = 0 };

	fault->source->look(fault, queue, io, &strike);
	return strike.until_ns != 0 ? hold(fault, io, &strike) : go_on(fault, queue, io, &strike);
}

int
blk_fault_dev_new(struct blk_dev *below, const struct blk_ops *ops,
		  const struct blk_fault_source *source, struct blk_fault_dev **ret_fault)
{
	struct blk_fault_dev *fault = mem_calloc(1, sizeof(*fault));

	if (fault == NULL)
		return -ENOMEM;
	if (blk_dev_init_above(&fault->dev, ops, below) < 0) {
		mem_free(fault);
		return -ENOMEM;
	}
	fault->source = source;
	*ret_fault = fault;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The queue of a thread, for operations that cannot be done within blk_submit.  There are two
 * kinds: the ring (ring.c) and the workers, in this file, which run blocking calls and send the
 * results to the queue's loop as messages.  The queue belongs to the thread of its loop.
 */
#include "blk/blk_int.h"

#include <assert.h>
#include <errno.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/*
 * How many workers the operations of one file may hold, so that a file system that hangs does not
 * take all of them.  On a ring only MAP, WRITE_ZEROES and the like go to workers; without a ring
 * everything does, and a file with a deep queue needs more.
 */
#define WORKERS_OF_A_FILE_BESIDE_RING 2u
#define WORKERS_OF_A_FILE             8u

static void
worker_came_back(struct loop_msg *msg)
{
	struct blk_io *io = container_of(msg, struct blk_io, msg);

	blk_queue_done(io->queue, io, io->result);
}

static void
worker_has_opened(struct loop_msg *msg)
{
	struct blk_io *io = container_of(msg, struct blk_io, msg);
	struct blk_dev *dev = io->stack[io->depth - 1];

	dev->ops->go_on(dev, io);
}

static void
run_on_worker(struct work *work)
{
	struct blk_io *io = container_of(work, struct blk_io, work);

	struct blk_dev *dev = io->stack[io->depth - 1];

	io->result = io->fd >= 0 ? blk_fd_run(io) : dev->ops->run_late(dev, io);
	if (io->queue->workers != NULL)
		workers_lane_leave(io->queue->workers, io->lane);
	io->msg.run = io->result == BLK_LATE_GO_ON ? worker_has_opened : worker_came_back;
	loop_post(io->queue->loop, &io->msg);
}

/*
 * Without workers the operation blocks the loop itself, but is still completed in the loop's next
 * round.
 */
void
blk_queue_submit_worker(struct blk_queue *queue, struct blk_io *io)
{
	io->work.run = run_on_worker;
	if (queue->workers != NULL)
		workers_lane_submit(queue->workers, io->lane,
				    queue->kind == BLK_QUEUE_URING ? WORKERS_OF_A_FILE_BESIDE_RING
								   : WORKERS_OF_A_FILE,
				    &io->work);
	else
		run_on_worker(&io->work);
}

static int
workers_init(struct blk_queue *queue)
{
	return queue->workers == NULL ? -EINVAL : 0;
}

static void
workers_fini(struct blk_queue *queue)
{
	(void)queue;
}

static const struct blk_queue_ops workers_ops = {
	.init = workers_init,
	.fini = workers_fini,
	.submit = blk_queue_submit_worker,
};

void
blk_queue_submit_fd(struct blk_queue *queue, struct blk_io *io)
{
	queue->inflight++;
	queue->ops->submit(queue, io);
}

void
blk_queue_submit_late(struct blk_queue *queue, struct blk_io *io)
{
	queue->inflight++;
	io->fd = -1;
	blk_queue_submit_worker(queue, io);
}

void
blk_queue_wait(struct blk_queue *queue)
{
	queue->inflight++;
}

void
blk_queue_go_on(struct blk_queue *queue, struct blk_io *io)
{
	queue->ops->submit(queue, io);
}

void
blk_queue_done(struct blk_queue *queue, struct blk_io *io, int result)
{
	assert(queue->inflight > 0);
	queue->inflight--;
	blk_complete(io, result);
}

enum blk_queue_kind
blk_queue_probe(bool log)
{
	const char *why = NULL;
	int r = blk_ring_probe(&why);

	if (log && r == 0)
		log_info("blk.queue", "kind=io_uring");
	else if (log)
		log_info("blk.queue", "kind=workers because=\"%s: %s\"", why, err_text(r));
	return r == 0 ? BLK_QUEUE_URING : BLK_QUEUE_WORKERS;
}

int
blk_queue_new(struct loop *loop, enum blk_queue_kind kind, struct workers *workers,
	      struct blk_queue **ret_queue)
{
	struct blk_queue *queue = mem_calloc(1, sizeof(*queue));

	if (queue == NULL)
		return -ENOMEM;
	queue->kind = kind == BLK_QUEUE_AUTO ? blk_queue_probe(false) : kind;
	queue->ops = queue->kind == BLK_QUEUE_URING ? &blk_ring_ops : &workers_ops;
	queue->loop = loop;
	queue->workers = workers;
	int r = queue->ops->init(queue);

	if (r < 0) {
		mem_free(queue);
		return r;
	}
	*ret_queue = queue;
	return 0;
}

void
blk_queue_free(struct blk_queue *queue)
{
	if (queue == NULL)
		return;
	assert(queue->inflight == 0);
	queue->ops->fini(queue);
	mem_free(queue);
}

enum blk_queue_kind
blk_queue_kind(const struct blk_queue *queue)
{
	return queue->kind;
}

unsigned
blk_queue_inflight(const struct blk_queue *queue)
{
	return queue->inflight;
}

struct loop *
blk_queue_loop(const struct blk_queue *queue)
{
	return queue->loop;
}

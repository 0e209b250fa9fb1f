/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the drivers and queues of blk share.  Private to the folder. */
#ifndef VDS_BLK_BLK_INT_H
#define VDS_BLK_BLK_INT_H

#include "blk/blk.h"

/*
 * A driver.  blk.c has one wrapper for each operation, which checks what the caller owes and what
 * the driver owes, keeps the counts, makes failures sticky and goes on to `below` where an
 * operation is NULL (close, submit and name are required).
 */
struct blk_ops {
	const char *name;
	/*
	 * Start io, whose range lies within the device.  BLK_DONE with io->result set, or
	 * BLK_PENDING and later, from the queue's loop, blk_complete(io).  queue NULL: block,
	 * BLK_DONE.
	 */
	enum blk_submitted (*submit)(struct blk_dev *dev, struct blk_queue *queue,
				     struct blk_io *io);
	/* Sees an operation that this device passed on, before its caller does.  May be NULL. */
	void (*completed)(struct blk_dev *dev, struct blk_io *io);
	/* Free all of it but the struct blk_dev's own fields and below. */
	void (*close)(struct blk_dev *dev);
	/* blk.c then publishes size_bytes */
	int (*resize)(struct blk_dev *dev, uint64_t size_bytes);
	int (*allocate)(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
			struct blk_progress *progress);
	/* on failure with a reason */
	int (*verify)(struct blk_dev *dev, char *reason, size_t size);
	int (*reopen)(struct blk_dev *dev);
	int (*stat)(struct blk_dev *dev, struct blk_stat *ret_stat);
};

/* Fill in the fields of a device that its driver has allocated, zeroed.  0 or -ENOMEM. */
int blk_dev_init(struct blk_dev *dev, const struct blk_ops *ops, const char *name,
		 uint64_t size_bytes);
/* The same for a layer: everything but ops is taken from below, which it then owns. */
int blk_dev_init_above(struct blk_dev *dev, const struct blk_ops *ops, struct blk_dev *below);

/*
 * An operation that was PENDING is complete with `result`.  On the queue's thread, from its loop.
 */
void blk_complete(struct blk_io *io, int result);
const char *blk_op_name(enum blk_op op);
/*
 * Is it this process that lacks something (descriptors, memory), so that the error says nothing
 * about the device?
 */
bool blk_is_shortage(int error);

/* ---- fdio.c: operations on a descriptor, blocking ---- */

/* The whole operation from io->moved_bytes on; io->fd and io->keep_space are set.  0 or -errno. */
int blk_fd_run(struct blk_io *io);
/* Find the iovec that holds byte io->moved_bytes; what is left of it goes to io->rest. */
const struct iovec *blk_io_rest(struct blk_io *io, unsigned *ret_count);

/* ---- queue.c ---- */

/* Do io on io->fd through the queue.  Completes it by blk_complete. */
void blk_queue_submit_fd(struct blk_queue *queue, struct blk_io *io);

struct blk_queue_ops {
	int (*init)(struct blk_queue *queue);
	void (*fini)(struct blk_queue *queue);
	void (*submit)(struct blk_queue *queue, struct blk_io *io);
};

struct blk_ring;

struct blk_queue {
	const struct blk_queue_ops *ops;
	enum blk_queue_kind kind;
	struct loop *loop;
	struct workers *workers; /* borrowed; may be NULL for a ring */
	struct blk_ring *ring;   /* owned; kind URING */
	unsigned inflight;       /* its thread */
};

/* One of its operations is done: count, then blk_complete. */
void blk_queue_done(struct blk_queue *queue, struct blk_io *io, int result);
/* Do it on a worker; on the spot when the queue has none. */
void blk_queue_submit_worker(struct blk_queue *queue, struct blk_io *io);

/* ---- ring.c ---- */

extern const struct blk_queue_ops blk_ring_ops;
/* 0 when a ring works here as we use it; else -errno, and *ret_why says what was tried. */
int blk_ring_probe(const char **ret_why);

#endif

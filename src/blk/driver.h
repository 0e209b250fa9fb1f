/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a driver of a kind of block device needs of blk: the table that it fills in, and how it
 * completes operations.  Drivers are in this folder, and in the folder ceph, whose devices are in a
 * module.
 */
#ifndef VDS_BLK_DRIVER_H
#define VDS_BLK_DRIVER_H

#include "blk/blk.h"

/*
 * The operations of a driver.  For each of them blk.c has a wrapper, which asserts what the caller
 * and the driver must do, counts I/O in flight, and makes failures sticky.  Where an operation is
 * NULL the wrapper calls the device below.  name, submit and close are required.
 */
struct blk_ops {
	const char *name;
	/*
	 * Starts io, whose range lies within the device.  Returns BLK_DONE with io->result set, or
	 * BLK_PENDING and later calls blk_complete(io) from the queue's loop.  With queue NULL it
	 * blocks and returns BLK_DONE.
	 */
	enum blk_submitted (*submit)(struct blk_dev *dev, struct blk_queue *queue,
				     struct blk_io *io);
	/*
	 * Called for an operation that this device passed on to the one below, before the
	 * operation's caller is notified.  May be NULL.
	 */
	void (*completed)(struct blk_dev *dev, struct blk_io *io);
	/* As blk_prefetch; the range lies within the device.  NULL = there is nothing to gain. */
	void (*prefetch)(struct blk_dev *dev, uint64_t offset_bytes, uint32_t len_bytes);
	/* Frees everything of the driver except the fields of struct blk_dev. */
	void (*close)(struct blk_dev *dev);
	/* Resizes the backing store; on success blk.c sets size_bytes.  Returns as blk_resize. */
	int (*resize)(struct blk_dev *dev, uint64_t size_bytes);
	int (*allocate)(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
			struct blk_progress *progress);
	/* Returns as blk_verify; on failure also writes a reason. */
	int (*verify)(struct blk_dev *dev, char *reason, size_t size);
	void (*tidy)(struct blk_dev *dev); /* as blk_tidy */
	int (*reopen)(struct blk_dev *dev);
	int (*stat)(struct blk_dev *dev, struct blk_stat *ret_stat);
	/*
	 * Does an operation that blk_queue_submit_late has handed to a worker.  Blocks.  Returns
	 * io->result.  Required of devices that call blk_queue_submit_late.
	 */
	int (*run_late)(struct blk_dev *dev, struct blk_io *io);
	/*
	 * Goes on, on the queue's thread, with an operation for which run_late has returned
	 * BLK_LATE_GO_ON.  The queue completes it later.
	 */
	void (*go_on)(struct blk_dev *dev, struct blk_io *io);
	/* As blk_set_cache and blk_cache_of. */
	void (*set_cache)(struct blk_dev *dev, enum blk_cache cache);
	bool (*cache_of)(struct blk_dev *dev, bool *ret_direct, const char **ret_why);
};

/* Of run_late: nothing is done yet, and the operation goes on on the queue's thread. */
#define BLK_LATE_GO_ON 1

/*
 * Initialises the struct blk_dev of a device that its driver has allocated and zeroed.  Copies
 * name.  Returns 0 or -ENOMEM.
 */
int blk_dev_init(struct blk_dev *dev, const struct blk_ops *ops, const char *name,
		 uint64_t size_bytes);
/*
 * Completes an operation that was BLK_PENDING, with `result`.  Called on the queue's thread, from
 * its loop.
 */
void blk_complete(struct blk_io *io, int result);
/*
 * Returns whether the error (-errno) says that this process lacks descriptors or memory, so that it
 * says nothing about the state of the device.
 */
bool blk_is_shortage(int error);

/* ---- queue.c ---- */

/*
 * Has a worker call the run_late of the device that io reached last, in io->lane.  Sets io->fd to a
 * negative number.
 */
void blk_queue_submit_late(struct blk_queue *queue, struct blk_io *io);
/*
 * Counts an operation of the queue that goes on elsewhere: on a thread of a library that calls back
 * when it has ended, from where a message leads to blk_queue_done (blk_queue_loop); or, having
 * waited for its turn, with blk_queue_go_on.  The queue's thread.
 */
void blk_queue_wait(struct blk_queue *queue);
/* Ends an operation of the queue: counts it, then calls blk_complete.  The queue's thread. */
void blk_queue_done(struct blk_queue *queue, struct blk_io *io, int result);

#endif

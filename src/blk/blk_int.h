/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the folder blk: what the drivers and the queues share.  The functions run on the
 * threads that blk.h names for the calls that lead to them.
 */
#ifndef VDS_BLK_BLK_INT_H
#define VDS_BLK_BLK_INT_H

#include <pthread.h>

#include "base/list.h"
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
	/* Frees everything of the driver except the fields of struct blk_dev. */
	void (*close)(struct blk_dev *dev);
	/* Resizes the backing store; on success blk.c sets size_bytes.  Returns as blk_resize. */
	int (*resize)(struct blk_dev *dev, uint64_t size_bytes);
	int (*allocate)(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
			struct blk_progress *progress);
	/* Returns as blk_verify; on failure also writes a reason. */
	int (*verify)(struct blk_dev *dev, char *reason, size_t size);
	int (*reopen)(struct blk_dev *dev);
	int (*stat)(struct blk_dev *dev, struct blk_stat *ret_stat);
	/*
	 * Does an operation that blk_queue_submit_late has handed to a worker.  Blocks.  Returns
	 * io->result.  Required of devices that call blk_queue_submit_late.
	 */
	int (*run_late)(struct blk_dev *dev, struct blk_io *io);
};

/*
 * Initialises the struct blk_dev of a device that its driver has allocated and zeroed.  Copies
 * name.  Returns 0 or -ENOMEM.
 */
int blk_dev_init(struct blk_dev *dev, const struct blk_ops *ops, const char *name,
		 uint64_t size_bytes);
/*
 * Initialises the struct blk_dev of a layer: copies everything but ops from `below`.  On success
 * the layer owns the caller's reference to `below`.  Returns 0 or -ENOMEM.
 */
int blk_dev_init_above(struct blk_dev *dev, const struct blk_ops *ops, struct blk_dev *below);

/*
 * Completes an operation that was BLK_PENDING, with `result`.  Called on the queue's thread, from
 * its loop.
 */
void blk_complete(struct blk_io *io, int result);
const char *blk_op_name(enum blk_op op);
/*
 * Returns whether the error (-errno) says that this process lacks descriptors or memory, so that it
 * says nothing about the state of the device.
 */
bool blk_is_shortage(int error);

/* ---- fdio.c: operations on a descriptor, blocking ---- */

/*
 * Does the rest of an operation, from io->moved_bytes on, with blocking system calls; io->fd and
 * io->keep_space are set.  Returns 0 or -errno.
 */
int blk_fd_run(struct blk_io *io);
/*
 * Tries a READ or WRITE without waiting, with io->fd and io->base_bytes set.  can_read, can_write:
 * whether the file supports that; cleared when it does not.  Returns true when the operation is
 * complete and io->result is set; otherwise io->moved_bytes says how far it came.
 */
bool blk_fd_try(struct blk_io *io, atomic_bool *can_read, atomic_bool *can_write);
/*
 * Returns the iovec that holds byte io->moved_bytes, with the number of iovecs from there on in
 * *ret_count.  Copies the unfinished part of that iovec to io->rest.
 */
const struct iovec *blk_io_rest(struct blk_io *io, unsigned *ret_count);

/* ---- open.c: which files are open; closes idle ones for others ---- */

/* The descriptor of a file device. */
struct blk_open {
	atomic_int fd;         /* -1 = not open */
	_Atomic unsigned used; /* blk_open_clock at the last use */
	/* something was written that no sync has covered; set before the I/O leaves dev->inflight */
	atomic_bool dirty;
	atomic_uint pins;     /* users of fd that are not counted in dev->inflight */
	pthread_mutex_t lock; /* opening and reopening */
	struct blk_dev *dev;  /* the device that this belongs to */
	struct list node;     /* in the list of open files */
};

/* How many files were opened so far: the unit in which the age of a use is measured. */
extern atomic_uint blk_open_clock;

void blk_open_init(struct blk_open *open, struct blk_dev *dev);
/* Closes the file.  Nobody uses the device any more. */
void blk_open_fini(struct blk_open *open);
/*
 * Opens a file within the limit.  When there is no descriptor left, closes an idle file that need
 * not be synced.  Returns the descriptor, which the caller gives to blk_open_set or
 * blk_open_discard, or -errno: -EMFILE or -ENFILE when no file could be closed.  Any thread.
 */
int blk_open_file(const char *path, int flags);
void blk_open_discard(int fd);
/* Makes fd the open file of the device.  The caller holds open->lock. */
void blk_open_set(struct blk_open *open, int fd);
/* Closes the file, if it is open.  No I/O is in flight.  The caller holds open->lock. */
void blk_open_close(struct blk_open *open);
/*
 * Closes an idle file after it was synced.  Blocks.  Returns whether a file was closed.  The caller
 * holds no lock of a device.  Any thread but those of the data path.
 */
bool blk_open_make_room(void);

/* ---- queue.c ---- */

/* Does io on io->fd, in io->lane, through the queue, which completes it with blk_complete. */
void blk_queue_submit_fd(struct blk_queue *queue, struct blk_io *io);
/*
 * Has a worker call the run_late of the device that io reached last, in io->lane.  Sets io->fd to a
 * negative number.
 */
void blk_queue_submit_late(struct blk_queue *queue, struct blk_io *io);

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
	unsigned inflight;       /* the queue's thread */
};

/* Ends an operation of the queue: counts it, then calls blk_complete.  The queue's thread. */
void blk_queue_done(struct blk_queue *queue, struct blk_io *io, int result);
/* Does the operation on a worker, or within the call when the queue has no workers. */
void blk_queue_submit_worker(struct blk_queue *queue, struct blk_io *io);

/* ---- ring.c ---- */

extern const struct blk_queue_ops blk_ring_ops;
/*
 * Tries whether io_uring works on this host as blk uses it.  Returns 0, or -errno with *ret_why
 * naming the step that failed (static text).
 */
int blk_ring_probe(const char **ret_why);
/*
 * Returns how many operations of a file the kernel has.  queue: of kind BLK_QUEUE_URING.  The
 * queue's thread; for tests.
 */
unsigned blk_ring_running(const struct blk_queue *queue, int fd);
/*
 * For tests: makes the ring look as after a race in the kernel, which says that it has work left
 * and has none.
 */
void blk_ring_disturb(struct blk_queue *queue);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Block devices: an array of bytes that is read and written asynchronously.  Devices stack (fault
 * and trace lie on top of another device).  Two kinds of calls:
 *
 *   - I/O (struct blk_io, blk_submit): never blocks the thread beyond a memory copy or a
 *     page-cache hit.  Belongs to a blk_queue, that is to one thread and its loop.
 *   - everything else (open, resize, allocate, verify, close): blocks; for workers and management
 *     threads, any thread, one at a time for each device.
 *
 * blk knows bytes only: logical block sizes, masks and LUN numbers are its callers' business.
 */
#ifndef VDS_BLK_BLK_H
#define VDS_BLK_BLK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/loop.h"
#include "base/workers.h"

struct blk_dev;
struct blk_queue;
struct loop;

/* ---- I/O ------------------------------------------------------------------------------------- */

enum blk_op {
	BLK_READ,
	BLK_WRITE,
	/* everything acknowledged before is durable when it completes; no range */
	BLK_FLUSH,
	/* the range reads as zeros (or, where a device cannot, as before) and may lose its space */
	BLK_UNMAP,
	BLK_WRITE_ZEROES, /* the range reads as zeros */
	BLK_MAP,          /* describe the extent that starts at offset_bytes: io->extent */
	BLK_OPS_
};

#define BLK_FUA       1u /* WRITE, WRITE_ZEROES: durable when it completes */
#define BLK_MAY_UNMAP 2u /* WRITE_ZEROES: the space may be given back */

/* What BLK_MAP found: [offset_bytes, offset_bytes + len_bytes) is alike; cut to io->len_bytes. */
struct blk_extent {
	uint64_t len_bytes; /* > 0 */
	bool mapped;        /* false: no space behind it, reads as zeros */
};

enum blk_submitted {
	BLK_DONE, /* complete: io->result is valid, io->done is not called */
	/* io->done runs later, on the queue's thread, never from within blk_submit */
	BLK_PENDING
};

#define BLK_STACK_MAX 4

/*
 * One operation; the caller's memory, which with iov and the buffers must stay until it is
 * complete.  Zero-initialise before first use; may be used again as soon as it is complete.  The
 * caller sets the first part each time.
 */
struct blk_io {
	enum blk_op op;
	unsigned flags; /* BLK_FUA | … */
	uint64_t offset_bytes;
	uint64_t len_bytes; /* MAP: how far to look; FLUSH: 0 */
	/* READ, WRITE: their lengths sum to len_bytes; else ignored */
	const struct iovec *iov;
	unsigned iov_count;
	void (*done)(struct blk_io *io);
	void *owner; /* for the caller */

	/* valid when complete: 0, -errno (-ENOSPC: a thin device's pool is full), ERR_FAILED */
	int result;
	struct blk_extent extent; /* valid when a MAP is complete with 0 */

	/* For blk only. */
	struct blk_queue *queue;
	struct blk_dev *stack[BLK_STACK_MAX]; /* the devices it passed, top first */
	unsigned depth;
	/* READ, WRITE: done so far, when the system did less than asked */
	uint64_t moved_bytes;
	struct iovec rest;
	/* a file's, while its driver has the queue move the bytes */
	int fd;
	bool keep_space;
	struct work work;
	struct loop_msg msg;
	struct blk_io *next;
};

/*
 * Start it.  The range must lie within the device (else -EINVAL).  queue: of the calling thread,
 * or NULL for a call that blocks until it is complete (workers, tests) and thus always gives
 * BLK_DONE.  A device that has failed or is stopped gives BLK_DONE with ERR_FAILED or ERR_OFFLINE.
 */
enum blk_submitted blk_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io);

/* READ or WRITE that blocks: for tools, tests and workers.  0 or as io->result. */
int blk_rw(struct blk_dev *dev, enum blk_op op, uint64_t offset_bytes, void *buf, size_t len_bytes);
/* FLUSH that blocks. */
int blk_flush(struct blk_dev *dev);

/* ---- Queues: one for each thread that does I/O ----------------------------------------------- */

enum blk_queue_kind {
	BLK_QUEUE_AUTO, /* io_uring where it works, else workers */
	BLK_QUEUE_URING,
	BLK_QUEUE_WORKERS
};

/*
 * Which kind works here?  Makes and drops a ring.  BLK_QUEUE_URING or BLK_QUEUE_WORKERS; logs what
 * it chose and why (event "blk.queue") when log is set.  Any thread; call once at start.
 */
enum blk_queue_kind blk_queue_probe(bool log);

/*
 * A queue on the calling thread's loop.  workers: used by the workers kind (required then) and by
 * a ring for what it cannot do; shared by all queues; outlives them.  0 or -errno.
 */
int blk_queue_new(struct loop *loop, enum blk_queue_kind kind, struct workers *workers,
		  struct blk_queue **ret_queue);
/* Nothing may be in flight.  The loop's thread.  Accepts NULL. */
void blk_queue_free(struct blk_queue *queue);
enum blk_queue_kind blk_queue_kind(const struct blk_queue *queue);
unsigned blk_queue_inflight(const struct blk_queue *queue); /* its thread */
struct loop *blk_queue_loop(const struct blk_queue *queue);

/* ---- Devices --------------------------------------------------------------------------------- */

/* How far an allocation is.  Called between steps and, while nothing moves, some times a second. */
struct blk_progress {
	/*
	 * Non-zero cancels: the operation is undone and gives ERR_CANCELLED. The thread that
	 * allocates.
	 */
	int (*step)(struct blk_progress *progress, uint64_t done_bytes, uint64_t total_bytes);
};

/*
 * What happened to a device, told once for each failure, and for each single I/O error.  Any
 * thread; must not block.
 */
struct blk_listener {
	/*
	 * sticky: the device has failed and stays so until blk_reopen; else one operation failed
	 * with an error of the store (EIO, ENOSPC, …), not of the request or of this process.
	 * error: -errno.
	 */
	void (*error)(struct blk_listener *listener, struct blk_dev *dev, bool sticky, int error,
		      const char *reason);
};

struct blk_stat {
	uint64_t size_bytes;
	uint64_t allocated_bytes; /* space that it takes below; size_bytes where unknown */
};

/*
 * Drivers fill this; see blk_int.h for what each must keep.  A device starts with its struct
 * blk_dev.
 */
struct blk_ops;

struct blk_dev {
	const struct blk_ops *ops;
	struct blk_dev *below; /* a reference; NULL at the bottom */
	atomic_uint refs;
	char *name; /* owned; for logs and faults */
	_Atomic uint64_t size_bytes;
	_Atomic uint64_t allocated_bytes; /* as of the last blk_verify; 0 = not known yet */
	bool read_only;
	/* a completed write may be lost on power loss until FLUSH */
	bool volatile_cache;
	bool can_unmap; /* UNMAP gives space back */
	uint32_t unmap_granularity_bytes;
	/* READ and WRITE never reach the queue: memory, tmpfs; see blk_on_the_spot */
	atomic_bool on_the_spot;
	atomic_uint inflight; /* I/O between blk_submit and its completion */
	atomic_bool stopped;
	atomic_int failed; /* 0, or the -errno that made it fail */
	char reason[160];  /* why it failed; written before `failed` */
	struct blk_listener *_Atomic listener;
	atomic_uint drain_waiters;
};

static inline uint64_t
blk_size_bytes(const struct blk_dev *dev)
{
	return atomic_load_explicit(&dev->size_bytes, memory_order_relaxed);
}

/*
 * Does this device complete READ and WRITE within blk_submit, as things stand?  A file says so
 * once it is open; a stack never, since a layer may hold an operation back.
 */
static inline bool
blk_on_the_spot(const struct blk_dev *dev)
{
	return dev->below == NULL && atomic_load_explicit(&dev->on_the_spot, memory_order_relaxed);
}

/* A device is made with one reference.  Any thread. */
struct blk_dev *blk_dev_ref(struct blk_dev *dev);
/*
 * The last reference closes it and those below it.  Then nothing may be in flight; whoever submits
 * holds a reference.  Accepts NULL.  Does not flush.  Any thread.
 */
void blk_dev_unref(struct blk_dev *dev);

/*
 * Grow (or shrink, when the caller has made sure that nothing uses the end); the new space reads
 * as zeros.  Durable on return.  0, ERR_NOT_SUPPORTED, -errno; on failure nothing changed.
 */
int blk_resize(struct blk_dev *dev, uint64_t size_bytes);
/*
 * Take the space for [offset, offset + len), which may lie beyond the end (then call blk_resize
 * after it): in steps, with progress (may be NULL).  What is there keeps its contents, the rest
 * reads as zeros.  0, -ENOSPC, ERR_CANCELLED, ERR_NOT_SUPPORTED, -errno; on failure what lay
 * beyond the end is given back.
 */
int blk_allocate(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
		 struct blk_progress *progress);
/*
 * Is the backing store there and sound?  0; else -errno, and the device has failed (listener told).
 * When descriptors or memory are short (-EMFILE, -ENFILE, -ENOMEM, -EINTR) it is not known: nothing
 * has failed.
 */
int blk_verify(struct blk_dev *dev);
int blk_stat(struct blk_dev *dev, struct blk_stat *ret_stat);
/* Returns the space that the device took below when blk_verify looked last.  Any thread; no I/O. */
static inline uint64_t
blk_allocated_bytes(const struct blk_dev *dev)
{
	while (dev->below != NULL)
		dev = dev->below;
	return atomic_load_explicit(&dev->allocated_bytes, memory_order_relaxed);
}

/*
 * The -errno that made it (or one below) fail, 0 = none; the reason into buf when that is not
 * NULL.  Any thread.
 */
int blk_failed(struct blk_dev *dev, char *buf, size_t size);
/*
 * Returns whether the device, or one below it, has failed and was not reopened since.  Any thread;
 * a load for each layer, so that every command can ask.
 */
static inline bool
blk_has_failed(const struct blk_dev *dev)
{
	for (; dev != NULL; dev = dev->below)
		if (atomic_load_explicit(&dev->failed, memory_order_acquire) != 0)
			return true;
	return false;
}
/* Make it fail, as a forced drain does (design: a forced drain fails the LUN).  Any thread. */
void blk_fail(struct blk_dev *dev, int error, const char *reason);
/*
 * Try again after a failure: closes and opens the backing store, verifies it, clears `failed` and
 * `stopped`.  Nothing may be in flight (ERR_BUSY).  0 or -errno, then it is failed as before.
 */
int blk_reopen(struct blk_dev *dev);
/*
 * One listener for a stack; NULL = none.  It must outlive the device or be taken away first.  Any
 * thread.
 */
void blk_set_listener(struct blk_dev *dev, struct blk_listener *listener);

/* New I/O is refused with ERR_OFFLINE from now on; what is in flight goes on.  Any thread. */
void blk_stop(struct blk_dev *dev);
/* Take it back. */
void blk_start(struct blk_dev *dev);
/*
 * Wait until nothing is in flight.  0 or ERR_TIMEOUT.  timeout_ms 0 = only look.  Not on a
 * queue's thread unless 0.
 */
int blk_drain(struct blk_dev *dev, unsigned timeout_ms);

/* ---- Drivers --------------------------------------------------------------------------------- */

/*
 * A raw file.  The file is opened at the first use, so a device for a missing file can be made;
 * blk_verify tells.  can_unmap: false for a thick LUN, whose space UNMAP must not give back.  0 or
 * -ENOMEM.
 */
struct blk_file_options {
	bool read_only;
	bool thick; /* UNMAP and WRITE_ZEROES keep the space */
};
int blk_file_new(const char *path, const char *name, uint64_t size_bytes,
		 const struct blk_file_options *options, struct blk_dev **ret_dev);
/*
 * Set how many files all devices together may hold open; no limit at first.  Beyond it I/O to a
 * file that is not open yet fails with -EMFILE, which fails no device.  Once, before there is I/O.
 */
void blk_file_set_limit(unsigned limit);
/* Returns how many files are open now.  Any thread. */
unsigned blk_file_open_count(void);
/*
 * Make the file (mode 0600, sparse, must not exist); file and directory are durable on return.  0
 * or -errno (-EEXIST); on failure there is no file.  For a thick LUN: blk_file_create,
 * blk_file_new, blk_allocate.
 */
int blk_file_create(const char *path, uint64_t size_bytes);
/* Unlink; the directory is durable on return.  0, also when it is not there; -errno. */
int blk_file_remove(const char *path);

/*
 * Memory, zeroed.  Grows up to max_bytes (address space, not memory, is taken for that).  0 or
 * -errno.
 */
int blk_mem_new(const char *name, uint64_t size_bytes, uint64_t max_bytes,
		struct blk_dev **ret_dev);
/* Reads zeros, drops writes. */
int blk_null_new(const char *name, uint64_t size_bytes, struct blk_dev **ret_dev);

/*
 * Faults on demand, for tests: while the file DIR/<name>.<op> exists, op on this device fails with
 * the errno that the file names ("EIO", "ENOSPC", …), or is held while the file says "hold".
 * DIR/all.<op> is for every device.  op: read write flush unmap zero map resize allocate verify
 * open.  Takes `below` on success.
 */
int blk_fault_new(struct blk_dev *below, const char *dir, struct blk_dev **ret_dev);
/*
 * The same for what is not yet a device (op "create", …): 0, or the -errno that a file names;
 * waits while one says "hold", calling progress (may be NULL) meanwhile, which may cancel it
 * (ERR_CANCELLED).  dir NULL: 0.
 */
int blk_fault_check(const char *dir, const char *name, const char *op,
		    struct blk_progress *progress);

/* Logs each operation when the debug area "blk.trace" is on.  Takes `below` on success. */
int blk_trace_new(struct blk_dev *below, struct blk_dev **ret_dev);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Block devices: arrays of bytes that are read and written asynchronously.  Devices stack: the
 * fault, trace and tracking layers lie on top of another device.  The array makes devices, and the
 * data path reads and writes through them.  There are two kinds of calls:
 *
 *   - I/O (struct blk_io, blk_submit) never blocks the thread beyond a memory copy or a page-cache
 *     hit.  An I/O belongs to a blk_queue, and so to one thread and its event loop.
 *   - Everything else (open, resize, allocate, verify, close) blocks.  Worker and management
 *     threads make these calls, any thread, but only one at a time for each device.
 *
 * blk knows bytes only.  Logical block sizes, masks and LUN numbers are its callers' business.
 */
#ifndef VDS_BLK_BLK_H
#define VDS_BLK_BLK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/guid.h"
#include "base/list.h"
#include "base/loop.h"
#include "base/workers.h"

struct blk_dev;
struct blk_queue;
struct loop;

/* ---- I/O ------------------------------------------------------------------------------------- */

enum blk_op {
	BLK_READ,
	BLK_WRITE,
	/* Makes every write that was acknowledged before durable; has no range. */
	BLK_FLUSH,
	/*
	 * The range reads as zeros afterwards (or is unchanged, where a device cannot unmap), and
	 * its space may be returned to the device.
	 */
	BLK_UNMAP,
	BLK_WRITE_ZEROES, /* The range reads as zeros afterwards. */
	BLK_MAP,          /* Describes in io->extent the extent that starts at offset_bytes. */
	BLK_OPS_
};

#define BLK_FUA       1u /* WRITE, WRITE_ZEROES: the data is durable when the I/O completes */
#define BLK_MAY_UNMAP 2u /* WRITE_ZEROES: the space may be returned to the device */
/*
 * WRITE: when the process is killed meanwhile, each block of the device is as before or as after.
 * Without it a block of a file in memory may then have been written in part.
 */
#define BLK_WHOLE     4u

/*
 * Result of BLK_MAP: all bytes of [offset_bytes, offset_bytes + len_bytes) are in the same state,
 * mapped or unmapped.  The extent ends at the end of the requested range at the latest.
 */
struct blk_extent {
	uint64_t len_bytes; /* > 0 */
	bool mapped;        /* false: no space is allocated; the range reads as zeros */
};

enum blk_submitted {
	BLK_DONE, /* The I/O is complete: io->result is valid, and io->done is not called. */
	/*
	 * The I/O completes later: io->done runs on the queue's thread, never from within
	 * blk_submit.
	 */
	BLK_PENDING
};

#define BLK_STACK_MAX 4

/*
 * What an injected fault answers instead of the device.  blk passes it on; the layer that speaks
 * SCSI reads it.
 */
struct blk_answer {
	uint8_t status; /* of SCSI: 02h, 08h or 28h; 0 = a medium error, as the operation has it */
	uint8_t key, asc, ascq; /* with status 02h, CHECK CONDITION */
};

/*
 * One I/O operation.  The caller owns the memory of the struct, of iov and of the buffers, which
 * must stay valid until the operation is complete.  Zero-initialise the struct before its first
 * use; it may be used again as soon as the operation is complete.  The caller sets the fields of
 * the first part each time.
 */
struct blk_io {
	enum blk_op op;
	unsigned flags; /* BLK_FUA, BLK_MAY_UNMAP, BLK_WHOLE */
	uint64_t offset_bytes;
	uint64_t len_bytes; /* MAP: how far to look; FLUSH: 0 */
	/*
	 * READ, WRITE: the buffers, whose lengths sum to len_bytes; ignored for other operations.
	 */
	const struct iovec *iov;
	unsigned iov_count;
	void (*done)(struct blk_io *io);
	void *owner; /* for the caller */

	/*
	 * Valid when the operation is complete: 0, ERR_FAILED (the device has failed), -ENOSPC (a
	 * thin device's pool is full), ERR_INJECTED (`answer` says what) or another -errno.
	 */
	int result;
	struct blk_answer answer; /* valid with ERR_INJECTED */
	struct blk_extent extent; /* valid when a MAP has completed with 0 */

	/* For blk only. */
	struct blk_queue *queue;
	struct blk_dev *stack[BLK_STACK_MAX]; /* the devices that the I/O passed, top first */
	unsigned depth;
	/* READ, WRITE: bytes moved so far, when the system moved fewer than were asked for. */
	uint64_t moved_bytes;
	struct iovec rest;
	/* Used by a file or disk device while the queue moves the bytes. */
	int fd;
	uint64_t base_bytes; /* where in fd the device's byte 0 would be */
	bool keep_space;
	/* of the file, when READ and WRITE go past the page cache; else NULL */
	struct blk_direct *direct;
	struct blk_gate *gate; /* where it has entered; NULL = nowhere */
	struct list gate_node;
	bool gate_whole, gate_waits;
	struct work_lane *lane; /* of the file: limits how many workers it can hold */
	struct work work;
	struct loop_msg msg;
	struct blk_io *next;
};

/*
 * Starts an I/O.  queue: a queue of the calling thread; or NULL to block until the I/O is complete
 * (workers and tests), in which case the function always returns BLK_DONE.  Returns BLK_PENDING, or
 * BLK_DONE with io->result set: -EINVAL (the range is not within the device), ERR_FAILED (the
 * device has failed), ERR_OFFLINE (the device is stopped), or the operation's own result.
 */
enum blk_submitted blk_submit(struct blk_dev *dev, struct blk_queue *queue, struct blk_io *io);

/*
 * A hint: an I/O of that range follows within some microseconds, most likely.  A device in memory
 * has the processor fetch the first page of it.  Changes nothing, whatever the range; never blocks.
 */
void blk_prefetch(struct blk_dev *dev, uint64_t offset_bytes, uint32_t len_bytes);

/*
 * Reads or writes (op: BLK_READ or BLK_WRITE) and blocks until it is done.  Returns 0, or an error
 * as io->result.  For tools, tests and workers.
 */
int blk_rw(struct blk_dev *dev, enum blk_op op, uint64_t offset_bytes, void *buf, size_t len_bytes);
/* Flushes the device and blocks until it is done.  Returns 0, or an error as io->result. */
int blk_flush(struct blk_dev *dev);

/* ---- Queues: one for each thread that does I/O ----------------------------------------------- */

enum blk_queue_kind {
	BLK_QUEUE_AUTO, /* io_uring where it works, workers elsewhere */
	BLK_QUEUE_URING,
	BLK_QUEUE_WORKERS
};

/*
 * Finds out which kind of queue works on this host, by making and closing a ring.  Returns
 * BLK_QUEUE_URING or BLK_QUEUE_WORKERS.  With log set, logs the choice and its reason (event
 * "blk.queue").  Any thread; call once at start.
 */
enum blk_queue_kind blk_queue_probe(bool log);

/*
 * Makes a queue on the calling thread's event loop.  workers: required for the kind
 * BLK_QUEUE_WORKERS; a ring uses them for operations that it cannot do itself.  All queues share
 * the workers, which must outlive the queues.  Returns 0 or -errno.
 */
int blk_queue_new(struct loop *loop, enum blk_queue_kind kind, struct workers *workers,
		  struct blk_queue **ret_queue);
/* Frees the queue, which must have no I/O in flight.  The loop's thread.  Accepts NULL. */
void blk_queue_free(struct blk_queue *queue);
enum blk_queue_kind blk_queue_kind(const struct blk_queue *queue);
/* Returns how many I/Os are in flight on the queue.  The queue's thread. */
unsigned blk_queue_inflight(const struct blk_queue *queue);
struct loop *blk_queue_loop(const struct blk_queue *queue);

/* ---- Devices --------------------------------------------------------------------------------- */

/*
 * Progress of an allocation, with a way to cancel it.  The allocating thread calls step between the
 * allocation's steps, and several times a second while it waits.
 */
struct blk_progress {
	/* Returns non-zero to cancel: the allocation is then undone and returns ERR_CANCELLED. */
	int (*step)(struct blk_progress *progress, uint64_t done_bytes, uint64_t total_bytes);
};

/*
 * Is notified once when a device fails, and of each single I/O error.  Any thread, the data path's
 * too; must not block.
 */
struct blk_listener {
	/*
	 * Reports an error.  sticky: true when the device has failed and stays failed until
	 * blk_reopen; false when one operation failed with an error of the store (EIO, ENOSPC, …),
	 * not of the request or of this process.  error: -errno.
	 */
	void (*error)(struct blk_listener *listener, struct blk_dev *dev, bool sticky, int error,
		      const char *reason);
};

struct blk_stat {
	uint64_t size_bytes;
	/* space allocated in the backing store; size_bytes when unknown */
	uint64_t allocated_bytes;
};

/*
 * A driver's table of operations: blk_int.h says what each operation must do.  A driver's own
 * struct begins with a struct blk_dev.
 */
struct blk_ops;

struct blk_dev {
	const struct blk_ops *ops;
	struct blk_dev *below; /* holds a reference; NULL at the bottom */
	atomic_uint refs;
	char *name; /* owned; used in logs and by the fault layer */
	_Atomic uint64_t size_bytes;
	_Atomic uint64_t allocated_bytes; /* as seen by the last blk_verify; 0 = not known yet */
	bool read_only;
	/* A completed write may be lost on power loss until a FLUSH completes. */
	bool volatile_cache;
	bool can_unmap; /* UNMAP frees space */
	uint32_t unmap_granularity_bytes;
	/* READ and WRITE complete within blk_submit (memory, tmpfs): see blk_on_the_spot. */
	atomic_bool on_the_spot;
	atomic_uint inflight; /* I/Os between blk_submit and their completion */
	atomic_bool stopped;
	atomic_int failed; /* 0, or the -errno that made the device fail */
	char reason[160];  /* why the device failed; written before `failed` */
	struct blk_listener *_Atomic listener;
	atomic_uint drain_waiters;
};

static inline uint64_t
blk_size_bytes(const struct blk_dev *dev)
{
	return atomic_load_explicit(&dev->size_bytes, memory_order_relaxed);
}

/*
 * Returns whether the device at present completes READ and WRITE within blk_submit.  A file device
 * answers true only after its file was opened.  A stack of devices always answers false, since a
 * layer may delay an operation.  Any thread.
 */
static inline bool
blk_on_the_spot(const struct blk_dev *dev)
{
	return dev->below == NULL && atomic_load_explicit(&dev->on_the_spot, memory_order_relaxed);
}

/* Takes a reference; a new device has one, which its maker owns.  Returns dev.  Any thread. */
struct blk_dev *blk_dev_ref(struct blk_dev *dev);
/*
 * Drops a reference.  The last one closes the device and drops its reference to the device below.
 * No I/O may be in flight then, so whoever submits I/O holds a reference.  Does not flush.  Accepts
 * NULL.  Any thread.
 */
void blk_dev_unref(struct blk_dev *dev);

/*
 * Sets the size of the device.  New space reads as zeros.  Before the device shrinks, the caller
 * makes sure that nobody uses the end of it.  Durable on return.  Returns 0, ERR_NOT_SUPPORTED (the
 * device cannot be resized) or -errno; on failure nothing has changed.
 */
int blk_resize(struct blk_dev *dev, uint64_t size_bytes);
/*
 * Allocates the space for [offset_bytes, offset_bytes + len_bytes) in steps.  The range may lie
 * beyond the end of the device; the caller then calls blk_resize.  Existing data keeps its
 * contents, and the rest reads as zeros.  progress may be NULL.  Returns 0, -ENOSPC (the file
 * system is full), ERR_CANCELLED (progress cancelled), ERR_NOT_SUPPORTED (the device cannot
 * allocate) or -errno; on failure the space beyond the end of the device is freed again.
 */
int blk_allocate(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes,
		 struct blk_progress *progress);
/*
 * Checks that the backing store exists and is sound.  Returns 0 or -errno.  On an error the device
 * has failed and its listener was notified, except for -EMFILE, -ENFILE, -ENOMEM and -EINTR: with
 * those the process lacked descriptors or memory, so the state of the store is unknown and the
 * device has not failed.
 */
int blk_verify(struct blk_dev *dev);
/*
 * Does work that makes the device faster and that nobody waits for, for some tenths of a second at
 * most.  What fails is left as it is.  To be called now and then, such as after blk_verify, by one
 * thread at a time, which is not one of the data path.
 */
void blk_tidy(struct blk_dev *dev);
/* Reads the size of the device and the space that it takes.  Returns 0 or -errno.  Blocks. */
int blk_stat(struct blk_dev *dev, struct blk_stat *ret_stat);
/*
 * Returns the bytes that the device took in its backing store at the last blk_verify.  Any thread;
 * does no I/O.
 */
static inline uint64_t
blk_allocated_bytes(const struct blk_dev *dev)
{
	while (dev->below != NULL)
		dev = dev->below;
	return atomic_load_explicit(&dev->allocated_bytes, memory_order_relaxed);
}

/*
 * Returns 0, or the -errno that made the device or one below it fail; then copies the reason to buf
 * when buf is not NULL.  Any thread.
 */
int blk_failed(struct blk_dev *dev, char *buf, size_t size);
/*
 * Returns whether the device or one below it has failed and was not reopened since.  Any thread.
 * Costs one atomic load for each layer, so every command can ask.
 */
static inline bool
blk_has_failed(const struct blk_dev *dev)
{
	for (; dev != NULL; dev = dev->below)
		if (atomic_load_explicit(&dev->failed, memory_order_acquire) != 0)
			return true;
	return false;
}
/*
 * Makes the device fail with `error` (-errno) and a reason, until blk_reopen.  I/O in flight
 * continues.  Any thread.
 */
void blk_fail(struct blk_dev *dev, int error, const char *reason);
/*
 * Reopens a device that has failed: closes and opens the backing store, verifies it, and clears
 * `failed` and `stopped`.  Returns 0, ERR_BUSY (I/O is in flight) or -errno (the device is still
 * failed).
 */
int blk_reopen(struct blk_dev *dev);
/*
 * Sets the listener of a stack of devices; NULL = none.  The listener must outlive the device, or
 * be removed first.  Any thread.
 */
void blk_set_listener(struct blk_dev *dev, struct blk_listener *listener);

/*
 * Stops the device: new I/O is refused with ERR_OFFLINE, and I/O in flight continues.  Any thread.
 */
void blk_stop(struct blk_dev *dev);
/* Starts a device that blk_stop has stopped.  Any thread. */
void blk_start(struct blk_dev *dev);
/*
 * Waits until no I/O is in flight.  Returns 0, or ERR_TIMEOUT (I/O is still in flight after
 * timeout_ms).  timeout_ms 0 only looks; a queue's thread may call the function only with 0.
 */
int blk_drain(struct blk_dev *dev, unsigned timeout_ms);

/* ---- Drivers --------------------------------------------------------------------------------- */

/* Whether a file device reads and writes through the page cache or past it (O_DIRECT). */
enum blk_cache {
	BLK_CACHE_AUTO, /* today the page cache, whatever the file lies on; blk_cache_of says why */
	BLK_CACHE_PAGE,
	BLK_CACHE_DIRECT
};
/*
 * Sets what a file device does from now on; other devices go on as they are.  Layers pass it on.
 * Where a file cannot be direct, it goes through the page cache.  May block.  No I/O is in flight,
 * and none begins meanwhile.  Any thread; those of the data path only before the file of the device
 * was opened, when it does not block.
 */
void blk_set_cache(struct blk_dev *dev, enum blk_cache cache);
/*
 * Reads whether the device goes through the page cache, and why, as it is now, or, when the file is
 * not open, as it will be.  Returns false when there is no such choice for the device; otherwise
 * *ret_why is a static text ("the pool is in memory").  Blocks.
 */
bool blk_cache_of(struct blk_dev *dev, bool *ret_direct, const char **ret_why);

/* Which file it is: device and inode number; inode 0 = no file was seen yet. */
struct blk_file_seen {
	uint64_t st_dev, st_ino;
};

/*
 * Makes a device over the raw file at `path`.  The file is opened at the first use, so a device can
 * be made for a missing file; blk_verify finds that out.  Returns 0 or -ENOMEM.  The caller owns
 * *ret_dev (blk_dev_unref).
 */
struct blk_file_options {
	bool read_only;
	bool thick; /* UNMAP and WRITE_ZEROES keep the space */
	/*
	 * Where the device notes which file it has seen, so that a later device for the same file
	 * notices when another file has taken its place.  Belongs to the caller, who zeroes it
	 * before the first device, gives it to one device at a time, and does not touch it while
	 * that device exists.  NULL = the device remembers by itself.
	 */
	struct blk_file_seen *seen;
};
int blk_file_new(const char *path, const char *name, uint64_t size_bytes,
		 const struct blk_file_options *options, struct blk_dev **ret_dev);
/*
 * Sets how many files all file devices together may hold open; without a call there is no limit.
 * At the limit, a file that is needed takes the place of an idle one, least recently used first.
 * Only when I/O is in flight on every open file, I/O to another one fails with -EMFILE, and the
 * device does not fail.  Called once, before there is any I/O.
 */
void blk_file_set_limit(unsigned limit);
/*
 * Sets whether files in memory (tmpfs) are mapped when they are opened, so that READ and WRITE need
 * no system call; without a call they are.  Nothing else depends on it.  Any thread.
 */
void blk_file_set_map(bool allow);
/* Returns how many files are open now.  Any thread. */
unsigned blk_file_open_count(void);
/*
 * Creates a sparse file of size_bytes with mode 0600.  The file and its directory entry are durable
 * on return.  Returns 0, -EEXIST (the file exists) or -errno; on failure there is no new file.  To
 * make a thick LUN call blk_file_create, blk_file_new and blk_allocate in this order.
 */
int blk_file_create(const char *path, uint64_t size_bytes);
/*
 * Makes a new file, with mode 0600, whose first bytes are those that the file `from` has at one
 * moment; it shares their space with it until one of the two is written to (FICLONE).  size_bytes:
 * how long the new file is; what lies behind the end of `from` reads as zeros.  Takes time in
 * proportion to the fragments of `from` and to what of it is not on the disk yet.  The new file is
 * durable after blk_file_sync.  Returns 0, ERR_NOT_SUPPORTED (the file system cannot share space
 * between files), -EEXIST or -errno; on failure there is no new file.
 */
int blk_file_clone(const char *from, const char *path, uint64_t size_bytes);
/*
 * Makes a file in a directory that has no name, or has none any more.  Returns a descriptor for
 * reading and writing, which the caller closes, or -errno.
 */
int blk_file_open_nameless(const char *dir);
/*
 * Tries with two empty files whether files in a directory can share space.  Nothing is left there.
 * Returns 0, ERR_NOT_SUPPORTED, or -errno: it could not be tried.
 */
int blk_file_can_clone(const char *dir);
/*
 * As blk_file_clone, but copies the data of `from`, in which nobody may write meanwhile, and leaves
 * holes where `from` has some.  Works on every file system.  Calls progress (may be NULL) between
 * steps.  Returns 0, ERR_CANCELLED (progress cancelled), -EEXIST or -errno; on failure there is no
 * new file.
 */
int blk_file_copy(const char *from, const char *path, uint64_t size_bytes,
		  struct blk_progress *progress);
/*
 * Measures the space that a file takes: *ret_used_bytes with, and *ret_own_bytes without what it
 * shares with other files.  Where the file system cannot tell, the two are the same.  Takes time in
 * proportion to the fragments of the file.  Returns 0 or -errno.
 */
int blk_file_space(const char *path, uint64_t *ret_used_bytes, uint64_t *ret_own_bytes);
/*
 * Makes a file and its directory entry durable.  Returns 0 or -errno.
 */
int blk_file_sync(const char *path);
/*
 * Removes a file; the removal is durable on return.  Returns 0, also when there is no such file, or
 * -errno.
 */
int blk_file_remove(const char *path);

/*
 * Makes a device in memory that is filled with zeros and can grow up to max_bytes (which reserves
 * address space, not memory).  Returns 0 or -errno.  The caller owns *ret_dev.
 */
int blk_mem_new(const char *name, uint64_t size_bytes, uint64_t max_bytes,
		struct blk_dev **ret_dev);
/* The memory that the volumes of a pool in memory may take together. */
struct blk_ram_budget;
/* Returns a budget with a reference for the caller, or NULL: memory is out. */
struct blk_ram_budget *blk_ram_budget_new(uint64_t limit_bytes);
/* Drops the caller's reference; volumes hold their own.  Accepts NULL.  Any thread. */
void blk_ram_budget_unref(struct blk_ram_budget *budget);
uint64_t blk_ram_budget_used_bytes(const struct blk_ram_budget *budget);

/* A volume in memory: zeros, until something is written.  It outlives its devices. */
struct blk_ram;
#define BLK_RAM_VOLUME_MAX_BYTES (4ull << 40)
/*
 * Makes a volume that takes its memory page by page, out of the budget.  Returns 0, -EFBIG (more
 * than BLK_RAM_VOLUME_MAX_BYTES) or -ENOMEM.  The caller owns a reference to *ret_ram.
 */
int blk_ram_new(struct blk_ram_budget *budget, uint64_t size_bytes, struct blk_ram **ret_ram);
struct blk_ram *blk_ram_ref(struct blk_ram *ram);
void blk_ram_unref(struct blk_ram *ram); /* accepts NULL; the last one frees the memory */
/*
 * Makes a device over a volume.  ram: NULL = the volume is not there: the device fails at its first
 * use, for the reason `why`, a static text.  thick: UNMAP and WRITE_ZEROES keep the space.  A write
 * for which the budget has no memory returns -ENOSPC.  Returns 0 or -ENOMEM.  The caller owns
 * *ret_dev.
 */
int blk_ram_dev_new(struct blk_ram *ram, const char *why, const char *name, uint64_t size_bytes,
		    bool thick, struct blk_dev **ret_dev);

/* A disk, a block device as a whole, that is divided into volumes (docs/design/pools.md). */
struct blk_disk;
#define BLK_DISK_CHUNK (1u << 20) /* volumes have whole chunks of the disk */
enum blk_disk_mode {
	BLK_DISK_OPEN,   /* opens a disk that was made before */
	BLK_DISK_CREATE, /* also makes one of a device that holds nothing */
	BLK_DISK_FORCE,  /* makes one of a device, whatever it holds */
	/*
	 * A device as it is, nothing of which is changed: whatever its id, a volume of it is the
	 * whole device, which is committed; making volumes is refused and removing them does
	 * nothing.
	 */
	BLK_DISK_WHOLE
};
/*
 * Opens the device at the path exclusively, as the owner's disk.  Returns 0, or an error with a
 * text: ERR_LOCKED (somebody uses the device), ERR_IN_USE (it holds something else, or has another
 * owner), ERR_INVALID (it is not a block device, or is too small), ERR_ACCESS (vdsd may not open
 * it), ERR_NOT_FOUND (with BLK_DISK_OPEN: it holds no disk), ERR_VERSION, ERR_CORRUPT or -errno.
 * The caller gives *ret_disk to blk_disk_close.
 */
int blk_disk_open(const char *path, const struct guid *owner, enum blk_disk_mode mode,
		  struct blk_disk **ret_disk);
/*
 * Closes the disk.  Devices of its volumes keep the device open.  give_up: a disk without volumes
 * is one no more.
 */
void blk_disk_close(struct blk_disk *disk, bool give_up);
/* Checks that the device is there and can be read.  Returns 0, or an error with a text. */
int blk_disk_look(struct blk_disk *disk);
/*
 * Takes what the device has become larger by.  Returns 1 (the disk has grown), 0, or -errno with a
 * text; then it has its size of before.
 */
int blk_disk_grow(struct blk_disk *disk);
void blk_disk_space(struct blk_disk *disk, uint64_t *ret_capacity_bytes, uint64_t *ret_free_bytes);
struct blk_disk_entry {
	struct guid id;
	bool committed;
};
/* Lists the volumes.  Returns how many, or -ENOMEM.  The caller frees *ret_entries. */
int blk_disk_list(struct blk_disk *disk, struct blk_disk_entry **ret_entries);
/*
 * The next functions find the disk by its path; when none is open there they return -ENODEV.
 * Changes are durable on return; after an error nothing has changed, as far as the device tells.
 *
 * Make everything durable that was written to the disk.  Returns 0 or -errno.
 */
int blk_disk_sync_all(const char *path);
/*
 * Makes a volume of zeros, which has all of its space; it is uncommitted.  Returns 0, -ENOSPC,
 * -EEXIST, ERR_LIMIT (too many volumes, or pieces of them) or -errno.
 */
int blk_disk_volume_make(const char *path, const struct guid *id, uint64_t size_bytes);
/* Commits a volume; one of the same id that is committed goes.  Returns 0, -ENOENT or -errno. */
int blk_disk_volume_commit(const char *path, const struct guid *id);
/* Removes a volume.  Returns 0, also when there is none, or -errno. */
int blk_disk_volume_remove(const char *path, const struct guid *id, bool committed);
/*
 * Checks that there is a volume of this size.  uncommitted: one that is not committed will do.
 * Returns 0, ERR_CORRUPT with a text or -errno.
 */
int blk_disk_volume_check(const char *path, const struct guid *id, uint64_t size_bytes,
			  bool uncommitted);
/*
 * Makes the volume `to_id`, uncommitted, with the data of the committed volume from_id.  What lies
 * behind that one's end reads as zeros.  progress may be NULL.  Returns 0, ERR_CANCELLED or as
 * blk_disk_volume_make.
 */
int blk_disk_volume_copy(const char *path, const struct guid *from_id, const struct guid *to_id,
			 uint64_t size_bytes, struct blk_progress *progress);
/* Reads how much of the disk a committed volume has.  Returns 0, -ENOENT or -errno. */
int blk_disk_volume_space(const char *path, const struct guid *id, uint64_t *ret_bytes);
/* Takes the clean data of a volume out of this host's cache.  Returns 0 or -errno. */
int blk_disk_volume_uncache(const char *path, const struct guid *id);
/*
 * Makes a device over a committed volume of the disk that is open at `path` when the device is used
 * first.  thick: MAP shows all space as mapped, and UNMAP leaves the data; else UNMAP discards
 * whole chunks, which stay the volume's.  Of a disk as it is every device is thick.  Returns 0 or
 * -ENOMEM.  The caller owns *ret_dev.
 */
int blk_disk_dev_new(const char *path, const struct guid *id, const char *name, uint64_t size_bytes,
		     bool thick, struct blk_dev **ret_dev);
/* For tests: whether a regular file may stand for a block device. */
void blk_disk_allow_files(bool allow);

/*
 * Makes a device that reads as zeros and ignores writes.  Returns 0 or -ENOMEM.  The caller owns
 * *ret_dev.
 */
int blk_null_new(const char *name, uint64_t size_bytes, struct blk_dev **ret_dev);

/*
 * Makes a layer that produces faults on demand, for tests.  While the file DIR/<name>.<op> exists,
 * the operation op on the device `name` fails with the errno that the file names ("EIO", "ENOSPC",
 * …), or is held back as long as the file says "hold".  DIR/all.<op> applies to every device.  op
 * is one of: read write flush unmap zero map resize allocate verify open.  Returns 0 or -ENOMEM.
 * On success the new device owns the caller's reference to `below`.
 */
int blk_fault_new(struct blk_dev *below, const char *dir, struct blk_dev **ret_dev);
/*
 * Looks for a fault, as blk_fault_new describes, for an operation before there is a device (op
 * "create", …).  While the file says "hold", waits and calls progress (may be NULL), which may
 * cancel.  Returns 0 (no fault, or dir is NULL), ERR_CANCELLED (progress cancelled), or the -errno
 * that the file names.
 */
int blk_fault_check(const char *dir, const char *name, const char *op,
		    struct blk_progress *progress);

/* A fault that is injected while a device is in use. */
struct blk_fault {
	uint32_t id;  /* out: from 1 */
	unsigned ops; /* the kinds of operations, each a bit 1 << enum blk_op */
	uint64_t from_bytes,
		len_bytes; /* operations that touch the range; len 0 = all, FLUSH too */
	uint64_t delay_ns; /* holds operations back for that time; 0 = not */
	bool hangs;        /* holds operations back until the fault ends */
	/*
	 * after the delay, answers them with `answer`: the device gets nothing of them; not with
	 * hangs
	 */
	bool answers;
	struct blk_answer answer;
	uint64_t count;   /* how many operations it strikes; 0 = no limit */
	uint32_t ppm;     /* how many of a million, by chance; 0 = each */
	uint64_t ends_ns; /* clock_mono_ns; 0 = when it is removed */
	uint64_t struck;  /* out: operations so far */
};

#define BLK_FAULTS_MAX 64u /* in one set */
struct blk_faults;
/*
 * Makes an empty set of faults.  ended (may be NULL) is called when a fault has struck as often as
 * it may; any thread, the data path's too; it must not block.  `arg` stays until
 * the last reference and the last layer have gone.  Returns a reference for the caller, or NULL:
 * memory is out.  This, ref and unref: any thread.
 */
struct blk_faults *blk_faults_new(void (*ended)(void *arg), void *arg);
struct blk_faults *blk_faults_ref(struct blk_faults *faults);
void blk_faults_unref(struct blk_faults *faults); /* accepts NULL */
/* Adds a fault, which strikes from now on.  Returns 0 or ERR_LIMIT.  Any thread. */
int blk_faults_add(struct blk_faults *faults, const struct blk_fault *fault, uint32_t *ret_id);
/*
 * Removes the fault, or all of them (id 0).  What they hold goes on soon, to the device.  Returns
 * how many there were.  Any thread.
 */
size_t blk_faults_remove(struct blk_faults *faults, uint32_t id);
/* Lists the faults that have not ended.  Returns how many.  Any thread. */
size_t blk_faults_list(struct blk_faults *faults, struct blk_fault list[BLK_FAULTS_MAX]);
/*
 * Removes the faults that have ended by themselves, and lists them.  Returns how many; *ret_left is
 * how many there are now, *ret_next_ns when one of those ends by its time at the earliest
 * (UINT64_MAX:  none does).  Any thread.
 */
size_t blk_faults_reap(struct blk_faults *faults, struct blk_fault ended[BLK_FAULTS_MAX],
		       size_t *ret_left, uint64_t *ret_next_ns);
/*
 * Makes a layer with the faults of a set: those that are there, and those that come.  Strikes only
 * operations with a queue.  Returns 0 or -ENOMEM.  On success the new device owns the caller's
 * reference to `below`, and takes one of its own to the set.  Any thread.
 */
int blk_faults_layer_new(struct blk_dev *below, struct blk_faults *faults,
			 struct blk_dev **ret_dev);

/*
 * Makes a layer that notes which chunks of the device below may have changed: a chunk is noted when
 * a WRITE, UNMAP or WRITE_ZEROES in it has ended, whatever its result, before the operation's
 * caller is notified.  The size must not change while the layer is there.  Returns 0 or -ENOMEM.
 * On success the new device owns the caller's reference to `below`.
 */
int blk_track_new(struct blk_dev *below, struct blk_dev **ret_dev);
/* Returns how many bytes the noted chunks have.  dev: of blk_track_new.  Any thread. */
uint64_t blk_track_noted_bytes(struct blk_dev *dev);
/*
 * Takes the first noted chunks that begin at or after from_bytes and lie side by side: they are
 * noted no more.  What the caller reads of them from now on has every operation that was noted
 * before.  Returns false when nothing is noted there.  Any thread.
 */
bool blk_track_take(struct blk_dev *dev, uint64_t from_bytes, uint64_t *ret_offset_bytes,
		    uint64_t *ret_len_bytes);
/* Notes the chunks that the range touches.  Any thread. */
void blk_track_note(struct blk_dev *dev, uint64_t offset_bytes, uint64_t len_bytes);

/* Who copies from one device to another.  The caller fills in the first part. */
struct blk_copier {
	struct blk_dev *from, *to;
	void *buf;
	size_t buf_bytes;
	/* `to` reads as zeros where nothing was copied yet: holes of `from` need no work */
	bool to_is_empty;

	uint64_t copied_bytes; /* data that was read and written */
	bool failed_to_write;  /* the error of the last step is one of `to` */
};

/*
 * Copies the beginning of a range: data as far as the buffer goes, or one hole, which becomes zeros
 * that take no space in `to` when it is thin.  Blocks.  Returns 0 with the number of bytes, more
 * than 0, in *ret_done_bytes, or the error of an operation of one of the devices.
 */
int blk_copy_step(struct blk_copier *copier, uint64_t offset_bytes, uint64_t len_bytes,
		  uint64_t *ret_done_bytes);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the folder blk: what the drivers and the queues share.  The functions run on the
 * threads that blk.h names for the calls that lead to them.
 */
#ifndef VDS_BLK_BLK_INT_H
#define VDS_BLK_BLK_INT_H

#include <pthread.h>

#include "base/clock.h"
#include "base/list.h"
#include "blk/blk.h"
#include "blk/driver.h"

/* Has the processor fetch bytes, which need not be there: nothing faults.  A page at most. */
static inline void
blk_fetch_lines(const uint8_t *bytes, size_t len_bytes)
{
	for (size_t at = 0; at < MIN(len_bytes, (size_t)4096); at += 64)
		__builtin_prefetch(bytes + at);
}

/*
 * Initialises the struct blk_dev of a layer: copies everything but ops from `below`.  On success
 * the layer owns the caller's reference to `below`.  Returns 0 or -ENOMEM.
 */
int blk_dev_init_above(struct blk_dev *dev, const struct blk_ops *ops, struct blk_dev *below);

const char *blk_op_name(enum blk_op op);
/* ---- fault.c: the layer of faults, whatever says which strike ---- */

#define BLK_FAULT_LOOK_NS (5 * NS_PER_MS) /* after so long an operation that is held looks again */

/* What a fault does to an operation. */
struct blk_strike {
	uint64_t
		until_ns; /* held back until then; UINT64_MAX: until `holds` says no; 0: not held */
	int result;       /* then: 0 = goes to the device; else the operation's result */
	struct blk_answer answer; /* with result ERR_INJECTED */
	uint32_t fault_id;        /* of a set */
};

struct blk_fault_dev {
	struct blk_dev dev;
	const struct blk_fault_source *source;
	char *dir;                 /* fault_file.c: owned */
	struct blk_faults *faults; /* fault_set.c: a reference */
};

struct blk_fault_source {
	/*
	 * Fills in what happens to an operation; *strike is zero.  The queue's thread; queue NULL:
	 * any thread that may wait, and may do so here.
	 */
	void (*look)(struct blk_fault_dev *fault, struct blk_queue *queue, struct blk_io *io,
		     struct blk_strike *strike);
	/*
	 * Returns whether an operation is still held back.  When it is not, that was the last call
	 * for it, and strike->result says what becomes of it.  The thread of the operation's queue.
	 */
	bool (*holds)(struct blk_fault_dev *fault, struct blk_io *io, struct blk_strike *strike);
};

/*
 * Makes the layer's device; ops: with blk_fault_submit.  Returns 0 or -ENOMEM.  On success it owns
 * the caller's reference to `below`.
 */
int blk_fault_dev_new(struct blk_dev *below, const struct blk_ops *ops,
		      const struct blk_fault_source *source, struct blk_fault_dev **ret_fault);
/* The function submit of the layer. */
enum blk_submitted blk_fault_submit(struct blk_dev *dev, struct blk_queue *queue,
				    struct blk_io *io);

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
 * Reads or writes some of the rest of io with one system call.  Returns as preadv does, with errno.
 */
ssize_t blk_fd_move_some(struct blk_io *io);
/*
 * Writes like pwritev, and returns when what was written is durable, on any kernel.  Returns how
 * many bytes were written, or -1 with errno set, as pwritev does; after an error of the sync
 * nothing is known of what was written.  Any thread.
 */
ssize_t blk_fd_write_durable(int fd, const struct iovec *iov, unsigned count, uint64_t at);
/*
 * Returns the iovec that holds byte io->moved_bytes, with the number of iovecs from there on in
 * *ret_count.  Copies the unfinished part of that iovec to io->rest.
 */
const struct iovec *blk_io_rest(struct blk_io *io, unsigned *ret_count);

/* ---- gate.c: operations that exclude each other; any thread ---- */

struct blk_gate {
	pthread_mutex_t lock;
	pthread_cond_t opened;        /* for callers without a queue */
	struct list running, waiting; /* struct blk_io.gate_node; in order of arrival */
	uint64_t block_bytes;         /* changes only while nobody is here */
};

void blk_gate_init(struct blk_gate *gate);
void blk_gate_fini(struct blk_gate *gate);
/*
 * Enters before the operation begins.  whole: it has only a part of a block, and writes back whole
 * blocks.  Returns true when it may begin.  Otherwise blk_queue_go_on is called for it later, on
 * its queue's thread; for an operation without a queue the call blocks and returns true.
 */
bool blk_gate_enter(struct blk_gate *gate, struct blk_io *io, bool whole);
/* The operation has ended.  io->gate is set. */
void blk_gate_leave(struct blk_io *io);

/* ---- direct.c: files past the page cache ---- */

struct blk_direct {
	const struct blk_dev *dev; /* the device that this belongs to */
	atomic_bool on;            /* operations go past the page cache */
	atomic_bool gated;         /* was on when the file was opened: operations pass the gate */
	const char *_Atomic why;   /* static text: why it is on, or is not; NULL = not opened yet */
	/* Powers of two, once it was on; change only while no I/O is in flight. */
	uint32_t offset_align; /* of where in the file, and how much, is read or written */
	uint32_t mem_align;    /* of the addresses of buffers */
	struct blk_gate gate;
};

struct blk_direct_choice {
	bool direct;
	const char *why; /* static text */
	uint32_t offset_align, mem_align;
};
/* Chooses for the open file, or, when fd is -1, for the one at the path.  Any thread. */
void blk_direct_choose(int fd, const char *path, enum blk_cache cache,
		       struct blk_direct_choice *ret_choice);
/* Makes the file direct, or not, as the choice is, and notes that.  No I/O is in flight. */
void blk_direct_open(struct blk_direct *direct, int fd, enum blk_cache cache);
/* Returns whether the range of io can be read or written as it is.  Any thread. */
bool blk_direct_range_fits(const struct blk_direct *direct, const struct blk_io *io);
/* Returns whether the rest of a READ or WRITE can be done by the system as it is.  Any thread. */
bool blk_direct_fits(struct blk_io *io);
/*
 * Does the rest of a READ or WRITE with io->direct set, whatever its alignment, with blocking
 * calls.  When the file system refuses what it should take, the file goes through the page cache
 * from then on.  Returns 0 or -errno.  A thread that may block.
 */
int blk_direct_run(struct blk_io *io);
/* For tests: what the system seems to be like; NULL = as it is. */
struct blk_direct_pretence {
	const char *host;                             /* stands for / where sysfs is read */
	uint32_t least_offset_align, least_mem_align; /* powers of two, or 0 */
	uint32_t claimed_align; /* what the file system says for both; 0 = what it says */
	bool no_statx;          /* the kernel has no STATX_DIOALIGN */
	bool refuse_open;       /* the file system has no O_DIRECT */
	uint32_t most_read;     /* so many bytes at most come from a read of a block; 0 = all */
	long fs_type;           /* statfs.f_type; 0 = what it is, as far as alignment goes */
};
void blk_direct_pretend(const struct blk_direct_pretence *as);

/* ---- guard.c: copies that survive the loss of what they copy ---- */

/*
 * Installs the handler of SIGBUS unless it is in its place.  Called for each mapping, since other
 * code may have put its own there (test frameworks do).  Returns whether it is there.  Any thread.
 */
bool blk_guard_install(void);
/*
 * Copies between io's buffers and mapped memory, from `at` on; io is a READ or a WRITE.
 * page_bytes:  of the system.  Returns false when there was a fault, after which a part may have
 * been copied.
 */
bool blk_guard_copy(uint8_t *at, const struct blk_io *io, size_t page_bytes);

/* ---- map.c: files in memory, mapped ---- */

struct blk_map;

/*
 * Maps a file that lies in memory, of size_bytes at least.  Returns NULL when that cannot be done,
 * or is refused (blk_file_set_map): then system calls must do.  Touches nothing of the file.
 */
struct blk_map *blk_map_new(int fd, uint64_t size_bytes, bool read_only);
/* Nobody uses the mapping.  Accepts NULL. */
void blk_map_free(struct blk_map *map);
/*
 * Returns a mapping for the file that has grown, which owns `map`; or `map`, when that is large
 * enough or no larger one can be had.  Operations may be using `map`.
 */
struct blk_map *blk_map_grow(struct blk_map *map, int fd, uint64_t size_bytes, bool read_only);
/* Returns how many mappings there are.  For tests. */
unsigned blk_map_count(void);

enum blk_mapped {
	BLK_MAPPED_MOVED,
	BLK_MAPPED_NOT,  /* some of it is a hole, or not known to be none; nothing was done */
	BLK_MAPPED_FAULT /* some of it cannot be had; a part may have been moved */
};
/* Does a READ or WRITE in the mapping.  The caller has another way when this one fails. */
enum blk_mapped blk_map_move(struct blk_map *map, const struct blk_io *io);
/* Has the processor fetch the range, as far as it has pages. */
void blk_map_prefetch(const struct blk_map *map, uint64_t offset_bytes, uint32_t len_bytes);
/* Notes that the file has its space for the pages of the range. */
void blk_map_note(struct blk_map *map, uint64_t offset_bytes, uint64_t len_bytes);
/* Notes that the pages of the range may be holes. */
void blk_map_forget(struct blk_map *map, uint64_t offset_bytes, uint64_t len_bytes);

/* ---- open.c: which files are open; closes idle ones for others ---- */

/* The descriptor of a file device. */
struct blk_open {
	atomic_int fd; /* -1 = not open */
	/* of the open file, or NULL; changes only as fd does, and when the file grows */
	struct blk_map *_Atomic map;
	_Atomic unsigned used; /* blk_open_clock at the last use */
	/*
	 * something was written that no sync has covered; set before the I/O leaves dev->inflight
	 */
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
/*
 * Makes fd the open file of the device, with its mapping (owned; NULL = none).  The caller holds
 * open->lock.
 */
void blk_open_set(struct blk_open *open, int fd, struct blk_map *map);
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
/* Goes on with an operation that blk_queue_wait has counted.  The queue's thread. */
void blk_queue_go_on(struct blk_queue *queue, struct blk_io *io);

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

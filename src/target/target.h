/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data path: target listens for initiators, moves their bytes, and joins iscsi, scsi, blk and
 * the array's states.  It runs one thread for each core, each with a loop, a blk_queue and buffers
 * of its own; a connection moves to another thread at most once, at the end of its login.
 *
 * The array publishes states; target turns each into a view that its threads swap by pointer.  A
 * session in full feature phase takes no lock, allocates nothing in the steady state, and never
 * waits for the catalog or the array.  docs/design/datapath.md.
 *
 * vdsd calls these functions on its main thread; the array calls the functions that target_new
 * registers with it.
 */
#ifndef VDS_TARGET_TARGET_H
#define VDS_TARGET_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "blk/blk.h"

struct array;
struct target;

/* How the data path works. Zero in a field chooses the value that the field's comment names. */
struct target_options {
	/* 0 = one thread for each core that this process may use, at most 64 */
	unsigned threads;
	unsigned workers; /* threads for blocking file operations; 0 = 32 */
	/* BLK_QUEUE_AUTO = the best kind that works on this machine */
	enum blk_queue_kind queue_kind;
	unsigned spin_us; /* microseconds for which a thread looks for work before it sleeps */
	/*
	 * Memory for data that is being moved, for all threads together; each thread has an equal
	 * part.  0 = a quarter of the system's memory, but at most 4 GiB, and at least 16 MiB for
	 * each thread.
	 */
	uint64_t buffer_bytes;
	/* 0 = 4096; also limited by the number of descriptors that the process may have */
	unsigned max_connections;
	unsigned login_timeout_ms; /* from accept to full feature phase; 0 = 15,000 */
	/* a connection that was silent for so long is asked for a sign of life; 0 = 30,000 */
	unsigned nop_interval_ms;
	/* the answer must come within so long, or the connection is closed; 0 = 15,000 */
	unsigned nop_timeout_ms;
	/* a discovery session that asks for nothing for so long is closed; 0 = 60,000 */
	unsigned discovery_idle_ms;
	/*
	 * when buffers are short, a connection whose peer took no data for so long is ended; 0 =
	 * 2,000
	 */
	unsigned stuck_ms;
	/* how long expected write data may stay out before it is requested again; 0 = 1,000 */
	unsigned recover_ms;
	/* how long a command waits for the gateway that owns its LUN; 0 = 15,000 */
	unsigned forward_wait_ms;
	/* a command that takes so long is logged with its phases; 0 = none is */
	unsigned slow_ms;
	unsigned chap_kinds; /* bit n allows enum digest_kind n for CHAP; 0 = each is allowed */
	/* time between attempts to listen at an address that this host does not have; 0 = 1,000 */
	unsigned portal_retry_ms;
	/*
	 * congestion control of all connections: an algorithm of the system that
	 * target_congestion_check accepts, or TARGET_CONGESTION_SYSTEM for the system's choice;
	 * NULL = the cheapest for initiators on this host, the system's choice for others.
	 * Borrowed until target_free.
	 */
	const char *congestion;
};

#define TARGET_CONGESTION_SYSTEM "system"

/*
 * Sets the options that vdsd uses: target chooses everything itself, and spins for the time that
 * was measured to be best (docs/design/performance.md).
 */
void target_options_default(struct target_options *options);

/*
 * Returns 0 when the system lets this process use a congestion control of that name (NULL and
 * TARGET_CONGESTION_SYSTEM are always right); otherwise, with a text, ERR_INVALID (there is none of
 * that name), -EPERM (it is not allowed to processes without privileges) or -errno (no socket).
 */
int target_congestion_check(const char *name);
/*
 * Starts the threads and registers with the array, which publishes its state: when this returns,
 * the portals that can listen do so.  The caller owns *ret_target and frees it with target_free.
 * Returns 0 or -errno (no memory, no thread, or no io_uring although the options ask for it).
 */
int target_new(const struct target_options *options, struct array *array,
	       struct target **ret_target);

/*
 * Unregisters from the array, stops listening, asks the initiators of all sessions to log out, and
 * waits until they have, at most wait_ms; commands are served meanwhile.  To be called before
 * target_free, which ends the sessions that are left.  Accepts NULL.
 */
void target_log_out(struct target *target, unsigned wait_ms);
/*
 * Unregisters from the array, stops listening and ends all sessions.  I/O that is in flight in the
 * backing store may end, and its answer is sent if the socket takes it at once.  Waits at most
 * timeout_ms for the sessions to end.  Then frees everything and returns true; if I/O has not
 * returned by then, the memory stays allocated, and false is returned.  Accepts NULL.
 */
bool target_free(struct target *target, unsigned timeout_ms);

/* Returns which kind of I/O queue the threads use. Any thread. */
enum blk_queue_kind target_queue_kind(const struct target *target);
/*
 * Asks each thread for a sign of life, which it gives when it takes its next messages.  Returns
 * whether all threads have given the one that the call before asked for; true in the first call.
 * One thread at a time.
 */
bool target_beat(struct target *target);
/* Returns how many data-path threads there are. Any thread. */
unsigned target_thread_count(const struct target *target);
/*
 * Returns what publications and drains have cost so far, on all threads: the number of changed
 * rows, places, sessions, portals, index nodes and paths that were visited.  For tests and
 * measurements.  Any thread.
 */
uint64_t target_publish_steps(const struct target *target);
/*
 * Returns for how many connections another thread than that of their session sends, and how many
 * sends such threads were given so far (docs/design/datapath.md, "Several connections for one
 * session").  For tests.  Any thread.
 */
unsigned target_senders(const struct target *target, uint64_t *ret_handed_over);

#endif

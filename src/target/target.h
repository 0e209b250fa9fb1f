/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data path: it listens, moves bytes, and joins iscsi, scsi, blk and the array's views.  One
 * thread for each core, each with its loop, its blk_queue and its buffers; a connection moves at
 * most once, at the end of its login.
 *
 * The array publishes states; target turns them into per-target views that its threads swap by
 * pointer.  The full feature phase asks nobody: no catalog, no lock, no allocation in the steady
 * state.  docs/design/datapath.md.
 */
#ifndef VDS_TARGET_TARGET_H
#define VDS_TARGET_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "blk/blk.h"

struct array;
struct target;

struct target_options {
	/* 0 = one for each core that this process may use, at most 64 */
	unsigned threads;
	unsigned workers;               /* for blocking file operations; 0 = 8 */
	enum blk_queue_kind queue_kind; /* AUTO = probe */
	unsigned spin_us;               /* how long a thread looks for work before it sleeps */
	/*
	 * Memory for data on its way, in all; each thread has an equal part.  0 = a quarter of the
	 * system's, at most 4 GiB, at least 16 MiB for each thread
	 */
	uint64_t buffer_bytes;
	unsigned max_connections;   /* 0 = 4096; also cut to what the descriptor limit allows */
	unsigned login_timeout_ms;  /* from accept to full feature phase; 0 = 15,000 */
	unsigned nop_interval_ms;   /* idle time before we ask for a sign of life; 0 = 30,000 */
	unsigned nop_timeout_ms;    /* and how long we wait for it; 0 = 15,000 */
	unsigned discovery_idle_ms; /* a discovery session that asks for nothing ends; 0 = 60,000 */
	/* between attempts to listen at an absent address; 0 = 1,000 */
	unsigned portal_retry_ms;
};

/*
 * What vdsd uses: everything chosen by itself, a spin that was measured
 * (docs/design/performance.md).
 */
void target_options_default(struct target_options *options);

/*
 * Starts the threads and registers with the array, which publishes its state: portals that can
 * listen do so on return.  0, -errno.
 */
int target_new(const struct target_options *options, struct array *array,
	       struct target **ret_target);

/*
 * Unregisters from the array, stops listening, ends sessions (backing I/O in flight is waited for,
 * answers are still sent when that goes at once), at most timeout_ms for the sessions; then frees
 * everything.  Accepts NULL.
 */
void target_free(struct target *target, unsigned timeout_ms);

/* Which kind of queue the threads have got. */
enum blk_queue_kind target_queue_kind(const struct target *target);
unsigned target_thread_count(const struct target *target);
/*
 * Returns how much publications and drains have cost so far: how many changed rows, places, sessions,
 * portals, index nodes and paths were visited, on all threads.  For tests and measurements.  Any
 * thread.
 */
uint64_t target_publish_steps(const struct target *target);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of target/ share, grouped by the file that defines it.  Three kinds of threads
 * work here:
 *
 *	publisher (the array's writer)	makes views, posts them to the data-path threads, waits until
 *					all of them have the new view; updates and forgets units
 *	data-path thread n		owns its connections, sessions, paths and tasks; reads its
 *					view; makes a unit when the first command for its LUN comes
 *	reporter (one worker)		carries live rows and released devices to the array, so
 *					that no data-path thread waits for the array
 *
 * Locks, all leaves, none held over a wait: registry.lock, target.units_lock, target.holds_lock,
 * target.traffic_lock, target.limits.lock, ack.lock.  target.publish_lock makes publications one at
 * a time; under it the others may be taken.  target.units_lock is held while the array is asked for
 * a device, which takes its locks devices_lock and luns_lock; the array calls the data path with
 * neither of them.
 */
#ifndef VDS_TARGET_TARGET_INT_H
#define VDS_TARGET_TARGET_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "array/array.h"
#include "base/guid.h"
#include "base/list.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/workers.h"
#include "iscsi/iscsi.h"
#include "model/rows.h"
#include "model/state.h"
#include "scsi/scsi.h"
#include "scsi/store.h"
#include "target/buf_int.h"
#include "target/conn_int.h"
#include "target/forward_int.h"
#include "target/limits_int.h"
#include "target/meter_int.h"
#include "target/portal_int.h"
#include "target/session_int.h"
#include "target/target.h"
#include "target/task_int.h"
#include "target/traffic_int.h"
#include "target/unit_int.h"
#include "target/view_int.h"

struct target_conn;
struct target_drain;
struct target_path;
struct target_session;
struct target_task;
struct target_thread;

#define TARGET_THREADS_MAX 64u

/* ---- sample.c: what the data path has counted ---- */

/* The functions lun_counters and sample of struct array_runtime_ops. */
int target_sample_lun(void *runtime, const struct guid *lun_id,
		      struct array_lun_counters *ret_counters);
int target_sample_all(void *runtime, const struct array_sampler *sampler);

/* ---- thread.c -------------------------------------------------------------------------------- */

#define THREAD_RX_BYTES  (256u * 1024)
#define THREAD_TX_PIECES 512

/* A data-path thread and everything that belongs to it. */
struct target_thread {
	struct target *target;
	unsigned index;
	pthread_t pthread;
	bool started;
	int error; /* -errno: why the thread did not start */
	struct loop *loop;
	struct blk_queue *queue;
	struct target_buf_pool bufs;
	/* bytes of `bufs` in use, and the most that may be in use */
	uint64_t buffered_bytes, buffer_max_bytes;
	/* when the thread last looked for a connection that holds back buffers */
	uint64_t relieved_ns;
	struct target_view *view; /* a reference; NULL before the first publication */
	struct target_strangers strangers;
	struct list conns, sessions, dirty;
	struct list later; /* struct target_conn.later_node: settled in the next round */
	/* forward.c: struct target_forward.node and target_link.dirty */
	struct list parked, parked_functions, spare_forwards, dirty_links;
	struct loop_timer parked_timer;  /* set while `parked` has tasks */
	struct list barriers;            /* struct target_conn.barrier_node: logins that wait */
	struct loop_timer barrier_timer; /* set while there are any */
	uint64_t arrivals;               /* of tasks that were to be forwarded */
	/*
	 * the gateway may not answer: nothing is received, started or sent on this thread, and the
	 * timer looks whether it may again
	 */
	bool muted;
	struct loop_timer mute_timer;
	struct target_inside_secrets inside_secrets; /* of the login that goes on */
	const struct target_conn *heard; /* the connection that received last; only compared */
	uint64_t shared_ns;              /* when another one had received before it */
	struct guid_map by_target;       /* struct target_session_set, by target id */
	struct guid_map by_initiator;    /* struct target_session_set, by a hash of the name */
	/* struct target_drain_part: parts that wait for I/O, and parts that hold paths */
	struct list waits, holds;
	struct list aborted; /* struct target_task.node: aborted tasks, the oldest first */
	struct loop_timer aborted_timer;
	struct loop_hook hook;
	struct loop_msg view_msg, stop_msg, beat_msg, jobs_msg, reset_msg;
	atomic_bool beat_due; /* beat_msg was posted and has not run */
	struct target_publication *publication;
	/*
	 * announce.c: which reset it is, and how many tasks owners have not answered to be aborted
	 */
	struct target_reset_news *reset_news;
	uint64_t reset_round;
	unsigned reset_asked;
	bool dropping;
	struct loop_timer reset_timer;
	struct target_ack *stop_ack;
	bool stopping; /* no new connection is accepted any more */
	/*
	 * sessions that the thread has or will have: a new session goes to the thread with the
	 * fewest
	 */
	atomic_uint sessions_assigned;
	uint8_t *rx; /* receive buffer of THREAD_RX_BYTES bytes */
	struct target_meter meter;
	struct iovec tx[THREAD_TX_PIECES];
};

/* Returns where the connection's thread counts what comes through its portal. */
static inline struct target_traffic_share *
target_conn_traffic(const struct target_conn *conn)
{
	return &conn->portal->traffic->shares[conn->thread->index];
}
/* Starts the thread.  Returns 0 or -errno. */
int target_thread_start(struct target_thread *thread, struct target *target, unsigned index);
/*
 * Makes the thread stop listening and end all its connections; the thread counts down `ack` when it
 * has begun to do so.  Any thread.
 */
void target_thread_stop_serving(struct target_thread *thread, struct target_ack *ack);
/* Ends the thread and waits for its end. All its connections must be freed before. */
void target_thread_join(struct target_thread *thread);
/*
 * Frees what the thread had.  To be called when nobody posts a message to the thread any more: a
 * worker may still be waking a loop that has its message.
 */
void target_thread_free(struct target_thread *thread);

/* ---- report.c: to the array, in order, by a worker ------------------------------------------- */

/* Reports a live row to the array. Consumes the reference; NULL has no effect. Any thread. */
void target_report_put(struct target *target, void *row);
/* Reports that a live row is deleted. Any thread. */
void target_report_delete(struct target *target, enum row_family family, const struct guid *id);
/*
 * Reports that aborted I/O of a LUN does not end (hangs is true), or that it has ended.  Any
 * thread.
 */
void target_report_hang(struct target *target, const struct guid *lun_id, bool hangs);
/* Reports that the write cache of a LUN is off now (write_through), or on.  Any thread. */
void target_report_cache(struct target *target, const struct guid *lun_id, bool write_through);
/*
 * Waits until the array has everything that was reported before.  Publisher.  The reporter never
 * waits for the publisher, so this ends.
 */
void target_report_flush(struct target *target);

/* ---- owners.c: what is forwarded to each gateway --------------------------------------------- */

struct iscsi_request;

struct target_owner {
	struct guid controller_id; /* does not change */
	_Atomic uint64_t commands, errors, read_bytes, write_bytes;
	_Atomic uint64_t links, broken;
};

struct target_owners {
	pthread_mutex_t lock; /* for whoever adds one */
	_Atomic size_t count; /* those before it do not change */
	struct target_owner list[2 * ARRAY_GATEWAYS_MAX];
	struct target_owner rest; /* of gateways for which there was no room */
};

/* Returns the counters of a gateway, which stay as long as the target.  Any thread. */
struct target_owner *target_owner_get(struct target *target, const struct guid *controller_id);
/* Counts a command that has come back.  Any thread. */
void target_owner_count(struct target_owner *owner, const struct iscsi_request *request);
/* forward_counters of array_runtime_ops. */
int target_owner_counters(void *runtime, const struct guid *controller_id,
			  struct array_forward_counters *ret_counters);

/* ---- target.c -------------------------------------------------------------------------------- */

struct target {
	struct target_options options;
	struct array *array;
	bool shared; /* several gateways serve the array: the lease counts (array_lease_ok) */
	struct workers *workers; /* threads for blocking file operations */
	/* the one thread that delivers reports to the array */
	struct workers *reporter;
	/*
	 * the one thread that asks the array for changes on behalf of initiators, and waits for
	 * them
	 */
	struct workers *changer;
	struct target_registry registry;
	struct target_refusals refusals;
	struct target_owners owners;
	/* when any thread last received something from a session of a target */
	_Atomic uint64_t session_ns;
	/* what the iSCSI engines hold for peers: for strangers, and for sessions of targets */
	struct iscsi_budget stranger_budget, session_budget;
	unsigned thread_count;
	struct target_thread *threads;
	/*
	 * number of connections, on a thread or between two; plus one until target_free stops the
	 * data path
	 */
	atomic_uint conn_count;
	atomic_uint senders;          /* connections for which other threads send (sender.c) */
	_Atomic uint64_t handed_over; /* sends that these threads were given */
	struct target_ack no_conns;   /* counted down when conn_count has become 0 */

	pthread_mutex_t publish_lock;
	struct target_view *view;      /* the view that was published last; under publish_lock */
	struct array_secrets *secrets; /* for the next view, a reference; the publisher */
	/* number of rows, places and nodes that publications have visited: target_publish_steps */
	_Atomic uint64_t publish_steps;

	pthread_mutex_t units_lock;
	/*
	 * struct target_unit by LUN id, one reference to each; data-path threads add to the map,
	 * the publisher removes from it
	 */
	struct guid_map units;
	struct guid_map levels; /* struct array_pool_level by pool id, owned; under units_lock */

	_Atomic uint64_t trace_until_ns; /* trace.c: until then readers want commands noted */

	struct target_limit_table limits;

	pthread_mutex_t holds_lock;
	struct list holds; /* struct target_drain.node */
	struct target_jobs jobs;

	pthread_mutex_t traffic_lock;
	struct list traffic; /* struct target_traffic.node */
};

/*
 * Returns whether the thread may begin commands and send answers: this gateway has its lease, or is
 * on one machine.  If not, whoever asked is marked when it may again.  The thread.
 */
bool target_thread_mute(struct target_thread *thread);
static inline bool
target_thread_may_answer(struct target_thread *thread)
{
	return __builtin_expect(!thread->target->shared, true) ||
	       array_lease_ok(thread->target->array) || target_thread_mute(thread);
}

/*
 * Notes that a session of a target was heard now.  The threads share one cache line for this note,
 * so each thread writes it at most once in STRANGER_NOTE_NS.
 */
static inline void
target_stranger_note_session(struct target_thread *thread, uint64_t now_ns)
{
	if (now_ns - thread->strangers.session_ns < STRANGER_NOTE_NS)
		return;
	thread->strangers.session_ns = now_ns;
	atomic_store_explicit(&thread->target->session_ns, now_ns, memory_order_relaxed);
}

#endif

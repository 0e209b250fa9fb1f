/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of target/ share, grouped by the file that defines it.  Three kinds of threads
 * work here:
 *
 *	publisher (the array's writer)	makes views and units, posts the views to the data-path
 *					threads, waits until all of them have the new view
 *	data-path thread n		owns its connections, sessions, paths and tasks; reads its
 *					view
 *	reporter (one worker)		carries live rows and released devices to the array, so
 *					that no data-path thread waits for the array
 *
 * Locks, all leaves, none held over a wait: registry.lock, target.units_lock, target.holds_lock,
 * ack.lock.  target.publish_lock makes publications one at a time; under it the others may be
 * taken.
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
#include "scsi/scsi.h"
#include "target/target.h"
#include "model/rows.h"
#include "model/state.h"

struct target_conn;
struct target_path;
struct target_session;
struct target_task;
struct target_thread;

#define TARGET_THREADS_MAX 64u
#define ADDRESS_TEXT_SIZE  64u /* bytes for "[ADDRESS]:65535" and its NUL */

/* ---- ack.c: wait until n threads have done something ----------------------------------------- */

/* A counter on which one thread waits until each of n threads has done something. */
struct target_ack {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* threads that have not called target_ack_one yet; under `lock` */
	unsigned left;
};

void target_ack_init(struct target_ack *ack, unsigned count);
void target_ack_fini(struct target_ack *ack);
/* Say that one thread has done its part. Any thread. */
void target_ack_one(struct target_ack *ack);
/*
 * Wait until every thread has done its part.  timeout_ms UINT32_MAX = without a limit.  Returns 0
 * or ERR_TIMEOUT.
 */
int target_ack_wait(struct target_ack *ack, uint32_t timeout_ms);

/* ---- buf.c: a thread's buffers --------------------------------------------------------------- */

#define BUF_CLASSES    7u /* sizes of buffers: 4 KiB, 8 KiB, … 256 KiB */
#define BUF_PIECE_MIN  4096u
#define BUF_PIECE_MAX  (256u * 1024)
#define BUF_PIECES_MAX (SCSI_MAX_TRANSFER_BYTES / BUF_PIECE_MAX + 1)
#define BUF_PIECES_FEW 33u /* pieces of 8 MiB: a task has room for them without an allocation */

struct target_buf_chunk;

/* The buffers of one thread, which alone uses them. */
struct target_buf_pool {
	uint8_t *range; /* address range of chunk_count chunks of BUF_PIECE_MAX bytes */
	struct target_buf_chunk *chunks;
	size_t chunk_count;
	size_t touched;          /* chunks that were ever used; those behind them are fresh */
	size_t chunks_in_use;    /* chunks of which a buffer is in use */
	size_t idle_with_memory; /* chunks in `idle` that still have memory from the system */
	struct list idle; /* struct target_buf_chunk.node: unused chunks, those with memory first */
	/* struct target_buf_chunk.node: chunks in use that have free buffers, by buffer size */
	struct list partial[BUF_CLASSES];
};

/*
 * Reserve address space for buffers of max_bytes in all and for one more chunk of each size.
 * Returns 0 or -errno.
 */
int target_buf_pool_init(struct target_buf_pool *pool, uint64_t max_bytes);
void target_buf_pool_fini(struct target_buf_pool *pool);
/*
 * Returns how many bytes of the pool the buffers for len_bytes take: at least BUF_PIECE_MIN, and
 * less than twice len_bytes otherwise.
 */
uint32_t target_buf_cost(uint32_t len_bytes);
/*
 * Take buffers for len_bytes bytes (1 to SCSI_MAX_TRANSFER_BYTES) and write them to iov, which has
 * BUF_PIECES_MAX elements; the last piece is cut to fit.  Returns the number of pieces, or -ENOMEM.
 */
int target_buf_get(struct target_buf_pool *pool, uint32_t len_bytes, struct iovec *iov);
/*
 * Return the buffers that target_buf_get took for len_bytes (0: there are none). The lengths in iov
 * may have been changed.
 */
void target_buf_put(struct target_buf_pool *pool, const struct iovec *iov, uint32_t len_bytes);

/* ---- unit.c: a LUN as the data path has it --------------------------------------------------- */

/*
 * The part of a unit that belongs to one thread.  That thread writes the counters and any thread
 * reads them; only that thread uses the list.
 */
struct target_unit_share {
	_Alignas(64) _Atomic uint64_t read_commands;
	_Atomic uint64_t write_commands, other_commands, read_bytes, write_bytes;
	/*
	 * struct target_path.unit_node: the thread's paths to the unit, including those that are
	 * gone from their session's map
	 */
	struct list paths;
};

/*
 * A LUN as the data path has it: its block device, its SCSI logical unit and its counters.  There
 * is one unit for a LUN row.  It is made when the LUN is associated for the first time, and the
 * table target->units holds a reference until the row is deleted: a LUN that is dissociated and
 * associated again keeps its unit, and with it range locks, unit attentions and mode parameters.
 * Paths hold references too, so the unit of a deleted LUN lives until its last task has ended.
 * Made by the publisher, freed by whichever thread drops the last reference.
 */
struct target_unit {
	atomic_uint refs;
	struct target *target;
	struct guid lun_id;
	struct scsi_lu *lu;
	struct blk_dev *dev; /* from array_lun_device; returned with array_device_release */
	struct work release;
	unsigned share_count;
	struct target_unit_share shares[]; /* one for each thread */
};

/*
 * Find the unit of a LUN row and update its size and status, or make the unit.  The reference
 * belongs to target->units; a caller that keeps the unit takes a reference of its own.  Returns 0
 * or -ENOMEM. Publisher.
 */
int target_unit_get(struct target *target, const struct row_lun *row,
		    struct target_unit **ret_unit);
/*
 * Drop the reference that target->units holds to the unit of a deleted LUN. Has no effect when the
 * LUN has no unit.  Publisher.
 */
void target_unit_forget(struct target *target, const struct guid *lun_id);
/* Drop all references that target->units holds. To be called when nothing is published any more. */
void target_unit_forget_all(struct target *target);
struct target_unit *target_unit_ref(struct target_unit *unit);
void target_unit_unref(struct target_unit *unit); /* accepts NULL; any thread */
/* Compare elements of an array of struct target_unit *, by address: for qsort and bsearch. */
int target_unit_compare(const void *a, const void *b);
/*
 * Called when the device of a failed LUN was opened again: raise CAPACITY DATA HAS CHANGED, so that
 * initiators look at the LUN again.  Has no effect when the LUN has no unit.  Any thread.
 */
void target_unit_recovered(struct target *target, const struct guid *lun_id);
/* Returns the unit of a LUN with one reference for the caller, or NULL. Any thread. */
struct target_unit *target_unit_find(struct target *target, const struct guid *lun_id);
/* Read a LUN's counters.  Returns 0, or ERR_NOT_FOUND (the LUN has no unit).  Any thread. */
int target_unit_sample(struct target *target, const struct guid *lun_id,
		       struct array_lun_counters *ret_counters);

/* ---- stranger.c: connections in login, and discovery sessions ---- */

#define STRANGER_SOURCES 1024u
#define STRANGER_NOTE_NS 500000u

/*
 * What kind of stranger a connection is: none (a session of a target), in login, or a discovery
 * session.
 */
enum target_stranger { STRANGER_NONE, STRANGER_LOGIN, STRANGER_DISCOVERY, STRANGER_KINDS };

/* A job that handles a stranger's input and waits for its turn. */
struct target_turn {
	struct list node;
	void (*run)(struct target_turn *turn);
};

/* All strangers of one kind on one thread. */
struct target_stranger_kind {
	/* struct target_conn.stranger_node: the first one is closed first when room is needed */
	struct list conns;
	unsigned count;
	uint16_t from[STRANGER_SOURCES]; /* number of connections by hash of the peer's address */
};

/* The strangers of one thread, which shares its time between them and the sessions of targets. */
struct target_strangers {
	struct list turns; /* struct target_turn.node */
	struct target_stranger_kind kind[STRANGER_KINDS];
	/* time that turns may take now; negative = they have already taken more */
	int64_t allowance_ns;
	uint64_t counted_ns; /* time up to which the allowance was counted */
	uint64_t session_ns; /* when this thread last set target->session_ns */
	struct loop_timer timer;
};

void target_stranger_init(struct target_thread *thread);
/*
 * Add a connection that was accepted.  May close an older stranger to make room.  The connection's
 * thread, as for all functions below.
 */
void target_stranger_add(struct target_conn *conn);
/*
 * The login has made the connection a discovery session.  May close another discovery session to
 * make room.
 */
void target_stranger_discovers(struct target_conn *conn);
/* A discovery session has asked for targets: it is closed later than those that did not ask. */
void target_stranger_asked(struct target_conn *conn);
/*
 * The connection was closed or has become a session of a target: forget it.  Has no effect on a
 * connection that is no stranger.
 */
void target_stranger_remove(struct target_conn *conn);
/*
 * Close one stranger so that another peer can have a connection.  Returns false when there is no
 * stranger.
 */
bool target_stranger_make_room(struct target_thread *thread);
/* Have turn->run called once, when its turn comes. Has no effect when the turn waits already. */
void target_stranger_turn(struct target_thread *thread, struct target_turn *turn);
/*
 * Run turns at the end of a round, as long as the allowance lasts.  Returns true when more turns
 * can run at once.
 */
bool target_stranger_run(struct target_thread *thread);

/* ---- portal.c: where we listen --------------------------------------------------------------- */

/*
 * A listening address.  There is one for each portal row; a changed row makes a new portal.  Views,
 * sets of portals and connections hold references.
 */
struct target_portal {
	atomic_uint refs;
	struct row_portal *row;
	struct target_thread *thread; /* the thread that listens at this address */
	/* it listens */
	atomic_bool ready;
	/* The fields below belong to that thread. */
	bool opened; /* target_portal_open was called: it listens or tries to */
	struct loop_fd lfd;
	struct loop_timer retry;
	bool accepting; /* lfd is registered in the thread's loop */
	struct target_turn turn;
	/*
	 * why it does not listen, as it was reported last; NULL = it listens, or nothing was
	 * reported yet
	 */
	char *reason;
};

/* Make a portal with one reference for the caller. Returns 0 or -ENOMEM. Publisher. */
int target_portal_new(struct target *target, const struct row_portal *row,
		      struct target_portal **ret_portal);
struct target_portal *target_portal_ref(struct target_portal *portal);
void target_portal_unref(struct target_portal *portal);
/* Begin listening; end listening. The portal's thread. */
void target_portal_open(struct target_portal *portal);
void target_portal_close(struct target_portal *portal);
/* Write "192.0.2.1:3260" or "[::1]:3260". */
void target_portal_format(const struct row_portal *row, char text[ADDRESS_TEXT_SIZE]);
/*
 * Find a TCP port that is free at this address and that the system does not use for outgoing
 * connections, so that no initiator on this host holds the port when vdsd starts again.  Returns 0
 * or a negative code (there is no such port).
 */
int target_portal_pick_port(const char *address, uint16_t *ret_port);

/* ---- shown.c: which initiators see a LUN of which targets ---- */

/*
 * The root of an index of the targets that each initiator sees.  NULL is the empty index.
 * Immutable once a view has it; counted.
 */
struct target_shown;

/* An index while one thread changes it. `steps` counts the nodes that were visited. */
struct target_shown_edit {
	struct target_shown *root; /* a reference */
	uint64_t steps;
};

struct target_shown *target_shown_ref(struct target_shown *root); /* accepts NULL */
void target_shown_unref(struct target_shown *root);               /* accepts NULL; any thread */
/*
 * Change the index after a LUN behind the target got the mask `after` in place of `before`. ""
 * stands for a LUN that was not, or is no longer, behind the target.  Takes time in proportion to
 * the lengths of the masks and to the logarithm of the index.  Returns 0 or -ENOMEM (the edit can
 * then only be dropped).
 */
int target_shown_change(struct target_shown_edit *edit, const char *before, const char *after,
			const char *target);
/*
 * Returns the name of the first target behind `after` (NULL = the first of all) of which this
 * initiator sees a LUN, or NULL. The text belongs to the index.
 */
const char *target_shown_next(const struct target_shown *root, const char *initiator,
			      const char *after);
/* Returns true when this initiator sees a LUN of this target. */
bool target_shown_has(const struct target_shown *root, const char *initiator, const char *target);

/* ---- view.c: what a state means for initiators; immutable, counted --------------------------- */

/* The portals of a view. */
struct target_portals {
	atomic_uint refs; /* views that refer to this struct */
	size_t count;
	struct target_portal *list[]; /* sorted by id; one reference to each */
};

/* The state of the array as data-path threads see it. Immutable; counted. */
struct target_view {
	atomic_uint refs;
	struct state *state; /* a reference */
	/* shared by successive views as long as no portal changes */
	struct target_portals *portals;
	/* which initiators see LUNs of which targets */
	struct target_shown *shown;
};

/* A place: a LUN number of a target, and the unit that has this number now. */
struct target_place {
	struct guid target_id;
	uint16_t number;
	struct target_unit *unit; /* NULL = no unit; the reference belongs to target->units */
	const char *mask;         /* the LUN's mask; belongs to the view's state */
};

/* A delta: what running sessions must do because of a change. */
struct target_delta {
	/* places to look at again, sorted by target id and number, each once */
	struct target_place *places;
	size_t place_count;
	struct guid *ended; /* targets that were deleted, whose sessions must end */
	size_t ended_count;
	bool portals_changed;
	uint64_t steps; /* how many rows, places and nodes were visited to make the delta */
};

/*
 * Make the view of a state, and the delta from the old view.  old and change are NULL only for the
 * first view.  Makes and updates units.  Takes time in proportion to the change.  Returns 0 or
 * -ENOMEM. Publisher.
 */
int target_view_new(struct target *target, const struct target_view *old, const struct state *state,
		    const struct change *change, struct target_view **ret_view,
		    struct target_delta *ret_delta);
void target_delta_fini(struct target_delta *delta);
struct target_view *target_view_ref(struct target_view *view);
void target_view_unref(struct target_view *view); /* accepts NULL; any thread */
/*
 * Find a target by its iSCSI name, or a portal by its id.  The result belongs to the view; NULL
 * when there is none.
 */
const struct row_target *target_view_find_target(const struct target_view *view,
						 const char *iscsi_name);
struct target_portal *target_view_find_portal(const struct target_view *view,
					      const struct guid *id);
/* Returns the portal group of this target that has the portal, or NULL. */
const struct row_portal_group *target_view_find_group(const struct target_view *view,
						      const struct guid *target_id,
						      const struct target_portal *portal);

/* ---- publish.c ------------------------------------------------------------------------------- */

struct target_publication;

/* Publish a state: the function publish of struct array_runtime_ops. Publisher. */
void target_publish_state(void *runtime, const struct state *state, const struct change *change);

/* ---- hold.c: quiesce, resume, and waiting for tasks ------------------------------------------ */

struct target_drain;

/* The part of a drain that one thread does. */
struct target_drain_part {
	struct target_drain *drain;
	struct target_thread *thread;
	struct loop_msg msg, undo_msg;
	/* in thread->waits until nothing that the part covers is in flight */
	struct list wait_node;
	struct list hold_node; /* in thread->holds while the paths of the mappings are held */
};

/*
 * The functions quiesce and resume of struct array_runtime_ops.  The handle of a drain is a struct
 * target_drain.  Called on threads of the array.
 */
int target_hold_quiesce(void *runtime, const struct array_mapping *mappings, size_t count,
			uint32_t timeout_ms, void **ret_drain);
void target_hold_resume(void *runtime, void *drain);
/* End every hold, because the data path stops. */
void target_hold_end_all(struct target *target);
/* Returns true when a drain holds this path. The path's thread. */
bool target_hold_covers(const struct target_thread *thread, const struct target_path *path);
/* Called when I/O that was in flight has ended: look which drains have nothing left to wait for. */
void target_hold_check(struct target_thread *thread);
/*
 * Abort the tasks of some units on all threads, through whichever target they came; then call
 * done(arg) on the loop of the calling thread.  The request's array belongs to the caller and stays
 * unchanged until then.  target_hold_abort returns 0 or -ENOMEM.
 */
struct target_abort_request {
	struct target_unit *const *units; /* sorted by address */
	size_t unit_count;
	/* the session that asks: it gets no unit attention; NULL = none */
	const struct target_session *by;
	uint32_t cmd_sn; /* of the tasks of `by`, those with a CmdSN before this one are aborted */
	/* unit attention for the other sessions whose tasks were aborted; SCSI_UA_COUNT = none */
	enum scsi_ua ua;
	void (*done)(void *arg);
	void *arg;
};
int target_hold_abort(struct target_thread *thread, const struct target_abort_request *request);

/* ---- registry.c: all sessions, for reinstatement, TSIHs and management ----------------------- */

#define REGISTRY_BUCKETS 1024u

/* All sessions of targets, on all threads. */
struct target_registry {
	pthread_mutex_t lock;
	/* struct target_registry_entry.node, by hash of the initiator's name */
	struct list buckets[REGISTRY_BUCKETS];
	uint8_t tsihs[(UINT16_MAX + 1) / 8]; /* a bit for each TSIH that is in use */
	uint16_t last_tsih;
	size_t count;
	/*
	 * There are at most `max` entries.  The last `reserved` of them are kept for initiators
	 * that already have a session.
	 */
	size_t max, reserved;
};

/* The registry's part of a connection. */
struct target_registry_entry {
	struct list node; /* registry.lock guards all fields of an entry */
	bool entered;
	const char *initiator, *target; /* names in the connection's login */
	const char *host;               /* the peer's address */
	uint8_t isid[ISCSI_ISID_SIZE];
	uint16_t tpgt, tsih, cid;
	/* TSIH of the session whose connection this one reinstates; 0 = a new session */
	uint16_t wanted_tsih;
	struct guid session_id;
	/* the thread that has the connection, or will have it after its move */
	struct target_thread *thread;
	bool kill_posted, drain_posted;
	struct loop_msg kill, drain;
	const struct guid *portal_id; /* id of the portal through which the connection came */
	uint32_t drain_ms;
	struct target_registry_entry *waiter; /* the login that waits for the end of this session */
	struct target_registry_entry *waits_for;
	struct loop_msg wake; /* posted to the waiter's own thread */
	struct target_thread *wake_thread;
};

enum target_registry_claim {
	REGISTRY_ENTERED,
	REGISTRY_WAIT,      /* an older session must end first */
	REGISTRY_CONTENDED, /* another login waits for the same session */
	/* there is no free place, or only reserved ones and the initiator has no session */
	REGISTRY_FULL,
};

/* max: how many sessions there may be at one time. */
void target_registry_init(struct target_registry *registry, size_t max);
void target_registry_fini(struct target_registry *registry);
/*
 * Enter a session.  When an older session has the same initiator, ISID, target and tag, have that
 * session ended and return REGISTRY_WAIT: entry->wake runs on entry->wake_thread when the older
 * session has ended, and the caller enters again.  Any thread.
 */
enum target_registry_claim target_registry_enter(struct target_registry *registry,
						 struct target_registry_entry *entry);
/*
 * Remove an entry, or stop its waiting.  Has no effect when the entry is neither entered nor
 * waiting.
 */
void target_registry_leave(struct target_registry *registry, struct target_registry_entry *entry);
/*
 * Decide what a login with a TSIH may do.  Returns ISCSI_LOGIN_OK (the login reinstates the
 * connection of its own session, RFC 7143 §6.3.4: initiator, ISID, TSIH and CID are equal),
 * ISCSI_LOGIN_TOO_MANY_CONNECTIONS (another CID), or ISCSI_LOGIN_NO_SESSION.
 */
uint16_t target_registry_may_reinstate(struct target_registry *registry,
				       const struct iscsi_login *login);
/* Returns a TSIH for a discovery session: not 0, and not that of a session of a target. */
uint16_t target_registry_next_tsih(struct target_registry *registry);
/*
 * Have a session ended; returns without waiting for the end.  Returns 0 or ERR_NOT_FOUND (there is
 * no such session). Any thread.
 */
int target_registry_kill(struct target_registry *registry, const struct guid *session_id);
/*
 * Ask the initiators of all sessions that came through a portal to log out; sessions that are left
 * after drain_ms are ended.  Any thread.
 */
void target_registry_drain_portal(struct target_registry *registry, const struct guid *portal_id,
				  uint32_t drain_ms);
/* Have all sessions of a target ended; returns without waiting for the end. Any thread. */
void target_registry_kill_target(struct target_registry *registry, const char *target);

/* ---- session.c: a nexus and its LUN map ------------------------------------------------------ */

/* A path: a unit as one session sees it. */
struct target_path {
	struct scsi_itl itl;
	struct target_session *session;
	struct target_unit *unit;
	uint16_t number;
	bool held; /* no task of the path may start */
	bool gone; /* the path has left its session's map, and waits until its tasks have ended */
	unsigned inflight; /* tasks that src/scsi executes, abandoned ones included */
	unsigned aborting; /* how many of these are in state TARGET_TASK_ABORTED */
	/*
	 * resets that this session has asked for and that are not done: no task that came later may
	 * start
	 */
	unsigned resets;
	unsigned tasks; /* tasks that came through the path and have not ended */
	/* struct target_task.node: tasks whose data-out is being received */
	struct list collecting;
	struct list held_tasks; /* struct target_task.node: tasks that have not started */
	struct list node;       /* links the path into session->gone */
	struct list unit_node;  /* links the path into its unit's share of this thread */
};

struct target_session {
	struct target_conn *conn;
	struct target_thread *thread;
	struct list node; /* links the session into thread->sessions */
	struct scsi_nexus nexus;
	struct guid target_id;
	struct target_session_set *set; /* the set of the sessions of this target on this thread */
	struct list set_node;
	/* struct guid id; name in the connection's login */
	const char *initiator;
	struct guid id;
	struct target_path **paths; /* the paths of the map, sorted by LUN number */
	size_t path_count, path_capacity;
	struct target_path **table; /* the same paths by LUN number; NULL = there is no unit */
	size_t table_size;
	struct list gone; /* struct target_path.node: paths that have left the map */
};

/* The sessions of one target on one thread. thread->by_target has the set while it is not empty. */
struct target_session_set {
	struct guid target_id;
	struct list sessions; /* struct target_session.set_node */
};

/*
 * Make the session of a login to this target, with the LUN map of the thread's view.  Returns 0 or
 * -ENOMEM. The session's thread.
 */
int target_session_new(struct target_conn *conn, const struct row_target *target,
		       struct target_session **ret_session);
/* Free a session that has no tasks. Accepts NULL. */
void target_session_free(struct target_session *session);
/*
 * Look again at these places of the session's target and at no others, and raise the unit attention
 * REPORTED LUNS DATA HAS CHANGED when the map has changed.  Returns 0, or -ENOMEM (the session must
 * then end). The session's thread.
 */
int target_session_apply(struct target_session *session, const struct target_place *places,
			 size_t count);
/* Called when a task of a path that has left the map has ended */
void target_session_path_idle(struct target_path *path);
/* The function luns of struct scsi_host_ops. */
size_t target_session_luns(struct scsi_nexus *nexus, size_t first, uint16_t *luns, size_t capacity);
/* Returns the session's live row with one reference for the caller, or NULL when out of memory. */
struct row_live_session *target_session_row(const struct target_conn *conn);

static inline struct target_path *
target_session_path(const struct target_session *s, int number)
{
	return number >= 0 && (size_t)number < s->table_size ? s->table[number] : NULL;
}

/* ---- conn.c: a connection's socket ----------------------------------------------------------- */

enum target_conn_state {
	TARGET_CONN_LOGIN,   /* in login, on the thread that accepted the connection */
	TARGET_CONN_WAITING, /* in the last login step: waits until an older session has ended */
	TARGET_CONN_MOVING,  /* on the way to the thread of its session; in no loop */
	TARGET_CONN_FULL,    /* a session of a target, or a discovery session */
	TARGET_CONN_CLOSING, /* the socket is closed; tasks are still to end */
	TARGET_CONN_GONE,    /* all tasks have ended; the memory is freed in the next round */
};
#define TARGET_CONN_STATES 6u

enum target_conn_event { /* conn_state.c says which function makes each event */
			 TARGET_CONN_DISCOVERS,
			 TARGET_CONN_WAITS,
			 TARGET_CONN_MOVES,
			 TARGET_CONN_ADOPTS,
			 TARGET_CONN_CLOSES,
			 TARGET_CONN_COMES_BACK,
};
#define TARGET_CONN_EVENTS 6u

/* One row of the table of states: in `state`, `event` leads to `next`. */
struct target_conn_rule {
	enum target_conn_state state;
	enum target_conn_event event;
	enum target_conn_state next;
};

#define TARGET_CONN_RULES 10u
extern const struct target_conn_rule target_conn_rules[TARGET_CONN_RULES];

struct target_conn {
	struct target_thread *thread;
	struct iscsi_conn *iscsi;
	/* set in state TARGET_CONN_FULL of a normal session; else NULL */
	struct target_session *session;
	struct target_portal *portal;
	enum target_conn_state state;
	int fd;
	struct loop_fd lfd;
	bool in_loop;
	bool blocked; /* the socket takes no more data: the loop watches EPOLLOUT */
	bool paused;  /* no input is wanted: the loop does not watch EPOLLIN */
	bool close_asked, said_goodbye;
	bool refused; /* the login was refused, and the log says so */
	bool is_dirty, pinged;
	bool wants_session; /* the last step of a login to a target was asked for */
	bool has_left;      /* the registry and the live rows no longer have the connection */
	/* used by the session's thread: it has adopted the connection; the connection must end */
	bool adopted, killed;
	int close_reason;
	struct list node; /* links the connection into thread->conns */
	enum target_stranger stranger;
	unsigned source;           /* index of the peer's address in target_stranger_kind.from */
	struct list stranger_node; /* links the connection into target_stranger_kind.conns */
	/* used while the connection is a stranger: its input waits for a turn */
	struct target_turn turn;
	uint64_t asked_ns; /* when a discovery session last asked for targets */
	/*
	 * links the connection into thread->dirty: to be sent, closed or freed at the end of the
	 * round
	 */
	struct list dirty;
	struct list turns; /* struct target_task.node: tasks that start at the end of the round */
	/* the deadline of the login; later the time for the next sign of life */
	struct loop_timer timer;
	struct loop_timer drain_timer; /* the deadline for a logout that was asked for */
	uint64_t last_heard_ns;
	uint64_t unsent_bytes;   /* bytes of data that were queued since the last send */
	unsigned unsent_reads;   /* number of answers to which these bytes belong */
	uint64_t buffered_bytes; /* bytes of the thread's buffers that the connection has */
	/*
	 * bytes of buffers that came back lately, which shows that the peer takes or sends its data
	 */
	uint64_t credit_bytes;
	uint64_t progress_ns; /* when its peer last took or sent data */
	struct target_registry_entry entry;
	/* the thread in whose sessions_assigned the connection is counted; NULL = none */
	struct target_thread *assigned;
	struct loop_msg move, gone;
	struct work announce;
	struct row_live_session *row; /* the live row that `announce` takes to the array */
	struct guid target_id;
	uint16_t tpgt, relative_port;
	char peer[ADDRESS_TEXT_SIZE], local[ADDRESS_TEXT_SIZE];
	/* the peer's address without its port: limits and log lines count by it */
	char host[ADDRESS_TEXT_SIZE];
};

/* Bytes of buffers that one connection may have at most. */
#define CONN_BUFFER_MAX (64ull << 20)

/*
 * Move the connection to the next state that the table names.  An event that the table does not
 * allow in the present state is a mistake of this program and is asserted.
 */
void target_conn_to(struct target_conn *conn, enum target_conn_event event);
/* Returns true when everything holds that must hold in the connection's state. */
bool target_conn_is_sound(const struct target_conn *conn);
/* A connection has been freed: count it off, and wake target_free when it was the last one. */
void target_conn_count_down(struct target *target);
/* Returns true when the connection may take so many more bytes of its thread's buffers. */
bool target_conn_may_have(struct target_conn *conn, uint32_t cost_bytes);
/* Note that the peer has taken data that waited, or has sent data that was asked for. */
static inline void
target_conn_progress(struct target_conn *conn, uint64_t now_ns)
{
	conn->progress_ns = now_ns;
}
/*
 * Begin a connection on a socket, which belongs to the connection from now on, also after a
 * failure.  The portal's thread.
 */
void target_conn_accept(struct target_thread *thread, struct target_portal *portal, int fd);
/*
 * Note that len_bytes of read data were queued, and send the queued data if waiting for more brings
 * no advantage.  That is the case when the data no longer fits the CPU's cache, so that its buffers
 * are used again while they are in the cache; or, while this thread has time to spare, after the
 * first few answers, so that the peer can go on working.
 */
void target_conn_queued(struct target_conn *conn, uint32_t len_bytes);
/*
 * Have target_conn_settle called at the end of the round.  target_conn_settle sends what is queued,
 * and closes or frees the connection when that is due.
 */
void target_conn_mark(struct target_conn *conn);
void target_conn_settle(struct target_conn *conn);
/*
 * Close the connection at the end of this round.  reason: an error code for the log; 0 or
 * ERR_CLOSED = the connection ends in good order.
 */
void target_conn_close(struct target_conn *conn, int reason);
/*
 * Put the connection's socket into its thread's loop, or take it out.  target_conn_attach returns 0
 * or -errno.
 */
int target_conn_attach(struct target_conn *conn);
void target_conn_detach(struct target_conn *conn);
void target_conn_watch(struct target_conn *conn); /* Begin to ask the peer for signs of life */

/* ---- login.c --------------------------------------------------------------------------------- */

/* The functions refused and login of struct iscsi_conn_ops. */
void target_login_refused(void *user, unsigned status, const char *cause);
int target_login_step(void *user, struct iscsi_conn *iscsi, enum iscsi_login_step step,
		      const struct iscsi_login *login, struct iscsi_login_reply *reply);
/*
 * Continue a login whose last step was asked for.  To be called after the engine's input call has
 * returned.  Returns false when the connection has moved to another thread and must not be touched.
 */
bool target_login_continue(struct target_conn *conn);
/* Messages of a registry entry: end the session; ask for a logout; the older session has ended. */
void target_login_kill(struct loop_msg *msg);
void target_login_drain(struct loop_msg *msg);
void target_login_wake(struct loop_msg *msg);
/* The function send_targets of struct iscsi_conn_ops. */
void target_login_send_targets(void *user, const char *name, const char *after,
			       struct iscsi_targets *list);

/* ---- task.c ---------------------------------------------------------------------------------- */

/* Where a command is between its arrival and its end; task.c has the transitions. */
enum target_task_state {
	TARGET_TASK_NEW,      /* no list has it: a function is working on it, or it has ended */
	TARGET_TASK_COLLECTS, /* in path->collecting: its data-out is being received */
	TARGET_TASK_WAITS,    /* in path->held_tasks: the path is held, or older tasks come first */
	TARGET_TASK_READY,    /* in conn->turns: its turn has come, and it starts in this round */
	TARGET_TASK_RUNS,     /* src/scsi executes it: counted in path->inflight */
	/*
	 * it was aborted, and its backing I/O has not ended: in thread->aborted, counted in
	 * path->aborting
	 */
	TARGET_TASK_ABORTED,
	/* it was aborted and nobody waits for its backing I/O any more: its unit has a fence */
	TARGET_TASK_ABANDONED,
};

/*
 * A command.  The struct lies in the memory that the engine reserves in its task (struct
 * iscsi_task.extra).
 */
struct target_task {
	struct iscsi_task *it;
	struct target_conn *conn;
	/* NULL when there is no unit at this LUN, or the task has ended */
	struct target_path *path;
	enum target_task_state state;
	uint32_t buf_bytes;  /* bytes of the thread's buffers in iov */
	uint64_t aborted_ns; /* when it was aborted (loop_now_ns) */
	struct iovec direct; /* immediate data, in the receive buffer */
	struct list node;    /* links the task into the list that its state names */
	struct loop_msg resume;
	struct scsi_task scsi;
	/*
	 * The buffers.  Points to `few`, or for commands of more than 8 MiB to an array that the
	 * task owns.
	 */
	struct iovec *iov;
	struct iovec few[BUF_PIECES_FEW];
};

/* Functions of struct iscsi_conn_ops: the engine calls them on the connection's thread. */
void target_task_command(void *user, struct iscsi_task *it);
void target_task_write_ready(void *user, struct iscsi_task *it);
void target_task_data_fault(void *user, struct iscsi_task *it, enum iscsi_data_fault fault);
void target_task_abort(void *user, struct iscsi_task *it);
void target_task_done(void *user, struct iscsi_task *it);
/* Start the tasks in path->held_tasks, because the path is no longer held. The path's thread. */
void target_task_release_held(struct target_path *path);
/*
 * Called when a path has left its session's map.  End each of its tasks that has not started,
 * whether the task waits or still collects its data-out, with LOGICAL UNIT NOT SUPPORTED. None of
 * these tasks refers to the path afterwards.  Tasks that src/scsi executes go on.  The path's
 * thread; the caller keeps a reference to the path.
 */
void target_task_end_unstarted(struct target_path *path);
/* Abandon aborted tasks whose backing I/O did not end in time. Called by thread->aborted_timer. */
void target_task_give_up(struct loop_timer *timer);
/* Start the tasks in conn->turns.  The connection's thread, at the end of a round. */
void target_task_take_turns(struct target_conn *conn);
/* What src/scsi calls for tasks of the data path. */
extern const struct scsi_host_ops target_task_host_ops;

/*
 * How long an aborted task may stay in the backing store before it is abandoned.  Linux waits 15 s
 * for ABORT TASK and 30 s for LOGICAL UNIT RESET before it drops the session.
 */
#define TASK_ABORT_GRACE_MS 500u

/* ---- tmf.c ----------------------------------------------------------------------------------- */

/* The functions tmf and same_lun of struct iscsi_conn_ops. */
void target_tmf_request(void *user, struct iscsi_tmf *tmf);
bool target_tmf_same_lun(const uint8_t *a, const uint8_t *b);

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
	struct guid_map by_target; /* struct target_session_set, by target id */
	/* struct target_drain_part: parts that wait for I/O, and parts that hold paths */
	struct list waits, holds;
	struct list aborted; /* struct target_task.node: aborted tasks, the oldest first */
	struct loop_timer aborted_timer;
	struct loop_hook hook;
	struct loop_msg view_msg, stop_msg;
	struct target_publication *publication;
	struct target_ack *stop_ack;
	bool stopping; /* no new connection is accepted any more */
	/*
	 * sessions that the thread has or will have: a new session goes to the thread with the
	 * fewest
	 */
	atomic_uint sessions_assigned;
	uint8_t *rx; /* receive buffer of THREAD_RX_BYTES bytes */
	struct iovec tx[THREAD_TX_PIECES];
};

/* Start the thread.  Returns 0 or -errno. */
int target_thread_start(struct target_thread *thread, struct target *target, unsigned index);
/*
 * Have the thread stop listening and end all its connections; the thread counts down `ack` when it
 * has begun to do so.  Any thread.
 */
void target_thread_stop_serving(struct target_thread *thread, struct target_ack *ack);
/* End the thread and wait for its end. All its connections must be freed before. */
void target_thread_join(struct target_thread *thread);
/*
 * Free what the thread had.  To be called when nobody posts a message to the thread any more: a
 * worker may still be waking a loop that has its message.
 */
void target_thread_free(struct target_thread *thread);

/* ---- report.c: to the array, in order, by a worker ------------------------------------------- */

/* Report a live row to the array. Consumes the reference; NULL has no effect. Any thread. */
void target_report_put(struct target *target, void *row);
/* Report that a live row is deleted. Any thread. */
void target_report_delete(struct target *target, enum row_family family, const struct guid *id);
/*
 * Report that aborted I/O of a LUN does not end (hangs is true), or that it has ended.  Any thread.
 */
void target_report_hang(struct target *target, const struct guid *lun_id, bool hangs);
/*
 * Wait until the array has everything that was reported before.  Publisher.  The reporter never
 * waits for the publisher, so this ends.
 */
void target_report_flush(struct target *target);

/* ---- target.c -------------------------------------------------------------------------------- */

struct target {
	struct target_options options;
	struct array *array;
	struct workers *workers; /* threads for blocking file operations */
	/* the one thread that delivers reports to the array */
	struct workers *reporter;
	struct target_registry registry;
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
	struct target_ack no_conns; /* counted down when conn_count has become 0 */

	pthread_mutex_t publish_lock;
	struct target_view *view; /* the view that was published last; under publish_lock */
	/* number of rows, places and nodes that publications have visited: target_publish_steps */
	_Atomic uint64_t publish_steps;

	pthread_mutex_t units_lock;
	/*
	 * struct target_unit by LUN id, one reference to each; only the publisher changes the map
	 */
	struct guid_map units;

	pthread_mutex_t holds_lock;
	struct list holds; /* struct target_drain.node */
};

/*
 * Note that a session of a target was heard now.  The threads share one cache line for this note,
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

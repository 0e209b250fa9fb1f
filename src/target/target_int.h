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
#define ADDRESS_TEXT_SIZE  64u /* "[…]:65535" */

/* ---- ack.c: wait until n threads have done something ----------------------------------------- */

struct target_ack {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned left;
};

void target_ack_init(struct target_ack *ack, unsigned count);
void target_ack_fini(struct target_ack *ack);
/* Say that one of them has come.  Any thread. */
void target_ack_one(struct target_ack *ack);
/* Returns 0 or ERR_TIMEOUT; timeout_ms UINT32_MAX = no limit. */
int target_ack_wait(struct target_ack *ack, uint32_t timeout_ms);

/* ---- buf.c: a thread's buffers --------------------------------------------------------------- */

#define BUF_CLASSES    7u /* 4 KiB, 8 KiB, … 256 KiB */
#define BUF_PIECE_MIN  4096u
#define BUF_PIECE_MAX  (256u * 1024)
#define BUF_PIECES_MAX (SCSI_MAX_TRANSFER_BYTES / BUF_PIECE_MAX + 1)
#define BUF_PIECES_FEW 33u /* for 8 MiB: what a task has room for without an allocation */

struct target_buf_chunk;

struct target_buf_pool {
	uint8_t *range; /* chunk_count chunks of BUF_PIECE_MAX bytes */
	struct target_buf_chunk *chunks;
	size_t chunk_count;
	size_t touched;          /* chunks that were ever used: those beyond are fresh */
	size_t chunks_in_use;    /* with a buffer given out */
	size_t idle_with_memory; /* of those in `idle` */
	struct list idle;        /* struct target_buf_chunk.node; those with memory are first */
	struct list partial[BUF_CLASSES]; /* the same: chunks with free buffers, by size */
};

/* Buffers of max_bytes in all, and a chunk for each size more.  Returns 0 or -errno. */
int target_buf_pool_init(struct target_buf_pool *pool, uint64_t max_bytes);
void target_buf_pool_fini(struct target_buf_pool *pool);
/* What buffers for len_bytes take of the pool: below twice as much, and at least BUF_PIECE_MIN. */
uint32_t target_buf_cost(uint32_t len_bytes);
/*
 * Pieces for len_bytes (> 0, at most SCSI_MAX_TRANSFER_BYTES), the last one cut to fit; iov has
 * BUF_PIECES_MAX elements.  Their number, or -ENOMEM.
 */
int target_buf_get(struct target_buf_pool *pool, uint32_t len_bytes, struct iovec *iov);
/* What target_buf_get gave for len_bytes (0: nothing); the lengths in iov may have been changed. */
void target_buf_put(struct target_buf_pool *pool, const struct iovec *iov, uint32_t len_bytes);

/* ---- unit.c: a LUN as the data path has it --------------------------------------------------- */

/*
 * A thread's share of a unit.  The counters are written by that thread and read by any; the list is
 * that thread's alone.
 */
struct target_unit_share {
	_Alignas(64) _Atomic uint64_t read_commands;
	_Atomic uint64_t write_commands, other_commands, read_bytes, write_bytes;
	struct list paths; /* struct target_path.unit_node, gone paths too */
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
	struct blk_dev *dev; /* from array_lun_device; back with array_device_release */
	struct work release;
	unsigned share_count;
	struct target_unit_share shares[]; /* by thread */
};

/*
 * Find the unit of a LUN row and bring it up to date (size, status), or make it.  The reference is
 * the table's: take another one to keep the unit.  Returns 0 or -ENOMEM.  Publisher.
 */
int target_unit_get(struct target *target, const struct row_lun *row,
		    struct target_unit **ret_unit);
/* Drop the table's reference to the unit of a deleted LUN, if there is one.  Publisher. */
void target_unit_forget(struct target *target, const struct guid *lun_id);
/* Drop all of the table's references.  When nothing is published any more. */
void target_unit_forget_all(struct target *target);
struct target_unit *target_unit_ref(struct target_unit *unit);
void target_unit_unref(struct target_unit *unit); /* accepts NULL; any thread */
/* Compare elements of an array of struct target_unit *, by address: for qsort and bsearch. */
int target_unit_compare(const void *a, const void *b);
/*
 * The device of a LUN that had failed was opened again: raise CAPACITY DATA HAS CHANGED, so that
 * initiators look at the LUN again.  Nothing happens to a LUN that has no unit.  Any thread.
 */
void target_unit_recovered(struct target *target, const struct guid *lun_id);
/* The unit of a LUN with a reference for the caller, or NULL.  Any thread. */
struct target_unit *target_unit_find(struct target *target, const struct guid *lun_id);
/* Read a LUN's counters.  Returns 0, or ERR_NOT_FOUND (the LUN has no unit).  Any thread. */
int target_unit_sample(struct target *target, const struct guid *lun_id,
		       struct array_lun_counters *ret_counters);

/* ---- stranger.c: connections in login, and discovery sessions ---- */

#define STRANGER_SOURCES 1024u
#define STRANGER_NOTE_NS 500000u

enum target_stranger { STRANGER_NONE, STRANGER_LOGIN, STRANGER_DISCOVERY, STRANGER_KINDS };

/* Something that waits to handle a stranger's input. */
struct target_turn {
	struct list node;
	void (*run)(struct target_turn *turn);
};

struct target_stranger_kind {
	struct list conns; /* struct target_conn.stranger_node; who gives way first is first */
	unsigned count;
	uint16_t from[STRANGER_SOURCES]; /* by address */
};

/* A thread's. */
struct target_strangers {
	struct list turns; /* struct target_turn.node */
	struct target_stranger_kind kind[STRANGER_KINDS];
	int64_t allowance_ns; /* time that turns may take now; negative = taken ahead */
	uint64_t counted_ns;  /* up to when the allowance was counted */
	uint64_t session_ns;  /* when this thread said last that a session is active */
	struct loop_timer timer;
};

void target_stranger_init(struct target_thread *thread);
/* A connection that was accepted; may close an older one for it. */
void target_stranger_add(struct target_conn *conn);
/* Its login has made it a discovery session; may close another one for it. */
void target_stranger_discovers(struct target_conn *conn);
/* A discovery session has asked for targets: it gives way after those that did not. */
void target_stranger_asked(struct target_conn *conn);
/* It is closed, or has become a session of a target.  Harmless when it is no stranger. */
void target_stranger_remove(struct target_conn *conn);
/* Close a stranger for somebody who needs its connection.  False: there is none. */
bool target_stranger_make_room(struct target_thread *thread);
/* Let turn->run run when it is its turn, once.  Harmless when it waits already. */
void target_stranger_turn(struct target_thread *thread, struct target_turn *turn);
/* At the end of a round.  True: there is more to do at once. */
bool target_stranger_run(struct target_thread *thread);

/* ---- portal.c: where we listen --------------------------------------------------------------- */

/* One for each row: a changed row is another portal.  Counted by views, groups and connections. */
struct target_portal {
	atomic_uint refs;
	struct row_portal *row;
	struct target_thread *thread; /* listens for it */
	atomic_bool ready;
	/* That thread's. */
	bool opened; /* listening, or trying to */
	struct loop_fd lfd;
	struct loop_timer retry;
	bool accepting; /* lfd is in the loop */
	struct target_turn turn;
	char *reason; /* reported last; NULL = ready, or nothing yet */
};

int target_portal_new(struct target *target, const struct row_portal *row,
		      struct target_portal **ret_portal);
struct target_portal *target_portal_ref(struct target_portal *portal);
void target_portal_unref(struct target_portal *portal);
/* Begin and end listening.  The portal's thread. */
void target_portal_open(struct target_portal *portal);
void target_portal_close(struct target_portal *portal);
/* "192.0.2.1:3260", "[::1]:3260" */
void target_portal_format(const struct row_portal *row, char text[ADDRESS_TEXT_SIZE]);
int target_portal_pick_port(const char *address, uint16_t *ret_port);

/* ---- shown.c: which initiators see a LUN of which targets ---- */

/*
 * The root of an index; NULL = nobody is shown anything.  Immutable once it is in a view; counted.
 */
struct target_shown;

/* An index that is being changed by one thread; `steps` counts the nodes that were looked at. */
struct target_shown_edit {
	struct target_shown *root; /* a reference */
	uint64_t steps;
};

struct target_shown *target_shown_ref(struct target_shown *root); /* accepts NULL */
void target_shown_unref(struct target_shown *root);               /* accepts NULL; any thread */
/*
 * A LUN behind the target had the mask `before` and has the mask `after`; "" stands for a LUN that
 * was not, or is no longer, behind the target.  Takes time in proportion to the masks and to the
 * logarithm of the index.  Returns 0 or -ENOMEM (then the edit can only be dropped).
 */
int target_shown_change(struct target_shown_edit *edit, const char *before, const char *after,
			const char *target);
/*
 * Return the name of the first target behind `after` (NULL = the first of all) of which this
 * initiator sees a LUN, or NULL.  Borrowed from the index.
 */
const char *target_shown_next(const struct target_shown *root, const char *initiator,
			      const char *after);
bool target_shown_has(const struct target_shown *root, const char *initiator, const char *target);

/* ---- view.c: what a state means for initiators; immutable, counted --------------------------- */

struct target_portals {
	atomic_uint refs; /* of views */
	size_t count;
	struct target_portal *list[]; /* by id; a reference each */
};

struct target_view {
	atomic_uint refs;
	struct state *state;            /* a reference */
	struct target_portals *portals; /* the same struct in successive views while none changes */
	struct target_shown *shown;
};

/* A LUN number of a target, with what is there now. */
struct target_place {
	struct guid target_id;
	uint16_t number;
	struct target_unit *unit; /* NULL = nothing; the table of units has the reference */
	const char *mask;         /* of the LUN; the view's state has it */
};

/* What a change asks running sessions to do. */
struct target_delta {
	struct target_place *places; /* by target id, then number; each once */
	size_t place_count;
	struct guid *ended; /* targets that were deleted: their sessions end */
	size_t ended_count;
	bool portals_changed;
	uint64_t steps; /* a count of what making it cost */
};

/*
 * Make the state's view and the delta from the old view (NULL only for the first one, for which
 * change is NULL too).  Makes and updates units.  Takes time in proportion to the change.  Returns
 * 0 or -ENOMEM.  Publisher.
 */
int target_view_new(struct target *target, const struct target_view *old, const struct state *state,
		    const struct change *change, struct target_view **ret_view,
		    struct target_delta *ret_delta);
void target_delta_fini(struct target_delta *delta);
struct target_view *target_view_ref(struct target_view *view);
void target_view_unref(struct target_view *view); /* accepts NULL; any thread */
/* Borrowed from the view; NULL when absent. */
const struct row_target *target_view_find_target(const struct target_view *view,
						 const char *iscsi_name);
struct target_portal *target_view_find_portal(const struct target_view *view,
					      const struct guid *id);
/* The group of this target that has the portal; NULL = none. */
const struct row_portal_group *target_view_find_group(const struct target_view *view,
						      const struct guid *target_id,
						      const struct target_portal *portal);

/* ---- publish.c ------------------------------------------------------------------------------- */

struct target_publication;

void target_publish_state(void *runtime, const struct state *state, const struct change *change);

/* ---- hold.c: quiesce, resume, and waiting for tasks ------------------------------------------ */

struct target_drain;

/* A thread's share of a drain. */
struct target_drain_part {
	struct target_drain *drain;
	struct target_thread *thread;
	struct loop_msg msg, undo_msg;
	struct list wait_node; /* in thread->waits until nothing is in flight */
	struct list hold_node; /* in thread->holds while the mappings are held */
};

/* As array_runtime_ops says; the handle of a drain is a struct target_drain. */
int target_hold_quiesce(void *runtime, const struct array_mapping *mappings, size_t count,
			uint32_t timeout_ms, void **ret_drain);
void target_hold_resume(void *runtime, void *drain);
/* End every hold: the data path stops. */
void target_hold_end_all(struct target *target);
/* Is this path held on its thread? */
bool target_hold_covers(const struct target_thread *thread, const struct target_path *path);
/* Something that was in flight has come back: look at who waits. */
void target_hold_check(struct target_thread *thread);
/*
 * Abort the tasks of these units on all threads, through whichever target they came; then run
 * done(arg) on the calling thread's loop.  The array stays the caller's and as it is until then.
 * 0 or -ENOMEM.
 */
struct target_abort_request {
	struct target_unit *const *units; /* by address */
	size_t unit_count;
	const struct target_session *by; /* which needs not be told */
	uint32_t cmd_sn; /* of its tasks those with a CmdSN before this one are aborted */
	/* for the others that had tasks; SCSI_UA_COUNT = none */
	enum scsi_ua ua;
	void (*done)(void *arg);
	void *arg;
};
int target_hold_abort(struct target_thread *thread, const struct target_abort_request *request);

/* ---- registry.c: all sessions, for reinstatement, TSIHs and management ----------------------- */

#define REGISTRY_BUCKETS 1024u

struct target_registry {
	pthread_mutex_t lock;
	struct list buckets[REGISTRY_BUCKETS]; /* struct target_registry_entry.node, by initiator */
	uint8_t tsihs[(UINT16_MAX + 1) / 8];   /* a bit for each that is in use */
	uint16_t last_tsih;
	size_t count;
	/*
	 * At most max entries; the last `reserved` of them are for initiators that have a session
	 * already.
	 */
	size_t max, reserved;
};

/* Embedded in a connection. */
struct target_registry_entry {
	struct list node; /* registry.lock, all of it */
	bool entered;
	const char *initiator, *target; /* of the connection's login */
	const char *host;               /* the peer's address */
	uint8_t isid[ISCSI_ISID_SIZE];
	uint16_t tpgt, tsih, cid;
	uint16_t wanted_tsih; /* of the connection that this one reinstates; 0 = a new session */
	struct guid session_id;
	struct target_thread *thread; /* that has the connection, or will */
	bool kill_posted, drain_posted;
	struct loop_msg kill, drain;
	const struct guid *portal_id; /* of the connection's portal */
	uint32_t drain_ms;
	struct target_registry_entry *waiter; /* the login that waits for the end of this session */
	struct target_registry_entry *waits_for;
	struct loop_msg wake; /* told to the waiter's own thread */
	struct target_thread *wake_thread;
};

enum target_registry_claim {
	REGISTRY_ENTERED,
	REGISTRY_WAIT,      /* an older session ends first */
	REGISTRY_CONTENDED, /* another login waits for the same session */
	REGISTRY_FULL,      /* no place, or none for an initiator without a session */
};

/* max: sessions at one time. */
void target_registry_init(struct target_registry *registry, size_t max);
void target_registry_fini(struct target_registry *registry);
/*
 * Enter a session.  If an older one has the same initiator, ISID, target and tag: have it ended and
 * return REGISTRY_WAIT; entry->wake runs on entry->wake_thread when it has gone, then claim again.
 */
enum target_registry_claim target_registry_enter(struct target_registry *registry,
						 struct target_registry_entry *entry);
/* Leave, or stop waiting.  Harmless when it is neither. */
void target_registry_leave(struct target_registry *registry, struct target_registry_entry *entry);
/*
 * What a login with a TSIH may do.  Returns ISCSI_LOGIN_OK (it reinstates the connection of its own
 * session, RFC 7143 §6.3.4: same initiator, ISID, TSIH and CID), ISCSI_LOGIN_TOO_MANY_CONNECTIONS
 * (another CID), or ISCSI_LOGIN_NO_SESSION.
 */
uint16_t target_registry_may_reinstate(struct target_registry *registry,
				       const struct iscsi_login *login);
/* A TSIH for a discovery session: never 0, and no session's of a target. */
uint16_t target_registry_next_tsih(struct target_registry *registry);
/* Have a session ended.  Returns 0 or ERR_NOT_FOUND. */
int target_registry_kill(struct target_registry *registry, const struct guid *session_id);
/* Ask for a logout of all sessions that came through a portal; end after drain_ms what is left. */
void target_registry_drain_portal(struct target_registry *registry, const struct guid *portal_id,
				  uint32_t drain_ms);
/* Have all sessions of a target ended. */
void target_registry_kill_target(struct target_registry *registry, const char *target);

/* ---- session.c: a nexus and its LUN map ------------------------------------------------------ */

/* A unit as one session sees it. */
struct target_path {
	struct scsi_itl itl;
	struct target_session *session;
	struct target_unit *unit;
	uint16_t number;
	bool held;              /* start nothing */
	bool gone;              /* no longer in the map: waits for its tasks */
	unsigned inflight;      /* tasks in scsi's hands, abandoned ones too */
	unsigned aborting;      /* of these: TARGET_TASK_ABORTED */
	unsigned resets;        /* of this session, in progress: start nothing that came later */
	unsigned tasks;         /* that it was given and that have not ended */
	struct list collecting; /* struct target_task.node: their data-out is coming in */
	struct list held_tasks; /* struct target_task.node: not started */
	struct list node;       /* in session->gone */
	struct list unit_node;  /* in its unit's share of this thread */
};

struct target_session {
	struct target_conn *conn;
	struct target_thread *thread;
	struct list node; /* thread->sessions */
	struct scsi_nexus nexus;
	struct guid target_id;
	struct target_session_set *set; /* the sessions of its target on this thread */
	struct list set_node;
	const char *initiator;
	struct guid id;
	struct target_path **paths; /* by number */
	size_t path_count, path_capacity;
	struct target_path **table; /* [number], NULL = none */
	size_t table_size;
	struct list gone; /* struct target_path.node */
};

/* Sessions of one target on one thread; in thread->by_target while it has any. */
struct target_session_set {
	struct guid target_id;
	struct list sessions; /* struct target_session.set_node */
};

/* Make the session of a login to this target of the thread's view.  Returns 0 or -ENOMEM. */
int target_session_new(struct target_conn *conn, const struct row_target *target,
		       struct target_session **ret_session);
/* Free a session without tasks.  Accepts NULL. */
void target_session_free(struct target_session *session);
/*
 * Look again at these places of the session's target, and at nothing else; a map that has changed
 * is told by unit attention.  Returns 0, or -ENOMEM (then end the session).  Its thread.
 */
int target_session_apply(struct target_session *session, const struct target_place *places,
			 size_t count);
void target_session_path_idle(struct target_path *path); /* a gone path has lost a task */
size_t target_session_luns(struct scsi_nexus *nexus, size_t first, uint16_t *luns, size_t capacity);
/* The live row, one reference; NULL when out of memory. */
struct row_live_session *target_session_row(const struct target_conn *conn);

static inline struct target_path *
target_session_path(const struct target_session *s, int number)
{
	return number >= 0 && (size_t)number < s->table_size ? s->table[number] : NULL;
}

/* ---- conn.c: a connection's socket ----------------------------------------------------------- */

enum target_conn_state {
	TARGET_CONN_LOGIN,   /* on the thread that accepted it */
	TARGET_CONN_WAITING, /* its last login step: for an older session to end */
	TARGET_CONN_MOVING,  /* to the thread of its session; in nobody's loop */
	TARGET_CONN_FULL,    /* a session of a target, or a discovery session */
	TARGET_CONN_CLOSING, /* its socket is closed; tasks are to come back */
	TARGET_CONN_GONE,    /* its memory goes with the next round */
};
#define TARGET_CONN_STATES 6u

enum target_conn_event { /* conn_state.c says who makes them */
			 TARGET_CONN_DISCOVERS,
			 TARGET_CONN_WAITS,
			 TARGET_CONN_MOVES,
			 TARGET_CONN_ADOPTS,
			 TARGET_CONN_CLOSES,
			 TARGET_CONN_COMES_BACK,
};
#define TARGET_CONN_EVENTS 6u

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
	struct target_session *session; /* CONN_FULL and a normal session */
	struct target_portal *portal;
	enum target_conn_state state;
	int fd;
	struct loop_fd lfd;
	bool in_loop;
	bool blocked; /* EPOLLOUT is asked for */
	bool paused;  /* EPOLLIN is not */
	bool close_asked, said_goodbye;
	bool refused; /* its login was, and that is in the log */
	bool is_dirty, pinged;
	bool wants_session;   /* the last login step was asked for */
	bool has_left;        /* out of the registry and of the live rows */
	bool adopted, killed; /* of the session's thread: it has it; it shall end */
	int close_reason;
	struct list node; /* thread->conns */
	enum target_stranger stranger;
	unsigned source;           /* its place in target_stranger_kind.from */
	struct list stranger_node; /* target_stranger_kind.conns */
	struct target_turn turn;   /* a stranger's: its input waits */
	uint64_t asked_ns;         /* a discovery session's last question */
	/* thread->dirty: flush, close or reap at the end of the round */
	struct list dirty;
	struct list turns;       /* struct target_task.node: to start at the end of the round */
	struct loop_timer timer; /* login; then signs of life */
	struct loop_timer drain_timer; /* asked to log out: until when */
	uint64_t last_heard_ns;
	uint64_t unsent_bytes;   /* of data queued since the last send */
	unsigned unsent_reads;   /* answers that it belongs to */
	uint64_t buffered_bytes; /* of the thread's buffers */
	uint64_t credit_bytes;   /* of buffers that came back lately: its peer does its part */
	uint64_t progress_ns;    /* when its peer last took or sent data */
	struct target_registry_entry entry;
	struct target_thread *assigned; /* counted in its sessions_assigned */
	struct loop_msg move, gone;
	struct work announce;
	struct row_live_session *row; /* on its way to the array */
	struct guid target_id;
	uint16_t tpgt, relative_port;
	char peer[ADDRESS_TEXT_SIZE], local[ADDRESS_TEXT_SIZE];
	char host[ADDRESS_TEXT_SIZE]; /* the peer's address without its port: whom limits count */
};

/* Of data in buffers, for one connection. */
#define CONN_BUFFER_MAX (64ull << 20)

/*
 * Take the connection to its next state.  An event that its state does not have is a mistake of
 * ours.
 */
void target_conn_to(struct target_conn *conn, enum target_conn_event event);
/* Does what must hold in its state hold? */
bool target_conn_is_sound(const struct target_conn *conn);
void target_conn_count_down(struct target *target);
/* May this connection have so much more of its thread's buffers? */
bool target_conn_may_have(struct target_conn *conn, uint32_t cost_bytes);
/* Its peer has taken data that was waiting, or has sent some that was asked for. */
static inline void
target_conn_progress(struct target_conn *conn, uint64_t now_ns)
{
	conn->progress_ns = now_ns;
}
/*
 * Begin a connection on this socket, which belongs to it from now on, also on failure.  The
 * portal's thread.
 */
void target_conn_accept(struct target_thread *thread, struct target_portal *portal, int fd);
/*
 * Note that len_bytes of read data were queued, and send what is queued when waiting for more does
 * not pay: when it no longer fits the cache, so that its buffers are used again while they are in
 * it; or, while this thread has time to spare, after the first few answers, so that the peer has
 * something to do.
 */
void target_conn_queued(struct target_conn *conn, uint32_t len_bytes);
/* Have target_conn_settle run at the end of the round: it sends, closes and frees. */
void target_conn_mark(struct target_conn *conn);
void target_conn_settle(struct target_conn *conn);
/*
 * Close the connection at the end of this round.  reason: for the log; 0 or ERR_CLOSED = in good
 * order.
 */
void target_conn_close(struct target_conn *conn, int reason);
/* Put the connection into its thread's loop, and take it out.  attach returns 0 or -errno. */
int target_conn_attach(struct target_conn *conn);
void target_conn_detach(struct target_conn *conn);
void target_conn_watch(struct target_conn *conn); /* start asking for signs of life */

/* ---- login.c --------------------------------------------------------------------------------- */

void target_login_refused(void *user, unsigned status, const char *cause);
int target_login_step(void *user, struct iscsi_conn *iscsi, enum iscsi_login_step step,
		      const struct iscsi_login *login, struct iscsi_login_reply *reply);
/*
 * Go on with a login whose last step was asked for, after the input call has returned.  Returns
 * false when the connection has left this thread and must not be touched.
 */
bool target_login_continue(struct target_conn *conn);
void target_login_kill(struct loop_msg *msg);
void target_login_drain(struct loop_msg *msg);
void target_login_wake(struct loop_msg *msg);
void target_login_send_targets(void *user, const char *name, const char *after,
			       struct iscsi_targets *list);

/* ---- task.c ---------------------------------------------------------------------------------- */

/* Where a command is between its arrival and its end; task.c has the transitions. */
enum target_task_state {
	TARGET_TASK_NEW,      /* with the function that works on it, or ended */
	TARGET_TASK_COLLECTS, /* in path->collecting: its data-out is coming in */
	TARGET_TASK_WAITS,    /* in path->held_tasks: the path is held, or older tasks come first */
	TARGET_TASK_READY,    /* in conn->turns: its turn has come, it starts in this round */
	TARGET_TASK_RUNS,     /* in scsi's hands: counted in path->inflight */
	/*
	 * told to abort, its backing I/O is not back: in thread->aborted, counted in path->aborting
	 */
	TARGET_TASK_ABORTED,
	TARGET_TASK_ABANDONED, /* the same, but nobody waits for it: its unit has a fence */
};

/* What is kept for a command, in the engine's task. */
struct target_task {
	struct iscsi_task *it;
	struct target_conn *conn;
	struct target_path *path; /* NULL: there is no unit, or the task has ended */
	enum target_task_state state;
	uint32_t buf_bytes;  /* in iov, from the pool */
	uint64_t aborted_ns; /* when, on the loop's clock */
	struct iovec direct; /* immediate data where it was received */
	struct list node;    /* in the list that the state names */
	struct loop_msg resume;
	struct scsi_task scsi;
	/* The buffers: few; or, for commands of more than 8 MiB, an array that the task owns. */
	struct iovec *iov;
	struct iovec few[BUF_PIECES_FEW];
};

/* What the engine calls: struct iscsi_conn_ops. */
void target_task_command(void *user, struct iscsi_task *it);
void target_task_write_ready(void *user, struct iscsi_task *it);
void target_task_data_fault(void *user, struct iscsi_task *it, enum iscsi_data_fault fault);
void target_task_abort(void *user, struct iscsi_task *it);
void target_task_done(void *user, struct iscsi_task *it);
/* Start the tasks in path->held_tasks, since the path is no longer held.  The path's thread. */
void target_task_release_held(struct target_path *path);
/*
 * The path has left its session's map: end each of its tasks that has not started, whether it waits
 * or still collects its data-out, with LOGICAL UNIT NOT SUPPORTED.  None of them refers to the path
 * afterwards.  Tasks in scsi's hands go on.  The path's thread; the caller keeps the path.
 */
void target_task_end_unstarted(struct target_path *path);
/* Give up aborted tasks that do not come back.  thread->aborted_timer's. */
void target_task_give_up(struct loop_timer *timer);
/* Start the tasks in conn->turns.  The connection's thread, at the end of a round. */
void target_task_take_turns(struct target_conn *conn);
extern const struct scsi_host_ops target_task_host_ops;

/*
 * How long an aborted task may stay in the backing store before it is abandoned.  Linux waits 15 s
 * for ABORT TASK and 30 s for LOGICAL UNIT RESET before it drops the session.
 */
#define TASK_ABORT_GRACE_MS 500u

/* ---- tmf.c ----------------------------------------------------------------------------------- */

void target_tmf_request(void *user, struct iscsi_tmf *tmf);
bool target_tmf_same_lun(const uint8_t *a, const uint8_t *b);

/* ---- thread.c -------------------------------------------------------------------------------- */

#define THREAD_RX_BYTES  (256u * 1024)
#define THREAD_TX_PIECES 512

struct target_thread {
	struct target *target;
	unsigned index;
	pthread_t pthread;
	bool started;
	int error; /* why it did not start */
	struct loop *loop;
	struct blk_queue *queue;
	struct target_buf_pool bufs;
	uint64_t buffered_bytes, buffer_max_bytes; /* of bufs, given out */
	uint64_t relieved_ns;     /* when a connection was last looked for that blocks buffers */
	struct target_view *view; /* a reference; NULL before the first publication */
	struct target_strangers strangers;
	struct list conns, sessions, dirty;
	struct guid_map by_target; /* struct target_session_set, by target id */
	struct list waits, holds;  /* struct target_drain_part */
	struct list aborted;       /* struct target_task.node, oldest first */
	struct loop_timer aborted_timer;
	struct loop_hook hook;
	struct loop_msg view_msg, stop_msg;
	struct target_publication *publication;
	struct target_ack *stop_ack;
	bool stopping;                 /* no connection is taken any more */
	atomic_uint sessions_assigned; /* for choosing the least loaded */
	uint8_t *rx;                   /* THREAD_RX_BYTES */
	struct iovec tx[THREAD_TX_PIECES];
};

/* Start the thread.  Returns 0 or -errno. */
int target_thread_start(struct target_thread *thread, struct target *target, unsigned index);
/*
 * Have the thread stop listening and end all its connections; it acknowledges when that has begun.
 * Any thread.
 */
void target_thread_stop_serving(struct target_thread *thread, struct target_ack *ack);
/* End the thread and wait for it.  Its connections must have gone. */
void target_thread_join(struct target_thread *thread);
/*
 * Free what the thread had, when nobody posts to it any more: a worker may still be waking a loop
 * that has its message.
 */
void target_thread_free(struct target_thread *thread);

/* ---- report.c: to the array, in order, by a worker ------------------------------------------- */

/* Put a live row; consumes the reference (NULL: nothing happens).  Any thread. */
void target_report_put(struct target *target, void *row);
/* Delete a live row.  Any thread. */
void target_report_delete(struct target *target, enum row_family family, const struct guid *id);
/* Tell the array that aborted I/O of a LUN does not come back, or that it is back.  Any thread. */
void target_report_hang(struct target *target, const struct guid *lun_id, bool hangs);
/*
 * Wait until the array has what was reported before.  Publisher: the reporter never waits for it.
 */
void target_report_flush(struct target *target);

/* ---- target.c -------------------------------------------------------------------------------- */

struct target {
	struct target_options options;
	struct array *array;
	struct workers *workers; /* blocking file operations */
	struct workers *reporter;
	struct target_registry registry;
	_Atomic uint64_t session_ns; /* when a session of a target was heard last, on any thread */
	/* what engines hold for peers: before a session of a target, and in such sessions */
	struct iscsi_budget stranger_budget, session_budget;
	unsigned thread_count;
	struct target_thread *threads;
	/* connections on any thread or between two; and one until we stop */
	atomic_uint conn_count;
	struct target_ack no_conns; /* conn_count has come to 0 */

	pthread_mutex_t publish_lock;
	struct target_view *view; /* published last; publish_lock */
	/*
	 * what publications have cost so far, as a count of what was visited; target_publish_steps
	 */
	_Atomic uint64_t publish_steps;

	pthread_mutex_t units_lock;
	struct guid_map units; /* by LUN id, a reference each; only the publisher changes it */

	pthread_mutex_t holds_lock;
	struct list holds; /* struct target_drain.node */
};

/*
 * A session of a target was heard now.  Threads share a line of the cache for this, so each says it
 * rarely.
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

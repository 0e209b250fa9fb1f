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
 * target.traffic_lock, ack.lock.  target.publish_lock makes publications one at a time; under it the
 * others may be taken.
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
#include "scsi/store.h"
#include "target/buf_int.h"
#include "target/target.h"
#include "target/meter_int.h"
#include "target/traffic_int.h"
#include "model/rows.h"
#include "model/state.h"

struct target_conn;
struct target_drain;
struct target_path;
struct target_session;
struct target_task;
struct target_thread;

#define TARGET_THREADS_MAX 64u

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
/* Says that one thread has done its part. Any thread. */
void target_ack_one(struct target_ack *ack);
/*
 * Waits until every thread has done its part.  timeout_ms UINT32_MAX = without a limit.  Returns 0
 * or ERR_TIMEOUT.
 */
int target_ack_wait(struct target_ack *ack, uint32_t timeout_ms);

/* ---- unit.c: a LUN as the data path has it --------------------------------------------------- */

/*
 * The part of a unit that belongs to one thread.  That thread writes the counters and any thread
 * reads them; only that thread uses the list.
 */
struct target_unit_share {
	_Alignas(64) _Atomic uint64_t read_commands;
	_Atomic uint64_t write_commands, other_commands, read_bytes, write_bytes;
	_Atomic uint64_t failed_commands; /* ended with another status than GOOD */
	/* how long commands took, by kind; NULL = there was none of the kind.  Freed with the unit */
	_Atomic(struct histogram *) latency[METER_KINDS];
	struct target_unit *unit;
	/*
	 * struct target_path.unit_node: the thread's paths to the unit, including those that are
	 * gone from their session's map
	 */
	struct list paths;
};

/*
 * A LUN as the data path has it: its block device, its SCSI logical unit and its counters.  Of many
 * LUNs few are in use, so a unit is made when the first command of any session comes for its LUN.
 * There is one unit for a LUN row: the table target->units holds a reference from then on until the
 * row is deleted.  A LUN that is dissociated and associated again keeps its unit, and with it range
 * locks, unit attentions and mode parameters.  Paths hold references too, so the unit of a deleted
 * LUN lives until its last task has ended.  Made by the data-path thread that first needs it, freed
 * by whichever thread drops the last reference.
 */
struct target_unit {
	atomic_uint refs;
	struct target *target;
	struct guid lun_id, pool_id;
	struct scsi_lu *lu;
	struct scsi_store store; /* of lu: what it must keep is kept by the array */
	struct blk_dev *dev;     /* from array_lun_device; returned with array_device_release */
	atomic_bool hangs;       /* the array was told that aborted I/O does not come back */
	struct work release;
	uint64_t made_ns; /* clock_mono_ns */
	unsigned share_count;
	struct target_unit_share shares[]; /* one for each thread */
};

/*
 * Finds the unit of a LUN, or makes it from the row that the thread's view has.  Returns 0 with a
 * reference for the caller, ERR_NOT_FOUND (the LUN is being deleted) or -ENOMEM.  Data-path
 * threads.
 */
int target_unit_get(struct target *target, const struct row_lun *row,
		    struct target_unit **ret_unit);
/* Fills in who the LUN of a row is.  Any thread. */
void target_unit_identity(struct scsi_identity *id, const struct row_lun *row);
/*
 * Gives the unit of a LUN, if there is one, the size, the status, the access and the write cache of
 * its row.  The publisher, after every thread has the view with this row: a unit that is made later
 * is made from this row.
 */
void target_unit_update(struct target *target, const struct row_lun *row);
/*
 * Drops the reference that target->units holds to the unit of a deleted LUN. Has no effect when the
 * LUN has no unit.  Publisher.
 */
void target_unit_forget(struct target *target, const struct guid *lun_id);
/*
 * Drops all references that target->units holds. To be called when nothing is published any more.
 */
void target_unit_forget_all(struct target *target);
struct target_unit *target_unit_ref(struct target_unit *unit);
void target_unit_unref(struct target_unit *unit); /* accepts NULL; any thread */
/* Compares elements of an array of struct target_unit *, by address: for qsort and bsearch. */
int target_unit_compare(const void *a, const void *b);
/* The function pool_space of struct array_runtime_ops. */
void target_unit_pool_space(void *runtime, const struct array_pool_level *level);
/* Frees what target_unit_pool_space has kept.  To be called when no unit is left. */
void target_unit_levels_free(struct target *target);
/*
 * Called when the device of a failed LUN was opened again: raise CAPACITY DATA HAS CHANGED, so that
 * initiators look at the LUN again.  Has no effect when the LUN has no unit.  Any thread.
 */
void target_unit_recovered(struct target *target, const struct guid *lun_id);
/*
 * Called when a LUN was given other data: raises MEDIUM MAY HAVE CHANGED for every initiator.  Has no
 * effect when the LUN has no unit.  Any thread.
 */
void target_unit_replaced(struct target *target, const struct guid *lun_id);
/* Returns the unit of a LUN with one reference for the caller, or NULL. Any thread. */
struct target_unit *target_unit_find(struct target *target, const struct guid *lun_id);
/*
 * Returns the units of all LUNs that are in use, in *ret_units, with a reference to each, and their
 * number, or -ENOMEM.  The caller frees the array.  Any thread.
 */
int target_unit_list(struct target *target, struct target_unit ***ret_units);

/* ---- sample.c: what the data path has counted ---- */

/* The functions lun_counters and sample of struct array_runtime_ops. */
int target_sample_lun(void *runtime, const struct guid *lun_id,
		      struct array_lun_counters *ret_counters);
int target_sample_all(void *runtime, const struct array_sampler *sampler);

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
	/* failed authentications by hash of the peer's address, in the period that began then */
	struct {
		uint64_t begin_ns;
		uint32_t count;
	} failures[STRANGER_SOURCES];
};

void target_stranger_init(struct target_thread *thread);
/*
 * Adds a connection that was accepted.  May close an older stranger to make room.  The connection's
 * thread, as for all functions below.
 */
void target_stranger_add(struct target_conn *conn);
/*
 * The login has made the connection a discovery session.  May close another discovery session to
 * make room.
 */
void target_stranger_discovers(struct target_conn *conn);
/* A whole request of a connection's login was taken: it is closed later than those that wait. */
void target_stranger_progressed(struct target_conn *conn);
/* A discovery session has asked for targets: it is closed later than those that did not ask. */
void target_stranger_asked(struct target_conn *conn);
/*
 * The connection was closed or has become a session of a target: forget it.  Has no effect on a
 * connection that is no stranger.
 */
void target_stranger_remove(struct target_conn *conn);
/*
 * Ends a connection whose login was refused.  When authentication failed and did so often from its
 * address lately, the answer is held back for a while: then this returns true, and the connection
 * is not to be touched in this round.
 */
bool target_stranger_refused(struct target_conn *conn);
/*
 * Closes one stranger so that another peer can have a connection.  Returns false when there is no
 * stranger.
 */
bool target_stranger_make_room(struct target_thread *thread);
/* Calls turn->run once, when its turn comes. Has no effect when the turn waits already. */
void target_stranger_turn(struct target_thread *thread, struct target_turn *turn);
/*
 * Runs turns at the end of a round, as long as the allowance lasts.  Returns true when more turns
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
	struct target_traffic *traffic; /* the counters of its address */
	struct target_thread *thread;   /* the thread that listens at this address */
	/* true when the portal listens */
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

/* Makes a portal with one reference for the caller. Returns 0 or -ENOMEM. Publisher. */
int target_portal_new(struct target *target, const struct row_portal *row,
		      struct target_portal **ret_portal);
struct target_portal *target_portal_ref(struct target_portal *portal);
void target_portal_unref(struct target_portal *portal);
/*
 * target_portal_open begins to listen, unless the portal is offline or everything is
 * (all_offline); then it ends to listen.  target_portal_close ends to listen and says nothing;
 * target_portal_pause also reports that the portal is not ready, for this reason.  The portal's
 * thread.
 */
void target_portal_open(struct target_portal *portal, bool all_offline);
void target_portal_close(struct target_portal *portal);
void target_portal_pause(struct target_portal *portal, const char *reason);
/* Writes "192.0.2.1:3260" or "[::1]:3260". */
void target_portal_format(const struct row_portal *row, char text[ADDRESS_TEXT_SIZE]);
/*
 * Finds a TCP port that is free at this address and that the system does not use for outgoing
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
 * Changes the index after a LUN behind the target got the mask `after` in place of `before`. ""
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
	struct array_secrets *secrets; /* a reference; NULL = the empty set */
	bool offline; /* the controller is offline: no portal listens, and there are no sessions */
};

/* A place: a LUN number of a target, and the LUN that has this number now. */
struct target_place {
	struct guid target_id;
	uint16_t number;
	const struct row_lun *lun; /* belongs to the view's state; NULL = no LUN has the number */
};

/* A portal group whose row has changed. */
struct target_access_delta {
	struct guid target_id;
	uint16_t tag;
	enum port_access state;
	/* the state, or whether the path is preferred: what REPORT TARGET PORT GROUPS shows */
	bool access_changed;
	bool explicit_changed; /* whether initiators may set the state: what INQUIRY shows */
};

/* A delta: what running sessions must do because of a change. */
struct target_delta {
	/* places to look at again, sorted by target id and number, each once */
	struct target_place *places;
	size_t place_count;
	struct guid *ended; /* targets that were deleted, whose sessions must end */
	size_t ended_count;
	/* portal groups whose sessions have another access state, or whose paths look different */
	struct target_access_delta *access;
	size_t access_count;
	/*
	 * initiators that are of another host or of other host groups now, sorted, each once;
	 * borrowed from the states before and after
	 */
	const char **initiators;
	size_t initiator_count;
	struct guid *ruled; /* targets whose rules of sources have changed */
	size_t ruled_count;
	bool portals_changed; /* or the controller's status */
	/*
	 * No thread needs this view: it differs from the one before only in what initiators are not
	 * shown, such as the name of a LUN.  The threads keep an older view until they need another.
	 */
	bool quiet;
	uint64_t steps; /* how many rows, places and nodes were visited to make the delta */
};

/*
 * Makes the view of a state, and the delta from the old view.  old and change are NULL only for the
 * first view.  Takes time in proportion to the change.  Returns 0 or -ENOMEM.  Publisher.
 */
int target_view_new(struct target *target, const struct target_view *old, const struct state *state,
		    const struct change *change, struct target_view **ret_view,
		    struct target_delta *ret_delta);
void target_delta_fini(struct target_delta *delta);
struct target_view *target_view_ref(struct target_view *view);
void target_view_unref(struct target_view *view); /* accepts NULL; any thread */
/*
 * Finds a target by its iSCSI name, or a portal by its id.  The result belongs to the view; NULL
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

/* ---- auth.c: who must authenticate, and by which secret ---- */

/*
 * Returns whether the initiator must prove itself by CHAP.  target: NULL = in a discovery session.
 * Any thread that has the view.
 */
bool target_auth_needed(const struct target_view *view, const struct row_target *target,
			const struct iscsi_login *login);
/*
 * Fills in the credentials of the name by which the initiator wants to be known.  What they point
 * to is valid until the thread takes another view.  The connection's thread.
 */
void target_auth_find(const struct target_conn *conn, const struct iscsi_login *login,
		      struct iscsi_login_reply *reply);

/* ---- publish.c ------------------------------------------------------------------------------- */

struct target_publication;

/* Publishes a state: the function publish of struct array_runtime_ops. Publisher. */
void target_publish_state(void *runtime, const struct state *state, const struct change *change);
/* Keeps the set of secrets for the next view: the function secrets of the same struct.  Publisher. */
void target_publish_secrets(void *runtime, const struct array_secrets *secrets);

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
/* Ends every hold, because the data path stops. */
void target_hold_end_all(struct target *target);
/* Returns true when a drain holds this path. The path's thread. */
bool target_hold_covers(const struct target_thread *thread, const struct target_path *path);
/*
 * Called when I/O that was in flight has ended: ends the drains that have nothing left to wait for.
 */
void target_hold_check(struct target_thread *thread);
/*
 * Aborts the tasks of some units on all threads, through whichever target they came; then calls
 * done(arg) on the loop of the calling thread.  The request's array belongs to the caller and stays
 * unchanged until then.  target_hold_abort returns 0 or -ENOMEM.
 */
struct target_abort_request {
	struct target_unit *const *units; /* sorted by address */
	size_t unit_count;
	const struct target_session *by; /* the session that asks */
	struct iscsi_moment moment;      /* of the tasks of `by`, those from before are aborted */
	/* which nexuses lose their tasks; NULL = all.  Called with `arg`, on the paths' threads */
	bool (*concerns)(const struct scsi_itl *itl, void *arg);
	void (*done)(void *arg);
	void *arg;
};
int target_hold_abort(struct target_thread *thread, const struct target_abort_request *request);
/*
 * The two halves of target_hold_abort, for a caller that must not fail after it has begun:
 * target_hold_abort_new allocates (NULL = no memory), target_hold_abort_run cannot fail;
 * target_hold_abort_free gives back what was not run.
 */
struct target_drain *target_hold_abort_new(struct target_thread *thread);
void target_hold_abort_run(struct target_drain *drain, struct target_thread *thread,
			   const struct target_abort_request *request);
void target_hold_abort_free(struct target_drain *drain);

/* ---- preempt.c: what reservations need of the data path -------------------------------------- */

/* Functions of struct scsi_host_ops. */
size_t target_preempt_ports(struct scsi_itl *itl, uint16_t *ports, size_t capacity);
void *target_preempt_prepare(struct scsi_task *task);
void target_preempt_run(void *handle, bool (*concerns)(const struct scsi_itl *itl, void *arg),
			void (*done)(void *arg), void *arg);
void target_preempt_cancel(void *handle);

/* ---- reservation.c: functions of struct array_runtime_ops ------------------------------------ */

_Static_assert(ARRAY_KEEP_RESERVATIONS == SCSI_KEEP_RESERVATIONS, "one number for each kind");
int target_reservation_list(void *runtime, const struct guid *lun_id,
			    struct array_reservations *ret);
int target_reservation_clear(void *runtime, const struct guid *lun_id,
			     void (*done)(void *arg, int result), void *arg);

/* ---- reset.c --------------------------------------------------------------------------------- */

/*
 * Closes the listeners of all portals, and what is in login there.  Nothing is published any more.
 * Returns 0 or -ENOMEM.
 */
int target_reset_close_all(struct target *target);
/* The function reset_portals of struct array_runtime_ops. */
int target_reset_portals(void *runtime, const struct guid *portals, size_t count, uint32_t drain_ms,
			 uint32_t timeout_ms);

/* ---- hosts.c: what the sessions of each host have moved --------------------------------------- */

/* registry.lock guards all fields. */
struct target_host {
	/* its sessions, which have counted more since they came, and what others have counted */
	struct array_host_counters counters;
	size_t index; /* while the hosts are sampled */
};

/* ---- refusal.c: logins that have failed, by target and reason --------------------------------- */

struct target_refusals {
	pthread_mutex_t lock;
	struct array_login_counters nameless; /* lock; at no target that there is */
	struct guid_map targets;              /* struct array_login_counters, owned; lock */
};

void target_refusals_init(struct target_refusals *refusals);
void target_refusals_fini(struct target_refusals *refusals);
/*
 * Counts a login that was refused with this status (enum iscsi_login_status), or that ended without
 * an answer.  The connection's thread.
 */
void target_refusal_count(struct target_conn *conn, unsigned status);
void target_refusal_count_dropped(struct target_conn *conn);
/* Counts what has failed at a target that was deleted without its name from now on.  Publisher. */
void target_refusal_forget(struct target_refusals *refusals, const struct guid *target_id);
/*
 * Copies the counters; the first are those without a target.  Returns their number and an array
 * that the caller frees, or -ENOMEM.  Any thread.
 */
int target_refusals_sample(struct target_refusals *refusals,
			   struct array_login_counters **ret_counters);

/* ---- registry.c: all sessions, for reinstatement, TSIHs and management ----------------------- */

#define REGISTRY_BUCKETS 1024u

/* All sessions of targets, on all threads. */
struct target_registry {
	pthread_mutex_t lock;
	pthread_cond_t left; /* an entry was removed */
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
	/* hosts.c: what the sessions of each host have moved */
	struct target_host strangers; /* initiators whose names belong to no host */
	struct guid_map hosts;        /* struct target_host, owned */
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
	struct target_host
		*of_host; /* for which host the session counts; NULL = not yet, or no more */
	/* what the session had counted when it began to count for that host */
	struct array_session_counters before;
};

/*
 * Has a session count for the host to which its initiator's name belongs in its thread's view, from
 * now on.  When there is no memory it counts for no host.  The session's thread.
 */
void target_host_join(struct target_conn *conn);
/* Has an entry count for no host any more; what it counted stays.  Under registry->lock. */
void target_host_leave(struct target_registry_entry *entry);
/* Forgets what was counted of a host that was deleted.  Publisher. */
void target_host_forget(struct target_registry *registry, const struct guid *host_id);
/*
 * Copies what was counted of each host; the first is for initiators of no host.  Returns the number
 * of hosts and an array that the caller frees, or -ENOMEM.  Any thread.
 */
int target_host_sample(struct target_registry *registry, struct array_host_counters **ret_counters);
void target_host_fini(struct target_registry *registry);

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
 * Enters a session.  When an older session has the same initiator, ISID, target and tag, have that
 * session ended and return REGISTRY_WAIT: entry->wake runs on entry->wake_thread when the older
 * session has ended, and the caller enters again.  Any thread.
 */
enum target_registry_claim target_registry_enter(struct target_registry *registry,
						 struct target_registry_entry *entry);
/*
 * Removes an entry, or stops its waiting.  Has no effect when the entry is neither entered nor
 * waiting.
 */
void target_registry_leave(struct target_registry *registry, struct target_registry_entry *entry);
/*
 * Decides what a login with a TSIH may do.  Returns ISCSI_LOGIN_OK (the login reinstates the
 * connection of its own session, RFC 7143 §6.3.4: initiator, ISID, TSIH and CID are equal),
 * ISCSI_LOGIN_TOO_MANY_CONNECTIONS (another CID), or ISCSI_LOGIN_NO_SESSION.
 */
uint16_t target_registry_may_reinstate(struct target_registry *registry,
				       const struct iscsi_login *login);
/* Returns a TSIH for a discovery session: not 0, and not that of a session of a target. */
uint16_t target_registry_next_tsih(struct target_registry *registry);
/*
 * Ends a session; returns without waiting for the end.  Returns 0 or ERR_NOT_FOUND (there is
 * no such session). Any thread.
 */
int target_registry_kill(struct target_registry *registry, const struct guid *session_id);
/*
 * Asks the initiator of a session to log out, and ends the session when it has not within drain_ms.
 * A session that was asked before is ended at once.  Returns 0 or ERR_NOT_FOUND.  Any thread.
 */
int target_registry_drain(struct target_registry *registry, const struct guid *session_id,
			  uint32_t drain_ms);
/* Asks the initiators of all sessions to log out; as target_registry_drain_portal. */
void target_registry_drain_all(struct target_registry *registry, uint32_t drain_ms);
/*
 * Waits until there is no session.  Returns the number of sessions that are left after timeout_ms.
 * Any thread except those of the data path.
 */
size_t target_registry_wait_none(struct target_registry *registry, uint32_t timeout_ms);
/*
 * Asks the initiators of all sessions that came through a portal to log out; sessions that are left
 * after drain_ms are ended.  Any thread.
 */
void target_registry_drain_portal(struct target_registry *registry, const struct guid *portal_id,
				  uint32_t drain_ms);
/* Returns whether a portal's id is in an array of ids. */
bool target_registry_is_among(const struct guid *portals, size_t count,
			      const struct guid *portal_id);
/*
 * Ends all sessions that came through these portals; returns without waiting for the end.  Any
 * thread.
 */
void target_registry_kill_portals(struct target_registry *registry, const struct guid *portals,
				  size_t count);
/*
 * Waits until no session is left that came through these portals and was asked to log out or to
 * end.  Returns 0 or ERR_TIMEOUT.  Any thread except those of the data path.
 */
int target_registry_wait_portals(struct target_registry *registry, const struct guid *portals,
				 size_t count, uint32_t timeout_ms);
/*
 * Copies what the sessions have counted.  Returns their number and an array that the caller frees,
 * or -ENOMEM.  Any thread.
 */
int target_registry_sample(struct target_registry *registry,
			   struct array_session_counters **ret_counters);
/* Copies what the session of an entry has counted.  Under registry->lock. */
void target_registry_counts(struct target_registry_entry *entry,
			    struct array_session_counters *ret_counters);
/* Ends all sessions; returns without waiting for the end.  Any thread. */
void target_registry_kill_all(struct target_registry *registry);
/* Ends all sessions of a target; returns without waiting for the end. Any thread. */
void target_registry_kill_target(struct target_registry *registry, const char *target);

/* ---- session.c: a nexus and its LUN map ------------------------------------------------------ */

/*
 * A path: a LUN as one session sees it.  A path that was not used yet has no unit when the LUN has
 * none (target_session_open_path).
 */
struct target_path {
	struct scsi_itl itl;
	struct target_session *session;
	struct target_unit *unit; /* a reference; NULL = the path was not used yet */
	struct guid lun_id;
	/* the LUN's size and whether it was offline when the path was made */
	uint64_t first_bytes;
	bool first_offline;
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
	/* struct target_other.node: tasks of other paths that use the unit, too; in inflight */
	struct list others;
	struct list node;      /* links the path into session->gone */
	struct list unit_node; /* links the path into its unit's share of this thread */
};

struct target_session {
	struct target_conn *conn;
	struct target_thread *thread;
	struct list node; /* links the session into thread->sessions */
	struct scsi_nexus nexus;
	struct guid target_id;
	struct target_session_set *set; /* the set of the sessions of this target on this thread */
	struct list set_node;
	struct target_session_set *name_set; /* the set of the sessions of this initiator */
	struct list name_node;
	/* struct guid id; name in the connection's login */
	const char *initiator;
	struct guid id;
	struct target_path **paths; /* the paths of the map, sorted by LUN number */
	size_t path_count, path_capacity;
	struct target_path **table; /* the same paths by LUN number; NULL = there is no unit */
	size_t table_size;
	struct list gone; /* struct target_path.node: paths that have left the map */
};

/*
 * The sessions of one target on one thread, or those of one initiator.  thread->by_target or
 * thread->by_initiator has the set while it is not empty.
 */
struct target_session_set {
	struct guid key;      /* the target's id, or a hash of the initiator's name */
	struct list sessions; /* struct target_session.set_node, or .name_node */
};

/*
 * Makes the session of a login to this target, with the LUN map of the thread's view.  Returns 0 or
 * -ENOMEM. The session's thread.
 */
int target_session_new(struct target_conn *conn, const struct row_target *target,
		       struct target_session **ret_session);
/* Frees a session that has no tasks. Accepts NULL. */
void target_session_free(struct target_session *session);
/*
 * Looks again at these places of the session's target and at no others, and raises the unit
 * attention REPORTED LUNS DATA HAS CHANGED when the map has changed.  Returns 0, or -ENOMEM (the
 * session must then end). The session's thread.
 */
int target_session_apply(struct target_session *session, const struct target_place *places,
			 size_t count);
/*
 * Looks again at every LUN of the session's target, because the initiator is of another host now.
 * Adds what it has looked at to *steps.  Returns 0 or -ENOMEM.  The session's thread.
 */
int target_session_look(struct target_session *session, uint64_t *steps);
/*
 * Returns the sessions of an initiator on this thread (struct target_session.name_node), perhaps
 * with some of another one, or NULL when there are none.  The thread.
 */
struct list *target_session_of_initiator(struct target_thread *thread, const char *name);
/*
 * Gives a path that has no unit the unit of its LUN, which is made if need be.  Returns 0,
 * ERR_NOT_FOUND (the LUN is being deleted) or -ENOMEM.  The path's thread.
 */
int target_session_open_path(struct target_path *path);
/* As target_session_open_path, but does nothing when the LUN has no unit.  Cannot fail. */
void target_session_join_unit(struct target_path *path);
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

/* ---- access.c: asymmetric access, between src/scsi and the array ----------------------------- */

/* Returns the state of the portal group through which the session came. */
enum scsi_alua target_access_of(const struct target_session *session);
/* Gives the sessions of changed portal groups their access states.  The sessions' thread. */
void target_access_sync(struct target_thread *thread, const struct target_delta *delta);
/*
 * Raises the unit attentions of changed portal groups at the units behind them, each at most once.
 * The publisher, after every thread has the view.
 */
void target_access_raise(struct target *target, const struct state *state,
			 const struct target_delta *delta);
/* The functions port_groups and set_access of struct scsi_host_ops. */
size_t target_access_groups(struct scsi_itl *itl, size_t first, struct scsi_port_group *groups,
			    size_t capacity);
int target_access_set(struct scsi_task *task, const struct scsi_alua_set *sets, size_t count);
uint64_t target_access_now_ns(struct scsi_nexus *nexus);

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
	bool refused;   /* the login was refused, and the log says so */
	bool failed;    /* it was refused because authentication failed */
	bool forbidden; /* its initiator was asked to log out: the rules of sources forbid it */
	bool is_dirty, pinged;
	bool wants_session; /* the last step of a login to a target was asked for */
	bool has_left;      /* the registry and the live rows no longer have the connection */
	/* used by the session's thread: it has adopted the connection; the connection must end */
	bool adopted, killed;
	int close_reason;
	struct list node; /* links the connection into thread->conns */
	enum target_stranger stranger;
	unsigned source;           /* index of the peer's address in target_stranger_kind.from */
	uint8_t login_requests;    /* that the login made progress by */
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
	/* struct target_task.node: reads that wait until buffers of this connection come back */
	struct list short_of_buffers;
	/* the deadline of the login; later the time for the next sign of life */
	struct loop_timer timer;
	struct loop_timer drain_timer; /* the deadline for a logout that was asked for */
	uint64_t last_heard_ns;
	uint64_t unsent_bytes;   /* bytes of data that were queued since the last send */
	unsigned unsent_reads;   /* number of answers to which these bytes belong */
	uint64_t buffered_bytes; /* bytes of the thread's buffers that the connection has */
	/*
	 * bytes of buffers that came back lately, which shows that the peer takes or sends its data
	 * (target_buf_share)
	 */
	uint64_t credit_bytes;
	uint64_t progress_ns; /* when its peer last took or sent data */
	struct target_session_counts counts;
	struct target_registry_entry entry;
	/* the thread in whose sessions_assigned the connection is counted; NULL = none */
	struct target_thread *assigned;
	struct loop_msg move, gone;
	struct work announce;
	struct row_live_session *row; /* the live row that `announce` takes to the array */
	struct guid target_id;
	uint64_t seen_sequence; /* of the state in which the login found the target */
	uint16_t tpgt, relative_port;
	char peer[ADDRESS_TEXT_SIZE], local[ADDRESS_TEXT_SIZE];
	/* the peer's address without its port: limits and log lines count by it */
	char host[ADDRESS_TEXT_SIZE];
};

/* Bytes of buffers that one connection may have at most. */
#define CONN_BUFFER_MAX (64ull << 20)

/*
 * Moves the connection to the next state that the table names.  An event that the table does not
 * allow in the present state is a mistake of this program and is asserted.
 */
void target_conn_to(struct target_conn *conn, enum target_conn_event event);
/* Returns true when everything holds that must hold in the connection's state. */
bool target_conn_is_sound(const struct target_conn *conn);
/* Notes that a connection has been freed, and wakes target_free when it was the last one. */
void target_conn_count_down(struct target *target);
/* Returns true when the connection may take so many more bytes of its thread's buffers. */
bool target_conn_may_have(struct target_conn *conn, uint32_t cost_bytes);
/* Notes that the peer has taken data that waited, or has sent data that was asked for. */
static inline void
target_conn_progress(struct target_conn *conn, uint64_t now_ns)
{
	conn->progress_ns = now_ns;
}
/*
 * Begins a connection on a socket, which belongs to the connection from now on, also after a
 * failure.  The portal's thread.
 */
void target_conn_accept(struct target_thread *thread, struct target_portal *portal, int fd);
/*
 * Notes that len_bytes of read data were queued, and sends the queued data if waiting for more
 * brings no advantage.  That is the case when the data no longer fits the CPU's cache, so that its
 * buffers are used again while they are in the cache; or, while this thread has time to spare,
 * after the first few answers, so that the peer can go on working.
 */
void target_conn_queued(struct target_conn *conn, uint32_t len_bytes);
/*
 * Makes the thread call target_conn_settle at the end of the round.  target_conn_settle sends what
 * is queued, and closes or frees the connection when that is due.
 */
void target_conn_mark(struct target_conn *conn);
void target_conn_settle(struct target_conn *conn);
/*
 * Closes the connection at the end of this round.  reason: an error code for the log; 0 or
 * ERR_CLOSED = the connection ends in good order.
 */
void target_conn_close(struct target_conn *conn, int reason);
/*
 * Puts the connection's socket into its thread's loop, or takes it out.  target_conn_attach returns
 * 0 or -errno.
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
 * Continues a login whose last step was asked for.  To be called after the engine's input call has
 * returned.  Returns false when the connection has moved to another thread and must not be touched.
 */
bool target_login_continue(struct target_conn *conn);
/*
 * Messages of a registry entry: target_login_kill ends the session, target_login_drain asks the
 * initiator for a logout, target_login_wake goes on with a login because the older session has
 * ended.
 */
void target_login_kill(struct loop_msg *msg);
/*
 * Asks the initiator of a session to log out and ends the session TARGET_FORBIDDEN_MS later, when the
 * rules of sources of its target or of its host do not allow the address that it comes from.  The
 * session's thread.
 */
void target_login_check_source(struct target_session *session);
#define TARGET_FORBIDDEN_MS 3000
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
	/*
	 * in conn->turns: its turn has come, and it starts in this round; or in
	 * conn->short_of_buffers
	 */
	TARGET_TASK_READY,
	TARGET_TASK_RUNS, /* src/scsi executes it: counted in path->inflight */
	/*
	 * it was aborted, and its backing I/O has not ended: in thread->aborted, counted in
	 * path->aborting
	 */
	TARGET_TASK_ABORTED,
	/* it was aborted and nobody waits for its backing I/O any more: its unit has a fence */
	TARGET_TASK_ABANDONED,
};

/*
 * A unit that a task uses beside that of its own path: what an EXTENDED COPY reads or writes.  The
 * task counts as one of this path, too: in path->tasks and path->inflight.
 */
struct target_other {
	struct target_task *task;
	struct target_path *path;
	struct list node; /* links it into path->others */
	bool fenced;      /* the task's I/O was given up or cut short, and the unit has a fence */
};

#define TARGET_OTHERS_MAX 8u

struct target_others {
	unsigned count;
	struct target_other list[TARGET_OTHERS_MAX];
};

/*
 * A command.  The struct lies in the memory that the engine reserves in its task (struct
 * iscsi_task.extra).
 */
struct target_task {
	struct iscsi_task *it;
	struct target_conn *conn;
	/* NULL when there is no LUN with this number, or the task has ended */
	struct target_path *path;
	enum target_task_state state;
	uint32_t buf_bytes;  /* bytes of the thread's buffers in iov */
	bool gave_up_share;  /* abandoned: its buffers count for the thread, not for conn */
	uint64_t aborted_ns; /* when it was aborted (loop_now_ns) */
	/*
	 * when its PDU was received, its data-out was here, it began after it had to wait, and
	 * src/scsi was done with it; 0 = it did not have to wait for this (meter.c)
	 */
	uint64_t start_ns, ready_ns, began_ns, done_ns;
	struct iovec direct; /* immediate data, in the receive buffer */
	struct list node;    /* links the task into the list that its state names */
	struct loop_msg resume;
	struct target_others *others;        /* NULL for nearly all commands; owned */
	struct target_access_change *access; /* SET TARGET PORT GROUPS that is under way */
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
/* Starts the tasks in path->held_tasks, because the path is no longer held. The path's thread. */
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
/* Starts the tasks in conn->turns.  The connection's thread, at the end of a round. */
void target_task_take_turns(struct target_conn *conn);
/* ---- copy.c: what a task uses beside the unit of its own path ---- */

/* The function open_unit of struct scsi_host_ops. */
int target_copy_open(struct scsi_task *task, const uint8_t *designator, struct scsi_itl **ret_itl);
/*
 * Gives back what target_copy_open has opened for the task, whose I/O has ended.  Its units' drains
 * may be done by this.  The task's thread.
 */
void target_copy_close(struct target_task *t);
/* Called when the task is abandoned: the units that it uses get a fence each, until it is back. */
void target_copy_abandon(struct target_task *t);
/*
 * The path's unit is reset: end the copies of other units' commands that use it, and keep its
 * medium from others until what they have in flight is back.  The path's thread.
 */
void target_copy_stop(struct target_path *path);
/* The function copy_may_go_on of struct scsi_host_ops. */
bool target_copy_may_go_on(struct scsi_task *task);
/*
 * Says in the log and to the array that a unit hangs, which has a fence, unless that was said
 * already.  Any thread.
 */
void target_task_tell_hang(struct target_unit *unit);
/* Takes one fence off a unit, and says so when it was the last one of a unit that hung. */
void target_task_unfence(struct target_unit *unit);

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
	struct guid_map by_target;    /* struct target_session_set, by target id */
	struct guid_map by_initiator; /* struct target_session_set, by a hash of the name */
	/* struct target_drain_part: parts that wait for I/O, and parts that hold paths */
	struct list waits, holds;
	struct list aborted; /* struct target_task.node: aborted tasks, the oldest first */
	struct loop_timer aborted_timer;
	struct loop_hook hook;
	struct loop_msg view_msg, stop_msg, beat_msg;
	atomic_bool beat_due; /* beat_msg was posted and has not run */
	struct target_publication *publication;
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

/* ---- target.c -------------------------------------------------------------------------------- */

struct target {
	struct target_options options;
	struct array *array;
	struct workers *workers; /* threads for blocking file operations */
	/* the one thread that delivers reports to the array */
	struct workers *reporter;
	/* the one thread that asks the array for changes on behalf of initiators, and waits for them */
	struct workers *changer;
	struct target_registry registry;
	struct target_refusals refusals;
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

	pthread_mutex_t holds_lock;
	struct list holds; /* struct target_drain.node */

	pthread_mutex_t traffic_lock;
	struct list traffic; /* struct target_traffic.node */
};

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

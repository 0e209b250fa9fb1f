/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of target_int.h, which says what threads and locks there are: sessions: all of them, and
 * one with its LUN map.
 */
#ifndef VDS_TARGET_SESSION_INT_H
#define VDS_TARGET_SESSION_INT_H

#include "array/array.h"
#include "base/map.h"
#include "target/buf_int.h"
#include "target/view_int.h"

struct target_conn;
struct target_task;
struct target_thread;

/* ---- hosts.c: what the sessions of each host have moved --------------------------------------- */

/* registry.lock guards all fields. */
struct target_host {
	/* its sessions, which have counted more since they came, and what others have counted */
	struct array_host_counters counters;
	size_t index; /* while the hosts are sampled */
};

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
	/* struct target_task.node: tasks that wait for limits, by the time at which they may start */
	struct list limited;
	unsigned limited_count;
	uint32_t limit_generation;     /* of the limits by which they wait */
	struct loop_timer limit_timer; /* set while there are any */
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

#endif

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

/*
 * ---- hosts.c: what the sessions of each host have moved ---------------------------------------
 */

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
	/* struct target_registry_session.node, by hash of the initiator's name */
	struct list buckets[REGISTRY_BUCKETS];
	uint64_t moments;                    /* of logins that ask whether other sessions live */
	uint8_t tsihs[(UINT16_MAX + 1) / 8]; /* a bit for each TSIH that is in use */
	uint16_t last_tsih;
	size_t count;    /* connections that are entered */
	size_t sessions; /* in the buckets */
	/*
	 * There are at most `max` connections.  The last `reserved` of them are kept for initiators
	 * that already have a session.
	 */
	size_t max, reserved;
	/* hosts.c: what the sessions of each host have moved */
	struct target_host strangers; /* initiators whose names belong to no host */
	struct guid_map hosts;        /* struct target_host, owned */
};

/*
 * The registry's part of a session.  It is there as long as a connection is entered for it, or
 * waits to take the place of one; then session->gone is posted to the session's thread, which frees
 * it together with its nexus.
 */
struct target_registry_session {
	/* fixed when the first connection is entered */
	struct target_registry *registry;
	struct guid id;
	char initiator[ISCSI_NAME_MAX + 1], target[ISCSI_NAME_MAX + 1];
	uint8_t isid[ISCSI_ISID_SIZE];
	uint16_t tpgt, tsih;
	uint16_t max_connections; /* as was agreed on */
	struct guid
		gateway_id; /* the gateway that its initiator is connected to; zero = this one */
	/* the thread that has the session's connections; it counts it in sessions_assigned */
	struct target_thread *thread;

	/* registry.lock guards these fields */
	struct list node;
	bool listed;
	bool ending;         /* it was asked to end, or has begun to: nothing joins it any more */
	unsigned refs;       /* entries that have it */
	struct list entries; /* struct target_registry_entry.session_node: those that are entered */
	unsigned count;      /* of these, but for those that are logged out */
	struct target_registry_entry *waiter; /* the login that waits for the end of this session */
	struct target_registry_entry *asker;  /* the login that asks whether the session lives */
	uint64_t lived; /* the last moment since which it has given a sign of life */
	struct target_host
		*of_host; /* for which host the session counts; NULL = not yet, or no more */
	/* what the session had counted when it began to count for that host */
	struct array_session_counters before;
	struct array_session_counters past; /* what connections have counted that have left */

	/* the session's thread */
	struct target_session *nexus; /* NULL = not made yet */
	struct loop_msg gone;
};

/* The registry's part of a connection. */
struct target_registry_entry {
	struct list session_node; /* registry.lock guards all fields of an entry */
	bool entered;
	bool counted;                            /* in session->count: it is not logged out */
	bool let_go;                             /* its CID is free */
	struct target_registry_session *session; /* a reference, or NULL */
	const char *host;                        /* the peer's address */
	uint16_t cid;
	/* the thread that has the connection, or will have it after its move */
	struct target_thread *thread;
	/* the message is on its way; it was sent once; the connection was asked to end by either */
	bool kill_posted, drain_posted, asked;
	struct loop_msg kill, drain;
	const struct guid *portal_id; /* id of the portal through which the connection came */
	uint32_t drain_ms;
	struct target_registry_entry
		*waiter; /* the login that takes the place of this connection */
	/* what this login waits for the end of: an older connection, or an older session */
	struct target_registry_entry *waits_for;
	struct target_registry_session *waits_for_session;
	/* this login waits for a sign of life from that session, later than the login's moment */
	struct target_registry_session *waits_for_life;
	uint64_t moment; /* 0 = it has none yet */
	/* a sign of life later than that moment is asked for; the message is on its way */
	uint64_t asked_moment;
	bool life_posted;
	struct loop_msg life;
	struct loop_msg wake; /* posted to the waiter's own thread */
	struct target_thread *wake_thread;
};

/*
 * Has a session count for the host to which its initiator's name belongs in its thread's view, from
 * now on, and its connections for the limits of that host.  When there is no memory it counts for
 * no host.  The session's thread.
 */
void target_host_join(struct target_session *session);
/* Has a session count for no host any more; what it counted stays.  Under registry->lock. */
void target_host_leave(struct target_registry_session *session);
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
	REGISTRY_WAIT,      /* an older session, or connection, must end first */
	REGISTRY_CONTENDED, /* another login waits for the same one */
	/* there is no free place, or only reserved ones and the initiator has no session */
	REGISTRY_FULL,
	REGISTRY_TOO_MANY,   /* the session has as many connections as it may */
	REGISTRY_NO_SESSION, /* the session that the login was to join has ended */
};

/* max: how many connections there may be at one time. */
void target_registry_init(struct target_registry *registry, size_t max);
void target_registry_fini(struct target_registry *registry);
/*
 * Makes the registry's part of a session that begins with this connection's login, on this thread;
 * entry->session has it then.  Returns 0 or -ENOMEM.
 */
int target_registry_session_new(struct target_registry *registry,
				struct target_registry_entry *entry,
				const struct iscsi_login *login, uint16_t tpgt,
				struct target_thread *thread);
/* Frees what is left of a session that has ended, but for its nexus.  Its thread. */
void target_registry_session_free(struct target_registry_session *session);
/*
 * Enters a connection.  entry->session: the session that it begins, or NULL: it joins the session
 * that its login names, which entry->session has then.
 *
 * When a session has the same initiator, ISID and target as the one that begins, and another
 * gateway is between the initiator and it, ask it for a sign of life (life.c) and return
 * REGISTRY_WAIT:  entry->wake runs when it has given one, or has ended.
 *
 * When an older session has the same initiator, ISID, target and tag as the one that begins, or the
 * session that is joined has a connection with this CID (RFC 7143 §6.3.4, §6.3.5), have that one
 * ended and return REGISTRY_WAIT: entry->wake runs on entry->wake_thread when it has ended, and the
 * caller enters again.  Any thread.
 */
enum target_registry_claim target_registry_enter(struct target_registry *registry,
						 struct target_registry_entry *entry,
						 const struct iscsi_login *login, uint16_t tpgt);
/*
 * Removes an entry, or stops its waiting, and drops its session; the last one ends the session.
 * Has no effect on an entry that has nothing.  Returns whether a session has ended that was
 * entered: its id is in *ret_session_id.
 */
bool target_registry_leave(struct target_registry *registry, struct target_registry_entry *entry,
			   struct guid *ret_session_id);
/*
 * Decides what a login with a TSIH may do, when its first request comes.  Returns ISCSI_LOGIN_OK
 * (its session is there, and has room for a connection or one with this CID),
 * ISCSI_LOGIN_TOO_MANY_CONNECTIONS, or ISCSI_LOGIN_NO_SESSION.
 */
uint16_t target_registry_may_join(struct target_registry *registry, const struct iscsi_login *login,
				  uint16_t tpgt);
/*
 * Says that a connection is logged out, so that another one may join its session.  To be called
 * before the initiator hears of the logout.
 */
void target_registry_logged_out(struct target_registry *registry,
				struct target_registry_entry *entry);
/*
 * To be called when entry->life has run: it may be posted again.  Returns the moment since which a
 * sign of life is asked for.  The entry's thread.
 */
uint64_t target_registry_life_taken(struct target_registry *registry,
				    struct target_registry_entry *entry);
/* Notes that a connection has given a sign of life since that moment, and wakes who has asked. */
void target_registry_lives(struct target_registry *registry, struct target_registry_entry *entry,
			   uint64_t moment);
/* To be called when entry->kill has run: it may be posted again.  The entry's thread. */
void target_registry_kill_taken(struct target_registry *registry,
				struct target_registry_entry *entry);
/*
 * Frees the CID of a connection that is kept for its tasks only, and lets the login go on that
 * waits for it.  The entry stays, but counts as gone from its portal.
 */
void target_registry_let_go(struct target_registry *registry, struct target_registry_entry *entry);
/* Says that a session has begun to end, so that no connection joins it any more. */
void target_registry_end(struct target_registry_session *session);
/* Returns whether a session has begun to end. */
bool target_registry_is_ending(const struct target_registry_session *session);
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
 * Asks the initiators of all connections that came through a portal to log them out; those that are
 * left after drain_ms are ended.  Any thread.
 */
void target_registry_drain_portal(struct target_registry *registry, const struct guid *portal_id,
				  uint32_t drain_ms);
/* Returns whether a portal's id is in an array of ids. */
bool target_registry_is_among(const struct guid *portals, size_t count,
			      const struct guid *portal_id);
/*
 * Ends all connections that came through these portals, and the sessions that have no other;
 * returns without waiting for the end.  Any thread.
 */
void target_registry_kill_portals(struct target_registry *registry, const struct guid *portals,
				  size_t count);
/*
 * Waits until no connection is left that came through these portals and was asked to log out or to
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
/* Copies what a session has counted.  Under registry->lock. */
void target_registry_counts(const struct target_registry_session *session,
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
	/* this gateway carries out the LUN's commands; always without gateways (forward.c) */
	bool own;
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
	/*
	 * struct target_task.node: tasks that wait for limits, by the time at which they may start
	 */
	struct list limited;
	unsigned limited_count;
	uint32_t limit_generation;     /* of the limits by which they wait */
	struct loop_timer limit_timer; /* set while there are any */
	/* struct target_other.node: tasks of other paths that use the unit, too; in inflight */
	struct list others;
	/*
	 * struct target_forward.order_node: tasks that are to be forwarded and were not sent, in
	 * the order of their arrival; how many of them are ORDERED
	 */
	struct list forwards;
	unsigned forwards_ordered;
	/* sent to an owner, and not answered; of them those that are ORDERED */
	unsigned sent, sent_ordered;
	/*
	 * the gateway that has its nexus, since commands were sent to it; the next command goes
	 * there first, also when another one owns the LUN now
	 */
	struct guid at_id;
	/*
	 * what the nexus had there (a reservation by RESERVE, unit attentions) is lost, and the
	 * initiator is to be told
	 */
	bool nexus_lost;
	struct list node;      /* links the path into session->gone */
	struct list unit_node; /* links the path into its unit's share of this thread */
};

struct target_session {
	struct list conns;           /* struct target_conn.session_node: those that are not freed */
	struct iscsi_session *iscsi; /* a reference */
	/* the registry's part; this struct and that one are freed together */
	struct target_registry_session *shared;
	bool ended;  /* it has left the registry, and is freed with its last connection */
	bool broken; /* its map could not be changed: nothing may join it */
	struct target_thread *thread;
	struct list node; /* links the session into thread->sessions */
	struct scsi_nexus nexus;
	struct guid target_id;
	struct target_session_set *set; /* the set of the sessions of this target on this thread */
	struct list set_node;
	struct target_session_set *name_set; /* the set of the sessions of this initiator */
	struct list name_node;
	const char *initiator; /* name in `shared` */
	struct guid id;
	struct target_path **paths; /* the paths of the map, sorted by LUN number */
	size_t path_count, path_capacity;
	struct target_path **table; /* the same paths by LUN number; NULL = there is no unit */
	size_t table_size;
	struct list gone; /* struct target_path.node: paths that have left the map */
	bool inside; /* of another gateway, which passes on commands of an initiator (inside.c) */
	struct guid gateway_id; /* inside: which gateway, and */
	char *gateway_instance; /* what runs as it, as its row said when it logged in */
	bool known;             /* the nexus was in use, here or at another gateway */
	struct list links;      /* struct target_link.node: connections to owners of its LUNs */
	struct list functions; /* of task management that owners have not answered: forward_tmf.c */
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
 * Makes the session of a login to this target, with the LUN map of the thread's view; the
 * connection has not joined it yet.  Returns 0 or -ENOMEM. The session's thread.
 */
int target_session_new(struct target_conn *conn, const struct row_target *target,
		       struct target_session **ret_session);
/* Makes a connection one of the session's, or takes it out when it is about to be freed. */
void target_session_add(struct target_session *session, struct target_conn *conn);
void target_session_remove(struct target_conn *conn);
/* The function `gone` of struct target_registry_session. */
void target_session_gone(struct loop_msg *msg);
/*
 * Closes all connections of a session, with this reason, and has nothing join it any more.  The
 * session's thread.
 */
void target_session_close(struct target_session *session, int reason);
/* Returns whether the session has another connection than this one that is not being closed. */
bool target_session_has_other(const struct target_conn *conn);
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
/*
 * The LUN of a path has become another gateway's: the path has no unit any more, and its tasks that
 * have not started are forwarded.  Ends the session if a task of it runs.  The path's thread.
 */
void target_session_leave_unit(struct target_path *path);
/* Marks every connection of a session (target_conn_mark). */
void target_session_mark(const struct target_session *session);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of target_int.h, which says what threads and locks there are: where the data path listens,
 * who has not logged in yet, and who was refused.
 */
#ifndef VDS_TARGET_PORTAL_INT_H
#define VDS_TARGET_PORTAL_INT_H

#include "array/array.h"
#include "base/map.h"
#include "target/target.h"
#include "target/traffic_int.h"

#include <sys/socket.h>

struct target_conn;
struct target_thread;

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
	bool inside; /* for other gateways: its row is made of the controller's (inside.c) */
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

/*
 * Makes a portal with one reference for the caller.  inside: it is for other gateways.  Returns 0
 * or
 * -ENOMEM.  Publisher.
 */
int target_portal_new(struct target *target, const struct row_portal *row, bool inside,
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
/* Fills in a socket address from a numeric one.  Returns 0 or -EINVAL. */
int target_portal_address(const char *text, uint16_t port, struct sockaddr_storage *ret,
			  socklen_t *ret_len);
/* Writes "192.0.2.1:3260" or "[::1]:3260". */
void target_portal_format(const struct row_portal *row, char text[ADDRESS_TEXT_SIZE]);
/*
 * Finds a TCP port that is free at this address and that the system does not use for outgoing
 * connections, so that no initiator on this host holds the port when vdsd starts again.  Returns 0
 * or a negative code (there is no such port).
 */
int target_portal_pick_port(const char *address, uint16_t *ret_port);

/*
 * ---- refusal.c: logins that have failed, by target and reason ---------------------------------
 */

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

#endif

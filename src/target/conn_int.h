/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of target_int.h, which says what threads and locks there are: a connection, and its login.
 */
#ifndef VDS_TARGET_CONN_INT_H
#define VDS_TARGET_CONN_INT_H

#include "target/meter_int.h"
#include "target/portal_int.h"
#include "target/session_int.h"

struct target_session;
struct target_task;
struct target_thread;

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
	uint64_t seen_sequence;     /* of the state in which the login found the target */
	struct target_limit *limit; /* of its initiator's host, a reference; NULL = no host */
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

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of target_int.h, which says what threads and locks there are: a connection, and its login.
 */
#ifndef VDS_TARGET_CONN_INT_H
#define VDS_TARGET_CONN_INT_H

#include "model/redirect.h"
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
	struct list session_node; /* links the connection into session->conns */
	struct target_portal *portal;
	enum target_conn_state state;
	int fd;
	struct loop_fd lfd;
	bool in_loop;
	struct target_sender *sender; /* another thread sends much output; or NULL */
	/* the socket takes no more data: the loop watches EPOLLOUT; or the sender is sending */
	bool blocked;
	bool paused; /* no input is wanted: the loop does not watch EPOLLIN */
	bool close_asked, said_goodbye;
	bool refused; /* the login was refused, and the log says so */
	bool failed;  /* it was refused because authentication failed */
	/* its initiator was asked to log out: the rules of sources forbid it, or it is to move */
	bool forbidden;
	char redirect[REDIRECT_ENDPOINT_SIZE]; /* where its login was sent */
	bool is_dirty, pinged;
	bool wants_session; /* the last step of a login to a target was asked for */
	bool known;         /* a login of another gateway says that its nexus was in use before */
	bool has_left;      /* the registry no longer has the connection */
	/* used by the session's thread: it has adopted the connection; the connection must end */
	bool adopted, killed;
	/*
	 * The session goes on when this connection ends, if it has others: it was logged out or
	 * replaced, or we end it for a reason of its own.  Any other end of a connection ends its
	 * session.
	 */
	bool ends_alone;
	/*
	 * ErrorRecoveryLevel 2: it has failed, and is kept for its tasks until another connection
	 * has them or the time for that is over (`timer`).  let_go: its CID is free already.
	 */
	bool retained, let_go;
	bool joined; /* its login has ended well: it is one of its session's connections */
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
	/*
	 * life.c: the moment since which a sign of life is asked for (0 = none is), the one of the
	 * ping that was sent for that, and when that must be answered
	 */
	uint64_t life_moment, life_pinged;
	struct loop_timer life_timer;
	struct target_barrier *barrier; /* barrier.c: its login waits; or NULL */
	struct list barrier_node;       /* links the connection into thread->barriers */
	bool recovers;                  /* its session has ErrorRecoveryLevel 1 or 2 */
	bool recover_set;               /* recover_timer is set */
	struct loop_timer recover_timer;
	uint64_t last_heard_ns;
	uint64_t unsent_bytes;   /* bytes of data that were queued since the last send */
	unsigned unsent_reads;   /* number of answers to which these bytes belong */
	uint64_t buffered_bytes; /* bytes of the thread's buffers that the connection has */
	/* struct target_task.node: reads that start in later rounds (turn.c) */
	struct list later;
	struct list later_node; /* links the connection into thread->later */
	uint64_t turn_round_ns; /* when the round began to which turn_bytes belongs */
	uint64_t turn_bytes;    /* bytes of the reads that were started in that round */
	bool takes_later;       /* tasks of `later` are being started */
	/*
	 * bytes of buffers that came back lately, which shows that the peer takes or sends its data
	 * (target_buf_share)
	 */
	uint64_t credit_bytes;
	uint64_t progress_ns; /* when its peer last took or sent data */
	struct target_session_counts counts;
	struct target_registry_entry entry;
	struct loop_msg move, gone;
	struct work announce;
	/* the live row that `announce` takes to the array; NULL when it joins a session */
	struct row_live_session *row;
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
/* The function output of struct iscsi_conn_ops. */
void target_conn_output(void *user);
/*
 * Closes the connection at the end of this round.  Unless it ends alone, all other connections of
 * its session are closed with it.  reason: an error code for the log; 0 or
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
/* Notes that the socket has taken the first len bytes of what the engine wants to be sent. */
void target_conn_sent(struct target_conn *conn, size_t len);

/* ---- sender.c: another thread sends ---------------------------------------------------------- */

/* All on the connection's thread. */

/*
 * Has another thread send for a connection that has joined a session, if there are threads and
 * memory for that.  Nothing may be queued but the last response of its login.
 */
void target_sender_start(struct target_conn *conn);
/*
 * Hands over what is queued, if it is worth it, unless a send is under way already; the connection
 * is settled when it has ended.  Returns whether one is under way: then nobody else may send.
 */
bool target_sender_send(struct target_conn *conn);
/* Returns whether a send is under way on another thread. */
bool target_sender_is_sending(const struct target_conn *conn);
/*
 * Begins to end this.  Returns true when no other thread sends for the connection (any more); until
 * then its output, and whatever that refers to, must stay.  The connection is settled at that time.
 */
bool target_sender_stop(struct target_conn *conn);

/* ---- turn.c ---------------------------------------------------------------------------------- */

/* All on the connection's thread. */

/* Notes that a connection of a session has received something. */
void target_turn_heard(struct target_conn *conn);
/* Returns how many bytes a connection may start to read, or send, in this round. */
uint64_t target_turn_bytes(const struct target_thread *thread);
/*
 * Returns whether a read of so many bytes is to wait for a later round, since the connection has
 * had its turn in this one; counts the bytes if not.  The caller puts such a task into conn->later
 * and calls target_turn_wait.
 */
bool target_turn_is_over(struct target_conn *conn, uint32_t len_bytes);
/* Has the connection settled in the next round, when what others have sent was handled. */
void target_turn_wait(struct target_conn *conn);
/* Starts those tasks of conn->later that the connection's turn allows. */
void target_turn_take(struct target_conn *conn);
/*
 * Marks the connections that wait for the next round.  Returns whether there are any.  To be called
 * last in a round.
 */
bool target_turn_end(struct target_thread *thread);

/* ---- socket.c ------------------------------------------------------------------------------- */

/*
 * Sets the options of the socket of a connection that was accepted, and notes the addresses of both
 * ends in peer, host and local.  What the system refuses is left as it is.
 */
void target_socket_set_up(struct target_conn *conn);
/*
 * Returns whether a peer is on this host: a loopback address, or the address that it connected to.
 */
bool target_socket_is_here(const struct sockaddr_storage *peer, const struct sockaddr_storage *own);

/* ---- recover.c ------------------------------------------------------------------------------- */

/*
 * Called when output was sent.  Has the engine look for write data that does not come, as long as
 * some is expected, and gives up buffers for which reads of this connection wait.
 */
void target_recover_settle(struct target_conn *conn);
/*
 * Gives up all buffers of the thread that are kept only to send read data again.  Returns for how
 * many reads.  The thread.
 */
unsigned target_recover_forget_all(struct target_thread *thread);

/*
 * Keeps a connection whose socket is closed, if the initiator may still take its tasks to another
 * one.  Returns false if not: the connection is to end.
 */
bool target_recover_retain(struct target_conn *conn);
/*
 * Frees the CID of a connection that is retained: the initiator has logged it out, or replaces it.
 */
void target_recover_let_go(struct target_conn *conn);
/* Ends a connection that is retained, with its tasks.  Its thread. */
void target_recover_give_up(struct target_conn *conn);
/*
 * Ends a retained connection whose CID is free and that has no tasks, or that the initiator has
 * closed.  Returns whether it is still retained.  Its thread.
 */
bool target_recover_is_waiting(struct target_conn *conn);
/*
 * Has one retained connection that holds buffers end soon, because buffers are short.  On that
 * thread.
 */
void target_recover_make_room(struct target_thread *thread);
/* The function task_moved of struct iscsi_conn_ops. */
void target_recover_task_moved(void *user, struct iscsi_task *it);
/* ---- life.c: does a session still live that came through another gateway? ------------------- */

/* The function run of entry->life: asks the peer of a connection for a sign of life. */
void target_life_asked(struct loop_msg *msg);
/* Goes on with that after something was received. */
void target_life_look(struct target_conn *conn);
/* The connection is closed. */
void target_life_end(struct target_conn *conn);

/* ---- barrier.c: logins that wait for other gateways ----------------------------------------- */

/*
 * Has the login of a new session wait, if need be, until each gateway that owns a LUN of its map
 * has let in a link of it; target_login_let_in is called then.  Returns false when there is nothing
 * to wait for.  The session's thread.
 */
bool target_barrier_begin(struct target_conn *conn);
/* Looks again at all logins of the thread that wait. */
void target_barrier_look(struct target_thread *thread);
/* The connection is closed. */
void target_barrier_end(struct target_conn *conn);

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
/* Answers the login of a connection whose session is made, or joined.  The session's thread. */
void target_login_let_in(struct target_conn *conn);
/*
 * Messages of a registry entry: target_login_kill ends the connection, target_login_drain asks the
 * initiator for a logout, target_login_wake goes on with a login because the older session or
 * connection has ended.
 */
void target_login_kill(struct loop_msg *msg);
/*
 * Asks the initiator to log out those connections of a session, and ends them TARGET_FORBIDDEN_MS
 * later, which come from an address that the rules of sources of the target or of the host do not
 * allow.  The session's thread.
 */
void target_login_check_source(struct target_session *session);
#define TARGET_FORBIDDEN_MS 3000
void target_login_drain(struct loop_msg *msg);
void target_login_wake(struct loop_msg *msg);
/* The function send_targets of struct iscsi_conn_ops. */
void target_login_send_targets(void *user, const char *name, const char *after,
			       struct iscsi_targets *list);

#endif

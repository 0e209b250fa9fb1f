/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The private half of the iSCSI engine: the structs of a connection and the functions that the
 * files of src/iscsi call in each other, grouped by the file that defines them.  Only files of
 * src/iscsi and their tests include this header.
 *
 *	bytes --> rx --> conn (opcode table) --> login | discovery | task | data | tmf | control | recover
 *	bytes <-- tx <-- responses, R2T, Data-In (built into a ring of headers when there is room)
 *
 * Everything here is used only by the thread that has the connection, except struct iscsi_budget,
 * which several threads share.
 */
#ifndef VDS_ISCSI_ISCSI_INT_H
#define VDS_ISCSI_ISCSI_INT_H

#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"
#include "iscsi/iov_int.h"
#include "iscsi/iscsi.h"
#include "iscsi/negotiate_int.h"
#include "iscsi/pdu_int.h"
#include "iscsi/stream_int.h"

struct iscsi_cmd;
struct iscsi_session;

/* --- task.c --- */

enum iscsi_task_state {
	TASK_FREE,
	TASK_OWNER,   /* with the owner, who executes the command */
	TASK_COLLECT, /* the command's write data is being received */
	TASK_DRAIN,   /* the owner has ended it; requested data is still to come and is discarded */
	TASK_ENDING,  /* the last PDU of the answer is queued or being sent */
};

/*
 * A SCSI command from its arrival until its answer is sent: struct iscsi_task and what only the
 * engine needs.
 */
struct iscsi_cmd {
	struct iscsi_task pub;
	struct iscsi_tx_item item;
	struct iscsi_cmd *next; /* the next task in its hash bucket, or in the free list */
	uint32_t number;        /* index in the pool */
	uint8_t state;          /* enum iscsi_task_state */
	bool owned;             /* ops->command was called, so ops->task_done must be called */
	bool counted;           /* takes a place of the command window */
	bool tagged;            /* iscsi_task_find finds the task by its ITT */
	bool accepted;          /* iscsi_task_accept_write was called */
	/* unsolicited data is still to come: no PDU of it had the final bit yet */
	bool unsolicited;
	bool in_command;     /* inside ops->command */
	bool status_in_data; /* the last Data-In PDU carries the status */
	bool abandoned;      /* iscsi_task_abandon was called: nobody waits for the task any more */
	uint32_t abort_seq;  /* number of the abort that concerned this task; 0 = none */
	uint32_t arrival;    /* how many commands of the session had arrived before this one */

	/* Writes data. It always arrives in order (DataPDUInOrder, DataSequenceInOrder). */
	struct iscsi_iov_cursor wr;
	struct iovec wr_one;
	uint32_t wr_want;      /* bytes that the owner asked for */
	uint32_t wr_pos;       /* bytes received so far */
	uint32_t wr_first_max; /* offset at which the unsolicited data ends */
	uint32_t wr_sn;        /* DataSN of the next Data-Out PDU of this sequence */
	/*
	 * offset at which the data requested with R2T begins; modulo 2^64, for after recovery the
	 * R2Ts that were sent count, too
	 */
	uint64_t r2t_base;
	uint32_t r2t_sent, r2t_done; /* number of R2Ts that were sent, and that are fulfilled */

	/* Reads data. */
	struct iscsi_iov_cursor rd;
	struct iovec rd_one;
	uint32_t rd_left;  /* bytes that are still to be put into the ring */
	uint32_t rd_pos;   /* bytes that are in the ring or sent */
	uint32_t rd_burst; /* bytes of the present sequence that are in the ring or sent */
	/* the next DataSN or R2TSN: one count serves for both, RFC 7143 §11.7.5 */
	uint32_t data_sn;
	uint32_t data_ins; /* number of Data-In PDUs that were built */
	uint32_t in_ring;  /* slots of the ring that belong to this task */

	uint8_t status, response, flags;
	uint32_t residual, bidi_residual;
	uint32_t sense_len;
	uint8_t cdb[16];
	uint8_t *cdb_long;
	uint8_t sense[2 + ISCSI_SENSE_MAX];
};

#define TASK_CHUNK       16u
#define TASK_CHUNKS_FAIR 4u /* chunks that a session may have even when memory is tight: 64 tasks */
#define TASK_CHUNKS_MAX  160u /* enough for 2 * 1024 + 256 tasks */
#define TASK_BUCKETS     256u

/*
 * The tasks of a session.  Memory for TASK_CHUNK tasks at a time is allocated when it is first
 * needed.
 */
struct iscsi_task_pool {
	uint32_t task_bytes; /* bytes of a task, including those for the owner */
	uint32_t wide_at;    /* where in a task the bytes of iscsi_task_pool_widen are */
	uint32_t limit;      /* tasks that the pool may have at most, beside the abandoned ones */
	uint32_t chunks;
	uint32_t immediates; /* immediate commands that are in use, but for abandoned ones */
	uint32_t abandoned;  /* tasks that were abandoned and have not come back */
	uint32_t abort_seq;  /* number of the newest abort in this session */
	uint32_t arrivals;   /* how many commands have arrived in this session */
	struct iscsi_cmd *free;
	uint8_t *chunk[TASK_CHUNKS_MAX];
	/* TASK_BUCKETS hash buckets by ITT, allocated with the first chunk; NULL before */
	struct iscsi_cmd **bucket;
	struct iscsi_account *account;
};

static inline struct iscsi_cmd *
iscsi_task_of(struct iscsi_task *pub)
{
	return container_of(pub, struct iscsi_cmd, pub);
}

void iscsi_task_pool_init(struct iscsi_task_pool *pool, uint32_t limit, uint32_t extra_bytes,
			  struct iscsi_account *account);
void iscsi_task_pool_fini(struct iscsi_task_pool *pool);
/*
 * Adds room for this many bytes to each task, behind those for the owner.  To be called before the
 * pool has tasks.
 */
void iscsi_task_pool_widen(struct iscsi_task_pool *pool, uint32_t bytes);
/* Returns the task with this index of the pool, whether the task is in use or free. */
struct iscsi_cmd *iscsi_task_at(const struct iscsi_task_pool *pool, uint32_t number);
/* Returns the task with this Initiator Task Tag, or NULL. */
struct iscsi_cmd *iscsi_task_find(const struct iscsi_task_pool *pool, uint32_t itt);
/* Moves a task to another state, and asserts what must hold there. */
void iscsi_task_to(struct iscsi_cmd *task, enum iscsi_task_state state);
/*
 * Handles a SCSI Command PDU. Returns 0, ERR_PROTOCOL, ERR_LIMIT or -ENOMEM (the connection ends).
 */
int iscsi_task_on_command(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/*
 * Frees the task's place in the window and its tag.  To be called before the sequence numbers of
 * the task's last PDU are written, so that MaxCmdSN already counts the place.
 */
void iscsi_task_untag(struct iscsi_cmd *task);
/* Sets the residual count of a read that would transfer `length` bytes. */
void iscsi_task_set_read_residual(struct iscsi_cmd *task, uint64_t length);
/*
 * Calls ops->task_done and returns the task to the pool.  To be called when nothing refers to the
 * task any more.
 */
void iscsi_task_release(struct iscsi_cmd *task);
/*
 * Aborts a task in whichever state it is (iscsi_session_abort_tasks). Returns true when the owner
 * still executes the task.
 */
bool iscsi_task_abort(struct iscsi_cmd *task);
/*
 * Does what iscsi_session_abort_tasks says.  only: for the tasks of this connection alone; NULL =
 * for those of all connections of the session.
 */
unsigned iscsi_task_abort_all(struct iscsi_session *s, const struct iscsi_conn *only,
			      const uint8_t *lun, const struct iscsi_moment *before);

/* --- session.c: the command window and the tasks --- */

/*
 * What comes ahead of its turn through the only connection of a session, or is more than many
 * connections can have under way when they are told to stop, ends the connection.  With others, a
 * connection that has sent something ahead takes no more input from HELD_BYTES_MAX on: numbers
 * ascend within a connection, so what is missing comes through another one.  With error recovery it
 * may be retried through the same one: such a connection goes on, and commands beyond the limits
 * are rejected.  What is held is a list, in which each PDU that comes is looked up: so it has a
 * limit of PDUs, too, with the same consequences.
 */
#define HELD_BYTES_MAX  (1024u * 1024)
#define HELD_BYTES_MANY (16u * 1024 * 1024)
#define HELD_PDUS_MAX   1024u
#define HELD_PDUS_MANY  4096u

/*
 * Where a CmdSN lies: next in turn, ahead of its turn but within the window, or outside the window.
 */
enum iscsi_sn_place { SN_NEXT, SN_AHEAD, SN_OUTSIDE };

struct iscsi_session {
	unsigned refs; /* one for each connection, and those of the owner */
	/*
	 * what the first login has agreed on; what each connection has of its own is in its params
	 */
	struct iscsi_params params;
	uint32_t exp_cmd_sn;
	uint32_t max_cmd_sn; /* MaxCmdSN as it was sent last; never decreases */
	uint32_t in_use;     /* places of the window that are taken; immediate commands take none */
	/* places of the window */
	uint32_t depth;
	/* tasks whose response is kept (recover.c) and that take no place of the window any more */
	uint32_t kept;
	bool in_turn;                 /* the PDU that is being handled has just used up its CmdSN */
	struct iscsi_account account; /* of the tasks and of what is held */
	struct iscsi_task_pool pool;
	struct list conns; /* struct iscsi_conn.session_node */
	struct list held; /* PDUs that came before their turn: struct iscsi_held, sorted by CmdSN */
	size_t held_bytes;
	unsigned held_pdus;
	bool stalled;     /* connections may have stopped taking input because of what is held */
	struct list tmfs; /* struct iscsi_tmf_cmd: task management requests that are not answered */
	unsigned fences;  /* how many of them are fenced */
};

/* A copy of a PDU that came before its turn. */
struct iscsi_held {
	struct list node;
	struct iscsi_conn *conn; /* that received it; NULL when it is void */
	uint32_t cmd_sn;
	bool is_data; /* a Data-Out PDU for the command with this CmdSN */
	/* an immediate request that waits until all before this number have come */
	bool is_immediate;
	bool is_void; /* the command was aborted before it arrived: only its number counts */
	uint32_t ahs_len, data_len;
	uint8_t bytes[]; /* header, AHS, data */
};

/* Returns true when a comes before b in serial number arithmetic, RFC 1982. */
static inline bool
iscsi_sn_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/*
 * Makes a session with a window of `depth` commands and one reference for the caller.  Its pool has
 * room for these, for `immediate` immediate commands, and for commands whose last answer waits to
 * be sent.  extra_bytes: the owner's bytes in each task.  Returns NULL when out of memory.
 */
struct iscsi_session *iscsi_session_new(uint32_t depth, uint32_t immediate, uint32_t extra_bytes,
					struct iscsi_budget *budget);
/* Makes a connection one of the session's, which takes over the caller's reference. */
void iscsi_session_add(struct iscsi_session *s, struct iscsi_conn *conn);
/* Takes a connection out of its session and drops its reference. */
void iscsi_session_remove(struct iscsi_conn *conn);
/* Takes a connection that logs in from the session that it was made with to an older one. */
void iscsi_session_join(struct iscsi_session *s, struct iscsi_conn *conn);
/* Returns the connection of the session that has this CID and is logged in, or NULL. */
struct iscsi_conn *iscsi_session_find_conn(struct iscsi_session *s, uint16_t cid);
/* Returns whether it is the only connection of its session that is logged in. */
bool iscsi_session_is_alone(const struct iscsi_conn *conn);
/*
 * Drops the PDUs that a connection has received and that are held: their numbers count as not
 * received.
 */
void iscsi_session_forget_held(struct iscsi_session *s, const struct iscsi_conn *conn);
/* Begins the full feature phase: cmd_sn is the next CmdSN that is expected. */
void iscsi_session_start(struct iscsi_session *s, uint32_t cmd_sn);
/*
 * The session stands in for an older one, which a login with a TSIH is about to join, until the
 * login has ended: the numbers that it advertises are such that the initiator ignores both ("If the
 * PDU MaxCmdSN is less than the PDU ExpCmdSN-1", RFC 7143 §4.2.2.1).
 */
void iscsi_session_stand_in(struct iscsi_session *s, uint32_t cmd_sn);
/* Returns where a CmdSN lies. */
enum iscsi_sn_place iscsi_session_place(const struct iscsi_session *s, uint32_t cmd_sn);
/* Returns the MaxCmdSN to advertise now. */
uint32_t iscsi_session_max_cmd_sn(struct iscsi_session *s);
/*
 * Keeps a PDU that came before its turn; drops a duplicate.  Returns 0, -ENOMEM, or ERR_LIMIT
 * (too much is held, or the budget is used up).
 */
int iscsi_session_hold(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, uint32_t cmd_sn,
		       bool is_data);
/*
 * As iscsi_session_hold, for an immediate request: it waits until every number before its CmdSN was
 * received.
 */
int iscsi_session_hold_immediate(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/*
 * Treats a CmdSN as received although its command will not come, because the command was aborted.
 * Returns 0, -ENOMEM or ERR_LIMIT.
 */
int iscsi_session_hold_void(struct iscsi_conn *conn, uint32_t cmd_sn);
/*
 * Voids a held command: only its number counts from now on, and it does not depend on a connection
 * any more.
 */
void iscsi_session_void(struct iscsi_held *h);
/* Returns true when the connection is to take no input, because too much is held. */
bool iscsi_session_stalls(const struct iscsi_conn *conn);
/* Returns the held command with this ITT, or NULL. */
struct iscsi_held *iscsi_session_find_held(struct iscsi_session *s, uint32_t itt);
/*
 * Removes and returns the held PDU whose turn has come, or NULL when there is none; the caller
 * frees the PDU with iscsi_session_held_free.
 */
struct iscsi_held *iscsi_session_pop(struct iscsi_session *s);
void iscsi_session_held_free(struct iscsi_session *s, struct iscsi_held *h);
/*
 * Undoes that the PDU in turn has used up its CmdSN, because the PDU is rejected.  Has no effect
 * when no PDU is in turn.
 */
void iscsi_session_reject(struct iscsi_session *s);

/* --- data.c: R2T, Data-Out, Data-In, status -------------------------------------------------- */

/*
 * To be called when the header of a Data-Out PDU is complete: decide where its data goes.  Returns
 * 0, or a negative code (the connection ends).
 */
int iscsi_data_out_head(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/* Handles a complete Data-Out PDU. Returns 0, or a negative code (the connection ends). */
int iscsi_data_on_out(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/* Handles a Data-Out whose data digest is wrong. */
void iscsi_data_out_damaged(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/*
 * Makes the owner end a task whose data was wrong (ops->data_fault). The answer is sent now, or
 * when the requested data has arrived.
 */
void iscsi_data_fault(struct iscsi_cmd *task, enum iscsi_data_fault fault);
/*
 * Sends the status and residual that are stored in the task: now, or when the requested data has
 * arrived.
 */
void iscsi_data_send_status(struct iscsi_cmd *task);
/* Returns true when all data that was requested for the task has arrived. */
bool iscsi_data_is_drained(const struct iscsi_cmd *task);
/* Returns true when the item is what is left of a task's answer, with its status. */
bool iscsi_data_is_answer(const struct iscsi_tx_item *item);
/* Notes that a slot with data of this task was sent. */
void iscsi_data_slot_sent(struct iscsi_cmd *task);
/*
 * For recover.c, which sends again what data.c has sent.  All but the last need room in the ring.
 * iscsi_data_put_status sends the response once more, or for the first time. iscsi_data_put_r2t
 * sends the last R2T once more. iscsi_data_slots makes slots for at most len bytes behind the
 * cursor, and returns how many bytes they hold; the header is in the first slot.
 * iscsi_data_send_rest sends what is left of a read, and its status.
 */
void iscsi_data_put_status(struct iscsi_conn *conn, struct iscsi_cmd *task);
void iscsi_data_put_r2t(struct iscsi_conn *conn, struct iscsi_cmd *task);
uint32_t iscsi_data_slots(struct iscsi_conn *conn, struct iscsi_cmd *task,
			  struct iscsi_iov_cursor *from, uint32_t len,
			  struct iscsi_tx_slot **ret_first, uint8_t **ret_bhs);
void iscsi_data_send_rest(struct iscsi_cmd *task);
/* Returns whether a Data-Out PDU belongs to the sequence that is being received. */
bool iscsi_data_is_current(const struct iscsi_cmd *task, const struct iscsi_pdu *pdu);
/* Ends the sequence that is being received, and requests what is missing of the data. */
void iscsi_data_ask_again(struct iscsi_cmd *task);

/* --- tmf.c ----------------------------------------------------------------------------------- */

#define TMF_MAX 64u

/* query.c: whether the function only asks; and whether there is the task that it asks for. */
bool iscsi_query_is(unsigned function);
bool iscsi_query_finds(const struct iscsi_conn *conn, const struct iscsi_pdu *pdu);

struct iscsi_tmf_cmd {
	struct iscsi_tmf pub;
	struct list node; /* links the struct into session->tmfs */
	uint32_t itt;
	/* the response waits until the tasks of all aborts up to this number have ended */
	uint32_t abort_seq;
	uint8_t response;
	bool answered; /* the owner has called iscsi_tmf_done */
	/*
	 * the response waits until the initiator has acknowledged what was sent before through the
	 * session's other connections (iscsi_conn.fence_sn), too
	 */
	bool fenced;
	bool is_logout; /* a logout of one of several connections: the owner has no part in it */
};

/*
 * Handles a Task Management Function Request PDU. Returns 0, or a negative code (the connection
 * ends).
 */
int iscsi_tmf_on_request(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/* Called when an aborted task has ended: send the responses that waited for the task. */
void iscsi_tmf_on_task_gone(struct iscsi_session *s, const struct iscsi_cmd *task);
/* Called when the initiator has acknowledged answers and session->fences is not 0. */
void iscsi_tmf_on_acknowledged(struct iscsi_session *s);
/*
 * Answers a logout of one connection when its tasks have ended, which are aborted already.  Returns
 * 0, or a negative code (the connection ends).
 */
int iscsi_tmf_await_logout(struct iscsi_conn *conn, uint32_t itt);
/* Frees the requests of a connection, of which the owner has none. */
void iscsi_tmf_free_all(struct iscsi_conn *conn);

/* --- recover.c: ErrorRecoveryLevel 1; the rest is in recover_int.h --- */

struct iscsi_task_recover;

struct iscsi_recover {
	bool on;          /* full feature phase with ErrorRecoveryLevel 1 */
	bool awaits;      /* write data may be expected */
	struct list kept; /* struct iscsi_kept.node */
	uint32_t msgs;    /* how many of them are messages, and the bytes of these */
	size_t msg_bytes;
	uint32_t first_sn; /* StatSN of the first PDU of the full feature phase */
	/* sends responses [status_from, status_to) once more */
	struct iscsi_tx_item status;
	uint32_t status_from, status_to;
	/* how far the resending of Data-In PDUs has come: of this task, or NULL */
	struct iscsi_task_recover *replay;
	struct iscsi_iov_cursor replay_at;
	uint32_t replay_sn, replay_pos;
};

/* --- conn.c ---------------------------------------------------------------------------------- */

/*
 * The states of a connection, as bits so that a set of states can be named; conn.c has the diagram.
 */
enum iscsi_conn_state {
	CONN_UP = 1,
	CONN_IN_LOGIN = 2,
	CONN_LOGGED_IN = 4,
	CONN_LEAVING = 8, /* it is logged out; the response waits for the end of its tasks */
	CONN_CLOSED = 16,
	CONN_SUSPENDED = 32, /* it has failed; its tasks wait for another connection: reassign.c */
};

struct iscsi_conn {
	const struct iscsi_conn_ops *ops;
	void *user;
	enum iscsi_conn_state state;
	int error; /* 0, or the code that ended the connection: no more input is taken */
	bool discovery;
	/* a ping was sent and not answered yet */
	bool ping_open;
	/* the next target transfer tag for pings and text; R2Ts count their own */
	uint32_t next_ttt;
	uint32_t ping_ttt;
	uint16_t immediate_depth;
	struct iscsi_account account;
	struct iscsi_recover recover;
	/* task management requests of this connection that are not answered to the initiator */
	unsigned tmf_count;
	/* those of them that the owner has not answered */
	unsigned tmf_with_owner;
	/* tasks of this connection that the owner has, and how many of them were abandoned */
	unsigned with_owner, abandoned;
	unsigned held;        /* PDUs in session->held that are this connection's */
	uint32_t exp_stat_sn; /* the first StatSN that the initiator has not acknowledged */
	uint32_t fence_sn;    /* fenced requests of task management wait until that is this */
	enum iscsi_logout logout;
	struct iscsi_params limits;
	struct iscsi_params params;
	struct iscsi_login info;
	struct iscsi_login_machine login;
	struct iscsi_exchange exchange;
	struct iscsi_text text;
	struct iscsi_session *session; /* a reference */
	struct list session_node;      /* links the connection into session->conns */
	struct iscsi_rx rx;
	struct iscsi_tx tx;
};

/*
 * Ends the connection with this code, or with the one that has ended it before; returns the code.
 */
int iscsi_conn_fail(struct iscsi_conn *conn, int rc);
/* Others of its session wait no more for what a connection that has ended would send. */
void iscsi_conn_left(struct iscsi_conn *conn);
/* Calls ops->output. */
void iscsi_conn_wake(struct iscsi_conn *conn);
/* Enters the full feature phase: the last login response is queued. Returns 0 or -ENOMEM. */
int iscsi_conn_established(struct iscsi_conn *conn);
/*
 * Returns true before the full feature phase of a normal session, and in a discovery session: the
 * peer may then be anybody.
 */
bool iscsi_conn_is_stranger(const struct iscsi_conn *conn);
/* Returns the length of the longest data segment that this side accepts now. */
uint32_t iscsi_conn_max_recv(const struct iscsi_conn *conn);
/* Returns a target transfer tag that is not in use. */
uint32_t iscsi_conn_new_ttt(struct iscsi_conn *conn);
/* Returns true when both LUN fields name the same unit, as the owner's same_lun says. */
bool iscsi_conn_same_lun(const struct iscsi_conn *conn, const uint8_t *a, const uint8_t *b);

#endif

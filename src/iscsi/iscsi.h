/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The target side of iSCSI (RFC 7143) for a connection and the session that it belongs to. The
 * caller, named the owner below, passes in the bytes that it received; the engine calls the owner's
 * functions for commands and returns the bytes to send. The engine knows no sockets, no threads,
 * and of SCSI only the bytes of a LUN field and of a CDB. ErrorRecoveryLevel is 0, or 1 or 2 when
 * the initiator asks for it: above 0 the buffers of a read stay in use until the initiator has
 * acknowledged the status (iscsi_conn_forget), and at level 2 tasks may outlive their connection
 * (iscsi_conn_suspend).
 *
 * Calls on one connection come from one thread at a time; the owner may move the connection to
 * another thread between calls (it does so while a login decision is pending). The connections of a
 * session are all on one thread. Callbacks run inside the owner's calls, on its thread, and may
 * call back into the connections of the session, except iscsi_conn_free and the input functions.
 * What comes through one connection may run commands that came through another one, whose turn it
 * is then: callbacks name the connection of the command.
 *
 * Memory is bounded for each connection, whatever a peer sends; the steady path of a command
 * allocates nothing.
 *
 * A round of the owner:
 *	n = iscsi_conn_rx_iov(conn, iov, max)
 *		where to receive the rest of a large data segment; the owner appends a buffer of
 *		its own and receives
 *	iscsi_conn_rx_advance(conn, bytes that were received into those pieces)
 *	iscsi_conn_input(conn, the owner's buffer, the other bytes)
 *		commands run inside this call
 *	n = iscsi_conn_output(conn, iov, max)
 *	sendmsg
 *	iscsi_conn_output_advance(conn, bytes sent)
 *
 * The life of a task: ops->command hands the task to the owner. The owner ends the task with
 * exactly one of iscsi_task_respond, iscsi_task_finish_read, iscsi_task_good or iscsi_task_drop. At
 * last the engine calls ops->task_done exactly once, whatever went wrong before: the engine then no
 * longer refers to memory of the owner, who releases the task's buffers there.
 */
#ifndef VDS_ISCSI_ISCSI_H
#define VDS_ISCSI_ISCSI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct iscsi_conn;
struct iscsi_session;
struct iscsi_targets;

#define ISCSI_NAME_MAX      223 /* bytes of an iSCSI name at most, RFC 7143 §4.2.7.1 */
#define ISCSI_ALIAS_MAX     255
#define ISCSI_ISID_SIZE     6
#define ISCSI_CHAP_NAME_MAX 255 /* bytes of a CHAP name (CHAP_N) at most */
#define ISCSI_SENSE_MAX     252

/* --- parameters --- */

enum iscsi_digest { /* bits: limits hold a set of them, a negotiated result holds one */
		    ISCSI_DIGEST_NONE = 1,
		    ISCSI_DIGEST_CRC32C = 2,
};

/*
 * Parameters of a session or connection. Used in two ways: as limits (what this side offers or
 * accepts) and as result (what both sides have agreed on). RFC 7143 §13.
 */
struct iscsi_params {
	uint32_t max_recv_len; /* MaxRecvDataSegmentLength that this side declares: 512 to 2^24-1 */
	/* MaxRecvDataSegmentLength of the peer; as limit: the longest segment that we send */
	uint32_t max_send_len;
	uint32_t max_burst_len; /* bytes */
	uint32_t first_burst_len;
	uint16_t max_outstanding_r2t;
	uint16_t max_connections; /* of one session */
	uint16_t time2wait_s;
	uint16_t time2retain_s;
	uint8_t header_digest; /* enum iscsi_digest */
	uint8_t data_digest;
	/* as limit: what this side wants; result: true when either side wants it */
	bool initial_r2t;
	/* as limit: what this side wants; result: true when both sides want it */
	bool immediate_data;
	uint8_t error_recovery_level; /* 0 to 2; as limit: the highest that this side agrees to */
	/* RFC 7144: with 2 the functions from QUERY_TASK on; as limit: the highest of this side */
	uint8_t protocol_level;
};

/*
 * Sets the default limits: segments of 256 KiB, bursts of 1 MiB, a first burst of 256 KiB, no
 * initial R2T, immediate data, 16 R2Ts at one time, 16 connections for a session, both digests
 * allowed, ErrorRecoveryLevel 2 for initiators that ask for it, with 20 s of Time2Retain.
 */
void iscsi_params_default(struct iscsi_params *limits);

/* --- login --- */

enum iscsi_session_type { ISCSI_SESSION_NORMAL, ISCSI_SESSION_DISCOVERY };

/* The status of a login response: class << 8 | detail. RFC 7143 §11.13.5. */
enum iscsi_login_status {
	ISCSI_LOGIN_OK = 0x0000,
	ISCSI_LOGIN_MOVED_TEMPORARILY = 0x0101,
	ISCSI_LOGIN_MOVED_PERMANENTLY = 0x0102,
	ISCSI_LOGIN_INITIATOR_ERROR = 0x0200,
	ISCSI_LOGIN_AUTH_FAILED = 0x0201,
	ISCSI_LOGIN_FORBIDDEN = 0x0202,
	ISCSI_LOGIN_NOT_FOUND = 0x0203,
	ISCSI_LOGIN_TARGET_REMOVED = 0x0204,
	ISCSI_LOGIN_BAD_VERSION = 0x0205,
	ISCSI_LOGIN_TOO_MANY_CONNECTIONS = 0x0206,
	ISCSI_LOGIN_MISSING_PARAMETER = 0x0207,
	ISCSI_LOGIN_CANNOT_INCLUDE = 0x0208,
	ISCSI_LOGIN_SESSION_TYPE = 0x0209,
	ISCSI_LOGIN_NO_SESSION = 0x020a,
	ISCSI_LOGIN_INVALID_REQUEST = 0x020b,
	ISCSI_LOGIN_TARGET_ERROR = 0x0300,
	ISCSI_LOGIN_UNAVAILABLE = 0x0301,
	ISCSI_LOGIN_NO_RESOURCES = 0x0302,
};

/*
 * Who logs in, and to which target. The connection owns the struct, which is valid until the
 * connection is freed.
 */
struct iscsi_login {
	enum iscsi_session_type type;
	char initiator_name[ISCSI_NAME_MAX +
			    1]; /* checked to be an iqn., eui. or naa. name; in lower case */
	/* "" when the initiator sent none; UTF-8 that is not checked */
	char initiator_alias[ISCSI_ALIAS_MAX + 1];
	char target_name[ISCSI_NAME_MAX + 1]; /* "" in a discovery session */
	uint8_t isid[ISCSI_ISID_SIZE];
	uint16_t tsih; /* session handle in the request; 0 = a new session */
	uint16_t cid;
	/* by which the initiator wants to be known (CHAP_N); "" = it has not said so */
	char chap_name[ISCSI_CHAP_NAME_MAX + 1];
	bool authenticated; /* by CHAP */
	bool mutual;        /* the target has proved itself, too */
};

/* A secret of CHAP, borrowed.  len 0 = there is none. */
struct iscsi_secret {
	const uint8_t *bytes;
	size_t len;
};

/* What CHAP_N of an initiator stands for.  Borrowed. */
struct iscsi_credentials {
	/*
	 * the secrets with which the initiator may prove itself: the present one, and the one
	 * before while that is still valid
	 */
	struct iscsi_secret initiator[2];
	/* the secret with which the target proves itself when the initiator asks for that */
	struct iscsi_secret target;
	const char *target_name; /* CHAP_N of the target */
};

enum iscsi_login_step {
	/*
	 * The first request is complete. The owner decides whether the target exists and whether
	 * this initiator may use it. The reply carries the target portal group tag and, where
	 * wanted, an alias or the address to move to.
	 *
	 * A request with a TSIH names an existing session, which this connection is to join; or,
	 * when the session has a connection with this CID, whose connection this one replaces
	 * (connection reinstatement, RFC 7143 §6.3.4). The answers are ISCSI_LOGIN_OK,
	 * ISCSI_LOGIN_NO_SESSION, and ISCSI_LOGIN_TOO_MANY_CONNECTIONS when the session has as many
	 * connections as were agreed on (iscsi_params.max_connections).
	 */
	ISCSI_LOGIN_FIRST,
	/*
	 * Everything is negotiated, and the last response is about to be sent. The owner ends an
	 * older session of the same initiator name, ISID and target (session reinstatement, RFC
	 * 7143 §6.3.5), and replies with a TSIH that is not 0. For a request with a TSIH, the reply
	 * carries the session that the connection joins, whose thread calls now.
	 */
	ISCSI_LOGIN_LAST,
	/*
	 * The initiator has answered the challenge of CHAP under the name login->chap_name.  The
	 * reply carries the credentials of that name; without any the login is refused.
	 */
	ISCSI_LOGIN_CREDENTIALS,
};

struct iscsi_login_reply {
	uint16_t status; /* enum iscsi_login_status */
	uint16_t tpgt;   /* ISCSI_LOGIN_FIRST: TargetPortalGroupTag */
	uint16_t tsih;   /* ISCSI_LOGIN_LAST: the session's handle, not 0 */
	/* ISCSI_LOGIN_LAST: the session to join; NULL = the connection begins one */
	struct iscsi_session *session;
	/* why the login is refused, for the log; NULL = the status says enough */
	const char *cause;
	const char *alias; /* ISCSI_LOGIN_FIRST: TargetAlias, or NULL; copied */
	/* ISCSI_LOGIN_FIRST with a status MOVED_*: "host[:port][,tpgt]"; copied */
	const char *address;
	bool needs_chap; /* ISCSI_LOGIN_FIRST: the initiator must prove itself by CHAP */
	/* ISCSI_LOGIN_FIRST: bit n allows enum digest_kind n for CHAP; 0 = each is allowed */
	unsigned chap_kinds;
	/* ISCSI_LOGIN_CREDENTIALS; used before the call that has this reply returns, never kept */
	struct iscsi_credentials credentials;
};

/* --- tasks --- */

enum iscsi_attr { /* RFC 7143 §11.3.1 */
		  ISCSI_ATTR_UNTAGGED = 0,
		  ISCSI_ATTR_SIMPLE = 1,
		  ISCSI_ATTR_ORDERED = 2,
		  ISCSI_ATTR_HEAD = 3,
		  ISCSI_ATTR_ACA = 4,
};

/*
 * A SCSI command. The owner reads these fields; it writes only `owner` and the bytes that `extra`
 * points to.
 */
struct iscsi_task {
	struct iscsi_conn *conn;
	void *owner; /* for the owner's use; NULL when ops->command is called */
	/* config.task_extra_bytes bytes for the owner's use, aligned to 16, not cleared */
	void *extra;
	const uint8_t *cdb; /* valid until ops->task_done */
	uint16_t cdb_len;   /* 16, or more when the PDU carries an extended CDB */
	uint8_t attr;       /* enum iscsi_attr */
	bool immediate;
	bool reads, writes; /* the R and W bits of the command PDU */
	bool aborted;       /* set before ops->task_abort is called: no answer will be sent */
	uint8_t lun[8];
	uint32_t itt;
	uint32_t cmd_sn;
	uint32_t write_expected; /* bytes that the initiator wants to send (0 without the W bit) */
	uint32_t read_expected;  /* bytes that the initiator has room for (0 without the R bit) */
	/*
	 * Immediate data. Points into the receive buffer, so it is valid only inside ops->command.
	 * When data_len equals write_expected, the owner may execute the write from here and answer
	 * inside the call.
	 */
	const uint8_t *data;
	uint32_t data_len;
};

/* How a command ended: what the owner passes to iscsi_task_respond. */
struct iscsi_result {
	uint8_t status;      /* SCSI status; not used when target_failure is set */
	bool target_failure; /* send iSCSI response 01h (target failure) instead of 00h */
	/*
	 * Bytes that the command would transfer if the initiator expected enough; for a
	 * bidirectional command the written bytes. The difference to what the initiator expected is
	 * the residual count, with its O or U bit.
	 */
	uint64_t length;
	/* bidirectional commands only: bytes that the read half would transfer */
	uint64_t read_length;
	const uint8_t *sense; /* copied; NULL = none */
	uint16_t sense_len;   /* length of the sense data in bytes, at most ISCSI_SENSE_MAX */
};

/* What can be wrong with the data of a write. RFC 7143 §11.4.7.2. */
enum iscsi_data_fault {
	ISCSI_FAULT_UNEXPECTED_UNSOLICITED,
	ISCSI_FAULT_INCORRECT_AMOUNT,
	ISCSI_FAULT_CRC,
};

enum iscsi_tmf_function { /* RFC 7143 §11.5.1 */
			  ISCSI_TMF_ABORT_TASK = 1,
			  ISCSI_TMF_ABORT_TASK_SET = 2,
			  ISCSI_TMF_CLEAR_ACA = 3,
			  ISCSI_TMF_CLEAR_TASK_SET = 4,
			  ISCSI_TMF_LU_RESET = 5,
			  ISCSI_TMF_TARGET_WARM_RESET = 6,
			  ISCSI_TMF_TARGET_COLD_RESET = 7,
			  ISCSI_TMF_TASK_REASSIGN = 8,
			  /* RFC 7144, at iSCSIProtocolLevel 2 */
			  ISCSI_TMF_QUERY_TASK = 9,
			  ISCSI_TMF_QUERY_TASK_SET = 10,
			  ISCSI_TMF_NEXUS_RESET = 11,
			  ISCSI_TMF_QUERY_EVENT = 12, /* QUERY ASYNCHRONOUS EVENT */
};

enum iscsi_tmf_response { /* RFC 7143 §11.6.1 */
			  ISCSI_TMF_COMPLETE = 0,
			  ISCSI_TMF_NO_TASK = 1,
			  ISCSI_TMF_NO_LUN = 2,
			  ISCSI_TMF_TASK_ALLEGIANT = 3,
			  ISCSI_TMF_NO_REASSIGN = 4,
			  ISCSI_TMF_NOT_SUPPORTED = 5,
			  ISCSI_TMF_NOT_AUTHORIZED = 6,
			  /* RFC 7144: a query has found something; COMPLETE = it has not */
			  ISCSI_TMF_SUCCEEDED = 7,
			  ISCSI_TMF_REJECTED = 255,
};

/*
 * When a request came, among the commands of its session.  Numbers compare in serial number
 * arithmetic.  Immediate commands and requests take no number: each has the CmdSN of the next
 * command, so that their arrivals are counted.
 */
struct iscsi_moment {
	uint32_t cmd_sn;
	uint32_t arrivals; /* how many commands had arrived */
};

/* A task management request, from ops->tmf until iscsi_tmf_done. */
struct iscsi_tmf {
	struct iscsi_conn *conn;
	void *owner; /* for the owner's use */
	/* enum iscsi_tmf_function, but not TASK_REASSIGN, which the engine itself answers */
	uint8_t function;
	uint8_t lun[8];
	struct iscsi_moment moment; /* the request concerns tasks of its session from before */
	struct iscsi_task
		*task; /* ABORT_TASK: the task, for which ops->task_abort was called; else NULL */
	bool found;    /* QUERY_TASK, QUERY_TASK_SET: there is such a task */
	/* set by the owner: the additional response information of QUERY_EVENT (SAM-5) */
	uint8_t info[3];
};

/* --- what the owner provides --- */

struct iscsi_conn_ops {
	/*
	 * Decides one step of a login. Fill *reply, which is zeroed (status OK), and return 0. Or
	 * return 1 when the decision needs time: iscsi_conn_login_done brings the decision later,
	 * on the thread that has the connection then. Hand the connection over to another thread
	 * only after the input call has returned.
	 */
	int (*login)(void *user, struct iscsi_conn *conn, enum iscsi_login_step step,
		     const struct iscsi_login *login, struct iscsi_login_reply *reply);
	/*
	 * Called for the log when a login has been refused and the response is queued. status: enum
	 * iscsi_login_status. cause: words, valid during the call. The pointer to this function may
	 * be NULL.
	 */
	void (*refused)(void *user, unsigned status, const char *cause);

	/*
	 * Called with a command, in the order of CmdSN. The owner may end the task at any time. A
	 * task whose `writes` is set must be accepted (iscsi_task_accept_write) or ended before
	 * this returns, because its immediate data becomes invalid then. The owner may also copy
	 * what it needs and take no more; data that arrives later is discarded.
	 */
	void (*command)(void *user, struct iscsi_task *task);
	/*
	 * A hint: the PDU behind the present one is a command, which most likely comes to
	 * ops->command next. Nothing of it was checked. lun (8 bytes) and cdb (16 bytes) are valid
	 * during the call. The pointer to this function may be NULL.
	 */
	void (*soon)(void *user, const uint8_t *lun, const uint8_t *cdb);
	/*
	 * All data that iscsi_task_accept_write asked for is in its buffers: the owner executes the
	 * command now.
	 */
	void (*write_ready)(void *user, struct iscsi_task *task);
	/*
	 * The task cannot be executed because its data was wrong. The owner ends the task with
	 * iscsi_task_respond before this returns. Called instead of ops->command when the data
	 * within the command PDU is wrong (task->owner is NULL then), or instead of
	 * ops->write_ready after iscsi_task_accept_write returned 0.
	 */
	void (*data_fault)(void *user, struct iscsi_task *task, enum iscsi_data_fault fault);
	/*
	 * A task that the owner executes was aborted. The owner ends the task soon, now or later,
	 * by any of the four functions; no answer is sent. Not called for a task that waits for its
	 * data or whose answer is queued.
	 */
	void (*task_abort)(void *user, struct iscsi_task *task);
	/*
	 * The engine no longer refers to the task's buffers: the owner releases them. The struct is
	 * invalid after this.
	 */
	void (*task_done)(void *user, struct iscsi_task *task);

	/*
	 * A task management function. The engine has already aborted the tasks of this session that
	 * ABORT TASK, ABORT TASK SET and CLEAR TASK SET name, and all of them for I_T NEXUS RESET.
	 * For functions that concern other
	 * sessions the owner calls iscsi_session_abort_tasks on the sessions concerned. The owner
	 * answers with iscsi_tmf_done, now or later; the response is sent when the aborted tasks of
	 * this session have ended.
	 */
	void (*tmf)(void *user, struct iscsi_tmf *tmf);
	/*
	 * A task that the owner has, executing or with buffers in use, belongs to the connection of
	 * this user and no more to that of the user before (ErrorRecoveryLevel 2).
	 */
	void (*task_moved)(void *user, struct iscsi_task *task);
	/*
	 * The connection has something to send, or has ended (iscsi_conn_error), although no call
	 * on it says so: because of what came through another connection of its session, or because
	 * tasks have ended for which an answer waited. The pointer may be NULL.
	 */
	void (*output)(void *user);
	/*
	 * Returns true when two LUN fields (8 bytes each) name the same unit: SAM has several forms
	 * for one number. NULL: the bytes are compared.
	 */
	bool (*same_lun)(const uint8_t *a, const uint8_t *b);

	/*
	 * Name targets that this initiator may use, by calls of iscsi_targets_add and
	 * iscsi_targets_add_portal. name: the one target to name; or NULL for all targets, sorted
	 * by name, beginning behind `after` (NULL = with the first). In a normal session name is
	 * the session's own target. When the list is long, stop as soon as iscsi_targets_full
	 * returns true and call iscsi_targets_more. This function is then called again for the next
	 * part when the initiator has taken the part before.
	 */
	void (*send_targets)(void *user, const char *name, const char *after,
			     struct iscsi_targets *list);
};

/*
 * A limit on the memory that many connections together hold on behalf of their peers. The owner
 * makes it and keeps it longer than the connections. Any thread may read used_bytes.
 */
struct iscsi_budget {
	atomic_size_t used_bytes;
	size_t max_bytes;
};

struct iscsi_conn_config {
	const struct iscsi_conn_ops *ops;
	void *user;                        /* passed to each of the ops */
	const struct iscsi_params *limits; /* NULL = iscsi_params_default; copied */
	uint16_t queue_depth;              /* size of the CmdSN window: 1 to 1024; 0 = 128 */
	uint16_t immediate_depth;          /* immediate commands at one time: 1 to 256; 0 = 16 */
	uint32_t task_extra_bytes;
	struct iscsi_budget *budget; /* NULL = no limit; see iscsi_conn_set_budget */
};

/* --- a connection --- */

/*
 * Makes a connection, which the caller frees with iscsi_conn_free. Returns 0, ERR_INVALID (a value
 * of config is out of its range) or -ENOMEM.
 */
int iscsi_conn_new(const struct iscsi_conn_config *config, struct iscsi_conn **ret_conn);
/*
 * Frees a connection; accepts NULL. No task may be with the owner (iscsi_conn_tasks returns 0).
 * Output that is still queued is not sent.
 */
void iscsi_conn_free(struct iscsi_conn *conn);
/*
 * Counts the memory that the connection holds for its peer against this budget from now on (NULL =
 * no budget). When the budget has no room for what the peer makes the connection hold, the
 * connection ends with ERR_LIMIT. The first ISCSI_ACCOUNT_FREE bytes of each connection are not
 * counted.
 */
void iscsi_conn_set_budget(struct iscsi_conn *conn, struct iscsi_budget *budget);
#define ISCSI_ACCOUNT_FREE (24u * 1024)
/* Returns how many bytes the connection and its session hold on behalf of its peer now. */
size_t iscsi_conn_memory(const struct iscsi_conn *conn);

/*
 * Processes received bytes: any number of PDUs, cut anywhere. Returns 0, or a negative code, after
 * which every call returns that code: the owner sends what iscsi_conn_output still returns and then
 * closes the socket. The codes are ERR_CLOSED (the connection ended in good order), ERR_PROTOCOL
 * (the peer broke the protocol), ERR_LIMIT (the peer made the connection hold too much), -ENOMEM.
 */
int iscsi_conn_input(struct iscsi_conn *conn, const void *bytes, size_t len_bytes);
/*
 * Returns 0 while the connection takes input, or the code that ended it: the code that
 * iscsi_conn_input returned, or the failure of another call (an answer that could not be made).
 */
int iscsi_conn_error(const struct iscsi_conn *conn);
/*
 * Returns true when the owner is to go on receiving; false while too many answers wait to be sent.
 */
bool iscsi_conn_wants_input(const struct iscsi_conn *conn);

/*
 * Returns where to put the next bytes of the stream: up to max pieces, 0 when the engine is not
 * inside a data segment. The pieces are valid until the next call. The owner reports the bytes that
 * it put there with iscsi_conn_rx_advance, which returns the codes of iscsi_conn_input.
 */
int iscsi_conn_rx_iov(struct iscsi_conn *conn, struct iovec *iov, int max);
/*
 * Returns how many bytes are missing until the header or the PDU that is being received is
 * complete; never 0. An owner that receives at most so many bytes at a time handles at most one PDU
 * in each input call.
 */
size_t iscsi_conn_rx_need(const struct iscsi_conn *conn);
/* Returns true when a header has been received whose PDU is not complete. */
bool iscsi_conn_rx_in_pdu(const struct iscsi_conn *conn);
int iscsi_conn_rx_advance(struct iscsi_conn *conn, size_t len_bytes);

/*
 * Returns the bytes to send next, in order: up to max pieces, 0 when there is nothing to send. The
 * pieces stay valid and unchanged until iscsi_conn_output_advance reports how many bytes were sent;
 * other calls may only append output behind them.  But iscsi_conn_free and iscsi_conn_suspend drop
 * them, and with ErrorRecoveryLevel 2 so do a logout and a TASK REASSIGN through another
 * connection.
 */
int iscsi_conn_output(struct iscsi_conn *conn, struct iovec *iov, int max);
void iscsi_conn_output_advance(struct iscsi_conn *conn, size_t len_bytes);
bool iscsi_conn_has_output(const struct iscsi_conn *conn);

/*
 * Continues a login with the decision on its pending step. Returns 0, or the codes of
 * iscsi_conn_input.
 */
int iscsi_conn_login_done(struct iscsi_conn *conn, const struct iscsi_login_reply *reply);
bool iscsi_conn_login_pending(const struct iscsi_conn *conn);
bool iscsi_conn_is_established(const struct iscsi_conn *conn);
/* Returns who logged in; complete from ISCSI_LOGIN_FIRST on. Valid as long as the connection. */
const struct iscsi_login *iscsi_conn_login(const struct iscsi_conn *conn);
/*
 * Returns the negotiated parameters; final once iscsi_conn_is_established returns true. Valid as
 * long as the connection.
 */
const struct iscsi_params *iscsi_conn_params(const struct iscsi_conn *conn);

/*
 * Returns the session to which the connection belongs, without a reference. Another one after the
 * last step of a login that joins a session.
 */
struct iscsi_session *iscsi_conn_session(const struct iscsi_conn *conn);
/*
 * Takes and drops a reference to a session. A session lives, with its numbers and its tasks, as
 * long as there is one; each connection has one. iscsi_session_unref accepts NULL. On its thread.
 */
struct iscsi_session *iscsi_session_ref(struct iscsi_session *session);
void iscsi_session_unref(struct iscsi_session *session);

/* What the initiator has closed by a logout that is answered. */
enum iscsi_logout {
	ISCSI_LOGOUT_NONE,
	ISCSI_LOGOUT_CONNECTION,
	ISCSI_LOGOUT_SESSION,
	ISCSI_LOGOUT_RECOVERY, /* the connection; its tasks wait for another one */
};
/*
 * Returns why a connection has ended with ERR_CLOSED: it was logged out, alone or with its session,
 * through whichever connection.
 */
enum iscsi_logout iscsi_conn_logged_out(const struct iscsi_conn *conn);

/*
 * Takes no more input and aborts every task of the connection. Queued output may still be sent.
 * ops->task_abort is called for tasks that the owner executes; the connection may be freed when
 * iscsi_conn_tasks returns 0.
 */
void iscsi_conn_stop(struct iscsi_conn *conn);
/*
 * For sessions with ErrorRecoveryLevel 2, instead of iscsi_conn_stop: the connection has failed, or
 * was logged out for recovery. It takes no more input and its output is dropped, but its tasks go
 * on until the initiator gives them to another connection of the session (ops->task_moved) or the
 * owner calls iscsi_conn_stop. ops->output tells when something has changed: tasks have gone, or
 * the connection was logged out.
 */
void iscsi_conn_suspend(struct iscsi_conn *conn);
/*
 * Returns whether the connection was suspended, and neither stopped nor logged out for good since.
 */
bool iscsi_conn_is_suspended(const struct iscsi_conn *conn);
/*
 * Returns whether the connection has tasks, with the owner or not.  Takes time in proportion to the
 * tasks of the session.
 */
bool iscsi_conn_has_tasks(const struct iscsi_conn *conn);
/* Returns how many tasks and task management requests of the connection are with the owner. */
unsigned iscsi_conn_tasks(const struct iscsi_conn *conn);
/*
 * Returns how many of the tasks that iscsi_conn_tasks counts were abandoned (iscsi_task_abandon).
 */
unsigned iscsi_conn_abandoned(const struct iscsi_conn *conn);
/*
 * Aborts the tasks of a session, whichever connection they came through, for this LUN field (8
 * bytes; NULL = for all LUNs); no response is sent for them.
 * before: abort only tasks with a CmdSN before that of this moment, and immediate tasks that had
 * arrived then (NULL = all tasks). Returns how many of the tasks the owner still executes:
 * ops->task_abort was called for each of them, and the owner had not ended them when this returned.
 */
unsigned iscsi_session_abort_tasks(struct iscsi_session *session, const uint8_t *lun,
				   const struct iscsi_moment *before);

/*
 * Sends a ping (NOP-In) that asks the initiator for a sign of life. The answer is input like any
 * other. Returns 0, ERR_BUSY (the last ping is not answered yet), ERR_INVALID (not in full feature
 * phase), ERR_LIMIT (too much output waits) or -ENOMEM.
 */
int iscsi_conn_ping(struct iscsi_conn *conn);
/* Returns whether a ping was sent that is not answered yet. */
bool iscsi_conn_is_pinged(const struct iscsi_conn *conn);

/*
 * Returns true while write data is expected in a session with ErrorRecoveryLevel 1 or 2. The owner
 * then calls iscsi_conn_recover from time to time, with a second or so between two calls: where
 * nothing of the expected data came since the last call, the data is requested again (RFC 7143
 * §7.1.4.1, "sequence reception timeout").
 */
bool iscsi_conn_awaits_data(const struct iscsi_conn *conn);
void iscsi_conn_recover(struct iscsi_conn *conn);
/*
 * Gives back (ops->task_done) the buffers of reads that were sent whole and are kept only so that
 * they can be sent again. An initiator that asks for such data afterwards is refused ("SNACK
 * reject", RFC 7143 §7.8). Returns the number of reads.
 */
unsigned iscsi_conn_forget(struct iscsi_conn *conn);

enum iscsi_async_event { /* RFC 7143 §11.9.1 */
			 ISCSI_ASYNC_SCSI = 0,
			 ISCSI_ASYNC_LOGOUT_REQUEST =
				 1, /* param3: the initiator must log out within so many seconds */
			 ISCSI_ASYNC_DROP_CONNECTION =
				 2, /* param1: CID; param2: Time2Wait; param3: Time2Retain */
			 ISCSI_ASYNC_DROP_SESSION = 3, /* param2: Time2Wait; param3: Time2Retain */
			 /* param3: seconds in which the initiator must begin */
			 ISCSI_ASYNC_NEGOTIATE = 4,
			 ISCSI_ASYNC_VENDOR = 255,
};

/* The contents of an asynchronous message. RFC 7143 §11.9. */
struct iscsi_async {
	uint8_t event; /* enum iscsi_async_event */
	uint8_t vendor_code;
	uint16_t param1, param2, param3;
	const uint8_t *lun;   /* the LUN field of 8 bytes; only for SCSI events, else NULL */
	const uint8_t *sense; /* SCSI events only; copied */
	uint16_t sense_len;
};

/*
 * Queues an asynchronous message.  Returns 0, ERR_INVALID (the connection is not in full feature
 * phase, or the sense data is too long), ERR_LIMIT (too much output waits) or -ENOMEM.
 */
int iscsi_conn_async_message(struct iscsi_conn *conn, const struct iscsi_async *message);

/* --- a task --- */

/*
 * Collects len_bytes bytes of write data (at most write_expected) in these buffers: immediate data
 * is copied there, unsolicited data is received there, and the rest is requested with R2T. iov and
 * the buffers must stay valid until ops->task_done. Returns 1 when all data is there already, and
 * ops->write_ready is not called. Returns 0 when ops->write_ready will be called, unless the task
 * ends before; then only ops->task_done is called. May be called only inside ops->command.
 */
int iscsi_task_accept_write(struct iscsi_task *task, const struct iovec *iov, int iovcnt,
			    uint32_t len_bytes);

/*
 * Ends a task with status GOOD and no data for the initiator. length: the bytes that the command
 * would transfer, for the residual count.
 */
void iscsi_task_good(struct iscsi_task *task, uint64_t length);
/*
 * Ends a task with any status; result->length counts data that was sent before too. The response
 * waits until the data that was requested with R2T has arrived, where RFC 7143 §11.4 wants that.
 */
void iscsi_task_respond(struct iscsi_task *task, const struct iscsi_result *result);
/*
 * Ends a read: send len_bytes bytes of data (at most read_expected) with status GOOD. length: the
 * bytes that the whole command would transfer. The buffers stay valid until ops->task_done, and so
 * does iov unless it has a single piece.
 */
void iscsi_task_finish_read(struct iscsi_task *task, const struct iovec *iov, int iovcnt,
			    uint32_t len_bytes, uint64_t length);
/* Ends an aborted task without an answer. */
void iscsi_task_drop(struct iscsi_task *task);

/*
 * Stops waiting for an aborted task whose backing I/O does not end. The owner keeps the task's
 * memory until it calls iscsi_task_drop. The task's tag and its place in the command window become
 * free, and task management requests that waited for the task are answered. May be called inside
 * ops->task_abort.
 */
void iscsi_task_abandon(struct iscsi_task *task);

/*
 * Answers a task management request, whose struct is invalid after this. response: enum
 * iscsi_tmf_response.
 */
void iscsi_tmf_done(struct iscsi_tmf *tmf, unsigned response);

/* --- SendTargets --- */

/*
 * Begins the next target of a SendTargets answer. Returns 0, or ERR_LIMIT or -ENOMEM (there is no
 * memory: the request is then rejected).
 */
int iscsi_targets_add(struct iscsi_targets *list, const char *name);
/*
 * Adds a portal to the target that was added last: "192.0.2.1:3260" or "[2001:db8::1]:3260".
 * Returns the codes of iscsi_targets_add.
 */
int iscsi_targets_add_portal(struct iscsi_targets *list, const char *address, uint16_t tpgt);
/*
 * Returns true when the list fills the next response: the owner then adds no target after the
 * present one.
 */
bool iscsi_targets_full(const struct iscsi_targets *list);
/* Says that there may be more targets behind the one called `after`. */
void iscsi_targets_more(struct iscsi_targets *list, const char *after);

#endif

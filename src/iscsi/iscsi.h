/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The target side of iSCSI (RFC 7143) for one connection: bytes in; bytes and events out.  It knows
 * no sockets, no threads and no SCSI beyond a LUN's and a CDB's bytes.  One session has one
 * connection (MaxConnections=1, ErrorRecoveryLevel=0).
 *
 * Calls on one connection come from one thread at a time; the owner may move the connection to
 * another thread between calls (it does so while a login decision is pending).  Callbacks run
 * inside the owner's calls, on its thread, and may call back into the connection, except
 * iscsi_conn_free and the input functions.
 *
 * Memory is bounded for each connection, whatever a peer sends; the steady path of a command
 * allocates nothing.
 *
 * A round of the owner:
 *	n = iscsi_conn_rx_iov(conn, iov, max)	   where the rest of a large data segment wants to be received; the
 *						   owner adds its own buffer behind, and receives
 *	iscsi_conn_rx_advance(conn, bytes that went into those pieces)
 *	iscsi_conn_input(conn, the owner's buffer, the other bytes)	   commands run inside this call
 *	n = iscsi_conn_output(conn, iov, max); sendmsg; iscsi_conn_output_advance(conn, bytes sent)
 *
 * A task's life: ops->command hands it to the owner; then exactly one of iscsi_task_respond,
 * iscsi_task_finish_read, iscsi_task_good or iscsi_task_drop gives it back; ops->task_done is
 * called exactly once, as the last thing, when nothing of the owner's is referenced any more (it
 * releases its buffers there).  Whatever goes wrong between, task_done comes.
 */
#ifndef VDS_ISCSI_ISCSI_H
#define VDS_ISCSI_ISCSI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct iscsi_conn;
struct iscsi_targets;

#define ISCSI_NAME_MAX  223 /* bytes of an iSCSI name, RFC 7143 §4.2.7.1 */
#define ISCSI_ALIAS_MAX 255
#define ISCSI_ISID_SIZE 6
#define ISCSI_SENSE_MAX 252

/* --- parameters --- */

enum iscsi_digest { /* bits: in the limits a set, in a result one of them */
		    ISCSI_DIGEST_NONE = 1,
		    ISCSI_DIGEST_CRC32C = 2,
};

/* As limits: what we offer or accept.  As result: what was agreed.  RFC 7143 §13. */
struct iscsi_params {
	uint32_t max_recv_len;  /* MaxRecvDataSegmentLength we declare: 512 .. 2^24-1 */
	uint32_t max_send_len;  /* the one the peer declared; as limit: we never send longer ones */
	uint32_t max_burst_len; /* bytes */
	uint32_t first_burst_len;
	uint16_t max_outstanding_r2t;
	uint16_t time2wait_s;
	uint16_t time2retain_s;
	uint8_t header_digest; /* enum iscsi_digest */
	uint8_t data_digest;
	bool initial_r2t;    /* as limit: what we want; the result is OR */
	bool immediate_data; /* as limit: what we want; the result is AND */
};

/*
 * 256 KiB segments, 1 MiB bursts, 256 KiB first burst, no initial R2T, immediate data, 16 R2Ts,
 * both digests allowed.
 */
void iscsi_params_default(struct iscsi_params *limits);

/* --- login --- */

enum iscsi_session_type { ISCSI_SESSION_NORMAL, ISCSI_SESSION_DISCOVERY };

/* Status class << 8 | detail.  RFC 7143 §11.13.5. */
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

/* Who logs in, and to what.  Owned by the connection, valid until it is freed. */
struct iscsi_login {
	enum iscsi_session_type type;
	char initiator_name[ISCSI_NAME_MAX +
			    1]; /* checked: an iqn., eui. or naa. name, lower case */
	char initiator_alias[ISCSI_ALIAS_MAX + 1]; /* "" when none was given; untrusted UTF-8 */
	char target_name[ISCSI_NAME_MAX + 1];      /* "" in a discovery session */
	uint8_t isid[ISCSI_ISID_SIZE];
	uint16_t tsih; /* in the request; 0 = a new session */
	uint16_t cid;
};

enum iscsi_login_step {
	/*
	 * The first request is complete: does the target exist, may this initiator use it?  The
	 * reply gives the TPGT and, where wanted, alias or the address to move to.  A request with
	 * a TSIH names a session: OK means that the connection takes the place of that session's
	 * connection (connection reinstatement, RFC 7143 §6.3.4); else answer
	 * ISCSI_LOGIN_NO_SESSION, or ISCSI_LOGIN_TOO_MANY_CONNECTIONS (its connection has another
	 * CID).
	 */
	ISCSI_LOGIN_FIRST,
	/*
	 * Everything is negotiated; the last response is about to be sent.  The owner ends an older
	 * session of the same initiator name, ISID and target (session reinstatement, RFC 7143
	 * §6.3.5), and gives a TSIH, not 0.
	 */
	ISCSI_LOGIN_LAST,
};

struct iscsi_login_reply {
	uint16_t status;     /* enum iscsi_login_status */
	uint16_t tpgt;       /* FIRST: TargetPortalGroupTag */
	uint16_t tsih;       /* LAST */
	const char *cause;   /* why it is refused, for the log; NULL = the status says it all */
	const char *alias;   /* FIRST: TargetAlias, or NULL; copied */
	const char *address; /* FIRST, MOVED_*: "host[:port][,tpgt]"; copied */
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
 * A SCSI command.  The owner reads these fields and writes only `owner` and what `extra` points to.
 */
struct iscsi_task {
	struct iscsi_conn *conn;
	void *owner;        /* NULL at first; the owner's */
	void *extra;        /* config.task_extra_bytes of the owner's, aligned to 16, NOT cleared */
	const uint8_t *cdb; /* until task_done */
	uint16_t cdb_len;   /* 16, or more with an extended CDB */
	uint8_t attr;       /* enum iscsi_attr */
	bool immediate;
	bool reads, writes; /* the R and W bits */
	bool aborted;       /* since ops->task_abort: the answer will not be sent */
	uint8_t lun[8];
	uint32_t itt;
	uint32_t cmd_sn;
	uint32_t write_expected; /* bytes the initiator wants to send (0 without W) */
	uint32_t read_expected;  /* bytes the initiator has room for (0 without R) */
	/*
	 * Immediate data.  Valid only inside ops->command: it points into the receive buffer.  When
	 * data_len equals write_expected the owner may execute the write straight from here and
	 * answer inside the call.
	 */
	const uint8_t *data;
	uint32_t data_len;
};

/* How a command ended. */
struct iscsi_result {
	uint8_t status;      /* SCSI status; */
	bool target_failure; /* iSCSI response 01h instead of 00h: no status then */
	/*
	 * What the command meant to transfer (both ways for a bidirectional one: written).  Against
	 * what the initiator expected this gives the residual count and its O or U bit.
	 */
	uint64_t length;
	uint64_t read_length; /* bidirectional commands only: the same for the read half */
	const uint8_t *sense; /* copied; NULL = none */
	uint16_t sense_len;   /* <= ISCSI_SENSE_MAX */
};

/* What can be wrong with the data of a write.  RFC 7143 §11.4.7.2. */
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
};

enum iscsi_tmf_response { /* RFC 7143 §11.6.1 */
			  ISCSI_TMF_COMPLETE = 0,
			  ISCSI_TMF_NO_TASK = 1,
			  ISCSI_TMF_NO_LUN = 2,
			  ISCSI_TMF_TASK_ALLEGIANT = 3,
			  ISCSI_TMF_NO_REASSIGN = 4,
			  ISCSI_TMF_NOT_SUPPORTED = 5,
			  ISCSI_TMF_NOT_AUTHORIZED = 6,
			  ISCSI_TMF_REJECTED = 255,
};

/* A task management request. */
struct iscsi_tmf {
	struct iscsi_conn *conn;
	void *owner;      /* the owner's */
	uint8_t function; /* enum iscsi_tmf_function; never TASK_REASSIGN, which is answered here */
	uint8_t lun[8];
	uint32_t cmd_sn; /* it concerns the tasks of its session with a CmdSN before this one */
	struct iscsi_task *task; /* ABORT_TASK: the task, already told to abort; else NULL */
};

/* --- the owner's half --- */

struct iscsi_conn_ops {
	/*
	 * Decide one step of a login.  Fill *reply (it is zeroed: OK) and return 0, or return 1:
	 * pending; then iscsi_conn_login_done answers later, from whichever thread has the
	 * connection then.  Hand the connection over only after the input call has returned.
	 */
	int (*login)(void *user, struct iscsi_conn *conn, enum iscsi_login_step step,
		     const struct iscsi_login *login, struct iscsi_login_reply *reply);
	/*
	 * The login is refused with this enum iscsi_login_status, and the response is queued: for
	 * the log.  cause: words, valid within the call.  May be NULL.
	 */
	void (*refused)(void *user, unsigned status, const char *cause);

	/*
	 * A command, in CmdSN order, which may be ended at any time.  A task that `writes` must be
	 * accepted (iscsi_task_accept_write) or ended before this returns, since its immediate data
	 * goes away; or the owner has copied for itself all that it needs, and takes no more: what
	 * still comes is discarded.
	 */
	void (*command)(void *user, struct iscsi_task *task);
	/* All the data that iscsi_task_accept_write asked for is in its buffer: execute. */
	void (*write_ready)(void *user, struct iscsi_task *task);
	/*
	 * The task cannot be executed, since its data was at fault.  The owner ends it with
	 * iscsi_task_respond before this returns.  Called instead of ops->command when the data
	 * within the command is wrong (task->owner is NULL then), or after iscsi_task_accept_write
	 * returned 0, instead of ops->write_ready.
	 */
	void (*data_fault)(void *user, struct iscsi_task *task, enum iscsi_data_fault fault);
	/*
	 * The task, which the owner executes, was aborted: end it soon, in any of the four ways,
	 * now or later; no answer is sent.  A task that waits for its data, or whose answer is
	 * queued, is not announced here.
	 */
	void (*task_abort)(void *user, struct iscsi_task *task);
	/*
	 * Nothing is referenced any more: release the task's buffers.  The struct is gone after
	 * this.
	 */
	void (*task_done)(void *user, struct iscsi_task *task);

	/*
	 * A task management function for this nexus or beyond.  The engine has already aborted what
	 * ABORT TASK and ABORT TASK SET name in this session; for the wider functions the owner
	 * calls iscsi_conn_abort_tasks on the connections concerned.  Answered by iscsi_tmf_done,
	 * now or later; the response leaves when the tasks of this connection that were aborted
	 * have come back.
	 */
	void (*tmf)(void *user, struct iscsi_tmf *tmf);
	/*
	 * Do two LUN fields (8 bytes each) name the same unit?  SAM has several forms for one
	 * number.  NULL: the bytes must be the same.
	 */
	bool (*same_lun)(const uint8_t *a, const uint8_t *b);

	/*
	 * Name targets that this initiator may use, through iscsi_targets_add and
	 * iscsi_targets_add_portal: the one called name, or with NULL all in the order of their
	 * names, from the first behind `after` (NULL = from the first of all).  In a normal session
	 * name is the session's own target.  Of a long list give a part, as much as
	 * iscsi_targets_full allows, and call iscsi_targets_more: this is then called again for the
	 * next part, when the initiator has taken the one before.
	 */
	void (*send_targets)(void *user, const char *name, const char *after,
			     struct iscsi_targets *list);
};

/*
 * Memory that many connections share: what their peers have them hold.  The owner makes it and
 * keeps it longer than the connections; any thread may read used_bytes.
 */
struct iscsi_budget {
	atomic_size_t used_bytes;
	size_t max_bytes;
};

struct iscsi_conn_config {
	const struct iscsi_conn_ops *ops;
	void *user;                        /* for the ops */
	const struct iscsi_params *limits; /* NULL = iscsi_params_default; copied */
	uint16_t queue_depth;              /* CmdSN window: 1 .. 1024; 0 = 128 */
	uint16_t immediate_depth;          /* immediate commands at one time: 1 .. 256; 0 = 16 */
	uint32_t task_extra_bytes;
	struct iscsi_budget *budget; /* NULL = none; see iscsi_conn_set_budget */
};

/* --- a connection --- */

/* 0, ERR_INVALID or -ENOMEM. */
int iscsi_conn_new(const struct iscsi_conn_config *config, struct iscsi_conn **ret_conn);
/*
 * Accepts NULL.  No task may be with the owner (iscsi_conn_tasks is 0); queued output is given back
 * unsent.
 */
void iscsi_conn_free(struct iscsi_conn *conn);
/*
 * From now on the connection takes from this budget (NULL = none).  A connection that cannot have
 * what its peer makes it need ends with ERR_LIMIT; the first ISCSI_ACCOUNT_FREE bytes of each
 * connection do not count.
 */
void iscsi_conn_set_budget(struct iscsi_conn *conn, struct iscsi_budget *budget);
#define ISCSI_ACCOUNT_FREE (24u * 1024)
/* Bytes that the connection holds on behalf of its peer now. */
size_t iscsi_conn_memory(const struct iscsi_conn *conn);

/*
 * Take all these bytes; any number of PDUs, cut anywhere.  0, or negative: send what
 * iscsi_conn_output still gives, then close (ERR_CLOSED: in good order; ERR_PROTOCOL, ERR_LIMIT,
 * -ENOMEM, …: dropped).  Once negative, always negative.
 */
int iscsi_conn_input(struct iscsi_conn *conn, const void *bytes, size_t len_bytes);
/*
 * Why the connection takes no more input: as iscsi_conn_input returned it, or what went wrong in
 * another call (an answer that could not be made).  0 while it does.
 */
int iscsi_conn_error(const struct iscsi_conn *conn);
/* Should the owner go on receiving?  False while too many answers wait to be sent. */
bool iscsi_conn_wants_input(const struct iscsi_conn *conn);

/*
 * Where the next bytes of the stream are wanted: up to max pieces, 0 when the engine is not inside
 * a data segment. Valid until the next call.  Pieces filled are told by iscsi_conn_rx_advance
 * (returns as iscsi_conn_input).
 */
int iscsi_conn_rx_iov(struct iscsi_conn *conn, struct iovec *iov, int max);
/*
 * Bytes until the header or the PDU that is being received is complete, never 0.  An owner that
 * receives no more than this at a time handles at most one PDU in each input call.
 */
size_t iscsi_conn_rx_need(const struct iscsi_conn *conn);
/* Has a header been received whose PDU is not complete? */
bool iscsi_conn_rx_in_pdu(const struct iscsi_conn *conn);
int iscsi_conn_rx_advance(struct iscsi_conn *conn, size_t len_bytes);

/*
 * The bytes to send next, in order: up to max pieces, 0 when there are none.  They stay valid and
 * the same until iscsi_conn_output_advance says how many were sent (further ones may come behind).
 */
int iscsi_conn_output(struct iscsi_conn *conn, struct iovec *iov, int max);
void iscsi_conn_output_advance(struct iscsi_conn *conn, size_t len_bytes);
bool iscsi_conn_has_output(const struct iscsi_conn *conn);

/* The answer to a pending login step.  0 or as iscsi_conn_input. */
int iscsi_conn_login_done(struct iscsi_conn *conn, const struct iscsi_login_reply *reply);
bool iscsi_conn_login_pending(const struct iscsi_conn *conn);
bool iscsi_conn_is_established(const struct iscsi_conn *conn);
/* Who logged in; complete since ISCSI_LOGIN_FIRST. */
const struct iscsi_login *iscsi_conn_login(const struct iscsi_conn *conn);
/* What is agreed; final once established. */
const struct iscsi_params *iscsi_conn_params(const struct iscsi_conn *conn);

/*
 * Take no more input and abort every task.  What is queued may still be sent.  Tasks that the owner
 * executes are told by ops->task_abort; the connection may be freed when iscsi_conn_tasks gives 0.
 */
void iscsi_conn_stop(struct iscsi_conn *conn);
/* Tasks and task management requests that are with the owner. */
unsigned iscsi_conn_tasks(const struct iscsi_conn *conn);
/* Those of iscsi_conn_tasks that were abandoned. */
unsigned iscsi_conn_abandoned(const struct iscsi_conn *conn);
/*
 * Abort the tasks for this LUN (8 bytes), or with NULL all; no response is sent for them.  before:
 * only those whose CmdSN comes before *before in serial number arithmetic; NULL = whatever their
 * CmdSN.  Returns the number of tasks that the owner still executes (each was told by
 * ops->task_abort and had not come back when this returned).
 */
unsigned iscsi_conn_abort_tasks(struct iscsi_conn *conn, const uint8_t *lun,
				const uint32_t *before);

/*
 * Ask the initiator for a sign of life.  Its answer is input like any other.  Returns 0, ERR_BUSY
 * while the answer to the last one is owed, or ERR_* (not in full feature phase, too much output).
 */
int iscsi_conn_ping(struct iscsi_conn *conn);

enum iscsi_async_event { /* RFC 7143 §11.9.1 */
			 ISCSI_ASYNC_SCSI = 0,
			 ISCSI_ASYNC_LOGOUT_REQUEST =
				 1, /* param3: seconds in which the initiator is to log out */
			 ISCSI_ASYNC_DROP_CONNECTION =
				 2, /* param1: CID; 2: Time2Wait; 3: Time2Retain */
			 ISCSI_ASYNC_DROP_SESSION = 3, /* param2: Time2Wait; 3: Time2Retain */
			 ISCSI_ASYNC_NEGOTIATE = 4,    /* param3: seconds */
			 ISCSI_ASYNC_VENDOR = 255,
};

struct iscsi_async {
	uint8_t event; /* enum iscsi_async_event */
	uint8_t vendor_code;
	uint16_t param1, param2, param3;
	const uint8_t *lun;   /* 8 bytes, SCSI events only; else NULL */
	const uint8_t *sense; /* SCSI events only; copied */
	uint16_t sense_len;
};

/* Full feature phase only.  0, ERR_INVALID, -ENOMEM. */
int iscsi_conn_async_message(struct iscsi_conn *conn, const struct iscsi_async *message);

/* --- a task --- */

/*
 * Collect `len_bytes` of write data (cut to write_expected) in these buffers: immediate data is
 * copied there, unsolicited data received there, the rest asked for by R2T.  iov and buffers stay
 * until task_done.  1: everything is there already (ops->write_ready is not called); 0:
 * ops->write_ready will tell, unless the task ends before it (then only task_done). Only inside
 * ops->command.
 */
int iscsi_task_accept_write(struct iscsi_task *task, const struct iovec *iov, int iovcnt,
			    uint32_t len_bytes);

/*
 * End it: GOOD, no data to the initiator.  length: what the command meant to transfer, for the
 * residual count.
 */
void iscsi_task_good(struct iscsi_task *task, uint64_t length);
/*
 * End it with any status; data sent before counts.  Waits where RFC 7143 §11.4 wants the data
 * received first.
 */
void iscsi_task_respond(struct iscsi_task *task, const struct iscsi_result *result);
/*
 * End a read: send len_bytes (cut to read_expected) and GOOD in one.  length: what the whole
 * command meant to transfer. iov, except one of a single piece, and the buffers stay until
 * task_done.
 */
void iscsi_task_finish_read(struct iscsi_task *task, const struct iovec *iov, int iovcnt,
			    uint32_t len_bytes, uint64_t length);
/* End an aborted task without an answer. */
void iscsi_task_drop(struct iscsi_task *task);

/*
 * The backing I/O of an aborted task does not come back: the owner keeps the task's memory until it
 * calls iscsi_task_drop, but nobody waits for the task any more.  Its tag and its place in the
 * window are free, and task management requests that waited for it are answered.  May be called
 * inside ops->task_abort.
 */
void iscsi_task_abandon(struct iscsi_task *task);

/* Answer a task management request; it is gone after this.  response: enum iscsi_tmf_response. */
void iscsi_tmf_done(struct iscsi_tmf *tmf, unsigned response);

/* --- SendTargets --- */

/* Begin a target.  Returns 0, or ERR_LIMIT or -ENOMEM (no memory: the request is then rejected). */
int iscsi_targets_add(struct iscsi_targets *list, const char *name);
/* One more portal of the target added last: "192.0.2.1:3260" or "[2001:db8::1]:3260". */
int iscsi_targets_add_portal(struct iscsi_targets *list, const char *address, uint16_t tpgt);
/* Is there enough for the next response?  Then stop behind the present target. */
bool iscsi_targets_full(const struct iscsi_targets *list);
/* There are, or may be, more targets behind the one called `after`. */
void iscsi_targets_more(struct iscsi_targets *list, const char *after);

#endif

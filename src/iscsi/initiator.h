/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The initiator side of iSCSI (RFC 7143) for a session with one connection.  The gateways of an
 * array use it to pass commands on to the gateway that owns a LUN (docs/design/gateways.md).  As on
 * the target side (iscsi.h) the engine knows no sockets, no threads, no clock and no SCSI: the
 * caller, named the owner below, passes in the bytes that it received and sends the bytes that the
 * engine returns.  ErrorRecoveryLevel is 0: whatever goes wrong on a connection ends it, and each
 * request then ends with the reason.
 *
 * All calls on one initiator come from one thread at a time.  The functions of the owner run inside
 * the owner's calls and may call back into the initiator, except iscsi_initiator_free and the input
 * functions.
 *
 * A request costs one round trip: the data of a write is sent unsolicited, as far as the target's
 * FirstBurstLength allows it, and the rest when the target asks for it (R2T).  Read data is
 * received in the buffers of the request, and written data is sent from there.  The steady path
 * allocates nothing.
 *
 * A round of the owner: iscsi_initiator_rx_iov, rx_advance, input, output and output_advance, as
 * the functions of struct iscsi_conn with these names.
 *
 * The life of a request: iscsi_initiator_send takes the struct, and ops->done gives it back exactly
 * once, whatever went wrong: the engine then no longer refers to it, to its CDB or to its buffers.
 */
#ifndef VDS_ISCSI_INITIATOR_H
#define VDS_ISCSI_INITIATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/list.h"
#include "iscsi/iov_int.h"
#include "iscsi/iscsi.h"

struct iscsi_initiator;

#define ISCSI_REQUEST_CDB_MAX        32u
/* Requests and requests of task management that an initiator has at one time at most. */
#define ISCSI_INITIATOR_REQUESTS_MAX 2048u

/*
 * A residual count: the difference between what was expected and what the command would transfer.
 */
enum iscsi_residual { ISCSI_RESIDUAL_NONE, ISCSI_RESIDUAL_UNDERFLOW, ISCSI_RESIDUAL_OVERFLOW };

/* A SCSI command that is sent to the target.  The memory is the owner's. */
struct iscsi_request {
	/* Set by the owner before iscsi_initiator_send, unchanged until ops->done. */
	void *owner;
	uint8_t lun[8];
	const uint8_t *cdb;
	uint16_t cdb_len; /* 1 to ISCSI_REQUEST_CDB_MAX; what is missing to 16 bytes is zeros */
	uint8_t attr;     /* enum iscsi_attr */
	bool reads, writes;
	uint32_t read_expected;  /* 0 unless `reads` */
	uint32_t write_expected; /* 0 unless `writes` */
	const struct iovec *in;  /* room for read_expected bytes */
	const struct iovec *out; /* write_expected bytes */
	int in_count, out_count;

	/* Valid in ops->done. */
	/*
	 * 0: the target has answered.  ERR_CANCELLED: the request was aborted, and does nothing any
	 * more.  Else the reason why the connection has ended, as iscsi_initiator_error returns it.
	 */
	int error;
	bool sent;         /* the target may have received the command */
	uint8_t response;  /* 00h: the command has ended with `status`; else target failure */
	uint8_t status;    /* SCSI status */
	uint32_t received; /* bytes that have come into `in` */
	/* of the command; of a bidirectional one, of the written data and of the read data */
	uint8_t residual_kind, read_residual_kind; /* enum iscsi_residual */
	uint32_t residual, read_residual;
	uint16_t sense_len;
	uint8_t sense[ISCSI_SENSE_MAX];

	/* Private to the engine. */
	struct list node; /* in the list that `state` names */
	uint8_t state;
	bool answered;
	uint16_t place; /* in the table of tags, plus 1; 0 = none */
	uint32_t itt;
	uint32_t cmd_sn, sequence;              /* valid when it was sent */
	uint32_t ttt, out_at, out_end, data_sn; /* the burst that is being sent */
	uint32_t slots;                         /* of the ring that refer to its buffers */
	uint32_t in_sn;                         /* DataSN of the next Data-In */
	struct iscsi_iov_cursor in_cursor, out_cursor;
};

/* A request of task management.  The memory is the owner's, until ops->tmf_done. */
struct iscsi_request_tmf {
	void *owner;
	uint8_t function; /* enum iscsi_tmf_function, but not TASK_REASSIGN */
	uint8_t lun[8];
	struct iscsi_request *request; /* ISCSI_TMF_ABORT_TASK; else NULL */

	/* Valid in ops->tmf_done. */
	int error;        /* 0, or the reason why the connection has ended */
	uint8_t response; /* enum iscsi_tmf_response */
	uint8_t info[3];  /* QUERY_EVENT: the additional response information */

	/* Private to the engine. */
	struct list node;
	uint16_t place;
	uint32_t itt, sequence, ref_itt, ref_sn;
};

struct iscsi_initiator_ops {
	/* The login has ended well: iscsi_initiator_params is final. */
	void (*ready)(void *user);
	void (*done)(void *user, struct iscsi_request *request);
	/*
	 * A request of task management was answered.  When a function has ended tasks, ops->done
	 * was called for each of them before.
	 */
	void (*tmf_done)(void *user, struct iscsi_request_tmf *tmf);
	/*
	 * An asynchronous message; what it points to is valid during the call.  The engine itself
	 * does nothing about it.
	 */
	void (*async)(void *user, const struct iscsi_async *message);
};

struct iscsi_initiator_config {
	const struct iscsi_initiator_ops *ops;
	void *user; /* passed to each of the ops */
	/* Copied, as all texts and secrets of this struct. */
	const char *initiator_name, *initiator_alias; /* the alias may be NULL */
	const char *target_name;
	uint8_t isid[ISCSI_ISID_SIZE];
	uint16_t cid;
	/* NULL = log in without CHAP */
	const char *chap_name;
	struct iscsi_secret secret; /* with which the initiator proves itself */
	/* with which the target must prove itself; len 0 = it need not */
	struct iscsi_secret target_secret;
	/*
	 * What is offered: lengths, digests (HeaderDigest and DataDigest are offered when the set
	 * has ISCSI_DIGEST_CRC32C), time2wait_s, time2retain_s, initial_r2t, immediate_data and
	 * protocol_level.  The rest is fixed.  NULL = iscsi_initiator_limits.
	 */
	const struct iscsi_params *limits;
};

/*
 * Sets what the gateways offer: first bursts as long as the longest burst, no initial R2T,
 * immediate data, no digests, nothing kept after a failure.
 */
void iscsi_initiator_limits(struct iscsi_params *limits);

/*
 * Makes an initiator whose first login request is ready to be sent.  Returns 0, ERR_INVALID (a
 * value is missing or out of its range) or -ENOMEM.
 */
int iscsi_initiator_new(const struct iscsi_initiator_config *config,
			struct iscsi_initiator **ret_initiator);
/* Frees an initiator that has no requests (iscsi_initiator_requests is 0).  Accepts NULL. */
void iscsi_initiator_free(struct iscsi_initiator *ini);

/*
 * Processes received bytes: any number of PDUs, cut anywhere.  Returns 0, or a negative code, after
 * which every call returns that code, and the owner calls iscsi_initiator_stop.  The codes are
 * ERR_CLOSED (the target has answered a logout), ERR_ACCESS (it has refused the login, or has not
 * proved itself; iscsi_initiator_login_status), ERR_PROTOCOL (it broke the protocol) and -ENOMEM.
 */
int iscsi_initiator_input(struct iscsi_initiator *ini, const void *bytes, size_t len_bytes);
int iscsi_initiator_rx_iov(struct iscsi_initiator *ini, struct iovec *iov, int max);
int iscsi_initiator_rx_advance(struct iscsi_initiator *ini, size_t len_bytes);
/* Returns 0 while the connection works, or why it does not. */
int iscsi_initiator_error(const struct iscsi_initiator *ini);
/*
 * Returns the bytes to send next: up to max pieces, 0 when there is nothing to send.  The pieces
 * stay valid until iscsi_initiator_output_advance reports how many bytes were sent, or until
 * iscsi_initiator_stop.
 */
int iscsi_initiator_output(struct iscsi_initiator *ini, struct iovec *iov, int max);
void iscsi_initiator_output_advance(struct iscsi_initiator *ini, size_t len_bytes);

/* Returns whether the login has ended well and the connection works. */
bool iscsi_initiator_is_ready(const struct iscsi_initiator *ini);
const struct iscsi_params *iscsi_initiator_params(const struct iscsi_initiator *ini);
/* Returns the status with which the login was refused (enum iscsi_login_status); 0 = it was not. */
unsigned iscsi_initiator_login_status(const struct iscsi_initiator *ini);
/* Returns the TargetPortalGroupTag that the target has declared, or -1. */
int iscsi_initiator_tpgt(const struct iscsi_initiator *ini);

/*
 * Sends a command: at once, or as soon as the command window of the target allows it; commands are
 * sent in the order of these calls.  Returns 0, ERR_LIMIT (there are ISCSI_INITIATOR_REQUESTS_MAX
 * already), -ENOMEM, ERR_INVALID (the login has not ended), or the code that ended the connection;
 * ops->done is not called then.
 */
int iscsi_initiator_send(struct iscsi_initiator *ini, struct iscsi_request *request);
/*
 * Sends a request of task management, ahead of commands that wait for the window.  ABORT TASK of a
 * request that was not sent is answered inside this call.  Returns the codes of
 * iscsi_initiator_send.
 *
 * When the target has answered that it has carried out ABORT TASK (also: that there is no such
 * task), ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET, a target reset or I_T NEXUS RESET, the
 * requests that were sent before, and that the function concerns, end with ERR_CANCELLED.
 */
int iscsi_initiator_tmf(struct iscsi_initiator *ini, struct iscsi_request_tmf *tmf);
/* Sends a ping.  Returns 0, ERR_BUSY (the last one is not answered), or as iscsi_initiator_send. */
int iscsi_initiator_ping(struct iscsi_initiator *ini);
/* Asks the target to close the session.  Returns the codes of iscsi_initiator_send. */
int iscsi_initiator_log_out(struct iscsi_initiator *ini);
/*
 * Ends the connection, which its owner has closed or is about to close: nothing is sent or received
 * any more, and every request ends with this reason (a negative code), or with the one that has
 * ended the connection before.
 */
void iscsi_initiator_stop(struct iscsi_initiator *ini, int reason);
/* Returns how many requests, those of task management included, have not ended. */
unsigned iscsi_initiator_requests(const struct iscsi_initiator *ini);

#endif

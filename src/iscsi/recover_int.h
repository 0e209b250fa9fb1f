/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The private half of error recovery: recover.c says what is kept and requests write data again,
 * snack.c sends again what the initiator asks for (both within a connection, ErrorRecoveryLevel 1
 * and 2), reassign.c gives the tasks of a lost connection to another one (level 2).  A part of
 * iscsi_int.h; used by the thread that has the connection.
 */
#ifndef VDS_ISCSI_RECOVER_INT_H
#define VDS_ISCSI_RECOVER_INT_H

#include "iscsi/iscsi_int.h"

/* --- what both know --- */

#define KEPT_MSGS_MAX  128u          /* messages that are kept at most */
#define KEPT_BYTES_MAX (256u * 1024) /* bytes of these messages */

/* What a task has beside struct iscsi_cmd in a session with ErrorRecoveryLevel 1 or 2. */
struct iscsi_task_recover {
	struct iscsi_cmd *task;
	struct iscsi_kept kept; /* in a list from when the task's status got its StatSN */
	bool uncounted;         /* it is kept without a place in the window: session->kept */
	uint32_t snack_tag;     /* of the last R-Data SNACK; 0 = none */

	/* Sends Data-In PDUs [again_from, again_to) once more, or the last R2T. */
	struct iscsi_tx_item again;
	uint32_t again_from, again_to;

	/*
	 * Read data: the buffers (NULL: none, or given back) and how much they hold.  From base_pos
	 * on, where the Data-In with DataSN base_sn begins, it is cut in segments of rd_segment;
	 * or, if is_mixed, of more than one size.
	 */
	const struct iovec *rd_iov;
	int rd_iovcnt;
	uint32_t rd_total, rd_segment, base_sn, base_pos;
	bool is_mixed;
	uint32_t first_sn; /* DataSN of the first Data-In */
	/* the first DataSN that is not acknowledged, and where that PDU begins, if this is known */
	uint32_t acked_sn, acked_pos;
	bool acked_pos_known;
	/* DataSN and beginning of the PDU behind the last one that asked for a DataACK */
	uint32_t asked_sn, asked_pos;

	/* Write data. */
	const struct iovec *wr_iov;
	int wr_iovcnt;
	uint32_t r2t_sn;      /* R2TSN of the last R2T */
	bool had_unsolicited; /* unsolicited data was announced */
	bool r2t_repeated;    /* the last R2T was sent twice, and nothing came */
	/* what had come, and had been asked for, when iscsi_conn_recover looked last */
	bool seen;
	uint32_t seen_pos, seen_sn, seen_sent;
};

static inline struct iscsi_task_recover *
iscsi_recover_of(struct iscsi_cmd *task)
{
	return (struct iscsi_task_recover *)(void *)((uint8_t *)task +
						     task->pub.conn->session->pool.wide_at);
}

static inline struct iscsi_task_recover *
iscsi_kept_task(struct iscsi_kept *kept)
{
	return container_of(kept, struct iscsi_task_recover, kept);
}

static inline struct iscsi_tx_msg *
iscsi_kept_msg(struct iscsi_kept *kept)
{
	return container_of(kept, struct iscsi_tx_msg, kept);
}

/* Returns whether the task's response has its StatSN and waits to be acknowledged. */
static inline bool
iscsi_recover_is_kept(const struct iscsi_task_recover *rec)
{
	return !list_empty(&rec->kept.node);
}

/* --- recover.c --- */

/* Begins the full feature phase with ErrorRecoveryLevel 1 or 2. */
void iscsi_recover_start(struct iscsi_conn *conn);
/* Frees the messages that are kept. */
void iscsi_recover_fini(struct iscsi_conn *conn);
/* Notes that the initiator has acknowledged every response before this StatSN, which is valid. */
void iscsi_recover_acked(struct iscsi_conn *conn, uint32_t stat_sn);
/* Keeps a message that has just got its StatSN, until that is acknowledged. */
void iscsi_recover_keep_msg(struct iscsi_conn *conn, struct iscsi_tx_msg *msg, uint32_t stat_sn);
/* Notes that the length of the segments that the initiator takes has changed. */
void iscsi_recover_resized(struct iscsi_conn *conn);

/*
 * The following are called for a task, in a session with ErrorRecoveryLevel 1 or 2: when it begins;
 * when it is released; when it has buffers for its write data, or begins to send its read data;
 * when the header of its response is built, to fill in the numbers; when an R2T is built.
 */
void iscsi_recover_task_begin(struct iscsi_cmd *task);
void iscsi_recover_task_end(struct iscsi_cmd *task);
void iscsi_recover_collect(struct iscsi_cmd *task, const struct iovec *iov, int iovcnt);
void iscsi_recover_send(struct iscsi_cmd *task, const struct iovec *iov, int iovcnt);
void iscsi_recover_number_status(struct iscsi_conn *conn, struct iscsi_cmd *task, uint8_t *bhs);
void iscsi_recover_note_r2t(struct iscsi_cmd *task, uint32_t r2t_sn);
/*
 * A Data-Out PDU does not continue the data of a task in TASK_COLLECT.  Returns true when that is
 * dealt with: a duplicate, or data of an R2T that was replaced, or a gap that will be closed.
 * False: the initiator broke a rule.
 */
bool iscsi_recover_out_of_order(struct iscsi_cmd *task, const struct iscsi_pdu *pdu);
/* Requests what is missing of the data of a task in TASK_COLLECT through another connection. */
void iscsi_recover_collect_again(struct iscsi_cmd *task);
/* Forgets that a task's response had a StatSN. */
void iscsi_recover_unkeep(struct iscsi_cmd *task);
/* Forgets the messages that are kept. */
void iscsi_recover_drop_msgs(struct iscsi_conn *conn);
/* Discards a Data-Out PDU for a task in TASK_COLLECT, whose data digest was wrong: a gap. */
void iscsi_recover_damaged(struct iscsi_cmd *task, const struct iscsi_pdu *pdu);
/*
 * Forgets a task whose response is kept, because the initiator uses its tag for a new command.
 * Returns false when the task has not ended.
 */
bool iscsi_recover_retag(struct iscsi_cmd *task);

/* --- reassign.c --- */

/*
 * Returns the suspended connection of the session with this CID, or NULL.  Of several, which have
 * taken each other's place, the CID is that of the last one.
 */
struct iscsi_conn *iscsi_reassign_find_suspended(struct iscsi_session *s, uint16_t cid);
/*
 * Returns how to answer a request to give a task (NULL = there is none) to this connection;
 * exp_data_sn: the first DataSN that the initiator does not have, or 0.  When that is
 * ISCSI_TMF_COMPLETE, the answer is sent first, and then iscsi_reassign_task is called, which makes
 * the task one of the connection `to`.
 */
enum iscsi_tmf_response iscsi_reassign_check(struct iscsi_conn *to, struct iscsi_cmd *task,
					     uint32_t exp_data_sn);
void iscsi_reassign_task(struct iscsi_cmd *task, struct iscsi_conn *to);

/* --- snack.c --- */

/* Prepares a connection that begins the full feature phase with ErrorRecoveryLevel 1 or 2. */
void iscsi_snack_start(struct iscsi_conn *conn);
/* Handles a SNACK Request.  Returns 0, or a negative code (the connection ends). */
int iscsi_snack_on_request(struct iscsi_conn *conn, const struct iscsi_pdu *pdu);
/*
 * Called when the header of a Data-In PDU of len bytes is built that ends a burst, but not the
 * data:  asks for a DataACK.
 */
void iscsi_snack_ask_ack(struct iscsi_cmd *task, uint8_t *bhs, uint32_t len);
/* Notes that the initiator has all Data-In PDUs of a task before this DataSN. */
void iscsi_snack_data_acked(struct iscsi_conn *conn, struct iscsi_task_recover *rec, uint32_t sn);
/* Sends all data of a task that is not acknowledged once more, and then its status. */
void iscsi_snack_rewind(struct iscsi_conn *conn, struct iscsi_task_recover *rec);
/* Sends the last R2T of a task once more. */
void iscsi_snack_r2t(struct iscsi_conn *conn, struct iscsi_task_recover *rec);
/* Stops sending Data-In PDUs or the R2T of a task again. */
void iscsi_snack_stop(struct iscsi_conn *conn, struct iscsi_task_recover *rec);
/*
 * Returns false when an item of the send queue, which is no message, will send only what has its
 * StatSN already.
 */
bool iscsi_snack_takes_number(struct iscsi_tx_item *item);

#endif

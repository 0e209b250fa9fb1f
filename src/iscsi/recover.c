/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Error recovery within a command and within a connection: ErrorRecoveryLevel 1.  RFC 7143 §7.1.4,
 * §7.8, §7.9, §11.16.  Called by the other files of src/iscsi and by the owner, on the thread that
 * has the connection.
 *
 * What is kept: each response that has a StatSN, until the initiator acknowledges that StatSN; and
 * the buffers of a read as long as its response.  So what is sent again is what was sent before,
 * also when the medium has changed meanwhile.  A response that is kept is sent again from what made
 * it; Data-In PDUs are cut again in the same way.
 *
 * What bounds it: as many tasks as the window has places are kept beside the window; the responses
 * beyond these keep their places, so that the window closes for an initiator that acknowledges
 * nothing.  Of the messages the oldest are forgotten (KEPT_MSGS_MAX, KEPT_BYTES_MAX), since they
 * answer immediate requests, too, which no window stops; and so are the buffers of reads when the
 * owner needs them (iscsi_conn_forget).  A SNACK for what was forgotten is answered with the reason
 * "SNACK reject", which RFC 7143 §7.8 allows; it asks that the command fail then if it has not
 * ended, but what has not ended is never forgotten.
 *
 * Write data comes in order (DataPDUInOrder, DataSequenceInOrder), and there is one R2T at a time
 * (§13.19).  After a gap the rest of the sequence is discarded; when the sequence has ended, an R2T
 * asks for all from the gap on (recovery R2T).  Where its end was lost, too, iscsi_conn_recover
 * notices after a while.
 *
 * A wrong header digest closes the connection, as §7.8 allows: there is no way to find the next
 * header in the stream.
 */
#include "iscsi/recover_int.h"

#include <string.h>

#include "base/err.h"

/* --- what is kept --- */

/* The owner's buffers are not needed any more. */
static void
let_go(struct iscsi_conn *conn, struct iscsi_task_recover *rec)
{
	struct iscsi_cmd *task = rec->task;

	rec->rd_iov = NULL;
	if (!task->owned)
		return;
	task->owned = false;
	conn->ops->task_done(conn->user, &task->pub);
}

static void
unlink_task(struct iscsi_conn *conn, struct iscsi_task_recover *rec)
{
	iscsi_snack_stop(conn, rec);
	list_remove(&rec->kept.node);
	if (rec->uncounted)
		conn->session->kept--;
	rec->uncounted = false;
}

/* Forgets a response.  The task is released, or will be when its last slot is sent. */
static void
drop_task(struct iscsi_conn *conn, struct iscsi_task_recover *rec)
{
	struct iscsi_cmd *task = rec->task;

	unlink_task(conn, rec);
	list_remove(&task->item.node); /* what an R-Data SNACK asked for */
	task->rd_left = 0;
	iscsi_task_untag(task);
	if (task->in_ring == 0)
		iscsi_task_release(task);
}

static void
drop_msg(struct iscsi_conn *conn, struct iscsi_tx_msg *msg)
{
	conn->recover.msgs--;
	conn->recover.msg_bytes -= msg->data_len;
	iscsi_tx_msg_unkeep(conn, msg);
}

static void
drop(struct iscsi_conn *conn, struct iscsi_kept *kept)
{
	if (kept->is_task)
		drop_task(conn, iscsi_kept_task(kept));
	else
		drop_msg(conn, iscsi_kept_msg(kept));
}

void
iscsi_recover_unkeep(struct iscsi_cmd *task)
{
	unlink_task(task->pub.conn, iscsi_recover_of(task));
}

void
iscsi_recover_drop_msgs(struct iscsi_conn *conn)
{
	list_for_each_safe(node, &conn->recover.kept) {
		struct iscsi_kept *kept = list_entry(node, struct iscsi_kept, node);

		if (!kept->is_task)
			drop_msg(conn, iscsi_kept_msg(kept));
	}
}

void
iscsi_recover_acked(struct iscsi_conn *conn, uint32_t stat_sn)
{
	struct list *node;

	while ((node = list_first(&conn->recover.kept)) != NULL) {
		struct iscsi_kept *kept = list_entry(node, struct iscsi_kept, node);

		if (!iscsi_sn_before(kept->stat_sn, stat_sn))
			break;
		drop(conn, kept);
	}
}

/* The newest message stays, however long it is. */
static void
forget_old_msgs(struct iscsi_conn *conn)
{
	struct iscsi_recover *r = &conn->recover;

	list_for_each_safe(node, &r->kept) {
		struct iscsi_kept *kept = list_entry(node, struct iscsi_kept, node);

		if (r->msgs <= 1 || (r->msgs <= KEPT_MSGS_MAX && r->msg_bytes <= KEPT_BYTES_MAX &&
				     !iscsi_account_is_tight(&conn->account)))
			break;
		if (!kept->is_task)
			drop_msg(conn, iscsi_kept_msg(kept));
	}
}

void
iscsi_recover_keep_msg(struct iscsi_conn *conn, struct iscsi_tx_msg *msg, uint32_t stat_sn)
{
	msg->kept.stat_sn = stat_sn;
	msg->kept.is_task = false;
	list_append(&conn->recover.kept, &msg->kept.node);
	conn->recover.msgs++;
	conn->recover.msg_bytes += msg->data_len;
	forget_old_msgs(conn);
}

/* The response of a task has its number from now on. */
static void
keep_task(struct iscsi_conn *conn, struct iscsi_task_recover *rec)
{
	struct iscsi_session *s = conn->session;
	struct iscsi_cmd *task = rec->task;

	rec->kept.stat_sn = conn->tx.stat_sn;
	rec->kept.is_task = true;
	list_append(&conn->recover.kept, &rec->kept.node);
	if (task->counted && s->kept < s->depth) {
		task->counted = false;
		s->in_use--;
		s->kept++;
		rec->uncounted = true;
	}
	if (rec->rd_total == 0)
		let_go(conn, rec);
}

void
iscsi_recover_number_status(struct iscsi_conn *conn, struct iscsi_cmd *task, uint8_t *bhs)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);
	bool first = !iscsi_recover_is_kept(rec);

	if (first)
		keep_task(conn, rec);
	iscsi_tx_fill_sn(conn, bhs, first ? TX_STAT_SN_NEXT : TX_STAT_SN_NONE);
	put_be32(bhs + AT_STAT_SN, rec->kept.stat_sn);
	put_be32(bhs + AT_SNACK_TAG, rec->snack_tag);
}

bool
iscsi_recover_retag(struct iscsi_cmd *task)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);

	if (!iscsi_recover_is_kept(rec))
		return false;
	drop_task(task->pub.conn, rec);
	return true;
}

unsigned
iscsi_conn_forget(struct iscsi_conn *conn)
{
	unsigned count = 0;

	if (!conn->recover.on)
		return 0;
	list_for_each_safe(node, &conn->recover.kept) {
		struct iscsi_kept *kept = list_entry(node, struct iscsi_kept, node);
		struct iscsi_task_recover *rec = kept->is_task ? iscsi_kept_task(kept) : NULL;

		if (rec == NULL || !rec->task->owned || rec->task->in_ring > 0 ||
		    !list_empty(&rec->task->item.node))
			continue;
		iscsi_snack_stop(conn, rec);
		let_go(conn, rec);
		count++;
	}
	return count;
}

/* --- write data --- */

/* What was received of a PDU that does not count is overwritten. */
static void
reset_cursor(struct iscsi_cmd *task, const struct iscsi_task_recover *rec)
{
	iscsi_iov_cursor_set(&task->wr, rec->wr_iov, rec->wr_iovcnt);
	iscsi_iov_cursor_skip(&task->wr, MIN(task->wr_pos, task->wr_want), UINT32_MAX);
}

/*
 * A PDU of the present sequence is missing, or its data is of no use.  RFC 7143 §7.8: "Request
 * retransmission with a recovery R2T", here when the sequence is over, since the initiator need not
 * take a second R2T before (MaxOutstandingR2T=1).
 */
static void
note_gap(struct iscsi_cmd *task, const struct iscsi_pdu *pdu)
{
	if ((pdu->bhs[AT_FLAGS] & FLAG_FINAL) != 0)
		iscsi_data_ask_again(task);
}

bool
iscsi_recover_out_of_order(struct iscsi_cmd *task, const struct iscsi_pdu *pdu)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);
	uint32_t sn = get_be32(pdu->bhs + AT_DATA_SN);

	reset_cursor(task, rec);
	if (!iscsi_data_is_current(task, pdu))
		return get_be32(pdu->bhs + AT_TTT) != TAG_NONE || rec->had_unsolicited;
	if (sn == task->wr_sn)
		return false;
	if (!iscsi_sn_before(sn, task->wr_sn))
		note_gap(task, pdu);
	return true;
}

void
iscsi_recover_damaged(struct iscsi_cmd *task, const struct iscsi_pdu *pdu)
{
	reset_cursor(task, iscsi_recover_of(task));
	if (iscsi_data_is_current(task, pdu) &&
	    !iscsi_sn_before(get_be32(pdu->bhs + AT_DATA_SN), task->wr_sn))
		note_gap(task, pdu);
}

void
iscsi_recover_collect_again(struct iscsi_cmd *task)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);

	reset_cursor(task, rec);
	rec->seen = rec->r2t_repeated = false;
	task->pub.conn->recover.awaits = true;
	iscsi_data_ask_again(task);
}

bool
iscsi_conn_awaits_data(const struct iscsi_conn *conn)
{
	return conn->recover.awaits;
}

/* Something of it came since the last look, or comes now, or could not come yet. */
static bool
goes_on(struct iscsi_conn *conn, struct iscsi_cmd *task)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);
	bool same = rec->seen && rec->seen_pos == task->wr_pos && rec->seen_sn == task->wr_sn &&
		    rec->seen_sent == task->r2t_sent;

	rec->seen = true;
	rec->seen_pos = task->wr_pos;
	rec->seen_sn = task->wr_sn;
	rec->seen_sent = task->r2t_sent;
	if (!same)
		rec->r2t_repeated = false;
	return !same || !list_empty(&task->item.node) || !list_empty(&rec->again.node) ||
	       (conn->rx.sink == RX_TO_TASK && conn->rx.task == task &&
		conn->rx.state != RX_IN_HEADER);
}

/*
 * Nothing came.  If it is the R2T that was lost, the same one again helps; an initiator that has it
 * discards it (RFC 7143 §7.9), and the next look asks by a new one.
 */
static void
ask_after_silence(struct iscsi_conn *conn, struct iscsi_cmd *task)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);

	if (task->state == TASK_DRAIN) {
		task->unsolicited = false;
		task->r2t_done = task->r2t_sent;
		iscsi_data_send_status(task);
	} else if (task->r2t_done != task->r2t_sent && task->wr_sn == 0 && !rec->r2t_repeated) {
		rec->r2t_repeated = true;
		iscsi_snack_r2t(conn, rec);
	} else {
		iscsi_data_ask_again(task);
	}
}

void
iscsi_conn_recover(struct iscsi_conn *conn)
{
	const struct iscsi_task_pool *pool = &conn->session->pool;

	if (!conn->recover.awaits || conn->error < 0)
		return;
	conn->recover.awaits = false;
	for (uint32_t i = 0; i < pool->chunks * TASK_CHUNK; i++) {
		struct iscsi_cmd *task = iscsi_task_at(pool, i);

		if ((task->state != TASK_COLLECT && task->state != TASK_DRAIN) ||
		    task->pub.conn != conn)
			continue;
		conn->recover.awaits = true;
		if (!goes_on(conn, task))
			ask_after_silence(conn, task);
	}
}

/* --- what the other files tell --- */

void
iscsi_recover_start(struct iscsi_conn *conn)
{
	struct iscsi_recover *r = &conn->recover;

	list_init(&r->kept);
	iscsi_snack_start(conn);
	r->first_sn = conn->tx.stat_sn;
	iscsi_task_pool_widen(&conn->session->pool, sizeof(struct iscsi_task_recover));
	r->on = true;
}

void
iscsi_recover_fini(struct iscsi_conn *conn)
{
	struct list *node;

	if (!conn->recover.on)
		return;
	while ((node = list_first(&conn->recover.kept)) != NULL)
		drop(conn, list_entry(node, struct iscsi_kept, node));
}

void
iscsi_recover_task_begin(struct iscsi_cmd *task)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);

	*rec = (struct iscsi_task_recover){ .task = task };
}

void
iscsi_recover_task_end(struct iscsi_cmd *task)
{
	unlink_task(task->pub.conn, iscsi_recover_of(task));
}

void
iscsi_recover_collect(struct iscsi_cmd *task, const struct iovec *iov, int iovcnt)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);

	rec->wr_iov = iov;
	rec->wr_iovcnt = iovcnt;
	rec->had_unsolicited = task->unsolicited;
	task->pub.conn->recover.awaits = true;
}

void
iscsi_recover_note_r2t(struct iscsi_cmd *task, uint32_t r2t_sn)
{
	iscsi_recover_of(task)->r2t_sn = r2t_sn;
}

void
iscsi_recover_send(struct iscsi_cmd *task, const struct iovec *iov, int iovcnt)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);

	rec->rd_iov = iov;
	rec->rd_iovcnt = iovcnt;
	rec->rd_total = task->rd_left;
	rec->rd_segment = task->pub.conn->params.max_send_len;
	rec->first_sn = rec->base_sn = rec->acked_sn = task->data_sn;
	rec->acked_pos_known = true;
}

void
iscsi_recover_resized(struct iscsi_conn *conn)
{
	const struct iscsi_task_pool *pool = &conn->session->pool;

	for (uint32_t i = 0; i < pool->chunks * TASK_CHUNK; i++) {
		struct iscsi_cmd *task = iscsi_task_at(pool, i);

		if (task->state != TASK_ENDING || task->pub.conn != conn || task->rd_left == 0)
			continue;
		struct iscsi_task_recover *rec = iscsi_recover_of(task);

		if (task->data_sn == rec->base_sn)
			rec->rd_segment = conn->params.max_send_len;
		else
			rec->is_mixed = true;
	}
}

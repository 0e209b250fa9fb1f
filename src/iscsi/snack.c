/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SNACK Requests: what an initiator asks for once more is sent once more.  RFC 7143 §11.16.  What
 * is there to be sent again is the business of recover.c.  Called by the other files of src/iscsi,
 * on the thread that has the connection.
 *
 * A response that is kept is built again from what made it.  Data-In PDUs are cut again in the same
 * way from the same buffers.  Each connection has one item in the send queue for its responses, and
 * each task one for its Data-In PDUs or its R2T, so that no number of SNACKs takes memory.
 */
#include "iscsi/recover_int.h"

#include <string.h>

#include "base/err.h"

/* Beside the tags of R2Ts (data.c) and of pings and text (iscsi_conn_new_ttt). */
#define ACK_TAG      0x40000000u
#define ACK_TAG_MASK 0xc0000000u

void
iscsi_snack_stop(struct iscsi_conn *conn, struct iscsi_task_recover *rec)
{
	list_remove(&rec->again.node);
	if (conn->recover.replay == rec)
		conn->recover.replay = NULL;
}

/* --- responses once more --- */

/* Returns the first of the kept responses from this StatSN on, or NULL. */
static struct iscsi_kept *
kept_from(struct iscsi_conn *conn, uint32_t stat_sn)
{
	list_for_each(node, &conn->recover.kept) {
		struct iscsi_kept *kept = list_entry(node, struct iscsi_kept, node);

		if (!iscsi_sn_before(kept->stat_sn, stat_sn))
			return kept;
	}
	return NULL;
}

static bool
status_again_emit(struct iscsi_conn *conn, struct iscsi_tx_item *item)
{
	struct iscsi_recover *r = &conn->recover;
	struct iscsi_kept *kept;

	while ((kept = kept_from(conn, r->status_from)) != NULL &&
	       iscsi_sn_before(kept->stat_sn, r->status_to)) {
		if (!iscsi_tx_has_room(&conn->tx))
			return false;
		r->status_from = kept->stat_sn + 1;
		if (kept->is_task)
			iscsi_data_put_status(conn, iscsi_kept_task(kept)->task);
		else
			iscsi_tx_msg_again(conn, iscsi_kept_msg(kept));
	}
	list_remove(&item->node);
	return true;
}

static uint32_t
kept_between(struct iscsi_conn *conn, uint32_t from, uint32_t to)
{
	uint32_t count = 0;

	list_for_each(node, &conn->recover.kept) {
		const struct iscsi_kept *kept = list_entry(node, struct iscsi_kept, node);

		if (!iscsi_sn_before(kept->stat_sn, from) && iscsi_sn_before(kept->stat_sn, to))
			count++;
	}
	return count;
}

static void
send_status_again(struct iscsi_conn *conn, uint32_t from, uint32_t to)
{
	struct iscsi_recover *r = &conn->recover;

	if (!list_empty(&r->status.node)) { /* the one before still waits: both together */
		r->status_from = iscsi_sn_before(from, r->status_from) ? from : r->status_from;
		r->status_to = iscsi_sn_before(r->status_to, to) ? to : r->status_to;
		return;
	}
	r->status_from = from;
	r->status_to = to;
	iscsi_tx_push(conn, &r->status);
}

/*
 * Finds out which numbers of those from first to before end a SNACK wants.  Returns false when it
 * wants one that is not among them.  RFC 7143 §11.16.6, §11.16.7.
 */
static bool
run_of(const struct iscsi_pdu *pdu, uint32_t first, uint32_t end, uint32_t *ret_from,
       uint32_t *ret_to)
{
	uint32_t from = get_be32(pdu->bhs + AT_BEG_RUN), len = get_be32(pdu->bhs + AT_RUN_LENGTH);

	if (from == 0 && len == 0)
		from = first;
	else if (iscsi_sn_before(from, first) || !iscsi_sn_before(from, end) || len > end - from)
		return false;
	*ret_from = from;
	*ret_to = len == 0 ? end : from + len;
	return true;
}

static int
on_status_snack(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	uint32_t first = conn->recover.first_sn, from, to;

	if (iscsi_sn_before(first, conn->exp_stat_sn))
		first = conn->exp_stat_sn;
	if (get_be32(pdu->bhs + AT_ITT) != TAG_NONE ||
	    !run_of(pdu, first, conn->tx.stat_sn, &from, &to))
		return iscsi_control_reject(conn, pdu, REJECT_PROTOCOL);
	bool whole = kept_between(conn, from, to) == to - from;

	send_status_again(conn, from, to);
	return whole ? 0 : iscsi_control_reject(conn, pdu, REJECT_SNACK);
}

/* --- Data-In once more --- */

/* Returns how many bytes are in the Data-In at this place at most. */
static uint32_t
segment_at(const struct iscsi_conn *conn, const struct iscsi_task_recover *rec, uint32_t pos)
{
	uint32_t burst = conn->params.max_burst_len;
	uint32_t len = MIN(rec->rd_total - pos, burst - pos % burst);

	return MIN(len, rec->rd_segment);
}

static void
cursor_at(const struct iscsi_task_recover *rec, uint32_t pos, struct iscsi_iov_cursor *ret_cursor)
{
	iscsi_iov_cursor_set(ret_cursor, rec->rd_iov, rec->rd_iovcnt);
	iscsi_iov_cursor_skip(ret_cursor, pos, UINT32_MAX);
}

/* A Data-In PDU is cut by nothing but its length and the end of its burst. */
static bool
is_even(const struct iscsi_task_recover *rec)
{
	for (int i = 0; i + 1 < rec->rd_iovcnt; i++)
		if (rec->rd_segment > rec->rd_iov[i].iov_len * (TX_PIECES - 1))
			return false;
	return true;
}

/*
 * Returns where the Data-In with this DataSN begins, which is base_sn or a later one.  A peer may
 * ask for any of very many PDUs again and again, so they are counted one by one only where buffers
 * are so small that they cut PDUs.
 */
static uint32_t
place_of(const struct iscsi_conn *conn, const struct iscsi_task_recover *rec, uint32_t sn)
{
	uint32_t burst = conn->params.max_burst_len, pos = rec->base_pos, count = sn - rec->base_sn;
	uint32_t first = burst - pos % burst;
	uint32_t in_first = (first + rec->rd_segment - 1) / rec->rd_segment;
	uint32_t in_burst = (burst + rec->rd_segment - 1) / rec->rd_segment;
	struct iscsi_iov_cursor at;
	uint64_t end = pos;

	if (is_even(rec)) {
		end += count < in_first
			       ? (uint64_t)count * rec->rd_segment
			       : first + (uint64_t)((count - in_first) / in_burst) * burst +
					 (uint64_t)((count - in_first) % in_burst) *
						 rec->rd_segment;
		return (uint32_t)MIN(end, (uint64_t)rec->rd_total);
	}
	cursor_at(rec, pos, &at);
	for (uint32_t i = 0; i < count; i++)
		pos += (uint32_t)iscsi_iov_cursor_skip(&at, segment_at(conn, rec, pos), TX_PIECES);
	return pos;
}

static void
ask_for_ack(struct iscsi_cmd *task, uint8_t *bhs)
{
	bhs[AT_FLAGS] |= FLAG_ACKNOWLEDGE;
	memcpy(bhs + AT_LUN, task->pub.lun, sizeof(task->pub.lun));
	put_be32(bhs + AT_TTT, ACK_TAG | task->number << 16 | (task->arrival & 0xffff));
}

/*
 * RFC 7143 §11.7.2: at the end of a burst, but not of the last one, whose data is acknowledged with
 * the status.
 */
void
iscsi_snack_ask_ack(struct iscsi_cmd *task, uint8_t *bhs, uint32_t len)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);

	ask_for_ack(task, bhs);
	rec->asked_sn = task->data_sn + 1;
	rec->asked_pos = task->rd_pos + len;
}

/* Builds the same PDU as data_in_header of data.c, but for the numbers of the window. */
static void
data_again(struct iscsi_conn *conn, struct iscsi_task_recover *rec, uint32_t sn, uint32_t pos)
{
	struct iscsi_cmd *task = rec->task;
	struct iscsi_tx_slot *slot;
	uint8_t *bhs;
	uint32_t len = iscsi_data_slots(conn, task, &conn->recover.replay_at,
					segment_at(conn, rec, pos), &slot, &bhs);
	bool last = pos + len == rec->rd_total;
	bool ends = last || (pos + len) % conn->params.max_burst_len == 0;

	iscsi_pdu_start(bhs, OP_DATA_IN, task->pub.itt);
	bhs[AT_FLAGS] = ends ? FLAG_FINAL : 0;
	put_be24(bhs + AT_DATA_LEN, len);
	put_be32(bhs + AT_TTT, TAG_NONE);
	if (ends && !last)
		ask_for_ack(task, bhs);
	iscsi_tx_fill_sn(conn, bhs, TX_STAT_SN_NONE);
	put_be32(bhs + AT_DATA_SN, sn);
	put_be32(bhs + AT_OFFSET, pos);
	iscsi_tx_seal_head(&conn->tx, slot, bhs);
	conn->recover.replay_pos += len;
}

static bool
data_again_emit(struct iscsi_conn *conn, struct iscsi_tx_item *item)
{
	struct iscsi_task_recover *rec = container_of(item, struct iscsi_task_recover, again);
	struct iscsi_recover *r = &conn->recover;

	if (r->replay != rec) {
		r->replay = rec;
		r->replay_sn = rec->again_from;
		r->replay_pos = place_of(conn, rec, rec->again_from);
		cursor_at(rec, r->replay_pos, &r->replay_at);
	}
	for (; r->replay_sn != rec->again_to; r->replay_sn++) {
		if (!iscsi_tx_has_room(&conn->tx))
			return false;
		data_again(conn, rec, r->replay_sn, r->replay_pos);
	}
	iscsi_snack_stop(conn, rec);
	return true;
}

static void
send_data_again(struct iscsi_conn *conn, struct iscsi_task_recover *rec, uint32_t from, uint32_t to)
{
	struct iscsi_recover *r = &conn->recover;

	if (!list_empty(&rec->again.node)) { /* the SNACK before is not done: both together */
		if (r->replay == rec && r->replay_sn > rec->again_from)
			rec->again_from = r->replay_sn;
		rec->again_from = MIN(rec->again_from, from);
		rec->again_to = MAX(rec->again_to, to);
		if (r->replay == rec)
			r->replay = NULL;
		return;
	}
	rec->again_from = from;
	rec->again_to = to;
	rec->again.emit = data_again_emit;
	iscsi_tx_push(conn, &rec->again);
}

/* The task can send its data again, or has sent none yet. */
static bool
is_sending(const struct iscsi_task_recover *rec)
{
	return rec->task->state == TASK_ENDING && rec->rd_total > 0;
}

/*
 * The initiator has to ask for PDUs of another size (R-Data) when it takes another size now:
 * RFC 7143 §11.16.3.
 */
static int
on_data_run(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, struct iscsi_task_recover *rec)
{
	uint32_t from, to;

	if (rec->is_mixed || rec->rd_segment > conn->params.max_send_len ||
	    !run_of(pdu, rec->acked_sn, rec->task->data_sn, &from, &to))
		return iscsi_control_reject(conn, pdu, REJECT_PROTOCOL);
	if (rec->rd_iov == NULL)
		return iscsi_control_reject(conn, pdu, REJECT_SNACK);
	if (from != to)
		send_data_again(conn, rec, from, to);
	return 0;
}

/* --- R2T once more --- */

static bool
r2t_again_emit(struct iscsi_conn *conn, struct iscsi_tx_item *item)
{
	struct iscsi_cmd *task = container_of(item, struct iscsi_task_recover, again)->task;

	list_remove(&item->node);
	if (task->r2t_done != task->r2t_sent)
		iscsi_data_put_r2t(conn, task);
	return true;
}

void
iscsi_snack_r2t(struct iscsi_conn *conn, struct iscsi_task_recover *rec)
{
	if (!list_empty(&rec->again.node))
		return;
	rec->again.emit = r2t_again_emit;
	iscsi_tx_push(conn, &rec->again);
}

/* An R2T that was fulfilled is acknowledged by that. */
static int
on_r2t_run(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, struct iscsi_task_recover *rec)
{
	const struct iscsi_cmd *task = rec->task;
	bool waits = task->r2t_done != task->r2t_sent;
	uint32_t end = task->data_sn, from, to;

	if (!run_of(pdu, waits ? rec->r2t_sn : end, end, &from, &to))
		return iscsi_control_reject(conn, pdu, REJECT_PROTOCOL);
	if (waits)
		iscsi_snack_r2t(conn, rec);
	return 0;
}

static int
on_data_snack(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, struct iscsi_task_recover *rec)
{
	if (rec != NULL && is_sending(rec))
		return on_data_run(conn, pdu, rec);
	if (rec != NULL)
		return on_r2t_run(conn, pdu, rec);
	return iscsi_control_reject(conn, pdu, REJECT_PROTOCOL);
}

/* --- data of other sizes once more --- */

/*
 * RFC 7143 §7.8: a SNACK was rejected for a command whose status was not sent.  The iSCSI condition
 * "SNACK rejected" of §11.4.7.2.
 */
static void
fail_task(struct iscsi_conn *conn, struct iscsi_task_recover *rec)
{
	static const uint8_t sense[20] = {
		0, 18, 0x70, 0, 0x0b, [9] = 10, [14] = 0x11, [15] = 0x13
	};
	struct iscsi_cmd *task = rec->task;

	if (iscsi_recover_is_kept(rec))
		return;
	iscsi_snack_stop(conn, rec);
	memcpy(task->sense, sense, sizeof(sense));
	task->sense_len = sizeof(sense);
	task->status = 0x02;
	task->rd_left = 0;
	iscsi_data_send_rest(task);
}

/* Everything that is not acknowledged goes out again, then the status: RFC 7143 §11.16.3. */
void
iscsi_snack_rewind(struct iscsi_conn *conn, struct iscsi_task_recover *rec)
{
	struct iscsi_cmd *task = rec->task;

	iscsi_snack_stop(conn, rec);
	rec->base_sn = rec->acked_sn;
	rec->base_pos = rec->acked_pos;
	rec->asked_sn = 0;
	rec->rd_segment = conn->params.max_send_len;
	rec->is_mixed = false;
	cursor_at(rec, rec->base_pos, &task->rd);
	task->rd_pos = rec->base_pos;
	task->rd_left = rec->rd_total - rec->base_pos;
	task->rd_burst = rec->base_pos % conn->params.max_burst_len;
	task->data_sn = rec->base_sn;
	task->data_ins = rec->base_sn - rec->first_sn;
	iscsi_data_send_rest(task);
}

static int
on_r_data_snack(struct iscsi_conn *conn, const struct iscsi_pdu *pdu,
		struct iscsi_task_recover *rec)
{
	uint32_t tag = get_be32(pdu->bhs + AT_SNACK_TAG);

	if (rec == NULL || !is_sending(rec) || tag == 0 || tag == TAG_NONE ||
	    get_be32(pdu->bhs + AT_BEG_RUN) != 0 || get_be32(pdu->bhs + AT_RUN_LENGTH) != 0)
		return iscsi_control_reject(conn, pdu, REJECT_PROTOCOL);
	if (rec->rd_iov == NULL || !rec->acked_pos_known) {
		fail_task(conn, rec);
		return iscsi_control_reject(conn, pdu, REJECT_SNACK);
	}
	rec->snack_tag = tag;
	iscsi_snack_rewind(conn, rec);
	return 0;
}

/* --- acknowledged data --- */

/* The initiator has everything before this DataSN. */
void
iscsi_snack_data_acked(struct iscsi_conn *conn, struct iscsi_task_recover *rec, uint32_t sn)
{
	if (sn <= rec->acked_sn)
		return;
	rec->acked_sn = sn;
	rec->acked_pos_known = sn == rec->asked_sn;
	rec->acked_pos = rec->asked_pos;
	if (rec->acked_pos_known || rec->is_mixed || rec->rd_iov == NULL)
		return;
	rec->acked_pos = place_of(conn, rec, sn);
	rec->acked_pos_known = true;
}

/*
 * A DataACK for a task that is not here comes late: the initiator has acknowledged the status
 * since.  It asks for nothing, and so there is nothing to reject.
 */
static int
on_data_ack(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	const struct iscsi_task_pool *pool = &conn->session->pool;
	uint32_t tag = get_be32(pdu->bhs + AT_TTT), number = (tag & ~ACK_TAG_MASK) >> 16;
	uint32_t sn = get_be32(pdu->bhs + AT_BEG_RUN);

	if ((tag & ACK_TAG_MASK) != ACK_TAG || get_be32(pdu->bhs + AT_ITT) != TAG_NONE ||
	    get_be32(pdu->bhs + AT_RUN_LENGTH) != 0)
		return iscsi_control_reject(conn, pdu, REJECT_INVALID_DATA_ACK);
	if (number >= pool->chunks * TASK_CHUNK)
		return 0;
	struct iscsi_cmd *task = iscsi_task_at(pool, number);

	if (task->state != TASK_ENDING || task->pub.conn != conn || !task->tagged ||
	    (task->arrival & 0xffff) != (tag & 0xffff))
		return 0;
	struct iscsi_task_recover *rec = iscsi_recover_of(task);

	if (!is_sending(rec) || sn > task->data_sn ||
	    !iscsi_conn_same_lun(conn, task->pub.lun, pdu->bhs + AT_LUN))
		return iscsi_control_reject(conn, pdu, REJECT_INVALID_DATA_ACK);
	iscsi_snack_data_acked(conn, rec, sn);
	return 0;
}

void
iscsi_snack_start(struct iscsi_conn *conn)
{
	conn->recover.status.emit = status_again_emit;
}

bool
iscsi_snack_takes_number(struct iscsi_tx_item *item)
{
	if (item->emit == status_again_emit || item->emit == data_again_emit ||
	    item->emit == r2t_again_emit)
		return false;
	/* of a task: data that an R-Data SNACK asked for, or data and R2Ts as ever */
	return !iscsi_recover_is_kept(iscsi_recover_of(container_of(item, struct iscsi_cmd, item)));
}

int
iscsi_snack_on_request(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	struct iscsi_cmd *task = iscsi_task_find(&conn->session->pool, get_be32(pdu->bhs + AT_ITT));
	struct iscsi_task_recover *rec = NULL;

	if (!conn->recover.on)
		return iscsi_control_reject(conn, pdu, REJECT_SNACK);
	if (task != NULL && task->pub.conn == conn)
		rec = iscsi_recover_of(task);
	switch (pdu->bhs[AT_FLAGS] & SNACK_TYPE_MASK) {
	case SNACK_DATA:
		return on_data_snack(conn, pdu, rec);
	case SNACK_STATUS:
		return on_status_snack(conn, pdu);
	case SNACK_DATA_ACK:
		return on_data_ack(conn, pdu);
	case SNACK_R_DATA:
		return on_r_data_snack(conn, pdu, rec);
	default:
		return iscsi_control_reject(conn, pdu, REJECT_PROTOCOL);
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data of tasks: immediate and unsolicited data, R2T, Data-Out, Data-In, and the status at the
 * end.  RFC 7143 §4.2.5, §11.4, §11.7, §11.8.  Called by conn.c, task.c and the owner, on the
 * thread that has the connection.
 *
 * DataPDUInOrder and DataSequenceInOrder are always Yes here, so write data arrives as one
 * ascending stream: wr_pos is its end, and the R2Ts, of max_burst_len each, are fulfilled in the
 * order in which they were sent.
 *
 * At ErrorRecoveryLevel 0 a command whose data is wrong ends with CHECK CONDITION, after all data
 * that was requested has arrived (TASK_DRAIN) and was discarded.  Above level 0 what is missing
 * is requested again (recover.c).
 */
#include "iscsi/recover_int.h"

#include <assert.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/err.h"

#define FAULT_NONE (-1)

/* --- status --- */

/* RFC 7143 §11.4: SCSI Response. */
void
iscsi_data_put_status(struct iscsi_conn *conn, struct iscsi_cmd *task)
{
	uint8_t *bhs;
	struct iscsi_tx_slot *slot = iscsi_tx_slot_new(&conn->tx, &bhs);

	iscsi_pdu_start(bhs, OP_RESPONSE, task->pub.itt);
	bhs[AT_RESPONSE] = task->response;
	if (task->response == 0) {
		bhs[AT_FLAGS] = FLAG_FINAL | task->flags;
		bhs[AT_STATUS] = task->status;
		put_be32(bhs + AT_BIDI_RESIDUAL, task->bidi_residual);
		put_be32(bhs + AT_RESIDUAL, task->residual);
		/* ExpDataSN counts Data-In PDUs only, not R2Ts.  RFC 7143 §11.4.8. */
		put_be32(bhs + AT_DATA_SN, task->data_ins);
	}
	put_be24(bhs + AT_DATA_LEN, task->sense_len);
	if (conn->recover.on) {
		iscsi_recover_number_status(conn, task, bhs);
	} else {
		iscsi_task_untag(task);
		iscsi_tx_fill_sn(conn, bhs, TX_STAT_SN_NEXT);
	}
	iscsi_tx_seal_head(&conn->tx, slot, bhs);
	if (task->sense_len > 0) {
		iscsi_tx_seal_data(&conn->tx, slot, task->sense, task->sense_len);
		slot->task = task;
		task->in_ring++;
	} else if (task->in_ring == 0 && !task->tagged) {
		iscsi_task_release(task);
	}
}

static bool
status_emit(struct iscsi_conn *conn, struct iscsi_tx_item *item)
{
	list_remove(&item->node);
	iscsi_data_put_status(conn, container_of(item, struct iscsi_cmd, item));
	return true;
}

bool
iscsi_data_is_drained(const struct iscsi_cmd *task)
{
	return !task->unsolicited && task->r2t_done == task->r2t_sent;
}

/*
 * RFC 7143 §11.4: while data is still expected, "the target MUST wait until it receives a data PDU
 * with the F bit set in the last expected sequence before sending the Response PDU".
 */
void
iscsi_data_send_status(struct iscsi_cmd *task)
{
	if (!iscsi_data_is_drained(task)) {
		list_remove(&task->item.node); /* R2Ts that are not yet out */
		iscsi_rx_forget(&task->pub.conn->rx, task);
		task->pub.conn->recover.awaits = task->pub.conn->recover.on;
		iscsi_task_to(task, TASK_DRAIN);
		return;
	}
	iscsi_task_to(task, TASK_ENDING);
	list_remove(&task->item.node);
	task->item.emit = status_emit;
	iscsi_tx_push(task->pub.conn, &task->item);
}

void
iscsi_data_fault(struct iscsi_cmd *task, enum iscsi_data_fault fault)
{
	struct iscsi_conn *conn = task->pub.conn;

	task->owned = true;
	iscsi_task_to(task, TASK_COLLECT);
	conn->ops->data_fault(conn->user, &task->pub, fault);
}

/* --- R2T --- */

static uint32_t
r2t_ttt(const struct iscsi_cmd *task, uint32_t number)
{
	return task->number << 16 | (number & 0xffff);
}

static uint32_t
r2t_start(const struct iscsi_cmd *task, uint32_t number)
{
	uint64_t at = task->r2t_base + (uint64_t)number * task->pub.conn->params.max_burst_len;

	return (uint32_t)MIN(at, (uint64_t)task->wr_want);
}

static void
r2t_build(struct iscsi_conn *conn, struct iscsi_cmd *task, uint32_t number, uint32_t r2t_sn)
{
	uint32_t from = r2t_start(task, number);
	uint8_t *bhs;
	struct iscsi_tx_slot *slot = iscsi_tx_slot_new(&conn->tx, &bhs);

	iscsi_pdu_start(bhs, OP_R2T, task->pub.itt);
	memcpy(bhs + AT_LUN, task->pub.lun, sizeof(task->pub.lun));
	put_be32(bhs + AT_TTT, r2t_ttt(task, number));
	iscsi_tx_fill_sn(conn, bhs, TX_STAT_SN_PEEK);
	put_be32(bhs + AT_DATA_SN, r2t_sn);
	put_be32(bhs + AT_OFFSET, from);
	put_be32(bhs + AT_DESIRED_LEN, r2t_start(task, number + 1) - from);
	iscsi_tx_seal_head(&conn->tx, slot, bhs);
}

void
iscsi_data_put_r2t(struct iscsi_conn *conn, struct iscsi_cmd *task)
{
	r2t_build(conn, task, task->r2t_sent - 1, iscsi_recover_of(task)->r2t_sn);
}

static bool
r2t_emit(struct iscsi_conn *conn, struct iscsi_tx_item *item)
{
	struct iscsi_cmd *task = container_of(item, struct iscsi_cmd, item);

	while (r2t_start(task, task->r2t_sent) < task->wr_want &&
	       task->r2t_sent - task->r2t_done < conn->params.max_outstanding_r2t) {
		if (!iscsi_tx_has_room(&conn->tx))
			return false;
		if (conn->recover.on)
			iscsi_recover_note_r2t(task, task->data_sn);
		r2t_build(conn, task, task->r2t_sent++, task->data_sn++);
	}
	list_remove(&item->node);
	return true;
}

static void
ask_for_data(struct iscsi_cmd *task)
{
	if (!list_empty(&task->item.node))
		return; /* it still waits for the ring */
	task->item.emit = r2t_emit;
	iscsi_tx_push(task->pub.conn, &task->item);
}

int
iscsi_task_accept_write(struct iscsi_task *pub, const struct iovec *iov, int iovcnt,
			uint32_t len_bytes)
{
	struct iscsi_cmd *task = iscsi_task_of(pub);

	assert(task->state == TASK_OWNER && task->in_command && !task->accepted);
	task->accepted = true;
	task->wr_want = MIN(len_bytes, pub->write_expected);
	if (iovcnt == 1) {
		task->wr_one = iov[0];
		iov = &task->wr_one;
	}
	iscsi_iov_cursor_set(&task->wr, iov, iovcnt);
	if (pub->data_len > 0)
		iscsi_iov_cursor_copy_in(&task->wr, pub->data, MIN(pub->data_len, task->wr_want));
	task->r2t_base = task->wr_pos;
	if (!task->unsolicited && task->wr_pos >= task->wr_want)
		return 1;
	if (pub->conn->recover.on)
		iscsi_recover_collect(task, iov, iovcnt);
	iscsi_task_to(task, TASK_COLLECT);
	if (!task->unsolicited)
		ask_for_data(task);
	return 0;
}

/* --- Data-Out --- */

/* Does this PDU continue the stream?  An enum iscsi_data_fault, or FAULT_NONE. */
static int
sequence_fault(const struct iscsi_cmd *task, const struct iscsi_pdu *pdu)
{
	uint32_t ttt = get_be32(pdu->bhs + AT_TTT);
	bool final = (pdu->bhs[AT_FLAGS] & FLAG_FINAL) != 0;
	uint64_t end = (uint64_t)task->wr_pos + pdu->data_len;
	uint32_t limit = ttt == TAG_NONE ? task->wr_first_max : r2t_start(task, task->r2t_done + 1);

	if (ttt == TAG_NONE && !task->unsolicited)
		return ISCSI_FAULT_UNEXPECTED_UNSOLICITED;
	if (ttt != TAG_NONE &&
	    (task->r2t_done == task->r2t_sent || ttt != r2t_ttt(task, task->r2t_done)))
		return ISCSI_FAULT_INCORRECT_AMOUNT;
	/* A gap in DataSN implies a PDU lost to a digest error.  RFC 7143 §7.9. */
	if (get_be32(pdu->bhs + AT_DATA_SN) != task->wr_sn)
		return ISCSI_FAULT_CRC;
	if (end > limit)
		return ttt == TAG_NONE ? ISCSI_FAULT_UNEXPECTED_UNSOLICITED
				       : ISCSI_FAULT_INCORRECT_AMOUNT;
	if (get_be32(pdu->bhs + AT_OFFSET) != task->wr_pos)
		return ISCSI_FAULT_INCORRECT_AMOUNT;
	/*
	 * An initiator may end its unsolicited data anywhere up to FirstBurstLength: R2Ts then ask
	 * for the rest (RFC 7143 §11.8).  What an R2T asked for must come whole.
	 */
	if (ttt != TAG_NONE && final && end < limit)
		return ISCSI_FAULT_INCORRECT_AMOUNT;
	return FAULT_NONE;
}

static uint32_t
take_len(const struct iscsi_cmd *task, uint32_t len)
{
	return task->wr_pos < task->wr_want ? MIN(len, task->wr_want - task->wr_pos) : 0;
}

/* The data of a command comes through the connection of the command: RFC 7143 §4.2.5.1. */
static struct iscsi_cmd *
find_task(const struct iscsi_conn *conn, uint32_t itt)
{
	struct iscsi_cmd *task = iscsi_task_find(&conn->session->pool, itt);

	return task != NULL && task->pub.conn == conn ? task : NULL;
}

static struct iscsi_held *
find_held(const struct iscsi_conn *conn, uint32_t itt)
{
	struct iscsi_held *held = iscsi_session_find_held(conn->session, itt);

	return held != NULL && held->conn == conn ? held : NULL;
}

int
iscsi_data_out_head(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	uint32_t itt = get_be32(pdu->bhs + AT_ITT);
	struct iscsi_cmd *task = find_task(conn, itt);

	if (task == NULL) {
		if (find_held(conn, itt) == NULL)
			iscsi_rx_discard(&conn->rx);
	} else if (task->state == TASK_COLLECT && sequence_fault(task, pdu) == FAULT_NONE) {
		iscsi_rx_to_task(&conn->rx, task, &task->wr, take_len(task, pdu->data_len));
	} else {
		iscsi_rx_discard(&conn->rx);
	}
	return 0;
}

/* The F bit ends a sequence, also one whose data was of no use. */
static void
note_final(struct iscsi_cmd *task, const struct iscsi_pdu *pdu)
{
	if ((pdu->bhs[AT_FLAGS] & FLAG_FINAL) == 0)
		return;
	task->wr_sn = 0;
	if (get_be32(pdu->bhs + AT_TTT) == TAG_NONE) {
		if (task->unsolicited)
			task->r2t_base = task->wr_pos;
		task->unsolicited = false;
	} else if (task->r2t_done < task->r2t_sent) {
		task->r2t_done++;
	}
}

/* A sequence has ended: ask for more, or pass the command on when everything is here. */
static void
after_sequence(struct iscsi_cmd *task)
{
	struct iscsi_conn *conn = task->pub.conn;

	if (task->wr_pos < task->wr_want) {
		if (!task->unsolicited)
			ask_for_data(task);
	} else if (iscsi_data_is_drained(task)) {
		iscsi_task_to(task, TASK_OWNER);
		conn->ops->write_ready(conn->user, &task->pub);
	}
}

static void
collect(struct iscsi_cmd *task, const struct iscsi_pdu *pdu)
{
	uint32_t take = take_len(task, pdu->data_len);

	if (pdu->data != NULL && take > 0)
		iscsi_iov_cursor_copy_in(&task->wr, pdu->data, take);
	task->wr_pos += pdu->data_len;
	task->wr_sn++;
	note_final(task, pdu);
	if ((pdu->bhs[AT_FLAGS] & FLAG_FINAL) != 0)
		after_sequence(task);
}

bool
iscsi_data_is_current(const struct iscsi_cmd *task, const struct iscsi_pdu *pdu)
{
	uint32_t ttt = get_be32(pdu->bhs + AT_TTT);

	if (ttt == TAG_NONE)
		return task->unsolicited;
	return task->r2t_done != task->r2t_sent && ttt == r2t_ttt(task, task->r2t_done);
}

void
iscsi_data_ask_again(struct iscsi_cmd *task)
{
	task->unsolicited = false;
	task->r2t_done = task->r2t_sent;
	task->wr_sn = 0;
	/* The next R2T begins where the data is missing. */
	task->r2t_base = (uint64_t)task->wr_pos -
			 (uint64_t)task->r2t_sent * task->pub.conn->params.max_burst_len;
	after_sequence(task);
}

/* The owner did not ask for it, or has answered already: only its end counts. */
static void
data_of_no_use(struct iscsi_cmd *task, const struct iscsi_pdu *pdu)
{
	if (task->pub.conn->recover.on && !iscsi_data_is_current(task, pdu))
		return;
	note_final(task, pdu);
	if (task->state == TASK_DRAIN && iscsi_data_is_drained(task))
		iscsi_data_send_status(task);
}

int
iscsi_data_on_out(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	uint32_t itt = get_be32(pdu->bhs + AT_ITT);
	struct iscsi_cmd *task = find_task(conn, itt);
	int fault;

	if (task == NULL) {
		struct iscsi_held *command = find_held(conn, itt);

		/* Else: of a command that has ended early, or was never taken: no harm done. */
		if (command == NULL || pdu->data == NULL)
			return 0;
		int rc = iscsi_session_hold(conn, pdu, command->cmd_sn, true);

		return rc == ERR_LIMIT && conn->recover.on ? 0 : rc; /* a recovery R2T follows */
	}
	if (task->state != TASK_COLLECT) {
		data_of_no_use(task, pdu);
		return 0;
	}
	fault = sequence_fault(task, pdu);
	if (fault == FAULT_NONE) {
		collect(task, pdu);
	} else if (!conn->recover.on || !iscsi_recover_out_of_order(task, pdu)) {
		note_final(task, pdu);
		iscsi_data_fault(task, (enum iscsi_data_fault)fault);
	}
	return 0;
}

void
iscsi_data_out_damaged(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	struct iscsi_cmd *task = find_task(conn, get_be32(pdu->bhs + AT_ITT));

	if (task == NULL)
		return;
	if (task->state == TASK_COLLECT && conn->recover.on) {
		iscsi_recover_damaged(task, pdu);
	} else if (task->state == TASK_COLLECT) {
		note_final(task, pdu);
		iscsi_data_fault(task, ISCSI_FAULT_CRC);
	} else {
		data_of_no_use(task, pdu);
	}
}

/* --- Data-In --- */

/*
 * As iscsi_data_slots says.  Apart from that function so that the compiler can build it in below.
 */
static inline uint32_t
data_in_slots(struct iscsi_conn *conn, struct iscsi_cmd *task, struct iscsi_iov_cursor *from,
	      uint32_t len, struct iscsi_tx_slot **ret_first, uint8_t **ret_bhs)
{
	struct iscsi_tx_slot *slot = iscsi_tx_slot_new(&conn->tx, ret_bhs);
	uint32_t crc = CRC32C_INIT, done = 0;

	*ret_first = slot;
	for (unsigned piece = 1;; piece++) {
		uint8_t *unused;
		size_t part;
		const uint8_t *data = iscsi_iov_cursor_take(from, len - done, &part);

		slot->task = task;
		task->in_ring++;
		crc = iscsi_tx_seal_piece(&conn->tx, slot, data, (uint32_t)part, crc);
		done += (uint32_t)part;
		if (done == len || piece == TX_PIECES)
			break;
		slot = iscsi_tx_slot_new(&conn->tx, &unused);
	}
	iscsi_tx_seal_tail(&conn->tx, slot, done, crc);
	return done;
}

uint32_t
iscsi_data_slots(struct iscsi_conn *conn, struct iscsi_cmd *task, struct iscsi_iov_cursor *from,
		 uint32_t len, struct iscsi_tx_slot **ret_first, uint8_t **ret_bhs)
{
	return data_in_slots(conn, task, from, len, ret_first, ret_bhs);
}

static void
data_in_header(struct iscsi_conn *conn, struct iscsi_cmd *task, uint8_t *bhs, uint32_t len)
{
	bool last = len == task->rd_left;
	bool status = last && task->status_in_data;

	iscsi_pdu_start(bhs, OP_DATA_IN, task->pub.itt);
	put_be24(bhs + AT_DATA_LEN, len);
	put_be32(bhs + AT_TTT, TAG_NONE);
	task->rd_burst += len;
	if (!last && task->rd_burst < conn->params.max_burst_len)
		bhs[AT_FLAGS] = 0;
	else
		task->rd_burst = 0;
	if (!last && task->rd_burst == 0 && conn->recover.on)
		iscsi_snack_ask_ack(task, bhs, len);
	if (status) {
		bhs[AT_FLAGS] |= FLAG_STATUS | task->flags;
		put_be32(bhs + AT_RESIDUAL, task->residual);
		iscsi_task_untag(task);
	}
	iscsi_tx_fill_sn(conn, bhs, status ? TX_STAT_SN_NEXT : TX_STAT_SN_NONE);
	put_be32(bhs + AT_DATA_SN, task->data_sn++);
	task->data_ins++;
	put_be32(bhs + AT_OFFSET, task->rd_pos);
	task->rd_pos += len;
	task->rd_left -= len;
}

static bool
data_in_emit(struct iscsi_conn *conn, struct iscsi_tx_item *item)
{
	struct iscsi_cmd *task = container_of(item, struct iscsi_cmd, item);

	while (task->rd_left > 0) {
		uint32_t len = MIN(task->rd_left, conn->params.max_send_len);
		struct iscsi_tx_slot *slot;
		uint8_t *bhs;

		if (!iscsi_tx_has_room(&conn->tx))
			return false;
		len = MIN(len, conn->params.max_burst_len - task->rd_burst);
		len = data_in_slots(conn, task, &task->rd, len, &slot, &bhs);
		data_in_header(conn, task, bhs, len);
		iscsi_tx_seal_head(&conn->tx, slot, bhs);
	}
	if (task->state == TASK_ENDING && !task->status_in_data) {
		item->emit = status_emit;
		return iscsi_tx_has_room(&conn->tx) && status_emit(conn, item);
	}
	list_remove(&item->node);
	return true;
}

bool
iscsi_data_is_answer(const struct iscsi_tx_item *item)
{
	return item->emit == status_emit || item->emit == data_in_emit;
}

static void
send_data(struct iscsi_cmd *task, const struct iovec *iov, int iovcnt, uint32_t len)
{
	if (iovcnt == 1) {
		task->rd_one = iov[0];
		iov = &task->rd_one;
	}
	iscsi_iov_cursor_set(&task->rd, iov, iovcnt);
	task->rd_left = len;
	if (!task->status_in_data && task->pub.conn->recover.on)
		iscsi_recover_send(task, iov, iovcnt);
	iscsi_task_to(task, TASK_ENDING);
	task->item.emit = data_in_emit;
	iscsi_tx_push(task->pub.conn, &task->item);
}

void
iscsi_data_send_rest(struct iscsi_cmd *task)
{
	bool waits = !list_empty(&task->item.node);

	task->item.emit = data_in_emit;
	if (!waits)
		iscsi_tx_push(task->pub.conn, &task->item);
}

static uint32_t
room_left(const struct iscsi_cmd *task, uint32_t len)
{
	return MIN(len, task->pub.read_expected - task->rd_pos);
}

void
iscsi_task_finish_read(struct iscsi_task *pub, const struct iovec *iov, int iovcnt,
		       uint32_t len_bytes, uint64_t length)
{
	struct iscsi_cmd *task = iscsi_task_of(pub);
	uint32_t len = room_left(task, len_bytes);

	assert(task->state == TASK_OWNER);
	if (pub->aborted) {
		iscsi_task_release(task);
		return;
	}
	iscsi_task_set_read_residual(task, length);
	/* Ended before its write data has come: it cannot have meant it. */
	if (!iscsi_data_is_drained(task))
		task->response = 1;
	if (len == 0 || task->response != 0) {
		iscsi_data_send_status(task);
		return;
	}
	/* With error recovery a status is a PDU of its own, which can be sent again by itself. */
	task->status_in_data = !pub->writes && !task->pub.conn->recover.on;
	send_data(task, iov, iovcnt, len);
}

void
iscsi_data_slot_sent(struct iscsi_cmd *task)
{
	task->in_ring--;
	if (task->in_ring == 0 && task->rd_left == 0 && task->state == TASK_ENDING && !task->tagged)
		iscsi_task_release(task);
}

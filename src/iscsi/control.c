/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PDUs that keep a connection going or end it: NOP-Out and NOP-In, logout, SNACK, Reject,
 * asynchronous messages. RFC 7143 §11.9, §11.14 - §11.19.  Called by conn.c and by the owner, on
 * the thread that has the connection.
 */
#include "iscsi/iscsi_int.h"

#include <string.h>

#include "base/err.h"

int
iscsi_control_reject(struct iscsi_conn *conn, const struct iscsi_pdu *pdu,
		     enum iscsi_reject_reason reason)
{
	uint32_t len = BHS_SIZE + pdu->ahs_len;
	int rc;
	struct iscsi_tx_msg *msg = iscsi_tx_msg_new(conn, OP_REJECT, TAG_NONE, len, &rc);

	if (msg == NULL)
		return rc;
	iscsi_session_reject(conn->session);
	msg->bhs[AT_RESPONSE] = (uint8_t)reason;
	memcpy(msg->data, pdu->bhs, len);
	iscsi_tx_msg_send(conn, msg);
	return 0;
}

/* --- NOP ------------------------------------------------------------------------------------- */

static void
on_pong(struct iscsi_conn *conn, uint32_t ttt)
{
	if (!conn->ping_open || ttt != conn->ping_ttt)
		return;
	conn->ping_open = false;
}

int
iscsi_control_on_nop_out(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	uint32_t itt = get_be32(pdu->bhs + AT_ITT);
	uint32_t ttt = get_be32(pdu->bhs + AT_TTT);
	uint32_t len = MIN(pdu->data_len, conn->params.max_send_len);
	struct iscsi_tx_msg *msg;
	int rc;

	if (ttt != TAG_NONE)
		on_pong(conn, ttt);
	if (itt == TAG_NONE)
		return 0;
	msg = iscsi_tx_msg_new(conn, OP_NOP_IN, itt, len, &rc);
	if (msg == NULL)
		return rc;
	put_be32(msg->bhs + AT_TTT, TAG_NONE);
	if (len > 0)
		memcpy(msg->data, pdu->data, len);
	iscsi_tx_msg_send(conn, msg);
	return 0;
}

int
iscsi_conn_ping(struct iscsi_conn *conn)
{
	struct iscsi_tx_msg *msg;
	int rc;

	if (conn->error < 0)
		return conn->error;
	if (conn->state != CONN_LOGGED_IN)
		return ERR_INVALID;
	if (conn->ping_open)
		return ERR_BUSY;
	msg = iscsi_tx_msg_new(conn, OP_NOP_IN, TAG_NONE, 0, &rc);
	if (msg == NULL)
		return rc;
	conn->ping_open = true;
	conn->ping_ttt = iscsi_conn_new_ttt(conn);
	put_be32(msg->bhs + AT_TTT, conn->ping_ttt);
	msg->stat_sn = TX_STAT_SN_PEEK;
	iscsi_tx_msg_send(conn, msg);
	return 0;
}

/* --- logout ---------------------------------------------------------------------------------- */

enum logout_reason { LOGOUT_SESSION = 0, LOGOUT_CONNECTION = 1, LOGOUT_RECOVERY = 2 };
enum logout_response { LOGOUT_DONE = 0, LOGOUT_NO_CID = 1, LOGOUT_NO_RECOVERY = 2 };

static int
logout_respond(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, enum logout_response response)
{
	int rc;
	struct iscsi_tx_msg *msg = iscsi_tx_msg_new(conn, OP_LOGOUT_RESPONSE,
						    get_be32(pdu->bhs + AT_ITT), 0, &rc);

	if (msg == NULL)
		return rc;
	msg->bhs[AT_RESPONSE] = (uint8_t)response;
	put_be16(msg->bhs + AT_TIME2WAIT, conn->params.time2wait_s);
	put_be16(msg->bhs + AT_TIME2RETAIN, conn->params.time2retain_s);
	iscsi_tx_msg_send(conn, msg);
	return 0;
}

int
iscsi_control_on_logout(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	unsigned reason = pdu->bhs[AT_FLAGS] & 0x7f;
	int rc;

	if (reason > LOGOUT_RECOVERY || get_be32(pdu->bhs + AT_ITT) == TAG_NONE)
		return iscsi_control_reject(conn, pdu, REJECT_INVALID_FIELD);
	if (reason == LOGOUT_RECOVERY)
		return logout_respond(conn, pdu, LOGOUT_NO_RECOVERY);
	if (reason == LOGOUT_CONNECTION && get_be16(pdu->bhs + AT_CID) != conn->info.cid)
		return logout_respond(conn, pdu, LOGOUT_NO_CID);
	/* The session ends, and its tasks with it: RFC 7143 §11.14. */
	iscsi_task_abort_all(conn, NULL, NULL);
	rc = logout_respond(conn, pdu, LOGOUT_DONE);
	return rc < 0 ? rc : ERR_CLOSED;
}

/* Recovery within a connection is not offered (ErrorRecoveryLevel 0). */
int
iscsi_control_on_snack(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	return iscsi_control_reject(conn, pdu, REJECT_SNACK);
}

/* --- asynchronous messages ------------------------------------------------------------------- */

int
iscsi_conn_async_message(struct iscsi_conn *conn, const struct iscsi_async *message)
{
	uint32_t len = message->sense != NULL ? 2u + message->sense_len : 0;
	struct iscsi_tx_msg *msg;
	int rc;

	if (conn->state != CONN_LOGGED_IN || message->sense_len > ISCSI_SENSE_MAX)
		return ERR_INVALID;
	msg = iscsi_tx_msg_new(conn, OP_ASYNC, TAG_NONE, len, &rc);
	if (msg == NULL)
		return rc;
	if (message->lun != NULL)
		memcpy(msg->bhs + AT_LUN, message->lun, 8);
	msg->bhs[AT_ASYNC_EVENT] = message->event;
	msg->bhs[AT_ASYNC_EVENT + 1] = message->vendor_code;
	put_be16(msg->bhs + AT_ASYNC_EVENT + 2, message->param1);
	put_be16(msg->bhs + AT_ASYNC_EVENT + 4, message->param2);
	put_be16(msg->bhs + AT_ASYNC_EVENT + 6, message->param3);
	if (len > 0) {
		put_be16(msg->data, message->sense_len);
		memcpy(msg->data + 2, message->sense, message->sense_len);
	}
	iscsi_tx_msg_send(conn, msg);
	return 0;
}

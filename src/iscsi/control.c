/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PDUs that keep a connection going or end it: NOP-Out and NOP-In, logout, Reject, asynchronous
 * messages. RFC 7143 §11.9, §11.14, §11.15, §11.17 - §11.19.  Called by conn.c and by the owner, on
 * the thread that has the connection.
 */
#include "iscsi/recover_int.h"

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

bool
iscsi_conn_is_pinged(const struct iscsi_conn *conn)
{
	return conn->ping_open;
}

/* --- logout ---------------------------------------------------------------------------------- */

enum logout_reason { LOGOUT_SESSION = 0, LOGOUT_CONNECTION = 1, LOGOUT_RECOVERY = 2 };
enum logout_response { LOGOUT_DONE = 0, LOGOUT_NO_CID = 1, LOGOUT_NO_RECOVERY = 2 };

static int
logout_respond(struct iscsi_conn *conn, uint32_t itt, enum logout_response response)
{
	int rc;
	struct iscsi_tx_msg *msg = iscsi_tx_msg_new(conn, OP_LOGOUT_RESPONSE, itt, 0, &rc);

	if (msg == NULL)
		return rc;
	msg->bhs[AT_RESPONSE] = (uint8_t)response;
	put_be16(msg->bhs + AT_TIME2WAIT, conn->params.time2wait_s);
	if (conn->params.error_recovery_level == 2) /* else nothing is retained */
		put_be16(msg->bhs + AT_TIME2RETAIN, conn->params.time2retain_s);
	iscsi_tx_msg_send(conn, msg);
	return 0;
}

int
iscsi_control_logged_out(struct iscsi_conn *conn, uint32_t itt)
{
	return logout_respond(conn, itt, LOGOUT_DONE);
}

/* The session ends, and its tasks with it: RFC 7143 §11.14. */
static int
log_out_session(struct iscsi_conn *conn, uint32_t itt)
{
	int rc;

	iscsi_task_abort_all(conn->session, NULL, NULL, NULL);
	conn->logout = ISCSI_LOGOUT_SESSION;
	list_for_each(node, &conn->session->conns) {
		struct iscsi_conn *other = list_entry(node, struct iscsi_conn, session_node);

		if (other == conn)
			continue;
		other->logout = ISCSI_LOGOUT_SESSION;
		iscsi_conn_fail(other, ERR_CLOSED);
		iscsi_conn_wake(other);
	}
	rc = logout_respond(conn, itt, LOGOUT_DONE);
	return rc < 0 ? rc : ERR_CLOSED;
}

/*
 * One of several connections leaves.  "The target MUST terminate all pending commands, whether
 * acknowledged via ExpCmdSN or not, on that connection" (RFC 7143 §11.14); what is still in the
 * backing store may not come after what the initiator writes through another connection once it has
 * the response, so the response waits.
 */
static int
log_out_connection(struct iscsi_conn *conn, struct iscsi_conn *leaving, uint32_t itt)
{
	leaving->logout = ISCSI_LOGOUT_CONNECTION;
	iscsi_task_abort_all(conn->session, leaving, NULL, NULL);
	if (leaving == conn) {
		conn->state = CONN_LEAVING;
	} else {
		iscsi_conn_fail(leaving, ERR_CLOSED);
		iscsi_conn_wake(leaving);
	}
	return iscsi_tmf_await_logout(conn, itt);
}

/*
 * "The target MUST discard all requests not yet acknowledged via ExpCmdSN that were issued on the
 * specified connection and suspend all data/status/R2T transfers on behalf of pending commands on
 * the specified connection" (RFC 7143 §11.14).
 */
static int
log_out_for_recovery(struct iscsi_conn *conn, uint16_t cid, uint32_t itt)
{
	struct iscsi_conn *leaving = iscsi_session_find_conn(conn->session, cid);
	int rc;

	if (leaving == NULL)
		leaving = iscsi_reassign_find_suspended(conn->session, cid);
	if (conn->params.error_recovery_level < 2)
		return logout_respond(conn, itt, LOGOUT_NO_RECOVERY);
	if (leaving == NULL)
		return logout_respond(conn, itt, LOGOUT_NO_CID);
	leaving->logout = ISCSI_LOGOUT_RECOVERY;
	rc = logout_respond(conn, itt, LOGOUT_DONE);
	if (leaving == conn) /* the owner suspends it when the response is sent */
		return rc < 0 ? rc : ERR_CLOSED;
	iscsi_conn_suspend(leaving);
	iscsi_conn_wake(leaving);
	return rc;
}

int
iscsi_control_on_logout(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	unsigned reason = pdu->bhs[AT_FLAGS] & 0x7f;
	uint32_t itt = get_be32(pdu->bhs + AT_ITT);
	struct iscsi_conn *leaving;

	if (reason > LOGOUT_RECOVERY || itt == TAG_NONE)
		return iscsi_control_reject(conn, pdu, REJECT_INVALID_FIELD);
	if (reason == LOGOUT_RECOVERY)
		return log_out_for_recovery(conn, get_be16(pdu->bhs + AT_CID), itt);
	if (reason == LOGOUT_SESSION)
		return log_out_session(conn, itt);
	leaving = iscsi_session_find_conn(conn->session, get_be16(pdu->bhs + AT_CID));
	if (leaving == NULL)
		leaving = iscsi_reassign_find_suspended(conn->session, get_be16(pdu->bhs + AT_CID));
	if (leaving == NULL)
		return logout_respond(conn, itt, LOGOUT_NO_CID);
	return iscsi_session_is_alone(leaving) ? log_out_session(conn, itt)
					       : log_out_connection(conn, leaving, itt);
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

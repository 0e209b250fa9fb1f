/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Task management requests.  RFC 7143 §4.2.3, §11.5, §11.6.
 *
 * This file aborts the tasks of this session that ABORT TASK and ABORT TASK SET name.  CLEAR TASK SET
 * is the same as ABORT TASK SET where each nexus has a task set of its own, as here.  Then every
 * request that concerns a task goes to the owner, who knows the other sessions and the logical
 * unit.  A response leaves when the owner has answered and every task of this connection that was
 * aborted until then has ended or was abandoned.  Called by conn.c, task.c and the owner, on the
 * thread that has the connection.
 */
#include "iscsi/iscsi_int.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

static int
respond(struct iscsi_conn *conn, uint32_t itt, uint8_t response)
{
	int rc;
	struct iscsi_tx_msg *msg = iscsi_tx_msg_new(conn, OP_TMF_RESPONSE, itt, 0, &rc);

	if (msg == NULL)
		return rc;
	msg->bhs[AT_RESPONSE] = response;
	iscsi_tx_msg_send(conn, msg);
	return 0;
}

static bool
waits_for_tasks(const struct iscsi_conn *conn, const struct iscsi_tmf_cmd *tmf)
{
	for (uint32_t i = 0; i < conn->session->pool.chunks * TASK_CHUNK; i++) {
		const struct iscsi_cmd *task = iscsi_task_at(&conn->session->pool, i);

		if (task->state != TASK_FREE && task->pub.aborted && !task->abandoned &&
		    (int32_t)(tmf->abort_seq - task->abort_seq) >= 0)
			return true;
	}
	return false;
}

static void
finish(struct iscsi_conn *conn, struct iscsi_tmf_cmd *tmf)
{
	int rc;

	list_remove(&tmf->node);
	conn->tmf_count--;
	rc = respond(conn, tmf->itt, tmf->response);
	if (rc < 0 && conn->error == 0)
		conn->error = rc;
	mem_free(tmf);
}

void
iscsi_tmf_on_task_gone(struct iscsi_conn *conn, const struct iscsi_cmd *task)
{
	list_for_each_safe(node, &conn->tmfs) {
		struct iscsi_tmf_cmd *tmf = list_entry(node, struct iscsi_tmf_cmd, node);

		if (tmf->pub.task == &task->pub)
			tmf->pub.task = NULL;
		if (tmf->answered && !waits_for_tasks(conn, tmf))
			finish(conn, tmf);
	}
}

void
iscsi_tmf_done(struct iscsi_tmf *pub, unsigned response)
{
	struct iscsi_tmf_cmd *tmf = container_of(pub, struct iscsi_tmf_cmd, pub);
	struct iscsi_conn *conn = pub->conn;

	tmf->answered = true;
	tmf->response = (uint8_t)response;
	tmf->abort_seq = conn->session->pool.abort_seq;
	conn->tmf_with_owner--;
	if (!waits_for_tasks(conn, tmf))
		finish(conn, tmf);
}

void
iscsi_tmf_free_all(struct iscsi_conn *conn)
{
	struct list *node;

	while ((node = list_pop(&conn->tmfs)) != NULL)
		mem_free(list_entry(node, struct iscsi_tmf_cmd, node));
	conn->tmf_count = 0;
}

static struct iscsi_moment
moment_of(const struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	return (struct iscsi_moment){ .cmd_sn = get_be32(pdu->bhs + AT_CMD_SN),
				      .arrivals = conn->session->pool.arrivals };
}

static int
pass_up(struct iscsi_conn *conn, const struct iscsi_pdu *pdu, struct iscsi_cmd *task)
{
	struct iscsi_tmf_cmd *tmf = mem_calloc(1, sizeof(*tmf));

	if (tmf == NULL)
		return -ENOMEM;
	tmf->pub.conn = conn;
	tmf->pub.function = pdu->bhs[AT_FLAGS] & 0x7f;
	memcpy(tmf->pub.lun, pdu->bhs + AT_LUN, sizeof(tmf->pub.lun));
	tmf->pub.moment = moment_of(conn, pdu);
	tmf->itt = get_be32(pdu->bhs + AT_ITT);
	list_append(&conn->tmfs, &tmf->node);
	conn->tmf_count++;
	conn->tmf_with_owner++;
	if (task != NULL) {
		tmf->pub.task = &task->pub;
		iscsi_task_abort(task); /* clears tmf->pub.task when it comes back at once */
	}
	conn->ops->tmf(conn->user, &tmf->pub);
	return conn->error;
}

/*
 * RFC 7143 §11.6.1: a task that is not here has ended, unless its number is still to come: then the
 * number counts as received, and the abort has done its work.
 */
static int
abort_absent(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	uint32_t itt = get_be32(pdu->bhs + AT_ITT);
	uint32_t ref_sn = get_be32(pdu->bhs + AT_REF_CMD_SN);
	uint32_t cmd_sn = get_be32(pdu->bhs + AT_CMD_SN);
	struct iscsi_held *held = iscsi_session_find_held(conn->session,
							  get_be32(pdu->bhs + AT_REF_TAG));
	int rc;

	if (held != NULL) {
		held->is_void = true;
		return respond(conn, itt, ISCSI_TMF_COMPLETE);
	}
	if (iscsi_session_place(conn->session, ref_sn) == SN_OUTSIDE ||
	    !iscsi_sn_before(ref_sn, cmd_sn))
		return respond(conn, itt, ISCSI_TMF_NO_TASK);
	rc = iscsi_session_hold_void(conn->session, ref_sn);
	return rc < 0 ? rc : respond(conn, itt, ISCSI_TMF_COMPLETE);
}

static int
on_abort_task(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	struct iscsi_cmd *task = iscsi_task_find(&conn->session->pool,
						 get_be32(pdu->bhs + AT_REF_TAG));

	if (task == NULL)
		return abort_absent(conn, pdu);
	if (task->state == TASK_ENDING ||
	    !iscsi_conn_same_lun(conn, task->pub.lun, pdu->bhs + AT_LUN))
		return respond(conn, get_be32(pdu->bhs + AT_ITT), ISCSI_TMF_NO_TASK);
	return pass_up(conn, pdu, task);
}

static int
on_abort_task_set(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	struct iscsi_moment moment = moment_of(conn, pdu);
	uint8_t lun[8];

	memcpy(lun, pdu->bhs + AT_LUN, sizeof(lun));
	iscsi_task_abort_all(conn, lun, &moment);
	return pass_up(conn, pdu, NULL);
}

static int
on_for_owner(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	return pass_up(conn, pdu, NULL);
}

/* ErrorRecoveryLevel 0 has no task reassignment. */
static int
on_reassign(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	return respond(conn, get_be32(pdu->bhs + AT_ITT), ISCSI_TMF_NO_REASSIGN);
}

static int (*const handlers[])(struct iscsi_conn *, const struct iscsi_pdu *) = {
	[ISCSI_TMF_ABORT_TASK] = on_abort_task,
	[ISCSI_TMF_ABORT_TASK_SET] = on_abort_task_set,
	[ISCSI_TMF_CLEAR_ACA] = on_for_owner,
	[ISCSI_TMF_CLEAR_TASK_SET] = on_abort_task_set,
	[ISCSI_TMF_LU_RESET] = on_for_owner,
	[ISCSI_TMF_TARGET_WARM_RESET] = on_for_owner,
	[ISCSI_TMF_TARGET_COLD_RESET] = on_for_owner,
	[ISCSI_TMF_TASK_REASSIGN] = on_reassign,
};

int
iscsi_tmf_on_request(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	uint8_t function = pdu->bhs[AT_FLAGS] & 0x7f;
	uint32_t itt = get_be32(pdu->bhs + AT_ITT);

	if (itt == TAG_NONE)
		return iscsi_control_reject(conn, pdu, REJECT_INVALID_FIELD);
	if (function >= ARRAY_LEN(handlers) || handlers[function] == NULL)
		return respond(conn, itt, ISCSI_TMF_NOT_SUPPORTED);
	if (conn->tmf_count >= TMF_MAX)
		return iscsi_bhs_is_immediate(pdu->bhs)
			       ? iscsi_control_reject(conn, pdu, REJECT_TOO_MANY_IMMEDIATE)
			       : respond(conn, itt, ISCSI_TMF_REJECTED);
	return handlers[function](conn, pdu);
}

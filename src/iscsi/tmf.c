/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Task management requests.  RFC 7143 §4.2.3, §11.5, §11.6.
 *
 * This file aborts the tasks of this session that ABORT TASK and ABORT TASK SET name.  CLEAR TASK
 * SET is the same as ABORT TASK SET where each nexus has a task set of its own, as here.  Then
 * every request that concerns a task goes to the owner, who knows the other sessions and the
 * logical unit.  A response leaves when the owner has answered and every task of the session that
 * was aborted until then has ended or was abandoned, whichever connection it came through.  Called
 * by conn.c, task.c and the owner, on the thread that has the session.
 */
#include "iscsi/recover_int.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

static int
respond_with(struct iscsi_conn *conn, uint32_t itt, uint8_t response, const uint8_t info[3])
{
	int rc;
	struct iscsi_tx_msg *msg = iscsi_tx_msg_new(conn, OP_TMF_RESPONSE, itt, 0, &rc);

	if (msg == NULL)
		return rc;
	msg->bhs[AT_RESPONSE] = response;
	memcpy(msg->bhs + AT_TMF_INFO, info, 3);
	iscsi_tx_msg_send(conn, msg);
	return 0;
}

static int
respond(struct iscsi_conn *conn, uint32_t itt, uint8_t response)
{
	return respond_with(conn, itt, response, (const uint8_t[3]){ 0 });
}

static bool
waits_for_tasks(const struct iscsi_session *s, const struct iscsi_tmf_cmd *tmf)
{
	for (uint32_t i = 0; i < s->pool.chunks * TASK_CHUNK; i++) {
		const struct iscsi_cmd *task = iscsi_task_at(&s->pool, i);

		if (task->state != TASK_FREE && task->pub.aborted && !task->abandoned &&
		    (int32_t)(tmf->abort_seq - task->abort_seq) >= 0)
			return true;
	}
	return false;
}

/* --- the fence of a response ---
 *
 * RFC 7143 §4.2.2.3: the response to a function that concerns several tasks comes after all answers
 * that were sent before it, also after those that went through other connections.  Only the
 * initiator's acknowledgements say that; it is asked for them by pings.
 */

static bool
is_behind(const struct iscsi_conn *conn, const struct iscsi_conn *other)
{
	return other != conn && other->state == CONN_LOGGED_IN &&
	       iscsi_sn_before(other->exp_stat_sn, other->fence_sn);
}

static bool
is_fenced(const struct iscsi_tmf_cmd *tmf)
{
	const struct iscsi_conn *conn = tmf->pub.conn;

	if (tmf->fenced)
		list_for_each(node, &conn->session->conns)
			if (is_behind(conn, list_entry(node, struct iscsi_conn, session_node)))
				return true;
	return false;
}

static bool
concerns_many(const struct iscsi_tmf_cmd *tmf)
{
	return !tmf->is_logout && tmf->pub.function != ISCSI_TMF_ABORT_TASK &&
	       !iscsi_query_is(tmf->pub.function);
}

static void
set_fence(struct iscsi_tmf_cmd *tmf)
{
	struct iscsi_conn *conn = tmf->pub.conn;

	list_for_each(node, &conn->session->conns) {
		struct iscsi_conn *other = list_entry(node, struct iscsi_conn, session_node);

		if (other == conn || other->state != CONN_LOGGED_IN)
			continue;
		other->fence_sn = iscsi_tx_next_sn(other);
		if (!is_behind(conn, other))
			continue;
		if (!tmf->fenced)
			conn->session->fences++;
		tmf->fenced = true;
		iscsi_conn_ping(other); /* or one is under way already */
		iscsi_conn_wake(other);
	}
}

static void
finish(struct iscsi_tmf_cmd *tmf)
{
	struct iscsi_conn *conn = tmf->pub.conn;
	int rc;

	list_remove(&tmf->node);
	conn->tmf_count--;
	conn->session->fences -= tmf->fenced;
	if (conn->state == CONN_SUSPENDED) { /* nobody takes the answer */
		mem_free(tmf);
		iscsi_conn_wake(conn);
		return;
	}
	rc = tmf->is_logout ? iscsi_control_logged_out(conn, tmf->itt)
			    : respond_with(conn, tmf->itt, tmf->response, tmf->pub.info);
	if (conn->state == CONN_LEAVING && rc == 0)
		rc = ERR_CLOSED;
	if (rc < 0)
		iscsi_conn_fail(conn, rc);
	iscsi_conn_wake(conn);
	mem_free(tmf);
}

/* Sends the response unless something is still to come before it. */
static void
try_finish(struct iscsi_tmf_cmd *tmf)
{
	if (!tmf->answered || waits_for_tasks(tmf->pub.conn->session, tmf))
		return;
	if (concerns_many(tmf) && !tmf->fenced)
		set_fence(tmf);
	if (!is_fenced(tmf))
		finish(tmf);
}

void
iscsi_tmf_on_acknowledged(struct iscsi_session *s)
{
	list_for_each_safe(node, &s->tmfs) {
		struct iscsi_tmf_cmd *tmf = list_entry(node, struct iscsi_tmf_cmd, node);

		if (tmf->fenced)
			try_finish(tmf);
	}
}

void
iscsi_tmf_on_task_gone(struct iscsi_session *s, const struct iscsi_cmd *task)
{
	list_for_each_safe(node, &s->tmfs) {
		struct iscsi_tmf_cmd *tmf = list_entry(node, struct iscsi_tmf_cmd, node);

		if (tmf->pub.task == &task->pub)
			tmf->pub.task = NULL;
		try_finish(tmf);
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
	try_finish(tmf);
}

int
iscsi_tmf_await_logout(struct iscsi_conn *conn, uint32_t itt)
{
	struct iscsi_tmf_cmd *tmf = mem_calloc(1, sizeof(*tmf));

	if (tmf == NULL)
		return -ENOMEM;
	tmf->pub.conn = conn;
	tmf->itt = itt;
	tmf->is_logout = tmf->answered = true;
	tmf->abort_seq = conn->session->pool.abort_seq;
	list_append(&conn->session->tmfs, &tmf->node);
	conn->tmf_count++;
	try_finish(tmf);
	return conn->error;
}

void
iscsi_tmf_free_all(struct iscsi_conn *conn)
{
	list_for_each_safe(node, &conn->session->tmfs) {
		struct iscsi_tmf_cmd *tmf = list_entry(node, struct iscsi_tmf_cmd, node);

		if (tmf->pub.conn != conn)
			continue;
		list_remove(node);
		conn->session->fences -= tmf->fenced;
		mem_free(tmf);
	}
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
	tmf->pub.found = iscsi_query_finds(conn, pdu);
	tmf->itt = get_be32(pdu->bhs + AT_ITT);
	list_append(&conn->session->tmfs, &tmf->node);
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
		iscsi_session_void(held);
		return respond(conn, itt, ISCSI_TMF_COMPLETE);
	}
	if (iscsi_session_place(conn->session, ref_sn) == SN_OUTSIDE ||
	    !iscsi_sn_before(ref_sn, cmd_sn))
		return respond(conn, itt, ISCSI_TMF_NO_TASK);
	rc = iscsi_session_hold_void(conn, ref_sn);
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

/*
 * An immediate request may overtake commands with lower numbers that come through other
 * connections.  RFC 7143 §4.2.3.3: the target "MUST wait (...) for all commands of the affected
 * tasks to be received based on the CmdSN ordering".
 */
static bool
is_early(const struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	return iscsi_bhs_is_immediate(pdu->bhs) &&
	       iscsi_session_place(conn->session, get_be32(pdu->bhs + AT_CMD_SN)) == SN_AHEAD;
}

static int
on_abort_task_set(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	struct iscsi_moment moment = moment_of(conn, pdu);
	uint8_t lun[8];

	if (is_early(conn, pdu))
		return iscsi_session_hold_immediate(conn, pdu);
	memcpy(lun, pdu->bhs + AT_LUN, sizeof(lun));
	iscsi_task_abort_all(conn->session, NULL, lun, &moment);
	return pass_up(conn, pdu, NULL);
}

/* SAM-6: all tasks of the nexus end, of each unit. */
static int
on_nexus_reset(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	struct iscsi_moment moment = moment_of(conn, pdu);

	if (is_early(conn, pdu))
		return iscsi_session_hold_immediate(conn, pdu);
	iscsi_task_abort_all(conn->session, NULL, NULL, &moment);
	return pass_up(conn, pdu, NULL);
}

static int
on_for_owner(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	return pass_up(conn, pdu, NULL);
}

static int
on_lu_reset(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	return is_early(conn, pdu) ? iscsi_session_hold_immediate(conn, pdu)
				   : pass_up(conn, pdu, NULL);
}

/*
 * RFC 7143 §4.2.3.3: all commands before a target reset that have not come "can be considered to
 * have been received with no command waiting period": their numbers are taken, and they are
 * aborted.
 */
static int
on_target_reset(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	struct iscsi_session *s = conn->session;
	uint32_t cmd_sn = get_be32(pdu->bhs + AT_CMD_SN);
	int rc = 0;

	if (is_early(conn, pdu))
		for (uint32_t sn = s->exp_cmd_sn; rc == 0 && sn != cmd_sn; sn++)
			rc = iscsi_session_hold_void(conn, sn);
	return rc < 0 ? rc : pass_up(conn, pdu, NULL);
}

/* The answer comes before what the task sends through this connection. */
static int
on_reassign(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	struct iscsi_cmd *task = iscsi_task_find(&conn->session->pool,
						 get_be32(pdu->bhs + AT_REF_TAG));
	enum iscsi_tmf_response response;
	int rc;

	if (task != NULL && !iscsi_conn_same_lun(conn, task->pub.lun, pdu->bhs + AT_LUN))
		task = NULL;
	response = iscsi_reassign_check(conn, task, get_be32(pdu->bhs + AT_REF_EXP_DATA_SN));
	rc = respond(conn, get_be32(pdu->bhs + AT_ITT), (uint8_t)response);
	if (rc == 0 && response == ISCSI_TMF_COMPLETE)
		iscsi_reassign_task(task, conn);
	return rc < 0 ? rc : conn->error;
}

static int (*const handlers[])(struct iscsi_conn *, const struct iscsi_pdu *) = {
	[ISCSI_TMF_ABORT_TASK] = on_abort_task,
	[ISCSI_TMF_ABORT_TASK_SET] = on_abort_task_set,
	[ISCSI_TMF_CLEAR_ACA] = on_for_owner,
	[ISCSI_TMF_CLEAR_TASK_SET] = on_abort_task_set,
	[ISCSI_TMF_LU_RESET] = on_lu_reset,
	[ISCSI_TMF_TARGET_WARM_RESET] = on_target_reset,
	[ISCSI_TMF_TARGET_COLD_RESET] = on_target_reset,
	[ISCSI_TMF_TASK_REASSIGN] = on_reassign,
	[ISCSI_TMF_QUERY_TASK] = on_for_owner,
	[ISCSI_TMF_QUERY_TASK_SET] = on_for_owner,
	[ISCSI_TMF_NEXUS_RESET] = on_nexus_reset,
	[ISCSI_TMF_QUERY_EVENT] = on_for_owner,
};

int
iscsi_tmf_on_request(struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	uint8_t function = pdu->bhs[AT_FLAGS] & 0x7f;
	uint32_t itt = get_be32(pdu->bhs + AT_ITT);

	if (itt == TAG_NONE)
		return iscsi_control_reject(conn, pdu, REJECT_INVALID_FIELD);
	if (function >= ARRAY_LEN(handlers) || handlers[function] == NULL ||
	    (function >= ISCSI_TMF_QUERY_TASK && conn->session->params.protocol_level < 2))
		return respond(conn, itt, ISCSI_TMF_NOT_SUPPORTED);
	if (conn->tmf_count >= TMF_MAX)
		return iscsi_bhs_is_immediate(pdu->bhs)
			       ? iscsi_control_reject(conn, pdu, REJECT_TOO_MANY_IMMEDIATE)
			       : respond(conn, itt, ISCSI_TMF_REJECTED);
	return handlers[function](conn, pdu);
}

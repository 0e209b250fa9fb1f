/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What QUERY TASK and QUERY TASK SET ask for: is such a task there?  RFC 7144; SAM-6.  Called by
 * tmf.c, on the thread that has the session.
 */
#include "iscsi/iscsi_int.h"

bool
iscsi_query_is(unsigned function)
{
	return function == ISCSI_TMF_QUERY_TASK || function == ISCSI_TMF_QUERY_TASK_SET ||
	       function == ISCSI_TMF_QUERY_EVENT;
}

/* A task whose answer is on its way is there no more; nor is one that was aborted. */
static bool
is_there(const struct iscsi_conn *conn, const struct iscsi_cmd *task, const uint8_t *lun)
{
	return task->state != TASK_FREE && task->state != TASK_ENDING && !task->pub.aborted &&
	       iscsi_conn_same_lun(conn, task->pub.lun, lun);
}

static bool
finds_any(const struct iscsi_conn *conn, const uint8_t *lun)
{
	const struct iscsi_task_pool *pool = &conn->session->pool;

	for (uint32_t i = 0; i < pool->chunks * TASK_CHUNK; i++)
		if (is_there(conn, iscsi_task_at(pool, i), lun))
			return true;
	return false;
}

bool
iscsi_query_finds(const struct iscsi_conn *conn, const struct iscsi_pdu *pdu)
{
	unsigned function = pdu->bhs[AT_FLAGS] & 0x7f;
	uint32_t itt = get_be32(pdu->bhs + AT_REF_TAG);
	const struct iscsi_cmd *task;

	if (function == ISCSI_TMF_QUERY_TASK_SET)
		return finds_any(conn, pdu->bhs + AT_LUN);
	if (function != ISCSI_TMF_QUERY_TASK)
		return false;
	task = iscsi_task_find(&conn->session->pool, itt);
	if (task != NULL)
		return is_there(conn, task, pdu->bhs + AT_LUN);
	/* it has come, and waits for commands with lower numbers */
	return iscsi_session_find_held(conn->session, itt) != NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recovery from the loss of a connection: ErrorRecoveryLevel 2.  RFC 7143 §7.2.2, §7.1.4.3,
 * §11.5.6, §11.14.  Called by conn.c, tmf.c, control.c and the owner, on the thread that has the
 * session.
 *
 *	LOGGED_IN, CLOSED --the owner suspends it, logout for recovery--> SUSPENDED --stop, logout--> CLOSED
 *
 * A connection that has failed is suspended: it takes and sends nothing more, and its tasks stay
 * with it.  What the owner executes goes on; answers are built into a ring that nobody sends, and
 * stay there, or with what recover.c keeps, until the task gets another connection.  Then data of a
 * write that is missing is requested there, and a read and its status are sent again from what is
 * kept.  What is not a SCSI task has ended with its connection.
 */
#include "iscsi/recover_int.h"

#include <assert.h>

#include "base/err.h"

void
iscsi_conn_suspend(struct iscsi_conn *conn)
{
	assert(conn->recover.on && conn->params.error_recovery_level == 2);
	if (conn->error == 0)
		conn->error = ERR_CLOSED;
	conn->state = CONN_SUSPENDED;
	iscsi_session_forget_held(conn->session, conn);
	iscsi_rx_abandon(&conn->rx);
	iscsi_tx_clear(conn);
	iscsi_recover_drop_msgs(conn);
	iscsi_conn_left(conn);
}

bool
iscsi_conn_is_suspended(const struct iscsi_conn *conn)
{
	return conn->state == CONN_SUSPENDED;
}

bool
iscsi_conn_has_tasks(const struct iscsi_conn *conn)
{
	const struct iscsi_task_pool *pool = &conn->session->pool;

	for (uint32_t i = 0; i < pool->chunks * TASK_CHUNK; i++) {
		const struct iscsi_cmd *task = iscsi_task_at(pool, i);

		if (task->state != TASK_FREE && task->pub.conn == conn)
			return true;
	}
	return conn->tmf_with_owner > 0;
}

struct iscsi_conn *
iscsi_reassign_find_suspended(struct iscsi_session *s, uint16_t cid)
{
	struct iscsi_conn *newest = NULL;

	list_for_each(node, &s->conns) {
		struct iscsi_conn *conn = list_entry(node, struct iscsi_conn, session_node);

		if (conn->state == CONN_SUSPENDED && conn->info.cid == cid)
			newest = conn;
	}
	return newest;
}

/* The read data that is not acknowledged must be here still. */
static bool
can_send_again(struct iscsi_conn *from, struct iscsi_cmd *task, uint32_t exp_data_sn)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);

	if (task->state != TASK_ENDING || rec->rd_total == 0)
		return true;
	if (rec->rd_iov == NULL)
		return false;
	/* "Any other value MUST be ignored by the target": §11.5.6 */
	if (exp_data_sn <= task->data_sn)
		iscsi_snack_data_acked(from, rec, exp_data_sn);
	return rec->acked_pos_known;
}

enum iscsi_tmf_response
iscsi_reassign_check(struct iscsi_conn *to, struct iscsi_cmd *task, uint32_t exp_data_sn)
{
	struct iscsi_conn *from;

	if (to->params.error_recovery_level < 2)
		return ISCSI_TMF_NO_REASSIGN;
	if (task == NULL || task->pub.aborted)
		return ISCSI_TMF_NO_TASK;
	from = task->pub.conn;
	if (from->state != CONN_SUSPENDED)
		return ISCSI_TMF_TASK_ALLEGIANT;
	iscsi_tx_clear(from); /* what was built since: it is kept, too */
	return can_send_again(from, task, exp_data_sn) ? ISCSI_TMF_COMPLETE : ISCSI_TMF_REJECTED;
}

static void
move(struct iscsi_cmd *task, struct iscsi_conn *to)
{
	struct iscsi_conn *from = task->pub.conn;

	iscsi_recover_unkeep(task);
	if (task->state == TASK_OWNER) {
		from->with_owner--;
		to->with_owner++;
	}
	task->pub.conn = to;
	if (task->owned)
		to->ops->task_moved(to->user, &task->pub);
	iscsi_conn_wake(from);
}

/* Where the old connection has ended, the new one goes on. */
void
iscsi_reassign_task(struct iscsi_cmd *task, struct iscsi_conn *to)
{
	struct iscsi_task_recover *rec = iscsi_recover_of(task);

	move(task, to);
	switch ((enum iscsi_task_state)task->state) {
	case TASK_FREE:
	case TASK_OWNER:
		break;
	case TASK_COLLECT:
		iscsi_recover_collect_again(task);
		break;
	case TASK_DRAIN: /* what was requested does not come any more */
		task->unsolicited = false;
		task->r2t_done = task->r2t_sent;
		iscsi_data_send_status(task);
		break;
	case TASK_ENDING:
		if (rec->rd_total > 0)
			iscsi_snack_rewind(to, rec);
		else
			iscsi_data_send_status(task);
		break;
	}
}

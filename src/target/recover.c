/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions with error recovery within a connection (ErrorRecoveryLevel 1 and 2): the clock by which
 * the iSCSI engine notices that data of a write does not come, and the buffers that the engine
 * keeps until their data is acknowledged.  And connections that have failed (ErrorRecoveryLevel 2):
 * they are retained, without a socket, for Time2Wait and Time2Retain, so that the initiator can
 * take their tasks to another connection.  Everything runs on the thread that has the connection.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "target/target_int.h"

static void
look(struct loop_timer *timer)
{
	struct target_conn *conn = container_of(timer, struct target_conn, recover_timer);

	conn->recover_set = false;
	iscsi_conn_recover(conn->iscsi);
	target_conn_mark(conn);
}

void
target_recover_settle(struct target_conn *conn)
{
	const struct target_options *options = &conn->thread->target->options;

	/* Buffers do not come back by being sent, but reads wait for some: they go on for this. */
	if (!list_empty(&conn->short_of_buffers))
		iscsi_conn_forget(conn->iscsi);
	if (conn->recover_set || !iscsi_conn_awaits_data(conn->iscsi))
		return;
	conn->recover_set = true;
	conn->recover_timer.fire = look;
	loop_timer_set(conn->thread->loop, &conn->recover_timer, options->recover_ms * NS_PER_MS);
}

unsigned
target_recover_forget_all(struct target_thread *thread)
{
	unsigned count = 0;

	list_for_each(node, &thread->conns) {
		struct target_conn *conn = list_entry(node, struct target_conn, node);

		if (conn->recovers && conn->iscsi != NULL)
			count += iscsi_conn_forget(conn->iscsi);
	}
	return count;
}

/* --- connections that have failed --- */

/* Initiators may ask for any Time2Wait, and memory is kept for so long. */
#define WAIT_MAX_S 40

/* What the array or the initiator ends on purpose is not recovered. */
static bool
may_be_retained(const struct target_conn *conn)
{
	enum iscsi_logout logout = iscsi_conn_logged_out(conn->iscsi);

	if (!conn->joined || conn->thread->stopping || conn->session->broken ||
	    iscsi_conn_params(conn->iscsi)->error_recovery_level < 2)
		return false;
	if (logout == ISCSI_LOGOUT_CONNECTION || logout == ISCSI_LOGOUT_SESSION)
		return false;
	if (conn->close_reason == ERR_LIMIT || conn->close_reason == -ENOMEM)
		return false; /* it held too much */
	return !target_registry_is_ending(conn->session->shared);
}

static void
time_is_over(struct loop_timer *timer)
{
	struct target_conn *conn = container_of(timer, struct target_conn, timer);

	log_info_from(conn->host, "connection.forgotten", "peer=%s cid=%u", conn->peer,
		      iscsi_conn_login(conn->iscsi)->cid);
	target_recover_give_up(conn);
}

bool
target_recover_retain(struct target_conn *conn)
{
	const struct iscsi_params *params = iscsi_conn_params(conn->iscsi);
	uint64_t wait_s = MIN(params->time2wait_s, WAIT_MAX_S) + (uint64_t)params->time2retain_s;

	if (!may_be_retained(conn))
		return false;
	iscsi_conn_suspend(conn->iscsi);
	conn->retained = true;
	conn->timer.fire = time_is_over;
	loop_timer_set(conn->thread->loop, &conn->timer, wait_s * NS_PER_S);
	log_info_from(conn->host, "connection.failed", "peer=%s cid=%u reason=%s retain_s=%u",
		      conn->peer, iscsi_conn_login(conn->iscsi)->cid,
		      conn->close_reason == 0 ? "CLOSED" : err_name(conn->close_reason),
		      (unsigned)wait_s);
	if (conn->ends_alone || iscsi_conn_logged_out(conn->iscsi) == ISCSI_LOGOUT_RECOVERY)
		target_recover_let_go(conn);
	return true;
}

void
target_recover_let_go(struct target_conn *conn)
{
	conn->let_go = true;
	target_registry_let_go(&conn->thread->target->registry, &conn->entry);
	target_conn_mark(conn);
}

void
target_recover_give_up(struct target_conn *conn)
{
	conn->retained = false;
	loop_timer_cancel(conn->thread->loop, &conn->timer);
	iscsi_conn_stop(conn->iscsi);
	target_conn_mark(conn);
}

bool
target_recover_is_waiting(struct target_conn *conn)
{
	if (!conn->retained)
		return false;
	if (iscsi_conn_is_suspended(conn->iscsi) && !conn->let_go &&
	    iscsi_conn_logged_out(conn->iscsi) == ISCSI_LOGOUT_RECOVERY)
		target_recover_let_go(conn);
	if (iscsi_conn_is_suspended(conn->iscsi) &&
	    (!conn->let_go || iscsi_conn_has_tasks(conn->iscsi)))
		return true;
	target_recover_give_up(conn);
	return false;
}

void
target_recover_make_room(struct target_thread *thread)
{
	list_for_each(node, &thread->conns) {
		struct target_conn *conn = list_entry(node, struct target_conn, node);

		if (!conn->retained || conn->buffered_bytes == 0)
			continue;
		log_warning_from(conn->host, "connection.given-up",
				 "peer=%s bytes=%llu reason=\"others need the buffers\"",
				 conn->peer, (unsigned long long)conn->buffered_bytes);
		/* not here: a command of another connection asks for buffers */
		loop_timer_set(thread->loop, &conn->timer, 1);
		return;
	}
}

void
target_recover_task_moved(void *user, struct iscsi_task *it)
{
	struct target_conn *to = user;
	struct target_task *t = it->owner;
	struct target_conn *from = t->conn;
	uint32_t cost = target_buf_cost(t->buf_bytes);

	from->buffered_bytes -= cost;
	if (to->buffered_bytes == 0) /* its peer could not take or send anything before */
		target_conn_progress(to, loop_now_ns(to->thread->loop));
	to->buffered_bytes += cost;
	t->conn = to;
	if (t->state == TARGET_TASK_READY) {
		list_remove(&t->node);
		list_append(&to->turns, &t->node);
	}
	target_conn_mark(to);
	target_conn_mark(from);
}

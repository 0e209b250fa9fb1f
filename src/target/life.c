/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signs of life of sessions of one initiator that came through different gateways.
 *
 * When a gateway dies, what it has sent to the owner of a LUN before is in the owner's sockets, or
 * begun there.  Its initiator finds the connection broken, and logs in through another gateway;
 * what it writes there must not be overwritten by what it had sent before.  The owner cannot know
 * which of the two it sees first.  So a login whose initiator, ISID and target are those of a
 * session that came through another gateway waits until that session has answered a ping that was
 * sent after the login had come: then the gateway, or the initiator, is there and uses it; or until
 * the session has ended, with its I/O.  A session that does not answer for ANSWER_MS is ended.  An
 * initiator that is connected to this gateway itself, and of which nothing is under way, is not
 * asked.
 *
 *	registry --entry->life--> asked --ping is sent--> pinged --answered--> target_registry_lives
 *	asked, pinged --ANSWER_MS--> the connection is closed, which ends its session
 *
 * An initiator may well have both sessions (RFC 7143 §10.1.1 recommends it); both go on then.  Runs
 * on the thread of the connection that is asked.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/err.h"
#include "target/target_int.h"

#define ANSWER_MS 3000u

static void
is_silent(struct loop_timer *timer)
{
	struct target_conn *conn = container_of(timer, struct target_conn, life_timer);

	if (conn->thread
		    ->muted) /* nothing is sent or received: the silence is this gateway's own */
		loop_timer_set(conn->thread->loop, timer, ANSWER_MS * NS_PER_MS);
	else
		target_conn_close(conn, -ETIMEDOUT);
}

static void
answered(struct target_conn *conn, uint64_t moment)
{
	target_registry_lives(&conn->thread->target->registry, &conn->entry, moment);
	if (conn->life_moment == moment)
		target_life_end(conn);
}

void
target_life_look(struct target_conn *conn)
{
	uint64_t pinged = conn->life_pinged;
	int rc;

	if (pinged != 0 && iscsi_conn_is_pinged(conn->iscsi))
		return;
	conn->life_pinged = 0;
	if (pinged != 0)
		answered(conn, pinged);
	if (conn->life_moment == 0)
		return;
	rc = iscsi_conn_ping(conn->iscsi);
	if (rc == 0)
		conn->life_pinged = conn->life_moment;
	else if (rc == ERR_INVALID) /* its login has not ended: nothing was sent through it */
		answered(conn, conn->life_moment);
	target_conn_mark(conn); /* ERR_BUSY: an earlier ping, whose answer says nothing of now */
}

static bool
has_nothing(const struct target_conn *conn)
{
	int unread = 0;

	return iscsi_conn_tasks(conn->iscsi) == 0 &&
	       (conn->close_asked || (!iscsi_conn_rx_in_pdu(conn->iscsi) &&
				      ioctl(conn->fd, FIONREAD, &unread) == 0 && unread == 0));
}

/* Nothing of the session is begun, nor waits in the sockets of its connections. */
static bool
is_idle(const struct target_session *session)
{
	list_for_each(node, &session->conns)
		if (!has_nothing(list_entry(node, struct target_conn, session_node)))
			return false;
	return true;
}

void
target_life_asked(struct loop_msg *msg)
{
	struct target_conn *conn = container_of(msg, struct target_conn, entry.life);
	/* not conn->thread: the thread that sends the connection here may still be setting that */
	struct target *target = conn->entry.thread->target;
	uint64_t moment = target_registry_life_taken(&target->registry, &conn->entry);

	if (!conn->adopted || conn->session == NULL) {
		target_registry_lives(&target->registry, &conn->entry, moment);
		return;
	}
	if (conn->retained) { /* nobody is there who could answer */
		target_session_close(conn->session, -ETIMEDOUT);
		return;
	}
	if (conn->close_asked)
		return; /* its end is waited for */
	if (!conn->session->inside && is_idle(conn->session)) {
		answered(conn, moment);
		return;
	}
	if (conn->life_moment == 0) {
		conn->life_timer.fire = is_silent;
		loop_timer_set(conn->thread->loop, &conn->life_timer,
			       MIN(target->options.nop_timeout_ms, ANSWER_MS) * NS_PER_MS);
	}
	conn->life_moment = moment;
	target_life_look(conn);
}

void
target_life_end(struct target_conn *conn)
{
	loop_timer_cancel(conn->thread->loop, &conn->life_timer);
	conn->life_moment = 0;
}

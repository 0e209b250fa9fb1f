/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much of a round of its thread one connection has: a receive may bring hundreds of large
 * reads, and whoever shares the thread would wait until all of them are copied and sent.  So a
 * connection starts reads of so many bytes in a round, and sends so many.  The reads beyond that
 * wait in conn->later, in the order of their arrival, and the connection waits in thread->later for
 * the end of the round; in the next round it is settled after the others' input was handled.
 * Everything is on the connection's thread.
 *
 * Writes need no such turn: a round receives one piece of each connection's data.
 */
#include "base/clock.h"
#include "target/target_int.h"

#define ALONE_BYTES  (2u << 20)
#define SHARED_BYTES (256u * 1024)
#define SHARED_NS    (10 * NS_PER_MS) /* since two connections were heard in turn */

void
target_turn_heard(struct target_conn *conn)
{
	struct target_thread *thread = conn->thread;

	if (thread->heard == conn)
		return;
	thread->heard = conn;
	thread->shared_ns = loop_now_ns(thread->loop);
}

uint64_t
target_turn_bytes(const struct target_thread *thread)
{
	return loop_now_ns(thread->loop) - thread->shared_ns < SHARED_NS ? SHARED_BYTES
									 : ALONE_BYTES;
}

/* The first read of a turn starts, however large it is. */
static bool
has_turn(struct target_conn *conn, uint32_t len_bytes)
{
	uint64_t now_ns = loop_now_ns(conn->thread->loop);

	if (conn->turn_round_ns != now_ns) {
		conn->turn_round_ns = now_ns;
		conn->turn_bytes = 0;
	}
	return conn->turn_bytes == 0 ||
	       conn->turn_bytes + len_bytes <= target_turn_bytes(conn->thread);
}

bool
target_turn_is_over(struct target_conn *conn, uint32_t len_bytes)
{
	if ((!conn->takes_later && !list_empty(&conn->later)) || !has_turn(conn, len_bytes))
		return true;
	conn->turn_bytes += len_bytes;
	return false;
}

void
target_turn_wait(struct target_conn *conn)
{
	list_remove(&conn->later_node);
	list_append(&conn->thread->later, &conn->later_node);
}

void
target_turn_take(struct target_conn *conn)
{
	conn->takes_later = true;
	for (struct list *node; (node = list_first(&conn->later)) != NULL;) {
		struct target_task *t = list_entry(node, struct target_task, node);

		if (!has_turn(conn, t->scsi.in_needed_bytes))
			break;
		list_remove(node);
		scsi_task_recheck(&t->scsi);
		target_task_start_late(t);
	}
	conn->takes_later = false;
	if (!list_empty(&conn->later))
		target_turn_wait(conn);
}

bool
target_turn_end(struct target_thread *thread)
{
	bool any = !list_empty(&thread->later);

	for (struct list *node; (node = list_pop(&thread->later)) != NULL;)
		target_conn_mark(list_entry(node, struct target_conn, later_node));
	return any;
}

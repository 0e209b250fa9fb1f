/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logins of initiators that wait for other gateways.  An initiator whose gateway has died logs in
 * here, and takes this for the end of what it had sent there.  An owner of a LUN may still have
 * some of that (life.c).  So before the login is answered each gateway that owns a LUN of the
 * session's map lets in a link of the session, which it does when nothing of before can be carried
 * out any more; or another gateway has replaced it, and has fenced it first.
 *
 *	login --gateways own LUNs--> waits --each is reached, or replaced--> answered
 *	waits --TARGET_FORWARD_END_MS--> answered all the same, since LUNs of other gateways can be used
 *
 * On one machine nothing waits.  Everything runs on the session's thread.
 */
#include <errno.h>

#include "base/clock.h"
#include "target/target_int.h"

#define LOOK_EACH_NS (100 * NS_PER_MS)

struct target_barrier {
	uint64_t since_ns;
	size_t count;
	struct barrier_gateway {
		struct guid id;
		uint64_t instance; /* target_inside_instance of its row when the login came */
	} gateways[];              /* those that have not let in a link yet */
};

/*
 * Returns whether nothing that this gateway had of the session's initiator is carried out any more.
 */
static bool
is_over(struct target_session *session, const struct barrier_gateway *gateway)
{
	const struct row_controller *row = state_find(session->thread->view->state, ROW_CONTROLLER,
						      &gateway->id);
	struct target_link *link;

	if (row == NULL || target_inside_instance(row) != gateway->instance)
		return true;
	link = target_link_get(session, row);
	return link != NULL && target_link_is_ready(link);
}

static bool
has_ended(struct target_conn *conn)
{
	struct target_barrier *barrier = conn->barrier;

	for (size_t i = 0; i < barrier->count;)
		if (is_over(conn->session, &barrier->gateways[i]))
			barrier->gateways[i] = barrier->gateways[--barrier->count];
		else
			i++;
	return barrier->count == 0;
}

static void
look(struct loop_timer *timer)
{
	target_barrier_look(container_of(timer, struct target_thread, barrier_timer));
}

static void
add(struct target_barrier *barrier, const struct row_controller *owner)
{
	for (size_t i = 0; i < barrier->count; i++)
		if (guid_equal(&barrier->gateways[i].id, &owner->id))
			return;
	barrier->gateways[barrier->count++] = (struct barrier_gateway){
		.id = owner->id,
		.instance = target_inside_instance(owner),
	};
}

/* The gateways that own LUNs of the session; NULL when there is no memory. */
static struct target_barrier *
barrier_new(const struct target_session *session)
{
	struct target_barrier *barrier = mem_calloc(
		1, sizeof(*barrier) + session->path_count * sizeof(barrier->gateways[0]));
	const struct row_controller *owner;

	if (barrier == NULL)
		return NULL;
	barrier->since_ns = loop_now_ns(session->thread->loop);
	for (size_t i = 0; i < session->path_count; i++)
		if (target_forward_whose(session->thread, &session->paths[i]->lun_id, &owner) ==
		    TARGET_OTHERS)
			add(barrier, owner);
	return barrier;
}

static bool
is_needed(const struct target_session *session)
{
	if (session->inside)
		return false;
	for (size_t i = 0; i < session->path_count; i++)
		if (!session->paths[i]->own)
			return true;
	return false;
}

bool
target_barrier_begin(struct target_conn *conn)
{
	struct target_thread *thread = conn->thread;

	if (iscsi_conn_login(conn->iscsi)->tsih != 0 || !is_needed(conn->session))
		return false;
	conn->barrier = barrier_new(conn->session);
	if (conn->barrier == NULL) {
		target_conn_close(conn, -ENOMEM);
		return true;
	}
	if (has_ended(conn)) {
		target_barrier_end(conn);
		return false;
	}
	if (list_empty(&thread->barriers)) {
		thread->barrier_timer.fire = look;
		loop_timer_set(thread->loop, &thread->barrier_timer, LOOK_EACH_NS);
	}
	list_append(&thread->barriers, &conn->barrier_node);
	return true;
}

void
target_barrier_look(struct target_thread *thread)
{
	uint64_t now_ns = loop_now_ns(thread->loop);

	if (list_empty(&thread->barriers))
		return;
	list_for_each_safe(node, &thread->barriers) {
		struct target_conn *conn = list_entry(node, struct target_conn, barrier_node);

		if (conn->close_asked ||
		    (!has_ended(conn) &&
		     now_ns - conn->barrier->since_ns < TARGET_FORWARD_END_MS * NS_PER_MS))
			continue;
		target_barrier_end(conn);
		target_login_let_in(conn);
	}
	loop_timer_cancel(thread->loop, &thread->barrier_timer);
	if (!list_empty(&thread->barriers))
		loop_timer_set(thread->loop, &thread->barrier_timer, LOOK_EACH_NS);
}

void
target_barrier_end(struct target_conn *conn)
{
	list_remove(&conn->barrier_node);
	mem_free(conn->barrier);
	conn->barrier = NULL;
}

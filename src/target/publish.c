/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Publishing: make the new view, give it to every thread, wait until all have it.  Then a new
 * login sees it and running sessions have their unit attentions.  Sessions of a target that has
 * gone are ended.
 */
#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "target/target_int.h"

/* On the publisher's stack while it waits. */
struct target_publication {
	struct target_view *view;
	struct target_ack ack;
};

/* ---- On a thread ---- */

static void
sync_portals(struct target_thread *thread, const struct target_view *old,
	     const struct target_view *view)
{
	for (size_t i = 0; old != NULL && i < old->portal_count; i++) {
		struct target_portal *portal = old->portals[i];

		if (portal->thread == thread &&
		    target_view_find_portal(view, &portal->row->id) != portal)
			target_portal_close(portal);
	}
	for (size_t i = 0; i < view->portal_count; i++)
		if (view->portals[i]->thread == thread)
			target_portal_open(view->portals[i]);
}

static void
sync_session(struct target_session *session, const struct target_view *view)
{
	struct target_view_target *vt = target_view_find_target(view, session->vt->row->iscsi_name);

	if (vt == session->vt)
		return;
	if (vt == NULL || !guid_equal(&vt->row->id, &session->vt->row->id))
		target_conn_close(session->conn, ERR_NOT_FOUND);
	else if (target_session_apply(session, vt) < 0)
		target_conn_close(session->conn, -ENOMEM);
}

static void
take_view(struct loop_msg *msg)
{
	struct target_thread *thread = container_of(msg, struct target_thread, view_msg);
	struct target_publication *publication = thread->publication;
	struct target_view *old = thread->view;

	thread->view = target_view_ref(publication->view);
	sync_portals(thread, old, thread->view);
	list_for_each(node, &thread->sessions)
		sync_session(list_entry(node, struct target_session, node), thread->view);
	target_view_unref(old);
	target_ack_one(&publication->ack);
}

/* ---- The publisher ---- */

static void
give_to_threads(struct target *target, struct target_view *view)
{
	struct target_publication publication = { .view = view };

	target_ack_init(&publication.ack, target->thread_count);
	for (unsigned i = 0; i < target->thread_count; i++) {
		struct target_thread *thread = &target->threads[i];

		thread->publication = &publication;
		thread->view_msg.run = take_view;
		loop_post(thread->loop, &thread->view_msg);
	}
	target_ack_wait(&publication.ack, UINT32_MAX);
	target_ack_fini(&publication.ack);
}

/* Publishing cannot fail, so it waits for memory. */
static struct target_view *
make_view(struct target *target, const struct state *state, const struct change *change)
{
	const struct timespec pause = { .tv_nsec = 10 * NS_PER_MS };
	struct target_view *view = NULL;
	int r;

	while ((r = target_view_new(target, target->view, target->state, state, change, &view)) <
	       0) {
		log_error("target.publish", "error=%s retrying=yes", err_name(r));
		nanosleep(&pause, NULL);
	}
	return view;
}

/* Give up the units of the LUNs that this change deletes. */
static void
forget_units(struct target *target, const struct change *change)
{
	for (size_t i = 0; change != NULL && i < change->op_count; i++)
		if (change->ops[i].family == ROW_LUN && change->ops[i].row == NULL)
			target_unit_forget(target, &change->ops[i].key.a);
}

void
target_publish_state(void *runtime, const struct state *state, const struct change *change)
{
	struct target *target = runtime;

	pthread_mutex_lock(&target->publish_lock);
	struct target_view *view = make_view(target, state, change);
	struct target_view *old_view = target->view;
	struct state *old_state = target->state;

	give_to_threads(target, view);
	target->view = view;
	target->state = state_ref(state);
	forget_units(target, change);
	target_view_unref(old_view);
	state_unref(old_state);
	pthread_mutex_unlock(&target->publish_lock);
}

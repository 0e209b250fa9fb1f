/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Publishing: makes the new view and the delta from the old one, gives both to every thread, and
 * waits until every thread has them.  After that new logins see the new state, and running sessions
 * have their unit attentions.  A publication visits only the places that the change touches, and on
 * each thread only the sessions of their targets.  It counts what it visits (target_publish_steps),
 * so that tests can compare its cost with the size of the change.
 *
 * The publisher is the array's writer thread; only the array calls target_publish_state.
 */
#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "model/port.h"
#include "target/target_int.h"

/* On the publisher's stack while it waits. */
struct target_publication {
	struct target_view *view;
	const struct target_delta *delta;
	struct target_ack ack;
};

/* ---- On a thread ---- */

static void
count_steps(struct target *target, uint64_t steps)
{
	atomic_fetch_add_explicit(&target->publish_steps, steps, memory_order_relaxed);
}

static void
sync_portals(struct target_thread *thread, const struct target_view *old,
	     const struct target_view *view)
{
	for (size_t i = 0; old != NULL && i < old->portals->count; i++) {
		struct target_portal *portal = old->portals->list[i];

		if (portal->thread == thread &&
		    target_view_find_portal(view, &portal->row->id) != portal)
			target_portal_close(portal);
	}
	for (size_t i = 0; i < view->portals->count; i++)
		if (view->portals->list[i]->thread == thread)
			target_portal_open(view->portals->list[i], view->offline);
	count_steps(thread->target, view->portals->count);
}

/* The controller went offline: what is in login ends too; the publisher ends the rest. */
static void
end_all(struct target_thread *thread)
{
	list_for_each(node, &thread->conns)
		target_conn_close(list_entry(node, struct target_conn, node), ERR_OFFLINE);
}

/* The target is gone. */
static void
end_sessions(struct target_thread *thread, const struct guid *target_id)
{
	struct target_session_set *set = guid_map_find(&thread->by_target, target_id);

	if (set == NULL)
		return;
	list_for_each(node, &set->sessions)
		target_session_close(list_entry(node, struct target_session, set_node),
				     ERR_NOT_FOUND);
}

/* These places are all of one target. */
static void
sync_sessions(struct target_thread *thread, const struct target_place *places, size_t count)
{
	struct target_session_set *set = guid_map_find(&thread->by_target, &places[0].target_id);
	uint64_t steps = 1;

	if (set != NULL)
		list_for_each(node, &set->sessions) {
			struct target_session *session = list_entry(node, struct target_session,
								    set_node);

			if (target_session_apply(session, places, count) < 0)
				target_session_close(session, -ENOMEM);
			steps += count;
		}
	count_steps(thread->target, steps);
}

static void
sync_places(struct target_thread *thread, const struct target_delta *delta)
{
	for (size_t i = 0, next; i < delta->place_count; i = next) {
		for (next = i + 1; next < delta->place_count; next++)
			if (!guid_equal(&delta->places[next].target_id,
					&delta->places[i].target_id))
				break;
		sync_sessions(thread, &delta->places[i], next - i);
	}
}

/* The rules of the target have changed: who may still come from where it comes? */
static void
sync_rules(struct target_thread *thread, const struct guid *target_id)
{
	struct target_session_set *set = guid_map_find(&thread->by_target, target_id);

	if (set == NULL)
		return;
	list_for_each(node, &set->sessions)
		target_login_check_source(list_entry(node, struct target_session, set_node));
}

static void
sync_initiator(struct target_thread *thread, const char *name)
{
	struct list *sessions = target_session_of_initiator(thread, name);
	uint64_t steps = 1;

	if (sessions != NULL)
		list_for_each(node, sessions) {
			struct target_session *session = list_entry(node, struct target_session,
								    name_node);

			if (target_session_look(session, &steps) < 0)
				target_session_close(session, -ENOMEM);
			target_host_join(session);
			target_login_check_source(session);
		}
	count_steps(thread->target, steps);
}

static void
take_view(struct loop_msg *msg)
{
	struct target_thread *thread = container_of(msg, struct target_thread, view_msg);
	struct target_publication *publication = thread->publication;
	const struct target_delta *delta = publication->delta;
	struct target_view *old = thread->view;

	thread->view = target_view_ref(publication->view);
	if (delta->portals_changed)
		sync_portals(thread, old, thread->view);
	if (thread->view->offline && (old == NULL || !old->offline))
		end_all(thread);
	for (size_t i = 0; i < delta->ended_count; i++)
		end_sessions(thread, &delta->ended[i]);
	sync_places(thread, delta);
	target_access_sync(thread, delta);
	target_forward_sync(thread, delta);
	for (size_t i = 0; i < delta->initiator_count; i++)
		sync_initiator(thread, delta->initiators[i]);
	for (size_t i = 0; i < delta->ruled_count; i++)
		sync_rules(thread, &delta->ruled[i]);
	target_view_unref(old);
	target_ack_one(&publication->ack);
}

/* ---- The publisher ---- */

static void
give_to_threads(struct target *target, struct target_view *view, const struct target_delta *delta)
{
	struct target_publication publication = { .view = view, .delta = delta };

	target_ack_init(&publication.ack, target->thread_count);
	for (unsigned i = 0; i < target->thread_count; i++) {
		struct target_thread *thread = &target->threads[i];

		thread->publication = &publication;
		thread->view_msg.run = take_view;
		loop_post(thread->loop, &thread->view_msg);
	}
	count_steps(target, target->thread_count);
	target_ack_wait(&publication.ack, UINT32_MAX);
	target_ack_fini(&publication.ack);
}

/* Publishing cannot fail, so it waits for memory. */
static struct target_view *
make_view(struct target *target, const struct state *state, const struct change *change,
	  struct target_delta *ret_delta)
{
	const struct timespec pause = { .tv_nsec = 10 * NS_PER_MS };
	struct target_view *view = NULL;
	int rc;

	while ((rc = target_view_new(target, target->view, state, change, &view, ret_delta)) < 0) {
		log_error("target.publish", "error=%s retrying=yes", err_name(rc));
		nanosleep(&pause, NULL);
	}
	return view;
}

/* Forgets what was counted of hosts and targets that this change deletes. */
static void
forget_counts(struct target *target, const struct change *change)
{
	for (size_t i = 0; change != NULL && i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];

		if (op->row == NULL && op->family == ROW_HOST)
			target_host_forget(&target->registry, &op->key.a);
		else if (op->row == NULL && op->family == ROW_TARGET)
			target_refusal_forget(&target->refusals, &op->key.a);
	}
}

/*
 * A unit of a LUN that has become another gateway's is given up, so that it is made anew, from what
 * the catalog has kept by then, when the LUN comes back.
 */
static void
settle_owner(struct target *target, const struct state *state, const struct guid *lun_id)
{
	const struct row_lun_owner *owner = state_lun_owner(state, lun_id);
	bool own = owner == NULL
			   ? !state_has_gateways(state)
			   : guid_equal(&owner->controller_id, array_controller_id(target->array));

	if (!own)
		target_unit_forget(target, lun_id);
}

/*
 * Updates the units of the LUNs that this change puts, and gives up those of LUNs that it deletes.
 */
static void
settle_units(struct target *target, const struct state *state, const struct change *change)
{
	for (size_t i = 0; change != NULL && i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];

		if (op->family == ROW_LUN_OWNER)
			settle_owner(target, state, &op->key.a);
		if (op->family != ROW_LUN)
			continue;
		if (op->row != NULL)
			target_unit_update(target, state, (const void *)op->row);
		else
			target_unit_forget(target, &op->key.a);
	}
}

void
target_publish_state(void *runtime, const struct state *state, const struct change *change)
{
	struct target *target = runtime;
	struct target_delta delta = { 0 };

	pthread_mutex_lock(&target->publish_lock);
	struct target_view *view = make_view(target, state, change, &delta);
	struct target_view *old = target->view;

	if (!delta.quiet)
		give_to_threads(target, view, &delta);
	if (view->offline && (old == NULL || !old->offline))
		target_registry_kill_all(&target->registry); /* those between two threads too */
	/* the caller of a change to portals finds their live rows when it is answered */
	if (delta.portals_changed)
		target_report_flush(target);
	target->view = view;
	target_limits_settle(target, old != NULL ? old->state : NULL, state, change);
	settle_units(target, state, change);
	forget_counts(target, change);
	target_access_raise(target, state, &delta);
	count_steps(target, delta.steps);
	target_delta_fini(&delta);
	target_view_unref(old);
	pthread_mutex_unlock(&target->publish_lock);
}

void
target_publish_secrets(void *runtime, const struct array_secrets *secrets)
{
	struct target *target = runtime;

	pthread_mutex_lock(&target->publish_lock);
	array_secrets_unref(target->secrets);
	target->secrets = array_secrets_ref(secrets);
	pthread_mutex_unlock(&target->publish_lock);
}

uint64_t
target_publish_steps(const struct target *target)
{
	return atomic_load_explicit(&target->publish_steps, memory_order_relaxed);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reset of portals: the function reset_portals of struct array_runtime_ops.
 *
 *	each thread	closes its listeners among the portals, and the connections that are in
 *			login or discovery there
 *	caller		asks the initiators of the sessions to log out; waits; ends the sessions
 *			that are left; waits until they have ended
 *	each thread	opens the listeners again, as its view has the portals by then
 *
 * A publication in between may open a listener early; who logs in then is not asked to log out
 * again.  The caller is a thread of the array, which no data-path thread waits for.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/err.h"
#include "target/target_int.h"

struct portals_reset {
	const struct guid *portals;
	size_t count;
	bool open; /* open the listeners; false: close them */
	struct target_ack ack;
	const char *reason; /* why the listeners are closed */
};

struct reset_part {
	struct loop_msg msg;
	struct portals_reset *reset;
	struct target_thread *thread;
};

static bool
concerns(const struct portals_reset *reset, const struct guid *portal_id)
{
	return target_registry_is_among(reset->portals, reset->count, portal_id);
}

/* Sessions have an entry in the registry, by which the caller ends them. */
static void
close_strangers(struct target_thread *thread, const struct portals_reset *reset)
{
	list_for_each(node, &thread->conns) {
		struct target_conn *conn = list_entry(node, struct target_conn, node);

		if (conn->session == NULL && concerns(reset, &conn->portal->row->id))
			target_conn_close(conn, ERR_OFFLINE);
	}
}

static void
on_thread(struct loop_msg *msg)
{
	struct reset_part *part = container_of(msg, struct reset_part, msg);
	struct target_thread *thread = part->thread;
	struct portals_reset *reset = part->reset;

	for (size_t i = 0; thread->view != NULL && i < thread->view->portals->count; i++) {
		struct target_portal *portal = thread->view->portals->list[i];

		if (portal->thread != thread || !concerns(reset, &portal->row->id))
			continue;
		if (reset->open && !thread->stopping)
			target_portal_open(portal, thread->view->offline);
		/* A portal that does not listen goes on saying why. */
		if (!reset->open && portal->opened)
			target_portal_pause(portal, reset->reason);
	}
	if (!reset->open)
		close_strangers(thread, reset);
	target_ack_one(&reset->ack);
}

static void
on_all_threads(struct target *target, struct reset_part *parts, struct portals_reset *reset,
	       bool open)
{
	reset->open = open;
	target_ack_init(&reset->ack, target->thread_count);
	for (unsigned i = 0; i < target->thread_count; i++) {
		parts[i] = (struct reset_part){ .reset = reset, .thread = &target->threads[i] };
		parts[i].msg.run = on_thread;
		loop_post(target->threads[i].loop, &parts[i].msg);
	}
	target_ack_wait(&reset->ack, UINT32_MAX);
	target_ack_fini(&reset->ack);
}

int
target_reset_portals(void *runtime, const struct guid *portals, size_t count, uint32_t drain_ms,
		     uint32_t timeout_ms)
{
	struct target *target = runtime;
	struct portals_reset reset = { .portals = portals,
				       .count = count,
				       .reason = "it is being reset" };
	AUTO_FREE struct reset_part *parts = mem_calloc(target->thread_count, sizeof(parts[0]));
	struct target_registry *registry = &target->registry;
	int rc = 0;

	if (parts == NULL)
		return -ENOMEM;
	on_all_threads(target, parts, &reset, false);
	for (size_t i = 0; i < count && drain_ms > 0; i++)
		target_registry_drain_portal(registry, &portals[i], drain_ms);
	if (drain_ms > 0)
		rc = target_registry_wait_portals(registry, portals, count, drain_ms);
	if (drain_ms == 0 || rc < 0) {
		target_registry_kill_portals(registry, portals, count);
		rc = target_registry_wait_portals(registry, portals, count, timeout_ms);
	}
	on_all_threads(target, parts, &reset, true);
	target_report_flush(target);
	return rc;
}

int
target_reset_close_all(struct target *target)
{
	const struct target_portals *portals = target->view->portals;
	AUTO_FREE struct reset_part *parts = mem_calloc(target->thread_count, sizeof(parts[0]));
	AUTO_FREE struct guid *ids = mem_calloc(portals->count + 1, sizeof(ids[0]));
	struct portals_reset reset = { .portals = ids,
				       .count = portals->count,
				       .reason = "vdsd stops" };

	if (parts == NULL || ids == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < portals->count; i++)
		ids[i] = portals->list[i]->row->id;
	on_all_threads(target, parts, &reset, false);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drains: hold paths, or abort their tasks, and wait until nothing is in flight on them any more.
 * target_hold_quiesce and target_hold_resume run on threads of the array; a part runs on its
 * data-path thread; target_hold_abort_run is called on the thread of the connection that asks for a
 * reset.
 *
 * A drain has a part on each thread.  A message starts the part, which holds the paths that it
 * covers (quiesce) or aborts their tasks (reset).  The part of a quiesce is done when src/scsi
 * executes no task of a covered path.  The part of a reset is done when the tasks that it aborted
 * have ended or were abandoned.  Tasks that collect data or wait for their turn need no waiting: on
 * a held path they do not start.
 *
 *	quiesce	parts hold; the caller waits for all shares; the drain stays in target->holds
 *		until resume, which has its handle
 *	abort	parts abort; the last share posts `done` to the thread that asked
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/str.h"
#include "target/target_int.h"

struct target_drain {
	struct list node; /* target->holds; holds_lock */
	struct target *target;
	bool holds;
	struct array_mapping *mappings; /* quiesce */
	size_t mapping_count;
	/*
	 * Whose paths are looked at: of a quiesce one for each mapping, NULL where it is that of
	 * the mapping before or where the LUN has none yet, a reference each (find_unit); an
	 * abort has those of its request.
	 */
	struct target_unit *_Atomic *units;
	size_t unit_count;
	struct target_ack shares, undone; /* quiesce */
	struct target_job_hold jobs;      /* quiesce: what the LUNs do beside commands */
	struct target_abort_request abort;
	struct target_thread *origin;
	struct loop_msg done_msg;
	atomic_uint shares_left; /* abort */
	unsigned part_count;
	struct target_drain_part parts[];
};

/* ---- What a drain covers ---- */

static bool
mapping_covers(const struct array_mapping *m, const struct target_path *path)
{
	if (!guid_equal(&m->lun_id, &path->lun_id))
		return false;
	if (!guid_is_zero(&m->target_id) && !guid_equal(&m->target_id, &path->session->target_id))
		return false;
	if (m->initiator != NULL && strcasecmp(m->initiator, path->session->initiator) != 0)
		return false;
	return m->except_mask == NULL || !mask_admits(m->except_mask, path->session->initiator);
}

static bool
covers(const struct target_drain *drain, const struct target_path *path)
{
	if (!drain->holds)
		return bsearch(&path->unit, drain->abort.units, drain->abort.unit_count,
			       sizeof(*drain->abort.units), target_unit_compare) != NULL;
	for (size_t i = 0; i < drain->mapping_count; i++)
		if (mapping_covers(&drain->mappings[i], path))
			return true;
	return false;
}

bool
target_hold_covers(const struct target_thread *thread, const struct target_path *path)
{
	list_for_each(node, &thread->holds)
		if (covers(list_entry(node, struct target_drain_part, hold_node)->drain, path))
			return true;
	return false;
}

/*
 * How many tasks of this path does the drain wait for?  A quiesce waits for every task that may
 * touch the medium, a reset for those that it (or another one) aborted and nobody has given up.
 */
static unsigned
awaited(const struct target_drain *drain, const struct target_path *path)
{
	unsigned count = drain->holds ? path->inflight : path->aborting;

	return count > 0 && covers(drain, path) ? count : 0;
}

/* The paths of the drain's i-th unit on this thread; NULL = it has no such unit. */
static struct list *
paths_of(const struct target_drain_part *part, size_t i)
{
	const struct target_drain *drain = part->drain;
	struct target_unit *unit = drain->holds ? atomic_load(&drain->units[i])
						: drain->abort.units[i];

	return unit != NULL ? &unit->shares[part->thread->index].paths : NULL;
}

/*
 * Finds the unit of a quiesce's i-th mapping, once for the mappings of one LUN, in case it was made
 * meanwhile.  A thread calls this after it has begun to hold: a path that gets its unit later is
 * held from the start, and one that has its unit already is in the unit's list.  It does so again
 * after it has ceased to hold, and then finds every path that it must release.
 */
static void
find_unit(const struct target_drain_part *part, size_t i)
{
	struct target_drain *drain = part->drain;
	const struct guid *lun_id = &drain->mappings[i].lun_id;
	struct target_unit *none = NULL, *unit;

	if (atomic_load(&drain->units[i]) != NULL ||
	    (i > 0 && guid_equal(lun_id, &drain->mappings[i - 1].lun_id)))
		return;
	unit = target_unit_find(drain->target, lun_id);
	/* a LUN has one unit, so another thread has found the same */
	if (unit != NULL && !atomic_compare_exchange_strong(&drain->units[i], &none, unit))
		target_unit_unref(unit);
}

static void
count_visit(const struct target_drain_part *part)
{
	atomic_fetch_add_explicit(&part->thread->target->publish_steps, 1, memory_order_relaxed);
}

static bool
is_idle(const struct target_drain_part *part)
{
	for (size_t i = 0; i < part->drain->unit_count; i++) {
		struct list *paths = paths_of(part, i);

		if (paths == NULL)
			continue;
		list_for_each(node, paths)
			if (awaited(part->drain, list_entry(node, struct target_path, unit_node)) >
			    0)
				return false;
	}
	return true;
}

/* ---- Parts, on their threads ---- */

static void
drain_free(struct target_drain *drain)
{
	if (drain->holds) {
		target_ack_fini(&drain->shares);
		target_ack_fini(&drain->undone);
	}
	for (size_t i = 0; drain->mappings != NULL && i < drain->mapping_count; i++) {
		mem_free((void *)(uintptr_t)drain->mappings[i].except_mask);
		mem_free((void *)(uintptr_t)drain->mappings[i].initiator);
	}
	for (size_t i = 0; drain->units != NULL && i < drain->unit_count; i++)
		target_unit_unref(drain->units[i]);
	mem_free((void *)(uintptr_t)drain->units);
	mem_free(drain->mappings);
	mem_free(drain);
}

static void
abort_finished(struct loop_msg *msg)
{
	struct target_drain *drain = container_of(msg, struct target_drain, done_msg);
	struct target_abort_request request = drain->abort;

	drain_free(drain);
	request.done(request.arg);
}

static void
share_done(struct target_drain_part *part)
{
	struct target_drain *drain = part->drain;

	list_remove(&part->wait_node);
	if (drain->holds) {
		target_ack_one(&drain->shares);
	} else if (atomic_fetch_sub(&drain->shares_left, 1) == 1) {
		drain->done_msg.run = abort_finished;
		loop_post(drain->origin->loop, &drain->done_msg);
	}
}

void
target_hold_check(struct target_thread *thread)
{
	list_for_each_safe(node, &thread->waits) {
		struct target_drain_part *part = list_entry(node, struct target_drain_part,
							    wait_node);

		if (is_idle(part))
			share_done(part);
	}
}

static void
wait_for_idle(struct target_drain_part *part)
{
	list_append(&part->thread->waits, &part->wait_node);
	if (is_idle(part))
		share_done(part);
}

static void
set_held(const struct target_drain_part *part)
{
	for (size_t i = 0; i < part->drain->unit_count; i++) {
		struct list *paths;

		find_unit(part, i);
		paths = paths_of(part, i);
		if (paths == NULL)
			continue;
		list_for_each(node, paths) {
			struct target_path *path = list_entry(node, struct target_path, unit_node);

			count_visit(part);
			path->held = path->held || (!path->gone && covers(part->drain, path));
		}
	}
}

static void
hold_part(struct loop_msg *msg)
{
	struct target_drain_part *part = container_of(msg, struct target_drain_part, msg);

	list_append(&part->thread->holds, &part->hold_node);
	set_held(part);
	wait_for_idle(part);
}

static void
release(const struct target_drain_part *part, struct target_path *path)
{
	if (!path->held || !covers(part->drain, path) || target_hold_covers(part->thread, path))
		return;
	path->held = false;
	if (path->resets == 0)
		target_task_release_held(path);
}

/* Starting a held task may end others, but it never takes a path out of its session. */
static void
release_covered(const struct target_drain_part *part)
{
	for (size_t i = 0; i < part->drain->unit_count; i++) {
		struct list *paths;

		find_unit(part, i);
		paths = paths_of(part, i);
		if (paths == NULL)
			continue;
		list_for_each_safe(node, paths) {
			count_visit(part);
			release(part, list_entry(node, struct target_path, unit_node));
		}
	}
}

static void
undo_part(struct loop_msg *msg)
{
	struct target_drain_part *part = container_of(msg, struct target_drain_part, undo_msg);

	list_remove(&part->wait_node);
	list_remove(&part->hold_node);
	release_covered(part);
	target_ack_one(&part->drain->undone);
}

/* An abort may concern some nexuses of its units alone. */
static bool
is_concerned(const struct target_drain *drain, const struct target_path *path)
{
	return drain->abort.concerns == NULL || drain->abort.concerns(&path->itl, drain->abort.arg);
}

/* Do commands of the path wait until its unit can be made (forward.c)? */
static bool
waits_for_unit(const struct target_drain *drain, const struct target_path *path)
{
	if (path->unit != NULL)
		return false;
	for (size_t i = 0; i < drain->abort.lun_count; i++)
		if (guid_equal(&path->lun_id, &drain->abort.luns[i]))
			return true;
	return false;
}

static void
abort_part(struct loop_msg *msg)
{
	struct target_drain_part *part = container_of(msg, struct target_drain_part, msg);
	struct target_drain *drain = part->drain;

	list_for_each(node, &part->thread->sessions) {
		struct target_session *session = list_entry(node, struct target_session, node);

		for (size_t i = 0; i < session->path_count; i++) {
			struct target_path *path = session->paths[i];
			uint8_t lun[8];

			if (!waits_for_unit(drain, path) &&
			    (!covers(drain, path) || !is_concerned(drain, path)))
				continue;
			if (path->unit != NULL)
				target_copy_stop(path);
			scsi_lun_encode(path->number, lun);
			iscsi_session_abort_tasks(session->iscsi, lun,
						  session == drain->abort.by ? &drain->abort.moment
									     : NULL);
			target_session_mark(session);
		}
	}
	wait_for_idle(part);
}

/* ---- Drains ---- */

static struct target_drain *
drain_new(struct target *target)
{
	struct target_drain *drain = mem_calloc(
		1, sizeof(*drain) + target->thread_count * sizeof(struct target_drain_part));

	if (drain == NULL)
		return NULL;
	drain->target = target;
	drain->part_count = target->thread_count;
	for (unsigned i = 0; i < drain->part_count; i++)
		drain->parts[i] = (struct target_drain_part){ .drain = drain,
							      .thread = &target->threads[i] };
	return drain;
}

static void
post_parts(struct target_drain *drain, void (*run)(struct loop_msg *msg))
{
	for (unsigned i = 0; i < drain->part_count; i++) {
		drain->parts[i].msg.run = run;
		loop_post(drain->parts[i].thread->loop, &drain->parts[i].msg);
	}
}

struct target_drain *
target_hold_abort_new(struct target_thread *thread)
{
	return drain_new(thread->target);
}

void
target_hold_abort_free(struct target_drain *drain)
{
	drain_free(drain);
}

void
target_hold_abort_run(struct target_drain *drain, struct target_thread *thread,
		      const struct target_abort_request *request)
{
	drain->abort = *request;
	drain->unit_count = request->unit_count;
	drain->origin = thread;
	atomic_init(&drain->shares_left, drain->part_count);
	post_parts(drain, abort_part);
}

/*
 * Takes a drain off the threads, whether or not their shares are done, and frees it.  Waits for the
 * threads, so it is not called on one of them.
 */
static void
undo(struct target_drain *drain)
{
	for (unsigned i = 0; i < drain->part_count; i++) {
		drain->parts[i].undo_msg.run = undo_part;
		loop_post(drain->parts[i].thread->loop, &drain->parts[i].undo_msg);
	}
	target_ack_wait(&drain->undone, UINT32_MAX);
	target_job_release(drain->target, &drain->jobs);
	drain_free(drain);
}

/* Puts a copy in the place of a borrowed text; NULL stays. */
static int
copy_text(const char **text)
{
	if (*text == NULL)
		return 0;
	*text = str_dup(*text);
	return *text == NULL ? -ENOMEM : 0;
}

static int
copy_mappings(struct target_drain *drain, const struct array_mapping *mappings, size_t count)
{
	drain->mappings = mem_calloc(count, sizeof(*mappings));
	drain->units = mem_calloc(count, sizeof(drain->units[0]));
	if (drain->mappings == NULL || drain->units == NULL)
		return -ENOMEM;
	drain->unit_count = count;
	for (; drain->mapping_count < count; drain->mapping_count++) {
		struct array_mapping *m = &drain->mappings[drain->mapping_count];

		*m = mappings[drain->mapping_count];
		if (copy_text(&m->except_mask) < 0) {
			m->initiator = NULL; /* not ours */
			return -ENOMEM;
		}
		if (copy_text(&m->initiator) < 0) {
			mem_free((void *)(uintptr_t)m->except_mask);
			return -ENOMEM;
		}
	}
	return 0;
}

int
target_hold_quiesce(void *runtime, const struct array_mapping *mappings, size_t count,
		    uint32_t timeout_ms, void **ret_drain)
{
	struct target *target = runtime;
	struct target_drain *drain = drain_new(target);

	if (drain == NULL)
		return -ENOMEM;
	drain->holds = true;
	target_ack_init(&drain->shares, drain->part_count);
	target_ack_init(&drain->undone, drain->part_count);
	if (copy_mappings(drain, mappings, count) < 0) {
		drain_free(drain);
		return -ENOMEM;
	}
	post_parts(drain, hold_part);
	drain->jobs.mappings = drain->mappings;
	drain->jobs.count = drain->mapping_count;
	int rc = target_ack_wait(&drain->shares, timeout_ms);

	/* last: a command that waits for the end of a job is in flight, and the job must go on */
	if (rc == 0)
		rc = target_job_hold(target, &drain->jobs, timeout_ms);
	if (rc < 0) {
		undo(drain);
		return rc;
	}
	pthread_mutex_lock(&target->holds_lock);
	list_append(&target->holds, &drain->node);
	pthread_mutex_unlock(&target->holds_lock);
	*ret_drain = drain;
	return 0;
}

void
target_hold_resume(void *runtime, void *drain)
{
	struct target *target = runtime;
	struct target_drain *d = drain;

	pthread_mutex_lock(&target->holds_lock);
	list_remove(&d->node);
	pthread_mutex_unlock(&target->holds_lock);
	undo(d);
}

void
target_hold_end_all(struct target *target)
{
	for (;;) {
		pthread_mutex_lock(&target->holds_lock);
		struct list *node = list_pop(&target->holds);

		pthread_mutex_unlock(&target->holds_lock);
		if (node == NULL)
			return;
		undo(list_entry(node, struct target_drain, node));
	}
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asymmetric access (ALUA) between src/scsi and the array's portal groups.  A session has the
 * access state of its portal group as a number of its nexus, which a publication replaces on the
 * session's thread: a command looks at nothing else.  What SET TARGET PORT GROUPS asks is a change
 * of the array.  A thread of its own waits for it, since the writer waits for the data-path
 * threads.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "target/target_int.h"

static enum scsi_alua
scsi_state(enum port_access state)
{
	switch (state) {
	case ACCESS_ACTIVE_OPTIMIZED:
		return SCSI_ALUA_OPTIMIZED;
	case ACCESS_ACTIVE_NON_OPTIMIZED:
		return SCSI_ALUA_NON_OPTIMIZED;
	case ACCESS_STANDBY:
		return SCSI_ALUA_STANDBY;
	case ACCESS_UNAVAILABLE:
		return SCSI_ALUA_UNAVAILABLE;
	case ACCESS_OFFLINE:
		return SCSI_ALUA_OFFLINE;
	}
	return SCSI_ALUA_UNAVAILABLE;
}

static enum port_access
row_state(uint8_t access)
{
	for (int state = ACCESS_ACTIVE_OPTIMIZED; state < ACCESS_OFFLINE; state++)
		if (scsi_state((enum port_access)state) == access)
			return (enum port_access)state;
	return ACCESS_OFFLINE;
}

static enum scsi_alua_cause
cause_of(enum port_access_cause set_by)
{
	switch (set_by) {
	case ACCESS_SET_BY_NOBODY:
		return SCSI_ALUA_NOT_ALTERED;
	case ACCESS_SET_BY_INITIATOR:
		return SCSI_ALUA_EXPLICIT;
	case ACCESS_SET_BY_ADMINISTRATOR:
		return SCSI_ALUA_IMPLICIT;
	}
	return SCSI_ALUA_NOT_ALTERED;
}

/* ---- Sessions ---- */

/* Of a group that was deleted since the login: active, as the session is served. */
enum scsi_alua
target_access_of(const struct target_session *session)
{
	struct row_slice groups = state_target_groups(session->thread->view->state,
						      &session->target_id);

	for (size_t i = 0; i < groups.count; i++) {
		const struct row_portal_group *group = groups.rows[i];

		if (group->tag == session->nexus.portal_group_tag)
			return scsi_state(group->access_state);
	}
	return SCSI_ALUA_OPTIMIZED;
}

static void
sync_group(struct target_thread *thread, const struct target_access_delta *access)
{
	struct target_session_set *set = guid_map_find(&thread->by_target, &access->target_id);

	if (set == NULL)
		return;
	list_for_each(node, &set->sessions) {
		struct target_session *session = list_entry(node, struct target_session, set_node);

		if (session->nexus.portal_group_tag == access->tag)
			scsi_nexus_set_access(&session->nexus, scsi_state(access->state));
	}
}

void
target_access_sync(struct target_thread *thread, const struct target_delta *delta)
{
	for (size_t i = 0; i < delta->access_count; i++)
		if (delta->access[i].access_changed)
			sync_group(thread, &delta->access[i]);
}

uint64_t
target_access_now_ns(struct scsi_nexus *nexus)
{
	const struct target_session *session = container_of(nexus, struct target_session, nexus);

	return loop_now_ns(session->thread->loop);
}

/* ---- Unit attentions ---- */

/*
 * A LUN behind several targets whose groups change together is told once: what the nexus of SET
 * TARGET PORT GROUPS is not told of is counted (scsi_alua_set_done).
 */
static bool
is_told_before(const struct state *state, const struct target_delta *delta, size_t index,
	       const struct guid *lun_id, bool access)
{
	for (size_t i = 0; i < index; i++) {
		const struct target_access_delta *other = &delta->access[i];

		if ((access ? other->access_changed : other->explicit_changed) &&
		    state_find_pair(state, ROW_ASSOCIATION, lun_id, &other->target_id) != NULL)
			return true;
	}
	return false;
}

static void
raise_for_lun(struct target *target, const struct state *state, const struct target_delta *delta,
	      size_t index, const struct guid *lun_id)
{
	const struct target_access_delta *access = &delta->access[index];
	struct target_unit *unit = target_unit_find(target, lun_id);

	if (unit == NULL)
		return;
	if (access->access_changed && !is_told_before(state, delta, index, lun_id, true))
		scsi_lu_raise(unit->lu, SCSI_UA_ACCESS, NULL);
	if (access->explicit_changed && !is_told_before(state, delta, index, lun_id, false))
		scsi_lu_raise(unit->lu, SCSI_UA_INQUIRY, NULL);
	target_unit_unref(unit);
}

void
target_access_raise(struct target *target, const struct state *state,
		    const struct target_delta *delta)
{
	for (size_t i = 0; i < delta->access_count; i++) {
		struct row_slice luns = state_target_luns(state, &delta->access[i].target_id);

		for (size_t l = 0; l < luns.count; l++) {
			const struct row_association *row = luns.rows[l];

			raise_for_lun(target, state, delta, i, &row->lun_id);
		}
	}
}

/* ---- REPORT TARGET PORT GROUPS ---- */

static const struct state *
path_state(const struct target_path *path)
{
	return path->session->thread->view->state;
}

/* Returns whether the portals of the group are of another gateway than the LUN's owner. */
static bool
is_elsewhere(const struct state *state, const struct row_portal_group *group,
	     const struct row_lun_owner *owner)
{
	struct row_slice members = state_group_portals(state, &group->id);
	const struct row_group_portal *first = members.count > 0 ? members.rows[0] : NULL;
	const struct row_portal *portal = first != NULL
						  ? state_find(state, ROW_PORTAL, &first->portal_id)
						  : NULL;

	return portal != NULL && !guid_equal(&portal->controller_id, &owner->controller_id);
}

/* Paths that do not go through the owner of the LUN are not optimized, whatever their group is. */
static uint8_t
access_of(const struct state *state, const struct row_portal_group *group,
	  const struct row_lun_owner *owner)
{
	enum scsi_alua access = scsi_state(group->access_state);

	if (owner != NULL && access == SCSI_ALUA_OPTIMIZED && is_elsewhere(state, group, owner))
		access = SCSI_ALUA_NON_OPTIMIZED;
	return (uint8_t)access;
}

static struct scsi_port_group
scsi_group(const struct state *state, const struct row_portal_group *row,
	   const struct row_lun_owner *owner)
{
	return (struct scsi_port_group){
		.number = (uint16_t)row->relative_port,
		.access = access_of(state, row, owner),
		.cause = (uint8_t)cause_of(row->access_set_by),
		.preferred = row->preferred,
		.settable = row->explicit_allowed,
	};
}

/*
 * The groups of all targets through which the LUN is accessible, whether they have portals or not.
 */
size_t
target_access_groups(struct scsi_itl *itl, size_t first, struct scsi_port_group *groups,
		     size_t capacity)
{
	const struct target_path *path = container_of(itl, struct target_path, itl);
	const struct state *state = path_state(path);
	struct row_slice targets = state_lun_targets(state, &path->lun_id);
	const struct row_lun_owner *owner = state_lun_owner(state, &path->lun_id);
	size_t at = 0, copied = 0;

	for (size_t t = 0; t < targets.count; t++) {
		const struct row_association *row = targets.rows[t];
		struct row_slice slice = state_target_groups(state, &row->target_id);
		size_t skip = first > at ? MIN(first - at, slice.count) : 0;

		for (size_t g = skip; g < slice.count && copied < capacity; g++)
			groups[copied++] = scsi_group(state, slice.rows[g], owner);
		at += slice.count;
	}
	return at;
}

/* ---- SET TARGET PORT GROUPS ---- */

/* A change that an initiator asks for.  The changer has it; then the task's thread frees it. */
struct target_access_change {
	struct work work;
	struct target *target;
	struct target_task *task;
	int error;
	bool changed;
	size_t count;
	struct array_access_set sets[];
};

/* On the task's thread. */
static void
change_done(struct loop_msg *msg)
{
	struct target_task *t = container_of(msg, struct target_task, resume);
	struct target_access_change *change = t->access;
	int error = change->error;
	bool changed = change->changed;

	t->access = NULL;
	mem_free(change);
	scsi_alua_set_done(&t->scsi, error, changed);
}

/* On the changer.  The change belongs to the task's thread once it was posted. */
static void
change_run(struct work *work)
{
	struct target_access_change *change = container_of(work, struct target_access_change, work);
	struct target_task *t = change->task;
	const struct array_request request = { .principal = NULL };
	struct array_answer answer = { .existed = false };

	change->error = array_group_set_states(change->target->array, &request, change->sets,
					       change->count, &answer);
	change->changed = change->error == 0 && !answer.existed;
	t->resume.run = change_done;
	loop_post(t->conn->thread->loop, &t->resume);
}

static const struct row_portal_group *
group_with_number(const struct target_path *path, uint16_t number)
{
	const struct state *state = path_state(path);
	struct row_slice targets = state_lun_targets(state, &path->lun_id);

	for (size_t t = 0; t < targets.count; t++) {
		const struct row_association *row = targets.rows[t];
		struct row_slice slice = state_target_groups(state, &row->target_id);

		for (size_t g = 0; g < slice.count; g++) {
			const struct row_portal_group *group = slice.rows[g];

			if (group->relative_port == number)
				return group;
		}
	}
	return NULL;
}

int
target_access_set(struct scsi_task *task, const struct scsi_alua_set *sets, size_t count)
{
	struct target_task *t = container_of(task, struct target_task, scsi);
	struct target_access_change *change = mem_calloc(
		1, sizeof(*change) + count * sizeof(change->sets[0]));

	if (change == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct row_portal_group *group = group_with_number(t->path, sets[i].number);

		if (group == NULL) {
			mem_free(change);
			return ERR_NOT_FOUND;
		}
		change->sets[i].group_id = group->id;
		change->sets[i].state = row_state(sets[i].access);
		log_info("target.access", "initiator=%s lun=%u group=%u state=%s",
			 task->nexus->initiator_name, t->path->number, group->relative_port,
			 port_access_name(change->sets[i].state));
	}
	change->work.run = change_run;
	change->target = t->conn->thread->target;
	change->task = t;
	change->count = count;
	t->access = change;
	workers_submit(change->target->changer, &change->work);
	return 0;
}

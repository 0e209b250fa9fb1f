/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The asymmetric access (ALUA) of portal groups: which paths to the LUNs of a target are active,
 * and whether initiators may decide that.  Callers: any thread except the writer; apply functions
 * run on the writer thread.  Source: SPC-5, asymmetric logical unit access.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

struct access_change {
	struct array_task task;
	struct guid group_id;
	struct array_group_access access;
};

/* Returns whether the change has an effect on the row. */
static bool
merge(struct row_portal_group *row, const struct array_group_access *access)
{
	bool changed = false;

	if (access->set_state && access->state != row->access_state) {
		row->access_state = access->state;
		row->access_set_by = ACCESS_SET_BY_ADMINISTRATOR;
		changed = true;
	}
	if (access->set_preferred && access->preferred != row->preferred) {
		row->preferred = access->preferred;
		changed = true;
	}
	if (access->set_explicit && access->explicit_allowed != row->explicit_allowed) {
		row->explicit_allowed = access->explicit_allowed;
		changed = true;
	}
	return changed;
}

static int
access_apply(struct array *array, struct array_task *task)
{
	struct access_change *c = container_of(task, struct access_change, task);
	const struct row_portal_group *group = state_find(state_edit_view(task->edit),
							  ROW_PORTAL_GROUP, &c->group_id);
	AUTO_ROW struct row_portal_group *row = NULL;

	(void)array;
	if (group == NULL)
		return array_name_no_such(ROW_PORTAL_GROUP, &c->group_id);
	row = row_copy(group);
	if (row == NULL)
		return -ENOMEM;
	task->answer.object_id = c->group_id;
	task->answer.existed = !merge(row, &c->access);
	return task->answer.existed ? 0 : state_edit_put(task->edit, TAKE(row));
}

int
array_group_set_access(struct array *array, const struct array_request *request,
		       const struct guid *group, const struct array_group_access *access,
		       struct array_answer *ret_answer)
{
	struct access_change c = {
		.task = { .apply = access_apply, .cause = "group.access" },
		.group_id = *group,
		.access = *access,
	};

	return array_change_run(array, request, &c.task, ret_answer);
}

/* ---- what initiators ask ---- */

struct states_change {
	struct array_task task;
	const struct array_access_set *sets;
	size_t count;
};

static int
state_put(struct state_edit *edit, const struct array_access_set *set, bool *changed)
{
	const struct row_portal_group *group = state_find(state_edit_view(edit), ROW_PORTAL_GROUP,
							  &set->group_id);
	struct row_portal_group *row;

	if (group == NULL)
		return array_name_no_such(ROW_PORTAL_GROUP, &set->group_id);
	if (!group->explicit_allowed)
		return err_set(ERR_ACCESS,
			       "initiators may not set the state of portal group %u: "
			       "`vdsctl group set GROUP --explicit yes` allows it",
			       group->tag);
	if (group->access_state == set->state)
		return 0;
	row = row_copy(group);
	if (row == NULL)
		return -ENOMEM;
	row->access_state = set->state;
	row->access_set_by = ACCESS_SET_BY_INITIATOR;
	*changed = true;
	return state_edit_put(edit, row);
}

static int
states_apply(struct array *array, struct array_task *task)
{
	struct states_change *c = container_of(task, struct states_change, task);
	bool changed = false;
	int rc = 0;

	(void)array;
	for (size_t i = 0; rc == 0 && i < c->count; i++)
		rc = state_put(task->edit, &c->sets[i], &changed);
	task->answer.object_id = c->sets[0].group_id;
	task->answer.existed = !changed;
	return rc;
}

int
array_group_set_states(struct array *array, const struct array_request *request,
		       const struct array_access_set *sets, size_t count,
		       struct array_answer *ret_answer)
{
	struct states_change c = {
		.task = { .apply = states_apply, .cause = "group.access" },
		.sets = sets,
		.count = count,
	};

	return array_change_run(array, request, &c.task, ret_answer);
}

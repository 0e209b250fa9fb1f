/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Portal groups say through which portals a target is reached.  This file creates and deletes them
 * and changes their portals; access.c changes their asymmetric access.  Tags count from 1 in each
 * target.  The relative target port identifier (SPC-4 §7.8.6.1) is unique in the array; it counts
 * up and wraps around, so that an identifier is used again as late as possible.  Callers: any
 * thread except the writer; apply functions run on the writer thread.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/port.h"

struct group_change {
	struct array_task task;
	struct guid id; /* the group; of the target for create */
	struct guid portal_id;
	bool with_portals;
};

/* ---- pieces of changes ---- */

static uint32_t
free_tag(const struct state *view, const struct guid *target_id)
{
	struct row_slice groups = state_target_groups(view, target_id);
	uint32_t tag = 1;

	for (size_t i = 0; i < groups.count; i++)
		if (((const struct row_portal_group *)groups.rows[i])->tag == tag)
			tag++;
	return tag;
}

/*
 * Marks which relative ports may be in use, with one bit for each.  The bit of a group that was
 * deleted or never committed stays set until all bits are set; then they are computed again from
 * the groups.  So the next free port is usually found without looking at all groups.
 */
static void
ports_load(struct array *array, const struct state *view)
{
	size_t count = state_count(view, ROW_PORTAL_GROUP);

	memset(array->ports, 0, sizeof(array->ports));
	for (size_t i = 0; i < count; i++) {
		const struct row_portal_group *group = state_at(view, ROW_PORTAL_GROUP, i);

		array->ports[group->relative_port / 64] |= 1ull << group->relative_port % 64;
	}
	array->ports_known = true;
	array->ports_visited += count;
}

/* Returns the first port after `last`, wrapping around, that is certainly free; 0 = none. */
static uint32_t
port_find(struct array *array, uint32_t last)
{
	uint32_t port = last;

	for (uint32_t i = 0; i < UINT16_MAX; i++) {
		port = port >= UINT16_MAX ? 1 : port + 1;
		array->ports_visited++;
		if ((array->ports[port / 64] & 1ull << port % 64) == 0)
			return port;
	}
	return 0;
}

int
array_group_take_port(struct array *array, const struct state *view, uint32_t *ret_port)
{
	uint64_t last = 0;
	uint32_t port;
	int rc = catalog_counter_get(array->catalog, CATALOG_RELATIVE_PORT, &last);

	if (rc < 0)
		return rc;
	if (state_count(view, ROW_PORTAL_GROUP) >= UINT16_MAX)
		return err_set(ERR_LIMIT, "the array has %d portal groups, and cannot have more",
			       UINT16_MAX);
	if (!array->ports_known)
		ports_load(array, view);
	port = port_find(array, (uint32_t)last);
	if (port == 0) {
		ports_load(array, view);
		port = port_find(array, (uint32_t)last);
	}
	assert(port != 0);
	array->ports[port / 64] |= 1ull << port % 64;
	*ret_port = port;
	return catalog_counter_set(array->catalog, CATALOG_RELATIVE_PORT, port);
}

static int
put_member(struct state_edit *edit, const struct guid *group_id, const struct guid *portal_id)
{
	struct row_group_portal *row = row_new(ROW_GROUP_PORTAL);

	if (row == NULL)
		return -ENOMEM;
	row->group_id = *group_id;
	row->portal_id = *portal_id;
	return state_edit_put(edit, row);
}

int
array_group_edit_add(struct array *array, struct state_edit *edit, const struct guid *target_id,
		     struct guid *ret_group_id)
{
	const struct state *view = state_edit_view(edit);
	AUTO_ROW struct row_portal_group *row = row_new(ROW_PORTAL_GROUP);
	struct guid id;
	int rc;

	if (row == NULL)
		return -ENOMEM;
	guid_make(&id);
	row->id = id;
	row->target_id = *target_id;
	row->tag = free_tag(view, target_id);
	if (row->tag > UINT16_MAX)
		return err_set(ERR_LIMIT,
			       "the target has 65535 portal groups, and cannot have more");
	rc = array_group_take_port(array, view, &row->relative_port);
	if (rc == 0)
		rc = state_edit_put(edit, TAKE(row));
	*ret_group_id = id;
	return rc;
}

/* Adds a portal group to a target with all portals of a controller; zero = of the only one. */
static int
add_group_of(struct array *array, struct state_edit *edit, const struct guid *target_id,
	     const struct guid *controller_id)
{
	const struct state *view = state_edit_view(edit);
	struct guid group_id;
	int rc = array_group_edit_add(array, edit, target_id, &group_id);

	for (size_t i = 0; rc == 0 && i < state_count(view, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(view, ROW_PORTAL, i);

		if (guid_equal(&portal->controller_id, controller_id))
			rc = put_member(edit, &group_id, &portal->id);
	}
	return rc;
}

static bool
has_portals(const struct state *view, const struct guid *controller_id)
{
	for (size_t i = 0; i < state_count(view, ROW_PORTAL); i++) {
		const struct row_portal *portal = state_at(view, ROW_PORTAL, i);

		if (guid_equal(&portal->controller_id, controller_id))
			return true;
	}
	return false;
}

int
array_group_edit_add_full(struct array *array, struct state_edit *edit,
			  const struct guid *target_id)
{
	const struct state *view = state_edit_view(edit);
	size_t count = state_has_gateways(view) ? state_count(view, ROW_CONTROLLER) : 0;
	struct guid group_id, none = { { 0 } };
	size_t made = 0;
	int rc = 0;

	if (count == 0)
		return add_group_of(array, edit, target_id, &none);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		const struct row_controller *row = state_at(view, ROW_CONTROLLER, i);

		if (!has_portals(view, &row->id))
			continue;
		rc = add_group_of(array, edit, target_id, &row->id);
		made++;
	}
	return rc == 0 && made == 0 ? array_group_edit_add(array, edit, target_id, &group_id) : rc;
}

/* Returns the portal group of this target that contains the portal, or NULL. */
static const struct row_portal_group *
group_with(const struct state *view, const struct guid *target_id, const struct guid *portal_id)
{
	struct row_slice groups = state_portal_groups(view, portal_id);

	for (size_t i = 0; i < groups.count; i++) {
		const struct row_group_portal *member = groups.rows[i];
		const struct row_portal_group *group = state_find(view, ROW_PORTAL_GROUP,
								  &member->group_id);

		if (guid_equal(&group->target_id, target_id))
			return group;
	}
	return NULL;
}

/* Returns whether the portal may be in the group: its portals are those of one controller. */
static bool
fits(const struct state *view, const struct guid *group_id, const struct guid *portal_id)
{
	const struct row_portal *portal = state_find(view, ROW_PORTAL, portal_id), *first;
	struct row_slice members = state_group_portals(view, group_id);

	if (members.count == 0)
		return true;
	first = state_find(view, ROW_PORTAL,
			   &((const struct row_group_portal *)members.rows[0])->portal_id);
	return guid_equal(&first->controller_id, &portal->controller_id);
}

int
array_group_edit_add_to_all(struct array *array, struct state_edit *edit,
			    const struct guid *portal_id)
{
	size_t count = state_count(state_edit_view(edit), ROW_TARGET);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		const struct state *view = state_edit_view(edit);
		struct guid target_id =
			((const struct row_target *)state_at(view, ROW_TARGET, i))->id;
		struct row_slice groups;
		struct guid group_id;
		size_t g = 0;

		if (group_with(view, &target_id, portal_id) != NULL)
			continue;
		groups = state_target_groups(view, &target_id);
		while (g < groups.count &&
		       !fits(view, &((const struct row_portal_group *)groups.rows[g])->id,
			     portal_id))
			g++;
		if (g < groups.count)
			group_id = ((const struct row_portal_group *)groups.rows[g])->id;
		else
			rc = array_group_edit_add(array, edit, &target_id, &group_id);
		if (rc == 0)
			rc = put_member(edit, &group_id, portal_id);
	}
	return rc;
}

int
array_group_edit_remove(struct state_edit *edit, const struct guid *group_id)
{
	const struct state *view = state_edit_view(edit);
	struct row_slice members;
	int rc = 0;

	while (rc == 0 && (members = state_group_portals(view, group_id)).count > 0) {
		struct guid portal_id =
			((const struct row_group_portal *)members.rows[0])->portal_id;

		rc = state_edit_delete(edit, ROW_GROUP_PORTAL, group_id, &portal_id);
	}
	return rc < 0 ? rc : state_edit_delete(edit, ROW_PORTAL_GROUP, group_id, NULL);
}

/* ---- create and delete ---- */

static int
create_apply(struct array *array, struct array_task *task)
{
	struct group_change *c = container_of(task, struct group_change, task);

	if (state_find(state_edit_view(task->edit), ROW_TARGET, &c->id) == NULL)
		return array_name_no_such(ROW_TARGET, &c->id);
	return array_group_edit_add(array, task->edit, &c->id, &task->answer.object_id);
}

int
array_group_create(struct array *array, const struct array_request *request,
		   const struct guid *target, struct array_answer *ret_answer)
{
	struct group_change c = {
		.task = { .apply = create_apply, .cause = "group.create", .use = CATALOG_MAKES },
		.id = *target,
	};

	return array_change_run(array, request, &c.task, ret_answer);
}

static int
find_group(const struct state *view, const struct guid *id,
	   const struct row_portal_group **ret_group)
{
	const struct row_portal_group *group = state_find(view, ROW_PORTAL_GROUP, id);

	if (group == NULL)
		return array_name_no_such(ROW_PORTAL_GROUP, id);
	*ret_group = group;
	return 0;
}

static int
delete_apply(struct array *array, struct array_task *task)
{
	struct group_change *c = container_of(task, struct group_change, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_portal_group *group;
	size_t portals = state_group_portals(view, &c->id).count;
	int rc = find_group(view, &c->id, &group);

	(void)array;
	if (rc < 0)
		return rc;
	if (portals > 0 && !c->with_portals)
		return err_set(ERR_PORTALS_ASSOCIATED, "the portal group still has %zu portal%s",
			       portals, portals == 1 ? "" : "s");
	task->answer.object_id = c->id;
	return array_group_edit_remove(task->edit, &c->id);
}

int
array_group_delete(struct array *array, const struct array_request *request,
		   const struct guid *group, bool with_portals, struct array_answer *ret_answer)
{
	struct group_change c = {
		.task = { .apply = delete_apply, .cause = "group.delete", .use = CATALOG_FREES },
		.id = *group,
		.with_portals = with_portals,
	};

	return array_change_run(array, request, &c.task, ret_answer);
}

/* ---- portals in a group ---- */

static int
add_apply(struct array *array, struct array_task *task)
{
	struct group_change *c = container_of(task, struct group_change, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_portal_group *group = NULL, *has;
	int rc = find_group(view, &c->id, &group);

	(void)array;
	if (rc == 0 && state_find(view, ROW_PORTAL, &c->portal_id) == NULL)
		rc = array_name_no_such(ROW_PORTAL, &c->portal_id);
	if (rc < 0)
		return rc;
	has = group_with(view, &group->target_id, &c->portal_id);
	if (has != NULL && has != group)
		return err_set(ERR_IN_USE,
			       "the portal is in portal group %u of the same target: "
			       "remove the portal from that group first",
			       has->tag);
	if (!fits(view, &c->id, &c->portal_id))
		return err_set(ERR_INVALID, "the portal group has portals of another gateway: a "
					    "group has those of one, so make one for each");
	task->answer.object_id = c->id;
	task->answer.existed = has != NULL;
	return has != NULL ? 0 : put_member(task->edit, &c->id, &c->portal_id);
}

int
array_group_add_portal(struct array *array, const struct array_request *request,
		       const struct guid *group, const struct guid *portal,
		       struct array_answer *ret_answer)
{
	struct group_change c = {
		.task = { .apply = add_apply, .cause = "group.add" },
		.id = *group,
		.portal_id = *portal,
	};

	return array_change_run(array, request, &c.task, ret_answer);
}

static int
remove_apply(struct array *array, struct array_task *task)
{
	struct group_change *c = container_of(task, struct group_change, task);
	const struct row_portal_group *group;
	int rc = find_group(state_edit_view(task->edit), &c->id, &group);

	(void)array;
	if (rc < 0)
		return rc;
	task->answer.object_id = c->id;
	rc = state_edit_delete(task->edit, ROW_GROUP_PORTAL, &c->id, &c->portal_id);
	return rc == ERR_NOT_FOUND ? err_set(rc, "the portal group does not contain the portal")
				   : rc;
}

int
array_group_remove_portal(struct array *array, const struct array_request *request,
			  const struct guid *group, const struct guid *portal,
			  struct array_answer *ret_answer)
{
	struct group_change c = {
		.task = { .apply = remove_apply, .cause = "group.remove", .use = CATALOG_FREES },
		.id = *group,
		.portal_id = *portal,
	};

	return array_change_run(array, request, &c.task, ret_answer);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a plan deletes: the objects that the file calls absent and, in a file that says everything,
 * those that it does not have, with what belongs to them.  The thread that asks.
 */
#include <errno.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/host.h"

/* Deletes the pairs of a slice that is asked for anew after each. */
static int
delete_pairs(struct array_plan_build *b, enum row_family family,
	     struct row_slice (*slice_of)(const struct state *state, const struct guid *id),
	     const struct guid *id)
{
	struct row_slice slice;
	struct row_key key;
	int rc = 0;

	while (rc == 0 && (slice = slice_of(array_plan_view(b), id)).count > 0) {
		row_key(slice.rows[0], &key);
		rc = state_edit_delete(b->edit, family, &key.a,
				       row_type(family)->key_fields > 1 ? &key.b : NULL);
	}
	return rc;
}

int
array_plan_delete_lun(struct array_plan_build *b, const struct guid *lun_id)
{
	int rc = delete_pairs(b, ROW_ASSOCIATION, state_lun_targets, lun_id);

	return rc < 0 ? rc : array_lun_edit_delete_row(b->edit, lun_id);
}

int
array_plan_delete_group(struct array_plan_build *b, const struct guid *group_id)
{
	int rc = delete_pairs(b, ROW_GROUP_PORTAL, state_group_portals, group_id);

	return rc < 0 ? rc : state_edit_delete(b->edit, ROW_PORTAL_GROUP, group_id, NULL);
}

static int
delete_target(struct array_plan_build *b, const struct guid *id)
{
	struct row_slice groups;
	int rc = delete_pairs(b, ROW_ASSOCIATION, state_target_luns, id);

	while (rc == 0 && (groups = state_target_groups(array_plan_view(b), id)).count > 0) {
		struct guid group_id = ((const struct row_portal_group *)groups.rows[0])->id;

		rc = array_plan_delete_group(b, &group_id);
	}
	if (rc == 0)
		rc = array_credential_edit_remove_all(b->edit, id);
	return rc < 0 ? rc : state_edit_delete(b->edit, ROW_TARGET, id, NULL);
}

static int
delete_host(struct array_plan_build *b, const struct guid *id)
{
	struct row_slice groups;
	int rc = delete_pairs(b, ROW_INITIATOR, state_host_initiators, id);

	while (rc == 0 && (groups = state_host_groups(array_plan_view(b), id)).count > 0) {
		struct guid group_id = ((const struct row_host_member *)groups.rows[0])->group_id;

		rc = state_edit_delete(b->edit, ROW_HOST_MEMBER, &group_id, id);
	}
	if (rc == 0)
		rc = array_credential_edit_remove_all(b->edit, id);
	return rc < 0 ? rc : state_edit_delete(b->edit, ROW_HOST, id, NULL);
}

static int
delete_host_group(struct array_plan_build *b, const struct guid *id)
{
	int rc = delete_pairs(b, ROW_HOST_MEMBER, state_group_hosts, id);

	return rc < 0 ? rc : state_edit_delete(b->edit, ROW_HOST_GROUP, id, NULL);
}

static int
delete_portal(struct array_plan_build *b, const struct guid *id)
{
	int rc = delete_pairs(b, ROW_GROUP_PORTAL, state_portal_groups, id);

	return rc < 0 ? rc : state_edit_delete(b->edit, ROW_PORTAL, id, NULL);
}

/* Its snapshots stay, as after array_schedule_delete. */
static int
delete_schedule(struct array_plan_build *b, const struct guid *id)
{
	return state_edit_delete(b->edit, ROW_SNAPSHOT_SCHEDULE, id, NULL);
}

/* Whether LUNs remain in it is checked at the end, when those that go have gone. */
static int
delete_pool(struct array_plan_build *b, const struct guid *id)
{
	int rc = array_snapshot_check_pool(state_edit_view(b->edit), id);

	return rc < 0 ? rc : state_edit_delete(b->edit, ROW_POOL, id, NULL);
}

/* clang-format off */
static const struct {
	enum array_plan_section section;
	enum row_family family;
	int (*delete)(struct array_plan_build *b, const struct guid *id);
} kinds[] = {
	{ PLAN_SCHEDULES,   ROW_SNAPSHOT_SCHEDULE, delete_schedule },
	{ PLAN_LUNS,	    ROW_LUN,		   array_plan_delete_lun },
	{ PLAN_TARGETS,	    ROW_TARGET,		   delete_target },
	{ PLAN_HOST_GROUPS, ROW_HOST_GROUP,	   delete_host_group },
	{ PLAN_HOSTS,	    ROW_HOST,		   delete_host },
	{ PLAN_PORTALS,	    ROW_PORTAL,		   delete_portal },
	{ PLAN_POOLS,	    ROW_POOL,		   delete_pool },
};
/* clang-format on */

static int
delete_absent(struct array_plan_build *b, size_t kind)
{
	const struct array_plan_entries *entries = &b->sections[kinds[kind].section];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < entries->count; i++)
		if (entries->list[i].absent && entries->list[i].row != NULL)
			rc = kinds[kind].delete(b, &entries->list[i].id);
	return rc;
}

static int
delete_unnamed(struct array_plan_build *b, size_t kind)
{
	const struct state *before = b->plan->before;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < state_count(before, kinds[kind].family); i++) {
		struct row_key key;

		row_key(state_at(before, kinds[kind].family, i), &key);
		if (guid_map_find(&b->claimed, &key.a) == NULL)
			rc = kinds[kind].delete(b, &key.a);
	}
	return rc;
}

/*
 * A file that says everything has every section but that of schedules, which older files do not
 * have: without it they stay.
 */
int
array_plan_delete_all(struct array_plan_build *b)
{
	int rc = 0;

	for (size_t kind = 0; rc == 0 && kind < ARRAY_LEN(kinds); kind++) {
		rc = delete_absent(b, kind);
		if (rc == 0 && b->whole && b->sections[kinds[kind].section].given)
			rc = delete_unnamed(b, kind);
	}
	return rc;
}

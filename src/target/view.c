/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Views: what a state means for initiators.  One struct for each target, shared by successive
 * views as long as nothing below it changes, so that a change costs what it touches (and a copy of
 * the table of pointers).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "target/target_int.h"

/* ---- Counting ---- */

struct target_view_target *
target_view_target_ref(struct target_view_target *vt)
{
	atomic_fetch_add_explicit(&vt->refs, 1, memory_order_relaxed);
	return vt;
}

static void
luns_free(struct target_view_target *vt)
{
	for (size_t i = 0; i < vt->lun_count; i++) {
		target_unit_unref(vt->luns[i].unit);
		row_unref((void *)(uintptr_t)vt->luns[i].row);
	}
	mem_free(vt->luns);
}

static void
groups_free(struct target_view_target *vt)
{
	for (size_t g = 0; g < vt->group_count; g++) {
		for (size_t p = 0; p < vt->groups[g].portal_count; p++)
			target_portal_unref(vt->groups[g].portals[p]);
		mem_free(vt->groups[g].portals);
	}
	mem_free(vt->groups);
}

void
target_view_target_unref(struct target_view_target *vt)
{
	if (vt == NULL || atomic_fetch_sub_explicit(&vt->refs, 1, memory_order_acq_rel) != 1)
		return;
	luns_free(vt);
	target_admit_fini(&vt->admit);
	groups_free(vt);
	row_unref(vt->row);
	mem_free(vt);
}

struct target_view *
target_view_ref(struct target_view *view)
{
	atomic_fetch_add_explicit(&view->refs, 1, memory_order_relaxed);
	return view;
}

void
target_view_unref(struct target_view *view)
{
	if (view == NULL || atomic_fetch_sub_explicit(&view->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < view->target_count; i++)
		target_view_target_unref(view->targets[i]);
	for (size_t i = 0; i < view->portal_count; i++)
		target_portal_unref(view->portals[i]);
	mem_free(view->targets);
	mem_free(view->portals);
	mem_free(view);
}

/* ---- Looking up ---- */

struct target_view_target *
target_view_find_target(const struct target_view *view, const char *iscsi_name)
{
	size_t low = 0, high = view->target_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(iscsi_name, view->targets[middle]->row->iscsi_name);

		if (order == 0)
			return view->targets[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

struct target_view_target *
target_view_next_target(const struct target_view *view, const char *after)
{
	size_t low = 0, high = view->target_count;

	while (after != NULL && low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(after, view->targets[middle]->row->iscsi_name) < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low < view->target_count ? view->targets[low] : NULL;
}

struct target_view_target *
target_view_find_target_id(const struct target_view *view, const struct guid *id)
{
	for (size_t i = 0; i < view->target_count; i++)
		if (guid_equal(&view->targets[i]->row->id, id))
			return view->targets[i];
	return NULL;
}

struct target_portal *
target_view_find_portal(const struct target_view *view, const struct guid *id)
{
	size_t low = 0, high = view->portal_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = guid_compare(id, &view->portals[middle]->row->id);

		if (order == 0)
			return view->portals[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* By id: the connection may have come through an earlier form of the same portal. */
const struct target_view_group *
target_view_target_group(const struct target_view_target *vt, const struct target_portal *portal)
{
	for (size_t g = 0; g < vt->group_count; g++)
		for (size_t p = 0; p < vt->groups[g].portal_count; p++)
			if (guid_equal(&vt->groups[g].portals[p]->row->id, &portal->row->id))
				return &vt->groups[g];
	return NULL;
}

bool
target_view_target_shows_any(const struct target_view_target *vt, const char *initiator)
{
	if (vt->admit.everyone || !target_admit_may(&vt->admit, initiator))
		return vt->admit.everyone;
	for (size_t i = 0; i < vt->lun_count; i++)
		if (mask_admits(vt->luns[i].row->mask, initiator))
			return true;
	return false;
}

/* ---- Making ---- */

struct maker {
	struct target *target;
	const struct target_view *old;
	const struct state *old_state, *state;
	const struct change *change;
	struct guid_map touched; /* targets to make anew, by id */
	struct guid_map reuse;   /* the old view's targets, by id */
	struct target_view *view;
};

static int
touch(struct maker *m, const struct guid *target_id)
{
	static char mark;

	return guid_map_put(&m->touched, target_id, &mark);
}

static int
touch_slice(struct maker *m, struct row_slice associations)
{
	int r = 0;

	for (size_t i = 0; i < associations.count && r == 0; i++)
		r = touch(m, &((const struct row_association *)associations.rows[i])->target_id);
	return r;
}

static int
touch_group(struct maker *m, const struct guid *group_id)
{
	const struct state *states[] = { m->state, m->old_state };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(states) && r == 0; i++) {
		const struct row_portal_group *group =
			states[i] != NULL ? state_find(states[i], ROW_PORTAL_GROUP, group_id)
					  : NULL;

		if (group != NULL)
			r = touch(m, &group->target_id);
	}
	return r;
}

static int
touch_portal(struct maker *m, const struct guid *portal_id)
{
	struct row_slice groups = state_portal_groups(m->state, portal_id);
	int r = 0;

	for (size_t i = 0; i < groups.count && r == 0; i++)
		r = touch_group(m, &((const struct row_group_portal *)groups.rows[i])->group_id);
	return r;
}

/* Which targets does one op concern? */
static int
touch_op(struct maker *m, const struct change_op *op)
{
	switch (op->family) {
	case ROW_TARGET:
		return touch(m, &op->key.a);
	case ROW_ASSOCIATION:
		return touch(m, &op->key.b);
	case ROW_LUN:
		return touch_slice(m, state_lun_targets(m->state, &op->key.a));
	case ROW_PORTAL_GROUP:
	case ROW_GROUP_PORTAL:
		return touch_group(m, &op->key.a);
	case ROW_PORTAL:
		return touch_portal(m, &op->key.a);
	default:
		return 0;
	}
}

static int
find_touched(struct maker *m)
{
	int r = 0;

	if (m->change == NULL || m->old == NULL)
		return 0;
	for (size_t i = 0; i < m->change->op_count && r == 0; i++)
		r = touch_op(m, &m->change->ops[i]);
	for (size_t i = 0; i < m->old->target_count && r == 0; i++)
		r = guid_map_put(&m->reuse, &m->old->targets[i]->row->id, m->old->targets[i]);
	return r;
}

static int
make_luns(struct maker *m, struct target_view_target *vt)
{
	struct row_slice slice = state_target_luns(m->state, &vt->row->id);

	vt->luns = mem_calloc(slice.count, sizeof(*vt->luns));
	if (vt->luns == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < slice.count; i++) {
		const struct row_association *a = slice.rows[i];
		const struct row_lun *row = state_find(m->state, ROW_LUN, &a->lun_id);
		struct target_unit *unit = NULL;
		int r = target_unit_get(m->target, row, &unit);

		if (r < 0)
			return r;
		vt->luns[vt->lun_count++] = (struct target_view_lun){
			.number = (uint16_t)a->lun_number,
			.unit = target_unit_ref(unit),
			.row = row_ref(row),
		};
	}
	return 0;
}

static int
make_group(struct maker *m, const struct row_portal_group *row, struct target_view_group *group)
{
	struct row_slice slice = state_group_portals(m->state, &row->id);

	group->tag = (uint16_t)row->tag;
	group->relative_port = (uint16_t)row->relative_port;
	group->portals = mem_calloc(slice.count, sizeof(struct target_portal *));
	if (group->portals == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < slice.count; i++) {
		const struct row_group_portal *gp = slice.rows[i];
		struct target_portal *portal = target_view_find_portal(m->view, &gp->portal_id);

		if (portal != NULL)
			group->portals[group->portal_count++] = target_portal_ref(portal);
	}
	return 0;
}

static int
make_groups(struct maker *m, struct target_view_target *vt)
{
	struct row_slice slice = state_target_groups(m->state, &vt->row->id);

	vt->groups = mem_calloc(slice.count, sizeof(*vt->groups));
	if (vt->groups == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < slice.count; i++) {
		int r = make_group(m, slice.rows[i], &vt->groups[i]);

		vt->group_count++;
		if (r < 0)
			return r;
	}
	return 0;
}

static int
make_target(struct maker *m, const struct row_target *row, struct target_view_target **ret_vt)
{
	struct target_view_target *vt = mem_calloc(1, sizeof(*vt));

	if (vt == NULL)
		return -ENOMEM;
	atomic_init(&vt->refs, 1);
	vt->row = row_ref(row);
	int r = make_luns(m, vt);

	if (r == 0)
		r = target_admit_init(&vt->admit, vt->luns, vt->lun_count);
	if (r == 0)
		r = make_groups(m, vt);
	if (r < 0) {
		target_view_target_unref(vt);
		return r;
	}
	*ret_vt = vt;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct target_view_target *const *x = a, *const *y = b;

	return strcmp((*x)->row->iscsi_name, (*y)->row->iscsi_name);
}

static int
make_targets(struct maker *m)
{
	struct target_view *view = m->view;
	size_t count = state_count(m->state, ROW_TARGET);

	view->targets = mem_calloc(count, sizeof(*view->targets));
	if (view->targets == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct row_target *row = state_at(m->state, ROW_TARGET, i);
		struct target_view_target *vt = guid_map_find(&m->reuse, &row->id);
		int r = 0;

		if (vt != NULL && guid_map_find(&m->touched, &row->id) == NULL)
			target_view_target_ref(vt);
		else
			r = make_target(m, row, &vt);
		if (r < 0)
			return r;
		view->targets[view->target_count++] = vt;
	}
	qsort(view->targets, view->target_count, sizeof(*view->targets), by_name);
	return 0;
}

/* A portal whose row is the same goes on listening. */
static int
make_portals(struct maker *m)
{
	struct target_view *view = m->view;
	size_t count = state_count(m->state, ROW_PORTAL);

	view->portals = mem_calloc(count, sizeof(*view->portals));
	if (view->portals == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct row_portal *row = state_at(m->state, ROW_PORTAL, i);
		struct target_portal *portal = m->old != NULL
						       ? target_view_find_portal(m->old, &row->id)
						       : NULL;
		int r = 0;

		if (portal != NULL && row_equal(portal->row, row))
			target_portal_ref(portal);
		else
			r = target_portal_new(m->target, row, &portal);
		if (r < 0)
			return r;
		view->portals[view->portal_count++] = portal;
	}
	return 0;
}

int
target_view_new(struct target *target, const struct target_view *old, const struct state *old_state,
		const struct state *state, const struct change *change,
		struct target_view **ret_view)
{
	struct maker m = {
		.target = target,
		.old = old,
		.old_state = old_state,
		.state = state,
		.change = change,
		.view = mem_calloc(1, sizeof(struct target_view)),
	};

	if (m.view == NULL)
		return -ENOMEM;
	atomic_init(&m.view->refs, 1);
	guid_map_init(&m.touched);
	guid_map_init(&m.reuse);
	int r = find_touched(&m);

	if (r == 0)
		r = make_portals(&m);
	if (r == 0)
		r = make_targets(&m);
	guid_map_fini(&m.touched);
	guid_map_fini(&m.reuse);
	if (r < 0) {
		target_view_unref(m.view);
		return r;
	}
	*ret_view = m.view;
	return 0;
}

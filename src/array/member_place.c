/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which gateway gets a LUN: the one with the fewest, of equals the one with the smallest id, so
 * that every gateway chooses the same one from the same state.  LUNs that schedules take together
 * go together.  Any thread.
 */
#include <errno.h>
#include <string.h>

#include "array/member_int.h"
#include "base/mem.h"

bool
array_member_lives(const struct row_controller *row)
{
	return row != NULL && row->instance != NULL && row->instance[0] != '\0';
}

void
array_member_loads(const struct state *state, const struct guid *except,
		   struct array_member_loads *ret_loads)
{
	ret_loads->count = 0;
	for (size_t i = 0; i < state_count(state, ROW_CONTROLLER); i++) {
		const struct row_controller *row = state_at(state, ROW_CONTROLLER, i);

		if (!array_member_lives(row) || (except != NULL && guid_equal(&row->id, except)) ||
		    ret_loads->count == ARRAY_LEN(ret_loads->of))
			continue;
		ret_loads->of[ret_loads->count++] = (struct array_member_load){
			.id = row->id,
			.luns = state_controller_lun_count(state, &row->id),
			.drains = row->drains,
		};
	}
}

struct array_member_load *
array_member_loads_take(struct array_member_loads *loads)
{
	struct array_member_load *best = NULL;

	for (size_t i = 0; i < loads->count; i++) {
		struct array_member_load *load = &loads->of[i];

		if (best == NULL || load->drains < best->drains ||
		    (load->drains == best->drains && load->luns < best->luns))
			best = load;
	}
	if (best != NULL)
		best->luns++;
	return best;
}

static void
count_mate(const struct state *state, const struct guid *lun_id, struct array_member_loads *loads)
{
	const struct row_lun_owner *owner = state_lun_owner(state, lun_id);

	for (size_t i = 0; owner != NULL && i < loads->count; i++)
		if (guid_equal(&loads->of[i].id, &owner->controller_id))
			loads->of[i].mates++;
}

struct array_member_load *
array_member_place(const struct state *state, const struct array_member_groups *groups,
		   const struct guid *lun_id, struct array_member_loads *loads)
{
	const struct guid *mate = array_member_group_next(groups, lun_id);
	struct array_member_load *best = NULL;

	for (size_t i = 0; i < loads->count; i++)
		loads->of[i].mates = 0;
	for (; !guid_equal(mate, lun_id); mate = array_member_group_next(groups, mate))
		count_mate(state, mate, loads);
	for (size_t i = 0; i < loads->count; i++) {
		struct array_member_load *load = &loads->of[i];

		if (!load->drains && load->mates > (best != NULL ? best->mates : 0))
			best = load;
	}
	if (best == NULL)
		return array_member_loads_take(loads);
	best->luns++;
	return best;
}

/*
 * The LUN's own object keeps the greatest epoch for as long as the volume is there, also while the
 * LUN has no owner in the catalog (in the trash), and when the catalog was replaced by an older
 * one.  Each epoch costs a change, so none is greater than the number of changes; an older catalog
 * gets a new incarnation, the time of day in milliseconds, and no array makes a change in each of
 * them.
 */
static uint64_t
next_epoch(const struct state *view, const struct row_lun_owner *old)
{
	const struct position *at = state_position(view);
	uint64_t least = at->incarnation + at->sequence;

	return MAX(old != NULL ? old->epoch : 0, least) + 1;
}

int
array_member_edit_own(struct state_edit *edit, const struct guid *lun_id, const struct guid *owner)
{
	const struct state *view = state_edit_view(edit);
	struct row_lun_owner *row = row_new(ROW_LUN_OWNER);

	if (row == NULL)
		return -ENOMEM;
	row->id = *lun_id;
	row->controller_id = *owner;
	row->epoch = next_epoch(view, state_lun_owner(view, lun_id));
	return state_edit_put(edit, row);
}

/* Returns whether a LUN is to be given away: those of `from`, or else what is to be adopted. */
static bool
is_given(const struct state *view, const struct guid *lun_id, const struct guid *from,
	 const struct array_member_ended *ended)
{
	const struct row_lun_owner *owner = state_lun_owner(view, lun_id);

	if (from != NULL)
		return owner != NULL && guid_equal(&owner->controller_id, from);
	if (owner == NULL)
		return true;
	if (array_member_lives(state_find(view, ROW_CONTROLLER, &owner->controller_id)))
		return false;
	for (size_t i = 0; i < ended->count; i++)
		if (guid_equal(&ended->ids[i], &owner->controller_id))
			return true;
	return false;
}

static int
give(struct state_edit *edit, const struct guid *from, const struct array_member_ended *ended)
{
	const struct state *view = state_edit_view(edit);
	size_t count = state_count(view, ROW_LUN), given = 0;
	AUTO_FREE struct guid *luns = mem_calloc(count + 1, sizeof(*luns));
	struct array_member_groups groups;
	struct array_member_loads loads;
	int rc = luns != NULL ? array_member_groups_init(&groups, view) : -ENOMEM;

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < count; i++) {
		const struct row_lun *lun = state_at(view, ROW_LUN, i);

		if (is_given(view, &lun->id, from, ended))
			luns[given++] = lun->id;
	}
	array_member_loads(view, from, &loads);
	for (size_t i = 0; rc == 0 && i < given; i++) {
		const struct array_member_load *to = array_member_place(state_edit_view(edit),
									&groups, &luns[i], &loads);

		if (to == NULL)
			given = 0; /* nobody lives: the next that joins takes them */
		else
			rc = array_member_edit_own(edit, &luns[i], &to->id);
	}
	array_member_groups_fini(&groups);
	return rc < 0 ? rc : (int)given;
}

int
array_member_edit_give(struct state_edit *edit, const struct guid *from)
{
	return give(edit, from, NULL);
}

int
array_member_edit_adopt(struct state_edit *edit, const struct array_member_ended *ended)
{
	return give(edit, NULL, ended);
}

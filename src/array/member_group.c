/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LUNs that a schedule of snapshots takes together are to have one owner, since a moment holds the
 * commands of all of them on one gateway.  A group is the LUNs of a schedule, and of all schedules
 * that have a LUN in common.  Schedules that are disabled count, too: they can be enabled at any
 * time.
 */
#include <errno.h>

#include "array/member_int.h"
#include "base/mem.h"
#include "model/schedule.h"

/* A LUN of some schedule: the ring of its group, and a tree of which each group has one. */
struct array_member_grouped {
	struct guid id;
	struct array_member_grouped *next, *up;
};

static struct array_member_grouped *
root_of(struct array_member_grouped *lun)
{
	while (lun->up != NULL)
		lun = lun->up;
	return lun;
}

static void
join(struct array_member_grouped *a, struct array_member_grouped *b)
{
	struct array_member_grouped *next = a->next, *root = root_of(b);

	if (root_of(a) == root)
		return;
	root->up = root_of(a);
	a->next = b->next;
	b->next = next;
}

/* Returns the LUN, which is put when it is new, or NULL. */
static struct array_member_grouped *
get(struct array_member_groups *groups, const struct guid *lun_id)
{
	struct array_member_grouped *lun = guid_map_find(&groups->luns, lun_id);

	if (lun != NULL)
		return lun;
	lun = mem_calloc(1, sizeof(*lun));
	if (lun == NULL)
		return NULL;
	lun->id = *lun_id;
	lun->next = lun;
	if (guid_map_put(&groups->luns, &lun->id, lun) == 0)
		return lun;
	mem_free(lun);
	return NULL;
}

static int
add(struct array_member_groups *groups, const struct state *state,
    const struct row_snapshot_schedule *schedule)
{
	const char *rest = schedule->lun_ids;
	struct array_member_grouped *first = NULL;
	struct guid id;

	while (schedule_lun_next(&rest, &id)) {
		struct array_member_grouped *lun;

		if (state_find(state, ROW_LUN, &id) == NULL)
			continue;
		lun = get(groups, &id);
		if (lun == NULL)
			return -ENOMEM;
		if (first == NULL)
			first = lun;
		join(first, lun);
	}
	return 0;
}

int
array_member_groups_init(struct array_member_groups *groups, const struct state *state)
{
	int rc = 0;

	guid_map_init(&groups->luns);
	for (size_t i = 0; rc == 0 && i < state_count(state, ROW_SNAPSHOT_SCHEDULE); i++)
		rc = add(groups, state, state_at(state, ROW_SNAPSHOT_SCHEDULE, i));
	if (rc < 0)
		array_member_groups_fini(groups);
	return rc;
}

void
array_member_groups_fini(struct array_member_groups *groups)
{
	struct array_member_grouped *lun;

	for (size_t i = 0; (lun = guid_map_next(&groups->luns, &i)) != NULL;)
		mem_free(lun);
	guid_map_fini(&groups->luns);
}

const struct guid *
array_member_group_next(const struct array_member_groups *groups, const struct guid *lun_id)
{
	const struct array_member_grouped *lun = guid_map_find(&groups->luns, lun_id);

	return lun != NULL ? &lun->next->id : lun_id;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The paths that a plan takes away: those to LUNs that are deleted, cut, set offline or made
 * read-only, those through targets that a LUN leaves, and those of initiators that no longer are in
 * a LUN's list, by the list itself or by their host.  The thread that asks.
 */
#include <errno.h>

#include "array/plan_int.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/host.h"

struct paths {
	const struct array_plan *plan;
	struct array_mapping *list; /* owned, as except_mask of each */
	size_t count, capacity;
	bool hosts_change;
};

/* Takes over except_mask. */
static int
add(struct paths *paths, const struct guid *lun_id, const struct guid *target_id, char *except_mask)
{
	struct array_mapping *mapping;

	if (mem_grow(&paths->list, &paths->capacity, paths->count + 1, sizeof(paths->list[0])) <
	    0) {
		mem_free(except_mask);
		return -ENOMEM;
	}
	mapping = &paths->list[paths->count++];
	*mapping = (struct array_mapping){ .lun_id = *lun_id, .except_mask = except_mask };
	if (target_id != NULL)
		mapping->target_id = *target_id;
	return 0;
}

/* Whether nothing may be in flight to the LUN while it changes. */
static bool
stops(const struct row_lun *before, const struct row_lun *after)
{
	return after == NULL || after->size_bytes < before->size_bytes ||
	       (after->status == STATUS_OFFLINE && before->status == STATUS_ONLINE) ||
	       after->cache != before->cache ||
	       (after->access == LUN_READ_ONLY && before->access == LUN_READ_WRITE);
}

/* Whether hosts can have a part in who is in the list. */
static bool
has_host(const char *mask)
{
	return strstr(mask, MASK_HOST) != NULL || strstr(mask, MASK_HOST_GROUP) != NULL;
}

static int
add_lost_initiators(struct paths *paths, const struct row_lun *before, const struct row_lun *after)
{
	AUTO_FREE char *old = NULL, *new = NULL;
	int rc;

	if (str_equal(before->mask, after->mask) &&
	    (!paths->hosts_change || !has_host(before->mask)))
		return 0;
	rc = host_mask_flatten(paths->plan->before, before->mask, &old);
	if (rc == 0)
		rc = host_mask_flatten(paths->plan->after, after->mask, &new);
	if (rc < 0 || mask_includes(new, old))
		return rc;
	return add(paths, &before->id, NULL, TAKE(new));
}

static int
lun_paths(struct paths *paths, const struct row_lun *before)
{
	const struct row_lun *after = state_find(paths->plan->after, ROW_LUN, &before->id);
	bool in_targets = state_lun_targets(paths->plan->before, &before->id).count > 0;

	/* what a LUN does by itself (a format, a self-test) goes on without targets */
	if (!in_targets && (after == NULL || after->cache == before->cache))
		return 0;
	if (stops(before, after))
		return add(paths, &before->id, NULL, NULL);
	return add_lost_initiators(paths, before, after);
}

/* An association that goes, or whose number changes. */
static int
pair_paths(struct paths *paths, const struct change_op *op)
{
	const struct row_association *before, *after = (const void *)op->row;

	before = state_find_pair(paths->plan->before, ROW_ASSOCIATION, &op->key.a, &op->key.b);
	if (before == NULL || (after != NULL && after->lun_number == before->lun_number))
		return 0;
	return add(paths, &op->key.a, &op->key.b, NULL);
}

static int
find(struct paths *paths)
{
	const struct array_plan *plan = paths->plan;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->change->op_count; i++) {
		const struct change_op *op = &plan->change->ops[i];

		paths->hosts_change |= op->family == ROW_INITIATOR ||
				       op->family == ROW_HOST_MEMBER || op->family == ROW_HOST ||
				       op->family == ROW_HOST_GROUP;
		if (op->family == ROW_ASSOCIATION)
			rc = pair_paths(paths, op);
	}
	for (size_t i = 0; rc == 0 && paths->hosts_change && i < state_count(plan->before, ROW_LUN);
	     i++)
		rc = lun_paths(paths, state_at(plan->before, ROW_LUN, i));
	for (size_t i = 0; rc == 0 && !paths->hosts_change && i < plan->change->op_count; i++) {
		const struct change_op *op = &plan->change->ops[i];
		const struct row_lun *lun = op->family == ROW_LUN
						    ? state_find(plan->before, ROW_LUN, &op->key.a)
						    : NULL;

		if (lun != NULL)
			rc = lun_paths(paths, lun);
	}
	return rc;
}

int
array_plan_drain(struct array *array, const struct array_plan *plan, void **ret_drain)
{
	struct paths paths = { .plan = plan };
	int rc = 0;

	if (plan->change != NULL && array_runtime_is_there(array))
		rc = find(&paths);
	if (rc == 0 && paths.count > 0)
		rc = array_runtime_quiesce(array, paths.list, paths.count, ret_drain);
	for (size_t i = 0; i < paths.count; i++)
		mem_free((void *)(uintptr_t)paths.list[i].except_mask);
	mem_free(paths.list);
	return rc;
}

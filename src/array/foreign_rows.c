/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a row that another gateway has put or deleted needs here, beside the state itself: the units
 * of LUNs, without opening anything, and pools.  Who has made a change has done the rest of it:
 * made and removed volumes, begun jobs.  So nothing here removes a volume.  Writer thread.
 *
 * Each function can be called again after -ENOMEM.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/hints.h"

/* ---- LUNs ---- */

static int
new_store(struct array *array, const struct state *state, const struct row_lun *lun,
	  struct array_store **ret_store)
{
	const struct row_pool *pool = state_find(state, ROW_POOL, &lun->pool_id);

	return pool != NULL ? array_store_new(array, lun, pool->path, ret_store)
			    : array_name_no_such(ROW_POOL, &lun->pool_id);
}

/* What the LUN keeps is there before anybody can make its logical unit. */
static int
lun_added(struct array *array, const struct state *after, const struct row_lun *lun)
{
	struct array_store *store = array_unit_store(array, &lun->id);
	int rc = 0;

	if (store == NULL) {
		rc = new_store(array, after, lun, &store);
		if (rc == 0)
			rc = array_unit_add(array, &lun->id, store, OPERATION_NONE, HEALTH_UNKNOWN,
					    hints_write_through(lun->hints));
	}
	array_store_unref(store);
	if (rc == 0)
		rc = array_kept_foreign(array, &lun->id);
	if (rc == 0)
		array_unit_show(array, &lun->id);
	return rc;
}

static int
lun_moved(struct array *array, const struct state *after, const struct row_lun *lun)
{
	struct array_store *store = NULL;
	int rc = new_store(array, after, lun, &store);

	if (rc < 0)
		return rc;
	array_unit_change_store(array, &lun->id, store);
	array_store_unref(store);
	return 0;
}

static int
lun_changed(struct array *array, const struct state *after, const struct row_lun *old,
	    const struct row_lun *lun)
{
	struct array_store *store;
	int rc = 0;

	if (!guid_equal(&old->pool_id, &lun->pool_id))
		rc = lun_moved(array, after, lun);
	store = array_unit_store(array, &lun->id);
	if (rc == 0 && store != NULL)
		rc = array_store_follow(store, lun);
	array_store_unref(store);
	if (rc == 0 && old->status != lun->status)
		array_lun_status_committed(array, &lun->id, lun->status);
	if (rc == 0 && !str_equal(old->hints, lun->hints))
		array_lun_write_through(array, &lun->id, hints_write_through(lun->hints));
	return rc;
}

static void
lun_deleted(struct array *array, const struct row_lun *old)
{
	array_live_delete(array, ROW_LIVE_MAINTENANCE, &old->id);
	array_unit_remove(array, &old->id, false);
	array_pool_show(array, &old->pool_id);
}

/* ---- pools ---- */

static bool
limits_differ(const struct row_pool *a, const struct row_pool *b)
{
	return !str_equal(a->low, b->low) || !str_equal(a->full, b->full);
}

/* ---- by family ---- */

static void
take_port(struct array *array, const struct row_portal_group *group)
{
	array->ports[group->relative_port / 64] |= 1ull << group->relative_port % 64;
}

int
array_foreign_before(struct array *array, const struct state *before, const struct state *after,
		     const struct change_op *op)
{
	const void *old = op->family == ROW_LUN || op->family == ROW_POOL
				  ? state_find(before, op->family, &op->key.a)
				  : NULL;
	const void *row = op->row;

	if (row == NULL)
		return 0;
	switch (op->family) {
	case ROW_LUN:
		return old == NULL ? lun_added(array, after, row)
				   : lun_changed(array, after, old, row);
	case ROW_POOL:
		if (old == NULL)
			return array_pool_follow(array, &state_position(after)->array_id, row);
		if (limits_differ(old, row))
			array_pool_set_limits(array, row);
		return 0;
	case ROW_PORTAL_GROUP:
		take_port(array, row);
		return 0;
	case ROW_JOB:
		if (!array_lun_is_own(array, after, &((const struct row_job *)row)->lun_id))
			array_job_follow(array, row);
		return 0;
	default:
		return 0;
	}
}

void
array_foreign_after(struct array *array, const struct state *before, const struct change_op *op)
{
	const void *old = op->row == NULL && op->family == ROW_LUN
				  ? state_find(before, ROW_LUN, &op->key.a)
				  : NULL;

	if (op->family == ROW_SNAPSHOT_SCHEDULE)
		array_schedule_wake(array);
	if (op->row != NULL)
		return;
	if (op->family == ROW_LUN && old != NULL)
		lun_deleted(array, old);
	else if (op->family == ROW_POOL)
		array_pool_remove(array, &op->key.a, false);
	else if (op->family == ROW_TARGET)
		array_number_forget(array, &op->key.a);
	else if (op->family == ROW_TRASHED_LUN)
		array_trash_forget(array, &op->key.a);
}

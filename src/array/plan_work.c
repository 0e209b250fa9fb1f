/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What applying a plan does beside the rows: the files of LUNs, the markers of pools, holds, drains
 * and jobs, around the commit as the single operations do it (lun*.c, extend.c, shrink.c, status.c,
 * pool.c).  The thread that asks, but for the hooks of the writer.
 */
#include <errno.h>
#include <stdio.h>

#include "array/plan_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "blk/blk.h"
#include "model/hints.h"
#include "model/pool_options.h"

/* ---- which LUNs need what ---- */

struct array_plan_lun *
array_plan_work_find(const struct array_plan_work *work, const struct guid *id)
{
	return guid_map_find(&work->by_id, id);
}

/* Returns what is noted of the LUN, at first with both its rows; NULL = memory is out. */
static struct array_plan_lun *
lun_get(struct array_plan_work *work, const struct guid *id)
{
	struct array_plan_lun *lun = array_plan_work_find(work, id);

	if (lun != NULL)
		return lun;
	lun = &work->luns[work->lun_count];
	lun->id = *id;
	lun->before = state_find(work->plan->before, ROW_LUN, id);
	lun->after = state_find(work->plan->after, ROW_LUN, id);
	if (guid_map_put(&work->by_id, id, lun) < 0)
		return NULL;
	work->lun_count++;
	return lun;
}

/* The operation that holds the LUN meanwhile: the one that excludes most. */
static void
lun_classify(struct array_plan_lun *lun, bool leaves_target)
{
	const struct row_lun *before = lun->before, *after = lun->after;

	if (before == NULL)
		return;
	if (after == NULL) {
		lun->operation = OPERATION_DELETE;
		lun->ask = ASK_DELETE;
	} else if (after->size_bytes != before->size_bytes || lun->grow_bytes != 0) {
		lun->operation = after->size_bytes < before->size_bytes ? OPERATION_SHRINK
									: OPERATION_EXTEND;
		lun->ask = ASK_EXTEND;
	} else if (after->status != before->status || after->cache != before->cache) {
		lun->operation = OPERATION_STATUS;
		lun->ask = ASK_STATUS;
	} else if (leaves_target) {
		lun->operation = OPERATION_ASSOCIATE;
		lun->ask = ASK_ASSOCIATE;
	}
}

/* Is the association gone, or another one, in the plan? */
static bool
leaves(const struct array_plan *plan, const struct change_op *op)
{
	return op->family == ROW_ASSOCIATION &&
	       state_find_pair(plan->before, ROW_ASSOCIATION, &op->key.a, &op->key.b) != NULL;
}

static int
find_luns(struct array_plan_work *work)
{
	const struct array_plan *plan = work->plan;
	size_t ops = plan->change != NULL ? plan->change->op_count : 0;

	work->luns = mem_calloc(ops + plan->grow_count + 1, sizeof(work->luns[0]));
	if (work->luns == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < plan->grow_count; i++) {
		struct array_plan_lun *lun = lun_get(work, &plan->grows[i].lun_id);

		if (lun == NULL)
			return -ENOMEM;
		lun->grow_bytes = plan->grows[i].to_bytes;
	}
	for (size_t i = 0; i < ops; i++) {
		const struct change_op *op = &plan->change->ops[i];
		struct array_plan_lun *lun;

		if (op->family != ROW_LUN && !leaves(plan, op))
			continue;
		lun = lun_get(work, &op->key.a);
		if (lun == NULL)
			return -ENOMEM;
		if (op->family == ROW_ASSOCIATION && lun->operation == OPERATION_NONE)
			lun_classify(lun, true);
	}
	for (size_t i = 0; i < work->lun_count; i++)
		if (work->luns[i].operation == OPERATION_NONE)
			lun_classify(&work->luns[i], false);
	return 0;
}

/* ---- preparing ---- */

static int
add_pools(struct array_plan_work *work)
{
	const struct array_plan *plan = work->plan;
	int rc = 0;

	for (size_t i = 0; rc == 0 && plan->change != NULL && i < plan->change->op_count; i++) {
		const struct change_op *op = &plan->change->ops[i];
		const struct row_pool *pool = (const void *)op->row;

		if (op->family != ROW_POOL || pool == NULL ||
		    state_find(plan->before, ROW_POOL, &pool->id) != NULL)
			continue;
		rc = array_pool_place_is_free(work->array, pool->path);
		if (rc == 0)
			rc = array_plan_keys_add(&work->pools, &pool->id, NULL);
		if (rc < 0)
			return rc;
		rc = array_pool_add(work->array, &state_array(plan->before)->id, pool, POOL_CREATE);
		if (rc < 0)
			work->pools.count--;
	}
	return rc;
}

static int
hold(struct array_plan_work *work)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < work->lun_count; i++) {
		struct array_plan_lun *lun = &work->luns[i];

		if (lun->operation == OPERATION_NONE)
			continue;
		rc = array_operation_begin(work->array, &lun->id, lun->ask, lun->operation, true);
		if (rc == ERR_BUSY)
			return err_set(ERR_BUSY,
				       "another operation holds the LUN \"%s\": try again when it "
				       "has ended",
				       ROW_LUN_CALLED(lun->before));
		lun->held = rc == 0;
		if (lun->held)
			lun->store = array_unit_store(work->array, &lun->id);
	}
	return rc;
}

static int
check_space(struct array_plan_work *work, const struct row_lun *lun, uint64_t bytes)
{
	struct array_pool_space space = { 0 };
	char want[32], have[32];
	int rc = array_pool_space(work->array, &lun->pool_id, &space);

	if (rc == 0 && bytes > space.free_bytes)
		rc = err_set(ERR_NO_SPACE, "the LUN \"%s\" needs %s in its pool, which has %s free",
			     ROW_LUN_CALLED(lun), str_format_size(bytes, want, sizeof(want)),
			     str_format_size(space.free_bytes, have, sizeof(have)));
	return rc;
}

/* What the LUNs of a pool have together after the plan, jobs included. */
static uint64_t
promised(const struct array_plan *plan, const struct guid *pool_id)
{
	uint64_t bytes = array_space_provisioned(plan->after, pool_id);

	for (size_t i = 0; i < plan->grow_count; i++) {
		const struct row_lun *lun = state_find(plan->after, ROW_LUN,
						       &plan->grows[i].lun_id);

		if (guid_equal(&lun->pool_id, pool_id))
			bytes += plan->grows[i].to_bytes - plan->grows[i].from_bytes;
	}
	return bytes;
}

static int
check_promise(struct array_plan_work *work, const struct row_pool *pool)
{
	uint64_t before = array_space_provisioned(work->plan->before, &pool->id);
	uint64_t after = promised(work->plan, &pool->id), most;
	struct array_pool_space space = { 0 };
	char want[32], have[32];
	unsigned percent = 0;
	int rc = pool_overcommit_parse(pool->overcommit != NULL ? pool->overcommit : "", &percent);

	if (rc < 0 || percent == 0 || after <= before)
		return rc;
	rc = array_pool_space(work->array, &pool->id, &space);
	if (rc < 0)
		return rc;
	most = pool_overcommit_bytes(percent, space.capacity_bytes);
	return after <= most
		       ? 0
		       : err_set(ERR_NO_SPACE,
				 "the LUNs of pool \"%s\" would have %s together, and its "
				 "overcommit "
				 "limit of %s lets it promise %s: choose smaller sizes, or raise "
				 "\"overcommit\"",
				 pool->name, str_format_size(after, want, sizeof(want)),
				 pool->overcommit, str_format_size(most, have, sizeof(have)));
}

/* After new pools were opened: their capacity is known. */
static int
check_promises(struct array_plan_work *work)
{
	const struct state *after = work->plan->after;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < state_count(after, ROW_POOL); i++)
		rc = check_promise(work, state_at(after, ROW_POOL, i));
	return rc;
}

static int
make_file(struct array_plan_work *work, struct array_plan_lun *lun)
{
	char id[GUID_TEXT_SIZE];
	const struct array_place *place = lun->store->place;
	int rc = blk_fault_check(work->array->inject_dir, guid_format(&lun->id, id), "create",
				 NULL);

	if (rc == 0)
		rc = place->driver->volume_make(place->text, &lun->id, lun->after->size_bytes);
	return array_store_file_error(lun->store, rc);
}

static int
create(struct array_plan_work *work, struct array_plan_lun *lun)
{
	const struct row_lun *row = lun->after;
	AUTO_FREE char *place = NULL;
	int rc = array_pool_place(work->array, &row->pool_id, &place);

	if (rc == 0 && !row->thin)
		rc = check_space(work, row, row->size_bytes);
	if (rc == 0)
		rc = array_store_new(work->array, row, place, &lun->store);
	if (rc == 0)
		atomic_store(&lun->store->uncommitted, true);
	if (rc == 0 && !row->thin) {
		lun->job = array_job_new(work->array, JOB_CREATE_LUN, &lun->id, 0, row->size_bytes,
					 lun->store);
		rc = lun->job == NULL ? -ENOMEM : 0;
		if (rc == 0)
			lun->job_id = lun->job->id;
	}
	if (rc == 0)
		rc = make_file(work, lun);
	if (rc < 0)
		return rc;
	rc = array_unit_add(work->array, &lun->id, lun->store,
			    row->thin ? OPERATION_NONE : OPERATION_CREATE, HEALTH_OK,
			    hints_write_through(row->hints != NULL ? row->hints : ""));
	if (rc < 0)
		(void)lun->store->place->driver->volume_remove(lun->store->place->text, &lun->id,
							       false);
	lun->added = rc == 0;
	return rc;
}

static int
resize(struct array_plan_lun *lun, uint64_t bytes, uint64_t first)
{
	int rc = 0;

	array_store_manage(lun->store);
	if (first != 0)
		rc = array_store_resize(lun->store, first);
	if (rc == 0)
		rc = array_store_resize(lun->store, bytes);
	rc = array_store_file_error(lun->store, rc);
	array_store_unmanage(lun->store);
	return rc;
}

static int
check_sized(struct array *array, const struct row_lun *lun)
{
	AUTO_STATE struct state *state = array_state(array);
	int rc = array_adopt_check_size(state, lun);

	return rc < 0 ? rc : array_pool_ready(array, &lun->pool_id);
}

/* A LUN that gets another size, another status, or both. */
static int
prepare_held(struct array_plan_work *work, struct array_plan_lun *lun)
{
	const struct row_lun *before = lun->before, *after = lun->after;
	bool sized = after->size_bytes != before->size_bytes || lun->grow_bytes != 0;
	bool failed = array_unit_health(work->array, &lun->id) == HEALTH_FAILED;
	int rc = 0;

	if (sized && failed)
		return err_set(ERR_FAILED,
			       "the store of LUN \"%s\" has failed: repair it, then set the LUN "
			       "online",
			       ROW_LUN_CALLED(before));
	if (sized)
		rc = check_sized(work->array, before);
	if (rc == 0 && after->size_bytes > before->size_bytes) {
		lun->grown = true;
		rc = resize(lun, after->size_bytes, before->size_bytes);
	}
	if (rc == 0 && lun->grow_bytes != 0) {
		rc = check_space(work, before, lun->grow_bytes - before->size_bytes);
		if (rc == 0)
			lun->job = array_job_new(work->array, JOB_EXTEND_LUN, &lun->id,
						 before->size_bytes, lun->grow_bytes, lun->store);
		if (rc == 0 && lun->job == NULL)
			rc = -ENOMEM;
		if (rc == 0)
			lun->job_id = lun->job->id;
	}
	if (rc == 0 && after->status == STATUS_ONLINE && before->status == STATUS_OFFLINE && failed)
		rc = array_lun_reopen(work->array, &lun->id);
	return rc;
}

static int
prepare_luns(struct array_plan_work *work)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < work->lun_count; i++) {
		struct array_plan_lun *lun = &work->luns[i];

		if (lun->before == NULL)
			rc = create(work, lun);
		else if (lun->held && lun->after != NULL)
			rc = prepare_held(work, lun);
	}
	return rc;
}

static bool
changes_cache(const struct array_plan_lun *lun)
{
	return lun->held && lun->after != NULL && lun->store != NULL &&
	       lun->after->cache != lun->before->cache;
}

/* As cache.c does it, before the paths are drained, since both may take long. */
static int
prepare_caches(struct array_plan_work *work)
{
	AUTO_FREE struct array_store **stores = mem_calloc(work->lun_count + 1, sizeof(stores[0]));
	size_t count = 0;
	int rc;

	if (stores == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < work->lun_count; i++)
		if (changes_cache(&work->luns[i]))
			stores[count++] = work->luns[i].store;
	rc = array_flush_ahead(work->array, stores, count);
	for (size_t i = 0; rc == 0 && i < work->lun_count; i++)
		if (changes_cache(&work->luns[i])) {
			array_store_manage(work->luns[i].store);
			work->luns[i].managed = true;
		}
	return rc;
}

static bool
goes_offline(const struct array_plan_lun *lun)
{
	return lun->held && lun->after != NULL && lun->store != NULL &&
	       lun->after->status == STATUS_OFFLINE && lun->before->status != STATUS_OFFLINE;
}

/* After the paths are drained. */
static int
stop_stores(struct array_plan_work *work)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < work->lun_count; i++) {
		struct array_plan_lun *lun = &work->luns[i];

		if (!lun->managed && !goes_offline(lun))
			continue;
		rc = array_lun_stop_store(work->array, lun->store);
		lun->stopped = rc == 0;
	}
	return rc;
}

int
array_plan_work_prepare(struct array_plan_work *work)
{
	int rc = find_luns(work);

	if (rc == 0)
		rc = hold(work);
	if (rc == 0)
		rc = add_pools(work);
	if (rc == 0)
		rc = check_promises(work);
	if (rc == 0)
		rc = prepare_luns(work);
	if (rc == 0)
		rc = prepare_caches(work);
	if (rc == 0)
		rc = array_plan_drain(work->array, work->plan, &work->drain);
	return rc < 0 ? rc : stop_stores(work);
}

/* ---- undoing ---- */

static void
undo_lun(struct array_plan_work *work, struct array_plan_lun *lun, bool known)
{
	if (lun->managed)
		array_store_unmanage(lun->store);
	if (lun->added) {
		array_unit_remove(work->array, &lun->id, false);
		if (known)
			(void)lun->store->place->driver->volume_remove(lun->store->place->text,
								       &lun->id, false);
	}
	if (lun->grown && known)
		(void)resize(lun, lun->before->size_bytes, 0);
	if (lun->stopped && lun->before->status == STATUS_ONLINE)
		array_store_start(lun->store);
	else if (lun->held && lun->before->status == STATUS_OFFLINE && lun->store != NULL)
		array_store_stop(lun->store); /* it may have been opened again */
	if (lun->held)
		array_operation_end(work->array, &lun->id);
}

void
array_plan_work_undo(struct array_plan_work *work, int rc)
{
	bool known = array_writer_outcome_is_known(rc);
	char text[TASK_TEXT_SIZE];

	snprintf(text, sizeof(text), "%s", err_text(rc));
	for (size_t i = 0; i < work->lun_count; i++)
		undo_lun(work, &work->luns[i], known);
	for (size_t i = 0; i < work->pools.count; i++)
		array_pool_remove(work->array, &work->pools.keys[i].a, known);
	array_runtime_resume(work->array, TAKE(work->drain));
	err_set(rc, "%s", text);
}

void
array_plan_work_fini(struct array_plan_work *work)
{
	for (size_t i = 0; i < work->lun_count; i++) {
		array_store_unref(work->luns[i].store);
		array_job_free(work->luns[i].job);
	}
	guid_map_fini(&work->by_id);
	mem_free(work->luns);
	mem_free(work->pools.keys);
	*work = (struct array_plan_work){ .array = work->array, .plan = work->plan };
}

/* ---- after the commit ---- */

static void
lun_committed(struct array_plan_work *work, struct array_plan_lun *lun)
{
	const char *hints = lun->after->hints != NULL ? lun->after->hints : "";
	int rc;

	if (lun->before == NULL) {
		rc = array_place_commit(lun->store->place, &lun->id);
		if (rc < 0)
			array_store_fail(lun->store, rc, err_text(rc));
		atomic_store(&lun->store->uncommitted, false);
		array_unit_show(work->array, &lun->id);
	} else {
		/* a store whose cache changes starts after that */
		if (lun->after->status != lun->before->status &&
		    !(lun->managed && lun->after->status == STATUS_ONLINE))
			array_lun_status_committed(work->array, &lun->id, lun->after->status);
		if (hints_write_through(hints) !=
		    hints_write_through(lun->before->hints != NULL ? lun->before->hints : ""))
			array_lun_write_through(work->array, &lun->id, hints_write_through(hints));
	}
	if (lun->job != NULL) {
		array_job_queue(TAKE(lun->job));
		lun->queued = true;
	}
}

void
array_plan_work_committed(struct array_plan_work *work)
{
	for (size_t i = 0; i < work->lun_count; i++)
		if (work->luns[i].after != NULL)
			lun_committed(work, &work->luns[i]);
	for (size_t i = 0; i < work->pools.count; i++)
		array_pool_show(work->array, &work->pools.keys[i].a);
}

void
array_plan_work_published(struct array_plan_work *work)
{
	const struct change *change = work->plan->change;
	bool portals = false, schedules = false;

	for (size_t i = 0; i < work->lun_count; i++)
		if (work->luns[i].after == NULL)
			array_unit_remove_deleted(work->array, &work->luns[i].id);
	for (size_t i = 0; change != NULL && i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];

		portals |= op->family == ROW_PORTAL;
		schedules |= op->family == ROW_SNAPSHOT_SCHEDULE;
		if (op->family == ROW_POOL && op->row != NULL)
			array_pool_set_limits(work->array, (const void *)op->row);
		if (op->row != NULL)
			continue;
		if (op->family == ROW_TARGET)
			array_number_forget(work->array, &op->key.a);
		else if (op->family == ROW_PORTAL)
			array_live_delete(work->array, ROW_LIVE_PORTAL, &op->key.a);
		else if (op->family == ROW_POOL)
			array_pool_remove(work->array, &op->key.a, true);
	}
	if (portals)
		array_port_refresh(work->array);
	if (schedules)
		array_schedule_wake(work->array);
}

/* The store is stopped and drained. */
static void
change_cache(struct array_plan_work *work, struct array_plan_lun *lun)
{
	array_store_set_cache(lun->store, lun->after->cache);
	if (lun->after->status == STATUS_ONLINE && lun->before->status == STATUS_ONLINE)
		array_store_start(lun->store);
	else if (lun->after->status == STATUS_ONLINE)
		array_lun_status_committed(work->array, &lun->id, STATUS_ONLINE);
	array_store_unmanage(lun->store);
}

void
array_plan_work_end(struct array_plan_work *work)
{
	for (size_t i = 0; i < work->lun_count; i++) {
		struct array_plan_lun *lun = &work->luns[i];

		if (lun->managed)
			change_cache(work, lun);
		if (lun->held && lun->after != NULL && lun->store != NULL &&
		    lun->after->size_bytes < lun->before->size_bytes)
			array_lun_cut(lun->store, lun->after->size_bytes);
	}
	array_runtime_resume(work->array, TAKE(work->drain));
	/* that of a LUN that a job grows ends with the job */
	for (size_t i = 0; i < work->lun_count; i++)
		if (work->luns[i].held && !work->luns[i].queued)
			array_operation_end(work->array, &work->luns[i].id);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moves LUNs to another pool while initiators use them: the request, and what the rest of the array
 * asks about moves.  The work is a job (move_run.c).  The LUN is held until the job has ended.
 * Callers: any thread except the writer; apply functions run on the writer thread.
 */
#include <errno.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct move {
	struct array_task task;
	const struct guid *lun_id, *pool_id;
	bool force;
	uint64_t capacity_bytes; /* of the pool, when it has an overcommit limit; else 0 */
	struct array_job *job;
};

/* ---- questions ---- */

/* Returns the next job at or after *i that moves a LUN to the pool, or NULL. */
static const struct row_job *
next_to(const struct state *view, const struct guid *pool_id, size_t *i)
{
	while (*i < state_count(view, ROW_JOB)) {
		const struct row_job *job = state_at(view, ROW_JOB, (*i)++);

		if (job->kind == JOB_MOVE_LUN && job->state == JOB_RUNNING &&
		    guid_equal(&job->pool_id, pool_id))
			return job;
	}
	return NULL;
}

bool
array_move_goes_to(const struct state *view, const struct guid *lun_id, const struct guid *pool_id)
{
	const struct row_job *job;

	for (size_t i = 0; (job = next_to(view, pool_id, &i)) != NULL;)
		if (guid_equal(&job->lun_id, lun_id))
			return true;
	return false;
}

int
array_move_check_pool(const struct state *view, const struct guid *pool_id)
{
	size_t i = 0;
	const struct row_job *job = next_to(view, pool_id, &i);

	return job == NULL ? 0
			   : err_set(ERR_IN_USE,
				     "LUN \"%s\" is being moved to the pool: wait for the job, or "
				     "cancel it (`vdsctl job list`)",
				     job->lun_name);
}

uint64_t
array_move_bytes(const struct state *view, const struct guid *pool_id)
{
	const struct row_job *job;
	uint64_t bytes = 0;

	for (size_t i = 0; (job = next_to(view, pool_id, &i)) != NULL;) {
		const struct row_lun *lun = state_find(view, ROW_LUN, &job->lun_id);

		bytes += lun != NULL ? lun->size_bytes : 0;
	}
	return bytes;
}

/* ---- what the pool can take ---- */

static int
check_size(struct array *array, const struct move *m, const struct row_lun *lun,
	   const struct row_pool *pool)
{
	struct array_pool_space space = { 0 };
	uint64_t largest = 0, needed;
	char want[32], have[32];
	int rc = array_pool_largest(array, m->pool_id, &largest);

	if (rc == 0)
		rc = array_pool_space(array, m->pool_id, &space);
	if (rc < 0)
		return rc;
	if (lun->size_bytes > largest)
		return err_set(ERR_NO_SPACE,
			       "LUN \"%s\" has %s, and a LUN in pool \"%s\" can have %s at most: "
			       "choose another pool",
			       ROW_LUN_CALLED(lun),
			       str_format_size(lun->size_bytes, want, sizeof(want)), pool->name,
			       str_format_size(largest, have, sizeof(have)));
	needed = array_pool_needed(array_pool_driver_find(pool->path), lun->thin, lun->size_bytes,
				   array_unit_allocated(array, m->lun_id));
	if (needed > space.free_bytes)
		return err_set(ERR_NO_SPACE,
			       "LUN \"%s\" needs %s in pool \"%s\", which has %s free: choose "
			       "another pool, or make room there",
			       ROW_LUN_CALLED(lun), str_format_size(needed, want, sizeof(want)),
			       pool->name, str_format_size(space.free_bytes, have, sizeof(have)));
	return 0;
}

static int
check(struct array *array, struct move *m, const struct state *view, const struct row_lun *lun)
{
	const struct row_pool *pool = state_find(view, ROW_POOL, m->pool_id);
	const struct array_pool_driver *driver;
	int rc;

	if (pool == NULL)
		return array_name_no_such(ROW_POOL, m->pool_id);
	if (guid_equal(&lun->pool_id, m->pool_id))
		return err_set(ERR_INVALID, "LUN \"%s\" is in pool \"%s\" already",
			       ROW_LUN_CALLED(lun), pool->name);
	if (array_unit_health(array, m->lun_id) == HEALTH_FAILED)
		return err_set(
			ERR_FAILED,
			"the store of LUN \"%s\" has failed: repair it, then set the LUN online",
			ROW_LUN_CALLED(lun));
	driver = array_pool_driver_find(pool->path);
	if (driver != NULL && driver->is_single)
		return err_set(ERR_NOT_SUPPORTED,
			       "pool \"%s\" is a device that is served with the data that it has: "
			       "choose another pool",
			       pool->name);
	if (driver != NULL && driver->is_volatile && !m->force)
		return err_set(
			ERR_INVALID,
			"pool \"%s\" is in memory, and what it has is lost when vdsd ends; --force "
			"(in the API \"force\":true) moves LUN \"%s\" there all the same",
			pool->name, ROW_LUN_CALLED(lun));
	rc = array_pool_ready(array, m->pool_id);
	if (rc == 0)
		rc = check_size(array, m, lun, pool);
	if (rc == 0)
		rc = array_space_promise_capacity(array, m->pool_id, &m->capacity_bytes);
	return rc;
}

/* ---- the start ---- */

/* Returns 1 for a volume that this LUN had in the pool and that is not removed yet. */
static int
is_left(void *arg, const struct catalog_unlink *entry)
{
	const struct move *m = arg;

	return guid_equal(&entry->lun_id, m->lun_id) && guid_equal(&entry->pool_id, m->pool_id);
}

static int
apply(struct array *array, struct array_task *task)
{
	struct move *m = container_of(task, struct move, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_lun *lun = NULL;
	int rc = array_lun_find(view, m->lun_id, &lun);

	if (rc == 0 && state_find(view, ROW_POOL, m->pool_id) == NULL)
		rc = array_name_no_such(ROW_POOL, m->pool_id);
	if (rc == 0)
		rc = array_space_check_promise(view, m->pool_id, m->capacity_bytes,
					       lun->size_bytes);
	if (rc == 0)
		rc = catalog_unlinks(array->catalog, is_left, m);
	if (rc == 1)
		return err_set(ERR_BUSY,
			       "the volume that LUN \"%s\" had in the pool before is still being "
			       "removed: try again in a moment",
			       ROW_LUN_CALLED(lun));
	if (rc < 0)
		return rc;
	task->answer.object_id = *m->lun_id;
	task->answer.job_id = m->job->id;
	return array_job_edit_start(array, task->edit, m->job);
}

static void
committed(struct array *array, struct array_task *task)
{
	(void)array;
	array_job_queue(TAKE(container_of(task, struct move, task)->job));
}

/* The job ends the hold. */
static int
move_held(struct array *array, struct move *m)
{
	AUTO_STATE struct state *state = array_state(array);
	struct array_store *store = array_unit_store(array, m->lun_id);
	const struct row_lun *lun = NULL;
	int rc = array_lun_find(state, m->lun_id, &lun);

	if (rc == 0)
		rc = check(array, m, state, lun);
	if (rc == 0) {
		m->job = array_job_new(array, JOB_MOVE_LUN, m->lun_id, 0, lun->size_bytes, store);
		rc = m->job == NULL ? -ENOMEM : 0;
	}
	if (rc == 0) {
		m->job->pool_id = *m->pool_id;
		rc = array_writer_submit(array, &m->task);
	}
	array_job_free(m->job);
	array_store_unref(store);
	return rc;
}

int
array_lun_move(struct array *array, const struct array_request *request, const struct guid *lun,
	       const struct guid *pool, bool force, struct array_answer *ret_answer)
{
	struct move m = {
		.task = { .apply = apply,
			  .committed = committed,
			  .cause = "job.create",
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.lun_id = lun,
		.pool_id = pool,
		.force = force,
	};
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return MIN(rc, 0);
	rc = array_operation_begin(array, lun, ASK_EXTEND, OPERATION_MOVE, true);
	if (rc == 0) {
		rc = move_held(array, &m);
		if (rc < 0)
			array_operation_end(array, lun);
	}
	return array_request_end(array, request, rc, &m.task.answer, ret_answer);
}

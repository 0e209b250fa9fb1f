/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs are operations that take long.  A job's row says how the job ended and is kept for a day;
 * its live row says how far the job is; a private note in the catalog lets the job go on after a
 * restart.  Callers: any thread except the writer; apply functions run on the writer thread, and
 * the work itself (allocate.c, clone.c, move_run.c) on a worker.
 *
 *	WORKING --cancel--> CANCELLING --the work stops--> row CANCELLED
 *	        --the work is done or has failed--> ENDING --> row DONE or FAILED
 *	        --pause--> PAUSING --the work stops--> PAUSED --resume--> WORKING (job_pause.c)
 *	PAUSING, PAUSED --cancel--> CANCELLING
 *	PAUSING --the work has failed--> ENDING
 *
 * A job whose cancellation was answered with success always ends CANCELLED: one compare-and-swap
 * decides between the ways.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define MOVES_AT_ONCE 2

struct array_job *
array_job_new(struct array *array, enum job_kind kind, const struct guid *lun_id,
	      uint64_t from_bytes, uint64_t to_bytes, struct array_store *store)
{
	struct array_job *job = mem_calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	guid_make(&job->id);
	job->array = array;
	job->kind = kind;
	job->lun_id = *lun_id;
	job->from_bytes = from_bytes;
	job->to_bytes = to_bytes;
	job->store = store != NULL ? array_store_ref(store) : NULL;
	job->work.run = kind == JOB_MOVE_LUN ? array_move_run : array_allocate_run;
	atomic_init(&job->phase, JOB_WORKING);
	if (kind != JOB_MOVE_LUN)
		return job;
	job->moving = array_move_new(job);
	if (job->moving == NULL) {
		array_job_free(job);
		return NULL;
	}
	return job;
}

void
array_job_free(struct array_job *job)
{
	if (job == NULL)
		return;
	array_job_release(job);
	array_move_free(job->moving);
	array_store_unref(job->origin);
	array_store_unref(job->store);
	mem_free(job);
}

void
array_job_release(struct array_job *job)
{
	if (guid_is_zero(&job->held_id))
		return;
	array_operation_end(job->array, &job->held_id);
	memset(&job->held_id, 0, sizeof(job->held_id));
}

void
array_job_hand_over(struct array_job *job)
{
	struct array *array = job->array;

	if (job->kind == JOB_MOVE_LUN)
		workers_lane_submit(array->workers, &array->move_lane, MOVES_AT_ONCE, &job->work);
	else
		workers_submit(array->workers, &job->work);
}

/* Puts the job among those that run; one that is paused waits there for array_job_resume. */
void
array_job_queue(struct array_job *job)
{
	struct array *array = job->array;

	array_live_job_put(array, &job->id, 0);
	pthread_mutex_lock(&array->jobs_lock);
	list_append(&array->jobs, &job->node);
	if (atomic_load(&job->phase) != JOB_PAUSED)
		array_job_hand_over(job);
	pthread_mutex_unlock(&array->jobs_lock);
}

struct array_job *
array_job_find_locked(struct array *array, const struct guid *job_id)
{
	list_for_each(node, &array->jobs) {
		struct array_job *job = list_entry(node, struct array_job, node);

		if (guid_equal(&job->id, job_id))
			return job;
	}
	return NULL;
}

void
array_job_forget(struct array_job *job)
{
	struct array *array = job->array;

	pthread_mutex_lock(&array->jobs_lock);
	list_remove(&job->node);
	pthread_mutex_unlock(&array->jobs_lock);
	array_live_delete(array, ROW_LIVE_JOB, &job->id);
}

/* ---- rows ---- */

int
array_job_edit_start(struct array *array, struct state_edit *edit, const struct array_job *job)
{
	struct catalog_job note = { job->id, job->from_bytes, job->to_bytes };
	const struct row_lun *lun = state_find(state_edit_view(edit), ROW_LUN, &job->lun_id);
	AUTO_ROW struct row_job *row = row_new(ROW_JOB);
	int rc;

	if (row == NULL || (lun != NULL && row_set_string(&row->lun_name, lun->name) < 0))
		return -ENOMEM;
	row->id = job->id;
	row->kind = job->kind;
	row->lun_id = job->lun_id;
	row->pool_id = job->pool_id;
	row->to_bytes = job->kind == JOB_EXTEND_LUN ? job->to_bytes : 0;
	row->state = JOB_RUNNING;
	row->created_ms = clock_utc_ms();
	rc = state_edit_put(edit, TAKE(row));
	return rc < 0 ? rc : catalog_job_put(array->catalog, &note);
}

int
array_job_edit_end(struct array *array, struct state_edit *edit, const struct array_job *job,
		   int result, const char *message)
{
	const struct row_job *before = state_find(state_edit_view(edit), ROW_JOB, &job->id);
	AUTO_ROW struct row_job *row = NULL;
	int rc;

	if (before == NULL)
		return array_name_no_such(ROW_JOB, &job->id);
	row = row_copy(before);
	if (row == NULL)
		return -ENOMEM;
	row->state = result == 0 ? JOB_DONE : result == ERR_CANCELLED ? JOB_CANCELLED : JOB_FAILED;
	row->paused = false;
	row->ended_ms = clock_utc_ms();
	if (result < 0 && (row_set_string(&row->error, err_name(result)) < 0 ||
			   row_set_string(&row->message, message) < 0))
		return -ENOMEM;
	rc = state_edit_put(edit, TAKE(row));
	return rc < 0 ? rc : catalog_job_delete(array->catalog, &job->id);
}

/* ---- cancel ---- */

struct cancel {
	struct array_task task;
	const struct guid *job_id;
	bool begun; /* by an application to an older state */
};

/* Returns the phase that the job had before, and sets CANCELLING unless it is too late for that. */
static int
cancel_phase(struct array_job *job)
{
	int phase = atomic_load(&job->phase);

	while (phase != JOB_CANCELLING && phase != JOB_ENDING)
		if (atomic_compare_exchange_strong(&job->phase, &phase, JOB_CANCELLING))
			break;
	return phase;
}

/*
 * A move that waits for others does not wait any more, since its LUN is held so long.  Returns 0
 * when the job will end cancelled, ERR_CANCELLED (it was cancelled before), ERR_TOO_LATE (it is
 * about to end), or ERR_NOT_FOUND (the job does not run, or no longer).
 */
static int
cancel_running(struct array *array, const struct guid *job_id)
{
	struct array_job *job;
	int phase = JOB_ENDING, rc = ERR_NOT_FOUND;

	pthread_mutex_lock(&array->jobs_lock);
	job = array_job_find_locked(array, job_id);
	if (job != NULL) {
		phase = cancel_phase(job);
		rc = phase == JOB_CANCELLING ? ERR_CANCELLED
		     : phase == JOB_ENDING   ? ERR_TOO_LATE
					     : 0;
	}
	if (rc == 0 && phase == JOB_PAUSED)
		array_job_hand_over(job);
	if (rc == 0 && job->kind == JOB_MOVE_LUN)
		workers_lane_hurry(array->workers, &array->move_lane, &job->work);
	pthread_mutex_unlock(&array->jobs_lock);
	return rc;
}

static int
cancel_apply(struct array *array, struct array_task *task)
{
	struct cancel *c = container_of(task, struct cancel, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_job *job = state_find(view, ROW_JOB, c->job_id);
	int rc;

	if (job == NULL)
		return array_name_no_such(ROW_JOB, c->job_id);
	task->answer.object_id = *c->job_id;
	if (c->begun)
		return 0;
	if (job->state == JOB_RUNNING && !array_lun_is_own(array, view, &job->lun_id))
		return array_lun_not_own(array, view, &job->lun_id);
	rc = job->state == JOB_RUNNING ? cancel_running(array, c->job_id) : ERR_NOT_FOUND;
	c->begun = rc == 0;
	if (rc == ERR_CANCELLED || job->state == JOB_CANCELLED)
		return err_set(ERR_CANCELLED, "the job was cancelled already");
	return rc < 0 ? err_set(ERR_TOO_LATE, "the job has ended and cannot be cancelled any more")
		      : 0;
}

int
array_job_cancel(struct array *array, const struct array_request *request, const struct guid *job,
		 struct array_answer *ret_answer)
{
	struct cancel c = {
		.task = { .apply = cancel_apply, .cause = "job.cancel", .use = CATALOG_FREES },
		.job_id = job
	};

	return array_change_run(array, request, &c.task, ret_answer);
}

/* ---- after a restart ---- */

struct resume {
	struct array *array;
	const struct state *state;
};

static enum lun_operation
operation_of(const struct row_job *row)
{
	return row->kind == JOB_CREATE_LUN ? OPERATION_CREATE
	       : row->kind == JOB_MOVE_LUN ? OPERATION_MOVE
					   : OPERATION_EXTEND;
}

static void
hold(struct array *array, const struct guid *lun_id, enum lun_operation operation)
{
	struct array_lun_entry *entry;

	pthread_mutex_lock(&array->luns_lock);
	entry = array_unit_find_locked(array, lun_id);
	if (entry != NULL) {
		entry->operation = operation;
		entry->visible = operation != OPERATION_NONE;
		array_unit_show_locked(array, entry);
	}
	pthread_mutex_unlock(&array->luns_lock);
}

static int
resume_one(void *arg, const struct catalog_job *note)
{
	struct resume *r = arg;
	const struct row_job *row = state_find(r->state, ROW_JOB, &note->job_id);
	struct array_store *store;
	struct array_job *job;

	if (row == NULL || row->state != JOB_RUNNING)
		return err_set(ERR_CORRUPT, "the catalog has notes for a job that does not run");
	store = array_unit_store(r->array, &row->lun_id);
	job = array_job_new(r->array, row->kind, &row->lun_id, note->from_bytes, note->to_bytes,
			    store);
	array_store_unref(store);
	if (job == NULL)
		return -ENOMEM;
	job->id = note->job_id;
	job->pool_id = row->pool_id;
	/* a copy cannot go on, so it need not wait for that either */
	if (row->paused && !array_job_copies(job))
		atomic_store(&job->phase, JOB_PAUSED);
	hold(r->array, &row->lun_id, operation_of(row));
	/* A job that cannot be ended waits, and its LUN stays held. */
	if (array_is_read_only(r->array))
		array_job_free(job);
	else
		array_job_queue(job);
	return 0;
}

int
array_job_resume_all(struct array *array)
{
	struct resume r = { array, array->state };

	return catalog_jobs(array->catalog, resume_one, &r);
}

static bool
runs_here(struct array *array, const struct guid *job_id)
{
	bool runs;

	pthread_mutex_lock(&array->jobs_lock);
	runs = array_job_find_locked(array, job_id) != NULL;
	pthread_mutex_unlock(&array->jobs_lock);
	return runs;
}

int
array_job_take(struct array *array)
{
	struct resume r = { array, array->state };
	int rc = 0, waits = 0;

	for (size_t i = 0; rc == 0 && i < state_count(array->state, ROW_JOB); i++) {
		const struct row_job *row = state_at(array->state, ROW_JOB, i);

		if (row->state != JOB_RUNNING ||
		    !array_lun_is_own(array, array->state, &row->lun_id) ||
		    runs_here(array, &row->id))
			continue;
		if (array_gateway_holds(array, &row->lun_id))
			rc = catalog_job_of(array->catalog, &row->id, resume_one, &r);
		else
			waits = 1;
	}
	return rc < 0 ? rc : waits;
}

void
array_job_follow(struct array *array, const struct row_job *row)
{
	hold(array, &row->lun_id, row->state == JOB_RUNNING ? operation_of(row) : OPERATION_NONE);
}

/* ---- for people ---- */

static const struct row_job *
job_of(const struct state *config, const struct guid *lun_id)
{
	for (size_t i = 0; i < state_count(config, ROW_JOB); i++) {
		const struct row_job *job = state_at(config, ROW_JOB, i);

		if (job->state == JOB_RUNNING && guid_equal(&job->lun_id, lun_id))
			return job;
	}
	return NULL;
}

char *
array_job_text(const struct state *config, const struct state *live, const struct row_lun *lun)
{
	const struct row_job *job = job_of(config, &lun->id);
	const struct row_live_job *how = NULL;
	const struct row_pool *pool;
	const char *paused;
	unsigned percent;

	if (job == NULL)
		return str_dup("");
	how = state_find(live, ROW_LIVE_JOB, &job->id);
	percent = how != NULL ? how->percent : 0;
	paused = job->paused ? ", paused" : "";
	pool = state_find(config, ROW_POOL, &job->pool_id);
	if (job->kind == JOB_MOVE_LUN && pool != NULL)
		return str_printf("; it is being moved to pool \"%s\": %u %%%s", pool->name,
				  percent, paused);
	if (job->kind == JOB_EXTEND_LUN)
		return str_printf("; it is being extended: %u %%%s", percent, paused);
	return str_printf(": %u %%%s", percent, paused);
}

/* ---- after a day ---- */

static bool
is_old(const struct row_job *job)
{
	return job->ended_ms != 0 && job->ended_ms + JOB_KEPT_MS < clock_utc_ms();
}

static int
expire_apply(struct array *array, struct array_task *task)
{
	const struct state *view = state_edit_view(task->edit);
	int rc = 0;

	(void)array;
	for (size_t i = state_count(view, ROW_JOB); rc == 0 && i-- > 0;) {
		const struct row_job *job = state_at(view, ROW_JOB, i);
		struct guid id = job->id;

		if (is_old(job))
			rc = state_edit_delete(task->edit, ROW_JOB, &id, NULL);
	}
	return rc;
}

void
array_job_expire(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	struct array_task task = { .apply = expire_apply,
				   .cause = "job.expire",
				   .use = CATALOG_FREES };

	for (size_t i = 0; i < state_count(state, ROW_JOB); i++) {
		if (is_old(state_at(state, ROW_JOB, i))) {
			(void)array_writer_submit(array, &task);
			return;
		}
	}
}

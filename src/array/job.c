/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs are operations that take long.  A job's row says how the job ended and is kept for a day;
 * its live row says how far the job is; a private note in the catalog lets the job go on after a
 * restart.  Callers: any thread except the writer; apply functions run on the writer thread, and
 * the work itself (allocate.c, move.c) on a worker.
 *
 *	WORKING --cancel--> CANCELLING --the work stops--> row CANCELLED
 *	        --the work is done or has failed--> ENDING --> row DONE or FAILED
 *
 * A job whose cancellation was answered with success always ends CANCELLED: one compare-and-swap
 * decides between the two ways.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

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
	return job;
}

void
array_job_free(struct array_job *job)
{
	if (job == NULL)
		return;
	array_job_release(job);
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
array_job_queue(struct array_job *job)
{
	struct array *array = job->array;

	array_live_job_put(array, &job->id, 0);
	pthread_mutex_lock(&array->jobs_lock);
	list_append(&array->jobs, &job->node);
	pthread_mutex_unlock(&array->jobs_lock);
	if (job->kind == JOB_MOVE_LUN)
		workers_lane_submit(array->workers, &array->move_lane, MOVES_AT_ONCE, &job->work);
	else
		workers_submit(array->workers, &job->work);
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
};

/*
 * A move that waits for others does not wait any more, since its LUN is held so long.  Returns 0 when
 * the job will end cancelled, or ERR_NOT_FOUND (the job does not run, or no longer).
 */
static int
cancel_running(struct array *array, const struct guid *job_id)
{
	int rc = ERR_NOT_FOUND;

	pthread_mutex_lock(&array->jobs_lock);
	list_for_each(node, &array->jobs) {
		struct array_job *job = list_entry(node, struct array_job, node);
		int phase = JOB_WORKING;

		if (!guid_equal(&job->id, job_id))
			continue;
		if (atomic_compare_exchange_strong(&job->phase, &phase, JOB_CANCELLING))
			rc = 0;
		else
			rc = phase == JOB_CANCELLING ? ERR_CANCELLED : ERR_TOO_LATE;
		if (rc == 0 && job->kind == JOB_MOVE_LUN)
			workers_lane_hurry(array->workers, &array->move_lane, &job->work);
		break;
	}
	pthread_mutex_unlock(&array->jobs_lock);
	return rc;
}

static int
cancel_apply(struct array *array, struct array_task *task)
{
	struct cancel *c = container_of(task, struct cancel, task);
	const struct row_job *job = state_find(state_edit_view(task->edit), ROW_JOB, c->job_id);
	int rc;

	if (job == NULL)
		return array_name_no_such(ROW_JOB, c->job_id);
	task->answer.object_id = *c->job_id;
	rc = job->state == JOB_RUNNING ? cancel_running(array, c->job_id) : ERR_NOT_FOUND;
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

static int
resume_one(void *arg, const struct catalog_job *note)
{
	struct resume *r = arg;
	const struct row_job *row = state_find(r->state, ROW_JOB, &note->job_id);
	enum lun_operation operation;
	struct array_lun_entry *entry;
	struct array_store *store;
	struct array_job *job;

	if (row == NULL || row->state != JOB_RUNNING)
		return err_set(ERR_CORRUPT, "the catalog has notes for a job that does not run");
	operation = row->kind == JOB_CREATE_LUN ? OPERATION_CREATE
		    : row->kind == JOB_MOVE_LUN ? OPERATION_MOVE
						: OPERATION_EXTEND;
	store = array_unit_store(r->array, &row->lun_id);
	job = array_job_new(r->array, row->kind, &row->lun_id, note->from_bytes, note->to_bytes,
			    store);
	array_store_unref(store);
	if (job == NULL)
		return -ENOMEM;
	job->id = note->job_id;
	job->pool_id = row->pool_id;
	pthread_mutex_lock(&r->array->luns_lock);
	entry = array_unit_find_locked(r->array, &row->lun_id);
	if (entry != NULL) {
		entry->operation = operation;
		entry->visible = true;
		array_unit_show_locked(r->array, entry);
	}
	pthread_mutex_unlock(&r->array->luns_lock);
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

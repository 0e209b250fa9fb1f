/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The work of a job: allocates the space of a thick LUN, then ends the job with one change.  Runs
 * on a worker; apply functions run on the writer thread.
 *
 *	create:	space allocated, or the data of another volume copied -> job.end
 *		failed or cancelled -> the LUN is deleted in the change that ends the job
 *	extend:	space allocated -> the file grows -> lun.extend
 *		failed or cancelled -> the new space is freed -> job.end
 *
 * When the array closes, the work stops where it is, and goes on at the next start.  Allocating the
 * same space twice does no harm, so that an allocation also begins anew after a pause.  A copy goes
 * on after a pause, but not after a restart: what it copied from was held in this run only, and may
 * be another since; so the job fails.
 */
#include <errno.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#define END_TRIES 10

/* The arguments of the change that ends a job. */
struct ending {
	struct array_task task;
	struct array_job *job;
	int result;
	char message[TASK_TEXT_SIZE];
};

int
array_job_step(struct array_job *job, unsigned percent)
{
	int phase = atomic_load(&job->phase);

	job->stood_aside |= phase == JOB_PAUSING;
	if (atomic_load(&job->array->closing) || phase == JOB_CANCELLING || phase == JOB_PAUSING)
		return ERR_CANCELLED;
	if (percent != job->percent) {
		job->percent = percent;
		array_live_job_put(job->array, &job->id, percent);
	}
	return 0;
}

static int
step(struct blk_progress *progress, uint64_t done_bytes, uint64_t total_bytes)
{
	struct array_job *job = container_of(progress, struct array_job, progress);

	if (total_bytes == 0) /* nothing goes on */
		return array_job_step(job, job->percent);
	return array_job_step(job, (unsigned)(done_bytes / (total_bytes / 100 + 1)));
}

static int
allocate(struct array_job *job)
{
	int rc;

	if (job->store == NULL)
		return err_set(ERR_NOT_FOUND, "the LUN was deleted while the job was running");
	job->progress.step = step;
	array_store_manage(job->store);
	rc = array_store_allocate(job->store, job->from_bytes, job->to_bytes - job->from_bytes,
				  &job->progress);
	array_store_unmanage(job->store);
	if (rc == -EOPNOTSUPP || rc == -ENOSYS)
		return err_set(ERR_NOT_SUPPORTED,
			       "this pool cannot reserve the space of a thick LUN (fallocate: %s): "
			       "create the LUN without --thick, or in another pool",
			       strerror(-rc));
	return rc == ERR_CANCELLED ? rc : array_store_file_error(job->store, rc);
}

static int
copy(struct array_job *job)
{
	int rc;

	if (job->store == NULL || job->origin == NULL)
		return err_set(ERR_FAILED, "vdsd was stopped before the copy was complete: make it "
					   "again");
	array_store_manage(job->store);
	rc = array_clone_copy(job);
	array_store_unmanage(job->store);
	return rc;
}

static int
resize(struct array_job *job, uint64_t size_bytes)
{
	int rc;

	array_store_manage(job->store);
	rc = array_store_file_error(job->store, array_store_resize(job->store, size_bytes));
	array_store_unmanage(job->store);
	return rc;
}

static int
end_apply(struct array *array, struct array_task *task)
{
	struct ending *e = container_of(task, struct ending, task);
	struct array_job *job = e->job;
	int rc = 0;

	if (job->kind == JOB_EXTEND_LUN && e->result == 0)
		rc = array_lun_edit_resize(task->edit, &job->lun_id, job->to_bytes);
	if (job->kind == JOB_CREATE_LUN && e->result < 0 && job->store != NULL)
		rc = array_lun_edit_remove(array, task->edit, &job->lun_id);
	return rc < 0 ? rc : array_job_edit_end(array, task->edit, job, e->result, e->message);
}

/*
 * Ends the hold before the change is visible, so that whoever sees that the job has ended finds the
 * LUN free.
 */
static void
end_committed(struct array *array, struct array_task *task)
{
	struct ending *e = container_of(task, struct ending, task);

	array_job_forget(e->job);
	array_job_release(e->job);
	if (e->job->kind != JOB_CREATE_LUN || e->result == 0)
		array_operation_end(array, &e->job->lun_id);
}

static void
end_published(struct array *array, struct array_task *task)
{
	struct ending *e = container_of(task, struct ending, task);

	if (e->job->kind == JOB_CREATE_LUN && e->result < 0)
		array_unit_remove(array, &e->job->lun_id, true);
}

static int
end(struct array_job *job, int result)
{
	struct ending e = {
		.task = { .apply = end_apply,
			  .use = CATALOG_FREES,
			  .committed = end_committed,
			  .published = end_published,
			  .cause = job->kind == JOB_EXTEND_LUN && result == 0 ? "lun.extend"
									      : "job.end" },
		.job = job,
		.result = result,
	};

	snprintf(e.message, sizeof(e.message), "%s", result < 0 ? err_text(result) : "");
	return array_writer_submit(job->array, &e.task);
}

int
array_job_settle(struct array_job *job, int rc)
{
	int phase = atomic_load(&job->phase);

	while (phase == JOB_WORKING || (phase == JOB_PAUSING && rc < 0))
		if (atomic_compare_exchange_strong(&job->phase, &phase, JOB_ENDING))
			return rc;
	job->stood_aside |= phase == JOB_PAUSING;
	return err_set(ERR_CANCELLED, "the job was cancelled");
}

/*
 * Sets the size of an extended LUN's file: the new size when the allocation succeeded; else the old
 * size, which frees the space beyond it.
 */
static int
settle_size(struct array_job *job, int rc)
{
	char text[TASK_TEXT_SIZE];

	if (job->kind != JOB_EXTEND_LUN || job->store == NULL)
		return rc;
	if (rc == 0)
		rc = resize(job, job->to_bytes);
	if (rc == 0)
		return 0;
	snprintf(text, sizeof(text), "%s", err_text(rc));
	(void)resize(job, job->from_bytes);
	return err_set(rc, "%s", text);
}

/* Tries again after a moment, when memory may be available. */
static int
end_surely(struct array_job *job, int result)
{
	int rc = end(job, result);

	for (int i = 0; i < END_TRIES && rc < 0 && array_writer_outcome_is_known(rc); i++)
		rc = end(job, result);
	return rc;
}

/* Works until the job is done, has failed, is cancelled or paused, or the array closes. */
static enum array_job_next
work_on(struct array_job *job, int *ret_rc)
{
	enum array_job_next next;
	int rc;

	do {
		rc = array_job_copies(job) ? copy(job) : allocate(job);
		if (rc != ERR_CANCELLED)
			rc = array_job_settle(job, rc);
		next = rc == ERR_CANCELLED ? array_job_stopped(job) : JOB_NEXT_END;
	} while (next == JOB_NEXT_AGAIN);
	*ret_rc = rc;
	return next;
}

void
array_allocate_run(struct work *work)
{
	struct array_job *job = container_of(work, struct array_job, work);
	char id[GUID_TEXT_SIZE];
	int rc = 0;

	if (work_on(job, &rc) == JOB_NEXT_LEAVE)
		return;
	array_clone_copy_end(job);
	if (rc == ERR_CANCELLED && atomic_load(&job->phase) == JOB_WORKING) {
		array_job_forget(job); /* the array closes */
		array_job_free(job);
		return;
	}
	if (rc == ERR_CANCELLED)
		rc = array_job_settle(job, rc);
	rc = settle_size(job, rc);
	rc = end_surely(job, rc);
	if (rc < 0) {
		/*
		 * The catalog cannot be written: the job goes on after a restart, when the catalog
		 * can be written.
		 */
		log_error("job.end", "job=%s error=%s", guid_format(&job->id, id), err_text(rc));
		array_job_forget(job);
		array_operation_end(job->array, &job->lun_id);
	}
	array_job_free(job);
}

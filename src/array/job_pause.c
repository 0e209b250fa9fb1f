/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pauses jobs and lets them go on.  The row of the job says that it is paused, and so it is after a
 * restart.  A job that is paused has no thread, and does no I/O; its LUN stays held.  The phases
 * are drawn in job.c.  Callers: any thread except the writer; apply functions and hooks run on the
 * writer thread; array_job_stopped on the thread of the job.
 *
 * The writer's order decides between requests.  A pause stops the job before it is committed, so
 * that a job whose pause was answered with success does not end meanwhile, unless it fails.
 */
#include <errno.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/err.h"

struct pausing {
	struct array_task task;
	const struct guid *job_id;
	bool pause; /* false = resume */
	bool begun; /* the job was asked to pause; not committed yet */
};

/* ---- the phases ---- */

/* Returns 0, or the phase in which the job cannot be paused: CANCELLING or ENDING. */
static int
pause_phase(struct array *array, const struct guid *job_id)
{
	struct array_job *job;
	int phase = JOB_WORKING;

	pthread_mutex_lock(&array->jobs_lock);
	job = array_job_find_locked(array, job_id);
	if (job != NULL)
		atomic_compare_exchange_strong(&job->phase, &phase, JOB_PAUSING);
	pthread_mutex_unlock(&array->jobs_lock);
	return phase == JOB_CANCELLING || phase == JOB_ENDING ? phase : 0;
}

/* The caller holds jobs_lock. */
static void
go_on(struct array_job *job)
{
	int phase = JOB_PAUSING;

	if (atomic_compare_exchange_strong(&job->phase, &phase, JOB_WORKING))
		return; /* its thread finds that in array_job_stopped, or has not seen the pause */
	phase = JOB_PAUSED;
	if (atomic_compare_exchange_strong(&job->phase, &phase, JOB_WORKING))
		array_job_hand_over(job);
}

static void
resume_phase(struct array *array, const struct guid *job_id)
{
	struct array_job *job;

	pthread_mutex_lock(&array->jobs_lock);
	job = array_job_find_locked(array, job_id);
	if (job != NULL)
		go_on(job);
	pthread_mutex_unlock(&array->jobs_lock);
}

enum array_job_next
array_job_stopped(struct array_job *job)
{
	struct array *array = job->array;
	enum array_job_next next = JOB_NEXT_END;
	bool stood_aside = job->stood_aside;
	int phase = JOB_PAUSING;

	job->stood_aside = false;
	pthread_mutex_lock(&array->jobs_lock);
	if (atomic_load(&array->closing)) {
		/* the row says that it is paused */
		atomic_compare_exchange_strong(&job->phase, &phase, JOB_WORKING);
	} else if (atomic_compare_exchange_strong(&job->phase, &phase, JOB_PAUSED)) {
		next = JOB_NEXT_LEAVE;
	} else if (phase == JOB_WORKING && stood_aside) {
		next = JOB_NEXT_AGAIN;
	}
	pthread_mutex_unlock(&array->jobs_lock);
	return next;
}

void
array_job_close(struct array *array)
{
	pthread_mutex_lock(&array->jobs_lock);
	list_for_each(node, &array->jobs)
		go_on(list_entry(node, struct array_job, node));
	pthread_mutex_unlock(&array->jobs_lock);
}

/* ---- the requests ---- */

static int
refuse(const struct pausing *p, const char *why)
{
	return err_set(ERR_TOO_LATE, "the job %s, and cannot be %s any more", why,
		       p->pause ? "paused" : "resumed");
}

static int
apply(struct array *array, struct array_task *task)
{
	struct pausing *p = container_of(task, struct pausing, task);
	const struct row_job *job = state_find(state_edit_view(task->edit), ROW_JOB, p->job_id);
	struct row_job *row;
	int phase = 0;

	if (job == NULL)
		return array_name_no_such(ROW_JOB, p->job_id);
	if (job->state != JOB_RUNNING)
		return refuse(p, "has ended");
	task->answer.object_id = *p->job_id;
	if (job->paused == p->pause)
		return 0;
	if (p->pause)
		phase = pause_phase(array, p->job_id);
	if (phase != 0)
		return refuse(p, phase == JOB_CANCELLING ? "was cancelled" : "is about to end");
	p->begun = p->pause;
	row = row_copy(job);
	if (row == NULL)
		return -ENOMEM;
	row->paused = p->pause;
	return state_edit_put(task->edit, row);
}

/* When the job was resumed in the same commit, it is paused anew. */
static void
committed(struct array *array, struct array_task *task)
{
	struct pausing *p = container_of(task, struct pausing, task);

	if (p->pause)
		(void)pause_phase(array, p->job_id);
	else
		resume_phase(array, p->job_id);
}

/* Makes the job do what its row says. */
static int
match(struct array *array, struct array_task *task)
{
	const struct guid *job_id = container_of(task, struct pausing, task)->job_id;
	const struct row_job *job = state_find(array->state, ROW_JOB, job_id);

	if (job != NULL && job->state == JOB_RUNNING && !job->paused)
		resume_phase(array, job_id);
	return 0;
}

/* The pause was not committed. */
static void
take_back(struct array *array, const struct guid *job_id, int rc)
{
	struct pausing p = { .task.run = match, .job_id = job_id };
	char text[TASK_TEXT_SIZE];

	snprintf(text, sizeof(text), "%s", err_text(rc));
	(void)array_writer_submit(array, &p.task);
	err_set(rc, "%s", text);
}

static int
run(struct array *array, const struct array_request *request, const struct guid *job, bool pause,
    struct array_answer *ret_answer)
{
	struct pausing p = {
		.task = { .apply = apply,
			  .committed = committed,
			  .cause = pause ? "job.pause" : "job.resume",
			  .use = CATALOG_FREES },
		.job_id = job,
		.pause = pause,
	};
	int rc = array_change_run(array, request, &p.task, ret_answer);

	if (rc < 0 && p.begun)
		take_back(array, job, rc);
	return rc;
}

int
array_job_pause(struct array *array, const struct array_request *request, const struct guid *job,
		struct array_answer *ret_answer)
{
	return run(array, request, job, true, ret_answer);
}

int
array_job_resume(struct array *array, const struct array_request *request, const struct guid *job,
		 struct array_answer *ret_answer)
{
	return run(array, request, job, false, ret_answer);
}

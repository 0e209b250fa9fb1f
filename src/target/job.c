/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What units do beside their initiators' commands (scsi_lu_do_job: FORMAT UNIT, SANITIZE).  The
 * workers for file operations do it, one step at a time: after each step the unit waits in their
 * queue again, behind what others have put there.
 *
 * Whoever drains a LUN (hold.c) must find no step under way, and none may begin until the drain has
 * ended; so each drain has a part here:
 *
 *	queued --a worker has it--> a drain covers the LUN: parked, else a step
 *	step --there is more--> queued, or waiting while a limit of the LUN or its pool is used up
 *	parked --the last drain that covers the LUN ends--> queued
 *	waiting --its time has come, or there are other limits--> queued
 *	any --the LUN is deleted, or the data path stops--> not queued
 *
 * A unit that is queued, parked or waiting has a reference.  A job that is not done by then goes on
 * when the LUN's unit is made again: at the next start, target_job_start looks for such LUNs.
 */
#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "target/target_int.h"

/* How long a unit that waits for limits does not see that they have changed. */
#define LOOK_NS  (100 * NS_PER_MS)
/* How long a step waits when the device takes nothing at the moment. */
#define RETRY_MS 100u

/* ---- Units that wait for limits ---- */

static uint32_t
limit_generation(const struct target *target)
{
	return atomic_load_explicit(&target->limits.generation, memory_order_relaxed);
}

/* With the lock. */
static bool
waits(const struct target *target, const struct target_unit *unit, uint64_t now_ns)
{
	return !target->jobs.stopped && !unit->job.forgotten && unit->job.start_ns > now_ns &&
	       unit->job.generation == limit_generation(target);
}

/* Queues the units whose time has come, and looks again when that of the next one comes. */
static void
look_at_units(struct target *target)
{
	struct target_jobs *jobs = &target->jobs;
	struct loop *loop = target->threads[0].loop;
	uint64_t now_ns = clock_mono_ns(), next_ns = UINT64_MAX;

	pthread_mutex_lock(&jobs->lock);
	jobs->posted = false;
	list_for_each_safe(node, &jobs->waiting) {
		struct target_unit *unit = list_entry(node, struct target_unit, job.node);

		if (waits(target, unit, now_ns)) {
			next_ns = MIN(next_ns, unit->job.start_ns);
			continue;
		}
		list_remove(node);
		workers_submit(target->workers, &unit->job.work);
	}
	pthread_mutex_unlock(&jobs->lock);
	if (next_ns == UINT64_MAX)
		loop_timer_cancel(loop, &jobs->timer);
	else
		loop_timer_set(loop, &jobs->timer, MIN(next_ns - now_ns, LOOK_NS));
}

static void
look_at_waiting(struct loop_msg *msg)
{
	look_at_units(container_of(msg, struct target, jobs.look));
}

static void
waited(struct loop_timer *timer)
{
	look_at_units(container_of(timer, struct target, jobs.timer));
}

/* Has the first thread look at what waits.  With the lock. */
static void
post_look(struct target *target)
{
	if (target->jobs.posted)
		return;
	target->jobs.posted = true;
	loop_post(target->threads[0].loop, &target->jobs.look);
}

/*
 * Counts what a step has written.  Returns whether the unit has to wait for limits before its next
 * step: then it is in the list.  The worker that has done the step.
 */
static bool
wait_for_limits(struct target_unit *unit)
{
	struct target_jobs *jobs = &unit->target->jobs;
	uint32_t generation = limit_generation(unit->target);
	uint64_t start_ns = target_limits_charge_job(unit, scsi_lu_job_written(unit->lu));
	bool may;

	if (start_ns == 0)
		return false;
	pthread_mutex_lock(&jobs->lock);
	may = !jobs->stopped && !unit->job.forgotten;
	if (may) {
		unit->job.start_ns = start_ns;
		unit->job.generation = generation;
		list_append(&jobs->waiting, &unit->job.node);
		post_look(unit->target);
	}
	pthread_mutex_unlock(&jobs->lock);
	return may;
}

/* ---- What all of them share ---- */

void
target_jobs_init(struct target_jobs *jobs)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&jobs->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&jobs->changed, &attr);
	pthread_condattr_destroy(&attr);
	list_init(&jobs->holds);
	list_init(&jobs->parked);
	list_init(&jobs->waiting);
	list_init(&jobs->running);
	jobs->look.run = look_at_waiting;
	jobs->timer.fire = waited;
}

void
target_jobs_fini(struct target_jobs *jobs)
{
	pthread_cond_destroy(&jobs->changed);
	pthread_mutex_destroy(&jobs->lock);
}

/* Returns false when the time is over.  With the lock. */
static bool
wait_until(struct target_jobs *jobs, uint64_t end_ns)
{
	struct timespec end = { .tv_sec = (time_t)(end_ns / NS_PER_S),
				.tv_nsec = (long)(end_ns % NS_PER_S) };

	return pthread_cond_timedwait(&jobs->changed, &jobs->lock, &end) != ETIMEDOUT;
}

static bool
hold_covers(const struct target_job_hold *hold, const struct guid *lun_id)
{
	for (size_t i = 0; i < hold->count; i++)
		if (guid_equal(&hold->mappings[i].lun_id, lun_id))
			return true;
	return false;
}

/* With the lock. */
static bool
is_held(const struct target_jobs *jobs, const struct target_unit *unit)
{
	list_for_each(node, &jobs->holds)
		if (hold_covers(list_entry(node, struct target_job_hold, node), &unit->lun_id))
			return true;
	return false;
}

/* ---- Steps, on workers ---- */

static void
pause_step(struct target_jobs *jobs)
{
	uint64_t end_ns = clock_mono_ns() + RETRY_MS * NS_PER_MS;

	pthread_mutex_lock(&jobs->lock);
	while (!jobs->stopped && wait_until(jobs, end_ns))
		;
	pthread_mutex_unlock(&jobs->lock);
}

/*
 * Takes up the unit's turn: returns whether a step may be done.  Else the unit is parked or left.
 * A step counts as a connection does: the data path does not end before it has ended.
 */
static bool
begin_step(struct target_jobs *jobs, struct target_unit *unit, bool *ret_left)
{
	bool may;

	pthread_mutex_lock(&jobs->lock);
	*ret_left = jobs->stopped || unit->job.forgotten;
	may = !*ret_left && !is_held(jobs, unit);
	if (may) {
		list_append(&jobs->running, &unit->job.node);
		atomic_fetch_add(&unit->target->conn_count, 1);
	} else if (!*ret_left)
		list_append(&jobs->parked, &unit->job.node);
	else
		unit->job.queued = false;
	pthread_mutex_unlock(&jobs->lock);
	return may;
}

/* Returns whether there is another step to do. */
static bool
end_step(struct target_jobs *jobs, struct target_unit *unit, bool more)
{
	pthread_mutex_lock(&jobs->lock);
	list_remove(&unit->job.node);
	more = more || unit->job.again;
	unit->job.again = false;
	unit->job.queued = more;
	pthread_cond_broadcast(&jobs->changed);
	pthread_mutex_unlock(&jobs->lock);
	return more;
}

static void
step(struct work *work)
{
	struct target_unit *unit = container_of(work, struct target_unit, job.work);
	struct target *target = unit->target;
	struct target_jobs *jobs = &target->jobs;
	enum scsi_job_progress progress;
	bool left;

	if (!begin_step(jobs, unit, &left)) {
		if (left)
			target_unit_unref(unit);
		return;
	}
	progress = scsi_lu_do_job(unit->lu);
	target_job_report_progress(unit);
	if (end_step(jobs, unit, progress != SCSI_JOB_NONE)) {
		if (progress == SCSI_JOB_LATER)
			pause_step(jobs);
		if (!wait_for_limits(unit))
			workers_submit(target->workers, &unit->job.work);
	} else {
		target_unit_unref(unit);
	}
	target_conn_count_down(target);
}

/* ---- Beginning and leaving ---- */

void
target_job_begin(struct target_unit *unit)
{
	struct target_jobs *jobs = &unit->target->jobs;
	bool submits = false;

	pthread_mutex_lock(&jobs->lock);
	if (unit->job.queued) {
		unit->job.again = true;
	} else if (!jobs->stopped && !unit->job.forgotten) {
		unit->job.queued = submits = true;
		unit->job.work.run = step;
		target_unit_ref(unit);
	}
	/* with the lock: after target_jobs_stop nothing is queued */
	if (submits)
		workers_submit(unit->target->workers, &unit->job.work);
	pthread_mutex_unlock(&jobs->lock);
}

void
target_job_asked(void *arg)
{
	target_job_begin(arg);
}

void
target_job_resume(struct target_unit *unit)
{
	struct scsi_job_look look;

	if (!scsi_lu_look_at_job(unit->lu, &look))
		return;
	target_job_report(unit);
	if (!look.failed)
		target_job_begin(unit);
}

/* Queues what is parked and covered by no drain any more, or is to be left.  With the lock. */
static void
unpark(struct target *target)
{
	list_for_each_safe(node, &target->jobs.parked) {
		struct target_unit *unit = list_entry(node, struct target_unit, job.node);

		if (is_held(&target->jobs, unit) && !unit->job.forgotten && !target->jobs.stopped)
			continue;
		list_remove(node);
		workers_submit(target->workers, &unit->job.work);
	}
}

void
target_job_forget(struct target_unit *unit)
{
	struct target *target = unit->target;

	pthread_mutex_lock(&target->jobs.lock);
	unit->job.forgotten = true;
	unpark(target);
	if (!list_empty(&target->jobs.waiting))
		post_look(target);
	pthread_mutex_unlock(&target->jobs.lock);
}

void
target_jobs_stop(struct target *target)
{
	pthread_mutex_lock(&target->jobs.lock);
	target->jobs.stopped = true;
	unpark(target);
	post_look(target); /* also for the timer */
	pthread_cond_broadcast(&target->jobs.changed);
	pthread_mutex_unlock(&target->jobs.lock);
}

/* ---- Drains ---- */

/* With the lock. */
static bool
is_busy(const struct target_jobs *jobs, const struct target_job_hold *hold)
{
	list_for_each(node, &jobs->running)
		if (hold_covers(hold, &list_entry(node, struct target_unit, job.node)->lun_id))
			return true;
	return false;
}

int
target_job_hold(struct target *target, struct target_job_hold *hold, uint32_t timeout_ms)
{
	struct target_jobs *jobs = &target->jobs;
	uint64_t end_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
	bool in_time = true;

	pthread_mutex_lock(&jobs->lock);
	list_append(&jobs->holds, &hold->node);
	while (in_time && is_busy(jobs, hold))
		in_time = wait_until(jobs, end_ns);
	in_time = !is_busy(jobs, hold);
	pthread_mutex_unlock(&jobs->lock);
	return in_time ? 0 : ERR_TIMEOUT;
}

void
target_job_release(struct target *target, struct target_job_hold *hold)
{
	pthread_mutex_lock(&target->jobs.lock);
	list_remove(&hold->node);
	unpark(target);
	pthread_mutex_unlock(&target->jobs.lock);
}

/* ---- The start ---- */

static void
make_unit(struct target_thread *thread, const struct row_lun *row)
{
	struct target *target = thread->target;
	struct target_unit *unit;
	uint32_t version;
	bool passing;
	size_t bytes;
	void *data;

	if (array_kept(target->array, &row->id, SCSI_KEEP_JOB, &version, &data, &bytes, &passing) !=
	    0)
		return;
	mem_free(data);
	if (target_unit_get(target, thread->view->state, row, &unit) == 0)
		target_unit_unref(unit);
}

/* On the first thread, whose view says which LUNs there are. */
static void
look(struct loop_msg *msg)
{
	struct target_thread *thread = container_of(msg, struct target_thread, jobs_msg);

	if (thread->view == NULL)
		return;
	for (size_t i = 0; i < state_count(thread->view->state, ROW_LUN); i++)
		make_unit(thread, state_at(thread->view->state, ROW_LUN, i));
}

void
target_jobs_start(struct target *target)
{
	target->threads[0].jobs_msg.run = look;
	loop_post(target->threads[0].loop, &target->threads[0].jobs_msg);
}

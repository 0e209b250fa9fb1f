/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The work of a job that moves a LUN (docs/design/pools.md).  Runs on a worker; apply functions and
 * hooks run on the writer thread.
 *
 *	a volume in the new pool	what an earlier run left there is removed first
 *	paths drained: the tracking layer is laid over the LUN's device, and paths go on
 *	everything is copied, then what was noted meanwhile, until little is left
 *	paths drained: the rest is copied and flushed; the change is committed; the data path uses
 *	the new volume; paths go on
 *
 * Until the commit the LUN is where it was, and the new volume is nothing that anybody relies on:
 * whatever ends the work, it is removed.  From the commit on it is the other way round.  When the
 * array closes or dies, the job is still in the catalog, and begins anew at the next start.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define END_TRIES      10
#define BUF_BYTES      (1u << 20)
#define FLUSH_BYTES    (256ull << 20) /* of copied data, so that no flush has much to do */
#define REST_BYTES     (16ull << 20)  /* what may be left when commands have to wait */
#define ROUNDS         8              /* of copying what was noted, before commands have to wait */
#define HOLD_NS        (250 * NS_PER_MS) /* how long commands wait at first, at most */
#define HOLDS_DOUBLED  4                 /* then twice as long, four times */
#define PERCENT_COPIED 95

#define TIME_IS_UP 1 /* of copy_noted */

struct moving {
	struct array_task task;
	struct array *array;
	struct array_job *job;
	struct guid from_pool_id;
	bool offline;           /* the LUN's status, which does not change meanwhile */
	struct array_store *to; /* the new store, with a reference; NULL = not made yet */
	bool keeps;             /* what lies in the new pool is not this job's */
	struct blk_dev *track;  /* with a reference; NULL = not laid over the LUN's device */
	struct blk_copier copier;
	uint64_t flushed_bytes; /* copier.copied_bytes at the last flush */
	/* of the present hold of the paths: a drain, or alone: there was no data path yet */
	void *drain;
	bool alone;
	bool came; /* the data path came while this was alone: nothing was held, and nothing committed */
	/* the data path has gone, so that nothing can be drained: the array is about to close */
	bool leaves;
	uint64_t held_ns; /* how long commands waited, all in all */

	/* the change that ends the job */
	int result;
	char message[TASK_TEXT_SIZE];
	bool applied; /* the change was in a commit */
};

/* ---- holding paths ---- */

static int
drain(struct moving *m)
{
	struct array_mapping paths = { .lun_id = m->job->lun_id };
	int rc = array_runtime_quiesce(m->array, &paths, 1, &m->drain);

	if (rc < 0 || m->drain != NULL)
		return rc;
	m->leaves = true;
	return ERR_CANCELLED;
}

/*
 * Drains the LUN's paths.  A store that hangs is waited for, as long as the job is not cancelled, or
 * (insist) the array does not close.  Returns 0, or ERR_CANCELLED.
 */
static int
hold(struct moving *m, bool insist)
{
	struct array *array = m->array;
	int rc;

	m->alone = !array_runtime_is_there(array) && !atomic_load(&array->runtime_left);
	if (m->alone)
		return 0;
	do {
		rc = drain(m);
		if (atomic_load(&array->closing))
			m->leaves = m->leaves || rc < 0;
	} while (rc < 0 && !m->leaves && (insist || array_job_step(m->job, m->job->percent) == 0));
	return rc < 0 ? ERR_CANCELLED : 0;
}

static void
release(struct moving *m)
{
	array_runtime_resume(m->array, TAKE(m->drain));
}

/* ---- the new volume ---- */

static int
progress(struct blk_progress *progress, uint64_t done_bytes, uint64_t total_bytes)
{
	struct array_job *job = container_of(progress, struct array_job, progress);

	(void)done_bytes;
	(void)total_bytes;
	return array_job_step(job, job->percent) < 0;
}

/* Looks for a fault that a test asks for. */
static int
check_fault(struct moving *m, const char *op)
{
	char id[GUID_TEXT_SIZE];

	return blk_fault_check(m->array->inject_dir, guid_format(&m->job->lun_id, id), op,
			       &m->job->progress);
}

/*
 * A catalog that is older than the last move may say that the LUN is still to be moved: then the
 * volume in the new pool has its data, and the one that is copied from is gone.
 */
static int
check_source(struct moving *m, uint64_t size_bytes)
{
	const struct array_store *from = m->job->store;

	return from->place->driver->volume_check(from->place->text, &m->job->lun_id, size_bytes,
						 false);
}

static int
make_volume(struct moving *m, uint64_t size_bytes)
{
	const struct array_place *place = m->to->place;
	const struct guid *id = &m->job->lun_id;
	int rc = place->driver->volume_remove(place->text, id, true);

	if (rc == 0)
		rc = place->driver->volume_remove(place->text, id, false);
	if (rc == 0)
		rc = check_fault(m, "create");
	if (rc == 0)
		rc = place->driver->volume_make(place->text, id, size_bytes);
	if (rc < 0)
		return rc;
	rc = place->driver->volume_commit(place->text, id);
	if (rc < 0)
		(void)place->driver->volume_remove(place->text, id, false);
	if (rc == 0 && place->driver->volume_settle != NULL)
		rc = place->driver->volume_settle(place->text, id, true);
	return rc;
}

static int
open_volume(struct moving *m, uint64_t size_bytes)
{
	int rc = array_store_open_aside(m->to, &m->copier.to);

	if (rc < 0 || !m->to->thick)
		return rc;
	array_store_manage(m->to);
	rc = array_store_allocate(m->to, 0, size_bytes, &m->job->progress);
	array_store_unmanage(m->to);
	return rc;
}

static int
prepare(struct moving *m)
{
	AUTO_STATE struct state *state = array_state(m->array);
	const struct row_lun *lun = NULL;
	AUTO_FREE char *place = NULL;
	struct row_lun there = { 0 };
	int rc = array_lun_find(state, &m->job->lun_id, &lun);

	if (rc < 0)
		return rc;
	if (m->job->store == NULL)
		return array_name_no_such(ROW_LUN, &m->job->lun_id);
	m->from_pool_id = lun->pool_id;
	m->offline = lun->status == STATUS_OFFLINE;
	rc = check_source(m, lun->size_bytes);
	m->keeps = rc < 0;
	if (rc == 0)
		rc = array_pool_place(m->array, &m->job->pool_id, &place);
	if (rc < 0)
		return rc;
	there.id = lun->id;
	there.pool_id = m->job->pool_id;
	there.size_bytes = lun->size_bytes;
	there.thin = lun->thin;
	there.status = STATUS_ONLINE; /* for the copier */
	rc = array_store_new(m->array, &there, place, &m->to);
	if (rc < 0)
		return rc;
	rc = make_volume(m, lun->size_bytes);
	if (rc == 0)
		rc = open_volume(m, lun->size_bytes);
	return rc == ERR_CANCELLED ? rc : array_store_file_error(m->to, rc);
}

/* ---- the tracking layer ---- */

static int
attach(struct moving *m)
{
	int rc = hold(m, false);

	if (rc < 0)
		return rc;
	rc = array_store_track(m->job->store, &m->track);
	if (rc == 0) {
		m->copier.from = m->track->below;
		array_runtime_lun_device(m->array, &m->job->lun_id);
	}
	release(m);
	if (rc < 0 || !m->alone || !array_runtime_is_there(m->array))
		return rc;
	/* A data path that came meanwhile may have the device of before in use. */
	rc = hold(m, false);
	if (rc < 0)
		return rc;
	array_runtime_lun_device(m->array, &m->job->lun_id);
	release(m);
	return 0;
}

/* When the data path has gone, the layer stays, and goes with the store. */
static void
detach(struct moving *m)
{
	if (m->track == NULL || m->leaves || hold(m, true) < 0)
		return;
	array_store_untrack(m->job->store, m->track);
	array_runtime_lun_device(m->array, &m->job->lun_id);
	release(m);
}

/* ---- copying ---- */

static int
copy_error(struct moving *m, int rc)
{
	return array_store_file_error(m->copier.failed_to_write ? m->to : m->job->store, rc);
}

static int
flush(struct moving *m)
{
	int rc = blk_flush(m->copier.to);

	m->flushed_bytes = m->copier.copied_bytes;
	return rc == 0 ? 0 : array_store_file_error(m->to, rc);
}

static int
copy_range(struct moving *m, uint64_t at, uint64_t end, bool first)
{
	uint64_t size_bytes = m->job->to_bytes, done = 0;
	int rc = 0;

	for (; rc == 0 && at < end; at += done) {
		unsigned percent = first ? (unsigned)(at / (size_bytes / PERCENT_COPIED + 1))
					 : PERCENT_COPIED;

		rc = array_job_step(m->job, percent);
		if (rc == 0)
			rc = check_fault(m, "move");
		if (rc < 0)
			return rc;
		rc = blk_copy_step(&m->copier, at, end - at, &done);
		if (rc < 0)
			return copy_error(m, rc);
		if (m->copier.copied_bytes - m->flushed_bytes >= FLUSH_BYTES)
			rc = flush(m);
	}
	return rc;
}

/* Copies what is noted, for that time.  Returns 0, TIME_IS_UP (something is left) or an error. */
static int
copy_noted(struct moving *m, uint64_t for_ns)
{
	uint64_t begun_ns = clock_mono_ns(), at = 0, len = 0;
	int rc = 0;

	while (rc == 0 && blk_track_take(m->track, at, &at, &len)) {
		rc = copy_range(m, at, at + len, false);
		at += len;
		if (rc == 0 && clock_mono_ns() - begun_ns > for_ns)
			return blk_track_noted_bytes(m->track) > 0 ? TIME_IS_UP : 0;
	}
	return rc;
}

static int
copy(struct moving *m)
{
	int rc;

	m->copier.to_is_empty = true;
	rc = copy_range(m, 0, m->job->to_bytes, true);
	m->copier.to_is_empty = false;
	for (unsigned i = 0; rc == 0 && i < ROUNDS; i++) {
		if (blk_track_noted_bytes(m->track) <= REST_BYTES)
			break;
		rc = copy_noted(m, UINT64_MAX);
	}
	return rc < 0 ? rc : flush(m);
}

/* ---- the end ---- */

static int
edit_moved(struct moving *m, struct array *array, struct state_edit *edit)
{
	const struct row_lun *lun = NULL;
	struct row_lun *row;
	int rc = array_lun_find(state_edit_view(edit), &m->job->lun_id, &lun);

	if (rc == 0)
		rc = array_lun_note_unlink(array, state_edit_view(edit), &m->job->lun_id,
					   &m->from_pool_id);
	if (rc < 0)
		return rc;
	row = row_copy(lun);
	if (row == NULL)
		return -ENOMEM;
	row->pool_id = m->job->pool_id;
	return array_qos_put_moved(edit, row);
}

/*
 * Returns whether the new pool has, or may have, what this job has made there, in this run or in an
 * earlier one.
 */
static bool
leaves_a_volume(const struct moving *m, const struct state *view)
{
	return !m->keeps && state_find(view, ROW_POOL, &m->job->pool_id) != NULL;
}

/* When there is no memory, the next start finds the note. */
static void
remove_volume(struct moving *m)
{
	const struct row_pool *pool = state_find(m->array->state, ROW_POOL, &m->job->pool_id);

	if (m->to != NULL)
		m->to->unlink = true;
	else
		(void)array_store_dying_add(m->array, &m->job->lun_id, &pool->id, pool->path);
}

static int
end_apply(struct array *array, struct array_task *task)
{
	struct moving *m = container_of(task, struct moving, task);
	int rc = 0;

	/* data paths come on this thread, too */
	m->came = m->result == 0 && m->alone && array->runtime_ops != NULL;
	if (m->came)
		return ERR_BUSY;
	m->applied = true;
	if (m->result == 0)
		rc = edit_moved(m, array, task->edit);
	else if (leaves_a_volume(m, state_edit_view(task->edit)))
		rc = array_lun_note_unlink(array, state_edit_view(task->edit), &m->job->lun_id,
					   &m->job->pool_id);
	return rc < 0 ? rc : array_job_edit_end(array, task->edit, m->job, m->result, m->message);
}

/* Ends the hold before the change is visible, as the other jobs do. */
static void
end_committed(struct array *array, struct array_task *task)
{
	struct moving *m = container_of(task, struct moving, task);

	if (m->result == 0) {
		array_store_put_in_charge(m->to, m->offline);
		array_unit_set_store(array, &m->job->lun_id, m->to);
	} else if (leaves_a_volume(m, array->state)) {
		remove_volume(m);
	}
	array_job_forget(m->job);
	array_operation_end(array, &m->job->lun_id);
}

static int
end(struct moving *m, int result)
{
	int rc = -ENOMEM;

	m->result = result;
	snprintf(m->message, sizeof(m->message), "%s", result < 0 ? err_text(result) : "");
	m->applied = m->came = false;
	for (int i = 0;
	     i < END_TRIES && rc < 0 && rc != ERR_BUSY && array_writer_outcome_is_known(rc); i++) {
		m->task = (struct array_task){
			.apply = end_apply,
			.use = CATALOG_FREES,
			.committed = end_committed,
			.cause = result == 0 ? "lun.move" : "job.end",
		};
		rc = array_writer_submit(m->array, &m->task);
	}
	return rc;
}

/*
 * When it is not known which of the two volumes the LUN has after a restart, it gets no more writes:
 * one of the volumes would lack them.
 */
static void
fail_unknown(struct moving *m)
{
	array_store_fail(m->job->store, -EIO,
			 "it is not known whether the move to another pool was committed, because "
			 "the catalog cannot be written: restart vdsd");
}

/* The paths are drained, and everything is copied. */
static int
commit(struct moving *m)
{
	int rc = flush(m);

	if (rc == 0)
		rc = check_fault(m, "move-commit");
	if (rc == 0)
		rc = array_job_settle(m->job, 0);
	if (rc < 0)
		return rc;
	rc = end(m, 0);
	if (m->came) {
		atomic_store(&m->job->phase, JOB_WORKING);
		return TIME_IS_UP; /* again, with paths that are drained */
	}
	if (rc == 0)
		array_runtime_lun_device(m->array, &m->job->lun_id);
	else if (!array_writer_outcome_is_known(rc) && m->applied)
		fail_unknown(m);
	return rc;
}

static int
commit_held(struct moving *m, uint64_t for_ns)
{
	uint64_t begun_ns = clock_mono_ns();
	int rc = hold(m, false);

	if (rc < 0)
		return rc;
	rc = copy_noted(m, for_ns);
	if (rc == 0)
		rc = commit(m);
	release(m);
	m->held_ns += clock_mono_ns() - begun_ns;
	return rc;
}

/*
 * Copies the rest while commands wait, but not for long: when it is too much, commands go on for the
 * same time, and then wait twice as long.  The last times they wait again at once, so that there is
 * an end, however fast they write.
 */
static int
finish(struct moving *m)
{
	int rc = 0;

	for (unsigned i = 0; rc >= 0; i++) {
		uint64_t for_ns = HOLD_NS << MIN(i, (unsigned)HOLDS_DOUBLED);

		rc = commit_held(m, for_ns);
		if (rc != TIME_IS_UP)
			return rc;
		if (i < 2 * HOLDS_DOUBLED)
			rc = copy_noted(m, for_ns);
	}
	return rc;
}

static void
tell(struct moving *m)
{
	char id[GUID_TEXT_SIZE], from[GUID_TEXT_SIZE], to[GUID_TEXT_SIZE];

	log_info("lun.move", "lun=%s from=%s to=%s copied_bytes=%" PRIu64 " held_us=%" PRIu64,
		 guid_format(&m->job->lun_id, id), guid_format(&m->from_pool_id, from),
		 guid_format(&m->job->pool_id, to), m->copier.copied_bytes, m->held_ns / 1000);
}

/* The space of both pools, and of the LUN in the new one. */
static void
show_space(struct moving *m)
{
	if (m->result == 0) {
		array_store_manage(m->to);
		(void)array_store_verify(m->to);
		array_store_unmanage(m->to);
		array_unit_set_failing(m->array, &m->job->lun_id, NULL); /* of the store before */
		array_pool_show(m->array, &m->from_pool_id);
	}
	array_pool_show(m->array, &m->job->pool_id);
}

/* Ends a job that has not moved its LUN. */
static void
give_up(struct moving *m, int rc)
{
	char text[TASK_TEXT_SIZE], id[GUID_TEXT_SIZE];

	snprintf(text, sizeof(text), "%s", err_text(rc));
	detach(m);
	err_set(rc, "%s", text);
	if (atomic_load(&m->job->phase) != JOB_ENDING)
		rc = array_job_settle(m->job, rc);
	rc = end(m, rc);
	if (rc == 0)
		return;
	/* The catalog cannot be written: the job goes on after a restart, when it can. */
	log_error("job.end", "job=%s error=%s", guid_format(&m->job->id, id), err_text(rc));
	array_job_forget(m->job);
	array_operation_end(m->array, &m->job->lun_id);
}

/* Returns whether the job is only interrupted: the array closes, and nobody has cancelled it. */
static bool
goes_on_later(const struct moving *m, int rc)
{
	return rc == ERR_CANCELLED && atomic_load(&m->job->phase) == JOB_WORKING &&
	       (m->leaves || atomic_load(&m->array->closing));
}

/* A job that has waited for others may be cancelled by now, or the array may close. */
static int
run(struct moving *m)
{
	int rc = array_job_step(m->job, 0);

	if (rc == 0)
		rc = prepare(m);
	if (rc == 0)
		rc = attach(m);
	if (rc == 0)
		rc = copy(m);
	return rc < 0 ? rc : finish(m);
}

void
array_move_run(struct work *work)
{
	struct array_job *job = container_of(work, struct array_job, work);
	AUTO_FREE void *buf = mem_alloc(BUF_BYTES);
	struct moving m = {
		.array = job->array,
		.job = job,
		.copier = { .buf = buf, .buf_bytes = BUF_BYTES },
	};
	struct blk_dev *track;
	int rc;

	job->progress.step = progress;
	rc = buf == NULL ? -ENOMEM : run(&m);
	if (rc == 0) {
		tell(&m);
		show_space(&m);
	} else if (goes_on_later(&m, rc)) {
		array_job_forget(job);
	} else if (atomic_load(&job->phase) != JOB_ENDING || array_writer_outcome_is_known(rc)) {
		give_up(&m, rc);
		show_space(&m);
	} else {
		array_job_forget(job);
		array_operation_end(m.array, &job->lun_id);
	}
	track = TAKE(m.track);
	/* I/O that hangs keeps its device */
	if (track == NULL || blk_drain(track, job->array->drain_timeout_ms) == 0)
		blk_dev_unref(track);
	array_store_unref(m.to);
	workers_lane_leave(job->array->workers, &job->array->move_lane);
	array_job_free(job);
}

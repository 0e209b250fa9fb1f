/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The work of a job that moves a LUN (docs/design/pools.md).  Runs on a worker; apply functions and
 * hooks run on the writer thread.
 *
 *	a volume in the new pool	what an earlier run left there is removed first
 *	the LUN's volume is copied to it while paths go on (follow.c)
 *	paths drained: the rest is copied and flushed; the change is committed; the data path uses
 *	the new volume; paths go on
 *
 * Until the commit the LUN is where it was, and the new volume is nothing that anybody relies on:
 * whatever ends the work, it is removed.  From the commit on it is the other way round.  When the
 * array closes or dies, the job is still in the catalog, and begins anew at the next start.
 *
 * A pause stops the work at any step before the commit (job_pause.c), and the thread leaves the
 * job.  What struct array_moving has stays, so that the next thread goes on: it makes a volume anew
 * that is not there as a whole, and calls again what follow.c does.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define END_TRIES    10
#define SETTLE_TRIES 3 /* each takes up to half a minute, while commands wait */

struct array_moving {
	struct array_task task;
	struct array *array;
	struct array_job *job;
	struct guid from_pool_id;
	bool offline;           /* the LUN's status, which does not change meanwhile */
	struct array_store *to; /* the new store, with a reference; NULL = not made yet */
	bool keeps;             /* what lies in the new pool is not this job's */
	bool prepared;          /* the new volume is there and open */
	struct array_follow follow;
	bool came; /* the data path came while this was alone: nothing was held, and nothing committed */

	/* the change that ends the job */
	int result;
	char message[TASK_TEXT_SIZE];
	bool applied; /* the change was in a commit */
};

/* ---- the new volume ---- */

/*
 * A catalog that is older than the last move may say that the LUN is still to be moved: then the
 * volume in the new pool has its data, and the one that is copied from is gone.
 */
static int
check_source(struct array_moving *m, uint64_t size_bytes)
{
	const struct array_store *from = m->job->store;

	return from->place->driver->volume_check(from->place->text, &m->job->lun_id, size_bytes,
						 false);
}

static int
make_volume(struct array_moving *m, uint64_t size_bytes)
{
	const struct array_place *place = m->to->place;
	const struct guid *id = &m->job->lun_id;
	int rc = place->driver->volume_remove(place->text, id, true);

	if (rc == 0)
		rc = place->driver->volume_remove(place->text, id, false);
	if (rc == 0)
		rc = array_follow_fault(&m->follow, "create");
	if (rc == 0)
		rc = place->driver->volume_make(place->text, id, size_bytes);
	if (rc < 0)
		return rc;
	rc = array_place_commit(place, id);
	if (rc < 0)
		(void)place->driver->volume_remove(place->text, id, false);
	if (rc == 0 && place->driver->volume_settle != NULL)
		rc = place->driver->volume_settle(place->text, id, true);
	return rc;
}

static int
open_volume(struct array_moving *m, uint64_t size_bytes)
{
	int rc = array_store_open_aside(m->to, &m->follow.copier.to);

	if (rc < 0 || !m->to->thick)
		return rc;
	array_store_manage(m->to);
	rc = array_store_allocate(m->to, 0, size_bytes, &m->job->progress);
	array_store_unmanage(m->to);
	return rc;
}

/* Looks at what the move begins with, also when it is cancelled before it does anything. */
static int
look(struct array_moving *m, const struct row_lun *lun)
{
	int rc;

	if (m->job->store == NULL)
		return array_name_no_such(ROW_LUN, &m->job->lun_id);
	m->from_pool_id = lun->pool_id;
	m->offline = lun->status == STATUS_OFFLINE;
	rc = check_source(m, lun->size_bytes);
	m->keeps = rc < 0;
	return rc < 0 ? rc : array_job_step(m->job, m->job->percent);
}

static int
make_store(struct array_moving *m, const struct row_lun *lun)
{
	AUTO_FREE char *place = NULL;
	struct row_lun there = { 0 };
	int rc = array_pool_place(m->array, &m->job->pool_id, &place);

	if (rc < 0)
		return rc;
	there.id = lun->id;
	there.pool_id = m->job->pool_id;
	there.size_bytes = lun->size_bytes;
	there.thin = lun->thin;
	there.cache = lun->cache;
	there.status = STATUS_ONLINE; /* for the copier */
	rc = array_store_new(m->array, &there, place, &m->to);
	m->follow.from = m->job->store;
	m->follow.to = m->to;
	return rc;
}

/* After a pause amid this, the volume is made anew. */
static int
prepare(struct array_moving *m)
{
	AUTO_STATE struct state *state = array_state(m->array);
	const struct row_lun *lun = NULL;
	int rc = array_lun_find(state, &m->job->lun_id, &lun);

	m->follow.copier.to = NULL;
	array_store_unref(TAKE(m->to));
	if (rc == 0)
		rc = look(m, lun);
	if (rc == 0)
		rc = make_store(m, lun);
	if (rc < 0)
		return rc;
	rc = make_volume(m, lun->size_bytes);
	if (rc == 0)
		rc = open_volume(m, lun->size_bytes);
	m->prepared = rc == 0;
	return rc == ERR_CANCELLED ? rc : array_store_file_error(m->to, rc);
}

/* ---- the end ---- */

static int
edit_moved(struct array_moving *m, struct array *array, struct state_edit *edit)
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
leaves_a_volume(const struct array_moving *m, const struct state *view)
{
	return !m->keeps && state_find(view, ROW_POOL, &m->job->pool_id) != NULL;
}

/* When there is no memory, the next start finds the note. */
static void
remove_volume(struct array_moving *m)
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
	struct array_moving *m = container_of(task, struct array_moving, task);
	int rc = 0;

	/* data paths come on this thread, too */
	m->came = m->result == 0 && m->follow.alone && array->runtime_ops != NULL;
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
	struct array_moving *m = container_of(task, struct array_moving, task);

	if (m->result == 0) {
		array_faults_follow(array, &m->job->lun_id, m->to);
		array_store_put_in_charge(m->to, m->offline);
		array_unit_set_store(array, &m->job->lun_id, m->to);
	} else if (leaves_a_volume(m, array->state)) {
		remove_volume(m);
	}
	array_job_forget(m->job);
	array_operation_end(array, &m->job->lun_id);
}

static int
end(struct array_moving *m, int result)
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
 * When it is not known which of the two volumes the LUN has after a restart, it gets no more
 * writes:  one of the volumes would lack them.
 */
static void
fail_unknown(struct array_moving *m)
{
	array_store_fail(m->job->store, -EIO,
			 "it is not known whether the move to another pool was committed, because "
			 "the catalog cannot be written: restart vdsd");
}

/* In an array of several gateways: what the news have made of the LUN is in place already. */
static int
moved_after_all(struct array_moving *m)
{
	array_faults_follow(m->array, &m->job->lun_id, m->to);
	array_store_put_in_charge(m->to, m->offline);
	array_unit_change_store(m->array, &m->job->lun_id, m->to);
	array_job_forget(m->job);
	array_operation_end(m->array, &m->job->lun_id);
	return 0;
}

/*
 * The answer of the commit was lost, as happens with a catalog in a cluster.  Finds out what became
 * of it, and commits again when it is not there.  The paths are still drained.
 */
static int
end_settled(struct array_moving *m, int rc)
{
	for (int i = 0; i < SETTLE_TRIES && rc == ERR_TIMEOUT && m->applied; i++) {
		AUTO_STATE struct state *state = NULL;
		const struct row_lun *lun;

		if (array_foreign_settle(m->array) < 0)
			continue;
		state = array_state(m->array);
		lun = state_find(state, ROW_LUN, &m->job->lun_id);
		if (lun != NULL && guid_equal(&lun->pool_id, &m->job->pool_id))
			return moved_after_all(m);
		rc = end(m, 0);
	}
	return rc;
}

/* The paths are drained, and everything is copied. */
static int
commit(struct array_follow *f)
{
	struct array_moving *m = container_of(f, struct array_moving, follow);
	int rc = array_follow_flush(f);

	if (rc == 0)
		rc = array_follow_fault(f, "move-commit");
	if (rc == 0)
		rc = array_job_settle(m->job, 0);
	if (rc < 0)
		return rc;
	rc = end(m, 0);
	if (array_is_shared(m->array))
		rc = end_settled(m, rc);
	if (m->came) {
		atomic_store(&m->job->phase, JOB_WORKING);
		return ARRAY_FOLLOW_AGAIN; /* with paths that are drained */
	}
	if (rc == 0)
		array_runtime_lun_device(m->array, &m->job->lun_id);
	else if (!array_writer_outcome_is_known(rc) && m->applied)
		fail_unknown(m);
	return rc;
}

static void
tell(struct array_moving *m)
{
	char id[GUID_TEXT_SIZE], from[GUID_TEXT_SIZE], to[GUID_TEXT_SIZE];

	log_info("lun.move", "lun=%s from=%s to=%s copied_bytes=%" PRIu64 " held_us=%" PRIu64,
		 guid_format(&m->job->lun_id, id), guid_format(&m->from_pool_id, from),
		 guid_format(&m->job->pool_id, to), m->follow.copier.copied_bytes,
		 m->follow.held_ns / 1000);
}

/* The space of both pools, and of the LUN in the new one. */
static void
show_space(struct array_moving *m)
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
give_up(struct array_moving *m, int rc)
{
	char text[TASK_TEXT_SIZE], id[GUID_TEXT_SIZE];

	snprintf(text, sizeof(text), "%s", err_text(rc));
	array_follow_detach(&m->follow);
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
goes_on_later(const struct array_moving *m, int rc)
{
	return rc == ERR_CANCELLED && atomic_load(&m->job->phase) == JOB_WORKING &&
	       (m->follow.leaves || atomic_load(&m->array->closing));
}

static int
run_once(struct array_moving *m)
{
	int rc = m->prepared ? array_job_step(m->job, m->job->percent) : prepare(m);

	if (rc == 0)
		rc = array_follow_attach(&m->follow);
	if (rc == 0)
		rc = array_follow_copy(&m->follow);
	return rc < 0 ? rc : array_follow_finish(&m->follow, commit);
}

/* Works until the job is done, has failed, is cancelled or paused, or the array closes. */
static enum array_job_next
run(struct array_moving *m, int *ret_rc)
{
	enum array_job_next next;
	int rc;

	do {
		rc = run_once(m);
		next = rc == ERR_CANCELLED ? array_job_stopped(m->job) : JOB_NEXT_END;
	} while (next == JOB_NEXT_AGAIN);
	*ret_rc = rc;
	return next;
}

struct array_moving *
array_move_new(struct array_job *job)
{
	struct array_moving *m = mem_calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->array = job->array;
	m->job = job;
	array_follow_init(&m->follow, job, &job->lun_id, "move");
	return m;
}

void
array_move_free(struct array_moving *m)
{
	if (m == NULL)
		return;
	array_follow_fini(&m->follow);
	array_store_unref(m->to);
	mem_free(m);
}

void
array_move_run(struct work *work)
{
	struct array_job *job = container_of(work, struct array_job, work);
	struct array *array = job->array;
	struct array_moving *m = job->moving;
	int rc = 0;

	if (run(m, &rc) == JOB_NEXT_LEAVE) {
		workers_lane_leave(array->workers, &array->move_lane);
		return;
	}
	if (rc == 0) {
		tell(m);
		show_space(m);
	} else if (goes_on_later(m, rc)) {
		array_job_forget(job);
	} else if (atomic_load(&job->phase) != JOB_ENDING || array_writer_outcome_is_known(rc)) {
		give_up(m, rc);
		show_space(m);
	} else {
		array_job_forget(job);
		array_operation_end(array, &job->lun_id);
	}
	array_move_free(TAKE(job->moving));
	workers_lane_leave(array->workers, &array->move_lane);
	array_job_free(job);
}

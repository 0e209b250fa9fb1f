/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Extends LUNs.  For a thin LUN the file grows first, then the row changes; a crash in between
 * leaves a file that is longer than its row says, which does no harm.  For a thick LUN a job
 * allocates the space first (allocate.c).  The LUN is held meanwhile.  Callers: any thread except
 * the writer; apply functions run on the writer thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

struct extend {
	struct array_task task;
	const struct guid *lun_id;
	uint64_t add_bytes;
	bool fits;
	uint64_t from_bytes, to_bytes;
	uint64_t capacity_bytes; /* of the pool, when it has an overcommit limit; else 0 */
	struct array_store *store;
	struct array_job *job; /* thick */
};

int
array_lun_edit_resize(struct state_edit *edit, const struct guid *lun_id, uint64_t size_bytes)
{
	const struct row_lun *lun = NULL;
	struct row_lun *row;
	int rc = array_lun_find(state_edit_view(edit), lun_id, &lun);

	if (rc < 0)
		return rc;
	row = row_copy(lun);
	if (row == NULL)
		return -ENOMEM;
	row->size_bytes = size_bytes;
	return state_edit_put(edit, row);
}

/* Says ERR_NO_SPACE when the pool may not promise what is added. */
static int
check_promise(const struct extend *e, const struct state *view)
{
	const struct row_lun *lun = NULL;
	int rc = array_lun_find(view, e->lun_id, &lun);

	return rc < 0 ? rc
		      : array_space_check_promise(view, &lun->pool_id, e->capacity_bytes,
						  e->to_bytes - e->from_bytes);
}

static int
thin_apply(struct array *array, struct array_task *task)
{
	struct extend *e = container_of(task, struct extend, task);
	int rc = check_promise(e, state_edit_view(task->edit));

	(void)array;
	if (rc < 0)
		return rc;
	task->answer.object_id = *e->lun_id;
	return array_lun_edit_resize(task->edit, e->lun_id, e->to_bytes);
}

/* Says ERR_NO_SPACE when the pool has less free than what is added. */
static int
check_space(struct array *array, const struct extend *e, const struct guid *pool_id)
{
	struct array_pool_space space;
	char want[32], have[32];
	int rc = array_pool_space(array, pool_id, &space);

	if (rc == 0 && e->to_bytes - e->from_bytes > space.free_bytes)
		rc = err_set(ERR_NO_SPACE, "the LUN cannot grow by %s: its pool has only %s free",
			     str_format_size(e->to_bytes - e->from_bytes, want, sizeof(want)),
			     str_format_size(space.free_bytes, have, sizeof(have)));
	return rc;
}

/*
 * A shrink that a crash has cut short leaves a file that is longer than its LUN; what lies there
 * must not come back, so it is cut off first.
 */
static int
extend_thin(struct array *array, struct extend *e, const struct guid *pool_id)
{
	char text[TASK_TEXT_SIZE];
	int rc = e->fits ? check_space(array, e, pool_id) : 0;

	if (rc < 0)
		return rc;
	array_store_manage(e->store);
	rc = array_store_resize(e->store, e->from_bytes);
	if (rc == 0)
		rc = array_store_resize(e->store, e->to_bytes);
	rc = array_store_file_error(e->store, rc);
	array_store_unmanage(e->store);
	if (rc < 0)
		return rc;
	e->task.apply = thin_apply;
	e->task.cause = "lun.extend";
	rc = array_writer_submit(array, &e->task);
	if (rc == 0 || !array_writer_outcome_is_known(rc))
		return rc;
	snprintf(text, sizeof(text), "%s", err_text(rc));
	array_store_manage(e->store);
	(void)array_store_resize(e->store, e->from_bytes);
	array_store_unmanage(e->store);
	return err_set(rc, "%s", text);
}

static int
thick_apply(struct array *array, struct array_task *task)
{
	struct extend *e = container_of(task, struct extend, task);
	int rc = check_promise(e, state_edit_view(task->edit));

	if (rc < 0)
		return rc;
	task->answer.object_id = *e->lun_id;
	task->answer.job_id = e->job->id;
	return array_job_edit_start(array, task->edit, e->job);
}

static void
thick_committed(struct array *array, struct array_task *task)
{
	struct extend *e = container_of(task, struct extend, task);

	(void)array;
	array_job_queue(TAKE(e->job));
}

static int
extend_thick(struct array *array, struct extend *e, const struct guid *pool_id)
{
	int rc = check_space(array, e, pool_id);

	if (rc < 0)
		return rc;
	e->job = array_job_new(array, JOB_EXTEND_LUN, e->lun_id, e->from_bytes, e->to_bytes,
			       e->store);
	if (e->job == NULL)
		return -ENOMEM;
	e->task.apply = thick_apply;
	e->task.committed = thick_committed;
	e->task.cause = "job.create";
	rc = array_writer_submit(array, &e->task);
	array_job_free(e->job);
	return rc;
}

/* Reads the sizes again, now that the LUN is held and they cannot change. */
static int
measure(struct array *array, struct extend *e, const struct row_lun *lun)
{
	uint64_t blocks = e->add_bytes / lun->block_bytes + (e->add_bytes % lun->block_bytes != 0);

	if (array_unit_health(array, e->lun_id) == HEALTH_FAILED)
		return err_set(
			ERR_FAILED,
			"the store of LUN \"%s\" has failed: repair it, then set the LUN online",
			ROW_LUN_CALLED(lun));
	if (e->add_bytes > LUN_BYTES_MAX ||
	    blocks * lun->block_bytes > LUN_BYTES_MAX - lun->size_bytes)
		return err_set(ERR_NO_SPACE,
			       "LUN \"%s\" would be larger than 8 PiB, which is the limit",
			       ROW_LUN_CALLED(lun));
	e->from_bytes = lun->size_bytes;
	e->to_bytes = lun->size_bytes + blocks * lun->block_bytes;
	return 0;
}

/* When a job was started for a thick LUN, the job ends the hold. */
static int
extend(struct array *array, struct extend *e, bool thin)
{
	AUTO_STATE struct state *state = NULL;
	const struct row_lun *lun = NULL;
	int rc = array_operation_begin(array, e->lun_id, ASK_EXTEND, OPERATION_EXTEND, !thin);

	if (rc < 0)
		return rc;
	state = array_state(array);
	rc = array_lun_find(state, e->lun_id, &lun);
	if (rc == 0)
		rc = measure(array, e, lun);
	if (rc == 0)
		rc = array_adopt_check_size(state, lun);
	if (rc == 0)
		rc = array_space_promise_capacity(array, &lun->pool_id, &e->capacity_bytes);
	if (rc == 0)
		rc = check_promise(e, state); /* before the file grows */
	if (rc == 0) {
		e->store = array_unit_store(array, e->lun_id);
		rc = thin ? extend_thin(array, e, &lun->pool_id)
			  : extend_thick(array, e, &lun->pool_id);
		array_store_unref(e->store);
	}
	if (rc < 0 || thin)
		array_operation_end(array, e->lun_id);
	return rc;
}

int
array_lun_extend(struct array *array, const struct array_request *request,
		 const struct guid *lun_id, uint64_t add_bytes, bool fits,
		 struct array_answer *ret_answer)
{
	struct extend e = {
		.task.request_id = array_request_id(request),
		.task.principal = array_request_principal(request),
		.task.audit = array_request_audit(request),
		.lun_id = lun_id,
		.add_bytes = add_bytes,
		.fits = fits,
	};
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *lun = NULL;
	int rc;

	if (add_bytes == 0)
		return err_set(ERR_INVALID, "the size to add to a LUN must be more than 0");
	rc = array_request_begin(array, request, ret_answer);
	if (rc != 0)
		return MIN(rc, 0);
	rc = array_lun_find(state, lun_id, &lun);
	if (rc == 0)
		rc = extend(array, &e, lun->thin);
	return array_request_end(array, request, rc, &e.task.answer, ret_answer);
}

/* ---- how large could it be ---- */

static int
largest(struct array *array, const struct guid *pool_id, bool in_free_space, uint64_t *ret_bytes)
{
	struct array_pool_space space = { .free_bytes = UINT64_MAX };
	uint64_t longest = 0;
	int rc = in_free_space ? array_pool_space(array, pool_id, &space) : 0;

	if (rc == 0)
		rc = array_pool_largest(array, pool_id, &longest);
	if (rc == 0)
		*ret_bytes = MIN(space.free_bytes, longest) / 4096 * 4096;
	return rc;
}

/* Cuts *bytes to what the pool may still promise. */
static int
cut_to_promise(struct array *array, const struct guid *pool_id, uint64_t *bytes)
{
	AUTO_STATE struct state *state = array_state(array);
	uint64_t most = UINT64_MAX;
	int rc = array_space_promise_left(array, state, pool_id, &most);

	if (rc == 0)
		*bytes = MIN(*bytes, most / 4096 * 4096);
	return rc;
}

int
array_max_lun_size(struct array *array, const struct guid *pool, bool thick, bool fits,
		   uint64_t *ret_bytes)
{
	struct guid chosen = pool != NULL ? *pool : (struct guid){ { 0 } };
	uint64_t bytes = 0;
	int rc = guid_is_zero(&chosen) ? array_pool_choose(array, &chosen) : 0;

	if (rc == 0)
		rc = largest(array, &chosen, thick || fits, &bytes);
	if (rc == 0)
		rc = cut_to_promise(array, &chosen, &bytes);
	if (rc == 0)
		*ret_bytes = bytes;
	return rc;
}

int
array_max_lun_extend(struct array *array, const struct guid *lun_id, bool fits, uint64_t *ret_bytes)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *lun = NULL;
	uint64_t bytes = 0;
	int rc = array_lun_find(state, lun_id, &lun);

	if (rc == 0)
		rc = largest(array, &lun->pool_id, false, &bytes);
	if (rc < 0)
		return rc;
	bytes = bytes > lun->size_bytes ? bytes - lun->size_bytes : 0;
	if (!lun->thin || fits) {
		uint64_t space = 0;

		rc = largest(array, &lun->pool_id, true, &space);
		if (rc < 0)
			return rc;
		bytes = MIN(bytes, space);
	}
	rc = cut_to_promise(array, &lun->pool_id, &bytes);
	if (rc == 0)
		*ret_bytes = bytes;
	return rc;
}

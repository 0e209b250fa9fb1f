/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets whether the file of a LUN is read and written through the page cache.  Both ways are never
 * used at the same time: the LUN's paths and its store are drained, outside the writer, before the
 * file changes over, and commands that come meanwhile wait.  What takes long is done before that:
 * what the page cache holds is written out, and whoever else works on the store ends.  Callers: any
 * thread but the writer; apply runs on the writer thread.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

struct set_cache {
	struct array_task task;
	const struct guid *lun_id;
	enum lun_cache cache;
};

static int
apply(struct array *array, struct array_task *task)
{
	struct set_cache *s = container_of(task, struct set_cache, task);
	const struct row_lun *lun;
	struct row_lun *row;
	int rc = array_lun_find(state_edit_view(task->edit), s->lun_id, &lun);

	(void)array;
	if (rc < 0)
		return rc;
	row = row_copy(lun);
	if (row == NULL)
		return -ENOMEM;
	row->cache = s->cache;
	task->answer.object_id = *s->lun_id;
	return state_edit_put(task->edit, row);
}

/* The paths are drained, and the store is managed. */
static int
change_over(struct array *array, struct set_cache *s, struct array_store *store, bool offline)
{
	int rc = 0;

	if (!offline)
		rc = array_lun_stop_store(array, store);
	else if (array_store_drain(store, array->drain_timeout_ms) < 0)
		rc = err_set(ERR_BUSY, ARRAY_RUNTIME_HANGS);
	if (rc < 0)
		return rc;
	rc = array_writer_submit(array, &s->task);
	if (rc == 0)
		array_store_set_cache(store, s->cache);
	if (!offline)
		array_store_start(store);
	return rc;
}

/* The paths are drained through every target: also one that is added meanwhile. */
static int
drain_and_change(struct array *array, struct set_cache *s, struct array_store *store, bool offline)
{
	const struct array_mapping paths = { .lun_id = *s->lun_id };
	void *drain = NULL;
	int rc = array_flush_ahead(array, &store, 1);

	if (rc < 0)
		return rc;
	array_store_manage(store);
	if (array_runtime_is_there(array))
		rc = array_runtime_quiesce(array, &paths, 1, &drain);
	if (rc == 0)
		rc = change_over(array, s, store, offline);
	array_store_unmanage(store);
	array_runtime_resume(array, drain);
	return rc;
}

/* The LUN is held. */
static int
change_held(struct array *array, struct set_cache *s)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *lun = NULL;
	struct array_store *store;
	int rc = array_lun_find(state, s->lun_id, &lun);

	if (rc < 0)
		return rc;
	store = array_unit_store(array, s->lun_id);
	rc = store == NULL ? array_name_no_such(ROW_LUN, s->lun_id)
			   : drain_and_change(array, s, store, lun->status == STATUS_OFFLINE);
	array_store_unref(store);
	return rc;
}

int
array_lun_set_cache(struct array *array, const struct array_request *request,
		    const struct guid *lun, enum lun_cache cache, struct array_answer *ret_answer)
{
	struct set_cache s = {
		.task = { .apply = apply,
			  .cause = "lun.cache",
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.lun_id = lun,
		.cache = cache,
	};
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return MIN(rc, 0);
	rc = array_operation_begin(array, lun, ASK_STATUS, OPERATION_STATUS, false);
	if (rc == 0) {
		rc = change_held(array, &s);
		array_operation_end(array, lun);
	}
	return array_request_end(array, request, rc, &s.task.answer, ret_answer);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Status of a LUN.  Offline refuses initiators' I/O: what is in flight is drained first, outside
 * the writer and with the LUN held, and when that does not end in time nothing is changed.  Online
 * takes the refusal back, and for a LUN whose store has failed it opens the store again: the only
 * way out of a failure.  Callers: any thread but the writer; apply and committed run on the writer
 * thread.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

struct set_status {
	struct array_task task;
	const struct guid *lun_id;
	enum row_status status;
	bool held;
	bool failed; /* out: nothing happened, the store must be opened again first */
	struct array_store *store;
};

static int
apply(struct array *array, struct array_task *task)
{
	struct set_status *s = container_of(task, struct set_status, task);
	const struct row_lun *lun;
	struct row_lun *row;
	int rc = array_lun_find(state_edit_view(task->edit), s->lun_id, &lun);

	if (rc == 0 && !s->held)
		rc = array_operation_check(array, s->lun_id, ASK_STATUS);
	if (rc < 0)
		return rc;
	if (!s->held && s->status == STATUS_ONLINE &&
	    array_unit_health(array, s->lun_id) == HEALTH_FAILED) {
		s->failed = true;
		return ERR_FAILED;
	}
	row = row_copy(lun);
	if (row == NULL)
		return -ENOMEM;
	row->status = s->status;
	task->answer.object_id = *s->lun_id;
	return state_edit_put(task->edit, row);
}

void
array_lun_status_committed(struct array *array, const struct guid *lun_id, enum row_status status)
{
	struct array_store *store = array_unit_store(array, lun_id);

	if (store == NULL)
		return;
	if (status == STATUS_ONLINE) {
		array_store_start(store);
		array_trouble_clear(array, store);
	} else {
		array_store_stop(store);
	}
	array_store_unref(store);
}

/* Before the state is published: the data path may use the device at once. */
static void
committed(struct array *array, struct array_task *task)
{
	struct set_status *s = container_of(task, struct set_status, task);

	array_lun_status_committed(array, s->lun_id, s->status);
}

/* New I/O is refused meanwhile, and what is in flight is waited for. */
static int
reopen_store(struct array *array, const struct guid *lun_id, struct array_store *store)
{
	int rc;

	array_store_stop(store);
	rc = array_store_drain(store, array->drain_timeout_ms);
	if (rc < 0)
		return err_set(ERR_BUSY, ARRAY_RUNTIME_HANGS);
	array_store_manage(store);
	rc = array_store_reopen(store);
	array_store_unmanage(store);
	if (rc == ERR_BUSY)
		return err_set(ERR_BUSY, "I/O to the LUN has not ended in time, so its status has "
					 "not changed: try again");
	if (rc < 0 && array_store_is_lost(store->place->text, lun_id))
		return err_set(ERR_FAILED, "the LUN cannot be served: %s", err_text(ERR_CORRUPT));
	if (rc < 0)
		return err_set(ERR_FAILED, "the LUN's file cannot be opened: %s", err_text(rc));
	array_runtime_lun_recovered(array, lun_id);
	return 0;
}

int
array_lun_reopen(struct array *array, const struct guid *lun_id)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *lun;
	struct array_store *store;
	int rc = array_lun_find(state, lun_id, &lun);

	if (rc == 0)
		rc = array_pool_ready(array, &lun->pool_id);
	if (rc < 0)
		return rc;
	store = array_unit_store(array, lun_id);
	rc = reopen_store(array, lun_id, store);
	array_store_unref(store);
	return rc;
}

/* The store was opened, but the row could not be changed: a LUN that is offline stays offline. */
static void
stay_offline(struct array *array, const struct guid *lun_id)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *lun = state_find(state, ROW_LUN, lun_id);
	struct array_store *store = array_unit_store(array, lun_id);

	if (store != NULL && lun != NULL && lun->status == STATUS_OFFLINE)
		array_store_stop(store);
	array_store_unref(store);
}

/* The LUN has failed: open its store again, with the LUN held. */
static int
set_reopened(struct array *array, struct set_status *s)
{
	int rc = array_operation_begin(array, s->lun_id, ASK_STATUS, OPERATION_STATUS, true);

	if (rc < 0)
		return rc;
	s->held = true;
	rc = array_lun_reopen(array, s->lun_id);
	if (rc == 0) {
		rc = array_writer_submit(array, &s->task);
		if (rc < 0)
			stay_offline(array, s->lun_id);
	}
	array_operation_end(array, s->lun_id);
	return rc;
}

int
array_lun_stop_store(struct array *array, struct array_store *store)
{
	array_store_stop(store);
	if (array_store_drain(store, array->drain_timeout_ms) == 0)
		return 0;
	array_store_start(store);
	return err_set(ERR_BUSY, ARRAY_RUNTIME_HANGS);
}

/*
 * Drains the paths, so that initiators' commands wait instead of being refused while it is not
 * known whether the change succeeds; then the store; then change the row.
 */
static int
drain_and_apply(struct array *array, struct set_status *s, struct array_store *store)
{
	struct array_mapping paths = { .lun_id = *s->lun_id };
	void *drain = NULL;
	int rc = array_runtime_quiesce(array, &paths, 1, &drain);

	if (rc < 0)
		return rc;
	rc = array_lun_stop_store(array, store);
	if (rc == 0) {
		rc = array_writer_submit(array, &s->task);
		if (rc < 0)
			array_store_start(store);
	}
	array_runtime_resume(array, drain);
	return rc;
}

/* A LUN that is offline already has nothing to drain, and its store stays stopped. */
static int
set_offline(struct array *array, struct set_status *s)
{
	struct array_store *store;
	int rc = array_operation_begin(array, s->lun_id, ASK_STATUS, OPERATION_STATUS, true);

	if (rc < 0)
		return rc;
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *lun = state_find(state, ROW_LUN, s->lun_id);

	s->held = true;
	store = array_unit_store(array, s->lun_id);
	rc = lun != NULL && lun->status == STATUS_ONLINE ? drain_and_apply(array, s, store)
							 : array_writer_submit(array, &s->task);
	array_store_unref(store);
	array_operation_end(array, s->lun_id);
	return rc;
}

static int
set_online(struct array *array, struct set_status *s)
{
	int rc = array_writer_submit(array, &s->task);

	return rc < 0 && s->failed ? set_reopened(array, s) : rc;
}

int
array_lun_set_status(struct array *array, const struct array_request *request,
		     const struct guid *lun, enum row_status status,
		     struct array_answer *ret_answer)
{
	struct set_status s = {
		.task = { .apply = apply,
			  .committed = committed,
			  .cause = "lun.status",
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.lun_id = lun,
		.status = status,
	};
	int rc;

	if (status != STATUS_ONLINE && status != STATUS_OFFLINE)
		return err_set(ERR_INVALID, "the status of a LUN is online or offline");
	rc = array_request_begin(array, request, ret_answer);
	if (rc != 0)
		return MIN(rc, 0);
	rc = status == STATUS_OFFLINE ? set_offline(array, &s) : set_online(array, &s);
	return array_request_end(array, request, rc, &s.task.answer, ret_answer);
}

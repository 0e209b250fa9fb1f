/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rolls a LUN back to one of its snapshots.  A clone of the snapshot is made beside the LUN's
 * volume and is durable before anything else happens; then, while no command runs, it takes the
 * place of that volume in one step (a rename).  So a crash leaves the LUN as it was or as it is
 * after the rollback, and the snapshot stays as it is.  The LUN keeps its identity and its size:
 * what lies behind the end of the snapshot reads as zeros.  Callers: any thread except the writer;
 * apply functions run on the writer thread.
 */
#include <errno.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

struct rollback {
	struct array_task task;
	const struct guid *lun_id, *snapshot_id;
	bool force;
	struct array_store *store;
	bool offline;  /* the LUN's status */
	bool renamed;  /* by an application to an older state */
	bool replaced; /* the LUN has other data now, or may have; also when an error follows */
};

/*
 * Returns 0 when no initiator sees the LUN, or ERR_IN_USE with a text that says what it would lose.
 */
static int
check_unseen(struct array *array, const struct state *view, const struct row_lun *lun)
{
	AUTO_STATE struct state *live = array_live(array);
	size_t sessions = array_lun_sessions(view, live, lun, NULL);

	if (lun->status == STATUS_OFFLINE || sessions == 0)
		return 0;
	return err_set(
		ERR_IN_USE,
		"LUN \"%s\" is in use: %zu session%s can use it, and a file system that is "
		"mounted would be damaged; --force (in the API \"force\":true) rolls the LUN "
		"back all the same",
		ROW_LUN_CALLED(lun), sessions, sessions == 1 ? "" : "s");
}

/* Checks that the snapshot is one to which the LUN can be rolled back. */
static int
check_fits(const struct row_lun *lun, const struct row_snapshot *snapshot)
{
	char size[32];

	if (!guid_equal(&snapshot->lun_id, &lun->id))
		return err_set(ERR_INVALID,
			       "snapshot \"%s\" is of another LUN (%s): a LUN is rolled back to a "
			       "snapshot of its own; `vdsctl lun clone` makes a new LUN of any",
			       snapshot->name, snapshot->lun_name);
	if (!guid_equal(&snapshot->pool_id, &lun->pool_id))
		return err_set(
			ERR_NOT_SUPPORTED,
			"snapshot \"%s\" is in another pool than LUN \"%s\", which was moved "
			"since: `vdsctl lun clone` makes a new LUN of the snapshot",
			snapshot->name, ROW_LUN_CALLED(lun));
	if (snapshot->size_bytes > lun->size_bytes)
		return err_set(
			ERR_INVALID,
			"snapshot \"%s\" has %s, more than LUN \"%s\" has now: extend the LUN "
			"first",
			snapshot->name, str_format_size(snapshot->size_bytes, size, sizeof(size)),
			ROW_LUN_CALLED(lun));
	return 0;
}

/*
 * The clone takes the place of the LUN's volume here, on the writer thread, so that the record in
 * the audit log and the rollback are there both or not at all, unless the commit itself fails.
 * Then the LUN is rolled back without a record.
 */
static int
apply(struct array *array, struct array_task *task)
{
	struct rollback *r = container_of(task, struct rollback, task);
	int rc = r->renamed ? 0 : array_place_commit(r->store->place, r->lun_id);

	(void)array;
	r->renamed |= rc == 0;
	task->answer.object_id = *r->lun_id;
	return array_store_file_error(r->store, rc);
}

/* The paths are drained, the store is stopped and nobody else works on it. */
static int
replace(struct array *array, struct rollback *r)
{
	const struct array_place *place = r->store->place;
	char text[TASK_TEXT_SIZE];
	int rc = array_writer_submit(array, &r->task), settled = 0;

	if (rc < 0 && !r->renamed && array_writer_outcome_is_known(rc))
		return rc;
	snprintf(text, sizeof(text), "%s%.400s",
		 r->renamed && array_writer_outcome_is_known(rc)
			 ? "the LUN was rolled back, but the catalog does not record it: "
			 : "",
		 rc < 0 ? err_text(rc) : "");
	r->replaced = true;
	/*
	 * Opens the volume that is there now, whichever it is.  When that fails, the LUN has
	 * failed.
	 */
	if (array_store_reopen(r->store) == 0)
		(void)array_store_verify(r->store); /* notes the space that it takes now */
	if (r->renamed)
		settled = array_store_file_error(
			r->store, place->driver->volume_settle(place->text, r->lun_id, true));
	return rc < 0 ? err_set(rc, "%s", text) : settled;
}

static int
replace_drained(struct array *array, struct rollback *r)
{
	struct array_mapping paths = { .lun_id = *r->lun_id };
	void *drain = NULL;
	int rc = array_runtime_quiesce(array, &paths, 1, &drain);

	if (rc < 0)
		return rc;
	rc = array_lun_stop_store(array, r->store);
	if (rc == 0) {
		array_store_manage(r->store);
		rc = replace(array, r);
		array_store_unmanage(r->store);
		if (r->replaced)
			array_runtime_lun_replaced(array, r->lun_id);
	}
	if (r->offline)
		array_store_stop(r->store);
	else
		array_store_start(r->store);
	array_runtime_resume(array, drain);
	return rc;
}

/* The clone beside the LUN's volume is made while commands go on. */
static int
rollback_ready(struct array *array, struct rollback *r, const struct row_lun *lun)
{
	const struct array_place *place = r->store->place;
	char text[TASK_TEXT_SIZE];
	int rc = array_clone_snapshot(array, place, r->snapshot_id, r->lun_id, lun->size_bytes);

	if (rc == 0)
		rc = replace_drained(array, r);
	else
		return rc;
	if (rc < 0 && !r->replaced && array_writer_outcome_is_known(rc)) {
		snprintf(text, sizeof(text), "%s", err_text(rc));
		(void)place->driver->volume_remove(place->text, r->lun_id, false);
		err_set(rc, "%s", text);
	}
	return rc;
}

static int
rollback_held(struct array *array, struct rollback *r)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_snapshot *snapshot = NULL;
	const struct row_lun *lun = NULL;
	AUTO_FREE char *said = NULL;
	int rc = array_lun_find(state, r->lun_id, &lun);

	if (rc == 0)
		rc = array_snapshot_find(state, r->snapshot_id, &snapshot);
	if (rc == 0)
		rc = check_fits(lun, snapshot);
	if (rc == 0)
		rc = array_pool_ready(array, &lun->pool_id);
	if (rc == 0 && !r->force)
		rc = check_unseen(array, state, lun);
	if (rc < 0)
		return rc;
	said = str_printf("lun \"%s\": rolled back to snapshot \"%s\"", ROW_LUN_CALLED(lun),
			  snapshot->name);
	r->store = array_unit_store(array, r->lun_id);
	if (said == NULL || r->store == NULL) {
		array_store_unref(r->store);
		return said == NULL ? -ENOMEM : array_name_no_such(ROW_LUN, r->lun_id);
	}
	r->offline = lun->status == STATUS_OFFLINE;
	r->task.said = said;
	r->task.object = ROW_LUN_CALLED(lun);
	rc = rollback_ready(array, r, lun);
	array_store_unref(r->store);
	if (rc == 0)
		log_info("lun.rollback", "%s", said);
	return rc;
}

int
array_lun_rollback(struct array *array, const struct array_request *request, const struct guid *lun,
		   const struct guid *snapshot, bool force, struct array_answer *ret_answer)
{
	struct rollback r = {
		.task = { .apply = apply,
			  .cause = "lun.rollback",
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.lun_id = lun,
		.snapshot_id = snapshot,
		.force = force,
	};
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return MIN(rc, 0);
	rc = array_operation_begin(array, lun, ASK_EXTEND, OPERATION_ROLLBACK, true);
	if (rc == 0) {
		rc = rollback_held(array, &r);
		array_operation_end(array, lun);
	}
	return array_request_end(array, request, rc, &r.task.answer, ret_answer);
}

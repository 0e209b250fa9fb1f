/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds, renames and deletes LUNs; lun_create.c creates them.  Callers: any thread except the
 * writer; apply functions run on the writer thread.
 *
 * The file is removed after the row.  A .img file without a row is never removed, since it may
 * belong to a catalog that is newer than the restored one.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/host.h"

int
array_lun_find(const struct state *view, const struct guid *lun_id, const struct row_lun **ret_lun)
{
	const struct row_lun *lun = state_find(view, ROW_LUN, lun_id);

	if (lun == NULL)
		return array_name_no_such(ROW_LUN, lun_id);
	*ret_lun = lun;
	return 0;
}

int
array_lun_file_error(int rc, const char *what)
{
	if (rc == -ENOSPC || rc == -EDQUOT)
		return err_set(ERR_NO_SPACE,
			       "%s: the pool has too little free space: choose a smaller size or "
			       "another pool",
			       what);
	if (rc == -EFBIG)
		return err_set(ERR_NO_SPACE,
			       "%s: the file system of the pool allows no file of this size: "
			       "choose a smaller size",
			       what);
	return rc < 0 ? err_set(rc, "%s: %s", what, err_text(rc)) : 0;
}

/* ---- delete ---- */

struct delete
{
	struct array_task task;
	const struct guid *lun_id;
	bool force, now; /* now: the LUN is not kept in the trash */
	struct guid pool_id;
};

int
array_lun_mappings(const struct state *state, const struct guid *lun_id,
		   struct array_mapping **ret_mappings)
{
	struct row_slice slice = state_lun_targets(state, lun_id);
	struct array_mapping *mappings = mem_calloc(slice.count + 1, sizeof(mappings[0]));

	if (mappings == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < slice.count; i++) {
		mappings[i].lun_id = *lun_id;
		mappings[i].target_id = ((const struct row_association *)slice.rows[i])->target_id;
	}
	*ret_mappings = mappings;
	return (int)slice.count;
}

int
array_lun_note_unlink(struct array *array, const struct state *view, const struct guid *lun_id,
		      const struct guid *pool_id)
{
	const struct row_pool *pool = state_find(view, ROW_POOL, pool_id);
	const struct array_pool_driver *driver = array_pool_driver_find(pool->path);
	AUTO_FREE char *path = driver != NULL ? driver->volume_name(pool->path, lun_id)
					      : str_dup(pool->path);
	struct catalog_unlink entry = { *lun_id, *pool_id, path, array->controller_id };

	return path == NULL ? -ENOMEM : catalog_unlink_put(array->catalog, &entry);
}

int
array_lun_note_removal(struct array *array, const struct state *view, const struct row_lun *lun)
{
	int rc = array_lun_note_unlink(array, view, &lun->id, &lun->pool_id);

	return rc < 0 ? rc : catalog_kept_forget(array->catalog, &lun->id);
}

int
array_lun_edit_delete_row(struct state_edit *edit, const struct guid *lun_id)
{
	int rc = 0;

	if (state_lun_owner(state_edit_view(edit), lun_id) != NULL)
		rc = state_edit_delete(edit, ROW_LUN_OWNER, lun_id, NULL);
	return rc < 0 ? rc : state_edit_delete(edit, ROW_LUN, lun_id, NULL);
}

/* Takes the LUN from its targets, and deletes its row. */
static int
edit_delete(struct array *array, struct state_edit *edit, const struct guid *lun_id)
{
	const struct state *view = state_edit_view(edit);
	struct row_slice slice;
	int rc = 0;

	while (rc == 0 && (slice = state_lun_targets(view, lun_id)).count > 0) {
		const struct row_association *row = slice.rows[0];
		struct guid target_id = row->target_id;

		rc = array_number_retire(array, view, row);
		if (rc == 0)
			rc = state_edit_delete(edit, ROW_ASSOCIATION, lun_id, &target_id);
	}
	return rc < 0 ? rc : array_lun_edit_delete_row(edit, lun_id);
}

int
array_lun_edit_remove(struct array *array, struct state_edit *edit, const struct guid *lun_id)
{
	const struct state *view = state_edit_view(edit);
	const struct row_lun *lun = NULL;
	int rc = array_lun_find(view, lun_id, &lun);

	if (rc == 0)
		rc = array_lun_note_removal(array, view, lun);
	return rc < 0 ? rc : edit_delete(array, edit, lun_id);
}

/* Moves the LUN to the trash of its pool. */
static int
edit_trash(struct array *array, struct state_edit *edit, const struct row_lun *lun)
{
	struct guid id = lun->id;
	int rc = array_trash_put(array, edit, state_edit_view(edit), lun);

	if (rc == 0)
		rc = catalog_kept_forget(array->catalog, &id);
	return rc < 0 ? rc : edit_delete(array, edit, &id);
}

#define TARGETS_NAMED 3

size_t
array_lun_sessions(const struct state *view, const struct state *live, const struct row_lun *lun,
		   const struct guid *target_id)
{
	size_t total = state_count(live, ROW_LIVE_SESSION), count = 0;

	for (size_t i = 0; i < total; i++) {
		const struct row_live_session *row = state_at(live, ROW_LIVE_SESSION, i);
		bool through = target_id != NULL ? guid_equal(&row->target_id, target_id)
						 : state_find_pair(view, ROW_ASSOCIATION, &lun->id,
								   &row->target_id) != NULL;

		count += through && host_mask_admits(view, lun->mask, row->initiator);
	}
	return count;
}

/* Returns 0 when no target has the LUN, or ERR_IN_USE with a text that says what would be lost. */
static int
check_unused(struct array *array, const struct state *view, const struct guid *lun_id)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_lun *lun = state_find(view, ROW_LUN, lun_id);
	struct row_slice slice = state_lun_targets(view, lun_id);
	AUTO(strbuf_fini) struct strbuf names = { 0 };
	size_t sessions = 0;
	char size[32];

	if (slice.count == 0)
		return 0;
	for (size_t i = 0; i < slice.count; i++) {
		const struct row_association *row = slice.rows[i];
		const struct row_target *target = state_find(view, ROW_TARGET, &row->target_id);

		sessions += array_lun_sessions(view, live, lun, &row->target_id);
		if (i < TARGETS_NAMED)
			strbuf_addf(&names, "%s%s", i > 0 ? ", " : "",
				    target->alias != NULL && target->alias[0] != '\0'
					    ? target->alias
					    : target->iscsi_name);
	}
	if (slice.count > TARGETS_NAMED)
		strbuf_addf(&names, " and %zu more", slice.count - TARGETS_NAMED);
	return err_set(
		ERR_IN_USE,
		"LUN %s is in use: it is behind %zu target%s (%s), and %zu session%s can use "
		"it; --force (in the API force=1) deletes it with its %s of data",
		ROW_LUN_CALLED(lun), slice.count, slice.count > 1 ? "s" : "",
		names.failed ? "?" : names.text, sessions, sessions == 1 ? "" : "s",
		str_format_size(lun->size_bytes, size, sizeof(size)));
}

static int
delete_apply(struct array *array, struct array_task *task)
{
	struct delete *d = container_of(task, struct delete, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_lun *lun = NULL;
	int rc = array_lun_find(view, d->lun_id, &lun);

	if (rc == 0 && !d->force)
		rc = check_unused(array, view, d->lun_id);
	if (rc < 0)
		return rc;
	task->answer.object_id = *d->lun_id;
	d->pool_id = lun->pool_id;
	return !d->now && array_trash_keep_ms(view, lun) > 0
		       ? edit_trash(array, task->edit, lun)
		       : array_lun_edit_remove(array, task->edit, d->lun_id);
}

static void
delete_published(struct array *array, struct array_task *task)
{
	array_live_delete(array, ROW_LIVE_MAINTENANCE, &task->answer.object_id);
	array_unit_remove_deleted(array, container_of(task, struct delete, task)->lun_id);
	array_pool_show(array, &container_of(task, struct delete, task)->pool_id);
}

/*
 * A forced deletion does not wait for a store that hangs.  What is still in flight can only reach
 * the file of this LUN, which nobody else gets and which is removed after the last I/O.  Returns 0.
 */
static int
go_without_drain(const struct guid *lun_id)
{
	char id[GUID_TEXT_SIZE];

	log_warning(
		"lun.deleted_hung",
		"lun=%s reason=\"I/O in flight does not end; the file is removed when the store "
		"answers, or at the next start\"",
		guid_format(lun_id, id));
	return 0;
}

/* Looks how much space the volume takes: the trash says so as long as the LUN is in it. */
static void
measure(struct array *array, const struct guid *lun_id)
{
	struct array_store *store = array_unit_store(array, lun_id);

	if (store != NULL && array_store_try_manage(store)) {
		(void)array_store_verify(store);
		array_store_unmanage(store);
	}
	array_store_unref(store);
}

/*
 * Drains the LUN's paths through every target, also through targets with which it is being
 * associated while the LUN is already held.
 */
static int
delete_held(struct array *array, struct delete *d)
{
	AUTO_STATE struct state *state = array_state(array);
	struct array_mapping paths = { .lun_id = *d->lun_id };
	void *drain = NULL;
	int rc = d->force ? 0 : check_unused(array, state, d->lun_id);

	if (rc == 0)
		rc = array_runtime_quiesce(array, &paths, 1, &drain);
	if (rc == ERR_BUSY && d->force)
		rc = go_without_drain(d->lun_id);
	if (rc < 0)
		return rc;
	if (!d->now)
		measure(array, d->lun_id);
	rc = array_writer_submit(array, &d->task);
	array_runtime_resume(array, drain);
	return rc;
}

static int
delete_lun(struct array *array, const struct array_request *request, const struct guid *lun,
	   bool force, bool now, struct array_answer *ret_answer)
{
	struct delete d = {
		.task = { .apply = delete_apply,
			  .published = delete_published,
			  .cause = "lun.delete",
			  .use = CATALOG_FREES,
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.lun_id = lun,
		.force = force,
		.now = now,
	};
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return MIN(rc, 0);
	rc = array_operation_begin(array, lun, ASK_DELETE, OPERATION_DELETE, true);
	if (rc == 0) {
		rc = delete_held(array, &d);
		if (rc < 0)
			array_operation_end(array, lun);
	}
	return array_request_end(array, request, rc, &d.task.answer, ret_answer);
}

int
array_lun_delete(struct array *array, const struct array_request *request, const struct guid *lun,
		 bool force, struct array_answer *ret_answer)
{
	return delete_lun(array, request, lun, force, false, ret_answer);
}

int
array_lun_delete_now(struct array *array, const struct array_request *request,
		     const struct guid *lun, bool force, struct array_answer *ret_answer)
{
	return delete_lun(array, request, lun, force, true, ret_answer);
}

/* ---- rename ---- */

struct rename {
	struct array_task task;
	const struct guid *lun_id;
	const char *name;
	bool duplicate;
};

/* Returns whether a LUN other than this one has the name. */
static bool
is_taken(const struct state *view, const char *name, const struct row_lun *but)
{
	struct row_slice luns = state_luns_by_name(view, name);

	return luns.count > 1 || (luns.count == 1 && luns.rows[0] != (const void *)but);
}

static int
rename_apply(struct array *array, struct array_task *task)
{
	struct rename *r = container_of(task, struct rename, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_lun *lun = NULL;
	AUTO_ROW struct row_lun *row = NULL;
	int rc = array_lun_find(view, r->lun_id, &lun);

	if (rc == 0)
		rc = array_operation_check(array, r->lun_id, ASK_RENAME);
	if (rc < 0)
		return rc;
	if (!r->duplicate && *r->name != '\0' && is_taken(view, r->name, lun))
		return err_set(ERR_NAME_IN_USE,
			       "there is already a LUN named \"%s\": choose another name", r->name);
	row = row_copy(lun);
	if (row == NULL || row_set_string(&row->name, r->name) < 0)
		return -ENOMEM;
	task->answer.object_id = *r->lun_id;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_lun_rename(struct array *array, const struct array_request *request, const struct guid *lun,
		 const char *name, bool duplicate, struct array_answer *ret_answer)
{
	struct rename r = {
		.task = { .apply = rename_apply, .cause = "lun.rename" },
		.lun_id = lun,
		.name = name,
		.duplicate = duplicate,
	};
	int rc = array_name_check_free("LUN", name);

	return rc < 0 ? rc : array_change_run(array, request, &r.task, ret_answer);
}

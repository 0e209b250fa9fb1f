/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Takes, renames and deletes snapshots.  The volumes are made before the rows and removed after
 * them, as those of LUNs (lun_create.c): <id>.new is durable before the row is committed, then it
 * is renamed to <id>.img; what a crash leaves is renamed or removed by the next start.  A snapshot
 * shares space with its LUN but does not need it, so each of the two can be deleted before the
 * other.  Callers: any thread except the writer; apply functions run on the writer thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/snapshot.h"

static int
check_name(const char *name)
{
	int rc = array_name_check("snapshot", name);

	if (rc == 0 && strchr(name, '@') != NULL)
		rc = err_set(ERR_INVALID,
			     "\"%s\" cannot be the name of a snapshot: \"@\" stands between the "
			     "name of a LUN and that of its snapshot",
			     name);
	return rc;
}

static int
check_free(const struct state *view, const struct guid *lun_id, const char *name)
{
	const struct row_lun *lun = state_find(view, ROW_LUN, lun_id);

	if (snapshot_by_name(view, lun_id, name) == NULL)
		return 0;
	return err_set(ERR_NAME_IN_USE,
		       "LUN \"%s\" has a snapshot named \"%s\" already: choose another name",
		       lun != NULL ? ROW_LUN_CALLED(lun) : "?", name);
}

int
array_snapshot_find(const struct state *view, const struct guid *id,
		    const struct row_snapshot **ret_snapshot)
{
	const struct row_snapshot *snapshot = state_find(view, ROW_SNAPSHOT, id);

	if (snapshot == NULL)
		return array_name_no_such(ROW_SNAPSHOT, id);
	*ret_snapshot = snapshot;
	return 0;
}

int
array_snapshot_check_pool(const struct state *view, const struct guid *pool_id)
{
	for (size_t i = 0; i < state_count(view, ROW_SNAPSHOT); i++) {
		const struct row_snapshot *snapshot = state_at(view, ROW_SNAPSHOT, i);

		if (guid_equal(&snapshot->pool_id, pool_id))
			return err_set(ERR_IN_USE,
				       "the pool still has snapshots, such as %s@%s: delete them "
				       "first",
				       snapshot_lun_name(view, snapshot), snapshot->name);
	}
	return 0;
}

/* ---- create ---- */

struct snapshot_create {
	struct array_task task;
	const char *name;
	struct guid group_id;
	struct array_moment moment;
	const struct catalog_schedule_run *run; /* NULL = a person takes the snapshots */
	int64_t known_ms;                       /* with run: the slot that was run before */
};

static int
make_row(const struct snapshot_create *c, const struct array_clone *clone,
	 const struct row_lun *lun, struct row_snapshot **ret_row)
{
	AUTO_ROW struct row_snapshot *row = row_new(ROW_SNAPSHOT);

	if (row == NULL || row_set_string(&row->name, c->name) < 0 ||
	    row_set_string(&row->lun_name, ROW_LUN_CALLED(lun)) < 0)
		return -ENOMEM;
	row->id = clone->to_id;
	row->lun_id = lun->id;
	row->pool_id = lun->pool_id;
	row->group_id = c->group_id;
	row->size_bytes = clone->size_bytes;
	row->block_bytes = lun->block_bytes;
	row->created_ms = c->moment.utc_ms;
	if (c->run != NULL)
		row->schedule_id = c->run->schedule_id;
	*ret_row = TAKE(row);
	return 0;
}

static int
read_slot(void *arg, const struct catalog_schedule_run *run)
{
	*(int64_t *)arg = run->slot_ms;
	return 0;
}

/* Another gateway may have run the schedule meanwhile; a slot is run once. */
static int
check_run(struct array *array, const struct snapshot_create *c)
{
	int64_t slot_ms = 0;
	int rc = array_is_shared(array)
			 ? catalog_schedule_run_of(array->catalog, &c->run->schedule_id, read_slot,
						   &slot_ms)
			 : 0;

	if (rc < 0 || !array_is_shared(array) || slot_ms == c->known_ms)
		return rc;
	return err_set(ERR_GONE, "another gateway has just run the schedule: try again");
}

static int
create_apply(struct array *array, struct array_task *task)
{
	struct snapshot_create *c = container_of(task, struct snapshot_create, task);
	const struct state *view = state_edit_view(task->edit);
	int rc = 0;

	if (c->run != NULL && state_find(view, ROW_SNAPSHOT_SCHEDULE, &c->run->schedule_id) == NULL)
		return array_name_no_such(ROW_SNAPSHOT_SCHEDULE, &c->run->schedule_id);
	if (c->run != NULL)
		rc = check_run(array, c);
	if (rc == 0 && c->run != NULL)
		rc = catalog_schedule_run_put(array->catalog, c->run);
	for (size_t i = 0; rc == 0 && i < c->moment.count; i++) {
		const struct array_clone *clone = &c->moment.clones[i];
		const struct row_lun *lun = NULL;
		AUTO_ROW struct row_snapshot *row = NULL;

		rc = array_lun_find(view, &clone->lun_id, &lun);
		if (rc == 0)
			rc = check_free(view, &clone->lun_id, c->name);
		if (rc == 0)
			rc = make_row(c, clone, lun, &row);
		if (rc == 0)
			rc = state_edit_put(task->edit, TAKE(row));
	}
	task->answer.object_id = c->moment.count == 1 ? c->moment.clones[0].to_id : c->group_id;
	return rc;
}

/* What is not renamed now is renamed by the next start. */
static void
create_committed(struct array *array, struct array_task *task)
{
	struct snapshot_create *c = container_of(task, struct snapshot_create, task);

	(void)array;
	for (size_t i = 0; i < c->moment.count; i++) {
		const struct array_clone *clone = &c->moment.clones[i];
		int rc = array_place_commit(clone->store->place, &clone->to_id);
		char id[GUID_TEXT_SIZE];

		if (rc < 0)
			log_warning("snapshot.commit",
				    "snapshot=%s error=%s reason=\"its file is renamed at the next "
				    "start of vdsd, and cannot be used before\"",
				    guid_format(&clone->to_id, id), err_name(rc));
	}
}

static int
fill(struct snapshot_create *c, const struct guid *luns, size_t count)
{
	c->moment.clones = mem_calloc(count, sizeof(c->moment.clones[0]));
	if (c->moment.clones == NULL)
		return -ENOMEM;
	c->moment.count = count;
	if (count > 1)
		guid_make(&c->group_id);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++)
			if (guid_equal(&luns[i], &luns[j]))
				return err_set(ERR_INVALID, "a LUN is named twice");
		c->moment.clones[i].lun_id = luns[i];
		guid_make(&c->moment.clones[i].to_id);
	}
	return 0;
}

static int
create(struct array *array, struct snapshot_create *c)
{
	AUTO_STATE struct state *state = array_state(array);
	char text[TASK_TEXT_SIZE];
	int rc = 0;

	/* before any command waits; apply checks again */
	for (size_t i = 0; rc == 0 && i < c->moment.count; i++)
		rc = check_free(state, &c->moment.clones[i].lun_id, c->name);
	if (rc == 0)
		rc = array_moment_take(array, &c->moment);
	if (rc < 0)
		return rc;
	rc = array_writer_submit(array, &c->task);
	if (rc == 0 || !array_writer_outcome_is_known(rc))
		return rc;
	snprintf(text, sizeof(text), "%s", err_text(rc));
	array_moment_undo(&c->moment);
	return err_set(rc, "%s", text);
}

int
array_snapshot_create(struct array *array, const struct array_request *request, const char *name,
		      const struct guid *luns, size_t count, struct array_answer *ret_answer)
{
	struct snapshot_create c = {
		.task = { .apply = create_apply,
			  .committed = create_committed,
			  .cause = "snapshot.create",
			  .use = CATALOG_MAKES,
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.name = name,
	};
	int rc = check_name(name);

	if (rc == 0 && (count == 0 || count > ARRAY_SNAPSHOT_LUNS_MAX))
		rc = err_set(ERR_INVALID, "a snapshot is of 1 to %u LUNs", ARRAY_SNAPSHOT_LUNS_MAX);
	if (rc == 0)
		rc = fill(&c, luns, count);
	if (rc == 0)
		rc = array_request_begin(array, request, ret_answer);
	if (rc == 0) {
		rc = create(array, &c);
		array_moment_end(array, &c.moment);
		rc = array_request_end(array, request, rc, &c.task.answer, ret_answer);
	}
	mem_free(c.moment.clones);
	return MIN(rc, 0);
}

int
array_snapshot_run(struct array *array, const struct array_request *request,
		   const struct catalog_schedule_run *run, int64_t known_ms, const char *name,
		   const struct guid *luns, size_t count, struct array_answer *ret_answer)
{
	struct snapshot_create c = {
		.task = { .apply = create_apply,
			  .committed = create_committed,
			  .cause = "schedule.run",
			  .use = CATALOG_MAKES,
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.name = name,
		.run = run,
		.known_ms = known_ms,
	};
	int rc = fill(&c, luns, count);

	if (rc == 0) {
		rc = create(array, &c);
		array_moment_end(array, &c.moment);
	}
	mem_free(c.moment.clones);
	if (rc == 0)
		*ret_answer = c.task.answer;
	return rc;
}

/* ---- delete ---- */

struct delete
{
	struct array_task task;
	const struct guid
		*id; /* of a snapshot or of a group; NULL = those that a schedule gives up */
	const struct guid *schedule_id;
	const struct schedule_moment *moments;
	size_t count;
};

static int
note_removal(struct array *array, const struct state *view, const struct row_snapshot *row)
{
	const struct row_pool *pool = state_find(view, ROW_POOL, &row->pool_id);
	const struct array_pool_driver *driver = array_pool_driver_find(pool->path);
	AUTO_FREE char *path = driver != NULL ? driver->volume_name(pool->path, &row->id)
					      : str_dup(pool->path);
	struct catalog_unlink entry = { row->id, row->pool_id, path, array->controller_id };

	return path == NULL ? -ENOMEM : catalog_unlink_put(array->catalog, &entry);
}

static int
delete_one(struct array *array, struct state_edit *edit, const struct row_snapshot *row)
{
	struct guid id = row->id;
	int rc = note_removal(array, state_edit_view(edit), row);

	return rc < 0 ? rc : state_edit_delete(edit, ROW_SNAPSHOT, &id, NULL);
}

static int
delete_apply(struct array *array, struct array_task *task)
{
	struct delete *d = container_of(task, struct delete, task);
	const struct state *view = state_edit_view(task->edit);
	size_t found = 0;
	int rc = 0;

	for (size_t i = state_count(view, ROW_SNAPSHOT); rc == 0 && i-- > 0;) {
		const struct row_snapshot *row = state_at(view, ROW_SNAPSHOT, i);

		if (!guid_equal(&row->id, d->id) && !guid_equal(&row->group_id, d->id))
			continue;
		found++;
		rc = delete_one(array, task->edit, row);
	}
	task->answer.object_id = *d->id;
	return rc == 0 && found == 0 ? array_name_no_such(ROW_SNAPSHOT, d->id) : rc;
}

static bool
is_of(const struct delete *d, const struct row_snapshot *row)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->moments[i].taken_ms == row->created_ms)
			return true;
	return false;
}

/* The cost grows with the snapshots of the schedule, however many others there are. */
static int
expire_apply(struct array *array, struct array_task *task)
{
	struct delete *d = container_of(task, struct delete, task);
	const struct state *view = state_edit_view(task->edit);
	struct row_slice own = state_schedule_snapshots(view, d->schedule_id);
	AUTO_FREE struct guid *ids = mem_calloc(own.count + 1, sizeof(ids[0]));
	size_t count = 0;
	int rc = ids != NULL ? 0 : -ENOMEM;

	/* before any is deleted, which changes what the slice is of */
	for (size_t i = 0; rc == 0 && i < own.count; i++) {
		const struct row_snapshot *row = own.rows[i];

		if (is_of(d, row))
			ids[count++] = row->id;
	}
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = delete_one(array, task->edit, state_find(view, ROW_SNAPSHOT, &ids[i]));
	return rc;
}

/* A file for which memory is out is removed at the next start. */
static void
delete_published(struct array *array, struct array_task *task)
{
	const struct change *change = task->logged;

	for (size_t i = 0; change != NULL && i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];
		const struct row_snapshot *row;
		const struct row_pool *pool;

		if (op->family != ROW_SNAPSHOT || op->row != NULL)
			continue;
		row = state_find(task->before, ROW_SNAPSHOT, &op->key.a);
		pool = state_find(task->before, ROW_POOL, &row->pool_id);
		(void)array_store_dying_add(array, &row->id, &pool->id, pool->path);
	}
}

int
array_snapshot_delete(struct array *array, const struct array_request *request,
		      const struct guid *snapshot, struct array_answer *ret_answer)
{
	struct delete d = {
		.task = { .apply = delete_apply,
			  .published = delete_published,
			  .cause = "snapshot.delete",
			  .use = CATALOG_FREES },
		.id = snapshot,
	};

	if (guid_is_zero(snapshot))
		return array_name_no_such(ROW_SNAPSHOT, snapshot);
	return array_change_run(array, request, &d.task, ret_answer);
}

int
array_snapshot_expire(struct array *array, const struct guid *schedule_id,
		      const struct schedule_moment *moments, size_t count)
{
	struct delete d = {
		.task = { .apply = expire_apply,
			  .published = delete_published,
			  .cause = "schedule.expire",
			  .use = CATALOG_FREES },
		.schedule_id = schedule_id,
		.moments = moments,
		.count = count,
	};

	return array_change_run(array, NULL, &d.task, NULL);
}

/* ---- rename ---- */

struct snapshot_rename {
	struct array_task task;
	const struct guid *id;
	const char *name;
};

static int
rename_apply(struct array *array, struct array_task *task)
{
	struct snapshot_rename *r = container_of(task, struct snapshot_rename, task);
	const struct state *view = state_edit_view(task->edit);
	const struct row_snapshot *snapshot = NULL;
	AUTO_ROW struct row_snapshot *row = NULL;
	int rc = array_snapshot_find(view, r->id, &snapshot);

	(void)array;
	if (rc == 0 && strcmp(snapshot->name, r->name) != 0)
		rc = check_free(view, &snapshot->lun_id, r->name);
	if (rc < 0)
		return rc;
	row = row_copy(snapshot);
	if (row == NULL || row_set_string(&row->name, r->name) < 0)
		return -ENOMEM;
	memset(&row->schedule_id, 0, sizeof(row->schedule_id)); /* it is a person's from now on */
	task->answer.object_id = *r->id;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_snapshot_rename(struct array *array, const struct array_request *request,
		      const struct guid *snapshot, const char *name,
		      struct array_answer *ret_answer)
{
	struct snapshot_rename r = {
		.task = { .apply = rename_apply, .cause = "snapshot.rename" },
		.id = snapshot,
		.name = name,
	};
	int rc = check_name(name);

	return rc < 0 ? rc : array_change_run(array, request, &r.task, ret_answer);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Creates, changes and deletes pools.  pools.c keeps the pools that are open; the drivers in pool/
 * know what a pool is on its storage.  Callers: any thread except the writer; apply functions run
 * on the writer thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/qos.h"

struct pool_change {
	struct array_task task;
	struct guid id;
	const char *name, *path;
	bool force;
};

static bool
name_is_taken(const struct state *view, const char *name, const struct guid *but)
{
	for (size_t i = 0; i < state_count(view, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(view, ROW_POOL, i);

		if (strcmp(pool->name, name) == 0 && !guid_equal(&pool->id, but))
			return true;
	}
	return false;
}

static int
create_apply(struct array *array, struct array_task *task)
{
	struct pool_change *c = container_of(task, struct pool_change, task);
	struct row_pool *row;

	(void)array;
	if (name_is_taken(state_edit_view(task->edit), c->name, &c->id))
		return err_set(ERR_NAME_IN_USE,
			       "there is already a pool named \"%s\": choose another name",
			       c->name);
	row = row_new(ROW_POOL);
	if (row == NULL)
		return -ENOMEM;
	row->id = c->id;
	if (row_set_string(&row->name, c->name) < 0 || row_set_string(&row->path, c->path) < 0) {
		row_unref(row);
		return -ENOMEM;
	}
	task->answer.object_id = c->id;
	return state_edit_put(task->edit, row);
}

static void
create_committed(struct array *array, struct array_task *task)
{
	struct pool_change *c = container_of(task, struct pool_change, task);

	array_pool_show(array, &c->id);
}

int
array_pool_place_is_free(struct array *array, const char *place)
{
	AUTO_STATE struct state *state = array_state(array);
	char *own = realpath(array->dir, NULL); /* of libc's heap */
	bool is_own = own != NULL && strcmp(own, place) == 0;

	free(own);
	if (is_own)
		return err_set(ERR_IN_USE,
			       "%s is the directory of the array itself: choose another directory "
			       "for the pool",
			       place);
	for (size_t i = 0; i < state_count(state, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(state, ROW_POOL, i);

		if (strcmp(pool->path, place) == 0)
			return err_set(ERR_IN_USE,
				       "%s is already the place of the pool \"%s\": choose "
				       "another %s",
				       place, pool->name,
				       *place == '/'                ? "directory"
				       : str_starts(place, "bdev:") ? "device"
				       : str_starts(place, "rbd:")  ? "pool of Ceph"
								    : "one, such as ram:2G:name");
	}
	return 0;
}

/*
 * Writes the marker before the commit, so that no pool is ever committed without one, and removes
 * it again when the change fails.
 */
static int
create(struct array *array, struct pool_change *c)
{
	struct row_pool row = { .id = c->id };
	AUTO_STATE struct state *state = array_state(array);
	AUTO_FREE char *place = NULL;
	int rc = array_pool_place_typed(c->path, &place);

	if (rc < 0)
		return rc;
	row.path = place;
	c->path = place;
	rc = array_pool_place_is_free(array, place);
	if (rc == 0)
		rc = array_pool_add(array, &state_array(state)->id, &row,
				    c->force ? POOL_FORCE : POOL_CREATE);
	if (rc < 0)
		return rc;
	rc = array_writer_submit(array, &c->task);
	if (rc < 0)
		array_pool_remove(array, &c->id, array_writer_outcome_is_known(rc));
	return rc;
}

static int
create_pool(struct array *array, const struct array_request *request, const char *name,
	    const char *path, bool force, struct array_answer *ret_answer)
{
	struct pool_change c = {
		.task = { .apply = create_apply,
			  .committed = create_committed,
			  .cause = "pool.create",
			  .use = CATALOG_MAKES,
			  .request_id = array_request_id(request),
			  .principal = array_request_principal(request),
			  .audit = array_request_audit(request) },
		.name = name,
		.path = path,
		.force = force,
	};
	int rc = array_name_check("pool", name);

	if (rc < 0)
		return rc;
	rc = array_request_begin(array, request, ret_answer);
	if (rc != 0)
		return MIN(rc, 0);
	guid_make(&c.id);
	rc = create(array, &c);
	if (rc == 0)
		array_drive_rescan(array);
	return array_request_end(array, request, rc, &c.task.answer, ret_answer);
}

int
array_pool_create(struct array *array, const struct array_request *request, const char *name,
		  const char *path, struct array_answer *ret_answer)
{
	return create_pool(array, request, name, path, false, ret_answer);
}

int
array_pool_create_forced(struct array *array, const struct array_request *request, const char *name,
			 const char *path, struct array_answer *ret_answer)
{
	return create_pool(array, request, name, path, true, ret_answer);
}

/* ---- change ---- */

struct options_change {
	struct array_task task;
	struct guid id;
	const struct array_pool_options *options;
};

/* Brings an option into its canonical form in the row; NULL = the option stays as it is. */
static int
limit_set(char **member, const char *option, const char *text)
{
	char canonical[POOL_OPTION_MAX];
	struct pool_limit limit;
	int rc;

	if (text == NULL)
		return 0;
	rc = pool_limit_parse(option, text, &limit);
	if (rc < 0)
		return rc;
	pool_limit_format(&limit, canonical);
	return row_set_string(member, canonical);
}

static int
overcommit_set(char **member, const char *text)
{
	char canonical[POOL_OPTION_MAX];
	unsigned percent;
	int rc;

	if (text == NULL)
		return 0;
	rc = pool_overcommit_parse(text, &percent);
	if (rc < 0)
		return rc;
	pool_overcommit_format(percent, canonical);
	return row_set_string(member, canonical);
}

static int
trash_set(char **member, const char *text)
{
	int64_t keep_ms;
	int rc;

	if (text == NULL)
		return 0;
	rc = pool_trash_parse(text, &keep_ms);
	return rc < 0 ? rc : row_set_string(member, keep_ms > 0 ? text : "");
}

static int
qos_set(char **member, const char *change)
{
	char text[QOS_TEXT_MAX];
	int rc;

	if (change == NULL)
		return 0;
	rc = qos_change(QOS_OF_POOL, *member, change, text);
	return rc < 0 ? rc : row_set_string(member, text);
}

/* Checks that a pool is low before it is full, as far as that is known without its capacity. */
static int
limits_check(const struct row_pool *row)
{
	struct array_space_limits limits;
	const char *unit;
	uint64_t low, full;

	array_space_limits_read(row, &limits);
	/* A percentage and a size cannot be compared: the pool may grow. */
	if ((limits.low.given && !limits.low.percent) !=
	    (limits.full.given && !limits.full.percent))
		return 0;
	low = array_space_low_bytes(&limits, 100);
	full = array_space_full_bytes(&limits, 100);
	unit = limits.low.given && !limits.low.percent ? " bytes" : "%";
	if (full > low)
		return err_set(ERR_INVALID,
			       "pool \"%s\" would be full (%" PRIu64 "%s free) before it is low "
			       "(%" PRIu64 "%s free): give a --full that is not more than --low",
			       row->name, full, unit, low, unit);
	return 0;
}

int
array_pool_options_fill(struct row_pool *row, const struct array_pool_options *options)
{
	int rc = limit_set(&row->low, "--low", options->low);

	if (rc == 0)
		rc = limit_set(&row->full, "--full", options->full);
	if (rc == 0)
		rc = overcommit_set(&row->overcommit, options->overcommit);
	if (rc == 0)
		rc = trash_set(&row->trash, options->trash);
	if (rc == 0)
		rc = qos_set(&row->qos, options->qos);
	if (options->set_trash_yields)
		row->trash_yields = options->trash_yields;
	return rc < 0 ? rc : limits_check(row);
}

static int
options_apply(struct array *array, struct array_task *task)
{
	struct options_change *c = container_of(task, struct options_change, task);
	const struct array_pool_options *options = c->options;
	const struct state *view = state_edit_view(task->edit);
	const struct row_pool *pool = state_find(view, ROW_POOL, &c->id);
	AUTO_ROW struct row_pool *row = NULL;
	int rc;

	(void)array;
	if (pool == NULL)
		return array_name_no_such(ROW_POOL, &c->id);
	if (options->name != NULL && name_is_taken(view, options->name, &c->id))
		return err_set(ERR_NAME_IN_USE,
			       "there is already a pool named \"%s\": choose another name",
			       options->name);
	row = row_copy(pool);
	if (row == NULL || (options->name != NULL && row_set_string(&row->name, options->name) < 0))
		return -ENOMEM;
	rc = array_pool_options_fill(row, options);
	if (rc < 0)
		return rc;
	task->answer.object_id = c->id;
	rc = state_edit_put(task->edit, TAKE(row));
	return rc == 0 && options->qos != NULL ? qos_check_pool(state_edit_view(task->edit), &c->id)
					       : rc;
}

static void
options_published(struct array *array, struct array_task *task)
{
	struct options_change *c = container_of(task, struct options_change, task);
	AUTO_STATE struct state *state = array_state(array);
	const struct row_pool *pool = state_find(state, ROW_POOL, &c->id);

	if (pool != NULL && (c->options->low != NULL || c->options->full != NULL))
		array_pool_set_limits(array, pool);
}

int
array_pool_change(struct array *array, const struct array_request *request, const struct guid *pool,
		  const struct array_pool_options *options, struct array_answer *ret_answer)
{
	struct options_change c = {
		.task = { .apply = options_apply,
			  .published = options_published,
			  .cause = options->name != NULL ? "pool.rename" : "pool.set" },
		.id = *pool,
		.options = options,
	};
	int rc = options->name != NULL ? array_name_check("pool", options->name) : 0;

	return rc < 0 ? rc : array_change_run(array, request, &c.task, ret_answer);
}

int
array_pool_rename(struct array *array, const struct array_request *request, const struct guid *pool,
		  const char *name, struct array_answer *ret_answer)
{
	return array_pool_change(array, request, pool, &(struct array_pool_options){ .name = name },
				 ret_answer);
}

/* ---- delete ---- */

static int
any_unlink(void *arg, const struct catalog_unlink *entry)
{
	return guid_equal(&entry->pool_id, arg) ? 1 : 0;
}

static int
delete_apply(struct array *array, struct array_task *task)
{
	struct pool_change *c = container_of(task, struct pool_change, task);
	const struct state *view = state_edit_view(task->edit);
	int rc;

	if (state_find(view, ROW_POOL, &c->id) == NULL)
		return array_name_no_such(ROW_POOL, &c->id);
	for (size_t i = 0; i < state_count(view, ROW_LUN); i++)
		if (guid_equal(&((const struct row_lun *)state_at(view, ROW_LUN, i))->pool_id,
			       &c->id))
			return err_set(ERR_IN_USE, "the pool still has LUNs: delete them, or move "
						   "them to another pool first");
	if (array_trash_has(view, &c->id))
		return err_set(ERR_IN_USE,
			       "the pool has deleted LUNs in its trash: restore them, or "
			       "remove them for good by `vdsctl trash empty`");
	rc = array_snapshot_check_pool(view, &c->id);
	if (rc == 0)
		rc = array_move_check_pool(view, &c->id);
	if (rc < 0)
		return rc;
	rc = catalog_unlinks(array->catalog, any_unlink, &c->id);
	if (rc != 0)
		return rc < 0 ? rc
			      : err_set(ERR_BUSY, "files of deleted LUNs are still being removed "
						  "from the pool: try again in a moment");
	rc = catalog_pool_space_delete(array->catalog, &c->id);
	if (rc < 0)
		return rc;
	task->answer.object_id = c->id;
	return state_edit_delete(task->edit, ROW_POOL, &c->id, NULL);
}

static void
delete_published(struct array *array, struct array_task *task)
{
	array_pool_remove(array, &container_of(task, struct pool_change, task)->id, true);
}

int
array_pool_delete(struct array *array, const struct array_request *request, const struct guid *pool,
		  struct array_answer *ret_answer)
{
	struct pool_change c = {
		.task = { .apply = delete_apply,
			  .published = delete_published,
			  .cause = "pool.delete",
			  .use = CATALOG_FREES },
		.id = *pool,
	};

	int rc = array_change_run(array, request, &c.task, ret_answer);

	if (rc == 0)
		array_drive_rescan(array);
	return rc;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The array's own row (VDS calls the array a subsystem): its creation, its name, and the prefix of
 * the iSCSI names of its targets.  Callers: any thread except the writer; apply functions run on
 * the writer thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* ---- the first change ---- */

struct begin {
	struct array_task task;
	const struct guid *array_id;
	const struct row_pool *pool; /* NULL = none */
};

static int
put_array(struct state_edit *edit, const struct guid *id)
{
	AUTO_ROW struct row_array *row = row_new(ROW_ARRAY);
	char serial[17];

	if (row == NULL)
		return -ENOMEM;
	row->id = *id;
	snprintf(serial, sizeof(serial), "%016" PRIx64, array_name_random64());
	if (row_set_string(&row->name, "vds") < 0 || row_set_string(&row->iqn_prefix, "") < 0 ||
	    row_set_string(&row->serial, serial) < 0 ||
	    row_set_string(&row->version, VDS_VERSION) < 0)
		return -ENOMEM;
	return state_edit_put(edit, TAKE(row));
}

static int
put_pool(struct state_edit *edit, const struct row_pool *pool)
{
	AUTO_ROW struct row_pool *row = row_new(ROW_POOL);

	if (row == NULL)
		return -ENOMEM;
	row->id = pool->id;
	if (row_set_string(&row->name, pool->name) < 0 ||
	    row_set_string(&row->path, pool->path) < 0)
		return -ENOMEM;
	return state_edit_put(edit, TAKE(row));
}

static int
begin_apply(struct array *array, struct array_task *task)
{
	struct begin *b = container_of(task, struct begin, task);
	int rc = catalog_create(array->catalog, b->array_id);

	if (rc == 0)
		rc = put_array(task->edit, b->array_id);
	if (rc == 0)
		rc = array_controller_edit_put(array, task->edit, b->array_id);
	if (rc == 0)
		rc = array_gateway_secret_make(array);
	task->answer.object_id = *b->array_id;
	return rc < 0 || b->pool == NULL ? rc : put_pool(task->edit, b->pool);
}

int
array_subsystem_begin(struct array *array, const struct guid *array_id, const struct row_pool *pool)
{
	struct begin b = {
		.task = { .apply = begin_apply, .cause = "array.create" },
		.array_id = array_id,
		.pool = pool,
	};

	return array_writer_submit(array, &b.task);
}

/* ---- changes to it ---- */

struct array_change {
	struct array_task task;
	const char *name, *prefix, *version; /* NULL = stays */
};

static int
apply(struct array *array, struct array_task *task)
{
	struct array_change *c = container_of(task, struct array_change, task);
	AUTO_ROW struct row_array *row = row_copy(state_array(state_edit_view(task->edit)));

	(void)array;
	if (row == NULL || (c->name != NULL && row_set_string(&row->name, c->name) < 0) ||
	    (c->prefix != NULL && row_set_string(&row->iqn_prefix, c->prefix) < 0) ||
	    (c->version != NULL && row_set_string(&row->version, c->version) < 0))
		return -ENOMEM;
	task->answer.object_id = row->id;
	return state_edit_put(task->edit, TAKE(row));
}

int
array_rename(struct array *array, const struct array_request *request, const char *name,
	     struct array_answer *ret_answer)
{
	struct array_change c = { .task = { .apply = apply, .cause = "array.rename" },
				  .name = name };
	int rc = array_name_check_free("array", name);

	return rc < 0 ? rc : array_change_run(array, request, &c.task, ret_answer);
}

int
array_iqn_prefix_normalize(const char *prefix, char **ret_prefix)
{
	size_t len = prefix != NULL ? strlen(prefix) : 0;
	bool colon = len > 0 && prefix[len - 1] == ':';
	AUTO_FREE char *bare = str_ndup(prefix != NULL ? prefix : "", len - colon);
	AUTO_FREE char *name = NULL;
	int rc;

	if (bare == NULL)
		return -ENOMEM;
	if (len == 0) {
		*ret_prefix = TAKE(bare);
		return 0;
	}
	rc = iscsi_name_normalize(bare, &name);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0 || !str_starts(name, "iqn.") || len > ROW_ISCSI_NAME_MAX - ROW_NAME_UNITS - 20)
		return err_set(ERR_INVALID, "the prefix of target names must look like "
					    "iqn.2026-11.org.example, with a month in "
					    "which you owned the domain");
	*ret_prefix = str_printf("%s%s", name, colon ? ":" : "");
	return *ret_prefix == NULL ? -ENOMEM : 0;
}

int
array_set_iqn_prefix(struct array *array, const struct array_request *request, const char *prefix,
		     struct array_answer *ret_answer)
{
	AUTO_FREE char *normal = NULL;
	struct array_change c = { .task = { .apply = apply, .cause = "array.configure" } };
	int rc = array_iqn_prefix_normalize(prefix, &normal);

	c.prefix = normal;
	return rc < 0 ? rc : array_change_run(array, request, &c.task, ret_answer);
}

int
array_subsystem_set_version(struct array *array, const char *version)
{
	struct array_change c = { .task = { .apply = apply,
					    .cause = "array.configure",
					    .use = CATALOG_FREES }, /* opening needs it */
				  .version = version };

	return array_writer_submit(array, &c.task);
}

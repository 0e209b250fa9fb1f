/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The invariant checker: catalog, memory, units and stores against one another, at one moment on
 * the writer thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

static int
check_memory(struct array *array)
{
	AUTO_STATE struct state *stored = NULL;
	const struct position *p, *q = state_position(array->state);
	int rc = catalog_load(array->catalog, &stored);

	if (rc < 0)
		return rc;
	p = state_position(stored);
	if (p->sequence != q->sequence || p->incarnation != q->incarnation ||
	    !guid_equal(&p->array_id, &q->array_id) || !hash128_equal(&p->digest, &q->digest))
		return err_set(ERR_CORRUPT, "memory is at another position than the catalog");
	return state_check(array->state);
}

/* That of a LUN whose rename a crash has prevented has its first name, until the next start. */
static int
find_file(struct array *array, const char *dir, const struct row_lun *lun, char **ret_path,
	  struct stat *ret_st)
{
	*ret_path = array_store_path(dir, &lun->id, true);
	if (*ret_path == NULL)
		return -ENOMEM;
	if (stat(*ret_path, ret_st) == 0)
		return 0;
	if (array->look) {
		AUTO_FREE char *first = array_store_path(dir, &lun->id, false);

		if (first != NULL && stat(first, ret_st) == 0)
			return 0;
	}
	return -ENOENT;
}

/*
 * A LUN that says it is well has a file of its size; where nobody has looked yet, every LUN has.
 */
static int
check_file(struct array *array, const struct row_lun *lun)
{
	AUTO_FREE char *dir = NULL;
	AUTO_FREE char *path = NULL;
	struct stat st;
	int rc;

	if (!array->look && array_unit_health(array, &lun->id) != HEALTH_OK)
		return 0;
	rc = array_pool_path(array, &lun->pool_id, &dir);
	if (rc == ERR_FAILED) {
		char text[TASK_TEXT_SIZE];

		snprintf(text, sizeof(text), "%s", err_text(rc));
		return err_set(ERR_CORRUPT, "LUN %s: %s", lun->name, text);
	}
	if (rc == 0)
		rc = find_file(array, dir, lun, &path, &st);
	if (rc == -ENOENT)
		return err_set(ERR_CORRUPT, "LUN %s: %s cannot be found", lun->name, path);
	if (rc < 0)
		return rc;
	if ((uint64_t)st.st_size < lun->size_bytes)
		return err_set(ERR_CORRUPT, "LUN %s: %s is shorter than %" PRIu64 " bytes",
			       lun->name, path, lun->size_bytes);
	return 0;
}

static int
check_lun(struct array *array, const struct row_lun *lun)
{
	struct array_store *store = array_unit_store(array, &lun->id);

	if (store == NULL)
		return err_set(ERR_CORRUPT, "LUN %s has no store", lun->name);
	array_store_unref(store);
	return check_file(array, lun);
}

static int
check_array(struct array *array, struct array_task *task)
{
	int rc = catalog_check(array->catalog);

	(void)task;
	if (rc == 0)
		rc = check_memory(array);
	for (size_t i = 0; rc == 0 && i < state_count(array->state, ROW_LUN); i++)
		rc = check_lun(array, state_at(array->state, ROW_LUN, i));
	return rc;
}

int
array_check(struct array *array)
{
	struct array_task task = { .run = check_array };

	return array_writer_submit(array, &task);
}

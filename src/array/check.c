/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The invariant checker: catalog, memory, units and stores against one another, at one moment on
 * the writer thread.
 */
#include <errno.h>
#include <stdio.h>

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

/* Some commands fail in a LUN that is FAILING, but its file is there. */
static bool
is_well(enum lun_health health)
{
	return health == HEALTH_OK || health == HEALTH_FAILING;
}

/*
 * A LUN that says it is well has a volume of its size; where nobody has looked yet, every LUN has.
 * That of a LUN whose commit a crash has prevented counts until the next start.
 */
static int
check_volume(struct array *array, const struct row_lun *lun, const struct array_store *store)
{
	AUTO_FREE char *place = NULL;
	char text[TASK_TEXT_SIZE];
	int rc;

	if (!array->look && !is_well(array_unit_health(array, &lun->id)))
		return 0;
	rc = array_pool_place(array, &lun->pool_id, &place);
	if (rc == 0)
		rc = store->driver->volume_check(place, &lun->id, lun->size_bytes, array->look);
	if (rc != ERR_FAILED && rc != ERR_CORRUPT)
		return rc;
	snprintf(text, sizeof(text), "%s", err_text(rc));
	return err_set(ERR_CORRUPT, "LUN %s: %s", lun->name, text);
}

static int
check_lun(struct array *array, const struct row_lun *lun)
{
	struct array_store *store = array_unit_store(array, &lun->id);
	int rc;

	if (store == NULL)
		return err_set(ERR_CORRUPT, "LUN %s has no store", lun->name);
	rc = check_volume(array, lun, store);
	array_store_unref(store);
	return rc;
}

/* One that is not ready has failed all its LUNs, so that none of them is looked at. */
static int
check_pool(struct array *array, const struct row_pool *pool)
{
	char text[TASK_TEXT_SIZE];
	int rc = array_pool_ready(array, &pool->id);

	if (rc != ERR_FAILED)
		return rc;
	snprintf(text, sizeof(text), "%s", err_text(rc));
	return err_set(ERR_CORRUPT, "pool %s: %s", pool->name, text);
}

static int
check_array(struct array *array, struct array_task *task)
{
	int rc = catalog_check(array->catalog);

	(void)task;
	if (rc == 0)
		rc = check_memory(array);
	for (size_t i = 0; rc == 0 && i < state_count(array->state, ROW_POOL); i++)
		rc = check_pool(array, state_at(array->state, ROW_POOL, i));
	for (size_t i = 0; rc == 0 && i < state_count(array->state, ROW_LUN); i++)
		rc = check_lun(array, state_at(array->state, ROW_LUN, i));
	return rc;
}

int
array_check(struct array *array)
{
	struct array_task task = { .run = check_array };

	array_pool_verify(array);
	return array_writer_submit(array, &task);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The invariant checker: catalog, memory, units and stores against one another, as they were at one
 * moment.  array_check runs on the thread of its caller.  It checks a copy of the catalog and the
 * immutable state of that moment (copy.c), so that a check holds up no change.
 */
#include <errno.h>
#include <stdio.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* Some commands fail in a LUN that is FAILING, but its file is there. */
static bool
is_well(enum lun_health health)
{
	return health == HEALTH_OK || health == HEALTH_FAILING;
}

/*
 * A LUN that says it is well has a volume of its size; where nobody has looked yet, every LUN has,
 * except in a pool whose volumes are gone when vdsd has ended.  That of a LUN whose commit a crash
 * has prevented counts until the next start.
 */
static int
check_volume(struct array *array, const struct row_lun *lun, const struct array_store *store)
{
	const struct array_pool_driver *driver;
	AUTO_FREE char *place = NULL;
	char text[TASK_TEXT_SIZE];
	int rc;

	if (!array->look && !is_well(array_unit_health(array, &lun->id)))
		return 0;
	if (array->look && store->place->driver->is_volatile)
		return 0;
	rc = array_pool_place(array, &lun->pool_id, &place);
	/* in an array that is looked at, the store is in the pool that the LUN had at its start */
	driver = rc == 0 ? array_pool_driver_find(place) : NULL;
	if (driver != NULL)
		rc = driver->volume_check(place, &lun->id, lun->size_bytes, array->look);
	if (rc != ERR_FAILED && rc != ERR_CORRUPT)
		return rc;
	snprintf(text, sizeof(text), "%s", err_text(rc));
	return err_set(ERR_CORRUPT, "LUN %s: %s", ROW_LUN_CALLED(lun), text);
}

static int
check_lun(struct array *array, const struct row_lun *lun)
{
	struct array_store *store = array_unit_store(array, &lun->id);
	int rc;

	if (store == NULL)
		return err_set(ERR_CORRUPT, "LUN %s has no store", ROW_LUN_CALLED(lun));
	rc = check_volume(array, lun, store);
	array_store_unref(store);
	return rc;
}

static int
check_snapshot(struct array *array, const struct row_snapshot *snapshot)
{
	const struct array_pool_driver *driver;
	AUTO_FREE char *place = NULL;
	char text[TASK_TEXT_SIZE];
	int rc = array_pool_place(array, &snapshot->pool_id, &place);

	driver = rc == 0 ? array_pool_driver_find(place) : NULL;
	if (driver != NULL)
		rc = driver->volume_check(place, &snapshot->id, snapshot->size_bytes, array->look);
	if (rc != ERR_FAILED && rc != ERR_CORRUPT)
		return rc;
	snprintf(text, sizeof(text), "%s", err_text(rc));
	return err_set(ERR_CORRUPT, "snapshot %s of LUN %s: %s", snapshot->name, snapshot->lun_name,
		       text);
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
check_row(struct array *array, enum row_family family, const void *row)
{
	return family == ROW_POOL       ? check_pool(array, row)
	       : family == ROW_SNAPSHOT ? check_snapshot(array, row)
					: check_lun(array, row);
}

/* ---- an array that is only looked at ---- */

/*
 * Loads what the gateways have committed by now.  Of an array on one machine nobody commits
 * anything: *ret_newest is a reference to what was loaded.
 */
static int
load_newest(struct array *array, struct state **ret_newest)
{
	int rc;

	if (!array_is_shared(array)) {
		*ret_newest = state_ref(array->state);
		return 0;
	}
	rc = catalog_reopen(array->catalog);
	return rc < 0 ? rc : catalog_load(array->catalog, ret_newest);
}

static const struct guid *
pool_of(enum row_family family, const void *row)
{
	return family == ROW_POOL       ? &((const struct row_pool *)row)->id
	       : family == ROW_SNAPSHOT ? &((const struct row_snapshot *)row)->pool_id
					: &((const struct row_lun *)row)->pool_id;
}

/* Returns whether the pool of a row was opened, at the place where it is now. */
static bool
is_opened(const struct array *array, const struct state *newest, enum row_family family,
	  const void *row)
{
	const struct guid *id = pool_of(family, row);
	const struct row_pool *then = state_find(array->state, ROW_POOL, id),
			      *now = state_find(newest, ROW_POOL, id);

	return then != NULL && now != NULL && str_equal(then->path, now->path);
}

/*
 * The error of a row, or of what has become of it: gateways may have changed or deleted it since it
 * was loaded.  One that is gone has no error; nor has what is in a pool that was made or has moved
 * meanwhile, since that was not opened.
 */
static int
check_looked_at(struct array *array, enum row_family family, const void *row)
{
	AUTO_STATE struct state *checked = state_ref(array->state); /* has the row */
	char text[TASK_TEXT_SIZE];
	struct row_key key;
	int rc;

	row_key(row, &key);
	while ((rc = check_row(array, family, row)) < 0) {
		AUTO_STATE struct state *newest = NULL;
		const void *now;
		int loaded;

		snprintf(text, sizeof(text), "%s", err_text(rc));
		loaded = load_newest(array, &newest);
		if (loaded < 0)
			return loaded;
		now = state_find(newest, family, &key.a);
		if (now != NULL && row_equal(now, row))
			return err_set(rc, "%s", text);
		if (now == NULL || !is_opened(array, newest, family, now))
			return 0;
		row = now;
		state_unref(checked);
		checked = TAKE(newest);
	}
	return 0;
}

static int
check_all(struct array *array, struct array_task *task)
{
	static const enum row_family families[] = { ROW_POOL, ROW_LUN, ROW_SNAPSHOT };
	int rc;

	(void)task;
	array_writer_wait_begin(); /* the driver may ask a cluster */
	rc = catalog_check(array->catalog);
	if (rc == 0)
		rc = state_check(array->state);
	for (size_t f = 0; f < ARRAY_LEN(families); f++)
		for (size_t i = 0; rc == 0 && i < state_count(array->state, families[f]); i++)
			rc = check_looked_at(array, families[f],
					     state_at(array->state, families[f], i));
	array_writer_wait_end();
	return rc;
}

/* ---- an array that goes on ---- */

struct check {
	struct array_copy copy;
	struct array_task task;
	enum row_family family; /* of what seems to be wrong */
	struct guid id;
};

static int
check_memory(const struct check *check)
{
	const struct position *p = catalog_copy_position(check->copy.catalog),
			      *q = state_position(check->copy.state);

	if (p->sequence != q->sequence || p->incarnation != q->incarnation ||
	    !guid_equal(&p->array_id, &q->array_id) || !hash128_equal(&p->digest, &q->digest))
		return err_set(
			ERR_CORRUPT,
			"the array in memory has another position than the catalog: restart vdsd");
	return state_check(check->copy.state);
}

/* On the writer thread, where no row comes or goes: what is there must be sound. */
static int
look_again(struct array *array, struct array_task *task)
{
	const struct check *check = container_of(task, struct check, task);
	const void *row = state_find(array->state, check->family, &check->id);
	int rc;

	if (row == NULL)
		return 0;
	array_writer_wait_begin();
	rc = check_row(array, check->family, row);
	array_writer_wait_end();
	return rc;
}

/* What seems to be wrong may have been deleted or extended meanwhile. */
static int
check_family(struct array *array, struct check *check, enum row_family family)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < state_count(check->copy.state, family); i++) {
		const void *row = state_at(check->copy.state, family, i);
		struct row_key key;

		rc = check_row(array, family, row);
		if (rc < 0) {
			row_key(row, &key);
			check->family = family;
			check->id = key.a;
			check->task = (struct array_task){ .run = look_again };
			rc = array_writer_submit(array, &check->task);
		}
	}
	return rc;
}

static int
check_beside(struct array *array)
{
	struct check check = { .family = ROW_POOL };
	int rc = array_copy_take(array, &check.copy);

	if (rc == 0)
		rc = catalog_copy_check(check.copy.catalog);
	if (rc == 0)
		rc = check_memory(&check);
	if (rc == 0)
		rc = check_family(array, &check, ROW_POOL);
	if (rc == 0)
		rc = check_family(array, &check, ROW_LUN);
	if (rc == 0)
		rc = check_family(array, &check, ROW_SNAPSHOT);
	array_copy_fini(&check.copy);
	return rc;
}

int
array_check(struct array *array)
{
	struct array_task task = { .run = check_all };
	int rc;

	array_pool_verify(array);
	if (array->look)
		return array_writer_submit(array, &task);
	pthread_mutex_lock(&array->check_lock);
	rc = check_beside(array);
	pthread_mutex_unlock(&array->check_lock);
	return rc;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store of a LUN: the file behind it and the block device over the file.  A store lives as long
 * as somebody uses it.  The file of a deleted LUN is unlinked only after the last user of the
 * device has released it:
 *
 *	unit --array_unit_remove--> dying --device unused--> a worker unlinks the file, then the
 *	catalog's note is deleted
 *
 * When the process ends in between, the note stays, and the next start removes the file.  Any
 * thread, except where a comment says otherwise.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* ---- life ---- */

/*
 * Called on any thread that does I/O.  A sticky error makes the LUN fail; a single error is counted
 * and reported.
 */
static void
on_error(struct blk_listener *listener, struct blk_dev *dev, bool sticky, int error,
	 const char *reason)
{
	struct array_store *store = container_of(listener, struct array_store, listener);

	(void)dev;
	if (sticky)
		array_unit_set_health(store->array, &store->lun_id, HEALTH_FAILED, reason);
	else
		array_trouble_note(store, error, reason);
}

static void
store_free(struct array_store *store)
{
	if (store->dev != NULL)
		blk_set_listener(store->dev, NULL);
	array_trouble_forget(store);
	blk_dev_unref(store->dev);
	pthread_mutex_destroy(&store->manage_lock);
	mem_free(store->path);
	mem_free(store->place);
	mem_free(store);
}

static struct array_store *
store_alloc(struct array *array, const struct guid *lun_id, const char *place)
{
	struct array_store *store = mem_calloc(1, sizeof(*store));

	if (store == NULL)
		return NULL;
	atomic_init(&store->refs, 1);
	store->array = array;
	store->lun_id = *lun_id;
	store->listener.error = on_error;
	pthread_mutex_init(&store->manage_lock, NULL);
	store->driver = array_pool_driver_find(place);
	store->place = str_dup(place);
	store->path = store->driver != NULL ? store->driver->volume_name(place, lun_id)
					    : str_dup(place);
	if (store->path == NULL || store->place == NULL) {
		store_free(store);
		return NULL;
	}
	return store;
}

/* Makes the stack of devices: the file, and the fault layer over it when a test asks for faults. */
static int
make_device(struct array_store *store, const struct row_lun *lun)
{
	struct blk_dev *fault = NULL;
	int rc = store->driver == NULL
			 ? err_set(ERR_NOT_SUPPORTED,
				   "%s is of a kind of storage that this version does not know",
				   store->place)
			 : store->driver->volume_open(store->place, &lun->id, lun->size_bytes,
						      !lun->thin, &store->dev);

	if (rc < 0)
		return rc;
	if (store->array->inject_dir != NULL) {
		rc = blk_fault_new(store->dev, store->array->inject_dir, &fault);
		if (rc < 0)
			return rc;
		store->dev = fault;
	}
	blk_set_listener(store->dev, &store->listener);
	if (lun->status == STATUS_OFFLINE)
		blk_stop(store->dev);
	return 0;
}

int
array_store_new(struct array *array, const struct row_lun *lun, const char *place,
		struct array_store **ret_store)
{
	struct array_store *store = store_alloc(array, &lun->id, place);
	int rc;

	if (store == NULL)
		return -ENOMEM;
	store->pool_id = lun->pool_id;
	rc = make_device(store, lun);
	if (rc < 0) {
		store_free(store);
		return rc;
	}
	*ret_store = store;
	return 0;
}

struct array_store *
array_store_ref(struct array_store *store)
{
	atomic_fetch_add(&store->refs, 1);
	return store;
}

void
array_store_unref(struct array_store *store)
{
	struct array *array;

	if (store == NULL || atomic_fetch_sub(&store->refs, 1) != 1)
		return;
	if (!store->unlink) {
		store_free(store);
		return;
	}
	array = store->array;
	pthread_mutex_lock(&array->dying_lock);
	list_append(&array->dying, &store->node);
	pthread_mutex_unlock(&array->dying_lock);
	array_verify_wake(array);
}

int
array_store_dying_add(struct array *array, const struct guid *lun_id, const char *place)
{
	struct array_store *store = store_alloc(array, lun_id, place);

	if (store == NULL)
		return -ENOMEM;
	store->unlink = true;
	array_store_unref(store);
	return 0;
}

bool
array_store_is_dying(struct array *array, const struct guid *lun_id)
{
	bool found = false;

	pthread_mutex_lock(&array->dying_lock);
	list_for_each(node, &array->dying)
		found = found ||
			guid_equal(&list_entry(node, struct array_store, node)->lun_id, lun_id);
	pthread_mutex_unlock(&array->dying_lock);
	return found;
}

/* ---- reaping ---- */

struct reaped {
	struct array_task task;
	const struct guid *lun_id;
};

static int
forget(struct array *array, struct array_task *task)
{
	return catalog_unlink_delete(array->catalog,
				     container_of(task, struct reaped, task)->lun_id);
}

/* Runs on a worker, since the file system may be slow. */
static void
reap(struct work *work)
{
	struct array_store *store = container_of(work, struct array_store, reap);
	struct reaped reaped = { .task = { .apply = forget, .use = CATALOG_FREES },
				 .lun_id = &store->lun_id };
	int rc;

	if (store->dev != NULL)
		blk_set_listener(store->dev, NULL);
	blk_dev_unref(TAKE(store->dev));
	rc = store->driver != NULL
		     ? store->driver->volume_remove(store->place, &store->lun_id, true)
		     : ERR_NOT_SUPPORTED;
	if (rc == 0)
		rc = array_writer_submit(store->array, &reaped.task);
	if (rc < 0)
		log_warning("lun.unlink", "path=%s error=%s", store->path, err_text(rc));
	store_free(store);
}

static bool
is_unused(const struct array_store *store)
{
	return store->dev == NULL || atomic_load(&store->dev->refs) == 1;
}

size_t
array_store_reap(struct array *array)
{
	size_t left = 0;

	pthread_mutex_lock(&array->dying_lock);
	list_for_each_safe(node, &array->dying) {
		struct array_store *store = list_entry(node, struct array_store, node);

		if (is_unused(store)) {
			list_remove(node);
			store->reap.run = reap;
			workers_submit(array->workers, &store->reap);
		} else {
			left++;
		}
	}
	pthread_mutex_unlock(&array->dying_lock);
	return left;
}

/* Called after all threads have ended.  A file that is still in use stays, and so does its note. */
void
array_store_fini(struct array *array)
{
	struct list *node;

	while ((node = list_pop(&array->dying)) != NULL)
		store_free(list_entry(node, struct array_store, node));
}

/* ---- devices ---- */

int
array_store_verify(struct array_store *store)
{
	char reason[160] = "";
	int rc = blk_verify(store->dev);

	if (rc == 0) {
		atomic_store(&store->looked_at, true);
		array_unit_set_allocated(store->array, &store->lun_id,
					 blk_allocated_bytes(store->dev));
		if (array_unit_health(store->array, &store->lun_id) == HEALTH_UNKNOWN)
			array_unit_set_health(store->array, &store->lun_id, HEALTH_OK, "");
		return 0;
	}
	if (blk_failed(store->dev, reason, sizeof(reason)) == 0)
		return 0; /* this process lacks descriptors or memory: the next check may tell */
	array_unit_set_health(store->array, &store->lun_id, HEALTH_FAILED, reason);
	return err_set(ERR_FAILED, "%s", reason);
}

/*
 * Checks the file before the LUN's first use.  While a job or the verifier works on the store,
 * their check is enough.
 */
static int
look_once(struct array_store *store)
{
	int rc = 0;

	if (atomic_load(&store->looked_at) || pthread_mutex_trylock(&store->manage_lock) != 0)
		return 0;
	if (!atomic_load(&store->looked_at))
		rc = array_store_verify(store);
	pthread_mutex_unlock(&store->manage_lock);
	return rc;
}

int
array_lun_device(struct array *array, const struct guid *lun_id, struct blk_dev **ret_dev)
{
	struct array_store *store = array_unit_store(array, lun_id);

	if (store == NULL)
		return array_name_no_such(ROW_LUN, lun_id);
	/* if the device is not sound, it has failed and reports that itself */
	(void)look_once(store);
	*ret_dev = blk_dev_ref(store->dev);
	array_store_unref(store);
	return 0;
}

void
array_device_release(struct array *array, struct blk_dev *dev)
{
	bool dying;

	blk_dev_unref(dev);
	pthread_mutex_lock(&array->dying_lock);
	dying = !list_empty(&array->dying);
	pthread_mutex_unlock(&array->dying_lock);
	if (dying)
		array_verify_wake(array);
}

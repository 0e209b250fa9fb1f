/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store of a LUN: what the array knows about the file behind it.  A store lives as long as
 * somebody uses it; device.c makes its block device when that is needed.  The file of a deleted LUN
 * is unlinked only after the last user of the device has released it:
 *
 *	unit --array_unit_remove--> dying --device unused--> a worker unlinks the file, then the
 *	catalog's note is deleted
 *
 * When the process ends in between, the note stays, and the next start removes the file.  What
 * cannot be removed, since its pool is missing, is tried again in each round of the verifier.  Any
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
		atomic_store(&store->error, error);
	if (sticky)
		array_unit_set_health(store->array, &store->lun_id, HEALTH_FAILED, reason);
	else
		array_trouble_note(store, error, reason);
}

static struct array_place *
place_find_locked(struct array *array, const char *text)
{
	list_for_each(node, &array->places) {
		struct array_place *place = list_entry(node, struct array_place, node);

		if (str_equal(place->text, text))
			return place;
	}
	return NULL;
}

/* Returns the place with this text and a reference for the caller, or NULL: memory is out. */
static struct array_place *
place_get(struct array *array, const char *text)
{
	struct array_place *place;
	size_t size = strlen(text) + 1;

	pthread_mutex_lock(&array->devices_lock);
	place = place_find_locked(array, text);
	if (place == NULL)
		place = mem_calloc(1, sizeof(*place) + size);
	if (place != NULL && place->refs == 0) {
		place->driver = array_pool_driver_find(text);
		memcpy(place->text, text, size);
	}
	if (place != NULL) {
		/* to the front: the next store is most likely there too */
		list_remove(&place->node);
		list_prepend(&array->places, &place->node);
		place->refs++;
	}
	pthread_mutex_unlock(&array->devices_lock);
	return place;
}

static void
place_put(struct array *array, struct array_place *place)
{
	bool last = false;

	if (place == NULL)
		return;
	pthread_mutex_lock(&array->devices_lock);
	last = --place->refs == 0;
	if (last)
		list_remove(&place->node);
	pthread_mutex_unlock(&array->devices_lock);
	if (last)
		mem_free(place);
}

int
array_place_commit(const struct array_place *place, const struct guid *lun_id)
{
	int rc;

	array_writer_wait_begin();
	rc = place->driver->volume_commit(place->text, lun_id);
	array_writer_wait_end();
	return rc;
}

static void
store_free(struct array_store *store)
{
	if (store->dev != NULL)
		blk_set_listener(store->dev, NULL);
	array_trouble_forget(store);
	blk_dev_unref(store->dev);
	blk_faults_unref(store->faults);
	place_put(store->array, store->place);
	mem_free(store);
}

static struct array_store *
store_alloc(struct array *array, const struct guid *lun_id, const struct guid *pool_id,
	    const char *place)
{
	struct array_store *store = mem_calloc(1, sizeof(*store));

	if (store == NULL)
		return NULL;
	atomic_init(&store->refs, 1);
	store->array = array;
	store->lun_id = *lun_id;
	store->pool_id = *pool_id;
	store->listener.error = on_error;
	store->place = place_get(array, place);
	if (store->place == NULL) {
		store_free(store);
		return NULL;
	}
	return store;
}

int
array_store_new(struct array *array, const struct row_lun *lun, const char *place,
		struct array_store **ret_store)
{
	struct array_store *store = store_alloc(array, &lun->id, &lun->pool_id, place);

	if (store == NULL)
		return -ENOMEM;
	store->size_bytes = lun->size_bytes;
	store->thick = !lun->thin;
	store->cache = lun->cache;
	store->stopped = lun->status == STATUS_OFFLINE;
	if (store->place->driver == NULL) {
		store_free(store);
		return err_set(ERR_NOT_SUPPORTED,
			       "%s is of a kind of storage that this version does not know", place);
	}
	*ret_store = store;
	return 0;
}

int
array_store_file_error(const struct array_store *store, int rc)
{
	AUTO_FREE char *name = NULL;

	if (rc >= 0)
		return rc;
	name = store->place->driver->volume_name(store->place->text, &store->lun_id);
	return array_lun_file_error(rc, name != NULL ? name : store->place->text);
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
array_store_dying_add(struct array *array, const struct guid *lun_id, const struct guid *pool_id,
		      const char *place)
{
	struct array_store *store = store_alloc(array, lun_id, pool_id, place);

	if (store == NULL)
		return -ENOMEM;
	store->unlink = true;
	array_store_unref(store);
	return 0;
}

bool
array_store_is_dying(struct array *array, const struct guid *lun_id, const struct guid *pool_id)
{
	bool found = false;

	pthread_mutex_lock(&array->dying_lock);
	list_for_each(node, &array->dying) {
		const struct array_store *store = list_entry(node, struct array_store, node);

		found = found || (guid_equal(&store->lun_id, lun_id) &&
				  guid_equal(&store->pool_id, pool_id));
	}
	pthread_mutex_unlock(&array->dying_lock);
	return found;
}

/* ---- reaping ---- */

struct reaped {
	struct array_task task;
	const struct array_store *store;
};

static int
forget(struct array *array, struct array_task *task)
{
	const struct array_store *store = container_of(task, struct reaped, task)->store;

	return catalog_unlink_delete(array->catalog, &store->lun_id, &store->pool_id);
}

/* The pool may be missing for now: the store waits for the verifier's next round. */
static void
reap_later(struct array_store *store)
{
	pthread_mutex_lock(&store->array->dying_lock);
	store->reap_failed = store->reap_waits = true;
	list_append(&store->array->dying, &store->node);
	pthread_mutex_unlock(&store->array->dying_lock);
}

/*
 * In a directory where the pool is not mounted now there is no file, but it is still in the pool.
 */
static int
remove_volume(struct array_store *store)
{
	int rc = array_pool_ready(store->array, &store->pool_id);

	return rc < 0 && rc != ERR_NOT_FOUND /* the pool was deleted, too */
		       ? rc
		       : store->place->driver->volume_remove(store->place->text, &store->lun_id,
							     true);
}

/* Runs on a worker, since the file system may be slow. */
static void
reap(struct work *work)
{
	struct array_store *store = container_of(work, struct array_store, reap);
	const struct array_pool_driver *driver = store->place->driver;
	struct reaped reaped = { .task = { .apply = forget, .use = CATALOG_FREES },
				 .store = store };
	char id[GUID_TEXT_SIZE];
	int rc;

	if (store->dev != NULL)
		blk_set_listener(store->dev, NULL);
	blk_dev_unref(TAKE(store->dev));
	rc = driver != NULL ? remove_volume(store) : ERR_NOT_SUPPORTED;
	if (rc == 0)
		rc = array_writer_submit(store->array, &reaped.task);
	if (rc < 0 && !store->reap_failed)
		log_warning("lun.unlink", "lun=%s place=%s error=%s",
			    guid_format(&store->lun_id, id), store->place->text, err_text(rc));
	if (rc < 0 && driver != NULL)
		reap_later(store);
	else
		store_free(store);
}

bool
array_store_is_lost(const char *place, const struct guid *lun_id)
{
	const struct array_pool_driver *driver = array_pool_driver_find(place);

	return driver != NULL && driver->is_volatile &&
	       driver->volume_check(place, lun_id, 0, false) == ERR_CORRUPT;
}

bool
array_store_is_unused(const struct array_store *store)
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

		if (store->reap_waits)
			continue;
		if (array_store_is_unused(store)) {
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

void
array_store_reap_again(struct array *array)
{
	pthread_mutex_lock(&array->dying_lock);
	list_for_each(node, &array->dying)
		list_entry(node, struct array_store, node)->reap_waits = false;
	pthread_mutex_unlock(&array->dying_lock);
}

/* Called after all threads have ended.  A file that is still in use stays, and so does its note. */
void
array_store_fini(struct array *array)
{
	struct list *node;

	while ((node = list_pop(&array->dying)) != NULL)
		store_free(list_entry(node, struct array_store, node));
}

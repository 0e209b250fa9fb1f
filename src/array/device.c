/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The block device of a store.  It is made when somebody needs it, since of many LUNs few are in
 * use: for the time of a check, a resize or a reopening, and for good when the data path asks for
 * it.  What must outlive a device is in the store: its size, whether it is stopped, whether it has
 * failed, and which file it is.
 *
 *	no device --open--> device, dev_users > 0 --the last close--> no device
 *	no device --array_lun_device--> device, until the LUN's row is deleted
 *
 * While there is a device it is the authority for whether the LUN has failed; it tells the store
 * through its listener.  A device that is made for a store that has failed has failed from the
 * start.  devices_lock guards what concerns the device; no I/O is done under it.  Any thread,
 * except where a comment says otherwise.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* ---- Exclusive work ---- */

void
array_store_manage(struct array_store *store)
{
	struct array *array = store->array;

	pthread_mutex_lock(&array->devices_lock);
	while (store->managed)
		pthread_cond_wait(&array->store_free, &array->devices_lock);
	store->managed = true;
	pthread_mutex_unlock(&array->devices_lock);
}

bool
array_store_try_manage(struct array_store *store)
{
	bool taken;

	pthread_mutex_lock(&store->array->devices_lock);
	taken = !store->managed;
	store->managed = true;
	pthread_mutex_unlock(&store->array->devices_lock);
	return taken;
}

void
array_store_unmanage(struct array_store *store)
{
	pthread_mutex_lock(&store->array->devices_lock);
	store->managed = false;
	pthread_cond_broadcast(&store->array->store_free);
	pthread_mutex_unlock(&store->array->devices_lock);
}

/* ---- Making the device ---- */

static enum blk_cache
cache_of(enum lun_cache cache)
{
	switch (cache) {
	case LUN_CACHE_AUTO:
		return BLK_CACHE_AUTO;
	case LUN_CACHE_PAGE:
		return BLK_CACHE_PAGE;
	case LUN_CACHE_DIRECT:
		return BLK_CACHE_DIRECT;
	}
	return BLK_CACHE_AUTO;
}

/*
 * Makes the stack of devices: the volume, over it the layer of faults from files when a test asks
 * for it, and over that the layer of the faults that the LUN has.  Under devices_lock.
 */
static int
make_stack(struct array_store *store, struct blk_dev **ret_dev)
{
	struct blk_dev *dev = NULL;
	int rc = store->place->driver->volume_open(store->place->text, &store->lun_id,
						   store->size_bytes, store->thick, &store->seen,
						   &dev);

	if (rc == 0 && store->array->inject_dir != NULL)
		rc = blk_fault_new(dev, store->array->inject_dir, &dev);
	if (rc == 0 && store->faults != NULL)
		rc = blk_faults_layer_new(dev, store->faults, &dev);
	if (rc < 0)
		blk_dev_unref(dev);
	else
		*ret_dev = dev;
	return rc;
}

/* Under devices_lock. */
static int
make_locked(struct array_store *store)
{
	struct blk_dev *dev = NULL;
	char reason[sizeof(dev->reason)];
	int error = atomic_load(&store->error);
	int rc = make_stack(store, &dev);

	if (rc < 0)
		return rc;
	if (error != 0) {
		array_unit_reason(store->array, &store->lun_id, reason, sizeof(reason));
		blk_fail(dev, error, reason);
	}
	if (store->stopped)
		blk_stop(dev);
	blk_set_cache(dev, cache_of(store->cache));
	blk_set_listener(dev, &store->listener);
	store->dev = dev;
	return 0;
}

/*
 * Returns 0 or -ENOMEM.  *ret_dev is valid until close_device, while the caller has the store
 * managed or holds the LUN: then no layer comes or goes.
 */
static int
open_device(struct array_store *store, struct blk_dev **ret_dev)
{
	int rc = 0;

	*ret_dev = NULL;
	pthread_mutex_lock(&store->array->devices_lock);
	if (store->dev == NULL)
		rc = make_locked(store);
	if (rc == 0) {
		store->dev_users++;
		*ret_dev = store->dev;
	}
	pthread_mutex_unlock(&store->array->devices_lock);
	return rc;
}

static void
close_device(struct array_store *store)
{
	struct blk_dev *dev = NULL;

	pthread_mutex_lock(&store->array->devices_lock);
	if (--store->dev_users == 0)
		dev = TAKE(store->dev);
	pthread_mutex_unlock(&store->array->devices_lock);
	if (dev != NULL)
		blk_set_listener(dev, NULL);
	blk_dev_unref(dev);
}

/* ---- Layers that come and go ---- */

/* Makes a layer over the device the store's device.  Under devices_lock. */
static void
cover_locked(struct array_store *store, struct blk_dev *layer)
{
	if (store->stopped) {
		blk_stop(layer);
		blk_start(layer->below);
	}
	blk_set_listener(layer, &store->listener);
	blk_set_listener(layer->below, NULL);
	store->dev = layer;
}

/* Makes the device below a layer the store's device.  Under devices_lock. */
static void
uncover_locked(struct array_store *store, struct blk_dev *layer)
{
	if (store->stopped)
		blk_stop(layer->below);
	blk_set_listener(layer->below, &store->listener);
	blk_set_listener(layer, NULL);
	store->dev = blk_dev_ref(layer->below);
}

/* The device that was below a layer has failed when the layer has.  Not under devices_lock. */
static void
fail_as_layer(struct blk_dev *dev, struct blk_dev *layer)
{
	char reason[sizeof(dev->reason)];

	if (atomic_load(&layer->failed) < 0) {
		int error = blk_failed(layer, reason, sizeof(reason));

		blk_fail(dev, error, reason);
	}
}

/*
 * Takes the layer of faults away.  Returns it, with the store's reference, or NULL.  Under
 * devices_lock.
 */
static struct blk_dev *
bare_locked(struct array_store *store)
{
	struct blk_dev *layer = store->dev;

	if (layer != NULL)
		uncover_locked(store, layer);
	return layer;
}

int
array_store_set_faults(struct array_store *store, struct blk_faults *faults)
{
	struct blk_faults *old;
	struct blk_dev *layer = NULL;
	int rc = 0;

	pthread_mutex_lock(&store->array->devices_lock);
	old = store->faults;
	if ((old == NULL) == (faults == NULL)) {
		pthread_mutex_unlock(&store->array->devices_lock);
		return 0;
	}
	if (faults == NULL)
		layer = bare_locked(store);
	else if (store->dev != NULL)
		rc = blk_faults_layer_new(store->dev, faults, &layer);
	if (rc == 0 && faults != NULL && layer != NULL)
		cover_locked(store, TAKE(layer));
	if (rc == 0)
		store->faults = faults != NULL ? blk_faults_ref(faults) : NULL;
	pthread_mutex_unlock(&store->array->devices_lock);
	if (layer != NULL) {
		fail_as_layer(layer->below, layer);
		blk_dev_unref(layer);
	}
	if (faults == NULL)
		blk_faults_unref(old);
	return rc;
}

int
array_store_track(struct array_store *store, struct blk_dev **ret_track)
{
	struct blk_dev *dev, *track = NULL;
	int rc = open_device(store, &dev);

	if (rc < 0)
		return rc;
	rc = blk_track_new(blk_dev_ref(dev), &track);
	if (rc < 0) {
		blk_dev_unref(dev);
		close_device(store);
		return rc;
	}
	pthread_mutex_lock(&store->array->devices_lock);
	cover_locked(store, blk_dev_ref(track));
	pthread_mutex_unlock(&store->array->devices_lock);
	blk_dev_unref(dev); /* the store's reference; the layer has one of its own */
	*ret_track = track;
	return 0;
}

void
array_store_untrack(struct array_store *store, struct blk_dev *track)
{
	pthread_mutex_lock(&store->array->devices_lock);
	uncover_locked(store, track);
	pthread_mutex_unlock(&store->array->devices_lock);
	fail_as_layer(track->below, track);
	blk_dev_unref(track); /* the store's reference */
	close_device(store);
}

int
array_store_open_aside(struct array_store *store, struct blk_dev **ret_dev)
{
	int rc = open_device(store, ret_dev);

	if (rc == 0)
		blk_set_listener(*ret_dev, NULL);
	return rc;
}

void
array_store_close_aside(struct array_store *store)
{
	pthread_mutex_lock(&store->array->devices_lock);
	blk_set_listener(store->dev, &store->listener);
	pthread_mutex_unlock(&store->array->devices_lock);
	close_device(store);
}

void
array_store_put_in_charge(struct array_store *store, bool stopped)
{
	pthread_mutex_lock(&store->array->devices_lock);
	blk_set_listener(store->dev, &store->listener);
	store->stopped = stopped;
	if (stopped)
		blk_stop(store->dev);
	pthread_mutex_unlock(&store->array->devices_lock);
}

/* Returns the device with a reference for the caller, or NULL when there is none now. */
static struct blk_dev *
device_if_any(struct array_store *store)
{
	struct blk_dev *dev;

	pthread_mutex_lock(&store->array->devices_lock);
	dev = store->dev != NULL ? blk_dev_ref(store->dev) : NULL;
	pthread_mutex_unlock(&store->array->devices_lock);
	return dev;
}

/* ---- Stopping, failing ---- */

static void
set_stopped(struct array_store *store, bool stopped)
{
	pthread_mutex_lock(&store->array->devices_lock);
	store->stopped = stopped;
	if (store->dev != NULL && stopped)
		blk_stop(store->dev);
	else if (store->dev != NULL)
		blk_start(store->dev);
	pthread_mutex_unlock(&store->array->devices_lock);
}

void
array_store_stop(struct array_store *store)
{
	set_stopped(store, true);
}

void
array_store_start(struct array_store *store)
{
	set_stopped(store, false);
}

int
array_store_drain(struct array_store *store, unsigned timeout_ms)
{
	struct blk_dev *dev = device_if_any(store);
	int rc = dev != NULL ? blk_drain(dev, timeout_ms) : 0;

	blk_dev_unref(dev);
	return rc;
}

void
array_store_fail(struct array_store *store, int error, const char *reason)
{
	struct blk_dev *dev;

	pthread_mutex_lock(&store->array->devices_lock);
	atomic_store(&store->error, error);
	dev = store->dev != NULL ? blk_dev_ref(store->dev) : NULL;
	pthread_mutex_unlock(&store->array->devices_lock);
	if (dev != NULL)
		blk_fail(dev, error, reason);
	blk_dev_unref(dev);
	array_unit_set_health(store->array, &store->lun_id, HEALTH_FAILED, reason);
}

/* ---- Work on the volume ---- */

int
array_store_resize(struct array_store *store, uint64_t size_bytes)
{
	struct blk_dev *dev;
	int rc = open_device(store, &dev);

	if (rc < 0)
		return rc;
	rc = blk_resize(dev, size_bytes);
	if (rc == 0) {
		pthread_mutex_lock(&store->array->devices_lock);
		store->size_bytes = size_bytes;
		pthread_mutex_unlock(&store->array->devices_lock);
	}
	close_device(store);
	return rc;
}

/* ---- following the LUN's row ---- */

struct resizing {
	struct work work;
	struct array_store *store; /* holds a reference */
	uint64_t size_bytes;
};

static void
resize_run(struct work *work)
{
	struct resizing *r = container_of(work, struct resizing, work);
	char id[GUID_TEXT_SIZE];
	int rc;

	array_store_manage(r->store);
	rc = array_store_resize(r->store, r->size_bytes);
	array_store_unmanage(r->store);
	if (rc < 0)
		log_warning("lun.resize", "lun=%s error=%s", guid_format(&r->store->lun_id, id),
			    err_text(rc));
	array_store_unref(r->store);
	mem_free(r);
}

int
array_store_follow(struct array_store *store, const struct row_lun *lun)
{
	struct array *array = store->array;
	struct resizing *r = mem_calloc(1, sizeof(*r));
	bool resize;

	if (r == NULL)
		return -ENOMEM;
	pthread_mutex_lock(&array->devices_lock);
	resize = store->dev != NULL && store->size_bytes != lun->size_bytes;
	store->cache = lun->cache; /* of a device that is made later */
	store->thick = !lun->thin;
	if (!resize)
		store->size_bytes = lun->size_bytes;
	pthread_mutex_unlock(&array->devices_lock);
	if (!resize) {
		mem_free(r);
		return 0;
	}
	r->work.run = resize_run;
	r->store = array_store_ref(store);
	r->size_bytes = lun->size_bytes;
	workers_submit(array->workers, &r->work);
	return 0;
}

int
array_store_allocate(struct array_store *store, uint64_t offset_bytes, uint64_t len_bytes,
		     struct blk_progress *progress)
{
	struct blk_dev *dev;
	int rc = open_device(store, &dev);

	if (rc < 0)
		return rc;
	rc = blk_allocate(dev, offset_bytes, len_bytes, progress);
	close_device(store);
	return rc;
}

int
array_store_reopen(struct array_store *store)
{
	struct blk_dev *dev;
	int rc = open_device(store, &dev);

	if (rc < 0)
		return rc;
	rc = blk_reopen(dev);
	if (rc == 0) {
		/* in this order: a device that fails from now on is not taken for well */
		atomic_store(&store->error, 0);
		pthread_mutex_lock(&store->array->devices_lock);
		store->stopped = false;
		pthread_mutex_unlock(&store->array->devices_lock);
		if (blk_has_failed(dev))
			atomic_store(&store->error, -EIO);
		else
			array_unit_set_health(store->array, &store->lun_id, HEALTH_OK, "");
	}
	close_device(store);
	return rc;
}

bool
array_store_has_device(struct array_store *store)
{
	struct blk_dev *dev = device_if_any(store);

	blk_dev_unref(dev);
	return dev != NULL;
}

int
array_store_flush(struct array_store *store)
{
	struct blk_dev *dev = device_if_any(store);
	int rc = dev != NULL ? blk_flush(dev) : 0;

	blk_dev_unref(dev);
	return rc == ERR_FAILED || rc == ERR_OFFLINE ? 0 : rc;
}

/* Shows how the device is read and written. */
static void
show_cache(struct array_store *store, struct blk_dev *dev)
{
	const char *why = "";
	bool direct = false;

	if (blk_cache_of(dev, &direct, &why))
		array_unit_set_cache(store->array, &store->lun_id, direct ? "direct" : "page", why);
	else
		array_unit_set_cache(store->array, &store->lun_id, "", "");
}

void
array_store_set_cache(struct array_store *store, enum lun_cache cache)
{
	char id[GUID_TEXT_SIZE];
	struct blk_dev *dev;
	int rc;

	pthread_mutex_lock(&store->array->devices_lock);
	store->cache = cache; /* of a device that is made later */
	pthread_mutex_unlock(&store->array->devices_lock);
	rc = open_device(store, &dev);
	if (rc < 0) {
		log_warning("lun.cache",
			    "lun=%s error=%s reason=\"its file changes over when it is opened\"",
			    guid_format(&store->lun_id, id), err_name(rc));
		return;
	}
	blk_set_cache(dev, cache_of(cache));
	show_cache(store, dev);
	close_device(store);
}

static void
found_well(struct array_store *store)
{
	atomic_store(&store->looked_at, true);
	if (array_unit_health(store->array, &store->lun_id) == HEALTH_UNKNOWN)
		array_unit_set_health(store->array, &store->lun_id, HEALTH_OK, "");
}

/* The device has failed, or this process lacked descriptors or memory to check it. */
static int
found_failed(struct array_store *store, struct blk_dev *dev)
{
	char reason[sizeof(dev->reason)] = "";

	if (blk_failed(dev, reason, sizeof(reason)) == 0)
		return 0; /* the next check may tell */
	array_unit_set_health(store->array, &store->lun_id, HEALTH_FAILED, reason);
	return err_set(ERR_FAILED, "%s", reason);
}

int
array_store_verify(struct array_store *store)
{
	struct blk_dev *dev;
	int rc;

	if (atomic_load(&store->uncommitted) || open_device(store, &dev) < 0)
		return 0;
	rc = blk_verify(dev);
	if (rc == 0) {
		if (atomic_load(&store->looked_at)) /* the first look is to be quick */
			blk_tidy(dev);
		array_unit_set_allocated(store->array, &store->lun_id, blk_allocated_bytes(dev));
		found_well(store);
		show_cache(store, dev);
	} else {
		rc = found_failed(store, dev);
	}
	close_device(store);
	return rc;
}

void
array_lun_look(struct array *array, const struct guid *lun_id)
{
	struct array_store *store = array_lun_is_held(array, lun_id)
					    ? array_unit_store(array, lun_id)
					    : NULL;

	/* While a job or the verifier works on the store, their check is enough. */
	if (store != NULL && !atomic_load(&store->looked_at) && array_store_try_manage(store)) {
		(void)array_store_verify(store);
		array_store_unmanage(store);
	}
	array_store_unref(store);
}

/* ---- The data path's device ---- */

/*
 * Most LUNs were looked at when they were associated, but not by a gateway that becomes their
 * owner.  The thread does not wait for the cluster: there the first I/O opens the volume, on a
 * worker, and the verifier looks at it in its next round.  Notes no space, because that takes the
 * lock of the pools, under which a file system may be waited for.
 */
static void
look_once(struct array_store *store, struct blk_dev *dev)
{
	if (array_is_shared(store->array) || atomic_load(&store->looked_at) ||
	    !array_store_try_manage(store))
		return;
	/* if the device is not sound, it has failed and reports that itself */
	if (blk_verify(dev) == 0) {
		found_well(store);
		show_cache(store, dev);
	}
	array_store_unmanage(store);
}

/*
 * Before this gateway has claimed the LUN, the former owner may still use the store; and once
 * another one owns it, that one may, though what this gateway held is not given up yet.
 */
static bool
may_open(struct array *array, const struct guid *lun_id)
{
	AUTO_STATE struct state *state = NULL;

	if (array_lun_is_held(array, lun_id))
		return true;
	state = array_state(array);
	if (array_lun_is_own(array, state, lun_id))
		array_gateway_want(array, lun_id);
	return false;
}

/* The store's use of the device that begins here is never given back. */
int
array_lun_device(struct array *array, const struct guid *lun_id, struct blk_dev **ret_dev)
{
	struct array_store *store = array_unit_store(array, lun_id);
	struct blk_dev *dev;
	int rc;

	if (store == NULL)
		return array_name_no_such(ROW_LUN, lun_id);
	rc = may_open(array, lun_id) ? open_device(store, &dev) : ERR_BUSY;
	if (rc == 0) {
		dev = device_if_any(store); /* as it is now: a layer may come or go */
		look_once(store, dev);
		*ret_dev = dev;
	}
	array_store_unref(store);
	return rc;
}

struct blk_dev *
array_lun_device_now(struct array *array, const struct guid *lun_id)
{
	struct array_store *store = array_unit_store(array, lun_id);
	struct blk_dev *dev = store != NULL ? device_if_any(store) : NULL;

	array_store_unref(store);
	return dev;
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

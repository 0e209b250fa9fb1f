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
 * start.  devices_lock guards what concerns the device; no I/O is done under it.  Any thread, except
 * where a comment says otherwise.
 */
#include <errno.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"

#define COPY_BYTES (1u << 20)

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

/*
 * Makes the stack of devices: the file, and the fault layer over it when a test asks for faults.
 * Under devices_lock.
 */
static int
make_locked(struct array_store *store)
{
	struct blk_dev *dev = NULL, *fault = NULL;
	char reason[sizeof(dev->reason)];
	int error = atomic_load(&store->error);
	int rc = store->place->driver->volume_open(store->place->text, &store->lun_id,
						   store->size_bytes, store->thick, &store->seen,
						   &dev);

	if (rc < 0)
		return rc;
	if (store->array->inject_dir != NULL) {
		rc = blk_fault_new(dev, store->array->inject_dir, &fault);
		if (rc < 0) {
			blk_dev_unref(dev);
			return rc;
		}
		dev = fault;
	}
	if (error != 0) {
		array_unit_reason(store->array, &store->lun_id, reason, sizeof(reason));
		blk_fail(dev, error, reason);
	}
	if (store->stopped)
		blk_stop(dev);
	blk_set_listener(dev, &store->listener);
	store->dev = dev;
	return 0;
}

/* Returns 0 or -ENOMEM.  *ret_dev is valid until close_device. */
static int
open_device(struct array_store *store, struct blk_dev **ret_dev)
{
	int rc = 0;

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

/* ---- Moving ---- */

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
	if (store->stopped) {
		blk_stop(track);
		blk_start(dev);
	}
	blk_set_listener(track, &store->listener);
	blk_set_listener(dev, NULL);
	store->dev = blk_dev_ref(track);
	pthread_mutex_unlock(&store->array->devices_lock);
	blk_dev_unref(dev); /* the store's reference; the layer has one of its own */
	*ret_track = track;
	return 0;
}

void
array_store_untrack(struct array_store *store, struct blk_dev *track)
{
	struct blk_dev *dev = track->below;
	char reason[sizeof(dev->reason)];
	int error = atomic_load(&track->failed);

	pthread_mutex_lock(&store->array->devices_lock);
	if (store->stopped)
		blk_stop(dev);
	blk_set_listener(dev, &store->listener);
	blk_set_listener(track, NULL);
	store->dev = blk_dev_ref(dev);
	pthread_mutex_unlock(&store->array->devices_lock);
	if (error < 0) {
		(void)blk_failed(track, reason, sizeof(reason));
		blk_fail(dev, error, reason);
	}
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

/* Copies a mebibyte at most, or passes over what takes no space.  Returns how much, or an error. */
static int64_t
copy_piece(struct blk_dev *from, struct blk_dev *to, uint64_t at_bytes, uint64_t left_bytes,
	   void *buf)
{
	struct blk_io io = { .op = BLK_MAP, .offset_bytes = at_bytes, .len_bytes = left_bytes };
	uint64_t len;
	int rc;

	blk_submit(from, NULL, &io);
	if (io.result < 0)
		return io.result;
	if (!io.extent.mapped)
		return (int64_t)io.extent.len_bytes;
	len = MIN(io.extent.len_bytes, (uint64_t)COPY_BYTES);
	rc = blk_rw(from, BLK_READ, at_bytes, buf, (size_t)len);
	if (rc == 0)
		rc = blk_rw(to, BLK_WRITE, at_bytes, buf, (size_t)len);
	return rc < 0 ? rc : (int64_t)len;
}

static int
copy_all(struct blk_dev *from, struct blk_dev *to, uint64_t len_bytes,
	 struct blk_progress *progress)
{
	AUTO_FREE void *buf = mem_alloc(COPY_BYTES);
	uint64_t at_bytes = 0;

	if (buf == NULL)
		return -ENOMEM;
	while (at_bytes < len_bytes) {
		int64_t n;

		if (progress->step(progress, at_bytes, len_bytes) != 0)
			return ERR_CANCELLED;
		n = copy_piece(from, to, at_bytes, len_bytes - at_bytes, buf);
		if (n < 0)
			return (int)n;
		at_bytes += (uint64_t)n;
	}
	return blk_flush(to);
}

int
array_store_copy(struct array_store *from, struct array_store *to, uint64_t len_bytes,
		 struct blk_progress *progress)
{
	struct blk_dev *from_dev, *to_dev;
	int rc = open_device(from, &from_dev);

	if (rc < 0)
		return rc;
	rc = open_device(to, &to_dev);
	if (rc == 0) {
		rc = blk_verify(from_dev);
		if (rc == 0)
			rc = copy_all(from_dev, to_dev, len_bytes, progress);
		close_device(to);
	}
	close_device(from);
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

int
array_store_flush(struct array_store *store)
{
	struct blk_dev *dev = device_if_any(store);
	int rc = dev != NULL ? blk_flush(dev) : 0;

	blk_dev_unref(dev);
	return rc == ERR_FAILED || rc == ERR_OFFLINE ? 0 : rc;
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
		array_unit_set_allocated(store->array, &store->lun_id, blk_allocated_bytes(dev));
		found_well(store);
	} else {
		rc = found_failed(store, dev);
	}
	close_device(store);
	return rc;
}

void
array_lun_look(struct array *array, const struct guid *lun_id)
{
	struct array_store *store = array_unit_store(array, lun_id);

	/* While a job or the verifier works on the store, their check is enough. */
	if (store != NULL && !atomic_load(&store->looked_at) && array_store_try_manage(store)) {
		(void)array_store_verify(store);
		array_store_unmanage(store);
	}
	array_store_unref(store);
}

/* ---- The data path's device ---- */

/*
 * Most LUNs were looked at when they were associated.  Notes no space, because that takes the lock
 * of the pools, under which a file system may be waited for.
 */
static void
look_once(struct array_store *store, struct blk_dev *dev)
{
	if (atomic_load(&store->looked_at) || !array_store_try_manage(store))
		return;
	/* if the device is not sound, it has failed and reports that itself */
	if (blk_verify(dev) == 0)
		found_well(store);
	array_store_unmanage(store);
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
	rc = open_device(store, &dev);
	if (rc == 0) {
		look_once(store, dev);
		*ret_dev = blk_dev_ref(dev);
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

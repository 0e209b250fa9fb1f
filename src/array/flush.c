/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes out what LUNs hold before their commands have to wait (clone.c, cache.c), within a time: a
 * flush that hangs in a device cannot be taken back, so a thread of its own waits for it, and who
 * has asked goes on.
 *
 *	running --all flushed--> ended, who has asked frees it
 *	running --time is over, or the array closes--> left --the flush comes back--> its thread frees it
 *
 * As long as a flush that was left has not come back, no other one of that store is begun.  When
 * the array closes then, what that flush may still use stays in memory until the process ends.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#define CLOSE_MS 1000 /* how long a closing array waits for flushes that were left */

struct flushing {
	struct array *array;
	bool ended, left; /* flushes_lock */
	size_t count;
	struct array_store *stores[]; /* a reference to each */
};

static void
flushing_free(struct flushing *f)
{
	for (size_t i = 0; i < f->count; i++)
		array_store_unref(f->stores[i]);
	mem_free(f);
}

/* Returns whether the next store is to be flushed; marks it. */
static bool
next(struct flushing *f, size_t i)
{
	bool on;

	pthread_mutex_lock(&f->array->flushes_lock);
	on = i < f->count && !f->left;
	if (i > 0)
		f->stores[i - 1]->flushing = false;
	if (on)
		f->stores[i]->flushing = true;
	pthread_mutex_unlock(&f->array->flushes_lock);
	return on;
}

static void *
flush_main(void *arg)
{
	struct flushing *f = arg;
	struct array *array = f->array;
	bool left;

	pthread_setname_np(pthread_self(), "flush");
	for (size_t i = 0; next(f, i); i++)
		(void)array_store_flush(f->stores[i]); /* the clone shows what is wrong */
	pthread_mutex_lock(&array->flushes_lock);
	f->ended = true;
	left = f->left;
	pthread_cond_broadcast(&array->flushes_ended);
	pthread_mutex_unlock(&array->flushes_lock);
	if (left)
		flushing_free(f);
	/* the last thing: from now on the array may be freed */
	pthread_mutex_lock(&array->flushes_lock);
	array->flushes--;
	pthread_cond_broadcast(&array->flushes_ended);
	pthread_mutex_unlock(&array->flushes_lock);
	return NULL;
}

/* Returns the first store of which an earlier flush has not come back, or NULL. */
static const struct array_store *
find_hanging(const struct flushing *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->stores[i]->flushing)
			return f->stores[i];
	return NULL;
}

/* The caller holds flushes_lock. */
static int
start(struct array *array, struct flushing *f)
{
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &attr, flush_main, f);
	pthread_attr_destroy(&attr);
	if (rc != 0)
		return err_set(-rc, "cannot start a thread that flushes: %s", strerror(rc));
	array->flushes++;
	return 0;
}

/* Waits until f has ended, the time is over or the array closes.  The caller holds flushes_lock. */
static void
wait_ended(struct array *array, const struct flushing *f)
{
	uint64_t end_ns = clock_mono_ns() + array->flush_ms * NS_PER_MS;
	const struct timespec until = { .tv_sec = (time_t)(end_ns / NS_PER_S),
					.tv_nsec = (long)(end_ns % NS_PER_S) };
	int rc = 0;

	while (rc == 0 && !f->ended && !atomic_load(&array->closing))
		rc = pthread_cond_timedwait(&array->flushes_ended, &array->flushes_lock, &until);
}

static int
say_hangs(struct array *array, const struct guid *lun_id)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *lun = state_find(state, ROW_LUN, lun_id);

	if (atomic_load(&array->closing))
		return err_set(ERR_CANCELLED, "vdsd is being stopped");
	return err_set(
		ERR_BUSY,
		"what LUN \"%s\" holds is not written out after %u s, and its commands would "
		"have to wait for that: look at the device of its pool, or try again",
		lun != NULL ? ROW_LUN_CALLED(lun) : "?", array->flush_ms / 1000);
}

/* Flushes; *ret_hangs: the LUN that is not written out.  Consumes f. */
static int
run(struct array *array, struct flushing *f, struct guid *ret_hangs)
{
	const struct array_store *store;
	bool ended = true;
	int rc = 0;

	pthread_mutex_lock(&array->flushes_lock);
	store = find_hanging(f);
	if (store == NULL)
		rc = start(array, f);
	if (store == NULL && rc == 0) {
		wait_ended(array, f);
		ended = f->ended;
		f->left = !ended;
		store = ended ? NULL : find_hanging(f);
	}
	if (store != NULL || !ended) {
		*ret_hangs = (store != NULL ? store : f->stores[0])->lun_id;
		rc = ERR_BUSY;
	}
	pthread_mutex_unlock(&array->flushes_lock);
	if (ended)
		flushing_free(f);
	return rc;
}

int
array_flush_ahead(struct array *array, struct array_store *const *stores, size_t count)
{
	struct flushing *f = mem_calloc(1, sizeof(*f) + count * sizeof(f->stores[0]));
	struct guid hangs;
	int rc;

	if (f == NULL)
		return -ENOMEM;
	f->array = array;
	for (size_t i = 0; i < count; i++)
		if (array_store_has_device(stores[i]))
			f->stores[f->count++] = array_store_ref(stores[i]);
	if (f->count == 0) {
		flushing_free(f);
		return 0;
	}
	rc = run(array, f, &hangs);
	return rc == ERR_BUSY ? say_hangs(array, &hangs) : rc;
}

void
array_flush_wake(struct array *array)
{
	pthread_mutex_lock(&array->flushes_lock);
	pthread_cond_broadcast(&array->flushes_ended);
	pthread_mutex_unlock(&array->flushes_lock);
}

bool
array_flush_ended(struct array *array)
{
	uint64_t end_ns = clock_mono_ns() + CLOSE_MS * NS_PER_MS;
	const struct timespec until = { .tv_sec = (time_t)(end_ns / NS_PER_S),
					.tv_nsec = (long)(end_ns % NS_PER_S) };
	unsigned left;
	int rc = 0;

	pthread_mutex_lock(&array->flushes_lock);
	while (rc == 0 && array->flushes > 0)
		rc = pthread_cond_timedwait(&array->flushes_ended, &array->flushes_lock, &until);
	left = array->flushes;
	pthread_mutex_unlock(&array->flushes_lock);
	if (left > 0)
		log_error("array.close", "flushes=%u reason=\"I/O does not return\"", left);
	return left == 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verifier thread.  In each round it looks at every pool and at a bounded number of LUNs, so
 * that a file that was deleted or cut is noticed before an initiator finds out.  It also does small
 * chores: it removes the files of deleted LUNs, drops old jobs, and makes the catalog's reserve
 * whole.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define REAP_AGAIN_MS 50   /* while a deleted LUN's device is in use */
#define VERIFY_LUNS   2000 /* in one round: at most some 10 ms */

/* A job or a reopening is at it: they tell what they find. */
static void
verify_store(struct array_store *store)
{
	if (pthread_mutex_trylock(&store->manage_lock) != 0)
		return;
	(void)array_store_verify(store);
	pthread_mutex_unlock(&store->manage_lock);
}

static void
verify_lun(struct array *array, const struct row_lun *lun)
{
	struct array_store *store;
	int rc;

	if (array_unit_health(array, &lun->id) == HEALTH_FAILED)
		return; /* sticky */
	store = array_unit_store(array, &lun->id);
	if (store == NULL)
		return;
	rc = array_pool_ready(array, &lun->pool_id);
	if (rc == ERR_FAILED) {
		const char *reason = err_text(rc);

		blk_fail(store->dev, -EIO, reason);
		array_unit_set_health(array, &lun->id, HEALTH_FAILED, reason);
	} else if (rc == 0) {
		verify_store(store);
	}
	array_store_unref(store);
}

static int
renew(struct array *array, struct array_task *task)
{
	(void)task;
	catalog_reserve_renew(array->catalog);
	return 0;
}

/* The catalog is the writer's. */
static void
renew_reserve(struct array *array)
{
	struct array_task task = { .run = renew };

	if (catalog_reserve_is_wanted(array->catalog))
		(void)array_writer_submit(array, &task);
}

/*
 * Looks at the next `most` LUNs in the order of their ids, and begins again after the last: the
 * cost of a round is bounded however many LUNs there are.  Returns how many it has looked at.
 */
size_t
array_verify_some(struct array *array, size_t most)
{
	AUTO_STATE struct state *state = array_state(array);
	size_t count = state_count(state, ROW_LUN), looked = 0;
	size_t at = state_after(state, ROW_LUN, &array->verified_lun);

	for (; looked < MIN(count, most) && !atomic_load(&array->closing); looked++, at++) {
		const struct row_lun *lun = state_at(state, ROW_LUN, at % count);

		verify_lun(array, lun);
		array->verified_lun = lun->id;
	}
	return looked;
}

static void
verify_all(struct array *array)
{
	array_pool_verify(array);
	array_verify_some(array, VERIFY_LUNS);
	if (array_is_read_only(array))
		return;
	if (catalog_still_there(array->catalog) < 0)
		array_set_read_only(array, err_text(ERR_CORRUPT));
	array_job_expire(array);
	renew_reserve(array);
}

/* ---- the thread ---- */

static void
until(uint64_t at_ns, struct timespec *ret_at)
{
	ret_at->tv_sec = (time_t)(at_ns / NS_PER_S);
	ret_at->tv_nsec = (long)(at_ns % NS_PER_S);
}

/* Waits until the time or until it is woken; false when it is to end. */
static bool
wait_until(struct array *array, uint64_t at_ns)
{
	struct timespec at;
	int rc = 0;
	bool stop;

	until(at_ns, &at);
	pthread_mutex_lock(&array->verify_lock);
	while (!array->verify_stop && !array->verify_now && rc == 0)
		rc = pthread_cond_timedwait(&array->verify_wake, &array->verify_lock, &at);
	array->verify_now = false;
	stop = array->verify_stop;
	pthread_mutex_unlock(&array->verify_lock);
	return !stop;
}

static void *
verify_main(void *arg)
{
	struct array *array = arg;
	uint64_t interval_ns = array->verify_interval_ms * NS_PER_MS, wake_ns;
	uint64_t verify_ns = clock_mono_ns() + interval_ns; /* opening has just looked */

	pthread_setname_np(pthread_self(), "verifier");
	do {
		if (clock_mono_ns() >= verify_ns) {
			verify_all(array);
			verify_ns = clock_mono_ns() + interval_ns;
		}
		wake_ns = verify_ns;
		wake_ns = MIN(wake_ns, array_trouble_tell(array));
		array_number_save(array);
		if (array_store_reap(array) > 0)
			wake_ns = MIN(wake_ns, clock_mono_ns() + REAP_AGAIN_MS * NS_PER_MS);
	} while (wait_until(array, wake_ns));
	return NULL;
}

int
array_verify_start(struct array *array)
{
	int rc = pthread_create(&array->verifier, NULL, verify_main, array);

	if (rc != 0)
		return err_set(-rc, "cannot start the verifier thread: %s", strerror(rc));
	array->verifier_runs = true;
	return 0;
}

void
array_verify_wake(struct array *array)
{
	pthread_mutex_lock(&array->verify_lock);
	array->verify_now = true;
	pthread_cond_signal(&array->verify_wake);
	pthread_mutex_unlock(&array->verify_lock);
}

void
array_verify_stop(struct array *array)
{
	if (!array->verifier_runs)
		return;
	pthread_mutex_lock(&array->verify_lock);
	array->verify_stop = true;
	pthread_cond_signal(&array->verify_wake);
	pthread_mutex_unlock(&array->verify_lock);
	pthread_join(array->verifier, NULL);
	array->verifier_runs = false;
}

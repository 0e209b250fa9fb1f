/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The verifier thread.  It notices that the file of a LUN was deleted, replaced or cut before an
 * initiator finds out, and what has changed at network interfaces:
 *
 *   - The pools are watched: what another program does to a file wakes the verifier, which looks at
 *     that LUN.  When the directory itself is concerned, or when notifications were lost, the
 *     verifier looks at every pool and every LUN.
 *   - The kernel reports changes of network interfaces, and the verifier shows the ports anew.
 *   - In each round it looks at every pool and at a bounded number of LUNs, since a watch does not
 *     see everything, and some directories cannot be watched.
 *
 * The verifier also does small chores: it removes the files of deleted LUNs, drops old jobs, and
 * makes the catalog's reserve whole.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define REAP_AGAIN_MS  50   /* while a deleted LUN's device is in use */
#define VERIFY_LUNS    2000 /* in one round: at most some 10 ms */
/* A burst of changes in a pool wakes the verifier 20 times a second at most. */
#define WATCH_AGAIN_MS 50

/* Checks a store, unless a job or a reopening works on it, which notices itself what is wrong. */
static void
verify_store(struct array_store *store)
{
	if (!array_store_try_manage(store))
		return;
	(void)array_store_verify(store);
	array_store_unmanage(store);
}

static void
verify_lun(struct array *array, const struct guid *lun_id)
{
	struct array_store *store;
	int rc;

	if (array_unit_health(array, lun_id) == HEALTH_FAILED)
		return; /* sticky */
	if (!array_lun_is_held(array, lun_id))
		return;
	store = array_unit_store(array, lun_id);
	if (store == NULL)
		return;
	rc = array_pool_ready(array, &store->pool_id);
	if (rc == ERR_FAILED) {
		array_store_fail(store, -EIO, err_text(rc));
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

/* Makes the catalog's reserve whole, on the writer thread, which alone uses the catalog. */
static void
renew_reserve(struct array *array)
{
	struct array_task task = { .run = renew };

	if (catalog_reserve_is_wanted(array->catalog))
		(void)array_writer_submit(array, &task);
}

size_t
array_verify_some(struct array *array, size_t most)
{
	AUTO_STATE struct state *state = array_state(array);
	size_t count = state_count(state, ROW_LUN), looked = 0;
	size_t at = state_after(state, ROW_LUN, &array->verified_lun);

	for (; looked < MIN(count, most) && !atomic_load(&array->closing); looked++, at++) {
		const struct row_lun *lun = state_at(state, ROW_LUN, at % count);

		verify_lun(array, &lun->id);
		array->verified_lun = lun->id;
	}
	return looked;
}

/*
 * Checks some of the LUNs that must not wait for their turn, at most VERIFY_LUNS.  Returns whether
 * some are left.
 */
static bool
verify_rest(struct array *array)
{
	size_t looked;

	if (atomic_exchange(&array->verify_all, false)) {
		AUTO_STATE struct state *state = array_state(array);

		array->verify_rest = state_count(state, ROW_LUN);
	}
	if (array->verify_rest == 0)
		return false;
	looked = array_verify_some(array, MIN(array->verify_rest, (size_t)VERIFY_LUNS));
	array->verify_rest = looked > 0 ? array->verify_rest - looked : 0;
	return array->verify_rest > 0;
}

static void
verify_all(struct array *array)
{
	array_pool_verify(array);
	array_drive_rescan(array);
	array_port_refresh(array);
	if (array->verify_rest == 0)
		array_verify_some(array, VERIFY_LUNS);
	array_history_sample(array, clock_utc_ms());
	array_snapshot_measure(array);
	if (array_is_read_only(array))
		return;
	if (catalog_still_there(array->catalog) < 0)
		array_set_read_only(array, err_text(ERR_CORRUPT));
	array_pool_save_levels(array);
	array_trash_expire(array);
	array_store_reap_again(array);
	if (atomic_load(&array->chores)) {
		array_job_expire(array);
		array_audit_expire(array);
	}
	renew_reserve(array);
}

/* ---- what the watches report ---- */

/* What was noticed, gathered with pools_lock held and looked at without it. */
struct noticed {
	struct array_pool_watcher watcher;
	size_t count;
	bool all; /* also when there were more LUNs than have room */
	struct guid luns[VERIFY_LUNS];
};

static void
notice_volume(struct array_pool_watcher *watcher, const struct guid *lun_id)
{
	struct noticed *noticed = container_of(watcher, struct noticed, watcher);

	if (noticed->count > 0 && guid_equal(&noticed->luns[noticed->count - 1], lun_id))
		return;
	if (noticed->count == ARRAY_LEN(noticed->luns))
		noticed->all = true;
	else
		noticed->luns[noticed->count++] = *lun_id;
}

static void
notice_all(struct array_pool_watcher *watcher)
{
	container_of(watcher, struct noticed, watcher)->all = true;
}

static void
read_watches(struct array *array)
{
	AUTO_FREE struct noticed *noticed = mem_calloc(1, sizeof(*noticed));

	array->watch_ns = clock_mono_ns() + WATCH_AGAIN_MS * NS_PER_MS;
	if (noticed == NULL)
		return; /* the watches stay readable */
	noticed->watcher = (struct array_pool_watcher){ notice_volume, notice_all };
	array_pool_watch_read(array, &noticed->watcher);
	if (noticed->all) {
		array_pool_verify(array);
		array_drive_rescan(array);
		atomic_store(&array->verify_all, true);
		return;
	}
	for (size_t i = 0; i < noticed->count && !atomic_load(&array->closing); i++)
		verify_lun(array, &noticed->luns[i]);
}

/* ---- the thread ---- */

/*
 * Waits until the time, until the verifier is woken, or until a watch has something to say, which
 * is then read.  Returns false when the verifier is to end.
 */
static bool
wait_until(struct array *array, uint64_t at_ns)
{
	struct pollfd fds[] = { { .fd = array->verify_fd, .events = POLLIN },
				{ .fd = array->interfaces_fd, .events = POLLIN },
				{ .fd = array->watch_fd, .events = POLLIN } };
	uint64_t now_ns = clock_mono_ns(), left_ns, count;
	bool watches = now_ns >= array->watch_ns;

	if (!watches)
		at_ns = MIN(at_ns, array->watch_ns);
	left_ns = at_ns > now_ns ? at_ns - now_ns : 0;
	(void)ppoll(fds, watches ? 3 : 2,
		    &(struct timespec){ .tv_sec = (time_t)(left_ns / NS_PER_S),
					.tv_nsec = (long)(left_ns % NS_PER_S) },
		    NULL);
	if (fds[0].revents != 0 && read(array->verify_fd, &count, sizeof(count)) < 0)
		return true; /* interrupted: the descriptor stays readable */
	if (atomic_load(&array->verify_stop))
		return false;
	if (fds[1].revents != 0) {
		array_interfaces_watch_read(array->interfaces_fd);
		array_port_refresh(array);
	}
	if (fds[2].revents != 0)
		read_watches(array);
	return true;
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
		array_foreign_take_up(array);
		if (atomic_exchange(&array->verify_pools, false))
			array_pool_verify(array);
		wake_ns = verify_rest(array) ? 0 : verify_ns;
		wake_ns = MIN(wake_ns, array_trouble_tell(array));
		wake_ns = MIN(wake_ns, array_faults_tidy(array));
		array_number_save(array);
		if (array_store_reap(array) > 0)
			wake_ns = MIN(wake_ns, clock_mono_ns() + REAP_AGAIN_MS * NS_PER_MS);
	} while (wait_until(array, wake_ns));
	return NULL;
}

int
array_verify_init(struct array *array)
{
	array->verify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	array->watch_fd = epoll_create1(EPOLL_CLOEXEC);
	array->interfaces_fd = array_interfaces_watch();
	if (array->verify_fd < 0 || array->watch_fd < 0)
		return err_set(-errno, "cannot make the verifier's descriptors: %s",
			       strerror(errno));
	return 0;
}

void
array_verify_fini(struct array *array)
{
	if (array->verify_fd >= 0)
		close(array->verify_fd);
	if (array->watch_fd >= 0)
		close(array->watch_fd);
	if (array->interfaces_fd >= 0)
		close(array->interfaces_fd);
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
	uint64_t one = 1;
	ssize_t ignored = write(array->verify_fd, &one, sizeof(one));

	(void)ignored; /* it can only fail while the descriptor is readable anyway */
}

void
array_verify_stop(struct array *array)
{
	if (!array->verifier_runs)
		return;
	atomic_store(&array->verify_stop, true);
	array_verify_wake(array);
	pthread_join(array->verifier, NULL);
	array->verifier_runs = false;
}

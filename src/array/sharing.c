/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the writer does beside its batches when several gateways share the catalog
 * (docs/design/gateways.md): it takes over and publishes what others have committed, makes a batch
 * again when another gateway was first, and holds the answers of its own changes back until the
 * others have them.
 *
 * One notification is under way at a time.  The answers of a batch wait for the first one that began
 * after its commit.  The writer goes on meanwhile, because the others may be waiting for this gateway's
 * acknowledgement in the same way.  While gateways compete, the one that has committed lets the others
 * go first: its next batch waits for the notification, and by then the others have seen its change.
 *
 * The writer thread, but for those that say otherwise.
 */
#include <errno.h>
#include <string.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "catalog/shared.h"

#define PULL_NS        (1500 * NS_PER_MS) /* a notification may have been missed */
#define COMPETE_NS     NS_PER_S           /* after the last sign of another writer */
#define COURTESY_NS    (20 * NS_PER_MS)   /* at most so long do the others go first */
/* the store says by itself when the time is over, unless it cannot be reached */
#define GIVE_UP_NS     ((ARRAY_ACKNOWLEDGE_MS + 1000ull) * NS_PER_MS)
#define CONFLICT_TRIES 200
#define PAUSE_AFTER    3
#define PAUSE_LEAST_NS (NS_PER_MS / 5)
#define PAUSE_MOST_NS  (5 * NS_PER_MS)

/* ---- from other threads ---- */

void
array_writer_wake(struct array *array)
{
	pthread_mutex_lock(&array->queue_lock);
	array->sharing.woken = true;
	pthread_cond_signal(&array->queue_ready);
	pthread_mutex_unlock(&array->queue_lock);
}

static void
woken(void *arg)
{
	array_writer_wake(arg);
}

/* A notification that is under way.  The number tells one that was given up from the next one. */
struct notification {
	struct array *array;
	uint64_t number;
};

/* All have acknowledged, or some have not in time: a gateway that did not will not answer either. */
static void
notified(void *arg, int rc)
{
	struct notification *notification = arg;
	struct array *array = notification->array;

	pthread_mutex_lock(&array->queue_lock);
	if (notification->number == array->sharing.notification) {
		array->sharing.acknowledged = true;
		array->sharing.result = rc;
	}
	/* under the lock: without it the writer might end, and the array be freed, before the signal */
	pthread_cond_signal(&array->queue_ready);
	pthread_mutex_unlock(&array->queue_lock);
	mem_free(notification);
}

int
array_sharing_start(struct array *array)
{
	list_init(&array->sharing.waiting);
	list_init(&array->sharing.due);
	array->sharing.on = true;
	array->sharing.random = clock_mono_ns() | 1;
	return catalog_watch(array->catalog, woken, array);
}

/* ---- when the writer looks up ---- */

bool
array_sharing_is_due(const struct array *array)
{
	const struct array_sharing *sharing = &array->sharing;

	return sharing->woken || sharing->acknowledged || clock_mono_ns() >= sharing->pull_ns ||
	       (sharing->notifying && clock_mono_ns() >= sharing->give_up_ns);
}

bool
array_sharing_lets_others(const struct array *array)
{
	const struct array_sharing *sharing = &array->sharing;
	uint64_t now = clock_mono_ns();

	return sharing->notifying && now < sharing->compete_ns && now < sharing->courtesy_ns;
}

void
array_sharing_deadline(const struct array *array, struct timespec *ret_at)
{
	uint64_t at = array->sharing.pull_ns;

	if (array->sharing.notifying)
		at = MIN(at, array->sharing.give_up_ns);
	if (array_sharing_lets_others(array))
		at = MIN(at, array->sharing.courtesy_ns);
	*ret_at = (struct timespec){ .tv_sec = (time_t)(at / NS_PER_S),
				     .tv_nsec = (long)(at % NS_PER_S) };
}

/* ---- taking over ---- */

static void
tell(struct array *array, int rc)
{
	char quoted[TASK_TEXT_SIZE];

	if (atomic_exchange(&array->sharing.away, rc < 0) == (rc < 0))
		return;
	if (rc < 0)
		log_warning("catalog.away",
			    "error=%s reason=%s next=\"changes fail until it is back\"",
			    err_name(rc), log_quote(err_text(rc), quoted, sizeof(quoted)));
	else
		log_info("catalog.back", "version=%llu",
			 (unsigned long long)catalog_shared_version(array->catalog));
}

/* The array that this gateway was about to make was made by another one. */
static bool
is_another_array(const struct array *array)
{
	return state_position(array->state)->sequence == 0;
}

int
array_sharing_pull(struct array *array)
{
	struct catalog_news news = { .changes = NULL };
	int rc;

	array_writer_wait_begin();
	rc = catalog_pull(array->catalog, &news);
	array_writer_wait_end();
	array->sharing.pull_ns = clock_mono_ns() + PULL_NS;
	tell(array, rc);
	if (rc == ERR_VERSION || rc == ERR_CORRUPT)
		array_set_read_only(array, err_text(rc));
	if (rc == 0 && !catalog_news_is_empty(&news)) {
		array->sharing.compete_ns = clock_mono_ns() + COMPETE_NS;
		atomic_fetch_add(&array->sharing.pulls, 1);
		if (is_another_array(array))
			rc = err_set(ERR_LOCKED, "another gateway has made the array in the same "
						 "moment: start vdsd again");
		else
			array_foreign_publish(array, &news);
	}
	catalog_news_fini(&news);
	if (rc == 0)
		catalog_acknowledge(array->catalog);
	return rc;
}

/* ---- own changes ---- */

int
array_sharing_conflict(struct array *array, unsigned tries)
{
	struct array_sharing *sharing = &array->sharing;
	unsigned doubled = MIN(tries, 8u);
	uint64_t most = MIN(PAUSE_LEAST_NS << doubled, PAUSE_MOST_NS);
	struct timespec pause = { .tv_sec = 0 };
	int rc;

	atomic_fetch_add(&sharing->conflicts, 1);
	sharing->compete_ns = clock_mono_ns() + COMPETE_NS;
	if (tries >= CONFLICT_TRIES)
		return err_set(ERR_BUSY, "other gateways change the catalog all the time: the "
					 "change was not made; try again");
	rc = array_sharing_pull(array);
	if (rc < 0 || tries < PAUSE_AFTER)
		return rc;
	/* a few that go in step get out of it */
	sharing->random = sharing->random * 6364136223846793005u + 1442695040888963407u;
	pause.tv_nsec = (long)((sharing->random >> 33) % most);
	nanosleep(&pause, NULL);
	return 0;
}

bool
array_sharing_holds(struct array *array, struct array_task *task, uint64_t before)
{
	if (!task->applied || catalog_shared_version(array->catalog) == before)
		return false;
	list_append(&array->sharing.due, &task->node);
	return true;
}

static void
answer_all(struct array *array, struct list *tasks)
{
	struct list *node;

	while ((node = list_pop(tasks)) != NULL)
		array_writer_answer(array, list_entry(node, struct array_task, node));
}

static void
notify(struct array *array)
{
	struct notification *notification = mem_alloc(sizeof(*notification));
	struct array_sharing *sharing = &array->sharing;
	struct list *node;
	int rc;

	while ((node = list_pop(&sharing->due)) != NULL)
		list_append(&sharing->waiting, node);
	sharing->notifying = true;
	sharing->notify_due = false;
	sharing->courtesy_ns = clock_mono_ns() + COURTESY_NS;
	sharing->give_up_ns = clock_mono_ns() + GIVE_UP_NS;
	if (notification == NULL) {
		sharing->give_up_ns = 0;
		return;
	}
	pthread_mutex_lock(&array->queue_lock);
	*notification = (struct notification){ array, ++sharing->notification };
	pthread_mutex_unlock(&array->queue_lock);
	rc = catalog_notify(array->catalog, ARRAY_ACKNOWLEDGE_MS, notified, notification);
	if (rc < 0)
		notified(notification, rc); /* they pull by themselves, a moment later */
}

void
array_sharing_committed(struct array *array, uint64_t before)
{
	struct array_sharing *sharing = &array->sharing;

	if (catalog_shared_version(array->catalog) != before)
		sharing->notify_due = true;
	if (sharing->notify_due && !sharing->notifying)
		notify(array);
}

void
array_sharing_look(struct array *array)
{
	struct array_sharing *sharing = &array->sharing;
	bool acknowledged, news;
	int result;

	pthread_mutex_lock(&array->queue_lock);
	acknowledged = sharing->acknowledged;
	result = sharing->result;
	if (!acknowledged && sharing->notifying && clock_mono_ns() >= sharing->give_up_ns) {
		sharing->notification++;
		acknowledged = true;
		result = ERR_TIMEOUT;
	}
	news = sharing->woken || clock_mono_ns() >= sharing->pull_ns;
	sharing->acknowledged = sharing->woken = false;
	pthread_mutex_unlock(&array->queue_lock);
	if (acknowledged) {
		if (result < 0)
			log_warning("catalog.acknowledge",
				    "error=%s reason=\"a gateway has not taken a change in time\"",
				    err_name(result));
		sharing->notifying = false;
		answer_all(array, &sharing->waiting);
		if (sharing->notify_due)
			notify(array);
	}
	if (news)
		(void)array_sharing_pull(array);
}

static int
sync_run(struct array *array, struct array_task *task)
{
	(void)task;
	return array_sharing_pull(array);
}

int
array_sharing_sync(struct array *array)
{
	struct array_task task = { .run = sync_run };

	return array_writer_submit(array, &task);
}

void
array_sharing_end(struct array *array)
{
	answer_all(array, &array->sharing.waiting);
	answer_all(array, &array->sharing.due);
}

bool
array_sharing_is_away(const struct array *array)
{
	return atomic_load(&array->sharing.away);
}

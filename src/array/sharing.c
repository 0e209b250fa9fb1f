/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the writer does beside its batches when several gateways share the catalog
 * (docs/design/gateways.md): it takes over and publishes what others have committed, makes a batch
 * again when another gateway was first, and holds the answers of its own changes back until no
 * other gateway serves a state without them (member_barrier.c).
 *
 * One notification is under way at a time, and it says only the version; so who acknowledges it has
 * all that was committed until it began.  It is repeated while answers wait.  The writer goes on
 * meanwhile, because the others may be waiting for this gateway's acknowledgement in the same way.
 * While gateways compete, the one that has committed lets the others go first: its next batch waits
 * for the notification, and by then the others have seen its change.
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
#define NOTIFY_MS      2000u              /* then it is looked who has not acknowledged, and why */
/* the store says by itself when the time is over, unless it cannot be reached */
#define GIVE_UP_NS     ((NOTIFY_MS + 1000ull) * NS_PER_MS)
#define AGAIN_NS       (300 * NS_PER_MS)
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
	struct list node;
	struct array *array;
	uint64_t number;
};

static void
notified(void *arg, int rc, const uint64_t *clients, size_t count)
{
	struct notification *notification = arg;
	struct array *array = notification->array;
	uint64_t *ackers = count > 0 ? mem_dup(clients, count * sizeof(*clients)) : NULL;

	pthread_mutex_lock(&array->queue_lock);
	list_remove(&notification->node);
	if (notification->number == array->sharing.notification) {
		array->sharing.acknowledged = true;
		array->sharing.result = rc;
		array->sharing.acker_count = ackers != NULL ? count : 0;
		mem_free(array->sharing.ackers);
		array->sharing.ackers = TAKE(ackers);
	}
	/*
	 * under the lock: without it the writer might end, and the array be freed, before the
	 * signal
	 */
	pthread_cond_signal(&array->queue_ready);
	pthread_mutex_unlock(&array->queue_lock);
	mem_free(ackers);
	mem_free(notification);
}

void
array_sharing_reached(struct array *array)
{
	pthread_mutex_lock(&array->queue_lock);
	array->sharing.reached = true;
	pthread_cond_signal(&array->queue_ready);
	pthread_mutex_unlock(&array->queue_lock);
}

int
array_sharing_start(struct array *array)
{
	list_init(&array->sharing.waiting);
	list_init(&array->sharing.notifications);
	array->sharing.on = true;
	array->sharing.random = clock_mono_ns() | 1;
	return catalog_watch(array->catalog, woken, array);
}

/* ---- when the writer looks up ---- */

/* Returns whether answers wait for the next notification. */
static bool
repeats(const struct array_sharing *sharing)
{
	return !sharing->notifying && !list_empty(&sharing->waiting);
}

bool
array_sharing_is_due(const struct array *array)
{
	const struct array_sharing *sharing = &array->sharing;

	return sharing->woken || sharing->acknowledged || sharing->reached ||
	       clock_mono_ns() >= sharing->pull_ns ||
	       (sharing->notifying && clock_mono_ns() >= sharing->give_up_ns) ||
	       (repeats(sharing) && clock_mono_ns() >= sharing->again_ns);
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
	if (repeats(&array->sharing))
		at = MIN(at, array->sharing.again_ns);
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

/* What could not be published (array_foreign_publish has said why) is not served. */
static int
check_published(const struct array *array)
{
	const struct position *has = state_position(array->state),
			      *is = catalog_position(array->catalog);

	if (has->incarnation == is->incarnation && has->sequence == is->sequence)
		return 0;
	return err_set(ERR_CORRUPT,
		       "change %llu of the catalog could not be followed beyond change %llu: "
		       "restart vdsd",
		       (unsigned long long)is->sequence, (unsigned long long)has->sequence);
}

/*
 * The catalog is held: this gateway serves on while there is nothing to follow.  When somebody has
 * put the catalog back, others may go on with it, and count on that this gateway has ended to serve
 * what it knows after seen_ms; so it does, and begins anew then.
 */
static void
look_held(struct array *array, uint64_t begin_ns)
{
	struct array_sharing *sharing = &array->sharing;
	int stays;

	array_writer_wait_begin();
	stays = catalog_held_stays(array->catalog);
	array_writer_wait_end();
	if (stays == 0 && !sharing->put_back) {
		sharing->put_back = true; /* also when it is removed again */
		log_warning("catalog.put_back", "next=\"this gateway begins anew\"");
	}
	if (sharing->put_back)
		array_gateway_end_unless_seen(array);
	else if (stays > 0)
		array_gateway_seen(array, begin_ns);
}

int
array_sharing_pull(struct array *array)
{
	struct catalog_news news = { .changes = NULL };
	uint64_t begin_ns = array_gateway_now_ns();
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
		rc = check_published(array);
	if (rc == 0) {
		array_gateway_seen(array, begin_ns);
		catalog_acknowledge(array->catalog);
	} else if (catalog_held(array->catalog) != NULL) {
		look_held(array, begin_ns);
	}
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

void
array_sharing_begin(struct array *array)
{
	array->sharing.wrote = array->sharing.tells = false;
}

void
array_sharing_wrote(struct array *array)
{
	array->sharing.wrote = true;
}

bool
array_sharing_holds(struct array *array, struct array_task *task)
{
	struct array_sharing *sharing = &array->sharing;

	if (!task->barrier && (!task->applied || !sharing->wrote))
		return false;
	if (task->barrier)
		sharing->notify_due = true;
	sharing->tells = sharing->tells || task->reach != ARRAY_REACH_OWN;
	if (task->reach != ARRAY_REACH_ALL || !array_gateway_waits(array))
		return false;
	task->version = catalog_shared_version(array->catalog);
	task->committed_ns = array_gateway_now_ns();
	list_append(&sharing->waiting, &task->node);
	atomic_fetch_add(&sharing->held, 1);
	return true;
}

static void
notify(struct array *array)
{
	struct notification *notification = mem_alloc(sizeof(*notification));
	struct array_sharing *sharing = &array->sharing;
	int rc;

	sharing->notified = catalog_shared_version(array->catalog);
	sharing->notifying = true;
	sharing->notify_due = false;
	sharing->courtesy_ns = clock_mono_ns() + COURTESY_NS;
	sharing->give_up_ns = clock_mono_ns() + GIVE_UP_NS;
	if (notification == NULL) {
		sharing->give_up_ns = 0;
		return;
	}
	pthread_mutex_lock(&array->queue_lock);
	*notification = (struct notification){ .array = array, .number = ++sharing->notification };
	list_append(&sharing->notifications, &notification->node);
	pthread_mutex_unlock(&array->queue_lock);
	rc = catalog_notify(array->catalog, NOTIFY_MS, notified, notification);
	if (rc < 0)
		notified(notification, rc, NULL, 0);
}

void
array_sharing_committed(struct array *array)
{
	struct array_sharing *sharing = &array->sharing;

	sharing->notify_due = sharing->notify_due || (sharing->wrote && sharing->tells);
	if (sharing->notify_due && !sharing->notifying)
		notify(array);
}

/*
 * Answers what need not wait any more.  A later change has reached nobody whom an earlier one has
 * not.
 */
static void
answer_reached(struct array *array)
{
	struct array_sharing *sharing = &array->sharing;

	while (!list_empty(&sharing->waiting)) {
		struct array_task *task = list_entry(sharing->waiting.next, struct array_task,
						     node);

		if (!array_gateway_all_have(array, task->version, task->committed_ns,
					    sharing->notified))
			return;
		list_remove(&task->node);
		array_writer_answer(array, task);
	}
	sharing->late = false;
}

/* The notification has ended with that result. */
static void
end_notification(struct array *array, int result, const uint64_t *ackers, size_t count)
{
	struct array_sharing *sharing = &array->sharing;

	sharing->notifying = false;
	sharing->again_ns = clock_mono_ns() + AGAIN_NS;
	array_gateway_acknowledged(array, ackers, count, sharing->notified);
	answer_reached(array);
	if (list_empty(&sharing->waiting))
		return;
	array_gateway_ask_others(array, sharing->notified);
	if (result < 0 && !sharing->late) {
		sharing->late = true;
		log_warning("catalog.acknowledge",
			    "error=%s reason=\"a gateway has not taken a change in time\" "
			    "next=\"the change is answered when it has, or serves nothing\"",
			    err_name(result));
	}
}

void
array_sharing_look(struct array *array)
{
	struct array_sharing *sharing = &array->sharing;
	AUTO_FREE uint64_t *ackers = NULL;
	bool acknowledged, news, reached;
	size_t count;
	int result;

	pthread_mutex_lock(&array->queue_lock);
	acknowledged = sharing->acknowledged;
	result = sharing->result;
	count = sharing->acker_count;
	ackers = TAKE(sharing->ackers);
	if (!acknowledged && sharing->notifying && clock_mono_ns() >= sharing->give_up_ns) {
		sharing->notification++;
		acknowledged = true;
		result = ERR_TIMEOUT;
		count = 0;
	}
	news = sharing->woken || clock_mono_ns() >= sharing->pull_ns;
	reached = sharing->reached;
	sharing->acknowledged = sharing->woken = sharing->reached = false;
	pthread_mutex_unlock(&array->queue_lock);
	if (acknowledged)
		end_notification(array, result, ackers, count);
	else if (reached)
		answer_reached(array);
	if (!sharing->notifying &&
	    (sharing->notify_due || (repeats(sharing) && clock_mono_ns() >= sharing->again_ns)))
		notify(array);
	if (news)
		(void)array_sharing_pull(array);
}

static int
sync_run(struct array *array, struct array_task *task)
{
	(void)task;
	return array_sharing_pull(array);
}

static int
barrier_run(struct array *array, struct array_task *task)
{
	(void)array;
	(void)task;
	return 0;
}

void
array_sharing_barrier(struct array *array)
{
	struct array_task task = { .run = barrier_run, .barrier = true };

	if (array_is_shared(array))
		(void)array_writer_submit(array, &task);
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
	struct list *node;

	while ((node = list_pop(&array->sharing.waiting)) != NULL)
		array_writer_answer(array, list_entry(node, struct array_task, node));
}

void
array_sharing_fini(struct array *array)
{
	struct list *node;

	while (array->sharing.on && (node = list_pop(&array->sharing.notifications)) != NULL)
		mem_free(list_entry(node, struct notification, node));
	mem_free(TAKE(array->sharing.ackers));
}

bool
array_sharing_is_away(const struct array *array)
{
	return atomic_load(&array->sharing.away);
}

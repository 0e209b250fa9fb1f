/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events and those who listen to them.  Each listener has a bounded queue.  The writer thread
 * pushes changes, and whoever changes a live row pushes that; neither waits for a listener.  A
 * listener whose queue is full is lost: it gets what is queued, then LOST, and nothing more.  A
 * listener's own thread takes its events.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define QUEUE_MAX 4096 /* events beyond what a listener asked to have replayed */

struct queued {
	struct list node;
	struct array_event event; /* a reference to its change */
	/*
	 * Owned; a replayed change as the catalog has it, NULL otherwise.  The listener's own
	 * thread decodes it: the writer, which replays, has no time for that.
	 */
	char *text;
};

struct array_listener {
	struct list node; /* listeners_lock */
	struct array *array;
	pthread_mutex_t lock;
	pthread_cond_t ready;
	struct list queue;
	size_t queued, limit;
	bool lost;
	bool woken;               /* the next wait ends at once: array_event_wake */
	struct position position; /* of the configuration, after what was queued last */
};

/* ---- pushing ---- */

/* Queues an event; consumes text.  A listener without room for it is lost. */
static void
push(struct array_listener *l, enum array_event_kind kind, struct change *change, char *text,
     const struct position *position)
{
	AUTO_FREE char *own = text;
	struct queued *q;

	pthread_mutex_lock(&l->lock);
	if (!l->lost) {
		q = l->queued < l->limit ? mem_calloc(1, sizeof(*q)) : NULL;
		if (q == NULL) {
			l->lost = true;
		} else {
			q->event = (struct array_event){ kind,
							 change != NULL ? change_ref(change) : NULL,
							 *position };
			q->text = TAKE(own);
			list_append(&l->queue, &q->node);
			l->queued++;
		}
		if (kind == ARRAY_EVENT_CHANGE)
			l->position = *position;
		pthread_cond_signal(&l->ready);
	}
	pthread_mutex_unlock(&l->lock);
}

void
array_event_change(struct array *array, struct change *change, const struct position *position)
{
	array_gateway_changed(array, change);
	pthread_mutex_lock(&array->listeners_lock);
	list_for_each(node, &array->listeners)
		push(list_entry(node, struct array_listener, node), ARRAY_EVENT_CHANGE, change,
		     NULL, position);
	pthread_mutex_unlock(&array->listeners_lock);
}

/* Under live_lock. */
void
array_event_live(struct array *array, struct change *change)
{
	const struct position *position = state_position(array->live);

	pthread_mutex_lock(&array->listeners_lock);
	list_for_each(node, &array->listeners)
		push(list_entry(node, struct array_listener, node), ARRAY_EVENT_LIVE, change, NULL,
		     position);
	pthread_mutex_unlock(&array->listeners_lock);
}

void
array_event_wake(struct array *array)
{
	pthread_mutex_lock(&array->listeners_lock);
	list_for_each(node, &array->listeners) {
		struct array_listener *l = list_entry(node, struct array_listener, node);

		pthread_mutex_lock(&l->lock);
		l->woken = true;
		pthread_cond_signal(&l->ready);
		pthread_mutex_unlock(&l->lock);
	}
	pthread_mutex_unlock(&array->listeners_lock);
}

void
array_event_close(struct array *array)
{
	pthread_mutex_lock(&array->listeners_lock);
	list_for_each(node, &array->listeners) {
		struct array_listener *l = list_entry(node, struct array_listener, node);

		pthread_mutex_lock(&l->lock);
		l->lost = true;
		pthread_cond_signal(&l->ready);
		pthread_mutex_unlock(&l->lock);
	}
	pthread_mutex_unlock(&array->listeners_lock);
}

/* ---- listening ---- */

static struct array_listener *
listener_new(struct array *array)
{
	struct array_listener *l = mem_calloc(1, sizeof(*l));
	pthread_condattr_t attr;

	if (l == NULL)
		return NULL;
	l->array = array;
	l->limit = QUEUE_MAX;
	list_init(&l->queue);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->ready, &attr);
	pthread_condattr_destroy(&attr);
	return l;
}

static void
queued_free(struct queued *q)
{
	if (q == NULL)
		return;
	change_unref(q->event.change);
	mem_free(q->text);
	mem_free(q);
}

void
array_listener_free(struct array_listener *l)
{
	struct list *node;

	if (l == NULL)
		return;
	pthread_mutex_lock(&l->array->listeners_lock);
	list_remove(&l->node);
	pthread_mutex_unlock(&l->array->listeners_lock);
	while ((node = list_pop(&l->queue)) != NULL) {
		struct queued *q = list_entry(node, struct queued, node);

		queued_free(q);
	}
	pthread_cond_destroy(&l->ready);
	pthread_mutex_destroy(&l->lock);
	mem_free(l);
}

/* What it takes to join between two changes: the writer does it. */
struct listen {
	struct array_task task;
	struct array_listener *listener;
	uint64_t incarnation, since;
	struct position replayed; /* of the change replayed last; its digest is in the text */
	struct state **ret_state, **ret_live;
};

static int
replay(void *arg, uint64_t sequence, const char *text)
{
	struct listen *listen = arg;
	struct array_listener *l = listen->listener;
	char *own = str_dup(text);

	if (own == NULL)
		return -ENOMEM;
	listen->replayed.sequence = sequence;
	l->limit++;
	push(l, ARRAY_EVENT_CHANGE, NULL, own, &listen->replayed);
	return l->lost ? -ENOMEM : 0;
}

static int
join(struct array *array, struct array_task *task)
{
	struct listen *listen = container_of(task, struct listen, task);
	const struct position *at = state_position(array->state);
	int rc = 0;

	/* Who comes from another gateway may have seen there what is not known here yet. */
	if (listen->since > at->sequence && array_is_shared(array)) {
		(void)array_sharing_pull(array);
		at = state_position(array->state);
	}
	listen->replayed = listen->listener->position = *at;
	if (listen->since != 0 || listen->incarnation != 0) {
		if (listen->incarnation != at->incarnation)
			return err_set(ERR_GONE,
				       "the events asked for are of another incarnation of the "
				       "array: load the snapshot again");
		if (listen->since > at->sequence)
			return err_set(ERR_GONE,
				       "the array has not reached that sequence, since an older "
				       "state was restored: load the snapshot again");
		if (listen->since < at->sequence)
			rc = catalog_events(array->catalog, listen->since, replay, listen);
	}
	if (rc < 0)
		return rc;
	listen->listener->position = *at;
	/* The writer is here, so no change comes between; live_lock holds back live ones. */
	pthread_mutex_lock(&array->live_lock);
	pthread_mutex_lock(&array->listeners_lock);
	list_append(&array->listeners, &listen->listener->node);
	pthread_mutex_unlock(&array->listeners_lock);
	if (listen->ret_state != NULL)
		*listen->ret_state = state_ref(array->state);
	if (listen->ret_live != NULL)
		*listen->ret_live = state_ref(array->live);
	pthread_mutex_unlock(&array->live_lock);
	return 0;
}

int
array_listen(struct array *array, uint64_t incarnation, uint64_t since,
	     struct array_listener **ret_listener, struct state **ret_state,
	     struct state **ret_live)
{
	struct listen listen = {
		.task.run = join,
		.listener = listener_new(array),
		.incarnation = incarnation,
		.since = since,
		.ret_state = ret_state,
		.ret_live = ret_live,
	};
	int rc;

	if (listen.listener == NULL)
		return -ENOMEM;
	rc = array_writer_submit(array, &listen.task);
	if (rc < 0) {
		array_listener_free(listen.listener);
		return rc;
	}
	*ret_listener = listen.listener;
	return 0;
}

static void
deadline(struct timespec *ret_at)
{
	clock_gettime(CLOCK_MONOTONIC, ret_at);
	ret_at->tv_sec++;
}

/* The queue's first event, or a heartbeat after a second, or LOST when no more will come. */
static struct queued *
next_queued(struct array_listener *l, struct array_event *ret_event)
{
	struct timespec at;
	struct queued *q = NULL;
	int rc = 0;

	deadline(&at);
	pthread_mutex_lock(&l->lock);
	while (!l->lost && !l->woken && list_empty(&l->queue) && rc == 0)
		rc = pthread_cond_timedwait(&l->ready, &l->lock, &at);
	l->woken = false;
	/* What was queued before a loss has no gap: it comes first. */
	if (!list_empty(&l->queue)) {
		q = list_entry(list_pop(&l->queue), struct queued, node);
		l->queued--;
	} else {
		*ret_event = (struct array_event){ l->lost ? ARRAY_EVENT_LOST
							   : ARRAY_EVENT_HEARTBEAT,
						   NULL, l->position };
	}
	pthread_mutex_unlock(&l->lock);
	return q;
}

int
array_listener_next(struct array_listener *l, struct array_event *ret_event)
{
	struct queued *q = next_queued(l, ret_event);
	int rc = 0;

	if (q == NULL)
		return 0;
	if (q->text != NULL) {
		rc = catalog_event_decode(q->text, &q->event.change);
		if (rc == 0)
			q->event.position.digest = q->event.change->digest;
	}
	if (rc == 0) {
		*ret_event = q->event;
		q->event.change = NULL;
	}
	queued_free(q);
	return rc;
}

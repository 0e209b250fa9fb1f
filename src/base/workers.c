/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pool of threads: one queue, its lock, and the threads that take items from it.  Any thread may
 * queue an item.
 */
#include "base/workers.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/mem.h"

struct workers {
	pthread_mutex_t lock; /* guards all below but threads and count */
	pthread_cond_t wake;
	struct work *first, **last;
	bool closing;
	char name[16];
	unsigned count; /* threads that run; the maker's */
	pthread_t threads[];
};

/*
 * Waits for the next item and returns it, or NULL when the pool closes and nothing is queued.  The
 * caller holds the lock.
 */
static struct work *
next_work(struct workers *w)
{
	struct work *work;

	while (w->first == NULL && !w->closing)
		pthread_cond_wait(&w->wake, &w->lock);
	work = w->first;
	if (work != NULL) {
		w->first = work->next;
		if (w->first == NULL)
			w->last = &w->first;
	}
	return work;
}

static void *
worker_main(void *arg)
{
	struct workers *w = arg;
	struct work *work;

	pthread_setname_np(pthread_self(), w->name);
	pthread_mutex_lock(&w->lock);
	while ((work = next_work(w)) != NULL) {
		pthread_mutex_unlock(&w->lock);
		work->run(work);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int
workers_new(unsigned threads, const char *name, struct workers **ret_workers)
{
	struct workers *w = mem_calloc(1, sizeof(*w) + threads * sizeof(w->threads[0]));

	if (w == NULL)
		return -ENOMEM;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->last = &w->first;
	snprintf(w->name, sizeof(w->name), "%s", name);
	for (; w->count < threads; w->count++) {
		int error = pthread_create(&w->threads[w->count], NULL, worker_main, w);

		if (error != 0) {
			workers_free(w);
			return -error;
		}
	}
	*ret_workers = w;
	return 0;
}

void
workers_free(struct workers *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	for (unsigned i = 0; i < w->count; i++)
		pthread_join(w->threads[i], NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	mem_free(w);
}

/* Queues an item and wakes a thread.  The caller holds the lock. */
static void
append(struct workers *w, struct work *work)
{
	work->next = NULL;
	*w->last = work;
	w->last = &work->next;
	pthread_cond_signal(&w->wake);
}

void
workers_submit(struct workers *w, struct work *work)
{
	pthread_mutex_lock(&w->lock);
	append(w, work);
	pthread_mutex_unlock(&w->lock);
}

void
workers_lane_submit(struct workers *w, struct work_lane *lane, unsigned limit, struct work *work)
{
	pthread_mutex_lock(&w->lock);
	if (lane->running < limit) {
		lane->running++;
		append(w, work);
	} else {
		if (lane->first == NULL)
			lane->last = &lane->first;
		work->next = NULL;
		*lane->last = work;
		lane->last = &work->next;
	}
	pthread_mutex_unlock(&w->lock);
}

void
workers_lane_hurry(struct workers *w, struct work_lane *lane, struct work *work)
{
	struct work **link = &lane->first;

	pthread_mutex_lock(&w->lock);
	while (*link != NULL && *link != work)
		link = &(*link)->next;
	if (*link != NULL) {
		*link = work->next;
		if (work->next == NULL)
			lane->last = link;
		lane->running++;
		lane->extra++;
		append(w, work);
	}
	pthread_mutex_unlock(&w->lock);
}

void
workers_lane_leave(struct workers *w, struct work_lane *lane)
{
	struct work *next;

	pthread_mutex_lock(&w->lock);
	assert(lane->running > 0);
	next = lane->extra == 0 ? lane->first : NULL;
	if (next != NULL) {
		lane->first = next->next;
		append(w, next);
	} else {
		lane->running--;
		lane->extra -= lane->extra > 0;
	}
	pthread_mutex_unlock(&w->lock);
}

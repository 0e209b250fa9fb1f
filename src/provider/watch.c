/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The watch: a thread that looks for the arrays of the list that were not there when the provider
 * was loaded, so that one that comes later is noticed without IVdsHwProvider::Reenumerate.  It runs
 * only while an array of the list is missing.
 *
 * Lock order: core->lock before watch->life.  The thread takes core->lock by trylock only, so that
 * whoever holds it may wait for the thread.
 */
#include "provider/provider_int.h"

#include "base/clock.h"
#include "base/thread.h"

_Atomic uint64_t provider_watch_first_ns = NS_PER_S;
_Atomic uint64_t provider_watch_longest_ns = 30 * NS_PER_S;

void
provider_watch_init(struct provider_watch *watch)
{
	pthread_mutex_init(&watch->life, NULL);
	pthread_mutex_init(&watch->lock, NULL);
	thread_cond_init(&watch->wake);
}

void
provider_watch_fini(struct provider_watch *watch)
{
	provider_watch_stop(watch);
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	pthread_mutex_destroy(&watch->life);
}

/* Waits for the next look.  Returns false when the thread must end. */
static bool
wait_for(struct provider_watch *watch, uint64_t ns)
{
	uint64_t until_ns = clock_mono_ns() + ns;
	bool goes_on;

	pthread_mutex_lock(&watch->lock);
	while (!watch->stopping && thread_cond_wait(&watch->wake, &watch->lock, until_ns) == 0)
		;
	goes_on = !watch->stopping;
	pthread_mutex_unlock(&watch->lock);
	return goes_on;
}

static void *
watch_thread(void *arg)
{
	struct provider_core *core = arg;
	struct provider_watch *watch = &core->watch;
	uint64_t ns = atomic_load(&provider_watch_first_ns);

	while (wait_for(watch, ns)) {
		if (!provider_core_look(core))
			break;
		ns = MIN(ns * 2, atomic_load(&provider_watch_longest_ns));
	}
	pthread_mutex_lock(&watch->lock);
	watch->ended = true;
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

/* Joins the thread.  Called under watch->life. */
static void
join(struct provider_watch *watch)
{
	if (watch->started)
		pthread_join(watch->thread, NULL);
	watch->started = watch->stopping = watch->ended = false;
}

void
provider_watch_start(struct provider_core *core)
{
	struct provider_watch *watch = &core->watch;
	bool ended;

	if (atomic_load(&provider_watch_first_ns) == 0)
		return;
	pthread_mutex_lock(&watch->life);
	pthread_mutex_lock(&watch->lock);
	ended = watch->ended;
	pthread_mutex_unlock(&watch->lock);
	if (ended)
		join(watch);
	if (!watch->started) /* without a thread Reenumerate still finds the array */
		watch->started = thread_start(&watch->thread, "vds-watch", watch_thread, core) == 0;
	pthread_mutex_unlock(&watch->life);
}

void
provider_watch_stop(struct provider_watch *watch)
{
	pthread_mutex_lock(&watch->life);
	pthread_mutex_lock(&watch->lock);
	watch->stopping = true;
	pthread_cond_broadcast(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	join(watch);
	pthread_mutex_unlock(&watch->life);
}

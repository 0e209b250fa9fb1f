/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread that does something in rounds: each so often, and at once when it is woken, until it is
 * stopped.
 */
#include "base/clock.h"
#include "base/thread.h"
#include "ceph/ceph_int.h"

static void *
run(void *arg)
{
	struct ceph_rounds *rounds = arg;

	pthread_mutex_lock(&rounds->lock);
	while (!rounds->stops) {
		if (!rounds->wanted)
			(void)thread_cond_wait(&rounds->wake, &rounds->lock,
					       clock_mono_ns() + rounds->each_ns);
		rounds->wanted = false;
		if (rounds->stops)
			break;
		pthread_mutex_unlock(&rounds->lock);
		rounds->run();
		pthread_mutex_lock(&rounds->lock);
	}
	pthread_mutex_unlock(&rounds->lock);
	return NULL;
}

int
ceph_rounds_start(struct ceph_rounds *rounds)
{
	int rc = 0;

	pthread_mutex_lock(&rounds->lock);
	if (!rounds->runs) {
		thread_cond_init(&rounds->wake);
		rc = thread_start(&rounds->thread, rounds->name, run, rounds);
		rounds->runs = rc == 0;
	}
	pthread_mutex_unlock(&rounds->lock);
	return rc;
}

void
ceph_rounds_wake(struct ceph_rounds *rounds)
{
	pthread_mutex_lock(&rounds->lock);
	rounds->wanted = true;
	if (rounds->runs)
		pthread_cond_signal(&rounds->wake);
	pthread_mutex_unlock(&rounds->lock);
}

void
ceph_rounds_stop(struct ceph_rounds *rounds)
{
	bool joins;

	pthread_mutex_lock(&rounds->lock);
	rounds->stops = true;
	joins = rounds->runs;
	if (joins)
		pthread_cond_signal(&rounds->wake);
	pthread_mutex_unlock(&rounds->lock);
	if (joins)
		pthread_join(rounds->thread, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads and waits on Windows, by winpthreads.  Windows has no signals to block, and the condition
 * variables of winpthreads know only the clock of the calendar, so a wait is given as a span of
 * time.  Any thread.
 */
#include "base/thread.h"

#include <errno.h>

#include "base/clock.h"

int
thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *arg), void *arg)
{
	(void)name; /* pthread_setname_np of winpthreads raises an exception, for a debugger only */
	return -pthread_create(ret_thread, NULL, run, arg);
}

void
thread_cond_init(pthread_cond_t *cond)
{
	pthread_cond_init(cond, NULL);
}

int
thread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t until_ns)
{
	uint64_t now = clock_mono_ns(), span = until_ns > now ? until_ns - now : 0;
	struct timespec left = {
		.tv_sec = (time_t)(span / NS_PER_S),
		.tv_nsec = (long)(span % NS_PER_S),
	};
	int rc = pthread_cond_timedwait_relative_np(cond, lock, &left);

	/* it counts whole milliseconds, and may end the wait a moment before the time */
	return rc == ETIMEDOUT && clock_mono_ns() < until_ns && span >= NS_PER_MS ? 0 : rc;
}

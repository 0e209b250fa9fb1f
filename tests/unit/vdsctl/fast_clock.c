/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A library that a test loads before vdsctl (LD_PRELOAD), so that the test need not wait for a
 * limit of time: a poll for which nothing is ready ends at once, and the monotonic clock goes on by
 * the time that it would have waited.  At the end the sum of these times, in milliseconds, is
 * written to the file that $FAST_CLOCK names.  For a program with one thread.
 */
#undef _FORTIFY_SOURCE /* with it poll is an inline function of the header */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long waited_ms;

__attribute__((visibility("default"))) int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, ts);

	if (rc != 0 || clock != CLOCK_MONOTONIC)
		return rc;
	ts->tv_sec += (time_t)(waited_ms / 1000);
	ts->tv_nsec += (long)(waited_ms % 1000) * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_nsec -= 1000000000;
		ts->tv_sec++;
	}
	return 0;
}

__attribute__((visibility("default"))) int
poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct timespec now = { 0 };
	int rc = (int)syscall(SYS_ppoll, fds, count, &now, NULL, 0);

	if (rc == 0 && timeout_ms > 0)
		waited_ms += timeout_ms;
	return rc;
}

__attribute__((destructor)) static void
write_down(void)
{
	const char *path = getenv("FAST_CLOCK");
	FILE *file = path != NULL ? fopen(path, "w") : NULL;

	if (file == NULL)
		return;
	fprintf(file, "%lld\n", waited_ms);
	fclose(file);
}

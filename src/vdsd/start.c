/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ends a vdsd in time that waits for what may not come: a start that is to be given up, and the
 * stop of a gateway whose cluster does not answer.
 *
 * Answers SIGTERM and SIGINT while vdsd starts.  A start may wait for long: for a Ceph cluster that
 * does not answer, for the lease of a gateway that was killed.  Nothing of that can be interrupted,
 * and nothing need be: whatever a vdsd that is killed leaves behind, the next start finds and ends.
 * So a thread waits for the signal, gives the start a moment to end, since what has begun to serve
 * stops in order, and ends the process then.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "vdsd/vdsd_int.h"

#define GRACE_MS 1000
#define FLUSH_MS 200u

static void *
guard_main(void *arg)
{
	struct vdsd_start_guard *guard = arg;
	struct pollfd fds[] = { { .fd = guard->signal_fd, .events = POLLIN },
				{ .fd = guard->end_fd, .events = POLLIN } };
	struct signalfd_siginfo info;
	int rc;

	pthread_setname_np(pthread_self(), "start");
	do
		rc = poll(fds, 2, -1);
	while (rc < 0 && errno == EINTR);
	if (rc <= 0 || fds[1].revents != 0 ||
	    read(guard->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return NULL;
	guard->signal_number = (int)info.ssi_signo;
	vdsd_again_end(VDSD_OK);
	if (poll(&fds[1], 1, GRACE_MS) != 0)
		return NULL;
	log_info("vdsd.stop", "signal=%d while=starting", guard->signal_number);
	(void)log_flush(FLUSH_MS);
	_exit(VDSD_OK);
}

/* ---- the stop ---- */

struct limit {
	unsigned ms;
	enum vdsd_exit status;
};

static void *
limit_main(void *arg)
{
	struct limit *limit = arg;
	const struct timespec time = { .tv_sec = limit->ms / 1000,
				       .tv_nsec = (long)(limit->ms % 1000) * NS_PER_MS };

	pthread_setname_np(pthread_self(), "stop");
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL) == EINTR)
		;
	log_warning("vdsd.stop", "while=stopping limit_ms=%u reason=\"the stop takes too long\"",
		    limit->ms);
	(void)log_flush(FLUSH_MS);
	_exit(limit->status);
}

void
vdsd_stop_within(unsigned ms, enum vdsd_exit status)
{
	struct limit *limit = mem_alloc(sizeof(*limit));
	pthread_t thread;

	if (limit == NULL)
		return;
	*limit = (struct limit){ ms, status };
	if (pthread_create(&thread, NULL, limit_main, limit) == 0)
		pthread_detach(thread);
	else
		mem_free(limit);
}

/* ---- the start ---- */

int
vdsd_start_guard(struct vdsd_start_guard *guard)
{
	sigset_t signals;
	int error;

	memset(guard, 0, sizeof(*guard));
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	guard->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	guard->end_fd = eventfd(0, EFD_CLOEXEC);
	error = guard->signal_fd < 0 || guard->end_fd < 0
			? errno
			: pthread_create(&guard->thread, NULL, guard_main, guard);
	guard->runs = error == 0;
	if (error != 0)
		(void)vdsd_start_end(guard);
	return error == 0 ? 0 : err_set(-error, "cannot wait for signals: %s", strerror(error));
}

int
vdsd_start_end(struct vdsd_start_guard *guard)
{
	const uint64_t one = 1;

	if (guard->runs && write(guard->end_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(guard->thread, NULL);
	guard->runs = false;
	if (guard->signal_fd >= 0)
		close(guard->signal_fd);
	if (guard->end_fd >= 0)
		close(guard->end_fd);
	guard->signal_fd = guard->end_fd = -1;
	return guard->signal_number;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prepares the process for a daemon: signals, limits, secrecy.  Called by main before there are
 * other threads.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "blk/blk.h"
#include "vdsd/vdsd_int.h"

/* Raises the limit of descriptors: each session, LUN file and HTTP connection takes one. */
static void
limits_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warning("vdsd.limit", "what=descriptors error=\"%s\"", strerror(errno));
}

#define DESCRIPTORS_KEPT 64 /* for the API, the catalog, and to delete LUNs */
#define FILES_LEAST      16

/*
 * Half of the descriptors are for sessions (target.c); the files of LUNs in use get the rest, but
 * for those that management must find free.
 */
static void
files_limit(void)
{
	struct rlimit limit;
	rlim_t half;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return;
	half = limit.rlim_cur / 2;
	blk_file_set_limit(half > DESCRIPTORS_KEPT + FILES_LEAST
				   ? (unsigned)MIN(half - DESCRIPTORS_KEPT, (rlim_t)UINT_MAX)
				   : FILES_LEAST);
}

int
vdsd_process_prepare(sigset_t *ret_signals)
{
	sigset_t signals;
	int error;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	error = pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (error != 0)
		return -error;
	signal(SIGPIPE, SIG_IGN);
	/* a core file or a debugger would show secrets */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_set(-errno,
			       "the system does not let vdsd keep its secrets out of core files "
			       "(prctl, PR_SET_DUMPABLE): %s",
			       strerror(errno));
	umask(077);
	limits_raise();
	files_limit();
	*ret_signals = signals;
	return 0;
}

int
vdsd_wait(const sigset_t *signals, uint64_t until_ns)
{
	for (;;) {
		uint64_t now_ns = clock_mono_ns(),
			 left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
		const struct timespec left = { .tv_sec = (time_t)(left_ns / NS_PER_S),
					       .tv_nsec = (long)(left_ns % NS_PER_S) };
		int signal_number = sigtimedwait(signals, NULL, until_ns != 0 ? &left : NULL);

		if (signal_number > 0)
			return signal_number;
		if (errno == EAGAIN)
			return 0;
	}
}

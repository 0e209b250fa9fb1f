/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Begins vdsd anew in the place of a gateway that others have fenced (docs/design/gateways.md):
 * nothing of what the process knew may be answered any more, and its client of the cluster stays
 * refused.  Under a service manager the process ends, and is started again; otherwise it executes
 * itself.  One that is to end, by a signal or since it could not start, only ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/close_range.h>
#include <sys/syscall.h>

#include "base/log.h"
#include "vdsd/vdsd_int.h"

#define AGAIN    "VDSD_AGAIN" /* in the environment of a vdsd that has executed itself */
#define FLUSH_MS 200u         /* for the line that says why; answers are stopped already */

#define GOES_ON (-1)

static char **again_argv;
static atomic_int ends_with = GOES_ON; /* enum vdsd_exit: the process ends anyway */

void
vdsd_again_prepare(char **argv, struct vdsd_options *options)
{
	again_argv = argv;
	/* it was written and closed the first time; now it may be anything */
	if (getenv(AGAIN) != NULL)
		options->ready_fd = -1;
}

/* What another thread opens without O_CLOEXEC at this moment is closed, too. */
static void
descriptors_close_on_exec(void)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		return;
#endif
	for (int fd = 3; fd < 65536; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void
vdsd_again_end(enum vdsd_exit status)
{
	atomic_store(&ends_with, (int)status);
}

void
vdsd_again(void *arg, const char *reason)
{
	int status = atomic_load(&ends_with);

	(void)arg;
	if (status != GOES_ON) {
		log_warning("vdsd.stop", "while=stopping reason=\"%s\"", reason);
		(void)log_flush(FLUSH_MS);
		_exit(status);
	}
	log_error("vdsd.again", "reason=\"%s\" how=%s", reason,
		  getenv("NOTIFY_SOCKET") != NULL ? "exit" : "execute");
	(void)log_flush(FLUSH_MS);
	if (getenv("NOTIFY_SOCKET") != NULL)
		_exit(VDSD_FAILED);
	setenv(AGAIN, "1", 1);
	descriptors_close_on_exec();
	execv("/proc/self/exe", again_argv);
	_exit(VDSD_FAILED);
}

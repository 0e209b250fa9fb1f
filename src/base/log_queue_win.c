/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log without a writer thread: on Windows only the library is built, which never calls
 * log_start, so each line is written by the thread that logs it.  Any thread.
 */
#include <errno.h>

#include "base/log_int.h"

int
log_start(void)
{
	return -ENOTSUP; /* the caller goes on: its threads write their lines themselves */
}

void
log_stop(void)
{
}

int
log_flush(unsigned timeout_ms)
{
	(void)timeout_ms;
	return 0; /* nothing is ever queued */
}

bool
log_queue_put(const char *line, size_t len)
{
	(void)line;
	(void)len;
	return false;
}

void
log_queue_wake(void)
{
}

uint64_t
log_queue_dropped(void)
{
	return 0;
}

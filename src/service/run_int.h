/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs programs.  Private to run.c, probe.c and initiator.c. */
#ifndef VDS_SERVICE_RUN_INT_H
#define VDS_SERVICE_RUN_INT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Runs a program and waits for its end.  argv: the program's path and its arguments, ended by NULL.
 * text: gets what the program writes to standard output (and to standard error, when errors_too),
 * cut to size bytes with the NUL.
 *
 * Returns the exit status; ERR_TIMEOUT (the program was ended, with all that it started); -ECHILD
 * (this process ignores SIGCHLD: the exit status is not known); -ECANCELED (a signal has ended the
 * program); -errno (it could not be started).
 */
int service_run(const char *const argv[], unsigned timeout_ms, bool errors_too, char *text,
		size_t size);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the log share: log.c formats, log_queue.c writes, log_limit.c counts. */
#ifndef VDS_BASE_LOG_INT_H
#define VDS_BASE_LOG_INT_H

#include "base/log.h"

#define LOG_LINE_SIZE 2048

/* --- log_queue.c --- */

#define LOG_QUEUE_LINES 512u /* a power of two */

/*
 * Hand a line (with its line break, at most LOG_LINE_SIZE bytes) to the writer thread.  Never
 * blocks.  Returns false when there is no writer thread: then the caller writes the line itself.
 */
bool log_queue_put(const char *line, size_t len);
/* Have the writer thread look at the limits, because a line was suppressed. */
void log_queue_wake(void);
/* Lines that found the queue full since log_start. */
uint64_t log_queue_dropped(void);

/* --- log_limit.c --- */

/* Lines of one event, from one source or ("" = all sources) from all, that were not written. */
struct log_suppressed {
	const char *event;
	char source[LOG_SOURCE_SIZE];
	unsigned lines;
};

#define LOG_LIMIT_REPORTS 3u /* that one call can give */

/*
 * May a line of this event from this source be written at now_ns (monotonic)?  *ret_count of
 * ret_reports (room for LOG_LIMIT_REPORTS) say what was suppressed in periods that have ended: the
 * caller logs them, since no lock is held then.
 */
bool log_limit_take(const char *event, const char *source, uint64_t now_ns,
		    struct log_suppressed *ret_reports, unsigned *ret_count);
/* One report of a period that has ended by now_ns.  False: there is none (now). */
bool log_limit_report(uint64_t now_ns, struct log_suppressed *ret_report);
/* Are there suppressed lines that were not reported yet? */
bool log_limit_pending(void);
/* Forget everything: for tests. */
void log_limit_reset(void);

/* --- log.c --- */

void log_suppressed_write(const struct log_suppressed *report);

#endif

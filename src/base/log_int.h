/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the log share: log.c formats, log_queue.c writes, log_limit.c
 * and log_strict.c count.
 */
#ifndef VDS_BASE_LOG_INT_H
#define VDS_BASE_LOG_INT_H

#include "base/log.h"

#define LOG_LINE_SIZE 2048

/* --- log_queue.c --- */

#define LOG_QUEUE_LINES 512u /* a power of two */

/*
 * Hands a line (with its line break, at most LOG_LINE_SIZE bytes) to the writer thread.  Never
 * blocks.  Returns false when there is no writer thread: then the caller writes the line itself.
 */
bool log_queue_put(const char *line, size_t len);
/* Makes the writer thread look at the limits, because a line was suppressed. */
void log_queue_wake(void);
/* Returns how many lines were lost since log_start because the queue was full. */
uint64_t log_queue_dropped(void);

/* --- log_limit.c --- */

/*
 * Lines of one event that were not written: those of one source, or of all sources (source is "").
 */
struct log_suppressed {
	const char *event;
	char source[LOG_SOURCE_SIZE];
	unsigned lines;
};

#define LOG_LIMIT_REPORTS 3u /* reports that one call of log_limit_take can return */

/*
 * Returns true when a line of this event from this source may be written at now_ns (monotonic).
 * Writes to ret_reports (room for LOG_LIMIT_REPORTS) how many lines were suppressed in periods that
 * have ended, and to *ret_count the number of these reports; the caller logs them, because no lock
 * is held then.
 */
bool log_limit_take(const char *event, const char *source, uint64_t now_ns,
		    struct log_suppressed *ret_reports, unsigned *ret_count);
/* Writes one report of a period that has ended by now_ns. Returns false when there is none. */
bool log_limit_report(uint64_t now_ns, struct log_suppressed *ret_report);
/* Returns true when there are suppressed lines that were not reported yet. */
bool log_limit_pending(void);
/* Forgets everything: for tests. */
void log_limit_reset(void);

/* --- log_strict.c --- */

/* A line of an event that is limited strictly. */
struct log_strict_line {
	const char *event;
	enum log_level level;
	unsigned suppressed; /* events without a line, since the line before */
	char text[LOG_STRICT_TEXT_SIZE];
};

/*
 * Takes an event (log_strict).  Returns true when *ret_line is to be written now, which is this
 * event or the one that has waited.
 */
bool log_strict_take(struct log_strict *strict, enum log_level level, const char *source,
		     const char *text, uint64_t now_ns, struct log_strict_line *ret_line);
/* Takes a line that has waited and whose time has come.  Returns false when there is none. */
bool log_strict_due(uint64_t now_ns, struct log_strict_line *ret_line);
/* Returns true when a line of any event waits. */
bool log_strict_waits(void);
/* Forgets everything: for tests. */
void log_strict_reset(void);

/* --- log.c --- */

/* Writes a line of an event that is limited strictly. */
void log_strict_write(const struct log_strict_line *line);

/* Logs a line "log.suppressed" for a report. */
void log_suppressed_write(const struct log_suppressed *report);

#endif

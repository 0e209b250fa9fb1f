/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log: one line for each event, with `key=value` pairs, to standard error.  When standard error
 * is the systemd journal, a line begins with its priority (`<4>`) instead of a time, since the
 * journal adds the time.  Text from a peer goes through log_quote.  Secrets are never logged.
 *
 * Any thread may call any function here.  A program that has called log_start never waits for the
 * reader of its log: a line is put into a bounded queue, one thread writes the queue, and lines for
 * which the queue has no room are counted and reported in one line later.  Without log_start each
 * line is one write(2) by the caller.
 */
#ifndef VDS_BASE_LOG_H
#define VDS_BASE_LOG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/format.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * Logs one event.  event: a name such as "session.login", a string constant; fmt gives the
 * key=value pairs.  Line breaks in the pairs become spaces, and a line longer than 2 KiB is cut.
 */
void log_event(enum log_level level, const char *event, const char *fmt, ...) FORMAT_ARGS(3, 4);

#define log_error(event, ...)   log_event(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warning(event, ...) log_event(LOG_LEVEL_WARNING, event, __VA_ARGS__)
#define log_info(event, ...)    log_event(LOG_LEVEL_INFO, event, __VA_ARGS__)

#define LOG_LIMIT_SECONDS     10u
#define LOG_LIMIT_LINES       5u   /* lines of one event from one source in LOG_LIMIT_SECONDS */
#define LOG_LIMIT_EVENT_LINES 100u /* lines of one event from all sources in LOG_LIMIT_SECONDS */
#define LOG_SOURCE_SIZE       64u

/*
 * Logs one event that something outside this program can cause at will.  source: who caused it, for
 * example a peer's address or a LUN's id; only its first LOG_SOURCE_SIZE - 1 bytes count.  Lines
 * beyond the limits above are not written; a line `log.suppressed` says afterwards how many there
 * were.
 */
void log_event_from(enum log_level level, const char *source, const char *event, const char *fmt,
		    ...) FORMAT_ARGS(4, 5);

#define log_error_from(source, event, ...) \
	log_event_from(LOG_LEVEL_ERROR, source, event, __VA_ARGS__)
#define log_warning_from(source, event, ...) \
	log_event_from(LOG_LEVEL_WARNING, source, event, __VA_ARGS__)
#define log_info_from(source, event, ...) log_event_from(LOG_LEVEL_INFO, source, event, __VA_ARGS__)

/*
 * An event that strangers cause at will and in any number, of which the log has at most one line in
 * LOG_STRICT_NS from all sources together.  Each event is one static object:
 * LOG_STRICT(refused, "login.refused"); log_strict(&refused, LOG_LEVEL_WARNING, peer, "cause=%s",
 * …);
 */
#define LOG_STRICT_NS        1000000000u
#define LOG_STRICT_TEXT_SIZE 1536u

struct log_strict {
	const char *event;
	pthread_mutex_t lock;
	uint64_t
		next_ns; /* when the next line may be written (monotonic); lock, as are all below */
	char last[LOG_SOURCE_SIZE]; /* the source of the line written last */
	bool waits;                 /* a line waits for its time: */
	enum log_level level;
	char source[LOG_SOURCE_SIZE], text[LOG_STRICT_TEXT_SIZE];
	unsigned suppressed; /* that were not written since the last line, and do not wait */
	struct log_strict *next;
};

void log_strict_register(struct log_strict *strict);
/*
 * Logs the event at once, or after the time in which another line of the event may not follow.  Of
 * lines that come too early only one waits: the first, or the first from another source than the
 * line before, so that a flood from one source hides no other.  The pair suppressed=N at the end of
 * a line says how many events have no line of their own since the line before.  A line that waits
 * is written by the writer thread (log_start), or by the next call.  source: as for log_event_from.
 * Any thread.
 */
void log_strict(struct log_strict *strict, enum log_level level, const char *source,
		const char *fmt, ...) FORMAT_ARGS(4, 5);

#define LOG_STRICT(var, event_name)                                                                \
	static struct log_strict var = { .event = event_name, .lock = PTHREAD_MUTEX_INITIALIZER }; \
	__attribute__((constructor)) static void var##_register(void)                              \
	{                                                                                          \
		log_strict_register(&var);                                                         \
	}                                                                                          \
	struct log_strict

/*
 * Writes `s` to buf in double quotes, with ", \ and control characters escaped, and cut to fit in
 * size bytes.  Returns buf.
 */
char *log_quote(const char *s, char *buf, size_t size);

/* --- who writes --- */

/*
 * Starts a thread that writes the lines from now on.  Called once, before the program has other
 * threads that log.  Returns 0 or -errno; after a failure callers go on writing their lines
 * themselves.
 */
int log_start(void);
/*
 * Writes out what is queued, waiting at most one second for a reader that does not read, and ends
 * the thread.  After this callers write their lines themselves.  Harmless without log_start.
 */
void log_stop(void);
/*
 * Waits until every line logged before this call is written, at most timeout_ms.  Returns 0 or
 * ERR_TIMEOUT.
 */
int log_flush(unsigned timeout_ms);
/*
 * Looks again whether standard error is the journal (the environment variable JOURNAL_STREAM names
 * its inode).
 */
void log_detect_journal(void);

/* --- what is written --- */

/*
 * Sets the level: less important lines are not written.  LOG_LEVEL_INFO at the start.  Debug lines
 * are written when their area is on, whatever the level.
 */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/*
 * Writes no line at all (true), or writes lines again (false). The library starts muted and writes
 * only when its program asks for lines.
 */
void log_mute(bool mute);
/* Returns the name of a level: "error", "warning", "info" or "debug". */
const char *log_level_name(enum log_level level);
/* Finds a level by its name. Returns 0, or ERR_PARSE (no level has this name). */
int log_level_parse(const char *name, enum log_level *ret_level);

/*
 * A debug area, whose lines can be switched on at run time.  Each area is one static object:
 * LOG_AREA(pdu, "iscsi.pdu"); log_debug(&pdu, "rx", "op=%u", op); A line of an area that is off
 * costs one branch.
 */
struct log_area {
	const char *name;
	atomic_bool on;
	struct log_area *next;
};

void log_area_register(struct log_area *area);
/*
 * Switches areas on or off by name: "iscsi.pdu", "iscsi" (all below that name) or "all".  Returns
 * the number of areas with such a name, or ERR_NOT_FOUND (there are none).
 */
int log_area_enable(const char *name);
int log_area_disable(const char *name);
/*
 * Returns the area after `before`, in no particular order: the first one when before is NULL, NULL
 * after the last one.
 */
const struct log_area *log_area_next(const struct log_area *before);

#define LOG_AREA(var, area_name)                                      \
	static struct log_area var = { .name = area_name };           \
	__attribute__((constructor)) static void var##_register(void) \
	{                                                             \
		log_area_register(&var);                              \
	}                                                             \
	struct log_area

#define log_debug(area, event, ...)                                                           \
	do {                                                                                  \
		if (__builtin_expect(atomic_load_explicit(&(area)->on, memory_order_relaxed), \
				     false))                                                  \
			log_event(LOG_LEVEL_DEBUG, event, __VA_ARGS__);                       \
	} while (0)

#endif

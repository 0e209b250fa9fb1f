/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log: one line per event, `key=value` pairs, to stderr (journald adds the rest).  Untrusted
 * text goes through log_quote.  Secrets never.  Debug areas are switched on by name (-D iscsi.pdu);
 * an area that is off costs one branch. Any thread; a line is one write.
 */
#ifndef VDS_BASE_LOG_H
#define VDS_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * event: "session.login"; fmt gives the key=value pairs.  A timestamp and the level are put before
 * them.
 */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(event, ...)   log_event(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warning(event, ...) log_event(LOG_LEVEL_WARNING, event, __VA_ARGS__)
#define log_info(event, ...)    log_event(LOG_LEVEL_INFO, event, __VA_ARGS__)

/*
 * A debug area, one static object for each: LOG_AREA(pdu, "iscsi.pdu"); log_debug(&pdu, "rx",
 * "op=%u", op);
 */
struct log_area {
	const char *name;
	bool on;
	struct log_area *next;
};

void log_area_register(struct log_area *area);
/*
 * "iscsi.pdu", "iscsi" (all below it) or "all".  Number of areas switched on; ERR_NOT_FOUND for
 * none.
 */
int log_area_enable(const char *name);

#define LOG_AREA(var, area_name)                                      \
	static struct log_area var = { .name = area_name };           \
	__attribute__((constructor)) static void var##_register(void) \
	{                                                             \
		log_area_register(&var);                              \
	}                                                             \
	struct log_area

#define log_debug(area, event, ...)                                                          \
	do {                                                                                 \
		if (__builtin_expect(__atomic_load_n(&(area)->on, __ATOMIC_RELAXED), false)) \
			log_event(LOG_LEVEL_DEBUG, event, __VA_ARGS__);                      \
	} while (0)

/* `s` in double quotes, with ", \ and control characters escaped, cut to fit; returns buf. */
char *log_quote(const char *s, char *buf, size_t size);

/* Lines above this level are dropped; LOG_LEVEL_INFO at the start. */
void log_set_level(enum log_level level);

#endif

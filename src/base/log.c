/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats the lines of the log, and keeps the level and the debug areas.  Called by any thread.
 * log_queue.c writes the lines; log_limit.c and log_strict.c
 * limit the lines that peers can cause.
 */
#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log_int.h"
#include "base/mem.h"
#include "base/utf_int.h"

/* By enum log_level; the number is syslog's, which the journal reads. */
static const struct {
	const char *name;
	int priority;
} levels[] = { { "error", 3 }, { "warning", 4 }, { "info", 6 }, { "debug", 7 } };

static _Atomic(enum log_level) level_max = LOG_LEVEL_INFO;
static atomic_bool muted;
/* Filled by constructors, before there are threads; after that only `on` changes. */
static struct log_area *areas;

/* --- where standard error leads --- */

enum stderr_kind { STDERR_UNKNOWN, STDERR_PLAIN, STDERR_JOURNAL };

static atomic_int stderr_kind = STDERR_UNKNOWN;

/*
 * systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream that systemd gave to the service.
 */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;
	char *end;

	if (stream == NULL || fstat(STDERR_FILENO, &st) < 0)
		return false;
	device = strtoumax(stream, &end, 10);
	if (end == stream || *end != ':')
		return false;
	inode = strtoumax(end + 1, &end, 10);
	return *end == '\0' && device == (uintmax_t)st.st_dev && inode == (uintmax_t)st.st_ino;
}

void
log_detect_journal(void)
{
	atomic_store(&stderr_kind, stderr_is_journal() ? STDERR_JOURNAL : STDERR_PLAIN);
}

/* --- levels --- */

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&level_max, level, memory_order_relaxed);
}

void
log_mute(bool mute)
{
	atomic_store_explicit(&muted, mute, memory_order_relaxed);
}

enum log_level
log_get_level(void)
{
	return atomic_load_explicit(&level_max, memory_order_relaxed);
}

const char *
log_level_name(enum log_level level)
{
	return levels[level].name;
}

int
log_level_parse(const char *name, enum log_level *ret_level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (strcmp(levels[i].name, name) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	return err_set(ERR_PARSE, "'%s' is no log level: use error, warning, info or debug", name);
}

/* A debug line comes only from an area that is switched on: that is its own permission. */
static bool
level_wanted(enum log_level level)
{
	if (atomic_load_explicit(&muted, memory_order_relaxed))
		return false;
	return level == LOG_LEVEL_DEBUG || level <= log_get_level();
}

/* --- lines --- */

/*
 * Where the text ends when snprintf wanted `wanted` more bytes at `len`; one byte is kept for the
 * line break.
 */
static size_t
line_end(size_t len, int wanted)
{
	size_t end = len + (wanted > 0 ? (size_t)wanted : 0);

	return end < LOG_LINE_SIZE - 1 ? end : LOG_LINE_SIZE - 2;
}

static size_t
line_begin(char line[LOG_LINE_SIZE], enum log_level level, const char *event)
{
	char when[CLOCK_TEXT_SIZE];

	if (atomic_load(&stderr_kind) == STDERR_UNKNOWN)
		log_detect_journal();
	if (atomic_load(&stderr_kind) == STDERR_JOURNAL)
		return line_end(0, snprintf(line, LOG_LINE_SIZE - 1, "<%d>%s %s ",
					    levels[level].priority, levels[level].name, event));
	clock_format_utc(clock_utc_ms(), when);
	return line_end(
		0, snprintf(line, LOG_LINE_SIZE - 1, "%s %s %s ", when, levels[level].name, event));
}

static void FORMAT_ARGS(3, 0)
	line_write(enum log_level level, const char *event, const char *fmt, va_list args)
{
	char line[LOG_LINE_SIZE];
	size_t len = line_begin(line, level, event);

	len = line_end(len, vsnprintf(line + len, sizeof(line) - 1 - len, fmt, args));
	for (size_t i = 0; i < len; i++)
		if (line[i] == '\n' || line[i] == '\r')
			line[i] = ' ';
	while (len > 0 && line[len - 1] == ' ')
		len--;
	line[len++] = '\n';
	if (!log_queue_put(line, len)) {
		ssize_t done = write(STDERR_FILENO, line, len);

		(void)done; /* there is nowhere to report a failure */
	}
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	va_list args;

	if (!level_wanted(level))
		return;
	va_start(args, fmt);
	line_write(level, event, fmt, args);
	va_end(args);
}

void
log_suppressed_write(const struct log_suppressed *report)
{
	char source[2 * LOG_SOURCE_SIZE];

	if (report->source[0] == '\0')
		log_warning("log.suppressed", "event=%s source=all lines=%u seconds=%u",
			    report->event, report->lines, LOG_LIMIT_SECONDS);
	else
		log_warning("log.suppressed", "event=%s source=%s lines=%u seconds=%u",
			    report->event, log_quote(report->source, source, sizeof(source)),
			    report->lines, LOG_LIMIT_SECONDS);
}

void
log_event_from(enum log_level level, const char *source, const char *event, const char *fmt, ...)
{
	struct log_suppressed reports[LOG_LIMIT_REPORTS];
	unsigned count = 0;
	va_list args;

	if (!level_wanted(level))
		return;
	bool wanted = log_limit_take(event, source, clock_mono_ns(), reports, &count);

	for (unsigned i = 0; i < count; i++)
		log_suppressed_write(&reports[i]);
	if (!wanted) {
		log_queue_wake();
		return;
	}
	va_start(args, fmt);
	line_write(level, event, fmt, args);
	va_end(args);
}

void
log_strict_write(const struct log_strict_line *line)
{
	if (line->suppressed > 0)
		log_event(line->level, line->event, "%s suppressed=%u", line->text,
			  line->suppressed);
	else
		log_event(line->level, line->event, "%s", line->text);
}

void
log_strict(struct log_strict *strict, enum log_level level, const char *source, const char *fmt,
	   ...)
{
	char text[LOG_STRICT_TEXT_SIZE];
	struct log_strict_line line;
	va_list args;

	if (!level_wanted(level))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (log_strict_take(strict, level, source, text, clock_mono_ns(), &line))
		log_strict_write(&line);
	if (log_strict_waits())
		log_queue_wake();
}

/* --- areas --- */

void
log_area_register(struct log_area *area)
{
	area->next = areas;
	areas = area;
}

/* Is the area `name` itself, or below it? */
static bool
area_matches(const struct log_area *area, const char *name)
{
	size_t len = strlen(name);

	if (strcmp(name, "all") == 0)
		return true;
	return strncmp(area->name, name, len) == 0 &&
	       (area->name[len] == '\0' || area->name[len] == '.');
}

static int
area_switch(const char *name, bool on)
{
	int count = 0;

	for (struct log_area *area = areas; area != NULL; area = area->next) {
		if (area_matches(area, name)) {
			atomic_store_explicit(&area->on, on, memory_order_relaxed);
			count++;
		}
	}
	return count > 0 ? count : err_set(ERR_NOT_FOUND, "there is no debug area '%s'", name);
}

int
log_area_enable(const char *name)
{
	return area_switch(name, true);
}

int
log_area_disable(const char *name)
{
	return area_switch(name, false);
}

const struct log_area *
log_area_next(const struct log_area *before)
{
	return before == NULL ? areas : before->next;
}

/* --- untrusted text --- */

/* The bytes at `s` as they go between quotes, into `out`; how many of `s` they stand for. */
static size_t
escape_one(const char *s, size_t left, char out[8])
{
	uint32_t point = 0;
	size_t took = utf8_decode(s, left, &point);

	if (took == 0 || point < 0x20 || (point >= 0x7f && point <= 0x9f)) {
		snprintf(out, 8, "\\x%02x", (unsigned)(uint8_t)s[0]);
		return 1;
	}
	if (point == '"' || point == '\\') {
		out[0] = '\\';
		out[1] = (char)point;
		out[2] = '\0';
		return 1;
	}
	memcpy(out, s, took);
	out[took] = '\0';
	return took;
}

char *
log_quote(const char *s, char *buf, size_t size)
{
	size_t left = s != NULL ? strlen(s) : 0, len = 0;

	if (size < 3) {
		if (size > 0)
			buf[0] = '\0';
		return buf;
	}
	buf[len++] = '"';
	while (left > 0) {
		char piece[8];
		size_t took = escape_one(s, left, piece), piece_len = strlen(piece);

		if (len + piece_len + 2 > size)
			break;
		memcpy(buf + len, piece, piece_len);
		len += piece_len;
		s += took;
		left -= took;
	}
	buf[len++] = '"';
	buf[len] = '\0';
	return buf;
}

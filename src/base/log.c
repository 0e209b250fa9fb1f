/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line per event to stderr, each with a single write so that lines of several threads do not
 * mix.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/utf_int.h"

#define LINE_SIZE 2048

static enum log_level level_max = LOG_LEVEL_INFO;
/* Filled by constructors, before there are threads; after that only `on` changes. */
static struct log_area *areas;

void
log_set_level(enum log_level level)
{
	__atomic_store_n(&level_max, level, __ATOMIC_RELAXED);
}

/*
 * Where the text now ends when snprintf wanted `wanted` more bytes at `len`; one byte is kept for
 * the newline.
 */
static size_t
line_end(size_t len, int wanted)
{
	size_t end = len + (wanted > 0 ? (size_t)wanted : 0);

	return end < LINE_SIZE - 1 ? end : LINE_SIZE - 2;
}

static void
line_write(const char *line, size_t len)
{
	ssize_t done = write(STDERR_FILENO, line, len);

	(void)done; /* there is nowhere to tell it */
}

/* A debug line comes only from an area that is switched on: that is its own permission. */
static bool
level_wanted(enum log_level level)
{
	return level == LOG_LEVEL_DEBUG || level <= __atomic_load_n(&level_max, __ATOMIC_RELAXED);
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char line[LINE_SIZE], when[CLOCK_TEXT_SIZE];
	va_list args;
	size_t len;

	if (!level_wanted(level))
		return;
	clock_format_utc(clock_utc_ms(), when);
	len = line_end(0, snprintf(line, sizeof(line) - 1, "%s %s %s ", when, names[level], event));
	va_start(args, fmt);
	len = line_end(len, vsnprintf(line + len, sizeof(line) - 1 - len, fmt, args));
	va_end(args);
	for (size_t i = 0; i < len; i++)
		if (line[i] == '\n' || line[i] == '\r')
			line[i] = ' ';
	while (len > 0 && line[len - 1] == ' ')
		len--;
	line[len++] = '\n';
	line_write(line, len);
}

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

int
log_area_enable(const char *name)
{
	int count = 0;

	for (struct log_area *area = areas; area != NULL; area = area->next) {
		if (area_matches(area, name)) {
			__atomic_store_n(&area->on, true, __ATOMIC_RELAXED);
			count++;
		}
	}
	return count > 0 ? count : err_set(ERR_NOT_FOUND, "there is no debug area '%s'", name);
}

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

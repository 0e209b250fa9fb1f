/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events of which the log has at most one line in LOG_STRICT_NS, whoever causes them.  A line that
 * comes too early waits for its time, and the last line after a flood says how many were left out.
 *
 *	nothing waits, the time has come  -->  written at once
 *	nothing waits, too early          -->  waits
 *	one waits, the time has come      -->  that one is written, and the new one waits
 *	one waits, too early              -->  the new one is counted only; or it takes the place of
 *	                                       the other, whose source had the line before
 *
 * Any thread.  Called by log.c, and by log_queue.c for lines that wait.  An event's lock is held
 * for the copying of a line, never over a write.
 */
#include <stdio.h>
#include <string.h>

#include "base/log_int.h"
#include "base/mem.h"

static struct log_strict *events; /* registered before main */
static atomic_uint waiting;       /* events with a line that waits */

void
log_strict_register(struct log_strict *strict)
{
	strict->next = events;
	events = strict;
}

static void
copy_source(char to[LOG_SOURCE_SIZE], const char *source)
{
	size_t len = strnlen(source, LOG_SOURCE_SIZE - 1);

	memcpy(to, source, len);
	to[len] = '\0';
}

/* The caller holds the lock, as for all functions below up to log_strict_take. */
static void
wait_with(struct log_strict *strict, enum log_level level, const char *source, const char *text)
{
	size_t len = strnlen(text, sizeof(strict->text) - 1);

	if (!strict->waits)
		atomic_fetch_add(&waiting, 1);
	strict->waits = true;
	strict->level = level;
	copy_source(strict->source, source);
	memcpy(strict->text, text, len);
	strict->text[len] = '\0';
}

static void
write_waiting(struct log_strict *strict, uint64_t now_ns, struct log_strict_line *ret_line)
{
	memcpy(ret_line->text, strict->text, sizeof(ret_line->text));
	ret_line->event = strict->event;
	ret_line->level = strict->level;
	ret_line->suppressed = strict->suppressed;
	memcpy(strict->last, strict->source, sizeof(strict->last));
	strict->waits = false;
	strict->suppressed = 0;
	strict->next_ns = now_ns + LOG_STRICT_NS;
	atomic_fetch_sub(&waiting, 1);
}

static bool
gives_way(const struct log_strict *strict, const char source[LOG_SOURCE_SIZE])
{
	return strcmp(strict->source, strict->last) == 0 && strcmp(source, strict->last) != 0;
}

static bool
take(struct log_strict *strict, enum log_level level, const char *source, const char *text,
     uint64_t now_ns, struct log_strict_line *ret_line)
{
	bool due = now_ns >= strict->next_ns;

	if (!due && strict->waits) {
		strict->suppressed++;
		if (gives_way(strict, source))
			wait_with(strict, level, source, text);
		return false;
	}
	if (due && strict->waits) {
		write_waiting(strict, now_ns, ret_line);
		wait_with(strict, level, source, text);
		return true;
	}
	wait_with(strict, level, source, text);
	if (due)
		write_waiting(strict, now_ns, ret_line);
	return due;
}

bool
log_strict_take(struct log_strict *strict, enum log_level level, const char *source,
		const char *text, uint64_t now_ns, struct log_strict_line *ret_line)
{
	char key[LOG_SOURCE_SIZE];
	bool wanted;

	copy_source(key, source);
	pthread_mutex_lock(&strict->lock);
	wanted = take(strict, level, key, text, now_ns, ret_line);
	pthread_mutex_unlock(&strict->lock);
	return wanted;
}

bool
log_strict_due(uint64_t now_ns, struct log_strict_line *ret_line)
{
	bool due = false;

	for (struct log_strict *one = events; one != NULL && !due && log_strict_waits();
	     one = one->next) {
		pthread_mutex_lock(&one->lock);
		due = one->waits && now_ns >= one->next_ns;
		if (due)
			write_waiting(one, now_ns, ret_line);
		pthread_mutex_unlock(&one->lock);
	}
	return due;
}

bool
log_strict_waits(void)
{
	return atomic_load(&waiting) > 0;
}

void
log_strict_reset(void)
{
	for (struct log_strict *one = events; one != NULL; one = one->next) {
		pthread_mutex_lock(&one->lock);
		one->next_ns = 0;
		one->last[0] = '\0';
		one->waits = false;
		one->suppressed = 0;
		pthread_mutex_unlock(&one->lock);
	}
	atomic_store(&waiting, 0);
}

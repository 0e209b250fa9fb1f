/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time: the monotonic clock for timers, and UTC for display.  The order of changes is given by
 * their sequence, never by a time.  Any thread.
 */
#ifndef VDS_BASE_CLOCK_H
#define VDS_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

static inline uint64_t
clock_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/*
 * Returns the same time some milliseconds coarse, at a tenth of the price; on Windows, which has no
 * such clock of the same beginning, the exact time.
 */
static inline uint64_t
clock_mono_coarse_ns(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
#else
	return clock_mono_ns();
#endif
}

/* Returns the milliseconds since 1970, UTC. */
int64_t clock_utc_ms(void);
/* Returns the microseconds since 1970, UTC. */
int64_t clock_utc_us(void);
#define CLOCK_TEXT_SIZE 25 /* "2026-11-22T10:47:00.123Z" and its NUL */
/* Writes a time of clock_utc_ms as text; returns buf. */
char *clock_format_utc(int64_t utc_ms, char buf[CLOCK_TEXT_SIZE]);

#endif

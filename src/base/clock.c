/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTC for display; the monotonic clock is inline in clock.h. Any thread. */
#include "base/clock.h"

#include <stdio.h>

#include "base/mem.h"

int64_t
clock_utc_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_utc_ms(void)
{
	return clock_utc_us() / 1000;
}

/*
 * Outside the years 0000-9999 the text would not fit its form: such times are shown as the nearest
 * that does.
 */
#define YEAR_0000_MS (-62167219200000)
#define YEAR_9999_MS 253402300799999

char *
clock_format_utc(int64_t utc_ms, char buf[CLOCK_TEXT_SIZE])
{
	int64_t ms = MIN(MAX(utc_ms, YEAR_0000_MS), YEAR_9999_MS);
	int64_t rest = ((ms % 1000) + 1000) % 1000;
	time_t s = (ms - rest) / 1000;
	struct tm tm;
	size_t len;

	gmtime_r(&s, &tm);
	snprintf(buf, CLOCK_TEXT_SIZE, "%04u", (unsigned)(tm.tm_year + 1900) % 10000u);
	len = strftime(buf + 4, CLOCK_TEXT_SIZE - 4, "-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + 4 + len, CLOCK_TEXT_SIZE - 4 - len, ".%03uZ", (unsigned)rest % 1000u);
	return buf;
}

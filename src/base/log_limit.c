/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many lines of an event each source may have written: LOG_LIMIT_LINES in LOG_LIMIT_SECONDS,
 * and LOG_LIMIT_EVENT_LINES from all sources together, so that a peer with many addresses gains
 * nothing.  A report of suppressed lines is one of the lines of the period that follows, so that
 * the two kinds together stay below the limit, however long it goes on.
 *
 * Any thread.  The table has a fixed size; its lock is held for a few comparisons and never over a
 * write or an allocation.  Called by log.c, and by log_queue.c for reports, only for rare events
 * (logins, refusals, failures) and never for commands of the steady data path.
 */
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/log_int.h"
#include "base/mem.h"

#define BUCKETS 256u /* for events from one source; a power of two */
#define EVENTS \
	64u /* for events from all sources, which have a table of their own: peers cannot push them out */
#define PROBES 8u

/* One event from one source, or (source "") from all of them. */
struct bucket {
	const char *event; /* NULL = unused */
	char source[LOG_SOURCE_SIZE];
	uint64_t begin_ns; /* of the present period */
	unsigned lines;    /* written in this period */
	unsigned suppressed;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct bucket buckets[BUCKETS + EVENTS]; /* lock; the events' behind the sources' */
static atomic_uint pending; /* buckets with suppressed lines; changed under the lock */

static uint32_t
hash(const char *event, const char *source)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *event != '\0'; event++)
		h = (h ^ (uint8_t)*event) * 16777619u;
	for (; *source != '\0'; source++)
		h = (h ^ (uint8_t)*source) * 16777619u;
	return h;
}

struct reports {
	struct log_suppressed *at;
	unsigned count;
};

/* The period of this bucket is over: report what was suppressed in it. */
static void
end_period(struct bucket *b, struct reports *reports)
{
	b->lines = 0;
	if (b->suppressed > 0) {
		struct log_suppressed *report = &reports->at[reports->count++];

		report->event = b->event;
		memcpy(report->source, b->source, sizeof(report->source));
		report->lines = b->suppressed;
		atomic_fetch_sub(&pending, 1);
		b->lines = 1;
	}
	b->suppressed = 0;
}

/* Returns the bucket of this event and source; a new one replaces the oldest of its neighbours. */
static struct bucket *
find(const char *event, const char *source, uint64_t now_ns, struct reports *reports)
{
	uint32_t h = hash(event, source);
	bool of_all = source[0] == '\0';
	struct bucket *table = of_all ? buckets + BUCKETS : buckets, *oldest = NULL;

	for (uint32_t i = 0; i < PROBES; i++) {
		struct bucket *b = &table[(h + i) % (of_all ? EVENTS : BUCKETS)];

		if (b->event != NULL && strcmp(b->event, event) == 0 &&
		    strcmp(b->source, source) == 0)
			return b;
		if (oldest == NULL ||
		    (oldest->event != NULL && (b->event == NULL || b->begin_ns < oldest->begin_ns)))
			oldest = b;
	}
	if (oldest->event != NULL)
		end_period(oldest, reports);
	oldest->event = event;
	memcpy(oldest->source, source, strlen(source) + 1);
	oldest->begin_ns = now_ns;
	oldest->lines = oldest->suppressed = 0;
	return oldest;
}

static bool
period_over(const struct bucket *b, uint64_t now_ns)
{
	return now_ns - b->begin_ns >= LOG_LIMIT_SECONDS * NS_PER_S;
}

static bool
take(struct bucket *b, unsigned max, uint64_t now_ns, struct reports *reports)
{
	if (period_over(b, now_ns)) {
		end_period(b, reports);
		b->begin_ns = now_ns;
	}
	if (b->lines < max) {
		b->lines++;
		return true;
	}
	if (b->suppressed++ == 0)
		atomic_fetch_add(&pending, 1);
	return false;
}

bool
log_limit_take(const char *event, const char *source, uint64_t now_ns,
	       struct log_suppressed *ret_reports, unsigned *ret_count)
{
	struct reports reports = { .at = ret_reports };
	char key[LOG_SOURCE_SIZE] = "";

	memcpy(key, source, strnlen(source, sizeof(key) - 1));
	pthread_mutex_lock(&lock);
	struct bucket *own = find(event, key, now_ns, &reports);
	bool wanted = take(own, LOG_LIMIT_LINES, now_ns, &reports);

	/* An empty source is the event's own bucket. */
	if (wanted && key[0] != '\0') {
		struct bucket *all = find(event, "", now_ns, &reports);

		wanted = take(all, LOG_LIMIT_EVENT_LINES, now_ns, &reports);
	}
	pthread_mutex_unlock(&lock);
	*ret_count = reports.count;
	return wanted;
}

bool
log_limit_report(uint64_t now_ns, struct log_suppressed *ret_report)
{
	struct reports reports = { .at = ret_report };

	if (!log_limit_pending())
		return false;
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < ARRAY_LEN(buckets) && reports.count == 0; i++)
		if (buckets[i].event != NULL && buckets[i].suppressed > 0 &&
		    period_over(&buckets[i], now_ns)) {
			end_period(&buckets[i], &reports);
			buckets[i].begin_ns = now_ns;
		}
	pthread_mutex_unlock(&lock);
	return reports.count > 0;
}

bool
log_limit_pending(void)
{
	return atomic_load(&pending) > 0;
}

void
log_limit_reset(void)
{
	pthread_mutex_lock(&lock);
	memset(buckets, 0, sizeof(buckets));
	atomic_store(&pending, 0);
	pthread_mutex_unlock(&lock);
}

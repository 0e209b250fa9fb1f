/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schedules of snapshots: their times, and what they keep.  Any thread. */
#include "model/schedule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define MINUTE_MS 60000ll
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define WEEK_MS   (7 * DAY_MS)
#define MONDAY_MS (4 * DAY_MS) /* 1970-01-05 */

/* Returns number / by, rounded down also below zero. */
static int64_t
divide(int64_t number, int64_t by)
{
	return number / by - (number % by < 0);
}

/* ---- the texts ---- */

static const char *const keep_names[KEEP_COUNT] = { "last", "hourly", "daily", "weekly" };
static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

static const struct {
	char letter;
	uint32_t minutes;
} units[] = { { 'w', 7 * 24 * 60 }, { 'd', 24 * 60 }, { 'h', 60 }, { 'm', 1 } };

int
schedule_every_parse(const char *text, struct schedule_rule *rule)
{
	size_t len = strlen(text);
	char digits[16] = "";
	uint64_t count;

	if (len > 1 && len < sizeof(digits))
		memcpy(digits, text, len - 1);
	for (size_t i = 0; i < ARRAY_LEN(units) && digits[0] != '\0'; i++) {
		if (text[len - 1] != units[i].letter || str_parse_u64(digits, &count) < 0 ||
		    count == 0 || count > SCHEDULE_EVERY_MINUTES_MAX / units[i].minutes)
			continue;
		rule->every_minutes = (uint32_t)count * units[i].minutes;
		return 0;
	}
	return err_set(ERR_INVALID,
		       "--every: \"%.32s\" is no time between two snapshots: give one such as 15m, "
		       "4h, 1d or 1w (1m to 365d)",
		       text);
}

/* Reads two digits.  Returns false when there are none, or when they are more than `most`. */
static bool
two_digits(const char *text, unsigned most, uint32_t *ret_number)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return false;
	*ret_number = (uint32_t)((text[0] - '0') * 10 + text[1] - '0');
	return *ret_number <= most;
}

int
schedule_at_parse(const char *text, struct schedule_rule *rule)
{
	uint32_t day = 0, hour = 0, minute = 0, at;
	const char *time = text;

	for (uint32_t i = 0; i < ARRAY_LEN(days); i++)
		if (strncmp(text, days[i], 3) == 0 && text[3] == '-') {
			day = i;
			time = text + 4;
		}
	if (*text != '\0' && (strlen(time) != 5 || time[2] != ':' || !two_digits(time, 23, &hour) ||
			      !two_digits(time + 3, 59, &minute)))
		return err_set(ERR_INVALID,
			       "--at: \"%.32s\" is no time: give the time of the day in UTC, such "
			       "as 02:30, or with the day of the week, sat-02:30",
			       text);
	at = (day * 24 + hour) * 60 + minute;
	if (at >= rule->every_minutes)
		return err_set(
			ERR_INVALID,
			"--at: %.32s is not within the time of --every, from whose beginning "
			"it counts: 00:10 is ten minutes past each hour of --every 1h, and a "
			"day of the week needs --every 1w",
			text);
	rule->at_minutes = at;
	return 0;
}

int
schedule_keep_parse(const char *text, struct schedule_rule *rule)
{
	uint32_t keep[KEEP_COUNT] = { 0 };
	bool any = false, wrong = *text == '\0';

	for (const char *part = text; !wrong && part != NULL;) {
		size_t len = strcspn(part, ","), name = strcspn(part, "=");
		unsigned kind = KEEP_LAST;
		char digits[16] = "";
		uint64_t count = 0;

		if (name < len)
			for (kind = 0; kind < KEEP_COUNT; kind++)
				if (strlen(keep_names[kind]) == name &&
				    memcmp(keep_names[kind], part, name) == 0)
					break;
		name = name < len ? name + 1 : 0;
		if (len - name < sizeof(digits))
			memcpy(digits, part + name, len - name);
		wrong = kind == KEEP_COUNT || str_parse_u64(digits, &count) < 0 ||
			count > SCHEDULE_KEEP_MAX;
		if (!wrong)
			keep[kind] = (uint32_t)count;
		any = any || count > 0;
		part = part[len] == ',' ? part + len + 1 : NULL;
	}
	if (wrong || !any)
		return err_set(
			ERR_INVALID,
			"--keep: \"%.64s\" does not say how many snapshots are kept: give a "
			"number, or counts such as last=3,hourly=24,daily=7,weekly=4 (each up "
			"to %u, and not all 0)",
			text, SCHEDULE_KEEP_MAX);
	memcpy(rule->keep, keep, sizeof(keep));
	return 0;
}

void
schedule_every_format(const struct schedule_rule *rule, char text[SCHEDULE_TEXT_MAX])
{
	size_t i = 0;

	while (rule->every_minutes % units[i].minutes != 0)
		i++;
	snprintf(text, SCHEDULE_TEXT_MAX, "%u%c", rule->every_minutes / units[i].minutes,
		 units[i].letter);
}

void
schedule_at_format(const struct schedule_rule *rule, char text[SCHEDULE_TEXT_MAX])
{
	unsigned minute = rule->at_minutes % 60, hour = rule->at_minutes / 60 % 24;
	unsigned day = rule->at_minutes / (24 * 60) % ARRAY_LEN(days);

	if (rule->every_minutes % (7 * 24 * 60) == 0 || day > 0)
		snprintf(text, SCHEDULE_TEXT_MAX, "%s-%02u:%02u", days[day], hour, minute);
	else
		snprintf(text, SCHEDULE_TEXT_MAX, "%02u:%02u", hour, minute);
}

void
schedule_keep_format(const struct schedule_rule *rule, char text[SCHEDULE_TEXT_MAX])
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < KEEP_COUNT && len < SCHEDULE_TEXT_MAX; i++)
		if (rule->keep[i] > 0)
			len += (size_t)snprintf(text + len, SCHEDULE_TEXT_MAX - len, "%s%s=%u",
						len > 0 ? "," : "", keep_names[i], rule->keep[i]);
}

int
schedule_rule_read(const struct row_snapshot_schedule *schedule, struct schedule_rule *ret_rule)
{
	struct schedule_rule rule = { 0 };
	int rc = schedule_every_parse(schedule->every, &rule);

	if (rc == 0)
		rc = schedule_at_parse(schedule->at, &rule);
	if (rc == 0)
		rc = schedule_keep_parse(schedule->keep, &rule);
	if (rc == 0)
		*ret_rule = rule;
	return rc;
}

/* ---- times ---- */

int64_t
schedule_slot_before(const struct schedule_rule *rule, int64_t now_ms)
{
	int64_t first_ms = MONDAY_MS + rule->at_minutes * MINUTE_MS;
	int64_t every_ms = rule->every_minutes * MINUTE_MS;

	return first_ms + divide(now_ms - first_ms, every_ms) * every_ms;
}

int64_t
schedule_slot_after(const struct schedule_rule *rule, int64_t now_ms)
{
	return schedule_slot_before(rule, now_ms) + rule->every_minutes * MINUTE_MS;
}

/* ---- LUNs ---- */

bool
schedule_lun_next(const char **rest, struct guid *ret_id)
{
	char id[GUID_TEXT_SIZE];

	if (strlen(*rest) < GUID_TEXT_SIZE - 1)
		return false;
	memcpy(id, *rest, GUID_TEXT_SIZE - 1);
	id[GUID_TEXT_SIZE - 1] = '\0';
	if (guid_parse(id, ret_id) < 0)
		return false;
	*rest += GUID_TEXT_SIZE - 1;
	*rest += **rest == ';';
	return true;
}

static int
compare_ids(const void *a, const void *b)
{
	return guid_compare(a, b);
}

int
schedule_luns_format(const struct guid *ids, size_t count, char **ret_text)
{
	AUTO_FREE struct guid *sorted = mem_calloc(count + 1, sizeof(sorted[0]));
	AUTO(strbuf_fini) struct strbuf text = { 0 };

	if (sorted == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		sorted[i] = ids[i];
	if (count > 0)
		qsort(sorted, count, sizeof(sorted[0]), compare_ids);
	for (size_t i = 0; i < count; i++) {
		char id[GUID_TEXT_SIZE];

		if (i == 0 || !guid_equal(&sorted[i], &sorted[i - 1]))
			strbuf_addf(&text, "%s%s", i > 0 ? ";" : "", guid_format(&sorted[i], id));
	}
	*ret_text = strbuf_take(&text);
	return *ret_text != NULL ? 0 : -ENOMEM;
}

/* ---- what is kept ---- */

static int
compare_moments(const void *a, const void *b)
{
	const struct schedule_moment *x = a, *y = b;

	return (x->taken_ms < y->taken_ms) - (x->taken_ms > y->taken_ms);
}

/* Sorts moments, the newest first; those that lie in the future come last. */
static void
sort(struct schedule_moment *moments, size_t count, int64_t now_ms)
{
	size_t future = 0;

	if (count == 0)
		return;
	qsort(moments, count, sizeof(moments[0]), compare_moments);
	while (future < count && moments[future].taken_ms > now_ms + SCHEDULE_SKEW_MS)
		moments[future++].taken_ms -= INT64_MAX / 2;
	qsort(moments, count, sizeof(moments[0]), compare_moments);
	for (size_t i = count - future; i < count; i++)
		moments[i].taken_ms += INT64_MAX / 2;
}

/* Keeps the newest of each of the last `most` periods.  period_ms 1: each moment is its own. */
static void
keep_periods(struct schedule_moment *moments, size_t count, int64_t period_ms, uint32_t most)
{
	int64_t last = 0;
	uint32_t kept = 0;

	for (size_t i = 0; i < count && kept < most; i++) {
		int64_t period = divide(moments[i].taken_ms - MONDAY_MS, period_ms);

		if (kept > 0 && period == last)
			continue;
		last = period;
		kept++;
		moments[i].keep = true;
	}
}

void
schedule_keep(const struct schedule_rule *rule, int64_t now_ms, struct schedule_moment *moments,
	      size_t count)
{
	static const int64_t periods_ms[KEEP_COUNT] = { 1, HOUR_MS, DAY_MS, WEEK_MS };

	sort(moments, count, now_ms);
	for (size_t i = 0; i < count; i++)
		moments[i].keep = false;
	for (size_t i = 0; i < KEEP_COUNT; i++)
		keep_periods(moments, count, periods_ms[i], rule->keep[i]);
}

const struct row_snapshot_schedule *
schedule_by_name(const struct state *state, const char *name)
{
	for (size_t i = 0; i < state_count(state, ROW_SNAPSHOT_SCHEDULE); i++) {
		const struct row_snapshot_schedule *schedule = state_at(state,
									ROW_SNAPSHOT_SCHEDULE, i);

		if (strcmp(schedule->name, name) == 0)
			return schedule;
	}
	return NULL;
}

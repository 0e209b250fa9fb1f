/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that show how much space a pool or a LUN took during the last day. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "vdsctl/ctl_int.h"

#define COLUMNS 48 /* of the spark line: half an hour each */
#define DAY_MS  (24 * 3600 * 1000ll)

static uint64_t
number(const json_t *item, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(item, name));
}

/* Returns what was taken: of a pool what is not free, whoever took it. */
static uint64_t
used(const json_t *item, enum row_family family)
{
	uint64_t capacity = number(item, "capacity_bytes"), left = number(item, "free_bytes");

	if (family == ROW_LUN)
		return number(item, "allocated_bytes");
	return capacity > left ? capacity - left : 0;
}

/*
 * Fills the columns with the last value of each half an hour; a value holds until the next one.
 * Returns the first column that has a value.
 */
static size_t
columns_fill(const json_t *items, enum row_family family, int64_t now_ms, uint64_t *columns)
{
	size_t first = COLUMNS, at;

	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		int64_t ago_ms = now_ms - (int64_t)number(item, "time_ms");

		ago_ms = MAX(0, MIN(ago_ms, DAY_MS - 1));
		at = COLUMNS - 1 - (size_t)(ago_ms / (DAY_MS / COLUMNS));
		first = MIN(first, at);
		for (; at < COLUMNS; at++)
			columns[at] = used(item, family);
	}
	return first;
}

static void
spark(FILE *out, const uint64_t *columns, size_t first)
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	uint64_t least = UINT64_MAX, most = 0;

	for (size_t i = first; i < COLUMNS; i++) {
		least = MIN(least, columns[i]);
		most = MAX(most, columns[i]);
	}
	for (size_t i = 0; i < COLUMNS; i++) {
		uint64_t range = most > least ? most - least : 1;

		fputs(i < first ? " " : bars[(columns[i] - least) / (range / 7 + 1)], out);
	}
	fputc('\n', out);
}

static void
history_print(struct ctl *ctl, const json_t *items, enum row_family family)
{
	uint64_t columns[COLUMNS] = { 0 }, least = UINT64_MAX, most = 0;
	size_t count = json_array_size(items), first;
	char low[32], high[32], now[32];

	first = columns_fill(items, family, clock_utc_ms(), columns);
	for (size_t i = 0; i < count; i++) {
		uint64_t value = used(json_array_get(items, i), family);

		least = MIN(least, value);
		most = MAX(most, value);
	}
	if (count == 0) {
		fprintf(ctl->out, "nothing is known yet\n");
		return;
	}
	fprintf(ctl->out, "used, last 24 h  ");
	spark(ctl->out, columns, first);
	fprintf(ctl->out, "least %s, most %s, now %s\n", str_format_size(least, low, sizeof(low)),
		str_format_size(most, high, sizeof(high)),
		str_format_size(columns[COLUMNS - 1], now, sizeof(now)));
}

int
ctl_run_space_history(struct ctl *ctl)
{
	enum row_family family = ctl->command->family;
	enum verb_id verb = family == ROW_POOL ? VERB_POOL_HISTORY : VERB_LUN_HISTORY;
	json_t *json = NULL;
	struct guid object;
	int rc = ctl_resolve(ctl, family, ctl->args[0], &object);

	if (rc == 0)
		rc = ctl_ask(ctl, verb, &object, NULL, &json);
	if (rc == 0 && ctl->json)
		rc = ctl_json_print(json, ctl->out);
	else if (rc == 0)
		history_print(ctl, json_object_get(json, "items"), family);
	json_decref(json);
	return rc;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Schedules of snapshots: when they run, and which of their snapshots they keep.  All times are
 * UTC, in milliseconds since 1970, so that no day has 23 or 25 hours.  Pure functions; any thread.
 */
#ifndef VDS_MODEL_SCHEDULE_H
#define VDS_MODEL_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/state.h"

#define SCHEDULE_NAME_UNITS        46 /* UTF-16 units: the time in a snapshot's name needs 17 */
#define SCHEDULE_LUNS_MAX          64
#define SCHEDULE_EVERY_MINUTES_MAX 525600u /* a year of 365 days */
#define SCHEDULE_KEEP_MAX          10000u  /* of each count */
#define SCHEDULE_TEXT_MAX          64      /* bytes of each text, with its NUL */

enum schedule_keep { KEEP_LAST, KEEP_HOURLY, KEEP_DAILY, KEEP_WEEKLY, KEEP_COUNT };

/* What the texts every, at and keep of a schedule say. */
struct schedule_rule {
	uint32_t every_minutes;
	uint32_t at_minutes; /* after Monday 1970-01-05 00:00 UTC; less than every_minutes */
	uint32_t keep[KEEP_COUNT];
};

/*
 * Read the texts.  every: a number with m, h, d or w, as 15m, 4h, 1d.  at: a time of the day, with
 * the day of the week in front where the schedule runs once a week or less often, as 02:30 or
 * sat-02:30; "" = the beginning of the hour, the day, the week (Monday).  keep: how many, as 24, or
 * of which kinds, as last=3,hourly=24,daily=7,weekly=4.  Return 0, or ERR_INVALID with a text that
 * names the option.  schedule_at_parse is called after schedule_every_parse.
 */
int schedule_every_parse(const char *text, struct schedule_rule *rule);
int schedule_at_parse(const char *text, struct schedule_rule *rule);
int schedule_keep_parse(const char *text, struct schedule_rule *rule);
/* Write the canonical texts. */
void schedule_every_format(const struct schedule_rule *rule, char text[SCHEDULE_TEXT_MAX]);
void schedule_at_format(const struct schedule_rule *rule, char text[SCHEDULE_TEXT_MAX]);
void schedule_keep_format(const struct schedule_rule *rule, char text[SCHEDULE_TEXT_MAX]);
/* Reads all of a row's.  Returns 0 or ERR_INVALID with a text. */
int schedule_rule_read(const struct row_snapshot_schedule *schedule,
		       struct schedule_rule *ret_rule);

/*
 * Returns the last moment up to now_ms, or the first one after now_ms, at which a schedule is to
 * run: at_minutes after the Monday, and each every_minutes from there.
 */
int64_t schedule_slot_before(const struct schedule_rule *rule, int64_t now_ms);
int64_t schedule_slot_after(const struct schedule_rule *rule, int64_t now_ms);

/*
 * Reads the next LUN of a list of ids that are joined by ';', and moves *rest on.  Returns false at
 * the end.
 */
bool schedule_lun_next(const char **rest, struct guid *ret_id);
/*
 * Writes ids, sorted and each once, as such a list.  Returns 0 with a text that the caller frees
 * (mem_free), or -ENOMEM.
 */
int schedule_luns_format(const struct guid *ids, size_t count, char **ret_text);

/* When snapshots of a schedule were taken together. */
struct schedule_moment {
	int64_t taken_ms;
	bool keep;
};

/*
 * Decides which moments are kept, and sorts them, the newest first.  Kept are as many of the newest
 * as KEEP_LAST says, and the newest of each of the last hours, days and weeks (from Monday) in
 * which there is any, as many as the other counts say.  A time that lies after now_ms by more than
 * SCHEDULE_SKEW_MS was written while the clock was wrong, and counts as older than all others.
 */
#define SCHEDULE_SKEW_MS 60000
void schedule_keep(const struct schedule_rule *rule, int64_t now_ms,
		   struct schedule_moment *moments, size_t count);

/* Returns the schedule with this name, borrowed from the state, or NULL. */
const struct row_snapshot_schedule *schedule_by_name(const struct state *state, const char *name);

#endif

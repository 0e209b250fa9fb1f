/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread that takes snapshots by schedules and removes those that they keep no longer.
 *
 * A schedule has slots: the moments at which it is to run (model/schedule.h).  It is due when the
 * last slot up to now lies after the one for which it has run last; so it runs once, however many
 * slots have passed while vdsd was not there or the clock jumped forward.  The slot of the last run
 * is committed together with its snapshots.  When the clock was set back, so that this slot lies in
 * the future, the schedule goes on from the present time.  The clock is looked at every few seconds,
 * since timers do not follow a clock that is set.
 *
 * A run that finds a LUN busy is tried again a few times; one that fails otherwise waits for the
 * next slot.  Each failure is one line in the log, and in the schedule's live row.  The entries
 * belong to the thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "model/snapshot.h"

#define LOOK_MS       10000 /* the clock is looked at so often at least */
#define BUSY_AGAIN_MS 60000
#define BUSY_TRIES    5

/* A file of this name in the directory of faults moves the clock, by the seconds that it says. */
#define CLOCK_SHIFT "clock-shift"

struct schedule_entry {
	struct guid id;
	int64_t slot_ms; /* the last slot for which it has run, or need not run any more */
	int64_t last_ms; /* when it has last taken snapshots; 0 = never */
	int64_t set_ms;  /* of the row that slot_ms has followed; 0 = of none yet */
	int64_t next_ms; /* as shown */
	/* of the slot that is due and has failed: how often, and when it is tried again */
	int64_t tried_ms, again_ms;
	unsigned tries;
	bool failed, shown;
	char *reason; /* owned; NULL = it has not failed */
	uint64_t runs, failures;
};

/* ---- the clock ---- */

int64_t
array_utc_ms(struct array *array)
{
	return clock_utc_ms() + atomic_load(&array->clock_shift_ms);
}

static void
clock_read(struct array *array)
{
	AUTO_FREE char *path = array->inject_dir != NULL
				       ? str_printf("%s/" CLOCK_SHIFT, array->inject_dir)
				       : NULL;
	char text[32] = "";
	FILE *file = path != NULL ? fopen(path, "re") : NULL;

	if (file == NULL)
		return;
	if (fgets(text, sizeof(text), file) != NULL)
		atomic_store(&array->clock_shift_ms, strtoll(text, NULL, 10) * 1000);
	fclose(file);
}

/* ---- entries ---- */

static void
entry_free(struct schedule_entry *entry)
{
	mem_free(entry->reason);
	mem_free(entry);
}

/* Returns the entry of a schedule, or NULL: memory is out, and the next look tries again. */
static struct schedule_entry *
entry_get(struct array *array, const struct guid *id)
{
	struct schedule_entry *entry = guid_map_find(&array->schedules, id);

	if (entry != NULL)
		return entry;
	entry = mem_calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->id = *id;
	if (guid_map_put(&array->schedules, &entry->id, entry) < 0) {
		entry_free(entry);
		return NULL;
	}
	return entry;
}

static int
load_one(void *arg, const struct catalog_schedule_run *run)
{
	struct schedule_entry *entry = entry_get(arg, &run->schedule_id);

	if (entry == NULL)
		return -ENOMEM;
	entry->slot_ms = run->slot_ms;
	entry->last_ms = run->last_ms;
	return 0;
}

int
array_schedule_load(struct array *array)
{
	return catalog_schedule_runs(array->catalog, load_one, array);
}

void
array_schedule_fini(struct array *array)
{
	struct schedule_entry *entry;

	for (size_t i = 0; (entry = guid_map_next(&array->schedules, &i)) != NULL;)
		entry_free(entry);
	guid_map_fini(&array->schedules);
}

/* Drops the entries of schedules that are gone. */
static void
entries_drop(struct array *array, const struct state *state)
{
	struct schedule_entry *entry, *gone;

	do {
		gone = NULL;
		for (size_t i = 0;
		     gone == NULL && (entry = guid_map_next(&array->schedules, &i)) != NULL;)
			if (state_find(state, ROW_SNAPSHOT_SCHEDULE, &entry->id) == NULL)
				gone = entry;
		if (gone != NULL) {
			guid_map_remove(&array->schedules, &gone->id);
			array_live_delete(array, ROW_LIVE_SNAPSHOT_SCHEDULE, &gone->id);
			entry_free(gone);
		}
	} while (gone != NULL);
}

static void
entry_show(struct array *array, struct schedule_entry *entry)
{
	struct row_live_snapshot_schedule *row = row_new(ROW_LIVE_SNAPSHOT_SCHEDULE);

	if (row == NULL)
		return;
	row->id = entry->id;
	row->next_ms = entry->next_ms;
	row->last_ms = entry->last_ms;
	row->failed = entry->failed;
	row->runs = entry->runs;
	row->failures = entry->failures;
	if (row_set_string(&row->reason, entry->failed ? entry->reason : "") < 0)
		row_unref(row);
	else
		array_live_put(array, row);
	entry->shown = true;
}

/* ---- a run ---- */

/* Collects the schedule's LUNs that are there. */
static size_t
luns_of(const struct state *state, const struct row_snapshot_schedule *schedule,
	struct guid luns[SCHEDULE_LUNS_MAX])
{
	const char *rest = schedule->lun_ids;
	size_t count = 0;
	struct guid id;

	while (count < SCHEDULE_LUNS_MAX && schedule_lun_next(&rest, &id))
		if (state_find(state, ROW_LUN, &id) != NULL)
			luns[count++] = id;
	return count;
}

/* "NAME-20261129T023000Z" */
static int
name_of(const struct row_snapshot_schedule *schedule, int64_t now_ms, char **ret_name)
{
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm tm;
	char when[32];

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm) == 0)
		return err_set(ERR_INVALID, "the clock shows a time that has no name");
	*ret_name = str_printf("%s-%s", schedule->name, when);
	return *ret_name != NULL ? 0 : -ENOMEM;
}

/*
 * As name_of, for a name that no snapshot of these LUNs has.  When a clock that was wrong has been set
 * right, snapshots may have the names of times that are still to come: then the next second that is
 * free gives the name.
 */
static int
free_name_of(const struct state *state, const struct row_snapshot_schedule *schedule,
	     int64_t now_ms, const struct guid *luns, size_t count, char **ret_name)
{
	int rc = name_of(schedule, now_ms, ret_name);

	for (size_t i = 0, free = 0; rc == 0 && free < count; i = (i + 1) % count) {
		if (snapshot_by_name(state, &luns[i], *ret_name) == NULL) {
			free++;
			continue;
		}
		free = 0;
		mem_free(TAKE(*ret_name));
		now_ms += 1000;
		rc = name_of(schedule, now_ms, ret_name);
	}
	return rc;
}

static int
take(struct array *array, const struct state *state, const struct row_snapshot_schedule *schedule,
     int64_t slot_ms, int64_t now_ms)
{
	const struct catalog_schedule_run run = { schedule->id, slot_ms, now_ms };
	struct guid luns[SCHEDULE_LUNS_MAX];
	AUTO_FREE char *name = NULL;
	size_t count = luns_of(state, schedule, luns);
	int rc = free_name_of(state, schedule, now_ms, luns, count, &name);

	if (rc == 0 && count == 0)
		rc = err_set(ERR_NOT_FOUND, "none of its LUNs is there any more");
	if (rc == 0 && array_is_read_only(array))
		rc = err_set(ERR_READ_ONLY, "the array is read-only");
	return rc < 0 ? rc : array_snapshot_run(array, &run, name, luns, count);
}

static int
compare_times(const void *a, const void *b)
{
	const struct schedule_moment *x = a, *y = b;

	return (x->taken_ms > y->taken_ms) - (x->taken_ms < y->taken_ms);
}

/* Collects when the schedule's snapshots were taken, each moment once. */
static size_t
moments_of(const struct state *state, const struct guid *schedule_id,
	   struct schedule_moment *moments)
{
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < state_count(state, ROW_SNAPSHOT); i++) {
		const struct row_snapshot *row = state_at(state, ROW_SNAPSHOT, i);

		if (guid_equal(&row->schedule_id, schedule_id))
			moments[count++].taken_ms = row->created_ms;
	}
	if (count > 0)
		qsort(moments, count, sizeof(moments[0]), compare_times);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || moments[i].taken_ms != moments[kept - 1].taken_ms)
			moments[kept++] = moments[i];
	return kept;
}

static void
expire(struct array *array, const struct row_snapshot_schedule *schedule,
       const struct schedule_rule *rule, int64_t now_ms)
{
	AUTO_STATE struct state *state = array_state(array);
	AUTO_FREE struct schedule_moment *moments = mem_calloc(state_count(state, ROW_SNAPSHOT) + 1,
							       sizeof(moments[0]));
	size_t count, expired = 0;
	int rc;

	if (moments == NULL)
		return; /* the next run removes them */
	count = moments_of(state, &schedule->id, moments);
	schedule_keep(rule, now_ms, moments, count);
	for (size_t i = 0; i < count; i++)
		if (!moments[i].keep)
			moments[expired++] = moments[i];
	if (expired == 0)
		return;
	rc = array_snapshot_expire(array, &schedule->id, moments, expired);
	if (rc < 0)
		log_warning("schedule.expire", "schedule=%s error=%s reason=\"%s\"", schedule->name,
			    err_name(rc), err_text(rc));
}

/* Notes that a run has failed.  One that found a LUN busy is tried again, a few times. */
static void
run_failed(struct schedule_entry *entry, const struct row_snapshot_schedule *schedule,
	   int64_t slot_ms, int64_t now_ms, int rc)
{
	bool first = entry->tried_ms != slot_ms;

	entry->tries = first ? 1 : entry->tries + 1;
	entry->tried_ms = slot_ms;
	entry->again_ms = now_ms + BUSY_AGAIN_MS;
	if (rc != ERR_BUSY || entry->tries >= BUSY_TRIES)
		entry->slot_ms = slot_ms;
	mem_free(entry->reason);
	entry->reason = str_dup(err_text(rc));
	entry->failed = true;
	if (!first)
		return;
	entry->failures++;
	log_error("schedule.failed", "schedule=%s error=%s reason=\"%s\"", schedule->name,
		  err_name(rc), entry->reason != NULL ? entry->reason : "");
}

static void
run(struct array *array, const struct state *state, const struct row_snapshot_schedule *schedule,
    const struct schedule_rule *rule, struct schedule_entry *entry)
{
	int64_t now_ms = array_utc_ms(array), slot_ms = schedule_slot_before(rule, now_ms);
	int rc = take(array, state, schedule, slot_ms, now_ms);

	if (rc < 0) {
		run_failed(entry, schedule, slot_ms, now_ms, rc);
		return;
	}
	entry->slot_ms = slot_ms;
	entry->last_ms = now_ms;
	entry->runs++;
	entry->failed = false;
	/* the time of now: what was written out before the moment may have taken long */
	expire(array, schedule, rule, array_utc_ms(array));
}

/* ---- all of them ---- */

/* Returns whether the schedule is due, after it has followed the row and the clock. */
static bool
is_due(struct schedule_entry *entry, const struct row_snapshot_schedule *schedule,
       const struct schedule_rule *rule, int64_t now_ms)
{
	int64_t slot_ms = schedule_slot_before(rule, now_ms);

	if (entry->set_ms != schedule->set_ms) {
		entry->set_ms = schedule->set_ms;
		entry->slot_ms = MAX(entry->slot_ms, schedule_slot_before(rule, schedule->set_ms));
	}
	if (entry->slot_ms > now_ms + SCHEDULE_SKEW_MS) {
		log_warning("schedule.clock",
			    "schedule=%s reason=\"the clock was set back: it goes on from now\"",
			    schedule->name);
		entry->slot_ms = slot_ms;
	}
	if (!schedule->enabled || slot_ms <= entry->slot_ms)
		return false;
	if (entry->tried_ms != slot_ms)
		return true;
	/* a clock that was set back does not keep it waiting either */
	return now_ms >= entry->again_ms || entry->again_ms > now_ms + BUSY_AGAIN_MS;
}

/* Returns when it runs next. */
static int64_t
look_at(struct array *array, const struct state *state,
	const struct row_snapshot_schedule *schedule)
{
	struct schedule_entry *entry = entry_get(array, &schedule->id);
	int64_t now_ms = array_utc_ms(array), next_ms = 0;
	struct schedule_rule rule;
	bool ran = false;

	if (entry == NULL || schedule_rule_read(schedule, &rule) < 0)
		return INT64_MAX;
	if (is_due(entry, schedule, &rule, now_ms)) {
		run(array, state, schedule, &rule, entry);
		now_ms = array_utc_ms(array);
		ran = true;
	}
	if (schedule->enabled)
		next_ms = schedule_slot_after(&rule, MAX(now_ms, entry->slot_ms));
	if (ran || !entry->shown || next_ms != entry->next_ms) {
		entry->next_ms = next_ms;
		entry_show(array, entry);
	}
	return schedule->enabled ? next_ms : INT64_MAX;
}

int64_t
array_schedule_look(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	int64_t next_ms = INT64_MAX;

	entries_drop(array, state);
	for (size_t i = 0; i < state_count(state, ROW_SNAPSHOT_SCHEDULE); i++) {
		int64_t at_ms;

		if (atomic_load(&array->closing))
			break;
		at_ms = look_at(array, state, state_at(state, ROW_SNAPSHOT_SCHEDULE, i));
		next_ms = MIN(next_ms, at_ms);
	}
	return next_ms;
}

/* ---- the thread ---- */

/* Waits until then, for some seconds at most, or until it is woken.  Returns false at the end. */
static bool
wait_until(struct array *array, int64_t next_ms)
{
	int64_t most_ms = MIN((int64_t)array->verify_interval_ms, (int64_t)LOOK_MS);
	int64_t left_ms = MAX(next_ms - array_utc_ms(array), (int64_t)0);
	struct timespec until;
	bool stop;
	int rc = 0;

	left_ms = MIN(left_ms, most_ms);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(left_ms / 1000);
	until.tv_nsec += (long)(left_ms % 1000 * (int64_t)NS_PER_MS);
	if (until.tv_nsec >= (long)NS_PER_S) {
		until.tv_sec++;
		until.tv_nsec -= (long)NS_PER_S;
	}
	pthread_mutex_lock(&array->schedules_lock);
	while (rc == 0 && !array->schedules_wake && !array->schedules_stop)
		rc = pthread_cond_timedwait(&array->schedules_due, &array->schedules_lock, &until);
	array->schedules_wake = false;
	stop = array->schedules_stop;
	pthread_mutex_unlock(&array->schedules_lock);
	return !stop;
}

static void *
scheduler_main(void *arg)
{
	struct array *array = arg;
	int64_t next_ms;

	pthread_setname_np(pthread_self(), "scheduler");
	do {
		clock_read(array);
		/* before there is a data path, nothing keeps its commands out of a moment */
		next_ms = array_runtime_is_there(array) ? array_schedule_look(array) : INT64_MAX;
	} while (wait_until(array, next_ms));
	return NULL;
}

int
array_schedule_start(struct array *array)
{
	int rc;

	clock_read(array);
	rc = pthread_create(&array->scheduler, NULL, scheduler_main, array);
	if (rc != 0)
		return err_set(-rc, "cannot start the thread of schedules: %s", strerror(rc));
	array->scheduler_runs = true;
	return 0;
}

void
array_schedule_stop(struct array *array)
{
	if (!array->scheduler_runs)
		return;
	pthread_mutex_lock(&array->schedules_lock);
	array->schedules_stop = true;
	pthread_cond_signal(&array->schedules_due);
	pthread_mutex_unlock(&array->schedules_lock);
	pthread_join(array->scheduler, NULL);
	array->scheduler_runs = false;
}

void
array_schedule_wake(struct array *array)
{
	pthread_mutex_lock(&array->schedules_lock);
	array->schedules_wake = true;
	pthread_cond_signal(&array->schedules_due);
	pthread_mutex_unlock(&array->schedules_lock);
}

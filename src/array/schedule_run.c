/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread that takes snapshots by schedules and removes those that they keep no longer.
 *
 * A schedule has slots: the moments at which it is to run (model/schedule.h).  It is due when the
 * last slot up to now lies after the one for which it has run last; so it runs once, however many
 * slots have passed while vdsd was not there or the clock jumped forward.  The slot of the last run
 * is committed together with its snapshots.  When the clock was set back, so that this slot lies in
 * the future, the schedule goes on from the present time.  The clock is looked at every few
 * seconds, since timers do not follow a clock that is set.
 *
 * A run that finds a LUN busy is tried again a few times; one that fails otherwise waits for the
 * next slot.  Each failure is one line in the log, and in the schedule's live row.
 *
 * Somebody may ask for a run now (array_schedule_run), on another thread.  It counts as that of the
 * slot that is due, if one is.  Its failure is for who has asked.  running_lock guards the entries,
 * and is held while a schedule runs.
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

#define LOOK_MS       10000 /* the clock is looked at so often at least */
#define BUSY_AGAIN_MS 60000
#define BUSY_TRIES    5

/* A file of this name in the directory of faults moves the clock, by the seconds that it says. */
#define CLOCK_SHIFT "clock-shift"

struct schedule_entry {
	struct guid id;
	int64_t slot_ms;  /* the last slot for which it has run, or need not run any more */
	int64_t last_ms;  /* when it has last taken snapshots; 0 = never */
	int64_t known_ms; /* the slot of the last run in the catalog, as last seen; 0 = none */
	int64_t set_ms;   /* of the row that slot_ms has followed; 0 = of none yet */
	int64_t next_ms;  /* as shown */
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
	if (entry->known_ms == run->slot_ms && entry->last_ms == run->last_ms)
		return 0;
	entry->known_ms = run->slot_ms;
	entry->slot_ms = MAX(entry->slot_ms, run->slot_ms);
	entry->last_ms = run->last_ms;
	entry->shown = false;
	return 0;
}

int
array_schedule_load(struct array *array)
{
	return catalog_schedule_runs(array->catalog, load_one, array);
}

void
array_schedule_foreign(struct array *array)
{
	atomic_store(&array->runs_touched, true);
	array_schedule_wake(array);
}

/* What was run last, as the writer's thread reads it. */
struct runs {
	struct array_task task;
	struct catalog_schedule_run *list; /* owned */
	size_t count, capacity;
};

static int
runs_add(void *arg, const struct catalog_schedule_run *run)
{
	struct runs *runs = arg;
	int rc = mem_grow(&runs->list, &runs->capacity, runs->count + 1, sizeof(runs->list[0]));

	if (rc == 0)
		runs->list[runs->count++] = *run;
	return rc;
}

static int
runs_read(struct array *array, struct array_task *task)
{
	return catalog_schedule_runs(array->catalog, runs_add,
				     container_of(task, struct runs, task));
}

/* Lets the entries follow what other gateways have run.  Under running_lock. */
static void
refresh(struct array *array)
{
	struct runs runs = { .task.run = runs_read };
	int rc = 0;

	if (!atomic_exchange(&array->runs_touched, false))
		return;
	rc = array_writer_submit(array, &runs.task);
	for (size_t i = 0; rc == 0 && i < runs.count; i++)
		rc = load_one(array, &runs.list[i]);
	if (rc < 0)
		atomic_store(&array->runs_touched, true); /* at the next look */
	mem_free(runs.list);
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

/* Takes the snapshots, and removes those that are kept no longer. */
static int
run(struct array *array, const struct array_request *request, const struct state *state,
    const struct row_snapshot_schedule *schedule, const struct schedule_rule *rule,
    struct schedule_entry *entry, int64_t now_ms, struct array_answer *ret_answer)
{
	int64_t slot_ms = MAX(schedule_slot_before(rule, now_ms), entry->slot_ms);
	int rc = array_schedule_take(array, request, state, schedule, entry->known_ms, slot_ms,
				     now_ms, ret_answer);

	if (rc == ERR_GONE)
		atomic_store(&array->runs_touched, true);
	if (rc < 0)
		return rc;
	entry->slot_ms = entry->known_ms = slot_ms;
	entry->last_ms = now_ms;
	entry->runs++;
	entry->failed = false;
	/* the time of now: what was written out before the moment may have taken long */
	array_schedule_expire(array, schedule, rule, array_utc_ms(array));
	return 0;
}

/* ---- all of them ---- */

/* Lets the entry follow the row and the clock.  Returns the slot of now. */
static int64_t
follow(struct schedule_entry *entry, const struct row_snapshot_schedule *schedule,
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
	return slot_ms;
}

static bool
is_due(struct schedule_entry *entry, const struct row_snapshot_schedule *schedule,
       const struct schedule_rule *rule, int64_t now_ms)
{
	int64_t slot_ms = follow(entry, schedule, rule, now_ms);

	if (!schedule->enabled || slot_ms <= entry->slot_ms)
		return false;
	if (entry->tried_ms != slot_ms)
		return true;
	/* a clock that was set back does not keep it waiting either */
	return now_ms >= entry->again_ms || entry->again_ms > now_ms + BUSY_AGAIN_MS;
}

static void
run_due(struct array *array, const struct state *state,
	const struct row_snapshot_schedule *schedule, const struct schedule_rule *rule,
	struct schedule_entry *entry)
{
	int64_t now_ms = array_utc_ms(array);
	struct array_answer answer;
	int rc = run(array, NULL, state, schedule, rule, entry, now_ms, &answer);

	if (rc < 0 && rc != ERR_GONE)
		run_failed(entry, schedule, schedule_slot_before(rule, now_ms), now_ms, rc);
}

/* Shows when the schedule runs next, if that or something else of it has changed. */
static void
show_next(struct array *array, struct schedule_entry *entry,
	  const struct row_snapshot_schedule *schedule, const struct schedule_rule *rule,
	  int64_t now_ms, bool changed)
{
	int64_t next_ms = schedule->enabled ? schedule_slot_after(rule, MAX(now_ms, entry->slot_ms))
					    : 0;

	if (!changed && entry->shown && next_ms == entry->next_ms)
		return;
	entry->next_ms = next_ms;
	entry_show(array, entry);
}

/* Among several gateways the owner of its first LUN runs a schedule. */
static bool
is_own(struct array *array, const struct state *state, const struct row_snapshot_schedule *schedule)
{
	struct guid luns[SCHEDULE_LUNS_MAX];
	size_t count;

	if (!array_is_shared(array))
		return true;
	count = array_schedule_luns(state, schedule, luns);
	return count > 0 ? array_lun_is_own(array, state, &luns[0]) : atomic_load(&array->chores);
}

/* Returns when it runs next. */
static int64_t
look_at(struct array *array, const struct state *state,
	const struct row_snapshot_schedule *schedule)
{
	struct schedule_entry *entry = entry_get(array, &schedule->id);
	int64_t now_ms = array_utc_ms(array);
	struct schedule_rule rule;
	bool ran = false;

	if (entry == NULL || schedule_rule_read(schedule, &rule) < 0)
		return INT64_MAX;
	if (is_due(entry, schedule, &rule, now_ms) && is_own(array, state, schedule)) {
		run_due(array, state, schedule, &rule, entry);
		now_ms = array_utc_ms(array);
		ran = true;
	}
	show_next(array, entry, schedule, &rule, now_ms, ran);
	return schedule->enabled ? entry->next_ms : INT64_MAX;
}

int64_t
array_schedule_look(struct array *array)
{
	AUTO_STATE struct state *state = NULL;
	int64_t next_ms = INT64_MAX;

	pthread_mutex_lock(&array->running_lock);
	refresh(array);
	state = array_state(array); /* younger than every entry */
	entries_drop(array, state);
	pthread_mutex_unlock(&array->running_lock);
	for (size_t i = 0; i < state_count(state, ROW_SNAPSHOT_SCHEDULE); i++) {
		int64_t at_ms;

		if (atomic_load(&array->closing))
			break;
		pthread_mutex_lock(&array->running_lock);
		at_ms = look_at(array, state, state_at(state, ROW_SNAPSHOT_SCHEDULE, i));
		pthread_mutex_unlock(&array->running_lock);
		next_ms = MIN(next_ms, at_ms);
	}
	return next_ms;
}

/* ---- a run that somebody asks for ---- */

static int
run_now(struct array *array, const struct array_request *request, const struct guid *id,
	struct array_answer *ret_answer)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_snapshot_schedule *schedule = state_find(state, ROW_SNAPSHOT_SCHEDULE, id);
	int64_t now_ms = array_utc_ms(array);
	struct schedule_entry *entry;
	struct schedule_rule rule;
	int rc;

	if (schedule == NULL)
		return array_name_no_such(ROW_SNAPSHOT_SCHEDULE, id);
	rc = schedule_rule_read(schedule, &rule);
	if (rc < 0)
		return rc;
	entry = entry_get(array, id);
	if (entry == NULL)
		return -ENOMEM;
	(void)follow(entry, schedule, &rule, now_ms);
	rc = run(array, request, state, schedule, &rule, entry, now_ms, ret_answer);
	if (rc == 0)
		show_next(array, entry, schedule, &rule, now_ms, true);
	return rc;
}

int
array_schedule_run(struct array *array, const struct array_request *request,
		   const struct guid *schedule, struct array_answer *ret_answer)
{
	struct array_answer answer = { 0 };
	int rc = array_request_begin(array, request, ret_answer);

	if (rc != 0)
		return MIN(rc, 0);
	pthread_mutex_lock(&array->running_lock);
	refresh(array);
	rc = run_now(array, request, schedule, &answer);
	pthread_mutex_unlock(&array->running_lock);
	return array_request_end(array, request, rc, &answer, ret_answer);
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

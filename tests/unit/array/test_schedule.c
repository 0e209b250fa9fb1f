/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of schedules of snapshots, by a clock that each test moves.  The schedules' own thread is
 * stopped, so that the tests say when it looks; pools copy, as in test_snapshot.c.
 */
#include "array_test.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "array/array_int.h"
#include "base/clock.h"
#include "model/snapshot.h"

#define MINUTE   60000ll
#define HOUR     (60 * MINUTE)
#define DAY      (24 * HOUR)
#define MIDNIGHT 1796169600000ll /* Wednesday 2026-12-02 */

/* Moves the clock to a time, which goes on from there, and lets the schedules look. */
static void
look_at(const struct fixture *f, int64_t utc_ms)
{
	array_schedule_stop(f->array);
	atomic_store(&f->array->clock_shift_ms, utc_ms - clock_utc_ms());
	array_schedule_look(f->array);
}

static int
setup(void **state)
{
	int rc = fixture_setup(state);
	struct fixture *f = *state;

	if (rc < 0)
		return rc;
	fixture_let_clone(f, true);
	look_at(f, MIDNIGHT);
	return 0;
}

static int
teardown(void **state)
{
	fixture_let_clone(*state, false);
	return fixture_teardown(state);
}

static struct guid
make(struct array *array, const char *every, const char *at, const char *keep,
     const struct guid *luns, size_t count)
{
	const struct array_schedule_spec spec = {
		.name = "auto",
		.every = every,
		.at = at,
		.keep = keep,
		.luns = luns,
		.lun_count = count,
		.luns_given = true,
	};
	struct array_answer answer;

	assert_ok(array_schedule_create(array, NULL, &spec, &answer));
	return answer.object_id;
}

static size_t
snapshots(const struct fixture *f)
{
	return count_rows(f->array, ROW_SNAPSHOT);
}

static struct guid
first_snapshot(const struct fixture *f)
{
	AUTO_STATE struct state *state = array_state(f->array);

	return ((const struct row_snapshot *)state_at(state, ROW_SNAPSHOT, 0))->id;
}

static void
assert_live(const struct fixture *f, struct guid schedule, uint64_t runs, uint64_t failures,
	    int64_t next_ms)
{
	AUTO_STATE struct state *live = array_live(f->array);
	const struct row_live_snapshot_schedule *row = state_find(live, ROW_LIVE_SNAPSHOT_SCHEDULE,
								  &schedule);

	assert_non_null(row);
	assert_int_equal(row->runs, runs);
	assert_int_equal(row->failures, failures);
	assert_int_equal(row->next_ms, next_ms);
}

static void
test_a_schedule_runs_at_its_times(void **state)
{
	struct fixture *f = *state;
	struct guid luns[] = { make_lun(f->array, "a"), make_lun(f->array, "b") }, schedule;

	schedule = make(f->array, "1h", "00:10", "24", luns, 2);
	look_at(f, MIDNIGHT + 9 * MINUTE);
	assert_int_equal(snapshots(f), 0);
	assert_live(f, schedule, 0, 0, MIDNIGHT + 10 * MINUTE);
	look_at(f, MIDNIGHT + 10 * MINUTE);
	assert_int_equal(snapshots(f), 2);
	look_at(f, MIDNIGHT + 69 * MINUTE);
	assert_int_equal(snapshots(f), 2);
	look_at(f, MIDNIGHT + 70 * MINUTE + 5000);
	assert_int_equal(snapshots(f), 4);
	assert_live(f, schedule, 2, 0, MIDNIGHT + 130 * MINUTE);

	AUTO_STATE struct state *now = array_state(f->array);
	const struct row_snapshot *a = snapshot_by_name(now, &luns[0], "auto-20261202T011005Z"),
				  *b = snapshot_by_name(now, &luns[1], "auto-20261202T011005Z");

	assert_non_null(a);
	assert_non_null(b);
	assert_true(guid_equal(&a->group_id, &b->group_id)); /* one moment */
	assert_true(guid_equal(&a->schedule_id, &schedule));
}

static void
test_what_was_missed_is_made_up_for_once(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "a"), schedule;

	schedule = make(f->array, "1h", "", "24", &lun, 1);
	look_at(f, MIDNIGHT + HOUR);
	assert_int_equal(snapshots(f), 1);
	fixture_reopen(f);
	look_at(f, MIDNIGHT + HOUR + 2 * MINUTE); /* the run was noted: not again */
	assert_int_equal(snapshots(f), 1);
	fixture_reopen(f);
	look_at(f, MIDNIGHT + 9 * HOUR + 20 * MINUTE); /* eight were missed */
	look_at(f, MIDNIGHT + 9 * HOUR + 21 * MINUTE);
	assert_int_equal(snapshots(f), 2);
	assert_live(f, schedule, 1, 0, MIDNIGHT + 10 * HOUR);
}

static void
test_a_new_schedule_makes_up_for_nothing(void **state)
{
	struct fixture *f = *state;
	const struct array_schedule_spec off = { .enabled_given = true },
					 on = { .enabled_given = true, .enabled = true },
					 other = { .every = "1d" };
	struct guid lun = make_lun(f->array, "a"), schedule;

	look_at(f, MIDNIGHT + 30 * MINUTE);
	schedule = make(f->array, "1h", "", "24", &lun, 1);
	look_at(f, MIDNIGHT + 31 * MINUTE);
	assert_int_equal(snapshots(f), 0);
	assert_ok(array_schedule_change(f->array, NULL, &schedule, &off, NULL));
	look_at(f, MIDNIGHT + 5 * HOUR);
	assert_int_equal(snapshots(f), 0);
	assert_live(f, schedule, 0, 0, 0);
	look_at(f, MIDNIGHT + 5 * HOUR + MINUTE);
	assert_ok(array_schedule_change(f->array, NULL, &schedule, &on, NULL));
	look_at(f, MIDNIGHT + 5 * HOUR + 2 * MINUTE);
	assert_int_equal(snapshots(f), 0);
	assert_live(f, schedule, 0, 0, MIDNIGHT + 6 * HOUR);
	assert_ok(array_schedule_change(f->array, NULL, &schedule, &other, NULL));
	look_at(f, MIDNIGHT + 6 * HOUR);
	assert_int_equal(snapshots(f), 0);
	assert_live(f, schedule, 0, 0, MIDNIGHT + DAY);
}

static void
test_clocks_that_are_set_stop_nothing(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "a"), schedule;

	schedule = make(f->array, "1h", "", "last=2", &lun, 1);
	look_at(f, MIDNIGHT + 4000 * DAY); /* a battery was empty: once */
	look_at(f, MIDNIGHT + 4000 * DAY + MINUTE);
	assert_int_equal(snapshots(f), 1);
	look_at(f, MIDNIGHT + 10 * MINUTE); /* set right: it goes on from here */
	assert_int_equal(snapshots(f), 1);
	assert_live(f, schedule, 1, 0, MIDNIGHT + HOUR);
	for (int i = 1; i <= 3; i++)
		look_at(f, MIDNIGHT + i * HOUR);
	assert_int_equal(snapshots(f), 2);
	look_at(f, MIDNIGHT + 3 * HOUR - 20000); /* seconds back: not twice */
	look_at(f, MIDNIGHT + 3 * HOUR + 20000);
	assert_live(f, schedule, 4, 0, MIDNIGHT + 4 * HOUR);

	AUTO_STATE struct state *now = array_state(f->array);

	/* the one of the wrong time went first */
	assert_non_null(snapshot_by_name(now, &lun, "auto-20261202T030000Z"));
	assert_non_null(snapshot_by_name(now, &lun, "auto-20261202T020000Z"));
}

static void
test_a_time_that_comes_again_has_another_name(void **state)
{
	struct fixture *f = *state;
	struct guid luns[] = { make_lun(f->array, "a"), make_lun(f->array, "b") }, schedule;

	schedule = make(f->array, "1h", "", "24", luns, 2);
	look_at(f, MIDNIGHT + DAY + HOUR); /* the clock is wrong by a day */
	look_at(f, MIDNIGHT + 10 * MINUTE);
	look_at(f, MIDNIGHT + HOUR);
	look_at(f, MIDNIGHT + DAY + HOUR); /* now it is that time */
	assert_live(f, schedule, 3, 0, MIDNIGHT + DAY + 2 * HOUR);
	assert_int_equal(snapshots(f), 6);

	AUTO_STATE struct state *now = array_state(f->array);

	assert_non_null(snapshot_by_name(now, &luns[1], "auto-20261203T010000Z"));
	assert_non_null(snapshot_by_name(now, &luns[1], "auto-20261203T010001Z"));
}

static void *
look(void *array)
{
	array_schedule_look(array);
	return NULL;
}

static void
test_a_snapshot_that_took_long_is_none_of_the_future(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "a"), first, second;
	struct blk_dev *dev = NULL;
	char id[GUID_TEXT_SIZE];
	pthread_t thread;

	(void)make(f->array, "1h", "", "last=1", &lun, 1);
	look_at(f, MIDNIGHT + HOUR);
	first = first_snapshot(f);
	assert_ok(array_lun_device(f->array, &lun, &dev));
	inject(f, guid_format(&lun, id), "flush", "hold");
	array_schedule_stop(f->array);
	atomic_store(&f->array->clock_shift_ms, MIDNIGHT + 2 * HOUR - clock_utc_ms());
	assert_int_equal(pthread_create(&thread, NULL, look, f->array), 0);
	while (array_operation_check(f->array, &lun, ASK_EXTEND) != ERR_BUSY)
		sched_yield();
	atomic_fetch_add(&f->array->clock_shift_ms, 5 * MINUTE);
	inject(f, id, "flush", NULL);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(snapshots(f), 1);
	second = first_snapshot(f);
	assert_false(guid_equal(&first, &second));
	array_device_release(f->array, dev);
}

/* All schedules have one thread: a flush that does not come back would end them all. */
static void
test_a_store_that_hangs_is_not_waited_for(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "a"), schedule;
	struct blk_dev *dev = NULL;
	char id[GUID_TEXT_SIZE];

	schedule = make(f->array, "1h", "", "9", &lun, 1);
	assert_ok(array_lun_device(f->array, &lun, &dev));
	inject(f, guid_format(&lun, id), "flush", "hold");
	array_lun_hangs(f->array, &lun, true);
	look_at(f, MIDNIGHT + HOUR);
	assert_live(f, schedule, 0, 1, MIDNIGHT + 2 * HOUR);
	inject(f, id, "flush", NULL);
	array_lun_hangs(f->array, &lun, false);
	look_at(f, MIDNIGHT + HOUR + 2 * MINUTE);
	assert_live(f, schedule, 1, 1, MIDNIGHT + 2 * HOUR);
	array_device_release(f->array, dev);
}

/* How many flushes are on their way. */
static unsigned
flushes(struct array *array)
{
	unsigned count;

	pthread_mutex_lock(&array->flushes_lock);
	count = array->flushes;
	pthread_mutex_unlock(&array->flushes_lock);
	return count;
}

/* The first flush that hangs is not known to hang: it is given up after a time. */
static void
test_a_flush_that_hangs_fails_its_own_run_only(void **state)
{
	struct fixture *f = *state;
	struct guid luns[] = { make_lun(f->array, "a"), make_lun(f->array, "b") }, hangs, other;
	struct array_schedule_spec spec = { .name = "other",
					    .every = "1h",
					    .keep = "9",
					    .luns = &luns[1],
					    .lun_count = 1,
					    .luns_given = true };
	struct array_answer answer;
	struct blk_dev *dev = NULL;
	char id[GUID_TEXT_SIZE];

	hangs = make(f->array, "1h", "", "9", luns, 2);
	assert_ok(array_schedule_create(f->array, NULL, &spec, &answer));
	other = answer.object_id;
	spec.name = "and another";
	assert_ok(array_schedule_create(f->array, NULL, &spec, NULL));
	assert_ok(array_lun_device(f->array, &luns[0], &dev));
	inject(f, guid_format(&luns[0], id), "flush", "hold");
	f->array->flush_ms = 10;
	look_at(f, MIDNIGHT + HOUR);
	assert_live(f, hangs, 0, 1, MIDNIGHT + 2 * HOUR);
	assert_live(f, other, 1, 0, MIDNIGHT + 2 * HOUR);
	assert_int_equal(flushes(f->array), 1);
	look_at(f, MIDNIGHT + HOUR + 2 * MINUTE); /* it is tried again, and flushes nothing more */
	assert_int_equal(flushes(f->array), 1);
	assert_int_equal(array_operation_check(f->array, &luns[0], ASK_EXTEND), 0);
	inject(f, id, "flush", NULL);
	while (flushes(f->array) > 0)
		sched_yield();
	f->array->flush_ms = 30000;
	look_at(f, MIDNIGHT + HOUR + 4 * MINUTE);
	assert_live(f, hangs, 1, 1, MIDNIGHT + 2 * HOUR);
	array_device_release(f->array, dev);
}

static void
test_a_run_that_is_asked_for_is_as_at_its_time(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "a"), none = random_guid(), schedule, taken;
	const struct array_schedule_spec off = { .enabled_given = true };
	struct array_request request = { .id = random_guid() };
	struct array_answer first, again;

	schedule = make(f->array, "1h", "", "2", &lun, 1);
	look_at(f, MIDNIGHT + 30 * MINUTE);
	assert_ok(array_schedule_run(f->array, &request, &schedule, &first));
	taken = first_snapshot(f);
	assert_true(guid_equal(&first.object_id, &taken));
	assert_live(f, schedule, 1, 0, MIDNIGHT + HOUR);
	assert_ok(array_schedule_run(f->array, &request, &schedule, &again)); /* the same request */
	assert_int_equal(snapshots(f), 1);
	assert_true(again.replayed);
	look_at(f, MIDNIGHT + HOUR); /* its time is not passed over */
	assert_int_equal(snapshots(f), 2);
	array_schedule_stop(f->array);
	atomic_store(&f->array->clock_shift_ms, MIDNIGHT + 2 * HOUR - clock_utc_ms());
	assert_ok(array_schedule_run(f->array, NULL, &schedule, NULL));
	assert_int_equal(snapshots(f), 2);        /* so many are kept */
	look_at(f, MIDNIGHT + 2 * HOUR + MINUTE); /* it was the run that was due */
	assert_live(f, schedule, 3, 0, MIDNIGHT + 3 * HOUR);
	assert_ok(array_schedule_change(f->array, NULL, &schedule, &off, NULL));
	assert_ok(array_schedule_run(f->array, NULL, &schedule, NULL));
	assert_live(f, schedule, 4, 0, 0);
	assert_int_equal(array_schedule_run(f->array, NULL, &none, NULL), ERR_NOT_FOUND);
}

static void
test_a_run_that_is_asked_for_and_fails_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "a"), schedule;
	char id[GUID_TEXT_SIZE];

	schedule = make(f->array, "1h", "", "1", &lun, 1);
	look_at(f, MIDNIGHT + HOUR);
	inject(f, guid_format(&lun, id), "clone", "EIO");
	assert_true(array_schedule_run(f->array, NULL, &schedule, NULL) < 0);
	inject(f, id, "clone", NULL);
	assert_int_equal(snapshots(f), 1);
	look_at(f, MIDNIGHT + HOUR + MINUTE);
	assert_live(f, schedule, 1, 0, MIDNIGHT + 2 * HOUR);
}

static void
test_only_its_own_snapshots_are_removed(void **state)
{
	struct fixture *f = *state;
	struct guid luns[] = { make_lun(f->array, "a"), make_lun(f->array, "b") }, schedule;
	struct guid keep;

	schedule = make(f->array, "1h", "", "1", luns, 2);
	assert_ok(array_snapshot_create(f->array, NULL, "auto-20261202T000000Z", luns, 2, NULL));
	look_at(f, MIDNIGHT + HOUR);
	{
		AUTO_STATE struct state *now = array_state(f->array);

		keep = snapshot_by_name(now, &luns[0], "auto-20261202T010000Z")->id;
	}
	assert_ok(array_snapshot_rename(f->array, NULL, &keep, "before the upgrade", NULL));
	look_at(f, MIDNIGHT + 2 * HOUR);
	look_at(f, MIDNIGHT + 3 * HOUR);
	assert_int_equal(snapshots(f), 2 + 1 + 2);
	assert_ok(array_schedule_delete(f->array, NULL, &schedule, NULL));
	look_at(f, MIDNIGHT + 4 * HOUR);
	assert_int_equal(snapshots(f), 5);

	AUTO_STATE struct state *now = array_state(f->array), *live = array_live(f->array);

	assert_non_null(snapshot_by_name(now, &luns[0], "before the upgrade"));
	assert_null(state_find(live, ROW_LIVE_SNAPSHOT_SCHEDULE, &schedule));
}

struct work_asked {
	struct array_task task;
	uint64_t work;
};

static int
work_read(struct array *array, struct array_task *task)
{
	(void)array;
	container_of(task, struct work_asked, task)->work = state_work();
	return 0;
}

/* Returns how much the writer and this thread have done so far, in rows and nodes. */
static uint64_t
work_done(struct array *array)
{
	struct work_asked asked = { .task.run = work_read };

	assert_ok(array_writer_submit(array, &asked.task));
	return asked.work + state_work();
}

/* Returns what the removal of one snapshot by the schedule costs. */
static uint64_t
work_of_a_removal(struct fixture *f, const struct guid *schedule)
{
	static const struct schedule_rule rule = { .keep[KEEP_LAST] = 1 };
	AUTO_STATE struct state *state = array_state(f->array);
	size_t before = snapshots(f);
	uint64_t work = work_done(f->array);

	array_schedule_expire(f->array, state_find(state, ROW_SNAPSHOT_SCHEDULE, schedule), &rule,
			      array_utc_ms(f->array));
	work = work_done(f->array) - work;
	assert_int_equal(snapshots(f), before - 1);
	return work;
}

/* Takes so many times snapshots of these LUNs that are nobody's but a person's. */
static void
take_others(struct array *array, const struct guid *luns, size_t count, unsigned times)
{
	static unsigned number;
	char name[16];

	for (unsigned i = 0; i < times; i++) {
		snprintf(name, sizeof(name), "%u", number++);
		assert_ok(array_snapshot_create(array, NULL, name, luns, count, NULL));
	}
}

static void
test_a_removal_costs_the_same_however_many_snapshots_there_are(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "a"), schedule, others[16];
	uint64_t first, second;
	char name[16];

	for (unsigned i = 0; i < ARRAY_LEN(others); i++) {
		snprintf(name, sizeof(name), "other%u", i);
		others[i] = make_lun(f->array, name);
	}
	schedule = make(f->array, "1h", "", "9", &lun, 1);
	take_others(f->array, others, ARRAY_LEN(others),
		    5); /* so that the nodes of orders are full */
	look_at(f, MIDNIGHT + HOUR);
	look_at(f, MIDNIGHT + 2 * HOUR);
	first = work_of_a_removal(f, &schedule);
	take_others(f->array, others, ARRAY_LEN(others), 20);
	look_at(f, MIDNIGHT + 3 * HOUR);
	second = work_of_a_removal(f, &schedule);
	/*
	 * nodes may be fuller; to walk the 320 that are more, for the moments and to remove, adds
	 * 640
	 */
	assert_in_range(second, 1, first + 300);
}

static void
test_a_run_that_fails_is_told_and_the_next_one_runs(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "a"), schedule;
	char id[GUID_TEXT_SIZE];

	schedule = make(f->array, "1h", "", "9", &lun, 1);
	inject(f, guid_format(&lun, id), "clone", "EIO");
	look_at(f, MIDNIGHT + HOUR);
	look_at(f, MIDNIGHT + HOUR + 10 * MINUTE); /* not again for this time */
	assert_int_equal(snapshots(f), 0);
	assert_live(f, schedule, 0, 1, MIDNIGHT + 2 * HOUR);
	{
		AUTO_STATE struct state *live = array_live(f->array);
		const struct row_live_snapshot_schedule *row = state_find(
			live, ROW_LIVE_SNAPSHOT_SCHEDULE, &schedule);

		assert_true(row->failed);
		assert_true(row->reason[0] != '\0');
	}
	inject(f, id, "clone", NULL);
	look_at(f, MIDNIGHT + 2 * HOUR);
	assert_int_equal(snapshots(f), 1);
	assert_live(f, schedule, 1, 1, MIDNIGHT + 3 * HOUR);
}

static void
test_a_busy_lun_is_tried_again(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "a"), schedule;

	schedule = make(f->array, "1h", "", "9", &lun, 1);
	assert_ok(array_operation_begin(f->array, &lun, ASK_EXTEND, OPERATION_EXTEND, false));
	look_at(f, MIDNIGHT + HOUR);
	look_at(f, MIDNIGHT + HOUR + 30000);
	look_at(f, MIDNIGHT + HOUR + 90000);
	assert_live(f, schedule, 0, 1, MIDNIGHT + 2 * HOUR);
	array_operation_end(f->array, &lun);
	look_at(f, MIDNIGHT + HOUR + 100000); /* too early: a minute lies between two tries */
	assert_int_equal(snapshots(f), 0);
	look_at(f, MIDNIGHT + HOUR + 160000);
	assert_int_equal(snapshots(f), 1);
	assert_live(f, schedule, 1, 1, MIDNIGHT + 2 * HOUR);
}

static void
test_deleted_luns_are_left_out(void **state)
{
	struct fixture *f = *state;
	struct guid luns[] = { make_lun(f->array, "a"), make_lun(f->array, "b") }, schedule;

	schedule = make(f->array, "1h", "", "9", luns, 2);
	assert_ok(array_lun_delete(f->array, NULL, &luns[0], false, NULL));
	look_at(f, MIDNIGHT + HOUR);
	assert_int_equal(snapshots(f), 1);
	assert_ok(array_lun_delete(f->array, NULL, &luns[1], false, NULL));
	look_at(f, MIDNIGHT + 2 * HOUR);
	assert_live(f, schedule, 1, 1, MIDNIGHT + 3 * HOUR);
}

static void
test_what_cannot_be_a_schedule_is_refused(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "a"), none = random_guid(), schedule;
	struct array_schedule_spec spec = { .name = "b",
					    .every = "1h",
					    .keep = "1",
					    .luns = &lun,
					    .lun_count = 1,
					    .luns_given = true };
	const struct array_schedule_spec rename = { .name = "b" }, shorter = { .every = "1h" };

	spec.name = "a@b";
	assert_int_equal(array_schedule_create(f->array, NULL, &spec, NULL), ERR_INVALID);
	spec.name = "a name that is longer than the forty-six that fit";
	assert_int_equal(array_schedule_create(f->array, NULL, &spec, NULL), ERR_INVALID);
	spec.name = "b";
	spec.luns = &none;
	assert_int_equal(array_schedule_create(f->array, NULL, &spec, NULL), ERR_NOT_FOUND);
	spec.luns = &lun;
	spec.lun_count = 0;
	assert_int_equal(array_schedule_create(f->array, NULL, &spec, NULL), ERR_INVALID);
	spec.lun_count = 1;
	spec.keep = NULL;
	assert_int_equal(array_schedule_create(f->array, NULL, &spec, NULL), ERR_INVALID);
	spec.keep = "1";
	assert_ok(array_schedule_create(f->array, NULL, &spec, NULL));
	schedule = make(f->array, "1d", "02:30", "1", &lun, 1);
	assert_int_equal(array_schedule_change(f->array, NULL, &schedule, &rename, NULL),
			 ERR_NAME_IN_USE);
	assert_int_equal(array_schedule_change(f->array, NULL, &schedule, &shorter, NULL),
			 ERR_INVALID); /* 02:30 is not within the hour */
	assert_int_equal(array_schedule_change(f->array, NULL, &none, &rename, NULL),
			 ERR_NOT_FOUND);
	assert_int_equal(array_schedule_delete(f->array, NULL, &none, NULL), ERR_NOT_FOUND);
	assert_int_equal(count_rows(f->array, ROW_SNAPSHOT_SCHEDULE), 2);
}

/* Makes a LUN in a pool in memory, which can have no snapshots. */
static struct guid
make_lun_in_memory(struct array *array)
{
	struct array_lun_spec spec = { .name = "fast", .size_bytes = MIB };
	struct array_answer answer;

	assert_ok(array_pool_create(array, NULL, "memory", "ram:8M", &answer));
	spec.pool_id = answer.object_id;
	assert_ok(array_lun_create(array, NULL, &spec, &answer));
	return answer.object_id;
}

/* A run is of all its LUNs or of none. */
static void
test_a_lun_whose_pool_has_no_snapshots_is_refused(void **state)
{
	struct fixture *f = *state;
	struct guid luns[] = { make_lun(f->array, "a"), make_lun_in_memory(f->array) }, schedule;
	struct array_schedule_spec spec = { .name = "b",
					    .every = "1h",
					    .keep = "1",
					    .luns = luns,
					    .lun_count = 2,
					    .luns_given = true };
	const struct array_schedule_spec keeps = { .keep = "2" };
	const char *text;

	assert_int_equal(array_schedule_create(f->array, NULL, &spec, NULL), ERR_NOT_SUPPORTED);
	text = err_text(ERR_NOT_SUPPORTED);
	assert_non_null(strstr(text, "LUN \"fast\" is in pool \"memory\""));
	assert_non_null(strstr(text, "cannot share space"));
	schedule = make(f->array, "1h", "", "9", luns, 1);
	spec = (struct array_schedule_spec){ .luns = luns, .lun_count = 2, .luns_given = true };
	assert_int_equal(array_schedule_change(f->array, NULL, &schedule, &spec, NULL),
			 ERR_NOT_SUPPORTED);
	assert_ok(array_schedule_change(f->array, NULL, &schedule, &keeps, NULL));
}

/* A directory is asked; one that is not there, or whose pool is not, is not. */
static void
test_a_directory_is_asked_whether_it_shares_space(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "a"), schedule;
	const struct array_schedule_spec spec = { .luns = &lun,
						  .lun_count = 1,
						  .luns_given = true };
	char path[128], away[160];

	schedule = make(f->array, "1h", "", "9", &lun, 1);
	fixture_let_clone(f, false);
	snprintf(path, sizeof(path), "%s/array/luns", f->dir);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(array_schedule_change(f->array, NULL, &schedule, &spec, NULL),
			 blk_file_can_clone(path));
	assert_int_equal(blk_file_can_clone(away), -ENOENT);
	array_verify_stop(f->array);
	assert_int_equal(rename(path, away), 0);
	array_pool_verify(f->array);
	assert_ok(array_schedule_change(f->array, NULL, &schedule, &spec, NULL));
	assert_int_equal(rename(away, path), 0);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_a_schedule_runs_at_its_times),
		WITH_ARRAY(test_what_was_missed_is_made_up_for_once),
		WITH_ARRAY(test_a_new_schedule_makes_up_for_nothing),
		WITH_ARRAY(test_clocks_that_are_set_stop_nothing),
		WITH_ARRAY(test_a_time_that_comes_again_has_another_name),
		WITH_ARRAY(test_a_snapshot_that_took_long_is_none_of_the_future),
		WITH_ARRAY(test_a_store_that_hangs_is_not_waited_for),
		WITH_ARRAY(test_a_flush_that_hangs_fails_its_own_run_only),
		WITH_ARRAY(test_a_run_that_is_asked_for_is_as_at_its_time),
		WITH_ARRAY(test_a_run_that_is_asked_for_and_fails_changes_nothing),
		WITH_ARRAY(test_only_its_own_snapshots_are_removed),
		WITH_ARRAY(test_a_removal_costs_the_same_however_many_snapshots_there_are),
		WITH_ARRAY(test_a_run_that_fails_is_told_and_the_next_one_runs),
		WITH_ARRAY(test_a_busy_lun_is_tried_again),
		WITH_ARRAY(test_deleted_luns_are_left_out),
		WITH_ARRAY(test_what_cannot_be_a_schedule_is_refused),
		WITH_ARRAY(test_a_lun_whose_pool_has_no_snapshots_is_refused),
		WITH_ARRAY(test_a_directory_is_asked_whether_it_shares_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of schedules of snapshots, by a clock that each test moves.  The schedules' own thread is
 * stopped, so that the tests say when it looks; pools copy, as in test_snapshot.c.
 */
#include "array_test.h"

#include <fcntl.h>
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

static void
let_clone(const struct fixture *f, bool can)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/clone-by-copy", f->inject_dir);
	if (!can) {
		unlink(path);
		return;
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

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
	let_clone(f, true);
	look_at(f, MIDNIGHT);
	return 0;
}

static int
teardown(void **state)
{
	let_clone(*state, false);
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
		WITH_ARRAY(test_only_its_own_snapshots_are_removed),
		WITH_ARRAY(test_a_run_that_fails_is_told_and_the_next_one_runs),
		WITH_ARRAY(test_a_busy_lun_is_tried_again),
		WITH_ARRAY(test_deleted_luns_are_left_out),
		WITH_ARRAY(test_what_cannot_be_a_schedule_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

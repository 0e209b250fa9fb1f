/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of jobs: a thick LUN is allocated in the background and is held until that has ended; a
 * job can be cancelled, and it is resumed after a restart.
 */
#include "array_test.h"

#include <errno.h>
#include <sys/stat.h>

#include "array/array_int.h"
#include "base/clock.h"

static struct array_answer
create_thick(struct array *a, const char *name, uint64_t size_bytes)
{
	struct array_lun_spec spec = { .name = name, .size_bytes = size_bytes, .thick = true };
	struct array_answer answer;

	assert_ok(array_lun_create(a, NULL, &spec, &answer));
	assert_false(guid_is_zero(&answer.job_id));
	return answer;
}

static uint64_t
size_of(struct array *a, struct guid lun)
{
	AUTO_STATE struct state *now = array_state(a);
	const struct row_lun *row = state_find(now, ROW_LUN, &lun);

	assert_non_null(row);
	return row->size_bytes;
}

static off_t
allocated(const struct fixture *f, struct guid lun)
{
	char path[256];
	struct stat st;

	lun_file(f, lun, path);
	assert_int_equal(stat(path, &st), 0);
	return st.st_blocks * 512;
}

/* A thick LUN that is done, ready to be extended. */
static struct guid
make_thick(struct array *a, const char *name)
{
	struct array_answer answer = create_thick(a, name, 2 * MIB);

	assert_true(wait_job(a, answer.job_id, JOB_DONE));
	return answer.object_id;
}

static void
test_thick_create_allocates(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer = create_thick(f->array, "x", 4 * MIB);

	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_true(wait_operation(f->array, answer.object_id, OPERATION_NONE));
	assert_true(allocated(f, answer.object_id) >= (off_t)(4 * MIB));
}

static void
test_create_holds_the_lun_until_it_is_allocated(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer;

	inject(f, "all", "allocate", "hold");
	answer = create_thick(f->array, "x", 4 * MIB);
	assert_true(wait_operation(f->array, answer.object_id, OPERATION_CREATE));
	assert_int_equal(array_lun_rename(f->array, NULL, &answer.object_id, "y", false, NULL),
			 ERR_BUSY);
	assert_int_equal(associate(f->array, answer.object_id, 1, make_target(f->array, "t")),
			 ERR_BUSY);
	assert_int_equal(array_lun_delete(f->array, NULL, &answer.object_id, true, NULL), ERR_BUSY);
	inject(f, "all", "allocate", NULL);
	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_ok(array_lun_rename(f->array, NULL, &answer.object_id, "y", false, NULL));
}

static bool
lun_is_gone(struct array *array, const void *arg)
{
	AUTO_STATE struct state *now = array_state(array);

	return state_find(now, ROW_LUN, arg) == NULL;
}

static void
test_create_that_fails_takes_the_lun_away(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer;
	char path[256];

	inject(f, "all", "allocate", "ENOSPC");
	answer = create_thick(f->array, "x", 4 * MIB);
	assert_true(wait_job(f->array, answer.job_id, JOB_FAILED));
	assert_true(lun_is_gone(f->array, &answer.object_id));
	AUTO_STATE struct state *now = array_state(f->array);
	const struct row_job *job = state_find(now, ROW_JOB, &answer.job_id);

	assert_string_equal(job->error, "NO_SPACE");
	assert_true(strlen(job->message) > 0 && job->ended_ms >= job->created_ms);
	lun_file(f, answer.object_id, path);
	assert_true(wait_file_gone(f->array, path));
	inject(f, "all", "allocate", NULL);
}

static void
test_cancelled_create_takes_the_lun_away(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer;

	inject(f, "all", "allocate", "hold");
	answer = create_thick(f->array, "x", 4 * MIB);
	assert_true(wait_operation(f->array, answer.object_id, OPERATION_CREATE));
	assert_ok(array_job_cancel(f->array, NULL, &answer.job_id, NULL));
	assert_true(wait_job(f->array, answer.job_id, JOB_CANCELLED));
	assert_true(lun_is_gone(f->array, &answer.object_id));
	assert_int_equal(array_job_cancel(f->array, NULL, &answer.job_id, NULL), ERR_CANCELLED);
	inject(f, "all", "allocate", NULL);
}

static void
assert_job_of(struct array *array, const struct guid *job, const char *lun_name)
{
	AUTO_STATE struct state *now = array_state(array);
	const struct row_job *row = state_find(now, ROW_JOB, job);

	assert_non_null(row);
	assert_string_equal(row->lun_name, lun_name);
}

static void
test_a_job_keeps_the_name_that_its_lun_had(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer = create_thick(f->array, "before", 4 * MIB);

	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_ok(array_lun_rename(f->array, NULL, &answer.object_id, "after", false, NULL));
	assert_job_of(f->array, &answer.job_id, "before");
	assert_ok(array_lun_delete(f->array, NULL, &answer.object_id, false, NULL));
	assert_job_of(f->array, &answer.job_id, "before");
	fixture_reopen(f);
	assert_job_of(f->array, &answer.job_id, "before");
}

static void
test_cancel_of_an_ended_job_is_too_late(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer = create_thick(f->array, "x", 4 * MIB);
	struct guid unknown = random_guid();

	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_int_equal(array_job_cancel(f->array, NULL, &answer.job_id, NULL), ERR_TOO_LATE);
	assert_int_equal(array_job_cancel(f->array, NULL, &unknown, NULL), ERR_NOT_FOUND);
}

static void
test_thick_extend_grows_when_it_is_allocated(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_thick(f->array, "x");
	struct array_answer answer;

	inject(f, "all", "allocate", "hold");
	assert_ok(array_lun_extend(f->array, NULL, &lun, 2 * MIB, false, &answer));
	assert_true(wait_operation(f->array, lun, OPERATION_EXTEND));
	assert_int_equal(size_of(f->array, lun), 2 * MIB);
	assert_int_equal(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL), ERR_BUSY);
	assert_ok(array_lun_rename(f->array, NULL, &lun, "y", false, NULL));
	inject(f, "all", "allocate", NULL);
	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_int_equal(size_of(f->array, lun), 4 * MIB);
	assert_true(allocated(f, lun) >= (off_t)(4 * MIB));
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
}

static struct guid
pool_of(struct array *a, struct guid lun)
{
	AUTO_STATE struct state *now = array_state(a);

	return ((const struct row_lun *)state_find(now, ROW_LUN, &lun))->pool_id;
}

/* The size changes when the job ends; what it is to reach is promised from the beginning. */
static void
test_an_extend_that_runs_counts_as_promised(void **state)
{
	struct fixture *f = *state;
	struct guid luns[] = { make_thick(f->array, "x"), make_thick(f->array, "y") };
	struct guid pool = pool_of(f->array, luns[0]);
	struct array_lun_spec rest = { .name = "rest" };
	struct array_answer answer;
	uint64_t left;

	assert_ok(array_pool_change(f->array, NULL, &pool,
				    &(struct array_pool_options){ .overcommit = "100%" }, NULL));
	assert_ok(array_max_lun_size(f->array, NULL, false, false, &left));
	rest.size_bytes = left - 3 * MIB;
	assert_ok(array_lun_create(f->array, NULL, &rest, NULL));
	inject(f, "all", "allocate", "hold");
	assert_ok(array_lun_extend(f->array, NULL, &luns[0], 2 * MIB, false, &answer));
	assert_int_equal(array_lun_extend(f->array, NULL, &luns[1], 2 * MIB, false, NULL),
			 ERR_NO_SPACE);
	assert_ok(array_max_lun_size(f->array, NULL, false, false, &left));
	assert_int_equal(left, MIB);
	fixture_reopen(f);
	assert_int_equal(array_lun_extend(f->array, NULL, &luns[1], 2 * MIB, false, NULL),
			 ERR_NO_SPACE);
	assert_ok(array_job_cancel(f->array, NULL, &answer.job_id, NULL));
	assert_true(wait_job(f->array, answer.job_id, JOB_CANCELLED));
	assert_ok(array_lun_extend(f->array, NULL, &luns[1], 2 * MIB, false, &answer));
	inject(f, "all", "allocate", NULL);
	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_ok(array_max_lun_size(f->array, NULL, false, false, &left));
	assert_int_equal(left, MIB);
}

static void
extend_ends_badly(struct fixture *f, const char *op, const char *what, enum job_state end)
{
	struct guid lun = make_thick(f->array, "x");
	struct array_answer answer;
	off_t before = allocated(f, lun);
	char path[256];
	struct stat st;

	inject(f, "all", op, what);
	assert_ok(array_lun_extend(f->array, NULL, &lun, 2 * MIB, false, &answer));
	if (end == JOB_CANCELLED)
		assert_ok(array_job_cancel(f->array, NULL, &answer.job_id, NULL));
	assert_true(wait_job(f->array, answer.job_id, end));
	inject(f, "all", op, NULL);
	assert_int_equal(size_of(f->array, lun), 2 * MIB);
	lun_file(f, lun, path);
	assert_int_equal(stat(path, &st), 0);
	/*
	 * When the file can be given no size at all, neither can what was allocated be given back:
	 * no harm.
	 */
	if (strcmp(op, "resize") != 0) {
		assert_int_equal(allocated(f, lun), before);
		assert_int_equal(st.st_size, 2 * MIB);
	}
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
}

static void
test_extend_that_fails_leaves_the_size(void **state)
{
	extend_ends_badly(*state, "allocate", "ENOSPC", JOB_FAILED);
}

static void
test_extend_whose_resize_fails_leaves_the_size(void **state)
{
	extend_ends_badly(*state, "resize", "EIO", JOB_FAILED);
}

static void
test_cancelled_extend_leaves_the_size(void **state)
{
	extend_ends_badly(*state, "allocate", "hold", JOB_CANCELLED);
}

static void
test_create_goes_on_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer;

	inject(f, "all", "allocate", "hold");
	answer = create_thick(f->array, "x", 4 * MIB);
	assert_true(wait_operation(f->array, answer.object_id, OPERATION_CREATE));
	fixture_reopen(f);
	assert_true(wait_operation(f->array, answer.object_id, OPERATION_CREATE));
	assert_int_equal(array_lun_delete(f->array, NULL, &answer.object_id, true, NULL), ERR_BUSY);
	inject(f, "all", "allocate", NULL);
	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_true(allocated(f, answer.object_id) >= (off_t)(4 * MIB));
	assert_true(wait_operation(f->array, answer.object_id, OPERATION_NONE));
}

static void
test_extend_goes_on_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_thick(f->array, "x");
	struct array_answer answer;

	inject(f, "all", "allocate", "hold");
	assert_ok(array_lun_extend(f->array, NULL, &lun, 2 * MIB, false, &answer));
	fixture_reopen(f);
	assert_int_equal(size_of(f->array, lun), 2 * MIB);
	assert_true(wait_operation(f->array, lun, OPERATION_EXTEND));
	inject(f, "all", "allocate", NULL);
	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_int_equal(size_of(f->array, lun), 4 * MIB);
}

static bool
has_live_job(struct array *array, const void *arg)
{
	AUTO_STATE struct state *live = array_live(array);

	return state_find(live, ROW_LIVE_JOB, arg) != NULL;
}

/* ---- pauses ---- */

static bool
is_parked(struct array *array, const void *id)
{
	return job_phase(array, id) == JOB_PAUSED;
}

static bool
row_says_paused(struct array *array, const struct guid *id)
{
	AUTO_STATE struct state *now = array_state(array);
	const struct row_job *row = state_find(now, ROW_JOB, id);

	assert_non_null(row);
	return row->paused;
}

/* Pauses a job that waits in the fault of the operation, which is taken away then. */
static void
pause_in(struct fixture *f, const char *op, const struct guid *job)
{
	assert_ok(array_job_pause(f->array, NULL, job, NULL));
	assert_true(row_says_paused(f->array, job));
	assert_true(wait_for(f->array, is_parked, job));
	inject(f, "all", op, NULL);
	assert_true(is_parked(f->array, job));
}

static void
test_a_paused_create_waits_and_goes_on(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer, again;

	inject(f, "all", "allocate", "hold");
	answer = create_thick(f->array, "x", 4 * MIB);
	pause_in(f, "allocate", &answer.job_id);
	assert_true(has_live_job(f->array, &answer.job_id));
	assert_int_equal(array_lun_delete(f->array, NULL, &answer.object_id, true, NULL), ERR_BUSY);
	/* again: nothing changes */
	assert_ok(array_job_pause(f->array, NULL, &answer.job_id, &again));
	assert_true(guid_equal(&again.object_id, &answer.job_id));
	assert_true(is_parked(f->array, &answer.job_id));
	assert_ok(array_job_resume(f->array, NULL, &answer.job_id, NULL));
	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_false(row_says_paused(f->array, &answer.job_id));
	assert_true(allocated(f, answer.object_id) >= (off_t)(4 * MIB));
	assert_true(wait_operation(f->array, answer.object_id, OPERATION_NONE));
}

static void
test_a_paused_extend_waits_over_restarts(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_thick(f->array, "x");
	struct array_answer answer;

	inject(f, "all", "allocate", "hold");
	assert_ok(array_lun_extend(f->array, NULL, &lun, 2 * MIB, false, &answer));
	pause_in(f, "allocate", &answer.job_id);
	for (int i = 0; i < 2; i++) {
		fixture_reopen(f);
		assert_true(row_says_paused(f->array, &answer.job_id));
		assert_true(is_parked(f->array, &answer.job_id));
		assert_true(has_live_job(f->array, &answer.job_id));
		assert_true(wait_operation(f->array, lun, OPERATION_EXTEND));
		assert_int_equal(size_of(f->array, lun), 2 * MIB);
	}
	assert_ok(array_job_resume(f->array, NULL, &answer.job_id, NULL));
	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_int_equal(size_of(f->array, lun), 4 * MIB);
	assert_ok(array_check(f->array));
}

static void
test_a_paused_job_is_cancelled(void **state)
{
	struct fixture *f = *state;

	for (int reopened = 0; reopened < 2; reopened++) {
		struct array_answer answer;

		inject(f, "all", "allocate", "hold");
		answer = create_thick(f->array, "x", 4 * MIB);
		pause_in(f, "allocate", &answer.job_id);
		if (reopened)
			fixture_reopen(f);
		assert_ok(array_job_cancel(f->array, NULL, &answer.job_id, NULL));
		assert_true(wait_job(f->array, answer.job_id, JOB_CANCELLED));
		assert_false(row_says_paused(f->array, &answer.job_id));
		assert_true(lun_is_gone(f->array, &answer.object_id));
		assert_int_equal(array_job_resume(f->array, NULL, &answer.job_id, NULL),
				 ERR_TOO_LATE);
	}
}

static void
test_what_cannot_be_paused_says_so(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer = create_thick(f->array, "x", 4 * MIB);
	struct guid unknown = random_guid();

	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_int_equal(array_job_pause(f->array, NULL, &answer.job_id, NULL), ERR_TOO_LATE);
	assert_non_null(strstr(err_text(ERR_TOO_LATE), "has ended"));
	assert_int_equal(array_job_resume(f->array, NULL, &answer.job_id, NULL), ERR_TOO_LATE);
	assert_int_equal(array_job_pause(f->array, NULL, &unknown, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_job_resume(f->array, NULL, &unknown, NULL), ERR_NOT_FOUND);
	/* one that runs may be resumed */
	inject(f, "all", "allocate", "hold");
	answer = create_thick(f->array, "y", 4 * MIB);
	assert_ok(array_job_resume(f->array, NULL, &answer.job_id, NULL));
	inject(f, "all", "allocate", NULL);
	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
}

/* The pause stands in the way of success only. */
static void
test_a_job_that_fails_while_it_is_to_pause_has_failed(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer;
	struct array_job *job;

	inject(f, "all", "allocate", "hold");
	answer = create_thick(f->array, "x", 4 * MIB);
	pthread_mutex_lock(&f->array->jobs_lock);
	job = array_job_find_locked(f->array, &answer.job_id);
	pthread_mutex_unlock(&f->array->jobs_lock);
	assert_non_null(job);
	pause_in(f, "allocate", &answer.job_id);
	atomic_store(&job->phase, JOB_PAUSING); /* nobody has the job now */
	assert_int_equal(array_job_settle(job, 0), ERR_CANCELLED);
	assert_int_equal(array_job_settle(job, -EIO), -EIO);
	assert_int_equal(atomic_load(&job->phase), JOB_ENDING);
	assert_int_equal(array_job_pause(f->array, NULL, &answer.job_id, NULL), 0); /* it is */
	atomic_store(&job->phase, JOB_PAUSED);
	assert_ok(array_job_resume(f->array, NULL, &answer.job_id, NULL));
	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
}

static void
test_progress_is_shown_while_it_runs(void **state)
{
	struct fixture *f = *state;
	struct array_answer answer;

	inject(f, "all", "allocate", "hold");
	answer = create_thick(f->array, "x", 4 * MIB);
	assert_true(has_live_job(f->array, &answer.job_id));
	inject(f, "all", "allocate", NULL);
	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_false(has_live_job(f->array, &answer.job_id));
}

/* ---- expiry ---- */

struct old_job {
	struct array_task task;
	struct guid id;
	int64_t ended_ms;
};

static int
put_old_job(struct array *array, struct array_task *task)
{
	struct old_job *old = container_of(task, struct old_job, task);
	struct row_job *row = row_new(ROW_JOB);

	(void)array;
	row->id = old->id;
	row->state = JOB_DONE;
	row->created_ms = row->ended_ms = old->ended_ms;
	return state_edit_put(task->edit, row);
}

static struct guid
make_old_job(struct array *array, int64_t age_ms)
{
	struct old_job old = { .task = { .apply = put_old_job, .cause = "job.end" },
			       .id = random_guid(),
			       .ended_ms = clock_utc_ms() - age_ms };

	assert_ok(array_writer_submit(array, &old.task));
	return old.id;
}

static bool
job_is_gone(struct array *array, const void *arg)
{
	AUTO_STATE struct state *now = array_state(array);

	return state_find(now, ROW_JOB, arg) == NULL;
}

static void
test_ended_jobs_expire_after_a_day(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid young = make_old_job(a, JOB_KEPT_MS - 60000),
		    old = make_old_job(a, JOB_KEPT_MS + 1);

	assert_true(wait_for(a, job_is_gone, &old));
	assert_false(job_is_gone(a, &young));
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_thick_create_allocates),
		WITH_ARRAY(test_create_holds_the_lun_until_it_is_allocated),
		WITH_ARRAY(test_create_that_fails_takes_the_lun_away),
		WITH_ARRAY(test_cancelled_create_takes_the_lun_away),
		WITH_ARRAY(test_a_job_keeps_the_name_that_its_lun_had),
		WITH_ARRAY(test_cancel_of_an_ended_job_is_too_late),
		WITH_ARRAY(test_thick_extend_grows_when_it_is_allocated),
		WITH_ARRAY(test_an_extend_that_runs_counts_as_promised),
		WITH_ARRAY(test_extend_that_fails_leaves_the_size),
		WITH_ARRAY(test_extend_whose_resize_fails_leaves_the_size),
		WITH_ARRAY(test_cancelled_extend_leaves_the_size),
		WITH_ARRAY(test_create_goes_on_after_a_restart),
		WITH_ARRAY(test_extend_goes_on_after_a_restart),
		WITH_ARRAY(test_a_paused_create_waits_and_goes_on),
		WITH_ARRAY(test_a_paused_extend_waits_over_restarts),
		WITH_ARRAY(test_a_paused_job_is_cancelled),
		WITH_ARRAY(test_what_cannot_be_paused_says_so),
		WITH_ARRAY(test_a_job_that_fails_while_it_is_to_pause_has_failed),
		WITH_ARRAY(test_ended_jobs_expire_after_a_day),
		WITH_ARRAY(test_progress_is_shown_while_it_runs),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

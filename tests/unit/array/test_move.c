/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of LUNs that move to another pool: that the data of every moment of a move arrive, and what
 * is where when a move is cancelled, fails, or is cut short by the end of the process.
 */
#include "array_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array/array_int.h"
#include "blk/blk.h"

struct two_pools {
	struct fixture *f;
	struct guid lun, first, second;
	char name[GUID_TEXT_SIZE]; /* of the LUN's files and faults */
	char here[256], there[256];
};

static void
begin(struct two_pools *t, void **state)
{
	struct array_answer answer;
	char path[200];

	*t = (struct two_pools){ .f = *state };
	t->lun = make_lun(t->f->array, "vol1");
	snprintf(path, sizeof(path), "%s/second", t->f->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_ok(array_pool_create(t->f->array, NULL, "second", path, &answer));
	t->second = answer.object_id;
	AUTO_STATE struct state *config = array_state(t->f->array);

	t->first = ((const struct row_lun *)state_find(config, ROW_LUN, &t->lun))->pool_id;
	guid_format(&t->lun, t->name);
	lun_file(t->f, t->lun, t->here);
	snprintf(t->there, sizeof(t->there), "%s/%s.img", path, t->name);
}

struct begun {
	const struct two_pools *t;
	const struct guid *pool;
	struct guid *job;
	int rc;
};

/* The note of an earlier volume goes after the volume; until then there is no other one. */
static bool
is_answered(struct array *array, const void *arg)
{
	struct begun *b = (struct begun *)(uintptr_t)arg;
	struct array_answer answer;

	b->rc = array_lun_move(array, NULL, &b->t->lun, b->pool, false, &answer);
	if (b->rc == 0)
		*b->job = answer.job_id;
	return b->rc != ERR_BUSY || strstr(err_text(b->rc), "being removed") == NULL;
}

static int
start(const struct two_pools *t, const struct guid *pool, struct guid *ret_job)
{
	struct begun b = { t, pool, ret_job, 0 };

	assert_true(wait_for(t->f->array, is_answered, &b));
	return b.rc;
}

static struct guid
pool_of(const struct two_pools *t)
{
	AUTO_STATE struct state *state = array_state(t->f->array);

	return ((const struct row_lun *)state_find(state, ROW_LUN, &t->lun))->pool_id;
}

static void
assert_in(const struct two_pools *t, const struct guid *pool)
{
	struct guid is = pool_of(t);
	bool first = guid_equal(pool, &t->first);

	assert_true(guid_equal(&is, pool));
	assert_true(wait_file_gone(t->f->array, first ? t->there : t->here));
	assert_true(file_exists(first ? t->here : t->there));
	assert_true(wait_operation(t->f->array, t->lun, OPERATION_NONE));
	assert_ok(array_check(t->f->array));
}

static struct blk_dev *
device(const struct two_pools *t)
{
	struct blk_dev *dev = NULL;

	assert_ok(array_lun_device(t->f->array, &t->lun, &dev));
	return dev;
}

static void
put(struct blk_dev *dev, uint64_t at, uint8_t value)
{
	static uint8_t bytes[4096];

	memset(bytes, value, sizeof(bytes));
	assert_int_equal(blk_rw(dev, BLK_WRITE, at, bytes, sizeof(bytes)), 0);
}

static void
assert_byte(const struct two_pools *t, uint64_t at, uint8_t value)
{
	struct blk_dev *dev = array_lun_device_now(t->f->array, &t->lun);
	uint8_t byte = 0;

	assert_non_null(dev);
	assert_int_equal(blk_rw(dev, BLK_READ, at, &byte, 1), 0);
	assert_int_equal(byte, value);
	array_device_release(t->f->array, dev);
}

/* The tracking layer lies over the LUN's device: from now on a copy is made. */
static bool
is_tracked(struct array *array, const void *lun_id)
{
	struct blk_dev *dev = array_lun_device_now(array, lun_id);
	bool found = dev != NULL && dev->below != NULL && dev->below->below != NULL;

	if (dev != NULL)
		array_device_release(array, dev);
	return found;
}

/* Starts a move that waits before it copies anything. */
static struct guid
start_and_wait(const struct two_pools *t)
{
	struct guid job;

	inject(t->f, t->name, "move", "hold");
	assert_ok(start(t, &t->second, &job));
	assert_true(wait_for(t->f->array, is_tracked, &t->lun));
	return job;
}

static void
test_what_was_and_what_comes_meanwhile_arrives(void **state)
{
	struct two_pools t;
	struct blk_dev *dev, *tracked;
	struct guid job;

	begin(&t, state);
	dev = device(&t);
	put(dev, 0, 1);
	job = start_and_wait(&t);
	tracked = array_lun_device_now(t.f->array, &t.lun);
	put(tracked, 0, 2);
	put(tracked, 512 << 10, 3);
	array_device_release(t.f->array, tracked);
	array_device_release(t.f->array, dev);
	inject(t.f, t.name, "move", NULL);
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
	assert_byte(&t, 0, 2);
	assert_byte(&t, 512 << 10, 3);
	assert_byte(&t, 1020 << 10, 0);
	fixture_reopen(t.f);
	assert_in(&t, &t.second);
	array_device_release(t.f->array, device(&t));
	assert_byte(&t, 0, 2);
}

static void
test_a_cancelled_move_leaves_nothing(void **state)
{
	struct two_pools t;
	struct guid job;

	begin(&t, state);
	job = start_and_wait(&t);
	assert_ok(array_job_cancel(t.f->array, NULL, &job, NULL));
	assert_true(wait_job(t.f->array, job, JOB_CANCELLED));
	assert_in(&t, &t.first);
	assert_false(is_tracked(t.f->array, &t.lun));
	/* and it can be moved again */
	inject(t.f, t.name, "move", NULL);
	assert_ok(start(&t, &t.second, &job));
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
}

/* Waits at each of the steps, and then the process ends: kept is what the catalog says. */
static void
test_a_move_that_was_cut_short_begins_anew(void **state)
{
	static const char *const steps[] = { "create", "move", "move-commit" };
	struct two_pools t;
	struct blk_dev *dev;
	struct guid job;

	begin(&t, state);
	dev = device(&t);
	put(dev, 4096, 7);
	array_device_release(t.f->array, dev);
	inject(t.f, t.name, steps[0], "hold");
	assert_ok(start(&t, &t.second, &job));
	for (size_t i = 1; i < ARRAY_LEN(steps); i++) {
		fixture_close(t.f);
		inject(t.f, t.name, steps[i], "hold");
		inject(t.f, t.name, steps[i - 1], NULL);
		fixture_open(t.f);
		assert_true(wait_for(t.f->array, is_tracked, &t.lun));
		assert_true(file_exists(t.here) && file_exists(t.there));
	}
	fixture_close(t.f);
	inject(t.f, t.name, steps[2], NULL);
	fixture_open(t.f);
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
	array_device_release(t.f->array, device(&t));
	assert_byte(&t, 4096, 7);
}

static void
test_a_move_that_fails_leaves_nothing(void **state)
{
	static const char *const steps[] = { "create", "move", "move-commit", "write", "map" };
	struct two_pools t;
	struct blk_dev *dev;
	struct guid job;

	begin(&t, state);
	dev = device(&t);
	put(dev, 0, 1);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		inject(t.f, t.name, steps[i], "ENOSPC");
		assert_ok(start(&t, &t.second, &job));
		assert_true(wait_job(t.f->array, job, JOB_FAILED));
		inject(t.f, t.name, steps[i], NULL);
		assert_in(&t, &t.first);
		assert_byte(&t, 0, 1);
		/* an error of the copy is none of the LUN's */
		assert_int_equal(array_unit_health(t.f->array, &t.lun), HEALTH_OK);
	}
	array_device_release(t.f->array, dev);
}

static void
test_a_volume_that_holds_the_only_data_is_kept(void **state)
{
	struct two_pools t;
	struct guid job;

	begin(&t, state);
	inject(t.f, t.name, "create", "hold");
	assert_ok(start(&t, &t.second, &job));
	fixture_close(t.f);
	/* as if the catalog were that of before the move's end */
	assert_int_equal(rename(t.here, t.there), 0);
	inject(t.f, t.name, "create", NULL);
	fixture_open(t.f);
	assert_true(wait_job(t.f->array, job, JOB_FAILED));
	assert_true(file_exists(t.there));
	fixture_close(t.f);
	assert_int_equal(rename(t.there, t.here), 0);
	fixture_open(t.f);
}

/* A file of the LUN in another pool, which no move has made, may be of another catalog. */
static void
test_a_sweep_removes_nothing_that_it_does_not_know(void **state)
{
	struct two_pools t;
	char unfinished[256];
	int fd;

	begin(&t, state);
	fixture_close(t.f);
	fd = open(t.there, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	snprintf(unfinished, sizeof(unfinished), "%s", t.there);
	memcpy(unfinished + strlen(unfinished) - 4, ".new", 4);
	fd = open(unfinished, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	fixture_open(t.f);
	assert_true(file_exists(t.there));
	assert_false(file_exists(unfinished));
	assert_true(file_exists(t.here));
}

static void
test_a_lun_that_moves_is_held_and_its_pools_stay(void **state)
{
	struct two_pools t;
	struct guid job, other;

	begin(&t, state);
	job = start_and_wait(&t);
	assert_int_equal(start(&t, &t.second, &other), ERR_BUSY);
	assert_int_equal(array_lun_extend(t.f->array, NULL, &t.lun, MIB, false, NULL), ERR_BUSY);
	assert_int_equal(array_lun_delete(t.f->array, NULL, &t.lun, true, NULL), ERR_BUSY);
	assert_int_equal(array_pool_delete(t.f->array, NULL, &t.second, NULL), ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "being moved"));
	assert_ok(array_lun_rename(t.f->array, NULL, &t.lun, "vol2", false, NULL));
	{
		AUTO_STATE struct state *config = array_state(t.f->array);

		assert_int_equal(array_space_provisioned(config, &t.second), MIB);
	}
	inject(t.f, t.name, "move", NULL);
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
	assert_int_equal(start(&t, &t.second, &other), ERR_INVALID);
}

/* The data path may still end commands, which nobody could drain. */
static void
test_nothing_is_committed_when_the_data_path_has_gone(void **state)
{
	struct fake_runtime fake;
	struct two_pools t;
	struct guid job;

	begin(&t, state);
	fake_register(&fake, t.f->array);
	job = start_and_wait(&t);
	fake_unregister(&fake);
	inject(t.f, t.name, "move", NULL);
	fixture_reopen(t.f);
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
}

static void
test_a_move_drains_the_paths_twice(void **state)
{
	struct fake_runtime fake;
	struct two_pools t;
	struct guid job;

	begin(&t, state);
	fake_register(&fake, t.f->array);
	assert_ok(start(&t, &t.second, &job));
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
	assert_int_equal(atomic_load(&fake.quiesced), 2);
	assert_int_equal(atomic_load(&fake.replaced), 0); /* the data are the same */
	fake_unregister(&fake);
}

/* A minimum is of a pool: the LUN keeps it where the pool can give it. */
static void
test_a_minimum_goes_where_no_pool_gives_it(void **state)
{
	const struct array_pool_options limited = { .qos = "iops=1000" };
	static const char *const after[] = { "iops=600 min_iops=500", "iops=600" };
	struct two_pools t;
	struct guid job;

	begin(&t, state);
	assert_ok(array_pool_change(t.f->array, NULL, &t.first, &limited, NULL));
	assert_ok(array_pool_change(t.f->array, NULL, &t.second, &limited, NULL));
	assert_ok(array_lun_set_qos(t.f->array, NULL, &t.lun, after[0], NULL));
	for (size_t i = 0; i < ARRAY_LEN(after); i++) {
		const struct guid *to = i == 0 ? &t.second : &t.first;

		assert_ok(start(&t, to, &job));
		assert_true(wait_job(t.f->array, job, JOB_DONE));
		assert_in(&t, to);
		AUTO_STATE struct state *now = array_state(t.f->array);
		const struct row_lun *lun = state_find(now, ROW_LUN, &t.lun);

		assert_string_equal(lun->qos, after[i]);
		if (i == 0) /* the pool that the LUN goes back to has no limit any more */
			assert_ok(array_pool_change(t.f->array, NULL, &t.first,
						    &(struct array_pool_options){ .qos = "iops=0" },
						    NULL));
	}
}

/* As at a start of vdsd: the data path does not wait for a store that hangs. */
static void
test_a_data_path_that_comes_meanwhile_is_drained(void **state)
{
	struct fake_runtime fake;
	struct two_pools t;
	struct guid job;

	begin(&t, state);
	inject(t.f, t.name, "move-commit", "hold");
	assert_ok(start(&t, &t.second, &job));
	assert_true(wait_for(t.f->array, is_tracked, &t.lun));
	fake_register(&fake, t.f->array);
	inject(t.f, t.name, "move-commit", NULL);
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
	assert_true(atomic_load(&fake.quiesced) > 0);
	fake_unregister(&fake);
}

/* Starts moves that fill the lane, and one that waits for them; returns the waiting one. */
static struct guid
start_behind_others(const struct two_pools *t, struct guid *ret_waiting)
{
	static const char *const names[] = { "vol2", "vol3" };
	struct array_lun_spec spec = { .size_bytes = MIB, .pool_id = t->first };
	struct array_answer answer;
	char id[GUID_TEXT_SIZE];

	(void)start_and_wait(t);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		spec.name = names[i];
		assert_ok(array_lun_create(t->f->array, NULL, &spec, &answer));
		*ret_waiting = answer.object_id;
		inject(t->f, guid_format(ret_waiting, id), "move", "hold");
		assert_ok(
			array_lun_move(t->f->array, NULL, ret_waiting, &t->second, false, &answer));
		if (i == 0)
			assert_true(wait_for(t->f->array, is_tracked, ret_waiting));
	}
	return answer.job_id;
}

static void
test_a_move_that_waits_for_others_is_cancelled_at_once(void **state)
{
	struct two_pools t;
	struct guid job, lun;

	begin(&t, state);
	job = start_behind_others(&t, &lun);
	assert_ok(array_job_cancel(t.f->array, NULL, &job, NULL));
	assert_true(wait_job(t.f->array, job, JOB_CANCELLED));
	assert_true(wait_operation(t.f->array, lun, OPERATION_NONE));
	assert_true(is_tracked(t.f->array, &t.lun)); /* the others go on */
}

/* An array that closes does not first make the volumes of all LUNs that wait for their moves. */
static void
test_a_move_that_waits_for_others_does_not_begin_at_the_end(void **state)
{
	char id[GUID_TEXT_SIZE], there[256];
	struct two_pools t;
	struct guid lun;

	begin(&t, state);
	(void)start_behind_others(&t, &lun);
	fixture_close(t.f);
	snprintf(there, sizeof(there), "%s/second/%s.img", t.f->dir, guid_format(&lun, id));
	assert_true(file_exists(t.there));
	assert_false(file_exists(there));
	fixture_open(t.f);
}

/* ---- pauses ---- */

static bool
is_parked(struct array *array, const void *id)
{
	return job_phase(array, id) == JOB_PAUSED;
}

static void
pause_move(const struct two_pools *t, struct guid job)
{
	assert_ok(array_job_pause(t->f->array, NULL, &job, NULL));
	assert_true(wait_for(t->f->array, is_parked, &job));
}

static void
resume_move(const struct two_pools *t, struct guid job)
{
	assert_ok(array_job_resume(t->f->array, NULL, &job, NULL));
}

static void
put_tracked(const struct two_pools *t, uint64_t at, uint8_t value)
{
	struct blk_dev *dev = array_lun_device_now(t->f->array, &t->lun);

	assert_non_null(dev);
	put(dev, at, value);
	array_device_release(t->f->array, dev);
}

static bool
nothing_is_noted(struct array *array, const void *lun_id)
{
	struct blk_dev *dev = array_lun_device_now(array, lun_id);
	bool nothing = blk_track_noted_bytes(dev) == 0;

	array_device_release(array, dev);
	return nothing;
}

static void
test_what_is_written_during_a_pause_arrives(void **state)
{
	struct two_pools t;
	struct blk_dev *dev;
	struct guid job;

	begin(&t, state);
	dev = device(&t);
	put(dev, 0, 1);
	job = start_and_wait(&t);
	pause_move(&t, job);
	inject(t.f, t.name, "move", NULL);
	assert_true(is_tracked(t.f->array, &t.lun));
	put_tracked(&t, 0, 2);
	put_tracked(&t, 512 << 10, 3);
	assert_int_equal(array_lun_delete(t.f->array, NULL, &t.lun, true, NULL), ERR_BUSY);
	assert_int_equal(array_pool_delete(t.f->array, NULL, &t.second, NULL), ERR_IN_USE);
	assert_ok(array_check(t.f->array));
	array_device_release(t.f->array, dev);
	resume_move(&t, job);
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
	assert_byte(&t, 0, 2);
	assert_byte(&t, 512 << 10, 3);
}

/* Whether an explanation of the LUN says this. */
static bool
is_explained(const struct two_pools *t, const char *words)
{
	struct array_explanation why = { 0 };
	bool found = false;

	assert_ok(array_explain(t->f->array, &t->lun, "iqn.2026-11.org.example:host", NULL, &why));
	for (size_t i = 0; i < why.step_count; i++)
		found |= strstr(why.steps[i].text, words) != NULL;
	array_explanation_fini(&why);
	return found;
}

static void
test_an_explanation_tells_of_the_move(void **state)
{
	static const char moved[] = "it is being moved to pool \"second\": 0 %";
	struct two_pools t;
	char paused[80];
	struct guid job;

	begin(&t, state);
	snprintf(paused, sizeof(paused), "%s, paused", moved);
	assert_false(is_explained(&t, "moved"));
	job = start_and_wait(&t);
	assert_true(is_explained(&t, moved));
	assert_false(is_explained(&t, paused));
	pause_move(&t, job);
	assert_true(is_explained(&t, paused));
	assert_ok(array_job_cancel(t.f->array, NULL, &job, NULL));
	assert_true(wait_job(t.f->array, job, JOB_CANCELLED));
	assert_false(is_explained(&t, "moved"));
}

/*
 * Pauses when everything is copied and the paths are drained, and again when the copier has taken
 * what was written meanwhile from the notes, but has not copied it.
 */
static void
test_what_was_taken_before_a_pause_is_copied_after_it(void **state)
{
	struct two_pools t;
	struct blk_dev *dev;
	struct guid job;

	begin(&t, state);
	dev = device(&t);
	put(dev, 0, 1);
	inject(t.f, t.name, "move-commit", "hold");
	inject(t.f, t.name, "move", "hold");
	assert_ok(start(&t, &t.second, &job));
	assert_true(wait_for(t.f->array, is_tracked, &t.lun));
	put_tracked(&t, 0, 2);
	inject(t.f, t.name, "move", NULL);
	assert_true(wait_for(t.f->array, nothing_is_noted, &t.lun));
	pause_move(&t, job);
	put_tracked(&t, 0, 3);
	inject(t.f, t.name, "move", "hold");
	resume_move(&t, job);
	assert_true(wait_for(t.f->array, nothing_is_noted, &t.lun));
	pause_move(&t, job);
	assert_false(nothing_is_noted(t.f->array, &t.lun));
	inject(t.f, t.name, "move", NULL);
	inject(t.f, t.name, "move-commit", NULL);
	array_device_release(t.f->array, dev);
	resume_move(&t, job);
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
	assert_byte(&t, 0, 3);
}

/* No path is held while the move is paused, and after it the paths are drained as ever. */
static void
test_a_paused_move_holds_no_path(void **state)
{
	struct fake_runtime fake;
	struct two_pools t;
	struct guid job;
	unsigned drained;

	begin(&t, state);
	fake_register(&fake, t.f->array);
	inject(t.f, t.name, "move-commit", "hold");
	assert_ok(start(&t, &t.second, &job));
	assert_true(wait_for(t.f->array, is_tracked, &t.lun));
	while (atomic_load(&fake.quiesced) < 2) /* the second one is that of the end */
		sched_yield();
	pause_move(&t, job);
	drained = atomic_load(&fake.quiesced);
	assert_int_equal(drained, atomic_load(&fake.resumed));
	inject(t.f, t.name, "move-commit", NULL);
	assert_int_equal(drained, atomic_load(&fake.quiesced));
	resume_move(&t, job);
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
	fake_unregister(&fake);
}

static void
test_a_paused_move_stays_paused_over_restarts(void **state)
{
	struct two_pools t;
	struct blk_dev *dev;
	struct guid job;

	begin(&t, state);
	dev = device(&t);
	put(dev, 4096, 7);
	array_device_release(t.f->array, dev);
	job = start_and_wait(&t);
	pause_move(&t, job);
	inject(t.f, t.name, "move", NULL);
	for (int i = 0; i < 2; i++) {
		fixture_reopen(t.f);
		assert_true(is_parked(t.f->array, &job));
		assert_false(is_tracked(t.f->array, &t.lun));
		assert_true(file_exists(t.here) && file_exists(t.there));
		assert_true(wait_operation(t.f->array, t.lun, OPERATION_MOVE));
	}
	dev = device(&t);
	put(dev, 8192, 8); /* before the copy begins anew */
	array_device_release(t.f->array, dev);
	resume_move(&t, job);
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
	array_device_release(t.f->array, device(&t));
	assert_byte(&t, 4096, 7);
	assert_byte(&t, 8192, 8);
}

static void
test_a_paused_move_is_cancelled(void **state)
{
	struct two_pools t;
	struct guid job;

	begin(&t, state);
	for (int reopened = 0; reopened < 2; reopened++) {
		inject(t.f, t.name, "move", "hold");
		assert_ok(start(&t, &t.second, &job));
		assert_true(wait_for(t.f->array, is_tracked, &t.lun));
		pause_move(&t, job);
		if (reopened)
			fixture_reopen(t.f);
		assert_ok(array_job_cancel(t.f->array, NULL, &job, NULL));
		assert_true(wait_job(t.f->array, job, JOB_CANCELLED));
		assert_in(&t, &t.first);
		assert_false(is_tracked(t.f->array, &t.lun));
	}
}

/* The volume in the new pool has the only data: the catalog is older than the end of the move. */
static void
test_a_paused_move_that_is_cancelled_keeps_the_only_data(void **state)
{
	struct two_pools t;
	struct guid job;

	begin(&t, state);
	inject(t.f, t.name, "create", "hold");
	assert_ok(start(&t, &t.second, &job));
	pause_move(&t, job);
	inject(t.f, t.name, "create", NULL);
	fixture_close(t.f);
	assert_int_equal(rename(t.here, t.there), 0);
	fixture_open(t.f);
	assert_ok(array_job_cancel(t.f->array, NULL, &job, NULL));
	assert_true(wait_job(t.f->array, job, JOB_CANCELLED));
	assert_true(wait_operation(t.f->array, t.lun, OPERATION_NONE));
	assert_true(file_exists(t.there));
	fixture_close(t.f);
	assert_int_equal(rename(t.there, t.here), 0);
	fixture_open(t.f);
}

/* While new volumes are made nothing is tracked; whatever was made is made anew. */
static void
test_a_move_is_paused_before_it_copies(void **state)
{
	struct two_pools t;
	struct guid job;

	begin(&t, state);
	inject(t.f, t.name, "create", "hold");
	assert_ok(start(&t, &t.second, &job));
	for (int i = 0; i < 2; i++) {
		pause_move(&t, job);
		assert_false(is_tracked(t.f->array, &t.lun));
		resume_move(&t, job);
	}
	pause_move(&t, job);
	inject(t.f, t.name, "create", NULL);
	resume_move(&t, job);
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
}

static void
test_paused_moves_do_not_keep_others_waiting(void **state)
{
	struct two_pools t;
	struct guid job, lun, others[3];
	size_t count = 0;

	begin(&t, state);
	job = start_behind_others(&t, &lun);
	{
		AUTO_STATE struct state *now = array_state(t.f->array);

		for (size_t i = 0; i < state_count(now, ROW_JOB); i++) {
			const struct row_job *row = state_at(now, ROW_JOB, i);

			if (!guid_equal(&row->id, &job))
				others[count++] = row->id;
		}
	}
	assert_int_equal(count, 2);
	assert_ok(array_job_pause(t.f->array, NULL, &job, NULL)); /* one that waits itself */
	for (size_t i = 0; i < count; i++)
		pause_move(&t, others[i]);
	assert_true(wait_for(t.f->array, is_parked, &job));
	resume_move(&t, job);
	assert_true(wait_for(t.f->array, is_tracked, &lun));
	for (size_t i = 0; i < count; i++)
		assert_true(is_parked(t.f->array, &others[i]));
}

struct cloning {
	const struct two_pools *t;
	int rc;
	struct guid job;
};

static void *
clone_lun(void *arg)
{
	struct cloning *c = arg;
	struct array_lun_spec spec = { .name = "clone", .origin_id = c->t->lun };

	c->rc = array_lun_create(c->t->f->array, NULL, &spec, NULL);
	return NULL;
}

/* The clone has chosen its pool and waits, in the opening of a pipe, while its origin moves. */
static void
test_a_clone_of_a_lun_that_has_moved_meanwhile_is_refused(void **state)
{
	struct two_pools t;
	struct cloning c = { &t, 0, { { 0 } } };
	char fault[128], copies[128];
	struct guid job;
	pthread_t thread;
	int fd;

	begin(&t, state);
	snprintf(copies, sizeof(copies), "%s/clone-by-copy", t.f->inject_dir);
	assert_int_equal(mkfifo(copies, 0600), 0);
	snprintf(fault, sizeof(fault), "%s/all.create", t.f->inject_dir);
	assert_int_equal(mkfifo(fault, 0600), 0);
	assert_int_equal(pthread_create(&thread, NULL, clone_lun, &c), 0);
	fd = open(fault, O_WRONLY | O_CLOEXEC); /* the clone is there */
	assert_true(fd >= 0);
	assert_int_equal(unlink(fault), 0);
	assert_ok(start(&t, &t.second, &job));
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_int_equal(write(fd, "hold", 4), 4); /* it looks again, and goes on */
	close(fd);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(c.rc, ERR_BUSY);
	assert_int_equal(unlink(copies), 0);
	assert_in(&t, &t.second);
	assert_int_equal(count_rows(t.f->array, ROW_LUN), 1);
}

static void *
copy_lun(void *arg)
{
	struct cloning *c = arg;
	struct array_lun_spec spec = { .name = "copy", .origin_id = c->t->lun, .copy = true };
	struct array_answer answer;

	c->rc = array_lun_create(c->t->f->array, NULL, &spec, &answer);
	c->job = answer.job_id;
	return NULL;
}

/*
 * From before its volume is made a full copy holds its origin: what it reads, and where, does not
 * change any more.
 */
static void
test_a_full_copy_holds_its_origin_in_its_pool(void **state)
{
	struct two_pools t;
	struct cloning c = { &t, 0, { { 0 } } };
	struct array_answer answer;
	char fault[128];
	struct guid job;
	pthread_t thread;
	int fd;

	begin(&t, state);
	snprintf(fault, sizeof(fault), "%s/all.create", t.f->inject_dir);
	assert_int_equal(mkfifo(fault, 0600), 0);
	assert_int_equal(pthread_create(&thread, NULL, copy_lun, &c), 0);
	fd = open(fault, O_WRONLY | O_CLOEXEC); /* the copy is there */
	assert_true(fd >= 0);
	assert_int_equal(unlink(fault), 0);
	assert_int_equal(array_lun_move(t.f->array, NULL, &t.lun, &t.second, false, &answer),
			 ERR_BUSY);
	assert_int_equal(array_lun_delete(t.f->array, NULL, &t.lun, true, NULL), ERR_BUSY);
	assert_int_equal(array_pool_delete(t.f->array, NULL, &t.first, NULL), ERR_IN_USE);
	assert_int_equal(write(fd, "hold", 4), 4); /* it looks again, and goes on */
	close(fd);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_ok(c.rc);
	assert_true(wait_job(t.f->array, c.job, JOB_DONE));
	assert_ok(start(&t, &t.second, &job));
	assert_true(wait_job(t.f->array, job, JOB_DONE));
	assert_in(&t, &t.second);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_what_was_and_what_comes_meanwhile_arrives),
		WITH_ARRAY(test_a_cancelled_move_leaves_nothing),
		WITH_ARRAY(test_a_move_that_was_cut_short_begins_anew),
		WITH_ARRAY(test_a_move_that_fails_leaves_nothing),
		WITH_ARRAY(test_a_volume_that_holds_the_only_data_is_kept),
		WITH_ARRAY(test_a_sweep_removes_nothing_that_it_does_not_know),
		WITH_ARRAY(test_a_lun_that_moves_is_held_and_its_pools_stay),
		WITH_ARRAY(test_nothing_is_committed_when_the_data_path_has_gone),
		WITH_ARRAY(test_a_move_drains_the_paths_twice),
		WITH_ARRAY(test_a_data_path_that_comes_meanwhile_is_drained),
		WITH_ARRAY(test_a_clone_of_a_lun_that_has_moved_meanwhile_is_refused),
		WITH_ARRAY(test_a_full_copy_holds_its_origin_in_its_pool),
		WITH_ARRAY(test_a_minimum_goes_where_no_pool_gives_it),
		WITH_ARRAY(test_a_move_that_waits_for_others_is_cancelled_at_once),
		WITH_ARRAY(test_a_move_that_waits_for_others_does_not_begin_at_the_end),
		WITH_ARRAY(test_what_is_written_during_a_pause_arrives),
		WITH_ARRAY(test_an_explanation_tells_of_the_move),
		WITH_ARRAY(test_what_was_taken_before_a_pause_is_copied_after_it),
		WITH_ARRAY(test_a_paused_move_holds_no_path),
		WITH_ARRAY(test_a_paused_move_stays_paused_over_restarts),
		WITH_ARRAY(test_a_paused_move_is_cancelled),
		WITH_ARRAY(test_a_paused_move_that_is_cancelled_keeps_the_only_data),
		WITH_ARRAY(test_a_move_is_paused_before_it_copies),
		WITH_ARRAY(test_paused_moves_do_not_keep_others_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the writer thread: batches, savepoints, failures of memory and of the disk, the
 * read-only array, and many callers at the same time.
 */
#include "array_test.h"

#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>

#include "array/array_int.h"
#include "fault.h"
#include "shim_vfs.h"

/* ---- on the writer's thread ---- */

struct fault_order {
	struct array_task task;
	unsigned nth;
	bool hit;
};

static int
order_memory_fault(struct array *array, struct array_task *task)
{
	(void)array;
	mem_fault_at(container_of(task, struct fault_order, task)->nth);
	return 0;
}

static int
ask_memory_fault(struct array *array, struct array_task *task)
{
	(void)array;
	container_of(task, struct fault_order, task)->hit = mem_fault_hit();
	mem_fault_at(0);
	return 0;
}

/* The nth allocation of the writer thread from now fails. */
static void
fail_writer_at(struct array *a, unsigned nth)
{
	struct fault_order order = { .task.run = order_memory_fault, .nth = nth };

	assert_ok(array_writer_submit(a, &order.task));
}

static bool
writer_failed(struct array *a)
{
	struct fault_order order = { .task.run = ask_memory_fault };

	assert_ok(array_writer_submit(a, &order.task));
	return order.hit;
}

/* ---- changes that meet a fault ---- */

struct scene {
	struct guid lun, targets[3];
	unsigned step;
};

/* Something of everything; each step undoes another, so that it may go on for ever. */
static int
change(struct array *a, struct scene *s, unsigned step)
{
	struct array_answer answer;
	int rc;

	switch (step % 4) {
	case 0:
		return array_lun_associate(a, NULL, &s->lun, s->targets, 2, NULL);
	case 1:
		return array_lun_associate(a, NULL, &s->lun, s->targets + 1, 2, NULL);
	case 2:
		return array_lun_extend(a, NULL, &s->lun, 512, false, NULL);
	default:
		rc = array_target_create(a, NULL, NULL, "", true, false, &answer);
		return rc < 0 ? rc : array_target_delete(a, NULL, &answer.object_id, NULL);
	}
}

static struct scene
make_scene(struct array *a)
{
	struct scene s = { .lun = make_lun(a, "l") };

	for (size_t i = 0; i < 3; i++)
		s.targets[i] = make_target(a, "t");
	return s;
}

static void
test_every_allocation_of_the_writer(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct scene s = make_scene(a);

	for (unsigned step = 0; step < 4; step++) {
		bool hit = true;

		for (unsigned nth = 1; hit; nth++) {
			int rc;

			fail_writer_at(a, nth);
			rc = change(a, &s, step);
			hit = writer_failed(a);
			assert_true(rc == 0 || (rc == -ENOMEM && hit));
			assert_false(array_is_read_only(a));
			assert_ok(array_check(a));
			/* What was done must not make the next round an empty one. */
			assert_ok(change(a, &s, step == 0 ? 1 : 0));
		}
	}
}

static void
test_every_allocation_of_the_caller(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct scene s = make_scene(a);
	unsigned step = 0;

	WITH_EVERY_FAULT
	{
		struct array_lun_spec spec = { .size_bytes = MIB };
		struct array_answer answer;
		int rc = array_lun_create(a, NULL, &spec, &answer);

		if (rc == 0)
			rc = array_lun_delete(a, NULL, &answer.object_id, true, NULL);
		if (rc == 0)
			rc = change(a, &s, step++);
		FAULT_OFF();
		assert_true(rc == 0 || (rc == -ENOMEM && FAULT_HIT));
		assert_ok(array_check(a));
	}
}

/* ---- plans ---- */

#define PLAN_NAME "iqn.2026-11.org.example:planned"

static const char *const plans[] = {
	"{\"format\": 1, \"hosts\": [{\"name\": \"h\", \"initiators\": [\"" PLAN_NAME "\"],"
	"\"chap\": [{\"side\": \"initiator\"}]}],"
	"\"host_groups\": [{\"name\": \"g\", \"hosts\": [\"h\"]}],"
	"\"luns\": [{\"name\": \"p\", \"size\": \"1MiB\", \"mask\": [\"host:h\"]},"
	"{\"name\": \"q\", \"size\": \"2MiB\", \"read_only\": true}],"
	"\"targets\": [{\"name\": \"" PLAN_NAME "\"}],"
	"\"snapshot_schedules\": [{\"name\": \"s\", \"luns\": [\"p\", \"q\"], \"every\": \"52w\", "
	"\"keep\": \"3\"}],"
	"\"associations\": [{\"lun\": \"p\", \"target\": \"" PLAN_NAME "\"},"
	"{\"lun\": \"q\", \"target\": \"" PLAN_NAME "\", \"number\": 7}]}",
	"{\"format\": 1, \"hosts\": [{\"name\": \"h\", \"absent\": true}],"
	"\"host_groups\": [{\"name\": \"g\", \"absent\": true}],"
	"\"luns\": [{\"name\": \"p\", \"absent\": true},"
	"{\"name\": \"q\", \"size\": \"1MiB\", \"status\": \"offline\"}],"
	"\"snapshot_schedules\": [{\"name\": \"s\", \"luns\": [\"q\"], \"every\": \"1d\"}],"
	"\"targets\": [{\"name\": \"" PLAN_NAME "\", \"absent\": true}]}",
	("{\"format\": 1, \"luns\": [{\"name\": \"q\", \"size\": \"4MiB\", \"status\": "
	 "\"online\"}], \"snapshot_schedules\": [{\"name\": \"s\", \"absent\": true}]}"),
};

static int
apply_plan(struct array *a, unsigned step)
{
	const struct array_plan_options options = { .delete_luns = true, .shrink_luns = true };
	const char *text = plans[step % ARRAY_LEN(plans)];

	return array_plan_apply(a, NULL, text, strlen(text), &options, NULL, NULL);
}

/*
 * A plan that failed has changed nothing and holds nothing; the next attempt shows it.  When memory
 * is out, jansson may say that the text is wrong, what lets pools copy is not found, and SQLite may
 * roll back the whole transaction, with the savepoint of the change in it (EIO).
 */
static void
plan_check(struct array *a, int rc, bool hit, uint64_t before, unsigned *step)
{
	if (rc < 0 && rc != ERR_BUSY &&
	    !(hit && (rc == -ENOMEM || rc == -EIO || rc == ERR_INVALID || rc == ERR_NOT_SUPPORTED)))
		fail_msg("%s: %s (allocation failed: %d)", err_name(rc), err_text(rc), hit);
	if (rc < 0)
		assert_int_equal(sequence_of(a), before);
	*step += rc == 0;
	assert_false(array_is_read_only(a));
}

static void
test_every_allocation_of_a_plan(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	unsigned step = 0;

	fixture_let_clone(*state, true); /* the plans have schedules of snapshots */
	/* the schema, which is read once, has more allocations than the rest */
	assert_int_equal(array_plan(a, "{}", 2, NULL), ERR_INVALID);
	for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
		WITH_EVERY_FAULT
		{
			uint64_t before = sequence_of(a);
			int rc = apply_plan(a, step);

			FAULT_OFF();
			plan_check(a, rc, FAULT_HIT, before, &step);
		}
		assert_ok(array_check(a));
	}
}

static void
test_every_allocation_of_the_writer_in_a_plan(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	unsigned step = 0;
	bool hit = true;

	fixture_let_clone(*state, true);
	for (size_t i = 0; i < ARRAY_LEN(plans); i++, hit = true) {
		for (unsigned nth = 1; hit; nth++) {
			uint64_t before = sequence_of(a);
			int rc;

			fail_writer_at(a, nth);
			rc = apply_plan(a, step);
			hit = writer_failed(a);
			plan_check(a, rc, hit, before, &step);
		}
		assert_ok(array_check(a));
	}
}

/* ---- the disk ---- */

static void
every_io_error(struct array *a, bool sticky, bool full)
{
	struct scene s = make_scene(a);
	unsigned step = 0;
	bool hit = true;

	for (unsigned nth = 1; hit; nth++) {
		uint64_t before = sequence_of(a);
		int rc;

		shim_fail_at(nth, sticky, full);
		rc = change(a, &s, step % 2);
		step += rc == 0;
		shim_heal();
		hit = shim_failed();
		if (array_is_read_only(a))
			return; /* sticky: reopening failed too */
		assert_true(rc == 0 || hit);
		assert_int_equal(sequence_of(a), before + (rc == 0));
		assert_ok(array_check(a));
	}
	assert_false(sticky);
}

static void
test_single_io_error_fails_a_change_and_no_more(void **state)
{
	every_io_error(((struct fixture *)*state)->array, false, false);
}

static void
test_full_disk_fails_a_change_and_no_more(void **state)
{
	every_io_error(((struct fixture *)*state)->array, false, true);
}

static uint64_t
reserve_size(const struct fixture *f)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/reserve", f->array_dir);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* Once the disk was full, and until there is room again, nothing is made. */
static void
test_full_disk_allows_changes_that_make_nothing(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .size_bytes = MIB };
	struct guid lun = make_lun(f->array, "l"), target = make_target(f->array, "t");
	int rc = 0;

	fixture_reopen(f);
	array_verify_stop(f->array); /* the verifier would make the reserve whole */
	assert_int_equal(reserve_size(f), 4 * MIB);
	/* Which of its operations is a write is SQLite's business; the others fail. */
	for (unsigned nth = 1; reserve_size(f) == 4 * MIB; nth++) {
		shim_fail_at(nth, false, true);
		rc = associate(f->array, lun, 1, target);
		assert_true(shim_failed());
		shim_heal();
	}
	assert_ok(rc);
	assert_in_range(reserve_size(f), 3 * MIB, 4 * MIB - 1);
	assert_int_equal(array_lun_create(f->array, NULL, &spec, NULL), ERR_NO_SPACE);
	assert_int_equal(array_target_create(f->array, NULL, NULL, "u", false, false, NULL),
			 ERR_NO_SPACE);
	assert_ok(associate(f->array, lun, 0));
	assert_ok(array_lun_delete(f->array, NULL, &lun, true, NULL));
	fixture_reopen(f);
	assert_int_equal(reserve_size(f), 4 * MIB);
	make_lun(f->array, "m");
}

static void
test_broken_disk_makes_the_array_read_only(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l"), target = make_target(f->array, "t");
	struct array_listener *l = NULL;
	struct position position;

	assert_ok(associate(f->array, lun, 1, target));
	shim_fail_at(1, true, false);
	assert_int_equal(array_rename(f->array, NULL, "new", NULL), ERR_READ_ONLY);
	assert_true(array_is_read_only(f->array));
	assert_int_equal(associate(f->array, lun, 0), ERR_READ_ONLY);
	/* Reading goes on, and so does the data path. */
	assert_int_equal(number_of(f->array, lun, target), 0);
	assert_ok(array_sync(f->array, &position));
	assert_ok(array_listen(f->array, 0, 0, &l, NULL, NULL));
	array_listener_free(l);
	shim_heal();
	fixture_reopen(f);
	assert_int_equal(number_of(f->array, lun, target), 0);
	assert_ok(array_rename(f->array, NULL, "new", NULL));
}

/* Whether the commit got through is not known: what was made for the change must not be unmade. */
static void
test_change_in_doubt_keeps_what_was_made_for_it(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct stat st;
	char path[256];

	lun_file(f, lun, path);
	shim_fail_at(1, true, false);
	assert_int_equal(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL), ERR_READ_ONLY);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 2 * MIB);
	shim_heal();
	fixture_reopen(f);
	assert_true(wait_health(f->array, lun, HEALTH_OK));
	assert_ok(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL));
}

/* ---- many callers ---- */

#define CALLERS 8
#define CHANGES 40

struct caller {
	struct array *array;
	struct guid target;
	unsigned done;
};

static void *
call(void *arg)
{
	struct caller *c = arg;
	struct array_lun_spec spec = { .size_bytes = MIB };
	struct array_answer answer;

	for (unsigned i = 0; i < CHANGES / 4; i++) {
		AUTO_STATE struct state *now = NULL;

		if (array_lun_create(c->array, NULL, &spec, &answer) < 0 ||
		    array_lun_associate(c->array, NULL, &answer.object_id, &c->target, 1, NULL) < 0)
			return NULL;
		now = array_state(c->array);
		if (state_find_pair(now, ROW_ASSOCIATION, &answer.object_id, &c->target) == NULL)
			return NULL;
		if (array_lun_set_mask(c->array, NULL, &answer.object_id, "*", NULL) < 0 ||
		    array_lun_delete(c->array, NULL, &answer.object_id, true, NULL) < 0)
			return NULL;
		c->done += 4;
	}
	return NULL;
}

static void
test_many_callers_at_once(void **state)
{
	struct fixture *f = *state;
	struct caller callers[CALLERS];
	pthread_t threads[CALLERS];
	struct fake_runtime fake;
	uint64_t before;

	fake_register(&fake, f->array);
	for (size_t i = 0; i < CALLERS; i++)
		callers[i] = (struct caller){ .array = f->array,
					      .target = make_target(f->array, "t") };
	before = sequence_of(f->array);
	for (size_t i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
	for (size_t i = 0; i < CALLERS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < CALLERS; i++)
		assert_int_equal(callers[i].done, CHANGES);
	assert_int_equal(sequence_of(f->array), before + CALLERS * CHANGES);
	assert_ok(array_check(f->array));
	fake_unregister(&fake);
}

/* Holds the writer up, so that a batch gathers behind it. */
struct gate {
	struct array_task task;
	struct array *array;
	atomic_bool entered, open;
};

static int
wait_at_gate(struct array *array, struct array_task *task)
{
	struct gate *gate = container_of(task, struct gate, task);

	(void)array;
	atomic_store(&gate->entered, true);
	while (!atomic_load(&gate->open))
		sched_yield();
	return 0;
}

static void *
pass_gate(void *arg)
{
	struct gate *gate = arg;

	(void)array_writer_submit(gate->array, &gate->task);
	return NULL;
}

struct renamer {
	struct array *array;
	struct guid lun;
	const char *name;
	int result;
};

static void *
rename_lun(void *arg)
{
	struct renamer *r = arg;

	r->result = array_lun_rename(r->array, NULL, &r->lun, r->name, false, NULL);
	return NULL;
}

static bool
queue_has(struct array *array, const void *arg)
{
	size_t count = 0;

	pthread_mutex_lock(&array->queue_lock);
	list_for_each(node, &array->queue)
		count++;
	pthread_mutex_unlock(&array->queue_lock);
	return count == *(const size_t *)arg;
}

static void
test_batch_is_one_transaction_in_which_each_may_fail_alone(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid x = make_lun(a, "x"), y = make_lun(a, "y"), z = make_lun(a, "z");
	struct renamer renamers[3] = { { a, x, "p", 0 }, { a, y, "z", 0 }, { a, z, "q", 0 } };
	struct gate gate = { .task.run = wait_at_gate, .array = a };
	pthread_t threads[4];
	size_t queued = 0;

	assert_int_equal(pthread_create(&threads[3], NULL, pass_gate, &gate), 0);
	while (!atomic_load(&gate.entered))
		sched_yield();
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, rename_lun, &renamers[i]), 0);
		queued = i + 1;
		assert_true(wait_for(a, queue_has, &queued));
	}
	atomic_store(&gate.open, true);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(renamers[0].result, 0);
	assert_int_equal(renamers[1].result, ERR_NAME_IN_USE);
	assert_int_equal(renamers[2].result, 0);
	AUTO_STATE struct state *now = array_state(a);

	assert_int_equal(state_luns_by_name(now, "p").count, 1);
	assert_int_equal(state_luns_by_name(now, "y").count, 1);
	assert_int_equal(state_luns_by_name(now, "q").count, 1);
}

static void
test_sync_waits_for_what_was_queued_before(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct position position;

	make_lun(a, "l");
	assert_ok(array_sync(a, &position));
	assert_int_equal(position.sequence, sequence_of(a));
}

/* ---- */

/* ---- signs of life ---- */

static void
test_writer_that_hangs_gives_no_sign_of_life(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct gate gate = { .task.run = wait_at_gate, .array = a };
	struct position position;
	pthread_t thread;

	assert_true(array_beat(a));
	assert_ok(array_sync(a, &position));
	assert_true(array_beat(a)); /* the sign came; the next is asked for */
	assert_ok(array_sync(a, &position));
	assert_int_equal(pthread_create(&thread, NULL, pass_gate, &gate), 0);
	while (!atomic_load(&gate.entered))
		sched_yield();
	assert_true(array_beat(a)); /* that of before it hung */
	assert_false(array_beat(a));
	assert_false(array_beat(a));
	/* it waits for the disk, which is no reason to restart */
	atomic_store(&a->writer_waits, 1);
	assert_true(array_beat(a));
	atomic_store(&a->writer_waits, 0);
	assert_false(array_beat(a));
	atomic_store(&gate.open, true);
	pthread_join(thread, NULL);
	assert_ok(array_sync(a, &position));
	assert_true(array_beat(a));
}

static int
shim_setup(void **state)
{
	shim_register();
	return fixture_setup(state);
}

static int
shim_teardown(void **state)
{
	int rc = fixture_teardown(state);

	shim_unregister();
	return rc;
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
#define WITH_SHIM(test)  cmocka_unit_test_setup_teardown(test, shim_setup, shim_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_every_allocation_of_the_writer),
		WITH_ARRAY(test_every_allocation_of_the_caller),
		WITH_ARRAY(test_every_allocation_of_a_plan),
		WITH_ARRAY(test_every_allocation_of_the_writer_in_a_plan),
		WITH_SHIM(test_single_io_error_fails_a_change_and_no_more),
		WITH_SHIM(test_full_disk_fails_a_change_and_no_more),
		WITH_SHIM(test_full_disk_allows_changes_that_make_nothing),
		WITH_SHIM(test_broken_disk_makes_the_array_read_only),
		WITH_SHIM(test_change_in_doubt_keeps_what_was_made_for_it),
		WITH_ARRAY(test_many_callers_at_once),
		WITH_ARRAY(test_batch_is_one_transaction_in_which_each_may_fail_alone),
		WITH_ARRAY(test_sync_waits_for_what_was_queued_before),
		WITH_ARRAY(test_writer_that_hangs_gives_no_sign_of_life),
	};
	/* clang-format on */

	shim_memory();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

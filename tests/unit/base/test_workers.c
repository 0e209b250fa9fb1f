/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the pool of worker threads (base/workers.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/workers.h"
#include "fault.h"

static atomic_uint ran;

static void
count_one(struct work *work)
{
	(void)work;
	atomic_fetch_add(&ran, 1);
}

static int
reset(void **state)
{
	(void)state;
	atomic_store(&ran, 0);
	return 0;
}

static void
test_everything_queued_is_run_before_free_returns(void **state)
{
	static struct work items[10000];
	struct workers *w;

	(void)state;
	assert_int_equal(workers_new(4, "test", &w), 0);
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		items[i].run = count_one;
		workers_submit(w, &items[i]);
	}
	workers_free(w);
	assert_int_equal(atomic_load(&ran), ARRAY_LEN(items));
}

/* ---- Lanes ---- */

struct lane_item {
	struct work work;
	struct workers *workers;
	struct work_lane *lane;
	unsigned number;
};

static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static bool gate_open;
static unsigned at_gate, most_at_gate;

static void
wait_at_gate(struct work *work)
{
	struct lane_item *item = container_of(work, struct lane_item, work);

	pthread_mutex_lock(&gate_lock);
	most_at_gate = MAX(most_at_gate, ++at_gate);
	pthread_cond_broadcast(&gate_moved);
	while (!gate_open)
		pthread_cond_wait(&gate_moved, &gate_lock);
	at_gate--;
	pthread_mutex_unlock(&gate_lock);
	workers_lane_leave(item->workers, item->lane);
	atomic_fetch_add(&ran, 1);
}

static void
pass(struct work *work)
{
	struct lane_item *item = container_of(work, struct lane_item, work);

	workers_lane_leave(item->workers, item->lane);
	pthread_mutex_lock(&gate_lock);
	atomic_fetch_add(&ran, 1);
	pthread_cond_broadcast(&gate_moved);
	pthread_mutex_unlock(&gate_lock);
}

/* One lane hangs at the gate with all that it may have; the other one goes on meanwhile. */
static void
test_a_lane_that_hangs_holds_no_more_threads_than_it_may(void **state)
{
	static struct lane_item hang[20], go[50];
	struct work_lane hanging = { 0 }, going = { 0 };
	struct workers *w;

	(void)state;
	gate_open = false;
	most_at_gate = 0;
	assert_int_equal(workers_new(3, "test", &w), 0);
	for (unsigned i = 0; i < ARRAY_LEN(hang); i++) {
		hang[i] = (struct lane_item){ .work.run = wait_at_gate, w, &hanging, i };
		workers_lane_submit(w, &hanging, 2, &hang[i].work);
	}
	for (unsigned i = 0; i < ARRAY_LEN(go); i++) {
		go[i] = (struct lane_item){ .work.run = pass, w, &going, i };
		workers_lane_submit(w, &going, 2, &go[i].work);
	}
	pthread_mutex_lock(&gate_lock);
	while (atomic_load(&ran) < ARRAY_LEN(go) || at_gate < 2)
		pthread_cond_wait(&gate_moved, &gate_lock);
	gate_open = true;
	pthread_cond_broadcast(&gate_moved);
	pthread_mutex_unlock(&gate_lock);
	workers_free(w);
	assert_int_equal(atomic_load(&ran), ARRAY_LEN(hang) + ARRAY_LEN(go));
	assert_int_equal(most_at_gate, 2);
	assert_int_equal(hanging.running + going.running, 0);
}

/*
 * Items wait for one that hangs; one of them is handed over before its turn, and the rest after it.
 */
static void
test_an_item_that_waits_in_a_lane_may_be_hurried(void **state)
{
	static struct lane_item items[5];
	struct work_lane lane = { 0 };
	struct workers *w;

	(void)state;
	gate_open = false;
	most_at_gate = 0;
	assert_int_equal(workers_new(3, "test", &w), 0);
	for (unsigned i = 0; i < ARRAY_LEN(items); i++) {
		items[i] = (struct lane_item){
			.work.run = i == 0 || i == 2 ? wait_at_gate : pass, w, &lane, i
		};
		workers_lane_submit(w, &lane, 1, &items[i].work);
	}
	workers_lane_hurry(w, &lane, &items[4].work);
	pthread_mutex_lock(&gate_lock);
	while (atomic_load(&ran) < 1 || at_gate < 1)
		pthread_cond_wait(&gate_moved, &gate_lock);
	pthread_mutex_unlock(&gate_lock);
	workers_lane_hurry(w, &lane, &items[2].work);
	workers_lane_hurry(w, &lane, &items[0].work); /* they do not wait in the lane */
	workers_lane_hurry(w, &lane, &items[4].work);
	pthread_mutex_lock(&gate_lock);
	while (at_gate < 2)
		pthread_cond_wait(&gate_moved, &gate_lock);
	assert_int_equal(atomic_load(&ran), 1);
	gate_open = true;
	pthread_cond_broadcast(&gate_moved);
	pthread_mutex_unlock(&gate_lock);
	workers_free(w);
	assert_int_equal(atomic_load(&ran), ARRAY_LEN(items));
	assert_int_equal(most_at_gate, 2);
	assert_int_equal(lane.running + lane.extra, 0);
}

struct numbered {
	struct work work;
	unsigned number;
};

static unsigned order[1000];

static void
note_order(struct work *work)
{
	order[atomic_fetch_add(&ran, 1)] = container_of(work, struct numbered, work)->number;
}

static void
test_one_thread_runs_first_in_first_out(void **state)
{
	static struct numbered items[ARRAY_LEN(order)];
	struct workers *w;

	(void)state;
	assert_int_equal(workers_new(1, "test", &w), 0);
	for (unsigned i = 0; i < ARRAY_LEN(items); i++) {
		items[i] = (struct numbered){ .work.run = note_order, .number = i };
		workers_submit(w, &items[i].work);
	}
	workers_free(w);
	for (unsigned i = 0; i < ARRAY_LEN(order); i++)
		assert_int_equal(order[i], i);
}

struct again {
	struct work work;
	struct workers *workers;
	unsigned left;
};

static void
submit_again(struct work *work)
{
	struct again *again = container_of(work, struct again, work);

	atomic_fetch_add(&ran, 1);
	if (--again->left > 0)
		workers_submit(again->workers, work);
}

static void
test_an_item_may_be_queued_again_in_its_run(void **state)
{
	struct again again = { .work.run = submit_again, .left = 1000 };

	(void)state;
	assert_int_equal(workers_new(3, "test", &again.workers), 0);
	workers_submit(again.workers, &again.work);
	workers_free(again.workers);
	assert_int_equal(atomic_load(&ran), 1000);
}

static void
free_itself(struct work *work)
{
	atomic_fetch_add(&ran, 1);
	free(work);
}

static void
test_an_item_may_be_freed_in_its_run(void **state)
{
	struct workers *w;

	(void)state;
	assert_int_equal(workers_new(2, "test", &w), 0);
	for (int i = 0; i < 1000; i++) {
		struct work *work = malloc(sizeof(*work));

		assert_non_null(work);
		work->run = free_itself;
		workers_submit(w, work);
	}
	workers_free(w);
	assert_int_equal(atomic_load(&ran), 1000);
}

#define SUBMITTERS 4

static struct work shared_items[SUBMITTERS][2000];

struct submitter {
	struct workers *workers;
	struct work *items;
};

static void *
submit_many(void *arg)
{
	struct submitter *s = arg;

	for (size_t i = 0; i < ARRAY_LEN(shared_items[0]); i++) {
		s->items[i].run = count_one;
		workers_submit(s->workers, &s->items[i]);
	}
	return NULL;
}

static void
test_many_threads_may_submit(void **state)
{
	struct submitter submitters[SUBMITTERS];
	pthread_t threads[SUBMITTERS];
	struct workers *w;

	(void)state;
	assert_int_equal(workers_new(3, "test", &w), 0);
	for (int i = 0; i < SUBMITTERS; i++) {
		submitters[i] = (struct submitter){ .workers = w, .items = shared_items[i] };
		assert_int_equal(pthread_create(&threads[i], NULL, submit_many, &submitters[i]), 0);
	}
	for (int i = 0; i < SUBMITTERS; i++)
		pthread_join(threads[i], NULL);
	workers_free(w);
	assert_int_equal(atomic_load(&ran), SUBMITTERS * ARRAY_LEN(shared_items[0]));
}

/* Two items that wait for each other end only when two threads run them at once. */
static pthread_barrier_t meeting;

static void
meet(struct work *work)
{
	(void)work;
	pthread_barrier_wait(&meeting);
	atomic_fetch_add(&ran, 1);
}

static void
test_threads_work_at_the_same_time(void **state)
{
	struct work items[3];
	struct workers *w;

	(void)state;
	pthread_barrier_init(&meeting, NULL, 3);
	assert_int_equal(workers_new(3, "test", &w), 0);
	for (int i = 0; i < 3; i++) {
		items[i].run = meet;
		workers_submit(w, &items[i]);
	}
	workers_free(w);
	pthread_barrier_destroy(&meeting);
	assert_int_equal(atomic_load(&ran), 3);
}

static char name_seen[16];

static void
note_name(struct work *work)
{
	(void)work;
	pthread_getname_np(pthread_self(), name_seen, sizeof(name_seen));
}

static void
test_threads_bear_the_name_cut_to_15_bytes(void **state)
{
	struct work work = { .run = note_name };
	struct workers *w;

	(void)state;
	assert_int_equal(workers_new(1, "a-name-that-is-too-long", &w), 0);
	workers_submit(w, &work);
	workers_free(w);
	assert_string_equal(name_seen, "a-name-that-is-");
}

static void
test_making_it_without_memory_is_an_error(void **state)
{
	(void)state;
	workers_free(NULL);
	WITH_EVERY_FAULT
	{
		struct workers *w = NULL;
		int rc = workers_new(2, "test", &w);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		assert_int_equal(w == NULL, rc < 0);
		workers_free(w);
	}
}

#define reset_test(f) cmocka_unit_test_setup(f, reset)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		reset_test(test_everything_queued_is_run_before_free_returns),
		reset_test(test_one_thread_runs_first_in_first_out),
		reset_test(test_an_item_may_be_queued_again_in_its_run),
		reset_test(test_an_item_may_be_freed_in_its_run),
		reset_test(test_a_lane_that_hangs_holds_no_more_threads_than_it_may),
		reset_test(test_an_item_that_waits_in_a_lane_may_be_hurried),
		reset_test(test_many_threads_may_submit),
		reset_test(test_threads_work_at_the_same_time),
		reset_test(test_threads_bear_the_name_cut_to_15_bytes),
		reset_test(test_making_it_without_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

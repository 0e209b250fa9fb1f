/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures what a query costs: client_view, state_lun_targets and client_view_fini over 10,000 LUNs
 * with three targets each, in one thread and in several; and what an edit and applying its change
 * cost at that size. The program prints nanoseconds of processor time.
 */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "fault.h"
#include "fake.h"

enum { LUNS = 10000, TARGETS = 30, ROUNDS = 2000000, EDITS = 2000, RUNS = 5 };

static struct client_board board;
static struct client_replica replica;

static struct state *
large_state(void)
{
	struct position at = sample_position();
	AUTO_STATE struct state *empty = state_new(&at);
	struct state_edit *edit = state_edit_new(empty);
	struct state *state;

	sample_put(edit, sample_array(), sample_pool(1), NULL);
	for (unsigned t = 0; t < TARGETS; t++)
		sample_put(edit, sample_target(t), NULL);
	for (unsigned l = 0; l < LUNS; l++) {
		sample_put(edit, sample_lun(l), NULL);
		for (unsigned i = 0; i < 3; i++)
			sample_put(edit, sample_association(l, (l + i) % TARGETS, l), NULL);
	}
	assert_int_equal(state_edit_load(edit, &state), 0);
	return state;
}

static void *
query(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	size_t found = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct client_view view = { NULL, NULL };
		struct guid lun;

		seed = seed * 1103515245u + 12345u;
		lun = sample_id('l', (seed >> 8) % LUNS);
		if (client_replica_trust(&replica) == 0)
			client_board_read(&board, &view);
		found += state_lun_targets(view.config, &lun).count;
		client_view_fini(&view);
	}
	assert_int_equal(found, (size_t)ROUNDS * 3);
	return NULL;
}

static void *
view_only(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		struct client_view view = { NULL, NULL };

		if (client_replica_trust(&replica) == 0)
			client_board_read(&board, &view);
		client_view_fini(&view);
	}
	return NULL;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report(const char *what, unsigned threads, double *runs)
{
	qsort(runs, RUNS, sizeof(runs[0]), compare_doubles);
	printf("# %-34s %u thread(s): median %8.1f ns, %.1f to %.1f of %d runs\n", what, threads,
	       runs[RUNS / 2], runs[0], runs[RUNS - 1], RUNS);
}

/* Processor time, so that what else the machine does counts less. */
static uint64_t
cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void
measure(const char *what, void *(*body)(void *), unsigned threads)
{
	double runs[RUNS];

	for (int run = 0; run < RUNS; run++) {
		pthread_t ids[16];
		uint64_t start = cpu_ns();

		for (unsigned i = 0; i < threads; i++)
			pthread_create(&ids[i], NULL, body, (void *)(uintptr_t)(i + 1));
		for (unsigned i = 0; i < threads; i++)
			pthread_join(ids[i], NULL);
		runs[run] = (double)(cpu_ns() - start) / ROUNDS / threads;
	}
	report(what, threads, runs);
}

/* One association changed: edit, finish, and the same applied. */
static void
measure_edits(struct state **state)
{
	double edits[RUNS], applies[RUNS];

	for (int run = 0; run < RUNS; run++) {
		uint64_t edit_ns = 0, apply_ns = 0;

		for (int i = 0; i < EDITS; i++) {
			uint64_t start = cpu_ns(), middle;
			struct state_edit *edit = state_edit_new(*state);
			struct state *next, *applied;
			struct change *change;

			sample_put(
				edit,
				sample_association((unsigned)(i * 7) % LUNS, (unsigned)run, 15000),
				NULL);
			assert_int_equal(state_edit_finish(edit, "x", NULL, 0, &next, &change), 0);
			middle = cpu_ns();
			assert_int_equal(state_apply(*state, change, &applied), 0);
			apply_ns += cpu_ns() - middle;
			edit_ns += middle - start;
			change_unref(change);
			state_unref(applied);
			state_unref(*state);
			*state = next;
		}
		edits[run] = (double)edit_ns / EDITS;
		applies[run] = (double)apply_ns / EDITS;
	}
	report("edit of one association", 1, edits);
	report("apply of that change", 1, applies);
}

static void
measure_publish(const struct state *state)
{
	double runs[RUNS];

	for (int run = 0; run < RUNS; run++) {
		uint64_t start = cpu_ns();

		for (int i = 0; i < EDITS; i++)
			client_board_publish(&board, state, state);
		runs[run] = (double)(cpu_ns() - start) / EDITS;
	}
	report("publish of a view", 1, runs);
}

int
main(void)
{
	struct client_tuning tuning = client_tuning_default;
	struct state *state = large_state();

	tuning.stale_ns = UINT64_MAX;
	replica.tuning = &tuning;
	client_replica_touch(&replica);
	client_board_init(&board);
	client_board_publish(&board, state, state);
	measure("view", view_only, 1);
	measure("view", view_only, 2);
	measure("view", view_only, 4);
	measure("view and lun_targets", query, 1);
	measure("view and lun_targets", query, 2);
	measure("view and lun_targets", query, 4);
	measure_publish(state);
	measure_edits(&state);
	client_board_fini(&board);
	state_unref(state);
	return 0;
}

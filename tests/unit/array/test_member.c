/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The protocol of gateways in a simulation: stops, kills, partitions, slow requests, moves, clocks
 * that run apart.  Each seed is a run of its own; GATEWAY_SEEDS=N runs more of them, GATEWAY_SEED=N
 * only that one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "member_sim.h"

#define FAULTS_NS (120 * NS_PER_S)
/* a fenced gateway waits for its lease, begins, joins; the others have taken over before */
#define CALM_NS   (45 * NS_PER_S)

struct outcome {
	uint64_t runs, broken, writes, refused, takeovers, moves, lost, changes;
	char what[256]; /* the last that was broken */
};

static void
run(uint64_t seed, struct outcome *outcome, void (*prepare)(struct sim *sim), bool say)
{
	static struct sim sim;

	sim_init(&sim, seed);
	if (prepare != NULL)
		prepare(&sim);
	sim_run(&sim, FAULTS_NS, CALM_NS);
	sim_fini(&sim);
	outcome->runs++;
	outcome->broken += sim.broken[0] != '\0';
	snprintf(outcome->what, sizeof(outcome->what), "%s", sim.broken);
	outcome->writes += sim.writes;
	outcome->refused += sim.refused;
	outcome->takeovers += sim.takeovers;
	outcome->moves += sim.moves;
	outcome->lost += sim.lost;
	outcome->changes += sim.changes;
	if (say && sim.broken[0] != '\0')
		print_error("seed %llu: %s\n", (unsigned long long)seed, sim.broken);
	if (sim.full)
		print_message("seed %llu: too many vdsd\n", (unsigned long long)seed);
}

static void
test_no_lun_has_two_writers_and_each_gets_an_owner(void **state)
{
	const char *many = getenv("GATEWAY_SEEDS"), *one = getenv("GATEWAY_SEED");
	uint64_t seeds = many != NULL ? strtoull(many, NULL, 10) : 12;
	struct outcome outcome = { 0 };

	(void)state;
	if (one != NULL)
		run(strtoull(one, NULL, 10), &outcome, NULL, true);
	else
		for (uint64_t seed = 1; seed <= seeds; seed++)
			run(seed, &outcome, NULL, true);
	print_message("%llu runs: %llu writes, %llu refused, %llu take-overs, %llu moves, %llu "
		      "fenced\n",
		      (unsigned long long)outcome.runs, (unsigned long long)outcome.writes,
		      (unsigned long long)outcome.refused, (unsigned long long)outcome.takeovers,
		      (unsigned long long)outcome.moves, (unsigned long long)outcome.lost);
	assert_int_equal(outcome.broken, 0);
	if (one == NULL) {
		assert_true(outcome.takeovers > 0 && outcome.moves > 0 && outcome.lost > 0);
		assert_true(outcome.writes > 1000 && outcome.changes > 100);
	}
}

static void
clears(struct sim *sim)
{
	sim->clears = true;
}

static void
test_a_cleared_blocklist_lets_no_old_claim_through(void **state)
{
	struct outcome outcome = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++)
		run(seed, &outcome, clears, true);
	assert_int_equal(outcome.broken, 0);
}

/* Runs seeds until one breaks an invariant; there must be one, and it must be that one. */
static void
is_found(void (*prepare)(struct sim *sim), const char *what)
{
	struct outcome outcome = { 0 };

	for (uint64_t seed = 1; seed <= 60 && outcome.broken == 0; seed++)
		run(seed, &outcome, prepare, false);
	print_message("found in run %llu: %s\n", (unsigned long long)outcome.runs, outcome.what);
	assert_int_equal(outcome.broken, 1);
	assert_non_null(strstr(outcome.what, what));
}

static void
no_fence(struct sim *sim)
{
	sim->without_fence = true;
}

static void
test_without_fences_the_simulation_finds_two_writers(void **state)
{
	(void)state;
	is_found(no_fence, "was written by the owner");
}

static void
no_epoch(struct sim *sim)
{
	sim->clears = sim->without_epoch = true;
}

static void
test_without_epochs_the_simulation_finds_an_old_claim(void **state)
{
	(void)state;
	is_found(no_epoch, "was claimed for epoch");
}

static void
no_wait(struct sim *sim)
{
	sim->without_wait = true;
}

static void
test_without_waiting_for_leases_the_simulation_finds_old_answers(void **state)
{
	(void)state;
	is_found(no_wait, "answers for LUN");
}

static void
no_seen(struct sim *sim)
{
	sim->without_seen = true;
}

/* A gateway that reaches its lease, but not the catalog, would answer from an old state. */
static void
test_without_looking_at_the_catalog_the_simulation_finds_an_old_state(void **state)
{
	(void)state;
	is_found(no_seen, "serves the state of change");
}

static void
old_barrier(struct sim *sim)
{
	sim->with_old_barrier = true;
}

static void
test_without_looking_who_lacks_a_change_the_simulation_finds_an_old_state(void **state)
{
	(void)state;
	is_found(old_barrier, "serves the state of change");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_lun_has_two_writers_and_each_gets_an_owner),
		cmocka_unit_test(test_a_cleared_blocklist_lets_no_old_claim_through),
		cmocka_unit_test(test_without_fences_the_simulation_finds_two_writers),
		cmocka_unit_test(test_without_epochs_the_simulation_finds_an_old_claim),
		cmocka_unit_test(test_without_waiting_for_leases_the_simulation_finds_old_answers),
		cmocka_unit_test(
			test_without_looking_at_the_catalog_the_simulation_finds_an_old_state),
		cmocka_unit_test(
			test_without_looking_who_lacks_a_change_the_simulation_finds_an_old_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

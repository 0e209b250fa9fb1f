/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the arithmetic of limits, on a clock that the test moves: rates, bursts, fairness, and
 * what LUNs keep of their pool.  The clients of a simulation send a command as soon as the one
 * before it has ended, as initiators under load do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "target/limit_int.h"

#define BEGIN_NS   (1000 * NS_PER_S)
#define SECONDS    20u
#define DEPTH_MAX  64u
#define CLIENTS    4u
#define SERVICE_NS 100000u

/* An initiator with so many commands under way. */
struct client {
	struct target_limits limits;
	unsigned depth;
	uint32_t bytes;
	uint64_t late_ns; /* the thread starts what waited as late as that */
	uint64_t idle_until_ns;
	uint64_t arrives_ns[DEPTH_MAX]; /* when the next command of each place comes */
	unsigned started[SECONDS];      /* in each second */
};

static void
limit_set(struct target_limit *limit, uint64_t iops, uint64_t bandwidth, uint64_t burst_ns)
{
	static uint32_t generation;

	target_bucket_set(&limit->commands, iops, LIMIT_SLACK_NS + burst_ns);
	target_bucket_set(&limit->bytes, bandwidth, LIMIT_SLACK_NS + burst_ns);
	atomic_store(&limit->is_set, iops > 0 || bandwidth > 0);
	atomic_store(&limit->generation, ++generation);
}

static void
minimum_set(struct target_limit *limit, uint64_t iops, uint64_t bandwidth)
{
	target_bucket_set(&limit->min_commands, iops, LIMIT_SLACK_NS);
	target_bucket_set(&limit->min_bytes, bandwidth, LIMIT_SLACK_NS);
}

/* Returns the client and the place whose command comes first. */
static struct client *
first(struct client *clients, unsigned count, unsigned *ret_place)
{
	struct client *found = NULL;

	for (unsigned c = 0; c < count; c++)
		for (unsigned i = 0; i < clients[c].depth; i++)
			if (found == NULL ||
			    clients[c].arrives_ns[i] < found->arrives_ns[*ret_place]) {
				found = &clients[c];
				*ret_place = i;
			}
	return found;
}

static void
simulate(struct client *clients, unsigned count)
{
	const uint64_t end_ns = BEGIN_NS + SECONDS * NS_PER_S;
	unsigned place = 0;

	for (unsigned c = 0; c < count; c++)
		for (unsigned i = 0; i < clients[c].depth; i++)
			clients[c].arrives_ns[i] = MAX(BEGIN_NS, clients[c].idle_until_ns);
	for (;;) {
		struct client *client = first(clients, count, &place);
		uint64_t now_ns = client->arrives_ns[place], start_ns;
		struct target_charge charge;

		if (now_ns >= end_ns)
			break;
		target_limits_take(&client->limits, client->bytes, now_ns, &charge);
		assert_true(charge.taken && charge.start_ns >= now_ns);
		start_ns = charge.start_ns + (charge.start_ns > now_ns ? client->late_ns : 0);
		if (start_ns < end_ns)
			client->started[(start_ns - BEGIN_NS) / NS_PER_S]++;
		client->arrives_ns[place] = start_ns + SERVICE_NS;
	}
}

/*
 * Asserts that what began in each second from `from` on is within so many percent of `wanted`, or
 * differs by one command, which may begin on either side of the second.
 */
static void
assert_rate(const struct client *client, unsigned from, uint64_t wanted, unsigned percent)
{
	uint64_t off = MAX(wanted * percent / 100, 1u);

	for (unsigned second = from; second < SECONDS; second++)
		assert_in_range(client->started[second], wanted - off, wanted + off);
}

static void
test_rates_are_held(void **state)
{
	static const uint64_t rates[] = { 10, 333, 1000, 7777 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct target_limit lun = { 0 };
		struct client client = { .limits = { .lun = &lun }, .depth = 32, .bytes = 4096 };

		limit_set(&lun, rates[i], 0, 0);
		simulate(&client, 1);
		assert_rate(&client, 0, rates[i], 5);
	}
}

static void
test_one_command_at_a_time_has_the_whole_rate(void **state)
{
	struct target_limit lun = { 0 };
	struct client client = { .limits = { .lun = &lun }, .depth = 1, .bytes = 4096 };

	(void)state;
	limit_set(&lun, 1000, 0, 0);
	simulate(&client, 1);
	assert_rate(&client, 0, 1000, 5);
}

static void
test_bytes_are_held_whatever_the_size(void **state)
{
	static const uint32_t sizes[] = { 512, 65536, 4 << 20 };
	const uint64_t rate = 100 << 20;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct target_limit host = { 0 };
		struct client client = { .limits = { .host = &host },
					 .depth = 32,
					 .bytes = sizes[i] };

		if (sizes[i] == 512)
			client.depth = DEPTH_MAX; /* else the clients are slower than the limit */
		limit_set(&host, 0, rate, 0);
		simulate(&client, 1);
		assert_rate(&client, 0, rate / sizes[i], 5);
	}
}

/* A thread that starts what waited some ms late catches up: no token is lost. */
static void
test_late_timers_lose_nothing(void **state)
{
	struct target_limit lun = { 0 };
	struct client client = { .limits = { .lun = &lun }, .depth = 1, .late_ns = 5 * NS_PER_MS };

	(void)state;
	limit_set(&lun, 100, 0, 0);
	simulate(&client, 1);
	assert_rate(&client, 0, 100, 5);
}

static void
test_the_stricter_limit_counts(void **state)
{
	struct target_limit lun = { 0 }, host = { 0 };
	struct client client = { .limits = { .lun = &lun, .host = &host },
				 .depth = 8,
				 .bytes = 8192 };

	(void)state;
	limit_set(&lun, 500, 0, 0);
	limit_set(&host, 0, 200 * 8192, 0);
	simulate(&client, 1);
	assert_rate(&client, 0, 200, 5);
}

static void
test_a_burst_uses_what_was_saved_up(void **state)
{
	struct target_limit lun = { 0 };
	struct client client = { .limits = { .lun = &lun },
				 .depth = 32,
				 .idle_until_ns = BEGIN_NS + 4 * NS_PER_S };

	(void)state;
	limit_set(&lun, 100, 0, 10 * NS_PER_S);
	target_bucket_take(&lun.commands, 1000, BEGIN_NS); /* nothing is left at the beginning */
	simulate(&client, 1);
	/* what 4 s have made, and what the second itself makes */
	assert_in_range(client.started[4], 500 - 25, 500 + 25);
	assert_rate(&client, 5, 100, 5);
}

static void
test_no_more_is_saved_up_than_the_burst(void **state)
{
	struct target_limit lun = { 0 };
	struct client client = { .limits = { .lun = &lun },
				 .depth = 32,
				 .idle_until_ns = BEGIN_NS + 10 * NS_PER_S };

	(void)state;
	limit_set(&lun, 100, 0, 2 * NS_PER_S);
	simulate(&client, 1);
	assert_in_range(client.started[10], 300 - 15, 300 + 15);
	assert_rate(&client, 11, 100, 5);
}

/* Two threads that ask as often get as much, and together no more than the limit. */
static void
test_threads_share_by_turns(void **state)
{
	struct target_limit lun = { 0 };
	struct client clients[2] = {
		{ .limits = { .lun = &lun }, .depth = 16 },
		{ .limits = { .lun = &lun }, .depth = 16, .late_ns = NS_PER_MS },
	};

	(void)state;
	limit_set(&lun, 2000, 0, 0);
	simulate(clients, 2);
	assert_rate(&clients[0], 0, 1000, 10);
	assert_rate(&clients[1], 0, 1000, 10);
	for (unsigned s = 0; s < SECONDS; s++)
		assert_in_range(clients[0].started[s] + clients[1].started[s], 1900, 2100);
}

/* ---- what LUNs keep of their pool ---- */

static void
test_a_minimum_is_kept_and_the_pool_is_held(void **state)
{
	struct target_limit pool = { 0 }, gold = { 0 }, none = { 0 };
	struct client clients[3] = {
		{ .limits = { .lun = &gold, .pool = &pool }, .depth = 4, .bytes = 4096 },
		{ .limits = { .lun = &none, .pool = &pool }, .depth = 64, .bytes = 4096 },
		{ .limits = { .lun = &none, .pool = &pool }, .depth = 64, .bytes = 4096 },
	};

	(void)state;
	limit_set(&pool, 1000, 0, 0);
	minimum_set(&gold, 400, 0);
	simulate(clients, 3);
	/* without a minimum it would have 4 of 132 */
	assert_rate(&clients[0], 0, 400, 10);
	for (unsigned s = 1; s < SECONDS; s++)
		assert_in_range(clients[0].started[s] + clients[1].started[s] +
					clients[2].started[s],
				950, 1050);
}

static void
test_a_minimum_of_bytes_is_kept(void **state)
{
	struct target_limit pool = { 0 }, gold = { 0 }, none = { 0 };
	struct client clients[2] = {
		{ .limits = { .lun = &gold, .pool = &pool }, .depth = 2, .bytes = 4096 },
		{ .limits = { .lun = &none, .pool = &pool }, .depth = 32, .bytes = 512 << 10 },
	};

	(void)state;
	limit_set(&pool, 0, 100 << 20, 0);
	minimum_set(&gold, 0, 10 << 20);
	simulate(clients, 2);
	assert_rate(&clients[0], 0, (10 << 20) / 4096, 10);
}

static void
test_what_a_lun_does_not_use_goes_to_others(void **state)
{
	struct target_limit pool = { 0 }, gold = { 0 }, none = { 0 };
	struct client clients[2] = {
		{ .limits = { .lun = &gold, .pool = &pool },
		  .depth = 8,
		  .idle_until_ns = BEGIN_NS + 10 * NS_PER_S },
		{ .limits = { .lun = &none, .pool = &pool }, .depth = 32 },
	};

	(void)state;
	limit_set(&pool, 1000, 0, 0);
	minimum_set(&gold, 600, 0);
	simulate(clients, 2);
	for (unsigned s = 0; s < 10; s++)
		assert_in_range(clients[1].started[s], 950, 1050);
	assert_rate(&clients[0], 11, 600, 10);
}

/* A LUN alone has its whole pool, not its minimum and a share of the rest. */
static void
test_a_minimum_adds_nothing_to_the_limit(void **state)
{
	struct target_limit pool = { 0 }, gold = { 0 };
	struct client client = { .limits = { .lun = &gold, .pool = &pool }, .depth = 16 };

	(void)state;
	limit_set(&pool, 1000, 0, 0);
	minimum_set(&gold, 900, 0);
	simulate(&client, 1);
	assert_rate(&client, 1, 1000, 5);
}

/* With nine tenths kept, the last tenth still moves on. */
static void
test_others_never_stand_still(void **state)
{
	struct target_limit pool = { 0 }, gold = { 0 }, none = { 0 };
	struct client clients[2] = {
		{ .limits = { .lun = &gold, .pool = &pool }, .depth = 32 },
		{ .limits = { .lun = &none, .pool = &pool }, .depth = 8 },
	};

	(void)state;
	limit_set(&pool, 1000, 0, 0);
	minimum_set(&gold, 900, 0);
	simulate(clients, 2);
	for (unsigned s = 2; s < SECONDS; s++)
		assert_true(clients[1].started[s] >= 50);
}

/* ---- what is given back ---- */

static void
test_what_is_given_back_can_be_taken_again(void **state)
{
	struct target_limit lun = { 0 }, pool = { 0 };
	const struct target_limits limits = { .lun = &lun, .pool = &pool };
	struct target_charge charges[100], charge;

	(void)state;
	limit_set(&lun, 10, 1000, 0);
	limit_set(&pool, 10, 1000, 0);
	minimum_set(&lun, 5, 500);
	for (size_t i = 0; i < ARRAY_LEN(charges); i++)
		target_limits_take(&limits, 100, BEGIN_NS, &charges[i]);
	assert_true(charges[99].start_ns > BEGIN_NS + 9 * NS_PER_S);
	for (size_t i = 1; i < ARRAY_LEN(charges); i++)
		target_limits_give_back(&limits, &charges[i]);
	target_limits_give_back(&limits, &charges[1]); /* once only */
	target_limits_take(&limits, 100, BEGIN_NS, &charge);
	assert_int_equal(charge.start_ns, charges[1].start_ns);
}

/* What was taken of a limit that was set anew is not given back to it. */
static void
test_nothing_is_given_back_to_another_limit(void **state)
{
	struct target_limit lun = { 0 };
	const struct target_limits limits = { .lun = &lun };
	struct target_charge old, charge;

	(void)state;
	limit_set(&lun, 10, 0, 0);
	target_limits_take(&limits, 0, BEGIN_NS, &old);
	limit_set(&lun, 20, 0, 0);
	for (unsigned i = 0; i < 3; i++)
		target_limits_take(&limits, 0, BEGIN_NS, &charge);
	uint64_t next_ns = atomic_load(&lun.commands.next_ns);

	target_limits_give_back(&limits, &old);
	assert_int_equal(atomic_load(&lun.commands.next_ns), next_ns);
}

static void
test_without_limits_nothing_is_taken(void **state)
{
	struct target_limit lun = { 0 }, host = { 0 };
	const struct target_limits limits = { .lun = &lun, .host = &host };
	struct target_charge charge;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		target_limits_take(&limits, 1 << 20, BEGIN_NS, &charge);
		assert_int_equal(charge.start_ns, BEGIN_NS);
	}
	assert_int_equal(atomic_load(&lun.commands.next_ns), 0);
}

/* ---- threads at one time ---- */

#define TAKERS 4
#define TAKES  20000

static void *
taker(void *arg)
{
	struct target_bucket *bucket = arg;

	for (unsigned i = 0; i < TAKES; i++) {
		target_bucket_take(bucket, 1, BEGIN_NS);
		if (i % 4 == 0)
			target_bucket_give_back(bucket, 1);
	}
	return NULL;
}

/* No token is lost or given twice, however the threads meet. */
static void
test_threads_take_each_token_once(void **state)
{
	struct target_bucket bucket = { 0 };
	pthread_t threads[TAKERS];

	(void)state;
	target_bucket_set(&bucket, 1000000, 0);
	for (unsigned i = 0; i < TAKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, taker, &bucket), 0);
	for (unsigned i = 0; i < TAKERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&bucket.next_ns),
			 BEGIN_NS + (uint64_t)TAKERS * TAKES * 3 / 4 * 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates_are_held),
		cmocka_unit_test(test_one_command_at_a_time_has_the_whole_rate),
		cmocka_unit_test(test_bytes_are_held_whatever_the_size),
		cmocka_unit_test(test_late_timers_lose_nothing),
		cmocka_unit_test(test_the_stricter_limit_counts),
		cmocka_unit_test(test_a_burst_uses_what_was_saved_up),
		cmocka_unit_test(test_no_more_is_saved_up_than_the_burst),
		cmocka_unit_test(test_threads_share_by_turns),
		cmocka_unit_test(test_a_minimum_is_kept_and_the_pool_is_held),
		cmocka_unit_test(test_a_minimum_of_bytes_is_kept),
		cmocka_unit_test(test_what_a_lun_does_not_use_goes_to_others),
		cmocka_unit_test(test_a_minimum_adds_nothing_to_the_limit),
		cmocka_unit_test(test_others_never_stand_still),
		cmocka_unit_test(test_what_is_given_back_can_be_taken_again),
		cmocka_unit_test(test_nothing_is_given_back_to_another_limit),
		cmocka_unit_test(test_without_limits_nothing_is_taken),
		cmocka_unit_test(test_threads_take_each_token_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

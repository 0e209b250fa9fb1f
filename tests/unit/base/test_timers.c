/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the timer wheel, with a clock that the test sets (base/timers_int.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/mem.h"
#include "base/timers_int.h"

#define TICK_NS (1ull << TIMERS_TICK_SHIFT)

/* A timer that notes when it fired. */
struct alarm {
	struct loop_timer timer;
	uint64_t fired_ns;
	unsigned count;
};

static uint64_t now_ns;
static struct timers wheel;

static void
note_fire(struct loop_timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	alarm->fired_ns = now_ns;
	alarm->count++;
}

static void
set(struct alarm *alarm, uint64_t due_ns)
{
	list_remove(&alarm->timer.node);
	alarm->timer.fire = note_fire;
	alarm->timer.due_ns = due_ns;
	timers_add(&wheel, &alarm->timer);
}

static unsigned
run_at(uint64_t at_ns)
{
	now_ns = at_ns;
	return timers_run(&wheel, at_ns);
}

static int
begin(void **state)
{
	(void)state;
	now_ns = 1000 * TICK_NS;
	memset(&wheel, 0xee, sizeof(wheel));
	timers_init(&wheel, now_ns);
	return 0;
}

static void
test_without_timers_there_is_nothing_to_wait_for(void **state)
{
	(void)state;
	assert_true(timers_next_ns(&wheel) == TIMERS_NEVER);
	assert_int_equal(run_at(now_ns + 1000000 * TICK_NS), 0);
}

static void
test_a_timer_fires_at_its_tick_and_not_before(void **state)
{
	struct alarm a = { 0 };
	uint64_t due_ns = now_ns + 5 * TICK_NS;

	(void)state;
	set(&a, due_ns);
	assert_true(timers_next_ns(&wheel) == due_ns);
	assert_int_equal(run_at(due_ns - 1), 0);
	assert_int_equal(run_at(due_ns), 1);
	assert_int_equal(run_at(due_ns + 100 * TICK_NS), 0);
	assert_int_equal(a.count, 1);
}

static void
test_a_time_within_a_tick_is_rounded_up(void **state)
{
	struct alarm a = { 0 };
	uint64_t due_ns = now_ns + 5 * TICK_NS + 1;

	(void)state;
	set(&a, due_ns);
	assert_int_equal(run_at(due_ns), 0);
	assert_int_equal(run_at(now_ns + TICK_NS), 1);
	assert_true(a.fired_ns >= due_ns);
}

static void
test_what_is_due_already_fires_at_once(void **state)
{
	struct alarm past = { 0 }, now = { 0 };

	(void)state;
	set(&past, 1);
	set(&now, now_ns);
	assert_true(timers_next_ns(&wheel) == 0);
	assert_int_equal(run_at(now_ns), 2);
}

static void
test_cancelling_before_and_after_it_has_expired(void **state)
{
	struct alarm a = { 0 }, b = { 0 };

	(void)state;
	set(&a, now_ns + 3 * TICK_NS);
	set(&b, now_ns);
	list_remove(&a.timer.node);
	list_remove(&b.timer.node);
	assert_true(timers_next_ns(&wheel) == TIMERS_NEVER);
	assert_int_equal(run_at(now_ns + 10 * TICK_NS), 0);
	assert_int_equal(a.count + b.count, 0);
}

static void
test_setting_it_again_moves_it(void **state)
{
	struct alarm a = { 0 };
	uint64_t begin_ns = now_ns;

	(void)state;
	set(&a, begin_ns + 3 * TICK_NS);
	set(&a, begin_ns + 300 * TICK_NS);
	assert_int_equal(run_at(begin_ns + 299 * TICK_NS), 0);
	set(&a, begin_ns + 2000 * TICK_NS);
	set(&a, begin_ns + 301 * TICK_NS);
	assert_int_equal(run_at(begin_ns + 301 * TICK_NS), 1);
	assert_int_equal(run_at(begin_ns + 5000 * TICK_NS), 0);
	assert_int_equal(a.count, 1);
}

/* Sets itself again in its own callback. */
static void
fire_again(struct loop_timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	alarm->count++;
	timer->due_ns = now_ns;
	timers_add(&wheel, timer);
}

static void
test_a_timer_set_in_its_callback_waits_for_the_next_round(void **state)
{
	struct alarm a = { 0 };

	(void)state;
	set(&a, now_ns);
	a.timer.fire = fire_again;
	for (unsigned i = 1; i < 5; i++) {
		assert_int_equal(run_at(now_ns), 1);
		assert_int_equal(a.count, i);
		assert_true(timers_next_ns(&wheel) == 0);
	}
	list_remove(&a.timer.node);
}

static struct alarm victim;

static void
cancel_victim(struct loop_timer *timer)
{
	(void)timer;
	list_remove(&victim.timer.node);
}

static void
test_a_callback_may_cancel_another_that_is_due_in_the_same_round(void **state)
{
	struct alarm killer = { 0 };

	(void)state;
	victim = (struct alarm){ 0 };
	set(&killer, now_ns + 2 * TICK_NS);
	killer.timer.fire = cancel_victim;
	set(&victim, now_ns + 2 * TICK_NS);
	assert_int_equal(run_at(now_ns + 9 * TICK_NS), 1);
	assert_int_equal(victim.count, 0);
}

static void
test_the_far_future_is_held_and_never_fires_early(void **state)
{
	static const unsigned shifts[] = { 6, 12, 18, 24, 30, 36, 42, 47 };
	struct alarm alarms[ARRAY_LEN(shifts)] = { 0 };
	struct alarm last = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shifts); i++)
		set(&alarms[i], now_ns + (TICK_NS << shifts[i]));
	set(&last, UINT64_MAX);
	for (size_t i = 0; i < ARRAY_LEN(shifts); i++) {
		uint64_t due_ns = alarms[i].timer.due_ns;

		assert_int_equal(run_at(due_ns - 1), 0);
		assert_int_equal(run_at(due_ns), 1);
		assert_int_equal(alarms[i].count, 1);
	}
	assert_true(timers_next_ns(&wheel) != TIMERS_NEVER);
	assert_int_equal(run_at(UINT64_MAX), 1);
}

#define MANY 20000

static uint64_t
random_delay(void)
{
	uint64_t wide = (uint64_t)rand() << 31 | (uint64_t)rand();

	return wide >> (rand() % 40 + 18);
}

/* A step to the next time the wheel asks for, or somewhere before it, or past it. */
static uint64_t
random_step(void)
{
	uint64_t next_ns = timers_next_ns(&wheel);

	if (next_ns == TIMERS_NEVER || rand() % 3 == 0)
		return now_ns + random_delay();
	return MAX(next_ns, now_ns) - (rand() % 3 == 0 && next_ns > now_ns ? 1 : 0);
}

static void
test_many_timers_set_moved_and_cancelled_fire_when_they_must(void **state)
{
	struct alarm *alarms = calloc(MANY, sizeof(*alarms));

	(void)state;
	assert_non_null(alarms);
	srand(11);
	for (int step = 0; step < 20000; step++) {
		struct alarm *a = &alarms[rand() % MANY];
		uint64_t last_ns = now_ns;

		a->count = 0;
		set(a, now_ns + random_delay());
		if (rand() % 4 == 0)
			list_remove(&alarms[rand() % MANY].timer.node);
		run_at(random_step());
		assert_true(now_ns >= last_ns);
		if (a->count > 0)
			assert_true(a->fired_ns >= a->timer.due_ns);
		else
			assert_true(list_empty(&a->timer.node) ||
				    a->timer.due_ns + TICK_NS > now_ns);
	}
	for (int i = 0; i < MANY; i++)
		assert_true(list_empty(&alarms[i].timer.node) ||
			    alarms[i].timer.due_ns + TICK_NS > now_ns);
	free(alarms);
}

static void
test_the_wheel_asks_to_be_run_no_later_than_the_first_timer(void **state)
{
	(void)state;
	srand(13);
	for (int round = 0; round < 300; round++) {
		struct alarm alarms[20] = { 0 };
		uint64_t first_ns = UINT64_MAX;
		unsigned asked = 0;

		for (size_t i = 0; i < ARRAY_LEN(alarms); i++) {
			set(&alarms[i], now_ns + TICK_NS + random_delay());
			first_ns = MIN(first_ns, alarms[i].timer.due_ns);
		}
		do
			assert_true(++asked <= TIMERS_LEVELS + 1);
		while (run_at(timers_next_ns(&wheel)) == 0);
		assert_true(now_ns >= first_ns && now_ns < first_ns + TICK_NS);
		for (size_t i = 0; i < ARRAY_LEN(alarms); i++)
			list_remove(&alarms[i].timer.node);
	}
}

#define wheel_test(f) cmocka_unit_test_setup(f, begin)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		wheel_test(test_without_timers_there_is_nothing_to_wait_for),
		wheel_test(test_a_timer_fires_at_its_tick_and_not_before),
		wheel_test(test_a_time_within_a_tick_is_rounded_up),
		wheel_test(test_what_is_due_already_fires_at_once),
		wheel_test(test_cancelling_before_and_after_it_has_expired),
		wheel_test(test_setting_it_again_moves_it),
		wheel_test(test_a_timer_set_in_its_callback_waits_for_the_next_round),
		wheel_test(test_a_callback_may_cancel_another_that_is_due_in_the_same_round),
		wheel_test(test_the_far_future_is_held_and_never_fires_early),
		wheel_test(test_many_timers_set_moved_and_cancelled_fire_when_they_must),
		wheel_test(test_the_wheel_asks_to_be_run_no_later_than_the_first_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

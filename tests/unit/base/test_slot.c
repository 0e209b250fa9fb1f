/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slots of threads, and the lock for moments that guards what lies in a slot. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/slot.h"
#include "base/spin.h"

static pthread_barrier_t all_there;
static _Atomic unsigned left_slots; /* one bit for each slot that slot_on_leave told */

static void
on_leave(unsigned slot)
{
	atomic_fetch_or(&left_slots, 1u << slot);
}

static void *
take_slot(void *ret_slot)
{
	*(unsigned *)ret_slot = slot_of_thread();
	pthread_barrier_wait(&all_there);
	assert_int_equal(slot_of_thread(), *(unsigned *)ret_slot);
	return NULL;
}

/* Lets `count` threads live at the same time.  Returns one bit for each slot that they had. */
static unsigned
slots_of(unsigned count)
{
	pthread_t threads[SLOT_COUNT * 2];
	unsigned slots[SLOT_COUNT * 2], taken = 0;

	pthread_barrier_init(&all_there, NULL, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_slot, &slots[i]), 0);
	for (unsigned i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		assert_true(slots[i] < SLOT_COUNT);
		taken |= 1u << slots[i];
	}
	pthread_barrier_destroy(&all_there);
	return taken;
}

static void
test_threads_have_slots_of_their_own(void **unused)
{
	unsigned all = (1u << SLOT_COUNT) - 1, own = 1u << slot_of_thread();

	(void)unused;
	assert_int_equal(slots_of(SLOT_COUNT - 1), all & ~own);
	/* Those threads have ended, so their slots are free again. */
	assert_int_equal(slots_of(SLOT_COUNT - 1), all & ~own);
	assert_int_equal(slots_of(SLOT_COUNT * 2), all); /* some are shared */
	assert_int_equal(__builtin_popcount(slots_of(1) & ~own), 1);
}

static void
test_the_end_of_a_thread_is_told(void **unused)
{
	unsigned slots;

	(void)unused;
	slot_on_leave(on_leave);
	slots = slots_of(5);
	assert_int_equal(atomic_load(&left_slots), slots);
	slot_on_leave(NULL);
}

enum { TURNS = 20000 };

static struct spin spin;
static unsigned guarded; /* by spin: no atomic */

static void *
add(void *arg)
{
	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		spin_lock(&spin);
		guarded++;
		spin_unlock(&spin);
	}
	return NULL;
}

static void
test_a_spin_lock_lets_one_in(void **unused)
{
	pthread_t threads[4];

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(guarded, TURNS * ARRAY_LEN(threads));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_have_slots_of_their_own),
		cmocka_unit_test(test_the_end_of_a_thread_is_told),
		cmocka_unit_test(test_a_spin_lock_lets_one_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

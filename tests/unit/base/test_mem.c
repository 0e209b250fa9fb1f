/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of memory allocation and of its injected failures (base/mem.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "base/mem.h"

static void
test_calloc_zeroes_and_refuses_overflow(void **state)
{
	AUTO_FREE unsigned char *p = mem_calloc(100, 3);
	/* not a constant: the compiler knows better than to try */
	volatile size_t huge = SIZE_MAX / 2;

	(void)state;
	assert_non_null(p);
	for (int i = 0; i < 300; i++)
		assert_int_equal(p[i], 0);
	assert_null(mem_calloc(huge, 3));
}

static void
test_no_bytes_is_still_a_block(void **state)
{
	AUTO_FREE char *a = mem_alloc(0);
	AUTO_FREE char *b = mem_calloc(0, 8);
	AUTO_FREE char *c = mem_realloc(NULL, 0);
	AUTO_FREE char *d = mem_dup(NULL, 0);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
	assert_non_null(d);
}

static void
test_the_nth_allocation_fails_once(void **state)
{
	(void)state;
	mem_fault_at(3);
	for (int i = 1; i <= 5; i++) {
		AUTO_FREE char *p = mem_alloc(1);

		assert_int_equal(p == NULL, i == 3);
		assert_int_equal(mem_fault_hit() != 0, i >= 3);
	}
	mem_fault_at(0);
	assert_false(mem_fault_hit());
}

static void
test_a_failed_realloc_keeps_the_block(void **state)
{
	char *p = mem_dup("abc", 4);

	(void)state;
	assert_non_null(p);
	mem_fault_at(1);
	assert_null(mem_realloc(p, 100));
	mem_fault_at(0);
	assert_string_equal(p, "abc");
	mem_free(p);
}

static void
test_grow_doubles_and_keeps_the_content(void **state)
{
	size_t capacity = 0;
	AUTO_FREE int *v = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(mem_grow(&v, &capacity, (size_t)i + 1, sizeof(*v)), 0);
		assert_true(capacity > (size_t)i && capacity <= 1024);
		v[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(v[i], i);
}

static void
test_grow_with_room_enough_does_nothing(void **state)
{
	size_t capacity = 8;
	char room[8], *v = room;

	(void)state;
	assert_int_equal(mem_grow(&v, &capacity, 8, 1), 0);
	assert_ptr_equal(v, room);
	assert_int_equal(capacity, 8);
}

static void
test_a_failed_grow_changes_nothing(void **state)
{
	size_t capacity = 0;
	AUTO_FREE char *v = NULL;
	char *before;

	(void)state;
	assert_int_equal(mem_grow(&v, &capacity, 3, 1), 0);
	before = v;
	mem_fault_at(1);
	assert_int_equal(mem_grow(&v, &capacity, 100, 1), -ENOMEM);
	mem_fault_at(0);
	assert_ptr_equal(v, before);
	assert_int_equal(capacity, 8);
	assert_int_equal(mem_grow(&v, &capacity, SIZE_MAX, 2), -ENOMEM);
	assert_int_equal(mem_grow(&v, &capacity, SIZE_MAX / 2 + 2, 8), -ENOMEM);
	assert_ptr_equal(v, before);
	assert_int_equal(capacity, 8);
}

static void *
allocate_in_thread(void *arg)
{
	AUTO_FREE char *p = mem_alloc(1);

	*(int *)arg = p != NULL;
	return NULL;
}

static void
test_a_fault_is_for_its_own_thread(void **state)
{
	pthread_t thread;
	int got = 0;

	(void)state;
	mem_fault_at(1);
	assert_int_equal(pthread_create(&thread, NULL, allocate_in_thread, &got), 0);
	pthread_join(thread, NULL);
	assert_true(got);
	assert_false(mem_fault_hit());
	assert_null(mem_alloc(1));
}

static char *
taken(void)
{
	AUTO_FREE char *p = mem_dup("kept", 5);

	return TAKE(p);
}

static void
test_take_hands_a_local_on(void **state)
{
	AUTO_FREE char *p = taken();

	(void)state;
	assert_string_equal(p, "kept");
}

static void
test_min_and_max_evaluate_once(void **state)
{
	int calls = 0;

	(void)state;
	assert_int_equal(MIN(++calls, 10), 1);
	assert_int_equal(MAX(++calls, 0), 2);
	assert_int_equal(calls, 2);
}

static void
test_a_pause_neither_fails_nor_counts(void **state)
{
	void *block;

	(void)state;
	mem_fault_at(1);
	mem_fault_pause();
	block = mem_alloc(1);
	assert_non_null(block);
	mem_free(block);
	assert_false(mem_fault_hit());
	mem_fault_resume();
	assert_null(mem_alloc(1));
	assert_true(mem_fault_hit());
	mem_fault_at(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calloc_zeroes_and_refuses_overflow),
		cmocka_unit_test(test_no_bytes_is_still_a_block),
		cmocka_unit_test(test_the_nth_allocation_fails_once),
		cmocka_unit_test(test_a_failed_realloc_keeps_the_block),
		cmocka_unit_test(test_grow_doubles_and_keeps_the_content),
		cmocka_unit_test(test_grow_with_room_enough_does_nothing),
		cmocka_unit_test(test_a_failed_grow_changes_nothing),
		cmocka_unit_test(test_a_fault_is_for_its_own_thread),
		cmocka_unit_test(test_take_hands_a_local_on),
		cmocka_unit_test(test_min_and_max_evaluate_once),
		cmocka_unit_test(test_a_pause_neither_fails_nor_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

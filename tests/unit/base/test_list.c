/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of intrusive lists (base/list.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
	int number;
	struct list node;
};

/* The numbers in the list, as decimal digits: 1, 2, 3 gives 123. */
static int
digits(const struct list *l)
{
	int v = 0;

	list_for_each(node, l)
		v = v * 10 + list_entry(node, struct item, node)->number;
	return v;
}

static void
test_append_and_prepend_keep_their_ends(void **state)
{
	struct item a = { .number = 1 }, b = { .number = 2 }, c = { .number = 3 };
	struct list l;

	(void)state;
	list_init(&l);
	list_append(&l, &b.node);
	list_append(&l, &c.node);
	list_prepend(&l, &a.node);
	assert_int_equal(digits(&l), 123);
}

static void
test_removal_from_front_middle_and_back(void **state)
{
	struct item items[5];
	struct list l;

	(void)state;
	list_init(&l);
	for (int i = 0; i < 5; i++) {
		items[i].number = i + 1;
		list_append(&l, &items[i].node);
	}
	list_remove(&items[2].node);
	assert_int_equal(digits(&l), 1245);
	list_remove(&items[0].node);
	list_remove(&items[4].node);
	assert_int_equal(digits(&l), 24);
}

static void
test_removing_twice_or_a_zeroed_node_is_harmless(void **state)
{
	struct item a = { .number = 1 }, never = { .number = 2 };
	struct list l;

	(void)state;
	list_init(&l);
	list_append(&l, &a.node);
	list_remove(&a.node);
	list_remove(&a.node);
	list_remove(&never.node);
	assert_true(list_empty(&l));
}

static void
test_empty_lists_have_no_first(void **state)
{
	struct list l, zeroed = { 0 };

	(void)state;
	list_init(&l);
	assert_true(list_empty(&l));
	assert_true(list_empty(&zeroed));
	assert_null(list_first(&l));
	assert_null(list_pop(&l));
}

static void
test_pop_takes_from_the_front(void **state)
{
	struct item a = { .number = 1 }, b = { .number = 2 };
	struct list l;

	(void)state;
	list_init(&l);
	list_append(&l, &a.node);
	list_append(&l, &b.node);
	assert_ptr_equal(list_pop(&l), &a.node);
	assert_ptr_equal(list_first(&l), &b.node);
	assert_ptr_equal(list_pop(&l), &b.node);
	assert_true(list_empty(&l));
}

static void
test_the_safe_walk_allows_removal(void **state)
{
	struct item items[6];
	struct list l;

	(void)state;
	list_init(&l);
	for (int i = 0; i < 6; i++) {
		items[i].number = i + 1;
		list_append(&l, &items[i].node);
	}
	list_for_each_safe(node, &l)
		if (list_entry(node, struct item, node)->number % 2 == 0)
			list_remove(node);
	assert_int_equal(digits(&l), 135);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_and_prepend_keep_their_ends),
		cmocka_unit_test(test_removal_from_front_middle_and_back),
		cmocka_unit_test(test_removing_twice_or_a_zeroed_node_is_harmless),
		cmocka_unit_test(test_empty_lists_have_no_first),
		cmocka_unit_test(test_pop_takes_from_the_front),
		cmocka_unit_test(test_the_safe_walk_allows_removal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A list that is narrowed by name finds its rows through an index: the rows and texts that a
 * request looks at are counted in an array with few objects and in one with many, and must be about
 * as many. The program is linked so that calls of strcmp, state_at and order_walk_next come here
 * first.
 */
#include <stdint.h>

#include "fixture.h"
#include "model/order_int.h"

enum { FEW = 12, MANY = 300 };

/* Calls that this thread has made; the array's own threads count for themselves. */
static _Thread_local unsigned steps;

int __real_strcmp(const char *a, const char *b);
int __wrap_strcmp(const char *a, const char *b);
const void *__real_state_at(const struct state *state, enum row_family family, size_t index);
const void *__wrap_state_at(const struct state *state, enum row_family family, size_t index);
const void *__real_order_walk_next(struct order_walk *walk);
const void *__wrap_order_walk_next(struct order_walk *walk);

int
__wrap_strcmp(const char *a, const char *b)
{
	steps++;
	return __real_strcmp(a, b);
}

const void *
__wrap_state_at(const struct state *state, enum row_family family, size_t index)
{
	steps++;
	return __real_state_at(state, family, index);
}

const void *
__wrap_order_walk_next(struct order_walk *walk)
{
	steps++;
	return __real_order_walk_next(walk);
}

/* Makes LUNs and targets with the numbers first … end - 1. */
static void
grow(struct fixture *fx, unsigned first, unsigned end)
{
	for (unsigned n = first; n < end; n++) {
		char body[160], id[GUID_TEXT_SIZE];

		snprintf(body, sizeof(body), "{\"name\":\"volume-%04u\",\"size_bytes\":4096}", n);
		make(fx, "/v1/luns", body, id);
		snprintf(
			body, sizeof(body),
			"{\"alias\":\"host-%04u\",\"iscsi_name\":\"iqn.2026-11.org.example:%04u\"}",
			n, n);
		make(fx, "/v1/targets", body, id);
	}
}

/* Returns the steps of a request that finds `found` rows. */
static unsigned
cost_of(struct fixture *fx, const char *target, size_t found)
{
	unsigned before = steps;
	json_t *json = call(fx, 200, "GET", target, NULL);
	unsigned cost = steps - before;

	assert_int_equal(json_array_size(json_object_get(json, "items")), found);
	json_decref(json);
	return cost;
}

static void
test_a_name_is_found_through_an_index(void **state)
{
	static const struct {
		const char *target;
		size_t found;
	} requests[] = {
		{ "/v1/luns?name=volume-0007", 1 },
		{ "/v1/luns?name=volume-9999", 0 },
		{ "/v1/targets?name=host-0007", 1 },
		{ "/v1/targets?name=iqn.2026-11.org.example:0007", 1 },
		{ "/v1/targets?name=host-9999", 0 },
	};
	unsigned few[ARRAY_LEN(requests)], all;

	grow(*state, 0, FEW);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		few[i] = cost_of(*state, requests[i].target, requests[i].found);
	all = cost_of(*state, "/v1/luns?limit=1000", FEW);
	grow(*state, FEW, MANY);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		unsigned many = cost_of(*state, requests[i].target, requests[i].found);

		/* Halving 25 times as many rows takes five steps more, in each of two indexes. */
		if (many > few[i] + 2 * 8)
			fail_msg("%s: %u steps among %d, %u among %d", requests[i].target, few[i],
				 FEW, many, MANY);
	}
	/* The counters see a walk over all rows. */
	assert_true(cost_of(*state, "/v1/luns?limit=1000", MANY) >= all + MANY - FEW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_name_is_found_through_an_index,
						fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

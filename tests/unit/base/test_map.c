/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the map whose keys are GUIDs, compared with a plain array (base/map.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "fault.h"

static struct guid
key_of(unsigned n)
{
	struct guid g = { { 0 } };

	memcpy(g.bytes, &n, sizeof(n));
	return g;
}

static void
test_an_empty_map_finds_and_removes_nothing(void **state)
{
	struct guid key = key_of(1);
	struct guid_map map;
	size_t cursor = 0;

	(void)state;
	guid_map_init(&map);
	assert_null(guid_map_find(&map, &key));
	assert_null(guid_map_remove(&map, &key));
	assert_null(guid_map_next(&map, &cursor));
	guid_map_fini(&map);
}

static void
test_put_replaces_and_counts_once(void **state)
{
	struct guid key = key_of(1);
	struct guid_map map;
	int a, b;

	(void)state;
	guid_map_init(&map);
	assert_int_equal(guid_map_put(&map, &key, &a), 0);
	assert_int_equal(guid_map_put(&map, &key, &b), 0);
	assert_int_equal(map.count, 1);
	assert_ptr_equal(guid_map_find(&map, &key), &b);
	assert_ptr_equal(guid_map_remove(&map, &key), &b);
	assert_int_equal(map.count, 0);
	assert_null(guid_map_find(&map, &key));
	guid_map_fini(&map);
}

#define KEYS 500

/* 20,000 random puts and removals; an array says what must be there. */
static void
walk_randomly(void (*make)(unsigned n, struct guid *ret_key))
{
	static struct guid keys[KEYS];
	static char values[KEYS];
	bool present[KEYS] = { false };
	struct guid_map map;
	size_t count = 0;

	guid_map_init(&map);
	for (unsigned i = 0; i < KEYS; i++)
		make(i, &keys[i]);
	srand(7);
	for (int step = 0; step < 20000; step++) {
		unsigned n = (unsigned)rand() % KEYS;

		assert_ptr_equal(guid_map_find(&map, &keys[n]), present[n] ? &values[n] : NULL);
		if (rand() % 2 == 0) {
			assert_int_equal(guid_map_put(&map, &keys[n], &values[n]), 0);
			count += !present[n];
			present[n] = true;
		} else {
			assert_ptr_equal(guid_map_remove(&map, &keys[n]),
					 present[n] ? &values[n] : NULL);
			count -= present[n];
			present[n] = false;
		}
		assert_int_equal(map.count, count);
	}
	for (unsigned i = 0; i < KEYS; i++)
		assert_ptr_equal(guid_map_find(&map, &keys[i]), present[i] ? &values[i] : NULL);
	guid_map_fini(&map);
}

static void
make_random(unsigned n, struct guid *ret_key)
{
	(void)n;
	guid_make(ret_key);
}

static void
make_counting(unsigned n, struct guid *ret_key)
{
	*ret_key = key_of(n);
}

/* Keys with one hash: all in one chain. */
static void
make_colliding(unsigned n, struct guid *ret_key)
{
	uint64_t first = n, second = first * 0xff51afd7ed558ccdull;

	memcpy(ret_key->bytes, &first, 8);
	memcpy(ret_key->bytes + 8, &second, 8);
}

static void
test_random_guids(void **state)
{
	(void)state;
	walk_randomly(make_random);
}

static void
test_guids_that_count(void **state)
{
	(void)state;
	walk_randomly(make_counting);
}

static void
test_guids_that_all_collide(void **state)
{
	(void)state;
	walk_randomly(make_colliding);
}

static void
test_the_walk_gives_every_value_once(void **state)
{
	unsigned seen[100] = { 0 };
	struct guid_map map;
	unsigned *value;

	(void)state;
	guid_map_init(&map);
	for (unsigned i = 0; i < 100; i++) {
		struct guid key = key_of(i);

		assert_int_equal(guid_map_put(&map, &key, &seen[i]), 0);
	}
	for (size_t at = 0; (value = guid_map_next(&map, &at)) != NULL;)
		(*value)++;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(seen[i], 1);
	guid_map_fini(&map);
}

static void
test_a_failed_put_leaves_the_map_as_it_was(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		struct guid_map map;
		unsigned puts = 0;
		int value, rc = 0;

		guid_map_init(&map);
		while (puts < 100 && rc == 0) {
			struct guid key = key_of(puts);

			rc = guid_map_put(&map, &key, &value);
			puts += rc == 0;
		}
		FAULT_OFF();
		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		assert_int_equal(map.count, puts);
		for (unsigned i = 0; i < 100; i++) {
			struct guid key = key_of(i);

			assert_ptr_equal(guid_map_find(&map, &key), i < puts ? &value : NULL);
		}
		guid_map_fini(&map);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_map_finds_and_removes_nothing),
		cmocka_unit_test(test_put_replaces_and_counts_once),
		cmocka_unit_test(test_random_guids),
		cmocka_unit_test(test_guids_that_count),
		cmocka_unit_test(test_guids_that_all_collide),
		cmocka_unit_test(test_the_walk_gives_every_value_once),
		cmocka_unit_test(test_a_failed_put_leaves_the_map_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Orders: they stay sorted and whole under random edits at sizes where the tree is several levels
 * deep, differences say exactly what was edited, and costs grow with the change, not with the
 * array.
 */
#include <stdlib.h>

#include <errno.h>

#include "fault.h"
#include "sample.h"
#include "model/order_int.h"
#include "model/state_int.h"

enum { MANY = 30000 };

/* ---- the nodes ---- */

static const void *
first_row(const struct order *node)
{
	while (node->level > 0)
		node = node->entries[0].child;
	return node->entries[0].row;
}

/* Counts, levels, prefixes and groups of a node and all below it.  Returns its rows. */
static size_t
check_node(const struct order *node, const struct order_type *type, bool is_root)
{
	size_t rows = 0;

	assert_true(node->count > 0 || is_root);
	assert_true(node->count <= node->capacity);
	for (uint32_t i = 0; i < node->count; i++) {
		const struct order *child = node->entries[i].child;

		if (node->level == 0) {
			assert_int_equal(order_prefixes(node)[i],
					 type->prefix(node->entries[i].row));
			rows++;
			continue;
		}
		assert_int_equal(child->level, node->level - 1);
		assert_int_equal(order_prefixes(node)[i], type->prefix(first_row(child)));
		rows += check_node(child, type, false);
	}
	assert_int_equal(node->rows, rows);
	return rows;
}

/* No group is spread over two leaves. */
static void
check_groups(const struct order *order, const struct order_type *type)
{
	struct order_walk walk;
	const void *before = NULL, *row;
	const struct order *leaf = NULL;

	order_walk_begin(&walk, order);
	for (;;) {
		const struct order *in = walk.path.depth > 0 ? walk.path.node[walk.path.depth - 1]
							     : NULL;

		row = order_walk_next(&walk);
		if (row == NULL)
			break;
		if (before != NULL && in != leaf)
			assert_int_not_equal(type->group(before, row), 0);
		before = row;
		leaf = in;
	}
}

static void
check_whole(const struct state *state)
{
	for (int id = 0; id < ORDER_COUNT; id++) {
		const struct order *order = state->orders[id];

		if (order == NULL)
			continue;
		assert_int_equal(check_node(order, order_type((enum order_id)id), true),
				 state_count(state, order_type((enum order_id)id)->family));
		check_groups(order, order_type((enum order_id)id));
	}
	assert_int_equal(state_check(state), 0);
}

/* ---- states of some size ---- */

static struct state_edit *
edit_with_targets(unsigned targets)
{
	struct position at = sample_position();
	AUTO_STATE struct state *empty = state_new(&at);
	struct state_edit *edit = state_edit_new(empty);

	sample_put(edit, sample_array(), sample_pool(1), NULL);
	for (unsigned t = 0; t < targets; t++)
		sample_put(edit, sample_target(t), NULL);
	return edit;
}

/* LUNs 0 … luns-1, each behind two of the targets, every tenth number left out. */
static struct state *
state_of(unsigned luns, unsigned targets)
{
	struct state_edit *edit = edit_with_targets(targets);
	struct state *state = NULL;

	for (unsigned n = 0; n < luns; n++)
		sample_put(edit, sample_lun(2 * n),
			   sample_association(2 * n, n % targets, n / targets),
			   sample_association(2 * n, (n + 1) % targets, 8000 + n / targets), NULL);
	assert_int_equal(state_edit_load(edit, &state), 0);
	return state;
}

static unsigned
next_random(unsigned *seed, unsigned limit)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 8) % limit;
}

static void
test_orders_stay_whole_under_random_edits(void **unused)
{
	AUTO_STATE struct state *state = state_of(0, 50);
	bool *there = calloc(MANY, sizeof(*there));
	unsigned seed = 7, count = 0;

	(void)unused;
	/* Grow, then shrink to nothing: many small edits, so that nodes are shared all the time. */
	for (unsigned round = 0; round < 600; round++) {
		struct state_edit *edit = state_edit_new(state);
		struct state *next;

		for (unsigned i = 0; i < 200; i++) {
			unsigned n = next_random(&seed, MANY), t = n % 50;
			struct guid lun = sample_id('l', n), target = sample_id('t', t);
			bool wanted = round < 300 || (round < 560 && next_random(&seed, 8) == 0);

			if (there[n] == wanted)
				continue;
			if (wanted) {
				sample_put(edit, sample_lun(n), sample_association(n, t, n / 50),
					   NULL);
			} else {
				assert_int_equal(
					state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target), 0);
				assert_int_equal(state_edit_delete(edit, ROW_LUN, &lun, NULL), 0);
			}
			there[n] = wanted;
			count += wanted ? 1 : -1u;
		}
		next = sample_next(edit, NULL);
		state_unref(state);
		state = next;
		assert_int_equal(state_count(state, ROW_LUN), count);
		if (round % 60 == 59)
			check_whole(state);
	}
	for (unsigned n = 0; n < MANY; n++) {
		struct guid lun = sample_id('l', n);

		assert_int_equal(state_find(state, ROW_LUN, &lun) != NULL, there[n]);
	}
	check_whole(state);
	free(there);
}

static void
test_an_order_that_loses_all_rows_is_empty(void **unused)
{
	AUTO_STATE struct state *full = state_of(3000, 4);
	struct state_edit *edit = state_edit_new(full);
	AUTO_STATE struct state *state = NULL;

	(void)unused;
	for (unsigned n = 0; n < 3000; n++) {
		struct guid lun = sample_id('l', 2 * n), a = sample_id('t', n % 4),
			    b = sample_id('t', (n + 1) % 4);

		assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &lun, &a), 0);
		assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &lun, &b), 0);
		assert_int_equal(state_edit_delete(edit, ROW_LUN, &lun, NULL), 0);
	}
	state = sample_next(edit, NULL);
	check_whole(state);
	assert_int_equal(state_count(state, ROW_LUN), 0);
	assert_int_equal(state_target_luns(state, &(struct guid){ { 0 } }).count, 0);
	check_whole(full);
}

/* ---- look-ups ---- */

static void
test_rows_are_found_by_index_and_by_every_name(void **unused)
{
	AUTO_STATE struct state *state = state_of(5000, 3);

	(void)unused;
	for (unsigned n = 0; n < 5000; n++) {
		struct guid id = sample_id('l', 2 * n), absent = sample_id('l', 2 * n + 1);
		const struct row_lun *lun = state_at(state, ROW_LUN, n);

		assert_true(guid_equal(&lun->id, &id));
		assert_ptr_equal(state_find(state, ROW_LUN, &id), lun);
		assert_null(state_find(state, ROW_LUN, &absent));
		assert_int_equal(state_after(state, ROW_LUN, &id), n + 1);
		assert_int_equal(state_after(state, ROW_LUN, &absent), n + 1);
		assert_ptr_equal(state_luns_by_name(state, lun->name).rows[0], lun);
		assert_ptr_equal(state_lun_by_serial(state, lun->serial), lun);
		assert_ptr_equal(state_lun_by_naa(state, lun->naa), lun);
		assert_int_equal(state_lun_targets(state, &id).count, 2);
	}
	assert_null(state_lun_by_serial(state, "none"));
	assert_null(state_lun_by_naa(state, ""));
	assert_null(state_at(state, ROW_LUN, 5000));
	assert_int_equal(state_targets_by_alias(state, "target 2").count, 1);
	assert_int_equal(state_targets_by_alias(state, "target").count, 0);
}

static void
test_what_is_not_well_is_counted(void **unused)
{
	struct position at = sample_position();
	AUTO_STATE struct state *empty = state_new(&at), *failed = NULL, *well = NULL;
	struct state_edit *edit = state_edit_new(empty);
	struct guid gone = sample_id('l', 3);

	(void)unused;
	sample_put(edit, sample_live_lun(1, HEALTH_OK), sample_live_lun(2, HEALTH_FAILED),
		   sample_live_lun(3, HEALTH_FAILED), NULL);
	failed = sample_next(edit, NULL);
	assert_int_equal(state_ailing(empty), 0);
	assert_int_equal(state_ailing(failed), 2);
	edit = state_edit_new(failed);
	sample_put(edit, sample_live_lun(2, HEALTH_OK), NULL);
	assert_int_equal(state_edit_delete(edit, ROW_LIVE_LUN, &gone, NULL), 0);
	well = sample_next(edit, NULL);
	assert_int_equal(state_ailing(well), 0);
	assert_int_equal(state_ailing(failed), 2);
}

static void
test_what_is_failed_or_held_is_counted(void **unused)
{
	struct position at = sample_position();
	AUTO_STATE struct state *empty = state_new(&at), *some = NULL, *none = NULL;
	struct state_edit *edit = state_edit_new(empty);
	struct row_live_lun *held = sample_live_lun(1, HEALTH_OK);
	struct guid gone = sample_id('l', 2);

	(void)unused;
	held->operation = OPERATION_EXTEND;
	sample_put(edit, held, sample_live_lun(2, HEALTH_FAILED), sample_live_lun(3, HEALTH_OK),
		   NULL);
	some = sample_next(edit, NULL);
	assert_int_equal(state_guarded(empty), 0);
	assert_int_equal(state_guarded(some), 2);
	edit = state_edit_new(some);
	sample_put(edit, sample_live_lun(1, HEALTH_OK), NULL);
	assert_int_equal(state_edit_delete(edit, ROW_LIVE_LUN, &gone, NULL), 0);
	none = sample_next(edit, NULL);
	assert_int_equal(state_guarded(none), 0);
	assert_int_equal(state_guarded(some), 2);
}

/* ---- differences and costs ---- */

/* Renames one LUN, deletes one with its associations, makes one: in the middle of the array. */
static struct state_edit *
small_edit(const struct state *state, unsigned luns)
{
	struct state_edit *edit = state_edit_new(state);
	unsigned gone = luns / 3, made = luns / 2;
	struct guid lun = sample_id('l', 2 * gone);
	struct row_lun *other = sample_lun(luns);
	struct row_slice slice = state_lun_targets(state, &lun);

	sample_text(&other->name, "renamed%u", luns);
	sample_put(edit, other, sample_lun(2 * made + 1),
		   sample_association(2 * made + 1, 0, 16000), NULL);
	for (size_t i = 0; i < slice.count; i++) {
		const struct row_association *row = slice.rows[i];
		struct guid target = row->target_id;

		assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target), 0);
	}
	assert_int_equal(state_edit_delete(edit, ROW_LUN, &lun, NULL), 0);
	return edit;
}

/* What a small change costs at that size: to make it, and to apply it elsewhere. */
static uint64_t
cost_at(unsigned luns)
{
	AUTO_STATE struct state *state = state_of(luns, luns / 50);
	AUTO_STATE struct state *next = NULL, *applied = NULL;
	struct change *change = NULL;
	uint64_t before = state_work();

	next = sample_next(small_edit(state, luns), &change);
	assert_int_equal(state_apply(state, change, &applied), 0);
	before = state_work() - before;
	assert_int_equal(change->op_count, 6);
	check_whole(next);
	change_unref(change);
	return before;
}

static void
test_the_cost_of_a_change_does_not_grow_with_the_array(void **unused)
{
	uint64_t small = cost_at(1000), large = cost_at(64000);

	(void)unused;
	/* One more level of nodes at most: not 64 times as much. */
	if (large > 2 * small)
		fail_msg("%llu steps at 64,000 LUNs, %llu at 1,000", (unsigned long long)large,
			 (unsigned long long)small);
}

/* How many entries of nodes a rename moves and compares: the LUN stands in four large orders. */
static void
test_a_rename_in_a_large_array_touches_few_entries(void **unused)
{
	AUTO_STATE struct state *state = state_of(64000, 1280), *next = NULL;
	struct state_edit *edit = state_edit_new(state);
	const struct row_lun *lun = state_at(state, ROW_LUN, 31000);
	struct row_lun *row = row_copy(lun);
	uint64_t before = state_work();

	(void)unused;
	assert_int_equal(row_set_string(&row->name, "another name"), 0);
	sample_put(edit, row, NULL);
	next = sample_next(edit, NULL);
	before = state_work() - before;
	if (before > 1000)
		fail_msg("%llu entries", (unsigned long long)before);
}

/* n edits of one row each, from nothing to n rows: as an array starts. */
static uint64_t
growth_cost(unsigned n)
{
	struct position at = sample_position();
	struct state *state = state_new(&at);
	uint64_t before = state_work();

	for (unsigned i = 0; i < n; i++) {
		struct state_edit *edit = state_edit_new(state);
		struct state *next;

		sample_put(edit, sample_live_lun((i * 7919u) % n, HEALTH_OK), NULL);
		next = sample_next(edit, NULL);
		state_unref(state);
		state = next;
	}
	assert_int_equal(state_count(state, ROW_LIVE_LUN), n);
	state_unref(state);
	return (state_work() - before) / n;
}

static void
test_growing_row_by_row_is_linear(void **unused)
{
	uint64_t small = growth_cost(1009), large = growth_cost(30011);

	(void)unused;
	if (large > 2 * small)
		fail_msg("%llu steps a row at 30,011 rows, %llu at 1,009",
			 (unsigned long long)large, (unsigned long long)small);
}

static void
test_a_change_of_an_order_fails_without_a_trace(void **unused)
{
	AUTO_STATE struct state *state = state_of(400, 4);

	(void)unused;
	WITH_EVERY_FAULT
	{
		struct state_edit *edit = state_edit_new(state);
		struct guid lun = sample_id('l', 0), target = sample_id('t', 1);
		int rc = edit == NULL ? -ENOMEM
				      : state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		FAULT_OFF();
		assert_int_equal(state_count(state, ROW_ASSOCIATION), 800);
		if (edit != NULL)
			assert_int_equal(state_count(state_edit_view(edit), ROW_ASSOCIATION),
					 rc == 0 ? 799 : 800);
		state_edit_free(edit);
	}
	check_whole(state);
}

/* ---- loading ---- */

/*
 * LUNs 0 … luns-1, each behind `each` targets, in a sequence that the seed chooses; 0: as sorted.
 */
static int
load_of(unsigned luns, unsigned targets, unsigned each, unsigned seed, struct state **ret_state)
{
	struct position at = sample_position();
	struct state_edit *edit = state_edit_new_load(&at);
	void **rows = calloc(luns * (each + 1) + targets + 2, sizeof(*rows));
	unsigned firsts = targets - each + 1, count = 0;
	int rc = edit == NULL ? -ENOMEM : 0;

	rows[count++] = sample_array();
	rows[count++] = sample_pool(1);
	for (unsigned t = 0; t < targets; t++)
		rows[count++] = sample_target(t);
	for (unsigned n = 0; n < luns; n++)
		rows[count++] = sample_lun(n);
	for (unsigned n = 0; n < luns; n++)
		for (unsigned i = 0; i < each; i++)
			rows[count++] = sample_association(n, n % firsts + i,
							   n / firsts * each + i);
	for (unsigned i = seed == 0 ? 0 : count - 1; i > 0; i--) {
		unsigned other = next_random(&seed, i + 1);
		void *row = rows[i];

		rows[i] = rows[other];
		rows[other] = row;
	}
	for (unsigned i = 0; i < count; i++) {
		if (rc == 0)
			rc = state_edit_put(edit, rows[i]);
		else
			row_unref(rows[i]);
	}
	free(rows);
	if (rc == 0)
		return state_edit_load(edit, ret_state);
	state_edit_free(edit);
	return rc;
}

/* The same rows, put one after the other. */
static struct state *
put_of(const struct state *loaded)
{
	AUTO_STATE struct state *empty = state_new(state_position(loaded));
	struct state_edit *edit = state_edit_new(empty);
	struct state *state = NULL;

	for (int family = 0; family < ROW_FAMILY_COUNT; family++)
		for (size_t i = 0; i < state_count(loaded, (enum row_family)family); i++)
			sample_put(edit, row_ref(state_at(loaded, (enum row_family)family, i)),
				   NULL);
	assert_int_equal(state_edit_load(edit, &state), 0);
	return state;
}

static void
assert_same_orders(const struct state *state, const struct state *other)
{
	assert_memory_equal(state_position(state), state_position(other), sizeof(struct position));
	assert_int_equal(state_ailing(state), state_ailing(other));
	assert_int_equal(state_guarded(state), state_guarded(other));
	for (int id = 0; id < ORDER_COUNT; id++) {
		struct order_walk a, b;
		const void *row;

		order_walk_begin(&a, state->orders[id]);
		order_walk_begin(&b, other->orders[id]);
		while ((row = order_walk_next(&a)) != NULL)
			assert_ptr_equal(row, order_walk_next(&b));
		assert_null(order_walk_next(&b));
	}
}

static void
test_a_loaded_state_is_that_of_its_rows_put_one_by_one(void **unused)
{
	/* No target, few, and so many LUNs that a target's group fills more than one leaf. */
	static const struct {
		unsigned luns, targets, seed;
	} cases[] = { { 0, 4, 0 },   { 1, 4, 1 },      { 127, 9, 2 },   { 128, 4, 0 },
		      { 129, 4, 3 }, { 1000, 4, 4 },   { 1000, 4, 0 },  { 3000, 500, 5 },
		      { 300, 4, 6 }, { 20000, 40, 7 }, { 20000, 40, 0 } };

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO_STATE struct state *loaded = NULL, *put = NULL;

		assert_int_equal(
			load_of(cases[i].luns, cases[i].targets, 4, cases[i].seed, &loaded), 0);
		assert_int_equal(state_count(loaded, ROW_LUN), cases[i].luns);
		assert_int_equal(state_count(loaded, ROW_ASSOCIATION), cases[i].luns * 4);
		check_whole(loaded);
		put = put_of(loaded);
		assert_same_orders(loaded, put);
	}
}

static void
test_a_loaded_state_can_be_edited(void **unused)
{
	AUTO_STATE struct state *state = NULL;
	unsigned seed = 11;

	(void)unused;
	assert_int_equal(load_of(2000, 20, 4, 9, &state), 0);
	for (unsigned round = 0; round < 2000; round++) {
		struct state_edit *edit = state_edit_new(state);
		unsigned n = next_random(&seed, 2000);
		struct guid lun = sample_id('l', n), target = sample_id('t', n % 17);
		struct state *next;

		if (state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target) < 0)
			sample_put(edit, sample_association(n, n % 17, 9000 + n), NULL);
		next = sample_next(edit, NULL);
		state_unref(state);
		state = next;
	}
	check_whole(state);
}

/*
 * Rows that are read, compared or moved for each row that is loaded.  A target has as many LUNs at
 * each size, and the names of the LUNs begin alike.
 */
static uint64_t
load_cost(unsigned luns, unsigned seed)
{
	AUTO_STATE struct state *state = NULL;
	uint64_t before = state_work();

	assert_int_equal(load_of(luns, luns / 50, 4, seed, &state), 0);
	return (state_work() - before) * 100 / (luns * 5 + luns / 50);
}

static void
test_loading_costs_as_many_steps_a_row_at_every_size(void **unused)
{
	(void)unused;
	for (unsigned seed = 0; seed < 2; seed++) {
		uint64_t small = load_cost(3000, seed), large = load_cost(30000, seed);

		if (large * 10 > small * 11)
			fail_msg("%llu steps for 100 rows at 30,000 LUNs, %llu at 3,000",
				 (unsigned long long)large, (unsigned long long)small);
	}
}

static void
test_a_key_that_is_loaded_twice_is_refused(void **unused)
{
	(void)unused;
	for (unsigned sorted = 0; sorted < 2; sorted++) {
		struct position at = sample_position();
		struct state_edit *edit = state_edit_new_load(&at);
		struct state *state = NULL;

		sample_put(edit, sample_array(), sample_target(1), sample_target(2), NULL);
		sample_put(edit, sample_target(sorted ? 2 : 1), NULL);
		assert_int_equal(state_edit_load(edit, &state), ERR_CORRUPT);
		assert_string_equal(err_text(ERR_CORRUPT), "targets: two rows have the same key");
	}
}

static void
test_a_load_fails_without_a_leak(void **unused)
{
	(void)unused;
	for (unsigned seed = 0; seed < 2; seed++) {
		struct position at = sample_position();
		AUTO_STATE struct state *all = NULL;

		assert_int_equal(load_of(300, 40, 4, seed, &all), 0);
		WITH_EVERY_FAULT
		{
			struct state *state = state_load_begin(&at);
			int rc = state == NULL ? -ENOMEM : 0;

			for (int family = 0; family < ROW_CONFIG_COUNT; family++) {
				size_t count = state_count(all, (enum row_family)family);

				/* Backwards, the second time: then the rows wait. */
				for (size_t i = 0; rc == 0 && i < count; i++)
					rc = state_load_put(state,
							    (void *)(uintptr_t)state_at(
								    all, (enum row_family)family,
								    seed == 0 ? i : count - 1 - i));
			}
			if (rc == 0)
				rc = state_load_end(state);
			/* Splitting a node in two is left undone without memory. */
			assert_true(rc == 0 || (FAULT_HIT && rc == -ENOMEM));
			FAULT_OFF();
			if (rc == 0)
				assert_same_orders(state, all);
			state_unref(state);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders_stay_whole_under_random_edits),
		cmocka_unit_test(test_an_order_that_loses_all_rows_is_empty),
		cmocka_unit_test(test_rows_are_found_by_index_and_by_every_name),
		cmocka_unit_test(test_what_is_not_well_is_counted),
		cmocka_unit_test(test_what_is_failed_or_held_is_counted),
		cmocka_unit_test(test_the_cost_of_a_change_does_not_grow_with_the_array),
		cmocka_unit_test(test_a_rename_in_a_large_array_touches_few_entries),
		cmocka_unit_test(test_growing_row_by_row_is_linear),
		cmocka_unit_test(test_a_change_of_an_order_fails_without_a_trace),
		cmocka_unit_test(test_a_loaded_state_is_that_of_its_rows_put_one_by_one),
		cmocka_unit_test(test_a_loaded_state_can_be_edited),
		cmocka_unit_test(test_loading_costs_as_many_steps_a_row_at_every_size),
		cmocka_unit_test(test_a_key_that_is_loaded_twice_is_refused),
		cmocka_unit_test(test_a_load_fails_without_a_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

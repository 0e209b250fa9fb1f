/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of states: look-ups, edits, and applying changes. */
#include <errno.h>

#include "fault.h"
#include "sample.h"

static void
test_rows_are_found_by_key_and_name(void **unused)
{
	AUTO_STATE struct state *state = sample_state();
	struct guid lun = sample_id('l', 2), none = sample_id('l', 3), target = sample_id('t', 3);
	struct guid one = sample_id('l', 1);
	const struct row_association *association;

	(void)unused;
	assert_string_equal(((const struct row_lun *)state_find(state, ROW_LUN, &lun))->name,
			    "lun2");
	assert_null(state_find(state, ROW_LUN, &none));
	assert_null(state_find(state, ROW_JOB, &none));
	association = state_find_pair(state, ROW_ASSOCIATION, &one, &target);
	assert_true(guid_equal(&association->target_id, &target));
	assert_null(state_find_pair(state, ROW_ASSOCIATION, &lun, &target));
	assert_true(guid_equal(&state_target_by_name(state, "iqn.2026-11.org.example:t3")->id,
			       &target));
	assert_null(state_target_by_name(state, "iqn.2026-11.org.example:t"));
	assert_true(guid_equal(
		&((const struct row_lun *)state_luns_by_name(state, "lun2").rows[0])->id, &lun));
	assert_int_equal(state_luns_by_name(state, "lun3").count, 0);
	assert_string_equal(state_array(state)->name, "array 1");
}

static void
test_lists_go_by_key_and_can_be_paged(void **unused)
{
	AUTO_STATE struct state *state = sample_state();
	struct guid zero = { { 0 } }, two = sample_id('t', 2), last = sample_id('t', 3),
		    one = sample_id('l', 1);
	struct guid target = sample_id('t', 1);

	(void)unused;
	assert_int_equal(state_count(state, ROW_TARGET), 3);
	assert_int_equal(state_after(state, ROW_TARGET, NULL), 0);
	assert_int_equal(state_after(state, ROW_TARGET, &zero), 0);
	assert_int_equal(state_after(state, ROW_TARGET, &two), 2);
	assert_int_equal(state_after(state, ROW_TARGET, &last), 3);
	assert_null(state_at(state, ROW_TARGET, 3));
	assert_int_equal(state_after(state, ROW_ASSOCIATION, &one), 2);
	assert_int_equal(state_after_pair(state, ROW_ASSOCIATION, &one, &target), 1);
	assert_int_equal(state_after(state, ROW_JOB, &one), 0);
}

static void
test_relations_are_slices_in_their_orders(void **unused)
{
	AUTO_STATE struct state *state = sample_state();
	struct guid lun = sample_id('l', 1), target = sample_id('t', 1), alone = sample_id('t', 2);
	struct guid group = sample_id('g', 1), portal = sample_id('o', 1);
	struct row_slice slice = state_lun_targets(state, &lun);

	(void)unused;
	assert_int_equal(slice.count, 2);
	assert_int_equal(((const struct row_association *)slice.rows[1])->target_id.bytes[3], 3);
	slice = state_target_luns(state, &target);
	assert_int_equal(slice.count, 2);
	assert_int_equal(((const struct row_association *)slice.rows[0])->lun_number, 0);
	assert_int_equal(((const struct row_association *)slice.rows[1])->lun_number, 1);
	assert_int_equal(state_target_luns(state, &alone).count, 0);
	assert_int_equal(state_target_groups(state, &target).count, 1);
	assert_int_equal(state_target_groups(state, &alone).count, 0);
	assert_int_equal(state_group_portals(state, &group).count, 1);
	assert_int_equal(state_portal_groups(state, &portal).count, 1);
}

static void
test_an_empty_state_answers_everything(void **unused)
{
	struct position at = sample_position();
	AUTO_STATE struct state *state = state_new(&at);
	struct guid id = sample_id('l', 1);

	(void)unused;
	assert_null(state_array(state));
	assert_null(state_find(state, ROW_LUN, &id));
	assert_int_equal(state_luns_by_name(state, "x").count, 0);
	assert_int_equal(state_lun_targets(state, &id).count, 0);
	assert_int_equal(state_after(state, ROW_LUN, &id), 0);
	assert_int_equal(state_check(state), 0);
}

static void
test_the_digest_does_not_depend_on_the_order_of_edits(void **unused)
{
	struct position at = sample_position();
	AUTO_STATE struct state *empty = state_new(&at), *a = NULL, *b = NULL;
	struct state_edit *forward = state_edit_new(empty), *back = state_edit_new(empty);

	(void)unused;
	for (unsigned n = 1; n <= 300; n++) {
		sample_put(forward, sample_target(n), NULL);
		sample_put(back, sample_target(301 - n), NULL);
	}
	assert_int_equal(state_edit_load(forward, &a), 0);
	assert_int_equal(state_edit_load(back, &b), 0);
	assert_true(hash128_equal(&state_position(a)->digest, &state_position(b)->digest));
	assert_false(hash128_equal(&state_position(a)->digest, &state_position(empty)->digest));
}

static void
test_an_edit_leaves_its_base_alone(void **unused)
{
	AUTO_STATE struct state *base = sample_state(), *next = NULL;
	struct state_edit *edit = state_edit_new(base);
	struct guid lun = sample_id('l', 1), target = sample_id('t', 3), two = sample_id('t', 2);

	(void)unused;
	assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target), 0);
	assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target), ERR_NOT_FOUND);
	sample_put(edit, sample_association(1, 2, 5), NULL);
	assert_non_null(state_find_pair(state_edit_view(edit), ROW_ASSOCIATION, &lun, &two));
	next = sample_next(edit, NULL);
	assert_int_equal(state_lun_targets(base, &lun).count, 2);
	assert_non_null(state_find_pair(base, ROW_ASSOCIATION, &lun, &target));
	assert_int_equal(state_target_luns(next, &target).count, 0);
	assert_int_equal(state_target_luns(next, &two).count, 1);
	assert_int_equal(state_position(next)->sequence, state_position(base)->sequence + 1);
	assert_int_equal(state_check(base), 0);
	assert_int_equal(state_check(next), 0);
}

static void
test_an_edit_that_is_taken_back_is_empty(void **unused)
{
	AUTO_STATE struct state *base = sample_state();
	struct state_edit *edit = state_edit_new(base);
	struct guid three = sample_id('l', 3);

	(void)unused;
	assert_true(state_edit_is_empty(edit));
	sample_put(edit, sample_lun(1), sample_lun(2), NULL);
	assert_true(state_edit_is_empty(edit));
	sample_put(edit, sample_lun(3), NULL);
	assert_false(state_edit_is_empty(edit));
	assert_int_equal(state_edit_delete(edit, ROW_LUN, &three, NULL), 0);
	assert_true(state_edit_is_empty(edit));
	state_edit_free(edit);
}

static void
test_a_change_says_what_happened_and_no_more(void **unused)
{
	AUTO_STATE struct state *base = sample_state(), *next = NULL;
	struct state_edit *edit = state_edit_new(base);
	struct guid lun = sample_id('l', 1), target = sample_id('t', 3);
	struct row_lun *renamed = sample_lun(2);
	struct change *change;

	(void)unused;
	assert_int_equal(row_set_string(&renamed->name, "other"), 0);
	sample_put(edit, sample_lun(1), sample_lun(2), sample_lun(9), renamed, NULL);
	assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target), 0);
	next = sample_next(edit, &change);
	assert_int_equal(change->op_count, 3);
	assert_int_equal(change->ops[0].family, ROW_LUN);
	assert_string_equal(((struct row_lun *)change->ops[0].row)->name, "other");
	assert_string_equal(((struct row_lun *)change->ops[1].row)->name, "lun9");
	assert_int_equal(change->ops[2].family, ROW_ASSOCIATION);
	assert_null(change->ops[2].row);
	assert_int_equal(change->sequence, 1);
	assert_string_equal(change->cause, "test");
	assert_int_equal(state_luns_by_name(next, "lun2").count, 0);
	assert_int_equal(state_luns_by_name(next, "other").count, 1);
	change_unref(change);
}

static void
test_a_change_applied_gives_the_edited_state(void **unused)
{
	AUTO_STATE struct state *base = sample_state(), *next = NULL, *applied = NULL;
	struct state_edit *edit = state_edit_new(base);
	struct guid two = sample_id('l', 2), one = sample_id('t', 1);
	struct change *change;

	(void)unused;
	sample_put(edit, sample_lun(5), sample_association(5, 2, 0), NULL);
	assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &two, &one), 0);
	next = sample_next(edit, &change);
	assert_int_equal(state_apply(base, change, &applied), 0);
	assert_memory_equal(state_position(applied), state_position(next), sizeof(struct position));
	assert_int_equal(state_check(applied), 0);
	change_unref(change);
}

static void
test_a_change_of_another_sequence_is_refused(void **unused)
{
	AUTO_STATE struct state *base = sample_state(), *next = NULL, *none = NULL;
	struct change *change;

	(void)unused;
	next = sample_next(state_edit_new(base), &change);
	assert_int_equal(state_apply(next, change, &none), ERR_GONE);
	assert_null(none);
	change_unref(change);
}

static void
test_a_change_that_does_not_fit_is_corrupt(void **unused)
{
	AUTO_STATE struct state *base = sample_state(), *next = NULL, *none = NULL;
	struct state_edit *edit = state_edit_new(base);
	struct guid portal = sample_id('o', 1);
	struct change *change;

	(void)unused;
	sample_put(edit, sample_portal(2), NULL);
	next = sample_next(edit, &change);
	change->digest.lo++;
	assert_int_equal(state_apply(base, change, &none), ERR_CORRUPT);
	change->digest.lo--;
	row_unref(change->ops[0].row);
	change->ops[0].row = NULL;
	assert_int_equal(state_apply(base, change, &none), ERR_CORRUPT);
	assert_non_null(strstr(err_text(ERR_CORRUPT), "portal"));
	assert_null(none);
	change->ops[0].key.a = portal;
	assert_int_equal(state_apply(base, change, &none), ERR_CORRUPT);
	change_unref(change);
}

static void
test_live_rows_are_not_digested(void **unused)
{
	struct position boot = { .array_id = sample_id('b', 1) };
	AUTO_STATE struct state *empty = state_new(&boot), *next = NULL, *applied = NULL;
	struct state_edit *edit = state_edit_new(empty);
	struct change *change;

	(void)unused;
	sample_put(edit, sample_live_lun(1, HEALTH_FAILED), NULL);
	next = sample_next(edit, &change);
	assert_int_equal(change->digest.lo, 0);
	assert_int_equal(change->digest.hi, 0);
	assert_int_equal(state_apply(empty, change, &applied), 0);
	assert_int_equal(state_count(applied, ROW_LIVE_LUN), 1);
	change_unref(change);
}

static void
test_an_alias_is_the_same_state(void **unused)
{
	AUTO_STATE struct state *state = sample_state(), *alias = state_alias(state);

	(void)unused;
	assert_memory_equal(state_position(alias), state_position(state), sizeof(struct position));
	assert_ptr_equal(state_at(alias, ROW_LUN, 1), state_at(state, ROW_LUN, 1));
	assert_int_equal(state_check(alias), 0);
}

static void
test_a_target_with_thousands_of_luns_is_one_slice(void **unused)
{
	AUTO_STATE struct state *base = sample_state(), *next = NULL;
	struct state_edit *edit = state_edit_new(base);
	struct guid target = sample_id('t', 2);
	struct row_slice slice;

	(void)unused;
	for (unsigned n = 10; n < 3010; n++)
		sample_put(edit, sample_lun(n), sample_association(n, 2, 3019 - n),
			   sample_association(n, 3, n), NULL);
	next = sample_next(edit, NULL);
	slice = state_target_luns(next, &target);
	assert_int_equal(slice.count, 3000);
	for (unsigned i = 0; i < slice.count; i++)
		assert_int_equal(((const struct row_association *)slice.rows[i])->lun_number,
				 i + 10);
	assert_int_equal(state_check(next), 0);
	assert_int_equal(state_count(base, ROW_LUN), 2);
}

/* ---- out of memory ---- */

static void
test_an_edit_out_of_memory_has_changed_nothing(void **unused)
{
	AUTO_STATE struct state *base = sample_state();
	const struct position before = *state_position(base);
	struct guid lun = sample_id('l', 1), target = sample_id('t', 3);

	(void)unused;
	WITH_EVERY_FAULT
	{
		struct state_edit *edit = state_edit_new(base);
		AUTO_STATE struct state *next = NULL;
		struct change *change = NULL;
		struct row_association *row;
		int rc = -ENOMEM;

		if (edit == NULL)
			continue;
		row = row_new(ROW_ASSOCIATION);
		if (row != NULL) {
			row->lun_id = lun;
			row->target_id = sample_id('t', 2);
			row->lun_number = 3;
			rc = state_edit_put(edit, row);
		}
		if (FAULT_HIT) /* else the checker's own memory would be what fails */
			assert_int_equal(state_check(state_edit_view(edit)), 0);
		if (rc == 0)
			rc = state_edit_delete(edit, ROW_ASSOCIATION, &lun, &target);
		if (rc < 0) {
			assert_int_equal(rc, -ENOMEM);
			state_edit_free(edit);
			continue;
		}
		rc = state_edit_finish(edit, "test", NULL, 0, &next, &change);
		assert_int_equal(rc, next == NULL ? -ENOMEM : 0);
		assert_memory_equal(state_position(base), &before, sizeof(before));
		change_unref(change);
	}
	assert_int_equal(state_check(base), 0);
}

static void
test_an_apply_out_of_memory_has_changed_nothing(void **unused)
{
	struct state_edit *edit = sample_edit();
	AUTO_STATE struct state *base = NULL, *next = NULL;
	struct guid two = sample_id('l', 2), one = sample_id('t', 1);
	struct change *change;

	(void)unused;
	for (unsigned n = 4; n <= 128; n++)
		sample_put(edit, sample_target(n), NULL);
	base = sample_next(edit, NULL);
	edit = state_edit_new(base);
	sample_put(edit, sample_association(2, 2, 0), sample_target(200), sample_target(201), NULL);
	assert_int_equal(state_edit_delete(edit, ROW_ASSOCIATION, &two, &one), 0);
	for (unsigned n = 10; n < 100; n++) {
		struct guid target = sample_id('t', n);

		assert_int_equal(state_edit_delete(edit, ROW_TARGET, &target, NULL), 0);
	}
	next = sample_next(edit, &change);
	WITH_EVERY_FAULT
	{
		AUTO_STATE struct state *applied = NULL;
		int rc = state_apply(base, change, &applied);

		/*
		 * Splitting and joining chunks is done when memory allows: a failure there is none.
		 */
		assert_true(rc == 0 || (rc == -ENOMEM && FAULT_HIT));
		assert_int_equal(applied != NULL, rc == 0);
		if (rc == 0 && FAULT_HIT)
			assert_int_equal(state_check(applied), 0);
	}
	change_unref(change);
	assert_int_equal(state_check(base), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_found_by_key_and_name),
		cmocka_unit_test(test_lists_go_by_key_and_can_be_paged),
		cmocka_unit_test(test_relations_are_slices_in_their_orders),
		cmocka_unit_test(test_an_empty_state_answers_everything),
		cmocka_unit_test(test_the_digest_does_not_depend_on_the_order_of_edits),
		cmocka_unit_test(test_an_edit_leaves_its_base_alone),
		cmocka_unit_test(test_an_edit_that_is_taken_back_is_empty),
		cmocka_unit_test(test_a_change_says_what_happened_and_no_more),
		cmocka_unit_test(test_a_change_applied_gives_the_edited_state),
		cmocka_unit_test(test_a_change_of_another_sequence_is_refused),
		cmocka_unit_test(test_a_change_that_does_not_fit_is_corrupt),
		cmocka_unit_test(test_live_rows_are_not_digested),
		cmocka_unit_test(test_an_alias_is_the_same_state),
		cmocka_unit_test(test_a_target_with_thousands_of_luns_is_one_slice),
		cmocka_unit_test(test_an_edit_out_of_memory_has_changed_nothing),
		cmocka_unit_test(test_an_apply_out_of_memory_has_changed_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

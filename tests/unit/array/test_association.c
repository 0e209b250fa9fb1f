/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of AssociateTargets in the array: the call sets the complete set of targets in one change,
 * assigns LUN numbers, and drains the paths that it takes away.
 */
#include "array_test.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "array/change_int.h"
#include "base/clock.h"
#include "model/state.h"

static void
test_set_is_replaced(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), t1 = make_target(a, "1"), t2 = make_target(a, "2"),
		    t3 = make_target(a, "3");

	assert_ok(associate(a, lun, 2, t1, t2));
	assert_int_equal(number_of(a, lun, t1), 0);
	assert_int_equal(number_of(a, lun, t2), 0);
	assert_ok(associate(a, lun, 2, t2, t3));
	assert_int_equal(number_of(a, lun, t1), -1);
	assert_int_equal(number_of(a, lun, t2), 0);
	assert_int_equal(number_of(a, lun, t3), 0);
}

static void
test_duplicates_count_once(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), t1 = make_target(a, "1"), t2 = make_target(a, "2");

	assert_ok(associate(a, lun, 5, t1, t2, t1, t1, t2));
	assert_int_equal(count_rows(a, ROW_ASSOCIATION), 2);
}

static void
test_unknown_target_changes_nothing(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), t1 = make_target(a, "1"), t2 = make_target(a, "2");
	uint64_t before;

	assert_ok(associate(a, lun, 1, t1));
	before = sequence_of(a);
	assert_int_equal(associate(a, lun, 2, t2, random_guid()), ERR_NOT_FOUND);
	assert_int_equal(sequence_of(a), before);
	assert_int_equal(number_of(a, lun, t1), 0);
	assert_int_equal(number_of(a, lun, t2), -1);
}

static void
test_none_dissociates_from_all(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), t1 = make_target(a, "1"), t2 = make_target(a, "2");

	assert_ok(associate(a, lun, 2, t1, t2));
	assert_ok(array_lun_associate(a, NULL, &lun, NULL, 0, NULL));
	assert_int_equal(count_rows(a, ROW_ASSOCIATION), 0);
}

static void
test_targets_are_added_and_removed(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), t1 = make_target(a, "1"), t2 = make_target(a, "2");
	struct guid both[] = { t1, t2 }, unknown = random_guid();
	uint64_t before;

	assert_ok(array_lun_add_targets(a, NULL, &lun, &t1, 1, NULL));
	assert_ok(array_lun_add_targets(a, NULL, &lun, both, 2, NULL));
	assert_int_equal(number_of(a, lun, t1), 0);
	assert_int_equal(number_of(a, lun, t2), 0);
	assert_ok(array_lun_remove_targets(a, NULL, &lun, &t1, 1, NULL));
	assert_int_equal(number_of(a, lun, t1), -1);
	assert_int_equal(number_of(a, lun, t2), 0);
	before = sequence_of(a);
	assert_ok(array_lun_remove_targets(a, NULL, &lun, &t1, 1, NULL));
	assert_ok(array_lun_remove_targets(a, NULL, &lun, NULL, 0, NULL));
	assert_ok(array_lun_add_targets(a, NULL, &lun, NULL, 0, NULL));
	assert_int_equal(array_lun_add_targets(a, NULL, &lun, &unknown, 1, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_lun_remove_targets(a, NULL, &lun, &unknown, 1, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_lun_remove_targets(a, NULL, &lun, NULL, 1, NULL), ERR_INVALID);
	assert_int_equal(sequence_of(a), before);
	assert_ok(array_lun_remove_targets(a, NULL, &lun, both, 2, NULL));
	assert_int_equal(count_rows(a, ROW_ASSOCIATION), 0);
}

#define ADDERS 8

struct adder {
	struct array *array;
	struct guid lun, target;
	int result;
};

static void *
add_target(void *arg)
{
	struct adder *adder = arg;

	adder->result = array_lun_add_targets(adder->array, NULL, &adder->lun, &adder->target, 1,
					      NULL);
	return NULL;
}

static void
test_none_of_those_added_at_once_is_lost(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l");
	struct adder adders[ADDERS];
	pthread_t threads[ADDERS];
	char alias[16];

	for (int i = 0; i < ADDERS; i++) {
		snprintf(alias, sizeof(alias), "%d", i);
		adders[i] = (struct adder){ a, lun, make_target(a, alias), -1 };
	}
	for (int i = 0; i < ADDERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_target, &adders[i]), 0);
	for (int i = 0; i < ADDERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(adders[i].result, 0);
	}
	assert_int_equal(count_rows(a, ROW_ASSOCIATION), ADDERS);
}

static void
test_count_without_targets_is_invalid(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l");

	assert_int_equal(array_lun_associate(a, NULL, &lun, NULL, 1, NULL), ERR_INVALID);
}

static void
test_unknown_lun_is_not_found(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	assert_int_equal(associate(a, random_guid(), 1, make_target(a, "1")), ERR_NOT_FOUND);
}

static void
test_same_set_is_no_event(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), t1 = make_target(a, "1");
	uint64_t before;

	assert_ok(associate(a, lun, 1, t1));
	before = sequence_of(a);
	assert_ok(associate(a, lun, 1, t1));
	assert_int_equal(sequence_of(a), before);
}

static void
test_numbers_are_equal_on_all_targets_when_possible(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid x = make_lun(a, "x"), y = make_lun(a, "y"), t1 = make_target(a, "1"),
		    t2 = make_target(a, "2");

	assert_ok(associate(a, x, 1, t1));
	assert_ok(associate(a, y, 2, t1, t2));
	assert_int_equal(number_of(a, y, t1), 1);
	assert_int_equal(number_of(a, y, t2), 1);
}

static void
test_new_path_takes_the_number_of_the_old_ones(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid x = make_lun(a, "x"), y = make_lun(a, "y"), t1 = make_target(a, "1"),
		    t2 = make_target(a, "2");

	assert_ok(associate(a, x, 1, t1));
	assert_ok(associate(a, y, 1, t1));
	assert_ok(associate(a, y, 2, t1, t2));
	assert_int_equal(number_of(a, y, t2), 1);
}

/* What is known about an initiator that has seen a LUN, and may still have its disk. */
enum fate { FATE_SESSION_LIVES, FATE_SESSION_ENDED, FATE_RESTART, FATE_CRASH, FATE_COUNT };

/* Puts x behind the target and lets an initiator log in; then what `fate` says happens. */
static void
show_lun(struct fixture *f, struct guid x, struct guid t, enum fate fate)
{
	struct guid session;
	int status = -1;
	pid_t child;

	if (fate == FATE_CRASH) {
		fixture_close(f);
		child = fork();
		if (child == 0) {
			fixture_open(f);
			assert_ok(associate(f->array, x, 1, t));
			fake_session(f->array, t);
			_exit(0); /* nothing is closed */
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		fixture_open(f);
		return;
	}
	assert_ok(associate(f->array, x, 1, t));
	session = fake_session(f->array, t);
	if (fate != FATE_SESSION_LIVES)
		array_live_delete(f->array, ROW_LIVE_SESSION, &session);
	if (fate == FATE_RESTART)
		fixture_reopen(f);
}

static void
test_number_that_an_initiator_saw_is_not_given_to_another_lun(void **state)
{
	struct fixture *f = *state;

	for (enum fate fate = 0; fate < FATE_COUNT; fate++) {
		struct guid x = make_lun(f->array, ""), y = make_lun(f->array, ""),
			    t = make_target(f->array, "");

		show_lun(f, x, t, fate);
		assert_int_equal(number_of(f->array, x, t), 0);
		assert_ok(associate(f->array, x, 0));
		assert_ok(associate(f->array, y, 1, t));
		assert_int_equal(number_of(f->array, y, t), 1);
		assert_ok(associate(f->array, x, 1, t));
		assert_int_equal(number_of(f->array, x, t), 0);
	}
}

static void
test_number_stays_retired_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct guid x = make_lun(f->array, "x"), y = make_lun(f->array, "y"),
		    t = make_target(f->array, "");

	show_lun(f, x, t, FATE_SESSION_ENDED);
	assert_ok(array_lun_delete(f->array, NULL, &x, true, NULL));
	fixture_reopen(f);
	assert_ok(associate(f->array, y, 1, t));
	assert_int_equal(number_of(f->array, y, t), 1);
}

static void
test_target_that_is_made_again_under_its_name_keeps_its_retired_numbers(void **state)
{
	struct fixture *f = *state;
	struct guid x = make_lun(f->array, "x"), y = make_lun(f->array, "y"), t;
	struct array_answer answer;

	for (int i = 0; i < 2; i++) {
		assert_ok(array_target_create(f->array, NULL, "iqn.2026-11.org.example:t", "",
					      false, false, &answer));
		t = answer.object_id;
		if (i == 1)
			break;
		show_lun(f, x, t, FATE_SESSION_ENDED);
		assert_ok(associate(f->array, x, 0));
		assert_ok(array_target_delete(f->array, NULL, &t, NULL));
	}
	assert_ok(associate(f->array, y, 1, t));
	assert_int_equal(number_of(f->array, y, t), 1);
}

static void
test_number_that_no_initiator_saw_is_free_at_once(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid x = make_lun(a, "x"), y = make_lun(a, "y"), t = make_target(a, "");

	assert_ok(associate(a, x, 1, t));
	assert_ok(associate(a, x, 0));
	assert_ok(associate(a, y, 1, t));
	assert_int_equal(number_of(a, y, t), 0);
}

static void
run_sql(const struct fixture *f, const char *sql)
{
	char path[128];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/catalog.db", f->array_dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_number_free_longest_is_reused_when_no_fresh_one_is_left(void **state)
{
	struct fixture *f = *state;
	struct guid x = make_lun(f->array, "x"), y = make_lun(f->array, "y"),
		    t = make_target(f->array, "");

	show_lun(f, x, t, FATE_SESSION_ENDED); /* has 0 */
	fixture_close(f);
	run_sql(f,
		"WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 16383) "
		"INSERT INTO number_retired SELECT iscsi_name, i, randomblob(16), "
		"CASE WHEN i = 0 THEN 1 WHEN i = 777 THEN 2 ELSE 100000 - i END, 0 "
		"FROM n, target");
	fixture_open(f);
	assert_ok(associate(f->array, y, 1, t));
	assert_int_equal(number_of(f->array, y, t), 777);
}

static void
test_lun_that_comes_back_has_the_number_that_a_session_saw(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid x = make_lun(a, "x"), y = make_lun(a, "y"), t1 = make_target(a, "1"),
		    t2 = make_target(a, "2");

	assert_ok(associate(a, x, 2, t1, t2));
	fake_session(a, t1);
	for (int i = 0; i < 3; i++) {
		assert_ok(associate(a, x, 1, t2));
		assert_ok(associate(a, x, 2, t1, t2));
		assert_int_equal(number_of(a, x, t1), 0);
		assert_int_equal(number_of(a, x, t2), 0);
	}
	assert_ok(associate(a, x, 0));
	assert_ok(associate(a, y, 2, t1, t2));
	assert_int_equal(number_of(a, y, t1), 1);
	assert_ok(associate(a, x, 1, t1));
	assert_int_equal(number_of(a, x, t1), 0);
}

static void
test_session_of_another_target_retires_nothing(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid x = make_lun(a, "x"), y = make_lun(a, "y"), t1 = make_target(a, "1"),
		    t2 = make_target(a, "2");

	assert_ok(associate(a, x, 1, t1));
	fake_session(a, t2);
	assert_ok(associate(a, x, 0));
	assert_ok(associate(a, y, 1, t1));
	assert_int_equal(number_of(a, y, t1), 0);
}

static void
test_number_of_a_deleted_lun_is_retired_too(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid x = make_lun(a, "x"), y = make_lun(a, "y"), t = make_target(a, "1");

	assert_ok(associate(a, x, 1, t));
	fake_session(a, t);
	assert_ok(array_lun_delete(a, NULL, &x, true, NULL));
	assert_ok(associate(a, y, 1, t));
	assert_int_equal(number_of(a, y, t), 1);
}

/* ---- draining ---- */

static void
test_only_paths_that_go_are_quiesced(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), t1 = make_target(a, "1"), t2 = make_target(a, "2");
	struct fake_runtime fake;

	fake_register(&fake, a);
	assert_ok(associate(a, lun, 1, t1));
	assert_int_equal(atomic_load(&fake.quiesced), 0);
	assert_ok(associate(a, lun, 1, t2));
	assert_int_equal(atomic_load(&fake.quiesced), 1);
	assert_int_equal(atomic_load(&fake.resumed), 1);
	assert_int_equal(state_lun_targets(fake.last, &lun).count, 1);
	fake_unregister(&fake);
}

static void
test_drain_that_does_not_end_is_busy_and_changes_nothing(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), t1 = make_target(a, "1");
	struct fake_runtime fake;
	uint64_t before;

	fake_register(&fake, a);
	assert_ok(associate(a, lun, 1, t1));
	before = sequence_of(a);
	atomic_store(&fake.quiesce_result, ERR_TIMEOUT);
	assert_int_equal(associate(a, lun, 0), ERR_BUSY);
	assert_int_equal(sequence_of(a), before);
	assert_true(wait_operation(a, lun, OPERATION_NONE));
	assert_int_equal(atomic_load(&fake.resumed), 0);
	atomic_store(&fake.quiesce_result, 0);
	assert_ok(associate(a, lun, 0));
	fake_unregister(&fake);
}

static void
test_paths_are_resumed_when_the_change_fails_after_draining(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), t1 = make_target(a, "1"), gone = make_target(a, "2");
	struct fake_runtime fake;

	fake_register(&fake, a);
	assert_ok(associate(a, lun, 1, t1));
	assert_ok(array_target_delete(a, NULL, &gone, NULL));
	/* The unknown target is found before the drain: no quiesce at all. */
	assert_int_equal(associate(a, lun, 1, gone), ERR_NOT_FOUND);
	assert_int_equal(atomic_load(&fake.quiesced), 0);
	fake_unregister(&fake);
}

/* ---- masks ---- */

static void
test_a_mask_drains_those_who_lose_the_lun(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), target = make_target(a, "1");
	struct fake_runtime fake;

	fake_register(&fake, a);
	assert_ok(array_lun_set_mask(a, NULL, &lun, "*", NULL));
	assert_ok(array_lun_set_mask(a, NULL, &lun, "iqn.a;iqn.b", NULL));
	/* behind no target nobody has a path */
	assert_int_equal(atomic_load(&fake.quiesced), 0);
	assert_ok(associate(a, lun, 1, target));
	assert_ok(array_lun_add_mask(a, NULL, &lun, "iqn.c", NULL));
	assert_ok(array_lun_set_mask(a, NULL, &lun, "*", NULL));
	/* nobody loses anything */
	assert_int_equal(atomic_load(&fake.quiesced), 0);
	assert_ok(array_lun_set_mask(a, NULL, &lun, "iqn.b;iqn.a", NULL));
	assert_int_equal(atomic_load(&fake.quiesced), 1);
	assert_string_equal(fake.except, "iqn.a;iqn.b");
	assert_ok(array_lun_remove_mask(a, NULL, &lun, "iqn.a", NULL));
	assert_int_equal(atomic_load(&fake.quiesced), 2);
	assert_int_equal(atomic_load(&fake.resumed), 2);
	assert_string_equal(fake.except, "iqn.b");
	fake_unregister(&fake);
}

static const char *
mask_of(const struct state *now, struct guid lun)
{
	return ((const struct row_lun *)state_find(now, ROW_LUN, &lun))->mask;
}

static void
test_a_mask_whose_drain_does_not_end_is_busy_and_changes_nothing(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), target = make_target(a, "1");
	struct fake_runtime fake;

	fake_register(&fake, a);
	assert_ok(array_lun_set_mask(a, NULL, &lun, "iqn.a", NULL));
	assert_ok(associate(a, lun, 1, target));
	atomic_store(&fake.quiesce_result, ERR_TIMEOUT);
	assert_int_equal(array_lun_set_mask(a, NULL, &lun, "", NULL), ERR_BUSY);
	/* the caller waits for one drain, not for one after the other */
	assert_int_equal(atomic_load(&fake.quiesced), 1);
	AUTO_STATE struct state *now = array_state(a);

	assert_string_equal(mask_of(now, lun), "iqn.a");
	atomic_store(&fake.quiesce_result, 0);
	assert_ok(array_lun_set_mask(a, NULL, &lun, "", NULL));
	fake_unregister(&fake);
}

struct unmasking {
	struct array *array;
	struct guid lun;
	const char *name;
	int result;
};

static void *
mask_name(void *arg)
{
	struct unmasking *u = arg;

	u->result = array_lun_remove_mask(u->array, NULL, &u->lun, u->name, NULL);
	return NULL;
}

static bool
are_quiescing(struct array *array, const void *arg)
{
	(void)array;
	return atomic_load(&((struct fake_runtime *)(uintptr_t)arg)->quiescing) >= 2;
}

/* Each drained for the list as it was: the second to commit must drain anew for the new list. */
static void
test_masks_changed_at_once_both_count_and_both_drain(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), target = make_target(a, "1");
	struct unmasking one = { a, lun, "iqn.a", -1 }, two = { a, lun, "iqn.b", -1 };
	struct fake_runtime fake;
	pthread_t threads[2];

	fake_register(&fake, a);
	assert_ok(array_lun_set_mask(a, NULL, &lun, "iqn.a;iqn.b;iqn.c", NULL));
	assert_ok(associate(a, lun, 1, target));
	atomic_store(&fake.quiesce_hold, true);
	assert_int_equal(pthread_create(&threads[0], NULL, mask_name, &one), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, mask_name, &two), 0);
	assert_true(wait_for(a, are_quiescing, &fake));
	atomic_store(&fake.quiesce_hold, false);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	assert_int_equal(one.result | two.result, 0);
	assert_int_equal(atomic_load(&fake.quiesced), 3);
	assert_int_equal(atomic_load(&fake.resumed), 3);
	AUTO_STATE struct state *now = array_state(a);

	assert_string_equal(mask_of(now, lun), "iqn.c");
	fake_unregister(&fake);
}

struct background {
	struct array *array;
	struct guid lun;
	int result;
};

static void *
dissociate(void *arg)
{
	struct background *b = arg;

	b->result = array_lun_associate(b->array, NULL, &b->lun, NULL, 0, NULL);
	return NULL;
}

static bool
is_quiescing(struct array *array, const void *arg)
{
	(void)array;
	return atomic_load(&((struct fake_runtime *)(uintptr_t)arg)->quiescing) > 0;
}

static void
test_held_lun_shows_its_operation_before_the_holder_returns(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), t1 = make_target(a, "1");
	struct background b = { a, lun, -1 };
	struct fake_runtime fake;
	pthread_t thread;

	fake_register(&fake, a);
	assert_ok(associate(a, lun, 1, t1));
	atomic_store(&fake.quiesce_hold, true);
	assert_int_equal(pthread_create(&thread, NULL, dissociate, &b), 0);
	assert_true(wait_for(a, is_quiescing, &fake));
	assert_true(wait_operation(a, lun, OPERATION_ASSOCIATE));
	assert_int_equal(associate(a, lun, 1, t1), ERR_BUSY);
	assert_int_equal(array_lun_delete(a, NULL, &lun, true, NULL), ERR_BUSY);
	assert_ok(array_lun_rename(a, NULL, &lun, "other", false, NULL));
	atomic_store(&fake.quiesce_hold, false);
	pthread_join(thread, NULL);
	assert_int_equal(b.result, 0);
	assert_true(wait_operation(a, lun, OPERATION_NONE));
	fake_unregister(&fake);
}

static void
put_association(struct state_edit *edit, struct guid target, uint16_t number)
{
	struct row_association *row = row_new(ROW_ASSOCIATION);

	assert_non_null(row);
	row->lun_id = random_guid();
	row->target_id = target;
	row->lun_number = number;
	assert_ok(state_edit_put(edit, row));
}

/* Flat space addressing has room for 16,384 LUNs (SAM-5), of which nobody logged in here. */
static void
test_more_luns_than_have_addresses_are_refused(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), full = make_target(a, "full"),
		    other = make_target(a, "other"), targets[] = { other, full };
	AUTO_STATE struct state *now = array_state(a);
	struct state_edit *edit = state_edit_new(now);
	uint32_t numbers[2];

	assert_non_null(edit);
	for (unsigned number = 0; number <= ROW_LUN_NUMBER_MAX; number++)
		if (number != 7777)
			put_association(edit, full, (uint16_t)number);
	assert_ok(array_number_choose(a, state_edit_view(edit), &lun, targets, 2, UINT32_MAX,
				      numbers));
	assert_int_equal(numbers[0], 7777);
	assert_int_equal(numbers[1], 7777);
	put_association(edit, full, 7777);
	assert_int_equal(array_number_choose(a, state_edit_view(edit), &lun, targets, 2, UINT32_MAX,
					     numbers),
			 ERR_LIMIT);
	assert_int_equal(array_number_choose(a, state_edit_view(edit), &lun, &full, 1, 0, numbers),
			 ERR_LIMIT);
	assert_ok(array_number_choose(a, state_edit_view(edit), &lun, &other, 1, UINT32_MAX,
				      numbers));
	assert_int_equal(numbers[0], 0);
	state_edit_free(edit);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_set_is_replaced),
		WITH_ARRAY(test_duplicates_count_once),
		WITH_ARRAY(test_unknown_target_changes_nothing),
		WITH_ARRAY(test_none_dissociates_from_all),
		WITH_ARRAY(test_targets_are_added_and_removed),
		WITH_ARRAY(test_none_of_those_added_at_once_is_lost),
		WITH_ARRAY(test_count_without_targets_is_invalid),
		WITH_ARRAY(test_unknown_lun_is_not_found),
		WITH_ARRAY(test_same_set_is_no_event),
		WITH_ARRAY(test_numbers_are_equal_on_all_targets_when_possible),
		WITH_ARRAY(test_new_path_takes_the_number_of_the_old_ones),
		WITH_ARRAY(test_number_that_an_initiator_saw_is_not_given_to_another_lun),
		WITH_ARRAY(test_number_stays_retired_after_a_restart),
		WITH_ARRAY(test_target_that_is_made_again_under_its_name_keeps_its_retired_numbers),
		WITH_ARRAY(test_number_that_no_initiator_saw_is_free_at_once),
		WITH_ARRAY(test_number_free_longest_is_reused_when_no_fresh_one_is_left),
		WITH_ARRAY(test_more_luns_than_have_addresses_are_refused),
		WITH_ARRAY(test_lun_that_comes_back_has_the_number_that_a_session_saw),
		WITH_ARRAY(test_session_of_another_target_retires_nothing),
		WITH_ARRAY(test_number_of_a_deleted_lun_is_retired_too),
		WITH_ARRAY(test_a_mask_drains_those_who_lose_the_lun),
		WITH_ARRAY(test_a_mask_whose_drain_does_not_end_is_busy_and_changes_nothing),
		WITH_ARRAY(test_masks_changed_at_once_both_count_and_both_drain),
		WITH_ARRAY(test_only_paths_that_go_are_quiesced),
		WITH_ARRAY(test_drain_that_does_not_end_is_busy_and_changes_nothing),
		WITH_ARRAY(test_paths_are_resumed_when_the_change_fails_after_draining),
		WITH_ARRAY(test_held_lun_shows_its_operation_before_the_holder_returns),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

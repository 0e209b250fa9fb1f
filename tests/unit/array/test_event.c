/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of listeners: a listener receives every change once, in order and without a gap; it
 * receives a heartbeat when nothing happens, and LOST when it is too slow.
 */
#include "array_test.h"

#include <sqlite3.h>

/* The next event that is no heartbeat; its change is the caller's. */
static struct array_event
next_event(struct array_listener *l)
{
	struct array_event event;

	do
		assert_ok(array_listener_next(l, &event));
	while (event.kind == ARRAY_EVENT_HEARTBEAT);
	return event;
}

/* Skips live events. */
static struct array_event
next_change(struct array_listener *l)
{
	struct array_event event = next_event(l);

	while (event.kind == ARRAY_EVENT_LIVE) {
		change_unref(event.change);
		event = next_event(l);
	}
	return event;
}

/* Applies changes to *state until it stands where the array is. */
static void
follow(struct array *a, struct array_listener *l, struct state **state)
{
	uint64_t last = sequence_of(a);

	while (state_position(*state)->sequence < last) {
		struct array_event event = next_change(l);
		struct state *next = NULL;

		assert_int_equal(event.kind, ARRAY_EVENT_CHANGE);
		assert_ok(state_apply(*state, event.change, &next));
		assert_memory_equal(&event.position, state_position(next), sizeof(event.position));
		change_unref(event.change);
		state_unref(*state);
		*state = next;
	}
}

static void
test_listener_follows_from_where_it_joined(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_listener *l = NULL;
	AUTO_STATE struct state *mine = NULL;
	struct guid lun = make_lun(a, "before");

	assert_ok(array_listen(a, 0, 0, &l, &mine, NULL));
	assert_ok(associate(a, lun, 1, make_target(a, "t")));
	assert_ok(array_lun_delete(a, NULL, &lun, true, NULL));
	follow(a, l, &mine);
	assert_ok(state_check(mine));
	array_listener_free(l);
}

static void
test_listener_that_comes_back_misses_nothing(void **state)
{
	struct fixture *f = *state;
	AUTO_STATE struct state *mine = array_state(f->array);
	uint64_t since = state_position(mine)->sequence;
	struct array_listener *l = NULL;

	make_lun(f->array, "a");
	make_target(f->array, "t");
	fixture_reopen(f);
	make_lun(f->array, "b");
	assert_ok(array_listen(f->array, 1, since, &l, NULL, NULL));
	make_lun(f->array, "c");
	follow(f->array, l, &mine);
	assert_int_equal(state_count(mine, ROW_LUN), 3);
	array_listener_free(l);
}

/* Puts a text in the place of a stored event.  The array is closed. */
static void
damage_event(const struct fixture *f, uint64_t sequence)
{
	char path[120], sql[120];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/catalog.db", f->array_dir);
	snprintf(sql, sizeof(sql), "UPDATE event SET change = '{' WHERE sequence = %llu",
		 (unsigned long long)sequence);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/*
 * The writer does not look into what it replays: a damaged event does not fail the listening, which
 * the writer does, but the reading, which is the listener's own work.
 */
static void
test_listener_decodes_what_is_replayed(void **state)
{
	struct fixture *f = *state;
	uint64_t since = sequence_of(f->array);
	struct array_listener *l = NULL;
	struct array_event event;

	make_lun(f->array, "a");
	make_lun(f->array, "b");
	fixture_close(f);
	damage_event(f, since + 1);
	fixture_open(f);
	assert_ok(array_listen(f->array, 1, since, &l, NULL, NULL));
	assert_int_equal(array_listener_next(l, &event), ERR_CORRUPT);
	array_listener_free(l);
}

static void
test_other_incarnation_and_the_future_are_gone(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_listener *l = NULL;

	assert_int_equal(array_listen(a, 2, 1, &l, NULL, NULL), ERR_GONE);
	assert_int_equal(array_listen(a, 1, 99, &l, NULL, NULL), ERR_GONE);
	assert_null(l);
	assert_ok(array_listen(a, 1, 1, &l, NULL, NULL));
	array_listener_free(l);
}

static void
test_live_changes_come_in_the_order_of_their_versions(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_listener *l = NULL;
	AUTO_STATE struct state *live = NULL;
	struct guid target = make_target(a, "t");
	uint64_t version;

	assert_ok(array_listen(a, 0, 0, &l, NULL, &live));
	version = state_position(live)->sequence;
	for (int i = 0; i < 5; i++)
		fake_session(a, target);
	for (int found = 0; found < 5;) {
		struct array_event event = next_event(l);

		assert_int_equal(event.kind, ARRAY_EVENT_LIVE);
		assert_int_equal(event.change->sequence, ++version);
		found += event.change->ops[0].family == ROW_LIVE_SESSION;
		change_unref(event.change);
	}
	array_listener_free(l);
}

static void
test_heartbeat_when_nothing_happens(void **state)
{
	struct fixture *f = *state;
	struct array_listener *l = NULL;
	struct array_event event;
	AUTO_STATE struct state *now = NULL;

	/* The pool's free space changes all the time: do not look. */
	fixture_close(f);
	f->options.verify_interval_ms = 1000000;
	fixture_open(f);
	now = array_state(f->array);
	assert_ok(array_listen(f->array, 0, 0, &l, NULL, NULL));
	do {
		assert_ok(array_listener_next(l, &event));
		change_unref(event.change);
	} while (event.kind == ARRAY_EVENT_LIVE); /* the first look may still be under way */
	assert_int_equal(event.kind, ARRAY_EVENT_HEARTBEAT);
	assert_memory_equal(&event.position, state_position(now), sizeof(event.position));
	array_listener_free(l);
}

static void
test_slow_listener_is_lost_and_the_others_are_not(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_listener *slow = NULL;
	struct array_event event;
	struct guid target = make_target(a, "t");
	size_t got = 0;

	assert_ok(array_listen(a, 0, 0, &slow, NULL, NULL));
	for (int i = 0; i < 2500; i++) {
		struct guid session = fake_session(a, target);

		array_live_delete(a, ROW_LIVE_SESSION, &session);
	}
	do {
		assert_ok(array_listener_next(slow, &event));
		change_unref(event.change);
		got++;
	} while (event.kind == ARRAY_EVENT_LIVE);
	assert_int_equal(event.kind, ARRAY_EVENT_LOST);
	assert_true(got >= 4096);
	assert_ok(array_listener_next(slow, &event));
	assert_int_equal(event.kind, ARRAY_EVENT_LOST);
	array_listener_free(slow);
}

static void
test_change_names_its_cause_and_request(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_request request = { .id = random_guid() };
	struct array_listener *l = NULL;
	struct array_event event;

	assert_ok(array_listen(a, 0, 0, &l, NULL, NULL));
	assert_ok(array_rename(a, &request, "mine", NULL));
	event = next_change(l);
	assert_string_equal(event.change->cause, "array.rename");
	assert_true(guid_equal(&event.change->request_id, &request.id));
	assert_int_equal(event.change->op_count, 1);
	change_unref(event.change);
	array_listener_free(l);
}

static void
test_association_event_has_only_association_rows(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l"), t1 = make_target(a, "1"), t2 = make_target(a, "2");
	struct array_listener *l = NULL;
	struct array_event event;

	assert_ok(associate(a, lun, 1, t1));
	assert_ok(array_listen(a, 0, 0, &l, NULL, NULL));
	assert_ok(associate(a, lun, 1, t2));
	event = next_change(l);
	assert_int_equal(event.change->op_count, 2);
	for (size_t i = 0; i < event.change->op_count; i++)
		assert_int_equal(event.change->ops[i].family, ROW_ASSOCIATION);
	change_unref(event.change);
	array_listener_free(l);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_listener_follows_from_where_it_joined),
		WITH_ARRAY(test_listener_that_comes_back_misses_nothing),
		WITH_ARRAY(test_listener_decodes_what_is_replayed),
		WITH_ARRAY(test_other_incarnation_and_the_future_are_gone),
		WITH_ARRAY(test_live_changes_come_in_the_order_of_their_versions),
		WITH_ARRAY(test_heartbeat_when_nothing_happens),
		WITH_ARRAY(test_slow_listener_is_lost_and_the_others_are_not),
		WITH_ARRAY(test_change_names_its_cause_and_request),
		WITH_ARRAY(test_association_event_has_only_association_rows),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

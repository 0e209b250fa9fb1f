/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of request ids: a request that is sent again receives the first answer and changes
 * nothing.
 */
#include "array_test.h"

#include <pthread.h>

static void
test_replay_gives_the_first_answer(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_request request = { .id = random_guid() };
	struct array_lun_spec spec = { .name = "l", .size_bytes = MIB };
	struct array_answer first, again;

	assert_ok(array_lun_create(a, &request, &spec, &first));
	make_lun(a, "other");
	assert_ok(array_lun_create(a, &request, &spec, &again));
	assert_false(first.replayed);
	assert_true(again.replayed);
	assert_true(guid_equal(&first.object_id, &again.object_id));
	assert_int_equal(first.sequence, again.sequence);
	assert_int_equal(count_rows(a, ROW_LUN), 2);
}

static void
test_replay_works_across_a_restart(void **state)
{
	struct fixture *f = *state;
	struct array_request request = { .id = random_guid() };
	struct array_answer first, again;

	assert_ok(array_target_create(f->array, &request, NULL, "t", true, false, &first));
	fixture_reopen(f);
	assert_ok(array_target_create(f->array, &request, NULL, "t", true, false, &again));
	assert_true(again.replayed);
	assert_true(guid_equal(&first.object_id, &again.object_id));
	assert_int_equal(count_rows(f->array, ROW_TARGET), 1);
}

/* Without its memory the retry would undo what another client did meanwhile. */
static void
test_change_that_did_nothing_is_remembered_too(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l");
	struct array_request request = { .id = random_guid() };
	struct array_answer again;

	assert_ok(array_lun_set_mask(a, &request, &lun, "", NULL));
	assert_ok(array_lun_set_mask(a, NULL, &lun, "*", NULL));
	assert_ok(array_lun_set_mask(a, &request, &lun, "", &again));
	assert_true(again.replayed);
	AUTO_STATE struct state *now = array_state(a);

	assert_string_equal(((const struct row_lun *)state_find(now, ROW_LUN, &lun))->mask, "*");
}

static void
test_failed_change_may_be_tried_again(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_request request = { .id = random_guid() };
	struct guid lun = make_lun(a, "x"), other = make_lun(a, "y");
	struct array_answer answer;

	assert_int_equal(array_lun_rename(a, &request, &lun, "y", false, NULL), ERR_NAME_IN_USE);
	assert_ok(array_lun_delete(a, NULL, &other, true, NULL));
	assert_ok(array_lun_rename(a, &request, &lun, "y", false, &answer));
	assert_false(answer.replayed);
}

static void
test_every_kind_of_change_replays(void **state)
{
	struct fixture *f = *state;
	struct array *a = f->array;
	struct guid lun = make_lun(a, "l"), target = make_target(a, "t"),
		    portal = make_portal(a, "127.0.0.1", 3260);
	struct array_request ids[4] = { { .id = random_guid() },
					{ .id = random_guid() },
					{ .id = random_guid() },
					{ .id = random_guid() } };
	struct array_answer group, answer;

	assert_ok(array_group_create(a, NULL, &target, &group));
	for (int i = 0; i < 2; i++) {
		assert_ok(array_group_add_portal(a, &ids[0], &group.object_id, &portal, &answer));
		assert_int_equal(answer.replayed, i == 1);
		assert_false(answer.existed);
		assert_ok(array_lun_associate(a, &ids[1], &lun, &target, 1, &answer));
		assert_int_equal(answer.replayed, i == 1);
		assert_ok(array_lun_extend(a, &ids[2], &lun, MIB, false, &answer));
		assert_int_equal(answer.replayed, i == 1);
	}
	for (int i = 0; i < 2; i++) {
		assert_ok(array_lun_delete(a, &ids[3], &lun, true, &answer));
		assert_int_equal(answer.replayed, i == 1);
	}
}

struct caller {
	struct array *array;
	struct array_request request;
	struct array_answer answer;
	int result;
};

static void *
create_target(void *arg)
{
	struct caller *c = arg;

	c->result = array_target_create(c->array, &c->request, NULL, "t", false, false, &c->answer);
	return NULL;
}

static void
test_retry_while_the_first_is_under_way_happens_once(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct caller callers[8];
	pthread_t threads[8];

	for (size_t i = 0; i < ARRAY_LEN(callers); i++)
		callers[i] = (struct caller){
			.array = a,
			.request = i == 0 ? (struct array_request){ .id = random_guid() }
					  : callers[0].request
		};
	for (size_t i = 0; i < ARRAY_LEN(callers); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, create_target, &callers[i]), 0);
	for (size_t i = 0; i < ARRAY_LEN(callers); i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
		assert_int_equal(callers[i].result, 0);
		assert_true(guid_equal(&callers[i].answer.object_id, &callers[0].answer.object_id));
	}
	assert_int_equal(count_rows(a, ROW_TARGET), 1);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_replay_gives_the_first_answer),
		WITH_ARRAY(test_replay_works_across_a_restart),
		WITH_ARRAY(test_change_that_did_nothing_is_remembered_too),
		WITH_ARRAY(test_failed_change_may_be_tried_again),
		WITH_ARRAY(test_every_kind_of_change_replays),
		WITH_ARRAY(test_retry_while_the_first_is_under_way_happens_once),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

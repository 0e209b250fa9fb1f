/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The asymmetric access of portal groups: what administrators and initiators set, and who set it.
 */
#include "array_test.h"

static const struct row_portal_group *
group_of(struct array *array, struct state **ret_state, const struct guid *id)
{
	*ret_state = array_state(array);
	return state_find(*ret_state, ROW_PORTAL_GROUP, id);
}

static void
assert_access(struct array *array, const struct guid *id, enum port_access access_state,
	      enum port_access_cause set_by, bool preferred, bool explicit_allowed)
{
	AUTO_STATE struct state *now = NULL;
	const struct row_portal_group *group = group_of(array, &now, id);

	assert_non_null(group);
	assert_int_equal(group->access_state, access_state);
	assert_int_equal(group->access_set_by, set_by);
	assert_int_equal(group->preferred, preferred);
	assert_int_equal(group->explicit_allowed, explicit_allowed);
}

static void
make_two_groups(struct array *array, struct guid *first, struct guid *second)
{
	struct guid target = make_target(array, "t");
	struct array_answer answer;

	assert_int_equal(array_group_create(array, NULL, &target, &answer), 0);
	*first = answer.object_id;
	assert_int_equal(array_group_create(array, NULL, &target, &answer), 0);
	*second = answer.object_id;
}

static void
test_a_new_group_is_active_and_nobody_has_set_it(void **state)
{
	struct fixture *f = *state;
	struct guid first, second;

	make_two_groups(f->array, &first, &second);
	assert_access(f->array, &first, ACCESS_ACTIVE_OPTIMIZED, ACCESS_SET_BY_NOBODY, false,
		      false);
}

static void
test_what_an_administrator_does_not_name_stays(void **state)
{
	struct fixture *f = *state;
	struct array_group_access access = { .set_state = true, .state = ACCESS_STANDBY };
	struct array_answer answer;
	struct guid first, second;

	make_two_groups(f->array, &first, &second);
	assert_int_equal(array_group_set_access(f->array, NULL, &first, &access, &answer), 0);
	assert_false(answer.existed);
	access = (struct array_group_access){ .set_preferred = true, .preferred = true };
	assert_int_equal(array_group_set_access(f->array, NULL, &first, &access, &answer), 0);
	assert_access(f->array, &first, ACCESS_STANDBY, ACCESS_SET_BY_ADMINISTRATOR, true, false);
	assert_access(f->array, &second, ACCESS_ACTIVE_OPTIMIZED, ACCESS_SET_BY_NOBODY, false,
		      false);
	assert_int_equal(array_group_set_access(f->array, NULL, &first, &access, &answer), 0);
	assert_true(answer.existed);
}

static void
test_access_of_no_group_is_not_found(void **state)
{
	struct fixture *f = *state;
	const struct array_group_access access = { .set_state = true };
	struct array_answer answer;
	struct guid none = { { 1 } };

	assert_int_equal(array_group_set_access(f->array, NULL, &none, &access, &answer),
			 ERR_NOT_FOUND);
}

static void
test_initiators_set_only_what_they_may_and_all_or_nothing(void **state)
{
	struct fixture *f = *state;
	const struct array_group_access allow = { .set_explicit = true, .explicit_allowed = true };
	struct array_answer answer;
	struct guid first, second;

	make_two_groups(f->array, &first, &second);
	assert_int_equal(array_group_set_access(f->array, NULL, &first, &allow, &answer), 0);
	const struct array_access_set sets[2] = { { first, ACCESS_UNAVAILABLE },
						  { second, ACCESS_STANDBY } };

	assert_int_equal(array_group_set_states(f->array, NULL, sets, 2, &answer), ERR_ACCESS);
	assert_access(f->array, &first, ACCESS_ACTIVE_OPTIMIZED, ACCESS_SET_BY_NOBODY, false, true);
	assert_int_equal(array_group_set_access(f->array, NULL, &second, &allow, &answer), 0);
	assert_int_equal(array_group_set_states(f->array, NULL, sets, 2, &answer), 0);
	assert_false(answer.existed);
	assert_access(f->array, &first, ACCESS_UNAVAILABLE, ACCESS_SET_BY_INITIATOR, false, true);
	assert_access(f->array, &second, ACCESS_STANDBY, ACCESS_SET_BY_INITIATOR, false, true);
	assert_int_equal(array_group_set_states(f->array, NULL, sets, 2, &answer), 0);
	assert_true(answer.existed);
}

static void
test_access_is_kept_over_a_restart(void **state)
{
	struct fixture *f = *state;
	const struct array_group_access access = { .set_state = true,
						   .state = ACCESS_ACTIVE_NON_OPTIMIZED,
						   .set_preferred = true,
						   .preferred = true,
						   .set_explicit = true,
						   .explicit_allowed = true };
	struct array_answer answer;
	struct guid first, second;

	make_two_groups(f->array, &first, &second);
	assert_int_equal(array_group_set_access(f->array, NULL, &first, &access, &answer), 0);
	fixture_reopen(f);
	assert_access(f->array, &first, ACCESS_ACTIVE_NON_OPTIMIZED, ACCESS_SET_BY_ADMINISTRATOR,
		      true, true);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_a_new_group_is_active_and_nobody_has_set_it),
		WITH_ARRAY(test_what_an_administrator_does_not_name_stays),
		WITH_ARRAY(test_access_of_no_group_is_not_found),
		WITH_ARRAY(test_initiators_set_only_what_they_may_and_all_or_nothing),
		WITH_ARRAY(test_access_is_kept_over_a_restart),
	};

	return cmocka_run_group_tests_name("array access", tests, NULL, NULL);
}

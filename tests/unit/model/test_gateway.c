/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what gateways mean in a state: who owns a LUN and which LUNs somebody owns, to whom a
 * portal belongs, and through which gateways a LUN is reached.
 */
#include "model/port.h"
#include "sample.h"

/* Two gateways; LUNs 1 and 2 are reached through both, over target 1. */
static struct state *
state_with_gateways(void)
{
	struct state_edit *edit = sample_edit();
	struct row_portal *first = sample_portal(1), *second = sample_portal(2);
	struct state *state;

	first->controller_id = sample_id('c', 1);
	second->controller_id = sample_id('c', 2);
	sample_put(edit, sample_gateway(1), sample_gateway(2), first, second, sample_group(2, 1),
		   sample_member(2, 2), sample_owner(1, 2), sample_owner(2, 2), NULL);
	assert_int_equal(state_edit_load(edit, &state), 0);
	assert_int_equal(state_check(state), 0);
	return state;
}

static void
test_a_lun_has_its_owner(void **unused)
{
	AUTO_STATE struct state *state = state_with_gateways();
	struct guid lun = sample_id('l', 1), other = sample_id('l', 9), owner = sample_id('c', 2);

	(void)unused;
	assert_non_null(state_lun_owner(state, &lun));
	assert_true(guid_equal(&state_lun_owner(state, &lun)->controller_id, &owner));
	assert_null(state_lun_owner(state, &other));
}

static void
test_an_owner_has_its_luns(void **unused)
{
	AUTO_STATE struct state *state = state_with_gateways();
	struct guid none = sample_id('c', 1), owner = sample_id('c', 2);
	struct guid first = sample_id('l', 1), second = sample_id('l', 2);

	(void)unused;
	assert_int_equal(state_controller_lun_count(state, &none), 0);
	assert_null(state_controller_lun(state, &none, 0));
	assert_int_equal(state_controller_lun_count(state, &owner), 2);
	assert_true(guid_equal(&state_controller_lun(state, &owner, 0)->id, &first));
	assert_true(guid_equal(&state_controller_lun(state, &owner, 1)->id, &second));
	assert_null(state_controller_lun(state, &owner, 2));
}

static void
test_gateways_are_reached_by_their_portals(void **unused)
{
	AUTO_STATE struct state *state = state_with_gateways();
	struct guid one = sample_id('c', 1), two = sample_id('c', 2), lun = sample_id('l', 1);
	struct guid portal_id = sample_id('o', 2);
	const struct row_portal *portal = state_find(state, ROW_PORTAL, &portal_id);

	(void)unused;
	assert_true(state_has_gateways(state));
	assert_true(controller_serves_lun(state, &one, &lun));
	assert_true(controller_serves_lun(state, &two, &lun));
	assert_false(controller_has_portal(&one, portal));
	assert_true(controller_has_portal(&two, portal));
	assert_string_equal(portal_controller(state, portal)->name, "gateway2");
	assert_true(guid_equal(&controller_by_name(state, "gateway2")->id, &two));
	assert_null(controller_by_name(state, "gateway3"));
}

static void
test_without_gateways_all_portals_are_the_controller_s(void **unused)
{
	AUTO_STATE struct state *base = sample_state();
	struct state_edit *edit = state_edit_new(base);
	AUTO_STATE struct state *state = NULL;
	struct guid one = sample_id('c', 1), lun = sample_id('l', 1), portal_id = sample_id('o', 1);

	(void)unused;
	assert_null(portal_controller(base, state_find(base, ROW_PORTAL, &portal_id)));
	sample_put(edit, sample_controller(), NULL);
	assert_int_equal(state_edit_load(edit, &state), 0);
	assert_false(state_has_gateways(state));
	assert_true(controller_serves_lun(state, &one, &lun));
	assert_true(guid_equal(
		&portal_controller(state, state_find(state, ROW_PORTAL, &portal_id))->id, &one));
}

/* How much work it is to move one LUN of many to another owner. */
static uint64_t
cost_of_a_move(unsigned luns)
{
	struct state_edit *edit = sample_edit();
	AUTO_STATE struct state *state = NULL, *next = NULL;
	struct row_lun_owner *owner;
	struct change *change;
	uint64_t before;

	sample_put(edit, sample_gateway(1), sample_gateway(2), NULL);
	for (unsigned i = 3; i < luns; i++)
		sample_put(edit, sample_lun(i), sample_owner(i, 1), NULL);
	assert_int_equal(state_edit_load(edit, &state), 0);
	before = state_work();
	edit = state_edit_new(state);
	owner = sample_owner(luns / 2, 2);
	owner->epoch = 2;
	sample_put(edit, owner, NULL);
	assert_int_equal(state_edit_finish(edit, "test", NULL, 0, &next, &change), 0);
	change_unref(change);
	before = state_work() - before;
	assert_int_equal(state_controller_lun_count(next, &owner->controller_id), 1);
	return before;
}

static void
test_a_move_costs_the_same_however_many_luns_there_are(void **unused)
{
	uint64_t few = cost_of_a_move(100), many = cost_of_a_move(10000);

	(void)unused;
	if (many > 4 * few)
		fail_msg("%llu steps among 10,000 LUNs, %llu among 100", (unsigned long long)many,
			 (unsigned long long)few);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_lun_has_its_owner),
		cmocka_unit_test(test_an_owner_has_its_luns),
		cmocka_unit_test(test_gateways_are_reached_by_their_portals),
		cmocka_unit_test(test_without_gateways_all_portals_are_the_controller_s),
		cmocka_unit_test(test_a_move_costs_the_same_however_many_luns_there_are),
	};

	return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}

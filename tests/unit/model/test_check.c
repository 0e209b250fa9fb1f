/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the state checker: a valid state passes, and every breach of a rule is found and named.
 */
#include "fault.h"
#include "sample.h"
#include "model/state_int.h"

/* Checks what the edit gives (consumed): it must be corrupt, with a text that says `what`. */
static void
assert_breach(struct state_edit *edit, const char *what)
{
	AUTO_STATE struct state *state = NULL;

	assert_int_equal(state_edit_load(edit, &state), 0);
	assert_int_equal(state_check(state), ERR_CORRUPT);
	if (strstr(err_text(ERR_CORRUPT), what) == NULL)
		fail_msg("'%s' does not say '%s'", err_text(ERR_CORRUPT), what);
}

static void
test_the_sample_is_clean(void **unused)
{
	AUTO_STATE struct state *state = sample_state();

	(void)unused;
	assert_int_equal(state_check(state), 0);
}

#define SET(type, maker, assignments)         \
	({                                    \
		struct row_##type *r = maker; \
		assignments;                  \
		r;                            \
	})
#define TEXT(field, value) assert_int_equal(row_set_string(&(field), value), 0)

/* Each puts one row into the valid sample. */
#define BREACH_TEST(name, row, what)                      \
	static void test_##name##_is_found(void **unused) \
	{                                                 \
		struct state_edit *edit = sample_edit();  \
		(void)unused;                             \
		sample_put(edit, row, NULL);              \
		assert_breach(edit, what);                \
	}

BREACH_TEST(a_second_array, SET(array, sample_array(), r->id = sample_id('a', 2)), "2 arrays")
BREACH_TEST(an_array_without_serial, SET(array, sample_array(), TEXT(r->serial, "")), "no serial")
BREACH_TEST(a_pool_name_in_use, SET(pool, sample_pool(2), TEXT(r->name, "pool1")),
	    "pools have the same name")
BREACH_TEST(a_pool_path_in_use, SET(pool, sample_pool(2), TEXT(r->path, "/srv/pool1")),
	    "pools have the same path")
BREACH_TEST(a_relative_path, SET(pool, sample_pool(2), TEXT(r->path, "srv")), "not absolute")
BREACH_TEST(an_empty_pool_name, SET(pool, sample_pool(2), TEXT(r->name, "")), "pool's name")
BREACH_TEST(a_lun_without_pool, SET(lun, sample_lun(3), r->pool_id = sample_id('p', 9)),
	    "pool is not there")
BREACH_TEST(a_long_lun_name,
	    SET(lun, sample_lun(3),
		TEXT(r->name, "1234567890123456789012345678901234567890123456789012345678901234")),
	    "LUN's name")
BREACH_TEST(a_lun_number_in_use, SET(lun, sample_lun(3), r->number = 1),
	    "luns have the same number")
BREACH_TEST(a_lun_serial_in_use, SET(lun, sample_lun(3), TEXT(r->serial, "S00000001")),
	    "luns have the same serial")
BREACH_TEST(a_designator_in_use, SET(lun, sample_lun(3), TEXT(r->naa, "3000000000000001")),
	    "same naa")
BREACH_TEST(a_designator_of_another_kind, SET(lun, sample_lun(3), TEXT(r->naa, "5000000000000009")),
	    "NAA 3")
BREACH_TEST(an_odd_block_size, SET(lun, sample_lun(3), r->block_bytes = 1024), "blocks of 1024")
BREACH_TEST(an_odd_size, SET(lun, sample_lun(3), r->size_bytes = 513), "multiple")
BREACH_TEST(no_size, SET(lun, sample_lun(3), r->size_bytes = 0), "multiple")
BREACH_TEST(an_unsorted_mask, SET(lun, sample_lun(3), TEXT(r->mask, "iqn.b;iqn.a")), "canonical")
BREACH_TEST(an_invalid_mask, SET(lun, sample_lun(3), TEXT(r->mask, "iqn.a;*")), "canonical")
BREACH_TEST(a_mask_with_a_host_that_is_gone,
	    SET(lun, sample_lun(3), TEXT(r->mask, "host:00000009-0000-0000-0000-000000000068")),
	    "host that is not there")
BREACH_TEST(an_initiator_without_host,
	    SET(initiator, row_new(ROW_INITIATOR), r->id = sample_id('i', 1);
		TEXT(r->iscsi_name, "iqn.2026-11.org.example:i")),
	    "its host is not there")
BREACH_TEST(an_initiator_in_capitals,
	    SET(initiator, row_new(ROW_INITIATOR), r->id = sample_id('i', 1);
		TEXT(r->iscsi_name, "iqn.2026-11.org.example:I")),
	    "canonical")
BREACH_TEST(a_host_without_name,
	    SET(host, row_new(ROW_HOST), r->id = sample_id('h', 1); TEXT(r->name, "")),
	    "host's name")
BREACH_TEST(a_host_group_without_name,
	    SET(host_group, row_new(ROW_HOST_GROUP), r->id = sample_id('g', 1); TEXT(r->name, "")),
	    "host group's name")
BREACH_TEST(a_member_of_no_group, SET(host_member, row_new(ROW_HOST_MEMBER), (void)r),
	    "host group that is not there")
BREACH_TEST(hints_in_disorder, SET(lun, sample_lun(3), TEXT(r->hints, "WTC=1 FCR=1")), "canonical")
BREACH_TEST(limits_in_disorder, SET(lun, sample_lun(3), TEXT(r->qos, "burst_ms=5 iops=10")),
	    "canonical")
BREACH_TEST(limits_out_of_range, SET(lun, sample_lun(3), TEXT(r->qos, "iops=1")), "canonical")
BREACH_TEST(a_minimum_that_nothing_gives, SET(lun, sample_lun(3), TEXT(r->qos, "min_iops=10")),
	    "minimum")
BREACH_TEST(a_host_with_a_minimum,
	    SET(host, row_new(ROW_HOST), r->id = sample_id('h', 1); TEXT(r->name, "h");
		TEXT(r->qos, "min_iops=10")),
	    "canonical")
BREACH_TEST(a_target_name_in_use,
	    SET(target, sample_target(4), TEXT(r->iscsi_name, "iqn.2026-11.org.example:t1")),
	    "targets have the same iscsi_name")
BREACH_TEST(a_target_name_in_capitals,
	    SET(target, sample_target(4), TEXT(r->iscsi_name, "iqn.2026-11.org.Example")),
	    "canonical")
BREACH_TEST(an_endpoint_in_use, SET(portal, sample_portal(2), r->port = 3261),
	    "same address and port")
BREACH_TEST(port_zero, SET(portal, sample_portal(2), r->port = 0), "port 0")
BREACH_TEST(a_group_without_target, sample_group(2, 9), "group's target")
BREACH_TEST(a_tag_in_use, SET(portal_group, sample_group(2, 1), r->tag = 1),
	    "two portal groups of tag 1")
BREACH_TEST(tag_zero, SET(portal_group, sample_group(2, 1), r->tag = 0), "tag 0")
BREACH_TEST(a_relative_port_in_use, SET(portal_group, sample_group(2, 2), r->relative_port = 1),
	    "same relative port")
BREACH_TEST(a_member_without_group, sample_member(9, 1), "group that is not there")
BREACH_TEST(a_member_without_portal, sample_member(1, 9), "portal that is not there")
BREACH_TEST(an_association_without_lun, sample_association(9, 2, 0), "LUN is not there")
BREACH_TEST(an_association_without_target, sample_association(1, 9, 0), "target is not there")
BREACH_TEST(a_lun_number_twice_in_a_target, sample_association(2, 1, 0), "LUN number 0 twice")
BREACH_TEST(a_lun_number_too_large, sample_association(2, 2, 16384), "LUN number 16384")
BREACH_TEST(a_running_job_that_ended, SET(job, sample_job(1), r->ended_ms = 5), "running")
BREACH_TEST(an_ended_job_without_end, SET(job, sample_job(1), r->state = JOB_DONE), "over")
BREACH_TEST(an_owner_of_no_lun, sample_owner(9, 1), "LUN that is not there has an owner")
BREACH_TEST(an_owner_that_is_not_there, sample_owner(1, 9), "owner of a LUN is not there")
BREACH_TEST(a_portal_of_no_gateway,
	    SET(portal, sample_portal(2), r->controller_id = sample_id('c', 9)),
	    "its gateway is not there")

/* ---- gateways ---- */

/* The sample with two gateways: portal 1 and target 1's group 1 are those of the first. */
static struct state_edit *
edit_with_gateways(void)
{
	struct state_edit *edit = sample_edit();

	sample_put(edit, sample_gateway(1), sample_gateway(2),
		   SET(portal, sample_portal(1), r->controller_id = sample_id('c', 1)),
		   SET(portal, sample_portal(2), r->controller_id = sample_id('c', 2)), NULL);
	return edit;
}

static void
test_several_gateways_are_fine(void **unused)
{
	struct state_edit *edit = edit_with_gateways();
	AUTO_STATE struct state *state = NULL;

	(void)unused;
	/* on another host it may be the same address */
	sample_put(edit,
		   SET(portal, sample_portal(1), r->id = sample_id('o', 3);
		       r->controller_id = sample_id('c', 2)),
		   sample_owner(1, 1), sample_owner(2, 2), NULL);
	assert_int_equal(state_edit_load(edit, &state), 0);
	assert_int_equal(state_check(state), 0);
}

#define GATEWAY_TEST(name, row, what)                           \
	static void test_##name##_is_found(void **unused)       \
	{                                                       \
		struct state_edit *edit = edit_with_gateways(); \
		(void)unused;                                   \
		sample_put(edit, row, NULL);                    \
		assert_breach(edit, what);                      \
	}

GATEWAY_TEST(a_portal_without_gateway, sample_portal(3), "belongs to no gateway")
GATEWAY_TEST(a_group_of_two_gateways, sample_member(1, 2), "portals of two gateways")
GATEWAY_TEST(a_gateway_without_address, SET(controller, sample_gateway(3), TEXT(r->address, "")),
	     "gateway gateway3 has no address")
GATEWAY_TEST(a_gateway_name_in_use, SET(controller, sample_gateway(3), TEXT(r->name, "gateway1")),
	     "controllers have the same name")
GATEWAY_TEST(an_endpoint_twice_at_a_gateway,
	     SET(portal, sample_portal(1), r->id = sample_id('o', 9);
		 r->controller_id = sample_id('c', 1)),
	     "same address and port")
GATEWAY_TEST(epoch_zero, SET(lun_owner, sample_owner(1, 1), r->epoch = 0), "epoch 0")

static void
test_a_portal_in_two_groups_of_a_target_is_found(void **unused)
{
	struct state_edit *edit = sample_edit();

	(void)unused;
	sample_put(edit, sample_group(2, 1), sample_member(2, 1), NULL);
	assert_breach(edit, "two groups of one target");
}

static void
test_a_portal_in_groups_of_two_targets_is_fine(void **unused)
{
	struct state_edit *edit = sample_edit();
	AUTO_STATE struct state *state = NULL;

	(void)unused;
	sample_put(edit, sample_group(2, 2), sample_member(2, 1), NULL);
	assert_int_equal(state_edit_load(edit, &state), 0);
	assert_int_equal(state_check(state), 0);
}

static void
test_an_array_that_is_not_the_position_s_is_found(void **unused)
{
	struct position at = sample_position();
	AUTO_STATE struct state *empty = NULL;
	struct state_edit *edit;

	(void)unused;
	at.array_id = sample_id('a', 2);
	empty = state_new(&at);
	edit = state_edit_new(empty);
	sample_put(edit, sample_array(), NULL);
	assert_breach(edit, "another id than its position");
}

static void
test_rows_without_an_array_are_found(void **unused)
{
	struct state_edit *edit = sample_edit();
	struct guid array = sample_id('a', 1);

	(void)unused;
	assert_int_equal(state_edit_delete(edit, ROW_ARRAY, &array, NULL), 0);
	assert_breach(edit, "no array");
}

static void
test_a_wrong_digest_is_found(void **unused)
{
	AUTO_STATE struct state *state = sample_state();

	(void)unused;
	state->position.digest.hi ^= 1;
	assert_int_equal(state_check(state), ERR_CORRUPT);
	assert_non_null(strstr(err_text(ERR_CORRUPT), "digest"));
}

/* What a check costs for each target, when all of them are reached through one portal. */
static uint64_t
cost_per_target(unsigned targets)
{
	AUTO_STATE struct state *state = NULL;
	struct state_edit *edit = sample_edit();
	uint64_t before;

	for (unsigned n = 10; n < 10 + targets; n++)
		sample_put(edit, sample_target(n), sample_group(n, n), sample_member(n, 1), NULL);
	assert_int_equal(state_edit_load(edit, &state), 0);
	before = state_work();
	assert_int_equal(state_check(state), 0);
	return (state_work() - before) / targets;
}

static void
test_the_cost_of_a_check_is_linear_in_the_targets(void **unused)
{
	uint64_t few = cost_per_target(100), many = cost_per_target(3000);

	(void)unused;
	if (many > 2 * few)
		fail_msg("%llu steps for each of 3,000 targets, %llu of 100",
			 (unsigned long long)many, (unsigned long long)few);
}

int
main(void)
{
#define FOUND(name) cmocka_unit_test(test_##name##_is_found)
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_sample_is_clean),
		FOUND(a_second_array),
		FOUND(an_array_without_serial),
		FOUND(a_pool_name_in_use),
		FOUND(a_pool_path_in_use),
		FOUND(a_relative_path),
		FOUND(an_empty_pool_name),
		FOUND(a_lun_without_pool),
		FOUND(a_long_lun_name),
		FOUND(a_lun_number_in_use),
		FOUND(a_lun_serial_in_use),
		FOUND(a_designator_in_use),
		FOUND(a_designator_of_another_kind),
		FOUND(an_odd_block_size),
		FOUND(an_odd_size),
		FOUND(no_size),
		FOUND(an_unsorted_mask),
		FOUND(an_invalid_mask),
		FOUND(a_mask_with_a_host_that_is_gone),
		FOUND(an_initiator_without_host),
		FOUND(an_initiator_in_capitals),
		FOUND(a_host_without_name),
		FOUND(a_host_group_without_name),
		FOUND(a_member_of_no_group),
		FOUND(hints_in_disorder),
		FOUND(limits_in_disorder),
		FOUND(limits_out_of_range),
		FOUND(a_minimum_that_nothing_gives),
		FOUND(a_host_with_a_minimum),
		FOUND(a_target_name_in_use),
		FOUND(a_target_name_in_capitals),
		FOUND(an_endpoint_in_use),
		FOUND(port_zero),
		FOUND(a_group_without_target),
		FOUND(a_tag_in_use),
		FOUND(tag_zero),
		FOUND(a_relative_port_in_use),
		FOUND(a_member_without_group),
		FOUND(a_member_without_portal),
		FOUND(an_association_without_lun),
		FOUND(an_association_without_target),
		FOUND(a_lun_number_twice_in_a_target),
		FOUND(a_lun_number_too_large),
		FOUND(a_running_job_that_ended),
		FOUND(an_ended_job_without_end),
		FOUND(an_owner_of_no_lun),
		FOUND(an_owner_that_is_not_there),
		FOUND(a_portal_of_no_gateway),
		FOUND(a_portal_without_gateway),
		FOUND(a_group_of_two_gateways),
		FOUND(a_gateway_without_address),
		FOUND(a_gateway_name_in_use),
		FOUND(an_endpoint_twice_at_a_gateway),
		FOUND(epoch_zero),
		cmocka_unit_test(test_several_gateways_are_fine),
		FOUND(a_portal_in_two_groups_of_a_target),
		cmocka_unit_test(test_a_portal_in_groups_of_two_targets_is_fine),
		FOUND(an_array_that_is_not_the_position_s),
		cmocka_unit_test(test_rows_without_an_array_are_found),
		FOUND(a_wrong_digest),
		cmocka_unit_test(test_the_cost_of_a_check_is_linear_in_the_targets),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

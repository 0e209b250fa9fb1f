/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two paths to one LUN, through two targets: what each says of the other, who is told of a changed
 * state, what a path that is not active refuses, and states that an initiator sets.  The groups
 * have the numbers 1 (target a) and 2 (target b).
 */
#include "target_test.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

#define LUN_A 0 /* the LUN's numbers behind the two targets */
#define LUN_B 5

#define NOT_READY_STANDBY     SENSE(2, 0x040b)
#define NOT_READY_UNAVAILABLE SENSE(2, 0x040c)
#define NOT_READY_OFFLINE     SENSE(2, 0x0412)
#define INVALID_ACTION        SENSE(5, 0x2400)
#define INVALID_PARAMETER     SENSE(5, 0x2600)
#define SET_FAILED            SENSE(4, 0x670a)

static void
set_state(struct env *env, const struct guid *group, enum port_access state)
{
	fake_access(env->array, group, state, false, false);
	fake_commit(env->array);
}

/* REPORT TARGET PORT GROUPS.  Returns the number of groups. */
static int
report(struct iscsi_context *iscsi, int lun, uint8_t *groups, int max)
{
	static const uint8_t cdb[12] = { 0xa3, 0x2a, 0, 0, 0, 0, 0, 0, 2 };
	uint8_t data[512];
	int len = 0;

	assert_int_equal(host_command(iscsi, lun, cdb, 12, NULL, 0, data, sizeof(data), &len), 0);
	assert_true(len >= 8);
	assert_int_equal(get_be32(data), len - 4);
	assert_true((len - 8) / 12 <= max);
	memcpy(groups, data + 8, (size_t)(len - 8));
	return (len - 8) / 12;
}

static int
set_groups(struct iscsi_context *iscsi, int lun, const uint8_t *list, int len)
{
	const uint8_t cdb[12] = { 0xa4, 0x0a, 0, 0, 0, 0, 0, 0, 0, (uint8_t)len };

	return host_command(iscsi, lun, cdb, 12, list, len, NULL, 0, NULL);
}

static int
set_one(struct iscsi_context *iscsi, int lun, uint8_t state, uint8_t group)
{
	const uint8_t list[8] = { 0, 0, 0, 0, state, 0, 0, group };

	return set_groups(iscsi, lun, list, 8);
}

/* VPD page 88h: the ports of all targets that the LUN is behind, through whichever it is asked. */
static void
test_every_path_names_the_same_ports(void **state)
{
	static const uint8_t cdb[6] = { 0x12, 1, 0x88, 2 };
	struct env *env = *state;
	uint8_t first[512] = { 0 }, second[512] = { 0 };
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_1, NAME_B, 2);
	int len, same;

	assert_int_equal(host_command(a, 0, cdb, 6, NULL, 0, first, sizeof(first), &len), 0);
	assert_int_equal(host_command(b, 5, cdb, 6, NULL, 0, second, sizeof(second), &same), 0);
	assert_int_equal(len, same);
	assert_memory_equal(first, second, (size_t)len);
	assert_non_null(memmem(first, (size_t)len, NAME_A ",t,0x0001", strlen(NAME_A) + 9));
	assert_non_null(memmem(first, (size_t)len, NAME_B ",t,0x0002", strlen(NAME_B) + 9));
	host_logout(a);
	host_logout(b);
}

static void
test_every_path_reports_the_same_groups(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_1, NAME_B, 1);
	uint8_t from_a[48], from_b[48];

	fake_access(env->array, &env->group_b, ACCESS_STANDBY, true, false);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, LUN_A), UA_ACCESS);
	assert_int_equal(host_test_unit_ready(b, LUN_B), UA_ACCESS);
	assert_int_equal(report(a, LUN_A, from_a, 4), 2);
	assert_int_equal(report(b, LUN_B, from_b, 4), 2);
	assert_memory_equal(from_a, from_b, 24);
	assert_memory_equal(from_a, "\x00\x4f\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01", 12);
	assert_memory_equal(from_a + 12, "\x82\x4f\x00\x02\x00\x02\x00\x01\x00\x00\x00\x02", 12);
	host_logout(a);
	host_logout(b);
}

/* The designators 94h and 95h of VPD page 83h, whose numbers REPORT TARGET PORT GROUPS names. */
static void
assert_path_is_port(struct iscsi_context *iscsi, int lun, unsigned port, unsigned group)
{
	static const uint8_t cdb[6] = { 0x12, 1, 0x83, 2, 0, 0 };
	uint8_t page[512];
	unsigned found = 0;
	int len = 0;

	assert_int_equal(host_command(iscsi, lun, cdb, 6, NULL, 0, page, sizeof(page), &len), 0);
	for (int at = 4; at < len; at += 4 + page[at + 3]) {
		if (page[at + 1] == 0x94) {
			assert_int_equal(get_be32(page + at + 4), port);
			found++;
		} else if (page[at + 1] == 0x95) {
			assert_int_equal(get_be32(page + at + 4), group);
			found++;
		}
	}
	assert_int_equal(found, 2);
}

static void
test_each_path_says_which_port_and_group_it_is(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_1, NAME_B, 1);

	assert_path_is_port(a, LUN_A, 1, 1);
	assert_path_is_port(b, LUN_B, 2, 2);
	host_logout(a);
	host_logout(b);
}

static void
test_a_group_of_another_targets_luns_is_not_reported(void **state)
{
	struct env *env = *state;
	struct guid lun = env_add_lun(env, 1, "*");
	uint8_t groups[48];

	fake_associate(env->array, &lun, &env->target_a, 7);
	fake_commit(env->array);
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	assert_int_equal(report(a, 7, groups, 4), 1);
	assert_int_equal(get_be16(groups + 2), 1);
	host_logout(a);
}

static const struct {
	enum port_access state;
	int sense;
} states[] = {
	{ ACCESS_STANDBY, NOT_READY_STANDBY }, { ACCESS_UNAVAILABLE, NOT_READY_UNAVAILABLE },
	{ ACCESS_OFFLINE, NOT_READY_OFFLINE }, { ACCESS_ACTIVE_NON_OPTIMIZED, 0 },
	{ ACCESS_ACTIVE_OPTIMIZED, 0 },
};

static void
test_a_path_says_its_state_and_goes_on_for_a_while(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_1, NAME_B, 1);
	uint8_t block[512] = { 0x5a };

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		set_state(env, &env->group_b, states[i].state);
		assert_int_equal(host_test_unit_ready(a, LUN_A), UA_ACCESS);
		assert_int_equal(host_test_unit_ready(b, LUN_B), UA_ACCESS);
		assert_int_equal(host_test_unit_ready(b, LUN_B), states[i].sense);
		assert_int_equal(host_write(b, LUN_B, 0, block, sizeof(block)), 0);
		assert_int_equal(host_write(a, LUN_A, 0, block, sizeof(block)), 0);
		assert_int_equal(host_inquiry_first(b, LUN_B), 0);
	}
	host_logout(a);
	host_logout(b);
}

static void
test_a_path_of_a_later_login_refuses_io_as_its_state_says(void **state)
{
	struct env *env = *state;
	uint8_t block[512] = { 0x5a };

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		set_state(env, &env->group_b, states[i].state);
		struct iscsi_context *b = host_login(env, HOST_1, NAME_B, 1);

		assert_int_equal(host_test_unit_ready(b, LUN_B), UA_POWER_ON);
		assert_int_equal(host_write(b, LUN_B, 0, block, sizeof(block)), states[i].sense);
		assert_int_equal(host_test_unit_ready(b, LUN_B), states[i].sense);
		assert_int_equal(host_inquiry_first(b, LUN_B), 0);
		host_logout(b);
	}
}

static void
test_a_login_meets_the_state_of_its_group(void **state)
{
	struct env *env = *state;

	set_state(env, &env->group_a, ACCESS_STANDBY);
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1);

	assert_int_equal(host_test_unit_ready(a, LUN_A), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(a, LUN_A), NOT_READY_STANDBY);
	host_logout(a);
}

static void
test_only_the_luns_of_the_target_are_told(void **state)
{
	struct env *env = *state;
	struct guid lun = env_add_lun(env, 1, "*");

	fake_associate(env->array, &lun, &env->target_a, 7);
	fake_commit(env->array);
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	set_state(env, &env->group_b, ACCESS_STANDBY);
	assert_int_equal(host_test_unit_ready(a, 7), 0);
	assert_int_equal(host_test_unit_ready(a, LUN_A), UA_ACCESS);
	host_logout(a);
}

static void
test_a_change_of_both_groups_at_once_is_told_once(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	fake_access(env->array, &env->group_a, ACCESS_ACTIVE_NON_OPTIMIZED, false, true);
	fake_access(env->array, &env->group_b, ACCESS_ACTIVE_NON_OPTIMIZED, false, true);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, LUN_A), UA_ACCESS);
	assert_int_equal(host_test_unit_ready(a, LUN_A), UA_INQUIRY);
	assert_int_equal(host_test_unit_ready(a, LUN_A), 0);
	host_logout(a);
}

/* ---- SET TARGET PORT GROUPS ---- */

static void
allow(struct env *env)
{
	fake_access(env->array, &env->group_a, ACCESS_ACTIVE_OPTIMIZED, false, true);
	fake_access(env->array, &env->group_b, ACCESS_STANDBY, false, true);
	fake_commit(env->array);
}

static void
test_a_state_that_an_initiator_sets_is_told_to_the_others(void **state)
{
	struct env *env = *state;

	allow(env);
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *other = host_ready(env, HOST_2, NAME_A, 2);
	struct iscsi_context *b = host_login(env, HOST_1, NAME_B, 1);
	uint8_t groups[48];

	assert_int_equal(host_test_unit_ready(b, LUN_B), UA_POWER_ON);
	assert_int_equal(set_one(a, LUN_A, 0, 2), 0);
	/* the status comes when everybody has the new state */
	assert_int_equal(host_test_unit_ready(a, LUN_A), 0);
	assert_int_equal(host_test_unit_ready(other, LUN_A), UA_ACCESS);
	assert_int_equal(host_test_unit_ready(b, LUN_B), UA_ACCESS);
	assert_int_equal(host_test_unit_ready(b, LUN_B), 0);
	assert_int_equal(report(b, LUN_B, groups, 4), 2);
	assert_int_equal(groups[12] & 0x0f, 0);
	assert_int_equal(groups[12 + 5], 1); /* STATUS CODE: by SET TARGET PORT GROUPS */
	/* the same again changes nothing */
	assert_int_equal(set_one(a, LUN_A, 0, 2), 0);
	assert_int_equal(host_test_unit_ready(b, LUN_B), 0);
	host_logout(a);
	host_logout(b);
	host_logout(other);
}

/*
 * Two groups in one command: what the nexus of the command is not told of is told once to others.
 */
static void
test_an_initiator_swaps_the_states_of_two_groups(void **state)
{
	static const uint8_t swap[12] = { 0, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 2 };
	struct env *env = *state;

	allow(env);
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	struct iscsi_context *b = host_login(env, HOST_1, NAME_B, 1);

	assert_int_equal(host_test_unit_ready(b, LUN_B), UA_POWER_ON);
	assert_int_equal(set_groups(a, LUN_A, swap, 12), 0);
	assert_int_equal(host_test_unit_ready(a, LUN_A), NOT_READY_STANDBY);
	assert_int_equal(host_test_unit_ready(b, LUN_B), UA_ACCESS);
	assert_int_equal(host_test_unit_ready(b, LUN_B), 0);
	/* a path in standby may ask, too */
	assert_int_equal(set_one(a, LUN_A, 0, 1), 0);
	assert_int_equal(host_test_unit_ready(a, LUN_A), 0);
	host_logout(a);
	host_logout(b);
}

static void
test_states_that_initiators_may_not_set_stay(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	assert_int_equal(set_one(a, LUN_A, 2, 2), INVALID_ACTION);
	fake_access(env->array, &env->group_b, ACCESS_ACTIVE_OPTIMIZED, false, true);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, LUN_A), UA_INQUIRY);
	assert_int_equal(set_one(a, LUN_A, 2, 1), INVALID_PARAMETER);
	assert_int_equal(set_one(a, LUN_A, 2, 3), INVALID_PARAMETER);
	assert_int_equal(host_test_unit_ready(a, LUN_A), 0);
	host_logout(a);
}

static void
test_a_set_that_the_array_refuses_fails_and_changes_nothing(void **state)
{
	struct env *env = *state;

	allow(env);
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	fake_access_fails(env->array, ERR_READ_ONLY);
	assert_int_equal(set_one(a, LUN_A, 0, 2), SET_FAILED);
	assert_int_equal(host_test_unit_ready(a, LUN_A), 0);
	host_logout(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_every_path_names_the_same_ports),
		ENV_TEST(test_every_path_reports_the_same_groups),
		ENV_TEST(test_each_path_says_which_port_and_group_it_is),
		ENV_TEST(test_a_group_of_another_targets_luns_is_not_reported),
		ENV_TEST(test_a_path_says_its_state_and_goes_on_for_a_while),
		ENV_TEST(test_a_path_of_a_later_login_refuses_io_as_its_state_says),
		ENV_TEST(test_a_login_meets_the_state_of_its_group),
		ENV_TEST(test_only_the_luns_of_the_target_are_told),
		ENV_TEST(test_a_change_of_both_groups_at_once_is_told_once),
		ENV_TEST(test_a_state_that_an_initiator_sets_is_told_to_the_others),
		ENV_TEST(test_an_initiator_swaps_the_states_of_two_groups),
		ENV_TEST(test_states_that_initiators_may_not_set_stay),
		ENV_TEST(test_a_set_that_the_array_refuses_fails_and_changes_nothing),
	};

	return cmocka_run_group_tests_name("target access", tests, NULL, NULL);
}

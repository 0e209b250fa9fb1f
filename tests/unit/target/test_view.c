/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of what running sessions see of a change once the publish call has returned. */
#include "raw.h"
#include "target_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

static void
test_one_lun_through_two_targets(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_2, NAME_B, 1);
	static uint8_t out[4096], in[4096];

	memset(out, 0x5a, sizeof(out));
	assert_int_equal(host_write(a, 0, 8, out, sizeof(out)), 0);
	assert_int_equal(host_read(b, 5, 8, in, sizeof(in)), 0);
	assert_memory_equal(in, out, sizeof(in));
	host_logout(a);
	host_logout(b);
}

static void
test_a_new_lun_is_announced_and_usable(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_1, NAME_B, 1);
	struct guid lun = env_add_lun(env, 1, "*");
	uint16_t luns[4];

	fake_associate(env->array, &lun, &env->target_a, 300); /* flat space addressing */
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, 0), UA_REPORTED_LUNS);
	assert_int_equal(host_report_luns(a, luns, 4), 2);
	assert_int_equal(luns[1], 300);
	/* the other target has not changed */
	assert_int_equal(host_test_unit_ready(b, 5), 0);
	host_logout(a);
	host_logout(b);
}

static void
test_a_dissociated_lun_is_gone_at_once(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_1, NAME_B, 1);
	uint16_t luns[4];
	uint8_t buf[512];

	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_commit(env->array);
	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)), NO_SUCH_UNIT);
	assert_int_equal(host_report_luns(a, luns, 4), 0);
	assert_int_equal(host_read(b, 5, 0, buf, sizeof(buf)), 0);
	host_logout(a);
	host_logout(b);
}

static void
test_a_mask_cuts_running_sessions(void **state)
{
	struct env *env = *state;
	struct iscsi_context *one = host_ready(env, HOST_1, NAME_A, 1),
			     *two = host_ready(env, HOST_2, NAME_A, 1);

	env_lun_row(env, LUN_BYTES, HOST_2, STATUS_ONLINE);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(one, 0), NO_SUCH_UNIT);
	assert_int_equal(host_test_unit_ready(two, 0), 0);
	env_lun_row(env, LUN_BYTES, HOST_1 ";" HOST_2, STATUS_ONLINE);
	fake_commit(env->array);
	/* a unit that is new to it */
	assert_int_equal(host_test_unit_ready(one, 0), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(two, 0), 0);
	host_logout(one);
	host_logout(two);
}

/* "host:ID" or "host-group:ID" */
static const char *
host_entry(const char *prefix, const struct guid *id, char text[80])
{
	char id_text[GUID_TEXT_SIZE];

	snprintf(text, 80, "%s%s", prefix, guid_format(id, id_text));
	return text;
}

static void
test_a_host_sees_a_lun_while_it_has_the_initiator(void **state)
{
	struct env *env = *state;
	struct guid host = fake_id(500), first = fake_id(501), second = fake_id(502);
	struct iscsi_context *one = host_ready(env, HOST_1, NAME_A, 1),
			     *two = host_ready(env, HOST_2, NAME_A, 1);
	char entry[80];

	fake_initiator(env->array, &first, &host, HOST_1);
	env_lun_row(env, LUN_BYTES, host_entry(MASK_HOST, &host, entry), STATUS_ONLINE);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(one, 0), 0);
	assert_int_equal(host_test_unit_ready(two, 0), NO_SUCH_UNIT);
	/* the other name joins, in a change that names no LUN */
	fake_initiator(env->array, &second, &host, HOST_2);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(one, 0), 0);
	assert_int_equal(host_test_unit_ready(two, 0), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(two, 0), UA_REPORTED_LUNS);
	fake_delete(env->array, ROW_INITIATOR, &first);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(one, 0), NO_SUCH_UNIT);
	assert_int_equal(host_test_unit_ready(two, 0), 0);
	host_logout(one);
	host_logout(two);
}

static void
test_a_group_sees_a_lun_as_its_hosts(void **state)
{
	struct env *env = *state;
	struct guid group = fake_id(510), host = fake_id(511), name = fake_id(512);
	struct iscsi_context *one = host_ready(env, HOST_1, NAME_A, 1);
	uint16_t luns[4];
	char entry[80];

	fake_initiator(env->array, &name, &host, HOST_1);
	env_lun_row(env, LUN_BYTES, host_entry(MASK_HOST_GROUP, &group, entry), STATUS_ONLINE);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(one, 0), NO_SUCH_UNIT);
	fake_host_member(env->array, &group, &host);
	fake_commit(env->array);
	assert_int_equal(host_report_luns(one, luns, 4), 1);
	assert_int_equal(host_test_unit_ready(one, 0), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(one, 0), 0);
	host_logout(one);
}

static void
test_an_extended_lun_has_its_new_size_and_says_so(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_1, NAME_B, 1);
	uint8_t buf[512];

	assert_int_equal(blk_resize(env->dev, 2 * LUN_BYTES), 0);
	env_lun_row(env, 2 * LUN_BYTES, "*", STATUS_ONLINE);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, 0), UA_CAPACITY);
	assert_int_equal(host_test_unit_ready(b, 5), UA_CAPACITY);
	assert_int_equal(host_test_unit_ready(b, 5), 0);
	assert_int_equal(host_capacity_blocks(a, 0), 2 * LUN_BYTES / 512);
	assert_int_equal(host_read(a, 0, 2 * LUN_BYTES / 512 - 1, buf, sizeof(buf)), 0);
	host_logout(a);
	host_logout(b);
}

static void
test_an_offline_lun_refuses_until_it_is_online(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	uint8_t buf[512];

	env_lun_row(env, LUN_BYTES, "*", STATUS_OFFLINE);
	fake_commit(env->array);
	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)) >> 16, 2); /* NOT READY */
	env_lun_row(env, LUN_BYTES, "*", STATUS_ONLINE);
	fake_commit(env->array);
	/* so that one that met it offline reads its size */
	assert_int_equal(host_test_unit_ready(a, 0), UA_CAPACITY);
	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)), 0);
	host_logout(a);
}

/* As Linux meets it: it reads the size of such a disk again because of the unit attention. */
static void
test_a_lun_offline_at_login_announces_its_capacity_when_online(void **state)
{
	struct env *env = *state;

	env_lun_row(env, LUN_BYTES, "*", STATUS_OFFLINE);
	fake_commit(env->array);
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1),
			     *b = host_login(env, HOST_1, NAME_B, 1);

	assert_int_equal(host_test_unit_ready(a, 0), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(a, 0) >> 16, 2); /* NOT READY */
	env_lun_row(env, LUN_BYTES, "*", STATUS_ONLINE);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, 0), UA_CAPACITY);
	assert_int_equal(host_test_unit_ready(a, 0), 0);
	assert_int_equal(host_capacity_blocks(a, 0), LUN_BYTES / 512);
	/* every nexus, through whichever target */
	assert_int_equal(host_test_unit_ready(b, 5), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(b, 5), UA_CAPACITY);
	host_logout(a);
	host_logout(b);
}

static void
test_a_failed_device_is_a_hardware_error_until_reopened(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	uint8_t buf[512] = { 0 };

	env_inject(env, "lun0.flush", "EIO");
	assert_int_not_equal(host_flush(a, 0), 0);
	env_lift(env, "lun0.flush");
	assert_int_equal(host_write(a, 0, 0, buf, sizeof(buf)) >> 16, 4); /* HARDWARE ERROR */
	assert_int_equal(blk_reopen(env->dev), 0);
	fake_ops(env->array)->lun_recovered(fake_runtime(env->array), &env->lun);
	assert_int_equal(host_test_unit_ready(a, 0), UA_CAPACITY);
	assert_int_equal(host_write(a, 0, 0, buf, sizeof(buf)), 0);
	host_logout(a);
}

static void
test_a_lun_without_a_device_is_listed_and_fails(void **state)
{
	struct env *env = *state;
	struct guid lun = fake_id(150);
	uint16_t luns[4];
	uint8_t buf[512];

	fake_lun(env->array, &lun, LUN_BYTES, 512, "*", STATUS_ONLINE);
	fake_associate(env->array, &lun, &env->target_a, 1);
	fake_commit(env->array);
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1);

	assert_non_null(a);
	assert_int_equal(host_report_luns(a, luns, 4), 2);
	assert_int_equal(host_test_unit_ready(a, 1), UA_POWER_ON);
	assert_int_equal(host_read(a, 1, 0, buf, sizeof(buf)) >> 16, 4);
	assert_int_equal(fake_devices_in_use(env->array), 1);
	host_logout(a);
}

static void
test_the_unit_of_a_deleted_lun_gives_its_device_back(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	assert_int_equal(fake_devices_in_use(env->array), 1);
	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_dissociate(env->array, &env->lun, &env->target_b);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, 0), NO_SUCH_UNIT);
	assert_int_equal(fake_devices_in_use(env->array), 1);
	fake_delete(env->array, ROW_LUN, &env->lun);
	fake_commit(env->array);
	for (int i = 0; i < 1000 && fake_devices_in_use(env->array) > 0; i++)
		assert_int_equal(host_test_unit_ready(a, 0) >> 16, 5);
	assert_int_equal(fake_devices_in_use(env->array), 0);
	host_logout(a);
}

/* The LUN leaves both targets and comes back to the first. */
static void
associate_again(struct env *env)
{
	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_dissociate(env->array, &env->lun, &env->target_b);
	fake_commit(env->array);
	fake_associate(env->array, &env->lun, &env->target_a, 0);
	fake_commit(env->array);
}

static void
test_a_lun_associated_again_is_atomic_against_old_tasks(void **state)
{
	struct env *env = *state;
	struct iscsi_context *old = host_ready(env, HOST_1, NAME_A, 1);
	static struct pending write, swap;
	uint8_t buf[512];

	env_inject(env, "lun0.write", "hold");
	host_start_write(&write, old, 0, 7, 0x77);
	assert_false(host_wait(&write, 100));
	associate_again(env);
	struct iscsi_context *a = host_ready(env, HOST_2, NAME_A, 2);

	/* its compare must wait for the write that is under way: zeros are not there any more */
	host_start_compare_and_write(&swap, a, 0, 7, 0, 0x55);
	assert_false(host_wait(&swap, 100));
	env_lift(env, "lun0.write");
	assert_true(host_wait(&swap, 10000));
	assert_int_equal(swap.status, MISCOMPARE);
	assert_int_equal(host_read(a, 0, 7, buf, sizeof(buf)), 0);
	assert_int_equal(buf[0], 0x77);
	host_free(old);
	host_logout(a);
}

static void
test_a_lun_associated_again_keeps_its_counters_and_device(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	const struct array_runtime_ops *ops = fake_ops(env->array);
	static struct array_lun_counters before, after;
	static uint8_t buf[4096];

	assert_int_equal(host_write(a, 0, 0, buf, sizeof(buf)), 0);
	assert_int_equal(ops->lun_counters(fake_runtime(env->array), &env->lun, &before), 0);
	associate_again(env);
	assert_int_equal(ops->lun_counters(fake_runtime(env->array), &env->lun, &after), 0);
	assert_true(before.write_bytes > 0 && after.write_bytes == before.write_bytes);
	assert_int_equal(fake_devices_in_use(env->array), 1);
	host_logout(a);
}

/* Its live row would name a target that is not there any more. */
static void
test_a_target_made_anew_during_a_login_is_not_the_one_asked_for(void **state)
{
	struct env *env = *state;
	struct guid id = fake_id(60), group = fake_id(61);
	static struct raw raw, again;
	struct guid session;

	raw_login_first(&raw, env->port, HOST_1, NAME_B);
	raw_login_first(&again, env->port, HOST_2, NAME_A);
	fake_dissociate(env->array, &env->lun, &env->target_b);
	fake_delete(env->array, ROW_PORTAL_GROUP, &env->group_b);
	fake_delete(env->array, ROW_TARGET, &env->target_b);
	fake_commit(env->array);
	fake_target(env->array, &id, NAME_B);
	fake_group(env->array, &group, &id, 2);
	fake_group_portal(env->array, &group, &env->portal_id);
	fake_commit(env->array);
	assert_int_equal(raw_login_last(&raw), 0x0203);
	/* what did not touch its target does not disturb a login */
	assert_int_equal(raw_login_last(&again), 0);
	assert_true(fake_wait_sessions(env->array, 1));
	assert_true(fake_first_session(env->array, &session));
	raw_close(&raw);
	raw_close(&again);
}

static void
test_commands_are_counted(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	const struct array_runtime_ops *ops = fake_ops(env->array);
	static struct array_lun_counters c, before;
	struct guid nobody = fake_id(99);
	static uint8_t buf[4096];

	assert_int_equal(ops->lun_counters(fake_runtime(env->array), &env->lun, &before), 0);
	assert_int_equal(host_write(a, 0, 0, buf, 4096), 0);
	assert_int_equal(host_read(a, 0, 0, buf, 2048), 0);
	assert_int_equal(host_read(a, 0, 0, buf, 512), 0);
	assert_int_equal(ops->lun_counters(fake_runtime(env->array), &env->lun, &c), 0);
	assert_int_equal(c.write_commands - before.write_commands, 1);
	assert_int_equal(c.write_bytes - before.write_bytes, 4096);
	assert_int_equal(c.read_commands - before.read_commands, 2);
	assert_int_equal(c.read_bytes - before.read_bytes, 2560);
	assert_true(before.other_commands > 0);
	assert_int_equal(ops->lun_counters(fake_runtime(env->array), &nobody, &c), ERR_NOT_FOUND);
	host_logout(a);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_one_lun_through_two_targets),
		ENV_TEST(test_a_new_lun_is_announced_and_usable),
		ENV_TEST(test_a_dissociated_lun_is_gone_at_once),
		ENV_TEST(test_a_mask_cuts_running_sessions),
		ENV_TEST(test_a_host_sees_a_lun_while_it_has_the_initiator),
		ENV_TEST(test_a_group_sees_a_lun_as_its_hosts),
		ENV_TEST(test_an_extended_lun_has_its_new_size_and_says_so),
		ENV_TEST(test_an_offline_lun_refuses_until_it_is_online),
		ENV_TEST(test_a_lun_offline_at_login_announces_its_capacity_when_online),
		ENV_TEST(test_a_failed_device_is_a_hardware_error_until_reopened),
		ENV_TEST(test_a_lun_without_a_device_is_listed_and_fails),
		ENV_TEST(test_the_unit_of_a_deleted_lun_gives_its_device_back),
		ENV_TEST(test_a_lun_associated_again_is_atomic_against_old_tasks),
		ENV_TEST(test_a_lun_associated_again_keeps_its_counters_and_device),
		ENV_TEST(test_a_target_made_anew_during_a_login_is_not_the_one_asked_for),
		ENV_TEST(test_commands_are_counted),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("target views", tests, NULL, NULL);
}

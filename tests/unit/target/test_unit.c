/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Units are made when the first command for their LUN comes.  The tests say what needs no unit, and
 * that nothing is lost because a unit is made late: unit attentions, drains and resets.
 */
#include "target_test.h"

#include "base/mem.h"

#define MANY           40u
#define TMF_LU_RESET   5
#define TMF_WARM_RESET 6

/* LUNs behind target_a with the numbers 1 to MANY, each with a device of its own. */
static void
add_many(struct env *env, struct guid *luns)
{
	for (unsigned i = 0; i < MANY; i++) {
		luns[i] = env_add_lun(env, 1 + i, "*");
		fake_associate(env->array, &luns[i], &env->target_a, 1 + i);
	}
	fake_commit(env->array);
}

static void
test_logins_and_management_need_no_units(void **state)
{
	struct env *env = *state;
	struct guid luns[MANY];
	struct array_mapping paths = { 0 };
	const struct array_runtime_ops *ops = fake_ops(env->array);
	uint16_t numbers[MANY + 1];
	void *drain = NULL;

	add_many(env, luns);
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1);

	assert_int_equal(host_report_luns(a, numbers, MANY + 1), MANY + 1);
	paths.lun_id = luns[3];
	assert_int_equal(ops->quiesce(fake_runtime(env->array), &paths, 1, 5000, &drain), 0);
	ops->resume(fake_runtime(env->array), drain);
	fake_lun(env->array, &luns[4], 2 * LUN_BYTES, 512, HOST_1, STATUS_ONLINE);
	fake_dissociate(env->array, &luns[5], &env->target_a);
	fake_commit(env->array);
	fake_associate(env->array, &luns[5], &env->target_b, 50);
	fake_commit(env->array);
	ops->lun_recovered(fake_runtime(env->array), &luns[6]);
	assert_int_equal(host_tmf(a, 2, TMF_LU_RESET, NULL), 0);
	assert_int_equal(host_tmf(a, 0, TMF_WARM_RESET, NULL), 0);
	assert_int_equal(fake_devices_in_use(env->array), 0);
	/* the first command makes that of its LUN, and no other */
	assert_int_equal(host_test_unit_ready(a, 9), UA_POWER_ON);
	assert_int_equal(fake_devices_in_use(env->array), 1);
	host_logout(a);
	/* it stays, for the sessions that come */
	assert_int_equal(fake_devices_in_use(env->array), 1);
}

static void
test_a_lun_that_grew_before_its_first_command_says_so(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1),
			     *b = host_login(env, HOST_1, NAME_B, 1);

	assert_int_equal(blk_resize(env->dev, 2 * LUN_BYTES), 0);
	env_lun_row(env, 2 * LUN_BYTES, "*", STATUS_ONLINE);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, 0), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(a, 0), UA_CAPACITY);
	assert_int_equal(host_test_unit_ready(a, 0), 0);
	/* the unit is there by now, but this session has not used it yet */
	assert_int_equal(host_test_unit_ready(b, 5), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(b, 5), UA_CAPACITY);
	assert_int_equal(host_test_unit_ready(b, 5), 0);
	assert_int_equal(host_capacity_blocks(b, 5), 2 * LUN_BYTES / 512);
	/* and one that logs in now knows of nothing else */
	struct iscsi_context *c = host_login(env, HOST_2, NAME_A, 2);

	assert_int_equal(host_test_unit_ready(c, 0), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(c, 0), 0);
	host_logout(a);
	host_logout(b);
	host_logout(c);
}

static void
test_a_lun_online_again_before_its_first_command_says_so(void **state)
{
	struct env *env = *state;

	env_lun_row(env, LUN_BYTES, "*", STATUS_OFFLINE);
	fake_commit(env->array);
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1);

	env_lun_row(env, LUN_BYTES, "*", STATUS_ONLINE);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, 0), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(a, 0), UA_CAPACITY);
	assert_int_equal(host_test_unit_ready(a, 0), 0);
	host_logout(a);
}

static void
test_a_new_lun_is_announced_before_its_first_command(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1);
	struct guid lun = env_add_lun(env, 1, "*");

	fake_associate(env->array, &lun, &env->target_a, 7);
	fake_commit(env->array);
	/* a LUN that was there at login, and has no unit yet */
	assert_int_equal(host_test_unit_ready(a, 0), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(a, 0), UA_REPORTED_LUNS);
	assert_int_equal(host_test_unit_ready(a, 0), 0);
	assert_int_equal(host_test_unit_ready(a, 7), UA_POWER_ON);
	host_logout(a);
}

static void
test_a_lun_that_is_offline_or_masked_from_the_start_is_so_for_its_unit(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1);

	env_lun_row(env, LUN_BYTES, "*", STATUS_OFFLINE);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, 0), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(a, 0) >> 16, 2); /* NOT READY */
	env_lun_row(env, LUN_BYTES, HOST_2, STATUS_ONLINE);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, 0), NO_SUCH_UNIT);
	host_logout(a);
}

/*
 * Resets by a session that has not used the unit while another one's write is under way.  Returns
 * whether the write was under way when the reset came; it may also have ended before.
 */
static bool
reset_reaches_write(struct env *env, struct iscsi_context *b, unsigned function,
		    struct pending *write)
{
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1);

	env_inject(env, "lun0.write", "hold");
	host_start_write(write, b, 5, 0, 0x77);
	assert_false(host_wait(write, 100));
	env_lift(env, "lun0.write");
	assert_int_equal(host_tmf(a, 0, function, NULL), 0);
	/* the reset was answered after the write had landed */
	assert_int_equal(blk_drain(env->dev, 0), 0);
	assert_int_equal(host_test_unit_ready(b, 5), UA_RESET);
	host_logout(a);
	return !write->done;
}

#define ATTEMPTS 50

static void
test_a_reset_reaches_tasks_of_a_unit_that_its_session_never_used(void **state)
{
	struct env *env = *state;
	struct iscsi_context *b = host_ready(env, HOST_2, NAME_B, 1);
	static const unsigned functions[] = { TMF_LU_RESET, TMF_WARM_RESET };
	static struct pending writes[ARRAY_LEN(functions)][ATTEMPTS];

	for (unsigned i = 0; i < ARRAY_LEN(functions); i++) {
		unsigned attempt = 0;

		while (!reset_reaches_write(env, b, functions[i], &writes[i][attempt]))
			assert_true(++attempt < ATTEMPTS);
	}
	host_free(b);
}

/* On both threads at once: whoever is first makes the unit, and all have the same one. */
static void
test_sessions_that_begin_at_once_have_one_unit(void **state)
{
	struct env *env = *state;
	static struct pending reads[8][MANY];
	struct iscsi_context *hosts[8];
	struct guid luns[MANY];

	add_many(env, luns);
	for (unsigned h = 0; h < ARRAY_LEN(hosts); h++)
		hosts[h] = host_login(env, HOST_1, NAME_A, (int)h + 1);
	for (unsigned i = 0; i < MANY; i++)
		for (unsigned h = 0; h < ARRAY_LEN(hosts); h++)
			host_start_read(&reads[h][i], hosts[h], (int)i + 1, 0);
	for (unsigned i = 0; i < MANY; i++)
		for (unsigned h = 0; h < ARRAY_LEN(hosts); h++) {
			assert_true(host_wait(&reads[h][i], 10000));
			assert_int_equal(reads[h][i].status, UA_POWER_ON);
		}
	/* the devices of units that came too late are given back */
	assert_true(fake_wait_devices(env->array, MANY));
	for (unsigned h = 0; h < ARRAY_LEN(hosts); h++)
		host_logout(hosts[h]);
}

/* A unit that is made while its LUN is drained is held, and released with the drain. */
static void
test_a_unit_made_during_a_drain_is_held(void **state)
{
	struct env *env = *state;
	const struct array_runtime_ops *ops = fake_ops(env->array);
	struct array_mapping paths[2] = { { .lun_id = env->lun, .target_id = env->target_a },
					  { .lun_id = env->lun, .target_id = env->target_b } };
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1),
			     *b = host_login(env, HOST_2, NAME_B, 2);
	static struct pending one, two;
	void *drain = NULL;

	assert_int_equal(ops->quiesce(fake_runtime(env->array), paths, 2, 5000, &drain), 0);
	assert_int_equal(host_test_unit_ready(a, 0), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(b, 5), UA_POWER_ON);
	host_start_write(&one, a, 0, 0, 0x11);
	host_start_read(&two, b, 5, 0);
	assert_false(host_wait(&one, 100));
	assert_false(host_wait(&two, 100));
	ops->resume(fake_runtime(env->array), drain);
	assert_true(host_wait(&one, 10000) && host_wait(&two, 10000));
	assert_int_equal(one.status | two.status, 0);
	host_logout(a);
	host_logout(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_logins_and_management_need_no_units),
		ENV_TEST(test_a_lun_that_grew_before_its_first_command_says_so),
		ENV_TEST(test_a_lun_online_again_before_its_first_command_says_so),
		ENV_TEST(test_a_new_lun_is_announced_before_its_first_command),
		ENV_TEST(test_a_lun_that_is_offline_or_masked_from_the_start_is_so_for_its_unit),
		ENV_TEST(test_a_reset_reaches_tasks_of_a_unit_that_its_session_never_used),
		ENV_TEST(test_sessions_that_begin_at_once_have_one_unit),
		ENV_TEST(test_a_unit_made_during_a_drain_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

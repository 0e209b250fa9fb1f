/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of quiescing and resuming paths, and of task management for commands that are being
 * executed.
 */
#include "target_test.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"

/* RFC 7143 §11.5.1 */
enum {
	TMF_ABORT_TASK = 1,
	TMF_ABORT_TASK_SET,
	TMF_CLEAR_ACA,
	TMF_CLEAR_TASK_SET,
	TMF_LU_RESET,
	TMF_WARM_RESET,
	TMF_COLD_RESET
};

static int
quiesce(struct env *env, const struct guid *target, uint32_t timeout_ms)
{
	struct array_mapping mapping = { .lun_id = env->lun, .target_id = *target };

	return fake_ops(env->array)
		->quiesce(fake_runtime(env->array), &mapping, 1, timeout_ms,
			  guid_equal(target, &env->target_a) ? &env->drain_a : &env->drain_b);
}

static void
resume(struct env *env, const struct guid *target)
{
	fake_ops(env->array)
		->resume(fake_runtime(env->array),
			 guid_equal(target, &env->target_a) ? env->drain_a : env->drain_b);
}

static void
test_a_quiesced_mapping_holds_commands_until_resume(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_1, NAME_B, 1);
	static struct pending read, write;
	static uint8_t buf[4096];

	assert_int_equal(quiesce(env, &env->target_a, 5000), 0);
	host_start_write(&write, a, 0, 0, 0x77);
	host_start_read(&read, a, 0, 800);
	assert_false(host_wait(&read, 200));
	assert_false(write.done);
	/* the other way in goes on */
	assert_int_equal(host_read(b, 5, 0, buf, sizeof(buf)), 0);
	assert_int_equal(buf[0], 0);
	resume(env, &env->target_a);
	assert_true(host_wait(&write, 10000) && host_wait(&read, 10000));
	assert_int_equal(write.status | read.status, 0);
	assert_int_equal(host_read(b, 5, 0, buf, sizeof(buf)), 0);
	assert_int_equal(buf[0], 0x77);
	host_logout(a);
	host_logout(b);
}

static void
test_quiesce_holds_sessions_that_come_later(void **state)
{
	struct env *env = *state;
	static struct pending read;

	assert_int_equal(quiesce(env, &env->target_a, 5000), 0);
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1);

	assert_non_null(a);
	assert_int_equal(host_test_unit_ready(a, 0), UA_POWER_ON);
	host_start_read(&read, a, 0, 0);
	assert_false(host_wait(&read, 200));
	resume(env, &env->target_a);
	assert_true(host_wait(&read, 10000));
	assert_int_equal(read.status, 0);
	host_logout(a);
}

/* Its unit is made while the drain is there already. */
static void
test_a_lun_first_associated_during_a_drain_is_released_with_it(void **state)
{
	struct env *env = *state;
	struct guid lun = env_add_lun(env, 1, "*");
	struct array_mapping paths = { .lun_id = lun };
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct pending read;
	void *drain = NULL;

	fake_commit(env->array);
	assert_int_equal(
		fake_ops(env->array)->quiesce(fake_runtime(env->array), &paths, 1, 5000, &drain),
		0);
	fake_associate(env->array, &lun, &env->target_a, 3);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, 3), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(a, 3), UA_REPORTED_LUNS);
	host_start_read(&read, a, 3, 0);
	assert_false(host_wait(&read, 100));
	fake_ops(env->array)->resume(fake_runtime(env->array), drain);
	assert_true(host_wait(&read, 10000));
	host_logout(a);
}

static void
test_quiesce_waits_for_what_is_in_flight(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct pending write;

	env_inject(env, "lun0.write", "hold");
	host_start_write(&write, a, 0, 0, 0x77);
	assert_false(host_wait(&write, 100));
	assert_int_equal(quiesce(env, &env->target_a, 200), ERR_TIMEOUT); /* and undone: */
	assert_int_equal(host_test_unit_ready(a, 0), 0);
	env_lift(env, "lun0.write");
	assert_true(host_wait(&write, 10000));
	assert_int_equal(write.status, 0);
	assert_int_equal(quiesce(env, &env->target_a, 5000), 0);
	resume(env, &env->target_a);
	host_logout(a);
}

static void
test_held_commands_of_a_mapping_that_goes_away_find_no_unit(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_1, NAME_B, 1);
	static struct pending write;
	uint8_t buf[512];

	assert_int_equal(quiesce(env, &env->target_a, 5000), 0);
	host_start_write(&write, a, 0, 0, 0x77);
	assert_false(host_wait(&write, 100));
	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_commit(env->array);
	assert_true(host_wait(&write, 10000));
	assert_int_equal(write.status, NO_SUCH_UNIT);
	assert_int_equal(host_read(b, 5, 0, buf, sizeof(buf)), 0);
	assert_int_equal(buf[0], 0);
	resume(env, &env->target_a);
	/* associated again, it works */
	fake_associate(env->array, &env->lun, &env->target_a, 0);
	fake_commit(env->array);
	assert_int_equal(host_test_unit_ready(a, 0), UA_POWER_ON);
	assert_int_equal(host_test_unit_ready(a, 0), UA_REPORTED_LUNS);
	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)), 0);
	host_logout(a);
	host_logout(b);
}

/* As a mask change does: the paths of everybody but HOST_2, through every target. */
static void
test_a_drain_covers_those_whom_a_mask_does_not_admit(void **state)
{
	struct env *env = *state;
	struct iscsi_context *one = host_ready(env, HOST_1, NAME_B, 1),
			     *two = host_ready(env, HOST_2, NAME_A, 1);
	struct array_mapping paths = { .lun_id = env->lun, .except_mask = HOST_2 };
	static struct pending write, held;
	void *drain = NULL;
	uint8_t buf[512];

	env_inject(env, "lun0.write", "hold");
	host_start_write(&write, one, 5, 0, 0x77);
	assert_false(host_wait(&write, 100));
	/* its write is under way: the mask must wait for it */
	assert_int_equal(
		fake_ops(env->array)->quiesce(fake_runtime(env->array), &paths, 1, 100, &drain),
		ERR_TIMEOUT);
	env_lift(env, "lun0.write");
	assert_true(host_wait(&write, 10000));
	assert_int_equal(
		fake_ops(env->array)->quiesce(fake_runtime(env->array), &paths, 1, 5000, &drain),
		0);
	assert_int_equal(host_read(two, 0, 0, buf, sizeof(buf)), 0);
	host_start_write(&held, one, 5, 0, 0x55);
	assert_false(host_wait(&held, 100));
	env_lun_row(env, LUN_BYTES, HOST_2, STATUS_ONLINE);
	fake_commit(env->array);
	fake_ops(env->array)->resume(fake_runtime(env->array), drain);
	assert_true(host_wait(&held, 10000));
	assert_int_equal(held.status, NO_SUCH_UNIT);
	assert_int_equal(host_read(two, 0, 0, buf, sizeof(buf)), 0);
	assert_int_equal(buf[0], 0x77);
	host_logout(one);
	host_logout(two);
}

static void
test_a_session_ends_while_its_commands_are_held(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct pending write;

	assert_int_equal(quiesce(env, &env->target_a, 5000), 0);
	host_start_write(&write, a, 0, 0, 0x77);
	assert_false(host_wait(&write, 100));
	host_free(a);
	assert_true(fake_wait_sessions(env->array, 0));
	resume(env, &env->target_a);
}

static void
test_io_in_flight_outlives_its_session(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct pending write;

	env_inject(env, "lun0.write", "hold");
	host_start_write(&write, a, 0, 0, 0x77);
	assert_false(host_wait(&write, 100));
	host_free(a);
	assert_int_equal(blk_drain(env->dev, 200), ERR_TIMEOUT);
	assert_true(fake_wait_sessions(env->array, 0)); /* nobody waits for it */
	env_lift(env, "lun0.write");
	assert_int_equal(blk_drain(env->dev, 10000), 0);
}

/* ---- Task management ---- */

static void
test_abort_task_answers_when_the_task_has_come_back(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	static struct pending read;
	uint8_t buf[512];

	assert_int_equal(quiesce(env, &env->target_a, 5000), 0);
	host_start_read(&read, a, 0, 0);
	assert_false(host_wait(&read, 100));
	assert_int_equal(host_tmf(a, 0, TMF_ABORT_TASK, read.task), 0);
	resume(env, &env->target_a);
	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)), 0);
	assert_false(read.done); /* it was not answered */
	host_logout(a);
}

static void
test_task_management_knows_its_units(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	/* LUN does not exist */
	assert_int_equal(host_tmf(a, 9, TMF_LU_RESET, NULL), 2);
	assert_int_equal(host_tmf(a, 9, TMF_ABORT_TASK_SET, NULL), 2);
	assert_int_equal(host_tmf(a, 0, TMF_ABORT_TASK_SET, NULL), 0);
	assert_int_equal(host_tmf(a, 0, TMF_CLEAR_ACA, NULL), 5); /* not supported */
	assert_int_equal(host_tmf(a, 0, TMF_CLEAR_TASK_SET, NULL), 0);
	assert_int_equal(host_test_unit_ready(a, 0), 0);
	host_logout(a);
}

static void
test_a_lun_reset_aborts_on_every_thread_and_tells_the_others(void **state)
{
	struct env *env = *state;
	struct iscsi_context *hosts[4];
	static struct pending reads[4];

	for (unsigned i = 0; i < 4; i++) /* on both threads */
		hosts[i] = host_ready(env, HOST_2, i % 2 ? NAME_A : NAME_B, i);
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	assert_int_equal(quiesce(env, &env->target_a, 5000), 0);
	assert_int_equal(quiesce(env, &env->target_b, 5000), 0);
	for (unsigned i = 0; i < 4; i++) {
		host_start_read(&reads[i], hosts[i], i % 2 ? 0 : 5, 0);
		assert_false(host_wait(&reads[i], 50));
	}
	assert_int_equal(host_tmf(a, 0, TMF_LU_RESET, NULL), 0);
	resume(env, &env->target_a);
	resume(env, &env->target_b);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(host_test_unit_ready(hosts[i], i % 2 ? 0 : 5) >> 8,
				 UA_POWER_ON >> 8);
		assert_false(reads[i].done);
		host_logout(hosts[i]);
	}
	host_logout(a);
}

static void
test_a_lun_reset_waits_for_io_in_flight(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_2, NAME_B, 1);
	static struct pending write;
	uint8_t buf[512];

	env_inject(env, "lun0.write", "hold");
	host_start_write(&write, b, 5, 0, 0x77);
	assert_false(host_wait(&write, 100));
	/* the reset is answered after the write has landed */
	env_lift(env, "lun0.write");
	assert_int_equal(host_tmf(a, 0, TMF_LU_RESET, NULL), 0);
	assert_int_equal(blk_drain(env->dev, 0), 0);
	/* SAM-6: every nexus, that of the reset too */
	assert_int_equal(host_test_unit_ready(a, 0), UA_RESET);
	assert_int_equal(host_read(a, 0, 0, buf, sizeof(buf)), 0);
	host_free(b);
	host_logout(a);
}

static void
test_a_cold_reset_ends_the_sessions_of_its_target(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *a2 = host_ready(env, HOST_2, NAME_A, 1);
	struct iscsi_context *b = host_ready(env, HOST_1, NAME_B, 1);

	assert_int_equal(host_tmf(a, 0, TMF_WARM_RESET, NULL), 0);
	assert_int_equal(host_test_unit_ready(a2, 0) >> 16, 6);
	assert_int_equal(host_tmf(a, 0, TMF_COLD_RESET, NULL), 0);
	assert_true(host_wait_closed(a) && host_wait_closed(a2));
	assert_int_equal(host_test_unit_ready(b, 5) >> 16, 6);
	assert_int_equal(host_test_unit_ready(b, 5), 0);
	host_free(a);
	host_free(a2);
	host_logout(b);
}

/* A unit is reset as a whole, through whichever target it is used; others' units are left alone. */
static void
test_a_warm_reset_reaches_what_the_initiator_may_use(void **state)
{
	struct env *env = *state;
	struct guid other = env_add_lun(env, 1, HOST_2);
	struct array_mapping theirs = { .lun_id = other, .target_id = env->target_a };
	void *drain = NULL;
	static struct pending shared, private;

	fake_associate(env->array, &other, &env->target_a, 1);
	fake_commit(env->array);
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_2, NAME_B, 2),
			     *c = host_ready(env, HOST_2, NAME_A, 3);

	assert_int_equal(quiesce(env, &env->target_b, 5000), 0);
	assert_int_equal(
		fake_ops(env->array)->quiesce(fake_runtime(env->array), &theirs, 1, 5000, &drain),
		0);
	host_start_read(&shared, b, 5, 0);
	host_start_read(&private, c, 1, 0);
	assert_false(host_wait(&shared, 50) || host_wait(&private, 50));
	assert_int_equal(host_tmf(a, 0, TMF_WARM_RESET, NULL), 0);
	resume(env, &env->target_b);
	fake_ops(env->array)->resume(fake_runtime(env->array), drain);
	assert_true(host_wait(&private, 5000));
	assert_int_equal(private.status, 0);
	assert_int_equal(host_test_unit_ready(c, 1), 0);
	assert_int_equal(host_test_unit_ready(c, 0), UA_RESET);
	assert_int_equal(host_test_unit_ready(b, 5), UA_RESET);
	assert_false(shared.done);
	host_logout(a);
	host_logout(b);
	host_logout(c);
}

static void
test_who_may_use_nothing_resets_nothing(void **state)
{
	struct env *env = *state;

	env_lun_row(env, LUN_BYTES, HOST_2, STATUS_ONLINE);
	fake_commit(env->array);
	struct iscsi_context *a = host_login(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_2, NAME_A, 2);

	assert_non_null(a);
	/* function authorization failed */
	assert_int_equal(host_tmf(a, 0, TMF_WARM_RESET, NULL), 6);
	assert_int_equal(host_tmf(a, 0, TMF_COLD_RESET, NULL), 6);
	assert_int_equal(host_test_unit_ready(b, 0), 0);
	host_logout(a);
	host_logout(b);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_a_quiesced_mapping_holds_commands_until_resume),
		ENV_TEST(test_quiesce_holds_sessions_that_come_later),
		ENV_TEST(test_a_lun_first_associated_during_a_drain_is_released_with_it),
		ENV_TEST(test_quiesce_waits_for_what_is_in_flight),
		ENV_TEST(test_held_commands_of_a_mapping_that_goes_away_find_no_unit),
		ENV_TEST(test_a_drain_covers_those_whom_a_mask_does_not_admit),
		ENV_TEST(test_a_session_ends_while_its_commands_are_held),
		ENV_TEST(test_io_in_flight_outlives_its_session),
		ENV_TEST(test_abort_task_answers_when_the_task_has_come_back),
		ENV_TEST(test_task_management_knows_its_units),
		ENV_TEST(test_a_lun_reset_aborts_on_every_thread_and_tells_the_others),
		ENV_TEST(test_a_lun_reset_waits_for_io_in_flight),
		ENV_TEST(test_a_cold_reset_ends_the_sessions_of_its_target),
		ENV_TEST(test_a_warm_reset_reaches_what_the_initiator_may_use),
		ENV_TEST(test_who_may_use_nothing_resets_nothing),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("target holds", tests, NULL, NULL);
}

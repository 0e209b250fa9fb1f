/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what units do beside commands: SANITIZE outlives the session and the data path, gives
 * way to drains, and keeps nothing of a deleted LUN.
 */
#include "target_test.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "raw.h"

#define SANITIZES SENSE(2, 0x041b)

/* SANITIZE, OVERWRITE with a pattern of one byte. */
static int
overwrite(struct iscsi_context *iscsi, int lun, uint8_t passes, uint8_t pattern)
{
	const uint8_t cdb[10] = { 0x48, 0x81, [8] = 5 }, list[5] = { passes, 0, 0, 1, pattern };

	return host_command(iscsi, lun, cdb, sizeof(cdb), list, sizeof(list), NULL, 0, NULL);
}

/* Waits, at most 10 s, until the LUN is ready.  Returns its last status. */
static int
wait_ready(struct iscsi_context *iscsi, int lun)
{
	int status = host_test_unit_ready(iscsi, lun);

	for (unsigned i = 0; i < 1000 && (status == SANITIZES || status >> 16 == 6); i++) {
		assert_true(host_serve_for(iscsi, 10));
		status = host_test_unit_ready(iscsi, lun);
	}
	return status;
}

static bool
holds(struct env *env, uint8_t value)
{
	AUTO_FREE uint8_t *bytes = mem_alloc(LUN_BYTES);

	assert_non_null(bytes);
	assert_int_equal(blk_rw(env->dev, BLK_READ, 0, bytes, LUN_BYTES), 0);
	for (size_t i = 0; i < LUN_BYTES; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static void
test_it_goes_on_without_its_session(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_2, NAME_B, 1);
	static uint8_t buf[512];

	env_inject(env, "lun0.write", "hold");
	assert_int_equal(overwrite(a, 0, 1, 0x5a), 0);
	assert_int_equal(host_test_unit_ready(b, 5), SANITIZES);
	assert_int_equal(host_read(b, 5, 0, buf, 512), SANITIZES);
	/* LOGICAL UNIT RESET, TARGET WARM RESET */
	assert_int_equal(host_tmf(a, 0, 5, NULL), 0);
	assert_int_equal(host_tmf(a, 0, 6, NULL), 0);
	assert_int_equal(host_test_unit_ready(a, 0), UA_RESET);
	assert_int_equal(host_test_unit_ready(a, 0), SANITIZES);
	host_logout(a);
	while (host_test_unit_ready(b, 5) == UA_RESET)
		;
	assert_int_equal(host_test_unit_ready(b, 5), SANITIZES);
	env_lift(env, "lun0.write");
	assert_int_equal(wait_ready(b, 5), 0);
	assert_true(holds(env, 0x5a));
	host_logout(b);
}

/* Without IMMED the answer comes at the end, and an abort of the command ends nothing. */
static void
test_the_answer_comes_at_the_end(void **state)
{
	const uint8_t cdb[10] = { 0x48, 0x01, [8] = 5 }, list[5] = { 1, 0, 0, 1, 0x33 };
	struct env *env = *state;
	struct iscsi_context *b = host_ready(env, HOST_2, NAME_B, 1);
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	raw_login(&raw, env->port, HOST_1, NAME_A, 1, true);
	raw_ready(&raw, 0);
	uint32_t first = raw_command_data(&raw, 0, RAW_SIMPLE, cdb, sizeof(cdb), list, 5);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, first);
	assert_int_equal(raw_status(&pdu), 0);
	assert_true(holds(env, 0x33));
	env_inject(env, "lun0.write", "hold");
	uint32_t second = raw_command_data(&raw, 0, RAW_SIMPLE, cdb, sizeof(cdb), list, 5);

	raw_flush(&raw);
	for (int status = 0; status != SANITIZES;) {
		status = host_test_unit_ready(b, 5);
		assert_true(status == 0 || status == SANITIZES || status >> 16 == 6);
	}
	uint32_t tmf = raw_tmf(&raw, 0, 1, second);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_TMF_RESPONSE, tmf);
	assert_int_equal(pdu.bhs[2], 0);
	assert_int_equal(host_test_unit_ready(b, 5), SANITIZES);
	env_lift(env, "lun0.write");
	assert_int_equal(wait_ready(b, 5), 0);
	raw_close(&raw);
	host_logout(b);
}

static int
quiesce(struct env *env, uint32_t timeout_ms)
{
	struct array_mapping mapping = { .lun_id = env->lun, .target_id = env->target_b };

	return fake_ops(env->array)
		->quiesce(fake_runtime(env->array), &mapping, 1, timeout_ms, &env->drain_b);
}

static void
resume(struct env *env)
{
	fake_ops(env->array)->resume(fake_runtime(env->array), env->drain_b);
}

/* A drain of one way to the LUN holds its job: no step is done until the drain has ended. */
static void
test_a_drain_parks_it(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	assert_int_equal(quiesce(env, 5000), 0);
	assert_int_equal(overwrite(a, 0, 1, 0x77), 0);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(host_test_unit_ready(a, 0), SANITIZES);
	assert_true(holds(env, 0));
	resume(env);
	assert_int_equal(wait_ready(a, 0), 0);
	assert_true(holds(env, 0x77));
	host_logout(a);
}

static void
test_a_drain_waits_for_a_step(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	env_inject(env, "lun0.write", "hold");
	assert_int_equal(overwrite(a, 0, 1, 0x77), 0);
	/* until a worker has the step, the drain parks it instead */
	while (quiesce(env, 100) == 0)
		resume(env);
	env_lift(env, "lun0.write");
	assert_int_equal(quiesce(env, 10000), 0);
	resume(env);
	assert_int_equal(wait_ready(a, 0), 0);
	host_logout(a);
}

/* Neither what is parked nor what is under way keeps the device of a deleted LUN. */
static void
delete_lun(struct env *env, bool parked)
{
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	if (parked)
		assert_int_equal(quiesce(env, 5000), 0);
	else
		env_inject(env, "lun0.write", "hold");
	assert_int_equal(overwrite(a, 0, 31, 0x77), 0);
	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_dissociate(env->array, &env->lun, &env->target_b);
	fake_delete(env->array, ROW_LUN, &env->lun);
	fake_commit(env->array);
	env_inject(env, "lun0.flush", "hold"); /* whoever goes on comes no farther */
	if (parked)
		resume(env); /* the drain has the unit, too */
	else
		env_lift(env, "lun0.write");
	assert_true(fake_wait_devices(env->array, 0));
	host_logout(a);
}

static void
test_a_deleted_lun_is_left_while_it_is_parked(void **state)
{
	delete_lun(*state, true);
}

static void
test_a_deleted_lun_is_left_after_a_step(void **state)
{
	delete_lun(*state, false);
}

/* The next data path makes the unit and goes on, without any initiator. */
static void
test_it_goes_on_after_a_restart(void **state)
{
	struct target_options options = { .threads = 2 };
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	assert_int_equal(quiesce(env, 5000), 0);
	assert_int_equal(overwrite(a, 0, 2, 0x77), 0);
	target_free(env->target, 10000);
	host_abandon(a);
	assert_true(holds(env, 0));
	env_inject(env, "lun0.write", "hold");
	target_options_default(&options);
	options.threads = 2;
	assert_int_equal(target_new(&options, env->array, &env->target), 0);
	assert_true(fake_wait_devices(env->array, 1));
	a = host_login(env, HOST_1, NAME_A, 1);
	assert_non_null(a);
	while (host_test_unit_ready(a, 0) == UA_POWER_ON)
		;
	assert_int_equal(host_test_unit_ready(a, 0), SANITIZES);
	env_lift(env, "lun0.write");
	assert_int_equal(wait_ready(a, 0), 0);
	assert_true(holds(env, 0x77));
	host_logout(a);
}

/* Waits until the array shows the job, or none; returns the row, with a reference. */
static struct row_live_lun_job *
shown(struct env *env, bool present)
{
	return fake_live_wait(env->array, ROW_LIVE_LUN_JOB, &env->lun, present);
}

/* So little that the second step of a job would wait for hours. */
#define LOW "bandwidth=1024"

static void
limit(struct env *env, const char *qos)
{
	fake_qos(env->array, ROW_LUN, &env->lun, qos);
	fake_commit(env->array);
}

/*
 * What a job writes counts for the limits, and what waits for them is shown, and yields to drains.
 */
static void
test_limits_hold_it_and_drains_do_not_wait_for_that(void **state)
{
	struct env *env = *state;
	struct guid other = env_add_lun(env, 1, "*");
	struct row_live_lun_job *row;
	struct iscsi_context *a;

	fake_associate(env->array, &other, &env->target_a, 1);
	fake_commit(env->array);
	a = host_ready(env, HOST_1, NAME_A, 1);
	while (host_test_unit_ready(a, 1) != 0)
		;
	limit(env, LOW);
	assert_int_equal(overwrite(a, 0, 7, 0x77), 0);
	for (unsigned percent = 0; percent == 0; row_unref(row)) {
		row = shown(env, true);
		assert_int_equal(row->kind, LUN_JOB_OVERWRITE);
		assert_false(row->failed);
		percent = row->percent;
	}
	/* a LUN without limits has done many times as much before */
	assert_int_equal(overwrite(a, 1, 31, 0x11), 0);
	assert_int_equal(wait_ready(a, 1), 0);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(quiesce(env, 10000), 0);
		resume(env);
		assert_int_equal(host_test_unit_ready(a, 0), SANITIZES);
	}
	row = shown(env, true);
	assert_true(row->percent < 50);
	row_unref(row);
	limit(env, "");
	assert_int_equal(wait_ready(a, 0), 0);
	assert_true(holds(env, 0x77));
	assert_null(shown(env, false));
	host_logout(a);
}

/* A SANITIZE that has done a step, and waits for limits before the next one. */
static struct iscsi_context *
begin_under_limits(struct env *env)
{
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	struct row_live_lun_job *row;

	limit(env, LOW);
	assert_int_equal(overwrite(a, 0, 7, 0x77), 0);
	for (unsigned percent = 0; percent == 0; row_unref(row)) {
		row = shown(env, true);
		percent = row->percent;
	}
	return a;
}

static void
test_a_deleted_lun_is_left_while_it_waits_for_limits(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = begin_under_limits(env);

	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_dissociate(env->array, &env->lun, &env->target_b);
	fake_delete(env->array, ROW_LUN, &env->lun);
	fake_commit(env->array);
	assert_true(fake_wait_devices(env->array, 0));
	host_logout(a);
}

/* The test's teardown ends the data path while the job still waits. */
static void
test_the_data_path_ends_while_it_waits_for_limits(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = begin_under_limits(env);

	host_logout(a);
}

/* A failure is shown until another SANITIZE succeeds, also after a restart. */
static void
test_a_failure_is_shown(void **state)
{
	struct target_options options;
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	struct row_live_lun_job *row;

	env_inject(env, "lun0.write", "ENOSPC");
	assert_int_equal(overwrite(a, 0, 1, 0x77), 0);
	for (bool failed = false; !failed; row_unref(row)) {
		row = shown(env, true);
		failed = row->failed;
	}
	env_lift(env, "lun0.write");
	target_free(env->target, 10000);
	host_abandon(a);
	array_live_delete(env->array, ROW_LIVE_LUN_JOB, &env->lun);
	target_options_default(&options);
	options.threads = 2;
	assert_int_equal(target_new(&options, env->array, &env->target), 0);
	row = shown(env, true);
	assert_true(row->failed);
	row_unref(row);
	a = host_login(env, HOST_1, NAME_A, 1);
	assert_non_null(a);
	while (host_test_unit_ready(a, 0) == UA_POWER_ON)
		;
	assert_int_equal(host_test_unit_ready(a, 0), SENSE(3, 0x3103));
	assert_int_equal(overwrite(a, 0, 1, 0x78), 0);
	assert_int_equal(wait_ready(a, 0), 0);
	assert_null(shown(env, false));
	assert_true(holds(env, 0x78));
	host_logout(a);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_it_goes_on_without_its_session),
		ENV_TEST(test_the_answer_comes_at_the_end),
		ENV_TEST(test_a_drain_parks_it),
		ENV_TEST(test_a_drain_waits_for_a_step),
		ENV_TEST(test_a_deleted_lun_is_left_while_it_is_parked),
		ENV_TEST(test_a_deleted_lun_is_left_after_a_step),
		ENV_TEST(test_it_goes_on_after_a_restart),
		ENV_TEST(test_limits_hold_it_and_drains_do_not_wait_for_that),
		ENV_TEST(test_a_deleted_lun_is_left_while_it_waits_for_limits),
		ENV_TEST(test_the_data_path_ends_while_it_waits_for_limits),
		ENV_TEST(test_a_failure_is_shown),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("target jobs", tests, NULL, NULL);
}

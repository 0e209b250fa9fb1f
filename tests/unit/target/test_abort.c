/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What task management aborts, and what holds when the backing I/O of an aborted command does not
 * come back: task management is answered, the session may end, the next login is let in, and what
 * the command still writes comes before all that is written after the abort was acknowledged.
 */
#include "target_test.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "raw.h"

/* RFC 7143 §11.5.1 */
enum {
	TMF_ABORT_TASK = 1,
	TMF_ABORT_TASK_SET = 2,
	TMF_CLEAR_TASK_SET = 4,
	TMF_LU_RESET = 5,
	TMF_WARM_RESET = 6,
};

#define BUSY          0x08u
#define TASK_SET_FULL 0x28u

static const uint8_t tur[6], read_0[10] = { 0x28, [8] = 1 }, write_0[10] = { 0x2a, [8] = 1 },
			     flush[10] = { 0x35 }, lba_status[16] = { 0x9e, 0x12, [13] = 24 };
static uint8_t block_a[512] = { 0xaa }, block_b[512] = { 0xbb };

/* One command from its sending to its answer; the status as raw_status gives it, 0 for Data-In. */
static unsigned
run(struct raw *raw, unsigned lun, const uint8_t *cdb, size_t cdb_len, const void *out,
    uint32_t in_len, struct raw_pdu *pdu)
{
	uint32_t itt = out != NULL ? raw_command_data(raw, lun, RAW_SIMPLE, cdb, cdb_len, out, 512)
				   : raw_command(raw, lun, RAW_SIMPLE, cdb, cdb_len, 0, in_len);

	raw_flush(raw);
	assert_true(raw_receive(raw, pdu, 10000));
	assert_int_equal(raw_itt(pdu), itt);
	return raw_opcode(pdu) == RAW_DATA_IN ? 0 : raw_status(pdu);
}

static unsigned
write_block(struct raw *raw, unsigned lun, const uint8_t *block)
{
	static struct raw_pdu pdu;

	return run(raw, lun, write_0, sizeof(write_0), block, 0, &pdu);
}

static void
expect_tmf(struct raw *raw, uint32_t itt)
{
	static struct raw_pdu pdu;

	raw_expect(raw, &pdu, RAW_TMF_RESPONSE, itt);
	assert_int_equal(pdu.bhs[2], 0);
}

/* ---- Which tasks are aborted ---- */

/* Make the last command in `out`, which begins at `at`, immediate: it takes no number. */
static void
make_immediate(struct raw *raw, size_t at)
{
	raw->out[at] |= 0x40;
	raw->cmd_sn--;
}

/*
 * RFC 7143 §11.5.1: those with a CmdSN before that of the request.  Immediate commands have the
 * CmdSN of the next command, as the request has: of them those that came before it.
 */
static void
abort_between(struct env *env, unsigned function, uint32_t first_cmd_sn, bool immediate)
{
	static struct raw raw;
	static struct raw_pdu pdu, r2t;
	bool answered = false, managed = false;

	raw.cmd_sn = first_cmd_sn;
	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	uint32_t older = raw_command(&raw, 0, RAW_SIMPLE, write_0, sizeof(write_0), 512, 0);

	if (immediate)
		make_immediate(&raw, 0);
	raw_flush(&raw);
	raw_expect(&raw, &r2t, RAW_R2T, older);
	uint32_t tmf = raw_tmf(&raw, 0, function, 0xffffffff);
	size_t at = raw.out_len;
	uint32_t later = raw_command(&raw, 0, RAW_SIMPLE, read_0, sizeof(read_0), 0, 512);

	if (immediate)
		make_immediate(&raw, at);
	raw_flush(&raw);
	while (!answered || !managed) {
		assert_true(raw_receive(&raw, &pdu, 10000));
		assert_int_not_equal(raw_itt(&pdu), older);
		if (raw_itt(&pdu) == later)
			answered = true; /* or the unit attention of the reset: not aborted */
		if (raw_itt(&pdu) == tmf)
			managed = true;
	}
	/* its data comes too late: nothing is written, and nothing is answered */
	raw_data_out(&raw, 0, &r2t, block_a);
	raw_flush(&raw);
	raw_ready(&raw, 0);
	assert_int_equal(run(&raw, 0, read_0, sizeof(read_0), NULL, 512, &pdu), 0);
	assert_int_equal(pdu.data[0], 0);
	raw_close(&raw);
	assert_true(fake_wait_sessions(env->array, 0));
}

static void
test_commands_that_come_after_the_request_are_not_aborted(void **state)
{
	static const unsigned functions[] = { TMF_ABORT_TASK_SET, TMF_CLEAR_TASK_SET, TMF_LU_RESET,
					      TMF_WARM_RESET };

	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		for (unsigned round = 0; round < 6; round++)
			abort_between(*state, functions[i], 1, round % 2 != 0);
}

static void
test_numbers_of_commands_wrap(void **state)
{
	abort_between(*state, TMF_LU_RESET, 0xfffffffe, false);
	abort_between(*state, TMF_ABORT_TASK_SET, 0xfffffffe, false);
	abort_between(*state, TMF_LU_RESET, 0xfffffffe, true);
}

/* What a reset aborts may still be written: later commands start when it is done. */
static void
test_later_commands_start_after_the_reset(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	static struct raw_pdu pdu;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, true);
	raw_ready(&raw, 0);
	env_inject(env, "lun0.write", "hold");
	raw_command_data(&raw, 0, RAW_SIMPLE, write_0, sizeof(write_0), block_a, 512);
	uint32_t tmf = raw_tmf(&raw, 0, TMF_LU_RESET, 0xffffffff);
	uint32_t later = raw_command(&raw, 0, RAW_SIMPLE, tur, sizeof(tur), 0, 0);

	raw_flush(&raw);
	raw_quiet(&raw);
	env_lift(env, "lun0.write");
	expect_tmf(&raw, tmf);
	raw_expect(&raw, &pdu, RAW_RESPONSE, later);
	assert_int_equal(raw_status(&pdu), 0x062903);
	raw_close(&raw);
}

/* ---- A store that hangs ---- */

/* LUN 0 hangs in a write of block a; LUN 1 is sound. */
static uint32_t
hang(struct env *env, struct raw *raw)
{
	struct guid other = env_add_lun(env, 1, "*");

	fake_associate(env->array, &other, &env->target_a, 1);
	fake_commit(env->array);
	raw_login(raw, env->port, HOST_1, NAME_A, 1, true);
	raw_ready(raw, 0);
	raw_ready(raw, 1);
	env_inject(env, "lun0.write", "hold");
	uint32_t itt = raw_command_data(raw, 0, RAW_SIMPLE, write_0, sizeof(write_0), block_a, 512);

	raw_flush(raw);
	return itt;
}

static void
expect_busy(struct raw *raw)
{
	static struct raw_pdu pdu;

	assert_int_equal(write_block(raw, 0, block_b), BUSY);
	assert_int_equal(run(raw, 0, read_0, sizeof(read_0), NULL, 512, &pdu), BUSY);
	assert_int_equal(run(raw, 0, flush, sizeof(flush), NULL, 0, &pdu), BUSY);
	assert_int_equal(run(raw, 0, lba_status, sizeof(lba_status), NULL, 24, &pdu), BUSY);
	assert_int_equal(run(raw, 0, tur, sizeof(tur), NULL, 0, &pdu), 0);
}

static void
expect_fence(struct raw *raw)
{
	expect_busy(raw);
	/* the other LUN of the target goes on */
	assert_int_equal(write_block(raw, 1, block_b), 0);
}

/* The late write ends, then the fence; what was written afterwards stays. */
static void
lift_and_check(struct env *env, struct raw *raw)
{
	static struct raw_pdu pdu;
	unsigned status;

	env_lift(env, "lun0.write");
	while ((status = write_block(raw, 0, block_b)) == BUSY)
		continue;
	assert_int_equal(status, 0);
	assert_int_equal(run(raw, 0, read_0, sizeof(read_0), NULL, 512, &pdu), 0);
	assert_int_equal(pdu.data[0], 0xbb);
}

static void
test_abort_task_of_io_that_hangs_is_answered(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	uint32_t write = hang(env, &raw);
	uint32_t tmf = raw_tmf(&raw, 0, TMF_ABORT_TASK, write);

	raw_flush(&raw);
	expect_tmf(&raw, tmf);
	expect_fence(&raw);
	assert_true(fake_wait_hangs(env->array, 1));
	lift_and_check(env, &raw);
	assert_true(fake_wait_hangs(env->array, 0));
	raw_close(&raw);
}

static void
test_resets_of_io_that_hangs_are_answered(void **state)
{
	struct env *env = *state;
	static struct raw raw, other;
	static const unsigned functions[] = { TMF_ABORT_TASK_SET, TMF_CLEAR_TASK_SET, TMF_LU_RESET,
					      TMF_WARM_RESET };

	hang(env, &raw);
	raw_login(&other, env->port, HOST_2, NAME_A, 2, true);
	raw_ready(&other, 0);
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		uint32_t tmf = raw_tmf(i % 2 ? &raw : &other, 0, functions[i], 0xffffffff);

		raw_flush(i % 2 ? &raw : &other);
		expect_tmf(i % 2 ? &raw : &other, tmf);
	}
	raw_ready(&raw, 0);
	raw_ready(&raw, 1);
	expect_fence(&raw);
	lift_and_check(env, &raw);
	raw_close(&raw);
	raw_close(&other);
}

/* Linux tests the unit after each abort; whatever is abandoned is not to keep it waiting. */
static void
test_abandoned_io_gives_up_its_place_in_the_order(void **state)
{
	static const unsigned attrs[] = { RAW_SIMPLE, RAW_ORDERED, RAW_HEAD };
	struct env *env = *state;
	static struct raw raw;
	static struct raw_pdu pdu;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, true);
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		raw_ready(&raw, 0);
		env_inject(env, "lun0.write", "hold");
		uint32_t write = raw_command_data(&raw, 0, attrs[i], write_0, sizeof(write_0),
						  block_a, 512);
		uint32_t waits = raw_command(&raw, 0, RAW_ORDERED, tur, sizeof(tur), 0, 0);
		uint32_t tmf = raw_tmf(&raw, 0, TMF_ABORT_TASK, write);
		bool managed = false, answered = false;

		raw_flush(&raw);
		while (!managed || !answered) {
			assert_true(raw_receive(&raw, &pdu, 10000));
			managed = managed || raw_itt(&pdu) == tmf;
			if (raw_itt(&pdu) == waits) {
				assert_int_equal(raw_status(&pdu), 0);
				answered = true;
			}
		}
		for (size_t k = 0; k < ARRAY_LEN(attrs); k++) {
			uint32_t ready = raw_command(&raw, 0, attrs[k], tur, sizeof(tur), 0, 0);

			raw_flush(&raw);
			raw_expect(&raw, &pdu, RAW_RESPONSE, ready);
			assert_int_equal(raw_status(&pdu), 0);
		}
		expect_busy(&raw);
		lift_and_check(env, &raw);
	}
	raw_close(&raw);
}

/* SAM-5, CLEAR TASK SET: with a task set for each nexus it concerns no other one. */
static void
test_clear_task_set_leaves_the_tasks_of_other_sessions(void **state)
{
	struct env *env = *state;
	static struct raw raw, other;
	static struct raw_pdu pdu;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, true);
	raw_login(&other, env->port, HOST_2, NAME_A, 2, true);
	raw_ready(&raw, 0);
	raw_ready(&other, 0);
	env_inject(env, "lun0.write", "hold");
	uint32_t write = raw_command_data(&raw, 0, RAW_SIMPLE, write_0, sizeof(write_0), block_a,
					  512);

	raw_flush(&raw);
	raw_quiet(&raw);
	uint32_t tmf = raw_tmf(&other, 0, TMF_CLEAR_TASK_SET, 0xffffffff);

	raw_flush(&other);
	expect_tmf(&other, tmf);
	env_lift(env, "lun0.write");
	raw_expect(&raw, &pdu, RAW_RESPONSE, write);
	assert_int_equal(raw_status(&pdu), 0);
	assert_int_equal(run(&raw, 0, tur, sizeof(tur), NULL, 0, &pdu), 0);
	raw_close(&raw);
	raw_close(&other);
}

static void
test_a_session_is_reinstated_while_io_of_the_old_one_hangs(void **state)
{
	struct env *env = *state;
	static struct raw raw, again;

	hang(env, &raw);
	raw_login(&again, env->port, HOST_1, NAME_A, 1, true);
	raw_ready(&again, 0);
	raw_ready(&again, 1);
	expect_fence(&again);
	assert_true(fake_wait_sessions(env->array, 1));
	lift_and_check(env, &again);
	raw_close(&raw);
	raw_close(&again);
}

static void
test_a_session_that_was_lost_leaves_while_its_io_hangs(void **state)
{
	struct env *env = *state;
	static struct raw raw, again;

	hang(env, &raw);
	raw_close(&raw);
	assert_true(fake_wait_sessions(env->array, 0));
	raw_login(&again, env->port, HOST_1, NAME_A, 1, true);
	raw_ready(&again, 0);
	raw_ready(&again, 1);
	expect_fence(&again);
	lift_and_check(env, &again);
	raw_close(&again);
}

/* LUN 0 hangs with so many writes that the session gets no buffer for LUN 1. */
static void
test_abandoned_io_takes_no_share_of_the_buffers(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	unsigned writes = 1;

	hang(env, &raw);
	while (write_block(&raw, 1, block_b) == 0) {
		assert_true(writes++ < 100);
		raw_command_data(&raw, 0, RAW_SIMPLE, write_0, sizeof(write_0), block_a, 512);
	}
	assert_int_equal(write_block(&raw, 1, block_b), TASK_SET_FULL);
	uint32_t tmf = raw_tmf(&raw, 0, TMF_ABORT_TASK_SET, 0xffffffff);

	raw_flush(&raw);
	expect_tmf(&raw, tmf);
	expect_fence(&raw);
	lift_and_check(env, &raw);
	assert_int_equal(write_block(&raw, 1, block_b), 0);
	raw_close(&raw);
}

/* As when a LUN is deleted by force: the session has no path to it any more, but a task. */
static void
test_a_target_reset_aborts_what_came_through_paths_that_are_gone(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	uint32_t write = hang(env, &raw);

	raw_quiet(&raw);
	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_commit(env->array);
	uint32_t tmf = raw_tmf(&raw, 1, TMF_WARM_RESET, 0xffffffff);

	raw_flush(&raw);
	expect_tmf(&raw, tmf);
	env_lift(env, "lun0.write");
	assert_int_equal(blk_drain(env->dev, 10000), 0);
	/* the tag is free, and no late answer comes for it */
	raw.next_itt = write;
	for (unsigned i = 0; i < 3; i++)
		raw_ready(&raw, 1);
	raw_quiet(&raw);
	raw_close(&raw);
}

/* The I/O came through this path and is not back: the path cannot be taken away yet. */
static void
test_a_drain_waits_for_io_that_was_given_up(void **state)
{
	struct env *env = *state;
	struct array_mapping mapping = { .lun_id = env->lun, .target_id = env->target_a };
	static struct raw raw;
	uint32_t write = hang(env, &raw);
	uint32_t tmf = raw_tmf(&raw, 0, TMF_ABORT_TASK, write);

	raw_flush(&raw);
	expect_tmf(&raw, tmf);
	raw_close(&raw);
	assert_int_equal(
		fake_ops(env->array)
			->quiesce(fake_runtime(env->array), &mapping, 1, 200, &env->drain_a),
		ERR_TIMEOUT);
	env_lift(env, "lun0.write");
	assert_int_equal(
		fake_ops(env->array)
			->quiesce(fake_runtime(env->array), &mapping, 1, 10000, &env->drain_a),
		0);
	fake_ops(env->array)->resume(fake_runtime(env->array), env->drain_a);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_commands_that_come_after_the_request_are_not_aborted),
		ENV_TEST(test_numbers_of_commands_wrap),
		ENV_TEST(test_later_commands_start_after_the_reset),
		ENV_TEST(test_abort_task_of_io_that_hangs_is_answered),
		ENV_TEST(test_resets_of_io_that_hangs_are_answered),
		ENV_TEST(test_abandoned_io_gives_up_its_place_in_the_order),
		ENV_TEST(test_clear_task_set_leaves_the_tasks_of_other_sessions),
		ENV_TEST(test_a_session_is_reinstated_while_io_of_the_old_one_hangs),
		ENV_TEST(test_a_session_that_was_lost_leaves_while_its_io_hangs),
		cmocka_unit_test_setup_teardown(test_abandoned_io_takes_no_share_of_the_buffers,
						env_setup_small_buffers, env_teardown),
		ENV_TEST(test_a_target_reset_aborts_what_came_through_paths_that_are_gone),
		ENV_TEST(test_a_drain_waits_for_io_that_was_given_up),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("target aborts", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands whose data-out is still to come: what ends them when their path is taken away, and the
 * order in which commands start.
 */
#include "target_test.h"

#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "raw.h"

#define NO_UNIT 0x052500u

static const uint8_t tur[6], read_0[10] = { 0x28, [8] = 1 }, write_0[10] = { 0x2a, [8] = 1 };

/* A command with data-out: its R2T is here, its data is withheld. */
static uint32_t
withhold(struct raw *raw, unsigned lun, const uint8_t *cdb, size_t cdb_len, uint32_t len,
	 struct raw_pdu *r2t)
{
	uint32_t itt = raw_command(raw, lun, RAW_SIMPLE, cdb, cdb_len, len, 0);

	raw_flush(raw);
	raw_expect(raw, r2t, RAW_R2T, itt);
	return itt;
}

/* First byte of the LUN, through target b. */
static int
first_byte(struct env *env)
{
	struct iscsi_context *b = host_ready(env, HOST_2, NAME_B, 9);
	uint8_t buf[512];

	assert_int_equal(host_read(b, 5, 0, buf, sizeof(buf)), 0);
	host_logout(b);
	return buf[0];
}

/* Quiesces the LUN behind target a, and ends that. */
static void
hold(struct env *env)
{
	struct array_mapping mapping = { .lun_id = env->lun, .target_id = env->target_a };

	assert_int_equal(
		fake_ops(env->array)
			->quiesce(fake_runtime(env->array), &mapping, 1, 5000, &env->drain_a),
		0);
}

static void
resume(struct env *env)
{
	fake_ops(env->array)->resume(fake_runtime(env->array), env->drain_a);
}

/* ---- A path that is taken away ---- */

static struct outs {
	uint8_t cdb[16];
	size_t cdb_len;
	uint32_t len;
	uint8_t data[1024];
	/* clang-format off */
} outs[] = {
	{ { 0x0a, [4] = 1 }, 6, 512, { 0xaa } },			/* WRITE(6) */
	{ { 0x2a, [8] = 1 }, 10, 512, { 0xaa } },			/* WRITE(10) */
	{ { 0xaa, [9] = 1 }, 12, 512, { 0xaa } },			/* WRITE(12) */
	{ { 0x8a, [13] = 1 }, 16, 512, { 0xaa } },			/* WRITE(16) */
	{ { 0x2e, [8] = 1 }, 10, 512, { 0xaa } },			/* WRITE AND VERIFY(10) */
	{ { 0x89, [13] = 1 }, 16, 1024, { [512] = 0xaa } },		/* COMPARE AND WRITE */
	{ { 0x8b, [13] = 1 }, 16, 512, { 0xaa } },			/* ORWRITE(16) */
	{ { 0x41, [8] = 1 }, 10, 512, { 0xaa } },			/* WRITE SAME(10) */
	{ { 0x93, [13] = 1 }, 16, 512, { 0xaa } },			/* WRITE SAME(16) */
	{ { 0x42, [8] = 24 }, 10, 24, { 0, 22, 0, 16, [19] = 1 } },	/* UNMAP */
	{ { 0x15, 0x10, [4] = 4 }, 6, 4, { 0 } },			/* MODE SELECT(6) */
	{ { 0x55, 0x10, [8] = 8 }, 10, 8, { 0 } },			/* MODE SELECT(10) */
};
/* clang-format on */

static void
test_no_command_that_collects_data_outlives_its_path(void **state)
{
	struct env *env = *state;
	static struct raw_pdu r2ts[ARRAY_LEN(outs)], pdu;
	uint32_t itts[ARRAY_LEN(outs)];
	static struct raw raw;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	for (size_t i = 0; i < ARRAY_LEN(outs); i++)
		itts[i] = withhold(&raw, 0, outs[i].cdb, outs[i].cdb_len, outs[i].len, &r2ts[i]);
	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_commit(env->array);
	for (size_t i = 0; i < ARRAY_LEN(outs); i++) {
		raw_data_out(&raw, 0, &r2ts[i], outs[i].data);
		raw_flush(&raw);
		raw_expect(&raw, &pdu, RAW_RESPONSE, itts[i]);
		assert_int_equal(raw_status(&pdu), NO_UNIT);
	}
	assert_int_equal(first_byte(env), 0);
	raw_close(&raw);
}

static void
test_a_mask_that_shuts_out_ends_what_collects_data(void **state)
{
	struct env *env = *state;
	static struct raw_pdu r2t, pdu;
	static struct raw raw;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	uint32_t itt = withhold(&raw, 0, write_0, sizeof(write_0), 512, &r2t);

	env_lun_row(env, LUN_BYTES, HOST_2, STATUS_ONLINE);
	fake_commit(env->array);
	raw_data_out(&raw, 0, &r2t, outs[0].data);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), NO_UNIT);
	assert_int_equal(first_byte(env), 0);
	raw_close(&raw);
}

/* Neither data that never comes nor an answer that is not read keeps a deleted LUN's device. */
static void
test_data_that_never_comes_keeps_no_deleted_lun(void **state)
{
	struct env *env = *state;
	static struct raw_pdu r2t;
	static struct raw raw;
	unsigned devices = fake_devices_in_use(env->array);
	struct guid other = env_add_lun(env, 1, "*");

	fake_associate(env->array, &other, &env->target_a, 1);
	fake_commit(env->array);
	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 1);
	assert_int_equal(fake_devices_in_use(env->array), devices + 1);
	withhold(&raw, 1, write_0, sizeof(write_0), 512, &r2t);
	fake_dissociate(env->array, &other, &env->target_a);
	fake_delete(env->array, ROW_LUN, &other);
	fake_commit(env->array);
	assert_true(fake_wait_devices(env->array, devices));
	raw_close(&raw);
}

static void
test_a_held_path_collects_data_and_executes_it_after_the_resume(void **state)
{
	struct env *env = *state;
	static struct raw_pdu r2t, pdu;
	static struct raw raw;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	uint32_t itt = withhold(&raw, 0, write_0, sizeof(write_0), 512, &r2t);

	hold(env);
	raw_data_out(&raw, 0, &r2t, outs[0].data);
	raw_flush(&raw);
	raw_quiet(&raw);
	assert_int_equal(first_byte(env), 0);
	resume(env);
	raw_expect(&raw, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), 0);
	assert_int_equal(first_byte(env), 0xaa);
	raw_close(&raw);
}

/* ---- Order ---- */

static void
test_ordered_waits_for_an_older_write_whose_data_is_to_come(void **state)
{
	struct env *env = *state;
	static struct raw_pdu r2t, pdu;
	static struct raw raw;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	uint32_t write = withhold(&raw, 0, write_0, sizeof(write_0), 512, &r2t);
	uint32_t ordered = raw_command(&raw, 0, RAW_ORDERED, read_0, sizeof(read_0), 0, 512);
	uint32_t simple = raw_command(&raw, 0, RAW_SIMPLE, read_0, sizeof(read_0), 0, 512);
	uint32_t head = raw_command(&raw, 0, RAW_HEAD, tur, sizeof(tur), 0, 0);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, head);
	raw_quiet(&raw);
	raw_data_out(&raw, 0, &r2t, outs[0].data);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, write);
	raw_expect(&raw, &pdu, RAW_DATA_IN, ordered);
	assert_int_equal(pdu.data[0], 0xaa);
	raw_expect(&raw, &pdu, RAW_DATA_IN, simple);
	raw_close(&raw);
}

/* The younger command has all its data at once, the ORDERED one waits for its own. */
static void
test_nothing_overtakes_an_ordered_write_that_collects_data(void **state)
{
	struct env *env = *state;
	static struct raw_pdu r2t, pdu;
	static uint8_t block[512] = { 0xbb };
	static struct raw raw;
	/* More than ImmediateData brings with it: an R2T comes. */
	static uint8_t cdb[10] = { 0x2a, [8] = 2 };

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, true);
	raw_ready(&raw, 0);
	uint32_t ordered = raw_command(&raw, 0, RAW_ORDERED, cdb, sizeof(cdb), 1024, 0);

	raw_flush(&raw);
	raw_expect(&raw, &r2t, RAW_R2T, ordered);
	uint32_t write = raw_command_data(&raw, 0, RAW_SIMPLE, write_0, sizeof(write_0), block,
					  512);

	raw_flush(&raw);
	raw_quiet(&raw);
	raw_data_out(&raw, 0, &r2t, outs[0].data);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, ordered);
	raw_expect(&raw, &pdu, RAW_RESPONSE, write);
	assert_int_equal(first_byte(env), 0xbb);
	raw_close(&raw);
}

static void
test_an_abort_of_the_older_command_lets_the_ordered_one_go(void **state)
{
	struct env *env = *state;
	static struct raw_pdu r2t, pdu;
	static struct raw raw;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	uint32_t write = withhold(&raw, 0, write_0, sizeof(write_0), 512, &r2t);
	uint32_t ordered = raw_command(&raw, 0, RAW_ORDERED, tur, sizeof(tur), 0, 0);

	raw_flush(&raw);
	raw_quiet(&raw);
	raw_tmf(&raw, 0, 1, write);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_TMF_RESPONSE, 0);
	assert_int_equal(pdu.bhs[2], 0);
	raw_expect(&raw, &pdu, RAW_RESPONSE, ordered);
	assert_int_equal(raw_status(&pdu), 0);
	raw_close(&raw);
}

/* The data is wrong: the command ends, though the rest of what was asked for is still discarded. */
static void
test_a_fault_of_the_data_lets_the_next_command_go(void **state)
{
	struct env *env = *state;
	static struct raw_pdu r2t, pdu;
	static struct raw raw;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	uint32_t write = withhold(&raw, 0, write_0, sizeof(write_0), 512, &r2t);
	uint32_t ordered = raw_command(&raw, 0, RAW_ORDERED, tur, sizeof(tur), 0, 0);

	raw_flush(&raw);
	raw_quiet(&raw);
	put_be32(r2t.bhs + 44, 256); /* half of what was asked for, with the F bit */
	raw_data_out(&raw, 0, &r2t, outs[0].data);
	raw_flush(&raw);
	for (unsigned i = 0; i < 2; i++) {
		raw_expect(&raw, &pdu, RAW_RESPONSE, 0);
		assert_int_equal(raw_status(&pdu), raw_itt(&pdu) == write ? 0x0b0c0d : 0);
		assert_true(raw_itt(&pdu) == write || raw_itt(&pdu) == ordered);
	}
	raw_close(&raw);
}

static void
test_a_drain_does_not_wait_for_what_waits_for_its_turn(void **state)
{
	struct env *env = *state;
	static struct raw_pdu r2t, pdu;
	static struct raw raw;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	uint32_t write = withhold(&raw, 0, write_0, sizeof(write_0), 512, &r2t);
	uint32_t ordered = raw_command(&raw, 0, RAW_ORDERED, tur, sizeof(tur), 0, 0);

	raw_flush(&raw);
	raw_quiet(&raw);
	hold(env);
	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_commit(env->array);
	raw_expect(&raw, &pdu, RAW_RESPONSE, ordered);
	assert_int_equal(raw_status(&pdu), NO_UNIT);
	raw_data_out(&raw, 0, &r2t, outs[0].data);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, write);
	assert_int_equal(raw_status(&pdu), NO_UNIT);
	resume(env);
	raw_close(&raw);
}

static void
test_a_session_ends_while_commands_wait_for_their_turn(void **state)
{
	struct env *env = *state;
	static struct raw_pdu r2t, pdu;
	static struct raw raw;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	withhold(&raw, 0, write_0, sizeof(write_0), 512, &r2t);
	raw_command(&raw, 0, RAW_ORDERED, tur, sizeof(tur), 0, 0);
	raw_command(&raw, 0, RAW_SIMPLE, write_0, sizeof(write_0), 512, 0);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_R2T, 0);
	raw_close(&raw);
	assert_true(fake_wait_sessions(env->array, 0));
	assert_int_equal(first_byte(env), 0);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_no_command_that_collects_data_outlives_its_path),
		ENV_TEST(test_a_mask_that_shuts_out_ends_what_collects_data),
		ENV_TEST(test_data_that_never_comes_keeps_no_deleted_lun),
		ENV_TEST(test_a_held_path_collects_data_and_executes_it_after_the_resume),
		ENV_TEST(test_ordered_waits_for_an_older_write_whose_data_is_to_come),
		ENV_TEST(test_nothing_overtakes_an_ordered_write_that_collects_data),
		ENV_TEST(test_an_abort_of_the_older_command_lets_the_ordered_one_go),
		ENV_TEST(test_a_fault_of_the_data_lets_the_next_command_go),
		ENV_TEST(test_a_drain_does_not_wait_for_what_waits_for_its_turn),
		ENV_TEST(test_a_session_ends_while_commands_wait_for_their_turn),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("target order", tests, NULL, NULL);
}

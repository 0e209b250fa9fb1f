/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of sessions with ErrorRecoveryLevel 1: the clock by which write data that does not come is
 * requested again, and the buffers that wait for acknowledgments.  What is sent again, and when, is
 * in tests/unit/iscsi/test_recover.c; target/recover.c.
 */
#include "raw.h"
#include "target_test.h"

#include "base/bytes.h"
#include "base/mem.h"

#define KIB   1024u
#define READS 64u

static void
log_in(struct env *env, struct raw *raw, unsigned isid)
{
	struct raw_who who = {
		.host = HOST_1, .target = NAME_A, .isid = isid, .recovery_level = 1
	};

	assert_int_equal(raw_try_login(raw, env->port, &who), 0);
	raw_ready(raw, 0);
}

static void
ask(struct raw *raw)
{
	uint8_t read[10] = { 0x28 };

	put_be16(read + 7, 512);
	raw_command(raw, 0, RAW_SIMPLE, read, sizeof(read), 0, 256 * KIB);
}

/* Takes the answers of so many reads, and acknowledges none. */
static void
take(struct raw *raw, unsigned reads)
{
	static struct raw_pdu pdu;

	for (uint32_t got = 0, ended = 0; ended < reads;) {
		assert_true(raw_receive(raw, &pdu, 10000));
		if (raw_opcode(&pdu) == RAW_DATA_IN) {
			got += pdu.data_len;
			continue;
		}
		assert_int_equal(raw_opcode(&pdu), RAW_RESPONSE);
		assert_int_equal(raw_status(&pdu), 0);
		ended++;
		assert_true(got >= ended * 256 * KIB);
	}
}

/* The data is 16 MiB, and the thread has buffers of 2 MiB; nothing is acknowledged meanwhile. */
static void
test_reads_do_not_wait_for_acknowledgments(void **state)
{
	struct env *env = *state;
	static struct raw raw;

	log_in(env, &raw, 1);
	for (unsigned i = 0; i < READS; i++)
		ask(&raw);
	raw_flush(&raw);
	take(&raw, READS);
	raw_ready(&raw, 0);
	raw_close(&raw);
}

/* What sessions keep is given up for others, before it counts as what a stuck peer has. */
static void
test_buffers_that_are_kept_go_to_those_who_need_them(void **state)
{
	struct env *env = *state;
	static struct raw keepers[4], raw;

	for (unsigned i = 0; i < ARRAY_LEN(keepers); i++) {
		log_in(env, &keepers[i], 1 + i);
		for (unsigned n = 0; n < 2; n++)
			ask(&keepers[i]);
		raw_flush(&keepers[i]);
		take(&keepers[i], 2);
	}
	log_in(env, &raw, 9);
	for (unsigned i = 0; i < READS; i++)
		ask(&raw);
	raw_flush(&raw);
	take(&raw, READS);
	for (unsigned i = 0; i < ARRAY_LEN(keepers); i++) {
		raw_ready(&keepers[i], 0);
		raw_close(&keepers[i]);
	}
	raw_close(&raw);
}

/* The first R2T is not answered: it comes again, and in the end the write is done. */
static void
expect_second_request(struct raw *raw)
{
	static struct raw_pdu first, pdu;
	static uint8_t data[4 * KIB];
	uint8_t write[10] = { 0x2a };

	put_be16(write + 7, sizeof(data) / 512);
	uint32_t itt = raw_command(raw, 0, RAW_SIMPLE, write, sizeof(write), sizeof(data), 0);

	raw_flush(raw);
	raw_expect(raw, &first, RAW_R2T, itt);
	raw_expect(raw, &pdu, RAW_R2T, itt);
	assert_memory_equal(pdu.bhs + 16, first.bhs + 16, 8);  /* the same tags */
	assert_memory_equal(pdu.bhs + 36, first.bhs + 36, 12); /* number, place and length */
	do {
		raw_data_out(raw, 0, &pdu, data);
		raw_flush(raw);
		assert_true(raw_receive(raw, &pdu, 10000));
	} while (raw_opcode(&pdu) == RAW_R2T);
	assert_int_equal(raw_opcode(&pdu), RAW_RESPONSE);
	assert_int_equal(raw_status(&pdu), 0);
}

static void
test_data_that_does_not_come_is_requested_again(void **state)
{
	struct env *env = *state;
	static struct raw raw;

	log_in(env, &raw, 1);
	expect_second_request(&raw);
	raw_ready(&raw, 0);
	raw_close(&raw);
}

/* Its own login did not say which level the session has. */
static void
test_data_is_requested_again_through_a_connection_that_joined(void **state)
{
	struct env *env = *state;
	static struct raw first, second;
	struct raw_who who = {
		.host = HOST_1, .target = NAME_A, .max_connections = 2, .recovery_level = 1
	};

	first.cmd_sn = 1;
	assert_int_equal(raw_try_login(&first, env->port, &who), 0);
	raw_ready(&first, 0);
	who.tsih = first.tsih;
	who.cid = 1;
	second.cmd_sn = first.cmd_sn;
	assert_int_equal(raw_try_login(&second, env->port, &who), 0);
	second.next_itt = 0x1000;
	expect_second_request(&second);
	raw_close(&second);
	raw_close(&first);
}

#define STUCK_TEST(name) cmocka_unit_test_setup_teardown(name, env_setup_stuck, env_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STUCK_TEST(test_reads_do_not_wait_for_acknowledgments),
		STUCK_TEST(test_buffers_that_are_kept_go_to_those_who_need_them),
		STUCK_TEST(test_data_that_does_not_come_is_requested_again),
		STUCK_TEST(test_data_is_requested_again_through_a_connection_that_joined),
	};

	return cmocka_run_group_tests_name("error recovery", tests, NULL, NULL);
}

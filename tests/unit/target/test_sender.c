/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of senders: another thread sends for a session's further connections.  What comes and goes
 * is right also when the peer is slow, or goes away in the midst; and sessions that may not have
 * senders have none.
 */
#include "target_test.h"

#include <string.h>

#include "base/clock.h"
#include "raw.h"

enum { BLOCKS = 96, BYTES = BLOCKS * 512, READS = 40 };
enum { NOP_OUT = 0x00, NOP_IN = 0x20, NO_ITT_TTT = 0xff };

static uint8_t bytes[BYTES];
static struct raw a, b;
static struct raw_pdu pdu;

static unsigned
senders(const struct env *env)
{
	uint64_t unused;

	return target_senders(env->target, &unused);
}

static uint64_t
handed_over(const struct env *env)
{
	uint64_t count;

	target_senders(env->target, &count);
	return count;
}

static void
log_in(struct env *env, unsigned level, int receive_bytes)
{
	struct raw_who who = {
		.host = HOST_1,
		.target = NAME_A,
		.isid = 6,
		.max_connections = 4,
		.recovery_level = level,
		.immediate_data = true,
	};

	a.cmd_sn = 1;
	assert_int_equal(raw_try_login(&a, env->port, &who), 0);
	raw_ready(&a, 0);
	assert_int_equal(senders(env), 0);
	who.tsih = a.tsih;
	who.cid = 1;
	who.receive_bytes = receive_bytes;
	b.cmd_sn = a.cmd_sn;
	assert_int_equal(raw_try_login(&b, env->port, &who), 0);
	b.next_itt = 0x2000;
}

static bool
wait_senders(const struct env *env, unsigned count)
{
	for (uint64_t end_ns = clock_mono_ns() + 10 * NS_PER_S; clock_mono_ns() < end_ns;)
		if (senders(env) == count)
			return true;
	return false;
}

/* The block with this number has its number in each byte. */
static void
fill(unsigned first_block)
{
	for (unsigned i = 0; i < BLOCKS; i++)
		memset(bytes + i * 512, (int)((first_block + i) % 251), 512);
}

static void
ask_for(uint32_t *ret_itt)
{
	static const uint8_t cdb[10] = { 0x28, [8] = BLOCKS };

	*ret_itt = raw_command(&b, 0, RAW_SIMPLE, cdb, sizeof(cdb), 0, BYTES);
	raw_flush(&b);
	a.cmd_sn = b.cmd_sn;
}

/* All data of a read, which comes with its status. */
static void
expect_data(uint32_t itt)
{
	uint32_t have = 0;

	while (have < BYTES) {
		do
			assert_true(raw_receive(&b, &pdu, 10000));
		while (raw_opcode(&pdu) == NOP_IN);
		assert_int_equal(raw_opcode(&pdu), RAW_DATA_IN);
		assert_int_equal(raw_itt(&pdu), itt);
		assert_memory_equal(pdu.data, bytes + have, pdu.data_len);
		have += pdu.data_len;
	}
}

/* Through R2Ts. */
static void
write_all(void)
{
	static const uint8_t cdb[10] = { 0x2a, [8] = BLOCKS };
	uint32_t itt = raw_command(&b, 0, RAW_SIMPLE, cdb, sizeof(cdb), BYTES, 0);

	raw_flush(&b);
	a.cmd_sn = b.cmd_sn;
	while (raw_receive(&b, &pdu, 10000) && raw_opcode(&pdu) != RAW_RESPONSE) {
		if (raw_opcode(&pdu) != RAW_R2T)
			continue;
		raw_data_out(&b, 0, &pdu, bytes);
		raw_flush(&b);
	}
	assert_int_equal(raw_itt(&pdu), itt);
	assert_int_equal(raw_status(&pdu), 0);
}

static void
test_data_comes_and_goes(void **state)
{
	struct env *env = *state;

	log_in(env, 0, 0);
	assert_int_equal(senders(env), 1);
	assert_int_equal(handed_over(env), 0); /* what is little is sent by the session's thread */
	for (unsigned i = 0; i < 20; i++) {
		uint32_t itt;

		fill(i * 7);
		write_all();
		ask_for(&itt);
		expect_data(itt);
	}
	assert_true(handed_over(env) >= 20);
	raw_logout(&b);
	assert_true(fake_wait_sessions(env->array, 0));
	assert_true(wait_senders(env, 0));
	raw_close(&a);
	raw_close(&b);
}

/* The socket takes a little at a time, and the order and the bytes are right. */
static void
test_a_peer_that_reads_late_gets_everything(void **state)
{
	struct env *env = *state;
	uint32_t itts[READS];

	log_in(env, 0, 4096);
	fill(3);
	write_all();
	for (unsigned i = 0; i < READS; i++)
		ask_for(&itts[i]);
	/* the session goes on through its other connection meanwhile */
	raw_ready(&a, 0);
	for (unsigned i = 0; i < READS; i++)
		expect_data(itts[i]);
	raw_close(&a);
	raw_close(&b);
	assert_true(wait_senders(env, 0));
}

/* While the sender waits for room in the socket, and the engine's output refers to buffers. */
static void
test_a_peer_that_goes_away_while_a_send_waits(void **state)
{
	struct env *env = *state;
	uint32_t itt;

	for (unsigned round = 0; round < 5; round++) {
		log_in(env, 0, 4096);
		for (unsigned i = 0; i < READS; i++)
			ask_for(&itt);
		raw_ready(&a, 0);
		raw_close(round % 2 == 0 ? &a : &b); /* and the session with it */
		assert_true(fake_wait_sessions(env->array, 0));
		assert_true(wait_senders(env, 0));
		raw_close(&a);
		raw_close(&b);
	}
}

static void
send_pings(unsigned count)
{
	uint8_t bhs[RAW_BHS] = { 0x40 | NOP_OUT, 0x80 };

	for (unsigned i = 0; i < count; i++) {
		uint32_t itt = b.next_itt++;

		memset(bhs + 20, NO_ITT_TTT, 4);
		for (unsigned k = 0; k < 4; k++) {
			bhs[16 + k] = (uint8_t)(itt >> (24 - 8 * k));
			bhs[24 + k] = (uint8_t)(b.cmd_sn >> (24 - 8 * k));
		}
		memcpy(b.out + b.out_len, bhs, sizeof(bhs));
		b.out_len += sizeof(bhs);
		if (b.out_len + sizeof(bhs) > sizeof(b.out))
			raw_flush(&b);
	}
	raw_flush(&b);
}

/* The answers do not fit, so no more input is wanted; it is again when they were read. */
static void
test_input_waits_while_answers_wait(void **state)
{
	enum { PINGS = 3000 };
	struct env *env = *state;
	uint32_t first;

	log_in(env, 0, 4096);
	first = b.next_itt;
	send_pings(PINGS);
	for (unsigned i = 0; i < PINGS; i++) {
		do
			assert_true(raw_receive(&b, &pdu, 10000));
		while (raw_itt(&pdu) == UINT32_MAX); /* a question of the target's */
		assert_int_equal(raw_opcode(&pdu), NOP_IN);
		assert_int_equal(raw_itt(&pdu), first + i);
	}
	raw_close(&a);
	raw_close(&b);
	assert_true(wait_senders(env, 0));
}

/*
 * A logout takes the output of other connections at once, while another thread might be sending it.
 */
static void
test_sessions_whose_tasks_may_move_have_no_sender(void **state)
{
	struct env *env = *state;

	for (unsigned level = 1; level <= 2; level++) {
		log_in(env, level, 0);
		assert_int_equal(senders(env), level == 1 ? 1 : 0);
		raw_logout(&a);
		assert_true(fake_wait_sessions(env->array, 0));
		assert_true(wait_senders(env, 0));
		raw_close(&a);
		raw_close(&b);
	}
}

static void
test_the_end_of_the_array_stops_senders(void **state)
{
	struct env *env = *state;
	uint32_t itt;

	log_in(env, 0, 4096);
	for (unsigned i = 0; i < READS; i++)
		ask_for(&itt);
	raw_ready(&a, 0);
	target_free(env->target, 10000);
	env->target = NULL;
	raw_close(&a);
	raw_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_data_comes_and_goes),
		ENV_TEST(test_a_peer_that_reads_late_gets_everything),
		ENV_TEST(test_a_peer_that_goes_away_while_a_send_waits),
		ENV_TEST(test_input_waits_while_answers_wait),
		ENV_TEST(test_sessions_whose_tasks_may_move_have_no_sender),
		ENV_TEST(test_the_end_of_the_array_stops_senders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

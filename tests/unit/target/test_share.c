/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what happens when a thread's buffers are short: who waits, and which connection ends.
 * target/conn.c and task.c; who may have how much is in test_buf.c.
 */
#include "raw.h"
#include "target_test.h"

#include <sys/socket.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"

#define KIB 1024u

/* Logs in, asks for so many bytes and reads nothing of them.  Returns the ITT of the command. */
static uint32_t
ask_and_read_nothing(struct env *env, struct raw *raw, unsigned isid, uint32_t bytes)
{
	struct raw_who who = {
		.host = HOST_1, .target = NAME_A, .isid = isid, .receive_bytes = 4 * KIB
	};
	uint8_t cdb[10] = { 0x28 };

	put_be16(cdb + 7, (uint16_t)(bytes / 512));
	assert_int_equal(raw_try_login(raw, env->port, &who), 0);
	raw_ready(raw, 0);
	uint32_t itt = raw_command(raw, 0, RAW_SIMPLE, cdb, sizeof(cdb), 0, bytes);

	raw_flush(raw);
	return itt;
}

/* Reads the data of the one command, all of which comes. */
static void
read_all(struct raw *raw, uint32_t itt, uint32_t bytes)
{
	static struct raw_pdu pdu;

	for (uint32_t got = 0; got < bytes; got += pdu.data_len)
		raw_expect(raw, &pdu, RAW_DATA_IN, itt);
}

/* Reads until the connection ends, which may be within a PDU.  Returns how many bytes came. */
static size_t
bytes_until_the_end(struct raw *raw)
{
	static uint8_t buf[64 * KIB];
	size_t got = 0;

	for (ssize_t n; (n = recv(raw->fd, buf, sizeof(buf), 0)) > 0;)
		got += (size_t)n;
	return got;
}

/* The one that holds most is ended, and the other, which logged in and got stuck first, goes on. */
static void
test_the_stuck_connection_that_holds_most_is_ended(void **state)
{
	struct env *env = *state;
	static struct raw small, big;
	static uint8_t buf[256 * KIB];
	struct iscsi_context *good = host_ready(env, HOST_2, NAME_A, 3);
	uint32_t small_itt = ask_and_read_nothing(env, &small, 1, 512 * KIB);

	ask_and_read_nothing(env, &big, 2, 1024 * KIB);
	/* as long as nobody asks for buffers, nobody is ended */
	assert_true(host_serve_for(good, 2 * ENV_STUCK_MS));
	assert_int_equal(fake_sessions(env->array), 3);
	/* now both are; the reads have their buffers, and there are enough when one has ended */
	for (uint64_t end_ns = clock_mono_ns() + 10 * NS_PER_S;
	     fake_sessions(env->array) > 2 && clock_mono_ns() < end_ns;)
		assert_int_equal(host_read(good, 0, 0, buf, sizeof(buf)), 0);
	assert_true(fake_wait_sessions(env->array, 2));
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(host_read(good, 0, 0, buf, sizeof(buf)), 0);
	read_all(&small, small_itt, 512 * KIB);
	assert_true(bytes_until_the_end(&big) < 1024 * KIB);
	raw_ready(&small, 0);
	raw_close(&small);
	raw_close(&big);
	host_logout(good);
}

/*
 * Reads for which the connection has no buffers yet wait until those before them were taken: no
 * initiator that takes its data is refused because it asks for much at once.
 */
static void
test_reads_beyond_the_share_wait(void **state)
{
	struct env *env = *state;
	enum { READS = 64 };
	static struct raw raw;
	static struct raw_pdu pdu;
	unsigned ended = 0;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	for (unsigned i = 0; i < READS; i++) {
		uint8_t read[10] = { 0x28 };

		put_be16(read + 7, 512);
		raw_command(&raw, 0, RAW_SIMPLE, read, sizeof(read), 0, 256 * KIB);
	}
	raw_flush(&raw);
	for (uint32_t got = 0; ended < READS;) {
		assert_true(raw_receive(&raw, &pdu, 10000));
		assert_int_equal(raw_opcode(&pdu), RAW_DATA_IN);
		got += pdu.data_len;
		if ((pdu.bhs[1] & 0x01) != 0) { /* with the status */
			assert_int_equal(pdu.bhs[3], 0);
			ended++;
			assert_true(got >= ended * 256 * KIB);
		}
	}
	raw_ready(&raw, 0);
	raw_close(&raw);
}

#define STUCK_TEST(name) cmocka_unit_test_setup_teardown(name, env_setup_stuck, env_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STUCK_TEST(test_the_stuck_connection_that_holds_most_is_ended),
		STUCK_TEST(test_reads_beyond_the_share_wait),
	};

	return cmocka_run_group_tests_name("shares of buffers", tests, NULL, NULL);
}

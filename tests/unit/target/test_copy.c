/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What becomes of an EXTENDED COPY, or a WRITE USING TOKEN, that is under way when its task is
 * aborted, one of its units is reset, drained or taken away, its session ends, or the data path
 * stops.
 */
#include "target_test.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "raw.h"
#include "target/target_int.h"

/* RFC 7143 §11.5.1 */
enum {
	TMF_ABORT_TASK = 1,
	TMF_LU_RESET = 5,
};

#define BUSY             0x08u
#define COPY_UNREACHABLE 0x0a0d02u
#define UNIT_RESET       0x062903u
#define CHUNK_BLOCKS     2048u
#define CHUNKS           4u

static const uint8_t tur[6];

/* ---- The environment ---- */

/* LUN 0 is full of AAh, LUN 1 is empty, and the initiator sees both. */
static struct guid
two_luns(struct env *env, struct raw *raw)
{
	struct guid other = env_add_lun(env, 1, "*");
	static uint8_t block[512];
	static struct raw_pdu pdu;
	uint8_t write_same[16] = { 0x93, [12] = CHUNKS * CHUNK_BLOCKS >> 8 };

	fake_associate(env->array, &other, &env->target_a, 1);
	fake_commit(env->array);
	raw_login(raw, env->port, HOST_1, NAME_A, 1, true);
	raw_ready(raw, 0);
	raw_ready(raw, 1);
	memset(block, 0xaa, sizeof(block));
	raw_command_data(raw, 0, RAW_SIMPLE, write_same, sizeof(write_same), block, sizeof(block));
	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_RESPONSE, 0);
	assert_int_equal(raw_status(&pdu), 0);
	return other;
}

static unsigned
send_and_wait(struct raw *raw, unsigned lun, const uint8_t *cdb, size_t cdb_len, const void *out)
{
	static struct raw_pdu pdu;
	uint32_t itt = out != NULL ? raw_command_data(raw, lun, RAW_SIMPLE, cdb, cdb_len, out, 512)
				   : raw_command(raw, lun, RAW_SIMPLE, cdb, cdb_len, 0, 0);

	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_RESPONSE, itt);
	return raw_status(&pdu);
}

/* Whatever was sent before has begun when this is answered. */
static void
expect_ready(struct raw *raw, unsigned lun)
{
	assert_int_equal(send_and_wait(raw, lun, tur, sizeof(tur), NULL), 0);
}

static unsigned
write_last_block(struct raw *raw, unsigned lun)
{
	static uint8_t block[512] = { 0xbb };
	const uint8_t cdb[10] = { 0x2a, [4] = 0x3f, [5] = 0xff, [8] = 1 };

	return send_and_wait(raw, lun, cdb, sizeof(cdb), block);
}

/* Returns the first byte of a chunk of LUN 1. */
static uint8_t
copied(struct raw *raw, unsigned chunk)
{
	static struct raw_pdu pdu;
	uint8_t cdb[10] = { 0x28, [4] = (uint8_t)(chunk * CHUNK_BLOCKS >> 8), [8] = 1 };
	uint32_t itt = raw_command(raw, 1, RAW_SIMPLE, cdb, sizeof(cdb), 0, 512);

	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_DATA_IN, itt);
	return pdu.data[0];
}

static void
put_cscd(struct env *env, uint8_t *p, const struct guid *lun)
{
	struct scsi_identity id;

	target_unit_identity(&id, state_find(fake_state(env->array), ROW_LUN, lun));
	p[0] = 0xe4;
	p[4] = 0x01;
	p[5] = 0x03;
	p[7] = 8;
	memcpy(p + 8, id.naa, 8);
	p[30] = 512 >> 8;
}

/* Appends a copy of all chunks of LUN 0 to LUN 1, which is sent to LUN 0.  Returns its ITT. */
static uint32_t
copy(struct env *env, struct raw *raw, const struct guid *other)
{
	uint8_t list[16 + 64 + 28] = { 0, 0x18, [3] = 64, [11] = 28 }, *segment = list + 80;
	const uint8_t cdb[16] = { 0x83, [13] = sizeof(list) };

	put_cscd(env, list + 16, &env->lun);
	put_cscd(env, list + 48, other);
	segment[0] = 0x02;
	segment[3] = 24;
	segment[7] = 1;
	segment[10] = CHUNKS * CHUNK_BLOCKS >> 8;
	return raw_command_data(raw, 0, RAW_SIMPLE, cdb, sizeof(cdb), list, sizeof(list));
}

/*
 * Begins the same copy in another way: LUN 0 makes a token of all chunks, and LUN 1, to which the
 * command is sent, is written with it.  Returns its ITT.
 */
static uint32_t
copy_by_token(struct raw *raw)
{
	static struct raw_pdu pdu;
	const uint8_t populate[16] = { 0x83, 0x10, [9] = 1, [13] = 32 };
	const uint8_t receive[16] = { 0x84, 0x07, [5] = 1, [12] = 0x04 };
	const uint8_t write[16] = { 0x83, 0x11, [9] = 1, [12] = 552 >> 8, [13] = 552 & 0xff };
	uint8_t ranges[32] = { 0, 30, [15] = 16 }, list[552] = { 550 >> 8, 550 & 0xff, [535] = 16 };
	uint32_t itt;

	put_be32(ranges + 24, CHUNKS * CHUNK_BLOCKS);
	memcpy(list + 536, ranges + 16, 16);
	itt = raw_command_data(raw, 0, RAW_SIMPLE, populate, 16, ranges, sizeof(ranges));
	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), 0);
	itt = raw_command(raw, 0, RAW_SIMPLE, receive, 16, 0, 1024);
	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_DATA_IN, itt);
	assert_int_equal(get_be32(pdu.data + 32), 514);
	memcpy(list + 16, pdu.data + 38, 512);
	return raw_command_data(raw, 1, RAW_SIMPLE, write, 16, list, sizeof(list));
}

/* A copy with a token, whose first chunk is being read. */
static uint32_t
hang_by_token(struct env *env, struct raw *raw)
{
	env_inject(env, "lun0.read", "hold");
	uint32_t itt = copy_by_token(raw);

	raw_flush(raw);
	expect_ready(raw, 1);
	return itt;
}

/* A copy whose first chunk is being read. */
static uint32_t
hang(struct env *env, struct raw *raw, const struct guid *other)
{
	env_inject(env, "lun0.read", "hold");
	uint32_t itt = copy(env, raw, other);

	raw_flush(raw);
	expect_ready(raw, 0);
	return itt;
}

static void
expect_tmf(struct raw *raw, uint32_t itt)
{
	static struct raw_pdu pdu;

	raw_expect(raw, &pdu, RAW_TMF_RESPONSE, itt);
	assert_int_equal(pdu.bhs[2], 0);
}

static void
expect_aborted_copy(struct raw *raw, uint32_t itt)
{
	static struct raw_pdu pdu;

	raw_expect(raw, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), COPY_UNREACHABLE);
}

/* Both units are as before, and nothing was copied. */
static void
expect_nothing(struct raw *raw)
{
	unsigned status;

	for (unsigned lun = 0; lun < 2; lun++) {
		while ((status = write_last_block(raw, lun)) == BUSY)
			continue;
		assert_int_equal(status, 0);
	}
	for (unsigned i = 0; i < CHUNKS; i++)
		assert_int_equal(copied(raw, i), 0);
}

/* ---- Abort ---- */

/* The store ends each I/O at once, and still the copy does not keep the thread. */
static void
test_a_copy_is_aborted_between_two_chunks(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	struct guid other = two_luns(env, &raw);
	uint32_t tmf = raw_tmf(&raw, 0, TMF_ABORT_TASK, copy(env, &raw, &other));

	raw_flush(&raw);
	expect_tmf(&raw, tmf);
	expect_ready(&raw, 0);
	assert_int_equal(copied(&raw, 0), 0xaa);
	assert_int_equal(copied(&raw, CHUNKS - 1), 0);
	raw_close(&raw);
}

static void
test_a_copy_is_aborted_when_its_chunk_is_back(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	struct guid other = two_luns(env, &raw);
	uint32_t tmf = raw_tmf(&raw, 0, TMF_ABORT_TASK, hang(env, &raw, &other));

	raw_flush(&raw);
	raw_quiet(&raw);
	env_lift(env, "lun0.read");
	expect_tmf(&raw, tmf);
	expect_nothing(&raw);
	raw_close(&raw);
}

/* Copies whose chunks do not come back: both units are BUSY, and hang, until the last is back. */
static void
test_copies_that_hang_are_given_up(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	struct guid other = two_luns(env, &raw);
	uint32_t copies[] = { hang(env, &raw, &other), copy(env, &raw, &other) }, tmfs[2];

	for (unsigned i = 0; i < 2; i++)
		tmfs[i] = raw_tmf(&raw, 0, TMF_ABORT_TASK, copies[i]);
	raw_flush(&raw);
	for (unsigned i = 0; i < 2; i++)
		expect_tmf(&raw, tmfs[i]);
	assert_true(fake_wait_hangs(env->array, 2));
	assert_int_equal(write_last_block(&raw, 0), BUSY);
	assert_int_equal(write_last_block(&raw, 1), BUSY);
	env_lift(env, "lun0.read");
	expect_nothing(&raw);
	assert_true(fake_wait_hangs(env->array, 0));
	raw_close(&raw);
}

/* ---- Reset ---- */

static void
test_a_reset_of_the_source_aborts_the_copy(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	struct guid other = two_luns(env, &raw);

	hang(env, &raw, &other);
	uint32_t tmf = raw_tmf(&raw, 0, TMF_LU_RESET, 0xffffffff);

	raw_flush(&raw);
	raw_quiet(&raw);
	env_lift(env, "lun0.read");
	expect_tmf(&raw, tmf);
	assert_int_equal(send_and_wait(&raw, 0, tur, sizeof(tur), NULL), UNIT_RESET);
	expect_nothing(&raw);
	raw_close(&raw);
}

/* By another initiator, whose writes must not be overtaken by the copy. */
static void
test_a_reset_of_the_destination_ends_the_copy(void **state)
{
	struct env *env = *state;
	static struct raw raw, by;
	struct guid other = two_luns(env, &raw);
	uint32_t itt = hang(env, &raw, &other);

	raw_login(&by, env->port, HOST_2, NAME_A, 2, true);
	raw_ready(&by, 1);
	uint32_t tmf = raw_tmf(&by, 1, TMF_LU_RESET, 0xffffffff);

	raw_flush(&by);
	expect_tmf(&by, tmf);
	raw_ready(&by, 1);
	assert_int_equal(write_last_block(&by, 1), BUSY);
	env_lift(env, "lun0.read");
	expect_aborted_copy(&raw, itt);
	assert_int_equal(send_and_wait(&raw, 1, tur, sizeof(tur), NULL), UNIT_RESET);
	expect_nothing(&raw);
	raw_close(&raw);
	raw_close(&by);
}

/* A unit that was reset, and has a fence for that, is known to hang when the copy is given up. */
static void
test_a_copy_that_was_stopped_is_given_up(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	struct guid other = two_luns(env, &raw);
	uint32_t itt = hang(env, &raw, &other), tmf = raw_tmf(&raw, 1, TMF_LU_RESET, 0xffffffff);

	raw_flush(&raw);
	expect_tmf(&raw, tmf);
	tmf = raw_tmf(&raw, 0, TMF_ABORT_TASK, itt);
	raw_flush(&raw);
	expect_tmf(&raw, tmf);
	assert_true(fake_wait_hangs(env->array, 2));
	env_lift(env, "lun0.read");
	raw_ready(&raw, 1);
	expect_nothing(&raw);
	assert_true(fake_wait_hangs(env->array, 0));
	raw_close(&raw);
}

/* ---- Drains ---- */

struct drain {
	struct env *env;
	struct array_mapping mapping;
	uint32_t timeout_ms;
	void *handle;
	int rc;
	pthread_t thread;
};

static void *
drain_run(void *arg)
{
	struct drain *drain = arg;
	struct array *array = drain->env->array;

	drain->rc = fake_ops(array)->quiesce(fake_runtime(array), &drain->mapping, 1,
					     drain->timeout_ms, &drain->handle);
	return NULL;
}

/* The LUN's one path waits for nothing else when this returns. */
static void
drain_begin(struct drain *drain, struct env *env, const struct guid *lun, struct raw *raw)
{
	uint64_t before = target_publish_steps(env->target);
	static struct raw_pdu pdu;

	*drain = (struct drain){ .env = env, .mapping.lun_id = *lun, .timeout_ms = 10000 };
	assert_int_equal(pthread_create(&drain->thread, NULL, drain_run, drain), 0);
	while (target_publish_steps(env->target) == before)
		assert_false(raw_receive(raw, &pdu, 1));
}

/* The chunk is written, or not; the rest is not copied, and the drain does not wait for it. */
static void
drain_ends_copy(struct env *env, bool of_source)
{
	static struct raw raw;
	struct guid other = two_luns(env, &raw);
	uint32_t itt = hang(env, &raw, &other);
	struct drain drain;

	drain_begin(&drain, env, of_source ? &env->lun : &other, &raw);
	expect_ready(&raw, of_source ? 1 : 0);
	env_lift(env, "lun0.read");
	expect_aborted_copy(&raw, itt);
	assert_int_equal(pthread_join(drain.thread, NULL), 0);
	assert_int_equal(drain.rc, 0);
	fake_ops(env->array)->resume(fake_runtime(env->array), drain.handle);
	expect_nothing(&raw);
	raw_close(&raw);
}

static void
test_a_drain_of_the_source_ends_the_copy(void **state)
{
	drain_ends_copy(*state, true);
}

static void
test_a_drain_of_the_destination_ends_the_copy(void **state)
{
	drain_ends_copy(*state, false);
}

/* Nothing was drained, so nothing has changed: the copy goes on. */
static void
test_a_copy_goes_on_after_a_drain_in_vain(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	static struct raw_pdu pdu;
	struct guid other = two_luns(env, &raw);
	uint32_t itt = hang(env, &raw, &other);
	struct drain drain = { .env = env, .mapping.lun_id = other, .timeout_ms = 20 };

	drain_run(&drain);
	assert_int_equal(drain.rc, ERR_TIMEOUT);
	env_lift(env, "lun0.read");
	raw_expect(&raw, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), 0);
	for (unsigned i = 0; i < CHUNKS; i++)
		assert_int_equal(copied(&raw, i), 0xaa);
	raw_close(&raw);
}

/* As when a LUN is deleted by force: the path has gone while the chunk is in the store. */
static void
path_goes(struct env *env, bool of_source)
{
	static struct raw raw;
	struct guid other = two_luns(env, &raw);
	uint32_t itt = hang(env, &raw, &other);

	fake_dissociate(env->array, of_source ? &env->lun : &other, &env->target_a);
	fake_commit(env->array);
	env_lift(env, "lun0.read");
	expect_aborted_copy(&raw, itt);
	raw_ready(&raw, of_source ? 1 : 0);
	for (unsigned i = 0; of_source && i < CHUNKS; i++)
		assert_int_equal(copied(&raw, i), 0);
	raw_close(&raw);
}

static void
test_a_copy_ends_when_its_source_has_gone(void **state)
{
	path_goes(*state, true);
}

static void
test_a_copy_ends_when_its_destination_has_gone(void **state)
{
	path_goes(*state, false);
}

/* ---- The end of the session, and of the data path ---- */

static void
test_a_session_that_was_lost_takes_its_copy_along(void **state)
{
	struct env *env = *state;
	static struct raw raw, again;
	struct guid other = two_luns(env, &raw);

	hang(env, &raw, &other);
	raw_close(&raw);
	assert_true(fake_wait_sessions(env->array, 0));
	raw_login(&again, env->port, HOST_1, NAME_A, 1, true);
	raw_ready(&again, 0);
	raw_ready(&again, 1);
	assert_int_equal(write_last_block(&again, 1), BUSY);
	env_lift(env, "lun0.read");
	expect_nothing(&again);
	raw_close(&again);
}

/* env_teardown stops the data path, and finds what was not given back. */
static void
test_the_data_path_stops_while_a_copy_runs(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	struct guid other = two_luns(env, &raw);

	hang(env, &raw, &other);
	raw_close(&raw);
	env_lift(env, "lun0.read");
}

/* ---- Copies with a token: the unit that has it is the one that the command does not name ---- */

static void
test_a_token_copies_between_the_units(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	static struct raw_pdu pdu;
	(void)two_luns(env, &raw);
	uint32_t itt = copy_by_token(&raw);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), 0);
	for (unsigned i = 0; i < CHUNKS; i++)
		assert_int_equal(copied(&raw, i), 0xaa);
	raw_close(&raw);
}

static void
test_a_copy_with_a_token_is_aborted_when_its_chunk_is_back(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	(void)two_luns(env, &raw);
	uint32_t tmf = raw_tmf(&raw, 1, TMF_ABORT_TASK, hang_by_token(env, &raw));

	raw_flush(&raw);
	raw_quiet(&raw);
	env_lift(env, "lun0.read");
	expect_tmf(&raw, tmf);
	expect_nothing(&raw);
	raw_close(&raw);
}

static void
test_a_reset_of_its_source_ends_a_copy_with_a_token(void **state)
{
	struct env *env = *state;
	static struct raw raw, by;
	(void)two_luns(env, &raw);
	uint32_t itt = hang_by_token(env, &raw);

	raw_login(&by, env->port, HOST_2, NAME_A, 2, true);
	raw_ready(&by, 0);
	uint32_t tmf = raw_tmf(&by, 0, TMF_LU_RESET, 0xffffffff);

	raw_flush(&by);
	expect_tmf(&by, tmf);
	env_lift(env, "lun0.read");
	expect_aborted_copy(&raw, itt);
	assert_int_equal(send_and_wait(&raw, 0, tur, sizeof(tur), NULL), UNIT_RESET);
	expect_nothing(&raw);
	raw_close(&raw);
	raw_close(&by);
}

static void
test_a_drain_of_its_source_ends_a_copy_with_a_token(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	(void)two_luns(env, &raw);
	uint32_t itt = hang_by_token(env, &raw);
	struct drain drain;

	drain_begin(&drain, env, &env->lun, &raw);
	expect_ready(&raw, 1);
	env_lift(env, "lun0.read");
	expect_aborted_copy(&raw, itt);
	assert_int_equal(pthread_join(drain.thread, NULL), 0);
	assert_int_equal(drain.rc, 0);
	fake_ops(env->array)->resume(fake_runtime(env->array), drain.handle);
	expect_nothing(&raw);
	raw_close(&raw);
}

static void
test_a_copy_with_a_token_ends_when_its_source_has_gone(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	(void)two_luns(env, &raw);
	uint32_t itt = hang_by_token(env, &raw);

	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_commit(env->array);
	env_lift(env, "lun0.read");
	expect_aborted_copy(&raw, itt);
	raw_ready(&raw, 1);
	for (unsigned i = 0; i < CHUNKS; i++)
		assert_int_equal(copied(&raw, i), 0);
	raw_close(&raw);
}

static void
test_a_session_that_was_lost_takes_its_copy_with_a_token_along(void **state)
{
	struct env *env = *state;
	static struct raw raw, again;
	(void)two_luns(env, &raw);

	hang_by_token(env, &raw);
	raw_close(&raw);
	assert_true(fake_wait_sessions(env->array, 0));
	raw_login(&again, env->port, HOST_1, NAME_A, 1, true);
	raw_ready(&again, 0);
	raw_ready(&again, 1);
	assert_int_equal(write_last_block(&again, 1), BUSY);
	env_lift(env, "lun0.read");
	expect_nothing(&again);
	raw_close(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_a_copy_is_aborted_between_two_chunks),
		ENV_TEST(test_a_copy_is_aborted_when_its_chunk_is_back),
		ENV_TEST(test_copies_that_hang_are_given_up),
		ENV_TEST(test_a_reset_of_the_source_aborts_the_copy),
		ENV_TEST(test_a_reset_of_the_destination_ends_the_copy),
		ENV_TEST(test_a_copy_that_was_stopped_is_given_up),
		ENV_TEST(test_a_drain_of_the_source_ends_the_copy),
		ENV_TEST(test_a_drain_of_the_destination_ends_the_copy),
		ENV_TEST(test_a_copy_goes_on_after_a_drain_in_vain),
		ENV_TEST(test_a_copy_ends_when_its_source_has_gone),
		ENV_TEST(test_a_copy_ends_when_its_destination_has_gone),
		ENV_TEST(test_a_session_that_was_lost_takes_its_copy_along),
		ENV_TEST(test_the_data_path_stops_while_a_copy_runs),
		ENV_TEST(test_a_token_copies_between_the_units),
		ENV_TEST(test_a_copy_with_a_token_is_aborted_when_its_chunk_is_back),
		ENV_TEST(test_a_reset_of_its_source_ends_a_copy_with_a_token),
		ENV_TEST(test_a_drain_of_its_source_ends_a_copy_with_a_token),
		ENV_TEST(test_a_copy_with_a_token_ends_when_its_source_has_gone),
		ENV_TEST(test_a_session_that_was_lost_takes_its_copy_with_a_token_along),
	};

	return cmocka_run_group_tests_name("target copy", tests, NULL, NULL);
}

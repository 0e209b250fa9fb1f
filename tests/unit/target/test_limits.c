/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands that wait for limits: nothing but them waits, everything that ends commands ends them
 * too, and they go on when their time comes or the limits change.  The limits are so low that a
 * command that waits does so for longer than a test takes; the rates themselves are tested in
 * test_limit.c.
 */
#include "target_test.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "raw.h"

#define TASK_SET_FULL 0x28u
#define WAITING       30u
#define LOW           "bandwidth=1" /* a read of one block takes the bytes of 512 s */
#define WAIT_MS       10000
#define REFUSED_FROM  64u /* of those that come while as many wait: LIMITED_TASKS_MAX */

static const uint8_t tur[6],
	inquiry[6] = { 0x12, [4] = 36 }, read_0[10] = { 0x28, [8] = 1 },
	write_0[10] = { 0x2a, [8] = 1 }, write_8[10] = { 0x2a, [5] = 8, [8] = 1 },
	read_8[10] = { 0x28, [5] = 8, [8] = 1 }, read_keys[10] = { 0x5e, [8] = 8 },
	mode_sense[6] = { 0x1a, [2] = 8, [4] = 64 };

static void
qos(struct env *env, enum row_family family, const struct guid *id, const char *text)
{
	fake_qos(env->array, family, id, text);
	fake_commit(env->array);
}

/* A second LUN at number 1 of target a, which a fresh session sees. */
static struct guid
second_lun(struct env *env)
{
	struct guid lun = env_add_lun(env, 1, "*");

	fake_associate(env->array, &lun, &env->target_a, 1);
	fake_commit(env->array);
	return lun;
}

static void
login(struct env *env, struct raw *raw, const char *target, unsigned isid)
{
	memset(raw, 0, sizeof(*raw));
	raw_login(raw, env->port, HOST_1, target, isid, true);
}

/* Appends reads of one block.  Returns the ITT of the first; those that follow count up from it. */
static uint32_t
reads(struct raw *raw, unsigned lun, unsigned count)
{
	uint32_t first = raw_command(raw, lun, RAW_SIMPLE, read_0, sizeof(read_0), 0, 512);

	for (unsigned i = 1; i < count; i++)
		assert_int_equal(raw_command(raw, lun, RAW_SIMPLE, read_0, sizeof(read_0), 0, 512),
				 first + i);
	return first;
}

/*
 * Sends reads, the first of which is answered, while the others wait: WAITING of them.  Returns the
 * ITT of the first that waits.
 */
static uint32_t
fill(struct raw *raw, unsigned lun)
{
	static struct raw_pdu pdu;
	uint32_t first = reads(raw, lun, 1 + WAITING);

	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_DATA_IN, first);
	return first + 1;
}

/* Receives the answers of so many reads, in any order. */
static void
expect_reads(struct raw *raw, uint32_t first, unsigned count)
{
	static struct raw_pdu pdu;
	uint64_t seen = 0;

	for (unsigned i = 0; i < count; i++) {
		assert_true(raw_receive(raw, &pdu, WAIT_MS));
		assert_int_equal(raw_opcode(&pdu), RAW_DATA_IN);
		assert_in_range(raw_itt(&pdu), first, first + count - 1);
		seen |= UINT64_C(1) << (raw_itt(&pdu) - first);
	}
	assert_int_equal(__builtin_popcountll(seen), count);
}

static void
seen_lun(void *arg, const struct guid *id, const struct array_lun_counters *counters)
{
	struct array_lun_counters *sum = arg;

	(void)id;
	sum->limited_commands += counters->limited_commands;
	sum->limited_ns += counters->limited_ns;
}

static void
seen_host(void *arg, const struct array_host_counters *counters)
{
	struct array_host_counters *sum = arg;

	if (guid_is_zero(&counters->id))
		return;
	sum->limited_commands += counters->limited_commands;
	sum->limited_ns += counters->limited_ns;
}

static void
leave(struct env *env, struct raw *raw)
{
	raw_close(raw);
	assert_true(fake_wait_sessions(env->array, 0));
}

/* ---- who waits ---- */

static void
test_commands_wait_and_are_counted(void **state)
{
	struct env *env = *state;
	struct array_lun_counters sum = { 0 };
	const struct array_sampler sampler = { .lun = seen_lun, .arg = &sum };
	static struct raw raw;

	qos(env, ROW_LUN, &env->lun, LOW);
	login(env, &raw, NAME_A, 1);
	raw_ready(&raw, 0);
	uint32_t first = fill(&raw, 0);

	qos(env, ROW_LUN, &env->lun, "iops=1000");
	expect_reads(&raw, first, WAITING);
	assert_int_equal(fake_ops(env->array)->sample(fake_runtime(env->array), &sampler), 0);
	assert_int_equal(sum.limited_commands, WAITING);
	assert_true(sum.limited_ns > 0);
	leave(env, &raw);
}

/*
 * While reads of the LUN wait, whatever is no read or write of it is answered at once.
 */
static void
test_nothing_else_waits(void **state)
{
	static const struct {
		const uint8_t *cdb;
		size_t len;
		uint32_t in_len;
		unsigned lun;
	} others[] = {
		{ tur, sizeof(tur), 0, 0 },
		{ inquiry, sizeof(inquiry), 36, 0 },
		{ read_keys, sizeof(read_keys), 8, 0 },
		{ mode_sense, sizeof(mode_sense), 64, 0 },
		{ read_0, sizeof(read_0), 512, 1 },
	};
	struct env *env = *state;
	static struct raw raw;
	static struct raw_pdu pdu;

	second_lun(env);
	qos(env, ROW_LUN, &env->lun, LOW);
	login(env, &raw, NAME_A, 1);
	raw_ready(&raw, 0);
	raw_ready(&raw, 1);
	fill(&raw, 0);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		uint32_t itt = raw_command(&raw, others[i].lun, RAW_SIMPLE, others[i].cdb,
					   others[i].len, 0, others[i].in_len);

		raw_flush(&raw);
		assert_true(raw_receive(&raw, &pdu, WAIT_MS));
		assert_int_equal(raw_itt(&pdu), itt);
		assert_true(raw_opcode(&pdu) == RAW_DATA_IN || raw_status(&pdu) == 0);
	}
	leave(env, &raw);
}

/* A LUN has at most a half of its session's commands waiting. */
static void
test_too_many_are_refused(void **state)
{
	struct env *env = *state;
	unsigned refused = 0;
	static struct raw raw;
	static struct raw_pdu pdu;

	qos(env, ROW_LUN, &env->lun, LOW);
	login(env, &raw, NAME_A, 1);
	raw_ready(&raw, 0);
	uint32_t first = reads(&raw, 0, 100), last = raw_command(&raw, 0, RAW_SIMPLE, tur, 6, 0, 0);

	raw_flush(&raw);
	do {
		assert_true(raw_receive(&raw, &pdu, WAIT_MS));
		if (raw_opcode(&pdu) == RAW_RESPONSE && raw_itt(&pdu) != last) {
			assert_int_equal(raw_status(&pdu), TASK_SET_FULL);
			refused++;
		}
	} while (raw_itt(&pdu) != last);
	assert_int_equal(refused, 100 - 1 - REFUSED_FROM);
	qos(env, ROW_LUN, &env->lun, "");
	expect_reads(&raw, first + 1, REFUSED_FROM);
	leave(env, &raw);
}

static void
test_written_data_is_kept_while_it_waits(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	static struct raw_pdu pdu;
	static uint8_t block[512];
	uint32_t itts[3];

	qos(env, ROW_LUN, &env->lun, "bandwidth=1024");
	login(env, &raw, NAME_A, 1);
	raw_ready(&raw, 0);
	memset(block, 0xaa, sizeof(block));
	itts[0] = raw_command_data(&raw, 0, RAW_SIMPLE, write_0, sizeof(write_0), block, 512);
	memset(block, 0xbb, sizeof(block));
	itts[1] = raw_command_data(&raw, 0, RAW_SIMPLE, write_8, sizeof(write_8), block, 512);
	itts[2] = raw_command(&raw, 0, RAW_ORDERED, read_8, sizeof(read_8), 0, 512);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, itts[0]);
	raw_expect(&raw, &pdu, RAW_RESPONSE, itts[1]);
	assert_int_equal(raw_status(&pdu), 0);
	raw_expect(&raw, &pdu, RAW_DATA_IN, itts[2]);
	assert_memory_equal(pdu.data, block, sizeof(block));
	leave(env, &raw);
}

/* ---- hosts and pools ---- */

static void
test_a_host_waits_on_all_its_sessions(void **state)
{
	struct env *env = *state;
	const struct guid host = fake_id(50), initiator = fake_id(51);
	struct array_host_counters sum = { 0 };
	const struct array_sampler sampler = { .host = seen_host, .arg = &sum };
	static struct raw a, b;

	fake_host(env->array, &host, "");
	fake_initiator(env->array, &initiator, &host, HOST_1);
	fake_commit(env->array);
	qos(env, ROW_HOST, &host, LOW);
	login(env, &a, NAME_A, 1);
	login(env, &b, NAME_B, 1);
	raw_ready(&a, 0);
	raw_ready(&b, 5);
	uint32_t on_a = fill(&a, 0), on_b = reads(&b, 5, WAITING);

	raw_flush(&b);
	raw_ready(&b, 5); /* it is answered, though reads wait */
	qos(env, ROW_HOST, &host, "iops=100000");
	expect_reads(&a, on_a, WAITING);
	expect_reads(&b, on_b, WAITING);
	assert_int_equal(fake_ops(env->array)->sample(fake_runtime(env->array), &sampler), 0);
	assert_int_equal(sum.limited_commands, 2 * WAITING);
	/* an initiator that leaves its host leaves its limits */
	qos(env, ROW_HOST, &host, LOW);
	on_a = fill(&a, 0);
	fake_delete(env->array, ROW_INITIATOR, &initiator);
	fake_commit(env->array);
	expect_reads(&a, on_a, WAITING);
	raw_close(&b);
	leave(env, &a);
}

static void
test_a_lun_with_a_minimum_overtakes(void **state)
{
	struct env *env = *state;
	const struct guid pool = fake_id(60);
	struct guid other = second_lun(env);
	static struct raw raw;

	fake_pool(env->array, &pool);
	fake_lun_pool(env->array, &env->lun, &pool);
	fake_lun_pool(env->array, &other, &pool);
	fake_commit(env->array);
	qos(env, ROW_POOL, &pool, LOW);
	login(env, &raw, NAME_A, 1);
	raw_ready(&raw, 0);
	raw_ready(&raw, 1);
	uint32_t waiting = fill(&raw, 1);

	qos(env, ROW_LUN, &env->lun, "min_bandwidth=1000000000");
	uint32_t kept = reads(&raw, 0, WAITING);

	raw_flush(&raw);
	expect_reads(&raw, kept, WAITING);
	qos(env, ROW_POOL, &pool, "");
	expect_reads(&raw, waiting, WAITING);
	leave(env, &raw);
}

/* ---- what ends commands that wait ---- */

static void
test_task_management_ends_what_waits(void **state)
{
	static const unsigned functions[] = { 1, 2, 4, 5, 6 }; /* RFC 7143 §11.5.1 */
	struct env *env = *state;
	static struct raw raw;
	static struct raw_pdu pdu;

	qos(env, ROW_LUN, &env->lun, "iops=1");
	for (size_t f = 0; f < ARRAY_LEN(functions); f++) {
		login(env, &raw, NAME_A, 1);
		raw_ready(&raw, 0);
		uint32_t first = reads(&raw, 0, WAITING), tmf, itt;

		raw_flush(&raw);
		for (unsigned i = 0; i < (functions[f] == 1 ? WAITING - 1 : 1); i++) {
			tmf = raw_tmf(&raw, 0, functions[f],
				      functions[f] == 1 ? first + 1 + i : 0xffffffff);
			raw_flush(&raw);
			do /* of the reads one may be answered, or two */
				assert_true(raw_receive(&raw, &pdu, WAIT_MS));
			while (raw_itt(&pdu) != tmf);
			assert_int_equal(raw_opcode(&pdu), RAW_TMF_RESPONSE);
		}
		raw_ready(&raw, 0);
		/* they have given back what they took: the next does not wait for them */
		itt = reads(&raw, 0, 1);
		raw_flush(&raw);
		raw_expect(&raw, &pdu, RAW_DATA_IN, itt);
		leave(env, &raw);
	}
}

static void
test_the_end_of_a_session_ends_what_waits(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	static struct raw_pdu pdu;

	qos(env, ROW_LUN, &env->lun, "iops=1");
	login(env, &raw, NAME_A, 1);
	raw_ready(&raw, 0);
	fill(&raw, 0);
	leave(env, &raw);
	login(env, &raw, NAME_A, 1);
	raw_ready(&raw, 0);
	uint32_t itt = reads(&raw, 0, 1);

	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_DATA_IN, itt);
	leave(env, &raw);
}

static void
test_a_logout_does_not_wait(void **state)
{
	struct env *env = *state;
	static struct raw raw;

	qos(env, ROW_LUN, &env->lun, LOW);
	login(env, &raw, NAME_A, 1);
	raw_ready(&raw, 0);
	fill(&raw, 0);
	raw_logout(&raw);
	leave(env, &raw);
}

static void
test_dissociation_ends_what_waits(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	static struct raw_pdu pdu;

	qos(env, ROW_LUN, &env->lun, LOW);
	login(env, &raw, NAME_A, 1);
	raw_ready(&raw, 0);
	uint32_t first = fill(&raw, 0);

	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_commit(env->array);
	for (unsigned i = 0; i < WAITING; i++) {
		assert_true(raw_receive(&raw, &pdu, WAIT_MS));
		assert_in_range(raw_itt(&pdu), first, first + WAITING - 1);
		if (raw_opcode(&pdu) == RAW_RESPONSE) /* LOGICAL UNIT NOT SUPPORTED */
			assert_int_equal(raw_status(&pdu), 0x52500);
	}
	leave(env, &raw);
}

static void
test_drains_do_not_wait_for_what_waits(void **state)
{
	struct env *env = *state;
	struct array_mapping mapping = { .lun_id = env->lun, .target_id = env->target_a };
	const struct array_runtime_ops *ops = fake_ops(env->array);
	void *drain = NULL;
	static struct raw raw;

	qos(env, ROW_LUN, &env->lun, LOW);
	login(env, &raw, NAME_A, 1);
	raw_ready(&raw, 0);
	uint32_t first = fill(&raw, 0);

	assert_int_equal(ops->quiesce(fake_runtime(env->array), &mapping, 1, WAIT_MS, &drain), 0);
	qos(env, ROW_LUN, &env->lun, ""); /* their time comes while the path is held */
	ops->resume(fake_runtime(env->array), drain);
	expect_reads(&raw, first, WAITING);
	leave(env, &raw);
}

int
main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, env_setup, env_teardown)
	const struct CMUnitTest tests[] = {
		EACH(test_commands_wait_and_are_counted),
		EACH(test_nothing_else_waits),
		EACH(test_too_many_are_refused),
		EACH(test_written_data_is_kept_while_it_waits),
		EACH(test_a_host_waits_on_all_its_sessions),
		EACH(test_a_lun_with_a_minimum_overtakes),
		EACH(test_task_management_ends_what_waits),
		EACH(test_the_end_of_a_session_ends_what_waits),
		EACH(test_a_logout_does_not_wait),
		EACH(test_dissociation_ends_what_waits),
		EACH(test_drains_do_not_wait_for_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

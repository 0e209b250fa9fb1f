/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of ErrorRecoveryLevel 2 on the data path: a connection is lost, and the session, its nexus
 * and its tasks go on.  Source: RFC 7143 §6.3.4, §7.2.2, §11.5.6 and §11.14.
 */
#include "target_test.h"

#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "raw.h"

enum { REMOVE_FOR_RECOVERY = 2 };
enum { TASK_REASSIGN = 8 };

static const uint8_t tur[6], read_0[10] = { 0x28, [8] = 1 }, write_0[10] = { 0x2a, [8] = 1 };
static uint8_t block_a[512] = { 0xaa };

static struct raw a, b;
static struct raw_pdu pdu;

static struct raw_who
initiator(void)
{
	return (struct raw_who){
		.host = HOST_1,
		.target = NAME_A,
		.isid = 5,
		.max_connections = 4,
		.recovery_level = 2,
		.retain_s = 20,
		.immediate_data = true,
	};
}

static unsigned
join(struct env *env, struct raw *raw, const struct raw *first, uint16_t cid)
{
	struct raw_who who = initiator();

	who.tsih = first->tsih;
	who.cid = cid;
	raw->cmd_sn = first->cmd_sn;
	unsigned status = raw_try_login(raw, env->port, &who);

	raw->next_itt = 0x1000u * (cid + 1u) + first->next_itt;
	return status;
}

static void
log_in(struct env *env)
{
	struct raw_who who = initiator();

	a.cmd_sn = 1;
	assert_int_equal(raw_try_login(&a, env->port, &who), 0);
	raw_ready(&a, 0);
	assert_int_equal(join(env, &b, &a, 1), 0);
}

static unsigned
run(struct raw *raw, struct raw *other, const uint8_t *cdb, size_t len, const void *out)
{
	uint32_t itt = out != NULL ? raw_command_data(raw, 0, RAW_SIMPLE, cdb, len, out, 512)
				   : raw_command(raw, 0, RAW_SIMPLE, cdb, len, 0,
						 len == sizeof(tur) ? 0 : 512);

	other->cmd_sn = raw->cmd_sn;
	raw_flush(raw);
	do
		assert_true(raw_receive(raw, &pdu, 10000));
	while (raw_itt(&pdu) != itt);
	if (raw_opcode(&pdu) != RAW_DATA_IN)
		return raw_status(&pdu);
	static struct raw_pdu status; /* is a PDU of its own above level 0 */

	raw_expect(raw, &status, RAW_RESPONSE, itt);
	return raw_status(&status);
}

static unsigned
reassign(struct raw *raw, uint32_t itt)
{
	uint32_t tmf = raw_tmf(raw, 0, TASK_REASSIGN, itt);

	raw_flush(raw);
	do
		assert_true(raw_receive(raw, &pdu, 10000));
	while (raw_itt(&pdu) != tmf);
	return pdu.bhs[2];
}

static unsigned
log_out(struct raw *raw, unsigned reason, uint16_t cid)
{
	uint32_t itt = raw_logout_request(raw, reason, cid);

	raw_flush(raw);
	raw_expect(raw, &pdu, RAW_LOGOUT_RESPONSE, itt);
	return pdu.bhs[2];
}

/* A write that hangs in the store when its connection is lost. */
static uint32_t
lose_a_write(struct env *env)
{
	env_inject(env, "all.write", "hold");
	uint32_t itt = raw_command_data(&b, 0, RAW_SIMPLE, write_0, sizeof(write_0), block_a, 512);

	a.cmd_sn = b.cmd_sn;
	raw_flush(&b);
	raw_quiet(&b);
	raw_close(&b);
	return itt;
}

static void
test_a_task_outlives_its_connection(void **state)
{
	struct env *env = *state;

	log_in(env);
	uint32_t itt = lose_a_write(env);

	assert_int_equal(log_out(&a, REMOVE_FOR_RECOVERY, 1), 0);
	assert_int_equal(get_be16(pdu.bhs + 42), 20); /* Time2Retain */
	assert_int_equal(reassign(&a, itt), 0);
	raw_quiet(&a);
	env_lift(env, "all.write");
	raw_expect(&a, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), 0);
	assert_int_equal(run(&a, &b, read_0, sizeof(read_0), NULL), 0);
	assert_int_equal(pdu.data[0], 0xaa);
	assert_int_equal(join(env, &b, &a, 1), 0);
	assert_int_equal(run(&b, &a, tur, sizeof(tur), NULL), 0);
	assert_int_equal(fake_sessions(env->array), 1);
	raw_logout(&a);
	assert_true(fake_wait_sessions(env->array, 0));
	raw_close(&a);
	raw_close(&b);
}

/* The answer was sent, and the initiator never saw it. */
static void
test_an_answer_that_was_lost_is_sent_again(void **state)
{
	struct env *env = *state;
	static struct raw c;

	log_in(env);
	assert_int_equal(run(&a, &b, write_0, sizeof(write_0), block_a), 0);
	uint32_t itt = raw_command(&b, 0, RAW_SIMPLE, read_0, sizeof(read_0), 0, 512);

	a.cmd_sn = b.cmd_sn;
	raw_flush(&b);
	raw_expect(&b, &pdu, RAW_DATA_IN, itt);
	c.next_itt = 0;
	assert_int_equal(join(env, &c, &a, 1), 0); /* an implicit logout */
	assert_int_equal(reassign(&c, itt), 0);
	raw_expect(&c, &pdu, RAW_DATA_IN, itt);
	assert_int_equal(pdu.data[0], 0xaa);
	raw_expect(&c, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), 0);
	raw_close(&a);
	raw_close(&b);
	raw_close(&c);
}

/* All connections are lost: the session waits, and hears of what changes meanwhile. */
static void
test_a_session_outlives_its_connections(void **state)
{
	struct env *env = *state;
	struct guid other;

	log_in(env);
	uint32_t itt = lose_a_write(env);

	raw_close(&a);
	other = env_add_lun(env, 1, "*");
	fake_associate(env->array, &other, &env->target_a, 1);
	fake_commit(env->array);
	assert_int_equal(join(env, &b, &a, 0), 0);
	assert_int_equal(b.tsih, a.tsih);
	assert_int_equal(fake_sessions(env->array), 1);
	assert_int_equal(join(env, &a, &b, 1), 0);
	assert_int_equal(reassign(&a, itt), 0);
	env_lift(env, "all.write");
	raw_expect(&a, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), 0);
	assert_int_equal(run(&b, &a, tur, sizeof(tur), NULL), UA_REPORTED_LUNS);
	assert_int_equal(run(&a, &b, tur, sizeof(tur), NULL), 0);
	raw_close(&a);
	raw_close(&b);
}

static void
test_a_session_ends_when_the_time_is_over(void **state)
{
	struct env *env = *state;
	struct raw_who who = initiator();

	who.retain_s = 0; /* but Time2Wait is 2 s at least */
	a.cmd_sn = 1;
	assert_int_equal(raw_try_login(&a, env->port, &who), 0);
	raw_ready(&a, 0);
	raw_close(&a);
	assert_true(fake_wait_sessions(env->array, 0));
	assert_int_equal(join(env, &b, &a, 0), 0x020a);
	raw_close(&b);
}

static void
test_a_new_session_ends_one_that_waits(void **state)
{
	struct env *env = *state;
	struct raw_who who = initiator();
	static struct raw c;

	log_in(env);
	raw_close(&a);
	raw_close(&b);
	c.cmd_sn = 1;
	assert_int_equal(raw_try_login(&c, env->port, &who), 0);
	assert_int_not_equal(c.tsih, a.tsih);
	raw_ready(&c, 0);
	raw_close(&c);
}

static void
test_a_session_that_waits_can_be_ended(void **state)
{
	struct env *env = *state;
	struct guid id;

	log_in(env);
	(void)lose_a_write(env);
	raw_close(&a);
	assert_true(fake_first_session(env->array, &id));
	/* either both are known to be lost already, or one is asked in vain: then once more */
	assert_int_equal(fake_ops(env->array)->end_session(fake_runtime(env->array), &id), 0);
	(void)fake_ops(env->array)->end_session(fake_runtime(env->array), &id);
	assert_true(fake_wait_sessions(env->array, 0));
	env_lift(env, "all.write");
}

/* The data path stops while connections are retained: env_teardown waits for all memory. */
static void
test_nothing_is_retained_at_the_end(void **state)
{
	struct env *env = *state;

	log_in(env);
	(void)lose_a_write(env);
	env_lift(env, "all.write");
	raw_close(&a);
}

static void
test_a_connection_that_was_replaced_ends_with_its_last_task(void **state)
{
	struct env *env = *state;
	static struct raw c;

	log_in(env);
	uint32_t itt = lose_a_write(env);

	for (unsigned i = 0; i < 3; i++) { /* and it is lost again */
		assert_int_equal(join(env, &c, &a, 1), 0);
		assert_int_equal(reassign(&c, itt), 0);
		raw_close(&c);
	}
	assert_int_equal(join(env, &c, &a, 1), 0);
	assert_int_equal(reassign(&c, itt), 0);
	env_lift(env, "all.write");
	raw_expect(&c, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), 0);
	raw_logout(&c);
	assert_true(fake_wait_sessions(env->array, 0));
	raw_close(&a);
	raw_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_a_task_outlives_its_connection),
		ENV_TEST(test_an_answer_that_was_lost_is_sent_again),
		ENV_TEST(test_a_session_outlives_its_connections),
		ENV_TEST(test_a_session_ends_when_the_time_is_over),
		ENV_TEST(test_a_new_session_ends_one_that_waits),
		ENV_TEST(test_a_session_that_waits_can_be_ended),
		ENV_TEST(test_nothing_is_retained_at_the_end),
		ENV_TEST(test_a_connection_that_was_replaced_ends_with_its_last_task),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

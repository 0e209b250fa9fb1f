/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of sessions with several connections on the data path: who may join, what the loss or the
 * logout of one connection means for the others, and management.  Source: RFC 7143 §6.3.4, §6.3.5,
 * §7.1.5, §11.9, §11.14.
 */
#include "target_test.h"

#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "own_port.h"
#include "raw.h"

enum { CLOSE_SESSION = 0, CLOSE_CONNECTION = 1 };
enum { TMF_LU_RESET = 5 };

static const uint8_t tur[6], read_0[10] = { 0x28, [8] = 1 }, write_0[10] = { 0x2a, [8] = 1 };
static uint8_t block_a[512] = { 0xaa }, block_b[512] = { 0xbb };

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
		.immediate_data = true,
	};
}

/* Logs in as one more connection of the session of `first`, without looking at the answer. */
static unsigned
try_join(struct env *env, struct raw *raw, const struct raw *first, struct raw_who who,
	 uint16_t cid)
{
	who.tsih = first->tsih;
	who.cid = cid;
	raw->cmd_sn = first->cmd_sn;
	unsigned status = raw_try_login(raw, env->port, &who);

	raw->next_itt = 0x1000u * (cid + 1u);
	return status;
}

/* Two connections of one session, with CIDs 0 and 1. */
static void
log_in(struct env *env)
{
	struct raw_who who = initiator();

	a.cmd_sn = 1;
	assert_int_equal(raw_try_login(&a, env->port, &who), 0);
	raw_ready(&a, 0);
	assert_int_equal(try_join(env, &b, &a, who, 1), 0);
	assert_int_equal(b.tsih, a.tsih);
}

/* One command, with the next number of the session. */
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
	while (raw_opcode(&pdu) == 0x20); /* a ping */
	assert_int_equal(raw_itt(&pdu), itt);
	return raw_opcode(&pdu) == RAW_DATA_IN ? 0 : raw_status(&pdu);
}

/* Returns whether the target closes the connection; *ret_event: the last asynchronous message. */
static bool
is_closed(struct raw *raw, unsigned *ret_event)
{
	uint8_t byte;

	while (raw_receive(raw, &pdu, 10000))
		if (raw_opcode(&pdu) == 0x32 && ret_event != NULL)
			*ret_event = pdu.bhs[36];
	return recv(raw->fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void
expect_logout(struct raw *raw, uint32_t itt, unsigned response)
{
	raw_expect(raw, &pdu, RAW_LOGOUT_RESPONSE, itt);
	assert_int_equal(pdu.bhs[2], response);
}

/* ---- One session ---- */

static void
test_two_connections_are_one_session(void **state)
{
	struct env *env = *state;

	log_in(env);
	assert_true(fake_wait_sessions(env->array, 1));
	/* the nexus is the same: there is no unit attention of a login */
	assert_int_equal(run(&b, &a, tur, sizeof(tur), NULL), 0);
	assert_int_equal(run(&a, &b, write_0, sizeof(write_0), block_a), 0);
	assert_int_equal(run(&b, &a, read_0, sizeof(read_0), NULL), 0);
	assert_int_equal(pdu.data[0], 0xaa);
	raw_logout(&a);
	assert_true(is_closed(&b, NULL));
	assert_true(fake_wait_sessions(env->array, 0));
	raw_close(&a);
	raw_close(&b);
}

static void
test_commands_run_in_the_order_of_their_numbers(void **state)
{
	struct env *env = *state;

	log_in(env);
	for (unsigned i = 0; i < 50; i++) {
		a.cmd_sn = b.cmd_sn = MAX(a.cmd_sn, b.cmd_sn);
		b.cmd_sn++;
		uint32_t second = raw_command_data(&b, 0, RAW_SIMPLE, write_0, sizeof(write_0),
						   block_b, 512);

		raw_flush(&b);
		if (i % 10 == 0)
			raw_quiet(&b);
		uint32_t first = raw_command_data(&a, 0, RAW_SIMPLE, write_0, sizeof(write_0),
						  block_a, 512);

		raw_flush(&a);
		raw_expect(&b, &pdu, RAW_RESPONSE, second);
		assert_int_equal(raw_status(&pdu), 0);
		raw_expect(&a, &pdu, RAW_RESPONSE, first);
		assert_int_equal(raw_status(&pdu), 0);
		a.cmd_sn = b.cmd_sn;
		assert_int_equal(run(&a, &b, read_0, sizeof(read_0), NULL), 0);
		assert_int_equal(pdu.data[0], 0xbb);
	}
	raw_close(&a);
	raw_close(&b);
}

/* More than a session may hold comes ahead: the connection waits, and is not ended. */
static void
test_a_connection_may_be_far_ahead(void **state)
{
	enum { WRITES = 48, BLOCKS = 64 };
	static const uint8_t cdb[10] = { 0x2a, [8] = BLOCKS }, data[BLOCKS * 512];
	struct env *env = *state;
	uint32_t itt[WRITES];

	log_in(env);
	b.cmd_sn = a.cmd_sn + 1;
	for (unsigned i = 0; i < WRITES; i++) {
		itt[i] = raw_command_data(&b, 0, RAW_SIMPLE, cdb, sizeof(cdb), data, sizeof(data));
		raw_flush(&b);
	}
	assert_false(raw_receive(&b, &pdu, 50));
	uint32_t first = raw_command(&a, 0, RAW_SIMPLE, tur, sizeof(tur), 0, 0);

	raw_flush(&a);
	raw_expect(&a, &pdu, RAW_RESPONSE, first);
	for (unsigned i = 0; i < WRITES; i++) {
		raw_expect(&b, &pdu, RAW_RESPONSE, itt[i]);
		assert_int_equal(raw_status(&pdu), 0);
	}
	raw_close(&a);
	raw_close(&b);
}

/* ---- Who may join ---- */

static void
test_a_session_has_as_many_connections_as_were_agreed_on(void **state)
{
	struct env *env = *state;
	struct raw_who who = initiator();
	static struct raw many[4], beyond;

	for (unsigned i = 0; i < 4; i++) {
		if (i == 0)
			assert_int_equal(raw_try_login(&many[0], env->port, &who), 0);
		else
			assert_int_equal(try_join(env, &many[i], &many[0], who, (uint16_t)i), 0);
	}
	assert_int_equal(try_join(env, &beyond, &many[0], who, 9), 0x0206);
	raw_close(&beyond);
	raw_ready(&many[0], 0);
	/* one has left: its place is free */
	uint32_t itt = raw_logout_request(&many[0], CLOSE_CONNECTION, 3);

	raw_flush(&many[0]);
	expect_logout(&many[0], itt, 0);
	assert_true(is_closed(&many[3], NULL));
	assert_int_equal(try_join(env, &beyond, &many[0], who, 9), 0);
	for (unsigned i = 0; i < 4; i++)
		raw_close(&many[i]);
	raw_close(&beyond);
}

static void
test_a_connection_joins_only_its_own_session(void **state)
{
	struct env *env = *state;
	struct raw_who who = initiator();
	static struct raw other;

	assert_int_equal(raw_try_login(&a, env->port, &who), 0);
	who.target = NAME_B;
	assert_int_equal(try_join(env, &other, &a, who, 1), 0x020a);
	raw_close(&other);
	who = initiator();
	who.host = HOST_2;
	assert_int_equal(try_join(env, &other, &a, who, 1), 0x020a);
	raw_close(&other);
	who = initiator();
	who.isid++;
	assert_int_equal(try_join(env, &other, &a, who, 1), 0x020a);
	raw_close(&other);
	who = initiator();
	who.target = NULL; /* a discovery session */
	assert_int_equal(try_join(env, &other, &a, who, 1), 0x020a);
	raw_close(&other);
	raw_ready(&a, 0);
	raw_close(&a);
}

static void
test_a_connection_joins_by_the_secret_of_its_initiator(void **state)
{
	struct env *env = *state;
	struct guid id = fake_id(40), host = fake_id(41), name = fake_id(42);

	fake_host(env->array, &host, "");
	fake_initiator(env->array, &name, &host, HOST_1);
	fake_commit(env->array);
	log_in(env);
	fake_secret(env->array, &host, &id, CREDENTIAL_INITIATOR, "user", "a-secret-of-16-bytes");
	fake_commit(env->array);
	static struct raw other;

	assert_int_equal(try_join(env, &other, &a, initiator(), 2), 0x0201);
	raw_close(&other);
	assert_int_equal(run(&a, &b, tur, sizeof(tur), NULL), 0);
	raw_close(&a);
	raw_close(&b);
}

/* ---- The end of one connection ---- */

static void
test_a_connection_that_is_lost_ends_its_session(void **state)
{
	struct env *env = *state;

	log_in(env);
	raw_close(&b);
	assert_true(is_closed(&a, NULL));
	assert_true(fake_wait_sessions(env->array, 0));
	raw_close(&a);
}

static void
test_a_connection_that_is_logged_out_leaves_the_others(void **state)
{
	struct env *env = *state;

	log_in(env);
	uint32_t itt = raw_logout_request(&b, CLOSE_CONNECTION, 1);

	raw_flush(&b);
	expect_logout(&b, itt, 0);
	assert_true(is_closed(&b, NULL));
	raw_close(&b);
	assert_int_equal(run(&a, &b, tur, sizeof(tur), NULL), 0);
	assert_int_equal(try_join(env, &b, &a, initiator(), 1), 0);
	assert_int_equal(run(&b, &a, tur, sizeof(tur), NULL), 0);
	assert_int_equal(fake_sessions(env->array), 1);
	itt = raw_logout_request(&a, CLOSE_CONNECTION, 7);
	raw_flush(&a);
	expect_logout(&a, itt, 1);
	raw_close(&a);
	raw_close(&b);
}

/* The first connection leaves, whose login named the session. */
static void
test_the_first_connection_may_leave_first(void **state)
{
	struct env *env = *state;

	log_in(env);
	uint32_t itt = raw_logout_request(&b, CLOSE_CONNECTION, 0);

	raw_flush(&b);
	expect_logout(&b, itt, 0);
	assert_true(is_closed(&a, NULL));
	raw_close(&a);
	fake_lun_rename(env->array, &env->lun, "another");
	env_lun_row(env, LUN_BYTES, "*", STATUS_ONLINE);
	fake_commit(env->array);
	assert_int_equal(run(&b, &a, write_0, sizeof(write_0), block_a), 0);
	raw_logout(&b);
	assert_true(fake_wait_sessions(env->array, 0));
	raw_close(&b);
}

/* What the other connection has in the store ends before the logout is answered. */
static void
test_a_logout_waits_for_what_is_in_the_store(void **state)
{
	struct env *env = *state;

	log_in(env);
	env_inject(env, "all.write", "hold");
	raw_command_data(&b, 0, RAW_SIMPLE, write_0, sizeof(write_0), block_b, 512);
	a.cmd_sn = b.cmd_sn;
	raw_flush(&b);
	raw_quiet(&b);
	uint32_t itt = raw_logout_request(&a, CLOSE_CONNECTION, 1);

	raw_flush(&a);
	raw_quiet(&a);
	env_lift(env, "all.write");
	expect_logout(&a, itt, 0);
	assert_true(is_closed(&b, NULL));
	assert_int_equal(run(&a, &b, write_0, sizeof(write_0), block_a), 0);
	assert_int_equal(run(&a, &b, read_0, sizeof(read_0), NULL), 0);
	assert_int_equal(pdu.data[0], 0xaa);
	raw_close(&a);
	raw_close(&b);
}

static void
test_the_same_cid_takes_the_place_of_one_connection(void **state)
{
	struct env *env = *state;
	static struct raw c;

	log_in(env);
	assert_int_equal(try_join(env, &c, &a, initiator(), 1), 0);
	c.next_itt = 0x9000;
	assert_true(is_closed(&b, NULL));
	assert_int_equal(run(&c, &a, tur, sizeof(tur), NULL), 0);
	assert_int_equal(run(&a, &c, tur, sizeof(tur), NULL), 0);
	assert_int_equal(fake_sessions(env->array), 1);
	raw_close(&a);
	raw_close(&b);
	raw_close(&c);
}

/*
 * RFC 7143 §6.3.4: the session goes on, with its numbers and its nexus, and no time passes for it.
 */
static void
test_the_only_connection_is_replaced_within_its_session(void **state)
{
	struct env *env = *state;

	a.cmd_sn = 70;
	struct raw_who who = initiator();

	assert_int_equal(raw_try_login(&a, env->port, &who), 0);
	raw_ready(&a, 0);
	assert_int_equal(try_join(env, &b, &a, who, 0), 0);
	assert_true(is_closed(&a, NULL));
	assert_int_equal(run(&b, &a, tur, sizeof(tur), NULL), 0);
	raw_close(&a);
	raw_logout(&b);
	assert_true(fake_wait_sessions(env->array, 0));
	raw_close(&b);
}

static void
test_a_new_session_ends_all_connections_of_the_older_one(void **state)
{
	struct env *env = *state;
	struct raw_who who = initiator();
	static struct raw c;

	log_in(env);
	c.cmd_sn = 1;
	assert_int_equal(raw_try_login(&c, env->port, &who), 0);
	assert_int_not_equal(c.tsih, a.tsih);
	assert_true(is_closed(&a, NULL) && is_closed(&b, NULL));
	raw_ready(&c, 0);
	raw_close(&a);
	raw_close(&b);
	raw_close(&c);
}

/* ---- Task management ---- */

static void
test_a_reset_ends_the_tasks_of_all_connections(void **state)
{
	struct env *env = *state;

	log_in(env);
	env_inject(env, "all.write", "hold");
	raw_command_data(&b, 0, RAW_SIMPLE, write_0, sizeof(write_0), block_b, 512);
	assert_int_equal(run(&b, &a, tur, sizeof(tur), NULL),
			 0); /* its answer stays unacknowledged */
	uint32_t itt = raw_tmf(&a, 0, TMF_LU_RESET, 0xffffffff);

	raw_flush(&a);
	raw_quiet(&a);
	env_lift(env, "all.write");
	/* the initiator says what it has, when it is asked */
	raw_expect(&b, &pdu, 0x20, 0);
	b.exp_stat_sn = get_be32(pdu.bhs + 24);
	assert_int_equal(run(&b, &a, tur, sizeof(tur), NULL), 0x062903);
	raw_expect(&a, &pdu, RAW_TMF_RESPONSE, itt);
	assert_int_equal(pdu.bhs[2], 0);
	raw_close(&a);
	raw_close(&b);
}

/* ---- Management ---- */

static void
test_the_end_of_a_session_asks_each_connection(void **state)
{
	struct env *env = *state;
	struct guid id;

	log_in(env);
	assert_true(fake_first_session(env->array, &id));
	assert_int_equal(fake_ops(env->array)->end_session(fake_runtime(env->array), &id), 0);
	raw_expect(&a, &pdu, 0x32, 0);
	assert_int_equal(pdu.bhs[36], 1); /* log out */
	raw_expect(&b, &pdu, 0x32, 0);
	assert_int_equal(pdu.bhs[36], 1);
	static struct raw other;

	assert_int_equal(try_join(env, &other, &a, initiator(), 2), 0x020a);
	raw_close(&other);
	raw_logout(&b);
	assert_true(is_closed(&a, NULL));
	assert_true(fake_wait_sessions(env->array, 0));
	raw_close(&a);
	raw_close(&b);
}

static uint16_t
add_portal(struct env *env, const struct guid *id)
{
	uint16_t port = own_port(env->array);

	fake_portal(env->array, id, "127.0.0.1", port);
	fake_group_portal(env->array, &env->group_a, id);
	fake_commit(env->array);
	return port;
}

/* A portal that goes away takes its own connections alone. */
static void
test_a_portal_that_is_reset_ends_its_own_connections(void **state)
{
	struct env *env = *state;
	struct guid second = fake_id(60);
	struct raw_who who = initiator();
	uint16_t port = add_portal(env, &second);
	unsigned event = 0;

	a.cmd_sn = 1;
	assert_int_equal(raw_try_login(&a, env->port, &who), 0);
	raw_ready(&a, 0);
	who.tsih = a.tsih;
	who.cid = 1;
	b.cmd_sn = a.cmd_sn;
	assert_int_equal(raw_try_login(&b, port, &who), 0);
	assert_int_equal(
		fake_ops(env->array)->reset_portals(fake_runtime(env->array), &second, 1, 0, 10000),
		0);
	assert_true(is_closed(&b, &event));
	assert_int_equal(event, 2); /* this connection is dropped */
	assert_int_equal(run(&a, &b, tur, sizeof(tur), NULL), 0);
	assert_int_equal(fake_sessions(env->array), 1);
	raw_close(&a);
	raw_close(&b);
}

/* A session that is to move would stay for ever if it could have new connections meanwhile. */
static void
test_a_session_that_is_to_move_has_no_new_connections(void **state)
{
	struct env *env = *state;
	static struct raw c;

	log_in(env);
	fake_target_redirect(env->array, &env->target_a, "192.0.2.1:3260");
	fake_commit(env->array);
	assert_int_equal(try_join(env, &c, &a, initiator(), 2), 0);
	raw_close(&c);
	assert_true(is_closed(&a, NULL) && is_closed(&b, NULL));
	assert_true(fake_wait_sessions(env->array, 0));
	raw_close(&a);
	raw_close(&b);
	fake_target_redirect(env->array, &env->target_a, NULL);
	fake_commit(env->array);
	log_in(env);
	fake_target_redirect(env->array, &env->target_a, "192.0.2.1:3260 move");
	fake_commit(env->array);
	assert_int_equal(try_join(env, &c, &a, initiator(), 2), 0x0101);
	raw_close(&c);
	assert_int_equal(try_join(env, &c, &a, initiator(), 1), 0x0101); /* nor in its place */
	raw_close(&c);
	raw_close(&a);
	raw_close(&b);
}

/* The last connection of a session takes the session with it. */
static void
test_a_target_that_is_deleted_ends_all_connections(void **state)
{
	struct env *env = *state;

	log_in(env);
	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_delete(env->array, ROW_PORTAL_GROUP, &env->group_a);
	fake_delete(env->array, ROW_TARGET, &env->target_a);
	fake_commit(env->array);
	assert_true(is_closed(&a, NULL) && is_closed(&b, NULL));
	assert_true(fake_wait_sessions(env->array, 0));
	raw_close(&a);
	raw_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_two_connections_are_one_session),
		ENV_TEST(test_commands_run_in_the_order_of_their_numbers),
		ENV_TEST(test_a_connection_may_be_far_ahead),
		ENV_TEST(test_a_session_has_as_many_connections_as_were_agreed_on),
		ENV_TEST(test_a_connection_joins_only_its_own_session),
		ENV_TEST(test_a_connection_joins_by_the_secret_of_its_initiator),
		ENV_TEST(test_a_connection_that_is_lost_ends_its_session),
		ENV_TEST(test_a_connection_that_is_logged_out_leaves_the_others),
		ENV_TEST(test_the_first_connection_may_leave_first),
		ENV_TEST(test_a_logout_waits_for_what_is_in_the_store),
		ENV_TEST(test_the_same_cid_takes_the_place_of_one_connection),
		ENV_TEST(test_the_only_connection_is_replaced_within_its_session),
		ENV_TEST(test_a_new_session_ends_all_connections_of_the_older_one),
		ENV_TEST(test_a_reset_ends_the_tasks_of_all_connections),
		ENV_TEST(test_the_end_of_a_session_asks_each_connection),
		ENV_TEST(test_a_portal_that_is_reset_ends_its_own_connections),
		ENV_TEST(test_a_session_that_is_to_move_has_no_new_connections),
		ENV_TEST(test_a_target_that_is_deleted_ends_all_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

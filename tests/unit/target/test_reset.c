/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of what a controller and its ports do as a whole: the reset of portals (target/reset.c),
 * a controller that is offline (target/view.c, publish.c), and what is counted at an address
 * (target/traffic.c).
 */
#include "raw.h"
#include "target_test.h"

#include "target/target_int.h"

#include <sched.h>
#include <semaphore.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

static void
set_controller(struct env *env, enum row_status status)
{
	fake_controller(env->array, status);
	fake_commit(env->array);
}

static int
reset(struct env *env, const struct guid *portal, uint32_t drain_ms)
{
	return fake_ops(env->array)
		->reset_portals(fake_runtime(env->array), portal, 1, drain_ms, 10000);
}

static struct array_port_counters
counters(struct env *env, const char *address)
{
	struct array_port_counters c = { 0 };

	fake_ops(env->array)->address_counters(fake_runtime(env->array), address, &c);
	return c;
}

static bool
is_ready(struct env *env)
{
	struct row_live_portal *row = fake_live_wait(env->array, ROW_LIVE_PORTAL, &env->portal_id,
						     true);
	bool ready = row->ready;

	row_unref(row);
	return ready;
}

static void
test_reset_ends_sessions_and_listens_again(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_2, NAME_B, 1);
	uint8_t buf[512] = { 7 };

	assert_int_equal(host_write(a, 0, 5, buf, sizeof(buf)), 0);
	assert_int_equal(reset(env, &env->portal_id, 0), 0);
	assert_true(host_wait_closed(a) && host_wait_closed(b));
	assert_true(fake_wait_sessions(env->array, 0));
	host_free(a);
	host_free(b);
	assert_true(is_ready(env));
	/* The listener is there and what was written, too. */
	a = host_ready(env, HOST_1, NAME_A, 1);
	buf[0] = 0;
	assert_int_equal(host_read(a, 0, 5, buf, sizeof(buf)), 0);
	assert_int_equal(buf[0], 7);
	host_free(a);
}

/* An initiator that does not log out is ended when the time is over. */
static void
test_reset_asks_for_a_logout_first(void **state)
{
	struct env *env = *state;
	bool asked = false, dropped = false;
	static struct raw_pdu pdu;
	static struct raw raw;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	assert_int_equal(reset(env, &env->portal_id, 50), 0);
	while (raw_receive(&raw, &pdu, 10000)) {
		if (raw_opcode(&pdu) != 0x32) /* asynchronous message, RFC 7143 §11.9 */
			continue;
		asked = asked || pdu.bhs[36] == 1;
		dropped = dropped || pdu.bhs[36] == 3 || pdu.bhs[36] == 2;
	}
	assert_true(asked && dropped);
	raw_close(&raw);
}

static void
test_reset_of_another_portal_ends_nothing(void **state)
{
	struct env *env = *state;
	struct guid other = fake_id(77);
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	assert_int_equal(reset(env, &other, 0), 0);
	assert_int_equal(host_test_unit_ready(a, 0), 0);
	host_free(a);
}

/* Aborted I/O that hangs in the store does not keep a session from ending. */
static void
test_reset_does_not_wait_for_a_store_that_hangs(void **state)
{
	struct env *env = *state;
	uint8_t cdb[10] = { 0x28 };
	static struct raw_pdu pdu;
	static struct raw raw;

	put_be16(cdb + 7, 1);
	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	env_inject(env, "all.read", "hold");
	raw_command(&raw, 0, RAW_SIMPLE, cdb, sizeof(cdb), 0, 512);
	raw_flush(&raw);
	assert_int_equal(reset(env, &env->portal_id, 0), 0);
	while (raw_receive(&raw, &pdu, 10000))
		;
	assert_true(fake_wait_sessions(env->array, 0));
	env_lift(env, "all.read");
	raw_close(&raw);
}

static void
test_nobody_gets_in_while_the_controller_is_offline(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);

	set_controller(env, STATUS_OFFLINE);
	assert_true(host_wait_closed(a));
	assert_true(fake_wait_sessions(env->array, 0));
	host_free(a);
	assert_false(is_ready(env));
	assert_false(initiator_connects(env->portal));
	/* A portal that is put while the controller is offline does not listen either. */
	fake_portal(env->array, &env->portal_id, "127.0.0.1", env->port);
	fake_commit(env->array);
	assert_int_equal(reset(env, &env->portal_id, 0), 0);
	assert_false(initiator_connects(env->portal));
	set_controller(env, STATUS_ONLINE);
	assert_true(is_ready(env));
	a = host_ready(env, HOST_1, NAME_A, 1);
	host_free(a);
}

static void
test_traffic_is_counted_at_its_address(void **state)
{
	struct env *env = *state;
	struct array_port_counters before = counters(env, "127.0.0.1"), now;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	uint8_t *buf = mem_calloc(1, 64 * 1024);

	assert_int_equal(host_write(a, 0, 0, buf, 64 * 1024), 0);
	assert_int_equal(host_read(a, 0, 0, buf, 32 * 1024), 0);
	assert_int_equal(host_test_unit_ready(a, 0), 0); /* what was sent before is counted now */
	now = counters(env, "127.0.0.1");
	assert_int_equal(now.logins - before.logins, 1);
	/* TEST UNIT READY or what else host_ready sends, the write, the read */
	assert_in_range(now.commands - before.commands, 4, 7);
	assert_in_range(now.received_bytes - before.received_bytes, 64 * 1024, 72 * 1024);
	assert_in_range(now.sent_bytes - before.sent_bytes, 32 * 1024, 40 * 1024);
	host_free(a);
	now = counters(env, "192.0.2.1");
	assert_int_equal(now.logins + now.commands + now.received_bytes + now.sent_bytes, 0);
	mem_free(buf);
}

/* A portal that is deleted and made again goes on counting. */
static void
test_counters_of_an_address_outlive_its_portal(void **state)
{
	struct env *env = *state;
	struct guid portal = fake_id(91);
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1);
	uint64_t commands;

	host_free(a);
	commands = counters(env, "127.0.0.1").commands;
	assert_true(commands > 0);
	fake_portal(env->array, &portal, "127.0.0.1", 1);
	fake_commit(env->array);
	fake_delete(env->array, ROW_PORTAL, &portal);
	fake_commit(env->array);
	assert_int_equal(counters(env, "127.0.0.1").commands, commands);
}

/* ---- signs of life (target_beat) ---- */

struct gate {
	struct loop_msg msg;
	sem_t entered, open;
};

static void
wait_at_gate(struct loop_msg *msg)
{
	struct gate *gate = container_of(msg, struct gate, msg);

	sem_post(&gate->entered);
	while (sem_wait(&gate->open) != 0)
		;
}

static void
beat_until(struct env *env, bool alive)
{
	while (target_beat(env->target) != alive)
		sched_yield();
}

static void
test_thread_that_hangs_gives_no_sign_of_life(void **state)
{
	struct env *env = *state;
	struct gate gate = { .msg.run = wait_at_gate };

	sem_init(&gate.entered, 0, 0);
	sem_init(&gate.open, 0, 0);
	assert_true(target_beat(env->target));
	beat_until(env, true);
	loop_post(env->target->threads[0].loop, &gate.msg);
	while (sem_wait(&gate.entered) != 0)
		;
	beat_until(env, false);
	assert_false(target_beat(env->target));
	sem_post(&gate.open);
	beat_until(env, true);
	sem_destroy(&gate.entered);
	sem_destroy(&gate.open);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_reset_ends_sessions_and_listens_again),
		ENV_TEST(test_reset_asks_for_a_logout_first),
		ENV_TEST(test_reset_of_another_portal_ends_nothing),
		ENV_TEST(test_reset_does_not_wait_for_a_store_that_hangs),
		ENV_TEST(test_nobody_gets_in_while_the_controller_is_offline),
		ENV_TEST(test_traffic_is_counted_at_its_address),
		ENV_TEST(test_counters_of_an_address_outlive_its_portal),
		ENV_TEST(test_thread_that_hangs_gives_no_sign_of_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

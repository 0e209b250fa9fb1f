/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of how sessions end: one by one, with their portal or target, and when the array stops. */
#include "raw.h"
#include "target_test.h"

#include <pthread.h>

#include <stdatomic.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

static void
test_management_can_end_a_session(void **state)
{
	struct env *env = *state;
	struct iscsi_context *iscsi = host_ready(env, HOST_1, NAME_A, 1);
	const struct array_runtime_ops *ops = fake_ops(env->array);
	struct guid id, nobody = fake_id(99);

	assert_true(fake_first_session(env->array, &id));
	assert_int_equal(ops->end_session(fake_runtime(env->array), &nobody), ERR_NOT_FOUND);
	assert_int_equal(ops->end_session(fake_runtime(env->array), &id), 0);
	assert_int_equal(ops->end_session(fake_runtime(env->array), &id), 0);
	assert_true(host_wait_closed(iscsi));
	assert_true(fake_wait_sessions(env->array, 0));
	host_free(iscsi);
}

#define ASYNC_MESSAGE 0x32
enum { EVENT_LOGOUT = 1, EVENT_DROP_SESSION = 3 }; /* RFC 7143 §11.9.1 */

static void
expect_async(struct raw *raw, unsigned event, unsigned param3)
{
	static struct raw_pdu pdu;

	raw_expect(raw, &pdu, ASYNC_MESSAGE, 0);
	assert_int_equal(pdu.bhs[36], event);
	assert_int_equal(get_be16(pdu.bhs + 42), param3);
}

/*
 * RFC 7143 §11.9: an initiator is asked to log out; who asks the array a second time ends the
 * session at once, and the initiator learns why the connection breaks.
 */
static void
test_a_session_that_is_ended_is_told(void **state)
{
	struct env *env = *state;
	const struct array_runtime_ops *ops = fake_ops(env->array);
	static struct raw raw;
	struct guid id;
	char byte;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	raw_ready(&raw, 0);
	assert_true(fake_first_session(env->array, &id));
	assert_int_equal(ops->end_session(fake_runtime(env->array), &id), 0);
	expect_async(&raw, EVENT_LOGOUT, 2);
	raw_ready(&raw, 0);
	assert_int_equal(ops->end_session(fake_runtime(env->array), &id), 0);
	expect_async(&raw, EVENT_DROP_SESSION, 0);
	assert_int_equal(recv(raw.fd, &byte, 1, 0), 0);
	raw_close(&raw);
}

static void
test_a_session_that_does_not_log_out_is_ended_when_the_time_is_over(void **state)
{
	struct env *env = *state;
	const struct array_runtime_ops *ops = fake_ops(env->array);
	static struct raw raw;
	struct guid id;
	char byte;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	assert_true(fake_first_session(env->array, &id));
	assert_int_equal(ops->end_session(fake_runtime(env->array), &id), 0);
	expect_async(&raw, EVENT_LOGOUT, 2);
	expect_async(&raw, EVENT_DROP_SESSION, 0);
	assert_int_equal(recv(raw.fd, &byte, 1, 0), 0);
	raw_close(&raw);
}

/* ---- a stop ---- */

struct stop {
	struct target *target;
	unsigned wait_ms;
	pthread_t thread;
	atomic_bool ended;
};

static void *
stop_run(void *arg)
{
	struct stop *stop = arg;

	target_log_out(stop->target, stop->wait_ms);
	atomic_store(&stop->ended, true);
	return NULL;
}

static void
stop_begin(struct stop *stop, struct env *env, unsigned wait_ms)
{
	*stop = (struct stop){ .target = env->target, .wait_ms = wait_ms };
	atomic_init(&stop->ended, false);
	assert_int_equal(pthread_create(&stop->thread, NULL, stop_run, stop), 0);
}

/* Commands are served until the initiators have logged out; nobody waits longer. */
static void
test_a_stop_lets_initiators_log_out(void **state)
{
	struct env *env = *state;
	static struct raw first, second;
	struct stop stop;

	raw_login(&first, env->port, HOST_1, NAME_A, 1, false);
	raw_login(&second, env->port, HOST_2, NAME_B, 1, false);
	stop_begin(&stop, env, 60000);
	expect_async(&first, EVENT_LOGOUT, 60);
	expect_async(&second, EVENT_LOGOUT, 60);
	assert_false(initiator_connects(env->portal));
	raw_logout(&first);
	raw_ready(&second, 5);
	raw_logout(&second);
	assert_int_equal(pthread_join(stop.thread, NULL), 0);
	assert_true(fake_wait_sessions(env->array, 0));
	raw_close(&first);
	raw_close(&second);
}

static void
test_a_stop_waits_no_longer_than_it_says(void **state)
{
	struct env *env = *state;
	static struct raw raw;
	struct stop stop;
	char byte;

	raw_login(&raw, env->port, HOST_1, NAME_A, 1, false);
	stop_begin(&stop, env, 200);
	expect_async(&raw, EVENT_LOGOUT, 1);
	expect_async(&raw, EVENT_DROP_SESSION, 0);
	assert_int_equal(recv(raw.fd, &byte, 1, 0), 0);
	assert_int_equal(pthread_join(stop.thread, NULL), 0);
	raw_close(&raw);
}

/* libiscsi logs out when it is asked to, and then tries to come back. */
static void
test_a_stop_is_heeded_by_libiscsi(void **state)
{
	struct env *env = *state;
	struct iscsi_context *iscsi = host_ready(env, HOST_1, NAME_A, 1);
	struct stop stop;

	stop_begin(&stop, env, 60000);
	for (unsigned i = 0; i < 1000 && !atomic_load(&stop.ended); i++)
		(void)host_serve_for(iscsi, 10);
	assert_int_equal(pthread_join(stop.thread, NULL), 0);
	assert_true(fake_wait_sessions(env->array, 0));
	host_free(iscsi);
}

static void
test_a_stop_without_sessions_ends_at_once(void **state)
{
	struct env *env = *state;

	target_log_out(env->target, UINT32_MAX);
	target_log_out(NULL, 1);
}

/* Sessions of the portal, and no others, are asked to log out; who does not is ended. */
static void
test_a_portal_is_drained(void **state)
{
	struct env *env = *state;
	const struct array_runtime_ops *ops = fake_ops(env->array);
	static struct raw leaves, stays;
	struct guid other = fake_id(98);
	char byte;

	raw_login(&leaves, env->port, HOST_1, NAME_A, 1, false);
	raw_login(&stays, env->port, HOST_2, NAME_A, 1, false);
	ops->drain_portal(fake_runtime(env->array), &other, 1);
	raw_ready(&leaves, 0); /* another portal is none of its business */
	ops->drain_portal(fake_runtime(env->array), &env->portal_id, 1);
	expect_async(&stays, EVENT_LOGOUT, 1);
	expect_async(&stays, EVENT_DROP_SESSION, 0);
	assert_int_equal(recv(stays.fd, &byte, 1, 0), 0);
	expect_async(&leaves, EVENT_LOGOUT, 1);
	raw_close(&leaves);
	raw_close(&stays);
	assert_true(fake_wait_sessions(env->array, 0));
	/* the next one may log in: the portal is as its row says */
	raw_login(&leaves, env->port, HOST_1, NAME_A, 1, false);
	ops->drain_portal(fake_runtime(env->array), &env->portal_id, 60000);
	expect_async(&leaves, EVENT_LOGOUT, 60);
	raw_ready(&leaves, 0); /* there is time to finish */
	raw_close(&leaves);
}

static void
test_a_deleted_target_ends_its_sessions(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_1, NAME_B, 1);

	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_delete(env->array, ROW_PORTAL_GROUP, &env->group_a);
	fake_delete(env->array, ROW_TARGET, &env->target_a);
	fake_commit(env->array);
	assert_true(host_wait_closed(a));
	assert_int_equal(host_test_unit_ready(b, 5), 0);
	assert_null(host_login(env, HOST_1, NAME_A, 1));
	host_free(a);
	host_logout(b);
}

/* Its reads wait for buffers, which come back only when the peer takes what was read before. */
static void
test_a_deleted_lun_is_not_kept_by_a_peer_that_does_not_read(void **state)
{
	static const uint8_t cdb[10] = { 0x28, [8] = 128 };
	struct env *env = *state;
	struct raw_who who = { .host = HOST_1, .target = NAME_A, .isid = 1, .receive_bytes = 4096 };
	static struct raw raw;

	raw.cmd_sn = 1;
	assert_int_equal(raw_try_login(&raw, env->port, &who), 0);
	raw_ready(&raw, 0);
	for (unsigned i = 0; i < 100; i++)
		raw_command(&raw, 0, RAW_SIMPLE, cdb, sizeof(cdb), 0, 128 * 512);
	raw_flush(&raw);
	assert_true(fake_wait_devices(env->array, 1));
	fake_dissociate(env->array, &env->lun, &env->target_a);
	fake_dissociate(env->array, &env->lun, &env->target_b);
	fake_delete(env->array, ROW_LUN, &env->lun);
	fake_commit(env->array);
	assert_true(fake_wait_devices(env->array, 0));
	raw_close(&raw);
}

/* ---- Ending with sessions alive ---- */

static void
test_stop_ends_sessions(void **state)
{
	struct env *env = *state;
	struct iscsi_context *a = host_ready(env, HOST_1, NAME_A, 1),
			     *b = host_ready(env, HOST_2, NAME_B, 1);

	target_free(TAKE(env->target), 10000);
	assert_true(host_wait_closed(a) && host_wait_closed(b));
	assert_int_equal(fake_devices_in_use(env->array), 0);
	host_free(a);
	host_free(b);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_management_can_end_a_session),
		ENV_TEST(test_a_session_that_is_ended_is_told),
		ENV_TEST(test_a_portal_is_drained),
		ENV_TEST(test_a_session_that_does_not_log_out_is_ended_when_the_time_is_over),
		ENV_TEST(test_a_stop_lets_initiators_log_out),
		ENV_TEST(test_a_stop_waits_no_longer_than_it_says),
		ENV_TEST(test_a_stop_is_heeded_by_libiscsi),
		ENV_TEST(test_a_stop_without_sessions_ends_at_once),
		ENV_TEST(test_a_deleted_target_ends_its_sessions),
		cmocka_unit_test_setup_teardown(
			test_a_deleted_lun_is_not_kept_by_a_peer_that_does_not_read,
			env_setup_small_buffers, env_teardown),
		ENV_TEST(test_stop_ends_sessions),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("target end", tests, NULL, NULL);
}

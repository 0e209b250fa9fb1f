/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of authentication by CHAP, with libiscsi as the initiator: which secrets let in, one-way
 * and mutual, in sessions of targets and in discovery.
 */
#include "target_test.h"

#include <string.h>

#define SECRET "a secret of the host"
#define OTHER  "some other secret"
#define OWN    "a secret of the target"

static const struct guid discovery;

static int
try_login(struct env *env, const char *target, const struct initiator_options *options)
{
	struct iscsi_context *iscsi = initiator_login(env->portal, HOST_1, target, 1, options);

	if (iscsi == NULL)
		return host_login_status();
	host_logout(iscsi);
	return 0;
}

static void
secure(struct env *env)
{
	struct guid id = fake_id(50);

	fake_secret(env->array, &env->target_a, &id, CREDENTIAL_INITIATOR, "alice", SECRET);
	fake_commit(env->array);
}

static void
test_a_secret_is_needed_from_then_on(void **state)
{
	const struct initiator_options alice = { .user = "alice", .secret = SECRET };
	struct env *env = *state;

	assert_int_equal(try_login(env, NAME_A, NULL), 0);
	secure(env);
	assert_int_equal(try_login(env, NAME_A, NULL), 0x0201);
	assert_int_equal(try_login(env, NAME_A, &alice), 0);
	/* the other target wants none, and takes who insists on nothing */
	assert_int_equal(try_login(env, NAME_B, NULL), 0);
}

static void
test_wrong_secrets_and_users(void **state)
{
	const struct initiator_options wrong = { .user = "alice", .secret = OTHER };
	const struct initiator_options nobody = { .user = "bob", .secret = SECRET };
	struct env *env = *state;

	secure(env);
	assert_int_equal(try_login(env, NAME_A, &wrong), 0x0201);
	assert_int_equal(try_login(env, NAME_A, &nobody), 0x0201);
}

static void
test_several_users(void **state)
{
	const struct initiator_options alice = { .user = "alice", .secret = SECRET };
	const struct initiator_options bob = { .user = "bob", .secret = OTHER };
	const struct initiator_options mixed = { .user = "bob", .secret = SECRET };
	struct env *env = *state;
	struct guid id = fake_id(51);

	secure(env);
	fake_secret(env->array, &env->target_a, &id, CREDENTIAL_INITIATOR, "bob", OTHER);
	fake_commit(env->array);
	assert_int_equal(try_login(env, NAME_A, &alice), 0);
	assert_int_equal(try_login(env, NAME_A, &bob), 0);
	assert_int_equal(try_login(env, NAME_A, &mixed), 0x0201);
}

static void
test_mutual(void **state)
{
	struct initiator_options o = {
		.user = "alice",
		.secret = SECRET,
		.target_user = NAME_A,
		.target_secret = OWN,
	};
	struct env *env = *state;
	struct guid id = fake_id(52);

	secure(env);
	assert_int_equal(try_login(env, NAME_A, &o), 0x0201); /* it cannot prove itself yet */
	fake_secret(env->array, &env->target_a, &id, CREDENTIAL_TARGET, "", OWN);
	fake_commit(env->array);
	assert_int_equal(try_login(env, NAME_A, &o), 0);
	o.target_secret = OTHER; /* the initiator refuses the target */
	assert_int_not_equal(try_login(env, NAME_A, &o), 0);
	o.target_user = NULL;
	assert_int_equal(try_login(env, NAME_A, &o), 0);
}

static void
test_discovery_has_secrets_of_its_own(void **state)
{
	const struct initiator_options none = { 0 };
	const struct initiator_options finder = { .user = "finder", .secret = OTHER };
	const struct initiator_options alice = { .user = "alice", .secret = SECRET };
	struct env *env = *state;
	struct guid id = fake_id(53);

	secure(env);
	assert_true(initiator_may_discover(env->portal, HOST_1, &none));
	fake_secret(env->array, &discovery, &id, CREDENTIAL_INITIATOR, "finder", OTHER);
	fake_commit(env->array);
	assert_false(initiator_may_discover(env->portal, HOST_1, &none));
	assert_false(initiator_may_discover(env->portal, HOST_1, &alice));
	assert_true(initiator_may_discover(env->portal, HOST_1, &finder));
	assert_int_equal(try_login(env, NAME_A, &alice), 0);
}

static void
test_sessions_go_on_when_a_secret_is_set(void **state)
{
	struct env *env = *state;
	struct iscsi_context *session = host_ready(env, HOST_1, NAME_A, 7);

	assert_non_null(session);
	secure(env);
	assert_int_equal(host_test_unit_ready(session, 0), 0);
	host_logout(session);
}

/* The answers to failures are held back after some, while a right login is answered. */
static void
test_failures_do_not_hold_up_a_right_login(void **state)
{
	const struct initiator_options wrong = { .user = "alice", .secret = OTHER };
	const struct initiator_options alice = { .user = "alice", .secret = SECRET };
	struct array_port_counters counters = { 0 };
	struct env *env = *state;

	secure(env);
	for (int i = 0; i < 12; i++)
		assert_int_equal(try_login(env, NAME_A, &wrong), 0x0201);
	assert_int_equal(try_login(env, NAME_A, &alice), 0);
	fake_ops(env->array)->address_counters(fake_runtime(env->array), "127.0.0.1", &counters);
	assert_int_equal(counters.refused_logins, 12);
	assert_int_equal(counters.failed_logins, 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_a_secret_is_needed_from_then_on),
		ENV_TEST(test_wrong_secrets_and_users),
		ENV_TEST(test_several_users),
		ENV_TEST(test_mutual),
		ENV_TEST(test_discovery_has_secrets_of_its_own),
		ENV_TEST(test_sessions_go_on_when_a_secret_is_set),
		ENV_TEST(test_failures_do_not_hold_up_a_right_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a publication costs, as a count of what it visits: it grows with the change, not with the
 * LUNs, targets and sessions that the array has.
 */
#include "target_test.h"

#include <stdio.h>

#include "base/mem.h"
#include "own_port.h"

/* What publishing the edit under way costs. */
static uint64_t
commit_cost(struct env *env)
{
	uint64_t before = target_publish_steps(env->target);

	fake_commit(env->array);
	return target_publish_steps(env->target) - before;
}

/* LUNs first … first+count-1, behind target_b from that number on.  Published at once. */
static void
add_luns(struct env *env, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		struct guid id = fake_id(1000 + i);

		fake_lun(env->array, &id, LUN_BYTES, 512, HOST_1 ";" HOST_2, STATUS_ONLINE);
		fake_associate(env->array, &id, &env->target_b, 100 + i);
	}
	fake_commit(env->array);
}

static void
add_targets(struct env *env, unsigned first, unsigned count)
{
	char name[64];

	for (unsigned i = first; i < first + count; i++) {
		struct guid id = fake_id(100000 + i), group = fake_id(200000 + i);

		snprintf(name, sizeof(name), "iqn.2026-11.test:more%u", i);
		fake_target(env->array, &id, name);
		fake_group(env->array, &group, &id, 1);
		fake_group_portal(env->array, &group, &env->portal_id);
	}
	fake_commit(env->array);
}

/* One of each kind of change, on LUN `n` of add_luns; their cost. */
static uint64_t
cost_of_changes(struct env *env, unsigned n)
{
	struct guid lun = fake_id(1000 + n), target = fake_id(900000 + n), group = fake_id(910000);
	uint64_t cost;
	char name[64];

	fake_lun(env->array, &lun, LUN_BYTES, 512, HOST_1, STATUS_ONLINE); /* mask */
	cost = commit_cost(env);
	fake_lun(env->array, &lun, LUN_BYTES, 512, HOST_1, STATUS_OFFLINE);
	cost += commit_cost(env);
	fake_associate(env->array, &lun, &env->target_a, 7000);
	cost += commit_cost(env);
	fake_dissociate(env->array, &lun, &env->target_a);
	fake_dissociate(env->array, &lun, &env->target_b);
	cost += commit_cost(env);
	fake_delete(env->array, ROW_LUN, &lun);
	cost += commit_cost(env);
	snprintf(name, sizeof(name), "iqn.2026-11.test:new%u", n);
	fake_target(env->array, &target, name);
	fake_group(env->array, &group, &target, 1);
	fake_group_portal(env->array, &group, &env->portal_id);
	cost += commit_cost(env);
	fake_target(env->array, &target, name); /* renamed, as far as publishing goes */
	cost += commit_cost(env);
	fake_delete(env->array, ROW_PORTAL_GROUP, &group);
	fake_delete(env->array, ROW_TARGET, &target);
	cost += commit_cost(env);
	return cost;
}

static void
test_a_change_costs_the_same_with_many_luns(void **state)
{
	struct env *env = *state;
	uint64_t few, many;

	add_luns(env, 0, 50);
	few = cost_of_changes(env, 0);
	add_luns(env, 50, 3000);
	many = cost_of_changes(env, 1);
	assert_true(few > 0 && few < 200);
	/* the index of who is shown what has two pairs for this target, whatever its LUNs */
	assert_true(many <= few + 10);
}

/* A host gets a name and loses it again; one session of that name is looked at. */
static uint64_t
cost_of_a_name(struct env *env)
{
	struct guid host = fake_id(950000), name = fake_id(950001);
	uint64_t cost;

	fake_initiator(env->array, &name, &host, HOST_2);
	cost = commit_cost(env);
	fake_delete(env->array, ROW_INITIATOR, &name);
	return cost + commit_cost(env);
}

static void
test_a_name_of_a_host_costs_the_same_with_many_luns_and_sessions(void **state)
{
	struct env *env = *state;
	struct iscsi_context *two = host_login(env, HOST_2, NAME_A, 1), *others[20];
	uint64_t few = cost_of_a_name(env);

	add_luns(env, 0, 2000); /* behind the other target */
	for (unsigned i = 0; i < ARRAY_LEN(others); i++)
		others[i] = host_login(env, HOST_1, NAME_A, i);
	assert_int_equal(cost_of_a_name(env), few);
	assert_true(few < 30);
	for (unsigned i = 0; i < ARRAY_LEN(others); i++)
		host_logout(others[i]);
	host_logout(two);
}

static void
test_a_change_costs_the_same_with_many_targets(void **state)
{
	struct env *env = *state;
	uint64_t few, many;

	add_luns(env, 0, 4);
	add_targets(env, 0, 20);
	few = cost_of_changes(env, 0);
	add_targets(env, 20, 3000);
	many = cost_of_changes(env, 1);
	assert_true(many <= few + 10);
}

static void
log_in(struct env *env, struct iscsi_context **hosts, unsigned count, const char *target)
{
	for (unsigned i = 0; i < count; i++) {
		hosts[i] = host_login(env, HOST_1, target, i);
		assert_non_null(hosts[i]);
	}
}

static void
log_out(struct iscsi_context **hosts, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		host_free(hosts[i]);
}

static void
test_sessions_of_other_targets_are_not_visited(void **state)
{
	struct env *env = *state;
	struct iscsi_context *hosts[20];
	struct guid lun = env_add_lun(env, 1, "*");
	uint64_t before, after;

	fake_associate(env->array, &lun, &env->target_a, 9);
	before = commit_cost(env);
	log_in(env, hosts, ARRAY_LEN(hosts), NAME_B);
	fake_dissociate(env->array, &lun, &env->target_a);
	after = commit_cost(env);
	assert_true(after <= before + 4);
	log_out(hosts, ARRAY_LEN(hosts));
}

/* A session looks at the place that has changed, not at all of its LUNs. */
static void
test_a_session_looks_only_at_what_has_changed(void **state)
{
	struct env *env = *state;
	struct iscsi_context *hosts[10];
	struct guid lun = fake_id(1000);
	uint64_t cost;
	uint16_t luns[4];

	add_luns(env, 0, 1000);
	log_in(env, hosts, ARRAY_LEN(hosts), NAME_B);
	fake_lun(env->array, &lun, LUN_BYTES, 512, HOST_2, STATUS_ONLINE);
	cost = commit_cost(env);
	assert_true(cost >= ARRAY_LEN(hosts) && cost < 100);
	for (unsigned i = 0; i < ARRAY_LEN(hosts); i++) {
		assert_int_equal(host_test_unit_ready(hosts[i], 100), NO_SUCH_UNIT);
		assert_int_equal(host_report_luns(hosts[i], luns, 4), 1000);
	}
	log_out(hosts, ARRAY_LEN(hosts));
}

/* A drain looks at the paths of its LUN. */
static void
test_a_drain_looks_only_at_the_paths_of_its_lun(void **state)
{
	struct env *env = *state;
	struct array_mapping paths = { .lun_id = fake_id(1000), .except_mask = HOST_2 };
	struct iscsi_context *hosts[10];
	uint64_t before;
	void *drain = NULL;

	add_luns(env, 0, 1000);
	log_in(env, hosts, ARRAY_LEN(hosts), NAME_B);
	before = target_publish_steps(env->target);
	assert_int_equal(
		fake_ops(env->array)->quiesce(fake_runtime(env->array), &paths, 1, 5000, &drain),
		0);
	fake_ops(env->array)->resume(fake_runtime(env->array), drain);
	assert_true(target_publish_steps(env->target) - before <= 2 * ARRAY_LEN(hosts));
	log_out(hosts, ARRAY_LEN(hosts));
}

/* What initiators do not see wakes no thread of the data path. */
static void
test_a_rename_is_given_to_no_thread(void **state)
{
	struct env *env = *state;
	struct guid lun = env_add_lun(env, 1, "*"), other = env_add_lun(env, 2, "*"), new;
	struct iscsi_context *host;

	fake_associate(env->array, &lun, &env->target_b, 100);
	fake_associate(env->array, &other, &env->target_b, 101);
	fake_commit(env->array);
	host = host_login(env, HOST_1, NAME_B, 0);
	assert_non_null(host);
	fake_lun_rename(env->array, &lun, "another name");
	assert_int_equal(commit_cost(env), 1); /* the row of the change */
	new = env_add_lun(env, 3, "*");
	assert_int_equal(commit_cost(env), 1);
	/* The next view shows both, and whatever else has changed. */
	fake_associate(env->array, &new, &env->target_b, 102);
	fake_lun(env->array, &other, LUN_BYTES, 512, HOST_2, STATUS_ONLINE);
	assert_true(commit_cost(env) > 2);
	assert_int_not_equal(host_test_unit_ready(host, 100), NO_SUCH_UNIT);
	assert_int_equal(host_test_unit_ready(host, 101), NO_SUCH_UNIT);
	assert_int_not_equal(host_test_unit_ready(host, 102), NO_SUCH_UNIT);
	host_free(host);
}

static void
test_many_targets_are_made_in_linear_cost(void **state)
{
	struct env *env = *state;
	uint64_t first = target_publish_steps(env->target), half;

	for (unsigned i = 0; i < 500; i++)
		add_targets(env, i, 1);
	half = target_publish_steps(env->target) - first;
	for (unsigned i = 500; i < 1000; i++)
		add_targets(env, i, 1);
	assert_true(target_publish_steps(env->target) - first <= 2 * half);
}

/* The program that made a portal asks for its status at once. */
static void
test_the_live_row_of_a_portal_is_there_when_its_change_is_published(void **state)
{
	struct env *env = *state;

	fake_slow_live(env->array);
	for (unsigned i = 0; i < 20; i++) {
		struct guid id = fake_id(500 + i);

		fake_portal(env->array, &id, "127.0.0.1", own_port(env->array));
		fake_commit(env->array);
		assert_int_equal(fake_live_count(env->array, ROW_LIVE_PORTAL), i + 2);
	}
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_a_change_costs_the_same_with_many_luns),
		ENV_TEST(test_a_change_costs_the_same_with_many_targets),
		ENV_TEST(test_a_name_of_a_host_costs_the_same_with_many_luns_and_sessions),
		ENV_TEST(test_sessions_of_other_targets_are_not_visited),
		ENV_TEST(test_a_session_looks_only_at_what_has_changed),
		ENV_TEST(test_a_drain_looks_only_at_the_paths_of_its_lun),
		ENV_TEST(test_a_rename_is_given_to_no_thread),
		ENV_TEST(test_many_targets_are_made_in_linear_cost),
		ENV_TEST(test_the_live_row_of_a_portal_is_there_when_its_change_is_published),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("target publishing", tests, NULL, NULL);
}

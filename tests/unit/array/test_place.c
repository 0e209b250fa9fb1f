/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which gateway gets a LUN, how many move until the loads are even, and when a take-over goes on:
 * member_place.c, the balance of member_own.c, and member_watch.c, with states and a clock that the
 * test makes, and without threads.  LUNs that a schedule of snapshots takes together stay together.
 */
#include "array_test.h"

#include "array/member_int.h"
#include "base/clock.h"
#include "model/schedule.h"

#define GATEWAYS 3u
#define LUNS     12u

struct place {
	struct state *state;
	struct guid gateways[GATEWAYS], luns[LUNS];
	struct array_member members[GATEWAYS];
	uint64_t now_ns;
	/* by the clock of the server that has the lease of gateway 0, which is so far ahead */
	int64_t server_ahead_ns;
	int64_t lease_end_ns;
	unsigned fences;
};

/* ---- the state ---- */

static int
change(struct place *p, int (*apply)(struct state_edit *edit, void *context), void *context)
{
	struct state_edit *edit = state_edit_new(p->state);
	struct state *after = NULL;
	struct change *made = NULL;
	int rc = apply(edit, context);

	if (rc < 0) {
		state_edit_free(edit);
		return rc;
	}
	assert_ok(state_edit_finish(edit, "test", NULL, 0, &after, &made));
	change_unref(made);
	state_unref(p->state);
	p->state = after;
	return 0;
}

static int
put_apply(struct state_edit *edit, void *row)
{
	return state_edit_put(edit, row);
}

static void
put(struct place *p, void *row)
{
	assert_ok(change(p, put_apply, row));
}

struct owning {
	const struct guid *lun, *owner;
};

static int
own_apply(struct state_edit *edit, void *context)
{
	const struct owning *o = context;

	return array_member_edit_own(edit, o->lun, o->owner);
}

static void
own_lun(struct place *p, unsigned lun, unsigned owner)
{
	struct owning o = { &p->luns[lun], &p->gateways[owner] };

	assert_ok(change(p, own_apply, &o));
}

static void
put_gateway(struct place *p, unsigned i, const char *instance, bool drains)
{
	struct row_controller *row = row_new(ROW_CONTROLLER);

	row->id = p->gateways[i];
	row->drains = drains;
	assert_ok(row_set_string(&row->name, "gw"));
	assert_ok(row_set_string(&row->instance, instance));
	put(p, row);
}

/* A schedule of LUNs, which are neighbours in no order that the array uses. */
static void
put_schedule(struct place *p, const unsigned *luns, size_t count)
{
	struct row_snapshot_schedule *row = row_new(ROW_SNAPSHOT_SCHEDULE);
	struct guid ids[LUNS];

	guid_make(&row->id);
	for (size_t i = 0; i < count; i++)
		ids[i] = p->luns[luns[i]];
	assert_ok(row_set_string(&row->name, "s"));
	assert_ok(schedule_luns_format(ids, count, &row->lun_ids));
	row->enabled = true;
	put(p, row);
}

static unsigned
owner_of(const struct place *p, unsigned lun)
{
	const struct row_lun_owner *row = state_lun_owner(p->state, &p->luns[lun]);

	for (unsigned i = 0; row != NULL && i < GATEWAYS; i++)
		if (guid_equal(&row->controller_id, &p->gateways[i]))
			return i;
	return GATEWAYS;
}

static unsigned
count_of(const struct place *p, unsigned gateway)
{
	return (unsigned)state_controller_lun_count(p->state, &p->gateways[gateway]);
}

static void
assert_together(const struct place *p, const unsigned *luns, size_t count)
{
	for (size_t i = 1; i < count; i++)
		assert_int_equal(owner_of(p, luns[i]), owner_of(p, luns[0]));
}

/* ---- what the members need ---- */

static uint64_t
env_now(void *arg)
{
	return ((struct place *)arg)->now_ns;
}

static int
env_sleep(void *arg, uint32_t ms)
{
	((struct place *)arg)->now_ns += ms * NS_PER_MS;
	return 0;
}

static int
env_pull(void *arg)
{
	(void)arg;
	return 0;
}

static struct state *
env_state(void *arg)
{
	return state_ref(((struct place *)arg)->state);
}

static int
env_change(void *arg, const char *cause, int (*apply)(struct state_edit *edit, void *context),
	   void *context)
{
	(void)cause;
	return change(arg, apply, context);
}

static int
env_drain(void *arg, const struct guid *lun_id, void **ret_drain)
{
	(void)arg;
	(void)lun_id;
	*ret_drain = NULL;
	return 0;
}

static void
env_resume(void *arg, const struct guid *lun_id, void *drain, bool moved)
{
	(void)arg;
	(void)lun_id;
	(void)drain;
	(void)moved;
}

static const struct array_member_env env = {
	.now_ns = env_now,
	.sleep_ms = env_sleep,
	.pull = env_pull,
	.state = env_state,
	.change = env_change,
	.drain = env_drain,
	.resume = env_resume,
};

static void
op_claim(void *cluster, const struct guid *owner, struct array_cluster_claim *claims, size_t count)
{
	(void)cluster;
	(void)owner;
	for (size_t i = 0; i < count; i++)
		claims[i].rc = 0;
}

static int
op_fenced(void *cluster, bool *ret_fenced)
{
	(void)cluster;
	*ret_fenced = false;
	return 0;
}

static int
op_fence(void *cluster, const char *instance)
{
	assert_string_equal(instance, "runs");
	((struct place *)cluster)->fences++;
	return 0;
}

static int
op_lease_of(void *cluster, const struct guid *gateway, bool *ret_held)
{
	const struct place *p = cluster;

	*ret_held = !guid_equal(gateway, &p->gateways[0]) ||
		    (int64_t)p->now_ns + p->server_ahead_ns < p->lease_end_ns;
	return 0;
}

static const struct array_cluster_ops ops = {
	.lun_claim = op_claim, .fenced = op_fenced, .fence = op_fence, .lease_of = op_lease_of
};

/* The owner moves the LUN to whoever asks. */
static int
ask(struct array_member *member, const struct guid *owner, const struct guid *lun_id)
{
	struct owning o = { lun_id, &member->id };
	const struct place *p = member->env_arg;

	assert_true(guid_equal(&state_lun_owner(p->state, lun_id)->controller_id, owner));
	return change(member->env_arg, own_apply, &o);
}

/* ---- the fixture ---- */

static int
setup(void **state)
{
	struct position at = { .incarnation = 1 };
	struct place *p = mem_calloc(1, sizeof(*p));
	struct row_pool *pool = row_new(ROW_POOL);
	struct guid pool_id;

	p->state = state_new(&at);
	p->now_ns = 100 * NS_PER_S;
	guid_make(&pool->id);
	pool_id = pool->id;
	assert_ok(row_set_string(&pool->path, "/nonexistent/vds"));
	put(p, pool);
	for (unsigned i = 0; i < GATEWAYS; i++) {
		guid_make(&p->gateways[i]);
		put_gateway(p, i, "runs", false);
		array_member_init(&p->members[i], 1000, 0);
		p->members[i].id = p->gateways[i];
		p->members[i].ops = &ops;
		p->members[i].env = &env;
		p->members[i].env_arg = p->members[i].cluster = p;
	}
	for (unsigned i = 0; i < LUNS; i++) {
		struct row_lun *row = row_new(ROW_LUN);

		guid_make(&p->luns[i]);
		row->id = p->luns[i];
		row->pool_id = pool_id;
		row->number = i + 1;
		put(p, row);
		own_lun(p, i, 0);
	}
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	for (unsigned i = 0; i < GATEWAYS; i++)
		array_member_fini(&p->members[i]);
	state_unref(p->state);
	mem_free(p);
	return 0;
}

/* The other two ask for LUNs, in turns, until they want no more. */
static void
balance(struct place *p)
{
	unsigned rounds = 0;

	for (unsigned i = 1; i < GATEWAYS; i++)
		p->members[i].wants = true;
	while (p->members[1].wants || p->members[2].wants) {
		assert_true(rounds++ < 10 * LUNS);
		for (unsigned i = 1; i < GATEWAYS; i++)
			(void)array_member_balance(&p->members[i], ask);
	}
}

/* ---- tests ---- */

static void
test_without_schedules_loads_get_even(void **state)
{
	struct place *p = *state;

	balance(p);
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_int_equal(count_of(p, i), LUNS / GATEWAYS);
}

static void
test_a_balance_keeps_together_what_a_schedule_takes(void **state)
{
	static const unsigned five[] = { 1, 4, 6, 9, 11 }, pair[] = { 0, 7 };
	struct place *p = *state;

	put_schedule(p, five, ARRAY_LEN(five));
	put_schedule(p, pair, ARRAY_LEN(pair));
	balance(p);
	assert_together(p, five, ARRAY_LEN(five));
	assert_together(p, pair, ARRAY_LEN(pair));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_in_range(count_of(p, i), 3, 5);
}

/* Schedules that have a LUN in common make one group. */
static void
test_schedules_that_overlap_make_one_group(void **state)
{
	static const unsigned first[] = { 1, 4, 6 }, second[] = { 6, 9 }, all[] = { 1, 4, 6, 9 };
	struct place *p = *state;

	put_schedule(p, first, ARRAY_LEN(first));
	put_schedule(p, second, ARRAY_LEN(second));
	balance(p);
	assert_together(p, all, ARRAY_LEN(all));
	/* one may take singles while a group goes to the other */
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_in_range(count_of(p, i), LUNS / GATEWAYS - 1, LUNS / GATEWAYS + 1);
}

/* What all LUNs of a gateway are in stays whole there, and others are left as they are. */
static void
test_a_group_of_all_stays(void **state)
{
	unsigned all[LUNS];
	struct place *p = *state;

	for (unsigned i = 0; i < LUNS; i++)
		all[i] = i;
	put_schedule(p, all, LUNS);
	balance(p);
	assert_int_equal(count_of(p, 0), LUNS);
}

/* What an administrator has torn apart stays where it is. */
static void
test_a_balance_moves_nothing_of_a_torn_group(void **state)
{
	static const unsigned three[] = { 1, 4, 6 };
	struct place *p = *state;

	put_schedule(p, three, ARRAY_LEN(three));
	own_lun(p, 4, 1);
	balance(p);
	assert_int_equal(owner_of(p, 1), 0);
	assert_int_equal(owner_of(p, 4), 1);
	assert_int_equal(owner_of(p, 6), 0);
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_int_equal(count_of(p, i), LUNS / GATEWAYS);
}

static int
give_apply(struct state_edit *edit, void *from)
{
	return array_member_edit_give(edit, from);
}

static void
test_a_take_over_keeps_together_what_a_schedule_takes(void **state)
{
	static const unsigned five[] = { 1, 4, 6, 9, 11 }, apart[] = { 2, 3 };
	struct place *p = *state;

	put_schedule(p, five, ARRAY_LEN(five));
	put_schedule(p, apart, ARRAY_LEN(apart));
	own_lun(p, 3, 2); /* the one that was elsewhere is joined by the other */
	put_gateway(p, 0, "", false);
	assert_true(change(p, give_apply, &p->gateways[0]) == 0);
	assert_int_equal(count_of(p, 0), 0);
	assert_together(p, five, ARRAY_LEN(five));
	assert_int_equal(owner_of(p, 2), 2);
}

static void
test_a_drain_keeps_together_what_a_schedule_takes(void **state)
{
	static const unsigned five[] = { 1, 4, 6, 9, 11 };
	struct place *p = *state;
	struct array_member *member = &p->members[0];
	unsigned torn = 0;

	put_schedule(p, five, ARRAY_LEN(five));
	put_gateway(p, 0, "runs", true);
	array_member_claim_all(member);
	for (unsigned left = LUNS; left > 0; left--) {
		unsigned there = 0;

		assert_int_equal(array_member_balance(member, ask), left > 1);
		assert_int_equal(count_of(p, 0), left - 1);
		for (unsigned i = 0; i < ARRAY_LEN(five); i++)
			there += owner_of(p, five[i]) == 0;
		torn += there > 0 && there < ARRAY_LEN(five);
	}
	assert_together(p, five, ARRAY_LEN(five));
	/* they went one after the other, so that a run waits for as short a time as can be */
	assert_int_equal(torn, ARRAY_LEN(five) - 1);
}

/* ---- take-over ---- */

/* Gateway 0 has renewed its lease just now, and is taken over from; returns how long that takes. */
static uint64_t
take_over_ms(struct place *p, int64_t clock_jumps_ms)
{
	uint64_t begin_ns = p->now_ns;

	p->lease_end_ns = (int64_t)(p->now_ns + p->members[0].lease_ms * NS_PER_MS);
	p->server_ahead_ns = clock_jumps_ms * (int64_t)NS_PER_MS;
	assert_ok(array_member_take_over(&p->members[1], &p->gateways[0]));
	assert_int_equal(p->fences, 1);
	assert_int_equal(count_of(p, 0), 0);
	return (p->now_ns - begin_ns) / NS_PER_MS;
}

static void
test_a_take_over_waits_for_the_end_of_the_lease(void **state)
{
	struct place *p = *state;

	assert_in_range(take_over_ms(p, 0), p->members[0].lease_ms, 2 * p->members[0].lease_ms);
}

/* The lease would end in an hour, by that clock: the own one says that it has ended. */
static void
test_a_take_over_goes_on_when_a_server_was_set_back(void **state)
{
	struct place *p = *state;

	assert_in_range(take_over_ms(p, -3600000), p->members[0].lease_ms,
			2 * p->members[0].lease_ms);
}

static void
look_all(struct place *p)
{
	for (unsigned i = 1; i < GATEWAYS; i++) {
		atomic_store(&p->members[i].lease_end_ns, UINT64_MAX);
		atomic_store(&p->members[i].seen_end_ns, UINT64_MAX);
		array_member_look(&p->members[i]);
	}
}

/* A catalog that was put back from a backup says of a gateway that runs that it has left. */
static void
test_who_has_its_lease_keeps_its_luns_whatever_the_catalog_says(void **state)
{
	struct place *p = *state;

	p->lease_end_ns = (int64_t)(p->now_ns + NS_PER_S);
	put_gateway(p, 0, "", false);
	look_all(p);
	assert_int_equal(count_of(p, 0), LUNS);
	p->now_ns += 2 * NS_PER_S;
	look_all(p);
	assert_int_equal(count_of(p, 0), 0);
	assert_int_equal(count_of(p, 1) + count_of(p, 2), LUNS);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_without_schedules_loads_get_even),
		T(test_a_balance_keeps_together_what_a_schedule_takes),
		T(test_schedules_that_overlap_make_one_group),
		T(test_a_group_of_all_stays),
		T(test_a_balance_moves_nothing_of_a_torn_group),
		T(test_a_take_over_keeps_together_what_a_schedule_takes),
		T(test_a_drain_keeps_together_what_a_schedule_takes),
		T(test_a_take_over_waits_for_the_end_of_the_lease),
		T(test_a_take_over_goes_on_when_a_server_was_set_back),
		T(test_who_has_its_lease_keeps_its_luns_whatever_the_catalog_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

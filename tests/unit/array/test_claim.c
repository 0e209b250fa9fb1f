/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The claims of a gateway that owns many LUNs, over a cluster in memory: how many round trips they
 * take, in which order they are made, and what becomes of those that fail.  Faults of all kinds are
 * in test_member.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "array/member_int.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_cluster.h"

#define LUNS 300u
#define BAD  200u /* of them are in the pool "bad" */

struct claims {
	struct array_member member;
	struct fake_cluster *cluster;
	struct fake_client *client;
	struct array_cluster_ops ops;
	struct guid luns[LUNS];
	struct state *state;
	unsigned pulls, calls;
	int bad_rc;    /* what the claims in the pool of that name fail with */
	unsigned ends; /* the cluster is away from this call on; 0 = never */
	/* what the first claim of LUNs was for */
	struct guid first;
	size_t first_count;
	unsigned
		moves; /* LUN of luns that another gateway gets while the first claim is made; LUNS = none */
	unsigned deletes; /* likewise, one that is deleted once the state after it was looked at */
};

static const struct guid other = { { 2 } };

static uint64_t
env_now(void *arg)
{
	(void)arg;
	return 1;
}

/* A change that is published in the moment after a claim has looked at the state. */
static struct state *
env_state(void *arg)
{
	struct claims *c = arg;

	if (c->first_count > 0 && c->deletes < LUNS) {
		array_member_deleted(&c->member, &c->luns[c->deletes]);
		c->deletes = LUNS;
	}
	return state_ref(c->state);
}

static int
env_pull(void *arg)
{
	((struct claims *)arg)->pulls++;
	return 0;
}

static void
env_lost(void *arg, const char *reason)
{
	(void)arg;
	fail_msg("lost: %s", reason);
}

static const struct array_member_env env = {
	.now_ns = env_now,
	.state = env_state,
	.pull = env_pull,
	.lost = env_lost,
};

/* Makes the next state: what make puts. */
static void
commit(struct claims *c, void (*make)(struct claims *c, struct state_edit *edit))
{
	const struct guid none = { { 0 } };
	struct state_edit *edit = state_edit_new(c->state);
	struct change *change = NULL;
	struct state *next = NULL;

	make(c, edit);
	assert_int_equal(state_edit_finish(edit, "test", &none, 0, &next, &change), 0);
	change_unref(change);
	state_unref(c->state);
	c->state = next;
}

static struct guid
put_pool(struct state_edit *edit, uint8_t number, const char *name, const char *path)
{
	const struct guid id = { { number } };
	struct row_pool *pool = row_new(ROW_POOL);

	pool->id = id;
	row_set_string(&pool->name, name);
	row_set_string(&pool->path, path);
	assert_int_equal(state_edit_put(edit, pool), 0);
	return id;
}

/* Those that come first are in the pool that may be bad, and fill more than one batch. */
static void
make_rows(struct claims *c, struct state_edit *edit)
{
	struct guid good = put_pool(edit, 1, "rbd", "rbd:vds");
	struct guid bad = put_pool(edit, 2, "bad", "rbd:bad");

	for (unsigned i = 0; i < LUNS; i++) {
		struct row_lun *row = row_new(ROW_LUN);

		c->luns[i] = (struct guid){ { 1, (uint8_t)(i >> 8), (uint8_t)i } };
		row->id = c->luns[i];
		row->pool_id = i < BAD ? bad : good;
		assert_int_equal(state_edit_put(edit, row), 0);
	}
}

static void
own_all(struct claims *c, struct state_edit *edit)
{
	for (unsigned i = 0; i < LUNS; i++)
		assert_int_equal(array_member_edit_own(edit, &c->luns[i], &c->member.id), 0);
}

static void
move_one(struct claims *c, struct state_edit *edit)
{
	assert_int_equal(array_member_edit_own(edit, &c->luns[c->moves], &other), 0);
}

/* Notes what the first claim is for, before it is made. */
static void
op_lun_claim(void *cluster, const struct guid *owner, struct array_cluster_claim *claims,
	     size_t count)
{
	struct claims *c = cluster;

	if (c->first_count == 0) {
		c->first = claims[0].lun_id;
		c->first_count = count;
		if (c->moves < LUNS)
			commit(c, move_one);
	}
	if (++c->calls == c->ends)
		fake_client_cut(c->client, true);
	fake_cluster_ops.lun_claim(c->client, owner, claims, count);
	for (size_t i = 0; i < count && c->bad_rc < 0; i++)
		if (str_equal(claims[i].place, "rbd:bad"))
			claims[i].rc = c->bad_rc;
}

static int
op_fenced(void *cluster, bool *ret_fenced)
{
	return fake_cluster_ops.fenced(((struct claims *)cluster)->client, ret_fenced);
}

static int
setup(void **state)
{
	struct claims *c = mem_calloc(1, sizeof(*c));
	struct position at = { .incarnation = 1 };

	array_member_init(&c->member, 0, 0);
	c->cluster = fake_cluster_new();
	c->client = fake_client_new(c->cluster);
	c->ops = (struct array_cluster_ops){ .lun_claim = op_lun_claim, .fenced = op_fenced };
	c->member.id.bytes[0] = 1;
	c->member.ops = &c->ops;
	c->member.cluster = c;
	c->member.env = &env;
	c->member.env_arg = c;
	c->moves = c->deletes = LUNS;
	c->state = state_new(&at);
	commit(c, make_rows);
	commit(c, own_all);
	*state = c;
	return 0;
}

static int
teardown(void **state)
{
	struct claims *c = *state;

	array_member_fini(&c->member);
	state_unref(c->state);
	fake_cluster_free(c->cluster);
	mem_free(c);
	return 0;
}

static unsigned
held(struct claims *c)
{
	unsigned count = 0;

	for (unsigned i = 0; i < LUNS; i++)
		count += array_member_holds(&c->member, &c->luns[i]);
	return count;
}

static void
test_many_luns_take_a_few_round_trips_and_one_map(void **state)
{
	struct claims *c = *state;

	array_member_claim_all(&c->member);
	assert_int_equal(held(c), LUNS);
	assert_int_equal(fake_client_claims(c->client), 3);
	assert_int_equal(fake_client_maps(c->client), 1);
	array_member_claim_all(&c->member);
	assert_int_equal(fake_client_claims(c->client), 3);
	assert_int_equal(fake_client_maps(c->client), 1);
}

static void
test_what_somebody_waits_for_comes_first(void **state)
{
	struct claims *c = *state;
	const struct guid *last = &state_controller_lun(c->state, &c->member.id, LUNS - 1)->id;
	const struct guid stranger = { { 77 } };

	array_member_want(&c->member, last);
	array_member_want(&c->member, last);
	array_member_want(&c->member, &stranger);
	array_member_claim_all(&c->member);
	assert_true(guid_equal(&c->first, last));
	assert_int_equal(held(c), LUNS);
	assert_int_equal(fake_client_claims(c->client), 3);
	array_member_want(&c->member, last); /* it is held */
	assert_int_equal(c->member.wanted_count, 0);
}

/* More than there is room for: the rest comes in its turn. */
static void
test_all_may_be_waited_for(void **state)
{
	struct claims *c = *state;

	for (unsigned i = 0; i < LUNS; i++)
		array_member_want(&c->member, &c->luns[i]);
	assert_int_equal(c->member.wanted_count, MEMBER_WANTED_MAX);
	array_member_claim_all(&c->member);
	assert_int_equal(held(c), LUNS);
	assert_int_equal(fake_client_claims(c->client), 3);
}

static void
test_a_lun_that_moves_while_its_epoch_is_noted_is_not_held(void **state)
{
	struct claims *c = *state;

	c->moves = 5;
	array_member_claim_all(&c->member);
	assert_int_equal(held(c), LUNS - 1);
	assert_false(array_member_holds(&c->member, &c->luns[5]));
}

static void
test_a_lun_that_is_deleted_while_its_epoch_is_noted_is_not_held(void **state)
{
	struct claims *c = *state;

	c->deletes = 5;
	array_member_claim_all(&c->member);
	assert_int_equal(held(c), LUNS - 1);
	assert_false(array_member_holds(&c->member, &c->luns[5]));
	array_member_claim_all(&c->member); /* had it come back in that moment */
	assert_int_equal(held(c), LUNS);
}

static void
test_a_greater_epoch_stops_one_lun_only(void **state)
{
	struct claims *c = *state;
	struct array_cluster_claim claim = { "rbd:vds", c->luns[7], UINT64_MAX, 0 };

	fake_cluster_ops.lun_claim(fake_client_new(c->cluster), &other, &claim, 1);
	assert_int_equal(claim.rc, 0);
	array_member_claim_all(&c->member);
	assert_int_equal(held(c), LUNS - 1);
	assert_false(array_member_holds(&c->member, &c->luns[7]));
	assert_int_equal(c->pulls, 1);
	/* it is tried again, and no other */
	c->first_count = 0;
	array_member_claim_all(&c->member);
	assert_int_equal(c->first_count, 1);
	assert_true(guid_equal(&c->first, &c->luns[7]));
}

/* More of them than a batch has room for, and first in it: the others are claimed in one go. */
static void
test_a_pool_that_fails_stops_no_luns_of_another(void **state)
{
	static const int errors[] = { -EIO, -ENOENT, -EPERM, -ETIMEDOUT, -ESTALE };
	struct claims *c = *state;

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		c->bad_rc = errors[i];
		for (unsigned l = BAD; l < LUNS; l++)
			array_member_deleted(&c->member, &c->luns[l]);
		assert_int_equal(held(c), 0);
		array_member_claim_all(&c->member);
		assert_int_equal(held(c), LUNS - BAD);
	}
	assert_int_equal(c->pulls, 1); /* for -ESTALE */
	c->bad_rc = 0;
	array_member_claim_all(&c->member);
	assert_int_equal(held(c), LUNS);
}

/* An error of one LUN does not hide that the catalog is older than the claim of another. */
static void
test_a_newer_owner_is_seen_behind_other_errors(void **state)
{
	struct claims *c = *state;
	struct array_cluster_claim claim = { "rbd:vds", c->luns[LUNS - 1], UINT64_MAX, 0 };

	fake_cluster_ops.lun_claim(fake_client_new(c->cluster), &other, &claim, 1);
	c->bad_rc = -EIO;
	array_member_claim_all(&c->member);
	assert_int_equal(held(c), LUNS - BAD - 1);
	assert_int_equal(c->pulls, 1);
}

/* It goes away between two batches: what is behind the one that nobody answers is not tried. */
static void
test_a_cluster_that_goes_away_is_asked_once(void **state)
{
	struct claims *c = *state;

	c->ends = 2;
	array_member_claim_all(&c->member);
	assert_int_equal(held(c), MEMBER_CLAIMS);
	assert_int_equal(c->calls, 2);
	fake_client_cut(c->client, false);
	array_member_claim_all(&c->member);
	assert_int_equal(held(c), LUNS);
}

/* Nothing is claimed without the map of the fences; all of it is tried again. */
static void
test_a_cluster_that_is_away_is_asked_once(void **state)
{
	struct claims *c = *state;

	fake_client_cut(c->client, true);
	array_member_claim_all(&c->member);
	assert_int_equal(held(c), 0);
	assert_int_equal(fake_client_claims(c->client), 0); /* no map, no claim */
	fake_client_cut(c->client, false);
	array_member_claim_all(&c->member);
	assert_int_equal(held(c), LUNS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_many_luns_take_a_few_round_trips_and_one_map,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_somebody_waits_for_comes_first, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_all_may_be_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_lun_that_moves_while_its_epoch_is_noted_is_not_held, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_a_lun_that_is_deleted_while_its_epoch_is_noted_is_not_held, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_a_greater_epoch_stops_one_lun_only, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_pool_that_fails_stops_no_luns_of_another,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_newer_owner_is_seen_behind_other_errors,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_cluster_that_goes_away_is_asked_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_cluster_that_is_away_is_asked_once, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

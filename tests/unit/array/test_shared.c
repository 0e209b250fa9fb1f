/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Several arrays of one process share a catalog, as gateways do: what one has answered all have;
 * writers that compete, lost answers, notifications that do not arrive, loads.
 */
#include "array_test.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array/array_int.h"
#include "catalog/shared.h"
#include "shared_store.h"

#define GATEWAYS 3

struct gateways {
	struct fixture f; /* its array is that of no gateway */
	struct shared_cluster *cluster;
	struct array *arrays[GATEWAYS];
	char dirs[GATEWAYS][96];
};

static void
gateway_open(struct gateways *g, unsigned i)
{
	struct catalog_shared shared = shared_cluster_open(g->cluster);
	struct array_options options = { .dir = g->dirs[i],
					 .verify_interval_ms = 1000,
					 .shared = &shared };

	assert_ok(array_open(&options, &g->arrays[i]));
}

static int
setup(void **state)
{
	struct gateways *g = mem_calloc(1, sizeof(*g));

	snprintf(g->f.dir, sizeof(g->f.dir), "/tmp/vds-array-XXXXXX");
	assert_non_null(mkdtemp(g->f.dir));
	g->cluster = shared_cluster_new();
	for (unsigned i = 0; i < GATEWAYS; i++) {
		snprintf(g->dirs[i], sizeof(g->dirs[i]), "%s/%u", g->f.dir, i);
		gateway_open(g, i);
	}
	*state = g;
	return 0;
}

static int
teardown(void **state)
{
	struct gateways *g = *state;

	for (unsigned i = 0; i < GATEWAYS; i++) {
		char name[128];

		array_close(g->arrays[i]);
		snprintf(name, sizeof(name), "%s/mark", g->dirs[i]);
		unlink(name);
		snprintf(name, sizeof(name), "%s/lock", g->dirs[i]);
		unlink(name);
		assert_int_equal(rmdir(g->dirs[i]), 0); /* nothing else is there */
	}
	assert_int_equal(rmdir(g->f.dir), 0);
	shared_cluster_free(g->cluster);
	mem_free(g);
	return 0;
}

/* All have one state, and it is what each has stored. */
static void
assert_alike(struct gateways *g)
{
	AUTO_STATE struct state *first = array_state(g->arrays[0]);
	const struct position *p = state_position(first);

	for (unsigned i = 0; i < GATEWAYS; i++) {
		AUTO_STATE struct state *other = array_state(g->arrays[i]);
		const struct position *q = state_position(other);

		assert_int_equal(p->sequence, q->sequence);
		assert_true(hash128_equal(&p->digest, &q->digest));
		assert_ok(state_check(other));
		assert_ok(array_check(g->arrays[i]));
	}
}

static void
test_an_answered_change_is_everywhere(void **state)
{
	struct gateways *g = *state;

	for (unsigned n = 0; n < 30; n++) {
		struct guid target = make_target(g->arrays[n % GATEWAYS], "t");

		for (unsigned i = 0; i < GATEWAYS; i++) {
			AUTO_STATE struct state *now = array_state(g->arrays[i]);

			assert_non_null(state_find(now, ROW_TARGET, &target));
		}
	}
	assert_alike(g);
}

static void
test_the_event_stream_has_the_changes_of_others(void **state)
{
	struct gateways *g = *state;
	struct array_listener *l = NULL;
	AUTO_STATE struct state *mine = NULL;
	uint64_t last;

	assert_ok(array_listen(g->arrays[0], 0, 0, &l, &mine, NULL));
	for (unsigned n = 0; n < 10; n++)
		make_target(g->arrays[1 + n % 2], "t");
	last = sequence_of(g->arrays[0]);
	while (state_position(mine)->sequence < last) {
		struct array_event event;
		struct state *next = NULL;

		assert_ok(array_listener_next(l, &event));
		if (event.kind == ARRAY_EVENT_CHANGE) {
			assert_ok(state_apply(mine, event.change, &next));
			state_unref(mine);
			mine = next;
		}
		change_unref(event.change);
	}
	array_listener_free(l);
	/* and those from before it came */
	assert_ok(array_listen(g->arrays[2], state_position(mine)->incarnation, last - 5, &l, NULL,
			       NULL));
	array_listener_free(l);
}

/* Another gateway may have taken the name in the meantime: then the second try finds it. */
static void
test_a_conflict_is_decided_on_the_newer_state(void **state)
{
	struct gateways *g = *state;
	struct array_answer answer;

	shared_cluster_mute(g->cluster, true);
	assert_ok(array_target_create(g->arrays[0], NULL, "iqn.2026-11.org.example:one", "x", false,
				      false, &answer));
	assert_int_equal(array_target_create(g->arrays[1], NULL, "iqn.2026-11.org.example:one", "y",
					     false, false, &answer),
			 ERR_NAME_IN_USE);
	shared_cluster_mute(g->cluster, false);
	make_target(g->arrays[2], "z");
	assert_alike(g);
}

/* ---- writers that compete ---- */

struct client {
	struct gateways *g;
	pthread_t thread;
	unsigned number, changes, unknown;
	bool faults;
};

static void *
client_main(void *arg)
{
	struct client *c = arg;
	struct array *a = c->g->arrays[c->number % GATEWAYS];
	struct array_answer answer;
	char name[32];
	int rc;

	for (unsigned n = 0; n < c->changes; n++) {
		snprintf(name, sizeof(name), "c%u-%u", c->number, n);
		rc = array_target_create(a, NULL, NULL, name, false, false, &answer);
		c->unknown += rc == ERR_TIMEOUT;
		if (rc == 0 && n % 3 == 0)
			rc = array_target_delete(a, NULL, &answer.object_id, NULL);
		else if (rc == 0 && n % 3 == 1)
			rc = array_target_set_alias(a, NULL, &answer.object_id, "", false, NULL);
		c->unknown += rc == ERR_TIMEOUT;
		if (rc != ERR_TIMEOUT || !c->faults)
			assert_ok(rc);
	}
	return NULL;
}

static void
compete(struct gateways *g, unsigned clients, unsigned changes, bool faults)
{
	struct client c[8] = { { .g = NULL } };

	for (unsigned i = 0; i < clients; i++) {
		c[i] = (struct client){ .g = g, .number = i, .changes = changes, .faults = faults };
		assert_int_equal(pthread_create(&c[i].thread, NULL, client_main, &c[i]), 0);
	}
	for (unsigned i = 0; i < clients; i++)
		assert_int_equal(pthread_join(c[i].thread, NULL), 0);
}

static void
test_eight_writers_lose_nothing(void **state)
{
	struct gateways *g = *state;

	compete(g, 8, 30, false);
	assert_alike(g);
	assert_int_equal(count_rows(g->arrays[1], ROW_TARGET), 8 * 20);
}

static void
test_eight_writers_with_lost_answers_agree(void **state)
{
	struct gateways *g = *state;

	shared_cluster_random(g->cluster, 5);
	compete(g, 8, 20, true);
	shared_cluster_random(g->cluster, 0);
	/* what was left open is decided by the next change */
	make_target(g->arrays[0], "last");
	make_target(g->arrays[1], "last");
	make_target(g->arrays[2], "last");
	assert_alike(g);
}

/* ---- gateways that come and go ---- */

static void
test_a_gateway_that_was_away_has_everything(void **state)
{
	struct gateways *g = *state;

	array_close(g->arrays[2]);
	compete(&(struct gateways){ .arrays = { g->arrays[0], g->arrays[1], g->arrays[0] } }, 4, 20,
		false);
	gateway_open(g, 2);
	assert_alike(g);
	make_target(g->arrays[2], "t");
	assert_alike(g);
}

static bool
has_caught_up(struct array *array, const void *arg)
{
	return sequence_of(array) >= *(const uint64_t *)arg;
}

/* No notification arrives: a gateway looks by itself. */
static void
test_a_missed_notification_costs_a_moment(void **state)
{
	struct gateways *g = *state;
	uint64_t last;

	shared_cluster_mute(g->cluster, true);
	make_target(g->arrays[0], "t");
	last = sequence_of(g->arrays[0]);
	assert_true(wait_for(g->arrays[1], has_caught_up, &last));
	assert_true(wait_for(g->arrays[2], has_caught_up, &last));
	assert_alike(g);
}

static void
test_a_store_that_is_away_fails_changes_only(void **state)
{
	struct gateways *g = *state;
	struct array_answer answer;

	shared_cluster_away(g->cluster, true);
	assert_int_equal(array_target_create(g->arrays[0], NULL, NULL, "t", false, false, &answer),
			 -ENOTCONN);
	assert_false(array_is_read_only(g->arrays[0]));
	shared_cluster_away(g->cluster, false);
	make_target(g->arrays[0], "t");
	assert_alike(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_answered_change_is_everywhere, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_the_event_stream_has_the_changes_of_others,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_conflict_is_decided_on_the_newer_state,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_eight_writers_lose_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_eight_writers_with_lost_answers_agree, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_gateway_that_was_away_has_everything, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_missed_notification_costs_a_moment, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_store_that_is_away_fails_changes_only, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

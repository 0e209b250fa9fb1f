/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of a client that knows two gateways of one array: it goes on through the other one when one
 * dies, hangs, stops or is behind, its changes are made once, and its replica stays sound.
 */
#include "fault.h"

#include "base/clock.h"
#include "replica_test.h"

/* Two gateways, with the same rows and live rows of their own, and a client of both. */
struct two {
	struct fake *a, *b;
	char urls[256];
	struct client *client;
};

/* On a busy machine the replica must not become stale while it is looked at. */
static struct client_tuning
patient(void)
{
	struct client_tuning tuning = fake_tuning();

	tuning.stale_ns = 60 * NS_PER_S;
	return tuning;
}

static void
two_open(struct two *t, enum client_mode mode, const struct client_tuning *tuning)
{
	t->a = fake_start();
	t->b = fake_start();
	fake_down(t->b, true); /* up again, it is of another boot */
	fake_down(t->b, false);
	snprintf(t->urls, sizeof(t->urls), "%s,%s", fake_url(t->a), fake_url(t->b));
	assert_int_equal(client_open_tuned(t->urls, mode, tuning, &t->client), 0);
	if (mode == CLIENT_REPLICA)
		await_state(t->client, REPLICA_FOLLOWING);
}

static void
two_fini(struct two *t)
{
	client_close(t->client);
	fake_stop(t->a);
	fake_stop(t->b);
}

#define TWO(t, mode)                                      \
	AUTO(two_fini) struct two t = { .client = NULL }; \
	struct client_tuning tuning = patient();          \
	(void)unused;                                     \
	two_open(&t, mode, &tuning)

static unsigned
streams(struct fake *fake)
{
	struct fake_seen seen;

	fake_seen(fake, &seen);
	return seen.streams;
}

static bool
has_lun(struct client *client, unsigned n)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };
	struct guid id = sample_id('l', n);

	assert_int_equal(client_view(client, &view), 0);
	return state_find(view.config, ROW_LUN, &id) != NULL;
}

/* ---- where the first one is away ---- */

static void
test_a_gateway_that_is_away_is_passed_over(void **unused)
{
	struct client_tuning tuning = patient();
	struct fake *fake = fake_start();
	char urls[256];

	(void)unused;
	snprintf(urls, sizeof(urls), "unix:/nonexistent/s,%s", fake_url(fake));
	for (int mode = CLIENT_CALLS; mode <= CLIENT_REPLICA; mode++) {
		struct client *client = NULL;

		assert_int_equal(client_open_tuned(urls, mode, &tuning, &client), 0);
		assert_int_equal(client_call(client, "POST", "/v1/luns", NULL, NULL), 0);
		client_close(client);
	}
	fake_stop(fake);
}

static void
test_when_all_are_away_that_is_said_at_once(void **unused)
{
	struct client_tuning tuning = patient();
	struct client *client = NULL;

	(void)unused;
	assert_int_equal(client_open_tuned("unix:/nonexistent/a,unix:/nonexistent/b",
					   CLIENT_REPLICA, &tuning, &client),
			 ERR_UNREACHABLE);
	assert_non_null(strstr(err_text(ERR_UNREACHABLE), "/nonexistent/"));
}

/* ---- one that dies ---- */

static void
test_the_replica_goes_on_where_it_was(void **unused)
{
	struct guid boot, now;

	TWO(t, CLIENT_REPLICA);
	boot = client_replica_boot(&t.client->replica);
	assert_int_equal(fake_add_lun(t.a, 10), fake_add_lun(t.b, 10));
	assert_int_equal(client_sync(t.client), 0);
	fake_down(t.a, true);
	fake_await_streams(t.b, 1);
	fake_add_lun(t.b, 11);
	assert_int_equal(client_sync(t.client), 0);
	assert_true(has_lun(t.client, 10) && has_lun(t.client, 11));
	await_state(t.client, REPLICA_FOLLOWING);
	now = client_replica_boot(&t.client->replica);
	assert_false(guid_equal(&boot, &now)); /* the live rows are those of b */
}

static void
test_one_that_is_behind_is_waited_for(void **unused)
{
	TWO(t, CLIENT_REPLICA);
	fake_add_lun(t.a, 10);
	assert_int_equal(client_sync(t.client), 0);
	fake_down(t.a, true);
	fake_await_calls(t.b, 3); /* for snapshots: it was asked again */
	assert_true(has_lun(t.client, 10));
	assert_int_not_equal(client_replica_state(&t.client->replica), REPLICA_BROKEN);
	fake_add_lun(t.b, 10);
	await_state(t.client, REPLICA_FOLLOWING);
	assert_true(has_lun(t.client, 10));
	fake_add_lun(t.b, 11);
	assert_int_equal(client_sync(t.client), 0);
	assert_true(has_lun(t.client, 11));
}

static void
test_one_that_stays_behind_breaks_the_replica(void **unused)
{
	AUTO(two_fini) struct two t = { .client = NULL };
	struct client_tuning tuning = patient();

	(void)unused;
	tuning.wait_ns = 300 * NS_PER_MS;
	two_open(&t, CLIENT_REPLICA, &tuning);
	fake_add_lun(t.a, 10);
	assert_int_equal(client_sync(t.client), 0);
	fake_down(t.a, true);
	await_state(t.client, REPLICA_BROKEN);
	fake_add_lun(t.b, 10);
	assert_int_equal(client_reenumerate(t.client), 0);
	assert_int_equal(client_refresh(t.client), 0);
	assert_true(has_lun(t.client, 10));
}

static void
test_another_array_breaks_the_replica(void **unused)
{
	TWO(t, CLIENT_REPLICA);
	fake_restore(t.b);
	fake_down(t.a, true);
	await_state(t.client, REPLICA_BROKEN);
}

/* ---- changes ---- */

static void
test_a_change_whose_answer_was_lost_is_asked_for_at_the_other(void **unused)
{
	static const enum client_mode modes[] = { CLIENT_CALLS, CLIENT_REPLICA };

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		static struct fake_seen a, b; /* they are large */

		TWO(t, modes[i]);
		fake_break_calls(t.a, 1);
		assert_int_equal(client_call(t.client, "POST", "/v1/luns", NULL, NULL), 0);
		fake_seen(t.a, &a);
		fake_seen(t.b, &b);
		assert_int_equal(a.changes, 1);
		assert_int_equal(b.changes, 1);
		assert_string_equal(a.change_id, b.change_id);
	}
}

static void
test_a_gateway_that_may_not_answer_sends_the_client_away(void **unused)
{
	static const char *const answers[] = {
		"{\"error\":{\"code\":\"CLOSED\",\"message\":\"it stops\"}}",
		"{\"error\":{\"code\":\"UNREACHABLE\",\"message\":\"it has no lease\"}}",
	};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		static struct fake_seen b; /* it is large */

		TWO(t, CLIENT_CALLS);
		fake_answer(t.a, 503, answers[i]);
		assert_int_equal(client_call(t.client, "POST", "/v1/luns", NULL, NULL), 0);
		fake_seen(t.b, &b);
		assert_int_equal(b.changes, 1);
	}
}

struct own_change {
	struct client *client;
	int rc;
};

static void *
change_main(void *arg)
{
	struct own_change *c = arg;

	c->rc = client_call(c->client, "POST", "/v1/luns", NULL, NULL);
	return NULL;
}

/* As a process that is stopped: it takes connections, and nothing comes. */
static void
test_a_call_leaves_a_gateway_that_hangs(void **unused)
{
	AUTO(two_fini) struct two t = { .client = NULL };
	struct client_tuning tuning = patient();
	static struct fake_seen a, b; /* they are large */
	struct own_change change;
	pthread_t thread;

	(void)unused;
	tuning.silence_ns = 500 * NS_PER_MS;
	tuning.call_ms = 0; /* nothing but the stream tells */
	two_open(&t, CLIENT_REPLICA, &tuning);
	fake_hold_calls(t.a, true);
	fake_mute(t.a, true);
	change.client = t.client;
	assert_int_equal(pthread_create(&thread, NULL, change_main, &change), 0);
	fake_await_calls(t.b, 1);
	pthread_join(thread, NULL);
	assert_int_equal(change.rc, 0);
	fake_seen(t.a, &a);
	fake_seen(t.b, &b);
	assert_string_equal(a.id, b.id);
	assert_true(streams(t.b) > 0);
	fake_hold_calls(t.a, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_gateway_that_is_away_is_passed_over),
		cmocka_unit_test(test_when_all_are_away_that_is_said_at_once),
		cmocka_unit_test(test_the_replica_goes_on_where_it_was),
		cmocka_unit_test(test_one_that_is_behind_is_waited_for),
		cmocka_unit_test(test_one_that_stays_behind_breaks_the_replica),
		cmocka_unit_test(test_another_array_breaks_the_replica),
		cmocka_unit_test(test_a_change_whose_answer_was_lost_is_asked_for_at_the_other),
		cmocka_unit_test(test_a_gateway_that_may_not_answer_sends_the_client_away),
		cmocka_unit_test(test_a_call_leaves_a_gateway_that_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

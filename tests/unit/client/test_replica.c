/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the replica: it follows the event stream, resumes after a lost connection, knows when
 * it cannot be trusted, and is repaired as the documentation says.
 */
#include <sched.h>

#include "fault.h"

#include "base/clock.h"
#include "replica_test.h"

struct own_change {
	struct client *client;
	struct guid id;
	int rc;
	bool seen;
};

/* A change, and at once a look for what it did to the live rows. */
static void *
change_and_look(void *arg)
{
	struct own_change *c = arg;
	AUTO_VIEW struct client_view view = { NULL, NULL };

	c->rc = client_call(c->client, "PUT", "/v1/luns/x/status", NULL, NULL);
	client_view_last(c->client, &view);
	c->seen = state_find(view.live, ROW_LIVE_LUN, &c->id) != NULL;
	return NULL;
}

static bool
has_lun(struct client *client, unsigned n)
{
	AUTO_VIEW struct client_view view;
	struct guid id = sample_id('l', n);

	client_view_last(client, &view);
	return state_find(view.config, ROW_LUN, &id) != NULL;
}

static void
assert_corrupt(struct client *client, const char *why)
{
	struct client_view view;

	assert_int_equal(client_view(client, &view), ERR_CACHE_CORRUPT);
	if (strstr(err_text(ERR_CACHE_CORRUPT), why) == NULL)
		fail_msg("'%s' does not say '%s'", err_text(ERR_CACHE_CORRUPT), why);
}

static void
assert_trusted(struct client *client)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };

	if (client_view(client, &view) != 0)
		fail_msg("%s", err_text(ERR_CACHE_CORRUPT));
}

static void
cure(struct pair *p)
{
	assert_int_equal(client_reenumerate(p->client), 0);
	assert_int_equal(client_refresh(p->client), 0);
	assert_same(p);
	await_state(p->client, REPLICA_FOLLOWING);
}

/* ---- following ---- */

static void
test_open_loads_the_snapshot(void **unused)
{
	PAIR(p);

	assert_same(&p);
	assert_true(has_lun(p.client, 1));
}

static void
test_open_without_an_array_is_unreachable(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct client *client = NULL;

	(void)unused;
	assert_int_equal(client_open_tuned("unix:/nonexistent/s", CLIENT_REPLICA, &tuning, &client),
			 ERR_UNREACHABLE);
	assert_null(client);
	assert_non_null(strstr(err_text(ERR_UNREACHABLE), "/nonexistent/s"));
}

static void
test_changes_arrive(void **unused)
{
	PAIR(p);

	fake_add_lun(p.fake, 10);
	fake_add_lun(p.fake, 11);
	assert_int_equal(client_sync(p.client), 0);
	assert_true(has_lun(p.client, 10) && has_lun(p.client, 11));
	assert_same(&p);
}

static void
test_live_rows_arrive_with_the_hello_and_later(void **unused)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };
	struct guid one = sample_id('l', 1), two = sample_id('l', 2);

	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_live(p.fake, sample_live_lun(1, HEALTH_OK));
	fake_cut(p.fake);
	fake_await_streams(p.fake, 2);
	fake_live(p.fake, sample_live_lun(2, HEALTH_FAILED));
	fake_add_lun(p.fake, 10); /* comes after it on the same stream */
	assert_int_equal(client_sync(p.client), 0);
	assert_int_equal(client_view(p.client, &view), 0);
	assert_int_equal(
		((const struct row_live_lun *)state_find(view.live, ROW_LIVE_LUN, &one))->health,
		HEALTH_OK);
	assert_int_equal(
		((const struct row_live_lun *)state_find(view.live, ROW_LIVE_LUN, &two))->health,
		HEALTH_FAILED);
}

static void
test_live_rows_that_come_in_several_events_are_shown_together(void **unused)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };

	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_cut(p.fake);
	for (unsigned i = 1; i <= 7; i++)
		fake_live(p.fake, sample_live_lun(i, i == 5 ? HEALTH_FAILED : HEALTH_OK));
	fake_cut(p.fake);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_add_lun(p.fake, 10);
	assert_int_equal(client_sync(p.client), 0);
	assert_int_equal(client_view(p.client, &view), 0);
	assert_int_equal(state_count(view.live, ROW_LIVE_LUN), 7);
	assert_int_equal(state_ailing(view.live), 1);
}

static void
test_a_view_stays_as_it_was_taken(void **unused)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };

	PAIR(p);
	assert_int_equal(client_view(p.client, &view), 0);
	fake_add_lun(p.fake, 10);
	assert_int_equal(client_sync(p.client), 0);
	assert_int_equal(state_count(view.config, ROW_LUN), 2);
	assert_true(has_lun(p.client, 10));
}

/* ---- the stream is cut ---- */

static void
test_a_cut_stream_is_resumed_without_a_gap(void **unused)
{
	PAIR(p);

	for (unsigned i = 0; i < 20; i++) {
		fake_add_lun(p.fake, 10 + 2 * i);
		fake_cut(p.fake);
		fake_add_lun(p.fake, 11 + 2 * i);
	}
	assert_int_equal(client_sync(p.client), 0);
	await_state(p.client, REPLICA_FOLLOWING);
	assert_same(&p);
}

static void
test_an_array_that_comes_back_is_followed_again(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_down(p.fake, true);
	await_state(p.client, REPLICA_LOST);
	assert_trusted(p.client); /* not yet for too long */
	fake_down(p.fake, false);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_add_lun(p.fake, 10);
	assert_int_equal(client_sync(p.client), 0);
	assert_same(&p);
}

/* Waits until the view is refused. */
static void
await_corrupt(struct client *client)
{
	struct client_view view;

	while (client_view(client, &view) == 0) {
		client_view_fini(&view);
		sched_yield();
	}
}

static void
test_a_stream_lost_for_too_long_is_corrupt_until_it_is_back(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct pair p = { .fake = fake_start() };

	(void)unused;
	tuning.stale_ns = 100 * NS_PER_MS;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_REPLICA, &tuning, &p.client),
			 0);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_down(p.fake, true);
	await_corrupt(p.client);
	assert_corrupt(p.client, "cannot be trusted");
	fake_down(p.fake, false);
	await_state(p.client, REPLICA_FOLLOWING);
	assert_trusted(p.client);
	pair_fini(&p);
}

static void
test_a_silent_stream_is_given_up(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct pair p = { .fake = fake_start() };

	(void)unused;
	tuning.silence_ns = 60 * NS_PER_MS;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_REPLICA, &tuning, &p.client),
			 0);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_mute(p.fake, true);
	fake_await_streams(p.fake, 3);
	fake_mute(p.fake, false);
	fake_add_lun(p.fake, 10);
	assert_int_equal(client_sync(p.client), 0);
	pair_fini(&p);
}

static void
test_a_mute_stream_makes_the_view_stale(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct pair p = { .fake = fake_start() };

	(void)unused;
	tuning.stale_ns = 100 * NS_PER_MS;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_REPLICA, &tuning, &p.client),
			 0);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_mute(p.fake, true);
	await_corrupt(p.client);
	assert_int_equal(client_replica_state(&p.client->replica), REPLICA_FOLLOWING);
	fake_mute(p.fake, false);
	fake_add_lun(p.fake, 10);
	assert_int_equal(client_sync(p.client), 0);
	assert_trusted(p.client);
	pair_fini(&p);
}

/* ---- what breaks it ---- */

static void
test_a_gap_breaks_it_until_it_is_cured(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_fault(p.fake, FAKE_SKIP);
	fake_add_lun(p.fake, 10);
	fake_add_lun(p.fake, 11);
	await_state(p.client, REPLICA_BROKEN);
	assert_corrupt(p.client, "a gap");
	assert_false(has_lun(p.client, 11));
	cure(&p);
	assert_true(has_lun(p.client, 10) && has_lun(p.client, 11));
}

static void
test_a_gap_with_nothing_after_it_is_seen_by_the_heartbeat(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_fault(p.fake, FAKE_SKIP);
	fake_add_lun(p.fake, 10);
	await_state(p.client, REPLICA_BROKEN);
	assert_corrupt(p.client, "a gap");
	cure(&p);
}

static void
test_another_digest_breaks_it_until_it_is_cured(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_fault(p.fake, FAKE_DIGEST);
	fake_add_lun(p.fake, 10);
	await_state(p.client, REPLICA_BROKEN);
	assert_corrupt(p.client, "digest");
	assert_false(has_lun(p.client, 10));
	cure(&p);
	assert_true(has_lun(p.client, 10));
}

static void
test_a_change_that_lost_a_row_is_noticed_by_its_digest(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_fault(p.fake, FAKE_ROW);
	fake_add_lun(p.fake, 10);
	await_state(p.client, REPLICA_BROKEN);
	assert_corrupt(p.client, "digest");
	cure(&p);
}

static void
test_an_event_that_makes_no_sense_breaks_it(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_fault(p.fake, FAKE_NONSENSE);
	fake_add_lun(p.fake, 10);
	await_state(p.client, REPLICA_BROKEN);
	assert_corrupt(p.client, "makes no sense");
	cure(&p);
}

static void
test_an_event_that_is_damaged_on_its_way_is_asked_for_again(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_fault(p.fake, FAKE_GARBAGE);
	fake_add_lun(p.fake, 10);
	fake_await_streams(p.fake, 2);
	assert_int_equal(client_sync(p.client), 0);
	assert_same(&p);
}

static void
test_another_incarnation_breaks_it_until_it_is_cured(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_restore(p.fake);
	await_state(p.client, REPLICA_BROKEN);
	assert_corrupt(p.client, "cannot be trusted");
	cure(&p);
}

static void
test_an_array_that_has_lost_changes_breaks_it(void **unused)
{
	PAIR(p);
	fake_add_lun(p.fake, 10);
	assert_int_equal(client_sync(p.client), 0);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_rewind(p.fake);
	await_state(p.client, REPLICA_BROKEN);
	cure(&p);
	assert_false(has_lun(p.client, 10));
}

/* What is only old is loaded anew: the array is the same and ahead. */
static void
test_events_no_longer_kept_are_made_up_by_a_load(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_down(p.fake, true);
	await_state(p.client, REPLICA_LOST);
	fake_add_lun(p.fake, 10);
	fake_forget(p.fake);
	fake_down(p.fake, false);
	await_state(p.client, REPLICA_FOLLOWING);
	assert_int_equal(client_sync(p.client), 0);
	assert_true(has_lun(p.client, 10));
	assert_same(&p);
}

/* What contradicts stays a breach, also when its events are not kept. */
static void
test_another_incarnation_whose_events_are_not_kept_breaks_it(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_down(p.fake, true);
	await_state(p.client, REPLICA_LOST);
	fake_restore(p.fake);
	fake_add_lun(p.fake, 10);
	fake_forget(p.fake);
	fake_down(p.fake, false);
	await_state(p.client, REPLICA_BROKEN);
	assert_corrupt(p.client, "another incarnation");
	cure(&p);
}

/* ---- what cures it ---- */

static void
test_refresh_alone_does_not_cure_a_gap(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_fault(p.fake, FAKE_SKIP);
	fake_add_lun(p.fake, 10);
	await_state(p.client, REPLICA_BROKEN);
	assert_int_equal(client_refresh(p.client), ERR_CACHE_CORRUPT);
	assert_corrupt(p.client, "a gap");
	cure(&p);
}

static void
test_reenumerate_alone_does_not_cure_a_gap(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_fault(p.fake, FAKE_SKIP);
	fake_add_lun(p.fake, 10);
	await_state(p.client, REPLICA_BROKEN);
	assert_int_equal(client_reenumerate(p.client), 0);
	assert_corrupt(p.client, "a gap");
	assert_int_equal(client_refresh(p.client), 0);
	assert_same(&p);
}

static void
test_an_incarnation_that_changes_between_the_halves_is_not_cured(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_restore(p.fake);
	await_state(p.client, REPLICA_BROKEN);
	assert_int_equal(client_reenumerate(p.client), 0);
	fake_restore(p.fake);
	assert_int_equal(client_refresh(p.client), ERR_CACHE_CORRUPT);
	assert_corrupt(p.client, "changed again");
	assert_int_equal(client_refresh(p.client), ERR_CACHE_CORRUPT);
	cure(&p);
}

static void
test_refresh_of_a_sound_replica_reloads_it(void **unused)
{
	struct fake_seen before, after;

	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_seen(p.fake, &before);
	assert_int_equal(client_refresh(p.client), 0);
	fake_seen(p.fake, &after);
	assert_int_equal(after.calls, before.calls + 1);
	await_state(p.client, REPLICA_FOLLOWING);
	assert_same(&p);
}

static void
test_a_refresh_that_fails_changes_nothing(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_down(p.fake, true);
	assert_int_equal(client_refresh(p.client), ERR_UNREACHABLE);
	assert_trusted(p.client);
	fake_down(p.fake, false);
	await_state(p.client, REPLICA_FOLLOWING);
	assert_same(&p);
}

/* ---- read your writes, barriers ---- */

static void
test_a_call_returns_when_the_replica_shows_it(void **unused)
{
	struct fake_seen seen;

	PAIR(p);
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), 0);
		assert_true(has_lun(p.client, 1000 + i));
		if (i % 10 == 0)
			fake_cut(p.fake);
	}
	fake_seen(p.fake, &seen);
	assert_int_equal(seen.changes, 50);
}

/* The change was made: that the replica does not show it must not make it look failed. */
static void
test_a_change_that_never_arrives_was_made(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct pair p = { .fake = fake_start() };
	struct fake_seen seen;

	(void)unused;
	tuning.wait_ns = 50 * NS_PER_MS;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_REPLICA, &tuning, &p.client),
			 0);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_mute(p.fake, true);
	assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), 0);
	fake_seen(p.fake, &seen);
	assert_int_equal(seen.changes, 1);
	assert_int_equal(client_sync(p.client), ERR_TIMEOUT);
	pair_fini(&p);
}

static void
test_a_change_that_breaks_the_replica_was_made(void **unused)
{
	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_fault(p.fake, FAKE_DIGEST);
	assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), 0);
	assert_int_equal(client_sync(p.client), ERR_CACHE_CORRUPT);
	cure(&p);
	assert_true(has_lun(p.client, 1000));
}

/* Longer than a call without a replica would be tried again. */
static void
test_the_outcome_of_a_change_is_asked_for_until_it_is_known(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct pair p = { .fake = fake_start() };
	struct fake_seen seen;

	(void)unused;
	tuning.retry_ns = 0;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_REPLICA, &tuning, &p.client),
			 0);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_break_calls(p.fake, 5);
	assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), 0);
	fake_seen(p.fake, &seen);
	assert_int_equal(seen.changes, 1);
	/* A kept connection may break at any time, so the first break alone does not count. */
	fake_break_calls(p.fake, 2);
	assert_int_equal(client_call(p.client, "GET", "/v1/sync", NULL, NULL), ERR_UNREACHABLE);
	pair_fini(&p);
}

static void
test_an_outcome_that_stays_unknown_is_told_with_its_id(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct pair p = { .fake = fake_start() };

	(void)unused;
	tuning.retry_ns = tuning.resolve_ns = 0;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_REPLICA, &tuning, &p.client),
			 0);
	fake_break_calls(p.fake, 2);
	assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), ERR_UNREACHABLE);
	assert_non_null(strstr(err_text(ERR_UNREACHABLE), "was made is not known"));
	pair_fini(&p);
}

/* ---- a client that is stopped and started again ---- */

static void
test_a_stopped_client_has_no_connection_and_knows_nothing(void **unused)
{
	struct client_view view = { NULL, NULL };
	struct fake_seen before, after;

	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	assert_int_equal(client_contact(p.client), CLIENT_TRUSTED);
	client_stop(p.client);
	fake_seen(p.fake, &before);
	assert_int_equal(client_contact(p.client), CLIENT_BROKEN);
	assert_int_equal(client_view(p.client, &view), ERR_CACHE_CORRUPT);
	client_view_last(p.client, &view);
	assert_null(view.config);
	assert_int_equal(client_sync(p.client), ERR_CLOSED);
	assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), ERR_CLOSED);
	assert_int_equal(client_refresh(p.client), ERR_CLOSED);
	fake_seen(p.fake, &after);
	assert_int_equal(after.connections, before.connections);
	assert_int_equal(after.calls, before.calls);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(client_start(p.client), 0);
		assert_int_equal(client_ready(p.client), 0);
		assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), 0);
		assert_true(has_lun(p.client, 1000 + i));
		client_stop(p.client);
	}
}

static void
test_a_client_starts_when_its_array_has_come(void **unused)
{
	struct client *client = NULL;

	PAIR(p);
	fake_down(p.fake, true);
	assert_int_equal(client_new(fake_url(p.fake), &client), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(client_start(client), 0);
		assert_int_equal(client_ready(client), ERR_UNREACHABLE);
		client_stop(client);
	}
	fake_down(p.fake, false);
	assert_int_equal(client_start(client), 0);
	assert_int_equal(client_ready(client), 0);
	assert_int_equal(client_sync(client), 0);
	client_close(client);
}

/* ---- many threads ---- */

#define READERS 4

struct reader {
	struct client *client;
	unsigned views;
	bool wrong, *stop;
};

static void *
read_views(void *arg)
{
	struct reader *reader = arg;
	uint64_t last = 0;

	while (!__atomic_load_n(reader->stop, __ATOMIC_RELAXED)) {
		AUTO_VIEW struct client_view view = { NULL, NULL };
		struct guid lun = sample_id('l', 1);

		client_view_last(reader->client, &view);
		reader->wrong |= state_position(view.config)->sequence < last;
		reader->wrong |= state_lun_targets(view.config, &lun).count != 2;
		last = state_position(view.config)->sequence;
		reader->views++;
	}
	return NULL;
}

static void
test_readers_see_the_sequence_rise_while_it_moves(void **unused)
{
	struct reader readers[READERS] = { 0 };
	pthread_t threads[READERS];
	bool stop = false;

	PAIR(p);
	for (int i = 0; i < READERS; i++) {
		readers[i] = (struct reader){ .client = p.client, .stop = &stop };
		pthread_create(&threads[i], NULL, read_views, &readers[i]);
	}
	for (unsigned i = 0; i < 200; i++)
		fake_add_lun(p.fake, 10 + i);
	assert_int_equal(client_sync(p.client), 0);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(readers[i].wrong);
	}
	assert_same(&p);
}

static void *
refresh_often(void *arg)
{
	struct pair *p = arg;

	for (int i = 0; i < 20; i++) {
		client_reenumerate(p->client);
		client_refresh(p->client);
		fake_cut(p->fake);
	}
	return NULL;
}

static void
test_refreshes_cuts_and_changes_together_end_well(void **unused)
{
	pthread_t threads[2];

	PAIR(p);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, refresh_often, &p);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(client_sync(p.client), 0);
	await_state(p.client, REPLICA_FOLLOWING);
	assert_same(&p);
}

/* ---- out of memory on the event thread ---- */

struct starver {
	struct client_listener listener;
	unsigned nth; /* which allocation of the event thread fails next: 1, 2, … 40, 1, … */
	unsigned hits;
};

static void
starve(struct client_listener *listener, const struct client_view *before,
       const struct client_view *after, const struct change *change)
{
	struct starver *s = container_of(listener, struct starver, listener);

	(void)before;
	(void)after;
	(void)change;
	s->hits += mem_fault_hit() != 0;
	mem_fault_at(s->nth++ % 40 + 1);
}

static void
test_the_event_thread_survives_a_lack_of_memory(void **unused)
{
	struct starver starver = { .listener.changed = starve };

	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	client_listen(p.client, &starver.listener);
	for (unsigned i = 0; i < 250; i++) {
		fake_add_lun(p.fake, 10 + i);
		if (i % 16 == 0)
			fake_live(p.fake, sample_live_lun(i, HEALTH_OK));
		assert_int_equal(client_sync(p.client), 0);
	}
	client_unlisten(p.client, &starver.listener);
	assert_true(starver.hits > 50);
	assert_same(&p);
}

/* What an answer says of the live rows, as text. */
static void
answer_of(struct pair *p, const struct guid *boot, uint64_t later, char text[256])
{
	AUTO_VIEW struct client_view view = { NULL, NULL };
	char id[GUID_TEXT_SIZE];

	client_view_last(p->client, &view);
	snprintf(
		text, 256,
		"{\"sequence\":0,\"id\":\"00000001-0000-0000-0000-00000000006c\",\"job\":null,"
		"\"existed\":false,\"replayed\":false,\"live\":{\"boot\":\"%s\",\"version\":%llu}}",
		guid_format(boot != NULL ? boot : &state_position(view.live)->array_id, id),
		(unsigned long long)(state_position(view.live)->sequence + later));
}

static void
test_a_change_of_live_rows_alone_is_read_by_its_program(void **unused)
{
	struct own_change own = { .id = sample_id('l', 77), .rc = -1 };
	struct fake_seen seen;
	pthread_t thread;
	char text[256];

	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	own.client = p.client;
	answer_of(&p, NULL, 1, text);
	fake_answer(p.fake, 200, text);
	fake_seen(p.fake, &seen);
	assert_int_equal(pthread_create(&thread, NULL, change_and_look, &own), 0);
	fake_await_calls(p.fake, seen.calls + 1);
	fake_live(p.fake, sample_live_lun(77, HEALTH_OK));
	pthread_join(thread, NULL);
	assert_int_equal(own.rc, 0);
	assert_true(own.seen);
}

static void
test_live_rows_of_a_boot_that_is_over_are_not_waited_for(void **unused)
{
	struct guid old_boot = sample_id('o', 1);
	char text[256];

	PAIR(p);
	await_state(p.client, REPLICA_FOLLOWING);
	p.client->tuning.wait_ns = 50 * NS_PER_MS;
	answer_of(&p, &old_boot, 5, text);
	fake_answer(p.fake, 200, text);
	assert_int_equal(client_call(p.client, "PUT", "/v1/luns/x/status", NULL, NULL), 0);
	/* but one of this boot that does not come is a timeout for a call that changes nothing */
	answer_of(&p, NULL, 5, text);
	fake_answer(p.fake, 200, text);
	assert_int_equal(client_call(p.client, "GET", "/v1/luns/x/status", NULL, NULL),
			 ERR_TIMEOUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_loads_the_snapshot),
		cmocka_unit_test(test_open_without_an_array_is_unreachable),
		cmocka_unit_test(test_changes_arrive),
		cmocka_unit_test(test_live_rows_arrive_with_the_hello_and_later),
		cmocka_unit_test(test_live_rows_that_come_in_several_events_are_shown_together),
		cmocka_unit_test(test_a_view_stays_as_it_was_taken),
		cmocka_unit_test(test_a_cut_stream_is_resumed_without_a_gap),
		cmocka_unit_test(test_an_array_that_comes_back_is_followed_again),
		cmocka_unit_test(test_a_stream_lost_for_too_long_is_corrupt_until_it_is_back),
		cmocka_unit_test(test_a_silent_stream_is_given_up),
		cmocka_unit_test(test_a_mute_stream_makes_the_view_stale),
		cmocka_unit_test(test_a_gap_breaks_it_until_it_is_cured),
		cmocka_unit_test(test_a_gap_with_nothing_after_it_is_seen_by_the_heartbeat),
		cmocka_unit_test(test_another_digest_breaks_it_until_it_is_cured),
		cmocka_unit_test(test_a_change_that_lost_a_row_is_noticed_by_its_digest),
		cmocka_unit_test(test_an_event_that_makes_no_sense_breaks_it),
		cmocka_unit_test(test_an_event_that_is_damaged_on_its_way_is_asked_for_again),
		cmocka_unit_test(test_another_incarnation_breaks_it_until_it_is_cured),
		cmocka_unit_test(test_an_array_that_has_lost_changes_breaks_it),
		cmocka_unit_test(test_events_no_longer_kept_are_made_up_by_a_load),
		cmocka_unit_test(test_another_incarnation_whose_events_are_not_kept_breaks_it),
		cmocka_unit_test(test_refresh_alone_does_not_cure_a_gap),
		cmocka_unit_test(test_reenumerate_alone_does_not_cure_a_gap),
		cmocka_unit_test(test_an_incarnation_that_changes_between_the_halves_is_not_cured),
		cmocka_unit_test(test_refresh_of_a_sound_replica_reloads_it),
		cmocka_unit_test(test_a_refresh_that_fails_changes_nothing),
		cmocka_unit_test(test_a_call_returns_when_the_replica_shows_it),
		cmocka_unit_test(test_a_change_that_never_arrives_was_made),
		cmocka_unit_test(test_the_outcome_of_a_change_is_asked_for_until_it_is_known),
		cmocka_unit_test(test_an_outcome_that_stays_unknown_is_told_with_its_id),
		cmocka_unit_test(test_a_stopped_client_has_no_connection_and_knows_nothing),
		cmocka_unit_test(test_a_client_starts_when_its_array_has_come),
		cmocka_unit_test(test_a_change_that_breaks_the_replica_was_made),
		cmocka_unit_test(test_readers_see_the_sequence_rise_while_it_moves),
		cmocka_unit_test(test_a_change_of_live_rows_alone_is_read_by_its_program),
		cmocka_unit_test(test_live_rows_of_a_boot_that_is_over_are_not_waited_for),
		cmocka_unit_test(test_refreshes_cuts_and_changes_together_end_well),
		cmocka_unit_test(test_the_event_thread_survives_a_lack_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

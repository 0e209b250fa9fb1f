/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wire format and its versions: a recording of release 0.1 (format 1.0, made with vdsd of
 * commit 581c0dc) and what a later minor version would send (made by data/make-format-1.9) are
 * followed and verified; another major version is refused; an array that was upgraded is followed
 * on.
 */
#include "fault.h"

#include "base/clock.h"
#include "fake.h"
#include "model/fields.h"

struct pair {
	struct fake *fake;
	struct client *client;
};

static void
pair_fini(struct pair *p)
{
	client_close(p->client);
	fake_stop(p->fake);
}

/* Follows a recording to its end. */
static void
follow(struct pair *p, const char *snapshot, const char *events)
{
	struct client_tuning tuning = fake_tuning();

	tuning.stale_ns = 60 * NS_PER_S; /* the recording falls silent in the end */
	p->fake = fake_start();
	fake_replay(p->fake, snapshot, events);
	if (client_open_tuned(fake_url(p->fake), CLIENT_REPLICA, &tuning, &p->client) != 0)
		fail_msg("%s", err_text(ERR_PROTOCOL));
	if (client_sync(p->client) != 0)
		fail_msg("%s", err_text(ERR_CACHE_CORRUPT));
}

static void
await_state(struct client *client, enum client_replica_state state)
{
	struct client_replica *r = &client->replica;

	pthread_mutex_lock(&r->lock);
	while (r->state != state)
		pthread_cond_wait(&r->moved, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

/*
 * Where the replica stands is where the recording's last heartbeat says, by the digest of what the
 * replica has.
 */
static void
assert_at(struct client *client, uint64_t sequence, const char *digest)
{
	AUTO_VIEW struct client_view view = { NULL, NULL };
	struct hash128 expected;

	assert_int_equal(client_view(client, &view), 0);
	assert_int_equal(hash128_parse(digest, &expected), 0);
	assert_int_equal(state_position(view.config)->sequence, sequence);
	assert_true(hash128_equal(&state_position(view.config)->digest, &expected));
	assert_int_equal(state_check(view.config), 0);
	await_state(client, REPLICA_FOLLOWING);
}

static json_t *
file_json(const char *path)
{
	json_t *json = json_load_file(path, 0, NULL);

	assert_non_null(json);
	return json;
}

/* ---- format 1.0 ---- */

static void
test_a_recording_of_release_0_1_is_followed(void **unused)
{
	AUTO(pair_fini) struct pair p = { NULL, NULL };
	AUTO_VIEW struct client_view view = { NULL, NULL };
	AUTO_STATE struct state *config = NULL, *live = NULL;
	json_t *final = file_json(TEST_DATA "/format-1.0.final");
	struct wire_format format;

	(void)unused;
	follow(&p, TEST_DATA "/format-1.0.snapshot", TEST_DATA "/format-1.0.events");
	assert_at(p.client, 20, "5c517831fbf28efe20d9d16179eac296");
	/* All that the array itself said to be in the end. */
	assert_int_equal(wire_snapshot_decode(final, &format, &config, &live), 0);
	assert_int_equal(format.major, 1);
	assert_int_equal(format.minor, 0);
	assert_int_equal(client_view(p.client, &view), 0);
	for (int f = 0; f < ROW_CONFIG_COUNT; f++) {
		assert_int_equal(state_count(view.config, f), state_count(config, f));
		for (size_t i = 0; i < state_count(config, f); i++)
			assert_true(row_equal(state_at(view.config, f, i), state_at(config, f, i)));
	}
	assert_int_equal(state_count(view.live, ROW_LIVE_LUN), 2);
	json_decref(final);
}

/* ---- a later minor version ---- */

static const struct row_lun *
lun_of(const struct client_view *view, const char *id_text)
{
	struct guid id;

	assert_int_equal(guid_parse(id_text, &id), 0);
	return state_find(view->config, ROW_LUN, &id);
}

static void
assert_member(const void *row, const char *name, const char *word)
{
	json_t *json = wire_row_encode(row);

	assert_string_equal(json_string_value(json_object_get(json, name)), word);
	json_decref(json);
}

static void
test_a_later_minor_version_is_followed(void **unused)
{
	AUTO(pair_fini) struct pair p = { NULL, NULL };
	AUTO_VIEW struct client_view view = { NULL, NULL };
	const struct row_job *job;
	const struct row_live_lun *live;

	(void)unused;
	follow(&p, TEST_DATA "/format-1.9.snapshot", TEST_DATA "/format-1.9.events");
	assert_at(p.client, 48, "f4308a12bdc51c36356d18b24296b496");
	assert_int_equal(client_view(p.client, &view), 0);

	/* A word that is not known reads as documented, and is kept. */
	assert_int_equal(lun_of(&view, "00000000-0000-4000-8000-000000000003")->status,
			 STATUS_OFFLINE);
	assert_member(lun_of(&view, "00000000-0000-4000-8000-000000000003"), "status", "mirroring");
	job = state_at(view.config, ROW_JOB, 0);
	assert_int_equal(job->kind, JOB_OTHER);
	assert_int_equal(job->state, JOB_RUNNING);
	assert_member(job, "kind", "clone-lun");
	live = state_at(view.live, ROW_LIVE_LUN, 0);
	assert_int_equal(live->health, HEALTH_UNKNOWN);
	assert_int_equal(live->operation, OPERATION_STATUS);

	/*
	 * Members that are not known are kept, and those that are known are read from wherever they
	 * stand.
	 */
	assert_member(lun_of(&view, "00000002-0000-4000-8000-000000000003"), "group", "g");
	assert_member(state_array(view.config), "site", "north");
	assert_string_equal(((const struct row_pool *)state_at(view.config, ROW_POOL, 0))->name,
			    "default");

	/* Of the families that are not known one row is left. */
	assert_int_equal(state_count(view.config, ROW_OTHER), 1);
	assert_member(state_at(view.config, ROW_OTHER, 0), "lun_id",
		      "00000000-0000-4000-8000-000000000003");
	assert_null(lun_of(&view, "00000001-0000-4000-8000-000000000003"));
	assert_int_equal(state_count(view.config, ROW_ASSOCIATION), 1);
}

/* ---- other versions ---- */

static void
test_another_major_version_is_refused_by_name(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct fake *fake = fake_start();
	struct client *client = NULL;

	(void)unused;
	fake_format(fake, 2, 3);
	assert_int_equal(client_open_tuned(fake_url(fake), CLIENT_REPLICA, &tuning, &client),
			 ERR_VERSION);
	assert_null(client);
	assert_non_null(strstr(err_text(ERR_VERSION), "version 2.3"));
	assert_non_null(strstr(err_text(ERR_VERSION), "version 1."));
	fake_stop(fake);
}

static void
test_an_array_that_was_upgraded_is_followed_on(void **unused)
{
	AUTO(pair_fini) struct pair p = { .fake = fake_start() };
	AUTO_VIEW struct client_view view = { NULL, NULL };
	struct client_tuning tuning = fake_tuning();
	struct fake_seen before, after;

	(void)unused;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_REPLICA, &tuning, &p.client),
			 0);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_seen(p.fake, &before);
	fake_upgrade(p.fake);
	fake_await_streams(p.fake, before.streams + 2); /* one that shows it, one after the load */
	await_state(p.client, REPLICA_FOLLOWING);
	fake_seen(p.fake, &after);
	assert_int_equal(after.calls, before.calls + 1); /* the snapshot, once */
	fake_add_lun(p.fake, 10);
	assert_int_equal(client_sync(p.client), 0);
	assert_int_equal(client_view(p.client, &view), 0);
	assert_int_equal(state_count(view.config, ROW_LUN), 3);
}

static void
test_an_upgrade_to_another_major_version_breaks_the_replica(void **unused)
{
	AUTO(pair_fini) struct pair p = { .fake = fake_start() };
	struct client_tuning tuning = fake_tuning();
	struct client_view view;

	(void)unused;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_REPLICA, &tuning, &p.client),
			 0);
	await_state(p.client, REPLICA_FOLLOWING);
	fake_format(p.fake, 2, 0);
	await_state(p.client, REPLICA_BROKEN);
	assert_int_equal(client_view(p.client, &view), ERR_CACHE_CORRUPT);
	assert_non_null(strstr(err_text(ERR_CACHE_CORRUPT), "version 2.0"));
	fake_format(p.fake, WIRE_FORMAT_MAJOR, WIRE_FORMAT_MINOR);
	assert_int_equal(client_reenumerate(p.client), 0);
	assert_int_equal(client_refresh(p.client), 0);
	await_state(p.client, REPLICA_FOLLOWING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_recording_of_release_0_1_is_followed),
		cmocka_unit_test(test_a_later_minor_version_is_followed),
		cmocka_unit_test(test_another_major_version_is_refused_by_name),
		cmocka_unit_test(test_an_array_that_was_upgraded_is_followed_on),
		cmocka_unit_test(test_an_upgrade_to_another_major_version_breaks_the_replica),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

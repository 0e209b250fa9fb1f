/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of REST calls: the requests that the client sends, the answers that it returns, and what
 * it does when the connection breaks.
 */
#include <errno.h>

#include "fault.h"

#include "base/clock.h"
#include "fake.h"

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

static void
pair_open(struct pair *p)
{
	struct client_tuning tuning = fake_tuning();

	p->fake = fake_start();
	assert_int_equal(client_open_tuned(fake_url(p->fake), CLIENT_CALLS, &tuning, &p->client),
			 0);
}

#define PAIR(p)                                         \
	AUTO(pair_fini) struct pair p = { NULL, NULL }; \
	(void)unused;                                   \
	pair_open(&p)

static void
assert_seen(struct fake *fake, const char *method, const char *path, const char *body)
{
	struct fake_seen seen;

	fake_seen(fake, &seen);
	assert_string_equal(seen.method, method);
	assert_string_equal(seen.path, path);
	assert_string_equal(seen.body, body);
	assert_int_equal(strlen(seen.id) == GUID_TEXT_SIZE - 1, strcmp(method, "GET") != 0);
}

/* ---- addresses ---- */

static void
assert_invalid(const char *url)
{
	struct client *client = NULL;

	assert_int_equal(client_open(url, CLIENT_CALLS, &client), ERR_INVALID);
	assert_null(client);
}

static void
test_without_tls_only_local_addresses_are_taken(void **unused)
{
	struct client *client;

	(void)unused;
	assert_invalid("/run/vdsd/vdsd.sock");
	assert_invalid("unix:relative");
	assert_invalid("http://192.0.2.1:80");
	assert_int_equal(client_open("http://127.0.0.1:80", CLIENT_CALLS, &client), 0);
	client_close(client);
	assert_int_equal(client_open("http://[::1]:80/", CLIENT_CALLS, &client), 0);
	client_close(client);
}

static void
test_the_address_comes_from_the_environment(void **unused)
{
	struct client *client;

	(void)unused;
	setenv("VDS_URL", "nonsense", 1);
	assert_invalid(NULL);
	unsetenv("VDS_URL");
	assert_int_equal(client_open(NULL, CLIENT_CALLS, &client), 0);
	client_close(client);
	client_close(NULL);
}

static void
test_who_never_reached_the_array_learns_it_at_once(void **unused)
{
	struct client *client;

	(void)unused;
	assert_int_equal(client_open("unix:/nonexistent/s", CLIENT_CALLS, &client), 0);
	assert_int_equal(client_call(client, "GET", "/v1/sync", NULL, NULL), ERR_UNREACHABLE);
	assert_non_null(strstr(err_text(ERR_UNREACHABLE), "No such file"));
	assert_int_equal(client_call(client, "POST", "/v1/luns", NULL, NULL), ERR_UNREACHABLE);
	client_close(client);
}

/* ---- answers ---- */

static void
test_an_answer_s_json_is_given(void **unused)
{
	json_t *json = NULL;

	PAIR(p);
	assert_int_equal(client_call(p.client, "GET", "/v1/sync", NULL, &json), 0);
	assert_non_null(json_object_get(json, "position"));
	json_decref(json);
	assert_seen(p.fake, "GET", "/v1/sync", "");
}

static void
test_an_error_comes_with_its_code_and_text(void **unused)
{
	json_t *json = NULL;

	PAIR(p);
	assert_int_equal(client_call(p.client, "GET", "/v1/nowhere", NULL, &json), ERR_NOT_FOUND);
	assert_string_equal(err_text(ERR_NOT_FOUND), "there is no such thing here");
	assert_null(json);
}

static void
test_answers_that_make_no_sense_are_protocol_errors(void **unused)
{
	struct client_answer answer;
	struct guid id = sample_id('l', 1);
	uint64_t bytes = 7;

	PAIR(p);
	fake_answer(p.fake, 200, "not json");
	assert_int_equal(client_call(p.client, "GET", "/v1/sync", NULL, NULL), ERR_PROTOCOL);
	fake_answer(p.fake, 500, "<html>");
	assert_int_equal(client_call(p.client, "GET", "/v1/sync", NULL, NULL), ERR_PROTOCOL);
	fake_answer(p.fake, 500, "");
	assert_int_equal(client_call(p.client, "GET", "/v1/sync", NULL, NULL), ERR_PROTOCOL);
	fake_answer(p.fake, 200, "{}");
	assert_int_equal(client_sync(p.client), ERR_PROTOCOL);
	fake_answer(p.fake, 200, "{\"sequence\":\"x\"}");
	assert_int_equal(client_lun_delete(p.client, &id, false, &answer), ERR_PROTOCOL);
	fake_answer(p.fake, 200, "{\"sequence\":1,\"id\":5}");
	assert_int_equal(client_lun_delete(p.client, &id, false, &answer), ERR_PROTOCOL);
	fake_answer(p.fake, 200, "{\"bytes\":-1}");
	assert_int_equal(client_lun_max_extend(p.client, &id, false, &bytes), ERR_PROTOCOL);
	assert_int_equal(bytes, 7);
}

static void
test_an_empty_answer_has_no_json(void **unused)
{
	json_t *json = NULL;

	PAIR(p);
	fake_answer(p.fake, 204, "");
	assert_int_equal(client_call(p.client, "DELETE", "/v1/sessions/x", NULL, &json), 0);
	assert_null(json);
}

static void
test_an_answer_to_a_change_is_decoded(void **unused)
{
	struct guid id = sample_id('l', 1);
	struct client_answer answer;

	PAIR(p);
	fake_answer(
		p.fake, 202,
		"{\"sequence\":12,\"id\":\"00000001-0000-0000-0000-00000000006c\","
		"\"job\":\"00000002-0000-0000-0000-00000000006a\",\"existed\":true,\"replayed\":"
		"false}");
	assert_int_equal(client_lun_delete(p.client, &id, false, &answer), 0);
	assert_int_equal(answer.sequence, 12);
	assert_true(guid_equal(&answer.object_id, &id));
	assert_true(guid_equal(&answer.job_id, &(struct guid){ { 0, 0, 0, 2, [15] = 'j' } }));
	assert_true(answer.existed);
}

/* Release 0.1 has no parameter force: it deletes a LUN in any case. */
static void
test_a_forced_delete_is_understood_by_release_0_1(void **unused)
{
	const char *refusal = "{\"error\":{\"code\":\"INVALID\",\"message\":\"unknown parameter "
			      "\\\"force\\\"\"}}";
	struct guid id = sample_id('l', 1);
	struct client_answer answer;
	struct fake_seen seen;

	PAIR(p);
	fake_answer(p.fake, 400, refusal);
	assert_int_equal(client_lun_delete(p.client, &id, true, &answer), ERR_INVALID);
	assert_string_equal(err_text(ERR_INVALID), "unknown parameter \"force\"");
	fake_seen(p.fake, &seen);
	assert_int_equal(seen.changes, 0);

	fake_format(p.fake, 1, 0);
	fake_answer(p.fake, 400, refusal);
	assert_int_equal(client_lun_delete(p.client, &id, true, &answer), 0);
	assert_seen(p.fake, "DELETE", "/v1/luns/00000001-0000-0000-0000-00000000006c", "");
	fake_answer(p.fake, 400, refusal);
	assert_int_equal(client_lun_delete(p.client, &id, false, &answer), ERR_INVALID);
}

/* ---- broken connections ---- */

static void
test_a_change_whose_answer_is_lost_happens_once(void **unused)
{
	struct fake_seen seen;

	PAIR(p);
	fake_break_calls(p.fake, 3);
	assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), 0);
	fake_seen(p.fake, &seen);
	assert_int_equal(seen.changes, 1);
	assert_true(seen.calls >= 4);
}

static void
test_the_id_of_a_change_can_be_chosen(void **unused)
{
	struct guid id = sample_id('r', 1);
	struct fake_seen seen;

	PAIR(p);
	assert_int_equal(client_call_with_id(p.client, "POST", "/v1/luns", NULL, &id, NULL), 0);
	assert_int_equal(client_call_with_id(p.client, "POST", "/v1/luns", NULL, &id, NULL), 0);
	fake_seen(p.fake, &seen);
	assert_string_equal(seen.id, "00000001-0000-0000-0000-000000000072");
	assert_int_equal(seen.changes, 1);
}

static void *
come_up(void *arg)
{
	struct fake *fake = arg;
	struct fake_seen seen;

	do
		fake_seen(fake, &seen);
	while (seen.connections < 4);
	fake_down(fake, false);
	return NULL;
}

static void
test_a_call_waits_for_an_array_that_restarts(void **unused)
{
	pthread_t thread;

	PAIR(p);
	assert_int_equal(client_sync(p.client), 0);
	fake_down(p.fake, true);
	pthread_create(&thread, NULL, come_up, p.fake);
	assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), 0);
	pthread_join(thread, NULL);
}

static void
test_an_array_that_is_stopping_is_asked_again(void **unused)
{
	struct fake_seen seen;

	PAIR(p);
	fake_answer(p.fake, 503, "{\"error\":{\"code\":\"CLOSED\",\"message\":\"it is closed\"}}");
	assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), 0);
	fake_seen(p.fake, &seen);
	assert_int_equal(seen.changes, 1);
}

static void
test_trying_again_ends(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct pair p = { .fake = fake_start() };

	(void)unused;
	tuning.retry_ns = 50 * NS_PER_MS;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_CALLS, &tuning, &p.client), 0);
	fake_break_calls(p.fake, 1000000);
	assert_int_equal(client_call(p.client, "POST", "/v1/luns", NULL, NULL), ERR_UNREACHABLE);
	assert_non_null(strstr(err_text(ERR_UNREACHABLE), "not known"));
	pair_fini(&p);
}

static void
test_an_answer_that_does_not_come_times_out(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct pair p = { .fake = fake_start() };

	(void)unused;
	tuning.call_ms = 50;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_CALLS, &tuning, &p.client), 0);
	fake_hold_calls(p.fake, true);
	assert_int_equal(client_call(p.client, "GET", "/v1/sync", NULL, NULL), ERR_TIMEOUT);
	fake_hold_calls(p.fake, false);
	pair_fini(&p);
}

/* An array that takes a call and says nothing has less time to say who it is. */
static void
test_an_identity_that_does_not_come_times_out(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct pair p = { .fake = fake_start() };

	(void)unused;
	tuning.call_ms = 0;
	tuning.look_ms = 50;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_CALLS, &tuning, &p.client), 0);
	fake_hold_calls(p.fake, true);
	assert_int_equal(client_reenumerate(p.client), ERR_TIMEOUT);
	fake_hold_calls(p.fake, false);
	pair_fini(&p);
}

static void
test_connections_are_used_again(void **unused)
{
	struct fake_seen seen;

	PAIR(p);
	for (int i = 0; i < 20; i++)
		assert_int_equal(client_sync(p.client), 0);
	fake_seen(p.fake, &seen);
	assert_int_equal(seen.calls, 20);
	assert_int_equal(seen.connections, 1);
}

/* ---- closing ---- */

static void *
call_held(void *arg)
{
	return (void *)(intptr_t)client_call(arg, "GET", "/v1/sync", NULL, NULL);
}

static void
test_closing_ends_calls_under_way(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct pair p = { .fake = fake_start() };
	pthread_t threads[3];

	(void)unused;
	tuning.call_ms = 0;
	assert_int_equal(client_open_tuned(fake_url(p.fake), CLIENT_CALLS, &tuning, &p.client), 0);
	fake_hold_calls(p.fake, true);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, call_held, p.client);
	fake_await_calls(p.fake, 3);
	client_close(p.client);
	for (int i = 0; i < 3; i++) {
		void *rc;

		pthread_join(threads[i], &rc);
		assert_int_equal((intptr_t)rc, ERR_CLOSED);
	}
	fake_stop(p.fake);
}

/* ---- typed calls ---- */

static void
test_typed_calls_say_what_the_api_wants(void **unused)
{
	struct guid lun = sample_id('l', 1), target = sample_id('t', 2), pool = sample_id('p', 3),
		    portal = sample_id('o', 4);
	struct guid group = sample_id('g', 5), job = sample_id('j', 6),
		    both[2] = { target, sample_id('t', 3) };
	struct client_lun_spec spec = { .name = "v",
					.pool_id = pool,
					.size_bytes = 4096,
					.block_bytes = 4096,
					.thick = true,
					.mask = "*" };
	struct client_lun_spec least = { .size_bytes = 1 };
	struct client_answer answer;

	PAIR(p);
#define SAYS(call, method, path, body) \
	assert_int_equal(call, 0);     \
	assert_seen(p.fake, method, path, body)
	SAYS(client_array_rename(p.client, "n", &answer), "PATCH", "/v1/array", "{\"name\":\"n\"}");
	SAYS(client_pool_create(p.client, "n", "/d", false, &answer), "POST", "/v1/pools",
	     "{\"name\":\"n\",\"path\":\"/d\"}");
	SAYS(client_pool_create(p.client, "n", "bdev:/d", true, &answer), "POST", "/v1/pools",
	     "{\"name\":\"n\",\"path\":\"bdev:/d\",\"force\":true}");
	SAYS(client_array_set_iqn_prefix(p.client, "", &answer), "PATCH", "/v1/array",
	     "{\"iqn_prefix\":\"\"}");
	SAYS(client_pool_set(p.client, &pool,
			     &(struct client_pool_options){ .low = "20%", .overcommit = "off" },
			     &answer),
	     "PATCH", "/v1/pools/00000003-0000-0000-0000-000000000070",
	     "{\"low\":\"20%\",\"overcommit\":\"off\"}");
	SAYS(client_pool_rename(p.client, &pool, "m", &answer), "PATCH",
	     "/v1/pools/00000003-0000-0000-0000-000000000070", "{\"name\":\"m\"}");
	SAYS(client_lun_add_targets(p.client, &lun, both, 1, &answer), "PATCH",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c/targets",
	     "{\"add\":[\"00000002-0000-0000-0000-000000000074\"]}");
	SAYS(client_lun_remove_targets(p.client, &lun, both, 1, &answer), "PATCH",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c/targets",
	     "{\"remove\":[\"00000002-0000-0000-0000-000000000074\"]}");
	SAYS(client_lun_create(p.client, &spec, &answer), "POST", "/v1/luns",
	     "{\"size_bytes\":4096,\"name\":\"v\",\"pool_id\":\"00000003-0000-0000-0000-"
	     "000000000070\","
	     "\"block_bytes\":4096,\"thick\":true,\"mask\":\"*\"}");
	SAYS(client_lun_create(p.client, &least, &answer), "POST", "/v1/luns",
	     "{\"size_bytes\":1}");
	SAYS(client_lun_delete(p.client, &lun, false, &answer), "DELETE",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c", "");
	SAYS(client_lun_delete(p.client, &lun, true, &answer), "DELETE",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c?force=1", "");
	SAYS(client_lun_extend(p.client, &lun, 512, false, &answer), "POST",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c/extend", "{\"add_bytes\":512}");
	SAYS(client_lun_rename(p.client, &lun, "x", &answer), "PATCH",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c",
	     "{\"name\":\"x\",\"duplicate\":true}");
	SAYS(client_lun_shrink(p.client, &lun, 4096, 0, false, &answer), "POST",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c/shrink", "{\"size_bytes\":4096}");
	SAYS(client_lun_shrink(p.client, &lun, 0, 512, true, &answer), "POST",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c/shrink",
	     "{\"remove_bytes\":512,\"force\":true}");
	SAYS(client_lun_set_hints(p.client, &lun, "WTC=1", &answer), "PATCH",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c", "{\"hints\":\"WTC=1\"}");
	SAYS(client_lun_set_mask(p.client, &lun, "", &answer), "PATCH",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c", "{\"mask\":\"\",\"flat\":true}");
	SAYS(client_lun_set_status(p.client, &lun, STATUS_OFFLINE, &answer), "PATCH",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c", "{\"status\":\"offline\"}");
	SAYS(client_lun_associate(p.client, &lun, both, 2, &answer), "PUT",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c/targets",
	     "{\"targets\":[\"00000002-0000-0000-0000-000000000074\",\"00000003-0000-0000-0000-"
	     "000000000074\"]}");
	SAYS(client_lun_associate(p.client, &lun, NULL, 0, &answer), "PUT",
	     "/v1/luns/00000001-0000-0000-0000-00000000006c/targets", "{\"targets\":[]}");
	SAYS(client_target_create(p.client, NULL, "a", false, &answer), "POST", "/v1/targets",
	     "{\"alias\":\"a\",\"duplicate\":true}");
	SAYS(client_target_create(p.client, "iqn.x", NULL, true, &answer), "POST", "/v1/targets",
	     "{\"iscsi_name\":\"iqn.x\",\"with_group\":true,\"duplicate\":true}");
	SAYS(client_target_set_alias(p.client, &target, "b", &answer), "PATCH",
	     "/v1/targets/00000002-0000-0000-0000-000000000074",
	     "{\"alias\":\"b\",\"duplicate\":true}");
	SAYS(client_target_delete(p.client, &target, &answer), "DELETE",
	     "/v1/targets/00000002-0000-0000-0000-000000000074", "");
	SAYS(client_portal_create(p.client, "127.0.0.1", 3260, false, &answer), "POST",
	     "/v1/portals", "{\"address\":\"127.0.0.1\",\"port\":3260}");
	SAYS(client_portal_create(p.client, "::", 1, true, &answer), "POST", "/v1/portals",
	     "{\"address\":\"::\",\"port\":1,\"all_targets\":true}");
	SAYS(client_portal_set_status(p.client, &portal, STATUS_ONLINE, &answer), "PATCH",
	     "/v1/portals/00000004-0000-0000-0000-00000000006f", "{\"status\":\"online\"}");
	SAYS(client_group_create(p.client, &target, &answer), "POST", "/v1/portal-groups",
	     "{\"target_id\":\"00000002-0000-0000-0000-000000000074\"}");
	SAYS(client_group_add_portal(p.client, &group, &portal, &answer), "PUT",
	     "/v1/portal-groups/00000005-0000-0000-0000-000000000067/portals/"
	     "00000004-0000-0000-0000-00000000006f",
	     "");
	SAYS(client_group_remove_portal(p.client, &group, &portal, &answer), "DELETE",
	     "/v1/portal-groups/00000005-0000-0000-0000-000000000067/portals/"
	     "00000004-0000-0000-0000-00000000006f",
	     "");
	SAYS(client_group_delete(p.client, &group, NULL), "DELETE",
	     "/v1/portal-groups/00000005-0000-0000-0000-000000000067", "");
	SAYS(client_job_cancel(p.client, &job, &answer), "POST",
	     "/v1/jobs/00000006-0000-0000-0000-00000000006a/cancel", "");
	SAYS(client_job_pause(p.client, &job, &answer), "POST",
	     "/v1/jobs/00000006-0000-0000-0000-00000000006a/pause", "");
	SAYS(client_job_resume(p.client, &job, &answer), "POST",
	     "/v1/jobs/00000006-0000-0000-0000-00000000006a/resume", "");
}

static void
test_sizes_are_asked_for(void **unused)
{
	struct guid lun = sample_id('l', 1), pool = sample_id('p', 3);
	uint64_t bytes = 0;

	PAIR(p);
	assert_int_equal(client_lun_max_extend(p.client, &lun, false, &bytes), 0);
	assert_int_equal(bytes, 4096);
	assert_seen(p.fake, "GET", "/v1/luns/00000001-0000-0000-0000-00000000006c/max-extend", "");
	assert_int_equal(client_max_lun_size(p.client, &pool, true, false, &bytes), 0);
	assert_seen(p.fake, "GET",
		    "/v1/max-lun-size?pool=00000003-0000-0000-0000-000000000070&thick=1", "");
	assert_int_equal(client_max_lun_size(p.client, NULL, false, false, &bytes), 0);
	assert_seen(p.fake, "GET", "/v1/max-lun-size", "");
}

static void
test_what_json_cannot_carry_is_refused_here(void **unused)
{
	struct guid lun = sample_id('l', 1);
	struct client_lun_spec spec = { .size_bytes = UINT64_MAX };
	struct client_answer answer;

	PAIR(p);
	assert_int_equal(client_lun_rename(p.client, &lun, "\xff", &answer), ERR_INVALID);
	assert_int_equal(client_target_create(p.client, "\xff", NULL, false, &answer), ERR_INVALID);
	assert_int_equal(client_lun_create(p.client, &spec, &answer), ERR_INVALID);
	assert_int_equal(client_lun_extend(p.client, &lun, UINT64_MAX, false, &answer),
			 ERR_INVALID);
}

static void
test_a_job_is_waited_for_by_asking(void **unused)
{
	struct state_edit *edit;
	struct row_job *job, *found = NULL;
	struct guid id = sample_id('j', 1);

	PAIR(p);
	edit = fake_edit(p.fake);
	sample_put(edit, sample_job(1), NULL);
	fake_commit(p.fake, edit);
	assert_int_equal(client_job_wait(p.client, &id, 30, &found), ERR_TIMEOUT);
	edit = fake_edit(p.fake);
	job = sample_job(1);
	job->state = JOB_FAILED;
	job->ended_ms = 1;
	sample_put(edit, job, NULL);
	fake_commit(p.fake, edit);
	assert_int_equal(client_job_wait(p.client, &id, -1, &found), 0);
	assert_int_equal(found->state, JOB_FAILED);
	row_unref(found);
}

static void
test_a_client_without_a_replica_has_no_view(void **unused)
{
	struct client_view view;

	PAIR(p);
	assert_int_equal(client_view(p.client, &view), ERR_NOT_SUPPORTED);
	client_view_last(p.client, &view);
	assert_null(view.config);
	client_view_fini(&view);
	assert_int_equal(client_reenumerate(p.client), 0);
	assert_int_equal(client_refresh(p.client), 0);
}

/* When memory runs out behind the change, its answer is asked for again. */
static void
test_a_call_out_of_memory_changed_nothing_or_succeeds(void **unused)
{
	struct guid lun = sample_id('l', 1);
	unsigned resolved = 0;

	PAIR(p);
	WITH_EVERY_FAULT
	{
		struct fake_seen before, after;
		struct client_answer answer;
		int rc;

		fake_seen(p.fake, &before);
		rc = client_lun_rename(p.client, &lun, "x", &answer);
		fake_seen(p.fake, &after);
		assert_true(rc == 0 || (FAULT_HIT && rc == -ENOMEM));
		assert_int_equal(after.changes, before.changes + (rc == 0));
		resolved += rc == 0 && FAULT_HIT;
	}
	assert_true(resolved > 0);
	assert_int_equal(client_sync(p.client), 0);
}

static void
test_an_answer_that_cannot_be_read_is_asked_for_again(void **unused)
{
	struct guid lun = sample_id('l', 1);
	struct client_answer answer;
	struct fake_seen seen;

	PAIR(p);
	fake_answer(p.fake, 200, "not json");
	assert_int_equal(client_lun_rename(p.client, &lun, "x", &answer), 0);
	fake_seen(p.fake, &seen);
	assert_int_equal(seen.calls, 2);
	assert_int_equal(seen.changes, 1);
}

static void
test_opening_out_of_memory_leaves_nothing(void **unused)
{
	struct client_tuning tuning = fake_tuning();
	struct fake *fake = fake_start();

	(void)unused;
	WITH_EVERY_FAULT
	{
		struct client *client = NULL;
		int rc = client_open_tuned(fake_url(fake), CLIENT_REPLICA, &tuning, &client);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		assert_int_equal(client != NULL, rc == 0);
		client_close(client);
	}
	fake_stop(fake);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_tls_only_local_addresses_are_taken),
		cmocka_unit_test(test_the_address_comes_from_the_environment),
		cmocka_unit_test(test_who_never_reached_the_array_learns_it_at_once),
		cmocka_unit_test(test_an_answer_s_json_is_given),
		cmocka_unit_test(test_an_error_comes_with_its_code_and_text),
		cmocka_unit_test(test_answers_that_make_no_sense_are_protocol_errors),
		cmocka_unit_test(test_an_empty_answer_has_no_json),
		cmocka_unit_test(test_an_answer_to_a_change_is_decoded),
		cmocka_unit_test(test_a_forced_delete_is_understood_by_release_0_1),
		cmocka_unit_test(test_a_change_whose_answer_is_lost_happens_once),
		cmocka_unit_test(test_the_id_of_a_change_can_be_chosen),
		cmocka_unit_test(test_a_call_waits_for_an_array_that_restarts),
		cmocka_unit_test(test_an_array_that_is_stopping_is_asked_again),
		cmocka_unit_test(test_trying_again_ends),
		cmocka_unit_test(test_an_answer_that_does_not_come_times_out),
		cmocka_unit_test(test_an_identity_that_does_not_come_times_out),
		cmocka_unit_test(test_connections_are_used_again),
		cmocka_unit_test(test_closing_ends_calls_under_way),
		cmocka_unit_test(test_typed_calls_say_what_the_api_wants),
		cmocka_unit_test(test_sizes_are_asked_for),
		cmocka_unit_test(test_what_json_cannot_carry_is_refused_here),
		cmocka_unit_test(test_a_job_is_waited_for_by_asking),
		cmocka_unit_test(test_a_client_without_a_replica_has_no_view),
		cmocka_unit_test(test_a_call_out_of_memory_changed_nothing_or_succeeds),
		cmocka_unit_test(test_an_answer_that_cannot_be_read_is_asked_for_again),
		cmocka_unit_test(test_opening_out_of_memory_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

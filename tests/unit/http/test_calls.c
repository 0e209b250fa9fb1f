/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of REST calls on a real array: changes, reads, lists, repeated requests and errors. */
#include "fixture.h"

#define UNKNOWN "00000000-0000-4000-8000-000000000001"

static void
test_the_array_and_its_position(void **state)
{
	json_t *json = call(*state, 200, "GET", "/v1/array", NULL);
	json_t *position = json_object_get(json, "position");

	assert_non_null(text_of(json, "id"));
	assert_string_equal(text_of(position, "array"), text_of(json, "id"));
	assert_true(number_of(position, "sequence") > 0);
	assert_true(json_is_false(json_object_get(json, "read_only")));
	json_decref(json);
}

static void
test_a_change_answers_with_its_sequence(void **state)
{
	json_t *before = call(*state, 200, "GET", "/v1/sync", NULL);
	json_t *answer = call(*state, 200, "PATCH", "/v1/array", "{\"name\":\"bread\"}");
	json_t *array = call(*state, 200, "GET", "/v1/array", NULL);

	assert_int_equal(number_of(answer, "sequence"),
			 number_of(json_object_get(before, "position"), "sequence") + 1);
	assert_true(json_is_null(json_object_get(answer, "job")));
	assert_true(json_is_false(json_object_get(answer, "replayed")));
	assert_string_equal(text_of(array, "name"), "bread");
	json_decref(before);
	json_decref(answer);
	json_decref(array);
}

static void
test_a_lun_lives_and_dies(void **state)
{
	char lun[GUID_TEXT_SIZE], path[128];
	json_t *json;

	make(*state, "/v1/luns", "{\"name\":\"vol\",\"size_bytes\":1048576}", lun);
	snprintf(path, sizeof(path), "/v1/luns/%s", lun);
	json = call(*state, 200, "GET", path, NULL);
	assert_string_equal(text_of(json, "name"), "vol");
	assert_int_equal(number_of(json, "size_bytes"), 1048576);
	assert_non_null(json_object_get(json, "live"));
	json_decref(json);
	json_decref(call(*state, 200, "PATCH", path, "{\"mask\":\"*\"}"));
	json = call(*state, 200, "GET", path, NULL);
	assert_string_equal(text_of(json, "mask"), "*");
	json_decref(json);
	json = call_with_id(*state, "DELETE", path, NULL, NULL).json;
	json_decref(json);
	call_fails(*state, 404, "NOT_FOUND", "GET", path, NULL);
}

static void
test_a_lun_is_made_as_it_was_asked_for(void **state)
{
	char lun[GUID_TEXT_SIZE], path[128], body[256];
	json_t *pools = call(*state, 200, "GET", "/v1/pools", NULL);
	const char *pool = text_of(json_array_get(json_object_get(pools, "items"), 0), "id");
	json_t *json;

	snprintf(body, sizeof(body),
		 "{\"name\":\"v\",\"size_bytes\":1048576,\"pool_id\":\"%s\",\"block_bytes\":4096,"
		 "\"mask\":\"iqn.2026-11.org.example:b\"}",
		 pool);
	make(*state, "/v1/luns", body, lun);
	snprintf(path, sizeof(path), "/v1/luns/%s", lun);
	json = call(*state, 200, "GET", path, NULL);
	assert_string_equal(text_of(json, "mask"), "iqn.2026-11.org.example:b");
	assert_string_equal(text_of(json, "pool_id"), pool);
	assert_int_equal(number_of(json, "block_bytes"), 4096);
	assert_true(json_is_true(json_object_get(json, "thin")));
	json_decref(json);
	json_decref(pools);
}

static void
test_a_long_operation_answers_202_and_its_job(void **state)
{
	json_t *json = call(*state, 202, "POST", "/v1/luns",
			    "{\"size_bytes\":1048576,\"thick\":true}");
	char path[128];

	snprintf(path, sizeof(path), "/v1/jobs/%s", text_of(json, "job"));
	json_decref(json);
	json = call(*state, 200, "GET", path, NULL);
	assert_string_equal(text_of(json, "kind"), "create-lun");
	json_decref(json);
}

static void
test_what_was_there_answers_200_and_existed(void **state)
{
	char target[GUID_TEXT_SIZE], group[GUID_TEXT_SIZE], body[128], path[192];
	json_t *portals = call(*state, 200, "GET", "/v1/portals", NULL), *json;

	make(*state, "/v1/targets", "{}", target);
	snprintf(body, sizeof(body), "{\"target_id\":\"%s\"}", target);
	make(*state, "/v1/portal-groups", body, group);
	snprintf(path, sizeof(path), "/v1/portal-groups/%s/portals/%s", group,
		 text_of(json_array_get(json_object_get(portals, "items"), 0), "id"));
	for (int again = 0; again < 2; again++) {
		json = call(*state, 200, "PUT", path, NULL);
		assert_int_equal(json_is_true(json_object_get(json, "existed")), again);
		json_decref(json);
	}
	snprintf(body, sizeof(body), "/v1/portal-groups/%s", group);
	call_fails(*state, 409, "PORTALS_ASSOCIATED", "DELETE", body, NULL);
	json_decref(call(*state, 200, "DELETE", path, NULL));
	call_fails(*state, 404, "NOT_FOUND", "DELETE", path, NULL);
	json_decref(call(*state, 200, "PUT", path, NULL));
	snprintf(body, sizeof(body), "/v1/portal-groups/%s?with_portals=1", group);
	json_decref(call(*state, 200, "DELETE", body, NULL));
	json_decref(portals);
}

static void
test_association_and_its_inverse(void **state)
{
	char lun[GUID_TEXT_SIZE], target[GUID_TEXT_SIZE], path[128], body[128];
	json_t *json, *item;

	make(*state, "/v1/luns", "{\"size_bytes\":1048576}", lun);
	make(*state, "/v1/targets", "{\"alias\":\"web\",\"with_group\":true}", target);
	snprintf(path, sizeof(path), "/v1/luns/%s/targets", lun);
	snprintf(body, sizeof(body), "{\"targets\":[\"%s\",\"%s\"]}", target, target);
	json_decref(call(*state, 200, "PUT", path, body));
	json = call(*state, 200, "GET", path, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "items")), 1);
	item = json_array_get(json_object_get(json, "items"), 0);
	assert_string_equal(text_of(item, "target_id"), target);
	json_decref(json);
	snprintf(path, sizeof(path), "/v1/targets/%s/luns", target);
	json = call(*state, 200, "GET", path, NULL);
	item = json_array_get(json_object_get(json, "items"), 0);
	assert_string_equal(text_of(item, "lun_id"), lun);
	json_decref(json);
	snprintf(path, sizeof(path), "/v1/targets/%s", target);
	call_fails(*state, 409, "LUNS_ASSOCIATED", "DELETE", path, NULL);
	snprintf(path, sizeof(path), "/v1/luns/%s", lun);
	call_fails(*state, 409, "IN_USE", "DELETE", path, NULL);
	snprintf(path, sizeof(path), "/v1/luns/%s?force=1", lun);
	json_decref(call(*state, 200, "DELETE", path, NULL));
}

static void
test_targets_are_added_and_removed(void **state)
{
	char lun[GUID_TEXT_SIZE], targets[2][GUID_TEXT_SIZE], path[128], body[128];
	json_t *json;

	make(*state, "/v1/luns", "{\"size_bytes\":1048576}", lun);
	snprintf(path, sizeof(path), "/v1/luns/%s/targets", lun);
	for (int i = 0; i < 2; i++) {
		make(*state, "/v1/targets", "{}", targets[i]);
		snprintf(body, sizeof(body), "{\"add\":[\"%s\"]}", targets[i]);
		json_decref(call(*state, 200, "PATCH", path, body));
	}
	snprintf(body, sizeof(body), "{\"remove\":[\"%s\"]}", targets[0]);
	json_decref(call(*state, 200, "PATCH", path, body));
	json = call(*state, 200, "GET", path, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "items")), 1);
	assert_string_equal(text_of(json_array_get(json_object_get(json, "items"), 0), "target_id"),
			    targets[1]);
	json_decref(json);
	call_fails(*state, 400, "INVALID", "PATCH", path, "{\"add\":[],\"remove\":[]}");
	call_fails(*state, 400, "INVALID", "PATCH", path, "{}");
	call_fails(*state, 404, "NOT_FOUND", "PATCH", path, "{\"remove\":[\"" UNKNOWN "\"]}");
}

static void
test_names_are_added_to_a_mask_and_removed(void **state)
{
	char lun[GUID_TEXT_SIZE], path[128];
	json_t *json;

	make(*state, "/v1/luns", "{\"size_bytes\":1048576,\"mask\":\"iqn.b\"}", lun);
	snprintf(path, sizeof(path), "/v1/luns/%s", lun);
	json_decref(call(*state, 200, "PATCH", path, "{\"mask_add\":\"iqn.c;iqn.a\"}"));
	json_decref(call(*state, 200, "PATCH", path, "{\"mask_remove\":\"iqn.b\"}"));
	json = call(*state, 200, "GET", path, NULL);
	assert_string_equal(text_of(json, "mask"), "iqn.a;iqn.c");
	json_decref(json);
	call_fails(*state, 400, "INVALID", "PATCH", path, "{\"mask_add\":\"*\"}");
}

static void
test_an_unknown_target_changes_nothing(void **state)
{
	char lun[GUID_TEXT_SIZE], path[128];

	make(*state, "/v1/luns", "{\"size_bytes\":1048576}", lun);
	snprintf(path, sizeof(path), "/v1/luns/%s/targets", lun);
	call_fails(*state, 404, "NOT_FOUND", "PUT", path, "{\"targets\":[\"" UNKNOWN "\"]}");
}

static void
test_a_new_portal_says_whether_it_listens(void **state)
{
	static const char body[] = "{\"address\":\"127.0.0.7\",\"port\":3260,\"all_targets\":true}";
	char target[GUID_TEXT_SIZE];

	make(*state, "/v1/targets", "{\"alias\":\"t\"}", target);
	for (int again = 0; again < 2; again++) {
		json_t *json = call(*state, again ? 200 : 201, "POST", "/v1/portals", body);

		assert_int_equal(json_is_true(json_object_get(json, "existed")), again);
		/* there is no data path here that would open it */
		assert_true(json_is_false(json_object_get(json, "ready")));
		assert_true(strlen(text_of(json, "reason")) > 0);
		json_decref(json);
	}
}

static void
test_groups_name_their_portals(void **state)
{
	char target[GUID_TEXT_SIZE], path[128];
	json_t *json, *group;

	make(*state, "/v1/targets", "{\"with_group\":true}", target);
	snprintf(path, sizeof(path), "/v1/portal-groups?target_id=%s", target);
	json = call(*state, 200, "GET", path, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "items")), 1);
	group = json_array_get(json_object_get(json, "items"), 0);
	assert_int_equal(json_array_size(json_object_get(group, "portals")), 1);
	json_decref(json);
}

/* Walks a list by pages of `limit`; how many items it met, each id greater than the one before. */
static size_t
walk(struct fixture *fx, const char *list, unsigned limit)
{
	char target[256] = "", last[128] = "";
	size_t count = 0;
	json_t *page;

	snprintf(target, sizeof(target), "%s?limit=%u", list, limit);
	for (;;) {
		const char *next;

		page = call(fx, 200, "GET", target, NULL);
		for (size_t i = 0; i < json_array_size(json_object_get(page, "items")); i++) {
			json_t *item = json_array_get(json_object_get(page, "items"), i);
			char key[128];

			snprintf(key, sizeof(key), "%s,%s",
				 text_of(item, text_of(item, "id") ? "id" : "lun_id"),
				 text_of(item, "target_id") ? text_of(item, "target_id") : "");
			assert_true(strcmp(last, key) < 0);
			strcpy(last, key);
			count++;
		}
		next = text_of(page, "next");
		if (next == NULL)
			break;
		assert_int_equal(json_array_size(json_object_get(page, "items")), limit);
		snprintf(target, sizeof(target), "%s?limit=%u&after=%s", list, limit, next);
		json_decref(page);
	}
	json_decref(page);
	return count;
}

static void
test_lists_are_paged(void **state)
{
	char ids[3][GUID_TEXT_SIZE], lun[GUID_TEXT_SIZE], path[128], body[256];

	for (int i = 0; i < 3; i++)
		make(*state, "/v1/targets", "{}", ids[i]);
	for (int i = 0; i < 4; i++)
		make(*state, "/v1/luns", "{\"size_bytes\":4096}", lun);
	snprintf(path, sizeof(path), "/v1/luns/%s/targets", lun);
	snprintf(body, sizeof(body), "{\"targets\":[\"%s\",\"%s\",\"%s\"]}", ids[0], ids[1],
		 ids[2]);
	json_decref(call(*state, 200, "PUT", path, body));
	for (unsigned limit = 1; limit <= 5; limit++) {
		assert_int_equal(walk(*state, "/v1/luns", limit), 4);
		assert_int_equal(walk(*state, "/v1/targets", limit), 3);
		assert_int_equal(walk(*state, "/v1/associations", limit), 3);
	}
}

static void
test_lists_are_narrowed_by_name(void **state)
{
	char id[GUID_TEXT_SIZE];
	json_t *json;

	make(*state, "/v1/luns", "{\"name\":\"a b\",\"size_bytes\":4096}", id);
	make(*state, "/v1/luns", "{\"name\":\"ab\",\"size_bytes\":4096}", id);
	json = call(*state, 200, "GET", "/v1/luns?name=a%20b", NULL);
	assert_int_equal(json_array_size(json_object_get(json, "items")), 1);
	json_decref(json);
	make(*state, "/v1/targets",
	     "{\"alias\":\"web\",\"iscsi_name\":\"iqn.2026-11.org.example:w\"}", id);
	json = call(*state, 200, "GET", "/v1/targets?name=iqn.2026-11.org.example:w", NULL);
	assert_int_equal(json_array_size(json_object_get(json, "items")), 1);
	json_decref(json);
	json = call(*state, 200, "GET", "/v1/targets?name=web", NULL);
	assert_int_equal(json_array_size(json_object_get(json, "items")), 1);
	json_decref(json);
}

/* Rows of a narrowed list, page by page; each page continues where the last one ended. */
static size_t
walk_narrowed(struct fixture *fx, const char *query, unsigned limit)
{
	char after[2 * GUID_TEXT_SIZE] = "";
	size_t found = 0;

	for (;;) {
		AUTO_FREE char *path = str_printf("%s&limit=%u%s%s", query, limit,
						  *after != '\0' ? "&after=" : "", after);
		json_t *json = call(fx, 200, "GET", path, NULL);
		const char *next = json_string_value(json_object_get(json, "next"));

		found += json_array_size(json_object_get(json, "items"));
		if (next != NULL)
			snprintf(after, sizeof(after), "%s", next);
		json_decref(json);
		if (next == NULL)
			return found;
	}
}

/* What an index finds is what a walk over all rows would find, also page by page. */
static void
test_lists_are_narrowed_by_id(void **state)
{
	char lun[3][GUID_TEXT_SIZE], target[4][GUID_TEXT_SIZE], path[256], body[256];
	json_t *json;

	for (int i = 0; i < 4; i++)
		make(*state, "/v1/targets", "{\"with_group\":true}", target[i]);
	for (int i = 0; i < 3; i++) {
		make(*state, "/v1/luns", "{\"size_bytes\":4096}", lun[i]);
		snprintf(path, sizeof(path), "/v1/luns/%s/targets", lun[i]);
		snprintf(body, sizeof(body), "{\"targets\":[\"%s\",\"%s\",\"%s\"]}", target[0],
			 target[1 + i % 3], target[1 + (i + 1) % 3]);
		json_decref(call(*state, 200, "PUT", path, body));
	}
	for (unsigned limit = 1; limit <= 4; limit++) {
		for (int i = 0; i < 3; i++) {
			snprintf(path, sizeof(path), "/v1/associations?lun_id=%s", lun[i]);
			assert_int_equal(walk_narrowed(*state, path, limit), 3);
			snprintf(path, sizeof(path), "/v1/associations?target_id=%s",
				 target[1 + i]);
			assert_int_equal(walk_narrowed(*state, path, limit), 2);
		}
		snprintf(path, sizeof(path), "/v1/associations?target_id=%s", target[0]);
		assert_int_equal(walk_narrowed(*state, path, limit), 3);
		snprintf(path, sizeof(path), "/v1/portal-groups?target_id=%s", target[0]);
		assert_int_equal(walk_narrowed(*state, path, limit), 1);
	}
	snprintf(path, sizeof(path), "/v1/associations?lun_id=%s&target_id=%s", lun[0], target[0]);
	json = call(*state, 200, "GET", path, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "items")), 1);
	json_decref(json);
	json = call(*state, 200, "GET", "/v1/luns?name=none", NULL);
	assert_int_equal(json_array_size(json_object_get(json, "items")), 0);
	json_decref(json);
}

static void
test_a_request_id_is_answered_twice_and_done_once(void **state)
{
	static const char id[] = "6f8c1f52-3f4e-4b6e-9a43-d1d2a9a5b001";
	static const char body[] = "{\"name\":\"once\",\"size_bytes\":4096}";
	struct http_reply first = call_with_id(*state, "POST", "/v1/luns", body, id);
	struct http_reply second = call_with_id(*state, "POST", "/v1/luns", body, id);
	json_t *list = call(*state, 200, "GET", "/v1/luns", NULL);

	assert_int_equal(first.status, 201);
	assert_true(second.status < 300);
	assert_string_equal(text_of(first.json, "id"), text_of(second.json, "id"));
	assert_int_equal(number_of(first.json, "sequence"), number_of(second.json, "sequence"));
	assert_true(json_is_true(json_object_get(second.json, "replayed")));
	assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
	http_reply_fini(&first);
	http_reply_fini(&second);
	json_decref(list);
}

static void
test_a_bad_request_id_is_refused(void **state)
{
	struct http_reply reply = call_with_id(*state, "POST", "/v1/luns", "{\"size_bytes\":4096}",
					       "mine");

	assert_int_equal(reply.status, 400);
	http_reply_fini(&reply);
}

static void
test_errors_have_their_status(void **state)
{
	char id[GUID_TEXT_SIZE];
	struct http_reply reply;

	call_fails(*state, 404, "NOT_FOUND", "GET", "/v1/luns/" UNKNOWN, NULL);
	call_fails(*state, 404, "NOT_FOUND", "GET", "/v1/nothing", NULL);
	call_fails(*state, 400, "INVALID", "POST", "/v1/luns", "{");
	call_fails(*state, 400, "INVALID", "POST", "/v1/luns",
		   "{\"size_bytes\":1,\"size_bytes\":2}");
	call_fails(*state, 400, "INVALID", "POST", "/v1/luns", NULL);
	call_fails(*state, 400, "INVALID", "GET", "/v1/luns?x=1", NULL);
	call_fails(*state, 400, "INVALID", "DELETE", "/v1/luns/" UNKNOWN, "{\"force\":true}");
	make(*state, "/v1/luns", "{\"name\":\"n\",\"size_bytes\":4096}", id);
	call_fails(*state, 409, "NAME_IN_USE", "POST", "/v1/luns",
		   "{\"name\":\"n\",\"size_bytes\":4096}");
	reply = call_with_id(*state, "PUT", "/v1/luns", NULL, NULL);
	assert_int_equal(reply.status, 405);
	assert_string_equal(reply.allow, "GET, HEAD, POST");
	http_reply_fini(&reply);
}

static void
test_a_body_beyond_the_limit_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct http_request request = { .method = "POST",
					.target = "/v1/luns",
					.body_len = HTTP_BODY_MAX + 1,
					.principal = { .role = ROLE_ADMIN } };
	struct http_reply reply;

	http_dispatch(&fx->http, &request, &reply);
	assert_int_equal(reply.status, 413);
	http_reply_fini(&reply);
}

static void
test_the_snapshot_decodes_to_the_array(void **state)
{
	struct fixture *fx = *state;
	AUTO_STATE struct state *now = NULL;
	AUTO_STATE struct state *config = NULL;
	AUTO_STATE struct state *live = NULL;
	struct wire_format format;
	char id[GUID_TEXT_SIZE];
	json_t *json;

	make(fx, "/v1/luns", "{\"size_bytes\":4096}", id);
	make(fx, "/v1/targets", "{\"with_group\":true}", id);
	json = call(fx, 200, "GET", "/v1/snapshot", NULL);
	assert_int_equal(wire_snapshot_decode(json, &format, &config, &live), 0);
	assert_int_equal(format.major, WIRE_FORMAT_MAJOR);
	assert_int_equal(format.minor, WIRE_FORMAT_MINOR);
	now = array_state(fx->http.array);
	assert_int_equal(state_position(config)->sequence, state_position(now)->sequence);
	assert_true(hash128_equal(&state_position(config)->digest, &state_position(now)->digest));
	json_decref(json);
}

static void
test_the_checker_finds_it_clean(void **state)
{
	json_t *json = call(*state, 200, "POST", "/v1/check", NULL);

	assert_true(json_is_true(json_object_get(json, "clean")));
	assert_string_equal(text_of(json, "message"), "");
	assert_int_equal(number_of(json, "failed_luns"), 0);
	json_decref(json);
}

static void
test_the_checker_counts_failed_luns(void **state)
{
	struct fixture *fx = *state;
	struct row_live_lun *row = row_new(ROW_LIVE_LUN);
	json_t *json;

	assert_non_null(row);
	guid_make(&row->id);
	row->health = HEALTH_FAILED;
	array_live_put(fx->http.array, row);
	json = call(fx, 200, "POST", "/v1/check", NULL);
	assert_true(json_is_true(json_object_get(json, "clean")));
	assert_int_equal(number_of(json, "failed_luns"), 1);
	json_decref(json);
}

static void
test_sizes_are_told(void **state)
{
	char lun[GUID_TEXT_SIZE], path[128];
	json_t *json = call(*state, 200, "GET", "/v1/max-lun-size", NULL);

	assert_true(number_of(json, "bytes") > 0);
	json_decref(json);
	make(*state, "/v1/luns", "{\"size_bytes\":4096}", lun);
	snprintf(path, sizeof(path), "/v1/luns/%s/max-extend", lun);
	json = call(*state, 200, "GET", path, NULL);
	assert_true(number_of(json, "bytes") > 0);
	json_decref(json);
	snprintf(path, sizeof(path), "/v1/luns/%s/extend", lun);
	json_decref(call(*state, 200, "POST", path, "{\"add_bytes\":4096}"));
	snprintf(path, sizeof(path), "/v1/luns/%s", lun);
	json = call(*state, 200, "GET", path, NULL);
	assert_int_equal(number_of(json, "size_bytes"), 8192);
	json_decref(json);
}

static void
test_explain_answers(void **state)
{
	char lun[GUID_TEXT_SIZE], path[160];
	json_t *json;

	make(*state, "/v1/luns", "{\"size_bytes\":4096}", lun);
	snprintf(path, sizeof(path), "/v1/explain?lun=%s&initiator=iqn.1993-08.org.debian:01:abc",
		 lun);
	json = call(*state, 200, "GET", path, NULL);
	assert_true(json_is_false(json_object_get(json, "visible")));
	assert_true(strlen(text_of(json, "text")) > 0);
	assert_string_equal(text_of(json_object_get(json, "obstacle"), "code"), "NOT_ASSOCIATED");
	assert_string_equal(text_of(json_object_get(json, "obstacle"), "step"), "target");
	assert_true(strlen(text_of(json_object_get(json, "obstacle"), "hint")) > 0);
	assert_string_equal(text_of(json_array_get(json_object_get(json, "steps"), 0), "outcome"),
			    "ok");
	json_decref(json);
	strcat(path, "&from=nowhere");
	call_fails(*state, 400, "INVALID", "GET", path, NULL);
}

static void
test_jobs_and_sessions_that_are_not(void **state)
{
	json_t *json = call(*state, 200, "GET", "/v1/sessions", NULL);

	assert_int_equal(json_array_size(json_object_get(json, "items")), 0);
	json_decref(json);
	call_fails(*state, 404, "NOT_FOUND", "POST", "/v1/jobs/" UNKNOWN "/cancel", NULL);
	call_fails(*state, 404, "NOT_FOUND", "POST", "/v1/jobs/" UNKNOWN "/pause", NULL);
	call_fails(*state, 404, "NOT_FOUND", "POST", "/v1/jobs/" UNKNOWN "/resume", NULL);
	call_fails(*state, 404, "NOT_FOUND", "GET", "/v1/jobs/" UNKNOWN, NULL);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_the_array_and_its_position),
		WITH_ARRAY(test_a_change_answers_with_its_sequence),
		WITH_ARRAY(test_a_lun_lives_and_dies),
		WITH_ARRAY(test_a_lun_is_made_as_it_was_asked_for),
		WITH_ARRAY(test_a_long_operation_answers_202_and_its_job),
		WITH_ARRAY(test_what_was_there_answers_200_and_existed),
		WITH_ARRAY(test_association_and_its_inverse),
		WITH_ARRAY(test_targets_are_added_and_removed),
		WITH_ARRAY(test_names_are_added_to_a_mask_and_removed),
		WITH_ARRAY(test_an_unknown_target_changes_nothing),
		WITH_ARRAY(test_a_new_portal_says_whether_it_listens),
		WITH_ARRAY(test_groups_name_their_portals),
		WITH_ARRAY(test_lists_are_paged),
		WITH_ARRAY(test_lists_are_narrowed_by_name),
		WITH_ARRAY(test_lists_are_narrowed_by_id),
		WITH_ARRAY(test_a_request_id_is_answered_twice_and_done_once),
		WITH_ARRAY(test_a_bad_request_id_is_refused),
		WITH_ARRAY(test_errors_have_their_status),
		WITH_ARRAY(test_a_body_beyond_the_limit_is_refused),
		WITH_ARRAY(test_the_snapshot_decodes_to_the_array),
		WITH_ARRAY(test_the_checker_finds_it_clean),
		WITH_ARRAY(test_the_checker_counts_failed_luns),
		WITH_ARRAY(test_sizes_are_told),
		WITH_ARRAY(test_explain_answers),
		WITH_ARRAY(test_jobs_and_sessions_that_are_not),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of bodies and queries: the server accepts what its tables allow and refuses everything
 * else.
 */
#include "fixture.h"

#define ID "0123abcd-4567-4abc-8def-0123456789ab"

static int
body(const struct verb_spec *spec, const char *text, struct verb_args *args, json_t **ret_json)
{
	*ret_json = json_loads(text, 0, NULL);
	assert_non_null(*ret_json);
	return http_spec_body(spec, *ret_json, args);
}

/* The text must be refused, and the message must name `word`. */
static void
body_refused(const struct verb_spec *spec, const char *text, const char *word)
{
	struct verb_args args = { 0 };
	json_t *json;

	assert_int_equal(body(spec, text, &args, &json), ERR_INVALID);
	if (strstr(err_text(ERR_INVALID), word) == NULL)
		fail_msg("%s: `%s` does not name %s", text, err_text(ERR_INVALID), word);
	http_args_fini(&args);
	json_decref(json);
}

static void
query_refused(const struct verb_spec *spec, const char *text, const char *word)
{
	struct verb_args args = { 0 };
	char *copy = strdup(text);

	assert_int_equal(http_spec_query(spec, copy, &args), ERR_INVALID);
	if (strstr(err_text(ERR_INVALID), word) == NULL)
		fail_msg("%s: `%s` does not name %s", text, err_text(ERR_INVALID), word);
	http_args_fini(&args);
	free(copy);
}

static void
test_a_full_body_fills_the_arguments(void **state)
{
	struct verb_args args = { 0 };
	json_t *json;

	(void)state;
	assert_int_equal(body(verb_table[VERB_LUN_CREATE].body,
			      "{\"name\":\"v\",\"size_bytes\":4096,\"pool_id\":\"" ID
			      "\",\"block_bytes\":4096,"
			      "\"thick\":true,\"mask\":\"*\"}",
			      &args, &json),
			 0);
	assert_string_equal(args.name, "v");
	assert_int_equal(args.size_bytes, 4096);
	assert_int_equal(args.block_bytes, 4096);
	assert_false(guid_is_zero(&args.pool_id));
	assert_true(args.thick);
	assert_string_equal(args.mask, "*");
	json_decref(json);
}

static void
test_what_is_absent_stays_unset(void **state)
{
	struct verb_args args = { 0 };
	json_t *json;

	(void)state;
	assert_int_equal(body(verb_table[VERB_LUN_CREATE].body, "{\"size_bytes\":1}", &args, &json),
			 0);
	assert_null(args.name);
	assert_null(args.mask);
	assert_true(guid_is_zero(&args.pool_id));
	assert_false(args.thick);
	json_decref(json);
}

static void
test_unknown_members_are_refused(void **state)
{
	(void)state;
	body_refused(verb_table[VERB_LUN_CREATE].body, "{\"size_bytes\":1,\"colour\":1}", "colour");
	body_refused(NULL, "{\"a\":1}", "a");
}

/*
 * A secret that is typed as a name is in no error, and so neither in the log nor in the audit log.
 */
static void
test_where_a_secret_belongs_no_unknown_name_is_repeated(void **state)
{
	const struct verb_spec *spec = verb_table[VERB_CREDENTIAL_SET].body;

	(void)state;
	body_refused(spec, "{\"side\":\"target\",\"correct-horse-battery\":1}", "member 2 is");
	assert_null(strstr(err_text(ERR_INVALID), "correct"));
	body_refused(spec, "{\"correct-horse-battery\":1}", "use side, secret, owner_id");
	assert_null(strstr(err_text(ERR_INVALID), "correct"));
}

static void
test_required_members_are_missed(void **state)
{
	(void)state;
	body_refused(verb_table[VERB_LUN_CREATE].body, "{\"name\":\"v\"}", "size_bytes");
	body_refused(verb_table[VERB_POOL_CREATE].body, "{\"name\":\"v\"}", "path");
	assert_int_equal(
		http_spec_body(verb_table[VERB_POOL_CREATE].body, NULL, &(struct verb_args){ 0 }),
		ERR_INVALID);
}

static void
test_types_are_strict(void **state)
{
	(void)state;
	body_refused(verb_table[VERB_LUN_CREATE].body, "{\"size_bytes\":\"1\"}", "size_bytes");
	body_refused(verb_table[VERB_LUN_CREATE].body, "{\"size_bytes\":1.5}", "size_bytes");
	body_refused(verb_table[VERB_LUN_CREATE].body, "{\"size_bytes\":-1}", "size_bytes");
	body_refused(verb_table[VERB_LUN_CREATE].body, "{\"size_bytes\":null}", "size_bytes");
	body_refused(verb_table[VERB_LUN_CREATE].body, "{\"size_bytes\":1,\"thick\":1}", "thick");
	body_refused(verb_table[VERB_LUN_CREATE].body, "{\"size_bytes\":1,\"name\":7}", "name");
	body_refused(verb_table[VERB_LUN_CREATE].body, "{\"size_bytes\":1,\"pool_id\":\"x\"}",
		     "pool_id");
	body_refused(verb_table[VERB_LUN_CHANGE].body, "{\"status\":\"on\"}", "status");
	body_refused(verb_table[VERB_LUN_ASSOCIATE].body, "{\"targets\":\"" ID "\"}", "targets");
	body_refused(verb_table[VERB_LUN_ASSOCIATE].body, "{\"targets\":[1]}", "targets[0]");
	body_refused(verb_table[VERB_LUN_CREATE].body, "[]", "object");
}

static void
test_ranges_are_kept(void **state)
{
	char text[256], name[200];

	(void)state;
	body_refused(verb_table[VERB_LUN_CREATE].body, "{\"size_bytes\":0}", "size_bytes");
	body_refused(verb_table[VERB_LUN_CREATE].body, "{\"size_bytes\":9007199254740993}",
		     "from 1 to 9007199254740992");
	body_refused(verb_table[VERB_PORTAL_CREATE].body, "{\"address\":\"::1\",\"port\":65536}",
		     "to 65535");
	query_refused(verb_table[VERB_JOB_LIST].query, "limit=0", "from 1 to ");
	body_refused(verb_table[VERB_POOL_CREATE].body, "{\"name\":\"\",\"path\":\"/\"}", "name");
	memset(name, 'x', 190);
	name[190] = '\0';
	snprintf(text, sizeof(text), "{\"name\":\"%s\",\"path\":\"/\"}", name);
	body_refused(verb_table[VERB_POOL_CREATE].body, text, "name");
	snprintf(text, sizeof(text), "{\"alias\":\"%s\"}", name);
	body_refused(verb_table[VERB_TARGET_CREATE].body, text, "alias is longer than 189 bytes");
	body_refused(verb_table[VERB_TARGET_CHANGE].body, text, "alias is longer than 189 bytes");
}

static void
test_control_characters_are_refused(void **state)
{
	(void)state;
	body_refused(verb_table[VERB_POOL_CHANGE].body, "{\"name\":\"a\\nb\"}", "control");
	query_refused(verb_table[VERB_LUN_LIST].query, "name=a%0ab", "control");
	query_refused(verb_table[VERB_LUN_LIST].query, "name=%ff", "UTF-8");
}

static void
test_exactly_one_means_one(void **state)
{
	(void)state;
	body_refused(verb_table[VERB_LUN_CHANGE].body, "{}", "exactly one");
	body_refused(verb_table[VERB_LUN_CHANGE].body, "{\"name\":\"a\",\"mask\":\"\"}",
		     "exactly one");
}

static void
test_a_set_of_ids_may_be_empty(void **state)
{
	struct verb_args args = { 0 };
	json_t *json;

	(void)state;
	assert_int_equal(
		body(verb_table[VERB_LUN_ASSOCIATE].body, "{\"targets\":[]}", &args, &json), 0);
	assert_int_equal(args.targets.count, 0);
	assert_true(args.targets.given);
	http_args_fini(&args);
	json_decref(json);
}

static void
test_a_query_fills_the_arguments(void **state)
{
	char text[] = "limit=7&after=" ID "%2C" ID "&lun_id=" ID;
	struct verb_args args = { 0 };

	(void)state;
	assert_int_equal(http_spec_query(verb_table[VERB_ASSOCIATION_LIST].query, text, &args), 0);
	assert_int_equal(args.limit, 7);
	assert_true(args.after.given);
	assert_false(guid_is_zero(&args.after.key.b));
	assert_false(guid_is_zero(&args.lun_id));
	assert_true(guid_is_zero(&args.target_id));
}

static void
test_escapes_are_decoded(void **state)
{
	char text[] = "name=a+b%2Bc%C3%A4";
	struct verb_args args = { 0 };

	(void)state;
	assert_int_equal(http_spec_query(verb_table[VERB_LUN_LIST].query, text, &args), 0);
	assert_string_equal(args.name, "a b+cä");
}

static void
test_bad_queries_are_refused(void **state)
{
	(void)state;
	query_refused(verb_table[VERB_JOB_LIST].query, "limit", "pairs");
	query_refused(verb_table[VERB_JOB_LIST].query, "limit=1&limit=2", "twice");
	query_refused(verb_table[VERB_JOB_LIST].query, "limit=0", "limit");
	query_refused(verb_table[VERB_JOB_LIST].query, "limit=1001", "limit");
	query_refused(verb_table[VERB_JOB_LIST].query, "limit=1x", "limit");
	query_refused(verb_table[VERB_JOB_LIST].query, "limit=99999999999999999999", "limit");
	query_refused(verb_table[VERB_JOB_LIST].query, "name=x", "name");
	query_refused(verb_table[VERB_JOB_LIST].query, "after=x", "after");
	query_refused(verb_table[VERB_LUN_LIST].query, "name=%4", "escape");
	query_refused(verb_table[VERB_LUN_LIST].query, "name=%00", "escape");
	query_refused(verb_table[VERB_MAX_LUN_SIZE].query, "thick=true", "thick");
	query_refused(verb_table[VERB_EXPLAIN].query, "lun=" ID, "initiator");
	query_refused(NULL, "x=1", "x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_full_body_fills_the_arguments),
		cmocka_unit_test(test_what_is_absent_stays_unset),
		cmocka_unit_test(test_unknown_members_are_refused),
		cmocka_unit_test(test_where_a_secret_belongs_no_unknown_name_is_repeated),
		cmocka_unit_test(test_required_members_are_missed),
		cmocka_unit_test(test_types_are_strict),
		cmocka_unit_test(test_ranges_are_kept),
		cmocka_unit_test(test_control_characters_are_refused),
		cmocka_unit_test(test_exactly_one_means_one),
		cmocka_unit_test(test_a_set_of_ids_may_be_empty),
		cmocka_unit_test(test_a_query_fills_the_arguments),
		cmocka_unit_test(test_escapes_are_decoded),
		cmocka_unit_test(test_bad_queries_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

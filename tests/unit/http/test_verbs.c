/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of verbs: what the client writes of any arguments (wire/wire_verb.c) is what the server
 * reads (http/spec.c), for every field of every verb; the table is well-formed; and a role that is
 * too low gets nothing.
 */
#include "fixture.h"
#include "wire/wire_verb.h"

/* ---- form ---- */

static void
test_types_stand_where_they_can_be_written(void **state)
{
	(void)state;
	for (int v = 0; v < VERB_COUNT; v++) {
		const struct verb_spec *query = verb_table[v].query, *body = verb_table[v].body;

		assert_in_range(verb_table[v].role, ROLE_READER, ROLE_ADMIN);
		for (size_t i = 0; query != NULL && i < query->count; i++)
			assert_int_not_equal(query->fields[i].type, VERB_GUIDS);
		for (size_t i = 0; body != NULL && i < body->count; i++)
			assert_int_not_equal(body->fields[i].type, VERB_KEY);
	}
}

/* ---- both sides ---- */

/* Every type has one value here: of the n-th field of a verb, so that a swap is seen. */
static void
value_make(struct verb_args *args, const struct verb_field *field, size_t n, struct guid *ids)
{
	static char texts[16][8];
	void *value = (char *)args + field->offset;

	switch (field->type) {
	case VERB_TEXT:
		snprintf(texts[n], sizeof(texts[n]), "t&%%+\xc3\xa9%zu", n);
		*(const char **)value = texts[n];
		break;
	case VERB_GUID:
		((struct guid *)value)->bytes[0] = (uint8_t)(n + 1);
		break;
	case VERB_GUIDS:
		ids[0].bytes[3] = (uint8_t)(n + 1);
		ids[1].bytes[4] = (uint8_t)(n + 1);
		*(struct verb_guids *)value = (struct verb_guids){ ids, 2, true };
		break;
	case VERB_U64:
		*(uint64_t *)value = field->min + n + (field->min == 0);
		break;
	case VERB_BOOL:
		*(bool *)value = true;
		break;
	case VERB_STATUS:
		*(struct verb_status *)value = (struct verb_status){ STATUS_OFFLINE, true };
		break;
	case VERB_FLAG:
		*(struct verb_flag *)value = (struct verb_flag){ n % 2 == 0, true };
		break;
	case VERB_KEY:
		*(struct verb_key *)value = (struct verb_key){ .given = true };
		((struct verb_key *)value)->key.a.bytes[1] = (uint8_t)(n + 1);
		((struct verb_key *)value)->key.b.bytes[2] = (uint8_t)(n + 1);
		break;
	}
}

static void
value_same(const struct verb_field *field, const struct verb_args *a, const struct verb_args *b)
{
	const void *x = verb_value(a, field), *y = verb_value(b, field);

	assert_true(verb_is_given(b, field));
	switch (field->type) {
	case VERB_TEXT:
		assert_string_equal(*(const char *const *)x, *(const char *const *)y);
		break;
	case VERB_GUID:
		assert_true(guid_equal(x, y));
		break;
	case VERB_GUIDS:
		assert_int_equal(((const struct verb_guids *)y)->count, 2);
		for (size_t i = 0; i < 2; i++)
			assert_true(guid_equal(&((const struct verb_guids *)x)->ids[i],
					       &((const struct verb_guids *)y)->ids[i]));
		break;
	case VERB_U64:
		assert_int_equal(*(const uint64_t *)x, *(const uint64_t *)y);
		break;
	case VERB_BOOL:
		assert_int_equal(*(const bool *)x, *(const bool *)y);
		break;
	case VERB_STATUS:
		assert_int_equal(((const struct verb_status *)x)->status,
				 ((const struct verb_status *)y)->status);
		break;
	case VERB_FLAG:
		assert_int_equal(((const struct verb_flag *)x)->value,
				 ((const struct verb_flag *)y)->value);
		break;
	case VERB_KEY:
		assert_int_equal(row_key_compare(&((const struct verb_key *)x)->key,
						 &((const struct verb_key *)y)->key),
				 0);
		break;
	}
}

/* Sends the fields first … end - 1 of a verb through both sides. */
static void
round_trip(enum verb_id v, const struct verb_spec *spec, bool in_query, size_t first, size_t end)
{
	struct verb_args sent = { 0 }, read = { 0 };
	struct guid path_ids[2] = { { { 1 } }, { { 2 } } }, found_ids[2], ids[2] = { 0 };
	enum verb_id found = VERB_COUNT;
	char *target = NULL, *query, allow[64];
	json_t *body = NULL;

	for (size_t i = first; i < end; i++)
		value_make(&sent, &spec->fields[i], i, ids);
	assert_int_equal(wire_verb_target(v, path_ids, &sent, &target), 0);
	assert_int_equal(wire_verb_body(v, &sent, &body), 0);
	query = strchr(target, '?');
	if (query != NULL)
		*query++ = '\0';
	assert_int_equal(http_route_find(verb_table[v].method, target, &found, found_ids, allow,
					 sizeof(allow)),
			 0);
	assert_int_equal(found, v);
	assert_int_equal(http_spec_query(verb_table[v].query, query, &read), 0);
	assert_int_equal(http_spec_body(verb_table[v].body, body, &read), 0);
	assert_int_equal(in_query ? query != NULL : body != NULL, true);
	for (size_t i = first; i < end; i++)
		value_same(&spec->fields[i], &sent, &read);
	http_args_fini(&read);
	json_decref(body);
	mem_free(target);
}

static void
test_what_the_client_writes_the_server_reads(void **state)
{
	(void)state;
	for (int v = 0; v < VERB_COUNT; v++) {
		const struct verb_spec *specs[2] = { verb_table[v].query, verb_table[v].body };

		for (int s = 0; s < 2; s++) {
			if (specs[s] == NULL)
				continue;
			if (specs[s]->rule == VERB_AS_MARKED)
				round_trip(v, specs[s], s == 0, 0, specs[s]->count);
			else
				for (size_t i = 0; i < specs[s]->count; i++)
					if (specs[s]->fields[i].type != VERB_BOOL)
						round_trip(v, specs[s], s == 0, i, i + 1);
		}
	}
}

/* What is absent stays absent, but for required members. */
static void
test_absent_arguments_are_not_sent(void **state)
{
	const struct verb_args args = { .size_bytes = 512 };
	json_t *body = NULL;
	char *target = NULL;

	(void)state;
	assert_int_equal(wire_verb_body(VERB_LUN_CREATE, &args, &body), 0);
	assert_int_equal(json_object_size(body), 1);
	json_decref(body);
	assert_int_equal(wire_verb_target(VERB_LUN_LIST, NULL, &args, &target), 0);
	assert_string_equal(target, "/v1/luns");
	mem_free(target);
}

static void
test_names_are_escaped_for_queries(void **state)
{
	const struct verb_args args = { .name = "a b/\xc3\xa4?&#%+~-._" };
	char *target = NULL;

	(void)state;
	assert_int_equal(wire_verb_target(VERB_LUN_LIST, NULL, &args, &target), 0);
	assert_string_equal(target, "/v1/luns?name=a%20b%2F%C3%A4%3F%26%23%25%2B~-._");
	mem_free(target);
}

static void
test_what_cannot_be_sent_is_named(void **state)
{
	const struct verb_args text = { .name = "a\nb", .size_bytes = 1 };
	const struct verb_args large = { .size_bytes = UINT64_MAX };
	json_t *body = NULL;
	char *target = NULL;

	(void)state;
	assert_int_equal(wire_verb_body(VERB_LUN_CREATE, &text, &body), ERR_INVALID);
	assert_non_null(strstr(err_text(ERR_INVALID), "name"));
	assert_int_equal(wire_verb_body(VERB_LUN_CREATE, &large, &body), ERR_INVALID);
	assert_non_null(strstr(err_text(ERR_INVALID), "size_bytes"));
	assert_int_equal(wire_verb_target(VERB_LUN_LIST, NULL, &text, &target), ERR_INVALID);
}

/* ---- roles ---- */

static void
test_a_role_that_is_too_low_gets_nothing(void **state)
{
	struct fixture *fx = *state;
	const struct guid ids[2] = { { { 1 } }, { { 2 } } };

	for (int v = 0; v < VERB_COUNT; v++) {
		struct principal who = { .kind = PRINCIPAL_UNIX, .uid = 1000 };
		struct http_request request = { .method = verb_table[v].method, .principal = who };
		struct http_reply reply;
		char *target = NULL;

		assert_int_equal(wire_verb_target(v, ids, NULL, &target), 0);
		request.target = target;
		request.principal.role = verb_table[v].role - 1;
		http_dispatch(&fx->http, &request, &reply);
		if (reply.status != 403)
			fail_msg("%s: status %u", verb_table[v].operation, reply.status);
		http_reply_fini(&reply);
		mem_free(target);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types_stand_where_they_can_be_written),
		cmocka_unit_test(test_what_the_client_writes_the_server_reads),
		cmocka_unit_test(test_absent_arguments_are_not_sent),
		cmocka_unit_test(test_names_are_escaped_for_queries),
		cmocka_unit_test(test_what_cannot_be_sent_is_named),
		cmocka_unit_test_setup_teardown(test_a_role_that_is_too_low_gets_nothing,
						fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the route table: it is sorted, has no duplicates, and every row can be reached. */
#include "fixture.h"

#define ID "0123abcd-4567-4abc-8def-0123456789ab"

static void
test_rows_are_in_order(void **state)
{
	(void)state;
	for (size_t i = 1; i < VERB_COUNT; i++) {
		int paths = strcmp(verb_table[i - 1].path, verb_table[i].path);

		assert_true(paths < 0 || (paths == 0 && strcmp(verb_table[i - 1].method,
							       verb_table[i].method) < 0));
	}
}

static void
test_operations_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < VERB_COUNT; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(verb_table[i].operation, verb_table[j].operation);
}

/* The template with ids for placeholders. */
static void
path_fill(const char *template, char *out)
{
	while (*template != '\0') {
		if (*template == '{') {
			out += sprintf(out, "%s", ID);
			template = strchr(template, '}') + 1;
		} else {
			*out++ = *template ++;
		}
	}
	*out = '\0';
}

static void
test_every_row_is_reached(void **state)
{
	(void)state;
	for (size_t i = 0; i < VERB_COUNT; i++) {
		enum verb_id verb = VERB_COUNT;
		struct guid ids[2];
		char path[256], allow[64];

		path_fill(verb_table[i].path, path);
		assert_int_equal(http_route_find(verb_table[i].method, path, &verb, ids, allow,
						 sizeof(allow)),
				 0);
		assert_int_equal(verb, i);
		assert_non_null(http_routes[i].handler);
	}
}

static void
test_reads_and_deletions_have_queries_and_changes_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < VERB_COUNT; i++) {
		bool get = strcmp(verb_table[i].method, "GET") == 0;
		bool deletes = strcmp(verb_table[i].method, "DELETE") == 0;

		assert_true(verb_table[i].query == NULL || get || deletes ||
			    verb_table[i].body == &verb_document);
		/* RFC 9110 §9.3.5: a body of DELETE has no defined meaning. */
		assert_true(verb_table[i].body == NULL || !(get || deletes));
		assert_true(verb_table[i].status == 200 || verb_table[i].status == 201 ||
			    i == VERB_LUN_MOVE); /* it is always a job: 202 */
	}
}

static void
find_gives(int code, const char *method, const char *path, const char *allowed)
{
	enum verb_id verb = VERB_COUNT;
	struct guid ids[2];
	char allow[64];

	assert_int_equal(http_route_find(method, path, &verb, ids, allow, sizeof(allow)), code);
	assert_string_equal(allow, allowed);
}

static void
test_other_paths_are_not_found(void **state)
{
	(void)state;
	find_gives(ERR_NOT_FOUND, "GET", "/", "");
	find_gives(ERR_NOT_FOUND, "GET", "", "");
	find_gives(ERR_NOT_FOUND, "GET", "/v1/luns/", "");
	find_gives(ERR_NOT_FOUND, "GET", "/v1/luns/" ID "/", "");
	find_gives(ERR_NOT_FOUND, "GET", "/v1/lunsx", "");
	find_gives(ERR_NOT_FOUND, "GET", "/v1/luns//targets", "");
	find_gives(ERR_NOT_FOUND, "GET", "/v2/luns", "");
}

static void
test_other_methods_are_named(void **state)
{
	(void)state;
	find_gives(ERR_NOT_SUPPORTED, "PUT", "/v1/luns", "GET, HEAD, POST");
	find_gives(ERR_NOT_SUPPORTED, "get", "/v1/luns", "GET, HEAD, POST");
	find_gives(ERR_NOT_SUPPORTED, "HEAD", "/v1/check", "POST");
}

static void
test_a_bad_id_is_invalid(void **state)
{
	enum verb_id verb;
	struct guid ids[2];
	char allow[64];

	(void)state;
	assert_int_equal(
		http_route_find("GET", "/v1/luns/nonsense", &verb, ids, allow, sizeof(allow)),
		ERR_INVALID);
	assert_int_equal(http_route_find("GET", "/v1/luns/" ID "0000000000", &verb, ids, allow,
					 sizeof(allow)),
			 ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_in_order),
		cmocka_unit_test(test_operations_are_unique),
		cmocka_unit_test(test_every_row_is_reached),
		cmocka_unit_test(test_reads_and_deletions_have_queries_and_changes_bodies),
		cmocka_unit_test(test_other_paths_are_not_found),
		cmocka_unit_test(test_other_methods_are_named),
		cmocka_unit_test(test_a_bad_id_is_invalid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of vdsctl's output and input of values: tables, objects and addresses. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "vdsctl/ctl_int.h"

static const char columns[] = "NAME|>SIZE|ID";

/* What a table of these cells prints. */
static char *
printed(const char *const *cells, size_t count)
{
	struct table *table = table_new(columns);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < count; i++)
		table_add(table, cells[i]);
	assert_int_equal(table_print(table, out), 0);
	table_free(table);
	fclose(out);
	return text;
}

static void
test_columns_are_as_wide_as_they_must_be(void **state)
{
	static const char *const cells[] = { "a", "1 GiB", "x", "longer", "2", "y" };
	char *text = printed(cells, ARRAY_LEN(cells));

	(void)state;
	assert_string_equal(text, "NAME     SIZE  ID\na       1 GiB  x\nlonger      2  y\n");
	free(text);
}

static void
test_an_empty_table_is_its_head(void **state)
{
	char *text = printed(NULL, 0);

	(void)state;
	assert_string_equal(text, "NAME  SIZE  ID\n");
	free(text);
}

static void
test_nothing_is_a_dash(void **state)
{
	static const char *const cells[] = { "", NULL, "z" };
	char *text = printed(cells, ARRAY_LEN(cells));

	(void)state;
	assert_string_equal(text, "NAME  SIZE  ID\n-        -  z\n");
	free(text);
}

static void
test_width_counts_characters(void **state)
{
	static const char *const cells[] = { "äöü€", "1", "x", "abcd", "2", "y" };
	char *text = printed(cells, ARRAY_LEN(cells));

	(void)state;
	assert_string_equal(text, "NAME  SIZE  ID\näöü€     1  x\nabcd     2  y\n");
	free(text);
}

static void
test_wide_characters_take_two_columns(void **state)
{
	/* the last e is written with a combining accent */
	static const char *const cells[] = { "日本", "1",         "x", "abcde", "2",
					     "y",    "e\xcc\x81", "3", "z" };
	char *text;

	(void)state;
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		skip();
	text = printed(cells, ARRAY_LEN(cells));
	setlocale(LC_CTYPE, "C");
	assert_string_equal(
		text, "NAME   SIZE  ID\n日本      1  x\nabcde     2  y\ne\xcc\x81         3  z\n");
	free(text);
}

static void
test_control_characters_cannot_move_the_cursor(void **state)
{
	static const char *const cells[] = { "a\033[2Jb", "1\n", "\r" };
	char *text = printed(cells, ARRAY_LEN(cells));

	(void)state;
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\r'));
	free(text);
}

static void
test_objects_are_lines(void **state)
{
	json_t *object = json_pack("{s:s, s:I, s:b, s:{s:s, s:s}, s:[s,s], s:s}", "name", "v",
				   "size_bytes", (json_int_t)1073741824, "thin", 1, "live", "id",
				   "x", "health", "ok", "portals", "p", "q", "mask", "");
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(ctl_object_print(object, out), 0);
	fclose(out);
	assert_string_equal(
		text,
		"name             v\nsize_bytes       1073741824 (1 GiB)\nthin             yes\n"
		"health           ok\nportals          p q\nmask             -\n");
	free(text);
	json_decref(object);
}

static void
address_is(const char *text, const char *host, int port)
{
	AUTO_FREE char *got = NULL;
	int got_port = 0;

	assert_int_equal(ctl_address_split(text, &got, &got_port), 0);
	assert_string_equal(got, host);
	assert_int_equal(got_port, port);
}

static void
test_addresses_are_split(void **state)
{
	(void)state;
	address_is("127.0.0.1", "127.0.0.1", -1);
	address_is("127.0.0.1:0", "127.0.0.1", 0);
	address_is("127.0.0.1:3260", "127.0.0.1", 3260);
	address_is("::1", "::1", -1);
	address_is("[::1]", "::1", -1);
	address_is("[::1]:3261", "::1", 3261);
}

static void
test_bad_addresses_are_refused(void **state)
{
	static const char *const bad[] = { "127.0.0.1:x", "127.0.0.1:65536", "[::1", "[::1]x",
					   "127.0.0.1:" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *host = NULL;
		int port;

		assert_int_equal(ctl_address_split(bad[i], &host, &port), ERR_INVALID);
		assert_null(host);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_are_as_wide_as_they_must_be),
		cmocka_unit_test(test_an_empty_table_is_its_head),
		cmocka_unit_test(test_nothing_is_a_dash),
		cmocka_unit_test(test_width_counts_characters),
		cmocka_unit_test(test_wide_characters_take_two_columns),
		cmocka_unit_test(test_control_characters_cannot_move_the_cursor),
		cmocka_unit_test(test_objects_are_lines),
		cmocka_unit_test(test_addresses_are_split),
		cmocka_unit_test(test_bad_addresses_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

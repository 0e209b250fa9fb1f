/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of unmasking lists and of iSCSI names. */
#include <errno.h>

#include "fault.h"
#include "sample.h"

static void
assert_mask(const char *text, const char *canonical)
{
	AUTO_FREE char *mask = NULL;

	assert_int_equal(mask_normalize(text, &mask), 0);
	assert_string_equal(mask, canonical);
}

static void
assert_no_mask(const char *text)
{
	char *mask = NULL;

	assert_int_equal(mask_normalize(text, &mask), ERR_INVALID);
	assert_null(mask);
}

static void
test_a_mask_is_sorted_lower_case_and_without_duplicates(void **unused)
{
	(void)unused;
	assert_mask("iqn.b ; IQN.A;iqn.b;;", "iqn.a;iqn.b");
	assert_mask("iqn.a", "iqn.a");
}

static void
test_nobody_and_everyone(void **unused)
{
	(void)unused;
	assert_mask(NULL, "");
	assert_mask("", "");
	assert_mask(" ; ", "");
	assert_mask("*", "*");
	assert_mask(" * ;*", "*");
}

static void
test_a_star_among_names_is_refused(void **unused)
{
	(void)unused;
	assert_no_mask("*;iqn.a");
	assert_no_mask("iqn.a;*");
	assert_no_mask("iqn.*");
}

static void
test_characters_no_name_has_are_refused(void **unused)
{
	(void)unused;
	assert_no_mask("iqn a");
	assert_no_mask("iqn.a\n");
	assert_no_mask("iqn,a");
	assert_no_mask("iqn.\xc3\xa9");
}

static void
test_texts_that_are_no_names_are_refused(void **unused)
{
	(void)unused;
	assert_no_mask("none");
	assert_no_mask("none;iqn.a");
	assert_no_mask("iqn.a;host1");
	assert_no_mask("iqn.");
	assert_no_mask("10000000c9a1b2c3");
	assert_mask("EUI.0123456789ABCDEF;naa.52004567ba64678d",
		    "eui.0123456789abcdef;naa.52004567ba64678d");
}

static void
assert_combined(int (*combine)(const char *, const char *, char **), const char *mask,
		const char *names, const char *expected)
{
	AUTO_FREE char *combined = NULL;

	assert_int_equal(combine(mask, names, &combined), 0);
	assert_string_equal(combined, expected);
}

static void
test_names_are_added_to_a_mask_and_removed(void **unused)
{
	char *mask = NULL;

	(void)unused;
	assert_combined(mask_add, "", "iqn.b", "iqn.b");
	assert_combined(mask_add, "iqn.b;iqn.d", "IQN.c ; iqn.a;iqn.b", "iqn.a;iqn.b;iqn.c;iqn.d");
	assert_combined(mask_remove, "iqn.a;iqn.b;iqn.c", "iqn.c; IQN.A;iqn.x", "iqn.b");
	assert_combined(mask_remove, "iqn.ab", "iqn.a", "iqn.ab");
	assert_combined(mask_remove, "iqn.a", "iqn.a", "");
	assert_int_equal(mask_add("*", "iqn.a", &mask), ERR_INVALID);
	assert_int_equal(mask_remove("*", "iqn.a", &mask), ERR_INVALID);
	assert_int_equal(mask_add("iqn.a", "*", &mask), ERR_INVALID);
	assert_int_equal(mask_remove("iqn.a", "*", &mask), ERR_INVALID);
	assert_null(mask);
}

static void
test_lengths_are_bounded(void **unused)
{
	char name[ROW_ISCSI_NAME_MAX + 2];
	AUTO_FREE char *many = mem_calloc(1, 400 * 224 + 1);
	AUTO_FREE char *mask = NULL;

	(void)unused;
	memset(name, 'a', sizeof(name));
	memcpy(name, "iqn.", 4);
	name[ROW_ISCSI_NAME_MAX + 1] = '\0';
	assert_no_mask(name);
	name[ROW_ISCSI_NAME_MAX] = '\0';
	assert_int_equal(mask_normalize(name, &mask), 0);
	for (unsigned i = 0; i < 400; i++)
		snprintf(many + i * 224, 225, "iqn.%0219u;", i);
	assert_no_mask(many);
}

static void
test_a_mask_includes_what_admits_nobody_else(void **unused)
{
	static const struct {
		const char *mask, *other;
		bool includes;
	} cases[] = {
		{ "*", "iqn.a", true },
		{ "*", "*", true },
		{ "iqn.a", "*", false },
		{ "", "*", false },
		{ "", "iqn.a", false },
		{ "", "", true },
		{ "iqn.a", "", true },
		{ "iqn.a;iqn.b", "iqn.b", true },
		{ "iqn.a;iqn.b", "iqn.a;iqn.b", true },
		{ "iqn.a;iqn.c", "iqn.b", false },
		{ "iqn.a;iqn.c", "iqn.c;iqn.d", false },
		{ "iqn.ab", "iqn.a", false },
		{ "iqn.a", "iqn.ab", false },
		{ "iqn.a;iqn.ab;iqn.b", "iqn.ab;iqn.b", true },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(mask_includes(cases[i].mask, cases[i].other), cases[i].includes);
}

static void
test_a_mask_admits_whom_it_names(void **unused)
{
	(void)unused;
	assert_true(mask_admits("*", "iqn.a"));
	assert_false(mask_admits("*", ""));
	assert_false(mask_admits("", "iqn.a"));
	assert_false(mask_admits(NULL, "iqn.a"));
	assert_true(mask_admits("iqn.a;iqn.b", "iqn.b"));
	assert_true(mask_admits("iqn.a;iqn.b", "IQN.A"));
	assert_false(mask_admits("iqn.ab", "iqn.a"));
	assert_false(mask_admits("iqn.a", "iqn.ab"));
	assert_false(mask_admits("iqn.a;iqn.b", "iqn.a;iqn.b"));
}

static void
test_out_of_memory_gives_no_mask(void **unused)
{
	(void)unused;
	WITH_EVERY_FAULT
	{
		AUTO_FREE char *mask = NULL;
		int rc = mask_normalize("iqn.b;iqn.a;iqn.c", &mask);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
		assert_int_equal(mask != NULL, rc == 0);
	}
}

static void
assert_name(const char *text, const char *canonical)
{
	AUTO_FREE char *name = NULL;

	assert_int_equal(iscsi_name_normalize(text, &name), 0);
	assert_string_equal(name, canonical);
}

static void
assert_no_name(const char *text)
{
	char *name = NULL;

	assert_int_equal(iscsi_name_normalize(text, &name), ERR_INVALID);
	assert_null(name);
}

static void
test_the_three_forms_are_names(void **unused)
{
	(void)unused;
	assert_name("iqn.2001-04.com.example:storage:diskarrays-sn-a8675309",
		    "iqn.2001-04.com.example:storage:diskarrays-sn-a8675309");
	assert_name("iqn.2001-04.com.example", "iqn.2001-04.com.example");
	assert_name("IQN.1993-08.Org.Debian:01:ABC", "iqn.1993-08.org.debian:01:abc");
	assert_name("eui.02004567A425678D", "eui.02004567a425678d");
	assert_name("naa.52004567BA64678D", "naa.52004567ba64678d");
	assert_name("naa.62004567BA64678D0123456789ABCDEF", "naa.62004567ba64678d0123456789abcdef");
}

static void
test_other_forms_are_none(void **unused)
{
	static const char *const wrong[] = {
		"",
		"iqn",
		"iqn.",
		"iqn.2001-4.com.example",
		"iqn.2001-13.com",
		"iqn.2001-00.com",
		"iqn.2001-04",
		"iqn.2001-04.",
		"iqn.2001-04.:x",
		"iqn.2001-04..com",
		"iqn.2001-04.com..x",
		"iqn.2001-04.com.",
		"iqn.2001-04.com_x",
		"iqn.2001-04.com:a b",
		"iqn.2001-04.com:\xc3\xa9",
		"eui.",
		"eui.02004567A425678",
		"eui.02004567A425678G",
		"naa.52004567BA64678",
		"naa.52004567BA64678D0",
		"foo.2001-04.com",
		"2001-04.com",
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_no_name(wrong[i]);
	assert_no_name(NULL);
}

static void
test_a_name_has_at_most_223_bytes(void **unused)
{
	char name[ROW_ISCSI_NAME_MAX + 2];

	(void)unused;
	memset(name, 'a', sizeof(name));
	memcpy(name, "iqn.", 4);
	memcpy(name, "iqn.2001-04.com:", 16);
	name[ROW_ISCSI_NAME_MAX + 1] = '\0';
	assert_no_name(name);
	name[ROW_ISCSI_NAME_MAX] = '\0';
	assert_name(name, name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_mask_is_sorted_lower_case_and_without_duplicates),
		cmocka_unit_test(test_nobody_and_everyone),
		cmocka_unit_test(test_a_star_among_names_is_refused),
		cmocka_unit_test(test_characters_no_name_has_are_refused),
		cmocka_unit_test(test_texts_that_are_no_names_are_refused),
		cmocka_unit_test(test_names_are_added_to_a_mask_and_removed),
		cmocka_unit_test(test_lengths_are_bounded),
		cmocka_unit_test(test_a_mask_admits_whom_it_names),
		cmocka_unit_test(test_a_mask_includes_what_admits_nobody_else),
		cmocka_unit_test(test_out_of_memory_gives_no_mask),
		cmocka_unit_test(test_the_three_forms_are_names),
		cmocka_unit_test(test_other_forms_are_none),
		cmocka_unit_test(test_a_name_has_at_most_223_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

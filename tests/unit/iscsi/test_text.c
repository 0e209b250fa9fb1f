/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of key=value text: pairs, numbers and names, whole and cut in pieces. */
#include "peer.h"

#include <stdio.h>

#include "iscsi/iscsi_int.h"

/* The pairs as "a=b|c=d|", or NULL when the text is no text. */
static const char *
pairs_of(const void *bytes, size_t len, char *out, size_t size)
{
	struct iscsi_account account = { 0 };
	struct iscsi_text t;
	const char *key, *value;
	size_t cursor = 0, at = 0;
	int more;

	iscsi_text_init(&t, &account);
	assert_int_equal(iscsi_text_add(&t, bytes, len), 0);
	out[0] = '\0';
	while ((more = iscsi_text_next(&t, &cursor, &key, &value)) > 0)
		at += (size_t)snprintf(out + at, size - at, "%s=%s|", key, value);
	/* Walked again it is the same. */
	if (more == 0) {
		cursor = 0;
		assert_int_equal(iscsi_text_next(&t, &cursor, &key, &value), at > 0);
	}
	iscsi_text_fini(&t);
	return more == 0 ? out : NULL;
}

#define PAIRS(literal) pairs_of(literal, sizeof(literal), buf, sizeof(buf))

static void
test_pairs(void **state)
{
	char buf[256];

	(void)state;
	assert_string_equal(PAIRS("a=b\0Cc=d,e\0X-f.g=\0h=i=j"), "a=b|Cc=d,e|X-f.g=|h=i=j|");
	assert_string_equal(PAIRS("X#NodeArchitecture=a,b"), "X#NodeArchitecture=a,b|");
	assert_string_equal(PAIRS("a=b\0\0\0c=d\0\0"), "a=b|c=d|");
	assert_string_equal(pairs_of("", 0, buf, sizeof(buf)), "");
	assert_string_equal(PAIRS(""), "");
}

static void
test_what_is_no_pair(void **state)
{
	char buf[256];

	(void)state;
	assert_null(PAIRS("ab"));
	assert_null(PAIRS("=b"));
	assert_null(PAIRS("a=b\0c"));
	assert_null(PAIRS("1a=b"));
	assert_null(PAIRS("#a=b"));
	assert_null(PAIRS("a b=c"));
	assert_null(PAIRS("a\xc3\xa4=c"));
	assert_null(pairs_of("a=b", 3, buf, sizeof(buf))); /* no NUL at the end */
	assert_null(PAIRS(
		"a123456789012345678901234567890123456789012345678901234567890123=x")); /* 64 */
	assert_non_null(PAIRS(
		"a12345678901234567890123456789012345678901234567890123456789012=x")); /* 63 */
}

static void
test_text_is_bounded(void **state)
{
	static uint8_t block[4096];
	struct iscsi_account account = { 0 };
	struct iscsi_text t;

	(void)state;
	memset(block, 'a', sizeof(block));
	iscsi_text_init(&t, &account);
	for (unsigned i = 0; i < TEXT_MAX / sizeof(block); i++)
		assert_int_equal(iscsi_text_add(&t, block, sizeof(block)), 0);
	assert_int_equal(iscsi_text_add(&t, block, 1), ERR_LIMIT);
	assert_int_equal(iscsi_text_add(&t, NULL, 0), 0);
	assert_true(t.in_size <= 2 * TEXT_MAX);
	iscsi_text_fini(&t);
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *text;
		uint32_t number;
	} good[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "007", 7 },
		{ "16777215", 16777215 },
		{ "4294967295", 0xffffffff },
		{ "0x0", 0 },
		{ "0xFf", 255 },
		{ "0XffffFFFF", 0xffffffff },
	};
	static const char *const bad[] = {
		"",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1.5",
		"0x",
		"0xg",
		"4294967296",
		"0x100000000",
		"99999999999999999999",
		"Yes",
		"1~2",
	};
	uint32_t number;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(iscsi_text_parse_number(good[i].text, &number), 0);
		assert_int_equal(number, good[i].number);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(iscsi_text_parse_number(bad[i], &number), ERR_PARSE);
}

static void
test_names(void **state)
{
	static const char *const good[] = {
		"iqn.2001-04.com.example:storage.disk2",
		"eui.02004567a425678d",
		"naa.52004567ba64678d",
		"naa.62004567ba64678d0123456789abcdef",
		"iqn.2001-04.com.example",
	};
	static const char *const bad[] = {
		"",
		"iqn.",
		"iqn",
		"disk",
		"eui.0200",
		"eui.02004567a425678g",
		"naa.52004567ba64678d0",
		"iqn.2001-04.com.example:a b",
		"iqn.2001-04.com.example:a,b",
		"iqn.x\n",
		"iqn.\xff\xfe",
	};
	char name[ISCSI_NAME_MAX + 1], longest[ISCSI_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(iscsi_text_parse_name(good[i], name), 0);
		assert_string_equal(name, good[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(iscsi_text_parse_name(bad[i], name), ERR_PARSE);
	assert_int_equal(iscsi_text_parse_name("IQN.2001-04.COM.Example:Disk", name), 0);
	assert_string_equal(name, "iqn.2001-04.com.example:disk");
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "iqn.", 4);
	longest[ISCSI_NAME_MAX + 1] = '\0';
	assert_int_equal(iscsi_text_parse_name(longest, name), ERR_PARSE);
	longest[ISCSI_NAME_MAX] = '\0';
	assert_int_equal(iscsi_text_parse_name(longest, name), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),           cmocka_unit_test(test_what_is_no_pair),
		cmocka_unit_test(test_text_is_bounded), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of lists of networks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cidr.h"
#include "base/err.h"
#include "base/mem.h"
#include "fault.h"

static void
test_lists_have_one_form(void **unused)
{
	static const struct {
		const char *given, *wanted;
	} cases[] = {
		{ "", "" },
		{ "any", "" },
		{ " , ;", "" },
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "192.0.2.1", "192.0.2.1/32" },
		{ "::1", "::1/128" },
		{ "FD00:0:0::/8", "fd00::/8" },
		{ "::ffff:192.0.2.1", "192.0.2.1/32" },
		{ "0.0.0.0/0;::/0", "0.0.0.0/0;::/0" },
		{ "192.0.2.0/24, 10.0.0.0/8 192.0.2.0/24", "10.0.0.0/8;192.0.2.0/24" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *list = NULL, *again = NULL;

		assert_int_equal(cidr_list_normalize(cases[i].given, &list), 0);
		assert_string_equal(list, cases[i].wanted);
		assert_int_equal(cidr_list_normalize(list, &again), 0);
		assert_string_equal(again, list);
	}
}

static void
test_what_is_no_network_is_refused(void **unused)
{
	static const char *const wrong[] = {
		"10.0.0.0/33",  "10.0.0.0/",  "10.0.0.0/-1",       "10.0.0.0/08x", "10.0.0/8",
		"010.0.0.0.0",  "fd00::/129", "::ffff:1.2.3.4/96", "host",         "any;10.0.0.0/8",
		"10.0.0.1/8",   "fd00::1/64", "10.0.0.0//8",       "[::1]",        "fe80::1%eth0",
		"10.0.0.0/8/8", "*",
	};
	char *list = NULL;

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (cidr_list_normalize(wrong[i], &list) != ERR_INVALID)
			fail_msg("%s is taken", wrong[i]);
	assert_null(list);
	assert_int_equal(cidr_list_normalize("10.1.2.3/8", &list), ERR_INVALID);
	assert_non_null(strstr(err_text(ERR_INVALID), "the network is 10.0.0.0/8"));
}

static void
test_addresses_are_found_at_every_prefix(void **unused)
{
	(void)unused;
	assert_true(cidr_list_has("", "192.0.2.1"));
	assert_true(cidr_list_has(NULL, "nonsense"));
	assert_false(cidr_list_has("0.0.0.0/0", "nonsense"));
	assert_true(cidr_list_has("0.0.0.0/0", "192.0.2.1"));
	assert_false(cidr_list_has("0.0.0.0/0", "fd00::1"));
	assert_false(cidr_list_has("::/0", "192.0.2.1"));
	assert_true(cidr_list_has("fd00::/8;10.0.0.0/8", "10.255.0.1"));
	assert_true(cidr_list_has("10.0.0.0/8", "::ffff:10.0.0.1"));
	assert_true(cidr_list_has("192.0.2.128/25", "192.0.2.128"));
	assert_false(cidr_list_has("192.0.2.128/25", "192.0.2.127"));
	assert_true(cidr_list_has("192.0.2.1/32", "192.0.2.1"));
	assert_false(cidr_list_has("192.0.2.0/31", "192.0.2.2"));
	assert_true(cidr_list_has("2001:db8:8000::/33", "2001:db8:ffff::1"));
	assert_false(cidr_list_has("2001:db8:8000::/33", "2001:db8:7fff::1"));
}

static void
test_no_memory_is_an_error_and_too_long_is_another(void **unused)
{
	AUTO_FREE char *text = mem_alloc(20 * 1000 + 1);
	char *list = NULL;

	(void)unused;
	WITH_EVERY_FAULT
	{
		AUTO_FREE char *short_list = NULL;
		int rc = cidr_list_normalize("10.0.0.0/8;fd00::/8", &short_list);

		assert_int_equal(rc, FAULT_HIT ? -ENOMEM : 0);
	}
	*text = '\0';
	for (unsigned i = 0; i < 1000; i++)
		snprintf(text + strlen(text), 21, "10.%u.%u.0/24;", i / 256, i % 256);
	assert_int_equal(cidr_list_normalize(text, &list), ERR_INVALID);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists_have_one_form),
		cmocka_unit_test(test_what_is_no_network_is_refused),
		cmocka_unit_test(test_addresses_are_found_at_every_prefix),
		cmocka_unit_test(test_no_memory_is_an_error_and_too_long_is_another),
	};

	return cmocka_run_group_tests_name("cidr", tests, NULL, NULL);
}

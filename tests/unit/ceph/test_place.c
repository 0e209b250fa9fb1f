/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the places of pools on Ceph. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "ceph/ceph_int.h"

static void
test_a_place_is_taken_apart(void **state)
{
	struct ceph_place place;

	(void)state;
	assert_int_equal(ceph_place_parse("rbd:luns", &place), 0);
	assert_string_equal(place.pool, "luns");
	assert_string_equal(place.nspace, "");
	assert_int_equal(ceph_place_parse("rbd:.a_B-9/n.1", &place), 0);
	assert_string_equal(place.pool, ".a_B-9");
	assert_string_equal(place.nspace, "n.1");
}

static void
test_what_is_no_place_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",        "rbd:",      "rbd:/",   "rbd:/n", "rbd:a/",       "rbd:a/b/c", "rbd:a b",
		"rbd:a@s", "rbd:a/b@s", "rados:a", "/rbd:a", "rbd:\xc3\xa4", "luns",
	};
	struct ceph_place place;
	char text[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(ceph_place_parse(wrong[i], &place), ERR_INVALID);
	snprintf(text, sizeof(text), "rbd:%0*d", CEPH_NAME_MAX, 0);
	assert_int_equal(ceph_place_parse(text, &place), 0);
	snprintf(text, sizeof(text), "rbd:%0*d", CEPH_NAME_MAX + 1, 0);
	assert_int_equal(ceph_place_parse(text, &place), ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_place_is_taken_apart),
		cmocka_unit_test(test_what_is_no_place_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

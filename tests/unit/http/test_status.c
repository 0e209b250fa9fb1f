/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests that every error code has an HTTP status of the right class. */
#include "fixture.h"

static void
test_every_code_is_an_error_status(void **state)
{
	(void)state;
	for (int code = ERR_FIRST_ + 1; code < ERR_END_; code++) {
		assert_true(http_status(code) >= 400);
		assert_true(http_status(code) < 600);
	}
}

static void
test_the_documented_ones(void **state)
{
	(void)state;
	assert_int_equal(http_status(ERR_INVALID), 400);
	assert_int_equal(http_status(ERR_NOT_FOUND), 404);
	assert_int_equal(http_status(ERR_NAME_IN_USE), 409);
	assert_int_equal(http_status(ERR_BUSY), 409);
	assert_int_equal(http_status(ERR_GONE), 410);
	assert_int_equal(http_status(ERR_NO_SPACE), 507);
}

static void
test_errno_codes_have_one_too(void **state)
{
	(void)state;
	assert_int_equal(http_status(-ENOSPC), 507);
	assert_int_equal(http_status(-ENOENT), 503);
	assert_int_equal(http_status(-EIO), 500);
}

static void
test_an_error_reply_names_code_and_text(void **state)
{
	struct http_reply reply = { 0 };
	json_t *error;

	(void)state;
	http_reply_error(&reply, err_set(ERR_NAME_IN_USE, "target %s exists", "x"));
	error = json_object_get(reply.json, "error");
	assert_int_equal(reply.status, 409);
	assert_string_equal(text_of(error, "code"), "NAME_IN_USE");
	assert_string_equal(text_of(error, "message"), "target x exists");
	http_reply_fini(&reply);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_is_an_error_status),
		cmocka_unit_test(test_the_documented_ones),
		cmocka_unit_test(test_errno_codes_have_one_too),
		cmocka_unit_test(test_an_error_reply_names_code_and_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

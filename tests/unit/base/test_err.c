/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of error codes, their names, and the error text of each thread (base/err.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/err.h"

static void
test_each_code_has_a_name_a_text_and_comes_back_from_its_name(void **state)
{
	(void)state;
	for (int code = ERR_FIRST_ + 1; code < ERR_END_; code++) {
		const char *name = err_name(code);

		assert_int_equal(err_from_name(name), code);
		assert_true(strlen(err_text(code)) > 0);
		assert_string_not_equal(name, "UNKNOWN");
	}
	assert_string_equal(err_name(ERR_NOT_FOUND), "NOT_FOUND");
}

static void
test_all_codes_are_below_every_errno(void **state)
{
	(void)state;
	assert_true(ERR_FIRST_ + 1 < -10000 && ERR_END_ - 1 < -10000);
}

static void
test_errno_has_its_own_names_and_texts(void **state)
{
	(void)state;
	err_clear();
	assert_string_equal(err_name(-ENOMEM), "ENOMEM");
	assert_string_equal(err_text(-ENOENT), strerror(ENOENT));
}

static void
test_names_of_no_code_are_unknown(void **state)
{
	(void)state;
	assert_string_equal(err_name(ERR_FIRST_), "UNKNOWN");
	assert_string_equal(err_name(ERR_END_), "UNKNOWN");
	assert_string_equal(err_name(17), "UNKNOWN");
	assert_string_equal(err_name(-4000), "UNKNOWN");
	assert_string_equal(err_name(-2147483647 - 1), "UNKNOWN");
	assert_int_equal(err_from_name("NO_SUCH"), ERR_INTERNAL);
	assert_int_equal(err_from_name(""), ERR_INTERNAL);
	assert_int_equal(err_from_name(NULL), ERR_INTERNAL);
}

static void
test_a_text_is_for_its_code_only(void **state)
{
	(void)state;
	assert_int_equal(err_set(ERR_NO_SPACE, "pool %s: need %d", "a", 7), ERR_NO_SPACE);
	assert_string_equal(err_text(ERR_NO_SPACE), "pool a: need 7");
	assert_string_equal(err_text(ERR_BUSY),
			    "another operation works on the object; try again when it has ended");
	err_clear();
	assert_string_equal(err_text(ERR_NO_SPACE), "there is not enough space");
}

static void
test_a_text_goes_with_an_errno_too(void **state)
{
	(void)state;
	assert_int_equal(err_set(-EIO, "reading %s", "it"), -EIO);
	assert_string_equal(err_text(-EIO), "reading it");
	err_clear();
}

static void
test_a_text_may_be_made_of_the_last_one(void **state)
{
	(void)state;
	err_set(ERR_BUSY, "inner");
	err_set(ERR_BUSY, "outer: %s", err_text(ERR_BUSY));
	assert_string_equal(err_text(ERR_BUSY), "outer: inner");
	err_clear();
}

static void
test_a_long_text_is_cut_at_511_bytes(void **state)
{
	char big[2000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(ERR_INVALID, "%s", big);
	assert_int_equal(strlen(err_text(ERR_INVALID)), 511);
	err_clear();
}

static void
test_success_is_no_error(void **state)
{
	(void)state;
	err_clear();
	assert_string_equal(err_text(0), strerror(0));
}

static void *
other_thread(void *arg)
{
	const char **ret_text = arg;
	static char seen[128];

	err_set(ERR_LIMIT, "another thread's");
	err_clear();
	strncpy(seen, err_text(ERR_BUSY), sizeof(seen) - 1);
	*ret_text = seen;
	return NULL;
}

static void
test_each_thread_keeps_its_own_text(void **state)
{
	const char *seen = NULL;
	pthread_t thread;

	(void)state;
	err_set(ERR_BUSY, "mine");
	assert_int_equal(pthread_create(&thread, NULL, other_thread, &seen), 0);
	pthread_join(thread, NULL);
	assert_string_equal(err_text(ERR_BUSY), "mine");
	assert_string_equal(seen,
			    "another operation works on the object; try again when it has ended");
	err_clear();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_code_has_a_name_a_text_and_comes_back_from_its_name),
		cmocka_unit_test(test_all_codes_are_below_every_errno),
		cmocka_unit_test(test_errno_has_its_own_names_and_texts),
		cmocka_unit_test(test_names_of_no_code_are_unknown),
		cmocka_unit_test(test_a_text_is_for_its_code_only),
		cmocka_unit_test(test_a_text_goes_with_an_errno_too),
		cmocka_unit_test(test_a_text_may_be_made_of_the_last_one),
		cmocka_unit_test(test_a_long_text_is_cut_at_511_bytes),
		cmocka_unit_test(test_success_is_no_error),
		cmocka_unit_test(test_each_thread_keeps_its_own_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the growing string buffer, struct strbuf (base/str.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "fault.h"

static void
test_pieces_come_together(void **state)
{
	AUTO_FREE char *text = NULL;
	struct strbuf b;

	(void)state;
	strbuf_init(&b);
	strbuf_add(&b, "a=");
	strbuf_addf(&b, "%d %s", 12, "x");
	strbuf_add_bytes(&b, "yz!", 2);
	assert_int_equal(b.len, 8);
	text = strbuf_take(&b);
	assert_string_equal(text, "a=12 xyz");
}

static void
test_an_empty_one_gives_an_empty_text(void **state)
{
	AUTO_FREE char *text = NULL;
	struct strbuf b;

	(void)state;
	strbuf_init(&b);
	text = strbuf_take(&b);
	assert_string_equal(text, "");
}

static void
test_after_taking_it_can_be_used_again(void **state)
{
	AUTO_FREE char *one = NULL;
	AUTO_FREE char *two = NULL;
	struct strbuf b;

	(void)state;
	strbuf_init(&b);
	strbuf_add(&b, "one");
	one = strbuf_take(&b);
	strbuf_add(&b, "two");
	two = strbuf_take(&b);
	assert_string_equal(one, "one");
	assert_string_equal(two, "two");
}

static void
test_bytes_may_hold_nul(void **state)
{
	struct strbuf b;

	(void)state;
	strbuf_init(&b);
	strbuf_add_bytes(&b, "a\0b", 3);
	strbuf_add_bytes(&b, NULL, 0);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.text, "a\0b", 4);
	strbuf_fini(&b);
}

static void
test_much_text_survives_growing(void **state)
{
	AUTO_FREE char *text = NULL;
	struct strbuf b;

	(void)state;
	strbuf_init(&b);
	for (int i = 0; i < 10000; i++)
		strbuf_addf(&b, "%04d,", i);
	text = strbuf_take(&b);
	assert_int_equal(strlen(text), 50000);
	assert_memory_equal(text + 5 * 1234, "1234,", 5);
}

static void
test_a_failure_is_told_by_take(void **state)
{
	(void)state;
	WITH_EVERY_FAULT
	{
		AUTO_FREE char *text = NULL;
		struct strbuf b;

		strbuf_init(&b);
		for (int i = 0; i < 100; i++) {
			strbuf_add(&b, "twelve bytes");
			strbuf_addf(&b, "%d", i);
		}
		text = strbuf_take(&b);
		assert_int_equal(text == NULL, FAULT_HIT);
		assert_null(b.text);
	}
}

static void
test_after_a_failure_nothing_is_appended(void **state)
{
	struct strbuf b;

	(void)state;
	strbuf_init(&b);
	strbuf_add(&b, "ab");
	mem_fault_at(1);
	strbuf_addf(&b, "%0100d", 1);
	mem_fault_at(0);
	strbuf_add(&b, "c");
	assert_true(b.failed);
	assert_string_equal(b.text, "ab");
	assert_null(strbuf_take(&b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_come_together),
		cmocka_unit_test(test_an_empty_one_gives_an_empty_text),
		cmocka_unit_test(test_after_taking_it_can_be_used_again),
		cmocka_unit_test(test_bytes_may_hold_nul),
		cmocka_unit_test(test_much_text_survives_growing),
		cmocka_unit_test(test_a_failure_is_told_by_take),
		cmocka_unit_test(test_after_a_failure_nothing_is_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

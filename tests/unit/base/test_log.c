/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines, levels, areas and quoting: base/log.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

LOG_AREA(pdu, "test.pdu");
LOG_AREA(login, "test.login");
LOG_AREA(other, "testing");

static int saved_stderr = -1;
static FILE *caught;

static int
catch_begin(void **state)
{
	(void)state;
	caught = tmpfile();
	saved_stderr = dup(STDERR_FILENO);
	log_set_level(LOG_LEVEL_INFO);
	return caught != NULL && dup2(fileno(caught), STDERR_FILENO) >= 0 ? 0 : -1;
}

static int
catch_end(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	fclose(caught);
	return 0;
}

/* All that was logged since catch_begin. */
static char *
logged(void)
{
	static char text[1 << 20];
	ssize_t len = pread(fileno(caught), text, sizeof(text) - 1, 0);

	assert_true(len >= 0);
	text[len] = '\0';
	return text;
}

static void
test_a_line_has_time_level_event_and_pairs(void **state)
{
	const char *line;

	(void)state;
	log_info("session.login", "target=%s tsih=%d", "web", 3);
	line = logged();
	assert_int_equal(line[4], '-');
	assert_int_equal(line[23], 'Z');
	assert_string_equal(line + 24, " info session.login target=web tsih=3\n");
}

static void
test_an_event_without_pairs_has_no_trailing_space(void **state)
{
	(void)state;
	log_event(LOG_LEVEL_INFO, "daemon.ready", "%s", "");
	assert_string_equal(logged() + 24, " info daemon.ready\n");
}

static void
test_levels_above_the_set_one_are_dropped(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_WARNING);
	log_info("no", "a=1");
	assert_string_equal(logged(), "");
	log_warning("yes", "a=1");
	log_error("yes", "a=1");
	assert_non_null(strstr(logged(), " warning yes a=1\n"));
	assert_non_null(strstr(logged(), " error yes a=1\n"));
}

static void
test_a_line_break_cannot_forge_a_line(void **state)
{
	const char *line;

	(void)state;
	log_info("x", "name=%s", "a\nb\r\nc");
	line = logged();
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void
test_a_long_line_is_cut_and_still_ends(void **state)
{
	static char big[5000];
	const char *line;

	(void)state;
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_info("big", "v=%s", big);
	line = logged();
	assert_true(strlen(line) < 2100 && strlen(line) > 2000);
	assert_int_equal(line[strlen(line) - 1], '\n');
}

static void
test_an_area_is_silent_until_it_is_enabled(void **state)
{
	(void)state;
	log_debug(&pdu, "rx", "op=%d", 1);
	assert_string_equal(logged(), "");
	assert_int_equal(log_area_enable("test.pdu"), 1);
	log_debug(&pdu, "rx", "op=%d", 2);
	log_debug(&login, "step", "n=%d", 3);
	assert_string_equal(logged() + 24, " debug rx op=2\n");
	pdu.on = false;
}

static void
test_a_name_enables_all_areas_below_it_but_no_namesakes(void **state)
{
	(void)state;
	assert_int_equal(log_area_enable("test"), 2);
	assert_true(pdu.on && login.on && !other.on);
	pdu.on = login.on = false;
	assert_true(log_area_enable("all") >= 3);
	assert_true(pdu.on && login.on && other.on);
	pdu.on = login.on = other.on = false;
}

static void
test_a_name_that_no_area_has_is_not_found(void **state)
{
	(void)state;
	assert_int_equal(log_area_enable("test.pd"), ERR_NOT_FOUND);
	assert_int_equal(log_area_enable("nothing"), ERR_NOT_FOUND);
	assert_int_equal(log_area_enable(""), ERR_NOT_FOUND);
	assert_false(pdu.on);
}

static void
quote_check(const char *s, size_t size, const char *expected)
{
	char buf[256];

	memset(buf, '~', sizeof(buf));
	assert_string_equal(log_quote(s, buf, size), expected);
	assert_int_equal(buf[size], '~');
}

static void
test_quoting_escapes_quotes_backslashes_and_controls(void **state)
{
	(void)state;
	quote_check("plain", 64, "\"plain\"");
	quote_check("a\"b\\c", 64, "\"a\\\"b\\\\c\"");
	quote_check("a\nb\x7f", 64, "\"a\\x0ab\\x7f\"");
	quote_check("", 64, "\"\"");
	quote_check(NULL, 64, "\"\"");
}

static void
test_quoting_keeps_utf8_and_escapes_what_is_none(void **state)
{
	(void)state;
	quote_check("gr\xc3\xbc\xc3\x9f", 64, "\"gr\xc3\xbc\xc3\x9f\"");
	quote_check("\xff\xc3", 64, "\"\\xff\\xc3\"");
	quote_check("\xc2\x85", 64, "\"\\xc2\\x85\"");          /* C1: next line */
	quote_check("\xed\xa0\x80", 64, "\"\\xed\\xa0\\x80\""); /* a surrogate */
}

static void
test_quoting_cuts_between_characters_and_closes(void **state)
{
	(void)state;
	quote_check("abcdef", 6, "\"abc\"");
	quote_check("ab\nz", 8, "\"ab\"");
	quote_check("ab\xc3\xbc", 6, "\"ab\"");
	quote_check("abc", 3, "\"\"");
	quote_check("abc", 2, "");
	quote_check("abc", 1, "");
}

#define THREADS 4
#define LINES   500

static void *
log_many(void *arg)
{
	const char *name = arg;

	for (int i = 0; i < LINES; i++)
		log_info("many", "thread=%s text=%.*s", name, 40,
			 "0123456789012345678901234567890123456789");
	return NULL;
}

static void
test_lines_of_several_threads_do_not_mix(void **state)
{
	static char names[THREADS][2] = { "0", "1", "2", "3" };
	pthread_t threads[THREADS];
	size_t len = strlen("2026-11-22T10:47:00.123Z info many thread=0 text=") + 40;
	int lines = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_many, names[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (char *line = logged(); *line != '\0'; line += len + 1, lines++)
		assert_ptr_equal(strchr(line, '\n'), line + len);
	assert_int_equal(lines, THREADS * LINES);
}

#define caught_test(f) cmocka_unit_test_setup_teardown(f, catch_begin, catch_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		caught_test(test_a_line_has_time_level_event_and_pairs),
		caught_test(test_an_event_without_pairs_has_no_trailing_space),
		caught_test(test_levels_above_the_set_one_are_dropped),
		caught_test(test_a_line_break_cannot_forge_a_line),
		caught_test(test_a_long_line_is_cut_and_still_ends),
		caught_test(test_an_area_is_silent_until_it_is_enabled),
		caught_test(test_a_name_enables_all_areas_below_it_but_no_namesakes),
		caught_test(test_a_name_that_no_area_has_is_not_found),
		caught_test(test_lines_of_several_threads_do_not_mix),
		cmocka_unit_test(test_quoting_escapes_quotes_backslashes_and_controls),
		cmocka_unit_test(test_quoting_keeps_utf8_and_escapes_what_is_none),
		cmocka_unit_test(test_quoting_cuts_between_characters_and_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

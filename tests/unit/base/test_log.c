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

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log_int.h"

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
	log_detect_journal();
	log_limit_reset();
	log_strict_reset();
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

/* --- the journal --- */

static void
set_journal_stream(int fd)
{
	char text[64];
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", text, 1);
	log_detect_journal();
}

static void
test_lines_for_the_journal_have_a_priority_and_no_time(void **state)
{
	(void)state;
	set_journal_stream(STDERR_FILENO);
	log_error("a", "n=%d", 1);
	log_warning("b", "n=%d", 2);
	log_info("c", "n=%d", 3);
	unsetenv("JOURNAL_STREAM");
	log_detect_journal();
	assert_string_equal(logged(), "<3>error a n=1\n<4>warning b n=2\n<6>info c n=3\n");
}

/* A program that a service started inherits the variable, with standard error led elsewhere. */
static void
test_another_programs_journal_is_not_ours(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	set_journal_stream(fd);
	log_info("c", "n=%d", 3);
	setenv("JOURNAL_STREAM", "nonsense", 1);
	log_detect_journal();
	log_info("c", "n=%d", 4);
	unsetenv("JOURNAL_STREAM");
	log_detect_journal();
	close(fd);
	assert_null(strchr(logged(), '<'));
}

/* --- limits --- */

static void
test_a_source_has_so_many_lines_and_then_a_summary(void **state)
{
	struct log_suppressed reports[LOG_LIMIT_REPORTS];
	unsigned count = 0;
	uint64_t now_ns = 5 * NS_PER_S, later_ns = now_ns + LOG_LIMIT_SECONDS * NS_PER_S;

	(void)state;
	for (unsigned i = 0; i < LOG_LIMIT_LINES; i++)
		assert_true(log_limit_take("e", "192.0.2.1", now_ns, reports, &count));
	for (unsigned i = 0; i < 7; i++)
		assert_false(log_limit_take("e", "192.0.2.1", now_ns, reports, &count));
	assert_int_equal(count, 0);
	/* other sources and other events have lines of their own */
	assert_true(log_limit_take("e", "192.0.2.2", now_ns, reports, &count));
	assert_true(log_limit_take("f", "192.0.2.1", now_ns, reports, &count));
	assert_true(log_limit_pending());
	assert_false(log_limit_report(later_ns - 1, reports));
	assert_true(log_limit_report(later_ns, reports));
	assert_string_equal(reports[0].event, "e");
	assert_string_equal(reports[0].source, "192.0.2.1");
	assert_int_equal(reports[0].lines, 7);
	assert_false(log_limit_pending());
	/* the report was a line, too */
	for (unsigned i = 1; i < LOG_LIMIT_LINES; i++)
		assert_true(log_limit_take("e", "192.0.2.1", later_ns, reports, &count));
	assert_false(log_limit_take("e", "192.0.2.1", later_ns, reports, &count));
}

static void
test_many_sources_share_a_limit(void **state)
{
	struct log_suppressed reports[LOG_LIMIT_REPORTS];
	unsigned written = 0, told = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		char source[32];
		unsigned count = 0;

		snprintf(source, sizeof(source), "2001:db8::%x", i);
		written += log_limit_take("e", source, NS_PER_S, reports, &count);
		for (unsigned k = 0; k < count; k++)
			told += reports[k].lines;
	}
	/* the table is smaller than that: what was forgotten was told */
	while (log_limit_report((LOG_LIMIT_SECONDS + 2) * NS_PER_S, reports))
		told += reports[0].lines;
	assert_true(written >= LOG_LIMIT_EVENT_LINES);
	assert_int_equal(written + told, 3000);
	assert_true(written < 3000 / 4);
}

static void
test_suppressed_lines_are_counted_in_the_log(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3 * LOG_LIMIT_LINES; i++)
		log_warning_from("peer\"x", "e", "n=%u", i);
	assert_null(strstr(logged(), "n=5\n"));
	assert_non_null(strstr(logged(), "n=4\n"));
}

/* --- strict limits --- */

LOG_STRICT(strict, "login.refused");

#define BEGIN_NS (5 * NS_PER_S)

static bool
strict_take(const char *source, const char *text, uint64_t now_ns, struct log_strict_line *ret_line)
{
	return log_strict_take(&strict, LOG_LEVEL_WARNING, source, text, now_ns, ret_line);
}

/* 10,000 events in a minute, from one source or from many: a line each second, and all counted. */
static void
flood_check(unsigned sources)
{
	struct log_strict_line line;
	uint64_t last_ns = 0, now_ns = BEGIN_NS;
	unsigned lines = 0, counted = 0;

	log_strict_reset();
	for (unsigned i = 0; i < 10000; i++, now_ns += 60 * NS_PER_S / 10000) {
		char source[32];

		snprintf(source, sizeof(source), "192.0.2.%u", i % sources);
		if (!strict_take(source, "cause=x", now_ns, &line))
			continue;
		assert_true(lines == 0 || now_ns - last_ns >= LOG_STRICT_NS);
		last_ns = now_ns;
		lines++;
		counted += 1 + line.suppressed;
	}
	assert_true(lines >= 59 && lines <= 60);
	assert_false(log_strict_due(last_ns + LOG_STRICT_NS - 1, &line));
	assert_true(log_strict_due(last_ns + LOG_STRICT_NS, &line));
	assert_int_equal(counted + 1 + line.suppressed, 10000);
	assert_false(log_strict_waits());
	assert_false(log_strict_due(UINT64_MAX, &line));
}

static void
test_a_flood_has_one_line_a_second_that_counts_the_others(void **state)
{
	(void)state;
	flood_check(1);
	flood_check(200);
}

static void
test_a_single_event_is_written_at_once(void **state)
{
	struct log_strict_line line;

	(void)state;
	for (uint64_t now_ns = BEGIN_NS; now_ns < 9 * NS_PER_S; now_ns += LOG_STRICT_NS) {
		assert_true(strict_take("192.0.2.1", "cause=a", now_ns, &line));
		assert_string_equal(line.text, "cause=a");
		assert_int_equal(line.suppressed, 0);
		assert_false(log_strict_waits());
	}
}

/* Somebody whose login is refused during a flood from elsewhere finds the cause in the log. */
static void
test_a_flood_hides_no_other_source(void **state)
{
	struct log_strict_line line;

	(void)state;
	assert_true(strict_take("192.0.2.1", "cause=flood", BEGIN_NS, &line));
	for (unsigned i = 1; i < 100; i++)
		assert_false(strict_take("192.0.2.1", "cause=flood", BEGIN_NS + i, &line));
	assert_false(strict_take("192.0.2.7", "cause=other", BEGIN_NS + 100, &line));
	assert_false(strict_take("192.0.2.8", "cause=third", BEGIN_NS + 101, &line));
	assert_true(strict_take("192.0.2.1", "cause=flood", BEGIN_NS + LOG_STRICT_NS, &line));
	assert_string_equal(line.text, "cause=other");
	assert_int_equal(line.suppressed, 100);
	/* now the one from the flood waits, since it is from another source than the last line */
	assert_true(log_strict_due(BEGIN_NS + 2 * LOG_STRICT_NS, &line));
	assert_string_equal(line.text, "cause=flood");
	assert_int_equal(line.suppressed, 0);
}

static void
test_a_strict_line_that_waits_is_written_when_the_log_stops(void **state)
{
	(void)state;
	assert_int_equal(log_start(), 0);
	for (unsigned i = 0; i < 3; i++)
		log_strict(&strict, LOG_LEVEL_WARNING, "192.0.2.1", "n=%u.", i);
	log_stop();
	assert_non_null(strstr(logged(), "warning login.refused n=0.\n"));
	assert_non_null(strstr(logged(), "warning login.refused n=1. suppressed=1\n"));
}

/* --- the writer thread --- */

static void
test_a_writer_thread_writes_every_line_in_order(void **state)
{
	const char *at;

	(void)state;
	assert_int_equal(log_start(), 0);
	for (unsigned i = 0; i < 300; i++)
		log_info("n", "i=%u.", i);
	log_stop();
	at = logged();
	for (unsigned i = 0; i < 300; i++) {
		char text[16];

		snprintf(text, sizeof(text), "i=%u.\n", i);
		at = strstr(at, text);
		assert_non_null(at);
	}
	log_info("after", "the=%s", "stop");
	assert_non_null(strstr(logged(), "after the=stop\n"));
}

/* A program whose log nobody reads goes on: without the queue this test would never end. */
static void
test_nobody_waits_for_a_full_pipe(void **state)
{
	uint64_t dropped = log_queue_dropped();
	static char bytes[1 << 20];
	size_t len = 0;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	assert_int_equal(log_start(), 0);
	for (unsigned i = 0; i < 20000; i++)
		log_info("n", "i=%u text=%.*s", i, 40, "0123456789012345678901234567890123456789");
	assert_true(log_queue_dropped() > dropped);
	/* now somebody reads: the writer gets on, and says what was lost */
	while (len < sizeof(bytes) - 1 && strstr(bytes, "log.dropped lines=") == NULL) {
		ssize_t n = read(fds[0], bytes + len, sizeof(bytes) - 1 - len);

		assert_true(n > 0);
		len += (size_t)n;
		bytes[len] = '\0';
	}
	log_stop();
	dup2(fileno(caught), STDERR_FILENO);
	close(fds[0]);
	assert_non_null(strstr(bytes, "log.dropped lines="));
}

static void
test_levels_have_names(void **state)
{
	enum log_level level = LOG_LEVEL_DEBUG;

	(void)state;
	for (enum log_level l = LOG_LEVEL_ERROR; l <= LOG_LEVEL_DEBUG; l++) {
		assert_int_equal(log_level_parse(log_level_name(l), &level), 0);
		assert_int_equal(level, l);
	}
	assert_int_equal(log_level_parse("loud", &level), ERR_PARSE);
	log_set_level(LOG_LEVEL_WARNING);
	assert_int_equal(log_get_level(), LOG_LEVEL_WARNING);
	log_set_level(LOG_LEVEL_INFO);
}

static void
test_areas_are_listed_and_switched_off(void **state)
{
	unsigned count = 0;

	(void)state;
	for (const struct log_area *a = log_area_next(NULL); a != NULL; a = log_area_next(a))
		count += a == &pdu || a == &login || a == &other;
	assert_int_equal(count, 3);
	assert_int_equal(log_area_enable("test"), 2);
	assert_int_equal(log_area_disable("test.pdu"), 1);
	assert_true(!pdu.on && login.on);
	assert_int_equal(log_area_disable("all"), log_area_enable("all"));
	log_area_disable("all");
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
		caught_test(test_lines_for_the_journal_have_a_priority_and_no_time),
		caught_test(test_another_programs_journal_is_not_ours),
		caught_test(test_a_source_has_so_many_lines_and_then_a_summary),
		caught_test(test_many_sources_share_a_limit),
		caught_test(test_suppressed_lines_are_counted_in_the_log),
		caught_test(test_a_flood_has_one_line_a_second_that_counts_the_others),
		caught_test(test_a_single_event_is_written_at_once),
		caught_test(test_a_flood_hides_no_other_source),
		caught_test(test_a_strict_line_that_waits_is_written_when_the_log_stops),
		caught_test(test_a_writer_thread_writes_every_line_in_order),
		caught_test(test_nobody_waits_for_a_full_pipe),
		cmocka_unit_test(test_levels_have_names),
		cmocka_unit_test(test_areas_are_listed_and_switched_off),
		cmocka_unit_test(test_quoting_escapes_quotes_backslashes_and_controls),
		cmocka_unit_test(test_quoting_keeps_utf8_and_escapes_what_is_none),
		cmocka_unit_test(test_quoting_cuts_between_characters_and_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

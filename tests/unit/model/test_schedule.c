/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the times of schedules, and of what they keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/schedule.h"

#define MINUTE   60000ll
#define HOUR     (60 * MINUTE)
#define DAY      (24 * HOUR)
#define MIDNIGHT 1796169600000ll /* Wednesday 2026-12-02 */

static struct schedule_rule
rule_of(const char *every, const char *at, const char *keep)
{
	struct schedule_rule rule = { 0 };

	assert_int_equal(schedule_every_parse(every, &rule), 0);
	assert_int_equal(schedule_at_parse(at, &rule), 0);
	assert_int_equal(schedule_keep_parse(keep, &rule), 0);
	return rule;
}

static void
assert_time(int64_t utc_ms, const char *text)
{
	char buf[CLOCK_TEXT_SIZE];

	assert_string_equal(clock_format_utc(utc_ms, buf), text);
}

static void
test_texts_are_read_and_written(void **state)
{
	static const struct {
		const char *every, *at, *keep, *canonical[3];
	} cases[] = {
		{ "15m", "", "4", { "15m", "00:00", "last=4" } },
		{ "60m", "00:10", "hourly=24", { "1h", "00:10", "hourly=24" } },
		{ "24h", "02:30", "weekly=4,last=3", { "1d", "02:30", "last=3,weekly=4" } },
		{ "7d", "sat-02:30", "daily=7,last=0", { "1w", "sat-02:30", "daily=7" } },
		{ "1w", "02:30", "1", { "1w", "mon-02:30", "last=1" } },
		{ "365d", "tue-00:00", "10000", { "365d", "tue-00:00", "last=10000" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct schedule_rule rule = rule_of(cases[i].every, cases[i].at, cases[i].keep);
		char text[SCHEDULE_TEXT_MAX];

		schedule_every_format(&rule, text);
		assert_string_equal(text, cases[i].canonical[0]);
		schedule_at_format(&rule, text);
		assert_string_equal(text, cases[i].canonical[1]);
		assert_int_equal(schedule_at_parse(text, &rule), 0);
		schedule_keep_format(&rule, text);
		assert_string_equal(text, cases[i].canonical[2]);
	}
}

static void
test_texts_that_say_nothing_are_refused(void **state)
{
	static const char *const everies[] = {
		"", "m", "0m", "1", "1y", "-1h", "366d", "1.5h", "1h ", "99999999999999999999m"
	};
	static const char *const ats[] = { "2:30",     "24:00",  "02:60", "0230",  "foo-02:30",
					   "sat02:30", "02:30Z", "sat-",  "-02:30" };
	static const char *const keeps[] = {
		"",        "0",     "last=",          "=3", "monthly=3", "last=3,",
		"last=-1", "10001", "last=0,daily=0", "3 4"
	};
	struct schedule_rule rule = { .every_minutes = 7 * 24 * 60 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ats); i++)
		assert_int_equal(schedule_at_parse(ats[i], &rule), ERR_INVALID);
	for (size_t i = 0; i < ARRAY_LEN(keeps); i++)
		assert_int_equal(schedule_keep_parse(keeps[i], &rule), ERR_INVALID);
	for (size_t i = 0; i < ARRAY_LEN(everies); i++)
		assert_int_equal(schedule_every_parse(everies[i], &rule), ERR_INVALID);
	rule.every_minutes = 60;
	assert_int_equal(schedule_at_parse("01:00", &rule), ERR_INVALID);
	assert_non_null(strstr(err_text(ERR_INVALID), "--at"));
	assert_int_equal(schedule_at_parse("00:59", &rule), 0);
}

static void
test_slots_follow_each_other(void **state)
{
	struct schedule_rule quarter = rule_of("15m", "", "1"), daily = rule_of("1d", "02:30", "1"),
			     weekly = rule_of("1w", "sat-02:30", "1");
	int64_t now = MIDNIGHT + 3 * HOUR + 7 * MINUTE;

	(void)state;
	assert_time(now, "2026-12-02T03:07:00.000Z");
	assert_time(schedule_slot_before(&quarter, now), "2026-12-02T03:00:00.000Z");
	assert_time(schedule_slot_after(&quarter, now), "2026-12-02T03:15:00.000Z");
	assert_time(schedule_slot_before(&daily, now), "2026-12-02T02:30:00.000Z");
	assert_time(schedule_slot_before(&daily, MIDNIGHT), "2026-12-01T02:30:00.000Z");
	assert_time(schedule_slot_before(&weekly, now), "2026-11-28T02:30:00.000Z");
	assert_time(schedule_slot_after(&weekly, now), "2026-12-05T02:30:00.000Z");
	/* a slot is its own last one */
	assert_int_equal(schedule_slot_before(&daily, schedule_slot_before(&daily, now)),
			 schedule_slot_before(&daily, now));
	/* also before 1970 */
	assert_time(schedule_slot_before(&daily, -1), "1969-12-31T02:30:00.000Z");
}

static size_t
kept_of(const struct schedule_rule *rule, int64_t now, struct schedule_moment *moments,
	size_t count)
{
	size_t kept = 0;

	schedule_keep(rule, now, moments, count);
	for (size_t i = 0; i < count; i++)
		kept += moments[i].keep;
	return kept;
}

static void
test_the_newest_of_each_period_is_kept(void **state)
{
	struct schedule_rule rule = rule_of("15m", "", "last=3,hourly=2,daily=2,weekly=2");
	static struct schedule_moment moments[21 * 96];
	int64_t now = MIDNIGHT + 12 * HOUR + MINUTE;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(moments);
	     i++) /* one each quarter of an hour, oldest first */
		moments[i].taken_ms = MIDNIGHT + 12 * HOUR -
				      (int64_t)(ARRAY_LEN(moments) - 1 - i) * 15 * MINUTE;
	assert_int_equal(kept_of(&rule, now, moments, ARRAY_LEN(moments)), 5);
	/* the last three: the first is also the newest of its hour, its day and its week */
	for (size_t i = 0; i < 3; i++)
		assert_true(moments[i].keep);
	assert_time(moments[0].taken_ms, "2026-12-02T12:00:00.000Z");
	for (size_t i = 3; i < ARRAY_LEN(moments); i++) {
		int64_t at = moments[i].taken_ms;

		assert_int_equal(moments[i].keep,
				 at == MIDNIGHT - 15 * MINUTE || /* of the day before */
					 at == MIDNIGHT - 2 * DAY - 15 * MINUTE /* and the week */);
	}
}

static void
test_a_time_of_a_wrong_clock_drives_nothing_out(void **state)
{
	struct schedule_rule rule = rule_of("1d", "", "2");
	struct schedule_moment moments[] = { { MIDNIGHT + 900 * DAY, false },
					     { MIDNIGHT, false },
					     { MIDNIGHT + 901 * DAY, false },
					     { MIDNIGHT - DAY, false } };

	(void)state;
	assert_int_equal(kept_of(&rule, MIDNIGHT + MINUTE, moments, 4), 2);
	assert_true(moments[0].taken_ms == MIDNIGHT && moments[0].keep);
	assert_true(moments[1].taken_ms == MIDNIGHT - DAY && moments[1].keep);
	/* alone they are not removed either */
	assert_int_equal(kept_of(&rule, MIDNIGHT - 2 * DAY, moments, 4), 2);
	assert_int_equal(kept_of(&rule, MIDNIGHT, moments, 0), 0);
}

static void
test_lists_of_luns(void **state)
{
	struct guid ids[] = { { { 9 } }, { { 1 } }, { { 9 } } }, id;
	AUTO_FREE char *text = NULL;
	const char *rest;

	(void)state;
	assert_int_equal(schedule_luns_format(ids, 3, &text), 0);
	rest = text;
	assert_true(schedule_lun_next(&rest, &id));
	assert_true(guid_equal(&id, &ids[1]));
	assert_true(schedule_lun_next(&rest, &id));
	assert_true(guid_equal(&id, &ids[0]));
	assert_false(schedule_lun_next(&rest, &id));
	assert_string_equal(rest, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_read_and_written),
		cmocka_unit_test(test_texts_that_say_nothing_are_refused),
		cmocka_unit_test(test_slots_follow_each_other),
		cmocka_unit_test(test_the_newest_of_each_period_is_kept),
		cmocka_unit_test(test_a_time_of_a_wrong_clock_drives_nothing_out),
		cmocka_unit_test(test_lists_of_luns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

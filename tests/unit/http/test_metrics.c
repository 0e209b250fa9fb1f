/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the bound of /metrics: an answer that would be too long lacks whole families, says how
 * many, and is otherwise the same.
 */
#include "fixture.h"
#include "http/metrics_int.h"

static char *
scrape(struct fixture *fx)
{
	struct http_reply reply = call_with_id(fx, "GET", "/metrics", NULL, NULL);
	char *text;

	assert_int_equal(reply.status, 200);
	text = strndup(reply.text, reply.text_len);
	assert_non_null(text);
	http_reply_fini(&reply);
	return text;
}

/* The text of the family that begins at `at`; *ret_len: its length. */
static const char *
family_end(const char *at)
{
	const char *next = strstr(at + 1, "# HELP ");

	return next != NULL ? next : at + strlen(at);
}

/* The value of a metric without labels. */
static unsigned
value_of(const char *text, const char *name)
{
	char line[128];
	const char *at;

	snprintf(line, sizeof(line), "\n%s ", name);
	at = strstr(text, line);
	assert_non_null(at);
	return (unsigned)strtoul(at + strlen(line), NULL, 10);
}

/* Both change from scrape to scrape. */
static bool
is_steady(const char *family)
{
	return strncmp(family, "# HELP process_", 15) != 0 &&
	       strncmp(family, "# HELP vds_scrape_", 18) != 0;
}

static unsigned
count_families(const char *text)
{
	unsigned count = 0;

	for (const char *at = text; *at != '\0'; at = family_end(at))
		count++;
	return count;
}

/* Every family of the short text is in the whole text, as it is there. */
static void
assert_part_of(const char *text, const char *whole)
{
	for (const char *at = text, *end; *at != '\0'; at = end) {
		AUTO_FREE char *family = NULL;

		end = family_end(at);
		family = str_ndup(at, (size_t)(end - at));
		assert_non_null(family);
		if (is_steady(family) && strstr(whole, family) == NULL)
			fail_msg("cut or changed: %s", family);
	}
}

static void
test_what_makes_the_answer_too_long_is_left_out_as_a_whole(void **state)
{
	struct fixture *fx = *state;
	char id[GUID_TEXT_SIZE];
	char *whole;
	size_t len;

	for (unsigned n = 0; n < 20; n++) {
		char body[80];

		snprintf(body, sizeof(body), "{\"name\":\"v%u\",\"size_bytes\":4096}", n);
		make(fx, "/v1/luns", body, id);
	}
	whole = scrape(fx);
	len = strlen(whole);
	assert_int_equal(value_of(whole, "vds_scrape_families_left_out"), 0);
	assert_int_equal(count_families(whole), http_metric_count);
	for (size_t max = 100; max < len; max += len / 23) {
		char *text;

		fx->http.scrape_text_max = max;
		text = scrape(fx);
		/* the last families are there all the same */
		assert_true(strlen(text) <= max + 1000);
		assert_int_equal(count_families(text) +
					 value_of(text, "vds_scrape_families_left_out"),
				 http_metric_count);
		assert_true(value_of(text, "vds_scrape_families_left_out") > 0);
		assert_part_of(text, whole);
		free(text);
	}
	free(whole);
}

/* What there is much of is lacking first: the families of LUNs, not those of the array. */
static void
test_the_array_s_own_families_come_first(void **state)
{
	struct fixture *fx = *state;
	char id[GUID_TEXT_SIZE];
	char *text;

	for (unsigned n = 0; n < 300; n++) {
		char name[80];

		snprintf(name, sizeof(name), "{\"name\":\"v%u\",\"size_bytes\":4096}", n);
		make(fx, "/v1/luns", name, id);
	}
	fx->http.scrape_text_max = 24000;
	text = scrape(fx);
	assert_null(strstr(text, "vds_lun_size_bytes"));
	assert_non_null(strstr(text, "\nvds_array_health "));
	assert_non_null(strstr(text, "\nvds_catalog_commits_total "));
	assert_non_null(strstr(text, "# HELP vds_host_sessions "));
	free(text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_what_makes_the_answer_too_long_is_left_out_as_a_whole, fixture_setup,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(test_the_array_s_own_families_come_first,
						fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}

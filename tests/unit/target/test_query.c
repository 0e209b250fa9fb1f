/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the task management functions of RFC 7144: queries, and the reset of a nexus. */
#include "target_test.h"

#include <string.h>

#include "raw.h"

enum { QUERY_TASK = 9, QUERY_TASK_SET = 10, NEXUS_RESET = 11, QUERY_EVENT = 12 };
enum { COMPLETE = 0, NO_LUN = 2, NOT_SUPPORTED = 5, SUCCEEDED = 7 };

static const uint8_t write_0[] = { 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
static const uint8_t ready[6];

static void
login(struct env *env, struct raw *raw, unsigned level)
{
	const struct raw_who who = {
		.host = HOST_1, .target = NAME_A, .isid = 1, .protocol_level = level
	};

	assert_int_equal(raw_try_login(raw, env->port, &who), 0);
}

/* Returns the response; the additional information is in pdu->bhs + 8. */
static unsigned
ask(struct raw *raw, unsigned lun, unsigned function, uint32_t ref_itt, struct raw_pdu *pdu)
{
	uint32_t itt = raw_tmf(raw, lun, function, ref_itt);

	raw_flush(raw);
	raw_expect(raw, pdu, RAW_TMF_RESPONSE, itt);
	return pdu->bhs[2];
}

/* Sends a write whose data is withheld. */
static uint32_t
begin_write(struct raw *raw, struct raw_pdu *pdu)
{
	uint32_t itt = raw_command(raw, 0, RAW_SIMPLE, write_0, sizeof(write_0), 512, 0);

	raw_flush(raw);
	raw_expect(raw, pdu, RAW_R2T, itt);
	return itt;
}

static void
test_queries_find_tasks(void **state)
{
	static struct raw_pdu pdu;
	static struct raw raw;
	uint32_t itt;

	memset(&raw, 0, sizeof(raw));
	login(*state, &raw, 2);
	raw_ready(&raw, 0);
	assert_int_equal(ask(&raw, 0, QUERY_TASK_SET, UINT32_MAX, &pdu), COMPLETE);
	itt = begin_write(&raw, &pdu);
	assert_int_equal(ask(&raw, 0, QUERY_TASK, itt, &pdu), SUCCEEDED);
	assert_int_equal(ask(&raw, 0, QUERY_TASK, itt + 77, &pdu), COMPLETE);
	assert_int_equal(ask(&raw, 0, QUERY_TASK_SET, UINT32_MAX, &pdu), SUCCEEDED);
	assert_int_equal(ask(&raw, 5, QUERY_TASK_SET, UINT32_MAX, &pdu), NO_LUN);
	raw_close(&raw);
}

static void
test_the_next_unit_attention_is_told(void **state)
{
	static struct raw_pdu pdu;
	static struct raw raw;

	memset(&raw, 0, sizeof(raw));
	login(*state, &raw, 2);
	assert_int_equal(ask(&raw, 0, QUERY_EVENT, UINT32_MAX, &pdu), SUCCEEDED);
	assert_int_equal(pdu.bhs[8] & 0x0f, 6);
	assert_int_equal(pdu.bhs[9] << 8 | pdu.bhs[10], 0x2900);
	/* it is still there for the next command */
	assert_int_equal(ask(&raw, 0, QUERY_EVENT, UINT32_MAX, &pdu), SUCCEEDED);
	raw_ready(&raw, 0);
	assert_int_equal(ask(&raw, 0, QUERY_EVENT, UINT32_MAX, &pdu), COMPLETE);
	assert_int_equal(pdu.bhs[8] | pdu.bhs[9] | pdu.bhs[10], 0);
	assert_int_equal(ask(&raw, 5, QUERY_EVENT, UINT32_MAX, &pdu), NO_LUN);
	raw_close(&raw);
}

static void
test_a_nexus_reset_ends_tasks_and_says_so(void **state)
{
	static struct raw_pdu pdu;
	static struct raw raw;
	uint32_t itt;

	memset(&raw, 0, sizeof(raw));
	login(*state, &raw, 2);
	raw_ready(&raw, 0);
	itt = begin_write(&raw, &pdu);
	assert_int_equal(ask(&raw, 0, NEXUS_RESET, UINT32_MAX, &pdu), COMPLETE);
	assert_int_equal(ask(&raw, 0, QUERY_TASK, itt, &pdu), COMPLETE);
	itt = raw_command(&raw, 0, RAW_SIMPLE, ready, sizeof(ready), 0, 0);
	raw_flush(&raw);
	raw_expect(&raw, &pdu, RAW_RESPONSE, itt);
	assert_int_equal(raw_status(&pdu), 0x062907);
	raw_close(&raw);
}

static void
test_level_1_has_none_of_them(void **state)
{
	static struct raw_pdu pdu;
	static struct raw raw;

	for (unsigned level = 0; level < 2; level++) { /* 0 = the key is not sent */
		memset(&raw, 0, sizeof(raw));
		login(*state, &raw, level);
		for (unsigned function = QUERY_TASK; function <= QUERY_EVENT; function++)
			assert_int_equal(ask(&raw, 0, function, UINT32_MAX, &pdu), NOT_SUPPORTED);
		raw_close(&raw);
	}
}

/* REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS says what the session has. */
static void
test_what_is_supported_is_reported(void **state)
{
	static const uint8_t report[] = { 0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0 };
	static struct raw_pdu pdu;
	static struct raw raw;

	for (unsigned level = 1; level <= 2; level++) {
		uint32_t itt;

		memset(&raw, 0, sizeof(raw));
		login(*state, &raw, level);
		raw_ready(&raw, 0);
		itt = raw_command(&raw, 0, RAW_SIMPLE, report, sizeof(report), 0, 4);
		raw_flush(&raw);
		raw_expect(&raw, &pdu, RAW_DATA_IN, itt);
		assert_memory_equal(pdu.data, level == 2 ? "\xdc\x07\0\0" : "\xd8\0\0\0", 4);
		raw_close(&raw);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENV_TEST(test_queries_find_tasks),
		ENV_TEST(test_the_next_unit_attention_is_told),
		ENV_TEST(test_a_nexus_reset_ends_tasks_and_says_so),
		ENV_TEST(test_level_1_has_none_of_them),
		ENV_TEST(test_what_is_supported_is_reported),
	};

	return cmocka_run_group_tests_name("target queries", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of CDBs of variable length (SPC-5, "Variable length CDB format"): what they say of
 * themselves. What the commands do with blocks is in test_rw.c, beside the same commands with
 * shorter CDBs.
 */
#include "scsi_test.h"

#define READ32(length, action)                                                                     \
	0x7f, 0, 0, 0, 0, 0, 0, length, 0, action, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, \
		0, 0, 0, 0, 0, 1

static void
test_the_length_must_be_that_of_the_command(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(READ32(24, 0x09)), NO_OUT, 512), 0);
	for (unsigned length = 0; length < 256; length++) {
		if (length == 24)
			continue;
		test_run(*state, &tt, CDB(READ32((uint8_t)length, 0x09)), NO_OUT, 512);
		assert_sense(&tt, SENSE_INVALID_FIELD);
		assert_memory_equal(tt.task.sense + 15, "\xc0\x00\x07", 3);
	}
	test_task_fini(&tt);
}

/* The transport has brought a CDB of 16 bytes, which says that it has 32. */
static void
test_a_cdb_that_did_not_come_whole_is_refused(void **state)
{
	struct test_task tt = { 0 };

	test_run(*state, &tt, CDB(0x7f, 0, 0, 0, 0, 0, 0, 24, 0, 0x09, 0, 0, 0, 0, 0, 0), NO_OUT,
		 512);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_memory_equal(tt.task.sense + 15, "\xc0\x00\x07", 3);
	test_task_fini(&tt);
}

static void
test_an_unknown_service_action_is_refused(void **state)
{
	static const uint8_t actions[][2] = { { 0, 0 }, { 0, 0x08 }, { 0, 0x0e }, { 1, 0x09 } };
	struct test_task tt = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		uint8_t cdb[32] = { READ32(24, 0) };

		memcpy(cdb + 8, actions[i], 2);
		test_run(*state, &tt, cdb, sizeof(cdb), NO_OUT, 512);
		assert_sense(&tt, SENSE_INVALID_FIELD);
		assert_memory_equal(tt.task.sense + 15, "\xc0\x00\x08", 3);
	}
	test_task_fini(&tt);
}

/* The CONTROL byte is the second. */
static void
test_naca_is_refused_in_byte_1(void **state)
{
	uint8_t cdb[32] = { READ32(24, 0x09) };
	struct test_task tt = { 0 };

	cdb[1] = 0x04;
	test_run(*state, &tt, cdb, sizeof(cdb), NO_OUT, 512);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_memory_equal(tt.task.sense + 15, "\xca\x00\x01", 3);
	test_task_fini(&tt);
}

static void
test_a_wrong_field_is_named_where_it_is(void **state)
{
	uint8_t cdb[32] = { READ32(24, 0x0d) };
	struct test_task tt = { 0 };

	cdb[10] = 0x10; /* ANCHOR */
	test_run(*state, &tt, cdb, sizeof(cdb), "", 1, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_memory_equal(tt.task.sense + 15, "\xcc\x00\x0a", 3);
	test_task_fini(&tt);
}

/* Service actions of 16 bits are told apart: 0109h is not 0009h. */
static void
test_they_are_reported_by_their_service_action(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(0xa3, 0x0c, 2, 0x7f, 0, 0x0b, 0, 0, 1, 0, 0, 0),
				  NO_OUT, 256),
			 0);
	assert_int_equal(tt.in[1], 3);
	assert_int_equal(tt.task.in_bytes, 4 + 32);
	assert_int_equal(get_be16(tt.in + 4 + 8), 0x000b);
	assert_int_equal(test_run(*state, &tt, CDB(0xa3, 0x0c, 3, 0x7f, 1, 0x0b, 0, 0, 1, 0, 0, 0),
				  NO_OUT, 256),
			 0);
	assert_int_equal(tt.in[1], 1);
	test_run(*state, &tt, CDB(0xa3, 0x0c, 1, 0x7f, 0, 0, 0, 0, 1, 0, 0, 0), NO_OUT, 256);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_expected_tags_are_not_looked_at(void **state)
{
	uint8_t cdb[32] = { READ32(24, 0x09) };
	struct test_task tt = { 0 };

	memset(cdb + 20, 0xa5, 8);
	assert_int_equal(test_run(*state, &tt, cdb, sizeof(cdb), NO_OUT, 512), 0);
	assert_int_equal(tt.task.in_bytes, 512);
	test_task_fini(&tt);
}

#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
#define THIN(test)      ON(scsi_test_setup, test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		THIN(test_the_length_must_be_that_of_the_command),
		THIN(test_a_cdb_that_did_not_come_whole_is_refused),
		THIN(test_an_unknown_service_action_is_refused),
		THIN(test_naca_is_refused_in_byte_1),
		THIN(test_a_wrong_field_is_named_where_it_is),
		THIN(test_they_are_reported_by_their_service_action),
		THIN(test_expected_tags_are_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

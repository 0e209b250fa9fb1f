/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of identifying information, the timestamp and the serial number of the medium. */
#include "scsi_test.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

#define SENSE_NOT_KEPT 0x044400

#define REPORT_INFO(type, len) \
	CDB(0xa3, 0x05, 0, 0, 0, 0, 0, 0, (len) >> 8, (len)&0xff, (type) << 1, 0)
#define REPORT_TIME(len) CDB(0xa3, 0x0f, 0, 0, 0, 0, 0, 0, 0, len, 0, 0)
#define SET_TIME(len)    CDB(0xa4, 0x0f, 0, 0, 0, 0, 0, 0, 0, len, 0, 0)
#define SERIAL(len)      CDB(0xab, 0x01, 0, 0, 0, 0, 0, 0, 0, len, 0, 0)

enum { PERIPHERAL = 0, TEXT = 2 };

/* SET IDENTIFYING INFORMATION; returns its status. */
static uint8_t
set(struct scsi_test *t, struct test_task *tt, uint8_t type, const void *info, size_t len)
{
	uint8_t cdb[12] = { 0xa4, 0x06, [10] = (uint8_t)(type << 1) };

	put_be32(cdb + 6, (uint32_t)len);
	if (tt->task.nexus != NULL)
		test_task_fini(tt);
	test_task_init(tt, &t->nexus, &t->itl, cdb, sizeof(cdb), info, len, 0);
	if (test_start(tt) == SCSI_PENDING) {
		assert_int_equal(tt->resumes, 1);
		scsi_task_resume(&tt->task);
		assert_true(tt->done);
	}
	return tt->task.status;
}

static void
check_info(struct scsi_test *t, uint8_t type, const void *info, size_t len)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, REPORT_INFO(type, 1024), NO_OUT, 1024), 0);
	assert_int_equal(tt.task.in_bytes, 4 + len);
	assert_int_equal(get_be16(tt.in), 0);
	assert_int_equal(get_be16(tt.in + 2), len);
	if (len > 0)
		assert_memory_equal(tt.in + 4, info, len);
	test_task_fini(&tt);
}

static void
test_each_kind_is_kept_by_itself(void **state)
{
	struct scsi_test *t = *state;
	uint8_t most[512];
	struct test_task tt = { 0 };

	memset(most, 0xa5, sizeof(most));
	check_info(t, PERIPHERAL, NULL, 0);
	check_info(t, TEXT, NULL, 0);
	assert_int_equal(set(t, &tt, TEXT, "Disk 7", 7), 0);
	check_info(t, TEXT, "Disk 7", 7);
	check_info(t, PERIPHERAL, NULL, 0);
	assert_int_equal(set(t, &tt, PERIPHERAL, most, 512), 0);
	check_info(t, TEXT, "Disk 7", 7);
	check_info(t, PERIPHERAL, most, 512);
	test_task_fini(&tt);
	scsi_test_restart(t);
	check_info(t, TEXT, "Disk 7", 7);
	check_info(t, PERIPHERAL, most, 512);
	assert_int_equal(set(t, &tt, TEXT, NULL, 0), 0);
	check_info(t, TEXT, NULL, 0);
	check_info(t, PERIPHERAL, most, 512);
	test_task_fini(&tt);
}

static void
test_the_kinds_are_told(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, REPORT_INFO(0x7f, 255), NO_OUT, 255), 0);
	assert_int_equal(tt.task.in_bytes, 12);
	assert_memory_equal(tt.in, "\x00\x00\x00\x08\x00\x00\x02\x00\x04\x00\x01\x00", 12);
	test_task_fini(&tt);
}

static void
test_wrong_information_is_refused(void **state)
{
	struct scsi_test *t = *state;
	static const uint8_t much[513];
	struct test_task tt = { 0 };

	set(t, &tt, 1, "x", 1);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_memory_equal(tt.task.sense + 15, "\xcf\x00\x0a", 3);
	set(t, &tt, 0x7f, "x", 1);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	set(t, &tt, PERIPHERAL, much, 513);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_memory_equal(tt.task.sense + 15, "\xc0\x00\x06", 3);
	set(t, &tt, TEXT, much, 257);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	set(t, &tt, TEXT, "no end", 6);
	assert_sense(&tt, SENSE_INVALID_PARAMETER);
	assert_memory_equal(tt.task.sense + 15, "\x80\x00\x05", 3);
	test_run(t, &tt, REPORT_INFO(1, 255), NO_OUT, 255);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_run(t, &tt, CDB(0xa4, 0x06, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0), "abc", 3, 0);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	assert_int_equal(t->store.saves, 0);
	test_task_fini(&tt);
}

static void
test_the_others_are_told_of_another_identifier(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct test_task tt = { 0 };
	struct scsi_itl itl;

	scsi_test_nexus(t, &nexus, &itl);
	assert_int_equal(set(t, &tt, PERIPHERAL, "x", 1), 0);
	assert_int_equal(scsi_ua_take(&t->itl), SCSI_UA_COUNT);
	assert_int_equal(scsi_ua_take(&itl), SCSI_UA_IDENTIFIER);
	/* the same once more is no change */
	assert_int_equal(set(t, &tt, PERIPHERAL, "x", 1), 0);
	assert_int_equal(scsi_ua_take(&itl), SCSI_UA_COUNT);
	assert_int_equal(t->store.saves, 1);
	scsi_itl_fini(&itl);
	test_task_fini(&tt);
}

static void
test_information_that_cannot_be_kept_is_not_there(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(set(t, &tt, TEXT, "a", 2), 0);
	t->store.fail = -EIO;
	set(t, &tt, TEXT, "b", 2);
	assert_sense(&tt, SENSE_NOT_KEPT);
	t->store.fail = -ENOMEM;
	assert_int_equal(set(t, &tt, TEXT, "b", 2), SCSI_STATUS_BUSY);
	check_info(t, TEXT, "a", 2);
	test_task_fini(&tt);
}

static void
test_without_a_store_there_is_none(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	t->lu->desc.store = NULL;
	set(t, &tt, TEXT, "a", 2);
	assert_sense(&tt, SENSE_INVALID_FIELD); /* there are other service actions */
	test_run(t, &tt, REPORT_INFO(TEXT, 255), NO_OUT, 255);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static uint64_t
timestamp(struct scsi_test *t, uint8_t origin)
{
	struct test_task tt = { 0 };
	uint64_t ms;

	assert_int_equal(test_run(t, &tt, REPORT_TIME(255), NO_OUT, 255), 0);
	assert_int_equal(tt.task.in_bytes, 12);
	assert_int_equal(get_be16(tt.in), 10);
	assert_int_equal(tt.in[2], origin);
	assert_int_equal(tt.in[3] | tt.in[10] | tt.in[11], 0);
	ms = (uint64_t)get_be16(tt.in + 4) << 32 | get_be32(tt.in + 6);
	test_task_fini(&tt);
	return ms;
}

static void
test_the_timestamp_is_the_time_of_day_until_it_is_set(void **state)
{
	static const uint8_t list[12] = { [4] = 1, [9] = 7 };
	struct scsi_test *t = *state;
	uint64_t before = (uint64_t)clock_utc_ms(), ms = timestamp(t, 3);
	struct scsi_nexus nexus;
	struct test_task tt = { 0 };
	struct scsi_itl itl;

	assert_true(ms >= before && ms <= (uint64_t)clock_utc_ms());
	scsi_test_nexus(t, &nexus, &itl);
	before = (uint64_t)clock_utc_ms();
	assert_int_equal(test_run(t, &tt, SET_TIME(12), list, 12, 0), 0);
	ms = timestamp(t, 2);
	assert_true(ms >= 0x010000000007 &&
		    ms - 0x010000000007 <= (uint64_t)clock_utc_ms() - before);
	assert_int_equal(scsi_ua_take(&t->itl), SCSI_UA_COUNT);
	assert_int_equal(scsi_ua_take(&itl), SCSI_UA_TIMESTAMP);
	/* a reset of the unit does not change it; a restart does */
	scsi_lu_reset(t->lu, &t->itl);
	(void)timestamp(t, 2);
	scsi_itl_fini(&itl);
	test_task_fini(&tt);
	scsi_test_restart(t);
	(void)timestamp(t, 3);
}

static void
test_a_timestamp_that_is_too_short_is_refused(void **state)
{
	static const uint8_t list[16];
	struct test_task tt = { 0 };

	for (uint8_t len = 1; len < 12; len++) {
		test_run(*state, &tt, SET_TIME(len), list, len, 0);
		assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	}
	assert_int_equal(test_run(*state, &tt, SET_TIME(0), NO_OUT, 0), 0);
	(void)timestamp(*state, 3);
	assert_int_equal(test_run(*state, &tt, SET_TIME(16), list, 16, 0), 0);
	assert_int_equal(tt.task.out_total_bytes, 12);
	test_task_fini(&tt);
}

static void
test_the_serial_number_of_the_medium_is_that_of_the_unit(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, SERIAL(255), NO_OUT, 255), 0);
	assert_int_equal(tt.task.in_bytes, 12);
	assert_memory_equal(tt.in, "\x00\x00\x00\x08S1234567", 12);
	assert_int_equal(test_run(*state, &tt, SERIAL(6), NO_OUT, 255), 0);
	assert_int_equal(tt.task.in_bytes, 6);
	test_task_fini(&tt);
}

static void
test_what_cannot_be_read_makes_no_unit(void **state)
{
	static const struct {
		uint32_t version;
		size_t bytes;
		uint8_t first[2];
	} wrong[] = { { 2, 2, { 0, 0 } },
		      { 1, 1, { 0, 0 } },
		      { 1, 3, { 0, 2 } },
		      { 1, 600, { 2, 1 } },
		      { 1, 259, { 0, 0 } } };
	struct scsi_test *t = *state;
	struct scsi_lu_desc desc = t->lu->desc;
	struct scsi_lu *lu;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		t->store.info = (struct scsi_kept){ wrong[i].version, wrong[i].bytes,
						    calloc(1, 600), false };
		assert_non_null(t->store.info.data);
		memcpy(t->store.info.data, wrong[i].first, 2);
		assert_int_equal(scsi_lu_new(&desc, &lu), ERR_VERSION);
		free(t->store.info.data);
	}
	t->store.info.data = NULL;
}

int
main(void)
{
#define ON(test) cmocka_unit_test_setup_teardown(test, scsi_test_setup, scsi_test_teardown)
	const struct CMUnitTest tests[] = {
		ON(test_each_kind_is_kept_by_itself),
		ON(test_the_kinds_are_told),
		ON(test_wrong_information_is_refused),
		ON(test_the_others_are_told_of_another_identifier),
		ON(test_information_that_cannot_be_kept_is_not_there),
		ON(test_without_a_store_there_is_none),
		ON(test_the_timestamp_is_the_time_of_day_until_it_is_set),
		ON(test_a_timestamp_that_is_too_short_is_refused),
		ON(test_the_serial_number_of_the_medium_is_that_of_the_unit),
		ON(test_what_cannot_be_read_makes_no_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of SEND DIAGNOSTIC, RECEIVE DIAGNOSTIC RESULTS and of what the log says of self-tests. */
#include "scsi_test.h"

#include <errno.h>

#define SENSE_RUNS     0x020409
#define SENSE_FAILED   0x043e03
#define SENSE_PROGRESS 0x000409

#define SEND(byte1, len) CDB(0x1d, byte1, 0, 0, len, 0)
#define RESULTS(first)   CDB(0x4d, 0, 0x50, 0, 0, 0, first, 2, 0, 0)
#define TEST_CODE(code)  (uint8_t)((code) << 5)
#define RESULT_AT(tt, i) ((tt)->in + 4 + 20 * (i))
#define RESULTS_BYTES    (4 + 20 * 20)

enum { SHORT = 1, EXTENDED = 2, ABORT = 4, FOREGROUND = 5 };

/* Checks the i-th latest result: its code and what it says. */
static void
check_result(struct scsi_test *t, unsigned i, unsigned code, unsigned result, uint64_t lba)
{
	struct test_task tt = { 0 };
	const uint8_t *p;

	assert_int_equal(test_run(t, &tt, RESULTS(0), NO_OUT, 512), 0);
	assert_int_equal(tt.task.in_bytes, RESULTS_BYTES);
	assert_int_equal(get_be16(tt.in + 2), RESULTS_BYTES - 4);
	for (unsigned k = 0; k < 20; k++) {
		assert_int_equal(get_be16(RESULT_AT(&tt, k)), k + 1);
		assert_int_equal(RESULT_AT(&tt, k)[2], 0x03);
		assert_int_equal(RESULT_AT(&tt, k)[3], 16);
	}
	p = RESULT_AT(&tt, i);
	assert_int_equal(p[4], code << 5 | result);
	assert_int_equal(p[5], result == 5);
	assert_int_equal(get_be64(p + 8), lba);
	assert_int_equal(p[16], result == 5 ? 3 : 0);
	assert_int_equal(p[17], result == 5 ? 0x11 : 0);
	test_task_fini(&tt);
}

static void
check_request_sense(struct scsi_test *t, uint32_t sense, bool progress)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, CDB(0x03, 0, 0, 0, 18, 0), NO_OUT, 18), 0);
	assert_int_equal((uint32_t)tt.in[2] << 16 | (uint32_t)tt.in[12] << 8 | tt.in[13], sense);
	assert_int_equal(tt.in[15], progress ? 0x80 : 0);
	test_task_fini(&tt);
}

static void
test_the_default_self_test_reads_from_the_first_to_the_last_block(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, SEND(0x04, 0), NO_OUT, 0), 0);
	assert_int_equal(t->dev->count[BLK_READ], 16);
	assert_int_equal(tt.task.lba, TEST_BLOCKS - (64 << 10) / scsi_lu_block_bytes(t->lu));
	check_result(t, 0, 0, 0, 0); /* it leaves no result */
	t->dev->fail[BLK_READ] = -EIO;
	test_run(t, &tt, SEND(0x04, 0), NO_OUT, 0);
	assert_sense(&tt, SENSE_FAILED);
	t->dev->fail[BLK_READ] = ERR_OFFLINE;
	assert_int_equal(test_run(t, &tt, SEND(0x04, 0), NO_OUT, 0), SCSI_STATUS_BUSY);
	t->dev->fail[BLK_READ] = 0;
	/* nothing is tested */
	assert_int_equal(test_run(t, &tt, SEND(0x00, 0), NO_OUT, 0), 0);
	assert_int_equal(t->dev->count[BLK_READ], 18);
	test_task_fini(&tt);
}

static void
test_a_short_test_in_the_foreground_is_noted(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, SEND(TEST_CODE(FOREGROUND), 0), NO_OUT, 0), 0);
	check_result(t, 0, FOREGROUND, 0, UINT64_MAX);
	t->dev->fail[BLK_READ] = -EIO;
	test_run(t, &tt, SEND(TEST_CODE(FOREGROUND), 0), NO_OUT, 0);
	assert_sense(&tt, SENSE_FAILED);
	check_result(t, 0, FOREGROUND, 5, 0);
	check_result(t, 1, FOREGROUND, 0, UINT64_MAX);
	check_result(t, 2, 0, 0, 0);
	test_task_fini(&tt);
}

/* Commands are carried out meanwhile; another test is not begun. */
static void
test_a_test_in_the_background_leaves_the_unit_ready(void **state)
{
	static const uint8_t codes[] = { SHORT, EXTENDED };
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		unsigned reads = t->dev->count[BLK_READ];

		assert_int_equal(test_run(t, &tt, SEND(TEST_CODE(codes[i]), 0), NO_OUT, 0), 0);
		assert_int_equal(t->jobs, i + 1);
		assert_int_equal(t->dev->count[BLK_READ], reads);
		check_result(t, 0, codes[i], 0xf, UINT64_MAX);
		check_request_sense(t, SENSE_PROGRESS, true);
		assert_int_equal(test_run(t, &tt, CDB(0, 0, 0, 0, 0, 0), NO_OUT, 0), 0);
		for (unsigned code = 1; code <= 5; code += code == 2 ? 3 : 1) {
			test_run(t, &tt, SEND(TEST_CODE(code), 0), NO_OUT, 0);
			assert_sense(&tt, SENSE_RUNS);
			assert_int_equal(tt.task.sense[15], 0x80);
		}
		assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_MORE);
		assert_true(t->lu->test.progress > 0);
		scsi_test_do_jobs(t);
		check_result(t, 0, codes[i], 0, UINT64_MAX);
		check_request_sense(t, 0, false);
		assert_int_equal(t->dev->count[BLK_READ] - reads, codes[i] == SHORT ? 16 : 1);
		assert_null(t->lu->test.buf);
	}
	test_task_fini(&tt);
}

/* A step of a test that was aborted meanwhile says nothing of the next one. */
static void
test_a_test_is_aborted(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t sanitize[10] = { 0x48, 0x82 };

	test_run(t, &tt, SEND(TEST_CODE(ABORT), 0), NO_OUT, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_int_equal(test_run(t, &tt, SEND(TEST_CODE(SHORT), 0), NO_OUT, 0), 0);
	scsi_lu_do_job(t->lu);
	assert_int_equal(test_run(t, &tt, SEND(TEST_CODE(ABORT), 0), NO_OUT, 0), 0);
	check_result(t, 0, SHORT, 1, UINT64_MAX);
	assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_NONE);
	assert_int_equal(test_run(t, &tt, SEND(TEST_CODE(EXTENDED), 0), NO_OUT, 0), 0);
	scsi_lu_reset(t->lu, &t->itl);
	check_result(t, 0, EXTENDED, 2, UINT64_MAX);
	assert_int_equal(test_run(t, &tt, SEND(TEST_CODE(EXTENDED), 0), NO_OUT, 0), 0);
	test_task_fini(&tt);
	test_task_init(&tt, &t->nexus, &t->itl, sanitize, sizeof(sanitize), NO_OUT, 0);
	assert_int_equal(test_start(&tt), SCSI_PENDING);
	scsi_task_resume(&tt.task);
	scsi_test_do_jobs(t);
	scsi_ua_take(&t->itl);
	check_result(t, 0, EXTENDED, 2, UINT64_MAX);
	test_task_fini(&tt);
}

static void
test_a_test_rests_while_the_unit_is_offline(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, SEND(TEST_CODE(SHORT), 0), NO_OUT, 0), 0);
	scsi_lu_set_offline(t->lu, true);
	assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_NONE);
	scsi_lu_set_offline(t->lu, false);
	assert_int_equal(t->jobs, 2);
	scsi_test_do_jobs(t);
	scsi_ua_take(&t->itl);
	check_result(t, 0, SHORT, 0, UINT64_MAX);
	test_task_fini(&tt);
}

static void
test_a_failure_is_noted_with_its_block(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, SEND(TEST_CODE(SHORT), 0), NO_OUT, 0), 0);
	t->dev->fail[BLK_READ] = -ENOMEM;
	assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_LATER);
	t->dev->fail[BLK_READ] = 0;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(scsi_lu_do_job(t->lu), SCSI_JOB_MORE);
	t->dev->fail[BLK_READ] = -EIO;
	scsi_test_do_jobs(t);
	t->dev->fail[BLK_READ] = 0;
	check_result(t, 0, SHORT, 5, (TEST_BLOCKS * 512 - (64 << 10)) / 15 * 3 / 512);
	test_task_fini(&tt);
}

static void
test_twenty_results_are_kept(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	t->dev->fail[BLK_READ] = -EIO;
	test_run(t, &tt, SEND(TEST_CODE(FOREGROUND), 0), NO_OUT, 0);
	t->dev->fail[BLK_READ] = 0;
	for (unsigned i = 1; i < 20; i++)
		assert_int_equal(test_run(t, &tt, SEND(TEST_CODE(FOREGROUND), 0), NO_OUT, 0), 0);
	check_result(t, 19, FOREGROUND, 5, 0);
	assert_int_equal(test_run(t, &tt, SEND(TEST_CODE(SHORT), 0), NO_OUT, 0), 0);
	check_result(t, 19, FOREGROUND, 0, UINT64_MAX); /* the one that runs is the first */
	scsi_test_do_jobs(t);
	check_result(t, 0, SHORT, 0, UINT64_MAX);
	/* from a parameter on */
	assert_int_equal(test_run(t, &tt, RESULTS(20), NO_OUT, 512), 0);
	assert_int_equal(tt.task.in_bytes, 4 + 20);
	assert_int_equal(get_be16(tt.in + 4), 20);
	test_run(t, &tt, RESULTS(21), NO_OUT, 512);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_every_wrong_field_is_refused(void **state)
{
	static const struct {
		uint8_t byte1, len, list[4];
		uint32_t sense;
		const char *field;
	} wrong[] = {
		{ TEST_CODE(3), 0, { 0 }, SENSE_INVALID_FIELD, "\xcf\x00\x01" },
		{ TEST_CODE(6), 0, { 0 }, SENSE_INVALID_FIELD, "\xcf\x00\x01" },
		{ TEST_CODE(7), 0, { 0 }, SENSE_INVALID_FIELD, "\xcf\x00\x01" },
		{ TEST_CODE(SHORT) | 0x04, 0, { 0 }, SENSE_INVALID_FIELD, "\xcf\x00\x01" },
		{ 0x04, 4, { 0 }, SENSE_INVALID_FIELD, "\xc0\x00\x03" },
		{ TEST_CODE(SHORT), 4, { 0 }, SENSE_INVALID_FIELD, "\xc0\x00\x03" },
		{ 0x00, 4, { 0 }, SENSE_INVALID_FIELD, "\xcc\x00\x01" },
		{ 0x10, 3, { 0 }, SENSE_PARAMETER_LENGTH, NULL },
		{ 0x10, 4, { 0x40 }, SENSE_INVALID_PARAMETER, "\x80\x00\x00" },
		{ 0x10, 4, { 0, 0, 0, 1 }, SENSE_INVALID_PARAMETER, "\x80\x00\x02" },
	};
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		test_run(t, &tt, SEND(wrong[i].byte1, wrong[i].len), wrong[i].list, wrong[i].len,
			 0);
		assert_sense(&tt, wrong[i].sense);
		if (wrong[i].field != NULL)
			assert_memory_equal(tt.task.sense + 15, wrong[i].field, 3);
	}
	assert_int_equal(t->jobs, 0);
	/* nobody lends a thread */
	t->lu->desc.job = NULL;
	for (unsigned code = 1; code <= 4; code += code == 2 ? 2 : 1) {
		test_run(t, &tt, SEND(TEST_CODE(code), 0), NO_OUT, 0);
		assert_sense(&tt, SENSE_INVALID_FIELD);
	}
	test_task_fini(&tt);
}

static void
test_the_list_of_diagnostic_pages(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, SEND(0x10, 4), "\0\0\0\0", 4, 0), 0);
	for (uint8_t pcv = 0; pcv < 2; pcv++) {
		assert_int_equal(test_run(*state, &tt, CDB(0x1c, pcv, 0, 0, 255, 0), NO_OUT, 255),
				 0);
		assert_int_equal(tt.task.in_bytes, 5);
		assert_memory_equal(tt.in, "\x00\x00\x00\x01\x00", 5);
	}
	test_run(*state, &tt, CDB(0x1c, 1, 0x40, 0, 255, 0), NO_OUT, 255);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_memory_equal(tt.task.sense + 15, "\xc0\x00\x02", 3);
	test_task_fini(&tt);
}

int
main(void)
{
#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
#define THIN(test)      ON(scsi_test_setup, test)
	const struct CMUnitTest tests[] = {
		THIN(test_the_default_self_test_reads_from_the_first_to_the_last_block),
		ON(scsi_test_setup_4k,
		   test_the_default_self_test_reads_from_the_first_to_the_last_block),
		THIN(test_a_short_test_in_the_foreground_is_noted),
		THIN(test_a_test_in_the_background_leaves_the_unit_ready),
		THIN(test_a_test_is_aborted),
		THIN(test_a_test_rests_while_the_unit_is_offline),
		THIN(test_a_failure_is_noted_with_its_block),
		THIN(test_twenty_results_are_kept),
		THIN(test_every_wrong_field_is_refused),
		THIN(test_the_list_of_diagnostic_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

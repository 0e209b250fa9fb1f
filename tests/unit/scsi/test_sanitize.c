/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tests of libiscsi's iscsi-test-cu check of SANITIZE and WRITE ATOMIC, and cannot say of a
 * unit that lacks CRYPTOGRAPHIC ERASE or writes one sector at a time:
 * tests/conformance/expected.txt names these tests beside those.  Tests of the operations
 * themselves are in test_job.c.
 */
#include "scsi_test.h"

#include "scsi/store.h"

#define SENSE_WRITE_PROTECTED    0x072700
#define SENSE_SOFTWARE_PROTECTED 0x072702
#define SENSE_SANITIZES          0x02041b
#define TUR_CDB                  CDB(0x00, 0, 0, 0, 0, 0)

enum { OVERWRITE = 0x01, ERASE = 0x02, CRYPTO = 0x03, EXIT = 0x1f, IMMED = 0x80 };

/* The service actions that there are, each with the parameter list that it needs. */
static const struct {
	uint8_t action, list[5], bytes;
} sanitizes[] = {
	{ OVERWRITE, { 1, 0, 0, 1, 0xaa }, 5 },
	{ ERASE, { 0 }, 0 },
	{ EXIT, { 0 }, 0 },
};

/* Sends SANITIZE through any nexus of the unit; returns its status, 0 when it waits for its end. */
static uint8_t
sanitize(struct test_task *tt, struct scsi_itl *itl, size_t i, uint8_t flags)
{
	uint8_t cdb[10] = { 0x48, sanitizes[i].action | flags, [8] = sanitizes[i].bytes };

	if (tt->task.nexus != NULL)
		test_task_fini(tt);
	test_task_init(tt, itl->nexus, itl, cdb, sizeof(cdb), sanitizes[i].list, sanitizes[i].bytes,
		       0);
	if (test_start(tt) == SCSI_PENDING && tt->resumes == 1)
		scsi_task_resume(&tt->task); /* the store has the record */
	return tt->task.status;
}

/* Runs a command without data-out through any nexus of the unit. */
static uint8_t
run_on(struct test_task *tt, struct scsi_itl *itl, const void *cdb, size_t len)
{
	if (tt->task.nexus != NULL)
		test_task_fini(tt);
	test_task_init(tt, itl->nexus, itl, cdb, len, NO_OUT, 64);
	assert_int_equal(test_start(tt), SCSI_DONE);
	return tt->task.status;
}

/*
 * SBC-4, SANITIZE command: a service action that is not supported ends with INVALID FIELD IN CDB;
 * Block Device Characteristics: WACEREQ is 00b without CRYPTOGRAPHIC ERASE; SPC-5, REPORT SUPPORTED
 * OPERATION CODES: SUPPORT 001b.
 */
static void
test_cryptographic_erase_is_nowhere_said_to_exist(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	test_fill(t, 0, 'a', TEST_BLOCKS);
	for (unsigned flags = 0; flags < 0x100; flags += 0x20) {
		test_run(t, &tt, CDB(0x48, (uint8_t)(CRYPTO | flags), 0, 0, 0, 0, 0, 0, 0, 0),
			 NO_OUT, 0);
		assert_sense(&tt, SENSE_INVALID_FIELD);
		assert_memory_equal(tt.task.sense + 15, "\xcc\x00\x01", 3);
	}
	assert_int_equal(test_run(t, &tt, CDB(0xa3, 0x0c, 2, 0x48, 0, CRYPTO, 0, 0, 0, 64, 0, 0),
				  NO_OUT, 64),
			 0);
	assert_int_equal(tt.in[1] & 0x07, 1);
	assert_int_equal(test_run(t, &tt, CDB(0x12, 1, 0xb1, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[7] & 0x30, 0);
	assert_string_equal(t->events, "");
	test_task_fini(&tt);
}

/* Checks that no SANITIZE does anything, whoever of the two nexuses sends it. */
static void
check_protected(struct scsi_test *t, struct scsi_itl *a, struct scsi_itl *b, uint32_t sense)
{
	struct test_task tt = { 0 };
	uint8_t block[512];

	for (size_t i = 0; i < ARRAY_LEN(sanitizes); i++) {
		sanitize(&tt, a, i, 0);
		assert_sense(&tt, sense);
		sanitize(&tt, b, i, IMMED);
		assert_sense(&tt, sense);
	}
	assert_string_equal(t->events, "");
	test_peek(t, TEST_BLOCKS - 1, block, 1);
	assert_true(test_all(block, sizeof(block), 'a'));
	test_task_fini(&tt);
}

/*
 * SBC-4, write protection: while the medium is write protected, by software (SWP, which another
 * nexus has set) or by an administrator, every SANITIZE ends with DATA PROTECT, WRITE PROTECTED.
 */
static void
test_no_sanitize_passes_write_protection(void **state)
{
	static const uint8_t page[] = { 0,    0, 0, 0, 0x0a, 10,   0x22, 0x10,
					0x08, 0, 0, 0, 0xff, 0xff, 0,    0 };
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct scsi_itl other;
	struct test_task tt = { 0 };

	scsi_test_nexus(t, &nexus, &other);
	test_fill(t, 0, 'a', TEST_BLOCKS);
	assert_int_equal(run_on(&tt, &t->itl, CDB(0x1a, 0x08, 0x0a, 0, 64, 0)), 0);
	assert_int_equal(tt.in[8] & 0x08, 0);
	test_task_fini(&tt);
	test_task_init(&tt, &nexus, &other, CDB(0x15, 0x10, 0, 0, sizeof(page), 0), page,
		       sizeof(page), 0);
	assert_int_equal(test_start(&tt), SCSI_DONE);
	assert_int_equal(tt.task.status, 0);
	run_on(&tt, &t->itl, TUR_CDB);
	assert_sense(&tt, 0x062a01);
	check_protected(t, &t->itl, &other, SENSE_SOFTWARE_PROTECTED);
	scsi_lu_reset(t->lu, &t->itl); /* SWP is 0 again */
	run_on(&tt, &other, TUR_CDB);
	scsi_lu_set_read_only(t->lu, true);
	while (run_on(&tt, &t->itl, TUR_CDB) != 0 || run_on(&tt, &other, TUR_CDB) != 0)
		;
	check_protected(t, &t->itl, &other, SENSE_WRITE_PROTECTED);
	scsi_lu_set_read_only(t->lu, false);
	run_on(&tt, &t->itl, TUR_CDB);
	assert_int_equal(sanitize(&tt, &t->itl, 0, IMMED), 0);
	scsi_test_do_jobs(t);
	assert_string_equal(t->events, "bd");
	test_task_fini(&tt);
	scsi_itl_fini(&other);
}

/*
 * SPC-5 and SBC-4, commands that are allowed in the presence of reservations: SANITIZE conflicts.
 */
static void
test_no_sanitize_passes_the_reservation_of_another_nexus(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct scsi_itl other;
	struct test_task tt = { 0 };

	scsi_test_nexus(t, &nexus, &other);
	assert_int_equal(run_on(&tt, &other, CDB(0x16, 0, 0, 0, 0, 0)), 0);
	for (size_t i = 0; i < ARRAY_LEN(sanitizes); i++)
		assert_int_equal(sanitize(&tt, &t->itl, i, IMMED),
				 SCSI_STATUS_RESERVATION_CONFLICT);
	assert_string_equal(t->events, "");
	assert_int_equal(sanitize(&tt, &other, 0, IMMED), 0);
	scsi_test_do_jobs(t);
	assert_string_equal(t->events, "bd");
	test_task_fini(&tt);
	scsi_itl_fini(&other);
}

/*
 * SBC-4, sanitize operations: they go on when their command is aborted and after a LOGICAL UNIT
 * RESET, and other commands are refused until they have ended.
 */
static void
test_a_reset_does_not_end_a_sanitize(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t block[512];

	test_fill(t, 0, 'a', TEST_BLOCKS);
	assert_int_equal(sanitize(&tt, &t->itl, 0, IMMED), 0);
	for (unsigned i = 0; i < 3; i++) {
		scsi_lu_reset(t->lu, &t->itl);
		run_on(&tt, &t->itl, TUR_CDB);
		assert_sense(&tt, SENSE_SANITIZES);
	}
	scsi_test_do_jobs(t);
	assert_string_equal(t->events, "bd");
	test_peek(t, TEST_BLOCKS - 1, block, 1);
	assert_true(test_all(block, sizeof(block), 0xaa));
	test_task_fini(&tt);
}

/*
 * SBC-4, WRITE ATOMIC(16): up to MAXIMUM ATOMIC TRANSFER LENGTH of Block Limits it writes, at every
 * LBA (ATOMIC ALIGNMENT is 0); beyond that, and with a boundary where there are none, it ends with
 * INVALID FIELD IN CDB.
 */
static void
test_write_atomic_writes_what_block_limits_allow(void **state)
{
	struct scsi_test *t = *state;
	static uint8_t out[256 * 512];
	uint8_t cdb[16] = { 0x9c };
	struct test_task tt = { 0 };
	uint32_t most;

	assert_int_equal(test_run(t, &tt, CDB(0x12, 1, 0xb0, 0, 255, 0), NO_OUT, 255), 0);
	most = get_be32(tt.in + 44);
	assert_int_equal(get_be32(tt.in + 48), 0);
	memset(out, 0x5a, sizeof(out));
	for (uint32_t blocks = 0; blocks <= 256; blocks++)
		for (uint64_t lba = 0; lba < TEST_BLOCKS; lba += TEST_BLOCKS / 3 + 1) {
			uint8_t medium[512];

			put_be64(cdb + 2, lba);
			put_be16(cdb + 12, (uint16_t)blocks);
			test_run(t, &tt, cdb, sizeof(cdb), out, blocks * 512, 0);
			if (blocks > most) {
				assert_sense(&tt, SENSE_INVALID_FIELD);
				assert_memory_equal(tt.task.sense + 15, "\xc0\x00\x0c", 3);
				continue;
			}
			assert_int_equal(tt.task.status, 0);
			test_peek(t, lba, medium, 1);
			assert_true(test_all(medium, sizeof(medium), blocks == 0 ? 0 : 0x5a));
		}
	put_be16(cdb + 12, 1);
	put_be16(cdb + 10, 1);
	test_run(t, &tt, cdb, sizeof(cdb), out, 512, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_memory_equal(tt.task.sense + 15, "\xc0\x00\x0a", 3);
	test_task_fini(&tt);
}

#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
#define THIN(test)      ON(scsi_test_setup, test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		THIN(test_cryptographic_erase_is_nowhere_said_to_exist),
		ON(scsi_test_setup_thick, test_cryptographic_erase_is_nowhere_said_to_exist),
		THIN(test_no_sanitize_passes_write_protection),
		THIN(test_no_sanitize_passes_the_reservation_of_another_nexus),
		THIN(test_a_reset_does_not_end_a_sanitize),
		THIN(test_write_atomic_writes_what_block_limits_allow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

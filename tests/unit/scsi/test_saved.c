/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of saved mode pages: MODE SELECT with SP, and what is left after a reset and a restart. */
#include "scsi_test.h"

#include <errno.h>

#include "base/err.h"
#include "scsi/store.h"

#define SENSE_MODE_CHANGED 0x062a01
#define SENSE_SAVING       0x053900
#define SENSE_NOT_KEPT     0x044400

enum { CURRENT = 0x00, DEFAULT = 0x80, SAVED = 0xc0 };

/* Byte 2 of the caching page, with WCE, and of the control page, with D_SENSE. */
static uint8_t
page_bits(struct scsi_test *t, uint8_t control, uint8_t code, uint8_t mask)
{
	struct test_task tt = { 0 };
	uint8_t bits;

	assert_int_equal(test_run(t, &tt, CDB(0x1a, 0x08, control | code, 0, 255, 0), NO_OUT, 255),
			 0);
	assert_int_equal(tt.in[4], 0x80 | code); /* PS */
	bits = tt.in[6] & mask;
	test_task_fini(&tt);
	return bits;
}

static bool
wce(struct scsi_test *t, uint8_t control)
{
	return page_bits(t, control, 0x08, 0x04) != 0;
}

static bool
d_sense(struct scsi_test *t, uint8_t control)
{
	return page_bits(t, control, 0x0a, 0x04) != 0;
}

/* A MODE SELECT(6) of the caching page with WCE 0, or of the control page with D_SENSE 1. */
static void
select_init(struct scsi_test *t, struct test_task *tt, uint8_t sp, uint8_t code)
{
	uint8_t out[24] = { 0, 0, 0, 0, code };
	size_t len = code == 0x08 ? 24 : 16;

	out[5] = (uint8_t)(len - 6);
	if (code == 0x0a)
		memcpy(out + 6, "\x26\x10\0\0\0\0\xff\xff\0", 9);
	test_task_init(tt, &t->nexus, &t->itl, CDB(0x15, 0x10 | sp, 0, 0, (uint8_t)len, 0), out,
		       len, 0);
}

/* Runs one to its end; the store ends the save from inside the call. */
static uint8_t
run_select(struct scsi_test *t, uint8_t sp, uint8_t code)
{
	struct test_task tt;
	uint8_t status;

	select_init(t, &tt, sp, code);
	if (test_start(&tt) == SCSI_PENDING) {
		assert_int_equal(tt.resumes, 1);
		scsi_task_resume(&tt.task);
		assert_true(tt.done);
	}
	status = tt.task.status;
	test_task_fini(&tt);
	return status;
}

static void
test_what_is_saved_survives_a_reset_and_a_restart(void **state)
{
	struct scsi_test *t = *state;

	assert_int_equal(run_select(t, 1, 0x08), 0);
	assert_false(wce(t, CURRENT));
	assert_false(wce(t, SAVED));
	assert_true(wce(t, DEFAULT));
	assert_int_equal(run_select(t, 1, 0x0a), 0);
	assert_true(d_sense(t, SAVED));
	assert_false(d_sense(t, DEFAULT));
	scsi_lu_reset(t->lu, &t->itl);
	assert_false(wce(t, CURRENT));
	assert_true(d_sense(t, CURRENT));
	scsi_test_restart(t);
	scsi_ua_take(&t->itl);
	assert_false(wce(t, CURRENT));
	assert_false(wce(t, SAVED));
	assert_true(d_sense(t, CURRENT));
	assert_true(wce(t, DEFAULT));
}

static void
test_what_is_not_saved_ends_with_a_reset(void **state)
{
	struct scsi_test *t = *state;

	assert_int_equal(run_select(t, 0, 0x08), 0);
	assert_int_equal(t->store.saves, 0);
	assert_false(wce(t, CURRENT));
	assert_true(wce(t, SAVED));
	scsi_lu_reset(t->lu, &t->itl);
	assert_true(wce(t, CURRENT));
}

/*
 * A catalog that is full or read-only says nothing of the medium: no host may take it for
 * protected.
 */
static void
test_what_cannot_be_saved_has_not_happened(void **state)
{
	struct scsi_test *t = *state;
	const int errors[] = { -EIO, -ENOSPC, ERR_NO_SPACE, ERR_READ_ONLY, ERR_NOT_FOUND };

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct test_task tt;

		t->store.fail = errors[i];
		select_init(t, &tt, 1, 0x08);
		assert_int_equal(test_start(&tt), SCSI_PENDING);
		scsi_task_resume(&tt.task);
		assert_true(tt.done);
		assert_sense(&tt, SENSE_NOT_KEPT);
		test_task_fini(&tt);
		assert_true(wce(t, CURRENT));
		assert_true(wce(t, SAVED));
	}
	assert_int_equal(t->cache_changes, 0);
	t->store.fail = -ENOMEM;
	assert_int_equal(run_select(t, 1, 0x08), SCSI_STATUS_BUSY);
}

static void
test_the_change_waits_until_it_is_saved(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct scsi_itl other;
	struct test_task tt;

	scsi_test_nexus(t, &nexus, &other);
	t->store.hold = true;
	select_init(t, &tt, 1, 0x08);
	assert_int_equal(test_start(&tt), SCSI_PENDING);
	assert_true(scsi_lu_mode(t->lu, MODE_WCE));
	assert_int_equal(scsi_ua_take(&other), SCSI_UA_COUNT);
	test_store_complete(&t->store);
	assert_true(scsi_lu_mode(t->lu, MODE_WCE));
	scsi_task_resume(&tt.task);
	assert_true(tt.done);
	assert_false(scsi_lu_mode(t->lu, MODE_WCE));
	assert_int_equal(scsi_ua_take(&other), SCSI_UA_MODE);
	assert_int_equal(scsi_ua_take(&t->itl), SCSI_UA_COUNT);
	test_task_fini(&tt);
	scsi_itl_fini(&other);
}

static void
test_an_aborted_command_may_have_saved(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt;

	t->store.hold = true;
	select_init(t, &tt, 1, 0x08);
	assert_int_equal(test_start(&tt), SCSI_PENDING);
	assert_int_equal(scsi_task_abort(&tt.task), SCSI_PENDING);
	test_store_complete(&t->store);
	scsi_task_resume(&tt.task);
	assert_true(tt.done && tt.task.aborted);
	assert_true(wce(t, CURRENT));
	assert_false(wce(t, SAVED));
	test_task_fini(&tt);
}

static void
test_an_administrator_has_the_last_word_about_the_cache(void **state)
{
	struct scsi_test *t = *state;

	assert_int_equal(run_select(t, 1, 0x0a), 0);
	scsi_lu_set_write_through(t->lu, true);
	scsi_ua_take(&t->itl);
	assert_false(wce(t, CURRENT));
	assert_false(wce(t, SAVED));
	assert_true(d_sense(t, SAVED));
}

static void
test_data_that_cannot_be_read_make_no_unit(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_lu_desc desc = t->lu->desc;
	struct scsi_lu *lu = NULL;

	assert_int_equal(run_select(t, 1, 0x08), 0);
	desc.released = NULL;
	t->store.pages.version++;
	assert_int_equal(scsi_lu_new(&desc, &lu), ERR_VERSION);
	t->store.pages.version--;
	t->store.pages.bytes--;
	assert_int_equal(scsi_lu_new(&desc, &lu), ERR_VERSION);
	t->store.pages.bytes++;
	assert_null(lu);
}

static void
test_without_a_store_nothing_can_be_saved(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	t->lu->desc.store = NULL;
	assert_int_equal(test_run(t, &tt, CDB(0x1a, 0x08, 0x08, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[4], 0x08);
	test_run(t, &tt, CDB(0x1a, 0x08, SAVED | 0x08, 0, 255, 0), NO_OUT, 255);
	assert_sense(&tt, SENSE_SAVING);
	assert_int_equal(run_select(t, 1, 0x08), SCSI_STATUS_CHECK_CONDITION);
	test_task_fini(&tt);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#define ON(test) cmocka_unit_test_setup_teardown(test, scsi_test_setup, scsi_test_teardown)
		ON(test_what_is_saved_survives_a_reset_and_a_restart),
		ON(test_what_is_not_saved_ends_with_a_reset),
		ON(test_what_cannot_be_saved_has_not_happened),
		ON(test_the_change_waits_until_it_is_saved),
		ON(test_an_aborted_command_may_have_saved),
		ON(test_an_administrator_has_the_last_word_about_the_cache),
		ON(test_data_that_cannot_be_read_make_no_unit),
		ON(test_without_a_store_nothing_can_be_saved),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi saved", tests, NULL, NULL);
}

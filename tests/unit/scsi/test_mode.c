/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of MODE SENSE and MODE SELECT, and of the formats of sense data. */
#include "scsi_test.h"

static const uint8_t golden_all[] = {
	/* header: length, medium type, WP | DPOFUA, block descriptor length */
	67, 0,    0x10, 8, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01, 0x0a, 0, 0, 0,
	0,  0,    0,    0, 0,    0,    0,    0x08, 0x12, 0x04, 0,    0,    0,    0,    0, 0, 0,
	0,  0,    0,    0, 0,    0,    0,    0,    0,    0,    0x0a, 0x0a, 0x22, 0x10, 0, 0, 0,
	0,  0xff, 0xff, 0, 0,    0x1c, 0x0a, 0x08, 0,    0,    0,    0,    0,    0,    0, 0, 0,
};

static void
test_all_pages_have_golden_bytes(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(0x1a, 0, 0x3f, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.task.in_bytes, sizeof(golden_all));
	assert_memory_equal(tt.in, golden_all, sizeof(golden_all));
	assert_int_equal(test_run(*state, &tt, CDB(0x1a, 0x08, 0x3f, 0xff, 255, 0), NO_OUT, 255),
			 0);
	/*
	 * with the subpages: control extension, and logical block provisioning, of which the
	 * threshold is not known
	 */
	assert_int_equal(tt.task.in_bytes, sizeof(golden_all) - 8 + 32 + 24);
	assert_memory_equal(tt.in + 4, golden_all + 12, 44);
	assert_memory_equal(tt.in + 48, "\x4a\x01\x00\x1c\x07", 5);
	assert_true(test_all(tt.in + 53, 27, 0));
	assert_memory_equal(tt.in + 80, golden_all + 56, 12);
	assert_memory_equal(tt.in + 92,
			    "\x5c\x02\x00\x14\0\0\0\0\0\0\0\0\0\0\0\0\x80\x01\0\0\0\0\0\0", 24);
	test_task_fini(&tt);
	assert_int_equal(test_run(*state, &tt, CDB(0x1a, 0x08, 0x1c, 0x02, 255, 0), NO_OUT, 255),
			 0);
	assert_int_equal(tt.task.in_bytes, 4 + 24);
	test_run(*state, &tt, CDB(0x1a, 0x08, 0x1c, 0x01, 255, 0), NO_OUT, 255);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	assert_int_equal(get_be16(tt.task.sense + 16), 3);
	test_task_fini(&tt);
}

static void
test_ten_byte_form_has_long_and_short_descriptors(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(
		test_run(*state, &tt, CDB(0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(get_be16(tt.in), tt.task.in_bytes - 2);
	assert_int_equal(tt.in[4], 0);
	assert_int_equal(get_be16(tt.in + 6), 8);
	assert_memory_equal(tt.in + 8, golden_all + 4, sizeof(golden_all) - 4);
	assert_int_equal(
		test_run(*state, &tt, CDB(0x5a, 0x10, 0x3f, 0, 0, 0, 0, 0, 255, 0), NO_OUT, 255),
		0);
	assert_int_equal(tt.in[4], 1);
	assert_int_equal(get_be16(tt.in + 6), 16);
	assert_int_equal(get_be64(tt.in + 8), TEST_BLOCKS);
	assert_int_equal(get_be32(tt.in + 20), 512);
	test_task_fini(&tt);
}

static void
test_changeable_values_show_what_can_be_changed(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, CDB(0x1a, 0x08, 0x48, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[6], 0x04);
	assert_int_equal(test_run(*state, &tt, CDB(0x1a, 0x08, 0x4a, 0, 255, 0), NO_OUT, 255), 0);
	assert_memory_equal(tt.in + 4, "\x0a\x0a\x04\x00\x08\x00\x00\x00\x00\x00\x00\x00", 12);
	test_task_fini(&tt);
}

static void
test_what_is_not_there_is_refused(void **state)
{
	struct test_task tt = { 0 };

	test_run(*state, &tt, CDB(0x1a, 0, 0x05, 0, 255, 0), NO_OUT, 255);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_run(*state, &tt, CDB(0x1a, 0, 0x0a, 2, 255, 0), NO_OUT, 255);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_run(*state, &tt, CDB(0x1a, 0, 0xff, 0, 255, 0), NO_OUT, 255);
	assert_sense(&tt, 0x053900);
	test_task_fini(&tt);
}

static void
test_every_answer_is_cut_to_its_allocation_length(void **state)
{
	struct test_task tt = { 0 };

	for (unsigned len = 0; len <= sizeof(golden_all); len++) {
		assert_int_equal(
			test_run(*state, &tt, CDB(0x1a, 0, 0x3f, 0, (uint8_t)len, 0), NO_OUT, len),
			0);
		assert_int_equal(tt.task.in_bytes, len);
		assert_int_equal(tt.task.in_total_bytes, len); /* so there is no residual */
		if (len > 0)
			assert_memory_equal(tt.in, golden_all, len);
	}
	test_task_fini(&tt);
}

/* MODE SELECT(6) of one page. */
static uint8_t
run_select(struct scsi_test *t, struct test_task *tt, const void *page, size_t len)
{
	uint8_t out[64] = { 0 };

	memcpy(out + 4, page, len);
	return test_run(t, tt, CDB(0x15, 0x10, 0, 0, (uint8_t)(4 + len), 0), out, 4 + len, 0);
}

static void
test_write_cache_can_be_turned_off(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t page[20] = { 0x08, 0x12 }, out[512] = { 0 };
	struct scsi_nexus nexus;
	struct scsi_itl other;

	scsi_test_nexus(t, &nexus, &other);
	assert_int_equal(run_select(t, &tt, page, sizeof(page)), 0);
	assert_int_equal(t->dev->count[BLK_FLUSH], 1);
	assert_int_equal(test_run(t, &tt, CDB(0x1a, 0x08, 0x08, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[6], 0x00);
	assert_int_equal(test_run(t, &tt, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), out, 512, 0), 0);
	assert_int_equal(t->dev->flags[BLK_WRITE] & BLK_FUA, BLK_FUA);
	assert_false(scsi_ua_pending(&t->itl));
	assert_int_equal(scsi_ua_take(&other), SCSI_UA_MODE);
	scsi_itl_fini(&other);
	/* The default is what it was made with, and a reset brings it back. */
	assert_int_equal(test_run(t, &tt, CDB(0x1a, 0x08, 0x88, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[6], 0x04);
	scsi_lu_reset(t->lu, NULL);
	test_run(t, &tt, CDB(0x00), NO_OUT, 0);
	assert_sense(&tt, 0x062903);
	assert_int_equal(test_run(t, &tt, CDB(0x1a, 0x08, 0x08, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[6], 0x04);
	test_task_fini(&tt);
}

/* The owner hears of every change, whoever made it; what it sets itself is the new default. */
static void
test_owner_of_the_unit_sets_the_cache_and_hears_of_it(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t page[20] = { 0x08, 0x12 };

	assert_int_equal(run_select(t, &tt, page, sizeof(page)), 0);
	assert_int_equal(t->cache_changes, 1);
	assert_true(t->write_through);
	scsi_lu_set_write_through(t->lu,
				  false); /* as it was set before: the initiator's choice stays */
	assert_int_equal(t->cache_changes, 1);
	scsi_lu_reset(t->lu, NULL);
	assert_int_equal(t->cache_changes, 2);
	assert_false(t->write_through);
	scsi_lu_set_write_through(t->lu, true);
	assert_int_equal(t->cache_changes, 3);
	assert_true(t->write_through);
	assert_true(scsi_ua_pending(&t->itl));
	scsi_lu_reset(t->lu, NULL); /* to the default, which is off now */
	assert_int_equal(t->cache_changes, 3);
	while (scsi_ua_pending(&t->itl))
		test_run(t, &tt, CDB(0x00), NO_OUT, 0);
	assert_int_equal(test_run(t, &tt, CDB(0x1a, 0x08, 0x88, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[6], 0x00);
	test_task_fini(&tt);
}

/* A write that came in between would be in neither: not written back, and not written through. */
static void
test_no_write_slips_through_while_the_cache_is_turned_off(void **state)
{
	struct scsi_test *t = *state;
	struct test_task before, select, after;
	uint8_t list[4 + 20] = { [4] = 0x08, 0x12 }, out[512] = { 0 };
	static const uint8_t write[10] = { 0x2a, [8] = 1 };

	t->dev->hold = true;
	test_task_init(&before, &t->nexus, &t->itl, write, sizeof(write), out, 512, 0);
	assert_int_equal(test_start(&before), SCSI_PENDING);
	test_task_init(&select, &t->nexus, &t->itl, CDB(0x15, 0x10, 0, 0, sizeof(list), 0), list,
		       sizeof(list), 0);
	assert_int_equal(test_start(&select), SCSI_PENDING);
	assert_int_equal(t->dev->count[BLK_FLUSH], 0);
	test_dev_complete(t->dev);
	assert_int_equal(select.resumes, 1);
	scsi_task_resume(&select.task);
	assert_int_equal(t->dev->count[BLK_FLUSH], 1);
	test_task_init(&after, &t->nexus, &t->itl, write, sizeof(write), out, 512, 0);
	assert_int_equal(test_start(&after), SCSI_PENDING);
	assert_int_equal(t->dev->count[BLK_WRITE], 1);
	test_dev_complete(t->dev);
	assert_true(select.done);
	assert_int_equal(select.task.status, SCSI_STATUS_GOOD);
	assert_int_equal(after.resumes, 1);
	scsi_task_resume(&after.task);
	assert_int_equal(t->dev->flags[BLK_WRITE] & BLK_FUA, BLK_FUA);
	test_dev_complete(t->dev);
	assert_true(after.done);
	test_task_fini(&before);
	test_task_fini(&select);
	test_task_fini(&after);
}

static void
test_software_write_protection_works(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t page[12] = { 0x0a, 0x0a, 0x22, 0x10, 0x08, 0, 0, 0, 0xff, 0xff }, out[512] = { 0 };

	assert_int_equal(run_select(t, &tt, page, sizeof(page)), 0);
	test_run(t, &tt, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), out, 512, 0);
	assert_sense(&tt, 0x072702);
	assert_int_equal(test_run(t, &tt, CDB(0x1a, 0x08, 0x0a, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[2], 0x90);
	assert_int_equal(tt.in[8], 0x08);
	page[4] = 0;
	assert_int_equal(run_select(t, &tt, page, sizeof(page)), 0);
	assert_int_equal(test_run(t, &tt, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), out, 512, 0), 0);
	test_task_fini(&tt);
}

static void
test_descriptor_sense_has_golden_bytes(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t page[12] = { 0x0a, 0x0a, 0x26, 0x10, 0, 0, 0, 0, 0xff, 0xff };
	static const uint8_t lba[] = { 0x72, 0x05, 0x21, 0x00, 0, 0, 0, 12, 0x00, 0x0a,
				       0x80, 0x00, 1,    0,    0, 0, 0, 0,  0,    2 };
	static const uint8_t field[] = { 0x72, 0x05, 0x24, 0x00, 0,    0,    0,    8,
					 0x02, 0x06, 0,    0,    0xcf, 0x00, 0x01, 0 };

	assert_int_equal(run_select(t, &tt, page, sizeof(page)), 0);
	test_run(t, &tt, CDB(0x88, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0), NO_OUT, 512);
	assert_int_equal(tt.task.sense_bytes, sizeof(lba));
	assert_memory_equal(tt.task.sense, lba, sizeof(lba));
	test_run(t, &tt, CDB(0x28, 0x20, 0, 0, 0, 0, 0, 0, 1, 0), NO_OUT, 512);
	assert_int_equal(tt.task.sense_bytes, sizeof(field));
	assert_memory_equal(tt.task.sense, field, sizeof(field));
	test_task_fini(&tt);
}

static void
test_fixed_sense_has_golden_bytes(void **state)
{
	struct test_task tt = { 0 };
	static const uint8_t lba[18] = {
		0xf0, 0, 0x05, 0, 0, 0x08, 0x00, 10, 0, 0, 0, 0, 0x21, 0x00
	};
	static const uint8_t big[18] = { 0x70, 0, 0x05, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x21, 0x00 };
	static const uint8_t field[18] = { 0x70, 0, 0x05, 0,    0,    0, 0,    10,   0,
					   0,    0, 0,    0x24, 0x00, 0, 0xcf, 0x00, 0x01 };

	test_run(*state, &tt, CDB(0x28, 0, 0, 0, 0x07, 0xff, 0, 0, 2, 0), NO_OUT, 1024);
	assert_int_equal(tt.task.sense_bytes, 18);
	assert_memory_equal(tt.task.sense, lba, 18);
	/* An LBA that does not fit into 4 bytes is left out. */
	test_run(*state, &tt, CDB(0x88, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0), NO_OUT, 512);
	assert_memory_equal(tt.task.sense, big, 18);
	test_run(*state, &tt, CDB(0x28, 0x20, 0, 0, 0, 0, 0, 0, 1, 0), NO_OUT, 512);
	assert_memory_equal(tt.task.sense, field, 18);
	test_task_fini(&tt);
}

static void
test_select_refuses_what_cannot_be_changed_and_changes_nothing(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t both[32] = { 0x08, 0x12, 0, [20] = 0x0a, 0x0a, 0x22, 0x00, 0, 0, 0, 0, 0xff, 0xff };

	run_select(t, &tt, both, sizeof(both)); /* WCE off is fine, QAM 0 is not */
	assert_sense(&tt, SENSE_INVALID_PARAMETER);
	assert_memory_equal(tt.task.sense + 15, "\x80\x00\x1b", 3);
	assert_int_equal(test_run(t, &tt, CDB(0x1a, 0x08, 0x08, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(tt.in[6], 0x04);
	test_task_fini(&tt);
}

static void
test_select_checks_its_parameter_list(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };
	uint8_t out[64] = { 0 };

	assert_int_equal(test_run(t, &tt, CDB(0x15, 0x10, 0, 0, 0, 0), NO_OUT, 0), 0);
	test_run(t, &tt, CDB(0x15, 0x00, 0, 0, 4, 0), out, 4, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_run(t, &tt, CDB(0x15, 0x11, 0, 0, 4, 0), out, 4, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_run(t, &tt, CDB(0x15, 0x10, 0, 0, 3, 0), out, 3, 0);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	test_run(t, &tt, CDB(0x15, 0x10, 0, 0, 24, 0), out, 4, 0);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	out[4] = 0x08;
	out[5] = 0x12;
	test_run(t, &tt, CDB(0x15, 0x10, 0, 0, 23, 0), out, 23, 0);
	assert_sense(&tt, SENSE_PARAMETER_LENGTH);
	out[5] = 0x11;
	test_run(t, &tt, CDB(0x15, 0x10, 0, 0, 24, 0), out, 24, 0);
	assert_sense(&tt, SENSE_INVALID_PARAMETER);
	out[4] = 0x05;
	test_run(t, &tt, CDB(0x15, 0x10, 0, 0, 24, 0), out, 24, 0);
	assert_sense(&tt, SENSE_INVALID_PARAMETER);
	out[3] = 7;
	test_run(t, &tt, CDB(0x15, 0x10, 0, 0, 24, 0), out, 24, 0);
	assert_sense(&tt, SENSE_INVALID_PARAMETER);
	test_task_fini(&tt);
}

static void
test_what_sense_gave_select_takes_back(void **state)
{
	struct scsi_test *t = *state;
	struct test_task sense = { 0 }, tt = { 0 };

	assert_int_equal(test_run(t, &sense, CDB(0x1a, 0, 0x3f, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(test_run(t, &tt, CDB(0x15, 0x10, 0, 0, (uint8_t)sense.task.in_bytes, 0),
				  sense.in, sense.task.in_bytes, 0),
			 0);
	assert_int_equal(
		test_run(t, &sense, CDB(0x5a, 0x10, 0x3f, 0, 0, 0, 0, 0, 255, 0), NO_OUT, 255), 0);
	assert_int_equal(
		test_run(t, &tt, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, (uint8_t)sense.task.in_bytes, 0),
			 sense.in, sense.task.in_bytes, 0),
		0);
	sense.in[8 + 12] ^= 0xff; /* another block length */
	test_run(t, &tt, CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, (uint8_t)sense.task.in_bytes, 0),
		 sense.in, sense.task.in_bytes, 0);
	assert_sense(&tt, SENSE_INVALID_PARAMETER);
	test_task_fini(&sense);
	test_task_fini(&tt);
}

/* Without a store, so that nothing can be saved: test_saved.c has what can. */
static int
setup_plain(void **state)
{
	struct scsi_test *t = scsi_test_new(512, true);

	t->lu->desc.store = NULL;
	*state = t;
	return 0;
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#define ON(test) cmocka_unit_test_setup_teardown(test, setup_plain, scsi_test_teardown)
		ON(test_all_pages_have_golden_bytes),
		ON(test_ten_byte_form_has_long_and_short_descriptors),
		ON(test_changeable_values_show_what_can_be_changed),
		ON(test_what_is_not_there_is_refused),
		ON(test_every_answer_is_cut_to_its_allocation_length),
		ON(test_write_cache_can_be_turned_off),
		ON(test_owner_of_the_unit_sets_the_cache_and_hears_of_it),
		ON(test_no_write_slips_through_while_the_cache_is_turned_off),
		ON(test_software_write_protection_works),
		ON(test_descriptor_sense_has_golden_bytes),
		ON(test_fixed_sense_has_golden_bytes),
		ON(test_select_refuses_what_cannot_be_changed_and_changes_nothing),
		ON(test_select_checks_its_parameter_list),
		ON(test_what_sense_gave_select_takes_back),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi modes", tests, NULL, NULL);
}

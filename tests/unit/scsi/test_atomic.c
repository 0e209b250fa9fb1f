/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of COMPARE AND WRITE and ORWRITE and of the range lock that they use, and of ORDERED tasks,
 * in one thread, step by step.
 */
#include "scsi_test.h"

#include <stdlib.h>

static void
caw_cdb(uint8_t cdb[16], uint64_t lba, uint8_t count, uint8_t flags)
{
	memset(cdb, 0, 16);
	cdb[0] = 0x89;
	cdb[1] = flags;
	put_be64(cdb + 2, lba);
	cdb[13] = count;
}

static void
test_compare_and_write_swaps_what_matches(void **state)
{
	struct scsi_test *t = *state;
	size_t block = scsi_lu_block_bytes(t->lu), len = 255 * block;
	uint8_t *out = malloc(2 * len), *medium = malloc(len), cdb[16];
	struct test_task tt = { 0 };

	assert_non_null(out);
	assert_non_null(medium);
	for (unsigned count = 1; count <= 255; count += 127) {
		size_t half = count * block;

		memset(out, 'A', half);
		memset(out + half, 'B', half);
		test_fill(t, 7, 'A', count);
		caw_cdb(cdb, 7, (uint8_t)count, 0x08);
		if (2 * half > (1u << 20))
			break; /* the unit's maximum transfer */
		assert_int_equal(test_run(t, &tt, cdb, 16, out, 2 * half, 0), 0);
		assert_int_equal(t->dev->flags[BLK_WRITE], BLK_FUA | BLK_WHOLE);
		test_peek(t, 7, medium, count);
		assert_true(test_all(medium, half, 'B'));
	}
	free(out);
	free(medium);
	test_task_fini(&tt);
}

static void
test_compare_and_write_leaves_what_differs(void **state)
{
	struct scsi_test *t = *state;
	uint8_t out[4 * 512], medium[2 * 512], cdb[16];
	struct test_task tt = { 0 };

	memset(out, 'A', sizeof(out));
	test_fill(t, 7, 'A', 2);
	out[2 * 512 - 27] = 'C';
	caw_cdb(cdb, 7, 2, 0);
	test_run(t, &tt, cdb, 16, out, sizeof(out), 0);
	assert_sense(&tt, SENSE_MISCOMPARE);
	assert_int_equal(tt.task.sense[0], 0xf0);
	assert_int_equal(get_be32(tt.task.sense + 3), 2 * 512 - 27);
	test_peek(t, 7, medium, 2);
	assert_true(test_all(medium, sizeof(medium), 'A'));
	assert_int_equal(t->dev->count[BLK_WRITE], 0);
	test_task_fini(&tt);
}

static void
test_compare_and_write_refuses_other_sizes(void **state)
{
	struct scsi_test *t = *state;
	static uint8_t out[6 * 512];
	uint8_t cdb[16];
	struct test_task tt = { 0 };

	caw_cdb(cdb, 0, 2, 0);
	test_run(t, &tt, cdb, 16, out, 3 * 512, 0);
	assert_sense(&tt, SENSE_DATA_SIZE);
	test_run(t, &tt, cdb, 16, out, 6 * 512, 0);
	assert_sense(&tt, SENSE_DATA_SIZE);
	caw_cdb(cdb, 0, 0, 0x10);
	assert_int_equal(test_run(t, &tt, cdb, 16, out, 512, 0), 0);
	test_run(t, &tt, cdb, 16, out, 6 * 512, 0);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_orwrite_ors(void **state)
{
	struct scsi_test *t = *state;
	size_t block = scsi_lu_block_bytes(t->lu), count = (1u << 20) / block;
	uint8_t *out = malloc(1 << 20), *medium = malloc(1 << 20), cdb[16] = { 0x8b };
	struct test_task tt = { 0 };

	assert_non_null(out);
	assert_non_null(medium);
	test_fill(t, 0, 0x0f, count);
	for (size_t i = 0; i < 1u << 20; i++)
		out[i] = (uint8_t)(i * 7);
	put_be32(cdb + 10, (uint32_t)count);
	assert_int_equal(test_run(t, &tt, cdb, 16, out, 1 << 20, 0), 0);
	test_peek(t, 0, medium, count);
	for (size_t i = 0; i < 1u << 20; i++)
		if (medium[i] != (uint8_t)(out[i] | 0x0f))
			fail_msg("byte %zu is %02x", i, medium[i]);
	free(out);
	free(medium);
	test_task_fini(&tt);
}

/* ---- The range lock ---- */

static const uint8_t block_a[512] = { 'a' };

static void
start_write(struct scsi_test *t, struct test_task *tt, uint8_t lba, enum scsi_progress expected)
{
	test_task_init(tt, &t->nexus, &t->itl, CDB(0x2a, 0, 0, 0, 0, lba, 0, 0, 1, 0), block_a, 512,
		       0);
	assert_int_equal(test_start(tt), expected);
}

static void
start_caw(struct scsi_test *t, struct test_task *tt, uint8_t lba, enum scsi_progress expected)
{
	uint8_t out[1024] = { 0 }, cdb[16];

	caw_cdb(cdb, lba, 1, 0);
	test_task_init(tt, &t->nexus, &t->itl, cdb, 16, out, 1024, 0);
	assert_int_equal(test_start(tt), expected);
}

static void
finish(struct scsi_test *t, struct test_task *tt)
{
	while (!tt->done) {
		if (tt->waits && tt->turn) {
			test_take_turn(tt);
			continue;
		}
		if (tt->resumes > 0 && tt->task.range.state == RANGE_RESUMING &&
		    tt->task.io.depth == 0) {
			tt->resumes--;
			scsi_task_resume(&tt->task);
			continue;
		}
		test_dev_complete(t->dev);
	}
}

static void
test_atomic_waits_for_a_write_in_flight(void **state)
{
	struct scsi_test *t = *state;
	struct test_task write, caw;

	t->dev->hold = true;
	start_write(t, &write, 5, SCSI_PENDING);
	start_caw(t, &caw, 5, SCSI_PENDING);
	assert_int_equal(t->dev->held_count, 1); /* it has not read yet */
	test_dev_complete(t->dev);
	assert_true(write.done);
	assert_int_equal(caw.resumes, 1);
	finish(t, &caw);
	assert_sense(&caw, SENSE_MISCOMPARE); /* zeros are not there any more */
	test_task_fini(&write);
	test_task_fini(&caw);
}

static void
test_write_waits_for_an_overlapping_atomic_only(void **state)
{
	struct scsi_test *t = *state;
	struct test_task caw, over, beside;

	t->dev->hold = true;
	start_caw(t, &caw, 5, SCSI_PENDING);
	start_write(t, &over, 5, SCSI_PENDING);
	assert_int_equal(t->dev->held_count, 1);
	start_write(t, &beside, 6, SCSI_PENDING);
	assert_int_equal(t->dev->held_count, 2);
	assert_int_equal(over.resumes, 0);
	finish(t, &caw);
	assert_int_equal(caw.task.status, 0);
	assert_int_equal(over.resumes, 1);
	finish(t, &over);
	finish(t, &beside);
	assert_int_equal(atomic_load(&t->lu->ranges.exclusive), 0);
	test_task_fini(&caw);
	test_task_fini(&over);
	test_task_fini(&beside);
}

static void
test_nobody_overtakes_a_waiting_atomic(void **state)
{
	struct scsi_test *t = *state;
	struct test_task first, caw, later;

	t->dev->hold = true;
	start_write(t, &first, 5, SCSI_PENDING);
	start_caw(t, &caw, 5, SCSI_PENDING);
	start_write(t, &later, 5, SCSI_PENDING);
	assert_int_equal(t->dev->held_count, 1);
	test_dev_complete(t->dev);
	assert_int_equal(caw.resumes, 1);
	assert_int_equal(later.resumes, 0);
	finish(t, &caw);
	assert_int_equal(later.resumes, 1);
	finish(t, &later);
	test_task_fini(&first);
	test_task_fini(&caw);
	test_task_fini(&later);
}

static void
test_atomics_on_other_blocks_go_together(void **state)
{
	struct scsi_test *t = *state;
	struct test_task a, b, c;

	t->dev->hold = true;
	start_caw(t, &a, 5, SCSI_PENDING);
	start_caw(t, &b, 6, SCSI_PENDING);
	start_caw(t, &c, 5, SCSI_PENDING);
	assert_int_equal(t->dev->held_count, 2);
	finish(t, &a);
	finish(t, &b);
	finish(t, &c);
	test_task_fini(&a);
	test_task_fini(&b);
	test_task_fini(&c);
}

static void
test_waiting_task_can_be_aborted(void **state)
{
	struct scsi_test *t = *state;
	struct test_task caw, over, last;

	t->dev->hold = true;
	start_caw(t, &caw, 5, SCSI_PENDING);
	start_caw(t, &over, 5, SCSI_PENDING);
	start_write(t, &last, 5, SCSI_PENDING);
	assert_int_equal(scsi_task_abort(&over.task), SCSI_DONE);
	assert_int_equal(over.resumes, 0);
	finish(t, &caw);
	assert_int_equal(last.resumes, 1);
	finish(t, &last);
	assert_int_equal(atomic_load(&t->lu->ranges.exclusive), 0);
	test_task_fini(&caw);
	test_task_fini(&over);
	test_task_fini(&last);
}

static void
test_abort_between_grant_and_resume_lets_go(void **state)
{
	struct scsi_test *t = *state;
	struct test_task write, caw, last;

	t->dev->hold = true;
	start_write(t, &write, 5, SCSI_PENDING);
	start_caw(t, &caw, 5, SCSI_PENDING);
	start_write(t, &last, 5, SCSI_PENDING);
	test_dev_complete(t->dev);
	assert_int_equal(caw.resumes, 1);
	assert_int_equal(scsi_task_abort(&caw.task), SCSI_PENDING);
	scsi_task_resume(&caw.task);
	assert_true(caw.done);
	assert_true(caw.task.aborted);
	finish(t, &last);
	test_task_fini(&write);
	test_task_fini(&caw);
	test_task_fini(&last);
}

static void
test_ordered_task_is_alone(void **state)
{
	struct scsi_test *t = *state;
	struct test_task before, ordered, after;

	t->dev->hold = true;
	start_write(t, &before, 1, SCSI_PENDING);
	test_task_init(&ordered, &t->nexus, &t->itl, CDB(0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0), block_a,
		       512, 0);
	ordered.task.attr = SCSI_ATTR_ORDERED;
	assert_int_equal(test_start(&ordered), SCSI_PENDING);
	start_write(t, &after, 20, SCSI_PENDING);
	assert_int_equal(t->dev->held_count, 1);
	test_dev_complete(t->dev);
	assert_int_equal(ordered.turn, true);
	assert_int_equal(after.turn, false);
	finish(t, &ordered);
	finish(t, &after);
	test_task_fini(&before);
	test_task_fini(&ordered);
	test_task_fini(&after);
}

/*
 * What SYNCHRONIZE CACHE writes back depends on what was written before it: of ORDERED and SIMPLE
 * either may come first.
 */
static void
test_ordered_flush_waits_for_the_writes_before_it(void **state)
{
	struct scsi_test *t = *state;
	struct test_task before, flush, after;

	t->dev->hold = true;
	start_write(t, &before, 1, SCSI_PENDING);
	test_task_init(&flush, &t->nexus, &t->itl, CDB(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0);
	flush.task.attr = SCSI_ATTR_ORDERED;
	assert_int_equal(test_start(&flush), SCSI_PENDING);
	assert_int_equal(t->dev->count[BLK_FLUSH], 0);
	start_write(t, &after, 20, SCSI_PENDING);
	test_dev_complete(t->dev);
	assert_int_equal(flush.turn, true);
	assert_int_equal(after.turn, false);
	finish(t, &flush);
	assert_int_equal(t->dev->count[BLK_FLUSH], 1);
	finish(t, &after);
	test_task_fini(&before);
	test_task_fini(&flush);
	test_task_fini(&after);
}

static void
test_flush_waits_for_an_ordered_write(void **state)
{
	/* clang-format off */
	static const uint8_t cdbs[][6] = {
		{ 0x35 },			/* SYNCHRONIZE CACHE(10) */
		{ 0x91 },			/* (16) */
	};
	/* clang-format on */
	struct scsi_test *t = *state;
	struct test_task ordered, flush;

	for (size_t i = 0; i < ARRAY_LEN(cdbs); i++) {
		t->dev->hold = true;
		test_task_init(&ordered, &t->nexus, &t->itl, CDB(0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0),
			       block_a, 512, 0);
		ordered.task.attr = SCSI_ATTR_ORDERED;
		assert_int_equal(test_start(&ordered), SCSI_PENDING);
		test_task_init(&flush, &t->nexus, &t->itl, cdbs[i], sizeof(cdbs[i]), NO_OUT, 0);
		assert_int_equal(test_start(&flush), SCSI_PENDING);
		assert_int_equal(t->dev->count[BLK_FLUSH], i);
		test_dev_complete(t->dev);
		assert_int_equal(flush.turn, true);
		finish(t, &flush);
		assert_int_equal(t->dev->count[BLK_FLUSH], i + 1);
		test_task_fini(&ordered);
		test_task_fini(&flush);
	}
}

/* It may take long, and moves no blocks that others could mean. */
static void
test_flush_keeps_no_atomic_waiting(void **state)
{
	struct scsi_test *t = *state;
	struct test_task flush, caw;
	uint8_t cdb[16], out[2 * 512];

	memset(out, 0, sizeof(out));
	caw_cdb(cdb, 0, 1, 0);
	t->dev->hold = true;
	test_task_init(&flush, &t->nexus, &t->itl, CDB(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0);
	assert_int_equal(test_start(&flush), SCSI_PENDING);
	t->dev->hold = false;
	test_task_init(&caw, &t->nexus, &t->itl, cdb, 16, out, sizeof(out), 0);
	assert_int_equal(test_start(&caw), SCSI_DONE);
	assert_int_equal(caw.task.status, SCSI_STATUS_GOOD);
	test_dev_complete(t->dev);
	assert_true(flush.done);
	test_task_fini(&flush);
	test_task_fini(&caw);
}

static void
test_ordered_task_without_a_range_can_be_aborted(void **state)
{
	struct scsi_test *t = *state;
	struct test_task before, ready, after;

	t->dev->hold = true;
	start_write(t, &before, 1, SCSI_PENDING);
	test_task_init(&ready, &t->nexus, &t->itl, CDB(0, 0, 0, 0, 0, 0), NULL, 0, 0);
	ready.task.attr = SCSI_ATTR_ORDERED;
	assert_int_equal(test_start(&ready), SCSI_PENDING);
	start_write(t, &after, 20, SCSI_PENDING);
	assert_int_equal(scsi_task_abort(&ready.task), SCSI_DONE);
	assert_int_equal(after.turn, true);
	finish(t, &after);
	finish(t, &before);
	assert_int_equal(atomic_load(&t->lu->ranges.exclusive), 0);
	test_task_fini(&before);
	test_task_fini(&ready);
	test_task_fini(&after);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
		ON(scsi_test_setup, test_compare_and_write_swaps_what_matches),
		ON(scsi_test_setup_4k, test_compare_and_write_swaps_what_matches),
		ON(scsi_test_setup, test_compare_and_write_leaves_what_differs),
		ON(scsi_test_setup, test_compare_and_write_refuses_other_sizes),
		ON(scsi_test_setup, test_orwrite_ors),
		ON(scsi_test_setup_4k, test_orwrite_ors),
		ON(scsi_test_setup, test_atomic_waits_for_a_write_in_flight),
		ON(scsi_test_setup, test_write_waits_for_an_overlapping_atomic_only),
		ON(scsi_test_setup, test_nobody_overtakes_a_waiting_atomic),
		ON(scsi_test_setup, test_atomics_on_other_blocks_go_together),
		ON(scsi_test_setup, test_waiting_task_can_be_aborted),
		ON(scsi_test_setup, test_abort_between_grant_and_resume_lets_go),
		ON(scsi_test_setup, test_ordered_task_is_alone),
		ON(scsi_test_setup, test_ordered_flush_waits_for_the_writes_before_it),
		ON(scsi_test_setup, test_flush_waits_for_an_ordered_write),
		ON(scsi_test_setup, test_flush_keeps_no_atomic_waiting),
		ON(scsi_test_setup, test_ordered_task_without_a_range_can_be_aborted),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi atomic", tests, NULL, NULL);
}

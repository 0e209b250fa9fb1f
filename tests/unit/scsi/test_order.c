/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Task attributes: the order in which the tasks of one nexus start is that of their arrival,
 * whether or not their data-out is here.  SAM-6, task set management.
 */
#include "scsi_test.h"

static uint8_t block[512];

/* A WRITE(10) of one block that has arrived: parsed, its data still to come. */
static void
arrive(struct scsi_test *t, struct test_task *tt, enum scsi_attr attr)
{
	test_task_init(tt, &t->nexus, &t->itl, CDB(0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0), block, 512, 0);
	tt->task.attr = (uint8_t)attr;
	assert_int_equal(scsi_task_parse(&tt->task), SCSI_GO);
	tt->waits = !scsi_task_may_start(&tt->task);
}

/* Its data is here. */
static enum scsi_progress
start(struct test_task *tt)
{
	tt->task.out_iov = tt->out_iov;
	tt->out_iov[0].iov_len = 512;
	tt->task.out_iov_count = 1;
	tt->task.out_bytes = 512;
	return scsi_task_execute(&tt->task);
}

static void
assert_good(struct test_task *tt)
{
	assert_int_equal(start(tt), SCSI_DONE);
	assert_int_equal(tt->task.status, SCSI_STATUS_GOOD);
}

static void
test_ordered_waits_for_an_older_write_that_collects_data(void **state)
{
	struct scsi_test *t = *state;
	struct test_task older, ordered, younger;

	arrive(t, &older, SCSI_ATTR_SIMPLE);
	arrive(t, &ordered, SCSI_ATTR_ORDERED);
	arrive(t, &younger, SCSI_ATTR_SIMPLE);
	assert_false(older.waits);
	assert_true(ordered.waits && younger.waits);
	assert_good(&older);
	assert_true(ordered.turn);
	assert_false(younger.turn);
	assert_good(&ordered);
	assert_true(younger.turn);
	assert_good(&younger);
	test_task_fini(&older);
	test_task_fini(&ordered);
	test_task_fini(&younger);
}

static void
test_simple_tasks_start_together(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tasks[3];

	for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
		arrive(t, &tasks[i], SCSI_ATTR_SIMPLE);
		assert_false(tasks[i].waits);
	}
	for (size_t i = ARRAY_LEN(tasks); i-- > 0;) {
		assert_good(&tasks[i]);
		test_task_fini(&tasks[i]);
	}
}

static void
test_simple_tasks_behind_an_ordered_one_start_together(void **state)
{
	struct scsi_test *t = *state;
	struct test_task ordered, one, two, last;

	arrive(t, &ordered, SCSI_ATTR_ORDERED);
	assert_false(ordered.waits);
	arrive(t, &one, SCSI_ATTR_SIMPLE);
	arrive(t, &two, SCSI_ATTR_SIMPLE);
	arrive(t, &last, SCSI_ATTR_ORDERED);
	assert_good(&ordered);
	assert_true(one.turn && two.turn);
	assert_false(last.turn);
	assert_good(&two);
	assert_false(last.turn);
	assert_good(&one);
	assert_true(last.turn);
	test_task_fini(&ordered);
	test_task_fini(&one);
	test_task_fini(&two);
	test_task_fini(&last); /* never executed: it leaves the order here */
	assert_int_equal(t->itl.enabled, 0);
}

static void
test_head_of_queue_overtakes_what_waits(void **state)
{
	struct scsi_test *t = *state;
	struct test_task simple, ordered, head, after;

	arrive(t, &simple, SCSI_ATTR_SIMPLE);
	arrive(t, &ordered, SCSI_ATTR_ORDERED);
	arrive(t, &head, SCSI_ATTR_HEAD_OF_QUEUE);
	arrive(t, &after, SCSI_ATTR_SIMPLE);
	assert_false(head.waits);
	assert_true(ordered.waits && after.waits);
	assert_good(&head);
	assert_false(ordered.turn || after.turn);
	assert_good(&simple);
	assert_true(ordered.turn);
	assert_good(&ordered);
	assert_true(after.turn);
	assert_good(&after);
	test_task_fini(&simple);
	test_task_fini(&ordered);
	test_task_fini(&head);
	test_task_fini(&after);
}

static void
test_simple_waits_for_an_older_head_of_queue(void **state)
{
	struct scsi_test *t = *state;
	struct test_task head, simple;

	arrive(t, &head, SCSI_ATTR_HEAD_OF_QUEUE);
	arrive(t, &simple, SCSI_ATTR_SIMPLE);
	assert_true(simple.waits);
	assert_good(&head);
	assert_true(simple.turn);
	test_task_fini(&head);
	test_task_fini(&simple);
}

/* Data that never comes: the initiator aborts, or the connection ends. */
static void
test_an_aborted_or_dropped_task_lets_the_next_go(void **state)
{
	struct scsi_test *t = *state;
	struct test_task older, ordered, waiting, younger;

	arrive(t, &older, SCSI_ATTR_SIMPLE);
	arrive(t, &ordered, SCSI_ATTR_ORDERED);
	arrive(t, &waiting, SCSI_ATTR_ORDERED);
	arrive(t, &younger, SCSI_ATTR_SIMPLE);
	assert_int_equal(scsi_task_abort(&waiting.task), SCSI_DONE);
	assert_false(ordered.turn || younger.turn);
	assert_int_equal(scsi_task_abort(&older.task), SCSI_DONE);
	assert_true(ordered.turn);
	test_task_fini(&ordered);
	assert_true(younger.turn);
	test_task_fini(&older);
	test_task_fini(&waiting);
	test_task_fini(&younger);
	assert_int_equal(t->itl.enabled, 0);
}

static void
test_commands_without_a_unit_wait_for_nobody(void **state)
{
	struct scsi_test *t = *state;
	struct test_task ordered, inquiry;

	arrive(t, &ordered, SCSI_ATTR_ORDERED);
	test_task_init(&inquiry, &t->nexus, &t->itl, CDB(0x12, 0, 0, 0, 96, 0), NO_OUT, 96);
	assert_int_equal(test_start(&inquiry), SCSI_DONE);
	test_task_fini(&inquiry);
	test_task_fini(&ordered);
}

/* What an older command has changed holds for the one that waited for it. */
static void
test_a_task_that_waited_is_checked_again(void **state)
{
	struct scsi_test *t = *state;
	struct test_task ordered, write;

	arrive(t, &ordered, SCSI_ATTR_ORDERED);
	arrive(t, &write, SCSI_ATTR_SIMPLE);
	assert_good(&ordered);
	scsi_lu_raise(t->lu, SCSI_UA_MODE, NULL);
	assert_int_equal(start(&write), SCSI_DONE);
	assert_sense(&write, 0x062a01);
	test_task_fini(&ordered);
	test_task_fini(&write);
}

static void
test_a_unit_that_goes_offline_refuses_what_has_collected_its_data(void **state)
{
	struct scsi_test *t = *state;
	struct test_task write;

	arrive(t, &write, SCSI_ATTR_SIMPLE);
	scsi_lu_set_offline(t->lu, true);
	assert_int_equal(start(&write), SCSI_DONE);
	assert_sense(&write, 0x020403);
	assert_int_equal(t->dev->count[BLK_WRITE], 0);
	test_task_fini(&write);
}

static void
test_nexuses_have_orders_of_their_own(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus other;
	struct scsi_itl itl;
	struct test_task older, ordered;

	scsi_test_nexus(t, &other, &itl);
	arrive(t, &older, SCSI_ATTR_SIMPLE);
	test_task_init(&ordered, &other, &itl, CDB(0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0), block, 512, 0);
	ordered.task.attr = SCSI_ATTR_ORDERED;
	assert_int_equal(test_start(&ordered), SCSI_DONE);
	test_task_fini(&ordered);
	test_task_fini(&older);
	scsi_itl_fini(&itl);
}

/* The control mode page says that each nexus has a task set of its own (TST 001b). */
static void
test_nexuses_hold_each_other_up_by_no_attribute(void **state)
{
	static const uint8_t cdbs[][10] = {
		{ 0 },                                /* TEST UNIT READY */
		{ 0x28, 0, 0, 0, 0, 9, 0, 0, 1, 0 },  /* READ(10) of the block being written */
		{ 0x28, 0, 0, 0, 0, 99, 0, 0, 1, 0 }, /* READ(10) of another block */
		{ 0x35 },                             /* SYNCHRONIZE CACHE(10) */
	};
	static const enum scsi_attr attrs[] = { SCSI_ATTR_SIMPLE, SCSI_ATTR_ORDERED,
						SCSI_ATTR_HEAD_OF_QUEUE };
	struct scsi_test *t = *state;
	struct scsi_nexus other;
	struct scsi_itl itl;

	scsi_test_nexus(t, &other, &itl);
	for (size_t held = 0; held < ARRAY_LEN(attrs); held++)
		for (size_t attr = 0; attr < ARRAY_LEN(attrs); attr++)
			for (size_t i = 0; i < ARRAY_LEN(cdbs); i++) {
				struct test_task write, task;

				t->dev->hold = true;
				arrive(t, &write, attrs[held]);
				assert_int_equal(start(&write), SCSI_PENDING);
				t->dev->hold = false;
				test_task_init(&task, &other, &itl, cdbs[i],
					       cdbs[i][0] == 0 ? 6 : 10, NO_OUT, 512);
				task.task.attr = (uint8_t)attrs[attr];
				assert_int_equal(test_start(&task), SCSI_DONE);
				assert_int_equal(task.task.status, SCSI_STATUS_GOOD);
				test_task_fini(&task);
				test_dev_complete(t->dev);
				assert_true(write.done);
				test_task_fini(&write);
			}
	scsi_itl_fini(&itl);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#define ON(test) cmocka_unit_test_setup_teardown(test, scsi_test_setup, scsi_test_teardown)
		ON(test_ordered_waits_for_an_older_write_that_collects_data),
		ON(test_simple_tasks_start_together),
		ON(test_simple_tasks_behind_an_ordered_one_start_together),
		ON(test_head_of_queue_overtakes_what_waits),
		ON(test_simple_waits_for_an_older_head_of_queue),
		ON(test_an_aborted_or_dropped_task_lets_the_next_go),
		ON(test_commands_without_a_unit_wait_for_nobody),
		ON(test_a_task_that_waited_is_checked_again),
		ON(test_a_unit_that_goes_offline_refuses_what_has_collected_its_data),
		ON(test_nexuses_have_orders_of_their_own),
		ON(test_nexuses_hold_each_other_up_by_no_attribute),
#undef ON
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi task order", tests, NULL, NULL);
}

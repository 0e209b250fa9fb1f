/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of LOG SENSE and LOG SELECT, of READ BUFFER and WRITE BUFFER, and of the thresholds of thin
 * provisioning.
 */
#include "scsi_test.h"

#include <errno.h>

#include "base/clock.h"

#define SENSE_SEQUENCE       0x052c00
#define SENSE_LOG_CHANGED    0x062a02
#define SENSE_SOFT_THRESHOLD 0x063807

#define LOG_SENSE(page, subpage, first) \
	CDB(0x4d, 0, 0x40 | (page), subpage, 0, (first) >> 8, (first)&0xff, 2, 0, 0)
#define TUR_CDB CDB(0x00, 0, 0, 0, 0, 0)

static void
statistics(void *arg, struct scsi_statistics *ret)
{
	(void)arg;
	*ret = (struct scsi_statistics){ .read_commands = 3,
					 .write_commands = 4,
					 .read_bytes = 5 * 512,
					 .write_bytes = 6 * 512,
					 .read_ns = 7999,
					 .write_ns = 8000,
					 .idle_ns = 9 * NS_PER_S };
}

static void
test_each_listed_page_can_be_read(void **state)
{
	struct scsi_test *t = *state;
	struct test_task list = { 0 }, tt = { 0 };

	assert_int_equal(test_run(t, &list, LOG_SENSE(0, 0, 0), NO_OUT, 256), 0);
	assert_memory_equal(list.in, "\x00\x00\x00\x07\x00\x02\x03\x0c\x10\x19\x2f", 11);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(test_run(t, &tt, LOG_SENSE(list.in[4 + i], 0, 0), NO_OUT, 512), 0);
		assert_int_equal(tt.in[0], list.in[4 + i]);
		assert_int_equal(tt.task.in_bytes, 4 + get_be16(tt.in + 2));
		/* the parameters fill the page, ascending */
		for (unsigned at = 4, before = 0; i > 0 && at < tt.task.in_bytes;
		     at += 4u + tt.in[at + 3]) {
			assert_true(at == 4 || get_be16(tt.in + at) > before);
			before = get_be16(tt.in + at);
			assert_true(at + 4u + tt.in[at + 3] <= tt.task.in_bytes);
		}
	}
	assert_int_equal(test_run(t, &list, LOG_SENSE(0, 0xff, 0), NO_OUT, 256), 0);
	assert_memory_equal(
		list.in,
		"\x40\xff\x00\x10\x00\x00\x00\xff\x02\x00\x03\x00\x0c\x00\x10\x00\x19\x00"
		"\x2f",
		19);
	test_task_fini(&list);
	test_task_fini(&tt);
}

static void
test_thick_unit_has_no_page_of_provisioning(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, LOG_SENSE(0, 0, 0), NO_OUT, 256), 0);
	assert_memory_equal(tt.in, "\x00\x00\x00\x06\x00\x02\x03\x10\x19\x2f", 10);
	test_run(*state, &tt, LOG_SENSE(0x0c, 0, 0), NO_OUT, 256);
	assert_sense(&tt, SENSE_INVALID_FIELD);
	test_task_fini(&tt);
}

static void
test_errors_and_commands_are_counted(void **state)
{
	struct scsi_test *t = *state;
	static const uint8_t out[512];
	struct test_task tt = { 0 };

	t->lu->desc.statistics = statistics;
	t->dev->fail[BLK_READ] = -EIO;
	test_run(t, &tt, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), NO_OUT, 512);
	test_run(t, &tt, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), NO_OUT, 512);
	t->dev->fail[BLK_WRITE] = -EIO;
	test_run(t, &tt, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), out, 512, 0);
	assert_int_equal(test_run(t, &tt, LOG_SENSE(0x03, 0, 5), NO_OUT, 256), 0);
	assert_memory_equal(tt.in + 4, "\x00\x05\x00\x08\0\0\0\0\0\0\x0a\x00", 12);
	assert_memory_equal(tt.in + 16, "\x00\x06\x00\x08\0\0\0\0\0\0\0\x02", 12);
	assert_int_equal(test_run(t, &tt, LOG_SENSE(0x02, 0, 6), NO_OUT, 256), 0);
	assert_memory_equal(tt.in + 4, "\x00\x06\x00\x08\0\0\0\0\0\0\0\x01", 12);
	assert_int_equal(test_run(t, &tt, LOG_SENSE(0x19, 0, 0), NO_OUT, 256), 0);
	assert_int_equal(tt.in[7], 0x40);
	assert_int_equal(get_be64(tt.in + 8), 3);
	assert_int_equal(get_be64(tt.in + 16), 4);
	assert_int_equal(get_be64(tt.in + 24), 6);
	assert_int_equal(get_be64(tt.in + 32), 5);
	test_task_fini(&tt);
}

/* SPC-5: the statistics are followed by the idle time and by the interval that times are in. */
static void
test_times_are_told_with_their_interval(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	t->lu->desc.statistics = statistics;
	assert_int_equal(test_run(t, &tt, LOG_SENSE(0x19, 0, 0), NO_OUT, 256), 0);
	assert_int_equal(get_be16(tt.in + 2), 0x5c);
	assert_int_equal(get_be64(tt.in + 40), 7);
	assert_int_equal(get_be64(tt.in + 48), 8);
	assert_memory_equal(tt.in + 72, "\x00\x02\x03\x08", 4);
	assert_int_equal(get_be64(tt.in + 76), 9000000);
	assert_memory_equal(tt.in + 84, "\x00\x03\x03\x08\0\0\0\x06\0\0\0\x01", 12);
	test_task_fini(&tt);
}

/* Neither a temperature nor a threshold of 0 degrees is told. */
static void
test_there_is_no_temperature(void **state)
{
	struct test_task tt = { 0 };

	assert_int_equal(test_run(*state, &tt, LOG_SENSE(0x2f, 0, 0), NO_OUT, 256), 0);
	assert_memory_equal(tt.in + 4, "\x00\x00\x03\x04\x00\x00\xff\xff", 8);
	test_task_fini(&tt);
}

static void
test_log_select_resets_the_counters_and_tells_others(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct scsi_itl other;
	struct test_task tt = { 0 };

	scsi_test_nexus(t, &nexus, &other);
	atomic_store(&t->lu->read_errors, 7);
	atomic_store(&t->lu->write_errors, 8);
	assert_int_equal(test_run(t, &tt, CDB(0x4c, 0, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0), 0);
	assert_int_equal(atomic_load(&t->lu->read_errors), 7);
	assert_int_equal(test_run(t, &tt, CDB(0x4c, 2, 3, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0), 0);
	assert_int_equal(atomic_load(&t->lu->read_errors), 0);
	assert_int_equal(atomic_load(&t->lu->write_errors), 8);
	assert_int_equal(test_run(t, &tt, CDB(0x4c, 2, 0, 0, 0, 0, 0, 0, 0, 0), NO_OUT, 0), 0);
	assert_int_equal(atomic_load(&t->lu->write_errors), 0);
	assert_int_equal(test_run(t, &tt, TUR_CDB, NO_OUT, 0), 0);
	test_task_fini(&tt);
	test_task_init(&tt, &nexus, &other, TUR_CDB, NO_OUT, 0);
	test_start(&tt);
	assert_sense(&tt, SENSE_LOG_CHANGED);
	test_task_fini(&tt);
	scsi_itl_fini(&other);
}

static void
test_what_the_log_commands_do_not_do_is_refused_with_the_place(void **state)
{
	static const struct {
		uint8_t cdb[10];
		uint16_t place;
	} bad[] = {
		{ { 0x4d, 1, 0x40, 0, 0, 0, 0, 0, 255 }, 1 },
		{ { 0x4d, 0, 0x00, 0, 0, 0, 0, 0, 255 }, 2 },
		{ { 0x4d, 0, 0x4d, 0, 0, 0, 0, 0, 255 }, 2 },
		{ { 0x4d, 0, 0x42, 1, 0, 0, 0, 0, 255 }, 3 },
		{ { 0x4d, 0, 0x42, 0xff, 0, 0, 0, 0, 255 }, 3 },
		{ { 0x4d, 0, 0x42, 0, 0, 0, 7, 0, 255 }, 5 },
		{ { 0x4c, 1, 0x40, 0, 0, 0, 0, 0, 0 }, 1 },
		{ { 0x4c, 2, 0x4d, 0, 0, 0, 0, 0, 0 }, 2 },
		{ { 0x4c, 2, 0x40, 1, 0, 0, 0, 0, 0 }, 3 },
		{ { 0x4c, 2, 0x40, 0, 0, 0, 0, 0, 4 }, 7 },
	};
	struct test_task tt = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		test_run(*state, &tt, bad[i].cdb, sizeof(bad[i].cdb), NO_OUT, 255);
		assert_sense(&tt, SENSE_INVALID_FIELD);
		assert_int_equal(get_be16(tt.task.sense + 16), bad[i].place);
	}
	test_task_fini(&tt);
}

/* ---- Buffers ---- */

static void
test_echo_comes_back_to_the_nexus_that_wrote_it(void **state)
{
	struct scsi_test *t = *state;
	struct scsi_nexus nexus;
	struct scsi_itl other;
	static uint8_t out[4096];
	struct test_task tt = { 0 };

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7);
	scsi_test_nexus(t, &nexus, &other);
	assert_int_equal(test_run(t, &tt, CDB(0x3c, 0x0b, 0, 0, 0, 0, 0, 0, 4, 0), NO_OUT, 4), 0);
	assert_memory_equal(tt.in, "\x01\x00\x10\x00", 4);
	test_run(t, &tt, CDB(0x3c, 0x0a, 0, 0, 0, 0, 0, 0, 16, 0), NO_OUT, 16);
	assert_sense(&tt, SENSE_SEQUENCE);
	assert_int_equal(test_run(t, &tt, CDB(0x3b, 0x0a, 0, 0, 0, 0, 0, 0x10, 0, 0), out, 4096, 0),
			 0);
	assert_int_equal(test_run(t, &tt, CDB(0x3b, 0x0a, 0, 0, 0, 0, 0, 0, 100, 0), out, 100, 0),
			 0);
	assert_int_equal(test_run(t, &tt, CDB(0x3c, 0x0a, 0, 0, 0, 0, 0, 0x10, 0, 0), NO_OUT, 4096),
			 0);
	assert_int_equal(tt.task.in_bytes, 100);
	assert_memory_equal(tt.in, out, 100);
	test_task_fini(&tt);
	test_task_init(&tt, &nexus, &other, CDB(0x3c, 0x0a, 0, 0, 0, 0, 0, 0, 16, 0), NO_OUT, 16);
	test_start(&tt);
	assert_sense(&tt, SENSE_SEQUENCE);
	test_task_fini(&tt);
	scsi_itl_fini(&other);
}

static void
test_data_buffer_is_written_and_read_at_any_place(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	assert_int_equal(test_run(t, &tt, CDB(0x3c, 0x03, 0, 0, 0, 0, 0, 0, 4, 0), NO_OUT, 4), 0);
	assert_memory_equal(tt.in, "\x00\x00\x10\x00", 4);
	assert_int_equal(test_run(t, &tt, CDB(0x3c, 0x03, 1, 0, 0, 0, 0, 0, 4, 0), NO_OUT, 4), 0);
	assert_memory_equal(tt.in, "\x00\x00\x00\x00", 4);
	assert_int_equal(test_run(t, &tt, CDB(0x3c, 0x02, 0, 0, 0, 0, 0, 0, 4, 0), NO_OUT, 4), 0);
	assert_memory_equal(tt.in, "\0\0\0\0", 4);
	assert_int_equal(
		test_run(t, &tt, CDB(0x3b, 0x02, 0, 0, 0x0f, 0xfe, 0, 0, 2, 0), "ab", 2, 0), 0);
	assert_int_equal(test_run(t, &tt, CDB(0x3c, 0x02, 0, 0, 0x0f, 0xfd, 0, 0, 9, 0), NO_OUT, 9),
			 0);
	assert_int_equal(tt.task.in_bytes, 3);
	assert_memory_equal(tt.in, "\0ab", 3);
	test_task_fini(&tt);
}

static void
test_what_the_buffers_do_not_have_is_refused_with_the_place(void **state)
{
	static const struct {
		uint8_t cdb[10];
		uint16_t place;
	} bad[] = {
		{ { 0x3b, 0x05 }, 1 }, /* download microcode */
		{ { 0x3c, 0x00 }, 1 },
		{ { 0x3c, 0x0c }, 1 },
		{ { 0x3b, 0x02, 1 }, 2 },
		{ { 0x3c, 0x02, 1 }, 2 },
		{ { 0x3c, 0x02, 0, 0, 0x10, 0x01 }, 3 },
		{ { 0x3b, 0x02, 0, 0, 0x10, 0x01 }, 3 },
		{ { 0x3b, 0x02, 0, 0, 0x10, 0x00, 0, 0, 1 }, 6 },
		{ { 0x3b, 0x0a, 0, 0, 0, 0, 0, 0x10, 1 }, 6 },
	};
	struct test_task tt = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		test_run(*state, &tt, bad[i].cdb, sizeof(bad[i].cdb), NO_OUT, 255);
		assert_sense(&tt, SENSE_INVALID_FIELD);
		assert_int_equal(get_be16(tt.task.sense + 16), bad[i].place);
	}
	test_task_fini(&tt);
}

/* ---- Thresholds ---- */

static void
test_a_low_pool_is_told_to_each_nexus_once(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	scsi_lu_set_space(t->lu, 50ull << 20, 10ull << 20, 0);
	assert_int_equal(test_run(t, &tt, TUR_CDB, NO_OUT, 0), 0);
	assert_int_equal(test_run(t, &tt, LOG_SENSE(0x0c, 0, 0), NO_OUT, 256), 0);
	assert_memory_equal(tt.in + 4, "\x00\x01\x03\x08\x00\x00\x00\x32\x02\x00\x00\x00", 12);
	scsi_lu_set_space(t->lu, 9ull << 20, 10ull << 20, 1);
	test_run(t, &tt, TUR_CDB, NO_OUT, 0);
	assert_sense(&tt, SENSE_SOFT_THRESHOLD);
	scsi_lu_set_space(t->lu, 8ull << 20, 10ull << 20, 1);
	assert_int_equal(test_run(t, &tt, TUR_CDB, NO_OUT, 0), 0);
	scsi_lu_set_space(t->lu, 1ull << 20, 10ull << 20, 2);
	test_run(t, &tt, TUR_CDB, NO_OUT, 0);
	assert_sense(&tt, SENSE_SOFT_THRESHOLD);
	scsi_lu_set_space(t->lu, 8ull << 20, 10ull << 20, 1);
	assert_int_equal(test_run(t, &tt, TUR_CDB, NO_OUT, 0), 0);
	scsi_lu_set_space(t->lu, 50ull << 20, 10ull << 20, 0);
	scsi_lu_set_space(t->lu, 9ull << 20, 10ull << 20, 1);
	test_run(t, &tt, TUR_CDB, NO_OUT, 0);
	assert_sense(&tt, SENSE_SOFT_THRESHOLD);
	test_task_fini(&tt);
}

static void
test_a_pool_that_was_low_before_is_not_told(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	scsi_lu_set_space(t->lu, 9ull << 20, 10ull << 20, 1);
	assert_int_equal(test_run(t, &tt, TUR_CDB, NO_OUT, 0), 0);
	scsi_lu_set_space(t->lu, 1ull << 20, 10ull << 20, 2);
	test_run(t, &tt, TUR_CDB, NO_OUT, 0);
	assert_sense(&tt, SENSE_SOFT_THRESHOLD);
	test_task_fini(&tt);
}

static void
test_a_thick_unit_is_told_nothing_of_its_pool(void **state)
{
	struct scsi_test *t = *state;
	struct test_task tt = { 0 };

	scsi_lu_set_space(t->lu, 9ull << 20, 10ull << 20, true);
	assert_int_equal(test_run(t, &tt, TUR_CDB, NO_OUT, 0), 0);
	test_task_fini(&tt);
}

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
#define ON(setup, test) cmocka_unit_test_setup_teardown(test, setup, scsi_test_teardown)
		ON(scsi_test_setup, test_each_listed_page_can_be_read),
		ON(scsi_test_setup_thick, test_thick_unit_has_no_page_of_provisioning),
		ON(scsi_test_setup, test_errors_and_commands_are_counted),
		ON(scsi_test_setup, test_times_are_told_with_their_interval),
		ON(scsi_test_setup, test_there_is_no_temperature),
		ON(scsi_test_setup, test_log_select_resets_the_counters_and_tells_others),
		ON(scsi_test_setup,
			test_what_the_log_commands_do_not_do_is_refused_with_the_place),
		ON(scsi_test_setup, test_echo_comes_back_to_the_nexus_that_wrote_it),
		ON(scsi_test_setup, test_data_buffer_is_written_and_read_at_any_place),
		ON(scsi_test_setup, test_what_the_buffers_do_not_have_is_refused_with_the_place),
		ON(scsi_test_setup, test_a_low_pool_is_told_to_each_nexus_once),
		ON(scsi_test_setup, test_a_pool_that_was_low_before_is_not_told),
		ON(scsi_test_setup_thick, test_a_thick_unit_is_told_nothing_of_its_pool),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("scsi log", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of shrinking: the row changes before the file is cut, LUNs in use are protected, and what
 * was cut off never comes back.
 */
#include "array_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array/array_int.h"

static uint64_t
size_of(struct array *array, struct guid lun)
{
	AUTO_STATE struct state *now = array_state(array);
	const struct row_lun *row = state_find(now, ROW_LUN, &lun);

	assert_non_null(row);
	return row->size_bytes;
}

static struct stat
file_stat(const struct fixture *f, struct guid lun)
{
	char path[256];
	struct stat st;

	lun_file(f, lun, path);
	assert_int_equal(stat(path, &st), 0);
	return st;
}

/* Writes to the file behind a LUN, also beyond its end. */
static void
scribble(const struct fixture *f, struct guid lun, off_t at)
{
	char path[256];
	int fd;

	lun_file(f, lun, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "old data", 8, at), 8);
	close(fd);
}

static void
assert_zeros(const struct fixture *f, struct guid lun, off_t at)
{
	char path[256], bytes[8] = "x";
	int fd;

	lun_file(f, lun, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, bytes, sizeof(bytes), at), 8);
	assert_memory_equal(bytes, "\0\0\0\0\0\0\0\0", 8);
	close(fd);
}

static struct guid
make_thick(struct array *array, uint64_t size_bytes)
{
	struct array_lun_spec spec = { .size_bytes = size_bytes, .thick = true };
	struct array_answer answer;

	assert_ok(array_lun_create(array, NULL, &spec, &answer));
	assert_true(wait_job(array, answer.job_id, JOB_DONE));
	return answer.object_id;
}

static void
test_the_end_is_cut_off_row_and_file(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct array_answer answer;

	assert_ok(array_lun_shrink(f->array, NULL, &lun, 4097, 0, false, &answer));
	assert_true(guid_equal(&answer.object_id, &lun));
	assert_true(guid_is_zero(&answer.job_id));
	assert_int_equal(size_of(f->array, lun), 4096 + 512); /* whole blocks */
	assert_int_equal(file_stat(f, lun).st_size, 4096 + 512);
	assert_ok(array_lun_shrink(f->array, NULL, &lun, 0, 1023, false, NULL));
	assert_int_equal(size_of(f->array, lun), 4096);
	fixture_reopen(f);
	assert_int_equal(size_of(f->array, lun), 4096);
	assert_true(wait_health(f->array, lun, HEALTH_OK));
}

static void
test_a_thick_lun_gives_its_space_back(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_thick(f->array, 4 * MIB);

	assert_true((uint64_t)file_stat(f, lun).st_blocks * 512 >= 4 * MIB);
	assert_ok(array_lun_shrink(f->array, NULL, &lun, MIB, 0, false, NULL));
	assert_int_equal(file_stat(f, lun).st_size, MIB);
	assert_true((uint64_t)file_stat(f, lun).st_blocks * 512 < 2 * MIB);
}

static void
test_sizes_that_make_no_sense_are_refused(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), unknown = random_guid();
	uint64_t before = sequence_of(f->array);

	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, MIB, 0, false, NULL), ERR_INVALID);
	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, MIB - 1, 0, false, NULL),
			 ERR_INVALID); /* rounded up, it is the present size */
	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, 2 * MIB, 0, false, NULL),
			 ERR_INVALID);
	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, UINT64_MAX, 0, false, NULL),
			 ERR_INVALID);
	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, 0, MIB, false, NULL), ERR_INVALID);
	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, 0, UINT64_MAX, false, NULL),
			 ERR_INVALID);
	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, 0, 0, false, NULL), ERR_INVALID);
	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, 512, 512, false, NULL),
			 ERR_INVALID);
	assert_int_equal(array_lun_shrink(f->array, NULL, &unknown, 512, 0, false, NULL),
			 ERR_NOT_FOUND);
	assert_int_equal(sequence_of(f->array), before);
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
}

/* In use: a session sees it.  An association alone, or an offline LUN, is no use. */
static void
test_a_lun_that_a_session_sees_is_shrunk_only_by_force(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), target = make_target(f->array, "t");
	struct guid session;

	assert_ok(associate(f->array, lun, 1, target));
	assert_ok(array_lun_set_mask(f->array, NULL, &lun, "*", NULL));
	assert_ok(array_lun_shrink(f->array, NULL, &lun, 8 * 4096, 0, false, NULL));
	session = fake_session(f->array, target);
	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, 7 * 4096, 0, false, NULL),
			 ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "1 session "));
	assert_int_equal(size_of(f->array, lun), 8 * 4096);
	assert_ok(array_lun_shrink(f->array, NULL, &lun, 6 * 4096, 0, true, NULL));
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_OFFLINE, NULL));
	assert_ok(array_lun_shrink(f->array, NULL, &lun, 5 * 4096, 0, false, NULL));
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL));
	assert_ok(array_lun_set_mask(f->array, NULL, &lun, "iqn.other", NULL));
	assert_ok(array_lun_shrink(f->array, NULL, &lun, 4 * 4096, 0, false, NULL));
	array_live_delete(f->array, ROW_LIVE_SESSION, &session);
}

static void
test_paths_are_drained_and_let_go_whatever_happens(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct fake_runtime fake = { 0 };

	fake_register(&fake, f->array);
	assert_ok(array_lun_shrink(f->array, NULL, &lun, 8192, 0, false, NULL));
	assert_int_equal(fake.quiesced, 1);
	assert_int_equal(fake.resumed, 1);
	fake.quiesce_result = ERR_TIMEOUT;
	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, 4096, 0, true, NULL), ERR_BUSY);
	assert_int_equal(size_of(f->array, lun), 8192);
	assert_int_equal(fake.resumed, 1);
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
	fake_unregister(&fake);
}

/* The change is made: an answer that says it failed would be wrong.  What is left is cut later. */
static void
test_a_file_that_cannot_be_cut_is_cut_before_it_grows(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");

	scribble(f, lun, 8192);
	inject(f, "all", "resize", "EIO");
	assert_ok(array_lun_shrink(f->array, NULL, &lun, 4096, 0, false, NULL));
	inject(f, "all", "resize", NULL);
	assert_int_equal(size_of(f->array, lun), 4096);
	assert_int_equal(file_stat(f, lun).st_size, MIB);
	assert_ok(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL));
	assert_zeros(f, lun, 8192);
}

/* As after a crash between the commit and the cut. */
static void
test_what_a_crash_left_never_comes_back(void **state)
{
	struct fixture *f = *state;
	struct guid thin = make_lun(f->array, "x"), thick = make_thick(f->array, MIB);
	struct array_answer answer;

	fixture_close(f);
	scribble(f, thin, (off_t)MIB + 4096);
	scribble(f, thick, (off_t)MIB + 4096);
	fixture_open(f);
	assert_ok(array_lun_extend(f->array, NULL, &thin, MIB, false, NULL));
	assert_zeros(f, thin, (off_t)MIB + 4096);
	assert_ok(array_lun_extend(f->array, NULL, &thick, MIB, false, &answer));
	assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	assert_zeros(f, thick, (off_t)MIB + 4096);
}

static void
test_a_failed_lun_is_not_shrunk(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	char path[256];

	lun_file(f, lun, path);
	assert_int_equal(truncate(path, 4096), 0);
	assert_true(wait_health(f->array, lun, HEALTH_FAILED));
	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, 4096, 0, true, NULL), ERR_FAILED);
}

int
main(void)
{
#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_the_end_is_cut_off_row_and_file),
		WITH_ARRAY(test_a_thick_lun_gives_its_space_back),
		WITH_ARRAY(test_sizes_that_make_no_sense_are_refused),
		WITH_ARRAY(test_a_lun_that_a_session_sees_is_shrunk_only_by_force),
		WITH_ARRAY(test_paths_are_drained_and_let_go_whatever_happens),
		WITH_ARRAY(test_a_file_that_cannot_be_cut_is_cut_before_it_grows),
		WITH_ARRAY(test_what_a_crash_left_never_comes_back),
		WITH_ARRAY(test_a_failed_lun_is_not_shrunk),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

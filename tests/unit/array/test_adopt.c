/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that become LUNs, and pools on devices (for which a file stands), while memory is short at
 * each allocation: what was there stays as it was, and nothing is left behind.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array/array.h"
#include "array_test.h"
#include "fault.h"

#define DEVICE_BYTES (20 * MIB)

static void
make_file(const struct fixture *f, const char *name, uint64_t size_bytes, char path[128])
{
	int fd;

	snprintf(path, 128, "%s/%s", f->dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size_bytes), 0);
	assert_int_equal(pwrite(fd, "kept", 4, (off_t)size_bytes / 2), 4);
	close(fd);
}

/* The file is as make_file has left it, under so many names. */
static void
assert_kept(const char *path, uint64_t size_bytes, unsigned names)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char text[4];

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, size_bytes);
	assert_int_equal(st.st_nlink, names);
	assert_int_equal(pread(fd, text, 4, (off_t)size_bytes / 2), 4);
	assert_memory_equal(text, "kept", 4);
	close(fd);
}

static struct guid
pool_named(struct array *array, const char *name)
{
	AUTO_STATE struct state *state = array_state(array);

	for (size_t i = 0; i < state_count(state, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(state, ROW_POOL, i);

		if (strcmp(pool->name, name) == 0)
			return pool->id;
	}
	fail_msg("there is no pool %s", name);
	return (struct guid){ { 0 } };
}

static bool
has_one_name(struct array *array, const void *arg)
{
	struct stat st;

	(void)array;
	return stat(arg, &st) == 0 && st.st_nlink == 1;
}

static void
test_a_file_is_adopted_or_left_at_any_allocation(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .name = "old", .pool_id = pool_named(f->array, "default") };
	char path[128];

	make_file(f, "raw", 2 * MIB, path);
	WITH_EVERY_FAULT
	{
		struct array_answer answer;
		int rc = array_lun_adopt(f->array, NULL, &spec, path, &answer);
		bool hit = FAULT_HIT;

		FAULT_OFF();
		assert_kept(path, 2 * MIB, rc == 0 ? 2 : 1);
		assert_int_equal(count_rows(f->array, ROW_LUN), rc == 0 ? 1 : 0);
		assert_true(rc == 0 || (hit && rc == -ENOMEM));
		if (rc == 0) {
			assert_ok(array_lun_delete(f->array, NULL, &answer.object_id, false, NULL));
			assert_true(wait_for(f->array, has_one_name, path));
			assert_kept(path, 2 * MIB, 1);
		}
	}
}

static void
test_a_device_is_a_pool_or_left_at_any_allocation(void **state)
{
	struct fixture *f = *state;
	char path[128], place[140];

	WITH_EVERY_FAULT
	{
		struct array_answer answer;
		int rc;

		mem_fault_pause();
		make_file(f, "device", DEVICE_BYTES, path);
		snprintf(place, sizeof(place), "raw:%s", path);
		mem_fault_resume();
		rc = array_pool_create(f->array, NULL, "device", place, &answer);
		if (rc == 0) {
			struct array_lun_spec spec = { .pool_id = answer.object_id };

			rc = array_lun_adopt(f->array, NULL, &spec, path, NULL);
		}
		bool hit = FAULT_HIT;

		FAULT_OFF();
		assert_true(rc == 0 || (hit && rc == -ENOMEM));
		assert_kept(path, DEVICE_BYTES, 1);
		fixture_reopen(f); /* all devices are closed */
		assert_kept(path, DEVICE_BYTES, 1);
		AUTO_STATE struct state *now = array_state(f->array);

		for (size_t i = 0; i < state_count(now, ROW_LUN); i++)
			assert_ok(array_lun_delete(
				f->array, NULL,
				&((const struct row_lun *)state_at(now, ROW_LUN, i))->id, false,
				NULL));
		if (count_rows(f->array, ROW_POOL) == 2) {
			struct guid pool = pool_named(f->array, "device");

			while ((rc = array_pool_delete(f->array, NULL, &pool, NULL)) == ERR_BUSY)
				;
			assert_ok(rc);
		}
		assert_kept(path, DEVICE_BYTES, 1);
	}
}

static void
test_a_lun_that_is_a_device_keeps_its_size(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .name = "old" };
	struct array_answer answer;
	char path[128], place[140];

	make_file(f, "device", DEVICE_BYTES, path);
	snprintf(place, sizeof(place), "raw:%s", path);
	assert_ok(array_pool_create(f->array, NULL, "device", place, &answer));
	spec.pool_id = answer.object_id;
	assert_ok(array_lun_adopt(f->array, NULL, &spec, path, &answer));
	struct guid lun = answer.object_id;

	assert_int_equal(array_lun_shrink(f->array, NULL, &lun, MIB, 0, true, NULL),
			 ERR_NOT_SUPPORTED);
	assert_int_equal(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL),
			 ERR_NOT_SUPPORTED);
	AUTO_STATE struct state *now = array_state(f->array);

	assert_int_equal(((const struct row_lun *)state_find(now, ROW_LUN, &lun))->size_bytes,
			 DEVICE_BYTES);
	assert_kept(path, DEVICE_BYTES, 1);
}

/* The space of a deleted LUN is free a moment later. */
static bool
is_empty(struct array *array, const void *arg)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_pool *pool = state_find(live, ROW_LIVE_POOL, arg);

	return pool != NULL && pool->free_bytes == 15 * MIB;
}

static void
test_a_pool_on_a_device_at_any_allocation(void **state)
{
	struct fixture *f = *state;
	char path[128], place[140];

	make_file(f, "device", DEVICE_BYTES, path);
	snprintf(place, sizeof(place), "bdev:%s", path);
	assert_ok(array_pool_create(f->array, NULL, "device", place, NULL));
	struct array_lun_spec spec = { .pool_id = pool_named(f->array, "device"),
				       .size_bytes = 15 * MIB }; /* all that there is */

	WITH_EVERY_FAULT
	{
		struct array_answer answer;
		int rc = array_lun_create(f->array, NULL, &spec, &answer);
		bool hit = FAULT_HIT;

		FAULT_OFF();
		assert_true(rc == 0 || (hit && rc == -ENOMEM));
		assert_int_equal(count_rows(f->array, ROW_LUN), rc == 0 ? 1 : 0);
		if (rc == 0) {
			struct guid lun = answer.object_id;

			assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
			fixture_reopen(f);
		}
		assert_true(wait_for(f->array, is_empty, &spec.pool_id));
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_is_adopted_or_left_at_any_allocation),
		TEST(test_a_device_is_a_pool_or_left_at_any_allocation),
		TEST(test_a_lun_that_is_a_device_keeps_its_size),
		TEST(test_a_pool_on_a_device_at_any_allocation),
	};

	return cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
}

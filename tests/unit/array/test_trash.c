/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The trash: deleted LUNs are kept for a time, and come back as they were. */
#include <fcntl.h>
#include <unistd.h>

#include "array/array_int.h"
#include "array_test.h"

static struct guid
only_pool(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);

	return ((const struct row_pool *)state_at(state, ROW_POOL, 0))->id;
}

static void
set_pool(struct array *array, const char *trash, bool yields, const char *limit)
{
	struct guid pool = only_pool(array);
	struct array_pool_options options = { .low = limit,
					      .full = limit,
					      .trash = trash,
					      .set_trash_yields = true,
					      .trash_yields = yields };

	assert_ok(array_pool_change(array, NULL, &pool, &options, NULL));
}

static int
restore(struct array *array, struct guid lun, const char *name, bool unassociated)
{
	struct array_restore_spec spec = { name, unassociated };

	return array_trash_restore(array, NULL, &lun, &spec, NULL);
}

static void
rw(struct array *array, struct guid lun, bool is_write, unsigned char value)
{
	unsigned char data[512];
	struct blk_dev *dev;

	assert_ok(array_lun_device(array, &lun, &dev));
	memset(data, is_write ? value : 0, sizeof(data));
	assert_ok(blk_rw(dev, is_write ? BLK_WRITE : BLK_READ, 0, data, sizeof(data)));
	assert_int_equal(data[100], value);
	array_device_release(array, dev);
}

static struct row_lun *
lun_row(struct array *array, struct guid lun)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun *row = state_find(state, ROW_LUN, &lun);

	return row != NULL ? row_copy(row) : NULL;
}

static bool
trash_is_empty(struct array *array, const void *arg)
{
	AUTO_STATE struct state *state = array_state(array);

	(void)arg;
	return state_count(state, ROW_TRASHED_LUN) == 0;
}

static uint64_t
trash_bytes(struct array *array)
{
	AUTO_STATE struct state *live = array_live(array);

	return ((const struct row_live_pool *)state_at(live, ROW_LIVE_POOL, 0))->trash_bytes;
}

static void
test_lun_comes_back_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol"), other = make_lun(f->array, "other");
	struct guid target = make_target(f->array, "t"), gone = make_target(f->array, "gone");
	AUTO_ROW struct row_lun *before = NULL;
	AUTO_ROW struct row_lun *after = NULL;
	char path[256];

	assert_ok(associate(f->array, other, 1, target));
	assert_ok(associate(f->array, lun, 2, target, gone));
	assert_ok(array_lun_set_mask(f->array, NULL, &lun, "iqn.2025-01.example:i", NULL));
	rw(f->array, lun, true, 42);
	before = lun_row(f->array, lun);
	set_pool(f->array, "7d", false, NULL);
	assert_ok(array_lun_delete(f->array, NULL, &lun, true, NULL));
	assert_null(lun_row(f->array, lun));
	assert_int_equal(number_of(f->array, lun, target), -1);
	assert_in_range(trash_bytes(f->array), 4096, MIB);
	lun_file(f, lun, path);
	assert_true(file_exists(path));
	assert_ok(array_check(f->array));
	assert_ok(array_target_delete(f->array, NULL, &gone, NULL));
	fixture_reopen(f); /* the sweep leaves the volume */
	assert_true(file_exists(path));
	assert_in_range(trash_bytes(f->array), 4096, MIB);
	assert_ok(restore(f->array, lun, NULL, false));
	after = lun_row(f->array, lun);
	assert_non_null(after);
	assert_true(hash128_equal(&before->row.hash, &after->row.hash));
	assert_int_equal(number_of(f->array, lun, target), 1);
	assert_int_equal(trash_bytes(f->array), 0);
	rw(f->array, lun, false, 42);
	assert_int_equal(restore(f->array, lun, NULL, false), ERR_NOT_FOUND);
	fixture_reopen(f);
	rw(f->array, lun, false, 42);
}

static void
test_restore_is_refused_while_its_name_is_taken(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "vol"), target = make_target(a, "t");
	AUTO_ROW struct row_lun *row = NULL;

	set_pool(a, "7d", false, NULL);
	assert_ok(associate(a, lun, 1, target));
	assert_ok(array_lun_delete(a, NULL, &lun, true, NULL));
	(void)make_lun(a, "vol");
	assert_int_equal(restore(a, lun, NULL, false), ERR_NAME_IN_USE);
	assert_false(trash_is_empty(a, NULL));
	assert_ok(restore(a, lun, "vol2", true));
	row = lun_row(a, lun);
	assert_string_equal(row->name, "vol2");
	assert_int_equal(number_of(a, lun, target), -1);
}

static void
test_hosts_that_are_gone_are_left_out_of_the_mask(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "vol");
	struct array_answer answer;
	AUTO_ROW struct row_lun *row = NULL;

	set_pool(a, "7d", false, NULL);
	assert_ok(array_host_create(a, NULL, "db", "iqn.2025-01.example:db", &answer));
	assert_ok(array_lun_set_mask(a, NULL, &lun, "host:db;iqn.2025-01.example:i", NULL));
	assert_ok(array_lun_delete(a, NULL, &lun, false, NULL));
	assert_ok(array_host_delete(a, NULL, &answer.object_id, false, NULL));
	assert_ok(restore(a, lun, NULL, false));
	row = lun_row(a, lun);
	assert_string_equal(row->mask, "iqn.2025-01.example:i");
}

static void
test_trash_is_emptied_for_good(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol"), second = make_lun(f->array, "second");
	struct guid pool = only_pool(f->array);
	char path[256];

	set_pool(f->array, "7d", false, NULL);
	lun_file(f, lun, path);
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
	assert_int_equal(array_pool_delete(f->array, NULL, &pool, NULL), ERR_IN_USE);
	assert_ok(array_trash_empty(f->array, NULL, &lun, NULL));
	assert_true(wait_file_gone(f->array, path));
	assert_int_equal(array_trash_empty(f->array, NULL, &lun, NULL), ERR_NOT_FOUND);
	assert_int_equal(restore(f->array, lun, NULL, false), ERR_NOT_FOUND);
	lun_file(f, second, path);
	assert_ok(array_lun_delete(f->array, NULL, &second, false, NULL));
	fixture_reopen(f);
	assert_ok(array_trash_empty(f->array, NULL, &second, NULL));
	assert_true(wait_file_gone(f->array, path));
}

static void
test_delete_now_and_no_trash_keep_nothing(void **state)
{
	struct fixture *f = *state;
	struct guid now = make_lun(f->array, "now"), none = make_lun(f->array, "none");
	char path[256];

	set_pool(f->array, "7d", false, NULL);
	lun_file(f, now, path);
	assert_ok(array_lun_delete_now(f->array, NULL, &now, false, NULL));
	assert_true(wait_file_gone(f->array, path));
	set_pool(f->array, "none", false, NULL);
	lun_file(f, none, path);
	assert_ok(array_lun_delete(f->array, NULL, &none, false, NULL));
	assert_true(wait_file_gone(f->array, path));
	assert_true(trash_is_empty(f->array, NULL));
}

static void
test_expired_luns_are_removed(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol");
	char path[256];

	set_pool(f->array, "1s", false, NULL);
	lun_file(f, lun, path);
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
	assert_true(wait_for(f->array, trash_is_empty, NULL));
	assert_true(wait_file_gone(f->array, path));
}

static void
test_full_pool_gives_its_trash_up_if_it_may(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol");
	char path[256];

	lun_file(f, lun, path);
	set_pool(f->array, "7d", false, "99%");
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
	for (unsigned i = 0; i < 3; i++)
		array_trash_expire(f->array);
	assert_false(trash_is_empty(f->array, NULL));
	set_pool(f->array, "7d", true, "99%");
	assert_true(wait_for(f->array, trash_is_empty, NULL));
	assert_true(wait_file_gone(f->array, path));
}

static void
test_restore_waits_for_commands_from_before(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "vol");
	struct blk_dev *dev;

	set_pool(a, "7d", false, NULL);
	assert_ok(array_lun_device(a, &lun, &dev));
	assert_ok(array_lun_delete(a, NULL, &lun, true, NULL));
	array_trash_expire(a); /* as a round of the verifier does */
	assert_int_equal(restore(a, lun, NULL, false), ERR_BUSY);
	array_device_release(a, dev);
	assert_ok(restore(a, lun, NULL, false));
	rw(a, lun, true, 1);
}

static void
test_volume_of_a_lun_in_the_trash_is_unlinked_after_its_last_command(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol");
	struct blk_dev *dev;
	char path[256];

	lun_file(f, lun, path);
	set_pool(f->array, "7d", false, NULL);
	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_ok(array_lun_delete(f->array, NULL, &lun, true, NULL));
	assert_ok(array_trash_empty(f->array, NULL, &lun, NULL));
	assert_true(file_exists(path));
	array_device_release(f->array, dev);
	assert_true(wait_file_gone(f->array, path));
}

static void
test_lun_without_its_volume_is_not_restored(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol");
	char path[256];

	set_pool(f->array, "7d", false, NULL);
	lun_file(f, lun, path);
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(restore(f->array, lun, NULL, false), ERR_CORRUPT);
	assert_null(lun_row(f->array, lun));
	assert_ok(array_trash_empty(f->array, NULL, &lun, NULL));
}

static void
test_lun_beyond_the_overcommit_limit_is_not_restored(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun, pool = only_pool(a);
	struct array_lun_spec spec = { .name = "big", .size_bytes = 1ull << 42 };
	struct array_answer answer;

	set_pool(a, "7d", false, NULL);
	assert_ok(array_lun_create(a, NULL, &spec, &answer));
	lun = answer.object_id;
	assert_ok(array_lun_delete(a, NULL, &lun, false, NULL));
	assert_ok(array_pool_change(a, NULL, &pool,
				    &(struct array_pool_options){ .overcommit = "1%" }, NULL));
	assert_int_equal(restore(a, lun, NULL, false), ERR_NO_SPACE);
	assert_false(trash_is_empty(a, NULL));
	assert_ok(array_pool_change(a, NULL, &pool,
				    &(struct array_pool_options){ .overcommit = "off" }, NULL));
	assert_ok(restore(a, lun, NULL, false));
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_lun_comes_back_as_it_was),
		WITH_ARRAY(test_restore_is_refused_while_its_name_is_taken),
		WITH_ARRAY(test_hosts_that_are_gone_are_left_out_of_the_mask),
		WITH_ARRAY(test_trash_is_emptied_for_good),
		WITH_ARRAY(test_delete_now_and_no_trash_keep_nothing),
		WITH_ARRAY(test_expired_luns_are_removed),
		WITH_ARRAY(test_full_pool_gives_its_trash_up_if_it_may),
		WITH_ARRAY(test_restore_waits_for_commands_from_before),
		WITH_ARRAY(test_volume_of_a_lun_in_the_trash_is_unlinked_after_its_last_command),
		WITH_ARRAY(test_lun_without_its_volume_is_not_restored),
		WITH_ARRAY(test_lun_beyond_the_overcommit_limit_is_not_restored),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

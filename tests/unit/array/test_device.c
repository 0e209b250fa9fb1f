/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A LUN has a block device only while somebody needs it.  The tests say when there is one, and that
 * a device that is made later knows what the one before has found out.
 */
#include "array_test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "array/array_int.h"
#include "blk/blk.h"

static bool
has_device(struct array *a, struct guid lun)
{
	struct array_store *store = array_unit_store(a, &lun);
	bool has;

	pthread_mutex_lock(&a->devices_lock);
	/* the only user of a device may be the verifier, which is done with it soon */
	has = store->dev != NULL && (store->dev_users > 1 || !store->managed);
	pthread_mutex_unlock(&a->devices_lock);
	array_store_unref(store);
	return has;
}

static struct blk_dev *
device(struct array *a, struct guid lun)
{
	struct blk_dev *dev = NULL;

	assert_ok(array_lun_device(a, &lun, &dev));
	return dev;
}

static void
test_management_leaves_no_device_behind(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l"), target = make_target(f->array, "t");

	assert_false(has_device(f->array, lun));
	assert_ok(associate(f->array, lun, 1, target));
	assert_ok(array_lun_set_mask(f->array, NULL, &lun, "*", NULL));
	assert_ok(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL));
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_OFFLINE, NULL));
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL));
	array_lun_look(f->array, &lun);
	assert_ok(array_check(f->array));
	assert_false(has_device(f->array, lun));
	fixture_reopen(f);
	assert_true(wait_health(f->array, lun, HEALTH_OK));
	assert_false(has_device(f->array, lun));
}

static void
test_a_lun_keeps_the_device_that_the_data_path_asked_for(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *first = device(f->array, lun), *second;

	array_device_release(f->array, first);
	assert_true(has_device(f->array, lun));
	assert_ok(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL));
	second = device(f->array, lun);
	assert_ptr_equal(second, first);
	assert_int_equal(blk_size_bytes(second), 2 * MIB);
	array_device_release(f->array, second);
}

static void
test_a_device_made_later_has_the_size_and_the_status(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev;
	char block[512];

	assert_ok(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL));
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_OFFLINE, NULL));
	dev = device(f->array, lun);
	assert_int_equal(blk_size_bytes(dev), 2 * MIB);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, block, sizeof(block)), ERR_OFFLINE);
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL));
	assert_ok(blk_rw(dev, BLK_READ, 2 * MIB - 512, block, sizeof(block)));
	array_device_release(f->array, dev);
}

static void
test_a_device_made_later_has_failed_like_the_one_before(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l"), other = make_lun(f->array, "other");
	char path[256], away[264], reason[160], block[512];
	struct blk_dev *dev;

	lun_file(f, lun, path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_true(wait_health(f->array, lun, HEALTH_FAILED));
	assert_int_equal(rename(away, path), 0);
	assert_false(has_device(f->array, lun));
	/* the file is there again, but nobody has said that the LUN is well */
	dev = device(f->array, lun);
	assert_int_not_equal(blk_failed(dev, reason, sizeof(reason)), 0);
	assert_non_null(strstr(reason, path));
	assert_int_equal(blk_rw(dev, BLK_READ, 0, block, sizeof(block)), ERR_FAILED);
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL));
	assert_ok(blk_rw(dev, BLK_READ, 0, block, sizeof(block)));
	array_device_release(f->array, dev);
	/* set online while there is no device, and well for the device that comes then */
	lun_file(f, other, path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_true(wait_health(f->array, other, HEALTH_FAILED));
	assert_int_equal(rename(away, path), 0);
	assert_ok(array_lun_set_status(f->array, NULL, &other, STATUS_ONLINE, NULL));
	assert_false(has_device(f->array, other));
	dev = device(f->array, other);
	assert_ok(blk_rw(dev, BLK_READ, 0, block, sizeof(block)));
	array_device_release(f->array, dev);
}

/* Another file of the same size, while no device is there that would remember the first one. */
static void
test_a_file_that_was_replaced_is_noticed_without_a_device(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	char path[256], other[264];

	lun_file(f, lun, path);
	snprintf(other, sizeof(other), "%s.other", path);
	array_lun_look(f->array, &lun);
	assert_ok(blk_file_create(other, MIB));
	assert_int_equal(rename(other, path), 0);
	assert_true(wait_health(f->array, lun, HEALTH_FAILED));
	AUTO_STATE struct state *live = array_live(f->array);
	const struct row_live_lun *row = state_find(live, ROW_LIVE_LUN, &lun);

	assert_non_null(strstr(row->reason, "replaced"));
}

static void
test_the_first_look_tells_health_and_space(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev = device(f->array, lun);
	static char block[4096] = "x";

	assert_ok(blk_rw(dev, BLK_WRITE, 0, block, sizeof(block)));
	assert_ok(blk_flush(dev));
	array_device_release(f->array, dev);
	inject(f, "all", "verify", "hold");
	fixture_reopen(f);
	assert_true(wait_health(f->array, lun, HEALTH_UNKNOWN));
	inject(f, "all", "verify", NULL);
	array_lun_look(f->array, &lun);
	assert_true(wait_health(f->array, lun, HEALTH_OK));
	AUTO_STATE struct state *live = array_live(f->array);
	const struct row_live_lun *row = state_find(live, ROW_LIVE_LUN, &lun);

	assert_true(row->allocated_bytes >= sizeof(block));
}

#define WITH_ARRAY(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_management_leaves_no_device_behind),
		WITH_ARRAY(test_a_lun_keeps_the_device_that_the_data_path_asked_for),
		WITH_ARRAY(test_a_device_made_later_has_the_size_and_the_status),
		WITH_ARRAY(test_a_device_made_later_has_failed_like_the_one_before),
		WITH_ARRAY(test_a_file_that_was_replaced_is_noticed_without_a_device),
		WITH_ARRAY(test_the_first_look_tells_health_and_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

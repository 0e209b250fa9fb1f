/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of faults that are injected into a LUN: who may, what they mean, that the layer of faults
 * is on the path of commands only while there is a fault, and where faults stay.
 */
#include "array_test.h"

#include <sys/stat.h>

#include "array/array_int.h"
#include "blk/blk_int.h"

static int
allowed_setup(void **state)
{
	int rc = fixture_setup(state);
	struct fixture *f = *state;

	f->options.allow_faults = true;
	fixture_reopen(f);
	return rc;
}

static int
inject_fault(struct fixture *f, struct guid lun, const struct array_fault *fault, uint32_t *ret_id)
{
	struct array_answer answer;

	return array_lun_inject(f->array, NULL, &lun, fault, ret_id, &answer);
}

static int
busy(struct fixture *f, struct guid lun, uint64_t count)
{
	struct array_fault fault = { .error = "busy", .count = count };
	uint32_t id;

	return inject_fault(f, lun, &fault, &id);
}

static uint64_t
shown(struct array *array, struct guid lun)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_lun *row = state_find(live, ROW_LIVE_LUN, &lun);

	return row->faults;
}

/* Returns the device that commands go through now, and how many layers there are. */
static struct blk_dev *
device_now(struct array *array, struct guid lun, unsigned *ret_layers)
{
	struct blk_dev *dev = array_lun_device_now(array, &lun);

	*ret_layers = 0;
	for (const struct blk_dev *d = dev; d->below != NULL; d = d->below)
		++*ret_layers;
	array_device_release(array, dev);
	return dev;
}

static void
test_nobody_injects_unless_vdsd_was_told(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");

	assert_int_equal(busy(f, lun, 0), ERR_ACCESS);
	assert_non_null(strstr(err_text(ERR_ACCESS), "--allow-faults"));
	assert_int_equal(shown(f->array, lun), 0);
}

static void
refused(struct fixture *f, struct guid lun, struct array_fault fault)
{
	uint32_t id;

	assert_int_equal(inject_fault(f, lun, &fault, &id), ERR_INVALID);
	assert_int_equal(shown(f->array, lun), 0);
}

static void
test_what_means_nothing_is_refused(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l"); /* of 2048 blocks */
	uint32_t id;

	refused(f, lun, (struct array_fault){ .operation = "read" });
	refused(f, lun, (struct array_fault){ .operation = "write-same", .hangs = true });
	refused(f, lun, (struct array_fault){ .error = "slow" });
	refused(f, lun, (struct array_fault){ .error = "1/11/00" });
	refused(f, lun, (struct array_fault){ .error = "3/11" });
	refused(f, lun, (struct array_fault){ .error = "3/11/00/1" });
	refused(f, lun, (struct array_fault){ .error = "3/111/0" });
	refused(f, lun, (struct array_fault){ .hangs = true, .delay_ms = 5 });
	refused(f, lun, (struct array_fault){ .hangs = true, .error = "busy" });
	refused(f, lun, (struct array_fault){ .hangs = true, .from_block = 5 });
	refused(f, lun, (struct array_fault){ .hangs = true, .from_block = 2047, .blocks = 2 });
	refused(f, lun, (struct array_fault){ .operation = "flush", .hangs = true, .blocks = 1 });
	assert_int_equal(
		inject_fault(f, random_guid(), &(struct array_fault){ .hangs = true }, &id),
		ERR_NOT_FOUND);
}

static void
test_a_fault_is_listed_as_it_was_injected(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	const struct array_fault fault = { .operation = "write",
					   .error = "4/3e/1",
					   .from_block = 8,
					   .blocks = 16,
					   .delay_ms = 20,
					   .count = 7,
					   .ppm = 1000,
					   .for_ms = 3600000 };
	AUTO_FREE struct array_fault *list = NULL;
	uint32_t id = 0;

	assert_ok(inject_fault(f, lun, &fault, &id));
	assert_int_equal(shown(f->array, lun), 1);
	assert_int_equal(array_lun_faults(f->array, &lun, &list), 1);
	assert_int_equal(list[0].id, id);
	assert_string_equal(list[0].operation, "write");
	assert_string_equal(list[0].error, "4/3E/01");
	assert_int_equal(list[0].from_block, 8);
	assert_int_equal(list[0].blocks, 16);
	assert_int_equal(list[0].delay_ms, 20);
	assert_int_equal(list[0].count, 7);
	assert_int_equal(list[0].ppm, 1000);
	assert_int_equal(list[0].struck, 0);
	assert_true(list[0].for_ms > 0 && list[0].for_ms <= 3600000);
	assert_int_equal(array_lun_faults_clear(f->array, NULL, &lun, id + 1, NULL), ERR_NOT_FOUND);
	assert_ok(array_lun_faults_clear(f->array, NULL, &lun, id, NULL));
	assert_int_equal(shown(f->array, lun), 0);
}

static void
test_a_request_to_end_faults_that_comes_again_ends_none(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	const struct array_request request = { .id = random_guid() };
	struct array_answer answer = { 0 };

	assert_ok(busy(f, lun, 0));
	assert_ok(array_lun_faults_clear(f->array, &request, &lun, 0, &answer));
	assert_int_equal(shown(f->array, lun), 0);
	assert_ok(busy(f, lun, 0));
	answer = (struct array_answer){ 0 };
	assert_ok(array_lun_faults_clear(f->array, &request, &lun, 0, &answer));
	assert_true(guid_equal(&answer.object_id, &lun));
	assert_int_equal(shown(f->array, lun), 1);
}

static void
test_without_a_fault_nothing_is_on_the_path(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev = NULL;
	unsigned before = 0, layers = 0;

	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_ptr_equal(device_now(f->array, lun, &before), dev);
	assert_ok(busy(f, lun, 0));
	assert_ok(busy(f, lun, 0));
	assert_ptr_not_equal(device_now(f->array, lun, &layers), dev);
	assert_int_equal(layers, before + 1);
	assert_ok(array_lun_faults_clear(f->array, NULL, &lun, 1, NULL));
	assert_ptr_not_equal(device_now(f->array, lun, &layers), dev);
	assert_ok(array_lun_faults_clear(f->array, NULL, &lun, 0, NULL));
	assert_ptr_equal(device_now(f->array, lun, &layers), dev);
	assert_int_equal(layers, before);
	array_device_release(f->array, dev);
}

/* The first fault comes before the LUN is used. */
static void
test_a_device_that_is_made_later_has_the_faults(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev = NULL;

	assert_ok(busy(f, lun, 0));
	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_string_equal(dev->ops->name, "faults");
	array_device_release(f->array, dev);
}

static bool
is_bare(struct array *array, const void *arg)
{
	struct blk_dev *dev = array_lun_device_now(array, arg);
	bool bare = strcmp(dev->ops->name, "faults") != 0;

	array_device_release(array, dev);
	return bare && shown(array, *(const struct guid *)arg) == 0;
}

static void
test_a_fault_that_ends_by_itself_takes_its_layer_with_it(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev = NULL;
	uint32_t id;

	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_ok(inject_fault(f, lun, &(struct array_fault){ .hangs = true, .for_ms = 30 }, &id));
	assert_true(wait_for(f->array, is_bare, &lun));
	array_device_release(f->array, dev);
}

static void
test_faults_are_not_kept_over_a_restart(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	AUTO_FREE struct array_fault *list = NULL;

	assert_ok(busy(f, lun, 0));
	fixture_reopen(f);
	assert_int_equal(shown(f->array, lun), 0);
	assert_int_equal(array_lun_faults(f->array, &lun, &list), 0);
}

static void
test_a_lun_with_faults_can_be_deleted_extended_and_set_offline(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev = NULL;

	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_ok(busy(f, lun, 0));
	assert_ok(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL));
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_OFFLINE, NULL));
	assert_ok(array_lun_faults_clear(f->array, NULL, &lun, 0, NULL));
	assert_int_equal(blk_size_bytes(dev), 2 * MIB);
	assert_int_equal(blk_flush(dev), ERR_OFFLINE); /* as before there was a layer */
	assert_ok(busy(f, lun, 0));
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL));
	assert_ok(blk_flush(dev));
	array_device_release(f->array, dev);
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
}

static bool
has_moved(struct array *array, const void *arg)
{
	AUTO_STATE struct state *state = array_state(array);

	(void)arg;
	return state_count(state, ROW_JOB) == 1 &&
	       ((const struct row_job *)state_at(state, ROW_JOB, 0))->state == JOB_DONE;
}

static void
test_faults_follow_a_lun_to_another_pool(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct array_answer pool, answer;
	struct blk_dev *dev = NULL;
	char path[200];

	snprintf(path, sizeof(path), "%s/second", f->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_ok(array_pool_create(f->array, NULL, "second", path, &pool));
	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_ok(busy(f, lun, 0));
	assert_ok(array_lun_move(f->array, NULL, &lun, &pool.object_id, false, &answer));
	assert_true(wait_for(f->array, has_moved, NULL));
	assert_false(is_bare(f->array, &lun));
	assert_ok(array_lun_faults_clear(f->array, NULL, &lun, 0, NULL));
	assert_true(wait_for(f->array, is_bare, &lun));
	array_device_release(f->array, dev);
}

#define PLAIN(name)   cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
#define ALLOWED(name) cmocka_unit_test_setup_teardown(name, allowed_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		PLAIN(test_nobody_injects_unless_vdsd_was_told),
		ALLOWED(test_what_means_nothing_is_refused),
		ALLOWED(test_a_fault_is_listed_as_it_was_injected),
		ALLOWED(test_a_request_to_end_faults_that_comes_again_ends_none),
		ALLOWED(test_without_a_fault_nothing_is_on_the_path),
		ALLOWED(test_a_device_that_is_made_later_has_the_faults),
		ALLOWED(test_a_fault_that_ends_by_itself_takes_its_layer_with_it),
		ALLOWED(test_faults_are_not_kept_over_a_restart),
		ALLOWED(test_a_lun_with_faults_can_be_deleted_extended_and_set_offline),
		ALLOWED(test_faults_follow_a_lun_to_another_pool),
	};
	/* clang-format on */

	return cmocka_run_group_tests_name("faults of LUNs", tests, NULL, NULL);
}

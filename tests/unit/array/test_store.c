/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of backing stores: a LUN's health changes for real causes, stays failed until the LUN is
 * set online, and an offline LUN refuses I/O.
 */
#include "array_test.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "array/array_int.h"
#include "blk/blk.h"

static struct blk_dev *
device(struct array *a, struct guid lun)
{
	struct blk_dev *dev = NULL;

	assert_ok(array_lun_device(a, &lun, &dev));
	return dev;
}

static const char *
reason_of(const struct state *live, struct guid lun)
{
	return ((const struct row_live_lun *)state_find(live, ROW_LIVE_LUN, &lun))->reason;
}

static void
test_new_lun_is_well(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l");

	assert_true(wait_health(a, lun, HEALTH_OK));
}

static void
test_health_is_unknown_until_somebody_looked(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");

	inject(f, "all", "verify", "hold");
	fixture_reopen(f);
	assert_true(wait_health(f->array, lun, HEALTH_UNKNOWN));
	inject(f, "all", "verify", NULL);
	assert_true(wait_health(f->array, lun, HEALTH_OK));
}

static void
test_deleted_file_fails_the_lun_with_a_reason(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	char path[256];

	lun_file(f, lun, path);
	assert_int_equal(unlink(path), 0);
	assert_true(wait_health(f->array, lun, HEALTH_FAILED));
	AUTO_STATE struct state *live = array_live(f->array);

	assert_true(strlen(reason_of(live, lun)) > 0);
	struct blk_dev *dev = NULL;

	/* it has a device all the same, which says that it has failed */
	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_true(blk_has_failed(dev));
	array_device_release(f->array, dev);
}

static void
test_truncated_file_fails_the_lun(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	char path[256];

	lun_file(f, lun, path);
	assert_int_equal(truncate(path, 4096), 0);
	assert_true(wait_health(f->array, lun, HEALTH_FAILED));
}

static void
test_failure_stays_until_online(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	char path[256], away[264];
	struct array_answer answer;
	uint64_t before, failed_version;

	lun_file(f, lun, path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_true(wait_health(f->array, lun, HEALTH_FAILED));
	assert_int_equal(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL),
			 ERR_FAILED);
	assert_int_equal(array_lun_extend(f->array, NULL, &lun, 512, false, NULL), ERR_FAILED);
	assert_int_equal(rename(away, path), 0);
	assert_true(wait_health(f->array, lun, HEALTH_FAILED));
	before = sequence_of(f->array);
	AUTO_STATE struct state *failed = array_live(f->array);

	failed_version = state_position(failed)->sequence;
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, &answer));
	AUTO_STATE struct state *live = array_live(f->array);
	const struct row_live_lun *row = state_find(live, ROW_LIVE_LUN, &lun);

	assert_int_equal(row->health, HEALTH_OK);
	assert_int_equal(sequence_of(f->array), before); /* it was online all the time */
	/* so the answer names the live rows' version that has it */
	assert_true(guid_equal(&answer.live_boot, &state_position(live)->array_id));
	assert_true(answer.live_version > failed_version &&
		    answer.live_version <= state_position(live)->sequence);
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
}

static void
test_data_path_is_told_when_a_store_was_reopened(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct fake_runtime fake;

	fake_register(&fake, f->array);
	inject(f, "all", "verify", "EIO");
	assert_true(wait_health(f->array, lun, HEALTH_FAILED));
	inject(f, "all", "verify", NULL);
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL));
	assert_int_equal(atomic_load(&fake.recovered), 1);
	fake_unregister(&fake);
}

static void
test_failed_flush_fails_the_lun(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev = device(f->array, lun);
	char block[512] = "x";

	inject(f, "all", "flush", "EIO");
	assert_ok(blk_rw(dev, BLK_WRITE, 0, block, sizeof(block)));
	assert_true(blk_flush(dev) < 0);
	inject(f, "all", "flush", NULL);
	assert_true(wait_health(f->array, lun, HEALTH_FAILED));
	assert_int_equal(blk_rw(dev, BLK_READ, 0, block, sizeof(block)), ERR_FAILED);
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL));
	assert_ok(blk_rw(dev, BLK_READ, 0, block, sizeof(block)));
	array_device_release(f->array, dev);
}

/* Of what is live now; and the sentences of a check. */
static void
expect_trouble(struct fixture *f, struct guid lun, const char *words)
{
	AUTO_STATE struct state *live = array_live(f->array);
	AUTO_FREE char *notes = NULL;

	assert_non_null(strstr(reason_of(live, lun), words));
	assert_ok(array_notes(f->array, &notes));
	assert_non_null(strstr(notes, words));
	assert_ok(array_check(f->array));
}

static void
test_commands_that_fail_are_counted_and_shown(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev = device(f->array, lun);
	struct array_lun_counters counters;
	char block[512] = "x";

	inject(f, "all", "write", "ENOSPC");
	assert_int_equal(blk_rw(dev, BLK_WRITE, 0, block, sizeof(block)), -ENOSPC);
	assert_true(wait_health(f->array, lun, HEALTH_FAILING));
	expect_trouble(f, lun, "No space left on device");
	AUTO_STATE struct state *before = array_live(f->array);

	/* however many follow, they are told once in a while */
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(blk_rw(dev, BLK_WRITE, 0, block, sizeof(block)), -ENOSPC);
	inject(f, "all", "read", "EIO");
	assert_int_equal(blk_rw(dev, BLK_READ, 0, block, sizeof(block)), -EIO);
	AUTO_STATE struct state *after = array_live(f->array);

	assert_true(state_position(after)->sequence - state_position(before)->sequence < 100);
	assert_ok(array_lun_counters(f->array, &lun, &counters));
	assert_int_equal(counters.space_errors, 1001);
	assert_int_equal(counters.medium_errors, 1);
	inject(f, "all", "read", NULL);
	inject(f, "all", "write", NULL);
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL));
	AUTO_STATE struct state *live = array_live(f->array);

	assert_string_equal(reason_of(live, lun), "");
	assert_ok(array_lun_counters(f->array, &lun, &counters));
	assert_int_equal(counters.space_errors, 1001);
	array_device_release(f->array, dev);
}

static _Atomic uint64_t skipped_s; /* how far the monotonic clock is ahead */

/* Takes the place of libc's, so that a test need not wait for a minute. */
int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, ts);

	if (rc == 0 && clock == CLOCK_MONOTONIC)
		ts->tv_sec += (time_t)atomic_load(&skipped_s);
	return rc;
}

/* Has a write or read of a new LUN fail, and waits until the verifier has told of it. */
static struct guid
make_failing(struct fixture *f, enum blk_op op, const char *error)
{
	struct guid lun = make_lun(f->array, NULL);
	struct blk_dev *dev = device(f->array, lun);
	char id[GUID_TEXT_SIZE], block[512] = "x";

	inject(f, guid_format(&lun, id), op == BLK_READ ? "read" : "write", error);
	assert_true(blk_rw(dev, op, 0, block, sizeof(block)) < 0);
	inject(f, id, op == BLK_READ ? "read" : "write", NULL);
	assert_true(wait_health(f->array, lun, HEALTH_FAILING));
	array_device_release(f->array, dev);
	return lun;
}

static enum lun_health
health_of(struct array *a, struct guid lun)
{
	AUTO_STATE struct state *live = array_live(a);

	return ((const struct row_live_lun *)state_find(live, ROW_LIVE_LUN, &lun))->health;
}

/*
 * The verifier goes through the LUNs in the order in which they began to fail, so when it has told
 * of a new one it has looked at the older ones.
 */
static void
test_a_full_pool_heals_after_a_minute_and_a_bad_medium_does_not(void **state)
{
	struct fixture *f = *state;
	struct guid bad = make_failing(f, BLK_READ, "EIO"),
		    full = make_failing(f, BLK_WRITE, "ENOSPC");

	atomic_fetch_add(&skipped_s, 50);
	make_failing(f, BLK_READ, "EIO");
	assert_int_equal(health_of(f->array, full), HEALTH_FAILING);
	assert_int_equal(health_of(f->array, bad), HEALTH_FAILING);
	atomic_fetch_add(&skipped_s, 11);
	assert_true(wait_health(f->array, full, HEALTH_OK));
	atomic_fetch_add(&skipped_s, 24 * 3600);
	make_failing(f, BLK_READ, "EIO");
	assert_int_equal(health_of(f->array, full), HEALTH_OK);
	assert_int_equal(health_of(f->array, bad), HEALTH_FAILING);
	/* it heals only for as long as there is space */
	make_failing(f, BLK_WRITE, "ENOSPC");
}

static void
test_a_store_that_hangs_is_shown_until_it_is_back(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev = device(f->array, lun);
	char block[512];

	array_lun_hangs(f->array, &lun, true);
	assert_true(wait_health(f->array, lun, HEALTH_FAILING));
	expect_trouble(f, lun, "does not come back");
	array_lun_hangs(f->array, &lun, false);
	assert_true(wait_health(f->array, lun, HEALTH_OK));
	/* other trouble is not forgotten for it */
	inject(f, "all", "read", "EIO");
	assert_int_equal(blk_rw(dev, BLK_READ, 0, block, sizeof(block)), -EIO);
	inject(f, "all", "read", NULL);
	assert_true(wait_health(f->array, lun, HEALTH_FAILING));
	array_lun_hangs(f->array, &lun, true);
	array_lun_hangs(f->array, &lun, false);
	expect_trouble(f, lun, "Input/output error");
	array_device_release(f->array, dev);
}

static void
test_single_read_error_does_not_fail_the_lun(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev = device(f->array, lun);
	char block[512];

	inject(f, "all", "read", "EIO");
	assert_int_equal(blk_rw(dev, BLK_READ, 0, block, sizeof(block)), -EIO);
	inject(f, "all", "read", NULL);
	assert_ok(blk_rw(dev, BLK_READ, 0, block, sizeof(block)));
	assert_true(wait_health(f->array, lun, HEALTH_FAILING));
	expect_trouble(f, lun, "read at 0: Input/output error");
	array_device_release(f->array, dev);
}

static void
test_offline_refuses_io_and_online_takes_it_back(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev = device(f->array, lun);
	char block[512];

	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_OFFLINE, NULL));
	assert_int_equal(blk_rw(dev, BLK_READ, 0, block, sizeof(block)), ERR_OFFLINE);
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL));
	assert_ok(blk_rw(dev, BLK_READ, 0, block, sizeof(block)));
	array_device_release(f->array, dev);
}

static void
test_offline_stays_over_a_restart(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	struct blk_dev *dev;
	char block[512];

	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_OFFLINE, NULL));
	fixture_reopen(f);
	dev = device(f->array, lun);
	assert_int_equal(blk_rw(dev, BLK_READ, 0, block, sizeof(block)), ERR_OFFLINE);
	array_device_release(f->array, dev);
}

static void
test_missing_pool_fails_its_luns_but_not_the_array(void **state)
{
	struct fixture *f = *state;
	char pool[96], away[104];
	struct array_answer answer;
	struct array_lun_spec spec = { .name = "p", .size_bytes = MIB };
	struct guid other = make_lun(f->array, "other");

	snprintf(pool, sizeof(pool), "%s/pool", f->dir);
	snprintf(away, sizeof(away), "%s.away", pool);
	assert_int_equal(mkdir(pool, 0700), 0);
	assert_ok(array_pool_create(f->array, NULL, "second", pool, &answer));
	spec.pool_id = answer.object_id;
	assert_ok(array_lun_create(f->array, NULL, &spec, &answer));
	fixture_close(f);
	assert_int_equal(rename(pool, away), 0);
	fixture_open(f);
	assert_true(wait_health(f->array, answer.object_id, HEALTH_FAILED));
	assert_true(wait_health(f->array, other, HEALTH_OK));
	assert_int_equal(array_lun_create(f->array, NULL, &spec, NULL), ERR_FAILED);
	assert_int_equal(rename(away, pool), 0);
	/* The verifier finds the pool again; the LUN waits to be asked for. */
	while (array_lun_set_status(f->array, NULL, &answer.object_id, STATUS_ONLINE, NULL) ==
	       ERR_FAILED)
		assert_ok(array_sync(f->array, &(struct position){ 0 }));
	assert_true(wait_health(f->array, answer.object_id, HEALTH_OK));
}

/* Descriptors of this process on LUN files. */
static size_t
open_luns(void)
{
	char link[64], to[256];
	size_t count = 0;

	for (int fd = 0; fd < 256; fd++) {
		ssize_t len;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, to, sizeof(to) - 1);
		if (len < 0)
			continue;
		to[len] = '\0';
		count += strstr(to, ".img") != NULL;
	}
	return count;
}

static bool
is_pool_deleted(struct array *array, const void *pool)
{
	return array_pool_delete(array, NULL, pool, NULL) == 0;
}

/* A try has failed. */
static bool
is_waiting(struct array *array, const void *arg)
{
	bool waits = false;

	(void)arg;
	pthread_mutex_lock(&array->dying_lock);
	list_for_each(node, &array->dying)
		waits = waits || list_entry(node, struct array_store, node)->reap_failed;
	pthread_mutex_unlock(&array->dying_lock);
	return waits;
}

static void
test_a_file_that_cannot_be_removed_is_tried_again(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .name = "vol1", .size_bytes = MIB };
	char pool[200], file[300], id[GUID_TEXT_SIZE];
	struct array_answer answer;
	struct guid lun, second;

	snprintf(pool, sizeof(pool), "%s/second", f->dir);
	assert_int_equal(mkdir(pool, 0700), 0);
	assert_ok(array_pool_create(f->array, NULL, "second", pool, &answer));
	second = spec.pool_id = answer.object_id;
	assert_ok(array_lun_create(f->array, NULL, &spec, &answer));
	lun = answer.object_id;
	snprintf(file, sizeof(file), "%s/%s.img", pool, guid_format(&lun, id));
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0700), 0); /* this cannot be unlinked */
	assert_ok(array_lun_delete(f->array, NULL, &lun, true, NULL));
	assert_true(wait_for(f->array, is_waiting, NULL));
	assert_int_equal(array_pool_delete(f->array, NULL, &second, NULL), ERR_BUSY);
	assert_int_equal(rmdir(file), 0);
	assert_true(wait_for(f->array, is_pool_deleted, &second));
}

static bool
is_pool_missing(struct array *array, const void *pool)
{
	return array_pool_ready(array, pool) == ERR_FAILED;
}

static void
test_the_file_of_a_lun_deleted_in_a_missing_pool_is_removed_later(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .name = "vol1", .size_bytes = MIB };
	char pool[200], away[200], file[300], id[GUID_TEXT_SIZE];
	struct array_answer answer;

	snprintf(pool, sizeof(pool), "%s/second", f->dir);
	snprintf(away, sizeof(away), "%s/away", f->dir);
	assert_int_equal(mkdir(pool, 0700), 0);
	assert_ok(array_pool_create(f->array, NULL, "second", pool, &answer));
	spec.pool_id = answer.object_id;
	assert_ok(array_lun_create(f->array, NULL, &spec, &answer));
	snprintf(file, sizeof(file), "%s/%s.img", pool, guid_format(&answer.object_id, id));
	assert_int_equal(rename(pool, away), 0);
	assert_int_equal(mkdir(pool, 0700), 0); /* where it was mounted */
	assert_true(wait_for(f->array, is_pool_missing, &spec.pool_id));
	assert_ok(array_lun_delete(f->array, NULL, &answer.object_id, true, NULL));
	assert_true(wait_for(f->array, is_waiting, NULL));
	assert_int_equal(rmdir(pool), 0);
	assert_int_equal(rename(away, pool), 0);
	assert_true(wait_file_gone(f->array, file));
}

static void
test_stores_that_nobody_uses_are_not_opened(void **state)
{
	struct fixture *f = *state;
	struct guid luns[10];
	struct blk_dev *dev;
	uint8_t buf[512];

	for (size_t i = 0; i < ARRAY_LEN(luns); i++)
		luns[i] = make_lun(f->array, NULL);
	fixture_reopen(f);
	for (size_t i = 0; i < ARRAY_LEN(luns); i++)
		assert_true(wait_health(f->array, luns[i], HEALTH_OK));
	dev = device(f->array, luns[0]);
	assert_int_equal(open_luns(), 0);
	assert_ok(blk_rw(dev, BLK_READ, 0, buf, sizeof(buf)));
	assert_int_equal(open_luns(), 1);
	array_device_release(f->array, dev);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_new_lun_is_well),
		WITH_ARRAY(test_stores_that_nobody_uses_are_not_opened),
		WITH_ARRAY(test_health_is_unknown_until_somebody_looked),
		WITH_ARRAY(test_deleted_file_fails_the_lun_with_a_reason),
		WITH_ARRAY(test_truncated_file_fails_the_lun),
		WITH_ARRAY(test_failure_stays_until_online),
		WITH_ARRAY(test_data_path_is_told_when_a_store_was_reopened),
		WITH_ARRAY(test_failed_flush_fails_the_lun),
		WITH_ARRAY(test_commands_that_fail_are_counted_and_shown),
		WITH_ARRAY(test_a_full_pool_heals_after_a_minute_and_a_bad_medium_does_not),
		WITH_ARRAY(test_a_store_that_hangs_is_shown_until_it_is_back),
		WITH_ARRAY(test_single_read_error_does_not_fail_the_lun),
		WITH_ARRAY(test_offline_refuses_io_and_online_takes_it_back),
		WITH_ARRAY(test_offline_stays_over_a_restart),
		WITH_ARRAY(test_missing_pool_fails_its_luns_but_not_the_array),
		WITH_ARRAY(test_a_file_that_cannot_be_removed_is_tried_again),
		WITH_ARRAY(test_the_file_of_a_lun_deleted_in_a_missing_pool_is_removed_later),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

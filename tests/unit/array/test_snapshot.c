/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of snapshots, clones and rollbacks.  The file system of the tests may not be able to share
 * space between files, so the file `clone-by-copy` in the directory of faults lets the pool copy;
 * everything else is as on XFS and btrfs, which tests/guest/snapshots.sh uses.
 */
#include "array_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "array/array_int.h"
#include "model/snapshot.h"

static int
setup(void **state)
{
	int rc = fixture_setup(state);

	if (rc == 0)
		fixture_let_clone(*state, true);
	return rc;
}

static int
teardown(void **state)
{
	fixture_let_clone(*state, false);
	return fixture_teardown(state);
}

static void
write_text(const struct fixture *f, struct guid volume, off_t at, const char *text)
{
	char path[256];
	int fd;

	lun_file(f, volume, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
	close(fd);
}

static void
assert_text(const struct fixture *f, struct guid volume, off_t at, const char *text)
{
	char path[256], bytes[64] = "";
	int fd;

	lun_file(f, volume, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, bytes, strlen(text), at), strlen(text));
	assert_string_equal(bytes, text);
	close(fd);
}

static struct guid
take(struct array *array, const char *name, struct guid lun)
{
	struct array_answer answer;

	assert_ok(array_snapshot_create(array, NULL, name, &lun, 1, &answer));
	return answer.object_id;
}

static struct guid
clone_of(struct array *array, const char *name, struct guid origin)
{
	struct array_lun_spec spec = { .name = name, .origin_id = origin };
	struct array_answer answer;

	assert_ok(array_lun_create(array, NULL, &spec, &answer));
	return answer.object_id;
}

static void
path_of(const struct fixture *f, struct guid volume, bool committed, char path[256])
{
	lun_file(f, volume, path);
	if (!committed)
		memcpy(path + strlen(path) - 4, ".new", 4);
}

static void
test_a_snapshot_keeps_what_its_lun_held(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), snapshot;

	write_text(f, lun, 4096, "first");
	snapshot = take(f->array, "before", lun);
	write_text(f, lun, 4096, "other");
	assert_text(f, snapshot, 4096, "first");
	fixture_reopen(f);
	AUTO_STATE struct state *now = array_state(f->array);
	const struct row_snapshot *row = state_find(now, ROW_SNAPSHOT, &snapshot);

	assert_non_null(row);
	assert_string_equal(row->name, "before");
	assert_string_equal(row->lun_name, "x");
	assert_true(guid_equal(&row->lun_id, &lun));
	assert_true(guid_is_zero(&row->group_id));
	assert_int_equal(row->size_bytes, MIB);
	assert_true(row->created_ms > 0);
	assert_true(snapshot_is_called(now, row, "before"));
	assert_true(snapshot_is_called(now, row, "x@before"));
	assert_false(snapshot_is_called(now, row, "y@before"));
	assert_text(f, snapshot, 4096, "first");
	assert_ok(array_check(f->array));
}

static void
test_a_group_is_taken_in_one_drain_and_deleted_as_one(void **state)
{
	struct fixture *f = *state;
	struct guid luns[] = { make_lun(f->array, "a"), make_lun(f->array, "b"),
			       make_lun(f->array, "c") };
	struct fake_runtime fake = { 0 };
	struct array_answer answer;
	char path[256];

	fake_register(&fake, f->array);
	assert_ok(array_snapshot_create(f->array, NULL, "s", luns, 3, &answer));
	assert_int_equal(fake.quiesced, 1);
	assert_int_equal(fake.mappings, 3);
	assert_int_equal(fake.resumed, 1);
	assert_int_equal(count_rows(f->array, ROW_SNAPSHOT), 3);
	AUTO_STATE struct state *now = array_state(f->array);
	const struct row_snapshot *first = snapshot_by_name(now, &luns[0], "s"),
				  *last = snapshot_by_name(now, &luns[2], "s");

	assert_true(guid_equal(&first->group_id, &answer.object_id));
	assert_true(guid_equal(&last->group_id, &answer.object_id));
	assert_int_equal(first->created_ms, last->created_ms);
	lun_file(f, last->id, path);
	assert_true(file_exists(path));
	assert_ok(array_snapshot_delete(f->array, NULL, &answer.object_id, NULL));
	assert_int_equal(count_rows(f->array, ROW_SNAPSHOT), 0);
	assert_true(wait_file_gone(f->array, path));
	fake_unregister(&fake);
}

static void
test_names_and_sets_that_make_no_sense_are_refused(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), unknown = random_guid(), none = { { 0 } };
	struct guid twice[] = { lun, lun }, mixed[] = { lun, unknown };
	struct guid snapshot = take(f->array, "s", lun), other = take(f->array, "t", lun);
	uint64_t before = sequence_of(f->array);
	struct array *a = f->array;

	assert_int_equal(array_snapshot_create(a, NULL, "s", &lun, 1, NULL), ERR_NAME_IN_USE);
	assert_int_equal(array_snapshot_create(a, NULL, "", &lun, 1, NULL), ERR_INVALID);
	assert_int_equal(array_snapshot_create(a, NULL, "a@b", &lun, 1, NULL), ERR_INVALID);
	assert_int_equal(array_snapshot_create(a, NULL, "u", NULL, 0, NULL), ERR_INVALID);
	assert_int_equal(array_snapshot_create(a, NULL, "u", twice, 2, NULL), ERR_INVALID);
	assert_int_equal(array_snapshot_create(a, NULL, "u", mixed, 2, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_snapshot_rename(a, NULL, &other, "s", NULL), ERR_NAME_IN_USE);
	assert_int_equal(array_snapshot_rename(a, NULL, &other, "a@b", NULL), ERR_INVALID);
	assert_int_equal(array_snapshot_rename(a, NULL, &unknown, "v", NULL), ERR_NOT_FOUND);
	assert_int_equal(array_snapshot_delete(a, NULL, &unknown, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_snapshot_delete(a, NULL, &none, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_snapshot_delete(a, NULL, &lun, NULL), ERR_NOT_FOUND);
	assert_int_equal(sequence_of(a), before);
	assert_ok(array_snapshot_rename(a, NULL, &snapshot, "s", NULL));
	assert_ok(array_snapshot_rename(a, NULL, &snapshot, "v", NULL));
	assert_ok(array_snapshot_rename(a, NULL, &other, "s", NULL));
	assert_ok(array_operation_begin(a, &lun, ASK_EXTEND, OPERATION_NONE, false)); /* not held */
}

/* The refusal names the reason, and leaves no file. */
static void
test_a_pool_that_cannot_share_space_refuses(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct array_lun_spec spec = { .name = "y", .origin_id = lun };
	struct array_answer answer;
	int rc;

	fixture_let_clone(f, false);
	rc = array_snapshot_create(f->array, NULL, "s", &lun, 1, &answer);
	if (rc == 0)
		skip(); /* this file system can */
	assert_int_equal(rc, ERR_NOT_SUPPORTED);
	assert_non_null(strstr(err_text(rc), "XFS"));
	assert_int_equal(array_lun_create(f->array, NULL, &spec, &answer), ERR_NOT_SUPPORTED);
	assert_int_equal(count_rows(f->array, ROW_LUN), 1);
	assert_int_equal(count_rows(f->array, ROW_SNAPSHOT), 0);
	fixture_let_clone(f, true);
	(void)take(f->array, "s", lun);
}

/* The second of two volumes fails: the first one goes, too. */
static void
test_a_group_that_fails_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct guid luns[] = { make_lun(f->array, "a"), make_lun(f->array, "b") };
	struct fake_runtime fake = { 0 };
	char id[GUID_TEXT_SIZE], command[256];

	fake_register(&fake, f->array);
	inject(f, guid_format(&luns[1], id), "clone", "EIO");
	assert_int_equal(array_snapshot_create(f->array, NULL, "s", luns, 2, NULL), -EIO);
	inject(f, id, "clone", NULL);
	assert_int_equal(fake.quiesced, fake.resumed);
	fake.quiesce_result = ERR_TIMEOUT;
	assert_int_equal(array_snapshot_create(f->array, NULL, "s", luns, 2, NULL), ERR_BUSY);
	fake.quiesce_result = 0;
	snprintf(command, sizeof(command), "! ls %s/luns/*.new 2>/dev/null", f->array_dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(count_rows(f->array, ROW_SNAPSHOT), 0);
	assert_ok(array_snapshot_create(f->array, NULL, "s", luns, 2, NULL));
	fake_unregister(&fake);
}

static void
test_a_snapshot_outlives_its_lun_and_holds_its_pool(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), snapshot, pool, again;
	struct array_answer answer;

	write_text(f, lun, 0, "data");
	snapshot = take(f->array, "s", lun);
	AUTO_STATE struct state *now = array_state(f->array);

	pool = ((const struct row_pool *)state_at(now, ROW_POOL, 0))->id;
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, &answer));
	assert_int_equal(array_pool_delete(f->array, NULL, &pool, NULL), ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "x@s"));
	fixture_reopen(f);
	again = clone_of(f->array, "back", snapshot);
	assert_text(f, again, 0, "data");
	assert_ok(array_check(f->array));
}

static void
test_a_clone_is_a_lun_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), clone, second, snapshot;
	struct array_lun_spec spec = { .name = "x", .origin_id = lun };

	write_text(f, lun, 0, "one");
	clone = clone_of(f->array, "y", lun);
	snapshot = take(f->array, "s", lun);
	write_text(f, lun, 0, "two");
	write_text(f, clone, 0, "six");
	second = clone_of(f->array, "", snapshot);
	assert_text(f, lun, 0, "two");
	assert_text(f, clone, 0, "six");
	assert_text(f, second, 0, "one");
	AUTO_STATE struct state *now = array_state(f->array);
	const struct row_lun *a = state_find(now, ROW_LUN, &lun),
			     *b = state_find(now, ROW_LUN, &clone);

	assert_string_not_equal(a->serial, b->serial);
	assert_string_not_equal(a->naa, b->naa);
	assert_int_not_equal(a->number, b->number);
	assert_int_equal(b->size_bytes, MIB);
	assert_string_equal(b->mask, "");
	assert_int_equal(array_lun_create(f->array, NULL, &spec, NULL), ERR_NAME_IN_USE);
	spec.origin_id = random_guid();
	assert_int_equal(array_lun_create(f->array, NULL, &spec, NULL), ERR_NOT_FOUND);
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
}

static void
test_a_rollback_gives_the_data_back(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), snapshot;
	struct fake_runtime fake = { 0 };
	struct blk_dev *dev = NULL;
	static char bytes[4096];

	write_text(f, lun, 0, "then");
	snapshot = take(f->array, "s", lun);
	assert_ok(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL));
	fake_register(&fake, f->array);
	assert_ok(array_lun_device(f->array, &lun, &dev));
	memset(bytes, 'n', sizeof(bytes));
	assert_ok(blk_rw(dev, BLK_WRITE, 0, bytes, sizeof(bytes)));
	assert_ok(blk_rw(dev, BLK_WRITE, MIB, bytes, sizeof(bytes)));
	assert_ok(array_lun_rollback(f->array, NULL, &lun, &snapshot, false, NULL));
	assert_int_equal(fake.quiesced, 1);
	assert_int_equal(fake.resumed, 1);
	assert_int_equal(fake.replaced, 1);
	/* the data path goes on with its device, and finds the other data there */
	assert_ok(blk_rw(dev, BLK_READ, 0, bytes, sizeof(bytes)));
	assert_string_equal(bytes, "then");
	assert_ok(blk_rw(dev, BLK_READ, MIB, bytes, sizeof(bytes)));
	assert_int_equal(bytes[0], 0);
	array_device_release(f->array, dev);
	write_text(f, lun, 0, "late");
	assert_text(f, snapshot, 0, "then");
	assert_ok(array_check(f->array));
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
	fake_unregister(&fake);
}

static char cannot_sync[256]; /* the file that fsync fails for; "" = none */

int
fsync(int fd)
{
	char link[64], path[256] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) > 0 && cannot_sync[0] != '\0' &&
	    strcmp(path, cannot_sync) == 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

/* Else a SANITIZE would go on in the middle, and initiators would use what they remember. */
static void
test_the_data_path_learns_of_a_rollback_that_fails_late(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), snapshot;
	struct fake_runtime fake = { 0 };

	write_text(f, lun, 0, "then");
	snapshot = take(f->array, "s", lun);
	write_text(f, lun, 0, "late");
	fake_register(&fake, f->array);
	lun_file(f, lun, cannot_sync);
	assert_int_equal(array_lun_rollback(f->array, NULL, &lun, &snapshot, false, NULL), -EIO);
	cannot_sync[0] = '\0';
	assert_text(f, lun, 0, "then");
	assert_int_equal(fake.replaced, 1);
	fake_unregister(&fake);
}

static void
test_a_rollback_that_would_hurt_is_refused(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), other = make_lun(f->array, "y");
	struct guid target = make_target(f->array, "t"), unknown = random_guid(), session;
	struct guid snapshot = take(f->array, "s", lun);
	struct array *a = f->array;

	write_text(f, lun, 0, "now");
	assert_int_equal(array_lun_rollback(a, NULL, &other, &snapshot, true, NULL), ERR_INVALID);
	assert_int_equal(array_lun_rollback(a, NULL, &lun, &unknown, true, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_lun_rollback(a, NULL, &unknown, &snapshot, true, NULL),
			 ERR_NOT_FOUND);
	assert_ok(associate(a, lun, 1, target));
	assert_ok(array_lun_set_mask(a, NULL, &lun, "*", NULL));
	session = fake_session(a, target);
	assert_int_equal(array_lun_rollback(a, NULL, &lun, &snapshot, false, NULL), ERR_IN_USE);
	assert_non_null(strstr(err_text(ERR_IN_USE), "1 session "));
	assert_text(f, lun, 0, "now");
	assert_ok(array_lun_rollback(a, NULL, &lun, &snapshot, true, NULL));
	array_live_delete(a, ROW_LIVE_SESSION, &session);
	assert_ok(array_lun_shrink(a, NULL, &lun, 4096, 0, false, NULL));
	assert_int_equal(array_lun_rollback(a, NULL, &lun, &snapshot, false, NULL), ERR_INVALID);
	assert_non_null(strstr(err_text(ERR_INVALID), "extend"));
	assert_ok(array_check(a));
}

static void
test_an_offline_lun_stays_offline_when_it_is_rolled_back(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), snapshot = take(f->array, "s", lun);
	struct blk_dev *dev = NULL;
	char bytes[512];

	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_OFFLINE, NULL));
	assert_ok(array_lun_rollback(f->array, NULL, &lun, &snapshot, false, NULL));
	assert_int_equal(blk_rw(dev, BLK_READ, 0, bytes, sizeof(bytes)), ERR_OFFLINE);
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL));
	assert_ok(blk_rw(dev, BLK_READ, 0, bytes, sizeof(bytes)));
	array_device_release(f->array, dev);
}

/*
 * What a crash leaves at each step: the volume of a snapshot without a row, that of a snapshot
 * whose rename was lost, and the clone of a rollback that had not taken its place.
 */
static void
test_start_sweeps_what_a_crash_left(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), snapshot, orphan = random_guid();
	char image[256], fresh[256], beside[256], left[256];

	write_text(f, lun, 0, "lun");
	snapshot = take(f->array, "s", lun);
	path_of(f, snapshot, true, image);
	path_of(f, snapshot, false, fresh);
	path_of(f, lun, false, beside);
	path_of(f, orphan, false, left);
	fixture_close(f);
	assert_int_equal(rename(image, fresh), 0);
	close(open(left, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	close(open(beside, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	fixture_open(f);
	assert_true(file_exists(image));
	assert_false(file_exists(fresh));
	assert_false(file_exists(beside));
	assert_false(file_exists(left));
	assert_text(f, lun, 0, "lun");
	assert_ok(array_check(f->array));
}

static void
test_a_missing_volume_of_a_snapshot_is_found(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), snapshot = take(f->array, "s", lun);
	char image[256], away[256];

	path_of(f, snapshot, true, image);
	snprintf(away, sizeof(away), "%s/away", f->dir);
	assert_int_equal(rename(image, away), 0);
	assert_int_equal(array_check(f->array), ERR_CORRUPT);
	assert_non_null(strstr(err_text(ERR_CORRUPT), "snapshot s of LUN x"));
	assert_int_equal(rename(away, image), 0);
}

static uint64_t
in_snapshots(struct array *array)
{
	AUTO_STATE struct state *live = array_live(array);

	return ((const struct row_live_pool *)state_at(live, ROW_LIVE_POOL, 0))->snapshot_bytes;
}

/* A file system that shares nothing: all that a copy takes is its own. */
static void
test_the_space_of_snapshots_is_measured(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), first, second;
	const struct row_live_snapshot *row;

	first = take(f->array, "empty", lun);
	write_text(f, lun, 0, "data");
	second = take(f->array, "s", lun);
	array_verify_stop(f->array); /* the test's thread in its place */
	array_snapshot_measure(f->array);
	array_snapshot_measure(f->array);
	{
		AUTO_STATE struct state *live = array_live(f->array);

		row = state_find(live, ROW_LIVE_SNAPSHOT, &first);
		assert_non_null(row);
		assert_int_equal(row->used_bytes, 0);
		row = state_find(live, ROW_LIVE_SNAPSHOT, &second);
		assert_non_null(row);
		assert_true(row->used_bytes >= 4 && row->used_bytes < MIB);
		assert_int_equal(row->own_bytes, row->used_bytes);
		assert_int_equal(in_snapshots(f->array), row->own_bytes);
	}
	assert_ok(array_snapshot_delete(f->array, NULL, &second, NULL));
	array_snapshot_measure(f->array);
	assert_int_equal(in_snapshots(f->array), 0);
	AUTO_STATE struct state *live = array_live(f->array);

	assert_null(state_find(live, ROW_LIVE_SNAPSHOT, &second));
	assert_non_null(state_find(live, ROW_LIVE_SNAPSHOT, &first));
}

/* ---- full copies ---- */

static struct array_answer
copy_of(struct array *array, const char *name, struct guid origin)
{
	struct array_lun_spec spec = { .name = name, .origin_id = origin, .copy = true };
	struct array_answer answer = { 0 };

	assert_ok(array_lun_create(array, NULL, &spec, &answer));
	assert_false(guid_is_zero(&answer.job_id));
	return answer;
}

static void
set_online(struct array *array, struct guid lun, bool online)
{
	assert_ok(array_lun_set_status(array, NULL, &lun, online ? STATUS_ONLINE : STATUS_OFFLINE,
				       NULL));
}

static void
test_a_full_copy_of_a_lun_that_is_offline(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct array_answer copy;

	fixture_let_clone(f, false);
	write_text(f, lun, 4096, "first");
	write_text(f, lun, MIB - 5, "last!");
	set_online(f->array, lun, false);
	inject(f, "all", "copy", "hold");
	copy = copy_of(f->array, "c", lun);
	/* while it lasts, neither of the two can be used */
	assert_int_equal(array_lun_set_status(f->array, NULL, &lun, STATUS_ONLINE, NULL), ERR_BUSY);
	assert_int_equal(array_lun_delete(f->array, NULL, &lun, true, NULL), ERR_BUSY);
	assert_int_equal(array_lun_delete(f->array, NULL, &copy.object_id, true, NULL), ERR_BUSY);
	inject(f, "all", "copy", NULL);
	assert_true(wait_job(f->array, copy.job_id, JOB_DONE));
	set_online(f->array, lun, true);
	write_text(f, lun, 4096, "other");
	assert_text(f, copy.object_id, 4096, "first");
	assert_text(f, copy.object_id, MIB - 5, "last!");
	assert_true(wait_operation(f->array, copy.object_id, OPERATION_NONE));
	assert_ok(array_check(f->array));
}

/* The tracking layer lies over the LUN's device. */
static bool
is_tracked(struct array *array, const void *lun_id)
{
	struct blk_dev *dev = array_lun_device_now(array, lun_id);
	bool found = dev != NULL && dev->below != NULL && dev->below->below != NULL;

	if (dev != NULL)
		array_device_release(array, dev);
	return found;
}

static void
put_text(struct array *array, struct guid lun, uint64_t at, const char *text)
{
	static uint8_t block[512];
	struct blk_dev *dev = array_lun_device_now(array, &lun);

	memset(block, 0, sizeof(block));
	memcpy(block, text, strlen(text));
	assert_non_null(dev);
	assert_int_equal(blk_rw(dev, BLK_WRITE, at, block, sizeof(block)), 0);
	array_device_release(array, dev);
}

static bool
is_drained_again(struct array *array, const void *fake)
{
	(void)array;
	return atomic_load(&((const struct fake_runtime *)fake)->quiesced) == 2;
}

static void
test_a_full_copy_of_a_lun_in_use_is_of_the_moment_of_its_end(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct array_answer copy;
	struct fake_runtime fake;
	struct blk_dev *dev;

	fixture_let_clone(f, false);
	assert_ok(array_lun_device(f->array, &lun, &dev));
	array_device_release(f->array, dev);
	put_text(f->array, lun, 4096, "first");
	put_text(f->array, lun, 8192, "first");
	fake_register(&fake, f->array);
	inject(f, "all", "copy", "hold");
	inject(f, "all", "copy-end", "hold");
	copy = copy_of(f->array, "c", lun);
	assert_true(wait_for(f->array, is_tracked, &lun));
	put_text(f->array, lun, 8192, "while");
	put_text(f->array, lun, 512 << 10, "while");
	inject(f, "all", "copy", NULL);
	assert_true(wait_for(f->array, is_drained_again, &fake));
	inject(f, "all", "copy-end", NULL);
	assert_true(wait_job(f->array, copy.job_id, JOB_DONE));
	assert_false(is_tracked(f->array, &lun));
	put_text(f->array, lun, 4096, "after");
	assert_text(f, copy.object_id, 4096, "first");
	assert_text(f, copy.object_id, 8192, "while");
	assert_text(f, copy.object_id, 512 << 10, "while");
	assert_int_equal(atomic_load(&fake.quiesced), 2);
	assert_int_equal(atomic_load(&fake.resumed), 2);
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
	fake_unregister(&fake);
	assert_ok(array_check(f->array));
}

static void
test_a_lun_that_has_failed_is_not_copied(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct array_lun_spec spec = { .name = "c", .origin_id = lun, .copy = true };
	struct array_store *store = array_unit_store(f->array, &lun);

	array_store_fail(store, -EIO, "a test");
	array_store_unref(store);
	assert_int_equal(array_lun_create(f->array, NULL, &spec, NULL), ERR_FAILED);
	assert_int_equal(count_rows(f->array, ROW_LUN), 1);
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
}

static void
test_a_full_copy_of_a_snapshot_needs_nobody(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), snapshot;
	struct array_answer copy;

	write_text(f, lun, 4096, "first");
	snapshot = take(f->array, "s", lun);
	write_text(f, lun, 4096, "other");
	copy = copy_of(f->array, "c", snapshot);
	assert_true(wait_job(f->array, copy.job_id, JOB_DONE));
	assert_text(f, copy.object_id, 4096, "first");
}

/* Ends a copy badly; nothing is left of it, and its origin is free. */
static void
copy_ends_badly(struct fixture *f, bool online, const char *fault, enum job_state end)
{
	struct guid lun = make_lun(f->array, "x");
	struct array_answer copy;
	char path[256];

	set_online(f->array, lun, online);
	inject(f, "all", "copy", fault);
	copy = copy_of(f->array, "c", lun);
	lun_file(f, copy.object_id, path);
	assert_true(end == JOB_FAILED || file_exists(path));
	if (end == JOB_CANCELLED)
		assert_ok(array_job_cancel(f->array, NULL, &copy.job_id, NULL));
	assert_true(wait_job(f->array, copy.job_id, end));
	inject(f, "all", "copy", NULL);
	assert_int_equal(count_rows(f->array, ROW_LUN), 1);
	assert_true(wait_file_gone(f->array, path));
	assert_false(is_tracked(f->array, &lun));
	set_online(f->array, lun, true);
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
}

static void
test_a_full_copy_that_ends_badly_leaves_nothing(void **state)
{
	for (int online = 0; online < 2; online++) {
		copy_ends_badly(*state, online, "hold", JOB_CANCELLED);
		copy_ends_badly(*state, online, "EIO", JOB_FAILED);
		copy_ends_badly(*state, online, "ENOSPC", JOB_FAILED);
	}
}

static bool
is_parked(struct array *array, const void *id)
{
	return job_phase(array, id) == JOB_PAUSED;
}

/* Begins a copy of an offline LUN and pauses it. */
static struct array_answer
paused_copy_of(struct fixture *f, struct guid lun)
{
	struct array_answer copy;

	set_online(f->array, lun, false);
	inject(f, "all", "copy", "hold");
	copy = copy_of(f->array, "c", lun);
	assert_ok(array_job_pause(f->array, NULL, &copy.job_id, NULL));
	assert_true(wait_for(f->array, is_parked, &copy.job_id));
	inject(f, "all", "copy", NULL);
	return copy;
}

static void
test_a_full_copy_goes_on_after_a_pause(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct array_answer copy;

	write_text(f, lun, 4096, "first");
	write_text(f, lun, MIB - 5, "last!");
	copy = paused_copy_of(f, lun);
	assert_int_equal(array_lun_delete(f->array, NULL, &lun, true, NULL), ERR_BUSY);
	assert_ok(array_job_resume(f->array, NULL, &copy.job_id, NULL));
	assert_true(wait_job(f->array, copy.job_id, JOB_DONE));
	assert_text(f, copy.object_id, 4096, "first");
	assert_text(f, copy.object_id, MIB - 5, "last!");
	set_online(f->array, lun, true);
}

/* Pauses in the copy, and when the paths are drained at its end: neither is the copy's moment. */
static void
test_a_paused_copy_of_a_lun_in_use_is_of_the_moment_of_its_end(void **state)
{
	static const char *const steps[] = { "copy", "copy-end" };
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct array_answer copy;
	struct fake_runtime fake;
	struct blk_dev *dev;

	assert_ok(array_lun_device(f->array, &lun, &dev));
	array_device_release(f->array, dev);
	put_text(f->array, lun, 4096, "first");
	fake_register(&fake, f->array);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		inject(f, "all", steps[i], "hold");
	copy = copy_of(f->array, "c", lun);
	assert_true(wait_for(f->array, is_tracked, &lun));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		assert_ok(array_job_pause(f->array, NULL, &copy.job_id, NULL));
		assert_true(wait_for(f->array, is_parked, &copy.job_id));
		inject(f, "all", steps[i], NULL);
		assert_int_equal(atomic_load(&fake.quiesced), atomic_load(&fake.resumed));
		assert_true(is_tracked(f->array, &lun));
		put_text(f->array, lun, 8192, steps[i]);
		assert_ok(array_job_resume(f->array, NULL, &copy.job_id, NULL));
		if (i == 0)
			assert_true(wait_for(f->array, is_drained_again, &fake));
	}
	assert_true(wait_job(f->array, copy.job_id, JOB_DONE));
	assert_false(is_tracked(f->array, &lun));
	put_text(f->array, lun, 4096, "after");
	assert_text(f, copy.object_id, 4096, "first");
	assert_text(f, copy.object_id, 8192, "copy-end");
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
	fake_unregister(&fake);
	assert_ok(array_check(f->array));
}

static void
test_a_paused_copy_is_cancelled(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct array_answer copy;

	inject(f, "all", "copy", "hold");
	copy = copy_of(f->array, "c", lun);
	assert_true(wait_for(f->array, is_tracked, &lun));
	assert_ok(array_job_pause(f->array, NULL, &copy.job_id, NULL));
	assert_true(wait_for(f->array, is_parked, &copy.job_id));
	inject(f, "all", "copy", NULL);
	assert_ok(array_job_cancel(f->array, NULL, &copy.job_id, NULL));
	assert_true(wait_job(f->array, copy.job_id, JOB_CANCELLED));
	assert_false(is_tracked(f->array, &lun));
	assert_int_equal(count_rows(f->array, ROW_LUN), 1);
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
}

/* It cannot go on, so it does not wait for that either. */
static void
test_a_full_copy_that_is_paused_does_not_survive_a_restart(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct array_answer copy = paused_copy_of(f, lun);

	fixture_reopen(f);
	assert_true(wait_job(f->array, copy.job_id, JOB_FAILED));
	assert_int_equal(count_rows(f->array, ROW_LUN), 1);
	set_online(f->array, lun, true);
}

static void
test_a_full_copy_does_not_survive_a_restart(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct array_answer copy;
	char path[256];

	set_online(f->array, lun, false);
	inject(f, "all", "copy", "hold");
	copy = copy_of(f->array, "c", lun);
	lun_file(f, copy.object_id, path);
	fixture_reopen(f);
	assert_true(wait_job(f->array, copy.job_id, JOB_FAILED));
	inject(f, "all", "copy", NULL);
	assert_int_equal(count_rows(f->array, ROW_LUN), 1);
	assert_true(wait_file_gone(f->array, path));
	set_online(f->array, lun, true);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_a_snapshot_keeps_what_its_lun_held),
		WITH_ARRAY(test_a_group_is_taken_in_one_drain_and_deleted_as_one),
		WITH_ARRAY(test_names_and_sets_that_make_no_sense_are_refused),
		WITH_ARRAY(test_a_pool_that_cannot_share_space_refuses),
		WITH_ARRAY(test_a_group_that_fails_leaves_nothing),
		WITH_ARRAY(test_a_snapshot_outlives_its_lun_and_holds_its_pool),
		WITH_ARRAY(test_a_clone_is_a_lun_of_its_own),
		WITH_ARRAY(test_a_rollback_gives_the_data_back),
		WITH_ARRAY(test_the_data_path_learns_of_a_rollback_that_fails_late),
		WITH_ARRAY(test_a_rollback_that_would_hurt_is_refused),
		WITH_ARRAY(test_an_offline_lun_stays_offline_when_it_is_rolled_back),
		WITH_ARRAY(test_start_sweeps_what_a_crash_left),
		WITH_ARRAY(test_a_missing_volume_of_a_snapshot_is_found),
		WITH_ARRAY(test_the_space_of_snapshots_is_measured),
		WITH_ARRAY(test_a_full_copy_of_a_lun_that_is_offline),
		WITH_ARRAY(test_a_full_copy_of_a_lun_in_use_is_of_the_moment_of_its_end),
		WITH_ARRAY(test_a_lun_that_has_failed_is_not_copied),
		WITH_ARRAY(test_a_full_copy_of_a_snapshot_needs_nobody),
		WITH_ARRAY(test_a_full_copy_that_ends_badly_leaves_nothing),
		WITH_ARRAY(test_a_paused_copy_of_a_lun_in_use_is_of_the_moment_of_its_end),
		WITH_ARRAY(test_a_paused_copy_is_cancelled),
		WITH_ARRAY(test_a_full_copy_goes_on_after_a_pause),
		WITH_ARRAY(test_a_full_copy_that_is_paused_does_not_survive_a_restart),
		WITH_ARRAY(test_a_full_copy_does_not_survive_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

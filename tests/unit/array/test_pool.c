/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of pools: their directories, their markers and their space; and of the row of the array
 * itself.
 */
#include "array/array_int.h"
#include "array_test.h"
#include "base/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char *
make_dir(const struct fixture *f, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", f->dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	return path;
}

static struct guid
make_pool(struct array *a, const char *name, const char *path)
{
	struct array_answer answer;

	assert_ok(array_pool_create(a, NULL, name, path, &answer));
	return answer.object_id;
}

static void
test_pool_has_a_marker_that_is_locked(void **state)
{
	struct fixture *f = *state;
	char path[128], marker[160], other_dir[128];
	struct array_options options = { .dir = other_dir };
	struct array *other = NULL;

	make_pool(f->array, "p", make_dir(f, "p", path));
	snprintf(marker, sizeof(marker), "%s/.vds-pool", path);
	assert_true(file_exists(marker));
	snprintf(other_dir, sizeof(other_dir), "%s/other", f->dir);
	assert_ok(array_open(&options, &other));
	assert_int_equal(array_pool_create(other, NULL, "stolen", path, NULL), ERR_LOCKED);
	fixture_close(f);
	assert_int_equal(array_pool_create(other, NULL, "stolen", path, NULL), ERR_IN_USE);
	array_close(other);
	fixture_open(f);
}

static void
test_bad_paths(void **state)
{
	struct fixture *f = *state;
	char path[128];

	assert_int_equal(array_pool_create(f->array, NULL, "p", "relative", NULL), ERR_INVALID);
	assert_int_equal(array_pool_create(f->array, NULL, "p", "/nowhere/at/all", NULL),
			 ERR_INVALID);
	assert_int_equal(array_pool_create(f->array, NULL, "", make_dir(f, "p", path), NULL),
			 ERR_INVALID);
	make_pool(f->array, "p", path);
	assert_int_equal(array_pool_create(f->array, NULL, "q", path, NULL), ERR_IN_USE);
}

static void
test_failed_create_takes_its_marker_away(void **state)
{
	struct fixture *f = *state;
	char path[128], marker[160];

	assert_int_equal(array_pool_create(f->array, NULL, "default", make_dir(f, "p", path), NULL),
			 ERR_NAME_IN_USE);
	snprintf(marker, sizeof(marker), "%s/.vds-pool", path);
	assert_false(file_exists(marker));
	make_pool(f->array, "p", path);
}

static void
test_rename(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct guid pool = make_pool(f->array, "p", make_dir(f, "p", path)),
		    unknown = random_guid();

	assert_ok(array_pool_rename(f->array, NULL, &pool, "q", NULL));
	assert_int_equal(array_pool_rename(f->array, NULL, &pool, "default", NULL),
			 ERR_NAME_IN_USE);
	assert_int_equal(array_pool_rename(f->array, NULL, &unknown, "x", NULL), ERR_NOT_FOUND);
}

static bool
pool_can_go(struct array *array, const void *arg)
{
	int rc = array_pool_delete(array, NULL, arg, NULL);

	assert_true(rc == 0 || rc == ERR_BUSY);
	return rc == 0;
}

static void
test_pool_with_luns_is_not_deleted(void **state)
{
	struct fixture *f = *state;
	char path[128], marker[160];
	struct guid pool = make_pool(f->array, "p", make_dir(f, "p", path));
	struct array_lun_spec spec = { .name = "l", .pool_id = pool, .size_bytes = MIB };
	struct array_answer answer;

	assert_ok(array_lun_create(f->array, NULL, &spec, &answer));
	assert_int_equal(array_pool_delete(f->array, NULL, &pool, NULL), ERR_IN_USE);
	assert_ok(array_lun_delete(f->array, NULL, &answer.object_id, true, NULL));
	assert_true(wait_for(f->array, pool_can_go, &pool));
	snprintf(marker, sizeof(marker), "%s/.vds-pool", path);
	assert_false(file_exists(marker));
	assert_int_equal(rmdir(path), 0);
}

static void
test_array_directory_is_no_pool(void **state)
{
	struct fixture *f = *state;
	char path[128];

	assert_int_equal(array_pool_create(f->array, NULL, "p", f->array_dir, NULL), ERR_IN_USE);
	snprintf(path, sizeof(path), "%s/../array/.", f->array_dir);
	assert_int_equal(array_pool_create(f->array, NULL, "p", path, NULL), ERR_IN_USE);
	snprintf(path, sizeof(path), "%s/.vds-pool", f->array_dir);
	assert_false(file_exists(path));
}

static void
test_directory_that_everybody_may_write_to_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[128], marker[160];

	make_dir(f, "p", path);
	assert_int_equal(chmod(path, 01777), 0);
	assert_int_equal(array_pool_create(f->array, NULL, "p", path, NULL), ERR_ACCESS);
	assert_non_null(strstr(err_text(ERR_ACCESS), "chmod o-w"));
	snprintf(marker, sizeof(marker), "%s/.vds-pool", path);
	assert_false(file_exists(marker));
	assert_int_equal(chmod(path, 0755), 0);
	make_pool(f->array, "p", path);
}

static void
test_directory_that_a_foreign_group_may_write_to_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[128], marker[160];

	make_dir(f, "p", path);
	assert_int_equal(chmod(path, 0770), 0);
	if (chown(path, (uid_t)-1, 4242) < 0) {
		print_message("# skipped: only root may give a directory to another group\n");
		return;
	}
	assert_int_equal(array_pool_create(f->array, NULL, "p", path, NULL), ERR_ACCESS);
	assert_non_null(strstr(err_text(ERR_ACCESS), "chmod g-w"));
	snprintf(marker, sizeof(marker), "%s/.vds-pool", path);
	assert_false(file_exists(marker));
	/* vdsd's own group may write; and an existing pool goes on whatever becomes of its mode */
	assert_int_equal(chown(path, (uid_t)-1, getegid()), 0);
	make_pool(f->array, "p", path);
	assert_int_equal(chown(path, (uid_t)-1, 4242), 0);
	assert_int_equal(chmod(path, 0777), 0);
	fixture_reopen(f);
	assert_ok(array_check(f->array));
}

static bool
is_ready(struct array *array, const void *pool)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_pool *row = state_find(live, ROW_LIVE_POOL, pool);

	return row != NULL && row->ready;
}

static bool
is_not_ready(struct array *array, const void *pool)
{
	return !is_ready(array, pool);
}

static void
test_pool_that_becomes_ready_late_is_swept(void **state)
{
	struct fixture *f = *state;
	char path[128], away[160], command[400], left[200];
	struct guid pool, unknown = random_guid();
	char id[GUID_TEXT_SIZE];

	f->options.verify_interval_ms = 10;
	fixture_reopen(f);
	pool = make_pool(f->array, "p", make_dir(f, "p", path));
	fixture_close(f);
	snprintf(left, sizeof(left), "%s/%s.new", path, guid_format(&unknown, id));
	snprintf(command, sizeof(command), "touch %s", left);
	assert_int_equal(system(command), 0);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	fixture_open(f);
	assert_true(is_not_ready(f->array, &pool));
	assert_int_equal(rename(away, path), 0);
	assert_true(wait_for(f->array, is_ready, &pool));
	assert_true(wait_file_gone(f->array, left));
}

static void
test_marker_that_is_removed_is_noticed(void **state)
{
	struct fixture *f = *state;
	char marker[160], saved[168];
	struct guid pool;
	AUTO_STATE struct state *now = array_state(f->array);

	pool = ((const struct row_pool *)state_at(now, ROW_POOL, 0))->id;
	f->options.verify_interval_ms = 1000 * 1000; /* the check looks for itself */
	fixture_reopen(f);
	snprintf(marker, sizeof(marker), "%s/luns/.vds-pool", f->array_dir);
	snprintf(saved, sizeof(saved), "%s.saved", marker);
	assert_int_equal(rename(marker, saved), 0);
	assert_int_equal(array_check(f->array), ERR_CORRUPT);
	assert_non_null(strstr(err_text(ERR_CORRUPT), ".vds-pool"));
	assert_true(is_not_ready(f->array, &pool));
	assert_int_equal(rename(saved, marker), 0);
	assert_ok(array_check(f->array));
	assert_true(is_ready(f->array, &pool));
}

static void
test_driver_tables_are_complete(void **state)
{
	static const struct array_pool_driver *const drivers[] = { &array_pool_dir, &array_pool_ram,
								   &array_pool_bdev,
								   &array_pool_raw };
	const size_t flag = offsetof(struct array_pool_driver, is_volatile) / sizeof(void *);
	const size_t clone = offsetof(struct array_pool_driver, volume_clone) / sizeof(void *);
	const size_t adopt = offsetof(struct array_pool_driver, volume_adopt) / sizeof(void *);
	const size_t settle = offsetof(struct array_pool_driver, volume_settle) / sizeof(void *);
	const size_t grow = offsetof(struct array_pool_driver, grow) / sizeof(void *);
	const size_t watch = offsetof(struct array_pool_driver, watch_fd) / sizeof(void *);
	const size_t unit = offsetof(struct array_pool_driver, whole_unit_bytes) / sizeof(void *);

	(void)state;
	for (size_t d = 0; d < ARRAY_LEN(drivers); d++) {
		const void *const *slots = (const void *const *)(const void *)drivers[d];

		for (size_t i = 0; i < sizeof(*drivers[d]) / sizeof(slots[0]); i++)
			if (i >= clone && i <= settle) /* all of them or none */
				assert_int_equal(slots[i] != NULL, slots[clone] != NULL);
			else if (i == watch || i == watch + 1) /* other programs reach only files */
				assert_int_equal(slots[i] != NULL, d == 0);
			else if (i == grow) /* directories grow by themselves */
				assert_int_equal(slots[i] != NULL, drivers[d] == &array_pool_bdev);
			else if ((i < flag || i > unit) &&
				 i != adopt) /* only files can be adopted */
				assert_non_null(slots[i]);
	}
	assert_ptr_equal(array_pool_driver_find("ram:2G"), &array_pool_ram);
	assert_ptr_equal(array_pool_driver_find("/some/where"), &array_pool_dir);
	assert_ptr_equal(array_pool_driver_find("bdev:/dev/sdb"), &array_pool_bdev);
	assert_null(array_pool_driver_find("bdev:sdb"));
	assert_string_equal(array_pool_driver_find("rbd:images")->kind, "rbd");
	assert_null(array_pool_driver_find("rbd:"));
	assert_null(array_pool_driver_find("rados:images"));
}

static void
test_space_is_shown(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	AUTO_STATE struct state *live = array_live(a);
	const struct row_live_pool *pool = state_at(live, ROW_LIVE_POOL, 0);

	assert_non_null(pool);
	assert_true(pool->ready);
	assert_true(pool->capacity_bytes >= pool->free_bytes && pool->free_bytes > 0);
}

static bool
takes(struct array *array, const void *arg)
{
	const struct guid *lun = arg;
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_lun *row = state_find(live, ROW_LIVE_LUN, lun);
	const struct row_live_pool *pool = state_at(live, ROW_LIVE_POOL, 0);

	return row != NULL && row->allocated_bytes >= MIB &&
	       pool->allocated_bytes == row->allocated_bytes;
}

static bool
takes_nothing(struct array *array, const void *arg)
{
	AUTO_STATE struct state *live = array_live(array);

	(void)arg;
	return ((const struct row_live_pool *)state_at(live, ROW_LIVE_POOL, 0))->allocated_bytes ==
	       0;
}

static void
test_space_that_luns_take_is_shown(void **state)
{
	struct fixture *f = *state;
	static uint8_t data[MIB];
	struct blk_dev *dev = NULL;
	struct guid lun;

	f->options.verify_interval_ms = 10;
	fixture_reopen(f);
	lun = make_lun(f->array, "l");
	assert_true(takes_nothing(f->array, NULL));
	assert_ok(array_lun_device(f->array, &lun, &dev));
	memset(data, 1, sizeof(data));
	assert_ok(blk_rw(dev, BLK_WRITE, 0, data, sizeof(data)));
	array_device_release(f->array, dev);
	assert_true(wait_for(f->array, takes, &lun));
	fixture_reopen(f);
	assert_true(wait_for(f->array, takes, &lun));
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
	assert_true(wait_for(f->array, takes_nothing, NULL));
}

static void
test_pool_is_low_and_full_at_limits_and_does_not_flap(void **state)
{
	static const struct {
		uint64_t free_bytes;
		enum pool_space before, after;
	} table[] = {
		{ 500, POOL_SPACE_OK, POOL_SPACE_OK },    { 100, POOL_SPACE_OK, POOL_SPACE_OK },
		{ 99, POOL_SPACE_OK, POOL_SPACE_LOW },    { 101, POOL_SPACE_LOW, POOL_SPACE_LOW },
		{ 125, POOL_SPACE_LOW, POOL_SPACE_OK },   { 9, POOL_SPACE_LOW, POOL_SPACE_FULL },
		{ 0, POOL_SPACE_OK, POOL_SPACE_FULL },    { 12, POOL_SPACE_FULL, POOL_SPACE_LOW },
		{ 10, POOL_SPACE_FULL, POOL_SPACE_FULL }, { 500, POOL_SPACE_FULL, POOL_SPACE_OK },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct array_pool_space space = { 1000, table[i].free_bytes };
		struct array_space_limits limits = { 0 };

		assert_int_equal(array_space_level(&limits, &space, table[i].before),
				 table[i].after);
	}
}

static void
test_thresholds_are_what_the_options_say(void **state)
{
	static const struct {
		const char *low, *full;
		uint64_t free_bytes;
		enum pool_space before, after;
	} table[] = {
		{ "20%", "5%", 200, POOL_SPACE_OK, POOL_SPACE_OK },
		{ "20%", "5%", 199, POOL_SPACE_OK, POOL_SPACE_LOW },
		{ "20%", "5%", 249, POOL_SPACE_LOW, POOL_SPACE_LOW },
		{ "20%", "5%", 250, POOL_SPACE_LOW, POOL_SPACE_OK },
		{ "20%", "5%", 49, POOL_SPACE_LOW, POOL_SPACE_FULL },
		{ "20%", "5%", 61, POOL_SPACE_FULL, POOL_SPACE_FULL },
		{ "20%", "5%", 62, POOL_SPACE_FULL, POOL_SPACE_LOW },
		{ "300", "299", 298, POOL_SPACE_OK, POOL_SPACE_FULL },
		{ "0%", "0", 0, POOL_SPACE_OK, POOL_SPACE_OK },
		/* a pool that is nearly always low can be left */
		{ "99%", "", 994, POOL_SPACE_LOW, POOL_SPACE_LOW },
		{ "99%", "", 995, POOL_SPACE_LOW, POOL_SPACE_OK },
		{ "2000", "", 1000, POOL_SPACE_OK, POOL_SPACE_LOW },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct row_pool pool = { .low = (char *)(uintptr_t)table[i].low,
					 .full = (char *)(uintptr_t)table[i].full };
		struct array_pool_space space = { 1000, table[i].free_bytes };
		struct array_space_limits limits;

		array_space_limits_read(&pool, &limits);
		assert_int_equal(array_space_level(&limits, &space, table[i].before),
				 table[i].after);
	}
}

static struct guid
only_pool(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);

	return ((const struct row_pool *)state_at(state, ROW_POOL, 0))->id;
}

/* The level of the only pool, and how often it has become low or full. */
static enum pool_space
level_now(struct array *array, uint64_t *ret_crossings)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_pool *row = state_at(live, ROW_LIVE_POOL, 0);

	*ret_crossings = row->crossings;
	return row->space;
}

static void
test_a_crossing_is_counted_once_also_over_a_restart(void **state)
{
	struct fixture *f = *state;
	struct array_pool_options low = { .low = "99%" }, usual = { .low = "" };
	struct guid pool = only_pool(f->array);
	uint64_t crossings;

	assert_int_equal(level_now(f->array, &crossings), POOL_SPACE_OK);
	assert_int_equal(crossings, 0);
	assert_ok(array_pool_change(f->array, NULL, &pool, &low, NULL));
	assert_int_equal(level_now(f->array, &crossings), POOL_SPACE_LOW);
	assert_int_equal(crossings, 1);
	for (unsigned i = 0; i < 3; i++)
		array_pool_verify(f->array);
	array_pool_save_levels(f->array);
	fixture_reopen(f);
	for (unsigned i = 0; i < 3; i++)
		array_pool_verify(f->array);
	assert_int_equal(level_now(f->array, &crossings), POOL_SPACE_LOW);
	assert_int_equal(crossings, 1);
	assert_ok(array_pool_change(f->array, NULL, &pool, &usual, NULL));
	assert_int_equal(level_now(f->array, &crossings), POOL_SPACE_OK);
	assert_ok(array_pool_change(f->array, NULL, &pool, &low, NULL));
	assert_int_equal(level_now(f->array, &crossings), POOL_SPACE_LOW);
	assert_int_equal(crossings, 2);
}

static void
test_wrong_options_of_a_pool_are_refused(void **state)
{
	static const struct array_pool_options wrong[] = {
		{ .low = "100%" },
		{ .low = "20"
			 "%%" },
		{ .low = "-1" },
		{ .low = "much" },
		{ .full = "2.5%" },
		{ .low = "5%", .full = "6%" },
		{ .full = "11%" },
		{ .low = "10", .full = "11" },
		{ .low = "18446744073709551616" },
		{ .overcommit = "0%" },
		{ .overcommit = "100001%" },
		{ .overcommit = "200" },
		{ .name = "other", .overcommit = "on" },
	};
	struct array *a = ((struct fixture *)*state)->array;
	struct guid pool = only_pool(a), nobody = random_guid();
	uint64_t before = sequence_of(a);

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(array_pool_change(a, NULL, &pool, &wrong[i], NULL), ERR_INVALID);
	assert_int_equal(array_pool_change(a, NULL, &nobody,
					   &(struct array_pool_options){ .low = "5%" }, NULL),
			 ERR_NOT_FOUND);
	assert_int_equal(sequence_of(a), before);
}

static void
test_overcommit_limit_is_kept(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid pool = only_pool(a), first;
	struct array_pool_space space;
	struct array_lun_spec spec = { .pool_id = pool };
	struct array_answer answer;
	uint64_t bytes;

	assert_ok(array_pool_space(a, &pool, &space));
	assert_ok(array_pool_change(a, NULL, &pool,
				    &(struct array_pool_options){ .overcommit = "150%" }, NULL));
	spec.size_bytes = space.capacity_bytes / MIB * MIB;
	assert_ok(array_lun_create(a, NULL, &spec, &answer));
	first = answer.object_id;
	assert_int_equal(array_lun_create(a, NULL, &spec, &answer), ERR_NO_SPACE);
	assert_non_null(strstr(err_text(ERR_NO_SPACE), "150%"));
	assert_non_null(strstr(err_text(ERR_NO_SPACE), "--overcommit"));
	assert_ok(array_max_lun_size(a, &pool, false, false, &bytes));
	assert_in_range(bytes, space.capacity_bytes / 2 - 2 * MIB,
			space.capacity_bytes / 2 + 2 * MIB);
	assert_int_equal(array_lun_extend(a, NULL, &first, spec.size_bytes, false, NULL),
			 ERR_NO_SPACE);
	assert_ok(array_max_lun_extend(a, &first, false, &bytes));
	assert_ok(array_lun_extend(a, NULL, &first, bytes, false, NULL));
	assert_int_equal(array_lun_extend(a, NULL, &first, MIB, false, NULL), ERR_NO_SPACE);
	assert_ok(array_pool_change(a, NULL, &pool,
				    &(struct array_pool_options){ .overcommit = "off" }, NULL));
	assert_ok(array_lun_extend(a, NULL, &first, MIB, false, NULL));
}

#define MINUTE_MS 60000

/* The verifier would take samples too. */
static struct array *
without_verifier(struct fixture *f)
{
	f->options.verify_interval_ms = 3600000;
	fixture_reopen(f);
	return f->array;
}

static void
test_history_of_a_pool_is_a_day_long(void **state)
{
	struct array *a = without_verifier(*state);
	struct guid pool = only_pool(a), nobody = random_guid();
	AUTO_FREE struct array_sample *samples = NULL;
	int64_t now_ms = clock_utc_ms();
	size_t count = 0;

	for (int i = 0; i < 2000; i++) {
		array_history_sample(a, now_ms + (int64_t)i * MINUTE_MS);
		array_history_sample(a, now_ms + (int64_t)i * MINUTE_MS);
	}
	assert_ok(array_history(a, ROW_POOL, &pool, &samples, &count));
	assert_int_equal(count, 24 * 60 + 1);
	assert_int_equal(samples[1439].time_ms - samples[0].time_ms, (24 * 60 - 1) * MINUTE_MS);
	assert_true(samples[0].capacity_bytes > 0);
	assert_int_equal(array_history(a, ROW_POOL, &nobody, &samples, &count), ERR_NOT_FOUND);
}

static void
test_history_of_a_lun_has_only_what_changed(void **state)
{
	struct array *a = without_verifier(*state);
	struct guid lun = make_lun(a, "l");
	AUTO_FREE struct array_sample *samples = NULL;
	int64_t now_ms = clock_utc_ms() - 5000ll * 10 * MINUTE_MS;
	size_t count = 0;

	for (unsigned i = 0; i < 5000; i++) {
		array_unit_set_allocated(a, &lun, (i < 10 ? 1 : i % 4 + 1) * MIB);
		array_unit_show(a, &lun);
		array_history_sample(a, now_ms + (int64_t)i * 10 * MINUTE_MS);
	}
	assert_ok(array_history(a, ROW_LUN, &lun, &samples, &count));
	assert_in_range(count, 140, 24 * 6 + 1);
	assert_int_equal(samples[count - 2].allocated_bytes, 4 * MIB);
	for (size_t i = 1; i < count; i++)
		assert_true(samples[i].time_ms >= samples[i - 1].time_ms);
	assert_in_range(samples[count - 1].time_ms - samples[0].time_ms, 0,
			(24 * 60 + 1) * MINUTE_MS);
}

static void
test_unknown_pool_is_not_found(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_lun_spec spec = { .pool_id = random_guid(), .size_bytes = MIB };
	uint64_t bytes;

	assert_int_equal(array_lun_create(a, NULL, &spec, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_max_lun_size(a, &spec.pool_id, true, false, &bytes), ERR_NOT_FOUND);
	assert_int_equal(array_pool_delete(a, NULL, &spec.pool_id, NULL), ERR_NOT_FOUND);
}

static void
test_array_can_be_renamed(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	assert_ok(array_rename(a, NULL, "Käsekuchen", NULL));
	assert_ok(array_rename(a, NULL, "", NULL));
	assert_ok(array_rename(a, NULL, "Käsekuchen", NULL));
	AUTO_STATE struct state *now = array_state(a);

	assert_string_equal(state_array(now)->name, "Käsekuchen");
	assert_string_equal(state_array(now)->version, VDS_VERSION);
}

/* ---- What was synced ---- */

static struct {
	struct stat st;
	bool has_luns; /* it was a directory with the entry luns */
} synced[64];
static size_t synced_count;

/* Takes the place of libc's, and records what was synced. */
int
fsync(int fd)
{
	if (synced_count < ARRAY_LEN(synced) && fstat(fd, &synced[synced_count].st) == 0)
		synced[synced_count++].has_luns = faccessat(fd, "luns", F_OK, 0) == 0;
	return (int)syscall(SYS_fsync, fd);
}

static bool
was_synced(const char *path, bool has_luns)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	for (size_t i = 0; i < synced_count; i++)
		if (synced[i].st.st_ino == st.st_ino && synced[i].st.st_dev == st.st_dev &&
		    synced[i].has_luns == has_luns)
			return true;
	return false;
}

/* Without the sync of its parent, a power cut could take away luns/ with all that is in it. */
static void
test_parent_of_a_new_default_pool_is_synced(void **state)
{
	struct fixture *f = *state;
	char dir[128], luns[160], marker[180];
	struct array_options options = { .dir = dir };
	struct array *array = NULL;

	snprintf(dir, sizeof(dir), "%s/new", f->dir);
	synced_count = 0;
	assert_ok(array_open(&options, &array));
	array_close(array);
	snprintf(luns, sizeof(luns), "%s/luns", dir);
	snprintf(marker, sizeof(marker), "%s/.vds-pool", luns);
	assert_true(was_synced(dir, true));
	assert_true(was_synced(luns, false) && was_synced(marker, false));
}

/* Closes the array and moves or copies its directory; the options name the new one. */
static void
take_elsewhere(struct fixture *f, const char *command)
{
	char line[256], dir[sizeof(f->array_dir)];

	fixture_close(f);
	snprintf(dir, sizeof(dir), "%.63s/moved", f->dir);
	snprintf(line, sizeof(line), "%s %s %s", command, f->array_dir, dir);
	assert_int_equal(system(line), 0); /* NOLINT: of a test */
	snprintf(f->array_dir, sizeof(f->array_dir), "%s", dir);
}

static void
assert_pool_is_home(struct fixture *f)
{
	AUTO_STATE struct state *now = array_state(f->array);
	const struct row_pool *pool = state_at(now, ROW_POOL, 0);
	char home[128];

	snprintf(home, sizeof(home), "%s/luns", f->array_dir);
	assert_string_equal(pool->path, home);
}

static void
test_default_pool_goes_along_when_the_array_is_moved(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");

	take_elsewhere(f, "mv");
	for (int i = 0; i < 2; i++) {
		fixture_open(f);
		assert_pool_is_home(f);
		assert_true(wait_health(f->array, lun, HEALTH_OK));
		assert_ok(array_check(f->array));
		make_lun(f->array, NULL);
		fixture_close(f);
	}
	fixture_open(f);
}

/* The original is there, with the same marker: its files must stay its own. */
static void
test_copied_array_uses_its_own_files(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l");
	char original[256], copy[256];

	lun_file(f, lun, original);
	take_elsewhere(f, "cp -r");
	fixture_open(f);
	assert_pool_is_home(f);
	lun_file(f, lun, copy);
	assert_string_not_equal(original, copy);
	assert_ok(array_lun_delete(f->array, NULL, &lun, true, NULL));
	fixture_reopen(f);
	assert_true(file_exists(original));
}

static void
test_pool_elsewhere_stays_where_it_is_when_the_array_is_moved(void **state)
{
	struct fixture *f = *state;
	char outer[128], path[160];
	struct guid pool;

	snprintf(path, sizeof(path), "%s/luns", make_dir(f, "other", outer));
	assert_int_equal(mkdir(path, 0700), 0);
	pool = make_pool(f->array, "p", path);
	take_elsewhere(f, "mv");
	fixture_open(f);
	AUTO_STATE struct state *now = array_state(f->array);

	assert_string_equal(((const struct row_pool *)state_find(now, ROW_POOL, &pool))->path,
			    path);
	for (size_t i = 0; i < state_count(now, ROW_POOL); i++)
		assert_int_equal(
			access(((const struct row_pool *)state_at(now, ROW_POOL, i))->path, F_OK),
			0);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_pool_has_a_marker_that_is_locked),
		WITH_ARRAY(test_bad_paths),
		WITH_ARRAY(test_failed_create_takes_its_marker_away),
		WITH_ARRAY(test_rename),
		WITH_ARRAY(test_pool_with_luns_is_not_deleted),
		WITH_ARRAY(test_array_directory_is_no_pool),
		WITH_ARRAY(test_directory_that_everybody_may_write_to_is_refused),
		WITH_ARRAY(test_directory_that_a_foreign_group_may_write_to_is_refused),
		WITH_ARRAY(test_pool_that_becomes_ready_late_is_swept),
		WITH_ARRAY(test_marker_that_is_removed_is_noticed),
		cmocka_unit_test(test_driver_tables_are_complete),
		WITH_ARRAY(test_space_is_shown),
		WITH_ARRAY(test_space_that_luns_take_is_shown),
		cmocka_unit_test(test_pool_is_low_and_full_at_limits_and_does_not_flap),
		cmocka_unit_test(test_thresholds_are_what_the_options_say),
		WITH_ARRAY(test_a_crossing_is_counted_once_also_over_a_restart),
		WITH_ARRAY(test_wrong_options_of_a_pool_are_refused),
		WITH_ARRAY(test_history_of_a_pool_is_a_day_long),
		WITH_ARRAY(test_history_of_a_lun_has_only_what_changed),
		WITH_ARRAY(test_overcommit_limit_is_kept),
		WITH_ARRAY(test_unknown_pool_is_not_found),
		WITH_ARRAY(test_array_can_be_renamed),
		WITH_ARRAY(test_parent_of_a_new_default_pool_is_synced),
		WITH_ARRAY(test_default_pool_goes_along_when_the_array_is_moved),
		WITH_ARRAY(test_copied_array_uses_its_own_files),
		WITH_ARRAY(test_pool_elsewhere_stays_where_it_is_when_the_array_is_moved),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

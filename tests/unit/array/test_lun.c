/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of LUNs: creating, renaming, masking, deleting and extending them, and the fate of the
 * LUN's file.
 */
#include "array_test.h"

#include "array/array_int.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blk/blk.h"

static const struct row_lun *
lun_row(const struct state *state, struct guid lun)
{
	const struct row_lun *row = state_find(state, ROW_LUN, &lun);

	assert_non_null(row);
	return row;
}

static off_t
file_size(const struct fixture *f, struct guid lun)
{
	char path[256];
	struct stat st;

	lun_file(f, lun, path);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void
test_create_makes_a_private_sparse_file(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .name = "l", .size_bytes = 100 * MIB, .block_bytes = 4096 };
	struct array_answer answer;
	char path[256];
	struct stat st;

	assert_ok(array_lun_create(f->array, NULL, &spec, &answer));
	assert_true(guid_is_zero(&answer.job_id));
	lun_file(f, answer.object_id, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 100 * MIB);
	assert_true(st.st_blocks * 512 < (off_t)MIB);
}

static void
test_size_is_rounded_up_to_blocks(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .size_bytes = 4097, .block_bytes = 4096 };
	struct array_answer answer;

	assert_ok(array_lun_create(f->array, NULL, &spec, &answer));
	AUTO_STATE struct state *now = array_state(f->array);

	assert_int_equal(lun_row(now, answer.object_id)->size_bytes, 8192);
	assert_int_equal(file_size(f, answer.object_id), 8192);
}

static void
test_bad_specs_are_invalid(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	char name[80];
	/* clang-format off */
	const struct array_lun_spec specs[] = {
		{ .size_bytes = 0 },
		{ .size_bytes = (1ull << 53) + 1 },
		{ .size_bytes = MIB, .block_bytes = 1024 },
		{ .size_bytes = MIB, .name = name },
		{ .size_bytes = MIB, .name = "tab\tbed" },
		{ .size_bytes = MIB, .name = "  " },
		{ .size_bytes = MIB, .mask = "*;iqn.2026-11.org.example:x" },
	};
	/* clang-format on */

	memset(name, 'n', sizeof(name));
	name[64] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(specs); i++)
		assert_int_equal(array_lun_create(a, NULL, &specs[i], NULL), ERR_INVALID);
	assert_int_equal(count_rows(a, ROW_LUN), 0);
}

static void
test_name_is_unique_and_made_when_not_given(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_lun_spec spec = { .name = "lun-2", .size_bytes = MIB };
	struct array_answer answer;

	assert_ok(array_lun_create(a, NULL, &spec, NULL));
	assert_int_equal(array_lun_create(a, NULL, &spec, NULL), ERR_NAME_IN_USE);
	spec.name = NULL;
	assert_ok(array_lun_create(a, NULL, &spec, &answer));
	AUTO_STATE struct state *now = array_state(a);

	/* The number 2 was not used up by the failed one, and its name is taken. */
	assert_int_equal(lun_row(now, answer.object_id)->number, 2);
	assert_string_equal(lun_row(now, answer.object_id)->name, "lun-2-2");
}

static void
test_failed_create_leaves_no_file(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .name = "l", .size_bytes = MIB };
	char command[160];

	make_lun(f->array, "l");
	assert_int_equal(array_lun_create(f->array, NULL, &spec, NULL), ERR_NAME_IN_USE);
	snprintf(command, sizeof(command), "test $(ls %s/luns | wc -l) -eq 1", f->array_dir);
	assert_int_equal(system(command), 0);
}

static void
test_numbers_are_never_reused(void **state)
{
	struct fixture *f = *state;
	struct guid first = make_lun(f->array, "1"), second;

	assert_ok(array_lun_delete(f->array, NULL, &first, true, NULL));
	fixture_reopen(f);
	second = make_lun(f->array, "2");
	AUTO_STATE struct state *now = array_state(f->array);

	assert_int_equal(lun_row(now, second)->number, 2);
}

static void
test_identity_is_unique(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid x = make_lun(a, "x"), y = make_lun(a, "y");
	AUTO_STATE struct state *now = array_state(a);

	assert_string_not_equal(lun_row(now, x)->serial, lun_row(now, y)->serial);
	assert_string_not_equal(lun_row(now, x)->naa, lun_row(now, y)->naa);
	assert_int_equal(strlen(lun_row(now, x)->naa), 16);
	assert_int_equal(lun_row(now, x)->naa[0], '3');
}

static bool
write_through(struct array *array, struct guid lun)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_lun *row = state_find(live, ROW_LIVE_LUN, &lun);

	assert_non_null(row);
	return row->write_through;
}

static const struct row_live_lun_job *
job_of(const struct state *live, struct guid lun)
{
	return state_find(live, ROW_LIVE_LUN_JOB, &lun);
}

static void
show_job(struct array *array, struct guid lun, bool failed)
{
	struct row_live_lun_job *row = row_new(ROW_LIVE_LUN_JOB);

	assert_non_null(row);
	row->id = lun;
	row->kind = LUN_JOB_ERASE;
	row->failed = failed;
	row->percent = 42;
	array_lun_job(array, row);
}

static enum array_health_level
level_of(struct array *array)
{
	struct array_health health;
	enum array_health_level level;

	assert_ok(array_health(array, &health));
	level = health.level;
	array_health_fini(&health);
	return level;
}

/* FORMAT UNIT and SANITIZE, as the data path tells of them. */
static void
test_a_job_is_shown_while_there_is_the_lun(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l");
	struct state *live;
	enum array_health_level before = level_of(a);

	show_job(a, lun, false);
	live = array_live(a);
	assert_int_equal(job_of(live, lun)->percent, 42);
	state_unref(live);
	assert_int_equal(level_of(a), before);
	show_job(a, lun, true);
	assert_int_equal(level_of(a), ARRAY_CRITICAL);
	assert_ok(array_lun_delete(a, NULL, &lun, true, NULL));
	live = array_live(a);
	assert_null(job_of(live, lun));
	state_unref(live);
	show_job(a, lun, false); /* from a data path that does not know yet */
	live = array_live(a);
	assert_null(job_of(live, lun));
	state_unref(live);
}

static void
test_rename(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid x = make_lun(a, "x");
	uint64_t before;

	make_lun(a, "y");
	assert_ok(array_lun_rename(a, NULL, &x, "z", false, NULL));
	assert_int_equal(array_lun_rename(a, NULL, &x, "y", false, NULL), ERR_NAME_IN_USE);
	assert_int_equal(array_lun_rename(a, NULL, &x, " ", false, NULL), ERR_INVALID);
	assert_ok(
		array_lun_rename(a, NULL, &x, "y", true, NULL)); /* VDS asks for no unique names */
	assert_ok(array_lun_rename(a, NULL, &x, "z", false, NULL));
	assert_int_equal(array_rename(a, NULL, "   ", NULL), ERR_INVALID);
	before = sequence_of(a);
	assert_ok(array_lun_rename(a, NULL, &x, "z", false, NULL));
	assert_int_equal(sequence_of(a), before);
}

/* Names of people and of VDS: none, the same for several, and as long as 63 UTF-16 units. */
static void
test_luns_may_be_without_a_name(void **state)
{
	struct fixture *f = *state;
	struct guid x = make_lun(f->array, "x"), y = make_lun(f->array, "y");
	char name[4 * 32 + 1] = "";

	assert_ok(array_lun_rename(f->array, NULL, &x, "", false, NULL));
	assert_ok(array_lun_rename(f->array, NULL, &y, "", false, NULL));
	make_lun(f->array, NULL); /* gets a name */
	fixture_reopen(f);
	for (size_t i = 0; i < 32; i++)
		memcpy(name + 4 * i, "😀", 4);
	assert_int_equal(array_lun_rename(f->array, NULL, &x, name, false, NULL), ERR_INVALID);
	name[4 * 31] = 'a';
	name[4 * 31 + 1] = '\0';
	assert_ok(array_lun_rename(f->array, NULL, &x, name, false, NULL));
	AUTO_STATE struct state *now = array_state(f->array);

	assert_string_equal(lun_row(now, x)->name, name);
	assert_int_equal(state_luns_by_name(now, "").count, 1);
}

static void
test_hints_are_kept_in_canonical_form(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .name = "h", .size_bytes = MIB, .hints = "WTC=1 FCR=0" };
	struct array_answer answer;
	struct guid lun;

	assert_ok(array_lun_create(f->array, NULL, &spec, &answer));
	lun = answer.object_id;
	assert_true(write_through(f->array, lun)); /* nobody has used it yet: as the hints say */
	fixture_reopen(f);
	assert_true(write_through(f->array, lun));
	assert_int_equal(array_lun_set_hints(f->array, NULL, &lun, "FCR", NULL), ERR_INVALID);
	assert_ok(array_lun_set_hints(f->array, NULL, &lun, " MXS=9 MSR=1", &answer));
	assert_false(write_through(f->array, lun));
	spec = (struct array_lun_spec){ .name = "i", .size_bytes = MIB, .hints = "RBP=16" };
	assert_int_equal(array_lun_create(f->array, NULL, &spec, NULL), ERR_INVALID);
	AUTO_STATE struct state *now = array_state(f->array);

	assert_string_equal(lun_row(now, lun)->hints, "MSR=1 MXS=9");
}

static void
test_access_and_the_kind_of_medium_are_kept(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .name = "m", .size_bytes = MIB, .removable = true };
	struct array_answer answer;
	struct guid lun, none = { .bytes = { 1 } };

	assert_ok(array_lun_create(f->array, NULL, &spec, &answer));
	lun = answer.object_id;
	assert_ok(array_lun_set_access(f->array, NULL, &lun, LUN_READ_ONLY, &answer));
	assert_true(guid_equal(&answer.object_id, &lun));
	assert_int_equal(array_lun_set_access(f->array, NULL, &none, LUN_READ_ONLY, NULL),
			 ERR_NOT_FOUND);
	fixture_reopen(f);
	{
		AUTO_STATE struct state *now = array_state(f->array);

		assert_true(lun_row(now, lun)->removable);
		assert_int_equal(lun_row(now, lun)->access, LUN_READ_ONLY);
	}
	assert_ok(array_lun_set_access(f->array, NULL, &lun, LUN_READ_WRITE, NULL));
	AUTO_STATE struct state *now = array_state(f->array);

	assert_int_equal(lun_row(now, lun)->access, LUN_READ_WRITE);
}

static const char *
cache_used(struct array *array, struct guid lun, char text[16])
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_lun *row = state_find(live, ROW_LIVE_LUN, &lun);

	assert_non_null(row);
	assert_true(row->cache_used[0] == '\0' || row->cache_reason[0] != '\0');
	snprintf(text, 16, "%s", row->cache_used);
	return text;
}

static void
test_the_cache_of_a_lun_is_set_while_it_is_in_use(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .name = "m", .size_bytes = MIB, .cache = LUN_CACHE_DIRECT };
	struct array_answer answer;
	struct guid lun, none = { .bytes = { 1 } };
	struct blk_dev *dev = NULL;
	char text[16], direct[16], bytes[512] = "x";

	assert_ok(array_lun_create(f->array, NULL, &spec, &answer));
	lun = answer.object_id;
	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_ok(blk_rw(dev, BLK_WRITE, 0, bytes, sizeof(bytes)));
	cache_used(f->array, lun, direct); /* "page" where the tests' directory is in memory */
	assert_ok(array_lun_set_cache(f->array, NULL, &lun, LUN_CACHE_PAGE, &answer));
	assert_true(guid_equal(&answer.object_id, &lun));
	assert_string_equal(cache_used(f->array, lun, text), "page");
	assert_ok(blk_rw(dev, BLK_READ, 0, bytes, sizeof(bytes)));
	assert_int_equal(bytes[0], 'x');
	assert_ok(array_lun_set_cache(f->array, NULL, &lun, LUN_CACHE_DIRECT, NULL));
	assert_string_equal(cache_used(f->array, lun, text), direct);
	assert_int_equal(array_lun_set_cache(f->array, NULL, &none, LUN_CACHE_PAGE, NULL),
			 ERR_NOT_FOUND);
	array_device_release(f->array, dev);
	fixture_reopen(f);
	AUTO_STATE struct state *now = array_state(f->array);

	assert_int_equal(lun_row(now, lun)->cache, LUN_CACHE_DIRECT);
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_OFFLINE, NULL));
	assert_ok(array_lun_set_cache(f->array, NULL, &lun, LUN_CACHE_AUTO, NULL));
	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_int_equal(blk_rw(dev, BLK_READ, 0, bytes, sizeof(bytes)), ERR_OFFLINE);
	array_device_release(f->array, dev);
}

static bool
nothing_is_flushed(struct array *array, const void *arg)
{
	bool none;

	(void)arg;
	pthread_mutex_lock(&array->flushes_lock);
	none = array->flushes == 0;
	pthread_mutex_unlock(&array->flushes_lock);
	return none;
}

/* What the page cache holds may take minutes, and commands do not wait for that. */
static void
test_the_cache_is_flushed_before_commands_wait(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct fake_runtime fake;
	struct blk_dev *dev = NULL;

	fake_register(&fake, f->array);
	assert_ok(array_lun_device(f->array, &lun, &dev));
	inject(f, "all", "flush", "hold");
	f->array->flush_ms = 10;
	assert_int_equal(array_lun_set_cache(f->array, NULL, &lun, LUN_CACHE_DIRECT, NULL),
			 ERR_BUSY);
	assert_int_equal(atomic_load(&fake.quiescing), 0);
	inject(f, "all", "flush", NULL);
	assert_true(wait_for(f->array, nothing_is_flushed, NULL));
	f->array->flush_ms = 30000;
	assert_ok(array_lun_set_cache(f->array, NULL, &lun, LUN_CACHE_DIRECT, NULL));
	assert_int_equal(atomic_load(&fake.resumed), 1);
	assert_int_equal(blk_flush(dev), 0);
	array_device_release(f->array, dev);
	fake_unregister(&fake);
}

/* `fits` keeps thin LUNs within what is free; without it they may promise more. */
static void
test_a_lun_that_must_fit_is_no_larger_than_what_is_free(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "x");
	uint64_t most = 0, all = 0;
	struct array_lun_spec spec = { .name = "y", .fits = true };

	assert_ok(array_max_lun_size(a, NULL, false, true, &most));
	assert_ok(array_max_lun_size(a, NULL, false, false, &all));
	assert_true(most < all);
	spec.size_bytes = 2 * most; /* the disk is not ours alone */
	assert_int_equal(array_lun_create(a, NULL, &spec, NULL), ERR_NO_SPACE);
	assert_int_equal(array_lun_extend(a, NULL, &lun, 2 * most, true, NULL), ERR_NO_SPACE);
	assert_ok(array_lun_extend(a, NULL, &lun, 2 * most, false, NULL));
	assert_ok(array_max_lun_extend(a, &lun, true, &all));
	assert_true(all < 2 * most);
	spec.size_bytes = MIB;
	assert_ok(array_lun_create(a, NULL, &spec, NULL));
}

static void
test_mask_is_normalised(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "x");

	assert_ok(array_lun_set_mask(
		a, NULL, &lun, " iqn.2026-11.org.example:b;iqn.2026-11.org.example:A ", NULL));
	AUTO_STATE struct state *now = array_state(a);

	assert_string_equal(lun_row(now, lun)->mask,
			    "iqn.2026-11.org.example:a;iqn.2026-11.org.example:b");
	assert_int_equal(array_lun_set_mask(a, NULL, &lun, "no name", NULL), ERR_INVALID);
}

static void
test_names_are_added_to_a_mask_and_removed(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "x");

	assert_ok(array_lun_set_mask(a, NULL, &lun, "iqn.2026-11.org.example:b", NULL));
	assert_ok(array_lun_add_mask(a, NULL, &lun, "iqn.2026-11.org.example:a", NULL));
	AUTO_STATE struct state *both = array_state(a);

	assert_string_equal(lun_row(both, lun)->mask,
			    "iqn.2026-11.org.example:a;iqn.2026-11.org.example:b");
	assert_ok(array_lun_remove_mask(a, NULL, &lun, "IQN.2026-11.org.example:B", NULL));
	AUTO_STATE struct state *one = array_state(a);

	assert_string_equal(lun_row(one, lun)->mask, "iqn.2026-11.org.example:a");
	assert_ok(array_lun_set_mask(a, NULL, &lun, "*", NULL));
	assert_int_equal(array_lun_add_mask(a, NULL, &lun, "iqn.a", NULL), ERR_INVALID);
	assert_int_equal(array_lun_remove_mask(a, NULL, &lun, "iqn.a", NULL), ERR_INVALID);
}

struct background {
	struct array *array;
	struct guid lun;
	struct blk_dev *dev;
	atomic_bool done;
	int result;
};

static void *
write_block(void *arg)
{
	struct background *b = arg;
	static uint8_t block[512];

	b->result = blk_rw(b->dev, BLK_WRITE, 0, block, sizeof(block));
	return NULL;
}

static void *
go_offline(void *arg)
{
	struct background *b = arg;

	b->result = array_lun_set_status(b->array, NULL, &b->lun, STATUS_OFFLINE, NULL);
	atomic_store(&b->done, true);
	return NULL;
}

static bool
is_in_flight(struct array *array, const void *dev)
{
	(void)array;
	return atomic_load(&((struct blk_dev *)(uintptr_t)dev)->inflight) > 0;
}

static bool
is_offline(struct array *array, const void *lun_id)
{
	AUTO_STATE struct state *now = array_state(array);

	return lun_row(now, *(const struct guid *)lun_id)->status == STATUS_OFFLINE;
}

static void
test_offline_waits_for_what_is_in_flight(void **state)
{
	struct fixture *f = *state;
	struct background writer = { .result = -1 }, setter = { .result = -1 };
	pthread_t threads[2];

	f->options.drain_timeout_ms = 60000;
	fixture_reopen(f);
	setter.array = f->array;
	setter.lun = make_lun(f->array, "x");
	assert_ok(array_lun_device(f->array, &setter.lun, &writer.dev));
	inject(f, "all", "write", "hold");
	assert_int_equal(pthread_create(&threads[0], NULL, write_block, &writer), 0);
	assert_true(wait_for(f->array, is_in_flight, writer.dev));
	assert_int_equal(pthread_create(&threads[1], NULL, go_offline, &setter), 0);
	assert_true(wait_operation(f->array, setter.lun, OPERATION_STATUS));
	assert_false(atomic_load(&setter.done) || is_offline(f->array, &setter.lun));
	inject(f, "all", "write", NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	assert_int_equal(writer.result, 0);
	assert_int_equal(setter.result, 0);
	assert_true(is_offline(f->array, &setter.lun));
	array_device_release(f->array, writer.dev);
}

static void
test_offline_is_busy_and_changes_nothing_while_the_store_hangs(void **state)
{
	struct fixture *f = *state;
	struct background writer = { .result = -1 };
	pthread_t thread;

	f->options.drain_timeout_ms = 50;
	fixture_reopen(f);
	struct guid lun = make_lun(f->array, "x");

	assert_ok(array_lun_device(f->array, &lun, &writer.dev));
	inject(f, "all", "write", "hold");
	assert_int_equal(pthread_create(&thread, NULL, write_block, &writer), 0);
	assert_true(wait_for(f->array, is_in_flight, writer.dev));
	assert_int_equal(array_lun_set_status(f->array, NULL, &lun, STATUS_OFFLINE, NULL),
			 ERR_BUSY);
	assert_false(is_offline(f->array, &lun));
	assert_true(wait_operation(f->array, lun, OPERATION_NONE));
	inject(f, "all", "write", NULL);
	pthread_join(thread, NULL);
	/* it serves as before */
	assert_int_equal(blk_flush(writer.dev), 0);
	assert_ok(array_lun_set_status(f->array, NULL, &lun, STATUS_OFFLINE, NULL));
	assert_int_equal(blk_flush(writer.dev), ERR_OFFLINE);
	array_device_release(f->array, writer.dev);
}

static void
test_offline_drains_the_paths_of_every_initiator(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "l");
	struct fake_runtime fake;

	fake_register(&fake, a);
	assert_ok(associate(a, lun, 1, make_target(a, "t")));
	atomic_store(&fake.quiesce_result, ERR_TIMEOUT);
	assert_int_equal(array_lun_set_status(a, NULL, &lun, STATUS_OFFLINE, NULL), ERR_BUSY);
	assert_false(is_offline(a, &lun));
	atomic_store(&fake.quiesce_result, 0);
	assert_ok(array_lun_set_status(a, NULL, &lun, STATUS_OFFLINE, NULL));
	assert_string_equal(fake.except, "-");
	assert_int_equal(atomic_load(&fake.resumed), 1);
	/* again: nothing to drain */
	assert_ok(array_lun_set_status(a, NULL, &lun, STATUS_OFFLINE, NULL));
	assert_int_equal(atomic_load(&fake.quiesced), 2);
	fake_unregister(&fake);
}

static void
test_only_force_deletes_a_lun_whose_io_hangs(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l"), other = make_lun(f->array, "other");
	struct fake_runtime fake;
	struct blk_dev *dev = NULL;
	char path[256];

	fake_register(&fake, f->array);
	lun_file(f, lun, path);
	assert_ok(array_lun_device(f->array, &lun, &dev)); /* the I/O that hangs holds it */
	assert_ok(associate(f->array, lun, 1, make_target(f->array, "t")));
	atomic_store(&fake.quiesce_result, ERR_TIMEOUT);
	assert_int_equal(array_lun_delete(f->array, NULL, &lun, false, NULL), ERR_IN_USE);
	assert_int_equal(array_lun_delete(f->array, NULL, &other, false, NULL), ERR_BUSY);
	assert_int_equal(count_rows(f->array, ROW_LUN), 2);
	assert_ok(array_lun_delete(f->array, NULL, &lun, true, NULL));
	assert_int_equal(count_rows(f->array, ROW_LUN), 1);
	assert_int_equal(count_rows(f->array, ROW_ASSOCIATION), 0);
	assert_true(file_exists(path));
	array_device_release(f->array, dev);
	assert_true(wait_file_gone(f->array, path));
	fake_unregister(&fake);
}

static void
test_delete_removes_associations_and_file(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	char path[256];

	lun_file(f, lun, path);
	assert_ok(associate(f->array, lun, 1, make_target(f->array, "t")));
	assert_ok(array_lun_delete(f->array, NULL, &lun, true, NULL));
	assert_int_equal(count_rows(f->array, ROW_ASSOCIATION), 0);
	assert_int_equal(count_rows(f->array, ROW_LUN), 0);
	assert_true(wait_file_gone(f->array, path));
	assert_int_equal(array_lun_delete(f->array, NULL, &lun, true, NULL), ERR_NOT_FOUND);
}

static void
test_a_lun_in_use_is_deleted_by_force_alone(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "vol"), target = make_target(a, "t");
	struct fake_runtime fake;
	uint64_t before;
	const char *text;

	fake_register(&fake, a);
	assert_ok(array_lun_set_mask(a, NULL, &lun, "*", NULL));
	assert_ok(associate(a, lun, 1, target));
	fake_session(a, target);
	before = sequence_of(a);
	assert_int_equal(array_lun_delete(a, NULL, &lun, false, NULL), ERR_IN_USE);
	text = err_text(ERR_IN_USE);
	/* what would be lost, and how */
	assert_non_null(strstr(text, "vol"));
	assert_non_null(strstr(text, "1 target (t)"));
	assert_non_null(strstr(text, "1 session can use"));
	assert_non_null(strstr(text, "force"));
	/* nobody was disturbed for it */
	assert_int_equal(atomic_load(&fake.quiesced), 0);
	assert_int_equal(sequence_of(a), before);
	assert_true(wait_operation(a, lun, OPERATION_NONE));
	assert_ok(array_lun_delete(a, NULL, &lun, true, NULL));
	assert_int_equal(atomic_load(&fake.quiesced), 1);
	lun = make_lun(a, "unused");
	assert_ok(array_lun_delete(a, NULL, &lun, false, NULL));
	fake_unregister(&fake);
}

static void
test_file_stays_while_its_device_is_used(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct blk_dev *dev = NULL;
	char path[256];
	int rc;

	lun_file(f, lun, path);
	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_ok(array_lun_delete(f->array, NULL, &lun, true, NULL));
	assert_int_equal(array_lun_device(f->array, &lun, &(struct blk_dev *){ NULL }),
			 ERR_NOT_FOUND);
	make_lun(f->array, "another");
	assert_true(file_exists(path));
	rc = blk_flush(dev);
	assert_int_equal(rc, 0);
	array_device_release(f->array, dev);
	assert_true(wait_file_gone(f->array, path));
}

static void
test_file_of_a_deleted_lun_goes_at_the_next_start_at_the_latest(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct blk_dev *dev = NULL;
	char path[256];

	lun_file(f, lun, path);
	assert_ok(array_lun_device(f->array, &lun, &dev));
	assert_ok(array_lun_delete(f->array, NULL, &lun, true, NULL));
	fixture_close(f);
	blk_dev_unref(dev);
	assert_true(file_exists(path));
	fixture_open(f);
	assert_true(wait_file_gone(f->array, path));
}

/* A crash between the file and the commit, and one between the commit and the rename. */
static void
test_start_sweeps_what_a_crash_left(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x"), orphan = random_guid();
	char path[256], new[264], left[256], foreign[256];

	lun_file(f, lun, path);
	lun_file(f, orphan, left);
	memcpy(left + strlen(left) - 4, ".new", 4);
	lun_file(f, random_guid(), foreign);
	fixture_close(f);
	snprintf(new, sizeof(new), "%.*s.new", (int)strlen(path) - 4, path);
	assert_int_equal(rename(path, new), 0);
	close(open(left, O_CREAT | O_WRONLY, 0600));
	close(open(foreign, O_CREAT | O_WRONLY, 0600));
	fixture_open(f);
	assert_true(file_exists(path));
	assert_false(file_exists(left));
	assert_true(file_exists(foreign)); /* perhaps of a newer catalog than the one restored */
	assert_true(wait_health(f->array, lun, HEALTH_OK));
	unlink(foreign);
}

static void
test_thin_extend_grows_the_file(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	struct array_answer answer;

	assert_ok(array_lun_extend(f->array, NULL, &lun, MIB + 1, false, &answer));
	assert_true(guid_is_zero(&answer.job_id));
	AUTO_STATE struct state *now = array_state(f->array);

	assert_int_equal(lun_row(now, lun)->size_bytes, 2 * MIB + 512);
	assert_int_equal(file_size(f, lun), 2 * MIB + 512);
	assert_int_equal(array_lun_extend(f->array, NULL, &lun, 0, false, NULL), ERR_INVALID);
	assert_int_equal(array_lun_extend(f->array, NULL, &lun, UINT64_MAX, false, NULL),
			 ERR_NO_SPACE);
}

static void
test_thin_extend_that_fails_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "x");
	uint64_t before = sequence_of(f->array);

	inject(f, "all", "resize", "ENOSPC");
	assert_int_equal(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL), ERR_NO_SPACE);
	inject(f, "all", "resize", NULL);
	assert_int_equal(sequence_of(f->array), before);
	assert_int_equal(file_size(f, lun), MIB);
	assert_ok(array_lun_extend(f->array, NULL, &lun, MIB, false, NULL));
}

static void
test_create_that_the_disk_refuses(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .name = "l", .size_bytes = MIB };

	inject(f, "all", "create", "ENOSPC");
	assert_int_equal(array_lun_create(f->array, NULL, &spec, NULL), ERR_NO_SPACE);
	inject(f, "all", "create", "EIO");
	assert_int_equal(array_lun_create(f->array, NULL, &spec, NULL), -EIO);
	inject(f, "all", "create", NULL);
	assert_ok(array_lun_create(f->array, NULL, &spec, NULL));
}

static void
test_largest_sizes(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "x");
	uint64_t thin = 0, thick = 0, grow = 0;
	struct array_lun_spec spec = { .name = "huge" };

	assert_ok(array_max_lun_size(a, NULL, false, false, &thin));
	assert_ok(array_max_lun_size(a, NULL, true, false, &thick));
	assert_ok(array_max_lun_extend(a, &lun, false, &grow));
	assert_true(thin > 1ull << 40);
	assert_true(thick > 0 && thick < thin);
	assert_int_equal(grow, thin - MIB);
	spec.size_bytes = thin;
	assert_ok(array_lun_create(a, NULL, &spec, NULL));
	spec = (struct array_lun_spec){ .name = "too thick",
					.thick = true,
					.size_bytes = thick + (1ull << 40) };
	assert_int_equal(array_lun_create(a, NULL, &spec, NULL), ERR_NO_SPACE);
}

static void
test_counters_come_from_the_data_path(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct guid lun = make_lun(a, "x"), unknown = random_guid();
	struct array_lun_counters counters;
	struct fake_runtime fake;

	assert_ok(array_lun_counters(a, &lun, &counters));
	assert_int_equal(counters.read_commands, 0);
	fake_register(&fake, a);
	assert_ok(array_lun_counters(a, &lun, &counters));
	assert_int_equal(counters.read_commands, 7);
	assert_int_equal(array_lun_counters(a, &unknown, &counters), ERR_NOT_FOUND);
	fake_unregister(&fake);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_create_makes_a_private_sparse_file),
		WITH_ARRAY(test_size_is_rounded_up_to_blocks),
		WITH_ARRAY(test_bad_specs_are_invalid),
		WITH_ARRAY(test_name_is_unique_and_made_when_not_given),
		WITH_ARRAY(test_failed_create_leaves_no_file),
		WITH_ARRAY(test_numbers_are_never_reused),
		WITH_ARRAY(test_identity_is_unique),
		WITH_ARRAY(test_a_job_is_shown_while_there_is_the_lun),
		WITH_ARRAY(test_rename),
		WITH_ARRAY(test_luns_may_be_without_a_name),
		WITH_ARRAY(test_hints_are_kept_in_canonical_form),
		WITH_ARRAY(test_access_and_the_kind_of_medium_are_kept),
		WITH_ARRAY(test_the_cache_of_a_lun_is_set_while_it_is_in_use),
		WITH_ARRAY(test_the_cache_is_flushed_before_commands_wait),
		WITH_ARRAY(test_a_lun_that_must_fit_is_no_larger_than_what_is_free),
		WITH_ARRAY(test_mask_is_normalised),
		WITH_ARRAY(test_names_are_added_to_a_mask_and_removed),
		WITH_ARRAY(test_offline_waits_for_what_is_in_flight),
		WITH_ARRAY(test_offline_is_busy_and_changes_nothing_while_the_store_hangs),
		WITH_ARRAY(test_offline_drains_the_paths_of_every_initiator),
		WITH_ARRAY(test_only_force_deletes_a_lun_whose_io_hangs),
		WITH_ARRAY(test_delete_removes_associations_and_file),
		WITH_ARRAY(test_a_lun_in_use_is_deleted_by_force_alone),
		WITH_ARRAY(test_file_stays_while_its_device_is_used),
		WITH_ARRAY(test_file_of_a_deleted_lun_goes_at_the_next_start_at_the_latest),
		WITH_ARRAY(test_start_sweeps_what_a_crash_left),
		WITH_ARRAY(test_thin_extend_grows_the_file),
		WITH_ARRAY(test_thin_extend_that_fails_changes_nothing),
		WITH_ARRAY(test_create_that_the_disk_refuses),
		WITH_ARRAY(test_largest_sizes),
		WITH_ARRAY(test_counters_come_from_the_data_path),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

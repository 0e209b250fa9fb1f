/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of opening and closing an array, and of the files that exist afterwards. */
#include "array_test.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_new_array_has_a_pool_and_nothing_else(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	assert_int_equal(count_rows(a, ROW_ARRAY), 1);
	assert_int_equal(count_rows(a, ROW_POOL), 1);
	assert_int_equal(count_rows(a, ROW_LUN), 0);
	assert_int_equal(count_rows(a, ROW_PORTAL), 0);
	assert_int_equal(sequence_of(a), 1);
}

static void
test_reopened_array_is_the_same(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "l"), target = make_target(f->array, "t");
	AUTO_STATE struct state *before = NULL, *after = NULL;

	assert_ok(associate(f->array, lun, 1, target));
	before = array_state(f->array);
	fixture_reopen(f);
	after = array_state(f->array);
	assert_memory_equal(state_position(before), state_position(after), sizeof(struct position));
	assert_int_equal(number_of(f->array, lun, target), 0);
}

static void
test_second_array_on_the_directory_is_locked_out(void **state)
{
	struct fixture *f = *state;
	struct array *other = NULL;

	assert_int_equal(array_open(&f->options, &other), ERR_LOCKED);
	assert_null(other);
}

static void
test_directory_is_private(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct stat st;

	assert_int_equal(stat(f->array_dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/luns/.vds-pool", f->array_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
test_default_portal_with_a_port_is_made_at_once(void **state)
{
	struct fixture *f = *state;
	char dir[sizeof(f->dir) + 8];
	struct array_options options = { .dir = dir,
					 .default_address = "127.0.0.1",
					 .default_port = 3260 };
	struct array *a = NULL;

	snprintf(dir, sizeof(dir), "%s/second", f->dir);
	assert_ok(array_open(&options, &a));
	assert_int_equal(count_rows(a, ROW_PORTAL), 1);
	array_close(a);
	assert_ok(array_open(&options, &a));
	assert_int_equal(count_rows(a, ROW_PORTAL), 1);
	array_close(a);
}

static void
test_default_portal_without_a_port_gets_a_free_one_and_keeps_it(void **state)
{
	struct fixture *f = *state;
	char dir[sizeof(f->dir) + 8];
	struct array_options options = { .dir = dir, .default_address = "127.0.0.1" };
	struct array *a = NULL;
	struct fake_runtime fake;

	snprintf(dir, sizeof(dir), "%s/second", f->dir);
	for (int i = 0; i < 2; i++) {
		AUTO_STATE struct state *now = NULL;

		assert_ok(array_open(&options, &a));
		fake_register(&fake, a);
		now = array_state(a);
		assert_int_equal(state_count(now, ROW_PORTAL), 1);
		assert_int_equal(((const struct row_portal *)state_at(now, ROW_PORTAL, 0))->port,
				 3270);
		fake_unregister(&fake);
		array_close(a);
	}
}

/* Or the next start, with a better one, would find an array that has no portal for ever. */
static void
test_wrong_default_address_makes_no_array(void **state)
{
	struct fixture *f = *state;
	char dir[sizeof(f->dir) + 8];
	struct array_options options = { .dir = dir,
					 .default_address = "storage1",
					 .default_port = 3260 };
	struct array *a = NULL;

	snprintf(dir, sizeof(dir), "%s/second", f->dir);
	assert_int_equal(array_open(&options, &a), ERR_INVALID);
	options.default_address = "127.0.0.1";
	assert_ok(array_open(&options, &a));
	assert_int_equal(count_rows(a, ROW_PORTAL), 1);
	array_close(a);
}

static void
test_runtime_is_told_the_state_when_it_registers(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct fake_runtime fake;

	make_lun(a, "l");
	fake_register(&fake, a);
	assert_int_equal(state_count(fake.last, ROW_LUN), 1);
	make_lun(a, "m");
	assert_int_equal(state_count(fake.last, ROW_LUN), 2);
	fake_unregister(&fake);
	make_lun(a, "n");
}

/* The crash of an earlier start, between the pool's marker and the first commit. */
static void
test_marker_of_an_array_that_never_began_is_replaced(void **state)
{
	struct fixture *f = *state;
	char path[128];

	sqlite3 *db = NULL;

	fixture_close(f);
	snprintf(path, sizeof(path), "%s/mark", f->array_dir);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/catalog.db", f->array_dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture_open(f);
	assert_int_equal(sequence_of(f->array), 1);
}

static void
test_lost_catalog_does_not_take_over_the_luns(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct guid lun = make_lun(f->array, "precious");
	char file[256];

	fixture_close(f);
	snprintf(path, sizeof(path), "%s/catalog.db", f->array_dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(array_open(&f->options, &f->array), ERR_CORRUPT);
	lun_file(f, lun, file);
	assert_true(file_exists(file));
	f->array = NULL;
}

static void
test_restored_catalog_is_a_new_incarnation(void **state)
{
	struct fixture *f = *state;
	char path[128];

	make_lun(f->array, "l");
	fixture_close(f);
	snprintf(path, sizeof(path), "%s/mark", f->array_dir);
	assert_int_equal(unlink(path), 0);
	fixture_open(f);
	AUTO_STATE struct state *now = array_state(f->array);

	assert_true(state_position(now)->incarnation > 1);
	assert_ok(array_check(f->array));
}

static void
test_checker_finds_a_file_that_is_gone(void **state)
{
	struct fixture *f = *state;
	char path[256], saved[264];
	struct guid lun;
	int rc;

	fixture_close(f);
	f->options.verify_interval_ms = 1000000;
	fixture_open(f);
	lun = make_lun(f->array, "l");
	lun_file(f, lun, path);
	snprintf(saved, sizeof(saved), "%s.saved", path);
	assert_int_equal(rename(path, saved), 0);
	rc = array_check(f->array);
	/* The verifier's first round may have come before: then the LUN says that it has failed. */
	assert_true(rc == ERR_CORRUPT || (rc == 0 && wait_health(f->array, lun, HEALTH_FAILED)));
	assert_int_equal(rename(saved, path), 0);
}

/* Puts back a catalog that lacks the LUN `lost`, which was made in between. */
static struct guid
lose_a_lun(struct fixture *f)
{
	char path[128], command[320];
	struct guid lun;

	fixture_close(f);
	snprintf(path, sizeof(path), "%s/catalog.db", f->array_dir);
	snprintf(command, sizeof(command), "cp %s %s.saved", path, path);
	assert_int_equal(system(command), 0);
	fixture_open(f);
	lun = make_lun(f->array, "lost");
	fixture_close(f);
	snprintf(command, sizeof(command), "mv %s.saved %s", path, path);
	assert_int_equal(system(command), 0);
	return lun;
}

static bool
shows_read_only(struct array *array, const void *unused)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_array *row = state_count(live, ROW_LIVE_ARRAY) > 0
						   ? state_at(live, ROW_LIVE_ARRAY, 0)
						   : NULL;

	(void)unused;
	return row != NULL && row->read_only;
}

/* The live state says it with the reason, a moment later, so that every replica knows. */
static void
assert_shows_read_only(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	AUTO_STATE struct state *live = NULL;
	const struct row_live_array *row;

	assert_true(wait_for(array, shows_read_only, NULL));
	live = array_live(array);
	row = state_find(live, ROW_LIVE_ARRAY, &state_array(state)->id);
	assert_non_null(row);
	assert_true(row->read_only);
	assert_string_equal(row->reason, array_read_only_reason(array));
	assert_true(state_ailing(live) >= 1);
}

static void
test_missing_changes_make_the_array_read_only_and_remove_no_file(void **state)
{
	struct fixture *f = *state;
	struct guid kept = make_lun(f->array, "kept"), lost, unknown = random_guid();
	struct blk_dev *dev = NULL;
	char file[256];

	lost = lose_a_lun(f);
	fixture_open(f);
	assert_true(array_is_read_only(f->array));
	assert_shows_read_only(f->array);
	assert_non_null(
		strstr(array_read_only_reason(f->array), "1 acknowledged change is missing"));
	assert_int_equal(array_rename(f->array, NULL, "other", NULL), ERR_READ_ONLY);
	assert_non_null(strstr(err_text(ERR_READ_ONLY), "--accept-loss"));
	assert_int_equal(array_lun_delete(f->array, NULL, &unknown, true, NULL), ERR_NOT_FOUND);
	assert_ok(array_lun_device(f->array, &kept, &dev));
	array_device_release(f->array, dev);
	assert_int_equal(array_check(f->array), ERR_CORRUPT);
	fixture_close(f);
	lun_file(f, lost, file);
	assert_true(file_exists(file));
	f->options.accept_loss = true;
	fixture_open(f);
	assert_false(array_is_read_only(f->array));
	assert_int_equal(count_rows(f->array, ROW_LUN), 1);
	assert_ok(array_rename(f->array, NULL, "other", NULL));
	assert_true(file_exists(file));
}

static bool
is_read_only(struct array *array, const void *arg)
{
	(void)arg;
	return array_is_read_only(array);
}

static void
test_directory_that_vanishes_makes_the_array_read_only(void **state)
{
	struct fixture *f = *state;
	char command[320];

	f->options.verify_interval_ms = 10;
	fixture_reopen(f);
	snprintf(command, sizeof(command), "cd %s && mkdir ../away && mv * ../away", f->array_dir);
	assert_int_equal(system(command), 0);
	assert_true(wait_for(f->array, is_read_only, NULL));
	assert_shows_read_only(f->array);
	assert_int_equal(array_rename(f->array, NULL, "other", NULL), ERR_READ_ONLY);
	fixture_close(f);
	snprintf(command, sizeof(command), "cd %s && mv ../away/* . && rmdir ../away",
		 f->array_dir);
	assert_int_equal(system(command), 0);
	fixture_open(f);
}

static void
test_rows_that_do_not_match_their_digest_are_refused(void **state)
{
	struct fixture *f = *state;
	char path[128];
	sqlite3 *db;

	fixture_close(f);
	snprintf(path, sizeof(path), "%s/catalog.db", f->array_dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "UPDATE position SET digest = "
				      "'00000000000000000000000000000000'",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(array_open(&f->options, &f->array), ERR_CORRUPT);
	assert_non_null(strstr(err_text(ERR_CORRUPT), "digest"));
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_new_array_has_a_pool_and_nothing_else),
		WITH_ARRAY(test_reopened_array_is_the_same),
		WITH_ARRAY(test_second_array_on_the_directory_is_locked_out),
		WITH_ARRAY(test_directory_is_private),
		WITH_ARRAY(test_default_portal_with_a_port_is_made_at_once),
		WITH_ARRAY(test_default_portal_without_a_port_gets_a_free_one_and_keeps_it),
		WITH_ARRAY(test_wrong_default_address_makes_no_array),
		WITH_ARRAY(test_runtime_is_told_the_state_when_it_registers),
		WITH_ARRAY(test_marker_of_an_array_that_never_began_is_replaced),
		WITH_ARRAY(test_lost_catalog_does_not_take_over_the_luns),
		WITH_ARRAY(test_restored_catalog_is_a_new_incarnation),
		WITH_ARRAY(test_checker_finds_a_file_that_is_gone),
		WITH_ARRAY(test_missing_changes_make_the_array_read_only_and_remove_no_file),
		WITH_ARRAY(test_directory_that_vanishes_makes_the_array_read_only),
		WITH_ARRAY(test_rows_that_do_not_match_their_digest_are_refused),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

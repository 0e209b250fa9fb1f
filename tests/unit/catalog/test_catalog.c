/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of opening a catalog, of its transactions, and of its content after it was closed and
 * opened again.
 */
#include "catalog_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
reopen(struct catalog_fixture *f)
{
	catalog_close(f->catalog);
	f->catalog = NULL;
	assert_ok(catalog_open(f->dir, &f->catalog));
}

static void
assert_loads(struct catalog_fixture *f)
{
	struct state *found = NULL;

	assert_ok(catalog_load(f->catalog, &found));
	assert_same_state(found, f->state);
	state_unref(found);
}

static void
test_rows_are_there_after_reopening(void **state)
{
	struct catalog_fixture *f = *state;

	for (unsigned n = 2; n < 30; n++)
		assert_ok(sample_commit(f->catalog, &f->state, n));
	assert_loads(f);
	reopen(f);
	assert_false(catalog_is_new(f->catalog));
	assert_false(catalog_was_restored(f->catalog));
	assert_loads(f);
}

static void
test_files_are_private(void **state)
{
	struct catalog_fixture *f = *state;
	static const char *const names[] = { "catalog.db", "catalog.db-wal", "lock", "mark" };
	struct stat st;
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void
test_second_opener_is_locked_out(void **state)
{
	struct catalog_fixture *f = *state;
	struct catalog *other = NULL;

	assert_int_equal(catalog_open(f->dir, &other), ERR_LOCKED);
	assert_null(other);
}

static void
test_rolled_back_change_is_not_there(void **state)
{
	struct catalog_fixture *f = *state;
	struct state *before = state_ref(f->state);

	assert_ok(catalog_begin(f->catalog));
	assert_ok(sample_change(f->catalog, &f->state, 2));
	catalog_rollback(f->catalog);
	state_unref(f->state);
	f->state = before;
	assert_loads(f);
}

static void
test_savepoint_takes_back_one_change_of_a_batch(void **state)
{
	struct catalog_fixture *f = *state;
	struct state *kept;

	assert_ok(catalog_begin(f->catalog));
	assert_ok(catalog_savepoint(f->catalog));
	assert_ok(sample_change(f->catalog, &f->state, 2));
	assert_ok(catalog_release(f->catalog));
	kept = state_ref(f->state);
	assert_ok(catalog_savepoint(f->catalog));
	assert_ok(sample_change(f->catalog, &f->state, 3));
	assert_ok(catalog_counter_set(f->catalog, CATALOG_RELATIVE_PORT, 7));
	assert_ok(catalog_rollback_to(f->catalog));
	state_unref(f->state);
	f->state = kept;
	assert_ok(catalog_savepoint(f->catalog));
	assert_ok(sample_change(f->catalog, &f->state, 5));
	assert_ok(catalog_release(f->catalog));
	assert_ok(catalog_commit(f->catalog));
	assert_loads(f);
	reopen(f);
	assert_loads(f);
}

static void
test_change_that_does_not_follow_is_refused(void **state)
{
	struct catalog_fixture *f = *state;
	struct change change = { .sequence = 9 };

	assert_ok(catalog_begin(f->catalog));
	assert_int_equal(catalog_apply(f->catalog, f->state, &change), ERR_INTERNAL);
	catalog_rollback(f->catalog);
}

static void
test_counters_survive(void **state)
{
	struct catalog_fixture *f = *state;
	uint64_t value = 1;

	assert_ok(catalog_counter_get(f->catalog, CATALOG_RELATIVE_PORT, &value));
	assert_int_equal(value, 0);
	assert_ok(catalog_begin(f->catalog));
	assert_ok(catalog_counter_set(f->catalog, CATALOG_RELATIVE_PORT, 41));
	assert_ok(catalog_counter_set(f->catalog, CATALOG_RELATIVE_PORT, 42));
	assert_ok(catalog_commit(f->catalog));
	reopen(f);
	assert_ok(catalog_counter_get(f->catalog, CATALOG_RELATIVE_PORT, &value));
	assert_int_equal(value, 42);
}

static int
keep_unlink(void *arg, const struct catalog_unlink *entry)
{
	assert_string_equal(entry->path, "/srv/pool/x.img");
	*(struct guid *)arg = entry->lun_id;
	return 0;
}

static void
test_unlinks_are_remembered_until_deleted(void **state)
{
	struct catalog_fixture *f = *state;
	struct guid id, found = { { 0 } };
	struct catalog_unlink entry = { .path = "/srv/pool/x.img" };

	guid_make(&id);
	entry.lun_id = id;
	assert_ok(catalog_begin(f->catalog));
	assert_ok(catalog_unlink_put(f->catalog, &entry));
	assert_ok(catalog_commit(f->catalog));
	reopen(f);
	assert_ok(catalog_unlinks(f->catalog, keep_unlink, &found));
	assert_true(guid_equal(&found, &id));
	assert_ok(catalog_begin(f->catalog));
	assert_ok(catalog_unlink_delete(f->catalog, &id, &entry.pool_id));
	assert_ok(catalog_unlink_delete(f->catalog, &id, &entry.pool_id));
	assert_ok(catalog_commit(f->catalog));
	found = (struct guid){ { 0 } };
	assert_ok(catalog_unlinks(f->catalog, keep_unlink, &found));
	assert_true(guid_is_zero(&found));
}

static void
test_foreign_database_is_refused(void **state)
{
	struct catalog_fixture *f = *state;
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/catalog.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA application_id = 4711; CREATE TABLE t (x)", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(catalog_open(f->dir, &f->catalog), ERR_CORRUPT);
}

static void
test_garbage_is_refused(void **state)
{
	struct catalog_fixture *f = *state;
	char path[128];
	static char garbage[8192];
	FILE *file;

	memset(garbage, 'x', sizeof(garbage));
	snprintf(path, sizeof(path), "%s/catalog.db", f->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(garbage, 1, sizeof(garbage), file), sizeof(garbage));
	fclose(file);
	assert_int_equal(catalog_open(f->dir, &f->catalog), ERR_CORRUPT);
}

/* The checker finds what was changed behind our back: each of these breaks another invariant. */
static void
test_checker_finds_damage(void **state)
{
	static const char *const damage[] = {
		"UPDATE lun SET name = 'other' WHERE number = 2",
		"UPDATE position SET digest = '00000000000000000000000000000000'",
		"UPDATE position SET sequence = 99",
		"DELETE FROM event WHERE sequence = 3",
		"UPDATE event SET change = '{}' WHERE sequence = (SELECT max(sequence) FROM event)",
		("INSERT INTO unlink (lun_id, pool_id, path) SELECT id, pool_id, '/x' FROM lun"
		 " LIMIT 1"),
		/* clang-format off */
		"INSERT INTO answer (request_id, sequence, object_id, job_id, existed) SELECT x'00', 1000, x'00', x'00', 0",
		/* clang-format on */
		"DELETE FROM target",
		"UPDATE counter SET value = 1",
	};
	struct catalog_fixture *f = *state;

	for (unsigned n = 2; n < 7; n++)
		assert_ok(sample_commit(f->catalog, &f->state, n));
	assert_ok(catalog_check(f->catalog));
	assert_ok(catalog_exec(f->catalog, "PRAGMA foreign_keys = OFF"));
	for (size_t i = 0; i < ARRAY_LEN(damage); i++) {
		assert_ok(catalog_exec(f->catalog, "SAVEPOINT damage"));
		assert_ok(catalog_exec(f->catalog, damage[i]));
		assert_ok(catalog_position_load(f->catalog));
		if (catalog_check(f->catalog) != ERR_CORRUPT)
			fail_msg("not found: %s", damage[i]);
		assert_ok(catalog_exec(f->catalog, "ROLLBACK TO damage; RELEASE damage"));
		assert_ok(catalog_position_load(f->catalog));
	}
}

#define NEW(test)          cmocka_unit_test_setup_teardown(test, catalog_dir_setup, catalog_dir_teardown)
#define WITH_CATALOG(test) cmocka_unit_test_setup_teardown(test, catalog_setup, catalog_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_CATALOG(test_rows_are_there_after_reopening),
		WITH_CATALOG(test_files_are_private),
		WITH_CATALOG(test_second_opener_is_locked_out),
		WITH_CATALOG(test_rolled_back_change_is_not_there),
		WITH_CATALOG(test_savepoint_takes_back_one_change_of_a_batch),
		WITH_CATALOG(test_change_that_does_not_follow_is_refused),
		WITH_CATALOG(test_counters_survive),
		WITH_CATALOG(test_unlinks_are_remembered_until_deleted),
		WITH_CATALOG(test_checker_finds_damage),
		NEW(test_foreign_database_is_refused),
		NEW(test_garbage_is_refused),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

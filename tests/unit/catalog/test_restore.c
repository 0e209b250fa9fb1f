/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Backups of the catalog: saving a copy, and putting it into a directory; what is refused, what is
 * kept, and what a restore that was cut short leaves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog_test.h"
#include "fault.h"

static char path_buf[4][160];

static const char *
path(unsigned i, const struct catalog_fixture *f, const char *name)
{
	snprintf(path_buf[i], sizeof(path_buf[i]), "%s%s%s", f->dir, name[0] != '\0' ? "/" : "",
		 name);
	return path_buf[i];
}

static bool
exists(const struct catalog_fixture *f, const char *name)
{
	return access(path(3, f, name), F_OK) == 0;
}

/* Changes 2 to n - 1, then a backup of that in the file `name`. */
static void
back_up(struct catalog_fixture *f, unsigned n, const char *name)
{
	struct catalog_copy *copy = NULL;
	int rc;

	for (unsigned i = 2; i < n; i++)
		assert_ok(sample_commit(f->catalog, &f->state, i));
	assert_ok(catalog_copy_begin(f->catalog, &copy));
	while ((rc = catalog_copy_step(copy)) == 1)
		;
	assert_ok(rc);
	assert_ok(catalog_copy_save(copy, path(0, f, name)));
	assert_int_equal(catalog_copy_save(copy, path(0, f, name)), -EEXIST);
	catalog_copy_free(copy);
}

static int
restore(struct catalog_fixture *f, const char *file, bool replace, const char *wanted_aside)
{
	struct catalog_restore *r = NULL;
	const char *aside = "?";
	int rc = catalog_restore_begin(f->dir, path(0, f, file), replace, &r);

	if (rc == 0)
		rc = catalog_restore_commit(r, &aside);
	if (rc == 0)
		assert_string_equal(aside, wanted_aside);
	catalog_restore_free(r);
	return rc;
}

static void
reopen(struct catalog_fixture *f)
{
	f->catalog = NULL;
	assert_ok(catalog_open(f->dir, &f->catalog));
}

/* The rows and the sequence are those of the state; the incarnation is a later one. */
static void
assert_restored(struct catalog_fixture *f, const struct state *wanted, uint64_t after)
{
	AUTO_STATE struct state *found = NULL;

	assert_ok(catalog_load(f->catalog, &found));
	assert_int_equal(state_position(found)->sequence, state_position(wanted)->sequence);
	assert_true(hash128_equal(&state_position(found)->digest, &state_position(wanted)->digest));
	assert_true(state_position(found)->incarnation > after);
	assert_ok(catalog_check(f->catalog));
	state_unref(f->state);
	f->state = TAKE(found);
}

static void
test_backup_takes_the_place_of_the_catalog(void **state)
{
	struct catalog_fixture *f = *state;
	AUTO_STATE struct state *then = NULL;
	struct stat st;

	back_up(f, 20, "backup");
	assert_int_equal(stat(path(0, f, "backup"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	then = state_ref(f->state);
	for (unsigned n = 20; n < 40; n++)
		assert_ok(sample_commit(f->catalog, &f->state, n));
	assert_int_equal(restore(f, "backup", true, ""), ERR_LOCKED);
	catalog_close(f->catalog);
	f->catalog = NULL;
	assert_int_equal(restore(f, "backup", false, ""), ERR_NAME_IN_USE);
	assert_ok(restore(f, "backup", true, "catalog.old-1"));
	assert_true(exists(f, "catalog.old-1/catalog.db") && exists(f, "catalog.old-1/mark"));
	assert_false(exists(f, "restore.tmp") || exists(f, "restored"));
	reopen(f);
	assert_restored(f, then, state_position(then)->incarnation);
	assert_false(catalog_was_restored(f->catalog)); /* not a second time */
	assert_ok(sample_commit(f->catalog, &f->state, 20));
	catalog_close(f->catalog);
	f->catalog = NULL;
	assert_ok(restore(f, "backup", true, "catalog.old-2"));
	reopen(f);
	assert_restored(f, then, state_position(f->state)->incarnation);
}

/* The clock of the new machine may be wrong: the mark says what the last incarnation was. */
static void
test_incarnation_is_later_than_the_mark(void **state)
{
	struct catalog_fixture *f = *state;
	AUTO_STATE struct state *then = NULL;
	uint64_t late = 1ull << 52;
	char id[GUID_TEXT_SIZE];
	FILE *mark;

	back_up(f, 5, "backup");
	then = state_ref(f->state);
	catalog_close(TAKE(f->catalog));
	mark = fopen(path(1, f, "mark"), "w");
	fprintf(mark, "vds-mark 1 %s %020llu %020llu\n",
		guid_format(&state_position(then)->array_id, id), (unsigned long long)late, 4ull);
	fclose(mark);
	assert_ok(restore(f, "backup", true, "catalog.old-1"));
	reopen(f);
	assert_restored(f, then, late);
}

static void
write_file(const char *name, const char *text, size_t len)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

/* Turns some bytes in the middle of the file. */
static void
damage(const char *name)
{
	FILE *file = fopen(name, "r+");

	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	fseek(file, ftell(file) / 4096 / 2 * 4096, SEEK_SET);
	for (int i = 0; i < 2048; i++)
		fputc(0xa5, file);
	fclose(file);
}

static void
test_file_that_is_no_sound_backup_changes_nothing(void **state)
{
	struct catalog_fixture *f = *state;
	AUTO_STATE struct state *then = NULL;
	sqlite3 *db = NULL;

	back_up(f, 60, "damaged");
	then = state_ref(f->state);
	damage(path(0, f, "damaged"));
	write_file(path(0, f, "empty"), "", 0);
	write_file(path(0, f, "text"), "no database\n", 12);
	back_up(f, 2, "newer");
	assert_int_equal(sqlite3_open(path(0, f, "newer"), &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA user_version = 9999", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_int_equal(sqlite3_open(path(0, f, "foreign"), &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA application_id = 7; CREATE TABLE t (x)", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_int_equal(sqlite3_open(path(0, f, "void"), &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE t (x); DROP TABLE t", NULL, NULL, NULL);
	sqlite3_close(db);
	catalog_close(TAKE(f->catalog));
	assert_int_equal(restore(f, "damaged", true, ""), ERR_CORRUPT);
	assert_int_equal(restore(f, "empty", true, ""), ERR_INVALID);
	assert_int_equal(restore(f, "", true, ""), ERR_INVALID); /* the directory */
	assert_int_equal(restore(f, "missing", true, ""), -ENOENT);
	assert_int_equal(restore(f, "text", true, ""), ERR_CORRUPT);
	assert_int_equal(restore(f, "newer", true, ""), ERR_VERSION);
	assert_int_equal(restore(f, "foreign", true, ""), ERR_CORRUPT);
	assert_int_equal(restore(f, "void", true, ""), ERR_CORRUPT);
	assert_false(exists(f, "restore.tmp") || exists(f, "catalog.old-1"));
	reopen(f);
	assert_restored(f, then, state_position(then)->incarnation - 1);
}

/* Once it has been decided, whoever opens the directory carries it out. */
static void
test_interrupted_restore_is_finished_at_open(void **state)
{
	struct catalog_fixture *f = *state;
	AUTO_STATE struct state *then = NULL;
	struct catalog *looked = NULL;

	back_up(f, 20, "backup");
	then = state_ref(f->state);
	catalog_close(TAKE(f->catalog));
	assert_ok(restore(f, "backup", true, "catalog.old-1"));
	/* as a crash leaves it right after the rename: the old files are there, with a log */
	assert_int_equal(mkdir(path(0, f, "restored"), 0700), 0);
	assert_int_equal(rename(path(0, f, "catalog.db"), path(1, f, "restored/catalog.db")), 0);
	assert_int_equal(rename(path(0, f, "mark"), path(1, f, "restored/mark")), 0);
	assert_int_equal(link(path(0, f, "catalog.old-1/catalog.db"), path(1, f, "catalog.db")), 0);
	write_file(path(0, f, "catalog.db-wal"), "of another", 10);
	assert_int_equal(catalog_look(f->dir, &looked), ERR_CORRUPT);
	reopen(f);
	assert_restored(f, then, state_position(then)->incarnation);
	assert_false(exists(f, "restored"));
	/* or before that: then nothing has happened */
	assert_int_equal(mkdir(path(0, f, "restore.tmp"), 0700), 0);
	write_file(path(0, f, "restore.tmp/catalog.db"), "half", 4);
	catalog_close(TAKE(f->catalog));
	reopen(f);
	catalog_close(TAKE(f->catalog));
	assert_ok(restore(f, "backup", true, "catalog.old-2"));
	reopen(f);
}

static void
test_catalog_that_is_gone_needs_no_force(void **state)
{
	struct catalog_fixture *f = *state;
	AUTO_STATE struct state *then = NULL;

	back_up(f, 20, "backup");
	then = state_ref(f->state);
	catalog_close(TAKE(f->catalog));
	assert_int_equal(unlink(path(0, f, "catalog.db")), 0);
	assert_int_equal(catalog_open(f->dir, &f->catalog), ERR_CORRUPT);
	f->catalog = NULL;
	assert_ok(restore(f, "backup", false, "catalog.old-1")); /* keeps the mark */
	reopen(f);
	assert_restored(f, then, state_position(then)->incarnation);
}

static void
test_every_allocation_of_a_restore(void **state)
{
	struct catalog_fixture *f = *state;
	AUTO_STATE struct state *then = NULL;
	struct catalog_restore *r = NULL;
	int rc = -1;

	back_up(f, 8, "backup");
	then = state_ref(f->state);
	catalog_close(TAKE(f->catalog));
	WITH_EVERY_FAULT
	{
		r = NULL;
		rc = catalog_restore_begin(f->dir, path(0, f, "backup"), true, &r);
		catalog_restore_free(r);
		assert_true(rc == 0 || rc == -ENOMEM);
	}
	assert_ok(rc);
	assert_false(exists(f, "restore.tmp") && exists(f, "restored"));
	reopen(f);
	assert_restored(f, then, state_position(then)->incarnation - 1);
}

#define WITH_CATALOG(test) cmocka_unit_test_setup_teardown(test, catalog_setup, catalog_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CATALOG(test_backup_takes_the_place_of_the_catalog),
		WITH_CATALOG(test_incarnation_is_later_than_the_mark),
		WITH_CATALOG(test_file_that_is_no_sound_backup_changes_nothing),
		WITH_CATALOG(test_interrupted_restore_is_finished_at_open),
		WITH_CATALOG(test_catalog_that_is_gone_needs_no_force),
		WITH_CATALOG(test_every_allocation_of_a_restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

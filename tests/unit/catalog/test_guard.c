/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What must not be served as if nothing had happened: an array without its catalog, changes that
 * are missing, a damaged database, files that vanish while they are in use.
 */
#include "catalog_test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (1u << 20)

struct copy {
	size_t len;
	uint8_t bytes[FILE_BYTES_MAX];
};

static struct copy before, after;

static void
path_of(const struct catalog_fixture *f, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", f->dir, name);
}

/* false: it is not there. */
static bool
read_all(const struct catalog_fixture *f, const char *name, struct copy *ret_copy)
{
	char path[128];
	ssize_t got;
	int fd;

	path_of(f, name, path);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	got = read(fd, ret_copy->bytes, sizeof(ret_copy->bytes));
	assert_in_range(got, 0, sizeof(ret_copy->bytes) - 1);
	ret_copy->len = (size_t)got;
	close(fd);
	return true;
}

static void
write_all(const struct catalog_fixture *f, const char *name, const void *bytes, size_t len)
{
	char path[128];
	int fd;

	path_of(f, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static unsigned
count_files(const struct catalog_fixture *f)
{
	DIR *dir = opendir(f->dir);
	unsigned count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void
close_catalog(struct catalog_fixture *f)
{
	catalog_close(f->catalog);
	f->catalog = NULL;
}

/* ---- an array without its catalog ---- */

/* Leaves the traces in `which` (bits) and takes the others away. */
static void
leave_traces(const struct catalog_fixture *f, unsigned which)
{
	static const char *const names[] = { "mark", "catalog.db-wal", "luns/.vds-pool" };
	char path[128];

	path_of(f, "luns", path);
	assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		path_of(f, names[i], path);
		if ((which & 1u << i) != 0)
			write_all(f, names[i], "something", 9);
		else
			assert_true(unlink(path) == 0 || errno == ENOENT);
	}
}

static void
test_array_without_its_catalog_is_refused_before_anything_is_written(void **state)
{
	struct catalog_fixture *f = *state;
	char path[128];

	close_catalog(f);
	path_of(f, "catalog.db", path);
	for (unsigned which = 1; which < 8; which++) {
		for (int empty = 0; empty < 2; empty++) {
			unsigned files;

			assert_true(unlink(path) == 0 || errno == ENOENT);
			leave_traces(f, which);
			if (empty)
				write_all(f, "catalog.db", "", 0);
			files = count_files(f);
			assert_int_equal(catalog_open(f->dir, &f->catalog), ERR_CORRUPT);
			assert_non_null(strstr(err_text(ERR_CORRUPT), empty ? "empty" : "missing"));
			assert_int_equal(strstr(err_text(ERR_CORRUPT), "mark") != NULL,
					 (which & 1) != 0);
			assert_int_equal(catalog_open_accepting_loss(f->dir, &f->catalog),
					 ERR_CORRUPT);
			assert_int_equal(catalog_look(f->dir, &f->catalog), ERR_CORRUPT);
			assert_int_equal(count_files(f), files);
			assert_int_equal(access(path, F_OK) == 0, empty);
		}
	}
	unlink(path);
	leave_traces(f, 0);
	assert_ok(catalog_open(f->dir, &f->catalog));
	assert_true(catalog_is_new(f->catalog));
	close_catalog(f);
}

static void
test_catalog_that_is_put_back_is_served_again(void **state)
{
	struct catalog_fixture *f = *state;
	char path[128];
	struct state *found = NULL;

	close_catalog(f);
	assert_true(read_all(f, "catalog.db", &before));
	path_of(f, "catalog.db", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(catalog_open(f->dir, &f->catalog), ERR_CORRUPT);
	write_all(f, "catalog.db", before.bytes, before.len);
	assert_ok(catalog_open(f->dir, &f->catalog));
	assert_null(catalog_held(f->catalog));
	assert_ok(catalog_load(f->catalog, &found));
	assert_same_state(found, f->state);
	state_unref(found);
}

static void
test_mark_beside_a_catalog_without_an_array_is_refused(void **state)
{
	struct catalog_fixture *f = *state;
	static struct copy mark;
	char path[128];

	close_catalog(f);
	assert_true(read_all(f, "mark", &mark));
	path_of(f, "catalog.db", path);
	assert_int_equal(unlink(path), 0);
	leave_traces(f, 0);
	assert_ok(catalog_open(f->dir, &f->catalog));
	close_catalog(f);
	write_all(f, "mark", mark.bytes, mark.len);
	assert_int_equal(catalog_open(f->dir, &f->catalog), ERR_CORRUPT);
	assert_non_null(strstr(err_text(ERR_CORRUPT), "1 changes"));
}

/* ---- changes that are missing ---- */

/* A log of five changes, as a crash leaves it; its second half is damaged. */
static void
damage_log(struct catalog_fixture *f)
{
	static struct copy db, mark;

	assert_ok(catalog_exec(f->catalog, "PRAGMA wal_checkpoint(TRUNCATE)"));
	for (unsigned n = 2; n < 7; n++)
		assert_ok(sample_commit(f->catalog, &f->state, n));
	assert_true(read_all(f, "catalog.db", &db));
	assert_true(read_all(f, "catalog.db-wal", &before));
	assert_true(read_all(f, "mark", &mark));
	close_catalog(f);
	before.bytes[before.len / 2] ^= 0xff;
	write_all(f, "catalog.db", db.bytes, db.len);
	write_all(f, "catalog.db-wal", before.bytes, before.len);
	write_all(f, "mark", mark.bytes, mark.len);
}

static void
test_log_that_drops_changes_makes_the_catalog_held(void **state)
{
	struct catalog_fixture *f = *state;
	struct state *found = NULL;
	char text[32];

	damage_log(f);
	assert_ok(catalog_open(f->dir, &f->catalog));
	assert_non_null(catalog_held(f->catalog));
	assert_in_range(f->catalog->lost, 1, 5);
	snprintf(text, sizeof(text), ": %u acknowledged", (unsigned)f->catalog->lost);
	assert_non_null(strstr(catalog_held(f->catalog), text));
	assert_non_null(strstr(catalog_held(f->catalog), "--accept-loss"));
	assert_int_equal(f->catalog->position.sequence + f->catalog->lost, 6);
	assert_ok(catalog_load(f->catalog, &found));
	state_unref(found);
	assert_int_equal(catalog_begin(f->catalog), ERR_READ_ONLY);
	close_catalog(f);
	assert_true(read_all(f, "catalog.db-wal", &after));
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.bytes, before.bytes, before.len);
}

static void
test_checker_finds_that_changes_are_missing(void **state)
{
	struct catalog_fixture *f = *state;

	damage_log(f);
	assert_ok(catalog_look(f->dir, &f->catalog));
	assert_int_equal(catalog_check(f->catalog), ERR_CORRUPT);
	assert_non_null(strstr(err_text(ERR_CORRUPT), "acknowledged"));
	close_catalog(f);
}

static void
test_accepted_loss_is_a_new_incarnation(void **state)
{
	struct catalog_fixture *f = *state;

	damage_log(f);
	assert_ok(catalog_open_accepting_loss(f->dir, &f->catalog));
	assert_null(catalog_held(f->catalog));
	assert_true(catalog_was_restored(f->catalog));
	assert_true(f->catalog->position.incarnation > 1);
	close_catalog(f);
	assert_ok(catalog_open(f->dir, &f->catalog));
	assert_null(catalog_held(f->catalog));
	assert_ok(catalog_check(f->catalog));
}

/* ---- a damaged database ---- */

/* Makes the index a page without entries. */
static void
damage_index(struct catalog_fixture *f, const char *index)
{
	static const uint8_t empty_leaf[8] = { 10, 0, 0, 0, 0, 0, 0, 0 };
	char sql[128];
	int64_t root = 0, page_bytes = 0;

	snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", index);
	assert_ok(catalog_query_int(f->catalog, sql, &root));
	assert_ok(catalog_query_int(f->catalog, "PRAGMA page_size", &page_bytes));
	close_catalog(f);
	assert_true(read_all(f, "catalog.db", &before));
	memcpy(before.bytes + (root - 1) * page_bytes, empty_leaf, sizeof(empty_leaf));
	write_all(f, "catalog.db", before.bytes, before.len);
}

static void
test_damaged_structure_is_found_at_open_and_not_written_on(void **state)
{
	struct catalog_fixture *f = *state;
	struct state *found = NULL;

	for (unsigned n = 2; n < 8; n++)
		assert_ok(sample_commit(f->catalog, &f->state, n));
	damage_index(f, "lun_pool");
	assert_ok(catalog_open(f->dir, &f->catalog));
	assert_non_null(catalog_held(f->catalog));
	assert_ok(catalog_load(f->catalog, &found));
	assert_same_state(found, f->state);
	state_unref(found);
	assert_int_equal(catalog_begin(f->catalog), ERR_READ_ONLY);
	close_catalog(f);
	assert_true(read_all(f, "catalog.db", &after));
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.bytes, before.bytes, before.len);
}

static void
test_structure_is_looked_at_for_a_bounded_time(void **state)
{
	struct catalog_fixture *f = *state;

	assert_int_equal(catalog_check_structure(f->catalog, UINT64_MAX), 0);
	assert_ok(catalog_exec(f->catalog,
			       "CREATE TABLE big (n INTEGER PRIMARY KEY, t TEXT);"
			       "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
			       "WHERE i < 20000) INSERT INTO big SELECT i, hex(i) FROM n;"));
	assert_int_equal(catalog_check_structure(f->catalog, 0), 1);
	assert_int_equal(catalog_check_structure(f->catalog, UINT64_MAX), 0);
}

/* ---- files that vanish ---- */

static void
test_files_that_vanish_are_noticed_before_the_next_change(void **state)
{
	static const char *const names[] = { "catalog.db", "catalog.db-wal", "lock" };
	struct catalog_fixture *f = *state;
	char path[128], away[128];

	assert_ok(sample_commit(f->catalog, &f->state, 2));
	path_of(f, "away", away);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		path_of(f, names[i], path);
		assert_ok(catalog_still_there(f->catalog));
		assert_int_equal(rename(path, away), 0);
		assert_int_equal(catalog_still_there(f->catalog), ERR_CORRUPT);
		assert_int_equal(catalog_begin(f->catalog), ERR_CORRUPT);
		assert_int_equal(catalog_reopen(f->catalog), ERR_CORRUPT);
		assert_int_not_equal(access(path, F_OK), 0);
		close_catalog(f);
		assert_int_equal(rename(away, path), 0);
		assert_ok(catalog_open(f->dir, &f->catalog));
		assert_ok(sample_commit(f->catalog, &f->state, 3 + (unsigned)i));
		write_all(f, "other", "x", 1);
	}
	path_of(f, "catalog.db", path);
	assert_int_equal(rename(path, away), 0);
	write_all(f, "catalog.db", "another file", 12);
	assert_int_equal(catalog_begin(f->catalog), ERR_CORRUPT);
	assert_int_equal(rename(away, path), 0);
}

#define WITH_CATALOG(test) cmocka_unit_test_setup_teardown(test, catalog_setup, catalog_teardown)
#define LEFT_BROKEN(test)  cmocka_unit_test_setup_teardown(test, catalog_setup, catalog_dir_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		LEFT_BROKEN(test_array_without_its_catalog_is_refused_before_anything_is_written),
		WITH_CATALOG(test_catalog_that_is_put_back_is_served_again),
		LEFT_BROKEN(test_mark_beside_a_catalog_without_an_array_is_refused),
		LEFT_BROKEN(test_log_that_drops_changes_makes_the_catalog_held),
		LEFT_BROKEN(test_checker_finds_that_changes_are_missing),
		WITH_CATALOG(test_accepted_loss_is_a_new_incarnation),
		LEFT_BROKEN(test_damaged_structure_is_found_at_open_and_not_written_on),
		LEFT_BROKEN(test_structure_is_looked_at_for_a_bounded_time),
		LEFT_BROKEN(test_files_that_vanish_are_noticed_before_the_next_change),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

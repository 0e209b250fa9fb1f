/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of incarnations: a restored backup begins a new incarnation, and in all other cases the
 * catalog goes on in its own.
 */
#include "catalog_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
path_of(const struct catalog_fixture *f, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", f->dir, name);
}

static void
copy_file(const struct catalog_fixture *f, const char *from, const char *to)
{
	char source[128], sink[128], bytes[2048];
	int in, out;
	ssize_t n;

	path_of(f, from, source);
	path_of(f, to, sink);
	in = open(source, O_RDONLY);
	out = open(sink, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)n), n);
	close(in);
	close(out);
}

static void
close_catalog(struct catalog_fixture *f)
{
	catalog_close(f->catalog);
	f->catalog = NULL;
}

/* The incarnation that an opening finds or makes. */
static uint64_t
open_catalog(struct catalog_fixture *f)
{
	assert_ok(catalog_open(f->dir, &f->catalog));
	assert_null(catalog_held(f->catalog));
	assert_ok(catalog_check(f->catalog));
	return f->catalog->position.incarnation;
}

/* The same when changes are missing, which an administrator has accepted. */
static uint64_t
open_with_loss(struct catalog_fixture *f)
{
	assert_ok(catalog_open(f->dir, &f->catalog));
	assert_non_null(catalog_held(f->catalog));
	assert_int_equal(catalog_begin(f->catalog), ERR_READ_ONLY);
	assert_int_equal(catalog_check(f->catalog), ERR_CORRUPT);
	close_catalog(f);
	assert_ok(catalog_open_accepting_loss(f->dir, &f->catalog));
	assert_null(catalog_held(f->catalog));
	assert_ok(catalog_check(f->catalog));
	return f->catalog->position.incarnation;
}

static void
advance(struct catalog_fixture *f, unsigned first, unsigned last)
{
	for (unsigned n = first; n <= last; n++)
		assert_ok(sample_commit(f->catalog, &f->state, n));
}

/* Closing puts all of the WAL into the database: the file alone is the backup. */
static void
back_up(struct catalog_fixture *f, const char *name)
{
	close_catalog(f);
	copy_file(f, "catalog.db", name);
	open_catalog(f);
}

static void
restore(struct catalog_fixture *f, const char *name)
{
	close_catalog(f);
	copy_file(f, name, "catalog.db");
}

static void
test_reopening_is_the_same_incarnation(void **state)
{
	struct catalog_fixture *f = *state;

	advance(f, 2, 5);
	close_catalog(f);
	assert_int_equal(open_catalog(f), 1);
	assert_false(catalog_was_restored(f->catalog));
}

static void
test_restored_backup_is_a_new_incarnation(void **state)
{
	struct catalog_fixture *f = *state;

	back_up(f, "backup");
	advance(f, 2, 3);
	restore(f, "backup");
	assert_true(open_with_loss(f) > 1);
	assert_true(catalog_was_restored(f->catalog));
	assert_int_equal(f->catalog->position.sequence, 1);
}

static void
test_new_incarnation_stays(void **state)
{
	struct catalog_fixture *f = *state;
	uint64_t incarnation;

	back_up(f, "backup");
	advance(f, 2, 3);
	restore(f, "backup");
	incarnation = open_with_loss(f);
	close_catalog(f);
	assert_int_equal(open_catalog(f), incarnation);
	assert_false(catalog_was_restored(f->catalog));
}

static void
test_backup_restored_twice_is_two_incarnations(void **state)
{
	struct catalog_fixture *f = *state;
	uint64_t first;

	back_up(f, "backup");
	advance(f, 2, 3);
	restore(f, "backup");
	first = open_with_loss(f);
	restore(f, "backup");
	assert_true(open_with_loss(f) > first);
}

static void
test_backup_of_another_line_of_time_is_noticed_though_it_is_ahead(void **state)
{
	struct catalog_fixture *f = *state;

	back_up(f, "old");
	advance(f, 2, 9);
	back_up(f, "ahead");
	restore(f, "old");
	open_with_loss(f);
	restore(f, "ahead");
	assert_true(open_with_loss(f) > 1);
	assert_true(catalog_was_restored(f->catalog));
}

static void
test_backup_with_nothing_done_since_goes_on(void **state)
{
	struct catalog_fixture *f = *state;

	advance(f, 2, 3);
	back_up(f, "backup");
	restore(f, "backup");
	assert_int_equal(open_catalog(f), 1);
}

static void
test_catalog_moved_without_its_mark_is_a_new_incarnation(void **state)
{
	struct catalog_fixture *f = *state;
	char path[128];

	close_catalog(f);
	path_of(f, "mark", path);
	assert_int_equal(unlink(path), 0);
	assert_true(open_catalog(f) > 1);
}

/* A power cut may leave an old mark. */
static void
test_older_mark_is_no_alarm(void **state)
{
	struct catalog_fixture *f = *state;

	copy_file(f, "mark", "old-mark");
	advance(f, 2, 4);
	close_catalog(f);
	copy_file(f, "old-mark", "mark");
	assert_int_equal(open_catalog(f), 1);
}

#define WITH_CATALOG(test) cmocka_unit_test_setup_teardown(test, catalog_setup, catalog_teardown)

int
main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		WITH_CATALOG(test_reopening_is_the_same_incarnation),
		WITH_CATALOG(test_restored_backup_is_a_new_incarnation),
		WITH_CATALOG(test_new_incarnation_stays),
		WITH_CATALOG(test_backup_restored_twice_is_two_incarnations),
		WITH_CATALOG(test_backup_of_another_line_of_time_is_noticed_though_it_is_ahead),
		WITH_CATALOG(test_backup_with_nothing_done_since_goes_on),
		WITH_CATALOG(test_catalog_moved_without_its_mark_is_a_new_incarnation),
		WITH_CATALOG(test_older_mark_is_no_alarm),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests that no file of the catalog holds a CHAP secret that was replaced or deleted, once the log
 * was scrubbed, and also when a crash came before that.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "catalog_test.h"

#define FIRST  "the-first-of-the-secrets"
#define SECOND "the-second-of-the-secrets"

static const struct guid credential_id = { .bytes = { 'c' } };

/* Returns how many files of the directory hold the text. */
static unsigned
files_with(const struct catalog_fixture *f, const char *text)
{
	DIR *dir = opendir(f->dir);
	unsigned count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		static char bytes[8 << 20];
		int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		ssize_t len = fd >= 0 ? read(fd, bytes, sizeof(bytes)) : -1;

		if (len > 0 && memmem(bytes, (size_t)len, text, strlen(text)) != NULL)
			count++;
		if (fd >= 0)
			close(fd);
	}
	closedir(dir);
	return count;
}

static void
apply(struct catalog_fixture *f, struct state_edit *edit, const char *cause)
{
	struct state *next = NULL;
	struct change *change = NULL;

	assert_ok(state_edit_finish(edit, cause, NULL, 1700000000000, &next, &change));
	assert_ok(catalog_apply(f->catalog, f->state, change));
	change_unref(change);
	state_unref(f->state);
	f->state = next;
}

/* Sets the secret of the one credential; old: the one that stays valid. */
static void
set(struct catalog_fixture *f, const char *secret, const char *old)
{
	struct row_credential *row = row_new(ROW_CREDENTIAL);
	struct state_edit *edit = state_edit_new(f->state);
	const struct catalog_secret both = { .credential_id = credential_id,
					     .bytes = (const uint8_t *)secret,
					     .len = strlen(secret),
					     .old_bytes = (const uint8_t *)old,
					     .old_len = strlen(old) };

	assert_non_null(row);
	assert_non_null(edit);
	row->id = credential_id;
	row->set_ms = 1700000000000 + (int64_t)state_position(f->state)->sequence;
	assert_ok(row_set_string(&row->user, "alice"));
	assert_ok(row_set_string(&row->initiator, ""));
	assert_ok(state_edit_put(edit, row));
	assert_ok(catalog_begin(f->catalog));
	assert_ok(catalog_secret_put(f->catalog, &both));
	apply(f, edit, "credential.set");
	assert_ok(catalog_commit(f->catalog));
}

static void delete (struct catalog_fixture *f)
{
	struct state_edit *edit = state_edit_new(f->state);

	assert_non_null(edit);
	assert_ok(state_edit_delete(edit, ROW_CREDENTIAL, &credential_id, NULL));
	assert_ok(catalog_begin(f->catalog));
	apply(f, edit, "credential.delete");
	assert_ok(catalog_commit(f->catalog));
}

static void
test_a_replaced_secret_is_in_no_file(void **state)
{
	struct catalog_fixture *f = *state;

	set(f, FIRST, "");
	assert_ok(catalog_secret_scrub(f->catalog));
	assert_int_not_equal(files_with(f, FIRST), 0);
	set(f, SECOND, "");
	assert_int_not_equal(files_with(f, FIRST), 0); /* this is what the scrubbing is for */
	assert_ok(catalog_secret_scrub(f->catalog));
	assert_int_equal(files_with(f, FIRST), 0);
	assert_int_not_equal(files_with(f, SECOND), 0);
}

static void
test_an_old_secret_stays_until_it_is_replaced(void **state)
{
	struct catalog_fixture *f = *state;

	set(f, FIRST, "");
	set(f, SECOND, FIRST);
	assert_ok(catalog_secret_scrub(f->catalog));
	assert_int_not_equal(files_with(f, FIRST), 0);
	set(f, SECOND, "");
	assert_ok(catalog_secret_scrub(f->catalog));
	assert_int_equal(files_with(f, FIRST), 0);
}

static void
test_a_deleted_secret_is_in_no_file(void **state)
{
	struct catalog_fixture *f = *state;

	set(f, FIRST, "");
	set(f, SECOND, FIRST);
	delete (f);
	assert_ok(catalog_secret_scrub(f->catalog));
	assert_int_equal(files_with(f, FIRST), 0);
	assert_int_equal(files_with(f, SECOND), 0);
}

/* Setting the first secret, or anything else, costs no more than a commit. */
static void
test_what_outdates_no_secret_leaves_the_log(void **state)
{
	struct catalog_fixture *f = *state;

	assert_ok(catalog_secret_scrub(f->catalog));
	set(f, FIRST, "");
	assert_false(f->catalog->secret_in_log);
	set(f, SECOND, "");
	assert_true(f->catalog->secret_in_log);
	assert_ok(catalog_secret_scrub(f->catalog));
	assert_false(f->catalog->secret_in_log);
}

/* A transaction that is rolled back does not count as a change; the next commit may scrub. */
static void
test_a_rollback_scrubs_nothing(void **state)
{
	struct catalog_fixture *f = *state;
	const struct catalog_secret other = { .credential_id = credential_id,
					      .bytes = (const uint8_t *)SECOND,
					      .len = strlen(SECOND) };

	set(f, FIRST, "");
	assert_ok(catalog_begin(f->catalog));
	assert_ok(catalog_secret_put(f->catalog, &other));
	catalog_rollback(f->catalog);
	assert_false(f->catalog->secret_in_log);
	assert_int_equal(files_with(f, SECOND), 0);
}

static void
copy_file(const char *from_dir, const char *to_dir, const char *name)
{
	static char bytes[8 << 20];
	AUTO_FREE char *from = str_printf("%s/%s", from_dir, name);
	AUTO_FREE char *to = str_printf("%s/%s", to_dir, name);
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t len = read(in, bytes, sizeof(bytes));

	assert_true(in >= 0 && out >= 0 && len > 0);
	assert_int_equal(write(out, bytes, (size_t)len), len);
	close(in);
	close(out);
}

/* The files are copied as a crash between the commit and the scrubbing would leave them. */
static void
test_a_log_that_a_crash_left_is_scrubbed_at_the_next_start(void **state)
{
	struct catalog_fixture *f = *state, *after;
	void *made;

	set(f, FIRST, "");
	set(f, SECOND, "");
	catalog_dir_setup(&made);
	after = made;
	copy_file(f->dir, after->dir, "catalog.db");
	copy_file(f->dir, after->dir, "catalog.db-wal");
	copy_file(f->dir, after->dir, "mark");
	assert_int_not_equal(files_with(after, FIRST), 0);
	assert_ok(catalog_open(after->dir, &after->catalog));
	assert_int_equal(files_with(after, FIRST), 0);
	assert_int_not_equal(files_with(after, SECOND), 0);
	assert_int_equal(catalog_dir_teardown(&made), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, catalog_setup, catalog_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_replaced_secret_is_in_no_file),
		TEST(test_an_old_secret_stays_until_it_is_replaced),
		TEST(test_a_deleted_secret_is_in_no_file),
		TEST(test_what_outdates_no_secret_leaves_the_log),
		TEST(test_a_rollback_scrubs_nothing),
		TEST(test_a_log_that_a_crash_left_is_scrubbed_at_the_next_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Restores into a store that gateways share: what is refused, what is left after a commit that
 * failed, and what is kept of the catalog that was there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/shared_int.h"
#include "catalog_test.h"
#include "shared_store.h"

struct restore_fixture {
	struct catalog_fixture *f;
	struct shared_cluster *cluster;
	char dir[96], file[96], extra[128];
};

static int
setup(void **state)
{
	struct restore_fixture *s = calloc(1, sizeof(*s));
	struct catalog_copy *copy = NULL;
	int rc;

	assert_int_equal(catalog_setup((void **)&s->f), 0);
	s->cluster = shared_cluster_new();
	snprintf(s->dir, sizeof(s->dir), "%s/g", s->f->dir);
	snprintf(s->file, sizeof(s->file), "%s/backup", s->f->dir);
	for (unsigned n = 2; n < 20; n++)
		assert_ok(sample_commit(s->f->catalog, &s->f->state, n));
	assert_ok(catalog_copy_begin(s->f->catalog, &copy));
	while ((rc = catalog_copy_step(copy)) == 1)
		;
	assert_ok(rc);
	assert_ok(catalog_copy_save(copy, s->file));
	catalog_copy_free(copy);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct restore_fixture *s = *state;
	void *f = s->f;

	shared_cluster_free(s->cluster);
	free(s);
	return catalog_teardown(&f);
}

static bool
exists(const struct restore_fixture *s, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	return access(path, F_OK) == 0;
}

static int
restore(struct restore_fixture *s, bool replace)
{
	struct catalog_shared shared = shared_cluster_open(s->cluster);
	struct catalog_restore *r = NULL;
	const char *aside;
	int fd, rc = catalog_restore_begin_shared(s->dir, s->file, replace, &shared, &r);

	if (rc == 0 && s->extra[0] != '\0') {
		fd = open(s->extra, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
	if (rc == 0)
		rc = catalog_restore_commit(r, &aside);
	catalog_restore_free(r);
	return rc;
}

static void
test_a_backup_that_is_too_large_is_refused_in_its_own_words(void **state)
{
	struct restore_fixture *s = *state;

	shared_cluster_limits(s->cluster, 1000, 200000);
	assert_int_equal(restore(s, false), ERR_LIMIT);
	assert_non_null(strstr(err_text(ERR_LIMIT), "the backup is too large"));
	assert_int_equal(shared_cluster_version(s->cluster), 0);
}

static void
test_a_restore_that_is_not_committed_keeps_no_copy(void **state)
{
	struct restore_fixture *s = *state;

	assert_ok(restore(s, false));
	assert_int_equal(restore(s, false), ERR_NAME_IN_USE);
	shared_cluster_fault(s->cluster, SHARED_FAULT_CONFLICT, 1);
	assert_int_equal(restore(s, true), ERR_LOCKED);
	assert_false(exists(s, "catalog.old-1") || exists(s, "restore.tmp"));
	shared_cluster_fault(s->cluster, SHARED_FAULT_NOT_DONE, 1000); /* it may be there */
	assert_int_equal(restore(s, true), ERR_TIMEOUT);
	assert_true(exists(s, "catalog.old-1/catalog.db"));
	shared_cluster_fault(s->cluster, SHARED_FAULT_NONE, 0);
	assert_ok(restore(s, true));
	assert_true(exists(s, "catalog.old-2/catalog.db"));
}

static void
test_what_fails_after_the_commit_does_not_undo_it(void **state)
{
	struct restore_fixture *s = *state;

	snprintf(s->extra, sizeof(s->extra), "%s/restore.tmp/extra", s->dir);
	assert_ok(restore(s, false));
	assert_true(shared_cluster_version(s->cluster) > 0);
	assert_true(exists(s, "mark"));
}

static void
test_a_damaged_catalog_is_replaced_by_force_only(void **state)
{
	struct restore_fixture *s = *state;

	assert_ok(restore(s, false));
	shared_cluster_spoil(s->cluster, "r/");
	assert_int_equal(restore(s, false), ERR_CORRUPT);
	assert_ok(restore(s, true));
	assert_int_equal(restore(s, false), ERR_NAME_IN_USE);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_backup_that_is_too_large_is_refused_in_its_own_words),
		T(test_a_restore_that_is_not_committed_keeps_no_copy),
		T(test_what_fails_after_the_commit_does_not_undo_it),
		T(test_a_damaged_catalog_is_replaced_by_force_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

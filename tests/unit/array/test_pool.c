/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools: their directories, markers and space; the array's own row. */
#include "array_test.h"

#include <sys/stat.h>
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
	assert_int_equal(array_pool_create(f->array, NULL, "p", "/nowhere/at/all", NULL), -ENOENT);
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
	assert_ok(array_lun_delete(f->array, NULL, &answer.object_id, NULL));
	assert_true(wait_for(f->array, pool_can_go, &pool));
	snprintf(marker, sizeof(marker), "%s/.vds-pool", path);
	assert_false(file_exists(marker));
	assert_int_equal(rmdir(path), 0);
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

static void
test_unknown_pool_is_not_found(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;
	struct array_lun_spec spec = { .pool_id = random_guid(), .size_bytes = MIB };
	uint64_t bytes;

	assert_int_equal(array_lun_create(a, NULL, &spec, NULL), ERR_NOT_FOUND);
	assert_int_equal(array_max_lun_size(a, &spec.pool_id, true, &bytes), ERR_NOT_FOUND);
	assert_int_equal(array_pool_delete(a, NULL, &spec.pool_id, NULL), ERR_NOT_FOUND);
}

static void
test_array_can_be_renamed(void **state)
{
	struct array *a = ((struct fixture *)*state)->array;

	assert_ok(array_rename(a, NULL, "Käsekuchen", NULL));
	assert_int_equal(array_rename(a, NULL, "", NULL), ERR_INVALID);
	assert_int_equal(array_rename(a, NULL, NULL, NULL), ERR_INVALID);
	AUTO_STATE struct state *now = array_state(a);

	assert_string_equal(state_array(now)->name, "Käsekuchen");
	assert_string_equal(state_array(now)->version, VDS_VERSION);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_pool_has_a_marker_that_is_locked),
		WITH_ARRAY(test_bad_paths),
		WITH_ARRAY(test_failed_create_takes_its_marker_away),
		WITH_ARRAY(test_rename),
		WITH_ARRAY(test_pool_with_luns_is_not_deleted),
		WITH_ARRAY(test_space_is_shown),
		WITH_ARRAY(test_unknown_pool_is_not_found),
		WITH_ARRAY(test_array_can_be_renamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

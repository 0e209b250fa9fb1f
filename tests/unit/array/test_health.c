/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of what is wrong with an array, and of what people are told to do about it. */
#include "array_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array/array_int.h"

/* Asserts that this is the only problem, of this pool. */
static void
assert_problem(struct array *array, struct guid pool, enum array_health_level level,
	       const char *text, const char *hint)
{
	struct array_health health;

	assert_ok(array_health(array, &health));
	assert_int_equal(health.level, level);
	assert_int_equal(health.count, 1);
	assert_int_equal(health.problems[0].level, level);
	assert_int_equal(health.problems[0].family, ROW_POOL);
	assert_true(guid_equal(&health.problems[0].id, &pool));
	assert_non_null(strstr(health.problems[0].text, text));
	assert_non_null(strstr(health.problems[0].hint, hint));
	array_health_fini(&health);
}

static void
assert_healthy(struct array *array)
{
	struct array_health health;

	assert_ok(array_health(array, &health));
	assert_int_equal(health.level, ARRAY_OK);
	assert_int_equal(health.count, 0);
	array_health_fini(&health);
}

static struct guid
make_pool(struct array *array, const char *name, const char *place)
{
	struct array_answer answer;

	assert_ok(array_pool_create(array, NULL, name, place, &answer));
	return answer.object_id;
}

static struct guid
make_dir_pool(const struct fixture *f, char path[128])
{
	snprintf(path, 128, "%s/dir", f->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	return make_pool(f->array, "dir", path);
}

static struct guid
make_disk_pool(const struct fixture *f, char path[128])
{
	char place[160];
	int fd;

	snprintf(path, 128, "%s/disk", f->dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)(64 * MIB)), 0);
	close(fd);
	snprintf(place, sizeof(place), "bdev:%s", path);
	return make_pool(f->array, "disk", place);
}

static void
set_limits(struct array *array, struct guid pool, const char *low, const char *full)
{
	const struct array_pool_options options = { .low = low, .full = full };

	assert_ok(array_pool_change(array, NULL, &pool, &options, NULL));
}

/* What is said of a pool that is low, then full, then neither. */
static void
assert_space_is_said(struct array *array, struct guid pool, const char *name, const char *hint)
{
	char low[64], full[64];

	snprintf(low, sizeof(low), "pool %s is low on space", name);
	snprintf(full, sizeof(full), "pool %s is full", name);
	set_limits(array, pool, "99%", "1");
	assert_problem(array, pool, ARRAY_WARNING, low, hint);
	set_limits(array, pool, "99%", "99%");
	assert_problem(array, pool, ARRAY_CRITICAL, full, hint);
	set_limits(array, pool, "1", "1");
	assert_healthy(array);
}

/* Each kind of storage is made larger, or emptied, in its own way. */
static void
test_the_hint_for_a_pool_that_is_low_fits_its_kind(void **state)
{
	struct fixture *f = *state;
	struct array_lun_spec spec = { .size_bytes = 2 * MIB };
	struct guid pool;
	char path[128];

	array_verify_stop(f->array);
	pool = make_dir_pool(f, path);
	assert_space_is_said(f->array, pool, "dir", "free space in the pool's file system");
	pool = make_disk_pool(f, path);
	spec.pool_id = pool;
	assert_ok(array_lun_create(f->array, NULL, &spec, NULL));
	assert_space_is_said(f->array, pool, "disk", "move` LUNs to another pool, or delete some");
	pool = make_pool(f->array, "memory", "ram:8M");
	spec.pool_id = pool;
	spec.thick = true;
	{
		struct array_answer answer;

		assert_ok(array_lun_create(f->array, NULL, &spec, &answer));
		assert_true(wait_job(f->array, answer.job_id, JOB_DONE));
	}
	assert_space_is_said(f->array, pool, "memory",
			     "move` LUNs to another pool, or delete some");
}

static void
test_the_hint_for_a_pool_that_is_not_ready_fits_its_kind(void **state)
{
	struct fixture *f = *state;
	char path[128], away[160];
	struct guid pool;

	array_verify_stop(f->array);
	pool = make_dir_pool(f, path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	array_pool_verify(f->array);
	assert_problem(f->array, pool, ARRAY_CRITICAL,
		       "pool dir is not ready: ", "mount or repair the directory of the pool");
	assert_int_equal(rename(away, path), 0);
	array_pool_verify(f->array);
	assert_healthy(f->array);
	pool = make_disk_pool(f, path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	array_pool_verify(f->array);
	assert_problem(f->array, pool, ARRAY_CRITICAL,
		       "pool disk is not ready: ", "reconnect what the pool lies on");
	assert_int_equal(rename(away, path), 0);
	array_pool_verify(f->array);
	assert_healthy(f->array);
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_the_hint_for_a_pool_that_is_low_fits_its_kind),
		WITH_ARRAY(test_the_hint_for_a_pool_that_is_not_ready_fits_its_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

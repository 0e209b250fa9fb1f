/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of limits of LUNs, hosts and pools: who may have which, and where they stay. */
#include "array_test.h"

#include "model/qos.h"

static const char *
lun_qos(const struct state *state, struct guid lun)
{
	return ((const struct row_lun *)state_find(state, ROW_LUN, &lun))->qos;
}

static int
set_lun(struct fixture *f, struct guid lun, const char *change)
{
	return array_lun_set_qos(f->array, NULL, &lun, change, NULL);
}

static struct guid
pool_of(struct fixture *f)
{
	AUTO_STATE struct state *state = array_state(f->array);

	return ((const struct row_pool *)state_at(state, ROW_POOL, 0))->id;
}

static int
set_pool(struct fixture *f, const struct array_pool_options *options)
{
	struct guid pool = pool_of(f);

	return array_pool_change(f->array, NULL, &pool, options, NULL);
}

static void
test_limits_are_kept_over_a_restart(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol");
	struct array_answer answer;

	assert_ok(set_lun(f, lun, "iops=100"));
	assert_ok(set_lun(f, lun, "burst_ms=1000 bandwidth=1048576"));
	assert_ok(array_host_create(f->array, NULL, "db", "", &answer));
	assert_ok(array_host_set_qos(f->array, NULL, &answer.object_id, "iops=50", NULL));
	assert_int_equal(set_lun(f, lun, "iops=1"), ERR_INVALID);
	assert_int_equal(array_host_set_qos(f->array, NULL, &lun, "iops=50", NULL), ERR_NOT_FOUND);
	assert_int_equal(set_lun(f, answer.object_id, "iops=50"), ERR_NOT_FOUND);
	fixture_reopen(f);
	AUTO_STATE struct state *now = array_state(f->array);

	assert_string_equal(lun_qos(now, lun), "iops=100 bandwidth=1048576 burst_ms=1000");
	assert_string_equal(((const struct row_host *)state_at(now, ROW_HOST, 0))->qos, "iops=50");
}

static void
test_a_minimum_needs_a_limit_of_its_pool(void **state)
{
	struct fixture *f = *state;
	struct guid lun = make_lun(f->array, "vol"), other = make_lun(f->array, "other");

	assert_int_equal(set_lun(f, lun, "min_iops=100"), ERR_INVALID);
	assert_non_null(strstr(err_text(ERR_INVALID), "--iops"));
	assert_ok(set_pool(f, &(struct array_pool_options){ .qos = "iops=1000" }));
	assert_ok(set_lun(f, lun, "min_iops=500"));
	assert_int_equal(set_lun(f, other, "min_iops=401"), ERR_INVALID);
	assert_ok(set_lun(f, other, "min_iops=400"));
	assert_int_equal(set_lun(f, other, "min_bandwidth=1048576"), ERR_INVALID);
	assert_int_equal(set_pool(f, &(struct array_pool_options){ .qos = "iops=999" }),
			 ERR_INVALID);
	assert_int_equal(set_pool(f, &(struct array_pool_options){ .qos = "iops=0" }), ERR_INVALID);
	assert_ok(set_lun(f, other, "min_iops=0"));
	assert_ok(set_lun(f, lun, "min_iops=0"));
	assert_ok(set_pool(f, &(struct array_pool_options){ .qos = "iops=0" }));
}

/* Others may have what a deleted LUN kept, so a restored one keeps nothing. */
static void
test_a_restored_lun_has_its_limits_and_no_minimum(void **state)
{
	struct fixture *f = *state;
	struct array_restore_spec spec = { 0 };
	struct guid lun = make_lun(f->array, "vol"), other = make_lun(f->array, "other");

	assert_ok(set_pool(f, &(struct array_pool_options){ .qos = "iops=1000", .trash = "7d" }));
	assert_ok(set_lun(f, lun, "iops=900 min_iops=900"));
	assert_ok(array_lun_delete(f->array, NULL, &lun, false, NULL));
	assert_ok(set_lun(f, other, "min_iops=900"));
	assert_ok(array_trash_restore(f->array, NULL, &lun, &spec, NULL));
	AUTO_STATE struct state *now = array_state(f->array);

	assert_string_equal(lun_qos(now, lun), "iops=900");
}

#define WITH_ARRAY(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARRAY(test_limits_are_kept_over_a_restart),
		WITH_ARRAY(test_a_minimum_needs_a_limit_of_its_pool),
		WITH_ARRAY(test_a_restored_lun_has_its_limits_and_no_minimum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which gateway runs jobs and schedules, and removes volumes, also when the answer of a commit was
 * lost.
 */
#include "shared_gateways.h"

#include <sys/stat.h>

#include "array/array_int.h"
#include "shared_pool.h"
#include "shared_store.h"

/* ---- jobs, volumes ---- */

static void
test_the_new_owner_takes_a_job_up(void **state)
{
	struct gateways *g = *state;
	struct array_lun_spec spec = { .name = "thick", .size_bytes = MIB, .thick = true };
	struct array_answer answer;

	inject(&g->f, "all", "allocate", "hold");
	assert_ok(array_lun_create(g->arrays[0], NULL, &spec, &answer));
	own(g, 0, answer.object_id, 0);
	assert_true(wait_operation(g->arrays[1], answer.object_id, OPERATION_CREATE));
	array_close(TAKE(g->arrays[0])); /* it dies */
	inject(&g->f, "all", "allocate", NULL);
	set_instance(g, 1, 0, "");
	own(g, 1, answer.object_id, 2);
	for (unsigned i = 1; i < GATEWAYS; i++) {
		assert_true(wait_job(g->arrays[i], answer.job_id, JOB_DONE));
		assert_true(wait_operation(g->arrays[i], answer.object_id, OPERATION_NONE));
	}
	gateways_open(g, 0);
	assert_alike(g);
}

static bool
is_swept(const struct guid *volume)
{
	return !shared_pool_has(volume, false);
}

static void
test_a_volume_is_removed_once(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 1, "l");

	assert_ok(array_lun_delete(g->arrays[1], NULL, &lun, true, NULL));
	wait_until(is_gone, &lun);
	for (unsigned i = 0; i < GATEWAYS; i++) {
		struct guid other = new_lun(g, i, i, "m");

		assert_ok(array_lun_delete(g->arrays[i], NULL, &other, true, NULL));
		wait_until(is_gone, &other);
		assert_int_equal(shared_pool_removed(&other), 1);
	}
	assert_int_equal(shared_pool_removed(&lun), 1);
	assert_int_equal(shared_pool_missed(), 0);
}

/* While the gateway that has deleted it lives, nobody else removes a volume. */
static void
test_the_volumes_of_a_dead_gateway_are_removed(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l");

	shared_pool_keep(true);
	assert_ok(array_lun_delete(g->arrays[0], NULL, &lun, true, NULL));
	array_close(TAKE(g->arrays[0]));
	shared_pool_keep(false);
	for (unsigned i = 1; i < GATEWAYS; i++)
		array_foreign_take_up(g->arrays[i]);
	assert_true(shared_pool_has(&lun, true));
	set_instance(g, 2, 0, "");
	wait_until(is_gone, &lun);
	assert_int_equal(shared_pool_removed(&lun), 1);
	assert_int_equal(shared_pool_missed(), 0);
	gateways_open(g, 0);
}

static void
test_a_sweep_leaves_what_a_living_gateway_makes(void **state)
{
	struct gateways *g = *state;
	struct guid lun = random_guid();

	shared_pool_maker("gw0");
	array_pool_driver_find("/shared-test/p")->volume_make("/shared-test/p", &lun, MIB);
	for (unsigned i = 0; i < GATEWAYS; i++) {
		array_pool_sweep_again(g->arrays[i]);
		array_pool_verify(g->arrays[i]);
	}
	assert_true(shared_pool_has(&lun, false));
	array_close(TAKE(g->arrays[0]));
	set_instance(g, 1, 0, "");
	wait_until(is_swept, &lun);
	gateways_open(g, 0);
}

/* ---- schedules ---- */

static void
test_a_schedule_runs_at_the_owner_and_once(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l");
	struct array_schedule_spec spec = { .name = "daily",
					    .every = "1d",
					    .at = "",
					    .keep = "last=9",
					    .luns = &lun,
					    .lun_count = 1,
					    .luns_given = true };
	struct array_answer answer;
	struct guid schedule;

	assert_ok(array_schedule_create(g->arrays[1], NULL, &spec, &answer));
	schedule = answer.object_id;
	assert_int_equal(array_schedule_run(g->arrays[1], NULL, &schedule, &answer), ERR_BUSY);
	assert_ok(array_schedule_run(g->arrays[0], NULL, &schedule, &answer));
	own(g, 0, lun, 1);
	/* it knows what the other one has run */
	assert_ok(array_schedule_run(g->arrays[1], NULL, &schedule, &answer));
	assert_int_equal(count_rows(g->arrays[2], ROW_SNAPSHOT), 2);
	/* one day later each of them looks, and the owner runs it */
	for (unsigned i = 0; i < GATEWAYS; i++) {
		atomic_store(&g->arrays[i]->clock_shift_ms, 24 * 3600 * 1000);
		array_schedule_look(g->arrays[i]);
	}
	assert_int_equal(count_rows(g->arrays[2], ROW_SNAPSHOT), 3);
	own(g, 0, lun, 2);
	array_schedule_look(g->arrays[2]);
	assert_int_equal(count_rows(g->arrays[2], ROW_SNAPSHOT), 3);
	assert_alike(g);
}

/* ---- the answer of a commit is lost ---- */

/* The change is made, and its maker does not know. */
static void
lose_answer(struct gateways *g)
{
	shared_cluster_fault(g->cluster, SHARED_FAULT_DONE, 1);
	shared_cluster_then(g->cluster, SHARED_FAULT_REFUSED, 2);
}

static void
test_a_volume_that_was_deleted_unknowingly_is_removed(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l");

	lose_answer(g);
	assert_int_equal(array_lun_delete(g->arrays[0], NULL, &lun, true, NULL), ERR_TIMEOUT);
	wait_until(is_gone, &lun);
	assert_int_equal(shared_pool_removed(&lun), 1);
	assert_int_equal(shared_pool_missed(), 0);
	assert_int_equal(array_lun_delete(g->arrays[0], NULL, &lun, true, NULL), ERR_NOT_FOUND);
}

/* The log has lost the change, too, so the gateway loads everything anew. */
static void
test_a_volume_that_was_deleted_unknowingly_is_removed_after_a_reload(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l"), other = new_lun(g, 0, 1, "m");

	shared_pool_keep(true); /* the other note is another gateway's, and stays for now */
	assert_ok(array_lun_delete(g->arrays[1], NULL, &other, true, NULL));
	shared_cluster_fault(g->cluster, SHARED_FAULT_FORGOTTEN, 1);
	shared_cluster_then(g->cluster, SHARED_FAULT_REFUSED, 2);
	assert_int_equal(array_lun_delete(g->arrays[0], NULL, &lun, true, NULL), ERR_TIMEOUT);
	shared_pool_keep(false);
	wait_until(is_gone, &lun);
	wait_until(is_gone, &other);
	assert_int_equal(shared_pool_removed(&lun), 1);
	assert_int_equal(shared_pool_removed(&other), 1);
	assert_int_equal(shared_pool_missed(), 0);
}

static bool
lun_is_in(struct array *array, const void *arg)
{
	const struct guid *both = arg;
	AUTO_STATE struct state *now = array_state(array);
	const struct row_lun *lun = state_find(now, ROW_LUN, &both[0]);

	return lun != NULL && guid_equal(&lun->pool_id, &both[1]);
}

static void
test_a_job_that_was_begun_unknowingly_goes_on(void **state)
{
	struct gateways *g = *state;
	struct guid both[2] = { new_lun(g, 0, 0, "l") };
	struct array_answer answer;

	assert_ok(array_pool_create(g->arrays[0], NULL, "q", "/shared-test/q", &answer));
	both[1] = answer.object_id;
	lose_answer(g);
	assert_int_equal(array_lun_move(g->arrays[0], NULL, &both[0], &both[1], false, &answer),
			 ERR_TIMEOUT);
	assert_true(wait_for(g->arrays[0], lun_is_in, both));
	assert_true(wait_operation(g->arrays[0], both[0], OPERATION_NONE));
	make_target(g->arrays[0], "barrier"); /* when it is answered, all have all */
	assert_alike(g);
}

static bool
is_only_in_q(const struct guid *volume)
{
	return shared_pool_has_at("/shared-test/q", volume) &&
	       !shared_pool_has_at("/shared-test/p", volume);
}

/* done: the change is there. */
static void
end_a_move_unknowingly(struct gateways *g, struct guid lun, struct guid to, bool done)
{
	struct guid both[2] = { lun, to };
	struct array_answer answer;
	char id[GUID_TEXT_SIZE];

	inject(&g->f, guid_format(&both[0], id), "move-commit", "hold");
	assert_ok(array_lun_move(g->arrays[0], NULL, &both[0], &to, false, &answer));
	shared_cluster_fault(g->cluster, done ? SHARED_FAULT_DONE : SHARED_FAULT_NOT_DONE, 1);
	shared_cluster_then(g->cluster, SHARED_FAULT_REFUSED, 2);
	inject(&g->f, id, "move-commit", NULL);
	assert_true(wait_job(g->arrays[0], answer.job_id, JOB_DONE));
	assert_true(wait_for(g->arrays[0], lun_is_in, both));
	assert_true(wait_operation(g->arrays[0], both[0], OPERATION_NONE));
	assert_true(wait_health(g->arrays[0], both[0], HEALTH_OK));
	wait_until(is_only_in_q, &both[0]);
	make_target(g->arrays[0], "barrier");
	assert_alike(g);
}

static void
test_a_move_whose_end_is_not_known_finds_out(void **state)
{
	struct gateways *g = *state;
	struct guid done = new_lun(g, 0, 0, "done"), not_done = new_lun(g, 0, 0, "not done");
	struct array_answer answer;

	assert_ok(array_pool_create(g->arrays[0], NULL, "q", "/shared-test/q", &answer));
	end_a_move_unknowingly(g, done, answer.object_id, true);
	end_a_move_unknowingly(g, not_done, answer.object_id, false);
}

static void
test_a_rollback_that_is_not_recorded_is_seen(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l");
	struct array_audit audit = { .verb = "lun.rollback" };
	struct array_request request = { .audit = &audit };
	struct array_answer answer;
	unsigned opened;

	assert_true(wait_health(g->arrays[0], lun, HEALTH_OK));
	assert_ok(array_snapshot_create(g->arrays[0], NULL, "s", &lun, 1, &answer));
	opened = shared_pool_opened();
	shared_cluster_fault(g->cluster, SHARED_FAULT_REFUSED, 1);
	assert_int_equal(
		array_lun_rollback(g->arrays[0], &request, &lun, &answer.object_id, true, NULL),
		-ENOSPC);
	assert_non_null(strstr(err_text(-ENOSPC), "was rolled back"));
	assert_true(shared_pool_opened() > opened);
	assert_true(shared_pool_has(&lun, true));
}

/* ---- the check beside gateways ---- */

/* Opens the array for `vdsd --check`. */
static struct array *
look(struct gateways *g)
{
	struct catalog_shared shared = shared_cluster_open(g->cluster);
	char dir[96];
	struct array_options options = { .dir = dir, .look = true, .shared = &shared };
	struct array *array = NULL;

	snprintf(dir, sizeof(dir), "%s/look", g->f.dir);
	(void)mkdir(dir, 0700); /* it is there the second time */
	assert_ok(array_open(&options, &array));
	return array;
}

/* All that happens to them happens after the check has loaded its state, and before it looks. */
static void
test_a_check_looks_at_what_has_become_of_a_row(void **state)
{
	struct gateways *g = *state;
	struct guid kept = new_lun(g, 0, 0, "kept"), gone = new_lun(g, 0, 0, "gone");
	struct array_answer answer;
	struct array *array = look(g);

	/* deleted: no error; in a pool that is newer than the check: not looked at */
	assert_ok(array_lun_delete(g->arrays[0], NULL, &gone, true, NULL));
	wait_until(is_gone, &gone);
	assert_ok(array_pool_create(g->arrays[0], NULL, "q", "/shared-test/q", &answer));
	assert_ok(array_lun_move(g->arrays[0], NULL, &kept, &answer.object_id, false, NULL));
	assert_true(wait_operation(g->arrays[0], kept, OPERATION_NONE));
	wait_until(is_only_in_q, &kept);
	assert_ok(array_check(array));
	array_close(array);
	/* changed, and damaged */
	array = look(g);
	assert_ok(array_check(array));
	assert_ok(array_lun_rename(g->arrays[0], NULL, &kept, "renamed", false, NULL));
	assert_ok(array_check(array));
	shared_pool_lose(&kept);
	assert_int_equal(array_check(array), ERR_CORRUPT);
	assert_non_null(strstr(err_text(ERR_CORRUPT), "LUN renamed: the volume is missing"));
	array_close(array);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, gateways_setup, gateways_teardown)
		T(test_the_new_owner_takes_a_job_up),
		T(test_a_volume_is_removed_once),
		T(test_the_volumes_of_a_dead_gateway_are_removed),
		T(test_a_sweep_leaves_what_a_living_gateway_makes),
		T(test_a_schedule_runs_at_the_owner_and_once),
		T(test_a_volume_that_was_deleted_unknowingly_is_removed),
		T(test_a_volume_that_was_deleted_unknowingly_is_removed_after_a_reload),
		T(test_a_job_that_was_begun_unknowingly_goes_on),
		T(test_a_move_whose_end_is_not_known_finds_out),
		T(test_a_rollback_that_is_not_recorded_is_seen),
		T(test_a_check_looks_at_what_has_become_of_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

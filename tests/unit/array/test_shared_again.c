/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes that are applied again, since another gateway was first: each is made once, and all
 * gateways have the same state.
 */
#include "shared_gateways.h"

#include <pthread.h>

#include "array/array_int.h"
#include "array/member_int.h"
#include "shared_pool.h"
#include "shared_store.h"

/* ---- epochs ---- */

struct epochs {
	struct array_task task;
	struct guid lun;
	bool drop;
};

static int
epochs_apply(struct array *array, struct array_task *task)
{
	struct epochs *e = container_of(task, struct epochs, task);

	if (e->drop)
		return state_edit_delete(task->edit, ROW_LUN_OWNER, &e->lun, NULL);
	return array_member_edit_own(task->edit, &e->lun, &array->controller_id);
}

static uint64_t
epoch_of(struct array *array, const struct guid *lun)
{
	AUTO_STATE struct state *now = array_state(array);

	return state_lun_owner(now, lun)->epoch;
}

/* The LUN's object remembers the greatest one, so each is greater than all before. */
static void
test_epochs_grow_also_when_a_lun_had_no_owner(void **state)
{
	struct gateways *g = *state;
	struct epochs e = { .task = { .apply = epochs_apply, .cause = "test" },
			    .lun = make_lun(g->arrays[0], "l") };
	uint64_t last = 0;

	for (unsigned n = 0; n < 6; n++) {
		e.drop = n == 3;
		assert_ok(array_writer_submit(g->arrays[0], &e.task));
		if (e.drop)
			continue;
		assert_true(epoch_of(g->arrays[0], &e.lun) > last);
		last = epoch_of(g->arrays[0], &e.lun);
	}
}

/* ---- the trash ---- */

struct trashed_until {
	struct array_task task;
	struct guid lun;
	int64_t expires_ms;
};

static int
trashed_until_apply(struct array *array, struct array_task *task)
{
	struct trashed_until *t = container_of(task, struct trashed_until, task);
	struct row_trashed_lun *row = row_copy(
		state_find(state_edit_view(task->edit), ROW_TRASHED_LUN, &t->lun));

	(void)array;
	row->expires_ms = t->expires_ms;
	return state_edit_put(task->edit, row);
}

/* The LUN was restored and deleted again at another gateway, before the first commit of the end. */
static void
test_a_lun_that_was_trashed_anew_keeps_its_volume(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l"), other = new_lun(g, 0, 1, "other");
	struct trashed_until t = { .task = { .apply = trashed_until_apply, .cause = "test" },
				   .lun = lun,
				   .expires_ms = 1 };

	assert_ok(array_pool_change(g->arrays[0], NULL, &g->pool,
				    &(struct array_pool_options){ .trash = "1d" }, NULL));
	assert_ok(array_lun_delete(g->arrays[0], NULL, &lun, true, NULL));
	for (unsigned i = 0; i < GATEWAYS; i++)
		atomic_store(&g->arrays[i]->chores, false);
	assert_ok(array_writer_submit(g->arrays[0], &t.task));
	shared_cluster_mute(g->cluster, true);
	t.expires_ms = INT64_MAX;
	assert_ok(array_writer_submit(g->arrays[0], &t.task));
	atomic_store(&g->arrays[1]->chores, true);
	array_trash_expire(g->arrays[1]);
	atomic_store(&g->arrays[1]->chores, false);
	shared_cluster_mute(g->cluster, false);
	/* what this gateway has to remove it removes in order */
	assert_ok(array_pool_change(g->arrays[1], NULL, &g->pool,
				    &(struct array_pool_options){ .trash = "" }, NULL));
	assert_ok(array_lun_delete(g->arrays[1], NULL, &other, true, NULL));
	wait_until(is_gone, &other);
	assert_true(shared_pool_has(&lun, true));
	assert_int_equal(count_rows(g->arrays[1], ROW_TRASHED_LUN), 1);
}

/* ---- another gateway is always first ---- */

/* The change is applied twice, or three times. */
#define AGAIN(call)                                                         \
	do {                                                                \
		shared_cluster_fault(g->cluster, SHARED_FAULT_CONFLICT, 2); \
		assert_ok(call);                                            \
		shared_cluster_fault(g->cluster, SHARED_FAULT_NONE, 0);     \
	} while (0)

static void
change_lun_again(struct gateways *g, struct array *array, const struct guid *lun)
{
	struct guid target = make_target(array, "of-lun");

	AGAIN(array_lun_rename(array, NULL, lun, "renamed", false, NULL));
	AGAIN(array_lun_extend(array, NULL, lun, 3 * MIB, false, NULL));
	AGAIN(array_lun_shrink(array, NULL, lun, 0, MIB, true, NULL));
	AGAIN(array_lun_set_mask(array, NULL, lun, "iqn.2026-11.org.example:a", NULL));
	AGAIN(array_lun_associate(array, NULL, lun, &target, 1, NULL));
	AGAIN(array_lun_associate(array, NULL, lun, NULL, 0, NULL));
	AGAIN(array_lun_set_qos(array, NULL, lun, "iops=100", NULL));
	AGAIN(array_lun_set_cache(array, NULL, lun, LUN_CACHE_PAGE, NULL));
	AGAIN(array_lun_set_status(array, NULL, lun, STATUS_OFFLINE, NULL));
	AGAIN(array_lun_set_status(array, NULL, lun, STATUS_ONLINE, NULL));
}

static void
change_snapshots_again(struct gateways *g, struct array *array, const struct guid *lun)
{
	struct array_lun_spec clone = { .name = "clone", .origin_id = *lun };
	struct array_audit audit = { .verb = "lun.rollback" };
	struct array_request request = { .audit = &audit };
	struct array_answer answer;
	struct guid snapshot;

	AGAIN(array_snapshot_create(array, NULL, "s", lun, 1, &answer));
	snapshot = answer.object_id;
	AGAIN(array_snapshot_rename(array, NULL, &snapshot, "t", NULL));
	/* it changes no row, but has a record in the audit log */
	AGAIN(array_lun_rollback(array, &request, lun, &snapshot, true, NULL));
	AGAIN(array_lun_create(array, NULL, &clone, &answer));
	AGAIN(array_snapshot_delete(array, NULL, &snapshot, NULL));
	assert_true(shared_pool_has(&answer.object_id, true));
}

static void
change_trash_again(struct gateways *g, struct array *array)
{
	struct array_restore_spec spec = { .name = NULL };
	struct guid lun = new_lun(g, 0, 0, "trashed");

	AGAIN(array_pool_change(array, NULL, &g->pool,
				&(struct array_pool_options){ .trash = "1d" }, NULL));
	AGAIN(array_lun_delete(array, NULL, &lun, true, NULL));
	AGAIN(array_trash_restore(array, NULL, &lun, &spec, NULL));
	own(g, 0, lun, 0);
	AGAIN(array_lun_delete(array, NULL, &lun, true, NULL));
	AGAIN(array_trash_empty(array, NULL, &lun, NULL));
	wait_until(is_gone, &lun);
	assert_int_equal(shared_pool_removed(&lun), 1);
}

static void
change_others_again(struct gateways *g, struct array *array)
{
	char secret[ARRAY_TOKEN_SIZE];
	struct array_answer answer;
	struct array_token token;

	AGAIN(array_host_create(array, NULL, "h", "iqn.2026-11.org.example:h", &answer));
	AGAIN(array_host_rename(array, NULL, &answer.object_id, "i", NULL));
	AGAIN(array_host_delete(array, NULL, &answer.object_id, true, NULL));
	AGAIN(array_token_create(array, NULL, "again", ROLE_ADMIN, 0, secret, &answer));
	assert_ok(array_token_check(g->arrays[2], secret, &token));
	AGAIN(array_token_revoke(array, NULL, &token.id, &answer));
	AGAIN(array_rename(array, NULL, "renamed", NULL));
}

static void
cancel_again(struct gateways *g, struct array *array)
{
	struct array_lun_spec spec = { .name = "thick", .size_bytes = MIB, .thick = true };
	struct array_request request = { .id = random_guid() };
	struct array_answer answer;

	inject(&g->f, "all", "allocate", "hold");
	AGAIN(array_lun_create(array, NULL, &spec, &answer));
	own(g, 0, answer.object_id, 0);
	AGAIN(array_job_cancel(array, &request, &answer.job_id, NULL)); /* its answer is stored */
	inject(&g->f, "all", "allocate", NULL);
	assert_true(wait_job(g->arrays[1], answer.job_id, JOB_CANCELLED));
}

static void
test_a_change_that_is_applied_again_is_made_once(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l");

	change_lun_again(g, g->arrays[0], &lun);
	change_snapshots_again(g, g->arrays[0], &lun);
	change_trash_again(g, g->arrays[0]);
	change_others_again(g, g->arrays[0]);
	cancel_again(g, g->arrays[0]);
	make_target(g->arrays[0], "barrier"); /* when it is answered, all have all */
	assert_alike(g);
	assert_int_equal(shared_pool_missed(), 0);
}

/* ---- cost ---- */

struct work_of {
	struct array_task task;
	uint64_t work;
};

static int
work_run(struct array *array, struct array_task *task)
{
	(void)array;
	container_of(task, struct work_of, task)->work = state_work();
	return 0;
}

static uint64_t
writer_work(struct array *array)
{
	struct work_of w = { .task.run = work_run };

	assert_ok(array_writer_submit(array, &w.task));
	return w.work;
}

/* What the writer of another gateway does for a rename of a LUN. */
static uint64_t
cost_of_following(struct gateways *g, struct guid lun, const char *name)
{
	uint64_t before = writer_work(g->arrays[2]);

	assert_ok(array_lun_rename(g->arrays[0], NULL, &lun, name, false, NULL));
	return writer_work(g->arrays[2]) - before;
}

/* An edit copies paths of a tree, so the first size is one at which its nodes are full. */
static void
test_following_costs_what_has_changed(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l");
	uint64_t few, many;

	for (unsigned i = 0; i < 400; i++)
		make_lun(g->arrays[0], "");
	few = cost_of_following(g, lun, "m");
	for (unsigned i = 0; i < 1600; i++)
		make_lun(g->arrays[0], "");
	many = cost_of_following(g, lun, "n");
	if (many > 2 * few)
		fail_msg("%llu steps with 401 LUNs, %llu with 2001", (unsigned long long)few,
			 (unsigned long long)many);
}

/* ---- everything at once ---- */

struct worker {
	pthread_t thread;
	struct gateways *g;
	unsigned gateway, seed;
	struct guid target;
};

static void
do_something(struct worker *w)
{
	struct array *array = w->g->arrays[w->gateway];
	AUTO_STATE struct state *state = array_state(array);
	size_t luns = state_count(state, ROW_LUN);
	const struct row_lun *lun =
		luns > 0 ? state_at(state, ROW_LUN, (size_t)rand_r(&w->seed) % luns) : NULL;
	struct array_lun_spec spec = { .name = "", .size_bytes = MIB };
	struct array_answer answer;
	char name[32];

	snprintf(name, sizeof(name), "n%u", (unsigned)rand_r(&w->seed) % 1000);
	switch (rand_r(&w->seed) % 8) {
	case 0:
		if (array_lun_create(array, NULL, &spec, &answer) == 0)
			own(w->g, w->gateway, answer.object_id,
			    (unsigned)rand_r(&w->seed) % GATEWAYS);
		break;
	case 1:
		if (lun != NULL)
			(void)array_lun_delete(array, NULL, &lun->id, true, NULL);
		break;
	case 2:
		if (lun != NULL)
			(void)array_lun_rename(array, NULL, &lun->id, name, true, NULL);
		break;
	case 3:
		if (lun != NULL)
			(void)array_lun_associate(array, NULL, &lun->id, &w->target, 1, NULL);
		break;
	case 4:
		if (lun != NULL)
			(void)array_lun_extend(array, NULL, &lun->id, MIB, false, NULL);
		break;
	case 5: {
		char secret[ARRAY_TOKEN_SIZE];

		(void)array_token_create(array, NULL, name, ROLE_READER, 0, secret, &answer);
		break;
	}
	case 6: {
		struct array_token *tokens = NULL;
		size_t count = 0;

		if (array_tokens(array, &tokens, &count) == 0 && count > 0)
			(void)array_token_revoke(array, NULL, &tokens[0].id, &answer);
		mem_free(tokens);
		break;
	}
	case 7:
		if (lun != NULL && array_lun_is_own(array, state, &lun->id))
			(void)array_lun_set_status(
				array, NULL, &lun->id,
				rand_r(&w->seed) % 2 ? STATUS_ONLINE : STATUS_OFFLINE, NULL);
		break;
	}
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;

	for (unsigned i = 0; i < 120; i++)
		do_something(w);
	return NULL;
}

static void
assert_same_tokens(struct gateways *g)
{
	struct array_token *first = NULL, *other = NULL;
	size_t count = 0, others = 0;

	assert_ok(array_tokens(g->arrays[0], &first, &count));
	for (unsigned i = 1; i < GATEWAYS; i++) {
		assert_ok(array_tokens(g->arrays[i], &other, &others));
		assert_int_equal(others, count);
		for (size_t a = 0; a < count; a++) {
			size_t found = 0;

			for (size_t b = 0; b < others; b++)
				found += guid_equal(&first[a].id, &other[b].id) &&
					 strcmp(first[a].name, other[b].name) == 0;
			assert_int_equal(found, 1);
		}
		mem_free(TAKE(other));
	}
	mem_free(first);
}

static void
test_random_changes_lead_to_the_same(void **state)
{
	struct gateways *g = *state;
	struct guid target = make_target(g->arrays[0], "t");

	shared_cluster_random(g->cluster, 23);
	for (unsigned round = 0; round < 3; round++) {
		struct worker workers[GATEWAYS];

		for (unsigned i = 0; i < GATEWAYS; i++) {
			workers[i] = (struct worker){
				.g = g, .gateway = i, .seed = round * 10 + i + 1, .target = target
			};
			pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]);
		}
		for (unsigned i = 0; i < GATEWAYS; i++)
			pthread_join(workers[i].thread, NULL);
		shared_cluster_random(g->cluster, 0);
		make_target(g->arrays[round], "barrier"); /* when it is answered, all have all */
		assert_alike(g);
		assert_same_tokens(g);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, gateways_setup, gateways_teardown)
		T(test_epochs_grow_also_when_a_lun_had_no_owner),
		T(test_a_lun_that_was_trashed_anew_keeps_its_volume),
		T(test_a_change_that_is_applied_again_is_made_once),
		T(test_following_costs_what_has_changed),
		T(test_random_changes_lead_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

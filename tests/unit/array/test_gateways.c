/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three arrays of one process are gateways of one: over a catalog in memory (catalog/shared.h) and
 * a cluster in memory.  How the protocol behaves with faults of all kinds is in test_member.c.
 */
#include "array_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array/array_int.h"
#include "array/gateway_int.h"
#include "array/member_int.h"
#include "base/clock.h"
#include "catalog/shared.h"
#include "fake_cluster.h"
#include "shared_pool.h"
#include "shared_store.h"

#define GATEWAYS 3u
#define LUNS     6u
#define LEASE_MS 1000u
#define WAIT_NS  (60 * NS_PER_S) /* for what comes much sooner, but on a loaded machine */

struct gateways {
	char dir[64], dirs[GATEWAYS][96];
	struct shared_cluster *catalog;
	struct fake_cluster *cluster;
	struct fake_client *clients[GATEWAYS];
	struct array *arrays[GATEWAYS];
	struct guid luns[LUNS];
	atomic_bool lost[GATEWAYS];
	uint32_t lease_ms, seen_ms;
};

static const char *const names[GATEWAYS] = { "gw-a", "gw-b", "gw-c" };
static const char *const addresses[GATEWAYS] = { "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3" };

static void
on_lost(void *arg, const char *reason)
{
	(void)reason;
	atomic_store((atomic_bool *)arg, true);
}

/* Opens an array as the gateway i, in a directory. */
static int
gateway_try(struct gateways *g, unsigned i, const char *dir, struct array **ret_array)
{
	struct catalog_shared shared;
	struct array_options options = {
		.dir = dir,
		.verify_interval_ms = 1000,
		.shared = &shared,
		.gateway = names[i],
		.gateway_address = addresses[i],
		.cluster_ops = &fake_cluster_ops,
		.lease_ms = g->lease_ms,
		.seen_ms = g->seen_ms,
		.lost = on_lost,
		.lost_arg = &g->lost[i],
	};

	g->clients[i] = fake_client_new(g->cluster);
	shared = shared_cluster_open_as(g->catalog, fake_client_number(g->clients[i]));
	options.cluster = g->clients[i];
	return array_open(&options, ret_array);
}

struct rows {
	struct array_task task;
	struct gateways *g;
	bool luns;
};

static int
rows_of_luns(struct gateways *g, struct state_edit *edit)
{
	struct row_pool *pool = row_new(ROW_POOL);

	guid_make(&pool->id);
	row_set_string(&pool->name, "rbd");
	row_set_string(&pool->path, "/nonexistent/vds");
	for (unsigned i = 0; i < LUNS; i++) {
		struct row_lun *row = row_new(ROW_LUN);
		char text[32];

		guid_make(&g->luns[i]);
		row->id = g->luns[i];
		row->pool_id = pool->id;
		row->number = i + 1;
		row->size_bytes = 1 << 20;
		row->block_bytes = 512;
		snprintf(text, sizeof(text), "lun%u", i);
		row_set_string(&row->name, text);
		assert_ok(array_lun_set_identity(row));
		assert_ok(state_edit_put(edit, row));
	}
	return state_edit_put(edit, pool);
}

/* The other gateways, and LUNs: as rows only. */
static int
rows_apply(struct array *array, struct array_task *task)
{
	struct rows *rows = container_of(task, struct rows, task);

	(void)array;
	if (rows->luns)
		assert_ok(rows_of_luns(rows->g, task->edit));
	for (unsigned i = 1; i < GATEWAYS; i++) {
		struct row_controller *row = row_new(ROW_CONTROLLER);

		guid_make(&row->id);
		row_set_string(&row->name, names[i]);
		row_set_string(&row->address, addresses[i]);
		assert_ok(state_edit_put(task->edit, row));
	}
	return 0;
}

/* luns: there are LUNs, as rows only. */
static int
setup_with(void **state, uint32_t lease_ms, uint32_t seen_ms, bool luns)
{
	struct gateways *g = mem_calloc(1, sizeof(*g));
	struct rows rows = { .task = { .apply = rows_apply, .cause = "test" },
			     .g = g,
			     .luns = luns };

	g->lease_ms = lease_ms;
	g->seen_ms = seen_ms;
	snprintf(g->dir, sizeof(g->dir), "/tmp/vds-array-XXXXXX");
	assert_non_null(mkdtemp(g->dir));
	g->catalog = shared_cluster_new();
	g->cluster = fake_cluster_new();
	for (unsigned i = 0; i < GATEWAYS; i++) {
		snprintf(g->dirs[i], sizeof(g->dirs[i]), "%s/%u", g->dir, i);
		assert_ok(gateway_try(g, i, g->dirs[i], &g->arrays[i]));
		if (i == 0)
			assert_ok(array_writer_submit(g->arrays[0], &rows.task));
	}
	*state = g;
	return 0;
}

static int
setup(void **state)
{
	return setup_with(state, LEASE_MS, 0, true);
}

/* For tests in which no lease may end, however busy the machine is. */
static int
setup_long(void **state)
{
	return setup_with(state, 60000, 60000, true);
}

/* With LUNs that have volumes, so that they move; each gateway has as many as the others. */
static int
setup_moves(void **state)
{
	struct array_answer answer;
	struct gateways *g;

	setup_with(state, 60000, 60000, false);
	g = *state;
	shared_pool_setup();
	assert_ok(array_pool_create(g->arrays[0], NULL, "p", "/shared-test/p", &answer));
	for (unsigned i = 0; i < LUNS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "lun%u", i);
		g->luns[i] = make_lun(g->arrays[0], name);
	}
	return 0;
}

/* For tests in which a gateway does not follow the others. */
static int
setup_short(void **state)
{
	return setup_with(state, LEASE_MS, 2 * LEASE_MS, true);
}

/* For tests in which a gateway is dead: only the end of its lease says so. */
static int
setup_dead(void **state)
{
	return setup_with(state, LEASE_MS, 24 * 3600 * 1000, true);
}

static void
dir_remove(const char *dir)
{
	char name[160];

	snprintf(name, sizeof(name), "%s/mark", dir);
	unlink(name);
	snprintf(name, sizeof(name), "%s/lock", dir);
	unlink(name);
	rmdir(dir);
}

static int
teardown(void **state)
{
	struct gateways *g = *state;

	for (unsigned i = 0; i < GATEWAYS; i++) {
		array_close(g->arrays[i]);
		dir_remove(g->dirs[i]);
	}
	rmdir(g->dir);
	shared_cluster_free(g->catalog);
	fake_cluster_free(g->cluster);
	mem_free(g);
	return 0;
}

/* How many LUNs a gateway holds and owns. */
static unsigned
holds(const struct gateways *g, unsigned i)
{
	AUTO_STATE struct state *state = array_state(g->arrays[i]);
	unsigned count = 0;

	for (unsigned l = 0; l < LUNS; l++)
		count += array_lun_is_mine(g->arrays[i], state, &g->luns[l]);
	return count;
}

#define EVENTUALLY(condition)                                                      \
	do {                                                                       \
		uint64_t until_ns_ = clock_mono_ns() + WAIT_NS;                    \
		while (!(condition) && clock_mono_ns() < until_ns_)                \
			nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL); \
		assert_true(condition);                                            \
	} while (0)

static void
test_each_lun_gets_one_owner(void **state)
{
	struct gateways *g = *state;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_true(array_lease_ok(g->arrays[i]));
}

static void
test_a_gateway_that_is_cut_off_is_taken_over_from_and_begins_anew(void **state)
{
	struct gateways *g = *state;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	fake_client_cut(g->clients[0], true);
	EVENTUALLY(holds(g, 1) + holds(g, 2) == LUNS);
	assert_true(fake_client_is_fenced(g->clients[0]));
	assert_false(array_lease_ok(g->arrays[0]));
	fake_client_cut(g->clients[0], false);
	EVENTUALLY(atomic_load(&g->lost[0]));
	assert_false(array_lease_ok(g->arrays[0]));
}

static void
serve(void *arg, const void *request, size_t bytes, void **ret_reply, size_t *ret_bytes)
{
	*ret_reply = str_printf("%s:%.*s", (const char *)arg, (int)bytes, (const char *)request);
	*ret_bytes = strlen(*ret_reply);
}

static void
test_a_request_reaches_the_owner(void **state)
{
	struct gateways *g = *state;
	static char who[GATEWAYS][8] = { "a", "b", "c" };
	unsigned passed = 0;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	for (unsigned i = 0; i < GATEWAYS; i++)
		array_gateway_serve(g->arrays[i], serve, who[i]);
	for (unsigned l = 0; l < LUNS; l++) {
		struct guid owner;
		void *reply = NULL;
		size_t bytes = 0;

		if (!array_lun_is_elsewhere(g->arrays[2], &g->luns[l], &owner))
			continue;
		assert_ok(array_gateway_pass(g->arrays[2], &owner, "x", 1, &reply, &bytes));
		assert_string_equal(reply, guid_equal(&owner, array_controller_id(g->arrays[0]))
						   ? "a:x"
						   : "b:x");
		mem_free(reply);
		passed++;
	}
	assert_true(passed > 0);
	for (unsigned i = 0; i < GATEWAYS; i++)
		array_gateway_serve(g->arrays[i], NULL, NULL);
}

/* It serves on, and starts by its name again. */
static void
test_a_gateway_that_cannot_be_fenced_keeps_its_name(void **state)
{
	struct gateways *g = *state;
	struct guid first = *array_controller_id(g->arrays[0]);
	AUTO_STATE struct state *now = NULL;
	const struct row_controller *row;

	make_target(g->arrays[1], "t"); /* it knows then which clients the others are */
	fake_client_cut(g->clients[1], true);
	assert_true(array_gateway_remove(g->arrays[1], NULL, &first, true, NULL) < 0);
	now = array_state(g->arrays[0]);
	row = state_find(now, ROW_CONTROLLER, &first);
	assert_non_null(row);
	assert_string_equal(row->name, names[0]);
	fake_client_cut(g->clients[1], false);
}

/* Only the gateway where a LUN was deleted knows whether its commands have ended. */
static void
test_a_restore_asks_all_gateways(void **state)
{
	struct gateways *g = *state;

	assert_ok(array_gateway_check_trash(g->arrays[1], &g->luns[0]));
	fake_client_cut(g->clients[0], true);
	assert_int_equal(array_gateway_check_trash(g->arrays[1], &g->luns[0]), ERR_BUSY);
	assert_non_null(strstr(err_text(ERR_BUSY), names[0]));
	fake_client_cut(g->clients[0], false);
}

static void
test_who_is_no_gateway_is_not_served(void **state)
{
	struct gateways *g = *state;
	struct fake_client *stranger = fake_client_new(g->cluster);
	static char who[] = "a";
	void *reply = NULL;
	size_t bytes = 0;

	array_gateway_serve(g->arrays[0], serve, who);
	assert_ok(fake_cluster_ops.call(stranger, array_controller_id(g->arrays[0]), "Rx", 2, 60000,
					&reply, &bytes));
	assert_int_equal(bytes, 0);
	mem_free(reply);
	array_gateway_serve(g->arrays[0], NULL, NULL);
}

static void
test_a_gateway_that_leaves_gives_its_luns_away(void **state)
{
	struct gateways *g = *state;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	array_close(TAKE(g->arrays[0]));
	EVENTUALLY(holds(g, 1) + holds(g, 2) == LUNS);
	assert_false(fake_client_is_fenced(g->clients[0]));
}

/* A LUN that the first gateway holds. */
static const struct guid *
lun_of_first(const struct gateways *g)
{
	AUTO_STATE struct state *state = array_state(g->arrays[0]);

	for (unsigned l = 0; l < LUNS; l++)
		if (array_lun_is_mine(g->arrays[0], state, &g->luns[l]))
			return &g->luns[l];
	return NULL;
}

static void
test_after_a_write_without_an_answer_luns_move_by_a_fence_only(void **state)
{
	struct gateways *g = *state;
	struct array_answer answer;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS && holds(g, 0) > 0);
	fake_client_doubt(g->clients[0]);
	assert_int_equal(array_lun_move_owner(g->arrays[0], NULL, lun_of_first(g),
					      array_controller_id(g->arrays[1]), &answer),
			 ERR_BUSY);
	assert_non_null(strstr(err_text(ERR_BUSY), "restart the vdsd"));
	array_gateway_retire(g->arrays[0], 60000);
	assert_true(holds(g, 0) > 0);
	array_close(TAKE(g->arrays[0]));
	EVENTUALLY(holds(g, 1) + holds(g, 2) == LUNS);
	assert_true(fake_client_is_fenced(g->clients[0]));
}

/* The data path of the first gateway; an initiator holds one of its LUNs by RESERVE. */
static void
reserve_one(struct gateways *g, struct fake_runtime *fake)
{
	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS && holds(g, 0) > 0);
	fake_register(fake, g->arrays[0]);
	fake->reserved_lun = *lun_of_first(g);
	atomic_store(&fake->reserves, true);
}

static bool
first_holds(const struct gateways *g, const struct guid *lun)
{
	AUTO_STATE struct state *state = array_state(g->arrays[0]);

	return array_lun_is_mine(g->arrays[0], state, lun);
}

/* The initiator would lose what it holds, so whoever asks is told who that is. */
static void
test_a_lun_that_is_reserved_is_not_moved(void **state)
{
	struct gateways *g = *state;
	struct fake_runtime fake = { 0 };
	struct array_answer answer;

	reserve_one(g, &fake);
	for (unsigned i = 0; i < 2; i++) { /* also when another gateway is asked */
		assert_int_equal(array_lun_move_owner(g->arrays[i], NULL, &fake.reserved_lun,
						      array_controller_id(g->arrays[1]), &answer),
				 ERR_BUSY);
		assert_non_null(strstr(err_text(ERR_BUSY), FAKE_HOLDER));
	}
	assert_true(first_holds(g, &fake.reserved_lun));
	assert_int_equal(atomic_load(&fake.reserved_quiesced), 0); /* its commands did not wait */
	atomic_store(&fake.reserves, false);
	assert_ok(array_lun_move_owner(g->arrays[0], NULL, &fake.reserved_lun,
				       array_controller_id(g->arrays[1]), &answer));
	assert_false(first_holds(g, &fake.reserved_lun));
	fake_unregister(&fake);
}

/* A RESERVE that is carried out while the move begins counts, too. */
static void *
reserve_when_held(void *arg)
{
	struct fake_runtime *fake = arg;

	while (atomic_load(&fake->quiescing) == 0)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	atomic_store(&fake->reserves, true);
	atomic_store(&fake->quiesce_hold, false);
	return NULL;
}

static void
test_a_lun_that_gets_reserved_meanwhile_is_not_moved(void **state)
{
	struct gateways *g = *state;
	struct fake_runtime fake = { 0 };
	struct array_answer answer;
	pthread_t thread;

	reserve_one(g, &fake);
	atomic_store(&fake.reserves, false);
	atomic_store(&fake.quiesce_hold, true);
	assert_int_equal(pthread_create(&thread, NULL, reserve_when_held, &fake), 0);
	assert_int_equal(array_lun_move_owner(g->arrays[0], NULL, &fake.reserved_lun,
					      array_controller_id(g->arrays[1]), &answer),
			 ERR_BUSY);
	pthread_join(thread, NULL);
	assert_true(first_holds(g, &fake.reserved_lun));
	assert_int_equal(atomic_load(&fake.reserved_quiesced), 1);
	EVENTUALLY(atomic_load(&fake.quiesced) == atomic_load(&fake.resumed));
	fake_unregister(&fake);
}

static void
test_a_drain_leaves_a_lun_that_is_reserved(void **state)
{
	struct gateways *g = *state;
	const struct guid *first = array_controller_id(g->arrays[0]);
	struct fake_runtime fake = { 0 };

	reserve_one(g, &fake);
	assert_false(health_says(g->arrays[0], FAKE_HOLDER));
	assert_ok(array_gateway_set_drains(g->arrays[0], NULL, first, true, NULL));
	EVENTUALLY(holds(g, 1) + holds(g, 2) == LUNS - 1);
	assert_true(first_holds(g, &fake.reserved_lun));
	assert_true(health_says(g->arrays[0], FAKE_HOLDER));
	atomic_store(&fake.reserves, false);
	EVENTUALLY(holds(g, 1) + holds(g, 2) == LUNS);
	assert_false(health_says(g->arrays[0], FAKE_HOLDER));
	fake_unregister(&fake);
}

/* It would be lost with the process in any case. */
static void
test_a_gateway_that_stops_gives_away_also_what_is_reserved(void **state)
{
	struct gateways *g = *state;
	struct fake_runtime fake = { 0 };

	reserve_one(g, &fake);
	array_gateway_retire(g->arrays[0], 60000);
	assert_int_equal(holds(g, 0), 0);
	fake_unregister(&fake);
}

static void
test_a_gateway_whose_io_does_not_return_is_fenced_when_it_stops(void **state)
{
	struct gateways *g = *state;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	array_gateway_abandon(g->arrays[0]);
	array_close(TAKE(g->arrays[0]));
	EVENTUALLY(holds(g, 1) + holds(g, 2) == LUNS);
	assert_true(fake_client_is_fenced(g->clients[0]));
}

static void
test_a_slow_gateway_that_has_its_lease_is_not_fenced(void **state)
{
	struct gateways *g = *state;
	unsigned before;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	before = fake_client_answered(g->clients[0]);
	fake_client_mute(g->clients[0], 1);
	array_gateway_suspect(g->arrays[1], array_controller_id(g->arrays[0]));
	EVENTUALLY(fake_client_answered(g->clients[0]) > before ||
		   fake_client_is_fenced(g->clients[0]));
	assert_false(fake_client_is_fenced(g->clients[0]));
}

static void
test_a_second_vdsd_of_a_name_does_not_start(void **state)
{
	struct gateways *g = *state;
	struct fake_client *first = g->clients[0];
	struct array *second = NULL;
	char dir[128];

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	snprintf(dir, sizeof(dir), "%s/again", g->dir);
	assert_int_equal(gateway_try(g, 0, dir, &second), ERR_LOCKED);
	dir_remove(dir);
	assert_false(fake_client_is_fenced(first));
	assert_false(atomic_load(&g->lost[0]));
}

/* ---- answers to changes ---- */

static bool
has_target(struct array *array, const struct guid *target)
{
	AUTO_STATE struct state *state = array_state(array);

	return state_find(state, ROW_TARGET, target) != NULL;
}

/*
 * Returns the gateway that may answer from a state without a change that is answered now, GATEWAYS
 * = there is none, as it must be.
 */
static unsigned
who_lacks(struct gateways *g, const struct guid *target)
{
	for (unsigned i = 0; i < GATEWAYS; i++) {
		bool serves = array_lease_ok(g->arrays[i]); /* first: it may end, but not begin */

		if (!has_target(g->arrays[i], target) && serves)
			return i;
	}
	return GATEWAYS;
}

static void
test_who_reaches_its_lease_but_not_the_catalog_serves_nothing_old(void **state)
{
	struct gateways *g = *state;
	struct guid target;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	shared_cluster_cut(g->catalog, fake_client_number(g->clients[0]), true);
	target = make_target(g->arrays[1], "t");
	assert_int_equal(who_lacks(g, &target), GATEWAYS);
	EVENTUALLY(holds(g, 1) + holds(g, 2) == LUNS);
	assert_true(fake_client_is_fenced(g->clients[0]));
	shared_cluster_cut(g->catalog, fake_client_number(g->clients[0]), false);
	EVENTUALLY(atomic_load(&g->lost[0]));
}

struct retry {
	struct array *array;
	struct array_request request;
	struct array_answer answer;
	int rc;
};

static void *
retry_main(void *arg)
{
	struct retry *r = arg;

	r->rc = array_target_create(r->array, &r->request, NULL, "once", false, false, &r->answer);
	return NULL;
}

/* The first gateway still waits, and the one that is asked again gives its answer. */
static void
test_an_answer_of_another_gateway_waits_for_those_that_lack_the_change(void **state)
{
	struct gateways *g = *state;
	struct retry first = { .array = g->arrays[1] }, again = { .array = g->arrays[2] };
	pthread_t thread;
	unsigned lacks;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	guid_make(&first.request.id);
	again.request.id = first.request.id;
	shared_cluster_cut(g->catalog, fake_client_number(g->clients[0]), true);
	assert_int_equal(pthread_create(&thread, NULL, retry_main, &first), 0);
	EVENTUALLY(count_rows(g->arrays[2], ROW_TARGET) == 1);
	retry_main(&again);
	lacks = who_lacks(g, &again.answer.object_id);
	pthread_join(thread, NULL);
	assert_int_equal(lacks, GATEWAYS);
	assert_ok(again.rc);
	assert_true(again.answer.replayed);
	assert_ok(first.rc);
	assert_true(guid_equal(&first.answer.object_id, &again.answer.object_id));
}

/* They hold what they have: there is nothing to follow, and nobody who could change anything. */
static void
test_gateways_serve_on_when_the_catalog_is_gone(void **state)
{
	struct gateways *g = *state;
	uint64_t seen[GATEWAYS];

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	shared_cluster_remove(g->catalog);
	for (unsigned i = 0; i < GATEWAYS; i++) {
		EVENTUALLY(array_is_read_only(g->arrays[i]));
		seen[i] = atomic_load(&g->arrays[i]->gateways->member.seen_end_ns);
	}
	for (unsigned i = 0; i < GATEWAYS; i++)
		EVENTUALLY(atomic_load(&g->arrays[i]->gateways->member.seen_end_ns) > seen[i]);
}

/* Another gateway may go on with it, and does not wait for these for ever. */
static void
test_gateways_begin_anew_when_the_catalog_is_put_back(void **state)
{
	struct gateways *g = *state;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	shared_cluster_remove(g->catalog);
	for (unsigned i = 0; i < GATEWAYS; i++)
		EVENTUALLY(array_is_read_only(g->arrays[i]));
	shared_cluster_put_back(g->catalog, 1000);
	for (unsigned i = 0; i < GATEWAYS; i++)
		EVENTUALLY(atomic_load(&g->lost[i]));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_false(array_lease_ok(g->arrays[i]));
}

static void
test_who_is_not_notified_serves_nothing_old(void **state)
{
	struct gateways *g = *state;
	struct guid target;

	shared_cluster_mute(g->catalog, true);
	target = make_target(g->arrays[1], "t");
	assert_int_equal(who_lacks(g, &target), GATEWAYS);
	shared_cluster_mute(g->catalog, false);
}

/* The lease of a gateway that is dead has ended, so nobody waits for more than that. */
static void
test_a_dead_gateway_is_waited_for_no_longer_than_its_lease(void **state)
{
	struct gateways *g = *state;
	uint64_t held;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	shared_cluster_cut(g->catalog, fake_client_number(g->clients[0]), true);
	fake_client_cut(g->clients[0], true);
	make_target(g->arrays[1], "t"); /* not as long as seen_ms, which is a day */
	assert_false(array_lease_ok(g->arrays[0]));
	/* nobody outside waits for what gateways do among themselves */
	EVENTUALLY(holds(g, 1) + holds(g, 2) == LUNS);
	held = atomic_load(&g->arrays[1]->sharing.held);
	shared_cluster_cut(g->catalog, fake_client_number(g->clients[2]), true);
	fake_client_cut(g->clients[2], true);
	EVENTUALLY(holds(g, 1) == LUNS);
	assert_int_equal(atomic_load(&g->arrays[1]->sharing.held), held);
}

/* ---- owners that change while claims are late ---- */

struct owner_change {
	struct array_task task;
	struct guid lun, owner; /* owner zero: the LUN has none, as in the trash */
};

static int
owner_apply(struct array *array, struct array_task *task)
{
	struct owner_change *o = container_of(task, struct owner_change, task);

	(void)array;
	return guid_is_zero(&o->owner) ? state_edit_delete(task->edit, ROW_LUN_OWNER, &o->lun, NULL)
				       : array_member_edit_own(task->edit, &o->lun, &o->owner);
}

static void
give(struct array *array, const struct guid *lun, const struct guid *owner)
{
	struct owner_change o = { .lun = *lun, .owner = *owner };

	o.task.apply = owner_apply;
	o.task.cause = "test";
	o.task.reach = ARRAY_REACH_LATER;
	assert_ok(array_writer_submit(array, &o.task));
}

struct planned_move {
	struct array *array;
	struct guid lun, to;
	int rc;
};

static void *
move_main(void *arg)
{
	struct planned_move *m = arg;
	struct array_answer answer;

	m->rc = array_lun_move_owner(m->array, NULL, &m->lun, &m->to, &answer);
	return NULL;
}

static bool
is_owner(struct array *array, const struct guid *lun, const struct guid *owner)
{
	AUTO_STATE struct state *state = array_state(array);
	const struct row_lun_owner *row = state_lun_owner(state, lun);

	return row != NULL && guid_equal(&row->controller_id, owner);
}

/*
 * A take-over may bring it back before the others have acknowledged the move.  What the gateway in
 * between has written may be on its way still, so nothing is done with the LUN before its claim.
 */
static void
test_a_lun_that_comes_back_during_its_move_is_claimed_anew(void **state)
{
	struct gateways *g = *state;
	const struct guid *first = array_controller_id(g->arrays[0]);
	struct planned_move m = { .array = g->arrays[0], .to = *array_controller_id(g->arrays[1]) };
	pthread_t thread;
	bool held;

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS && holds(g, 0) > 0);
	m.lun = *lun_of_first(g);
	fake_client_hold_claims(g->clients[0], true);
	shared_cluster_mute(g->catalog, true);
	assert_int_equal(pthread_create(&thread, NULL, move_main, &m), 0);
	EVENTUALLY(is_owner(g->arrays[0], &m.lun, &m.to));
	give(g->arrays[0], &m.lun, first);
	assert_true(is_owner(g->arrays[0], &m.lun, first));
	held = first_holds(g, &m.lun);
	fake_client_hold_claims(g->clients[0], false);
	EVENTUALLY(first_holds(g, &m.lun));
	shared_cluster_mute(g->catalog, false);
	pthread_join(thread, NULL);
	assert_false(held);
	assert_ok(m.rc);
	assert_true(first_holds(g, &m.lun)); /* the end of the move takes nothing away */
	assert_false(atomic_load(&g->lost[0]));
}

/*
 * Deletes the LUN's owner and gives it another one: two changes of one batch, so that none comes
 * between.
 */
static void
come_back(struct array *array, const struct guid *lun, const struct guid *owner)
{
	struct owner_change both[2] = { { .lun = *lun }, { .lun = *lun, .owner = *owner } };

	for (unsigned i = 0; i < 2; i++) {
		both[i].task.apply = owner_apply;
		both[i].task.cause = "test";
		sem_init(&both[i].task.done, 0, 0);
		array_writer_queue(array, &both[i].task);
	}
	for (unsigned i = 0; i < 2; i++) {
		while (sem_wait(&both[i].task.done) != 0)
			;
		sem_destroy(&both[i].task.done);
		assert_ok(both[i].task.result);
		change_unref(both[i].task.logged);
		state_unref(both[i].task.before);
		state_unref(both[i].task.after);
	}
}

/* A LUN was in the trash and came back at another gateway, while the thread of claims was late. */
static void
test_a_lun_that_comes_back_elsewhere_ends_nobody(void **state)
{
	struct gateways *g = *state;
	const struct guid *first = array_controller_id(g->arrays[0]), *lun;
	struct guid other = { { 0 } };

	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS && holds(g, 0) > 0);
	lun = lun_of_first(g);
	for (unsigned l = 0; l < LUNS; l++)
		if (!guid_equal(&g->luns[l], lun))
			other = g->luns[l];
	fake_client_hold_claims(g->clients[0], true);
	come_back(g->arrays[0], &other, first);
	EVENTUALLY(fake_client_is_held(g->clients[0]));
	come_back(g->arrays[0], lun, array_controller_id(g->arrays[1]));
	fake_client_hold_claims(g->clients[0], false);
	EVENTUALLY(holds(g, 0) + holds(g, 1) + holds(g, 2) == LUNS);
	assert_false(atomic_load(&g->lost[0]));
}

/* ---- restores ---- */

static int
restore_into(const struct gateways *g, struct shared_cluster *catalog, const char *file)
{
	struct catalog_shared shared = shared_cluster_open(catalog);
	struct array_options options = { .dir = g->dirs[0],
					 .shared = &shared,
					 .cluster_ops = &fake_cluster_ops,
					 .cluster = fake_client_new(g->cluster) };
	AUTO_FREE char *text = NULL;

	return array_restore_shared(&options, file, false, &text);
}

static void
back_up(struct array *array, const char *file)
{
	char bytes[2048];
	ssize_t n;
	int from, to = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(to >= 0);
	assert_ok(array_backup(array, &from));
	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(to, bytes, (size_t)n), n);
	assert_int_equal(n, 0);
	close(from);
	close(to);
}

/* It is in use until the first gateway has followed that it has left. */
static bool
is_removed(struct array *array, const struct guid *gateway)
{
	int rc = array_gateway_remove(array, NULL, gateway, false, NULL);

	return rc == 0 || rc == ERR_NOT_FOUND;
}

/*
 * The last gateway does not run when a backup is made, and does afterwards.  Then the catalog is
 * lost, and nobody watches its object.  known: the backup has the gateway.
 */
static void
restore_beside_the_last(struct gateways *g, bool known)
{
	const unsigned last = GATEWAYS - 1;
	const struct guid id = *array_controller_id(g->arrays[last]);
	struct shared_cluster *lost = shared_cluster_new();
	struct array_answer answer;
	char file[96];

	snprintf(file, sizeof(file), "%s/backup", g->dir);
	array_close(TAKE(g->arrays[last]));
	if (!known)
		EVENTUALLY(is_removed(g->arrays[0], &id));
	back_up(g->arrays[0], file);
	if (!known)
		assert_ok(array_gateway_add(g->arrays[0], NULL, names[last], addresses[last],
					    &answer));
	assert_ok(gateway_try(g, last, g->dirs[last], &g->arrays[last]));
	for (unsigned i = 0; i < last; i++)
		array_close(TAKE(g->arrays[i]));
	assert_int_equal(restore_into(g, lost, file), ERR_LOCKED);
	assert_non_null(strstr(err_text(ERR_LOCKED), "still has its lease"));
	assert_int_equal(shared_cluster_version(lost), 0);
	array_close(TAKE(g->arrays[last]));
	assert_ok(restore_into(g, lost, file));
	shared_cluster_free(lost);
	unlink(file);
}

static void
test_no_restore_beside_a_gateway_that_ran_not_at_the_backup(void **state)
{
	restore_beside_the_last(*state, true);
}

static void
test_no_restore_beside_a_gateway_that_the_backup_does_not_know(void **state)
{
	restore_beside_the_last(*state, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_lun_gets_one_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_gateway_that_is_cut_off_is_taken_over_from_and_begins_anew, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_a_request_reaches_the_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_is_no_gateway_is_not_served, setup_long,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_gateway_that_cannot_be_fenced_keeps_its_name,
						setup_long, teardown),
		cmocka_unit_test_setup_teardown(test_a_restore_asks_all_gateways, setup_long,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_gateway_that_leaves_gives_its_luns_away,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_after_a_write_without_an_answer_luns_move_by_a_fence_only, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_a_lun_that_is_reserved_is_not_moved,
						setup_moves, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_lun_that_gets_reserved_meanwhile_is_not_moved, setup_moves,
			teardown),
		cmocka_unit_test_setup_teardown(test_a_drain_leaves_a_lun_that_is_reserved,
						setup_moves, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_gateway_that_stops_gives_away_also_what_is_reserved, setup_moves,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_a_gateway_whose_io_does_not_return_is_fenced_when_it_stops, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_a_slow_gateway_that_has_its_lease_is_not_fenced, setup_long, teardown),
		cmocka_unit_test_setup_teardown(
			test_who_reaches_its_lease_but_not_the_catalog_serves_nothing_old,
			setup_short, teardown),
		cmocka_unit_test_setup_teardown(
			test_an_answer_of_another_gateway_waits_for_those_that_lack_the_change,
			setup_short, teardown),
		cmocka_unit_test_setup_teardown(test_gateways_serve_on_when_the_catalog_is_gone,
						setup_long, teardown),
		cmocka_unit_test_setup_teardown(
			test_gateways_begin_anew_when_the_catalog_is_put_back, setup_short,
			teardown),
		cmocka_unit_test_setup_teardown(test_who_is_not_notified_serves_nothing_old,
						setup_short, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_dead_gateway_is_waited_for_no_longer_than_its_lease, setup_dead,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_a_lun_that_comes_back_during_its_move_is_claimed_anew, setup_moves,
			teardown),
		cmocka_unit_test_setup_teardown(test_a_lun_that_comes_back_elsewhere_ends_nobody,
						setup_long, teardown),
		cmocka_unit_test_setup_teardown(
			test_no_restore_beside_a_gateway_that_ran_not_at_the_backup, setup_moves,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_no_restore_beside_a_gateway_that_the_backup_does_not_know, setup_moves,
			teardown),
		cmocka_unit_test_setup_teardown(test_a_second_vdsd_of_a_name_does_not_start,
						setup_long, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a gateway does about the changes of others: units, pools, what it keeps in memory of private
 * tables; who runs jobs and schedules, and who removes volumes.
 */
#include "array_test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/stat.h>
#include <time.h>

#include "array/array_int.h"
#include "array/member_int.h"
#include "shared_pool.h"
#include "shared_store.h"

#define GATEWAYS 3

struct gateways {
	struct fixture f; /* for its directory; its array is none of the gateways */
	struct shared_cluster *cluster;
	struct guid ids[GATEWAYS];
	struct array *arrays[GATEWAYS];
	struct guid pool;
};

static const char *
name_of(unsigned i)
{
	static const char *const names[GATEWAYS] = { "gw0", "gw1", "gw2" };

	return names[i];
}

/* ---- rows that other parts of the array make ---- */

struct put_rows {
	struct array_task task;
	struct gateways *g;
	struct guid lun, controller;
	const char *instance;
	unsigned gateway;
};

static int
put_gateways(struct array *array, struct array_task *task)
{
	struct put_rows *p = container_of(task, struct put_rows, task);
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < GATEWAYS; i++) {
		const struct row_controller *old = state_find(state_edit_view(task->edit),
							      ROW_CONTROLLER, &p->g->ids[i]);
		struct row_controller *row = old != NULL ? row_copy(old) : row_new(ROW_CONTROLLER);

		row->id = p->g->ids[i];
		assert_ok(row_set_string(&row->name, name_of(i)));
		assert_ok(row_set_string(&row->address, "127.0.0.1:1"));
		assert_ok(row_set_string(&row->instance, name_of(i)));
		rc = state_edit_put(task->edit, row);
	}
	(void)array;
	return rc;
}

static int
put_instance(struct array *array, struct array_task *task)
{
	struct put_rows *p = container_of(task, struct put_rows, task);
	const struct row_controller *old = state_find(state_edit_view(task->edit), ROW_CONTROLLER,
						      &p->g->ids[p->gateway]);
	struct row_controller *row = row_copy(old);

	(void)array;
	assert_ok(row_set_string(&row->instance, p->instance));
	return state_edit_put(task->edit, row);
}

static int
put_owner(struct array *array, struct array_task *task)
{
	struct put_rows *p = container_of(task, struct put_rows, task);
	const struct row_lun_owner *old = state_lun_owner(state_edit_view(task->edit), &p->lun);
	struct row_lun_owner *row = row_new(ROW_LUN_OWNER);

	(void)array;
	row->id = p->lun;
	row->controller_id = p->controller;
	row->epoch = old != NULL ? old->epoch + 1 : 1;
	return state_edit_put(task->edit, row);
}

static void
own(struct gateways *g, unsigned by, struct guid lun, unsigned owner)
{
	struct put_rows p = { .task = { .apply = put_owner, .cause = "gateway.move" },
			      .lun = lun,
			      .controller = g->ids[owner] };

	assert_ok(array_writer_submit(g->arrays[by], &p.task));
}

static void
set_instance(struct gateways *g, unsigned by, unsigned gateway, const char *instance)
{
	struct put_rows p = { .task = { .apply = put_instance, .cause = "gateway.takeover" },
			      .g = g,
			      .gateway = gateway,
			      .instance = instance };

	assert_ok(array_writer_submit(g->arrays[by], &p.task));
}

/* ---- the fixture ---- */

static void
gateway_open(struct gateways *g, unsigned i)
{
	struct catalog_shared shared = shared_cluster_open(g->cluster);
	char dir[96];
	struct array_options options = { .dir = dir,
					 .inject_dir = g->f.inject_dir,
					 .verify_interval_ms = 20,
					 .drain_timeout_ms = 200,
					 .shared = &shared,
					 .gateway = name_of(i),
					 .gateway_address = "127.0.0.1:1" };

	snprintf(dir, sizeof(dir), "%s/%u", g->f.dir, i);
	assert_ok(array_open(&options, &g->arrays[i]));
}

static int
setup(void **state)
{
	struct gateways *g = mem_calloc(1, sizeof(*g));
	struct put_rows p = { .task = { .apply = put_gateways, .cause = "gateway.add" }, .g = g };
	struct array_answer answer;

	snprintf(g->f.dir, sizeof(g->f.dir), "/tmp/vds-array-XXXXXX");
	assert_non_null(mkdtemp(g->f.dir));
	snprintf(g->f.inject_dir, sizeof(g->f.inject_dir), "%s/inject", g->f.dir);
	assert_int_equal(mkdir(g->f.inject_dir, 0700), 0);
	shared_pool_setup();
	g->cluster = shared_cluster_new();
	gateway_open(g, 0);
	for (unsigned i = 0; i < GATEWAYS; i++)
		guid_make(&g->ids[i]);
	g->ids[0] = g->arrays[0]->controller_id;
	assert_ok(array_writer_submit(g->arrays[0], &p.task));
	for (unsigned i = 1; i < GATEWAYS; i++)
		gateway_open(g, i);
	assert_ok(array_pool_create(g->arrays[0], NULL, "p", "/shared-test/p", &answer));
	g->pool = answer.object_id;
	*state = g;
	return 0;
}

static int
teardown(void **state)
{
	struct gateways *g = *state;
	void *f;

	for (unsigned i = 0; i < GATEWAYS; i++)
		array_close(g->arrays[i]);
	shared_cluster_free(g->cluster);
	f = mem_dup(&g->f, sizeof(g->f));
	mem_free(g);
	return fixture_teardown(&f);
}

/* A change that was answered at one gateway is everywhere. */
static struct guid
new_lun(struct gateways *g, unsigned maker, unsigned owner, const char *name)
{
	struct guid lun = make_lun(g->arrays[maker], name);

	own(g, maker, lun, owner);
	return lun;
}

static void
assert_alike(struct gateways *g)
{
	AUTO_STATE struct state *first = array_state(g->arrays[0]);
	const struct position *p = state_position(first);

	for (unsigned i = 0; i < GATEWAYS; i++) {
		AUTO_STATE struct state *other = array_state(g->arrays[i]);
		const struct position *q = state_position(other);

		assert_int_equal(p->sequence, q->sequence);
		assert_true(hash128_equal(&p->digest, &q->digest));
		assert_ok(state_check(other));
		for (size_t k = 0; k < state_count(other, ROW_LUN); k++) {
			const struct row_lun *lun = state_at(other, ROW_LUN, k);
			struct array_store *store = array_unit_store(g->arrays[i], &lun->id);

			assert_non_null(store);
			assert_true(guid_equal(&store->pool_id, &lun->pool_id));
			assert_int_equal(store->size_bytes, lun->size_bytes);
			array_store_unref(store);
		}
		assert_int_equal(count_rows(g->arrays[i], ROW_LUN), g->arrays[i]->luns.count);
	}
}

static bool
lun_is_shown(struct array *array, const struct guid *lun)
{
	AUTO_STATE struct state *live = array_live(array);

	return state_find(live, ROW_LIVE_LUN, lun) != NULL;
}

/* ---- rows ---- */

static void
test_luns_of_others_have_units_without_devices(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l");
	struct array_store *store;

	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_true(lun_is_shown(g->arrays[i], &lun));
	assert_true(wait_health(g->arrays[0], lun, HEALTH_OK));
	store = array_unit_store(g->arrays[1], &lun);
	assert_false(array_store_has_device(store));
	array_store_unref(store);
	assert_int_equal(array_lun_extend(g->arrays[1], NULL, &lun, MIB, false, NULL), ERR_BUSY);
	assert_non_null(strstr(err_text(ERR_BUSY), "gw0"));
	assert_ok(array_lun_extend(g->arrays[0], NULL, &lun, MIB, false, NULL));
	assert_alike(g);
	assert_ok(array_lun_delete(g->arrays[0], NULL, &lun, true, NULL));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_false(lun_is_shown(g->arrays[i], &lun));
	assert_alike(g);
}

static bool
pool_is_ready(struct array *array, const void *arg)
{
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_pool *pool = state_find(live, ROW_LIVE_POOL, arg);

	return pool != NULL && pool->ready;
}

static bool
pool_is_gone(struct array *array, const void *arg)
{
	AUTO_STATE struct state *live = array_live(array);

	return state_find(live, ROW_LIVE_POOL, arg) == NULL;
}

static void
test_pools_are_opened_by_all(void **state)
{
	struct gateways *g = *state;
	struct array_answer answer;

	assert_ok(array_pool_create(g->arrays[1], NULL, "q", "/shared-test/q", &answer));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_true(wait_for(g->arrays[i], pool_is_ready, &answer.object_id));
	assert_ok(array_pool_rename(g->arrays[2], NULL, &answer.object_id, "r", NULL));
	assert_ok(array_pool_delete(g->arrays[0], NULL, &answer.object_id, NULL));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_true(wait_for(g->arrays[i], pool_is_gone, &answer.object_id));
	assert_alike(g);
}

struct level {
	struct guid pool;
	enum pool_space space;
	uint64_t crossings;
};

static bool
has_level(struct array *array, const void *arg)
{
	const struct level *level = arg;
	AUTO_STATE struct state *live = array_live(array);
	const struct row_live_pool *pool = state_find(live, ROW_LIVE_POOL, &level->pool);

	return pool != NULL && pool->space == level->space && pool->crossings == level->crossings;
}

/* All look at the pool, and one says for all that it is low. */
static void
test_a_level_is_announced_once(void **state)
{
	struct gateways *g = *state;
	struct level low = { g->pool, POOL_SPACE_LOW, 1 }, ok = { g->pool, POOL_SPACE_OK, 1 },
		     again = { g->pool, POOL_SPACE_LOW, 2 };

	shared_pool_free((1ull << 40) / 100 * 7);
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_true(wait_for(g->arrays[i], has_level, &low));
	shared_pool_free(1ull << 39);
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_true(wait_for(g->arrays[i], has_level, &ok));
	for (unsigned i = 0; i < GATEWAYS; i++) /* the next one has the chores */
		if (atomic_load(&g->arrays[i]->chores)) {
			set_instance(g, (i + 1) % GATEWAYS, i, "");
			break;
		}
	shared_pool_free((1ull << 40) / 100 * 7);
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_true(wait_for(g->arrays[i], has_level, &again));
}

static void
test_a_pool_of_one_machine_is_refused(void **state)
{
	struct gateways *g = *state;

	assert_int_equal(array_pool_create(g->arrays[0], NULL, "dir", g->f.inject_dir, NULL),
			 ERR_NOT_SUPPORTED);
	assert_non_null(strstr(err_text(ERR_NOT_SUPPORTED), "several gateways"));
	assert_int_equal(array_pool_create(g->arrays[0], NULL, "ram", "ram:16M", NULL),
			 ERR_NOT_SUPPORTED);
	assert_int_equal(count_rows(g->arrays[1], ROW_POOL), 1);
}

struct owners_run {
	struct array_task task;
	struct state *before; /* a reference */
	struct change *change;
};

/* Does again what a change from that state to the present one needs. */
static int
owners_run(struct array *array, struct array_task *task)
{
	struct owners_run *o = container_of(task, struct owners_run, task);

	assert_ok(state_difference(o->before, array->state, "test", &o->change));
	array_foreign_owners(array, o->before, array->state, o->change);
	change_unref(o->change);
	return 0;
}

/* Returns whether the LUN's unit at gateway 0 has the store that it had, after such a change. */
static bool
keeps_its_store(struct gateways *g, struct guid lun, struct state *before)
{
	struct owners_run o = { .task.run = owners_run, .before = before };
	struct array_store *store = array_unit_store(g->arrays[0], &lun), *now;
	bool same;

	assert_ok(array_writer_submit(g->arrays[0], &o.task));
	now = array_unit_store(g->arrays[0], &lun);
	same = now == store;
	array_store_unref(store);
	array_store_unref(now);
	return same;
}

/* A job of a new LUN uses the store with which it was made. */
static void
test_a_new_lun_with_an_owner_keeps_its_store(void **state)
{
	struct gateways *g = *state;
	AUTO_STATE struct state *none = array_state(g->arrays[0]);
	struct guid lun = make_lun(g->arrays[0], "l");
	AUTO_STATE struct state *unowned = array_state(g->arrays[0]);

	own(g, 0, lun, 0);
	assert_true(keeps_its_store(g, lun, none));
	assert_false(keeps_its_store(g, lun, unowned));
}

/* ---- when the changes are not known ---- */

struct forget_run {
	struct array_task task;
	struct state *then; /* a reference, which the array gets */
	struct guid lun, pool;
};

/* Makes memory what it was, and follows without knowing what has changed since. */
static int
forget_run(struct array *array, struct array_task *task)
{
	struct forget_run *f = container_of(task, struct forget_run, task);
	const struct catalog_news news = { .gap = true };
	struct state *now = array->state;

	pthread_mutex_lock(&array->state_lock);
	array->state = TAKE(f->then);
	pthread_mutex_unlock(&array->state_lock);
	state_unref(now);
	array_unit_remove(array, &f->lun, false);
	array_pool_remove(array, &f->pool, false);
	array_token_fini(array);
	array->token_count = 0;
	array_foreign_publish(array, &news);
	return 0;
}

static void
test_a_gateway_that_was_away_long_follows_the_difference(void **state)
{
	struct gateways *g = *state;
	struct guid gone = new_lun(g, 0, 0, "gone"), stays = new_lun(g, 0, 0, "stays");
	struct forget_run f = { .task.run = forget_run, .then = array_state(g->arrays[2]) };
	char secret[ARRAY_TOKEN_SIZE];
	struct array_answer answer;
	struct array_token token;

	assert_ok(array_lun_delete(g->arrays[0], NULL, &gone, true, NULL));
	assert_ok(array_lun_extend(g->arrays[0], NULL, &stays, MIB, false, NULL));
	assert_ok(array_pool_create(g->arrays[0], NULL, "q", "/shared-test/q", &answer));
	f.pool = answer.object_id;
	f.lun = new_lun(g, 0, 1, "new");
	assert_ok(array_token_create(g->arrays[0], NULL, "t", ROLE_ADMIN, 0, secret, &answer));
	assert_ok(array_writer_submit(g->arrays[2], &f.task));
	assert_alike(g);
	assert_ok(array_token_check(g->arrays[2], secret, &token));
	assert_true(wait_for(g->arrays[2], pool_is_ready, &f.pool));
	assert_true(lun_is_shown(g->arrays[2], &f.lun));
	assert_false(lun_is_shown(g->arrays[2], &gone));
}

/* ---- private tables ---- */

static void
test_a_token_is_good_and_dead_everywhere(void **state)
{
	struct gateways *g = *state;
	char secret[ARRAY_TOKEN_SIZE];
	struct array_answer answer;
	struct array_token token;

	assert_ok(array_token_create(g->arrays[0], NULL, "t", ROLE_ADMIN, 0, secret, &answer));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_ok(array_token_check(g->arrays[i], secret, &token));
	assert_int_equal(
		array_token_create(g->arrays[1], NULL, "t", ROLE_ADMIN, 0, secret, &answer),
		ERR_NAME_IN_USE);
	assert_ok(array_token_revoke(g->arrays[2], NULL, &token.id, &answer));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_int_equal(array_token_check(g->arrays[i], secret, &token), ERR_ACCESS);
}

static void
assert_answered(const struct array_answer *first, const struct array_answer *again)
{
	assert_true(again->replayed);
	assert_true(guid_equal(&first->object_id, &again->object_id));
	assert_int_equal(first->sequence, again->sequence);
}

static void
test_a_retry_at_another_gateway_gets_the_first_answer(void **state)
{
	struct gateways *g = *state;
	struct array_request request = { .id = random_guid() };
	struct array_lun_spec spec = { .name = "once", .size_bytes = MIB };
	struct array_answer first, again;

	assert_ok(array_lun_create(g->arrays[0], &request, &spec, &first));
	assert_ok(array_lun_create(g->arrays[1], &request, &spec, &again));
	assert_answered(&first, &again);
	assert_int_equal(count_rows(g->arrays[2], ROW_LUN), 1);
	assert_int_equal(shared_pool_count(), 1);
}

struct retry {
	pthread_t thread;
	struct array *array;
	struct array_request request;
	struct array_answer answer;
	int rc;
};

static void *
retry_main(void *arg)
{
	struct retry *r = arg;
	struct array_lun_spec spec = { .name = "", .size_bytes = MIB };

	r->rc = array_lun_create(r->array, &r->request, &spec, &r->answer);
	return NULL;
}

/* Whoever commits first has made it; the volume of the other one is gone. */
static void
test_two_gateways_that_get_one_request_make_it_once(void **state)
{
	struct gateways *g = *state;

	for (unsigned round = 0; round < 20; round++) {
		struct guid id = random_guid();
		struct retry r[GATEWAYS];

		for (unsigned i = 0; i < GATEWAYS; i++) {
			r[i] = (struct retry){ .array = g->arrays[i], .request.id = id };
			pthread_create(&r[i].thread, NULL, retry_main, &r[i]);
		}
		for (unsigned i = 0; i < GATEWAYS; i++)
			pthread_join(r[i].thread, NULL);
		for (unsigned i = 0; i < GATEWAYS; i++) {
			assert_int_equal(r[i].rc, 0);
			assert_true(guid_equal(&r[i].answer.object_id, &r[0].answer.object_id));
		}
		assert_int_equal(r[0].answer.replayed + r[1].answer.replayed + r[2].answer.replayed,
				 GATEWAYS - 1);
		assert_int_equal(count_rows(g->arrays[0], ROW_LUN), round + 1);
		assert_int_equal(shared_pool_count(), round + 1);
	}
	assert_alike(g);
}

struct secret_of {
	struct array_task task;
	struct guid id;
	struct array_secret found[2];
	unsigned count;
	uint8_t first; /* byte of the present secret */
};

static int
secret_run(struct array *array, struct array_task *task)
{
	struct secret_of *s = container_of(task, struct secret_of, task);

	s->count = array_secrets_find(array->secrets, &s->id, 0, s->found);
	s->first = s->count > 0 ? s->found[0].bytes[0] : 0;
	return 0;
}

/* Returns the first byte of the secret that a gateway has; 0 = it has none. */
static uint8_t
secret_at(struct array *array, const struct guid *id)
{
	struct secret_of s = { .task.run = secret_run, .id = *id };

	assert_ok(array_writer_submit(array, &s.task));
	return s.first;
}

static void
test_a_secret_is_replaced_and_gone_everywhere(void **state)
{
	struct gateways *g = *state;
	const uint8_t one[] = "1-secret-of-16-b", two[] = "2-secret-of-16-b";
	struct guid target = make_target(g->arrays[0], "t");
	struct array_credential_spec spec = { .owner_id = target,
					      .side = CREDENTIAL_INITIATOR,
					      .user = "u",
					      .secret = one,
					      .secret_len = 16 };
	struct array_answer answer;

	assert_ok(array_credential_set(g->arrays[0], NULL, &spec, &answer));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_int_equal(secret_at(g->arrays[i], &answer.object_id), '1');
	spec.secret = two;
	shared_cluster_fault(g->cluster, SHARED_FAULT_CONFLICT, 2); /* it is applied three times */
	assert_ok(array_credential_set(g->arrays[1], NULL, &spec, &answer));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_int_equal(secret_at(g->arrays[i], &answer.object_id), '2');
	assert_ok(array_credential_delete(g->arrays[2], NULL, &answer.object_id, NULL));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_int_equal(secret_at(g->arrays[i], &answer.object_id), 0);
}

static void
kept_done(void *arg, int result)
{
	assert_int_equal(result, 0);
	sem_post(arg);
}

static void
keep(struct array *array, struct guid lun, const char *data, bool passing)
{
	sem_t done;
	struct array_keep request = { .lun_id = lun,
				      .kind = ARRAY_KEEP_RESERVATIONS,
				      .version = 2,
				      .data = data,
				      .bytes = strlen(data),
				      .passing = passing,
				      .done = kept_done,
				      .arg = &done };

	sem_init(&done, 0, 0);
	assert_ok(array_keep(array, &request));
	while (sem_wait(&done) != 0)
		;
	sem_destroy(&done);
}

static void
assert_kept(struct array *array, struct guid lun, const char *data, bool passing)
{
	AUTO_FREE void *found = NULL;
	uint32_t version;
	bool found_passing = false;
	size_t bytes = 0;
	int rc = array_kept(array, &lun, ARRAY_KEEP_RESERVATIONS, &version, &found, &bytes,
			    &found_passing);

	assert_int_equal(rc, data != NULL ? 0 : ERR_NOT_FOUND);
	if (data == NULL)
		return;
	assert_int_equal(bytes, strlen(data));
	assert_memory_equal(found, data, bytes);
	assert_int_equal(found_passing, passing);
}

static void
test_what_a_unit_keeps_is_there_for_a_new_owner(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l");

	keep(g->arrays[0], lun, "keys", true);
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_kept(g->arrays[i], lun, "keys", true);
	keep(g->arrays[0], lun, "more keys", false);
	own(g, 2, lun, 1);
	assert_kept(g->arrays[1], lun, "more keys", false);
	keep(g->arrays[1], lun, "again", true);
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_kept(g->arrays[i], lun, "again", true);
	assert_ok(array_kept_power_on(g->arrays[2]));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_kept(g->arrays[i], lun, NULL, false);
}

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
	gateway_open(g, 0);
	assert_alike(g);
}

static bool
is_gone(const struct guid *volume)
{
	return !shared_pool_has(volume, true);
}

static bool
is_swept(const struct guid *volume)
{
	return !shared_pool_has(volume, false);
}

/* Waits, at most ten seconds. */
static void
wait_until(bool (*holds)(const struct guid *volume), const struct guid *volume)
{
	const struct timespec some = { .tv_nsec = 10 * 1000 * 1000 };

	for (unsigned n = 0; n < 1000 && !holds(volume); n++)
		nanosleep(&some, NULL);
	assert_true(holds(volume));
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
	gateway_open(g, 0);
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
	gateway_open(g, 0);
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
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_luns_of_others_have_units_without_devices),
		T(test_pools_are_opened_by_all),
		T(test_a_level_is_announced_once),
		T(test_a_pool_of_one_machine_is_refused),
		T(test_a_new_lun_with_an_owner_keeps_its_store),
		T(test_a_gateway_that_was_away_long_follows_the_difference),
		T(test_a_token_is_good_and_dead_everywhere),
		T(test_a_retry_at_another_gateway_gets_the_first_answer),
		T(test_two_gateways_that_get_one_request_make_it_once),
		T(test_a_secret_is_replaced_and_gone_everywhere),
		T(test_what_a_unit_keeps_is_there_for_a_new_owner),
		T(test_the_new_owner_takes_a_job_up),
		T(test_a_volume_is_removed_once),
		T(test_the_volumes_of_a_dead_gateway_are_removed),
		T(test_a_sweep_leaves_what_a_living_gateway_makes),
		T(test_a_schedule_runs_at_the_owner_and_once),
		T(test_a_volume_that_was_deleted_unknowingly_is_removed),
		T(test_a_job_that_was_begun_unknowingly_goes_on),
		T(test_a_move_whose_end_is_not_known_finds_out),
		T(test_a_rollback_that_is_not_recorded_is_seen),
		T(test_epochs_grow_also_when_a_lun_had_no_owner),
		T(test_a_lun_that_was_trashed_anew_keeps_its_volume),
		T(test_a_change_that_is_applied_again_is_made_once),
		T(test_following_costs_what_has_changed),
		T(test_random_changes_lead_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

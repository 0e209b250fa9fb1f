/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a gateway does about the changes of others: units, pools, and what it keeps in memory of
 * private tables.
 */
#include "shared_gateways.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

#include "array/array_int.h"
#include "shared_pool.h"
#include "shared_store.h"

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

/*
 * The pool is asked by its owner only, and not by a thread of the data path, which serves other
 * LUNs too:  that would wait for each LUN after a take-over.
 */
static void
test_a_new_owner_looks_at_no_volume_for_the_data_path(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l");
	struct blk_dev *dev = NULL;
	struct array_store *store;
	unsigned before;

	assert_true(wait_health(g->arrays[0], lun, HEALTH_OK));
	own(g, 0, lun, 1);
	for (unsigned i = 0; i < GATEWAYS; i++)
		array_verify_stop(g->arrays[i]);
	/* as when the verifier has not come to it yet */
	store = array_unit_store(g->arrays[1], &lun);
	atomic_store(&store->looked_at, false);
	array_store_unref(store);
	array_unit_set_health(g->arrays[1], &lun, HEALTH_UNKNOWN, "");
	before = shared_pool_opened();
	array_lun_look(g->arrays[2], &lun);
	assert_int_equal(array_lun_device(g->arrays[2], &lun, &dev), ERR_BUSY);
	assert_int_equal(shared_pool_opened(), before);
	assert_ok(array_lun_device(g->arrays[1], &lun, &dev));
	assert_int_equal(array_unit_health(g->arrays[1], &lun), HEALTH_UNKNOWN);
	assert_int_equal(shared_pool_opened(), before + 1);
	array_device_release(g->arrays[1], dev);
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

/* Makes a pool at gateway 0, of which gateway 1 has only heard. */
static struct guid
new_pool(struct gateways *g, const char *name, const char *place)
{
	struct array_answer answer;

	assert_ok(array_pool_create(g->arrays[0], NULL, name, place, &answer));
	assert_false(pool_is_ready(g->arrays[1], &answer.object_id));
	return answer.object_id;
}

/* Also where the verifier has not come to it yet.  Each way to need a pool meets one of its own. */
static void
test_a_new_pool_can_be_used_everywhere_when_it_is_answered(void **state)
{
	struct gateways *g = *state;
	struct array *other = g->arrays[1];
	struct array_lun_spec spec = { .name = "chosen", .size_bytes = MIB };
	struct array_pool_space space;
	struct array_answer answer;
	struct guid pool;
	AUTO_FREE char *place = NULL;
	uint64_t largest = 0;

	array_verify_stop(other); /* it opens no pool from now on */
	assert_ok(array_pool_delete(g->arrays[2], NULL, &g->pool, NULL));
	pool = new_pool(g, "a", "/shared-test/a");
	assert_ok(array_lun_create(other, NULL, &spec, &answer));
	assert_true(pool_is_ready(other, &pool));
	own(g, 1, answer.object_id, 0);

	spec.name = "named";
	spec.pool_id = pool = new_pool(g, "b", "/shared-test/b");
	assert_ok(array_lun_create(other, NULL, &spec, &answer));
	pool = new_pool(g, "c", "/shared-test/c");
	assert_ok(array_pool_ready(other, &pool));
	pool = new_pool(g, "d", "/shared-test/d");
	assert_ok(array_pool_space(other, &pool, &space));
	pool = new_pool(g, "e", "/shared-test/e");
	assert_ok(array_pool_largest(other, &pool, &largest));
	pool = new_pool(g, "f", "/shared-test/f");
	assert_ok(array_pool_place(other, &pool, &place));
	assert_string_equal(place, "/shared-test/f");
	assert_ok(array_pool_delete(other, NULL, &pool, NULL));
	assert_alike(g);
}

/* A pool that cannot be opened says why, and the verifier alone tries again. */
static void
test_a_new_pool_that_cannot_be_opened_says_why(void **state)
{
	struct gateways *g = *state;
	struct guid pool;

	array_verify_stop(g->arrays[1]);
	pool = new_pool(g, "q", "/shared-test/q");
	shared_pool_refuse("/shared-test/q");
	assert_int_equal(array_pool_ready(g->arrays[1], &pool), ERR_FAILED);
	assert_non_null(strstr(err_text(ERR_FAILED), "the test refuses it"));
	shared_pool_refuse(NULL);
	assert_int_equal(array_pool_ready(g->arrays[1], &pool), ERR_FAILED);
	array_pool_verify(g->arrays[1]);
	assert_ok(array_pool_ready(g->arrays[1], &pool));
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

struct behind_run {
	struct array_task task;
	struct state *then; /* a reference */
	int rc;
};

/* Pulls while memory has not taken what the catalog has, as when publishing has failed. */
static int
behind_run(struct array *array, struct array_task *task)
{
	struct behind_run *b = container_of(task, struct behind_run, task);
	struct state *now = array->state;

	pthread_mutex_lock(&array->state_lock);
	array->state = b->then;
	pthread_mutex_unlock(&array->state_lock);
	b->rc = array_sharing_pull(array);
	pthread_mutex_lock(&array->state_lock);
	array->state = now;
	pthread_mutex_unlock(&array->state_lock);
	return 0;
}

/* It would answer from the old state, and others would take it for one that has the change. */
static void
test_who_cannot_publish_what_it_has_read_does_not_follow(void **state)
{
	struct gateways *g = *state;
	struct behind_run b = { .task.run = behind_run, .then = array_state(g->arrays[1]) };

	make_target(g->arrays[0], "t");
	assert_ok(array_writer_submit(g->arrays[1], &b.task));
	assert_int_equal(b.rc, ERR_CORRUPT);
	state_unref(b.then);
	assert_ok(array_sharing_sync(g->arrays[1]));
}

/*
 * Each would wake all others in turn.  Notifications are lost, so that nobody follows before it is
 * asked to.
 */
static void
test_who_follows_others_notifies_nobody(void **state)
{
	struct gateways *g = *state;
	unsigned before;

	shared_cluster_mute(g->cluster, true);
	before = shared_cluster_notifications(g->cluster);
	for (unsigned n = 1; n <= 5; n++) {
		make_target(g->arrays[0], "t");
		for (unsigned i = 1; i < GATEWAYS; i++)
			assert_ok(array_sharing_sync(g->arrays[i]));
	}
	shared_cluster_mute(g->cluster, false);
	assert_int_equal(shared_cluster_notifications(g->cluster), before + 5);
	assert_alike(g);
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
keep_kind(struct array *array, struct guid lun, uint32_t kind, const char *data, bool passing)
{
	sem_t done;
	struct array_keep request = { .lun_id = lun,
				      .kind = kind,
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
keep(struct array *array, struct guid lun, const char *data, bool passing)
{
	keep_kind(array, lun, ARRAY_KEEP_RESERVATIONS, data, passing);
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

/* Only a new owner needs what a unit keeps, so nobody is notified of it. */
static void
all_look(struct gateways *g)
{
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_ok(array_sharing_sync(g->arrays[i]));
}

static void
test_what_a_unit_keeps_is_there_for_a_new_owner(void **state)
{
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l");

	keep(g->arrays[0], lun, "keys", true);
	all_look(g);
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_kept(g->arrays[i], lun, "keys", true);
	keep(g->arrays[0], lun, "more keys", false);
	own(g, 2, lun, 1);
	assert_kept(g->arrays[1], lun, "more keys", false);
	keep(g->arrays[1], lun, "again", true);
	all_look(g);
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_kept(g->arrays[i], lun, "again", true);
	assert_ok(array_kept_power_on(g->arrays[2]));
	for (unsigned i = 0; i < GATEWAYS; i++)
		assert_kept(g->arrays[i], lun, NULL, false);
}

struct load_anew {
	struct array_task task;
	const struct guid
		*behind; /* what it knows that this LUN keeps is forgotten before; NULL = none */
};

static int
load_anew_run(struct array *array, struct array_task *task)
{
	const struct load_anew *load = container_of(task, struct load_anew, task);
	const struct catalog_news news = { .gap = true };

	if (load->behind != NULL) {
		pthread_mutex_lock(&array->luns_lock);
		struct array_lun_entry *entry = array_unit_find_locked(array, load->behind);

		array_kept_free(TAKE(entry->kept));
		pthread_mutex_unlock(&array->luns_lock);
	}
	array_foreign_publish(array, &news);
	return 0;
}

/* The data paths of the others know of a reset when its announcement is answered. */
static void
test_a_reset_is_announced_to_the_others(void **state)
{
	static struct fake_runtime fakes[GATEWAYS];
	struct gateways *g = *state;
	struct guid lun = new_lun(g, 0, 0, "l"), other = new_lun(g, 0, 0, "m");
	struct load_anew load = { .task.run = load_anew_run };

	memset(fakes, 0, sizeof(fakes));
	for (unsigned i = 0; i < GATEWAYS; i++)
		fake_register(&fakes[i], g->arrays[i]);
	for (unsigned reset = 1; reset <= 2; reset++) {
		keep_kind(g->arrays[0], lun, ARRAY_KEEP_RESETS, reset == 1 ? "1" : "2", false);
		keep(g->arrays[0], lun, "keys", true);
		keep_kind(g->arrays[0], other, 2, "pages", false);
		assert_int_equal(atomic_load(&fakes[0].resets), 0); /* it does that itself */
		for (unsigned i = 1; i < GATEWAYS; i++) {
			assert_int_equal(atomic_load(&fakes[i].resets), reset);
			assert_true(guid_equal(&fakes[i].reset_lun, &lun));
		}
	}
	/* one that loads everything anew, and knew that already, or did not */
	assert_ok(array_writer_submit(g->arrays[1], &load.task));
	assert_int_equal(atomic_load(&fakes[1].resets), 2);
	load = (struct load_anew){ .task.run = load_anew_run, .behind = &lun };
	assert_ok(array_writer_submit(g->arrays[1], &load.task));
	assert_int_equal(atomic_load(&fakes[1].resets), 3);
	for (unsigned i = 0; i < GATEWAYS; i++)
		fake_unregister(&fakes[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, gateways_setup, gateways_teardown)
		T(test_luns_of_others_have_units_without_devices),
		T(test_a_new_owner_looks_at_no_volume_for_the_data_path),
		T(test_pools_are_opened_by_all),
		T(test_a_new_pool_can_be_used_everywhere_when_it_is_answered),
		T(test_a_new_pool_that_cannot_be_opened_says_why),
		T(test_a_level_is_announced_once),
		T(test_a_pool_of_one_machine_is_refused),
		T(test_a_new_lun_with_an_owner_keeps_its_store),
		T(test_a_gateway_that_was_away_long_follows_the_difference),
		T(test_who_cannot_publish_what_it_has_read_does_not_follow),
		T(test_who_follows_others_notifies_nobody),
		T(test_a_token_is_good_and_dead_everywhere),
		T(test_a_retry_at_another_gateway_gets_the_first_answer),
		T(test_two_gateways_that_get_one_request_make_it_once),
		T(test_a_secret_is_replaced_and_gone_everywhere),
		T(test_what_a_unit_keeps_is_there_for_a_new_owner),
		T(test_a_reset_is_announced_to_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

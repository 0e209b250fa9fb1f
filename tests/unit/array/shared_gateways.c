/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shared_gateways.h"

#include <sys/stat.h>
#include <time.h>

#include "array/array_int.h"
#include "shared_pool.h"
#include "shared_store.h"

const char *
gateways_name(unsigned i)
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
		assert_ok(row_set_string(&row->name, gateways_name(i)));
		assert_ok(row_set_string(&row->address, "127.0.0.1:1"));
		assert_ok(row_set_string(&row->instance, gateways_name(i)));
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

void
own(struct gateways *g, unsigned by, struct guid lun, unsigned owner)
{
	struct put_rows p = { .task = { .apply = put_owner, .cause = "gateway.move" },
			      .lun = lun,
			      .controller = g->ids[owner] };

	assert_ok(array_writer_submit(g->arrays[by], &p.task));
}

void
set_instance(struct gateways *g, unsigned by, unsigned gateway, const char *instance)
{
	struct put_rows p = { .task = { .apply = put_instance, .cause = "gateway.takeover" },
			      .g = g,
			      .gateway = gateway,
			      .instance = instance };

	assert_ok(array_writer_submit(g->arrays[by], &p.task));
}

/* ---- the fixture ---- */

void
gateways_open(struct gateways *g, unsigned i)
{
	struct catalog_shared shared = shared_cluster_open(g->cluster);
	char dir[96];
	struct array_options options = { .dir = dir,
					 .inject_dir = g->f.inject_dir,
					 .verify_interval_ms = 20,
					 .drain_timeout_ms = 200,
					 .shared = &shared,
					 .gateway = gateways_name(i),
					 .gateway_address = "127.0.0.1:1" };

	snprintf(dir, sizeof(dir), "%s/%u", g->f.dir, i);
	assert_ok(array_open(&options, &g->arrays[i]));
}

int
gateways_setup(void **state)
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
	gateways_open(g, 0);
	for (unsigned i = 0; i < GATEWAYS; i++)
		guid_make(&g->ids[i]);
	g->ids[0] = g->arrays[0]->controller_id;
	assert_ok(array_writer_submit(g->arrays[0], &p.task));
	for (unsigned i = 1; i < GATEWAYS; i++)
		gateways_open(g, i);
	assert_ok(array_pool_create(g->arrays[0], NULL, "p", "/shared-test/p", &answer));
	g->pool = answer.object_id;
	*state = g;
	return 0;
}

int
gateways_teardown(void **state)
{
	struct gateways *g = *state;
	void *f;

	for (unsigned i = 0; i < GATEWAYS; i++)
		array_close(g->arrays[i]);
	if (shared_pool_hung() != NULL)
		fail_msg("%s ran on a writer without its watchdog's pardon", shared_pool_hung());
	shared_cluster_free(g->cluster);
	f = mem_dup(&g->f, sizeof(g->f));
	mem_free(g);
	return fixture_teardown(&f);
}

struct guid
new_lun(struct gateways *g, unsigned maker, unsigned owner, const char *name)
{
	struct guid lun = make_lun(g->arrays[maker], name);

	own(g, maker, lun, owner);
	return lun;
}

void
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

bool
lun_is_shown(struct array *array, const struct guid *lun)
{
	AUTO_STATE struct state *live = array_live(array);

	return state_find(live, ROW_LIVE_LUN, lun) != NULL;
}

bool
is_gone(const struct guid *volume)
{
	return !shared_pool_has(volume, true);
}

void
wait_until(bool (*holds)(const struct guid *volume), const struct guid *volume)
{
	const struct timespec some = { .tv_nsec = 10 * 1000 * 1000 };

	for (unsigned n = 0; n < 1000 && !holds(volume); n++)
		nanosleep(&some, NULL);
	assert_true(holds(volume));
}

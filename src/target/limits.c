/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which limits a command has to keep, and the commands that wait for them (docs/design/qos.md).
 * limit.c has the arithmetic.
 *
 * A command takes from its limits when it would start, and that says when it may start; until then
 * it waits in its path's list, which has one timer.  So a limit that threads share needs no lock:
 * no thread looks at what waits on another.  When limits change, what waits takes anew.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/qos.h"
#include "target/target_int.h"

/* How long a path that waits does not see that its limits have changed. */
#define LOOK_NS (100 * NS_PER_MS)

/* ---- The table ---- */

void
target_limits_init(struct target_limit_table *table)
{
	pthread_mutex_init(&table->lock, NULL);
	guid_map_init(&table->map);
}

struct target_limit *
target_limit_ref(struct target_limit *limit)
{
	atomic_fetch_add_explicit(&limit->refs, 1, memory_order_relaxed);
	return limit;
}

void
target_limit_unref(struct target_limit *limit)
{
	if (limit != NULL && atomic_fetch_sub_explicit(&limit->refs, 1, memory_order_acq_rel) == 1)
		mem_free(limit);
}

void
target_limits_fini(struct target_limit_table *table)
{
	struct target_limit *limit;

	for (size_t i = 0; (limit = guid_map_next(&table->map, &i)) != NULL;)
		target_limit_unref(limit);
	guid_map_fini(&table->map);
	pthread_mutex_destroy(&table->lock);
}

/* Returns the text of a row of a LUN, a host or a pool; NULL = it has none. */
static const char *
text_of(enum row_family family, const void *row)
{
	switch (row != NULL ? family : ROW_FAMILY_COUNT) {
	case ROW_LUN:
		return ((const struct row_lun *)row)->qos;
	case ROW_HOST:
		return ((const struct row_host *)row)->qos;
	case ROW_POOL:
		return ((const struct row_pool *)row)->qos;
	default:
		return NULL;
	}
}

/* Sets one bucket, unless it is as it should be: then what was taken of it stays taken. */
static bool
set(struct target_bucket *bucket, uint64_t rate, uint64_t burst_ns)
{
	if (atomic_load_explicit(&bucket->rate, memory_order_relaxed) == rate &&
	    atomic_load_explicit(&bucket->burst_ns, memory_order_relaxed) == burst_ns)
		return false;
	target_bucket_set(bucket, rate, burst_ns);
	return true;
}

void
target_limit_set(struct target_limit_table *table, struct target_limit *limit, const char *qos)
{
	uint64_t burst_ns;
	bool changed;
	struct qos q;

	if (qos_parse(qos, &q) < 0)
		return; /* the array has checked it */
	burst_ns = LIMIT_SLACK_NS + q.values[QOS_BURST] * NS_PER_MS;
	changed = set(&limit->commands, q.values[QOS_IOPS], burst_ns);
	changed |= set(&limit->bytes, q.values[QOS_BANDWIDTH], burst_ns);
	changed |= set(&limit->min_commands, q.values[QOS_MIN_IOPS], LIMIT_SLACK_NS);
	changed |= set(&limit->min_bytes, q.values[QOS_MIN_BANDWIDTH], LIMIT_SLACK_NS);
	if (!changed)
		return;
	atomic_store_explicit(&limit->is_set,
			      q.values[QOS_IOPS] != 0 || q.values[QOS_BANDWIDTH] != 0,
			      memory_order_relaxed);
	atomic_store_explicit(
		&limit->generation,
		atomic_fetch_add_explicit(&table->generation, 1, memory_order_relaxed) + 1,
		memory_order_relaxed);
}

/* Enters a limit in the table.  Returns NULL when there is no memory.  With the lock. */
static struct target_limit *
make(struct target_limit_table *table, const struct guid *id, const char *qos)
{
	struct target_limit *limit = mem_calloc(1, sizeof(*limit));

	if (limit == NULL)
		return NULL;
	atomic_init(&limit->refs, 1);
	limit->id = *id;
	target_limit_set(table, limit, qos);
	if (guid_map_put(&table->map, &limit->id, limit) < 0)
		mem_free(TAKE(limit));
	return limit;
}

struct target_limit *
target_limit_get(struct target *target, const struct state *state, enum row_family family,
		 const struct guid *id)
{
	const void *row = state_find(state, family, id);
	struct target_limit_table *table = &target->limits;
	struct target_limit *limit;

	pthread_mutex_lock(&table->lock);
	limit = guid_map_find(&table->map, id);
	if (limit == NULL)
		limit = make(table, id, text_of(family, row));
	if (limit != NULL)
		target_limit_ref(limit);
	pthread_mutex_unlock(&table->lock);
	return limit;
}

/* ---- What the publisher does ---- */

static bool
has_limits(enum row_family family, const void *row)
{
	const char *text = text_of(family, row);

	return text != NULL && *text != '\0';
}

static unsigned
count_all(const struct state *state)
{
	static const enum row_family families[] = { ROW_LUN, ROW_HOST, ROW_POOL };
	unsigned count = 0;

	for (size_t f = 0; f < ARRAY_LEN(families); f++)
		for (size_t i = 0; i < state_count(state, families[f]); i++)
			count += has_limits(families[f], state_at(state, families[f], i));
	return count;
}

static void
settle_op(struct target_limit_table *table, const struct change_op *op)
{
	struct target_limit *limit, *gone = NULL;

	pthread_mutex_lock(&table->lock);
	limit = guid_map_find(&table->map, &op->key.a);
	if (limit != NULL && op->row != NULL)
		target_limit_set(table, limit, text_of(op->family, op->row));
	else if (limit != NULL)
		gone = guid_map_remove(&table->map, &op->key.a);
	pthread_mutex_unlock(&table->lock);
	target_limit_unref(gone);
}

void
target_limits_settle(struct target *target, const struct state *old, const struct state *state,
		     const struct change *change)
{
	struct target_limit_table *table = &target->limits;
	unsigned count = atomic_load_explicit(&table->count, memory_order_relaxed);

	if (old == NULL || change == NULL)
		count = count_all(state);
	for (size_t i = 0; old != NULL && change != NULL && i < change->op_count; i++) {
		const struct change_op *op = &change->ops[i];

		if (op->family != ROW_LUN && op->family != ROW_HOST && op->family != ROW_POOL)
			continue;
		count += has_limits(op->family, op->row);
		count -= has_limits(op->family, state_find(old, op->family, &op->key.a));
		if (op->family != ROW_LUN) /* the limit of a LUN is in its unit */
			settle_op(table, op);
	}
	atomic_store_explicit(&table->count, count, memory_order_relaxed);
}

int
target_limits_join_pool(struct target_unit *unit, const struct state *state,
			const struct guid *pool_id)
{
	struct target_pool_limit *now = atomic_load_explicit(&unit->pool, memory_order_relaxed);
	struct target_pool_limit *pool;

	if (now != NULL && guid_equal(&now->limit->id, pool_id))
		return 0;
	pool = mem_calloc(1, sizeof(*pool));
	if (pool == NULL)
		return -ENOMEM;
	pool->limit = target_limit_get(unit->target, state, ROW_POOL, pool_id);
	pool->before = now;
	if (pool->limit == NULL) {
		mem_free(pool);
		return -ENOMEM;
	}
	atomic_store_explicit(&unit->pool, pool, memory_order_release);
	return 0;
}

void
target_limits_leave_pool(struct target_unit *unit)
{
	struct target_pool_limit *pool = atomic_load(&unit->pool);

	while (pool != NULL) {
		struct target_pool_limit *before = pool->before;

		target_limit_unref(pool->limit);
		mem_free(pool);
		pool = before;
	}
}

void
target_limits_join_host(struct target_conn *conn, const struct row_host *host)
{
	struct target *target = conn->thread->target;
	struct target_limit *limit = conn->limit;

	if (host != NULL ? limit != NULL && guid_equal(&limit->id, &host->id) : limit == NULL)
		return;
	conn->limit = host != NULL ? target_limit_get(target, conn->thread->view->state, ROW_HOST,
						      &host->id)
				   : NULL;
	target_limit_unref(limit);
	/* what waits of this session takes from the limits that it has now */
	atomic_fetch_add_explicit(&target->limits.generation, 1, memory_order_relaxed);
}

/* ---- Commands ---- */

static struct target_limits
limits_of(const struct target_task *t)
{
	struct target_unit *unit = t->path->unit;
	const struct target_pool_limit *pool = atomic_load_explicit(&unit->pool,
								    memory_order_acquire);

	return (struct target_limits){ .lun = &unit->limit,
				       .host = t->conn->limit,
				       .pool = pool != NULL ? pool->limit : NULL };
}

static bool
has_any(const struct target_limits *limits)
{
	const struct target_limit *all[] = { limits->lun, limits->host, limits->pool };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i] != NULL && atomic_load_explicit(&all[i]->is_set, memory_order_relaxed))
			return true;
	return false;
}

static void
take(struct target_task *t, uint64_t now_ns)
{
	const struct target_limits limits = limits_of(t);

	target_limits_take(&limits, MAX(t->scsi.in_needed_bytes, t->scsi.out_needed_bytes), now_ns,
			   &t->charge);
}

bool
target_limits_let(struct target_task *t)
{
	if (t->charge.taken && t->limited_ns == 0)
		return t->charge.start_ns <= clock_mono_ns();
	if (t->path == NULL || t->charge.taken || !scsi_task_is_io(&t->scsi))
		return true;
	const struct target_limits limits = limits_of(t);

	if (!has_any(&limits))
		return true;
	uint64_t now_ns = clock_mono_ns();

	take(t, now_ns);
	return t->charge.start_ns <= now_ns;
}

void
target_limits_forgo(struct target_task *t)
{
	if (__builtin_expect(t->state == TARGET_TASK_LIMITED, false)) {
		t->path->limited_count--;
		t->limited_ns = 0;
	} else if (t->state == TARGET_TASK_RUNS) {
		return;
	}
	if (!t->charge.taken || t->path == NULL)
		return;
	const struct target_limits limits = limits_of(t);

	target_limits_give_back(&limits, &t->charge);
}

uint64_t
target_limits_charge_job(struct target_unit *unit, uint32_t bytes)
{
	const struct target_pool_limit *pool = atomic_load_explicit(&unit->pool,
								    memory_order_acquire);
	const struct target_limits limits = { .lun = &unit->limit,
					      .pool = pool != NULL ? pool->limit : NULL };
	uint64_t now_ns = clock_mono_ns();
	struct target_charge charge;

	if (bytes == 0 || !has_any(&limits))
		return 0;
	target_limits_take(&limits, bytes, now_ns, &charge);
	return charge.start_ns > now_ns ? charge.start_ns : 0;
}

/* ---- Those that wait ---- */

static struct target_task *
task_at(struct list *node)
{
	return list_entry(node, struct target_task, node);
}

/* Sets the path's timer for its first task. */
static void
set_timer(struct target_path *path, uint64_t now_ns)
{
	struct list *first = list_first(&path->limited);
	struct loop *loop = path->session->thread->loop;
	uint64_t start_ns;

	if (first == NULL) {
		loop_timer_cancel(loop, &path->limit_timer);
		return;
	}
	start_ns = task_at(first)->charge.start_ns;
	loop_timer_set(loop, &path->limit_timer,
		       start_ns > now_ns ? MIN(start_ns - now_ns, LOOK_NS) : 0);
}

/* Puts a task behind those that may start no later than it: nearly always at the end. */
static void
insert(struct target_path *path, struct target_task *t)
{
	struct list *at = &path->limited;

	while (at->prev != &path->limited &&
	       task_at(at->prev)->charge.start_ns > t->charge.start_ns)
		at = at->prev;
	list_insert_before(at, &t->node);
}

static uint32_t
generation_of(const struct target_path *path)
{
	return atomic_load_explicit(&path->session->thread->target->limits.generation,
				    memory_order_relaxed);
}

bool
target_limits_wait(struct target_task *t)
{
	struct target_path *path = t->path;
	uint64_t now_ns = clock_mono_ns();

	if (path->limited_count >= LIMITED_TASKS_MAX)
		return false;
	if (path->limited_count++ == 0)
		path->limit_generation = generation_of(path);
	t->state = TARGET_TASK_LIMITED;
	t->limited_ns = now_ns;
	insert(path, t);
	if (list_first(&path->limited) == &t->node)
		set_timer(path, now_ns);
	return true;
}

/* The limits are others now: what waits gives back what it took, and takes of what there is. */
static void
take_anew(struct target_path *path, uint64_t now_ns)
{
	struct list todo;

	list_init(&todo);
	path->limit_generation = generation_of(path);
	for (struct list *node; (node = list_pop(&path->limited)) != NULL;)
		list_append(&todo, node);
	list_for_each(node, &todo) {
		const struct target_limits limits = limits_of(task_at(node));

		target_limits_give_back(&limits, &task_at(node)->charge);
	}
	for (struct list *node; (node = list_pop(&todo)) != NULL;) {
		take(task_at(node), now_ns);
		insert(path, task_at(node));
	}
}

static void
count(struct target_task *t, uint64_t ns)
{
	struct target_unit_share *share = &t->path->unit->shares[t->conn->thread->index];

	t->limited_ns = ns;
	target_traffic_add(&share->limited_commands, 1);
	target_traffic_add(&share->limited_ns, ns);
	target_traffic_add(&t->conn->counts.limited_commands, 1);
	target_traffic_add(&t->conn->counts.limited_ns, ns);
}

/* A path that leaves its session's map has no task that waits, so the path stays meanwhile. */
void
target_limits_due(struct loop_timer *timer)
{
	struct target_path *path = container_of(timer, struct target_path, limit_timer);
	uint64_t now_ns = clock_mono_ns();

	if (path->limit_generation != generation_of(path))
		take_anew(path, now_ns);
	for (struct list *node; (node = list_first(&path->limited)) != NULL;) {
		struct target_task *t = task_at(node);
		struct target_conn *conn = t->conn;

		if (t->charge.start_ns > now_ns)
			break;
		list_remove(node);
		path->limited_count--;
		count(t, now_ns - t->limited_ns);
		scsi_task_recheck(&t->scsi);
		target_task_start_late(t);
		target_conn_mark(conn);
	}
	set_timer(path, now_ns);
}

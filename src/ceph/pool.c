/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool driver `rbd`: a pool of Ceph, or a namespace in one, whose images are volumes.  This
 * file has the pools that are open; hold.c says whose a pool is, table.c which image a LUN has, and
 * volume.c makes and removes images.  Only the array calls the driver, from any thread except those
 * of the data path.
 *
 * A cluster that does not answer is no reason to give a pool up: the pool is away (look says so),
 * and goes on when the cluster is back.  Questions about a pool do not wait for the cluster; a
 * thread (hold.c) asks it every few seconds.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "ceph/ceph_int.h"

/*
 * Removing an image asks for each of its objects of 4 MiB, whether there is one or not: 16 million
 * for the largest, which take half an hour.
 */
#define LARGEST_BYTES (64ull << 40)
#define POOLS_MAX     64

static pthread_mutex_t pools_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list pools = { &pools, &pools };

static struct ceph_pool *
pool_of(struct array_pool *pool)
{
	return container_of(pool, struct ceph_pool, pool);
}

int
ceph_explain(int error, const char *fmt, ...)
{
	char what[240];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (error <= ERR_END_) /* one of ours, with its text */
		return error;
	if (ceph_is_away(error))
		return err_set(ERR_TIMEOUT, "%s: the Ceph cluster does not answer", what);
	if (error == -ESHUTDOWN)
		return err_set(
			error,
			"%s: the cluster has this vdsd on its blocklist, since another one has "
			"taken over: see `ceph osd blocklist ls`",
			what);
	return err_set(error, "%s: %s", what, strerror(-error));
}

/* ---- the list ---- */

/* With pools_lock. */
static struct ceph_pool *
find_locked(const char *text)
{
	for (struct list *l = pools.next; l != &pools; l = l->next) {
		struct ceph_pool *pool = container_of(l, struct ceph_pool, node);

		if (str_equal(pool->text, text))
			return pool;
	}
	return NULL;
}

struct ceph_pool *
ceph_pool_find(const char *place)
{
	struct ceph_pool *pool;

	pthread_mutex_lock(&pools_lock);
	pool = find_locked(place);
	if (pool != NULL)
		pool->refs++;
	pthread_mutex_unlock(&pools_lock);
	return pool;
}

struct ceph_pool *
ceph_pool_ref(struct ceph_pool *pool)
{
	pthread_mutex_lock(&pools_lock);
	pool->refs++;
	pthread_mutex_unlock(&pools_lock);
	return pool;
}

void
ceph_pool_unref(struct ceph_pool *pool)
{
	struct ceph_cluster *cluster;
	bool last;

	if (pool == NULL)
		return;
	pthread_mutex_lock(&pools_lock);
	last = --pool->refs == 0;
	pthread_mutex_unlock(&pools_lock);
	if (!last)
		return;
	cluster = atomic_load(&pool->cluster);
	if (cluster != NULL)
		rados_ioctx_destroy(pool->io);
	ceph_cluster_put(cluster);
	if (pool->event_fd >= 0)
		close(pool->event_fd);
	pthread_mutex_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	mem_free(pool->text);
	mem_free(pool);
}

void
ceph_pool_each(void (*fn)(struct ceph_pool *pool))
{
	struct ceph_pool *some[POOLS_MAX];
	size_t count = 0;

	pthread_mutex_lock(&pools_lock);
	for (struct list *l = pools.next; l != &pools && count < POOLS_MAX; l = l->next) {
		some[count] = container_of(l, struct ceph_pool, node);
		some[count++]->refs++;
	}
	pthread_mutex_unlock(&pools_lock);
	for (size_t i = 0; i < count; i++) {
		fn(some[i]);
		ceph_pool_unref(some[i]);
	}
}

/* ---- states ---- */

bool
ceph_pool_is_lost(struct ceph_pool *pool)
{
	bool lost;

	pthread_mutex_lock(&pool->lock);
	lost = pool->state == CEPH_POOL_LOST;
	pthread_mutex_unlock(&pool->lock);
	return lost;
}

void
ceph_pool_set_state(struct ceph_pool *pool, enum ceph_pool_state state, int error, const char *why)
{
	static const uint64_t one = 1;

	pthread_mutex_lock(&pool->lock);
	if (pool->state != state && pool->event_fd >= 0)
		(void)!write(pool->event_fd, &one, sizeof(one)); /* full: it is readable already */
	pool->state = state;
	pool->error = error;
	snprintf(pool->why, sizeof(pool->why), "%s", why);
	pthread_mutex_unlock(&pool->lock);
}

int
ceph_pool_usable(struct ceph_pool *pool)
{
	int rc = 0;

	pthread_mutex_lock(&pool->lock);
	if (pool->state == CEPH_POOL_AWAY)
		rc = err_set(ERR_TIMEOUT, "%s", pool->why);
	else if (pool->state == CEPH_POOL_LOST)
		rc = err_set(pool->error, "%s", pool->why);
	pthread_mutex_unlock(&pool->lock);
	return rc;
}

int
ceph_pool_use(const char *place, struct ceph_pool **ret_pool)
{
	struct ceph_pool *pool = ceph_pool_find(place);
	int rc = pool == NULL ? err_set(-ENODEV, "the pool %s is not ready", place)
			      : ceph_pool_usable(pool);

	if (rc < 0) {
		ceph_pool_unref(pool);
		return rc;
	}
	*ret_pool = pool;
	return 0;
}

/* ---- the driver ---- */

static bool
pool_takes(const char *place)
{
	return str_starts(place, "rbd:");
}

static int
pool_resolve(const char *place, char **ret_place)
{
	struct ceph_place parsed;
	int rc = ceph_place_parse(place, &parsed);

	if (rc < 0)
		return rc;
	*ret_place = str_dup(place);
	return *ret_place == NULL ? -ENOMEM : 0;
}

static int
pool_new(const char *place, const struct guid *array_id, struct ceph_pool **ret_pool)
{
	struct ceph_pool *pool;
	struct ceph_place parsed;
	int rc = ceph_place_parse(place, &parsed);

	if (rc < 0)
		return rc;
	pool = mem_calloc(1, sizeof(*pool));
	if (pool == NULL)
		return -ENOMEM;
	pool->pool.driver = &ceph_pool_driver;
	pool->place = parsed;
	pool->array_id = *array_id;
	pool->shared = ceph_cluster_is_bound();
	pool->refs = 1;
	pool->host_fd = -1;
	pool->state = CEPH_POOL_AWAY;
	list_init(&pool->node);
	pthread_mutex_init(&pool->work, NULL);
	pthread_mutex_init(&pool->lock, NULL);
	atomic_init(&pool->has_gone, true); /* nobody has looked yet */
	pool->text = str_dup(place);
	pool->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (pool->text == NULL || pool->event_fd < 0) {
		rc = pool->text == NULL ? -ENOMEM : -errno;
		ceph_pool_unref(pool);
		return rc;
	}
	*ret_pool = pool;
	return 0;
}

/* Puts the pool into the list, unless its place is in use. */
static int
enlist(struct ceph_pool *pool)
{
	bool taken;

	pthread_mutex_lock(&pools_lock);
	taken = find_locked(pool->text) != NULL;
	if (!taken)
		list_append(&pools, &pool->node);
	pthread_mutex_unlock(&pools_lock);
	return taken ? err_set(ERR_LOCKED, "%s: another pool of this process has this place",
			       pool->text)
		     : 0;
}

static void
delist(struct ceph_pool *pool)
{
	pthread_mutex_lock(&pools_lock);
	list_remove(&pool->node);
	atomic_store(&pool->closed, true);
	pthread_mutex_unlock(&pools_lock);
}

/*
 * Takes the pool.  One that exists opens although the cluster is away; then the pool is not ready
 * until the thread has taken it.
 */
static int
take(struct ceph_pool *pool, enum array_pool_mode mode)
{
	int rc;

	pthread_mutex_lock(&pool->work);
	rc = ceph_hold_take(pool, mode);
	pthread_mutex_unlock(&pool->work);
	if (rc == 0)
		ceph_pool_set_state(pool, CEPH_POOL_HELD, 0, "");
	if (rc != ERR_TIMEOUT || !array_pool_mode_opens(mode))
		return rc;
	ceph_pool_set_state(pool, CEPH_POOL_AWAY, rc, err_text(rc));
	return 0;
}

static int
pool_open(const char *place, const struct guid *array_id, enum array_pool_mode mode,
	  struct array_pool **ret_pool)
{
	struct ceph_pool *pool = NULL;
	int rc = pool_new(place, array_id, &pool);

	if (rc < 0)
		return rc;
	rc = enlist(pool);
	if (rc == 0)
		rc = take(pool, mode);
	if (rc == 0 && mode != POOL_LOOK)
		rc = ceph_hold_start();
	if (rc == 0 && mode != POOL_LOOK)
		rc = ceph_gone_start();
	if (rc < 0) {
		delist(pool);
		ceph_pool_unref(pool);
		return rc;
	}
	*ret_pool = &pool->pool;
	return 0;
}

static void
pool_close(struct array_pool *array_pool, bool give_up)
{
	struct ceph_pool *pool = pool_of(array_pool);

	delist(pool);
	pthread_mutex_lock(&pool->work);
	ceph_hold_drop(pool, give_up);
	pthread_mutex_unlock(&pool->work);
	pthread_mutex_lock(&pool->lock);
	close(pool->event_fd); /* devices may keep the pool, but nobody reads this any more */
	pool->event_fd = -1;
	pthread_mutex_unlock(&pool->lock);
	ceph_pool_unref(pool);
}

static int
pool_look(struct array_pool *array_pool)
{
	int rc = ceph_pool_usable(pool_of(array_pool));

	AUTO_FREE char *why = rc == ERR_TIMEOUT ? str_dup(err_text(rc)) : NULL;

	return why != NULL ? err_set(ERR_UNREACHABLE, "%s", why) : rc;
}

/* The thread that looks at the cluster says when something has changed. */
static int
pool_watch_fd(struct array_pool *array_pool)
{
	return pool_of(array_pool)->event_fd;
}

static void
pool_watch_read(struct array_pool *array_pool, struct array_pool_watcher *watcher)
{
	uint64_t changes;

	if (read(pool_of(array_pool)->event_fd, &changes, sizeof(changes)) > 0)
		watcher->all(watcher);
}

static int
pool_space(struct array_pool *array_pool, struct array_pool_space *ret_space)
{
	struct ceph_pool *pool = pool_of(array_pool);
	bool known;

	pthread_mutex_lock(&pool->lock);
	known = pool->space_is_known;
	if (known)
		*ret_space = pool->space;
	pthread_mutex_unlock(&pool->lock);
	return known ? 0 : err_set(ERR_TIMEOUT, "%s: the space is not known yet", pool->text);
}

static int
pool_largest(struct array_pool *array_pool, uint64_t *ret_bytes)
{
	(void)array_pool;
	*ret_bytes = LARGEST_BYTES;
	return 0;
}

/* ---- sweeping ---- */

/*
 * Handles a volume that was not committed: its LUN was, and the rest was lost in a crash; or its
 * LUN was not, or has its volume, which this one was to replace.
 */
static int
sweep_new(struct ceph_pool *pool, const char *id, const struct ceph_new *row, bool known)
{
	const struct ceph_change commit[] = { { CEPH_LUN, id, row->name }, { CEPH_NEW, id, NULL } };
	const struct ceph_change drop[] = { { CEPH_NEW, id, NULL }, { CEPH_GONE, row->name, "" } };
	char used[CEPH_KEY_MAX];
	int rc = known ? ceph_table_get(pool, CEPH_LUN, id, used) : 0;

	log_info("pool.sweep", "path=%s image=%s", pool->text, row->name);
	if (rc == -ENOENT)
		rc = ceph_table_change_new(pool, id, row, "", commit, ARRAY_LEN(commit));
	else if (rc == 0)
		rc = ceph_table_change_new(pool, id, row, NULL, drop, ARRAY_LEN(drop));
	return rc == -ECANCELED ? 0 : rc; /* somebody else has handled it */
}

static int
sweep_rows(struct ceph_pool *pool, struct array_pool_sweep *sweep, enum ceph_row row)
{
	struct ceph_table_entry *entries = NULL;
	int count = ceph_table_list(pool, row, &entries), rc = 0;

	for (int i = 0; rc == 0 && i < count; i++) {
		struct guid lun_id;
		struct ceph_new new_row;
		enum array_volume_fate fate;

		if (guid_parse(entries[i].name, &lun_id) < 0)
			continue;
		ceph_new_parse(entries[i].value, &new_row);
		if (row == CEPH_NEW && pool->shared && sweep->lives(sweep, new_row.maker))
			continue;
		fate = sweep->fate(sweep, &lun_id);
		if (row == CEPH_NEW)
			rc = sweep_new(pool, entries[i].name, &new_row, fate == VOLUME_KNOWN);
		else if (fate == VOLUME_UNKNOWN)
			log_warning("pool.unknown_volume", "path=%s image=%s", pool->text,
				    entries[i].value);
	}
	mem_free(entries);
	return count < 0 ? count : rc;
}

static void
pool_sweep(struct array_pool *array_pool, struct array_pool_sweep *sweep)
{
	struct ceph_pool *pool = pool_of(array_pool);
	int rc = ceph_pool_usable(pool);

	if (rc == 0)
		rc = sweep_rows(pool, sweep, CEPH_NEW);
	if (rc == 0)
		rc = sweep_rows(pool, sweep, CEPH_LUN);
	if (rc < 0)
		log_warning("pool.sweep", "path=%s error=%s", pool->text, err_text(rc));
	atomic_store(&pool->has_gone, true);
	ceph_gone_wake();
}

/* ---- what needs nothing here: the cluster has all that it has acknowledged ---- */

static int
pool_sync(const char *place)
{
	(void)place;
	return 0;
}

static int
volume_settle(const char *place, const struct guid *lun_id, bool committed)
{
	(void)place;
	(void)lun_id;
	(void)committed;
	return 0;
}

static int
volume_open(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool thick,
	    struct blk_file_seen *seen, struct blk_dev **ret_dev)
{
	(void)seen;
	return ceph_dev_new(place, lun_id, size_bytes, thick, ret_dev);
}

static int
volume_uncache(const char *place, const struct guid *lun_id)
{
	(void)place;
	(void)lun_id;
	return 0;
}

const struct array_pool_driver ceph_pool_driver = {
	.kind = "rbd",
	.is_shared = true,
	.takes = pool_takes,
	.resolve = pool_resolve,
	.open = pool_open,
	.close = pool_close,
	.look = pool_look,
	.watch_fd = pool_watch_fd,
	.watch_read = pool_watch_read,
	.space = pool_space,
	.largest = pool_largest,
	.sweep = pool_sweep,
	.sync = pool_sync,
	.volume_name = ceph_volume_name,
	.volume_make = ceph_volume_make,
	.volume_clone = ceph_volume_clone,
	.volume_can_clone = ceph_volume_can_clone,
	.volume_copy = ceph_volume_copy,
	.volume_space = ceph_volume_space,
	.volume_settle = volume_settle,
	.volume_commit = ceph_volume_commit,
	.volume_remove = ceph_volume_remove,
	.volume_open = volume_open,
	.volume_check = ceph_volume_check,
	.volume_uncache = volume_uncache,
};

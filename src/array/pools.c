/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pools of the array at run time: which pools are ready, how much space they have, and which
 * driver serves a place.  The driver knows what a pool is on its storage (pool/driver.h), and
 * pool.c changes what the catalog says about it.  Any thread; pools_lock guards the pools.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

/* The drivers of this program.  The first one whose `takes` accepts a place serves it. */
static const struct array_pool_driver *const drivers[] = {
	&array_pool_dir,
	&array_pool_ram,
	&array_pool_bdev,
	&array_pool_raw,
};

struct array_pool_entry {
	struct guid id, array_id;
	const struct array_pool_driver *driver;
	char *place;             /* owned */
	struct array_pool *pool; /* NULL = not ready */
	char *reason;            /* owned; why the pool is not ready; NULL = it is ready */
	bool swept;
	bool untried;     /* another gateway has made it, and nobody has opened it here yet */
	bool grow_failed; /* that was logged */
	uint64_t allocated_bytes; /* by the volumes of its LUNs */
	uint64_t snapshot_bytes;  /* of its snapshots alone, as the verifier last measured */
	struct array_space_limits limits;
	bool limits_are_new; /* no level was decided by them yet */
	enum pool_space space;
	uint64_t crossings; /* how often it has become low or full in its life */
	/* space and crossings as they are in the catalog */
	struct catalog_pool_space saved;
	struct array_pool_level level; /* for the data path */
	bool level_is_new;             /* the data path does not know it yet */
};

/*
 * Takes pools_lock, which another thread holds for as long as a cluster does not answer: that is no
 * hang of the writer.
 */
static void
lock_pools(struct array *array)
{
	array_writer_wait_begin();
	pthread_mutex_lock(&array->pools_lock);
	array_writer_wait_end();
}

/* Of a test; NULL = none. */
static const struct array_pool_driver *added;

void
array_pool_driver_add(const struct array_pool_driver *driver)
{
	added = driver;
}

const struct array_pool_driver *
array_pool_driver_find(const char *place)
{
	if (added != NULL && added->takes(place))
		return added;
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		if (drivers[i]->takes(place))
			return drivers[i];
	return array_pool_rbd_find(place);
}

/* A block device may be named by its path alone. */
int
array_pool_place_typed(const char *typed, char **ret_place)
{
	struct stat st;
	bool device = *typed == '/' && stat(typed, &st) == 0 && S_ISBLK(st.st_mode);
	AUTO_FREE char *full = str_printf("%s%s", device ? "bdev:" : "", typed);
	const struct array_pool_driver *driver;

	if (full == NULL)
		return -ENOMEM;
	driver = array_pool_driver_find(full);
	if (driver == NULL)
		return err_set(ERR_INVALID,
			       "the place of a pool must be an absolute path of a directory, such "
			       "as /srv/vds, a block device, such as bdev:/dev/disk/by-id/..., an "
			       "amount of memory, such as ram:2G, or a pool of Ceph, such as "
			       "rbd:luns");
	return driver->resolve(full, ret_place);
}

int
array_pool_place_of(const char *volume_name, const struct guid *lun_id, char **ret_place)
{
	const char *slash = strrchr(volume_name, '/');
	AUTO_FREE char *place = str_ndup(volume_name, slash != NULL && slash > volume_name
							      ? (size_t)(slash - volume_name)
							      : 1);
	const struct array_pool_driver *driver;
	AUTO_FREE char *name = NULL;

	if (place == NULL)
		return -ENOMEM;
	driver = array_pool_driver_find(place);
	if (driver != NULL) {
		name = driver->volume_name(place, lun_id);
		if (name == NULL)
			return -ENOMEM;
	}
	if (name == NULL || strcmp(name, volume_name) != 0)
		return err_set(ERR_CORRUPT,
			       "the file %s of a deleted LUN cannot be removed, because its pool "
			       "is not in the catalog",
			       volume_name);
	*ret_place = TAKE(place);
	return 0;
}

/* ---- entries ---- */

static void
entry_close(struct array_pool_entry *entry, bool give_up)
{
	if (entry->pool == NULL)
		return;
	array_writer_wait_begin();
	entry->driver->close(TAKE(entry->pool), give_up);
	array_writer_wait_end();
}

static void
entry_free(struct array_pool_entry *entry)
{
	if (entry == NULL)
		return;
	entry_close(entry, false);
	mem_free(entry->place);
	mem_free(entry->reason);
	mem_free(entry);
}

/* Has the verifier wake up when something happens in the pool, if the pool can be watched. */
static void
entry_watch(struct array *array, const struct array_pool_entry *entry)
{
	int fd = entry->driver->watch_fd != NULL ? entry->driver->watch_fd(entry->pool) : -1;
	struct epoll_event event = { .events = EPOLLIN };

	if (fd >= 0)
		(void)epoll_ctl(array->watch_fd, EPOLL_CTL_ADD, fd, &event);
}

static int
entry_open(struct array *array, struct array_pool_entry *entry, enum array_pool_mode mode)
{
	int rc;

	if (entry->driver == NULL)
		return err_set(ERR_NOT_SUPPORTED,
			       "%s is of a kind of storage that this version does not know",
			       entry->place);
	if (array_is_shared(array) && !entry->driver->is_shared)
		return err_set(ERR_NOT_SUPPORTED,
			       "%s is storage of one machine: the pools of an array of several "
			       "gateways must be reached by all of them, such as rbd:POOL",
			       entry->place);
	if (array->look) /* --check changes nothing */
		mode = POOL_LOOK;
	rc = entry->driver->open(entry->place, &entry->array_id, mode, &entry->pool);
	if (rc == 0)
		entry_watch(array, entry);
	return rc;
}

static uint64_t
trash_bytes(struct array *array, const struct guid *pool_id)
{
	struct state *state;
	uint64_t bytes;

	pthread_mutex_lock(&array->state_lock);
	state = array->state != NULL ? state_ref(array->state) : NULL;
	pthread_mutex_unlock(&array->state_lock);
	if (state == NULL)
		return 0; /* the array is being made */
	bytes = array_trash_bytes(state, pool_id);
	state_unref(state);
	return bytes;
}

/* Decides how full the pool is now.  The caller holds pools_lock. */
static void
judge(struct array_pool_entry *entry, const struct array_pool_space *space)
{
	enum pool_space before = entry->limits_are_new ? POOL_SPACE_OK : entry->space;
	enum pool_space now = array_space_level(&entry->limits, space, before);

	entry->limits_are_new = false;
	entry->crossings += now > entry->space;
	entry->space = now;
}

/*
 * Puts the live row with the present space, when the storage can be read.  The caller holds
 * pools_lock.
 */
static void
show(struct array *array, struct array_pool_entry *entry)
{
	struct row_live_pool *row = row_new(ROW_LIVE_POOL);
	enum pool_space before = entry->space;
	struct array_pool_space space;

	if (row == NULL)
		return;
	row->id = entry->id;
	row->ready = entry->reason == NULL;
	/*
	 * where several look at one pool, one of them announces its level: array_pool_follow_level
	 */
	if (entry->pool != NULL && entry->driver->space(entry->pool, &space) == 0) {
		row->capacity_bytes = space.capacity_bytes;
		row->free_bytes = space.free_bytes;
		if (!entry->driver->is_single) { /* such a pool is full from the beginning */
			row->low_bytes = array_space_low_bytes(&entry->limits,
							       space.capacity_bytes);
			row->full_bytes = array_space_full_bytes(&entry->limits,
								 space.capacity_bytes);
			if (atomic_load(&array->chores))
				judge(entry, &space);
		}
	}
	row->crossings = entry->crossings;
	row->trash_bytes = trash_bytes(array, &entry->id);
	row->allocated_bytes = entry->allocated_bytes;
	row->snapshot_bytes = entry->snapshot_bytes;
	row->space = entry->space;
	entry->level = (struct array_pool_level){
		.pool_id = entry->id,
		.free_bytes = row->free_bytes,
		.low_bytes = row->low_bytes,
		.crossed = row->space,
	};
	entry->level_is_new = true;
	if (entry->space != before && atomic_load(&array->chores)) {
		AUTO_STATE struct state *state = array_state(array);

		array_space_log(state, row, before);
	}
	if (row_set_string(&row->reason, entry->reason) < 0)
		row_unref(row);
	else
		array_live_put(array, row);
}

/* Takes one level that the data path does not know yet.  Returns false when there is none. */
static bool
level_take(struct array *array, struct array_pool_level *ret_level)
{
	struct array_pool_entry *entry;
	bool found = false;

	lock_pools(array);
	for (size_t i = 0; !found && (entry = guid_map_next(&array->pools, &i)) != NULL;)
		if (entry->level_is_new) {
			entry->level_is_new = false;
			*ret_level = entry->level;
			found = true;
		}
	pthread_mutex_unlock(&array->pools_lock);
	return found;
}

/*
 * Tells the data path how full the pools are that were shown.  Without pools_lock, which is taken
 * while runtime_lock is held; levels_lock keeps an older level from coming after a newer one.
 */
static void
levels_report(struct array *array)
{
	struct array_pool_level level;

	pthread_mutex_lock(&array->levels_lock);
	while (level_take(array, &level))
		array_runtime_pool_space(array, &level);
	pthread_mutex_unlock(&array->levels_lock);
}

static void sweep_again(struct array *array, struct array_pool_entry *entry);

static struct array_pool_entry *
entry_new(const struct guid *array_id, const struct row_pool *pool)
{
	struct array_pool_entry *entry = mem_calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->id = pool->id;
	entry->array_id = *array_id;
	entry->driver = array_pool_driver_find(pool->path);
	entry->place = str_dup(pool->path);
	array_space_limits_read(pool, &entry->limits);
	if (entry->place == NULL) {
		entry_free(entry);
		return NULL;
	}
	return entry;
}

/* Reads what was announced before vdsd stopped.  The opening thread, which has the catalog. */
static int
levels_load(struct array *array, struct array_pool_entry *entry)
{
	int rc = catalog_pool_space_get(array->catalog, &entry->id, &entry->saved);

	entry->space = entry->saved.space;
	entry->crossings = entry->saved.crossings;
	return rc;
}

/* Whether this array has claimed the place before, for a change that was never committed. */
static bool
was_claimed(const struct array_pool_entry *entry, enum array_pool_mode mode)
{
	return mode == POOL_CREATE && entry->driver == &array_pool_dir &&
	       array_pool_dir_is_marked(entry->place, &entry->array_id);
}

int
array_pool_add(struct array *array, const struct guid *array_id, const struct row_pool *pool,
	       enum array_pool_mode mode)
{
	struct array_pool_entry *entry = entry_new(array_id, pool);
	bool again;
	int rc;

	if (entry == NULL)
		return -ENOMEM;
	again = was_claimed(entry, mode);
	rc = mode == POOL_OPEN ? levels_load(array, entry) : 0;
	if (rc == 0)
		rc = entry_open(array, entry, mode);
	if (rc == 0 && again)
		sweep_again(array, entry);
	entry->swept = mode != POOL_OPEN;
	if (rc == 0 && mode == POOL_OPEN)
		rc = entry->driver->look(entry->pool);
	if (rc < 0 && mode == POOL_OPEN) {
		/*
		 * The array starts anyway: the LUNs of this pool fail, or wait while their storage
		 * does not answer, and the others are served.
		 */
		entry->reason = str_dup(err_text(rc));
		log_error("pool.not_ready", "path=%s reason=%s", entry->place, err_text(rc));
		rc = entry->reason == NULL ? -ENOMEM : 0;
	}
	lock_pools(array);
	if (rc == 0)
		rc = guid_map_put(&array->pools, &entry->id, entry);
	if (rc == 0 && mode == POOL_OPEN)
		show(array, entry);
	pthread_mutex_unlock(&array->pools_lock);
	if (rc < 0)
		entry_free(entry);
	levels_report(array);
	return rc;
}

void
array_pool_remove(struct array *array, const struct guid *pool_id, bool give_up)
{
	struct array_pool_entry *entry;

	lock_pools(array);
	entry = guid_map_remove(&array->pools, pool_id);
	if (entry != NULL)
		array_live_delete(array, ROW_LIVE_POOL, pool_id);
	pthread_mutex_unlock(&array->pools_lock);
	if (entry != NULL)
		entry_close(entry, give_up);
	entry_free(entry);
}

void
array_pool_fini(struct array *array)
{
	struct array_pool_entry *entry;

	for (size_t i = 0; (entry = guid_map_next(&array->pools, &i)) != NULL;)
		entry_free(entry);
	guid_map_fini(&array->pools);
}

/* ---- sweeping: once for each pool, when it is ready for the first time ---- */

struct sweep {
	struct array_pool_sweep pool;
	struct array *array;
	const struct state *state;
	struct state
		*newer; /* where the pool is shared: read after the list of volumes; a reference */
	const struct guid *pool_id;
};

/* Returns whether the LUN, in the trash or not, or the snapshot with this id is in the pool. */
static bool
is_in_pool(const struct sweep *sweep, const struct guid *id)
{
	const struct row_lun *lun = state_find(sweep->state, ROW_LUN, id);
	const struct row_trashed_lun *trashed = state_find(sweep->state, ROW_TRASHED_LUN, id);
	const struct row_snapshot *snapshot = state_find(sweep->state, ROW_SNAPSHOT, id);

	return (lun != NULL && guid_equal(&lun->pool_id, sweep->pool_id)) ||
	       (trashed != NULL && guid_equal(&trashed->pool_id, sweep->pool_id)) ||
	       (snapshot != NULL && guid_equal(&snapshot->pool_id, sweep->pool_id));
}

/*
 * A LUN may have a volume in another pool than its own: while it moves there, and until the volume
 * that it had before, or would have had, is removed.
 */
static enum array_volume_fate
fate(struct array_pool_sweep *pool_sweep, const struct guid *lun_id)
{
	struct sweep *sweep = container_of(pool_sweep, struct sweep, pool);

	if (is_in_pool(sweep, lun_id))
		return VOLUME_KNOWN;
	return array_store_is_dying(sweep->array, lun_id, sweep->pool_id) ||
			       array_move_goes_to(sweep->state, lun_id, sweep->pool_id)
		       ? VOLUME_DYING
		       : VOLUME_UNKNOWN;
}

/*
 * This process is one of them: in its former life it had another instance.  A maker whose volume is
 * in the list has joined before, which no gateway with a lease has missed; so without the lease
 * nothing is known.  And a maker that is gone had committed before that what it has committed at
 * all.
 */
static bool
lives(struct array_pool_sweep *pool_sweep, const char *maker)
{
	struct sweep *sweep = container_of(pool_sweep, struct sweep, pool);

	if (!array_is_shared(sweep->array))
		return false;
	state_unref(sweep->newer);
	sweep->newer = array_state(sweep->array);
	sweep->state = sweep->newer;
	return !array_lease_ok(sweep->array) || array_gateway_is_instance(sweep->state, maker);
}

/*
 * A pool that was not ready until now has no LUN that is being created, so every uncommitted volume
 * in it was left by an earlier run.  The caller holds pools_lock.
 */
static void
sweep_entry(struct array *array, struct array_pool_entry *entry, const struct state *state)
{
	struct sweep sweep = { { fate, lives }, array, state, NULL, &entry->id };

	if (array->look) /* --check changes nothing */
		return;
	if (entry->pool == NULL || entry->reason != NULL || entry->swept)
		return;
	entry->driver->sweep(entry->pool, &sweep.pool);
	state_unref(sweep.newer);
	entry->swept = true;
}

/* What a change has left that made a pool with LUNs here and was cut short by a crash. */
static void
sweep_again(struct array *array, struct array_pool_entry *entry)
{
	AUTO_STATE struct state *state = array_state(array);

	entry->swept = false;
	sweep_entry(array, entry, state);
}

void
array_pool_sweep(struct array *array, const struct state *state)
{
	struct array_pool_entry *entry;

	lock_pools(array);
	for (size_t i = 0; (entry = guid_map_next(&array->pools, &i)) != NULL;)
		sweep_entry(array, entry, state);
	pthread_mutex_unlock(&array->pools_lock);
}

void
array_pool_sweep_again(struct array *array)
{
	struct array_pool_entry *entry;

	lock_pools(array);
	for (size_t i = 0; (entry = guid_map_next(&array->pools, &i)) != NULL;)
		entry->swept = false;
	pthread_mutex_unlock(&array->pools_lock);
	atomic_store(&array->verify_pools, true);
	array_verify_wake(array);
}

/* ---- what other gateways do ---- */

int
array_pool_follow(struct array *array, const struct guid *array_id, const struct row_pool *pool)
{
	struct array_pool_entry *entry = entry_new(array_id, pool);
	int rc = entry != NULL ? levels_load(array, entry) : -ENOMEM;

	if (rc == 0) {
		entry->reason = str_dup("it was created at another gateway and is being opened");
		rc = entry->reason != NULL ? 0 : -ENOMEM;
	}
	if (rc == 0) {
		entry->swept = true; /* by whoever has made it */
		entry->untried = true;
		lock_pools(array);
		rc = guid_map_put(&array->pools, &entry->id, entry);
		if (rc == 0)
			show(array, entry);
		pthread_mutex_unlock(&array->pools_lock);
	}
	if (rc < 0) {
		entry_free(entry);
		return rc;
	}
	atomic_store(&array->verify_pools, true);
	array_verify_wake(array);
	return 0;
}

int
array_pool_follow_level(struct array *array, const struct guid *pool_id)
{
	struct catalog_pool_space saved;
	struct array_pool_entry *entry;
	int rc = catalog_pool_space_get(array->catalog, pool_id, &saved);

	if (rc < 0)
		return rc;
	lock_pools(array);
	entry = guid_map_find(&array->pools, pool_id);
	if (entry != NULL &&
	    (entry->saved.space != saved.space || entry->saved.crossings != saved.crossings)) {
		entry->saved = saved;
		entry->space = saved.space;
		entry->crossings = saved.crossings;
		show(array, entry);
	}
	pthread_mutex_unlock(&array->pools_lock);
	levels_report(array);
	return 0;
}

/* ---- the verifier ---- */

/* A pool that cannot grow is what it was before. */
static void
grow(struct array *array, struct array_pool_entry *entry)
{
	struct array_pool_space space = { 0 };
	int rc;

	if (array->look || entry->driver->grow == NULL) /* --check changes nothing */
		return;
	rc = entry->driver->grow(entry->pool);
	if (rc > 0 && entry->driver->space(entry->pool, &space) == 0)
		log_info("pool.grown", "path=%s capacity_bytes=%" PRIu64, entry->place,
			 space.capacity_bytes);
	if (rc < 0 && rc != -ENOMEM && !entry->grow_failed)
		log_warning("pool.not_grown", "path=%s reason=%s", entry->place, err_text(rc));
	entry->grow_failed = rc < 0;
}

/* The caller holds pools_lock. */
static void
verify(struct array *array, struct array_pool_entry *entry, const struct state *state)
{
	bool was_ready = entry->pool != NULL;
	int rc = was_ready ? 0 : entry_open(array, entry, POOL_OPEN);

	if (rc == 0)
		rc = entry->driver->look(entry->pool);
	if (rc == -ENOMEM)
		return;
	entry->untried = false;
	if (rc < 0) {
		const char *text = err_text(rc);

		if (was_ready && entry->reason == NULL)
			log_error("pool.not_ready", "path=%s reason=%s", entry->place, text);
		mem_free(entry->reason);
		entry->reason = str_dup(text);
		if (rc != ERR_UNREACHABLE)
			entry_close(entry, false);
		if (rc != ERR_UNREACHABLE && was_ready)
			atomic_store(&array->verify_all, true);
	} else {
		if (!was_ready || entry->reason != NULL)
			log_info("pool.ready", "path=%s", entry->place);
		mem_free(TAKE(entry->reason));
		grow(array, entry);
		if (!array_is_read_only(array))
			sweep_entry(array, entry, state);
	}
	show(array, entry);
}

void
array_pool_verify(struct array *array)
{
	AUTO_STATE struct state *state = array_state(array);
	struct array_pool_entry *entry;

	lock_pools(array);
	for (size_t i = 0; (entry = guid_map_next(&array->pools, &i)) != NULL;)
		verify(array, entry, state);
	pthread_mutex_unlock(&array->pools_lock);
	levels_report(array);
}

/* ---- levels that were announced ---- */

struct save_level {
	struct array_task task;
	struct guid pool_id;
	struct catalog_pool_space space;
};

static int
save_level_apply(struct array *array, struct array_task *task)
{
	struct save_level *save = container_of(task, struct save_level, task);

	/* The pool may have been deleted meanwhile. */
	if (state_find(state_edit_view(task->edit), ROW_POOL, &save->pool_id) == NULL)
		return 0;
	return catalog_pool_space_put(array->catalog, &save->pool_id, &save->space);
}

/* Finds one pool whose level is not in the catalog.  Returns false when there is none. */
static bool
unsaved_find(struct array *array, struct save_level *save)
{
	struct array_pool_entry *entry;
	bool found = false;

	lock_pools(array);
	for (size_t i = 0; !found && (entry = guid_map_next(&array->pools, &i)) != NULL;) {
		found = entry->space != entry->saved.space ||
			entry->crossings != entry->saved.crossings;
		save->pool_id = entry->id;
		save->space = (struct catalog_pool_space){ entry->space, entry->crossings };
	}
	pthread_mutex_unlock(&array->pools_lock);
	return found;
}

static void
saved_note(struct array *array, const struct save_level *save)
{
	struct array_pool_entry *entry;

	lock_pools(array);
	entry = guid_map_find(&array->pools, &save->pool_id);
	if (entry != NULL)
		entry->saved = save->space;
	pthread_mutex_unlock(&array->pools_lock);
}

void
array_pool_save_levels(struct array *array)
{
	struct save_level save = { .task = { .apply = save_level_apply, .use = CATALOG_FREES } };

	while (!array_is_read_only(array) && atomic_load(&array->chores) &&
	       unsaved_find(array, &save)) {
		if (array_writer_submit(array, &save.task) < 0)
			return; /* the verifier tries again in its next round */
		saved_note(array, &save);
	}
}

void
array_pool_set_limits(struct array *array, const struct row_pool *pool)
{
	struct array_pool_entry *entry;

	lock_pools(array);
	entry = guid_map_find(&array->pools, &pool->id);
	if (entry != NULL) {
		array_space_limits_read(pool, &entry->limits);
		entry->limits_are_new = true;
		show(array, entry);
	}
	pthread_mutex_unlock(&array->pools_lock);
	levels_report(array);
}

void
array_pool_set_snapshot_bytes(struct array *array, const struct guid *pool_id, uint64_t bytes)
{
	struct array_pool_entry *entry;

	lock_pools(array);
	entry = guid_map_find(&array->pools, pool_id);
	if (entry != NULL && entry->snapshot_bytes != bytes) {
		entry->snapshot_bytes = bytes;
		show(array, entry);
	}
	pthread_mutex_unlock(&array->pools_lock);
	levels_report(array);
}

void
array_pool_watch_read(struct array *array, struct array_pool_watcher *watcher)
{
	struct array_pool_entry *entry;

	lock_pools(array);
	for (size_t i = 0; (entry = guid_map_next(&array->pools, &i)) != NULL;)
		if (entry->pool != NULL && entry->driver->watch_read != NULL)
			entry->driver->watch_read(entry->pool, watcher);
	pthread_mutex_unlock(&array->pools_lock);
}

void
array_pool_account(struct array *array, const struct guid *pool_id, int64_t delta_bytes)
{
	struct array_pool_entry *entry;

	lock_pools(array);
	entry = guid_map_find(&array->pools, pool_id);
	if (entry != NULL)
		entry->allocated_bytes += (uint64_t)delta_bytes;
	pthread_mutex_unlock(&array->pools_lock);
}

/* ---- questions ---- */

/*
 * Finds a pool that is ready.  One that was made at another gateway is opened here by whoever needs
 * it first, this or the verifier: it can be used through every gateway as soon as the change that
 * has made it is answered.  The verifier, which was woken, tells the data path how full it is.  The
 * caller holds pools_lock.
 */
static int
find_ready(struct array *array, const struct guid *pool_id, struct array_pool_entry **ret_entry)
{
	struct array_pool_entry *entry = guid_map_find(&array->pools, pool_id);

	if (entry == NULL)
		return array_name_no_such(ROW_POOL, pool_id);
	if (entry->untried) {
		AUTO_STATE struct state *state = array_state(array);

		array_writer_wait_begin();
		verify(array, entry, state);
		array_writer_wait_end();
	}
	if (entry->pool == NULL)
		return err_set(ERR_FAILED, "the pool is not ready: %s",
			       entry->reason != NULL ? entry->reason : "");
	*ret_entry = entry;
	return 0;
}

int
array_pool_ready(struct array *array, const struct guid *pool_id)
{
	struct array_pool_entry *entry;
	int rc;

	lock_pools(array);
	rc = find_ready(array, pool_id, &entry);
	pthread_mutex_unlock(&array->pools_lock);
	return rc;
}

int
array_pool_place(struct array *array, const struct guid *pool_id, char **ret_place)
{
	struct array_pool_entry *entry = NULL;
	char *place = NULL;
	int rc;

	lock_pools(array);
	rc = find_ready(array, pool_id, &entry);
	if (rc == 0) {
		place = str_dup(entry->place);
		rc = place == NULL ? -ENOMEM : 0;
	}
	pthread_mutex_unlock(&array->pools_lock);
	if (rc == 0)
		*ret_place = place;
	return rc;
}

int
array_pool_space(struct array *array, const struct guid *pool_id,
		 struct array_pool_space *ret_space)
{
	struct array_pool_entry *entry = NULL;
	int rc;

	lock_pools(array);
	rc = find_ready(array, pool_id, &entry);
	if (rc == 0)
		rc = entry->driver->space(entry->pool, ret_space);
	pthread_mutex_unlock(&array->pools_lock);
	return rc;
}

int
array_pool_largest(struct array *array, const struct guid *pool_id, uint64_t *ret_bytes)
{
	struct array_pool_entry *entry = NULL;
	int rc;

	lock_pools(array);
	rc = find_ready(array, pool_id, &entry);
	if (rc == 0)
		rc = entry->driver->largest(entry->pool, ret_bytes);
	pthread_mutex_unlock(&array->pools_lock);
	return rc;
}

uint64_t
array_pool_needed(const struct array_pool_driver *driver, bool thin, uint64_t size_bytes,
		  uint64_t taken_bytes)
{
	uint64_t unit = MAX(driver->whole_unit_bytes, 1u);

	return thin && driver->whole_unit_bytes == 0 ? taken_bytes
						     : (size_bytes + unit - 1) / unit * unit;
}

int
array_pool_choose(struct array *array, struct guid *ret_pool_id)
{
	AUTO_STATE struct state *state = array_state(array);
	struct array_pool_space space = { 0 };
	const struct row_pool *best = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < state_count(state, ROW_POOL); i++) {
		const struct row_pool *pool = state_at(state, ROW_POOL, i);

		if (array_pool_space(array, &pool->id, &space) < 0 ||
		    array_pool_driver_find(pool->path)->is_volatile ||
		    array_pool_driver_find(pool->path)->is_single)
			continue;
		if (best == NULL || space.free_bytes > most) {
			best = pool;
			most = space.free_bytes;
		}
	}
	if (best == NULL)
		return err_set(
			ERR_NOT_FOUND,
			"no pool is ready: `vdsctl pool list` says why; or create a pool, or "
			"name a pool in memory with --pool");
	*ret_pool_id = best->id;
	return 0;
}

void
array_pool_show(struct array *array, const struct guid *pool_id)
{
	struct array_pool_entry *entry;

	lock_pools(array);
	entry = guid_map_find(&array->pools, pool_id);
	if (entry != NULL)
		show(array, entry);
	pthread_mutex_unlock(&array->pools_lock);
	levels_report(array);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See shared_pool.h. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "blk/blk.h"
#include "shared_pool.h"

#define VOLUMES 4096

struct volume {
	struct guid id;
	bool there, committed;
	unsigned removed;
	char maker[32], place[64];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct volume volumes[VOLUMES]; /* lock, as all below */
static unsigned volume_count, missed, opened;
static char next_maker[32], refused[64];
static bool keeps;
static uint64_t free_bytes;
static const char *hung; /* what was called on a writer that does not say that it waits */

/* Notes a call that waits for the cluster where there is one. */
static void
waits(const char *what)
{
	pthread_mutex_lock(&lock);
	if (!array_writer_may_wait())
		hung = what;
	pthread_mutex_unlock(&lock);
}

static bool
takes(const char *place)
{
	return str_starts(place, "/shared-test/");
}

static int
resolve(const char *place, char **ret_place)
{
	*ret_place = str_dup(place);
	return *ret_place != NULL ? 0 : -ENOMEM;
}

static int pool_open(const char *place, const struct guid *array_id, enum array_pool_mode mode,
		     struct array_pool **ret_pool);

static void
pool_close(struct array_pool *pool, bool give_up)
{
	(void)give_up;
	waits("close");
	mem_free(pool);
}

static int
look(struct array_pool *pool)
{
	(void)pool;
	waits("look");
	return 0;
}

static int
space(struct array_pool *pool, struct array_pool_space *ret_space)
{
	(void)pool;
	pthread_mutex_lock(&lock);
	*ret_space = (struct array_pool_space){ 1ull << 40, free_bytes };
	pthread_mutex_unlock(&lock);
	return 0;
}

static int
largest(struct array_pool *pool, uint64_t *ret_bytes)
{
	(void)pool;
	*ret_bytes = 1ull << 40;
	return 0;
}

/* With the lock. */
static struct volume *
find(const char *place, const struct guid *id)
{
	for (unsigned i = 0; i < volume_count; i++)
		if (guid_equal(&volumes[i].id, id) && str_equal(volumes[i].place, place))
			return &volumes[i];
	return NULL;
}

static void
sweep(struct array_pool *pool, struct array_pool_sweep *sweep)
{
	(void)pool;
	waits("sweep");
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < volume_count; i++) {
		struct volume *v = &volumes[i];
		enum array_volume_fate fate;

		if (!v->there || v->committed ||
		    (v->maker[0] != '\0' && sweep->lives(sweep, v->maker)))
			continue;
		fate = sweep->fate(sweep, &v->id);
		if (fate == VOLUME_KNOWN)
			v->committed = true;
		else if (fate == VOLUME_UNKNOWN)
			v->there = false;
	}
	pthread_mutex_unlock(&lock);
}

static int
sync_all(const char *place)
{
	(void)place;
	return 0;
}

static char *
volume_name(const char *place, const struct guid *lun_id)
{
	char id[GUID_TEXT_SIZE];

	return str_printf("%s/%s", place, guid_format(lun_id, id));
}

static int
volume_make(const char *place, const struct guid *lun_id, uint64_t size_bytes)
{
	struct volume *v;
	int rc = 0;

	(void)size_bytes;
	waits("volume_make");
	pthread_mutex_lock(&lock);
	v = find(place, lun_id);
	if (v == NULL && volume_count < VOLUMES) {
		v = &volumes[volume_count++];
		*v = (struct volume){ .id = *lun_id };
		snprintf(v->place, sizeof(v->place), "%s", place);
	}
	if (v == NULL) {
		rc = -ENOSPC;
	} else {
		v->there = true;
		v->committed = false;
		memcpy(v->maker, next_maker, sizeof(v->maker));
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
volume_clone(const char *place, const struct guid *from_id, const struct guid *to_id,
	     uint64_t size_bytes)
{
	(void)from_id;
	return volume_make(place, to_id, size_bytes);
}

static int
volume_can_clone(const char *place)
{
	(void)place;
	return 0;
}

static int
volume_copy(const char *place, const struct guid *from_id, const struct guid *to_id,
	    uint64_t size_bytes, struct blk_progress *copy)
{
	(void)copy;
	return volume_clone(place, from_id, to_id, size_bytes);
}

static int
volume_space(const char *place, const struct guid *lun_id, uint64_t *ret_used_bytes,
	     uint64_t *ret_own_bytes)
{
	(void)place;
	(void)lun_id;
	waits("volume_space");
	*ret_used_bytes = *ret_own_bytes = 0;
	return 0;
}

static int
volume_settle(const char *place, const struct guid *lun_id, bool committed)
{
	(void)place;
	(void)lun_id;
	(void)committed;
	waits("volume_settle");
	return 0;
}

static int
volume_commit(const char *place, const struct guid *lun_id)
{
	struct volume *v;
	int rc = -ENOENT;

	waits("volume_commit");
	pthread_mutex_lock(&lock);
	v = find(place, lun_id);
	if (v != NULL && v->there && !v->committed) {
		v->committed = true;
		rc = 0;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
volume_remove(const char *place, const struct guid *lun_id, bool committed)
{
	struct volume *v;
	int rc = 0;

	(void)committed;
	waits("volume_remove");
	pthread_mutex_lock(&lock);
	v = find(place, lun_id);
	if (keeps) {
		rc = -EBUSY;
	} else if (v != NULL && v->there) {
		v->there = false;
		v->removed++;
	} else {
		missed++;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
volume_open(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool thick,
	    struct blk_file_seen *seen, struct blk_dev **ret_dev)
{
	char id[GUID_TEXT_SIZE];

	(void)place;
	(void)thick;
	(void)seen;
	pthread_mutex_lock(&lock);
	opened++;
	pthread_mutex_unlock(&lock);
	return blk_mem_new(guid_format(lun_id, id), size_bytes, 1ull << 30, ret_dev);
}

static int
volume_check(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool uncommitted)
{
	(void)size_bytes;
	(void)uncommitted;
	waits("volume_check");
	return shared_pool_has_at(place, lun_id) ? 0
						 : err_set(ERR_CORRUPT, "the volume is missing");
}

static int
volume_uncache(const char *place, const struct guid *lun_id)
{
	(void)place;
	(void)lun_id;
	waits("volume_uncache");
	return 0;
}

static const struct array_pool_driver driver = {
	.kind = "test",
	.is_shared = true,
	.takes = takes,
	.resolve = resolve,
	.open = pool_open,
	.close = pool_close,
	.look = look,
	.space = space,
	.largest = largest,
	.sweep = sweep,
	.sync = sync_all,
	.volume_name = volume_name,
	.volume_make = volume_make,
	.volume_clone = volume_clone,
	.volume_can_clone = volume_can_clone,
	.volume_copy = volume_copy,
	.volume_space = volume_space,
	.volume_settle = volume_settle,
	.volume_commit = volume_commit,
	.volume_remove = volume_remove,
	.volume_open = volume_open,
	.volume_check = volume_check,
	.volume_uncache = volume_uncache,
};

static int
pool_open(const char *place, const struct guid *array_id, enum array_pool_mode mode,
	  struct array_pool **ret_pool)
{
	struct array_pool *pool;
	bool refuses;

	(void)array_id;
	(void)mode;
	waits("open");
	pthread_mutex_lock(&lock);
	refuses = str_equal(refused, place);
	pthread_mutex_unlock(&lock);
	if (refuses)
		return err_set(-EIO, "the test refuses it");
	pool = mem_calloc(1, sizeof(*pool));
	if (pool == NULL)
		return -ENOMEM;
	pool->driver = &driver;
	*ret_pool = pool;
	return 0;
}

/* ---- for tests ---- */

void
shared_pool_setup(void)
{
	array_pool_driver_add(&driver);
	pthread_mutex_lock(&lock);
	volume_count = missed = 0;
	keeps = false;
	hung = NULL;
	free_bytes = 1ull << 39;
	next_maker[0] = refused[0] = '\0';
	pthread_mutex_unlock(&lock);
}

void
shared_pool_lose(const struct guid *id)
{
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < volume_count; i++)
		if (guid_equal(&volumes[i].id, id))
			volumes[i].there = false;
	pthread_mutex_unlock(&lock);
}

void
shared_pool_refuse(const char *place)
{
	pthread_mutex_lock(&lock);
	snprintf(refused, sizeof(refused), "%s", place != NULL ? place : "");
	pthread_mutex_unlock(&lock);
}

void
shared_pool_maker(const char *instance)
{
	pthread_mutex_lock(&lock);
	snprintf(next_maker, sizeof(next_maker), "%s", instance != NULL ? instance : "");
	pthread_mutex_unlock(&lock);
}

void
shared_pool_free(uint64_t bytes)
{
	pthread_mutex_lock(&lock);
	free_bytes = bytes;
	pthread_mutex_unlock(&lock);
}

void
shared_pool_keep(bool keep)
{
	pthread_mutex_lock(&lock);
	keeps = keep;
	pthread_mutex_unlock(&lock);
}

const char *
shared_pool_hung(void)
{
	const char *what;

	pthread_mutex_lock(&lock);
	what = hung;
	pthread_mutex_unlock(&lock);
	return what;
}

bool
shared_pool_has(const struct guid *id, bool committed)
{
	bool has = false;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < volume_count; i++)
		has = has || (guid_equal(&volumes[i].id, id) && volumes[i].there &&
			      volumes[i].committed == committed);
	pthread_mutex_unlock(&lock);
	return has;
}

bool
shared_pool_has_at(const char *place, const struct guid *id)
{
	const struct volume *v;
	bool has;

	pthread_mutex_lock(&lock);
	v = find(place, id);
	has = v != NULL && v->there && v->committed;
	pthread_mutex_unlock(&lock);
	return has;
}

unsigned
shared_pool_opened(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = opened;
	pthread_mutex_unlock(&lock);
	return n;
}

unsigned
shared_pool_removed(const struct guid *id)
{
	unsigned removed = 0;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < volume_count; i++)
		removed += guid_equal(&volumes[i].id, id) ? volumes[i].removed : 0;
	pthread_mutex_unlock(&lock);
	return removed;
}

unsigned
shared_pool_missed(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = missed;
	pthread_mutex_unlock(&lock);
	return n;
}

unsigned
shared_pool_count(void)
{
	unsigned n = 0;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < volume_count; i++)
		n += volumes[i].there;
	pthread_mutex_unlock(&lock);
	return n;
}

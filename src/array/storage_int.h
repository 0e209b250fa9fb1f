/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to array: what lies below LUNs.  The stores of LUNs and what they keep of commands that
 * failed, the pools that are there, and their space.  A part of array_int.h, which includes it.
 */
#ifndef VDS_ARRAY_STORAGE_INT_H
#define VDS_ARRAY_STORAGE_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "array/array.h"
#include "array/pool/driver.h"
#include "base/list.h"
#include "base/workers.h"
#include "blk/blk.h"

/* ---- trouble.c: what a store keeps of commands that failed ---- */

enum array_trouble_kind {
	TROUBLE_MEDIUM, /* the store answered with an error */
	TROUBLE_SPACE,  /* the pool had no space */
	TROUBLE_CAUSES
};

struct array_trouble_cause {
	_Atomic uint64_t count; /* since the start */
	atomic_bool noted;      /* not told yet */
	/* trouble_lock: */
	uint64_t told, cleared; /* of count: when it was told, and when health was OK last */
	char *text; /* of the first that was not told yet; owned; NULL = no memory for it */
};

struct array_trouble {
	struct array_trouble_cause causes[TROUBLE_CAUSES];
	/* trouble_lock: */
	struct list node; /* array->troubled */
	bool listed, hangs;
	uint64_t next_ns, quiet_ns; /* look again; healthy when nothing fails until then */
};

/* ---- store.c: the file behind a LUN, and its device ---- */

struct array_store {
	atomic_uint refs; /* the unit's, jobs, the verifier */
	struct array *array;
	struct guid lun_id;
	struct guid pool_id;
	const struct array_pool_driver *driver;
	char *place;         /* owned; of the pool */
	char *path;          /* owned; the volume's name, for messages */
	struct blk_dev *dev; /* one reference; NULL = only a file to unlink */
	struct blk_listener listener;
	pthread_mutex_t manage_lock; /* resize, allocate, verify, reopen: one at a time */
	atomic_bool looked_at;       /* the file was there once */
	bool unlink;                 /* the file goes too; set before the unit lets go */
	struct array_trouble trouble;
	struct list node; /* dying; dying_lock */
	struct work reap;
};

/* place: of the LUN's pool, which need not be ready. */
int array_store_new(struct array *array, const struct row_lun *lun, const char *place,
		    struct array_store **ret_store);
struct array_store *array_store_ref(struct array_store *store);
void array_store_unref(struct array_store *store); /* accepts NULL */
/*
 * Looks whether the volume is there and sound, without opening it.  Returns 0, also when
 * descriptors or memory are too short to tell, or ERR_FAILED with the reason (the LUN's health is
 * FAILED then). The caller holds manage_lock.
 */
int array_store_verify(struct array_store *store);
/* Adds a volume that an earlier run has left to be removed.  Returns 0 or -ENOMEM. */
int array_store_dying_add(struct array *array, const struct guid *lun_id, const char *place);
bool array_store_is_dying(struct array *array, const struct guid *lun_id);
/*
 * Hands the volumes of deleted LUNs that nobody uses any more to a worker, which removes them.
 * Returns how many are still in use.
 */
size_t array_store_reap(struct array *array);
void array_store_fini(struct array *array);

/* ---- pools.c: the pools that are there, and their drivers ---- */

/* Returns the driver whose kind of storage the place is, or NULL. */
const struct array_pool_driver *array_pool_driver_find(const char *place);
/* Returns 0 when the pool is ready, ERR_NOT_FOUND, or ERR_FAILED with the reason. */
int array_pool_ready(struct array *array, const struct guid *pool_id);
/* The place of a pool that is ready (mem_free).  As array_pool_ready, -ENOMEM. */
int array_pool_place(struct array *array, const struct guid *pool_id, char **ret_place);
/* The space of a pool that is ready, now.  As array_pool_ready, -errno. */
int array_pool_space(struct array *array, const struct guid *pool_id,
		     struct array_pool_space *ret_space);
/* The largest volume that a pool that is ready can hold.  As array_pool_ready, -errno. */
int array_pool_largest(struct array *array, const struct guid *pool_id, uint64_t *ret_bytes);
/* Chooses the ready pool with the most free space.  Returns 0 or ERR_NOT_FOUND (none is ready). */
int array_pool_choose(struct array *array, struct guid *ret_pool_id);
/*
 * Opens the pool and remembers it.  With POOL_OPEN one that cannot be opened is remembered too,
 * with the reason.  Returns 0 or an error as a driver's open.
 */
int array_pool_add(struct array *array, const struct guid *array_id, const struct row_pool *pool,
		   enum array_pool_mode mode);
/* Closes and forgets it; give_up: the array does not use its place any more. */
void array_pool_remove(struct array *array, const struct guid *pool_id, bool give_up);
void array_pool_fini(struct array *array);
/*
 * The volumes of the pool's LUNs take so many bytes more, or less when negative.  Not under
 * luns_lock. Any thread.
 */
void array_pool_account(struct array *array, const struct guid *pool_id, int64_t delta_bytes);
/* Looks at each pool again: is it ready, what space has it?  Sweeps one that became ready late. */
void array_pool_verify(struct array *array);
/* Puts its live row. */
void array_pool_show(struct array *array, const struct guid *pool_id);
/* Sweeps every pool that is ready and was not swept since the array was opened. */
void array_pool_sweep(struct array *array, const struct state *state);

/* ---- space.c: how full pools are ---- */

/*
 * Returns how full a pool with this space is: LOW when less than a tenth is free, FULL when less
 * than a hundredth.  before: what it was; a pool leaves LOW only when an eighth is free, so that a
 * pool at the limit does not change with each look.
 */
enum pool_space array_space_level(const struct array_pool_space *space, enum pool_space before);
/* Returns the bytes that the LUNs of the pool may come to take: the sum of their sizes. */
uint64_t array_space_provisioned(const struct state *state, const struct guid *pool_id);
/* Logs that a pool has become so full, or is no longer. */
void array_space_log(const struct state *state, const struct row_live_pool *pool,
		     enum pool_space before);

/* ---- pool_home.c: the pool in the array's directory, when that has moved ---- */

/*
 * While opening: the pool that was DIR/luns when DIR was elsewhere, NULL = none; and where it is
 * now (mem_free).  0 or -ENOMEM.
 */
int array_pool_find_moved(struct array *array, const struct row_pool **ret_pool, char **ret_path);
/*
 * Makes DIR/luns, durably; its absolute path (mem_free).  Returns 0, -errno, -ENOMEM.  While
 * opening.
 */
int array_pool_make_home(struct array *array, char **ret_path);
/* While opening, before there is a writer.  Durable on return.  As catalog_commit. */
int array_pool_set_path(struct array *array, const struct row_pool *pool, const char *path);

/* ---- trouble.c: commands that fail in a LUN's store ---- */

/*
 * Count a command that failed with `error` (-errno) in the store, and have the verifier tell of it.
 * Takes a lock only for the first one that was not told yet.  Any thread.
 */
void array_trouble_note(struct array_store *store, int error, const char *reason);
/* The store goes away: the verifier must not look at it any more.  Any thread. */
void array_trouble_forget(struct array_store *store);
/*
 * An administrator has set the LUN online: its health is OK again if it was FAILING.  Any thread.
 */
void array_trouble_clear(struct array *array, struct array_store *store);
/* How many commands have failed since the start.  Any thread. */
uint64_t array_trouble_count(struct array_store *store, enum array_trouble_kind cause);
/*
 * Log and show what was noted, at most every 10 s for each LUN.  Returns when it is to be called
 * again (clock_mono_ns), UINT64_MAX = when something is noted.  Verifier thread.
 */
uint64_t array_trouble_tell(struct array *array);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pool driver: what the array needs of a kind of storage, as one table of operations.  A new kind
 * is one file with such a table and a line in array_pool_drivers (pools.c).
 *
 * A driver knows places and volumes.  A place is the text in a pool's row: "/var/lib/vdsd/luns".  A
 * volume is what holds one LUN; its name is made of the place and the LUN's id, so the operations
 * on volumes need no open pool: a LUN keeps its device while its pool is not ready.
 *
 * Operations block and may be called by any thread but those of the data path.  They return 0 or an
 * error with a text; -errno is what the system said.  Growing and taking space is done through the
 * volume's device (blk_resize, blk_allocate).
 */
#ifndef VDS_ARRAY_POOL_DRIVER_H
#define VDS_ARRAY_POOL_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/guid.h"

struct blk_dev;

/* A pool that is open.  A driver's own struct begins with it. */
struct array_pool {
	const struct array_pool_driver *driver;
};

enum array_pool_mode {
	POOL_OPEN,   /* what is there */
	POOL_CREATE, /* takes the place for this array when nobody has it */
	POOL_BEGIN   /* as POOL_CREATE, also from an array that never came to life */
};

struct array_pool_space {
	uint64_t capacity_bytes;
	uint64_t free_bytes; /* what this process may still take */
};

/* How a volume that a sweep finds stands to the catalog. */
enum array_volume_fate {
	VOLUME_KNOWN,  /* a LUN has it */
	VOLUME_DYING,  /* its LUN was deleted; it is removed elsewhere */
	VOLUME_UNKNOWN /* no LUN has it */
};

struct array_pool_sweep {
	enum array_volume_fate (*fate)(struct array_pool_sweep *sweep, const struct guid *lun_id);
};

struct array_pool_driver {
	const char *kind; /* for logs */
	/* Returns whether a place is of this kind, from its text alone. */
	bool (*takes)(const char *place);
	/*
	 * Makes the one text for a place that a person has named, so that no place has two
	 * (mem_free). Returns 0, ERR_INVALID (no place of this kind), -ENOMEM, -errno.
	 */
	int (*resolve)(const char *place, char **ret_place);
	/*
	 * Opens the pool and locks it against every other process and pool.  Returns 0, ERR_LOCKED,
	 * ERR_IN_USE (it belongs to another array), ERR_VERSION, ERR_NOT_SUPPORTED, ERR_ACCESS
	 * (with POOL_CREATE: everybody may write there), -errno.  A new mark is durable on return.
	 */
	int (*open)(const char *place, const struct guid *array_id, enum array_pool_mode mode,
		    struct array_pool **ret_pool);
	/* Frees the pool; give_up: the array does not use the place any more. */
	void (*close)(struct array_pool *pool, bool give_up);
	/*
	 * Returns 0 while the pool that was opened is still at its place, or an error that says
	 * what is.
	 */
	int (*look)(struct array_pool *pool);
	int (*space)(struct array_pool *pool, struct array_pool_space *ret_space);
	/*
	 * Finds the largest volume that the place can hold, whatever space is free; a multiple of
	 * 4096.
	 */
	int (*largest)(struct array_pool *pool, uint64_t *ret_bytes);
	/*
	 * Removes volumes that were made but never committed, commits those whose commit was lost,
	 * and logs those that no LUN has.
	 */
	void (*sweep)(struct array_pool *pool, struct array_pool_sweep *sweep);

	/* Names the volume, for messages (mem_free); NULL when out of memory. */
	char *(*volume_name)(const char *place, const struct guid *lun_id);
	/*
	 * Makes a sparse volume of zeros that does not count before it is committed: a sweep
	 * removes it.  Durable on return; on failure there is none.  Returns 0, -ENOSPC, -EFBIG,
	 * -errno.
	 */
	int (*volume_make)(const char *place, const struct guid *lun_id, uint64_t size_bytes);
	/* Makes the volume count.  Returns 0 or -errno. */
	int (*volume_commit)(const char *place, const struct guid *lun_id);
	/* Removes the volume, durably.  Returns 0, also when there is none; -errno. */
	int (*volume_remove)(const char *place, const struct guid *lun_id, bool committed);
	/*
	 * Makes the device of a committed volume, which is opened at the first use; the caller owns
	 * it.  Returns 0 or -ENOMEM.
	 */
	int (*volume_open)(const char *place, const struct guid *lun_id, uint64_t size_bytes,
			   bool thick, struct blk_dev **ret_dev);
	/*
	 * Looks at the volume without opening it; uncommitted: one whose commit was lost will do.
	 * Returns 0 or ERR_CORRUPT (not there, too short) with a text.
	 */
	int (*volume_check)(const char *place, const struct guid *lun_id, uint64_t size_bytes,
			    bool uncommitted);
};

/* dir.c: a directory on a local file system, in which volumes are files. */
extern const struct array_pool_driver array_pool_dir;
/* Returns whether the directory is marked as a pool of this array.  Does not lock it. */
bool array_pool_dir_is_marked(const char *path, const struct guid *array_id);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pool driver: what the array needs of one kind of storage, as a table of operations.  A new kind
 * of storage is one file with such a table, and a line in array_pool_drivers (pools.c).  Only the
 * files pools.c, store.c, lun.c and their neighbours in the folder array call drivers.
 *
 * A driver knows places and volumes.  A place is the text in a pool's row: "/var/lib/vdsd/luns".  A
 * volume holds one LUN.  Its name is made of the place and the LUN's id, so the operations on
 * volumes need no open pool, and a LUN keeps its device while its pool is not ready.
 *
 * Operations block; any thread but those of the data path may call them.  They return 0 or an error
 * with a text; -errno is the error that the system returned.  To grow a volume or to take space for
 * it, callers use the volume's device (blk_resize, blk_allocate).
 */
#ifndef VDS_ARRAY_POOL_DRIVER_H
#define VDS_ARRAY_POOL_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/guid.h"

struct blk_dev;
struct blk_progress;
struct blk_file_seen;

/* A pool that is open.  A driver's own struct begins with it. */
struct array_pool {
	const struct array_pool_driver *driver;
};

enum array_pool_mode {
	POOL_OPEN,   /* opens an existing pool */
	POOL_LOOK,   /* as POOL_OPEN, for a check: takes nothing from gateways that use the pool */
	POOL_CREATE, /* claims the place for this array if no other array has it */
	POOL_BEGIN,  /* as POOL_CREATE, but also from an array whose creation failed */
	POOL_FORCE   /* as POOL_CREATE, but whatever a device holds is destroyed */
};

/* Returns whether a pool that is there already is to be opened. */
static inline bool
array_pool_mode_opens(enum array_pool_mode mode)
{
	return mode == POOL_OPEN || mode == POOL_LOOK;
}

struct array_pool_space {
	uint64_t capacity_bytes;
	uint64_t free_bytes; /* space that this process can still use */
};

/* What the catalog says about a volume that a sweep finds. */
enum array_volume_fate {
	VOLUME_KNOWN,  /* the volume of a LUN */
	VOLUME_DYING,  /* the volume of a deleted LUN, which is removed elsewhere */
	VOLUME_UNKNOWN /* the volume of no LUN */
};

struct array_pool_sweep {
	enum array_volume_fate (*fate)(struct array_pool_sweep *sweep, const struct guid *lun_id);
	/*
	 * Returns whether who has made a volume that is not committed is, or may be, at work, so
	 * that the sweep leaves the volume alone.  maker: what the driver has noted of it, as
	 * row_controller.instance has it.  With is_shared.  To be called after the volumes were
	 * listed, and before fate: what is answered then is at least as new as the list.
	 */
	bool (*lives)(struct array_pool_sweep *sweep, const char *maker);
};

/* Whoever is notified of what other programs have done in a pool's place. */
struct array_pool_watcher {
	/*
	 * The volume was removed, renamed or replaced, or somebody who could write to it closed it.
	 */
	void (*volume)(struct array_pool_watcher *watcher, const struct guid *lun_id);
	/* The place itself has changed, or notifications were lost: anything may have happened. */
	void (*all)(struct array_pool_watcher *watcher);
};

struct array_pool_driver {
	const char *kind; /* for logs */
	/*
	 * The volumes are gone when this process ends.  A LUN gets into such a pool only when
	 * somebody names the pool.
	 */
	bool is_volatile;
	/*
	 * The place is a device with data, which is served as it is: it has one volume, and a LUN
	 * gets it only by volume_adopt.
	 */
	bool is_single;
	/*
	 * Several processes of one array, on several machines, may have the pool open at once; each
	 * volume is open in one of them.
	 */
	bool is_shared;
	/*
	 * 0: a thin volume takes space when it is written to.  Else every volume takes the space of
	 * its size when it is made, rounded up to a multiple of this.
	 */
	uint32_t whole_unit_bytes;
	/* Returns whether a place is of this kind, from its text alone. */
	bool (*takes)(const char *place);
	/*
	 * Converts a place that a person has typed to its one canonical text; the caller frees it
	 * with mem_free.  Returns 0, ERR_INVALID (not a place of this kind), -ENOMEM or -errno.
	 */
	int (*resolve)(const char *place, char **ret_place);
	/*
	 * Opens the pool and locks it against every other process and pool.  A new marker is
	 * durable on return.  Returns 0, ERR_LOCKED (another process or pool uses the place),
	 * ERR_IN_USE (the place belongs to another array), ERR_VERSION (a newer program wrote it),
	 * ERR_NOT_SUPPORTED (the file system is not suitable), ERR_ACCESS (with POOL_CREATE:
	 * everybody may write there, or a group that vdsd is not in) or -errno.
	 */
	int (*open)(const char *place, const struct guid *array_id, enum array_pool_mode mode,
		    struct array_pool **ret_pool);
	/* Closes and frees the pool.  give_up: the array no longer uses the place. */
	void (*close)(struct array_pool *pool, bool give_up);
	/*
	 * Checks that the pool that was opened is still at its place.  Returns 0, or an error whose
	 * text says what is wrong: ERR_UNREACHABLE when the storage does not answer at present, so
	 * that the pool is not ready but stays open, and its LUNs wait for it.
	 */
	int (*look)(struct array_pool *pool);
	/*
	 * Returns a descriptor that becomes readable when another program has done something to the
	 * pool that watch_read reports, or -1 when the pool cannot be watched.  The descriptor
	 * belongs to the pool and is closed with it.  NULL, with watch_read: a driver whose pools
	 * other programs do nothing to.
	 */
	int (*watch_fd)(struct array_pool *pool);
	/*
	 * Notifies the watcher of what has happened since the last call.  Does not wait.  May also
	 * report what this process has done itself.
	 */
	void (*watch_read)(struct array_pool *pool, struct array_pool_watcher *watcher);
	/*
	 * Takes what the storage of the pool has become larger by.  Returns 1 (the pool has grown),
	 * 0, or an error; the pool is as before then.  NULL: pools grow by themselves, or never.
	 */
	int (*grow)(struct array_pool *pool);
	/* Reads the capacity and the free space of the pool. */
	int (*space)(struct array_pool *pool, struct array_pool_space *ret_space);
	/*
	 * Finds the size of the largest volume that the place can hold, a multiple of 4096, without
	 * regard to free space.
	 */
	int (*largest)(struct array_pool *pool, uint64_t *ret_bytes);
	/*
	 * Removes volumes that were never committed, commits those whose commit was lost in a
	 * crash, and logs volumes that belong to no LUN.
	 */
	void (*sweep)(struct array_pool *pool, struct array_pool_sweep *sweep);

	/*
	 * Makes all data of the volumes at the place durable that was written before, whether or
	 * not the pool is open.
	 */
	int (*sync)(const char *place);

	/*
	 * Returns the name of the volume for messages; the caller frees it with mem_free.  Returns
	 * NULL when memory is out.
	 */
	char *(*volume_name)(const char *place, const struct guid *lun_id);
	/*
	 * Makes a sparse volume of zeros.  Until it is committed, a sweep removes it.  Durable on
	 * return; on failure there is no volume.  Returns 0, -ENOSPC (no space), -EFBIG (too large
	 * for the file system) or -errno.
	 */
	int (*volume_make)(const char *place, const struct guid *lun_id, uint64_t size_bytes);
	/*
	 * Makes the volume `to_id` with the data that the committed volume `from_id` has at one
	 * moment, sharing its space until one of them is written to.  size_bytes: the size of the
	 * new volume; what lies behind the end of the other reads as zeros.  Until it is committed,
	 * a sweep removes it.  Quick: commands of initiators wait meanwhile.  Durable only after
	 * volume_settle; on failure there is no new volume.  Returns 0, ERR_NOT_SUPPORTED (with a
	 * text: this pool cannot do that) or -errno.  NULL, with the next three operations: a
	 * driver whose pools never can.
	 */
	int (*volume_clone)(const char *place, const struct guid *from_id, const struct guid *to_id,
			    uint64_t size_bytes);
	/*
	 * Tries whether volume_clone could succeed.  The pool is ready.  Returns 0,
	 * ERR_NOT_SUPPORTED (with a text), or -errno: that cannot be told.
	 */
	int (*volume_can_clone)(const char *place);
	/*
	 * As volume_clone, but copies the data, so that the two volumes share nothing; calls copy
	 * (may be NULL) between steps, which may cancel.  The data must not change meanwhile.  Any
	 * pool can do that.  Returns 0, ERR_CANCELLED or -errno.
	 */
	int (*volume_copy)(const char *place, const struct guid *from_id, const struct guid *to_id,
			   uint64_t size_bytes, struct blk_progress *copy);
	/*
	 * Measures the space that a committed volume takes, with and without what it shares with
	 * others.  NULL: a driver whose pools have no snapshots.  Returns 0 or -errno.
	 */
	int (*volume_space)(const char *place, const struct guid *lun_id, uint64_t *ret_used_bytes,
			    uint64_t *ret_own_bytes);
	/* Makes a volume, with its data and its name, durable.  Returns 0 or -errno. */
	int (*volume_settle)(const char *place, const struct guid *lun_id, bool committed);
	/*
	 * Commits the volume, so that a sweep keeps it.  A committed volume of the same LUN is
	 * replaced at once.  Returns 0 or -errno.
	 */
	int (*volume_commit)(const char *place, const struct guid *lun_id);
	/*
	 * Removes the volume; durable on return.  Returns 0, also when there is no such volume, or
	 * -errno.
	 */
	int (*volume_remove)(const char *place, const struct guid *lun_id, bool committed);
	/*
	 * Makes the device of a committed volume.  The volume is opened at the first use.  seen:
	 * where the device notes which volume it has seen, for the next device of this volume.
	 * Returns 0 or -ENOMEM.  The caller owns *ret_dev.
	 */
	int (*volume_open)(const char *place, const struct guid *lun_id, uint64_t size_bytes,
			   bool thick, struct blk_file_seen *seen, struct blk_dev **ret_dev);
	/*
	 * Checks a volume without opening it.  uncommitted: accepts also a volume whose commit was
	 * lost.  Returns 0, or ERR_CORRUPT with a text (the volume is missing or too short).
	 */
	int (*volume_check)(const char *place, const struct guid *lun_id, uint64_t size_bytes,
			    bool uncommitted);
	/*
	 * Takes the clean data of a committed volume out of this host's cache, if it has one.
	 * Returns 0, also when there is no such volume, or -errno.
	 */
	int (*volume_uncache)(const char *place, const struct guid *lun_id);
	/*
	 * Makes the file that fd has open the volume, uncommitted, without touching its data: the
	 * file keeps the names that it has, also when the volume is removed.  Durable on return.
	 * Returns 0, -EXDEV (the file is not where the pool is), -EPERM (the system does not let
	 * this process) or -errno.  NULL: a driver that cannot.  With is_single, fd is the place.
	 */
	int (*volume_adopt)(const char *place, const struct guid *lun_id, int fd);
};

/* dir.c: a directory on a local file system, in which volumes are files. */
extern const struct array_pool_driver array_pool_dir;
/* ram.c: memory of this process, "ram:2G" or "ram:2G:name", which is lost when it ends. */
extern const struct array_pool_driver array_pool_ram;
/* bdev.c: a block device as a whole, "bdev:/dev/disk/by-id/…". */
extern const struct array_pool_driver array_pool_bdev;
/* bdev.c: a block device that is one LUN, with what it holds, "raw:/dev/disk/by-id/…". */
extern const struct array_pool_driver array_pool_raw;
/*
 * rbd.c: returns the driver of pools of Ceph's RBD, "rbd:POOL" or "rbd:POOL/NAMESPACE", or NULL:
 * the place is not of that kind.  Loads the module vds-ceph.so at the first use; where there is
 * none, the driver refuses everything.
 */
const struct array_pool_driver *array_pool_rbd_find(const char *place);
#define ARRAY_POOL_RBD_IMAGE "vds-" /* how the names of its images begin */
/* Returns whether the directory is marked as a pool of this array.  Does not lock it. */
bool array_pool_dir_is_marked(const char *path, const struct guid *array_id);

#endif

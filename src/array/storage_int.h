/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the folder array: what lies below LUNs.  Declares the stores of LUNs and their records
 * of failed commands, the pools and their space.  array_int.h includes this file; nobody else does.
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
#include "model/pool_options.h"

/* ---- trouble.c: what a store keeps of commands that failed ---- */

enum array_trouble_kind {
	TROUBLE_MEDIUM, /* the store answered with an error */
	TROUBLE_SPACE,  /* the pool had no space */
	TROUBLE_CAUSES
};

struct array_trouble_cause {
	_Atomic uint64_t count; /* commands since vdsd started */
	atomic_bool noted;      /* the verifier has not reported it yet */
	/* guarded by trouble_lock: */
	/* values of count: when it was last reported, and when health was last OK */
	uint64_t told, cleared;
	/*
	 * error text of the first command not reported yet; owned; NULL = none, or no memory for it
	 */
	char *text;
};

/* Made at the first command that fails. */
struct array_trouble {
	struct array_store *store; /* the store that owns it */
	struct array_trouble_cause causes[TROUBLE_CAUSES];
	/* guarded by trouble_lock: */
	struct list node; /* array->troubled */
	bool listed, hangs;
	/* when the verifier looks again; healthy when nothing fails until then */
	uint64_t next_ns, quiet_ns;
};

/* ---- store.c: what the array knows about the volume behind a LUN ---- */

/* The place of a pool, which its stores share.  devices_lock guards all but the text. */
struct array_place {
	struct list node; /* array->places */
	unsigned refs;
	const struct array_pool_driver *driver; /* NULL = a kind of storage that is not known */
	char text[];
};

/*
 * Commits a volume as the driver does (volume_commit of pool/driver.h).  Any thread; on the writer
 * it counts as waiting for storage.
 */
int array_place_commit(const struct array_place *place, const struct guid *lun_id);

/*
 * The volume of a LUN.  There is one store for each LUN, so it is kept small: its block device is
 * made when somebody needs it (device.c).
 */
struct array_store {
	atomic_uint refs; /* held by the unit, jobs and the verifier */
	/* 0, or the -errno that made the volume fail; a device that is made anew has failed too */
	atomic_int error;
	atomic_bool looked_at; /* the volume was seen at least once */
	/*
	 * The volume has not got its name yet: nobody is to verify it.  The verifier may still hear
	 * of the volume of a deleted LUN that had the same id.
	 */
	atomic_bool uncommitted;
	bool thick;
	/* remove the volume too; set before the unit drops its reference */
	bool unlink;
	bool flushing;                /* a flush before a moment has not come back; flushes_lock */
	bool reap_failed, reap_waits; /* of a volume that could not be removed yet; dying_lock */
	/* guarded by devices_lock: */
	bool stopped;              /* I/O is refused: the LUN is offline, or is being reopened */
	enum lun_cache cache;      /* as the LUN's row says */
	bool managed;              /* array_store_manage was called */
	unsigned dev_users;        /* while it is not 0 there is a device */
	struct blk_dev *dev;       /* holds a reference */
	struct blk_faults *faults; /* a reference; NULL = dev has no layer of faults */
	uint64_t size_bytes;
	struct array *array;
	struct guid lun_id;
	struct guid pool_id;
	struct array_place *place; /* holds a reference */
	struct blk_listener listener;
	struct blk_file_seen seen;             /* the device's */
	struct array_trouble *_Atomic trouble; /* owned; NULL = no command has failed */
	union {
		struct list node; /* in the list `dying`; guarded by dying_lock */
		struct work reap; /* once it has left `dying` */
	};
};

/*
 * Makes the store of a LUN.  place: the place of its pool, which need not be ready.  Returns 0,
 * ERR_NOT_SUPPORTED (no driver knows the place) or -ENOMEM.  The caller owns a reference to
 * *ret_store.
 */
int array_store_new(struct array *array, const struct row_lun *lun, const char *place,
		    struct array_store **ret_store);
struct array_store *array_store_ref(struct array_store *store);
void array_store_unref(struct array_store *store); /* accepts NULL */
/*
 * Converts an error of the store's file system to one of the array, as array_lun_file_error, with
 * the name of the volume in its text.  Any thread.
 */
int array_store_file_error(const struct array_store *store, int rc);
/*
 * Adds a volume that nobody uses and that is noted to be unlinked, so that it is removed.  Returns
 * 0 or -ENOMEM.
 */
int array_store_dying_add(struct array *array, const struct guid *lun_id,
			  const struct guid *pool_id, const char *place);
/* Returns whether nobody uses the store's device.  The caller holds dying_lock. */
bool array_store_is_unused(const struct array_store *store);
/* Returns whether the volume that this LUN had in the pool is still to be removed.  Any thread. */
bool array_store_is_dying(struct array *array, const struct guid *lun_id,
			  const struct guid *pool_id);
/*
 * Hands the volumes of deleted LUNs that are no longer in use to a worker, which removes them.
 * Returns how many volumes are still in use.
 */
size_t array_store_reap(struct array *array);
/* Lets the next array_store_reap try again what could not be removed.  Any thread. */
void array_store_reap_again(struct array *array);
void array_store_fini(struct array *array);

/* ---- device.c: the block device of a store, made while somebody needs it ---- */

/*
 * Begin and end work on the volume that excludes other such work: resize, allocate, verify, reopen.
 * array_store_manage waits until the store is free; array_store_try_manage returns false instead.
 * Any thread except those of the data path, which may only try.
 */
void array_store_manage(struct array_store *store);
bool array_store_try_manage(struct array_store *store);
void array_store_unmanage(struct array_store *store);
/*
 * Refuse new I/O to the store with ERR_OFFLINE, and accept it again, whether or not the store has a
 * device now.  Any thread; never block longer than a lock.
 */
void array_store_stop(struct array_store *store);
void array_store_start(struct array_store *store);
/*
 * Waits until no I/O is in flight on the store.  Returns 0, or ERR_TIMEOUT (I/O is still in flight
 * after timeout_ms).
 */
int array_store_drain(struct array_store *store, unsigned timeout_ms);
/* Makes the store fail with `error` (-errno) and a reason, until it is reopened.  Any thread. */
void array_store_fail(struct array_store *store, int error, const char *reason);
/*
 * Do what blk_resize, blk_allocate and blk_reopen do, with their errors or -ENOMEM.  A store that
 * was reopened accepts I/O, and its health is OK.  The caller has called array_store_manage.
 */
int array_store_resize(struct array_store *store, uint64_t size_bytes);
int array_store_allocate(struct array_store *store, uint64_t offset_bytes, uint64_t len_bytes,
			 struct blk_progress *progress);
int array_store_reopen(struct array_store *store);
/*
 * Takes over what another gateway has changed in the LUN's row; a device that is open is resized by
 * a worker.  Returns 0 or -ENOMEM.  Writer thread.
 */
int array_store_follow(struct array_store *store, const struct row_lun *lun);
/*
 * Reads and writes the volume that way from now on, or, when memory is out, from its next opening
 * on, which it logs.  No I/O is in flight, and the caller has called array_store_manage.  Blocks.
 */
void array_store_set_cache(struct array_store *store, enum lun_cache cache);
/*
 * Returns whether the volume was in memory and is gone for good, because vdsd has ended since; the
 * thread's error text then says so.  Any thread.
 */
bool array_store_is_lost(const char *place, const struct guid *lun_id);
/* Returns whether somebody has the device in use, so that there may be something to flush. */
bool array_store_has_device(struct array_store *store);
/*
 * Flushes the device if somebody has it in use.  Returns 0, also for a store that has failed or is
 * stopped (the pool's sync covers it), or -errno.
 */
int array_store_flush(struct array_store *store);
/*
 * Checks that the volume exists and is sound, without opening it, and notes the space that it
 * takes.  Returns 0, also when the process lacks descriptors or memory to check, or ERR_FAILED with
 * the reason; then the LUN's health is FAILED.  The caller has called array_store_manage.
 */
int array_store_verify(struct array_store *store);

/*
 * Lays the layer of a set of faults over the store's device, or takes the one that is there away
 * (faults NULL); a device that is made later has it, too.  A store that has a layer keeps it when
 * faults is not NULL.  The LUN's paths are drained, no tracking
 * layer is there, the caller has called array_store_manage, and has the data path use the new
 * device then.  The store takes a reference of its own to the set.  Returns 0 or -ENOMEM.
 */
int array_store_set_faults(struct array_store *store, struct blk_faults *faults);
/*
 * Lays a tracking layer (blk_track_new) over the store's device, under which the device can be read
 * also when the LUN is offline.  The LUN's paths are drained, and the caller has the data path use
 * the new device then.  The caller owns a reference to *ret_track, and calls array_store_untrack,
 * unless the store is not used any more.  Returns 0 or -ENOMEM.
 */
int array_store_track(struct array_store *store, struct blk_dev **ret_track);
/*
 * Takes the tracking layer away.  The caller has drained the LUN's paths, and then tells the data
 * path, which uses the store's device again.
 */
void array_store_untrack(struct array_store *store, struct blk_dev *track);
/*
 * Opens the device of a store that is no LUN's yet.  Its errors are its caller's business alone:
 * they are not shown as the LUN's.  The device stays as long as the store.  Returns 0 or -ENOMEM.
 */
int array_store_open_aside(struct array_store *store, struct blk_dev **ret_dev);
/* Ends array_store_open_aside: who opens the device next has its errors shown. */
void array_store_close_aside(struct array_store *store);
/* Makes a store that was opened aside the LUN's: errors are the LUN's from now on. */
void array_store_put_in_charge(struct array_store *store, bool stopped);

/* ---- pools.c: the pools that are there, and their drivers ---- */

/* Adds a kind of storage for tests, before any array is open. */
void array_pool_driver_add(const struct array_pool_driver *driver);
/* Returns the driver for the kind of storage that the place names, or NULL when there is none. */
const struct array_pool_driver *array_pool_driver_find(const char *place);
/*
 * Converts the place of a pool, as a person has typed it, to its one canonical text, which the
 * caller frees with mem_free.  Returns 0, ERR_INVALID with a text, -ENOMEM or -errno.
 */
int array_pool_place_typed(const char *typed, char **ret_place);
/*
 * Returns 0 when the pool is ready, ERR_NOT_FOUND (no such pool), or ERR_FAILED with the reason why
 * the pool is not ready.  A pool that another gateway has made and that nobody has opened here is
 * opened, which takes as long as the driver's open.
 */
int array_pool_ready(struct array *array, const struct guid *pool_id);
/*
 * Sets the options of a pool's row that are given.  Returns 0, ERR_INVALID with a text (a text is
 * wrong, or the pool would be full before it is low) or -ENOMEM.
 */
struct array_pool_options;
int array_pool_options_fill(struct row_pool *row, const struct array_pool_options *options);
/*
 * Finds the place of a volume by the volume's name (array_pool_driver.volume_name).  The caller
 * frees
 * *ret_place with mem_free.  Returns 0, ERR_CORRUPT with a text (the name does not tell) or
 * -ENOMEM.
 */
int array_pool_place_of(const char *volume_name, const struct guid *lun_id, char **ret_place);
/*
 * Checks that a directory is used for nothing else: not for another pool, and not for the array's
 * own files.  Returns 0 or ERR_IN_USE with a text.
 */
int array_pool_place_is_free(struct array *array, const char *place);
/*
 * Copies the place of a pool that is ready; the caller frees it with mem_free.  Returns as
 * array_pool_ready, or -ENOMEM.
 */
int array_pool_place(struct array *array, const struct guid *pool_id, char **ret_place);
/* Reads the current space of a pool that is ready.  Returns as array_pool_ready, or -errno. */
int array_pool_space(struct array *array, const struct guid *pool_id,
		     struct array_pool_space *ret_space);
/*
 * Computes the size of the largest volume that a pool that is ready can hold.  Returns as
 * array_pool_ready, or -errno.
 */
int array_pool_largest(struct array *array, const struct guid *pool_id, uint64_t *ret_bytes);
/*
 * Returns how much free space a pool of this driver must have for a volume that holds what takes
 * taken_bytes where it is now.
 */
uint64_t array_pool_needed(const struct array_pool_driver *driver, bool thin, uint64_t size_bytes,
			   uint64_t taken_bytes);
/*
 * Chooses the ready pool with the most free space.  Returns 0 or ERR_NOT_FOUND (no pool is ready).
 */
int array_pool_choose(struct array *array, struct guid *ret_pool_id);
/*
 * Opens a pool and adds it to the pools of the array.  With POOL_OPEN, a pool that cannot be opened
 * is added too, with the reason.  Returns 0 or an error of the driver's open.
 */
int array_pool_add(struct array *array, const struct guid *array_id, const struct row_pool *pool,
		   enum array_pool_mode mode);
/*
 * Closes a pool and removes it from the pools of the array.  give_up: the array no longer uses the
 * pool's place.
 */
void array_pool_remove(struct array *array, const struct guid *pool_id, bool give_up);
void array_pool_fini(struct array *array);
/*
 * Adds delta_bytes, which may be negative, to the bytes that the volumes of the pool's LUNs take.
 * The caller does not hold luns_lock.  Any thread.
 */
void array_pool_account(struct array *array, const struct guid *pool_id, int64_t delta_bytes);
/*
 * Checks for each pool whether it is ready and how much space it has.  Sweeps a pool that has
 * become ready since the last call, and has the verifier check all LUNs when a pool is not ready
 * any more.  The verifier's and the checker's thread.
 */
void array_pool_verify(struct array *array);
/*
 * Notifies the watcher of what other programs have done in the pools that are ready and can be
 * watched, since the last call.  The watcher is called with pools_lock held.  Verifier thread.
 */
void array_pool_watch_read(struct array *array, struct array_pool_watcher *watcher);
/*
 * Applies the thresholds of a pool's row from now on: the level is decided anew, without regard to
 * the level before.  Any thread.
 */
void array_pool_set_limits(struct array *array, const struct row_pool *pool);
/* Shows how much space the snapshots of a pool take of their own.  Verifier thread. */
void array_pool_set_snapshot_bytes(struct array *array, const struct guid *pool_id, uint64_t bytes);
/*
 * Stores in the catalog which levels were announced, so that they are not announced again after a
 * restart.  Verifier thread.
 */
void array_pool_save_levels(struct array *array);
/* Puts the live row of a pool. */
void array_pool_show(struct array *array, const struct guid *pool_id);
/* Sweeps every pool that is ready and was not swept since the array was opened. */
void array_pool_sweep(struct array *array, const struct state *state);
/* Has the verifier sweep every pool once more, since a gateway has died.  Any thread. */
void array_pool_sweep_again(struct array *array);
/*
 * Adds a pool that another gateway has created; the verifier opens it.  Returns 0, -ENOMEM or an
 * error of the catalog.  Writer thread.
 */
int array_pool_follow(struct array *array, const struct guid *array_id,
		      const struct row_pool *pool);
/* Shows the level of a pool that another gateway has announced.  Returns as array_pool_follow. */
int array_pool_follow_level(struct array *array, const struct guid *pool_id);

/* ---- space.c: how full pools are ---- */

/* The thresholds of a pool: what its options say. */
struct array_space_limits {
	struct pool_limit low, full;
};

/* Reads the thresholds of a pool's row.  A text that cannot be read counts as the default. */
void array_space_limits_read(const struct row_pool *pool, struct array_space_limits *ret_limits);
/* Return below how many free bytes a pool of this capacity is low, or full. */
uint64_t array_space_low_bytes(const struct array_space_limits *limits, uint64_t capacity_bytes);
uint64_t array_space_full_bytes(const struct array_space_limits *limits, uint64_t capacity_bytes);
/*
 * Returns how full a pool is: LOW or FULL when less is free than its thresholds say.  before: the
 * previous level.  A pool leaves a level only when a quarter more than the threshold is free, so
 * that a pool near a threshold does not change its level at each look.
 */
enum pool_space array_space_level(const struct array_space_limits *limits,
				  const struct array_pool_space *space, enum pool_space before);
/*
 * Finds how many bytes more the LUNs of a pool may have together: *ret_bytes is UINT64_MAX when
 * the pool has no overcommit limit.  view: the state to look at.  Returns 0, or an error when the
 * pool has a limit and is not ready.  Any thread but the writer's.
 */
int array_space_promise_left(struct array *array, const struct state *view,
			     const struct guid *pool_id, uint64_t *ret_bytes);
/*
 * Finds the capacity that array_space_check_promise needs; 0 when the pool has no overcommit limit.
 * Returns as array_space_promise_left.  Any thread but the writer's.
 */
int array_space_promise_capacity(struct array *array, const struct guid *pool_id,
				 uint64_t *ret_capacity_bytes);
/*
 * Checks whether a pool of this capacity (0 = it is not to be checked) may promise add_bytes more.
 * Returns 0, or ERR_NO_SPACE with a text that has the figures and what to do.  Any thread.
 */
int array_space_check_promise(const struct state *view, const struct guid *pool_id,
			      uint64_t capacity_bytes, uint64_t add_bytes);
/*
 * Returns how many bytes the LUNs of the pool can take at most: the sum of their sizes, with those
 * that are being moved to it and with what jobs that run extend LUNs by.
 */
uint64_t array_space_provisioned(const struct state *state, const struct guid *pool_id);
/* Logs that a pool has become low or full, or that it has space again. */
void array_space_log(const struct state *state, const struct row_live_pool *pool,
		     enum pool_space before);

/* ---- adopt.c: files that become LUNs ---- */

/*
 * Opens the raw file at the path, if the pool may adopt it: by its one true name, used by no LUN
 * and no other process, of whole blocks; or the device that the pool is.  Returns the descriptor,
 * which the caller closes, or an error with a text: ERR_INVALID, ERR_IN_USE, ERR_LOCKED,
 * ERR_ACCESS, ERR_NOT_SUPPORTED or -errno.
 */
int array_adopt_open(struct array *array, const char *path, const struct guid *pool_id,
		     uint32_t block_bytes, uint64_t *ret_size_bytes);
/* Checks that a pool that is one device has no LUN yet.  Returns 0 or ERR_IN_USE with a text. */
int array_adopt_check_pool(const struct state *view, const struct guid *pool_id);
/*
 * Checks that a LUN can get another size: one that is a device cannot, since what was cut off could
 * not be given back.  Returns 0 or ERR_NOT_SUPPORTED with a text.
 */
int array_adopt_check_size(const struct state *view, const struct row_lun *lun);

/* ---- pool_home.c: the pool in the array's directory, when that has moved ---- */

/*
 * Finds the pool that was at DIR/luns before DIR was moved or copied.  *ret_pool is NULL when there
 * is none; *ret_path is where that pool is now, freed by the caller with mem_free.  Returns 0 or
 * -ENOMEM.  The opening thread.
 */
int array_pool_find_moved(struct array *array, const struct row_pool **ret_pool, char **ret_path);
/*
 * Makes the directory DIR/luns, durably, and returns its absolute path, which the caller frees with
 * mem_free.  Returns 0, -errno or -ENOMEM.  The opening thread.
 */
int array_pool_make_home(struct array *array, char **ret_path);
/*
 * Changes the path of a pool in the catalog, while opening and before the writer runs.  Durable on
 * return.  Returns as catalog_commit.
 */
int array_pool_set_path(struct array *array, const struct row_pool *pool, const char *path);

/* ---- trouble.c: commands that fail in a LUN's store ---- */

/*
 * Counts a command that failed with `error` (-errno) in the store, and wakes the verifier to report
 * it.  Takes a lock only for the first command that was not reported yet.  Any thread.
 */
void array_trouble_note(struct array_store *store, int error, const char *reason);
/* Removes the store from the verifier's list, before the store is freed.  Any thread. */
void array_trouble_forget(struct array_store *store);
/*
 * Clears the trouble of a LUN that an administrator has set online: FAILING becomes OK.  Any
 * thread.
 */
void array_trouble_clear(struct array *array, struct array_store *store);
/* Returns how many commands have failed for this cause since vdsd started.  Any thread. */
uint64_t array_trouble_count(struct array_store *store, enum array_trouble_kind cause);
/* Returns whether I/O of the store hangs, as array_lun_hangs has said.  Any thread. */
bool array_trouble_hangs(struct array_store *store);
/*
 * Logs failed commands and shows them in the LUN's health, at most once in 10 s for each LUN.
 * Returns when to call again (clock_mono_ns); UINT64_MAX = after the next failed command.  Verifier
 * thread.
 */
uint64_t array_trouble_tell(struct array *array);

/* ---- schedule.c: schedules of snapshots ---- */

/*
 * Fills a row with what the spec gives, in canonical form.  view: has the LUNs.  The caller has
 * checked that no other schedule has the name.  Returns 0, ERR_INVALID, ERR_NOT_FOUND (a LUN) with
 * a text, or -ENOMEM.
 */
int array_schedule_fill(const struct state *view, const struct array_schedule_spec *spec,
			struct row_snapshot_schedule *row);
/*
 * Checks that snapshots can be taken of a LUN of a schedule, which runs for all its LUNs or not at
 * all.  view: has the LUN, if it is there.  Returns 0, also when that cannot be told now, or
 * ERR_NOT_SUPPORTED with a text.  Any thread except the writer.
 */
int array_schedule_check_lun(struct array *array, const struct state *view,
			     const struct guid *lun_id);

/* ---- schedule_run.c: the thread that runs schedules ---- */

/* Returns the time of day by which schedules run; a test may have moved it.  Any thread. */
int64_t array_utc_ms(struct array *array);
/* Reads what was run last.  Returns 0 or an error of the catalog.  The opening thread. */
int array_schedule_load(struct array *array);
/* Start and stop the thread.  The opening and the closing thread. */
int array_schedule_start(struct array *array);
void array_schedule_stop(struct array *array);
void array_schedule_fini(struct array *array);
/* Has the thread look at once: a schedule was changed.  Any thread. */
void array_schedule_wake(struct array *array);
/* Has the thread read again what was run last: another gateway has run something.  Any thread. */
void array_schedule_foreign(struct array *array);
/*
 * Runs the schedules that are due, and shows when each runs next.  Returns the time of the next
 * run; INT64_MAX = there is none.  The scheduler's thread; tests, once they have stopped it.
 */
int64_t array_schedule_look(struct array *array);

/* ---- schedule_take.c: what one run does ---- */

/* Collects the schedule's LUNs that are there.  Returns their number. */
size_t array_schedule_luns(const struct state *state, const struct row_snapshot_schedule *schedule,
			   struct guid luns[SCHEDULE_LUNS_MAX]);

/*
 * Takes snapshots of the schedule's LUNs that are there, and notes slot_ms as run.  now_ms: the
 * time that names them.  request, known_ms: as in array_snapshot_run.  Returns 0, or as
 * array_snapshot_run with a text; then nothing has changed.
 */
int array_schedule_take(struct array *array, const struct array_request *request,
			const struct state *state, const struct row_snapshot_schedule *schedule,
			int64_t known_ms, int64_t slot_ms, int64_t now_ms,
			struct array_answer *ret_answer);
/*
 * Deletes the schedule's snapshots that it does not keep.  A failure is logged: the next run tries
 * again.
 */
void array_schedule_expire(struct array *array, const struct row_snapshot_schedule *schedule,
			   const struct schedule_rule *rule, int64_t now_ms);

/* ---- snapshot_space.c ---- */

/*
 * Measures some snapshots, and shows the space that they and the snapshots of each pool take.
 * Verifier thread.
 */
void array_snapshot_measure(struct array *array);

/* ---- snapshot.c, for schedules ---- */

/*
 * Takes snapshots as array_snapshot_create does, for a schedule; notes its run in the same change.
 * request: of who asks for the run, which the caller has begun; NULL = nobody does.  known_ms: the
 * slot that was run last, as the caller knows it; 0 = none.  Further errors: ERR_NOT_FOUND (the
 * schedule is gone), ERR_GONE (another gateway has run another slot since).
 */
int array_snapshot_run(struct array *array, const struct array_request *request,
		       const struct catalog_schedule_run *run, int64_t known_ms, const char *name,
		       const struct guid *luns, size_t count, struct array_answer *ret_answer);
/* Deletes the schedule's snapshots of these moments. */
int array_snapshot_expire(struct array *array, const struct guid *schedule_id,
			  const struct schedule_moment *moments, size_t count);

#endif

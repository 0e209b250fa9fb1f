/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of array.h, which says what all of its functions have in common: pools, LUNs, snapshots
 * and the trash.
 */
#ifndef VDS_ARRAY_STORAGE_H
#define VDS_ARRAY_STORAGE_H

#include "model/state.h"

struct array;
struct array_answer;
struct array_request;

/*
 * Creates a pool and marks its place as this array's.  path: an absolute path of a directory on a
 * local file system, "bdev:" and the path of a block device (or that path alone), or "ram:2G".
 * Further errors: ERR_LOCKED (another process uses the directory or device), ERR_IN_USE (it belongs
 * to another array, or the device holds something), ERR_ACCESS (vdsd may not open the device),
 * -errno.
 */
int array_pool_create(struct array *array, const struct array_request *request, const char *name,
		      const char *path, struct array_answer *ret_answer);
/* As array_pool_create, but destroys what a block device holds that nobody uses. */
int array_pool_create_forced(struct array *array, const struct array_request *request,
			     const char *name, const char *path, struct array_answer *ret_answer);
/* What is to change of a pool; NULL = it stays.  The texts: model/pool_options.h. */
struct array_pool_options {
	const char *name;
	const char *low, *full; /* thresholds: "20%", a number of bytes, or "" for the default */
	const char *overcommit; /* "200%", or "off" */
	const char *trash;      /* for how long deleted LUNs are kept: "7d", or "none" */
	bool set_trash_yields, trash_yields;
	const char *qos; /* a change of its limits: words of model/qos.h */
};

/*
 * Changes a pool, all options in one change.  With other thresholds the level of the pool is
 * decided anew when this returns.  Further errors: ERR_INVALID (a text is wrong, or the pool would
 * be full before it is low), ERR_NAME_IN_USE.
 */
int array_pool_change(struct array *array, const struct array_request *request,
		      const struct guid *pool, const struct array_pool_options *options,
		      struct array_answer *ret_answer);
/* Renames a pool. */
int array_pool_rename(struct array *array, const struct array_request *request,
		      const struct guid *pool, const char *name, struct array_answer *ret_answer);
/* Deletes a pool.  Further errors: ERR_IN_USE (the pool has LUNs). */
int array_pool_delete(struct array *array, const struct array_request *request,
		      const struct guid *pool, struct array_answer *ret_answer);

/* Describes a LUN to be created.  Everything is borrowed for the call. */
struct array_lun_spec {
	const char *name;     /* NULL or "" = the array chooses "lun-<number>" */
	struct guid pool_id;  /* zero = the pool with the most free space */
	uint64_t size_bytes;  /* rounded up to whole blocks; > 0, at most 2^53 */
	uint32_t block_bytes; /* bytes of a logical block: 512 or 4096; 0 stands for 512 */
	bool removable;       /* initiators may eject its medium */
	enum lun_cache cache; /* how its file is read and written */
	bool thick;           /* allocate all space now, in a job */
	const char *mask;  /* who may use the LUN, as array_lun_set_mask takes it; NULL = nobody */
	const char *hints; /* what the LUN is meant for (model/hints.h); NULL or "" = none */
	/*
	 * A LUN or a snapshot: the new LUN is thin, has its data, its size and its block size, and
	 * is in its pool; that of a LUN is as a snapshot of it.  The members pool_id, size_bytes,
	 * block_bytes and thick are not looked at.  Zero = the new LUN has zeros.
	 */
	struct guid origin_id;
	/*
	 * Copy the origin's data instead of sharing its space, in a job as for a thick LUN; any
	 * pool can do that.  The origin is a snapshot, or a LUN, which may be in use and is held
	 * until the job ends: the new LUN has what it held at one moment near the end of the job.
	 * When vdsd ends before, the job fails.
	 */
	bool copy;
	/*
	 * Refuse a LUN that is larger than what is free in its pool, also when it is thin.  Without
	 * it thin LUNs may promise more than there is.
	 */
	bool fits;
};

/*
 * Creates a LUN.  A thin LUN is complete on return.  For a thick LUN a job allocates the space: the
 * LUN's row exists from the start, is held by OPERATION_CREATE meanwhile, and is deleted again when
 * the job fails or is cancelled.  Further errors: ERR_NO_SPACE (the pool has too little space),
 * ERR_FAILED (the pool is not ready).
 */
int array_lun_create(struct array *array, const struct array_request *request,
		     const struct array_lun_spec *spec, struct array_answer *ret_answer);
/*
 * Creates a thin LUN whose data are the raw file at `path`, which must be on the file system of the
 * pool, a directory.  Its data are not touched, and it keeps its name, also when the LUN is
 * deleted.  spec: without size_bytes, thick, fits and origin_id.  Further errors: ERR_INVALID (a
 * symbolic link, no whole blocks, an image that is not raw, another file system), ERR_IN_USE
 * (another LUN has the file), ERR_LOCKED (another process has it), ERR_ACCESS (vdsd may not write
 * to it or link it), ERR_NOT_SUPPORTED (the pool is no directory, or the path a block device).
 */
int array_lun_adopt(struct array *array, const struct array_request *request,
		    const struct array_lun_spec *spec, const char *path,
		    struct array_answer *ret_answer);
/*
 * Deletes a LUN and its data.  When the LUN is associated with targets and force is not set,
 * refuses with ERR_IN_USE; the text names the targets and says how many sessions would lose the
 * LUN.  With force, removes the associations too, and waits for the I/O in flight only for as long
 * as a drain may take: a LUN whose store hangs is deleted all the same.  The file is unlinked after
 * its last I/O has returned.  Further errors: ERR_BUSY (another operation holds the LUN; or,
 * without force, I/O in flight does not end in time; nothing has changed).
 */
int array_lun_delete(struct array *array, const struct array_request *request,
		     const struct guid *lun, bool force, struct array_answer *ret_answer);
/* Deletes a LUN as array_lun_delete does, but keeps nothing, whatever its pool says. */
int array_lun_delete_now(struct array *array, const struct array_request *request,
			 const struct guid *lun, bool force, struct array_answer *ret_answer);

/* How much space was taken at a time.  Of a LUN only time_ms and allocated_bytes are set. */
struct array_sample {
	int64_t time_ms; /* UTC */
	uint64_t capacity_bytes, free_bytes, allocated_bytes, trash_bytes;
};

/*
 * Reads how much space a pool (ROW_POOL) or a LUN (ROW_LUN) took during the last day, the oldest
 * sample first; the last sample is of now.  A value holds until the next sample.  The caller frees
 * *ret_samples with mem_free.  Returns 0, ERR_NOT_FOUND (no such object) or -ENOMEM.  Any thread.
 */
int array_history(struct array *array, enum row_family family, const struct guid *id,
		  struct array_sample **ret_samples, size_t *ret_count);

/* How a LUN comes back from the trash. */
struct array_restore_spec {
	const char *name;  /* its new name; NULL = the one that it had */
	bool unassociated; /* behind no target; else behind those of its targets that are there */
};

/*
 * Restores a deleted LUN from the trash, as it was: with its id, serial number, NAA identifier and
 * number, its unmasking list without hosts that are gone, and its targets, with its old LUN numbers
 * where these are free.  Durable on return.  Further errors: ERR_NOT_FOUND (it is not in the
 * trash), ERR_NAME_IN_USE, ERR_NO_SPACE (the pool's overcommit limit), ERR_BUSY (commands from
 * before the deletion have not ended), ERR_CORRUPT (its volume is missing).
 */
int array_trash_restore(struct array *array, const struct array_request *request,
			const struct guid *lun, const struct array_restore_spec *spec,
			struct array_answer *ret_answer);
/* Removes a LUN from the trash, and its data, for good.  Further errors: ERR_NOT_FOUND. */
int array_trash_empty(struct array *array, const struct array_request *request,
		      const struct guid *lun, struct array_answer *ret_answer);

/*
 * Grows a LUN by add_bytes, which is more than 0 and is rounded up to whole blocks.  fits: refuse
 * to grow by more than what is free in the pool, also when the LUN is thin.  A thin LUN is
 * extended on return.  For a thick LUN a job allocates the space, and OPERATION_EXTEND holds the
 * LUN meanwhile.  Further errors: ERR_NO_SPACE (the pool has too little space), ERR_FAILED (the
 * LUN's store or its pool has failed).
 */
int array_lun_extend(struct array *array, const struct array_request *request,
		     const struct guid *lun, uint64_t add_bytes, bool fits,
		     struct array_answer *ret_answer);
/*
 * Cuts bytes off the end of a LUN: what is there is lost.  One of size_bytes (the new size) and
 * remove_bytes is not 0; the new size is rounded up to whole blocks, is more than 0 and is less
 * than the present size.  I/O in flight is waited for, and initiators get a unit attention.  The
 * space is given back to the pool after the change is durable; a crash before that leaves a volume
 * that is longer than its LUN, whose end nobody ever reads.
 *
 * When initiators' sessions see the LUN and force is not set, refuses with ERR_IN_USE; the text
 * says how many sessions.  Further errors: ERR_FAILED (the LUN's store or its pool has failed),
 * ERR_BUSY (another operation holds the LUN, or I/O in flight does not end in time; nothing has
 * changed).
 */
int array_lun_shrink(struct array *array, const struct array_request *request,
		     const struct guid *lun, uint64_t size_bytes, uint64_t remove_bytes, bool force,
		     struct array_answer *ret_answer);
/*
 * Begins to move a LUN to another pool, by a job (ret_answer->job_id) that begins anew after a
 * restart.
 * Initiators use the LUN meanwhile; at the end their commands wait for a moment, mostly less than
 * 0.25 s.  Thin LUNs stay thin.  Snapshots of the LUN stay where they are.  While the job runs, the
 * LUN cannot be changed, but for its name and its mask; when the job fails or is cancelled, the LUN
 * is where it was.  force: also to a pool in memory.
 *
 * Returns 0, ERR_NOT_FOUND (no such LUN or pool), ERR_INVALID (the LUN is in the pool already, or
 * the pool is in memory and force is not set), ERR_NOT_SUPPORTED (the pool is an adopted device),
 * ERR_NO_SPACE (the pool has too little, may promise no more, or allows no LUN of that size),
 * ERR_FAILED (the LUN has failed, or the pool is not ready) or ERR_BUSY (another operation holds
 * the LUN, or an older volume of it is still being removed from the pool).
 */
int array_lun_move(struct array *array, const struct array_request *request, const struct guid *lun,
		   const struct guid *pool, bool force, struct array_answer *ret_answer);
/*
 * Rolls a LUN back to one of its snapshots: the LUN has the snapshot's data then, and keeps its
 * identity and its size; what lies behind the end of the snapshot reads as zeros.  The snapshot
 * stays.  I/O in flight is waited for, and initiators get a unit attention.  Durable on return; a
 * crash leaves the LUN as it was or as it is then.
 *
 * When initiators' sessions see the LUN and force is not set, refuses with ERR_IN_USE; the text
 * says how many sessions.  Further errors: ERR_INVALID (the snapshot is of another LUN, or larger
 * than the LUN is now), ERR_NOT_SUPPORTED (the pool cannot clone volumes, or the snapshot is in
 * another pool), ERR_BUSY (another operation holds the LUN, or I/O in flight does not end in time;
 * nothing has changed).
 */
int array_lun_rollback(struct array *array, const struct array_request *request,
		       const struct guid *lun, const struct guid *snapshot, bool force,
		       struct array_answer *ret_answer);

#define ARRAY_SNAPSHOT_LUNS_MAX 64u
/*
 * Takes snapshots of LUNs, all of one moment: each holds every command that was answered before
 * that moment on any of the LUNs, and none that was begun after it.  Commands wait meanwhile, some
 * milliseconds.  count: 1 to ARRAY_SNAPSHOT_LUNS_MAX.  All snapshots get the name, which none of
 * the LUNs has a snapshot of yet (ERR_NAME_IN_USE) and in which there is no "@".  The answer's
 * object is the snapshot or, of several LUNs, their group (row_snapshot.group_id).  Further errors:
 * ERR_NOT_SUPPORTED (a pool cannot clone volumes), ERR_BUSY (another operation holds a LUN, or I/O
 * in flight does not end in time; nothing has changed), ERR_FAILED, ERR_NO_SPACE.
 */
int array_snapshot_create(struct array *array, const struct array_request *request,
			  const char *name, const struct guid *luns, size_t count,
			  struct array_answer *ret_answer);
/* Deletes a snapshot and its data, or all snapshots of a group. */
int array_snapshot_delete(struct array *array, const struct array_request *request,
			  const struct guid *snapshot, struct array_answer *ret_answer);
/*
 * Renames a snapshot.  One that a schedule has taken is a person's from then on: the schedule does
 * not remove it any more.  Further errors: ERR_NAME_IN_USE.
 */
int array_snapshot_rename(struct array *array, const struct array_request *request,
			  const struct guid *snapshot, const char *name,
			  struct array_answer *ret_answer);

/* ---- schedules of snapshots ---- */

/* What a schedule is to be; NULL and false: as it is, or for a new one the default. */
struct array_schedule_spec {
	const char *name;              /* 1 to 46 characters, without "@" */
	const char *every, *at, *keep; /* as model/schedule.h says; "" for at: the beginning */
	const struct guid *luns;
	size_t lun_count; /* 1 to 64 when luns_given */
	bool luns_given;
	bool enabled, enabled_given; /* a new one is enabled when it is not given */
};

/*
 * Creates a schedule; name, every, keep and the LUNs must be given.  It runs at its next time and
 * not at once.  Further errors: ERR_NAME_IN_USE, ERR_NOT_FOUND (a LUN),
 * ERR_NOT_SUPPORTED (no snapshots can be taken in the pool of a LUN, as far as that can be told
 * now).
 */
int array_schedule_create(struct array *array, const struct array_request *request,
			  const struct array_schedule_spec *spec, struct array_answer *ret_answer);
/*
 * Changes what the spec gives.  When it is to run at other times, or is enabled, it runs at its
 * next time; smaller counts remove snapshots at the end of the next run.  Errors as of
 * array_schedule_create.
 */
int array_schedule_change(struct array *array, const struct array_request *request,
			  const struct guid *schedule, const struct array_schedule_spec *spec,
			  struct array_answer *ret_answer);
/*
 * Runs a schedule now, enabled or not: takes its snapshots and removes those that it keeps no
 * longer, as at its time.  The run counts as that of the time that is due, if one is; the next one
 * is at its time.  The answer has the id of the snapshot, or of the group.  Returns 0,
 * ERR_NOT_FOUND (the schedule, or all of its LUNs), ERR_READ_ONLY, or as array_snapshot_create;
 * then nothing has changed.
 */
int array_schedule_run(struct array *array, const struct array_request *request,
		       const struct guid *schedule, struct array_answer *ret_answer);
/* Deletes a schedule.  Its snapshots stay, and only people delete them then. */
int array_schedule_delete(struct array *array, const struct array_request *request,
			  const struct guid *schedule, struct array_answer *ret_answer);

/* ---- LUNs that exist ---- */

/*
 * Renames a LUN; name "" removes its name.  duplicate: the name may be that of another LUN, which
 * otherwise is refused (ERR_NAME_IN_USE).
 */
int array_lun_rename(struct array *array, const struct array_request *request,
		     const struct guid *lun, const char *name, bool duplicate,
		     struct array_answer *ret_answer);
/*
 * Replaces the hints of a LUN (model/hints.h); "" removes them.  Hints about the write cache switch
 * it on or off at once.
 */
int array_lun_set_hints(struct array *array, const struct array_request *request,
			const struct guid *lun, const char *hints, struct array_answer *ret_answer);
/*
 * Changes the limits of a LUN, or of all that a host's initiators do: words of model/qos.h, of
 * which a value of 0 removes one; the limits that are not named stay.  They hold for commands that
 * come later, and a moment later for those that wait.  Further errors: ERR_INVALID (a word or its
 * value is wrong, or the LUN's pool cannot give what it is to keep).
 */
int array_lun_set_qos(struct array *array, const struct array_request *request,
		      const struct guid *lun, const char *change, struct array_answer *ret_answer);
int array_host_set_qos(struct array *array, const struct array_request *request,
		       const struct guid *host, const char *change,
		       struct array_answer *ret_answer);
/*
 * Replaces the LUN's unmasking list, the list of initiators, hosts and host groups that may use the
 * LUN.  mask: any text that mask_normalize accepts; hosts may be named (host_mask_resolve).  Waits
 * for I/O in flight of initiators that lose the LUN.  Further errors: ERR_BUSY (that I/O did not
 * end in time; nothing has changed), ERR_NOT_FOUND (also: no such host).
 */
int array_lun_set_mask(struct array *array, const struct array_request *request,
		       const struct guid *lun, const char *mask, struct array_answer *ret_answer);
/*
 * Replaces the unmasking list by a flattened one, as VDS programs know it: a list that equals the
 * flattened list of the LUN (host_mask_flatten) changes nothing, and any other takes the place of
 * the LUN's hosts, too.  Errors as array_lun_set_mask.
 */
int array_lun_set_flat_mask(struct array *array, const struct array_request *request,
			    const struct guid *lun, const char *mask,
			    struct array_answer *ret_answer);
/*
 * Adds names to, or removes them from, the LUN's unmasking list as it is when the change is applied
 * (mask_add, mask_remove).  Errors as array_lun_set_mask.
 */
int array_lun_add_mask(struct array *array, const struct array_request *request,
		       const struct guid *lun, const char *names, struct array_answer *ret_answer);
int array_lun_remove_mask(struct array *array, const struct array_request *request,
			  const struct guid *lun, const char *names,
			  struct array_answer *ret_answer);
/*
 * Sets a LUN online or offline.  Online also reopens the store of a failed LUN.  Offline waits for
 * I/O in flight, at most drain_timeout_ms; initiators' I/O is refused from then on.  Returns 0,
 * ERR_FAILED (the store cannot be opened), ERR_BUSY (I/O in flight did not end in time, or another
 * operation holds the LUN; nothing has changed), or an error that every change may return.
 */
int array_lun_set_status(struct array *array, const struct array_request *request,
			 const struct guid *lun, enum row_status status,
			 struct array_answer *ret_answer);
/*
 * Makes a LUN read-only for initiators, or writable again.  Read-only waits for I/O in flight, at
 * most drain_timeout_ms: on return nothing writes to it any more.  Returns 0, ERR_BUSY (that I/O
 * did not end in time; nothing has changed), or an error that every change may return.
 */
int array_lun_set_access(struct array *array, const struct array_request *request,
			 const struct guid *lun, enum lun_access access,
			 struct array_answer *ret_answer);
/*
 * Sets whether the file of a LUN is read and written through the host's page cache, and does so
 * from now on.  Writes out what the LUN holds, then waits for I/O in flight, at most
 * drain_timeout_ms, while initiators' commands wait.
 * Where the file cannot do without the page cache, the LUN goes on with it, and its live row says
 * why.  Returns 0, ERR_BUSY (one of both did not end in time, or another operation holds the LUN;
 * nothing has changed), ERR_CANCELLED (the array closes), or an error that every change may return.
 */
int array_lun_set_cache(struct array *array, const struct array_request *request,
			const struct guid *lun, enum lun_cache cache,
			struct array_answer *ret_answer);
/*
 * Puts the LUN behind exactly these targets, in one change (VDS: AssociateTargets).  A target that
 * is named twice counts once; count 0 takes the LUN away from all targets.  The LUN keeps its
 * number on targets that it is behind already; on new targets it gets the same number everywhere if
 * possible.  A number by which an initiator may have seen another LUN is used only when no other is
 * free, and of those numbers the one that was given up longest ago comes first.
 *
 * Returns 0, ERR_NOT_FOUND (no such LUN, no such target), ERR_BUSY (another operation holds the
 * LUN, or I/O in flight on a path that goes away did not end in time), ERR_LIMIT (no LUN number is
 * left), or an error that every change may return; on failure nothing has changed.
 */
int array_lun_associate(struct array *array, const struct array_request *request,
			const struct guid *lun, const struct guid *targets, size_t count,
			struct array_answer *ret_answer);
/*
 * Adds targets to, or removes them from, the set of the LUN's targets as it is when the change is
 * applied, so that concurrent calls compose.  Adding a target that the LUN is behind already, or
 * removing one that it is not behind, has no effect.  Errors as array_lun_associate.
 */
int array_lun_add_targets(struct array *array, const struct array_request *request,
			  const struct guid *lun, const struct guid *targets, size_t count,
			  struct array_answer *ret_answer);
int array_lun_remove_targets(struct array *array, const struct array_request *request,
			     const struct guid *lun, const struct guid *targets, size_t count,
			     struct array_answer *ret_answer);
/*
 * Computes the largest size in bytes that array_lun_create would accept now (array_max_lun_size),
 * or the most bytes by which array_lun_extend could grow the LUN now (array_max_lun_extend).
 * fits: as those calls take it.
 * Returns 0, ERR_NOT_FOUND (no such pool, no such LUN), ERR_FAILED (the pool is not ready), -errno
 * or -ENOMEM.
 */
int array_max_lun_size(struct array *array, const struct guid *pool, bool thick, bool fits,
		       uint64_t *ret_bytes);
int array_max_lun_extend(struct array *array, const struct guid *lun, bool fits,
			 uint64_t *ret_bytes);

#endif

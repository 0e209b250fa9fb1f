/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of array_int.h, which says what locks and threads there are: what changes share.
 */
#ifndef VDS_ARRAY_CHANGE_INT_H
#define VDS_ARRAY_CHANGE_INT_H

#include "array/array.h"

struct array_job;
struct array_place;

/* ---- name.c ---- */

/* Returns whether the name is not empty but consists of spaces only. */
bool array_name_is_blank(const char *name);
/*
 * Checks a name that a person has chosen.  what: the kind of object, for the text.  Returns 0, or
 * ERR_INVALID with a text.
 */
int array_name_check(const char *what, const char *name);
/*
 * Checks the name of an object that may be without one, and so accepts "".  Returns 0, or
 * ERR_INVALID with a text.
 */
int array_name_check_free(const char *what, const char *name);
/* Returns 64 random bits. */
uint64_t array_name_random64(void);
/*
 * Makes a unique name for a LUN, from its number, or for a target, from its alias.  Returns 0 or
 * -ENOMEM.  The caller frees *ret_name with mem_free.
 */
int array_name_make_lun(const struct state *view, uint32_t number, char **ret_name);
int array_name_make_target(const struct state *view, const char *alias, char **ret_name);
/*
 * Makes the id of an object that has no row of its own in the catalog: a hash of the array's id,
 * the kind of object and its name, so that it is the same after each start.  Returns 0 or -ENOMEM.
 */
int array_name_hash_id(const struct guid *array_id, const char *kind, const char *name,
		       struct guid *ret_id);
/* Returns ERR_NOT_FOUND, and sets a text that names the kind of object and the id. */
int array_name_no_such(enum row_family family, const struct guid *id);

/* ---- number.c: LUN numbers ---- */

/*
 * Loads what the catalog knows about logins, after the writer has been started.  Cannot fail: a
 * target whose logins are not known counts as seen.  The opening thread.
 */
void array_number_start(struct array *array);
/*
 * Saves all notes of logins before the writer stops, so that the next start finds them.  The
 * closing thread.
 */
void array_number_stop(struct array *array);
/*
 * Notes that an initiator logs in to the target.  Called before the login is answered.  Any thread;
 * never blocks longer than a lock.
 */
void array_number_note_login(struct array *array, const struct guid *target_id);
/*
 * Stores new notes of logins in the catalog.  Blocks for a commit when there are any.  Verifier
 * thread.
 */
void array_number_save(struct array *array);
/* Removes the notes of logins to a target that was deleted.  Writer thread. */
void array_number_forget(struct array *array, const struct guid *target_id);
/*
 * Retires the number that a LUN loses with this row, when an initiator may have seen it.  Returns 0
 * or an error of the catalog.  Writer thread, inside a change.
 */
int array_number_retire(struct array *array, const struct state *view,
			const struct row_association *row);
/*
 * Chooses numbers[i] for targets[i], the same number for all when possible.  preferred: the number
 * to try first; UINT32_MAX = the number that the LUN had last behind one of the targets.  Returns
 * 0, ERR_LIMIT (a target has no free number) or an error of the catalog.  Writer thread, inside a
 * change.
 */
int array_number_choose(struct array *array, const struct state *view, const struct guid *lun_id,
			const struct guid *targets, size_t count, uint32_t preferred,
			uint32_t *numbers);

/* ---- clone.c: volumes that hold what LUNs held at one moment ---- */

/* A volume that is cloned from that of a LUN. */
struct array_clone {
	struct guid lun_id, to_id; /* the LUN, and the new volume */
	/* of array_moment_take: */
	uint64_t size_bytes;       /* of the LUN, and of the new volume */
	struct array_store *store; /* the LUN's; holds a reference */
	bool held, made;
};

/* A moment of LUNs.  The caller owns the clones, zeroed but for their ids. */
struct array_moment {
	struct array_clone *clones;
	size_t count;
	int64_t utc_ms;   /* when it was; milliseconds since 1970, UTC */
	uint64_t held_us; /* how long commands waited */
};

/*
 * Makes durable volumes, not committed yet, that hold what the LUNs held at one moment, and holds
 * the LUNs by OPERATION_SNAPSHOT until array_moment_end, which the caller calls also after an
 * error.  Returns 0, ERR_BUSY (another operation holds a LUN, or I/O in flight does not end),
 * ERR_NOT_SUPPORTED (a pool cannot clone), ERR_FAILED, ERR_NO_SPACE, ERR_NOT_FOUND or -errno, with
 * a text; on failure there are no new volumes.  Any thread except the writer.
 */
int array_moment_take(struct array *array, struct array_moment *moment);
/* Removes the new volumes, which were not committed. */
void array_moment_undo(struct array_moment *moment);
void array_moment_end(struct array *array, struct array_moment *moment);
/*
 * Clones a volume in which nobody writes: that of a snapshot.  The new one is durable and not
 * committed.  Returns as array_moment_take.
 */
int array_clone_snapshot(struct array *array, const struct array_place *place,
			 const struct guid *from_id, const struct guid *to_id, uint64_t size_bytes);
/*
 * Gives a job that copies (array_job_copies) the volume from which it copies: of a snapshot, or of
 * a LUN, which the job holds.  Returns 0, ERR_NOT_FOUND, ERR_BUSY (another operation holds the LUN,
 * it has another size now, or its I/O hangs), ERR_FAILED, with a text, or -ENOMEM.
 */
int array_clone_copy_from(struct array *array, const struct guid *origin_id, struct array_job *job);
/*
 * Does the work of a job that copies, whose stores are there: makes the new LUN's volume hold what
 * the other one holds at one moment, near the end of the copy.  Durable on return.  Returns 0,
 * ERR_CANCELLED (cancelled, paused, or the array closes) or another error with a text.  After a
 * pause the call is made again, and goes on where it was.  The job's thread.
 */
int array_clone_copy(struct array_job *job);
/*
 * Checks whether snapshots can be taken in a pool at all.  Returns 0, also when that cannot be told
 * now, or ERR_NOT_SUPPORTED with the reason.  Any thread except the writer: it asks the file
 * system.
 */
int array_clone_check_pool(struct array *array, const struct row_pool *pool);
/* Ends what array_clone_copy has left, also with 0: a layer over the origin, memory. */
void array_clone_copy_end(struct array_job *job);
/* Calls the driver's volume_clone, with the faults that a test asks for. */
int array_clone_volume(struct array *array, const struct array_place *place,
		       const struct guid *from_id, const struct guid *to_id, uint64_t size_bytes);

/* ---- flush.c ---- */

/*
 * Flushes the stores of LUNs, so that little is left to be written out while their commands wait.
 * Returns 0, also when a device has an error; ERR_BUSY: a device does not come back in time, or has
 * not come back since the last time; ERR_CANCELLED: the array closes; -ENOMEM or -errno.  Any
 * thread.
 */
int array_flush_ahead(struct array *array, struct array_store *const *stores, size_t count);
/* Ends the waiting of all who flush: the array closes. */
void array_flush_wake(struct array *array);
/*
 * Waits for a moment until no device is being flushed.  Returns false, and logs it, when a flush
 * does not come back: then the array and its stores must stay in memory.  The closing thread.
 */
bool array_flush_ended(struct array *array);

/* ---- snapshot.c ---- */

/* Finds the row of a snapshot, borrowed from the view.  Returns 0, or ERR_NOT_FOUND with a text. */
int array_snapshot_find(const struct state *view, const struct guid *id,
			const struct row_snapshot **ret_snapshot);
/* Returns 0, or ERR_IN_USE with a text: the pool has a snapshot. */
int array_snapshot_check_pool(const struct state *view, const struct guid *pool_id);

/* ---- lun.c, group.c: shared pieces of changes ---- */

/*
 * Finds the row of a LUN, which is borrowed from the view.  Returns 0, or ERR_NOT_FOUND with a
 * text.
 */
int array_lun_find(const struct state *view, const struct guid *lun_id,
		   const struct row_lun **ret_lun);
/*
 * Sets the LUN's identity, which is never used again: a serial of 64 random bits, and a designator
 * of NAA type 3 (locally assigned) with 60 random bits.  Returns 0 or -ENOMEM.
 */
int array_lun_set_identity(struct row_lun *row);
/*
 * Takes the number of a new LUN.  Returns 0, ERR_LIMIT or an error of the catalog.  Writer thread,
 * inside a change.
 */
int array_lun_take_number(struct array *array, uint32_t *ret_number);
/*
 * Notes that the volume of a LUN that is deleted is to be unlinked, and forgets what the LUN has
 * kept.  Returns 0 or an error of the catalog.  Writer thread, inside a change.
 */
int array_lun_note_removal(struct array *array, const struct state *view,
			   const struct row_lun *lun);
/*
 * Removes a LUN from the edit: deletes its associations, retires their numbers, deletes its row,
 * and notes its file for unlinking.  Returns 0 or an error of the catalog.  Writer thread.
 */
int array_lun_edit_remove(struct array *array, struct state_edit *edit, const struct guid *lun_id);
/*
 * Deletes the rows of a LUN without associations: its own, and that of its owner.  Writer thread.
 */
int array_lun_edit_delete_row(struct state_edit *edit, const struct guid *lun_id);
/* Notes that the volume of a LUN is to be unlinked.  Writer thread. */
int array_lun_note_unlink(struct array *array, const struct state *view, const struct guid *lun_id,
			  const struct guid *pool_id);
/* Puts the row of a LUN with another size.  Returns 0 or an error of the edit.  Writer thread. */
int array_lun_edit_resize(struct state_edit *edit, const struct guid *lun_id, uint64_t size_bytes);
/*
 * Opens the store of a LUN again that has failed, with the LUN held.  Returns 0, ERR_FAILED,
 * ERR_BUSY (its I/O does not end) or ERR_NOT_FOUND.  Any thread except the writer.
 */
int array_lun_reopen(struct array *array, const struct guid *lun_id);
/*
 * Waits until nothing is in flight on the store, and lets nothing new begin.  Returns 0 or ERR_BUSY
 * (I/O does not end; the store goes on).  Any thread except the writer.
 */
int array_lun_stop_store(struct array *array, struct array_store *store);
/* Starts or stops the store when a new status is committed.  The writer, or who holds the LUN. */
void array_lun_status_committed(struct array *array, const struct guid *lun_id,
				enum row_status status);
/*
 * Cuts the volume of a LUN that has shrunk; a failure is logged.  The LUN is held, and nothing is
 * in flight.  Any thread except the writer.
 */
void array_lun_cut(struct array_store *store, uint64_t to_bytes);
/*
 * Counts the sessions that see the LUN through a target, or through any target (NULL).  live: the
 * live state.
 */
size_t array_lun_sessions(const struct state *view, const struct state *live,
			  const struct row_lun *lun, const struct guid *target_id);
/*
 * Converts the error of a file system to one of the array, with a text: ERR_NO_SPACE when there is
 * no space, or when the file would be larger than the file system allows; otherwise rc.
 */
int array_lun_file_error(int rc, const char *what);
/*
 * Adds an empty portal group to a target.  Returns 0, ERR_LIMIT (no tag or relative port identifier
 * is left) or -ENOMEM.  Writer thread.
 */
int array_group_edit_add(struct array *array, struct state_edit *edit, const struct guid *target_id,
			 struct guid *ret_group_id);
/*
 * Adds all portals to a new target: in one portal group, or one for each gateway that has portals.
 * Errors as array_group_edit_add.  Writer thread.
 */
int array_group_edit_add_full(struct array *array, struct state_edit *edit,
			      const struct guid *target_id);
/*
 * Adds a portal to the first portal group of every target that has it in none.  A target without a
 * portal group, or without one for the portal's gateway, gets one.  Errors as array_group_edit_add.
 * Writer thread.
 */
int array_group_edit_add_to_all(struct array *array, struct state_edit *edit,
				const struct guid *portal_id);
/*
 * Takes a relative target port identifier that no group in the view has.  Returns 0, ERR_LIMIT or
 * an error of the catalog.  Writer thread, inside a change.
 */
int array_group_take_port(struct array *array, const struct state *view, uint32_t *ret_port);
/* Deletes a portal group and removes its portals from it.  Writer thread. */
int array_group_edit_remove(struct state_edit *edit, const struct guid *group_id);
/*
 * Lists the current mappings of a LUN; the caller frees *ret_mappings with mem_free.  Returns their
 * number or -ENOMEM.
 */
int array_lun_mappings(const struct state *state, const struct guid *lun_id,
		       struct array_mapping **ret_mappings);

/* ---- token.c ---- */

/*
 * Loads the tokens from the catalog, in the place of those in memory.  Returns 0, -ENOMEM or an
 * error of the catalog; then memory has what it had.  The opening or the writer thread.
 */
int array_token_load(struct array *array);
/* Does so for one token, which another gateway has made or revoked.  Writer thread. */
int array_token_foreign(struct array *array, const struct guid *id);
void array_token_fini(struct array *array);

#endif

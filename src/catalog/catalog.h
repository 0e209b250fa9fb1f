/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalog keeps what must survive a restart: rows, the event log, the answers given to request
 * ids, counters and private notes of the array.  They are in one SQLite database beside a lock and
 * a mark (docs/design/catalog.md).  The interface speaks of rows and transactions, never of SQL, so
 * that another kind of catalog can be put behind it.
 *
 * Only the array calls it, one thread at a time: the opening thread and then the writer, but for
 * the functions that say "any thread".  Besides the errors that are named below every function may
 * return -ENOMEM, or -EIO (-ENOSPC when the disk is full) with a text.  After a failure inside a
 * transaction the caller rolls back to the savepoint, or the whole transaction.
 */
#ifndef VDS_CATALOG_CATALOG_H
#define VDS_CATALOG_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "model/state.h"

struct catalog;

/* ---- life ---- */

/*
 * Locks the directory `dir` (makes it with mode 0700 when it is missing; its parent must exist),
 * opens or makes dir/catalog.db (mode 0600), and migrates it after a copy.  Returns 0, ERR_LOCKED
 * (another process has it), ERR_VERSION (a newer program wrote it), ERR_CORRUPT (it is damaged or
 * of another program, or it is missing beside other files of an array: then nothing was written),
 * ERR_NOT_SUPPORTED (a network file system), -errno.
 */
int catalog_open(const char *dir, struct catalog **ret_catalog);
/*
 * Opens as catalog_open does, and gives up acknowledged changes that are missing from the catalog:
 * it becomes a new incarnation that goes on without them.
 */
int catalog_open_accepting_loss(const char *dir, struct catalog **ret_catalog);
/*
 * Locks the directory and opens the catalog only to read it: the catalog is not migrated and gets
 * no new incarnation and no mark, and a log that a crash left is read but stays.  Returns what
 * catalog_open returns; ERR_VERSION also for an older format, ERR_CORRUPT also for an empty
 * catalog.
 */
int catalog_look(const char *dir, struct catalog **ret_catalog);
/* Rolls back an open transaction, closes the catalog and frees it.  Accepts NULL. */
void catalog_close(struct catalog *catalog);
/*
 * Closes the database and opens it again, after a commit has failed; the lock stays held.  Returns
 * what catalog_open returns.
 */
int catalog_reopen(struct catalog *catalog);

/*
 * Checks that the directory `fd` is not on a network file system, where locks and fsync cannot be
 * trusted.  Returns 0, or ERR_NOT_SUPPORTED with a text that names `path`.  Any thread.
 */
int catalog_refuse_network(int fd, const char *path);

/* Returns whether nothing was ever committed here, so that catalog_create must come first. */
bool catalog_is_new(const struct catalog *catalog);
/*
 * Makes the catalog an array's: sets the position to array_id, incarnation 1, sequence 0.  Inside a
 * transaction, once.
 */
int catalog_create(struct catalog *catalog, const struct guid *array_id);
/*
 * Returns whether the catalog became a new incarnation when it was opened, because it is not the
 * one that was in use here last (docs/design/catalog.md).
 */
bool catalog_was_restored(const struct catalog *catalog);

/*
 * Why the catalog is held: it is open and can be read, but every transaction fails with
 * ERR_READ_ONLY, because its structure is damaged or acknowledged changes are missing.  NULL = it
 * is not held.  Valid as long as the catalog; does not change after opening.  Any thread.
 */
const char *catalog_held(const struct catalog *catalog);
/*
 * Returns whether the files in use are still in the directory: 0, or ERR_CORRUPT with a text that
 * names the one that was deleted or replaced.  catalog_begin asks this too.  Any thread.
 */
int catalog_still_there(const struct catalog *catalog);

/*
 * Loads all rows and the position; the caller owns the state.  Returns 0, or ERR_CORRUPT (the
 * stored digest is not that of the rows).
 */
int catalog_load(struct catalog *catalog, struct state **ret_state);
/*
 * The file's structure, the relations, the invariants of rows (state_check), the digest, the event
 * log and the private notes against them.  0 or ERR_CORRUPT with a text that names the first
 * breach.  Reads everything.
 */
int catalog_check(struct catalog *catalog);

/*
 * A copy of the catalog at one moment, to be checked by another thread while the catalog goes on.
 * catalog_copy_begin and catalog_copy_step are called by the catalog's thread, outside of
 * transactions; so is catalog_copy_free while the copy is not complete.
 */
struct catalog_copy;

/* One copy at a time.  Returns 0, -ENOMEM or -EIO (the database is not open). */
int catalog_copy_begin(struct catalog *source, struct catalog_copy **ret_copy);
/*
 * Copies some pages.  Returns 1 (call again), 0 (the copy is complete: it is the catalog as it is
 * now) or an error of the disk.  The catalog may change between two steps.
 */
int catalog_copy_step(struct catalog_copy *copy);
/* The position of a complete copy; valid until catalog_copy_free. */
const struct position *catalog_copy_position(const struct catalog_copy *copy);
/* As catalog_check, for a complete copy.  Any thread. */
int catalog_copy_check(struct catalog_copy *copy);
void catalog_copy_free(struct catalog_copy *copy); /* accepts NULL */

/* ---- reserved space: docs/design/catalog.md ---- */

#define CATALOG_RESERVE_BYTES (4u << 20)

/*
 * What a change does to space.  Once the reserve is not whole, a change may be made while so much
 * of it is left:
 */
enum catalog_use {
	CATALOG_CHANGES,    /* half: it changes what is there */
	CATALOG_MAKES,      /* all: it makes something */
	CATALOG_ASSOCIATES, /* a quarter: it makes paths */
	CATALOG_FREES       /* nothing: it deletes, or notes what the array itself must note */
};

/*
 * Returns whether a change of this use may be made now: 0, or ERR_NO_SPACE with a text (too much of
 * the reserve is used up).
 */
int catalog_reserve_check(const struct catalog *catalog, enum catalog_use use);
/*
 * Returns whether the reserve is not whole, so that catalog_reserve_renew should be called.  Any
 * thread.
 */
bool catalog_reserve_is_wanted(const struct catalog *catalog);
/* Makes the reserve whole when the file system has room for it.  Best effort; nothing is synced. */
void catalog_reserve_renew(struct catalog *catalog);
/*
 * How many bytes of the reserve are missing; 0 also for a file system that has none.  Also for a
 * catalog that is looked at.  Any thread.
 */
uint64_t catalog_reserve_missing(const struct catalog *catalog);

/* ---- transactions ---- */

/*
 * Begins a transaction.  Returns 0, ERR_READ_ONLY (the catalog is held), ERR_CORRUPT (a file of the
 * catalog is gone), or an error of the database.
 */
int catalog_begin(struct catalog *catalog);
/*
 * Commits the transaction.  Returns 0 when it is durable.  After a failure it is not known whether
 * the transaction is on disk: catalog_reopen and catalog_load tell.
 */
int catalog_commit(struct catalog *catalog);
void catalog_rollback(struct catalog *catalog); /* harmless outside a transaction */
/* Sets the savepoint; there is one at a time, inside a transaction. */
int catalog_savepoint(struct catalog *catalog);
int catalog_release(struct catalog *catalog);
/* Undoes what came after the savepoint, and removes the savepoint. */
int catalog_rollback_to(struct catalog *catalog);

/* ---- inside a transaction ---- */

/*
 * Stores one change: its rows, its event and the new position.  Returns 0, or ERR_INTERNAL (the
 * change's sequence does not follow the catalog's).  Old events are dropped: at least
 * CATALOG_EVENTS_KEPT stay, or CATALOG_EVENTS_KEPT_FULL while the reserve is not whole.
 */
#define CATALOG_EVENTS_KEPT      10000
#define CATALOG_EVENTS_KEPT_FULL 64
int catalog_apply(struct catalog *catalog, const struct change *change);

/* The first answer to a request id; at least as many are kept as events. */
struct catalog_answer {
	struct guid request_id;
	uint64_t sequence;
	struct guid object_id;
	struct guid job_id;
	bool existed;
};

int catalog_answer_put(struct catalog *catalog, const struct catalog_answer *answer);

/* Counters hold the last value that was given out; a counter begins at 0. */
enum catalog_counter {
	CATALOG_LUN_NUMBER,
	CATALOG_RELATIVE_PORT,
	CATALOG_RUNNING, /* 1 while the array is open: found at open after a crash */
	CATALOG_COUNTERS
};

int catalog_counter_get(struct catalog *catalog, enum catalog_counter counter, uint64_t *ret_value);
int catalog_counter_set(struct catalog *catalog, enum catalog_counter counter, uint64_t value);

/* What a running job needs to go on after a restart; goes with its job row. */
struct catalog_job {
	struct guid job_id;
	uint64_t from_bytes, to_bytes; /* sizes of the LUN before and after */
};

int catalog_job_put(struct catalog *catalog, const struct catalog_job *job);
int catalog_job_delete(struct catalog *catalog, const struct guid *job_id); /* 0 also without it */

/* A deleted LUN's file that is still to be unlinked. */
struct catalog_unlink {
	struct guid lun_id;
	struct guid pool_id;
	const char *path; /* absolute; borrowed */
};

int catalog_unlink_put(struct catalog *catalog, const struct catalog_unlink *entry);
/* Returns 0 also when there is no such note. */
int catalog_unlink_delete(struct catalog *catalog, const struct guid *lun_id);

/*
 * LUN numbers that initiators may remember.  Targets are named by their iSCSI names (borrowed).
 * An initiator has logged in to this target; noting it again changes nothing.
 */
int catalog_seen_put(struct catalog *catalog, const char *target);
/*
 * Notes that the number was given up by this LUN behind the target, with the change after the
 * catalog's position; replaces what was noted for the number before.
 */
int catalog_retired_put(struct catalog *catalog, const char *target, uint32_t number,
			const struct guid *lun_id);
/*
 * The target is deleted: forgets the logins, keeps the numbers in case it is created again.  Of all
 * targets that do not exist the CATALOG_RETIRED_KEPT numbers given up last are kept.
 */
#define CATALOG_RETIRED_KEPT 65536
int catalog_retired_target_deleted(struct catalog *catalog, const char *target);
/*
 * A target of this name is created: its numbers, if any are kept, are those of a target that
 * exists.
 */
int catalog_retired_target_created(struct catalog *catalog, const char *target);

/* ---- reading ---- */

/* Each of these calls `each` in order until it returns non-zero, and returns that value, else 0. */
int catalog_answers(struct catalog *catalog,
		    int (*each)(void *arg, const struct catalog_answer *answer), void *arg);
int catalog_jobs(struct catalog *catalog, int (*each)(void *arg, const struct catalog_job *job),
		 void *arg);
int catalog_unlinks(struct catalog *catalog,
		    int (*each)(void *arg, const struct catalog_unlink *entry), void *arg);
int catalog_seen_list(struct catalog *catalog, int (*each)(void *arg, const char *target),
		      void *arg);
/* The numbers given up behind a target, the one given up longest ago first. */
int catalog_retired_list(struct catalog *catalog, const char *target,
			 int (*each)(void *arg, uint32_t number, const struct guid *lun_id),
			 void *arg);
/*
 * Call `each` with the encoded changes after the sequence `since`, oldest first, without a gap.
 * The text is borrowed for the call; catalog_event_decode reads it, on whichever thread has time
 * for that.  Returns 0, ERR_GONE (they are not all kept any more), ERR_CORRUPT, -errno, or the
 * first result of `each` that is not 0.
 */
int catalog_events(struct catalog *catalog, uint64_t since,
		   int (*each)(void *arg, uint64_t sequence, const char *text), void *arg);
/*
 * Decode the text of an event.  The caller owns *ret_change (change_unref).  Returns 0,
 * ERR_CORRUPT (the text is damaged) or -ENOMEM.  Any thread.
 */
int catalog_event_decode(const char *text, struct change **ret_change);

#endif

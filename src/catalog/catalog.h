/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalog stores what must survive a restart: rows, the event log, the answers to request ids,
 * counters, and private notes of the array.  They are in one SQLite database beside a lock and a
 * mark (docs/design/catalog.md).  The interface uses rows and transactions, never SQL, so that
 * another kind of catalog can replace it.
 *
 * Only the array calls these functions, from one thread at a time: first the opening thread, later
 * the writer thread, except where a comment says "any thread".  Every function may also return
 * -ENOMEM, -EIO (the disk failed) or -ENOSPC (the disk is full) with a text.  After a failure
 * inside a transaction the caller rolls back to the savepoint, or rolls back the whole transaction.
 */
#ifndef VDS_CATALOG_CATALOG_H
#define VDS_CATALOG_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sha.h"
#include "model/audit.h"
#include "model/principal.h"
#include "model/state.h"

struct catalog;

/* ---- life ---- */

/*
 * Locks the directory `dir`, opens the catalog dir/catalog.db, and migrates it after making a copy.
 * Makes the directory (mode 0700, its parent must exist) and the catalog (mode 0600) when they are
 * missing.  Returns 0, ERR_LOCKED (another process uses the directory), ERR_VERSION (a newer
 * program wrote the catalog), ERR_CORRUPT (the catalog is damaged, belongs to another program, or
 * is missing beside other files of an array; then nothing was written), ERR_NOT_SUPPORTED (a
 * network file system) or -errno.
 */
int catalog_open(const char *dir, struct catalog **ret_catalog);
/*
 * Opens as catalog_open does, and accepts the loss of acknowledged changes that are missing from
 * the catalog: the catalog becomes a new incarnation that goes on without them.  Returns as
 * catalog_open.
 */
int catalog_open_accepting_loss(const char *dir, struct catalog **ret_catalog);
/*
 * Locks the directory and opens the catalog for reading only: does not migrate it, starts no new
 * incarnation and writes no mark.  Reads a log that a crash has left, and leaves it there.  Returns
 * as catalog_open, and also ERR_VERSION for an older format and ERR_CORRUPT for an empty catalog.
 */
int catalog_look(const char *dir, struct catalog **ret_catalog);
/* Rolls back an open transaction, closes the catalog and frees it.  Accepts NULL. */
void catalog_close(struct catalog *catalog);
/*
 * Closes and reopens the database after a commit has failed; keeps the lock.  Returns as
 * catalog_open.
 */
int catalog_reopen(struct catalog *catalog);

/*
 * Checks that the directory `fd` is not on a network file system, where locks and fsync cannot be
 * trusted.  Returns 0, or ERR_NOT_SUPPORTED with a text that names `path`.  Any thread.
 */
int catalog_refuse_network(int fd, const char *path);

/*
 * Returns whether nothing was ever committed to this catalog, so that catalog_create must be called
 * first.
 */
bool catalog_is_new(const struct catalog *catalog);
/*
 * Makes a new catalog that of the array `array_id`: sets the position to this id, incarnation 1,
 * sequence 0.  Called once, inside a transaction.
 */
int catalog_create(struct catalog *catalog, const struct guid *array_id);
/*
 * Returns whether the catalog became a new incarnation when it was opened, because it is not the
 * one that was used in this directory last (docs/design/catalog.md).
 */
bool catalog_was_restored(const struct catalog *catalog);

/*
 * Returns why the catalog is held, or NULL when it is not.  A catalog is held when its structure is
 * damaged or acknowledged changes are missing: it can be read, but every transaction fails with
 * ERR_READ_ONLY.  The answer does not change while the catalog is open, and the text is valid until
 * catalog_close.  Any thread.
 */
const char *catalog_held(const struct catalog *catalog);
/*
 * Checks that the files in use are still in the directory.  Returns 0, or ERR_CORRUPT with a text
 * that names the file that was deleted or replaced.  catalog_begin makes this check too.  Any
 * thread.
 */
int catalog_still_there(const struct catalog *catalog);

/* Returns the position after the last commit, valid until the next one.  The catalog's thread. */
const struct position *catalog_position(const struct catalog *catalog);

/*
 * Loads all rows and the position.  The caller owns a reference to *ret_state.  Returns 0, or
 * ERR_CORRUPT (the stored digest does not match the rows).
 */
int catalog_load(struct catalog *catalog, struct state **ret_state);
/*
 * Checks the structure of the file, the relations and invariants of rows (state_check), the digest,
 * and the event log and private notes against the rows.  Reads the whole catalog.  Returns 0, or
 * ERR_CORRUPT with a text that names the first violation.
 */
int catalog_check(struct catalog *catalog);

/*
 * A copy of the catalog at one moment, which another thread can check while the catalog goes on.
 * The catalog's thread calls catalog_copy_begin and catalog_copy_step outside of transactions, and
 * also catalog_copy_free while the copy is not complete.
 */
struct catalog_copy;

/*
 * Begins a copy; only one may exist at a time.  Returns 0, -ENOMEM or -EIO (the database is not
 * open).  The caller owns *ret_copy.
 */
int catalog_copy_begin(struct catalog *source, struct catalog_copy **ret_copy);
/*
 * Copies some pages.  Returns 1 (not complete: call again), 0 (the copy is complete, and equals the
 * catalog at this moment) or an error of the disk.  The catalog may change between two steps.
 */
int catalog_copy_step(struct catalog_copy *copy);
/* Returns the position of a complete copy, which is valid until catalog_copy_free. */
const struct position *catalog_copy_position(const struct catalog_copy *copy);
/* Checks a complete copy as catalog_check does, with the same results.  Any thread. */
int catalog_copy_check(struct catalog_copy *copy);
/*
 * Saves a complete copy as one file with mode 0600, which holds everything that the catalog does,
 * secrets included, and nothing that was deleted.  Returns 0, or -EEXIST (the file exists).  The
 * file is not synced.  Any thread.
 */
int catalog_copy_save(struct catalog_copy *copy, const char *path);
/* Frees a copy, complete or not.  Accepts NULL. */
void catalog_copy_free(struct catalog_copy *copy);

/* ---- restoring a backup: docs/design/catalog.md ---- */

struct catalog_restore;

/*
 * Opens the backup `file` (catalog_copy_save) beside the catalog of the directory `dir`, which may
 * be missing: copies, migrates and checks it, and makes it a new incarnation.  The directory is as
 * before, and locked.  replace: also where there is a catalog.  Returns 0, ERR_LOCKED,
 * ERR_NAME_IN_USE (there is a catalog), ERR_INVALID or ERR_CORRUPT (`file` is no backup, or
 * damaged), ERR_VERSION (of a newer program) or -errno.
 */
int catalog_restore_begin(const char *dir, const char *file, bool replace,
			  struct catalog_restore **ret_restore);
/*
 * Returns the backup as an open catalog, which may be changed before the commit.  It belongs to
 * `restore`.
 */
struct catalog *catalog_restore_catalog(struct catalog_restore *restore);
/*
 * Puts the backup in the place of the catalog.  *ret_aside: the name of the folder in `dir` in
 * which the files of the former catalog are kept, "" when there were none; valid until
 * catalog_restore_free.  Returns 0 when that is durable, or -errno: then the former catalog is in
 * use as before, unless *ret_aside was set.
 */
int catalog_restore_commit(struct catalog_restore *restore, const char **ret_aside);
/* Ends a restore; one that was not committed has changed nothing.  Accepts NULL. */
void catalog_restore_free(struct catalog_restore *restore);

/* ---- reserved space: docs/design/catalog.md ---- */

#define CATALOG_RESERVE_BYTES (4u << 20)

/*
 * What a change does to the space on the disk.  The value decides how much of the reserve the
 * change may use: while the reserve is not whole, a change is accepted only if at least the named
 * part of the reserve is left.
 */
enum catalog_use {
	CATALOG_CHANGES,    /* half; the change modifies existing objects */
	CATALOG_MAKES,      /* all; the change creates an object */
	CATALOG_ASSOCIATES, /* a quarter; the change associates LUNs with targets */
	CATALOG_FREES       /* nothing; the change deletes, or the array itself needs it */
};

/*
 * Checks whether a change of this use may be made now.  Returns 0, or ERR_NO_SPACE with a text (too
 * much of the reserve is used up).
 */
int catalog_reserve_check(const struct catalog *catalog, enum catalog_use use);
/*
 * Returns whether the reserve is not whole, so that catalog_reserve_renew should be called.  Any
 * thread.
 */
bool catalog_reserve_is_wanted(const struct catalog *catalog);
/*
 * Makes the reserve whole again if the file system has room for it.  Failures are ignored; nothing
 * is synced.
 */
void catalog_reserve_renew(struct catalog *catalog);
/*
 * Returns how many bytes of the reserve are missing; 0 also for a file system that cannot have a
 * reserve.  Works also after catalog_look.  Any thread.
 */
uint64_t catalog_reserve_missing(const struct catalog *catalog);

/* ---- memory ---- */

/*
 * Keeps the pages of catalogs out of core files, and overwrites what SQLite gives back, so that no
 * CHAP secret stays in memory.  For the whole process.  Called by the program before its first
 * catalog is opened, and before it has threads.  Returns 0, -ENOMEM or ERR_INTERNAL (SQLite is in
 * use already), with a text.
 */
int catalog_memory_protect(void);

/* ---- transactions ---- */

/*
 * Begins a transaction.  Returns 0, ERR_READ_ONLY (the catalog is held), ERR_CORRUPT (a file of the
 * catalog was deleted or replaced) or an error of the database.
 */
int catalog_begin(struct catalog *catalog);
/*
 * Commits the transaction.  Returns 0 when the transaction is durable.  After a failure it is not
 * known whether the transaction is on disk; the caller finds out with catalog_reopen and
 * catalog_load.
 */
int catalog_commit(struct catalog *catalog);
/* Rolls the transaction back.  Does nothing outside a transaction. */
void catalog_rollback(struct catalog *catalog);
/* Sets the savepoint inside a transaction; only one may exist at a time. */
int catalog_savepoint(struct catalog *catalog);
/* Removes the savepoint and keeps the changes after it. */
int catalog_release(struct catalog *catalog);
/* Undoes the changes after the savepoint, and removes the savepoint. */
int catalog_rollback_to(struct catalog *catalog);

/* ---- inside a transaction ---- */

/*
 * Stores one change: its rows, its event and the new position.  `before` is the state that the
 * change changes, which is what the catalog holds so far; of a row that it has only the fields are
 * written that differ.  Deletes old events, but keeps at least the newest CATALOG_EVENTS_KEPT, or
 * CATALOG_EVENTS_KEPT_FULL while the reserve is not whole.  Returns 0, ERR_INTERNAL (the change's
 * sequence does not follow the catalog's) or ERR_CORRUPT (a row of `before` is not stored).
 */
#define CATALOG_EVENTS_KEPT      10000
#define CATALOG_EVENTS_KEPT_FULL 64
int catalog_apply(struct catalog *catalog, const struct state *before, const struct change *change);

/* The first answer to a request id.  At least as many answers as events are kept. */
struct catalog_answer {
	struct guid request_id;
	uint64_t sequence;
	struct guid object_id;
	struct guid job_id;
	bool existed;
};

/* Stores the answer to a request id. */
int catalog_answer_put(struct catalog *catalog, const struct catalog_answer *answer);

/* Counters.  Each stores the last value that was used, and begins at 0. */
enum catalog_counter {
	CATALOG_LUN_NUMBER,
	CATALOG_RELATIVE_PORT,
	CATALOG_RUNNING, /* 1 while the array is open; 1 at open means that vdsd crashed */
	CATALOG_COUNTERS
};

/* Reads and stores the value of a counter. */
int catalog_counter_get(struct catalog *catalog, enum catalog_counter counter, uint64_t *ret_value);
int catalog_counter_set(struct catalog *catalog, enum catalog_counter counter, uint64_t value);

/* What a running job needs to go on after a restart.  Deleted together with the job's row. */
struct catalog_job {
	struct guid job_id;
	uint64_t from_bytes, to_bytes; /* sizes of the LUN before and after */
};

int catalog_job_put(struct catalog *catalog, const struct catalog_job *job);
/* Returns 0 also when there is no such note. */
int catalog_job_delete(struct catalog *catalog, const struct guid *job_id);

/*
 * A file that still has to be unlinked: of a deleted LUN, or of one that is, or stays, in another
 * pool.
 */
struct catalog_unlink {
	struct guid lun_id;
	struct guid pool_id;
	const char *path;          /* absolute; borrowed */
	struct guid controller_id; /* of the gateway that removes it; zero = the only vdsd */
};

int catalog_unlink_put(struct catalog *catalog, const struct catalog_unlink *entry);
/* Makes a note that there is one for entry->controller_id. */
int catalog_unlink_take(struct catalog *catalog, const struct catalog_unlink *entry);
/* Returns 0 also when there is no such note. */
int catalog_unlink_delete(struct catalog *catalog, const struct guid *lun_id,
			  const struct guid *pool_id);

/* How full a pool was when that was last announced. */
struct catalog_pool_space {
	enum pool_space space;
	uint64_t crossings; /* how often the pool has become low or full in its life */
};

/* Stores what was announced last, in the place of what was there. */
int catalog_pool_space_put(struct catalog *catalog, const struct guid *pool_id,
			   const struct catalog_pool_space *space);
/* Reads it; *ret_space is all zeros when nothing was ever announced. */
int catalog_pool_space_get(struct catalog *catalog, const struct guid *pool_id,
			   struct catalog_pool_space *ret_space);
/* Forgets it, with the pool.  Returns 0 also when nothing is stored. */
int catalog_pool_space_delete(struct catalog *catalog, const struct guid *pool_id);

/* When a schedule of snapshots has run last, in milliseconds since 1970, UTC. */
struct catalog_schedule_run {
	struct guid schedule_id;
	int64_t slot_ms; /* the time for which that run was */
	int64_t last_ms; /* when it was */
};

/* Stores the last run in the place of what was there; forgotten with the schedule's row. */
int catalog_schedule_run_put(struct catalog *catalog, const struct catalog_schedule_run *run);

/* What a LUN's logical unit must keep (scsi/store.h).  The catalog does not look at the data. */
struct catalog_kept {
	struct guid lun_id;
	uint32_t kind, version;
	const void *data; /* borrowed */
	size_t bytes;
};

/* Stores the data in the place of what was kept of this kind. */
int catalog_kept_put(struct catalog *catalog, const struct catalog_kept *kept);
/* Return 0 also when nothing is kept. */
int catalog_kept_delete(struct catalog *catalog, const struct guid *lun_id, uint32_t kind);
int catalog_kept_forget(struct catalog *catalog, const struct guid *lun_id); /* every kind */
int catalog_kept_drop(struct catalog *catalog, uint32_t kind);               /* of every LUN */

/*
 * Notes that an initiator has logged in to this target, so that initiators may remember its LUN
 * numbers.  target: the target's iSCSI name, borrowed.  Noting the same target again changes
 * nothing.
 */
int catalog_seen_put(struct catalog *catalog, const char *target);
/*
 * Notes that this LUN gave up its number behind the target, with the change that follows the
 * catalog's position.  Replaces an earlier note about the number.
 */
int catalog_retired_put(struct catalog *catalog, const char *target, uint32_t number,
			const struct guid *lun_id);
/*
 * Calls when the target is deleted: deletes the notes of its logins, but keeps its retired numbers
 * in case that a target of this name is created again.  Keeps only the newest CATALOG_RETIRED_KEPT
 * numbers of all targets that do not exist.
 */
#define CATALOG_RETIRED_KEPT 65536
int catalog_retired_target_deleted(struct catalog *catalog, const char *target);
/*
 * Calls when a target of this name is created: retired numbers that were kept under the name belong
 * to an existing target again.
 */
int catalog_retired_target_created(struct catalog *catalog, const char *target);

/* A token, with which a program asks.  The texts are borrowed. */
struct catalog_token {
	struct guid id;
	const char *name;    /* unique */
	const char *creator; /* who created it, for people */
	enum principal_role role;
	uint8_t hash[SHA256_BYTES];     /* of the token's text, which is stored nowhere */
	int64_t created_ms, expires_ms; /* UTC; expires_ms 0 = never */
};

/* Stores a token.  Returns 0, or ERR_NAME_IN_USE with a text. */
int catalog_token_put(struct catalog *catalog, const struct catalog_token *token);
/* Deletes a token.  Returns 0, or ERR_NOT_FOUND (no such token). */
int catalog_token_delete(struct catalog *catalog, const struct guid *id);

/*
 * A CHAP secret, and the one before it.  Both are borrowed; a length of 0 says that there is none.
 * Stored beside the row of its credential, which must be put in the same transaction, and deleted
 * together with that row.
 */
struct catalog_secret {
	struct guid credential_id;
	const uint8_t *bytes, *old_bytes;
	size_t len, old_len;
};

int catalog_secret_put(struct catalog *catalog, const struct catalog_secret *secret);
/*
 * The secret by which the gateways of an array know each other, which is put once, when the array
 * is made.  _put: within a transaction.  _get returns also ERR_NOT_FOUND (there is none) and
 * ERR_CORRUPT.
 */
#define CATALOG_GATEWAY_SECRET_BYTES 32
int catalog_gateway_secret_put(struct catalog *catalog, const uint8_t *bytes);
int catalog_gateway_secret_get(struct catalog *catalog, uint8_t *ret_bytes);
/*
 * Copies the log into the database and truncates it when it may hold a secret that was replaced or
 * deleted, so that no file of the catalog holds that secret.  Called outside of transactions, after
 * a commit; does nothing when no such secret is in the log.  Costs two syncs, like two commits.
 * Returns 0, or an error of the disk: then the log is as before, and the next call tries again.
 */
int catalog_secret_scrub(struct catalog *catalog);

/*
 * Adds a record to the audit log, with a number of its own.  Texts are borrowed.  change: what was
 * changed, with the state before it; NULL = no row.  Removes the two oldest records when they are
 * older than catalog_audit_keep says, or when there are more than CATALOG_AUDIT_KEPT; while the
 * reserve is not whole, when there are more than CATALOG_EVENTS_KEPT_FULL.
 */
#define CATALOG_AUDIT_KEPT 200000
int catalog_audit_put(struct catalog *catalog, const struct audit_record *record,
		      const struct state *before, const struct change *change);
/* Sets how long records are kept; 0 = until there are too many. */
void catalog_audit_keep(struct catalog *catalog, int64_t keep_ms);
/* Removes at most CATALOG_AUDIT_PRUNE records that are too old. */
#define CATALOG_AUDIT_PRUNE 1000
int catalog_audit_prune(struct catalog *catalog);

/* ---- reading ---- */

/*
 * Each of these functions calls `each` for every entry, in order, until it returns non-zero.
 * Returns that value, or 0 after the last entry, or an error of the catalog.
 */
int catalog_answers(struct catalog *catalog,
		    int (*each)(void *arg, const struct catalog_answer *answer), void *arg);
int catalog_jobs(struct catalog *catalog, int (*each)(void *arg, const struct catalog_job *job),
		 void *arg);
int catalog_schedule_runs(struct catalog *catalog,
			  int (*each)(void *arg, const struct catalog_schedule_run *run),
			  void *arg);
int catalog_kept_list(struct catalog *catalog,
		      int (*each)(void *arg, const struct catalog_kept *kept), void *arg);
int catalog_unlinks(struct catalog *catalog,
		    int (*each)(void *arg, const struct catalog_unlink *entry), void *arg);
/*
 * Each of these functions calls `each` for the entries with that key, of which there is one at most
 * (several kinds of catalog_kept_of), as the functions above do for all.
 */
int catalog_job_of(struct catalog *catalog, const struct guid *job_id,
		   int (*each)(void *arg, const struct catalog_job *job), void *arg);
int catalog_schedule_run_of(struct catalog *catalog, const struct guid *schedule_id,
			    int (*each)(void *arg, const struct catalog_schedule_run *run),
			    void *arg);
int catalog_kept_of(struct catalog *catalog, const struct guid *lun_id,
		    int (*each)(void *arg, const struct catalog_kept *kept), void *arg);
int catalog_token_of(struct catalog *catalog, const struct guid *id,
		     int (*each)(void *arg, const struct catalog_token *token), void *arg);
int catalog_secret_of(struct catalog *catalog, const struct guid *credential_id,
		      int (*each)(void *arg, const struct catalog_secret *secret), void *arg);
/*
 * Lists the newest records of the audit log whose number is less than `before` (0 = all), at most
 * `most`, the newest first.
 */
int catalog_audit_list(struct catalog *catalog, uint64_t before, unsigned most,
		       int (*each)(void *arg, const struct audit_record *record), void *arg);
/* Returns also ERR_CORRUPT (a token is damaged). */
int catalog_tokens(struct catalog *catalog,
		   int (*each)(void *arg, const struct catalog_token *token), void *arg);
int catalog_secrets(struct catalog *catalog,
		    int (*each)(void *arg, const struct catalog_secret *secret), void *arg);
int catalog_seen_list(struct catalog *catalog, int (*each)(void *arg, const char *target),
		      void *arg);
/*
 * Lists the numbers that were given up behind a target, the one given up longest ago first.
 * Returns as the functions above.
 */
int catalog_retired_list(struct catalog *catalog, const char *target,
			 int (*each)(void *arg, uint32_t number, const struct guid *lun_id),
			 void *arg);
/*
 * Calls `each` with the encoded changes after the sequence `since`, oldest first, without a gap.
 * The text is valid during the call; any thread can decode a copy of it with catalog_event_decode.
 * Returns 0, ERR_GONE (not all of these changes are kept any more), ERR_CORRUPT (the log is
 * damaged), -errno, or the first non-zero result of `each`.
 */
int catalog_events(struct catalog *catalog, uint64_t since,
		   int (*each)(void *arg, uint64_t sequence, const char *text), void *arg);
/*
 * Decodes the text of an event.  The caller owns *ret_change (change_unref).  Returns 0,
 * ERR_CORRUPT (the text is damaged) or -ENOMEM.  Any thread.
 */
int catalog_event_decode(const char *text, struct change **ret_change);

#endif

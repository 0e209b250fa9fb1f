/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the folder catalog: the database handle, its statements, the migrations, and what its
 * files share.  Unless a comment names a thread, the catalog's thread (see catalog.h) calls these
 * functions.  Prototypes are grouped by the file that defines them.
 */
#ifndef VDS_CATALOG_CATALOG_INT_H
#define VDS_CATALOG_CATALOG_INT_H

#include <stdatomic.h>

#include <sqlite3.h>

#include "catalog/catalog.h"

#define CATALOG_APPLICATION_ID 0x56445344 /* "VDSD": marks the database as one of vdsd */

/* The statements of the catalog.  Each is prepared once, at its first use. */
enum catalog_statement {
	STMT_BEGIN,
	STMT_COMMIT,
	STMT_ROLLBACK,
	STMT_SAVEPOINT,
	STMT_RELEASE,
	STMT_ROLLBACK_TO,
	STMT_POSITION_GET,
	STMT_POSITION_CREATE,
	STMT_POSITION_MOVE,
	STMT_POSITION_REINCARNATE,
	STMT_EVENT_PUT,
	STMT_EVENT_PRUNE,
	STMT_EVENT_PRUNE_TWO,
	STMT_EVENT_RANGE,
	STMT_EVENT_LIST,
	STMT_EVENT_DIGEST,
	STMT_ANSWER_PUT,
	STMT_ANSWER_PRUNE,
	STMT_ANSWER_PRUNE_TWO,
	STMT_ANSWER_LIST,
	STMT_COUNTER_GET,
	STMT_COUNTER_SET,
	STMT_JOB_PUT,
	STMT_JOB_DELETE,
	STMT_JOB_LIST,
	STMT_JOB_GET,
	STMT_KEPT_PUT,
	STMT_KEPT_DELETE,
	STMT_KEPT_FORGET,
	STMT_KEPT_DROP,
	STMT_KEPT_LIST,
	STMT_KEPT_OF,
	STMT_UNLINK_PUT,
	STMT_UNLINK_DELETE,
	STMT_UNLINK_TAKE,
	STMT_UNLINK_LIST,
	STMT_SEEN_PUT,
	STMT_SEEN_DELETE,
	STMT_SEEN_LIST,
	STMT_RETIRED_PUT,
	STMT_RETIRED_LIST,
	STMT_RETIRED_GONE,
	STMT_RETIRED_BACK,
	STMT_RETIRED_PRUNE,
	STMT_TOKEN_PUT,
	STMT_TOKEN_DELETE,
	STMT_TOKEN_NAMED,
	STMT_TOKEN_LIST,
	STMT_TOKEN_GET,
	STMT_SECRET_PUT,
	STMT_SECRET_REPLACE,
	STMT_SECRET_LIST,
	STMT_SECRET_GET,
	STMT_GATEWAY_SECRET_PUT,
	STMT_GATEWAY_SECRET_GET,
	STMT_SCHEDULE_RUN_PUT,
	STMT_SCHEDULE_RUN_LIST,
	STMT_SCHEDULE_RUN_GET,
	STMT_POOL_SPACE_PUT,
	STMT_POOL_SPACE_GET,
	STMT_POOL_SPACE_DELETE,
	STMT_AUDIT_PUT,
	STMT_AUDIT_PRUNE,
	STMT_AUDIT_LIST,
	STMT_COUNT
};

/* The statements of one family of rows, generated from the family's field table. */
#define CATALOG_UPDATES 8
struct catalog_row_statements {
	sqlite3_stmt *put, *delete, *list;
	/* the updates that ran last, each for one set of fields: bit n of its mask is field n */
	struct {
		uint32_t fields;
		sqlite3_stmt *stmt;
	} updates[CATALOG_UPDATES];
	unsigned next_update; /* the one that goes when another set of fields comes */
};

/* The position of the catalog when it was last used in this directory.  Stored in DIR/mark. */
struct catalog_mark {
	struct guid array_id;
	uint64_t incarnation, sequence;
};

/*
 * Reserved space for a full disk, and the layer below SQLite that frees it when needed: reserve.c.
 */
struct catalog_reserve {
	int fd;                         /* descriptor of DIR/reserve; -1 = none */
	uint64_t held_bytes;            /* bytes allocated, at most CATALOG_RESERVE_BYTES */
	_Atomic uint64_t missing_bytes; /* CATALOG_RESERVE_BYTES - held_bytes, for other threads */
	bool saving;                    /* SQLite is set to save space; writer thread */
	atomic_bool wanted;             /* the reserve is not whole, but could be */
	char name[40];                  /* name of the VFS */
	sqlite3_vfs vfs, *real;         /* real: the VFS below; NULL = not registered */
};

/* The files that must not be deleted or replaced while the catalog is open: guard.c. */
enum catalog_file_kind {
	CATALOG_FILE_LOCK,
	CATALOG_FILE_DATABASE,
	CATALOG_FILE_LOG, /* created by the first change, removed when the database closes */
	CATALOG_FILES
};

struct catalog_file {
	_Atomic uint64_t dev, ino;
	atomic_bool known;      /* set after dev and ino */
	atomic_uint generation; /* counts how often the file was forgotten */
};

struct catalog_sharing; /* shared_int.h */

struct catalog {
	char *dir;                    /* owned */
	int dir_fd, lock_fd, mark_fd; /* -1 = none */
	sqlite3 *db;
	sqlite3_stmt *statements[STMT_COUNT];
	struct catalog_row_statements rows[ROW_STORED_COUNT];
	struct position position; /* after the last catalog_apply */
	struct position committed;
	bool in_transaction, in_savepoint;
	struct position at_savepoint;
	bool is_new, was_restored;
	bool look;               /* opened by catalog_look: nothing may change */
	bool accept_loss;        /* opened by catalog_open_accepting_loss */
	bool restored;           /* opened by catalog_open_restored */
	uint64_t restored_after; /* an incarnation: the new one is later */
	uint64_t lost; /* how many acknowledged changes are missing; UINT64_MAX = unknown */
	/* why nothing may be written; "" = writing is allowed.  Set while opening. */
	char held[384];
	bool structure_seen; /* the structure was checked while opening */
	struct catalog_file files[CATALOG_FILES];
	struct catalog_reserve reserve;
	/*
	 * the log may hold a secret that was replaced or deleted; outdated: in the transaction that
	 * goes on, so that a commit sets secret_in_log
	 */
	bool secret_outdated, secret_in_log;
	struct catalog_sharing *sharing; /* owned; NULL = the catalog is not shared */
	int64_t audit_keep_ms; /* how long records of the audit log are kept; 0 = always */
	struct catalog_copy
		*copying; /* the unfinished copy, which must end before the database closes */
};

/*
 * A migration of the schema.  Migrations go forward only; the n-th converts version n-1 to version
 * n.
 */
struct catalog_migration {
	const char *sql;
};

extern const struct catalog_migration catalog_migrations[];
extern const unsigned catalog_migration_count;

/*
 * check.c: does the part of catalog_check that works inside the database.  Returns as
 * catalog_check.
 */
int catalog_check_content(struct catalog *catalog);

/*
 * catalog.c: opens a catalog as catalog_open does, and makes it a new incarnation that is later
 * than `after`.  Returns as catalog_open.
 */
int catalog_open_restored(const char *dir, uint64_t after, struct catalog **ret_catalog);
/*
 * Makes and locks a directory as catalog_open does, but opens no database.  Returns as
 * catalog_open; the caller calls catalog_close.
 */
int catalog_dir_open(const char *dir, struct catalog **ret_catalog);

/* copy.c: returns the copy as a catalog that has only its database. */
struct catalog *catalog_copy_of(struct catalog_copy *copy);
/* copy.c: ends an unfinished copy, so that its next step fails.  Accepts NULL. */
void catalog_copy_end(struct catalog_copy *copy);

/* db.c: opens the database and migrates it to version `count`.  Returns as catalog_open. */
int catalog_db_open(struct catalog *catalog, const struct catalog_migration *migrations,
		    unsigned count);
/* Opens an existing database of version `count` for reading only.  Returns as catalog_look. */
int catalog_db_look(struct catalog *catalog, unsigned count);
void catalog_db_close(struct catalog *catalog);
/* Converts a result of SQLite to an error of the catalog, with a text that begins with `what`. */
int catalog_db_error(struct catalog *catalog, int sqlite_code, const char *what);
/*
 * Returns a statement in *ret_stmt, prepared, reset and without bindings.  Returns 0 or an error of
 * the database.
 */
int catalog_statement(struct catalog *catalog, enum catalog_statement which,
		      sqlite3_stmt **ret_stmt);
/*
 * Runs a statement that returns no rows, and resets it.  Returns 0 or an error of the database,
 * with a text that begins with `what`.
 */
int catalog_run(struct catalog *catalog, sqlite3_stmt *stmt, const char *what);
/* Runs the statements in sql, which return no rows.  Returns 0 or an error of the database. */
int catalog_exec(struct catalog *catalog, const char *sql);
/*
 * Runs sql, which returns one integer, and writes that to *ret_value.  Returns 0 or an error of the
 * database.
 */
int catalog_query_int(struct catalog *catalog, const char *sql, int64_t *ret_value);
/*
 * Binds a guid to a parameter.  The guid is not copied, so the bind cannot fail; the caller keeps
 * the guid until the statement has run.
 */
void catalog_bind_guid(sqlite3_stmt *stmt, int index, const struct guid *g);
/* Reads a guid from a column.  Returns 0, or ERR_CORRUPT (the column does not hold a guid). */
int catalog_column_guid(sqlite3_stmt *stmt, int index, struct guid *ret_guid);

/* schema.c: migrates the database to version `count`, after a copy.  Returns as catalog_open. */
int catalog_migrate(struct catalog *catalog, const struct catalog_migration *migrations,
		    unsigned count);
/*
 * Checks that the tables have exactly the fields of model/rows.h.  Returns 0, or ERR_CORRUPT with a
 * text.
 */
int catalog_schema_check(struct catalog *catalog);

/*
 * rows.c: store a row, delete a row, and load all rows into an edit.  Return 0, ERR_CORRUPT (a
 * stored row is damaged) or an error of the database.
 */
int catalog_row_put(struct catalog *catalog, const struct row *row);
/*
 * Stores the fields in which the row differs from `before`, the row with the same key that is
 * stored now.  A field that stays the same costs nothing, also when an index has it.  Returns as
 * catalog_row_put, and ERR_CORRUPT when no row with this key is stored.
 */
int catalog_row_update(struct catalog *catalog, const struct row *before, const struct row *row);
int catalog_row_delete(struct catalog *catalog, enum row_family family, const struct row_key *key);
int catalog_rows_load(struct catalog *catalog, struct state_edit *edit);

/* position.c: reads the position from the database.  Returns 0 or an error of the database. */
int catalog_position_load(struct catalog *catalog);
/*
 * Compares the position with the mark, and makes a new incarnation if they do not match.  Called
 * after catalog_position_load.
 */
int catalog_position_settle(struct catalog *catalog);
/*
 * Compares the position with the mark and sets catalog->lost, without writing.  For catalog_look.
 */
void catalog_position_look(struct catalog *catalog);
/* Stores the sequence and the digest of a change as the new position. */
int catalog_position_move(struct catalog *catalog, uint64_t sequence, const struct hash128 *digest);
/* Returns the incarnation in the mark of the directory; 0 when there is none. */
uint64_t catalog_mark_incarnation(int dir_fd);
/* Writes the committed position to the mark.  Failures are ignored. */
void catalog_mark_write(struct catalog *catalog);

/*
 * restore.c: carries a restore to its end that was interrupted after it had been decided.  The
 * directory is locked.  Returns 0, ERR_CORRUPT (the catalog is only looked at, and there is one) or
 * -errno.
 */
int catalog_restore_finish(const struct catalog *at);

/*
 * guard.c: refuses a directory in which an array has left files but catalog.db is missing or empty.
 * Writes nothing.  Returns 0, or ERR_CORRUPT with a text that says how to go on.
 */
int catalog_guard_missing(const struct catalog *catalog);
/*
 * Makes the catalog held, with this reason why nothing may be written.  When called again, the
 * first reason stays.
 */
void catalog_guard_hold(struct catalog *catalog, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Keeps SQLite from writing.  Returns 0 or an error of SQLite. */
int catalog_guard_hold_database(struct catalog *catalog);
/*
 * Remembers the identity of those files in use that exist and were not remembered yet.  Writer
 * thread.
 */
void catalog_guard_remember(struct catalog *catalog);
/* Forgets the identity of the log, which is about to be closed and created anew.  Writer thread. */
void catalog_guard_forget_log(struct catalog *catalog);

/*
 * check.c: checks the structure of the database for at most budget_ns.  Returns 0 (the structure is
 * sound), 1 (the time did not suffice), ERR_CORRUPT with a text (it is damaged) or another error.
 */
int catalog_check_structure(struct catalog *catalog, uint64_t budget_ns);

/* reserve.c: opens the reserve of the directory, if there is one, and measures it. */
void catalog_reserve_open(struct catalog *catalog);
/*
 * Calls after a commit: makes SQLite save space while the reserve is not whole, and stops that when
 * it is whole.  Writer thread.
 */
void catalog_reserve_settle(struct catalog *catalog);
/* Closes the reserve.  Does nothing when it is not open. */
void catalog_reserve_close(struct catalog *catalog);
/*
 * Frees a piece of the reserve for a write that found no space.  Returns false when nothing is
 * left.
 */
bool catalog_reserve_give(struct catalog *catalog);

/*
 * layer.c: registers the VFS with which the database is opened, and returns its name, which is
 * valid until catalog_layer_unregister.  Returns 0 or an error.
 */
int catalog_layer_register(struct catalog *catalog, const char **ret_vfs);
void catalog_layer_unregister(struct catalog *catalog);

/*
 * event.c: stores the event of a change, and deletes old events.  Returns 0, -ENOMEM or an error of
 * the database.
 */
int catalog_event_put(struct catalog *catalog, const struct change *change);

#endif

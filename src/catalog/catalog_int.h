/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to catalog: the database handle, its statements, the migrations. */
#ifndef VDS_CATALOG_CATALOG_INT_H
#define VDS_CATALOG_CATALOG_INT_H

#include <stdatomic.h>

#include <sqlite3.h>

#include "catalog/catalog.h"

#define CATALOG_APPLICATION_ID 0x56445344 /* "VDSD": this database is ours */

/* Statements that are prepared once, at the first use: by what they do. */
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
	STMT_UNLINK_PUT,
	STMT_UNLINK_DELETE,
	STMT_UNLINK_LIST,
	STMT_SEEN_PUT,
	STMT_SEEN_DELETE,
	STMT_SEEN_LIST,
	STMT_RETIRED_PUT,
	STMT_RETIRED_LIST,
	STMT_RETIRED_GONE,
	STMT_RETIRED_BACK,
	STMT_RETIRED_PRUNE,
	STMT_COUNT
};

/* Of each family of rows; made from its field table. */
struct catalog_row_statements {
	sqlite3_stmt *put, *delete, *list;
};

/* Where the catalog stood when it was last used here: kept beside it, DIR/mark. */
struct catalog_mark {
	struct guid array_id;
	uint64_t incarnation, sequence;
};

/* Space for when the disk is full, and the layer below SQLite that gives it up: reserve.c. */
struct catalog_reserve {
	int fd;                         /* DIR/reserve; -1 = none */
	uint64_t held_bytes;            /* allocated, of CATALOG_RESERVE_BYTES */
	_Atomic uint64_t missing_bytes; /* what others than the writer see of that */
	bool saving;                    /* SQLite was told to save space; writer thread */
	atomic_bool wanted;             /* it is not whole, and could be */
	char name[40];                  /* of the VFS */
	sqlite3_vfs vfs, *real;         /* real: the one below; NULL = not registered */
};

/* A file that must stay the one that was opened: guard.c. */
enum catalog_file_kind {
	CATALOG_FILE_LOCK,
	CATALOG_FILE_DATABASE,
	CATALOG_FILE_LOG, /* made by the first change; goes when the database is closed */
	CATALOG_FILES
};

struct catalog_file {
	_Atomic uint64_t dev, ino;
	atomic_bool known;      /* written after dev and ino */
	atomic_uint generation; /* counts how often it was forgotten */
};

struct catalog {
	char *dir;                    /* owned */
	int dir_fd, lock_fd, mark_fd; /* -1 = none */
	sqlite3 *db;
	sqlite3_stmt *statements[STMT_COUNT];
	struct catalog_row_statements rows[ROW_STORED_COUNT];
	struct position position; /* as of the last apply */
	struct position committed;
	bool in_transaction, in_savepoint;
	struct position at_savepoint;
	bool is_new, was_restored;
	bool look;        /* change nothing */
	bool accept_loss; /* changes that are missing are given up */
	uint64_t lost;    /* acknowledged changes that are missing; UINT64_MAX = unknown how many */
	char held[384];   /* why nothing may be written; "" = it may.  Set while opening */
	bool structure_seen; /* the structure was checked when it was opened */
	struct catalog_file files[CATALOG_FILES];
	struct catalog_reserve reserve;
	struct catalog_copy
		*copying; /* the unfinished copy, which must end before the database closes */
};

/* Forward only; the n-th makes version n from n-1. */
struct catalog_migration {
	const char *sql;
};

extern const struct catalog_migration catalog_migrations[];
extern const unsigned catalog_migration_count;

/* check.c: what catalog_check does within the database */
int catalog_check_content(struct catalog *catalog);

/* copy.c: ends an unfinished copy, whose next step then fails.  Accepts NULL. */
void catalog_copy_end(struct catalog_copy *copy);

/* db.c */
int catalog_db_open(struct catalog *catalog, const struct catalog_migration *migrations,
		    unsigned count);
/* The same for one that is there, of version `count`; nothing can be written through it. */
int catalog_db_look(struct catalog *catalog, unsigned count);
void catalog_db_close(struct catalog *catalog);
/* SQLite's result as ours, with a text that names `what`. */
int catalog_db_error(struct catalog *catalog, int sqlite_code, const char *what);
/* The statement, reset and without bindings. */
int catalog_statement(struct catalog *catalog, enum catalog_statement which,
		      sqlite3_stmt **ret_stmt);
/* Step a statement that gives no rows, and reset it. */
int catalog_run(struct catalog *catalog, sqlite3_stmt *stmt, const char *what);
int catalog_exec(struct catalog *catalog, const char *sql);
/* The one integer that `sql` gives. */
int catalog_query_int(struct catalog *catalog, const char *sql, int64_t *ret_value);
/*
 * What is bound (guids, texts) must stay until the statement has run: nothing is copied, so no bind
 * can fail.
 */
void catalog_bind_guid(sqlite3_stmt *stmt, int index, const struct guid *g);
/* 0 or ERR_CORRUPT. */
int catalog_column_guid(sqlite3_stmt *stmt, int index, struct guid *ret_guid);

/* schema.c */
int catalog_migrate(struct catalog *catalog, const struct catalog_migration *migrations,
		    unsigned count);
/* Have the tables exactly the fields of model/rows.h? */
int catalog_schema_check(struct catalog *catalog);

/* rows.c */
int catalog_row_put(struct catalog *catalog, const struct row *row);
int catalog_row_delete(struct catalog *catalog, enum row_family family, const struct row_key *key);
int catalog_rows_load(struct catalog *catalog, struct state_edit *edit);

/* position.c */
int catalog_position_load(struct catalog *catalog);
/*
 * After catalog_position_load: compares with the mark, makes a new incarnation where they differ.
 */
int catalog_position_settle(struct catalog *catalog);
/* Only compares: sets catalog->lost.  For a catalog that is looked at. */
void catalog_position_look(struct catalog *catalog);
int catalog_position_move(struct catalog *catalog, uint64_t sequence, const struct hash128 *digest);
void catalog_mark_write(struct catalog *catalog);

/* guard.c */
/*
 * Refuses a directory where an array has left files but catalog.db is missing or empty.  Writes
 * nothing.  Returns 0 or ERR_CORRUPT with a text that says how to go on.
 */
int catalog_guard_missing(const struct catalog *catalog);
/* Notes why nothing may be written from now on; the first reason stays. */
void catalog_guard_hold(struct catalog *catalog, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Keeps SQLite from writing.  Returns 0 or an error of SQLite. */
int catalog_guard_hold_database(struct catalog *catalog);
/* Remembers which files are in use, those that are there and were not known yet.  Writer thread. */
void catalog_guard_remember(struct catalog *catalog);
/* The log is about to be closed and made anew.  Writer thread. */
void catalog_guard_forget_log(struct catalog *catalog);

/* check.c */
/*
 * Checks the structure of the database for at most budget_ns.  Returns 0 (sound), 1 (the time was
 * too short to tell), ERR_CORRUPT with a text, or another error.
 */
int catalog_check_structure(struct catalog *catalog, uint64_t budget_ns);

/* reserve.c */
void catalog_reserve_open(struct catalog *catalog);
/*
 * After a commit: lets SQLite save space while the reserve is not whole, and stops that when it is.
 * Writer thread.
 */
void catalog_reserve_settle(struct catalog *catalog);
void catalog_reserve_close(struct catalog *catalog); /* also when it is not open */
/* The VFS to open the database with, until it is closed and this unregistered. */
int catalog_reserve_register(struct catalog *catalog, const char **ret_vfs);
void catalog_reserve_unregister(struct catalog *catalog);

/* event.c */
int catalog_event_put(struct catalog *catalog, const struct change *change);

#endif

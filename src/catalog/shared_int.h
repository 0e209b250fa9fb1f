/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private to the folder catalog: what the files of a shared catalog share.  The catalog's thread.
 *
 * Items of the store:
 *	format       the version of the schema (schema.c), decimal
 *	r/TABLE/KEY  one row, its columns in order: shared_row.c
 *	l/VERSION    the log: what the commit that led to the version has put and removed
 */
#ifndef VDS_CATALOG_SHARED_INT_H
#define VDS_CATALOG_SHARED_INT_H

#include "base/str.h"
#include "catalog/catalog_int.h"
#include "catalog/shared.h"

#define SHARED_KEY_COLUMNS 2
#define SHARED_LOG_KEY     24 /* "l/" and twenty digits */

/* A table of the database. */
struct catalog_shared_table {
	char *name;
	int columns, key_columns;
	int key[SHARED_KEY_COLUMNS]; /* the columns of the primary key, in its order */
	enum catalog_table table;    /* CATALOG_TABLES: rows of a family, or the event log */
	bool is_event;
	bool is_log; /* it is pruned, and does not count as growth */
	sqlite3_stmt *get, *put, *replace, *delete;
};

/* A row that the transaction has touched: its key lies in `keys`. */
struct catalog_shared_touch {
	uint32_t table;
	size_t at, len;
};

/* What a transaction has touched so far. */
struct catalog_shared_record {
	struct strbuf keys;
	struct catalog_shared_touch *touches;
	size_t count, capacity;
	int64_t grown;      /* rows that were added, less those that were removed */
	int64_t grown_rows; /* as grown, without the tables that are logs */
	bool failed;        /* memory was short */
};

/* A row of the table unlink: a volume that is to be removed. */
struct catalog_shared_note {
	struct guid lun_id, pool_id;
};

struct catalog_sharing {
	struct catalog_shared store;
	uint64_t version;   /* of the working copy */
	bool stale;         /* the working copy is to be loaded anew */
	bool upgraded;      /* it was migrated, and the store has the older format still */
	bool warned;        /* that there are many rows */
	struct guid writer; /* of this opening; with the counter, names a transaction */
	uint64_t counter;
	int64_t rows;
	struct catalog_shared_table *tables;
	size_t table_count;
	bool recording;
	struct catalog_shared_record record;
	size_t touches_at_savepoint;
	int64_t grown_at_savepoint, grown_rows_at_savepoint;
	/* the notes that there were before everything is loaded anew, until that has succeeded */
	bool reloads;
	struct catalog_shared_note *notes;
	size_t note_count, note_capacity;
	/* of a catalog that is held: what was known before, and the store's version then */
	struct position known;
	bool held_looked;
	uint64_t held_version;
};

/* ---- shared_held.c ---- */

/*
 * Holds the catalog when the store has gone back behind what this gateway knows.  What it knows
 * stays as it is, LUNs are served on, and nothing of the store is believed any more.  Returns
 * ERR_CORRUPT, or 0 when the store has gone on.
 */
int catalog_shared_goes_on(struct catalog *catalog, const struct position *before,
			   const struct position *now);
/*
 * Before the working copy is dropped: when the store has gone back, it is the best that there is,
 * and a backup of it brings the array back.
 */
int catalog_shared_store_goes_on(struct catalog *catalog);

/* ---- shared_row.c: the encoding ---- */

/* Where a reader stands in encoded bytes. */
struct catalog_shared_bytes {
	const uint8_t *at, *end;
};

/* One operation of a log entry. */
enum catalog_shared_kind {
	SHARED_PUT = 'P',    /* bytes: the row */
	SHARED_DELETE = 'D', /* bytes: the key */
	SHARED_FETCH = 'F'   /* bytes: the key; the row is to be read from the store */
};

struct catalog_shared_entry {
	bool whole; /* the entry does not say what has changed: load everything */
	uint32_t format;
	struct guid writer;
	uint64_t counter;
	uint32_t count;
	struct catalog_shared_bytes ops;
};

struct catalog_shared_op {
	enum catalog_shared_kind kind;
	struct catalog_shared_table *table;
	struct catalog_shared_bytes bytes;
};

/* Appends a column, or a value that the preupdate hook was given. */
void catalog_shared_add_column(struct strbuf *to, sqlite3_stmt *stmt, int column);
void catalog_shared_add_value(struct strbuf *to, sqlite3_value *value);
/*
 * Binds the next `count` values to parameters from `first` on.  Returns 0, or ERR_CORRUPT (the
 * bytes end, or are no values) or an error of the database.
 */
int catalog_shared_bind(struct catalog *catalog, sqlite3_stmt *stmt, int first, int count,
			struct catalog_shared_bytes *from);
/* Finds the value of one column in a row.  Returns 0 or ERR_CORRUPT. */
int catalog_shared_column(const struct catalog_shared_bytes *row, int column,
			  struct catalog_shared_bytes *ret_value);
/* Decodes a value.  Returns 0, or ERR_CORRUPT (it is of another type). */
int catalog_shared_integer(const struct catalog_shared_bytes *value, int64_t *ret_number);
int catalog_shared_guid(const struct catalog_shared_bytes *value, struct guid *ret_guid);
int catalog_shared_text(const struct catalog_shared_bytes *value, char **ret_text);

/*
 * Appends the key of the item for a row with this key, "r/TABLE/KEY" and a NUL.  Returns 0 or
 * ERR_CORRUPT.
 */
int catalog_shared_add_key(struct strbuf *to, const struct catalog_shared_table *table,
			   struct catalog_shared_bytes key);
/* Formats the key of a log entry. */
const char *catalog_shared_log_key(uint64_t version, char buffer[SHARED_LOG_KEY]);

/* Appends the head of a log entry, and an operation. */
void catalog_shared_add_head(struct strbuf *to, const struct catalog_shared_entry *entry);
void catalog_shared_add_op(struct strbuf *to, enum catalog_shared_kind kind,
			   const struct catalog_shared_table *table, const void *bytes, size_t len);
/* Reads them.  Returns 0 or ERR_CORRUPT. */
int catalog_shared_read_head(const void *bytes, size_t len, struct catalog_shared_entry *ret_entry);
int catalog_shared_read_op(struct catalog *catalog, struct catalog_shared_bytes *from,
			   struct catalog_shared_op *ret_op);

/* ---- shared_table.c: the tables, and what a transaction touches ---- */

/* Reads the tables of the database, and sets the hook.  Returns 0 or an error of the database. */
int catalog_shared_tables_open(struct catalog *catalog);
/* Finalizes the statements and forgets the tables.  Does nothing when there are none. */
void catalog_shared_tables_close(struct catalog *catalog);
struct catalog_shared_table *catalog_shared_table_find(struct catalog *catalog, const char *name,
						       size_t len);
/*
 * Prepares a statement of a table (get, put, replace or delete) at its first use, and resets it.
 * Returns 0 or an error.
 */
int catalog_shared_statement(struct catalog *catalog, struct catalog_shared_table *table,
			     sqlite3_stmt **stmt);
/* Forgets what was touched; what was touched after the savepoint. */
void catalog_shared_record_clear(struct catalog *catalog);
void catalog_shared_savepoint(struct catalog *catalog);
void catalog_shared_rollback_to(struct catalog *catalog);

/* ---- shared_commit.c ---- */

/* Begins a transaction.  Returns 0, or CATALOG_CONFLICT (the working copy is to be loaded anew). */
int catalog_shared_begin(struct catalog *catalog);
/*
 * Brings the open transaction into the store.  Returns as catalog_shared_ops.commit, ERR_LIMIT, …
 */
int catalog_shared_commit(struct catalog *catalog);
/*
 * Calls when the working copy could not take what the store has: it is loaded anew.  Returns
 * ERR_TIMEOUT.
 */
int catalog_shared_commit_failed(struct catalog *catalog, int rc);
/* Writes all rows in this program's format, in the place of an older one.  Returns likewise. */
int catalog_shared_upgrade(struct catalog *catalog);

/* ---- shared.c ---- */

/* The part of catalog_open_shared after the directory is locked. */
int catalog_shared_open_all(struct catalog *catalog);

/* Returns 0 when no other gateway uses the store, ERR_LOCKED, or an error of the store. */
int catalog_shared_check_alone(const struct catalog *catalog);
/* Refuses a directory that has a catalog of its own.  Returns 0 or ERR_CORRUPT. */
int catalog_shared_refuse_local(const struct catalog *catalog);
/* Loads everything anew.  Returns as catalog_pull. */
int catalog_shared_reopen(struct catalog *catalog);
/* Frees the memory and closes the store.  Accepts NULL. */
void catalog_sharing_free(struct catalog_sharing *sharing);

/* db.c: opens an empty database in memory.  Returns 0 or an error. */
int catalog_db_open_memory(struct catalog *catalog);
/*
 * position.c: opens the mark of the directory, and reads it.  Before the store is read: a gateway
 * that runs there may move it on.  Returns 0 or an error.
 */
int catalog_position_mark_shared(struct catalog *catalog, struct catalog_mark *ret_mark,
				 bool *ret_known);
/* Compares the position with that mark, as settle does. */
int catalog_position_settle_shared(struct catalog *catalog, const struct catalog_mark *mark,
				   bool known);

#endif

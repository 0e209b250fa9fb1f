/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A catalog that several gateways share (docs/design/gateways.md): the rows stay in a database in
 * memory, which is a working copy, and the truth is a list of items (a key and a value) in a store
 * that all gateways reach.  This header says what the catalog needs of such a store, and what the
 * array needs to follow the changes of other gateways.  Only the array and the makers of stores
 * include this header.
 */
#ifndef VDS_CATALOG_SHARED_H
#define VDS_CATALOG_SHARED_H

#include <errno.h>
#include <stddef.h>

#include "catalog/catalog.h"

/* ---- the store ---- */

/* Another gateway has committed first: pull, and make the change again. */
#define CATALOG_CONFLICT (-ESTALE)

/* value NULL: the item is removed.  The key is text without a NUL inside. */
struct catalog_shared_item {
	const char *key;
	const void *value;
	size_t value_bytes;
};

typedef int catalog_shared_each(void *arg, const char *key, const void *value, size_t value_bytes);

/*
 * clients: those that have acknowledged, also when others have not; they are numbered as in
 * array/cluster.h.  A gateway whose watch was lost is in no list, and nobody waits for it.
 */
typedef void catalog_shared_notified(void *arg, int rc, const uint64_t *clients, size_t count);

/*
 * The operations of a store.  The store holds the items and a version, which is one more after each
 * commit; a store that does not exist yet has version 0 and no items.  The catalog's thread calls
 * the operations, one at a time, but for those that say otherwise.  Each returns in bounded time.
 */
struct catalog_shared_ops {
	/*
	 * Sets and removes items, all or none of them, and makes the version expected + 1, if the
	 * version is `expected`; expected 0 makes the store.  Returns 0 (durable), CATALOG_CONFLICT
	 * (the version is another one, nothing was changed), ERR_TIMEOUT (it is not known whether
	 * the items were changed, and they may still be) or another error (nothing was changed, and
	 * nothing will be).
	 */
	int (*commit)(void *store, uint64_t expected, const struct catalog_shared_item *items,
		      size_t count);
	/*
	 * Calls `each` for the items whose keys begin with `prefix` and are greater than `after`
	 * (NULL = all), in the order of keys, until it returns non-zero.  *ret_version: the version
	 * when reading began; the items are not older than that, but each may be newer.  Returns 0,
	 * what `each` returned, or an error.
	 */
	int (*read)(void *store, const char *prefix, const char *after, catalog_shared_each *each,
		    void *arg, uint64_t *ret_version);
	/* Calls `each` for those of the keys that exist, as read does. */
	int (*get)(void *store, const char *const *keys, size_t count, catalog_shared_each *each,
		   void *arg);
	/*
	 * From now on calls wake(arg) on a thread of the store when another gateway has notified;
	 * wake must not call the store.  Returns 0 or an error.
	 */
	int (*watch)(void *store, void (*wake)(void *arg), void *arg);
	/*
	 * Makes sure that the watch is there, and makes it again if it was lost, after which the
	 * caller must read.  Returns 0 or an error.
	 */
	int (*watching)(void *store);
	/* Acknowledges all notifications for which wake was called with this version or less. */
	void (*acknowledge)(void *store, uint64_t version);
	/*
	 * Notifies all other gateways of the version, and calls `done` once on a thread of the
	 * store when all that watch have acknowledged (0), when some have not after timeout_ms
	 * (ERR_TIMEOUT), or when that is not known (another error).  `done` may be called before
	 * this returns.  Returns 0, or an error: then `done` is not called.
	 */
	int (*notify)(void *store, uint64_t version, uint32_t timeout_ms,
		      catalog_shared_notified *done, void *arg);
	/* Returns 1 when no other gateway watches, 0 when one does, or an error. */
	int (*alone)(void *store);
	/* Ends the watch, waits for calls of wake and done, and frees the store. */
	void (*close)(void *store);
};

struct catalog_shared {
	const struct catalog_shared_ops *ops;
	void *store;
	const char *name; /* for people: rados:POOL/NAME */
	/* how many bytes of keys and values one commit may have */
	size_t commit_bytes_max;
	/* how many items the store may have */
	size_t items_max;
};

/* Bounds of what a store has to bear, beside the rows of the configuration. */
#define CATALOG_SHARED_LOG_KEPT    1024       /* log entries, one a transaction */
#define CATALOG_SHARED_ENTRY_BYTES (1u << 20) /* a longer entry only says: load everything */
#define CATALOG_SHARED_AUDIT_KEPT  20000      /* records of the audit log */

/* ---- opening ---- */

/*
 * Locks the directory `dir` as catalog_open does, and loads the catalog of the store into memory.
 * `dir` has then only the lock and the mark.  look: for reading only.  Consumes shared->store,
 * which catalog_close closes; on failure it is closed, too.  Returns as catalog_open, and also
 * ERR_VERSION (the store has the format of a newer program, or that of an older one which a gateway
 * still uses), ERR_NOT_SUPPORTED (SQLite was built without what this needs), ERR_CORRUPT (dir
 * belongs to another array, or holds a catalog of its own; the store is damaged) or an error of the
 * store.
 */
int catalog_open_shared(const char *dir, const struct catalog_shared *shared, bool look,
			bool accept_loss, struct catalog **ret_catalog);
/* Returns whether the catalog is one that several gateways share.  Any thread. */
bool catalog_is_shared(const struct catalog *catalog);
/* Returns the version that the working copy has.  0 = the catalog is not shared, or is new. */
uint64_t catalog_shared_version(const struct catalog *catalog);

/*
 * As catalog_restore_begin, into the store: `dir` is that of one of the gateways, and gets a mark.
 * Consumes shared->store.  catalog_restore_commit then takes the place of all rows with one commit,
 * and keeps the former ones as a backup in `dir`.  Further errors: ERR_LOCKED (a gateway uses the
 * catalog), ERR_CORRUPT (the store is damaged, and replace is not given), or one of the store.
 */
int catalog_restore_begin_shared(const char *dir, const char *file, bool replace,
				 const struct catalog_shared *shared,
				 struct catalog_restore **ret_restore);
/* Returns the catalog that the store has, for reading; NULL = none, or it is damaged. */
struct catalog *catalog_restore_former(struct catalog_restore *restore);

/* ---- following ---- */

/* The private tables, whose changes are in no event. */
enum catalog_table {
	CATALOG_TABLE_ANSWER,
	CATALOG_TABLE_AUDIT,
	CATALOG_TABLE_COUNTER,
	CATALOG_TABLE_JOB,
	CATALOG_TABLE_KEPT,
	CATALOG_TABLE_UNLINK,
	CATALOG_TABLE_SEEN,
	CATALOG_TABLE_RETIRED,
	CATALOG_TABLE_TOKEN,
	CATALOG_TABLE_SECRET,
	CATALOG_TABLE_SCHEDULE_RUN,
	CATALOG_TABLE_POOL_SPACE,
	CATALOG_TABLE_GATEWAY_SECRET,
	CATALOG_TABLES
};

/*
 * A row of a private table that was put or deleted.  a, b, kind: its key, as far as the table has
 * them (kept: a LUN and a kind; unlink: a LUN and a pool; job, token, secret, schedule_run,
 * pool_space: a).  Not of audit, counter, number_retired, target_seen and answer.
 */
struct catalog_touched {
	enum catalog_table table;
	bool deleted;
	bool own; /* as that of the news */
	struct guid a, b;
	uint32_t kind;
};

/* What other gateways have done.  All zeros before catalog_pull. */
struct catalog_news {
	struct change **changes; /* in order, without a gap after the position before */
	size_t change_count, change_capacity;
	struct catalog_touched *touched;
	size_t touched_count, touched_capacity;
	struct catalog_answer *answers; /* that were put */
	size_t answer_count, answer_capacity;
	uint32_t tables; /* a bit 1 << CATALOG_TABLE_* for each table that has changed */
	/* it has, or may have, a transaction of this opening whose outcome was not known */
	bool own;
	/*
	 * Everything was loaded anew: all bits of `tables` are set, `answers` is empty, and
	 * `touched` has only the rows of unlink that there were not before, each of which may be
	 * `own`.
	 */
	bool reloaded;
	/*
	 * the changes are not known, or it is another incarnation: only catalog_load tells the
	 * state
	 */
	bool gap;
};

/* Returns whether nothing has changed. */
bool catalog_news_is_empty(const struct catalog_news *news);
void catalog_news_fini(struct catalog_news *news);

/*
 * Reads what other gateways have committed and takes it over into the working copy.  Called outside
 * of transactions.  Returns 0, also when there is nothing new; ERR_VERSION (a newer program has
 * changed the format: this gateway cannot go on), ERR_CORRUPT (the store is damaged) or an error of
 * the store.  After an error the working copy is as before, or is loaded anew at the next call.
 */
int catalog_pull(struct catalog *catalog, struct catalog_news *news);
/*
 * Reads whether the store is still as it was when the catalog was held: gone, or behind, and nobody
 * has put it back or gone on with it.  Returns 1, 0 or an error.
 */
int catalog_held_stays(struct catalog *catalog);
/* Calls as catalog_shared_ops, with the version of the working copy. */
int catalog_watch(struct catalog *catalog, void (*wake)(void *arg), void *arg);
void catalog_acknowledge(struct catalog *catalog);
int catalog_notify(struct catalog *catalog, uint32_t timeout_ms, catalog_shared_notified *done,
		   void *arg);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Brings a transaction of the working copy into the store, as one commit: the rows that it has put
 * or removed, an entry of the log that says so, and the removal of the oldest entry.  The rows lie
 * in the entry, and the items of the rows point into it.  The catalog's thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "catalog/shared_int.h"

#define COMMIT_TRIES 3 /* while it is not known whether the one before was carried out */

/* Where the value of an item lies. */
enum draft_place { PLACE_NONE, PLACE_ENTRY, PLACE_ASIDE };

struct draft_item {
	size_t key_at; /* in keys */
	enum draft_place place;
	size_t value_at, value_bytes;
};

/* A commit in the making. */
struct draft {
	struct strbuf keys;
	struct strbuf entry; /* the entry of the log, with rows */
	struct strbuf aside; /* rows that the log does not have: CHAP secrets */
	struct strbuf row;   /* the one at hand */
	struct strbuf whole; /* in the place of an entry that is too long */
	struct draft_item *items;
	size_t count, capacity;
	struct catalog_shared_item *out;
};

static void
wipe(struct strbuf *buffer)
{
	if (buffer->text != NULL)
		secret_wipe(buffer->text, buffer->capacity);
	strbuf_fini(buffer);
}

static void
draft_fini(struct draft *draft)
{
	strbuf_fini(&draft->keys);
	strbuf_fini(&draft->entry);
	wipe(&draft->aside);
	wipe(&draft->row);
	strbuf_fini(&draft->whole);
	mem_free(draft->items);
	mem_free(draft->out);
}

static int
draft_add(struct draft *draft, const struct catalog_shared_table *table,
	  struct catalog_shared_bytes key, const struct draft_item *item)
{
	struct draft_item own = *item;
	int rc;

	own.key_at = draft->keys.len;
	rc = catalog_shared_add_key(&draft->keys, table, key);
	if (rc < 0)
		return rc;
	if (mem_grow(&draft->items, &draft->capacity, draft->count + 1, sizeof(own)) < 0)
		return -ENOMEM;
	draft->items[draft->count++] = own;
	return 0;
}

/* Encodes the row at which a statement stands. */
static int
encode_row(struct strbuf *to, sqlite3_stmt *stmt, const struct catalog_shared_table *table)
{
	to->len = 0;
	for (int i = 0; i < table->columns; i++)
		catalog_shared_add_column(to, stmt, i);
	return to->failed ? -ENOMEM : 0;
}

static int
add_put(struct draft *draft, const struct catalog_shared_table *table,
	struct catalog_shared_bytes key)
{
	bool secret = table->table == CATALOG_TABLE_SECRET ||
		      table->table == CATALOG_TABLE_GATEWAY_SECRET;
	struct strbuf *to = secret ? &draft->aside : &draft->entry;
	struct draft_item item = { .place = secret ? PLACE_ASIDE : PLACE_ENTRY,
				   .value_bytes = draft->row.len };

	if (secret) {
		strbuf_add_bytes(to, draft->row.text, draft->row.len);
		catalog_shared_add_op(&draft->entry, SHARED_FETCH, table, key.at,
				      (size_t)(key.end - key.at));
	} else {
		catalog_shared_add_op(to, SHARED_PUT, table, draft->row.text, draft->row.len);
	}
	item.value_at = to->len - draft->row.len;
	return to->failed ? -ENOMEM : draft_add(draft, table, key, &item);
}

/* Adds a row that was touched, as it is now. */
static int
add_touched(struct catalog *catalog, struct draft *draft, struct catalog_shared_table *table,
	    struct catalog_shared_bytes key)
{
	struct catalog_shared_bytes at = key;
	struct draft_item removal = { .place = PLACE_NONE };
	int step, rc = catalog_shared_statement(catalog, table, &table->get);

	if (rc == 0)
		rc = catalog_shared_bind(catalog, table->get, 1, table->key_columns, &at);
	if (rc < 0)
		return rc;
	step = sqlite3_step(table->get);
	if (step == SQLITE_ROW) {
		rc = encode_row(&draft->row, table->get, table);
		if (rc == 0)
			rc = add_put(draft, table, key);
	} else if (step == SQLITE_DONE) {
		catalog_shared_add_op(&draft->entry, SHARED_DELETE, table, key.at,
				      (size_t)(key.end - key.at));
		rc = draft_add(draft, table, key, &removal);
	} else {
		rc = catalog_db_error(catalog, step, table->name);
	}
	sqlite3_reset(table->get);
	return rc;
}

/* ---- what was touched, each row once ---- */

static int
compare_touches(const void *a, const void *b, void *arg)
{
	const struct catalog_shared_touch *x = a, *y = b;
	const char *keys = arg;
	int order;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	order = memcmp(keys + x->at, keys + y->at, MIN(x->len, y->len));
	if (order == 0 && x->len != y->len)
		order = x->len < y->len ? -1 : 1;
	return order;
}

static int
collect(struct catalog *catalog, struct draft *draft)
{
	struct catalog_sharing *sharing = catalog->sharing;
	struct catalog_shared_record *record = &sharing->record;
	struct catalog_shared_entry head = { .format = catalog_migration_count,
					     .writer = sharing->writer,
					     .counter = ++sharing->counter };
	char *keys = record->keys.text;
	int rc = record->failed ? -ENOMEM : 0;

	if (rc < 0)
		return rc;
	qsort_r(record->touches, record->count, sizeof(record->touches[0]), compare_touches, keys);
	for (size_t i = 0; i < record->count; i++)
		head.count += i == 0 || compare_touches(&record->touches[i - 1],
							&record->touches[i], keys) != 0;
	catalog_shared_add_head(&draft->entry, &head);
	for (size_t i = 0; rc == 0 && i < record->count; i++) {
		const struct catalog_shared_touch *touch = &record->touches[i];
		const uint8_t *at = (const uint8_t *)keys + touch->at;

		if (i > 0 && compare_touches(touch - 1, touch, keys) == 0)
			continue;
		rc = add_touched(catalog, draft, &sharing->tables[touch->table],
				 (struct catalog_shared_bytes){ at, at + touch->len });
	}
	if (draft->entry.len > CATALOG_SHARED_ENTRY_BYTES) {
		head.whole = true;
		head.count = 0;
		catalog_shared_add_head(&draft->whole, &head);
	}
	return draft->entry.failed || draft->whole.failed ? -ENOMEM : rc;
}

/* ---- the commit ---- */

static size_t
mib(size_t bytes)
{
	return (bytes + (1u << 20) - 1) >> 20;
}

/* Checks what one commit would write.  upgrade: it is all that a newer format changes. */
static int
check_size(const struct catalog *catalog, const struct draft *draft, size_t count, bool upgrade)
{
	const struct catalog_sharing *sharing = catalog->sharing;
	const struct catalog_shared_record *record = &sharing->record;
	size_t bytes = 0, most = sharing->store.commit_bytes_max;
	int64_t rows = sharing->rows + record->grown + CATALOG_SHARED_LOG_KEPT;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(draft->out[i].key) + 1 + draft->out[i].value_bytes;
	if (bytes > most && upgrade)
		return err_set(
			ERR_LIMIT,
			"the catalog %s cannot get format %u: what changes in it has %zu MiB, "
			"and at most %zu MiB can be written at once: delete what is not "
			"needed with the version of before; nothing was changed",
			sharing->store.name, catalog_migration_count, mib(bytes), mib(most));
	if (bytes > most)
		return err_set(ERR_LIMIT,
			       "the change is too large for the catalog %s: it writes %zu MiB at "
			       "once, and at most %zu MiB are possible: make it in several parts",
			       sharing->store.name, mib(bytes), mib(most));
	if (record->grown_rows > 0 && rows > (int64_t)sharing->store.items_max)
		return err_set(ERR_LIMIT,
			       "the catalog %s is full: it has %" PRId64
			       " records, and at most %zu are possible: delete what is not needed",
			       sharing->store.name, rows, sharing->store.items_max);
	return 0;
}

static void
warn_of_size(struct catalog_sharing *sharing)
{
	if (sharing->warned || sharing->rows < (int64_t)(sharing->store.items_max / 4 * 3))
		return;
	sharing->warned = true;
	log_warning("catalog.large", "catalog=%s records=%" PRId64 " most=%zu", sharing->store.name,
		    sharing->rows, sharing->store.items_max);
}

static const char *
text_of(const struct draft *draft, const struct draft_item *item)
{
	return (item->place == PLACE_ENTRY ? draft->entry.text : draft->aside.text) +
	       item->value_at;
}

/* Makes the list of items.  The strings are those of the caller. */
static int
finish(const struct catalog *catalog, struct draft *draft, const char *log_key, const char *old_key,
       const char *format, size_t *ret_count)
{
	const struct strbuf *log = draft->whole.len > 0 ? &draft->whole : &draft->entry;
	size_t n = 0;

	draft->out = mem_calloc(draft->count + 3, sizeof(draft->out[0]));
	if (draft->out == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < draft->count; i++) {
		const struct draft_item *item = &draft->items[i];

		draft->out[n].key = draft->keys.text + item->key_at;
		if (item->place != PLACE_NONE) {
			draft->out[n].value = text_of(draft, item);
			draft->out[n].value_bytes = item->value_bytes;
		}
		n++;
	}
	draft->out[n++] = (struct catalog_shared_item){ log_key, log->text, log->len };
	if (catalog->sharing->version >= CATALOG_SHARED_LOG_KEPT)
		draft->out[n++] = (struct catalog_shared_item){ old_key, NULL, 0 };
	if (format != NULL)
		draft->out[n++] = (struct catalog_shared_item){ "format", format, strlen(format) };
	*ret_count = n;
	return 0;
}

struct shared_outcome {
	const struct catalog_sharing *sharing;
	bool known, ours;
};

/* Is it the entry of the transaction that was just tried? */
static int
look_whose(void *arg, const char *key, const void *value, size_t value_bytes)
{
	struct shared_outcome *outcome = arg;
	struct catalog_shared_entry entry;
	int rc = catalog_shared_read_head(value, value_bytes, &entry);

	(void)key;
	outcome->known = rc == 0;
	outcome->ours = rc == 0 && guid_equal(&entry.writer, &outcome->sharing->writer) &&
			entry.counter == outcome->sharing->counter;
	return rc;
}

/*
 * After a try whose outcome was not known, another one has met a newer version: the log says whose
 * transaction led there.  An entry that is not there any more, since others have committed so often
 * in the meantime, says nothing.
 */
static int
settle(struct catalog_sharing *sharing)
{
	char key[SHARED_LOG_KEY];
	const char *keys[] = { catalog_shared_log_key(sharing->version + 1, key) };
	struct shared_outcome outcome = { .sharing = sharing };
	int rc = sharing->store.ops->get(sharing->store.store, keys, 1, look_whose, &outcome);

	if (rc < 0 || !outcome.known)
		return ERR_TIMEOUT;
	return outcome.ours ? 0 : CATALOG_CONFLICT;
}

/*
 * After a try whose outcome is not known, the same items are committed again.  If the earlier try
 * was carried out, or is later, only one of them finds the version that it expects.  Any other
 * error of a later try says nothing about the earlier one.
 */
static int
commit_items(struct catalog *catalog, const struct catalog_shared_item *items, size_t count)
{
	struct catalog_sharing *sharing = catalog->sharing;
	const struct catalog_shared_ops *ops = sharing->store.ops;
	int rc = ops->commit(sharing->store.store, sharing->version, items, count);

	for (unsigned tries = 1; rc == ERR_TIMEOUT && tries < COMMIT_TRIES; tries++) {
		rc = ops->commit(sharing->store.store, sharing->version, items, count);
		if (rc == CATALOG_CONFLICT)
			rc = settle(sharing);
		else if (rc < 0)
			rc = ERR_TIMEOUT;
	}
	if (rc == ERR_TIMEOUT)
		rc = err_set(ERR_TIMEOUT,
			     "the catalog %s does not answer: the change may or may not be there",
			     sharing->store.name);
	return rc;
}

/* upgrade: the items are what a newer format changes. */
static int
commit_draft(struct catalog *catalog, struct draft *draft, bool upgrade)
{
	struct catalog_sharing *sharing = catalog->sharing;
	char log_key[SHARED_LOG_KEY], old_key[SHARED_LOG_KEY], format[16];
	bool first = sharing->version == 0 || upgrade;
	size_t count = 0;
	int rc;

	catalog_shared_log_key(sharing->version + 1, log_key);
	catalog_shared_log_key(sharing->version + 1 - CATALOG_SHARED_LOG_KEPT, old_key);
	snprintf(format, sizeof(format), "%u", catalog_migration_count);
	rc = finish(catalog, draft, log_key, old_key, first ? format : NULL, &count);
	if (rc == 0)
		rc = check_size(catalog, draft, count, upgrade);
	if (rc == 0)
		rc = commit_items(catalog, draft->out, count);
	if (rc < 0)
		return rc;
	sharing->version++;
	sharing->rows += sharing->record.grown;
	warn_of_size(sharing);
	return 0;
}

/* What the end of the transaction checks must be known before others see it. */
static int
check_references(struct catalog *catalog)
{
	int now = 0, most;
	int rc = sqlite3_db_status(catalog->db, SQLITE_DBSTATUS_DEFERRED_FKS, &now, &most, 0);

	if (rc != SQLITE_OK)
		return catalog_db_error(catalog, rc, "commit");
	return now == 0 ? 0
			: err_set(ERR_INTERNAL,
				  "the change leaves a row that refers to one that is not there");
}

int
catalog_shared_begin(struct catalog *catalog)
{
	return catalog->sharing->stale
		       ? err_set(CATALOG_CONFLICT, "the working copy of the catalog %s is outdated",
				 catalog->sharing->store.name)
		       : 0;
}

int
catalog_shared_commit_failed(struct catalog *catalog, int rc)
{
	AUTO_FREE char *text = str_dup(err_text(rc));

	catalog->sharing->stale = true;
	return err_set(ERR_TIMEOUT,
		       "the change is committed, but this gateway has not taken it: %s",
		       text != NULL ? text : "");
}

int
catalog_shared_commit(struct catalog *catalog)
{
	AUTO(draft_fini) struct draft draft = { .count = 0 };
	int rc;

	if (catalog->sharing->record.count == 0)
		return 0;
	rc = check_references(catalog);
	if (rc == 0)
		rc = collect(catalog, &draft);
	return rc < 0 ? rc : commit_draft(catalog, &draft, false);
}

/* ---- a newer format ---- */

static int
add_table(struct catalog *catalog, struct draft *draft, const struct catalog_shared_table *table)
{
	AUTO_FREE char *sql = str_printf("SELECT * FROM \"%s\"", table->name);
	AUTO(strbuf_fini) struct strbuf key = { 0 };
	sqlite3_stmt *stmt = NULL;
	int step = SQLITE_DONE, rc;

	if (sql == NULL)
		return -ENOMEM;
	rc = sqlite3_prepare_v2(catalog->db, sql, -1, &stmt, NULL);
	if (rc != SQLITE_OK)
		return catalog_db_error(catalog, rc, sql);
	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		const uint8_t *at;

		key.len = 0;
		for (int i = 0; i < table->key_columns; i++)
			catalog_shared_add_column(&key, stmt, table->key[i]);
		rc = key.failed ? -ENOMEM : encode_row(&draft->row, stmt, table);
		at = (const uint8_t *)key.text;
		if (rc == 0)
			rc = add_put(draft, table,
				     (struct catalog_shared_bytes){ at, at + key.len });
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, table->name);
	sqlite3_finalize(stmt);
	return rc;
}

/* The items of a draft beside those that the store has. */
struct beside {
	struct draft *draft; /* its items are sorted by their keys */
	struct strbuf gone;  /* keys of the store that the draft lacks, each with its NUL */
};

static int
compare_items(const void *a, const void *b, void *arg)
{
	const struct draft_item *x = a, *y = b;
	const char *keys = arg;

	return strcmp(keys + x->key_at, keys + y->key_at);
}

static struct draft_item *
find_item(const struct draft *draft, const char *key)
{
	size_t low = 0, high = draft->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(key, draft->keys.text + draft->items[middle].key_at);

		if (order == 0)
			return &draft->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* An item that has its value already need not be put. */
static int
look_beside(void *arg, const char *key, const void *value, size_t value_bytes)
{
	struct beside *beside = arg;
	struct draft_item *item = find_item(beside->draft, key);

	if (item == NULL)
		strbuf_add_bytes(&beside->gone, key, strlen(key) + 1);
	else if (item->value_bytes == value_bytes &&
		 memcmp(text_of(beside->draft, item), value, value_bytes) == 0)
		item->place = PLACE_NONE;
	return beside->gone.failed ? -ENOMEM : 0;
}

/* Leaves out what look_beside has found to be the same. */
static void
drop_same(struct draft *draft)
{
	size_t count = 0;

	for (size_t i = 0; i < draft->count; i++)
		if (draft->items[i].place != PLACE_NONE)
			draft->items[count++] = draft->items[i];
	draft->count = count;
}

static int
add_removals(struct draft *draft, const struct strbuf *keys)
{
	for (size_t at = 0; at < keys->len; at += strlen(keys->text + at) + 1) {
		const struct draft_item item = { .key_at = draft->keys.len };

		strbuf_add_bytes(&draft->keys, keys->text + at, strlen(keys->text + at) + 1);
		if (draft->keys.failed ||
		    mem_grow(&draft->items, &draft->capacity, draft->count + 1, sizeof(item)) < 0)
			return -ENOMEM;
		draft->items[draft->count++] = item;
	}
	return 0;
}

/*
 * Leaves in the draft, which has all rows, what a migration has changed: most change a table or
 * two.  Removes the rows that it has deleted, and those of tables that it has dropped.
 */
static int
keep_changes(struct catalog *catalog, struct draft *draft)
{
	const struct catalog_shared *store = &catalog->sharing->store;
	struct beside beside = { .draft = draft };
	uint64_t version = 0;
	int rc;

	if (draft->count > 0)
		qsort_r(draft->items, draft->count, sizeof(draft->items[0]), compare_items,
			draft->keys.text);
	rc = store->ops->read(store->store, "r/", NULL, look_beside, &beside, &version);
	drop_same(draft);
	if (rc == 0)
		rc = add_removals(draft, &beside.gone);
	strbuf_fini(&beside.gone);
	return rc;
}

int
catalog_shared_upgrade(struct catalog *catalog)
{
	AUTO(draft_fini) struct draft draft = { .count = 0 };
	struct catalog_sharing *sharing = catalog->sharing;
	struct catalog_shared_entry head = { .whole = true,
					     .format = catalog_migration_count,
					     .writer = sharing->writer,
					     .counter = ++sharing->counter };
	int rc = 0;

	catalog_shared_add_head(&draft.whole, &head);
	for (size_t i = 0; rc == 0 && i < sharing->table_count; i++)
		rc = add_table(catalog, &draft, &sharing->tables[i]);
	if (rc == 0)
		rc = keep_changes(catalog, &draft);
	if (rc == 0 && draft.whole.failed)
		rc = -ENOMEM;
	return rc < 0 ? rc : commit_draft(catalog, &draft, true);
}

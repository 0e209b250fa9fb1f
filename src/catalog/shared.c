/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens a catalog that several gateways share, loads its rows from the store into a database in
 * memory, and follows what other gateways commit (docs/design/gateways.md).
 *
 * Loading reads the rows page by page while others go on, so the pages are of different versions.
 * All log entries since the first page are therefore carried out again: a row that has changed
 * since is in one of them, with what it became.  Until then two rows may claim one name; the one
 * that is read later wins, and the log puts the other one where it belongs.  The catalog's thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "catalog/shared_int.h"

#define LOAD_TRIES 8 /* when the log has an entry that says only that everything has changed */
/* who is further behind loads everything anew, which takes less memory */
#define PAGE_BYTES (64u << 20)

/* ---- the log, as it is read ---- */

struct entries {
	struct strbuf text; /* all entries, one after the other */
	size_t *ends;       /* where each ends */
	uint64_t first;
	size_t count, capacity;
};

static void
page_fini(struct entries *page)
{
	strbuf_fini(&page->text);
	mem_free(page->ends);
}

static int
page_add(void *arg, const char *key, const void *value, size_t value_bytes)
{
	struct entries *page = arg;
	uint64_t version;
	char *end;

	errno = 0;
	version = strtoull(key + 2, &end, 10);
	if (errno != 0 || *end != '\0')
		return err_set(ERR_CORRUPT, "the shared catalog has a log entry named %s", key);
	if (page->count == 0)
		page->first = version;
	else if (version != page->first + page->count)
		return err_set(ERR_CORRUPT, "the log of the shared catalog has a gap before %s",
			       key);
	if (page->text.len + value_bytes > PAGE_BYTES)
		return 1;
	strbuf_add_bytes(&page->text, value, value_bytes);
	if (page->text.failed ||
	    mem_grow(&page->ends, &page->capacity, page->count + 1, sizeof(page->ends[0])) < 0)
		return -ENOMEM;
	page->ends[page->count++] = page->text.len;
	return 0;
}

/*
 * Reads the entries after a version.  Returns 1 when the log does not go back so far, or is too
 * long; 0, or an error.  *ret_version: the store's version.
 */
static int
page_read(struct catalog_sharing *sharing, uint64_t after, struct entries *page,
	  uint64_t *ret_version)
{
	char key[SHARED_LOG_KEY];
	int rc = sharing->store.ops->read(sharing->store.store, "l/",
					  catalog_shared_log_key(after, key), page_add, page,
					  ret_version);

	if (rc != 0)
		return rc;
	if (page->count > 0)
		*ret_version = MAX(*ret_version, page->first + page->count - 1);
	if (*ret_version < after)
		return err_set(ERR_CORRUPT,
			       "the catalog %s is at version %" PRIu64 " and was at %" PRIu64
			       " before: an older one was put in its place",
			       sharing->store.name, *ret_version, after);
	return *ret_version > after && (page->count == 0 || page->first != after + 1);
}

static int
page_entry(const struct entries *page, size_t i, struct catalog_shared_entry *ret_entry)
{
	size_t begin = i > 0 ? page->ends[i - 1] : 0;
	int rc = catalog_shared_read_head(page->text.text + begin, page->ends[i] - begin,
					  ret_entry);

	if (rc < 0)
		return rc;
	if (ret_entry->format != catalog_migration_count)
		return err_set(ERR_VERSION,
			       "the shared catalog has format %u now, and this vdsd understands "
			       "%u: upgrade this gateway",
			       ret_entry->format, catalog_migration_count);
	return 0;
}

/* ---- carrying out ---- */

static int
put_row(struct catalog *catalog, struct catalog_shared_table *table, sqlite3_stmt **stmt,
	struct catalog_shared_bytes row)
{
	int rc = catalog_shared_statement(catalog, table, stmt);

	if (rc == 0)
		rc = catalog_shared_bind(catalog, *stmt, 1, table->columns, &row);
	return rc < 0 ? rc : catalog_run(catalog, *stmt, table->name);
}

/* Deletes the row of an operation, so that its new one meets no other one of the same entry. */
static int
delete_row(struct catalog *catalog, const struct catalog_shared_op *op)
{
	struct catalog_shared_table *table = op->table;
	struct catalog_shared_bytes at = op->bytes, value;
	int rc = catalog_shared_statement(catalog, table, &table->delete);

	if (rc == 0 && op->kind != SHARED_PUT)
		rc = catalog_shared_bind(catalog, table->delete, 1, table->key_columns, &at);
	for (int i = 0; rc == 0 && op->kind == SHARED_PUT && i < table->key_columns; i++) {
		rc = catalog_shared_column(&op->bytes, table->key[i], &value);
		if (rc == 0)
			rc = catalog_shared_bind(catalog, table->delete, i + 1, 1, &value);
	}
	if (rc == 0)
		rc = catalog_run(catalog, table->delete, table->name);
	if (rc == 0) {
		catalog->sharing->rows -= sqlite3_changes(catalog->db);
		catalog->sharing->rows += op->kind == SHARED_PUT;
	}
	return rc;
}

struct fetch {
	struct catalog *catalog;
	struct catalog_shared_table *table;
};

static int
fetched(void *arg, const char *key, const void *value, size_t value_bytes)
{
	struct fetch *fetch = arg;
	const uint8_t *at = value;

	(void)key;
	fetch->catalog->sharing->rows++;
	return put_row(fetch->catalog, fetch->table, &fetch->table->replace,
		       (struct catalog_shared_bytes){ at, at + value_bytes });
}

/* The row as it is in the store now, which may be newer: a later entry says so, too. */
static int
fetch_row(struct catalog *catalog, const struct catalog_shared_op *op)
{
	struct catalog_sharing *sharing = catalog->sharing;
	struct fetch fetch = { catalog, op->table };
	AUTO(strbuf_fini) struct strbuf key = { 0 };
	int rc = catalog_shared_add_key(&key, op->table, op->bytes);
	const char *keys[1];

	if (rc < 0 || key.failed)
		return rc < 0 ? rc : -ENOMEM;
	keys[0] = key.text;
	return sharing->store.ops->get(sharing->store.store, keys, 1, fetched, &fetch);
}

/* again: an entry of the time of a load, whose rows may be there already. */
static int
carry_out(struct catalog *catalog, const struct catalog_shared_entry *entry, bool again)
{
	struct catalog_shared_bytes at = entry->ops;
	struct catalog_shared_op op = { .table = NULL };
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < entry->count; i++) {
		rc = catalog_shared_read_op(catalog, &at, &op);
		if (rc == 0)
			rc = delete_row(catalog, &op);
	}
	at = entry->ops;
	for (uint32_t i = 0; rc == 0 && i < entry->count; i++) {
		rc = catalog_shared_read_op(catalog, &at, &op);
		if (rc == 0 && op.kind == SHARED_PUT)
			rc = put_row(catalog, op.table, again ? &op.table->replace : &op.table->put,
				     op.bytes);
		else if (rc == 0 && op.kind == SHARED_FETCH)
			rc = fetch_row(catalog, &op);
	}
	return rc;
}

/*
 * References are checked by who made the change; here a row and what refers to it come in any
 * order, and rows that go with another one are in the entry themselves.
 */
static int
begin_foreign(struct catalog *catalog)
{
	int rc = catalog_exec(catalog, "PRAGMA foreign_keys = OFF");

	return rc < 0 ? rc : catalog_exec(catalog, "BEGIN IMMEDIATE");
}

static int
end_foreign(struct catalog *catalog, int rc)
{
	int on;

	if (rc == 0)
		rc = catalog_exec(catalog, "COMMIT");
	if (!sqlite3_get_autocommit(catalog->db))
		(void)sqlite3_exec(catalog->db, "ROLLBACK", NULL, NULL, NULL);
	on = catalog_exec(catalog, "PRAGMA foreign_keys = ON");
	return rc < 0 ? rc : on;
}

/* ---- loading ---- */

static int
format_read(void *arg, const char *key, const void *value, size_t value_bytes)
{
	char text[16] = "";
	uint64_t format = 0;

	(void)key;
	memcpy(text, value, MIN(value_bytes, sizeof(text) - 1));
	if (str_parse_u64(text, &format) < 0 || format == 0 || format > INT32_MAX)
		return err_set(ERR_CORRUPT, "the shared catalog has no format that is one: %s",
			       text);
	*(unsigned *)arg = (unsigned)format;
	return 0;
}

struct row_loading {
	struct catalog *catalog;
	uint64_t rows;
};

static int
load_row(void *arg, const char *key, const void *value, size_t value_bytes)
{
	struct row_loading *load = arg;
	const char *name = key + 2, *end = strchr(name, '/');
	struct catalog_shared_table *table =
		end == NULL ? NULL
			    : catalog_shared_table_find(load->catalog, name, (size_t)(end - name));
	const uint8_t *at = value;

	if (table == NULL)
		return err_set(ERR_CORRUPT, "the shared catalog has a row of no table: %s", key);
	load->rows++;
	return put_row(load->catalog, table, &table->replace,
		       (struct catalog_shared_bytes){ at, at + value_bytes });
}

/* Returns 1 when the log does not lead to one version: then it is to be tried again. */
static int
load_rows(struct catalog *catalog, unsigned format)
{
	AUTO(page_fini) struct entries page = { .count = 0 };
	struct catalog_sharing *sharing = catalog->sharing;
	struct row_loading load = { .catalog = catalog };
	struct catalog_shared_entry entry;
	uint64_t began = 0, ended = 0;
	int rc = sharing->store.ops->read(sharing->store.store, "r/", NULL, load_row, &load,
					  &began);

	if (rc < 0)
		return rc;
	rc = page_read(sharing, began, &page, &ended);
	for (size_t i = 0; rc == 0 && i < page.count; i++) {
		if (format != catalog_migration_count)
			return 1; /* somebody works with the older format, or upgrades it */
		rc = page_entry(&page, i, &entry);
		if (rc == 0)
			rc = entry.whole ? 1 : carry_out(catalog, &entry, true);
	}
	if (rc == 0)
		sharing->version = MAX(began, ended);
	return rc;
}

static int
count_rows(struct catalog *catalog)
{
	struct catalog_sharing *sharing = catalog->sharing;
	int rc = 0;

	sharing->rows = 0;
	for (size_t i = 0; rc == 0 && i < sharing->table_count; i++) {
		AUTO_FREE char *sql = str_printf("SELECT count(*) FROM \"%s\"",
						 sharing->tables[i].name);
		int64_t count = 0;

		rc = sql == NULL ? -ENOMEM : catalog_query_int(catalog, sql, &count);
		sharing->rows += count;
	}
	return rc;
}

/* Makes a database with the tables of that format, and fills it. */
static int
load_once(struct catalog *catalog, unsigned format)
{
	int rc;

	catalog_db_close(catalog);
	catalog->in_transaction = catalog->in_savepoint = false;
	rc = catalog_db_open_memory(catalog);
	if (rc == 0)
		rc = catalog_migrate(catalog, catalog_migrations, format);
	if (rc == 0)
		rc = catalog_shared_tables_open(catalog);
	if (rc == 0)
		rc = begin_foreign(catalog);
	if (rc == 0)
		rc = load_rows(catalog, format);
	if (catalog->db == NULL)
		return rc;
	return rc == 1 ? (end_foreign(catalog, -EAGAIN), 1) : end_foreign(catalog, rc);
}

/* Brings rows of an older format into this program's. */
static int
migrate(struct catalog *catalog, unsigned format)
{
	int rc;

	if (format == catalog_migration_count)
		return 0;
	log_info("catalog.migrate", "catalog=%s from=%u to=%u", catalog->sharing->store.name,
		 format, catalog_migration_count);
	catalog_shared_tables_close(catalog);
	rc = catalog_migrate(catalog, catalog_migrations, catalog_migration_count);
	if (rc == 0)
		rc = catalog_shared_tables_open(catalog);
	catalog->sharing->upgraded = rc == 0;
	return rc;
}

static int
read_format(struct catalog_sharing *sharing, unsigned *ret_format)
{
	const char *keys[] = { "format" };
	int rc;

	*ret_format = catalog_migration_count;
	rc = sharing->store.ops->get(sharing->store.store, keys, 1, format_read, ret_format);
	if (rc == 0 && *ret_format > catalog_migration_count)
		rc = err_set(ERR_VERSION,
			     "the catalog %s has format %u, and this vdsd understands %u: upgrade "
			     "this gateway",
			     sharing->store.name, *ret_format, catalog_migration_count);
	return rc;
}

static int
load(struct catalog *catalog)
{
	struct catalog_sharing *sharing = catalog->sharing;
	unsigned format = 0;
	int rc = 1;

	sharing->stale = true;
	sharing->recording = false;
	for (unsigned tries = 0; rc == 1 && tries < LOAD_TRIES; tries++) {
		rc = read_format(sharing, &format);
		if (rc == 0)
			rc = load_once(catalog, format);
	}
	if (rc == 1)
		rc = err_set(ERR_BUSY, "the catalog %s changes too fast to be loaded",
			     sharing->store.name);
	if (rc == 0)
		rc = migrate(catalog, format);
	if (rc == 0)
		rc = count_rows(catalog);
	if (rc == 0)
		rc = catalog_schema_check(catalog);
	if (rc == 0)
		rc = catalog_position_load(catalog);
	catalog_shared_record_clear(catalog);
	sharing->stale = rc < 0;
	sharing->recording = rc == 0;
	return rc;
}

/* ---- opening ---- */

int
catalog_shared_refuse_local(const struct catalog *catalog)
{
	if (faccessat(catalog->dir_fd, "catalog.db", F_OK, 0) == 0)
		return err_set(ERR_CORRUPT,
			       "%s holds the catalog of an array on one machine: use another --dir "
			       "for %s, or move what is there away",
			       catalog->dir, catalog->sharing->store.name);
	return 0;
}

int
catalog_shared_check_alone(const struct catalog *catalog)
{
	const struct catalog_shared *store = &catalog->sharing->store;
	int rc = store->ops->alone(store->store);

	if (rc == 0)
		return err_set(
			ERR_LOCKED,
			"a gateway uses the catalog %s: stop all gateways first (one that was "
			"killed counts for half a minute)",
			store->name);
	return MIN(rc, 0);
}

/* Only when no gateway is left that understands the older format alone. */
static int
upgrade(struct catalog *catalog)
{
	struct catalog_sharing *sharing = catalog->sharing;
	int rc = sharing->store.ops->alone(sharing->store.store);

	if (rc == 0)
		return err_set(ERR_VERSION,
			       "the catalog %s has an older format, which gateways that run still "
			       "use: this vdsd can start when the last of them has been stopped",
			       sharing->store.name);
	if (rc == 1)
		rc = catalog_shared_upgrade(catalog);
	sharing->upgraded = rc < 0;
	return MIN(rc, 0);
}

int
catalog_shared_open_all(struct catalog *catalog)
{
	struct catalog_sharing *sharing = catalog->sharing;
	struct catalog_mark mark = { .sequence = 0 };
	bool known = false;
	int rc = catalog_shared_refuse_local(catalog);

	guid_make(&sharing->writer);
	if (rc == 0)
		rc = catalog_position_mark_shared(catalog, &mark, &known);
	if (rc == 0)
		rc = load(catalog);
	if (rc == 0 && sharing->upgraded && catalog->look)
		return err_set(
			ERR_VERSION,
			"the catalog %s has an older format than this vdsd's: it is upgraded "
			"when a gateway of this version starts",
			sharing->store.name);
	if (rc == 0)
		rc = catalog_position_settle_shared(catalog, &mark, known);
	if (rc == 0 && sharing->upgraded && catalog_held(catalog) == NULL)
		rc = upgrade(catalog);
	if (rc < 0 || catalog->look)
		return rc;
	if (catalog_held(catalog) != NULL)
		return catalog_exec(catalog, "PRAGMA query_only = ON");
	catalog_guard_remember(catalog);
	return 0;
}

int
catalog_shared_reopen(struct catalog *catalog)
{
	return load(catalog);
}

void
catalog_sharing_free(struct catalog_sharing *sharing)
{
	if (sharing == NULL)
		return;
	sharing->store.ops->close(sharing->store.store);
	strbuf_fini(&sharing->record.keys);
	mem_free(sharing->record.touches);
	mem_free(sharing->notes);
	mem_free(sharing);
}

bool
catalog_is_shared(const struct catalog *catalog)
{
	return catalog->sharing != NULL;
}

uint64_t
catalog_shared_version(const struct catalog *catalog)
{
	return catalog->sharing != NULL ? catalog->sharing->version : 0;
}

/* ---- news ---- */

bool
catalog_news_is_empty(const struct catalog_news *news)
{
	return news->change_count == 0 && news->tables == 0 && !news->reloaded && !news->gap;
}

void
catalog_news_fini(struct catalog_news *news)
{
	for (size_t i = 0; i < news->change_count; i++)
		change_unref(news->changes[i]);
	mem_free(news->changes);
	mem_free(news->touched);
	mem_free(news->answers);
	*news = (struct catalog_news){ .changes = NULL };
}

static int
news_change(struct catalog_news *news, const char *text)
{
	struct change *change = NULL;
	int rc = catalog_event_decode(text, &change);

	if (rc == 0 && mem_grow(&news->changes, &news->change_capacity, news->change_count + 1,
				sizeof(struct change *)) < 0)
		rc = -ENOMEM;
	if (rc < 0) {
		change_unref(change);
		return rc;
	}
	news->changes[news->change_count++] = change;
	return 0;
}

/* A row of the event log: its last column is the change. */
static int
news_event(struct catalog_news *news, const struct catalog_shared_op *op)
{
	struct catalog_shared_bytes value;
	AUTO_FREE char *text = NULL;
	int rc = catalog_shared_column(&op->bytes, op->table->columns - 1, &value);

	if (rc == 0)
		rc = catalog_shared_text(&value, &text);
	return rc < 0 ? rc : news_change(news, text);
}

/* The columns of the table `answer`: number, request_id, sequence, object_id, job_id, existed. */
static int
news_answer(struct catalog_news *news, const struct catalog_shared_op *op)
{
	struct catalog_answer answer = { .sequence = 0 };
	struct catalog_shared_bytes value[6];
	int64_t sequence = 0, existed = 0;
	int rc = 0;

	for (int i = 1; rc == 0 && i < 6; i++)
		rc = catalog_shared_column(&op->bytes, i, &value[i]);
	if (rc == 0)
		rc = catalog_shared_guid(&value[1], &answer.request_id);
	if (rc == 0)
		rc = catalog_shared_integer(&value[2], &sequence);
	if (rc == 0)
		rc = catalog_shared_guid(&value[3], &answer.object_id);
	if (rc == 0)
		rc = catalog_shared_guid(&value[4], &answer.job_id);
	if (rc == 0)
		rc = catalog_shared_integer(&value[5], &existed);
	if (rc == 0 && mem_grow(&news->answers, &news->answer_capacity, news->answer_count + 1,
				sizeof(answer)) < 0)
		rc = -ENOMEM;
	if (rc < 0)
		return rc;
	answer.sequence = (uint64_t)sequence;
	answer.existed = existed != 0;
	news->answers[news->answer_count++] = answer;
	return 0;
}

/* Reads the part of a key that is there. */
static int
news_touched(struct catalog_news *news, const struct catalog_shared_op *op)
{
	struct catalog_touched touched = { .table = op->table->table,
					   .deleted = op->kind == SHARED_DELETE };
	struct catalog_shared_bytes value;
	int64_t kind = 0;
	int rc = 0;

	for (int i = 0; rc == 0 && i < op->table->key_columns; i++) {
		int column = op->kind == SHARED_PUT ? op->table->key[i] : i;

		rc = catalog_shared_column(&op->bytes, column, &value);
		if (rc == 0 && i == 1 && touched.table == CATALOG_TABLE_KEPT)
			rc = catalog_shared_integer(&value, &kind);
		else if (rc == 0)
			rc = catalog_shared_guid(&value, i == 0 ? &touched.a : &touched.b);
	}
	touched.kind = (uint32_t)kind;
	if (rc == 0 && mem_grow(&news->touched, &news->touched_capacity, news->touched_count + 1,
				sizeof(touched)) < 0)
		rc = -ENOMEM;
	if (rc == 0)
		news->touched[news->touched_count++] = touched;
	return rc;
}

static int
news_op(struct catalog_news *news, const struct catalog_shared_op *op)
{
	if (op->table->is_event)
		return op->kind == SHARED_PUT ? news_event(news, op) : 0;
	if (op->table->table == CATALOG_TABLES)
		return 0; /* the event has it */
	news->tables |= 1u << op->table->table;
	switch (op->table->table) {
	case CATALOG_TABLE_ANSWER:
		return op->kind == SHARED_PUT ? news_answer(news, op) : 0;
	case CATALOG_TABLE_JOB:
	case CATALOG_TABLE_KEPT:
	case CATALOG_TABLE_UNLINK:
	case CATALOG_TABLE_TOKEN:
	case CATALOG_TABLE_SECRET:
	case CATALOG_TABLE_SCHEDULE_RUN:
	case CATALOG_TABLE_POOL_SPACE:
		return news_touched(news, op);
	case CATALOG_TABLE_AUDIT:
	case CATALOG_TABLE_COUNTER:
	case CATALOG_TABLE_SEEN:
	case CATALOG_TABLE_RETIRED:
	case CATALOG_TABLE_GATEWAY_SECRET: /* it never changes */
	case CATALOG_TABLES:
		break;
	}
	return 0;
}

static int
news_entry(struct catalog *catalog, struct catalog_news *news,
	   const struct catalog_shared_entry *entry)
{
	bool own = guid_equal(&entry->writer, &catalog->sharing->writer);
	struct catalog_shared_bytes at = entry->ops;
	struct catalog_shared_op op = { .table = NULL };
	size_t touched = news->touched_count;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < entry->count; i++) {
		rc = catalog_shared_read_op(catalog, &at, &op);
		if (rc == 0)
			rc = news_op(news, &op);
	}
	for (; touched < news->touched_count; touched++)
		news->touched[touched].own = own;
	news->own = news->own || own;
	return rc;
}

/* ---- pulling ---- */

static int
missed(void *arg, uint64_t sequence, const char *text)
{
	(void)sequence;
	return news_change(arg, text);
}

static int
note_before(void *arg, const struct catalog_unlink *entry)
{
	struct catalog_sharing *sharing = arg;

	if (mem_grow(&sharing->notes, &sharing->note_capacity, sharing->note_count + 1,
		     sizeof(sharing->notes[0])) < 0)
		return -ENOMEM;
	sharing->notes[sharing->note_count++] = (struct catalog_shared_note){ entry->lun_id,
									      entry->pool_id };
	return 0;
}

/* The working copy is dropped when loading begins, and loading may have to be tried again. */
static int
begin_reload(struct catalog *catalog)
{
	struct catalog_sharing *sharing = catalog->sharing;
	int rc;

	if (sharing->reloads)
		return 0;
	sharing->note_count = 0;
	/* without a database, none could be opened when it was loaded last */
	rc = catalog->db != NULL ? catalog_unlinks(catalog, note_before, sharing) : 0;
	sharing->reloads = rc == 0;
	return rc;
}

struct new_notes {
	const struct catalog_sharing *sharing;
	struct catalog_news *news;
};

static int
note_after(void *arg, const struct catalog_unlink *entry)
{
	const struct new_notes *notes = arg;
	struct catalog_news *news = notes->news;

	for (size_t i = 0; i < notes->sharing->note_count; i++) {
		const struct catalog_shared_note *note = &notes->sharing->notes[i];

		if (guid_equal(&note->lun_id, &entry->lun_id) &&
		    guid_equal(&note->pool_id, &entry->pool_id))
			return 0;
	}
	if (mem_grow(&news->touched, &news->touched_capacity, news->touched_count + 1,
		     sizeof(news->touched[0])) < 0)
		return -ENOMEM;
	news->touched[news->touched_count++] = (struct catalog_touched){
		.table = CATALOG_TABLE_UNLINK, .own = true, .a = entry->lun_id, .b = entry->pool_id
	};
	return 0;
}

/* Finds the notes that were not there before.  Transactions of this opening may have made them. */
static int
end_reload(struct catalog *catalog, struct catalog_news *news)
{
	struct new_notes notes = { catalog->sharing, news };
	int rc = catalog_unlinks(catalog, note_after, &notes);

	if (rc == 0)
		catalog->sharing->reloads = false;
	else
		catalog->sharing->stale = true;
	return rc;
}

/* Loads everything anew.  The event log says what has changed, when it goes back so far. */
static int
reload(struct catalog *catalog, struct catalog_news *news)
{
	struct position before = catalog->committed;
	/* a copy that is to be loaded anew lacks changes, and may be half loaded */
	bool whole = !catalog->sharing->stale && catalog->db != NULL;
	int rc = catalog_shared_store_goes_on(catalog);

	if (rc == 0) {
		whole = false;
		rc = begin_reload(catalog);
	}
	if (rc == 0)
		rc = load(catalog);
	catalog_news_fini(news);
	if (rc == 0) /* it may have gone back while it was loaded */
		rc = catalog_shared_goes_on(catalog, &before, &catalog->committed);
	if (catalog_held(catalog) != NULL && !whole)
		catalog->lost = UINT64_MAX; /* no backup is to be made of it */
	if (rc < 0)
		return rc;
	log_info("catalog.reload", "catalog=%s version=%" PRIu64 " sequence=%" PRIu64,
		 catalog->sharing->store.name, catalog->sharing->version,
		 catalog->committed.sequence);
	news->reloaded = news->own = true;
	news->tables = (1u << CATALOG_TABLES) - 1;
	if (!guid_equal(&before.array_id, &catalog->committed.array_id) ||
	    before.incarnation != catalog->committed.incarnation)
		news->gap = true;
	else
		rc = catalog_events(catalog, before.sequence, missed, news);
	if (rc == ERR_GONE) {
		news->gap = true;
		rc = 0;
	}
	return rc < 0 ? rc : end_reload(catalog, news);
}

/* Returns 1 when everything is to be loaded anew. */
static int
take_over(struct catalog *catalog, const struct entries *page, struct catalog_news *news)
{
	struct catalog_shared_entry entry;
	int64_t rows = catalog->sharing->rows;
	int rc = 0;

	for (size_t i = 0; i < page->count; i++) {
		rc = page_entry(page, i, &entry);
		if (rc < 0 || entry.whole)
			return rc < 0 ? rc : 1;
	}
	catalog->sharing->recording = false;
	rc = begin_foreign(catalog);
	for (size_t i = 0; rc == 0 && i < page->count; i++) {
		rc = page_entry(page, i, &entry);
		if (rc == 0)
			rc = carry_out(catalog, &entry, false);
		if (rc == 0)
			rc = news_entry(catalog, news, &entry);
	}
	rc = end_foreign(catalog, rc);
	catalog->sharing->recording = true;
	if (rc < 0)
		catalog->sharing->rows = rows;
	return rc;
}

static int
pull(struct catalog *catalog, struct catalog_news *news)
{
	AUTO(page_fini) struct entries page = { .count = 0 };
	struct catalog_sharing *sharing = catalog->sharing;
	struct position before = catalog->committed;
	uint64_t version = 0;
	char quoted[512];
	int rc = sharing->stale ? 1 : page_read(sharing, sharing->version, &page, &version);

	if (rc == 0 && page.count == 0)
		return 0;
	if (rc == 0)
		rc = take_over(catalog, &page, news);
	if (rc == ERR_CORRUPT || rc == ERR_INTERNAL) {
		log_warning("catalog.follow", "catalog=%s error=%s reason=%s next=\"load it anew\"",
			    sharing->store.name, err_name(rc),
			    log_quote(err_text(rc), quoted, sizeof(quoted)));
		rc = 1;
	}
	if (rc == 1)
		return reload(catalog, news);
	if (rc == 0) {
		sharing->version = page.first + page.count - 1;
		rc = catalog_position_load(catalog);
		sharing->stale = rc < 0; /* what was taken over is not published */
	}
	news->gap = rc == 0 &&
		    (before.incarnation != catalog->committed.incarnation ||
		     before.sequence + news->change_count != catalog->committed.sequence);
	return rc;
}

int
catalog_pull(struct catalog *catalog, struct catalog_news *news)
{
	struct catalog_sharing *sharing = catalog->sharing;
	uint64_t version = sharing->version;
	int rc = sharing->store.ops->watching(sharing->store.store); /* also held: it is not gone */

	if (rc == 0 && catalog_held(catalog) != NULL)
		rc = err_set(ERR_CORRUPT, "%s", catalog_held(catalog));
	if (rc == 0)
		rc = pull(catalog, news);
	if (rc < 0)
		catalog_news_fini(news);
	if (rc == 0 && version != sharing->version)
		catalog_mark_write(catalog);
	return rc;
}

int
catalog_watch(struct catalog *catalog, void (*wake)(void *arg), void *arg)
{
	const struct catalog_shared *store = &catalog->sharing->store;

	return store->ops->watch(store->store, wake, arg);
}

void
catalog_acknowledge(struct catalog *catalog)
{
	const struct catalog_shared *store = &catalog->sharing->store;

	store->ops->acknowledge(store->store, catalog->sharing->version);
}

int
catalog_notify(struct catalog *catalog, uint32_t timeout_ms, catalog_shared_notified *done,
	       void *arg)
{
	const struct catalog_shared *store = &catalog->sharing->store;

	return store->ops->notify(store->store, catalog->sharing->version, timeout_ms, done, arg);
}

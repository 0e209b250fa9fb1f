/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of a shared catalog's working copy, and which of their rows a transaction touches.
 * SQLite calls a hook before it changes a row, also for rows that go with another one; the hook
 * notes the row's key.  At the commit each of these rows is either there (then it is put into the
 * store as it is now) or not (then it is removed), whatever has happened to it in between.  The
 * catalog's thread.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "catalog/shared_int.h"

/* ---- tables ---- */

static const struct {
	const char *name;
	enum catalog_table table;
} privates[] = {
	/* clang-format off */
	{ "answer",		CATALOG_TABLE_ANSWER },
	{ "audit",		CATALOG_TABLE_AUDIT },
	{ "counter",		CATALOG_TABLE_COUNTER },
	{ "gateway_secret",	CATALOG_TABLE_GATEWAY_SECRET },
	{ "job_private",	CATALOG_TABLE_JOB },
	{ "kept",		CATALOG_TABLE_KEPT },
	{ "number_retired",	CATALOG_TABLE_RETIRED },
	{ "pool_space",		CATALOG_TABLE_POOL_SPACE },
	{ "schedule_run",	CATALOG_TABLE_SCHEDULE_RUN },
	{ "secret",		CATALOG_TABLE_SECRET },
	{ "target_seen",	CATALOG_TABLE_SEEN },
	{ "token",		CATALOG_TABLE_TOKEN },
	{ "unlink",		CATALOG_TABLE_UNLINK },
	/* clang-format on */
};

static int
table_describe(struct catalog *catalog, struct catalog_shared_table *table)
{
	sqlite3_stmt *stmt = NULL;
	int step, rc = sqlite3_prepare_v2(catalog->db, "SELECT cid, pk FROM pragma_table_info(?)",
					  -1, &stmt, NULL);

	if (rc != SQLITE_OK)
		return catalog_db_error(catalog, rc, "table_info");
	sqlite3_bind_text(stmt, 1, table->name, -1, SQLITE_STATIC);
	rc = 0;
	while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
		int part = sqlite3_column_int(stmt, 1);

		table->columns++;
		if (part > SHARED_KEY_COLUMNS)
			rc = err_set(ERR_INTERNAL, "table %s has too long a key", table->name);
		else if (part > 0)
			table->key[part - 1] = sqlite3_column_int(stmt, 0);
		table->key_columns += part > 0;
	}
	sqlite3_finalize(stmt);
	if (step != SQLITE_DONE)
		return catalog_db_error(catalog, step, "table_info");
	if (rc == 0 && table->key_columns == 0)
		rc = err_set(ERR_INTERNAL, "table %s has no key", table->name);
	return rc;
}

static int
table_add(struct catalog *catalog, const char *name)
{
	struct catalog_sharing *sharing = catalog->sharing;
	struct catalog_shared_table *table = &sharing->tables[sharing->table_count];

	*table = (struct catalog_shared_table){ .name = str_dup(name), .table = CATALOG_TABLES };
	if (table->name == NULL)
		return -ENOMEM;
	sharing->table_count++;
	for (size_t i = 0; i < ARRAY_LEN(privates); i++)
		if (strcmp(privates[i].name, name) == 0)
			table->table = privates[i].table;
	table->is_event = strcmp(name, "event") == 0;
	table->is_log = table->is_event || table->table == CATALOG_TABLE_ANSWER ||
			table->table == CATALOG_TABLE_AUDIT;
	return table_describe(catalog, table);
}

static int
tables_list(struct catalog *catalog)
{
	sqlite3_stmt *stmt = NULL;
	int64_t count = 0;
	int step = SQLITE_DONE, rc;

	rc = catalog_query_int(catalog, "SELECT count(*) FROM sqlite_schema", &count);
	if (rc < 0)
		return rc;
	catalog->sharing->tables = mem_calloc((size_t)count + 1,
					      sizeof(catalog->sharing->tables[0]));
	if (catalog->sharing->tables == NULL)
		return -ENOMEM;
	rc = sqlite3_prepare_v2(catalog->db,
				"SELECT name FROM sqlite_schema WHERE type = 'table' AND "
				"name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
				-1, &stmt, NULL);
	if (rc != SQLITE_OK)
		return catalog_db_error(catalog, rc, "tables");
	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW)
		rc = table_add(catalog, (const char *)sqlite3_column_text(stmt, 0));
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "tables");
	sqlite3_finalize(stmt);
	return rc;
}

struct catalog_shared_table *
catalog_shared_table_find(struct catalog *catalog, const char *name, size_t len)
{
	struct catalog_sharing *sharing = catalog->sharing;

	for (size_t i = 0; i < sharing->table_count; i++)
		if (strncmp(sharing->tables[i].name, name, len) == 0 &&
		    sharing->tables[i].name[len] == '\0')
			return &sharing->tables[i];
	return NULL;
}

static void
add_key_condition(struct catalog *catalog, struct strbuf *sql,
		  const struct catalog_shared_table *table)
{
	sqlite3_stmt *info = NULL;

	/* The names of the columns, by their numbers. */
	for (int i = 0; i < table->key_columns; i++) {
		if (sqlite3_prepare_v2(catalog->db,
				       "SELECT name FROM pragma_table_info(?1) WHERE cid = ?2", -1,
				       &info, NULL) != SQLITE_OK) {
			sql->failed = true;
			return;
		}
		sqlite3_bind_text(info, 1, table->name, -1, SQLITE_STATIC);
		sqlite3_bind_int(info, 2, table->key[i]);
		if (sqlite3_step(info) == SQLITE_ROW)
			strbuf_addf(sql, "%s\"%s\" = ?", i == 0 ? " WHERE " : " AND ",
				    (const char *)sqlite3_column_text(info, 0));
		else
			sql->failed = true;
		sqlite3_finalize(info);
	}
}

int
catalog_shared_statement(struct catalog *catalog, struct catalog_shared_table *table,
			 sqlite3_stmt **stmt)
{
	AUTO(strbuf_fini) struct strbuf sql = { 0 };
	int rc;

	if (*stmt != NULL) {
		sqlite3_reset(*stmt);
		sqlite3_clear_bindings(*stmt);
		return 0;
	}
	if (stmt == &table->get || stmt == &table->delete) {
		strbuf_addf(&sql, "%s FROM \"%s\"", stmt == &table->get ? "SELECT *" : "DELETE",
			    table->name);
		add_key_condition(catalog, &sql, table);
	} else {
		strbuf_addf(&sql, "INSERT%s INTO \"%s\" VALUES (",
			    stmt == &table->replace ? " OR REPLACE" : "", table->name);
		for (int i = 0; i < table->columns; i++)
			strbuf_add(&sql, i == 0 ? "?" : ", ?");
		strbuf_add(&sql, ")");
	}
	if (sql.failed)
		return -ENOMEM;
	rc = sqlite3_prepare_v3(catalog->db, sql.text, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
	return rc == SQLITE_OK ? 0 : catalog_db_error(catalog, rc, sql.text);
}

/* ---- what a transaction touches ---- */

#ifdef VDS_HAVE_PREUPDATE

static void
touch(struct catalog_sharing *sharing, uint32_t table, size_t at)
{
	struct catalog_shared_record *record = &sharing->record;

	if (record->keys.failed || mem_grow(&record->touches, &record->capacity, record->count + 1,
					    sizeof(record->touches[0])) < 0) {
		record->failed = true;
		return;
	}
	record->touches[record->count++] = (struct catalog_shared_touch){ table, at,
									  record->keys.len - at };
}

/* Notes the key that a row has before the change (old) or after it. */
static void
note_key(struct catalog_sharing *sharing, sqlite3 *db, uint32_t number, bool old)
{
	const struct catalog_shared_table *table = &sharing->tables[number];
	size_t at = sharing->record.keys.len;
	sqlite3_value *value = NULL;
	int rc;

	for (int i = 0; i < table->key_columns; i++) {
		rc = old ? sqlite3_preupdate_old(db, table->key[i], &value)
			 : sqlite3_preupdate_new(db, table->key[i], &value);
		if (rc != SQLITE_OK || value == NULL) {
			sharing->record.failed = true;
			return;
		}
		catalog_shared_add_value(&sharing->record.keys, value);
	}
	touch(sharing, number, at);
}

static void
before_update(void *arg, sqlite3 *db, int op, const char *schema, const char *name,
	      sqlite3_int64 before, sqlite3_int64 after)
{
	struct catalog *catalog = arg;
	struct catalog_sharing *sharing = catalog->sharing;
	const struct catalog_shared_table *table;
	int grown = op == SQLITE_INSERT ? 1 : op == SQLITE_DELETE ? -1 : 0;

	(void)before;
	(void)after;
	if (!sharing->recording || strcmp(schema, "main") != 0)
		return;
	table = catalog_shared_table_find(catalog, name, strlen(name));
	if (table == NULL)
		return;
	if (op != SQLITE_INSERT)
		note_key(sharing, db, (uint32_t)(table - sharing->tables), true);
	if (op != SQLITE_DELETE)
		note_key(sharing, db, (uint32_t)(table - sharing->tables), false);
	sharing->record.grown += grown;
	sharing->record.grown_rows += table->is_log ? 0 : grown;
}

static int
hook_set(struct catalog *catalog)
{
	sqlite3_preupdate_hook(catalog->db, before_update, catalog);
	return 0;
}

#else

static int
hook_set(struct catalog *catalog)
{
	(void)catalog;
	return err_set(
		ERR_NOT_SUPPORTED,
		"this vdsd was built with an SQLite that has no preupdate hook, so it cannot "
		"share a catalog with other gateways");
}

#endif

int
catalog_shared_tables_open(struct catalog *catalog)
{
	int rc = hook_set(catalog);

	return rc < 0 ? rc : tables_list(catalog);
}

void
catalog_shared_tables_close(struct catalog *catalog)
{
	struct catalog_sharing *sharing = catalog->sharing;

	for (size_t i = 0; i < sharing->table_count; i++) {
		struct catalog_shared_table *table = &sharing->tables[i];

		sqlite3_finalize(table->get);
		sqlite3_finalize(table->put);
		sqlite3_finalize(table->replace);
		sqlite3_finalize(table->delete);
		mem_free(table->name);
	}
	mem_free(TAKE(sharing->tables));
	sharing->table_count = 0;
	catalog_shared_record_clear(catalog);
}

void
catalog_shared_record_clear(struct catalog *catalog)
{
	struct catalog_shared_record *record = &catalog->sharing->record;

	record->keys.len = 0;
	record->keys.failed = record->failed = false;
	record->count = 0;
	record->grown = record->grown_rows = 0;
}

void
catalog_shared_savepoint(struct catalog *catalog)
{
	struct catalog_sharing *sharing = catalog->sharing;

	sharing->touches_at_savepoint = sharing->record.count;
	sharing->grown_at_savepoint = sharing->record.grown;
	sharing->grown_rows_at_savepoint = sharing->record.grown_rows;
}

void
catalog_shared_rollback_to(struct catalog *catalog)
{
	struct catalog_sharing *sharing = catalog->sharing;

	sharing->record.count = sharing->touches_at_savepoint;
	sharing->record.grown = sharing->grown_at_savepoint;
	sharing->record.grown_rows = sharing->grown_rows_at_savepoint;
}

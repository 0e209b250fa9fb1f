/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stores rows in columns and loads them, by the field tables of model/rows.h: each field has one
 * column with its name.  Guids are 16-byte blobs (sorted as guid_compare sorts them), enums are
 * stored as their names, and booleans as 0 and 1.  Only the catalog's thread.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "catalog/catalog_int.h"
#include "model/fields.h"

static void
add_list(struct strbuf *sql, const struct row_type *type, size_t first, size_t end,
	 const char *before, const char *after, const char *separator)
{
	for (size_t i = first; i < end; i++)
		strbuf_addf(sql, "%s%s\"%s\"%s", i == first ? "" : separator, before,
			    type->fields[i].name, after);
}

static char *
put_sql(const struct row_type *type)
{
	struct strbuf sql;

	strbuf_init(&sql);
	strbuf_addf(&sql, "INSERT INTO \"%s\" (", type->name);
	add_list(&sql, type, 0, type->field_count, "", "", ", ");
	strbuf_add(&sql, ") VALUES (");
	for (size_t i = 0; i < type->field_count; i++)
		strbuf_add(&sql, i == 0 ? "?" : ", ?");
	strbuf_add(&sql, ") ON CONFLICT (");
	add_list(&sql, type, 0, type->key_fields, "", "", ", ");
	strbuf_add(&sql,
		   type->key_fields < type->field_count ? ") DO UPDATE SET " : ") DO NOTHING");
	for (size_t i = type->key_fields; i < type->field_count; i++)
		strbuf_addf(&sql, "%s\"%s\" = excluded.\"%s\"", i == type->key_fields ? "" : ", ",
			    type->fields[i].name, type->fields[i].name);
	return strbuf_take(&sql);
}

/* An update of the fields whose bits are set, and then the fields of the key. */
static char *
update_sql(const struct row_type *type, uint32_t fields)
{
	struct strbuf sql;
	const char *separator = "";

	strbuf_init(&sql);
	strbuf_addf(&sql, "UPDATE \"%s\" SET ", type->name);
	for (size_t i = type->key_fields; i < type->field_count; i++) {
		if ((fields >> i & 1) == 0)
			continue;
		strbuf_addf(&sql, "%s\"%s\" = ?", separator, type->fields[i].name);
		separator = ", ";
	}
	strbuf_add(&sql, " WHERE ");
	add_list(&sql, type, 0, type->key_fields, "", " = ?", " AND ");
	return strbuf_take(&sql);
}

static char *
delete_sql(const struct row_type *type)
{
	struct strbuf sql;

	strbuf_init(&sql);
	strbuf_addf(&sql, "DELETE FROM \"%s\" WHERE ", type->name);
	add_list(&sql, type, 0, type->key_fields, "", " = ?", " AND ");
	return strbuf_take(&sql);
}

/*
 * In no order: whoever loads the rows sorts them.  In the order of keys SQLite would look up each
 * row by its index, all over the table, which misses its cache once the table is larger than that.
 */
static char *
list_sql(const struct row_type *type)
{
	struct strbuf sql;

	strbuf_init(&sql);
	strbuf_add(&sql, "SELECT ");
	add_list(&sql, type, 0, type->field_count, "", "", ", ");
	strbuf_addf(&sql, " FROM \"%s\"", type->name);
	return strbuf_take(&sql);
}

static int
prepare(struct catalog *catalog, sqlite3_stmt **stmt, char *(*make)(const struct row_type *type),
	const struct row_type *type)
{
	AUTO_FREE char *sql = NULL;
	int rc;

	if (*stmt == NULL) {
		sql = make(type);
		if (sql == NULL)
			return -ENOMEM;
		rc = sqlite3_prepare_v3(catalog->db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt,
					NULL);
		if (rc != SQLITE_OK)
			return catalog_db_error(catalog, rc, sql);
	}
	sqlite3_reset(*stmt);
	sqlite3_clear_bindings(*stmt);
	return 0;
}

static const char *
enum_name(const struct row_field *field, uint64_t value)
{
	for (unsigned i = 0; field->names[i] != NULL; i++)
		if (i == value)
			return field->names[i];
	return NULL;
}

static void
bind_field(sqlite3_stmt *stmt, int index, const struct row_field *field, const void *row)
{
	const void *at = (const char *)row + field->offset;
	const char *text;

	switch (field->type) {
	case FIELD_GUID:
		catalog_bind_guid(stmt, index, at);
		break;
	case FIELD_STRING:
		text = *(char *const *)at;
		sqlite3_bind_text(stmt, index, text != NULL ? text : "", -1, SQLITE_STATIC);
		break;
	case FIELD_U32:
		sqlite3_bind_int64(stmt, index, (int64_t)row_field_number(row, field));
		break;
	case FIELD_U64:
	case FIELD_I64:
		sqlite3_bind_int64(stmt, index, *(const int64_t *)at);
		break;
	case FIELD_BOOL:
		sqlite3_bind_int(stmt, index, *(const bool *)at);
		break;
	case FIELD_ENUM:
		/* NULL for a value without a name: NOT NULL refuses it. */
		sqlite3_bind_text(stmt, index, enum_name(field, row_field_number(row, field)), -1,
				  SQLITE_STATIC);
		break;
	}
}

int
catalog_row_put(struct catalog *catalog, const struct row *row)
{
	const struct row_type *type = row_type(row->family);
	sqlite3_stmt **stmt = &catalog->rows[row->family].put;
	int rc = prepare(catalog, stmt, put_sql, type);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < type->field_count; i++)
		bind_field(*stmt, (int)i + 1, &type->fields[i], row);
	rc = catalog_run(catalog, *stmt, type->name);
	sqlite3_clear_bindings(*stmt);
	return rc;
}

/*
 * Finds or prepares the update of these fields.  Changes of the same kind set the same fields, so a
 * few statements serve nearly all of them.
 */
static int
prepare_update(struct catalog *catalog, enum row_family family, uint32_t fields,
	       sqlite3_stmt **ret_stmt)
{
	struct catalog_row_statements *statements = &catalog->rows[family];
	AUTO_FREE char *sql = NULL;
	unsigned slot;
	int rc;

	for (slot = 0; slot < CATALOG_UPDATES; slot++)
		if (statements->updates[slot].fields == fields)
			break;
	if (slot == CATALOG_UPDATES) {
		sql = update_sql(row_type(family), fields);
		if (sql == NULL)
			return -ENOMEM;
		slot = statements->next_update;
		statements->next_update = (slot + 1) % CATALOG_UPDATES;
		sqlite3_finalize(statements->updates[slot].stmt);
		memset(&statements->updates[slot], 0, sizeof(statements->updates[slot]));
		rc = sqlite3_prepare_v3(catalog->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
					&statements->updates[slot].stmt, NULL);
		if (rc != SQLITE_OK)
			return catalog_db_error(catalog, rc, sql);
		statements->updates[slot].fields = fields;
	}
	*ret_stmt = statements->updates[slot].stmt;
	return 0;
}

int
catalog_row_update(struct catalog *catalog, const struct row *before, const struct row *row)
{
	const struct row_type *type = row_type(row->family);
	sqlite3_stmt *stmt = NULL;
	uint32_t fields = 0;
	int index = 1, rc;

	assert(type->field_count <= 32);
	for (size_t i = type->key_fields; i < type->field_count; i++)
		if (!row_field_equal(before, row, &type->fields[i]))
			fields |= 1u << i;
	if (fields == 0)
		return 0;
	rc = prepare_update(catalog, row->family, fields, &stmt);
	if (rc < 0)
		return rc;
	for (size_t i = type->key_fields; i < type->field_count; i++)
		if ((fields >> i & 1) != 0)
			bind_field(stmt, index++, &type->fields[i], row);
	for (size_t i = 0; i < type->key_fields; i++)
		bind_field(stmt, index++, &type->fields[i], row);
	rc = catalog_run(catalog, stmt, type->name);
	sqlite3_clear_bindings(stmt);
	if (rc == 0 && sqlite3_changes(catalog->db) != 1)
		return err_set(ERR_CORRUPT, "%s/catalog.db: a %s to be changed is missing",
			       catalog->dir, type->name);
	return rc;
}

int
catalog_row_delete(struct catalog *catalog, enum row_family family, const struct row_key *key)
{
	const struct row_type *type = row_type(family);
	sqlite3_stmt **stmt = &catalog->rows[family].delete;
	int rc = prepare(catalog, stmt, delete_sql, type);

	if (rc < 0)
		return rc;
	catalog_bind_guid(*stmt, 1, &key->a);
	if (type->key_fields > 1)
		catalog_bind_guid(*stmt, 2, &key->b);
	rc = catalog_run(catalog, *stmt, type->name);
	if (rc == 0 && sqlite3_changes(catalog->db) != 1)
		return err_set(ERR_CORRUPT, "%s/catalog.db: a %s to be deleted is missing",
			       catalog->dir, type->name);
	if (rc == 0 && family == ROW_CREDENTIAL)
		catalog->secret_outdated = true; /* the database deletes it with its row */
	return rc;
}

static int
read_enum(sqlite3_stmt *stmt, int index, const struct row_field *field, void *row)
{
	const char *text = (const char *)sqlite3_column_text(stmt, index);

	for (unsigned i = 0; text != NULL && field->names[i] != NULL; i++)
		if (strcmp(field->names[i], text) == 0 && row_field_set_number(row, field, i))
			return 0;
	return err_set(ERR_CORRUPT, "catalog.db: column %s has an unknown value", field->name);
}

static int
read_field(sqlite3_stmt *stmt, int index, const struct row_field *field, void *row)
{
	void *at = (char *)row + field->offset;
	int64_t number;

	switch (field->type) {
	case FIELD_GUID:
		return catalog_column_guid(stmt, index, at);
	case FIELD_STRING:
		return row_set_string(at, (const char *)sqlite3_column_text(stmt, index));
	case FIELD_ENUM:
		return read_enum(stmt, index, field, row);
	case FIELD_U64:
	case FIELD_I64:
		*(int64_t *)at = sqlite3_column_int64(stmt, index);
		return 0;
	case FIELD_U32:
	case FIELD_BOOL:
		break;
	}
	number = sqlite3_column_int64(stmt, index);
	if (number < 0 || (field->type == FIELD_BOOL && number > 1) ||
	    !row_field_set_number(row, field, (uint64_t)number))
		return err_set(ERR_CORRUPT, "catalog.db: column %s is out of range", field->name);
	return 0;
}

static int
load_row(sqlite3_stmt *stmt, enum row_family family, struct state_edit *edit)
{
	const struct row_type *type = row_type(family);
	AUTO_ROW void *row = row_new(family);
	int rc = row == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < type->field_count; i++)
		rc = read_field(stmt, (int)i, &type->fields[i], row);
	return rc < 0 ? rc : state_edit_put(edit, TAKE(row));
}

static int
load_family(struct catalog *catalog, enum row_family family, struct state_edit *edit)
{
	sqlite3_stmt **stmt = &catalog->rows[family].list;
	int step = SQLITE_DONE, rc = prepare(catalog, stmt, list_sql, row_type(family));

	while (rc == 0 && (step = sqlite3_step(*stmt)) == SQLITE_ROW)
		rc = load_row(*stmt, family, edit);
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "load");
	sqlite3_reset(*stmt);
	return rc;
}

/*
 * The only connection with exclusive locking: its selects see one state even without a transaction
 * around them.
 */
int
catalog_rows_load(struct catalog *catalog, struct state_edit *edit)
{
	int rc = 0;

	for (int family = 0; rc == 0 && family < ROW_STORED_COUNT; family++)
		rc = load_family(catalog, (enum row_family)family, edit);
	return rc;
}

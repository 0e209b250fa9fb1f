/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audit log: a private table, in the transaction of the change that a record describes.  The
 * values before and after are those fields of the changed rows that differ.  Bounded in time and in
 * number: each new record takes the two oldest with it when they are too old or too many.  Only the
 * catalog's thread.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "catalog/catalog_int.h"
#include "catalog/shared.h"
#include "wire/wire.h"

#define CHANGES_MAX       4096
#define CHANGES_BYTES_MAX (256u << 10)

/* ---- values ---- */

/* Removes what is the same on both sides.  Either may be NULL. */
static void
same_remove(json_t *before, json_t *after)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(before, next, name, value)
	{
		if (!json_equal(value, json_object_get(after, name)))
			continue;
		json_object_del(after, name);
		json_object_del(before, name);
	}
}

static const struct row *
row_before(const struct state *before, const struct change_op *op)
{
	return row_type(op->family)->key_fields > 1
		       ? state_find_pair(before, op->family, &op->key.a, &op->key.b)
		       : state_find(before, op->family, &op->key.a);
}

/* {"family":"lun","key":["…"],"before":{…}|null,"after":{…}|null} */
static json_t *
op_encode(const struct state *before, const struct change_op *op)
{
	const struct row *old = row_before(before, op);
	json_t *from = old != NULL ? wire_row_encode(old) : json_null();
	json_t *to = op->row != NULL ? wire_row_encode(op->row) : json_null();
	char a[GUID_TEXT_SIZE], b[GUID_TEXT_SIZE];
	json_t *key = json_pack("[s]", guid_format(&op->key.a, a));

	if (!guid_is_zero(&op->key.b))
		json_array_append_new(key, json_string(guid_format(&op->key.b, b)));
	if (json_is_object(from) && json_is_object(to))
		same_remove(from, to);
	return json_pack("{s:s, s:o, s:o, s:o}", "family", row_type(op->family)->name, "key", key,
			 "before", from, "after", to);
}

/*
 * A list of the first rows: as many as a record may have.  When there are more, the last element
 * says how many: {"omitted":N}.
 */
static int
changes_text(const struct state *before, const struct change *change, struct strbuf *text)
{
	size_t count = change != NULL ? change->op_count : 0, kept = 0;
	bool full = false;

	strbuf_add(text, "[");
	for (size_t i = 0; i < MIN(count, (size_t)CHANGES_MAX) && !full; i++) {
		json_t *json = op_encode(before, &change->ops[i]);
		char *one = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

		json_decref(json);
		if (one == NULL)
			return -ENOMEM;
		full = text->len + strlen(one) >= CHANGES_BYTES_MAX;
		if (!full) {
			strbuf_addf(text, "%s%s", text->len > 1 ? "," : "", one);
			kept++;
		}
		free(one);
	}
	if (kept < count)
		strbuf_addf(text, "%s{\"omitted\":%zu}", text->len > 1 ? "," : "", count - kept);
	strbuf_add(text, "]");
	return text->failed ? -ENOMEM : 0;
}

/* ---- writing ---- */

static int
prune(struct catalog *catalog, int64_t newest, int limit)
{
	bool full = catalog_reserve_is_wanted(catalog);
	int64_t most = catalog->sharing != NULL ? CATALOG_SHARED_AUDIT_KEPT : CATALOG_AUDIT_KEPT;
	int64_t kept = full ? CATALOG_EVENTS_KEPT_FULL : most;
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_AUDIT_PRUNE, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_int(stmt, 1, limit);
	sqlite3_bind_int64(stmt, 2,
			   catalog->audit_keep_ms != 0 ? clock_utc_ms() - catalog->audit_keep_ms
						       : INT64_MIN);
	sqlite3_bind_int64(stmt, 3, newest - kept);
	sqlite3_bind_int64(stmt, 4, newest);
	return catalog_run(catalog, stmt, "audit");
}

/* vdsd itself is "".  In libc's heap. */
static char *
principal_text(const struct principal *principal)
{
	json_t *json = principal->kind != PRINCIPAL_SYSTEM ? wire_principal_encode(principal)
							   : NULL;
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	return principal->kind == PRINCIPAL_SYSTEM ? strdup("") : text;
}

static void
record_bind(sqlite3_stmt *stmt, const struct audit_record *record, const char *principal,
	    const char *changes)
{
	sqlite3_bind_int64(stmt, 1, record->utc_ms);
	sqlite3_bind_text(stmt, 2, principal, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, record->verb, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 4, record->cause, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 5, record->object, -1, SQLITE_STATIC);
	catalog_bind_guid(stmt, 6, &record->object_id);
	sqlite3_bind_int64(stmt, 7, (int64_t)record->sequence);
	sqlite3_bind_text(stmt, 8, record->outcome, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 9, record->text, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 10, changes, -1, SQLITE_STATIC);
}

int
catalog_audit_put(struct catalog *catalog, const struct audit_record *record,
		  const struct state *before, const struct change *change)
{
	AUTO(strbuf_fini) struct strbuf changes = { 0 };
	char *principal = principal_text(&record->principal);
	sqlite3_stmt *stmt;
	int rc = principal != NULL ? changes_text(before, change, &changes) : -ENOMEM;

	if (rc == 0)
		rc = catalog_statement(catalog, STMT_AUDIT_PUT, &stmt);
	if (rc == 0) {
		record_bind(stmt, record, principal, changes.text);
		rc = catalog_run(catalog, stmt, "audit");
		sqlite3_clear_bindings(stmt);
	}
	free(principal);
	return rc < 0 ? rc : prune(catalog, sqlite3_last_insert_rowid(catalog->db), 2);
}

void
catalog_audit_keep(struct catalog *catalog, int64_t keep_ms)
{
	catalog->audit_keep_ms = keep_ms;
}

int
catalog_audit_prune(struct catalog *catalog)
{
	int64_t newest = 0;
	int rc = catalog_query_int(catalog, "SELECT coalesce(max(number), 0) FROM audit", &newest);

	return rc < 0 ? rc : prune(catalog, newest, CATALOG_AUDIT_PRUNE);
}

/* ---- reading ---- */

static const char *
text_at(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text != NULL ? text : "";
}

static int
record_read(sqlite3_stmt *stmt, struct audit_record *ret_record)
{
	const char *principal = text_at(stmt, 2);
	json_t *who = json_loads(principal, 0, NULL);
	struct audit_record record = {
		.number = (uint64_t)sqlite3_column_int64(stmt, 0),
		.utc_ms = sqlite3_column_int64(stmt, 1),
		.verb = text_at(stmt, 3),
		.cause = text_at(stmt, 4),
		.object = text_at(stmt, 5),
		.sequence = (uint64_t)sqlite3_column_int64(stmt, 7),
		.outcome = text_at(stmt, 8),
		.text = text_at(stmt, 9),
		.changes = text_at(stmt, 10),
	};
	int rc = catalog_column_guid(stmt, 6, &record.object_id);

	if (rc == 0 && *principal != '\0' && !wire_principal_decode(who, &record.principal))
		rc = err_set(ERR_CORRUPT, "catalog.db: a record of the audit log is damaged");
	json_decref(who);
	if (rc == 0)
		*ret_record = record;
	return rc;
}

int
catalog_audit_list(struct catalog *catalog, uint64_t before, unsigned most,
		   int (*each)(void *arg, const struct audit_record *record), void *arg)
{
	struct audit_record record;
	sqlite3_stmt *stmt;
	int step = SQLITE_DONE, rc = catalog_statement(catalog, STMT_AUDIT_LIST, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(stmt, 1, before != 0 ? (int64_t)before : INT64_MAX);
	sqlite3_bind_int64(stmt, 2, most);
	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = record_read(stmt, &record);
		if (rc == 0)
			rc = each(arg, &record);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "audit");
	sqlite3_reset(stmt);
	return rc;
}

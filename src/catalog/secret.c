/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CHAP secrets, in a table of their own: they are in no row, no event and no digest, and no message
 * names them.  A secret is deleted with its credential's row, by the database.  Only the catalog's
 * thread.
 */
#include <string.h>

#include "base/err.h"
#include "catalog/catalog_int.h"

static void
bind_bytes(sqlite3_stmt *stmt, int column, const uint8_t *bytes, size_t len)
{
	/* NULL would be another type than the column's */
	sqlite3_bind_blob64(stmt, column, len > 0 ? bytes : (const uint8_t *)"", len,
			    SQLITE_STATIC);
}

static int
put(struct catalog *catalog, enum catalog_statement which, const struct catalog_secret *secret)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, which, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, &secret->credential_id);
	bind_bytes(stmt, 2, secret->bytes, secret->len);
	bind_bytes(stmt, 3, secret->old_bytes, secret->old_len);
	rc = catalog_run(catalog, stmt, "secret");
	sqlite3_clear_bindings(stmt);
	return rc;
}

int
catalog_secret_put(struct catalog *catalog, const struct catalog_secret *secret)
{
	int rc = put(catalog, STMT_SECRET_REPLACE, secret);

	if (rc < 0)
		return rc;
	if (sqlite3_changes(catalog->db) == 0)
		return put(catalog, STMT_SECRET_PUT, secret);
	catalog->secret_outdated = true;
	return 0;
}

/*
 * A page of the database is overwritten when the log is copied into it, since secure_delete is on.
 * The log itself keeps what was written to it, until it is truncated.
 */
int
catalog_secret_scrub(struct catalog *catalog)
{
	int rc;

	if (!catalog->secret_in_log || catalog->db == NULL || catalog->look ||
	    catalog->sharing != NULL)
		return 0;
	rc = sqlite3_wal_checkpoint_v2(catalog->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK)
		return catalog_db_error(catalog, rc, "truncate the log");
	catalog->secret_in_log = false;
	return 0;
}

/* Calls `each` for what the statement, whose values are bound, finds. */
static int
list(struct catalog *catalog, sqlite3_stmt *stmt,
     int (*each)(void *arg, const struct catalog_secret *secret), void *arg)
{
	struct catalog_secret secret;
	int step = SQLITE_DONE, rc = 0;

	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = catalog_column_guid(stmt, 0, &secret.credential_id);
		secret.bytes = sqlite3_column_blob(stmt, 1);
		secret.len = (size_t)sqlite3_column_bytes(stmt, 1);
		secret.old_bytes = sqlite3_column_blob(stmt, 2);
		secret.old_len = (size_t)sqlite3_column_bytes(stmt, 2);
		if (rc == 0)
			rc = each(arg, &secret);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "secrets");
	sqlite3_reset(stmt);
	return rc;
}

int
catalog_secrets(struct catalog *catalog,
		int (*each)(void *arg, const struct catalog_secret *secret), void *arg)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_SECRET_LIST, &stmt);

	return rc < 0 ? rc : list(catalog, stmt, each, arg);
}

int
catalog_secret_of(struct catalog *catalog, const struct guid *credential_id,
		  int (*each)(void *arg, const struct catalog_secret *secret), void *arg)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_SECRET_GET, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, credential_id);
	return list(catalog, stmt, each, arg);
}

int
catalog_gateway_secret_put(struct catalog *catalog, const uint8_t *bytes)
{
	static const struct guid only = { .bytes = { 1 } };
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_GATEWAY_SECRET_PUT, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, &only);
	bind_bytes(stmt, 2, bytes, CATALOG_GATEWAY_SECRET_BYTES);
	rc = catalog_run(catalog, stmt, "gateway_secret");
	sqlite3_clear_bindings(stmt);
	return rc;
}

int
catalog_gateway_secret_get(struct catalog *catalog, uint8_t *ret_bytes)
{
	sqlite3_stmt *stmt;
	int step, rc = catalog_statement(catalog, STMT_GATEWAY_SECRET_GET, &stmt);

	if (rc < 0)
		return rc;
	step = sqlite3_step(stmt);
	if (step == SQLITE_DONE)
		rc = ERR_NOT_FOUND;
	else if (step != SQLITE_ROW)
		rc = catalog_db_error(catalog, step, "gateway_secret");
	else if (sqlite3_column_bytes(stmt, 0) != CATALOG_GATEWAY_SECRET_BYTES)
		rc = err_set(ERR_CORRUPT, "the secret of the gateways in the catalog is damaged");
	else
		memcpy(ret_bytes, sqlite3_column_blob(stmt, 0), CATALOG_GATEWAY_SECRET_BYTES);
	sqlite3_reset(stmt);
	return rc;
}

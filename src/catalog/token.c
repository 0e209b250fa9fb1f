/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tokens with which programs ask: a private table, which no row, event, digest or log has.  Of
 * a token only the hash is stored, so who reads the catalog cannot ask with it.  Only the catalog's
 * thread.
 */
#include <string.h>

#include "base/err.h"
#include "catalog/catalog_int.h"

/* Returns whether a token has this name; a negative code when that cannot be read. */
static int
name_is_used(struct catalog *catalog, const char *name)
{
	sqlite3_stmt *stmt;
	int step, rc = catalog_statement(catalog, STMT_TOKEN_NAMED, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	step = sqlite3_step(stmt);
	if (step != SQLITE_ROW && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "tokens");
	sqlite3_reset(stmt);
	return rc < 0 ? rc : step == SQLITE_ROW;
}

int
catalog_token_put(struct catalog *catalog, const struct catalog_token *token)
{
	sqlite3_stmt *stmt;
	int rc = name_is_used(catalog, token->name);

	if (rc == 1)
		return err_set(ERR_NAME_IN_USE,
			       "there is already a token named %s: revoke it first, or choose "
			       "another name",
			       token->name);
	if (rc == 0)
		rc = catalog_statement(catalog, STMT_TOKEN_PUT, &stmt);
	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, &token->id);
	sqlite3_bind_text(stmt, 2, token->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, principal_role_name(token->role), -1, SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 4, token->hash, sizeof(token->hash), SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 5, token->created_ms);
	sqlite3_bind_int64(stmt, 6, token->expires_ms);
	sqlite3_bind_text(stmt, 7, token->creator, -1, SQLITE_STATIC);
	return catalog_run(catalog, stmt, "token");
}

int
catalog_token_delete(struct catalog *catalog, const struct guid *id)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_TOKEN_DELETE, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, id);
	rc = catalog_run(catalog, stmt, "token");
	if (rc == 0 && sqlite3_changes(catalog->db) == 0)
		rc = ERR_NOT_FOUND;
	return rc;
}

static int
token_read(sqlite3_stmt *stmt, struct catalog_token *ret_token)
{
	const char *role = (const char *)sqlite3_column_text(stmt, 2);
	struct catalog_token token = {
		.name = (const char *)sqlite3_column_text(stmt, 1),
		.role = role != NULL ? principal_role_parse(role) : ROLE_NONE,
		.created_ms = sqlite3_column_int64(stmt, 4),
		.expires_ms = sqlite3_column_int64(stmt, 5),
		.creator = (const char *)sqlite3_column_text(stmt, 6),
	};
	const void *hash = sqlite3_column_blob(stmt, 3);
	int rc = catalog_column_guid(stmt, 0, &token.id);

	if (rc < 0)
		return rc;
	if (token.name == NULL || token.creator == NULL || token.role == ROLE_NONE ||
	    sqlite3_column_bytes(stmt, 3) != sizeof(token.hash))
		return err_set(ERR_CORRUPT, "catalog.db: a token is damaged");
	memcpy(token.hash, hash, sizeof(token.hash));
	*ret_token = token;
	return 0;
}

/* Calls `each` for what the statement, whose values are bound, finds. */
static int
list(struct catalog *catalog, sqlite3_stmt *stmt,
     int (*each)(void *arg, const struct catalog_token *token), void *arg)
{
	struct catalog_token token;
	int step = SQLITE_DONE, rc = 0;

	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = token_read(stmt, &token);
		if (rc == 0)
			rc = each(arg, &token);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "tokens");
	sqlite3_reset(stmt);
	return rc;
}

int
catalog_tokens(struct catalog *catalog, int (*each)(void *arg, const struct catalog_token *token),
	       void *arg)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_TOKEN_LIST, &stmt);

	return rc < 0 ? rc : list(catalog, stmt, each, arg);
}

int
catalog_token_of(struct catalog *catalog, const struct guid *id,
		 int (*each)(void *arg, const struct catalog_token *token), void *arg)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_TOKEN_GET, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, id);
	return list(catalog, stmt, each, arg);
}

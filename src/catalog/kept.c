/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the logical units of LUNs must keep.  It is in no event and not in the digest.  Only the
 * catalog's thread.
 */
#include "base/err.h"
#include "catalog/catalog_int.h"

int
catalog_kept_put(struct catalog *catalog, const struct catalog_kept *kept)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_KEPT_PUT, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, &kept->lun_id);
	sqlite3_bind_int64(stmt, 2, kept->kind);
	sqlite3_bind_int64(stmt, 3, kept->version);
	sqlite3_bind_blob64(stmt, 4, kept->data, kept->bytes, SQLITE_STATIC);
	return catalog_run(catalog, stmt, "what a unit keeps");
}

int
catalog_kept_delete(struct catalog *catalog, const struct guid *lun_id, uint32_t kind)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_KEPT_DELETE, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, lun_id);
	sqlite3_bind_int64(stmt, 2, kind);
	return catalog_run(catalog, stmt, "what a unit keeps");
}

int
catalog_kept_forget(struct catalog *catalog, const struct guid *lun_id)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_KEPT_FORGET, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, lun_id);
	return catalog_run(catalog, stmt, "what a unit keeps");
}

int
catalog_kept_drop(struct catalog *catalog, uint32_t kind)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_KEPT_DROP, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(stmt, 1, kind);
	return catalog_run(catalog, stmt, "what a unit keeps");
}

/* Calls `each` for what the statement, whose values are bound, finds. */
static int
list(struct catalog *catalog, sqlite3_stmt *stmt,
     int (*each)(void *arg, const struct catalog_kept *kept), void *arg)
{
	struct catalog_kept kept;
	int step = SQLITE_DONE, rc = 0;

	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = catalog_column_guid(stmt, 0, &kept.lun_id);
		kept.kind = (uint32_t)sqlite3_column_int64(stmt, 1);
		kept.version = (uint32_t)sqlite3_column_int64(stmt, 2);
		kept.data = sqlite3_column_blob(stmt, 3);
		kept.bytes = (size_t)sqlite3_column_bytes(stmt, 3);
		if (rc == 0)
			rc = each(arg, &kept);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "what units keep");
	sqlite3_reset(stmt);
	return rc;
}

int
catalog_kept_list(struct catalog *catalog, int (*each)(void *arg, const struct catalog_kept *kept),
		  void *arg)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_KEPT_LIST, &stmt);

	return rc < 0 ? rc : list(catalog, stmt, each, arg);
}

int
catalog_kept_of(struct catalog *catalog, const struct guid *lun_id,
		int (*each)(void *arg, const struct catalog_kept *kept), void *arg)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_KEPT_OF, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, lun_id);
	return list(catalog, stmt, each, arg);
}

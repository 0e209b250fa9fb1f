/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notes about LUN numbers that initiators may remember: to which targets initiators have logged in,
 * and which LUN had a number before the number was given up.  The notes are in no event and not in
 * the digest.  The array's number.c makes its decisions from them.  Only the writer thread.
 *
 * A note names a target by its iSCSI name, because an initiator remembers that name: to the
 * initiator, a target that is deleted and created again under the same name is the same target.
 */
#include "base/err.h"
#include "catalog/catalog_int.h"

static int
run_with_name(struct catalog *catalog, enum catalog_statement which, const char *target,
	      const char *what)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, which, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_text(stmt, 1, target, -1, SQLITE_STATIC);
	return catalog_run(catalog, stmt, what);
}

int
catalog_seen_put(struct catalog *catalog, const char *target)
{
	return run_with_name(catalog, STMT_SEEN_PUT, target, "note a login");
}

int
catalog_seen_list(struct catalog *catalog, int (*each)(void *arg, const char *target), void *arg)
{
	sqlite3_stmt *stmt;
	int step = SQLITE_DONE, rc = catalog_statement(catalog, STMT_SEEN_LIST, &stmt);

	if (rc < 0)
		return rc;
	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW)
		rc = each(arg, (const char *)sqlite3_column_text(stmt, 0));
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "logins");
	sqlite3_reset(stmt);
	return rc;
}

int
catalog_retired_put(struct catalog *catalog, const char *target, uint32_t number,
		    const struct guid *lun_id)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_RETIRED_PUT, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_text(stmt, 1, target, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, number);
	catalog_bind_guid(stmt, 3, lun_id);
	sqlite3_bind_int64(stmt, 4, (int64_t)catalog->position.sequence + 1);
	return catalog_run(catalog, stmt, "retire a LUN number");
}

int
catalog_retired_list(struct catalog *catalog, const char *target,
		     int (*each)(void *arg, uint32_t number, const struct guid *lun_id), void *arg)
{
	struct guid lun_id;
	sqlite3_stmt *stmt;
	int step = SQLITE_DONE, rc = catalog_statement(catalog, STMT_RETIRED_LIST, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_text(stmt, 1, target, -1, SQLITE_STATIC);
	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		int64_t number = sqlite3_column_int64(stmt, 0);

		rc = number < 0 || number > ROW_LUN_NUMBER_MAX
			     ? err_set(ERR_CORRUPT,
				       "%s/catalog.db: a retired LUN number is too large",
				       catalog->dir)
			     : catalog_column_guid(stmt, 1, &lun_id);
		if (rc == 0)
			rc = each(arg, (uint32_t)number, &lun_id);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "retired LUN numbers");
	sqlite3_reset(stmt);
	return rc;
}

int
catalog_retired_target_deleted(struct catalog *catalog, const char *target)
{
	sqlite3_stmt *stmt;
	int rc = run_with_name(catalog, STMT_SEEN_DELETE, target, "forget logins");

	if (rc == 0)
		rc = run_with_name(catalog, STMT_RETIRED_GONE, target, "keep retired LUN numbers");
	if (rc == 0)
		rc = catalog_statement(catalog, STMT_RETIRED_PRUNE, &stmt);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(stmt, 1, CATALOG_RETIRED_KEPT);
	return catalog_run(catalog, stmt, "forget retired LUN numbers");
}

int
catalog_retired_target_created(struct catalog *catalog, const char *target)
{
	return run_with_name(catalog, STMT_RETIRED_BACK, target, "find retired LUN numbers");
}

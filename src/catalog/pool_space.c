/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How full pools were when that was last announced.  It is in no event and not in the digest.  Only
 * the catalog's thread.
 */
#include "base/err.h"
#include "catalog/catalog_int.h"

int
catalog_pool_space_put(struct catalog *catalog, const struct guid *pool_id,
		       const struct catalog_pool_space *space)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_POOL_SPACE_PUT, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, pool_id);
	sqlite3_bind_int64(stmt, 2, space->space);
	sqlite3_bind_int64(stmt, 3, (int64_t)space->crossings);
	return catalog_run(catalog, stmt, "how full a pool is");
}

int
catalog_pool_space_get(struct catalog *catalog, const struct guid *pool_id,
		       struct catalog_pool_space *ret_space)
{
	struct catalog_pool_space space = { POOL_SPACE_OK, 0 };
	sqlite3_stmt *stmt;
	int step, rc = catalog_statement(catalog, STMT_POOL_SPACE_GET, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, pool_id);
	step = sqlite3_step(stmt);
	if (step == SQLITE_ROW) {
		int64_t level = sqlite3_column_int64(stmt, 0);

		/* A level that is none is taken as ok: then it is announced once more. */
		if (level == POOL_SPACE_LOW || level == POOL_SPACE_FULL)
			space.space = (enum pool_space)level;
		space.crossings = (uint64_t)sqlite3_column_int64(stmt, 1);
	} else if (step != SQLITE_DONE) {
		rc = catalog_db_error(catalog, step, "how full a pool is");
	}
	sqlite3_reset(stmt);
	if (rc == 0)
		*ret_space = space;
	return rc;
}

int
catalog_pool_space_delete(struct catalog *catalog, const struct guid *pool_id)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_POOL_SPACE_DELETE, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, pool_id);
	return catalog_run(catalog, stmt, "how full a pool is");
}

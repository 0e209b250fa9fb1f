/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The array's private notes: counters, what running jobs need to go on, and files that still have
 * to be unlinked.  They are in no event and not in the digest.  Only the catalog's thread.
 */
#include "base/err.h"
#include "catalog/catalog_int.h"

int
catalog_counter_get(struct catalog *catalog, enum catalog_counter counter, uint64_t *ret_value)
{
	sqlite3_stmt *stmt;
	int step, rc = catalog_statement(catalog, STMT_COUNTER_GET, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_int(stmt, 1, (int)counter);
	step = sqlite3_step(stmt);
	if (step == SQLITE_ROW)
		*ret_value = (uint64_t)sqlite3_column_int64(stmt, 0);
	else if (step == SQLITE_DONE)
		*ret_value = 0;
	else
		rc = catalog_db_error(catalog, step, "counter");
	sqlite3_reset(stmt);
	return rc;
}

int
catalog_counter_set(struct catalog *catalog, enum catalog_counter counter, uint64_t value)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_COUNTER_SET, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_int(stmt, 1, (int)counter);
	sqlite3_bind_int64(stmt, 2, (int64_t)value);
	return catalog_run(catalog, stmt, "counter");
}

static int
delete_by_id(struct catalog *catalog, enum catalog_statement which, const struct guid *id)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, which, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, id);
	return catalog_run(catalog, stmt, "delete a note");
}

int
catalog_job_put(struct catalog *catalog, const struct catalog_job *job)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_JOB_PUT, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, &job->job_id);
	sqlite3_bind_int64(stmt, 2, (int64_t)job->from_bytes);
	sqlite3_bind_int64(stmt, 3, (int64_t)job->to_bytes);
	return catalog_run(catalog, stmt, "job");
}

int
catalog_job_delete(struct catalog *catalog, const struct guid *job_id)
{
	return delete_by_id(catalog, STMT_JOB_DELETE, job_id);
}

int
catalog_schedule_run_put(struct catalog *catalog, const struct catalog_schedule_run *run)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_SCHEDULE_RUN_PUT, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, &run->schedule_id);
	sqlite3_bind_int64(stmt, 2, run->slot_ms);
	sqlite3_bind_int64(stmt, 3, run->last_ms);
	return catalog_run(catalog, stmt, "run of a schedule");
}

/* Calls `each` for what the statement, whose values are bound, finds. */
static int
list_runs(struct catalog *catalog, sqlite3_stmt *stmt,
	  int (*each)(void *arg, const struct catalog_schedule_run *run), void *arg)
{
	struct catalog_schedule_run run;
	int step = SQLITE_DONE, rc = 0;

	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = catalog_column_guid(stmt, 0, &run.schedule_id);
		run.slot_ms = sqlite3_column_int64(stmt, 1);
		run.last_ms = sqlite3_column_int64(stmt, 2);
		if (rc == 0)
			rc = each(arg, &run);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "runs of schedules");
	sqlite3_reset(stmt);
	return rc;
}

int
catalog_schedule_runs(struct catalog *catalog,
		      int (*each)(void *arg, const struct catalog_schedule_run *run), void *arg)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_SCHEDULE_RUN_LIST, &stmt);

	return rc < 0 ? rc : list_runs(catalog, stmt, each, arg);
}

int
catalog_schedule_run_of(struct catalog *catalog, const struct guid *schedule_id,
			int (*each)(void *arg, const struct catalog_schedule_run *run), void *arg)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_SCHEDULE_RUN_GET, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, schedule_id);
	return list_runs(catalog, stmt, each, arg);
}

/* Calls `each` for what the statement, whose values are bound, finds. */
static int
list_jobs(struct catalog *catalog, sqlite3_stmt *stmt,
	  int (*each)(void *arg, const struct catalog_job *job), void *arg)
{
	struct catalog_job job;
	int step = SQLITE_DONE, rc = 0;

	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = catalog_column_guid(stmt, 0, &job.job_id);
		job.from_bytes = (uint64_t)sqlite3_column_int64(stmt, 1);
		job.to_bytes = (uint64_t)sqlite3_column_int64(stmt, 2);
		if (rc == 0)
			rc = each(arg, &job);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "jobs");
	sqlite3_reset(stmt);
	return rc;
}

int
catalog_jobs(struct catalog *catalog, int (*each)(void *arg, const struct catalog_job *job),
	     void *arg)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_JOB_LIST, &stmt);

	return rc < 0 ? rc : list_jobs(catalog, stmt, each, arg);
}

int
catalog_job_of(struct catalog *catalog, const struct guid *job_id,
	       int (*each)(void *arg, const struct catalog_job *job), void *arg)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_JOB_GET, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, job_id);
	return list_jobs(catalog, stmt, each, arg);
}

int
catalog_unlink_put(struct catalog *catalog, const struct catalog_unlink *entry)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_UNLINK_PUT, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, &entry->lun_id);
	catalog_bind_guid(stmt, 2, &entry->pool_id);
	sqlite3_bind_text(stmt, 3, entry->path, -1, SQLITE_STATIC);
	catalog_bind_guid(stmt, 4, &entry->controller_id);
	return catalog_run(catalog, stmt, "unlink");
}

int
catalog_unlink_take(struct catalog *catalog, const struct catalog_unlink *entry)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_UNLINK_TAKE, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, &entry->lun_id);
	catalog_bind_guid(stmt, 2, &entry->pool_id);
	catalog_bind_guid(stmt, 3, &entry->controller_id);
	return catalog_run(catalog, stmt, "unlink");
}

int
catalog_unlink_delete(struct catalog *catalog, const struct guid *lun_id,
		      const struct guid *pool_id)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_UNLINK_DELETE, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, lun_id);
	catalog_bind_guid(stmt, 2, pool_id);
	return catalog_run(catalog, stmt, "delete a note");
}

int
catalog_unlinks(struct catalog *catalog, int (*each)(void *arg, const struct catalog_unlink *entry),
		void *arg)
{
	struct catalog_unlink entry;
	sqlite3_stmt *stmt;
	int step = SQLITE_DONE, rc = catalog_statement(catalog, STMT_UNLINK_LIST, &stmt);

	if (rc < 0)
		return rc;
	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = catalog_column_guid(stmt, 0, &entry.lun_id);
		if (rc == 0)
			rc = catalog_column_guid(stmt, 1, &entry.pool_id);
		if (rc == 0)
			rc = catalog_column_guid(stmt, 3, &entry.controller_id);
		entry.path = (const char *)sqlite3_column_text(stmt, 2);
		if (rc == 0)
			rc = each(arg, &entry);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "unlinks");
	sqlite3_reset(stmt);
	return rc;
}

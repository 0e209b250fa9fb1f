/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The invariant checker: compares everything in the catalog with everything else.  Changes nothing.
 * Runs on the catalog's thread, or for a copy (copy.c) on the thread of array_check.
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "catalog/catalog_int.h"

/* How long a check may take; SQLite asks now and then. */
struct budget {
	uint64_t end_ns;
	bool over;
};

static int
is_over(void *arg)
{
	struct budget *budget = arg;

	budget->over = budget->over || clock_mono_ns() >= budget->end_ns;
	return budget->over;
}

#define ASK_EVERY 1000 /* instructions of SQLite's virtual machine, some 10 µs */

int
catalog_check_structure(struct catalog *catalog, uint64_t budget_ns)
{
	struct budget budget = { .end_ns = budget_ns == UINT64_MAX ? UINT64_MAX
								   : clock_mono_ns() + budget_ns };
	sqlite3_stmt *stmt = NULL;
	const char *text;
	int step, rc = 0;

	sqlite3_progress_handler(catalog->db, ASK_EVERY, is_over, &budget);
	step = sqlite3_prepare_v2(catalog->db, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
	if (step == SQLITE_OK)
		step = sqlite3_step(stmt);
	if (step == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(stmt, 0);
		if (text == NULL || strcmp(text, "ok") != 0)
			rc = err_set(ERR_CORRUPT, "%s/catalog.db: %s", catalog->dir,
				     text != NULL ? text : "?");
	} else {
		rc = budget.over ? 1 : catalog_db_error(catalog, step, "integrity_check");
	}
	sqlite3_finalize(stmt);
	sqlite3_progress_handler(catalog->db, 0, NULL, NULL);
	return budget.over ? 1 : rc;
}

/* Queries on relations.  Each returns the number of violations. */
static const struct {
	const char *sql, *breach;
	/* clang-format off */
} rules[] = {
	{ "SELECT count(*) FROM pragma_foreign_key_check",
	  "a row refers to one that is not there" },
	{ "SELECT count(*) FROM event WHERE sequence > (SELECT sequence FROM position)",
	  "an event is newer than the position" },
	{ "SELECT (SELECT max(sequence) FROM event) IS NOT (SELECT sequence FROM position)",
	  "the last event is not at the position" },
	{ "SELECT count(*) <> max(sequence) - min(sequence) + 1 FROM event",
	  "the event log has a gap" },
	{ "SELECT count(*) FROM audit WHERE sequence > (SELECT sequence FROM position)",
	  "a record of the audit log is newer than the position" },
	{ "SELECT count(*) FROM event WHERE sequence > (SELECT min(sequence) FROM audit WHERE "
	  "sequence > 0) AND change NOT LIKE '%\"cause\":\"job.expire\"%' AND sequence NOT IN "
	  "(SELECT sequence FROM audit)",
	  "a change has no record in the audit log" },
	{ "SELECT count(*) FROM answer WHERE sequence > (SELECT sequence FROM position)",
	  "an answer is newer than the position" },
	{ "SELECT count(*) <> count(DISTINCT request_id) FROM answer",
	  "a request id has two answers" },
	{ "SELECT count(*) FROM unlink JOIN lun ON unlink.lun_id = lun.id"
	  " AND unlink.pool_id = lun.pool_id",
	  "a LUN that exists is to be unlinked" },
	{ "SELECT count(*) FROM unlink JOIN trashed_lun ON unlink.lun_id = trashed_lun.id"
	  " AND unlink.pool_id = trashed_lun.pool_id",
	  "a LUN in the trash is to be unlinked" },
	{ "SELECT count(*) FROM unlink JOIN snapshot ON unlink.lun_id = snapshot.id"
	  " AND unlink.pool_id = snapshot.pool_id",
	  "a snapshot that exists is to be unlinked" },
	{ "SELECT count(*) FROM kept LEFT JOIN lun ON kept.lun_id = lun.id WHERE lun.id IS NULL",
	  "something is kept for a LUN that does not exist" },
	{ "SELECT count(*) FROM job_private JOIN job ON job_private.job_id = job.id WHERE "
	  "job.ended_ms <> 0",
	  "a job that has ended still has private notes" },
	{ "SELECT count(*) FROM job LEFT JOIN job_private ON job_private.job_id = job.id "
	  "WHERE job.ended_ms = 0 AND job_private.job_id IS NULL",
	  "a running job has no private notes" },
	{ "SELECT count(*) FROM lun WHERE number > coalesce((SELECT value FROM counter WHERE "
	  "counter = 0), 0)",
	  "a LUN's number was never given out" },
};
/* clang-format on */

static int
check_rules(struct catalog *catalog)
{
	int64_t breaches = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(rules) / sizeof(rules[0]); i++) {
		rc = catalog_query_int(catalog, rules[i].sql, &breaches);
		if (rc == 0 && breaches != 0)
			rc = err_set(ERR_CORRUPT, "%s/catalog.db: %s", catalog->dir,
				     rules[i].breach);
	}
	return rc;
}

/* Checks that the last event names the same digest as the position. */
static int
last_event(void *arg, uint64_t sequence, const char *text)
{
	struct catalog *catalog = arg;
	struct change *change = NULL;
	int rc = catalog_event_decode(text, &change);
	bool leads = rc == 0 && sequence == catalog->position.sequence &&
		     change->sequence == sequence &&
		     hash128_equal(&change->digest, &catalog->position.digest);

	change_unref(change);
	if (rc < 0 || leads)
		return rc;
	return err_set(ERR_CORRUPT,
		       "%s/catalog.db: the last event does not match the position of the catalog",
		       catalog->dir);
}

int
catalog_check_content(struct catalog *catalog)
{
	AUTO_STATE struct state *state = NULL;
	int rc = catalog_check_structure(catalog, UINT64_MAX);

	if (rc < 0 || catalog->is_new)
		return rc;
	rc = check_rules(catalog);
	if (rc == 0)
		rc = catalog_load(catalog, &state);
	if (rc == 0)
		rc = state_check(state);
	if (rc == 0 && catalog->position.sequence > 0)
		rc = catalog_events(catalog, catalog->position.sequence - 1, last_event, catalog);
	return rc == ERR_GONE ? ERR_CORRUPT : rc;
}

int
catalog_check(struct catalog *catalog)
{
	int rc = catalog_still_there(catalog);

	if (rc == 0 && catalog->lost > 0)
		rc = err_set(ERR_CORRUPT, "%s", catalog->held);
	return rc < 0 ? rc : catalog_check_content(catalog);
}

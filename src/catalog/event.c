/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event log and the answers to request ids.  The log stores each change in its public encoding,
 * for listeners that connect again; an answer is stored so that a repeated request gets the first
 * answer.  Both are bounded, and old entries are deleted in batches.  Only the catalog's thread,
 * except for catalog_event_decode (any thread).
 */
#include <errno.h>
#include <jansson.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "catalog/catalog_int.h"
#include "wire/wire.h"

#define PRUNE_EVERY 256

/*
 * Deletes old entries in batches.  While the reserve is not whole, two old entries are deleted for
 * each new one, so that the log shrinks and changes take no additional space.
 */
static int
prune(struct catalog *catalog, enum catalog_statement batch, enum catalog_statement two,
      int64_t newest)
{
	bool full = catalog_reserve_is_wanted(catalog);
	int64_t kept = full ? CATALOG_EVENTS_KEPT_FULL : CATALOG_EVENTS_KEPT;
	sqlite3_stmt *stmt;
	int rc;

	if ((!full && newest % PRUNE_EVERY != 0) || newest <= kept)
		return 0;
	rc = catalog_statement(catalog, full ? two : batch, &stmt);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(stmt, 1, newest - kept);
	return catalog_run(catalog, stmt, "prune");
}

static char *
encode(const struct change *change)
{
	struct strbuf text;

	strbuf_init(&text);
	wire_change_text(change, &text);
	return strbuf_take(&text);
}

int
catalog_event_put(struct catalog *catalog, const struct change *change)
{
	sqlite3_stmt *stmt;
	char *text;
	int rc = catalog_statement(catalog, STMT_EVENT_PUT, &stmt);

	if (rc < 0)
		return rc;
	text = encode(change);
	if (text == NULL)
		return -ENOMEM;
	sqlite3_bind_int64(stmt, 1, (int64_t)change->sequence);
	if (!guid_is_zero(&change->request_id))
		catalog_bind_guid(stmt, 2, &change->request_id);
	sqlite3_bind_int64(stmt, 3, change->utc_ms);
	sqlite3_bind_text(stmt, 4, text, -1, mem_free);
	rc = catalog_run(catalog, stmt, "event");
	sqlite3_clear_bindings(stmt);
	return rc < 0 ? rc
		      : prune(catalog, STMT_EVENT_PRUNE, STMT_EVENT_PRUNE_TWO,
			      (int64_t)change->sequence);
}

/* Returns whether the log has exactly the events from since + 1 to the position. */
static int
check_range(struct catalog *catalog, uint64_t since)
{
	sqlite3_stmt *stmt;
	uint64_t count = 0;
	int step, rc = catalog_statement(catalog, STMT_EVENT_RANGE, &stmt);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(stmt, 1, (int64_t)since);
	step = sqlite3_step(stmt);
	if (step == SQLITE_ROW)
		count = (uint64_t)sqlite3_column_int64(stmt, 0);
	else
		rc = catalog_db_error(catalog, step, "events");
	sqlite3_reset(stmt);
	if (rc == 0 &&
	    (since > catalog->position.sequence || count != catalog->position.sequence - since))
		rc = err_set(ERR_GONE,
			     "the events after change %llu are no longer stored: load the snapshot "
			     "again",
			     (unsigned long long)since);
	return rc;
}

int
catalog_event_decode(const char *text, struct change **ret_change)
{
	json_t *json = text == NULL ? NULL : json_loads(text, 0, NULL);
	int rc = json == NULL ? err_set(ERR_CORRUPT, "catalog.db: an event is damaged")
			      : wire_change_decode(json, ret_change);

	json_decref(json);
	return rc == ERR_PARSE ? ERR_CORRUPT : rc;
}

int
catalog_events(struct catalog *catalog, uint64_t since,
	       int (*each)(void *arg, uint64_t sequence, const char *text), void *arg)
{
	sqlite3_stmt *stmt;
	int step = SQLITE_DONE, rc = check_range(catalog, since);

	if (rc == 0)
		rc = catalog_statement(catalog, STMT_EVENT_LIST, &stmt);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(stmt, 1, (int64_t)since);
	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(stmt, 1);

		rc = text == NULL ? -ENOMEM
				  : each(arg, (uint64_t)sqlite3_column_int64(stmt, 0), text);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "events");
	sqlite3_reset(stmt);
	return rc;
}

/* ---- answers ---- */

int
catalog_answer_put(struct catalog *catalog, const struct catalog_answer *answer)
{
	sqlite3_stmt *stmt;
	int rc = catalog_statement(catalog, STMT_ANSWER_PUT, &stmt);

	if (rc < 0)
		return rc;
	catalog_bind_guid(stmt, 1, &answer->request_id);
	sqlite3_bind_int64(stmt, 2, (int64_t)answer->sequence);
	catalog_bind_guid(stmt, 3, &answer->object_id);
	catalog_bind_guid(stmt, 4, &answer->job_id);
	sqlite3_bind_int(stmt, 5, answer->existed);
	rc = catalog_run(catalog, stmt, "answer");
	return rc < 0 ? rc
		      : prune(catalog, STMT_ANSWER_PRUNE, STMT_ANSWER_PRUNE_TWO,
			      sqlite3_last_insert_rowid(catalog->db));
}

static int
read_answer(sqlite3_stmt *stmt, struct catalog_answer *ret_answer)
{
	int rc = catalog_column_guid(stmt, 0, &ret_answer->request_id);

	ret_answer->sequence = (uint64_t)sqlite3_column_int64(stmt, 1);
	if (rc == 0)
		rc = catalog_column_guid(stmt, 2, &ret_answer->object_id);
	if (rc == 0)
		rc = catalog_column_guid(stmt, 3, &ret_answer->job_id);
	ret_answer->existed = sqlite3_column_int(stmt, 4) != 0;
	return rc;
}

int
catalog_answers(struct catalog *catalog,
		int (*each)(void *arg, const struct catalog_answer *answer), void *arg)
{
	struct catalog_answer answer;
	sqlite3_stmt *stmt;
	int step = SQLITE_DONE, rc = catalog_statement(catalog, STMT_ANSWER_LIST, &stmt);

	if (rc < 0)
		return rc;
	while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = read_answer(stmt, &answer);
		if (rc == 0)
			rc = each(arg, &answer);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = catalog_db_error(catalog, step, "answers");
	sqlite3_reset(stmt);
	return rc;
}

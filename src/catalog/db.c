/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The SQLite handle: opens the database, prepares each statement once, and converts results of
 * SQLite to errors of the catalog.  Only the catalog's thread.
 *
 * WAL with synchronous=FULL: each commit is synced (NORMAL loses acknowledged commits in a power
 * cut).  One connection with exclusive locking: no other process can write to the database, and
 * SQLite needs no shared memory file.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "catalog/shared_int.h"

/* clang-format off */
static const char *const statement_sql[STMT_COUNT] = {
	[STMT_BEGIN] = "BEGIN IMMEDIATE",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",
	[STMT_SAVEPOINT] = "SAVEPOINT change",
	[STMT_RELEASE] = "RELEASE change",
	[STMT_ROLLBACK_TO] = "ROLLBACK TO change",
	[STMT_POSITION_GET] = "SELECT array_id, incarnation, sequence, digest FROM position",
	[STMT_POSITION_CREATE] =
		"INSERT INTO position (one, array_id, incarnation, sequence, digest) "
		"VALUES (1, ?, 1, 0, ?)",
	[STMT_POSITION_MOVE] = "UPDATE position SET sequence = ?, digest = ?",
	[STMT_POSITION_REINCARNATE] = "UPDATE position SET incarnation = ?",
	[STMT_EVENT_PUT] =
		"INSERT INTO event (sequence, request_id, utc_ms, change) VALUES (?, ?, ?, ?)",
	[STMT_EVENT_PRUNE] = "DELETE FROM event WHERE sequence <= ?",
	[STMT_EVENT_PRUNE_TWO] = "DELETE FROM event WHERE sequence IN (SELECT sequence FROM event "
				 "WHERE sequence <= ? ORDER BY sequence LIMIT 2)",
	[STMT_EVENT_RANGE] =
		"SELECT count(*), min(sequence), max(sequence) FROM event WHERE sequence > ?",
	[STMT_EVENT_LIST] =
		"SELECT sequence, change FROM event WHERE sequence > ? ORDER BY sequence",
	[STMT_EVENT_DIGEST] =
		"UPDATE event SET change = json_set(change, '$.digest', ?) WHERE sequence = ?",
	[STMT_ANSWER_PUT] = "INSERT INTO answer (request_id, sequence, object_id, job_id, existed) "
			    "VALUES (?, ?, ?, ?, ?)",
	[STMT_ANSWER_PRUNE] = "DELETE FROM answer WHERE number <= ?",
	[STMT_ANSWER_PRUNE_TWO] = "DELETE FROM answer WHERE number IN (SELECT number FROM answer "
				  "WHERE number <= ? ORDER BY number LIMIT 2)",
	[STMT_ANSWER_LIST] = "SELECT request_id, sequence, object_id, job_id, existed FROM answer "
			     "ORDER BY number",
	[STMT_COUNTER_GET] = "SELECT value FROM counter WHERE counter = ?",
	[STMT_COUNTER_SET] = "INSERT INTO counter (counter, value) VALUES (?, ?) "
			     "ON CONFLICT (counter) DO UPDATE SET value = excluded.value",
	[STMT_JOB_PUT] = "INSERT INTO job_private (job_id, from_bytes, to_bytes) VALUES (?, ?, ?)",
	[STMT_JOB_DELETE] = "DELETE FROM job_private WHERE job_id = ?",
	[STMT_JOB_LIST] = "SELECT job_id, from_bytes, to_bytes FROM job_private ORDER BY job_id",
	[STMT_JOB_GET] = "SELECT job_id, from_bytes, to_bytes FROM job_private WHERE job_id = ?",
	[STMT_KEPT_PUT] = "INSERT INTO kept (lun_id, kind, version, data) VALUES (?, ?, ?, ?) "
			  "ON CONFLICT (lun_id, kind) DO UPDATE SET version = excluded.version, "
			  "data = excluded.data",
	[STMT_KEPT_DELETE] = "DELETE FROM kept WHERE lun_id = ? AND kind = ?",
	[STMT_KEPT_FORGET] = "DELETE FROM kept WHERE lun_id = ?",
	[STMT_KEPT_DROP] = "DELETE FROM kept WHERE kind = ?",
	[STMT_KEPT_LIST] = "SELECT lun_id, kind, version, data FROM kept",
	[STMT_KEPT_OF] = "SELECT lun_id, kind, version, data FROM kept WHERE lun_id = ?",
	[STMT_SCHEDULE_RUN_PUT] = "INSERT INTO schedule_run (schedule_id, slot_ms, last_ms) "
				  "VALUES (?, ?, ?) ON CONFLICT (schedule_id) DO UPDATE SET "
				  "slot_ms = excluded.slot_ms, last_ms = excluded.last_ms",
	[STMT_SCHEDULE_RUN_LIST] = "SELECT schedule_id, slot_ms, last_ms FROM schedule_run",
	[STMT_SCHEDULE_RUN_GET] =
		"SELECT schedule_id, slot_ms, last_ms FROM schedule_run WHERE schedule_id = ?",
	[STMT_POOL_SPACE_PUT] = "INSERT INTO pool_space (pool_id, space, crossings) "
				"VALUES (?, ?, ?) ON CONFLICT (pool_id) DO UPDATE SET "
				"space = excluded.space, crossings = excluded.crossings",
	[STMT_POOL_SPACE_GET] = "SELECT space, crossings FROM pool_space WHERE pool_id = ?",
	[STMT_POOL_SPACE_DELETE] = "DELETE FROM pool_space WHERE pool_id = ?",
	[STMT_UNLINK_PUT] =
		"INSERT INTO unlink (lun_id, pool_id, path, controller_id) VALUES (?, ?, ?, ?)",
	[STMT_UNLINK_TAKE] =
		"UPDATE unlink SET controller_id = ?3 WHERE lun_id = ?1 AND pool_id = ?2",
	[STMT_UNLINK_DELETE] = "DELETE FROM unlink WHERE lun_id = ? AND pool_id = ?",
	[STMT_UNLINK_LIST] = "SELECT lun_id, pool_id, path, controller_id FROM unlink "
			     "ORDER BY lun_id, pool_id",
	[STMT_SEEN_PUT] = "INSERT INTO target_seen (target) VALUES (?) ON CONFLICT DO NOTHING",
	[STMT_SEEN_DELETE] = "DELETE FROM target_seen WHERE target = ?",
	[STMT_SEEN_LIST] = "SELECT target FROM target_seen",
	[STMT_RETIRED_PUT] =
		"INSERT INTO number_retired (target, number, lun_id, sequence, gone) "
		"VALUES (?, ?, ?, ?, 0) ON CONFLICT (target, number) DO UPDATE SET "
		"lun_id = excluded.lun_id, sequence = excluded.sequence, gone = 0",
	[STMT_RETIRED_LIST] = "SELECT number, lun_id FROM number_retired WHERE target = ? "
			      "ORDER BY sequence, number",
	[STMT_RETIRED_GONE] = "UPDATE number_retired SET gone = 1 WHERE target = ?",
	[STMT_RETIRED_BACK] = "UPDATE number_retired SET gone = 0 WHERE target = ?",
	[STMT_RETIRED_PRUNE] =
		"DELETE FROM number_retired WHERE (target, number) IN "
		"(SELECT target, number FROM number_retired WHERE gone = 1 "
		"ORDER BY sequence DESC LIMIT -1 OFFSET ?)",
	[STMT_AUDIT_PUT] = "INSERT INTO audit (utc_ms, principal, verb, cause, object, object_id, "
			   "sequence, outcome, text, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[STMT_AUDIT_PRUNE] = "DELETE FROM audit WHERE number IN (SELECT number FROM audit ORDER BY "
			     "number LIMIT ?1) AND (utc_ms < ?2 OR number <= ?3) AND number < ?4",
	[STMT_AUDIT_LIST] = "SELECT number, utc_ms, principal, verb, cause, object, object_id, "
			    "sequence, outcome, text, changes FROM audit WHERE number < ?1 "
			    "ORDER BY number DESC LIMIT ?2",
	[STMT_TOKEN_PUT] = "INSERT INTO token (id, name, role, hash, created_ms, expires_ms, "
			   "creator) VALUES (?, ?, ?, ?, ?, ?, ?)",
	[STMT_TOKEN_DELETE] = "DELETE FROM token WHERE id = ?",
	[STMT_TOKEN_NAMED] = "SELECT 1 FROM token WHERE name = ?",
	[STMT_TOKEN_LIST] = "SELECT id, name, role, hash, created_ms, expires_ms, creator "
			    "FROM token ORDER BY id",
	[STMT_TOKEN_GET] = "SELECT id, name, role, hash, created_ms, expires_ms, creator "
			   "FROM token WHERE id = ?",
	[STMT_SECRET_PUT] = "INSERT INTO secret (credential_id, bytes, old_bytes) VALUES (?, ?, ?)",
	[STMT_SECRET_REPLACE] =
		"UPDATE secret SET bytes = ?2, old_bytes = ?3 WHERE credential_id = ?1",
	[STMT_SECRET_LIST] = "SELECT credential_id, bytes, old_bytes FROM secret",
	[STMT_SECRET_GET] =
		"SELECT credential_id, bytes, old_bytes FROM secret WHERE credential_id = ?",
	[STMT_GATEWAY_SECRET_PUT] = "INSERT INTO gateway_secret (id, bytes) VALUES (?, ?)",
	[STMT_GATEWAY_SECRET_GET] = "SELECT bytes FROM gateway_secret",
};
/* clang-format on */

int
catalog_db_error(struct catalog *catalog, int sqlite_code, const char *what)
{
	int code;

	switch (sqlite_code & 0xff) {
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		code = -ENOSPC;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		code = ERR_CORRUPT;
		break;
	case SQLITE_BUSY:
		code = ERR_LOCKED;
		break;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		code = -EACCES;
		break;
	case SQLITE_CONSTRAINT:
		code = ERR_INTERNAL;
		break;
	default:
		code = -EIO;
	}
	return err_set(code, "%s/catalog.db: %s: %s", catalog->dir, what,
		       catalog->db != NULL ? sqlite3_errmsg(catalog->db)
					   : sqlite3_errstr(sqlite_code));
}

int
catalog_exec(struct catalog *catalog, const char *sql)
{
	int rc = sqlite3_exec(catalog->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : catalog_db_error(catalog, rc, "exec");
}

int
catalog_query_int(struct catalog *catalog, const char *sql, int64_t *ret_value)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(catalog->db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret_value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? 0 : catalog_db_error(catalog, rc, sql);
}

int
catalog_statement(struct catalog *catalog, enum catalog_statement which, sqlite3_stmt **ret_stmt)
{
	sqlite3_stmt **stmt = &catalog->statements[which];
	int rc;

	if (catalog->db == NULL)
		return err_set(-EIO, "%s/catalog.db: is not open", catalog->dir);
	if (*stmt == NULL) {
		rc = sqlite3_prepare_v3(catalog->db, statement_sql[which], -1,
					SQLITE_PREPARE_PERSISTENT, stmt, NULL);
		if (rc != SQLITE_OK)
			return catalog_db_error(catalog, rc, statement_sql[which]);
	}
	sqlite3_reset(*stmt);
	sqlite3_clear_bindings(*stmt);
	*ret_stmt = *stmt;
	return 0;
}

int
catalog_run(struct catalog *catalog, sqlite3_stmt *stmt, const char *what)
{
	int rc = sqlite3_step(stmt);
	int result = rc == SQLITE_DONE ? 0 : catalog_db_error(catalog, rc, what);

	sqlite3_reset(stmt);
	return result;
}

void
catalog_bind_guid(sqlite3_stmt *stmt, int index, const struct guid *g)
{
	sqlite3_bind_blob(stmt, index, g->bytes, sizeof(g->bytes), SQLITE_STATIC);
}

int
catalog_column_guid(sqlite3_stmt *stmt, int index, struct guid *ret_guid)
{
	const void *bytes = sqlite3_column_blob(stmt, index);

	if (bytes == NULL || sqlite3_column_bytes(stmt, index) != sizeof(ret_guid->bytes))
		return err_set(ERR_CORRUPT, "catalog.db: an id is not 16 bytes");
	memcpy(ret_guid->bytes, bytes, sizeof(ret_guid->bytes));
	return 0;
}

/*
 * SQLite would create the file with mode 0644.  It also creates its WAL with the permissions of the
 * database.
 */
static int
make_private(struct catalog *catalog)
{
	int fd = openat(catalog->dir_fd, "catalog.db", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int rc = 0;

	if (fd < 0)
		return err_set(-errno, "%s/catalog.db: cannot open: %s", catalog->dir,
			       strerror(errno));
	if (fsync(fd) < 0 || fsync(catalog->dir_fd) < 0)
		rc = err_set(-errno, "%s/catalog.db: cannot sync: %s", catalog->dir,
			     strerror(errno));
	close(fd);
	return rc;
}

/*
 * Sets exclusive locking and refuses a database of another program.  Called for every connection.
 */
static int
claim(struct catalog *catalog)
{
	int64_t id = 0;
	int rc = catalog_exec(catalog,
			      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF");

	if (rc == 0)
		rc = catalog_query_int(catalog, "PRAGMA application_id", &id);
	if (rc == 0 && id != 0 && id != CATALOG_APPLICATION_ID)
		return err_set(ERR_CORRUPT, "%s/catalog.db is a database of another program",
			       catalog->dir);
	return rc;
}

static int
configure(struct catalog *catalog)
{
	int rc = claim(catalog);

	if (rc == 0)
		rc = catalog_exec(catalog, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
					   "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON");
	/*
	 * What a savepoint takes back is kept in memory: a file of its own for each change costs
	 * as many writes as the log.  The cache holds the inner pages of the indexes of a large
	 * catalog; it takes no more than it uses.
	 */
	if (rc == 0)
		rc = catalog_exec(catalog, "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192");
	return rc;
}

static int
connect(struct catalog *catalog)
{
	AUTO_FREE char *path = str_printf("%s/catalog.db", catalog->dir);
	const char *vfs = NULL;
	int rc = path == NULL ? -ENOMEM : 0;

	if (rc == 0 && !catalog->look)
		rc = catalog_layer_register(catalog, &vfs);
	if (rc < 0)
		return rc;
	rc = sqlite3_open_v2(path, &catalog->db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			     vfs);
	return rc == SQLITE_OK ? 0 : catalog_db_error(catalog, rc, "open");
}

int
catalog_db_open_memory(struct catalog *catalog)
{
	int rc = sqlite3_open_v2(":memory:", &catalog->db,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
					 SQLITE_OPEN_EXRESCODE,
				 NULL);

	if (rc != SQLITE_OK)
		return catalog_db_error(catalog, rc, "open");
	return catalog_exec(catalog, "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; "
				     "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY");
}

#define STRUCTURE_NS NS_PER_S

/*
 * Checks the structure once, before anything is written, and for a bounded time.  A damaged
 * database is held; one that would have to be migrated is refused.
 */
static int
look_at_structure(struct catalog *catalog, unsigned count)
{
	char text[256];
	int64_t version = 0;
	int rc = catalog_query_int(catalog, "PRAGMA user_version", &version);

	if (rc < 0 || version == 0 || catalog->structure_seen)
		return rc;
	catalog->structure_seen = true;
	rc = catalog_check_structure(catalog, STRUCTURE_NS);
	if (rc == 1)
		log_info("catalog.check", "dir=%s result=unfinished next=\"vdsd --check\"",
			 catalog->dir);
	if (rc == 0 || rc == 1 || rc == -ENOMEM)
		return MIN(rc, 0);
	snprintf(text, sizeof(text), "%s", err_text(rc));
	if (version < count)
		return err_set(ERR_CORRUPT,
			       "%s; a damaged catalog of an older format cannot be migrated", text);
	catalog_guard_hold(catalog, "%s", text);
	return 0;
}

int
catalog_db_open(struct catalog *catalog, const struct catalog_migration *migrations, unsigned count)
{
	int rc = make_private(catalog);

	if (rc == 0)
		rc = connect(catalog);
	if (rc == 0)
		rc = configure(catalog);
	if (rc == 0)
		rc = look_at_structure(catalog, count);
	return rc < 0 ? rc : catalog_migrate(catalog, migrations, count);
}

static int
version_is(struct catalog *catalog, unsigned wanted)
{
	int64_t version = 0;
	int rc = catalog_query_int(catalog, "PRAGMA user_version", &version);

	if (rc < 0 || version == wanted)
		return rc;
	if (version == 0)
		return err_set(ERR_CORRUPT, "%s/catalog.db is empty", catalog->dir);
	return err_set(ERR_VERSION,
		       "%s/catalog.db: format %" PRId64 " is %s than this program's (%u)",
		       catalog->dir, version, version > wanted ? "newer" : "older", wanted);
}

/*
 * Opens an existing database for reading.  SQLite reads an existing log but does not copy it into
 * the database, not even when it closes.
 */
int
catalog_db_look(struct catalog *catalog, unsigned count)
{
	int rc = connect(catalog);

	if (rc == 0 &&
	    sqlite3_db_config(catalog->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK)
		rc = err_set(ERR_INTERNAL, "%s/catalog.db cannot be opened for reading",
			     catalog->dir);
	if (rc == 0)
		rc = catalog_exec(catalog, "PRAGMA query_only = ON");
	if (rc == 0)
		rc = claim(catalog);
	return rc < 0 ? rc : version_is(catalog, count);
}

void
catalog_db_close(struct catalog *catalog)
{
	catalog_copy_end(catalog->copying);
	for (size_t i = 0; i < STMT_COUNT; i++) {
		sqlite3_finalize(catalog->statements[i]);
		catalog->statements[i] = NULL;
	}
	for (size_t i = 0; i < ROW_STORED_COUNT; i++) {
		sqlite3_finalize(catalog->rows[i].put);
		sqlite3_finalize(catalog->rows[i].delete);
		sqlite3_finalize(catalog->rows[i].list);
		for (size_t k = 0; k < CATALOG_UPDATES; k++)
			sqlite3_finalize(catalog->rows[i].updates[k].stmt);
		memset(&catalog->rows[i], 0, sizeof(catalog->rows[i]));
	}
	if (catalog->sharing != NULL)
		catalog_shared_tables_close(catalog);
	sqlite3_close(catalog->db);
	catalog->db = NULL;
	catalog_layer_unregister(catalog);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The schema of the database, as a list of forward migrations.  The migrations run when the catalog
 * is opened, each in a transaction of its own, after the file was copied.  A released migration is
 * never edited; a new field of a row needs a new migration (a test compares the result with the
 * field tables of model/rows.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "catalog/catalog_int.h"

/*
 * Names that people choose were unique here too (those of LUNs until version 5).  This is only the
 * last check: normally the array refuses them earlier, with NAME_IN_USE.
 */
static const char version_1[] =
	"CREATE TABLE position (one INTEGER PRIMARY KEY CHECK (one = 1), array_id BLOB NOT NULL,"
	"    incarnation INTEGER NOT NULL, sequence INTEGER NOT NULL, digest TEXT NOT NULL) STRICT;"
	"CREATE TABLE event (sequence INTEGER PRIMARY KEY, request_id BLOB, utc_ms INTEGER NOT "
	"NULL,"
	"    change TEXT NOT NULL) STRICT;"
	"CREATE INDEX event_request ON event (request_id) WHERE request_id IS NOT NULL;"
	"CREATE TABLE answer (number INTEGER PRIMARY KEY AUTOINCREMENT, request_id BLOB NOT NULL "
	"UNIQUE,"
	"    sequence INTEGER NOT NULL, object_id BLOB NOT NULL, job_id BLOB NOT NULL,"
	"    existed INTEGER NOT NULL) STRICT;"
	"CREATE TABLE counter (counter INTEGER PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
	"CREATE TABLE \"array\" (id BLOB PRIMARY KEY, name TEXT NOT NULL, iqn_prefix TEXT NOT NULL,"
	"    serial TEXT NOT NULL, version TEXT NOT NULL) STRICT;"
	"CREATE TABLE pool (id BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	"    path TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE lun (id BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE, number INTEGER NOT NULL "
	"UNIQUE,"
	"    pool_id BLOB NOT NULL REFERENCES pool, size_bytes INTEGER NOT NULL,"
	"    block_bytes INTEGER NOT NULL, thin INTEGER NOT NULL, mask TEXT NOT NULL,"
	"    serial TEXT NOT NULL UNIQUE, naa TEXT NOT NULL UNIQUE, status TEXT NOT NULL,"
	"    created_ms INTEGER NOT NULL) STRICT;"
	"CREATE INDEX lun_pool ON lun (pool_id);"
	"CREATE TABLE target (id BLOB PRIMARY KEY, iscsi_name TEXT NOT NULL UNIQUE,"
	"    alias TEXT NOT NULL) STRICT;"
	"CREATE TABLE portal (id BLOB PRIMARY KEY, address TEXT NOT NULL, port INTEGER NOT NULL,"
	"    status TEXT NOT NULL, UNIQUE (address, port)) STRICT;"
	"CREATE TABLE portal_group (id BLOB PRIMARY KEY, target_id BLOB NOT NULL REFERENCES target,"
	"    tag INTEGER NOT NULL, relative_port INTEGER NOT NULL UNIQUE,"
	"    UNIQUE (target_id, tag)) STRICT;"
	"CREATE TABLE group_portal (group_id BLOB NOT NULL REFERENCES portal_group,"
	"    portal_id BLOB NOT NULL REFERENCES portal,"
	"    PRIMARY KEY (group_id, portal_id)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX group_portal_portal ON group_portal (portal_id);"
	"CREATE TABLE association (lun_id BLOB NOT NULL REFERENCES lun,"
	"    target_id BLOB NOT NULL REFERENCES target, lun_number INTEGER NOT NULL,"
	"    PRIMARY KEY (lun_id, target_id)) STRICT, WITHOUT ROWID;"
	"CREATE UNIQUE INDEX association_number ON association (target_id, lun_number);"
	"CREATE TABLE job (id BLOB PRIMARY KEY, kind TEXT NOT NULL, lun_id BLOB NOT NULL,"
	"    state TEXT NOT NULL, error TEXT NOT NULL, message TEXT NOT NULL,"
	"    created_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL) STRICT;"
	"CREATE TABLE job_private (job_id BLOB PRIMARY KEY"
	"    REFERENCES job ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,"
	"    from_bytes INTEGER NOT NULL, to_bytes INTEGER NOT NULL) STRICT;"
	"CREATE TABLE unlink (lun_id BLOB PRIMARY KEY, pool_id BLOB NOT NULL,"
	"    path TEXT NOT NULL UNIQUE) STRICT;";

/*
 * Notes about LUN numbers that initiators may remember (number.c).  For a catalog of version 1 it
 * is unknown which targets initiators have seen, so all targets that have LUNs count as seen.
 */
static const char version_2[] =
	"CREATE TABLE target_seen (target TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"
	"CREATE TABLE number_retired (target TEXT NOT NULL, number INTEGER NOT NULL,"
	"    lun_id BLOB NOT NULL, sequence INTEGER NOT NULL, gone INTEGER NOT NULL,"
	"    PRIMARY KEY (target, number)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX number_retired_gone ON number_retired (sequence) WHERE gone = 1;"
	"INSERT INTO target_seen SELECT iscsi_name FROM target"
	"    WHERE id IN (SELECT target_id FROM association);";

/*
 * Existing LUNs keep the designators that initiators know.  LUNs that are created from now on have
 * no T10 designator (docs/design/identity.md).  A job keeps the name of its LUN.
 */
static const char version_3[] =
	"ALTER TABLE lun ADD COLUMN identity TEXT NOT NULL DEFAULT 'naa-t10';"
	"ALTER TABLE job ADD COLUMN lun_name TEXT NOT NULL DEFAULT '';"
	"UPDATE job SET lun_name = coalesce((SELECT name FROM lun WHERE lun.id = job.lun_id), '');";

/*
 * Every change stores an event and often an answer, so an index of theirs costs each change a page
 * of its own.  Nothing looked anything up through these two.  The array gives each request id one
 * answer, and the check says so when there are two.
 */
static const char version_4[] =
	"DROP INDEX event_request;"
	"CREATE TABLE answer_4 (number INTEGER PRIMARY KEY, request_id BLOB NOT NULL,"
	"    sequence INTEGER NOT NULL, object_id BLOB NOT NULL, job_id BLOB NOT NULL,"
	"    existed INTEGER NOT NULL) STRICT;"
	"INSERT INTO answer_4 SELECT number, request_id, sequence, object_id, job_id, existed"
	"    FROM answer;"
	"DROP TABLE answer;"
	"ALTER TABLE answer_4 RENAME TO answer;";

/* The array puts the row of its controller when it opens the catalog. */
static const char version_5[] = "CREATE TABLE controller (id BLOB PRIMARY KEY, name TEXT NOT NULL, "
				"status TEXT NOT NULL) STRICT;";

/*
 * LUNs may share a name or have none, and keep hints.  A constraint of a column cannot be dropped,
 * so the table is made anew, under its own name: what refers to it is checked when the transaction
 * ends.
 */
static const char version_6[] =
	"PRAGMA defer_foreign_keys = ON;"
	"CREATE TABLE lun_5 AS SELECT * FROM lun;"
	"DROP TABLE lun;"
	"CREATE TABLE lun (id BLOB PRIMARY KEY, name TEXT NOT NULL, number INTEGER NOT NULL UNIQUE,"
	"    pool_id BLOB NOT NULL REFERENCES pool, size_bytes INTEGER NOT NULL,"
	"    block_bytes INTEGER NOT NULL, thin INTEGER NOT NULL, mask TEXT NOT NULL,"
	"    serial TEXT NOT NULL UNIQUE, naa TEXT NOT NULL UNIQUE, status TEXT NOT NULL,"
	"    created_ms INTEGER NOT NULL, identity TEXT NOT NULL, hints TEXT NOT NULL) STRICT;"
	"INSERT INTO lun SELECT id, name, number, pool_id, size_bytes, block_bytes, thin, mask,"
	"    serial, naa, status, created_ms, identity, '' FROM lun_5;"
	"CREATE INDEX lun_pool ON lun (pool_id);"
	"DROP TABLE lun_5;";

/* Hosts with their initiators, and host groups. */
static const char version_7[] =
	"CREATE TABLE host (id BLOB PRIMARY KEY, name TEXT NOT NULL) STRICT;"
	"CREATE TABLE initiator (id BLOB PRIMARY KEY, host_id BLOB NOT NULL REFERENCES host,"
	"    iscsi_name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE INDEX initiator_host ON initiator (host_id);"
	"CREATE TABLE host_group (id BLOB PRIMARY KEY, name TEXT NOT NULL) STRICT;"
	"CREATE TABLE host_member (group_id BLOB NOT NULL REFERENCES host_group,"
	"    host_id BLOB NOT NULL REFERENCES host,"
	"    PRIMARY KEY (group_id, host_id)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX host_member_host ON host_member (host_id);";

/* Tokens: of each only the hash (token.c). */
static const char version_8[] =
	"CREATE TABLE token (id BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL,"
	"    hash BLOB NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,"
	"    creator TEXT NOT NULL) STRICT;";

/*
 * CHAP secrets.  What everybody may know is in rows (credential); the secrets are in a table of
 * their own, which is in no event and in no digest.
 */
static const char version_9[] =
	"CREATE TABLE credential (id BLOB PRIMARY KEY, owner_id BLOB NOT NULL, side TEXT NOT NULL,"
	"    user TEXT NOT NULL, initiator TEXT NOT NULL, set_ms INTEGER NOT NULL,"
	"    old_until_ms INTEGER NOT NULL) STRICT;"
	"CREATE TABLE secret (credential_id BLOB PRIMARY KEY"
	"    REFERENCES credential ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,"
	"    bytes BLOB NOT NULL, old_bytes BLOB NOT NULL) STRICT;";

/* Paths through portal groups were all active; nobody could say otherwise. */
static const char version_10[] =
	"ALTER TABLE portal_group ADD COLUMN access_state TEXT NOT NULL"
	"    DEFAULT 'active-optimized';"
	"ALTER TABLE portal_group ADD COLUMN access_set_by TEXT NOT NULL DEFAULT 'nobody';"
	"ALTER TABLE portal_group ADD COLUMN preferred INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE portal_group ADD COLUMN explicit_allowed INTEGER NOT NULL DEFAULT 0;";

/* LUNs that are read-only for initiators, and LUNs whose medium can be ejected. */
static const char version_11[] =
	"ALTER TABLE lun ADD COLUMN access TEXT NOT NULL DEFAULT 'read-write';"
	"ALTER TABLE lun ADD COLUMN removable INTEGER NOT NULL DEFAULT 0;";

/* From which networks initiators may log in. */
static const char version_12[] = "ALTER TABLE host ADD COLUMN sources TEXT NOT NULL DEFAULT '';"
				 "ALTER TABLE target ADD COLUMN sources TEXT NOT NULL DEFAULT '';";

/* The audit log. */
static const char version_13[] =
	"CREATE TABLE audit (number INTEGER PRIMARY KEY, utc_ms INTEGER NOT NULL,"
	"    principal TEXT NOT NULL, verb TEXT NOT NULL, cause TEXT NOT NULL, object TEXT NOT "
	"NULL,"
	"    object_id BLOB NOT NULL, sequence INTEGER NOT NULL, outcome TEXT NOT NULL,"
	"    text TEXT NOT NULL, changes TEXT NOT NULL) STRICT;";

/* What logical units must keep, by kind; the data is the unit's (scsi/store.h). */
static const char version_14[] =
	"CREATE TABLE kept (lun_id BLOB NOT NULL, kind INTEGER NOT NULL, version INTEGER NOT NULL,"
	"    data BLOB NOT NULL, PRIMARY KEY (lun_id, kind)) STRICT, WITHOUT ROWID;";

/*
 * Options of pools, and how full each pool was when that was last announced, so that a restart
 * announces nothing twice.  The second table is in no event and in no digest.
 */
static const char version_15[] =
	"ALTER TABLE pool ADD COLUMN low TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE pool ADD COLUMN \"full\" TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE pool ADD COLUMN overcommit TEXT NOT NULL DEFAULT '';"
	"CREATE TABLE pool_space (pool_id BLOB PRIMARY KEY, space INTEGER NOT NULL,"
	"    crossings INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

/* The trash: LUNs that were deleted and are kept for a time. */
static const char version_16[] =
	"ALTER TABLE pool ADD COLUMN trash TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE pool ADD COLUMN trash_yields INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE trashed_lun (id BLOB PRIMARY KEY, name TEXT NOT NULL,"
	"    number INTEGER NOT NULL UNIQUE, pool_id BLOB NOT NULL REFERENCES pool,"
	"    size_bytes INTEGER NOT NULL, block_bytes INTEGER NOT NULL, thin INTEGER NOT NULL,"
	"    mask TEXT NOT NULL, serial TEXT NOT NULL UNIQUE, naa TEXT NOT NULL UNIQUE,"
	"    status TEXT NOT NULL, created_ms INTEGER NOT NULL, identity TEXT NOT NULL,"
	"    hints TEXT NOT NULL, access TEXT NOT NULL, removable INTEGER NOT NULL,"
	"    targets TEXT NOT NULL, allocated_bytes INTEGER NOT NULL,"
	"    deleted_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL) STRICT;";

/* Snapshots.  Their LUN may be deleted. */
static const char version_17[] =
	"CREATE TABLE snapshot (id BLOB PRIMARY KEY, lun_id BLOB NOT NULL,"
	"    pool_id BLOB NOT NULL REFERENCES pool, group_id BLOB NOT NULL, name TEXT NOT NULL,"
	"    lun_name TEXT NOT NULL, size_bytes INTEGER NOT NULL, block_bytes INTEGER NOT NULL,"
	"    created_ms INTEGER NOT NULL, UNIQUE (lun_id, name)) STRICT;";

/*
 * Schedules of snapshots; snapshots that there are were taken by people.  What was run last is in
 * no event and in no digest.
 */
static const char version_18[] =
	"CREATE TABLE snapshot_schedule (id BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
	"    lun_ids TEXT NOT NULL, \"every\" TEXT NOT NULL, at TEXT NOT NULL,"
	"    keep TEXT NOT NULL, enabled INTEGER NOT NULL, set_ms INTEGER NOT NULL) STRICT;"
	"CREATE TABLE schedule_run (schedule_id BLOB PRIMARY KEY REFERENCES snapshot_schedule"
	"    ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,"
	"    slot_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL) STRICT;"
	"ALTER TABLE snapshot ADD COLUMN schedule_id BLOB NOT NULL"
	"    DEFAULT x'00000000000000000000000000000000';";

/* Limits of LUNs, hosts and pools. */
static const char version_19[] = "ALTER TABLE pool ADD COLUMN qos TEXT NOT NULL DEFAULT '';"
				 "ALTER TABLE lun ADD COLUMN qos TEXT NOT NULL DEFAULT '';"
				 "ALTER TABLE host ADD COLUMN qos TEXT NOT NULL DEFAULT '';"
				 "ALTER TABLE trashed_lun ADD COLUMN qos TEXT NOT NULL DEFAULT '';";

/*
 * LUNs that move: the pool of a job, and volumes to be removed of a LUN that is in another pool
 * now.
 */
static const char version_20[] =
	"ALTER TABLE job ADD COLUMN pool_id BLOB NOT NULL"
	"    DEFAULT x'00000000000000000000000000000000';"
	"CREATE TABLE unlink_19 AS SELECT * FROM unlink;"
	"DROP TABLE unlink;"
	"CREATE TABLE unlink (lun_id BLOB NOT NULL, pool_id BLOB NOT NULL,"
	"    path TEXT NOT NULL UNIQUE, PRIMARY KEY (lun_id, pool_id)) STRICT;"
	"INSERT INTO unlink SELECT lun_id, pool_id, path FROM unlink_19;"
	"DROP TABLE unlink_19;";

/* What a job that extends a LUN is to reach, which counts as promised while the job runs. */
static const char version_21[] =
	"ALTER TABLE job ADD COLUMN to_bytes INTEGER NOT NULL DEFAULT 0;"
	"UPDATE job SET to_bytes = coalesce((SELECT job_private.to_bytes FROM job_private WHERE "
	"job_private.job_id = job.id), 0) WHERE kind = 'extend-lun';";

/* Where targets send logins. */
static const char version_22[] = "ALTER TABLE target ADD COLUMN redirect TEXT NOT NULL DEFAULT '';";
/* Jobs that are paused. */
static const char version_23[] = "ALTER TABLE job ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;";

/* How the files of LUNs are read and written. */
static const char version_24[] =
	"ALTER TABLE lun ADD COLUMN cache TEXT NOT NULL DEFAULT 'auto';"
	"ALTER TABLE trashed_lun ADD COLUMN cache TEXT NOT NULL DEFAULT 'auto';";

/*
 * Gateways: portals belong to one of them, and LUNs have one as their owner.  Two gateways may have
 * a portal with the same address, so the table of portals is made anew without that constraint.
 */
static const char version_25[] =
	"PRAGMA defer_foreign_keys = ON;"
	"ALTER TABLE controller ADD COLUMN address TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE controller ADD COLUMN instance TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE controller ADD COLUMN drains INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE portal_24 AS SELECT * FROM portal;"
	"DROP TABLE portal;"
	"CREATE TABLE portal (id BLOB PRIMARY KEY, address TEXT NOT NULL, port INTEGER NOT NULL,"
	"    status TEXT NOT NULL, controller_id BLOB NOT NULL,"
	"    UNIQUE (controller_id, address, port)) STRICT;"
	"INSERT INTO portal SELECT id, address, port, status,"
	"    x'00000000000000000000000000000000' FROM portal_24;"
	"DROP TABLE portal_24;"
	"CREATE TABLE lun_owner (id BLOB PRIMARY KEY REFERENCES lun,"
	"    controller_id BLOB NOT NULL REFERENCES controller, epoch INTEGER NOT NULL) STRICT;"
	"CREATE INDEX lun_owner_controller ON lun_owner (controller_id);";

/* Which of several gateways removes a volume; zero = the only vdsd. */
static const char version_26[] = "ALTER TABLE unlink ADD COLUMN controller_id BLOB NOT NULL"
				 "    DEFAULT x'00000000000000000000000000000000';";

/* By which the gateways of an array know each other; one row, or none. */
static const char version_27[] =
	"CREATE TABLE gateway_secret (id BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT;";

const struct catalog_migration catalog_migrations[] = {
	{ version_1 },  { version_2 },  { version_3 },  { version_4 },  { version_5 },
	{ version_6 },  { version_7 },  { version_8 },  { version_9 },  { version_10 },
	{ version_11 }, { version_12 }, { version_13 }, { version_14 }, { version_15 },
	{ version_16 }, { version_17 }, { version_18 }, { version_19 }, { version_20 },
	{ version_21 }, { version_22 }, { version_23 }, { version_24 }, { version_25 },
	{ version_26 }, { version_27 },
};
const unsigned catalog_migration_count = ARRAY_LEN(catalog_migrations);

/*
 * Copies the database to catalog.db.v<version> and syncs the copy.  Replaces an older copy of that
 * name.
 */
static int
copy_file(struct catalog *catalog, int64_t version)
{
	AUTO_FREE char *path = str_printf("%s/catalog.db.v%" PRId64, catalog->dir, version);
	sqlite3 *to = NULL;
	sqlite3_backup *backup;
	int fd, rc;

	if (path == NULL)
		return -ENOMEM;
	(void)unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(-errno, "%s: cannot make the copy: %s", path, strerror(errno));
	close(fd);
	rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK) {
		backup = sqlite3_backup_init(to, "main", catalog->db, "main");
		rc = backup == NULL ? sqlite3_errcode(to) : sqlite3_backup_step(backup, -1);
		if (backup != NULL && rc == SQLITE_DONE)
			rc = sqlite3_backup_finish(backup);
		else if (backup != NULL)
			sqlite3_backup_finish(backup);
	}
	sqlite3_close(to);
	if (rc != SQLITE_OK)
		return err_set(-EIO, "%s: cannot copy the catalog: %s", path, sqlite3_errstr(rc));
	return fsync(catalog->dir_fd) < 0 ? -errno : 0;
}

/* Computes the digest of the rows as this program hashes them.  Within a transaction. */
static int
rows_digest(struct catalog *catalog, struct hash128 *ret_digest)
{
	AUTO_STATE struct state *state = NULL;
	struct state_edit *edit = state_edit_new_load(&catalog->position);
	int rc = edit != NULL ? catalog_rows_load(catalog, edit) : -ENOMEM;

	if (rc < 0) {
		state_edit_free(edit);
		return rc;
	}
	rc = state_edit_load(edit, &state);
	if (rc == 0)
		*ret_digest = state_position(state)->digest;
	return rc;
}

/*
 * Computes the digest again after a migration that added or changed a field of rows, or when the
 * program hashes rows in a later minor version of the wire format.  The position and the last event
 * then name a digest that no longer matches the rows, so both get the new one, in the transaction
 * of the last migration.  Replicas load their snapshot again, because the format differs
 * (docs/design/api.md).
 */
static int
digest_again(struct catalog *catalog)
{
	char text[HASH128_TEXT_SIZE];
	struct hash128 digest;
	sqlite3_stmt *stmt;
	int rc = catalog_position_load(catalog);

	if (rc < 0 || catalog->is_new)
		return rc;
	rc = rows_digest(catalog, &digest);
	if (rc < 0 || hash128_equal(&digest, &catalog->position.digest))
		return rc;
	rc = catalog_statement(catalog, STMT_EVENT_DIGEST, &stmt);
	if (rc < 0)
		return rc;
	sqlite3_bind_text(stmt, 1, hash128_format(&digest, text), -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, (int64_t)catalog->position.sequence);
	rc = catalog_run(catalog, stmt, "digest of the last event");
	return rc < 0 ? rc : catalog_position_move(catalog, catalog->position.sequence, &digest);
}

/* last: this is the last migration, after which the catalog has this program's version. */
static int
migrate_one(struct catalog *catalog, const struct catalog_migration *migration, unsigned version,
	    bool last)
{
	char pragma[64];
	int rc = catalog_exec(catalog, "BEGIN IMMEDIATE");

	if (rc < 0)
		return rc;
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %u", version);
	rc = catalog_exec(catalog, migration->sql);
	if (rc == 0)
		rc = catalog_exec(catalog, pragma);
	if (rc == 0 && version == 1) {
		snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d",
			 CATALOG_APPLICATION_ID);
		rc = catalog_exec(catalog, pragma);
	}
	if (rc == 0 && last)
		rc = digest_again(catalog);
	if (rc == 0)
		rc = catalog_exec(catalog, "COMMIT");
	if (rc < 0 && !sqlite3_get_autocommit(catalog->db))
		sqlite3_exec(catalog->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int
catalog_migrate(struct catalog *catalog, const struct catalog_migration *migrations, unsigned count)
{
	int64_t version = 0;
	int rc = catalog_query_int(catalog, "PRAGMA user_version", &version);

	if (rc < 0)
		return rc;
	if (version < 0 || version > count)
		return err_set(ERR_VERSION,
			       "%s/catalog.db: format %" PRId64
			       " is newer than this program's (%u)",
			       catalog->dir, version, count);
	if (version > 0 && version < count && catalog->sharing == NULL) {
		rc = copy_file(catalog, version);
		if (rc < 0)
			return rc;
		log_info("catalog.migrate", "from=%" PRId64 " to=%u copy=catalog.db.v%" PRId64,
			 version, count, version);
	}
	for (unsigned v = (unsigned)version + 1; rc == 0 && v <= count; v++)
		rc = migrate_one(catalog, &migrations[v - 1], v, version > 0 && v == count);
	return rc;
}

static bool
has_field(const struct row_type *type, const char *name)
{
	for (size_t i = 0; i < type->field_count; i++)
		if (strcmp(type->fields[i].name, name) == 0)
			return true;
	return false;
}

static int
check_table(struct catalog *catalog, const struct row_type *type)
{
	sqlite3_stmt *stmt = NULL;
	size_t found = 0;
	int rc = sqlite3_prepare_v2(catalog->db, "SELECT name FROM pragma_table_info(?)", -1, &stmt,
				    NULL);

	if (rc != SQLITE_OK)
		return catalog_db_error(catalog, rc, "table_info");
	sqlite3_bind_text(stmt, 1, type->name, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!has_field(type, (const char *)sqlite3_column_text(stmt, 0)))
			break;
		found++;
	}
	sqlite3_finalize(stmt);
	if (rc == SQLITE_DONE && found == type->field_count)
		return 0;
	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		return err_set(ERR_CORRUPT,
			       "%s/catalog.db: table %s has other columns than %s rows have fields",
			       catalog->dir, type->name, type->name);
	return catalog_db_error(catalog, rc, "table_info");
}

int
catalog_schema_check(struct catalog *catalog)
{
	int rc = 0;

	for (int family = 0; rc == 0 && family < ROW_STORED_COUNT; family++)
		rc = check_table(catalog, row_type((enum row_family)family));
	return rc;
}

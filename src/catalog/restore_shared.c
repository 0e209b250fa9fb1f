/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Restores a backup into the catalog that gateways share.  The backup becomes a catalog of its own
 * in the directory, as for a restore there; then one commit puts its rows in the place of all that
 * the store has, with a log entry that says only "load everything".  The commit compares the
 * version that was read at the beginning, so a gateway that has started meanwhile and changed
 * anything is not overwritten.  The mark of the directory follows the commit: until then it is one
 * of an earlier incarnation, as those of the other gateways are, and says of no loss.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "catalog/restore_int.h"

/* ---- what is there ---- */

static int
skip(void *arg, const char *key, const void *value, size_t value_bytes)
{
	(void)arg;
	(void)key;
	(void)value;
	(void)value_bytes;
	return 0;
}

/* A store that is damaged has no rows for us, but a version, which the commit compares. */
static int
load_former(struct catalog *at, bool replace)
{
	struct catalog_sharing *sharing = at->sharing;
	int rc = catalog_shared_reopen(at);

	if (rc != ERR_CORRUPT || !replace)
		return rc;
	log_error("catalog.restore", "catalog=%s lost=\"%s\"", sharing->store.name, err_text(rc));
	catalog_db_close(at);
	at->position = at->committed = (struct position){ .incarnation = 0 };
	rc = sharing->store.ops->read(sharing->store.store, "format", NULL, skip, NULL,
				      &sharing->version);
	return rc < 0 ? rc : catalog_db_open_memory(at);
}

static int
check_replace(const struct catalog_sharing *sharing, bool replace)
{
	if (replace || sharing->version == 0)
		return 0;
	return err_set(ERR_NAME_IN_USE,
		       "there is an array in %s: with --force the backup takes its place, and its "
		       "catalog is kept in catalog.old-1 of the directory",
		       sharing->store.name);
}

int
catalog_restore_begin_shared(const char *dir, const char *file, bool replace,
			     const struct catalog_shared *shared,
			     struct catalog_restore **ret_restore)
{
	struct catalog_restore *r = mem_calloc(1, sizeof(*r));
	struct catalog_sharing *sharing = r != NULL ? mem_calloc(1, sizeof(*sharing)) : NULL;
	int rc;

	if (sharing == NULL) {
		mem_free(r);
		shared->ops->close(shared->store);
		return -ENOMEM;
	}
	sharing->store = *shared;
	rc = catalog_dir_open(dir, &r->at);
	if (rc < 0) {
		catalog_sharing_free(sharing);
		mem_free(r);
		return rc;
	}
	r->at->sharing = sharing;
	guid_make(&sharing->writer);
	rc = catalog_shared_refuse_local(r->at);
	if (rc == 0)
		rc = catalog_shared_check_alone(r->at);
	if (rc == 0)
		rc = load_former(r->at, replace);
	if (rc == 0)
		rc = check_replace(sharing, replace);
	if (rc == 0 && (r->stage = str_printf("%s/" RESTORE_STAGE, dir)) == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		rc = catalog_restore_stage(
			r, file,
			MAX(catalog_mark_incarnation(r->at->dir_fd), r->at->position.incarnation));
	if (rc < 0) {
		catalog_restore_free(r);
		return rc;
	}
	*ret_restore = r;
	return 0;
}

struct catalog *
catalog_restore_former(struct catalog_restore *restore)
{
	struct catalog *at = restore->at;

	return at->sharing != NULL && at->position.incarnation > 0 ? at : NULL;
}

/* ---- committing ---- */

static int
keep_former(struct catalog_restore *r)
{
	AUTO_FREE char *path = NULL;
	int rc = catalog_restore_former(r) != NULL ? catalog_restore_aside_make(r) : 0;

	if (rc < 0 || r->aside[0] == '\0')
		return rc;
	path = str_printf("%s/%s/catalog.db", r->at->dir, r->aside);
	return path == NULL ? -ENOMEM : catalog_restore_save(r->at, path);
}

/* Nothing took its place.  The text of the error stays. */
static void
drop_former(struct catalog_restore *r)
{
	AUTO_FREE char *path = r->aside[0] != '\0' ? str_printf("%s/catalog.db", r->aside) : NULL;

	if (path == NULL)
		return;
	(void)unlinkat(r->at->dir_fd, path, 0);
	(void)unlinkat(r->at->dir_fd, r->aside, AT_REMOVEDIR);
}

/* Makes the working copy that of the backup; the version stays that of the store. */
static int
take_staged(struct catalog *at, const struct catalog *staged)
{
	sqlite3_backup *backup;
	int rc;

	at->sharing->recording = false;
	catalog_db_close(at);
	rc = catalog_db_open_memory(at);
	if (rc < 0)
		return rc;
	backup = sqlite3_backup_init(at->db, "main", staged->db, "main");
	if (backup == NULL)
		return catalog_db_error(at, sqlite3_errcode(at->db), "take the backup");
	(void)sqlite3_backup_step(backup, -1);
	rc = sqlite3_backup_finish(backup);
	if (rc != SQLITE_OK)
		return catalog_db_error(at, rc, "take the backup");
	return catalog_shared_tables_open(at);
}

int
catalog_restore_commit_shared(struct catalog_restore *r, const char **ret_aside)
{
	struct catalog *at = r->at;
	int rc = keep_former(r);

	if (rc == 0)
		rc = take_staged(at, r->staged);
	if (rc == 0)
		rc = catalog_shared_upgrade(at);
	if (rc == CATALOG_CONFLICT)
		rc = err_set(
			ERR_LOCKED,
			"a gateway has changed the catalog %s meanwhile: stop all gateways first",
			at->sharing->store.name);
	if (rc == ERR_LIMIT)
		rc = err_set(ERR_LIMIT,
			     "the backup is too large for the catalog %s: at most %zu MiB can be "
			     "written at once: restore it into a directory, without --catalog, "
			     "delete there what is not needed, and make a backup of that",
			     at->sharing->store.name, at->sharing->store.commit_bytes_max >> 20);
	if (rc < 0) {
		if (rc != ERR_TIMEOUT) /* then it may be there */
			drop_former(r);
		return rc;
	}
	r->done = true;
	*ret_aside = r->aside;
	catalog_close(TAKE(r->staged));
	/* it is restored, whatever becomes of the files: the next start tells by the store */
	rc = catalog_restore_move(at, RESTORE_STAGE "/mark", "mark");
	if (rc == 0)
		rc = catalog_restore_stage_remove(at);
	if (rc < 0)
		log_error("catalog.restore", "dir=%s left=\"%s\"", at->dir, err_text(rc));
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Backups: saves a complete copy of the catalog as one file, and puts such a file in the place of
 * the catalog of a directory that nobody serves.
 *
 *	DIR/restore.tmp/	the backup is copied there, opened, migrated, checked, and becomes a new
 *				incarnation; DIR itself is as it was
 *	DIR/catalog.old-N/	second names of the files that will go
 *	DIR/restored/		restore.tmp under this name: from here on the restore is done, and
 *				whoever opens the directory next carries it out to its end
 *	DIR/catalog.db		moved out of restored/, as the mark is; the old log is removed before
 *
 * So a crash leaves the old array or the restored one, and never the database of one with the log
 * of the other.  The catalog's thread, except where catalog.h says otherwise.
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
#include "catalog/restore_int.h"

#define COPY_BYTES (64u << 10)
#define STAGE      RESTORE_STAGE
#define DONE       "restored"
#define ASIDES     10000 /* at most so many old catalogs are kept */

/* The files of an old catalog, and what else a staged catalog has in its directory. */
static const char *const old_files[] = { "catalog.db", "catalog.db-wal", "mark" };
static const char *const spare_files[] = { "catalog.db-journal", "lock", "reserve" };

static int
fail(const struct catalog *at, const char *name, const char *what)
{
	int error = errno;

	return err_set(-error, "%s/%s: %s: %s", at->dir, name, what, strerror(error));
}

/* ---- saving ---- */

/*
 * VACUUM INTO writes only the pages in use, so that nothing of what was deleted (a secret, say) is
 * in the file.
 */
int
catalog_restore_save(struct catalog *catalog, const char *path)
{
	sqlite3_stmt *stmt = NULL;
	int fd, rc;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(-errno, "%s: cannot make the backup: %s", path, strerror(errno));
	close(fd); /* SQLite takes an empty file, and would make one with another mode */
	rc = sqlite3_prepare_v2(catalog->db, "VACUUM INTO ?", -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc != SQLITE_DONE)
		rc = catalog_db_error(catalog, rc, "write the backup");
	sqlite3_finalize(stmt);
	if (rc < 0)
		(void)unlink(path);
	return MIN(rc, 0);
}

int
catalog_copy_save(struct catalog_copy *copy, const char *path)
{
	return catalog_restore_save(catalog_copy_of(copy), path);
}

/* ---- the last part, which whoever opens the directory carries out ---- */

static bool
is_there(int dir_fd, const char *name)
{
	return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int
catalog_restore_move(const struct catalog *at, const char *from, const char *to)
{
	if (renameat(at->dir_fd, from, at->dir_fd, to) < 0 && errno != ENOENT)
		return fail(at, from, "cannot move it");
	return 0;
}

int
catalog_restore_finish(const struct catalog *at)
{
	int rc = 0;

	if (!is_there(at->dir_fd, DONE))
		return 0;
	if (at->look)
		return err_set(ERR_CORRUPT,
			       "%s: a restore was interrupted: start vdsd, which finishes it",
			       at->dir);
	if (is_there(at->dir_fd, DONE "/catalog.db")) {
		if (unlinkat(at->dir_fd, "catalog.db-wal", 0) < 0 && errno != ENOENT)
			return fail(at, "catalog.db-wal", "cannot remove it");
		if (fsync(at->dir_fd) < 0)
			return fail(at, "", "cannot sync");
		rc = catalog_restore_move(at, DONE "/mark", "mark");
		if (rc == 0)
			rc = catalog_restore_move(at, DONE "/catalog.db", "catalog.db");
	}
	if (rc == 0 && fsync(at->dir_fd) < 0)
		return fail(at, "", "cannot sync");
	if (rc == 0 && unlinkat(at->dir_fd, DONE, AT_REMOVEDIR) < 0)
		return fail(at, DONE, "cannot remove it");
	return rc;
}

/* ---- staging ---- */

static int
unlink_in(const struct catalog *at, const char *dir, const char *name)
{
	AUTO_FREE char *path = str_printf("%s/%s", dir, name);

	if (path == NULL)
		return -ENOMEM;
	if (unlinkat(at->dir_fd, path, 0) < 0 && errno != ENOENT)
		return fail(at, path, "cannot remove it");
	return 0;
}

/* Removes what a staged catalog has beside its database and mark, copies of migrations included. */
static int
spare_remove(const struct catalog *at)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(spare_files); i++)
		rc = unlink_in(at, STAGE, spare_files[i]);
	for (unsigned v = 1; rc == 0 && v < catalog_migration_count; v++) {
		char name[32];

		snprintf(name, sizeof(name), "catalog.db.v%u", v);
		rc = unlink_in(at, STAGE, name);
	}
	return rc;
}

/* Removes what an interrupted restore has left. */
int
catalog_restore_stage_remove(const struct catalog *at)
{
	int rc;

	if (!is_there(at->dir_fd, STAGE))
		return 0;
	rc = spare_remove(at);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(old_files); i++)
		rc = unlink_in(at, STAGE, old_files[i]);
	if (rc == 0 && unlinkat(at->dir_fd, STAGE, AT_REMOVEDIR) < 0)
		return fail(at, STAGE, "cannot remove it");
	return rc;
}

static int
copy_bytes(int from, int to)
{
	AUTO_FREE char *bytes = mem_alloc(COPY_BYTES);
	ssize_t n;

	if (bytes == NULL)
		return -ENOMEM;
	while ((n = read(from, bytes, COPY_BYTES)) > 0)
		for (ssize_t done = 0, more; done < n; done += more) {
			more = write(to, bytes + done, (size_t)(n - done));
			if (more < 0)
				return -errno;
		}
	return n < 0 || fsync(to) < 0 ? -errno : 0;
}

static int
copy_in(const struct catalog *at, const char *file)
{
	int from = open(file, O_RDONLY | O_CLOEXEC), to, rc;
	struct stat st;

	if (from < 0)
		return err_set(-errno, "%s: cannot open: %s", file, strerror(errno));
	if (fstat(from, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
		close(from);
		return err_set(ERR_INVALID, "%s is not a backup: it is %s", file,
			       S_ISREG(st.st_mode) ? "empty" : "not a file");
	}
	to = openat(at->dir_fd, STAGE "/catalog.db", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	rc = to < 0 ? -errno : copy_bytes(from, to);
	close(from);
	if (to >= 0)
		close(to);
	return rc < 0 ? err_set(rc, "%s/" STAGE "/catalog.db: cannot copy %s: %s", at->dir, file,
				strerror(-rc))
		      : 0;
}

/*
 * A backup that cannot be read is not refused in the words of a catalog in use: those name files
 * that the administrator has never seen.
 */
static int
refuse(const char *file, int rc)
{
	char text[384];

	snprintf(text, sizeof(text), "%s", err_text(rc));
	return err_set(rc, "%s cannot be restored: %s", file, text);
}

int
catalog_restore_stage(struct catalog_restore *r, const char *file, uint64_t after)
{
	int rc = catalog_restore_stage_remove(r->at);

	if (rc < 0)
		return rc;
	if (mkdirat(r->at->dir_fd, STAGE, 0700) < 0)
		return fail(r->at, STAGE, "cannot make it");
	rc = copy_in(r->at, file);
	if (rc < 0)
		return rc;
	rc = catalog_open_restored(r->stage, after, &r->staged);
	if (rc == 0 && catalog_held(r->staged) != NULL)
		rc = err_set(ERR_CORRUPT, "%s", catalog_held(r->staged));
	if (rc == 0 && catalog_is_new(r->staged))
		rc = err_set(ERR_CORRUPT, "it has no array");
	if (rc == 0)
		rc = catalog_check(r->staged);
	return rc < 0 ? refuse(file, rc) : 0;
}

static int
refuse_array(const struct catalog *at, bool replace)
{
	if (replace || !is_there(at->dir_fd, "catalog.db"))
		return 0;
	return err_set(ERR_NAME_IN_USE,
		       "there is an array in %s: with --force the backup takes its place, and its "
		       "catalog is kept in catalog.old-1 there",
		       at->dir);
}

int
catalog_restore_begin(const char *dir, const char *file, bool replace,
		      struct catalog_restore **ret_restore)
{
	struct catalog_restore *r = mem_calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return -ENOMEM;
	rc = catalog_dir_open(dir, &r->at);
	if (rc == 0)
		rc = catalog_restore_finish(r->at);
	if (rc == 0)
		rc = refuse_array(r->at, replace);
	if (rc == 0 && (r->stage = str_printf("%s/" STAGE, dir)) == NULL)
		rc = -ENOMEM;
	if (rc == 0)
		rc = catalog_restore_stage(r, file, catalog_mark_incarnation(r->at->dir_fd));
	if (rc < 0) {
		catalog_restore_free(r);
		return rc;
	}
	*ret_restore = r;
	return 0;
}

struct catalog *
catalog_restore_catalog(struct catalog_restore *restore)
{
	return restore->staged;
}

/* ---- committing ---- */

int
catalog_restore_aside_make(struct catalog_restore *r)
{
	for (unsigned n = 1; n < ASIDES; n++) {
		snprintf(r->aside, sizeof(r->aside), "catalog.old-%u", n);
		if (mkdirat(r->at->dir_fd, r->aside, 0700) == 0)
			return 0;
		if (errno != EEXIST)
			return fail(r->at, r->aside, "cannot make it");
	}
	return err_set(ERR_LIMIT, "%s has %d old catalogs: remove some of catalog.old-*",
		       r->at->dir, ASIDES);
}

static int
aside_sync(const struct catalog_restore *r)
{
	int fd = openat(r->at->dir_fd, r->aside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 || fsync(fd) < 0 ? fail(r->at, r->aside, "cannot sync") : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

/* Gives the old files second names, under which they stay. */
static int
aside_fill(struct catalog_restore *r)
{
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(old_files); i++)
		any = any || is_there(r->at->dir_fd, old_files[i]);
	if (!any)
		return 0;
	rc = catalog_restore_aside_make(r);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(old_files); i++) {
		AUTO_FREE char *to = str_printf("%s/%s", r->aside, old_files[i]);

		if (to == NULL)
			return -ENOMEM;
		if (linkat(r->at->dir_fd, old_files[i], r->at->dir_fd, to, 0) < 0 &&
		    errno != ENOENT)
			rc = fail(r->at, to, "cannot keep the old file");
	}
	return rc < 0 ? rc : aside_sync(r);
}

int
catalog_restore_commit(struct catalog_restore *r, const char **ret_aside)
{
	int rc, fd;

	if (r->at->sharing != NULL)
		return catalog_restore_commit_shared(r, ret_aside);
	catalog_close(TAKE(r->staged));
	rc = spare_remove(r->at);
	if (rc < 0)
		return rc;
	/*
	 * SQLite copies the log into the database when it closes; a log that stayed is not in it.
	 */
	if (is_there(r->at->dir_fd, STAGE "/catalog.db-wal"))
		return err_set(-EIO, "%s: the backup cannot be written there", r->stage);
	for (size_t i = 0; i < 2; i++) {
		fd = openat(r->at->dir_fd, i == 0 ? STAGE "/mark" : STAGE, O_RDONLY | O_CLOEXEC);
		rc = fd < 0 || fsync(fd) < 0 ? fail(r->at, STAGE, "cannot sync") : 0;
		if (fd >= 0)
			close(fd);
		if (rc < 0)
			return rc;
	}
	rc = aside_fill(r);
	if (rc < 0)
		return rc;
	if (renameat(r->at->dir_fd, STAGE, r->at->dir_fd, DONE) < 0)
		return fail(r->at, STAGE, "cannot rename it");
	r->done = true;
	if (fsync(r->at->dir_fd) < 0)
		return fail(r->at, "", "cannot sync");
	*ret_aside = r->aside;
	return catalog_restore_finish(r->at);
}

void
catalog_restore_free(struct catalog_restore *r)
{
	if (r == NULL)
		return;
	catalog_close(r->staged);
	if (r->at != NULL && r->stage != NULL && !r->done)
		(void)catalog_restore_stage_remove(r->at);
	catalog_close(r->at);
	mem_free(r->stage);
	mem_free(r);
}

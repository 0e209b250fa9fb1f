/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guards the files in DIR.  Decides what is refused before anything is written there, holds a
 * catalog (open, but never written to), and checks that the files are still those that were opened.
 *
 * A catalog is held when its structure is damaged, or when acknowledged changes are missing from it
 * (position.c).  A held catalog keeps the evidence: nothing is written, and the log is not copied
 * into the database.  The catalog's thread, except for the checks that catalog.h allows any thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "catalog/catalog_int.h"

/* ---- an array without its catalog ---- */

/* The files besides the database that show that an array used the directory. */
static const struct {
	const char *name;
	bool may_be_empty;
} traces[] = {
	{ "mark", false },
	{ "catalog.db-wal", false },
	{ "luns/.vds-pool", true },
};

/* Lists the names of those files that exist, joined; "" = none. */
static void
find_traces(const struct catalog *catalog, char *ret_names, size_t size)
{
	struct stat st;

	ret_names[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(traces); i++) {
		size_t len = strlen(ret_names);

		if (fstatat(catalog->dir_fd, traces[i].name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    (st.st_size == 0 && !traces[i].may_be_empty))
			continue;
		snprintf(ret_names + len, size - len, "%s%s", len > 0 ? ", " : "", traces[i].name);
	}
}

int
catalog_guard_missing(const struct catalog *catalog)
{
	struct stat st;
	bool there = fstatat(catalog->dir_fd, "catalog.db", &st, AT_SYMLINK_NOFOLLOW) == 0;
	char names[96];

	if (there && st.st_size > 0)
		return 0;
	find_traces(catalog, names, sizeof(names));
	if (names[0] == '\0')
		return 0;
	return err_set(
		ERR_CORRUPT,
		"%s: catalog.db is %s, but an array has left there: %s. Put its catalog.db "
		"back, from a backup or from catalog.db.v*; or move what is left away to begin "
		"a new array",
		catalog->dir, there ? "empty" : "missing", names);
}

/* ---- holding ---- */

void
catalog_guard_hold(struct catalog *catalog, const char *format, ...)
{
	va_list args;

	if (catalog->held[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(catalog->held, sizeof(catalog->held), format, args);
	va_end(args);
}

int
catalog_guard_hold_database(struct catalog *catalog)
{
	if (sqlite3_db_config(catalog->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK)
		return err_set(ERR_INTERNAL, "%s/catalog.db cannot be opened and kept open",
			       catalog->dir);
	return catalog_exec(catalog, "PRAGMA query_only = ON");
}

const char *
catalog_held(const struct catalog *catalog)
{
	return catalog->held[0] != '\0' ? catalog->held : NULL;
}

/* ---- are the files still there? ---- */

static const char *const files[CATALOG_FILES] = {
	[CATALOG_FILE_LOCK] = "lock",
	[CATALOG_FILE_DATABASE] = "catalog.db",
	[CATALOG_FILE_LOG] = "catalog.db-wal",
};

void
catalog_guard_remember(struct catalog *catalog)
{
	struct stat st;

	for (size_t i = 0; i < CATALOG_FILES; i++) {
		struct catalog_file *file = &catalog->files[i];

		if (atomic_load(&file->known) ||
		    fstatat(catalog->dir_fd, files[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		atomic_store(&file->dev, (uint64_t)st.st_dev);
		atomic_store(&file->ino, (uint64_t)st.st_ino);
		atomic_store(&file->known, true);
	}
}

void
catalog_guard_forget_log(struct catalog *catalog)
{
	atomic_store(&catalog->files[CATALOG_FILE_LOG].known, false);
	atomic_fetch_add(&catalog->files[CATALOG_FILE_LOG].generation, 1);
}

/*
 * Returns 0 when the file is still the one that was opened, or when the writer is just closing it;
 * ESTALE when another file has its name; or the errno of looking it up.
 */
static int
look(const struct catalog *catalog, size_t i)
{
	const struct catalog_file *file = &catalog->files[i];
	unsigned generation = atomic_load(&file->generation);
	struct stat st;
	int error = 0;

	if (!atomic_load(&file->known))
		return 0;
	if (fstatat(catalog->dir_fd, files[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
		/* Another error says nothing about the file; a commit that it spoils fails. */
		error = errno == ENOENT || errno == ENOTDIR ? errno : 0;
	else if ((uint64_t)st.st_dev != atomic_load(&file->dev) ||
		 (uint64_t)st.st_ino != atomic_load(&file->ino))
		error = ESTALE;
	return atomic_load(&file->generation) == generation ? error : 0;
}

int
catalog_still_there(const struct catalog *catalog)
{
	for (size_t i = 0; i < CATALOG_FILES; i++) {
		int error = look(catalog, i);

		if (error == ESTALE)
			return err_set(ERR_CORRUPT, "%s/%s was replaced while in use", catalog->dir,
				       files[i]);
		if (error != 0)
			return err_set(ERR_CORRUPT, "%s/%s was deleted while in use: %s",
				       catalog->dir, files[i], strerror(error));
	}
	return 0;
}

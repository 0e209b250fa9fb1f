/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reserved space: DIR/reserve is a file of allocated blocks.  When the disk of the catalog is full,
 * its blocks are freed piece by piece, so that the array can still be managed.  The catalog's
 * thread, except for the functions that catalog.h allows any thread.
 *
 *	whole --a write meets a full disk--> short --there is room again--> whole
 *
 * A layer over SQLite's VFS notices the full disk, frees a piece and repeats the write, so that the
 * transaction above is not disturbed.  Only a piece is freed each time, because another program
 * that filled the disk may still be writing.  The size of the file shows how much was freed, also
 * after a restart.  The file is missing when there was never room for it, or when the file system
 * cannot allocate blocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog_int.h"

#define PIECE_BYTES  (256u << 10)
#define MARGIN_BYTES (1u << 20) /* stays free when the reserve is made */

struct reserve_file {
	sqlite3_file base;
	struct catalog *catalog; /* NULL: a file that gets nothing of the reserve */
	sqlite3_file *real;      /* lies behind this struct */
};

/* ---- the file ---- */

static void
set_held(struct catalog *catalog, uint64_t bytes)
{
	catalog->reserve.held_bytes = bytes;
	atomic_store(&catalog->reserve.missing_bytes,
		     catalog->reserve.fd >= 0 ? CATALOG_RESERVE_BYTES - bytes : 0);
	atomic_store(&catalog->reserve.wanted, bytes < CATALOG_RESERVE_BYTES);
}

/*
 * Measures what is allocated and not the size of the file, since a copy of the file may have holes.
 */
static void
measure(struct catalog *catalog)
{
	struct stat st;
	uint64_t bytes = 0;

	if (catalog->reserve.fd >= 0 && fstat(catalog->reserve.fd, &st) == 0 && S_ISREG(st.st_mode))
		bytes = MIN((uint64_t)st.st_size, (uint64_t)st.st_blocks * 512);
	set_held(catalog, MIN(bytes, (uint64_t)CATALOG_RESERVE_BYTES));
}

void
catalog_reserve_open(struct catalog *catalog)
{
	int mode = catalog->look ? O_RDONLY : O_RDWR;

	catalog->reserve.fd = openat(catalog->dir_fd, "reserve",
				     mode | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	measure(catalog);
}

void
catalog_reserve_close(struct catalog *catalog)
{
	if (catalog->reserve.fd >= 0)
		close(catalog->reserve.fd);
	catalog->reserve.fd = -1;
}

static void
drop(struct catalog *catalog)
{
	(void)unlinkat(catalog->dir_fd, "reserve", 0);
	catalog_reserve_close(catalog);
	set_held(catalog, 0);
}

static bool
has_room(struct catalog *catalog)
{
	uint64_t missing = CATALOG_RESERVE_BYTES - catalog->reserve.held_bytes;
	struct statvfs fs;

	return fstatvfs(catalog->dir_fd, &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize >= missing + MARGIN_BYTES;
}

/* Allocates more of the reserve.  On failure the reserve is as it was before. */
static int
allocate(struct catalog *catalog)
{
	int fd = catalog->reserve.fd, error;

	if (fallocate(fd, 0, 0, CATALOG_RESERVE_BYTES) == 0)
		return 0;
	error = errno;
	if (ftruncate(fd, (off_t)catalog->reserve.held_bytes) < 0)
		return -errno;
	return -error;
}

void
catalog_reserve_renew(struct catalog *catalog)
{
	bool made = false;
	int rc;

	if (!atomic_load(&catalog->reserve.wanted) || !has_room(catalog))
		return;
	if (catalog->reserve.fd < 0) {
		catalog->reserve.fd = openat(catalog->dir_fd, "reserve",
					     O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		made = catalog->reserve.fd >= 0;
		if (!made)
			return;
	}
	rc = allocate(catalog);
	if (rc < 0 && (made || rc == -EOPNOTSUPP))
		drop(catalog);
	if (rc == -EOPNOTSUPP)
		atomic_store(&catalog->reserve.wanted, false);
	if (rc < 0)
		return;
	measure(catalog);
	if (!made)
		log_info("catalog.reserve", "state=back bytes=%" PRIu64,
			 catalog->reserve.held_bytes);
}

uint64_t
catalog_reserve_missing(const struct catalog *catalog)
{
	return atomic_load(&catalog->reserve.missing_bytes);
}

/* A log of this many pages is copied into the database and then overwritten from its beginning. */
#define LOG_PAGES        1000 /* SQLite's own choice */
#define LOG_PAGES_SAVING 32

void
catalog_reserve_settle(struct catalog *catalog)
{
	bool saving = catalog_reserve_missing(catalog) > 0;

	if (saving == catalog->reserve.saving)
		return;
	sqlite3_wal_autocheckpoint(catalog->db, saving ? LOG_PAGES_SAVING : LOG_PAGES);
	catalog->reserve.saving = saving;
}

bool
catalog_reserve_is_wanted(const struct catalog *catalog)
{
	return atomic_load(&catalog->reserve.wanted);
}

int
catalog_reserve_check(const struct catalog *catalog, enum catalog_use use)
{
	/* clang-format off */
	static const uint64_t least[] = {
		[CATALOG_CHANGES] = CATALOG_RESERVE_BYTES / 2,
		[CATALOG_MAKES] = CATALOG_RESERVE_BYTES,
		[CATALOG_ASSOCIATES] = CATALOG_RESERVE_BYTES / 4,
		[CATALOG_FREES] = 0,
	};
	/* clang-format on */

	if (catalog->reserve.fd < 0 || catalog->reserve.held_bytes >= least[use])
		return 0;
	return err_set(
		ERR_NO_SPACE,
		"the file system of %s is full, and the space that is left is kept for deleting "
		"LUNs: free at least %u MiB there",
		catalog->dir, (CATALOG_RESERVE_BYTES + MARGIN_BYTES) >> 20);
}

/*
 * Frees a piece of the reserve for a write that found no space.  Returns false when nothing is
 * left.
 */
static bool
give(struct catalog *catalog)
{
	uint64_t held = catalog->reserve.held_bytes;
	uint64_t left = held - MIN(held, (uint64_t)PIECE_BYTES);

	if (held == 0 || ftruncate(catalog->reserve.fd, (off_t)left) < 0)
		return false;
	set_held(catalog, left);
	log_warning("catalog.reserve", "state=given_up bytes=%" PRIu64 " left_bytes=%" PRIu64,
		    held - left, left);
	return true;
}

/* ---- files of SQLite ---- */

static struct reserve_file *
file_of(sqlite3_file *file)
{
	return (struct reserve_file *)(void *)file;
}

static sqlite3_file *
real(sqlite3_file *file)
{
	return file_of(file)->real;
}

static int
layer_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int
layer_read(sqlite3_file *file, void *buf, int len, sqlite3_int64 offset)
{
	return real(file)->pMethods->xRead(real(file), buf, len, offset);
}

/*
 * Calls fsync, because a journaling file system may free the blocks that were cut off only with its
 * next commit.
 */
static int
layer_write(sqlite3_file *file, const void *buf, int len, sqlite3_int64 offset)
{
	struct catalog *catalog = file_of(file)->catalog;
	int rc = real(file)->pMethods->xWrite(real(file), buf, len, offset);

	while (rc == SQLITE_FULL && catalog != NULL && give(catalog)) {
		rc = real(file)->pMethods->xWrite(real(file), buf, len, offset);
		if (rc == SQLITE_FULL && fsync(catalog->reserve.fd) == 0)
			rc = real(file)->pMethods->xWrite(real(file), buf, len, offset);
	}
	return rc;
}

static int
layer_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return real(file)->pMethods->xTruncate(real(file), size);
}

static int
layer_sync(sqlite3_file *file, int flags)
{
	return real(file)->pMethods->xSync(real(file), flags);
}

static int
layer_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	return real(file)->pMethods->xFileSize(real(file), ret_size);
}

static int
layer_lock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xLock(real(file), level);
}

static int
layer_unlock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int
layer_check_lock(sqlite3_file *file, int *ret_locked)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), ret_locked);
}

static int
layer_control(sqlite3_file *file, int op, void *arg)
{
	return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int
layer_sector(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int
layer_traits(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

/* Version 1: without shared memory, which exclusive locking does not need, and without mmap. */
static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = layer_close,
	.xRead = layer_read,
	.xWrite = layer_write,
	.xTruncate = layer_truncate,
	.xSync = layer_sync,
	.xFileSize = layer_size,
	.xLock = layer_lock,
	.xUnlock = layer_unlock,
	.xCheckReservedLock = layer_check_lock,
	.xFileControl = layer_control,
	.xSectorSize = layer_sector,
	.xDeviceCharacteristics = layer_traits,
};

static int
layer_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct catalog *catalog = container_of(vfs, struct catalog, reserve.vfs);
	sqlite3_vfs *under = catalog->reserve.real;
	struct reserve_file *f = file_of(file);
	int rc;

	memset(f, 0, sizeof(*f));
	f->real = (sqlite3_file *)(f + 1);
	memset(f->real, 0, sizeof(*f->real));
	rc = under->xOpen(under, name, f->real, flags, ret_flags);
	if (rc != SQLITE_OK)
		return rc;
	/* Not those in /tmp. */
	if (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL))
		f->catalog = catalog;
	f->base.pMethods = &methods;
	return SQLITE_OK;
}

int
catalog_reserve_register(struct catalog *catalog, const char **ret_vfs)
{
	struct catalog_reserve *reserve = &catalog->reserve;
	sqlite3_vfs *under = sqlite3_vfs_find(NULL);
	int rc;

	if (under == NULL)
		return err_set(-ENOMEM, "%s: SQLite has no file layer", catalog->dir);
	snprintf(reserve->name, sizeof(reserve->name), "reserve-%p", (void *)catalog);
	reserve->real = under;
	reserve->vfs = *under;
	reserve->vfs.pNext = NULL;
	reserve->vfs.zName = reserve->name;
	reserve->vfs.szOsFile = (int)sizeof(struct reserve_file) + under->szOsFile;
	reserve->vfs.xOpen = layer_open;
	rc = sqlite3_vfs_register(&reserve->vfs, 0);
	if (rc != SQLITE_OK)
		return catalog_db_error(catalog, rc, "register");
	*ret_vfs = reserve->name;
	return 0;
}

void
catalog_reserve_unregister(struct catalog *catalog)
{
	if (catalog->reserve.real != NULL)
		sqlite3_vfs_unregister(&catalog->reserve.vfs);
	catalog->reserve.real = NULL;
}

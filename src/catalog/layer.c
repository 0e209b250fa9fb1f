/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A layer over SQLite's VFS, through which the catalog's database and its log are read and written.
 * The catalog's thread.  It does two things:
 *
 * 1. A write that meets a full disk is repeated after a piece of the reserve was freed (reserve.c).
 * 2. Writes to the log are gathered.  SQLite writes each page of a transaction with two small
 *    writes, one behind the other, and then syncs the log.  Here they become one write before the
 *    sync.  What is gathered is also written before SQLite reads the log, asks for its size,
 *    truncates or closes it, or writes elsewhere in it, so SQLite sees what it has written.  When
 *    that write fails, the call fails that caused it.  If that call was a write or a sync, SQLite
 *    undoes the transaction and reads none of its pages again, so what was gathered is dropped.
 *    Otherwise it stays, and nothing older can be read in its place.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "catalog/catalog_int.h"

/* SQLite's own VFS writes less than 128 KiB at a time. */
#define GATHER_BYTES (64u << 10)

struct layer_file {
	sqlite3_file base;
	struct catalog *catalog; /* NULL: a file that gets nothing of the reserve */
	sqlite3_file *real;      /* lies behind this struct */
	/* of the log: bytes that are to be written at gathered_at; NULL = nothing is gathered */
	char *gathered;
	size_t gathered_len;
	sqlite3_int64 gathered_at;
};

static struct layer_file *
file_of(sqlite3_file *file)
{
	return (struct layer_file *)(void *)file;
}

static sqlite3_file *
real(sqlite3_file *file)
{
	return file_of(file)->real;
}

/*
 * Calls fsync, because a journaling file system may free the blocks that were cut off only with its
 * next commit.
 */
static int
write_through(struct layer_file *f, const void *buf, int len, sqlite3_int64 offset)
{
	struct catalog *catalog = f->catalog;
	sqlite3_file *to = f->real;
	int rc = to->pMethods->xWrite(to, buf, len, offset);

	while (rc == SQLITE_FULL && catalog != NULL && catalog_reserve_give(catalog)) {
		rc = to->pMethods->xWrite(to, buf, len, offset);
		if (rc == SQLITE_FULL && fsync(catalog->reserve.fd) == 0)
			rc = to->pMethods->xWrite(to, buf, len, offset);
	}
	return rc;
}

/* Pages may hold CHAP secrets: they do not stay in memory. */
static void
forget(struct layer_file *f)
{
	if (f->gathered_len > 0)
		secret_wipe(f->gathered, f->gathered_len);
	f->gathered_len = 0;
}

/* Writes what is gathered.  Returns SQLITE_OK, or the error of the write: then it stays. */
static int
flush(sqlite3_file *file)
{
	struct layer_file *f = file_of(file);
	int rc = SQLITE_OK;

	if (f->gathered_len > 0)
		rc = write_through(f, f->gathered, (int)f->gathered_len, f->gathered_at);
	if (rc == SQLITE_OK)
		forget(f);
	return rc;
}

/* ---- what SQLite calls ---- */

static int
layer_close(sqlite3_file *file)
{
	int flushed = flush(file), rc = real(file)->pMethods->xClose(real(file));

	forget(file_of(file));
	mem_free(TAKE(file_of(file)->gathered));
	return flushed != SQLITE_OK ? flushed : rc;
}

static int
layer_read(sqlite3_file *file, void *buf, int len, sqlite3_int64 offset)
{
	int rc = flush(file);

	return rc != SQLITE_OK ? rc : real(file)->pMethods->xRead(real(file), buf, len, offset);
}

static int
layer_write(sqlite3_file *file, const void *buf, int len, sqlite3_int64 offset)
{
	struct layer_file *f = file_of(file);
	int rc = SQLITE_OK;

	if (f->gathered_len > 0 && (f->gathered_at + (sqlite3_int64)f->gathered_len != offset ||
				    f->gathered_len + (size_t)len > GATHER_BYTES)) {
		rc = flush(file);
		forget(f);
	}
	if (rc != SQLITE_OK)
		return rc;
	if (f->gathered == NULL || (size_t)len > GATHER_BYTES)
		return write_through(f, buf, len, offset);
	if (f->gathered_len == 0)
		f->gathered_at = offset;
	memcpy(f->gathered + f->gathered_len, buf, (size_t)len);
	f->gathered_len += (size_t)len;
	return SQLITE_OK;
}

static int
layer_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int rc = flush(file);

	return rc != SQLITE_OK ? rc : real(file)->pMethods->xTruncate(real(file), size);
}

static int
layer_sync(sqlite3_file *file, int flags)
{
	int rc = flush(file);

	file_of(file)->gathered_len = 0;
	return rc != SQLITE_OK ? rc : real(file)->pMethods->xSync(real(file), flags);
}

static int
layer_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	int rc = flush(file);

	return rc != SQLITE_OK ? rc : real(file)->pMethods->xFileSize(real(file), ret_size);
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
	struct layer_file *f = file_of(file);
	int rc;

	memset(f, 0, sizeof(*f));
	f->real = (sqlite3_file *)(f + 1);
	memset(f->real, 0, sizeof(*f->real));
	rc = under->xOpen(under, name, f->real, flags, ret_flags);
	if (rc != SQLITE_OK)
		return rc;
	if (flags & SQLITE_OPEN_WAL)
		f->gathered = mem_alloc(GATHER_BYTES); /* NULL: each write goes through */
	/* Not those in /tmp. */
	if (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL))
		f->catalog = catalog;
	f->base.pMethods = &methods;
	return SQLITE_OK;
}

int
catalog_layer_register(struct catalog *catalog, const char **ret_vfs)
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
	reserve->vfs.szOsFile = (int)sizeof(struct layer_file) + under->szOsFile;
	reserve->vfs.xOpen = layer_open;
	rc = sqlite3_vfs_register(&reserve->vfs, 0);
	if (rc != SQLITE_OK)
		return catalog_db_error(catalog, rc, "register");
	*ret_vfs = reserve->name;
	return 0;
}

void
catalog_layer_unregister(struct catalog *catalog)
{
	if (catalog->reserve.real != NULL)
		sqlite3_vfs_unregister(&catalog->reserve.vfs);
	catalog->reserve.real = NULL;
}

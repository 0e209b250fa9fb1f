/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reserved space: DIR/reserve is a file of allocated blocks.  When the disk of the catalog is full,
 * its blocks are freed piece by piece, so that the array can still be managed.  The catalog's
 * thread, except for the functions that catalog.h allows any thread.
 *
 *	whole --a write meets a full disk--> short --there is room again--> whole
 *
 * The layer over SQLite's VFS (layer.c) notices the full disk, has a piece freed and repeats the
 * write, so that the transaction above is not disturbed.  Only a piece is freed each time, because
 * another program that filled the disk may still be writing.  The size of the file shows how much
 * was freed, also after a restart.  The file is missing when there was never room for it, or when
 * the file system cannot allocate blocks.
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

/* Returns whether the file system, the kernel or a filter of system calls never allocates. */
static bool
cannot(int error)
{
	return error == -EOPNOTSUPP || error == -ENOSYS || error == -EPERM;
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
	if (rc < 0 && (made || cannot(rc)))
		drop(catalog);
	if (cannot(rc))
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

bool
catalog_reserve_give(struct catalog *catalog)
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

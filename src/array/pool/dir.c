/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool driver `dir`: a pool is a directory on a local file system, and its volumes are sparse
 * raw files, named <lun id>.img, or <lun id>.new until they are committed.  Only the array calls
 * it, from any thread except those of the data path.
 *
 * The directory contains a marker, .vds-pool, with the id of the array and the format of the
 * directory.  The array keeps the marker locked, so that no other process uses the directory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "array/pool/dir_int.h"
#include "array/pool/driver.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "blk/blk.h"
#include "catalog/catalog.h"

#define MARKER        ARRAY_DIR_MARKER
#define MARKER_FORMAT "vds-pool 1 %s\n"
#define BYTES_MAX     (1ull << 53)

struct dir_pool {
	struct array_pool pool;
	char *path; /* owned */
	int dir_fd, marker_fd;
	int watch_fd; /* -1 = the directory cannot be watched */
};

static struct dir_pool *
dir_of(struct array_pool *pool)
{
	return container_of(pool, struct dir_pool, pool);
}

/* ---- the marker ---- */

static int
marker_write(int fd, const struct guid *array_id)
{
	char text[80], id[GUID_TEXT_SIZE];
	int len = snprintf(text, sizeof(text), MARKER_FORMAT, guid_format(array_id, id));

	if (pwrite(fd, text, (size_t)len, 0) != len || fsync(fd) < 0)
		return errno != 0 ? -errno : -EIO;
	return 0;
}

static int
marker_check(int fd, const char *path, const struct guid *array_id)
{
	char text[81] = "", want[80], id[GUID_TEXT_SIZE];

	snprintf(want, sizeof(want), MARKER_FORMAT, guid_format(array_id, id));
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		return err_set(-errno, "%s/" MARKER ": %s", path, strerror(errno));
	if (strncmp(text, "vds-pool ", 9) == 0 && strncmp(text, "vds-pool 1 ", 11) != 0)
		return err_set(
			ERR_VERSION,
			"%s: a newer version of vdsd has written this pool: use that version",
			path);
	if (strcmp(text, want) != 0)
		return err_set(
			ERR_IN_USE,
			"%s: the directory is a pool of another array, says its file " MARKER,
			path);
	return 0;
}

bool
array_pool_dir_is_marked(const char *path, const struct guid *array_id)
{
	AUTO_FREE char *marker = str_printf("%s/" MARKER, path);
	int fd = marker != NULL ? open(marker, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	bool ours = fd >= 0 && marker_check(fd, path, array_id) == 0;

	if (fd >= 0)
		close(fd);
	return ours;
}

static bool
has_volumes(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	bool any = false;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		size_t len = strlen(d->d_name);

		any = any || (len > 4 && strcmp(d->d_name + len - 4, ".img") == 0);
	}
	if (dir != NULL)
		closedir(dir);
	return any;
}

/* Opens and locks the marker.  Returns the descriptor or an error. */
static int
marker_open(int dir_fd, const char *path, const struct guid *array_id, enum array_pool_mode mode)
{
	bool create = !array_pool_mode_opens(mode);
	int fd = openat(dir_fd, MARKER, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0),
			0600);
	struct stat st;
	int rc;

	if (fd < 0)
		return err_set(-errno, "%s/" MARKER ": %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		rc = errno == EWOULDBLOCK
			     ? err_set(ERR_LOCKED,
				       "%s: another process or pool uses this directory", path)
			     : -errno;
	else if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (st.st_size == 0 && create)
		rc = marker_write(fd, array_id) < 0 || fsync(dir_fd) < 0 ? -EIO : 0;
	else
		rc = marker_check(fd, path, array_id);
	if (rc == ERR_IN_USE && mode == POOL_BEGIN && !has_volumes(path))
		rc = marker_write(fd, array_id);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

/* ---- the pool ---- */

static bool
dir_takes(const char *place)
{
	return place[0] == '/';
}

static int
dir_resolve(const char *place, char **ret_place)
{
	char *real = realpath(place, NULL); /* of libc's heap */
	char *copy;

	if (real == NULL) {
		bool named = errno == ENOTDIR || errno == ENAMETOOLONG || errno == ELOOP;

		if (errno == ENOENT)
			return err_set(ERR_INVALID,
				       "there is no directory %s on the computer of vdsd: make it "
				       "first, and let the user of vdsd write to it",
				       place);
		return err_set(named ? ERR_INVALID : -errno,
			       "the directory %s cannot be used for a pool: %s", place,
			       strerror(errno));
	}
	copy = str_dup(real);
	free(real);
	if (copy == NULL)
		return -ENOMEM;
	*ret_place = copy;
	return 0;
}

static void
dir_close(struct array_pool *pool, bool give_up)
{
	struct dir_pool *dir = dir_of(pool);

	if (give_up && dir->marker_fd >= 0)
		(void)unlinkat(dir->dir_fd, MARKER, 0);
	if (dir->watch_fd >= 0)
		close(dir->watch_fd);
	if (dir->marker_fd >= 0)
		close(dir->marker_fd);
	if (dir->dir_fd >= 0)
		close(dir->dir_fd);
	mem_free(dir->path);
	mem_free(dir);
}

static bool
is_own_group(gid_t gid)
{
	return gid == getegid() || group_member(gid);
}

/* Returns who besides vdsd and root may write to the directory; NULL = nobody. */
static const char *
other_writers(const struct stat *st)
{
	if ((st->st_mode & S_IWOTH) != 0)
		return "everybody";
	if ((st->st_mode & S_IWGRP) != 0)
		return is_own_group(st->st_gid) ? "its group" : "a group that vdsd is not in";
	return st->st_uid != geteuid() && st->st_uid != 0 ? "its owner" : NULL;
}

/*
 * Looks for others who may write to the directory, since they could replace the file of a LUN.  A
 * new pool is refused where that serves nothing: when everybody may write, or a group that vdsd is
 * not in.  Its own group or a foreign owner may be how an administrator lets vdsd write there, so
 * these are only logged.  So is everything for an existing pool: refusing it would take its LUNs
 * away.
 */
static int
check_mode(const struct dir_pool *dir, enum array_pool_mode mode)
{
	struct stat st;
	const char *who;
	bool others, foreign;

	if (fstat(dir->dir_fd, &st) < 0)
		return -errno;
	who = other_writers(&st);
	others = (st.st_mode & S_IWOTH) != 0;
	foreign = (st.st_mode & S_IWGRP) != 0 && !is_own_group(st.st_gid);
	if ((mode == POOL_CREATE || mode == POOL_FORCE) && (others || foreign))
		return err_set(ERR_ACCESS,
			       "%s: %s may write to this directory: run `chmod %s-w %s` first",
			       dir->path, who, others ? "o" : "g", dir->path);
	if (who != NULL)
		log_warning("pool.writable",
			    "path=%s mode=%03o reason=\"%s may write to the directory and "
			    "replace LUNs\"",
			    dir->path, (unsigned)st.st_mode & 0777, who);
	return 0;
}

static int
open_all(struct dir_pool *dir, const struct guid *array_id, enum array_pool_mode mode)
{
	int rc;

	dir->dir_fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->dir_fd < 0)
		return err_set(-errno, "%s: %s", dir->path, strerror(errno));
	rc = catalog_refuse_network(dir->dir_fd, dir->path);
	if (rc == 0)
		rc = check_mode(dir, mode);
	if (rc == 0)
		rc = dir->marker_fd = marker_open(dir->dir_fd, dir->path, array_id, mode);
	if (rc >= 0)
		dir->watch_fd = array_dir_watch_open(dir->dir_fd, dir->path);
	return MIN(rc, 0);
}

static int
dir_open(const char *place, const struct guid *array_id, enum array_pool_mode mode,
	 struct array_pool **ret_pool)
{
	struct dir_pool *dir = mem_calloc(1, sizeof(*dir));
	int rc;

	if (dir == NULL)
		return -ENOMEM;
	dir->pool.driver = &array_pool_dir;
	dir->dir_fd = dir->marker_fd = dir->watch_fd = -1;
	dir->path = str_dup(place);
	rc = dir->path == NULL ? -ENOMEM : open_all(dir, array_id, mode);
	if (rc < 0) {
		dir_close(&dir->pool, false);
		return rc;
	}
	*ret_pool = &dir->pool;
	return 0;
}

static int
dir_look(struct array_pool *pool)
{
	struct dir_pool *dir = dir_of(pool);
	AUTO_FREE char *path = str_printf("%s/" MARKER, dir->path);
	struct stat ours, named;

	if (path == NULL)
		return -ENOMEM;
	if (stat(path, &named) < 0)
		return err_set(-errno, "%s: %s", path, strerror(errno));
	if (fstat(dir->marker_fd, &ours) < 0 || ours.st_ino != named.st_ino ||
	    ours.st_dev != named.st_dev)
		return err_set(-ESTALE, "%s: the directory was replaced by another one", dir->path);
	return 0;
}

static int
dir_watch_fd(struct array_pool *pool)
{
	return dir_of(pool)->watch_fd;
}

static void
dir_watch_read(struct array_pool *pool, struct array_pool_watcher *watcher)
{
	if (dir_of(pool)->watch_fd >= 0)
		array_dir_watch_read(dir_of(pool)->watch_fd, watcher);
}

static int
dir_space(struct array_pool *pool, struct array_pool_space *ret_space)
{
	struct dir_pool *dir = dir_of(pool);
	struct statvfs fs;

	if (fstatvfs(dir->dir_fd, &fs) < 0)
		return err_set(-errno, "%s: %s", dir->path, strerror(errno));
	ret_space->capacity_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	ret_space->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	return 0;
}

/* Finds the largest size by trying, on a file without a name. */
static int
dir_largest(struct array_pool *pool, uint64_t *ret_bytes)
{
	struct dir_pool *dir = dir_of(pool);
	int fd = blk_file_open_nameless(dir->path);
	uint64_t bytes = 0;

	if (fd < 0)
		return err_set(fd, "%s: cannot find out how large a file may be: %s", dir->path,
			       strerror(-fd));
	for (uint64_t bit = BYTES_MAX; bit >= 4096; bit >>= 1)
		if (bytes + bit <= BYTES_MAX && ftruncate(fd, (off_t)(bytes + bit)) == 0)
			bytes += bit;
	close(fd);
	*ret_bytes = bytes;
	return 0;
}

/* ---- sweeping ---- */

/*
 * Handles a file <lun id>.new: the LUN was committed and the rename was lost, or the LUN was never
 * committed, or the LUN has its file and this one was to replace it (a rollback).
 */
static void
sweep_new(const struct dir_pool *dir, const char *name, bool known)
{
	char committed[GUID_TEXT_SIZE + 4];

	snprintf(committed, sizeof(committed), "%.36s.img", name);
	if (known && faccessat(dir->dir_fd, committed, F_OK, 0) < 0)
		(void)renameat(dir->dir_fd, name, dir->dir_fd, committed);
	else
		(void)unlinkat(dir->dir_fd, name, 0);
	log_info("pool.sweep", "path=%s file=%s", dir->path, name);
}

static void
sweep_file(const struct dir_pool *dir, const char *name, struct array_pool_sweep *sweep)
{
	char id[GUID_TEXT_SIZE];
	struct guid lun_id;
	enum array_volume_fate fate;

	if (strlen(name) != GUID_TEXT_SIZE - 1 + 4)
		return;
	snprintf(id, sizeof(id), "%.36s", name);
	if (guid_parse(id, &lun_id) < 0)
		return;
	fate = sweep->fate(sweep, &lun_id);
	if (strcmp(name + GUID_TEXT_SIZE - 1, ".new") == 0)
		sweep_new(dir, name, fate == VOLUME_KNOWN);
	else if (strcmp(name + GUID_TEXT_SIZE - 1, ".img") == 0 && fate == VOLUME_UNKNOWN)
		log_warning("pool.unknown_file", "path=%s file=%s", dir->path, name);
}

static void
dir_sweep(struct array_pool *pool, struct array_pool_sweep *sweep)
{
	struct dir_pool *dir = dir_of(pool);
	DIR *list = opendir(dir->path);
	struct dirent *d;

	if (list == NULL)
		return;
	while ((d = readdir(list)) != NULL)
		sweep_file(dir, d->d_name, sweep);
	closedir(list);
}

/* ---- volumes ---- */

static char *
name_of(const char *place, const struct guid *lun_id, bool committed)
{
	char id[GUID_TEXT_SIZE];

	return str_printf("%s/%s.%s", place, guid_format(lun_id, id), committed ? "img" : "new");
}

static char *
volume_name(const char *place, const struct guid *lun_id)
{
	return name_of(place, lun_id, true);
}

static int
volume_make(const char *place, const struct guid *lun_id, uint64_t size_bytes)
{
	AUTO_FREE char *path = name_of(place, lun_id, false);

	return path == NULL ? -ENOMEM : blk_file_create(path, size_bytes);
}

static int
cannot_share(const char *place)
{
	return err_set(ERR_NOT_SUPPORTED,
		       "the file system of the pool in %s cannot share space between files: "
		       "snapshots and clones need XFS (with reflink) or btrfs; `vdsctl lun clone "
		       "--copy` copies a LUN",
		       place);
}

static int
volume_can_clone(const char *place)
{
	int rc = blk_file_can_clone(place);

	return rc == ERR_NOT_SUPPORTED ? cannot_share(place) : rc;
}

static int
volume_clone(const char *place, const struct guid *from_id, const struct guid *to_id,
	     uint64_t size_bytes)
{
	AUTO_FREE char *from = name_of(place, from_id, true);
	AUTO_FREE char *to = name_of(place, to_id, false);
	int rc;

	if (from == NULL || to == NULL)
		return -ENOMEM;
	rc = blk_file_clone(from, to, size_bytes);
	return rc == ERR_NOT_SUPPORTED ? cannot_share(place) : rc;
}

static int
volume_copy(const char *place, const struct guid *from_id, const struct guid *to_id,
	    uint64_t size_bytes, struct blk_progress *copy)
{
	AUTO_FREE char *from = name_of(place, from_id, true);
	AUTO_FREE char *to = name_of(place, to_id, false);

	return from == NULL || to == NULL ? -ENOMEM : blk_file_copy(from, to, size_bytes, copy);
}

static int
volume_space(const char *place, const struct guid *lun_id, uint64_t *ret_used_bytes,
	     uint64_t *ret_own_bytes)
{
	AUTO_FREE char *path = name_of(place, lun_id, true);

	return path == NULL ? -ENOMEM : blk_file_space(path, ret_used_bytes, ret_own_bytes);
}

static int
volume_settle(const char *place, const struct guid *lun_id, bool committed)
{
	AUTO_FREE char *path = name_of(place, lun_id, committed);

	return path == NULL ? -ENOMEM : blk_file_sync(path);
}

static int
volume_commit(const char *place, const struct guid *lun_id)
{
	AUTO_FREE char *from = name_of(place, lun_id, false);
	AUTO_FREE char *to = name_of(place, lun_id, true);

	if (from == NULL || to == NULL)
		return -ENOMEM;
	return rename(from, to) < 0 ? -errno : 0;
}

static int
volume_remove(const char *place, const struct guid *lun_id, bool committed)
{
	AUTO_FREE char *path = name_of(place, lun_id, committed);

	return path == NULL ? -ENOMEM : blk_file_remove(path);
}

static int
volume_open(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool thick,
	    struct blk_file_seen *seen, struct blk_dev **ret_dev)
{
	struct blk_file_options options = { .thick = thick, .seen = seen };
	AUTO_FREE char *path = name_of(place, lun_id, true);
	char id[GUID_TEXT_SIZE];

	return path == NULL
		       ? -ENOMEM
		       : blk_file_new(path, guid_format(lun_id, id), size_bytes, &options, ret_dev);
}

static int
volume_check(const char *place, const struct guid *lun_id, uint64_t size_bytes, bool uncommitted)
{
	AUTO_FREE char *path = name_of(place, lun_id, true);
	AUTO_FREE char *first = name_of(place, lun_id, false);
	struct stat st;

	if (path == NULL || first == NULL)
		return -ENOMEM;
	if (stat(path, &st) < 0 && (!uncommitted || stat(first, &st) < 0))
		return err_set(ERR_CORRUPT, "%s cannot be found", path);
	if ((uint64_t)st.st_size < size_bytes)
		return err_set(ERR_CORRUPT, "%s is shorter than %" PRIu64 " bytes", path,
			       size_bytes);
	return 0;
}

static int
dir_sync(const char *place)
{
	int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return err_set(-errno, "%s: %s", place, strerror(errno));
	rc = syncfs(fd) < 0 ? -errno : 0;
	if (rc == -ENOSYS || rc == -EPERM) {
		sync(); /* all file systems, where the system cannot sync one */
		rc = 0;
	}
	if (rc < 0)
		rc = err_set(rc, "%s: the file system cannot be synced: %s", place, strerror(-rc));
	close(fd);
	return rc;
}

static int
volume_uncache(const char *place, const struct guid *lun_id)
{
	AUTO_FREE char *path = name_of(place, lun_id, true);
	int fd, rc;

	if (path == NULL)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_set(-errno, "%s: %s", path, strerror(errno));
	rc = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
	return rc != 0 ? err_set(-rc, "%s: its pages cannot be dropped: %s", path, strerror(rc))
		       : 0;
}

/* Links what is open, whatever its name leads to by now. */
static int
volume_adopt(const char *place, const struct guid *lun_id, int fd)
{
	AUTO_FREE char *path = name_of(place, lun_id, false);
	char open_file[40];
	int rc;

	if (path == NULL)
		return -ENOMEM;
	snprintf(open_file, sizeof(open_file), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, open_file, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	rc = blk_file_sync(path);
	if (rc < 0)
		(void)unlink(path);
	return rc;
}

const struct array_pool_driver array_pool_dir = {
	.kind = "dir",
	.takes = dir_takes,
	.resolve = dir_resolve,
	.open = dir_open,
	.close = dir_close,
	.look = dir_look,
	.watch_fd = dir_watch_fd,
	.watch_read = dir_watch_read,
	.space = dir_space,
	.largest = dir_largest,
	.sweep = dir_sweep,
	.sync = dir_sync,
	.volume_name = volume_name,
	.volume_make = volume_make,
	.volume_clone = volume_clone,
	.volume_can_clone = volume_can_clone,
	.volume_copy = volume_copy,
	.volume_space = volume_space,
	.volume_settle = volume_settle,
	.volume_commit = volume_commit,
	.volume_remove = volume_remove,
	.volume_open = volume_open,
	.volume_check = volume_check,
	.volume_uncache = volume_uncache,
	.volume_adopt = volume_adopt,
};

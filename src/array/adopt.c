/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Adopting a raw file: a LUN whose volume is a file that was there before.  The pool's directory
 * gets a second name for the file (a hard link), and nothing is written to it.  When the LUN is
 * deleted the pool removes its own name, so the file stays under the name that it had.  This file
 * decides whether a file may be adopted; lun_create.c makes the LUN.  Any thread except the writer.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array/array_int.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* ---- images that are not raw ---- */

struct format {
	const char *name;
	const char *how; /* to make a raw file of it; NULL = by qemu-img */
	int64_t at;      /* < 0: from the end of the file */
	const char *magic;
	size_t len;
};

#define FORMAT(name, how, at, magic)                    \
	{                                               \
		name, how, at, magic, sizeof(magic) - 1 \
	}

/* clang-format off */
static const struct format formats[] = {
	FORMAT("a qcow2 image", NULL, 0, "QFI\xfb"),
	FORMAT("a QED image", NULL, 0, "QED\0"),
	FORMAT("a VMDK image", NULL, 0, "KDMV"),
	FORMAT("a VMDK image", NULL, 0, "COWD"),
	FORMAT("the descriptor of a VMDK image", NULL, 0, "# Disk DescriptorFile"),
	FORMAT("a VDI image", NULL, 0x40, "\x7f\x10\xda\xbe"),
	FORMAT("a VHDX image", NULL, 0, "vhdxfile"),
	FORMAT("a VHD image", NULL, 0, "conectix"),
	FORMAT("a VHD image", NULL, -512, "conectix"),
	FORMAT("a Parallels image", NULL, 0, "WithoutFreeSpace"),
	FORMAT("a Parallels image", NULL, 0, "WithouFreSpacExt"),
	FORMAT("compressed by gzip", "gunzip", 0, "\x1f\x8b\x08"),
	FORMAT("compressed by xz", "unxz", 0, "\xfd" "7zXZ\0"),
	FORMAT("compressed by zstd", "unzstd", 0, "\x28\xb5\x2f\xfd"),
	FORMAT("compressed by bzip2", "bunzip2", 0, "BZh"),
};
/* clang-format on */

static int
check_format(int fd, const char *path, uint64_t size_bytes)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const struct format *format = &formats[i];
		int64_t at = format->at < 0 ? (int64_t)size_bytes + format->at : format->at;
		char bytes[32];

		if (at < 0 || pread(fd, bytes, format->len, (off_t)at) != (ssize_t)format->len ||
		    memcmp(bytes, format->magic, format->len) != 0)
			continue;
		if (format->how != NULL)
			return err_set(ERR_INVALID,
				       "%s is %s, and not a raw file: unpack it first (%s)", path,
				       format->name, format->how);
		return err_set(ERR_INVALID,
			       "%s is %s, and not a raw file: make one by `qemu-img convert -O raw "
			       "%s NEW-FILE`, and adopt that",
			       path, format->name, path);
	}
	return 0;
}

/* ---- who else uses the file ---- */

/* Returns whether the volume is this file, under whatever name. */
static bool
is_volume(const struct state *view, const struct guid *pool_id, const struct guid *id,
	  const struct stat *file)
{
	const struct row_pool *pool = state_find(view, ROW_POOL, pool_id);
	const struct array_pool_driver *driver = pool != NULL ? array_pool_driver_find(pool->path)
							      : NULL;
	AUTO_FREE char *name = NULL;
	struct stat st;

	if (driver == NULL || driver->volume_adopt == NULL || driver->is_single)
		return false;
	name = driver->volume_name(pool->path, id);
	return name != NULL && stat(name, &st) == 0 && st.st_dev == file->st_dev &&
	       st.st_ino == file->st_ino;
}

static int
check_luns(struct array *array, const char *path, const struct stat *file)
{
	AUTO_STATE struct state *view = array_state(array);

	for (size_t i = 0; i < state_count(view, ROW_LUN); i++) {
		const struct row_lun *lun = state_at(view, ROW_LUN, i);

		if (is_volume(view, &lun->pool_id, &lun->id, file))
			return err_set(ERR_IN_USE, "%s is the data of the LUN \"%s\" already", path,
				       lun->name);
	}
	for (size_t i = 0; i < state_count(view, ROW_TRASHED_LUN); i++) {
		const struct row_trashed_lun *lun = state_at(view, ROW_TRASHED_LUN, i);

		if (is_volume(view, &lun->pool_id, &lun->id, file))
			return err_set(ERR_IN_USE,
				       "%s is the data of the deleted LUN \"%s\": restore that, or "
				       "remove it from the trash first",
				       path, lun->name);
	}
	for (size_t i = 0; i < state_count(view, ROW_SNAPSHOT); i++) {
		const struct row_snapshot *snapshot = state_at(view, ROW_SNAPSHOT, i);

		if (is_volume(view, &snapshot->pool_id, &snapshot->id, file))
			return err_set(ERR_IN_USE,
				       "%s is the data of the snapshot \"%s\": make a clone of it",
				       path, snapshot->name);
	}
	return 0;
}

/*
 * Looks whether another process has the file.  Programs that serve disks lock it (qemu: locks of
 * bytes); of a file of vdsd's own user the kernel also says whether anybody has it open.
 */
static int
check_processes(int fd, const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	bool busy = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (!busy)
		busy = fcntl(fd, F_OFD_SETLK, &lock) < 0 && (errno == EAGAIN || errno == EACCES);
	if (!busy && fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
		(void)fcntl(fd, F_SETLEASE, F_UNLCK);
	else if (!busy)
		busy = errno == EAGAIN || errno == EBUSY;
	(void)flock(fd, LOCK_UN);
	lock.l_type = F_UNLCK;
	(void)fcntl(fd, F_OFD_SETLK, &lock);
	return busy ? err_set(ERR_LOCKED,
			      "another process has %s open or has locked it: end it first (fuser "
			      "%s "
			      "names it)",
			      path, path)
		    : 0;
}

/* ---- the file ---- */

/* The name must lead to the file by itself: what a link leads to may change. */
static int
check_path(const struct array *array, const char *path)
{
	char *real = *path == '/' ? realpath(path, NULL) : NULL; /* of libc's heap */
	int error = errno;
	char *own = realpath(array->dir, NULL);
	size_t len = own != NULL ? strlen(own) : 0;
	int rc = 0;

	if (*path != '/')
		rc = err_set(ERR_INVALID, "%s is not an absolute path", path);
	else if (real == NULL)
		rc = err_set(error == ENOENT || error == ENOTDIR ? ERR_INVALID : -error, "%s: %s",
			     path, strerror(error));
	else if (strcmp(real, path) != 0)
		rc = err_set(ERR_INVALID, "%s leads through a symbolic link to %s: give that path",
			     path, real);
	else if (own != NULL && strncmp(real, own, len) == 0 && real[len] == '/' &&
		 strchr(real + len + 1, '/') == NULL)
		rc = err_set(ERR_IN_USE, "%s is a file of the array itself", path);
	free(real);
	free(own);
	return rc;
}

static int
check_stat(const struct stat *st, const char *path)
{
	if (S_ISBLK(st->st_mode))
		return err_set(ERR_NOT_SUPPORTED,
			       "%s is a block device: make a pool of it as it is (vdsctl pool "
			       "create NAME raw:%s), and adopt it into that",
			       path, path);
	if (!S_ISREG(st->st_mode))
		return err_set(ERR_INVALID, "%s is not a regular file", path);
	if (st->st_size == 0)
		return err_set(ERR_INVALID, "%s is empty", path);
	if ((uint64_t)st->st_size > LUN_BYTES_MAX)
		return err_set(ERR_INVALID, "%s is larger than a LUN can be, 8 PiB", path);
	if ((st->st_mode & S_IWOTH) != 0)
		return err_set(ERR_ACCESS, "everybody may write to %s: run `chmod o-w %s` first",
			       path, path);
	return 0;
}

/* After the format: an image that is not raw mostly has no whole number of blocks, either. */
static int
check_blocks(const char *path, uint64_t size_bytes, uint32_t block_bytes)
{
	if (size_bytes % block_bytes == 0)
		return 0;
	return err_set(
		ERR_INVALID,
		"%s has %" PRIu64 " bytes, which is no multiple of %" PRIu32
		", the size of a block: append zeros to a copy of it (truncate --size=%%%" PRIu32
		" COPY), or choose another --block-size",
		path, size_bytes, block_bytes, block_bytes);
}

static int
open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return err_set(
			ERR_ACCESS,
			"vdsd may not write to %s: give the file to the user of vdsd (chown)",
			path);
	return fd < 0 ? err_set(-errno, "%s: %s", path, strerror(errno)) : fd;
}

static int
open_checked(struct array *array, const char *path, uint32_t block_bytes, uint64_t *ret_size_bytes)
{
	struct stat st;
	int rc = check_path(array, path), fd;

	if (rc == 0 && lstat(path, &st) < 0)
		rc = err_set(-errno, "%s: %s", path, strerror(errno));
	if (rc == 0)
		rc = check_stat(&st, path);
	if (rc < 0)
		return rc;
	fd = open_file(path);
	if (fd < 0)
		return fd;
	rc = fstat(fd, &st) < 0 ? -errno : check_stat(&st, path);
	if (rc == 0)
		rc = check_luns(array, path, &st);
	if (rc == 0)
		rc = check_processes(fd, path);
	if (rc == 0)
		rc = check_format(fd, path, (uint64_t)st.st_size);
	if (rc == 0)
		rc = check_blocks(path, (uint64_t)st.st_size, block_bytes);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	*ret_size_bytes = (uint64_t)st.st_size;
	return fd;
}

/* ---- the device that a pool is ---- */

static int
check_device(const char *path, const char *place, int fd)
{
	struct stat named, pool;

	if (fstat(fd, &named) < 0 || stat(strchr(place, ':') + 1, &pool) < 0)
		return err_set(-errno, "%s: %s", path, strerror(errno));
	if (S_ISBLK(named.st_mode) ? named.st_rdev == pool.st_rdev
				   : named.st_dev == pool.st_dev && named.st_ino == pool.st_ino)
		return 0;
	return err_set(ERR_INVALID, "%s is not the device of the pool %s", path, place);
}

/* The pool has the device exclusively, so nobody else uses it. */
static int
open_device(struct array *array, const char *path, const char *place, const struct guid *pool_id,
	    uint32_t block_bytes, uint64_t *ret_size_bytes)
{
	uint64_t size_bytes = 0;
	int rc = array_pool_largest(array, pool_id, &size_bytes), fd;

	if (rc < 0)
		return rc;
	if (size_bytes % block_bytes != 0)
		return err_set(ERR_INVALID,
			       "%s has %" PRIu64 " bytes, which is no multiple of %" PRIu32
			       ", the size of a block: choose another --block-size",
			       path, size_bytes, block_bytes);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_set(errno == ENOENT || errno == ENOTDIR ? ERR_INVALID : -errno, "%s: %s",
			       path, strerror(errno));
	rc = check_device(path, place, fd);
	if (rc == 0)
		rc = check_format(fd, path, size_bytes);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	*ret_size_bytes = size_bytes;
	return fd;
}

int
array_adopt_check_pool(const struct state *view, const struct guid *pool_id)
{
	const struct row_pool *pool = state_find(view, ROW_POOL, pool_id);
	bool has = array_trash_has(view, pool_id);

	if (pool == NULL || !array_pool_driver_find(pool->path)->is_single)
		return 0;
	for (size_t i = 0; !has && i < state_count(view, ROW_LUN); i++)
		has = guid_equal(&((const struct row_lun *)state_at(view, ROW_LUN, i))->pool_id,
				 pool_id);
	return has ? err_set(ERR_IN_USE,
			     "the device of the pool \"%s\" is the data of a LUN already, which "
			     "may "
			     "be in the trash",
			     pool->name)
		   : 0;
}

int
array_adopt_check_size(const struct state *view, const struct row_lun *lun)
{
	const struct row_pool *pool = state_find(view, ROW_POOL, &lun->pool_id);
	const struct array_pool_driver *driver = pool != NULL ? array_pool_driver_find(pool->path)
							      : NULL;

	return driver == NULL || !driver->is_single ? 0
						    : err_set(ERR_NOT_SUPPORTED,
							      "LUN \"%s\" is the device of the "
							      "pool \"%s\" as it is, and keeps its "
							      "size: move it to another pool first",
							      ROW_LUN_CALLED(lun), pool->name);
}

int
array_adopt_open(struct array *array, const char *path, const struct guid *pool_id,
		 uint32_t block_bytes, uint64_t *ret_size_bytes)
{
	AUTO_FREE char *place = NULL;
	int rc = array_pool_place(array, pool_id, &place);

	if (rc < 0)
		return rc;
	return array_pool_driver_find(place)->is_single
		       ? open_device(array, path, place, pool_id, block_bytes, ret_size_bytes)
		       : open_checked(array, path, block_bytes, ret_size_bytes);
}

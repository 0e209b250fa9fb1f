/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Creates, clones and removes the files of LUNs.  The file and its directory entry are durable on
 * return.  Worker and management threads.
 */
#include "blk/blk_int.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

static int
sync_directory_of(const char *path)
{
	AUTO_FREE char *copy = str_dup(path);

	if (copy == NULL)
		return -ENOMEM;
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int r = fsync(fd) < 0 ? -errno : 0;

	close(fd);
	return r;
}

int
blk_file_create(const char *path, uint64_t size_bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	int r = ftruncate(fd, (off_t)size_bytes) < 0 || fsync(fd) < 0 ? -errno : 0;

	close(fd);
	if (r == 0)
		r = sync_directory_of(path);
	if (r < 0)
		unlink(path);
	return r;
}

/* Returns 0, ERR_NOT_SUPPORTED or -errno. */
static int
share(int to_fd, int from_fd)
{
	if (ioctl(to_fd, FICLONE, from_fd) == 0)
		return 0;
	switch (errno) {
	case EINVAL: /* btrfs: the two files do not treat copies on write alike */
	case ENOSYS:
	case ENOTTY:
	case EOPNOTSUPP:
	case EXDEV:
		return ERR_NOT_SUPPORTED;
	default:
		return -errno;
	}
}

int
blk_file_open_nameless(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	AUTO_FREE char *path = NULL;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd >= 0 ? fd : -errno;
	path = str_printf("%s/.share-XXXXXX", dir);
	if (path == NULL)
		return -ENOMEM;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)unlink(path);
	return fd;
}

int
blk_file_can_clone(const char *dir)
{
	int from = blk_file_open_nameless(dir);
	int to = from >= 0 ? blk_file_open_nameless(dir) : from, rc;

	rc = to >= 0 ? share(to, from) : to;
	if (to >= 0)
		close(to);
	if (from >= 0)
		close(from);
	return rc;
}

/* Opens the one file and makes the other.  Returns the descriptor of the new file, or -errno. */
static int
open_pair(const char *from, const char *path, int *ret_from_fd)
{
	int from_fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), fd, rc;

	if (from_fd < 0)
		return -errno;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		rc = -errno;
		close(from_fd);
		return rc;
	}
	*ret_from_fd = from_fd;
	return fd;
}

static int
close_pair(int from_fd, int fd, const char *path, int rc)
{
	close(fd);
	close(from_fd);
	if (rc < 0)
		unlink(path);
	return rc;
}

int
blk_file_clone(const char *from, const char *path, uint64_t size_bytes)
{
	int from_fd = -1, fd = open_pair(from, path, &from_fd), rc;

	if (fd < 0)
		return fd;
	rc = share(fd, from_fd);
	if (rc == 0 && ftruncate(fd, (off_t)size_bytes) < 0)
		rc = -errno;
	return close_pair(from_fd, fd, path, rc);
}

#define COPY_STEP (4u << 20)
#define BY_HAND   (256u << 10)

/*
 * Copies some bytes by reading and writing them: before Linux 4.5, on file systems that cannot
 * copy, and where a filter of system calls does not know copy_file_range.
 */
static ssize_t
copy_by_hand(int from_fd, int fd, off_t offset, size_t len)
{
	size_t size = MIN(len, (size_t)BY_HAND);
	AUTO_FREE char *bytes = mem_alloc(size);
	ssize_t n, done = 0;

	if (bytes == NULL) {
		errno = ENOMEM;
		return -1;
	}
	n = pread(from_fd, bytes, size, offset);
	while (done < n) {
		ssize_t more = pwrite(fd, bytes + done, (size_t)(n - done), offset + done);

		if (more < 0)
			return -1;
		done += more;
	}
	return n;
}

/* Copies the data from offset on, at most a step of it.  Returns how much, or -errno. */
static ssize_t
copy_step(int from_fd, int fd, off_t offset, off_t end)
{
	off_t in = offset, out = offset;
	size_t len = (size_t)MIN(end - offset, (off_t)COPY_STEP);
	ssize_t done = copy_file_range(from_fd, &in, fd, &out, len, 0);

	if (done < 0 && (errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL ||
			 errno == EXDEV || errno == EPERM))
		done = copy_by_hand(from_fd, fd, offset, len);
	if (done < 0)
		return -errno;
	return done > 0 ? done : -EIO; /* the file is shorter than its data were a moment ago */
}

/*
 * Finds the next data from `at` on, and its end.  On a file system that cannot tell, all is data.
 * Returns 0, ERR_NOT_FOUND (only a hole is left) or -errno.
 */
static int
find_data(int fd, off_t at, off_t size, off_t *ret_data, off_t *ret_end)
{
	off_t data = lseek(fd, at, SEEK_DATA), end;

	if (data < 0 && errno == ENXIO)
		return ERR_NOT_FOUND;
	if (data < 0 && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	end = data < 0 ? size : lseek(fd, data, SEEK_HOLE);
	if (end < 0)
		return -errno;
	*ret_data = data < 0 ? at : data;
	*ret_end = MIN(end, size);
	return 0;
}

static int
copy_data(int from_fd, int fd, off_t size, struct blk_progress *progress)
{
	off_t at = 0, data = 0, hole = 0;
	ssize_t done;

	while (at < size) {
		int rc = find_data(from_fd, at, size, &data, &hole);

		if (rc < 0)
			return rc == ERR_NOT_FOUND ? 0 : rc;
		for (at = data; at < hole; at += done) {
			if (progress != NULL &&
			    progress->step(progress, (uint64_t)at, (uint64_t)size) != 0)
				return ERR_CANCELLED;
			done = copy_step(from_fd, fd, at, hole);
			if (done < 0)
				return (int)done;
		}
	}
	return 0;
}

int
blk_file_copy(const char *from, const char *path, uint64_t size_bytes,
	      struct blk_progress *progress)
{
	int from_fd = -1, fd = open_pair(from, path, &from_fd), rc;

	if (fd < 0)
		return fd;
	rc = copy_data(from_fd, fd, (off_t)size_bytes, progress);
	if (rc == 0 && ftruncate(fd, (off_t)size_bytes) < 0)
		rc = -errno;
	return close_pair(from_fd, fd, path, rc);
}

int
blk_file_sync(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), rc;

	if (fd < 0)
		return -errno;
	rc = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return rc < 0 ? rc : sync_directory_of(path);
}

int
blk_file_remove(const char *path)
{
	if (unlink(path) < 0)
		return errno == ENOENT ? 0 : -errno;
	return sync_directory_of(path);
}

/* ---- space ---- */

#define EXTENTS 32 /* asked for at a time */

/* Sums the bytes of the file's extents that other files share.  Returns 0 or -errno. */
static int
shared_bytes(int fd, uint64_t *ret_bytes)
{
	uint64_t at = 0, bytes = 0;
	bool last = false;

	while (!last) {
		_Alignas(struct fiemap) char
			room[sizeof(struct fiemap) + EXTENTS * sizeof(struct fiemap_extent)] = "";
		struct fiemap *map = (struct fiemap *)(void *)room;

		map->fm_start = at;
		map->fm_length = FIEMAP_MAX_OFFSET - at;
		map->fm_extent_count = EXTENTS;
		if (ioctl(fd, FS_IOC_FIEMAP, map) < 0)
			return -errno;
		last = map->fm_mapped_extents == 0;
		for (uint32_t i = 0; i < map->fm_mapped_extents && i < EXTENTS; i++) {
			const struct fiemap_extent *extent = &map->fm_extents[i];

			if ((extent->fe_flags & FIEMAP_EXTENT_SHARED) != 0)
				bytes += extent->fe_length;
			/* one that leads no further would be asked for again and again */
			last = last || (extent->fe_flags & FIEMAP_EXTENT_LAST) != 0 ||
			       extent->fe_logical + extent->fe_length <= at;
			at = extent->fe_logical + extent->fe_length;
		}
	}
	*ret_bytes = bytes;
	return 0;
}

int
blk_file_space(const char *path, uint64_t *ret_used_bytes, uint64_t *ret_own_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc = 0;
	uint64_t shared = 0, used;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (shared_bytes(fd, &shared) < 0)
		shared = 0; /* a file system that has no such question shares nothing */
	close(fd);
	if (rc < 0)
		return rc;
	used = (uint64_t)st.st_blocks * 512;
	*ret_used_bytes = used;
	*ret_own_bytes = used > shared ? used - shared : 0;
	return 0;
}

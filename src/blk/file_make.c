/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Creates and removes the files of LUNs.  The file and its directory entry are durable on return.
 * Worker and management threads.
 */
#include "blk/blk_int.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <unistd.h>

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

int
blk_file_remove(const char *path)
{
	if (unlink(path) < 0)
		return errno == ENOENT ? 0 : -errno;
	return sync_directory_of(path);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that hold secrets, on Linux: owners and modes are checked on the open file. */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

void
secret_wipe(void *bytes, size_t len)
{
	if (len > 0)
		explicit_bzero(bytes, len);
}

void
secret_free(char *text, size_t len)
{
	if (text != NULL)
		secret_wipe(text, len);
	mem_free(text);
}

/* The group may read the file, so that a daemon without root's rights can. */
static int
file_check(const char *what, const char *path, const struct stat *st, size_t max_bytes)
{
	unsigned mode = (unsigned)st->st_mode & 07777u;

	if (!S_ISREG(st->st_mode))
		return err_set(ERR_INVALID, "%s %s is not a regular file", what, path);
	if ((mode & 0007u) != 0 || (mode & 0020u) != 0)
		return err_set(ERR_ACCESS,
			       "%s %s may be read or changed by others (mode %04o): chmod 600 %s",
			       what, path, mode, path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(ERR_ACCESS,
			       "%s %s belongs to another user (uid %u): it must belong to root or "
			       "to uid %u",
			       what, path, (unsigned)st->st_uid, (unsigned)geteuid());
	if (st->st_size == 0)
		return err_set(ERR_INVALID, "%s %s is empty", what, path);
	if (st->st_size < 0 || (size_t)st->st_size > max_bytes)
		return err_set(ERR_INVALID, "%s %s is longer than %zu bytes", what, path,
			       max_bytes);
	return 0;
}

static int
bytes_read(int fd, char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = read(fd, text + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* the file was cut meanwhile */
		at += (size_t)n;
	}
	return 0;
}

static int
open_file_read(const char *what, const char *path, int fd, size_t max_bytes, char **ret_text,
	       size_t *ret_len)
{
	struct stat st;
	char *text;
	int rc;

	if (fstat(fd, &st) < 0)
		return err_set(-errno, "cannot read %s %s: %s", what, path, strerror(errno));
	rc = file_check(what, path, &st, max_bytes);
	if (rc < 0)
		return rc;
	text = mem_calloc(1, (size_t)st.st_size + 1);
	if (text == NULL)
		return -ENOMEM;
	rc = bytes_read(fd, text, (size_t)st.st_size);
	if (rc < 0) {
		secret_free(text, (size_t)st.st_size);
		return err_set(rc, "cannot read %s %s: %s", what, path, strerror(-rc));
	}
	*ret_text = text;
	*ret_len = (size_t)st.st_size;
	return 0;
}

int
secret_read(const char *what, const char *path, size_t max_bytes, char **ret_text, size_t *ret_len)
{
	/* O_NONBLOCK: a FIFO must not hold the caller up before it is refused */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return err_set(-errno, "cannot read %s %s: %s", what, path, strerror(errno));
	rc = open_file_read(what, path, fd, max_bytes, ret_text, ret_len);
	close(fd);
	return rc;
}

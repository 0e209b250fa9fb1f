/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Linux does in its own way, behind system.h. Any thread. */
#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* Before Linux 3.17, and where a filter of system calls does not know getrandom. */
static int
random_from_file(void *ret_bytes, size_t size_bytes)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	size_t have = 0;

	if (fd < 0)
		return -errno;
	while (have < size_bytes) {
		ssize_t got = read(fd, (char *)ret_bytes + have, size_bytes - have);

		if (got == 0 || (got < 0 && errno != EINTR)) {
			int rc = got < 0 ? -errno : -EIO;

			close(fd);
			return rc;
		}
		if (got > 0)
			have += (size_t)got;
	}
	close(fd);
	return 0;
}

int
system_random(void *ret_bytes, size_t size_bytes)
{
	size_t have = 0;

	while (have < size_bytes) {
		ssize_t got = getrandom((char *)ret_bytes + have, size_bytes - have, 0);

		if (got < 0 && (errno == ENOSYS || errno == EPERM))
			return random_from_file(ret_bytes, size_bytes);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0)
			have += (size_t)got;
	}
	return 0;
}

const char *
system_error_text(int error, char *buf, size_t size)
{
	return strerror_r(error, buf, size);
}

const char *
system_error_name(int error)
{
	return strerrorname_np(error);
}

const char *
system_setting(const char *name)
{
	return secure_getenv(name);
}

void
system_sort(void *base, size_t count, size_t size_bytes,
	    int (*compare)(const void *a, const void *b, void *arg), void *arg)
{
	qsort_r(base, count, size_bytes, compare, arg);
}

void
system_streams_keep(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY; /* the wrong one: it fails */

		/* open returns the lowest number that is free, which is this one */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) < 0)
			return; /* no /dev: then nothing can be kept */
	}
}

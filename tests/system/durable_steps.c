/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A library that a test loads before vdsd (LD_PRELOAD): it counts the system calls that change
 * something on the disk, and kills the process by SIGKILL in the place of the nth of them.
 * durable.py is the other side: a file that $DURABLE_STEPS names, a page of which both map.
 *
 * Calls of all threads are counted in the order in which they begin.  Writes to what is no regular
 * file (sockets, eventfds) and to the log (standard error) do not count.
 */
#undef _FILE_OFFSET_BITS /* pwrite and pwrite64 are two names here, and each is replaced */
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NAME_BYTES 16
#define NAMES_MAX  192

/* What the test and this library share; durable.py has the same layout. */
struct shared {
	_Atomic uint32_t counts;   /* 1 = calls are counted */
	_Atomic uint32_t kill_nth; /* 0 = none */
	_Atomic uint32_t count;    /* the calls so far */
	char names[NAMES_MAX][NAME_BYTES];
};

static struct shared *shared;

__attribute__((constructor)) static void
map_shared(void)
{
	const char *path = getenv("DURABLE_STEPS");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		shared = map;
}

static void
die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Counts a call that begins. */
static void
begin(const char *name)
{
	uint32_t nth;

	if (shared == NULL || atomic_load(&shared->counts) == 0)
		return;
	nth = atomic_fetch_add(&shared->count, 1) + 1;
	if (nth <= NAMES_MAX)
		strncpy(shared->names[nth - 1], name, NAME_BYTES - 1);
	if (nth == atomic_load(&shared->kill_nth))
		die();
}

static void
begin_on(const char *name, int fd)
{
	struct stat st;

	if (shared == NULL || atomic_load(&shared->counts) == 0 || fd == STDERR_FILENO)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		begin(name);
}

/*
 * Defines a function that counts, by `begins`, and calls the next library's function of its name.
 */
#define REPLACE(type, name, begins, parameters, arguments)          \
	__attribute__((visibility("default"))) type name parameters \
	{                                                           \
		static type(*_Atomic real) parameters;              \
		type(*call) parameters = atomic_load(&real);        \
		if (call == NULL) {                                 \
			void *found = dlsym(RTLD_NEXT, #name);      \
			memcpy(&call, &found, sizeof(call));        \
			atomic_store(&real, call);                  \
		}                                                   \
		begins;                                             \
		return call arguments;                              \
	}

#define ON_FILE(type, name, parameters, arguments) \
	REPLACE(type, name, begin_on(#name, fd), parameters, arguments)
#define ON_NAME(name, parameters, arguments) REPLACE(int, name, begin(#name), parameters, arguments)

/* clang-format off */
ON_FILE(ssize_t, write, (int fd, const void *buf, size_t len), (fd, buf, len))
ON_FILE(ssize_t, writev, (int fd, const struct iovec *iov, int n), (fd, iov, n))
ON_FILE(ssize_t, pwrite, (int fd, const void *buf, size_t len, off_t at), (fd, buf, len, at))
ON_FILE(ssize_t, pwrite64, (int fd, const void *buf, size_t len, off64_t at), (fd, buf, len, at))
ON_FILE(ssize_t, pwritev64v2, (int fd, const struct iovec *iov, int n, off64_t at, int flags),
	(fd, iov, n, at, flags))
ON_FILE(int, fsync, (int fd), (fd))
ON_FILE(int, fdatasync, (int fd), (fd))
ON_FILE(int, ftruncate, (int fd, off_t len), (fd, len))
ON_FILE(int, ftruncate64, (int fd, off64_t len), (fd, len))
ON_FILE(int, fallocate, (int fd, int mode, off_t at, off_t len), (fd, mode, at, len))
ON_FILE(int, fallocate64, (int fd, int mode, off64_t at, off64_t len), (fd, mode, at, len))
ON_NAME(syncfs, (int fd), (fd))
ON_NAME(rename, (const char *from, const char *to), (from, to))
ON_NAME(renameat, (int from_fd, const char *from, int to_fd, const char *to),
	(from_fd, from, to_fd, to))
ON_NAME(linkat, (int from_fd, const char *from, int to_fd, const char *to, int flags),
	(from_fd, from, to_fd, to, flags))
ON_NAME(unlink, (const char *path), (path))
ON_NAME(unlinkat, (int fd, const char *path, int flags), (fd, path, flags))

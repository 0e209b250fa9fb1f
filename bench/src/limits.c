/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * limits: what memory and a RAM-backed file allow on this machine, one thread.
 * One JSON line per figure.
 *
 *   limits FILE        FILE is created (256 MiB), used and removed
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crc32c.h"
#include "now.h"

#define SIZE (256u << 20)

static uint64_t rng = 0x9e3779b97f4a7c15ull;

static uint64_t
rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

static void
line(const char *what, size_t bs, double n, double sec)
{
	printf("{\"what\":\"%s\",\"bs\":%zu,\"per_s\":%.0f,\"mb_s\":%.0f,\"us_each\":%.3f}\n", what,
	       bs, n / sec, n * (double)bs / sec / 1e6, sec * 1e6 / n);
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 4096, 131072 };
	char *a = NULL, *b = NULL;
	volatile uint32_t sink = 0;
	double t0, t, n;
	int fd;

	if (argc != 2 || posix_memalign((void **)&a, 4096, SIZE) ||
	    posix_memalign((void **)&b, 4096, SIZE))
		return 2;
	fd = open(argv[1], O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	memset(a, 1, SIZE);
	memset(b, 2, SIZE);
	for (n = 0, t0 = now_s(); (t = now_s()) - t0 < 1; n++)
		memcpy(b, a, SIZE);
	line("memcpy of 256 MiB", SIZE, n, t - t0);
	for (size_t i = 0; i < SIZE; i += 1u << 20)
		if (pwrite(fd, a + i, 1u << 20, (off_t)i) != 1 << 20)
			return 1;
	for (size_t k = 0; k < 2; k++) {
		size_t bs = sizes[k], slots = SIZE / bs;

		for (n = 0, t0 = now_s(); (t = now_s()) - t0 < 1; n++)
			memcpy(b, a + rnd() % slots * bs, bs);
		line("memcpy, random source to one buffer", bs, n, t - t0);
		for (n = 0, t0 = now_s(); (t = now_s()) - t0 < 1; n++)
			if (pread(fd, b, bs, (off_t)(rnd() % slots * bs)) != (ssize_t)bs)
				return 1;
		line("pread, random", bs, n, t - t0);
		for (n = 0, t0 = now_s(); (t = now_s()) - t0 < 1; n++)
			if (pwrite(fd, b, bs, (off_t)(rnd() % slots * bs)) != (ssize_t)bs)
				return 1;
		line("pwrite, random", bs, n, t - t0);
		for (n = 0, t0 = now_s(); (t = now_s()) - t0 < 1; n++)
			sink += crc32c(0, a + rnd() % slots * bs, bs);
		line("crc32c", bs, n, t - t0);
	}
	(void)sink;
	close(fd);
	unlink(argv[1]);
	free(a);
	free(b);
	return 0;
}

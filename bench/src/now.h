/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock of the programs that measure. */
#ifndef BENCH_NOW_H
#define BENCH_NOW_H

#include <stdint.h>
#include <time.h>

static inline uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline double
now_s(void)
{
	return (double)now_ns() / 1e9;
}

#endif

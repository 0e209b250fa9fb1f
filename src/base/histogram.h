/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Histograms of times: four buckets for each factor of two between 1 µs and 68 s, so that a bucket
 * is at most 25 % wide.  One thread adds to a histogram; any thread may collect it meanwhile and
 * then misses at most what was added while it read.
 */
#ifndef VDS_BASE_HISTOGRAM_H
#define VDS_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_STEPS   4u                           /* buckets for each factor of two */
#define HISTOGRAM_BUCKETS (26u * HISTOGRAM_STEPS + 2u) /* below 1,024 ns; …; 2^36 ns and above */

struct histogram {
	_Atomic uint64_t counts[HISTOGRAM_BUCKETS];
	_Atomic uint64_t sum_ns;
};

/* What was collected of one histogram or of several. */
struct histogram_total {
	uint64_t counts[HISTOGRAM_BUCKETS];
	uint64_t sum_ns;
};

/* Returns the bucket of a time. */
static inline unsigned
histogram_bucket(uint64_t ns)
{
	if (ns < 1024)
		return 0;
	unsigned octave = 63u - (unsigned)__builtin_clzll(ns);

	if (octave >= 36)
		return HISTOGRAM_BUCKETS - 1;
	return (octave - 10) * HISTOGRAM_STEPS + (unsigned)(ns >> (octave - 2) & 3) + 1;
}

/* Adds a time.  The histogram's own thread. */
static inline void
histogram_add(struct histogram *h, uint64_t ns)
{
	_Atomic uint64_t *count = &h->counts[histogram_bucket(ns)];

	atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	atomic_store_explicit(&h->sum_ns,
			      atomic_load_explicit(&h->sum_ns, memory_order_relaxed) + ns,
			      memory_order_relaxed);
}

/*
 * Returns the time at which a bucket ends: every time in it is less.  UINT64_MAX for the last
 * bucket.
 */
uint64_t histogram_bound_ns(unsigned bucket);
/* Adds what the histogram has to total.  Any thread. */
void histogram_collect(const struct histogram *h, struct histogram_total *total);
/* Adds what `other` has to `total`. */
void histogram_merge(struct histogram_total *total, const struct histogram_total *other);
/* Returns how many times were added. */
uint64_t histogram_count(const struct histogram_total *total);
/*
 * Returns the time below which this part of the times lies (permille: 500 = the median),
 * interpolated within its bucket, or 0 when there are none.  Times in the last bucket count as its
 * beginning.
 */
uint64_t histogram_quantile_ns(const struct histogram_total *total, unsigned permille);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Histograms of times: the bounds of their buckets, sums and quantiles. */
#include "base/histogram.h"

uint64_t
histogram_bound_ns(unsigned bucket)
{
	unsigned octave = bucket / HISTOGRAM_STEPS, step = bucket % HISTOGRAM_STEPS;

	if (bucket >= HISTOGRAM_BUCKETS - 1)
		return UINT64_MAX;
	return (uint64_t)(HISTOGRAM_STEPS + step) << (octave + 8);
}

void
histogram_collect(const struct histogram *h, struct histogram_total *total)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		total->counts[i] += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
	total->sum_ns += atomic_load_explicit(&h->sum_ns, memory_order_relaxed);
}

void
histogram_merge(struct histogram_total *total, const struct histogram_total *other)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		total->counts[i] += other->counts[i];
	total->sum_ns += other->sum_ns;
}

uint64_t
histogram_count(const struct histogram_total *total)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += total->counts[i];
	return count;
}

uint64_t
histogram_quantile_ns(const struct histogram_total *total, unsigned permille)
{
	double rank = (double)histogram_count(total) * permille / 1000, below = 0;
	unsigned bucket = 0;

	if (rank <= 0)
		return 0;
	while (bucket < HISTOGRAM_BUCKETS - 1 && below + (double)total->counts[bucket] < rank)
		below += (double)total->counts[bucket++];
	double from = bucket > 0 ? (double)histogram_bound_ns(bucket - 1) : 0;

	if (bucket == HISTOGRAM_BUCKETS - 1)
		return (uint64_t)from;
	double part = (rank - below) / (double)total->counts[bucket];

	return (uint64_t)(from + part * ((double)histogram_bound_ns(bucket) - from));
}

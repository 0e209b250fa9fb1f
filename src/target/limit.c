/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Takes tokens of buckets, and gives them back: limit_int.h.  A bucket is the generic cell rate
 * algorithm (ITU-T I.371) with an unlimited queue: the times at which commands may begin are one
 * rate apart, and a command whose time lies within burst_ns before now begins at once.
 */
#include "target/limit_int.h"

#include "base/clock.h"
#include "base/mem.h"

/* How long the bucket takes to make so many tokens, rounded to the next ns. */
static uint64_t
time_of(uint64_t tokens, uint64_t rate)
{
	return (tokens * NS_PER_S + rate / 2) / rate;
}

void
target_bucket_set(struct target_bucket *bucket, uint64_t rate, uint64_t burst_ns)
{
	atomic_store_explicit(&bucket->rate, rate, memory_order_relaxed);
	atomic_store_explicit(&bucket->burst_ns, burst_ns, memory_order_relaxed);
	atomic_store_explicit(&bucket->next_ns, 0, memory_order_relaxed);
}

/*
 * next_ns is in the past when tokens were not used; older than now - burst_ns they are lost.  A
 * command that takes more than is left begins all the same, and the next one waits the longer.
 */
uint64_t
target_bucket_take(struct target_bucket *bucket, uint64_t tokens, uint64_t now_ns)
{
	uint64_t rate = atomic_load_explicit(&bucket->rate, memory_order_relaxed);

	if (rate == 0)
		return now_ns;
	uint64_t burst_ns = atomic_load_explicit(&bucket->burst_ns, memory_order_relaxed);
	uint64_t oldest_ns = now_ns > burst_ns ? now_ns - burst_ns : 0;
	uint64_t next_ns = atomic_load_explicit(&bucket->next_ns, memory_order_relaxed);
	uint64_t begin_ns, after_ns;

	do {
		begin_ns = MAX(next_ns, oldest_ns);
		after_ns = begin_ns + time_of(tokens, rate);
	} while (!atomic_compare_exchange_weak_explicit(
		&bucket->next_ns, &next_ns, after_ns, memory_order_relaxed, memory_order_relaxed));
	return MAX(begin_ns, now_ns);
}

void
target_bucket_give_back(struct target_bucket *bucket, uint64_t tokens)
{
	uint64_t rate = atomic_load_explicit(&bucket->rate, memory_order_relaxed);

	if (rate == 0)
		return;
	uint64_t ns = time_of(tokens, rate);
	uint64_t next_ns = atomic_load_explicit(&bucket->next_ns, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(&bucket->next_ns, &next_ns,
						      next_ns > ns ? next_ns - ns : 0,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

/* ---- The limits of a command ---- */

enum { OF_LUN, OF_HOST, OF_POOL };

static uint32_t
generation_of(const struct target_limit *limit)
{
	return limit != NULL ? atomic_load_explicit(&limit->generation, memory_order_relaxed) : 0;
}

/* Takes of both buckets; returns the later of now_ns and of when both let the command begin. */
static uint64_t
take_both(struct target_limit *limit, uint32_t bytes, uint64_t now_ns)
{
	if (limit == NULL || !atomic_load_explicit(&limit->is_set, memory_order_relaxed))
		return now_ns;
	uint64_t commands_ns = target_bucket_take(&limit->commands, 1, now_ns);
	uint64_t bytes_ns = target_bucket_take(&limit->bytes, bytes, now_ns);

	return MAX(commands_ns, bytes_ns);
}

/*
 * Takes of a bucket of the pool, and of what the LUN keeps of it.  The command has its turn by
 * whichever comes first, and counts in both: so all that the pool serves is within its limit, and
 * what the LUN has of the pool beyond its minimum is not added to the minimum.
 */
static uint64_t
take_shared(struct target_bucket *shared, struct target_bucket *kept, uint64_t tokens,
	    uint64_t now_ns)
{
	uint64_t shared_ns = target_bucket_take(shared, tokens, now_ns);

	if (kept == NULL || atomic_load_explicit(&kept->rate, memory_order_relaxed) == 0)
		return shared_ns;
	uint64_t kept_ns = target_bucket_take(kept, tokens, now_ns);

	return MIN(shared_ns, kept_ns);
}

static uint64_t
take_pool(struct target_limit *pool, struct target_limit *lun, uint32_t bytes, uint64_t now_ns)
{
	if (pool == NULL || !atomic_load_explicit(&pool->is_set, memory_order_relaxed))
		return now_ns;
	uint64_t commands_ns = take_shared(&pool->commands, lun != NULL ? &lun->min_commands : NULL,
					   1, now_ns);
	uint64_t bytes_ns = take_shared(&pool->bytes, lun != NULL ? &lun->min_bytes : NULL, bytes,
					now_ns);

	return MAX(commands_ns, bytes_ns);
}

void
target_limits_take(const struct target_limits *limits, uint32_t bytes, uint64_t now_ns,
		   struct target_charge *ret_charge)
{
	struct target_charge charge = { .taken = true, .bytes = bytes };

	charge.generations[OF_LUN] = generation_of(limits->lun);
	charge.generations[OF_HOST] = generation_of(limits->host);
	charge.generations[OF_POOL] = generation_of(limits->pool);
	uint64_t lun_ns = take_both(limits->lun, bytes, now_ns);
	uint64_t host_ns = take_both(limits->host, bytes, now_ns);
	uint64_t pool_ns = take_pool(limits->pool, limits->lun, bytes, now_ns);

	charge.start_ns = MAX(lun_ns, host_ns);
	charge.start_ns = MAX(charge.start_ns, pool_ns);
	*ret_charge = charge;
}

static void
give_back(struct target_limit *limit, uint32_t generation, uint32_t bytes)
{
	if (limit == NULL || generation_of(limit) != generation)
		return;
	target_bucket_give_back(&limit->commands, 1);
	target_bucket_give_back(&limit->bytes, bytes);
}

void
target_limits_give_back(const struct target_limits *limits, struct target_charge *charge)
{
	struct target_limit *lun = limits->lun;

	if (!charge->taken)
		return;
	charge->taken = false;
	give_back(lun, charge->generations[OF_LUN], charge->bytes);
	give_back(limits->host, charge->generations[OF_HOST], charge->bytes);
	give_back(limits->pool, charge->generations[OF_POOL], charge->bytes);
	if (limits->pool == NULL || generation_of(lun) != charge->generations[OF_LUN])
		return;
	target_bucket_give_back(&lun->min_commands, 1);
	target_bucket_give_back(&lun->min_bytes, charge->bytes);
}

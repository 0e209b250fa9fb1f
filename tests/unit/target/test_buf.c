/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread's buffers: sizes, the limit, and that memory goes back to the system.  target/buf.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "target/target_int.h"

#define MIB (1u << 20)

/* What some piece of data took. */
struct taken {
	uint32_t len;
	struct iovec iov[BUF_PIECES_FEW];
};

static bool
take(struct target_buf_pool *pool, struct taken *t, uint32_t len)
{
	int n = target_buf_get(pool, len, t->iov);
	uint32_t sum = 0;

	if (n < 0) {
		assert_int_equal(n, -ENOMEM);
		return false;
	}
	t->len = len;
	for (int i = 0; i < n; i++) {
		memset(t->iov[i].iov_base, (int)(len + (unsigned)i), t->iov[i].iov_len);
		sum += (uint32_t)t->iov[i].iov_len;
	}
	assert_int_equal(sum, len);
	return true;
}

static void
give(struct target_buf_pool *pool, struct taken *t)
{
	uint32_t left = t->len;

	/* nobody else has written there */
	for (unsigned i = 0; left > 0; i++) {
		const uint8_t *bytes = t->iov[i].iov_base;
		uint32_t piece = (uint32_t)t->iov[i].iov_len;

		assert_int_equal(bytes[0], (uint8_t)(t->len + i));
		assert_int_equal(bytes[piece - 1], (uint8_t)(t->len + i));
		left -= piece;
	}
	target_buf_put(pool, t->iov, t->len);
	t->len = 0;
}

/* Bytes of the range that are in memory. */
static size_t
resident(const struct target_buf_pool *pool)
{
	size_t page = 4096, pages = pool->chunk_count * BUF_PIECE_MAX / page, count = 0;
	unsigned char *map = malloc(pages);

	assert_non_null(map);
	assert_int_equal(mincore(pool->range, pages * page, map), 0);
	for (size_t i = 0; i < pages; i++)
		count += map[i] & 1u;
	free(map);
	return count * page;
}

static void
test_every_size_costs_below_twice_its_length(void **state)
{
	(void)state;
	assert_int_equal(target_buf_cost(0), 0);
	assert_int_equal(target_buf_cost(1), 4096);
	assert_int_equal(target_buf_cost(4097), 8192);
	assert_int_equal(target_buf_cost(64 * 1024 + 1), 128 * 1024);
	assert_int_equal(target_buf_cost(256 * 1024 + 1), 260 * 1024);
	for (uint32_t len = 4096; len < 3 * MIB; len += 511) {
		assert_true(target_buf_cost(len) >= len);
		assert_true(target_buf_cost(len) < 2 * len);
	}
}

static void
test_the_last_one_back_is_the_next_one_out(void **state)
{
	struct target_buf_pool pool;
	struct taken a, b;

	(void)state;
	assert_int_equal(target_buf_pool_init(&pool, MIB), 0);
	assert_true(take(&pool, &a, 4096) && take(&pool, &b, 4096));
	void *was = a.iov[0].iov_base;

	give(&pool, &a);
	assert_true(take(&pool, &a, 4096));
	assert_ptr_equal(a.iov[0].iov_base, was);
	give(&pool, &a);
	give(&pool, &b);
	target_buf_pool_fini(&pool);
}

/* Whatever mix of sizes came before, all of the memory can be had again in one size. */
static void
test_any_mix_stays_within_the_range(void **state)
{
	enum { MANY = 6000 };
	static struct taken taken[MANY];
	struct target_buf_pool pool;
	unsigned seed = 7, refused = 0;

	(void)state;
	assert_int_equal(target_buf_pool_init(&pool, 16 * MIB), 0);
	for (unsigned round = 0; round < 60000; round++) {
		unsigned i;
		uint32_t len;

		seed = seed * 1103515245u + 12345u;
		i = seed / 65536 % MANY;
		len = 1u << seed / 7 % 20;
		if (taken[i].len > 0)
			give(&pool, &taken[i]);
		else if (!take(&pool, &taken[i], len + seed % len))
			refused++;
	}
	assert_true(refused > 0); /* the limit was met */
	assert_true(resident(&pool) <= pool.chunk_count * BUF_PIECE_MAX);
	for (unsigned i = 0; i < MANY; i++)
		if (taken[i].len > 0)
			give(&pool, &taken[i]);
	assert_int_equal(pool.chunks_in_use, 0);
	for (unsigned i = 0; i < 16 * 4 + BUF_CLASSES; i++)
		assert_true(take(&pool, &taken[i], BUF_PIECE_MAX));
	assert_false(take(&pool, &taken[MANY - 1], 1));
	for (unsigned i = 0; i < 16 * 4 + BUF_CLASSES; i++)
		give(&pool, &taken[i]);
	target_buf_pool_fini(&pool);
}

/* 256 MiB were in use; 32 MiB stay for the next time, the rest goes back to the system. */
static void
test_memory_goes_back_to_the_system(void **state)
{
	enum { MANY = 1024 };
	static struct taken taken[MANY];
	struct target_buf_pool pool;

	(void)state;
	assert_int_equal(target_buf_pool_init(&pool, 256 * MIB), 0);
	for (unsigned i = 0; i < MANY; i++)
		assert_true(take(&pool, &taken[i], i % 2 == 0 ? BUF_PIECE_MAX : 100 * 1024));
	assert_true(resident(&pool) >= 128 * MIB);
	for (unsigned i = 0; i < MANY; i++)
		give(&pool, &taken[i]);
	assert_true(resident(&pool) <= 32 * MIB);
	target_buf_pool_fini(&pool);
}

/* ---- Who may have how much ---- */

enum { PEERS = 2048 };

/* The bytes that peers of this credit get one after the other, each as much as it may have. */
static uint64_t
taken_by_peers(uint64_t max, uint64_t credit)
{
	uint64_t used = 0;

	for (unsigned i = 0; i < PEERS; i++) {
		uint64_t share = target_buf_share(max, max - used, credit);
		uint64_t first = target_buf_first(max, max - used);

		/* a peer asks for 33 times 256 KiB */
		first = MIN(first, (uint64_t)BUF_PIECE_MAX);
		share = MAX(share, first);
		used += MIN(share, 33ull * BUF_PIECE_MAX);
		assert_true(used <= max);
	}
	return used;
}

static void
test_peers_that_take_nothing_leave_room_for_the_others(void **state)
{
	const uint64_t max = 2ull << 30, credits[] = { 0, MIB / 2, BUF_UNEARNED_BYTES };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(credits); i++) {
		uint64_t left = max - taken_by_peers(max, credits[i]);

		/* 256 KiB at depth 32 for one that works, and something for one that comes */
		assert_true(target_buf_share(max, left, 16 * MIB) >= 8 * MIB);
		assert_true(target_buf_first(max, left) >= BUF_PIECE_MIN);
	}
	/* 900 on two threads, as bench/strangers has them */
	uint64_t used = 0;

	for (unsigned i = 0; i < 450; i++)
		used += MIN(target_buf_share(max, max - used, 0), 33ull * BUF_PIECE_MAX);
	assert_true(max - used > max / (2 * BUF_RESERVE_PART));
	assert_true(target_buf_first(max, max - used) >= BUF_PIECE_MAX);
	assert_true(target_buf_is_short(max, max - used)); /* so that the stuck ones end */
}

static void
test_a_credit_is_earned_beyond_what_the_system_takes(void **state)
{
	const uint64_t max = 64 * MIB, reserve = max / BUF_RESERVE_PART;

	(void)state;
	assert_int_equal(target_buf_share(max, reserve, 0),
			 target_buf_share(max, reserve, BUF_UNEARNED_BYTES));
	assert_int_equal(target_buf_share(max, reserve, BUF_UNEARNED_BYTES + 4 * MIB), 4 * MIB);
	assert_int_equal(target_buf_share(max, reserve, 1ull << 40), reserve);
	assert_int_equal(target_buf_share(1ull << 40, 1ull << 40, 0), CONN_BUFFER_MAX);
	assert_false(target_buf_is_short(max, max));
	assert_true(target_buf_is_short(max, reserve));
	/* whatever is left serves one that has taken its data */
	for (uint64_t left = 0; left <= max; left += MIB / 4)
		assert_int_equal(target_buf_share(max, left, max + BUF_UNEARNED_BYTES),
				 MIN(left, CONN_BUFFER_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size_costs_below_twice_its_length),
		cmocka_unit_test(test_the_last_one_back_is_the_next_one_out),
		cmocka_unit_test(test_any_mix_stays_within_the_range),
		cmocka_unit_test(test_memory_goes_back_to_the_system),
		cmocka_unit_test(test_peers_that_take_nothing_leave_room_for_the_others),
		cmocka_unit_test(test_a_credit_is_earned_beyond_what_the_system_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size_costs_below_twice_its_length),
		cmocka_unit_test(test_the_last_one_back_is_the_next_one_out),
		cmocka_unit_test(test_any_mix_stays_within_the_range),
		cmocka_unit_test(test_memory_goes_back_to_the_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

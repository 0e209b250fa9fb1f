/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread's buffers for data on its way, in a few sizes, kept for reuse: the last one given back
 * is the next one given out, so it is still in the cache.  (A malloc for each large command made
 * another target 2-3 times slower.)
 */
#include <errno.h>
#include <stdlib.h>

#include "target/target_int.h"

static const uint32_t class_bytes[BUF_CLASSES] = { 4096, 16384, 65536, BUF_PIECE_MAX };
/* Free ones beyond this go back to the system: some 32 MiB in all. */
static const unsigned class_keep[BUF_CLASSES] = { 1024, 256, 128, 64 };

void
target_buf_pool_init(struct target_buf_pool *pool)
{
	*pool = (struct target_buf_pool){ 0 };
}

static void *
pop(struct buf_free *list)
{
	void *block = list->head;

	list->head = *(void **)block;
	list->count--;
	return block;
}

void
target_buf_pool_fini(struct target_buf_pool *pool)
{
	for (unsigned c = 0; c < BUF_CLASSES; c++)
		while (pool->free[c].head != NULL)
			mem_free(pop(&pool->free[c]));
}

static unsigned
class_of(size_t len)
{
	unsigned c = 0;

	while (class_bytes[c] < len)
		c++;
	return c;
}

static void *
get_one(struct target_buf_pool *pool, unsigned c)
{
	return pool->free[c].head != NULL ? pop(&pool->free[c]) : mem_alloc(class_bytes[c]);
}

static void
put_one(struct target_buf_pool *pool, void *block, unsigned c)
{
	struct buf_free *list = &pool->free[c];

	if (list->count >= class_keep[c]) {
		mem_free(block);
		return;
	}
	*(void **)block = list->head;
	list->head = block;
	list->count++;
}

void
target_buf_put(struct target_buf_pool *pool, const struct iovec *iov, uint32_t len_bytes)
{
	for (; len_bytes > 0; iov++) {
		uint32_t piece = MIN(len_bytes, (uint32_t)BUF_PIECE_MAX);

		put_one(pool, iov->iov_base, class_of(piece));
		len_bytes -= piece;
	}
}

int
target_buf_get(struct target_buf_pool *pool, uint32_t len_bytes, struct iovec *iov)
{
	unsigned count = 0;
	uint32_t got = 0;

	while (got < len_bytes) {
		uint32_t piece = MIN(len_bytes - got, (uint32_t)BUF_PIECE_MAX);
		void *block = get_one(pool, class_of(piece));

		if (block == NULL) {
			target_buf_put(pool, iov, got);
			return -ENOMEM;
		}
		iov[count++] = (struct iovec){ block, piece };
		got += piece;
	}
	return (int)count;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread's buffers for data on its way, in sizes that are powers of two.  They come from chunks
 * of 256 KiB in one range of addresses that is reserved at the start: a chunk serves one size at a
 * time, and goes back to the system when all its buffers are free and enough other chunks are.  So
 * the memory in use never exceeds the range, whatever sizes were used before, and falls when the
 * load falls.
 *
 * The buffer given back last is the next one given out, so it is still in the cache.  (A malloc for
 * each large command made another target 2-3 times slower.) Only the thread that owns the pool uses
 * it, so nothing here locks; nothing allocates after target_buf_pool_init.
 *
 * A chunk is in one of these places: `fresh` beyond pool->touched, the stack of idle chunks, the
 * list of its size while it has free buffers, or nowhere while all its buffers are in use.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "target/target_int.h"

#define CHUNK_BYTES BUF_PIECE_MAX
#define IDLE_KEPT   128u /* idle chunks whose memory is kept: 32 MiB */

struct target_buf_chunk {
	struct list node; /* pool->partial[size], or pool->idle */
	void *free;       /* buffers given back, linked through their first bytes */
	uint16_t used;    /* buffers given out */
	uint16_t carved;  /* buffers given out at least once since the chunk has this size */
	uint8_t size;     /* its buffers have BUF_PIECE_MIN << size bytes */
	bool has_memory;  /* idle chunks: it was not given back to the system */
};

int
target_buf_pool_init(struct target_buf_pool *pool, uint64_t max_bytes)
{
	/* A chunk more for each size: the last one of each may be used in part. */
	size_t chunks = (size_t)((max_bytes + CHUNK_BYTES - 1) / CHUNK_BYTES) + BUF_CLASSES;

	*pool = (struct target_buf_pool){ .chunk_count = chunks };
	list_init(&pool->idle);
	for (unsigned c = 0; c < BUF_CLASSES; c++)
		list_init(&pool->partial[c]);
	pool->chunks = mem_calloc(chunks, sizeof(*pool->chunks));
	if (pool->chunks == NULL)
		return -ENOMEM;
	pool->range = mmap(NULL, chunks * CHUNK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pool->range == MAP_FAILED) {
		int rc = -errno;

		pool->range = NULL;
		return rc;
	}
	return 0;
}

void
target_buf_pool_fini(struct target_buf_pool *pool)
{
	if (pool->range != NULL)
		munmap(pool->range, pool->chunk_count * CHUNK_BYTES);
	mem_free(pool->chunks);
	pool->range = NULL;
	pool->chunks = NULL;
}

static uint32_t
class_bytes(unsigned c)
{
	return BUF_PIECE_MIN << c;
}

static unsigned
class_of(uint32_t len)
{
	return len <= BUF_PIECE_MIN ? 0 : 32u - (unsigned)__builtin_clz((len - 1) / BUF_PIECE_MIN);
}

static uint8_t *
chunk_start(const struct target_buf_pool *pool, const struct target_buf_chunk *chunk)
{
	return pool->range + (size_t)(chunk - pool->chunks) * CHUNK_BYTES;
}

/* A chunk without a size; NULL when all are in use. */
static struct target_buf_chunk *
chunk_take(struct target_buf_pool *pool)
{
	struct list *node = list_pop(&pool->idle);

	if (node != NULL) {
		struct target_buf_chunk *chunk = list_entry(node, struct target_buf_chunk, node);

		pool->idle_with_memory -= chunk->has_memory;
		return chunk;
	}
	return pool->touched < pool->chunk_count ? &pool->chunks[pool->touched++] : NULL;
}

/* All its buffers are free. */
static void
chunk_give_up(struct target_buf_pool *pool, struct target_buf_chunk *chunk)
{
	list_remove(&chunk->node);
	pool->chunks_in_use--;
	chunk->has_memory = pool->idle_with_memory < IDLE_KEPT;
	if (chunk->has_memory) {
		pool->idle_with_memory++;
		list_prepend(&pool->idle, &chunk->node);
		return;
	}
	madvise(chunk_start(pool, chunk), CHUNK_BYTES, MADV_DONTNEED);
	list_append(&pool->idle, &chunk->node);
}

static void *
get_one(struct target_buf_pool *pool, unsigned c)
{
	struct list *node = list_first(&pool->partial[c]);
	struct target_buf_chunk *chunk;
	void *buf;

	if (node != NULL) {
		chunk = list_entry(node, struct target_buf_chunk, node);
	} else {
		chunk = chunk_take(pool);
		if (chunk == NULL)
			return NULL;
		pool->chunks_in_use++;
		chunk->size = (uint8_t)c;
		chunk->free = NULL;
		chunk->used = chunk->carved = 0;
		list_prepend(&pool->partial[c], &chunk->node);
	}
	buf = chunk->free;
	if (buf != NULL)
		chunk->free = *(void **)buf;
	else
		buf = chunk_start(pool, chunk) + (size_t)chunk->carved++ * class_bytes(c);
	if (++chunk->used == CHUNK_BYTES / class_bytes(c))
		list_remove(&chunk->node);
	return buf;
}

static void
put_one(struct target_buf_pool *pool, void *buf)
{
	size_t at = (size_t)((uint8_t *)buf - pool->range) / CHUNK_BYTES;
	struct target_buf_chunk *chunk = &pool->chunks[at];

	*(void **)buf = chunk->free;
	chunk->free = buf;
	if (--chunk->used == 0) {
		chunk_give_up(pool, chunk);
		return;
	}
	list_remove(&chunk->node);
	list_prepend(&pool->partial[chunk->size], &chunk->node);
}

uint32_t
target_buf_cost(uint32_t len_bytes)
{
	uint32_t rest = len_bytes % BUF_PIECE_MAX;

	return rest == 0 ? len_bytes : len_bytes - rest + class_bytes(class_of(rest));
}

void
target_buf_put(struct target_buf_pool *pool, const struct iovec *iov, uint32_t len_bytes)
{
	for (; len_bytes > 0; iov++) {
		put_one(pool, iov->iov_base);
		len_bytes -= MIN(len_bytes, (uint32_t)BUF_PIECE_MAX);
	}
}

int
target_buf_get(struct target_buf_pool *pool, uint32_t len_bytes, struct iovec *iov)
{
	unsigned count = 0;
	uint32_t got = 0;

	while (got < len_bytes) {
		uint32_t piece = MIN(len_bytes - got, (uint32_t)BUF_PIECE_MAX);
		void *buf = get_one(pool, class_of(piece));

		if (buf == NULL) {
			target_buf_put(pool, iov, got);
			return -ENOMEM;
		}
		iov[count++] = (struct iovec){ buf, piece };
		got += piece;
	}
	return (int)count;
}

/* ---- Who may have how much ---- */

#define UNPROVEN_PART  8u    /* of what is free beyond the reserve */
#define UNPROVEN_FLOOR 1024u /* of all that is free */

static uint64_t
reserve_of(uint64_t max_bytes)
{
	return max_bytes / BUF_RESERVE_PART;
}

bool
target_buf_is_short(uint64_t max_bytes, uint64_t left_bytes)
{
	/* Half of the reserve again, so that a new connection finds more than the reserve free. */
	return left_bytes < reserve_of(max_bytes) * 3 / 2;
}

uint64_t
target_buf_share(uint64_t max_bytes, uint64_t left_bytes, uint64_t credit_bytes)
{
	uint64_t reserve = MIN(reserve_of(max_bytes), left_bytes);
	uint64_t share = (left_bytes - reserve) / UNPROVEN_PART;
	uint64_t earned = credit_bytes - MIN(credit_bytes, BUF_UNEARNED_BYTES);

	share = MAX(share, left_bytes / UNPROVEN_FLOOR);
	share = MAX(share, MIN(earned, left_bytes));
	return MIN(share, CONN_BUFFER_MAX);
}

uint64_t
target_buf_first(uint64_t max_bytes, uint64_t left_bytes)
{
	uint64_t reserve = MIN(reserve_of(max_bytes), left_bytes);

	uint64_t least = left_bytes > reserve_of(max_bytes) / 4 ? BUF_PIECE_MAX : BUF_PIECE_MIN;

	return MAX(left_bytes - reserve, MIN(left_bytes, least));
}

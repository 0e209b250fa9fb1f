/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A data-path thread's buffers (buf.c): who may have how much of them, and where they lie.  Private
 * to the folder target; target_int.h includes this file.
 */
#ifndef VDS_TARGET_BUF_INT_H
#define VDS_TARGET_BUF_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/list.h"
#include "scsi/scsi.h"

#define BUF_CLASSES    7u /* sizes of buffers: 4 KiB, 8 KiB, … 256 KiB */
#define BUF_PIECE_MIN  4096u
#define BUF_PIECE_MAX  (256u * 1024)
#define BUF_PIECES_MAX (SCSI_MAX_TRANSFER_BYTES / BUF_PIECE_MAX + 1)
#define BUF_PIECES_FEW 33u /* pieces of 8 MiB: a task has room for them without an allocation */

struct target_buf_chunk;

/* The buffers of one thread, which alone uses them. */
struct target_buf_pool {
	uint8_t *range; /* address range of chunk_count chunks of BUF_PIECE_MAX bytes */
	struct target_buf_chunk *chunks;
	size_t chunk_count;
	size_t touched;          /* chunks that were ever used; those behind them are fresh */
	size_t chunks_in_use;    /* chunks of which a buffer is in use */
	size_t idle_with_memory; /* chunks in `idle` that still have memory from the system */
	struct list idle; /* struct target_buf_chunk.node: unused chunks, those with memory first */
	/* struct target_buf_chunk.node: chunks in use that have free buffers, by buffer size */
	struct list partial[BUF_CLASSES];
};

/*
 * Reserves address space for buffers of max_bytes in all and for one more chunk of each size.
 * Returns 0 or -errno.
 */
int target_buf_pool_init(struct target_buf_pool *pool, uint64_t max_bytes);
void target_buf_pool_fini(struct target_buf_pool *pool);
/*
 * Returns how many bytes of the pool the buffers for len_bytes take: at least BUF_PIECE_MIN, and
 * less than twice len_bytes otherwise.
 */
uint32_t target_buf_cost(uint32_t len_bytes);
/*
 * Takes buffers for len_bytes bytes (1 to SCSI_MAX_TRANSFER_BYTES) and writes them to iov, which
 * has BUF_PIECES_MAX elements; the last piece is cut to fit.  Returns the number of pieces, or
 * -ENOMEM.
 */
int target_buf_get(struct target_buf_pool *pool, uint32_t len_bytes, struct iovec *iov);
/*
 * Returns the buffers that target_buf_get took for len_bytes (0: there are none). The lengths in
 * iov may have been changed.
 */
void target_buf_put(struct target_buf_pool *pool, const struct iovec *iov, uint32_t len_bytes);

/*
 * Who may have how much of a thread's buffers.  A connection whose peer has taken data earns a
 * credit; one whose peer has not is unproven.  A part of the buffers is kept for those that have
 * earned a credit, so that peers that do not read cannot use up what others need.
 */
#define BUF_RESERVE_PART   4u /* a quarter of the buffers is that reserve */
/*
 * Bytes of credit that count for nothing: the system takes so much from us at most before the peer
 * has to take anything.
 */
#define BUF_UNEARNED_BYTES (1ull << 20)

/*
 * Returns how many bytes of buffers a connection with this credit may have, when left_bytes of
 * max_bytes are free.  All that unproven connections have together stays below the reserve by much,
 * however many they are: each gets a part of what the ones before it have left.
 */
uint64_t target_buf_share(uint64_t max_bytes, uint64_t left_bytes, uint64_t credit_bytes);
/* Returns how many bytes a connection may take for a command when it has no buffers at all. */
uint64_t target_buf_first(uint64_t max_bytes, uint64_t left_bytes);
/* Returns true when connections that hold back buffers are to be ended. */
bool target_buf_is_short(uint64_t max_bytes, uint64_t left_bytes);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the bytes of a volume are on its disk, and reading and writing them with blocking calls:
 * what lies in several pieces, and what is written to chunks for the first time.  Workers do that,
 * and callers without a queue.
 */
#include <errno.h>
#include <string.h>

#include "blk/blk_int.h"
#include "blk/disk_int.h"

#define AHEAD_CHUNKS  8u    /* that are made ready at once for who writes from front to back */
#define FORGET_CHUNKS 1024u /* that are discarded at once; others wait meanwhile */

/* ---- where bytes are ---- */

const struct blk_disk_segment *
blk_disk_segment_of(const struct blk_disk_map *map, uint32_t chunk)
{
	size_t low = 0, high = map->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (map->segments[middle].from <= chunk)
			low = middle;
		else
			high = middle;
	}
	return &map->segments[low];
}

struct blk_disk_piece
blk_disk_piece_at(const struct blk_disk_map *map, uint64_t offset, uint64_t len)
{
	uint32_t chunk = (uint32_t)(offset / BLK_DISK_CHUNK),
		 skip = (uint32_t)(offset % BLK_DISK_CHUNK);
	const struct blk_disk_segment *segment = blk_disk_segment_of(map, chunk);
	uint32_t at = segment->at + (chunk - segment->from), end = segment->at + segment->count;
	struct blk_disk_piece piece = { .chunk = at, .at = blk_disk_place(map->disk, at) + skip };

	piece.ready = blk_disk_is_ready(map->disk, at);
	piece.len = BLK_DISK_CHUNK - skip;
	while (piece.len < len && ++at < end && blk_disk_is_ready(map->disk, at) == piece.ready)
		piece.len += BLK_DISK_CHUNK;
	piece.len = MIN(piece.len, len);
	return piece;
}

/* ---- I/O that waits ---- */

/* Makes the chunks of a piece ready, and some after it when those before it are written already. */
static int
make_ready(const struct blk_disk_map *map, uint64_t offset, const struct blk_disk_piece *piece)
{
	uint32_t chunk = (uint32_t)(offset / BLK_DISK_CHUNK);
	const struct blk_disk_segment *segment = blk_disk_segment_of(map, chunk);
	uint32_t count = (uint32_t)((offset % BLK_DISK_CHUNK + piece->len + BLK_DISK_CHUNK - 1) /
				    BLK_DISK_CHUNK);
	uint32_t left = segment->from + segment->count - chunk;

	if (piece->chunk > segment->at && blk_disk_is_ready(map->disk, piece->chunk - 1))
		count = MAX(count, MIN(AHEAD_CHUNKS, left));
	return blk_disk_make_ready(map->disk, piece->chunk, count);
}

/* Does what of a READ or WRITE lies in one piece and one buffer.  Returns how much, or -errno. */
static int64_t
move_some(const struct blk_disk_map *map, int fd, struct blk_io *io)
{
	uint64_t offset = io->offset_bytes + io->moved_bytes;
	unsigned count;
	struct iovec iov = *blk_io_rest(io, &count);
	struct blk_disk_piece piece;
	struct blk_io part;
	int rc = 0;

	piece = blk_disk_piece_at(map, offset,
				  MIN((uint64_t)iov.iov_len, io->len_bytes - io->moved_bytes));
	iov.iov_len = (size_t)piece.len;
	if (!piece.ready && io->op == BLK_READ) {
		memset(iov.iov_base, 0, iov.iov_len);
		return (int64_t)piece.len;
	}
	if (!piece.ready)
		rc = make_ready(map, offset, &piece);
	part = (struct blk_io){ .op = io->op,
				.flags = io->flags,
				.offset_bytes = piece.at,
				.len_bytes = piece.len,
				.iov = &iov,
				.iov_count = 1,
				.fd = fd };
	if (rc == 0)
		rc = blk_fd_run(&part);
	return rc < 0 ? rc : (int64_t)piece.len;
}

static bool
may_unmap(const struct blk_io *io)
{
	return !io->keep_space && (io->op == BLK_UNMAP || (io->flags & BLK_MAY_UNMAP) != 0);
}

/* Chunks that are not ready are zeros already. */
static int64_t
zero_some(const struct blk_disk_map *map, int fd, struct blk_io *io)
{
	uint64_t offset = io->offset_bytes + io->moved_bytes, skip = offset % BLK_DISK_CHUNK;
	struct blk_disk_piece piece = blk_disk_piece_at(map, offset,
							io->len_bytes - io->moved_bytes);
	struct blk_io part = { .op = BLK_WRITE_ZEROES,
			       .flags = io->flags,
			       .offset_bytes = piece.at,
			       .keep_space = true,
			       .fd = fd };
	int rc;

	if (!piece.ready)
		return (int64_t)piece.len;
	if (may_unmap(io) && skip == 0 && piece.len >= BLK_DISK_CHUNK) {
		uint64_t count = MIN(piece.len / BLK_DISK_CHUNK, (uint64_t)FORGET_CHUNKS);

		rc = blk_disk_forget(map->disk, piece.chunk, (uint32_t)count);
		return rc < 0 ? rc : (int64_t)(count * BLK_DISK_CHUNK);
	}
	part.len_bytes = may_unmap(io) ? MIN(piece.len, BLK_DISK_CHUNK - skip) : piece.len;
	rc = blk_fd_run(&part);
	return rc < 0 ? rc : (int64_t)part.len_bytes;
}

int
blk_disk_run(const struct blk_disk_map *map, int fd, struct blk_io *io)
{
	while (io->moved_bytes < io->len_bytes) {
		bool moves = io->op == BLK_READ || io->op == BLK_WRITE;
		int64_t done = moves ? move_some(map, fd, io) : zero_some(map, fd, io);

		if (done < 0)
			return (int)done;
		io->moved_bytes += (uint64_t)done;
	}
	return 0;
}

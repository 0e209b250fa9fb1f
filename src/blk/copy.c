/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copies from one device to another, in steps whose size the copier's buffer bounds, so that holes
 * stay holes.  Workers and tests.
 */
#include "blk/blk_int.h"

#include <assert.h>

#include "base/mem.h"

/* Finds the extent of the source that begins at offset_bytes, at most len_bytes long. */
static int
look(struct blk_copier *copier, uint64_t offset_bytes, uint64_t len_bytes,
     struct blk_extent *ret_extent)
{
	struct blk_io io = { .op = BLK_MAP, .offset_bytes = offset_bytes, .len_bytes = len_bytes };

	blk_submit(copier->from, NULL, &io);
	if (io.result == 0)
		*ret_extent = io.extent;
	return io.result;
}

/* A new volume has holes already; elsewhere the copier may have put something before. */
static int
clear(struct blk_copier *copier, uint64_t offset_bytes, uint64_t len_bytes)
{
	struct blk_io io = { .op = BLK_WRITE_ZEROES,
			     .flags = BLK_MAY_UNMAP,
			     .offset_bytes = offset_bytes,
			     .len_bytes = len_bytes };

	if (copier->to_is_empty)
		return 0;
	blk_submit(copier->to, NULL, &io);
	return io.result;
}

int
blk_copy_step(struct blk_copier *copier, uint64_t offset_bytes, uint64_t len_bytes,
	      uint64_t *ret_done_bytes)
{
	struct blk_extent extent = { 0 };
	uint64_t len;
	int rc = look(copier, offset_bytes, len_bytes, &extent);

	copier->failed_to_write = false;
	if (rc < 0)
		return rc;
	assert(extent.len_bytes > 0 && extent.len_bytes <= len_bytes);
	len = extent.mapped ? MIN(extent.len_bytes, (uint64_t)copier->buf_bytes) : extent.len_bytes;
	if (extent.mapped) {
		rc = blk_rw(copier->from, BLK_READ, offset_bytes, copier->buf, (size_t)len);
		if (rc < 0)
			return rc;
		rc = blk_rw(copier->to, BLK_WRITE, offset_bytes, copier->buf, (size_t)len);
		copier->copied_bytes += rc == 0 ? len : 0;
	} else {
		rc = clear(copier, offset_bytes, len);
	}
	copier->failed_to_write = rc < 0;
	if (rc == 0)
		*ret_done_bytes = len;
	return rc;
}

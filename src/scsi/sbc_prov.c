/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UNMAP and WRITE SAME.  task.c calls these functions through the table in cmd.c, on the task's
 * thread. Source: SBC-4 (logical block provisioning management).
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

/* ---- UNMAP ---- */

enum {
	UNMAP_HEADER_BYTES = 8,
	UNMAP_DESCRIPTOR_BYTES = 16,
	UNMAP_MAX_BYTES = UNMAP_HEADER_BYTES + SCSI_MAX_UNMAP_DESCRIPTORS * UNMAP_DESCRIPTOR_BYTES,
};

/*
 * The blocks are known only when the parameter list is here.  Until then the range is the whole
 * unit, so UNMAP and an atomic command never run at the same time.
 */
int
scsi_unmap_parse(struct scsi_task *task)
{
	uint32_t len = get_be16(task->cdb + 7);

	if (task->cdb[1] & 0x01) /* ANCHOR: ANC_SUP is 0 */
		return scsi_sense_invalid_field(task, 1, 0);
	if (len != 0 && len < UNMAP_HEADER_BYTES)
		return scsi_sense_parameter_length(task);
	task->range.first_block = 0;
	task->range.last_block = UINT64_MAX;
	return scsi_expect_parameters(task, len);
}

static const uint8_t *
unmap_descriptor(const struct scsi_work *work, size_t index)
{
	return work->buf + UNMAP_HEADER_BYTES + index * UNMAP_DESCRIPTOR_BYTES;
}

/* Returns SCSI_GO when every descriptor is acceptable, else SCSI_DONE. */
static int
unmap_check(struct scsi_task *task, size_t count)
{
	uint64_t capacity = scsi_lu_capacity_blocks(scsi_task_lu(task)), total = 0;

	if (count > SCSI_MAX_UNMAP_DESCRIPTORS)
		return scsi_sense_invalid_parameter(task, 2, -1);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *p = unmap_descriptor(task->work, i);
		uint64_t lba = get_be64(p);
		uint32_t blocks = get_be32(p + 8);

		if (lba > capacity || blocks > capacity - lba)
			return scsi_sense_lba_out_of_range(task, lba > capacity ? lba : capacity);
		total += blocks;
		if (total > SCSI_MAX_UNMAP_BYTES >> scsi_task_lu(task)->block_shift)
			return scsi_sense_invalid_parameter(
				task, UNMAP_HEADER_BYTES + (unsigned)i * UNMAP_DESCRIPTOR_BYTES + 8,
				-1);
	}
	return SCSI_GO;
}

static int unmap_step(struct scsi_task *task);

static int
unmap_flushed(struct scsi_task *task)
{
	return task->io.result == 0 ? scsi_good(task)
				    : scsi_sense_blk(task, task->io.result, SENSE_NO_LBA);
}

/* Without the write cache GOOD means durable, as it does for WRITE.  UNMAP knows no FUA. */
static int
unmap_end(struct scsi_task *task)
{
	if (scsi_lu_mode(scsi_task_lu(task), MODE_WCE))
		return scsi_good(task);
	return scsi_io(task, BLK_FLUSH, 0, 0, 0, NULL, 0, unmap_flushed);
}

static int
unmap_next(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	unsigned shift = scsi_task_lu(task)->block_shift;
	/* the LUN may have moved since the command came, which was promised zeros */
	enum blk_op op = scsi_task_lu(task)->unmaps ? BLK_UNMAP : BLK_WRITE_ZEROES;

	for (; work->index < work->iov_count; work->index++) {
		const uint8_t *p = unmap_descriptor(work, work->index);

		if (get_be32(p + 8) != 0)
			return scsi_io(task, op, 0, get_be64(p) << shift,
				       (uint64_t)get_be32(p + 8) << shift, NULL, 0, unmap_step);
	}
	return unmap_end(task);
}

static int
unmap_step(struct scsi_task *task)
{
	if (task->io.result != 0)
		return scsi_sense_blk(task, task->io.result,
				      get_be64(unmap_descriptor(task->work, task->work->index)));
	task->work->index++;
	return unmap_next(task);
}

int
scsi_unmap_execute(struct scsi_task *task)
{
	size_t len = task->out_bytes, descriptor_bytes;

	if (len == 0)
		return scsi_good(task);
	if (scsi_work_new(task, len, 0) < 0)
		return SCSI_DONE;
	scsi_out_copy(task, 0, task->work->buf, len);
	descriptor_bytes = get_be16(task->work->buf + 2);
	if (descriptor_bytes > len - UNMAP_HEADER_BYTES)
		return scsi_sense_parameter_length(task);
	task->work->iov_count = (unsigned)(descriptor_bytes / UNMAP_DESCRIPTOR_BYTES);
	if (unmap_check(task, task->work->iov_count) == SCSI_DONE)
		return SCSI_DONE;
	return unmap_next(task);
}

/* ---- WRITE SAME(10), (16), (32) ---- */

enum {
	SAME_NDOB = 0x01,   /* not in (10): no data-out, zeros are meant */
	SAME_LBDATA = 0x02, /* obsolete */
	SAME_PBDATA = 0x04, /* obsolete */
	SAME_UNMAP = 0x08,
	SAME_ANCHOR = 0x10,
	SAME_SEGMENTS = 4, /* of the pattern buffer in one write */
};

static bool
same_no_data(const struct scsi_task *task)
{
	return task->cdb[0] != 0x41 && (task->cdb[scsi_flags_at(task)] & SAME_NDOB) != 0;
}

/* Returns SCSI_GO when the flags in byte 1 are supported, else SCSI_DONE. */
static int
same_check_flags(struct scsi_task *task)
{
	unsigned at = scsi_flags_at(task);
	uint8_t flags = task->cdb[at];

	if (scsi_no_protection(task) == SCSI_DONE)
		return SCSI_DONE;
	if (flags & SAME_ANCHOR)
		return scsi_sense_invalid_field(task, at, 4);
	if ((flags & SAME_UNMAP) && !scsi_task_lu(task)->unmaps)
		return scsi_sense_invalid_field(task, at, 3);
	if (flags & (SAME_PBDATA | SAME_LBDATA))
		return scsi_sense_invalid_field(task, at, 2);
	return SCSI_GO;
}

/* A count of 0 means: to the end of the medium (WSNZ is 0). */
int
scsi_write_same_parse(struct scsi_task *task)
{
	const struct scsi_lu *lu = scsi_task_lu(task);
	uint64_t blocks = task->count_blocks;

	if (same_check_flags(task) == SCSI_DONE)
		return SCSI_DONE;
	if (blocks == 0)
		blocks = scsi_lu_capacity_blocks(lu) - task->lba;
	if (blocks > SCSI_MAX_WRITE_SAME_BYTES >> lu->block_shift)
		return scsi_sense_invalid_field(task, scsi_length_at(task), -1);
	task->count_blocks = (uint32_t)blocks;
	task->range.last_block = task->lba + blocks - 1;
	if (same_no_data(task))
		return scsi_expect_none(task);
	task->out_total_bytes = lu->desc.block_bytes;
	if (task->expected_out_bytes != task->out_total_bytes)
		return scsi_sense_data_size(task);
	task->out_needed_bytes = lu->desc.block_bytes;
	return SCSI_GO;
}

/* Without the write cache the change must be durable; this CDB has no FUA bit. */
static unsigned
same_flags(const struct scsi_task *task)
{
	return scsi_lu_mode(scsi_task_lu(task), MODE_WCE) ? 0 : BLK_FUA;
}

static int same_step(struct scsi_task *task);

/* One write has the buffer several times, so that writes are long although the buffer is short. */
static int
same_next(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	unsigned shift = scsi_task_lu(task)->block_shift;
	uint64_t left = (task->count_blocks - work->done_blocks) << shift, len = 0;

	if (left == 0)
		return scsi_good(task);
	for (work->iov_count = 0; work->iov_count < work->iov_max && len < left;
	     work->iov_count++) {
		size_t part = (size_t)MIN((uint64_t)work->buf_bytes, left - len);

		work->iov[work->iov_count] = (struct iovec){ work->buf, part };
		len += part;
	}
	work->offset_bytes = len;
	return scsi_io(task, BLK_WRITE, same_flags(task), scsi_task_offset(task, work->done_blocks),
		       len, work->iov, work->iov_count, same_step);
}

static int
same_step(struct scsi_task *task)
{
	struct scsi_work *work = task->work;

	if (task->io.result != 0)
		return scsi_sense_blk(task, task->io.result, task->lba + work->done_blocks);
	work->done_blocks += work->offset_bytes >> scsi_task_lu(task)->block_shift;
	return same_next(task);
}

static int zeroes_step(struct scsi_task *task);

static int
zeroes_next(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	unsigned flags = same_flags(task) |
			 ((task->cdb[scsi_flags_at(task)] & SAME_UNMAP) ? BLK_MAY_UNMAP : 0);
	unsigned shift = scsi_task_lu(task)->block_shift;
	uint64_t left = (task->count_blocks - work->done_blocks) << shift;

	if (left == 0)
		return scsi_good(task);
	work->offset_bytes = MIN(left, (uint64_t)SCSI_ZEROES_BYTES);
	return scsi_io(task, BLK_WRITE_ZEROES, flags, scsi_task_offset(task, work->done_blocks),
		       work->offset_bytes, NULL, 0, zeroes_step);
}

static int
zeroes_step(struct scsi_task *task)
{
	struct scsi_work *work = task->work;

	if (task->io.result != 0)
		return scsi_sense_blk(task, task->io.result, task->lba + work->done_blocks);
	work->done_blocks += work->offset_bytes >> scsi_task_lu(task)->block_shift;
	return zeroes_next(task);
}

int
scsi_write_same_execute(struct scsi_task *task)
{
	size_t block_bytes = scsi_task_lu(task)->desc.block_bytes;
	size_t len = (size_t)MIN((uint64_t)task->count_blocks * block_bytes,
				 (uint64_t)SCSI_CHUNK_BYTES);

	if (task->count_blocks == 0)
		return scsi_good(task);
	if (same_no_data(task))
		len = 0;
	if (scsi_work_new(task, len, SAME_SEGMENTS) < 0)
		return SCSI_DONE;
	if (len == 0)
		return zeroes_next(task);
	scsi_out_copy(task, 0, task->work->buf, block_bytes);
	if (scsi_is_zero(task->work->buf, block_bytes))
		return zeroes_next(task);
	for (size_t done = block_bytes; done < len; done += block_bytes)
		memcpy(task->work->buf + done, task->work->buf, block_bytes);
	return same_next(task);
}

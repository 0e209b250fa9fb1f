/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * COMPARE AND WRITE and ORWRITE: they read blocks, compute and write them, and hold the range lock
 * exclusively meanwhile, so that no other command comes in between.  task.c calls these functions
 * through the table in cmd.c, on the task's thread.  Source: SBC-4.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

/* ---- COMPARE AND WRITE: the data-out has the bytes to compare, then the bytes to write ---- */

int
scsi_compare_write_parse(struct scsi_task *task)
{
	uint64_t bytes = (uint64_t)task->count_blocks << scsi_task_lu(task)->block_shift;

	if (scsi_no_protection(task) == SCSI_DONE)
		return SCSI_DONE;
	if (task->count_blocks >
	    MIN(SCSI_MAX_COMPARE_BLOCKS, scsi_task_lu(task)->max_transfer_blocks))
		return scsi_sense_invalid_field(task, 13, -1);
	task->out_total_bytes = 2 * bytes;
	/*
	 * No blocks but data for some: 256 of them, say, in a field of one byte.  GOOD would be a
	 * lie.
	 */
	if (task->count_blocks == 0 &&
	    task->expected_out_bytes >= 2 * scsi_task_lu(task)->desc.block_bytes)
		return scsi_sense_invalid_field(task, 13, -1);
	/* Data for one half alone, or for more than both, is an error of the initiator. */
	if (task->count_blocks != 0 && task->expected_out_bytes != task->out_total_bytes)
		return scsi_sense_data_size(task);
	task->out_needed_bytes = (uint32_t)task->out_total_bytes;
	return SCSI_GO;
}

static int
swapped(struct scsi_task *task)
{
	return task->io.result == 0 ? scsi_good(task)
				    : scsi_sense_blk(task, task->io.result, task->lba);
}

static int
compare_then_write(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	size_t half = task->out_bytes / 2;
	int64_t differs;

	if (task->io.result != 0)
		return scsi_sense_blk(task, task->io.result, task->lba);
	differs = scsi_out_compare(task, 0, work->buf, half);
	if (differs >= 0)
		return scsi_sense_miscompare(task, (uint64_t)differs);
	work->iov_count = scsi_out_slice(task, half, half, work->iov);
	return scsi_io(task, BLK_WRITE, scsi_write_flags(task), scsi_task_offset(task, 0), half,
		       work->iov, work->iov_count, swapped);
}

int
scsi_compare_write_execute(struct scsi_task *task)
{
	size_t half = task->out_bytes / 2;
	struct scsi_work *work;

	if (half == 0)
		return scsi_good(task);
	if (scsi_work_new(task, half, MAX(task->out_iov_count, 1u)) < 0)
		return SCSI_DONE;
	work = task->work;
	work->iov[0] = (struct iovec){ work->buf, half };
	return scsi_io(task, BLK_READ, 0, scsi_task_offset(task, 0), half, work->iov, 1,
		       compare_then_write);
}

/* ---- ORWRITE(16): in chunks, under one lock ---- */

int
scsi_orwrite_parse(struct scsi_task *task)
{
	if (scsi_no_protection(task) == SCSI_DONE || scsi_check_length(task) == SCSI_DONE)
		return SCSI_DONE;
	task->out_total_bytes = (uint64_t)task->count_blocks << scsi_task_lu(task)->block_shift;
	if (task->expected_out_bytes < task->out_total_bytes)
		return scsi_sense_data_size(task);
	task->out_needed_bytes = (uint32_t)task->out_total_bytes;
	return SCSI_GO;
}

static size_t
or_bytes(const struct scsi_task *task)
{
	return (size_t)MIN(task->out_bytes - task->work->offset_bytes,
			   (uint64_t)task->work->buf_bytes / 2);
}

static int or_merge(struct scsi_task *task);
static int or_written(struct scsi_task *task);

static int
or_next(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	size_t len = or_bytes(task);

	if (len == 0)
		return scsi_good(task);
	work->iov[0] = (struct iovec){ work->buf, len };
	return scsi_io(task, BLK_READ, 0, scsi_task_offset(task, 0) + work->offset_bytes, len,
		       work->iov, 1, or_merge);
}

static uint64_t
or_lba(const struct scsi_task *task)
{
	return task->lba + (task->work->offset_bytes >> scsi_task_lu(task)->block_shift);
}

/* The first half of the buffer holds the medium's bytes, the second the initiator's. */
static int
or_merge(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	size_t len = or_bytes(task);
	uint8_t *theirs = work->buf + work->buf_bytes / 2;

	if (task->io.result != 0)
		return scsi_sense_blk(task, task->io.result, or_lba(task));
	scsi_out_copy(task, work->offset_bytes, theirs, len);
	for (size_t i = 0; i < len; i++)
		work->buf[i] |= theirs[i];
	return scsi_io(task, BLK_WRITE, scsi_write_flags(task),
		       scsi_task_offset(task, 0) + work->offset_bytes, len, work->iov, 1,
		       or_written);
}

static int
or_written(struct scsi_task *task)
{
	struct scsi_work *work = task->work;

	if (task->io.result != 0)
		return scsi_sense_blk(task, task->io.result, or_lba(task));
	work->offset_bytes += or_bytes(task);
	return or_next(task);
}

int
scsi_orwrite_execute(struct scsi_task *task)
{
	if (task->out_bytes == 0)
		return scsi_good(task);
	if (scsi_work_new(task, 2 * MIN((size_t)task->out_bytes, (size_t)SCSI_CHUNK_BYTES), 1) < 0)
		return SCSI_DONE;
	return or_next(task);
}

/* ---- WRITE ATOMIC(16): the range is locked, so that nobody reads a part of it ---- */

/* An atomic boundary would cut longer writes; there are none. */
int
scsi_write_atomic_parse(struct scsi_task *task)
{
	if (get_be16(task->cdb + 10) != 0)
		return scsi_sense_invalid_field(task, 10, -1);
	if (task->count_blocks > SCSI_MAX_ATOMIC_BLOCKS)
		return scsi_sense_invalid_field(task, 12, -1);
	return scsi_write_parse(task);
}

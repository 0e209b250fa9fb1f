/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * READ, WRITE, VERIFY, WRITE AND VERIFY.  READ and WRITE use the caller's buffers and allocate
 * nothing. task.c calls these functions through the table in cmd.c, on the task's thread.
 *
 * When the initiator expects less data than the CDB asks for, a READ returns as much as it expects,
 * and a WRITE writes the whole blocks that came; a part of a block is refused (0Eh/03h) before
 * anything is written. Source: SBC-4; RFC 7143 §11.4.5.2 for residuals.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

enum {
	BYTCHK_NONE = 0, /* only read the medium */
	BYTCHK_ALL = 1,  /* data-out is what all blocks must hold */
	BYTCHK_ONE = 3,  /* data-out is what each block must hold */
};

static bool
is_six(const struct scsi_task *task)
{
	return task->cdb[0] >> 5 == 0;
}

int
scsi_no_protection(struct scsi_task *task)
{
	unsigned at = scsi_flags_at(task);

	if (is_six(task) || (task->cdb[at] & 0xe0) == 0)
		return SCSI_GO;
	return scsi_sense_invalid_field(task, at, 7);
}

unsigned
scsi_length_at(const struct scsi_task *task)
{
	static const uint8_t length_byte[8] = { 4, 7, 7, 28, 10, 6, 0, 0 };

	return length_byte[task->cdb[0] >> 5];
}

int
scsi_check_length(struct scsi_task *task)
{
	if (task->count_blocks <= scsi_task_lu(task)->max_transfer_blocks)
		return SCSI_GO;
	return scsi_sense_invalid_field(task, scsi_length_at(task), -1);
}

static bool
fua(const struct scsi_task *task)
{
	return !is_six(task) && (task->cdb[scsi_flags_at(task)] & 0x08) != 0;
}

unsigned
scsi_write_flags(const struct scsi_task *task)
{
	unsigned whole = (task->cmd->flags & CMD_ATOMIC) != 0 ? BLK_WHOLE : 0;

	return whole | (fua(task) || !scsi_lu_mode(scsi_task_lu(task), MODE_WCE) ? BLK_FUA : 0);
}

static uint64_t
count_bytes(const struct scsi_task *task)
{
	return (uint64_t)task->count_blocks << scsi_task_lu(task)->block_shift;
}

/* ---- READ ---- */

int
scsi_read_parse(struct scsi_task *task)
{
	if (scsi_no_protection(task) == SCSI_DONE || scsi_check_length(task) == SCSI_DONE)
		return SCSI_DONE;
	task->in_total_bytes = count_bytes(task);
	task->in_needed_bytes = (uint32_t)MIN(task->in_total_bytes,
					      (uint64_t)task->expected_in_bytes);
	return SCSI_GO;
}

static int
read_done(struct scsi_task *task)
{
	if (__builtin_expect(task->io.result != 0, 0))
		return scsi_sense_blk(task, task->io.result, task->lba);
	task->in_bytes = task->in_needed_bytes;
	return scsi_good(task);
}

/* Whole blocks are read, also when the initiator takes only a part of the last one. */
static int
read_start(struct scsi_task *task)
{
	uint32_t mask = scsi_task_lu(task)->desc.block_bytes - 1;
	uint32_t len = (task->in_needed_bytes + mask) & ~mask;

	if (len == 0)
		return scsi_good(task);
	if (task->nexus->ops->data_in(task, len) < 0)
		return scsi_status(task, SCSI_STATUS_BUSY);
	return scsi_io(task, BLK_READ, 0, scsi_task_offset(task, 0), len, task->in_iov,
		       task->in_iov_count, read_done);
}

static int
read_flushed(struct scsi_task *task)
{
	return task->io.result == 0 ? read_start(task)
				    : scsi_sense_blk(task, task->io.result, SENSE_NO_LBA);
}

/* FUA: the data that is returned must be on the medium, so the cache is written back first. */
int
scsi_read_execute(struct scsi_task *task)
{
	if (__builtin_expect(fua(task), 0))
		return scsi_io(task, BLK_FLUSH, 0, 0, 0, NULL, 0, read_flushed);
	return read_start(task);
}

/* ---- WRITE ---- */

static int
expect_blocks(struct scsi_task *task)
{
	uint32_t block_bytes = scsi_task_lu(task)->desc.block_bytes;

	task->out_total_bytes = count_bytes(task);
	task->out_needed_bytes = (uint32_t)MIN(task->out_total_bytes,
					       (uint64_t)task->expected_out_bytes);
	if (__builtin_expect((task->out_needed_bytes & (block_bytes - 1)) != 0, 0)) {
		task->out_needed_bytes = 0;
		return scsi_sense_data_size(task);
	}
	return SCSI_GO;
}

int
scsi_write_parse(struct scsi_task *task)
{
	if (scsi_no_protection(task) == SCSI_DONE || scsi_check_length(task) == SCSI_DONE)
		return SCSI_DONE;
	return expect_blocks(task);
}

static int
write_done(struct scsi_task *task)
{
	if (__builtin_expect(task->io.result != 0, 0))
		return scsi_sense_blk(task, task->io.result, task->lba);
	return scsi_good(task);
}

int
scsi_write_execute(struct scsi_task *task)
{
	if (task->out_bytes == 0)
		return scsi_good(task);
	return scsi_io(task, BLK_WRITE, scsi_write_flags(task), scsi_task_offset(task, 0),
		       task->out_bytes, task->out_iov, task->out_iov_count, write_done);
}

/* ---- VERIFY ---- */

static unsigned
bytchk(const struct scsi_task *task)
{
	return task->cdb[scsi_flags_at(task)] >> 1 & 0x03;
}

int
scsi_verify_parse(struct scsi_task *task)
{
	if (scsi_no_protection(task) == SCSI_DONE || scsi_check_length(task) == SCSI_DONE)
		return SCSI_DONE;
	switch (bytchk(task)) {
	case BYTCHK_NONE:
		return scsi_expect_none(task);
	case BYTCHK_ALL:
		task->out_total_bytes = count_bytes(task);
		break;
	case BYTCHK_ONE:
		task->out_total_bytes = task->count_blocks != 0
						? scsi_task_lu(task)->desc.block_bytes
						: 0;
		break;
	default:
		return scsi_sense_invalid_field(task, scsi_flags_at(task), 2);
	}
	if (task->expected_out_bytes < task->out_total_bytes)
		return scsi_sense_data_size(task);
	task->out_needed_bytes = (uint32_t)task->out_total_bytes;
	return SCSI_GO;
}

static uint32_t
chunk_blocks(const struct scsi_task *task)
{
	uint64_t left = task->count_blocks - task->work->done_blocks;

	return (uint32_t)MIN(left, (uint64_t)SCSI_CHUNK_BYTES >> scsi_task_lu(task)->block_shift);
}

/* -1, or the offset in the data-out of the first byte that differs. */
static int64_t
compare_chunk(const struct scsi_task *task, uint32_t blocks)
{
	unsigned shift = scsi_task_lu(task)->block_shift;
	size_t offset = (size_t)task->work->done_blocks << shift;
	int64_t differs = -1;

	if (bytchk(task) == BYTCHK_ALL) {
		differs = scsi_out_compare(task, offset, task->work->buf, (size_t)blocks << shift);
		return differs < 0 ? -1 : (int64_t)offset + differs;
	}
	for (uint32_t i = 0; i < blocks && differs < 0; i++)
		differs = scsi_out_compare(task, 0, task->work->buf + ((size_t)i << shift),
					   (size_t)1 << shift);
	return differs;
}

static int verify_step(struct scsi_task *task);

static int
verify_next(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	size_t len = (size_t)chunk_blocks(task) << scsi_task_lu(task)->block_shift;

	if (len == 0)
		return scsi_good(task);
	work->iov[0] = (struct iovec){ work->buf, len };
	return scsi_io(task, BLK_READ, 0, scsi_task_offset(task, work->done_blocks), len, work->iov,
		       1, verify_step);
}

static int
verify_step(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	uint32_t blocks = chunk_blocks(task);
	int64_t differs = -1;

	if (task->io.result != 0)
		return scsi_sense_blk(task, task->io.result, task->lba + work->done_blocks);
	if (bytchk(task) != BYTCHK_NONE)
		differs = compare_chunk(task, blocks);
	if (differs >= 0)
		return scsi_sense_miscompare(task, (uint64_t)differs);
	work->done_blocks += blocks;
	return verify_next(task);
}

static int
verify_start(struct scsi_task *task)
{
	uint64_t len = MIN(count_bytes(task), (uint64_t)SCSI_CHUNK_BYTES);

	if (len == 0)
		return scsi_good(task);
	if (scsi_work_new(task, len, 1) < 0)
		return SCSI_DONE;
	return verify_next(task);
}

int
scsi_verify_execute(struct scsi_task *task)
{
	return verify_start(task);
}

/* ---- WRITE AND VERIFY: the range is locked, so that no other write causes a miscompare ---- */

int
scsi_write_verify_parse(struct scsi_task *task)
{
	if (scsi_no_protection(task) == SCSI_DONE || scsi_check_length(task) == SCSI_DONE)
		return SCSI_DONE;
	if (bytchk(task) > BYTCHK_ALL)
		return scsi_sense_invalid_field(task, scsi_flags_at(task), 2);
	return expect_blocks(task);
}

/* Only what was written is verified. */
static int
written(struct scsi_task *task)
{
	if (task->io.result != 0)
		return scsi_sense_blk(task, task->io.result, task->lba);
	task->count_blocks = task->out_bytes >> scsi_task_lu(task)->block_shift;
	return verify_start(task);
}

/* The write always reaches the medium, since the medium is what is verified. */
int
scsi_write_verify_execute(struct scsi_task *task)
{
	if (task->out_bytes == 0)
		return scsi_good(task);
	return scsi_io(task, BLK_WRITE, BLK_FUA | scsi_write_flags(task), scsi_task_offset(task, 0),
		       task->out_bytes, task->out_iov, task->out_iov_count, written);
}

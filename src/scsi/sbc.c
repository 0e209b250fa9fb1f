/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Block commands that move no user data: capacity, provisioning status, cache, defects.  task.c
 * calls these functions through the table in cmd.c, on the task's thread.  Source: SBC-4.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

int
scsi_read_capacity10_parse(struct scsi_task *task)
{
	return scsi_expect_in(task, 8);
}

int
scsi_read_capacity10_execute(struct scsi_task *task)
{
	const struct scsi_lu *lu = scsi_task_lu(task);
	uint64_t last = scsi_lu_capacity_blocks(lu) - 1;
	uint8_t data[8];

	/* All ones: ask READ CAPACITY(16). */
	put_be32(data, (uint32_t)MIN(last, (uint64_t)UINT32_MAX));
	put_be32(data + 4, lu->desc.block_bytes);
	return scsi_give(task, data, sizeof(data), sizeof(data));
}

int
scsi_read_capacity16_parse(struct scsi_task *task)
{
	return scsi_expect_in(task, get_be32(task->cdb + 10));
}

int
scsi_read_capacity16_execute(struct scsi_task *task)
{
	const struct scsi_lu *lu = scsi_task_lu(task);
	uint8_t data[32] = { 0 };

	put_be64(data, scsi_lu_capacity_blocks(lu) - 1);
	put_be32(data + 8, lu->desc.block_bytes);
	data[13] = lu->desc.physical_exponent & 0x0f;
	data[14] = lu->unmaps ? 0xc0 : 0; /* LBPME, LBPRZ */
	return scsi_give(task, data, sizeof(data), get_be32(task->cdb + 10));
}

/* ---- SYNCHRONIZE CACHE: the whole cache, whatever the range ---- */

int
scsi_sync_parse(struct scsi_task *task)
{
	return scsi_expect_none(task);
}

static int
flushed(struct scsi_task *task)
{
	return task->io.result == 0 ? scsi_good(task)
				    : scsi_sense_blk(task, task->io.result, SENSE_NO_LBA);
}

int
scsi_flush_execute(struct scsi_task *task)
{
	return scsi_io(task, BLK_FLUSH, 0, 0, 0, NULL, 0, flushed);
}

/* GOOD, not CONDITION MET: nothing is kept from eviction for it. */
int
scsi_prefetch_parse(struct scsi_task *task)
{
	return scsi_expect_none(task);
}

/* ---- READ DEFECT DATA: both lists are empty ---- */

int
scsi_defects10_parse(struct scsi_task *task)
{
	return scsi_expect_in(task, get_be16(task->cdb + 7));
}

int
scsi_defects10_execute(struct scsi_task *task)
{
	uint8_t data[4] = { 0, task->cdb[2] & 0x1f };

	return scsi_give(task, data, sizeof(data), get_be16(task->cdb + 7));
}

int
scsi_defects12_parse(struct scsi_task *task)
{
	return scsi_expect_in(task, get_be32(task->cdb + 6));
}

int
scsi_defects12_execute(struct scsi_task *task)
{
	uint8_t data[8] = { 0, task->cdb[1] & 0x1f };

	return scsi_give(task, data, sizeof(data), get_be32(task->cdb + 6));
}

/* ---- GET LBA STATUS ---- */

enum {
	LBA_MAPPED = 0,
	LBA_DEALLOCATED = 1,
	STATUS_HEADER_BYTES = 8,
	STATUS_BYTES = 16,
	STATUS_MAX = 64,        /* descriptors in one answer */
	STATUS_MAX_LOOKS = 256, /* at the device for one answer */
};

/* At least one descriptor is made, however little room there is for it. */
static size_t
status_room(const struct scsi_task *task)
{
	uint32_t allocation = get_be32(task->cdb + 10);
	size_t fit = allocation > STATUS_HEADER_BYTES
			     ? (allocation - STATUS_HEADER_BYTES) / STATUS_BYTES
			     : 0;

	return MIN(MAX(fit, (size_t)1), (size_t)STATUS_MAX);
}

int
scsi_lba_status_parse(struct scsi_task *task)
{
	task->lba = get_be64(task->cdb + 2);
	if (task->lba >= scsi_lu_capacity_blocks(scsi_task_lu(task)))
		return scsi_sense_lba_out_of_range(task, task->lba);
	return scsi_expect_in(task, get_be32(task->cdb + 10));
}

static int
status_give(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	size_t len = STATUS_HEADER_BYTES + work->index * STATUS_BYTES;

	memset(work->buf, 0, STATUS_HEADER_BYTES);
	put_be32(work->buf, (uint32_t)(len - 4));
	return scsi_give(task, work->buf, len, get_be32(task->cdb + 10));
}

/* Adds blocks to the last descriptor when they are alike, else makes one more; false: no room. */
static bool
status_add(struct scsi_work *work, size_t room, uint64_t lba, uint32_t blocks, uint8_t status)
{
	uint8_t *p = work->buf + STATUS_HEADER_BYTES + work->index * STATUS_BYTES;

	if (work->index > 0) {
		uint8_t *last = p - STATUS_BYTES;

		if (last[12] == status && get_be32(last + 8) <= UINT32_MAX - blocks) {
			put_be32(last + 8, get_be32(last + 8) + blocks);
			return true;
		}
	}
	if (work->index == room)
		return false;
	memset(p, 0, STATUS_BYTES);
	put_be64(p, lba);
	put_be32(p + 8, blocks);
	p[12] = status;
	work->index++;
	return true;
}

static int status_step(struct scsi_task *task);

static int
status_next(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	uint64_t left = scsi_lu_capacity_blocks(scsi_task_lu(task)) - task->lba - work->done_blocks;
	uint64_t len_bytes = MIN(left, (uint64_t)(UINT32_MAX >> 4))
			     << scsi_task_lu(task)->block_shift;

	if (left == 0 || ++work->looks > STATUS_MAX_LOOKS)
		return status_give(task);
	return scsi_io(task, BLK_MAP, 0, scsi_task_offset(task, work->done_blocks), len_bytes, NULL,
		       0, status_step);
}

/* A block of which only a part is a hole counts as mapped. */
static int
status_step(struct scsi_task *task)
{
	struct scsi_work *work = task->work;
	uint64_t blocks = task->io.extent.len_bytes >> scsi_task_lu(task)->block_shift;
	bool mapped = task->io.extent.mapped || blocks == 0;

	if (task->io.result != 0)
		return scsi_sense_blk(task, task->io.result, task->lba + work->done_blocks);
	blocks = MIN(MAX(blocks, (uint64_t)1), (uint64_t)(UINT32_MAX >> 4));
	if (!status_add(work, status_room(task), task->lba + work->done_blocks, (uint32_t)blocks,
			mapped ? LBA_MAPPED : LBA_DEALLOCATED))
		return status_give(task);
	work->done_blocks += blocks;
	return status_next(task);
}

int
scsi_lba_status_execute(struct scsi_task *task)
{
	if (scsi_work_new(task, STATUS_HEADER_BYTES + status_room(task) * STATUS_BYTES, 0) < 0)
		return SCSI_DONE;
	return status_next(task);
}

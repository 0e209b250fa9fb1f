/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * INQUIRY and its vital product data pages.  task.c calls these functions through the table in
 * cmd.c, on the task's thread.  Source: SPC-5, SBC-4 (Block Limits, Characteristics, Provisioning
 * pages).
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

#define VPD_MAX (4 + SCSI_DESIGNATORS_MAX)

enum { PAGE_LIMITS_LEN = 0x3c, PAGE_LONG_LEN = 0x3c };

/* Fills what follows the 4-byte header; returns how much. */
typedef size_t page_fill(const struct scsi_task *task, uint8_t *p);

static page_fill fill_pages, fill_serial, fill_identification, fill_extended, fill_limits,
	fill_characteristics, fill_provisioning, fill_copy;

static const struct {
	uint8_t code;
	page_fill *fill;
	/* clang-format off */
} pages[] = {
	{ 0x00, fill_pages },
	{ 0x80, fill_serial },
	{ 0x83, fill_identification },
	{ 0x86, fill_extended },
	{ 0x8f, fill_copy },
	{ 0xb0, fill_limits },
	{ 0xb1, fill_characteristics },
	{ 0xb2, fill_provisioning },
};
/* clang-format on */

static size_t
fill_pages(const struct scsi_task *task, uint8_t *p)
{
	(void)task;
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		p[i] = pages[i].code;
	return ARRAY_LEN(pages);
}

static size_t
fill_serial(const struct scsi_task *task, uint8_t *p)
{
	uint8_t page[4 + SCSI_SERIAL_BYTES];
	size_t len = scsi_identity_vpd80(&scsi_task_lu(task)->desc.identity, page, sizeof(page));

	memcpy(p, page + 4, len - 4);
	return len - 4;
}

static size_t
fill_identification(const struct scsi_task *task, uint8_t *p)
{
	return scsi_identity_all_designators(&scsi_task_lu(task)->desc.identity, task->nexus, p,
					     SCSI_DESIGNATORS_MAX);
}

/* Extended INQUIRY Data: which task attributes, and that there is a volatile cache. */
static size_t
fill_extended(const struct scsi_task *task, uint8_t *p)
{
	memset(p, 0, PAGE_LONG_LEN);
	p[1] = 0x07;                                            /* HEADSUP, ORDSUP, SIMPSUP */
	p[2] = scsi_task_lu(task)->desc.write_cache ? 0x01 : 0; /* V_SUP */
	return PAGE_LONG_LEN;
}

/* The commands with operation code 83h or 84h, from the table of commands. */
static size_t
put_copy_commands(uint8_t *p)
{
	size_t len = 1, head = 0; /* byte 0: the length of the list */

	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];

		if (cmd->opcode != 0x83 && cmd->opcode != 0x84)
			continue;
		if (head == 0 || p[head] != cmd->opcode) {
			head = len;
			p[head] = cmd->opcode;
			p[head + 1] = 0;
			len += 2;
		}
		p[head + 1]++;
		p[len++] = (uint8_t)cmd->action;
	}
	p[0] = (uint8_t)(len - 1);
	return len;
}

/* Ends a descriptor of the page whose `len` bytes follow its 4-byte head.  Returns its size. */
static size_t
end_copy_descriptor(uint8_t *p, unsigned type, size_t len)
{
	size_t padded = (len + 3) / 4 * 4;

	memset(p + 4 + len, 0, padded - len);
	put_be16(p, (uint16_t)type);
	put_be16(p + 2, (uint16_t)padded);
	return 4 + padded;
}

/* Third-party Copy: what this copy manager can do, as far as EXTENDED COPY(LID1) needs it. */
static size_t
fill_copy(const struct scsi_task *task, uint8_t *p)
{
	size_t len = end_copy_descriptor(p, 0x0001, put_copy_commands(p + 4));
	uint8_t *q = p + len;

	memset(q, 0, 4 + 28); /* Parameter Data */
	put_be16(q + 8, COPY_MAX_CSCDS);
	put_be16(q + 10, COPY_MAX_SEGMENTS);
	put_be32(q + 12, COPY_MAX_LIST_BYTES);
	len += end_copy_descriptor(q, 0x0004, 28);
	q = p + len;
	q[4] = 2; /* Supported Descriptors */
	q[5] = COPY_BLOCK_TO_BLOCK;
	q[6] = COPY_CSCD_IDENTIFIED;
	len += end_copy_descriptor(q, 0x0008, 3);
	q = p + len;
	put_be16(q + 4, 2); /* Supported CSCD Descriptor IDs: the unit itself */
	put_be16(q + 6, 0xffff);
	len += end_copy_descriptor(q, 0x000c, 4);
	q = p + len;
	memset(q, 0, 4 + 32); /* General Copy Operations */
	put_be32(q + 4, COPY_MAX_KNOWN);
	put_be32(q + 8, COPY_MAX_KNOWN);
	put_be32(q + 12, COPY_MAX_SEGMENT_BYTES);
	q[16] = (uint8_t)scsi_task_lu(task)->block_shift;
	return len + end_copy_descriptor(q, 0x8001, 32);
}

static uint32_t
unmap_granularity_blocks(const struct scsi_lu *lu)
{
	return MAX(scsi_lu_device(lu)->unmap_granularity_bytes >> lu->block_shift, 1u);
}

static size_t
fill_limits(const struct scsi_task *task, uint8_t *p)
{
	const struct scsi_lu *lu = scsi_task_lu(task);

	memset(p, 0, PAGE_LIMITS_LEN);
	p[1] = SCSI_MAX_COMPARE_BLOCKS;
	/* OPTIMAL TRANSFER LENGTH GRANULARITY */
	put_be16(p + 2, (uint16_t)(1u << lu->desc.physical_exponent));
	put_be32(p + 4, lu->max_transfer_blocks);
	/* OPTIMAL TRANSFER LENGTH */
	put_be32(p + 8,
		 MIN(SCSI_OPTIMAL_TRANSFER_BYTES >> lu->block_shift, lu->max_transfer_blocks));
	if (lu->unmaps) {
		put_be32(p + 16, (uint32_t)(SCSI_MAX_UNMAP_BYTES >> lu->block_shift));
		put_be32(p + 20, SCSI_MAX_UNMAP_DESCRIPTORS);
		put_be32(p + 24, unmap_granularity_blocks(lu));
		put_be32(p + 28, 0x80000000); /* UGAVALID, alignment 0 */
	}
	put_be64(p + 32, SCSI_MAX_WRITE_SAME_BYTES >> lu->block_shift);
	if (lu->desc.block_bytes == 512) /* MAXIMUM ATOMIC TRANSFER LENGTH */
		put_be32(p + 40, SCSI_MAX_ATOMIC_BLOCKS);
	return PAGE_LIMITS_LEN;
}

static size_t
fill_characteristics(const struct scsi_task *task, uint8_t *p)
{
	(void)task;
	memset(p, 0, PAGE_LONG_LEN);
	put_be16(p, 1); /* non-rotating */
	return PAGE_LONG_LEN;
}

static size_t
fill_provisioning(const struct scsi_task *task, uint8_t *p)
{
	memset(p, 0, 4);
	if (scsi_task_lu(task)->unmaps) {
		p[0] = (uint8_t)(SCSI_THRESHOLD_SET_SHIFT - scsi_task_lu(task)->block_shift);
		p[1] = 0xe4; /* LBPU, LBPWS, LBPWS10, LBPRZ 001b */
		p[2] = 0x02; /* thin */
	}
	return 4;
}

int
scsi_inquiry_parse(struct scsi_task *task)
{
	const uint8_t *cdb = task->cdb;

	if (cdb[1] & 0x02) /* CMDDT, obsolete */
		return scsi_sense_invalid_field(task, 1, 1);
	if (!(cdb[1] & 0x01) && cdb[2] != 0)
		return scsi_sense_invalid_field(task, 2, -1);
	return scsi_expect_in(task, get_be16(cdb + 3));
}

static int
inquiry_page(struct scsi_task *task)
{
	uint8_t data[VPD_MAX];
	size_t len;

	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		if (pages[i].code != task->cdb[2])
			continue;
		data[0] = 0x00;
		data[1] = pages[i].code;
		len = pages[i].fill(task, data + 4);
		put_be16(data + 2, (uint16_t)len);
		return scsi_give(task, data, 4 + len, get_be16(task->cdb + 3));
	}
	return scsi_sense_invalid_field(task, 2, -1);
}

/*
 * Without a unit: peripheral device type 1Fh; qualifier 001b for LUN 0 (none connected now), 011b
 * for what can be no unit of ours now.  Linux takes both for "go on with REPORT LUNS".
 */
static int
inquiry_without_unit(struct scsi_task *task)
{
	static const struct scsi_identity nobody = { .vendor = "VDS",
						     .product = "no unit",
						     .revision = "" };
	uint8_t data[80];
	size_t len;

	if (task->cdb[1] & 0x01) {
		if (task->cdb[2] != 0x00)
			return scsi_sense_invalid_field(task, 2, -1);
		memset(data, 0, 5);
		data[3] = 1; /* only page 00h */
		len = 5;
	} else {
		len = scsi_identity_inquiry(&nobody, data, sizeof(data));
	}
	data[0] = task->lun == 0 ? 0x3f : 0x7f;
	return scsi_give(task, data, len, get_be16(task->cdb + 3));
}

int
scsi_inquiry_execute(struct scsi_task *task)
{
	uint8_t data[80];
	size_t len;

	if (task->itl == NULL)
		return inquiry_without_unit(task);
	if (task->cdb[1] & 0x01)
		return inquiry_page(task);
	len = scsi_identity_inquiry(&scsi_task_lu(task)->desc.identity, data, sizeof(data));
	data[5] |= (uint8_t)(scsi_alua_tpgs(task) << 4);
	if (scsi_task_lu(task)->desc.removable)
		data[1] = 0x80; /* RMB */
	return scsi_give(task, data, len, get_be16(task->cdb + 3));
}

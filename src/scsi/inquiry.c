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

enum { PAGE_LIMITS_LEN = 0x3c, PAGE_LONG_LEN = 0x3c, PAGE_PORTS = 0x88 };

/* Fills what follows the 4-byte header; returns how much. */
typedef size_t page_fill(const struct scsi_task *task, uint8_t *p);

static page_fill fill_pages, fill_serial, fill_identification, fill_extended, fill_policy,
	fill_limits, fill_characteristics, fill_provisioning;

static const struct {
	uint8_t code;
	page_fill *fill;
	/* clang-format off */
} pages[] = {
	{ 0x00, fill_pages },
	{ 0x80, fill_serial },
	{ 0x83, fill_identification },
	{ 0x86, fill_extended },
	{ 0x87, fill_policy },
	{ PAGE_PORTS, NULL }, /* put_ports */
	{ 0x8f, scsi_copy_page },
	{ 0xb0, fill_limits },
	{ 0xb1, fill_characteristics },
	{ 0xb2, fill_provisioning },
};
/* clang-format on */

static bool page_exists(const struct scsi_task *task, uint8_t code);

static size_t
fill_pages(const struct scsi_task *task, uint8_t *p)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		if (page_exists(task, pages[i].code))
			p[count++] = pages[i].code;
	return count;
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
	/* EXTENDED SELF-TEST COMPLETION MINUTES */
	put_be16(p + 6, (uint16_t)MIN(scsi_self_test_seconds(scsi_task_lu(task)) / 60 + 1,
				      (uint64_t)UINT16_MAX));
	p[9] = SCSI_SENSE_BYTES; /* MAXIMUM SUPPORTED SENSE DATA LENGTH */
	return PAGE_LONG_LEN;
}

/* Mode Page Policy: all nexuses share all mode pages. */
static size_t
fill_policy(const struct scsi_task *task, uint8_t *p)
{
	(void)task;
	memset(p, 0, 4);
	p[0] = 0x3f;
	p[1] = 0xff;
	return 4;
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
	const struct scsi_lu *lu = scsi_task_lu(task);

	memset(p, 0, PAGE_LONG_LEN);
	put_be16(p, 1); /* non-rotating */
	if (lu->unmaps && scsi_job_is_possible(lu))
		p[3] = 0x40; /* WABEREQ 01b: blocks can be read after BLOCK ERASE */
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

/* ---- SCSI Ports ---- */

enum {
	PORT_HEAD_BYTES = 12,
	PORT_BYTES_MAX = PORT_HEAD_BYTES + 4 + SCSI_PORT_NAME_BYTES,
	PORTS_BYTES_MAX = UINT16_MAX, /* PAGE LENGTH */
};

/*
 * Writes the descriptor of a target port: its relative identifier, no TransportID of an initiator,
 * and its name.  Returns its size.
 */
static size_t
put_port(uint8_t *p, uint16_t number, const char *name)
{
	size_t len = scsi_identity_port(name, p + PORT_HEAD_BYTES,
					PORT_BYTES_MAX - PORT_HEAD_BYTES);

	memset(p, 0, PORT_HEAD_BYTES);
	put_be16(p + 2, number);
	put_be16(p + 10, (uint16_t)len);
	return PORT_HEAD_BYTES + len;
}

/* The ports of all targets that the unit is behind, as many as a page can tell of. */
static int
inquiry_ports(struct scsi_task *task)
{
	const struct scsi_host_ops *ops = task->nexus->ops;
	size_t count = ops->ports(task->itl, NULL, 0), len = 4;
	AUTO_FREE uint8_t *data = mem_calloc(1, 4 + PORT_BYTES_MAX * (count + 1));
	char name[SCSI_PORT_NAME_BYTES];

	if (data == NULL)
		return scsi_status(task, SCSI_STATUS_BUSY);
	data[1] = PAGE_PORTS;
	for (size_t i = 0; i < count && len - 4 <= PORTS_BYTES_MAX - PORT_BYTES_MAX; i++) {
		uint16_t number = ops->port_name(task->itl, i, name);

		if (number == 0)
			break;
		len += put_port(data + len, number, name);
	}
	put_be16(data + 2, (uint16_t)(len - 4));
	return scsi_give(task, data, len, get_be16(task->cdb + 3));
}

static bool
page_exists(const struct scsi_task *task, uint8_t code)
{
	return code != PAGE_PORTS || task->nexus->ops->port_name != NULL;
}

static int
inquiry_page(struct scsi_task *task)
{
	uint8_t data[VPD_MAX];
	size_t len;

	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		if (pages[i].code != task->cdb[2] || !page_exists(task, pages[i].code))
			continue;
		if (pages[i].code == PAGE_PORTS)
			return inquiry_ports(task);
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

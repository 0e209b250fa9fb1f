/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Third-party Copy VPD page: what this copy manager can do.  inquiry.c calls it.  Source: SPC-5
 * (Third-party Copy VPD page), SBC-4 (Block Device ROD Token Limits descriptor).
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

/* The types of the descriptors. */
enum {
	ROD_LIMITS = 0x0000,
	COMMANDS = 0x0001,
	PARAMETERS = 0x0004,
	DESCRIPTORS = 0x0008,
	CSCD_IDS = 0x000c,
	ROD_FEATURES = 0x0106,
	ROD_TYPES = 0x0108,
	GENERAL = 0x8001,
};

/* Bits of a ROD type descriptor. */
enum { TOKEN_OUT = 0x01, TOKEN_IN = 0x02 };

/* Ends a descriptor of the page whose `len` bytes follow its 4-byte head.  Returns its size. */
static size_t
end_descriptor(uint8_t *p, unsigned type, size_t len)
{
	size_t padded = (len + 3) / 4 * 4;

	memset(p + 4 + len, 0, padded - len);
	put_be16(p, (uint16_t)type);
	put_be16(p + 2, (uint16_t)padded);
	return 4 + padded;
}

/* The commands with operation code 83h or 84h, from the table of commands. */
static size_t
put_commands(uint8_t *p)
{
	size_t len = 1, head = 0; /* byte 0: the length of the list */
	uint8_t *list = p + 4;

	for (size_t i = 0; i < scsi_cmd_count; i++) {
		const struct scsi_cmd *cmd = &scsi_cmds[i];

		if (cmd->opcode != 0x83 && cmd->opcode != 0x84)
			continue;
		if (head == 0 || list[head] != cmd->opcode) {
			head = len;
			list[head] = cmd->opcode;
			list[head + 1] = 0;
			len += 2;
		}
		list[head + 1]++;
		list[len++] = (uint8_t)cmd->action;
	}
	list[0] = (uint8_t)(len - 1);
	return end_descriptor(p, COMMANDS, len);
}

static size_t
put_rod_limits(const struct scsi_lu *lu, uint8_t *p)
{
	memset(p, 0, 4 + 32);
	put_be16(p + 10, TOKEN_MAX_RANGES);
	put_be32(p + 12, TOKEN_MAX_SECONDS);
	put_be32(p + 16, TOKEN_DEFAULT_SECONDS);
	put_be64(p + 20, TOKEN_MAX_TRANSFER >> lu->block_shift);
	put_be64(p + 28, TOKEN_OPTIMAL_TRANSFER >> lu->block_shift);
	return end_descriptor(p, ROD_LIMITS, 32);
}

/* REMOTE TOKENS is 0.  A token has no lifetime but its inactivity timeout. */
static size_t
put_rod_features(const struct scsi_lu *lu, uint8_t *p)
{
	const size_t len = 44 + 48;
	uint8_t *block = p + 48;

	memset(p, 0, 4 + len);
	put_be32(p + 20, UINT32_MAX); /* MAXIMUM TOKEN LIFETIME */
	put_be32(p + 24, TOKEN_MAX_SECONDS);
	put_be16(p + 46, 48);
	put_be16(block + 2, 44); /* descriptor format 0: block devices */
	put_be16(block + 6, (uint16_t)(1u << lu->desc.physical_exponent));
	put_be64(block + 8, TOKEN_MAX_TRANSFER);
	put_be64(block + 16, TOKEN_OPTIMAL_TRANSFER);
	put_be64(block + 24, TOKEN_MAX_TRANSFER);
	put_be64(block + 32, TOKEN_OPTIMAL_TRANSFER);
	return end_descriptor(p, ROD_FEATURES, len);
}

static size_t
put_rod_types(uint8_t *p)
{
	uint8_t *type = p + 8;

	memset(p, 0, 8 + 2 * 64);
	put_be16(p + 6, 2 * 64);
	put_be32(type, TOKEN_TYPE_VULNERABLE);
	type[4] = TOKEN_IN | TOKEN_OUT;
	put_be16(type + 6, 1); /* PREFERENCE INDICATOR */
	put_be32(type + 64, TOKEN_TYPE_ZERO);
	type[64 + 4] = TOKEN_IN;
	return end_descriptor(p, ROD_TYPES, 4 + 2 * 64);
}

static size_t
put_parameters(uint8_t *p)
{
	memset(p, 0, 4 + 28);
	put_be16(p + 8, COPY_MAX_CSCDS);
	put_be16(p + 10, COPY_MAX_SEGMENTS);
	put_be32(p + 12, COPY_MAX_LIST_BYTES);
	return end_descriptor(p, PARAMETERS, 28);
}

static size_t
put_general(const struct scsi_lu *lu, uint8_t *p)
{
	memset(p, 0, 4 + 32);
	put_be32(p + 4, COPY_MAX_KNOWN);
	put_be32(p + 8, COPY_MAX_KNOWN);
	put_be32(p + 12, COPY_MAX_SEGMENT_BYTES);
	p[16] = (uint8_t)lu->block_shift;
	return end_descriptor(p, GENERAL, 32);
}

size_t
scsi_copy_page(const struct scsi_task *task, uint8_t *p)
{
	const struct scsi_lu *lu = scsi_task_lu(task);
	size_t len = put_rod_limits(lu, p);

	len += put_commands(p + len);
	len += put_parameters(p + len);
	p[len + 4] = 2; /* Supported Descriptors */
	p[len + 5] = COPY_BLOCK_TO_BLOCK;
	p[len + 6] = COPY_CSCD_IDENTIFIED;
	len += end_descriptor(p + len, DESCRIPTORS, 3);
	put_be16(p + len + 4, 2); /* Supported CSCD Descriptor IDs: the unit itself */
	put_be16(p + len + 6, 0xffff);
	len += end_descriptor(p + len, CSCD_IDS, 4);
	len += put_rod_features(lu, p + len);
	len += put_rod_types(p + len);
	return len + put_general(lu, p + len);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is known of a command before its turn: where READ and WRITE will go, so that the memory is
 * on its way to the processor when they get there.  Only a hint: nothing is checked here, and
 * nothing depends on it.  The thread of the command's connection.
 */
#include "scsi/scsi_int.h"

#include "base/bytes.h"

/* Larger ones do not wait for the first bytes: the processor fetches ahead by itself. */
#define SMALL_BYTES (32u * 1024)

void
scsi_lu_soon(const struct scsi_lu *lu, const uint8_t *cdb)
{
	uint64_t lba;
	uint32_t blocks;

	switch (cdb[0]) {
	case 0x28: /* READ(10) */
	case 0x2a: /* WRITE(10) */
		lba = get_be32(cdb + 2);
		blocks = get_be16(cdb + 7);
		break;
	case 0x88: /* READ(16) */
	case 0x8a: /* WRITE(16) */
		lba = get_be64(cdb + 2);
		blocks = get_be32(cdb + 10);
		break;
	default:
		return;
	}
	if (blocks > 0 && blocks <= SMALL_BYTES >> lu->block_shift &&
	    lba <= UINT64_MAX >> lu->block_shift)
		blk_prefetch(scsi_lu_device(lu), lba << lu->block_shift, blocks << lu->block_shift);
}

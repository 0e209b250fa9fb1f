/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which commands conflict with a reservation.  Source: the tables of SPC-5 and SBC-4, "commands
 * that are allowed in the presence of various reservations"; for RESERVE, which is obsolete there,
 * those of SPC-2.  Where SBC-4 leaves a choice (READ DEFECT DATA, MODE SENSE and the like with
 * Write Exclusive) the command is allowed, and REPORT CAPABILITIES says so (reserve_in.c).
 */
#include "scsi/scsi_int.h"

/* clang-format off */
const bool scsi_access_conflicts[ACCESS_START][ROLE_COUNT] = {
	/*                    free   RESERVE  WE     EA     registered  WE others  EA others */
	[ACCESS_CHANGES] = { false,  true,    true,  true,  false,      true,      true  },
	[ACCESS_READS]   = { false,  true,    false, true,  false,      false,     true  },
	[ACCESS_ANY]     = { false,  true,    false, false, false,      false,     false },
	[ACCESS_ALWAYS]  = { false,  false,   false, false, false,      false,     false },
};
/* clang-format on */

enum scsi_access_group
scsi_access_group(enum scsi_access_group group, const uint8_t *cdb)
{
	bool harmless;

	switch (group) {
	case ACCESS_START: /* START is 1 and POWER CONDITION is 0 */
		harmless = (cdb[4] & 0xf1) == 0x01;
		break;
	case ACCESS_PREVENT:
		harmless = (cdb[4] & 0x03) == 0;
		break;
	case ACCESS_CHANGES:
	case ACCESS_READS:
	case ACCESS_ANY:
	case ACCESS_ALWAYS:
	case ACCESS_GROUPS:
	default:
		return group;
	}
	return harmless ? ACCESS_ALWAYS : ACCESS_CHANGES;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LUN fields (SAM-6: peripheral device and flat space addressing), for any thread, and REPORT LUNS
 * (SPC-5), which task.c calls through the table in cmd.c on the task's thread.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

void
scsi_lun_encode(uint16_t lun, uint8_t field[8])
{
	memset(field, 0, 8);
	put_be16(field, (uint16_t)(lun < 256 ? lun : 0x4000 | lun));
}

/* Bytes 2-7 address lower levels, which we do not have. */
int
scsi_lun_decode(const uint8_t field[8])
{
	static const uint8_t zeros[6];

	if (memcmp(field + 2, zeros, sizeof(zeros)) != 0)
		return ERR_NOT_FOUND;
	switch (field[0] >> 6) {
	case 0: /* peripheral device: bus 0 */
		return field[0] == 0 ? field[1] : ERR_NOT_FOUND;
	case 1: /* flat space */
		return get_be16(field) & 0x3fff;
	default:
		return ERR_NOT_FOUND;
	}
}

enum {
	SELECT_ALL_ADDRESSABLE = 0x00, /* but no well known units */
	SELECT_WELL_KNOWN = 0x01,      /* there are none */
	SELECT_ALL = 0x02,
};

int
scsi_report_luns_parse(struct scsi_task *task)
{
	uint32_t allocation = get_be32(task->cdb + 6);

	if (task->cdb[2] > SELECT_ALL)
		return scsi_sense_invalid_field(task, 2, -1);
	if (allocation < 16)
		return scsi_sense_invalid_field(task, 6, -1);
	return scsi_expect_in(task, MIN(allocation, 8u + 8u * (SCSI_LUN_MAX + 1u)));
}

/* The numbers lie at the end of the list that they become, entry by entry from the front. */
static int
report(struct scsi_task *task, size_t count)
{
	size_t len = 8 + 8 * count;
	AUTO_FREE uint8_t *data = mem_alloc(len + sizeof(uint16_t) * (count + 1));
	uint16_t *luns;

	if (data == NULL)
		return scsi_status(task, SCSI_STATUS_BUSY);
	luns = (uint16_t *)(void *)(data + len);
	if (count > 0)
		count = MIN(count, task->nexus->ops->luns(task->nexus, 0, luns, count));
	len = 8 + 8 * count;
	memset(data, 0, 8);
	put_be32(data, (uint32_t)(8 * count));
	for (size_t i = 0; i < count; i++)
		scsi_lun_encode(luns[i], data + 8 + 8 * i);
	return scsi_give(task, data, len, get_be32(task->cdb + 6));
}

/*
 * Whoever has the list knows it: REPORTED LUNS DATA HAS CHANGED is off for all units of this nexus.
 */
int
scsi_report_luns_execute(struct scsi_task *task)
{
	struct scsi_nexus *nexus = task->nexus;
	size_t count = 0;

	if (task->cdb[2] != SELECT_WELL_KNOWN) {
		count = MIN(nexus->ops->luns(nexus, 0, NULL, 0), (size_t)SCSI_LUN_MAX + 1);
		nexus->luns_reported = nexus->luns_changed;
		if (task->itl != NULL)
			task->itl->pending &= ~(1u << SCSI_UA_REPORTED_LUNS);
	}
	return report(task, count);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Primary commands that are not about identity, modes or LUNs.  task.c calls these functions
 * through the table in cmd.c, on the task's thread.  Source: SPC-5; START STOP UNIT: SBC-4.
 */
#include <string.h>

#include "base/bytes.h"
#include "scsi/scsi_int.h"

/* TEST UNIT READY, and every command that has nothing to do once its CDB was checked. */
int
scsi_tur_parse(struct scsi_task *task)
{
	return scsi_expect_none(task);
}

int
scsi_tur_execute(struct scsi_task *task)
{
	return scsi_good(task);
}

int
scsi_request_sense_parse(struct scsi_task *task)
{
	return scsi_expect_in(task, task->cdb[4]);
}

/*
 * Autosense left nothing to ask for; so this is a unit attention, what TEST UNIT READY would say,
 * or nothing.
 */
static struct scsi_condition
current_condition(struct scsi_task *task)
{
	enum scsi_ua ua;

	if (task->itl == NULL)
		return scsi_condition_no_unit();
	ua = scsi_ua_take(task->itl);
	if (ua != SCSI_UA_COUNT)
		return scsi_condition_attention(ua);
	return scsi_condition_state(scsi_lu_state(scsi_task_lu(task)));
}

int
scsi_request_sense_execute(struct scsi_task *task)
{
	struct scsi_condition cond = current_condition(task);
	uint8_t data[SCSI_SENSE_BYTES];
	size_t len = scsi_sense_format(&cond, (task->cdb[1] & 0x01) != 0, data);

	return scsi_give(task, data, len, task->cdb[4]);
}

/* The medium is not removable: nothing to prevent.  10b and 11b are obsolete. */
int
scsi_prevent_parse(struct scsi_task *task)
{
	if (task->cdb[4] & 0x02)
		return scsi_sense_invalid_field(task, 4, 1);
	return scsi_expect_none(task);
}

/*
 * START succeeds, since the unit is always ready.  STOP is refused, as are LOEJ and POWER
 * CONDITION: a stopped unit would be stopped for every initiator that uses it, and one of them must
 * not do that to the others.  An administrator takes a LUN offline.
 */
int
scsi_start_stop_parse(struct scsi_task *task)
{
	const uint8_t *cdb = task->cdb;

	if (cdb[4] & 0xf0)
		return scsi_sense_invalid_field(task, 4, 7);
	if (cdb[3] & 0x0f)
		return scsi_sense_invalid_field(task, 3, 3);
	if (cdb[4] & 0x02)
		return scsi_sense_invalid_field(task, 4, 1);
	if (!(cdb[4] & 0x01))
		return scsi_sense_invalid_field(task, 4, 0);
	return scsi_expect_none(task);
}

int
scsi_report_tmf_parse(struct scsi_task *task)
{
	uint32_t allocation = get_be32(task->cdb + 6);

	if (allocation < 4)
		return scsi_sense_invalid_field(task, 6, -1);
	return scsi_expect_in(task, allocation);
}

/*
 * ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET: what iSCSI carries and target/
 * does.
 */
int
scsi_report_tmf_execute(struct scsi_task *task)
{
	bool extended = (task->cdb[2] & 0x80) != 0; /* REPD */
	uint8_t data[16] = { 0xd8 };

	if (extended)
		data[3] = 0x0c;
	return scsi_give(task, data, extended ? 16 : 4, get_be32(task->cdb + 6));
}

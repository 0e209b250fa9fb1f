/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Primary commands that are not about identity, modes or LUNs.  task.c calls these functions
 * through the table in cmd.c, on the task's thread.  Source: SPC-5.
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
	if (scsi_alua_is_limited(task))
		return scsi_condition_access((enum scsi_alua)task->nexus->access);
	if (scsi_lu_state(scsi_task_lu(task)) == SCSI_LU_ONLINE)
		return scsi_condition_idle(scsi_task_lu(task));
	return scsi_condition_state(scsi_task_lu(task), scsi_lu_state(scsi_task_lu(task)));
}

int
scsi_request_sense_execute(struct scsi_task *task)
{
	struct scsi_condition cond = current_condition(task);
	uint8_t data[SCSI_SENSE_BYTES];
	size_t len = scsi_sense_format(&cond, (task->cdb[1] & 0x01) != 0, data);

	return scsi_give(task, data, len, task->cdb[4]);
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
 * does; QUERY TASK, and in byte 1 QUERY ASYNCHRONOUS EVENT, QUERY TASK SET and I_T NEXUS RESET,
 * where the session has them.
 */
int
scsi_report_tmf_execute(struct scsi_task *task)
{
	bool extended = (task->cdb[2] & 0x80) != 0; /* REPD */
	uint8_t data[16] = { 0xd8 };

	if (task->nexus->has_queries) {
		data[0] |= 0x04;
		data[1] = 0x07;
	}
	if (extended)
		data[3] = 0x0c;
	return scsi_give(task, data, extended ? 16 : 4, get_be32(task->cdb + 6));
}

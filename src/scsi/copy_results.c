/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RECEIVE COPY RESULTS: what the copy manager can do, and how the copies of this nexus went.  The
 * record of a copy is known to the nexus that asked for it, until it was read, the unit is reset or
 * the session ends; of those that have ended the oldest gives way to a new one.  Everything runs on
 * the nexus' thread.  Source: SPC-4 (RECEIVE COPY … (LID1) commands).
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

enum {
	STATUS_BYTES = 12,
	FAILURE_HEAD_BYTES = 60,
	LIMITS_BYTES = 46,
};

static uint32_t
resets_of(const struct scsi_itl *itl)
{
	return atomic_load(&itl->lu->ua_raised[SCSI_UA_LU_RESET]);
}

static void
forget(struct scsi_copy_record *record)
{
	list_remove(&record->node);
	mem_free(record);
}

void
scsi_copy_forget_all(struct scsi_itl *itl)
{
	list_for_each_safe(node, &itl->copies)
		forget(list_entry(node, struct scsi_copy_record, node));
}

/* Forgets what a reset of the unit has ended; a copy that goes on keeps its record until it ends. */
static void
forget_reset(struct scsi_itl *itl)
{
	uint32_t resets = resets_of(itl);

	list_for_each_safe(node, &itl->copies) {
		struct scsi_copy_record *record = list_entry(node, struct scsi_copy_record, node);

		if (record->state != COPY_GOES_ON && record->resets != resets)
			forget(record);
	}
}

static struct scsi_copy_record *
record_find(struct scsi_itl *itl, uint8_t list_id)
{
	forget_reset(itl);
	list_for_each(node, &itl->copies) {
		struct scsi_copy_record *record = list_entry(node, struct scsi_copy_record, node);

		if (record->list_id == list_id)
			return record;
	}
	return NULL;
}

/* Makes room for one more record.  Returns false when so many copies go on. */
static bool
make_room(struct scsi_itl *itl)
{
	struct scsi_copy_record *oldest = NULL;
	unsigned count = 0;

	list_for_each(node, &itl->copies) {
		struct scsi_copy_record *record = list_entry(node, struct scsi_copy_record, node);

		count++;
		if (oldest == NULL && record->state != COPY_GOES_ON)
			oldest = record;
	}
	if (count < COPY_MAX_KNOWN)
		return true;
	if (oldest == NULL)
		return false;
	forget(oldest);
	return true;
}

int
scsi_copy_record_new(struct scsi_task *task, uint8_t list_id, bool keep,
		     struct scsi_copy_record **ret_record)
{
	struct scsi_itl *itl = task->itl;
	struct scsi_copy_record *record = record_find(itl, list_id);

	if (record != NULL && record->state == COPY_GOES_ON)
		return scsi_sense_in_progress(task);
	if (record != NULL)
		forget(record);
	if (!make_room(itl))
		return scsi_status(task, SCSI_STATUS_TASK_SET_FULL);
	record = mem_calloc(1, sizeof(*record));
	if (record == NULL)
		return scsi_status(task, SCSI_STATUS_BUSY);
	record->list_id = list_id;
	record->keep = keep;
	record->resets = resets_of(itl);
	list_append(&itl->copies, &record->node);
	*ret_record = record;
	return SCSI_GO;
}

void
scsi_copy_record_end(struct scsi_copy_record *record, const struct scsi_task *task)
{
	if (record == NULL)
		return;
	if (task->aborted || !record->keep) {
		forget(record);
		return;
	}
	record->state = task->status == SCSI_STATUS_GOOD ? COPY_DONE : COPY_FAILED;
	record->status = task->status;
	record->sense_bytes = task->sense_bytes;
	memcpy(record->sense, task->sense, sizeof(record->sense));
}

/* ---- The commands ---- */

int
scsi_copy_results_parse(struct scsi_task *task)
{
	return scsi_expect_in(task, get_be32(task->cdb + 10));
}

/* RECEIVE COPY STATUS.  What was told of a copy that has ended is forgotten. */
int
scsi_copy_status_execute(struct scsi_task *task)
{
	struct scsi_copy_record *record = record_find(task->itl, task->cdb[2]);
	uint8_t data[STATUS_BYTES] = { 0 };
	int rc;

	if (record == NULL)
		return scsi_sense_invalid_field(task, 2, -1);
	put_be32(data, STATUS_BYTES - 4);
	data[4] = (uint8_t)record->state;
	put_be16(data + 5, record->segments);
	data[7] = record->bytes > UINT32_MAX ? 0x01 : 0x00; /* KiB, bytes */
	put_be32(data + 8,
		 (uint32_t)(record->bytes > UINT32_MAX ? record->bytes >> 10 : record->bytes));
	rc = scsi_give(task, data, sizeof(data), get_be32(task->cdb + 10));
	if (task->status == SCSI_STATUS_GOOD && record->state == COPY_DONE)
		forget(record);
	return rc;
}

/* RECEIVE COPY DATA.  No segment descriptor that is supported holds data for the initiator. */
int
scsi_copy_data_execute(struct scsi_task *task)
{
	struct scsi_copy_record *record = record_find(task->itl, task->cdb[2]);
	uint8_t data[4] = { 0 };

	if (record == NULL || record->state == COPY_GOES_ON)
		return scsi_sense_invalid_field(task, 2, -1);
	return scsi_give(task, data, sizeof(data), get_be32(task->cdb + 10));
}

/* RECEIVE COPY FAILURE DETAILS. */
int
scsi_copy_failure_execute(struct scsi_task *task)
{
	struct scsi_copy_record *record = record_find(task->itl, task->cdb[2]);
	uint8_t data[FAILURE_HEAD_BYTES + SCSI_SENSE_BYTES] = { 0 };
	size_t len = FAILURE_HEAD_BYTES;
	int rc;

	if (record == NULL || record->state != COPY_FAILED)
		return scsi_sense_invalid_field(task, 2, -1);
	data[56] = record->status;
	put_be16(data + 58, record->sense_bytes);
	memcpy(data + len, record->sense, record->sense_bytes);
	len += record->sense_bytes;
	put_be32(data, (uint32_t)(len - 4));
	rc = scsi_give(task, data, len, get_be32(task->cdb + 10));
	if (task->status == SCSI_STATUS_GOOD)
		forget(record);
	return rc;
}

/* RECEIVE COPY OPERATING PARAMETERS. */
int
scsi_copy_limits_execute(struct scsi_task *task)
{
	uint8_t data[LIMITS_BYTES] = { 0 };

	put_be32(data, LIMITS_BYTES - 4);
	data[4] = 0x01; /* SNLID: list identifiers need not be used */
	put_be16(data + 8, COPY_MAX_CSCDS);
	put_be16(data + 10, COPY_MAX_SEGMENTS);
	put_be32(data + 12, COPY_MAX_LIST_BYTES);
	put_be32(data + 16, COPY_MAX_SEGMENT_BYTES);
	put_be16(data + 34, COPY_MAX_KNOWN); /* TOTAL CONCURRENT COPIES */
	data[36] = COPY_MAX_KNOWN;           /* MAXIMUM CONCURRENT COPIES */
	data[37] = (uint8_t)scsi_task_lu(task)->block_shift;
	data[43] = 2; /* IMPLEMENTED DESCRIPTOR LIST LENGTH */
	data[44] = COPY_BLOCK_TO_BLOCK;
	data[45] = COPY_CSCD_IDENTIFIED;
	return scsi_give(task, data, sizeof(data), get_be32(task->cdb + 10));
}

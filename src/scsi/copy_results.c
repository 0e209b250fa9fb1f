/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RECEIVE COPY RESULTS: what the copy manager can do, and how the copies of this nexus went; COPY
 * OPERATION ABORT.  The
 * record of a copy is known to the nexus that asked for it, until it was read, the unit is reset or
 * the session ends; of those that have ended the oldest gives way to a new one.  Everything runs on
 * the nexus' thread.  A list identifier of 8 bits and one of 32 bits are the same when their
 * numbers are.  Source: SPC-4 (RECEIVE COPY … (LID1) and (LID4) commands, RECEIVE ROD TOKEN
 * INFORMATION).
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

enum {
	STATUS_BYTES = 12,
	FAILURE_HEAD_BYTES = 60,
	LIMITS_BYTES = 46,
	STATUS4_BYTES = 32,
	IN_FOREGROUND = 0x11,  /* COPY OPERATION STATUS */
	UPDATE_DELAY_MS = 100, /* ESTIMATED STATUS UPDATE DELAY */
	UNITS_BLOCKS = 0xf1,   /* TRANSFER COUNT UNITS */
};

#define NO_UPDATE 0xfffffffeu

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

/*
 * Forgets what a reset of the unit has ended; a copy that goes on keeps its record until it ends.
 */
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
record_find(struct scsi_itl *itl, uint32_t list_id)
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
scsi_copy_record_new(struct scsi_task *task, uint32_t list_id, bool keep,
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
	record->action = (uint8_t)task->cmd->action;
	record->task = task;
	record->keep = keep;
	record->resets = resets_of(itl);
	list_append(&itl->copies, &record->node);
	*ret_record = record;
	return SCSI_GO;
}

/*
 * An abort of the task leaves what is known of a copy that has a list identifier of 32 bits; of the
 * others nothing was told in such a case, before there were the former.
 */
void
scsi_copy_record_end(struct scsi_copy_record *record, const struct scsi_task *task, bool terminated)
{
	if (record == NULL)
		return;
	record->task = NULL;
	if (!record->keep || (task->aborted && record->action == COPY_ACTION_LID1)) {
		forget(record);
		return;
	}
	if (terminated || task->aborted)
		record->state = COPY_TERMINATED;
	else if (task->status != SCSI_STATUS_GOOD)
		record->state = COPY_FAILED;
	else
		record->state = record->partly ? COPY_PARTLY : COPY_DONE;
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
	/* COPY COMMAND STATUS knows no more than these three */
	data[4] = (uint8_t)(record->state == COPY_PARTLY       ? COPY_DONE
			    : record->state == COPY_TERMINATED ? COPY_FAILED
							       : record->state);
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

/* ---- What has 32-bit list identifiers ---- */

static struct scsi_copy_record *
record_find4(struct scsi_task *task)
{
	return record_find(task->itl, get_be32(task->cdb + 2));
}

/*
 * Writes what the answers of all commands have in front, with the sense data at its end.  Returns
 * its size; the caller sets AVAILABLE DATA.  TRANSFER COUNT is in blocks of the destination.
 */
static size_t
put_status(const struct scsi_task *task, const struct scsi_copy_record *record, uint8_t *p)
{
	bool goes_on = record->state == COPY_GOES_ON;
	size_t sense = record->state == COPY_FAILED ? (record->sense_bytes + 3u) / 4 * 4 : 0;

	memset(p, 0, STATUS4_BYTES + sense);
	p[4] = record->action;
	p[5] = goes_on ? IN_FOREGROUND : (uint8_t)record->state;
	put_be32(p + 8, goes_on ? UPDATE_DELAY_MS : NO_UPDATE);
	if (record->state == COPY_TERMINATED)
		p[12] = SCSI_STATUS_TASK_ABORTED;
	else if (!goes_on)
		p[12] = record->status;
	p[13] = (uint8_t)sense;
	if (sense > 0)
		p[14] = record->sense_bytes;
	if (record->action == COPY_ACTION_POPULATE || record->action == COPY_ACTION_WRITE) {
		p[15] = UNITS_BLOCKS;
		put_be64(p + 16, record->bytes >> scsi_task_lu(task)->block_shift);
	} else {
		put_be64(p + 16, record->bytes);
		put_be16(p + 24, (uint16_t)(record->segments + (goes_on ? 1 : 0)));
	}
	memcpy(p + STATUS4_BYTES, record->sense, MIN(sense, sizeof(record->sense)));
	return STATUS4_BYTES + sense;
}

/* RECEIVE COPY STATUS(LID4).  What is told stays, for an initiator that asks again. */
int
scsi_copy_status4_execute(struct scsi_task *task)
{
	const struct scsi_copy_record *record = record_find4(task);
	uint8_t data[STATUS4_BYTES + SCSI_SENSE_BYTES];
	size_t len;

	if (record == NULL)
		return scsi_sense_invalid_field(task, 2, -1);
	len = put_status(task, record, data);
	put_be32(data, (uint32_t)(len - 4));
	return scsi_give(task, data, len, get_be32(task->cdb + 10));
}

/* RECEIVE ROD TOKEN INFORMATION.  A token is told once, or never when nobody wants to read it. */
int
scsi_rod_token_execute(struct scsi_task *task)
{
	struct scsi_copy_record *record = record_find4(task);
	uint8_t data[STATUS4_BYTES + SCSI_SENSE_BYTES + 6 + TOKEN_BYTES];
	uint32_t allocation = get_be32(task->cdb + 10);
	size_t len;
	int rc;

	if (record == NULL)
		return scsi_sense_invalid_field(task, 2, -1);
	len = put_status(task, record, data);
	put_be32(data + len, record->has_token ? 2 + TOKEN_BYTES : 0);
	len += 4;
	if (record->has_token) {
		put_be16(data + len, 0);
		memcpy(data + len + 2, record->token, TOKEN_BYTES);
		len += 2 + TOKEN_BYTES;
	}
	put_be32(data, (uint32_t)(len - 4));
	rc = scsi_give(task, data, len, allocation);
	if (task->status == SCSI_STATUS_GOOD && record->state != COPY_GOES_ON &&
	    (allocation == 0 || (record->has_token && task->in_bytes == len)))
		forget(record);
	return rc;
}

int
scsi_copy_abort_parse(struct scsi_task *task)
{
	return scsi_expect_none(task);
}

/*
 * COPY OPERATION ABORT.  The copy's own command ends with its next step, and nothing is written
 * later.
 */
int
scsi_copy_abort_execute(struct scsi_task *task)
{
	const struct scsi_copy_record *record = record_find4(task);

	if (record == NULL || record->task == NULL)
		return scsi_sense_invalid_field(task, 2, -1);
	scsi_copy_terminate(record->task);
	return scsi_good(task);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FORMAT UNIT and SANITIZE: what their CDBs and parameter lists may say.  What they do with the
 * medium is a job (job.c).  task.c calls these functions through the table in cmd.c, on the task's
 * thread.  Source: SBC-4 (FORMAT UNIT; SANITIZE; sanitize operations).
 *
 * A FORMAT UNIT gives the space of a thin unit back, and writes zeros to a thick one; an
 * initialization pattern is written.  SANITIZE writes in place and waits for the medium after each
 * pass.  BLOCK ERASE overwrites with zeros what takes space, and then gives that back;
 * CRYPTOGRAPHIC ERASE does not exist, since nothing is encrypted here.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

/* ---- FORMAT UNIT ---- */

enum {
	/* CDB, byte 1 */
	FMTPINFO = 0xc0,
	LONGLIST = 0x20,
	FMTDATA = 0x10,
	/* parameter list header, byte 1 */
	FOV = 0x80,
	OPTIONS = 0x78, /* DPRY, DCRT, STPF, IP: only with FOV */
	IP = 0x08,
	IMMED = 0x02,
	SHORT_HEADER_BYTES = 4,
	LONG_HEADER_BYTES = 8,
	/* initialization pattern descriptor */
	SI = 0x20,
	PATTERN_DEFAULT = 0,
	PATTERN_REPEATED = 1,
	DESCRIPTOR_BYTES = 4, /* and the pattern */
};

static size_t
header_bytes(const struct scsi_task *task)
{
	return task->cdb[1] & LONGLIST ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES;
}

static void
need_whole_unit(struct scsi_task *task)
{
	task->range.first_block = 0;
	task->range.last_block = UINT64_MAX;
}

/*
 * There is no field for the length of the parameter list: what it has says so.  No list that is
 * carried out is longer than the header and a descriptor with a pattern of one block.
 */
int
scsi_format_parse(struct scsi_task *task)
{
	uint32_t most = LONG_HEADER_BYTES + DESCRIPTOR_BYTES + scsi_task_lu(task)->desc.block_bytes;

	if (task->cdb[1] & FMTPINFO)
		return scsi_sense_invalid_field(task, 1, 7);
	if (task->cdb[4] & 0x03) /* FFMT: there is no fast format */
		return scsi_sense_invalid_field(task, 4, 1);
	need_whole_unit(task);
	/* without a list the others are ignored, and the format of defects is ours */
	if (!(task->cdb[1] & FMTDATA))
		return scsi_expect_none(task);
	if (task->expected_out_bytes < header_bytes(task))
		return scsi_sense_parameter_length(task);
	task->out_needed_bytes = MIN(task->expected_out_bytes, most);
	task->out_total_bytes = task->out_needed_bytes;
	return SCSI_GO;
}

/*
 * Reads an initialization pattern descriptor at `at` into the record, of which *bytes is the size
 * so far.  SCSI_GO or SCSI_DONE.
 */
static int
read_pattern(struct scsi_task *task, unsigned at, uint8_t *record, size_t *bytes)
{
	uint8_t head[DESCRIPTOR_BYTES];
	size_t len;

	if (task->out_bytes < at + DESCRIPTOR_BYTES)
		return scsi_sense_parameter_length(task);
	scsi_out_copy(task, at, head, sizeof(head));
	len = get_be16(head + 2);
	if (head[0] & SI) /* what has no address is the store's business; SANITIZE overwrites */
		return scsi_sense_invalid_parameter(task, at, 5);
	if (head[1] > PATTERN_REPEATED)
		return scsi_sense_invalid_parameter(task, at + 1, -1);
	if ((head[1] == PATTERN_DEFAULT) != (len == 0) ||
	    len > scsi_task_lu(task)->desc.block_bytes)
		return scsi_sense_invalid_parameter(task, at + 2, -1);
	if (task->out_bytes < at + DESCRIPTOR_BYTES + len)
		return scsi_sense_parameter_length(task);
	scsi_out_copy(task, at + DESCRIPTOR_BYTES, record + *bytes, len);
	/* zeros are what blocks are without being written */
	if (len > 0 && !scsi_is_zero(record + *bytes, len))
		*bytes += len;
	task->out_total_bytes = at + DESCRIPTOR_BYTES + len;
	return SCSI_GO;
}

/* Reads the parameter list.  SCSI_GO or SCSI_DONE. */
static int
read_format(struct scsi_task *task, uint8_t *record, size_t *bytes, bool *immed)
{
	uint8_t head[LONG_HEADER_BYTES] = { 0 };
	unsigned size = (unsigned)header_bytes(task);
	bool is_long = size == LONG_HEADER_BYTES;

	scsi_out_copy(task, 0, head, size);
	if (head[0] & 0x07) /* PROTECTION FIELD USAGE */
		return scsi_sense_invalid_parameter(task, 0, 2);
	if (!(head[1] & FOV) && (head[1] & OPTIONS))
		return scsi_sense_invalid_parameter(task, 1, 7);
	if (is_long && head[3] != 0) /* P_I_INFORMATION, PROTECTION INTERVAL EXPONENT */
		return scsi_sense_invalid_parameter(task, 3, -1);
	/* there are no defects, and none that an initiator could know of */
	if (is_long ? get_be32(head + 4) != 0 : get_be16(head + 2) != 0)
		return scsi_sense_invalid_parameter(task, is_long ? 4 : 2, -1);
	*immed = (head[1] & IMMED) != 0;
	task->out_total_bytes = size;
	return head[1] & IP ? read_pattern(task, size, record, bytes) : SCSI_GO;
}

int
scsi_format_execute(struct scsi_task *task)
{
	uint8_t *record;
	size_t bytes = JOB_RECORD_PATTERN;
	bool immed = false;

	if (scsi_work_new(task, JOB_RECORD_PATTERN + scsi_task_lu(task)->desc.block_bytes, 0) < 0)
		return SCSI_DONE;
	record = task->work->buf;
	memset(record, 0, JOB_RECORD_PATTERN);
	record[JOB_RECORD_KIND] = SCSI_JOB_FORMAT;
	record[JOB_RECORD_PASSES] = 1;
	if ((task->cdb[1] & FMTDATA) && read_format(task, record, &bytes, &immed) == SCSI_DONE)
		return SCSI_DONE;
	return scsi_job_begin(task, record, bytes, immed);
}

/* ---- SANITIZE ---- */

enum {
	CDB_IMMED = 0x80,
	CDB_ZNR = 0x40, /* of zoned units */
	CDB_AUSE = 0x20,
	OVERWRITE_HEADER_BYTES = 4,
	INVERT = 0x80,
	TEST = 0x60, /* nothing but 00b is defined */
	COUNT = 0x1f,
};

static uint16_t
list_bytes(const struct scsi_task *task)
{
	return get_be16(task->cdb + 7);
}

/*
 * Checks what is alike in all service actions; each is carried out before whatever waits for its
 * turn.  A unit whose last SANITIZE had to succeed (AUSE 0) takes none that need not.  SCSI_GO or
 * SCSI_DONE.
 */
static int
sanitize_check(struct scsi_task *task)
{
	struct scsi_lu *lu = scsi_task_lu(task);

	for (unsigned i = 2; i < 7; i++)
		if (task->cdb[i] != 0)
			return scsi_sense_invalid_field(task, i, -1);
	if (task->cdb[1] & CDB_ZNR)
		return scsi_sense_invalid_field(task, 1, 6);
	if ((task->cdb[1] & CDB_AUSE) && scsi_lu_state(lu) == SCSI_LU_NOT_SANITIZED &&
	    !scsi_job_may_exit(lu))
		return scsi_sense_invalid_field(task, 1, 5);
	task->attr = SCSI_ATTR_HEAD_OF_QUEUE;
	need_whole_unit(task);
	return SCSI_GO;
}

int
scsi_overwrite_parse(struct scsi_task *task)
{
	uint32_t len = list_bytes(task);

	if (sanitize_check(task) == SCSI_DONE)
		return SCSI_DONE;
	if (len <= OVERWRITE_HEADER_BYTES ||
	    len > OVERWRITE_HEADER_BYTES + scsi_task_lu(task)->desc.block_bytes)
		return scsi_sense_invalid_field(task, 7, -1);
	return scsi_expect_parameters(task, len);
}

int
scsi_erase_parse(struct scsi_task *task)
{
	if (sanitize_check(task) == SCSI_DONE)
		return SCSI_DONE;
	return list_bytes(task) != 0 ? scsi_sense_invalid_field(task, 7, -1)
				     : scsi_expect_none(task);
}

static int
sanitize(struct scsi_task *task, enum scsi_job_kind kind, uint8_t passes, bool invert,
	 size_t pattern_bytes)
{
	uint8_t *record = task->work->buf;

	record[JOB_RECORD_KIND] = (uint8_t)kind;
	record[JOB_RECORD_FAILED] = 0;
	record[JOB_RECORD_AUSE] = (task->cdb[1] & CDB_AUSE) != 0;
	record[JOB_RECORD_INVERT] = invert;
	record[JOB_RECORD_PASSES] = passes;
	return scsi_job_begin(task, record, JOB_RECORD_PATTERN + pattern_bytes,
			      (task->cdb[1] & CDB_IMMED) != 0);
}

int
scsi_overwrite_execute(struct scsi_task *task)
{
	uint8_t head[OVERWRITE_HEADER_BYTES];
	size_t len;

	scsi_out_copy(task, 0, head, sizeof(head));
	len = get_be16(head + 2);
	if (head[0] & TEST)
		return scsi_sense_invalid_parameter(task, 0, 6);
	if (!(head[0] & COUNT))
		return scsi_sense_invalid_parameter(task, 0, 4);
	if (len == 0 || len > scsi_task_lu(task)->desc.block_bytes)
		return scsi_sense_invalid_parameter(task, 2, -1);
	if (len > task->out_bytes - OVERWRITE_HEADER_BYTES)
		return scsi_sense_parameter_length(task);
	if (scsi_work_new(task, JOB_RECORD_PATTERN + len, 0) < 0)
		return SCSI_DONE;
	scsi_out_copy(task, OVERWRITE_HEADER_BYTES, task->work->buf + JOB_RECORD_PATTERN, len);
	return sanitize(task, SCSI_JOB_OVERWRITE, head[0] & COUNT, (head[0] & INVERT) != 0, len);
}

/* Two passes: overwrite, then give back. */
int
scsi_erase_execute(struct scsi_task *task)
{
	if (scsi_work_new(task, JOB_RECORD_PATTERN, 0) < 0)
		return SCSI_DONE;
	return sanitize(task, SCSI_JOB_ERASE, 2, false, 0);
}

/* Where nothing has failed there is nothing to exit. */
int
scsi_exit_failure_parse(struct scsi_task *task)
{
	struct scsi_lu *lu = scsi_task_lu(task);

	if (sanitize_check(task) == SCSI_DONE)
		return SCSI_DONE;
	if (list_bytes(task) != 0)
		return scsi_sense_invalid_field(task, 7, -1);
	if (scsi_lu_state(lu) == SCSI_LU_NOT_SANITIZED && !scsi_job_may_exit(lu))
		return scsi_sense_invalid_field(task, 1, 4);
	return scsi_expect_none(task);
}

/* The medium is as the operation has left it. */
int
scsi_exit_failure_execute(struct scsi_task *task)
{
	struct scsi_lu *lu = scsi_task_lu(task);

	if (scsi_lu_state(lu) != SCSI_LU_NOT_SANITIZED)
		return scsi_good(task);
	if (scsi_work_new(task, 0, 0) < 0)
		return SCSI_DONE;
	scsi_lu_raise(lu, SCSI_UA_MEDIUM, task->itl);
	return scsi_job_begin(task, NULL, 0, true);
}

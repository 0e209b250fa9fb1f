/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sense data: one function for each meaning, in fixed or descriptor format as D_SENSE of the unit's
 * control mode page says.  Everything runs on the task's thread.  Source: SPC-5 (sense data
 * formats; sense key and additional sense code assignments).
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "scsi/scsi_int.h"

enum sense_key {
	KEY_NO_SENSE = 0x0,
	KEY_NOT_READY = 0x2,
	KEY_MEDIUM_ERROR = 0x3,
	KEY_HARDWARE_ERROR = 0x4,
	KEY_ILLEGAL_REQUEST = 0x5,
	KEY_UNIT_ATTENTION = 0x6,
	KEY_DATA_PROTECT = 0x7,
	KEY_COPY_ABORTED = 0xa,
	KEY_ABORTED_COMMAND = 0xb,
	KEY_MISCOMPARE = 0xe,
};

/* What sense data may say beyond its condition. */
struct extra {
	bool has_information;
	uint64_t information;
	bool has_field;
	bool in_cdb;
	bool has_segment; /* EXTENDED COPY: the segment at which it ended */
	bool in_segment;  /* byte counts from the start of the segment's descriptor */
	uint16_t byte;
	uint16_t segment;
	int bit; /* -1 = the whole byte */
};

static struct scsi_condition
condition(uint8_t key, uint16_t asc_ascq)
{
	return (struct scsi_condition){ .key = key,
					.asc = (uint8_t)(asc_ascq >> 8),
					.ascq = (uint8_t)asc_ascq };
}

static void
put_field_pointer(uint8_t *sks, const struct extra *extra)
{
	sks[0] = (uint8_t)(0x80 | (extra->in_cdb ? 0x40 : 0) | (extra->in_segment ? 0x20 : 0) |
			   (extra->bit >= 0 ? 0x08 | extra->bit : 0));
	put_be16(sks + 1, extra->byte);
}

/* Progress indication, for NO SENSE and NOT READY.  Returns true when there is one. */
static bool
put_progress(uint8_t *sks, const struct scsi_condition *cond)
{
	if (!cond->has_progress)
		return false;
	sks[0] = 0x80; /* SKSV */
	put_be16(sks + 1, cond->progress);
	return true;
}

static size_t
format_fixed(const struct scsi_condition *cond, const struct extra *extra, uint8_t *buf)
{
	memset(buf, 0, 18);
	buf[0] = 0x70;
	buf[2] = cond->key;
	buf[7] = 10;
	buf[12] = cond->asc;
	buf[13] = cond->ascq;
	if (extra->has_information && extra->information <= UINT32_MAX) {
		buf[0] |= 0x80;
		put_be32(buf + 3, (uint32_t)extra->information);
	}
	if (extra->has_segment)
		put_be16(buf + 10, extra->segment);
	if (!put_progress(buf + 15, cond) && extra->has_field)
		put_field_pointer(buf + 15, extra);
	return 18;
}

static size_t
format_descriptor(const struct scsi_condition *cond, const struct extra *extra, uint8_t *buf)
{
	size_t len = 8;

	memset(buf, 0, SCSI_SENSE_BYTES);
	buf[0] = 0x72;
	buf[1] = cond->key;
	buf[2] = cond->asc;
	buf[3] = cond->ascq;
	if (extra->has_information) {
		buf[len + 1] = 0x0a; /* type 00h, information */
		buf[len + 2] = 0x80;
		put_be64(buf + len + 4, extra->information);
		len += 12;
	}
	if (extra->has_segment) {
		buf[len] = 0x01; /* command specific information */
		buf[len + 1] = 0x0a;
		put_be16(buf + len + 6, extra->segment);
		len += 12;
	}
	if (extra->has_field || cond->has_progress) {
		buf[len] = 0x02; /* sense key specific */
		buf[len + 1] = 0x06;
		if (!put_progress(buf + len + 4, cond))
			put_field_pointer(buf + len + 4, extra);
		len += 8;
	}
	buf[7] = (uint8_t)(len - 8);
	return len;
}

size_t
scsi_sense_format(const struct scsi_condition *cond, bool descriptor, uint8_t buf[SCSI_SENSE_BYTES])
{
	const struct extra none = { .has_information = false };

	return descriptor ? format_descriptor(cond, &none, buf) : format_fixed(cond, &none, buf);
}

static int
check_condition(struct scsi_task *task, struct scsi_condition cond, const struct extra *extra)
{
	bool descriptor = task->itl != NULL && scsi_lu_mode(scsi_task_lu(task), MODE_D_SENSE);

	task->status = SCSI_STATUS_CHECK_CONDITION;
	task->in_bytes = 0;
	task->sense_bytes = (uint8_t)(descriptor ? format_descriptor(&cond, extra, task->sense)
						 : format_fixed(&cond, extra, task->sense));
	return SCSI_DONE;
}

static int
sense(struct scsi_task *task, uint8_t key, uint16_t asc_ascq)
{
	const struct extra none = { .has_information = false };

	return check_condition(task, condition(key, asc_ascq), &none);
}

static int
sense_information(struct scsi_task *task, uint8_t key, uint16_t asc_ascq, uint64_t information)
{
	const struct extra extra = { .has_information = true, .information = information };

	return check_condition(task, condition(key, asc_ascq), &extra);
}

static int
sense_field(struct scsi_task *task, uint16_t asc_ascq, bool in_cdb, unsigned byte, int bit)
{
	const struct extra extra = {
		.has_field = true, .in_cdb = in_cdb, .byte = (uint16_t)byte, .bit = bit
	};

	return check_condition(task, condition(KEY_ILLEGAL_REQUEST, asc_ascq), &extra);
}

int
scsi_sense_invalid_opcode(struct scsi_task *task)
{
	return sense_field(task, 0x2000, true, 0, -1);
}

int
scsi_sense_invalid_field(struct scsi_task *task, unsigned byte, int bit)
{
	return sense_field(task, 0x2400, true, byte, bit);
}

int
scsi_sense_invalid_parameter(struct scsi_task *task, unsigned byte, int bit)
{
	return sense_field(task, 0x2600, false, byte, bit);
}

int
scsi_sense_parameter_length(struct scsi_task *task)
{
	return sense(task, KEY_ILLEGAL_REQUEST, 0x1a00);
}

int
scsi_sense_invalid_unit(struct scsi_task *task)
{
	return sense(task, KEY_ILLEGAL_REQUEST, 0x2500);
}

int
scsi_sense_lba_out_of_range(struct scsi_task *task, uint64_t lba)
{
	return sense_information(task, KEY_ILLEGAL_REQUEST, 0x2100, lba);
}

int
scsi_sense_data_size(struct scsi_task *task)
{
	return sense(task, KEY_ILLEGAL_REQUEST, 0x0e03);
}

int
scsi_sense_invalid_release(struct scsi_task *task)
{
	return sense(task, KEY_ILLEGAL_REQUEST, 0x2604);
}

int
scsi_sense_no_registrations(struct scsi_task *task)
{
	return sense(task, KEY_ILLEGAL_REQUEST, 0x5504);
}

int
scsi_sense_not_kept(struct scsi_task *task)
{
	return sense(task, KEY_HARDWARE_ERROR, 0x4400);
}

int
scsi_sense_saving(struct scsi_task *task)
{
	return sense(task, KEY_ILLEGAL_REQUEST, 0x3900);
}

/*
 * 27h/00h WRITE PROTECTED when an administrator has made it so, 27h/02h LOGICAL UNIT SOFTWARE WRITE
 * PROTECTED when SWP is set.
 */
int
scsi_sense_write_protected(struct scsi_task *task)
{
	return sense(task, KEY_DATA_PROTECT,
		     atomic_load(&scsi_task_lu(task)->read_only) ? 0x2700 : 0x2702);
}

int
scsi_sense_miscompare(struct scsi_task *task, uint64_t offset)
{
	return sense_information(task, KEY_MISCOMPARE, 0x1d00, offset);
}

/*
 * SPC-4, "Errors detected during processing of segment descriptors": the third and fourth bytes of
 * the COMMAND-SPECIFIC INFORMATION field are the number of the segment.
 */
int
scsi_sense_copy_aborted(struct scsi_task *task, uint16_t asc_ascq, unsigned segment, int byte)
{
	const struct extra extra = {
		.has_segment = true,
		.segment = (uint16_t)segment,
		.has_field = byte >= 0,
		.in_segment = true,
		.byte = byte >= 0 ? (uint16_t)byte : 0,
		.bit = -1,
	};

	return check_condition(task, condition(KEY_COPY_ABORTED, asc_ascq), &extra);
}

int
scsi_sense_copy_cscd(struct scsi_task *task, uint16_t asc_ascq, unsigned byte)
{
	const struct extra extra = { .has_field = true, .byte = (uint16_t)byte, .bit = -1 };

	return check_condition(task, condition(KEY_COPY_ABORTED, asc_ascq), &extra);
}

int
scsi_sense_copy_list(struct scsi_task *task, uint16_t asc_ascq, unsigned byte)
{
	return sense_field(task, asc_ascq, false, byte, -1);
}

int
scsi_sense_removal_prevented(struct scsi_task *task)
{
	return sense(task, KEY_ILLEGAL_REQUEST, 0x5302);
}

int
scsi_sense_sequence(struct scsi_task *task)
{
	return sense(task, KEY_ILLEGAL_REQUEST, 0x2c00);
}

int
scsi_sense_copy_failed(struct scsi_task *task, uint16_t asc_ascq)
{
	return sense(task, KEY_COPY_ABORTED, asc_ascq);
}

int
scsi_sense_token(struct scsi_task *task, unsigned ascq)
{
	return sense(task, KEY_ILLEGAL_REQUEST, (uint16_t)(0x2300 | ascq));
}

int
scsi_sense_no_room(struct scsi_task *task)
{
	return sense(task, KEY_ILLEGAL_REQUEST, 0x550d);
}

int
scsi_sense_in_progress(struct scsi_task *task)
{
	return sense(task, KEY_ILLEGAL_REQUEST, 0x0016);
}

int
scsi_sense_self_test_runs(struct scsi_task *task)
{
	const struct extra none = { .has_information = false };
	struct scsi_condition cond = scsi_condition_idle(scsi_task_lu(task));

	cond.key = KEY_NOT_READY;
	cond.asc = 0x04;
	cond.ascq = 0x09;
	return check_condition(task, cond, &none);
}

int
scsi_sense_self_test_failed(struct scsi_task *task)
{
	return sense(task, KEY_HARDWARE_ERROR, 0x3e03);
}

int
scsi_sense_no_space(struct scsi_task *task)
{
	return sense(task, KEY_DATA_PROTECT, 0x2707);
}

struct scsi_condition
scsi_condition_none(void)
{
	return condition(KEY_NO_SENSE, 0x0000);
}

struct scsi_condition
scsi_condition_idle(struct scsi_lu *lu)
{
	struct scsi_condition cond = scsi_condition_none();

	cond.has_progress = scsi_self_test_runs(lu, &cond.progress);
	if (cond.has_progress) {
		cond.asc = 0x04;
		cond.ascq = 0x09;
	}
	return cond;
}

struct scsi_condition
scsi_condition_no_unit(void)
{
	return condition(KEY_ILLEGAL_REQUEST, 0x2500);
}

struct scsi_condition
scsi_condition_attention(enum scsi_ua ua)
{
	/* clang-format off */
	static const uint16_t codes[SCSI_UA_COUNT] = {
		[SCSI_UA_POWER_ON] = 0x2900,
		[SCSI_UA_LU_RESET] = 0x2903,
		[SCSI_UA_NEXUS_LOSS] = 0x2907,
		[SCSI_UA_MEDIUM] = 0x2800,
		[SCSI_UA_RESERVATIONS_PREEMPTED] = 0x2a03,
		[SCSI_UA_REGISTRATIONS_PREEMPTED] = 0x2a05,
		[SCSI_UA_RESERVATIONS_RELEASED] = 0x2a04,
		[SCSI_UA_REPORTED_LUNS] = 0x3f0e,
		[SCSI_UA_CAPACITY] = 0x2a09,
		[SCSI_UA_ACCESS] = 0x2a06,
		[SCSI_UA_MODE] = 0x2a01,
		[SCSI_UA_INQUIRY] = 0x3f03,
		[SCSI_UA_LOG] = 0x2a02,
		[SCSI_UA_SOFT_THRESHOLD] = 0x3807,
		[SCSI_UA_TIMESTAMP] = 0x2a10,
		[SCSI_UA_IDENTIFIER] = 0x3f05,
	};
	/* clang-format on */

	return condition(KEY_UNIT_ATTENTION, codes[ua]);
}

/*
 * 04h/03h MANUAL INTERVENTION REQUIRED; 44h/00h INTERNAL TARGET FAILURE; 3Ah/00h MEDIUM NOT
 * PRESENT; 04h/04h FORMAT IN PROGRESS and 04h/1Bh SANITIZE IN PROGRESS; 31h/01h FORMAT COMMAND
 * FAILED and 31h/03h SANITIZE COMMAND FAILED.
 */
struct scsi_condition
scsi_condition_state(const struct scsi_lu *lu, enum scsi_lu_state state)
{
	struct scsi_condition cond;

	switch (state) {
	case SCSI_LU_ONLINE:
		break;
	case SCSI_LU_OFFLINE:
		return condition(KEY_NOT_READY, 0x0403);
	case SCSI_LU_FAILED:
		return condition(KEY_HARDWARE_ERROR, 0x4400);
	case SCSI_LU_NO_MEDIUM:
		return condition(KEY_NOT_READY, 0x3a00);
	case SCSI_LU_FORMATS:
	case SCSI_LU_SANITIZES:
		cond = condition(KEY_NOT_READY, state == SCSI_LU_FORMATS ? 0x0404 : 0x041b);
		cond.has_progress = true;
		cond.progress = atomic_load(&lu->job.progress);
		return cond;
	case SCSI_LU_CORRUPT:
		return condition(KEY_MEDIUM_ERROR, 0x3101);
	case SCSI_LU_NOT_SANITIZED:
		return condition(KEY_MEDIUM_ERROR, 0x3103);
	}
	return scsi_condition_none();
}

/*
 * 04h/0Bh and 0Ch: LOGICAL UNIT NOT ACCESSIBLE, TARGET PORT IN STANDBY or UNAVAILABLE STATE;
 * 04h/12h LOGICAL UNIT NOT READY, OFFLINE.
 */
struct scsi_condition
scsi_condition_access(enum scsi_alua access)
{
	switch (access) {
	case SCSI_ALUA_OPTIMIZED:
	case SCSI_ALUA_NON_OPTIMIZED:
		break;
	case SCSI_ALUA_STANDBY:
		return condition(KEY_NOT_READY, 0x040b);
	case SCSI_ALUA_UNAVAILABLE:
		return condition(KEY_NOT_READY, 0x040c);
	case SCSI_ALUA_OFFLINE:
		return condition(KEY_NOT_READY, 0x0412);
	}
	return scsi_condition_none();
}

int
scsi_sense_access(struct scsi_task *task)
{
	const struct extra none = { .has_information = false };

	return check_condition(task, scsi_condition_access((enum scsi_alua)task->nexus->access),
			       &none);
}

int
scsi_sense_set_failed(struct scsi_task *task)
{
	return sense(task, KEY_HARDWARE_ERROR, 0x670a);
}

int
scsi_sense_attention(struct scsi_task *task, enum scsi_ua ua)
{
	const struct extra none = { .has_information = false };

	return check_condition(task, scsi_condition_attention(ua), &none);
}

int
scsi_sense_state(struct scsi_task *task, enum scsi_lu_state state)
{
	const struct extra none = { .has_information = false };

	return check_condition(task, scsi_condition_state(scsi_task_lu(task), state), &none);
}

/* ---- What blk says ---- */

static int
medium_error(struct scsi_task *task, uint64_t lba)
{
	uint16_t code = task->io.op == BLK_READ || task->io.op == BLK_MAP
				? 0x1100
				:       /* UNRECOVERED READ ERROR */
				0x0c00; /* WRITE ERROR */

	atomic_fetch_add_explicit(code == 0x1100 ? &scsi_task_lu(task)->read_errors
						 : &scsi_task_lu(task)->write_errors,
				  1, memory_order_relaxed);
	return lba == SENSE_NO_LBA ? sense(task, KEY_MEDIUM_ERROR, code)
				   : sense_information(task, KEY_MEDIUM_ERROR, code, lba);
}

static int
sense_errno(struct scsi_task *task, int error, uint64_t lba)
{
	switch (-error) {
	case ENOSPC:
	case EDQUOT:
		/* SPACE ALLOCATION FAILED WRITE PROTECT */
		return sense(task, KEY_DATA_PROTECT, 0x2707);
	case EIO:
	case EILSEQ:
	case EBADMSG:
		return medium_error(task, lba);
	case EROFS:
	case EPERM:
	case EACCES:
		return sense(task, KEY_DATA_PROTECT, 0x2700);
	case ENOMEM:
	case EMFILE: /* the device is opened at its first use */
	case ENFILE:
	case EAGAIN:
	case EBUSY:
		return scsi_status(task, SCSI_STATUS_BUSY);
	default:
		return sense(task, KEY_HARDWARE_ERROR, 0x4400);
	}
}

/* The answer of an injected fault (docs/design/faults.md). */
static int
injected(struct scsi_task *task, uint64_t lba)
{
	const struct blk_answer *answer = &task->io.answer;
	uint16_t code = (uint16_t)(answer->asc << 8 | answer->ascq);

	if (answer->status == 0)
		return medium_error(task, lba);
	if (answer->status != SCSI_STATUS_CHECK_CONDITION)
		return scsi_status(task, (enum scsi_status)answer->status);
	return lba == SENSE_NO_LBA || answer->key != KEY_MEDIUM_ERROR
		       ? sense(task, answer->key, code)
		       : sense_information(task, answer->key, code, lba);
}

int
scsi_sense_blk(struct scsi_task *task, int error, uint64_t lba)
{
	if (error > ERR_END_)
		return sense_errno(task, error, lba);
	switch ((enum err)error) {
	case ERR_FAILED:
	case ERR_CORRUPT:
		scsi_lu_fail(scsi_task_lu(task), error);
		return scsi_sense_state(task, SCSI_LU_FAILED);
	case ERR_NO_SPACE:
		return sense_errno(task, -ENOSPC, lba);
	case ERR_READ_ONLY:
	case ERR_ACCESS:
		return sense_errno(task, -EROFS, lba);
	/* Stopped for a moment, while a change is prepared: the initiator tries again. */
	case ERR_OFFLINE:
	case ERR_BUSY:
	case ERR_IN_USE:
	case ERR_LOCKED:
	case ERR_LIMIT:
	case ERR_TIMEOUT:
	case ERR_CANCELLED:
		return scsi_status(task, SCSI_STATUS_BUSY);
	case ERR_NOT_SUPPORTED:
		return scsi_sense_invalid_opcode(task);
	case ERR_INJECTED:
		return injected(task, lba);
	case ERR_OK:
	case ERR_FIRST_:
	case ERR_END_:
	case ERR_INVALID:
	case ERR_NOT_FOUND:
	case ERR_NAME_IN_USE:
	case ERR_LUNS_ASSOCIATED:
	case ERR_PORTALS_ASSOCIATED:
	case ERR_TOO_LATE:
	case ERR_GONE:
	case ERR_CACHE_CORRUPT:
	case ERR_VERSION:
	case ERR_PARSE:
	case ERR_PROTOCOL:
	case ERR_UNREACHABLE:
	case ERR_UNTRUSTED:
	case ERR_CLOSED:
	case ERR_INTERNAL:
		break;
	}
	return sense(task, KEY_HARDWARE_ERROR, 0x4400);
}

/* ---- What the transport found ---- */

void
scsi_task_fail_crc(struct scsi_task *task)
{
	scsi_order_leave(task);
	sense(task, KEY_ABORTED_COMMAND, 0x4705);
}

void
scsi_task_fail_unsolicited(struct scsi_task *task)
{
	scsi_order_leave(task);
	sense(task, KEY_ABORTED_COMMAND, 0x0c0c);
}

void
scsi_task_fail_short_data(struct scsi_task *task)
{
	scsi_order_leave(task);
	sense(task, KEY_ABORTED_COMMAND, 0x0c0d);
}

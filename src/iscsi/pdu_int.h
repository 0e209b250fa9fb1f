/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layout of iSCSI PDUs: opcodes, flags and the places of fields in a basic header segment
 * (BHS). RFC 7143 §11. Handlers read and write headers in place with the functions of base/bytes.h;
 * headers are never copied into a decoded form.  Private to src/iscsi.  Constants and pure
 * functions, for any thread.
 */
#ifndef VDS_ISCSI_PDU_INT_H
#define VDS_ISCSI_PDU_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define BHS_SIZE    48u
#define AHS_MAX     (255u * 4u)
#define DIGEST_SIZE 4u
#define TAG_NONE    0xffffffffu /* the reserved value of ITT and TTT: no tag */

enum iscsi_pdu_opcode {
	OP_NOP_OUT = 0x00,
	OP_COMMAND = 0x01,
	OP_TMF = 0x02,
	OP_LOGIN = 0x03,
	OP_TEXT = 0x04,
	OP_DATA_OUT = 0x05,
	OP_LOGOUT = 0x06,
	OP_SNACK = 0x10,
	OP_NOP_IN = 0x20,
	OP_RESPONSE = 0x21,
	OP_TMF_RESPONSE = 0x22,
	OP_LOGIN_RESPONSE = 0x23,
	OP_TEXT_RESPONSE = 0x24,
	OP_DATA_IN = 0x25,
	OP_LOGOUT_RESPONSE = 0x26,
	OP_R2T = 0x31,
	OP_ASYNC = 0x32,
	OP_REJECT = 0x3f,
};

#define OP_MASK      0x3fu
#define OP_IMMEDIATE 0x40u

/* The flags in byte 1 of a header. */
#define FLAG_FINAL          0x80u /* final bit of most PDUs; transit (T) bit of login PDUs */
#define FLAG_CONTINUE       0x40u /* continue (C) bit of login and text PDUs */
#define FLAG_READ           0x40u /* SCSI Command */
#define FLAG_WRITE          0x20u
#define FLAG_ATTR_MASK      0x07u
/* SCSI Response: residual of the read half of a bidirectional command */
#define FLAG_BIDI_OVERFLOW  0x10u
#define FLAG_BIDI_UNDERFLOW 0x08u
#define FLAG_OVERFLOW       0x04u /* SCSI Response, Data-In */
#define FLAG_UNDERFLOW      0x02u
#define FLAG_STATUS         0x01u /* Data-In: carries the status */
#define FLAG_ACKNOWLEDGE    0x40u /* Data-In: asks for a DataACK (A bit) */
#define SNACK_TYPE_MASK     0x0fu

/* Offsets of fields in a header, in bytes. Those of all PDUs come first. */
enum iscsi_bhs_at {
	AT_OPCODE = 0,
	AT_FLAGS = 1,
	AT_RESPONSE = 2, /* also the reason of Reject, TMF, Logout responses */
	AT_STATUS = 3,
	AT_AHS_LEN = 4,  /* in words of four bytes */
	AT_DATA_LEN = 5, /* 24 bits */
	AT_LUN = 8,
	AT_TMF_INFO = 8, /* 3 bytes: Additional Response Information, RFC 7144 */
	AT_ISID = 8,     /* login */
	AT_TSIH = 14,
	AT_ITT = 16,
	AT_TTT = 20,
	AT_CID = 20,       /* login and logout requests */
	AT_EDTL = 20,      /* SCSI Command: expected data transfer length */
	AT_SNACK_TAG = 20, /* SCSI Response, R-Data SNACK */
	AT_REF_TAG = 20,   /* task management */
	AT_CMD_SN = 24,    /* in requests */
	AT_EXP_STAT_SN = 28,
	AT_STAT_SN = 24, /* in responses */
	AT_EXP_CMD_SN = 28,
	AT_MAX_CMD_SN = 32,
	AT_CDB = 32,
	AT_REF_CMD_SN = 32, /* task management */
	AT_REF_EXP_DATA_SN = 36,
	AT_DATA_SN = 36,       /* Data-In, Data-Out; R2TSN; ExpDataSN of a response */
	AT_OFFSET = 40,        /* Data-In, Data-Out, R2T */
	AT_RESIDUAL = 44,      /* Data-In, SCSI Response */
	AT_DESIRED_LEN = 44,   /* R2T */
	AT_BIDI_RESIDUAL = 40, /* SCSI Response */
	AT_LOGIN_STATUS = 36,  /* two bytes: class, detail */
	AT_ASYNC_EVENT = 36,
	AT_TIME2WAIT = 40, /* logout response */
	AT_TIME2RETAIN = 42,
	AT_BEG_RUN = 40, /* SNACK */
	AT_RUN_LENGTH = 44,
};

enum iscsi_snack_type { /* RFC 7143 §11.16.1 */
			SNACK_DATA = 0,
			SNACK_STATUS = 1,
			SNACK_DATA_ACK = 2,
			SNACK_R_DATA = 3,
};

enum iscsi_reject_reason { /* RFC 7143 §11.17.1 */
			   REJECT_DATA_DIGEST = 0x02,
			   REJECT_SNACK = 0x03,
			   REJECT_PROTOCOL = 0x04,
			   REJECT_NOT_SUPPORTED = 0x05,
			   REJECT_TOO_MANY_IMMEDIATE = 0x06,
			   REJECT_TASK_IN_PROGRESS = 0x07,
			   REJECT_INVALID_DATA_ACK = 0x08,
			   REJECT_INVALID_FIELD = 0x09,
			   REJECT_NO_RESOURCES = 0x0a,
			   REJECT_LOGOUT = 0x0c,
};

enum iscsi_ahs_type { AHS_EXTENDED_CDB = 1, AHS_BIDI_READ_LEN = 2 };

/* One received PDU. Its pointers are valid while its handler runs. */
struct iscsi_pdu {
	/* the header, followed by ahs_len bytes of additional header segments */
	const uint8_t *bhs;
	uint32_t ahs_len;
	/* NULL when the data segment went into a task's buffers or was discarded */
	const uint8_t *data;
	uint32_t data_len;
};

static inline uint8_t
iscsi_bhs_opcode(const uint8_t *bhs)
{
	return bhs[AT_OPCODE] & OP_MASK;
}

static inline bool
iscsi_bhs_is_immediate(const uint8_t *bhs)
{
	return (bhs[AT_OPCODE] & OP_IMMEDIATE) != 0;
}

static inline uint32_t
iscsi_bhs_ahs_len(const uint8_t *bhs)
{
	return bhs[AT_AHS_LEN] * 4u;
}

static inline uint32_t
iscsi_bhs_data_len(const uint8_t *bhs)
{
	return get_be24(bhs + AT_DATA_LEN);
}

/* Returns how many bytes of padding follow a data segment of this length. */
static inline uint32_t
iscsi_pad_len(uint32_t len)
{
	return -len & 3u;
}

/* Returns the name of an opcode for the log ("SCSI Command"), or "unknown". */
const char *iscsi_pdu_name(uint8_t opcode);
/* Zeros a header, then sets its opcode, final bit and ITT. */
void iscsi_pdu_start(uint8_t bhs[BHS_SIZE], enum iscsi_pdu_opcode opcode, uint32_t itt);

/*
 * The values of a SCSI command's additional header segments (AHS). The pointers point into the PDU.
 */
struct iscsi_ahs {
	const uint8_t *cdb_more; /* the bytes of the CDB behind the first 16 */
	uint16_t cdb_more_len;
	uint32_t read_len; /* bytes to read in a bidirectional command; 0 = no such segment */
};

/*
 * Parses additional header segments.  Returns 0, or ERR_PROTOCOL (a length out of bounds, an
 * unknown type, or a type that appears twice).
 */
int iscsi_pdu_parse_ahs(const uint8_t *bytes, uint32_t len, struct iscsi_ahs *ret_ahs);

#endif

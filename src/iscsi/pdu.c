/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PDU headers: their names for the log, the start of a response, and parsing of additional header
 * segments.  RFC 7143 §11.2.  Pure functions, called by the files of src/iscsi on any thread.
 */
#include "iscsi/pdu_int.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

const char *
iscsi_pdu_name(uint8_t opcode)
{
	/* clang-format off */
	static const char *const names[OP_MASK + 1] = {
		[OP_NOP_OUT] = "NOP-Out",
		[OP_COMMAND] = "SCSI Command",
		[OP_TMF] = "Task Management Request",
		[OP_LOGIN] = "Login Request",
		[OP_TEXT] = "Text Request",
		[OP_DATA_OUT] = "Data-Out",
		[OP_LOGOUT] = "Logout Request",
		[OP_SNACK] = "SNACK Request",
		[OP_NOP_IN] = "NOP-In",
		[OP_RESPONSE] = "SCSI Response",
		[OP_TMF_RESPONSE] = "Task Management Response",
		[OP_LOGIN_RESPONSE] = "Login Response",
		[OP_TEXT_RESPONSE] = "Text Response",
		[OP_DATA_IN] = "Data-In",
		[OP_LOGOUT_RESPONSE] = "Logout Response",
		[OP_R2T] = "R2T",
		[OP_ASYNC] = "Asynchronous Message",
		[OP_REJECT] = "Reject",
	};
	/* clang-format on */
	const char *name = names[opcode & OP_MASK];

	return name != NULL ? name : "unknown";
}

void
iscsi_pdu_start(uint8_t bhs[BHS_SIZE], enum iscsi_pdu_opcode opcode, uint32_t itt)
{
	memset(bhs, 0, BHS_SIZE);
	bhs[AT_OPCODE] = (uint8_t)opcode;
	bhs[AT_FLAGS] = FLAG_FINAL;
	put_be32(bhs + AT_ITT, itt);
}

/* One segment: AHSLength counts what follows the type byte.  RFC 7143 §11.2.2. */
static int
parse_segment(const uint8_t *seg, uint32_t spec_len, struct iscsi_ahs *ahs)
{
	switch (seg[2]) {
	case AHS_EXTENDED_CDB:
		if (ahs->cdb_more != NULL || spec_len < 2)
			return ERR_PROTOCOL;
		ahs->cdb_more = seg + 4;
		ahs->cdb_more_len = (uint16_t)(spec_len - 1);
		return 0;
	case AHS_BIDI_READ_LEN:
		if (ahs->read_len != 0 || spec_len != 5)
			return ERR_PROTOCOL;
		ahs->read_len = get_be32(seg + 4);
		return 0;
	default:
		return ERR_PROTOCOL;
	}
}

int
iscsi_pdu_parse_ahs(const uint8_t *bytes, uint32_t len, struct iscsi_ahs *ret_ahs)
{
	struct iscsi_ahs ahs = { 0 };
	uint32_t at = 0;

	while (at < len) {
		uint32_t spec_len, total;

		if (len - at < 4)
			return ERR_PROTOCOL;
		spec_len = get_be16(bytes + at);
		total = 3 + spec_len;
		total += iscsi_pad_len(total);
		if (spec_len == 0 || total > len - at)
			return ERR_PROTOCOL;
		if (parse_segment(bytes + at, spec_len, &ahs) < 0)
			return ERR_PROTOCOL;
		at += total;
	}
	*ret_ahs = ahs;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What SPC-5 and SBC-4 call SCSI commands, for those who read a trace. */
#include "base/mem.h"
#include "http/http_int.h"

#define NO_ACTION 0xffff

static const struct {
	uint8_t opcode;
	uint16_t service_action; /* NO_ACTION: the opcode says all */
	const char *name;
} names[] = {
	{ 0x00, NO_ACTION, "TEST UNIT READY" },
	{ 0x03, NO_ACTION, "REQUEST SENSE" },
	{ 0x04, NO_ACTION, "FORMAT UNIT" },
	{ 0x08, NO_ACTION, "READ(6)" },
	{ 0x0a, NO_ACTION, "WRITE(6)" },
	{ 0x12, NO_ACTION, "INQUIRY" },
	{ 0x15, NO_ACTION, "MODE SELECT(6)" },
	{ 0x16, NO_ACTION, "RESERVE(6)" },
	{ 0x17, NO_ACTION, "RELEASE(6)" },
	{ 0x1a, NO_ACTION, "MODE SENSE(6)" },
	{ 0x1b, NO_ACTION, "START STOP UNIT" },
	{ 0x1c, NO_ACTION, "RECEIVE DIAGNOSTIC RESULTS" },
	{ 0x1d, NO_ACTION, "SEND DIAGNOSTIC" },
	{ 0x1e, NO_ACTION, "PREVENT ALLOW MEDIUM REMOVAL" },
	{ 0x25, NO_ACTION, "READ CAPACITY(10)" },
	{ 0x28, NO_ACTION, "READ(10)" },
	{ 0x2a, NO_ACTION, "WRITE(10)" },
	{ 0x2e, NO_ACTION, "WRITE AND VERIFY(10)" },
	{ 0x2f, NO_ACTION, "VERIFY(10)" },
	{ 0x34, NO_ACTION, "PRE-FETCH(10)" },
	{ 0x35, NO_ACTION, "SYNCHRONIZE CACHE(10)" },
	{ 0x37, NO_ACTION, "READ DEFECT DATA(10)" },
	{ 0x3b, NO_ACTION, "WRITE BUFFER" },
	{ 0x3c, NO_ACTION, "READ BUFFER" },
	{ 0x41, NO_ACTION, "WRITE SAME(10)" },
	{ 0x42, NO_ACTION, "UNMAP" },
	{ 0x48, NO_ACTION, "SANITIZE" },
	{ 0x4c, NO_ACTION, "LOG SELECT" },
	{ 0x4d, NO_ACTION, "LOG SENSE" },
	{ 0x55, NO_ACTION, "MODE SELECT(10)" },
	{ 0x56, NO_ACTION, "RESERVE(10)" },
	{ 0x57, NO_ACTION, "RELEASE(10)" },
	{ 0x5a, NO_ACTION, "MODE SENSE(10)" },
	{ 0x5e, NO_ACTION, "PERSISTENT RESERVE IN" },
	{ 0x5f, NO_ACTION, "PERSISTENT RESERVE OUT" },
	{ 0x7f, 0x0009, "READ(32)" },
	{ 0x7f, 0x000a, "VERIFY(32)" },
	{ 0x7f, 0x000b, "WRITE(32)" },
	{ 0x7f, 0x000c, "WRITE AND VERIFY(32)" },
	{ 0x7f, 0x000d, "WRITE SAME(32)" },
	{ 0x7f, 0x000e, "ORWRITE(32)" },
	{ 0x83, 0x00, "EXTENDED COPY(LID1)" },
	{ 0x83, 0x01, "EXTENDED COPY(LID4)" },
	{ 0x83, 0x10, "POPULATE TOKEN" },
	{ 0x83, 0x11, "WRITE USING TOKEN" },
	{ 0x83, 0x1c, "COPY OPERATION ABORT" },
	{ 0x83, NO_ACTION, "THIRD-PARTY COPY OUT" },
	{ 0x84, 0x00, "RECEIVE COPY STATUS(LID1)" },
	{ 0x84, 0x01, "RECEIVE COPY DATA(LID1)" },
	{ 0x84, 0x03, "RECEIVE COPY OPERATING PARAMETERS" },
	{ 0x84, 0x04, "RECEIVE COPY FAILURE DETAILS(LID1)" },
	{ 0x84, 0x05, "RECEIVE COPY STATUS(LID4)" },
	{ 0x84, 0x07, "RECEIVE ROD TOKEN INFORMATION" },
	{ 0x84, 0x08, "REPORT ALL ROD TOKENS" },
	{ 0x84, NO_ACTION, "THIRD-PARTY COPY IN" },
	{ 0x88, NO_ACTION, "READ(16)" },
	{ 0x89, NO_ACTION, "COMPARE AND WRITE" },
	{ 0x8a, NO_ACTION, "WRITE(16)" },
	{ 0x8b, NO_ACTION, "ORWRITE(16)" },
	{ 0x8e, NO_ACTION, "WRITE AND VERIFY(16)" },
	{ 0x8f, NO_ACTION, "VERIFY(16)" },
	{ 0x90, NO_ACTION, "PRE-FETCH(16)" },
	{ 0x91, NO_ACTION, "SYNCHRONIZE CACHE(16)" },
	{ 0x93, NO_ACTION, "WRITE SAME(16)" },
	{ 0x9c, NO_ACTION, "WRITE ATOMIC(16)" },
	{ 0x9e, 0x10, "READ CAPACITY(16)" },
	{ 0x9e, 0x12, "GET LBA STATUS" },
	{ 0xa0, NO_ACTION, "REPORT LUNS" },
	{ 0xa3, 0x05, "REPORT IDENTIFYING INFORMATION" },
	{ 0xa3, 0x0a, "REPORT TARGET PORT GROUPS" },
	{ 0xa3, 0x0c, "REPORT SUPPORTED OPERATION CODES" },
	{ 0xa3, 0x0d, "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS" },
	{ 0xa3, 0x0f, "REPORT TIMESTAMP" },
	{ 0xa4, 0x06, "SET IDENTIFYING INFORMATION" },
	{ 0xa4, 0x0a, "SET TARGET PORT GROUPS" },
	{ 0xa4, 0x0f, "SET TIMESTAMP" },
	{ 0xa8, NO_ACTION, "READ(12)" },
	{ 0xaa, NO_ACTION, "WRITE(12)" },
	{ 0xab, 0x01, "READ MEDIA SERIAL NUMBER" },
	{ 0xae, NO_ACTION, "WRITE AND VERIFY(12)" },
	{ 0xaf, NO_ACTION, "VERIFY(12)" },
	{ 0xb7, NO_ACTION, "READ DEFECT DATA(12)" },
};

const char *
http_scsi_name(uint8_t opcode, uint16_t service_action)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].opcode == opcode && (names[i].service_action == service_action ||
						  names[i].service_action == NO_ACTION))
			return names[i].name;
	return "";
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes standard INQUIRY data and the designators of VPD pages 80h and 83h from the stored identity
 * alone.  docs/design/identity.md describes the same bytes for the VDS surface; a test holds both
 * to recorded bytes.  These are pure functions: any thread may call them.  Source: SPC-5 (standard
 * INQUIRY data; Device Identification VPD page, designator formats).
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

enum {
	CODE_BINARY = 1,
	CODE_ASCII = 2,
	CODE_UTF8 = 3,
	TYPE_T10 = 1,
	TYPE_NAA = 3,
	TYPE_RELATIVE_PORT = 4,
	TYPE_PORT_GROUP = 5,
	TYPE_NAME = 8,
	TYPE_UUID = 10,
	ASSOC_UNIT = 0,
	ASSOC_PORT = 1,
	ASSOC_DEVICE = 2,
	PROTOCOL_ISCSI = 5,
};

/* Bytes that grow past the end of what the caller wants are counted, not stored. */
struct sink {
	uint8_t *buf;
	size_t size;
	size_t len;
};

static void
sink_add(struct sink *s, const void *bytes, size_t len)
{
	if (s->len < s->size)
		memcpy(s->buf + s->len, bytes, MIN(len, s->size - s->len));
	s->len += len;
}

static void
sink_designator(struct sink *s, unsigned assoc, unsigned type, unsigned code, const void *bytes,
		size_t len)
{
	uint8_t head[4];

	head[0] = (uint8_t)((assoc == ASSOC_UNIT ? 0 : PROTOCOL_ISCSI << 4) | code);
	head[1] = (uint8_t)((assoc == ASSOC_UNIT ? 0 : 0x80) | assoc << 4 | type);
	head[2] = 0;
	head[3] = (uint8_t)len;
	sink_add(s, head, sizeof(head));
	sink_add(s, bytes, len);
}

/* ASCII, left-aligned, padded with blanks. */
static void
put_ascii(uint8_t *field, size_t width, const char *text)
{
	size_t len = strnlen(text, width);

	memset(field, ' ', width);
	memcpy(field, text, len);
}

size_t
scsi_identity_inquiry(const struct scsi_identity *id, uint8_t *buf, size_t size)
{
	static const uint16_t versions[] = {
		0x00a0, /* SAM-5 */
		0x0960, /* iSCSI */
		0x0460, /* SPC-4 */
		0x04c0, /* SBC-3 */
	};
	struct sink s = { buf, size, 0 };
	uint8_t data[74] = { 0 };

	data[2] = 0x06; /* SPC-4: what initiators know */
	data[3] = 0x12; /* HISUP, response data format 2 */
	data[4] = sizeof(data) - 5;
	data[5] = 0x08; /* 3PC: EXTENDED COPY */
	data[6] = 0x10; /* MULTIP */
	data[7] = 0x02; /* CMDQUE */
	put_ascii(data + 8, 8, id->vendor);
	put_ascii(data + 16, 16, id->product);
	put_ascii(data + 32, 4, id->revision);
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		put_be16(data + 58 + 2 * i, versions[i]);
	sink_add(&s, data, sizeof(data));
	return s.len;
}

size_t
scsi_identity_vpd80(const struct scsi_identity *id, uint8_t *buf, size_t size)
{
	struct sink s = { buf, size, 0 };
	size_t len = strnlen(id->serial, SCSI_SERIAL_BYTES);
	uint8_t head[4] = { 0x00, 0x80, 0, (uint8_t)len };

	sink_add(&s, head, sizeof(head));
	sink_add(&s, id->serial, len);
	return s.len;
}

static void
sink_unit(struct sink *s, const struct scsi_identity *id)
{
	size_t serial_len = strnlen(id->serial, SCSI_SERIAL_BYTES);
	uint8_t t10[8 + SCSI_SERIAL_BYTES], uuid[18] = { 0x10 };

	sink_designator(s, ASSOC_UNIT, TYPE_NAA, CODE_BINARY, id->naa, sizeof(id->naa));
	put_ascii(t10, 8, id->vendor);
	memcpy(t10 + 8, id->serial, serial_len);
	if (id->t10)
		sink_designator(s, ASSOC_UNIT, TYPE_T10, CODE_ASCII, t10, 8 + serial_len);
	memcpy(uuid + 2, id->guid.bytes, sizeof(id->guid.bytes));
	sink_designator(s, ASSOC_UNIT, TYPE_UUID, CODE_BINARY, uuid, sizeof(uuid));
}

size_t
scsi_identity_designators(const struct scsi_identity *id, uint8_t *buf, size_t size)
{
	struct sink s = { buf, size, 0 };

	sink_unit(&s, id);
	return s.len;
}

bool
scsi_identity_has(const struct scsi_identity *id, const uint8_t *designator)
{
	uint8_t own[12 + 12 + SCSI_SERIAL_BYTES + 22];
	size_t len = scsi_identity_designators(id, own, sizeof(own)), at = 0;

	for (; at + 4 <= len; at += 4u + own[at + 3])
		if (own[at] == designator[0] && own[at + 1] == designator[1] &&
		    own[at + 3] == designator[3] &&
		    memcmp(own + at + 4, designator + 4, designator[3]) == 0)
			return true;
	return false;
}

/* A SCSI name string ends in 1 to 4 NULs that make its length a multiple of 4. */
static void
sink_name(struct sink *s, unsigned assoc, const char *name)
{
	uint8_t padded[256] = { 0 };
	size_t len = strnlen(name, 251);

	memcpy(padded, name, len);
	sink_designator(s, assoc, TYPE_NAME, CODE_UTF8, padded, (len + 4) & ~(size_t)3);
}

size_t
scsi_identity_port(const char *name, uint8_t *buf, size_t size)
{
	struct sink s = { buf, size, 0 };

	sink_name(&s, ASSOC_PORT, name);
	return s.len;
}

static void
sink_port(struct sink *s, const struct scsi_nexus *nexus)
{
	uint8_t number[4] = { 0 };
	char name[256];

	if (nexus->relative_port_id != 0) {
		put_be16(number + 2, nexus->relative_port_id);
		sink_designator(s, ASSOC_PORT, TYPE_RELATIVE_PORT, CODE_BINARY, number,
				sizeof(number));
	}
	if (nexus->target_port_group != 0) {
		put_be16(number + 2, nexus->target_port_group);
		sink_designator(s, ASSOC_PORT, TYPE_PORT_GROUP, CODE_BINARY, number,
				sizeof(number));
	}
	if (nexus->target_name == NULL)
		return;
	snprintf(name, sizeof(name), "%.223s,t,0x%04x", nexus->target_name,
		 nexus->portal_group_tag);
	sink_name(s, ASSOC_PORT, name);
	sink_name(s, ASSOC_DEVICE, nexus->target_name);
}

size_t
scsi_identity_all_designators(const struct scsi_identity *id, const struct scsi_nexus *nexus,
			      uint8_t *buf, size_t size)
{
	struct sink s = { buf, size, 0 };

	sink_unit(&s, id);
	sink_port(&s, nexus);
	return s.len;
}

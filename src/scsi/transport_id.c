/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TransportIDs of iSCSI initiators: a device by its name (format 00b), or an initiator port by name
 * and ISID (format 01b).  Source: SPC-5, TransportID for initiator ports using SCSI over iSCSI.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "scsi/scsi_int.h"

#define HEAD_BYTES     4u
#define PROTOCOL_ISCSI 0x05
#define FORMAT_DEVICE  0x00
#define FORMAT_PORT    0x40
#define TEXT_MIN_BYTES 20u
#define SEPARATOR      ",i,0x"

size_t
scsi_transport_id_put(uint8_t buf[SCSI_TRANSPORT_ID_MAX], const char *initiator,
		      const uint8_t isid[6])
{
	char *text = (char *)buf + HEAD_BYTES;
	size_t len;

	memset(buf, 0, SCSI_TRANSPORT_ID_MAX);
	buf[0] = FORMAT_PORT | PROTOCOL_ISCSI;
	len = (size_t)snprintf(text, SCSI_TRANSPORT_ID_MAX - HEAD_BYTES,
			       "%s" SEPARATOR "%02x%02x%02x%02x%02x%02x", initiator, isid[0],
			       isid[1], isid[2], isid[3], isid[4], isid[5]);
	len = MAX((len + 1 + 3) & ~(size_t)3, (size_t)TEXT_MIN_BYTES);
	put_be16(buf + 2, (uint16_t)len);
	return HEAD_BYTES + len;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads 12 hexadecimal digits, and nothing after them. */
static bool
get_isid(const char *text, uint8_t isid[6])
{
	for (unsigned i = 0; i < 12; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		isid[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : isid[i / 2] | digit);
	}
	return text[12] == '\0';
}

/* Names are compared in lower case (RFC 7143 §4.2.7), as a login has them. */
static bool
get_name(const char *text, size_t len, char name[SCSI_INITIATOR_BYTES])
{
	if (len == 0 || len >= SCSI_INITIATOR_BYTES)
		return false;
	for (size_t i = 0; i < len; i++)
		name[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
	name[len] = '\0';
	return strncmp(name, "iqn.", 4) == 0 || strncmp(name, "eui.", 4) == 0 ||
	       strncmp(name, "naa.", 4) == 0;
}

int
scsi_transport_id_get(const uint8_t *bytes, size_t len, struct scsi_initiator_port *ret_port)
{
	struct scsi_initiator_port port = { .any_port = true };
	const char *text = (const char *)bytes + HEAD_BYTES, *separator;
	size_t size = len >= HEAD_BYTES ? get_be16(bytes + 2) : 0, name_len;

	if (size < TEXT_MIN_BYTES || size % 4 != 0 || size > len - HEAD_BYTES ||
	    memchr(text, '\0', size) == NULL)
		return ERR_INVALID;
	if (bytes[0] != (FORMAT_DEVICE | PROTOCOL_ISCSI) &&
	    bytes[0] != (FORMAT_PORT | PROTOCOL_ISCSI))
		return ERR_INVALID;
	name_len = strlen(text);
	if (bytes[0] == (FORMAT_PORT | PROTOCOL_ISCSI)) {
		separator = strstr(text, SEPARATOR);
		if (separator == NULL || !get_isid(separator + strlen(SEPARATOR), port.isid))
			return ERR_INVALID;
		name_len = (size_t)(separator - text);
		port.any_port = false;
	}
	if (!get_name(text, name_len, port.initiator))
		return ERR_INVALID;
	*ret_port = port;
	return (int)(HEAD_BYTES + size);
}

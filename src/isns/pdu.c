/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages of iSNS: RFC 4171 §5.1 (header), §5.4 (status), §6 (attributes).  Pure functions. */
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "isns/isns_int.h"

#define VERSION        1u
#define ATTRIBUTE_HEAD 8u
#define ENTITY_MAX     256u

int
isns_header_read(const uint8_t bytes[ISNS_HEADER_SIZE], struct isns_header *ret_header)
{
	struct isns_header header = {
		.function = get_be16(bytes + 2),
		.len = get_be16(bytes + 4),
		.flags = get_be16(bytes + 6),
		.transaction = get_be16(bytes + 8),
		.sequence = get_be16(bytes + 10),
	};

	if (get_be16(bytes) != VERSION || header.len % 4 != 0)
		return ERR_PROTOCOL;
	*ret_header = header;
	return 0;
}

void
isns_header_write(uint8_t bytes[ISNS_HEADER_SIZE], const struct isns_header *header)
{
	put_be16(bytes, VERSION);
	put_be16(bytes + 2, header->function);
	put_be16(bytes + 4, header->len);
	put_be16(bytes + 6, header->flags);
	put_be16(bytes + 8, header->transaction);
	put_be16(bytes + 10, header->sequence);
}

/* ---- answers ---- */

static int
take_attribute(struct isns_answer *answer, uint32_t tag, const uint8_t *value, uint32_t len)
{
	if (tag == ISNS_PERIOD && len != 0 && len != 4)
		return ERR_PROTOCOL;
	if (tag == ISNS_PERIOD && len == 4)
		answer->period_s = get_be32(value);
	if (tag == ISNS_ENTITY && len > ENTITY_MAX)
		return ERR_PROTOCOL;
	if (tag == ISNS_ENTITY && len > 0)
		answer->has_entity = true;
	return 0;
}

int
isns_answer_read(const uint8_t *payload, size_t len, struct isns_answer *ret_answer)
{
	struct isns_answer answer = { 0 };
	bool operating = false;
	size_t at = 4;

	if (len < 4)
		return ERR_PROTOCOL;
	answer.status = get_be32(payload);
	while (at < len) {
		uint32_t tag, size;

		if (len - at < ATTRIBUTE_HEAD)
			return ERR_PROTOCOL;
		tag = get_be32(payload + at);
		size = get_be32(payload + at + 4);
		at += ATTRIBUTE_HEAD;
		if (size > len - at || size % 4 != 0)
			return ERR_PROTOCOL;
		if (tag == ISNS_DELIMITER)
			operating = true;
		else if (operating && take_attribute(&answer, tag, payload + at, size) < 0)
			return ERR_PROTOCOL;
		at += size;
	}
	*ret_answer = answer;
	return 0;
}

const char *
isns_status_text(uint32_t status)
{
	static const char *const texts[] = {
		"done",
		"unknown error",
		"message format error",
		"invalid registration",
		"reserved",
		"invalid query",
		"source unknown",
		"source absent",
		"source unauthorized",
		"no such entry",
		"version not supported",
		"internal error",
		"busy",
		"option not understood",
		"invalid update",
		"message not supported",
		"SCN event rejected",
		"SCN registration rejected",
		"attribute not implemented",
		"FC domain id not available",
		"FC domain id not allocated",
		"ESI not available",
		"invalid deregistration",
		"registration feature not supported",
	};

	return status < ARRAY_LEN(texts) ? texts[status] : "a status that RFC 4171 does not have";
}

/* ---- requests ---- */

void
isns_message_begin(struct isns_message *message, enum isns_function function, unsigned flags)
{
	message->full = false;
	message->len = 0;
	message->function = (uint16_t)function;
	message->flags = (uint16_t)(ISNS_FROM_CLIENT | ISNS_FIRST | ISNS_LAST | flags);
}

/* Returns where the value goes, or NULL. */
static uint8_t *
put_head(struct isns_message *message, enum isns_tag tag, size_t len)
{
	uint8_t *at = message->bytes + ISNS_HEADER_SIZE + message->len;

	message->full = message->full || len + ATTRIBUTE_HEAD > ISNS_PAYLOAD_MAX - message->len;
	if (message->full)
		return NULL;
	put_be32(at, (uint32_t)tag);
	put_be32(at + 4, (uint32_t)len);
	message->len += ATTRIBUTE_HEAD + len;
	return at + ATTRIBUTE_HEAD;
}

void
isns_put_empty(struct isns_message *message, enum isns_tag tag)
{
	put_head(message, tag, 0);
}

void
isns_put_u32(struct isns_message *message, enum isns_tag tag, uint32_t value)
{
	uint8_t *at = put_head(message, tag, 4);

	if (at != NULL)
		put_be32(at, value);
}

/* RFC 4171 §6.1: a text has its NUL, and is padded with more of them. */
void
isns_put_text(struct isns_message *message, enum isns_tag tag, const char *text)
{
	size_t len = strlen(text), padded = (len + 4) / 4 * 4;
	uint8_t *at = put_head(message, tag, padded);

	if (at == NULL)
		return;
	memset(at, 0, padded);
	memcpy(at, text, len + 1);
}

void
isns_put_address(struct isns_message *message, enum isns_tag tag, const uint8_t address[16])
{
	uint8_t *at = put_head(message, tag, 16);

	if (at != NULL)
		memcpy(at, address, 16);
}

size_t
isns_reply(const struct isns_header *header, const uint8_t *payload, uint8_t *bytes)
{
	bool echo = header->function == ISNS_ESI;
	struct isns_header reply = {
		.function = (uint16_t)(header->function | ISNS_ANSWER),
		.flags = ISNS_FROM_CLIENT | ISNS_FIRST | ISNS_LAST,
		.transaction = header->transaction,
		.len = 4,
	};

	if (header->function != ISNS_ESI && header->function != ISNS_SCN)
		return 0;
	if (echo && header->len <= ISNS_PAYLOAD_MAX - 4) {
		/* RFC 4171 §5.7.5.14: the attributes of the inquiry follow the status */
		memcpy(bytes + ISNS_HEADER_SIZE + 4, payload, header->len);
		reply.len = (uint16_t)(header->len + 4);
	}
	isns_header_write(bytes, &reply);
	put_be32(bytes + ISNS_HEADER_SIZE, 0);
	return ISNS_HEADER_SIZE + reply.len;
}

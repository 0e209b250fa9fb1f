/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The private half of src/isns: messages (pdu.c), what is registered (register.c), and the client
 * itself (client.c).
 */
#ifndef VDS_ISNS_ISNS_INT_H
#define VDS_ISNS_ISNS_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/guid.h"
#include "isns/isns.h"

/* ---- pdu.c: RFC 4171 §5 and §6 ---- */

#define ISNS_HEADER_SIZE 12u
#define ISNS_PAYLOAD_MAX 65532u /* bytes behind the header of one PDU */

enum isns_function {
	ISNS_DEV_ATTR_REG = 0x0001,
	ISNS_DEV_ATTR_QRY = 0x0002,
	ISNS_DEV_DEREG = 0x0004,
	ISNS_SCN = 0x0008,
	ISNS_ESI = 0x000d,
	ISNS_ANSWER = 0x8000, /* in the number of each answer */
};

enum isns_flag {
	ISNS_FROM_CLIENT = 0x8000,
	ISNS_REPLACE = 0x1000,
	ISNS_LAST = 0x0800,
	ISNS_FIRST = 0x0400,
};

enum isns_tag {
	ISNS_DELIMITER = 0,
	ISNS_ENTITY = 1,
	ISNS_PROTOCOL = 2,
	ISNS_PERIOD = 6,
	ISNS_PORTAL_ADDRESS = 16,
	ISNS_PORTAL_PORT = 17,
	ISNS_NODE = 32,
	ISNS_NODE_TYPE = 33,
	ISNS_NODE_ALIAS = 34,
	ISNS_GROUP_NODE = 48,
	ISNS_GROUP_ADDRESS = 49,
	ISNS_GROUP_PORT = 50,
	ISNS_GROUP_TAG = 51,
};

struct isns_header {
	uint16_t function, len, flags, transaction, sequence;
};

/* Reads a header.  Returns 0 or ERR_PROTOCOL (another version, or an impossible length). */
int isns_header_read(const uint8_t bytes[ISNS_HEADER_SIZE], struct isns_header *ret_header);
/* Writes a header. */
void isns_header_write(uint8_t bytes[ISNS_HEADER_SIZE], const struct isns_header *header);

/* What an answer of the server says. */
struct isns_answer {
	uint32_t status;   /* 0 = done: RFC 4171 §5.4 */
	uint32_t period_s; /* how long a registration is kept without a message; 0 = not said */
	bool has_entity;   /* the operating attributes name an entity */
};

/*
 * Reads the payload of an answer.  Returns 0 or ERR_PROTOCOL (an attribute ends behind the payload,
 * or has a length that it cannot have).
 */
int isns_answer_read(const uint8_t *payload, size_t len, struct isns_answer *ret_answer);
/* Returns a short text for a status; static. */
const char *isns_status_text(uint32_t status);

/* A message that is being written; what does not fit sets `full` and is left out. */
struct isns_message {
	bool full;
	size_t len; /* of the payload */
	uint16_t function, flags;
	uint8_t bytes[ISNS_HEADER_SIZE + ISNS_PAYLOAD_MAX];
};

/* Begins a message without payload; flags: bits of enum isns_flag. */
void isns_message_begin(struct isns_message *message, enum isns_function function, unsigned flags);
/* The following add an attribute to the payload: without a value, a number, or a text. */
void isns_put_empty(struct isns_message *message, enum isns_tag tag);
void isns_put_u32(struct isns_message *message, enum isns_tag tag, uint32_t value);
void isns_put_text(struct isns_message *message, enum isns_tag tag, const char *text);
/* Adds an attribute that is an address: 16 bytes of an IPv6 address; IPv4 is mapped. */
void isns_put_address(struct isns_message *message, enum isns_tag tag, const uint8_t address[16]);
/*
 * Writes the answer to a message that the server sends on its own (ESI, SCN) into bytes, which have
 * room for the header, 4 bytes and the payload.  Returns its length, or 0 (nothing is answered).
 */
size_t isns_reply(const struct isns_header *header, const uint8_t *payload, uint8_t *bytes);

/* ---- register.c: what of the array is registered ---- */

/* A portal that is registered. */
struct isns_portal {
	struct guid id;
	uint8_t address[16];
	uint16_t port;
};

/* What is to be registered at one moment. */
struct isns_content {
	struct isns_portal *portals; /* owned */
	size_t portal_count;
	const char **targets; /* names, sorted; owned, the texts belong to the state */
	size_t target_count;
	struct state *state; /* owned reference */
	char entity[48];
};

/*
 * Collects what is to be registered now: the portals that listen, and the targets that are served
 * at one of them.  loopback: whether addresses that only this host reaches count, because the
 * server is on this host, too.  Returns 0 or -ENOMEM; on success the caller calls
 * isns_content_fini.
 */
int isns_content_load(struct array *array, bool loopback, struct isns_content *ret_content);
void isns_content_fini(struct isns_content *content);
/* Returns a number that differs when something else is to be registered. */
uint64_t isns_content_hash(const struct isns_content *content);
/*
 * Writes the next message of a registration.  *next is 0 at first; the first message replaces all
 * that is registered for the array.  Returns false when there is none any more.
 */
bool isns_content_message(const struct isns_content *content, size_t *next,
			  struct isns_message *message);
/* Writes an address as 16 bytes.  Returns false when it is none. */
bool isns_address(const char *text, uint8_t ret_address[16]);
/* Returns whether only this host reaches the address: 127.0.0.0/8, mapped, or ::1. */
bool isns_is_loopback(const uint8_t address[16]);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identifiers.  A guid is 16 bytes in the order in which RFC 9562 prints them; src/com converts it
 * to Microsoft's GUID struct.  Any thread.
 */
#ifndef VDS_BASE_GUID_H
#define VDS_BASE_GUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GUID_TEXT_SIZE 37 /* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" and its NUL */

struct guid {
	uint8_t bytes[16];
};

/* Make a random guid (version 4).  Aborts the program only when the kernel has no random bytes. */
void guid_make(struct guid *ret_guid);
/* Write the guid in lower case, as RFC 9562 prints it; returns buf. */
char *guid_format(const struct guid *g, char buf[GUID_TEXT_SIZE]);
/* Read a guid with or without braces, in either case.  Returns 0 or ERR_PARSE (not a guid). */
int guid_parse(const char *text, struct guid *ret_guid);
bool guid_is_zero(const struct guid *g);

static inline int
guid_compare(const struct guid *a, const struct guid *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static inline bool
guid_equal(const struct guid *a, const struct guid *b)
{
	return guid_compare(a, b) == 0;
}

/* Returns a hash: eight bytes of the guid, which are random enough. */
static inline uint64_t
guid_hash(const struct guid *g)
{
	uint64_t h;

	memcpy(&h, g->bytes + 8, sizeof(h));
	return h;
}

#endif

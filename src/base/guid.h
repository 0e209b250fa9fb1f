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

/* Makes a random guid (version 4).  Aborts the program only when the kernel has no random bytes. */
void guid_make(struct guid *ret_guid);
/* Writes the guid in lower case, as RFC 9562 prints it; returns buf. */
char *guid_format(const struct guid *g, char buf[GUID_TEXT_SIZE]);
/* Reads a guid with or without braces, in either case.  Returns 0 or ERR_PARSE (not a guid). */
int guid_parse(const char *text, struct guid *ret_guid);
bool guid_is_zero(const struct guid *g);

/* Returns a half of the guid as a number; halves compare as their bytes do. */
static inline uint64_t
guid_half(const struct guid *g, size_t at)
{
	uint64_t half;

	memcpy(&half, g->bytes + at, sizeof(half));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	half = __builtin_bswap64(half);
#endif
	return half;
}

/*
 * Compares byte by byte, as memcmp does: <0, 0, >0.  Not by memcmp, since look-ups in states spend
 * much of their time here and the call costs more than the comparison.
 */
static inline int
guid_compare(const struct guid *a, const struct guid *b)
{
	uint64_t x = guid_half(a, 0), y = guid_half(b, 0);

	if (x == y) {
		x = guid_half(a, 8);
		y = guid_half(b, 8);
	}
	return (x > y) - (x < y);
}

static inline bool
guid_equal(const struct guid *a, const struct guid *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
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

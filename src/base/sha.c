/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text form of a hash.  The hash itself comes from libcrypto (sha_openssl.c) or, on Windows,
 * from the system (sha_win.c). Any thread.
 */
#include "base/sha.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

int
hash128_of(const void *bytes, size_t len_bytes, struct hash128 *ret_hash)
{
	uint8_t digest[SHA256_BYTES];
	int rc = sha256_of(bytes, len_bytes, digest);

	if (rc < 0)
		return rc;
	memcpy(&ret_hash->lo, digest, 8);
	memcpy(&ret_hash->hi, digest + 8, 8);
	return 0;
}

char *
hash128_format(const struct hash128 *h, char buf[HASH128_TEXT_SIZE])
{
	snprintf(buf, HASH128_TEXT_SIZE, "%016llx%016llx", (unsigned long long)h->hi,
		 (unsigned long long)h->lo);
	return buf;
}

/* Sixteen hexadecimal digits. */
static int
half_parse(const char *text, uint64_t *ret_half)
{
	uint64_t v = 0;

	for (int i = 0; i < 16; i++) {
		char c = text[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return ERR_PARSE;
	}
	*ret_half = v;
	return 0;
}

int
hash128_parse(const char *text, struct hash128 *ret_hash)
{
	struct hash128 h;

	if (strlen(text) != HASH128_TEXT_SIZE - 1 || half_parse(text, &h.hi) < 0 ||
	    half_parse(text + 16, &h.lo) < 0)
		return ERR_PARSE;
	*ret_hash = h;
	return 0;
}

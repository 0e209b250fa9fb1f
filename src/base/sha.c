/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 by libcrypto, and the text form of the first half of a hash. Any thread. */
#include "base/sha.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

/*
 * libcrypto looks the algorithm up at each use otherwise, which costs as much as the hash of a row.
 */
static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static EVP_MD *sha256; /* NULL: there was no memory for it */

static void
fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

int
hash128_of(const void *bytes, size_t len_bytes, struct hash128 *ret_hash)
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	pthread_once(&fetched, fetch);
	if (EVP_Digest(bytes, len_bytes, digest, NULL, sha256 != NULL ? sha256 : EVP_sha256(),
		       NULL) != 1)
		return -ENOMEM; /* it fails for nothing else with this digest */
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

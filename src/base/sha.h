/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256, and a 128-bit hash of bytes that is its first half.  Any thread. */
#ifndef VDS_BASE_SHA_H
#define VDS_BASE_SHA_H

#include <stddef.h>
#include <stdint.h>

/* A number of 128 bits: sums of hashes are taken modulo 2^128. */
struct hash128 {
	uint64_t lo, hi;
};

#define SHA256_BYTES 32
/* Computes SHA-256 (FIPS 180-4) of len_bytes bytes.  Returns 0 or -ENOMEM. */
int sha256_of(const void *bytes, size_t len_bytes, uint8_t ret_digest[SHA256_BYTES]);
/* Computes the hash of len_bytes bytes.  Returns 0 or -ENOMEM. */
int hash128_of(const void *bytes, size_t len_bytes, struct hash128 *ret_hash);

static inline void
hash128_add(struct hash128 *sum, const struct hash128 *h)
{
	sum->lo += h->lo;
	sum->hi += h->hi + (sum->lo < h->lo);
}

static inline void
hash128_sub(struct hash128 *sum, const struct hash128 *h)
{
	uint64_t lo = sum->lo;

	sum->lo -= h->lo;
	sum->hi -= h->hi + (lo < h->lo);
}

static inline int
hash128_equal(const struct hash128 *a, const struct hash128 *b)
{
	return a->lo == b->lo && a->hi == b->hi;
}

#define HASH128_TEXT_SIZE 33
/*
 * Writes the hash as hexadecimal digits, the most significant first; returns buf.  hash128_parse
 * reads them back: it returns 0 or ERR_PARSE (not exactly those digits).
 */
char *hash128_format(const struct hash128 *h, char buf[HASH128_TEXT_SIZE]);
int hash128_parse(const char *text, struct hash128 *ret_hash);

#endif

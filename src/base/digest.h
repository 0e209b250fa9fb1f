/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Digests by which CHAP proves that somebody has a secret, random numbers, and what the handling of
 * secrets needs (libcrypto).  Not on Windows.  Any thread.
 */
#ifndef VDS_BASE_DIGEST_H
#define VDS_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA3_256, DIGEST_KINDS };

#define DIGEST_MAX_BYTES 32

/*
 * Returns the length of a digest in bytes, or 0 when libcrypto does not have this kind: MD5 where
 * only the algorithms of FIPS 140 are allowed.
 */
size_t digest_size(enum digest_kind kind);
/*
 * Reads a list of kinds, "sha256,sha3-256" (also md5 and sha1), in any order.  *ret_kinds: bit n
 * stands for the kind n.  Returns 0; ERR_INVALID (a name is unknown, empty or there twice, or
 * libcrypto has none of the kinds), with a text.
 */
int digest_kinds_parse(const char *text, unsigned *ret_kinds);

/* A piece of what a digest is made of.  Borrowed. */
struct digest_part {
	const void *bytes;
	size_t len;
};

/* Computes the digest of the parts, one behind the other.  Returns its length, or -ENOMEM. */
int digest_of_parts(enum digest_kind kind, const struct digest_part *parts, size_t count,
		    uint8_t digest[DIGEST_MAX_BYTES]);
/* Compares two pieces of memory in a time that does not depend on what is in them. */
bool digest_equal(const void *a, const void *b, size_t len);
/*
 * Fills memory with random bytes for secrets and challenges.  Returns 0, or -EIO (none to be had).
 */
int digest_random(void *bytes, size_t len);

#endif

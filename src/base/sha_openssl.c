/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 by libcrypto. Any thread. */
#include "base/sha.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

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
sha256_of(const void *bytes, size_t len_bytes, uint8_t ret_digest[SHA256_BYTES])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	pthread_once(&fetched, fetch);
	if (EVP_Digest(bytes, len_bytes, digest, NULL, sha256 != NULL ? sha256 : EVP_sha256(),
		       NULL) != 1)
		return -ENOMEM; /* it fails for nothing else with this digest */
	memcpy(ret_digest, digest, SHA256_BYTES);
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 by the cryptography of Windows (bcrypt.dll). Any thread. */
#include "base/sha.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <windows.h>

#include <bcrypt.h>

/*
 * Opened once for the life of the process: opening costs many times what the hash of a row costs.
 */
static pthread_once_t opened = PTHREAD_ONCE_INIT;
static BCRYPT_ALG_HANDLE sha256; /* NULL: it could not be opened */

static void
open_algorithm(void)
{
	if (BCryptOpenAlgorithmProvider(&sha256, BCRYPT_SHA256_ALGORITHM, NULL, 0) < 0)
		sha256 = NULL;
}

static bool
digest_of(BCRYPT_HASH_HANDLE hash, const void *bytes, size_t len_bytes, uint8_t digest[32])
{
	/* the parameter is not const, but the function only reads */
	return BCryptHashData(hash, (PUCHAR)(uintptr_t)bytes, (ULONG)len_bytes, 0) >= 0 &&
	       BCryptFinishHash(hash, digest, 32, 0) >= 0;
}

int
sha256_of(const void *bytes, size_t len_bytes, uint8_t ret_digest[SHA256_BYTES])
{
	BCRYPT_HASH_HANDLE hash = NULL;
	uint8_t digest[SHA256_BYTES];
	bool done;

	pthread_once(&opened, open_algorithm);
	if (sha256 == NULL || len_bytes > UINT32_MAX ||
	    BCryptCreateHash(sha256, &hash, NULL, 0, NULL, 0, 0) < 0)
		return -ENOMEM; /* it fails for nothing else with this digest and our rows */
	done = digest_of(hash, bytes, len_bytes, digest);
	BCryptDestroyHash(hash);
	if (!done)
		return -ENOMEM;
	memcpy(ret_digest, digest, SHA256_BYTES);
	return 0;
}

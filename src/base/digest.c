/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Digests by libcrypto. Any thread. */
#include "base/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* In the order of enum digest_kind. */
static const char *const names[DIGEST_KINDS] = { "MD5", "SHA1", "SHA256", "SHA3-256" };

static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static EVP_MD *kinds[DIGEST_KINDS]; /* NULL = libcrypto does not have it */

static void
fetch(void)
{
	for (size_t i = 0; i < DIGEST_KINDS; i++)
		kinds[i] = EVP_MD_fetch(NULL, names[i], NULL);
}

size_t
digest_size(enum digest_kind kind)
{
	pthread_once(&fetched, fetch);
	return kinds[kind] != NULL ? (size_t)EVP_MD_get_size(kinds[kind]) : 0;
}

int
digest_of_parts(enum digest_kind kind, const struct digest_part *parts, size_t count,
		uint8_t digest[DIGEST_MAX_BYTES])
{
	EVP_MD_CTX *ctx = digest_size(kind) > 0 ? EVP_MD_CTX_new() : NULL;
	unsigned len = 0;

	if (ctx == NULL)
		return -ENOMEM;
	bool ok = EVP_DigestInit_ex(ctx, kinds[kind], NULL) == 1;

	for (size_t i = 0; i < count && ok; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].bytes, parts[i].len) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, digest, &len) == 1;
	EVP_MD_CTX_free(ctx); /* wipes what it held of the secret */
	return ok ? (int)len : -ENOMEM;
}

bool
digest_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

int
digest_random(void *bytes, size_t len)
{
	return RAND_bytes(bytes, (int)len) == 1 ? 0 : -EIO;
}

/* ---- names ---- */

static int
kind_parse(const char *name, size_t len, enum digest_kind *ret_kind)
{
	static const char *const words[DIGEST_KINDS] = { "md5", "sha1", "sha256", "sha3-256" };

	for (unsigned kind = 0; kind < DIGEST_KINDS; kind++) {
		if (strlen(words[kind]) == len && memcmp(words[kind], name, len) == 0) {
			*ret_kind = (enum digest_kind)kind;
			return 0;
		}
	}
	return err_set(ERR_INVALID,
		       "there is no algorithm \"%.*s\": use md5, sha1, sha256 and sha3-256, joined "
		       "by commas",
		       (int)MIN(len, (size_t)32), name);
}

int
digest_kinds_parse(const char *text, unsigned *ret_kinds)
{
	unsigned parsed = 0;
	bool usable = false;

	for (const char *at = text; at != NULL;) {
		size_t len = strcspn(at, ",");
		enum digest_kind kind = DIGEST_MD5;
		int rc = kind_parse(at, len, &kind);

		if (rc < 0)
			return rc;
		if ((parsed & 1u << kind) != 0)
			return err_set(ERR_INVALID, "%.*s is named twice", (int)len, at);
		parsed |= 1u << kind;
		usable = usable || digest_size(kind) > 0;
		at = at[len] == ',' ? at + len + 1 : NULL;
	}
	if (!usable)
		return err_set(
			ERR_INVALID,
			"libcrypto has no %s on this host (FIPS 140 has no MD5): add another "
			"algorithm",
			text);
	*ret_kinds = parsed;
	return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts: of libssl's errors, and of what stands in certificates. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tls/tls_int.h"

int
tls_fail(int code, const char *fmt, ...)
{
	unsigned long error = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(error);
	char text[400];
	va_list args;

	if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
		return -ENOMEM;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_set(code, "%s%s%s%s", text, reason != NULL ? " (" : "",
		       reason != NULL ? reason : "", reason != NULL ? ")" : "");
}

int
tls_hash(const X509 *cert, unsigned char ret_hash[TLS_HASH_BYTES])
{
	unsigned len = 0;

	return X509_digest(cert, EVP_sha256(), ret_hash, &len) == 1 ? 0 : -ENOMEM;
}

void
tls_hash_format(const unsigned char hash[TLS_HASH_BYTES], char buf[TLS_FINGERPRINT_SIZE])
{
	for (size_t i = 0; i < TLS_HASH_BYTES; i++)
		snprintf(buf + 3 * i, 4, "%02X%s", hash[i], i + 1 < TLS_HASH_BYTES ? ":" : "");
}

int64_t
tls_time(const ASN1_TIME *time)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

bool
tls_is_address(const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* ---- the names of a certificate ---- */

/* Appends a name to a list that is cut with "…". */
static void
name_add(char *buf, size_t size, const char *name, size_t len)
{
	static const char cut[] = ", …";
	size_t at = strlen(buf);
	bool fits = at + 2 + len + sizeof(cut) <= size;

	if (at >= sizeof(cut) - 1 && strcmp(buf + at - (sizeof(cut) - 1), cut) == 0)
		return;
	if (!str_is_text(name, len))
		return;
	if (fits)
		snprintf(buf + at, size - at, "%s%.*s", at > 0 ? ", " : "", (int)len, name);
	else
		snprintf(buf + at, size - at, "%s", at > 0 ? cut : "…");
}

static void
address_add(char *buf, size_t size, const ASN1_OCTET_STRING *address)
{
	int len = ASN1_STRING_length(address);
	char text[INET6_ADDRSTRLEN];

	if ((len == 4 || len == 16) &&
	    inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text,
		      sizeof(text)) != NULL)
		name_add(buf, size, text, strlen(text));
}

void
tls_names_format(X509 *cert, char *buf, size_t size)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	char common[TLS_HOST_MAX + 1] = "";

	buf[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			name_add(buf, size, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
				 (size_t)ASN1_STRING_length(name->d.dNSName));
		else if (name->type == GEN_IPADD)
			address_add(buf, size, name->d.iPAddress);
	}
	GENERAL_NAMES_free(names);
	/* without such names the common name counts, as in X509_check_host */
	if (buf[0] == '\0' && X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName,
							common, sizeof(common)) > 0)
		name_add(buf, size, common, strlen(common));
}

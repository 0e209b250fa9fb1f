/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context of a client: whom it trusts, and its own certificate. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tls/tls_int.h"

#define BETWEEN " \t\r\n,"

static void
certs_cleanup(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

/* ---- fingerprints ---- */

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c != '\0' ? strchr(digits, c | 0x20) : NULL;

	if (c >= '0' && c <= '9')
		found = strchr(digits, c);
	return found != NULL ? (int)(found - digits) : -1;
}

/* "AB:CD:…", "abcd…", either with "SHA256:" before it: 64 digits. */
static bool
pin_parse(const char *text, size_t len, struct tls_pin *ret_pin)
{
	static const char *const prefixes[] = { "SHA256:", "sha256:", "sha256/", "SHA256 " };
	size_t digits = 0;

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (len > strlen(prefixes[i]) && str_starts(text, prefixes[i])) {
			len -= strlen(prefixes[i]);
			text += strlen(prefixes[i]);
			break;
		}
	for (size_t i = 0; i < len; i++) {
		int d = digit(text[i]);

		if (d < 0 && text[i] == ':' && digits % 2 == 0)
			continue;
		if (d < 0 || digits == 2 * TLS_HASH_BYTES)
			return false;
		ret_pin->hash[digits / 2] = (unsigned char)(ret_pin->hash[digits / 2] << 4 | d);
		digits++;
	}
	return digits == 2 * TLS_HASH_BYTES;
}

static int
pins_parse(struct tls_context *context, const char *text)
{
	size_t capacity = 0;

	for (text += strspn(text, BETWEEN); *text != '\0'; text += strspn(text, BETWEEN)) {
		size_t len = strcspn(text, BETWEEN);
		struct tls_pin pin = { 0 };

		if (!pin_parse(text, len, &pin))
			return err_set(ERR_INVALID,
				       "%.*s is not a fingerprint: that is the SHA-256 of a "
				       "certificate, 64 hexadecimal digits with or without colons, "
				       "as vdsd logs it when it starts",
				       (int)MIN(len, (size_t)120), text);
		if (mem_grow(&context->pins, &capacity, context->pin_count + 1,
			     sizeof(*context->pins)) < 0)
			return -ENOMEM;
		context->pins[context->pin_count++] = pin;
		text += len;
	}
	return context->pin_count > 0 ? 0 : err_set(ERR_INVALID, "the fingerprint is empty");
}

/* ---- CAs ---- */

static int
ca_use(struct tls_context *context, const char *path)
{
	AUTO(certs_cleanup) STACK_OF(X509) *certs = NULL;
	X509_STORE *store = SSL_CTX_get_cert_store(context->ssl);
	int rc = tls_pem_certificates("the CA", path, &certs);

	for (int i = 0; rc == 0 && i < sk_X509_num(certs); i++)
		if (X509_STORE_add_cert(store, sk_X509_value(certs, i)) != 1)
			rc = tls_fail(ERR_INVALID, "the CA %s: certificate %d", path, i + 1);
	/* a file may name an intermediate CA, or the server's certificate itself */
	if (rc == 0)
		X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	context->own_ca = true;
	return rc;
}

static int
trust_set(struct tls_context *context, const struct tls_client_options *options)
{
	if (options->fingerprints != NULL)
		return pins_parse(context, options->fingerprints);
	if (options->ca != NULL)
		return ca_use(context, options->ca);
	/* a system without CAs trusts nobody; the handshake says so */
	SSL_CTX_set_default_verify_paths(context->ssl);
	ERR_clear_error();
	return 0;
}

static int
own_set(struct tls_context *context, const struct tls_client_options *options)
{
	if (options->cert == NULL && options->key == NULL)
		return 0;
	if (options->cert == NULL || options->key == NULL)
		return err_set(ERR_INVALID, "a client's certificate needs its key, and a key its "
					    "certificate: give both --cert and --key");
	return tls_pem_use(context->ssl, options->cert, options->key);
}

int
tls_client_new(const struct tls_client_options *options, struct tls_context **ret_context)
{
	static const unsigned char protocols[] = "\x08http/1.1";
	struct tls_context *context;
	int rc = tls_context_new(false, &context);

	if (rc < 0)
		return rc;
	SSL_CTX_set_verify(context->ssl, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context->ssl, tls_verify, context);
	if (SSL_CTX_set_alpn_protos(context->ssl, protocols, sizeof(protocols) - 1) != 0)
		rc = -ENOMEM;
	if (rc == 0)
		rc = trust_set(context, options);
	if (rc == 0)
		rc = own_set(context, options);
	if (rc < 0) {
		tls_context_unref(context);
		return rc;
	}
	*ret_context = context;
	return 0;
}

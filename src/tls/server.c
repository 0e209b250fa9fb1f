/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context of a server: its certificate, whom it asks for one, and the protocol above TLS. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tls/tls_int.h"

static void
certs_cleanup(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

/* RFC 7301 §3.2: a client that names protocols, but not HTTP/1.1, is refused. */
static int
on_alpn(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_len,
	const unsigned char *offered, unsigned offered_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";

	(void)ssl;
	(void)arg;
	for (unsigned at = 0; at < offered_len; at += 1u + offered[at])
		if (offered_len - at >= sizeof(ours) - 1 &&
		    memcmp(offered + at, ours, sizeof(ours) - 1) == 0) {
			*ret_name = offered + at + 1;
			*ret_len = ours[0];
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Lets clients show certificates that one of these CAs has signed.  They need not show one. */
static int
client_ca_use(struct tls_context *context, const char *path, const char *crl_path)
{
	SSL_CTX *ssl = context->ssl;
	AUTO(certs_cleanup) STACK_OF(X509) *certs = NULL;
	int rc = tls_pem_certificates("the CA of clients", path, &certs);

	for (int i = 0; rc == 0 && i < sk_X509_num(certs); i++)
		if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), sk_X509_value(certs, i)) !=
			    1 ||
		    SSL_CTX_add_client_CA(ssl, sk_X509_value(certs, i)) != 1)
			rc = tls_fail(ERR_INVALID, "the CA of clients %s: certificate %d", path,
				      i + 1);
	if (rc == 0 && crl_path != NULL)
		rc = tls_crl_use(ssl, crl_path, path, certs, &context->crl_until);
	if (rc == 0)
		SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	return rc;
}

static int
info_fill(struct tls_context *context)
{
	struct tls_certificate *info = &context->info;
	X509 *cert = SSL_CTX_get0_certificate(context->ssl);
	unsigned char hash[TLS_HASH_BYTES];
	int rc = tls_hash(cert, hash);

	if (rc < 0)
		return rc;
	tls_hash_format(hash, info->fingerprint);
	tls_names_format(cert, info->names, sizeof(info->names));
	info->not_before = tls_time(X509_get0_notBefore(cert));
	info->not_after = tls_time(X509_get0_notAfter(cert));
	return 0;
}

int
tls_server_new(const struct tls_server_files *files, struct tls_context **ret_context)
{
	struct tls_context *context;
	int rc = tls_context_new(true, &context);

	if (rc < 0)
		return rc;
	SSL_CTX_set_alpn_select_cb(context->ssl, on_alpn, NULL);
	context->crl_until = INT64_MAX;
	rc = tls_pem_use(context->ssl, files->cert, files->key);
	if (rc == 0 && files->client_ca != NULL)
		rc = client_ca_use(context, files->client_ca, files->client_crl);
	if (rc == 0)
		rc = info_fill(context);
	if (rc < 0) {
		tls_context_unref(context);
		return rc;
	}
	*ret_context = context;
	return 0;
}

const struct tls_certificate *
tls_server_certificate(const struct tls_context *context)
{
	return &context->info;
}

int64_t
tls_server_crl_until(const struct tls_context *context)
{
	return context->crl_until;
}

bool
tls_server_covers(const struct tls_context *context, const char *host)
{
	X509 *cert = SSL_CTX_get0_certificate(context->ssl);
	bool covers = tls_is_address(host)
			      ? X509_check_ip_asc(cert, host, 0) == 1
			      : X509_check_host(cert, host, strlen(host),
						X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;

	ERR_clear_error();
	return covers;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides whether a client trusts the server's certificate: by its fingerprint where fingerprints
 * are given, else by CA, name and date (RFC 5280, RFC 6125).  A refusal says in words what is wrong
 * and what to do.  The thread of the handshake.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tls/tls_int.h"

/* Says why the certificate is refused; the text stays with the connection. */
static void why(struct tls_conn *conn, const char *fmt, ...) FORMAT_ARGS(2, 3);

static void
why(struct tls_conn *conn, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(conn->why, sizeof(conn->why), fmt, args);
	va_end(args);
	conn->untrusted = true;
}

static void
time_text(const ASN1_TIME *time, char buf[CLOCK_TEXT_SIZE])
{
	clock_format_utc(tls_time(time) * 1000, buf);
	memcpy(buf + 19, "Z", 2); /* without the milliseconds */
}

static void
why_unknown_ca(struct tls_conn *conn, const char *fingerprint)
{
	why(conn,
	    "%s signed the certificate of %s: compare its fingerprint %s with the one that vdsd "
	    "logs when it starts, and give --fingerprint (VDS_FINGERPRINT), or name the CA with "
	    "--ca (VDS_CA)",
	    conn->context->own_ca ? "none of the CAs that --ca (VDS_CA) names has"
				  : "no CA that this computer trusts has",
	    conn->host, fingerprint);
}

/* What libssl's verification has found, in our words. */
static void
why_verify(struct tls_conn *conn, X509 *cert, int error, const char *fingerprint)
{
	char text[CLOCK_TEXT_SIZE], names[192];

	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		time_text(X509_get0_notAfter(cert), text);
		why(conn,
		    "the certificate of %s has expired: it, or a CA above it, was valid until %s; "
		    "give vdsd a new one, and look at this computer's clock",
		    conn->host, text);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		time_text(X509_get0_notBefore(cert), text);
		why(conn,
		    "the certificate of %s, or a CA above it, is valid only from %s on: look at "
		    "this computer's clock",
		    conn->host, text);
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		tls_names_format(cert, names, sizeof(names));
		why(conn,
		    "the certificate is for %s and not for %s: write one of its names into the "
		    "URL, or give vdsd a certificate for %s",
		    names[0] != '\0' ? names : "no name", conn->host, conn->host);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
		why_unknown_ca(conn, fingerprint);
		break;
	default:
		why(conn, "the certificate of %s is not to be trusted: %s", conn->host,
		    X509_verify_cert_error_string(error));
		break;
	}
}

/* Returns 1 for a certificate with one of the fingerprints. */
static int
pins_verify(struct tls_conn *conn, X509_STORE_CTX *store, const unsigned char *hash,
	    const char *fingerprint)
{
	const struct tls_context *context = conn->context;

	for (size_t i = 0; i < context->pin_count; i++)
		if (CRYPTO_memcmp(context->pins[i].hash, hash, TLS_HASH_BYTES) == 0) {
			X509_STORE_CTX_set_error(store, X509_V_OK);
			return 1;
		}
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
	why(conn,
	    "%s has shown a certificate with another fingerprint, %s: unless vdsd was given a new "
	    "certificate, somebody stands between",
	    conn->host, fingerprint);
	return 0;
}

int
tls_verify(X509_STORE_CTX *store, void *context)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_conn *conn = SSL_get_app_data(ssl);
	X509 *cert = X509_STORE_CTX_get0_cert(store);
	unsigned char hash[TLS_HASH_BYTES];
	char fingerprint[TLS_FINGERPRINT_SIZE];

	(void)context;
	if (tls_hash(cert, hash) < 0) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
		return 0;
	}
	tls_hash_format(hash, fingerprint);
	if (conn->context->pin_count > 0)
		return pins_verify(conn, store, hash, fingerprint);
	if (X509_verify_cert(store) == 1)
		return 1;
	if (X509_STORE_CTX_get_error(store) != X509_V_ERR_OUT_OF_MEM)
		why_verify(conn,
			   X509_STORE_CTX_get_current_cert(store) != NULL
				   ? X509_STORE_CTX_get_current_cert(store)
				   : cert,
			   X509_STORE_CTX_get_error(store), fingerprint);
	return 0;
}

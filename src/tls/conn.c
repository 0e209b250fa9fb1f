/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One connection: the handshake, and bytes in and out.  Nothing here waits; the caller waits for
 * what tls_conn_wants says.  One thread at a time.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tls/tls_int.h"

/* ---- life ---- */

/* The client says whom it wants to reach; the certificate must be for that host. */
static bool
host_set(struct tls_conn *conn, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(conn->ssl);

	snprintf(conn->host, sizeof(conn->host), "%s", host);
	if (tls_is_address(host)) /* RFC 6066 §3: an address is no server name */
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	SSL_set_hostflags(conn->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(conn->ssl, host) == 1 &&
	       SSL_set_tlsext_host_name(conn->ssl, conn->host);
}

int
tls_conn_new(struct tls_context *context, const struct tls_io *io, const char *host,
	     struct tls_conn **ret_conn)
{
	struct tls_conn *conn = mem_calloc(1, sizeof(*conn));
	BIO *bio;

	if (conn == NULL)
		return -ENOMEM;
	ERR_clear_error();
	conn->context = tls_context_ref(context);
	conn->io = *io;
	conn->ssl = SSL_new(context->ssl);
	bio = conn->ssl != NULL ? tls_bio_new(conn) : NULL;
	if (bio != NULL)
		SSL_set_bio(conn->ssl, bio, bio);
	if (bio == NULL || (host != NULL && !host_set(conn, host))) {
		tls_conn_free(conn);
		return -ENOMEM;
	}
	SSL_set_app_data(conn->ssl, conn);
	if (context->server)
		SSL_set_accept_state(conn->ssl);
	else
		SSL_set_connect_state(conn->ssl);
	*ret_conn = conn;
	return 0;
}

void
tls_conn_free(struct tls_conn *conn)
{
	if (conn == NULL)
		return;
	SSL_free(conn->ssl);
	tls_context_unref(conn->context);
	mem_free(conn);
}

enum tls_wants
tls_conn_wants(const struct tls_conn *conn)
{
	return conn->wants;
}

bool
tls_conn_was_plain(const struct tls_conn *conn)
{
	return conn->was_plain;
}

/* ---- errors ---- */

/* What the peer has said before it gave up, or what was wrong with its bytes. */
static int
protocol_error(struct tls_conn *conn)
{
	unsigned long error = ERR_peek_last_error();
	const char *peer = conn->context->server ? "the client" : conn->host;

	if (ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST) {
		conn->was_plain = true;
		return err_set(ERR_PROTOCOL, "%s speaks HTTP without TLS", peer);
	}
	switch (ERR_GET_REASON(error)) {
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		return err_set(ERR_PROTOCOL, "%s has shown a certificate that is refused: %s", peer,
			       X509_verify_cert_error_string(SSL_get_verify_result(conn->ssl)));
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
		return err_set(ERR_PROTOCOL, "%s does not speak TLS: is https the right protocol?",
			       peer);
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
		return err_set(ERR_PROTOCOL, "%s speaks only versions of TLS before 1.2", peer);
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
		return tls_fail(ERR_PROTOCOL, "%s does not accept our certificate%s", peer,
				conn->context->server
					? ""
					: "; give another one with --cert and --key (VDS_CERT, "
					  "VDS_KEY), or a token instead");
	default:
		return tls_fail(ERR_PROTOCOL, "the TLS connection to %s has failed", peer);
	}
}

/* Returns the code for a call of libssl that has returned `result`. */
static int
outcome(struct tls_conn *conn, int result)
{
	switch (SSL_get_error(conn->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		conn->wants = TLS_WANTS_READABLE;
		return -EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		conn->wants = TLS_WANTS_WRITABLE;
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		break;
	}
	if (conn->untrusted)
		return err_set(ERR_UNTRUSTED, "%s", conn->why);
	if (conn->io_error != 0)
		return conn->io_error;
	if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ||
	    (conn->ended && ERR_peek_last_error() == 0))
		return -ECONNRESET;
	return protocol_error(conn);
}

/* ---- the handshake and the bytes ---- */

int
tls_handshake(struct tls_conn *conn)
{
	int result, rc;

	ERR_clear_error();
	result = SSL_do_handshake(conn->ssl);
	if (result == 1)
		return 0;
	rc = outcome(conn, result);
	return rc != 0 ? rc : -ECONNRESET; /* the peer has ended the connection in the middle */
}

ssize_t
tls_send(struct tls_conn *conn, const void *bytes, size_t len)
{
	size_t sent = 0;
	int result, rc;

	if (len == 0)
		return 0;
	ERR_clear_error();
	result = SSL_write_ex(conn->ssl, bytes, len, &sent);
	if (result == 1)
		return (ssize_t)sent;
	rc = outcome(conn, result);
	return rc != 0 ? rc : -EPIPE;
}

ssize_t
tls_recv(struct tls_conn *conn, void *buf, size_t size)
{
	size_t got = 0;
	int result;

	ERR_clear_error();
	result = SSL_read_ex(conn->ssl, buf, size, &got);
	return result == 1 ? (ssize_t)got : outcome(conn, result);
}

void
tls_close_notify(struct tls_conn *conn)
{
	ERR_clear_error();
	if (SSL_is_init_finished(conn->ssl) && conn->io_error == 0 && !conn->untrusted)
		SSL_shutdown(conn->ssl);
	ERR_clear_error();
}

/* ---- the client's certificate ---- */

/* Copies a name that is text and fits.  Returns 0 or ERR_INVALID. */
static int
name_copy(const ASN1_STRING *name, char *buf, size_t size)
{
	unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, name), rc = 0;

	if (len <= 0 || (size_t)len >= size || !str_is_text((const char *)text, (size_t)len))
		rc = err_set(ERR_INVALID,
			     "the name in the client's certificate is empty, no text, or longer "
			     "than %zu bytes",
			     size - 1);
	else
		snprintf(buf, size, "%.*s", len, (const char *)text);
	OPENSSL_free(text);
	return rc;
}

/* The common name; ERR_NOT_FOUND when there is none. */
static int
common_name(const X509 *cert, char *buf, size_t size)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (at < 0)
		return ERR_NOT_FOUND;
	if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return err_set(ERR_INVALID, "the client's certificate has two common names");
	return name_copy(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), buf, size);
}

/* The first of its alternative names. */
static int
alternative_name(const X509 *cert, char *buf, size_t size)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int rc = err_set(ERR_INVALID, "the client's certificate has no name");

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_EMAIL && name->type != GEN_URI && name->type != GEN_DNS)
			continue;
		rc = name_copy(name->d.ia5, buf, size);
		break;
	}
	GENERAL_NAMES_free(names);
	return rc;
}

int
tls_conn_peer_name(const struct tls_conn *conn, char *buf, size_t size)
{
	const X509 *cert = SSL_get0_peer_certificate(conn->ssl);
	int rc;

	if (cert == NULL || SSL_get_verify_result(conn->ssl) != X509_V_OK)
		return ERR_NOT_FOUND;
	rc = common_name(cert, buf, size);
	return rc == ERR_NOT_FOUND ? alternative_name(cert, buf, size) : rc;
}

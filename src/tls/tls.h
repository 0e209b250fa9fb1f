/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS for the API: the server's and the client's side of RFC 8446 and RFC 5246 over a transport
 * that never blocks.  It is OpenSSL's libssl; no other folder includes its headers.  This folder
 * knows neither HTTP nor sockets: bytes go through the functions of struct tls_io.
 *
 * A context (certificate, key, trust) never changes once it is made and is counted; any thread may
 * use it.  A connection is used by one thread at a time.
 *
 * Both sides speak TLS 1.2 and 1.3 only, with forward secrecy and authenticated encryption only,
 * without renegotiation, compression, early data and resumption.  Sessions are not resumed, because
 * connections of the API are kept and few: a full handshake costs a millisecond, and a resumed one
 * would go on trusting a certificate that was replaced since.
 *
 * On Windows there is no TLS in this release (tls_win.c): tls_client_new fails with
 * ERR_NOT_SUPPORTED.
 */
#ifndef VDS_TLS_TLS_H
#define VDS_TLS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tls_context;
struct tls_conn;

/* ---- the server's context ---- */

/* PEM files.  All strings are borrowed. */
struct tls_server_files {
	const char *
		cert; /* the certificate, then those of intermediate CAs, each issued by the next */
	const char *key; /* its private key, not encrypted; read with secret_read */
	const char
		*client_ca; /* CAs of clients' certificates; NULL = clients are not asked for one */
	/*
	 * Certificate revocation lists (RFC 5280 §5) of the CAs in client_ca, and of intermediate
	 * CAs below them; NULL = no certificate is revoked.  Each CA of client_ca needs a list.
	 */
	const char *client_crl;
};

/*
 * Makes the context of a server.  Returns 0, ERR_INVALID (a file is not what it should be, the key
 * does not belong to the certificate, or a CA of clients has no revocation list where there are
 * some), ERR_ACCESS (the key may be read by others), -errno or
 * -ENOMEM, all with a text that names the file and what to do.
 */
int tls_server_new(const struct tls_server_files *files, struct tls_context **ret_context);

#define TLS_FINGERPRINT_SIZE 96

/* What people want to know of a server's certificate. */
struct tls_certificate {
	char fingerprint
		[TLS_FINGERPRINT_SIZE]; /* SHA-256: "AB:CD:…", as `openssl x509` prints it */
	char names[256];                /* "array.example, 192.0.2.10"; cut with "…" */
	int64_t not_before, not_after;  /* seconds since 1970 */
};

/* The server's own certificate; valid as long as the context. */
const struct tls_certificate *tls_server_certificate(const struct tls_context *context);
/*
 * Returns when the first of the revocation lists of client_crl must have been replaced
 * (nextUpdate), in seconds since 1970; INT64_MAX = there are none, or none says so.  From then on
 * certificates of clients are refused.
 */
int64_t tls_server_crl_until(const struct tls_context *context);
/* Returns whether the server's certificate is for this host: a name or a numeric address. */
bool tls_server_covers(const struct tls_context *context, const char *host);

/* ---- the client's context ---- */

/* Whom a client trusts, and who it is.  All strings are borrowed; NULL = not given. */
struct tls_client_options {
	/*
	 * The server's certificate must be signed by one of the CAs in this PEM file; without it,
	 * by one that the system trusts.  It must be for the host that the client wants, and not
	 * expired.
	 */
	const char *ca;
	/*
	 * SHA-256 fingerprints of certificates, with or without colons, separated by blanks or
	 * commas.  Exactly these certificates are trusted, whatever CA, names and dates they have.
	 */
	const char *fingerprints;
	const char *cert, *key; /* PEM files of the client's own certificate; both or none */
};

/*
 * Makes the context of a client.  Returns 0, ERR_INVALID (a file or a fingerprint is not what it
 * should be), ERR_ACCESS (the key may be read by others), ERR_NOT_SUPPORTED (on Windows), -errno or
 * -ENOMEM, with a text.
 */
int tls_client_new(const struct tls_client_options *options, struct tls_context **ret_context);

struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context *context); /* accepts NULL */

/* ---- connections ---- */

/*
 * The transport below TLS.  Both send or receive what is possible at once and return the number of
 * bytes, 0 from recv at the end, -EAGAIN, -EINTR or -errno.
 */
struct tls_io {
	ssize_t (*send)(void *arg, const void *bytes, size_t len);
	ssize_t (*recv)(void *arg, void *buf, size_t size);
	void *arg;
};

/*
 * Makes a connection, of the side for which the context was made.  host: for a client, the name or
 * the numeric address that the server's certificate must be for; NULL for a server.  The connection
 * holds a reference of the context.  Returns 0 or -ENOMEM; the caller frees it (tls_conn_free).
 */
int tls_conn_new(struct tls_context *context, const struct tls_io *io, const char *host,
		 struct tls_conn **ret_conn);
void tls_conn_free(struct tls_conn *conn); /* accepts NULL */

/*
 * Goes on with the handshake.  Returns 0 when it is done; -EAGAIN (wait for what tls_conn_wants
 * says, then call again); ERR_UNTRUSTED (a client: the server's certificate is not to be trusted;
 * the text says why and what to do); ERR_PROTOCOL (the peer does not speak TLS as we want it, or
 * has refused us); -ECONNRESET (the peer has gone); -errno; -ENOMEM.
 */
int tls_handshake(struct tls_conn *conn);
/* Returns true after a handshake that failed because the peer spoke HTTP without TLS. */
bool tls_conn_was_plain(const struct tls_conn *conn);

/*
 * Send or receive what is possible at once.  Return the number of bytes; 0 from tls_recv when the
 * peer has ended its side in order (close_notify); -EAGAIN as in tls_handshake; -ECONNRESET when
 * the connection ended without that, so that what came may have been cut; ERR_PROTOCOL; -errno;
 * -ENOMEM.  After -EAGAIN, tls_send is called again with the same bytes.
 */
ssize_t tls_send(struct tls_conn *conn, const void *bytes, size_t len);
ssize_t tls_recv(struct tls_conn *conn, void *buf, size_t size);
/* Tells the peer that nothing more will be sent (close_notify), if that is possible at once. */
void tls_close_notify(struct tls_conn *conn);

enum tls_wants { TLS_WANTS_READABLE, TLS_WANTS_WRITABLE };

/* What to wait for after -EAGAIN. */
enum tls_wants tls_conn_wants(const struct tls_conn *conn);

/*
 * Writes the name in the certificate that a client has shown and that a CA of client_ca has signed:
 * the common name of its subject, else its first e-mail address, URI or DNS name.  Returns 0;
 * ERR_NOT_FOUND (the client has shown no certificate); ERR_INVALID (the certificate has no name, or
 * one that is no text, is ambiguous or is longer than size - 1 bytes).
 */
int tls_conn_peer_name(const struct tls_conn *conn, char *buf, size_t size);

/*
 * The certificate that a client has shown, with those of the CAs that it has sent.  A tls_peer
 * never changes and outlives its connection; any thread may use it.
 */
struct tls_peer;

/*
 * Copies what the client has shown in the handshake.  Returns 0, with *ret_peer = NULL when the
 * client has shown no certificate, or -ENOMEM.  The caller frees *ret_peer (tls_peer_free).
 */
int tls_conn_peer(const struct tls_conn *conn, struct tls_peer **ret_peer);
void tls_peer_free(struct tls_peer *peer); /* accepts NULL */
/*
 * Verifies a client's certificate anew, against the CAs and the revocation lists of a server's
 * context, which may be newer than the handshake.  Returns 0, ERR_UNTRUSTED with a text that says
 * why, or -ENOMEM.
 */
int tls_peer_check(const struct tls_peer *peer, const struct tls_context *context);
/*
 * Returns until when a successful tls_peer_check with this context holds: when the first
 * certificate of the chain expires, or the first revocation list does.  Seconds since 1970.
 */
int64_t tls_peer_until(const struct tls_peer *peer, const struct tls_context *context);

/* ---- a first certificate ---- */

/*
 * Makes a key (P-256) and a self-signed certificate for `names` (host names and numeric addresses;
 * at least one), valid for ten years, and writes both as PEM files: the key with mode 0600, the
 * certificate with 0644.  Existing files are kept: then nothing is written.  Returns 0, ERR_INVALID
 * (a name is no host name), -EEXIST, -errno or -ENOMEM, with a text.
 */
int tls_certificate_make(const char *const *names, size_t count, const char *cert_path,
			 const char *key_path, char ret_fingerprint[TLS_FINGERPRINT_SIZE]);

#endif

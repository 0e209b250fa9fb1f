/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of src/tls share, grouped by the file that defines it. */
#ifndef VDS_TLS_TLS_INT_H
#define VDS_TLS_TLS_INT_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>

#include "base/format.h"
#include "tls/tls.h"

#define TLS_FILE_MAX   (1u << 20)
#define TLS_HASH_BYTES 32u
#define TLS_HOST_MAX   255u

struct tls_pin {
	unsigned char hash[TLS_HASH_BYTES];
};

struct tls_context {
	atomic_uint refs;
	SSL_CTX *ssl;
	bool server;
	bool own_ca;          /* a client: `ca` was given, so the system's CAs do not count */
	struct tls_pin *pins; /* a client: the fingerprints; owned */
	size_t pin_count;     /* 0 = CAs decide */
	struct tls_certificate info; /* a server: its own certificate */
	int64_t crl_until;           /* a server: tls_server_crl_until */
};

struct tls_conn {
	struct tls_context *context;
	SSL *ssl;
	struct tls_io io;
	enum tls_wants wants;
	int io_error;   /* what the transport returned last, below 0; 0 = no error */
	bool ended;     /* the transport has ended */
	bool was_plain; /* the peer spoke HTTP */
	bool untrusted; /* the verification of the server's certificate has failed: `why` */
	char host[TLS_HOST_MAX + 1];
	char why[384];
};

/* ---- context.c ---- */

/*
 * Makes a context with what both sides have in common.  Returns 0 or -ENOMEM; the caller frees it
 * with tls_context_unref.
 */
int tls_context_new(bool server, struct tls_context **ret_context);

/* ---- text.c ---- */

/* Sets the text, followed by libssl's newest reason on this thread, and returns the code. */
int tls_fail(int code, const char *fmt, ...) FORMAT_ARGS(2, 3);
/* Writes the SHA-256 of a certificate.  Returns 0 or -ENOMEM. */
int tls_hash(const X509 *cert, unsigned char ret_hash[TLS_HASH_BYTES]);
/* Writes a hash as "AB:CD:…". */
void tls_hash_format(const unsigned char hash[TLS_HASH_BYTES], char buf[TLS_FINGERPRINT_SIZE]);
/* Writes the names that a certificate is for: "a.example, 192.0.2.10". */
void tls_names_format(X509 *cert, char *buf, size_t size);
/* Returns a time of a certificate in seconds since 1970. */
int64_t tls_time(const ASN1_TIME *time);
/* Returns whether `host` is a numeric address, without brackets. */
bool tls_is_address(const char *host);

/* ---- pem.c ---- */

/*
 * Reads a PEM file of certificates, at least one; the caller frees the stack with its elements.
 * Returns 0, ERR_INVALID, -errno or -ENOMEM, with a text.
 */
int tls_pem_certificates(const char *what, const char *path, STACK_OF(X509) * *ret_certs);
/*
 * Reads a PEM file of certificate revocation lists, at least one; the caller frees the stack with
 * its elements.  Returns as tls_pem_certificates.
 */
int tls_pem_crls(const char *what, const char *path, STACK_OF(X509_CRL) * *ret_crls);
/* Lets the context use a certificate with its chain, and its key.  Returns as tls_server_new. */
int tls_pem_use(SSL_CTX *ssl, const char *cert_path, const char *key_path);

/* ---- verify.c ---- */

/* Decides whether a client trusts the server's certificate; libssl calls it in the handshake. */
int tls_verify(X509_STORE_CTX *store, void *context);

/* ---- crl.c ---- */

/*
 * Lets the context refuse the certificates that the lists in the file `path` name.  cas: the CAs of
 * clients, which come from the file ca_path.  Writes tls_server_crl_until to *ret_until.  Returns
 * as tls_server_new.
 */
int tls_crl_use(SSL_CTX *ssl, const char *path, const char *ca_path, const STACK_OF(X509) * cas,
		int64_t *ret_until);

/* ---- bio.c ---- */

/* Makes a BIO over the connection's struct tls_io.  Returns NULL when memory is out. */
BIO *tls_bio_new(struct tls_conn *conn);

#endif

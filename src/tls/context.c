/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the contexts of both sides have in common: their life, and the protocol that they speak. */
#include <errno.h>

#include "base/mem.h"
#include "tls/tls_int.h"

/*
 * TLS 1.2 with an ephemeral key exchange and authenticated encryption.  The suites of TLS 1.3 are
 * OpenSSL's: all of them have both.
 */
#define SUITES_1_2     "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK"
#define GROUPS         "X25519:P-256:P-384:P-521"
/* 112 bits: RSA and DH of 2048 bits, no SHA-1 in signatures */
#define SECURITY_LEVEL 2

int
tls_context_new(bool server, struct tls_context **ret_context)
{
	struct tls_context *context = mem_calloc(1, sizeof(*context));
	char groups[] = GROUPS; /* libssl's macro takes away the const of a literal */
	SSL_CTX *ssl;

	if (context == NULL)
		return -ENOMEM;
	atomic_init(&context->refs, 1);
	context->server = server;
	context->ssl = ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (ssl == NULL || SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ssl, SUITES_1_2) != 1 ||
	    SSL_CTX_set1_groups_list(ssl, groups) != 1) {
		tls_context_unref(context);
		return -ENOMEM;
	}
	SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ssl, 0);
	/* buffers of idle connections are given back: an event stream is idle most of the time */
	SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/*
	 * the caller looks at its deadline after each record, also when the peer sends only
	 * KeyUpdate
	 */
	SSL_CTX_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
	*ret_context = context;
	return 0;
}

struct tls_context *
tls_context_ref(struct tls_context *context)
{
	atomic_fetch_add_explicit(&context->refs, 1, memory_order_relaxed);
	return context;
}

void
tls_context_unref(struct tls_context *context)
{
	if (context == NULL ||
	    atomic_fetch_sub_explicit(&context->refs, 1, memory_order_acq_rel) != 1)
		return;
	SSL_CTX_free(context->ssl);
	mem_free(context->pins);
	mem_free(context);
}

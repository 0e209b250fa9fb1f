/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The certificate that a client has shown, kept so that it can be verified again when the CAs or
 * the revocation lists have changed: a connection may stand for weeks.  Any thread.
 */
#include <errno.h>

#include "base/err.h"
#include "base/mem.h"
#include "tls/tls_int.h"

struct tls_peer {
	X509 *cert;             /* one reference */
	STACK_OF(X509) * chain; /* what the client has sent with it; NULL = nothing */
	int64_t until;          /* when the first certificate of the verified chain expires */
};

static void
store_ctx_cleanup(X509_STORE_CTX **store)
{
	X509_STORE_CTX_free(*store);
}

int
tls_conn_peer(const struct tls_conn *conn, struct tls_peer **ret_peer)
{
	X509 *cert = SSL_get0_peer_certificate(conn->ssl);
	STACK_OF(X509) *sent = SSL_get_peer_cert_chain(conn->ssl);
	STACK_OF(X509) *verified = SSL_get0_verified_chain(conn->ssl);
	struct tls_peer *peer;

	if (cert == NULL || SSL_get_verify_result(conn->ssl) != X509_V_OK) {
		*ret_peer = NULL;
		return 0;
	}
	peer = mem_calloc(1, sizeof(*peer));
	if (peer == NULL)
		return -ENOMEM;
	X509_up_ref(cert);
	peer->cert = cert;
	peer->chain = sent != NULL ? X509_chain_up_ref(sent) : NULL;
	if (sent != NULL && peer->chain == NULL) {
		tls_peer_free(peer);
		return -ENOMEM;
	}
	peer->until = tls_time(X509_get0_notAfter(cert));
	for (int i = 0; i < sk_X509_num(verified); i++)
		peer->until = MIN(peer->until,
				  tls_time(X509_get0_notAfter(sk_X509_value(verified, i))));
	*ret_peer = peer;
	return 0;
}

void
tls_peer_free(struct tls_peer *peer)
{
	if (peer == NULL)
		return;
	X509_free(peer->cert);
	sk_X509_pop_free(peer->chain, X509_free);
	mem_free(peer);
}

/* Sets up the verification as libssl does it in a handshake.  Returns false when memory is out. */
static bool
store_ctx_set(X509_STORE_CTX *store, const struct tls_peer *peer, SSL_CTX *ssl)
{
	X509_VERIFY_PARAM *param;

	if (X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(ssl), peer->cert, peer->chain) != 1 ||
	    X509_STORE_CTX_set_default(store, "ssl_client") != 1)
		return false;
	param = X509_STORE_CTX_get0_param(store);
	X509_VERIFY_PARAM_set_auth_level(param, SSL_CTX_get_security_level(ssl));
	return X509_VERIFY_PARAM_set1(param, SSL_CTX_get0_param(ssl)) == 1;
}

int
tls_peer_check(const struct tls_peer *peer, const struct tls_context *context)
{
	AUTO(store_ctx_cleanup) X509_STORE_CTX *store = X509_STORE_CTX_new();
	int error;

	ERR_clear_error();
	if (store == NULL || !store_ctx_set(store, peer, context->ssl))
		return -ENOMEM;
	if (X509_verify_cert(store) == 1)
		return 0;
	error = X509_STORE_CTX_get_error(store);
	ERR_clear_error();
	if (error == X509_V_ERR_OUT_OF_MEM)
		return -ENOMEM;
	return err_set(ERR_UNTRUSTED, "%s", X509_verify_cert_error_string(error));
}

int64_t
tls_peer_until(const struct tls_peer *peer, const struct tls_context *context)
{
	return MIN(peer->until, context->crl_until);
}

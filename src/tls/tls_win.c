/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients on Windows have no TLS in this release: there is no OpenSSL beside vdsprov.dll, and
 * Schannel is another implementation to write.  A client that wants https is told so before it
 * connects, so the other functions are never reached.
 */
#include <errno.h>

#include "base/err.h"
#include "tls/tls.h"

int
tls_client_new(const struct tls_client_options *options, struct tls_context **ret_context)
{
	(void)options;
	(void)ret_context;
	return err_set(ERR_NOT_SUPPORTED,
		       "https is not supported by this program on Windows: make a tunnel, such as "
		       "stunnel or ssh -L, and write http://127.0.0.1:PORT");
}

struct tls_context *
tls_context_ref(struct tls_context *context)
{
	return context;
}

void
tls_context_unref(struct tls_context *context)
{
	(void)context;
}

int
tls_conn_new(struct tls_context *context, const struct tls_io *io, const char *host,
	     struct tls_conn **ret_conn)
{
	(void)context;
	(void)io;
	(void)host;
	(void)ret_conn;
	return ERR_NOT_SUPPORTED;
}

void
tls_conn_free(struct tls_conn *conn)
{
	(void)conn;
}

int
tls_handshake(struct tls_conn *conn)
{
	(void)conn;
	return ERR_NOT_SUPPORTED;
}

ssize_t
tls_send(struct tls_conn *conn, const void *bytes, size_t len)
{
	(void)conn;
	(void)bytes;
	(void)len;
	return ERR_NOT_SUPPORTED;
}

ssize_t
tls_recv(struct tls_conn *conn, void *buf, size_t size)
{
	(void)conn;
	(void)buf;
	(void)size;
	return ERR_NOT_SUPPORTED;
}

void
tls_close_notify(struct tls_conn *conn)
{
	(void)conn;
}

enum tls_wants
tls_conn_wants(const struct tls_conn *conn)
{
	(void)conn;
	return TLS_WANTS_READABLE;
}

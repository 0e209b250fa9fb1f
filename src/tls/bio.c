/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The BIO through which libssl reaches the transport of a connection.  OpenSSL's own BIO for
 * sockets is not used: it writes with write(2), so a peer that has gone would end a program that
 * uses libvds and does not ignore SIGPIPE.
 */
#include <errno.h>
#include <pthread.h>

#include <openssl/bio.h>

#include "base/mem.h"
#include "tls/tls_int.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static BIO_METHOD *method; /* constant after `once`; NULL = memory was out */

/* Returns what a BIO returns for a result of the transport. */
static int
result(BIO *bio, ssize_t n)
{
	struct tls_conn *conn = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (n >= 0)
		return (int)n;
	if (n == -EAGAIN || n == -EINTR)
		return -1;
	conn->io_error = (int)n;
	return -1;
}

static int
bio_write(BIO *bio, const char *bytes, int len)
{
	struct tls_conn *conn = BIO_get_data(bio);
	ssize_t n = conn->io.send(conn->io.arg, bytes, (size_t)len);
	int rc = result(bio, n);

	if (n == -EAGAIN || n == -EINTR)
		BIO_set_retry_write(bio);
	return rc;
}

static int
bio_read(BIO *bio, char *buf, int size)
{
	struct tls_conn *conn = BIO_get_data(bio);
	ssize_t n = conn->io.recv(conn->io.arg, buf, (size_t)size);
	int rc = result(bio, n);

	if (n == -EAGAIN || n == -EINTR)
		BIO_set_retry_read(bio);
	if (n == 0)
		conn->ended = true;
	return rc;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	struct tls_conn *conn = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return conn->ended;
	default:
		return 0;
	}
}

static void
method_make(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "vds");
	if (method == NULL)
		return;
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_ctrl(method, bio_ctrl);
}

BIO *
tls_bio_new(struct tls_conn *conn)
{
	BIO *bio;

	pthread_once(&once, method_make);
	bio = method != NULL ? BIO_new(method) : NULL;
	if (bio == NULL)
		return NULL;
	BIO_set_data(bio, conn);
	BIO_set_init(bio, 1);
	return bio;
}

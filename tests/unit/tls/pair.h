/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tests of src/tls share these helpers: a directory with a CA, and a client and a server that
 * speak through two buffers in memory, so that every byte can be counted, cut and changed.
 */
#ifndef VDS_TESTS_TLS_PAIR_H
#define VDS_TESTS_TLS_PAIR_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "authority.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "fault.h"
#include "tls/tls_int.h"

/* A directory with a CA, a certificate for a.example, 127.0.0.1 and ::1, and its key. */
struct place {
	char dir[64];
	struct authority *ca;
	char ca_path[96], cert[96], key[96], fingerprint[TLS_FINGERPRINT_SIZE];
};

static inline void
place_path(const struct place *p, const char *name, char buf[96])
{
	snprintf(buf, 96, "%s/%s", p->dir, name);
}

/* Issues the server's certificate anew. */
static inline void
place_issue(struct place *p, const struct authority_spec *spec)
{
	authority_issue(p->ca, spec, p->cert, p->key, p->fingerprint);
}

static const struct authority_spec place_usual = { .common_name = "array",
						   .names = "DNS:a.example,IP:127.0.0.1,IP:::1" };

static inline int
place_setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->dir, "/tmp/vds-tls.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	place_path(p, "ca.pem", p->ca_path);
	place_path(p, "cert.pem", p->cert);
	place_path(p, "key.pem", p->key);
	p->ca = authority_new("Test CA", NULL);
	authority_write(p->ca, p->ca_path, false);
	place_issue(p, &place_usual);
	*state = p;
	return 0;
}

static inline int
place_teardown(void **state)
{
	struct place *p = *state;
	char command[128];

	authority_free(p->ca);
	snprintf(command, sizeof(command), "rm -rf %s", p->dir);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

/* ---- two sides and what lies between them ---- */

struct pipe_buffer {
	unsigned char bytes[1 << 20];
	size_t from, to;
	size_t step;     /* the most that moves at a time; 0 = all */
	size_t capacity; /* 0 = all of the buffer */
	bool closed;     /* the writer has gone: the reader sees the end */
};

struct side {
	struct tls_context *context;
	struct tls_conn *conn;
	struct pipe_buffer *in, *out;
	int error; /* what the transport returns instead; 0 = none */
};

struct pair {
	struct side client, server;
	struct pipe_buffer up, down;
};

static inline ssize_t
side_send(void *arg, const void *bytes, size_t len)
{
	struct side *side = arg;
	struct pipe_buffer *b = side->out;
	size_t room = (b->capacity != 0 ? b->capacity : sizeof(b->bytes)) - (b->to - b->from);

	if (side->error != 0)
		return side->error;
	if (b->from > 0) {
		memmove(b->bytes, b->bytes + b->from, b->to - b->from);
		b->to -= b->from;
		b->from = 0;
	}
	len = MIN(len, room);
	if (b->step != 0)
		len = MIN(len, b->step);
	if (len == 0)
		return -EAGAIN;
	memcpy(b->bytes + b->to, bytes, len);
	b->to += len;
	return (ssize_t)len;
}

static inline ssize_t
side_recv(void *arg, void *buf, size_t size)
{
	struct side *side = arg;
	struct pipe_buffer *b = side->in;
	size_t len = MIN(size, b->to - b->from);

	if (side->error != 0)
		return side->error;
	if (b->step != 0)
		len = MIN(len, b->step);
	if (len == 0)
		return b->closed ? 0 : -EAGAIN;
	memcpy(buf, b->bytes + b->from, len);
	b->from += len;
	return (ssize_t)len;
}

/* Makes both sides; NULL contexts are left out (a foreign peer). */
static inline void
pair_init(struct pair *pair, struct tls_context *server, struct tls_context *client,
	  const char *host)
{
	struct tls_io io = { .send = side_send, .recv = side_recv };

	memset(pair, 0, sizeof(*pair));
	pair->client.out = pair->server.in = &pair->up;
	pair->client.in = pair->server.out = &pair->down;
	io.arg = &pair->server;
	if (server != NULL)
		assert_int_equal(tls_conn_new(server, &io, NULL, &pair->server.conn), 0);
	io.arg = &pair->client;
	if (client != NULL)
		assert_int_equal(tls_conn_new(client, &io, host, &pair->client.conn), 0);
}

static inline void
pair_fini(struct pair *pair)
{
	tls_conn_free(pair->client.conn);
	tls_conn_free(pair->server.conn);
}

/*
 * Lets both sides shake hands until both are done or failed.  The text is the client's, if it
 * failed.
 */
static inline void
pair_shake(struct pair *pair, int *ret_server, int *ret_client)
{
	int client = -EAGAIN, server = -EAGAIN;
	char text[512] = "";

	for (int i = 0; i < 200000 && (client == -EAGAIN || server == -EAGAIN); i++) {
		if (client == -EAGAIN)
			client = tls_handshake(pair->client.conn);
		if (client < 0 && client != -EAGAIN && !pair->up.closed) {
			pair->up.closed = true;
			snprintf(text, sizeof(text), "%s", err_text(client));
		}
		if (server == -EAGAIN)
			server = tls_handshake(pair->server.conn);
		if (server < 0 && server != -EAGAIN)
			pair->down.closed = true;
	}
	if (client < 0)
		err_set(client, "%s", text);
	*ret_server = server;
	*ret_client = client;
}

static inline struct tls_context *
server_of(const struct place *p, const char *client_ca)
{
	const struct tls_server_files files = { p->cert, p->key, client_ca, NULL };
	struct tls_context *context = NULL;
	int rc = tls_server_new(&files, &context);

	if (rc < 0)
		fail_msg("%s", err_text(rc));
	return context;
}

static inline struct tls_context *
client_of(const struct tls_client_options *options)
{
	struct tls_context *context = NULL;
	int rc = tls_client_new(options, &context);

	if (rc < 0)
		fail_msg("%s", err_text(rc));
	return context;
}

#endif

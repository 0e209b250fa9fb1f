/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The REST face of the array: HTTP/1.1 over a unix socket and, if asked, over loopback TCP.
 * docs/design/api.md says what it speaks, docs/openapi.json describes it route by route.
 *
 * A thread serves each connection; an event stream holds its thread until it ends.
 */
#ifndef VDS_HTTP_HTTP_H
#define VDS_HTTP_HTTP_H

#include <stdint.h>

struct array;
struct http;

struct http_options {
	struct array *array; /* borrowed; outlives the server */
	const char *
		/* made with mode 0660; a stale one is replaced; NULL = no unix socket */
		socket_path;
	const char *listen; /* "127.0.0.1:8080", "[::1]:0"; NULL = no TCP */
	unsigned
		/* on each of the two; 0 = 256.  Three quarters of them may be streams. */
		max_connections;
};

/*
 * Serves from here on.  0; ERR_LOCKED: another process answers on the socket; ERR_NOT_SUPPORTED:
 * `listen` is not a loopback address; ERR_INVALID: it is no address, or the path is too long;
 * -errno; -ENOMEM.
 */
int http_start(const struct http_options *options, struct http **ret_http);

/*
 * Ends streams with `lost`, waits for requests under way, closes, removes the socket.  Up to a
 * second.  Accepts NULL.
 */
void http_stop(struct http *http);

/* The port of the TCP listener, host order; 0 = none. */
uint16_t http_tcp_port(const struct http *http);

#endif

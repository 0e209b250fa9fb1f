/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The REST face of the array: HTTP/1.1 over a unix socket and, if asked, over loopback TCP.
 * docs/design/api.md says what it speaks, docs/openapi.json describes it route by route.
 *
 * A thread serves each connection; an event stream holds its thread until it ends.  vdsd's main
 * thread starts and stops the server.
 */
#ifndef VDS_HTTP_HTTP_H
#define VDS_HTTP_HTTP_H

#include <stdint.h>

struct array;
struct http;

/* How long a peer may take.  Tests shorten these. */
struct http_limits {
	unsigned
		/* from a request's first byte to its last; 30 s unless said otherwise */
		request_ms;
	unsigned idle_ms; /* between two requests of a connection; 60 s */
};

struct http_options {
	struct array *array; /* borrowed; outlives the server */
	const char *
		/* made with mode 0660; a stale one is replaced; NULL = no unix socket */
		socket_path;
	const char *listen; /* "127.0.0.1:8080", "[::1]:0"; NULL = no TCP */
	/* On each of the two sockets; 0 = 256.  Three quarters of them may be streams. */
	unsigned max_connections;
	const struct http_limits *limits; /* NULL = the times above */
};

/*
 * Starts to serve.  Returns 0, ERR_LOCKED (another process answers on the socket),
 * ERR_NOT_SUPPORTED (`listen` is not a loopback address), ERR_INVALID (`listen` is no address, or
 * the path is too long), -errno or -ENOMEM.
 */
int http_start(const struct http_options *options, struct http **ret_http);

/*
 * Ends streams with the event `lost`, waits for requests under way, closes all connections, removes
 * the socket.  Takes as long as the requests take that are being served; peers that do not read
 * their replies are cut after 2 s.  Accepts NULL.
 */
void http_stop(struct http *http);

/* Returns the port of the TCP listener in host order, or 0 when there is none. */
uint16_t http_tcp_port(const struct http *http);

#endif

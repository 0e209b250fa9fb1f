/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The REST interface of the array: HTTP/1.1 over a unix socket and, if the options say so, over
 * loopback TCP.  docs/design/api.md describes the protocol, and docs/openapi.json describes every
 * route.
 *
 * One thread serves each connection; an event stream occupies the thread of its connection until it
 * ends.  Only vdsd's main thread calls the functions below.
 */
#ifndef VDS_HTTP_HTTP_H
#define VDS_HTTP_HTTP_H

#include <stdint.h>

struct array;
struct http;

/* Limits on how long a peer may take.  Tests shorten them. */
struct http_limits {
	unsigned
		/* from the first byte of a request to its last; 30 s by default */
		request_ms;
	unsigned idle_ms; /* between two requests of a connection; 60 s by default */
};

struct http_options {
	struct array *array; /* borrowed; outlives the server */
	const char *
		/*
		 * path of the unix socket, created with mode 0660; replaces a stale socket; NULL =
		 * no unix socket
		 */
		socket_path;
	const char *listen; /* TCP address, "127.0.0.1:8080" or "[::1]:0"; NULL = no TCP */
	/*
	 * Limit of connections on each of the two sockets; 0 = 256.  At most three quarters of the
	 * connections may be event streams.
	 */
	unsigned max_connections;
	const struct http_limits *limits; /* NULL = the defaults */
};

/*
 * Starts the server.  Returns 0, ERR_LOCKED (another process answers on the socket),
 * ERR_NOT_SUPPORTED (`listen` is not a loopback address), ERR_INVALID (`listen` is not an address,
 * or the socket's path is too long), -errno or -ENOMEM.  The caller owns *ret_http (http_stop).
 */
int http_start(const struct http_options *options, struct http **ret_http);

/*
 * Stops the server: ends event streams with the event `lost`, waits for running requests, closes
 * all connections, and removes the unix socket.  Blocks until the running requests are done;
 * connections whose peers do not read their replies are closed after 2 s.  Accepts NULL.
 */
void http_stop(struct http *http);

/*
 * Returns the port of the TCP listener in host byte order, or 0 when the server does not listen on
 * TCP.
 */
uint16_t http_tcp_port(const struct http *http);

#endif

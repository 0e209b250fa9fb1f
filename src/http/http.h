/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The REST interface of the array: HTTP/1.1 over a unix socket and, if the options say so, over
 * loopback TCP and over TLS at any address.  docs/design/api.md describes the protocol, and
 * docs/openapi.json describes every route.
 *
 * One thread serves each connection; an event stream occupies the thread of its connection until it
 * ends.  Only vdsd's main thread calls the functions below.
 */
#ifndef VDS_HTTP_HTTP_H
#define VDS_HTTP_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "tls/tls.h"

struct array;
struct http;

/* Limits on how long a peer may take.  Tests shorten them. */
struct http_limits {
	unsigned
		/* from the first byte of a request to its last; 30 s by default */
		request_ms;
	unsigned idle_ms;      /* between two requests of a connection; 60 s by default */
	unsigned handshake_ms; /* for the handshake of TLS; 10 s by default */
};

#define HTTP_TLS_LISTEN_MAX 16

/* The API over TLS.  All strings are borrowed until http_start returns. */
struct http_tls_options {
	const char *const *listen; /* addresses: "0.0.0.0:8443", "[::]:0" */
	size_t listen_count;       /* at most HTTP_TLS_LISTEN_MAX; 0 = no TLS */
	/*
	 * Host names under which clients know this array, beside those of the certificate: a
	 * request for another name is refused.
	 */
	const char *const *names;
	size_t name_count;
	struct tls_server_files files;
};

/* Who may do what, as in vdsd.conf(5); NULL = the key is not given.  Borrowed. */
struct http_roles_text {
	const char *admins, *operators, *readers;
	const char *trust; /* http-trust: a role, or "none" */
};

struct http_options {
	struct array *array; /* borrowed; outlives the server */
	const char *
		/*
		 * path of the unix socket, created with mode 0660; replaces a stale socket; NULL =
		 * no unix socket
		 */
		socket_path;
	/*
	 * a unix socket that listens already, with a name that is not ours to remove; the server
	 * closes it at the end.  Used when socket_path is NULL; 0 = none
	 */
	int socket_fd;
	const char *listen; /* TCP address, "127.0.0.1:8080" or "[::1]:0"; NULL = no TCP */
	struct http_tls_options tls;
	/*
	 * Limits of connections on the unix socket, on TCP and on TLS; 0 = 256 on each.  At most
	 * three quarters of the connections may be event streams.
	 */
	unsigned max_connections;
	const struct http_limits *limits; /* NULL = the defaults */
	struct http_roles_text roles;
};

/*
 * Has jansson overwrite what it gives back of a request's body, which may hold a secret.  For the
 * whole process.  Called by the program before it uses jansson, and before it has threads.
 */
void http_memory_protect(void);
/*
 * Starts the server.  Returns 0, ERR_LOCKED (another process answers on the socket),
 * ERR_NOT_SUPPORTED (`listen` is not a loopback address), ERR_INVALID (an address is none, the
 * socket's path is too long, the roles name a user that this host does not have, or what
 * tls_server_new refuses), ERR_ACCESS (others may read the key of TLS), -errno or -ENOMEM.  The
 * caller owns *ret_http (http_stop).
 */
int http_start(const struct http_options *options, struct http **ret_http);

/*
 * Stops the server: ends event streams with the event `lost`, waits for running requests, closes
 * all connections, and removes the unix socket.  Blocks until the running requests are done;
 * connections whose peers do not read their replies are closed after 2 s.  Accepts NULL.
 */
void http_stop(struct http *http);

/*
 * Gives other roles to users, groups and programs without a token, which count from the next
 * request on; streams of those who have none any more end within a second.  Returns 0, ERR_INVALID
 * or
 * -ENOMEM, and then the roles stay as they were.
 */
int http_roles_set(struct http *http, const struct http_roles_text *text);

/*
 * Returns the port of the TCP listener in host byte order, or 0 when the server does not listen on
 * TCP.
 */
uint16_t http_tcp_port(const struct http *http);
/*
 * Returns the address of a listener of TLS with its port, "127.0.0.1:8443", in the order of the
 * options; NULL beyond the last one.  Valid until http_stop.
 */
const char *http_tls_address(const struct http *http, size_t i);
/*
 * Reads the files of TLS again; new connections use them when they are valid.  Else the server goes
 * on with what it has, and logs why.  Connections of clients whose certificate is not trusted any
 * more (another CA, a new revocation list) end within a second.  The server does this by itself at
 * most half a second after the files have changed.  Without TLS it does nothing.
 */
void http_tls_reload(struct http *http);

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection to vdsd: one socket (base/sock.h), with or without TLS, whose waits end at a
 * deadline or when another thread asks for it.  One thread uses it at a time; client_conn_wake may
 * be called by any thread while the connection is not being freed.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "client/client_int.h"

struct client_conn *
client_conn_new(void)
{
	struct client_conn *conn = mem_calloc(1, sizeof(*conn));

	if (conn == NULL)
		return NULL;
	if (sock_init(&conn->sock) < 0) {
		mem_free(conn);
		return NULL;
	}
	return conn;
}

/* Ends the connection, if there is one; the socket can connect again. */
static void
conn_end(struct client_conn *conn)
{
	if (conn->tls != NULL)
		tls_close_notify(conn->tls);
	tls_conn_free(conn->tls);
	conn->tls = NULL;
	sock_close(&conn->sock);
}

void
client_conn_free(struct client_conn *conn)
{
	if (conn == NULL)
		return;
	conn_end(conn);
	sock_fini(&conn->sock);
	mem_free(conn);
}

void
client_conn_wake(struct client_conn *conn)
{
	sock_wake(&conn->sock);
}

bool
client_conn_is_dead(const struct client_conn *conn)
{
	/* between two answers the peer sends nothing: what can be read is its end, or nonsense */
	return !sock_is_quiet(&conn->sock);
}

/* ---- waiting ---- */

int
client_conn_wait(struct client_conn *conn, enum sock_events events, uint64_t deadline_ns)
{
	uint64_t now = clock_mono_ns();
	int timeout = -1;

	if (deadline_ns != 0 && now >= deadline_ns)
		return ERR_TIMEOUT;
	if (deadline_ns != 0)
		timeout = (int)MIN((deadline_ns - now) / NS_PER_MS + 1, (uint64_t)INT32_MAX);
	sock_wait(&conn->sock, events, timeout);
	return 0;
}

/* ---- connecting ---- */

static int
connect_to(struct client_conn *conn, const struct sock_address *address, uint64_t deadline_ns)
{
	int rc = sock_connect(&conn->sock, address);

	/* a full queue of a unix socket cannot be waited for but by asking again */
	while (rc == -EAGAIN && !conn->stop(conn) && clock_mono_ns() < deadline_ns) {
		sock_wait(&conn->sock, SOCK_NOTHING, 1);
		rc = sock_connect(&conn->sock, address);
	}
	if (rc == -EINPROGRESS) {
		while ((rc = sock_connect_end(&conn->sock)) == -EINPROGRESS)
			if (conn->stop(conn) ||
			    client_conn_wait(conn, SOCK_WRITABLE, deadline_ns) < 0) {
				rc = -ETIMEDOUT;
				break;
			}
	}
	if (rc < 0)
		sock_close(&conn->sock);
	return rc;
}

/* ---- TLS ---- */

static ssize_t
io_send(void *arg, const void *bytes, size_t len)
{
	struct client_conn *conn = arg;

	return sock_send(&conn->sock, bytes, len);
}

static ssize_t
io_recv(void *arg, void *buf, size_t size)
{
	struct client_conn *conn = arg;

	return sock_recv(&conn->sock, buf, size);
}

/* Returns what to wait for: what TLS wants, which may be the other direction. */
static enum sock_events
events_of(const struct client_conn *conn, enum sock_events events)
{
	if (conn->tls == NULL)
		return events;
	return tls_conn_wants(conn->tls) == TLS_WANTS_READABLE ? SOCK_READABLE : SOCK_WRITABLE;
}

static int
shake_hands(struct client_conn *conn, const struct client_peer *peer, uint64_t deadline_ns)
{
	const struct tls_io io = { .send = io_send, .recv = io_recv, .arg = conn };
	int rc = tls_conn_new(peer->tls, &io, peer->host, &conn->tls);

	if (rc < 0)
		return rc;
	while ((rc = tls_handshake(conn->tls)) == -EAGAIN)
		if (conn->stop(conn) ||
		    client_conn_wait(conn, events_of(conn, SOCK_READABLE), deadline_ns) < 0)
			return -ETIMEDOUT;
	return rc;
}

/* Tries the addresses in turn; each has its share of the time that is left. */
static int
connect_tls(struct client_conn *conn, const struct client_peer *peer, uint64_t deadline_ns)
{
	struct client_addresses addresses;
	int rc = client_resolve(conn, peer, deadline_ns, &addresses);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < addresses.count; i++) {
		const struct sock_address address = { .other = addresses.items[i].bytes,
						      .other_len = addresses.items[i].len };
		uint64_t now = clock_mono_ns();

		rc = connect_to(conn, &address,
				now + (deadline_ns - MIN(now, deadline_ns)) /
						(addresses.count - i));
		if (rc == 0 || conn->stop(conn))
			break;
	}
	if (rc == 0)
		rc = shake_hands(conn, peer, deadline_ns);
	if (rc < 0)
		conn_end(conn);
	return rc;
}

int
client_conn_connect(struct client_conn *conn, const struct client_peer *peer, uint64_t deadline_ns)
{
	struct sock_address address = { .path = peer->socket_path,
					.port = peer->port,
					.six = peer->six };
	int rc;

	if (peer->tls != NULL)
		return connect_tls(conn, peer, deadline_ns);
	rc = connect_to(conn, &address, deadline_ns);
	if (rc == 0 || !peer->either)
		return rc;
	address.six = true;
	return connect_to(conn, &address, deadline_ns) == 0 ? 0 : rc;
}

/* ---- bytes ---- */

int
client_conn_send(struct client_conn *conn, const char *bytes, size_t len, uint64_t deadline_ns)
{
	while (len > 0) {
		ssize_t n = conn->tls != NULL ? tls_send(conn->tls, bytes, len)
					      : sock_send(&conn->sock, bytes, len);

		if (n >= 0) {
			bytes += n;
			len -= (size_t)n;
			continue;
		}
		/* who refuses a request may end it before all of it is sent: the answer says why */
		if (n == -EPIPE || n == -ECONNRESET)
			return 0;
		if (n != -EAGAIN && n != -EINTR)
			return (int)n;
		if (conn->stop(conn))
			return ERR_CANCELLED;
		if (client_conn_wait(conn, SOCK_WRITABLE, deadline_ns) < 0)
			return ERR_TIMEOUT;
	}
	return 0;
}

ssize_t
client_conn_recv(struct client_conn *conn, char *buf, size_t size, uint64_t deadline_ns)
{
	for (;;) {
		ssize_t n = conn->tls != NULL ? tls_recv(conn->tls, buf, size)
					      : sock_recv(&conn->sock, buf, size);

		if (n >= 0)
			return n;
		/* over TLS an end without notice may be somebody's cut: it is an error */
		if ((n == -ECONNRESET || n == -EPIPE) && conn->tls == NULL)
			return 0;
		if (n != -EAGAIN && n != -EINTR)
			return n;
		if (conn->stop(conn))
			return ERR_CANCELLED;
		if (client_conn_wait(conn, SOCK_READABLE, deadline_ns) < 0)
			return ERR_TIMEOUT;
	}
}

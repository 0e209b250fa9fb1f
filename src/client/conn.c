/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection to vdsd: one socket, unix or loopback TCP, and an eventfd by which another thread
 * ends a wait.  One thread uses it at a time; client_conn_wake may be called by any thread while
 * the connection is not being freed.
 *
 * TLS, when it is added, belongs into client_conn_send and client_conn_recv.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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
	conn->fd = -1;
	conn->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (conn->wake_fd < 0) {
		mem_free(conn);
		return NULL;
	}
	return conn;
}

void
client_conn_free(struct client_conn *conn)
{
	if (conn == NULL)
		return;
	if (conn->fd >= 0)
		close(conn->fd);
	close(conn->wake_fd);
	mem_free(conn);
}

void
client_conn_wake(struct client_conn *conn)
{
	uint64_t one = 1;

	(void)!write(conn->wake_fd, &one, sizeof(one));
}

bool
client_conn_is_dead(const struct client_conn *conn)
{
	char byte;

	/* between two answers the peer sends nothing: what can be read is its end, or nonsense */
	return recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

/* ---- waiting ---- */

/*
 * Waits until the socket is ready for `events`, the wait is ended by client_conn_wake, or it is
 * deadline_ns (0 = never). Returns 0 or ERR_TIMEOUT.
 */
static int
conn_wait(struct client_conn *conn, short events, uint64_t deadline_ns)
{
	struct pollfd fds[2] = { { .fd = conn->fd, .events = events },
				 { .fd = conn->wake_fd, .events = POLLIN } };
	uint64_t now = clock_mono_ns(), count;
	int timeout = -1;

	if (deadline_ns != 0 && now >= deadline_ns)
		return ERR_TIMEOUT;
	if (deadline_ns != 0)
		timeout = (int)MIN((deadline_ns - now) / NS_PER_MS + 1, (uint64_t)INT32_MAX);
	poll(fds, 2, timeout);
	if ((fds[1].revents & POLLIN) != 0)
		(void)!read(conn->wake_fd, &count, sizeof(count));
	return 0;
}

/* ---- connecting ---- */

/* Returns 0 or -errno; the connection may still be under way (EINPROGRESS). */
static int
connect_begin(struct client_conn *conn, const struct sockaddr *address, socklen_t len)
{
	int one = 1;

	conn->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (conn->fd < 0)
		return -errno;
	if (address->sa_family != AF_UNIX)
		setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(conn->fd, address, len) == 0)
		return 0;
	return -errno;
}

static int
connect_end(struct client_conn *conn, uint64_t deadline_ns)
{
	struct pollfd fd = { .fd = conn->fd, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);

	while (poll(&fd, 1, 0) == 0)
		if (conn->stop(conn) || conn_wait(conn, POLLOUT, deadline_ns) < 0)
			return -ETIMEDOUT;
	if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -errno;
	return -error;
}

static int
connect_to(struct client_conn *conn, const struct sockaddr *address, socklen_t len,
	   uint64_t deadline_ns)
{
	int rc = connect_begin(conn, address, len);

	/*
	 * a unix socket whose queue is full says EAGAIN, and cannot be waited for but by asking
	 * again
	 */
	while (rc == -EAGAIN && address->sa_family == AF_UNIX && !conn->stop(conn) &&
	       clock_mono_ns() < deadline_ns) {
		poll(NULL, 0, 1);
		rc = connect(conn->fd, address, len) == 0 ? 0 : -errno;
	}
	if (rc == -EINPROGRESS)
		rc = connect_end(conn, deadline_ns);
	if (rc < 0) {
		close(conn->fd);
		conn->fd = -1;
	}
	return rc;
}

static int
connect_unix(struct client_conn *conn, const char *path, uint64_t deadline_ns)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	return connect_to(conn, (const struct sockaddr *)&address, sizeof(address), deadline_ns);
}

static int
connect_four(struct client_conn *conn, uint16_t port, uint64_t deadline_ns)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons(port),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return connect_to(conn, (const struct sockaddr *)&address, sizeof(address), deadline_ns);
}

static int
connect_six(struct client_conn *conn, uint16_t port, uint64_t deadline_ns)
{
	const struct sockaddr_in6 address = { .sin6_family = AF_INET6,
					      .sin6_port = htons(port),
					      .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	return connect_to(conn, (const struct sockaddr *)&address, sizeof(address), deadline_ns);
}

int
client_conn_connect(struct client_conn *conn, const struct client_peer *peer, uint64_t deadline_ns)
{
	int rc;

	if (peer->socket_path != NULL)
		return connect_unix(conn, peer->socket_path, deadline_ns);
	if (peer->six)
		return connect_six(conn, peer->port, deadline_ns);
	rc = connect_four(conn, peer->port, deadline_ns);
	if (rc < 0 && peer->either && connect_six(conn, peer->port, deadline_ns) == 0)
		rc = 0;
	return rc;
}

/* ---- bytes ---- */

int
client_conn_send(struct client_conn *conn, const char *bytes, size_t len, uint64_t deadline_ns)
{
	while (len > 0) {
		ssize_t n = send(conn->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			bytes += n;
			len -= (size_t)n;
			continue;
		}
		/* who refuses a request may end it before all of it is sent: the answer says why */
		if (errno == EPIPE || errno == ECONNRESET)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (conn->stop(conn))
			return ERR_CANCELLED;
		if (conn_wait(conn, POLLOUT, deadline_ns) < 0)
			return ERR_TIMEOUT;
	}
	return 0;
}

ssize_t
client_conn_recv(struct client_conn *conn, char *buf, size_t size, uint64_t deadline_ns)
{
	for (;;) {
		ssize_t n = recv(conn->fd, buf, size, MSG_DONTWAIT);

		if (n >= 0)
			return n;
		if (errno == ECONNRESET || errno == EPIPE)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (conn->stop(conn))
			return ERR_CANCELLED;
		if (conn_wait(conn, POLLIN, deadline_ns) < 0)
			return ERR_TIMEOUT;
	}
}

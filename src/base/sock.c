/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets of clients on Linux: poll(2), and an eventfd by which another thread ends a wait. */
#include "base/sock.h"

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

int
sock_init(struct sock *sock)
{
	sock->fd = -1;
	sock->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return sock->wake_fd >= 0 ? 0 : -errno;
}

void
sock_fini(struct sock *sock)
{
	sock_close(sock);
	close(sock->wake_fd);
}

void
sock_close(struct sock *sock)
{
	if (sock->fd >= 0)
		close(sock->fd);
	sock->fd = -1;
}

bool
sock_is_open(const struct sock *sock)
{
	return sock->fd >= 0;
}

/* ---- connecting ---- */

/* A socket that has none yet gets its descriptor.  Returns 0 or -errno. */
static int
open_as(struct sock *sock, int family)
{
	int one = 1;

	if (sock->fd >= 0)
		return 0;
	sock->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock->fd < 0)
		return -errno;
	if (family != AF_UNIX)
		setsockopt(sock->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return 0;
}

static int
connect_to(struct sock *sock, const struct sockaddr *address, socklen_t len)
{
	int rc = open_as(sock, address->sa_family);

	if (rc < 0)
		return rc;
	return connect(sock->fd, address, len) == 0 ? 0 : -errno;
}

static int
connect_unix(struct sock *sock, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	return connect_to(sock, (const struct sockaddr *)&address, sizeof(address));
}

int
sock_connect(struct sock *sock, const struct sock_address *address)
{
	const struct sockaddr_in four = { .sin_family = AF_INET,
					  .sin_port = htons(address->port),
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr_in6 six = { .sin6_family = AF_INET6,
					  .sin6_port = htons(address->port),
					  .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	if (address->path != NULL)
		return connect_unix(sock, address->path);
	if (address->other != NULL)
		return connect_to(sock, address->other, (socklen_t)address->other_len);
	if (address->six)
		return connect_to(sock, (const struct sockaddr *)&six, sizeof(six));
	return connect_to(sock, (const struct sockaddr *)&four, sizeof(four));
}

int
sock_connect_end(struct sock *sock)
{
	struct pollfd fd = { .fd = sock->fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = 0;

	if (poll(&fd, 1, 0) == 0)
		return -EINPROGRESS;
	if (getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -errno;
	return -error;
}

/* ---- bytes ---- */

ssize_t
sock_send(struct sock *sock, const void *bytes, size_t len)
{
	ssize_t n = send(sock->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n >= 0 ? n : -errno;
}

ssize_t
sock_recv(struct sock *sock, void *buf, size_t size)
{
	ssize_t n = recv(sock->fd, buf, size, MSG_DONTWAIT);

	return n >= 0 ? n : -errno;
}

bool
sock_is_quiet(const struct sock *sock)
{
	char byte;

	return recv(sock->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* ---- waiting ---- */

void
sock_wait(struct sock *sock, enum sock_events events, int timeout_ms)
{
	struct pollfd fds[2] = {
		{ .fd = events != SOCK_NOTHING ? sock->fd : -1,
		  .events = (short)(((events & SOCK_READABLE) != 0 ? POLLIN : 0) |
				    ((events & SOCK_WRITABLE) != 0 ? POLLOUT : 0)) },
		{ .fd = sock->wake_fd, .events = POLLIN },
	};
	uint64_t count;

	poll(fds, 2, timeout_ms);
	if ((fds[1].revents & POLLIN) != 0)
		(void)!read(sock->wake_fd, &count, sizeof(count));
}

void
sock_wake(struct sock *sock)
{
	uint64_t one = 1;

	(void)!write(sock->wake_fd, &one, sizeof(one));
}

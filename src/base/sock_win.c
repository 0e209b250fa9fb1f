/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets of clients on Windows: Winsock, with an event for the socket and one by which another
 * thread ends a wait.  Unix sockets are left out: Windows has had them since version 1803 of
 * Windows 10, but vdsd does not run there, and a socket of another machine cannot be reached.
 */
#include "base/sock.h"

#include <errno.h>
#include <pthread.h>

#include <winsock2.h>

#include <windows.h>
#include <ws2tcpip.h>

#include "base/mem.h"
#include "base/windows_int.h"

#define HANDLE_NONE ((uintptr_t)INVALID_SOCKET)

/*
 * Winsock must be started once; it stays started, because a library cannot know who else uses it.
 */
static pthread_once_t started = PTHREAD_ONCE_INIT;
static int start_error;

static void
start(void)
{
	WSADATA data;

	start_error = WSAStartup(MAKEWORD(2, 2), &data);
}

int
sock_init(struct sock *sock)
{
	pthread_once(&started, start);
	if (start_error != 0)
		return -windows_errno(start_error);
	sock->handle = HANDLE_NONE;
	sock->ready_event = CreateEventW(NULL, FALSE, FALSE, NULL);
	sock->wake_event = CreateEventW(NULL, FALSE, FALSE, NULL);
	if (sock->ready_event != NULL && sock->wake_event != NULL)
		return 0;
	if (sock->ready_event != NULL)
		CloseHandle(sock->ready_event);
	return -ENOMEM;
}

void
sock_fini(struct sock *sock)
{
	sock_close(sock);
	CloseHandle(sock->ready_event);
	CloseHandle(sock->wake_event);
}

void
sock_close(struct sock *sock)
{
	if (sock->handle != HANDLE_NONE)
		closesocket(sock->handle);
	sock->handle = HANDLE_NONE;
}

bool
sock_is_open(const struct sock *sock)
{
	return sock->handle != HANDLE_NONE;
}

static int
last_error(void)
{
	return -windows_errno(WSAGetLastError());
}

/* ---- connecting ---- */

/* Windows gives every new socket to child processes unless it is asked not to. */
static int
open_as(struct sock *sock, int family)
{
	BOOL one = TRUE;

	if (sock->handle != HANDLE_NONE)
		return 0;
	sock->handle = WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
				  WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
	if (sock->handle == HANDLE_NONE)
		return last_error();
	setsockopt(sock->handle, IPPROTO_TCP, TCP_NODELAY, (const char *)&one, sizeof(one));
	/* this also makes the socket one that does not block */
	if (WSAEventSelect(sock->handle, sock->ready_event,
			   FD_CONNECT | FD_READ | FD_WRITE | FD_CLOSE) != 0)
		return last_error();
	return 0;
}

static int
connect_to(struct sock *sock, const struct sockaddr *address, int len)
{
	int rc = open_as(sock, address->sa_family);

	if (rc < 0)
		return rc;
	if (connect(sock->handle, address, len) == 0)
		return 0;
	rc = last_error();
	return rc == -EAGAIN ? -EINPROGRESS : rc;
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
		return -EAFNOSUPPORT;
	if (address->other != NULL)
		return connect_to(sock, address->other, (int)address->other_len);
	if (address->six)
		return connect_to(sock, (const struct sockaddr *)&six, sizeof(six));
	return connect_to(sock, (const struct sockaddr *)&four, sizeof(four));
}

int
sock_connect_end(struct sock *sock)
{
	struct timeval now = { 0, 0 };
	fd_set writable, failed;
	int error = 0, len = sizeof(error);

	/* select tells of a connection that failed among the exceptions */
	FD_ZERO(&writable);
	FD_ZERO(&failed);
	FD_SET(sock->handle, &writable);
	FD_SET(sock->handle, &failed);
	if (select(0, NULL, &writable, &failed, &now) == 0)
		return -EINPROGRESS;
	if (getsockopt(sock->handle, SOL_SOCKET, SO_ERROR, (char *)&error, &len) != 0)
		return last_error();
	return error != 0 ? -windows_errno(error) : 0;
}

/* ---- bytes ---- */

ssize_t
sock_send(struct sock *sock, const void *bytes, size_t len)
{
	int n = send(sock->handle, bytes, (int)MIN(len, (size_t)INT32_MAX), 0);

	return n >= 0 ? n : last_error();
}

ssize_t
sock_recv(struct sock *sock, void *buf, size_t size)
{
	int n = recv(sock->handle, buf, (int)MIN(size, (size_t)INT32_MAX), 0);

	return n >= 0 ? n : last_error();
}

bool
sock_is_quiet(const struct sock *sock)
{
	char byte;

	return recv(sock->handle, &byte, 1, MSG_PEEK) < 0 && WSAGetLastError() == WSAEWOULDBLOCK;
}

/* ---- waiting ---- */

/*
 * The event of the socket is signalled for whatever happens to it, and Windows signals again only
 * after the call that failed with WSAEWOULDBLOCK.  So the events need no look: who waits has just
 * had that error, and after the wait tries again.
 */
void
sock_wait(struct sock *sock, enum sock_events events, int timeout_ms)
{
	HANDLE handles[2] = { sock->wake_event, sock->ready_event };

	WaitForMultipleObjects(events != SOCK_NOTHING ? 2 : 1, handles, FALSE,
			       timeout_ms < 0 ? INFINITE : (DWORD)timeout_ms);
}

void
sock_wake(struct sock *sock)
{
	SetEvent(sock->wake_event);
}

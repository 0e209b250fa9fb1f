/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stream socket that never blocks, and a wait for it that another thread can end.  For clients:
 * it connects to a unix socket, to a TCP port of this host, or to any address that was looked up.
 * Implemented by sock.c (Linux) and sock_win.c (Windows, TCP only).  One thread uses a socket at a
 * time; sock_wake may be called by any thread.
 */
#ifndef VDS_BASE_SOCK_H
#define VDS_BASE_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sock {
#ifdef _WIN32
	uintptr_t handle;  /* of Winsock; ~0 = not connected */
	void *ready_event; /* signalled when the socket may be ready; owned */
	void *wake_event;  /* signalled by sock_wake; owned */
#else
	int fd;      /* -1 = not connected */
	int wake_fd; /* an eventfd */
#endif
};

/*
 * Where to connect to: a unix socket when path is not NULL, an address of the system's own form
 * when `other` is not NULL, else a port of ::1 or 127.0.0.1.
 */
struct sock_address {
	const char *path;
	uint16_t port;
	bool six;
	const void *other; /* struct sockaddr; borrowed */
	unsigned other_len;
};

enum sock_events { SOCK_NOTHING = 0, SOCK_READABLE = 1, SOCK_WRITABLE = 2 };

/* Makes a socket that is not connected.  Returns 0 or -errno; sock_fini only after success. */
int sock_init(struct sock *sock);
/* Closes the socket and frees what belongs to it. */
void sock_fini(struct sock *sock);
/* Closes the connection, if there is one; the socket can connect again. */
void sock_close(struct sock *sock);
/* Returns true from the begin of a connection until it is closed. */
bool sock_is_open(const struct sock *sock);

/*
 * Begins to connect.  Returns 0 (connected), -EINPROGRESS (sock_connect_end tells the outcome once
 * the socket is writable), -EAGAIN (the queue of a unix socket is full: call this again later), or
 * -errno; -EAFNOSUPPORT for a unix socket on Windows.  After an error the caller closes the socket.
 */
int sock_connect(struct sock *sock, const struct sock_address *address);
/*
 * Returns how a connection that was begun ended: 0 or -errno; -EINPROGRESS as long as it has not.
 */
int sock_connect_end(struct sock *sock);

/*
 * Send or receive what is possible at once.  Return the number of bytes; 0 from sock_recv: the peer
 * has ended the connection.  Otherwise -EAGAIN (wait until the socket is ready), -EINTR or -errno.
 */
ssize_t sock_send(struct sock *sock, const void *bytes, size_t len);
ssize_t sock_recv(struct sock *sock, void *buf, size_t size);
/* Returns true when the connection stands and nothing has arrived that was not received. */
bool sock_is_quiet(const struct sock *sock);

/*
 * Waits until the socket is ready for one of `events` (SOCK_NOTHING: for none), until another
 * thread calls sock_wake, or until timeout_ms have passed (-1 = without a limit).  May return
 * early.
 */
void sock_wait(struct sock *sock, enum sock_events events, int timeout_ms);
/* Ends the wait of the thread that waits, or else its next wait.  Any thread. */
void sock_wake(struct sock *sock);

#endif

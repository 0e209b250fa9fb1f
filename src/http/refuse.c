/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Refuses connections for which there is no place.  A client that writes its request before it
 * reads would lose the answer if the socket were closed with that request unread, because the
 * peer's system then drops what it has received.  So the socket stays open until the client has
 * read the answer and closes, for some seconds at most, while what arrives is read and dropped.
 *
 * A refused connection has no thread, no memory of its own and no place among the connections: only
 * a descriptor, of which there are HTTP_REFUSED_MAX at most.  Beyond that the oldest is closed.
 * The thread that accepts connections.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/secret.h"
#include "http/http_int.h"

/* Closes the i-th; the others keep their order. */
static void
drop(struct http_refused *refused, size_t i)
{
	close(refused->of[i].fd);
	refused->count--;
	memmove(&refused->of[i], &refused->of[i + 1],
		(refused->count - i) * sizeof(refused->of[0]));
}

void
http_refuse(struct http_refused *refused, int fd)
{
	static const char body[] =
		"{\"error\":{\"code\":\"LIMIT\",\"message\":\"all connections of this "
		"socket are in use\"}}";
	char answer[512];
	int len = snprintf(answer, sizeof(answer),
			   "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
			   "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
			   sizeof(body) - 1, body);

	(void)send(fd, answer, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	if (refused->count == HTTP_REFUSED_MAX)
		drop(refused, 0);
	refused->of[refused->count].fd = fd;
	refused->of[refused->count].until_ns = http_after_ms(HTTP_LINGER_MS);
	refused->of[refused->count].left_bytes = HTTP_LINGER_BYTES;
	refused->count++;
}

size_t
http_refused_poll(const struct http_refused *refused, struct pollfd *fds)
{
	for (size_t i = 0; i < refused->count; i++)
		fds[i] = (struct pollfd){ .fd = refused->of[i].fd, .events = POLLIN };
	return refused->count;
}

int
http_refused_timeout(const struct http_refused *refused)
{
	uint64_t now_ns = clock_mono_ns();

	if (refused->count == 0)
		return -1;
	if (refused->of[0].until_ns <= now_ns)
		return 0;
	return (int)((refused->of[0].until_ns - now_ns) / NS_PER_MS) + 1;
}

/* Reads and drops what has arrived.  Returns whether more may come. */
static bool
swallow(struct http_refused *refused, size_t i)
{
	char block[2048];
	ssize_t n = recv(refused->of[i].fd, block, sizeof(block), MSG_DONTWAIT);

	secret_wipe(block, sizeof(block)); /* it may be a request with a secret */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return false;
	refused->of[i].left_bytes -= n > 0 ? (uint32_t)n : 0;
	return refused->of[i].left_bytes >= sizeof(block);
}

void
http_refused_serve(struct http_refused *refused, const struct pollfd *fds, size_t count)
{
	uint64_t now_ns = clock_mono_ns();

	/* from the last to the first, since those behind one that is dropped move */
	for (size_t i = count; i-- > 0;)
		if (refused->of[i].until_ns <= now_ns ||
		    (fds[i].revents != 0 && !swallow(refused, i)))
			drop(refused, i);
}

void
http_refused_close(struct http_refused *refused)
{
	while (refused->count > 0)
		drop(refused, refused->count - 1);
}

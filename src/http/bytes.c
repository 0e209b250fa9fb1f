/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of a connection, over a socket or over TLS on it, with deadlines.  The connection's
 * thread.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "http/http_int.h"

#define STALL_MS 30000  /* a peer that reads nothing of a reply for so long is given up */
#define REPLY_MS 600000 /* one that reads too slowly, too */

uint64_t
http_after_ms(unsigned ms)
{
	return clock_mono_ns() + ms * NS_PER_MS;
}

/* Returns the milliseconds until a time, rounded up; 0 = the time has passed. */
static int
ms_until(uint64_t ns)
{
	uint64_t now = clock_mono_ns();

	return now >= ns ? 0 : (int)MIN((ns - now) / NS_PER_MS + 1, (uint64_t)INT32_MAX);
}

/* ---- the socket ---- */

static ssize_t
socket_recv(void *arg, void *buf, size_t size)
{
	const struct http_conn *conn = arg;
	ssize_t n = recv(conn->fd, buf, size, MSG_DONTWAIT);

	return n >= 0 ? n : -errno;
}

static ssize_t
socket_send(void *arg, const void *bytes, size_t len)
{
	const struct http_conn *conn = arg;
	ssize_t n = send(conn->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n >= 0 ? n : -errno;
}

/*
 * Waits until the socket is ready, or TLS has what it waits for.  Returns false when the deadline
 * has passed.
 */
static bool
wait_ready(const struct http_conn *conn, short events, uint64_t deadline_ns)
{
	struct pollfd poll_fd = { .fd = conn->fd, .events = events };
	int timeout = ms_until(deadline_ns);

	if (timeout == 0)
		return false;
	if (conn->tls != NULL)
		poll_fd.events = tls_conn_wants(conn->tls) == TLS_WANTS_READABLE ? POLLIN : POLLOUT;
	poll(&poll_fd, 1, timeout);
	return true;
}

/* ---- bytes ---- */

ssize_t
http_bytes_read(struct http_conn *conn, char *buf, size_t size, uint64_t deadline_ns)
{
	for (;;) {
		ssize_t n = conn->tls != NULL ? tls_recv(conn->tls, buf, size)
					      : socket_recv(conn, buf, size);

		if (n >= 0 || (n != -EAGAIN && n != -EINTR))
			return n;
		if (!wait_ready(conn, POLLIN, deadline_ns))
			return ERR_TIMEOUT;
	}
}

bool
http_bytes_write(struct http_conn *conn, const char *bytes, size_t len)
{
	uint64_t end_ns = http_after_ms(REPLY_MS), stall_ns = http_after_ms(STALL_MS);

	while (len > 0) {
		ssize_t n = conn->tls != NULL ? tls_send(conn->tls, bytes, len)
					      : socket_send(conn, bytes, len);

		if (n >= 0) {
			bytes += n;
			len -= (size_t)n;
			if (n > 0)
				stall_ns = http_after_ms(STALL_MS);
			continue;
		}
		if (n != -EAGAIN && n != -EINTR)
			return false;
		http_conn_goes_on(conn);
		if (!wait_ready(conn, POLLOUT, MIN(end_ns, stall_ns)))
			return false;
	}
	return true;
}

void
http_bytes_end(struct http_conn *conn)
{
	if (conn->tls != NULL)
		tls_close_notify(conn->tls);
	shutdown(conn->fd, SHUT_WR);
}

void
http_bytes_linger(struct http_conn *conn)
{
	struct pollfd poll_fd = { .fd = conn->fd, .events = POLLIN };
	uint64_t deadline_ns = http_after_ms(HTTP_LINGER_MS);
	char block[2048];
	size_t total = 0;
	int timeout;

	while (total < HTTP_LINGER_BYTES && (timeout = ms_until(deadline_ns)) > 0 &&
	       poll(&poll_fd, 1, timeout) >= 0) {
		ssize_t n = socket_recv(conn, block, sizeof(block));

		if (n == 0 || (n < 0 && n != -EAGAIN && n != -EINTR))
			break;
		total += n > 0 ? (size_t)n : 0;
	}
	secret_wipe(block, sizeof(block));
}

/* ---- the handshake ---- */

static void
handshake_log(const struct http_conn *conn, int rc)
{
	char source[PRINCIPAL_FROM_SIZE], quoted[512], text[512];

	snprintf(text, sizeof(text), "%s",
		 rc == ERR_TIMEOUT ? "the handshake did not end in time" : err_text(rc));
	http_principal_source(&conn->peer.principal, source); /* lines of one are limited */
	log_info_from(source, "http.handshake", "from=%s error=%s", conn->peer.principal.from,
		      log_quote(text, quoted, sizeof(quoted)));
}

/* Answers in plain HTTP that this port wants TLS, to a peer that spoke plain HTTP to it. */
static void
plain_answer(struct http_conn *conn)
{
	static const char body[] =
		"{\"error\":{\"code\":\"PROTOCOL\",\"message\":\"this port speaks TLS: write "
		"https:// in the URL\"}}";
	char answer[512];
	int len = snprintf(answer, sizeof(answer),
			   "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
			   "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
			   sizeof(body) - 1, body);

	(void)socket_send(conn, answer, (size_t)len);
}

bool
http_handshake(struct http_conn *conn)
{
	const struct tls_io io = { .send = socket_send, .recv = socket_recv, .arg = conn };
	uint64_t deadline_ns = http_after_ms(conn->limits->handshake_ms);
	int rc;

	conn->tls_context = http_certs_get(&conn->http->certs);
	rc = tls_conn_new(conn->tls_context, &io, NULL, &conn->tls);
	if (rc < 0) {
		handshake_log(conn, rc);
		return false;
	}
	while ((rc = tls_handshake(conn->tls)) == -EAGAIN)
		if (!wait_ready(conn, 0, deadline_ns)) {
			rc = ERR_TIMEOUT;
			break;
		}
	if (rc == 0)
		return true;
	if (tls_conn_was_plain(conn->tls))
		plain_answer(conn);
	/* scanners, and those that were pushed out, come and go: no line for these */
	if (rc != -ECONNRESET)
		handshake_log(conn, rc);
	/*
	 * A client of TLS 1.3 has ended its part before its certificate is refused, and sends its
	 * request meanwhile: it must find the alert, not a connection that was reset.
	 */
	shutdown(conn->fd, SHUT_WR);
	http_bytes_linger(conn);
	return false;
}

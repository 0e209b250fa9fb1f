/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One connection: reads requests, calls http_dispatch for each, and writes the replies, until the
 * peer closes the connection or a deadline ends it.  Each connection has a thread of its own,
 * started by server.c, which also runs handlers and event streams.
 *
 *	RECEIVING --a request is complete--> SERVING --the reply is written--> RECEIVING
 *
 * A request must be complete request_ms after its first byte, however slowly its bytes come, and a
 * connection may wait idle_ms between requests (struct http_limits).  Only connections that are
 * RECEIVING are closed to make place for new ones (server.c).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "http/http_int.h"

#define STREAM_BLOCK 65536
#define READ_BLOCK   16384

static const char too_many[] = "Retry-After: 1\r\n";

LOG_AREA(requests, "http.request");

/* ---- replies ---- */

static const char *
reason_of(unsigned status)
{
	/* clang-format off */
	static const struct { unsigned status; const char *reason; } reasons[] = {
		{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 304, "Not Modified" }, { 400, "Bad Request" },
		{ 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 408, "Request Timeout" }, { 409, "Conflict" }, { 410, "Gone" },
		{ 413, "Content Too Large" }, { 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" }, { 417, "Expectation Failed" }, { 423, "Locked" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
		{ 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" }, { 505, "HTTP Version Not Supported" },
		{ 507, "Insufficient Storage" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

static void
head_add(struct strbuf *out, const struct http_reply *reply, bool close, const char *length)
{
	time_t now = (time_t)(clock_utc_ms() / 1000);
	char date[64] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	strbuf_addf(out, "HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Type: %s\r\n", reply->status,
		    reason_of(reply->status), date,
		    reply->media_type != NULL ? reply->media_type
		    : reply->stream != NULL   ? "text/event-stream"
					      : "application/json");
	strbuf_addf(out, "Cache-Control: %s\r\nX-Content-Type-Options: nosniff\r\n",
		    reply->cache != NULL ? reply->cache : "no-store");
	if (reply->allow[0] != '\0')
		strbuf_addf(out, "Allow: %s\r\n", reply->allow);
	strbuf_add(out, reply->header != NULL ? reply->header : "");
	strbuf_add(out, reply->owned_header != NULL ? reply->owned_header : "");
	strbuf_addf(out, "%s%s\r\n", length, close ? "Connection: close\r\n" : "");
}

/*
 * Fills `out` with the next piece of a reply whose length is not known: of a stream (waits for an
 * event) or of a snapshot. Returns false when there is no memory; an empty piece is the end.
 */
static bool
piece_read(const struct http_reply *reply, char *block, struct strbuf *out)
{
	if (reply->stream != NULL)
		strbuf_add_bytes(out, block, http_stream_read(reply->stream, block, STREAM_BLOCK));
	else
		wire_snapshot_write(reply->snapshot, STREAM_BLOCK, out);
	return !out->failed;
}

/*
 * Writes a chunk with one call, so that it is one record of TLS and one packet where it is small.
 */
static bool
piece_write(struct http_conn *conn, const struct strbuf *piece, bool chunked, struct strbuf *chunk)
{
	if (!chunked)
		return http_bytes_write(conn, piece->text, piece->len);
	chunk->len = 0;
	strbuf_addf(chunk, "%zx\r\n", piece->len);
	strbuf_add_bytes(chunk, piece->text, piece->len);
	strbuf_add(chunk, "\r\n");
	return !chunk->failed && http_bytes_write(conn, chunk->text, chunk->len);
}

/* Writes the last bytes of a reply. */
static bool
last_write(struct http_conn *conn, const char *bytes, size_t len)
{
	http_conn_ends_reply(conn);
	return http_bytes_write(conn, bytes, len);
}

/*
 * Sends a stream or a snapshot in chunks.  HTTP/1.0 has no chunks: there the end of the connection
 * ends the reply.
 */
static bool
pieces_write(struct http_conn *conn, const struct http_reply *reply, bool close, bool head_only)
{
	AUTO(strbuf_fini) struct strbuf out = { 0 }, chunk = { 0 };
	AUTO_FREE char *block = mem_alloc(STREAM_BLOCK);
	bool chunked = !conn->request.version_1_0 && !head_only;

	close = close || !chunked || reply->stream != NULL;
	head_add(&out, reply, close, chunked ? "Transfer-Encoding: chunked\r\n" : "");
	if (block == NULL || out.failed || !http_bytes_write(conn, out.text, out.len) || head_only)
		return false;
	for (;;) {
		out.len = 0;
		if (!piece_read(reply, block, &out))
			return false;
		if (out.len == 0)
			break;
		if (!piece_write(conn, &out, chunked, &chunk))
			return false;
	}
	return (!chunked || last_write(conn, "0\r\n\r\n", 5)) && !close;
}

/* Returns whether the connection can go on. */
static bool
body_write(struct http_conn *conn, const struct http_reply *reply, const char *body, size_t len,
	   bool close, bool head_only)
{
	AUTO(strbuf_fini) struct strbuf out = { 0 };
	char length[64];

	snprintf(length, sizeof(length), "Content-Length: %zu\r\n", len);
	head_add(&out, reply, close, length);
	if (head_only || len <= STREAM_BLOCK) { /* what is small goes out in one piece */
		if (!head_only)
			strbuf_add_bytes(&out, body, len);
		return !out.failed && last_write(conn, out.text, out.len) && !close;
	}
	return !out.failed && http_bytes_write(conn, out.text, out.len) &&
	       last_write(conn, body, len) && !close;
}

/* Returns whether the connection can go on. */
static bool
file_write(struct http_conn *conn, const struct http_reply *reply, bool close, bool head_only)
{
	AUTO_FREE char *block = mem_alloc(STREAM_BLOCK);
	AUTO(strbuf_fini) struct strbuf out = { 0 };
	off_t size = lseek(reply->file, 0, SEEK_END);
	char length[64];

	snprintf(length, sizeof(length), "Content-Length: %jd\r\n", (intmax_t)size);
	head_add(&out, reply, close, length);
	if (block == NULL || size < 0 || out.failed || !http_bytes_write(conn, out.text, out.len))
		return false;
	for (off_t at = 0; !head_only && at < size;) {
		ssize_t n = pread(reply->file, block, STREAM_BLOCK, at);

		if (n <= 0)
			return false; /* too short a body tells the peer that something failed */
		at += n;
		if (!(at < size ? http_bytes_write : last_write)(conn, block, (size_t)n))
			return false;
	}
	return !close;
}

static bool
reply_write(struct http_conn *conn, const struct http_reply *reply, bool close)
{
	const struct wire_http *request = &conn->request;
	bool head_only = reply->status == 304 ||
			 (request->method != NULL && strcmp(request->method, "HEAD") == 0);
	char *text;
	bool on;

	if (reply->stream != NULL || reply->snapshot != NULL)
		return pieces_write(conn, reply, close, head_only);
	if (reply->file > 0)
		return file_write(conn, reply, close, head_only);
	if (reply->text != NULL)
		return body_write(conn, reply, reply->text, reply->text_len, close, head_only);
	text = json_dumps(reply->json, JSON_COMPACT);
	if (text == NULL)
		return false;
	on = body_write(conn, reply, text, strlen(text), close, head_only);
	free(text);
	return on;
}

/* ---- log ---- */

/* Else the request is a read, or nothing that any path has. */
static bool
is_change(const char *method)
{
	static const char *const methods[] = { "DELETE", "PATCH", "POST", "PUT" };

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (strcmp(method, methods[i]) == 0)
			return true;
	return false;
}

/*
 * Quotes a request's target without the values of its query: somebody who does not know better
 * sends a token there.
 */
static void
target_show(const char *target, char *buf, size_t size)
{
	char path[200];
	size_t len = target != NULL ? strcspn(target, "?") : 0, shown = MIN(len, sizeof(path) - 3);

	if (shown > 0)
		memcpy(path, target, shown);
	path[shown] = '\0';
	if (target != NULL && target[len] == '?')
		memcpy(path + shown, "?*", 3);
	log_quote(path, buf, size);
}

/*
 * Logs changes that were refused.  Changes that were made are in the change log
 * (array/changelog.c).
 */
static void
request_log(const struct http_conn *conn, unsigned status)
{
	const char *method = conn->request.method != NULL ? conn->request.method : "";
	char peer[PRINCIPAL_TEXT_SIZE], by[2 * PRINCIPAL_TEXT_SIZE], shown[256], quoted[64];
	uint64_t us = (clock_mono_ns() - conn->begin_ns) / 1000;

	target_show(conn->request.target, shown, sizeof(shown));
	principal_format(&conn->principal, peer);
	log_quote(peer, by, sizeof(by));
	if (status >= 400 && is_change(method))
		log_info_from(peer, "http.refused",
			      "method=%s target=%s status=%u us=%" PRIu64 " error=%s by=%s", method,
			      shown, status, us, conn->error, by);
	else
		log_debug(&requests, "http.answered",
			  "method=%s target=%s status=%u us=%" PRIu64 " by=%s",
			  log_quote(method, quoted, sizeof(quoted)), shown, status, us, by);
}

/* ---- requests ---- */

/* Makes room for more of the body; the old place is overwritten, since a body may hold a secret. */
static int
body_grow(struct strbuf *body, size_t more)
{
	size_t capacity = MAX(body->len + more + 1, 2 * body->capacity);
	char *text;

	if (body->len + more < body->capacity)
		return 0;
	text = mem_alloc(capacity);
	if (text == NULL)
		return -ENOMEM;
	if (body->len > 0)
		memcpy(text, body->text, body->len);
	secret_free(body->text, body->len);
	body->text = text;
	body->capacity = capacity;
	return 0;
}

static int
body_add(void *arg, const char *bytes, size_t len)
{
	struct http_conn *conn = arg;
	int rc = body_grow(&conn->body, len);

	if (rc < 0)
		return rc;
	strbuf_add_bytes(&conn->body, bytes, len);
	return conn->body.failed ? -ENOMEM : 0;
}

/*
 * Returns whether a browser asks for the page because its user follows a link, perhaps on another
 * site.  It shows the page as a whole window then, which the other site cannot look into.
 */
static bool
is_visit(const struct http_conn *conn)
{
	const char *mode = wire_http_header(&conn->request, "Sec-Fetch-Mode");
	const char *dest = wire_http_header(&conn->request, "Sec-Fetch-Dest");

	return conn->page != NULL && mode != NULL && strcmp(mode, "navigate") == 0 &&
	       dest != NULL && strcmp(dest, "document") == 0;
}

/*
 * Over TCP, a browser could send the request on behalf of a page of another site: RFC 6454, Fetch
 * §3.7.
 */
static int
origin_check(const struct http_conn *conn)
{
	const struct wire_http *r = &conn->request;
	const char *site = wire_http_header(r, "Sec-Fetch-Site");

	if (!conn->tcp)
		return 0;
	if (conn->tls != NULL &&
	    !http_tls_origin_is_ours(&conn->http->certs, conn->tls_context,
				     wire_http_header(r, "Host"), wire_http_header(r, "Origin")))
		return err_set(ERR_ACCESS,
			       "the request is for another host: Host must be a numeric address, a "
			       "name of the certificate or one of --https-name, and Origin must be "
			       "absent or name the same host");
	if (conn->tls == NULL &&
	    !http_origin_is_ours(wire_http_header(r, "Host"), wire_http_header(r, "Origin")))
		return err_set(ERR_ACCESS,
			       "the request comes from another origin: Host must be a loopback "
			       "name, and Origin must be absent or name the same host");
	if (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0 &&
	    !is_visit(conn))
		return err_set(ERR_ACCESS, "requests from web pages of other sites are refused");
	return 0;
}

/* Returns whether the type is "application/json", with or without parameters. */
static bool
is_json(const char *type)
{
	static const char json[] = "application/json";

	return strncasecmp(type, json, sizeof(json) - 1) == 0 &&
	       strchr("; \t", type[sizeof(json) - 1]) != NULL;
}

/*
 * Over TCP the body must have the JSON type, which a page's form cannot send.  Over the unix socket
 * any type is accepted, so that `curl -d` works.
 */
static int
type_check(const struct http_conn *conn)
{
	const char *type = wire_http_header(&conn->request, "Content-Type");
	bool form = type != NULL && strcasecmp(type, "application/x-www-form-urlencoded") == 0;

	if (conn->request.state == WIRE_HTTP_DONE && conn->request.body_len == 0)
		return 0; /* there is no body */
	if (type == NULL ? !conn->tcp : is_json(type) || (form && !conn->tcp))
		return 0;
	return err_set(ERR_NOT_SUPPORTED, "a body needs the header Content-Type: application/json");
}

/*
 * Decides whether the body may be sent, after the head is complete.  Returns 0, or an error with
 * the status in *ret_status (0: the status of the error).
 */
static int
head_check(struct http_conn *conn, unsigned *ret_status)
{
	const char *expect = wire_http_header(&conn->request, "Expect");
	int rc;

	conn->page = http_page_find(&conn->request);
	rc = origin_check(conn);
	if (rc < 0 || conn->page != NULL) /* the page is for everybody */
		return rc;
	rc = http_auth(conn, ret_status);
	if (rc < 0)
		return rc;
	rc = type_check(conn);
	if (rc < 0) {
		*ret_status = 415;
		return rc;
	}
	if (expect == NULL || conn->request.version_1_0)
		return 0;
	if (strcasecmp(expect, "100-continue") != 0) {
		*ret_status = 417;
		return err_set(ERR_NOT_SUPPORTED,
			       "the only supported value of Expect is 100-continue");
	}
	if (conn->request.state != WIRE_HTTP_DONE && conn->in_len == conn->in_at)
		http_bytes_write(conn, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	return 0;
}

/* A body is short, except that of a verb that takes a document. */
static int
length_check(struct http_conn *conn, unsigned *ret_status)
{
	const char *target = conn->request.target;
	size_t len = strcspn(target, "?");

	for (int verb = 0; verb < VERB_COUNT; verb++)
		if (verb_table[verb].body == &verb_document &&
		    strlen(verb_table[verb].path) == len &&
		    strncmp(verb_table[verb].path, target, len) == 0)
			return 0;
	conn->request.body_max = HTTP_BODY_MAX;
	if (conn->request.left + conn->request.body_len <= HTTP_BODY_MAX)
		return 0;
	*ret_status = 413;
	return err_set(ERR_INVALID, "the body is too long");
}

/* Passes the bytes that were read to the parser of the request. */
static int
request_feed(struct http_conn *conn, unsigned *ret_status)
{
	bool in_head = conn->request.state == WIRE_HTTP_HEAD;
	size_t used = 0;
	int rc = wire_http_feed(&conn->request, conn->in + conn->in_at, conn->in_len - conn->in_at,
				body_add, conn, &used);

	conn->in_at += used;
	if (rc == ERR_PROTOCOL || rc == ERR_LIMIT) {
		*ret_status = conn->request.refusal;
		return err_set(ERR_INVALID, "%s", err_text(rc));
	}
	if (rc == 0 && in_head && conn->request.state != WIRE_HTTP_HEAD)
		rc = length_check(conn, ret_status);
	if (rc == 0 && in_head && conn->request.state != WIRE_HTTP_HEAD)
		rc = head_check(conn, ret_status);
	return rc;
}

/*
 * Reads one request.  Returns 1 when the request is complete, 0 when the connection ends without an
 * answer, or an error that is to be sent as the answer.
 */
static int
request_read(struct http_conn *conn, unsigned *ret_status)
{
	uint64_t deadline_ns = http_after_ms(conn->limits->idle_ms);
	bool begun = false;

	conn->begin_ns = clock_mono_ns();
	for (;;) {
		ssize_t n;
		int rc = 0;

		while (rc == 0 && conn->in_at < conn->in_len &&
		       conn->request.state != WIRE_HTTP_DONE)
			rc = request_feed(conn, ret_status);
		if (rc < 0)
			return rc;
		if (conn->request.state == WIRE_HTTP_DONE)
			return 1;
		if (!begun && wire_http_has_begun(&conn->request)) {
			begun = true;
			conn->begin_ns = clock_mono_ns();
			deadline_ns = http_after_ms(conn->limits->request_ms);
		}
		conn->in_at = conn->in_len = 0;
		n = http_bytes_read(conn, conn->in, READ_BLOCK, deadline_ns);
		if (n == ERR_TIMEOUT && begun) {
			*ret_status = 408;
			return err_set(ERR_TIMEOUT, "the request was not complete after %u s",
				       conn->limits->request_ms / 1000);
		}
		if (n <= 0)
			return 0;
		conn->in_len = (size_t)n;
	}
}

/* Answers one request.  Returns whether the connection goes on. */
static bool
request_answer(struct http_conn *conn, int rc, unsigned status)
{
	struct http_request request = {
		.method = conn->request.method,
		.target = conn->request.target,
		.request_id = wire_http_header(&conn->request, "X-Request-Id"),
		.accept = wire_http_header(&conn->request, "Accept"),
		.body = conn->body.text,
		.body_len = conn->body.len,
		.principal = conn->principal,
		.streams = conn->streams,
		.conn = conn,
	};
	struct http_reply reply = { 0 };
	bool close = rc < 0 || !conn->request.keep_alive || atomic_load(&conn->http->stopping);
	bool on;

	conn->error = "-";
	if (rc == 0 && conn->page != NULL)
		rc = http_page_reply(conn->page, &conn->request, &reply);
	if (request.method != NULL && is_change(request.method)) {
		http_principal_name(&conn->http->names, &conn->principal);
		request.principal = conn->principal;
	}
	if (rc < 0) {
		conn->error = err_name(rc);
		if (request.method != NULL && is_change(request.method) &&
		    (conn->principal.role != ROLE_NONE || http_auth_may_record(conn->http)))
			http_audit_refused(conn->http, &request, rc);
		http_reply_error(&reply, rc);
		if (status != 0)
			reply.status = status;
		reply.header = conn->header;
	} else if (conn->page == NULL) {
		http_dispatch(conn->http, &request, &reply);
		if (reply.status >= 400)
			conn->error = reply.code != 0 ? err_name(reply.code) : "-";
	}
	if (!conn->said)
		request_log(conn, reply.status);
	if (conn->principal.role != ROLE_NONE)
		http_conn_known(conn);
	on = reply_write(conn, &reply, close);
	if (rc < 0) {
		http_bytes_end(conn); /* the request's own bytes may still be arriving */
		http_bytes_linger(conn);
	}
	http_reply_fini(&reply);
	return on;
}

/* Finds out who is connected; over TLS, shakes hands first.  Returns whether to go on. */
static bool
conn_begin(struct http_conn *conn)
{
	struct tls_peer *peer;

	http_peer_get(conn->fd, conn->tcp, &conn->peer);
	if (conn->way != HTTP_TLS)
		return true;
	http_conn_wait(conn);
	if (!http_handshake(conn))
		return false;
	http_principal_tls(conn->tls, &conn->peer.principal);
	if (tls_conn_peer(conn->tls, &peer) < 0)
		return false;
	conn->trusted_by = tls_context_ref(conn->tls_context);
	pthread_mutex_lock(&conn->http->lock);
	conn->tls_peer = peer;
	pthread_mutex_unlock(&conn->http->lock);
	return true;
}

/*
 * A body may hold a secret, and so may the bytes from which it was taken: all that were read but
 * those of the next request.
 */
static void
body_forget(struct http_conn *conn)
{
	if (conn->body.len > 0) {
		secret_wipe(conn->body.text, conn->body.len);
		secret_wipe(conn->in, conn->in_at);
		secret_wipe(conn->in + conn->in_len, READ_BLOCK - conn->in_len);
	}
	strbuf_fini(&conn->body);
}

void
http_conn_run(struct http_conn *conn)
{
	bool on = conn_begin(conn);

	wire_http_init(&conn->request, WIRE_HTTP_REQUEST, HTTP_DOCUMENT_MAX);
	strbuf_init(&conn->body);
	conn->in = mem_alloc(READ_BLOCK);
	while (on && conn->in != NULL && !atomic_load(&conn->http->stopping)) {
		unsigned status = 0;
		int rc;

		conn->principal = conn->peer.principal;
		conn->header = NULL;
		conn->page = NULL;
		conn->said = false;
		http_conn_wait(conn);
		rc = request_read(conn, &status);
		if (rc == 0)
			break;
		if (rc > 0 && (rc = http_conn_serve(conn)) < 0) {
			status = 429;
			conn->header = too_many;
		}
		on = request_answer(conn, MIN(rc, 0), status);
		wire_http_reset(&conn->request);
		conn->request.body_max = HTTP_DOCUMENT_MAX;
		body_forget(conn);
	}
	http_bytes_end(conn);
	wire_http_fini(&conn->request);
	strbuf_fini(&conn->body);
	mem_free(conn->in);
	tls_conn_free(conn->tls);
	tls_context_unref(conn->tls_context);
	tls_context_unref(conn->trusted_by);
	mem_free(conn->peer.groups);
}
